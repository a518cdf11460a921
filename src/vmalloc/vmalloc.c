// SPDX-License-Identifier: GPL-2.0
/*
 * Areas with frames: what vmalloc() gives and vfree() takes back.
 *
 * Three steps, each of which may fail, and then those before it are undone:
 *
 *	1. addresses	an area, one page longer than asked for: the guard
 *	2. frames	from the page floor, HighMem first, many with one call; their array is kept in the area
 *	3. mapping	a page table entry for each; see map.c
 *
 * With VM_ALLOW_HUGE_VMAP and for 2 MB at least, the frames are blocks of 2 MB, behind addresses that are a multiple of
 * that, and an entry maps 2 MB. The blocks are taken apart, as in the kernel, so that each page can be referenced by
 * itself. Where there is no such block, or no such address, single pages do: nothing is purged or reclaimed to get one.
 *
 * vfree() finds the area by its address, clears the entries and leaves the rest to a purge.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "base/fault.h"
#include "vmalloc/vmalloc.h"

/* Frames that are asked for at once, and the order of blocks for huge mappings. */
#define FRAMES_AT_ONCE	(PAGE_SIZE / sizeof(struct mmsim_page *))
#define HUGE_ORDER	ilog2(MMSIM_WINDOW_HUGE_PAGES)

/* No compound pages: each page is referenced by itself. */
static gfp_t frame_gfp(gfp_t gfp)
{
	gfp &= ~__GFP_COMP;
	if (!(gfp & (__GFP_DMA | __GFP_DMA32)))
		gfp |= __GFP_HIGHMEM;
	return gfp | __GFP_NOWARN;
}

/* Up to @nr single pages; returns how many. */
static unsigned long get_pages(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq,
			       struct mmsim_page **pages, unsigned long nr)
{
	unsigned long i;

	if (nr == 1) {
		*pages = mmsim_memory_alloc_node(vm->mem, rq->node, frame_gfp(rq->gfp), 0, (unsigned long)rq->caller);
		return !!*pages;
	}
	memset(pages, 0, nr * sizeof(*pages));
	if (rq->node == NUMA_NO_NODE || (!rq->node && vm->mem->nr_nodes == 1))
		return mmsim_memory_alloc_bulk(vm->mem, frame_gfp(rq->gfp), nr, pages, (unsigned long)rq->caller);
	for (i = 0; i < nr; i++) {
		pages[i] = mmsim_memory_alloc_node(vm->mem, rq->node, frame_gfp(rq->gfp), 0,
						   (unsigned long)rq->caller);
		if (!pages[i])
			break;
	}
	return i;
}

/* A block, taken apart; returns how many pages. As single pages do, nothing is reclaimed or moved to get one. */
static unsigned long get_block(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq,
			       struct mmsim_page **pages)
{
	gfp_t gfp = frame_gfp(rq->gfp) & ~(__GFP_RECLAIM | __GFP_NOFAIL | __GFP_RETRY_MAYFAIL);
	struct mmsim_page *page;
	unsigned long i;

	page = mmsim_memory_alloc_node(vm->mem, rq->node, gfp, HUGE_ORDER, (unsigned long)rq->caller);
	if (!page)
		return 0;
	mmsim_memory_split(vm->mem, page, HUGE_ORDER, (unsigned long)rq->caller);
	for (i = 0; i < BIT(HUGE_ORDER); i++)
		pages[i] = page + i;
	return i;
}

/* All frames of an area, into its array; area->vm.nr_pages says how many there are in the end. */
static bool get_frames(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area,
		       const struct mmsim_vmalloc_request *rq)
{
	unsigned int nr = mmsim_area_bytes(area) >> PAGE_SHIFT;
	struct mmsim_vm_struct *v = &area->vm;
	bool purged = false;

	while (v->nr_pages < nr) {
		unsigned long want = min_t(unsigned long, nr - v->nr_pages, FRAMES_AT_ONCE), got;

		if (mmsim_fault())
			return false;
		if (v->nr_pages && fatal_signal_pending(current) && !(rq->gfp & __GFP_NOFAIL))
			return false;
		if (v->page_order)
			got = get_block(vm, rq, v->pages + v->nr_pages);
		else
			got = get_pages(vm, rq, v->pages + v->nr_pages, want);
		v->nr_pages += got;
		if (v->nr_pages < nr)
			cond_resched();
		if (got >= want)
			continue;
		/* Some may wait to be given back, or have been given back just now. */
		if (purged || v->page_order)
			return false;
		mmsim_vmalloc_purge(vm);
		purged = true;
	}
	return true;
}

/* Undoes steps 1 and 2, as far as they have come. */
static void undo(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	struct mmsim_vm_struct *v = &area->vm;

	if (v->pages) {
		mmsim_memory_put_bulk(vm->mem, v->nr_pages, v->pages, (unsigned long)v->caller);
		if (v->pages != area->few)
			mmsim_array_free(vm, v->pages);
	}
	mmsim_area_drop(vm, area);
}

