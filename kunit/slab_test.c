// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slab": caches, as any client may rely on them, whatever engine makes them. Each body runs on every
 * engine, with and without debugging; afterwards all pages are back and every misuse is counted.
 */
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>

#include "slab.h"
#include "worker.h"

#define QUIET		(GFP_ATOMIC | __GFP_NOWARN)
#define MANY		1000

static struct mmsim_kmem_cache *make(struct kunit *test, const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *object))
{
	struct mmsim_kmem_cache *s = mmsim_kmem_cache_create(name, size, align, flags, ctor);

	KUNIT_ASSERT_NOT_NULL(test, s);
	return s;
}

static void **objects_array(struct kunit *test, size_t nr)
{
	void **objects = kunit_kcalloc(test, nr, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	return objects;
}

static void slab_starts_empty(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_kmem_cache *s = make(test, "test", 200, 0, 0, NULL);
	void *object;

	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), 0);
	object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), mmsim_way_has_slabs(test));
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_size(s), 200);
	KUNIT_EXPECT_STREQ(test, mmsim_kmem_cache_name(s), "test");
	mmsim_kmem_cache_free(s, object);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), 0);
	mmsim_kmem_cache_destroy(s);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_LEFT]), 0);
}

/* Sizes around every border, each with an alignment that it would not have by itself. */
static const struct {
	unsigned int size, align;
} shapes[] = {
	{ 1, 0 }, { 7, 0 }, { 8, 0 }, { 9, 64 }, { 24, 0 }, { 63, 32 }, { 64, 64 }, { 100, 4 }, { 255, 256 },
	{ 256, 0 }, { 511, 0 }, { 1000, 128 }, { 2048, 2048 }, { 2049, 0 }, { 4095, 0 }, { 4096, 4096 }, { 5000, 8 },
	{ 8192, 0 }, { 10928, 0 }, { 33000, 64 }, { 100000, 0 },
};

/* Whether all bytes of an object are its stamp. */
static bool is_stamped(const void *object, u8 stamp, size_t size)
{
	return !memchr_inv(object, stamp, size);
}

static void slab_objects_are_apart(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	void **objects = objects_array(test, MANY);
	struct mmsim_slab_snapshot before;
	unsigned int shape, i;

	mmsim_slab_snapshot(slabs, &before);
	for (shape = 0; shape < ARRAY_SIZE(shapes); shape++) {
		unsigned int size = shapes[shape].size, nr = min(mmsim_test_steps(MANY), SZ_512K / size);
		unsigned long align = max(shapes[shape].align, 8U);
		struct mmsim_kmem_cache *s = make(test, "test", size, shapes[shape].align, 0, NULL);

		for (i = 0; i < nr; i++) {
			objects[i] = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL_MSG(test, objects[i], "size %u", size);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)objects[i], align), "size %u", size);
			memset(objects[i], i, size);
		}
		for (i = 0; i < nr; i++) {
			KUNIT_EXPECT_TRUE_MSG(test, is_stamped(objects[i], i, size), "size %u, object %u", size, i);
			mmsim_kmem_cache_free(s, objects[i]);
		}
		mmsim_kmem_cache_destroy(s);
	}
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

static void slab_hwcache_align(struct kunit *test)
{
	static const struct {
		unsigned int size, align;
	} wanted[] = { { 8, 8 }, { 12, 16 }, { 17, 32 }, { 32, 32 }, { 33, 64 }, { 64, 64 }, { 200, 64 } };
	unsigned int i;

	mmsim_test_slabs(test);
	if (cache_line_size() != 64)
		kunit_skip(test, "cache lines of %d bytes", cache_line_size());
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct mmsim_kmem_cache *s = make(test, "test", wanted[i].size, 0, SLAB_HWCACHE_ALIGN, NULL);

		KUNIT_EXPECT_EQ_MSG(test, s->align, wanted[i].align, "size %u", wanted[i].size);
		mmsim_kmem_cache_destroy(s);
	}
}

