// SPDX-License-Identifier: GPL-2.0
/*
 * The slab floor's structural check: each cache by its engine, then each slab that the page array knows, which must be
 * an allocated block of a cache that there is, and as many of each cache as it says.
 *
 * The floor may be in use. Slabs that come and go between the looks at them would make the numbers differ, so they are
 * compared only when none did.
 */
#include <linux/kernel.h>
#include <linux/sched.h>

#include "slab/slab.h"

static struct mmsim_kmem_cache *find_cache(struct mmsim_slabs *slabs, const void *cache)
{
	struct mmsim_kmem_cache *s;

	list_for_each_entry(s, &slabs->caches, list)
		if (s == cache)
			return s;
	return cache == slabs->heap && slabs->heap->ops ? slabs->heap : NULL;
}

static int check_slab(struct mmsim_slabs *slabs, struct mmsim_page *page, char *what, size_t size)
{
	const void *cache = READ_ONCE(page->mapping);
	struct mmsim_kmem_cache *s = find_cache(slabs, cache);
	const char *fault = NULL;

	if (!s)
		fault = "is a slab of no cache";
	else if (!mmsim_page_is_allocated(page))
		fault = "is a slab and not allocated";
	else if (mmsim_page_order(page) && !mmsim_page_is_compound(page))
		fault = "is a slab and not compound";
	else
		s->nr_seen++;
	/* It may have gone meanwhile. */
	if (!fault || !(READ_ONCE(page->flags) & MMSIM_PAGE_SLAB) || READ_ONCE(page->mapping) != cache)
		return 0;
	scnprintf(what, size, "slab floor: pfn %#lx: %s", mmsim_memory_pfn(slabs->mem, page), fault);
	return -EUCLEAN;
}

static int check_pages(struct mmsim_slabs *slabs, char *what, size_t size)
{
	struct mmsim_page *page = slabs->map, *end = page + slabs->nr_pages;
	int err = 0;

	for (; page < end && !err; page++) {
		if (READ_ONCE(page->flags) & MMSIM_PAGE_SLAB)
			err = check_slab(slabs, page, what, size);
		if ((page - slabs->map) % MMSIM_MAX_ORDER_PAGES == 0)
			cond_resched();
	}
	return err;
}

static int check_counts(struct mmsim_slabs *slabs, char *what, size_t size)
{
	struct mmsim_kmem_cache *s;

	list_for_each_entry(s, &slabs->caches, list) {
		/* Those on their way through a grace period are slabs still. */
		if ((s->flags & SLAB_TYPESAFE_BY_RCU) || s->nr_seen == atomic_long_read(&s->nr_slabs))
			continue;
		scnprintf(what, size, "slab floor: cache %s: nr_slabs is %ld, the page array has %ld", s->name,
			  atomic_long_read(&s->nr_slabs), s->nr_seen);
		return -EUCLEAN;
	}
	return 0;
}

static int check_locked(struct mmsim_slabs *slabs, char *what, size_t size)
{
	long done = atomic_long_read(&slabs->nr_done);
	struct mmsim_kmem_cache *s;
	int err;

	list_for_each_entry(s, &slabs->caches, list) {
		s->nr_seen = 0;
		err = s->ops->check(s, what, size);
		if (err)
			return err;
	}
	err = check_pages(slabs, what, size);
	if (err || atomic_long_read(&slabs->nr_begun) != done)
		return err;
	err = check_counts(slabs, what, size);
	return atomic_long_read(&slabs->nr_begun) == done ? err : 0;
}

/**
 * mmsim_slabs_check() - check every invariant of the slab floor
 * @slabs: the floor; it may be in use
 * @what: where the name of the first broken invariant goes
 * @size: bytes at @what; 256 are enough
 *
 * Context: process context, may sleep.
 * Return: 0, or -EUCLEAN with @what filled in.
 */
int mmsim_slabs_check(struct mmsim_slabs *slabs, char *what, size_t size)
{
	int err;

	mutex_lock(&slabs->mutex);
	err = check_locked(slabs, what, size);
	mutex_unlock(&slabs->mutex);
	return err;
}
