// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vshort": vmalloc when there is not enough of something, or a step fails. What could not be had leaves
 * nothing behind, and asks for help only those whom the request allows.
 */
#include <kunit/test.h>

#include <mmsim/shrinker.h>

#include "base/fault.h"
#include "page/reclaim.h"
#include "vmalloc.h"

#define REGION		SZ_16M
#define WINDOW		SZ_64M

static struct mmsim *instance(struct kunit *test)
{
	return mmsim_test_vmalloc(test, REGION, "Normal", WINDOW);
}

/* Until there are no frames left, or no addresses; then all comes back, and as much can be had again. */
static unsigned int exhaust(struct kunit *test, void **addr, unsigned int max, unsigned long size)
{
	unsigned int nr = 0, i;

	while (nr < max && (addr[nr] = mmsim___vmalloc(size, GFP_KERNEL | __GFP_NOWARN)))
		mmsim_fill(addr[nr], size, nr), nr++;
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, mmsim_wrong(addr[i], size, i), 0);
		mmsim_vfree(addr[i]);
	}
	return nr;
}

static void vshort_no_frames(struct kunit *test)
{
	void **addr = kunit_kcalloc(test, 256, sizeof(*addr), GFP_KERNEL);
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	unsigned int nr;

	KUNIT_ASSERT_NOT_NULL(test, addr);
	mmsim_vmalloc_snapshot(m, &before);
	nr = exhaust(test, addr, 256, SZ_256K);
	KUNIT_EXPECT_GT(test, nr, 50);
	KUNIT_EXPECT_LT(test, nr, 64);
	KUNIT_EXPECT_EQ(test, exhaust(test, addr, 256, SZ_256K), nr);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

static void vshort_no_addresses(struct kunit *test)
{
	void **addr = kunit_kcalloc(test, 1024, sizeof(*addr), GFP_KERNEL);
	struct mmsim *m = mmsim_test_vmalloc(test, REGION, "Normal", SZ_4M);
	struct mmsim_vmalloc_snapshot before;

	KUNIT_ASSERT_NOT_NULL(test, addr);
	if (m->vmalloc->mode != MMSIM_VMALLOC_WINDOW)
		kunit_skip(test, "the host chooses the addresses");
	mmsim_vmalloc_snapshot(m, &before);
	KUNIT_EXPECT_EQ(test, before.free_bytes, SZ_4M);
	KUNIT_EXPECT_EQ(test, exhaust(test, addr, 1024, PAGE_SIZE), 512);
	KUNIT_EXPECT_EQ(test, exhaust(test, addr, 1024, PAGE_SIZE), 512);
	KUNIT_EXPECT_NULL(test, mmsim___vmalloc(SZ_4M, GFP_KERNEL | __GFP_NOWARN));
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* Each step fails once; what was done before it is undone. The last area needs an array that is one, too. */
static void vshort_failures(struct kunit *test)
{
	static const struct { unsigned long size, align; bool huge; } requests[] = {
		{ PAGE_SIZE, 1 }, { SZ_64K, 1 }, { SZ_1M, SZ_1M }, { SZ_4M, 1 }, { SZ_4M, 1, true },
	};
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	unsigned int i, nth;

	mmsim_vmalloc_snapshot(m, &before);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		unsigned int failed = 0;

		for (nth = 0; ; nth++) {
			bool hit;
			void *addr;

			mmsim_fault_arm(nth);
			if (requests[i].huge)
				addr = mmsim_vmalloc_huge(requests[i].size, GFP_KERNEL | __GFP_NOWARN);
			else
				addr = mmsim___vmalloc_node(requests[i].size, requests[i].align,
							    GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE, NULL);
			hit = mmsim_fault_disarm();
			failed += !addr;
			mmsim_vfree(addr);
			mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
			if (!hit)
				break;
		}
		KUNIT_EXPECT_GE(test, nth, 3);
		KUNIT_EXPECT_TRUE(test, failed || requests[i].huge);
	}
}

/* A cache that never gives anything, and notes who asks. */
struct watcher {
	struct mmsim_shrinker shrinker;
	struct task_struct *tester;
	unsigned long calls;		/* by the test's thread */
	unsigned long with_fs;		/* those that could have called a filesystem */
};

static unsigned long watcher_count(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	struct watcher *w = container_of(shrinker, struct watcher, shrinker);

	if (current == w->tester) {
		w->calls++;
		w->with_fs += !!(sc->gfp_mask & __GFP_FS);
	}
	return 0;
}

static unsigned long watcher_scan(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	return MMSIM_SHRINK_STOP;
}

/*
 * GFP_NOFS holds for all that a request needs: it is tried with one page more each time, and so each step in turn finds
 * none left and reclaims. Most of the frames in the middle are tried sixteen at a time.
 */
static void vshort_nofs(struct kunit *test)
{
	struct mmsim *m = instance(test);
	unsigned long max = m->memory->nr_pages, size = SZ_2M + SZ_1M, frames = size >> PAGE_SHIFT, nr = 0;
	unsigned long given = 0, asked = 0, had;
	struct mmsim_page **page = kunit_kcalloc(test, max, sizeof(*page), GFP_KERNEL);
	struct watcher *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	void *addr = NULL;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, w);
	w->tester = current;
	w->shrinker = (struct mmsim_shrinker) {
		.count_objects = watcher_count, .scan_objects = watcher_scan, .seeks = MMSIM_DEFAULT_SEEKS,
		.name = "test",
	};
	/* Once, so that the slab caches have what they need. */
	mmsim_vfree(mmsim_vmalloc(size));
	mmsim_vm_unmap_aliases();
	/* With nothing free in the zone a request doesn't look at the CPU's list, which the last batch has gone to. */
	do {
		mmsim_pcp_drain_all(m->memory);
		had = nr;
		while (nr < max && (page[nr] = take(m->memory, __GFP_NOWARN, 0)))
			nr++;
	} while (nr > had);
	KUNIT_ASSERT_TRUE(test, mmsim_reclaim_add(m->memory, &w->shrinker, _THIS_IP_));
	while (nr && !addr) {
		unsigned int more = given < 16 || given + 16 > frames ? 1 : 16;

		for (; nr && more--; given++)
			KUNIT_EXPECT_TRUE(test, give(m->memory, page[--nr], 0));
		addr = mmsim___vmalloc(size, (GFP_NOFS & ~__GFP_KSWAPD_RECLAIM) | __GFP_NOWARN);
		mmsim_vm_unmap_aliases();
		asked++;
	}
	KUNIT_ASSERT_TRUE(test, mmsim_reclaim_remove(m->memory, &w->shrinker, _THIS_IP_));
	KUNIT_EXPECT_NOT_NULL(test, addr);
	/* All its pages, and at least two for the array of them. */
	KUNIT_EXPECT_GE(test, given, frames + 2);
	KUNIT_EXPECT_GE(test, asked, frames / 16 + 16);
	KUNIT_EXPECT_GT(test, w->calls, 0);
	KUNIT_EXPECT_EQ(test, w->with_fs, 0);
	mmsim_vfree(addr);
	mmsim_test_give_all(test, m->memory, page, nr);
}

static struct kunit_case vshort_cases[] = {
	KUNIT_CASE_PARAM(vshort_no_frames, mmsim_vmalloc_modes_gen),
	KUNIT_CASE(vshort_no_addresses),
	KUNIT_CASE_PARAM(vshort_failures, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vshort_nofs, mmsim_vmalloc_modes_gen),
	{}
};

static struct kunit_suite vshort_suite = {
	.name = "vshort",
	.test_cases = vshort_cases,
};

kunit_test_suite(vshort_suite);
