// SPDX-License-Identifier: GPL-2.0
/*
 * The slab floor in the page floor's reclaim: when pages are short, caches give back slabs without objects in use.
 *
 * The kernel leaves that to SLAB's reap, and SLUB keeps what it has. Here caches may hold a good part of a region that
 * can't grow, so that the floor is a shrinker as its clients are. Its objects are pages. They cost next to nothing to
 * make again: half of them are asked for at a time.
 *
 * Reclaim may be called by somebody who makes or tunes a cache, and holds slabs->mutex: it is tried for, and caches are
 * left alone when it is taken. An engine holds no lock when it asks for pages, so that any cache can be shrunk, the one
 * that they are for included. Pages of SLAB_TYPESAFE_BY_RCU come back after a grace period, which is waited for: an RCU
 * callback never waits for one who may sleep.
 */
#include "slab/slab.h"

#define BATCH	32	/* pages a call */

static struct mmsim_slabs *slabs_of(struct mmsim_shrinker *shrinker)
{
	return container_of(shrinker, struct mmsim_slabs, shrinker);
}

static unsigned long idle_pages(struct mmsim_kmem_cache *s)
{
	return s->ops->idle ? s->ops->idle(s) << s->order : 0;
}

static unsigned long count_idle(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	struct mmsim_slabs *slabs = slabs_of(shrinker);
	struct mmsim_kmem_cache *s;
	unsigned long nr = 0;

	if (!mutex_trylock(&slabs->mutex))
		return 0;
	list_for_each_entry(s, &slabs->caches, list)
		nr += idle_pages(s);
	mutex_unlock(&slabs->mutex);
	return nr;
}

/* The number of pages that a cache gives back; *waits is set when they come after a grace period. */
static unsigned long shrink_cache(struct mmsim_kmem_cache *s, bool *waits)
{
	unsigned long before, after;

	if (!idle_pages(s))
		return 0;
	before = atomic_long_read(&s->nr_slabs);
	s->ops->shrink(s);
	after = atomic_long_read(&s->nr_slabs);
	if (after >= before)
		return 0;
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		*waits = true;
	return (before - after) << s->order;
}

/* SLAB's large objects have descriptors among kmalloc's small ones, which are made first. */
static unsigned long give_idle(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	struct mmsim_slabs *slabs = slabs_of(shrinker);
	struct mmsim_kmem_cache *s;
	unsigned long freed = 0;
	bool waits = false;

	if (!mutex_trylock(&slabs->mutex))
		return MMSIM_SHRINK_STOP;
	list_for_each_entry_reverse(s, &slabs->caches, list) {
		if (freed >= sc->nr_to_scan)
			break;
		freed += shrink_cache(s, &waits);
	}
	mutex_unlock(&slabs->mutex);
	if (waits)
		rcu_barrier();
	sc->nr_scanned = max(sc->nr_to_scan, freed);
	return freed;
}

/**
 * mmsim_slabs_join_reclaim() - have caches give back what they don't need when pages are short
 * @slabs: the floor
 *
 * Context: process context, may sleep; slabs->mutex not held.
 */
void mmsim_slabs_join_reclaim(struct mmsim_slabs *slabs)
{
	slabs->shrinker.count_objects = count_idle;
	slabs->shrinker.scan_objects = give_idle;
	slabs->shrinker.batch = BATCH;
	slabs->shrinker.name = "mmsim-slab";
	mmsim_reclaim_add(slabs->mem, &slabs->shrinker, _RET_IP_);
}

/**
 * mmsim_slabs_leave_reclaim() - undo mmsim_slabs_join_reclaim()
 * @slabs: the floor
 *
 * Context: process context, may sleep; slabs->mutex not held.
 */
void mmsim_slabs_leave_reclaim(struct mmsim_slabs *slabs)
{
	mmsim_reclaim_remove(slabs->mem, &slabs->shrinker, _RET_IP_);
}
