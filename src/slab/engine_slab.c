// SPDX-License-Identifier: GPL-2.0
/*
 * The SLAB engine: Bonwick's slab allocator as Linux had it from 2.6 to 6.7.
 *
 * In front of the slabs each CPU has an array of free objects, and nearly all of the work is done there: an allocation
 * takes the last entry, a free puts one behind it. What was freed last is taken next, while it is still in the CPU's
 * cache, and neither takes a lock.
 *
 *	alloc	entry[--avail]		empty: refill, batchcount objects come from the node's shared array or,
 *					when that is empty, out of slabs; when those are full, too, the cache grows
 *	free	entry[avail++]		full: flush, the batchcount oldest go to the node's shared array or,
 *					when that is full, into their slabs
 *
 * The shared array serves caches whose objects are allocated on one CPU and freed on another: they pass through it by
 * the batch, and the slabs are left alone. A CPU that has not used its array since the last reap refills it with 16 at
 * most: a cache used seldom shouldn't hoard.
 *
 * With several nodes an array holds objects of its CPU's node alone. What a CPU frees of another node's is collected in
 * its own node's alien array for that node, a dozen at a time, so that the other node's lock is not taken for each.
 * Allocations go to a certain node
 *	- when the client says so: an object straight out of that node's slabs, no array between;
 *	- in turn to each node, when the instance interleaves: alternate_node_alloc(). Not for interrupts;
 *	- to any node, when the local one is out of memory: fallback_alloc(), first where free objects lie about, then
 *	  where the page floor finds pages, with reclaim and all. Until then growing has not tried hard.
 *
 * What keeps an interrupt out of an array that the interrupted code is changing is the flag `busy`, as for the page
 * floor's per-CPU lists (src/page/pcp.c): who finds it set takes one object out of the slabs, or puts one back, under
 * the node's lock.
 *
 * The other files: engine_slab_geometry.c how a slab is laid out; _node.c slabs and their lists; _tune.c the arrays'
 * making and their sizes; _reap.c how objects that nobody uses find back to the page floor; _show.c counts and checks.
 */
#include <linux/kernel.h>
#include <linux/preempt.h>

#include "slab/engine_slab.h"

#define REFILL_LIMIT	16	/* objects that refill an array which nobody has used lately */

/* The free object at the top of an array that we have and that is not empty. */
static __always_inline void *array_pop(struct array_cache *ac)
{
	unsigned int avail = ac->avail - 1;

	WRITE_ONCE(ac->touched, true);
	WRITE_ONCE(ac->avail, avail);
	return ac->entry[avail];
}

static __always_inline void array_push(struct array_cache *ac, void *object)
{
	unsigned int avail = ac->avail;

	WRITE_ONCE(ac->entry[avail], object);
	/* Pairs with walk_array() on another CPU: what it counts as an entry is one. */
	smp_store_release(&ac->avail, avail + 1);
}

/* Moves up to @nr objects from the top of one array to the top of another. */
static unsigned int transfer_objects(struct array_cache *to, struct array_cache *from, unsigned int nr)
{
	unsigned int i;

	nr = min3(from->avail, nr, to->limit - to->avail);
	from->avail -= nr;
	for (i = 0; i < nr; i++)
		WRITE_ONCE(to->entry[to->avail + i], from->entry[from->avail + i]);
	WRITE_ONCE(to->avail, to->avail + nr);
	return nr;
}

/* Fills an empty array that we have; leaves it empty when the node has no free object. */
static noinline void cache_alloc_refill(struct mmsim_kmem_cache *s, struct array_cache *ac)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, ac->nid);
	unsigned int nr = ac->batchcount;
	unsigned long flags;

	if (!ac->touched)
		nr = min_t(unsigned int, nr, REFILL_LIMIT);
	spin_lock_irqsave(&l3->list_lock, flags);
	if (l3->shared && transfer_objects(ac, l3->shared, nr))
		l3->shared->touched = true;
	else
		WRITE_ONCE(ac->avail, mmsim_classic_take(s, l3, ac->entry, nr));
	spin_unlock_irqrestore(&l3->list_lock, flags);
}

