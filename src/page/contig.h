/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Claims of contiguous memory, on any instance.
 */
#ifndef MMSIM_SRC_CONTIG_H
#define MMSIM_SRC_CONTIG_H

#include "page/isolate.h"

int mmsim_claim_range(struct mmsim_range *r, gfp_t gfp);
int mmsim_memory_alloc_contig_range(struct mmsim_memory *mem, unsigned long start, unsigned long end,
				    unsigned int migratetype, gfp_t gfp);
struct mmsim_page *mmsim_memory_alloc_contig_pages(struct mmsim_memory *mem, unsigned long nr_pages, gfp_t gfp,
						   int nid);
unsigned long mmsim_memory_free_contig_range(struct mmsim_memory *mem, unsigned long pfn, unsigned long nr_pages,
					     unsigned long caller);

#endif /* MMSIM_SRC_CONTIG_H */
