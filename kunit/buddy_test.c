// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "buddy": the free lists. What seeds 000 and 004 say of them word for word; where Linux puts which block;
 * a random run against the naive model of oracle.h.
 *
 * To bring the lists into a wanted state, a test takes everything, as blocks of the orders that are there, and gives
 * back what it wants to be free. What it holds is noted outside of the instance.
 */
#include <kunit/test.h>

#include "fixture.h"
#include "oracle.h"
#include "orders.h"

#define ANY_ZONE	(__GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN)
#define LOWMEM		(GFP_ATOMIC | __GFP_NOWARN)
#define FIVE_ZONES	"DMA:2M,DMA32:4M,Normal,HighMem:6M,Movable:4M"

static struct mmsim_zone *zone_at(struct mmsim_memory *mem, enum mmsim_zone_type type)
{
	return &mem->node[0]->zone[type];
}

/* These instances don't group by mobility, so all their blocks are on one list an order. */
static struct list_head *free_list_of(struct mmsim_zone *zone, unsigned int order)
{
	return &zone->free_area[order].free_list[MMSIM_MIGRATE_UNMOVABLE];
}

static unsigned long nr_free(struct mmsim_memory *mem, enum mmsim_zone_type type, unsigned int order)
{
	return zone_at(mem, type)->free_area[order].nr_free;
}

static struct mmsim_page *first_free(struct mmsim_memory *mem, enum mmsim_zone_type type, unsigned int order)
{
	return list_first_entry_or_null(free_list_of(zone_at(mem, type), order), struct mmsim_page, lru);
}

static struct mmsim_page *last_free(struct mmsim_memory *mem, enum mmsim_zone_type type, unsigned int order)
{
	return list_last_entry(free_list_of(zone_at(mem, type), order), struct mmsim_page, lru);
}

/* --- What a test holds --- */

struct held {
	struct mmsim_page *page;
	unsigned int order;
};

struct holding {
	struct mmsim_memory *mem;
	struct held *block;
	unsigned long nr, max;
};

static struct holding *holding(struct kunit *test, struct mmsim_memory *mem)
{
	struct holding *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->mem = mem;
	h->max = mem->nr_pages;
	h->block = kunit_kcalloc(test, h->max, sizeof(*h->block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h->block);
	return h;
}

static struct mmsim_page *hold(struct holding *h, gfp_t gfp, unsigned int order)
{
	struct mmsim_page *page = h->nr < h->max ? take(h->mem, gfp, order) : NULL;

	if (page)
		h->block[h->nr++] = (struct held){ page, order };
	return page;
}

static unsigned long hold_all(struct holding *h, gfp_t gfp, unsigned int order)
{
	unsigned long n = 0;

	while (hold(h, gfp, order))
		n++;
	return n;
}

/* Takes all there is, each free block whole: afterwards the test holds what the lists had. */
static void hold_everything(struct holding *h)
{
	int order;

	for (order = MMSIM_MAX_ORDER; order >= 0; order--)
		hold_all(h, ANY_ZONE, order);
}

static bool drop(struct holding *h, unsigned long i)
{
	struct held block = h->block[i];

	h->block[i] = h->block[--h->nr];
	return give(h->mem, block.page, block.order);
}

/* Gives back a block of this order; NULL when none is held. */
static struct mmsim_page *drop_one(struct holding *h, unsigned int order)
{
	struct mmsim_page *page;
	unsigned long i;

	for (i = 0; i < h->nr; i++) {
		if (h->block[i].order == order) {
			page = h->block[i].page;
			return drop(h, i) ? page : NULL;
		}
	}
	return NULL;
}

static void drop_all(struct kunit *test, struct holding *h, struct rnd_state *rnd)
{
	unsigned long refused = 0;

	while (h->nr)
		refused += !drop(h, rnd ? mmsim_test_below(rnd, h->nr) : h->nr - 1);
	KUNIT_EXPECT_EQ(test, refused, 0);
}

/* --- Parameters --- */

struct layout {
	const char *zones;
	u64 size;
	u64 bytes[MMSIM_NR_ZONES];	/* what it comes to */
};

static const struct layout layouts[] = {
	{ "Normal", SZ_16M, { 0, 0, SZ_16M } },
	{ "Normal", SZ_4M, { 0, 0, SZ_4M } },
	{ "", SZ_32M, { SZ_2M, SZ_8M, SZ_16M + SZ_4M + SZ_2M } },
	{ "DMA:4M,DMA32:8M,Normal", SZ_16M, { SZ_4M, SZ_8M, SZ_4M } },
	{ "DMA:2M,Normal,HighMem:4M,Movable:4M", SZ_16M, { SZ_2M, 0, SZ_4M + SZ_2M, SZ_4M, SZ_4M } },
	{ "Movable:6M,DMA", SZ_8M, { SZ_2M, 0, 0, 0, SZ_4M + SZ_2M } },
	{ FIVE_ZONES, SZ_8M * 3, { SZ_2M, SZ_4M, SZ_8M, SZ_4M + SZ_2M, SZ_4M } },
};

static void describe_layout(const struct layout *layout, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s in %llu MB", *layout->zones ? layout->zones : "default",
		 layout->size >> 20);
}

