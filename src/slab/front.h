/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The front's fast path, for the exported functions of caches and of kmalloc. What it does stands in front.c.
 */
#ifndef MMSIM_SRC_FRONT_H
#define MMSIM_SRC_FRONT_H

#include <linux/sched/mm.h>

#include "slab/slab.h"
#include "slab/slub.h"

void *mmsim_front_alloc_any(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long caller);
void mmsim_front_free_any(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object, unsigned long caller);
void mmsim_front_free_foreign(struct mmsim_kmem_cache *s, void *object, unsigned long caller);

/*
 * might_alloc() where the kernel checks contexts. In others that is only a point to be preempted at, and a call that
 * would have the fast path save registers; the slow path has it.
 */
static __always_inline void mmsim_front_might_alloc(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_LOCKDEP) || IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_alloc(gfp);
}

static __always_inline void *mmsim_front_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, unsigned long caller)
{
	void *object;

	mmsim_front_might_alloc(gfp);
	if (likely(s->plain_alloc && !(gfp & __GFP_ZERO))) {
		object = mmsim_slub_pop(s);
		if (likely(object))
			return object;
	}
	return mmsim_front_alloc_any(s, gfp, NUMA_NO_NODE, caller);
}

/* Gives @object, which is of @slab, to the engine. */
static __always_inline void mmsim_front_free_to(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object,
						unsigned long caller)
{
	if (unlikely(!s->plain_free))
		mmsim_front_free_any(s, slab, object, caller);
	else if (!mmsim_slub_push(s, slab, object))
		mmsim_slub_free(s, slab, object);
}

static __always_inline void mmsim_front_free(struct mmsim_kmem_cache *s, void *object, unsigned long caller)
{
	struct mmsim_slab *slab;

	if (likely(mmsim_slabs_find(s->slabs, object, &slab) && slab->cache == s))
		mmsim_front_free_to(s, slab, object, caller);
	else
		mmsim_front_free_foreign(s, object, caller);
}

/* The index of a size by (size - 1) / 8, for sizes up to 192. */
extern const u8 mmsim_kmalloc_small_index[24];

/* The index of a size from 1 to MMSIM_KMALLOC_MAX_CACHE. */
static __always_inline unsigned int mmsim_kmalloc_index_of(size_t size)
{
	return size <= 192 ? mmsim_kmalloc_small_index[(size - 1) / 8] : fls((unsigned int)size - 1);
}

/* From the ordinary cache of an index, if that can be had at once and nobody zeroes it; else NULL. */
static __always_inline void *mmsim_kmalloc_pop(const struct mmsim_slabs *slabs, unsigned int index, gfp_t gfp)
{
	const struct mmsim_kmem_cache *s = slabs->kmalloc[MMSIM_KMALLOC_NORMAL][index];

	if (unlikely(!s->plain_alloc || (gfp & (__GFP_DMA | __GFP_RECLAIMABLE | __GFP_ZERO))))
		return NULL;
	return mmsim_slub_pop(s);
}

static __always_inline void *mmsim_front_kmalloc_index(struct mmsim_slabs *slabs, unsigned int index, size_t size,
						       gfp_t gfp, unsigned long caller)
{
	void *object;

	mmsim_front_might_alloc(gfp);
	object = mmsim_kmalloc_pop(slabs, index, gfp);
	return likely(object) ? object : mmsim_slabs_kmalloc(slabs, size, gfp, NUMA_NO_NODE, caller);
}

static __always_inline void *mmsim_front_kmalloc(struct mmsim_slabs *slabs, size_t size, gfp_t gfp,
						 unsigned long caller)
{
	if (unlikely(size - 1 >= MMSIM_KMALLOC_MAX_CACHE))
		return mmsim_slabs_kmalloc(slabs, size, gfp, NUMA_NO_NODE, caller);
	return mmsim_front_kmalloc_index(slabs, mmsim_kmalloc_index_of(size), size, gfp, caller);
}

static __always_inline void mmsim_front_kfree(struct mmsim_slabs *slabs, const void *object, unsigned long caller)
{
	struct mmsim_slab *slab;

	if (unlikely(!mmsim_slabs_find(slabs, object, &slab) || !slab->cache->plain_free))
		mmsim_slabs_kfree(slabs, object, caller);
	else if (!mmsim_slub_push(slab->cache, slab, (void *)object))
		mmsim_slub_free(slab->cache, slab, (void *)object);
}

#endif /* MMSIM_SRC_FRONT_H */
