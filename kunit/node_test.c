// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "node": a region divided among nodes, which of them serves whom, and the counters that tell.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>

#include "fixture.h"
#include "page/memory.h"

#define QUIET	(GFP_NOWAIT | __GFP_NOWARN)
#define SIZE	SZ_32M

static struct mmsim_page *take_on(struct mmsim_memory *mem, int nid, gfp_t gfp)
{
	return mmsim_memory_alloc_node(mem, nid, gfp, 0, _RET_IP_);
}

static struct mmsim *instance(struct kunit *test, unsigned int nodes, const char *zones, bool interleave)
{
	const struct mmsim_memory_params params = { .nr_nodes = nodes, .interleave = interleave };

	return mmsim_test_instance_with(test, SIZE, zones, &params);
}

struct layout {
	unsigned int nodes;
	const char *zones;
	unsigned int mb[4][MMSIM_NR_ZONES];
};

static const struct layout layouts[] = {
	{ 1, "Normal", { { 0, 0, 32 } } },
	{ 2, "Normal", { { 0, 0, 16 }, { 0, 0, 16 } } },
	{ 4, "Normal", { { 0, 0, 8 }, { 0, 0, 8 }, { 0, 0, 8 }, { 0, 0, 8 } } },
	{ 3, "Normal", { { 0, 0, 8 }, { 0, 0, 12 }, { 0, 0, 12 } } },
	{ 2, "DMA:4M,DMA32:12M,Normal", { { 4, 12 }, { 0, 0, 16 } } },
	{ 2, "DMA:4M,DMA32:16M,Normal", { { 4, 12 }, { 0, 4, 12 } } },
	{ 4, "DMA:2M,Normal,HighMem:8M,Movable:4M",
	  { { 2, 0, 6 }, { 0, 0, 8 }, { 0, 0, 4, 4 }, { 0, 0, 0, 4, 4 } } },
};

static void describe_layout(const struct layout *layout, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u: %s", layout->nodes, layout->zones);
}

KUNIT_ARRAY_PARAM(layout, layouts, describe_layout);

/* Nodes are equal parts, to 4 MB, that follow each other; a zone that reaches into two of them is cut there. */
static void node_ranges(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mmsim *m = instance(test, layout->nodes, layout->zones, false);
	unsigned long pfn = m->region.start_pfn;
	unsigned int nid, type;

	KUNIT_ASSERT_EQ(test, m->memory->nr_nodes, layout->nodes);
	for (nid = 0; nid < layout->nodes; nid++) {
		const struct mmsim_node *node = m->memory->node[nid];

		KUNIT_EXPECT_EQ(test, node->nid, nid);
		KUNIT_EXPECT_EQ(test, node->start_pfn, pfn);
		for (type = 0; type < MMSIM_NR_ZONES; type++) {
			const struct mmsim_zone *zone = &node->zone[type];
			unsigned long nr = layout->mb[nid][type] << (20 - PAGE_SHIFT);

			KUNIT_EXPECT_EQ_MSG(test, zone->spanned_pages, nr, "node %u, zone %u", nid, type);
			if (!nr)
				continue;
			KUNIT_EXPECT_EQ_MSG(test, zone->start_pfn, pfn, "node %u, zone %u", nid, type);
			KUNIT_EXPECT_EQ(test, mmsim_page_nid(mmsim_memory_page(m->memory, pfn)), nid);
			KUNIT_EXPECT_EQ(test, mmsim_page_nid(mmsim_memory_page(m->memory, pfn + nr - 1)), nid);
			KUNIT_EXPECT_PTR_EQ(test, mmsim_page_zone(m->memory, mmsim_memory_page(m->memory, pfn)),
					    (struct mmsim_zone *)zone);
			pfn += nr;
		}
		KUNIT_EXPECT_EQ(test, node->start_pfn + node->spanned_pages, pfn);
	}
	KUNIT_EXPECT_EQ(test, pfn, m->region.start_pfn + m->region.nr_pages);
	mmsim_test_check(test, m);
}

/* build_zonelists(): the near node first, with all its zones; of two that are equally far the lower. */
static void node_zonelists(struct kunit *test)
{
	static const unsigned int order[4][4] = { { 0, 1, 2, 3 }, { 1, 0, 2, 3 }, { 2, 1, 3, 0 }, { 3, 2, 1, 0 } };
	struct mmsim *m = instance(test, 4, "Normal", false);
	unsigned int nid, i;

	for (nid = 0; nid < 4; nid++) {
		struct mmsim_zone **list = m->memory->node[nid]->zonelist[MMSIM_ZONE_NORMAL];
		struct mmsim_zone **alone = m->memory->node[nid]->zonelist_thisnode[MMSIM_ZONE_NORMAL];

		for (i = 0; i < 4; i++) {
			KUNIT_ASSERT_NOT_NULL(test, list[i]);
			KUNIT_EXPECT_EQ_MSG(test, list[i]->nid, order[nid][i], "node %u, choice %u", nid, i);
		}
		KUNIT_EXPECT_NULL(test, list[4]);
		KUNIT_ASSERT_NOT_NULL(test, alone[0]);
		KUNIT_EXPECT_EQ(test, alone[0]->nid, nid);
		KUNIT_EXPECT_NULL(test, alone[1]);
	}
}

