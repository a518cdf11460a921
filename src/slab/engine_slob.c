// SPDX-License-Identifier: GPL-2.0
/*
 * The SLOB engine: a simple list of blocks, as Linux had it until 6.3 for machines with little memory.
 *
 * There are no slabs. All objects of all caches are pieces of one heap, engine_slob_heap.c, cut to size when they are
 * allocated and merged again when they are freed. So nothing is ever held for later use: a page in which nothing is in
 * use goes back at once, a constructor runs at each allocation, and there are no arrays to flush.
 *
 *	a cache's object	a piece of the cache's size; the cache knows it, and nothing is laid around it
 *	kmalloc'ed memory	a piece 8 bytes larger than asked for, its size before it with a check
 *	a page or more		a block of the page floor to itself, in both cases
 *
 *	| size | check | kmalloc'ed memory ...	the memory is aligned as kmalloc promises, so that the size isn't
 *
 * The pages of the heap belong to a cache that nobody allocates from, slabs->heap; the front finds it in each of
 * them. Which cache an object was allocated from nobody knows then: freed to another cache of SLOB's, it would be taken
 * for one of that cache's size. What is noticed is memory that is free already. Nor does it help to fill free objects
 * with a pattern: they don't stay what they are.
 *
 * With SLAB_TYPESAFE_BY_RCU, an object is put back after a grace period. Behind it lies what that takes, with a mark
 * that says whose it is, and whether it is in use or waits; a free changes nothing unless it finds the mark.
 *
 * In slabinfo a cache has as many slabs as there would be pages if they held nothing but its objects. The heap's own
 * row says how many pages there are, and how much of them is in use, in units of 2 bytes.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "slab/engine_slob.h"

/* What stands before kmalloc'ed memory. */
struct slob_header {
	u32 size;	/* bytes asked for */
	u32 check;	/* header_check() while the memory is in use */
};

/* Bytes from the header to the memory. */
#define HEADER		((size_t)ARCH_KMALLOC_MINALIGN)

static_assert(ARCH_KMALLOC_MINALIGN >= sizeof(struct slob_header));

/* What the engine keeps of a cache, besides the heap. */
struct slob_cache {
	atomic_long_t nr_objects;	/* in use */
	atomic_long_t nr_waiting;	/* for a grace period to end */
	atomic_long_t nr_allocated;	/* so far */
};

/* Behind a SLAB_TYPESAFE_BY_RCU object, where SLUB would have a link: the mark is at s->offset. */
struct slob_rcu {
	struct rcu_head head;		/* while it waits for a grace period to end */
	unsigned long mark;		/* the cache's address; plus WAITS from the object's free on */
};

#define WAITS	1UL

static struct slob_cache *slob_cache(struct mmsim_kmem_cache *s)
{
	return (struct slob_cache *)s->part;
}

/* --- Blocks that are an object as a whole --- */

static void *take_whole(struct mmsim_kmem_cache *s, unsigned int order, gfp_t gfp, int node)
{
	struct mmsim_slab *slab = mmsim_slab_take_heap_pages(s, gfp, node, order);

	if (!slab)
		return NULL;
	slab->engine[MMSIM_SLOB_FIRST] = MMSIM_SLOB_WHOLE;
	return slab->virtual;
}

static bool give_whole(struct mmsim_slabs *slabs, struct mmsim_slab *slab, const void *p)
{
	if (p != slab->virtual)
		return false;
	mmsim_slab_give_pages(slabs->heap, slab);
	return true;
}

/* Bytes of such a block; the client may use them all. */
static size_t whole_size(const struct mmsim_slab *slab)
{
	return PAGE_SIZE << mmsim_slab_order(slab);
}

/* --- Caches --- */

/* Whether a cache's objects are blocks: for their size, or because only a block is aligned so far. */
static bool has_blocks(const struct mmsim_kmem_cache *s)
{
	return s->size >= PAGE_SIZE || s->align > PAGE_SIZE;
}

