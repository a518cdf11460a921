/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HighMem: pages without a permanent address, and the slots that lend them one. See highmem.c.
 */
#ifndef MMSIM_SRC_HIGHMEM_H
#define MMSIM_SRC_HIGHMEM_H

#include <linux/mutex.h>
#include <linux/wait.h>

#include "base/window.h"

struct mmsim_memory;
struct mmsim_page;

#define MMSIM_KMAP_SLOTS	512	/* for mmsim_kmap(), all CPUs together: one page table's worth */
#define MMSIM_KMAP_LOCAL_SLOTS	16	/* for mmsim_kmap_local_page(), a CPU: nested mappings, interrupts' included */

struct mmsim_kmap_slot {
	struct mmsim_page *page;	/* mapped here; NULL when nothing is. highmem->lock */
	unsigned int users;		/* mmsim_kmap() without mmsim_kunmap(). highmem->lock */
};

/* What a CPU has mapped by itself, used by it alone. */
struct mmsim_kmap_cpu {
	unsigned int depth;		/* slots in use, from the first */
	struct mmsim_page *page[MMSIM_KMAP_LOCAL_SLOTS];	/* in them */
} ____cacheline_aligned;

struct mmsim_highmem {
	struct mutex lock;		/* the slots, and `virtual` of HighMem's pages */
	wait_queue_head_t wait;		/* for a slot without users */
	unsigned int idle;		/* slots without users. lock to write */
	unsigned int next;		/* where the next free slot is looked for. lock */
	unsigned long nr_flushes;	/* times the idle slots were emptied. lock */
	struct mmsim_window window;	/* the slots' addresses: kmap()'s, then each CPU's. Constant */
	struct mmsim_kmap_slot slot[MMSIM_KMAP_SLOTS];
	struct mmsim_kmap_cpu cpu[];	/* by CPU number */
};

void mmsim_highmem_start(struct mmsim_memory *mem);
void mmsim_highmem_stop(struct mmsim_memory *mem);
int mmsim_highmem_check(struct mmsim_memory *mem, char *what, size_t size);

void *mmsim_highmem_map(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller);
bool mmsim_highmem_unmap(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller);
void mmsim_highmem_flush(struct mmsim_memory *mem);
void *mmsim_highmem_map_local(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller);
bool mmsim_highmem_unmap_local(struct mmsim_memory *mem, const void *addr, unsigned long caller);

#endif /* MMSIM_SRC_HIGHMEM_H */
