// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping: putting pages behind an area's addresses, and taking them away.
 *
 * In mode window that is a store for each page, or one for 2 MB where the area has blocks of that size. No flush is due
 * when a mapping is made: what was there before has been flushed before the addresses were free again. Only a 2 MB
 * mapping takes the place of something that a CPU may remember, the way to an empty table, and is flushed at once.
 *
 * In mode vmap it is a vmap() of the host's, which takes its own pages; vmap_pfn() where the region's frames have none.
 * The host can't be asked for an alignment. So an area that wants one gets a lead: a page that is nobody's is mapped in
 * front of it, again and again, more often than the alignment has pages. Where that ends is known only when it is
 * there; if not at an aligned address, the next mapping will most likely begin right behind this one, and gets the lead
 * that is right for that.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "base/fault.h"
#include "vmalloc/vmalloc.h"

/* Times that the host is asked for addresses that happen to be aligned. */
#define MAX_TRIES	8

/**
 * mmsim_map_pages() - put pages behind addresses of the window
 * @vm: the vmalloc floor, in mode window
 * @first: page of the window
 * @pages: the pages
 * @nr: how many
 * @prot: what may be done with them
 *
 * Context: any; the addresses are the caller's.
 * Return: false when one is no page of the region; those before it are mapped then.
 */
bool mmsim_map_pages(struct mmsim_vmalloc *vm, unsigned long first, struct mmsim_page **pages, unsigned long nr,
		     pgprot_t prot)
{
	const unsigned long map = (unsigned long)vm->mem->map, nr_pages = vm->mem->nr_pages;
	const unsigned long base = pte_val(pfn_pte(vm->mem->start_pfn, prot));

	while (nr) {
		unsigned long run, i;
		pte_t *entry = mmsim_window_entries(&vm->window, first, &run);

		run = min(run, nr);
		for (i = 0; i < run; i++) {
			unsigned long page = ror64((unsigned long)pages[i] - map, ilog2(sizeof(struct mmsim_page)));

			if (unlikely(page >= nr_pages))
				return false;
			mmsim_window_store(entry + i, base + (page << PAGE_SHIFT));
		}
		first += run;
		pages += run;
		nr -= run;
	}
	return true;
}

/**
 * mmsim_unmap_pages() - leave nothing behind addresses of the window
 * @vm: the vmalloc floor, in mode window
 * @first: page of the window
 * @nr: how many
 *
 * Context: any; the addresses are the caller's, and stay unused until a purge.
 */
void mmsim_unmap_pages(struct mmsim_vmalloc *vm, unsigned long first, unsigned long nr)
{
	while (nr) {
		unsigned long run, i;
		pte_t *entry = mmsim_window_entries(&vm->window, first, &run);

		run = min(run, nr);
		for (i = 0; i < run; i++)
			mmsim_window_store(entry + i, 0);
		first += run;
		nr -= run;
	}
}

static unsigned long index_of(const struct mmsim_vmalloc *vm, const struct mmsim_vmap_area *area)
{
	return mmsim_window_index(&vm->window, (void *)area->va_start);
}

/* Whether an area's blocks are mapped with an entry each. It may have blocks, and lie where that can't be done. */
static bool is_huge(const struct mmsim_vmalloc *vm, const struct mmsim_vmap_area *area)
{
	return area->vm.page_order && mmsim_window_huge_ok(&vm->window, index_of(vm, area));
}

static void map_huge(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, struct mmsim_page **pages,
		     unsigned long nr, pgprot_t prot)
{
	unsigned long i;

	for (i = 0; i < nr; i += MMSIM_WINDOW_HUGE_PAGES)
		mmsim_window_set_huge(&vm->window, index_of(vm, area) + i, mmsim_memory_pfn(vm->mem, pages[i]), prot);
	mmsim_window_flush();
}

