// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "holes": regions of which some granules stayed with the host.
 *
 * A host with memory to spare gives every region whole. So most tests take one whole, tell the floors above that some
 * of its granules are holes, and fill these with a pattern, which must still be there when the instance is gone. One
 * test sees to it that the host has no whole region left: it pins a page in each 16 MB of it.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/kernel-page-flags.h>
#include <linux/memory_hotplug.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>

#include <mmsim/cma.h>

#include "fixture.h"
#include "mover.h"
#include "observe/files.h"
#include "oracle.h"
#include "page/compact.h"
#include "page/contig.h"
#include "page/show.h"

#define GRANULE		MMSIM_GRANULE_PAGES
#define QUIET		(GFP_KERNEL | __GFP_NOWARN)
#define PATTERN		0x5a

struct hollow {
	struct kunit_resource res;
	struct kunit *test;
	struct mmsim m;
	struct mmsim_memory *live_before;
};

static void *granule_addr(const struct mmsim_region *r, unsigned long i)
{
	return r->vaddr + i * MMSIM_REGION_ALIGN;
}

/* The region gets its granules back, each with what was in it, before it goes. */
static void hollow_free(struct kunit_resource *res)
{
	struct hollow *h = res->data;
	struct mmsim_region *r = &h->m.region;
	unsigned long i, leaked = 0;

	mmsim_memory_live = h->live_before;
	if (h->m.memory)
		leaked = mmsim_memory_exit(h->m.memory);
	if (leaked)
		KUNIT_FAIL(h->test, "the test left %lu pages allocated", leaked);
	for_each_set_bit(i, r->missing, mmsim_region_nr_granules(r))
		if (memchr_inv(granule_addr(r, i), PATTERN, MMSIM_REGION_ALIGN))
			KUNIT_FAIL(h->test, "somebody has written into the hole at granule %lu", i);
	bitmap_zero(r->missing, mmsim_region_nr_granules(r));
	r->nr_holes = 0;
	mmsim_region_release(r);
}

/* A whole region, of which the granules of @holes, a bit each, are to count as missing. */
static struct hollow *hollow(struct kunit *test, u64 size, unsigned long holes)
{
	const struct mmsim_region_params p = { .source = MMSIM_SOURCE_CONTIG, .size = size, .quiet = true };
	struct hollow *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned long i;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->test = test;
	h->live_before = mmsim_memory_live;
	err = mmsim_region_take(&h->m.region, &p);
	if (err)
		kunit_skip(test, "no region of %llu MB to be had here: error %d", size >> 20, err);
	kunit_add_resource(test, NULL, hollow_free, &h->res, h);
	h->m.region.missing[0] = holes;
	h->m.region.nr_holes = hweight_long(holes);
	for_each_set_bit(i, &holes, BITS_PER_LONG)
		memset(granule_addr(&h->m.region, i), PATTERN, MMSIM_REGION_ALIGN);
	return h;
}

/* The same with a page floor on it, on which the exported functions act. */
static struct mmsim *instance(struct kunit *test, u64 size, const char *zones, unsigned long holes,
			      struct mmsim_memory_params params)
{
	struct hollow *h = hollow(test, size, holes);
	char why[80] = "";

	KUNIT_ASSERT_EQ_MSG(test, mmsim_layout_parse(&params.layout, zones, why, sizeof(why)), 0, "%s", why);
	h->m.memory = mmsim_memory_init(&h->m.region, &params);
	KUNIT_ASSERT_NOT_NULL(test, h->m.memory);
	mmsim_user_init(&h->m.user, h->m.memory);
	mmsim_memory_live = h->m.memory;
	return &h->m;
}

struct place {
	const char *zones;
	unsigned int mb;
	unsigned long holes;		/* a bit a granule */
	unsigned long meta;		/* granule where the metadata begins */
	unsigned int present[MMSIM_NR_ZONES];	/* MB */
	bool page_owner;		/* with twice as much metadata */
};

static const struct place places[] = {
	{ "Normal", 12, 0x2, 0, { 0, 0, 8 } },
	{ "Normal", 32, 0x54, 0, { 0, 0, 20 } },
	{ "Normal", 64, 0x7f80, 0, { 0, 0, 32 } },
	/* The metadata's place is the first of the largest zone, where it fits. */
	{ "DMA:4M,Normal", 16, 0x2, 2, { 4, 0, 8 } },
	{ "DMA:4M,Normal", 128, 0x4, 3, { 4, 0, 120 }, true },
	/* A hole in two zones, and a zone that is nothing but a hole. */
	{ "DMA:6M,Normal,HighMem:6M", 32, 0x42, 2, { 4, 0, 16, 4 } },
	{ "DMA:4M,DMA32:4M,Normal,Movable:4M", 32, 0x2, 2, { 4, 0, 20, 0, 4 } },
};

