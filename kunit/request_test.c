// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "request": random requests of all kinds, each held against what the rules say before it is made, and
 * storms of them.
 *
 * The oracle knows the rules as Linux's documentation tells them and none of the allocator's code: by a request's flags
 * it says which zones may serve it and how far below their marks, and by the lengths of the free lists which is the
 * first that can, and which list gives the block. Then the request is made, and must be served from there, or fail.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "fixture.h"
#include "oracle.h"
#include "worker.h"

struct place {
	const char *name;
	const char *zones;
	u64 size;
	struct mmsim_memory_params params;
};

#define MARKS	.watermark_scale_factor = 100, .min_free_kbytes = 800
#define EVERY_ZONE	"DMA:4M,DMA32:8M,Normal,HighMem:6M,Movable:4M"

static const struct place places[] = {
	{ "one node", EVERY_ZONE, SZ_32M, { MARKS, .group_by_mobility = true } },
	{ "one node, no marks", EVERY_ZONE, SZ_32M, { .group_by_mobility = true } },
	{ "one node, no mobility", EVERY_ZONE, SZ_32M, { MARKS } },
	{ "three nodes", EVERY_ZONE, SZ_32M, { MARKS, .group_by_mobility = true, .nr_nodes = 3 } },
	{ "Normal alone, four nodes", "Normal", SZ_32M, { MARKS, .group_by_mobility = true, .nr_nodes = 4 } },
};

KUNIT_ARRAY_PARAM_DESC(place, places, name);

/* How far below the min mark a request may go: that much of the mark is left to others. */
struct kind {
	gfp_t gfp;
	int num, den;
	bool no_marks;
};

/* Without __GFP_DIRECT_RECLAIM, so that an answer depends on what is free alone. */
static const struct kind kinds[] = {
	{ GFP_NOWAIT, 1, 1 },
	{ GFP_ATOMIC, 3, 8 },				/* half, and a quarter of the rest */
	{ GFP_ATOMIC | __GFP_NOMEMALLOC, 1, 2 },
	{ GFP_NOWAIT | __GFP_MEMALLOC, 1, 1, true },
	{ GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 1, 1 },
	{ 0, 1, 1 },
};

struct where {
	gfp_t gfp;
	int highest;
};

static const struct where wheres[] = {
	{ 0, MMSIM_ZONE_NORMAL },
	{ __GFP_DMA, MMSIM_ZONE_DMA },
	{ __GFP_DMA32, MMSIM_ZONE_DMA32 },
	{ __GFP_HIGHMEM, MMSIM_ZONE_HIGHMEM },
	{ __GFP_HIGHMEM | __GFP_MOVABLE, MMSIM_ZONE_MOVABLE },
	{ __GFP_MOVABLE, MMSIM_ZONE_NORMAL },
	{ __GFP_RECLAIMABLE, MMSIM_ZONE_NORMAL },
	{ __GFP_RECLAIMABLE | __GFP_DMA32, MMSIM_ZONE_DMA32 },
};

struct asked {
	const struct kind *kind;
	const struct where *where;
	gfp_t gfp;
	unsigned int order, nid;
	unsigned int type;
	bool thisnode;
};

/* A zone, and the list that a block must come from; order -1: from the list of another migratetype. */
struct answer {
	struct mmsim_zone *zone;
	int from;
};

static bool has_free(struct mmsim_zone *zone, unsigned int order, unsigned int type)
{
	return !list_empty(&zone->free_area[order].free_list[type]);
}

/* The smallest block of the request's own migratetype, -1 for none. */
static int own_block(struct mmsim_zone *zone, const struct asked *a)
{
	unsigned int order;

	for (order = a->order; order < MMSIM_NR_ORDERS; order++)
		if (has_free(zone, order, a->type))
			return order;
	return -1;
}

/* Whether any migratetype has a block of @least or more. */
static bool any_block(struct mmsim_zone *zone, unsigned int least)
{
	unsigned int order, type;

	for (order = least; order < MMSIM_NR_ORDERS; order++)
		for (type = 0; type < MMSIM_MIGRATE_PCPTYPES; type++)
			if (has_free(zone, order, type))
				return true;
	return false;
}

