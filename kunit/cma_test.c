// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "cma": areas that are lent to movable pages and taken back, as seed 004 tells it; what is refused, and
 * who is named when a claim fails.
 */
#include <kunit/test.h>
#include <linux/pfn.h>

#include "fixture.h"
#include "mover.h"
#include "oracle.h"
#include "page/cma.h"
#include "page/movable.h"

#define BLOCK		MMSIM_PAGEBLOCK_PAGES
#define MOVABLE_GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_MOVABLE)
#define FIXED_GFP	(GFP_NOWAIT | __GFP_NOWARN)

static struct mmsim *instance(struct kunit *test, unsigned long pcp_orders, unsigned int scale_factor)
{
	const struct mmsim_memory_params params = {
		.group_by_mobility = true, .pcp_orders = pcp_orders, .watermark_scale_factor = scale_factor,
	};

	return mmsim_test_instance_with(test, SZ_16M, "Normal", &params);
}

static struct mmsim_zone *normal(struct mmsim_memory *mem)
{
	return &mem->node[0]->zone[MMSIM_ZONE_NORMAL];
}

static struct mmsim_cma *area(struct kunit *test, struct mmsim *m, u64 size, unsigned int order_per_bit)
{
	struct mmsim_cma *cma = NULL;

	KUNIT_ASSERT_EQ(test, mmsim_memory_cma_create(m->memory, "camera", size, 0, order_per_bit, &cma), 0);
	KUNIT_ASSERT_NOT_NULL(test, cma);
	mmsim_test_check(test, m);
	return cma;
}

static bool is_inside(const struct mmsim_cma *cma, const struct mmsim_page *page)
{
	return mmsim_memory_pfn(cma->mem, page) - cma->base_pfn < cma->count;
}

static unsigned long nr_inside(const struct mmsim_cma *cma, const struct mmsim_mover *mv)
{
	unsigned long slot, nr = 0;

	for (slot = 0; slot < mv->nr; slot++)
		nr += mv->page[slot] && is_inside(cma, mv->page[slot]);
	return nr;
}

/* Frees @nr pages of the mover that lie outside of the area. */
static void make_room(struct kunit *test, const struct mmsim_cma *cma, struct mmsim_mover *mv, unsigned long nr)
{
	unsigned long slot;

	for (slot = 0; slot < mv->nr && nr; slot++) {
		if (!mv->page[slot] || is_inside(cma, mv->page[slot]))
			continue;
		mmsim_mover_drop(mv, slot);
		nr--;
	}
	KUNIT_ASSERT_EQ(test, nr, 0);
	mmsim_pcp_drain_all(cma->mem);
}

/* Making an area and giving it back leaves everything as it was. */
static void cma_comes_and_goes(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	struct mmsim_cma *cma = area(test, m, SZ_4M, 0);

	KUNIT_EXPECT_EQ(test, cma->count, SZ_4M >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, cma->base_pfn % BLOCK, 0);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->cma_pages, cma->count);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_type[MMSIM_MIGRATE_CMA], cma->count);
	KUNIT_EXPECT_NULL(test, mmsim_memory_cma_find(m->memory, "gpu"));
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->cma_pages, 0);
	KUNIT_EXPECT_NULL(test, mmsim_memory_cma_find(m->memory, "camera"));
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_test_check(test, m);
}

/*
 * Seed 004: memory is kept for a driver; as long as the driver doesn't use it user pages are in it; when it does, they
 * are moved away, and the driver gets it in one piece.
 */
