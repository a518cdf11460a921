// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "page": the page array, what may be done with a page, and every misuse that must be refused.
 *
 * Each test has an instance of its own. The exported functions act on the live instance; a test of theirs makes its own
 * instance the live one until it ends, which nobody notices: while insmod runs the suites no client can call.
 *
 * A refusal is tested for being exact: its kind is counted once, no other kind, and no list and no sum has changed.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "fixture.h"
#include "oracle.h"

#define ANY_ZONE	(__GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN)
#define LOWMEM		(GFP_ATOMIC | __GFP_NOWARN)
#define ALL_ZONES	"DMA:2M,DMA32:2M,Normal,HighMem:2M,Movable:4M"

/*
 * Seed 003's struct page: flags, _count, _mapcount, private, mapping, index, lru, virtual; _count is _refcount today.
 * In the places where the kernel of the day has them, and no larger than its own.
 */
static_assert(offsetof(struct mmsim_page, flags) == offsetof(struct page, flags));
static_assert(offsetof(struct mmsim_page, _refcount) == offsetof(struct page, _refcount));
static_assert(offsetof(struct mmsim_page, _mapcount) == offsetof(struct page, _mapcount));
static_assert(offsetof(struct mmsim_page, private) == offsetof(struct page, private));
static_assert(offsetof(struct mmsim_page, mapping) == offsetof(struct page, mapping));
static_assert(offsetof(struct mmsim_page, index) == offsetof(struct page, index));
static_assert(offsetof(struct mmsim_page, lru) == offsetof(struct page, lru));
static_assert(offsetof(struct mmsim_page, compound_head) == offsetof(struct page, compound_head));
static_assert(sizeof_field(struct mmsim_page, virtual) == sizeof(void *));
static_assert(sizeof(struct mmsim_page) <= 64);

static struct mmsim_memory *live_before;

static int page_test_init(struct kunit *test)
{
	live_before = mmsim_memory_live;
	return 0;
}

static void page_test_exit(struct kunit *test)
{
	mmsim_memory_live = live_before;
}

/* A private instance, on which the exported functions act until the test ends. */
static struct mmsim *live_instance(struct kunit *test, u64 size, const char *zones)
{
	struct mmsim *m = mmsim_test_instance(test, size, zones);

	mmsim_memory_live = m->memory;
	return m;
}

static struct mmsim_page *take(struct mmsim_memory *mem, gfp_t gfp, unsigned int order)
{
	return mmsim_memory_alloc(mem, gfp, order, _RET_IP_);
}

static bool give(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	return mmsim_memory_free(mem, page, order, _RET_IP_);
}

static const unsigned int orders[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

static_assert(ARRAY_SIZE(orders) == MMSIM_NR_ORDERS);

static void describe_order(const unsigned int *order, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "order %u", *order);
}

KUNIT_ARRAY_PARAM(order, orders, describe_order);

struct layout {
	const char *zones;
	u64 size;
};

static const struct layout layouts[] = {
	{ "Normal", SZ_4M },
	{ "DMA:2M,DMA32:2M,Normal", SZ_8M },
	{ ALL_ZONES, SZ_16M },
	{ "DMA,HighMem:4M", SZ_8M },
};

static void describe_layout(const struct layout *layout, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s in %llu MB", layout->zones, layout->size >> 20);
}

KUNIT_ARRAY_PARAM(layout, layouts, describe_layout);

/* --- The array --- */

static unsigned int zone_of(const struct mmsim_memory *mem, unsigned long pfn)
{
	unsigned int type = 0;

	while (pfn - mem->node[0]->zone[type].start_pfn >= mem->node[0]->zone[type].spanned_pages)
		type++;
	return type;
}

static bool is_kept(const struct mmsim_memory *mem, unsigned long pfn)
{
	return pfn - mem->meta_pfn < mem->meta_pages || mmsim_region_missing(mem->region, pfn);
}

