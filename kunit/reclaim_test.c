// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "reclaim": caches that give memory back, asked by a request that found none or by the instance's thread.
 *
 * Requests that are to be served by the test's own reclaim have no __GFP_KSWAPD_RECLAIM, so that the thread sleeps.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "fixture.h"
#include "oracle.h"
#include "page/buddy.h"
#include "page/isolate.h"

/* What neither waits nor wakes, and GFP_KERNEL that leaves the thread alone. */
#define FILL	__GFP_NOWARN
#define DIRECT	(__GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS | __GFP_NOWARN)

static struct mmsim_page *take_page(struct mmsim_memory *mem, gfp_t gfp)
{
	return mmsim_memory_alloc(mem, gfp, 0, _RET_IP_);
}

static bool give_page(struct mmsim_memory *mem, struct mmsim_page *page)
{
	return mmsim_memory_free(mem, page, 0, _RET_IP_);
}

static long counted(struct mmsim_memory *mem, enum mmsim_event event)
{
	return atomic_long_read(&mem->events.nr[event]);
}

/* Times that a request reclaimed by itself; here all are for Normal. */
static long stalls(struct mmsim_memory *mem)
{
	return counted(mem, MMSIM_EVENT_ALLOCSTALL + MMSIM_ZONE_NORMAL);
}

/* A cache of single pages, or of objects that are nothing but a number. */
struct cache {
	struct mmsim_shrinker shrinker;
	struct mmsim_memory *mem;
	struct task_struct *tester;
	struct mmsim_page **page;	/* NULL: there are no pages */
	spinlock_t lock;		/* of nr: two may scan at once, the reclaim thread and a request */
	unsigned long nr;
	unsigned long give_from_round;	/* frees pages only from this direct round on, and says so always */
	bool allocates;			/* while it scans */
	unsigned long calls;		/* of scan_objects, by the test's thread ... */
	unsigned long thread_calls;	/* ... and by others */
	unsigned long largest, asked;	/* nr_to_scan, and the sum of all */
	unsigned long refused, wrong_gfp, got;
};

static unsigned long cache_count(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	return READ_ONCE(container_of(shrinker, struct cache, shrinker)->nr);
}

/* Takes the last object away, and frees its page if it has one; false when there is none. */
static bool cache_drop(struct cache *c)
{
	struct mmsim_page *page = NULL;
	bool any;

	spin_lock(&c->lock);
	any = c->nr;
	if (any)
		WRITE_ONCE(c->nr, c->nr - 1);
	if (any && c->page)
		page = c->page[c->nr];
	spin_unlock(&c->lock);
	c->refused += page && !give_page(c->mem, page);
	return any;
}

static unsigned long cache_scan(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	struct cache *c = container_of(shrinker, struct cache, shrinker);
	unsigned long nr = min(sc->nr_to_scan, READ_ONCE(c->nr)), i;

	if (current == c->tester)
		c->calls++;
	else
		c->thread_calls++;
	c->largest = max(c->largest, sc->nr_to_scan);
	c->asked += sc->nr_to_scan;
	c->wrong_gfp += !(sc->gfp_mask & __GFP_DIRECT_RECLAIM);
	if (c->allocates) {
		struct mmsim_page *page = take_page(c->mem, GFP_KERNEL | __GFP_NOWARN);

		c->got += !!page;
		c->refused += page && !give_page(c->mem, page);
	}
	if (stalls(c->mem) < c->give_from_round)
		return nr;
	for (i = 0; i < nr && cache_drop(c); i++)
		;
	return i;
}

static struct cache *cache(struct kunit *test, struct mmsim_memory *mem)
{
	struct cache *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->shrinker.count_objects = cache_count;
	c->shrinker.scan_objects = cache_scan;
	c->shrinker.seeks = MMSIM_DEFAULT_SEEKS;
	c->shrinker.name = "test";
	c->mem = mem;
	c->tester = current;
	spin_lock_init(&c->lock);
	return c;
}

