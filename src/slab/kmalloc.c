// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc on an instance: a cache for each of thirteen sizes and each of three kinds, and the page floor for what is
 * larger.
 *
 *	sizes	8 16 32 64 96 128 192 256 512 1024 2048 4096 8192, by the kernel's index (see include/mmsim/kmalloc.h)
 *	kinds	normal; reclaimable, with __GFP_RECLAIMABLE; DMA, with __GFP_DMA, which wins
 *
 * Up to 192 bytes the index is looked up, above it is computed. A free finds the cache by the address: an object of a
 * slab belongs to that slab's cache, whichever it is; what is in no slab must be the first byte of a block.
 *
 * No bytes are ZERO_SIZE_PTR, an address that faults, and that a free takes. Each size is aligned to itself if it is a
 * power of two, and otherwise to a word, or as the kernel since 6.11 does to the largest power of two that divides it.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/string.h>

#include <mmsim/kmalloc.h>

#include "slab/front.h"

static_assert(MMSIM_KMALLOC_MAX_CACHE == MMSIM_KMALLOC_MAX_CACHE_SIZE, "one number, in two headers");
static_assert(MMSIM_NR_KMALLOC == 14 && 1 << (MMSIM_NR_KMALLOC - 1) == MMSIM_KMALLOC_MAX_CACHE);

const u8 mmsim_kmalloc_small_index[24] = {
	3, 4, 5, 5, 6, 6, 6, 6, 1, 1, 1, 1, 7, 7, 7, 7, 2, 2, 2, 2, 2, 2, 2, 2,
};

static __always_inline enum mmsim_kmalloc_type type_of(gfp_t gfp)
{
	if (likely(!(gfp & (__GFP_DMA | __GFP_RECLAIMABLE))))
		return MMSIM_KMALLOC_NORMAL;
	return gfp & __GFP_DMA ? MMSIM_KMALLOC_DMA : MMSIM_KMALLOC_RECLAIM;
}

static unsigned int size_of_index(unsigned int index)
{
	switch (index) {
	case 1:
		return 96;
	case 2:
		return 192;
	default:
		return 1U << index;
	}
}

/* --- The caches --- */

static void name_cache(struct mmsim_slabs *slabs, enum mmsim_kmalloc_type type, unsigned int index)
{
	static const char *const names[MMSIM_NR_KMALLOC_TYPES] = {
		[MMSIM_KMALLOC_NORMAL] = "kmalloc-%u%s",
		[MMSIM_KMALLOC_RECLAIM] = "kmalloc-rcl-%u%s",
		[MMSIM_KMALLOC_DMA] = "dma-kmalloc-%u%s",
	};
	static const char *const classic[MMSIM_NR_KMALLOC_TYPES] = {
		[MMSIM_KMALLOC_NORMAL] = "size-%u",
		[MMSIM_KMALLOC_RECLAIM] = "size-%u(RCL)",
		[MMSIM_KMALLOC_DMA] = "size-%u(DMA)",
	};
	unsigned int size = size_of_index(index);
	bool kilo = size >= 1024 && !slabs->params.classic_names;
	const char *fmt = slabs->params.classic_names ? classic[type] : names[type];

	/* As the kernel writes them: kmalloc-512, kmalloc-1k; size-1024. */
	snprintf(slabs->kmalloc_names[type][index], sizeof(slabs->kmalloc_names[type][index]), fmt,
		 kilo ? size / 1024 : size, kilo ? "k" : "");
}

static int make_kmalloc_cache(struct mmsim_slabs *slabs, enum mmsim_kmalloc_type type, unsigned int index)
{
	static const slab_flags_t flags[MMSIM_NR_KMALLOC_TYPES] = {
		[MMSIM_KMALLOC_RECLAIM] = SLAB_RECLAIM_ACCOUNT,
		[MMSIM_KMALLOC_DMA] = SLAB_CACHE_DMA,
	};
	unsigned int size = size_of_index(index);
	struct mmsim_kmem_cache_args args = { .engine = slabs->params.engine, .usersize = size };
	struct mmsim_kmem_cache *s = mmsim_cache_alloc(slabs->caches_cache, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE,
						       _RET_IP_);
	int err;

	if (!s)
		return -ENOMEM;
	if (slabs->params.rules.aligns_to_divisor || is_power_of_2(size))
		args.align = size & -size;
	name_cache(slabs, type, index);
	s->kmalloc = true;
	err = mmsim_cache_build(s, slabs, slabs->kmalloc_names[type][index], size, &args,
				flags[type] | slabs->params.debug);
	if (err)
		mmsim_cache_free(slabs->caches_cache, s, _RET_IP_);
	else
		slabs->kmalloc[type][index] = s;
	return err;
}