static bool above(struct mmsim_zone *zone, const struct asked *a, unsigned long mark)
{
	long left = (long)zone->free_pages - (1L << a->order) + 1;

	return left > (long)(mark + zone->lowmem_reserve[a->where->highest]) && any_block(zone, a->order);
}

/* Part of a mark, rounded as the kernel does: half of it and then a quarter are taken off, each rounded down. */
static unsigned long part_of(unsigned long mark, const struct kind *kind)
{
	if (kind->num == kind->den)
		return mark;
	mark -= mark / 2;
	return kind->num == 3 ? mark - mark / 4 : mark;
}

enum pass { UNMIXED, LOW, MIN, ANY, NR_PASSES };

static bool passes(struct mmsim_zone *zone, const struct asked *a, enum pass p)
{
	switch (p) {
	case UNMIXED:
	case LOW:
		return above(zone, a, zone->watermark[MMSIM_WMARK_LOW]);
	case MIN:
		return above(zone, a, part_of(zone->watermark[MMSIM_WMARK_MIN], a->kind));
	default:
		return a->kind->no_marks;
	}
}

/* Fills in @answer when the zone can serve the request in this pass. */
static bool serves(struct mmsim_zone *zone, const struct asked *a, enum pass p, struct answer *answer)
{
	if (!zone->managed_pages || !passes(zone, a, p))
		return false;
	*answer = (struct answer){ zone, own_block(zone, a) };
	if (answer->from >= 0)
		return true;
	return any_block(zone, p == UNMIXED ? max_t(int, a->order, MMSIM_PAGEBLOCK_ORDER) : a->order);
}

/* The node's zones from the highest allowed down. */
static bool node_serves(struct mmsim_node *node, const struct asked *a, enum pass p, struct answer *answer)
{
	int type;

	for (type = a->where->highest; type >= 0; type--)
		if (serves(&node->zone[type], a, p, answer))
			return true;
	return false;
}

static bool starts_unmixed(struct mmsim_memory *mem, const struct asked *a)
{
	struct mmsim_zone *zone = mem->node[a->nid]->zone;
	int type = a->where->highest;

	while (type > 0 && !zone[type].spanned_pages)
		type--;
	/* Without a zone of its own the node's requests prefer the next node's. */
	return type == MMSIM_ZONE_NORMAL && zone[type].spanned_pages &&
	       (mem->nr_nodes == 1 || zone[MMSIM_ZONE_DMA32].spanned_pages);
}

/* Nodes by distance, the lower one first of two. */
static struct answer expected(struct mmsim_memory *mem, const struct asked *a)
{
	struct answer answer = {};
	int pass, far, nid;

	for (pass = starts_unmixed(mem, a) ? UNMIXED : LOW; pass < NR_PASSES; pass++)
		for (far = 0; far < (a->thisnode || pass == UNMIXED ? 1 : (int)mem->nr_nodes); far++)
			for (nid = 0; nid < mem->nr_nodes; nid++)
				if (abs(nid - (int)a->nid) == far && node_serves(mem->node[nid], a, pass, &answer))
					return answer;
	return (struct answer){};
}

struct held {
	struct mmsim_page *page;
	unsigned int order;
};

struct trial {
	struct mmsim_memory *mem;
	struct rnd_state rnd;
	struct held *held;
	unsigned long nr;
	unsigned long served[NR_PASSES], failed, hits, misses;
};

static struct asked ask(struct trial *t)
{
	struct asked a = {
		.kind = &kinds[mmsim_test_below(&t->rnd, ARRAY_SIZE(kinds))],
		.where = &wheres[mmsim_test_below(&t->rnd, ARRAY_SIZE(wheres))],
		.order = __ffs(prandom_u32_state(&t->rnd) | BIT(MMSIM_MAX_ORDER)),
		.nid = mmsim_test_below(&t->rnd, t->mem->nr_nodes),
		.thisnode = !mmsim_test_below(&t->rnd, 4),
	};

