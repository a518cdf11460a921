// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "misuse": what clients of the page floor do wrong. Each refusal is exact: its kind is counted once, no
 * other kind, and no list and no sum has changed.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "fixture.h"
#include "oracle.h"

#define LOWMEM		(GFP_ATOMIC | __GFP_NOWARN)
#define ALL_ZONES	"DMA:2M,DMA32:2M,Normal,HighMem:2M,Movable:4M"

/* --- Frees and splits that are refused --- */

static bool free_addr(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller)
{
	return mmsim_memory_free_addr(mem, (unsigned long)mmsim_memory_vaddr(mem, page), order, caller);
}

static bool free_addr_unaligned(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				unsigned long caller)
{
	return mmsim_memory_free_addr(mem, (unsigned long)mmsim_memory_vaddr(mem, page) + 8, order, caller);
}

static bool free_addr_far(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller)
{
	return mmsim_memory_free_addr(mem, (unsigned long)&mmsim_memory_live & PAGE_MASK, order, caller);
}

static bool free_unaligned(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller)
{
	return mmsim_memory_free(mem, (void *)page + 8, order, caller);
}

static bool put(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller)
{
	return mmsim_memory_put(mem, page, caller);
}

/* What is tried, and with which page: of the block that was allocated, or of the array. */
enum base { BLOCK, FIRST_PAGE, END_OF_ARRAY, METADATA };

/* What still holds a page of the block. */
enum hold { NOTHING, REFERENCE, MAPCOUNT, MAPPING };

struct refusal {
	const char *name;
	enum mmsim_bad kind;
	bool (*misuse)(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller);
	unsigned int order;	/* of the block that was allocated ... */
	gfp_t gfp;		/* ... with these flags ... */
	bool freed;		/* ... and has been freed again */
	enum hold hold;
	unsigned int held;	/* the page of the block that is held */
	enum base base;		/* the misuse is about this page ... */
	int at;			/* ... and so many further on ... */
	int given;		/* ... with this much more than the block's order */
};

