// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "track": who allocated and who freed an object, with what trace, and how many bytes kmalloc was asked
 * for.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "slab.h"

/* The engines whose objects can be told from their neighbours. */
static const struct mmsim_slab_way ways[] = {
	{ MMSIM_ENGINE_SLUB, MMSIM_ALL_DEBUG, "slub" },
	{ MMSIM_ENGINE_SLAB, MMSIM_ALL_DEBUG, "slab" },
};

KUNIT_ARRAY_PARAM_DESC(ways, ways, name);

static noinline void *alloc_here(struct mmsim_kmem_cache *s)
{
	void *object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);

	barrier();	/* no tail call, which would leave no trace */
	return object;
}

static noinline void free_here(struct mmsim_kmem_cache *s, void *object)
{
	mmsim_kmem_cache_free(s, object);
	barrier();	/* as above */
}

static void track_stacks(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_kmem_cache *s = mmsim_kmem_cache_create("test", 100, 0, 0, NULL);
	const struct mmsim_stack *alloc, *free;
	void *object;

	KUNIT_ASSERT_NOT_NULL(test, s);
	object = alloc_here(s);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_NULL(test, mmsim_track_stack(s, object, MMSIM_TRACK_FREE));
	free_here(s, object);
	KUNIT_EXPECT_PTR_EQ(test, alloc_here(s), object);
	alloc = mmsim_track_stack(s, object, MMSIM_TRACK_ALLOC);
	free = mmsim_track_stack(s, object, MMSIM_TRACK_FREE);
	KUNIT_ASSERT_NOT_NULL(test, alloc);
	KUNIT_ASSERT_NOT_NULL(test, free);
	KUNIT_EXPECT_EQ(test, mmsim_test_passes(alloc, "alloc_here"), mmsim_test_has_traces());
	KUNIT_EXPECT_EQ(test, mmsim_test_passes(free, "free_here"), mmsim_test_has_traces());
	KUNIT_EXPECT_FALSE(test, mmsim_test_has_traces() && mmsim_test_passes(alloc, "free_here"));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->stacks.nr_lost), 0);
	free_here(s, object);
	mmsim_kmem_cache_destroy(s);
}

/* The table is there as long as a cache is that needs it, and no longer. */
static void track_table(struct kunit *test)
{
	struct mmsim_slab_params params = { .engine = ((const struct mmsim_slab_way *)test->param_value)->engine };
	struct mmsim_slab_snapshot before;
	struct mmsim_kmem_cache *one, *two;
	struct mmsim_slabs *slabs;

	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	mmsim_slab_snapshot(slabs, &before);
	KUNIT_EXPECT_NULL(test, slabs->stacks.slot);
	one = mmsim_kmem_cache_create("one", 100, 0, SLAB_STORE_USER, NULL);
	two = mmsim_kmem_cache_create("two", 100, 0, SLAB_STORE_USER, NULL);
	KUNIT_ASSERT_NOT_NULL(test, one);
	KUNIT_ASSERT_NOT_NULL(test, two);
	KUNIT_EXPECT_NOT_NULL(test, slabs->stacks.slot);
	mmsim_kmem_cache_destroy(one);
	KUNIT_EXPECT_NOT_NULL(test, slabs->stacks.slot);
	mmsim_kmem_cache_free(two, mmsim_kmem_cache_alloc(two, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, atomic_read(&slabs->stacks.nr_used), 0);
	mmsim_kmem_cache_destroy(two);
	KUNIT_EXPECT_NULL(test, slabs->stacks.slot);
	mmsim_slab_expect_since(test, slabs, &before, 0, 0);
}

/* Without a block for the table a cache works as well, and notes who called. */
static void track_no_table(struct kunit *test)
{
	struct mmsim_slab_params params = { .engine = ((const struct mmsim_slab_way *)test->param_value)->engine };
	struct mmsim_page *page, *next;
	struct mmsim_kmem_cache *s;
	struct mmsim_slabs *slabs;
	LIST_HEAD(taken);
	void *object;
	int i;

	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	while ((page = take(slabs->mem, GFP_ATOMIC | __GFP_NOWARN, 0)))
		list_add(&page->lru, &taken);
	/* Enough single pages for the cache, no two of them in one block. */
	i = 64;
	list_for_each_entry_safe(page, next, &taken, lru) {
		if ((page - slabs->mem->map) % 2 || !i)
			continue;
		list_del(&page->lru);
		KUNIT_EXPECT_TRUE(test, give(slabs->mem, page, 0));
		i--;
	}
	s = mmsim_kmem_cache_create("test", 100, 0, MMSIM_ALL_DEBUG, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_NULL(test, slabs->stacks.slot);
	object = alloc_here(s);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_NULL(test, mmsim_track_stack(s, object, MMSIM_TRACK_ALLOC));
	free_here(s, object);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_errors), 0);
	mmsim_kmem_cache_destroy(s);
	list_for_each_entry_safe(page, next, &taken, lru)
		KUNIT_EXPECT_TRUE(test, give(slabs->mem, page, 0));
}

