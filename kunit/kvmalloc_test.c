// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "kvmalloc": which of kmalloc() and vmalloc() serves a request, and the mode in which they are the same.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include <mmsim/kmalloc.h>

#include "base/fault.h"
#include "vmalloc.h"

static struct mmsim *instance(struct kunit *test)
{
	return mmsim_test_vmalloc(test, SZ_16M, "Normal", SZ_64M);
}

static bool is_mapped(const void *addr)
{
	return mmsim_is_vmalloc_addr(addr);
}

/* Takes every block of @order pages and more; what is left is smaller. Returns how many it has. */
static unsigned int take_large(struct mmsim *m, unsigned int order, struct mmsim_page **page, unsigned int max)
{
	unsigned int nr = 0;

	while (nr < max && (page[nr] = take(m->memory, GFP_KERNEL | __GFP_NOWARN, order)))
		nr++;
	return nr;
}

/* As long as there is a block, kmalloc() has it; above its largest size only vmalloc() has. */
static void kvmalloc_first(struct kunit *test)
{
	static const size_t sizes[] = { 1, 100, PAGE_SIZE, PAGE_SIZE + 1, SZ_256K, SZ_4M };
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	unsigned int i;
	void *p;

	mmsim_vmalloc_snapshot(m, &before);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_kvmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	mmsim_kvfree(ZERO_SIZE_PTR);
	mmsim_kvfree(NULL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = mmsim_kvmalloc(sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_FALSE(test, is_mapped(p));
		mmsim_kvfree(p);
	}
	p = mmsim_kvzalloc(SZ_4M + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, is_mapped(p));
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, SZ_4M + 1));
	mmsim_kvfree_sensitive(p, SZ_4M + 1);
	mmsim_kvfree_sensitive(NULL, 1);
	KUNIT_EXPECT_NULL(test, mmsim_kvmalloc_array(SIZE_MAX / 2, 3, GFP_KERNEL));
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* Without a block so large it is vmalloc()'s, but not up to a page, nor where nobody may sleep, nor above INT_MAX. */
static void kvmalloc_second(struct kunit *test)
{
	struct mmsim_page **page = kunit_kcalloc(test, 4096, sizeof(*page), GFP_KERNEL);
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	unsigned int nr, i, failed;
	void *p;

	KUNIT_ASSERT_NOT_NULL(test, page);
	nr = take_large(m, 4, page, 4096);
	/* Every second one comes back, in pieces of which the largest is half a block. */
	for (i = 0; i < nr; i += 2) {
		KUNIT_ASSERT_TRUE(test, mmsim_memory_split(m->memory, page[i], 4, _THIS_IP_));
		mmsim_test_give_all(test, m->memory, (struct mmsim_page *[]){ page[i] + 1, page[i] + 2 }, 2);
	}
	mmsim_vmalloc_snapshot(m, &before);
	p = mmsim_kvmalloc(SZ_256K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, is_mapped(p));
	mmsim_fill(p, SZ_256K, 3);
	KUNIT_EXPECT_EQ(test, mmsim_wrong(p, SZ_256K, 3), 0);
	mmsim_kvfree(p);
	failed = atomic_long_read(&m->vmalloc->nr_failed);
	KUNIT_EXPECT_NULL(test, mmsim_kvmalloc(SZ_256K, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->vmalloc->nr_failed), failed);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
	KUNIT_EXPECT_NULL(test, mmsim_kvmalloc(INT_MAX + 1UL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_kvmalloc(INT_MAX + 1UL, GFP_KERNEL | __GFP_NOWARN));
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_SIZE, 1);
	for (i = 0; i < nr; i++) {
		unsigned int j;

		if (i % 2)
			KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 4));
		for (j = 0; !(i % 2) && j < 16; j++)
			if (j != 1 && j != 2)
				KUNIT_EXPECT_TRUE(test, give(m->memory, page[i] + j, 0));
	}
}

