/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites of the SLOB engine's inside share. What all engines have in common is tested elsewhere. */
#ifndef MMSIM_KUNIT_SLOB_H
#define MMSIM_KUNIT_SLOB_H

#include <kunit/test.h>

#include "fixture.h"
#include "slab/engine_slob.h"

/* An instance whose caches are SLUB's, so that the heap has nothing but the test's pieces. */
static inline struct mmsim_slabs *slabs_of(struct kunit *test, const char *zones)
{
	const struct mmsim_memory_params memory = {};
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLUB };

	mmsim_slab_host_rules(&params.rules);
	return mmsim_test_slab_instance_with(test, SZ_16M, zones, &memory, &params)->slabs;
}

static inline struct mmsim_kmem_cache *cache_with(struct kunit *test, struct mmsim_slabs *slabs, unsigned int size,
						  slab_flags_t flags, void (*ctor)(void *object))
{
	const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLOB, .ctor = ctor };
	struct mmsim_kmem_cache *s = mmsim_cache_create(slabs, "test", size, &args, flags, _RET_IP_);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_NOT_NULL(test, slabs->heap);
	return s;
}

/* A floor with an empty heap. */
static inline struct mmsim_slabs *heap(struct kunit *test, const char *zones)
{
	struct mmsim_slabs *slabs = slabs_of(test, zones);

	KUNIT_ASSERT_TRUE(test, mmsim_cache_destroy(cache_with(test, slabs, 8, 0, NULL), _RET_IP_));
	KUNIT_ASSERT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, 0);
	return slabs;
}

static inline void *cut(struct mmsim_slabs *slabs, size_t size, size_t align)
{
	const struct mmsim_slob_request r = { .size = size, .align = align, .node = NUMA_NO_NODE };

	return mmsim_slob_cut(slabs->heap, &r, GFP_KERNEL | __GFP_NOWARN);
}

static inline struct mmsim_slab *page_of(struct mmsim_slabs *slabs, const void *p)
{
	return (struct mmsim_slab *)mmsim_slabs_head(slabs, p);
}

static inline bool put(struct mmsim_slabs *slabs, void *p, size_t size)
{
	return mmsim_slob_put(slabs, page_of(slabs, p), p, size);
}

static inline void expect_sound(struct kunit *test, struct mmsim_slabs *slabs)
{
	char what[200] = "";

	KUNIT_EXPECT_EQ_MSG(test, mmsim_slob_heap_check(slabs, what, sizeof(what)), 0, "%s", what);
}

static inline void expect_empty(struct kunit *test, struct mmsim_slabs *slabs)
{
	expect_sound(test, slabs);
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, 0);
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->free_units, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->heap->nr_slabs), 0);
}

#endif /* MMSIM_KUNIT_SLOB_H */
