// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vmstat": what an instance counts, to the page, whichever way the pages go; and that no count goes
 * backwards while it is read under load.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "fixture.h"
#include "page/memory.h"

#define STEPS	2000
#define SLOTS	64
#define QUIET	(GFP_ATOMIC | __GFP_NOWARN)

static bool put_back(struct mmsim_memory *mem, struct mmsim_page *page)
{
	return give(mem, page, mmsim_page_order(page));
}

static void vmstat_names(struct kunit *test)
{
	int i, j;

	for (i = 0; i < MMSIM_NR_EVENTS; i++) {
		KUNIT_ASSERT_NOT_NULL(test, mmsim_event_names[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, mmsim_event_names[i], mmsim_event_names[j]);
	}
	KUNIT_EXPECT_STREQ(test, mmsim_event_names[MMSIM_EVENT_PGALLOC + MMSIM_ZONE_DMA32], "pgalloc_dma32");
	KUNIT_EXPECT_STREQ(test, mmsim_event_names[MMSIM_EVENT_ALLOCSTALL + MMSIM_ZONE_MOVABLE], "allocstall_movable");
}

/* What has been counted since @before is what a test knows to have happened. */
static void expect_counts(struct kunit *test, struct mmsim_memory *mem, const unsigned long *before,
			  const unsigned long *allocated, unsigned long freed)
{
	unsigned long now[MMSIM_NR_EVENTS], free = 0, in_use = 0;
	struct mmsim_zone *zone;
	unsigned int type, cpu;

	mmsim_sum_events(mem, now);
	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		in_use += now[MMSIM_EVENT_PGALLOC + type];
		KUNIT_EXPECT_EQ_MSG(test, now[MMSIM_EVENT_PGALLOC + type] - before[MMSIM_EVENT_PGALLOC + type],
				    allocated[type], "%s", mmsim_event_names[MMSIM_EVENT_PGALLOC + type]);
	}
	KUNIT_EXPECT_EQ(test, now[MMSIM_EVENT_PGFREE] - before[MMSIM_EVENT_PGFREE], freed);
	mmsim_for_each_zone(mem, zone) {
		free += zone->free_pages;
		for_each_possible_cpu(cpu)
			free += zone->pcp[cpu]->count;
	}
	KUNIT_EXPECT_EQ(test, now[MMSIM_EVENT_PGFREE] - in_use, free);
}

static const unsigned long pcp_orders[] = { 0, MMSIM_PCP_ORDERS, BIT(MMSIM_PCP_MAX_ORDER + 1) - 1 };

static void describe_orders(const unsigned long *orders, char *what)
{
	snprintf(what, KUNIT_PARAM_DESC_SIZE, "pcp_orders=%#lx", *orders);
}

KUNIT_ARRAY_PARAM(pcp_orders, pcp_orders, describe_orders);

/* Allocates many single pages at once and frees them again; returns how many there were. */
static unsigned long bulk(struct mmsim_memory *mem, unsigned long *allocated)
{
	struct mmsim_page *page[30] = {};
	unsigned long i, freed = 0;

	mmsim_memory_alloc_bulk(mem, QUIET, ARRAY_SIZE(page), page, _RET_IP_);
	for (i = 0; i < ARRAY_SIZE(page) && page[i]; i++) {
		allocated[mmsim_page_zone_type(page[i])]++;
		freed += put_back(mem, page[i]);
	}
	return freed;
}

/* Blocks of all orders out of three zones, bulk requests and drains in between; the test counts along. */
static void vmstat_exact(struct kunit *test)
{
	static const gfp_t zones[] = { QUIET, QUIET | GFP_DMA32, QUIET | GFP_DMA };
	const struct mmsim_memory_params params = { .pcp_orders = *(const unsigned long *)test->param_value };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_32M, "DMA:4M,DMA32:8M,Normal", &params);
	unsigned long before[MMSIM_NR_EVENTS], allocated[MMSIM_NR_ZONES] = {}, freed = 0, i;
	struct mmsim_page **page = kunit_kcalloc(test, SLOTS, sizeof(*page), GFP_KERNEL);
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim_test_random(test, &rnd);
	mmsim_sum_events(m->memory, before);
	for (i = 0; i < STEPS; i++) {
		unsigned int slot = mmsim_test_below(&rnd, SLOTS);

		if (page[slot]) {
			freed += BIT(mmsim_page_order(page[slot]));
			KUNIT_ASSERT_TRUE(test, put_back(m->memory, page[slot]));
			page[slot] = NULL;
		} else {
			page[slot] = take(m->memory, zones[mmsim_test_below(&rnd, 3)], mmsim_test_below(&rnd, 9));
			if (page[slot])
				allocated[mmsim_page_zone_type(page[slot])] += BIT(mmsim_page_order(page[slot]));
		}
		if (i % 100 == 50)
			mmsim_pcp_drain_all(m->memory);
		if (i % 100 == 0) {
			freed += bulk(m->memory, allocated);
			expect_counts(test, m->memory, before, allocated, freed);
		}
	}
	for (i = 0; i < SLOTS; i++) {
		if (!page[i])
			continue;
		freed += BIT(mmsim_page_order(page[i]));
		KUNIT_EXPECT_TRUE(test, put_back(m->memory, page[i]));
	}
	expect_counts(test, m->memory, before, allocated, freed);
	mmsim_pcp_drain_all(m->memory);
	expect_counts(test, m->memory, before, allocated, freed);
}

