// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "migrate": pageblocks by migratetype, where requests go when their own has nothing left, and the
 * reserve for large atomic requests. The CPUs keep no lists here, so that each request shows on the zone's.
 *
 * A test that needs a certain state takes everything as single pages of one kind and gives back what is to be free.
 */
#include <kunit/test.h>

#include "fixture.h"
#include "oracle.h"
#include "page/buddy.h"
#include "page/isolate.h"

#define U	MMSIM_MIGRATE_UNMOVABLE
#define M	MMSIM_MIGRATE_MOVABLE
#define R	MMSIM_MIGRATE_RECLAIMABLE
#define H	MMSIM_MIGRATE_HIGHATOMIC
#define I	MMSIM_MIGRATE_ISOLATE
#define BLOCK	MMSIM_PAGEBLOCK_PAGES
#define QUIET	(GFP_NOWAIT | __GFP_NOWARN)

static const gfp_t kind[] = { [U] = QUIET, [M] = QUIET | __GFP_MOVABLE, [R] = QUIET | __GFP_RECLAIMABLE };

static struct mmsim_page *take_kind(struct mmsim_memory *mem, unsigned int type, unsigned int order)
{
	return mmsim_memory_alloc(mem, kind[type], order, _RET_IP_);
}

static struct mmsim *instance(struct kunit *test, u64 size, bool group)
{
	const struct mmsim_memory_params params = { .group_by_mobility = group };

	return mmsim_test_instance_with(test, size, "Normal", &params);
}

static struct mmsim_zone *normal(struct mmsim_memory *mem)
{
	return &mem->node[0]->zone[MMSIM_ZONE_NORMAL];
}

static unsigned int type_of(struct mmsim_memory *mem, const struct mmsim_page *page)
{
	return mmsim_pageblock_type(normal(mem), page);
}

/* Who has which page, noted outside of the instance. */
struct holding {
	struct mmsim_memory *mem;
	u8 *order;			/* of each page: 1 + the order of the block held from here, 0: none is */
};

static struct holding *holding(struct kunit *test, struct mmsim_memory *mem)
{
	struct holding *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->mem = mem;
	h->order = kunit_kzalloc(test, mem->nr_pages, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h->order);
	return h;
}

static struct mmsim_page *hold(struct holding *h, unsigned int type, unsigned int order)
{
	struct mmsim_page *page = take_kind(h->mem, type, order);

	if (page)
		h->order[page - h->mem->map] = 1 + order;
	return page;
}

static unsigned long hold_all(struct holding *h, unsigned int type, unsigned int order)
{
	unsigned long nr = 0;

	while (hold(h, type, order))
		nr++;
	return nr;
}

/* Gives back what is held from here on; whether it went. */
static bool drop(struct holding *h, struct mmsim_page *page)
{
	u8 *order = &h->order[page - h->mem->map];
	unsigned int was = *order;

	*order = 0;
	return was && give(h->mem, page, was - 1);
}

static void drop_all(struct kunit *test, struct holding *h)
{
	unsigned long i, refused = 0;

	for (i = 0; i < h->mem->nr_pages; i++)
		if (h->order[i])
			refused += !drop(h, h->mem->map + i);
	KUNIT_EXPECT_EQ(test, refused, 0);
}

/* The n-th pageblock that holds no metadata. */
static struct mmsim_page *pageblock(struct mmsim_memory *mem, unsigned int n)
{
	unsigned long meta_end = mem->meta_pfn + mem->meta_pages - mem->start_pfn;

	return mem->map + (DIV_ROUND_UP(meta_end, BLOCK) + n) * BLOCK;
}

/* Frees the first @nr pages of a pageblock that is held page by page. */
static void free_pages_of(struct kunit *test, struct holding *h, struct mmsim_page *start, unsigned long nr)
{
	unsigned long i, refused = 0;

	for (i = 0; i < nr; i++)
		refused += !drop(h, start + i);
	KUNIT_ASSERT_EQ(test, refused, 0);
}

static unsigned long count_type(struct mmsim_memory *mem, unsigned int type)
{
	unsigned long i, n = 0;

	for (i = 0; i < mem->nr_pages / BLOCK; i++)
		n += mem->pageblock[i] == type;
	return n;
}

/* --- Who owns a pageblock --- */

