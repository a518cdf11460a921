// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing objects of a cache: what stands before and behind an engine.
 *
 * The fast path, in front.h, is SLUB's: an object from and to the CPU's freelist, where nothing else is to be done. It
 * is inlined into the exported functions and calls nothing, so that it saves no registers. Everything else comes here:
 * other engines, objects that are to be zeroed, debugging caches, nodes. A free finds the slab by the object's address,
 * the cache by the slab, and compares it with the one that the client says: an address that is nobody's, or another
 * cache's, goes no further. Whether it is the start of an object, and one in use, only a debugging cache asks.
 *
 * SLUB, which most caches are made by, is called directly; the others through their ops.
 */
#include <linux/kernel.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "slab/front.h"

/* What else is to be done to an object before the client gets it. */
static void *finish_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, void *object, unsigned long caller)
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
 * mmsim_front_alloc_any() - allocate an object, whatever it takes
 * @s: the cache
 * @gfp: the kernel's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @caller: for the object's owners
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the object, or NULL.
 */
void *mmsim_front_alloc_any(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long caller)
{
	void *object;

	might_alloc(gfp);
	if (likely(s->engine == MMSIM_ENGINE_SLUB))
		object = mmsim_slub_alloc(s, gfp, node);
	else
		object = s->ops->alloc(s, gfp, node);
	return finish_alloc(s, gfp, object, caller);
}

/**
 * mmsim_slabs_has_node() - whether a client may ask for a node
 * @slabs: the floor
 * @node: what the client asks for
 * @caller: for the report
 *
 * Context: any.
 * Return: false for a node that the instance hasn't got, which is reported as the page floor does.
 */
bool mmsim_slabs_has_node(const struct mmsim_slabs *slabs, int node, unsigned long caller)
{
	if (likely(node == NUMA_NO_NODE || (unsigned int)node < slabs->mem->nr_nodes))
		return true;
	mmsim_bad(slabs->mem, MMSIM_BAD_NODE, NULL, 0, caller);
	return false;
}

/**
 * mmsim_cache_alloc() - allocate an object
 * @s: the cache
 * @gfp: the kernel's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @caller: for the object's owners
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the object, or NULL; NULL also for a node that there isn't.
 */
void *mmsim_cache_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long caller)
{
	if (node == NUMA_NO_NODE)
		return mmsim_front_alloc(s, gfp, caller);
	if (unlikely(!mmsim_slabs_has_node(s->slabs, node, caller)))
		return NULL;
	return mmsim_front_alloc_any(s, gfp, node, caller);
}

/**
 * mmsim_front_free_any() - give an object back to its engine, whatever it takes
 * @s: its cache
 * @slab: its slab
 * @object: the object
 * @caller: for reports, and for the object's owners
 *
 * Context: any; never sleeps.
 */
void mmsim_front_free_any(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object, unsigned long caller)
{
	if ((s->on_free & MMSIM_ON_DEBUG) && !mmsim_slab_debug_free(s, slab, object, caller))
		return;
	if (s->on_free & MMSIM_ON_INIT)
		memset(object, 0, s->object_size);
	if (likely(s->engine == MMSIM_ENGINE_SLUB))
		mmsim_slub_free(s, slab, object);
	else
		s->ops->free(s, slab, object);
}

/**
 * mmsim_front_free_foreign() - free an object that is in no slab of its cache
 * @s: the cache that the client says
 * @object: the object; NULL is ignored
 * @caller: for reports
 *
 * An engine whose caches share their slabs says so by the floor's heap; anything else is a mistake.
 *
 * Context: any; never sleeps.
 */
void mmsim_front_free_foreign(struct mmsim_kmem_cache *s, void *object, unsigned long caller)
{
	struct mmsim_slabs *slabs = s->slabs;
	struct mmsim_page *page = mmsim_slabs_head(slabs, object);
	struct mmsim_slab *slab = page ? mmsim_page_slab(page) : NULL;

	if (!object)
		return;
	if (!page)
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_WILD, s,
			       "%#lx is freed and not in the region; free what was allocated (by %pS)",
			       (unsigned long)object, (void *)caller);
	else if (!slab)
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_NO_SLAB, s,
			       "%#lx is freed and in no slab; it is free already, or pages (by %pS)",
			       (unsigned long)object, (void *)caller);
	else if (slab->cache == slabs->heap && s->ops == slabs->heap->ops)
		mmsim_front_free_any(s, slab, object, caller);
	else
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_CACHE, s,
			       "%#lx is freed to it and is an object of %s; free it there (by %pS)",
			       (unsigned long)object, slab->cache->name, (void *)caller);
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
			finish_alloc(s, gfp, objects[i], caller);
	if (likely(got == nr))
		return nr;
	mmsim_cache_free_bulk(s, got, objects, caller);
	return 0;
}

/* How many of the objects, from the first on, lie in its slab. */
static size_t run_of_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, size_t nr, void **objects)
{
	unsigned long start = (unsigned long)slab->virtual, size = PAGE_SIZE << mmsim_slab_order(slab);
	size_t i;

	for (i = 1; i < nr; i++)
		if ((unsigned long)objects[i] - start >= size)
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
		struct mmsim_slab *slab;

		run = 1;
		if (unlikely(s->on_free || !mmsim_slabs_find(s->slabs, objects[0], &slab) || slab->cache != s)) {
			mmsim_cache_free(s, objects[0], caller);
			continue;
		}
		run = run_of_slab(s, slab, nr, objects);
		free_run(s, slab, run, objects);
	}
}
