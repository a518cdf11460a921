// SPDX-License-Identifier: GPL-2.0
/*
 * The SLAB engine's slabs: a node's three lists, and how objects leave and enter them.
 *
 * A slab's free objects form a chain of indices, in the array behind its descriptor: struct slab's `free` is the first,
 * bufctl[i] says which one comes after i. Taking the first and putting one back in front is a handful of instructions
 * that touch only the descriptor, never the objects. An object that is on no chain has BUFCTL_ACTIVE in its place.
 *
 *	slabs_free	|  A  |  no object taken: could be given back to the page floor
 *	slabs_partial	|  B  |  some taken
 *	slabs_full	|  C  |  all taken
 *
 * Objects are taken from partial slabs first, so that free ones stay free; in a free slab's turn from the one that was
 * free first. When an object comes back, its slab goes to the end of the partial list, whatever its place was: it has
 * then the longest time for its other objects to come back, too. When none is taken any more it goes to the front of
 * the free list; or, if the node has more free objects than free_limit already, to the page floor.
 *
 * A cache grows, mmsim_classic_grow(), when both are true: somebody wants an object, and neither the arrays nor the
 * lists have one. It gets one slab then. Its pages come first; then its colour and its descriptor; then each object is
 * set up, constructed if the cache has a constructor; then the slab is put on slabs_free, where whoever comes first
 * takes from it. No lock is held meanwhile, for the page floor may sleep.
 */
#include <linux/kernel.h>

#include "slab/engine_slab.h"

/**
 * mmsim_classic_list3_init() - start a node's lists
 * @s: the cache
 * @l3: the node's part of it, zeroed
 *
 * Context: any.
 */
void mmsim_classic_list3_init(struct mmsim_kmem_cache *s, struct kmem_list3 *l3)
{
	INIT_LIST_HEAD(&l3->slabs_partial);
	INIT_LIST_HEAD(&l3->slabs_full);
	INIT_LIST_HEAD(&l3->slabs_free);
	spin_lock_init(&l3->list_lock);
	l3->next_reap = jiffies + 2 * MMSIM_SLAB_REAP;
}

static void *slab_get_obj(struct mmsim_kmem_cache *s, struct slab *slabp)
{
	unsigned int i = slabp->free;

	slabp->free = slab_bufctl(slabp)[i];
	slab_bufctl(slabp)[i] = BUFCTL_ACTIVE;
	slabp->inuse++;
	return mmsim_classic_object(s, slabp, i);
}

/*
 * Puts an object back into its slab, and returns that. What came through an array was not looked at: it may be there
 * already, its slab may have gone meanwhile, or it may be no object. NULL then, with the mistake in @rest.
 */
static struct slab *slab_put_obj(struct mmsim_kmem_cache *s, void *object, struct mmsim_classic_rest *rest)
{
	struct mmsim_slab *slab = mmsim_classic_slab_of(s, object);
	struct slab *slabp = slab ? mmsim_classic_descriptor(slab) : NULL;
	unsigned int i = slabp ? mmsim_classic_index(s, slabp, object) : 0;

	if (unlikely(slabp && (i >= s->objects || mmsim_classic_object(s, slabp, i) != object))) {
		rest->stray = object;
		return NULL;
	}
	if (unlikely(!slabp || slab_bufctl(slabp)[i] != BUFCTL_ACTIVE)) {
		rest->twice = object;
		return NULL;
	}
	slab_bufctl(slabp)[i] = slabp->free;
	slabp->free = i;
	slabp->inuse--;
	return slabp;
}

/* The slab to take from; NULL when all are full. */
static struct slab *first_slab(struct kmem_list3 *l3)
{
	struct slab *slabp = list_first_entry_or_null(&l3->slabs_partial, struct slab, list);

	if (slabp)
		return slabp;
	l3->free_touched = true;
	slabp = list_first_entry_or_null(&l3->slabs_free, struct slab, list);
	if (slabp)
		l3->nr_free_slabs--;
	return slabp;
}

/**
 * mmsim_classic_take() - take free objects out of a node's slabs
 * @s: the cache
 * @l3: the node's part of it
 * @objects: where they go
 * @nr: how many are wanted
 *
 * Context: any, under l3->list_lock.
 * Return: how many there were, at most @nr.
 */
