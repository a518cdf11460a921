// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slob_cache": caches and kmalloc of the SLOB engine, pieces of one heap.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "slob.h"

static unsigned int constructed;

static void construct(void *object)
{
	constructed++;
	memset(object, 0x5c, 100);
}

/* There is no constructed state to keep: the constructor runs at each allocation. */
static void slob_constructor(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_of(test, "Normal");
	struct mmsim_kmem_cache *s = cache_with(test, slabs, 100, 0, construct);
	unsigned int i;
	void *p;

	constructed = 0;
	for (i = 1; i < 50; i++) {
		p = mmsim_cache_alloc(s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_EQ(test, constructed, i);
		KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x5c, 100));
		memset(p, 0, 100);
		mmsim_cache_free(s, p, _RET_IP_);
	}
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s, _RET_IP_));
	expect_empty(test, slabs);
}

/* Objects of all caches share pages; those of a page or more have blocks to themselves. */
static void slob_caches(struct kunit *test)
{
	static const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLOB };
	struct mmsim_slabs *slabs = slabs_of(test, "Normal");
	struct mmsim_kmem_cache *s[3];
	struct mmsim_slabinfo info;
	void *a, *b, *c;

	s[0] = mmsim_cache_create(slabs, "a", 24, &args, 0, _RET_IP_);
	s[1] = mmsim_cache_create(slabs, "b", 100, &args, 0, _RET_IP_);
	s[2] = mmsim_cache_create(slabs, "c", 9000, &args, 0, _RET_IP_);
	a = mmsim_cache_alloc(s[0], GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
	b = mmsim_cache_alloc(s[1], GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
	c = mmsim_cache_alloc(s[2], GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_PTR_EQ_MSG(test, b, a + 24, "nothing lies between");
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, 1);
	KUNIT_EXPECT_EQ(test, offset_in_page(c), 0);
	KUNIT_EXPECT_EQ(test, mmsim_slab_order(page_of(slabs, c)), 2);
	KUNIT_EXPECT_TRUE(test, mmsim_slob_is_whole(page_of(slabs, c)));
	s[0]->ops->info(s[0], &info);
	KUNIT_EXPECT_EQ(test, info.active_objs, 1);
	KUNIT_EXPECT_EQ(test, info.num_objs, 4096 / 24);
	KUNIT_EXPECT_EQ(test, info.num_slabs, 1);
	slabs->heap->ops->info(slabs->heap, &info);
	KUNIT_EXPECT_EQ(test, info.active_objs, (24 + 100) / 2);
	KUNIT_EXPECT_EQ(test, info.num_objs, 2048);
	KUNIT_EXPECT_EQ(test, info.num_slabs, 1);
	mmsim_cache_free(s[0], a, _RET_IP_);
	mmsim_cache_free(s[0], a, _RET_IP_);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), 1);
	mmsim_cache_free(s[1], b, _RET_IP_);
	mmsim_cache_free(s[2], c, _RET_IP_);
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s[2], _RET_IP_));
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s[1], _RET_IP_));
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s[0], _RET_IP_));
	expect_empty(test, slabs);
}

/* An object that was freed stays what it is until the grace period is over. */
static void slob_rcu(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_of(test, "Normal");
	struct mmsim_kmem_cache *s = cache_with(test, slabs, 100, SLAB_TYPESAFE_BY_RCU, NULL);
	void *p = mmsim_cache_alloc(s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, s->size, 104 + 3 * sizeof(void *));
	memset(p, 0x77, 100);
	rcu_read_lock();
	mmsim_cache_free(s, p, _RET_IP_);
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x77, 100));
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, 1);
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s, _RET_IP_));
	expect_empty(test, slabs);
}

/* Freed again while it waits, inside, or though it is another cache's: refused, and not written to. */
static void slob_rcu_refuses(struct kunit *test)
{
	static const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLOB };
	static const slab_flags_t debug[] = { 0, SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER };
	struct mmsim_slabs *slabs = slabs_of(test, "Normal");
	atomic_long_t *bad = &slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(debug); i++) {
		struct mmsim_kmem_cache *other = mmsim_cache_create(slabs, "other", 4088, &args, 0, _RET_IP_);
		struct mmsim_kmem_cache *s = cache_with(test, slabs, 96, SLAB_TYPESAFE_BY_RCU | debug[i], NULL);
		void *foreign = mmsim_cache_alloc(other, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
		void *p = mmsim_cache_alloc(s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
		long before = atomic_long_read(bad);

		KUNIT_ASSERT_NOT_NULL(test, foreign);
		KUNIT_ASSERT_NOT_NULL(test, p);
		memset(foreign, 0x33, 4088);
		rcu_read_lock();
		mmsim_cache_free(s, foreign + 800, _RET_IP_);
		mmsim_cache_free(s, foreign + 4080, _RET_IP_);
		mmsim_cache_free(s, p + 8, _RET_IP_);
		KUNIT_EXPECT_EQ(test, atomic_long_read(bad), before + 3);
		mmsim_cache_free(s, p, _RET_IP_);
		KUNIT_EXPECT_EQ(test, atomic_long_read(bad), before + 3);
		mmsim_cache_free(s, p, _RET_IP_);
		KUNIT_EXPECT_EQ(test, atomic_long_read(bad), before + 4);
		rcu_read_unlock();
		KUNIT_EXPECT_NULL(test, memchr_inv(foreign, 0x33, 4088));
		KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s, _RET_IP_));
		mmsim_cache_free(other, foreign, _RET_IP_);
		KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(other, _RET_IP_));
		KUNIT_EXPECT_EQ(test, atomic_long_read(bad), before + 4);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_PADDING]), 0);
	}
	expect_empty(test, slabs);
}

