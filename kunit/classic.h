/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the SLAB engine's inside share. What all engines have in common is tested elsewhere. A test stays
 * on one CPU, so that it knows which array its objects are in.
 */
#ifndef MMSIM_KUNIT_CLASSIC_H
#define MMSIM_KUNIT_CLASSIC_H

#include <kunit/test.h>
#include <linux/sched.h>

#include "fixture.h"
#include "slab.h"
#include "slab/engine_slab.h"

#define MAX_OBJECTS	2000

/* An instance with a slab floor whose caches are laid out for so many CPUs. */
static inline struct mmsim_slabs *slabs_for(struct kunit *test, u64 size, unsigned int nr_cpus)
{
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLAB };

	mmsim_slab_host_rules(&params.rules);
	params.rules.nr_cpus = nr_cpus;
	return mmsim_test_slab_instance(test, size, &params)->slabs;
}

static inline struct mmsim_kmem_cache *cache(struct kunit *test, struct mmsim_slabs *slabs, unsigned int size)
{
	const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLAB };
	struct mmsim_kmem_cache *s = mmsim_cache_create(slabs, "test", size, &args, 0, _RET_IP_);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_PTR_EQ(test, s->ops, &mmsim_classic_ops);
	mmsim_test_no_reap(slabs);
	return s;
}

static inline void tune(struct kunit *test, struct mmsim_kmem_cache *s, unsigned int limit, unsigned int batchcount,
			unsigned int shared)
{
	int err;

	mutex_lock(&s->slabs->mutex);
	err = s->ops->tune(s, limit, batchcount, shared);
	mutex_unlock(&s->slabs->mutex);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static inline void reap(struct mmsim_kmem_cache *s)
{
	mutex_lock(&s->slabs->mutex);
	s->ops->reap(s);
	mutex_unlock(&s->slabs->mutex);
}

static inline void *get(struct mmsim_kmem_cache *s)
{
	return mmsim_cache_alloc(s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
}

static inline void put(struct mmsim_kmem_cache *s, void *object)
{
	mmsim_cache_free(s, object, _RET_IP_);
}

static inline void get_many(struct kunit *test, struct mmsim_kmem_cache *s, void **object, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		object[i] = get(s);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
	}
}

static inline void put_many(struct mmsim_kmem_cache *s, void **object, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		put(s, object[i]);
}

static inline void **objects(struct kunit *test)
{
	void **object = kunit_kcalloc(test, MAX_OBJECTS, sizeof(*object), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	return object;
}

static inline struct array_cache *array(struct mmsim_kmem_cache *s)
{
	return mmsim_cpu_part(s, raw_smp_processor_id());
}

static inline void expect_sound(struct kunit *test, struct mmsim_kmem_cache *s)
{
	char what[200] = "";
	int err;

	mutex_lock(&s->slabs->mutex);
	err = s->ops->check(s, what, sizeof(what));
	mutex_unlock(&s->slabs->mutex);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "%s", what);
}

static inline unsigned long stat(struct mmsim_kmem_cache *s, const char *name)
{
	unsigned long counts[MMSIM_SLAB_MAX_STATS];
	unsigned int i;

	s->ops->stats(s, counts);
	for (i = 0; s->ops->stat_names[i]; i++)
		if (!strcmp(s->ops->stat_names[i], name))
			return counts[i];
	return ULONG_MAX;
}

static inline void finish(struct kunit *test, struct mmsim_kmem_cache *s)
{
	expect_sound(test, s);
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s, _RET_IP_));
}

static inline struct slab *slab_of(struct mmsim_kmem_cache *s, void *object)
{
	return mmsim_classic_descriptor((struct mmsim_slab *)mmsim_slabs_head(s->slabs, object));
}

#endif /* MMSIM_KUNIT_CLASSIC_H */