static void add_shrinker(struct kunit *test, struct cache *c)
{
	KUNIT_ASSERT_TRUE(test, mmsim_reclaim_add(c->mem, &c->shrinker, _THIS_IP_));
}

static void remove_shrinker(struct kunit *test, struct cache *c)
{
	KUNIT_ASSERT_TRUE(test, mmsim_reclaim_remove(c->mem, &c->shrinker, _THIS_IP_));
}

/* Puts into the cache whatever ordinary requests can have. */
static void cache_fill(struct kunit *test, struct cache *c)
{
	c->page = kunit_kcalloc(test, c->mem->nr_pages, sizeof(*c->page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c->page);
	while ((c->page[c->nr] = take_page(c->mem, FILL)))
		c->nr++;
	KUNIT_ASSERT_GT(test, c->nr, 100);
}

/* The same with what is kept from them, and with what is on the CPUs' lists. */
static void cache_fill_all(struct kunit *test, struct cache *c)
{
	cache_fill(test, c);
	while ((c->page[c->nr] = take_page(c->mem, FILL | __GFP_MEMALLOC)))
		c->nr++;
	KUNIT_ASSERT_EQ(test, c->nr, c->mem->node[0]->zone[MMSIM_ZONE_NORMAL].managed_pages);
}

static void cache_empty(struct kunit *test, struct cache *c)
{
	while (cache_drop(c))
		;
	KUNIT_EXPECT_EQ(test, c->refused, 0);
}

static struct mmsim *instance(struct kunit *test)
{
	const struct mmsim_memory_params params = { .watermark_scale_factor = 100, .min_free_kbytes = 400 };

	return mmsim_test_instance_with(test, SZ_16M, "Normal", &params);
}

static struct mmsim_zone *normal(struct mmsim_memory *mem)
{
	return &mem->node[0]->zone[MMSIM_ZONE_NORMAL];
}

/* A request above the min mark that may sleep reclaims by itself, at least 32 objects' worth, and is served. */
static void reclaim_direct(struct kunit *test)
{
	struct mmsim *m = instance(test);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page;
	unsigned long nr;

	cache_fill(test, c);
	nr = c->nr;
	add_shrinker(test, c);
	KUNIT_EXPECT_NULL(test, take_page(m->memory, FILL));
	KUNIT_EXPECT_EQ(test, c->calls, 0);
	page = take_page(m->memory, DIRECT);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_GT(test, c->calls, 0);
	KUNIT_EXPECT_GE(test, nr - c->nr, 32);
	KUNIT_EXPECT_LT(test, nr - c->nr, nr);
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 1);
	KUNIT_EXPECT_EQ(test, counted(m->memory, MMSIM_EVENT_PAGEOUTRUN), 0);
	KUNIT_EXPECT_EQ(test, c->thread_calls, 0);
	KUNIT_EXPECT_EQ(test, c->wrong_gfp, 0);

	/* Without its shrinker it is left alone. */
	remove_shrinker(test, c);
	nr = c->calls;
	for (; page; page = take_page(m->memory, FILL))
		c->page[c->nr++] = page;
	KUNIT_EXPECT_NULL(test, take_page(m->memory, DIRECT));
	KUNIT_EXPECT_EQ(test, c->calls, nr);
	mmsim_test_check(test, m);
	cache_empty(test, c);
	mmsim_expect_since(test, m->memory, first, -1, atomic_long_read(&m->memory->nr_failed) - first->nr_failed);
}