unsigned int mmsim_classic_take(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, void **objects, unsigned int nr)
{
	unsigned int got = 0;
	struct slab *slabp;

	lockdep_assert_held(&l3->list_lock);
	while (got < nr) {
		slabp = first_slab(l3);
		if (!slabp)
			break;
		while (got < nr && slabp->free != BUFCTL_END)
			WRITE_ONCE(objects[got++], slab_get_obj(s, slabp));
		list_move(&slabp->list, slabp->free == BUFCTL_END ? &l3->slabs_full : &l3->slabs_partial);
	}
	WRITE_ONCE(l3->free_objects, l3->free_objects - got);
	l3->num_allocations += got;
	l3->high_mark = max(l3->high_mark, l3->nr_slabs * s->objects - l3->free_objects);
	return got;
}

/*
 * A slab leaves its node: whoever finds it from now on, with SLAB_TYPESAFE_BY_RCU for a grace period, finds no
 * descriptor.
 */
static void leave_node(struct kmem_list3 *l3, struct slab *slabp)
{
	lockdep_assert_held(&l3->list_lock);
	WRITE_ONCE(slabp->pages->engine[0], 0);
	l3->nr_slabs--;
}

/* A slab that holds no object any more stays or is given back. */
static void slab_fell_free(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, struct slab *slabp,
			   struct mmsim_classic_rest *rest)
{
	if (l3->free_objects > l3->free_limit) {
		WRITE_ONCE(l3->free_objects, l3->free_objects - s->objects);
		leave_node(l3, slabp);
		list_move(&slabp->list, &rest->slabs);
		return;
	}
	list_move(&slabp->list, &l3->slabs_free);
	l3->nr_free_slabs++;
	l3->max_freeable = max(l3->max_freeable, l3->nr_free_slabs);
}

/**
 * mmsim_classic_put() - put objects back into a node's slabs
 * @s: the cache
 * @l3: the part of it of the node whose objects they are
 * @objects: the objects
 * @nr: their number
 * @rest: for mmsim_classic_finish()
 *
 * Context: any, under l3->list_lock.
 */
void mmsim_classic_put(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, void **objects, unsigned int nr,
		       struct mmsim_classic_rest *rest)
{
	unsigned int i;

	lockdep_assert_held(&l3->list_lock);
	for (i = 0; i < nr; i++) {
		struct slab *slabp = slab_put_obj(s, objects[i], rest);

		if (unlikely(!slabp)) {
			l3->errors++;
			continue;
		}
		WRITE_ONCE(l3->free_objects, l3->free_objects + 1);
		if (!slabp->inuse)
			slab_fell_free(s, l3, slabp, rest);
		else
			list_move_tail(&slabp->list, &l3->slabs_partial);
	}
}

static void slab_destroy(struct mmsim_kmem_cache *s, struct slab *slabp)
{
	struct mmsim_slab *slab = slabp->pages;

	if (mmsim_classic_of(s)->g.off_slab)
		mmsim_slabs_kfree(s->slabs, slabp, _RET_IP_);
	mmsim_slab_give_pages(s, slab);
}

/**
 * mmsim_classic_finish() - do what putting objects back has left
 * @s: the cache
 * @rest: what mmsim_classic_put() was given
 *
 * Context: any; none of the cache's locks held.
 */
void mmsim_classic_finish(struct mmsim_kmem_cache *s, struct mmsim_classic_rest *rest)
{
	struct slab *slabp, *next;

	list_for_each_entry_safe(slabp, next, &rest->slabs, list)
		slab_destroy(s, slabp);
	if (unlikely(rest->twice))
		mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_DOUBLE_FREE, s, "%#lx is freed while it is free; free it once",
			       (unsigned long)rest->twice);
	if (unlikely(rest->stray))
		mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_NO_OBJECT, s,
			       "%#lx is freed and not the start of an object; free what was allocated",
			       (unsigned long)rest->stray);
}

