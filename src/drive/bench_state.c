// SPDX-License-Identifier: GPL-2.0
/*
 * The same state of the buddy lists on both sides of a row.
 *
 * What a pair costs depends on which blocks happen to be free: where there is one of the right order it is taken and
 * put back; where there are only largest blocks, each pair splits one down and merges it up again. A machine that has
 * run for a while has some small blocks, a fresh region none: such a comparison would measure the past. So a row can
 * ask for either state, and both sides are brought into it by keeping blocks for as long as the row runs:
 *
 *	split	blocks are kept until a whole largest block has come out in one ascending run. A smaller block would
 *		have been taken before that one was split, so none is left: the next pair starts from a largest block;
 *	flat	blocks are kept until two have come that are each other's buddies; then one of them is given back. Its
 *		buddy is kept, so it stays what it is.
 *
 *	areas	so many areas of a page are kept, with holes of the same size between them.
 *
 * The first two are told by the blocks' physical addresses, with nothing of either allocator's inside. An order that
 * has per-CPU lists hardly touches the buddy lists in pairs; being prepared does it no harm.
 */
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/mm.h>

#include <mmsim/page.h>

#include "drive/bench.h"

static bool keep(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args, phys_addr_t *phys)
{
	unsigned long limit = min(totalram_pages() / 8 >> args->order, 4096UL);
	void *p = k->nr < limit ? k->op->alloc[k->side](args) : NULL;

	if (!p)
		return false;
	*phys = k->op->phys[k->side](p);
	k->block[k->nr++] = p;
	return true;
}

static bool prepare_split(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args)
{
	phys_addr_t size = PAGE_SIZE << args->order, largest = PAGE_SIZE << MMSIM_MAX_ORDER, next = 0, phys;
	bool in_run = false;

	while (keep(k, args, &phys)) {
		in_run = IS_ALIGNED(phys, largest) || (in_run && phys == next);
		next = phys + size;
		if (in_run && IS_ALIGNED(next, largest))
			return true;
	}
	return false;
}

static bool prepare_flat(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args)
{
	phys_addr_t size = PAGE_SIZE << args->order, last, phys;

	if (!keep(k, args, &phys))
		return false;
	do {
		last = phys;
		if (!keep(k, args, &phys))
			return false;
	} while ((last ^ phys) != size);
	k->op->free[k->side](args, k->block[--k->nr]);
	return true;
}

/* Takes twice as many as are kept: each other one is what makes the hole. */
static bool prepare_areas(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args, unsigned int nr)
{
	const struct mmsim_bench_op *op = k->op = &mmsim_bench_area_op;
	void *last = NULL;

	for (k->nr = 0; k->nr < nr; k->nr++) {
		k->block[k->nr] = op->alloc[k->side](args);
		if (!k->block[k->nr])
			break;
		/* The one in between goes when its neighbours are there, so that they don't get its place. */
		if (last)
			op->free[k->side](args, last);
		last = op->alloc[k->side](args);
		if (!last)
			return false;
	}
	if (last)
		op->free[k->side](args, last);
	return k->nr == nr;
}

/* Returns false when the state could not be reached; mmsim_bench_release() is wanted in any case. */
bool mmsim_bench_prepare(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args, enum mmsim_bench_state state)
{
	switch (state) {
	case MMSIM_BENCH_SPLIT:
		return prepare_split(k, args);
	case MMSIM_BENCH_FLAT:
		return prepare_flat(k, args);
	case MMSIM_BENCH_AREAS_100:
		return prepare_areas(k, args, 100);
	case MMSIM_BENCH_AREAS_100000:
		return prepare_areas(k, args, 100000);
	default:
		return true;
	}
}

void mmsim_bench_release(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args)
{
	while (k->nr)
		k->op->free[k->side](args, k->block[--k->nr]);
}
