// SPDX-License-Identifier: GPL-2.0
/*
 * The exported functions of vmalloc: the kernel's, on the live instance. What they do stands in vmalloc.c, vmap.c and
 * block.c.
 */
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/mm.h>

#include <asm/shmparam.h>

#include <mmsim/vmalloc.h>

#include "vmalloc/vmalloc.h"

struct mmsim_vmalloc *mmsim_vmalloc_live __read_mostly;

/* Memory below 4 GB, as the kernel's GFP_VMALLOC32 where there is a zone for it. */
#define GFP_32	(GFP_KERNEL | GFP_DMA32)

static __always_inline void *alloc(unsigned long size, unsigned long align, unsigned long flags, gfp_t gfp, int node,
				   const void *caller)
{
	const struct mmsim_vmalloc_request rq = {
		.size = size, .align = align, .flags = flags, .gfp = gfp, .node = node, .caller = caller,
	};

	return mmsim_vmalloc_alloc(mmsim_vmalloc_live, &rq);
}

/**
 * mmsim_vmalloc() - allocate memory whose addresses alone lie in a row, as vmalloc()
 * @size: bytes
 *
 * A page that faults lies behind it.
 *
 * Context: process context, may sleep.
 * Return: the memory, which begins where a page does; NULL, reported, when there is none, or for a size that is 0 or
 * more than the region has.
 */
