// SPDX-License-Identifier: GPL-2.0
/*
 * SLUB's slabs as they are made and given back, and the list of each node, where those with free objects wait that no
 * CPU has. What slabs are, and what CPUs do with them, stands in slub.c.
 *
 * A new slab's objects are linked in a shuffled order, or by address. It is the caller's alone until he freezes it for
 * his CPU or puts it on its node's list.
 *
 * Who can't use his CPU's part - an interrupt that walked in on it, a debugging cache - takes a single object from the
 * first slab of a node's list.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/list_sort.h>
#include <linux/sched.h>

#include "slab/slub.h"

/* --- New slabs --- */

/*
 * Where in the shuffled order a new slab begins. The order is the kernel's random numbers; for the start a hash of a
 * secret and of a count does, since those numbers cost more than the rest of a slab while the kernel is short of
 * entropy.
 */
static unsigned int random_start(struct mmsim_slub_cache *part, unsigned int nr)
{
	return hash_64(part->seed + atomic64_inc_return(&part->nr_begun), 32) % nr;
}

/* Links all objects of a new slab to a list, and constructs them. */
static void link_objects(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned int nr)
{
	const u32 *order = nr == s->objects ? READ_ONCE(mmsim_slub_cache(s)->random_order) : NULL;
	unsigned int at = order ? random_start(mmsim_slub_cache(s), nr) : 0, i;
	union mmsim_slub_state state = { .head = MMSIM_SLUB_NONE };
	bool plain = !s->debug && !s->ctor;
	void *object, *prev = NULL;

	for (i = 0; i < nr; i++) {
		u32 offset = order ? order[at] : i * s->size + s->red_left_pad;

		if (++at == nr)
			at = 0;
		object = slab->virtual + offset;
		if (!plain)
			mmsim_slab_setup(s, slab, object);
		if (prev)
			mmsim_slub_set_next(s, prev, object);
		else
			state.head = offset;
		prev = object;
	}
	mmsim_slub_set_next(s, prev, NULL);
	WRITE_ONCE(slab->engine[0], state.word);
	/* Pairs with mmsim_slub_view(), which may find the slab at any time. */
	smp_store_release(&slab->engine[1], nr);
}

/**
 * mmsim_slub_new_slab() - make a slab
 * @s: the cache
 * @gfp: the kernel's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the slab, all of its objects free, not frozen and on no list; NULL when there are no pages.
 */
struct mmsim_slab *mmsim_slub_new_slab(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	struct mmsim_slab *slab = mmsim_slab_take_pages(s, gfp, node, s->order);
	struct mmsim_slub_node *n;
	unsigned int nr;

	if (!slab)
		return NULL;
	nr = (PAGE_SIZE << mmsim_slab_order(slab)) / s->size;
	link_objects(s, slab, nr);
	n = mmsim_slub_node(s, slab);
	atomic_long_inc(&n->nr_slabs);
	atomic_long_add(nr, &n->nr_objects);
	return slab;
}

/**
 * mmsim_slub_discard_slab() - give a slab's pages back
 * @s: the cache
 * @slab: the slab, whose objects are all free, and which no list has
 *
 * Context: any.
 */
void mmsim_slub_discard_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	struct mmsim_slub_node *n = mmsim_slub_node(s, slab);

	atomic_long_dec(&n->nr_slabs);
	atomic_long_sub(mmsim_slub_objects(slab), &n->nr_objects);
	mmsim_slab_give_pages(s, slab);
}

/**
 * mmsim_slub_discard_slabs() - give the pages of several slabs back
 * @s: the cache
 * @slabs: a list of them
 *
 * Context: any; without a lock of the engine's.
 */
void mmsim_slub_discard_slabs(struct mmsim_kmem_cache *s, struct list_head *slabs)
{
	struct mmsim_slab *slab, *next;

	list_for_each_entry_safe(slab, next, slabs, list)
		mmsim_slub_discard_slab(s, slab);
}

/* --- The node's list --- */

/**
 * mmsim_slub_report_link() - report that the list of a slab's free objects leads nowhere
 * @s: the cache
 * @slab: the slab
 *
 * Context: any; without a lock of the engine's.
 */
noinline void mmsim_slub_report_link(struct mmsim_kmem_cache *s, const struct mmsim_slab *slab)
{
	mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_LINK, s,
		       "free objects of the slab at %#lx link out of it or in a circle: written after the free, or freed twice; they are lost",
		       (unsigned long)slab->virtual);
}

/**
 * mmsim_slub_take_object() - take the first free object of a slab
 * @s: the cache
 * @slab: the slab, which has one, and which nobody else takes objects from
 *
 * A debugging cache's link is looked at first. When the slab has no others, it is full, and whoever frees into it next
 * may have it already.
 *
 * Context: any.
 * Return: what was taken.
 */
