// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "classic_geometry": how the SLAB engine lays out its slabs and sizes its arrays.
 */
#include "classic.h"
#include "oracle.h"

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

static struct kunit_case classic_geometry_cases[] = {
	KUNIT_CASE_PARAM(classic_layout, layout_gen_params),
	KUNIT_CASE(classic_layout_random),
	KUNIT_CASE(classic_too_large),
	KUNIT_CASE(classic_limits),
	{}
};

static struct kunit_suite classic_geometry_suite = {
	.name = "classic_geometry",
	.test_cases = classic_geometry_cases,
};

kunit_test_suite(classic_geometry_suite);