static const struct refusal refusals[] = {
	{ "free below the region", MMSIM_BAD_WILD, mmsim_memory_free, .base = FIRST_PAGE, .at = -1 },
	{ "free above the region", MMSIM_BAD_WILD, mmsim_memory_free, .base = END_OF_ARRAY },
	{ "free of a pointer into a descriptor", MMSIM_BAD_WILD, free_unaligned },
	{ "free of an address below the region", MMSIM_BAD_WILD, free_addr, .base = FIRST_PAGE, .at = -1 },
	{ "free of an address above the region", MMSIM_BAD_WILD, free_addr, .base = END_OF_ARRAY },
	{ "free of an address far away", MMSIM_BAD_WILD, free_addr_far },
	{ "free of an address inside a page", MMSIM_BAD_WILD, free_addr_unaligned },
	{ "free with order 1 << 28", MMSIM_BAD_ORDER, mmsim_memory_free, .given = 1 << 28 },
	{ "split with order 1 << 28", MMSIM_BAD_ORDER, mmsim_memory_split, .given = 1 << 28 },
	{ "split outside of the region", MMSIM_BAD_WILD, mmsim_memory_split, 3, .base = END_OF_ARRAY },
	{ "free of metadata", MMSIM_BAD_RESERVED, mmsim_memory_free, .base = METADATA },
	{ "free of metadata by address", MMSIM_BAD_RESERVED, free_addr, .base = METADATA, .at = 1 },
	{ "put of metadata", MMSIM_BAD_RESERVED, put, .base = METADATA },
	{ "split of metadata", MMSIM_BAD_RESERVED, mmsim_memory_split, 2, .base = METADATA },

	{ "double free of a page", MMSIM_BAD_DOUBLE_FREE, mmsim_memory_free, .freed = true },
	{ "double free of a page by address", MMSIM_BAD_DOUBLE_FREE, free_addr, .freed = true },
	{ "double free of a block", MMSIM_BAD_DOUBLE_FREE, mmsim_memory_free, 5, .freed = true },
	{ "double free of the largest block", MMSIM_BAD_DOUBLE_FREE, mmsim_memory_free, 10, .freed = true },
	{ "double free of a page of a merged block", MMSIM_BAD_DOUBLE_FREE, mmsim_memory_free, 4, .freed = true,
	  .at = 15, .given = -4 },
	{ "double free of half a merged block", MMSIM_BAD_DOUBLE_FREE, mmsim_memory_free, 6, .freed = true,
	  .at = 32, .given = -1 },
	{ "put of a freed page", MMSIM_BAD_DOUBLE_FREE, put, .freed = true },
	{ "put of a freed compound page's tail", MMSIM_BAD_DOUBLE_FREE, put, 3, __GFP_COMP, .freed = true, .at = 1 },
	{ "split of a freed block", MMSIM_BAD_DOUBLE_FREE, mmsim_memory_split, 3, .freed = true },

	{ "free of the first tail", MMSIM_BAD_TAIL, mmsim_memory_free, 3, .at = 1, .given = -3 },
	{ "free of the last tail", MMSIM_BAD_TAIL, mmsim_memory_free, 9, .at = 511, .given = -9 },
	{ "free of the upper half", MMSIM_BAD_TAIL, mmsim_memory_free, 4, .at = 8, .given = -1 },
	{ "free of a tail by address", MMSIM_BAD_TAIL, free_addr, 2, .at = 3, .given = -2 },
	{ "free of a compound page's tail", MMSIM_BAD_TAIL, mmsim_memory_free, 2, __GFP_COMP, .at = 1, .given = -2 },
	{ "put of a tail", MMSIM_BAD_TAIL, put, 2, .at = 1 },
	{ "split of a tail", MMSIM_BAD_TAIL, mmsim_memory_split, 3, .at = 2, .given = -2 },

	{ "free with a smaller order", MMSIM_BAD_ORDER, mmsim_memory_free, 4, .given = -1 },
	{ "free with a larger order", MMSIM_BAD_ORDER, mmsim_memory_free, 4, .given = 1 },
	{ "free of a page as two", MMSIM_BAD_ORDER, mmsim_memory_free, .given = 1 },
	{ "free of a compound page as another", MMSIM_BAD_ORDER, mmsim_memory_free, 4, __GFP_COMP, .given = -1 },
	{ "free with an order above the largest", MMSIM_BAD_ORDER, mmsim_memory_free, 10, .given = 1 },
	{ "free with order -1", MMSIM_BAD_ORDER, mmsim_memory_free, .given = -1 },
	{ "split with a smaller order", MMSIM_BAD_ORDER, mmsim_memory_split, 4, .given = -1 },
	{ "split with a larger order", MMSIM_BAD_ORDER, mmsim_memory_split, 4, .given = 1 },
	{ "split of a compound page", MMSIM_BAD_COMPOUND, mmsim_memory_split, 4, __GFP_COMP },

	{ "free of a referenced page", MMSIM_BAD_REFERENCED, mmsim_memory_free, .hold = REFERENCE },
	{ "free of a referenced block", MMSIM_BAD_REFERENCED, mmsim_memory_free, 3, .hold = REFERENCE },
	{ "free of a referenced compound page", MMSIM_BAD_REFERENCED, mmsim_memory_free, 3, __GFP_COMP,
	  .hold = REFERENCE },
	{ "free of a block with a referenced tail", MMSIM_BAD_REFERENCED, mmsim_memory_free, 3, .hold = REFERENCE,
	  .held = 1 },
	{ "free of a mapped page", MMSIM_BAD_MAPPED, mmsim_memory_free, .hold = MAPCOUNT },
	{ "free of a mapped block", MMSIM_BAD_MAPPED, mmsim_memory_free, 2, .hold = MAPCOUNT },
	{ "free of a block with a mapped tail", MMSIM_BAD_MAPPED, mmsim_memory_free, 2, .hold = MAPCOUNT, .held = 3 },
	{ "last put of a mapped page", MMSIM_BAD_MAPPED, put, .hold = MAPCOUNT },
	{ "free of a page with mapping set", MMSIM_BAD_MAPPED, mmsim_memory_free, .hold = MAPPING },
	{ "free of a block with mapping set in a tail", MMSIM_BAD_MAPPED, mmsim_memory_free, 2, .hold = MAPPING,
	  .held = 2 },
	{ "free of a compound page with mapping set in a tail", MMSIM_BAD_MAPPED, mmsim_memory_free, 2, __GFP_COMP,
	  .hold = MAPPING, .held = 2 },
};

