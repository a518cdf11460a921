// SPDX-License-Identifier: GPL-2.0
/*
 * The SLUB engine.
 *
 * A slab is objects and nothing else: a free one holds the link to the next. What there is to know of a slab is a word
 * in its descriptor, changed by compare-and-exchange: where its first free object is, how many are in use, and whether
 * it is frozen. A frozen slab belongs to a CPU, and nobody else puts it on a list or takes objects out of it; they may
 * still push freed ones onto its list.
 *
 *	CPU	slab: frozen; its free objects hang on the CPU's freelist, those freed by others in the slab's word
 *		partial: more frozen slabs with free objects
 *	node	partial: slabs with free objects, not frozen; `lock` guards the list
 *	-	full slabs are on no list: the first free into one finds it
 *
 * Allocating: from the CPU's freelist (in slub.h), without a lock or an atomic operation. When that is empty: what
 * others have freed into the slab; a slab from the CPU's partial list; several from the node's; some of another node
 * that has more than min_partial; a new one. __GFP_THISNODE is heeded wherever pages or slabs are taken.
 *
 * Freeing: onto the CPU's freelist if the object is of its slab. Else it is pushed onto its slab's own list. A slab
 * that was full goes to this CPU's partial list, or when there may be none to the node's; a partial list of a CPU that
 * is full moves to the node as a whole. A slab that has become empty stays on the node's list while that has fewer than
 * min_partial, and is given back otherwise.
 *
 * An object that is pushed links to what was first before; that is safe without a lock, since objects are taken off one
 * at a time only under the node's lock, and else all at once.
 *
 * What keeps an interrupt from walking into the CPU's part that the interrupted code is changing is the flag busy, as
 * in the page floor's pcp.c: with preemption off nobody but an interrupt on the same CPU can get in between, and it
 * finds the flag set and serves itself from the node.
 *
 * How slabs are made, and what is done with a node's list alone, stands in slub_node.c.
 *
 * A debugging cache's CPUs have no slabs: its objects go one by one through the node, so that at each moment every
 * free one is on its slab's own list.
 */
#include <linux/kernel.h>
#include <linux/sched.h>

#include "slab/slub.h"

#define MAX_HOLD	((size_t)256)	/* objects that one hold of a CPU's part hands out */

/* --- The CPU's slabs --- */

/* All of a frozen slab's free objects, which then count as in use; when it has none it is frozen no more. */
static void *take_all(struct mmsim_slab *slab)
{
	union mmsim_slub_state old, new;

	do {
		old = mmsim_slub_state(slab);
		new = old;
		new.head = MMSIM_SLUB_NONE;
		new.inuse = mmsim_slub_objects(slab);
		new.frozen = old.head != MMSIM_SLUB_NONE;
	} while (!mmsim_slub_change(slab, old, new));
	return mmsim_slub_object(slab, old.head);
}

/*
 * Gives up a frozen slab, with a list of @nr objects from @head to @tail that had been taken out of it. It goes to the
 * node's list if it has free objects and to @empty if it has nothing else and is not needed.
 */
static void thaw(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *head, void *tail, unsigned int nr,
		 struct list_head *empty)
{
	struct mmsim_slub_node *n = mmsim_slub_node(s, slab);
	union mmsim_slub_state old, new;
	unsigned long flags;

	spin_lock_irqsave(&n->lock, flags);
	do {
		old = mmsim_slub_state(slab);
		new = old;
		new.frozen = 0;
		new.inuse -= nr;
		if (nr) {
			mmsim_slub_set_next(s, tail, mmsim_slub_object(slab, old.head));
			new.head = mmsim_slub_offset(slab, head);
		}
	} while (!mmsim_slub_change(slab, old, new));
	if (!new.inuse && n->nr_partial >= READ_ONCE(mmsim_slub_cache(s)->min_partial))
		list_add(&slab->list, empty);
	else if (new.head != MMSIM_SLUB_NONE)
		mmsim_slub_add_partial(n, slab, true);
	spin_unlock_irqrestore(&n->lock, flags);
}

