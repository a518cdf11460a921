// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slab_classic": the inside of the SLAB engine. What all engines have in common is tested elsewhere.
 *
 * Every test stays on one CPU, so that it knows which array its objects are in.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/sched.h>

#include "fixture.h"
#include "oracle.h"
#include "slab.h"
#include "slab/engine_slab.h"

#define MAX_OBJECTS	2000

/* An instance with a slab floor whose caches are laid out for so many CPUs. */
static struct mmsim_slabs *slabs_for(struct kunit *test, u64 size, unsigned int nr_cpus)
{
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLAB };

	mmsim_slab_host_rules(&params.rules);
	params.rules.nr_cpus = nr_cpus;
	return mmsim_test_slab_instance(test, size, &params)->slabs;
}

static struct mmsim_kmem_cache *cache(struct kunit *test, struct mmsim_slabs *slabs, unsigned int size)
{
	const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLAB };
	struct mmsim_kmem_cache *s = mmsim_cache_create(slabs, "test", size, &args, 0, _RET_IP_);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_PTR_EQ(test, s->ops, &mmsim_classic_ops);
	mmsim_test_no_reap(slabs);
	return s;
}

static void tune(struct kunit *test, struct mmsim_kmem_cache *s, unsigned int limit, unsigned int batchcount,
		 unsigned int shared)
{
	int err;

	mutex_lock(&s->slabs->mutex);
	err = s->ops->tune(s, limit, batchcount, shared);
	mutex_unlock(&s->slabs->mutex);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void reap(struct mmsim_kmem_cache *s)
{
	mutex_lock(&s->slabs->mutex);
	s->ops->reap(s);
	mutex_unlock(&s->slabs->mutex);
}

static void *get(struct mmsim_kmem_cache *s)
{
	return mmsim_cache_alloc(s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
}

static void put(struct mmsim_kmem_cache *s, void *object)
{
	mmsim_cache_free(s, object, _RET_IP_);
}

static void get_many(struct kunit *test, struct mmsim_kmem_cache *s, void **object, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		object[i] = get(s);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
	}
}

static void put_many(struct mmsim_kmem_cache *s, void **object, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		put(s, object[i]);
}

static void **objects(struct kunit *test)
{
	void **object = kunit_kcalloc(test, MAX_OBJECTS, sizeof(*object), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	return object;
}

static struct array_cache *array(struct mmsim_kmem_cache *s)
{
	return mmsim_cpu_part(s, raw_smp_processor_id());
}

static void expect_sound(struct kunit *test, struct mmsim_kmem_cache *s)
{
	char what[200] = "";
	int err;

	mutex_lock(&s->slabs->mutex);
	err = s->ops->check(s, what, sizeof(what));
	mutex_unlock(&s->slabs->mutex);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "%s", what);
}

static unsigned long stat(struct mmsim_kmem_cache *s, const char *name)
{
	unsigned long counts[MMSIM_SLAB_MAX_STATS];
	unsigned int i;

	s->ops->stats(s, counts);
	for (i = 0; s->ops->stat_names[i]; i++)
		if (!strcmp(s->ops->stat_names[i], name))
			return counts[i];
	return ULONG_MAX;
}

static void finish(struct kunit *test, struct mmsim_kmem_cache *s)
{
	expect_sound(test, s);
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s, _RET_IP_));
}

/* --- Geometry --- */

struct layout {
	unsigned int size, align;
	slab_flags_t flags;
	unsigned int num, pages;
	bool off_slab;
	unsigned int colour;
};

/*
 * Worked out by hand from 48 bytes and 4 an object, for x86-64's lines of 64 bytes. An object's size is a multiple of 8
 * and of its alignment.
 */
