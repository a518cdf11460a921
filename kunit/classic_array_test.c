// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "classic_array": the SLAB engine's arrays: how objects go through them, are aged and tuned.
 */
#include "classic.h"

/* --- Arrays --- */

/* What was freed last is allocated first. */
static void classic_lifo(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 100);
	void **object = objects(test);
	unsigned int i;

	get_many(test, s, object, 50);
	put_many(s, object, 50);
	for (i = 50; i--;)
		KUNIT_EXPECT_PTR_EQ(test, get(s), object[i]);
	put_many(s, object, 50);
	finish(test, s);
}

/*
 * 64 bytes: 59 objects a slab, a limit of 120, batches of 60. The first refill is for an array that nobody has used, 16
 * objects, the second one takes the slab's other 43, the third one finds a new slab.
 */
static void classic_refill(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	static const struct {
		unsigned int allocs, avail, taken, slabs, misses;
	} steps[] = {
		{ 1, 15, 16, 1, 1 }, { 16, 0, 16, 1, 1 }, { 17, 42, 59, 1, 2 }, { 59, 0, 59, 1, 2 },
		{ 60, 58, 118, 2, 3 }, { 118, 0, 118, 2, 3 }, { 119, 58, 177, 3, 4 },
	};
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);
	unsigned int nr = 0, i;

	KUNIT_EXPECT_EQ_MSG(test, l3->nr_slabs, 0, "a new cache has a slab");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		get_many(test, s, object + nr, steps[i].allocs - nr);
		nr = steps[i].allocs;
		KUNIT_EXPECT_EQ_MSG(test, array(s)->avail, steps[i].avail, "after %u", nr);
		KUNIT_EXPECT_EQ_MSG(test, stat(s, "allocations"), steps[i].taken, "after %u", nr);
		KUNIT_EXPECT_EQ_MSG(test, stat(s, "grown"), steps[i].slabs, "after %u", nr);
		KUNIT_EXPECT_EQ_MSG(test, stat(s, "alloc_miss"), steps[i].misses, "after %u", nr);
		KUNIT_EXPECT_EQ_MSG(test, stat(s, "alloc_hit"), nr - steps[i].misses, "after %u", nr);
		KUNIT_EXPECT_EQ_MSG(test, l3->free_objects, 59 * steps[i].slabs - steps[i].taken, "after %u", nr);
		expect_sound(test, s);
	}
	put_many(s, object, nr);
	finish(test, s);
}

/* A refill takes the slab's objects from the first on, and the array gives the last of them first. */
static void classic_refill_order(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	void **object = objects(test);
	unsigned int i;

	get_many(test, s, object, 16);
	for (i = 1; i < 16; i++)
		KUNIT_EXPECT_PTR_EQ(test, object[i], object[0] - i * 64);
	put_many(s, object, 16);
	finish(test, s);
}

/* The 121st free finds the array full: the 60 that were freed first go into their slabs. */
static void classic_flush(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);
	unsigned int i;

	get_many(test, s, object, 177);
	KUNIT_ASSERT_EQ(test, array(s)->avail, 0);
	KUNIT_ASSERT_EQ(test, l3->free_objects, 0);
	put_many(s, object, 120);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 120);
	KUNIT_EXPECT_EQ(test, stat(s, "free_hit"), 120);
	KUNIT_EXPECT_EQ(test, stat(s, "free_miss"), 0);
	put(s, object[120]);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 61);
	KUNIT_EXPECT_EQ(test, stat(s, "free_hit"), 120);
	KUNIT_EXPECT_EQ(test, stat(s, "free_miss"), 1);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 60);
	for (i = 0; i <= 60; i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, array(s)->entry[i], object[60 + i], "entry %u", i);
	expect_sound(test, s);
	put_many(s, object + 121, 56);
	finish(test, s);
}

/* With a shared array a flush goes there, a refill comes from there, and the slabs see none of it. */
static void classic_shared(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 2), 64);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, l3->shared);
	get_many(test, s, object, 236);
	KUNIT_ASSERT_EQ(test, l3->free_objects, 0);
	put_many(s, object, 121);
	KUNIT_EXPECT_EQ(test, l3->shared->avail, 60);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 0);
	for (i = 0; i < 60; i++)
		KUNIT_EXPECT_PTR_EQ(test, l3->shared->entry[i], object[i]);
	for (i = 121; i--;)
		KUNIT_EXPECT_PTR_EQ_MSG(test, get(s), object[i], "object %u", i);
	KUNIT_EXPECT_EQ(test, l3->shared->avail, 0);
	KUNIT_EXPECT_TRUE(test, l3->shared->touched);
	put_many(s, object, 236);
	expect_sound(test, s);

	/* Emptied with all else. */
	KUNIT_EXPECT_GT(test, l3->shared->avail, 0);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	KUNIT_EXPECT_EQ(test, l3->shared->avail, 0);
	KUNIT_EXPECT_EQ(test, l3->nr_slabs, 0);
	finish(test, s);
}

