/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A window: kernel addresses of our own, a page table entry each, behind which any frame can be put. Knows frames and
 * addresses; what is behind which one is its user's business.
 */
#ifndef MMSIM_BASE_WINDOW_H
#define MMSIM_BASE_WINDOW_H

#include <linux/mm.h>
#include <linux/types.h>

/* Constant from mmsim_window_create() to mmsim_window_destroy(); the entries are their users'. */
struct mmsim_window {
	void *addr;			/* of its first page; NULL when there is no window */
	unsigned long nr_pages;
	pte_t **tables;			/* where the entries are: each table's first; a table a PMD_SIZE of addresses */
	unsigned long first;		/* the first page's place in its table */
};

int mmsim_window_create(struct mmsim_window *w, unsigned long nr_pages);
void mmsim_window_destroy(struct mmsim_window *w);
void mmsim_window_set(struct mmsim_window *w, unsigned long i, unsigned long pfn, pgprot_t prot);
void mmsim_window_clear(struct mmsim_window *w, unsigned long i);
void mmsim_window_flush(void);
void mmsim_window_flush_local(const struct mmsim_window *w, unsigned long i);

static inline void *mmsim_window_addr(const struct mmsim_window *w, unsigned long i)
{
	return w->addr + (i << PAGE_SHIFT);
}

/* The page of the window that @addr lies in; not below nr_pages when it is no address of the window. */
static inline unsigned long mmsim_window_index(const struct mmsim_window *w, const void *addr)
{
	return w->addr ? ((unsigned long)addr - (unsigned long)w->addr) >> PAGE_SHIFT : ULONG_MAX;
}

#endif /* MMSIM_BASE_WINDOW_H */