static struct slob_rcu *rcu_of(struct mmsim_kmem_cache *s, void *object)
{
	return object + s->offset - offsetof(struct slob_rcu, mark);
}

static void *slob_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	const struct mmsim_slob_request r = { .size = s->size, .align = s->align, .node = node };
	struct slob_cache *c = slob_cache(s);
	void *p;

	p = has_blocks(s) ? take_whole(s, s->order, gfp, node) : mmsim_slob_cut(s, &r, gfp);
	if (!p)
		return NULL;
	atomic_long_inc(&c->nr_objects);
	atomic_long_inc(&c->nr_allocated);
	p += s->red_left_pad;
	if (s->ctor || s->debug)
		mmsim_slab_setup(s, (struct mmsim_slab *)mmsim_slabs_head(s->slabs, p), p);
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		WRITE_ONCE(rcu_of(s, p)->mark, (unsigned long)s);
	return p;
}

static void freed_twice(struct mmsim_kmem_cache *s, const void *object)
{
	mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_DOUBLE_FREE, s,
		       "%#lx is freed, but isn't in use, or not as one of its objects; free it once",
		       (unsigned long)object);
}

/* Gives back an object, or says that it can't be. */
static void put_object(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	void *p = object - s->red_left_pad;
	bool ok;

	if (mmsim_slob_is_whole(slab))
		ok = has_blocks(s) && give_whole(s->slabs, slab, p);
	else
		ok = !has_blocks(s) && mmsim_slob_put(s->slabs, slab, p, s->size);
	if (likely(ok))
		atomic_long_dec(&slob_cache(s)->nr_objects);
	else
		freed_twice(s, object);
}

/* Whether an object could be here: all of it lies in one page or block, and none of it is free. */
static bool may_be_object(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	void *p = object - s->red_left_pad;

	if (mmsim_slob_is_whole(slab))
		return has_blocks(s) && p == slab->virtual;
	return !has_blocks(s) && IS_ALIGNED((unsigned long)p, s->align) &&
	       mmsim_slob_is_cut(s->slabs, slab, p, s->size);
}

static bool slob_in_use(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	if (!may_be_object(s, slab, object))
		return false;
	return !(s->flags & SLAB_TYPESAFE_BY_RCU) || READ_ONCE(rcu_of(s, object)->mark) == (unsigned long)s;
}

static void put_object_rcu(struct rcu_head *head)
{
	struct slob_rcu *rcu = container_of(head, struct slob_rcu, head);
	struct mmsim_kmem_cache *s = (struct mmsim_kmem_cache *)(rcu->mark - WAITS);
	void *object = (void *)&rcu->mark - s->offset;

	rcu->mark = 0;
	put_object(s, (struct mmsim_slab *)mmsim_slabs_head(s->slabs, object), object);
	/* Last: who finds that nothing waits may take the cache away. Pairs with slob_shrink(). */
	atomic_long_dec_return_release(&slob_cache(s)->nr_waiting);
}

static void slob_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	unsigned long mark = (unsigned long)s;
	struct slob_rcu *rcu;

	if (likely(!(s->flags & SLAB_TYPESAFE_BY_RCU))) {
		put_object(s, slab, object);
		return;
	}
	rcu = rcu_of(s, object);
	/* Whatever else this may be, nothing is written until it is known for an object in use. */
	if (!may_be_object(s, slab, object) || cmpxchg(&rcu->mark, mark, mark + WAITS) != mark) {
		freed_twice(s, object);
		return;
	}
	atomic_long_inc(&slob_cache(s)->nr_waiting);
	call_rcu(&rcu->head, put_object_rcu);
}

