/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shrinkers: caches that give memory back when the page allocator runs low. As the kernel's struct shrinker, with the
 * fields that matter here.
 *
 * A claim of contiguous memory may be what calls a shrinker, and claims of CMA areas take turns: a shrinker must
 * neither claim, nor make, find or destroy an area. It may release what was claimed.
 */
#ifndef MMSIM_SHRINKER_H
#define MMSIM_SHRINKER_H

#include <linux/list.h>
#include <linux/types.h>

struct mmsim_shrinker;

struct mmsim_shrink_control {
	gfp_t gfp_mask;			/* of the request: without __GFP_FS don't call file systems */
	unsigned long nr_to_scan;	/* objects to look at */
	unsigned long nr_scanned;	/* how many were looked at; nr_to_scan unless the shrinker says otherwise */
};

/* What ->scan_objects() returns when it could not work in this context, for want of a lock for example. */
#define MMSIM_SHRINK_STOP	(~0UL)

/* What ->count_objects() may return instead of 0. */
#define MMSIM_SHRINK_EMPTY	(~0UL - 1)

struct mmsim_shrinker {
	/* How many objects could be freed, 0 for none. May sleep. */
	unsigned long (*count_objects)(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc);
	/* Frees some of nr_to_scan objects; returns how many, or MMSIM_SHRINK_STOP. May sleep. */
	unsigned long (*scan_objects)(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc);
	long batch;			/* objects a call, 0 for 128 */
	int seeks;			/* what an object costs to make again; MMSIM_DEFAULT_SEEKS */
	const char *name;		/* for show */

	/* Private. */
	struct list_head list;		/* of the instance's shrinkers, under their rwsem */
	atomic_long_t nr_deferred;	/* objects not scanned yet that should have been */
};

#define MMSIM_DEFAULT_SEEKS	2

int mmsim_register_shrinker(struct mmsim_shrinker *shrinker);
void mmsim_unregister_shrinker(struct mmsim_shrinker *shrinker);

#endif /* MMSIM_SHRINKER_H */
