/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every suite needs: a private instance that goes away with its test, random numbers that can be had again, and
 * the checkers of all floors in one call.
 */
#ifndef MMSIM_KUNIT_FIXTURE_H
#define MMSIM_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "mmsim.h"

struct mmsim *mmsim_test_instance(struct kunit *test, u64 size, const char *zones);
struct mmsim *mmsim_test_instance_with(struct kunit *test, u64 size, const char *zones,
				       const struct mmsim_memory_params *memory);
void mmsim_test_check(struct kunit *test, struct mmsim *m);

u64 mmsim_test_seed(struct kunit *test);
void mmsim_test_random(struct kunit *test, struct rnd_state *rnd);

/* A number below @n, which is not 0. */
static inline u32 mmsim_test_below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

#endif /* MMSIM_KUNIT_FIXTURE_H */