static const struct layout layouts[] = {
	{ 8, 0, 0, 337, 1, false, 0 },
	{ 16, 0, 0, 202, 1, false, 0 },
	{ 32, 0, 0, 112, 1, false, 0 },
	{ 64, 0, 0, 59, 1, false, 0 },
	{ 64, 64, 0, 59, 1, false, 0 },
	{ 80, 0, 0, 48, 1, false, 0 },
	{ 96, 0, 0, 40, 1, false, 0 },
	{ 104, 0, 0, 37, 1, false, 0 },
	{ 128, 64, 0, 30, 1, false, 1 },
	{ 176, 0, 0, 22, 1, false, 1 },
	{ 192, 64, 0, 20, 1, false, 2 },
	{ 256, 64, 0, 15, 1, false, 2 },
	{ 272, 0, 0, 14, 1, false, 2 },
	{ 504, 0, 0, 7, 1, false, 7 },
	{ 505, 0, 0, 8, 1, true, 0 },
	{ 512, 0, 0, 8, 1, true, 0 },
	{ 528, 0, 0, 7, 1, false, 5 },
	{ 560, 0, 0, 7, 1, false, 1 },
	{ 576, 64, 0, 7, 1, true, 1 },
	{ 704, 0, 0, 11, 2, false, 5 },
	{ 760, 0, SLAB_RECLAIM_ACCOUNT, 5, 1, false, 3 },
	{ 768, 64, 0, 5, 1, false, 2 },
	{ 832, 64, 0, 9, 2, false, 9 },
	{ 832, 64, SLAB_RECLAIM_ACCOUNT, 4, 1, false, 11 },
	{ 1024, 0, 0, 4, 1, true, 0 },
	{ 1472, 0, 0, 5, 2, false, 11 },
	{ 1536, 64, 0, 5, 2, false, 6 },
	{ 2048, 0, 0, 2, 1, true, 0 },
	{ 2112, 64, 0, 3, 2, false, 28 },
	{ 4096, 0, 0, 1, 1, true, 0 },
	{ 4096, 4096, 0, 1, 1, true, 0 },
	{ 5000, 0, 0, 1, 2, false, 49 },
	{ 8192, 0, 0, 1, 2, true, 0 },
	{ 8200, 0, 0, 1, 4, false, 127 },
	{ 131072, 0, 0, 1, 32, true, 0 },
	{ 4194304, 0, 0, 1, 1024, true, 0 },
};

static void describe_layout(const struct layout *l, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes, aligned to %u%s", l->size, l->align,
		 l->flags ? ", reclaimable" : "");
}

KUNIT_ARRAY_PARAM(layout, layouts, describe_layout);

static void classic_layout(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct mmsim_classic_geometry g;

	if (cache_line_size() != 64)
		kunit_skip(test, "the table is for cache lines of 64 bytes");
	KUNIT_ASSERT_EQ(test, mmsim_classic_geometry(&g, l->size, l->align, l->flags, 1), 0);
	KUNIT_EXPECT_EQ(test, g.num, l->num);
	KUNIT_EXPECT_EQ(test, 1U << g.order, l->pages);
	KUNIT_EXPECT_EQ(test, g.off_slab, l->off_slab);
	KUNIT_EXPECT_EQ(test, g.colour, l->colour);
}

/* How many objects fit, tried one by one. */
static unsigned int count_objects(unsigned long bytes, unsigned long size, unsigned long align, bool off_slab)
{
	unsigned long nr = 0;

	while ((nr + 1) * size + (off_slab ? 0 : roundup(48 + 4 * (nr + 1), align)) <= bytes)
		nr++;
	return nr;
}

