// SPDX-License-Identifier: GPL-2.0
/* What the slab floor's suites share; see slab.h. */
#include "slab.h"

#include <linux/string.h>

const struct mmsim_slab_way mmsim_slab_ways[] = {
	{ MMSIM_ENGINE_SLUB, 0, "slub" },
	{ MMSIM_ENGINE_SLUB, MMSIM_ALL_DEBUG, "slub, debugging" },
	{ MMSIM_ENGINE_SLAB, 0, "slab" },
	{ MMSIM_ENGINE_SLAB, MMSIM_ALL_DEBUG, "slab, debugging" },
	{ MMSIM_ENGINE_SLOB, 0, "slob" },
	{ MMSIM_ENGINE_SLOB, MMSIM_ALL_DEBUG, "slob, debugging" },
};

const unsigned int mmsim_nr_slab_ways = ARRAY_SIZE(mmsim_slab_ways);

/**
 * mmsim_slab_ways_gen() - The parameters of KUNIT_CASE_PARAM(): all ways.
 * @prev: The one before, or NULL.
 * @desc: Where its name goes.
 *
 * Return: the next way, or NULL.
 */
const void *mmsim_slab_ways_gen(const void *prev, char *desc)
{
	const struct mmsim_slab_way *way = prev ? (const struct mmsim_slab_way *)prev + 1 : mmsim_slab_ways;

	if (way == mmsim_slab_ways + mmsim_nr_slab_ways)
		return NULL;
	strscpy(desc, way->name, KUNIT_PARAM_DESC_SIZE);
	return way;
}

/**
 * mmsim_test_slabs() - A slab floor whose caches are made as the test's parameter says, and which is the live one.
 * @test: The test.
 */
struct mmsim_slabs *mmsim_test_slabs(struct kunit *test)
{
	const struct mmsim_slab_way *way = test->param_value;
	struct mmsim_slab_params params = {};

	if (way) {
		params.engine = way->engine;
		params.debug = way->debug;
	}
	mmsim_slab_host_rules(&params.rules);
	return mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
}

/**
 * mmsim_test_no_reap() - Has a floor's own work not reap until another cache of SLAB's is made.
 * @slabs: The floor; its caches give back slabs at no moment but the test's, and nobody else has its mutex.
 */
void mmsim_test_no_reap(struct mmsim_slabs *slabs)
{
	cancel_delayed_work_sync(&slabs->reap);
}

static unsigned long all_free_pages(struct mmsim_memory *mem)
{
	struct mmsim_zone *zone;
	unsigned long nr = 0;

	mmsim_pcp_drain_all(mem);
	mmsim_for_each_zone(mem, zone)
		nr += zone->free_pages;
	return nr;
}

static void shrink_all(struct mmsim_slabs *slabs)
{
	struct mmsim_kmem_cache *s;

	/* SLAB's large objects have descriptors among kmalloc's small ones, which are made first. */
	list_for_each_entry_reverse(s, &slabs->caches, list)
		mmsim_cache_shrink(s);
}

/**
 * mmsim_slab_snapshot() - What a floor counts after its caches have given back what they don't need.
 * @slabs: The floor.
 * @snapshot: Filled in.
 */
void mmsim_slab_snapshot(struct mmsim_slabs *slabs, struct mmsim_slab_snapshot *snapshot)
{
	int kind;

	shrink_all(slabs);
	snapshot->free_pages = all_free_pages(slabs->mem);
	for (kind = 0; kind < MMSIM_NR_SLAB_BAD; kind++)
		snapshot->bad[kind] = atomic_long_read(&slabs->bad[kind]);
}

/**
 * mmsim_slab_expect_since() - Expects a floor to be as it was, but for some misuses of one kind.
 * @test: The test.
 * @slabs: The floor.
 * @before: Its snapshot of then.
 * @bad: The kind of misuse that was counted; any, if there were none.
 * @times: How many times.
 */
void mmsim_slab_expect_since(struct kunit *test, struct mmsim_slabs *slabs, const struct mmsim_slab_snapshot *before,
			     int bad, long times)
{
	struct mmsim_slab_snapshot now;
	char what[256] = "";
	int kind;

	mmsim_slab_snapshot(slabs, &now);
	KUNIT_EXPECT_EQ(test, now.free_pages, before->free_pages);
	for (kind = 0; kind < MMSIM_NR_SLAB_BAD; kind++)
		KUNIT_EXPECT_EQ_MSG(test, now.bad[kind] - before->bad[kind], kind == bad ? times : 0, "misuses %s",
				    mmsim_slab_bad_names[kind]);
	KUNIT_EXPECT_EQ_MSG(test, mmsim_slabs_check(slabs, what, sizeof(what)), 0, "%s", what);
}