static int slob_layout(struct mmsim_kmem_cache *s)
{
	unsigned int size = ALIGN(s->object_size, MMSIM_SLOB_UNIT);

	if (s->flags & (SLAB_TYPESAFE_BY_RCU | MMSIM_SLAB_DEBUG))
		size = ALIGN(size, sizeof(void *));
	if (s->debug && (s->flags & SLAB_RED_ZONE) && size == s->object_size)
		size += sizeof(void *);
	s->inuse = size;
	if (s->flags & SLAB_TYPESAFE_BY_RCU) {
		s->offset = size + offsetof(struct slob_rcu, mark);
		size += sizeof(struct slob_rcu);
	}
	mmsim_slab_debug_layout(s, &size);
	if (size > PAGE_SIZE << MMSIM_MAX_ORDER)
		return -E2BIG;
	s->size = size;
	s->order = get_order(max(size, s->align));
	s->min_order = s->order;
	s->objects = has_blocks(s) ? 1 : PAGE_SIZE / size;
	return 0;
}

/* The cache that owns the pages: made with the first cache that wants some, and kept until the floor goes. */
static int make_heap(struct mmsim_slabs *slabs)
{
	static const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLOB };
	int err = mmsim_cache_build(slabs->heap, slabs, "slob_heap", MMSIM_SLOB_UNIT, &args, 0);

	slabs->heap->boot = true;
	return err;
}

static int slob_create(struct mmsim_kmem_cache *s)
{
	if (s == s->slabs->heap)
		mmsim_slob_heap_init(mmsim_slob_heap(s->slabs));
	else if (!s->slabs->heap->slabs)
		return make_heap(s->slabs);
	return 0;
}

/* The cache itself is all that there is of it. */
static void slob_destroy(struct mmsim_kmem_cache *s)
{
}

/* There is nothing to give back: what counts is what is left. */
static unsigned long slob_shrink(struct mmsim_kmem_cache *s)
{
	if (s == s->slabs->heap)
		return atomic_long_read(&s->nr_slabs);
	/* What the callbacks that are done have put back must be seen below. */
	if (atomic_long_read_acquire(&slob_cache(s)->nr_waiting))
		rcu_barrier();
	return atomic_long_read(&slob_cache(s)->nr_objects);
}

static bool slob_flush_cpu(struct mmsim_kmem_cache *s, unsigned int cpu)
{
	return true;
}

static void slob_info(struct mmsim_kmem_cache *s, struct mmsim_slabinfo *info)
{
	struct mmsim_slob_heap *heap = mmsim_slob_heap(s->slabs);
	unsigned long flags;

	memset(info, 0, sizeof(*info));
	if (s == s->slabs->heap) {
		spin_lock_irqsave(&heap->lock, flags);
		info->num_slabs = heap->nr_pages;
		info->num_objs = heap->nr_pages * s->objects;
		info->active_objs = info->num_objs - heap->free_units;
		spin_unlock_irqrestore(&heap->lock, flags);
	} else {
		info->active_objs = atomic_long_read(&slob_cache(s)->nr_objects);
		info->num_slabs = DIV_ROUND_UP(info->active_objs, s->objects);
		info->num_objs = info->num_slabs * s->objects;
	}
	info->active_slabs = info->num_slabs;
}

/* Pieces of all caches lie in the same pages: what this one has is counted as the first node's. */
static void slob_count(struct mmsim_kmem_cache *s, unsigned int nid, struct mmsim_slab_count *count)
{
	struct mmsim_slabinfo info;

	if (nid)
		return;
	slob_info(s, &info);
	count->slabs = info.num_slabs;
	count->objects = info.num_objs;
	count->in_use = info.active_objs;
}

/* All pages are the heap's: other caches have no slab to look at. */
static bool slob_view(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	return s == s->slabs->heap && mmsim_slob_heap_view(s->slabs, slab, view);
}

static int slob_check(struct mmsim_kmem_cache *s, char *what, size_t size)
{
	return mmsim_slob_heap_check(s->slabs, what, size);
}

enum { ALLOCATED, IN_USE, WAITING, NR_STATS };

static const char *const slob_stat_names[] = {
	[ALLOCATED]	= "allocations",
	[IN_USE]	= "objects",
	[WAITING]	= "waiting_for_rcu",
	[NR_STATS]	= NULL,
};

