// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "pcp": the lists that each CPU keeps of a zone.
 *
 * batch and high are set by the test, since those of a small zone are 1 and 4.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/sched.h>

#include "fixture.h"
#include "oracle.h"
#include "page/buddy.h"
#include "page/pcp.h"
#include "worker.h"

#define ALL_ORDERS	(BIT(MMSIM_PCP_MAX_ORDER + 1) - 1)
#define QUIET		(GFP_ATOMIC | __GFP_NOWARN)

static struct mmsim_zone *normal(struct mmsim_memory *mem)
{
	return &mem->node[0]->zone[MMSIM_ZONE_NORMAL];
}

/* An instance whose CPUs keep lists of these orders. */
static struct mmsim *instance(struct kunit *test, u64 size, unsigned long orders, bool group, int batch, int high)
{
	const struct mmsim_memory_params params = { .pcp_orders = orders, .group_by_mobility = group };
	struct mmsim *m;

	m = mmsim_test_instance_with(test, size, "Normal", &params);
	KUNIT_ASSERT_EQ(test, m->memory->pcp_orders, orders);
	mmsim_test_pcp_sizes(m->memory, batch, high);
	return m;
}

static struct mmsim_pcp *here(struct mmsim_memory *mem)
{
	return normal(mem)->pcp[raw_smp_processor_id()];
}

/* Empties all lists, and expects the instance to be as it was then. */
static void drained(struct kunit *test, struct mmsim *m, const struct mmsim_snapshot *first, int bad, long failed)
{
	struct mmsim_zone *zone;
	unsigned int cpu;

	mmsim_test_check(test, m);
	mmsim_pcp_drain_all(m->memory);
	mmsim_for_each_zone(m->memory, zone)
		for_each_possible_cpu(cpu)
			KUNIT_EXPECT_EQ_MSG(test, zone->pcp[cpu]->count, 0, "CPU %u, zone %s", cpu, zone->name);
	mmsim_expect_since(test, m->memory, first, bad, failed);
	mmsim_test_check(test, m);
}

/* A block that lies on a CPU's list is free: splitting it, or freeing one of its tails, is a double free. */
static void pcp_misuse_of_listed_block(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_4M, ALL_ORDERS, false, 8, 64);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = take(m->memory, QUIET, 3);
	atomic_long_t *refused = &m->memory->bad[MMSIM_BAD_DOUBLE_FREE];

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, give(m->memory, page, 3));
	KUNIT_ASSERT_GT(test, here(m->memory)->count, 0);
	KUNIT_EXPECT_FALSE(test, mmsim_memory_split(m->memory, page, 3, _RET_IP_));
	KUNIT_EXPECT_EQ(test, atomic_long_read(refused), 1);
	KUNIT_EXPECT_FALSE(test, give(m->memory, page + 1, 0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(refused), 2);
	atomic_long_set(refused, 0);
	drained(test, m, first, -1, 0);
}

/* --- Parameters --- */

static const unsigned int orders[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static void describe_order(const unsigned int *order, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "order %u", *order);
}

KUNIT_ARRAY_PARAM(order, orders, describe_order);

/* How many blocks move at once: batch + 1 pages' worth, or an eighth to a quarter of high up to 8 blocks, or one. */
struct sizes {
	int batch, high;
	unsigned int order;
	unsigned int blocks;
};

static const struct sizes sizes[] = {
	{ 1, 4, 0, 2 },
	{ 7, 28, 0, 8 },
	{ 7, 28, 1, 4 },
	{ 7, 28, 2, 2 },
	{ 7, 28, 3, 1 },
	{ 63, 252, 0, 64 },
	{ 63, 252, 1, 32 },
	{ 63, 252, 2, 16 },
	{ 63, 252, 3, 8 },
	{ 63, 252, 9, 1 },
	{ 1, 64, 0, 8 },
	{ 1, 64, 1, 8 },
	{ 1, 64, 2, 4 },
	{ 63, 600, 4, 8 },
	{ 63, 600, 6, 2 },
	{ 63, 600, 9, 1 },
	{ 7, 28, 9, 1 },
};

static void describe_sizes(const struct sizes *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "order %u, batch %d, high %d", s->order, s->batch, s->high);
}

KUNIT_ARRAY_PARAM(sizes, sizes, describe_sizes);

/* How many free blocks there are of the orders from @order to below @end. */
static unsigned long nr_small(const struct mmsim_zone *zone, unsigned int order, unsigned int end)
{
	unsigned long nr = 0;

	for (; order < end; order++)
		nr += zone->free_area[order].nr_free;
	return nr;
}