KUNIT_ARRAY_PARAM(layout, layouts, describe_layout);

/* --- Zones --- */

/* Zones follow each other without a gap, each as large as asked; all but the metadata is free, in merged blocks. */
static void buddy_zones(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, layout->size, layout->zones);
	unsigned long pfn = m->region.start_pfn, free = 0;
	unsigned int type;
	char what[128] = "";

	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		struct mmsim_zone *zone = zone_at(m->memory, type);

		KUNIT_EXPECT_EQ_MSG(test, (u64)zone->spanned_pages << PAGE_SHIFT, layout->bytes[type], "zone %u", type);
		KUNIT_EXPECT_EQ_MSG(test, zone->start_pfn, pfn, "zone %u", type);
		pfn += zone->spanned_pages;
		free += zone->free_pages;
	}
	KUNIT_EXPECT_EQ(test, free, m->region.nr_pages - m->memory->meta_pages);
	KUNIT_EXPECT_TRUE_MSG(test, mmsim_model_agrees(mmsim_model(test, m->memory), what, sizeof(what)), "%s", what);
	mmsim_test_check(test, m);
}

/* A layout that can't be is refused with a text that names what is wrong. */
static void buddy_bad_layouts(struct kunit *test)
{
	static const struct {
		const char *zones, *named;
	} bad[] = {
		{ "Abnormal", "'Abnormal'" },
		{ "DMA:4M,", "''" },
		{ "normal", "'normal'" },
		{ "DMA:4M,Normal,DMA:4M", "DMA" },
		{ "DMA:3M,Normal", "DMA:3M" },
		{ "DMA:0,Normal", "DMA:0" },
		{ "DMA:,Normal", "DMA:" },
		{ "DMA:4X,Normal", "DMA:4X" },
		{ "DMA,Normal", "DMA and Normal" },
		{ "DMA:8M,DMA32:10M", "18M" },
		{ "HighMem:8M,Movable", "Normal" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mmsim_layout layout;
		char why[160] = "";
		int err = mmsim_layout_parse(&layout, bad[i].zones, why, sizeof(why));

		if (!err)
			err = mmsim_layout_resolve(&layout, SZ_16M, why, sizeof(why));
		KUNIT_EXPECT_EQ_MSG(test, err, -EINVAL, "zones=%s", bad[i].zones);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(why, bad[i].named), "zones=%s: %s", bad[i].zones, why);
	}
}

struct request {
	const char *name;
	gfp_t gfp;
	int zones[MMSIM_NR_ZONES + 1];	/* where it may be served, in that order */
};

#define END	-1

/* The kernel's GFP_ZONE_TABLE and the order of its zonelists. */
static const struct request requests[] = {
	{ "GFP_DMA", GFP_DMA, { MMSIM_ZONE_DMA, END } },
	{ "GFP_DMA32", GFP_DMA32, { MMSIM_ZONE_DMA32, MMSIM_ZONE_DMA, END } },
	{ "GFP_KERNEL", GFP_KERNEL, { MMSIM_ZONE_NORMAL, MMSIM_ZONE_DMA32, MMSIM_ZONE_DMA, END } },
	{ "__GFP_MOVABLE", __GFP_MOVABLE, { MMSIM_ZONE_NORMAL, MMSIM_ZONE_DMA32, MMSIM_ZONE_DMA, END } },
	{ "__GFP_MOVABLE | GFP_DMA", __GFP_MOVABLE | GFP_DMA, { MMSIM_ZONE_DMA, END } },
	{ "__GFP_MOVABLE | GFP_DMA32", __GFP_MOVABLE | GFP_DMA32, { MMSIM_ZONE_DMA32, MMSIM_ZONE_DMA, END } },
	{ "GFP_HIGHUSER", GFP_HIGHUSER,
	  { MMSIM_ZONE_HIGHMEM, MMSIM_ZONE_NORMAL, MMSIM_ZONE_DMA32, MMSIM_ZONE_DMA, END } },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE,
	  { MMSIM_ZONE_MOVABLE, MMSIM_ZONE_HIGHMEM, MMSIM_ZONE_NORMAL, MMSIM_ZONE_DMA32, MMSIM_ZONE_DMA, END } },
};

