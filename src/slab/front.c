// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing objects of a cache: what stands before and behind an engine.
 *
 * An allocation is the engine's; what follows is asked for by one test of two words: an object that is to be zeroed, or
 * belongs to a debugging cache. A free finds the slab by the object's address, the cache by the slab, and compares it with
 * the one that the client says: an address that is nobody's, or another cache's, goes no further. Whether it is the start
 * of an object, and one in use, only a debugging cache asks.
 *
 * SLUB, which most caches are made by, is called directly and inlined; the others through their ops.
 */
#include <linux/kernel.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "slab/front.h"

/**
 * mmsim_slab_finish_alloc() - what else is to be done to an object before the client gets it
 * @s: its cache
 * @gfp: the client's flags
 * @object: what the engine found; NULL: nothing
 * @caller: for the object's owners
 *
 * Context: any.
 * Return: @object.
 */
void *mmsim_slab_finish_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, void *object, unsigned long caller)
{
	if (!object)
		return NULL;
	if (s->on_alloc & MMSIM_ON_DEBUG)
		mmsim_slab_debug_alloc(s, object, caller);
	if ((s->on_alloc & MMSIM_ON_INIT) || (gfp & __GFP_ZERO))
		memset(object, 0, s->object_size);
	return object;
}

/**
 * mmsim_slab_prepare_free() - what is to be done to an object before the engine gets it back
 * @s: its cache
 * @slab: its slab
 * @object: the object
 * @caller: for the object's owners
 *
 * Context: any.
 * Return: false when it can't be taken back, which is reported.
 */
bool mmsim_slab_prepare_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object, unsigned long caller)
{
	if ((s->on_free & MMSIM_ON_DEBUG) && !mmsim_slab_debug_free(s, slab, object, caller))
		return false;
	if (s->on_free & MMSIM_ON_INIT)
		memset(object, 0, s->object_size);
	return true;
}

/**
 * mmsim_cache_alloc() - allocate an object
 * @s: the cache
 * @gfp: the kernel's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @caller: for the object's owners
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the object, or NULL.
 */
void *mmsim_cache_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long caller)
{
	return mmsim_front_alloc(s, gfp, node, caller);
}

/**
 * mmsim_slab_engine_slab() - the slab of an object that is not in one of its own cache
 * @s: the cache that the client says
 * @object: the object
 * @caller: for reports
 *
 * An engine whose caches share their slabs says so by heap.
 *
 * Return: the slab, if there is nothing wrong after all; NULL otherwise, reported.
 */
struct mmsim_slab *mmsim_slab_engine_slab(struct mmsim_kmem_cache *s, const void *object, unsigned long caller)
{
	struct mmsim_slabs *slabs = s->slabs;
	struct mmsim_page *page = mmsim_slabs_head(slabs, object);
	struct mmsim_slab *slab = page ? mmsim_page_slab(page) : NULL;

	if (slab && slab->cache == slabs->heap && s->ops == slabs->heap->ops)
		return slab;
	if (!page)
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_WILD, s, "%#lx is freed and not in the region; free what was allocated (by %pS)",
			       (unsigned long)object, (void *)caller);
	else if (!slab)
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_NO_SLAB, s, "%#lx is freed and in no slab; it is free already, or pages (by %pS)",
			       (unsigned long)object, (void *)caller);
	else
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_CACHE, s, "%#lx is freed to it and is an object of %s; free it there (by %pS)",
			       (unsigned long)object, slab->cache->name, (void *)caller);
	return NULL;
}

/**
 * mmsim_cache_free() - free an object
 * @s: the cache that it came from
 * @object: the object; NULL is ignored
 * @caller: for reports, and for the object's owners
 *
 * Context: any; never sleeps. What can't be freed is reported and stays as it is.
 */
void mmsim_cache_free(struct mmsim_kmem_cache *s, void *object, unsigned long caller)
{
	mmsim_front_free(s, object, caller);
}

/* One by one: engines without a bulk allocation, and debugging caches. */
static size_t alloc_each(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		objects[i] = s->ops->alloc(s, gfp, NUMA_NO_NODE);
		if (!objects[i])
			break;
	}
	return i;
}

/**
 * mmsim_cache_alloc_bulk() - allocate several objects
 * @s: the cache
 * @gfp: the kernel's flags
 * @nr: how many
 * @objects: where they go
 * @caller: for the objects' owners
 *
 * Context: as mmsim_cache_alloc().
 * Return: @nr, or 0 when there were not so many: then none is kept.
 */
size_t mmsim_cache_alloc_bulk(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects, unsigned long caller)
{
	size_t got, i;

	might_alloc(gfp);
	if (s->ops->alloc_bulk)
		got = s->ops->alloc_bulk(s, gfp, nr, objects);
	else
		got = alloc_each(s, gfp, nr, objects);
	if (unlikely((gfp & __GFP_ZERO) || s->on_alloc))
		for (i = 0; i < got; i++)
			mmsim_slab_finish_alloc(s, gfp, objects[i], caller);
	if (likely(got == nr))
		return nr;
	mmsim_cache_free_bulk(s, got, objects, caller);
	return 0;
}

/* How many of the objects from the first on are of its slab. */
static size_t run_of_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, size_t nr, void **objects)
{
	size_t i;

	for (i = 1; i < nr; i++)
		if (mmsim_front_slab(s, objects[i]) != slab)
			break;
	return i;
}

static void free_run(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, size_t nr, void **objects)
{
	size_t i;

	if (likely(s->engine == MMSIM_ENGINE_SLUB)) {
		mmsim_slub_free_bulk(s, slab, nr, objects);
	} else if (s->ops->free_bulk) {
		s->ops->free_bulk(s, slab, nr, objects);
	} else {
		for (i = 0; i < nr; i++)
			s->ops->free(s, slab, objects[i]);
	}
}

/**
 * mmsim_cache_free_bulk() - free several objects
 * @s: the cache that they came from
 * @nr: how many
 * @objects: the objects, in any order; those next to each other in a slab are best next to each other here
 * @caller: as for mmsim_cache_free()
 *
 * Context: any; never sleeps.
 */
void mmsim_cache_free_bulk(struct mmsim_kmem_cache *s, size_t nr, void **objects, unsigned long caller)
{
	size_t run;

	for (; nr; nr -= run, objects += run) {
		struct mmsim_slab *slab = mmsim_front_slab(s, objects[0]);

		run = 1;
		if (unlikely(!slab || s->on_free)) {
			mmsim_cache_free(s, objects[0], caller);
			continue;
		}
		run = run_of_slab(s, slab, nr, objects);
		free_run(s, slab, run, objects);
	}
}