/* How many objects are on the CPU's freelist, and the last one; none, which is reported, if it doesn't end. */
static unsigned int freelist_length(struct mmsim_kmem_cache *s, const struct mmsim_slub_cpu *c, void **tail)
{
	unsigned int nr = 0;
	void *object;

	for (object = c->freelist; object; object = mmsim_slub_next(s, object)) {
		if (++nr > mmsim_slub_objects(c->slab) || mmsim_slub_index(s, c->slab, object) < 0) {
			mmsim_slub_report_link(s, c->slab);
			return 0;
		}
		*tail = object;
	}
	return nr;
}

/* The CPU's slab goes, with what is left on the freelist. A broken one's objects count as in use for ever. */
static void thaw_current(struct mmsim_kmem_cache *s, struct mmsim_slub_cpu *c, struct list_head *empty)
{
	void *tail = NULL;
	unsigned int nr;

	if (!c->slab)
		return;
	nr = freelist_length(s, c, &tail);
	thaw(s, c->slab, c->freelist, tail, nr, empty);
	c->slab = NULL;
	c->freelist = NULL;
}

static struct mmsim_slab *pop_partial(struct mmsim_slub_cpu *c)
{
	struct mmsim_slab *slab = c->partial;

	if (slab) {
		c->partial = (struct mmsim_slab *)slab->list.next;
		c->nr_partial--;
	}
	return slab;
}

static void push_partial(struct mmsim_slub_cpu *c, struct mmsim_slab *slab)
{
	slab->list.next = (struct list_head *)c->partial;
	c->partial = slab;
	c->nr_partial++;
}

static void thaw_partial(struct mmsim_kmem_cache *s, struct mmsim_slub_cpu *c, struct list_head *empty)
{
	struct mmsim_slab *slab;

	while ((slab = pop_partial(c)))
		thaw(s, slab, NULL, NULL, 0, empty);
}

static void freeze(struct mmsim_slab *slab)
{
	union mmsim_slub_state old, new;

	do {
		old = mmsim_slub_state(slab);
		new = old;
		new.frozen = 1;
	} while (!mmsim_slub_change(slab, old, new));
}

/* Slabs that a CPU takes from a node's list at once, the one that it goes on with included. */
static unsigned int slabs_at_once(struct mmsim_kmem_cache *s)
{
	return 1 + READ_ONCE(mmsim_slub_cache(s)->cpu_partial_slabs) / 2;
}

/* Moves up to @nr slabs from the node's list to the CPU's partial list. */
static void freeze_from_node(struct mmsim_slub_cpu *c, struct mmsim_slub_node *n, unsigned int nr)
{
	struct mmsim_slab *slab;
	unsigned long flags;

	if (!READ_ONCE(n->nr_partial))
		return;
	spin_lock_irqsave(&n->lock, flags);
	while (nr-- && (slab = list_first_entry_or_null(&n->partial, struct mmsim_slab, list))) {
		mmsim_slub_remove_partial(n, slab);
		freeze(slab);
		push_partial(c, slab);
	}
	spin_unlock_irqrestore(&n->lock, flags);
}

static bool on_node(const struct mmsim_slab *slab, int node)
{
	return node == NUMA_NO_NODE || mmsim_slab_nid(slab) == node;
}

/*
 * Fills the CPU's empty partial list from the preferred node's or, as get_any_partial(), from another's that has slabs
 * to spare. The next request for the preferred node gives up what is not of it: so it gets but one.
 */
static void refill_partial(struct mmsim_kmem_cache *s, struct mmsim_slub_cpu *c, gfp_t gfp, int node)
{
	struct mmsim_slub_node *n;

	freeze_from_node(c, mmsim_node_part(s, mmsim_slub_preferred_nid(s, node)), slabs_at_once(s));
	if (c->partial)
		return;
	n = mmsim_slub_other_node(s, gfp, node, mmsim_slub_cache(s)->min_partial);
	if (n)
		freeze_from_node(c, n, node == NUMA_NO_NODE ? slabs_at_once(s) : 1);
}

