// SPDX-License-Identifier: GPL-2.0
/*
 * Lazy areas, and the purge that ends them.
 *
 * To clear a page table entry is one store; to have every CPU forget what it knows of it is an interrupt on each. So
 * that is done once for many: an area that is freed keeps its addresses and its frames, and goes to a list. When the
 * list has grown long all CPUs are told to forget everything, and then the addresses become holes and the frames go back
 * to the page floor. Until then nobody else gets either: there is no moment at which an old translation leads to memory
 * that has a new owner.
 *
 * A purge is due
 *	for 32 MB of lazy addresses, times the number of bits that the number of CPUs has, as in the kernel;
 *	for a 16th of the region in lazy frames: the kernel, which frees them at once, has no such bound;
 *	when there are no addresses left, or the page floor calls shrinkers;
 *	on demand, by vm_unmap_aliases().
 *
 * An array of pages that was an area itself is freed when its pages have gone, and becomes lazy in turn; then there is
 * one more round, with a flush of its own. An area that processes still have mapped stays lazy until they have not.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "vmalloc/vmalloc.h"

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

	llist_add(&area->purge_list, &vm->lazy);
	atomic_long_add(pages, &vm->lazy_pages);
	if (frames)
		atomic_long_add(frames, &vm->lazy_frames);
}

/* Whether an array was freed that was an area, and is lazy now. */
static bool free_frames(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	struct mmsim_page **pages = area->vm.pages;
	unsigned long i, nr;

	if (!pages)
		return false;
	for (i = 0; i < area->vm.nr_pages; i += nr) {
		nr = min(area->vm.nr_pages - i, PAGE_SIZE / sizeof(*pages));
		mmsim_memory_put_bulk(vm->mem, nr, pages + i, (unsigned long)area->vm.caller);
		cond_resched();
	}
	return mmsim_array_free(vm, pages);
}

static void flush(struct mmsim_vmalloc *vm)
{
	if (vm->mode == MMSIM_VMALLOC_WINDOW)
		mmsim_window_flush();
	else
		vm_unmap_aliases();
	vm->stats.purges++;
}

/* One flush, and what it allows. Says in *again whether there is reason for another one. */
static bool purge_round(struct mmsim_vmalloc *vm, bool *again)
{
	struct llist_node *areas = llist_del_all(&vm->lazy), *ended = NULL;
	unsigned long pages = 0, frames = 0, nr = 0;
	struct mmsim_vmap_area *area;

	lockdep_assert_held(&vm->purge_mutex);
	*again = false;
	if (!areas && !READ_ONCE(vm->blocks_dirty))
		return false;
	WRITE_ONCE(vm->blocks_dirty, false);
	flush(vm);
	while ((area = mmsim_spare_pop(&areas))) {
		if (mmsim_area_is_remapped(vm, area)) {
			llist_add(&area->purge_list, &vm->lazy);
			continue;
		}
		nr++;
		pages += mmsim_va_size(area) >> PAGE_SHIFT;
		frames += area->vm.nr_pages;
		*again |= free_frames(vm, area);
		mmsim_spare_push(&ended, area);
	}
	mmsim_areas_give(vm, ended);
	atomic_long_sub(pages, &vm->lazy_pages);
	atomic_long_sub(frames, &vm->lazy_frames);
	vm->stats.areas += nr;
	vm->stats.pages += pages;
	vm->stats.frames += frames;
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
	bool any = false, again;

	might_sleep();
	mmsim_blocks_retire(vm);
	mutex_lock(&vm->purge_mutex);
	do {
		any |= purge_round(vm, &again);
	} while (again);
	mutex_unlock(&vm->purge_mutex);
	return any;
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
 * mmsim_vmalloc_purge_if_due() - purge when there are many lazy areas, unless somebody does so already
 * @vm: the vmalloc floor
 *
 * Context: process context, may sleep.
 */
void mmsim_vmalloc_purge_if_due(struct mmsim_vmalloc *vm)
{
	bool again;

	if (likely(atomic_long_read(&vm->lazy_frames) <= vm->max_lazy_frames &&
		   atomic_long_read(&vm->lazy_pages) <= mmsim_vmalloc_max_lazy_pages()))
		return;
	if (!mutex_trylock(&vm->purge_mutex))
		return;
	do {
		purge_round(vm, &again);
	} while (again);
	mutex_unlock(&vm->purge_mutex);
}
