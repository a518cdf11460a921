// SPDX-License-Identifier: GPL-2.0
/*
 * Finding all slabs of a cache, full ones and those in a CPU's hands included, and the objects that are in use: not by
 * the engine's lists but by the page array, where each slab says whose it is. Costs a look at each block of the region.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "slab/slab.h"

/**
 * mmsim_cache_next_slab() - the next slab of a cache by address
 * @s: the cache
 * @slab: the one before; NULL for the first
 *
 * Context: any. Of a cache in use, slabs come and go meanwhile.
 * Return: the slab, or NULL after the last.
 */
struct mmsim_slab *mmsim_cache_next_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	struct mmsim_page *page = slab ? mmsim_slab_page(slab) + 1 : s->slabs->map;
	struct mmsim_page *end = s->slabs->map + s->slabs->nr_pages;

	for (; page < end; page++)
		if (mmsim_slab_is_of((struct mmsim_slab *)page, s))
			return (struct mmsim_slab *)page;
	return NULL;
}

/**
 * mmsim_cache_view_slab() - look at a slab and each of its objects
 * @s: the cache, which may be in use
 * @slab: what mmsim_cache_next_slab() has found
 * @view: filled in; its object[] is the caller's
 *
 * Context: process context, interrupts on; may sleep.
 * Return: false when it isn't a slab of the cache any more, or not quite yet.
 */
bool mmsim_cache_view_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	unsigned int i;

	view->cpu = -1;
	view->colour = 0;
	if (!s->ops->view(s, slab, view))
		return false;
	view->in_use = 0;
	for (i = 0; i < view->nr; i++)
		view->in_use += view->object[i] == MMSIM_OBJECT_USED;
	return true;
}

/* Names the objects of a slab that are in use; returns how many there are. */
static unsigned int report_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned long *free)
{
	unsigned int nr, i, left = 0;
	void *slot = s->ops->place(s, slab, &nr);

	bitmap_zero(free, nr);
	s->ops->map(s, slab, free);
	for_each_clear_bit(i, free, nr) {
		void *object = slot + i * s->size + s->red_left_pad;

		left++;
		atomic_long_inc(&s->nr_errors);
		if (!__ratelimit(&s->slabs->report_limit))
			continue;
		pr_err("cache %s: object %#lx is still in use, at %zu of slab %#lx\n", s->name, (unsigned long)object,
		       object - slab->virtual, (unsigned long)slab->virtual);
		mmsim_track_print(s, object);
	}
	return left;
}

/**
 * mmsim_cache_report_left() - name the objects that keep a cache from going
 * @s: the cache; nobody uses it at this moment
 * @caller: who wanted to destroy it
 *
 * Context: process context. Holder of slabs->mutex, which guards the map.
 */
void mmsim_cache_report_left(struct mmsim_kmem_cache *s, unsigned long caller)
{
	static DECLARE_BITMAP(free, MMSIM_SLAB_MAX_OBJECTS);
	static DEFINE_MUTEX(free_lock);
	struct mmsim_slab *slab = NULL;
	unsigned long left = 0;

	mutex_lock(&free_lock);
	while (s->ops->map && (slab = mmsim_cache_next_slab(s, slab))) {
		left += report_slab(s, slab, free);
		cond_resched();
	}
	mutex_unlock(&free_lock);
	mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_LEFT, s,
		       "%lu objects in %ld slabs are still in use, so it stays; free them first (by %pS)",
		       left, atomic_long_read(&s->nr_slabs), (void *)caller);
}