KUNIT_ARRAY_PARAM_DESC(request, requests, name);

/*
 * A request goes to the highest zone it allows, and down from there only when that one has nothing left; it never goes
 * up: GFP_DMA gets DMA memory or none.
 */
static void buddy_fallback(struct kunit *test)
{
	const struct request *request = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_8M * 3, FIVE_ZONES);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct holding *h = holding(test, m->memory);
	const int *zone = request->zones;
	struct mmsim_page *page;
	unsigned int i;

	for (i = 0; request->zones[i] != END; i++)
		KUNIT_EXPECT_GT(test, first->free_pages[request->zones[i]], 0);
	while ((page = hold(h, request->gfp | __GFP_NOWARN, 0))) {
		while (*zone != END && !zone_at(m->memory, *zone)->free_pages &&
		       mmsim_page_zone_type(page) != *zone)
			zone++;
		KUNIT_ASSERT_EQ(test, (int)mmsim_page_zone_type(page), *zone);
	}
	for (i = 0; i < MMSIM_NR_ZONES; i++) {
		bool allowed = false;

		for (zone = request->zones; *zone != END; zone++)
			allowed |= *zone == i;
		KUNIT_EXPECT_EQ_MSG(test, zone_at(m->memory, i)->free_pages, allowed ? 0 : first->free_pages[i],
				    "zone %s", mmsim_zone_names[i]);
	}
	drop_all(test, h, NULL);
	mmsim_expect_since(test, m->memory, first, -1, 1);
}

/* The two blocks of order 9 on the sides of a zone's border are buddies by address and must stay two. */
static void buddy_no_merge_across_zones(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "DMA:2M,DMA32:2M,Normal");
	struct mmsim_page *low, *high;

	low = take(m->memory, GFP_DMA | __GFP_NOWARN, 9);
	high = take(m->memory, GFP_DMA32 | __GFP_NOWARN, 9);
	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_ASSERT_NOT_NULL(test, high);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_buddy_of(low, 9), high);
	KUNIT_EXPECT_TRUE(test, give(m->memory, low, 9));
	KUNIT_EXPECT_TRUE(test, give(m->memory, high, 9));
	KUNIT_EXPECT_EQ(test, nr_free(m->memory, MMSIM_ZONE_DMA, 9), 1);
	KUNIT_EXPECT_EQ(test, nr_free(m->memory, MMSIM_ZONE_DMA32, 9), 1);
	mmsim_test_check(test, m);
}

/* --- The seeds' examples --- */

struct walk {
	const char *name;
	unsigned int before[3], after[3];	/* blocks of 256, 512 and 1024 pages on the lists */
	int from;				/* the order of the block that is taken or split; -1 for an error */
};

static const struct walk walks[] = {
	{ "a block of 256 is there", { 1, 1, 1 }, { 0, 1, 1 }, 8 },
	{ "a block of 512 is split", { 0, 1, 1 }, { 1, 0, 1 }, 9 },
	{ "a block of 512 is split, the last one", { 0, 1, 0 }, { 1, 0, 0 }, 9 },
	{ "a block of 1024 is split", { 0, 0, 1 }, { 1, 1, 0 }, 10 },
	{ "an error", { 0, 0, 0 }, { 0, 0, 0 }, -1 },
};

KUNIT_ARRAY_PARAM_DESC(walk, walks, name);

static void expect_lists(struct kunit *test, struct mmsim_memory *mem, const unsigned int nr[3], const char *when)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ_MSG(test, nr_free(mem, MMSIM_ZONE_NORMAL, 8 + i), nr[i], "%u pages, %s", 256 << i,
				    when);
}

/*
 * Seed 004: "To get a block of 256 page frames, look for a free block in the list of 256 first. If there is none,
 * look in the list of 512; if one is found, it is split into two blocks of 256: one is given to the caller, the
 * other moved to the list of 256. If the list of 512 has none either, go on to the list of 1024; if there is none,
 * return an error. When a block is freed, two adjacent blocks are merged into a larger one." A free block of 128 is
 * no help.
 */