/* After a boot all is Movable (memmap_init_zone()); without grouping, Unmovable, and so are all requests. */
static void migrate_initial(struct kunit *test)
{
	struct mmsim *on = instance(test, SZ_16M, true), *off = instance(test, SZ_16M, false);
	unsigned int type;

	KUNIT_EXPECT_EQ(test, count_type(on->memory, M), SZ_16M / SZ_2M);
	KUNIT_EXPECT_EQ(test, normal(on->memory)->free_type[M], normal(on->memory)->free_pages);
	KUNIT_EXPECT_EQ(test, count_type(off->memory, U), SZ_16M / SZ_2M);
	KUNIT_EXPECT_EQ(test, normal(off->memory)->free_type[U], normal(off->memory)->free_pages);
	for (type = U; type <= R; type++) {
		struct mmsim_page *page = take_kind(off->memory, type, 0);

		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, count_type(off->memory, U), SZ_16M / SZ_2M);
		KUNIT_EXPECT_TRUE(test, give(off->memory, page, 0));
		KUNIT_EXPECT_EQ(test, mmsim_gfp_migratetype(on->memory, kind[type]), type);
		KUNIT_EXPECT_EQ(test, mmsim_gfp_migratetype(off->memory, kind[type]), U);
	}
	mmsim_test_check(test, on);
	mmsim_test_check(test, off);
}

static const unsigned int takers[] = { U, R };

