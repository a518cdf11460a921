/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pageblock isolation: a range from which nothing is allocated, so that it can be emptied.
 */
#ifndef MMSIM_SRC_ISOLATE_H
#define MMSIM_SRC_ISOLATE_H

#include "page/memory.h"

/* What is in somebody's way, for who wants to know. */
struct mmsim_obstacle {
	unsigned long pfn;
	const char *why;	/* NULL: there is none */
};

/* A range of one zone; the pageblocks that it touches are isolated with it. */
struct mmsim_range {
	struct mmsim_memory *mem;
	struct mmsim_zone *zone;
	unsigned long start, end;	/* frames */
	unsigned int type;		/* of its pageblocks before and after: CMA or what ordinary ones have */
	struct mmsim_obstacle obstacle;	/* why the last step could not be done */
};

int mmsim_range_init(struct mmsim_range *r, struct mmsim_memory *mem, unsigned long start, unsigned long end);
bool mmsim_range_obstacle(struct mmsim_range *r, unsigned long pfn, const char *why);
int mmsim_range_isolate(struct mmsim_range *r);
void mmsim_range_restore(struct mmsim_range *r);
bool mmsim_range_all_free(struct mmsim_range *r);
bool mmsim_range_is_movable(struct mmsim_range *r);
void mmsim_range_take(struct mmsim_range *r);
void mmsim_pageblock_retype(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int type);

#endif /* MMSIM_SRC_ISOLATE_H */
