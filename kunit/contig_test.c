// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "contig": isolation of pageblocks, and claims of contiguous memory with and without something in the way.
 */
#include <kunit/test.h>
#include <linux/mmzone.h>

#include "fixture.h"
#include "mover.h"
#include "oracle.h"
#include "page/contig.h"
#include "page/movable.h"

#define BLOCK		MMSIM_PAGEBLOCK_PAGES
#define MOVABLE_GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_MOVABLE)
#define FIXED_GFP	(GFP_NOWAIT | __GFP_NOWARN)

static struct mmsim *instance(struct kunit *test, u64 size, const char *zones, unsigned long pcp_orders)
{
	const struct mmsim_memory_params params = { .group_by_mobility = true, .pcp_orders = pcp_orders };

	return mmsim_test_instance_with(test, size, zones, &params);
}

static struct mmsim_zone *normal(struct mmsim_memory *mem)
{
	return &mem->node[0]->zone[MMSIM_ZONE_NORMAL];
}

/* The first frame of the n-th pageblock of Normal that holds no metadata. */
static unsigned long block_pfn(struct mmsim_memory *mem, unsigned int n)
{
	unsigned long pfn = normal(mem)->start_pfn;

	if (mem->meta_pfn >= pfn && mem->meta_pfn < pfn + normal(mem)->spanned_pages)
		pfn = round_up(mem->meta_pfn + mem->meta_pages, BLOCK);
	return pfn + n * BLOCK;
}

static int claim(struct mmsim_memory *mem, unsigned long start, unsigned long end)
{
	return mmsim_memory_alloc_contig_range(mem, start, end, MIGRATE_MOVABLE, GFP_KERNEL | __GFP_NOWARN);
}

static void release(struct kunit *test, struct mmsim_memory *mem, unsigned long start, unsigned long end)
{
	KUNIT_EXPECT_EQ(test, mmsim_memory_free_contig_range(mem, start, end - start, _RET_IP_), 0);
}

struct span {
	unsigned long start, nr;	/* from the first whole pageblock on */
};

static const struct span spans[] = {
	{ 0, 1 }, { 1, 1 }, { 511, 1 }, { 511, 2 }, { 0, BLOCK }, { 1, BLOCK }, { 100, 5 }, { 7, 1000 },
	{ 0, 2 * BLOCK }, { BLOCK, 2 * BLOCK }, { 3, 3 * BLOCK - 6 }, { 0, 1500 },
};

static void span_desc(const struct span *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu pages at %lu", s->nr, s->start);
}

KUNIT_ARRAY_PARAM(span, spans, span_desc);

/* From empty memory: exactly the range is allocated, page by page, and freeing it leaves all as it was. */
static void contig_empty(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_8M, "Normal", 0);
	const struct span *s = test->param_value;
	unsigned long start = block_pfn(m->memory, 0) + s->start, end = start + s->nr, pfn;
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

	KUNIT_ASSERT_EQ(test, claim(m->memory, start, end), 0);
	mmsim_test_check(test, m);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->nr_isolate, 0);
	KUNIT_EXPECT_EQ(test, before->free_pages[MMSIM_ZONE_NORMAL] - normal(m->memory)->free_pages, s->nr);
	for (pfn = start; pfn < end; pfn++) {
		struct mmsim_page *page = mmsim_memory_page(m->memory, pfn);

		KUNIT_ASSERT_TRUE(test, mmsim_page_is_allocated(page) && mmsim_page_order(page) == 0);
		KUNIT_ASSERT_EQ(test, mmsim_page_ref_count(page), 1);
	}
	release(test, m->memory, start, end);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_test_check(test, m);
}

