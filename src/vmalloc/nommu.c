// SPDX-License-Identifier: GPL-2.0
/*
 * As on a machine without page tables, with the kernel's mm/nommu.c: vmalloc() is kmalloc(), which has one block of
 * pages for it or nothing; there are no areas, and nothing can be mapped. HighMem is no good, for it has no addresses.
 */
#include <linux/mm.h>

#include <mmsim/kmalloc.h>

#include "base/fault.h"
#include "vmalloc/vmalloc.h"

static gfp_t block_gfp(gfp_t gfp)
{
	return (gfp | __GFP_COMP) & ~__GFP_HIGHMEM;
}

/**
 * mmsim_nommu_alloc() - what vmalloc() does
 * @rq: what is asked for
 *
 * A whole number of pages, so that it begins where a page does.
 *
 * Context: as mmsim_kmalloc().
 * Return: the address of the first byte, aligned to what kmalloc() gives for the size; NULL when there is none.
 */
void *mmsim_nommu_alloc(const struct mmsim_vmalloc_request *rq)
{
	unsigned long size = max(PAGE_ALIGN(rq->size), rq->align);

	return mmsim_fault() ? NULL : mmsim_kmalloc_node(size, block_gfp(rq->gfp), rq->node);
}

/**
 * mmsim_nommu_free() - what vfree() does
 * @addr: what mmsim_nommu_alloc() returned
 *
 * Context: any.
 */
void mmsim_nommu_free(const void *addr)
{
	mmsim_kfree(addr);
}

/**
 * mmsim_nommu_realloc() - what vrealloc() does
 * @addr: what mmsim_nommu_alloc() returned
 * @size: bytes, not 0
 * @gfp: the kernel's flags
 *
 * Context: as mmsim_kmalloc().
 * Return: as mmsim_nommu_alloc().
 */
void *mmsim_nommu_realloc(void *addr, unsigned long size, gfp_t gfp)
{
	return mmsim_krealloc(addr, PAGE_ALIGN(size), block_gfp(gfp));
}