static void cma_seed_004(struct kunit *test)
{
	struct mmsim *m = instance(test, MMSIM_PCP_ORDERS, 0);
	struct mmsim_cma *cma = area(test, m, SZ_4M, 0);
	struct mmsim_mover *mv = mmsim_mover(test, m->memory, m->memory->nr_pages);
	struct mmsim_page *frame;
	unsigned long lent, round;

	mmsim_mover_take_all(mv, MOVABLE_GFP);
	for (round = 0; round < 3; round++) {
		lent = nr_inside(cma, mv);
		KUNIT_EXPECT_GE(test, lent, cma->count - 2 * MMSIM_MAX_ORDER_PAGES / 16);
		make_room(test, cma, mv, cma->count + 128);
		frame = mmsim_cma_alloc(cma, cma->count, 0, true);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, mmsim_memory_pfn(m->memory, frame), cma->base_pfn);
		KUNIT_EXPECT_EQ(test, nr_inside(cma, mv), 0);
		KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), cma->count);
		KUNIT_EXPECT_EQ(test, mmsim_cma_maxchunk(cma), 0);
		memset(mmsim_memory_vaddr(m->memory, frame), 0xca, cma->count << PAGE_SHIFT);
		mmsim_mover_look_all(mv);
		mmsim_test_check(test, m);
		KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, frame, cma->count));
		KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), 0);
		/* Lent out again. */
		for (lent = 0; lent < mv->nr; lent++)
			if (!mv->page[lent])
				mmsim_mover_take(mv, lent, MOVABLE_GFP);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->events.nr[MMSIM_EVENT_CMA_ALLOC_SUCCESS]), 3);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
	mmsim_pcp_drain_all(m->memory);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
	mmsim_test_check(test, m);
}

/* Who found an area keeps it from being destroyed until it is put; one that nobody holds stays. */
static void cma_is_held(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	struct mmsim_cma *cma = area(test, m, SZ_4M, 0);

	KUNIT_EXPECT_PTR_EQ(test, mmsim_memory_cma_find(m->memory, "camera"), cma);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), -EBUSY);
	mmsim_cma_put(cma);
	mmsim_cma_put(cma);
	KUNIT_ASSERT_PTR_EQ(test, mmsim_memory_cma_find(m->memory, "camera"), cma);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
	KUNIT_EXPECT_NULL(test, mmsim_memory_cma_find(m->memory, "camera"));
	mmsim_test_check(test, m);
}

struct listener {
	struct notifier_block block;
	struct kunit *test;
	struct mmsim_memory *mem;
	int calls[2];		/* by news */
};

static int hear(struct notifier_block *nb, unsigned long news, void *data)
{
	struct listener *l = container_of(nb, struct listener, block);
	struct mmsim_cma *cma = data, *other;
	struct kunit *test = l->test;

	if (cma->mem != l->mem)
		return NOTIFY_DONE;
	l->calls[news]++;
	KUNIT_EXPECT_NULL(test, mmsim_memory_cma_find(l->mem, "camera"));
	KUNIT_EXPECT_EQ(test, mmsim_memory_cma_create(l->mem, "camera", SZ_2M, 0, 0, &other), -EINVAL);
	KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, 1, 0, true));
	return NOTIFY_OK;
}

/* While an area's files come or go nobody finds it, nobody claims, and nobody makes another of its name. */
static void cma_hidden_while_told_of(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	struct listener l = { .block.notifier_call = hear, .test = test, .mem = m->memory };
	struct mmsim_cma *cma = NULL;
	int err, destroyed = -ENOENT;

	blocking_notifier_chain_register(&mmsim_cma_chain, &l.block);
	err = mmsim_memory_cma_create(m->memory, "camera", SZ_4M, 0, 0, &cma);
	if (!err)
		destroyed = mmsim_cma_destroy(cma);
	blocking_notifier_chain_unregister(&mmsim_cma_chain, &l.block);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, destroyed, 0);
	KUNIT_EXPECT_EQ(test, l.calls[MMSIM_CMA_CREATED], 1);
	KUNIT_EXPECT_EQ(test, l.calls[MMSIM_CMA_GOES], 1);
	area(test, m, SZ_4M, 0);
}

/* What can't be moved never gets a page of an area: not from its lists, and not from a CPU's. */
static void cma_not_for_unmovable(struct kunit *test)
{
	static const gfp_t kinds[] = { FIXED_GFP, FIXED_GFP | __GFP_RECLAIMABLE, GFP_ATOMIC | __GFP_NOWARN };
	struct mmsim *m = instance(test, MMSIM_PCP_ORDERS, 0);
	struct mmsim_cma *cma = area(test, m, SZ_4M, 0);
	struct mmsim_mover *mv = mmsim_mover(test, m->memory, m->memory->nr_pages);
	struct mmsim_page **page = kunit_kcalloc(test, m->memory->nr_pages, sizeof(*page), GFP_KERNEL);
	unsigned long nr = 0, inside = 0;
	unsigned int kind;

	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim_mover_take_all(mv, MOVABLE_GFP);
	KUNIT_EXPECT_GT(test, nr_inside(cma, mv), 0);
	mmsim_mover_drop_all(mv);
	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		while ((page[nr] = take(m->memory, kinds[kind], 0)))
			inside += is_inside(cma, page[nr++]);
		mmsim_pcp_drain_all(m->memory);
	}
	KUNIT_EXPECT_EQ(test, inside, 0);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_type[MMSIM_MIGRATE_CMA], cma->count);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_pages, cma->count);
	/* A movable request finds them. */
	page[nr] = take(m->memory, MOVABLE_GFP, 0);
	KUNIT_ASSERT_NOT_NULL(test, page[nr]);
	KUNIT_EXPECT_TRUE(test, is_inside(cma, page[nr++]));
	mmsim_test_give_all(test, m->memory, page, nr);
	mmsim_test_check(test, m);
}