struct request {
	const char *name;
	enum mmsim_engine engine;
	size_t size;		/* asked for */
	slab_flags_t debug;
	gfp_t gfp;
	bool all;		/* the client asks how much there is first */
	int found;		/* damages, when the byte behind the request is written */
};

#define WATCHED		(SLAB_RED_ZONE | SLAB_STORE_USER)

static const struct request requests[] = {
	{ "slub, 50 bytes", MMSIM_ENGINE_SLUB, 50, WATCHED, 0, false, 1 },
	{ "slub, 50 bytes, zeroed", MMSIM_ENGINE_SLUB, 50, WATCHED, __GFP_ZERO, false, 1 },
	{ "slub, 50 bytes, all of it", MMSIM_ENGINE_SLUB, 50, WATCHED, 0, true, 0 },
	{ "slub, 50 bytes, no owners", MMSIM_ENGINE_SLUB, 50, SLAB_RED_ZONE, 0, false, 0 },
	{ "slub, 50 bytes, no red zones", MMSIM_ENGINE_SLUB, 50, SLAB_STORE_USER, 0, false, 0 },
	{ "slub, 64 bytes", MMSIM_ENGINE_SLUB, 64, WATCHED, 0, false, 1 },
	{ "slub, 4097 bytes", MMSIM_ENGINE_SLUB, 4097, MMSIM_ALL_DEBUG, 0, false, 1 },
	{ "slab, 50 bytes", MMSIM_ENGINE_SLAB, 50, WATCHED, 0, false, 1 },
	{ "slab, 50 bytes, all of it", MMSIM_ENGINE_SLAB, 50, WATCHED, 0, true, 0 },
	{ "slab, 1000 bytes, zeroed", MMSIM_ENGINE_SLAB, 1000, MMSIM_ALL_DEBUG, __GFP_ZERO, false, 1 },
};

KUNIT_ARRAY_PARAM_DESC(requests, requests, name);

/* What is behind the bytes that were asked for is nobody's: who writes there is found when the object is freed. */
static void track_request(struct kunit *test)
{
	const struct request *r = test->param_value;
	struct mmsim_slab_params params = { .engine = r->engine, .debug = r->debug };
	struct mmsim_slab_snapshot before;
	struct mmsim_slabs *slabs;
	int round;
	u8 *object;

	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	mmsim_slab_snapshot(slabs, &before);
	for (round = 0; round < 3; round++) {
		object = mmsim_kmalloc(r->size, GFP_KERNEL | r->gfp);
		KUNIT_ASSERT_NOT_NULL(test, object);
		if (r->gfp & __GFP_ZERO)
			KUNIT_EXPECT_NULL(test, memchr_inv(object, 0, r->size));
		if (r->all)
			KUNIT_EXPECT_GE(test, mmsim_ksize(object), r->size);
		memset(object, 0xee, r->size);
		if (round == 1)
			object[r->size] ^= 0x11;	/* behind 64 bytes of 64, that is the red zone of the slot */
		mmsim_kfree(object);
	}
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_RED_ZONE, r->found);
}

static struct kunit_case track_cases[] = {
	KUNIT_CASE_PARAM(track_stacks, ways_gen_params),
	KUNIT_CASE_PARAM(track_table, ways_gen_params),
	KUNIT_CASE_PARAM(track_no_table, ways_gen_params),
	KUNIT_CASE_PARAM(track_request, requests_gen_params),
	{}
};

static struct kunit_suite track_suite = {
	.name = "track",
	.test_cases = track_cases,
};

kunit_test_suite(track_suite);

MODULE_LICENSE("GPL");