static unsigned int constructed;

static void count_and_stamp(void *object)
{
	constructed++;
	memset(object, 0x35, 72);
}

/* Once for each object of a slab, not for each allocation: what was constructed stays so while it is free. */
static void slab_constructor(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_kmem_cache *s;
	struct mmsim_slab_snapshot before;
	unsigned int i, in_slabs;
	void *object;

	mmsim_slab_snapshot(slabs, &before);
	constructed = 0;
	s = make(test, "test", 72, 0, 0, count_and_stamp);
	KUNIT_EXPECT_EQ(test, constructed, 0);
	object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	in_slabs = constructed;
	if (mmsim_way_has_slabs(test))
		KUNIT_EXPECT_GT(test, in_slabs, 1);
	for (i = 0; i < 10 * in_slabs; i++) {
		KUNIT_EXPECT_TRUE(test, is_stamped(object, 0x35, 72));
		mmsim_kmem_cache_free(s, object);
		object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	}
	KUNIT_EXPECT_EQ(test, constructed, mmsim_way_has_slabs(test) ? in_slabs : 1 + 10);
	mmsim_kmem_cache_free(s, object);
	mmsim_kmem_cache_destroy(s);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

static void slab_zeroes(struct kunit *test)
{
	struct mmsim_kmem_cache *s;
	void **objects = objects_array(test, 64);
	unsigned int i, round;

	mmsim_test_slabs(test);
	s = make(test, "test", 100, 0, 0, NULL);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 64; i++) {
			objects[i] = mmsim_kmem_cache_zalloc(s, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KUNIT_EXPECT_TRUE(test, is_stamped(objects[i], 0, 100));
			memset(objects[i], 0xee, 100);
		}
		mmsim_kmem_cache_free_bulk(s, 64, objects);
		KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_alloc_bulk(s, GFP_KERNEL | __GFP_ZERO, 64, objects), 64);
		for (i = 0; i < 64; i++)
			KUNIT_EXPECT_TRUE(test, is_stamped(objects[i], 0, 100));
		mmsim_kmem_cache_free_bulk(s, 64, objects);
	}
	mmsim_kmem_cache_destroy(s);
}