	a.gfp = a.kind->gfp | a.where->gfp | __GFP_NOWARN | (a.thisnode ? __GFP_THISNODE : 0);
	if (!t->mem->migratetype_mask)
		a.type = MMSIM_MIGRATE_UNMOVABLE;
	else if (a.where->gfp & __GFP_MOVABLE)
		a.type = MMSIM_MIGRATE_MOVABLE;
	else
		a.type = a.where->gfp & __GFP_RECLAIMABLE ? MMSIM_MIGRATE_RECLAIMABLE : MMSIM_MIGRATE_UNMOVABLE;
	return a;
}

/* Makes a request; returns what is wrong with the answer, NULL when nothing is. */
static const char *try(struct trial *t)
{
	struct asked a = ask(t);
	struct answer want = expected(t->mem, &a);
	unsigned long before = want.zone ? want.zone->free_pages : 0;
	unsigned long list = want.from >= 0 && want.zone ? want.zone->free_area[want.from].nr_free : 0;
	struct mmsim_page *page = mmsim_memory_alloc_node(t->mem, a.nid, a.gfp, a.order, _RET_IP_);

	if (!page) {
		t->failed++;
		return want.zone ? "it failed, though a zone could have served it" : NULL;
	}
	t->held[t->nr++] = (struct held){ page, a.order };
	if (!want.zone)
		return "it was served, though no zone should have";
	if (mmsim_page_zone(t->mem, page) != want.zone)
		return "it was served by another zone";
	if (want.zone->free_pages != before - BIT(a.order))
		return "the zone has not so many pages less";
	if (want.from >= 0 && want.zone->free_area[want.from].nr_free != list - 1)
		return "it was not the smallest block of its migratetype";
	if (mmsim_page_nid(page) == a.nid)
		t->hits++;
	else
		t->misses++;
	return NULL;
}

static unsigned long numa_sum(struct mmsim_memory *mem, enum mmsim_numa item)
{
	struct mmsim_zone *zone;
	unsigned long sum = 0;
	unsigned int cpu;

	mmsim_for_each_zone(mem, zone)
		for_each_possible_cpu(cpu)
			sum += zone->pcp[cpu]->numa[item];
	return sum;
}

static void release(struct kunit *test, struct trial *t)
{
	struct held *held = &t->held[mmsim_test_below(&t->rnd, t->nr)];

	KUNIT_ASSERT_TRUE(test, give(t->mem, held->page, held->order));
	*held = t->held[--t->nr];
}