/* A near DMA zone comes before a far Normal one. */
static void node_zonelist_zones(struct kunit *test)
{
	struct mmsim *m = instance(test, 2, "DMA:4M,DMA32:16M,Normal", false);
	static const struct {
		unsigned int nid, type;
	} expected[2][4] = {
		{ { 0, MMSIM_ZONE_DMA32 }, { 0, MMSIM_ZONE_DMA }, { 1, MMSIM_ZONE_NORMAL }, { 1, MMSIM_ZONE_DMA32 } },
		{ { 1, MMSIM_ZONE_NORMAL }, { 1, MMSIM_ZONE_DMA32 }, { 0, MMSIM_ZONE_DMA32 }, { 0, MMSIM_ZONE_DMA } },
	};
	unsigned int nid, i;

	for (nid = 0; nid < 2; nid++) {
		struct mmsim_zone **list = m->memory->node[nid]->zonelist[MMSIM_ZONE_NORMAL];

		for (i = 0; i < 4; i++) {
			KUNIT_ASSERT_NOT_NULL(test, list[i]);
			KUNIT_EXPECT_EQ_MSG(test, list[i]->nid, expected[nid][i].nid, "node %u, choice %u", nid, i);
			KUNIT_EXPECT_EQ_MSG(test, (unsigned int)list[i]->type, expected[nid][i].type,
					    "node %u, choice %u", nid, i);
		}
		KUNIT_EXPECT_NULL(test, list[4]);
	}
}

static unsigned long numa(struct mmsim_memory *mem, unsigned int nid, enum mmsim_numa what)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += mem->node[nid]->zone[MMSIM_ZONE_NORMAL].pcp[cpu]->numa[what];
	return sum;
}

/* Takes what a node has left, and notes it from @page on. */
static unsigned long fill(struct mmsim_memory *mem, int nid, struct mmsim_page **page)
{
	unsigned long nr = 0;

	while ((page[nr] = take_on(mem, nid, QUIET | __GFP_THISNODE)))
		nr++;
	return nr;
}

static const unsigned int counts[] = { 2, 4 };

static void describe_count(const unsigned int *count, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u nodes", *count);
}

KUNIT_ARRAY_PARAM(count, counts, describe_count);

/*
 * __GFP_THISNODE takes the node's last page and no other's; without it the next node helps out. zone_statistics()
 * counts: a hit where it was preferred; else a miss where it was served and foreign where it was wanted; local where
 * the CPU is.
 */
static void node_thisnode_and_counters(struct kunit *test)
{
	unsigned int nodes = *(const unsigned int *)test->param_value, home, nid;
	struct mmsim *m = instance(test, nodes, "Normal", false);
	struct mmsim_memory *mem = m->memory;
	struct mmsim_page **page = kunit_kcalloc(test, mem->nr_pages, sizeof(*page), GFP_KERNEL);
	unsigned long nr, all, wrong = 0, i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	home = mem->cpu_node[raw_smp_processor_id()]->nid;
	all = mem->node[1]->zone[MMSIM_ZONE_NORMAL].free_pages;
	nr = fill(mem, 1, page);
	KUNIT_EXPECT_EQ(test, nr, all);
	for (i = 0; i < nr; i++)
		wrong += mmsim_page_nid(page[i]) != 1;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&mem->nr_failed), 1);
	KUNIT_EXPECT_EQ(test, numa(mem, 1, MMSIM_NUMA_HIT), all);
	KUNIT_EXPECT_EQ(test, numa(mem, 1, home == 1 ? MMSIM_NUMA_LOCAL : MMSIM_NUMA_OTHER), all);
	KUNIT_EXPECT_EQ(test, numa(mem, 1, home == 1 ? MMSIM_NUMA_OTHER : MMSIM_NUMA_LOCAL), 0);
	for (i = 0; i < 10; i++) {
		page[nr] = take_on(mem, 1, QUIET);
		KUNIT_ASSERT_NOT_NULL(test, page[nr]);
		KUNIT_EXPECT_EQ(test, mmsim_page_nid(page[nr]), 0);
		nr++;
	}
	for (i = 0; i < 3; i++) {
		page[nr] = take_on(mem, 0, QUIET);
		KUNIT_ASSERT_NOT_NULL(test, page[nr]);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, numa(mem, 0, MMSIM_NUMA_HIT), 3);
	KUNIT_EXPECT_EQ(test, numa(mem, 0, MMSIM_NUMA_MISS), 10);
	KUNIT_EXPECT_EQ(test, numa(mem, 0, MMSIM_NUMA_FOREIGN), 0);
	KUNIT_EXPECT_EQ(test, numa(mem, 0, home == 0 ? MMSIM_NUMA_LOCAL : MMSIM_NUMA_OTHER), 13);
	KUNIT_EXPECT_EQ(test, numa(mem, 1, MMSIM_NUMA_HIT), all);
	KUNIT_EXPECT_EQ(test, numa(mem, 1, MMSIM_NUMA_MISS), 0);
	KUNIT_EXPECT_EQ(test, numa(mem, 1, MMSIM_NUMA_FOREIGN), 10);
	for (nid = 2; nid < nodes; nid++)
		KUNIT_EXPECT_EQ(test, numa(mem, nid, MMSIM_NUMA_HIT) + numa(mem, nid, MMSIM_NUMA_MISS), 0);
	mmsim_test_check(test, m);
	mmsim_test_give_all(test, mem, page, nr);
	mmsim_test_check(test, m);
}