/*
 * Allocates what lies in blocks smaller than @order, page by page: a refill would take them alone, and is a whole batch
 * without them. Returns the pages, NULL after the last one.
 */
static struct mmsim_page **hold_small(struct kunit *test, struct mmsim_zone *zone, unsigned int order)
{
	struct mmsim_page **page = kunit_kcalloc(test, BIT(order) + 1, sizeof(*page), GFP_KERNEL);
	unsigned long nr = 0;

	KUNIT_ASSERT_NOT_NULL(test, page);
	while (nr_small(zone, 0, order) && nr < BIT(order))
		page[nr++] = mmsim_buddy_take(zone, 0, MMSIM_MIGRATE_UNMOVABLE, 0);
	KUNIT_ASSERT_EQ(test, nr_small(zone, 0, order), 0);
	return page;
}

static void release_small(struct mmsim_zone *zone, struct mmsim_page **page)
{
	for (; *page; page++)
		mmsim_buddy_put(zone, *page, 0);
}

/* --- One CPU's lists --- */

/*
 * The zone is asked once for a batch (rmqueue_bulk()); until that is used up it isn't touched, in either direction.
 */
static void pcp_refill(struct kunit *test)
{
	const struct sizes *s = test->param_value;
	struct mmsim *m = instance(test, SZ_16M, BIT(s->order), false, s->batch, s->high);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page **small = hold_small(test, zone, ilog2(s->blocks << s->order));
	struct mmsim_pcp *pcp = here(m->memory);
	unsigned long free = zone->free_pages;
	struct mmsim_page *page[64 + 1];
	unsigned int i;

	for (i = 0; i < s->blocks; i++) {
		page[i] = take(m->memory, QUIET, s->order);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		KUNIT_EXPECT_EQ(test, pcp->nr_refill, 1);
		KUNIT_EXPECT_EQ(test, pcp->nr_alloc, (i + 1UL) << s->order);
		KUNIT_EXPECT_EQ(test, pcp->count, (int)((s->blocks - 1 - i) << s->order));
		KUNIT_EXPECT_EQ(test, zone->free_pages, free - ((unsigned long)s->blocks << s->order));
		KUNIT_EXPECT_EQ(test, zone->allocated_pages + zone->free_pages, zone->managed_pages);
	}
	mmsim_test_check(test, m);
	page[i] = take(m->memory, QUIET, s->order);
	KUNIT_ASSERT_NOT_NULL(test, page[i]);
	KUNIT_EXPECT_EQ(test, pcp->nr_refill, 2);
	KUNIT_EXPECT_EQ(test, zone->free_pages, free - ((unsigned long)s->blocks << (s->order + 1)));
	KUNIT_EXPECT_EQ(test, pcp->nr_spill, 0);
	for (i = 0; i <= s->blocks; i++)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], s->order));
	release_small(zone, small);
	drained(test, m, first, -1, 0);
}

/*
 * A free goes to the list as long as that has less than high pages; then a batch goes back to the zone first
 * (free_pcppages_bulk()). So there are never more than high pages and one block.
 */
static void pcp_spill(struct kunit *test)
{
	const struct sizes *s = test->param_value;
	struct mmsim *m = instance(test, SZ_16M, BIT(s->order), false, s->batch, s->high);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	unsigned long nr = 0, max = min(normal(m->memory)->free_pages >> s->order, 700UL), spills = 0, refused = 0;
	struct mmsim_page **page = kunit_kcalloc(test, max, sizeof(*page), GFP_KERNEL);
	struct mmsim_pcp *pcp = here(m->memory);
	int count = 0, blocks = s->blocks;
	bool dry;

	KUNIT_ASSERT_NOT_NULL(test, page);
	while (nr < max && (page[nr] = take(m->memory, QUIET, s->order)))
		nr++;
	dry = nr < max;
	mmsim_pcp_drain_all(m->memory);
	KUNIT_ASSERT_EQ(test, pcp->count, 0);
	KUNIT_ASSERT_GT(test, nr, 4);
	pcp->nr_spill = 0;
	while (nr) {
		refused += !give(m->memory, page[--nr], s->order);
		if (count >= s->high) {
			count -= min(count, blocks << s->order);
			spills++;
		}
		count += BIT(s->order);
		KUNIT_ASSERT_EQ(test, pcp->count, count);
		KUNIT_ASSERT_EQ(test, pcp->nr_spill, spills);
		KUNIT_ASSERT_LT(test, pcp->count, s->high + (int)BIT(s->order));
	}
	KUNIT_EXPECT_EQ(test, refused, 0);
	KUNIT_EXPECT_GT(test, spills, 0);
	drained(test, m, first, -1, dry);
}