/* Fills up and empties by turns, so that all passes are needed; every answer is the oracle's. */
static void request_oracle(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct mmsim *m = mmsim_test_instance_with(test, place->size, place->zones, &place->params);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct trial *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	const char *fault = NULL;
	unsigned long step;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->mem = m->memory;
	t->held = kunit_kcalloc(test, t->mem->nr_pages, sizeof(*t->held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->held);
	mmsim_test_random(test, &t->rnd);
	for (step = 0; step < mmsim_test_steps(60000) && !fault; step++) {
		bool filling = step % 10000 < 6000;

		if (!t->nr || mmsim_test_below(&t->rnd, 10) < (filling ? 9 : 3))
			fault = try(t);
		else
			release(test, t);
		if (step % 2000 == 0) {
			mmsim_test_check(test, m);
			cond_resched();
		}
	}
	KUNIT_EXPECT_NULL_MSG(test, fault, "step %lu: %s", step - 1, fault);
	KUNIT_EXPECT_GT(test, t->failed, 0);
	if (m->memory->nr_nodes > 1) {
		KUNIT_EXPECT_EQ(test, numa_sum(t->mem, MMSIM_NUMA_HIT), t->hits);
		KUNIT_EXPECT_EQ(test, numa_sum(t->mem, MMSIM_NUMA_MISS), t->misses);
		KUNIT_EXPECT_EQ(test, numa_sum(t->mem, MMSIM_NUMA_FOREIGN), t->misses);
		KUNIT_EXPECT_GT(test, t->misses, 0);
	}
	while (t->nr)
		release(test, t);
	mmsim_expect_since(test, t->mem, first, -1, t->failed);
	mmsim_test_check(test, m);
}

/* A cache that gives its pages back, filled before the storm. */
struct pages_cache {
	struct mmsim_shrinker shrinker;
	struct mmsim_memory *mem;
	spinlock_t lock;		/* the chain */
	struct mmsim_page *chain;	/* linked by private. lock */
	unsigned long nr;		/* lock */
	atomic_long_t refused;
};

static unsigned long pages_count(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	return READ_ONCE(container_of(shrinker, struct pages_cache, shrinker)->nr);
}

static bool pages_give_one(struct pages_cache *c)
{
	struct mmsim_page *page;

	spin_lock(&c->lock);
	page = c->chain;
	if (page) {
		c->chain = (struct mmsim_page *)page->private;
		c->nr--;
	}
	spin_unlock(&c->lock);
	if (page && !give(c->mem, page, 0))
		atomic_long_inc(&c->refused);
	return page;
}

static unsigned long pages_scan(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	struct pages_cache *c = container_of(shrinker, struct pages_cache, shrinker);
	unsigned long freed = 0;

	while (freed < sc->nr_to_scan && pages_give_one(c))
		freed++;
	return freed;
}

static struct pages_cache *pages_cache(struct kunit *test, struct mmsim_memory *mem)
{
	struct pages_cache *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct mmsim_page *page;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->mem = mem;
	spin_lock_init(&c->lock);
	c->shrinker.count_objects = pages_count;
	c->shrinker.scan_objects = pages_scan;
	c->shrinker.seeks = MMSIM_DEFAULT_SEEKS;
	c->shrinker.name = "storm";
	while ((page = take(mem, __GFP_NOWARN | __GFP_HIGHMEM | __GFP_MOVABLE, 0))) {
		page->private = (unsigned long)c->chain;
		c->chain = page;
		c->nr++;
	}
	KUNIT_ASSERT_TRUE(test, mmsim_reclaim_add(mem, &c->shrinker, _THIS_IP_));
	return c;
}

/* What the storm's workers ask with; the timers can't wait. */
static const struct {
	gfp_t gfp;
	unsigned int max_order;
} storm[] = {
	{ GFP_KERNEL, 3 },
	{ GFP_KERNEL | __GFP_NOFAIL, 0 },
	{ GFP_ATOMIC, 4 },
	{ GFP_KERNEL | __GFP_NORETRY, 9 },
	{ GFP_NOWAIT | __GFP_MEMALLOC, 2 },
	{ GFP_NOIO | __GFP_RETRY_MAYFAIL, 5 },
	{ GFP_HIGHUSER, 3 },
	{ GFP_USER | __GFP_DMA32, 1 },
	{ GFP_ATOMIC | __GFP_HIGHMEM, 4 },
	{ GFP_ATOMIC | __GFP_MEMALLOC, 1 },
};

/*
 * Out of memory all the time, with every kind of request, from threads and interrupts, while the reclaim thread empties
 * a cache: no request that must not fail does, every failure is counted, and in the end all is as it was.
 */
static void request_storm(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct mmsim_memory_params params = place->params;
	unsigned int nr = ARRAY_SIZE(storm) - 2, i;
	const struct mmsim_snapshot *first;
	unsigned long failed = 1;	/* the request that filled the cache */
	struct mmsim_worker *w;
	struct pages_cache *c;
	struct mmsim *m;

	params.pcp_orders = MMSIM_PCP_ORDERS;
	m = mmsim_test_instance_with(test, place->size, place->zones, &params);
	first = mmsim_snapshot(test, m->memory);
	c = pages_cache(test, m->memory);
	w = mmsim_workers(test, m->memory, nr + 2);
	for (i = 0; i < nr + 2; i++) {
		w[i].gfp = storm[i].gfp | __GFP_NOWARN;
		w[i].max_order = storm[i].max_order;
		w[i].steps = mmsim_test_steps(20000);
		w[i].drains = i == 0;
	}
	mmsim_workers_run(test, w, nr);
	for (i = 0; i < nr + 2; i++)
		failed += w[i].failed;
	KUNIT_EXPECT_EQ(test, w[1].failed, 0);
	mmsim_test_check(test, m);
	KUNIT_EXPECT_TRUE(test, mmsim_reclaim_remove(m->memory, &c->shrinker, _THIS_IP_));
	while (pages_give_one(c))
		;
	KUNIT_EXPECT_EQ(test, atomic_long_read(&c->refused), 0);
	mmsim_pcp_drain_all(m->memory);
	mmsim_expect_since(test, m->memory, first, -1, failed);
	mmsim_test_check(test, m);
}

/* Shares of a bulk request with interleave: every node the same, to one page, and each page counted as a hit. */
static void request_bulk_interleave(struct kunit *test)
{
	const struct mmsim_memory_params params = {
		.nr_nodes = 3, .interleave = true, .pcp_orders = MMSIM_PCP_ORDERS,
	};
	struct mmsim *m = mmsim_test_instance_with(test, SZ_32M, "Normal", &params);
	static const unsigned long sizes[] = { 100, 1000, 2000 };
	struct mmsim_page **page = kunit_kcalloc(test, 2000, sizeof(*page), GFP_KERNEL);
	unsigned long i, n, sum = 0;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (n = 0; n < ARRAY_SIZE(sizes); n++) {
		unsigned long nr = sizes[n], per_node[3] = {};

		KUNIT_EXPECT_EQ(test, mmsim_memory_alloc_bulk(m->memory, GFP_NOWAIT, nr, page, _THIS_IP_), nr);
		for (i = 0; i < nr; i++)
			per_node[mmsim_page_nid(page[i])]++;
		for (i = 0; i < 3; i++) {
			KUNIT_EXPECT_GE(test, per_node[i], nr / 3);
			KUNIT_EXPECT_LE(test, per_node[i], nr / 3 + 1);
		}
		sum += nr;
		KUNIT_EXPECT_EQ(test, numa_sum(m->memory, MMSIM_NUMA_HIT), sum);
		KUNIT_EXPECT_EQ(test, numa_sum(m->memory, MMSIM_NUMA_MISS), 0);
		mmsim_test_give_all(test, m->memory, page, nr);
		memset(page, 0, nr * sizeof(*page));
	}
	mmsim_pcp_drain_all(m->memory);
	mmsim_test_check(test, m);
}

/*
 * Where Normal has only movable pageblocks with pages in use, a kernel request goes to DMA32 as long as that has whole
 * ones, and mixes only then; without DMA32 below it mixes at once.
 */
static void request_unmixed(struct kunit *test)
{
	const struct mmsim_memory_params params = { .group_by_mobility = true };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_16M, "DMA32:4M,Normal", &params);
	struct mmsim_zone *normal = &m->memory->node[0]->zone[MMSIM_ZONE_NORMAL];
	struct mmsim_page **page = kunit_kcalloc(test, m->memory->nr_pages, sizeof(*page), GFP_KERNEL);
	unsigned long nr = 0, low, i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	while (normal->free_pages)
		page[nr++] = take(m->memory, GFP_NOWAIT | __GFP_MOVABLE, 0);
	for (i = 0; i < nr; i++) {
		if (mmsim_memory_pfn(m->memory, page[i]) % MMSIM_PAGEBLOCK_PAGES == 0)
			continue;
		KUNIT_ASSERT_TRUE(test, give(m->memory, page[i], 0));
		page[i--] = page[--nr];
	}
	low = m->memory->node[0]->zone[MMSIM_ZONE_DMA32].free_pages;
	for (i = 0; i < low; i++) {
		page[nr] = take(m->memory, GFP_NOWAIT, 0);
		KUNIT_ASSERT_NOT_NULL(test, page[nr]);
		KUNIT_ASSERT_EQ_MSG(test, mmsim_page_zone_type(page[nr]), MMSIM_ZONE_DMA32, "page %lu of %lu", i, low);
		nr++;
	}
	page[nr] = take(m->memory, GFP_NOWAIT, 0);
	KUNIT_ASSERT_NOT_NULL(test, page[nr]);
	KUNIT_EXPECT_EQ(test, mmsim_page_zone_type(page[nr]), MMSIM_ZONE_NORMAL);
	mmsim_test_give_all(test, m->memory, page, nr + 1);
	mmsim_test_check(test, m);
}

