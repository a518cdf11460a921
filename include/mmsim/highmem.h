/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses for pages that have none: those of the HighMem zone. As the kernel's <linux/highmem.h>; the functions'
 * documentation stands where they are defined, in src/page/export.c.
 */
#ifndef MMSIM_HIGHMEM_H
#define MMSIM_HIGHMEM_H

#include <linux/preempt.h>
#include <linux/uaccess.h>

#include <mmsim/page.h>

void *mmsim_kmap(struct mmsim_page *page);
void mmsim_kunmap(struct mmsim_page *page);
void *mmsim_kmap_local_page(struct mmsim_page *page);
void mmsim_kunmap_local(const void *addr);
void mmsim_kmap_flush_unused(void);

/*
 * The same with preemption and page faults off for pages of any zone; they stay on where it returns NULL. New code
 * takes mmsim_kmap_local_page().
 */
static inline void *mmsim_kmap_atomic(struct mmsim_page *page)
{
	void *addr;

	preempt_disable();
	pagefault_disable();
	addr = mmsim_kmap_local_page(page);
	if (unlikely(!addr)) {
		pagefault_enable();
		preempt_enable();
	}
	return addr;
}

static inline void mmsim_kunmap_atomic(const void *addr)
{
	mmsim_kunmap_local(addr);
	pagefault_enable();
	preempt_enable();
}

#endif /* MMSIM_HIGHMEM_H */
