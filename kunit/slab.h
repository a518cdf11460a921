/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the slab floor's suites share: the ways in which a cache can be made, an instance for each, and what a floor
 * counts. A test body runs once for each way.
 */
#ifndef MMSIM_KUNIT_SLAB_H
#define MMSIM_KUNIT_SLAB_H

#include <kunit/test.h>
#include <linux/sizes.h>

#include <mmsim/kmalloc.h>

#include "fixture.h"

struct mmsim_slab_way {
	enum mmsim_engine engine;
	slab_flags_t debug;
	const char *name;
};

#define MMSIM_ALL_DEBUG		(SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS)

extern const struct mmsim_slab_way mmsim_slab_ways[];
extern const unsigned int mmsim_nr_slab_ways;

const void *mmsim_slab_ways_gen(const void *prev, char *desc);

/* What a floor counts: to be compared later. */
struct mmsim_slab_snapshot {
	unsigned long free_pages;
	long bad[MMSIM_NR_SLAB_BAD];
};

void mmsim_test_no_reap(struct mmsim_slabs *slabs);
struct mmsim_slabs *mmsim_test_slabs(struct kunit *test);

/*
 * Whether a cache has slabs of its own. SLOB's objects are pieces of a heap: nobody knows which cache they belong to or
 * where all of them are, and they are constructed each time.
 */
static inline bool mmsim_way_has_slabs(const struct kunit *test)
{
	return ((const struct mmsim_slab_way *)test->param_value)->engine != MMSIM_ENGINE_SLOB;
}

void mmsim_slab_snapshot(struct mmsim_slabs *slabs, struct mmsim_slab_snapshot *snapshot);
void mmsim_slab_expect_since(struct kunit *test, struct mmsim_slabs *slabs, const struct mmsim_slab_snapshot *before,
			     int bad, long times);

#endif /* MMSIM_KUNIT_SLAB_H */
