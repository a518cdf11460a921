// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "watermark": Linux's formulas for watermarks, reserves and list sizes, and who may take how much of a
 * zone.
 *
 * The formulas are tried on page floors that are nothing but zones' sizes, so that 64 GB can be had, and on the host's
 * own zones, whose figures the host's kernel has worked out.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched/mm.h>

#include "fixture.h"
#include "oracle.h"
#include "page/buddy.h"

#define DMA	MMSIM_ZONE_DMA
#define DMA32	MMSIM_ZONE_DMA32
#define NORMAL	MMSIM_ZONE_NORMAL

/* --- Formulas --- */

/* The table above the kernel's init_per_zone_wmark_min(), 8 GB put right, and both ends. */
static void watermark_min_free_kbytes(struct kunit *test)
{
	static const struct {
		unsigned long mb, kb;
	} known[] = {
		{ 0, 128 }, { 1, 128 }, { 16, 512 }, { 32, 724 }, { 64, 1024 }, { 128, 1448 }, { 256, 2048 },
		{ 512, 2896 }, { 1024, 4096 }, { 2048, 5792 }, { 4096, 8192 }, { 8192, 11585 }, { 16384, 16384 },
		{ 1 << 22, 262144 }, { 1 << 24, 262144 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_default_min_free_kbytes(known[i].mb << 10), known[i].kb, "%lu MB",
				    known[i].mb);
}

/* zone_batchsize(): a 4096th of the zone or a little more, as 2^n - 1, up to 63, which is reached at 1 GB. */
static void watermark_batch(struct kunit *test)
{
	static const struct {
		unsigned long pages;
		unsigned int batch;
	} known[] = {
		{ 0, 1 }, { 4096, 1 }, { 8191, 1 }, { 12288, 3 }, { 24576, 7 }, { 32768, 7 }, { 49152, 15 },
		{ 65536, 15 }, { 131072, 31 }, { 180224, 63 }, { 262144, 63 }, { 1 << 24, 63 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_pcp_batch(known[i].pages), known[i].batch, "%lu pages", known[i].pages);
}

/* A page floor that has zones of these sizes and nothing in them. */
static struct mmsim_memory *zones_only(struct kunit *test, unsigned int nr_nodes,
				       unsigned long (*managed)[MMSIM_NR_ZONES])
{
	struct mmsim_memory *mem = kunit_kzalloc(test, sizeof(*mem), GFP_KERNEL);
	unsigned int nid, type, cpu;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	mem->nr_nodes = nr_nodes;
	for (nid = 0; nid < nr_nodes; nid++) {
		mem->node[nid] = kunit_kzalloc(test, sizeof(*mem->node[nid]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, mem->node[nid]);
		for (type = 0; type < MMSIM_NR_ZONES; type++) {
			struct mmsim_zone *zone = &mem->node[nid]->zone[type];

			mmsim_zone_init(zone, type, nid, 0, managed[nid][type]);
			zone->managed_pages = managed[nid][type];
			zone->pcp = kunit_kcalloc(test, nr_cpu_ids, sizeof(*zone->pcp), GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, zone->pcp);
			for_each_possible_cpu(cpu) {
				zone->pcp[cpu] = kunit_kzalloc(test, sizeof(*zone->pcp[cpu]), GFP_KERNEL);
				KUNIT_ASSERT_NOT_NULL(test, zone->pcp[cpu]);
			}
		}
	}
	return mem;
}

/* Machines, and what the kernel's formulas give for them, worked out outside of mmsim. */
struct machine {
	const char *name;
	unsigned long managed[MMSIM_NR_ZONES];
	unsigned long min_free_kbytes;		/* 0: the default */
	unsigned int scale_factor;
	unsigned long mark[MMSIM_NR_ZONES][MMSIM_NR_WMARK];
	unsigned long reserve[MMSIM_NR_ZONES][MMSIM_NR_ZONES];
};

static const struct machine machines[] = {
	{
		"16 MB, Normal", { 0, 0, 4000, 0, 0 }, 0, 10,
		.mark = {
			[NORMAL] = { 126, 157, 188, 219 },
		},
		.reserve = {
		},
	},
	{
		"1 GB PC", { 3840, 247000, 0, 0, 0 }, 0, 10,
		.mark = {
			[DMA] = { 15, 18, 21, 24 },
			[DMA32] = { 985, 1232, 1479, 1726 },
		},
		.reserve = {
			[DMA] = { 0, 964, 964, 964, 964 },
		},
	},
	{
		"16 GB PC", { 3840, 750000, 3400000, 0, 0 }, 0, 10,
		.mark = {
			[DMA] = { 3, 6, 9, 12 },
			[DMA32] = { 735, 1485, 2235, 2985 },
			[NORMAL] = { 3336, 6736, 10136, 13536 },
		},
		.reserve = {
			[DMA] = { 0, 2929, 16210, 16210, 16210 },
			[DMA32] = { 0, 0, 13281, 13281, 13281 },
		},
	},
	{
		"64 GB, 1 % steps", { 3840, 750000, 15500000, 0, 0 }, 0, 100,
		.mark = {
			[DMA] = { 1, 39, 77, 115 },
			[DMA32] = { 372, 7872, 15372, 22872 },
			[NORMAL] = { 7689, 162689, 317689, 472689 },
		},
		.reserve = {
			[DMA] = { 0, 2929, 63476, 63476, 63476 },
			[DMA32] = { 0, 0, 60546, 60546, 60546 },
		},
	},
	{
		"32-bit style, HighMem", { 4000, 0, 220000, 800000, 0 }, 0, 10,
		.mark = {
			[DMA] = { 16, 20, 24, 28 },
			[NORMAL] = { 929, 1161, 1393, 1625 },
			[MMSIM_ZONE_HIGHMEM] = { 128, 972, 1816, 2660 },
		},
		.reserve = {
			[DMA] = { 0, 0, 859, 3984, 3984 },
			[NORMAL] = { 0, 0, 0, 25000, 25000 },
		},
	},
	{
		"Movable, 64 MB kept", { 3840, 500000, 1500000, 0, 2000000 }, 65536, 10,
		.mark = {
			[DMA] = { 31, 38, 45, 52 },
			[DMA32] = { 4088, 5110, 6132, 7154 },
			[NORMAL] = { 12264, 15330, 18396, 21462 },
			[MMSIM_ZONE_MOVABLE] = { 128, 4216, 8304, 12392 },
		},
		.reserve = {
			[DMA] = { 0, 1953, 7812, 7812, 15625 },
			[DMA32] = { 0, 0, 5859, 5859, 13671 },
			[NORMAL] = { 0, 0, 0, 0, 62500 },
		},
	},
	{
		"small HighMem and Movable", { 1024, 2048, 8192, 4096, 65536 }, 0, 150,
		.mark = {
			[DMA] = { 19, 34, 49, 64 },
			[DMA32] = { 38, 68, 98, 128 },
			[NORMAL] = { 154, 276, 398, 520 },
			[MMSIM_ZONE_HIGHMEM] = { 32, 93, 154, 215 },
			[MMSIM_ZONE_MOVABLE] = { 64, 1047, 2030, 3013 },
		},
		.reserve = {
			[DMA] = { 0, 8, 40, 56, 312 },
			[DMA32] = { 0, 0, 32, 48, 304 },
			[NORMAL] = { 0, 0, 0, 128, 2176 },
		},
	},
};

KUNIT_ARRAY_PARAM_DESC(machine, machines, name);

/* setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve() and zone_highsize(). */
static void watermark_marks(struct kunit *test)
{
	const struct machine *machine = test->param_value;
	unsigned long managed[1][MMSIM_NR_ZONES];
	struct mmsim_memory *mem;
	unsigned int i, j;

	memcpy(managed[0], machine->managed, sizeof(managed[0]));
	mem = zones_only(test, 1, managed);
	mmsim_watermarks_set(mem, machine->min_free_kbytes, machine->scale_factor);
	for (i = 0; i < MMSIM_NR_ZONES; i++) {
		const struct mmsim_zone *zone = &mem->node[0]->zone[i];

		for (j = 0; j < MMSIM_NR_WMARK; j++)
			KUNIT_EXPECT_EQ_MSG(test, zone->watermark[j], machine->mark[i][j], "zone %s, mark %u",
					    mmsim_zone_names[i], j);
		for (j = 0; j < MMSIM_NR_ZONES; j++)
			KUNIT_EXPECT_EQ_MSG(test, zone->lowmem_reserve[j], machine->reserve[i][j],
					    "zone %s against %s", mmsim_zone_names[i], mmsim_zone_names[j]);
		if (!zone->managed_pages)
			continue;
		for (j = 1; j <= 16; j *= 4) {
			unsigned int batch = mmsim_pcp_batch(zone->managed_pages);

			mmsim_pcp_set_sizes(mem, j);
			KUNIT_EXPECT_EQ(test, zone->pcp[0]->batch, (int)batch);
			KUNIT_EXPECT_EQ_MSG(test, zone->pcp[0]->high,
					    (int)max(machine->mark[i][MMSIM_WMARK_LOW] / j, batch * 4UL),
					    "zone %s, %u CPUs", mmsim_zone_names[i], j);
		}
	}
}

/* Without watermarks anybody can have the last page, and the lists have four batches. */
static void watermark_off(struct kunit *test)
{
	unsigned long managed[1][MMSIM_NR_ZONES] = { { 3840, 700000, 3000000 } };
	struct mmsim_memory *mem = zones_only(test, 1, managed);
	unsigned int i, j;

	mmsim_watermarks_set(mem, 8192, 0);
	KUNIT_EXPECT_EQ(test, mem->min_free_kbytes, 0);
	for (i = 0; i < MMSIM_NR_ZONES; i++) {
		const struct mmsim_zone *zone = &mem->node[0]->zone[i];

		for (j = 0; j < MMSIM_NR_WMARK; j++)
			KUNIT_EXPECT_EQ(test, zone->watermark[j], 0);
		for (j = 0; j < MMSIM_NR_ZONES; j++)
			KUNIT_EXPECT_EQ(test, zone->lowmem_reserve[j] + zone->fast_mark[j], 0);
	}
	KUNIT_EXPECT_EQ(test, mem->node[0]->zone[NORMAL].pcp[0]->high, 4 * 63);
}

/* --- The host's own figures --- */

/* mmsim's place for a zone of the host, -1 for what it has not. */
static int zone_of_host(int type)
{
	switch (type) {
#ifdef CONFIG_ZONE_DMA
	case ZONE_DMA:
		return MMSIM_ZONE_DMA;
#endif
#ifdef CONFIG_ZONE_DMA32
	case ZONE_DMA32:
		return MMSIM_ZONE_DMA32;
#endif
	case ZONE_NORMAL:
		return MMSIM_ZONE_NORMAL;
	case ZONE_MOVABLE:
		return MMSIM_ZONE_MOVABLE;
	default:
		return -1;
	}
}

struct host {
	unsigned int nr_nodes;
	struct zone *zone[MMSIM_MAX_NODES][MMSIM_NR_ZONES];	/* NULL for an empty one */
	unsigned long managed[MMSIM_MAX_NODES][MMSIM_NR_ZONES];
	unsigned long lowmem, sum_min;				/* of DMA to Normal */
};

static void look_at_host(struct kunit *test, struct host *host)
{
	int nid, i;

	for_each_online_node(nid) {
		if (host->nr_nodes == MMSIM_MAX_NODES)
			kunit_skip(test, "the host has more than %d nodes", MMSIM_MAX_NODES);
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];
			int type = zone_of_host(i);

			if (type < 0 || !zone_managed_pages(zone))
				continue;
			host->zone[host->nr_nodes][type] = zone;
			host->managed[host->nr_nodes][type] = zone_managed_pages(zone);
			if (type > MMSIM_ZONE_NORMAL)
				continue;
			host->lowmem += zone_managed_pages(zone);
			host->sum_min += zone->_watermark[WMARK_MIN];
		}
		host->nr_nodes++;
	}
}

/* Whether the host's min and low marks are what these sizes and this min_free_kbytes, in pages, come to. */
static bool fits_host(const struct host *host, u64 pages_min)
{
	unsigned int nid, type;

	for (nid = 0; nid < host->nr_nodes; nid++) {
		for (type = 0; type <= MMSIM_ZONE_NORMAL; type++) {
			const struct zone *zone = host->zone[nid][type];
			u64 managed = host->managed[nid][type];
			u64 min = pages_min * managed / host->lowmem;

			if (zone && (zone->_watermark[WMARK_MIN] != min ||
				     zone->_watermark[WMARK_LOW] != min + max(min / 4, managed / 1000)))
				return false;
		}
	}
	return true;
}

/*
 * The host's min_free_kbytes in pages, which no module can read: what its zones' min marks are shares of. 0: nothing.
 */
static unsigned long host_pages_min(const struct host *host)
{
	unsigned long pages_min;

	for (pages_min = host->sum_min; pages_min <= host->sum_min + MMSIM_MAX_NODES * MMSIM_NR_ZONES; pages_min++)
		if (fits_host(host, pages_min))
			return pages_min;
	return 0;
}

/* The same, of the time when they were set: since then one zone was given the pages of the kernel's init sections. */
static unsigned long host_pages_min_then(struct host *host)
{
	unsigned int nid, type;
	unsigned long grown, pages_min = host_pages_min(host);

	for (nid = 0; !pages_min && nid < host->nr_nodes; nid++) {
		for (type = 0; !pages_min && type <= MMSIM_ZONE_NORMAL; type++) {
			unsigned long now = host->managed[nid][type];

			for (grown = 1; !pages_min && grown < min(now, 4096UL); grown++) {
				host->managed[nid][type]--;
				host->lowmem--;
				pages_min = host_pages_min(host);
			}
			if (!pages_min) {
				host->lowmem += now - host->managed[nid][type];
				host->managed[nid][type] = now;
			}
		}
	}
	return pages_min;
}

/*
 * The same sizes give the same figures as in the host's /proc/zoneinfo: min, low, high, promo, protection and batch.
 * Where the host's min marks are no shares of one number, memory was added since they were set, and there is nothing to
 * compare.
 */
static void watermark_as_host(struct kunit *test)
{
	struct host *host = kunit_kzalloc(test, sizeof(*host), GFP_KERNEL);
	unsigned long pages_min, compared = 0;
	struct mmsim_memory *mem;
	unsigned int nid, type;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, host);
	look_at_host(test, host);
	pages_min = host_pages_min_then(host);
	if (!pages_min)
		kunit_skip(test, "the host's marks were set with other sizes, or another watermark_scale_factor");
	mem = zones_only(test, host->nr_nodes, host->managed);
	mmsim_watermarks_set(mem, pages_min << (PAGE_SHIFT - 10), 10);
	for (nid = 0; nid < host->nr_nodes; nid++) {
		for (type = 0; type < MMSIM_NR_ZONES; type++) {
			const struct mmsim_zone *zone = &mem->node[nid]->zone[type];
			struct zone *theirs = host->zone[nid][type];

			if (!theirs)
				continue;
			for (i = 0; i < MMSIM_NR_WMARK; i++)
				KUNIT_EXPECT_EQ_MSG(test, zone->watermark[i], theirs->_watermark[i],
						    "node %u, zone %s, mark %d", nid, theirs->name, i);
			for (i = 0; i < MAX_NR_ZONES; i++) {
				if (zone_of_host(i) < 0)
					continue;
				KUNIT_EXPECT_EQ_MSG(test, (long)zone->lowmem_reserve[zone_of_host(i)],
						    theirs->lowmem_reserve[i], "node %u, zone %s against %d", nid,
						    theirs->name, i);
			}
			KUNIT_EXPECT_EQ_MSG(test, zone->pcp[0]->batch, theirs->pageset_batch, "node %u, zone %s", nid,
					    theirs->name);
			compared++;
		}
	}
	kunit_info(test, "%lu zones of the host, min_free_kbytes %lu", compared, pages_min << (PAGE_SHIFT - 10));
	KUNIT_EXPECT_GT(test, compared, 0);
}