/* Any layout must hold as many objects as fit, waste no more than it says, and have no lower order that would do. */
static void classic_layout_random(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i;

	mmsim_test_random(test, &rnd);
	for (i = 0; i < 20000; i++) {
		unsigned int size = 1 + mmsim_test_below(&rnd, 1 << (4 + mmsim_test_below(&rnd, 12)));
		unsigned int align = 8 << mmsim_test_below(&rnd, 8), break_order = mmsim_test_below(&rnd, 3);
		slab_flags_t flags = mmsim_test_below(&rnd, 4) ? 0 : SLAB_RECLAIM_ACCOUNT;
		unsigned int slot = roundup(size, align), order = 0, nr, room;
		bool off = roundup(size, 8) >= 512;
		struct mmsim_classic_geometry g;
		long left;

		for (;; order++) {
			nr = count_objects(PAGE_SIZE << order, slot, align, off);
			left = (PAGE_SIZE << order) - nr * slot - (off ? 0 : roundup(48 + 4 * nr, align));
			if (nr && (flags || order >= break_order || left * 8 <= (long)PAGE_SIZE << order))
				break;
		}
		room = roundup(48 + 4 * nr, align);
		if (off && left >= room) {
			off = false;
			left -= room;
		}
		KUNIT_ASSERT_EQ(test, mmsim_classic_geometry(&g, size, align, flags, break_order), 0);
		if (g.size == slot && g.order == order && g.num == nr && g.off_slab == off &&
		    g.colour == left / max_t(long, cache_line_size(), align) &&
		    g.descriptor == (off ? 48 + 4 * nr : room))
			continue;
		KUNIT_FAIL(test, "%u bytes, align %u, flags %#x, break %u: %u of %u, order %u, not %u of %u, %u",
			   size, align, (__force unsigned int)flags, break_order, g.num, g.size, g.order, nr, slot,
			   order);
		return;
	}
}

static void classic_too_large(struct kunit *test)
{
	struct mmsim_classic_geometry g;

	KUNIT_EXPECT_EQ(test, mmsim_classic_geometry(&g, SZ_4M + 1, 0, 0, 1), -E2BIG);
	KUNIT_EXPECT_EQ(test, mmsim_classic_geometry(&g, SIZE_MAX, 0, 0, 1), -E2BIG);
}

/* The sizes of arrays, by the size of objects. */
static const struct {
	unsigned int size, limit;
} limits[] = {
	{ 8, 120 }, { 256, 120 }, { 264, 54 }, { 1024, 54 }, { 1032, 24 }, { 4096, 24 }, { 4104, 8 }, { 131072, 8 },
	{ 131080, 1 },
};

static void classic_limits(struct kunit *test)
{
	unsigned int nr_cpus, i;

	for (nr_cpus = 1; nr_cpus <= 2; nr_cpus++) {
		struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, nr_cpus);

		for (i = 0; i < ARRAY_SIZE(limits); i++) {
			struct mmsim_kmem_cache *s = cache(test, slabs, limits[i].size);
			unsigned int shared = nr_cpus > 1 && limits[i].size <= 4096 ? 8 : 0;
			struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
			struct mmsim_slabinfo info;

			s->ops->info(s, &info);
			KUNIT_EXPECT_EQ_MSG(test, info.limit, limits[i].limit, "%u bytes", s->size);
			KUNIT_EXPECT_EQ_MSG(test, info.batchcount, (limits[i].limit + 1) / 2, "%u bytes", s->size);
			KUNIT_EXPECT_EQ_MSG(test, info.shared, shared, "%u bytes", s->size);
			KUNIT_EXPECT_EQ(test, array(s)->limit, info.limit);
			KUNIT_EXPECT_EQ(test, l3->shared ? l3->shared->limit : 0, shared * info.batchcount);
			KUNIT_EXPECT_EQ(test, l3->free_limit, (1 + num_online_cpus()) * info.batchcount + s->objects);
			finish(test, s);
		}
	}
}

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

/* --- Slabs --- */

static unsigned int length(struct list_head *list)
{
	struct list_head *at;
	unsigned int nr = 0;

	list_for_each(at, list)
		nr++;
	return nr;
}

static void expect_lists(struct kunit *test, struct kmem_list3 *l3, unsigned int full, unsigned int partial,
			 unsigned int free)
{
	KUNIT_EXPECT_EQ(test, length(&l3->slabs_full), full);
	KUNIT_EXPECT_EQ(test, length(&l3->slabs_partial), partial);
	KUNIT_EXPECT_EQ(test, length(&l3->slabs_free), free);
}