/* From one kind to the other, and within each. */
static void kvmalloc_realloc(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	void *p, *q;

	mmsim_vmalloc_snapshot(m, &before);
	p = mmsim_kvrealloc(NULL, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, 0x5a, 100);
	p = mmsim_kvrealloc(p, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_FALSE(test, is_mapped(p));
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x5a, 100));
	memset(p, 0x5b, SZ_64K);
	p = mmsim_kvrealloc(p, SZ_4M + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, is_mapped(p));
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x5b, SZ_64K));
	q = mmsim_kvrealloc(p, 10, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, q, p);
	KUNIT_EXPECT_NULL(test, mmsim_kvrealloc(q, 0, GFP_KERNEL));
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* vmalloc() is kmalloc(): a block of pages, or nothing; and nothing is mapped. */
static void kvmalloc_nommu(struct kunit *test)
{
	const struct mmsim_vmalloc_params params = { .mode = MMSIM_VMALLOC_NOMMU };
	struct mmsim *m = mmsim_test_vmalloc_instance(test, SZ_16M, "Normal:12M,HighMem", &params);
	struct mmsim_vmalloc_snapshot before;
	struct mmsim_page *page;
	unsigned long size;
	void *p;

	mmsim_vmalloc_snapshot(m, &before);
	for (size = 1; size <= SZ_4M; size *= 2) {
		p = mmsim_vzalloc(size);
		KUNIT_ASSERT_NOT_NULL_MSG(test, p, "%lu bytes", size);
		page = mmsim_virt_to_page(p);
		KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(p));
		KUNIT_EXPECT_EQ(test, mmsim_page_zone_type(page), MMSIM_ZONE_NORMAL);
		KUNIT_EXPECT_PTR_EQ(test, mmsim_vmalloc_to_page(p), page);
		KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, size));
		KUNIT_EXPECT_FALSE(test, mmsim_is_vmalloc_addr(p));
		mmsim_vfree(p);
	}
	KUNIT_EXPECT_NULL(test, mmsim___vmalloc(SZ_8M, GFP_KERNEL | __GFP_NOWARN));
	p = mmsim_vrealloc(NULL, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, 3, 100);
	p = mmsim_vrealloc(p, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 3, 100));
	KUNIT_EXPECT_NULL(test, mmsim_vrealloc(p, ULONG_MAX, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 3, 100));
	KUNIT_EXPECT_NULL(test, mmsim_vrealloc(p, 0, GFP_KERNEL));
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_SIZE, 1);
	mmsim_vmalloc_snapshot(m, &before);
	page = take(m->memory, GFP_KERNEL, 0);
	KUNIT_EXPECT_NULL(test, mmsim_vmap(&page, 1, VM_MAP, PAGE_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_vm_map_ram(&page, 1, NUMA_NO_NODE));
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 0));
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_NOMMU, 2);
}

struct reader {
	u64 before;
	struct rcu_head rcu;
	u64 behind[];
};

/* Who reads under RCU what was given up finds it as it was, of both kinds; and then it is free. */
static void kvmalloc_rcu(struct kunit *test)
{
	static const size_t sizes[] = { 100, 3 * PAGE_SIZE, SZ_4M + 1, SZ_4M + SZ_1M };
	struct mmsim *m = instance(test);
	struct reader *r[ARRAY_SIZE(sizes)];
	struct mmsim_vmalloc_snapshot before;
	unsigned long state;
	unsigned int i;
	void *object;

	mmsim_vmalloc_snapshot(m, &before);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		r[i] = i % 2 ? mmsim_vmalloc(sizes[i]) : mmsim_kvmalloc(sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, r[i]);
		r[i]->before = i;
		r[i]->behind[0] = ~(u64)i;
	}
	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		mmsim_kfree_rcu(r[i], rcu);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ(test, r[i]->before, i);
		KUNIT_EXPECT_EQ(test, r[i]->behind[0], ~(u64)i);
	}
	rcu_read_unlock();
	mmsim_kvfree_rcu_barrier();
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
	object = mmsim_vmalloc(100);
	KUNIT_ASSERT_NOT_NULL(test, object);
	state = get_state_synchronize_rcu();
	mmsim_kfree_rcu_mightsleep(object);
	KUNIT_EXPECT_TRUE(test, poll_state_synchronize_rcu(state));
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
	/* One that is still waiting when the instance goes is no leak. */
	object = mmsim_vmalloc(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, object);
	r[0] = object;
	mmsim_kfree_rcu(r[0], rcu);
}

static struct kunit_case kvmalloc_cases[] = {
	KUNIT_CASE_PARAM(kvmalloc_first, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(kvmalloc_second, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(kvmalloc_realloc, mmsim_vmalloc_modes_gen),
	KUNIT_CASE(kvmalloc_nommu),
	KUNIT_CASE_PARAM(kvmalloc_rcu, mmsim_vmalloc_modes_gen),
	{}
};

static struct kunit_suite kvmalloc_suite = {
	.name = "kvmalloc",
	.test_cases = kvmalloc_cases,
};

kunit_test_suite(kvmalloc_suite);