/* What is wrong with a descriptor of a new instance; NULL for nothing. @head: whether a free block must start here. */
static const char *initial_fault(const struct mmsim_memory *mem, const struct mmsim_page *page, bool head)
{
	unsigned long pfn = mem->region->start_pfn + (page - mem->map);
	unsigned int type = zone_of(mem, pfn);
	void *addr = mem->region->vaddr + ((pfn - mem->region->start_pfn) << PAGE_SHIFT);
	unsigned long state = page->flags & ~MMSIM_PAGE_ID;

	if (mmsim_page_zone_type(page) != type || mmsim_page_nid(page))
		return "the zone or node in its flags";
	if (page->virtual != (type == MMSIM_ZONE_HIGHMEM ? NULL : addr))
		return "virtual";
	if (page->mapping || page->index || page->private)
		return "mapping, index or private";
	if (atomic_read(&page->_mapcount) != -1)
		return "_mapcount";
	if (atomic_read(&page->_refcount) != is_kept(mem, pfn))
		return "_refcount";
	if (is_kept(mem, pfn))
		return state == BIT(PG_reserved) ? NULL : "the flags of a reserved page";
	if (head)
		return (state & ~MMSIM_PAGE_ORDER) == MMSIM_PAGE_BUDDY ? NULL : "the flags of a free block's head";
	return state || (page->compound_head & 1) ? "the flags or compound_head of a tail" : NULL;
}

/* Every descriptor of a new instance says what page.h promises: reserved, head of a free block, or tail. */
static void page_initial_state(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, layout->size, layout->zones);
	struct mmsim_memory *mem = m->memory;
	unsigned long i, next = 0;

	KUNIT_ASSERT_EQ(test, mem->nr_pages, layout->size >> PAGE_SHIFT);
	for (i = 0; i < mem->nr_pages; i++) {
		const char *fault = initial_fault(mem, &mem->map[i], i == next);

		KUNIT_ASSERT_NULL_MSG(test, fault, "page %lu of the array: %s", i, fault);
		if (i == next)
			next += 1UL << mmsim_page_order(&mem->map[i]);
	}
	KUNIT_EXPECT_EQ(test, next, mem->nr_pages);
	mmsim_test_check(test, m);
}

static bool lies_in_metadata(const struct mmsim_memory *mem, const void *p, size_t size)
{
	unsigned long first = (p - mem->region->vaddr) >> PAGE_SHIFT;
	unsigned long last = (p + size - 1 - mem->region->vaddr) >> PAGE_SHIFT;
	unsigned long meta = mem->meta_pfn - mem->region->start_pfn;

	return first >= meta && first <= last && last < meta + mem->meta_pages;
}

/*
 * All metadata lies in the region, in frames that are reserved and that no allocation ever gets. It costs 1/64 of the
 * region and a few pages.
 */
static void page_metadata(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mmsim_memory *mem = mmsim_test_instance(test, layout->size, layout->zones)->memory;
	LIST_HEAD(held);
	struct mmsim_page *page, *next;
	unsigned long inside = 0;

	KUNIT_EXPECT_TRUE(test, lies_in_metadata(mem, mem, sizeof(*mem)));
	KUNIT_EXPECT_TRUE(test, lies_in_metadata(mem, mem->node[0], sizeof(*mem->node[0])));
	KUNIT_EXPECT_TRUE(test, lies_in_metadata(mem, mem->map, mem->nr_pages * sizeof(*mem->map)));
	KUNIT_EXPECT_LE(test, mem->meta_pages, mem->nr_pages / 64 + 4);

	while ((page = take(mem, ANY_ZONE, 0))) {
		inside += is_kept(mem, mmsim_memory_pfn(mem, page));
		list_add(&page->lru, &held);
	}
	KUNIT_EXPECT_EQ(test, inside, 0);
	list_for_each_entry_safe(page, next, &held, lru)
		give(mem, page, 0);
}