/**
 * mmsim_kmalloc_init() - make kmalloc's caches
 * @slabs: the floor, on its way up
 *
 * Context: process context, may sleep. Holder of slabs->mutex.
 * Return: 0 or a negative errno; caches that were made are on the floor's list then, too.
 */
int mmsim_kmalloc_init(struct mmsim_slabs *slabs)
{
	/* Each kind by size, so that slabinfo lists them so. */
	static const u8 by_size[] = { 3, 4, 5, 6, 1, 7, 2, 8, 9, 10, 11, 12, 13 };
	unsigned int type, i;
	int err = 0;

	for (type = 0; type < MMSIM_NR_KMALLOC_TYPES; type++)
		for (i = 0; i < ARRAY_SIZE(by_size) && !err; i++)
			err = make_kmalloc_cache(slabs, type, by_size[i]);
	return err;
}

/*
 * --- Large requests ---
 *
 * The floor stands in the block's mapping: so a free knows that kmalloc took it, and the page floor refuses to take it
 * back from anybody else.
 */

/**
 * mmsim_slabs_kmalloc_large() - allocate more than a cache has
 * @slabs: the floor
 * @size: bytes
 * @gfp: the kernel's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @caller: for reports
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the memory, a block of pages; NULL when there is none, or there never is one so large.
 */
void *mmsim_slabs_kmalloc_large(struct mmsim_slabs *slabs, size_t size, gfp_t gfp, int node, unsigned long caller)
{
	unsigned int order = get_order(size);
	struct mmsim_page *page;

	if (unlikely(order > MMSIM_MAX_ORDER)) {
		if (!(gfp & __GFP_NOWARN))
			mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_SIZE, NULL,
				       "kmalloc of %zu bytes: at most 4 MB are to be had in one piece (by %pS)",
				       size, (void *)caller);
		return NULL;
	}
	gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	page = mmsim_memory_alloc_node(slabs->mem, node, gfp | __GFP_COMP, order, caller);
	if (unlikely(!page))
		return NULL;
	WRITE_ONCE(page->mapping, slabs);
	atomic_long_add(BIT(order), &slabs->nr_large_pages[mmsim_page_nid(page)]);
	return page->virtual;
}

/* What is in no slab: the start of a block that kmalloc took, or a mistake. */
static noinline void free_large(struct mmsim_slabs *slabs, struct mmsim_page *page, const void *object,
				unsigned long caller)
{
	unsigned int order, nid;

	if (!page) {
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_WILD, NULL,
			       "kfree of %#lx, which is not in the region; free what was allocated (by %pS)",
			       (unsigned long)object, (void *)caller);
		return;
	}
	/* Of two frees at once one finds it. */
	if (page->virtual != object || cmpxchg(&page->mapping, slabs, NULL) != slabs) {
		mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_NO_SLAB, NULL,
			       "kfree of %#lx, which is neither an object nor the start of a large one; is it free already? (by %pS)",
			       (unsigned long)object, (void *)caller);
		return;
	}
	order = mmsim_page_order(page);
	nid = mmsim_page_nid(page);
	if (mmsim_memory_free(slabs->mem, page, order, caller))
		atomic_long_sub(BIT(order), &slabs->nr_large_pages[nid]);
	else
		WRITE_ONCE(page->mapping, slabs);
}

/* --- Allocating and freeing --- */

static void *heap_kmalloc(struct mmsim_kmem_cache *s, size_t size, gfp_t gfp, int node, unsigned long caller)
{
	void *object;

	might_alloc(gfp);
	if (unlikely(!mmsim_slabs_has_node(s->slabs, node, caller)))
		return NULL;
	object = s->ops->heap_alloc(s, size, gfp, node);
	if (object && ((gfp & __GFP_ZERO) || (s->on_alloc & MMSIM_ON_INIT)))
		memset(object, 0, size);
	return object;
}