/* An instance whose kmalloc is SLOB's. */
static struct mmsim_slabs *kmalloc_slabs(struct kunit *test, bool aligns_to_divisor)
{
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLOB };

	mmsim_slab_host_rules(&params.rules);
	params.rules.aligns_to_divisor = aligns_to_divisor;
	return mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
}

/* Every size: aligned as promised, as large as said, its size before it, and all of it gone in the end. */
static void slob_kmalloc(struct kunit *test)
{
	unsigned int divisor;

	for (divisor = 0; divisor < 2; divisor++) {
		struct mmsim_slabs *slabs = kmalloc_slabs(test, divisor);
		unsigned long before = mmsim_slob_heap(slabs)->nr_pages, size;

		for (size = 1; size <= 8192; size += size < 300 ? 1 : 61) {
			void *p = mmsim_slabs_kmalloc(slabs, size, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
			bool whole = size >= PAGE_SIZE - 8;
			unsigned long align = 8;

			if (is_power_of_2(size) || divisor)
				align = max(align, size & -size);
			KUNIT_ASSERT_NOT_NULL(test, p);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)p, align), "%lu bytes", size);
			KUNIT_EXPECT_EQ(test, mmsim_slob_is_whole(page_of(slabs, p)), whole);
			if (!whole)
				KUNIT_EXPECT_EQ(test, *(u32 *)(p - 8), size);
			KUNIT_EXPECT_EQ(test, mmsim_slabs_ksize(slabs, p),
					whole ? PAGE_SIZE << get_order(size) : roundup(size, 2));
			memset(p, size, mmsim_slabs_ksize(slabs, p));
			expect_sound(test, slabs);
			mmsim_slabs_kfree(slabs, p, _RET_IP_);
		}
		expect_sound(test, slabs);
		KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, before);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->heap->nr_slabs), before);
	}
}

/* Freed twice, or at an address inside: refused, counted, and nothing else. */
static void slob_kfree_refuses(struct kunit *test)
{
	struct mmsim_slabs *slabs = kmalloc_slabs(test, true);
	void *p = mmsim_slabs_kmalloc(slabs, 100, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
	void *q = mmsim_slabs_kmalloc(slabs, 100, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
	void *large = mmsim_slabs_kmalloc(slabs, 8000, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
	atomic_long_t *bad = &slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE];

	KUNIT_ASSERT_NOT_NULL(test, large);
	memset(p, 0, 100);
	mmsim_slabs_kfree(slabs, p + 8, _RET_IP_);
	KUNIT_EXPECT_EQ(test, atomic_long_read(bad), 1);
	mmsim_slabs_kfree(slabs, p + 3, _RET_IP_);
	KUNIT_EXPECT_EQ(test, atomic_long_read(bad), 2);
	mmsim_slabs_kfree(slabs, large + 4096, _RET_IP_);
	KUNIT_EXPECT_EQ(test, atomic_long_read(bad), 3);
	mmsim_slabs_kfree(slabs, p, _RET_IP_);
	mmsim_slabs_kfree(slabs, p, _RET_IP_);
	KUNIT_EXPECT_EQ(test, atomic_long_read(bad), 4);
	expect_sound(test, slabs);
	mmsim_slabs_kfree(slabs, q, _RET_IP_);
	mmsim_slabs_kfree(slabs, large, _RET_IP_);
	expect_sound(test, slabs);
}

/* An object of a cache has no header: what stands before it is another's, whatever it looks like. */
static void slob_kfree_of_object(struct kunit *test)
{
	static const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLOB };
	struct mmsim_slabs *slabs = kmalloc_slabs(test, true);
	struct mmsim_kmem_cache *s = mmsim_cache_create(slabs, "test", 64, &args, 0, _RET_IP_);
	u32 *p[3];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		unsigned int word;

		p[i] = mmsim_cache_alloc(s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		for (word = 0; word < 16; word++)
			p[i][word] = 40;
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		mmsim_slabs_kfree(slabs, p[i] + 2, _RET_IP_);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), ARRAY_SIZE(p));
	KUNIT_EXPECT_EQ(test, mmsim_slabs_ksize(slabs, p[1] + 2), 0);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		mmsim_cache_free(s, p[i], _RET_IP_);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), ARRAY_SIZE(p));
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s, _RET_IP_));
	expect_sound(test, slabs);
}

static struct kunit_case slob_cache_cases[] = {
	KUNIT_CASE(slob_constructor),
	KUNIT_CASE(slob_caches),
	KUNIT_CASE(slob_rcu),
	KUNIT_CASE(slob_rcu_refuses),
	KUNIT_CASE(slob_kmalloc),
	KUNIT_CASE(slob_kfree_refuses),
	KUNIT_CASE(slob_kfree_of_object),
	{}
};

static struct kunit_suite slob_cache_suite = {
	.name = "slob_cache",
	.test_cases = slob_cache_cases,
};

kunit_test_suite(slob_cache_suite);
