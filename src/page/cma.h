/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CMA areas, on any instance.
 */
#ifndef MMSIM_SRC_CMA_H
#define MMSIM_SRC_CMA_H

#include <linux/notifier.h>
#include <linux/spinlock.h>

#include <mmsim/cma.h>

#include "page/isolate.h"

#define MMSIM_CMA_NAME	32		/* bytes, the NUL included */

/* Lies in pages of its own, allocated from the instance. */
struct mmsim_cma {
	/* Constant. */
	struct list_head list;		/* of the instance's. cma_mutex */
	char name[MMSIM_CMA_NAME];
	struct mmsim_memory *mem;
	struct mmsim_zone *zone;
	struct mmsim_page *self;	/* the block that this structure lies in */
	unsigned long base_pfn;		/* Invariant: a multiple of MMSIM_PAGEBLOCK_PAGES and of a bit's pages */
	unsigned long count;		/* pages. Invariant: as base_pfn */
	unsigned int order_per_bit;	/* a bit stands for 1 << so many pages */
	unsigned long nr_bits;

	unsigned int holders;		/* who created or found it and has not put it. cma_mutex */

	void *files;			/* of a floor above, which writes it while the area is hidden */

	spinlock_t lock;		/* of what follows; process context */
	bool hidden;			/* coming or going: not found, not claimed from. Written under cma_mutex, too */
	struct mmsim_obstacle failure;	/* what the last claim that failed met; why is NULL as long as none has */
	int error;			/* and what it came to */
	/*
	 * A bit a page, set while it is claimed: a claim may end inside what a bit of bitmap stands for, and the pages
	 * behind it stay on loan. It lies behind bitmap, or is the same where that has a bit a page, too.
	 */
	unsigned long *claimed;
	unsigned long bitmap[];		/* a bit is set while some of its pages are claimed */
};

/* What a floor above is told, with the area, which is hidden then; cma_mutex is free. */
enum mmsim_cma_news {
	MMSIM_CMA_CREATED,
	MMSIM_CMA_GOES
};

extern struct blocking_notifier_head mmsim_cma_chain;

void mmsim_cma_init(struct mmsim_memory *mem);
void mmsim_cma_exit(struct mmsim_memory *mem);
int mmsim_memory_cma_create(struct mmsim_memory *mem, const char *name, u64 size, phys_addr_t base,
			    unsigned int order_per_bit, struct mmsim_cma **cma);
int mmsim_cma_parse(struct mmsim_memory *mem, const char *areas);
struct mmsim_cma *mmsim_memory_cma_find(struct mmsim_memory *mem, const char *name);
unsigned long mmsim_cma_used(struct mmsim_cma *cma);
unsigned long mmsim_cma_maxchunk(struct mmsim_cma *cma);

#endif /* MMSIM_SRC_CMA_H */