/* The host's name for each page: its struct page, or, without one, its frame number. */
static void name_frames(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned long nr, unsigned long *names)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		unsigned long pfn = mmsim_memory_pfn(vm->mem, pages[i]);

		names[i] = vm->by_page ? (unsigned long)pfn_to_page(pfn) : pfn;
	}
}

static void *host_map(struct mmsim_vmalloc *vm, unsigned long *names, unsigned long nr, pgprot_t prot)
{
	if (vm->by_page)
		return vmap((struct page **)names, nr, vm->host_flags, prot);
	if (!IS_ENABLED(CONFIG_VMAP_PFN))
		return NULL;
	return vmap_pfn(names, nr, prot);
}

/*
 * As host_map(), of what follows @room entries for the lead in @names; how many of those it took comes back in @lead.
 * @room is twice as many as the alignment has pages, and no lead is shorter than half of it: a longer mapping is less
 * likely to be put somewhere else.
 */
static void *host_map_aligned(struct mmsim_vmalloc *vm, unsigned long *names, unsigned long nr, unsigned long room,
			      unsigned int *lead, pgprot_t prot)
{
	unsigned long align = room / 2, next;
	void *got[MAX_TRIES], *addr;
	unsigned int n = 0;

	*lead = align;
	for (;;) {
		addr = host_map(vm, names + room - *lead, *lead + nr, prot);
		next = ((unsigned long)addr >> PAGE_SHIFT) + *lead;
		if (!addr || IS_ALIGNED(next, align) || n == MAX_TRIES)
			break;
		got[n++] = addr;
		next += nr + 1;
		*lead = ALIGN(next, align) - next + align;
		if (*lead == room)
			*lead = align;
	}
	if (addr && !IS_ALIGNED(next, align)) {
		vunmap(addr);
		addr = NULL;
	}
	while (n)
		vunmap(got[--n]);
	return addr;
}

static bool map_by_host(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, struct mmsim_page **pages,
			unsigned long nr, unsigned long align, pgprot_t prot)
{
	unsigned long room = align > PAGE_SIZE ? 2 * (align >> PAGE_SHIFT) : 0, i, *names;
	void *addr;

	names = mmsim_array_alloc(vm, (room + nr) * sizeof(*names), GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE,
				  area->vm.caller);
	if (!names)
		return false;
	for (i = 0; i < room; i++)
		name_frames(vm, &vm->apron, 1, names + i);
	name_frames(vm, pages, nr, names + room);
	addr = room ? host_map_aligned(vm, names, nr, room, &area->vm.lead, prot) : host_map(vm, names, nr, prot);
	mmsim_array_free(vm, names);
	if (!addr) {
		/* The tries had the frames mapped, which go back at once. */
		if (room)
			vm_unmap_aliases();
		return false;
	}
	area->vm.addr = addr + ((unsigned long)area->vm.lead << PAGE_SHIFT);
	area->va_start = (unsigned long)area->vm.addr;
	area->va_end = area->va_start + area->vm.size;
	mmsim_area_insert(vm, area);
	return true;
}

/*
 * As map_by_host(), for a request with @gfp. The host takes its page tables with GFP_KERNEL, and so do we the names:
 * who asks under a lock that reclaim may want must not get there.
 */
static bool map_in_scope(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, struct mmsim_page **pages,
			 unsigned long nr, unsigned long align, pgprot_t prot, gfp_t gfp)
{
	unsigned int flags = 0;
	bool mapped;

	if (!(gfp & __GFP_IO))
		flags = memalloc_noio_save();
	else if (!(gfp & __GFP_FS))
		flags = memalloc_nofs_save();
	mapped = map_by_host(vm, area, pages, nr, align, prot);
	if (!(gfp & __GFP_IO))
		memalloc_noio_restore(flags);
	else if (!(gfp & __GFP_FS))
		memalloc_nofs_restore(flags);
	return mapped;
}

