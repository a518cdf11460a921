// SPDX-License-Identifier: GPL-2.0
/*
 * Areas that processes see: remap_vmalloc_range().
 *
 * A process's page tables get the host's pages, which count who maps them: so an area that was freed while a process
 * still has it mapped is kept by purges, and its frames with it, until it has been unmapped. A region without host
 * pages (memmap), or of one block with one count, has no such counts; there the frames are mapped as remap_pfn_range()
 * maps a device's, and it is the client's business, as with a device's, that they outlive the mapping.
 */
#include <linux/mm.h>
#include <linux/overflow.h>

#include "vmalloc/vmalloc.h"

/* The area, if processes may see so much of it. Its owner makes this call, and so it stays. */
static struct mmsim_vmap_area *area_to_show(struct mmsim_vmalloc *vm, void *addr, unsigned long pgoff,
					    unsigned long size)
{
	struct mmsim_vmap_area *area;
	unsigned long offset, end;

	if (check_mul_overflow(pgoff, PAGE_SIZE, &offset) || check_add_overflow(offset, size, &end))
		return NULL;
	spin_lock_irq(&vm->lock);
	area = mmsim_area_at(vm, (unsigned long)addr);
	if (area && (!(area->vm.flags & VM_USERMAP) || !area->vm.pages || end > mmsim_area_bytes(area)))
		area = NULL;
	if (area)
		area->vm.flags |= MMSIM_VM_REMAPPED;
	spin_unlock_irq(&vm->lock);
	return area;
}

static int show_page(struct mmsim_vmalloc *vm, struct vm_area_struct *vma, unsigned long uaddr,
		     const struct mmsim_page *page)
{
	unsigned long pfn = mmsim_memory_pfn(vm->mem, page);

	if (mmsim_region_counted(vm->mem->region))
		return vm_insert_page(vma, uaddr, pfn_to_page(pfn));
	return remap_pfn_range(vma, uaddr, pfn, PAGE_SIZE, vma->vm_page_prot);
}

/**
 * mmsim_vmalloc_remap() - have a part of a VMA show a part of an area
 * @vm: the vmalloc floor
 * @vma: the VMA
 * @uaddr: where in it
 * @addr: first byte of the area, which has VM_USERMAP
 * @pgoff: where in it, in pages
 * @size: bytes
 *
 * Context: process context, under the mm's mmap_lock.
 * Return: 0 or a negative errno; then some pages may be mapped.
 */
int mmsim_vmalloc_remap(struct mmsim_vmalloc *vm, struct vm_area_struct *vma, unsigned long uaddr, void *addr,
			unsigned long pgoff, unsigned long size)
{
	struct mmsim_vmap_area *area;
	unsigned long i;
	int err = 0;

	if (vm->mode == MMSIM_VMALLOC_NOMMU || !PAGE_ALIGNED(uaddr) || !PAGE_ALIGNED(addr))
		return -EINVAL;
	size = PAGE_ALIGN(size);
	area = area_to_show(vm, addr, pgoff, size);
	if (!area)
		return -EINVAL;
	for (i = 0; !err && i < size >> PAGE_SHIFT; i++)
		err = show_page(vm, vma, uaddr + (i << PAGE_SHIFT), area->vm.pages[pgoff + i]);
	if (!err)
		vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return err;
}

/**
 * mmsim_area_is_remapped() - whether a process still has some of an area mapped
 * @vm: the vmalloc floor
 * @area: a lazy area
 *
 * Context: any.
 * Return: whether its frames can't be given back yet.
 */
bool mmsim_area_is_remapped(struct mmsim_vmalloc *vm, const struct mmsim_vmap_area *area)
{
	unsigned int i;

	if (likely(!(area->vm.flags & MMSIM_VM_REMAPPED)))
		return false;
	for (i = 0; i < area->vm.nr_pages; i++)
		if (mmsim_region_shared(vm->mem->region, mmsim_memory_pfn(vm->mem, area->vm.pages[i])))
			return true;
	return false;
}