/* Makes somebody hold a page (@by 1), or let go of it (@by -1). */
static void hold_page(struct mmsim_page *page, enum hold hold, int by)
{
	if (hold == REFERENCE)
		atomic_add(by, &page->_refcount);
	if (hold == MAPCOUNT)
		atomic_add(by, &page->_mapcount);
	if (hold == MAPPING)
		page->mapping = by > 0 ? page : NULL;
}

static bool misuse(struct mmsim_memory *mem, struct mmsim_page *block, const struct refusal *r)
{
	struct mmsim_page *const base[] = {
		[BLOCK]		= block,
		[FIRST_PAGE]	= mem->map,
		[END_OF_ARRAY]	= mem->map + mem->nr_pages,
		[METADATA]	= mmsim_memory_page(mem, mem->meta_pfn),
	};

	return r->misuse(mem, base[r->base] + r->at, r->order + r->given, _RET_IP_);
}

KUNIT_ARRAY_PARAM_DESC(refusal, refusals, name);

/*
 * Each misuse is refused and counted once, under its own name; the block stays what it was, and once the fault has been
 * put right it is freed as if nothing had been. Linux's free checks (bad_page()) lose such a page; mmsim keeps it.
 */
static void misuse_refused(struct kunit *test)
{
	const struct refusal *r = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "DMA:2M,Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory), *before;
	struct mmsim_page *block = take(m->memory, LOWMEM | r->gfp, r->order);

	KUNIT_ASSERT_NOT_NULL(test, block);
	if (r->freed)
		KUNIT_ASSERT_TRUE(test, give(m->memory, block, r->order));
	hold_page(block + r->held, r->hold, 1);
	before = mmsim_snapshot(test, m->memory);
	KUNIT_EXPECT_FALSE(test, misuse(m->memory, block, r));
	mmsim_expect_since(test, m->memory, before, r->kind, 0);
	hold_page(block + r->held, r->hold, -1);
	mmsim_test_check(test, m);
	if (!r->freed)
		KUNIT_EXPECT_TRUE(test, give(m->memory, block, r->order));
	mmsim_expect_since(test, m->memory, first, r->kind, 0);
	mmsim_test_check(test, m);
}

struct flag {
	const char *name;
	unsigned int bit;
};

static const struct flag busy_flags[] = {
	{ "locked", PG_locked },
	{ "lru", PG_lru },
	{ "active", PG_active },
	{ "private", PG_private },
	{ "private_2", PG_private_2 },
	{ "writeback", PG_writeback },
	{ "unevictable", PG_unevictable },
	{ "mlocked", PG_mlocked },
	{ "reserved", PG_reserved },
};

KUNIT_ARRAY_PARAM_DESC(busy_flag, busy_flags, name);

/* A flag that says that the page is in use stops the free of a page, of a block, and of a block with it on a tail. */
static void misuse_busy_flag(struct kunit *test)
{
	const struct flag *flag = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "Normal");
	static const struct {
		unsigned int order, at;
	} places[] = { { 0, 0 }, { 3, 0 }, { 3, 1 }, { 3, 7 }, { 10, 1023 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct mmsim_page *page = take(m->memory, LOWMEM, places[i].order);
		const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

		KUNIT_ASSERT_NOT_NULL(test, page);
		page[places[i].at].flags |= BIT(flag->bit);
		KUNIT_EXPECT_FALSE_MSG(test, give(m->memory, page, places[i].order), "flag on page %u of order %u",
				       places[i].at, places[i].order);
		mmsim_expect_since(test, m->memory, before, MMSIM_BAD_FLAGS, 0);
		page[places[i].at].flags &= ~BIT(flag->bit);
		KUNIT_EXPECT_TRUE(test, give(m->memory, page, places[i].order));
	}
	mmsim_test_check(test, m);
}

