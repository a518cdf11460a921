// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "check": what the structural check finds. All other tests lean on it, so each invariant is broken here,
 * alone, and has to be named.
 */
#include <kunit/test.h>

#include "fixture.h"
#include "page/buddy.h"
#include "page/memory.h"

static struct list_head *free_list_of(struct mmsim_zone *zone, unsigned int order)
{
	return &zone->free_area[order].free_list[MMSIM_MIGRATE_UNMOVABLE];
}

/* Pages of an instance of two zones, DMA of 2 MB and Normal. */
enum part {
	HELD,		/* an allocated block of order 1 in Normal, not at a multiple of 4 MB */
	FREE,		/* Normal's only free block of order 10 */
	WHOLE_ZONE,	/* an allocated block of order 9, all of DMA, at a multiple of 4 MB */
	METADATA,
	FOREIGN,	/* not in the page array */
	NR_PARTS
};

struct victim {
	struct mmsim_zone *zone;	/* Normal */
	struct mmsim_page *page[NR_PARTS];
};

/* All in order but for the merge that should have been. */
static void break_merge(struct victim *v)
{
	struct mmsim_page *low = v->page[FREE], *high = low + 512;

	list_move(&low->lru, free_list_of(v->zone, 9));
	list_add(&high->lru, free_list_of(v->zone, 9));
	low->flags ^= (10UL ^ 9) << MMSIM_PAGE_ORDER_SHIFT;
	high->flags = low->flags;
	v->zone->free_area[10].nr_free--;
	v->zone->free_area[9].nr_free += 2;
}

static void break_list_foreign(struct victim *v)
{
	list_add_tail(&v->page[FOREIGN]->lru, free_list_of(v->zone, 10));
}

static void break_list_link(struct victim *v)
{
	v->page[FREE]->lru.prev = &v->page[FREE]->lru;
}

static void break_list_circle(struct victim *v)
{
	v->page[FREE]->lru.next = &v->page[FREE]->lru;
}

static void break_list_held(struct victim *v)
{
	list_add(&v->page[HELD]->lru, free_list_of(v->zone, 1));
}

static void break_list_order(struct victim *v)
{
	list_move(&v->page[FREE]->lru, free_list_of(v->zone, 0));
}

static void break_list_lost(struct victim *v)
{
	list_del(&v->page[FREE]->lru);
}

struct breakage {
	const char *name;
	const char *says;		/* what the check must say of it */
	enum part part;			/* done to this page ... */
	unsigned int at;		/* ... or the one so many further on: */
	unsigned long flip;		/* bits of its flags turned over */
	int refs, maps;			/* added to its counts */
	size_t counter;			/* or a counter of the zone is one too high */
	void (*links)(struct victim *v);	/* or its lists are out of order */
};

#define ZONE_BIT		BIT(MMSIM_PAGE_ZONE_SHIFT)
#define FLIP_ORDER(from, to)	((unsigned long)((from) ^ (to)) << MMSIM_PAGE_ORDER_SHIFT)
#define COUNTER(field)		offsetof(struct mmsim_zone, field)

static const struct breakage breakages[] = {
	{ "tail with a state", "has a state of its own", HELD, 1, MMSIM_PAGE_ALLOCATED },
	{ "reserved tail", "has a state of its own", FREE, 700, BIT(PG_reserved) },
	{ "referenced tail of a free block", "inside a free block", FREE, 1023, .refs = 1 },
	{ "mapped tail of a free block", "inside a free block", FREE, 1, .maps = 1 },
	{ "referenced free block", "is free and referenced or mapped", FREE, .refs = 1 },
	{ "mapped free block", "is free and referenced or mapped", FREE, .maps = 1 },
	{ "unmerged buddies", "they should have merged", .links = break_merge },
	{ "page of another zone", "belongs to another zone", HELD, 0, ZONE_BIT },
	{ "reserved and allocated", "is reserved and on loan at once", HELD, 0, BIT(PG_reserved) },
	{ "lost block", "is lost", HELD, 0, MMSIM_PAGE_ALLOCATED },
	{ "lost metadata", "is lost", METADATA, 0, BIT(PG_reserved) },
	{ "movable tail", "has a state of its own", HELD, 1, MMSIM_PAGE_MOVABLE },
	{ "movable block", "not a single allocated page", HELD, 0, MMSIM_PAGE_MOVABLE },
	{ "isolated free block", "not a single allocated page", FREE, 0, MMSIM_PAGE_ISOLATED },
	{ "free and allocated", "is free and allocated at once", HELD, 0, MMSIM_PAGE_BUDDY },
	{ "order above the largest", "no place for a block of order 11", WHOLE_ZONE, 0, FLIP_ORDER(9, 11) },
	{ "misaligned block", "no place for a block of order 10", HELD, 0, FLIP_ORDER(1, 10) },
	{ "block across the border", "leaves the zone", WHOLE_ZONE, 0, FLIP_ORDER(9, 10) },
	{ "foreign page on a list", "leaves the page array", .links = break_list_foreign },
	{ "wrong link back", "its link back in the Unmovable list of order 10 is wrong", .links = break_list_link },
	{ "list in a circle", "its link back in the Unmovable list of order 10 is wrong", .links = break_list_circle },
	{ "allocated block on a list", "but not free with that order", .links = break_list_held },
	{ "block on another order's list", "but not free with that order", .links = break_list_order },
	{ "block on no list", "do not hold the 1 free blocks", .links = break_list_lost },
	{ "nr_free", "nr_free of order 10 is 2", .counter = COUNTER(free_area[10].nr_free) },
	{ "free_pages", "free_pages is", .counter = COUNTER(free_pages) },
	{ "allocated_pages", "allocated_pages is", .counter = COUNTER(allocated_pages) },
	{ "managed_pages", "are not the", .counter = COUNTER(managed_pages) },
};