static struct slab *slab_of(struct mmsim_kmem_cache *s, void *object)
{
	return mmsim_classic_descriptor((struct mmsim_slab *)mmsim_slabs_head(s->slabs, object));
}

/* An array of one: each free puts the object before it into its slab. 1024 bytes are four to a slab. */
static void classic_lists(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 1024);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);

	tune(test, s, 1, 1, 0);
	get_many(test, s, object, 3);
	expect_lists(test, l3, 0, 1, 0);
	get_many(test, s, object + 3, 5);
	expect_lists(test, l3, 2, 0, 0);
	KUNIT_EXPECT_PTR_EQ(test, slab_of(s, object[0]), slab_of(s, object[3]));
	KUNIT_EXPECT_PTR_NE(test, slab_of(s, object[3]), slab_of(s, object[4]));

	/* Each of both slabs in turn: they become partial in the order of their first free. */
	put(s, object[4]);
	expect_lists(test, l3, 2, 0, 0);
	put(s, object[0]);
	expect_lists(test, l3, 1, 1, 0);
	put(s, object[5]);
	expect_lists(test, l3, 0, 2, 0);
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&l3->slabs_partial, struct slab, list), slab_of(s, object[4]));
	/* A slab that gets another object back goes to the end of the list. */
	put(s, object[1]);
	KUNIT_EXPECT_PTR_EQ(test, list_last_entry(&l3->slabs_partial, struct slab, list), slab_of(s, object[4]));
	/* The array's object first, then from the first partial slab, what was freed to it last. */
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[1]);
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[0]);
	expect_lists(test, l3, 1, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[5]);
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[4]);
	expect_lists(test, l3, 2, 0, 0);
	put_many(s, object, 4);
	put(s, object[4]);
	expect_lists(test, l3, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, l3->nr_free_slabs, 1);
	put_many(s, object + 5, 3);
	finish(test, s);
}

/* What an array gives back may be no object, or one whose slab has gone: counted, and nothing written. */
static void classic_put_checks(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 256);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);
	void **object = objects(test), *p;
	unsigned int i;

	get_many(test, s, object, 2);
	p = slab_of(s, object[0])->s_mem;
	for (i = 0; i < 3; i++) {
		void *stray[] = { p - 8, p + 8, PTR_ALIGN(p, PAGE_SIZE) };

		/* In the descriptor, in an object, and in the next page, which is not the cache's. */
		rest.stray = NULL;
		rest.twice = NULL;
		spin_lock_irq(&l3->list_lock);
		mmsim_classic_put(s, l3, &stray[i], 1, &rest);
		spin_unlock_irq(&l3->list_lock);
		KUNIT_EXPECT_EQ(test, l3->errors, i + 1);
		KUNIT_EXPECT_PTR_EQ(test, i < 2 ? rest.stray : rest.twice, stray[i]);
	}
	put_many(s, object, 2);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	rest.twice = NULL;
	spin_lock_irq(&l3->list_lock);
	mmsim_classic_put(s, l3, object, 1, &rest);
	spin_unlock_irq(&l3->list_lock);
	KUNIT_EXPECT_PTR_EQ(test, rest.twice, object[0]);
	KUNIT_EXPECT_EQ(test, l3->errors, 4);
	finish(test, s);
}

/* A node keeps no more free objects than its limit when a slab falls free; the rest goes back at once. */
static void classic_free_limit(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 1024);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);
	unsigned int i, kept;

	tune(test, s, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, l3->free_limit, 1 + num_online_cpus() + 4);
	kept = l3->free_limit / 4;
	get_many(test, s, object, 80);
	put_many(s, object, 80);
	/* The last object is in the array, its slab partial. */
	expect_lists(test, l3, 0, 1, kept);
	KUNIT_EXPECT_EQ(test, l3->nr_slabs, kept + 1);
	KUNIT_EXPECT_EQ(test, stat(s, "max_freeable"), kept);
	KUNIT_EXPECT_EQ(test, stat(s, "grown"), 20);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), kept + 1);
	for (i = kept; i; i--)
		KUNIT_EXPECT_EQ(test, mmsim_classic_drain_free(s, l3, 1), 1);
	KUNIT_EXPECT_EQ(test, mmsim_classic_drain_free(s, l3, 1), 0);
	expect_lists(test, l3, 0, 1, 0);
	finish(test, s);
}