/* How far the next slab's objects are from their usual place. */
static unsigned int next_colour(struct mmsim_kmem_cache *s, struct kmem_list3 *l3)
{
	const struct mmsim_classic_geometry *g = &mmsim_classic_of(s)->g;
	unsigned long flags;
	unsigned int colour;

	spin_lock_irqsave(&l3->list_lock, flags);
	colour = l3->colour_next;
	l3->colour_next = colour + 1 < g->colour ? colour + 1 : 0;
	spin_unlock_irqrestore(&l3->list_lock, flags);
	return colour * g->colour_off;
}

/* Makes the descriptor of a new slab; NULL when there is no memory for it. */
static struct slab *make_descriptor(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, gfp_t gfp)
{
	const struct mmsim_classic_geometry *g = &mmsim_classic_of(s)->g;
	unsigned int nid = mmsim_slab_nid(slab), offset = next_colour(s, mmsim_classic_list3(s, nid)), i;
	struct slab *slabp;

	if (g->off_slab) {
		gfp &= ~(__GFP_ZERO | __GFP_THISNODE | GFP_ZONEMASK);
		slabp = mmsim_slabs_kmalloc(s->slabs, g->descriptor, gfp, nid, _RET_IP_);
		if (!slabp)
			return NULL;
	} else {
		slabp = slab->virtual + offset;
		offset += g->descriptor;
	}
	slabp->colouroff = offset;
	slabp->s_mem = slab->virtual + offset;
	slabp->pages = slab;
	slabp->inuse = 0;
	slabp->free = 0;
	for (i = 0; i < g->num; i++)
		slab_bufctl(slabp)[i] = i + 1 < g->num ? i + 1 : BUFCTL_END;
	return slabp;
}

/**
 * mmsim_classic_grow() - add a slab to a cache
 * @s: the cache, in which somebody has found no free object
 * @gfp: flags for the pages
 * @nid: the node to prefer
 *
 * As cache_grow() of Linux 2.6.
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM. None of the cache's locks held.
 * Return: the node that has got it, which need not be @nid without __GFP_THISNODE; -ENOMEM.
 */
int mmsim_classic_grow(struct mmsim_kmem_cache *s, gfp_t gfp, int nid)
{
	struct mmsim_slab *slab = mmsim_slab_take_pages(s, gfp, nid, s->order);
	struct kmem_list3 *l3;
	struct slab *slabp;
	unsigned long flags;
	unsigned int i;

	if (!slab)
		return -ENOMEM;
	slabp = make_descriptor(s, slab, gfp);
	if (!slabp) {
		mmsim_slab_give_pages(s, slab);
		return -ENOMEM;
	}
	for (i = 0; i < s->objects && (s->ctor || s->debug); i++)
		mmsim_slab_setup(s, slab, mmsim_classic_object(s, slabp, i));

	nid = mmsim_slab_nid(slab);
	l3 = mmsim_classic_list3(s, nid);
	spin_lock_irqsave(&l3->list_lock, flags);
	WRITE_ONCE(slab->engine[0], (unsigned long)slabp);
	list_add_tail(&slabp->list, &l3->slabs_free);
	WRITE_ONCE(l3->free_objects, l3->free_objects + s->objects);
	l3->nr_slabs++;
	l3->nr_free_slabs++;
	l3->grown++;
	spin_unlock_irqrestore(&l3->list_lock, flags);
	return nid;
}

/**
 * mmsim_classic_drain_free() - give free slabs of a node back to the page floor
 * @s: the cache
 * @l3: the node's part of it
 * @nr: how many at most; those that were free first go first
 *
 * Context: any; none of the cache's locks held.
 * Return: how many there were.
 */
unsigned long mmsim_classic_drain_free(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, unsigned long nr)
{
	unsigned long flags, done;
	struct slab *slabp;

	for (done = 0; done < nr; done++) {
		spin_lock_irqsave(&l3->list_lock, flags);
		slabp = NULL;
		if (!list_empty(&l3->slabs_free)) {
			slabp = list_last_entry(&l3->slabs_free, struct slab, list);
			list_del(&slabp->list);
			WRITE_ONCE(l3->free_objects, l3->free_objects - s->objects);
			leave_node(l3, slabp);
			l3->nr_free_slabs--;
		}
		spin_unlock_irqrestore(&l3->list_lock, flags);
		if (!slabp)
			break;
		slab_destroy(s, slabp);
	}
	return done;
}