static void buddy_256_512_1024(struct kunit *test)
{
	const struct walk *walk = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_16M, "Normal");
	struct holding *h = holding(test, m->memory);
	struct mmsim_page *free[MMSIM_NR_ORDERS] = { }, *page;
	const struct mmsim_snapshot *before;
	unsigned int i;

	hold_everything(h);
	KUNIT_ASSERT_NOT_NULL(test, drop_one(h, 7));
	for (i = 0; i < 3; i++)
		if (walk->before[i])
			free[8 + i] = drop_one(h, 8 + i);
	expect_lists(test, m->memory, walk->before, "before");
	before = mmsim_snapshot(test, m->memory);

	page = take(m->memory, LOWMEM, 8);
	KUNIT_EXPECT_PTR_EQ(test, page, walk->from < 0 ? NULL : free[walk->from]);
	expect_lists(test, m->memory, walk->after, "after");
	if (page && walk->from > 8)
		KUNIT_EXPECT_PTR_EQ(test, first_free(m->memory, MMSIM_ZONE_NORMAL, 8), page + 256);
	if (page && walk->from > 9)
		KUNIT_EXPECT_PTR_EQ(test, first_free(m->memory, MMSIM_ZONE_NORMAL, 9), page + 512);

	if (page)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page, 8));
	mmsim_expect_since(test, m->memory, before, -1, walk->from < 0);
	drop_all(test, h, NULL);
	mmsim_test_check(test, m);
}

/*
 * Seed 000: "the physical address of the first page frame of every block is a multiple of the block's size. For
 * example, a block of 16 page frames starts at a multiple of 16 x 2^12." So does every block of the region, of every
 * order.
 */
static void buddy_alignment(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_8M * 3, FIVE_ZONES);
	struct holding *h = holding(test, m->memory);
	unsigned long i, size = (1UL << order) * (1UL << 12);

	if (order == 4)
		KUNIT_ASSERT_EQ(test, size, 16 * (1UL << 12));
	KUNIT_ASSERT_GT(test, hold_all(h, ANY_ZONE, order), 0);
	for (i = 0; i < h->nr; i++) {
		phys_addr_t phys = PFN_PHYS(mmsim_memory_pfn(m->memory, h->block[i].page));

		KUNIT_ASSERT_EQ_MSG(test, phys % size, 0, "block %lu at %pa", i, &phys);
	}
	drop_all(test, h, NULL);
}

/* Seed 000 asks for "4, 5, 9 page frames": the smallest block that holds them, and what is too much goes back. */
static void buddy_four_five_nine(struct kunit *test)
{
	static const struct {
		unsigned int pages, order, back[4];	/* blocks of 1, 2, 4 and 8 pages that come back */
	} wishes[] = {
		{ 4, 2 },
		{ 5, 3, { 1, 1 } },
		{ 9, 4, { 1, 1, 1 } },
	};
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "Normal");
	struct holding *h = holding(test, m->memory);
	unsigned int i, o, p;

	hold_everything(h);
	KUNIT_ASSERT_NOT_NULL(test, drop_one(h, 10));
	for (i = 0; i < ARRAY_SIZE(wishes); i++) {
		unsigned int order = get_order(wishes[i].pages * PAGE_SIZE);
		struct mmsim_page *page = take(m->memory, LOWMEM, order);
		const struct mmsim_snapshot *taken = mmsim_snapshot(test, m->memory);

		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, order, wishes[i].order);
		KUNIT_EXPECT_TRUE(test, mmsim_memory_split(m->memory, page, order, _RET_IP_));
		for (p = wishes[i].pages; p < 1U << order; p++)
			KUNIT_EXPECT_TRUE(test, give(m->memory, page + p, 0));
		for (o = 0; o < 4; o++)
			KUNIT_EXPECT_EQ_MSG(test, nr_free(m->memory, MMSIM_ZONE_NORMAL, o),
					    taken->nr_free[MMSIM_ZONE_NORMAL][o] + wishes[i].back[o],
					    "%u pages, order %u", wishes[i].pages, o);
		for (p = 0; p < wishes[i].pages; p++)
			KUNIT_EXPECT_TRUE(test, give(m->memory, page + p, 0));
		KUNIT_EXPECT_EQ(test, nr_free(m->memory, MMSIM_ZONE_NORMAL, 10), 1);
	}
	drop_all(test, h, NULL);
}

/* --- Which block goes where --- */