/* Who can't sleep never calls a shrinker, however far it gets. */
static void reclaim_not_atomic(struct kunit *test)
{
	static const gfp_t gfp[] = { __GFP_HIGH, GFP_ATOMIC, GFP_NOWAIT, GFP_ATOMIC | __GFP_MEMALLOC };
	struct mmsim *m = instance(test);
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page, *reserve = NULL;
	unsigned int i;

	cache_fill(test, c);
	add_shrinker(test, c);
	for (i = 0; i < ARRAY_SIZE(gfp); i++) {
		while ((page = take_page(m->memory, gfp[i] | __GFP_NOWARN))) {
			page->private = (unsigned long)reserve;
			reserve = page;
			if (i == 1 || i == 2)
				break;
		}
	}
	KUNIT_EXPECT_EQ(test, c->calls, 0);
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 0);
	remove_shrinker(test, c);
	while (reserve) {
		page = reserve;
		reserve = (struct mmsim_page *)page->private;
		KUNIT_ASSERT_TRUE(test, give_page(m->memory, page));
	}
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

struct scan {
	unsigned long objects;
	long batch;
	int seeks;
	unsigned long freed;	/* by a direct reclaim for one page */
	unsigned long calls;
	long deferred;
};

/*
 * do_shrink_slab(): a pass at priority p wants objects / 2^p * 4 / seeks more, half of the objects when seeks is 0. It
 * scans that and 1 / 2^p of what was put off, in whole batches, or all that there is; what it has not scanned of both
 * is put off. Reclaim begins at 12 and stops with the pass that has brought 32.
 */
static const struct scan scans[] = {
	{ 1 << 20, 0, 2, 512, 4, 0 },
	{ 1 << 20, 0, 1, 1024, 8, 0 },
	{ 1 << 20, 0, 4, 256, 2, 0 },
	{ 1 << 20, 0, 0, 524288, 4096, 0 },
	{ 1 << 20, 64, 2, 512, 8, 0 },
	{ 1 << 20, 512, 2, 512, 1, 0 },
	{ 1 << 20, 300, 2, 300, 1, 212 },
	{ 1 << 16, 0, 2, 128, 1, 96 },
	{ 1 << 20, 1024, 2, 1024, 1, 512 },
	{ 1 << 16, 16, 2, 32, 2, 0 },
	{ 1000, 0, 2, 128, 1, 110 },
	{ 200, 0, 0, 128, 1, 372 },
	{ 100, 0, 2, 100, 1, 66 },
	{ 31, 0, 2, 31, 1, 11 },
	{ 20, 8, 2, 20, 3, 4 },
	{ 0, 0, 2, 0, 0, 0 },
};

static void describe_scan(const struct scan *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu objects, batch %ld, seeks %d", s->objects, s->batch, s->seeks);
}

KUNIT_ARRAY_PARAM(scan, scans, describe_scan);

static void reclaim_scan(struct kunit *test)
{
	const struct scan *s = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct cache *c = cache(test, m->memory);

	c->nr = s->objects;
	c->shrinker.batch = s->batch;
	c->shrinker.seeks = s->seeks;
	add_shrinker(test, c);
	KUNIT_EXPECT_EQ(test, mmsim_reclaim_direct(m->memory, 0, GFP_KERNEL).freed, s->freed);
	remove_shrinker(test, c);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&c->shrinker.nr_deferred), s->deferred);
	KUNIT_EXPECT_EQ(test, s->objects - c->nr, s->freed);
	KUNIT_EXPECT_EQ(test, c->calls, s->calls);
	KUNIT_EXPECT_LE(test, c->largest, s->batch ? (unsigned long)s->batch : 128UL);
	KUNIT_EXPECT_EQ(test, counted(m->memory, MMSIM_EVENT_SLABS_SCANNED), c->asked);
}

/*
 * Woken by a request that found less than low, the thread works until the zone is above high; the request doesn't wait.
 */