/* The split between the flags is the one of the kernel that mmsim runs in. */
static void misuse_busy_flags_are_the_kernels(struct kunit *test)
{
	unsigned long ours = MMSIM_PG_BUSY, theirs = PAGE_FLAGS_CHECK_AT_FREE & GENMASK(__NR_PAGEFLAGS - 1, 0);

	KUNIT_EXPECT_EQ(test, ours, theirs);
}

/* Every other flag is about the content and goes with it, from the head and from the tails. */
static void misuse_content_flags(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	unsigned long soft = GENMASK(__NR_PAGEFLAGS - 1, 0) & ~PAGE_FLAGS_CHECK_AT_FREE & ~BIT(PG_head);
	struct mmsim_page *page = take(m->memory, LOWMEM, 2);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NE(test, soft, 0);
	for (i = 0; i < 4; i++)
		page[i].flags |= soft;
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 2));
	mmsim_expect_since(test, m->memory, first, -1, 0);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ_MSG(test, page[i].flags & MMSIM_PG_ALL, 0, "page %u", i);
	mmsim_test_check(test, m);
}

/* A free that is refused for the head leaves the tails' flags alone as well: it changes nothing. */
static void misuse_refusal_keeps_content_flags(struct kunit *test)
{
	struct mmsim_memory *mem = mmsim_test_instance(test, SZ_4M, "Normal")->memory;
	struct mmsim_page *page = take(mem, LOWMEM, 2);

	KUNIT_ASSERT_NOT_NULL(test, page);
	page[1].flags |= BIT(PG_dirty);
	atomic_inc(&page->_refcount);
	KUNIT_EXPECT_FALSE(test, give(mem, page, 2));
	KUNIT_EXPECT_NE(test, page[1].flags & BIT(PG_dirty), 0);
	atomic_dec(&page->_refcount);
	KUNIT_EXPECT_TRUE(test, give(mem, page, 2));
}

/* put_page() of a descriptor that is not the region's frees nothing. */
static void misuse_put_of_foreign_page(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_page *foreign = kunit_kzalloc(test, sizeof(*foreign), GFP_KERNEL);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

	KUNIT_ASSERT_NOT_NULL(test, foreign);
	*foreign = *mmsim_memory_page(m->memory, m->memory->meta_pfn);
	KUNIT_EXPECT_FALSE(test, mmsim_memory_put(m->memory, foreign, _RET_IP_));
	mmsim_expect_since(test, m->memory, before, MMSIM_BAD_WILD, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&foreign->_refcount), 1);
}

/* --- Allocations that are refused --- */

static unsigned long get_highmem(gfp_t gfp, unsigned int order)
{
	return mmsim___get_free_pages(gfp | __GFP_HIGHMEM, order);
}

static unsigned long get_highmem_zeroed(gfp_t gfp, unsigned int order)
{
	return mmsim_get_zeroed_page(gfp | __GFP_HIGHMEM);
}

static unsigned long get_block(gfp_t gfp, unsigned int order)
{
	return (unsigned long)mmsim_alloc_pages(gfp, order);
}

struct bad_request {
	const char *name;
	enum mmsim_bad kind;
	unsigned long (*get)(gfp_t gfp, unsigned int order);
	gfp_t gfp;
	unsigned int order;
};