/* With watermarks: pages on loan don't count for who can't have them. */
static void cma_watermarks(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 10);
	struct mmsim_cma *cma = area(test, m, SZ_4M, 0);
	struct mmsim_zone *zone = normal(m->memory);
	unsigned long mark = zone->watermark[MMSIM_WMARK_MIN], free = zone->free_pages;

	KUNIT_EXPECT_TRUE(test, mmsim_watermark_ok(zone, 0, free - 1, MMSIM_ZONE_NORMAL, MMSIM_ALLOC_CMA));
	KUNIT_EXPECT_FALSE(test, mmsim_watermark_ok(zone, 0, free - cma->count, MMSIM_ZONE_NORMAL, 0));
	KUNIT_EXPECT_TRUE(test, mmsim_watermark_ok(zone, 0, free - cma->count - 1, MMSIM_ZONE_NORMAL, 0));
	KUNIT_EXPECT_GT(test, mark, 0);
}

/* The loan is made early: as soon as the area has more than half of what is free. */
static void cma_is_lent_first(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	struct mmsim_cma *cma = area(test, m, SZ_8M, 0);
	struct mmsim_page *page = take(m->memory, MOVABLE_GFP, 0);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_GT(test, 2 * cma->count, normal(m->memory)->free_pages);
	KUNIT_EXPECT_TRUE(test, is_inside(cma, page));
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 0));
}

static const unsigned int bit_orders[] = { 0, 1, 3, 9 };

static void bit_order_desc(const unsigned int *order, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "order_per_bit %u", *order);
}

KUNIT_ARRAY_PARAM(bit_order, bit_orders, bit_order_desc);

/* Random claims and releases against a plain account of who has which page. */
static void cma_bitmap(struct kunit *test)
{
	const unsigned int *order = test->param_value;
	struct mmsim *m = instance(test, 0, 0);
	struct mmsim_cma *cma = area(test, m, SZ_4M, *order);
	struct { struct mmsim_page *page; unsigned long nr; } held[16] = {};
	unsigned long unit = BIT(*order);
	const unsigned long wrong[] = { 0, cma->count + 1, LONG_MAX, ULONG_MAX - unit, ULONG_MAX };
	unsigned long used = 0, step;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	for (step = 0; step < 500; step++) {
		unsigned int n = mmsim_test_below(&rnd, ARRAY_SIZE(held)), align = mmsim_test_below(&rnd, 10);

		if (held[n].page) {
			KUNIT_ASSERT_TRUE(test, mmsim_cma_release(cma, held[n].page, held[n].nr));
			used -= round_up(held[n].nr, unit);
			held[n].page = NULL;
		} else {
			held[n].nr = 1 + mmsim_test_below(&rnd, 200);
			held[n].page = mmsim_cma_alloc(cma, held[n].nr, align, true);
			if (held[n].page) {
				KUNIT_ASSERT_EQ(test, mmsim_memory_pfn(m->memory, held[n].page) & (BIT(align) - 1), 0);
				KUNIT_ASSERT_TRUE(test, is_inside(cma, held[n].page));
				used += round_up(held[n].nr, unit);
			} else {
				KUNIT_EXPECT_LT(test, mmsim_cma_maxchunk(cma), held[n].nr + BIT(align) + unit);
			}
		}
		KUNIT_ASSERT_EQ(test, mmsim_cma_used(cma), used);
		if (step % 50 == 0)
			mmsim_test_check(test, m);
	}
	for (step = 0; step < ARRAY_SIZE(held); step++)
		if (held[step].page)
			KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, held[step].page, held[step].nr));
	KUNIT_EXPECT_EQ(test, mmsim_cma_maxchunk(cma), cma->count);
	for (step = 0; step < ARRAY_SIZE(wrong); step++) {
		KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, wrong[step], 0, true));
		KUNIT_EXPECT_STREQ(test, cma->failure.why, "no page, or more than the area has, was asked for");
	}
	KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), 0);
	mmsim_test_check(test, m);
}