/* expand(): a split keeps the lower half, and each upper half is the first of its list. They all merge again. */
static void buddy_lower_half(struct kunit *test)
{
	unsigned int from, order = *(const unsigned int *)test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "Normal");
	struct holding *h = holding(test, m->memory);
	struct mmsim_page *page;

	hold_everything(h);
	page = drop_one(h, 10);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_PTR_EQ(test, take(m->memory, LOWMEM, order), page);
	for (from = 0; from < MMSIM_NR_ORDERS; from++) {
		bool split_off = from >= order && from < 10;

		KUNIT_EXPECT_EQ_MSG(test, nr_free(m->memory, MMSIM_ZONE_NORMAL, from), split_off, "order %u", from);
		KUNIT_EXPECT_PTR_EQ_MSG(test, first_free(m->memory, MMSIM_ZONE_NORMAL, from),
					split_off ? page + (1UL << from) : NULL, "order %u", from);
	}
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, order));
	KUNIT_EXPECT_PTR_EQ(test, first_free(m->memory, MMSIM_ZONE_NORMAL, 10), page);
	drop_all(test, h, NULL);
	mmsim_test_check(test, m);
}

/* For a test that has given back some of the pages behind the holding's back: the others go back, too. */
static void drop_rest(struct holding *h)
{
	while (h->nr) {
		struct held *block = &h->block[--h->nr];

		if (mmsim_page_is_allocated(block->page))
			give(h->mem, block->page, block->order);
	}
}

/* Frees the pages of a block that the test holds one by one; they merge into the block. */
static void give_pages(struct kunit *test, struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	unsigned long i, refused = 0;

	for (i = 0; i < 1UL << order; i++)
		refused += !give(mem, page + i, 0);
	KUNIT_ASSERT_EQ(test, refused, 0);
}

/*
 * buddy_merge_likely(): a block that is freed next to an allocated buddy goes to the tail of its list when the pair's
 * own buddy is free, since it will then soon be part of something larger; to the head otherwise. Blocks of orders 9 and
 * 10 always go to the head, whatever is free on either side.
 */
static void buddy_tail_placement(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_32M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = m->memory->map + 3 * 1024, *other = m->memory->map + 6 * 1024;
	struct holding *h = holding(test, m->memory);

	hold_all(h, LOWMEM, 0);
	give_pages(test, m->memory, other, order);
	KUNIT_ASSERT_EQ(test, nr_free(m->memory, MMSIM_ZONE_NORMAL, order), 1);

	give_pages(test, m->memory, page, order);
	KUNIT_EXPECT_PTR_EQ(test, first_free(m->memory, MMSIM_ZONE_NORMAL, order), page);
	KUNIT_EXPECT_PTR_EQ(test, last_free(m->memory, MMSIM_ZONE_NORMAL, order), other);
	KUNIT_ASSERT_PTR_EQ(test, take(m->memory, LOWMEM, order), page);

	if (order < 9) {
		give_pages(test, m->memory, page + (2UL << order), order + 1);
	} else {
		give_pages(test, m->memory, page - 1024, 10);
		give_pages(test, m->memory, page + 1024, 10);
	}
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, order));
	KUNIT_EXPECT_PTR_EQ(test, first_free(m->memory, MMSIM_ZONE_NORMAL, order), order < 9 ? other : page);
	KUNIT_EXPECT_PTR_EQ(test, last_free(m->memory, MMSIM_ZONE_NORMAL, order), order < 9 ? page : other);
	mmsim_test_check(test, m);
	drop_rest(h);
	mmsim_expect_since(test, m->memory, first, -1, 1);
}

/* --- Everything, again and again --- */

/* Takes all blocks of an order that the lists can give, and gives them back in random order. */
static void exhaust(struct kunit *test, struct holding *h, struct mmsim_model *model, unsigned int order,
		    struct rnd_state *rnd)
{
	const struct mmsim_snapshot *before = mmsim_snapshot(test, h->mem);
	unsigned long i, expected = 0, wrong = 0;
	unsigned int type, from;
	char what[128] = "";