static void describe_place(const struct place *place, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s in %u MB, holes %#lx", place->zones, place->mb, place->holes);
}

KUNIT_ARRAY_PARAM(place, places, describe_place);

static struct mmsim *instance_at(struct kunit *test)
{
	const struct place *place = test->param_value;
	const struct mmsim_memory_params params = { .page_owner = place->page_owner };

	return instance(test, (u64)place->mb * SZ_1M, place->zones, place->holes, params);
}

/* No page of a hole counts as present, is free, or is written to: its descriptor alone says that it is reserved. */
static void holes_pages(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct mmsim *m = instance_at(test);
	unsigned long nr[MMSIM_MIGRATE_TYPES], blocks, i, wrong = 0;
	struct mmsim_zone *zone;

	KUNIT_EXPECT_EQ(test, (m->memory->meta_pfn - m->region.start_pfn) / GRANULE, place->meta);
	if (place->page_owner)
		KUNIT_EXPECT_GT(test, m->memory->meta_pages, GRANULE);
	mmsim_for_each_zone(m->memory, zone) {
		unsigned long present = place->present[zone->type] * (SZ_1M / PAGE_SIZE);
		unsigned long meta = m->memory->meta_pfn >= zone->start_pfn &&
				     m->memory->meta_pfn < zone->start_pfn + zone->spanned_pages ?
				     m->memory->meta_pages : 0;

		KUNIT_EXPECT_EQ_MSG(test, zone->present_pages, present, "zone %s", zone->name);
		KUNIT_EXPECT_EQ_MSG(test, zone->managed_pages, present - meta, "zone %s", zone->name);
		KUNIT_EXPECT_EQ_MSG(test, zone->free_pages, present - meta, "zone %s", zone->name);
		mmsim_zone_count_pageblocks(m->memory, zone, nr);
		for (i = 0, blocks = 0; i < MMSIM_MIGRATE_TYPES; i++)
			blocks += nr[i];
		KUNIT_EXPECT_EQ_MSG(test, blocks, present / MMSIM_PAGEBLOCK_PAGES, "zone %s", zone->name);
	}
	for (i = 0; i < m->memory->nr_pages; i++) {
		struct mmsim_page *page = &m->memory->map[i];
		bool hole = place->holes >> (i / GRANULE) & 1;

		wrong += hole && (!mmsim_page_is_reserved(page) || mmsim_page_ref_count(page) != 1);
		wrong += hole != (mmsim_frame_flags(m->memory, page) == BIT_ULL(KPF_NOPAGE));
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	mmsim_test_check(test, m);
}

/* Random requests until nothing is left, and back, against the model, which keeps holes to itself. */
static void holes_oracle(struct kunit *test)
{
	mmsim_oracle_run(test, instance_at(test), 2000);
}

/* An address or a page of the host's in a hole is none of mmsim's; what is freed there is refused. */
static void holes_conversions(struct kunit *test)
{
	struct mmsim *m = instance(test, SZ_16M, "Normal", BIT(2), (struct mmsim_memory_params){});
	unsigned long first = m->region.start_pfn + 2 * GRANULE;
	unsigned long frame[] = { first, first + 77, first + GRANULE - 1 }, i;

	for (i = 0; i < ARRAY_SIZE(frame); i++) {
		struct mmsim_page *page = mmsim_pfn_to_page(frame[i]);
		const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
		void *addr = mmsim_page_address(page);

		KUNIT_EXPECT_PTR_EQ(test, addr, m->region.vaddr + PFN_PHYS(frame[i] - m->region.start_pfn));
		KUNIT_EXPECT_FALSE(test, mmsim_owns(addr));
		KUNIT_EXPECT_NULL(test, mmsim_virt_to_page(addr));
		KUNIT_EXPECT_NULL(test, mmsim_virt_to_head_page(addr));
		KUNIT_EXPECT_NULL(test, mmsim_client_page(pfn_to_page(frame[i])));
		mmsim_free_page((unsigned long)addr);
		mmsim_expect_since(test, m->memory, before, MMSIM_BAD_RESERVED, 0);
	}
	for (i = 0; i < 2; i++) {
		void *addr = m->region.vaddr + (2 + i) * MMSIM_REGION_ALIGN - !i;

		KUNIT_EXPECT_TRUE(test, mmsim_owns(addr));
		KUNIT_EXPECT_NOT_NULL(test, mmsim_virt_to_page(addr));
	}
}

/* A claim never reaches into a hole. The search looks at one such range after the other, from the zone's start. */
static void holes_claims(struct kunit *test)
{
	const struct mmsim_memory_params params = { .group_by_mobility = true };
	struct mmsim *m = instance(test, SZ_32M, "Normal", BIT(2) | BIT(4), params);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	unsigned long start = m->region.start_pfn;
	struct mmsim_page *page;

	KUNIT_EXPECT_EQ(test, mmsim_alloc_contig_range(start + 2 * GRANULE - 1, start + 2 * GRANULE + 1,
						       MIGRATE_MOVABLE, QUIET), -EBUSY);
	KUNIT_EXPECT_EQ(test, mmsim_alloc_contig_range(start + 4 * GRANULE, start + 4 * GRANULE + 1, MIGRATE_MOVABLE,
						       QUIET), -EBUSY);
	KUNIT_EXPECT_NULL(test, mmsim_alloc_contig_pages(3 * GRANULE + 1, QUIET, NUMA_NO_NODE));
	page = mmsim_alloc_contig_pages(GRANULE * 3 / 2, QUIET, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, mmsim_page_to_pfn(page), start + 6 * GRANULE);
	mmsim_test_check(test, m);
	mmsim_free_contig_range(mmsim_page_to_pfn(page), GRANULE * 3 / 2);
	mmsim_expect_since(test, m->memory, before, -1, 0);
}

/* Compaction moves pages across holes, not into them. */
static void holes_compaction(struct kunit *test)
{
	const struct mmsim_memory_params params = { .group_by_mobility = true };
	struct mmsim *m = instance(test, SZ_16M, "Normal", BIT(1), params);
	struct mmsim_mover *mv = mmsim_mover(test, m->memory, m->memory->nr_pages);
	unsigned long nr = mmsim_mover_take_all(mv, QUIET | __GFP_MOVABLE), slot, left;
	struct mmsim_zone *zone = &m->memory->node[0]->zone[MMSIM_ZONE_NORMAL];

	for (slot = 0, left = nr; slot < nr; slot++) {
		if (mmsim_memory_pfn(m->memory, mv->page[slot]) % 4) {
			mmsim_mover_drop(mv, slot);
			left--;
		}
	}
	KUNIT_EXPECT_EQ(test, zone->free_area[9].nr_free + zone->free_area[10].nr_free, 0);
	mmsim_memory_compact(m->memory);
	/* A pageblock in which compaction's two ends have met may stay as it is. */
	KUNIT_EXPECT_GE(test, zone->free_area[9].nr_free + 2 * zone->free_area[10].nr_free,
			(nr - left) / MMSIM_PAGEBLOCK_PAGES - 1);
	KUNIT_EXPECT_GT(test, atomic_read(&mv->migrated), 0);
	mmsim_mover_look_all(mv);
	mmsim_test_check(test, m);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
}

/* Where the largest zone with kernel addresses has no room for the metadata there is no instance. */
static void holes_no_room(struct kunit *test)
{
	struct hollow *h = hollow(test, SZ_16M, BIT(1) | BIT(2));
	struct mmsim_memory_params params = {};
	char why[80] = "";

	KUNIT_ASSERT_EQ(test, mmsim_layout_parse(&params.layout, "DMA:4M,Normal:8M,HighMem", why, sizeof(why)), 0);
	KUNIT_EXPECT_NULL(test, mmsim_memory_init(&h->m.region, &params));
}

/* The region file: how many, and each run of them with the address of its last byte. */
static void holes_shown(struct kunit *test)
{
	struct hollow *h = hollow(test, SZ_32M, BIT(1) | BIT(3) | BIT(4));
	u64 base = PFN_PHYS(h->m.region.start_pfn);
	char *expected = kunit_kzalloc(test, 256, GFP_KERNEL);
	struct seq_file s = { .buf = kunit_kzalloc(test, 256, GFP_KERNEL), .size = 256 };

	KUNIT_ASSERT_NOT_NULL(test, expected);
	KUNIT_ASSERT_NOT_NULL(test, s.buf);
	mmsim_show_holes(&s, &h->m.region);
	snprintf(expected, 256, "granules: 8\nholes: 3\nhole: %#llx-%#llx\nhole: %#llx-%#llx\n", base + SZ_4M,
		 base + SZ_8M - 1, base + 3 * SZ_4M, base + 5 * SZ_4M - 1);
	KUNIT_EXPECT_STREQ(test, s.buf, expected);
}

#ifdef CONFIG_CONTIG_ALLOC

/* --- Holes that the host keeps --- */

#define MAX_PINS	1024
#define PIN_EVERY	(SZ_16M >> PAGE_SHIFT)	/* pages: no region of 16 MB is whole */

struct pins {
	struct kunit_resource res;
	unsigned long pfn[MAX_PINS];
	unsigned int nr;
};

static void pins_free(struct kunit_resource *res)
{
	struct pins *pins = res->data;

	while (pins->nr)
		free_contig_range(pins->pfn[--pins->nr], 1);
}

/* Takes some page of a granule from the host. Where there is none to be had the granule is of no use to a region. */
static void pin(struct pins *pins, unsigned long granule)
{
	unsigned long pfn;

	for (pfn = granule; pins->nr < MAX_PINS && pfn < granule + GRANULE; pfn += 61) {
		if (alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, QUIET))
			continue;
		memset(page_address(pfn_to_page(pfn)), PATTERN, PAGE_SIZE);
		pins->pfn[pins->nr++] = pfn;
		return;
	}
}