/* Gives a batch of the objects at the bottom of a full array that we have to its node. */
static void cache_flusharray(struct mmsim_kmem_cache *s, struct array_cache *ac, struct mmsim_classic_rest *rest)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, ac->nid);
	unsigned int nr = ac->batchcount, room, i;
	unsigned long flags;

	spin_lock_irqsave(&l3->list_lock, flags);
	room = l3->shared ? l3->shared->limit - l3->shared->avail : 0;
	if (room) {
		nr = min(nr, room);
		memcpy(l3->shared->entry + l3->shared->avail, ac->entry, nr * sizeof(void *));
		l3->shared->avail += nr;
	} else {
		mmsim_classic_put(s, l3, ac->entry, nr, rest);
	}
	for (i = nr; i < ac->avail; i++)
		WRITE_ONCE(ac->entry[i - nr], ac->entry[i]);
	WRITE_ONCE(ac->avail, ac->avail - nr);
	spin_unlock_irqrestore(&l3->list_lock, flags);
}

static int this_node(const struct mmsim_kmem_cache *s)
{
	const struct array_cache *ac = mmsim_cpu_part(s, raw_smp_processor_id());

	return ac->nid;
}

static bool has_nodes(const struct mmsim_kmem_cache *s)
{
	return s->slabs->mem->nr_nodes > 1;
}

/* One object out of a node's slabs, without growing. */
static void *take_one(struct mmsim_kmem_cache *s, int nid)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, nid);
	void *object = NULL;
	unsigned long flags;

	spin_lock_irqsave(&l3->list_lock, flags);
	l3->node_allocs += mmsim_classic_take(s, l3, &object, 1);
	spin_unlock_irqrestore(&l3->list_lock, flags);
	return object;
}

/* The last resort of a request: whatever node has something. */
static void *fallback_alloc(struct mmsim_kmem_cache *s, gfp_t gfp)
{
	int highest = mmsim_gfp_zone(gfp | s->allocflags), nid = this_node(s);
	struct mmsim_zone **zone;
	void *object;

	if (gfp & __GFP_THISNODE)
		return NULL;
	do {
		for (zone = s->slabs->mem->node[nid]->zonelist[max(highest, 0)]; *zone; zone++) {
			if (!READ_ONCE(mmsim_classic_list3(s, (*zone)->nid)->free_objects))
				continue;
			object = take_one(s, (*zone)->nid);
			if (object)
				return object;
		}
		nid = mmsim_classic_grow(s, gfp, this_node(s));
		if (nid < 0)
			return NULL;
		/* Another CPU may have been faster: then all over again. */
		object = take_one(s, nid);
	} while (!object);
	return object;
}

/* An object of a certain node; of another one when it has none and __GFP_THISNODE doesn't insist. */
static void *cache_alloc_node(struct mmsim_kmem_cache *s, gfp_t gfp, int nid)
{
	gfp_t exact = gfp & __GFP_THISNODE ? gfp : mmsim_slab_exact_node(gfp);
	void *object;

	do {
		object = take_one(s, nid);
		if (object)
			return object;
	} while (mmsim_classic_grow(s, exact, nid) >= 0);
	return fallback_alloc(s, gfp);
}

/* Where requests without a node go to each in turn. */
static void *alternate_node_alloc(struct mmsim_kmem_cache *s, gfp_t gfp)
{
	struct mmsim_memory *mem = s->slabs->mem;
	int nid;

	if (in_interrupt() || (gfp & __GFP_THISNODE))
		return NULL;
	nid = (unsigned int)atomic_fetch_inc(&mem->interleave_next) % mem->nr_nodes;
	return nid == this_node(s) ? NULL : cache_alloc_node(s, gfp, nid);
}