/* With every page of the range in use: all move, none loses its content. */
static void contig_moves(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, "Normal", MMSIM_PCP_ORDERS);
	const struct span *s = test->param_value;
	unsigned long start = block_pfn(m->memory, 0) + s->start, end = start + s->nr, i;
	struct mmsim_mover *mv = mmsim_mover(test, m->memory, m->memory->nr_pages);
	unsigned long nr = mmsim_mover_take_all(mv, MOVABLE_GFP), slot;

	/* Room elsewhere, beyond the range, for what it holds. */
	for (i = 0, slot = 0; slot < nr && i < s->nr + 64; slot++) {
		unsigned long pfn = mmsim_memory_pfn(m->memory, mv->page[slot]);

		if (pfn < start || pfn >= round_up(end, BLOCK)) {
			mmsim_mover_drop(mv, slot);
			i++;
		}
	}
	KUNIT_ASSERT_EQ(test, claim(m->memory, start, end), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->migrated), s->nr);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->putback), 0);
	for (i = start; i < end; i++)
		memset(mmsim_memory_vaddr(m->memory, mmsim_memory_page(m->memory, i)), 0xa5, PAGE_SIZE);
	mmsim_mover_look_all(mv);
	mmsim_test_check(test, m);
	release(test, m->memory, start, end);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
	mmsim_test_check(test, m);
}

/* One page that nobody can move, anywhere in the range: named, and all is as before. */
static void contig_unmovable(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_8M, "Normal", 0);
	unsigned long start = block_pfn(m->memory, 0), end = start + 2 * BLOCK;
	struct mmsim_snapshot *before, *empty = mmsim_snapshot(test, m->memory);
	struct mmsim_range r;
	unsigned long at;

	for (at = start; at < end; at += 333) {
		KUNIT_ASSERT_EQ(test, claim(m->memory, at, at + 1), 0);
		before = mmsim_snapshot(test, m->memory);
		KUNIT_ASSERT_EQ(test, mmsim_range_init(&r, m->memory, start, end), 0);
		KUNIT_EXPECT_EQ(test, mmsim_claim_range(&r, GFP_KERNEL), -EBUSY);
		KUNIT_EXPECT_EQ(test, r.obstacle.pfn, at);
		KUNIT_EXPECT_STREQ(test, r.obstacle.why, "allocated, and not movable");
		mmsim_expect_since(test, m->memory, before, -1, 0);
		KUNIT_EXPECT_EQ(test, normal(m->memory)->nr_isolate, 0);
		mmsim_test_check(test, m);
		/* Beside it there is nothing in the way, in the same pageblock either. */
		KUNIT_EXPECT_EQ(test, claim(m->memory, at + 1, end), 0);
		release(test, m->memory, at + 1, end);
		release(test, m->memory, at, at + 1);
		mmsim_expect_since(test, m->memory, empty, -1, 0);
	}
}

/* Inside a large allocated block, also one that began in the pageblock before: the block's page there is named. */
static void contig_large_block(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, "Normal", 0);
	struct mmsim_page *block = take(m->memory, FIXED_GFP, MMSIM_MAX_ORDER);
	unsigned long pfn = mmsim_memory_pfn(m->memory, block), at;
	struct mmsim_range r;

	for (at = pfn; at < pfn + MMSIM_MAX_ORDER_PAGES; at += 100) {
		KUNIT_ASSERT_EQ(test, mmsim_range_init(&r, m->memory, at, at + 5), 0);
		KUNIT_EXPECT_EQ(test, mmsim_claim_range(&r, GFP_KERNEL), -EBUSY);
		KUNIT_EXPECT_EQ(test, r.obstacle.pfn, at);
	}
	KUNIT_EXPECT_TRUE(test, give(m->memory, block, MMSIM_MAX_ORDER));
	mmsim_test_check(test, m);
}