/* Whether the exported conversions of one page are right in both directions, from its first byte and from its last. */
static bool converts(const struct mmsim_memory *mem, unsigned long i)
{
	bool highmem = zone_of(mem, mem->region->start_pfn + i) == MMSIM_ZONE_HIGHMEM;
	void *addr = mem->region->vaddr + (i << PAGE_SHIFT), *last = addr + PAGE_SIZE - 1;
	unsigned long pfn = mem->region->start_pfn + i;
	phys_addr_t phys = (phys_addr_t)pfn << PAGE_SHIFT;
	struct mmsim_page *page = &mem->map[i];

	return mmsim_page_to_pfn(page) == pfn && mmsim_pfn_to_page(pfn) == page &&
	       mmsim_page_to_phys(page) == phys && mmsim_phys_to_page(phys) == page &&
	       mmsim_phys_to_page(phys + PAGE_SIZE - 1) == page &&
	       mmsim_page_address(page) == (highmem ? NULL : addr) &&
	       mmsim_virt_to_page(addr) == (highmem ? NULL : page) &&
	       mmsim_virt_to_page(last) == (highmem ? NULL : page) &&
	       mmsim_owns(addr) && mmsim_owns(last) &&
	       (!virt_addr_valid(addr) || __pa(addr) == phys);
}

static void page_conversions(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mmsim_memory *mem = live_instance(test, layout->size, layout->zones)->memory;
	unsigned long i, wrong = 0;

	for (i = 0; i < mem->nr_pages; i++)
		wrong += !converts(mem, i);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/* What is not of the region has no page: the neighbours on both sides, and what is far away. */
static void page_conversions_outside(struct kunit *test)
{
	struct mmsim_memory *mem = live_instance(test, SZ_4M, "Normal")->memory;
	unsigned long start = mem->region->start_pfn, end = start + mem->nr_pages;
	const unsigned long pfns[] = { start - 1, end, 0, ULONG_MAX, ~start };
	void *from = mem->region->vaddr, *to = from + SZ_4M;
	const void *addrs[] = { from - 1, from - PAGE_SIZE, to, NULL, (void *)ULONG_MAX, pfns, &live_before };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pfns); i++) {
		KUNIT_EXPECT_NULL_MSG(test, mmsim_pfn_to_page(pfns[i]), "pfn %#lx", pfns[i]);
		KUNIT_EXPECT_NULL_MSG(test, mmsim_phys_to_page((phys_addr_t)pfns[i] << PAGE_SHIFT), "phys of %u", i);
	}
	KUNIT_EXPECT_NULL(test, mmsim_phys_to_page(((phys_addr_t)start << PAGE_SHIFT) - 1));
	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		KUNIT_EXPECT_NULL_MSG(test, mmsim_virt_to_page(addrs[i]), "address %u", i);
		KUNIT_EXPECT_NULL_MSG(test, mmsim_virt_to_head_page(addrs[i]), "address %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, mmsim_owns(addrs[i]), "address %u", i);
	}
}

/* --- What may be done with a page --- */

/*
 * __GFP_COMP: the tails know their head, the head its order; from an address in any tail one gets to the head. Order 0
 * has no tails and is no compound page. Nothing of it is left after the free.
 */
static void page_compound(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim *m = live_instance(test, SZ_8M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = mmsim_alloc_pages(LOWMEM | __GFP_COMP, order);
	unsigned long i, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, mmsim_page_is_compound(page), (order > 0));
	KUNIT_EXPECT_EQ(test, mmsim_compound_order(page), order);
	for (i = 0; i < 1UL << order; i++)
		wrong += mmsim_compound_head(page + i) != page ||
			 mmsim_virt_to_head_page(page[i].virtual + 123) != page ||
			 mmsim_page_ref_count(page + i) != (i == 0);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	mmsim_test_check(test, m);

	mmsim___free_pages(page, order);
	for (i = 0, wrong = 0; i < 1UL << order; i++)
		wrong += mmsim_compound_head(page + i) != page + i || mmsim_page_is_compound(page + i);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

/* Without __GFP_COMP a page of the block is its own head, as in Linux. */
static void page_plain_block(struct kunit *test)
{
	struct mmsim_memory *mem = live_instance(test, SZ_4M, "Normal")->memory;
	struct mmsim_page *page = mmsim_alloc_pages(LOWMEM, 3);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_compound_head(page + 5), page + 5);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_virt_to_head_page(page[5].virtual), page + 5);
	KUNIT_EXPECT_EQ(test, mmsim_compound_order(page), 0);
	KUNIT_EXPECT_TRUE(test, give(mem, page, 3));
}

