// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "compact": large blocks out of scattered pages, on command and for requests; when it is tried, put off
 * and given up; and under load.
 */
#include <kunit/test.h>

#include "fixture.h"
#include "mover.h"
#include "oracle.h"
#include "page/compact.h"
#include "page/contig.h"
#include "page/movable.h"

#define BLOCK		MMSIM_PAGEBLOCK_PAGES

/* Requests that don't wake the reclaim thread: it would compact, too, at a moment of its own. */
#define MOVABLE_GFP	(__GFP_NOWARN | __GFP_MOVABLE)
#define SLEEPING_GFP	((GFP_KERNEL & ~__GFP_KSWAPD_RECLAIM) | __GFP_NOWARN)

static struct mmsim *instance(struct kunit *test, u64 size, unsigned long pcp_orders, unsigned int scale_factor)
{
	const struct mmsim_memory_params params = {
		.group_by_mobility = true, .pcp_orders = pcp_orders, .watermark_scale_factor = scale_factor,
	};

	return mmsim_test_instance_with(test, size, "Normal", &params);
}

static struct mmsim_zone *normal(struct mmsim_memory *mem)
{
	return &mem->node[0]->zone[MMSIM_ZONE_NORMAL];
}

static unsigned long nr_2mb(struct mmsim_memory *mem)
{
	return normal(mem)->free_area[9].nr_free + 2 * normal(mem)->free_area[10].nr_free;
}

static long events(struct mmsim_memory *mem, unsigned int event)
{
	return atomic_long_read(&mem->events.nr[event]);
}

/* Fills the memory and frees half of it at random, so that every pageblock has some. */
static struct mmsim_mover *scattered(struct kunit *test, struct mmsim_memory *mem, struct rnd_state *rnd)
{
	struct mmsim_mover *mv = mmsim_mover(test, mem, mem->nr_pages);
	unsigned long nr = mmsim_mover_take_all(mv, MOVABLE_GFP), left;

	for (left = nr; left > nr / 2;) {
		unsigned long slot = mmsim_test_below(rnd, nr);

		if (!mv->page[slot])
			continue;
		mmsim_mover_drop(mv, slot);
		left--;
	}
	mmsim_pcp_drain_all(mem);
	return mv;
}

static void finish(struct kunit *test, struct mmsim *m, struct mmsim_mover *mv)
{
	mmsim_mover_look_all(mv);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
	mmsim_test_check(test, m);
}

/*
 * The experiment of a buddy system that doesn't defragment: half is freed at random, 10 % of it reallocated a hundred
 * times, and there are as many free blocks of 2 MB as before: none. Compaction then makes all that there can be.
 */
static void compact_defragments(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_32M, 0, 0);
	struct mmsim_memory *mem = m->memory;
	unsigned long i, round, before;
	struct mmsim_mover *mv;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	mv = scattered(test, mem, &rnd);
	before = nr_2mb(mem);
	KUNIT_EXPECT_EQ(test, before, 0);
	for (round = 0; round < 100; round++) {
		unsigned long tenth = mem->nr_pages / 20;

		for (i = 0; i < tenth;) {
			unsigned long slot = mmsim_test_below(&rnd, mv->nr);

			i += !!mv->page[slot];
			mmsim_mover_drop(mv, slot);
		}
		for (i = 0; tenth; i++)
			if (!mv->page[i % mv->nr])
				tenth -= !!mmsim_mover_take(mv, i % mv->nr, MOVABLE_GFP);
	}
	KUNIT_EXPECT_EQ(test, nr_2mb(mem), before);
	mmsim_memory_compact(mem);
	/* What is not whole is in the pageblock where the scanners met, or its neighbour. */
	KUNIT_EXPECT_GE(test, nr_2mb(mem), normal(mem)->free_pages / BLOCK - 2);
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_PGMIGRATE_SUCCESS), atomic_read(&mv->migrated));
	/* When the scanners have met there is no room for the last cluster. */
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_PGMIGRATE_FAIL), atomic_read(&mv->putback));
	KUNIT_EXPECT_LE(test, atomic_read(&mv->putback), 32);
	kunit_info(test, "%lu blocks of 2 MB before, %lu after, of %lu free pages; %d moved", before, nr_2mb(mem),
		   normal(mem)->free_pages, atomic_read(&mv->migrated));
	mmsim_test_check(test, m);
	finish(test, m, mv);
}