static void describe_taker(const unsigned int *type, char *desc)
{
	strscpy(desc, mmsim_migratetype_names[*type], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(taker, takers, describe_taker);

/*
 * A request whose own lists are empty takes the largest block there is, whole, with its pageblocks
 * (__rmqueue_fallback()): the next ones are served from it and don't spread.
 */
static void migrate_takes_largest(struct kunit *test)
{
	unsigned int type = *(const unsigned int *)test->param_value;
	struct mmsim *m = instance(test, SZ_16M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *largest = mmsim_first_free(zone, MMSIM_MAX_ORDER, M);
	struct holding *h = holding(test, m->memory);
	struct mmsim_page *page = hold(h, type, 0);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, largest);
	KUNIT_EXPECT_PTR_EQ(test, page, largest);
	KUNIT_EXPECT_EQ(test, count_type(m->memory, type), 2);
	KUNIT_EXPECT_EQ(test, type_of(m->memory, largest), type);
	KUNIT_EXPECT_EQ(test, type_of(m->memory, largest + BLOCK), type);
	KUNIT_EXPECT_EQ(test, zone->free_type[type], MMSIM_MAX_ORDER_PAGES - 1);
	mmsim_test_check(test, m);
	for (i = 1; i < MMSIM_MAX_ORDER_PAGES; i++)
		KUNIT_ASSERT_EQ(test, type_of(m->memory, hold(h, type, 0)), type);
	KUNIT_EXPECT_EQ(test, count_type(m->memory, type), 2);
	KUNIT_EXPECT_EQ(test, zone->free_type[type], 0);
	KUNIT_EXPECT_NOT_NULL(test, hold(h, type, 0));
	KUNIT_EXPECT_GT(test, count_type(m->memory, type), 2);
	mmsim_test_check(test, m);
	drop_all(test, h);
	mmsim_expect_since(test, m->memory, first, -1, 0);
}

/* A pageblock that another kind asks for, with so many of its pages free, and the rest in use. */
struct claim {
	const char *name;
	unsigned int owner, taker;
	unsigned long free;
	unsigned int order;		/* of the request */
	bool owned;			/* does the pageblock change hands? */
};

/*
 * try_to_claim_block(): with half of the pageblock free or alike it changes hands. What is alike can be told only
 * roughly: for Movable, pages known to be movable; for the others, what isn't movable in a Movable pageblock, else
 * nothing. Pages here are of clients that registered no way to move them: in a Movable pageblock they count as
 * Unmovable.
 */
static const struct claim claims[] = {
	{ "U of M: all alike", M, U, 8, 0, true },
	{ "R of M: all alike", M, R, 8, 0, true },
	{ "U of R: a quarter free", R, U, BLOCK / 4, 0, false },
	{ "U of R: one page below half", R, U, BLOCK / 2 - 1, 0, false },
	{ "U of R: half free", R, U, BLOCK / 2, 0, true },
	{ "R of U: one page below half", U, R, BLOCK / 2 - 1, 0, false },
	{ "R of U: half free", U, R, BLOCK / 2, 0, true },
	{ "M of U: a quarter free", U, M, BLOCK / 4, 0, false },
	{ "M of U: half free", U, M, BLOCK / 2, 0, true },
	{ "M of R: half free", R, M, BLOCK / 2, 3, true },
	{ "M of R: one page below half", R, M, BLOCK / 2 - 1, 3, false },
	{ "M of U: small blocks", U, M, 15, 0, false },
};

KUNIT_ARRAY_PARAM_DESC(claim, claims, name);

static void migrate_claim(struct kunit *test)
{
	const struct claim *c = test->param_value;
	struct mmsim *m = instance(test, SZ_16M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *start = pageblock(m->memory, 1), *page;
	struct holding *h = holding(test, m->memory);

	hold_all(h, c->owner, 0);
	KUNIT_ASSERT_EQ(test, zone->free_pages, 0);
	KUNIT_ASSERT_EQ(test, type_of(m->memory, start), c->owner);
	free_pages_of(test, h, start, c->free);
	KUNIT_ASSERT_EQ(test, zone->free_type[c->owner], c->free);

	page = hold(h, c->taker, c->order);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, (page - start) / BLOCK, 0);
	KUNIT_EXPECT_EQ(test, type_of(m->memory, page), c->owned ? c->taker : c->owner);
	KUNIT_EXPECT_EQ(test, zone->free_type[c->taker], c->owned ? c->free - BIT(c->order) : 0);
	KUNIT_EXPECT_EQ(test, zone->free_type[c->owner], c->owned ? 0 : c->free - BIT(c->order));
	mmsim_test_check(test, m);
	drop_all(test, h);
	mmsim_expect_since(test, m->memory, first, -1, 1);
	mmsim_test_check(test, m);
}

/*
 * A movable request for a small block does no harm in another's pageblock: when there is nothing large it borrows
 * from the smallest block that fits, and the rest stays whose it is.
 */
static void migrate_borrows_smallest(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *start = pageblock(m->memory, 1);
	struct holding *h = holding(test, m->memory);

	hold_all(h, U, 0);
	/* Free: 8 pages at 0, 4 at 16, 2 at 32. None has the quarter of a pageblock or so that a claim begins at. */
	free_pages_of(test, h, start, 8);
	free_pages_of(test, h, start + 16, 4);
	free_pages_of(test, h, start + 32, 2);
	KUNIT_EXPECT_PTR_EQ(test, hold(h, M, 1), start + 32);
	KUNIT_EXPECT_PTR_EQ(test, hold(h, M, 0), start + 16);
	KUNIT_EXPECT_PTR_EQ(test, hold(h, M, 3), start);
	KUNIT_EXPECT_EQ(test, type_of(m->memory, start), U);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_type[U], 3);
	mmsim_test_check(test, m);
	drop_all(test, h);
	mmsim_expect_since(test, m->memory, first, -1, 1);
}

/* --- In which order the others are asked --- */

struct fallback {
	const char *name;
	unsigned int type, second, third;
};

/* The kernel's fallbacks[]. */
static const struct fallback fallbacks[] = {
	{ "Unmovable", U, R, M },
	{ "Movable", M, R, U },
	{ "Reclaimable", R, U, M },
};

KUNIT_ARRAY_PARAM_DESC(fallback, fallbacks, name);

/*
 * One free block of order 5 in a pageblock of each migratetype: it is the row of the table that decides.
 */
static void migrate_fallback_order(struct kunit *test)
{
	const struct fallback *f = test->param_value;
	const unsigned int order[] = { f->type, f->second, f->third };
	struct mmsim *m = instance(test, SZ_16M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *of[MMSIM_MIGRATE_PCPTYPES] = {}, *page;
	struct holding *h = holding(test, m->memory);
	unsigned int type, n;

	/* Each kind takes over what a request of MAX_ORDER gets it, and splits it to single pages. */
	for (type = U; type <= R; type++) {
		page = hold(h, type, MMSIM_MAX_ORDER);
		KUNIT_ASSERT_NOT_NULL(test, page);
		h->order[page - m->memory->map] = 0;
		KUNIT_ASSERT_TRUE(test, mmsim_memory_split(m->memory, page, MMSIM_MAX_ORDER, _RET_IP_));
		memset(&h->order[page - m->memory->map], 1, MMSIM_MAX_ORDER_PAGES);
		of[type] = page;
	}
	hold_all(h, M, 0);
	KUNIT_ASSERT_EQ(test, normal(m->memory)->free_pages, 0);
	for (type = U; type <= R; type++) {
		KUNIT_ASSERT_EQ(test, type_of(m->memory, of[type]), type);
		free_pages_of(test, h, of[type], 32);
		KUNIT_ASSERT_EQ(test, normal(m->memory)->free_type[type], 32);
	}
	for (n = 0; n < 3; n++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, hold(h, f->type, 5), of[order[n]], "choice %u", n);
	KUNIT_EXPECT_NULL(test, hold(h, f->type, 5));
	mmsim_test_check(test, m);
	drop_all(test, h);
	mmsim_expect_since(test, m->memory, first, -1, 2);
}

/* A page goes back to the lists of its pageblock, whatever it was allocated as (__free_one_page()). */
static void migrate_freed_to_owner(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, true);
	struct mmsim_page *start = pageblock(m->memory, 1), *page;
	struct holding *h = holding(test, m->memory);

	hold_all(h, U, 0);
	free_pages_of(test, h, start, 1);
	page = hold(h, M, 0);
	KUNIT_ASSERT_PTR_EQ(test, page, start);
	KUNIT_EXPECT_TRUE(test, drop(h, page));
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_type[U], 1);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_type[M], 0);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(normal(m->memory), 0, U), start);
	mmsim_test_check(test, m);
	drop_all(test, h);
}