struct direction {
	const char *name;
	bool down;
	unsigned int order, before;
};

static const struct direction directions[] = {
	{ "single pages, up", false, 0, 3 },
	{ "single pages, down", true, 0, 3 },
	{ "pairs, up", false, 1, 1 },
	{ "pairs, down", true, 1, 5 },
};

KUNIT_ARRAY_PARAM_DESC(direction, directions, name);

/*
 * Wherever a client begins, what moves between the lists and the zone is soon blocks of batch + 1 pages: a refill cuts
 * none of them, and a spill in either direction brings no smaller ones.
 */
static void pcp_moves_whole_blocks(struct kunit *test)
{
	const struct direction *d = test->param_value;
	const unsigned int nr = 300;
	struct mmsim *m = instance(test, SZ_16M, BIT(d->order), false, 15, 64);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *apart[5], **page = kunit_kcalloc(test, nr, sizeof(*page), GFP_KERNEL);
	struct mmsim_pcp *pcp = here(m->memory);
	unsigned long spills;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < d->before; i++)
		apart[i] = mmsim_buddy_take(zone, 0, 0, 0);
	for (i = 0; i < nr; i++) {
		page[i] = take(m->memory, QUIET, d->order);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		if (pcp->nr_refill > 2)
			KUNIT_ASSERT_EQ(test, nr_small(zone, d->order, 4), 0);
	}
	KUNIT_EXPECT_GT(test, pcp->nr_refill, 10);
	if (d->down)
		for (i = 0; i < nr / 2; i++)
			swap(page[i], page[nr - 1 - i]);
	spills = pcp->nr_spill;
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], d->order));
		if (pcp->nr_spill > spills + 2)
			KUNIT_ASSERT_EQ(test, nr_small(zone, d->order, 4), 0);
	}
	KUNIT_EXPECT_GT(test, pcp->nr_spill, spills + 5);
	for (i = 0; i < d->before; i++)
		if (apart[i])
			mmsim_buddy_put(zone, apart[i], 0);
	drained(test, m, first, -1, 0);
}

/* Lists take turns in making room: what one has that isn't used any more doesn't keep the others short for ever. */
static void pcp_turns(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, ALL_ORDERS, false, 7, 28);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *single[28], *pair[64];
	struct mmsim_pcp *pcp = here(m->memory);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(single); i++)
		single[i] = take(m->memory, QUIET, 0);
	for (i = 0; i < ARRAY_SIZE(pair); i++)
		pair[i] = take(m->memory, QUIET, 1);
	mmsim_pcp_drain_all(m->memory);
	for (i = 0; i < ARRAY_SIZE(single); i++)
		KUNIT_EXPECT_TRUE(test, single[i] && give(m->memory, single[i], 0));
	KUNIT_EXPECT_EQ(test, pcp->count, 28);
	KUNIT_EXPECT_NOT_NULL(test, pcp->list[0][0]);
	for (i = 0; i < ARRAY_SIZE(pair); i++)
		KUNIT_EXPECT_TRUE(test, pair[i] && give(m->memory, pair[i], 1));
	KUNIT_EXPECT_NULL(test, pcp->list[0][0]);
	KUNIT_EXPECT_GE(test, pcp->count, 28 - 8);
	KUNIT_EXPECT_LT(test, pcp->count, 28 + 2);
	drained(test, m, first, -1, 0);
}

/* The block that was freed last, which the caches still hold, is handed out first. */
static void pcp_lifo(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value, i;
	struct mmsim *m = instance(test, SZ_16M, ALL_ORDERS, false, 1, 4 << order);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *page[3];
	unsigned long free;

	for (i = 0; i < 3; i++) {
		page[i] = take(m->memory, QUIET, order);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
	}
	mmsim_pcp_drain_all(m->memory);
	free = zone->free_pages;
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], order));
	KUNIT_EXPECT_EQ(test, here(m->memory)->count, (int)(3 << order));
	for (i = 3; i-- > 0;)
		KUNIT_EXPECT_PTR_EQ(test, take(m->memory, QUIET, order), page[i]);
	KUNIT_EXPECT_EQ(test, zone->free_pages, free);
	mmsim_test_check(test, m);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], order));
	drained(test, m, first, -1, 0);
}