static void cma_release_foreign(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	struct mmsim_cma *cma = area(test, m, SZ_2M, 0);
	struct mmsim_page *page = mmsim_cma_alloc(cma, 10, 0, true), *other = take(m->memory, FIXED_GFP, 0);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, NULL, 1));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, other, 1));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page - 1, 1));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, 0));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, 11));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, cma->count + 1));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, ULONG_MAX));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page + cma->count, 1));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, m->memory->map + m->memory->nr_pages, 1));
	KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), 10);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), -EBUSY);
	KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, page + 5, 5));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, 10));
	KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, page, 5));
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, 5));
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
	KUNIT_EXPECT_TRUE(test, give(m->memory, other, 0));
	mmsim_test_check(test, m);
}

/* A bit's pages are given back together, or those of them that a claim's end has: what else is asked for is refused. */
static void cma_release_part(struct kunit *test)
{
	const unsigned int *order = test->param_value;
	struct mmsim *m = instance(test, 0, 0);
	struct mmsim_cma *cma = area(test, m, SZ_4M, *order);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	unsigned long unit = BIT(*order), nr = unit + (unit + 1) / 2;
	struct mmsim_page *page = mmsim_cma_alloc(cma, nr, 0, true);
	bool splits = unit > 1;

	KUNIT_ASSERT_NOT_NULL(test, page);
	if (splits) {
		KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, unit - 1));
		KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page + 1, unit - 1));
		KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page + 1, nr - 1));
		KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, 2 * unit));
	}
	KUNIT_EXPECT_FALSE(test, mmsim_cma_release(cma, page, nr + 1));
	KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), 2 * unit);
	KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, page, unit));
	KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), unit);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), -EBUSY);
	KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, page + unit, nr - unit));
	KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), 0);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
	mmsim_test_check(test, m);
}

/* A page that was asked for as movable and can't be moved: the next place is taken; where there is none it is named. */
static void cma_names_what_is_in_the_way(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	struct mmsim_cma *cma = area(test, m, SZ_8M, 0);
	struct mmsim_page *pinned = take(m->memory, MOVABLE_GFP, 0), *page, *front;
	unsigned long at = mmsim_memory_pfn(m->memory, pinned) - cma->base_pfn;

	KUNIT_ASSERT_TRUE(test, is_inside(cma, pinned));
	KUNIT_EXPECT_NULL(test, cma->failure.why);
	/* With what lies before it claimed the first place to be tried has it, and the second is behind it. */
	front = at ? mmsim_cma_alloc(cma, at, 0, true) : NULL;
	page = mmsim_cma_alloc(cma, 100, 0, true);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_EQ(test, page, pinned + 1);
	KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, page, 100));
	KUNIT_EXPECT_TRUE(test, !at || mmsim_cma_release(cma, front, at));
	KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, cma->count, 0, true));
	KUNIT_EXPECT_EQ(test, cma->error, -EBUSY);
	KUNIT_EXPECT_EQ(test, cma->failure.pfn, mmsim_memory_pfn(m->memory, pinned));
	KUNIT_EXPECT_STREQ(test, cma->failure.why, "allocated, and not movable");
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->events.nr[MMSIM_EVENT_CMA_ALLOC_FAIL]), 1);
	KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), 0);
	KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, 0, 0, true));
	KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, cma->count + 1, 0, true));
	KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, ULONG_MAX, 0, true));
	KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, 1, 100, true));
	KUNIT_EXPECT_TRUE(test, give(m->memory, pinned, 0));
	page = mmsim_cma_alloc(cma, cma->count, 0, true);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_NULL(test, mmsim_cma_alloc(cma, 1, 0, true));
	KUNIT_EXPECT_STREQ(test, cma->failure.why, "all of the area is claimed");
	KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, page, cma->count));
	mmsim_test_check(test, m);
}