/* A page is handed out without what its last owner left: one reference, unmapped, private 0, no mapping, no flags. */
static void page_handed_out_clean(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim_memory *mem = mmsim_test_instance(test, SZ_8M, "Normal")->memory;
	struct mmsim_page *page = take(mem, LOWMEM, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	page->private = 42;
	page->index = 42;
	page->flags |= BIT(PG_dirty) | BIT(PG_uptodate);
	KUNIT_EXPECT_TRUE(test, give(mem, page, order));
	KUNIT_ASSERT_PTR_EQ(test, take(mem, LOWMEM, order), page);
	KUNIT_EXPECT_EQ(test, page->private, 0);
	KUNIT_EXPECT_NULL(test, page->mapping);
	KUNIT_EXPECT_EQ(test, page->flags & MMSIM_PG_ALL, 0);
	KUNIT_EXPECT_EQ(test, mmsim_page_order(page), order);
	KUNIT_EXPECT_EQ(test, atomic_read(&page->_refcount), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&page->_mapcount), -1);
	KUNIT_EXPECT_TRUE(test, give(mem, page, order));
}

/* get_page() and put_page(): a block lives as long as its last reference; a compound page's tails count on its head. */
static void page_references(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim *m = live_instance(test, SZ_8M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory), *held;
	struct mmsim_page *page = mmsim_alloc_pages(LOWMEM | __GFP_COMP, order);
	struct mmsim_page *last = page + (1UL << order) - 1;

	KUNIT_ASSERT_NOT_NULL(test, page);
	held = mmsim_snapshot(test, m->memory);
	mmsim_get_page(page);
	mmsim_get_page(last);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 3);
	mmsim_put_page(last);
	mmsim_put_page(page);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 1);
	mmsim_expect_since(test, m->memory, held, -1, 0);
	mmsim_put_page(last);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 0);
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

/* get_page() of a page that nobody holds is refused; it would be handed out with a reference too many. */
static void page_get_of_free_page(struct kunit *test)
{
	struct mmsim *m = live_instance(test, SZ_4M, "Normal");
	struct mmsim_page *page = mmsim_alloc_page(LOWMEM);
	const struct mmsim_snapshot *before;

	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim___free_page(page);
	before = mmsim_snapshot(test, m->memory);
	mmsim_get_page(page);
	mmsim_expect_since(test, m->memory, before, MMSIM_BAD_GET, 0);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 0);
	mmsim_test_check(test, m);
}