static void break_it(struct victim *v, const struct breakage *breakage)
{
	struct mmsim_page *page = v->page[breakage->part] + breakage->at;

	page->flags ^= breakage->flip;
	atomic_add(breakage->refs, &page->_refcount);
	atomic_add(breakage->maps, &page->_mapcount);
	if (breakage->counter)
		++*(unsigned long *)((void *)v->zone + breakage->counter);
	if (breakage->links)
		breakage->links(v);
}

KUNIT_ARRAY_PARAM_DESC(breakage, breakages, name);

static void find_victim(struct kunit *test, struct mmsim_memory *mem, struct victim *v)
{
	unsigned int i;

	v->zone = &mem->node[0]->zone[MMSIM_ZONE_NORMAL];
	v->page[HELD] = take(mem, GFP_ATOMIC | __GFP_NOWARN, 1);
	v->page[FREE] = list_first_entry_or_null(free_list_of(v->zone, 10), struct mmsim_page, lru);
	v->page[WHOLE_ZONE] = take(mem, GFP_DMA | __GFP_NOWARN, 9);
	v->page[METADATA] = mmsim_memory_page(mem, mem->meta_pfn);
	v->page[FOREIGN] = kunit_kzalloc(test, sizeof(struct mmsim_page), GFP_KERNEL);
	for (i = 0; i < NR_PARTS; i++)
		KUNIT_ASSERT_NOT_NULL(test, v->page[i]);
	KUNIT_ASSERT_EQ(test, v->zone->free_area[10].nr_free, 1);
}

static void *metadata_of(const struct mmsim *m)
{
	return m->region.vaddr + ((m->memory->meta_pfn - m->region.start_pfn) << PAGE_SHIFT);
}

/* The metadata as it is, to be put back when something in it has been broken: the region has all of it. */
static void *metadata_copy(struct kunit *test, struct mmsim *m)
{
	size_t size = m->memory->meta_pages << PAGE_SHIFT;
	void *copy = kunit_kmalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	mmsim_test_check(test, m);
	return memcpy(copy, metadata_of(m), size);
}

/* The check finds what has been broken and says @says; then it is mended. */
static void expect_found(struct kunit *test, struct mmsim *m, const void *copy, const char *says)
{
	char what[256] = "";

	KUNIT_EXPECT_EQ(test, mmsim_memory_check(m->memory, what, sizeof(what)), -EUCLEAN);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(what, says), "it says: %s", what);
	memcpy(metadata_of(m), copy, m->memory->meta_pages << PAGE_SHIFT);
	mmsim_test_check(test, m);
}

/* The check that all other tests lean on: each invariant, broken alone, is found and named. */
static void check_finds(struct kunit *test)
{
	const struct breakage *breakage = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "DMA:2M,Normal");
	struct victim v;
	void *copy;

	find_victim(test, m->memory, &v);
	copy = metadata_copy(test, m);
	break_it(&v, breakage);
	expect_found(test, m, copy, breakage->says);
	KUNIT_EXPECT_TRUE(test, give(m->memory, v.page[HELD], 1));
	KUNIT_EXPECT_TRUE(test, give(m->memory, v.page[WHOLE_ZONE], 9));
}

/* --- Migratetypes and CPU lists --- */

/* What is broken of an instance of Normal alone: something about a free block of two Movable pageblocks ... */
static void break_type_list(struct mmsim_zone *zone, struct mmsim_page *page)
{
	list_move(&page->lru, &zone->free_area[10].free_list[MMSIM_MIGRATE_RECLAIMABLE]);
}

static void break_type(struct mmsim_zone *zone, struct mmsim_page *page)
{
	mmsim_pageblock_set_type(zone, page, 10, MMSIM_MIGRATE_RECLAIMABLE);
}