static const struct bad_request bad_requests[] = {
	{ "DMA and HighMem", MMSIM_BAD_GFP, get_block, __GFP_DMA | __GFP_HIGHMEM },
	{ "DMA and DMA32", MMSIM_BAD_GFP, get_block, __GFP_DMA | __GFP_DMA32 },
	{ "DMA32 and HighMem", MMSIM_BAD_GFP, get_block, __GFP_DMA32 | __GFP_HIGHMEM },
	{ "DMA, DMA32 and HighMem", MMSIM_BAD_GFP, get_block, __GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM },
	{ "movable, DMA and HighMem", MMSIM_BAD_GFP, get_block, __GFP_MOVABLE | __GFP_DMA | __GFP_HIGHMEM },
	{ "movable, DMA and DMA32", MMSIM_BAD_GFP, get_block, __GFP_MOVABLE | __GFP_DMA | __GFP_DMA32 },
	{ "movable, DMA32 and HighMem", MMSIM_BAD_GFP, get_block, __GFP_MOVABLE | __GFP_DMA32 | __GFP_HIGHMEM },
	{ "all four zone flags", MMSIM_BAD_GFP, get_block, GFP_ZONEMASK },
	{ "an address in HighMem", MMSIM_BAD_GFP, get_highmem, 0, 1 },
	{ "the address of a zeroed page in HighMem", MMSIM_BAD_GFP, get_highmem_zeroed },
	{ "order 11", MMSIM_BAD_ALLOC_ORDER, get_block, 0, MMSIM_MAX_ORDER + 1 },
	{ "the largest order there is", MMSIM_BAD_ALLOC_ORDER, get_block, 0, UINT_MAX },
	{ "order 11, nobody to be warned", MMSIM_BAD_ALLOC_ORDER, get_block, __GFP_NOWARN, MMSIM_MAX_ORDER + 1 },
	{ "order 11 by address", MMSIM_BAD_ALLOC_ORDER, mmsim___get_free_pages, 0, MMSIM_MAX_ORDER + 1 },
};

KUNIT_ARRAY_PARAM_DESC(bad_request, bad_requests, name);

/*
 * Zone flags that GFP_ZONE_BAD lists, an address in HighMem, an order above the largest: nothing, one count and one
 * report, save that nobody wants to hear of an order.
 */
static void misuse_bad_requests(struct kunit *test)
{
	const struct bad_request *request = test->param_value;
	struct mmsim *m = mmsim_test_live_instance(test, SZ_16M, ALL_ZONES);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

	KUNIT_EXPECT_EQ(test, request->get(request->gfp, request->order), 0);
	KUNIT_EXPECT_EQ(test, m->memory->report_limit.printed, !(request->gfp & __GFP_NOWARN));
	mmsim_expect_since(test, m->memory, before, request->kind, 0);
	mmsim_test_check(test, m);
}

/* A size that leads out of the region, or around all addresses, is one mistake; none of the pages goes. */
static void misuse_free_exact_too_much(struct kunit *test)
{
	static const size_t sizes[] = { SZ_16M, 1UL << 50, SIZE_MAX - PAGE_SIZE, SIZE_MAX };
	struct mmsim *m = mmsim_test_live_instance(test, SZ_16M, "Normal");
	void *addr = mmsim_alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, addr);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

		mmsim_free_pages_exact(addr, sizes[i]);
		mmsim_expect_since(test, m->memory, before, MMSIM_BAD_WILD, 0);
	}
	mmsim_free_pages_exact(addr, 4 * PAGE_SIZE + 1);
	mmsim_test_check(test, m);
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE_PARAM(misuse_refused, refusal_gen_params),
	KUNIT_CASE_PARAM(misuse_busy_flag, busy_flag_gen_params),
	KUNIT_CASE(misuse_busy_flags_are_the_kernels),
	KUNIT_CASE(misuse_content_flags),
	KUNIT_CASE(misuse_refusal_keeps_content_flags),
	KUNIT_CASE(misuse_put_of_foreign_page),
	KUNIT_CASE_PARAM(misuse_bad_requests, bad_request_gen_params),
	KUNIT_CASE(misuse_free_exact_too_much),
	{}
};

static struct kunit_suite misuse_suite = {
	.name = "misuse",
	.test_cases = misuse_cases,
};

kunit_test_suite(misuse_suite);