/* Makes the CPU's freelist one with objects that a request may have, without new pages. False when there are none. */
static bool refill(struct mmsim_kmem_cache *s, struct mmsim_slub_cpu *c, gfp_t gfp, int node, struct list_head *empty)
{
	if (c->slab && !on_node(c->slab, node))
		thaw_current(s, c, empty);
	if (c->slab && !c->freelist)
		c->freelist = take_all(c->slab);
	if (c->freelist)
		return true;
	c->slab = NULL;
	if (c->partial && !on_node(c->partial, node))
		thaw_partial(s, c, empty);
	if (!c->partial)
		refill_partial(s, c, gfp, node);
	c->slab = pop_partial(c);
	if (c->slab)
		c->freelist = take_all(c->slab);
	return c->slab;
}

static void *pop_object(struct mmsim_kmem_cache *s, struct mmsim_slub_cpu *c)
{
	void *object = c->freelist;

	c->freelist = mmsim_slub_next(s, object);
	return object;
}

/* From what there is on this CPU and on the nodes. */
static void *alloc_from_partial(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	struct mmsim_slub_cpu *c;
	void *object = NULL;
	LIST_HEAD(empty);

	if (s->debug || !mmsim_slub_enter(s, &c))
		return mmsim_slub_take_one(s, gfp, node, mmsim_slub_cache(s)->min_partial);
	if (refill(s, c, gfp, node, &empty))
		object = pop_object(s, c);
	mmsim_slub_leave(c);
	mmsim_slub_discard_slabs(s, &empty);
	return object;
}

/* An object of a new slab. The CPU goes on with that slab, unless it has got another meanwhile. */
static void *adopt_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	struct mmsim_slub_cpu *c;
	void *object = NULL;
	struct mmsim_slub_taken t;

	if (!s->debug && mmsim_slub_enter(s, &c)) {
		if (!c->slab) {
			freeze(slab);
			c->slab = slab;
			c->freelist = take_all(slab);
			object = pop_object(s, c);
		}
		mmsim_slub_leave(c);
	}
	if (object)
		return object;
	t = mmsim_slub_take_object(s, slab);
	if (t.more)
		mmsim_slub_list_new_slab(s, slab);
	return t.object;
}

/* From slabs that there are, or from a new one. */
static void *alloc_from_slabs(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	void *object = alloc_from_partial(s, gfp, node);
	struct mmsim_slab *slab;

	if (object)
		return object;
	slab = mmsim_slub_new_slab(s, gfp, node);
	return slab ? adopt_slab(s, slab) : NULL;
}

/**
 * mmsim_slub_alloc() - allocate an object
 * @s: the cache
 * @gfp: the client's flags
 * @node: the node to prefer, or NUMA_NO_NODE
 *
 * As 6.12's ___slab_alloc(): a request with a node first tries for that node alone, without effort; the slabs of others
 * are used before a page of theirs is. When there are no pages, what nodes keep for their own CPUs is used, too.
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: an object, or NULL.
 */
void *mmsim_slub_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	void *object = node == NUMA_NO_NODE ? mmsim_slub_pop(s) : NULL;

	if (object)
		return object;
	if (node != NUMA_NO_NODE && !(gfp & __GFP_THISNODE) && s->slabs->mem->nr_nodes > 1)
		object = alloc_from_slabs(s, mmsim_slab_exact_node(gfp), node);
	if (!object)
		object = alloc_from_slabs(s, gfp, node);
	return object ? object : mmsim_slub_take_one(s, gfp, node, 0);
}

/* As many objects as there are without new pages, up to @nr. */
static size_t pop_many(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects)
{
	struct mmsim_slub_cpu *c;
	LIST_HEAD(empty);
	size_t i = 0;

	if (s->debug || !mmsim_slub_enter(s, &c))
		return 0;
	while (i < nr && (c->freelist || refill(s, c, gfp, NUMA_NO_NODE, &empty)))
		objects[i++] = pop_object(s, c);
	mmsim_slub_leave(c);
	mmsim_slub_discard_slabs(s, &empty);
	return i;
}

