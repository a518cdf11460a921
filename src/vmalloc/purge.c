// SPDX-License-Identifier: GPL-2.0
/*
 * Lazy areas, and what ends them.
 *
 * To clear a page table entry is one store; to have every CPU forget what it knows of it is an interrupt on each. So
 * that is done once for many: an area that is freed keeps its frames and its addresses, and goes to a list.
 *
 *	flush	all CPUs are told to forget everything, and the frames of the areas on the list go back to the page
 *		floor. When so many frames wait that a CPU's lists of the page floor would not take them all: a frame
 *		that comes back soon is cheaper than one that has to go round by the zone. The kernel doesn't flush
 *		for that: it frees pages at once, and who reads at an old address may see what others write.
 *	purge	and the addresses become holes, too. Past 32 MB of them, times the bits that the number of CPUs has,
 *		as in the kernel; when there are no others left, when the page floor calls shrinkers, and on demand,
 *		by vm_unmap_aliases().
 *
 * So there is no moment at which an old translation leads to memory that has a new owner.
 *
 * An array of pages that was an area itself is freed when its pages have gone, and becomes lazy in turn; then there is
 * one more round, with a flush of its own.
 *
 * An area that processes still have mapped is put aside: no flush can give it back, so that it isn't counted among what
 * waits for one. Each purge looks whether it is seen no more, and then it is lazy as any other.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "vmalloc/vmalloc.h"

/* Lazy frames for which a flush is due, for each bit that the number of CPUs has. */
#define LAZY_FRAMES	128UL

#define BATCH		32U

/**
 * mmsim_area_lazy() - leave an area to the next purge
 * @vm: the vmalloc floor
 * @area: the area, unmapped, which only the caller knows
 *
 * Context: process context.
 */
void mmsim_area_lazy(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	unsigned long frames = area->vm.nr_pages, pages = mmsim_va_size(area) >> PAGE_SHIFT;

	/* Before the area can be found: a purge takes off as much, and nobody is to see less than nothing. */
	atomic_long_add(pages, &vm->lazy_pages);
	if (frames)
		atomic_long_add(frames, &vm->lazy_frames);
	llist_add(&area->purge_list, &vm->lazy);
}

/* Frames of small areas, to go back together. */
struct batch {
	unsigned int nr;
	struct mmsim_page *page[BATCH];
};

static void put_batch(struct mmsim_vmalloc *vm, struct batch *batch)
{
	mmsim_memory_put_bulk(vm->mem, batch->nr, batch->page, _THIS_IP_);
	batch->nr = 0;
}

static void add_to_batch(struct mmsim_vmalloc *vm, struct batch *batch, const struct mmsim_vmap_area *area)
{
	unsigned int i;

	if (batch->nr + area->vm.nr_pages > BATCH)
		put_batch(vm, batch);
	for (i = 0; i < area->vm.nr_pages; i++)
		batch->page[batch->nr++] = area->few[i];
}

/* Whether an array was freed that was an area, and is lazy now. */
static bool free_frames(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, struct batch *batch)
{
	struct mmsim_page **pages = area->vm.pages;
	unsigned long i, nr;

	if (!pages)
		return false;
	if (pages == area->few) {
		add_to_batch(vm, batch, area);
		return false;
	}
	for (i = 0; i < area->vm.nr_pages; i += nr) {
		nr = min(area->vm.nr_pages - i, PAGE_SIZE / sizeof(*pages));
		mmsim_memory_put_bulk(vm->mem, nr, pages + i, (unsigned long)area->vm.caller);
		cond_resched();
	}
	return mmsim_array_free(vm, pages);
}

static void tell_cpus(struct mmsim_vmalloc *vm)
{
	if (vm->mode == MMSIM_VMALLOC_WINDOW)
		mmsim_window_flush();
	else
		vm_unmap_aliases();
	vm->stats.flushes++;
}

static void put_aside(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	mmsim_spare_push(&vm->seen, area);
	atomic_long_add(area->vm.nr_pages, &vm->seen_frames);
	atomic_long_sub(area->vm.nr_pages, &vm->lazy_frames);
	atomic_long_sub(mmsim_va_size(area) >> PAGE_SHIFT, &vm->lazy_pages);
}

/* What processes have unmapped since is lazy. */
static void look_aside(struct mmsim_vmalloc *vm)
{
	struct llist_node *areas = vm->seen;
	struct mmsim_vmap_area *area;

	lockdep_assert_held(&vm->purge_mutex);
	vm->seen = NULL;
	while ((area = mmsim_spare_pop(&areas))) {
		if (mmsim_area_is_remapped(vm, area)) {
			mmsim_spare_push(&vm->seen, area);
			continue;
		}
		atomic_long_sub(area->vm.nr_pages, &vm->seen_frames);
		mmsim_area_lazy(vm, area);
	}
}

