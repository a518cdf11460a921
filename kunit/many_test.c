// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "many": many blocks taken and put at once, which the CPUs' lists live on, against as many single ones.
 */
#include <kunit/test.h>

#include "fixture.h"
#include "oracle.h"
#include "page/buddy.h"

/* Two instances alike: `many` is used by the batch, `one` block by block. */
struct twins {
	struct mmsim_zone *many, *one;
	struct twin_block {
		unsigned long at;	/* offset in both page arrays */
		unsigned int order;
	} *block;
	unsigned long nr;
};

static unsigned long place(const struct mmsim_zone *zone, const struct mmsim_page *page)
{
	return page - zone->map;
}

/* A word for each frame: 1 + order << 4 | migratetype of the list for the head of a free block. */
static void draw_lists(struct mmsim_zone *zone, u8 *map)
{
	unsigned int order, type;
	struct mmsim_page *page;

	memset(map, 0, zone->spanned_pages);
	for (order = 0; order < MMSIM_NR_ORDERS; order++)
		for (type = 0; type < MMSIM_MIGRATE_TYPES; type++)
			list_for_each_entry(page, &zone->free_area[order].free_list[type], lru)
				map[place(zone, page)] = 1 + (order << 3) + type;
}

/*
 * Puts each list in the order of addresses: single puts and a chain's leave the same blocks, but may list them
 * otherwise.
 */
static void sort_lists(struct mmsim_zone *zone, const u8 *map)
{
	unsigned long i;

	for (i = 0; i < zone->spanned_pages; i++) {
		struct list_head *lists = zone->free_area[(map[i] - 1) >> 3 & 15].free_list;

		if (map[i])
			list_move_tail(&zone->map[i].lru, &lists[(map[i] - 1) & 7]);
	}
}

static const char *twins_take(struct twins *t, unsigned int order, unsigned int type, unsigned int nr)
{
	struct mmsim_page *chain, *page;
	unsigned int got = mmsim_buddy_take_many(t->many, order, type, 0, nr, &chain), i;

	for (i = 0; i < got; i++) {
		if (!chain)
			return "the chain is shorter than said";
		page = mmsim_buddy_take(t->one, order, type, 0);
		if (!page)
			return "one by one there is less";
		if (place(t->one, page) != place(t->many, chain))
			return "one by one another block comes next";
		t->block[t->nr++] = (struct twin_block){ place(t->one, page), order };
		chain = mmsim_chain_next(chain);
	}
	if (chain)
		return "the chain is longer than said";
	if (!got) {
		page = mmsim_buddy_take(t->one, order, type, 0);
		if (!page)
			return NULL;
		mmsim_buddy_put(t->one, page, order);
		return "one by one there is more";
	}
	for (i = order; i < MMSIM_NR_ORDERS && (nr - got) >> (i - order); i++)
		if (mmsim_first_free(t->one, i, type))
			return "a block that all of is wanted was left";
	return NULL;
}

/* @run: neighbours in a row, up or down, instead of any. */
static void twins_put(struct twins *t, struct rnd_state *rnd, unsigned int nr, unsigned int run)
{
	struct mmsim_page *chain = NULL, **end = &chain;
	unsigned long at = 0;

	for (; nr && t->nr; nr--) {
		unsigned long i = run ? t->nr - 1 : mmsim_test_below(rnd, t->nr);
		struct twin_block block;
		struct mmsim_page *page;

		if (run == 1)
			i = at < t->nr ? at++ : t->nr - 1;
		block = t->block[i];
		page = t->many->map + block.at;
		t->block[i] = t->block[--t->nr];
		*end = page;
		end = mmsim_chain_link(page);
		*end = NULL;
		mmsim_buddy_put(t->one, t->one->map + block.at, block.order);
	}
	mmsim_buddy_put_many(t->many, &chain, U32_MAX);
}

struct twin_case {
	const char *name;
	bool group;
};

static const struct twin_case twin_cases[] = { { "one migratetype", false }, { "grouped by mobility", true } };

KUNIT_ARRAY_PARAM_DESC(twin, twin_cases, name);

/*
 * What many at once take are the blocks that single takes would give, in that order, and no fewer than could be had
 * without cutting a larger block for a remainder; what they leave after every take and put, on the lists of each order
 * and migratetype, is what single ones would leave.
 */
static void many_is_singles(struct kunit *test)
{
	const struct twin_case *c = test->param_value;
	const struct mmsim_memory_params params = { .group_by_mobility = c->group };
	struct mmsim *a = mmsim_test_instance_with(test, SZ_8M, "Normal", &params);
	struct mmsim *b = mmsim_test_instance_with(test, SZ_8M, "Normal", &params);
	const struct mmsim_snapshot *first[] = { mmsim_snapshot(test, a->memory), mmsim_snapshot(test, b->memory) };
	struct twins t = { .many = &a->memory->node[0]->zone[MMSIM_ZONE_NORMAL],
			   .one = &b->memory->node[0]->zone[MMSIM_ZONE_NORMAL] };
	unsigned long pages = a->memory->nr_pages, step;
	u8 *map[2] = { kunit_kzalloc(test, pages, GFP_KERNEL), kunit_kzalloc(test, pages, GFP_KERNEL) };
	const char *fault = NULL;
	struct rnd_state rnd;

	t.block = kunit_kcalloc(test, pages, sizeof(*t.block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t.block);
	KUNIT_ASSERT_NOT_NULL(test, map[0]);
	KUNIT_ASSERT_NOT_NULL(test, map[1]);
	KUNIT_ASSERT_EQ(test, t.many->free_pages, t.one->free_pages);
	mmsim_test_random(test, &rnd);
	for (step = 0; step < 3000 && !fault; step++) {
		unsigned int order = __ffs(prandom_u32_state(&rnd) | BIT(10)), nr = 1 + mmsim_test_below(&rnd, 80);
		unsigned int type = c->group ? mmsim_test_below(&rnd, 3) : 0;

		if (prandom_u32_state(&rnd) & 1)
			fault = twins_take(&t, order, type, nr);
		else
			twins_put(&t, &rnd, nr, mmsim_test_below(&rnd, 3));
		draw_lists(t.many, map[0]);
		draw_lists(t.one, map[1]);
		if (!fault && memcmp(map[0], map[1], pages))
			fault = "the lists differ";
		sort_lists(t.many, map[0]);
		sort_lists(t.one, map[1]);
		if (step % 64 == 0)
			cond_resched();
	}
	if (fault)
		KUNIT_FAIL(test, "step %lu: %s", step - 1, fault);
	mmsim_test_check(test, a);
	mmsim_test_check(test, b);
	twins_put(&t, &rnd, U32_MAX, 0);
	mmsim_expect_since(test, a->memory, first[0], -1, 0);
	mmsim_expect_since(test, b->memory, first[1], -1, 0);
	mmsim_test_check(test, a);
}

static struct kunit_case many_cases[] = {
	KUNIT_CASE_PARAM(many_is_singles, twin_gen_params),
	{}
};

static struct kunit_suite many_suite = {
	.name = "many",
	.test_cases = many_cases,
};

kunit_test_suite(many_suite);