/* Above a pageblock two kinds meet: they merge, and the larger block is of the one that came last. */
static void migrate_merge_above(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *low = take_kind(m->memory, U, 10), *high;

	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_ASSERT_TRUE(test, give(m->memory, low, 10));
	low = take_kind(m->memory, U, 9);
	high = take_kind(m->memory, U, 9);
	KUNIT_ASSERT_PTR_EQ(test, high, low + BLOCK);
	mmsim_pageblock_set_type(zone, high, 9, M);
	KUNIT_EXPECT_TRUE(test, give(m->memory, high, 9));
	KUNIT_EXPECT_EQ(test, zone->free_type[U], 0);
	KUNIT_EXPECT_TRUE(test, give(m->memory, low, 9));
	KUNIT_EXPECT_EQ(test, zone->free_type[U], MMSIM_MAX_ORDER_PAGES);
	KUNIT_EXPECT_EQ(test, type_of(m->memory, high), U);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(zone, 10, U), low);
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

/* Reserves don't merge with ordinary pageblocks: their pages would be handed out to anybody. */
static void migrate_reserve_stays_apart(struct kunit *test)
{
	static const unsigned int reserves[] = { H, MMSIM_MIGRATE_CMA, I };
	struct mmsim *m = instance(test, SZ_16M, true);
	struct mmsim_zone *zone = normal(m->memory);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		struct mmsim_page *low = take_kind(m->memory, U, 10), *page;

		KUNIT_ASSERT_NOT_NULL(test, low);
		KUNIT_ASSERT_TRUE(test, mmsim_memory_split(m->memory, low, 10, _RET_IP_));
		mmsim_pageblock_set_type(zone, low, 9, reserves[i]);
		for (page = low; page < low + MMSIM_MAX_ORDER_PAGES; page++)
			KUNIT_ASSERT_TRUE(test, give(m->memory, page, 0));
		KUNIT_EXPECT_EQ(test, zone->free_type[reserves[i]], BLOCK);
		KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(zone, 9, reserves[i]), low);
		KUNIT_EXPECT_EQ(test, type_of(m->memory, low), reserves[i]);
		KUNIT_EXPECT_EQ(test, type_of(m->memory, low + BLOCK), U);
		KUNIT_EXPECT_EQ(test, mmsim_page_order(low), 9);
	}
	KUNIT_EXPECT_EQ(test, zone->common_pages, zone->free_pages - 3 * BLOCK);
}

static void retype(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int type)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	mmsim_pageblock_retype(zone, page, type);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * A block of two pageblocks of which one was isolated while it was in use: freed, each half goes to its own lists
 * (split_large_buddy()), and they are one block again when both are ordinary.
 */
