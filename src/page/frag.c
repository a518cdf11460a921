// SPDX-License-Identifier: GPL-2.0
/*
 * How scattered free memory is, from the number of free blocks of each order alone. Two figures in thousandths:
 *
 *	extfrag		why a request of an order would fail: near 0 for want of memory, near 1000 because what there is
 *			lies in pieces. -1000: it would not fail. Compaction helps against the second and not the first.
 *	unusable	the share of the free memory that lies in blocks too small for the order
 *
 * Both are the kernel's (Gorman and Whitcroft 2006), roundings included.
 */
#include <linux/math64.h>

#include "page/memory.h"
#include "page/frag.h"

struct tally {
	u64 blocks;	/* free ones of any order */
	u64 pages;	/* in all of them */
	u64 fitting;	/* blocks of the order wanted that could be cut from them */
};

static struct tally tally_up(const unsigned long nr_free[MMSIM_NR_ORDERS], unsigned int wanted)
{
	struct tally t = {};
	unsigned int order;

	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		t.blocks += nr_free[order];
		t.pages += (u64)nr_free[order] << order;
		t.fitting += order < wanted ? 0 : (u64)nr_free[order] << (order - wanted);
	}
	return t;
}

/**
 * mmsim_extfrag_index() - whether a request would fail for want of memory or for fragmentation
 * @nr_free: free blocks of each order
 * @order: the request's
 *
 * Return: -1000 when a block is there. 0 when nothing is free. Else below 1000, and the larger the more it is due to
 * fragmentation; negative values other than -1000 come from few blocks.
 */
int mmsim_extfrag_index(const unsigned long nr_free[MMSIM_NR_ORDERS], unsigned int order)
{
	struct tally t = tally_up(nr_free, order);

	if (!t.blocks)
		return 0;
	if (t.fitting)
		return -1000;
	return 1000 - (int)div64_u64(1000 + ((t.pages * 1000) >> order), t.blocks);
}

/**
 * mmsim_unusable_index() - the share of free memory that a request can't use
 * @nr_free: free blocks of each order
 * @order: the request's
 *
 * Return: 0, all of it is in blocks of the order or larger, to 1000, none or nothing is free.
 */
int mmsim_unusable_index(const unsigned long nr_free[MMSIM_NR_ORDERS], unsigned int order)
{
	struct tally t = tally_up(nr_free, order);

	return t.pages ? div64_u64((t.pages - (t.fitting << order)) * 1000, t.pages) : 1000;
}