/**
 * mmsim_slub_alloc_bulk() - allocate several objects
 * @s: the cache
 * @gfp: the client's flags
 * @nr: how many
 * @objects: where they go
 *
 * Context: as mmsim_slub_alloc().
 * Return: how many there were.
 */
size_t mmsim_slub_alloc_bulk(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects)
{
	size_t i = 0;

	while (i < nr) {
		i += pop_many(s, gfp, min(nr - i, MAX_HOLD), objects + i);
		if (i == nr)
			break;
		objects[i] = mmsim_slub_alloc(s, gfp, NUMA_NO_NODE);
		if (!objects[i])
			break;
		i++;
	}
	return i;
}

/* --- Freeing --- */

/* A slab that was full and is frozen by us goes to this CPU's partial list. */
static void keep_partial(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	struct mmsim_slub_cpu *c;
	LIST_HEAD(empty);

	if (!mmsim_slub_enter(s, &c)) {
		thaw(s, slab, NULL, NULL, 0, &empty);
	} else {
		if (c->nr_partial >= READ_ONCE(mmsim_slub_cache(s)->cpu_partial_slabs))
			thaw_partial(s, c, &empty);
		push_partial(c, slab);
		mmsim_slub_leave(c);
	}
	mmsim_slub_discard_slabs(s, &empty);
}

/* After a free without a CPU, under the node's lock: the slab was full, or is empty. Whether it is to be given back. */
static bool relist(struct mmsim_kmem_cache *s, struct mmsim_slub_node *n, struct mmsim_slab *slab, bool was_full,
		   bool is_empty)
{
	if (is_empty && n->nr_partial >= READ_ONCE(mmsim_slub_cache(s)->min_partial)) {
		if (!was_full)
			mmsim_slub_remove_partial(n, slab);
		return true;
	}
	if (was_full)
		mmsim_slub_add_partial(n, slab, true);
	return false;
}

static noinline void report_double_free(struct mmsim_kmem_cache *s, void *object)
{
	mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_DOUBLE_FREE, s,
		       "object %#lx is free already; it is freed twice in a row, or no object of its slab is in use",
		       (unsigned long)object);
}

/* The state of a slab after @nr objects, @head the first of them, have been put in front of its list. */
static union mmsim_slub_state pushed(const struct mmsim_slab *slab, union mmsim_slub_state old, const void *head,
				     unsigned int nr)
{
	old.head = mmsim_slub_offset(slab, head);
	old.inuse -= nr;
	return old;
}

/* As push_to_slab(), unless the slab goes to the node's list with that, or leaves it: then false. */
static bool push_lockless(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *head, void *tail, unsigned int nr)
{
	union mmsim_slub_state old, new;
	bool freeze;

	do {
		old = mmsim_slub_state(slab);
		new = pushed(slab, old, head, nr);
		freeze = !old.frozen && old.head == MMSIM_SLUB_NONE &&
			 READ_ONCE(mmsim_slub_cache(s)->cpu_partial_slabs);
		if (!old.frozen && !freeze && (old.head == MMSIM_SLUB_NONE || !new.inuse))
			return false;
		new.frozen |= freeze;
		mmsim_slub_set_next(s, tail, mmsim_slub_object(slab, old.head));
	} while (!mmsim_slub_change(slab, old, new));
	if (freeze)
		keep_partial(s, slab);
	return true;
}

/* As push_to_slab(), for a slab that isn't frozen, unless it has been meanwhile. */
static void push_locked(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *head, void *tail, unsigned int nr)
{
	struct mmsim_slub_node *n = mmsim_slub_node(s, slab);
	union mmsim_slub_state old, new;
	bool discard = false;
	unsigned long flags;

	spin_lock_irqsave(&n->lock, flags);
	do {
		old = mmsim_slub_state(slab);
		new = pushed(slab, old, head, nr);
		mmsim_slub_set_next(s, tail, mmsim_slub_object(slab, old.head));
	} while (!mmsim_slub_change(slab, old, new));
	if (!old.frozen)
		discard = relist(s, n, slab, old.head == MMSIM_SLUB_NONE, !new.inuse);
	spin_unlock_irqrestore(&n->lock, flags);
	if (discard)
		mmsim_slub_discard_slab(s, slab);
}