/* The steps, with frames of an order; says in *failed which one there was nothing for. */
static void *alloc_area(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq, unsigned int order,
			const char **failed)
{
	unsigned long nr = round_up(PAGE_ALIGN(rq->size) >> PAGE_SHIFT, BIT(order));
	unsigned long align = max3(rq->align, PAGE_SIZE, PAGE_SIZE << order);
	unsigned long flags = VM_ALLOC | (order ? rq->flags : rq->flags & ~VM_ALLOW_HUGE_VMAP);
	struct mmsim_vmap_area *area;

	*failed = "addresses";
	area = mmsim_area_get(vm, nr + 1, align, flags, rq->gfp);
	if (!area)
		return NULL;
	area->vm.page_order = order;
	area->vm.requested_size = rq->size;
	area->vm.caller = rq->caller;

	*failed = "memory for an array of pages";
	area->vm.pages = nr <= MMSIM_AREA_FEW ? area->few :
			 mmsim_array_alloc(vm, nr * sizeof(*area->vm.pages), rq->gfp, rq->node, rq->caller);
	if (!area->vm.pages)
		goto undo;
	*failed = "pages";
	if (!get_frames(vm, area, rq))
		goto undo;
	*failed = "mapping";
	if (!mmsim_area_map(vm, area, area->vm.pages, nr, align, PAGE_KERNEL, rq->gfp))
		goto undo;
	atomic_long_add(nr, &vm->nr_frames);
	mmsim_area_ready(area);
	return area->vm.addr;

undo:
	undo(vm, area);
	return NULL;
}

/* Refuses what makes no sense, with a report. */
static bool is_reasonable(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq)
{
	unsigned long caller = (unsigned long)rq->caller;

	if (unlikely(preempt_count() || irqs_disabled())) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_CONTEXT, rq->size, caller);
		return false;
	}
	if (unlikely(!rq->size || rq->size > vm->max_pages << PAGE_SHIFT)) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_SIZE, rq->size, caller);
		return false;
	}
	if (unlikely((rq->align & (rq->align - 1)) || rq->align > vm->max_pages << PAGE_SHIFT)) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_ALIGN, rq->align, caller);
		return false;
	}
	might_sleep();
	return true;
}

static bool wants_huge(const struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq)
{
	return (rq->flags & VM_ALLOW_HUGE_VMAP) && rq->size >= PAGE_SIZE << HUGE_ORDER && vm->window.links;
}

/**
 * mmsim_vmalloc_alloc() - allocate pages from anywhere behind addresses in a row
 * @vm: the vmalloc floor
 * @rq: what is asked for
 *
 * Context: process context, may sleep.
 * Return: the address of the first byte; NULL, reported, when it can't be had.
 */
void *mmsim_vmalloc_alloc(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq)
{
	const char *failed;
	void *addr = NULL;

	if (!is_reasonable(vm, rq))
		return NULL;
	if (vm->mode == MMSIM_VMALLOC_NOMMU)
		return mmsim_nommu_alloc(rq);
	if (wants_huge(vm, rq))
		addr = alloc_area(vm, rq, HUGE_ORDER, &failed);
	if (!addr)
		addr = alloc_area(vm, rq, 0, &failed);
	while (unlikely(!addr)) {
		mmsim_vmalloc_failed(vm, rq, failed);
		if (!(rq->gfp & __GFP_NOFAIL))
			break;
		schedule_timeout_uninterruptible(1);
		addr = alloc_area(vm, rq, 0, &failed);
	}
	return addr;
}

/* For an area that is not among those in use any more. */
static void end_area(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	mmsim_area_unmap(vm, area);
	if (area->vm.flags & VM_ALLOC)
		atomic_long_sub(area->vm.nr_pages, &vm->nr_frames);
	mmsim_area_lazy(vm, area);
}

/**
 * mmsim_vmalloc_unlink() - free an area, and leave it to a purge to come
 * @vm: the vmalloc floor, not in mode nommu
 * @addr: its first byte
 * @not: flags that it must not have, besides MMSIM_VM_RAM
 *
 * Context: process context, may sleep; without a lock that a purge takes, or with it.
 * Return: whether there was one.
 */
bool mmsim_vmalloc_unlink(struct mmsim_vmalloc *vm, const void *addr, unsigned long not)
{
	struct mmsim_vmap_area *area = mmsim_area_remove(vm, addr, MMSIM_VM_RAM | not, 0);

	if (unlikely(!area))
		return false;
	end_area(vm, area);
	return true;
}

/**
 * mmsim_vmalloc_free() - free what vmalloc() or vmap() returned
 * @vm: the vmalloc floor
 * @addr: the address; NULL is ignored
 * @caller: for reports
 *
 * Context: process context, may sleep.
 * Return: whether it was freed; otherwise it is reported and all is as before.
 */
bool mmsim_vmalloc_free(struct mmsim_vmalloc *vm, const void *addr, unsigned long caller)
{
	might_sleep();
	if (!addr)
		return true;
	if (vm->mode == MMSIM_VMALLOC_NOMMU) {
		mmsim_nommu_free(addr);
		return true;
	}
	if (unlikely(!mmsim_vmalloc_unlink(vm, addr, MMSIM_VM_ARRAY))) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_ADDRESS, (unsigned long)addr, caller);
		return false;
	}
	mmsim_vmalloc_purge_if_due(vm);
	return true;
}