/* --- Who may take how much --- */

#define MIN_KB		1236	/* 309 pages: halves and quarters are rounded */
#define MIN_PAGES	309

/* No direct reclaim where the flags don't ask for it, and none of the thread's. */
struct reach {
	const char *name;
	gfp_t gfp;
	bool memalloc;		/* by a task with PF_MEMALLOC, which is about the host's memory */
	unsigned long left;	/* pages that it leaves in the zone */
};

/*
 * gfp_to_alloc_flags() and __zone_watermark_ok(): half below min with __GFP_HIGH, a quarter of that more without
 * blocking.
 */
static const struct reach reaches[] = {
	{ "no flags", 0, false, MIN_PAGES },
	{ "GFP_NOWAIT", GFP_NOWAIT, false, MIN_PAGES },
	{ "GFP_KERNEL", GFP_KERNEL | __GFP_NORETRY, false, MIN_PAGES },
	{ "__GFP_HIGH, may sleep", GFP_KERNEL | __GFP_HIGH | __GFP_NORETRY, false, 155 },
	{ "__GFP_HIGH, no emergency", GFP_ATOMIC | __GFP_NOMEMALLOC, false, 155 },
	{ "GFP_ATOMIC", GFP_ATOMIC, false, 117 },
	{ "__GFP_MEMALLOC", GFP_NOWAIT | __GFP_MEMALLOC, false, 0 },
	{ "__GFP_MEMALLOC, __GFP_NOMEMALLOC", GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOMEMALLOC, false, MIN_PAGES },
	{ "PF_MEMALLOC", GFP_NOWAIT, true, MIN_PAGES },
	{ "PF_MEMALLOC, __GFP_MEMALLOC", GFP_NOWAIT | __GFP_MEMALLOC, true, 0 },
};