static void pin_zone(struct pins *pins, const struct zone *zone)
{
	unsigned long pfn = ALIGN(zone->zone_start_pfn, PIN_EVERY);

	for (; pfn + GRANULE <= zone_end_pfn(zone); pfn += PIN_EVERY)
		if (pfn_to_online_page(pfn) && page_zone(pfn_to_page(pfn)) == zone)
			pin(pins, pfn);
}

static struct pins *pin_host(struct kunit *test)
{
	struct pins *pins = kunit_kzalloc(test, sizeof(*pins), GFP_KERNEL);
	int nid, type;

	KUNIT_ASSERT_NOT_NULL(test, pins);
	kunit_add_resource(test, NULL, pins_free, &pins->res, pins);
	for_each_online_node(nid)
		for (type = 0; type < MAX_NR_ZONES; type++)
			if (managed_zone(&NODE_DATA(nid)->node_zones[type]))
				pin_zone(pins, &NODE_DATA(nid)->node_zones[type]);
	return pins;
}

/*
 * With a page in use in each 16 MB of the host a region of 32 MB can be had with two holes of 4 MB, which is 25 %, and
 * not with 24 %. The pages in the holes stay what they are, and go back to the host whenever their owner frees them.
 */
static void holes_contig(struct kunit *test)
{
	struct mmsim_region_params p = {
		.source = MMSIM_SOURCE_CONTIG, .size = SZ_32M, .holes = 24, .quiet = true,
	};
	unsigned int i, inside = 0, lost = 0;
	struct mmsim_region r;
	char what[80] = "";
	struct pins *pins;
	int err;

	if (totalram_pages() > SZ_2G >> PAGE_SHIFT)
		kunit_skip(test, "it pins and searches all of the host's memory, which is more than 2 GB");
	pins = pin_host(test);
	err = mmsim_region_take(&r, &p);
	if (err == -ENOMEM)
		kunit_skip(test, "the host has no 32 MB to spare");
	KUNIT_ASSERT_EQ(test, err, -EBUSY);
	p.holes = 25;
	KUNIT_ASSERT_EQ(test, mmsim_region_take(&r, &p), 0);
	KUNIT_EXPECT_EQ(test, r.nr_holes, 2);
	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_check(&r, what, sizeof(what)), 0, "%s", what);
	for (i = 0; i < mmsim_region_nr_granules(&r); i++)
		if (!mmsim_region_missing(&r, r.start_pfn + i * GRANULE))
			memset(granule_addr(&r, i), ~PATTERN, MMSIM_REGION_ALIGN);
	for (i = 0; i < pins->nr; i++) {
		inside += pins->pfn[i] - r.start_pfn < r.nr_pages;
		lost += pins->pfn[i] - r.start_pfn < r.nr_pages && !mmsim_region_missing(&r, pins->pfn[i]);
		lost += !!memchr_inv(page_address(pfn_to_page(pins->pfn[i])), PATTERN, PAGE_SIZE);
	}
	KUNIT_EXPECT_EQ(test, inside, 2);
	mmsim_region_release(&r);
	for (i = 0; i < pins->nr; i++)
		lost += page_count(pfn_to_page(pins->pfn[i])) != 1;
	KUNIT_EXPECT_EQ(test, lost, 0);
}

#else /* !CONFIG_CONTIG_ALLOC */

static void holes_contig(struct kunit *test)
{
	kunit_skip(test, "this kernel has no CONFIG_CONTIG_ALLOC");
}

#endif /* CONFIG_CONTIG_ALLOC */

static struct kunit_case holes_cases[] = {
	KUNIT_CASE_PARAM(holes_pages, place_gen_params),
	KUNIT_CASE_PARAM(holes_oracle, place_gen_params),
	KUNIT_CASE(holes_conversions),
	KUNIT_CASE(holes_claims),
	KUNIT_CASE(holes_compaction),
	KUNIT_CASE(holes_no_room),
	KUNIT_CASE(holes_shown),
	KUNIT_CASE_SLOW(holes_contig),
	{}
};

static struct kunit_suite holes_suite = {
	.name = "holes",
	.test_cases = holes_cases,
};

kunit_test_suite(holes_suite);
