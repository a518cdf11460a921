// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "export": functions that clients call, on an instance that is live for a test's time. Most of them are
 * thin, and what is below them is tested elsewhere; here are those that do something of their own, or have no other
 * caller.
 */
#include <kunit/test.h>
#include <linux/mmzone.h>

#include <mmsim/cma.h>
#include <mmsim/page.h>

#include "fixture.h"
#include "oracle.h"

#define QUIET	(GFP_KERNEL | __GFP_NOWARN)

static struct mmsim_zone *normal(struct mmsim_memory *mem, unsigned int nid)
{
	return &mem->node[nid]->zone[MMSIM_ZONE_NORMAL];
}

/* Expects @nr pages from @page on, each a block of its own, and nobody to have the one behind them. */
static void expect_apart(struct kunit *test, struct mmsim_memory *mem, struct mmsim_page *page, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_TRUE_MSG(test, mmsim_page_is_allocated(page + i), "page %lu of %lu", i, nr);
		KUNIT_EXPECT_EQ(test, mmsim_page_order(page + i), 0);
		KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page + i), 1);
		KUNIT_EXPECT_FALSE(test, mmsim_page_is_compound(page + i));
		KUNIT_EXPECT_PTR_EQ(test, mmsim_compound_head(page + i), page + i);
	}
	KUNIT_EXPECT_FALSE(test, mmsim_memory_has(mem, page + nr) && mmsim_page_is_allocated(page + nr));
}

/* --- alloc_pages_exact() --- */

struct size {
	size_t bytes;
	unsigned long pages;
};

static const struct size sizes[] = {
	{ 1, 1 },
	{ PAGE_SIZE, 1 },
	{ PAGE_SIZE + 1, 2 },
	{ 4 * PAGE_SIZE, 4 },
	{ 5 * PAGE_SIZE - 1, 5 },
	{ 5 * PAGE_SIZE, 5 },
	{ 9 * PAGE_SIZE, 9 },
	{ 513 * PAGE_SIZE, 513 },
	{ PAGE_SIZE << MMSIM_MAX_ORDER, MMSIM_MAX_ORDER_PAGES },
};

static void describe_size(const struct size *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu bytes, %lu pages", size->bytes, size->pages);
}

KUNIT_ARRAY_PARAM(size, sizes, describe_size);

/* Seed 000 asks for 5 and 9 pages: so many are taken and no more, and free_pages_exact() gives back the same. */
static void export_exact(struct kunit *test)
{
	const struct size *size = test->param_value;
	struct mmsim *m = mmsim_test_live_instance(test, SZ_16M, "Normal");
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory, 0);
	void *addr = mmsim_alloc_pages_exact(size->bytes, QUIET);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_EQ(test, offset_in_page(addr), 0);
	KUNIT_EXPECT_EQ(test, zone->allocated_pages - before->allocated_pages[MMSIM_ZONE_NORMAL], size->pages);
	KUNIT_EXPECT_EQ(test, before->free_pages[MMSIM_ZONE_NORMAL] - zone->free_pages, size->pages);
	expect_apart(test, m->memory, mmsim_virt_to_page(addr), size->pages);
	memset(addr, 0xa5, size->bytes);
	mmsim_test_check(test, m);
	mmsim_free_pages_exact(addr, size->bytes);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_test_check(test, m);
}

/* What makes no sense for pages that are apart and have addresses is told, and ignored as in the kernel. */
static void export_exact_flags(struct kunit *test)
{
	static const gfp_t flags[] = { __GFP_COMP, __GFP_HIGHMEM, __GFP_COMP | __GFP_HIGHMEM | __GFP_MOVABLE };
	struct mmsim *m = mmsim_test_live_instance(test, SZ_16M, "Normal,HighMem:4M,Movable:4M");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
		void *addr = mmsim_alloc_pages_exact(5 * PAGE_SIZE, QUIET | flags[i]);

		KUNIT_ASSERT_NOT_NULL(test, addr);
		KUNIT_EXPECT_EQ(test, mmsim_page_zone_type(mmsim_virt_to_page(addr)), MMSIM_ZONE_NORMAL);
		expect_apart(test, m->memory, mmsim_virt_to_page(addr), 5);
		mmsim_free_pages_exact(addr, 5 * PAGE_SIZE);
		mmsim_expect_since(test, m->memory, before, MMSIM_BAD_GFP, 0);
	}
	mmsim_test_check(test, m);
}

/* No bytes, and more than a largest block has: get_order() makes both an order that there isn't. */
static void export_exact_refused(struct kunit *test)
{
	static const size_t wrong[] = { 0, (PAGE_SIZE << MMSIM_MAX_ORDER) + 1, SIZE_MAX };
	struct mmsim *m = mmsim_test_live_instance(test, SZ_16M, "Normal");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

		KUNIT_EXPECT_NULL(test, mmsim_alloc_pages_exact(wrong[i], QUIET));
		mmsim_expect_since(test, m->memory, before, MMSIM_BAD_ALLOC_ORDER, 0);
	}
	mmsim_test_check(test, m);
}

/* --- Near a node --- */

static struct mmsim *two_nodes(struct kunit *test)
{
	const struct mmsim_memory_params params = { .nr_nodes = 2 };

	return mmsim_test_live_instance_with(test, SZ_16M, "Normal", &params);
}