static void slab_bulk(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	void **objects = objects_array(test, MANY);
	struct mmsim_slab_snapshot before;
	struct mmsim_kmem_cache *s;
	struct rnd_state rnd;
	unsigned int i, nr;

	mmsim_slab_snapshot(slabs, &before);
	mmsim_test_random(test, &rnd);
	s = make(test, "test", 256, 0, 0, NULL);
	for (nr = 1; nr <= MANY; nr += 37) {
		KUNIT_ASSERT_EQ(test, mmsim_kmem_cache_alloc_bulk(s, GFP_KERNEL, nr, objects), nr);
		for (i = 0; i < nr; i++)
			memset(objects[i], i, 256);
		for (i = 0; i < nr; i++) {
			unsigned int j = mmsim_test_below(&rnd, i + 1);

			KUNIT_EXPECT_TRUE(test, is_stamped(objects[i], i, 256));
			swap(objects[i], objects[j]);
		}
		mmsim_kmem_cache_free_bulk(s, nr, objects);
	}
	mmsim_kmem_cache_destroy(s);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

/* All or nothing: more than the region has, and the region is as it was. */
static void slab_out_of_memory(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	size_t nr = SZ_16M / 4096;
	void **objects = objects_array(test, nr);
	struct mmsim_slab_snapshot before;
	struct mmsim_kmem_cache *s;
	size_t i;

	mmsim_slab_snapshot(slabs, &before);
	s = make(test, "test", 4096, 0, 0, NULL);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_alloc_bulk(s, QUIET, nr, objects), 0);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	for (i = 0; i < nr; i++) {
		objects[i] = mmsim_kmem_cache_alloc(s, QUIET);
		if (!objects[i])
			break;
	}
	/* Of debugging caches only one object fits into two pages. */
	KUNIT_EXPECT_GT(test, i, nr * 2 / 5);
	KUNIT_EXPECT_LT(test, i, nr);
	KUNIT_EXPECT_NULL(test, mmsim_kmem_cache_alloc(s, QUIET));
	mmsim_kmem_cache_free(s, objects[--i]);
	/* Pages that the heap gave back may lie on a CPU's list of another kind. */
	if (!mmsim_way_has_slabs(test))
		mmsim_pcp_drain_all(slabs->mem);
	objects[i] = mmsim_kmem_cache_alloc(s, QUIET);
	KUNIT_EXPECT_NOT_NULL(test, objects[i]);
	mmsim_kmem_cache_free_bulk(s, i + 1, objects);
	mmsim_kmem_cache_destroy(s);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

struct bad_request {
	const char *name;
	unsigned int size;
	struct mmsim_kmem_cache_args args;
	slab_flags_t flags;
};

static void slab_create_refuses(struct kunit *test)
{
	static const struct bad_request requests[] = {
		{ NULL, 8 },
		{ "", 8 },
		{ "two words", 8 },
		{ "tab\there", 8 },
		{ "size0", 0 },
		{ "large", SZ_4M + 1 },
		{ "align3", 8, { .align = 3 } },
		{ "align8M", 8, { .align = SZ_8M } },
		{ "flag", 8, {}, (__force slab_flags_t)0x80000000U },
		{ "there", 16 },
		{ "engine", 8, { .engine = MMSIM_NR_ENGINES } },
		{ "freeptr", 16, { .use_freeptr_offset = true, .freeptr_offset = 8 } },
		{ "freeptr", 16, { .use_freeptr_offset = true, .freeptr_offset = 12 }, SLAB_TYPESAFE_BY_RCU },
		{ "panic", 0, {}, SLAB_PANIC },
	};
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_kmem_cache *s = make(test, "there", 8, 0, 0, NULL);
	struct mmsim_slab_snapshot before;
	unsigned int i;

	mmsim_slab_snapshot(slabs, &before);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct bad_request *r = &requests[i];

		KUNIT_EXPECT_NULL_MSG(test, mmsim_kmem_cache_create_args(r->name, r->size, &r->args, r->flags),
				      "request %u", i);
	}
	local_bh_disable();	/* as in an interrupt: refused before anything sleeps */
	KUNIT_EXPECT_NULL(test, mmsim_kmem_cache_create("interrupt", 8, 0, 0, NULL));
	local_bh_enable();
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_CREATE, ARRAY_SIZE(requests) + 1);
	mmsim_kmem_cache_destroy(s);
}

/* As the kernel does it, the cache is made without that part. */
static void slab_user_part(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	atomic_long_t *refused = &slabs->bad[MMSIM_SLAB_BAD_CREATE];
	struct mmsim_kmem_cache *s;

	s = mmsim_kmem_cache_create_usercopy("test", 64, 0, 0, 16, 48, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, s->useroffset, 16);
	KUNIT_EXPECT_EQ(test, s->usersize, 48);
	KUNIT_EXPECT_EQ(test, atomic_long_read(refused), 0);
	mmsim_kmem_cache_destroy(s);
	s = mmsim_kmem_cache_create_usercopy("test", 64, 0, 0, 17, 48, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, s->useroffset, 0);
	KUNIT_EXPECT_EQ(test, s->usersize, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(refused), 1);
	mmsim_kmem_cache_destroy(s);
}