/*
 * The kernel keeps lists of the orders 0 to 3 and 9 (pcp_allowed_order()): the others go to the zone and come from
 * it.
 */
static void pcp_other_orders(struct kunit *test)
{
	static const unsigned int other[] = { 4, 5, 6, 7, 8, 10 };
	struct mmsim *m = instance(test, SZ_16M, MMSIM_PCP_ORDERS, false, 7, 28);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_pcp *pcp = here(m->memory);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(other); i++) {
		struct mmsim_page *page = take(m->memory, QUIET, other[i]);

		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, zone->free_pages, first->free_pages[MMSIM_ZONE_NORMAL] - BIT(other[i]));
		KUNIT_EXPECT_TRUE(test, give(m->memory, page, other[i]));
		mmsim_expect_since(test, m->memory, first, -1, 0);
	}
	KUNIT_EXPECT_EQ(test, pcp->nr_alloc + pcp->nr_refill + pcp->nr_spill, 0);
	KUNIT_EXPECT_EQ(test, pcp->count, 0);
}

/* A page on a CPU's list belongs to nobody: freeing it once more, or taking a reference, is refused and counted. */
static void pcp_double_free(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim *m = instance(test, SZ_16M, ALL_ORDERS, false, 1, 4 << order);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = take(m->memory, QUIET, order);
	struct mmsim_pcp *pcp = here(m->memory);
	int count;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, order));
	count = pcp->count;
	KUNIT_EXPECT_FALSE(test, give(m->memory, page, order));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_DOUBLE_FREE]), 1);
	KUNIT_EXPECT_EQ(test, pcp->count, count);
	KUNIT_EXPECT_FALSE(test, mmsim_memory_get(m->memory, page, _RET_IP_));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_GET]), 1);
	atomic_long_set(&m->memory->bad[MMSIM_BAD_GET], 0);
	KUNIT_EXPECT_PTR_EQ(test, take(m->memory, QUIET, order), page);
	KUNIT_EXPECT_EQ(test, atomic_read(&page->_refcount), 1);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, order));
	drained(test, m, first, MMSIM_BAD_DOUBLE_FREE, 0);
}

/* Each migratetype has a list of its own: a page freed to one isn't handed out as another. */
static void pcp_migratetypes(struct kunit *test)
{
	static const gfp_t gfp[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };
	struct mmsim *m = instance(test, SZ_16M, ALL_ORDERS, true, 7, 28);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_pcp *pcp = here(m->memory);
	struct mmsim_page *page[3];
	unsigned int type;

	for (type = 0; type < 3; type++) {
		page[type] = take(m->memory, QUIET | gfp[type], 0);
		KUNIT_ASSERT_NOT_NULL(test, page[type]);
		KUNIT_EXPECT_EQ(test, mmsim_pageblock_type(normal(m->memory), page[type]), type);
	}
	for (type = 0; type < 3; type++) {
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[type], 0));
		KUNIT_EXPECT_PTR_EQ(test, pcp->list[0][type], page[type]);
	}
	for (type = 0; type < 3; type++)
		KUNIT_EXPECT_PTR_EQ(test, take(m->memory, QUIET | gfp[type], 0), page[type]);
	for (type = 0; type < 3; type++)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[type], 0));
	drained(test, m, first, -1, 0);
}

/* Whoever interrupts code that has this CPU's lists is served from the zone's, and puts there what it frees. */
static void pcp_busy(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, ALL_ORDERS, false, 7, 28);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	unsigned long free[5], nr_alloc[2], got;
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *seed = take(m->memory, QUIET, 0), *page, *many[4] = {};
	struct mmsim_pcp *pcp, *again;
	bool freed[5], room, entered;
	int count[2], i;

	KUNIT_ASSERT_NOT_NULL(test, seed);
	KUNIT_ASSERT_TRUE(test, mmsim_pcp_enter(zone, &pcp));
	entered = mmsim_pcp_enter(zone, &again);
	count[0] = pcp->count;
	nr_alloc[0] = pcp->nr_alloc;
	free[0] = zone->free_pages;
	page = take(m->memory, QUIET, 0);
	free[1] = zone->free_pages;
	freed[4] = page && give(m->memory, page, 0);
	free[2] = zone->free_pages;
	got = mmsim_memory_alloc_bulk(m->memory, QUIET, 4, many, _RET_IP_);
	free[3] = zone->free_pages;
	for (i = 0; i < 4; i++)
		freed[i] = many[i] && give(m->memory, many[i], 0);
	free[4] = zone->free_pages;
	room = mmsim_pcp_push(zone, seed, 0, 0);
	count[1] = pcp->count;
	nr_alloc[1] = pcp->nr_alloc;
	mmsim_pcp_leave(pcp);

	KUNIT_EXPECT_FALSE(test, entered);
	KUNIT_EXPECT_FALSE(test, room);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, count[1], count[0]);
	KUNIT_EXPECT_EQ(test, nr_alloc[1], nr_alloc[0]);
	KUNIT_EXPECT_EQ(test, free[1], free[0] - 1);
	KUNIT_EXPECT_EQ(test, free[2], free[0]);
	KUNIT_EXPECT_EQ(test, got, 4);
	KUNIT_EXPECT_EQ(test, free[3], free[0] - 4);
	KUNIT_EXPECT_EQ(test, free[4], free[0]);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE(test, freed[i]);
	KUNIT_EXPECT_TRUE(test, give(m->memory, seed, 0));
	KUNIT_EXPECT_EQ(test, here(m->memory)->count, count[0] + 1);
	drained(test, m, first, -1, 0);
}