static void migrate_freed_half_isolated(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	unsigned int half;

	for (half = 0; half < 2; half++) {
		struct mmsim_page *page = take_kind(m->memory, U, 10), *isolated = page + half * BLOCK;

		KUNIT_ASSERT_NOT_NULL(test, page);
		retype(zone, isolated, I);
		KUNIT_EXPECT_TRUE(test, give(m->memory, page, 10));
		KUNIT_EXPECT_EQ(test, zone->free_type[I], BLOCK);
		KUNIT_EXPECT_EQ(test, zone->common_pages, zone->free_pages - BLOCK);
		KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(zone, 9, I), isolated);
		KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(zone, 9, U), page + (1 - half) * BLOCK);
		mmsim_test_check(test, m);
		retype(zone, isolated, U);
		KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(zone, 10, U), page);
		mmsim_test_check(test, m);

		/* Isolated and restored as another kind, all while it was in use. */
		KUNIT_EXPECT_PTR_EQ(test, take_kind(m->memory, U, 10), page);
		retype(zone, isolated, I);
		retype(zone, isolated, R);
		KUNIT_EXPECT_TRUE(test, give(m->memory, page, 10));
		KUNIT_EXPECT_EQ(test, mmsim_page_order(page), 10);
		KUNIT_EXPECT_EQ(test, type_of(m->memory, page), type_of(m->memory, page + BLOCK));
		mmsim_test_check(test, m);
	}
	mmsim_expect_since(test, m->memory, first, -1, 0);
}

/* --- What it is good for --- */

static unsigned long free_pageblocks(struct mmsim_zone *zone)
{
	return zone->free_area[9].nr_free + 2 * zone->free_area[10].nr_free;
}

/*
 * Of each ten requests one is unmovable, until all is taken; then all movable pages go. How many free 2 MB are left?
 */
static unsigned long scattered(struct kunit *test, bool group, u64 seed)
{
	struct mmsim *m = instance(test, SZ_32M, group);
	struct holding *h = holding(test, m->memory);
	unsigned long *movable = kunit_kcalloc(test, BITS_TO_LONGS(m->memory->nr_pages), sizeof(*movable), GFP_KERNEL);
	unsigned long i, blocks, unmovable = 0, limit = normal(m->memory)->free_pages / 10;
	struct mmsim_page *page;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, movable);
	prandom_seed_state(&rnd, seed);
	do {
		bool is_movable = unmovable == limit || mmsim_test_below(&rnd, 10);

		page = hold(h, is_movable ? M : U, 0);
		if (page && is_movable)
			__set_bit(page - m->memory->map, movable);
		unmovable += page && !is_movable;
	} while (page);
	KUNIT_EXPECT_GT(test, unmovable, 0);
	for_each_set_bit(i, movable, m->memory->nr_pages)
		drop(h, m->memory->map + i);
	blocks = free_pageblocks(normal(m->memory));
	mmsim_test_check(test, m);
	drop_all(test, h);
	return blocks;
}

/* Gorman's point: pages that can't be moved are kept together, and what is freed around them is whole. */
static void migrate_effect(struct kunit *test)
{
	u64 seed = mmsim_test_seed(test);
	unsigned long with = scattered(test, true, seed), without = scattered(test, false, seed);

	kunit_info(test, "free 2 MB blocks: %lu with grouping by mobility, %lu without", with, without);
	KUNIT_EXPECT_GT(test, with, without);
	KUNIT_EXPECT_GE(test, with, 10);
}

/* --- The reserve for large atomic requests --- */

/* In a small zone 1 % is less than a pageblock: there is no reserve. */
static void migrate_highatomic_small(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, true);
	struct mmsim_page *page = mmsim_memory_alloc(m->memory, GFP_ATOMIC | __GFP_NOWARN, 3, _RET_IP_);

	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim_highatomic_reserve(normal(m->memory), page, 3);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->nr_highatomic, 0);
	KUNIT_EXPECT_EQ(test, count_type(m->memory, H), 0);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 3));
}

/*
 * From 200 MB on a large atomic request that was served with some effort reserves the pageblock around it
 * (reserve_highatomic_pageblock()), up to 1 % of the zone, rounded up. Its pages are for such requests alone; the
 * reserve is given up, all but the last block, and that too when forced (unreserve_highatomic_pageblock()).
 */