static void reclaim_thread(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_zone *zone = normal(m->memory);
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page;
	int i;

	cache_fill(test, c);
	KUNIT_ASSERT_LT(test, zone->free_pages, zone->watermark[MMSIM_WMARK_LOW]);
	add_shrinker(test, c);
	page = take_page(m->memory, GFP_ATOMIC | __GFP_NOWARN);
	KUNIT_EXPECT_NOT_NULL(test, page);
	for (i = 0; i < 500 && READ_ONCE(zone->free_pages) < zone->watermark[MMSIM_WMARK_HIGH]; i++)
		msleep(20);
	remove_shrinker(test, c);
	KUNIT_EXPECT_GE(test, zone->free_pages, zone->watermark[MMSIM_WMARK_HIGH]);
	KUNIT_EXPECT_GT(test, counted(m->memory, MMSIM_EVENT_PAGEOUTRUN), 0);
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 0);
	KUNIT_EXPECT_GT(test, c->thread_calls, 0);
	KUNIT_EXPECT_EQ(test, c->calls, 0);
	KUNIT_EXPECT_GT(test, c->nr, 0);
	if (page)
		KUNIT_EXPECT_TRUE(test, give_page(m->memory, page));
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

/* A shrinker that allocates gets its page out of the reserve and isn't called for it again. */
static void reclaim_recursion(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page;

	c->allocates = true;
	cache_fill(test, c);
	add_shrinker(test, c);
	page = take_page(m->memory, DIRECT);
	KUNIT_EXPECT_NOT_NULL(test, page);
	remove_shrinker(test, c);
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 1);
	KUNIT_EXPECT_GT(test, c->calls, 0);
	KUNIT_EXPECT_EQ(test, c->got, c->calls + c->thread_calls);
	KUNIT_EXPECT_FALSE(test, mmsim_reclaiming(m->memory));
	if (page)
		KUNIT_EXPECT_TRUE(test, give_page(m->memory, page));
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

/*
 * Who reclaims, and finds nothing in the reserve either, is told so at once (PF_MEMALLOC in __alloc_pages_slowpath()):
 * nobody's lists are emptied for it. Here that would make a block of two pages.
 */
static void reclaim_recursion_gives_up(struct kunit *test)
{
	const struct mmsim_memory_params params = { .pcp_orders = BIT(0) };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_4M, "Normal", &params);
	struct cache *c = cache(test, m->memory);
	struct mmsim_reclaimer self;
	struct mmsim_page *page;

	mmsim_test_pcp_sizes(m->memory, 1, 100);
	cache_fill_all(test, c);
	page = c->page[c->nr / 2];
	page = min(page, mmsim_buddy_of(page, 0));
	KUNIT_ASSERT_TRUE(test, give_page(m->memory, page));
	KUNIT_ASSERT_TRUE(test, give_page(m->memory, page + 1));
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_pages, 0);

	mmsim_reclaim_enter(m->memory, &self);
	KUNIT_EXPECT_NULL(test, take(m->memory, DIRECT, 1));
	mmsim_reclaim_leave(m->memory, &self);
	KUNIT_EXPECT_EQ(test, normal(m->memory)->free_pages, 0);
	KUNIT_EXPECT_PTR_EQ(test, take(m->memory, DIRECT, 1), page);
	KUNIT_EXPECT_TRUE(test, mmsim_memory_split(m->memory, page, 1, _THIS_IP_));
	cache_empty(test, c);
	mmsim_pcp_drain_all(m->memory);
	mmsim_test_check(test, m);
}

/* Where a shrinker promises and nothing comes, __GFP_NORETRY gives up after one round, others go on until it does. */
static void reclaim_rounds(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page;

	cache_fill(test, c);
	add_shrinker(test, c);
	c->give_from_round = 5;
	KUNIT_EXPECT_NULL(test, take_page(m->memory, DIRECT | __GFP_NORETRY));
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 1);
	page = take_page(m->memory, DIRECT);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 5);
	remove_shrinker(test, c);
	if (page)
		KUNIT_EXPECT_TRUE(test, give_page(m->memory, page));
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

