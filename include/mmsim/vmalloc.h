/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mmsim's vmalloc, as other modules see it: the kernel's functions with mmsim_ before their names, the kernel's flags
 * and errors. They act on the live instance, the one that insmod created. The functions' documentation stands where
 * they are defined, in src/vmalloc/export.c.
 */
#ifndef MMSIM_VMALLOC_H
#define MMSIM_VMALLOC_H

#include <linux/overflow.h>
#include <linux/vmalloc.h>

#include <mmsim/page.h>

void *mmsim_vmalloc(unsigned long size);
void *mmsim_vzalloc(unsigned long size);
void *mmsim_vmalloc_node(unsigned long size, int node);
void *mmsim_vzalloc_node(unsigned long size, int node);
void *mmsim_vmalloc_user(unsigned long size);
void *mmsim_vmalloc_32(unsigned long size);
void *mmsim_vmalloc_32_user(unsigned long size);
void *mmsim_vmalloc_huge(unsigned long size, gfp_t gfp);
void *mmsim___vmalloc(unsigned long size, gfp_t gfp);
void *mmsim___vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node, const void *caller);
void *mmsim_vrealloc(const void *addr, size_t size, gfp_t gfp);
void mmsim_vfree(const void *addr);
void mmsim_vfree_atomic(const void *addr);

void *mmsim_vmap(struct mmsim_page **pages, unsigned int count, unsigned long flags, pgprot_t prot);
void mmsim_vunmap(const void *addr);
void *mmsim_vm_map_ram(struct mmsim_page **pages, unsigned int count, int node);
void mmsim_vm_unmap_ram(const void *addr, unsigned int count);
void mmsim_vm_unmap_aliases(void);

struct mmsim_page *mmsim_vmalloc_to_page(const void *addr);
unsigned long mmsim_vmalloc_to_pfn(const void *addr);
bool mmsim_is_vmalloc_addr(const void *addr);
int mmsim_remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff);
int mmsim_remap_vmalloc_range_partial(struct vm_area_struct *vma, unsigned long uaddr, void *addr,
				      unsigned long pgoff, unsigned long size);

static inline void *mmsim___vmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes) ? NULL : mmsim___vmalloc(bytes, gfp);
}

static inline void *mmsim_vmalloc_array(size_t n, size_t size)
{
	return mmsim___vmalloc_array(n, size, GFP_KERNEL);
}

static inline void *mmsim___vcalloc(size_t n, size_t size, gfp_t gfp)
{
	return mmsim___vmalloc_array(n, size, gfp | __GFP_ZERO);
}

static inline void *mmsim_vcalloc(size_t n, size_t size)
{
	return mmsim___vmalloc_array(n, size, GFP_KERNEL | __GFP_ZERO);
}

#endif /* MMSIM_VMALLOC_H */
