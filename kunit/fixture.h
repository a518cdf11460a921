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
#include "page/memory.h"
#include "page/stacks.h"

struct mmsim *mmsim_test_instance(struct kunit *test, u64 size, const char *zones);
struct mmsim *mmsim_test_instance_with(struct kunit *test, u64 size, const char *zones,
				       const struct mmsim_memory_params *memory);
struct mmsim *mmsim_test_live_instance(struct kunit *test, u64 size, const char *zones);
struct mmsim *mmsim_test_live_instance_with(struct kunit *test, u64 size, const char *zones,
					    const struct mmsim_memory_params *memory);
struct mmsim *mmsim_test_slab_instance_with(struct kunit *test, u64 size, const char *zones,
					    const struct mmsim_memory_params *memory,
					    const struct mmsim_slab_params *slab);
struct mmsim *mmsim_test_slab_instance(struct kunit *test, u64 size, const struct mmsim_slab_params *slab);
struct mmsim *mmsim_test_vmalloc_instance_from(struct kunit *test, enum mmsim_source source, u64 size,
					       const char *zones, const struct mmsim_vmalloc_params *vmalloc);
struct mmsim *mmsim_test_vmalloc_instance(struct kunit *test, u64 size, const char *zones,
					  const struct mmsim_vmalloc_params *vmalloc);
void mmsim_test_pcp_sizes(struct mmsim_memory *mem, int batch, int high);
void mmsim_test_give_all(struct kunit *test, struct mmsim_memory *mem, struct mmsim_page **page, unsigned long nr);
void mmsim_test_check(struct kunit *test, struct mmsim *m);

bool mmsim_test_passes(const struct mmsim_stack *stack, const char *function);
bool mmsim_test_has_traces(void);

u64 mmsim_test_seed(struct kunit *test);
void mmsim_test_random(struct kunit *test, struct rnd_state *rnd);

static inline struct mmsim_page *take(struct mmsim_memory *mem, gfp_t gfp, unsigned int order)
{
	return mmsim_memory_alloc(mem, gfp, order, _THIS_IP_);
}

static inline bool give(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	return mmsim_memory_free(mem, page, order, _THIS_IP_);
}

/* A number below @n, which is not 0. */
static inline u32 mmsim_test_below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/*
 * How many of @n random steps are taken: all but where each access to memory is looked at, so that a step takes several
 * times as long. User Mode Linux takes all.
 */
static inline unsigned int mmsim_test_steps(unsigned int n)
{
	return IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) ? n / 4 : n;
}

#endif /* MMSIM_KUNIT_FIXTURE_H */