/* Who interrupts somebody that has the array goes to the slabs. */
static void classic_busy(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void *many[3], *object = get(s), *other;

	KUNIT_ASSERT_NOT_NULL(test, object);
	array(s)->busy = true;
	other = get(s);
	KUNIT_EXPECT_NOT_NULL(test, other);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 15);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 42);
	KUNIT_EXPECT_EQ(test, stat(s, "node_allocs"), 1);
	put(s, other);
	put(s, object);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 15);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 44);
	KUNIT_EXPECT_EQ(test, mmsim_cache_alloc_bulk(s, GFP_KERNEL, 3, many, _RET_IP_), 3);
	mmsim_cache_free_bulk(s, 3, many, _RET_IP_);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 44);
	KUNIT_EXPECT_FALSE(test, s->ops->flush_cpu(s, raw_smp_processor_id()));
	KUNIT_EXPECT_EQ(test, array(s)->avail, 15);
	array(s)->busy = false;
	KUNIT_EXPECT_TRUE(test, s->ops->flush_cpu(s, raw_smp_processor_id()));
	KUNIT_EXPECT_EQ(test, array(s)->avail, 0);
	finish(test, s);
}

/* Many at once: each object once, and all back. */
static void classic_bulk(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 2), 64);
	void **object = objects(test);
	unsigned int i;

	for (i = 1; i <= 1000; i = i * 2 + 1) {
		KUNIT_EXPECT_EQ(test, mmsim_cache_alloc_bulk(s, GFP_KERNEL, i, object, _RET_IP_), i);
		expect_sound(test, s);
		mmsim_cache_free_bulk(s, i, object, _RET_IP_);
		expect_sound(test, s);
	}
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	finish(test, s);
}

/* --- Reap and tune --- */

/*
 * An array that was used since the last round is let off; then it loses a fifth of its limit a round, and in the end
 * half of the rest.
 */
static void classic_reap_array(struct kunit *test)
{
	static const unsigned int left[] = { 100, 76, 52, 28, 4, 2, 1, 0, 0 };
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	void **object = objects(test);
	unsigned int i;

	get_many(test, s, object, 177);
	put_many(s, object, 100);
	KUNIT_ASSERT_TRUE(test, array(s)->touched);
	for (i = 0; i < ARRAY_SIZE(left); i++) {
		reap(s);
		KUNIT_EXPECT_EQ_MSG(test, array(s)->avail, left[i], "round %u", i);
		KUNIT_EXPECT_FALSE(test, array(s)->touched);
		if (array(s)->avail)
			KUNIT_EXPECT_PTR_EQ(test, array(s)->entry[array(s)->avail - 1], object[99]);
	}
	expect_sound(test, s);
	put_many(s, object + 100, 77);
	finish(test, s);
}

/* Free slabs go a fifth of the limit a round, those of a node that nobody took a free slab of. */
static void classic_reap_slabs(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 2), 1024);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	unsigned int fifth = DIV_ROUND_UP(l3->free_limit, 5 * 4), i;
	void *object;

	for (i = 0; i < 3 * fifth; i++)
		KUNIT_ASSERT_EQ(test, mmsim_classic_grow(s, GFP_KERNEL, 0), 0);
	object = get(s);
	put(s, object);
	KUNIT_ASSERT_EQ(test, s->ops->flush_cpu(s, raw_smp_processor_id()), true);
	KUNIT_ASSERT_EQ(test, l3->nr_slabs, 3 * fifth);
	reap(s);
	KUNIT_EXPECT_EQ_MSG(test, l3->nr_slabs, 3 * fifth, "before the four seconds were over");
	l3->next_reap = jiffies;
	reap(s);
	KUNIT_EXPECT_EQ_MSG(test, l3->nr_slabs, 3 * fifth, "a free slab has been used");
	for (i = 2; i < 5; i++) {
		l3->next_reap = jiffies;
		reap(s);
		KUNIT_EXPECT_EQ(test, l3->nr_slabs, i < 4 ? (4 - i) * fifth : 0);
		KUNIT_EXPECT_TRUE(test, time_after(l3->next_reap, jiffies));
	}
	KUNIT_EXPECT_EQ(test, stat(s, "reaped"), 3 * fifth);
	finish(test, s);
}

/* The shared array ages, too. */
static void classic_reap_shared(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 2), 64);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);
	unsigned int avail;

	get_many(test, s, object, 590);
	put_many(s, object, 590);
	avail = l3->shared->avail;
	KUNIT_ASSERT_GT(test, avail, 96);
	l3->shared->touched = true;
	l3->next_reap = jiffies;
	reap(s);
	KUNIT_EXPECT_EQ(test, l3->shared->avail, avail);
	l3->next_reap = jiffies;
	reap(s);
	KUNIT_EXPECT_EQ(test, l3->shared->avail, avail - 96);	/* a fifth of 480 */
	finish(test, s);
}