KUNIT_ARRAY_PARAM_DESC(reach, reaches, name);

static unsigned long take_all(struct mmsim_memory *mem, gfp_t gfp, struct mmsim_page **page)
{
	unsigned long nr = 0;

	while ((page[nr] = take(mem, gfp | __GFP_NOWARN, 0)))
		nr++;
	return nr;
}

static void watermark_reach(struct kunit *test)
{
	const struct mmsim_memory_params params = { .watermark_scale_factor = 10, .min_free_kbytes = MIN_KB };
	const struct reach *reach = test->param_value;
	struct mmsim *m = mmsim_test_instance_with(test, SZ_16M, "Normal", &params);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page **page = kunit_kcalloc(test, m->memory->nr_pages, sizeof(*page), GFP_KERNEL);
	unsigned int noreclaim = 0;
	unsigned long nr;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, m->memory->node[0]->zone[NORMAL].watermark[MMSIM_WMARK_MIN], MIN_PAGES);
	if (reach->memalloc)
		noreclaim = memalloc_noreclaim_save();
	nr = take_all(m->memory, reach->gfp, page);
	if (reach->memalloc)
		memalloc_noreclaim_restore(noreclaim);
	KUNIT_EXPECT_EQ(test, m->memory->node[0]->zone[NORMAL].free_pages, reach->left);
	KUNIT_EXPECT_EQ(test, nr, first->free_pages[NORMAL] - reach->left);
	mmsim_test_check(test, m);
	mmsim_test_give_all(test, m->memory, page, nr);
	mmsim_expect_since(test, m->memory, first, -1, 1);
}