struct wrong {
	const char *what;
	const char *name;
	u64 size;
	phys_addr_t from_start;		/* base, so far from the region's first byte; 0: none is given */
	unsigned int order_per_bit;
	int error;
};

static const struct wrong wrongs[] = {
	{ "no name", "", SZ_2M, 0, 0, -EINVAL },
	{ "a name too long", "0123456789012345678901234567890_", SZ_2M, 0, 0, -EINVAL },
	{ "a slash in the name", "a/b", SZ_2M, 0, 0, -EINVAL },
	{ "a dot before the name", "..", SZ_2M, 0, 0, -EINVAL },
	{ "a name that there is", "taken", SZ_2M, 0, 0, -EINVAL },
	{ "no size", "a", 0, 0, 0, -EINVAL },
	{ "an odd size", "a", SZ_1M, 0, 0, -EINVAL },
	{ "a size that is no multiple of a bit's", "a", SZ_2M, 0, 10, -EINVAL },
	{ "a bit too large", "a", SZ_8M, 0, 11, -EINVAL },
	{ "an odd base", "a", SZ_2M, SZ_4M + SZ_4K, 0, -EINVAL },
	{ "a base outside of the region", "a", SZ_2M, SZ_1G, 0, -EINVAL },
	{ "an end outside of the region", "a", SZ_8M, SZ_8M + SZ_2M, 0, -EINVAL },
	{ "more than there is", "a", SZ_16M, 0, 0, -ENOMEM },
};

static void wrong_desc(const struct wrong *w, char *desc)
{
	strscpy(desc, w->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wrong, wrongs, wrong_desc);

static void cma_refused(struct kunit *test)
{
	const struct wrong *w = test->param_value;
	struct mmsim *m = instance(test, 0, 0);
	phys_addr_t base = w->from_start ? PFN_PHYS(m->memory->start_pfn) + w->from_start : 0;
	struct mmsim_cma *taken, *cma = NULL;
	struct mmsim_snapshot *before;

	KUNIT_ASSERT_EQ(test, mmsim_memory_cma_create(m->memory, "taken", SZ_2M, 0, 0, &taken), 0);
	before = mmsim_snapshot(test, m->memory);
	KUNIT_EXPECT_EQ(test, mmsim_memory_cma_create(m->memory, w->name, w->size, base, w->order_per_bit, &cma),
			w->error);
	KUNIT_EXPECT_NULL(test, cma);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_test_check(test, m);
}

/* An area at a place of one's own; not where another one is, or metadata. */
static void cma_base(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	phys_addr_t start = PFN_PHYS(m->memory->start_pfn);
	phys_addr_t at = start + SZ_8M, meta = PFN_PHYS(round_down(m->memory->meta_pfn, BLOCK));
	struct mmsim_cma *cma, *second;

	KUNIT_ASSERT_EQ(test, mmsim_memory_cma_create(m->memory, "a", SZ_4M, at, 0, &cma), 0);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(cma->base_pfn), at);
	KUNIT_EXPECT_EQ(test, mmsim_memory_cma_create(m->memory, "b", SZ_2M, at + SZ_2M, 0, &second), -EBUSY);
	KUNIT_EXPECT_EQ(test, mmsim_memory_cma_create(m->memory, "b", SZ_2M, meta, 0, &second), -EBUSY);
	KUNIT_EXPECT_EQ(test, mmsim_memory_cma_create(m->memory, "b", SZ_2M, at + SZ_4M, 0, &second), 0);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
	mmsim_test_check(test, m);
}

/* Whatever is free can be had as an area: what describes it doesn't lie in the way. */
static void cma_base_anywhere(struct kunit *test)
{
	struct mmsim *m = instance(test, 0, 0);
	unsigned long meta = round_down(m->memory->meta_pfn, BLOCK), pfn, nr = 0, made = 0;
	struct mmsim_page **page = kunit_kcalloc(test, BLOCK, sizeof(*page), GFP_KERNEL);
	struct mmsim_cma *cma;

	/* Beside the metadata nothing is left, so that what describes an area comes from a place that can be had. */
	KUNIT_ASSERT_NOT_NULL(test, page);
	while ((page[nr] = take(m->memory, FIXED_GFP, 0)) && mmsim_memory_pfn(m->memory, page[nr]) - meta < BLOCK)
		nr++;
	KUNIT_ASSERT_NOT_NULL(test, page[nr]);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page[nr], 0));
	for (pfn = m->memory->start_pfn; pfn < m->memory->start_pfn + m->memory->nr_pages; pfn += BLOCK) {
		if (pfn == meta)
			continue;
		KUNIT_ASSERT_EQ(test, mmsim_memory_cma_create(m->memory, "a", SZ_2M, PFN_PHYS(pfn), 0, &cma), 0);
		KUNIT_EXPECT_EQ(test, cma->base_pfn, pfn);
		KUNIT_EXPECT_FALSE(test, is_inside(cma, cma->self));
		KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
		made++;
	}
	KUNIT_EXPECT_EQ(test, made, m->memory->nr_pages / BLOCK - 1);
	mmsim_test_give_all(test, m->memory, page, nr);
	mmsim_test_check(test, m);
}

