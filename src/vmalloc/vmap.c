// SPDX-License-Identifier: GPL-2.0
/*
 * Areas of pages that are somebody else's: vmap() gives them addresses in a row, vunmap() takes the addresses back.
 *
 * The pages stay the client's, and with VM_MAP_PUT_PAGES, when all is well, become the area's, as does their array:
 * then vfree() frees all of it. A page that the client frees after vunmap() can be read at the old address until a
 * purge, as in the kernel: who cares calls vm_unmap_aliases() first.
 */
#include <linux/kernel.h>
#include <linux/mm.h>

#include "vmalloc/vmalloc.h"

/* Whether a protection maps anything at all. pte_present() says so of PAGE_NONE, whose entries x86 turns inside out. */
static bool gives_access(pgprot_t prot)
{
#ifdef _PAGE_PRESENT
	return pgprot_val(prot) & _PAGE_PRESENT;
#else
	return pgprot_val(prot) != pgprot_val(PAGE_NONE) && pte_present(pfn_pte(0, prot));
#endif
}

/* What is wrong with a request; MMSIM_NR_VMALLOC_BAD when nothing is. */
static enum mmsim_vmalloc_bad fault_of(struct mmsim_vmalloc *vm, unsigned int count, unsigned long flags,
				       pgprot_t prot)
{
	if (vm->mode == MMSIM_VMALLOC_NOMMU)
		return MMSIM_VMALLOC_BAD_NOMMU;
	if (preempt_count() || irqs_disabled())
		return MMSIM_VMALLOC_BAD_CONTEXT;
	if (!count || count > vm->max_pages)
		return MMSIM_VMALLOC_BAD_SIZE;
	if ((flags & ~(VM_MAP | VM_USERMAP | VM_IOREMAP | VM_DMA_COHERENT | VM_MAP_PUT_PAGES)) || !gives_access(prot))
		return MMSIM_VMALLOC_BAD_PROT;
	return MMSIM_NR_VMALLOC_BAD;
}

/* An area without a mapping that went wrong: it may be there in part. */
static void undo(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	if (vm->mode != MMSIM_VMALLOC_WINDOW) {
		mmsim_area_drop(vm, area);
		return;
	}
	mmsim_area_ready(area);
	mmsim_area_remove(vm, (void *)area->va_start, 0, 0);
	mmsim_area_unmap(vm, area);
	mmsim_area_lazy(vm, area);
}

/* Whose the array is that a client gives with VM_MAP_PUT_PAGES, where that is an area, too. */
static void own_array(struct mmsim_vmalloc *vm, const void *array, bool ours)
{
	struct mmsim_vmap_area *area;

	spin_lock_irq(&vm->lock);
	area = mmsim_area_at(vm, (unsigned long)array);
	if (area && ours)
		area->vm.flags |= MMSIM_VM_ARRAY;
	else if (area)
		area->vm.flags &= ~MMSIM_VM_ARRAY;
	spin_unlock_irq(&vm->lock);
}

static void *map(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int count, unsigned long flags,
		 pgprot_t prot, const void *caller)
{
	const struct mmsim_vmalloc_request rq = { .size = (unsigned long)count << PAGE_SHIFT, .caller = caller };
	struct mmsim_vmap_area *area = mmsim_area_get(vm, count + 1UL, PAGE_SIZE, flags, GFP_KERNEL);
	unsigned int i;

	if (!area) {
		mmsim_vmalloc_failed(vm, &rq, "addresses");
		return NULL;
	}
	area->vm.requested_size = rq.size;
	area->vm.caller = caller;
	if (likely(mmsim_area_map(vm, area, pages, count, PAGE_SIZE, prot, GFP_KERNEL))) {
		if (flags & VM_MAP_PUT_PAGES) {
			own_array(vm, pages, true);
			area->vm.pages = pages;
			area->vm.nr_pages = count;
		}
		mmsim_area_ready(area);
		return area->vm.addr;
	}
	undo(vm, area);
	i = mmsim_vmalloc_not_ours(vm, pages, count);
	if (i < count)
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_PAGE, (unsigned long)pages[i], (unsigned long)caller);
	else
		mmsim_vmalloc_failed(vm, &rq, "mapping");
	return NULL;
}

/**
 * mmsim_vmalloc_vmap() - give pages addresses in a row
 * @vm: the vmalloc floor
 * @pages: the pages
 * @count: how many
 * @flags: VM_*, as the kernel's vmap() takes them; MMSIM_VM_RAM alone for vm_map_ram()
 * @prot: what may be done with them; never to be executed
 * @caller: for reports
 *
 * Context: process context, may sleep.
 * Return: the address of the first byte; NULL, reported, when it can't be had.
 */
void *mmsim_vmalloc_vmap(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int count,
			 unsigned long flags, pgprot_t prot, const void *caller)
{
	enum mmsim_vmalloc_bad fault = fault_of(vm, count, flags == MMSIM_VM_RAM ? 0 : flags, prot);

	if (likely(fault == MMSIM_NR_VMALLOC_BAD)) {
		might_sleep();
		return map(vm, pages, count, flags, pgprot_nx(prot), caller);
	}
	mmsim_vmalloc_bad(vm, fault, fault == MMSIM_VMALLOC_BAD_PROT ? flags : count, (unsigned long)caller);
	return NULL;
}

/**
 * mmsim_vmalloc_vunmap() - take the addresses of vmap() back; the pages stay the client's
 * @vm: the vmalloc floor
 * @addr: what vmap() returned; NULL is ignored
 * @caller: for reports
 *
 * Context: process context, may sleep.
 * Return: whether it was unmapped; otherwise, for an area of vmalloc() too, it is reported and all is as before.
 */
bool mmsim_vmalloc_vunmap(struct mmsim_vmalloc *vm, const void *addr, unsigned long caller)
{
	struct mmsim_vmap_area *area;

	might_sleep();
	if (!addr)
		return true;
	area = mmsim_area_remove(vm, addr, MMSIM_VM_RAM | VM_ALLOC, 0);
	if (unlikely(!area)) {
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_ADDRESS, (unsigned long)addr, caller);
		return false;
	}
	mmsim_area_unmap(vm, area);
	if (area->vm.pages)
		own_array(vm, area->vm.pages, false);
	area->vm.pages = NULL;
	area->vm.nr_pages = 0;
	mmsim_area_lazy(vm, area);
	mmsim_vmalloc_purge_if_due(vm);
	return true;
}