/* An object from this CPU's array, for which the node's slabs are searched, and a slab is made. */
static void *cache_alloc(struct mmsim_kmem_cache *s, gfp_t gfp)
{
	gfp_t grow_gfp = has_nodes(s) && !(gfp & __GFP_THISNODE) ? mmsim_slab_exact_node(gfp) : gfp;
	bool missed = false;
	void *object = NULL;
	int nid;

	do {
		struct array_cache *ac = mmsim_classic_enter(s);

		if (!ac)
			return cache_alloc_node(s, gfp, this_node(s));
		nid = ac->nid;
		if (!ac->avail) {
			ac->allocmiss += !missed;
			missed = true;
			cache_alloc_refill(s, ac);
		} else {
			ac->allochit += !missed;
		}
		if (ac->avail)
			object = array_pop(ac);
		mmsim_classic_leave(ac);
	} while (!object && mmsim_classic_grow(s, grow_gfp, nid) >= 0);
	return object;
}

static noinline void *alloc_slow(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	int here = this_node(s);
	void *object = NULL;

	if (node == NUMA_NO_NODE) {
		if (s->slabs->mem->interleave)
			object = alternate_node_alloc(s, gfp);
		node = here;
	}
	if (!object && node == here) {
		object = cache_alloc(s, gfp);
		/* Growing has tried all that may be tried. */
		if (!object && (!has_nodes(s) || (gfp & __GFP_THISNODE)))
			return NULL;
	}
	return object ? object : cache_alloc_node(s, gfp, node);
}

static void *classic_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	struct array_cache *ac;
	void *object;

	if (likely(node == NUMA_NO_NODE)) {
		ac = mmsim_classic_enter(s);
		if (likely(ac)) {
			if (likely(ac->avail && !ac->interleave)) {
				ac->allochit++;
				object = array_pop(ac);
				mmsim_classic_leave(ac);
				return object;
			}
			mmsim_classic_leave(ac);
		}
	}
	return alloc_slow(s, gfp, node);
}

/* A request for many takes what the array has, refills it, and so on. */
static size_t classic_alloc_bulk(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects)
{
	size_t got = 0;

	while (got < nr) {
		struct array_cache *ac = mmsim_classic_enter(s);
		size_t before = got;

		if (ac && !ac->interleave) {
			if (!ac->avail) {
				ac->allocmiss++;
				cache_alloc_refill(s, ac);
			}
			while (got < nr && ac->avail)
				objects[got++] = array_pop(ac);
			ac->allochit += got - before;
		}
		if (ac)
			mmsim_classic_leave(ac);
		if (got == before) {
			objects[got] = alloc_slow(s, gfp, NUMA_NO_NODE);
			if (!objects[got])
				break;
			got++;
		}
	}
	return got;
}

/* Straight into the slab, for want of an array. */
static void free_one(struct mmsim_kmem_cache *s, void *object, unsigned int nid, struct mmsim_classic_rest *rest)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, nid);
	unsigned long flags;

	spin_lock_irqsave(&l3->list_lock, flags);
	mmsim_classic_put(s, l3, &object, 1, rest);
	spin_unlock_irqrestore(&l3->list_lock, flags);
}

/* An object of another node than this CPU's. */
static void cache_free_alien(struct mmsim_kmem_cache *s, void *object, unsigned int nid,
			     struct mmsim_classic_rest *rest)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, this_node(s));
	struct alien_cache **aliens = READ_ONCE(l3->alien), *alien = aliens ? aliens[nid] : NULL;
	unsigned long flags;

	atomic_long_inc(&l3->node_frees);
	if (!alien) {
		free_one(s, object, nid, rest);
		return;
	}
	spin_lock_irqsave(&alien->lock, flags);
	if (alien->ac.avail == alien->ac.limit) {
		atomic_long_inc(&l3->node_overflow);
		mmsim_classic_drain_alien(s, &alien->ac, rest);
	}
	array_push(&alien->ac, object);
	spin_unlock_irqrestore(&alien->lock, flags);
}

static noinline void free_slow(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	unsigned int nid = mmsim_slab_nid(slab);
	struct array_cache *ac = NULL;
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);

	if (nid != this_node(s)) {
		cache_free_alien(s, object, nid, &rest);
	} else {
		ac = mmsim_classic_enter(s);
		/* Interrupted, or moved to another node. */
		if (ac && ac->nid != nid) {
			mmsim_classic_leave(ac);
			ac = NULL;
		}
		if (!ac)
			free_one(s, object, nid, &rest);
	}
	if (ac) {
		if (ac->avail >= ac->limit) {
			ac->freemiss++;
			cache_flusharray(s, ac, &rest);
		} else {
			ac->freehit++;
		}
		array_push(ac, object);
		mmsim_classic_leave(ac);
	}
	mmsim_classic_finish(s, &rest);
}