static void contig_wrong_range(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_8M, "DMA:2M,Normal", 0);
	struct mmsim_memory *mem = m->memory;
	unsigned long dma_end = mem->start_pfn + BLOCK, end = mem->start_pfn + mem->nr_pages, pfn = block_pfn(mem, 0);
	struct mmsim_snapshot *before = mmsim_snapshot(test, mem);

	KUNIT_EXPECT_EQ(test, claim(mem, pfn, pfn), -EINVAL);
	KUNIT_EXPECT_EQ(test, claim(mem, pfn + 1, pfn), -EINVAL);
	KUNIT_EXPECT_EQ(test, claim(mem, mem->start_pfn - 1, dma_end), -EINVAL);
	KUNIT_EXPECT_EQ(test, claim(mem, end - 1, end + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, claim(mem, end, end + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, claim(mem, dma_end - 1, dma_end + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, mmsim_memory_alloc_contig_range(mem, pfn, pfn + 1, MIGRATE_UNMOVABLE, GFP_KERNEL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, claim(mem, mem->meta_pfn, mem->meta_pfn + 1), -EBUSY);
	mmsim_expect_since(test, mem, before, -1, 0);
	KUNIT_EXPECT_NULL(test, mmsim_memory_alloc_contig_pages(mem, 0, GFP_KERNEL, NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, mmsim_memory_alloc_contig_pages(mem, 1, GFP_KERNEL, 1));
	KUNIT_EXPECT_NULL(test, mmsim_memory_alloc_contig_pages(mem, 1, GFP_KERNEL, -2));
	KUNIT_EXPECT_NULL(test, mmsim_memory_alloc_contig_pages(mem, 1, __GFP_DMA | __GFP_DMA32, NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, mmsim_memory_alloc_contig_pages(mem, ULONG_MAX, GFP_KERNEL, NUMA_NO_NODE));
	mmsim_expect_since(test, mem, before, -1, 0);
}

/* A pageblock can be isolated by one at a time; and from one that is, nothing is allocated. */
static void contig_isolated(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_8M, "Normal", 0);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_snapshot *before = mmsim_snapshot(test, mem);
	unsigned long pfn = block_pfn(mem, 0), inside = 0, i, nr;
	struct mmsim_mover *mv = mmsim_mover(test, mem, mem->nr_pages);
	struct mmsim_range r, second;

	KUNIT_ASSERT_EQ(test, mmsim_range_init(&r, mem, pfn + 5, pfn + 6), 0);
	KUNIT_ASSERT_EQ(test, mmsim_range_init(&second, mem, pfn - 1, pfn + 6), 0);
	KUNIT_ASSERT_EQ(test, mmsim_range_isolate(&r), 0);
	KUNIT_EXPECT_EQ(test, mmsim_range_isolate(&r), -EBUSY);
	KUNIT_EXPECT_EQ(test, r.obstacle.pfn, pfn);
	KUNIT_EXPECT_STREQ(test, r.obstacle.why, "isolated by somebody else");
	KUNIT_EXPECT_EQ(test, normal(mem)->nr_isolate, 1);
	KUNIT_EXPECT_EQ(test, normal(mem)->free_type[MMSIM_MIGRATE_ISOLATE], BLOCK);
	mmsim_test_check(test, m);
	nr = mmsim_mover_take_all(mv, MOVABLE_GFP);
	KUNIT_EXPECT_EQ(test, nr, before->free_pages[MMSIM_ZONE_NORMAL] - BLOCK);
	for (i = 0; i < nr; i++)
		inside += mmsim_memory_pfn(mem, mv->page[i]) / BLOCK == pfn / BLOCK;
	KUNIT_EXPECT_EQ(test, inside, 0);
	mmsim_mover_drop_all(mv);
	mmsim_range_restore(&r);
	KUNIT_EXPECT_EQ(test, normal(mem)->free_type[MMSIM_MIGRATE_ISOLATE], 0);
	mmsim_test_check(test, m);
	for (i = 0; i < MMSIM_NR_ORDERS; i++)
		KUNIT_EXPECT_EQ(test, normal(mem)->free_area[i].nr_free, before->nr_free[MMSIM_ZONE_NORMAL][i]);
}

/* Owners that are difficult: who refuses or fails is named; who asks for patience gets it. */
static void contig_difficult(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_8M, "Normal", 0);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_mover *mv = mmsim_mover(test, mem, 1);
	struct mmsim_page *page = mmsim_mover_take(mv, 0, MOVABLE_GFP);
	struct mmsim_snapshot *before = mmsim_snapshot(test, mem);
	unsigned long pfn = mmsim_memory_pfn(mem, page);
	struct mmsim_range r;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, mmsim_range_init(&r, mem, pfn, pfn + 9), 0);
	mv->refuse_every = 1;
	KUNIT_EXPECT_EQ(test, mmsim_claim_range(&r, GFP_KERNEL), -EBUSY);
	KUNIT_EXPECT_EQ(test, r.obstacle.pfn, r.start);
	KUNIT_EXPECT_STREQ(test, r.obstacle.why, "locked, isolated, or its owner refuses to have it moved");
	mv->refuse_every = 0;
	mv->error_every = 1;
	mv->error = -EIO;
	KUNIT_EXPECT_EQ(test, mmsim_claim_range(&r, GFP_KERNEL), -EBUSY);
	KUNIT_EXPECT_EQ(test, r.obstacle.pfn, r.start);
	KUNIT_EXPECT_STREQ(test, r.obstacle.why, "its owner failed to move it");
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->putback), 1);
	mv->error = -EAGAIN;
	KUNIT_EXPECT_EQ(test, mmsim_claim_range(&r, GFP_KERNEL), -EBUSY);
	KUNIT_EXPECT_STREQ(test, r.obstacle.why, "its owner could not move it just now");
	mmsim_expect_since(test, mem, before, -1, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->migrated), 0);

	/* Six times in a row within one call. */
	atomic_set(&mv->failed, 0);
	mv->error_every = 7;
	KUNIT_EXPECT_EQ(test, mmsim_claim_range(&r, GFP_KERNEL), 0);
	release(test, mem, r.start, r.end);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
	mmsim_test_check(test, m);
}