static void export_exact_nid(struct kunit *test)
{
	struct mmsim *m = two_nodes(test);
	unsigned int nid;

	for (nid = 0; nid < 2; nid++) {
		unsigned long here = normal(m->memory, nid)->allocated_pages;
		unsigned long there = normal(m->memory, !nid)->allocated_pages;
		void *addr = mmsim_alloc_pages_exact_nid(nid, 9 * PAGE_SIZE, QUIET);

		KUNIT_ASSERT_NOT_NULL(test, addr);
		expect_apart(test, m->memory, mmsim_virt_to_page(addr), 9);
		KUNIT_EXPECT_EQ(test, normal(m->memory, nid)->allocated_pages - here, 9);
		KUNIT_EXPECT_EQ(test, normal(m->memory, !nid)->allocated_pages, there);
		mmsim_free_pages_exact(addr, 9 * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, normal(m->memory, nid)->allocated_pages, here);
	}
	KUNIT_EXPECT_NULL(test, mmsim_alloc_pages_exact_nid(2, PAGE_SIZE, QUIET));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_NODE]), 1);
	mmsim_test_check(test, m);
}

/* The near node serves as long as it can; with __GFP_THISNODE no other does after that. */
static void export_pages_node(struct kunit *test)
{
	struct mmsim *m = two_nodes(test);
	struct mmsim_page *page;
	LIST_HEAD(held);
	unsigned int nid;

	for (nid = 0; nid < 2; nid++) {
		unsigned long there = normal(m->memory, !nid)->free_pages;

		while ((page = mmsim_alloc_pages_node(nid, QUIET | __GFP_THISNODE, 0))) {
			KUNIT_EXPECT_EQ(test, mmsim_page_nid(page), nid);
			list_add(&page->lru, &held);
		}
		KUNIT_EXPECT_EQ(test, normal(m->memory, nid)->free_pages, 0);
		KUNIT_EXPECT_EQ(test, normal(m->memory, !nid)->free_pages, there);
		page = mmsim_alloc_pages_node(nid, QUIET, 3);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, mmsim_page_nid(page), !nid);
		mmsim___free_pages(page, 3);
		while (!list_empty(&held)) {
			page = list_first_entry(&held, struct mmsim_page, lru);
			list_del(&page->lru);
			mmsim___free_page(page);
		}
	}
	KUNIT_EXPECT_NULL(test, mmsim_alloc_pages_node(2, QUIET, 0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_NODE]), 1);
	mmsim_test_check(test, m);
}

/* --- Contiguous memory --- */

static struct mmsim *grouped(struct kunit *test)
{
	const struct mmsim_memory_params params = { .group_by_mobility = true };

	return mmsim_test_live_instance_with(test, SZ_16M, "Normal", &params);
}

/* Exactly the range; a second claim of a part of it finds it in use; freed it is as before. */
static void export_contig_range(struct kunit *test)
{
	struct mmsim *m = grouped(test);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	unsigned long end = m->memory->start_pfn + m->memory->nr_pages - 100, start = end - 777;

	KUNIT_ASSERT_EQ(test, mmsim_alloc_contig_range(start, end, MIGRATE_MOVABLE, QUIET), 0);
	expect_apart(test, m->memory, mmsim_pfn_to_page(start), 777);
	KUNIT_EXPECT_FALSE(test, mmsim_page_is_allocated(mmsim_pfn_to_page(start) - 1));
	KUNIT_EXPECT_EQ(test, before->free_pages[MMSIM_ZONE_NORMAL] - normal(m->memory, 0)->free_pages, 777);
	KUNIT_EXPECT_EQ(test, mmsim_alloc_contig_range(end - 1, end + 1, MIGRATE_MOVABLE, QUIET), -EBUSY);
	KUNIT_EXPECT_EQ(test, mmsim_alloc_contig_range(start, end, MIGRATE_UNMOVABLE, QUIET), -EINVAL);
	mmsim_test_check(test, m);
	mmsim_free_contig_range(start, 777);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_test_check(test, m);
}

/* A power of two comes at a multiple of itself, and any number is that number; with __GFP_ZERO it is empty. */
static void export_contig_pages(struct kunit *test)
{
	static const unsigned long wishes[] = { 1, 5, 1000, 2048 };
	struct mmsim *m = grouped(test);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wishes); i++) {
		struct mmsim_page *page = mmsim_alloc_contig_pages(wishes[i], QUIET | __GFP_ZERO, NUMA_NO_NODE);
		unsigned long pfn;

		KUNIT_ASSERT_NOT_NULL(test, page);
		pfn = mmsim_page_to_pfn(page);
		KUNIT_EXPECT_TRUE(test, !is_power_of_2(wishes[i]) || IS_ALIGNED(pfn, wishes[i]));
		KUNIT_EXPECT_NULL(test, memchr_inv(mmsim_page_address(page), 0, wishes[i] << PAGE_SHIFT));
		memset(mmsim_page_address(page), 0xa5, wishes[i] << PAGE_SHIFT);
		expect_apart(test, m->memory, page, wishes[i]);
		KUNIT_EXPECT_EQ(test, before->free_pages[MMSIM_ZONE_NORMAL] - normal(m->memory, 0)->free_pages,
				wishes[i]);
		mmsim_free_contig_range(pfn, wishes[i]);
	}
	KUNIT_EXPECT_NULL(test, mmsim_alloc_contig_pages(m->memory->nr_pages, QUIET, NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, mmsim_alloc_contig_pages(0, QUIET, NUMA_NO_NODE));
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_test_check(test, m);
}

static struct kunit_case export_cases[] = {
	KUNIT_CASE_PARAM(export_exact, size_gen_params),
	KUNIT_CASE(export_exact_flags),
	KUNIT_CASE(export_exact_refused),
	KUNIT_CASE(export_exact_nid),
	KUNIT_CASE(export_pages_node),
	KUNIT_CASE(export_contig_range),
	KUNIT_CASE(export_contig_pages),
	{}
};

static struct kunit_suite export_suite = {
	.name = "export",
	.test_cases = export_cases,
};

kunit_test_suite(export_suite);
