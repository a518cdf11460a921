// SPDX-License-Identifier: GPL-2.0
/*
 * The structural check of the vmalloc floor: walks the holes, the areas in use and the page table entries, and names
 * the first of these that doesn't hold.
 *
 *	holes		the tree, the list and the sums agree; no two touch
 *	areas		are in order, overlap neither each other nor a hole, and are all in the window
 *	addresses	the window is holes, areas in use and lazy areas, and nothing else
 *	entries		behind an area are its pages, in their order; behind its guard, and behind a hole, is nothing
 *	frames		are allocated pages of the region
 *
 * Entries are looked at area by area, and hole by hole, some under one hold of the lock: an area whose mapping is made
 * or undone just now is not looked into.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "vmalloc/vmalloc.h"

static __printf(3, 4) int broken(char *what, size_t size, const char *fmt, ...)
{
	va_list args;
	int n = scnprintf(what, size, "vmalloc: ");

	va_start(args, fmt);
	vscnprintf(what + n, size - n, fmt, args);
	va_end(args);
	return -EUCLEAN;
}

static struct mmsim_vmap_area *area_in(struct list_head *at)
{
	return list_entry(at, struct mmsim_vmap_area, list);
}

/* The busy areas by tree and by list, with the holes in between. */
static int check_order(struct mmsim_vmalloc *vm, char *what, size_t size)
{
	struct list_head *at = vm->busy_list.next, *hole = vm->space.list.next;
	unsigned long nr = 0, bytes = 0, end = 0;
	struct rb_node *node;

	for (node = rb_first(&vm->busy); node; node = rb_next(node), at = at->next) {
		struct mmsim_vmap_area *area = rb_entry(node, struct mmsim_vmap_area, rb_node);

		if (at != &area->list)
			return broken(what, size, "the area at %#lx is at another place of the list", area->va_start);
		if (area->va_start < end || mmsim_va_size(area) != area->vm.size)
			return broken(what, size, "the area at %#lx overlaps the one before it, or has not its size",
				      area->va_start);
		while (hole != &vm->space.list && area_in(hole)->va_end <= area->va_start)
			hole = hole->next;
		if (hole != &vm->space.list && area_in(hole)->va_start < area->va_end)
			return broken(what, size, "the area at %#lx overlaps a hole", area->va_start);
		end = area->va_end;
		bytes += mmsim_va_size(area);
		nr++;
	}
	if (at != &vm->busy_list || nr != vm->nr_areas || bytes != vm->busy_bytes)
		return broken(what, size, "%lu areas with %lu bytes, counted are %lu with %lu", nr, bytes, vm->nr_areas,
			      vm->busy_bytes);
	return 0;
}

/* All addresses, and those that lie outside of the window. Lazy areas are kept where they are by purge_mutex. */
static int check_sum(struct mmsim_vmalloc *vm, char *what, size_t size)
{
	unsigned long window = vm->window.nr_pages << PAGE_SHIFT, lazy = 0, start = (unsigned long)vm->window.addr;
	struct llist_node *node;

	if (vm->mode != MMSIM_VMALLOC_WINDOW)
		return 0;
	llist_for_each(node, READ_ONCE(vm->lazy.first))
		lazy += mmsim_va_size(llist_entry(node, struct mmsim_vmap_area, purge_list));
	llist_for_each(node, vm->seen)
		lazy += mmsim_va_size(llist_entry(node, struct mmsim_vmap_area, purge_list));
	llist_for_each(node, vm->flushed)
		lazy += mmsim_va_size(llist_entry(node, struct mmsim_vmap_area, purge_list));
	/* Areas on their way from one state to the next are in none. */
	if (vm->space.free + vm->busy_bytes + lazy > window)
		return broken(what, size, "%lu bytes of holes, %lu of areas and %lu lazy are more than there are, %lu",
			      vm->space.free, vm->busy_bytes, lazy, window);
	if (!list_empty(&vm->space.list) && (area_in(vm->space.list.next)->va_start < start ||
					     area_in(vm->space.list.prev)->va_end > start + window))
		return broken(what, size, "a hole is outside of the window");
	if (vm->nr_areas && (area_in(vm->busy_list.next)->va_start < start ||
			     area_in(vm->busy_list.prev)->va_end > start + window))
		return broken(what, size, "an area is outside of the window");
	return 0;
}