/* What is moved goes up: with little of it, the lowest pageblocks come free and the highest take it. */
static void compact_moves_up(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, 0, 0);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_mover *mv = mmsim_mover(test, mem, 10);
	unsigned long end = mem->start_pfn + mem->nr_pages, i;
	struct mmsim_page *top;

	KUNIT_ASSERT_EQ(test, mmsim_mover_take_all(mv, MOVABLE_GFP), 10);
	/* Something in the last pageblock, so that it is a target: a free one is left alone. */
	KUNIT_ASSERT_EQ(test, mmsim_memory_alloc_contig_range(mem, end - 1, end, 1, GFP_KERNEL), 0);
	top = mmsim_memory_page(mem, end - 1);
	mmsim_memory_compact(mem);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_GE(test, mmsim_memory_pfn(mem, mv->page[i]), end - BLOCK);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->migrated), 10);
	/* Once more: there is nothing to be done. */
	mmsim_memory_compact(mem);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->migrated), 10);
	KUNIT_EXPECT_TRUE(test, give(mem, top, 0));
	finish(test, m, mv);
}

static const unsigned int orders[] = { 1, 2, 3, 4, 6, 9, 10 };

static void order_desc(const unsigned int *order, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "order %u", *order);
}

KUNIT_ARRAY_PARAM(order, orders, order_desc);

/* A request that may sleep compacts by itself; one that may not fails. */
static void compact_serves(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_32M, MMSIM_PCP_ORDERS, 0);
	const unsigned int *order = test->param_value;
	struct mmsim_memory *mem = m->memory;
	struct mmsim_mover *mv = mmsim_mover(test, mem, mem->nr_pages);
	unsigned long nr = mmsim_mover_take_all(mv, MOVABLE_GFP), slot;
	struct mmsim_page *page;

	/* Every other page, so that no two are together. */
	for (slot = 0; slot < nr; slot++)
		if (mmsim_memory_pfn(mem, mv->page[slot]) & 1)
			mmsim_mover_drop(mv, slot);
	mmsim_pcp_drain_all(mem);
	KUNIT_EXPECT_NULL(test, take(mem, MOVABLE_GFP, *order));
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_COMPACT_STALL), 0);
	page = take(mem, SLEEPING_GFP | __GFP_MOVABLE, *order);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_COMPACT_SUCCESS), 1);
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_COMPACT_STALL),
			events(mem, MMSIM_EVENT_COMPACT_SUCCESS) + events(mem, MMSIM_EVENT_COMPACT_FAIL));
	KUNIT_EXPECT_GE(test, atomic_read(&mv->migrated), BIT(*order) / 2);
	mmsim_test_check(test, m);
	KUNIT_EXPECT_TRUE(test, give(mem, page, *order));
	finish(test, m, mv);
}