/*
 * lowmem_reserve keeps DMA for those who need it: requests that could do with Normal leave more of it than DMA's own.
 */
static void watermark_lowmem_reserve(struct kunit *test)
{
	const struct mmsim_memory_params params = { .watermark_scale_factor = 10, .min_free_kbytes = 800 };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_16M, "DMA:4M,Normal", &params);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_page **page = kunit_kcalloc(test, m->memory->nr_pages, sizeof(*page), GFP_KERNEL);
	struct mmsim_zone *dma = &m->memory->node[0]->zone[DMA], *normal = &m->memory->node[0]->zone[NORMAL];
	unsigned long min = dma->watermark[MMSIM_WMARK_MIN], nr, reserve = normal->managed_pages / 256;
	unsigned long atomic = min - min / 2 - (min - min / 2) / 4;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_GT(test, reserve, 5);
	KUNIT_EXPECT_EQ(test, dma->lowmem_reserve[NORMAL], reserve);
	nr = take_all(m->memory, GFP_NOWAIT, page);
	KUNIT_EXPECT_EQ(test, normal->free_pages, normal->watermark[MMSIM_WMARK_MIN]);
	KUNIT_EXPECT_EQ(test, dma->free_pages, min + reserve);
	nr += take_all(m->memory, GFP_NOWAIT | __GFP_DMA, page + nr);
	KUNIT_EXPECT_EQ(test, dma->free_pages, min);
	/* An atomic request goes below min, and yet the reserve is kept from it. */
	nr += take_all(m->memory, GFP_ATOMIC, page + nr);
	KUNIT_EXPECT_EQ(test, dma->free_pages, atomic + reserve);
	nr += take_all(m->memory, GFP_ATOMIC | __GFP_DMA, page + nr);
	KUNIT_EXPECT_EQ(test, dma->free_pages, atomic);
	mmsim_test_give_all(test, m->memory, page, nr);
	mmsim_expect_since(test, m->memory, first, -1, 4);
	mmsim_test_check(test, m);
}

