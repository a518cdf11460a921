/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the vmalloc floor's suites share: the modes in which an instance can get its addresses, an instance for each,
 * and what is to be as before when all has been freed. A test body runs once for each mode.
 */
#ifndef MMSIM_KUNIT_VMALLOC_H
#define MMSIM_KUNIT_VMALLOC_H

#include <kunit/test.h>
#include <linux/sizes.h>

#include <mmsim/vmalloc.h>

#include "fixture.h"

const void *mmsim_vmalloc_modes_gen(const void *prev, char *desc);

/* What a floor has: to be compared later. */
struct mmsim_vmalloc_snapshot {
	unsigned long free_pages;
	unsigned long nr_areas;
	unsigned long free_bytes;	/* of addresses */
	long nr_frames;
	long bad[MMSIM_NR_VMALLOC_BAD];
	long nr_failed;
};

struct mmsim *mmsim_test_vmalloc(struct kunit *test, u64 size, const char *zones, u64 window);
void mmsim_vmalloc_snapshot(struct mmsim *m, struct mmsim_vmalloc_snapshot *snapshot);
void mmsim_vmalloc_expect_since(struct kunit *test, struct mmsim *m, const struct mmsim_vmalloc_snapshot *before,
				int bad, long times);

bool mmsim_faults(const void *addr);
void mmsim_fill(void *addr, unsigned long size, u64 stamp);
unsigned long mmsim_wrong(const void *addr, unsigned long size, u64 stamp);

#endif /* MMSIM_KUNIT_VMALLOC_H */