/* --- The reserve for large atomic requests --- */

#define PAGEBLOCK	MMSIM_PAGEBLOCK_ORDER

/* Takes all that is free, pageblock by pageblock; a block's order stays in its first page. */
static void take_everything(struct mmsim_memory *mem, struct list_head *held)
{
	struct mmsim_page *page;
	int order;

	for (order = PAGEBLOCK; order >= 0; order--) {
		while ((page = take(mem, GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN, order))) {
			page->private = order;
			list_add_tail(&page->lru, held);
		}
	}
}

static bool give_first(struct mmsim_memory *mem, struct list_head *held)
{
	struct mmsim_page *page = list_first_entry(held, struct mmsim_page, lru);

	list_del(&page->lru);
	return give(mem, page, page->private);
}

static unsigned int take_until_none(struct mmsim_memory *mem, gfp_t gfp, struct list_head *held)
{
	struct mmsim_page *page;
	unsigned int nr = 0;

	for (; (page = take(mem, gfp | __GFP_NOWARN, 0)); nr++)
		list_add(&page->lru, held);
	return nr;
}

/*
 * Below the low mark an atomic request for 8 pages reserves the pageblock that it was served from, and later ones are
 * served from the reserve. No request that can wait is: when it finds nothing else, all of the reserve but its last
 * pageblock is given up, and that too before a request fails that doesn't give up soon.
 *
 * Two pageblocks are free, which 256 MB may reserve; 440 pages are to stay free of whoever can wait.
 */