static int check_frame(struct mmsim_vmalloc *vm, const struct mmsim_vmap_area *area, unsigned long i, char *what,
		       size_t size)
{
	const struct mmsim_page *page = area->vm.pages[i];

	if (!mmsim_memory_has(vm->mem, page) || !mmsim_page_is_allocated(page))
		return broken(what, size, "page %lu of the area at %#lx is not allocated", i, area->va_start);
	if (mmsim_vmalloc_page(vm, (void *)area->va_start + (i << PAGE_SHIFT)) != page)
		return broken(what, size, "behind page %lu of the area at %#lx is another frame", i, area->va_start);
	return 0;
}

static bool nothing_behind(struct mmsim_vmalloc *vm, unsigned long start, unsigned long end)
{
	for (; start < end; start += PAGE_SIZE)
		if (mmsim_vmalloc_page(vm, (void *)start))
			return false;
	return true;
}

/* Bytes of a hole, and of an area, that are looked at under one hold of the lock. */
#define HOLE_STEP	SZ_16M
#define AREA_STEP	SZ_4M

/* What is behind an area in use, from an address to another; for mode vmap that can't be seen from under the lock. */
static int check_area(struct mmsim_vmalloc *vm, const struct mmsim_vmap_area *area, unsigned long start,
		      unsigned long end, char *what, size_t size)
{
	unsigned long i = (start - area->va_start) >> PAGE_SHIFT;
	int err;

	if (!mmsim_area_is_ready(area) || vm->mode != MMSIM_VMALLOC_WINDOW)
		return 0;
	if (area->vm.nr_pages > mmsim_area_bytes(area) >> PAGE_SHIFT)
		return broken(what, size, "the area at %#lx has more pages than addresses", area->va_start);
	for (; i < area->vm.nr_pages && i < (end - area->va_start) >> PAGE_SHIFT; i++) {
		err = check_frame(vm, area, i, what, size);
		if (err)
			return err;
	}
	if (end == area->va_end && !nothing_behind(vm, area->va_start + mmsim_area_bytes(area), end))
		return broken(what, size, "something is behind the guard of the area at %#lx", area->va_start);
	return 0;
}

/* Looks at the entries from an address on, a step at most, and not beyond one area or hole; moves the address there. */
static bool check_next(struct mmsim_vmalloc *vm, unsigned long *at, int *err, char *what, size_t size)
{
	struct mmsim_vmap_area *area, *hole;

	spin_lock_irq(&vm->lock);
	area = mmsim_area_from(vm, *at);
	hole = mmsim_space_from(&vm->space, *at);
	if (hole && (!area || hole->va_start < area->va_start)) {
		unsigned long start = max(hole->va_start, *at);
		unsigned long end = min_t(unsigned long, hole->va_end, start + HOLE_STEP);

		if (!nothing_behind(vm, start, end))
			*err = broken(what, size, "something is behind the hole at %#lx", hole->va_start);
		*at = end;
	} else if (area) {
		unsigned long start = max(area->va_start, *at);
		unsigned long end = min_t(unsigned long, area->va_end, start + AREA_STEP);

		*err = check_area(vm, area, start, end, what, size);
		*at = end;
	}
	spin_unlock_irq(&vm->lock);
	return !*err && (area || hole);
}

/**
 * mmsim_vmalloc_check() - check every invariant of the vmalloc floor
 * @vm: the floor; it may be in use, and then what is changed just now is not looked at
 * @what: where the name of the first broken invariant goes
 * @size: bytes at @what
 *
 * Context: process context, may sleep.
 * Return: 0, or -EUCLEAN with @what filled in.
 */
int mmsim_vmalloc_check(struct mmsim_vmalloc *vm, char *what, size_t size)
{
	unsigned long at = 0;
	int err;

	mutex_lock(&vm->purge_mutex);
	spin_lock_irq(&vm->lock);
	err = mmsim_space_check(&vm->space, what, size);
	if (!err)
		err = check_order(vm, what, size);
	if (!err)
		err = check_sum(vm, what, size);
	spin_unlock_irq(&vm->lock);
	mutex_unlock(&vm->purge_mutex);
	while (!err && check_next(vm, &at, &err, what, size))
		cond_resched();
	return err;
}