static const unsigned int colour_sizes[] = { 64, 176, 192, 272, 504, 832, 1472, 2048, 5000 };

/* Each slab's first object is a step further than the one before, until the left-over is used up. */
static void classic_colours(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	unsigned int i, nr;

	for (i = 0; i < ARRAY_SIZE(colour_sizes); i++) {
		struct mmsim_kmem_cache *s = cache(test, slabs, colour_sizes[i]);
		const struct mmsim_classic_geometry *g = &mmsim_classic_of(s)->g;
		unsigned int base = g->off_slab ? 0 : g->descriptor;
		struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
		struct slab *slabp;

		for (nr = 0; nr < 70; nr++) {
			KUNIT_ASSERT_EQ(test, mmsim_classic_grow(s, GFP_KERNEL, 0), 0);
			slabp = list_last_entry(&l3->slabs_free, struct slab, list);
			KUNIT_EXPECT_EQ_MSG(test, slabp->colouroff, base + nr % max(g->colour, 1U) * g->colour_off,
					    "%u bytes, slab %u", s->size, nr);
			KUNIT_EXPECT_PTR_EQ(test, slabp->s_mem, slabp->pages->virtual + slabp->colouroff);
		}
		KUNIT_EXPECT_EQ(test, l3->free_objects, 70 * s->objects);
		finish(test, s);
	}
}

static unsigned int constructed;

static void construct(void *object)
{
	constructed++;
	*(u64 *)object = 0x0bec0bec;
}

/* The constructor runs once an object, when a slab is made; its work is still there when an object is taken again. */
static void classic_constructor(struct kunit *test)
{
	const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLAB, .ctor = construct };
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = mmsim_cache_create(slabs, "ctor", 64, &args, 0, _RET_IP_);
	void **object = objects(test);
	unsigned int round, i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	mmsim_test_no_reap(slabs);
	constructed = 0;
	for (round = 0; round < 3; round++) {
		get_many(test, s, object, 200);
		for (i = 0; i < 200; i++)
			KUNIT_EXPECT_EQ(test, *(u64 *)object[i], 0x0bec0bec);
		KUNIT_EXPECT_EQ(test, constructed, 4 * s->objects);
		put_many(s, object, 200);
	}
	finish(test, s);
}

/* An object put back twice is noticed: at the top of the array, and when it comes to its slab. */
static void classic_twice(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 1024);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void *a = get(s), *b = get(s);
	unsigned int avail;

	KUNIT_ASSERT_NOT_NULL(test, b);
	put(s, a);
	avail = array(s)->avail;
	put(s, a);
	KUNIT_EXPECT_EQ(test, array(s)->avail, avail);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), 1);
	put(s, b);
	put(s, a);
	KUNIT_EXPECT_EQ(test, array(s)->avail, avail + 2);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), 2);
	KUNIT_EXPECT_EQ(test, l3->errors, 1);
	KUNIT_EXPECT_EQ(test, l3->nr_slabs, 0);
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

/* --- Nodes --- */

/* Two nodes, of which this CPU is one's; 2048 bytes are two to a page. */
static struct mmsim_kmem_cache *node_cache(struct kunit *test, bool interleave, u64 size)
{
	const struct mmsim_memory_params memory = { .nr_nodes = 2, .interleave = interleave };
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLAB };

	mmsim_slab_host_rules(&params.rules);
	params.rules.nr_cpus = 2;
	return cache(test, mmsim_test_slab_instance_with(test, size, "Normal", &memory, &params)->slabs, 2048);
}

