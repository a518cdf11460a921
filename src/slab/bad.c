// SPDX-License-Identifier: GPL-2.0
/*
 * What clients do wrong with objects and caches: named, counted and reported.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/sched.h>

#include "slab/slab.h"

const char *const mmsim_slab_bad_names[MMSIM_NR_SLAB_BAD] = {
	[MMSIM_SLAB_BAD_WILD]		= "slab_wild",
	[MMSIM_SLAB_BAD_NO_SLAB]	= "slab_no_slab",
	[MMSIM_SLAB_BAD_NO_OBJECT]	= "slab_no_object",
	[MMSIM_SLAB_BAD_CACHE]		= "slab_wrong_cache",
	[MMSIM_SLAB_BAD_DOUBLE_FREE]	= "slab_double_free",
	[MMSIM_SLAB_BAD_RED_ZONE]	= "slab_red_zone",
	[MMSIM_SLAB_BAD_POISON]		= "slab_poison",
	[MMSIM_SLAB_BAD_PADDING]	= "slab_padding",
	[MMSIM_SLAB_BAD_LINK]		= "slab_link",
	[MMSIM_SLAB_BAD_LEFT]		= "slab_left",
	[MMSIM_SLAB_BAD_CREATE]		= "slab_create",
	[MMSIM_SLAB_BAD_SIZE]		= "slab_size",
	[MMSIM_SLAB_BAD_GFP]		= "slab_gfp",
};

/**
 * mmsim_slab_bad() - report a misuse, or a damage
 * @slabs: the floor
 * @what: the kind
 * @s: the cache that it is about, or NULL
 * @fmt: what was found, and what would be right
 *
 * Counts each one and prints the first of a burst.
 *
 * Context: any; no lock of an engine held.
 */
void mmsim_slab_bad(struct mmsim_slabs *slabs, enum mmsim_slab_bad what, struct mmsim_kmem_cache *s,
		    const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	atomic_long_inc(&slabs->bad[what]);
	if (s)
		atomic_long_inc(&s->nr_errors);
	if (!__ratelimit(&slabs->report_limit))
		return;
	va_start(args, fmt);
	vaf.va = &args;
	pr_err("bad object: cache %s: %pV (task %s/%d)\n", s ? s->name : "none", &vaf, current->comm,
	       task_pid_nr(current));
	va_end(args);
}