static void cma_without_mobility(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "Normal");
	struct mmsim_cma *cma;

	KUNIT_EXPECT_EQ(test, mmsim_memory_cma_create(m->memory, "a", SZ_2M, 0, 0, &cma), -EINVAL);
}

/* Claims of all sizes while others take and free, in the area and elsewhere. */
static void cma_races(struct kunit *test)
{
	struct mmsim *m = instance(test, MMSIM_PCP_ORDERS, 10);
	struct mmsim_cma *cma = area(test, m, SZ_4M, 0);
	unsigned long deadline = jiffies + 60 * HZ;
	unsigned int round, nr_claimed = 0;
	struct mmsim_bustle *u[2];
	struct mmsim_page *page;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	mmsim_bustle_start(test, m->memory, &rnd, u, ARRAY_SIZE(u));
	for (round = 0; round < 200 && time_before(jiffies, deadline); round++) {
		unsigned long count = 1 + mmsim_test_below(&rnd, round % 8 ? 64 : cma->count);

		page = mmsim_cma_alloc(cma, count, mmsim_test_below(&rnd, 7), true);
		if (page) {
			nr_claimed++;
			memset(mmsim_memory_vaddr(m->memory, page), 0xca, count << PAGE_SHIFT);
			KUNIT_EXPECT_TRUE(test, mmsim_cma_release(cma, page, count));
		}
		if (round % 16 == 0)
			mmsim_test_check(test, m);
		if (round % 8 == 0)
			schedule_timeout_uninterruptible(1);
	}
	mmsim_bustle_stop(u, ARRAY_SIZE(u));
	KUNIT_EXPECT_GT(test, nr_claimed, 0);
	KUNIT_EXPECT_EQ(test, mmsim_cma_used(cma), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&u[0]->mv->migrated) + atomic_read(&u[1]->mv->migrated), 0);
	for (round = 0; round < ARRAY_SIZE(u); round++) {
		mmsim_mover_look_all(u[round]->mv);
		mmsim_mover_drop_all(u[round]->mv);
		KUNIT_EXPECT_EQ(test, atomic_read(&u[round]->mv->faults), 0);
	}
	mmsim_pcp_drain_all(m->memory);
	KUNIT_EXPECT_EQ(test, mmsim_cma_destroy(cma), 0);
	mmsim_test_check(test, m);
}

static struct kunit_case cma_test_cases[] = {
	KUNIT_CASE(cma_comes_and_goes),
	KUNIT_CASE(cma_is_held),
	KUNIT_CASE(cma_hidden_while_told_of),
	KUNIT_CASE(cma_seed_004),
	KUNIT_CASE(cma_not_for_unmovable),
	KUNIT_CASE(cma_watermarks),
	KUNIT_CASE(cma_is_lent_first),
	KUNIT_CASE_PARAM(cma_bitmap, bit_order_gen_params),
	KUNIT_CASE(cma_release_foreign),
	KUNIT_CASE_PARAM(cma_release_part, bit_order_gen_params),
	KUNIT_CASE(cma_names_what_is_in_the_way),
	KUNIT_CASE_PARAM(cma_refused, wrong_gen_params),
	KUNIT_CASE(cma_base),
	KUNIT_CASE(cma_base_anywhere),
	KUNIT_CASE(cma_without_mobility),
	KUNIT_CASE(cma_races),
	{}
};

static struct kunit_suite cma_test_suite = {
	.name = "cma",
	.test_cases = cma_test_cases,
};

kunit_test_suite(cma_test_suite);