static void migrate_highatomic(struct kunit *test)
{
	struct mmsim *m = instance(test, 256 * SZ_1M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *page[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		page[i] = take_kind(m->memory, U, 9);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		KUNIT_ASSERT_TRUE(test, mmsim_memory_split(m->memory, page[i], 9, _RET_IP_));
		KUNIT_ASSERT_TRUE(test, give(m->memory, page[i] + 8, 0));
		mmsim_highatomic_reserve(zone, page[i], 3);
	}
	/* 1 % of 256 MB are 645 pages: two pageblocks. */
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, 2 * BLOCK);
	KUNIT_EXPECT_EQ(test, count_type(m->memory, H), 2);
	KUNIT_EXPECT_EQ(test, zone->free_type[H], 2);
	KUNIT_EXPECT_EQ(test, zone->common_pages, zone->free_pages - 2);
	mmsim_test_check(test, m);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_buddy_take(zone, 0, U, MMSIM_ALLOC_HIGHATOMIC), page[1] + 8);
	KUNIT_EXPECT_TRUE(test, mmsim_page_is_allocated(page[1] + 8));
	mmsim_buddy_put(zone, page[1] + 8, 0);
	KUNIT_EXPECT_EQ(test, zone->free_type[H], 2);
	mmsim_test_check(test, m);
	KUNIT_EXPECT_TRUE(test, mmsim_highatomic_unreserve(zone, M, false));
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, BLOCK);
	KUNIT_EXPECT_EQ(test, zone->free_type[H], 1);
	KUNIT_EXPECT_FALSE(test, mmsim_highatomic_unreserve(zone, M, false));
	KUNIT_EXPECT_TRUE(test, mmsim_highatomic_unreserve(zone, M, true));
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, 0);
	KUNIT_EXPECT_EQ(test, zone->free_type[H], 0);
	KUNIT_EXPECT_FALSE(test, mmsim_highatomic_unreserve(zone, M, true));
	mmsim_test_check(test, m);
	for (i = 0; i < 3 * BLOCK; i++)
		if (i % BLOCK != 8)
			KUNIT_ASSERT_TRUE(test, give(m->memory, page[i / BLOCK] + i % BLOCK, 0));
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

/* A pageblock of the reserve that is free as a whole merges with its buddy when it is given up. */
static void migrate_highatomic_merges(struct kunit *test)
{
	struct mmsim *m = instance(test, 256 * SZ_1M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *low = take_kind(m->memory, U, 10);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_ASSERT_TRUE(test, mmsim_memory_split(m->memory, low, 10, _RET_IP_));
	mmsim_highatomic_reserve(zone, low, 0);
	for (i = 0; i < 2 * BLOCK; i++)
		KUNIT_ASSERT_TRUE(test, give(m->memory, low + i, 0));
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, BLOCK);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(zone, 9, H), low);
	mmsim_test_check(test, m);
	KUNIT_EXPECT_TRUE(test, mmsim_highatomic_unreserve(zone, M, true));
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, 0);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_first_free(zone, 10, M), low);
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

/* A block of two pageblocks is reserved with both, and not while somebody has isolated one of them. */
static void migrate_highatomic_half_isolated(struct kunit *test)
{
	struct mmsim *m = instance(test, 256 * SZ_1M, true);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	struct mmsim_page *page = take_kind(m->memory, U, 10);
	unsigned int half;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (half = 0; half < 2; half++) {
		retype(zone, page + half * BLOCK, I);
		mmsim_highatomic_reserve(zone, page, 10);
		KUNIT_EXPECT_EQ(test, zone->nr_highatomic, 0);
		KUNIT_EXPECT_EQ(test, zone->nr_isolate, 1);
		KUNIT_EXPECT_EQ(test, type_of(m->memory, page + half * BLOCK), I);
		mmsim_test_check(test, m);
		retype(zone, page + half * BLOCK, U);
	}
	mmsim_highatomic_reserve(zone, page, 10);
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, 2 * BLOCK);
	mmsim_test_check(test, m);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 10));
	KUNIT_EXPECT_EQ(test, zone->free_type[H], 2 * BLOCK);
	KUNIT_EXPECT_TRUE(test, mmsim_highatomic_unreserve(zone, M, true));
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

static struct kunit_case migrate_cases[] = {
	KUNIT_CASE(migrate_initial),
	KUNIT_CASE_PARAM(migrate_takes_largest, taker_gen_params),
	KUNIT_CASE_PARAM(migrate_claim, claim_gen_params),
	KUNIT_CASE(migrate_borrows_smallest),
	KUNIT_CASE_PARAM(migrate_fallback_order, fallback_gen_params),
	KUNIT_CASE(migrate_freed_to_owner),
	KUNIT_CASE(migrate_merge_above),
	KUNIT_CASE(migrate_reserve_stays_apart),
	KUNIT_CASE(migrate_freed_half_isolated),
	KUNIT_CASE(migrate_effect),
	KUNIT_CASE(migrate_highatomic_small),
	KUNIT_CASE(migrate_highatomic),
	KUNIT_CASE(migrate_highatomic_merges),
	KUNIT_CASE(migrate_highatomic_half_isolated),
	{}
};

static struct kunit_suite migrate_suite = {
	.name = "migrate",
	.test_cases = migrate_cases,
};

kunit_test_suite(migrate_suite);