/**
 * mmsim_vmalloc_not_ours() - find what is no page of the region
 * @vm: the vmalloc floor
 * @pages: what a client takes for pages
 * @nr: how many
 *
 * Context: any.
 * Return: the place of the first that is none; @nr when all are.
 */
unsigned int mmsim_vmalloc_not_ours(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && mmsim_memory_has(vm->mem, pages[i]); i++)
		;
	return i;
}

/**
 * mmsim_area_map() - put pages behind an area
 * @vm: the vmalloc floor
 * @area: the area, from mmsim_area_get()
 * @pages: the pages; blocks of vm.page_order
 * @nr: how many
 * @align: as for mmsim_area_get()
 * @prot: what may be done with them
 * @gfp: the request's: whether reclaim may call filesystems, and start I/O
 *
 * Context: process context, may sleep.
 * Return: whether they are there now. If not, the area is as before, but in mode window it may have been mapped in
 * part: mmsim_area_unmap() it.
 */
bool mmsim_area_map(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, struct mmsim_page **pages,
		    unsigned long nr, unsigned long align, pgprot_t prot, gfp_t gfp)
{
	if (mmsim_fault())
		return false;
	if (vm->mode != MMSIM_VMALLOC_WINDOW)
		return mmsim_vmalloc_not_ours(vm, pages, nr) == nr &&
		       map_in_scope(vm, area, pages, nr, align, prot, gfp);
	if (!is_huge(vm, area))
		return mmsim_map_pages(vm, index_of(vm, area), pages, nr, prot);
	map_huge(vm, area, pages, nr, prot);
	return true;
}

/**
 * mmsim_area_unmap() - leave nothing behind an area
 * @vm: the vmalloc floor
 * @area: the area, which only the caller knows; a purge is due before its addresses or frames are used again
 *
 * Context: process context, may sleep.
 */
void mmsim_area_unmap(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	unsigned long i, nr = mmsim_area_bytes(area) >> PAGE_SHIFT;

	if (vm->mode != MMSIM_VMALLOC_WINDOW)
		vunmap((void *)area->va_start - ((unsigned long)area->vm.lead << PAGE_SHIFT));
	else if (!is_huge(vm, area))
		mmsim_unmap_pages(vm, index_of(vm, area), nr);
	else
		for (i = 0; i < nr; i += MMSIM_WINDOW_HUGE_PAGES)
			mmsim_window_clear_huge(&vm->window, index_of(vm, area) + i);
}

/* In mode vmap: the frame behind an address, which must be one of an area. */
static unsigned long host_frame(struct mmsim_vmalloc *vm, const void *addr)
{
	unsigned long at = (unsigned long)addr & PAGE_MASK;
	struct mmsim_vmap_area *area;
	unsigned long irqs;
	bool mapped;

	spin_lock_irqsave(&vm->lock, irqs);
	area = mmsim_area_from(vm, at);
	mapped = area && at >= area->va_start && mmsim_area_is_ready(area) &&
		 at - area->va_start < mmsim_area_bytes(area);
	spin_unlock_irqrestore(&vm->lock, irqs);
	return mapped ? vmalloc_to_pfn(addr) : MMSIM_WINDOW_NONE;
}

/**
 * mmsim_vmalloc_page() - the page behind an address
 * @vm: the vmalloc floor
 * @addr: any address
 *
 * Context: any in mode window; in mode vmap process context.
 * Return: the page; NULL when there is none.
 */
struct mmsim_page *mmsim_vmalloc_page(struct mmsim_vmalloc *vm, const void *addr)
{
	unsigned long pfn = MMSIM_WINDOW_NONE;

	if (vm->mode == MMSIM_VMALLOC_VMAP)
		pfn = host_frame(vm, addr);
	else if (mmsim_vmalloc_in_window(vm, addr))
		pfn = mmsim_window_frame(&vm->window, mmsim_window_index(&vm->window, addr));
	return pfn == MMSIM_WINDOW_NONE ? NULL : mmsim_memory_page(vm->mem, pfn);
}