static void *kmalloc_from(struct mmsim_kmem_cache *s, size_t size, gfp_t gfp, int node, unsigned long caller)
{
	void *object;

	if (s->ops->heap_alloc)
		return heap_kmalloc(s, size, gfp, node, caller);
	object = mmsim_cache_alloc(s, gfp, node, caller);
	if (unlikely(s->debug) && object)
		mmsim_slab_debug_request(s, object, size);
	return object;
}

/**
 * mmsim_slabs_kmalloc() - allocate memory
 * @slabs: the floor
 * @size: bytes
 * @gfp: the kernel's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @caller: for the object's owners
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the memory; ZERO_SIZE_PTR for 0 bytes; NULL when there is none, and for a node that there isn't.
 */
void *mmsim_slabs_kmalloc(struct mmsim_slabs *slabs, size_t size, gfp_t gfp, int node, unsigned long caller)
{
	if (unlikely(size > MMSIM_KMALLOC_MAX_CACHE))
		return mmsim_slabs_kmalloc_large(slabs, size, gfp, node, caller);
	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	return kmalloc_from(slabs->kmalloc[type_of(gfp)][mmsim_kmalloc_index_of(size)], size, gfp, node, caller);
}

/**
 * mmsim_slabs_kfree() - free what mmsim_slabs_kmalloc() returned, or an object of a cache of SLUB or SLAB
 * @slabs: the floor
 * @object: the memory; NULL and ZERO_SIZE_PTR are ignored
 * @caller: for reports
 *
 * Context: any; never sleeps. What can't be freed is reported and stays as it is.
 */
void mmsim_slabs_kfree(struct mmsim_slabs *slabs, const void *object, unsigned long caller)
{
	struct mmsim_kmem_cache *s;
	struct mmsim_slab *slab;
	struct mmsim_page *page;

	if (ZERO_OR_NULL_PTR(object))
		return;
	page = mmsim_slabs_head(slabs, object);
	slab = page ? mmsim_page_slab(page) : NULL;
	if (!slab) {
		free_large(slabs, page, object, caller);
		return;
	}
	s = slab->cache;
	if (s->ops->heap_free)
		s->ops->heap_free(s, slab, (void *)object);
	else
		mmsim_front_free_to(s, slab, (void *)object, caller);
}

/**
 * mmsim_slabs_ksize() - how much memory there is at an object
 * @slabs: the floor
 * @object: what mmsim_slabs_kmalloc() returned
 *
 * Context: any.
 * Return: bytes, at least those asked for; 0 for NULL, ZERO_SIZE_PTR and what is not the floor's.
 */
size_t mmsim_slabs_ksize(struct mmsim_slabs *slabs, const void *object)
{
	struct mmsim_kmem_cache *s;
	struct mmsim_slab *slab;
	struct mmsim_page *page;

	if (ZERO_OR_NULL_PTR(object))
		return 0;
	page = mmsim_slabs_head(slabs, object);
	if (!page)
		return 0;
	slab = mmsim_page_slab(page);
	if (!slab)
		return READ_ONCE(page->mapping) == slabs && page->virtual == object ?
		       PAGE_SIZE << mmsim_page_order(page) : 0;
	s = slab->cache;
	if (s->ops->heap_size)
		return s->ops->heap_size(s, slab, object);
	/* Who asks may use all of it. */
	mmsim_track_request(s, (void *)object, s->object_size);
	if (s->flags & (SLAB_RED_ZONE | SLAB_POISON))
		return s->object_size;
	return s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_STORE_USER) ? s->inuse : s->size;
}

/**
 * mmsim_slabs_kfree_bulk() - free several pieces of memory
 * @slabs: the floor
 * @nr: how many
 * @objects: what kmalloc returned, in any order
 * @caller: for reports
 *
 * Context: any; never sleeps.
 */
void mmsim_slabs_kfree_bulk(struct mmsim_slabs *slabs, size_t nr, void **objects, unsigned long caller)
{
	while (nr--)
		mmsim_slabs_kfree(slabs, *objects++, caller);
}
