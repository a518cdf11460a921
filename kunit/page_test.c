// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "page": the page array, and what may be done with a page.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "fixture.h"
#include "oracle.h"
#include "orders.h"

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

/* What clients written for struct page see, with a host that has struct pages and with one that has none. */
static void page_client_view(struct kunit *test)
{
	struct mmsim *m = mmsim_test_live_instance(test, SZ_4M, "Normal");
	struct mmsim_page *page = take(m->memory, GFP_KERNEL, 1);
	bool backed = m->region.host_backed;
	struct page *client, *foreign = virt_to_page(test);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, mmsim_host_backed(), backed);
	if (backed) {
		client = mmsim_page_client(page + 1);
		KUNIT_EXPECT_PTR_EQ(test, client, mmsim_page_to_host(page + 1));
		KUNIT_EXPECT_EQ(test, page_to_pfn(client), mmsim_page_to_pfn(page) + 1);
		KUNIT_EXPECT_PTR_EQ(test, mmsim_client_page(client), page + 1);
		KUNIT_EXPECT_NULL(test, mmsim_client_page(foreign));
		KUNIT_EXPECT_NULL(test, mmsim_client_page((struct page *)page));
	}
	m->region.host_backed = false;
	KUNIT_EXPECT_FALSE(test, mmsim_host_backed());
	KUNIT_EXPECT_NULL(test, mmsim_page_to_host(page));
	client = mmsim_page_client(page);
	client->private = 0x11;
	client->mapping = (void *)test;
	KUNIT_EXPECT_EQ(test, page->private, 0x11);
	KUNIT_EXPECT_PTR_EQ(test, page->mapping, (void *)test);
	client->private = 0;
	client->mapping = NULL;
	KUNIT_EXPECT_PTR_EQ(test, mmsim_client_page(client), page);
	KUNIT_EXPECT_NULL(test, mmsim_client_page((void *)client + 8));
	KUNIT_EXPECT_NULL(test, mmsim_client_page(foreign));
	m->region.host_backed = backed;
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 1));
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
 * region, what the floor, its node and the CPUs' lists are made of (more in a kernel that debugs its locks), a page for
 * small things, and HighMem's slots where there are any.
 */
static void page_metadata(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mmsim_memory *mem = mmsim_test_instance(test, layout->size, layout->zones)->memory;
	LIST_HEAD(held);
	size_t highmem = mem->highmem ? struct_size(mem->highmem, cpu, nr_cpu_ids) : 0;
	size_t structs = sizeof(*mem) + sizeof(*mem->node[0]) + nr_cpu_ids * MMSIM_NR_ZONES * sizeof(struct mmsim_pcp);
	unsigned long inside = 0, few = PFN_UP(structs) + 1 + PFN_UP(highmem);
	struct mmsim_page *page, *next;

	KUNIT_EXPECT_TRUE(test, lies_in_metadata(mem, mem, sizeof(*mem)));
	KUNIT_EXPECT_TRUE(test, !highmem || lies_in_metadata(mem, mem->highmem, highmem));
	KUNIT_EXPECT_TRUE(test, lies_in_metadata(mem, mem->node[0], sizeof(*mem->node[0])));
	KUNIT_EXPECT_TRUE(test, lies_in_metadata(mem, mem->map, mem->nr_pages * sizeof(*mem->map)));
	KUNIT_EXPECT_LE(test, mem->meta_pages, mem->nr_pages / 64 + few);

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
	struct mmsim_memory *mem = mmsim_test_live_instance(test, layout->size, layout->zones)->memory;
	unsigned long i, wrong = 0;

	for (i = 0; i < mem->nr_pages; i++)
		wrong += !converts(mem, i);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/* What is not of the region has no page: the neighbours on both sides, and what is far away. */
static void page_conversions_outside(struct kunit *test)
{
	struct mmsim_memory *mem = mmsim_test_live_instance(test, SZ_4M, "Normal")->memory;
	unsigned long start = mem->region->start_pfn, end = start + mem->nr_pages;
	const unsigned long pfns[] = { start - 1, end, 0, ULONG_MAX, ~start };
	void *from = mem->region->vaddr, *to = from + SZ_4M;
	const void *addrs[] = { from - 1, from - PAGE_SIZE, to, NULL, (void *)ULONG_MAX, pfns, &mmsim_memory_live };
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
	struct mmsim *m = mmsim_test_live_instance(test, SZ_8M, "Normal");
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
	struct mmsim_memory *mem = mmsim_test_live_instance(test, SZ_4M, "Normal")->memory;
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
	struct mmsim *m = mmsim_test_live_instance(test, SZ_8M, "Normal");
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
	struct mmsim *m = mmsim_test_live_instance(test, SZ_4M, "Normal");
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
	struct mmsim *m = mmsim_test_live_instance(test, SZ_8M, "Normal");
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
	struct mmsim_memory *mem = mmsim_test_live_instance(test, SZ_8M, "Normal")->memory;
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
	struct mmsim_memory *mem = mmsim_test_live_instance(test, SZ_8M, "Normal")->memory;
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
	struct mmsim *m = mmsim_test_live_instance(test, SZ_8M, "Normal");
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
	struct mmsim *m = mmsim_test_live_instance(test, SZ_4M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);

	KUNIT_EXPECT_TRUE(test, give(m->memory, NULL, 3));
	KUNIT_EXPECT_TRUE(test, mmsim_memory_free_addr(m->memory, 0, 3, _RET_IP_));
	mmsim___free_pages(NULL, 0);
	mmsim_free_pages(0, 0);
	mmsim_expect_since(test, m->memory, first, -1, 0);
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
	KUNIT_CASE(page_client_view),
	{}
};

static struct kunit_suite page_suite = {
	.name = "page",
	.test_cases = page_cases,
};

kunit_test_suite(page_suite);