	for (type = 0; type < MMSIM_NR_ZONES; type++)
		for (from = order; from < MMSIM_NR_ORDERS; from++)
			expected += before->nr_free[type][from] << (from - order);
	KUNIT_EXPECT_EQ_MSG(test, hold_all(h, ANY_ZONE, order), expected, "order %u", order);
	for (i = 0; i < h->nr; i++) {
		unsigned long pfn = mmsim_memory_pfn(h->mem, h->block[i].page);

		wrong += !mmsim_model_block(model, pfn, order) || !mmsim_model_owns(model, pfn, order, 0);
		mmsim_model_set(model, pfn, order, i + 1);
	}
	KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "order %u: misplaced or handed out twice", order);
	KUNIT_EXPECT_TRUE_MSG(test, mmsim_model_agrees(model, what, sizeof(what)), "order %u: %s", order, what);

	for (i = 0; i < h->nr; i++)
		mmsim_model_set(model, mmsim_memory_pfn(h->mem, h->block[i].page), order, MMSIM_MODEL_FREE);
	drop_all(test, h, rnd);
	mmsim_expect_since(test, h->mem, before, -1, 1);
}

/*
 * At each order: as many blocks as the lists can be cut into, none twice, none across a zone's border; then NULL,
 * counted as one failure; and after the frees, in random order, the lists are what they were.
 */
static void buddy_exhaustion(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, layout->size, layout->zones);
	struct mmsim_model *model = mmsim_model(test, m->memory);
	struct holding *h = holding(test, m->memory);
	struct rnd_state rnd;
	unsigned int order;

	mmsim_test_random(test, &rnd);
	for (order = 0; order < MMSIM_NR_ORDERS; order++)
		exhaust(test, h, model, order, &rnd);
	mmsim_test_check(test, m);
}

static void drop_some(struct kunit *test, struct holding *h, unsigned long n, struct rnd_state *rnd)
{
	unsigned long refused = 0;

	while (n--)
		refused += !drop(h, mmsim_test_below(rnd, h->nr));
	KUNIT_ASSERT_EQ(test, refused, 0);
}

static unsigned long nr_free_2mb(struct mmsim_memory *mem)
{
	return nr_free(mem, MMSIM_ZONE_NORMAL, 9) + 2 * nr_free(mem, MMSIM_ZONE_NORMAL, 10);
}

/*
 * The buddy system does not defragment: half of a full zone is freed at random, then 10 % of it freed and allocated
 * again by single pages, a hundred times. Small blocks are served from small ones, so no free block of 2 MB is broken;
 * and none comes about.
 */
static void buddy_keeps_its_fragmentation(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_32M, "Normal");
	struct holding *large = holding(test, m->memory), *small = holding(test, m->memory);
	unsigned long i, round, tenth = m->memory->nr_pages / 10;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_NOT_NULL(test, hold(large, LOWMEM, 9));
	hold_all(small, LOWMEM, 0);
	drop_some(test, large, large->nr / 2, &rnd);
	drop_some(test, small, small->nr / 2, &rnd);
	KUNIT_ASSERT_EQ(test, nr_free_2mb(m->memory), 4);
	for (round = 0; round < 100; round++) {
		drop_some(test, small, tenth, &rnd);
		for (i = 0; i < tenth; i++)
			KUNIT_ASSERT_NOT_NULL(test, hold(small, LOWMEM, 0));
	}
	KUNIT_EXPECT_EQ(test, nr_free_2mb(m->memory), 4);
	mmsim_test_check(test, m);
	drop_all(test, large, &rnd);
	drop_all(test, small, &rnd);
	mmsim_test_check(test, m);
}

/* A random run of operations, compared with the model after each. */
static void buddy_oracle(struct kunit *test)
{
	const struct layout *layout = test->param_value;

	mmsim_oracle_run(test, mmsim_test_instance(test, layout->size, layout->zones), mmsim_test_steps(100000));
}

static struct kunit_case buddy_cases[] = {
	KUNIT_CASE_PARAM(buddy_zones, layout_gen_params),
	KUNIT_CASE(buddy_bad_layouts),
	KUNIT_CASE_PARAM(buddy_fallback, request_gen_params),
	KUNIT_CASE(buddy_no_merge_across_zones),
	KUNIT_CASE_PARAM(buddy_256_512_1024, walk_gen_params),
	KUNIT_CASE_PARAM(buddy_alignment, order_gen_params),
	KUNIT_CASE(buddy_four_five_nine),
	KUNIT_CASE_PARAM(buddy_lower_half, order_gen_params),
	KUNIT_CASE_PARAM(buddy_tail_placement, order_gen_params),
	KUNIT_CASE_PARAM(buddy_exhaustion, layout_gen_params),
	KUNIT_CASE(buddy_keeps_its_fragmentation),
	KUNIT_CASE_PARAM(buddy_oracle, layout_gen_params),
	{}
};

static struct kunit_suite buddy_suite = {
	.name = "buddy",
	.test_cases = buddy_cases,
};

kunit_test_suite(buddy_suite);