/* A cache with an object in use stays, and goes when that is freed. */
static void slab_destroy_in_use(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	struct mmsim_kmem_cache *s;
	void *object[3];
	int i;

	mmsim_slab_snapshot(slabs, &before);
	s = make(test, "test", 128, 0, 0, NULL);
	for (i = 0; i < 3; i++)
		object[i] = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	mmsim_kmem_cache_destroy(s);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_LEFT]), 1);
	/* One a leaked object, where they are known, and one for the report. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_errors), mmsim_way_has_slabs(test) ? 4 : 1);
	for (i = 0; i < 3; i++)
		mmsim_kmem_cache_free(s, object[i]);
	mmsim_kmem_cache_destroy(s);
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_LEFT, 1);
}

static void slab_bad_frees(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_kmem_cache *a, *b;
	struct mmsim_page *page = take(slabs->mem, GFP_KERNEL, 0);
	void *object;
	int on_stack;

	KUNIT_ASSERT_NOT_NULL(test, page);
	a = make(test, "a", 64, 0, 0, NULL);
	b = make(test, "b", 64, 0, 0, NULL);
	object = mmsim_kmem_cache_alloc(a, GFP_KERNEL);

	mmsim_kmem_cache_free(a, NULL);
	mmsim_kmem_cache_free(a, &on_stack);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_WILD]), 1);
	mmsim_kmem_cache_free(a, page->virtual);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_NO_SLAB]), 1);
	if (mmsim_way_has_slabs(test)) {
		mmsim_kmem_cache_free(b, object);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_CACHE]), 1);
	}
	/* A slab's pages are not the page allocator's to free. */
	KUNIT_EXPECT_FALSE(test, mmsim_memory_free(slabs->mem, mmsim_slabs_head(slabs, object), 0, _RET_IP_));

	KUNIT_EXPECT_TRUE(test, give(slabs->mem, page, 0));
	mmsim_kmem_cache_free(a, object);
	mmsim_kmem_cache_destroy(a);
	mmsim_kmem_cache_destroy(b);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_LEFT]), 0);
}

/* Twice in a row: seen without any debugging, and the object is handed out once. */
static void slab_double_free(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	struct mmsim_kmem_cache *s;
	void *object, *other;

	mmsim_slab_snapshot(slabs, &before);
	s = make(test, "test", 64, 0, 0, NULL);
	object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	mmsim_kmem_cache_free(s, object);
	mmsim_kmem_cache_free(s, object);
	object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	other = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, object, other);
	mmsim_kmem_cache_free(s, object);
	mmsim_kmem_cache_free(s, other);
	mmsim_kmem_cache_destroy(s);
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_DOUBLE_FREE, 1);
}

static bool is_slab(struct mmsim_slabs *slabs, const void *addr)
{
	return mmsim_page_slab(mmsim_slabs_head(slabs, addr));
}

#define TYPESAFE_OBJECTS	400