/* Puts @nr objects, linked from @head to @tail, back into their slab. */
static void push_to_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *head, void *tail, unsigned int nr)
{
	union mmsim_slub_state state = mmsim_slub_state(slab);

	if (unlikely(mmsim_slub_object(slab, state.head) == head || state.inuse < nr))
		report_double_free(s, head);
	else if (!push_lockless(s, slab, head, tail, nr))
		push_locked(s, slab, head, tail, nr);
}

/*
 * What most frees are that are not for the CPU's slab: one object to a slab that some CPU has, which stays where it is.
 * As push_to_slab(), without all that doesn't concern it, and by the word alone. False when it does.
 */
static __always_inline bool push_to_frozen(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	unsigned long word = READ_ONCE(slab->engine[0]), new;
	void *first;

	do {
		first = mmsim_slub_object(slab, (u32)word);
		if (word < MMSIM_SLUB_FROZEN_IN_USE || first == object)
			return false;
		mmsim_slub_set_next(s, object, first);
		new = ((word >> MMSIM_SLUB_INUSE_SHIFT) - 1) << MMSIM_SLUB_INUSE_SHIFT;
		new |= (u32)(object - slab->virtual);
	} while (!try_cmpxchg(&slab->engine[0], &word, new));
	return true;
}

/**
 * mmsim_slub_free() - take back an object that the CPU's freelist didn't
 * @s: the cache
 * @slab: its slab
 * @object: the object
 *
 * Onto the slab's own list, whoever has the slab. Twice in a row is seen here, for both lists.
 *
 * Context: any; never sleeps.
 */
void mmsim_slub_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	const struct mmsim_slub_cpu *c = mmsim_cpu_part(s, raw_smp_processor_id());

	/* Whichever CPU this is by now: what is on its freelist is free. */
	if (unlikely(object == READ_ONCE(c->freelist)))
		report_double_free(s, object);
	else if (!push_to_frozen(s, slab, object))
		push_to_slab(s, slab, object, object, 1);
}

/**
 * mmsim_slub_free_bulk() - take back several objects of a slab
 * @s: the cache
 * @slab: the slab of them all
 * @nr: how many; not 0
 * @objects: the objects
 *
 * Context: any; never sleeps.
 */
void mmsim_slub_free_bulk(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, size_t nr, void **objects)
{
	struct mmsim_slub_cpu *c;
	size_t i;

	for (i = 1; i < nr; i++)
		mmsim_slub_set_next(s, objects[i - 1], objects[i]);
	if (mmsim_slub_enter(s, &c)) {
		bool here = slab == c->slab;

		if (here) {
			mmsim_slub_set_next(s, objects[nr - 1], c->freelist);
			c->freelist = objects[0];
		}
		mmsim_slub_leave(c);
		if (here)
			return;
	}
	push_to_slab(s, slab, objects[0], objects[nr - 1], nr);
}

/* --- What a CPU holds --- */

/**
 * mmsim_slub_flush_cpu() - give up what a CPU holds
 * @s: the cache
 * @cpu: the CPU; see flush_cpu in struct mmsim_slab_ops
 *
 * Return: false when it is at work there.
 */
bool mmsim_slub_flush_cpu(struct mmsim_kmem_cache *s, unsigned int cpu)
{
	struct mmsim_slub_cpu *c = mmsim_cpu_part(s, cpu);
	LIST_HEAD(empty);

	if (READ_ONCE(c->busy))
		return false;
	thaw_current(s, c, &empty);
	thaw_partial(s, c, &empty);
	mmsim_slub_discard_slabs(s, &empty);
	return true;
}