static unsigned int node_of(struct mmsim_kmem_cache *s, void *object)
{
	return mmsim_page_nid(mmsim_slabs_head(s->slabs, object));
}

static void *get_on(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	return mmsim_cache_alloc(s, gfp, node, _RET_IP_);
}

/* Another node's objects come without an array, and go back through the alien array, twelve at a time. */
static void classic_alien(struct kunit *test)
{
	struct mmsim_kmem_cache *s = node_cache(test, false, SZ_16M);
	unsigned int here = array(s)->nid, there = !here, i;
	struct kmem_list3 *l3 = mmsim_classic_list3(s, here), *other = mmsim_classic_list3(s, there);
	void **object = objects(test);
	struct array_cache *alien;

	KUNIT_ASSERT_NOT_NULL(test, l3->alien);
	KUNIT_EXPECT_NULL(test, l3->alien[here]);
	alien = &l3->alien[there]->ac;
	KUNIT_EXPECT_EQ(test, alien->limit, 12);
	for (i = 0; i < 30; i++) {
		object[i] = get_on(s, GFP_KERNEL, there);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
		KUNIT_EXPECT_EQ(test, node_of(s, object[i]), there);
	}
	KUNIT_EXPECT_EQ(test, stat(s, "node_allocs"), 30);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 0);
	KUNIT_EXPECT_EQ(test, other->nr_slabs, 15);
	put_many(s, object, 12);
	KUNIT_EXPECT_EQ(test, alien->avail, 12);
	KUNIT_EXPECT_EQ(test, stat(s, "node_overflow"), 0);
	put(s, object[12]);
	KUNIT_EXPECT_EQ(test, alien->avail, 1);
	KUNIT_EXPECT_EQ(test, other->shared->avail, 12);
	KUNIT_EXPECT_EQ(test, stat(s, "node_frees"), 13);
	KUNIT_EXPECT_EQ(test, stat(s, "node_overflow"), 1);
	expect_sound(test, s);
	/* A round of reap empties an alien array, this node's own not being one: it may take two. */
	reap(s);
	reap(s);
	KUNIT_EXPECT_EQ(test, alien->avail, 0);
	KUNIT_EXPECT_EQ(test, other->shared->avail, 13);
	put_many(s, object + 13, 17);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	KUNIT_EXPECT_EQ(test, other->nr_slabs, 0);
	finish(test, s);
}

/* When a node is out of memory its requests get another's, unless they insist. */
static void classic_fallback(struct kunit *test)
{
	struct mmsim_kmem_cache *s = node_cache(test, false, SZ_8M);
	unsigned int here = array(s)->nid, nr = 0, far = 0, i;
	struct mmsim_memory *mem = s->slabs->mem;
	struct mmsim_page *page, *chain = NULL;
	void **object = objects(test), *insisting;

	while ((page = mmsim_memory_alloc_node(mem, here, GFP_NOWAIT | __GFP_NOWARN | __GFP_THISNODE, 0, _RET_IP_)))
		mmsim_chain_push(&chain, page);
	for (nr = 0; nr < 200; nr++) {
		object[nr] = get_on(s, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE);
		if (!object[nr])
			break;
		far += node_of(s, object[nr]) != here;
	}
	KUNIT_EXPECT_EQ(test, nr, 200);
	KUNIT_EXPECT_EQ(test, far, 200);
	KUNIT_EXPECT_EQ(test, mmsim_classic_list3(s, !here)->nr_slabs, 100);
	insisting = get_on(s, GFP_KERNEL | __GFP_NOWARN | __GFP_THISNODE, here);
	KUNIT_EXPECT_NULL(test, insisting);
	/* What lies about on the other node is used before pages are. */
	put_many(s, object, nr);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	KUNIT_ASSERT_EQ(test, mmsim_classic_grow(s, GFP_KERNEL | __GFP_THISNODE, !here), (int)!here);
	for (i = 0; i < 2; i++)
		object[i] = get(s);
	KUNIT_EXPECT_EQ(test, mmsim_classic_list3(s, !here)->nr_slabs, 1);
	put_many(s, object, 2);
	while (chain)
		mmsim_memory_free(mem, mmsim_chain_pop(&chain), 0, _RET_IP_);
	finish(test, s);
}