static void retype(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int type)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	mmsim_pageblock_retype(zone, page, type);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Free pages that the request can't have, for somebody has isolated them, are no reason to try again. */
static void reclaim_isolated_is_no_hope(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_page *isolated = take(m->memory, FILL, MMSIM_PAGEBLOCK_ORDER);
	struct cache *c = cache(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	unsigned int type;

	KUNIT_ASSERT_NOT_NULL(test, isolated);
	type = mmsim_pageblock_type(zone, isolated);
	KUNIT_ASSERT_TRUE(test, give(m->memory, isolated, MMSIM_PAGEBLOCK_ORDER));
	retype(zone, isolated, MMSIM_MIGRATE_ISOLATE);
	cache_fill(test, c);
	KUNIT_EXPECT_GT(test, zone->free_pages, zone->watermark[MMSIM_WMARK_HIGH]);
	KUNIT_EXPECT_NULL(test, take_page(m->memory, DIRECT));
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 1);
	retype(zone, isolated, type);
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

/* Nor are single pages, for a block, when reclaim brings nothing: compaction is tried in both ways, and that is it. */
static void reclaim_no_block_is_no_hope(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct cache *c = cache(test, m->memory);
	struct mmsim_zone *zone = normal(m->memory);
	unsigned long i;

	cache_fill_all(test, c);
	for (i = 0; i < c->nr; i++) {
		if (mmsim_memory_pfn(m->memory, c->page[i]) % 2)
			continue;
		KUNIT_ASSERT_TRUE(test, give_page(m->memory, c->page[i]));
		c->page[i--] = c->page[--c->nr];
	}
	KUNIT_EXPECT_GT(test, zone->free_pages, zone->watermark[MMSIM_WMARK_HIGH]);
	KUNIT_EXPECT_NULL(test, take(m->memory, DIRECT, 1));
	KUNIT_EXPECT_EQ(test, stalls(m->memory), 2);
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

struct helper {
	struct mmsim_memory *mem;
	struct mmsim_page *page;
	struct completion done;
	bool freed;
};

static int helper_thread(void *data)
{
	struct helper *h = data;

	while (!stalls(h->mem))
		msleep(20);
	msleep(60);
	h->freed = give_page(h->mem, h->page);
	complete(&h->done);
	return 0;
}

/* With __GFP_NOFAIL a request waits until somebody frees a page, and has that one. */
static void reclaim_nofail(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct helper *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	struct cache *c = cache(test, m->memory);
	struct task_struct *task;
	struct mmsim_page *page;

	KUNIT_ASSERT_NOT_NULL(test, h);
	cache_fill(test, c);
	KUNIT_ASSERT_EQ(test, normal(m->memory)->free_pages, 0);
	h->mem = m->memory;
	h->page = c->page[c->nr / 2];
	init_completion(&h->done);
	task = kthread_create(helper_thread, h, "mmsim_helper");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	page = take_page(m->memory, GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN);
	wait_for_completion(&h->done);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_TRUE(test, h->freed);
	KUNIT_EXPECT_PTR_EQ(test, page, h->page);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->nr_failed), 1);
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

/* Waits until the thread has nothing to do. */
static void thread_rests(struct mmsim_reclaim *r)
{
	int i;

	for (i = 0; i < 500 && (READ_ONCE(r->work) || READ_ONCE(r->thread->__state) == TASK_RUNNING); i++)
		msleep(20);
}

/* Sixteen times the priorities down and nothing freed: the thread gives up, until somebody frees something. */
static void reclaim_hopeless(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_reclaim *r = &m->memory->reclaim;
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page[3];

	cache_fill(test, c);
	page[0] = take_page(m->memory, GFP_ATOMIC | __GFP_NOWARN);
	KUNIT_EXPECT_NOT_NULL(test, page[0]);
	thread_rests(r);
	KUNIT_EXPECT_EQ(test, r->failures, MMSIM_MAX_RECLAIM_RETRIES);
	KUNIT_EXPECT_EQ(test, counted(m->memory, MMSIM_EVENT_PAGEOUTRUN), MMSIM_MAX_RECLAIM_RETRIES);
	page[1] = take_page(m->memory, GFP_ATOMIC | __GFP_NOWARN);
	KUNIT_EXPECT_NOT_NULL(test, page[1]);
	KUNIT_EXPECT_FALSE(test, r->work);

	page[2] = take_page(m->memory, DIRECT);
	KUNIT_EXPECT_NULL(test, page[2]);
	KUNIT_EXPECT_EQ(test, r->failures, MMSIM_MAX_RECLAIM_RETRIES);
	add_shrinker(test, c);
	KUNIT_EXPECT_EQ(test, r->failures, 0);
	r->failures = MMSIM_MAX_RECLAIM_RETRIES;
	page[2] = take_page(m->memory, DIRECT);
	KUNIT_EXPECT_NOT_NULL(test, page[2]);
	KUNIT_EXPECT_EQ(test, r->failures, 0);
	remove_shrinker(test, c);
	mmsim_test_give_all(test, m->memory, page, ARRAY_SIZE(page));
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

/* The thread is not woken for a full zone while a higher one that the request could use has enough; else it is. */
static void reclaim_one_zone_will_do(struct kunit *test)
{
	const struct mmsim_memory_params params = { .watermark_scale_factor = 100, .min_free_kbytes = 400 };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_16M, "DMA:4M,Normal", &params);
	struct mmsim_reclaim *r = &m->memory->reclaim;
	struct mmsim_zone *dma = &m->memory->node[0]->zone[MMSIM_ZONE_DMA];
	struct mmsim_zone *const *only_dma = m->memory->node[0]->zonelist[MMSIM_ZONE_DMA];
	struct mmsim_zone *const *both = m->memory->node[0]->zonelist[MMSIM_ZONE_NORMAL];
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page;
	int i;

	c->page = kunit_kcalloc(test, m->memory->nr_pages, sizeof(*c->page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c->page);
	while ((page = take_page(m->memory, FILL | __GFP_DMA)))
		c->page[c->nr++] = page;
	KUNIT_ASSERT_LT(test, dma->free_pages, dma->watermark[MMSIM_WMARK_LOW]);
	add_shrinker(test, c);
	mmsim_reclaim_wake(m->memory, both, 0, MMSIM_ZONE_NORMAL);
	KUNIT_EXPECT_FALSE(test, r->work);
	mmsim_reclaim_wake(m->memory, only_dma, 0, MMSIM_ZONE_DMA);
	for (i = 0; i < 500 && READ_ONCE(dma->free_pages) <= dma->watermark[MMSIM_WMARK_HIGH]; i++)
		msleep(20);
	thread_rests(r);
	remove_shrinker(test, c);
	KUNIT_EXPECT_GT(test, dma->free_pages, dma->watermark[MMSIM_WMARK_HIGH]);
	KUNIT_EXPECT_GT(test, c->nr, 0);
	KUNIT_EXPECT_EQ(test, r->failures, 0);
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

/* A shrinker is registered once, and unregistered once. */
static void reclaim_twice(struct kunit *test)
{
	struct mmsim *m = instance(test);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	struct cache *c = cache(test, m->memory), *other = cache(test, m->memory);

	add_shrinker(test, c);
	KUNIT_EXPECT_FALSE(test, mmsim_reclaim_add(m->memory, &c->shrinker, _THIS_IP_));
	mmsim_expect_since(test, m->memory, before, MMSIM_BAD_SHRINKER, 0);
	before = mmsim_snapshot(test, m->memory);
	KUNIT_EXPECT_FALSE(test, mmsim_reclaim_remove(m->memory, &other->shrinker, _THIS_IP_));
	mmsim_expect_since(test, m->memory, before, MMSIM_BAD_SHRINKER, 0);
	c->nr = 1000;
	KUNIT_EXPECT_EQ(test, mmsim_reclaim_direct(m->memory, 0, GFP_KERNEL).freed, 128);
	KUNIT_EXPECT_EQ(test, c->calls, 1);
	remove_shrinker(test, c);
	before = mmsim_snapshot(test, m->memory);
	KUNIT_EXPECT_FALSE(test, mmsim_reclaim_remove(m->memory, &c->shrinker, _THIS_IP_));
	mmsim_expect_since(test, m->memory, before, MMSIM_BAD_SHRINKER, 0);
}

/* What would be asked for ever is not registered. */
static void reclaim_negative(struct kunit *test)
{
	struct mmsim *m = mmsim_test_live_instance(test, SZ_4M, "Normal");
	struct cache *c = cache(test, m->memory);

	c->shrinker.batch = -1;
	KUNIT_EXPECT_EQ(test, mmsim_register_shrinker(&c->shrinker), -EINVAL);
	c->shrinker.batch = 0;
	c->shrinker.seeks = -1;
	KUNIT_EXPECT_EQ(test, mmsim_register_shrinker(&c->shrinker), -EINVAL);
	KUNIT_EXPECT_TRUE(test, list_empty(&m->memory->reclaim.shrinkers));
	c->shrinker.seeks = 0;
	KUNIT_ASSERT_EQ(test, mmsim_register_shrinker(&c->shrinker), 0);
	mmsim_unregister_shrinker(&c->shrinker);
}

struct nofail {
	gfp_t gfp;
	unsigned int order;
	bool reported;		/* when nothing is left above the marks */
};

/* Only what can wait is given the word, and only for one page or two; the others are tried, and told. */
static const struct nofail nofails[] = {
	{ GFP_NOWAIT, 0, true },
	{ GFP_ATOMIC, 0, true },
	{ GFP_KERNEL, 0, false },
	{ GFP_KERNEL, 1, false },
	{ GFP_KERNEL, 2, true },
	{ GFP_NOIO | __GFP_NORETRY, 0, false },
};

static void describe_nofail(const struct nofail *n, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%pGg order %u", &n->gfp, n->order);
}

KUNIT_ARRAY_PARAM(nofail, nofails, describe_nofail);

static void reclaim_nofail_warns(struct kunit *test)
{
	const struct nofail *n = test->param_value;
	gfp_t gfp = n->gfp | __GFP_NOFAIL | __GFP_NOWARN;
	struct mmsim *m = instance(test);
	atomic_long_t *told = &m->memory->bad[MMSIM_BAD_NOFAIL];
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *page = take(m->memory, gfp, n->order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, atomic_long_read(told), 0);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, n->order));

	cache_fill(test, c);
	add_shrinker(test, c);
	page = take(m->memory, gfp, n->order);
	KUNIT_EXPECT_EQ(test, atomic_long_read(told), n->reported);
	if (gfp & __GFP_DIRECT_RECLAIM)
		KUNIT_EXPECT_NOT_NULL(test, page);
	if (page)
		KUNIT_EXPECT_TRUE(test, give(m->memory, page, n->order));
	remove_shrinker(test, c);
	cache_empty(test, c);
	mmsim_test_check(test, m);
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE(reclaim_direct),
	KUNIT_CASE(reclaim_not_atomic),
	KUNIT_CASE_PARAM(reclaim_scan, scan_gen_params),
	KUNIT_CASE(reclaim_thread),
	KUNIT_CASE(reclaim_recursion),
	KUNIT_CASE(reclaim_recursion_gives_up),
	KUNIT_CASE(reclaim_rounds),
	KUNIT_CASE(reclaim_isolated_is_no_hope),
	KUNIT_CASE(reclaim_no_block_is_no_hope),
	KUNIT_CASE(reclaim_nofail),
	KUNIT_CASE(reclaim_hopeless),
	KUNIT_CASE(reclaim_one_zone_will_do),
	KUNIT_CASE(reclaim_twice),
	KUNIT_CASE(reclaim_negative),
	KUNIT_CASE_PARAM(reclaim_nofail_warns, nofail_gen_params),
	{}
};

static struct kunit_suite reclaim_suite = {
	.name = "reclaim",
	.test_cases = reclaim_cases,
};

kunit_test_suite(reclaim_suite);
