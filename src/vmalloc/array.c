// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays of pointers, one for each page of an area: in the area itself for a few, from kmalloc() up to a page, an area
 * of its own above that. An area's array has an array that is 512 times shorter, so that this comes to an end: 1 GB
 * needs 2 MB of pointers, those 4 KB.
 */
#include <linux/kernel.h>
#include <linux/mm.h>

#include <mmsim/kmalloc.h>

#include "base/fault.h"
#include "vmalloc/vmalloc.h"

/**
 * mmsim_array_alloc() - allocate an array
 * @vm: the vmalloc floor
 * @bytes: its size
 * @gfp: of the request that wants it
 * @node: where it is to lie, or NUMA_NO_NODE
 * @caller: for reports
 *
 * Context: process context, may sleep.
 * Return: the array; NULL when there is no memory.
 */
void *mmsim_array_alloc(struct mmsim_vmalloc *vm, size_t bytes, gfp_t gfp, int node, const void *caller)
{
	const struct mmsim_vmalloc_request rq = {
		.size = bytes, .flags = MMSIM_VM_ARRAY, .gfp = gfp & ~__GFP_ZERO, .node = node, .caller = caller,
	};

	if (bytes > PAGE_SIZE)
		return mmsim_vmalloc_alloc(vm, &rq);
	if (mmsim_fault())
		return NULL;
	gfp &= ~(GFP_ZONEMASK | __GFP_RECLAIMABLE | __GFP_ZERO | __GFP_COMP);
	return mmsim_kmalloc_node(bytes, gfp, node);
}

/**
 * mmsim_array_free() - free an array
 * @vm: the vmalloc floor
 * @array: what mmsim_array_alloc() returned, or the same from kvmalloc()
 *
 * Context: process context, may sleep.
 * Return: whether it was an area, which is lazy now.
 */
bool mmsim_array_free(struct mmsim_vmalloc *vm, const void *array)
{
	if (mmsim_vmalloc_is_addr(vm, array))
		return mmsim_vmalloc_unlink(vm, array, 0);
	mmsim_kfree(array);
	return false;
}