static void request_highatomic(struct kunit *test)
{
	const struct mmsim_memory_params params = {
		.group_by_mobility = true, .watermark_scale_factor = 1, .min_free_kbytes = 440 * (PAGE_SIZE / SZ_1K),
	};
	struct mmsim *m = mmsim_test_instance_with(test, SZ_256M, "Normal", &params);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_zone *zone = &m->memory->node[0]->zone[MMSIM_ZONE_NORMAL];
	unsigned long eight = BIT(PAGEBLOCK - 3), i;
	struct mmsim_page *atomic[BIT(PAGEBLOCK - 3) + 1];
	LIST_HEAD(held);

	KUNIT_ASSERT_EQ(test, zone->watermark[MMSIM_WMARK_LOW], 550);
	take_everything(m->memory, &held);
	KUNIT_ASSERT_EQ(test, zone->free_pages, 0);
	for (i = 0; i <= eight; i++) {
		if (i < 2)
			KUNIT_ASSERT_TRUE(test, give_first(m->memory, &held));
		atomic[i] = take(m->memory, GFP_ATOMIC | __GFP_NOWARN, 3);
		KUNIT_ASSERT_NOT_NULL(test, atomic[i]);
		KUNIT_EXPECT_EQ(test, mmsim_pageblock_type(zone, atomic[i]), MMSIM_MIGRATE_HIGHATOMIC);
		KUNIT_ASSERT_EQ(test, zone->nr_highatomic, (i / eight + 1) * MMSIM_PAGEBLOCK_PAGES);
	}
	for (i = 0; i < eight; i++)
		KUNIT_ASSERT_TRUE(test, give(m->memory, atomic[i], 3));
	KUNIT_EXPECT_EQ(test, zone->free_pages, 2 * MMSIM_PAGEBLOCK_PAGES - 8);
	KUNIT_EXPECT_EQ(test, zone->common_pages, 0);
	mmsim_test_check(test, m);

	KUNIT_EXPECT_EQ(test, take_until_none(m->memory, GFP_KERNEL | __GFP_NORETRY, &held),
			MMSIM_PAGEBLOCK_PAGES - 8 - 440);
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, MMSIM_PAGEBLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, take_until_none(m->memory, GFP_KERNEL, &held), MMSIM_PAGEBLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, zone->nr_highatomic, 0);

	KUNIT_EXPECT_TRUE(test, give(m->memory, atomic[eight], 3));
	while (!list_empty(&held))
		KUNIT_ASSERT_TRUE(test, give_first(m->memory, &held));
	mmsim_expect_since(test, m->memory, first, -1, PAGEBLOCK + 1 + 2);
	mmsim_test_check(test, m);
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE_PARAM(request_oracle, place_gen_params),
	KUNIT_CASE_PARAM(request_storm, place_gen_params),
	KUNIT_CASE(request_bulk_interleave),
	KUNIT_CASE(request_unmixed),
	KUNIT_CASE(request_highatomic),
	{}
};

static struct kunit_suite request_suite = {
	.name = "request",
	.test_cases = request_cases,
};

kunit_test_suite(request_suite);