void *mmsim_vmalloc(unsigned long size)
{
	return alloc(size, 1, 0, GFP_KERNEL, NUMA_NO_NODE, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc);

/**
 * mmsim_vzalloc() - the same, filled with zeroes, as vzalloc()
 * @size: bytes
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc().
 */
void *mmsim_vzalloc(unsigned long size)
{
	return alloc(size, 1, 0, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vzalloc);

/**
 * mmsim_vmalloc_node() - the same near a node, as vmalloc_node()
 * @size: bytes
 * @node: the node, or NUMA_NO_NODE
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc().
 */
void *mmsim_vmalloc_node(unsigned long size, int node)
{
	return alloc(size, 1, 0, GFP_KERNEL, node, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc_node);

/**
 * mmsim_vzalloc_node() - the same near a node, filled with zeroes, as vzalloc_node()
 * @size: bytes
 * @node: the node, or NUMA_NO_NODE
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc().
 */
void *mmsim_vzalloc_node(unsigned long size, int node)
{
	return alloc(size, 1, 0, GFP_KERNEL | __GFP_ZERO, node, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vzalloc_node);

/**
 * mmsim_vmalloc_user() - memory that processes may be given with mmsim_remap_vmalloc_range(), as vmalloc_user()
 * @size: bytes
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc(), filled with zeroes.
 */
void *mmsim_vmalloc_user(unsigned long size)
{
	return alloc(size, SHMLBA, VM_USERMAP, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc_user);

/**
 * mmsim_vmalloc_32() - memory of the zone DMA32 or below, as vmalloc_32()
 * @size: bytes
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc().
 */
void *mmsim_vmalloc_32(unsigned long size)
{
	return alloc(size, 1, 0, GFP_32, NUMA_NO_NODE, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc_32);

/**
 * mmsim_vmalloc_32_user() - both, as vmalloc_32_user()
 * @size: bytes
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc(), filled with zeroes.
 */
void *mmsim_vmalloc_32_user(unsigned long size)
{
	return alloc(size, SHMLBA, VM_USERMAP, GFP_32 | __GFP_ZERO, NUMA_NO_NODE, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc_32_user);

/**
 * mmsim_vmalloc_huge() - memory in blocks of 2 MB, where there are some, as vmalloc_huge()
 * @size: bytes; below 2 MB it is as mmsim___vmalloc()
 * @gfp: the kernel's flags
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc().
 */
void *mmsim_vmalloc_huge(unsigned long size, gfp_t gfp)
{
	return alloc(size, 1, VM_ALLOW_HUGE_VMAP, gfp, NUMA_NO_NODE, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc_huge);

/**
 * mmsim___vmalloc() - as mmsim_vmalloc(), with flags, as __vmalloc()
 * @size: bytes
 * @gfp: the kernel's flags; HighMem is tried first unless they name a zone
 *
 * Context: as mmsim_vmalloc(), whatever the flags.
 * Return: as mmsim_vmalloc(); not reported with __GFP_NOWARN.
 */
void *mmsim___vmalloc(unsigned long size, gfp_t gfp)
{
	return alloc(size, 1, 0, gfp, NUMA_NO_NODE, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim___vmalloc);

/**
 * mmsim___vmalloc_node() - the same with all there is to ask for, as __vmalloc_node()
 * @size: bytes
 * @align: the address is a multiple of it; a power of two
 * @gfp: the kernel's flags
 * @node: the node, or NUMA_NO_NODE
 * @caller: whom to name as the owner
 *
 * Context: as mmsim___vmalloc().
 * Return: as mmsim___vmalloc().
 */
void *mmsim___vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node, const void *caller)
{
	return alloc(size, align, 0, gfp, node, caller);
}
EXPORT_SYMBOL_GPL(mmsim___vmalloc_node);

/**
 * mmsim_vrealloc() - make an area larger or smaller, as vrealloc()
 * @addr: what mmsim_vmalloc() or one of its like returned; NULL: nothing yet
 * @size: bytes; 0 frees it
 * @gfp: the kernel's flags; with __GFP_ZERO what is added is zero if all has been allocated with it
 *
 * Context: as mmsim_vmalloc().
 * Return: as mmsim_vmalloc(); with NULL for a size that is not 0 the old memory stays.
 */
void *mmsim_vrealloc(const void *addr, size_t size, gfp_t gfp)
{
	return mmsim_vmalloc_realloc(mmsim_vmalloc_live, (void *)addr, size, gfp, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vrealloc);

/**
 * mmsim_vfree_atomic() - free an area where nobody may sleep, as vfree_atomic()
 * @addr: as for mmsim_vfree()
 *
 * A worker unmaps it. What can't be freed is reported at once and stays as it is.
 *
 * Context: any but NMI.
 */
void mmsim_vfree_atomic(const void *addr)
{
	mmsim_vmalloc_free_atomic(mmsim_vmalloc_live, addr, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_vfree_atomic);

/**
 * mmsim_vfree() - free an area, as vfree()
 * @addr: what mmsim_vmalloc() or one of its like returned, or mmsim_vmap(); NULL is ignored
 *
 * Context: process context, may sleep; from an interrupt as mmsim_vfree_atomic(). What can't be freed is reported and
 * stays as it is.
 */
void mmsim_vfree(const void *addr)
{
	if (unlikely(in_interrupt()))
		mmsim_vmalloc_free_atomic(mmsim_vmalloc_live, addr, _RET_IP_);
	else
		mmsim_vmalloc_free(mmsim_vmalloc_live, addr, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_vfree);

/**
 * mmsim_vmap() - give pages addresses in a row, as vmap()
 * @pages: the pages, of this region
 * @count: how many
 * @flags: VM_MAP, or 0; with VM_MAP_PUT_PAGES mmsim_vfree() frees pages and array, which is from mmsim_kvmalloc()
 * @prot: what may be done with them; never to be executed
 *
 * Context: process context, may sleep.
 * Return: the address of the first byte; NULL, reported, when it can't be had.
 */
void *mmsim_vmap(struct mmsim_page **pages, unsigned int count, unsigned long flags, pgprot_t prot)
{
	return mmsim_vmalloc_vmap(mmsim_vmalloc_live, pages, count, flags, prot, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vmap);

/**
 * mmsim_vunmap() - take the addresses back, as vunmap()
 * @addr: what mmsim_vmap() returned; NULL is ignored
 *
 * The pages stay the caller's.
 *
 * Context: process context, may sleep.
 */
void mmsim_vunmap(const void *addr)
{
	mmsim_vmalloc_vunmap(mmsim_vmalloc_live, addr, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_vunmap);

/**
 * mmsim_vm_map_ram() - give pages addresses in a row for a short time, as vm_map_ram()
 * @pages: the pages, of this region
 * @count: how many
 * @node: where structures are to lie; makes no difference
 *
 * Context: process context, may sleep.
 * Return: the address of the first byte; NULL, reported, when it can't be had.
 */
void *mmsim_vm_map_ram(struct mmsim_page **pages, unsigned int count, int node)
{
	return mmsim_vmalloc_map_ram(mmsim_vmalloc_live, pages, count, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_vm_map_ram);

/**
 * mmsim_vm_unmap_ram() - take the addresses back, as vm_unmap_ram()
 * @addr: what mmsim_vm_map_ram() returned
 * @count: what it was given
 *
 * Context: process context, may sleep. What was not mapped so is reported.
 */
void mmsim_vm_unmap_ram(const void *addr, unsigned int count)
{
	mmsim_vmalloc_unmap_ram(mmsim_vmalloc_live, addr, count, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_vm_unmap_ram);

/**
 * mmsim_vm_unmap_aliases() - have all CPUs forget what was unmapped, as vm_unmap_aliases()
 *
 * All that was freed so far is back in the page floor when it returns.
 *
 * Context: process context, may sleep.
 */
void mmsim_vm_unmap_aliases(void)
{
	flush_work(&mmsim_vmalloc_live->deferred_work);
	mmsim_vmalloc_purge(mmsim_vmalloc_live);
}
EXPORT_SYMBOL_GPL(mmsim_vm_unmap_aliases);

/**
 * mmsim_vmalloc_to_page() - the page behind an address, as vmalloc_to_page()
 * @addr: any address of an area
 *
 * Context: any; with vmalloc=vmap process context.
 * Return: the page; NULL when there is none.
 */
struct mmsim_page *mmsim_vmalloc_to_page(const void *addr)
{
	struct mmsim_vmalloc *vm = mmsim_vmalloc_live;

	if (vm->mode == MMSIM_VMALLOC_NOMMU)
		return mmsim_memory_addr_page(vm->mem, (unsigned long)addr);
	return mmsim_vmalloc_page(vm, addr);
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc_to_page);

/**
 * mmsim_vmalloc_to_pfn() - the number of the frame behind an address, as vmalloc_to_pfn()
 * @addr: an address of an area
 *
 * Context: as mmsim_vmalloc_to_page().
 * Return: the number; 0 when there is nothing.
 */
unsigned long mmsim_vmalloc_to_pfn(const void *addr)
{
	struct mmsim_page *page = mmsim_vmalloc_to_page(addr);

	return page ? mmsim_memory_pfn(mmsim_memory_live, page) : 0;
}
EXPORT_SYMBOL_GPL(mmsim_vmalloc_to_pfn);

/**
 * mmsim_is_vmalloc_addr() - whether an address is one of those that areas have, as is_vmalloc_addr()
 * @addr: any address
 *
 * Context: any.
 * Return: true for all addresses of the window, be there an area or not; with vmalloc=vmap for all of the host's, with
 * vmalloc=nommu for none.
 */
bool mmsim_is_vmalloc_addr(const void *addr)
{
	return mmsim_vmalloc_is_addr(mmsim_vmalloc_live, addr);
}
EXPORT_SYMBOL_GPL(mmsim_is_vmalloc_addr);

/**
 * mmsim_remap_vmalloc_range_partial() - have a part of a VMA show an area, as remap_vmalloc_range_partial()
 * @vma: the VMA
 * @uaddr: where in it; a multiple of PAGE_SIZE
 * @addr: what mmsim_vmalloc_user() or mmsim_vmalloc_32_user() returned, or mmsim_vmap() with VM_USERMAP and
 *	VM_MAP_PUT_PAGES
 * @pgoff: pages of the area to leave out
 * @size: bytes
 *
 * An area that is freed keeps its pages as long as a process has it mapped, where the host counts each page's mappings.
 * In a region from memmap=, and in one that the host sees as a single block, the client frees it after the last one.
 *
 * Context: process context, under the mm's mmap_lock.
 * Return: 0; -EINVAL for what is no such area, or not so large; what the kernel says who puts pages into a VMA.
 */
int mmsim_remap_vmalloc_range_partial(struct vm_area_struct *vma, unsigned long uaddr, void *addr,
				      unsigned long pgoff, unsigned long size)
{
	return mmsim_vmalloc_remap(mmsim_vmalloc_live, vma, uaddr, addr, pgoff, size);
}
EXPORT_SYMBOL_GPL(mmsim_remap_vmalloc_range_partial);

/**
 * mmsim_remap_vmalloc_range() - have a VMA show an area, as remap_vmalloc_range()
 * @vma: the VMA, all of it
 * @addr: as for mmsim_remap_vmalloc_range_partial()
 * @pgoff: as for mmsim_remap_vmalloc_range_partial()
 *
 * Context: as mmsim_remap_vmalloc_range_partial().
 * Return: as mmsim_remap_vmalloc_range_partial().
 */
int mmsim_remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff)
{
	return mmsim_vmalloc_remap(mmsim_vmalloc_live, vma, vma->vm_start, addr, pgoff, vma->vm_end - vma->vm_start);
}
EXPORT_SYMBOL_GPL(mmsim_remap_vmalloc_range);