/* One flush. Says in *again whether there is reason for another one. */
static bool flush_round(struct mmsim_vmalloc *vm, bool *again)
{
	struct llist_node *areas = llist_del_all(&vm->lazy);
	struct batch batch = { .nr = 0 };
	struct mmsim_vmap_area *area;
	unsigned long frames = 0;

	lockdep_assert_held(&vm->purge_mutex);
	*again = false;
	if (!mmsim_blocks_clean(vm) && !areas)
		return false;
	tell_cpus(vm);
	while ((area = mmsim_spare_pop(&areas))) {
		if (mmsim_area_is_remapped(vm, area)) {
			put_aside(vm, area);
			continue;
		}
		frames += area->vm.nr_pages;
		*again |= free_frames(vm, area, &batch);
		mmsim_spare_push(&vm->flushed, area);
	}
	put_batch(vm, &batch);
	atomic_long_sub(frames, &vm->lazy_frames);
	vm->stats.frames += frames;
	return true;
}

static bool flush(struct mmsim_vmalloc *vm)
{
	bool any = false, again;

	do {
		any |= flush_round(vm, &again);
	} while (again);
	return any;
}

/* The addresses of areas that are flushed become holes. Returns whether there were any. */
static bool give_addresses(struct mmsim_vmalloc *vm)
{
	unsigned long pages = 0, nr = 0;
	struct llist_node *node;

	lockdep_assert_held(&vm->purge_mutex);
	if (!vm->flushed)
		return false;
	llist_for_each(node, vm->flushed) {
		pages += mmsim_va_size(llist_entry(node, struct mmsim_vmap_area, purge_list)) >> PAGE_SHIFT;
		nr++;
	}
	mmsim_areas_give(vm, vm->flushed);
	vm->flushed = NULL;
	atomic_long_sub(pages, &vm->lazy_pages);
	vm->stats.purges++;
	vm->stats.areas += nr;
	vm->stats.pages += pages;
	return true;
}

/**
 * mmsim_vmalloc_purge() - end all lazy areas, as the kernel's vm_unmap_aliases()
 * @vm: the vmalloc floor
 *
 * Context: process context, may sleep.
 * Return: whether there was something to do.
 */
bool mmsim_vmalloc_purge(struct mmsim_vmalloc *vm)
{
	bool any;

	might_sleep();
	mmsim_vmalloc_end_deferred(vm);
	mmsim_blocks_retire(vm);
	mutex_lock(&vm->purge_mutex);
	look_aside(vm);
	any = flush(vm);
	any |= give_addresses(vm);
	mutex_unlock(&vm->purge_mutex);
	return any;
}

/**
 * mmsim_vmalloc_lazy_frames() - how many frames a purge would give back
 * @vm: the vmalloc floor
 *
 * Context: process context.
 * Return: the frames of lazy areas; of those that processes have let go of, too, unless somebody purges just now.
 */
unsigned long mmsim_vmalloc_lazy_frames(struct mmsim_vmalloc *vm)
{
	mmsim_vmalloc_end_deferred(vm);
	if (atomic_long_read(&vm->seen_frames) && mutex_trylock(&vm->purge_mutex)) {
		look_aside(vm);
		mutex_unlock(&vm->purge_mutex);
	}
	return atomic_long_read(&vm->lazy_frames);
}

/**
 * mmsim_vmalloc_max_lazy_pages() - for how many pages of lazy addresses a purge is due
 *
 * Context: any.
 * Return: pages, by the number of CPUs that there are just now.
 */
unsigned long mmsim_vmalloc_max_lazy_pages(void)
{
	return (unsigned long)fls(num_online_cpus()) * (SZ_32M >> PAGE_SHIFT);
}

/**
 * mmsim_vmalloc_max_lazy_frames() - for how many lazy frames a flush is due
 * @vm: the vmalloc floor
 *
 * Context: any.
 * Return: frames, by the number of CPUs that there are just now.
 */
unsigned long mmsim_vmalloc_max_lazy_frames(const struct mmsim_vmalloc *vm)
{
	return min(vm->max_lazy_frames, LAZY_FRAMES * fls(num_online_cpus()));
}

/**
 * mmsim_vmalloc_purge_if_due() - flush or purge when it is time, unless somebody does so already
 * @vm: the vmalloc floor
 *
 * Context: process context, may sleep.
 */
void mmsim_vmalloc_purge_if_due(struct mmsim_vmalloc *vm)
{
	bool full = atomic_long_read(&vm->lazy_pages) > mmsim_vmalloc_max_lazy_pages();

	if (likely(!full && atomic_long_read(&vm->lazy_frames) < mmsim_vmalloc_max_lazy_frames(vm)))
		return;
	if (!mutex_trylock(&vm->purge_mutex))
		return;
	flush(vm);
	if (full)
		give_addresses(vm);
	mutex_unlock(&vm->purge_mutex);
}
