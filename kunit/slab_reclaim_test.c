// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slab_reclaim": caches give back slabs that they don't need before a request for pages fails.
 */
#include <linux/mutex.h>
#include <linux/sizes.h>

#include "slab.h"

#define NR	300
#define SIZE	1000
#define NOWAIT	(GFP_NOWAIT | __GFP_NOWARN)
#define SLEEPS	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)

/* A cache that holds slabs without an object in use, in a region without free pages. */
struct full {
	struct mmsim_memory *mem;
	struct mmsim_kmem_cache *s;
	struct mmsim_page *chain;
};

static void take_pages(struct full *t, gfp_t gfp)
{
	struct mmsim_page *page;

	while ((page = take(t->mem, gfp, 0)))
		mmsim_chain_push(&t->chain, page);
}

static void start(struct kunit *test, struct full *t, slab_flags_t flags)
{
	const struct mmsim_memory_params memory = {};
	const struct mmsim_slab_way *way = test->param_value;
	struct mmsim_slab_params params = { .engine = way->engine, .debug = way->debug };
	void **object = kunit_kcalloc(test, NR, sizeof(*object), GFP_KERNEL);
	struct mmsim *m;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, object);
	mmsim_slab_host_rules(&params.rules);
	m = mmsim_test_slab_instance_with(test, SZ_8M, "Normal", &memory, &params);
	t->mem = m->memory;
	t->chain = NULL;
	t->s = mmsim_cache_create(m->slabs, "test", SIZE, NULL, flags | SLAB_RECLAIM_ACCOUNT, _RET_IP_);
	KUNIT_ASSERT_NOT_NULL(test, t->s);
	mmsim_test_no_reap(m->slabs);
	for (i = 0; i < NR; i++) {
		object[i] = mmsim_cache_alloc(t->s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
	}
	if (mmsim_way_has_slabs(test))
		KUNIT_EXPECT_GE(test, mmsim_slabs_pages(m->slabs, true), NR * SIZE / PAGE_SIZE);
	for (i = 0; i < NR; i++)
		mmsim_cache_free(t->s, object[i], _RET_IP_);
	rcu_barrier();
	take_pages(t, NOWAIT);
}

static void finish(struct kunit *test, struct full *t)
{
	while (t->chain)
		KUNIT_EXPECT_TRUE(test, give(t->mem, mmsim_chain_pop(&t->chain), 0));
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(t->s, _RET_IP_));
}

static unsigned long slabs(struct full *t)
{
	return atomic_long_read(&t->s->nr_slabs);
}

/* SLUB and SLAB keep slabs; requests that may wait get their pages, all of them. SLOB keeps nothing. */
static void expect_given(struct kunit *test, slab_flags_t flags)
{
	unsigned long held, got;
	struct full t;

	start(test, &t, flags);
	held = slabs(&t) << t.s->order;
	KUNIT_EXPECT_EQ(test, held > 0, mmsim_way_has_slabs(test));
	KUNIT_EXPECT_NULL(test, take(t.mem, NOWAIT, 0));
	got = t.mem->node[0]->zone[MMSIM_ZONE_NORMAL].free_pages;
	KUNIT_EXPECT_EQ(test, got, 0);
	for (got = 0; got < held; got++) {
		struct mmsim_page *page = take(t.mem, SLEEPS, 0);

		KUNIT_ASSERT_NOT_NULL(test, page);
		mmsim_chain_push(&t.chain, page);
	}
	KUNIT_EXPECT_EQ(test, slabs(&t), 0);
	KUNIT_EXPECT_EQ(test, mmsim_slabs_pages(t.s->slabs, true), 0);
	take_pages(&t, SLEEPS);
	KUNIT_EXPECT_EQ(test, t.s->slabs->shrinker.count_objects(&t.s->slabs->shrinker, NULL), 0);
	finish(test, &t);
}

static void reclaim_idle(struct kunit *test)
{
	expect_given(test, 0);
}

static void reclaim_idle_rcu(struct kunit *test)
{
	expect_given(test, SLAB_TYPESAFE_BY_RCU);
}

/* Who makes a cache holds the mutex, and may need pages: it gets none, and doesn't wait for itself. */
static void reclaim_with_mutex(struct kunit *test)
{
	struct mmsim_page *page;
	unsigned long held;
	struct full t;

	start(test, &t, 0);
	held = slabs(&t);
	mutex_lock(&t.s->slabs->mutex);
	KUNIT_EXPECT_NULL(test, take(t.mem, SLEEPS, 0));
	mutex_unlock(&t.s->slabs->mutex);
	KUNIT_EXPECT_EQ(test, slabs(&t), held);
	page = take(t.mem, SLEEPS, 0);
	KUNIT_EXPECT_EQ(test, !!page, held > 0);
	if (page)
		mmsim_chain_push(&t.chain, page);
	finish(test, &t);
}

/* The slab that a cache needs is made of the pages of another's that it doesn't. */
static void reclaim_for_slab(struct kunit *test)
{
	struct mmsim_kmem_cache *other;
	struct full t;
	void *object;

	start(test, &t, 0);
	give(t.mem, mmsim_chain_pop(&t.chain), 0);
	give(t.mem, mmsim_chain_pop(&t.chain), 0);
	other = mmsim_cache_create(t.s->slabs, "other", 3000, NULL, 0, _RET_IP_);
	KUNIT_ASSERT_NOT_NULL(test, other);
	mmsim_test_no_reap(t.s->slabs);
	take_pages(&t, NOWAIT);
	object = mmsim_cache_alloc(other, SLEEPS, NUMA_NO_NODE, _RET_IP_);
	KUNIT_EXPECT_EQ(test, !!object, mmsim_way_has_slabs(test));
	if (object)
		mmsim_cache_free(other, object, _RET_IP_);
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(other, _RET_IP_));
	finish(test, &t);
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE_PARAM(reclaim_idle, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(reclaim_idle_rcu, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(reclaim_with_mutex, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(reclaim_for_slab, mmsim_slab_ways_gen),
	{}
};

static struct kunit_suite reclaim_suite = {
	.name = "slab_reclaim",
	.test_cases = reclaim_cases,
};

kunit_test_suite(reclaim_suite);