static void slob_stats(struct mmsim_kmem_cache *s, unsigned long *counts)
{
	const struct slob_cache *c = slob_cache(s);
	bool heap = s == s->slabs->heap;

	counts[ALLOCATED] = heap ? 0 : atomic_long_read(&c->nr_allocated);
	counts[IN_USE] = heap ? 0 : atomic_long_read(&c->nr_objects);
	counts[WAITING] = heap ? 0 : atomic_long_read(&c->nr_waiting);
}

/* --- kmalloc --- */

/* What kmalloc promises: a power of two is aligned to itself, other sizes as their largest such divisor since 6.11. */
static size_t kmalloc_align(const struct mmsim_slabs *slabs, size_t size)
{
	if (is_power_of_2(size) || slabs->params.rules.aligns_to_divisor)
		return max(HEADER, size & -size);
	return HEADER;
}

/* What nobody else's memory has at this place but by chance. */
static u32 header_check(struct mmsim_slabs *slabs, const void *header, u32 size)
{
	return hash_64(mmsim_slob_heap(slabs)->secret ^ (unsigned long)header ^ (u64)size << 48, 32);
}

static void *slob_heap_alloc(struct mmsim_kmem_cache *s, size_t size, gfp_t gfp, int node)
{
	struct mmsim_slob_request r = { .size = size + HEADER, .align_offset = HEADER, .node = node };
	struct slob_cache *c = slob_cache(s);
	struct slob_header *header;
	void *p;

	if (size < PAGE_SIZE - HEADER) {
		r.align = kmalloc_align(s->slabs, size);
		header = mmsim_slob_cut(s, &r, gfp);
		if (!header)
			return NULL;
		header->size = size;
		header->check = header_check(s->slabs, header, size);
		p = (void *)header + HEADER;
	} else {
		p = take_whole(s, get_order(size), gfp, node);
	}
	if (p)
		atomic_long_inc(&c->nr_allocated);
	return p;
}

/* The size before kmalloc'ed memory; 0 when that isn't what this is. */
static size_t header_size(struct mmsim_slabs *slabs, const struct mmsim_slab *slab, const void *object)
{
	const struct slob_header *header = object - HEADER;
	size_t at = object - slab->virtual;

	if (at < HEADER || !IS_ALIGNED(at, HEADER))
		return 0;
	if (header->size > PAGE_SIZE - at || header->check != header_check(slabs, header, header->size))
		return 0;
	return header->size;
}

static void slob_heap_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	struct slob_header *header = object - HEADER;
	size_t size;
	bool ok;

	if (mmsim_slob_is_whole(slab)) {
		ok = give_whole(s->slabs, slab, object);
	} else {
		size = header_size(s->slabs, slab, object);
		if (size)
			header->check = 0;
		ok = size && mmsim_slob_put(s->slabs, slab, header, size + HEADER);
	}
	if (unlikely(!ok))
		mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_DOUBLE_FREE, s,
			       "%#lx is freed, but is free, not what kmalloc() returned, or was written before",
			       (unsigned long)object);
}

static size_t slob_heap_size(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, const void *object)
{
	if (mmsim_slob_is_whole(slab))
		return whole_size(slab);
	return ALIGN(header_size(s->slabs, slab, object), MMSIM_SLOB_UNIT);
}

const struct mmsim_slab_ops mmsim_slob_ops = {
	.name		= "slob",
	.layout		= slob_layout,
	.create		= slob_create,
	.destroy	= slob_destroy,
	.alloc		= slob_alloc,
	.free		= slob_free,
	.shrink		= slob_shrink,
	.flush_cpu	= slob_flush_cpu,
	.info		= slob_info,
	.count		= slob_count,
	.view		= slob_view,
	.in_use		= slob_in_use,
	.check		= slob_check,
	.stat_names	= slob_stat_names,
	.stats		= slob_stats,
	.heap_alloc	= slob_heap_alloc,
	.heap_free	= slob_heap_free,
	.heap_size	= slob_heap_size,
};