/* Where the instance interleaves, requests without a node go to each in turn. */
static void classic_alternate(struct kunit *test)
{
	struct mmsim_kmem_cache *s = node_cache(test, true, SZ_16M);
	unsigned int nr[2] = {}, last = 2, repeated = 0, i;
	void **object = objects(test);

	for (i = 0; i < 100; i++) {
		/* A slab's pages are asked for with their node, and so don't turn the wheel. */
		object[i] = get(s);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
		repeated += node_of(s, object[i]) == last;
		last = node_of(s, object[i]);
		nr[last]++;
	}
	KUNIT_EXPECT_EQ(test, nr[0], 50);
	KUNIT_EXPECT_EQ(test, nr[1], 50);
	KUNIT_EXPECT_EQ(test, repeated, 0);
	put_many(s, object, 100);
	finish(test, s);
}

/* --- The checker --- */

static void expect_broken(struct kunit *test, struct mmsim_kmem_cache *s, const char *word)
{
	char what[200] = "";
	int err;

	mutex_lock(&s->slabs->mutex);
	err = s->ops->check(s, what, sizeof(what));
	mutex_unlock(&s->slabs->mutex);
	KUNIT_EXPECT_EQ_MSG(test, err, -EUCLEAN, "not found: %s", word);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(what, word), "'%s' is not in: %s", word, what);
}

/* Each kind of damage is found, and named. */
static void classic_check_finds(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test), *saved;
	struct slab *slabp;
	kmem_bufctl_t next;

	get_many(test, s, object, 10);
	put_many(s, object, 5);
	slabp = slab_of(s, object[0]);
	expect_sound(test, s);

	slabp->inuse++;
	expect_broken(test, s, "counted as taken");
	slabp->inuse--;
	next = slab_bufctl(slabp)[slabp->free];
	slab_bufctl(slabp)[slabp->free] = slabp->free;
	expect_broken(test, s, "leads astray");
	slab_bufctl(slabp)[slabp->free] = 59;
	expect_broken(test, s, "leads astray");
	slab_bufctl(slabp)[slabp->free] = BUFCTL_END;
	expect_broken(test, s, "on the chain");
	slab_bufctl(slabp)[slabp->free] = next;
	l3->free_objects++;
	expect_broken(test, s, "counted");
	l3->free_objects--;
	list_move(&slabp->list, &l3->slabs_full);
	expect_broken(test, s, "wrong list");
	list_move(&slabp->list, &l3->slabs_partial);
	slabp->colouroff += 64;
	expect_broken(test, s, "don't know each other");
	slabp->colouroff -= 64;

	saved = array(s)->entry[0];
	array(s)->entry[0] = mmsim_classic_object(s, slabp, slabp->free);
	expect_broken(test, s, "at once");
	array(s)->entry[0] = saved + 1;
	expect_broken(test, s, "not the start");
	array(s)->entry[0] = slabs_for;
	expect_broken(test, s, "no object");
	array(s)->entry[0] = saved;
	array(s)->avail += 200;
	expect_broken(test, s, "limit");
	array(s)->avail -= 200;
	put_many(s, object + 5, 5);
	finish(test, s);
}

/* --- All of it --- */

/* The map says of each object whether it is free, wherever it lies. */
static void classic_map(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 2), 64);
	unsigned long *free = kunit_kzalloc(test, BITS_TO_LONGS(59) * sizeof(long), GFP_KERNEL);
	void **object = objects(test), *first;
	struct mmsim_slab *slab;
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, free);
	get_many(test, s, object, 400);
	/* Some into the array, some into the shared one. */
	put_many(s, object, 200);
	KUNIT_ASSERT_GT(test, mmsim_classic_list3(s, 0)->shared->avail, 0);
	for (i = 0; i < 400; i++) {
		slab = (struct mmsim_slab *)mmsim_slabs_head(s->slabs, object[i]);
		first = s->ops->place(s, slab, &nr);
		KUNIT_ASSERT_EQ(test, nr, 59);
		bitmap_zero(free, nr);
		s->ops->map(s, slab, free);
		KUNIT_EXPECT_EQ_MSG(test, test_bit((object[i] - first) / 64, free), i < 200, "object %u", i);
	}
	put_many(s, object + 200, 200);
	finish(test, s);
}