/* As in the kernel: what the zones began with was freed to them. */
static void vmstat_at_first(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_16M, "DMA:4M,Normal");
	unsigned long sum[MMSIM_NR_EVENTS], managed = 0;
	struct mmsim_zone *zone;
	int i;

	mmsim_sum_events(m->memory, sum);
	mmsim_for_each_zone(m->memory, zone)
		managed += zone->managed_pages;
	for (i = 0; i < MMSIM_NR_EVENTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, sum[i], i == MMSIM_EVENT_PGFREE ? managed : 0, "%s", mmsim_event_names[i]);
}

/* A request that has to reclaim by itself is counted once a round, for the highest zone that would do. */
static void vmstat_stalls(struct kunit *test)
{
	static const struct {
		gfp_t gfp;
		enum mmsim_zone_type zone;
	} rows[] = {
		{ GFP_DMA, MMSIM_ZONE_DMA }, { GFP_DMA32, MMSIM_ZONE_DMA32 }, { 0, MMSIM_ZONE_NORMAL },
		{ __GFP_HIGHMEM, MMSIM_ZONE_HIGHMEM }, { __GFP_HIGHMEM | __GFP_MOVABLE, MMSIM_ZONE_MOVABLE },
	};
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "DMA");
	unsigned long sum[MMSIM_NR_EVENTS];
	unsigned int i, type;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_NULL(test, take(m->memory, rows[i].gfp | __GFP_DIRECT_RECLAIM | __GFP_NORETRY |
					     __GFP_NOWARN, MMSIM_MAX_ORDER));
		mmsim_sum_events(m->memory, sum);
		for (type = 0; type < MMSIM_NR_ZONES; type++)
			KUNIT_EXPECT_EQ_MSG(test, sum[MMSIM_EVENT_ALLOCSTALL + type], type <= rows[i].zone, "%s",
					    mmsim_event_names[MMSIM_EVENT_ALLOCSTALL + type]);
	}
	KUNIT_EXPECT_EQ(test, sum[MMSIM_EVENT_SLABS_SCANNED] + sum[MMSIM_EVENT_PAGEOUTRUN], 0);
}

struct churn {
	struct mmsim_memory *mem;
	unsigned long allocated;
	bool stop;
};

static int churn_thread(void *data)
{
	struct churn *c = data;
	struct mmsim_page *page[SLOTS] = {};
	unsigned long i;

	for (i = 0; !READ_ONCE(c->stop); i++) {
		unsigned int slot = i * 7 % SLOTS;

		if (page[slot] && !put_back(c->mem, page[slot]))
			break;
		page[slot] = take(c->mem, QUIET, i % 5);
		if (page[slot])
			c->allocated += BIT(i % 5);
		if (i % 1024 == 0)
			mmsim_pcp_drain_all(c->mem);
		cond_resched();
	}
	for (i = 0; i < SLOTS; i++)
		if (page[i])
			put_back(c->mem, page[i]);
	return 0;
}

/* Read while a thread on each CPU allocates, frees and drains; at the end the sums are right. */
static void vmstat_under_load(struct kunit *test)
{
	const struct mmsim_memory_params params = { .pcp_orders = MMSIM_PCP_ORDERS };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_32M, "Normal", &params);
	unsigned long first[MMSIM_NR_EVENTS], last[MMSIM_NR_EVENTS], now[MMSIM_NR_EVENTS];
	struct churn *c = kunit_kcalloc(test, nr_cpu_ids, sizeof(*c), GFP_KERNEL);
	struct task_struct **thread = kunit_kcalloc(test, nr_cpu_ids, sizeof(*thread), GFP_KERNEL);
	unsigned long allocated[MMSIM_NR_ZONES] = {}, end;
	unsigned int cpu, e, backwards = 0;

	KUNIT_ASSERT_TRUE(test, c && thread);
	mmsim_sum_events(m->memory, first);
	memcpy(last, first, sizeof(last));
	for_each_online_cpu(cpu) {
		c[cpu].mem = m->memory;
		thread[cpu] = kthread_create(churn_thread, &c[cpu], "mmsim-churn/%u", cpu);
		KUNIT_ASSERT_FALSE(test, IS_ERR(thread[cpu]));
		get_task_struct(thread[cpu]);
		kthread_bind(thread[cpu], cpu);
		wake_up_process(thread[cpu]);
	}
	end = jiffies + HZ / 2;
	while (time_before(jiffies, end)) {
		mmsim_sum_events(m->memory, now);
		for (e = 0; e < MMSIM_NR_EVENTS; e++)
			backwards += now[e] < last[e];
		memcpy(last, now, sizeof(last));
		cond_resched();
	}
	for_each_online_cpu(cpu) {
		WRITE_ONCE(c[cpu].stop, true);
		kthread_stop(thread[cpu]);
		put_task_struct(thread[cpu]);
		allocated[MMSIM_ZONE_NORMAL] += c[cpu].allocated;
	}
	KUNIT_EXPECT_EQ(test, backwards, 0);
	KUNIT_EXPECT_GT(test, allocated[MMSIM_ZONE_NORMAL], 0);
	expect_counts(test, m->memory, first, allocated, allocated[MMSIM_ZONE_NORMAL]);
	mmsim_test_check(test, m);
}

static struct kunit_case vmstat_cases[] = {
	KUNIT_CASE(vmstat_names),
	KUNIT_CASE(vmstat_at_first),
	KUNIT_CASE_PARAM(vmstat_exact, pcp_orders_gen_params),
	KUNIT_CASE(vmstat_stalls),
	KUNIT_CASE(vmstat_under_load),
	{}
};

static struct kunit_suite vmstat_suite = { .name = "vmstat", .test_cases = vmstat_cases };
kunit_test_suite(vmstat_suite);