static void contig_nowhere_to_go(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_4M, "Normal", 0);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_mover *mv = mmsim_mover(test, mem, mem->nr_pages);
	struct mmsim_snapshot *before;
	struct mmsim_range r;
	unsigned long pfn;

	mmsim_mover_take_all(mv, MOVABLE_GFP);
	before = mmsim_snapshot(test, mem);
	pfn = mmsim_memory_pfn(mem, mv->page[0]);
	KUNIT_ASSERT_EQ(test, mmsim_range_init(&r, mem, pfn, pfn + 1), 0);
	KUNIT_EXPECT_EQ(test, mmsim_claim_range(&r, GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, r.obstacle.pfn, pfn);
	KUNIT_EXPECT_STREQ(test, r.obstacle.why, "no page to move it to");
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->putback), 1);
	mmsim_mover_look_all(mv);
	KUNIT_EXPECT_EQ(test, normal(mem)->free_pages, before->free_pages[MMSIM_ZONE_NORMAL]);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
	mmsim_test_check(test, m);
}

/* More pages than any buddy block has; and past ranges that are in use. */
static void contig_pages(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, "Normal", MMSIM_PCP_ORDERS);
	struct mmsim_memory *mem = m->memory;
	unsigned long nr = 2 * MMSIM_MAX_ORDER_PAGES, pfn;
	struct mmsim_page *page, *second, *fixed;

	page = mmsim_memory_alloc_contig_pages(mem, nr, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, page);
	pfn = mmsim_memory_pfn(mem, page);
	KUNIT_EXPECT_EQ(test, pfn % nr, 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(mmsim_memory_vaddr(mem, page), 0, nr * PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, mmsim_memory_alloc_contig_pages(mem, nr, GFP_KERNEL, 0));
	release(test, mem, pfn, pfn + nr);
	mmsim_pcp_drain_all(mem);

	KUNIT_ASSERT_EQ(test, claim(mem, block_pfn(mem, 0) + 70, block_pfn(mem, 0) + 71), 0);
	fixed = mmsim_memory_page(mem, block_pfn(mem, 0) + 70);
	second = mmsim_memory_alloc_contig_pages(mem, 100, GFP_KERNEL, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_TRUE(test, fixed < second || fixed >= second + 100);
	release(test, mem, mmsim_memory_pfn(mem, second), mmsim_memory_pfn(mem, second) + 100);
	KUNIT_EXPECT_TRUE(test, give(mem, fixed, 0));
	mmsim_test_check(test, m);
}

static void contig_free_foreign(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_4M, "Normal", 0);
	struct mmsim_memory *mem = m->memory;
	unsigned long end = mem->start_pfn + mem->nr_pages;

	KUNIT_ASSERT_EQ(test, claim(mem, end - 3, end), 0);
	KUNIT_EXPECT_EQ(test, mmsim_memory_free_contig_range(mem, end - 3, 10, _RET_IP_), 7);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&mem->bad[MMSIM_BAD_WILD]), 1);
	KUNIT_EXPECT_EQ(test, mmsim_memory_free_contig_range(mem, end - 3, 3, _RET_IP_), 3);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&mem->bad[MMSIM_BAD_DOUBLE_FREE]), 3);
	mmsim_test_check(test, m);
}

