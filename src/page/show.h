/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a zone has free by migratetype, for the files that tell.
 */
#ifndef MMSIM_SRC_SHOW_H
#define MMSIM_SRC_SHOW_H

#include "page/memory.h"

/* A list is counted this far, since its zone waits meanwhile; a count that is reached means "at least". */
#define MMSIM_COUNT_CAP		100000UL

void mmsim_zone_count_types(struct mmsim_zone *zone, unsigned long nr[MMSIM_MIGRATE_TYPES][MMSIM_NR_ORDERS]);
void mmsim_zone_count_pageblocks(const struct mmsim_memory *mem, const struct mmsim_zone *zone,
				 unsigned long nr[MMSIM_MIGRATE_TYPES]);

#endif /* MMSIM_SRC_SHOW_H */
