/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The front's fast path, for the exported functions of caches and of kmalloc. What it does stands in front.c.
 */
#ifndef MMSIM_SRC_FRONT_H
#define MMSIM_SRC_FRONT_H

#include <linux/sched/mm.h>

#include "slab/slab.h"
#include "slab/slub.h"

void *mmsim_slab_finish_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, void *object, unsigned long caller);
bool mmsim_slab_prepare_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object, unsigned long caller);
struct mmsim_slab *mmsim_slab_engine_slab(struct mmsim_kmem_cache *s, const void *object, unsigned long caller);

static __always_inline void *mmsim_front_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node,
					       unsigned long caller)
{
	void *object;

	might_alloc(gfp);
	if (likely(s->engine == MMSIM_ENGINE_SLUB))
		object = mmsim_slub_alloc(s, gfp, node);
	else
		object = s->ops->alloc(s, gfp, node);
	if (unlikely((gfp & __GFP_ZERO) || s->on_alloc))
		return mmsim_slab_finish_alloc(s, gfp, object, caller);
	return object;
}

/* The slab of an object of @s; NULL when it is in none of @s. */
static __always_inline struct mmsim_slab *mmsim_front_slab(struct mmsim_kmem_cache *s, const void *object)
{
	struct mmsim_page *page = mmsim_slabs_head(s->slabs, object);
	struct mmsim_slab *slab = likely(page) ? mmsim_page_slab(page) : NULL;

	return likely(slab && slab->cache == s) ? slab : NULL;
}

/* Gives @object, which is of @slab, to the engine. */
static __always_inline void mmsim_front_free_to(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object,
						unsigned long caller)
{
	if (unlikely(s->on_free) && !mmsim_slab_prepare_free(s, slab, object, caller))
		return;
	if (likely(s->engine == MMSIM_ENGINE_SLUB))
		mmsim_slub_free(s, slab, object);
	else
		s->ops->free(s, slab, object);
}

static __always_inline void mmsim_front_free(struct mmsim_kmem_cache *s, void *object, unsigned long caller)
{
	struct mmsim_slab *slab = mmsim_front_slab(s, object);

	if (unlikely(!slab)) {
		if (!object)
			return;
		slab = mmsim_slab_engine_slab(s, object, caller);
		if (!slab)
			return;
	}
	mmsim_front_free_to(s, slab, object, caller);
}

#endif /* MMSIM_SRC_FRONT_H */