static noinline void freed_twice(struct mmsim_kmem_cache *s, void *object)
{
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);

	rest.twice = object;
	mmsim_classic_finish(s, &rest);
}

static void classic_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	struct array_cache *ac = mmsim_classic_enter(s);

	if (likely(ac)) {
		unsigned int avail = ac->avail;

		if (unlikely(avail && ac->entry[avail - 1] == object)) {
			mmsim_classic_leave(ac);
			freed_twice(s, object);
			return;
		}
		if (likely(avail < ac->limit && mmsim_slab_nid(slab) == ac->nid)) {
			ac->freehit++;
			array_push(ac, object);
			mmsim_classic_leave(ac);
			return;
		}
		mmsim_classic_leave(ac);
	}
	free_slow(s, slab, object);
}

/* All are of one slab: what the array has room for goes there, after a flush there is room again, and so on. */
static void classic_free_bulk(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, size_t nr, void **objects)
{
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);

	while (nr) {
		struct array_cache *ac = mmsim_classic_enter(s);
		size_t i = 0;

		if (ac && ac->nid == mmsim_slab_nid(slab)) {
			if (ac->avail >= ac->limit) {
				ac->freemiss++;
				cache_flusharray(s, ac, &rest);
			}
			for (; i < nr && ac->avail < ac->limit; i++)
				array_push(ac, objects[i]);
			ac->freehit += i;
		}
		if (ac)
			mmsim_classic_leave(ac);
		if (!i)
			free_slow(s, slab, objects[i++]);
		nr -= i;
		objects += i;
	}
	mmsim_classic_finish(s, &rest);
}

static int classic_layout(struct mmsim_kmem_cache *s)
{
	struct mmsim_classic *c = mmsim_classic_of(s);
	unsigned int size = ALIGN(s->object_size, sizeof(void *)), break_order;
	int err;

	if ((s->flags & SLAB_RED_ZONE) && size == s->object_size)
		size += sizeof(void *);
	s->inuse = size;
	mmsim_slab_debug_layout(s, &size);
	/* As slab_break_gfp_order: larger blocks only on a machine that has more than a little memory. */
	break_order = s->slabs->mem->nr_pages > SZ_32M >> PAGE_SHIFT;
	err = mmsim_classic_geometry(&c->g, size, s->align, s->flags, break_order);
	if (err)
		return err;
	c->by_size = reciprocal_value(c->g.size);
	s->size = c->g.size;
	s->order = c->g.order;
	s->min_order = c->g.order;
	s->objects = c->g.num;
	return 0;
}

const struct mmsim_slab_ops mmsim_classic_ops = {
	.name		= "slab",
	.layout		= classic_layout,
	.create		= mmsim_classic_create,
	.destroy	= mmsim_classic_destroy,
	.alloc		= classic_alloc,
	.free		= classic_free,
	.alloc_bulk	= classic_alloc_bulk,
	.free_bulk	= classic_free_bulk,
	.shrink		= mmsim_classic_shrink,
	.idle		= mmsim_classic_idle,
	.flush_cpu	= mmsim_classic_flush_cpu,
	.kmalloc_up	= mmsim_classic_kmalloc_up,
	.kmalloc_down	= mmsim_classic_kmalloc_down,
	.reap		= mmsim_classic_reap,
	.info		= mmsim_classic_info,
	.count		= mmsim_classic_count,
	.cached		= mmsim_classic_cached,
	.view			= mmsim_classic_view,
	.place		= mmsim_classic_place,
	.map		= mmsim_classic_map,
	.check		= mmsim_classic_check,
	.tune		= mmsim_classic_tune,
	.stat_names	= mmsim_classic_stat_names,
	.stats		= mmsim_classic_stats,
};