/* The floor's own work reaps. */
static void classic_reap_work(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	void **object = objects(test);

	get_many(test, s, object, 59);
	put_many(s, object, 59);
	KUNIT_ASSERT_EQ(test, array(s)->avail, 59);
	array(s)->touched = false;
	mod_delayed_work(system_wq, &s->slabs->reap, 0);
	flush_work(&s->slabs->reap.work);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 59 - 24);
	KUNIT_EXPECT_TRUE_MSG(test, delayed_work_pending(&s->slabs->reap), "no next round");
	finish(test, s);
}

static void classic_tune(struct kunit *test)
{
	static const unsigned int bad[][3] = { { 0, 0, 0 }, { 0, 1, 0 }, { 10, 0, 8 }, { 10, 11, 8 } };
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	struct mmsim_slabinfo info;
	void **object = objects(test);
	unsigned int i;

	get_many(test, s, object, 177);
	put_many(s, object, 100);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mutex_lock(&s->slabs->mutex);
		KUNIT_EXPECT_EQ(test, s->ops->tune(s, bad[i][0], bad[i][1], bad[i][2]), -EINVAL);
		mutex_unlock(&s->slabs->mutex);
	}
	KUNIT_EXPECT_EQ(test, array(s)->avail, 100);

	/* New arrays begin empty. */
	tune(test, s, 7, 3, 2);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 0);
	KUNIT_EXPECT_EQ(test, array(s)->limit, 7);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 100);
	KUNIT_EXPECT_EQ(test, l3->free_limit, (1 + num_online_cpus()) * 3 + 59);
	KUNIT_ASSERT_NOT_NULL(test, l3->shared);
	KUNIT_EXPECT_EQ(test, l3->shared->limit, 6);
	s->ops->info(s, &info);
	KUNIT_EXPECT_EQ(test, info.limit, 7);
	KUNIT_EXPECT_EQ(test, info.batchcount, 3);
	KUNIT_EXPECT_EQ(test, info.shared, 2);
	/* Seven in the array; the next but one batch fills the shared array, the one after that goes to the slabs. */
	put_many(s, object + 100, 14);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 5);
	KUNIT_EXPECT_EQ(test, l3->shared->avail, 6);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 103);
	/* Without a shared array again. */
	tune(test, s, 200, 100, 0);
	KUNIT_EXPECT_NULL(test, l3->shared);
	KUNIT_EXPECT_EQ(test, l3->free_objects, 114);
	put_many(s, object + 114, 63);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 63);
	finish(test, s);
}

/* As a line of text, like those that Linux takes from who writes to slabinfo. */
static void classic_tune_line(struct kunit *test)
{
	static const struct {
		const char *line;
		int err;
	} bad[] = {
		{ "", -EINVAL }, { " 1 1 1", -EINVAL }, { "test", -EINVAL }, { "test 10 5", -EINVAL },
		{ "test 10 5 x", -EINVAL }, { "test 10 5 0 0", -EINVAL }, { "test -1 5 0", -EINVAL },
		{ "test 0 0 0", -EINVAL }, { "test 5 6 0", -EINVAL }, { "tes 10 5 0", -ENOENT },
		{ "test2 10 5 0", -ENOENT }, { "kmem_cache 10 5 0", -EOPNOTSUPP },
	};
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_slabs_tune(s->slabs, bad[i].line), bad[i].err, "'%s'", bad[i].line);
	KUNIT_EXPECT_EQ(test, array(s)->limit, 120);
	KUNIT_EXPECT_EQ(test, mmsim_slabs_tune(s->slabs, "test 20 10 2\n"), 0);
	KUNIT_EXPECT_EQ(test, array(s)->limit, 20);
	KUNIT_EXPECT_EQ(test, array(s)->batchcount, 10);
	KUNIT_EXPECT_EQ(test, mmsim_slabs_tune(s->slabs, "test\t30 15   0"), 0);
	KUNIT_EXPECT_EQ(test, array(s)->limit, 30);
	finish(test, s);
}

static struct kunit_case classic_array_cases[] = {
	KUNIT_CASE(classic_lifo),
	KUNIT_CASE(classic_refill),
	KUNIT_CASE(classic_refill_order),
	KUNIT_CASE(classic_flush),
	KUNIT_CASE(classic_shared),
	KUNIT_CASE(classic_busy),
	KUNIT_CASE(classic_bulk),
	KUNIT_CASE(classic_reap_array),
	KUNIT_CASE(classic_reap_slabs),
	KUNIT_CASE(classic_reap_shared),
	KUNIT_CASE(classic_reap_work),
	KUNIT_CASE(classic_tune),
	KUNIT_CASE(classic_tune_line),
	{}
};

static struct kunit_suite classic_array_suite = {
	.name = "classic_array",
	.test_cases = classic_array_cases,
};

kunit_test_suite(classic_array_suite);