static void break_type_half(struct mmsim_zone *zone, struct mmsim_page *page)
{
	mmsim_pageblock_set_type(zone, page + MMSIM_PAGEBLOCK_PAGES, 9, MMSIM_MIGRATE_RECLAIMABLE);
}

/* ... or about the one page that a CPU's lists have. */
static struct mmsim_pcp *pcp_with_page(struct mmsim_zone *zone)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (zone->pcp[cpu]->list[0][MMSIM_MIGRATE_UNMOVABLE])
			return zone->pcp[cpu];
	return NULL;
}

static void break_pcp_count(struct mmsim_zone *zone, struct mmsim_page *page)
{
	pcp_with_page(zone)->count++;
}

static void break_pcp_page(struct mmsim_zone *zone, struct mmsim_page *page)
{
	atomic_inc(&pcp_with_page(zone)->list[0][MMSIM_MIGRATE_UNMOVABLE]->_refcount);
}

static void break_pcp_order(struct mmsim_zone *zone, struct mmsim_page *page)
{
	struct mmsim_pcp *pcp = pcp_with_page(zone);

	swap(pcp->list[0][MMSIM_MIGRATE_UNMOVABLE], pcp->list[1][MMSIM_MIGRATE_UNMOVABLE]);
}

static void break_pcp_foreign(struct mmsim_zone *zone, struct mmsim_page *page)
{
	pcp_with_page(zone)->list[0][MMSIM_MIGRATE_UNMOVABLE] = zone->map - 1;
}

struct type_breakage {
	const char *name, *says;
	void (*links)(struct mmsim_zone *zone, struct mmsim_page *page);
	size_t counter;			/* of the zone, one too high, where links is NULL */
};

static const struct type_breakage type_breakages[] = {
	{ "block on another type's list", "is on the Reclaimable list of order 10, its pageblock is Movable",
	  break_type_list },
	{ "pageblock of another type", "is on the Movable list of order 10, its pageblock is Reclaimable", break_type },
	{ "second pageblock of another type", "is free with order 10, its pageblocks are of two migratetypes",
	  break_type_half },
	{ "free_type", "free_type of Movable is", .counter = COUNTER(free_type[MMSIM_MIGRATE_MOVABLE]) },
	{ "common_pages", "common_pages is", .counter = COUNTER(common_pages) },
	{ "nr_highatomic", "nr_highatomic is 1, there are 0", .counter = COUNTER(nr_highatomic) },
	{ "nr_isolate", "nr_isolate is 1, 0 pageblocks are", .counter = COUNTER(nr_isolate) },
	{ "cma_pages", "cma_pages is 1, there are 0 such pageblocks", .counter = COUNTER(cma_pages) },
	{ "count of a CPU's lists", "pages, their count is", break_pcp_count },
	{ "referenced page on a CPU's list", "is on a CPU's list of order 0", break_pcp_page },
	{ "page on a CPU's list of another order", "is on a CPU's list of order 1", break_pcp_order },
	{ "foreign page on a CPU's list", "a CPU's list of order 0 leaves the page array", break_pcp_foreign },
};

KUNIT_ARRAY_PARAM_DESC(type_breakage, type_breakages, name);

static void check_finds_by_type(struct kunit *test)
{
	const struct mmsim_memory_params params = { .group_by_mobility = true, .pcp_orders = MMSIM_PCP_ORDERS };
	const struct type_breakage *breakage = test->param_value;
	struct mmsim *m = mmsim_test_instance_with(test, SZ_16M, "Normal", &params);
	struct mmsim_zone *zone = &m->memory->node[0]->zone[MMSIM_ZONE_NORMAL];
	struct mmsim_page *page;
	void *copy;

	mmsim_test_pcp_sizes(m->memory, 1, 10);
	KUNIT_ASSERT_TRUE(test, give(m->memory, take(m->memory, GFP_NOWAIT, 0), 0));
	KUNIT_ASSERT_NOT_NULL(test, pcp_with_page(zone));
	page = mmsim_first_free(zone, 10, MMSIM_MIGRATE_MOVABLE);
	KUNIT_ASSERT_NOT_NULL(test, page);
	copy = metadata_copy(test, m);
	if (breakage->links)
		breakage->links(zone, page);
	else
		++*(unsigned long *)((void *)zone + breakage->counter);
	expect_found(test, m, copy, breakage->says);
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE_PARAM(check_finds, breakage_gen_params),
	KUNIT_CASE_PARAM(check_finds_by_type, type_breakage_gen_params),
	{}
};

static struct kunit_suite check_suite = {
	.name = "check",
	.test_cases = check_cases,
};

kunit_test_suite(check_suite);