/* split_page(): every part has a reference and is freed alone, in any order; the parts merge into what they were. */
static void page_split(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim *m = live_instance(test, SZ_8M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = mmsim_alloc_pages(LOWMEM, order);
	unsigned long i, n = 1UL << order, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim_split_page(page, order);
	for (i = 0; i < n; i++)
		wrong += !mmsim_page_is_allocated(page + i) || mmsim_page_order(page + i) ||
			 mmsim_page_ref_count(page + i) != 1 || page[i].private;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	mmsim_test_check(test, m);
	for (i = 0; i < n; i++)
		wrong += !give(m->memory, page + (i * 7 + 3) % n, 0);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

static bool is_filled(const void *addr, unsigned int order, u8 byte)
{
	return !memchr_inv(addr, byte, PAGE_SIZE << order);
}

/* Allocates a block, fills it and frees it: what the next allocation of this order gets. */
static struct mmsim_page *dirty_block(struct kunit *test, struct mmsim_memory *mem, unsigned int order)
{
	struct mmsim_page *page = take(mem, LOWMEM, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	memset(page->virtual, 0x5a, PAGE_SIZE << order);
	KUNIT_EXPECT_TRUE(test, give(mem, page, order));
	return page;
}

/* __GFP_ZERO, and so get_zeroed_page(), really zeroes; without it the last owner's bytes are still there. */
static void page_zeroed(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim_memory *mem = live_instance(test, SZ_8M, "Normal")->memory;
	struct mmsim_page *dirty = dirty_block(test, mem, order), *page;

	page = take(mem, LOWMEM, order);
	KUNIT_ASSERT_PTR_EQ(test, page, dirty);
	KUNIT_EXPECT_TRUE(test, is_filled(page->virtual, order, 0x5a));
	KUNIT_EXPECT_TRUE(test, give(mem, page, order));

	page = take(mem, LOWMEM | __GFP_ZERO, order);
	KUNIT_ASSERT_PTR_EQ(test, page, dirty);
	KUNIT_EXPECT_TRUE(test, is_filled(page->virtual, order, 0));
	KUNIT_EXPECT_TRUE(test, give(mem, page, order));
}

/* init_on_alloc and init_on_free, as the kernel's parameters of these names. */
static void page_init_on_alloc_and_free(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim_memory *mem = live_instance(test, SZ_8M, "Normal")->memory;
	struct mmsim_page *dirty = dirty_block(test, mem, order), *page;

	KUNIT_EXPECT_TRUE(test, is_filled(dirty->virtual, order, 0x5a));
	mem->init_on_alloc = true;
	page = take(mem, LOWMEM, order);
	KUNIT_ASSERT_PTR_EQ(test, page, dirty);
	KUNIT_EXPECT_TRUE(test, is_filled(page->virtual, order, 0));
	KUNIT_EXPECT_TRUE(test, give(mem, page, order));

	mem->init_on_alloc = false;
	mem->init_on_free = true;
	dirty = dirty_block(test, mem, order);
	KUNIT_EXPECT_TRUE(test, is_filled(dirty->virtual, order, 0));
}

/* The exported functions of the address kind, there and back: __get_free_pages(), get_zeroed_page(), free_pages(). */
static void page_by_address(struct kunit *test)
{
	struct mmsim *m = live_instance(test, SZ_8M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	unsigned long four = mmsim___get_free_pages(LOWMEM, 2), zeroed = mmsim_get_zeroed_page(LOWMEM);

	KUNIT_ASSERT_NE(test, four, 0);
	KUNIT_ASSERT_NE(test, zeroed, 0);
	KUNIT_EXPECT_EQ(test, four % (4 * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, mmsim_page_order(mmsim_virt_to_page((void *)four)), 2);
	KUNIT_EXPECT_TRUE(test, is_filled((void *)zeroed, 0, 0));
	mmsim_free_pages(four, 2);
	mmsim_free_page(zeroed);
	mmsim_expect_since(test, m->memory, first, -1, 0);
}

/* free_pages(0) frees nothing, as in Linux; mmsim takes NULL for a page in the same way. */
static void page_free_nothing(struct kunit *test)
{
	struct mmsim *m = live_instance(test, SZ_4M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);

	KUNIT_EXPECT_TRUE(test, give(m->memory, NULL, 3));
	KUNIT_EXPECT_TRUE(test, mmsim_memory_free_addr(m->memory, 0, 3, _RET_IP_));
	mmsim___free_pages(NULL, 0);
	mmsim_free_pages(0, 0);
	mmsim_expect_since(test, m->memory, first, -1, 0);
}

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
	return mmsim_memory_free_addr(mem, (unsigned long)&live_before & PAGE_MASK, order, caller);
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

static void describe_refusal(const struct refusal *refusal, char *desc)
{
	strscpy(desc, refusal->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refusal, refusals, describe_refusal);

/*
 * Each misuse is refused and counted once, under its own name; the block stays what it was, and once the fault has been
 * put right it is freed as if nothing had been. Linux's free checks (bad_page()) lose such a page; mmsim keeps it.
 */
static void page_refusals(struct kunit *test)
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

static void describe_flag(const struct flag *flag, char *desc)
{
	strscpy(desc, flag->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(busy_flag, busy_flags, describe_flag);

/* A flag that says that the page is in use stops the free of a page, of a block, and of a block with it on a tail. */
static void page_busy_flag(struct kunit *test)
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
static void page_busy_flags_are_the_kernels(struct kunit *test)
{
	unsigned long ours = MMSIM_PG_BUSY, theirs = PAGE_FLAGS_CHECK_AT_FREE & GENMASK(__NR_PAGEFLAGS - 1, 0);

	KUNIT_EXPECT_EQ(test, ours, theirs);
}

/* Every other flag is about the content and goes with it, from the head and from the tails. */
static void page_content_flags(struct kunit *test)
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
static void page_refusal_keeps_content_flags(struct kunit *test)
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
static void page_put_of_foreign_page(struct kunit *test)
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
	{ "order 11 by address", MMSIM_BAD_ALLOC_ORDER, mmsim___get_free_pages, 0, MMSIM_MAX_ORDER + 1 },
};

static void describe_bad_request(const struct bad_request *request, char *desc)
{
	strscpy(desc, request->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_request, bad_requests, describe_bad_request);

/* Zone flags that GFP_ZONE_BAD lists, an address in HighMem, an order above the largest: nothing, and one count. */
static void page_bad_requests(struct kunit *test)
{
	const struct bad_request *request = test->param_value;
	struct mmsim *m = live_instance(test, SZ_16M, ALL_ZONES);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

	KUNIT_EXPECT_EQ(test, request->get(request->gfp | __GFP_NOWARN, request->order), 0);
	mmsim_expect_since(test, m->memory, before, request->kind, 0);
	mmsim_test_check(test, m);
}

static struct kunit_case page_cases[] = {
	KUNIT_CASE_PARAM(page_initial_state, layout_gen_params),
	KUNIT_CASE_PARAM(page_metadata, layout_gen_params),
	KUNIT_CASE_PARAM(page_conversions, layout_gen_params),
	KUNIT_CASE(page_conversions_outside),
	KUNIT_CASE_PARAM(page_compound, order_gen_params),
	KUNIT_CASE(page_plain_block),
	KUNIT_CASE_PARAM(page_handed_out_clean, order_gen_params),
	KUNIT_CASE_PARAM(page_references, order_gen_params),
	KUNIT_CASE(page_get_of_free_page),
	KUNIT_CASE_PARAM(page_split, order_gen_params),
	KUNIT_CASE_PARAM(page_zeroed, order_gen_params),
	KUNIT_CASE_PARAM(page_init_on_alloc_and_free, order_gen_params),
	KUNIT_CASE(page_by_address),
	KUNIT_CASE(page_free_nothing),
	KUNIT_CASE_PARAM(page_refusals, refusal_gen_params),
	KUNIT_CASE_PARAM(page_busy_flag, busy_flag_gen_params),
	KUNIT_CASE(page_busy_flags_are_the_kernels),
	KUNIT_CASE(page_content_flags),
	KUNIT_CASE(page_refusal_keeps_content_flags),
	KUNIT_CASE(page_put_of_foreign_page),
	KUNIT_CASE_PARAM(page_bad_requests, bad_request_gen_params),
	{}
};

static struct kunit_suite page_suite = {
	.name = "page",
	.init = page_test_init,
	.exit = page_test_exit,
	.test_cases = page_cases,
};

kunit_test_suite(page_suite);
