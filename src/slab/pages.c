// SPDX-License-Identifier: GPL-2.0
/*
 * Slabs as the page floor sees them: compound blocks that say, in their first descriptor, which cache they belong to.
 *
 * A slab is published by its MMSIM_PAGE_SLAB bit, set last and cleared first, so that whoever finds the bit finds the
 * cache, too. A larger block than a single object needs is asked for without effort, since the smaller one will do.
 *
 * The slabs of a SLAB_TYPESAFE_BY_RCU cache stay what they are until a grace period has passed: who found an object
 * under rcu_read_lock() may read it until then.
 */
#include "slab/slab.h"

/* What no slab can be: it has a kernel address, and who asks for DMA memory asks a cache that is made of it. */
#define GFP_BAD		(__GFP_DMA32 | __GFP_HIGHMEM | ~__GFP_BITS_MASK)
/* What the cache and this file decide, and the front does. */
#define GFP_OURS	(__GFP_ZERO | __GFP_COMP | __GFP_MOVABLE | __GFP_RECLAIMABLE | __GFP_DMA)

static gfp_t block_gfp(struct mmsim_kmem_cache *s, gfp_t gfp)
{
	if (unlikely(gfp & GFP_BAD))
		mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_GFP, s,
			       "flags %#x can't be had for objects and are ignored; leave them out",
			       (__force unsigned int)(gfp & GFP_BAD));
	return (gfp & ~(GFP_BAD | GFP_OURS)) | s->allocflags;
}

static struct mmsim_page *take_block(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned int order)
{
	return mmsim_memory_alloc_node(s->slabs->mem, node, order ? gfp | __GFP_COMP : gfp, order, _RET_IP_);
}

/* Counts a slab that comes, 1, or goes, -1. */
static void account(struct mmsim_kmem_cache *s, const struct mmsim_slab *slab, long sign)
{
	bool reclaimable = s->flags & SLAB_RECLAIM_ACCOUNT;
	long pages = sign * (1L << mmsim_slab_order(slab));

	atomic_long_add(sign, &s->nr_slabs);
	atomic_long_add(pages, &s->nr_pages);
	atomic_long_add(pages, &s->slabs->nr_slab_pages[mmsim_slab_nid(slab)][reclaimable]);
}

/* A slab of @owner's, whose pages are of the kind that @s asks for. */
static struct mmsim_slab *take_slab(struct mmsim_kmem_cache *owner, struct mmsim_kmem_cache *s, gfp_t gfp, int node,
				    unsigned int order, unsigned int min_order)
{
	struct mmsim_page *page = NULL;
	struct mmsim_slab *slab;

	gfp = block_gfp(s, gfp);
	if (order > min_order) {
		gfp_t lightly = (gfp | __GFP_NOWARN | __GFP_NORETRY) & ~(__GFP_NOFAIL | __GFP_DIRECT_RECLAIM);

		page = take_block(s, lightly, node, order);
		if (!page)
			order = min_order;
	}
	if (!page)
		page = take_block(s, gfp, node, order);
	if (!page)
		return NULL;

	slab = (struct mmsim_slab *)page;
	atomic_long_inc(&s->slabs->nr_begun);
	slab->cache = owner;
	slab->engine[0] = 0;
	slab->engine[1] = 0;
	account(owner, slab, 1);
	/* Pairs with the reads of who is given an object's address: that can't be before this. */
	smp_store_release(&page->flags, page->flags | MMSIM_PAGE_SLAB);
	atomic_long_inc(&s->slabs->nr_done);
	return slab;
}

/**
 * mmsim_slab_take_pages() - get a new slab
 * @s: the cache that it will belong to
 * @gfp: the client's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @order: log2 of the number of pages; when there is no such block, one of s->min_order is taken instead
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the slab, its engine words 0 and its list undefined; NULL when there are no pages, reported unless
 * __GFP_NOWARN.
 */
struct mmsim_slab *mmsim_slab_take_pages(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned int order)
{
	return take_slab(s, s, gfp, node, order, s->min_order);
}

/**
 * mmsim_slab_take_heap_pages() - get a block for the heap that caches of an engine share
 * @s: the cache that it is wanted for, and that says what kind of pages
 * @gfp: the client's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @order: log2 of the number of pages
 *
 * Context: as mmsim_slab_take_pages().
 * Return: as mmsim_slab_take_pages(); the slab belongs to slabs->heap.
 */
struct mmsim_slab *mmsim_slab_take_heap_pages(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned int order)
{
	return take_slab(s->slabs->heap, s, gfp, node, order, order);
}

static void give_block(struct mmsim_slabs *slabs, struct mmsim_slab *slab)
{
	struct mmsim_page *page = mmsim_slab_page(slab);

	WRITE_ONCE(page->flags, page->flags & ~MMSIM_PAGE_SLAB);
	WRITE_ONCE(page->mapping, NULL);
	mmsim_memory_free(slabs->mem, page, mmsim_page_order(page), _RET_IP_);
	atomic_long_inc(&slabs->nr_done);
}

static void give_block_rcu(struct rcu_head *rcu)
{
	struct mmsim_slab *slab = container_of(rcu, struct mmsim_slab, rcu);

	give_block(slab->cache->slabs, slab);
}

/**
 * mmsim_slab_give_pages() - give a slab back to the page floor
 * @s: its cache
 * @slab: the slab, without objects in use and on no list
 *
 * Context: any; never sleeps.
 */
void mmsim_slab_give_pages(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	atomic_long_inc(&s->slabs->nr_begun);
	account(s, slab, -1);
	if (unlikely(s->flags & SLAB_TYPESAFE_BY_RCU))
		call_rcu(&slab->rcu, give_block_rcu);
	else
		give_block(s->slabs, slab);
}
