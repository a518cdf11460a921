// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of what a client did wrong, and of what could not be had. As in page/bad.c: always counted, printed up to a
 * rate.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/sched.h>

#include "vmalloc/vmalloc.h"

const char *const mmsim_vmalloc_bad_names[MMSIM_NR_VMALLOC_BAD] = {
	[MMSIM_VMALLOC_BAD_SIZE]	= "size",
	[MMSIM_VMALLOC_BAD_ALIGN]	= "align",
	[MMSIM_VMALLOC_BAD_CONTEXT]	= "context",
	[MMSIM_VMALLOC_BAD_ADDRESS]	= "address",
	[MMSIM_VMALLOC_BAD_PAGE]	= "page",
	[MMSIM_VMALLOC_BAD_PROT]	= "prot",
	[MMSIM_VMALLOC_BAD_RAM]		= "ram",
	[MMSIM_VMALLOC_BAD_NOMMU]	= "nommu",
};

/* What happened, and what would be right; behind it stands the value. */
static const char *const bad_texts[MMSIM_NR_VMALLOC_BAD] = {
	[MMSIM_VMALLOC_BAD_SIZE]	= "a size that is 0 or more than the region has",
	[MMSIM_VMALLOC_BAD_ALIGN]	= "an alignment that is no power of two, or more than the region has",
	[MMSIM_VMALLOC_BAD_CONTEXT]	= "called where nobody may sleep; allocate before, or use kmalloc()",
	[MMSIM_VMALLOC_BAD_ADDRESS]	= "no area begins there; give what vmalloc() or, for vunmap(), vmap() returned",
	[MMSIM_VMALLOC_BAD_PAGE]	= "not a page of this region; vmap() what an allocation returned",
	[MMSIM_VMALLOC_BAD_PROT]	= "a protection without any access, or flags that vmap() does not take",
	[MMSIM_VMALLOC_BAD_RAM]		= "not mapped so; give vm_unmap_ram() address and count of vm_map_ram()",
	[MMSIM_VMALLOC_BAD_NOMMU]	= "with vmalloc=nommu there are no mappings; pages asked for",
};

/**
 * mmsim_vmalloc_bad() - report a misuse
 * @vm: the vmalloc floor
 * @what: the kind
 * @value: the size, count, address or flags that were given
 * @caller: the client's address
 *
 * Context: any.
 */
void mmsim_vmalloc_bad(struct mmsim_vmalloc *vm, enum mmsim_vmalloc_bad what, unsigned long value,
		       unsigned long caller)
{
	atomic_long_inc(&vm->bad[what]);
	if (!__ratelimit(&vm->report_limit))
		return;
	pr_err("bad vmalloc: %s: %#lx (by %pS, task %s/%d)\n", bad_texts[what], value, (void *)caller, current->comm,
	       task_pid_nr(current));
}

/**
 * mmsim_vmalloc_failed() - report a request that could not be served
 * @vm: the vmalloc floor
 * @rq: the request
 * @what: what there was none of
 *
 * Context: any.
 */
void mmsim_vmalloc_failed(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq, const char *what)
{
	atomic_long_inc(&vm->nr_failed);
	if ((rq->gfp & __GFP_NOWARN) || !__ratelimit(&vm->failure_limit))
		return;
	pr_warn("vmalloc error: size %lu: no %s (by %pS, task %s/%d)\n", rq->size, what, rq->caller,
		current->comm, task_pid_nr(current));
}