/* Without a node a request prefers the CPU's, however it is asked. */
static void node_local(struct kunit *test)
{
	unsigned int nodes = *(const unsigned int *)test->param_value, i;
	struct mmsim *m = instance(test, nodes, "Normal", false);
	unsigned int home = m->memory->cpu_node[raw_smp_processor_id()]->nid;
	struct mmsim_page *page[2];

	page[0] = mmsim_memory_alloc(m->memory, QUIET, 0, _RET_IP_);
	page[1] = take_on(m->memory, NUMA_NO_NODE, QUIET);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		KUNIT_EXPECT_EQ(test, mmsim_page_nid(page[i]), home);
	}
	KUNIT_EXPECT_EQ(test, numa(m->memory, home, MMSIM_NUMA_LOCAL), 2);
	mmsim_test_give_all(test, m->memory, page, 2);
}

/* As with MPOL_INTERLEAVE each node in turn; a request that names one gets it and takes nobody's turn. */
static void node_interleave(struct kunit *test)
{
	unsigned int nodes = *(const unsigned int *)test->param_value, per_node[4] = {}, last = 0, i;
	struct mmsim *m = instance(test, nodes, "Normal", true);
	struct mmsim_page *page[41];

	for (i = 0; i < 40; i++) {
		page[i] = mmsim_memory_alloc(m->memory, QUIET, 0, _RET_IP_);
		KUNIT_ASSERT_NOT_NULL(test, page[i]);
		if (i)
			KUNIT_EXPECT_EQ(test, mmsim_page_nid(page[i]), (last + 1) % nodes);
		last = mmsim_page_nid(page[i]);
		per_node[last]++;
		if (i == 20) {
			page[40] = take_on(m->memory, 1, QUIET);
			KUNIT_ASSERT_NOT_NULL(test, page[40]);
			KUNIT_EXPECT_EQ(test, mmsim_page_nid(page[40]), 1);
		}
	}
	for (i = 0; i < nodes; i++)
		KUNIT_EXPECT_EQ_MSG(test, per_node[i], 40 / nodes, "node %u", i);
	mmsim_test_give_all(test, m->memory, page, 41);
}

/* A node that there isn't: refused and counted, nothing else changed. */
static void node_bad(struct kunit *test)
{
	unsigned int nodes = *(const unsigned int *)test->param_value, i;
	struct mmsim *m = instance(test, nodes, "Normal", false);
	const int bad[] = { -2, nodes, MMSIM_MAX_NODES, 1000, INT_MIN, INT_MAX };

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_NULL_MSG(test, take_on(m->memory, bad[i], QUIET), "node %d", bad[i]);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_NODE]), i + 1);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->nr_failed), 0);
	mmsim_test_check(test, m);
}

static struct kunit_case node_cases[] = {
	KUNIT_CASE_PARAM(node_ranges, layout_gen_params),
	KUNIT_CASE(node_zonelists),
	KUNIT_CASE(node_zonelist_zones),
	KUNIT_CASE_PARAM(node_thisnode_and_counters, count_gen_params),
	KUNIT_CASE_PARAM(node_local, count_gen_params),
	KUNIT_CASE_PARAM(node_interleave, count_gen_params),
	KUNIT_CASE_PARAM(node_bad, count_gen_params),
	{}
};

static struct kunit_suite node_suite = {
	.name = "node",
	.test_cases = node_cases,
};

kunit_test_suite(node_suite);