/*
 * A page on a CPU's list isn't free for the watermarks (NR_FREE_PAGES), so that requests that can't wait fail while
 * some are left there; who may sleep has the lists emptied (drain_all_pages()) and gets every page.
 */
static void pcp_exhaustion(struct kunit *test)
{
	static const gfp_t gfp[] = { QUIET, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY };
	struct mmsim *m = instance(test, SZ_4M, ALL_ORDERS, false, 63, 252);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	unsigned long all = first->free_pages[MMSIM_ZONE_NORMAL], nr = 0;
	struct mmsim_page **page = kunit_kcalloc(test, all + 1, sizeof(*page), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	while (nr <= all && (page[nr] = take(m->memory, gfp[0], 0)))
		nr++;
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_pages, 0);
	KUNIT_EXPECT_EQ(test, nr, all - here(m->memory)->count);
	KUNIT_EXPECT_GT(test, here(m->memory)->count, 0);
	while (nr <= all && (page[nr] = take(m->memory, gfp[1], 0)))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, all);
	KUNIT_EXPECT_EQ(test, here(m->memory)->count, 0);
	while (nr)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[--nr], 0));
	drained(test, m, first, -1, 2);
}

/* --- Many at once --- */

struct bulk {
	const char *name;
	unsigned long pcp_orders;
	int batch, high;
};

static const struct bulk bulks[] = {
	{ "no lists", 0, 1, 4 },
	{ "batch 1", MMSIM_PCP_ORDERS, 1, 4 },
	{ "batch 7", MMSIM_PCP_ORDERS, 7, 28 },
	{ "batch 63", MMSIM_PCP_ORDERS, 63, 252 },
};

KUNIT_ARRAY_PARAM_DESC(bulk, bulks, name);

#define BULK	100

/*
 * As alloc_pages_bulk_array(): NULL entries are filled, the others are left alone; it returns how many there are
 * now.
 */
static void pcp_bulk(struct kunit *test)
{
	const struct bulk *bulk = test->param_value;
	struct mmsim *m = instance(test, SZ_16M, bulk->pcp_orders, false, bulk->batch, bulk->high);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	unsigned int pattern, i, j;

	for (pattern = 1; pattern <= 5; pattern++) {
		struct mmsim_page *page[BULK + 1] = {}, *mark = (void *)0x51, *guard = (void *)0x52;
		unsigned int wrong = 0, twice = 0;

		/* Pattern 1: all empty; else every so manyth isn't. */
		for (i = 0; pattern > 1 && i < BULK; i += pattern)
			page[i] = mark;
		page[BULK] = guard;
		KUNIT_EXPECT_EQ(test, mmsim_memory_alloc_bulk(m->memory, QUIET, BULK, page, _RET_IP_), BULK);
		KUNIT_EXPECT_PTR_EQ(test, page[BULK], guard);
		for (i = 0; i < BULK; i++) {
			bool kept = pattern > 1 && i % pattern == 0;

			wrong += kept != (page[i] == mark);
			if (kept)
				continue;
			wrong += !mmsim_memory_has(m->memory, page[i]) || atomic_read(&page[i]->_refcount) != 1;
			for (j = 0; j < i; j++)
				twice += page[i] == page[j];
		}
		KUNIT_ASSERT_EQ(test, wrong, 0);
		KUNIT_ASSERT_EQ(test, twice, 0);
		mmsim_test_check(test, m);
		for (i = 0; i < BULK; i++)
			if (page[i] != mark)
				KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 0));
	}
	drained(test, m, first, -1, 0);
}