/* A large request passes when its mark would still be kept by one page more, and a block that large is there. */
static void watermark_order(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_16M, "Normal");
	struct mmsim_page **page = kunit_kcalloc(test, m->memory->nr_pages, sizeof(*page), GFP_KERNEL);
	struct mmsim_zone *zone = &m->memory->node[0]->zone[NORMAL];
	unsigned long free = zone->free_pages, nr, i, kept = 0;
	unsigned int order;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		KUNIT_EXPECT_TRUE(test, mmsim_watermark_ok(zone, order, free - BIT(order), NORMAL, 0));
		KUNIT_EXPECT_FALSE(test, mmsim_watermark_ok(zone, order, free - BIT(order) + 1, NORMAL, 0));
	}
	/* Every second page: much is free, and nothing larger than a page. */
	nr = take_all(m->memory, GFP_NOWAIT, page);
	for (i = 0; i < nr; i++) {
		if ((page[i] - m->memory->map) & 1)
			KUNIT_ASSERT_TRUE(test, mmsim_memory_free(m->memory, page[i], 0, _RET_IP_));
		else
			page[kept++] = page[i];
	}
	KUNIT_EXPECT_TRUE(test, mmsim_watermark_ok(zone, 0, 0, NORMAL, 0));
	for (order = 1; order < MMSIM_NR_ORDERS; order++)
		KUNIT_EXPECT_FALSE(test, mmsim_watermark_ok(zone, order, 0, NORMAL, MMSIM_ALLOC_RESERVES));
	mmsim_test_give_all(test, m->memory, page, kept);
}

static struct kunit_case watermark_cases[] = {
	KUNIT_CASE(watermark_min_free_kbytes),
	KUNIT_CASE(watermark_batch),
	KUNIT_CASE_PARAM(watermark_marks, machine_gen_params),
	KUNIT_CASE(watermark_off),
	KUNIT_CASE(watermark_as_host),
	KUNIT_CASE_PARAM(watermark_reach, reach_gen_params),
	KUNIT_CASE(watermark_lowmem_reserve),
	KUNIT_CASE(watermark_order),
	{}
};

static struct kunit_suite watermark_suite = {
	.name = "watermark",
	.test_cases = watermark_cases,
};

kunit_test_suite(watermark_suite);
