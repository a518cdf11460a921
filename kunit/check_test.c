// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "check": what the structural check finds. All other tests lean on it, so each invariant is broken here,
 * alone, and has to be named.
 */
#include <kunit/test.h>

#include "fixture.h"
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

static void describe_breakage(const struct breakage *breakage, char *desc)
{
	strscpy(desc, breakage->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(breakage, breakages, describe_breakage);

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

/*
 * The check that all other tests lean on: each invariant, broken alone, is found and named. To mend what was broken,
 * the metadata is put back as it was: the region has all of it.
 */
static void check_finds(struct kunit *test)
{
	const struct breakage *breakage = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "DMA:2M,Normal");
	struct mmsim_memory *mem = m->memory;
	size_t size = mem->meta_pages << PAGE_SHIFT;
	void *copy = kunit_kmalloc(test, size, GFP_KERNEL), *metadata;
	struct victim v;
	char what[256] = "";

	KUNIT_ASSERT_NOT_NULL(test, copy);
	metadata = m->region.vaddr + ((mem->meta_pfn - m->region.start_pfn) << PAGE_SHIFT);
	find_victim(test, mem, &v);
	mmsim_test_check(test, m);

	memcpy(copy, metadata, size);
	break_it(&v, breakage);
	KUNIT_EXPECT_EQ(test, mmsim_memory_check(mem, what, sizeof(what)), -EUCLEAN);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(what, breakage->says), "it says: %s", what);
	memcpy(metadata, copy, size);

	mmsim_test_check(test, m);
	KUNIT_EXPECT_TRUE(test, give(mem, v.page[HELD], 1));
	KUNIT_EXPECT_TRUE(test, give(mem, v.page[WHOLE_ZONE], 9));
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE_PARAM(check_finds, breakage_gen_params),
	{}
};

static struct kunit_suite check_suite = {
	.name = "check",
	.test_cases = check_cases,
};

kunit_test_suite(check_suite);