/* All served from what the list has or is filled with: counted as such, the zone's lock taken once a batch. */
static void pcp_bulk_counts(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, BIT(0), false, 7, 28);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page **small = hold_small(test, normal(m->memory), 3);
	struct mmsim_pcp *pcp = here(m->memory);
	struct mmsim_page *page[20] = {};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mmsim_memory_alloc_bulk(m->memory, QUIET, 20, page, _RET_IP_), 20);
	KUNIT_EXPECT_EQ(test, pcp->nr_alloc, 20);
	KUNIT_EXPECT_EQ(test, pcp->nr_refill, 3);
	KUNIT_EXPECT_EQ(test, pcp->count, 4);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 0));
	release_small(normal(m->memory), small);
	drained(test, m, first, -1, 0);
}

/* More than there is: what there is, in the first entries, the rest still NULL, and one failure. */
static void pcp_bulk_exhaustion(struct kunit *test)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY;
	const struct bulk *bulk = test->param_value;
	struct mmsim *m = instance(test, SZ_4M, bulk->pcp_orders, false, bulk->batch, bulk->high);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	unsigned long all = first->free_pages[MMSIM_ZONE_NORMAL], wrong = 0, i;
	struct mmsim_page **page = kunit_kcalloc(test, all + 50, sizeof(*page), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, mmsim_memory_alloc_bulk(m->memory, gfp, all + 50, page, _RET_IP_), all);
	for (i = 0; i < all + 50; i++)
		wrong += !page[i] != (i >= all);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	for (i = 0; i < all && page[i]; i++)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 0));
	drained(test, m, first, -1, 1);
}

/* --- A random run --- */

struct grouping {
	const char *name;
	bool group;
};

static const struct grouping groupings[] = { { "one migratetype", false }, { "grouped by mobility", true } };

KUNIT_ARRAY_PARAM_DESC(grouping, groupings, name);

#define STEPS		60000

/* Any order, any mobility, with lists of all orders: no block is handed out twice, and all come back. */
static void pcp_random(struct kunit *test)
{
	const struct grouping *c = test->param_value;
	struct mmsim *m = instance(test, SZ_16M, ALL_ORDERS, c->group, 31, 124);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_worker *w = mmsim_workers(test, m->memory, 1);
	struct mmsim_pcp *pcp = here(m->memory);
	unsigned long step;

	for (step = 0; step < STEPS && !w->faults; step++) {
		mmsim_worker_step(w);
		if (step % 1000)
			continue;
		mmsim_test_check(test, m);
		if (step % 5000 == 0)
			mmsim_pcp_drain_all(m->memory);
		cond_resched();
	}
	mmsim_worker_finish(w);
	KUNIT_EXPECT_EQ(test, w->faults, 0);
	KUNIT_EXPECT_GT(test, pcp->nr_alloc, STEPS / 4);
	KUNIT_EXPECT_GT(test, pcp->nr_refill, 0);
	KUNIT_EXPECT_GT(test, pcp->nr_spill, 0);
	drained(test, m, first, -1, w->failed);
}

static struct kunit_case pcp_cases[] = {
	KUNIT_CASE_PARAM(pcp_refill, sizes_gen_params),
	KUNIT_CASE_PARAM(pcp_spill, sizes_gen_params),
	KUNIT_CASE_PARAM(pcp_moves_whole_blocks, direction_gen_params),
	KUNIT_CASE(pcp_turns),
	KUNIT_CASE_PARAM(pcp_lifo, order_gen_params),
	KUNIT_CASE(pcp_other_orders),
	KUNIT_CASE_PARAM(pcp_double_free, order_gen_params),
	KUNIT_CASE(pcp_misuse_of_listed_block),
	KUNIT_CASE(pcp_migratetypes),
	KUNIT_CASE(pcp_busy),
	KUNIT_CASE(pcp_exhaustion),
	KUNIT_CASE_PARAM(pcp_bulk, bulk_gen_params),
	KUNIT_CASE(pcp_bulk_counts),
	KUNIT_CASE_PARAM(pcp_bulk_exhaustion, bulk_gen_params),
	KUNIT_CASE_PARAM(pcp_random, grouping_gen_params),
	{}
};

static struct kunit_suite pcp_suite = {
	.name = "pcp",
	.test_cases = pcp_cases,
};

kunit_test_suite(pcp_suite);