/* Objects that are freed may be read until a grace period has passed: their slabs stay slabs, even those given back. */
static void slab_typesafe_by_rcu(struct kunit *test)
{
	unsigned long **object = kunit_kcalloc(test, TYPESAFE_OBJECTS, sizeof(*object), GFP_KERNEL);
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	unsigned int i, stay = 0;
	struct mmsim_kmem_cache *s;
	long slabs_before, slabs_after;

	KUNIT_ASSERT_NOT_NULL(test, object);
	mmsim_slab_snapshot(slabs, &before);
	s = make(test, "test", 3000, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	for (i = 0; i < TYPESAFE_OBJECTS; i++) {
		object[i] = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
		object[i][128] = 0x1234567 + i;
	}
	slabs_before = atomic_long_read(&s->nr_slabs);
	rcu_read_lock();
	for (i = 0; i < TYPESAFE_OBJECTS; i++)
		mmsim_kmem_cache_free(s, object[i]);
	slabs_after = atomic_long_read(&s->nr_slabs);
	for (i = 0; i < TYPESAFE_OBJECTS; i++)
		stay += is_slab(slabs, object[i]) && object[i][128] == 0x1234567 + i;
	rcu_read_unlock();
	/* SLOB's belong to its heap, and none is given back so far. */
	if (mmsim_way_has_slabs(test))
		KUNIT_EXPECT_LT(test, slabs_after, slabs_before);
	KUNIT_EXPECT_EQ(test, stay, TYPESAFE_OBJECTS);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	rcu_barrier();
	for (i = 0; i < TYPESAFE_OBJECTS; i++)
		KUNIT_EXPECT_FALSE(test, is_slab(slabs, object[i]));
	mmsim_kmem_cache_destroy(s);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

/* A node that the instance hasn't got is a mistake, whoever asks for it; the one that it has is none. */
static void slab_bad_nodes(struct kunit *test)
{
	static const int bad[] = { 1, -2, INT_MAX, INT_MIN };
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	atomic_long_t *count = &slabs->mem->bad[MMSIM_BAD_NODE];
	struct mmsim_kmem_cache *s = make(test, "test", 200, 0, 0, NULL);
	struct mmsim_slab_snapshot before;
	unsigned int i;

	mmsim_slab_snapshot(slabs, &before);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_NULL(test, mmsim_kmem_cache_alloc_node(s, GFP_KERNEL, bad[i]));
		KUNIT_EXPECT_NULL(test, mmsim_kmalloc_node(100, GFP_KERNEL, bad[i]));
		KUNIT_EXPECT_NULL(test, mmsim_kmalloc_node(100000, GFP_KERNEL, bad[i]));
		KUNIT_EXPECT_EQ(test, atomic_long_read(count), 3 * (i + 1));
	}
	for (i = 0; i < 2; i++) {
		int node = i ? 0 : NUMA_NO_NODE;
		void *object = mmsim_kmem_cache_alloc_node(s, GFP_KERNEL, node);
		void *memory = mmsim_kmalloc_node(100, GFP_KERNEL, node);

		KUNIT_EXPECT_NOT_NULL(test, object);
		KUNIT_EXPECT_NOT_NULL(test, memory);
		mmsim_kmem_cache_free(s, object);
		mmsim_kfree(memory);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(count), 3 * ARRAY_SIZE(bad));
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
	mmsim_kmem_cache_destroy(s);
}

static void slab_kind_of_pages(struct kunit *test)
{
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLUB };
	const struct mmsim_slab_way *way = test->param_value;
	struct mmsim_kmem_cache *plain, *reclaimable;
	struct mmsim_slabs *slabs;
	void *a, *b;

	params.engine = way->engine;
	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	plain = make(test, "plain", 3000, 0, 0, NULL);
	reclaimable = make(test, "reclaimable", 3000, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	a = mmsim_kmem_cache_alloc(plain, GFP_KERNEL);
	b = mmsim_kmem_cache_alloc(reclaimable, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_TRUE(test, plain->allocflags == 0);
	KUNIT_EXPECT_TRUE(test, reclaimable->allocflags == __GFP_RECLAIMABLE);
	if (mmsim_way_has_slabs(test))
		KUNIT_EXPECT_GT(test, mmsim_slabs_pages(slabs, true), 0);
	mmsim_kmem_cache_free(plain, a);
	mmsim_kmem_cache_free(reclaimable, b);
	mmsim_kmem_cache_destroy(plain);
	mmsim_kmem_cache_destroy(reclaimable);
}

static void slab_merges(struct kunit *test)
{
	const struct mmsim_slab_way *way = test->param_value;
	struct mmsim_slab_params params = { .engine = way->engine, .merge = true };
	struct mmsim_kmem_cache *a, *b, *c, *d, *e;

	mmsim_slab_host_rules(&params.rules);
	mmsim_test_slab_instance(test, SZ_16M, &params);
	a = make(test, "a", 1000, 0, 0, NULL);
	b = make(test, "b", 996, 0, 0, NULL);
	c = make(test, "c", 1000, 0, SLAB_NO_MERGE, NULL);
	d = make(test, "d", 1000, 0, 0, count_and_stamp);
	e = make(test, "e", 1000, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_PTR_NE(test, a, c);
	KUNIT_EXPECT_PTR_NE(test, a, d);
	KUNIT_EXPECT_PTR_NE(test, a, e);
	KUNIT_EXPECT_EQ(test, a->refcount, 2);
	mmsim_kmem_cache_destroy(b);
	KUNIT_EXPECT_EQ(test, a->refcount, 1);
	mmsim_kmem_cache_free(a, mmsim_kmem_cache_alloc(a, GFP_KERNEL));
	mmsim_kmem_cache_destroy(a);
	mmsim_kmem_cache_destroy(c);
	mmsim_kmem_cache_destroy(d);
	mmsim_kmem_cache_destroy(e);
}

/* Threads on all CPUs, and timers in hard and soft interrupts that walk in on them, while caches are shrunk. */
static void slab_hammer(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	unsigned int nr = max(4U, 2 * num_online_cpus()), i;
	struct mmsim_worker *w = mmsim_workers(test, slabs->mem, nr + 2);
	bool slow = slabs->params.engine == MMSIM_ENGINE_SLOB;
	struct mmsim_slab_snapshot before;

	mmsim_slab_snapshot(slabs, &before);
	for (i = 0; i < nr + 2; i++) {
		w[i].slabs = slabs;
		w[i].steps = mmsim_test_steps(slabs->params.debug ? 4000 : slow ? 20000 : 200000);
		w[i].drains = i == 0;
	}
	mmsim_workers_run(test, w, nr);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

/* What one CPU allocates another frees: a producer and a consumer, with the objects in between. */
struct belt {
	struct mmsim_kmem_cache *s;
	u64 *object[256];		/* NULL: taken */
	unsigned int nr, faults;
};

static int belt_consumer(void *data)
{
	struct belt *b = data;
	unsigned int i;

	for (i = 0; i < b->nr; i++) {
		u64 **place = &b->object[i % ARRAY_SIZE(b->object)], *object;

		/* With what the producer has written into it. */
		while (!(object = smp_load_acquire(place)))
			cond_resched();
		b->faults += *object != i;
		mmsim_kmem_cache_free(b->s, object);
		/* Pairs with the producer's load: it is freed. */
		smp_store_release(place, NULL);
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void slab_across_cpus(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct belt *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct mmsim_slab_snapshot before;
	struct task_struct *consumer;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	mmsim_slab_snapshot(slabs, &before);
	b->s = make(test, "test", 200, 0, 0, NULL);
	b->nr = 32 * ARRAY_SIZE(b->object);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask))), 0);
	consumer = kthread_create(belt_consumer, b, "mmsim_belt");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, consumer);
	kthread_bind(consumer, cpumask_last(cpu_online_mask));
	wake_up_process(consumer);
	for (i = 0; i < b->nr; i++) {
		u64 **place = &b->object[i % ARRAY_SIZE(b->object)];
		u64 *object = mmsim_kmem_cache_alloc(b->s, GFP_KERNEL | __GFP_NOFAIL);

		*object = i;
		/* Until the consumer has freed what was there; then it gets this, with its number. */
		while (smp_load_acquire(place))
			cond_resched();
		/* Pairs with the consumer's load. */
		smp_store_release(place, object);
	}
	kthread_stop(consumer);
	KUNIT_EXPECT_EQ(test, b->faults, 0);
	mmsim_kmem_cache_destroy(b->s);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

static struct kunit_case slab_cases[] = {
	KUNIT_CASE_PARAM(slab_starts_empty, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_objects_are_apart, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_hwcache_align, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_constructor, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_zeroes, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_bulk, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_out_of_memory, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_create_refuses, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_user_part, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_destroy_in_use, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_bad_frees, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_double_free, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_typesafe_by_rcu, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_bad_nodes, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_kind_of_pages, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_merges, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_hammer, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_across_cpus, mmsim_slab_ways_gen),
	{}
};

static struct kunit_suite slab_suite = {
	.name = "slab",
	.test_cases = slab_cases,
};

kunit_test_suite(slab_suite);