/**
 * mmsim_vmalloc_free_atomic() - mmsim_vmalloc_free() from anywhere
 * @vm: the vmalloc floor
 * @addr: the address; NULL is ignored
 * @caller: for reports
 *
 * From here on the area can't be found; a worker unmaps it.
 *
 * Context: any but NMI.
 * Return: whether it is being freed; otherwise it is reported and all is as before.
 */
bool mmsim_vmalloc_free_atomic(struct mmsim_vmalloc *vm, const void *addr, unsigned long caller)
{
	struct mmsim_vmap_area *area;

	if (!addr)
		return true;
	if (vm->mode == MMSIM_VMALLOC_NOMMU) {
		mmsim_nommu_free(addr);
		return true;
	}
	area = mmsim_area_remove_atomic(vm, addr, MMSIM_VM_RAM | MMSIM_VM_ARRAY, 0);
	if (unlikely(!area)) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_ADDRESS, (unsigned long)addr, caller);
		return false;
	}
	if (llist_add(&area->purge_list, &vm->deferred))
		schedule_work(&vm->deferred_work);
	return true;
}

/**
 * mmsim_vmalloc_end_deferred() - unmap what was freed from anywhere
 * @vm: the vmalloc floor
 *
 * The worker does so; who is short of what these areas have doesn't wait for it.
 *
 * Context: process context, may sleep.
 */
void mmsim_vmalloc_end_deferred(struct mmsim_vmalloc *vm)
{
	struct llist_node *areas = llist_del_all(&vm->deferred);
	struct mmsim_vmap_area *area;

	while ((area = mmsim_spare_pop(&areas))) {
		end_area(vm, area);
		cond_resched();
	}
}

/**
 * mmsim_vmalloc_free_deferred() - what the worker does
 * @work: the vmalloc floor's
 *
 * Context: process context, may sleep.
 */
void mmsim_vmalloc_free_deferred(struct work_struct *work)
{
	struct mmsim_vmalloc *vm = container_of(work, struct mmsim_vmalloc, deferred_work);

	mmsim_vmalloc_end_deferred(vm);
	mmsim_vmalloc_purge_if_due(vm);
}

/* The area that begins at an address which its owner has given. */
static struct mmsim_vmap_area *owned_area(struct mmsim_vmalloc *vm, const void *addr)
{
	struct mmsim_vmap_area *area;

	spin_lock_irq(&vm->lock);
	area = mmsim_area_at(vm, (unsigned long)addr);
	if (area && !(area->vm.flags & VM_ALLOC))
		area = NULL;
	spin_unlock_irq(&vm->lock);
	return area;
}

/* Whether the new size fits where the old one is. What the size leaves out is zeroed where zeroes were asked for. */
static bool resize(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, unsigned long size, gfp_t gfp)
{
	unsigned long had = area->vm.requested_size;

	if (size > mmsim_area_bytes(area))
		return false;
	if (size < had && (vm->mem->init_on_alloc || vm->mem->init_on_free || (gfp & __GFP_ZERO)))
		memset(area->vm.addr + size, 0, had - size);
	spin_lock_irq(&vm->lock);
	area->vm.requested_size = size;
	spin_unlock_irq(&vm->lock);
	return true;
}

/**
 * mmsim_vmalloc_realloc() - make an area larger or smaller, as vrealloc()
 * @vm: the vmalloc floor
 * @addr: what vmalloc() returned; NULL: nothing yet
 * @size: bytes; 0 frees it
 * @gfp: the kernel's flags; with __GFP_ZERO what is added is zero if all has been allocated with it
 * @caller: for reports
 *
 * It stays where it is as long as the size fits there.
 *
 * Context: process context, may sleep.
 * Return: the address of the first byte; NULL for size 0 or when there is no memory, and then the old one stays.
 */
void *mmsim_vmalloc_realloc(struct mmsim_vmalloc *vm, void *addr, unsigned long size, gfp_t gfp, const void *caller)
{
	const struct mmsim_vmalloc_request rq = { .size = size, .gfp = gfp, .node = NUMA_NO_NODE, .caller = caller };
	struct mmsim_vmap_area *area;
	void *to;

	if (!size || !addr) {
		mmsim_vmalloc_free(vm, addr, (unsigned long)caller);
		return size ? mmsim_vmalloc_alloc(vm, &rq) : NULL;
	}
	if (size > vm->max_pages << PAGE_SHIFT) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_SIZE, size, (unsigned long)caller);
		return NULL;
	}
	if (vm->mode == MMSIM_VMALLOC_NOMMU)
		return mmsim_nommu_realloc(addr, size, gfp);
	area = owned_area(vm, addr);
	if (!area) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_ADDRESS, (unsigned long)addr, (unsigned long)caller);
		return NULL;
	}
	if (resize(vm, area, size, gfp))
		return addr;
	to = mmsim_vmalloc_alloc(vm, &rq);
	if (to) {
		memcpy(to, addr, area->vm.requested_size);
		mmsim_vmalloc_free(vm, addr, (unsigned long)caller);
	}
	return to;
}