/* Off-slab descriptors are kmalloc's; when they can't be had the slab's pages go back. */
static void classic_descriptors(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 1024), *home;
	void *object = get(s);

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_ASSERT_TRUE(test, mmsim_classic_of(s)->g.off_slab);
	KUNIT_EXPECT_EQ(test, mmsim_classic_of(s)->g.descriptor, 64);
	home = ((struct mmsim_slab *)mmsim_slabs_head(slabs, slab_of(s, object)))->cache;
	KUNIT_EXPECT_PTR_EQ(test, home, slabs->kmalloc[MMSIM_KMALLOC_NORMAL][6]);
	KUNIT_EXPECT_FALSE(test, mmsim_classic_of(home)->g.off_slab);
	put(s, object);
	finish(test, s);
}

/* Out of memory: NULL, nothing lost, and all of it can be had again. */
static void classic_no_memory(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_8M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 8192);
	struct mmsim_slab_snapshot all_free;
	void **object = objects(test);
	unsigned int round, nr, first = 0;

	/* Slabs that other caches don't need would be had at the end of the first round alone. */
	mmsim_slab_snapshot(slabs, &all_free);
	for (round = 0; round < 3; round++) {
		for (nr = 0; nr < MAX_OBJECTS; nr++) {
			object[nr] = mmsim_cache_alloc(s, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE, _RET_IP_);
			if (!object[nr])
				break;
		}
		KUNIT_EXPECT_GT(test, nr, 500);
		KUNIT_EXPECT_LT(test, nr, 1024);
		expect_sound(test, s);
		put_many(s, object, nr);
		KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
		mmsim_slab_snapshot(slabs, &all_free);
		if (round)
			KUNIT_EXPECT_EQ(test, nr, first);
		first = nr;
	}
	finish(test, s);
}

static struct kunit_case classic_cases[] = {
	KUNIT_CASE_PARAM(classic_layout, layout_gen_params),
	KUNIT_CASE(classic_layout_random),
	KUNIT_CASE(classic_too_large),
	KUNIT_CASE(classic_limits),
	KUNIT_CASE(classic_lifo),
	KUNIT_CASE(classic_refill),
	KUNIT_CASE(classic_refill_order),
	KUNIT_CASE(classic_flush),
	KUNIT_CASE(classic_shared),
	KUNIT_CASE(classic_busy),
	KUNIT_CASE(classic_bulk),
	KUNIT_CASE(classic_lists),
	KUNIT_CASE(classic_put_checks),
	KUNIT_CASE(classic_free_limit),
	KUNIT_CASE(classic_colours),
	KUNIT_CASE(classic_constructor),
	KUNIT_CASE(classic_twice),
	KUNIT_CASE(classic_reap_array),
	KUNIT_CASE(classic_reap_slabs),
	KUNIT_CASE(classic_reap_shared),
	KUNIT_CASE(classic_reap_work),
	KUNIT_CASE(classic_tune),
	KUNIT_CASE(classic_tune_line),
	KUNIT_CASE(classic_alien),
	KUNIT_CASE(classic_fallback),
	KUNIT_CASE(classic_alternate),
	KUNIT_CASE(classic_check_finds),
	KUNIT_CASE(classic_map),
	KUNIT_CASE(classic_descriptors),
	KUNIT_CASE(classic_no_memory),
	{}
};

static struct kunit_suite classic_suite = {
	.name = "slab_classic",
	.test_cases = classic_cases,
};

kunit_test_suite(classic_suite);