/* Where nothing can be moved nothing is; each failure puts the next tries off for twice as long. */
static void compact_deferred(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, 0, 0);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_compact_zone *cz = &normal(mem)->compact;
	unsigned int shift, skipped, order = 4;
	struct mmsim_compact_request rq = {
		.mem = mem, .zonelist = mem->node[0]->zonelist[MMSIM_ZONE_NORMAL], .order = order,
		.type = MMSIM_MIGRATE_MOVABLE, .highest = MMSIM_ZONE_NORMAL, .gfp = SLEEPING_GFP,
	};
	struct mmsim_page **page = kunit_kcalloc(test, mem->nr_pages, sizeof(*page), GFP_KERNEL);
	unsigned long nr = 0, i, kept = 0;
	enum mmsim_compact_result result;

	KUNIT_ASSERT_NOT_NULL(test, page);
	while ((page[nr] = take(mem, MOVABLE_GFP, 0)))
		nr++;
	for (i = 0; i < nr; i++) {
		if (mmsim_memory_pfn(mem, page[i]) & 1)
			give(mem, page[i], 0);
		else
			page[kept++] = page[i];
	}
	/* It breaks off when somebody else wants the CPU. */
	do {
		cond_resched();
		result = mmsim_compact_direct(&rq, MMSIM_COMPACT_ASYNC);
	} while (result == MMSIM_COMPACT_CONTENDED);
	KUNIT_EXPECT_EQ(test, result, MMSIM_COMPACT_COMPLETE);
	KUNIT_EXPECT_EQ(test, cz->defer_shift, 0);
	for (shift = 1; shift <= 7; shift++) {
		KUNIT_EXPECT_GE(test, mmsim_compact_direct(&rq, MMSIM_COMPACT_SYNC_LIGHT), MMSIM_COMPACT_COMPLETE);
		KUNIT_EXPECT_EQ(test, cz->defer_shift, min(shift, 6U));
		for (skipped = 1; skipped < BIT(min(shift, 6U)); skipped++)
			KUNIT_ASSERT_EQ(test, mmsim_compact_direct(&rq, MMSIM_COMPACT_SYNC_LIGHT),
					MMSIM_COMPACT_DEFERRED);
	}
	KUNIT_EXPECT_EQ(test, mmsim_compact_direct(&rq, MMSIM_COMPACT_SYNC), MMSIM_COMPACT_COMPLETE);
	mmsim_compact_served(normal(mem), order);
	KUNIT_EXPECT_EQ(test, cz->defer_shift, 0);
	KUNIT_EXPECT_EQ(test, cz->order_failed, order + 1);
	mmsim_test_check(test, m);
	mmsim_test_give_all(test, mem, page, kept);
}

/* Too little is free, or all that is free lies together: compaction is no help and is not tried. */
static void compact_unsuitable(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, 0, 10);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_compact_request rq = {
		.mem = mem, .zonelist = mem->node[0]->zonelist[MMSIM_ZONE_NORMAL], .order = 9,
		.type = MMSIM_MIGRATE_MOVABLE, .highest = MMSIM_ZONE_NORMAL, .gfp = SLEEPING_GFP,
	};
	struct mmsim_mover *mv = mmsim_mover(test, mem, mem->nr_pages);

	KUNIT_EXPECT_EQ(test, mmsim_compact_direct(&rq, MMSIM_COMPACT_SYNC_LIGHT), MMSIM_COMPACT_SUCCESS);
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_COMPACT_MIGRATE_SCANNED), 0);
	mmsim_mover_take_all(mv, MOVABLE_GFP);
	KUNIT_EXPECT_EQ(test, mmsim_compact_direct(&rq, MMSIM_COMPACT_SYNC_LIGHT), MMSIM_COMPACT_SKIPPED);
	rq.gfp &= ~__GFP_IO;
	KUNIT_EXPECT_EQ(test, mmsim_compact_direct(&rq, MMSIM_COMPACT_SYNC), MMSIM_COMPACT_SKIPPED);
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_COMPACT_MIGRATE_SCANNED), 0);
	finish(test, m, mv);
}

/* The reclaim thread compacts for a request that could not wait. */
static void compact_daemon(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_32M, 0, 10);
	struct mmsim_memory *mem = m->memory;
	unsigned long deadline = jiffies + 20 * HZ;
	struct mmsim_mover *mv;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	mv = scattered(test, mem, &rnd);
	KUNIT_EXPECT_NULL(test, take(mem, GFP_NOWAIT | __GFP_NOWARN, 9));
	while (!nr_2mb(mem) && time_before(jiffies, deadline))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_GE(test, nr_2mb(mem), 1);
	KUNIT_EXPECT_GE(test, events(mem, MMSIM_EVENT_COMPACT_DAEMON_WAKE), 1);
	KUNIT_EXPECT_GT(test, events(mem, MMSIM_EVENT_COMPACT_DAEMON_MIGRATE_SCANNED), 0);
	finish(test, m, mv);
}

struct difficulty {
	const char *name;
	unsigned int refuse_every, error_every;
	int error;
	bool compacts;		/* all the same */
};