struct mmsim_slub_taken mmsim_slub_take_object(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	union mmsim_slub_state old, new;
	struct mmsim_slub_taken t = {};
	void *next;

	do {
		old = mmsim_slub_state(slab);
		t.object = mmsim_slub_object(slab, old.head);
		next = mmsim_slub_next(s, t.object);
		t.broken = s->debug && next && mmsim_slub_index(s, slab, next) < 0;
		new = old;
		new.head = mmsim_slub_offset(slab, t.broken ? NULL : next);
		new.inuse = t.broken ? mmsim_slub_objects(slab) : old.inuse + 1;
	} while (!mmsim_slub_change(slab, old, new));
	t.more = new.head != MMSIM_SLUB_NONE;
	return t;
}

/* The slab is off the list before it may be full: from then on its links are those of who frees into it. */
static void *take_one_from(struct mmsim_kmem_cache *s, struct mmsim_slub_node *n)
{
	struct mmsim_slab *slab;
	struct mmsim_slub_taken t = {};
	unsigned long flags;

	if (!READ_ONCE(n->nr_partial))
		return NULL;
	spin_lock_irqsave(&n->lock, flags);
	slab = list_first_entry_or_null(&n->partial, struct mmsim_slab, list);
	if (slab) {
		mmsim_slub_remove_partial(n, slab);
		t = mmsim_slub_take_object(s, slab);
		if (t.more)
			mmsim_slub_add_partial(n, slab, false);
	}
	spin_unlock_irqrestore(&n->lock, flags);
	if (unlikely(t.broken))
		mmsim_slub_report_link(s, slab);
	return t.object;
}

/**
 * mmsim_slub_other_node() - the node whose slabs a request gets when the preferred one has none on its list
 * @s: the cache
 * @gfp: the kernel's flags; with __GFP_THISNODE there is no other
 * @node: the node to prefer, or NUMA_NO_NODE
 * @keep: slabs that a node keeps for its own CPUs
 *
 * As the kernel's get_any_partial(), without its cpuset and defrag ratio.
 *
 * Context: any.
 * Return: the first node of the zonelist with more than @keep; NULL when there is none.
 */
struct mmsim_slub_node *mmsim_slub_other_node(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long keep)
{
	int highest = max(mmsim_gfp_zone(gfp | s->allocflags), 0);
	struct mmsim_memory *mem = s->slabs->mem;
	struct mmsim_zone **zone;

	if ((gfp & __GFP_THISNODE) || mem->nr_nodes == 1)
		return NULL;
	for (zone = mem->node[mmsim_slub_preferred_nid(s, node)]->zonelist[highest]; *zone; zone++) {
		struct mmsim_slub_node *n = mmsim_node_part(s, (*zone)->nid);

		if (READ_ONCE(n->nr_partial) > keep)
			return n;
	}
	return NULL;
}

/**
 * mmsim_slub_take_one() - take an object without any CPU's help
 * @s: the cache
 * @gfp: the kernel's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 * @keep: slabs that another node keeps
 *
 * Context: any.
 * Return: the object; NULL when no list has one for this request.
 */
void *mmsim_slub_take_one(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long keep)
{
	struct mmsim_slub_node *n = mmsim_node_part(s, mmsim_slub_preferred_nid(s, node));
	void *object = take_one_from(s, n);

	if (object)
		return object;
	n = mmsim_slub_other_node(s, gfp, node, keep);
	return n ? take_one_from(s, n) : NULL;
}

/**
 * mmsim_slub_list_new_slab() - put a slab on its node's list
 * @s: the cache
 * @slab: the slab, which isn't frozen, has free objects, and is on no list
 *
 * Context: any.
 */
void mmsim_slub_list_new_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	struct mmsim_slub_node *n = mmsim_slub_node(s, slab);
	unsigned long flags;

	spin_lock_irqsave(&n->lock, flags);
	mmsim_slub_add_partial(n, slab, false);
	spin_unlock_irqrestore(&n->lock, flags);
}

/* --- Shrinking --- */

static int fewer_free(void *unused, const struct list_head *a, const struct list_head *b)
{
	const struct mmsim_slab *x = list_entry(a, struct mmsim_slab, list);
	const struct mmsim_slab *y = list_entry(b, struct mmsim_slab, list);

	return mmsim_slub_state(y).inuse > mmsim_slub_state(x).inuse;
}

/**
 * mmsim_slub_shrink_node() - give back the empty slabs of a node's list, and put the fullest of the others first
 * @s: the cache
 * @nid: the node
 *
 * Context: any.
 */
void mmsim_slub_shrink_node(struct mmsim_kmem_cache *s, unsigned int nid)
{
	struct mmsim_slub_node *n = mmsim_node_part(s, nid);
	struct mmsim_slab *slab, *next;
	unsigned long flags;
	LIST_HEAD(empty);

	spin_lock_irqsave(&n->lock, flags);
	list_for_each_entry_safe(slab, next, &n->partial, list) {
		if (mmsim_slub_state(slab).inuse)
			continue;
		mmsim_slub_remove_partial(n, slab);
		list_add(&slab->list, &empty);
	}
	list_sort(NULL, &n->partial, fewer_free);
	spin_unlock_irqrestore(&n->lock, flags);
	mmsim_slub_discard_slabs(s, &empty);
}
