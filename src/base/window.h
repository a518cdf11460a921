/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A window: kernel addresses of our own, a page table entry each, behind which any frame can be put. Knows frames and
 * addresses; what is behind which one is its user's business.
 */
#ifndef MMSIM_BASE_WINDOW_H
#define MMSIM_BASE_WINDOW_H

#include <linux/mm.h>
#include <linux/types.h>

/* Pages that one entry of the level above maps, if it maps a frame itself: what a table's entries map together. */
#define MMSIM_WINDOW_HUGE_PAGES	((unsigned long)PTRS_PER_PTE)

/* No frame: what mmsim_window_frame() says where there is nothing. */
#define MMSIM_WINDOW_NONE	ULONG_MAX

/* A table, seen from the entry that points to it. */
struct mmsim_window_link {
	pmd_t *entry;
	pmd_t to_table;			/* what stands there while the table is in use */
};

/* Constant from mmsim_window_create() to mmsim_window_destroy(); the entries are their users'. */
struct mmsim_window {
	void *addr;			/* of its first page; NULL when there is no window */
	unsigned long nr_pages;
	pte_t **tables;			/* where the entries are: each table's first; a table a PMD_SIZE of addresses */
	unsigned long first;		/* the first page's place in its table */
	struct mmsim_window_link *links;	/* by table, as tables; NULL where they can't be had */
};

int mmsim_window_create(struct mmsim_window *w, unsigned long nr_pages);
void mmsim_window_destroy(struct mmsim_window *w);
void mmsim_window_set(struct mmsim_window *w, unsigned long i, unsigned long pfn, pgprot_t prot);
void mmsim_window_clear(struct mmsim_window *w, unsigned long i);
void mmsim_window_set_huge(struct mmsim_window *w, unsigned long i, unsigned long pfn, pgprot_t prot);
void mmsim_window_clear_huge(struct mmsim_window *w, unsigned long i);
unsigned long mmsim_window_frame(const struct mmsim_window *w, unsigned long i);
void mmsim_window_flush(void);
void mmsim_window_flush_local(const struct mmsim_window *w, unsigned long i);

/* What mmsim_window_set() and mmsim_window_clear() do with an entry. There are windows only on x86. */
static inline void mmsim_window_store(pte_t *entry, unsigned long value)
{
#ifdef CONFIG_X86
	native_set_pte(entry, native_make_pte(value));
#endif
}

static inline void *mmsim_window_addr(const struct mmsim_window *w, unsigned long i)
{
	return w->addr + (i << PAGE_SHIFT);
}

/* The page of the window that @addr lies in; not below nr_pages when it is no address of the window. */
static inline unsigned long mmsim_window_index(const struct mmsim_window *w, const void *addr)
{
	return w->addr ? ((unsigned long)addr - (unsigned long)w->addr) >> PAGE_SHIFT : ULONG_MAX;
}

/* For runs of pages: the entry of page @i; *run of them, from it on, lie side by side. */
static inline pte_t *mmsim_window_entries(const struct mmsim_window *w, unsigned long i, unsigned long *run)
{
	unsigned long at = i + w->first;

	*run = PTRS_PER_PTE - at % PTRS_PER_PTE;
	return &w->tables[at / PTRS_PER_PTE][at % PTRS_PER_PTE];
}

/* Whether page @i is the first of MMSIM_WINDOW_HUGE_PAGES that mmsim_window_set_huge() can map as one. */
static inline bool mmsim_window_huge_ok(const struct mmsim_window *w, unsigned long i)
{
	return w->links && (i + w->first) % PTRS_PER_PTE == 0;
}

#endif /* MMSIM_BASE_WINDOW_H */