static const struct difficulty difficulties[] = {
	{ "each page asks for patience now and then", 0, 3, -EAGAIN, true },
	{ "some pages fail", 0, 50, -EIO, false },
	{ "all pages fail", 0, 1, -EIO, false },
	{ "all pages ask for patience for ever", 0, 1, -EAGAIN, false },
	{ "some owners refuse", 50, 0, 0, false },
	{ "all owners refuse", 1, 0, 0, false },
};

static void difficulty_desc(const struct difficulty *d, char *desc)
{
	strscpy(desc, d->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(difficulty, difficulties, difficulty_desc);

/* Owners that don't play along lose nothing, and nothing is lost. */
static void compact_difficult(struct kunit *test)
{
	const struct difficulty *d = test->param_value;
	struct mmsim *m = instance(test, SZ_16M, MMSIM_PCP_ORDERS, 0);
	struct mmsim_memory *mem = m->memory;
	unsigned long free;
	struct mmsim_mover *mv;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	mv = scattered(test, mem, &rnd);
	free = normal(mem)->free_pages;
	mv->refuse_every = d->refuse_every;
	mv->error_every = d->error_every;
	mv->error = d->error;
	mmsim_memory_compact(mem);
	mmsim_pcp_drain_all(mem);
	KUNIT_EXPECT_EQ(test, normal(mem)->free_pages, free);
	if (d->compacts)
		KUNIT_EXPECT_GE(test, nr_2mb(mem), free / BLOCK - 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->isolated), atomic_read(&mv->migrated) + atomic_read(&mv->putback));
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_PGMIGRATE_SUCCESS), atomic_read(&mv->migrated));
	KUNIT_EXPECT_EQ(test, events(mem, MMSIM_EVENT_PGMIGRATE_FAIL), atomic_read(&mv->putback));
	mmsim_test_check(test, m);
	finish(test, m, mv);
}

/* Claims of pages in a row, and compaction, while others take and free. */
static void compact_races(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, MMSIM_PCP_ORDERS, 10);
	struct mmsim_memory *mem = m->memory;
	unsigned long deadline = jiffies + 60 * HZ;
	unsigned int rounds, claimed = 0, bad;
	struct mmsim_bustle *u[2];
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	mmsim_bustle_start(test, mem, &rnd, u, ARRAY_SIZE(u));
	for (rounds = 0; rounds < 100 && time_before(jiffies, deadline); rounds++) {
		struct mmsim_page *page;

		mmsim_memory_compact(mem);
		page = mmsim_memory_alloc_contig_pages(mem, 300, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE);
		if (page) {
			claimed++;
			KUNIT_EXPECT_EQ(test, mmsim_memory_free_contig_range(mem, mmsim_memory_pfn(mem, page), 300,
									     _RET_IP_), 0);
		}
		if (rounds % 8 == 0)
			mmsim_test_check(test, m);
		cond_resched();
	}
	mmsim_bustle_stop(u, ARRAY_SIZE(u));
	finish(test, m, u[0]->mv);
	finish(test, m, u[1]->mv);
	for (bad = 0; bad < MMSIM_NR_BAD; bad++)
		KUNIT_EXPECT_EQ_MSG(test, atomic_long_read(&mem->bad[bad]), 0, "%s", mmsim_bad_names[bad]);
	KUNIT_EXPECT_GT(test, claimed, 0);
	KUNIT_EXPECT_GT(test, atomic_read(&u[0]->mv->migrated) + atomic_read(&u[1]->mv->migrated), 0);
}

static struct kunit_case compact_test_cases[] = {
	KUNIT_CASE(compact_defragments),
	KUNIT_CASE(compact_moves_up),
	KUNIT_CASE_PARAM(compact_serves, order_gen_params),
	KUNIT_CASE(compact_deferred),
	KUNIT_CASE(compact_unsuitable),
	KUNIT_CASE(compact_daemon),
	KUNIT_CASE_PARAM(compact_difficult, difficulty_gen_params),
	KUNIT_CASE(compact_races),
	{}
};

static struct kunit_suite compact_test_suite = {
	.name = "compact",
	.test_cases = compact_test_cases,
};

kunit_test_suite(compact_test_suite);
