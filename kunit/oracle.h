/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the page floor's tests compare an instance with.
 *
 * A snapshot is what the instance itself counts: free lists, refusals, failures. A refused operation changes one
 * counter in it, an operation and its opposite nothing.
 *
 * The model knows of each frame who owns it, and nothing else. From that alone it says how long every free list must be
 * and where the next block must come from: in a buddy system that merges at once, the free blocks are the largest
 * aligned runs of free frames inside one zone. It finds them by trying all, the largest first.
 */
#ifndef MMSIM_KUNIT_ORACLE_H
#define MMSIM_KUNIT_ORACLE_H

#include <kunit/test.h>

#include "fixture.h"
#include "page/memory.h"

struct mmsim_snapshot {
	unsigned long nr_free[MMSIM_NR_ZONES][MMSIM_NR_ORDERS];
	unsigned long free_pages[MMSIM_NR_ZONES];
	unsigned long allocated_pages[MMSIM_NR_ZONES];
	long bad[MMSIM_NR_BAD];
	long nr_failed;
};

struct mmsim_snapshot *mmsim_snapshot(struct kunit *test, struct mmsim_memory *mem);
void mmsim_expect_since(struct kunit *test, struct mmsim_memory *mem, const struct mmsim_snapshot *before, int bad,
			long failed);

/* Owners of a frame; every other number is a block that a test holds. */
#define MMSIM_MODEL_FREE	0
#define MMSIM_MODEL_KEPT	U32_MAX		/* metadata, a hole: never handed out */

struct mmsim_model {
	const struct mmsim_memory *mem;
	unsigned long start_pfn;
	unsigned long nr_pages;
	u32 *owner;						/* of each frame */
	u8 *zone;						/* of each frame */
	unsigned long nr_free[MMSIM_NR_ZONES][MMSIM_NR_ORDERS];	/* what the lists' lengths must be */
};

struct mmsim_model *mmsim_model(struct kunit *test, const struct mmsim_memory *mem);
void mmsim_model_rebuild(struct mmsim_model *model);
bool mmsim_model_block(const struct mmsim_model *model, unsigned long pfn, unsigned int order);
bool mmsim_model_owns(const struct mmsim_model *model, unsigned long pfn, unsigned int order, u32 id);
void mmsim_model_set(struct mmsim_model *model, unsigned long pfn, unsigned int order, u32 id);
int mmsim_model_smallest(const struct mmsim_model *model, unsigned int zone, unsigned int order);
bool mmsim_model_agrees(const struct mmsim_model *model, char *what, size_t size);

void mmsim_oracle_run(struct kunit *test, struct mmsim *m, unsigned long steps);

#endif /* MMSIM_KUNIT_ORACLE_H */