/*
 * Random claims among pages that come and go: each gets what it asked for or leaves everything as it was, and the
 * contents stay.
 */
static void contig_random(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, "DMA:4M,Normal", MMSIM_PCP_ORDERS);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_mover *mv = mmsim_mover(test, mem, mem->nr_pages / 2);
	struct { unsigned long start, nr; } held[8] = {};
	unsigned int step, i, claims = 0;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	mmsim_mover_take_all(mv, MOVABLE_GFP);
	mv->refuse_every = 1009;
	mv->error_every = 31;
	mv->error = -EAGAIN;
	for (step = 0; step < 400; step++) {
		unsigned int n = mmsim_test_below(&rnd, ARRAY_SIZE(held));
		unsigned long nr = 1 + mmsim_test_below(&rnd, 700);
		unsigned long start = mem->start_pfn + mmsim_test_below(&rnd, mem->nr_pages - nr);

		for (i = 0; i < 50; i++)
			mmsim_mover_drop(mv, mmsim_test_below(&rnd, mv->nr));
		for (i = 0; i < mv->nr; i++)
			if (!mv->page[i])
				mmsim_mover_take(mv, i, MOVABLE_GFP);
		if (held[n].nr)
			release(test, mem, held[n].start, held[n].start + held[n].nr);
		held[n].nr = claim(mem, start, start + nr) ? 0 : nr;
		held[n].start = start;
		claims += held[n].nr > 0;
		if (held[n].nr)
			memset(mmsim_memory_vaddr(mem, mmsim_memory_page(mem, start)), step, nr * PAGE_SIZE);
		if (step % 16 == 0)
			mmsim_test_check(test, m);
	}
	mmsim_mover_look_all(mv);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		release(test, mem, held[i].start, held[i].start + held[i].nr);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_GT(test, claims, 50);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
	KUNIT_EXPECT_EQ(test, normal(mem)->nr_isolate, 0);
	mmsim_test_check(test, m);
}

static struct kunit_case contig_test_cases[] = {
	KUNIT_CASE_PARAM(contig_empty, span_gen_params),
	KUNIT_CASE_PARAM(contig_moves, span_gen_params),
	KUNIT_CASE(contig_unmovable),
	KUNIT_CASE(contig_large_block),
	KUNIT_CASE(contig_wrong_range),
	KUNIT_CASE(contig_isolated),
	KUNIT_CASE(contig_difficult),
	KUNIT_CASE(contig_nowhere_to_go),
	KUNIT_CASE(contig_pages),
	KUNIT_CASE(contig_free_foreign),
	KUNIT_CASE(contig_random),
	{}
};

static struct kunit_suite contig_test_suite = {
	.name = "contig",
	.test_cases = contig_test_cases,
};

kunit_test_suite(contig_test_suite);
