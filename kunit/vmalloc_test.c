// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vmalloc": areas with frames, in both modes that map pages.
 *
 * What a test writes at an area's addresses it reads again there, and at the region's own addresses of the frames: so
 * it sees which frame is behind which address. What must not be there is probed with a read that may fault.
 */
#include <kunit/test.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/workqueue.h>

#include "vmalloc.h"

#define REGION		SZ_16M
#define WINDOW		SZ_64M
#define NR_OPS		(IS_ENABLED(CONFIG_KASAN) ? 10000 : 100000)
#define NR_OPS_VMAP	5000	/* each of them goes to the host */
#define NR_LIVE		64

static struct mmsim *instance(struct kunit *test)
{
	return mmsim_test_vmalloc(test, REGION, "Normal", WINDOW);
}

/* How many pages of an area are not allocated pages of their own, or hold something else than the area's addresses. */
static unsigned long wrong_frames(struct mmsim *m, const void *addr, unsigned long size)
{
	unsigned long at, wrong = 0;

	for (at = 0; at < size; at += PAGE_SIZE) {
		struct mmsim_page *page = mmsim_vmalloc_to_page(addr + at);

		wrong += !page || !mmsim_page_is_allocated(page) || mmsim_page_ref_count(page) != 1 ||
			 memcmp(mmsim_memory_vaddr(m->memory, page), addr + at, PAGE_SIZE) ||
			 mmsim_vmalloc_to_pfn(addr + at) != mmsim_memory_pfn(m->memory, page);
	}
	return wrong;
}

/* Sizes around a page, and those whose array of pages is an area itself. */
static void vmalloc_sizes(struct kunit *test)
{
	static const unsigned long sizes[] = {
		1, 8, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 16 * PAGE_SIZE, SZ_1M, SZ_2M, SZ_2M + PAGE_SIZE, SZ_4M,
	};
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	unsigned int i;

	mmsim_vmalloc_snapshot(m, &before);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned long mapped = PAGE_ALIGN(sizes[i]);
		void *addr = mmsim_vmalloc(sizes[i]);

		KUNIT_ASSERT_NOT_NULL_MSG(test, addr, "%lu bytes", sizes[i]);
		KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(addr));
		KUNIT_EXPECT_TRUE(test, mmsim_is_vmalloc_addr(addr));
		mmsim_fill(addr, mapped, i);
		KUNIT_EXPECT_EQ(test, mmsim_wrong(addr, mapped, i), 0);
		KUNIT_EXPECT_EQ(test, wrong_frames(m, addr, mapped), 0);
		KUNIT_EXPECT_TRUE(test, mmsim_faults(addr + mapped));
		KUNIT_EXPECT_NULL(test, mmsim_vmalloc_to_page(addr + mapped));
		mmsim_test_check(test, m);
		mmsim_vfree(addr);
	}
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* A freed area faults after a purge, and its neighbours don't. */
static void vmalloc_holes(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	void *addr[3];
	unsigned int i;

	mmsim_vmalloc_snapshot(m, &before);
	for (i = 0; i < 3; i++) {
		addr[i] = mmsim_vmalloc(3 * PAGE_SIZE);
		KUNIT_ASSERT_NOT_NULL(test, addr[i]);
		mmsim_fill(addr[i], 3 * PAGE_SIZE, i);
	}
	mmsim_vfree(addr[1]);
	mmsim_vm_unmap_aliases();
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, mmsim_faults(addr[1] + i * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, mmsim_wrong(addr[0], 3 * PAGE_SIZE, 0), 0);
	KUNIT_EXPECT_EQ(test, mmsim_wrong(addr[2], 3 * PAGE_SIZE, 2), 0);
	mmsim_vfree(addr[0]);
	mmsim_vfree(addr[2]);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* Neither addresses nor frames of a freed area are used again before a purge; with it, all of them are back. */
static void vmalloc_lazy(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc *vm = m->vmalloc;
	struct mmsim_vmalloc_snapshot before;
	struct mmsim_page *page;
	unsigned int i;
	void *addr;

	mmsim_vmalloc_snapshot(m, &before);
	addr = mmsim_vmalloc(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	page = mmsim_vmalloc_to_page(addr);
	mmsim_vfree(addr);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vm->lazy_pages), 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vm->lazy_frames), 1);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 1);
	for (i = 0; i < 50; i++) {
		void *other = mmsim_vmalloc(PAGE_SIZE);

		KUNIT_EXPECT_PTR_NE(test, other, addr);
		KUNIT_EXPECT_PTR_NE(test, mmsim_vmalloc_to_page(other), page);
		mmsim_vfree(other);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vm->lazy_pages), 102);
	mmsim_test_check(test, m);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 0);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* A flush comes by itself before lazy areas keep many frames, and a purge before they keep many addresses. */
static void vmalloc_purge(struct kunit *test)
{
	struct mmsim *m = mmsim_test_vmalloc(test, REGION, "Normal", SZ_512M);
	struct mmsim_vmalloc *vm = m->vmalloc;
	unsigned long frames = mmsim_vmalloc_max_lazy_frames(vm), pages = mmsim_vmalloc_max_lazy_pages();
	unsigned long areas = pages / 2 + 1, i;
	long most_frames = 0, most_pages = 0;

	KUNIT_EXPECT_EQ(test, pages, fls(num_online_cpus()) * (SZ_32M >> PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, frames, min(128UL * fls(num_online_cpus()), m->memory->nr_pages / 16));
	for (i = 0; i < areas + 10; i++) {
		void *addr = mmsim_vmalloc(PAGE_SIZE);

		KUNIT_ASSERT_NOT_NULL(test, addr);
		mmsim_vfree(addr);
		most_frames = max(most_frames, atomic_long_read(&vm->lazy_frames));
		most_pages = max(most_pages, atomic_long_read(&vm->lazy_pages));
	}
	KUNIT_EXPECT_EQ(test, most_frames, frames - 1);
	KUNIT_EXPECT_EQ(test, most_pages, pages);
	/* An area has two pages: the one that is one too many has the others purged with it. */
	KUNIT_EXPECT_EQ(test, vm->stats.purges, 1);
	KUNIT_EXPECT_EQ(test, vm->stats.areas, areas);
	KUNIT_EXPECT_EQ(test, vm->stats.flushes, DIV_ROUND_UP(areas, frames));
}

struct live {
	void *addr;
	unsigned long size;
	u64 stamp;
};

/* Nothing lies where something else is, its guard included; and it has what was written there. */
static unsigned long faults_of(const struct live *live, unsigned int nr, const struct live *new)
{
	unsigned long wrong = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		wrong += &live[i] != new && live[i].addr < new->addr + PAGE_ALIGN(new->size) + PAGE_SIZE &&
			 new->addr < live[i].addr + PAGE_ALIGN(live[i].size) + PAGE_SIZE;
	return wrong;
}

static unsigned long give_live(struct live *live, unsigned int *nr, unsigned int i)
{
	unsigned long wrong = mmsim_wrong(live[i].addr, round_down(live[i].size, sizeof(u64)), live[i].stamp);

	mmsim_vfree(live[i].addr);
	live[i] = live[--*nr];
	return wrong;
}

/* Random allocations of all kinds, and frees: what is live is never overlapped, and keeps its content. */
static void vmalloc_oracle(struct kunit *test)
{
	struct mmsim *m = instance(test);
	unsigned int i, nr = 0, failed = 0, ops = m->vmalloc->mode == MMSIM_VMALLOC_WINDOW ? NR_OPS : NR_OPS_VMAP;
	struct live *live = kunit_kcalloc(test, NR_LIVE, sizeof(*live), GFP_KERNEL);
	struct mmsim_vmalloc_snapshot before;
	unsigned long wrong = 0;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, live);
	mmsim_test_random(test, &rnd);
	mmsim_vmalloc_snapshot(m, &before);
	for (i = 0; i < ops; i++) {
		struct live *l = &live[nr];
		unsigned long align;

		if (nr == NR_LIVE || (nr && mmsim_test_below(&rnd, 2))) {
			wrong += give_live(live, &nr, mmsim_test_below(&rnd, nr));
			continue;
		}
		l->size = sizeof(u64) * (1 + mmsim_test_below(&rnd, 512 << mmsim_test_below(&rnd, 8)));
		l->stamp = (u64)i << 32;
		align = mmsim_test_below(&rnd, 8) ? 1 : PAGE_SIZE << mmsim_test_below(&rnd, 6);
		l->addr = mmsim___vmalloc_node(l->size, align, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE, &rnd);
		if (!l->addr) {
			failed++;
			continue;
		}
		wrong += !IS_ALIGNED((unsigned long)l->addr, align);
		wrong += faults_of(live, nr, l);
		mmsim_fill(l->addr, l->size, l->stamp);
		nr++;
		if (i % 5000 == 0)
			mmsim_test_check(test, m);
	}
	while (nr)
		wrong += give_live(live, &nr, nr - 1);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	kunit_info(test, "%u of %u requests found nothing, %lu purges", failed, ops, m->vmalloc->stats.purges);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* Alignments up to 4 MB. */
static void vmalloc_align(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	unsigned long align;
	void *addr, *other;

	mmsim_vmalloc_snapshot(m, &before);
	for (align = 1; align <= SZ_4M; align *= 2) {
		other = mmsim_vmalloc(PAGE_SIZE);
		addr = mmsim___vmalloc_node(3 * PAGE_SIZE, align, GFP_KERNEL, NUMA_NO_NODE, NULL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, addr, "alignment %lu", align);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)addr, max(align, PAGE_SIZE)));
		mmsim_fill(addr, 3 * PAGE_SIZE, align);
		KUNIT_EXPECT_EQ(test, mmsim_wrong(addr, 3 * PAGE_SIZE, align), 0);
		KUNIT_EXPECT_TRUE(test, mmsim_faults(addr + 3 * PAGE_SIZE));
		mmsim_vfree(addr);
		mmsim_vfree(other);
	}
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
	KUNIT_EXPECT_NULL(test, mmsim___vmalloc_node(1, 3 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE, NULL));
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_ALIGN, 1);
}

/* Frames from anywhere: each second page of the region is taken before, so that no two of an area lie side by side. */
static void vmalloc_fragmented(struct kunit *test)
{
	struct mmsim *m = instance(test);
	unsigned long max = m->memory->nr_pages, nr, i, wrong = 0;
	struct mmsim_page **page = kunit_kcalloc(test, max, sizeof(*page), GFP_KERNEL);
	u64 *addr;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (nr = 0; nr < max; nr++) {
		page[nr] = take(m->memory, GFP_KERNEL | __GFP_NOWARN, 0);
		if (!page[nr])
			break;
	}
	for (i = 0; i < nr; i++)
		if (mmsim_memory_pfn(m->memory, page[i]) % 2)
			KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 0));
	addr = mmsim_vmalloc(SZ_1M);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	mmsim_fill(addr, SZ_1M, 5);
	for (i = 0; i < SZ_1M; i += PAGE_SIZE)
		wrong += !(mmsim_vmalloc_to_pfn((void *)addr + i) % 2);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, wrong_frames(m, addr, SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, mmsim_wrong(addr, SZ_1M, 5), 0);
	mmsim_vfree(addr);
	for (i = 0; i < nr; i++)
		if (!(mmsim_memory_pfn(m->memory, page[i]) % 2))
			KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 0));
}

/* HighMem is served first, and without an address of its own it can be written to. */
static void vmalloc_highmem(struct kunit *test)
{
	struct mmsim *m = mmsim_test_vmalloc(test, REGION, "DMA32:4M,Normal:4M,HighMem", WINDOW);
	unsigned long at, wrong = 0;
	void *addr = mmsim_vmalloc(SZ_1M), *low = mmsim_vmalloc_32(SZ_1M);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_ASSERT_NOT_NULL(test, low);
	for (at = 0; at < SZ_1M; at += PAGE_SIZE) {
		wrong += mmsim_page_zone_type(mmsim_vmalloc_to_page(addr + at)) != MMSIM_ZONE_HIGHMEM;
		wrong += mmsim_page_zone_type(mmsim_vmalloc_to_page(low + at)) != MMSIM_ZONE_DMA32;
	}
	mmsim_fill(addr, SZ_1M, 1);
	mmsim_fill(low, SZ_1M, 2);
	wrong += mmsim_wrong(addr, SZ_1M, 1) + mmsim_wrong(low, SZ_1M, 2);
	wrong += wrong_frames(m, addr, SZ_1M);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	mmsim_vfree(addr);
	mmsim_vfree(low);
}

/* 2 MB blocks are mapped as such, each page can be used by itself, and the guard behind them faults. */
static void vmalloc_2mb(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc *vm = m->vmalloc;
	struct mmsim_vmalloc_snapshot before;
	unsigned int round;

	mmsim_vmalloc_snapshot(m, &before);
	for (round = 0; round < 3; round++) {
		/* A request for compound pages gets single ones, too. */
		void *addr = mmsim_vmalloc_huge(SZ_4M - PAGE_SIZE, GFP_KERNEL | (round == 1 ? __GFP_COMP : 0));
		struct mmsim_page *page;

		KUNIT_ASSERT_NOT_NULL(test, addr);
		page = mmsim_vmalloc_to_page(addr);
		/* Each CPU that has windows has 2 MB entries. */
		KUNIT_EXPECT_EQ(test, !!vm->window.links, vm->mode == MMSIM_VMALLOC_WINDOW);
		if (vm->window.links) {
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)addr, SZ_2M));
			KUNIT_EXPECT_PTR_EQ(test, mmsim_vmalloc_to_page(addr + SZ_2M - 1), page + 511);
			/* Its array has two frames, too. */
			KUNIT_EXPECT_EQ(test, atomic_long_read(&vm->nr_frames), 1024 + 2);
		}
		mmsim_fill(addr, SZ_4M - PAGE_SIZE, round);
		KUNIT_EXPECT_EQ(test, mmsim_wrong(addr, SZ_4M - PAGE_SIZE, round), 0);
		KUNIT_EXPECT_EQ(test, wrong_frames(m, addr, SZ_4M - PAGE_SIZE), 0);
		KUNIT_EXPECT_TRUE(test, mmsim_faults(addr + SZ_4M));
		mmsim_test_check(test, m);
		mmsim_vfree(addr);
		mmsim_vm_unmap_aliases();
		KUNIT_EXPECT_TRUE(test, mmsim_faults(addr));
		/* Single pages where a block was mapped. */
		addr = mmsim_vmalloc(SZ_2M);
		KUNIT_ASSERT_NOT_NULL(test, addr);
		mmsim_fill(addr, SZ_2M, round);
		KUNIT_EXPECT_EQ(test, mmsim_wrong(addr, SZ_2M, round), 0);
		KUNIT_EXPECT_EQ(test, wrong_frames(m, addr, SZ_2M), 0);
		mmsim_vfree(addr);
		mmsim_vm_unmap_aliases();
	}
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* Without a block of 2 MB single pages do, and nothing is purged first. */
static void vmalloc_2mb_fragmented(struct kunit *test)
{
	struct mmsim *m = instance(test);
	unsigned long max = m->memory->nr_pages, nr, i;
	struct mmsim_page **page = kunit_kcalloc(test, max, sizeof(*page), GFP_KERNEL);
	struct mmsim_purge_stats before;
	void *addr;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (nr = 0; nr < max && (page[nr] = take(m->memory, __GFP_NOWARN, 0)); nr++)
		;
	for (i = 0; i < nr; i++)
		if (mmsim_memory_pfn(m->memory, page[i]) % 4)
			KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 0));
	mmsim_vfree(mmsim_vmalloc(PAGE_SIZE));
	before = m->vmalloc->stats;
	addr = mmsim_vmalloc_huge(SZ_2M, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_EQ(test, m->vmalloc->stats.flushes, before.flushes);
	KUNIT_EXPECT_EQ(test, m->vmalloc->stats.purges, before.purges);
	KUNIT_EXPECT_EQ(test, wrong_frames(m, addr, SZ_2M), 0);
	mmsim_vfree(addr);
	for (i = 0; i < nr; i++)
		if (!(mmsim_memory_pfn(m->memory, page[i]) % 4))
			KUNIT_EXPECT_TRUE(test, give(m->memory, page[i], 0));
}

static void vmalloc_zero(struct kunit *test)
{
	struct mmsim *m = instance(test);
	void *dirty = mmsim_vmalloc(SZ_8M), *addr[4];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	memset(dirty, 0xaa, SZ_8M);
	mmsim_vfree(dirty);
	mmsim_vm_unmap_aliases();
	addr[0] = mmsim_vzalloc(SZ_1M);
	addr[1] = mmsim_vcalloc(SZ_1M / 16, 16);
	addr[2] = mmsim_vmalloc_user(SZ_1M);
	addr[3] = mmsim_vzalloc_node(SZ_1M, 0);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_NOT_NULL(test, addr[i]);
		KUNIT_EXPECT_NULL(test, memchr_inv(addr[i], 0, SZ_1M));
		mmsim_vfree(addr[i]);
	}
	KUNIT_EXPECT_NULL(test, mmsim_vmalloc_array(SIZE_MAX / 2, 3));
	mmsim_test_check(test, m);
}

/* What stays in its pages stays where it is; what grows out of them moves, with its content. */
static void vmalloc_realloc(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	void *addr, *to;

	mmsim_vmalloc_snapshot(m, &before);
	addr = mmsim_vrealloc(NULL, 100, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	memset(addr, 0x55, 100);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_vrealloc(addr, PAGE_SIZE, GFP_KERNEL | __GFP_ZERO), addr);
	KUNIT_EXPECT_NULL(test, memchr_inv(addr + 100, 0, PAGE_SIZE - 100));
	memset(addr, 0x55, PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_vrealloc(addr, 50, GFP_KERNEL | __GFP_ZERO), addr);
	KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0x55, 50));
	KUNIT_EXPECT_NULL(test, memchr_inv(addr + 50, 0, PAGE_SIZE - 50));
	to = mmsim_vrealloc(addr, 3 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_EXPECT_PTR_NE(test, to, addr);
	KUNIT_EXPECT_NULL(test, memchr_inv(to, 0x55, 50));
	KUNIT_EXPECT_NULL(test, memchr_inv(to + 50, 0, 3 * PAGE_SIZE - 50));
	/* There is not so much: it stays what it is. */
	KUNIT_EXPECT_NULL(test, mmsim_vrealloc(to, REGION, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, memchr_inv(to, 0x55, 50));
	KUNIT_EXPECT_NULL(test, mmsim_vrealloc(to, 0, GFP_KERNEL));
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
	KUNIT_EXPECT_NULL(test, mmsim_vrealloc((void *)0x1000, 5, GFP_KERNEL));
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_ADDRESS, 1);
}

/* What is refused is counted, and changes nothing. */
static void vmalloc_misuse(struct kunit *test)
{
	struct mmsim *m = instance(test);
	void *addr = mmsim_vmalloc(2 * PAGE_SIZE), *freed = mmsim_vmalloc(PAGE_SIZE), *atomic;
	struct mmsim_vmalloc_snapshot before;

	KUNIT_ASSERT_NOT_NULL(test, addr);
	mmsim_vfree(freed);
	mmsim_vmalloc_snapshot(m, &before);
	mmsim_vfree(NULL);
	mmsim_vfree(addr + PAGE_SIZE);
	mmsim_vfree(addr + 8);
	mmsim_vfree(freed);
	mmsim_vfree(m);
	mmsim_vunmap(addr);
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_ADDRESS, 5);
	mmsim_vmalloc_snapshot(m, &before);
	KUNIT_EXPECT_NULL(test, mmsim_vmalloc(0));
	KUNIT_EXPECT_NULL(test, mmsim_vmalloc(REGION + 1));
	KUNIT_EXPECT_NULL(test, mmsim_vmalloc(ULONG_MAX));
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_SIZE, 3);
	mmsim_vmalloc_snapshot(m, &before);
	local_irq_disable();
	atomic = mmsim_vmalloc(PAGE_SIZE);
	local_irq_enable();
	KUNIT_EXPECT_NULL(test, atomic);
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_CONTEXT, 1);
	mmsim_vfree(addr);
}

/* Freed with interrupts off, by a worker. */
static void vmalloc_free_atomic(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	void *addr[3];
	unsigned int i;

	mmsim_vmalloc_snapshot(m, &before);
	for (i = 0; i < 3; i++)
		addr[i] = mmsim_vmalloc(PAGE_SIZE << i);
	local_irq_disable();
	for (i = 0; i < 3; i++)
		mmsim_vfree_atomic(addr[i]);
	local_irq_enable();
	mmsim_vfree_atomic(NULL);
	flush_work(&m->vmalloc->deferred_work);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* A purge doesn't leave to the worker what was freed so: here the worker has come too early. */
static void vmalloc_free_atomic_purge(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	struct llist_node *freed;
	void *addr;

	mmsim_vmalloc_snapshot(m, &before);
	addr = mmsim_vmalloc(SZ_1M);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	preempt_disable();
	mmsim_vfree_atomic(addr);
	freed = llist_del_all(&m->vmalloc->deferred);
	preempt_enable();
	KUNIT_ASSERT_NOT_NULL(test, freed);
	flush_work(&m->vmalloc->deferred_work);
	llist_add(freed, &m->vmalloc->deferred);
	KUNIT_EXPECT_FALSE(test, mmsim_faults(addr));
	KUNIT_EXPECT_GE(test, mmsim_vmalloc_lazy_frames(m->vmalloc), SZ_1M >> PAGE_SHIFT);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_TRUE(test, mmsim_faults(addr));
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* On another CPU. */
static long read_byte(void *addr)
{
	return mmsim_faults(addr);
}

/* What another CPU has read, and so knows the way to, is not there for it either once all is purged. */
static void vmalloc_other_cpu(struct kunit *test)
{
	static const struct { unsigned long size; bool huge; } areas[] = {
		{ PAGE_SIZE }, { SZ_64K }, { SZ_4M }, { SZ_4M, true },
	};
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	unsigned int i, cpu;
	void *addr;

	mmsim_vmalloc_snapshot(m, &before);
	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		addr = areas[i].huge ? mmsim_vmalloc_huge(areas[i].size, GFP_KERNEL) : mmsim_vmalloc(areas[i].size);
		KUNIT_ASSERT_NOT_NULL(test, addr);
		for_each_online_cpu(cpu)
			KUNIT_EXPECT_EQ_MSG(test, work_on_cpu(cpu, read_byte, addr), 0, "area %u, CPU %u", i, cpu);
		mmsim_vfree(addr);
		mmsim_vm_unmap_aliases();
		for_each_online_cpu(cpu)
			KUNIT_EXPECT_EQ_MSG(test, work_on_cpu(cpu, read_byte, addr), 1, "area %u, CPU %u", i, cpu);
	}
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* The rest of the family: from a node, below 4 GB, arrays. A node that there isn't is refused for any size. */
static void vmalloc_family(struct kunit *test)
{
	struct mmsim *m = mmsim_test_vmalloc(test, REGION, "DMA32:8M,Normal", WINDOW);
	struct mmsim_vmalloc_snapshot before;
	u64 *array = mmsim_vmalloc_array(1000, sizeof(*array)), *low = mmsim_vmalloc_32_user(SZ_64K);
	void *here = mmsim_vmalloc_node(SZ_64K, 0);

	KUNIT_ASSERT_NOT_NULL(test, array);
	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_ASSERT_NOT_NULL(test, here);
	KUNIT_EXPECT_NULL(test, memchr_inv(low, 0, SZ_64K));
	mmsim_fill(array, 1000 * sizeof(*array), 1);
	mmsim_fill(low, SZ_64K, 2);
	mmsim_fill(here, SZ_64K, 3);
	KUNIT_EXPECT_EQ(test, mmsim_wrong(array, 1000 * sizeof(*array), 1) + mmsim_wrong(low, SZ_64K, 2) +
			mmsim_wrong(here, SZ_64K, 3), 0);
	mmsim_vfree(array);
	mmsim_vfree(low);
	mmsim_vfree(here);
	mmsim_vmalloc_snapshot(m, &before);
	KUNIT_EXPECT_NULL(test, mmsim___vmalloc_node(PAGE_SIZE, 1, GFP_KERNEL | __GFP_NOWARN, 5, NULL));
	KUNIT_EXPECT_NULL(test, mmsim___vmalloc_node(SZ_64K, 1, GFP_KERNEL | __GFP_NOWARN, 5, NULL));
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* An interrupt that frees, as vfree() of a driver's interrupt handler would. */
struct freer {
	struct irq_work work;
	void *addr[3];
	bool in_interrupt;
};

static void free_in_interrupt(struct irq_work *work)
{
	struct freer *f = container_of(work, struct freer, work);
	unsigned int i;

	f->in_interrupt = in_interrupt();
	for (i = 0; i < ARRAY_SIZE(f->addr); i++)
		mmsim_vfree(f->addr[i]);
}

static void vmalloc_free_interrupt(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct freer *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct mmsim_vmalloc_snapshot before;
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, f);
	mmsim_vmalloc_snapshot(m, &before);
	f->work = IRQ_WORK_INIT_HARD(free_in_interrupt);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < ARRAY_SIZE(f->addr); i++)
			f->addr[i] = mmsim_vmalloc(PAGE_SIZE << i);
		KUNIT_EXPECT_TRUE(test, irq_work_queue(&f->work));
		/* It comes in between these, or later. */
		for (i = 0; i < 10; i++)
			mmsim_vfree(mmsim_vmalloc(PAGE_SIZE));
		irq_work_sync(&f->work);
		KUNIT_EXPECT_TRUE(test, f->in_interrupt);
	}
	flush_work(&m->vmalloc->deferred_work);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* What can't be freed is refused at once, with its content as it was; what was freed can't be freed again. */
static void vmalloc_misuse_atomic(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_page *page = take(m->memory, GFP_KERNEL, 0);
	u64 *addr = mmsim_vmalloc(3 * PAGE_SIZE), *freed, *ram;
	struct mmsim_vmalloc_snapshot before;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	ram = mmsim_vm_map_ram(&page, 1, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, ram);
	mmsim_fill(addr, 3 * PAGE_SIZE, 1);
	mmsim_fill(ram, PAGE_SIZE, 2);
	mmsim_vmalloc_snapshot(m, &before);
	freed = mmsim_vmalloc(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, freed);
	mmsim_fill(freed, PAGE_SIZE, 3);
	local_irq_disable();
	mmsim_vfree_atomic(addr + PAGE_SIZE / sizeof(u64));
	mmsim_vfree_atomic(ram);
	mmsim_vfree_atomic(m);
	mmsim_vfree_atomic(freed);
	mmsim_vfree_atomic(freed);
	/* The worker has not run yet, and nothing was written to. */
	KUNIT_EXPECT_EQ(test, mmsim_wrong(freed, PAGE_SIZE, 3), 0);
	local_irq_enable();
	flush_work(&m->vmalloc->deferred_work);
	KUNIT_EXPECT_EQ(test, mmsim_wrong(addr, 3 * PAGE_SIZE, 1) + mmsim_wrong(ram, PAGE_SIZE, 2), 0);
	mmsim_vmalloc_expect_since(test, m, &before, MMSIM_VMALLOC_BAD_ADDRESS, 4);
	mmsim_vm_unmap_ram(ram, 1);
	mmsim_vfree(addr);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 0));
}

/* What is left at the end is named, unmapped and freed: no page is missing then. */
static void vmalloc_left(struct kunit *test)
{
	const enum mmsim_vmalloc_mode *mode = test->param_value;
	const struct mmsim_vmalloc_params params = { .mode = *mode, .size = SZ_8M };
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc *vm, *live = mmsim_vmalloc_live;
	struct mmsim_vmalloc_snapshot before;
	struct mmsim_page *page, **pages;

	mmsim_vmalloc_snapshot(m, &before);
	vm = mmsim_vmalloc_init(m->memory, m->vmalloc->areas, &params);
	KUNIT_ASSERT_NOT_NULL(test, vm);
	mmsim_vmalloc_live = vm;
	KUNIT_EXPECT_NOT_NULL(test, mmsim_vmalloc(PAGE_SIZE));
	KUNIT_EXPECT_NOT_NULL(test, mmsim_vmalloc(SZ_4M));
	page = mmsim_vmalloc_to_page(mmsim_vmalloc(5 * PAGE_SIZE));
	KUNIT_EXPECT_NOT_NULL(test, mmsim_vm_map_ram(&page, 1, NUMA_NO_NODE));
	mmsim_vfree(mmsim_vmalloc(PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, vm->nr_areas, 5);
	/* With an array that is an area, and goes with it. */
	pages = mmsim_vmalloc_array(1, sizeof(*pages));
	KUNIT_ASSERT_NOT_NULL(test, pages);
	*pages = take(m->memory, GFP_KERNEL, 0);
	KUNIT_EXPECT_NOT_NULL(test, mmsim_vmap(pages, 1, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL));
	/* That one, and the array of the 4 MB, are nobody's fault. */
	KUNIT_EXPECT_EQ(test, vm->nr_areas, 7);
	KUNIT_EXPECT_EQ(test, mmsim_vmalloc_exit(vm), 5);
	mmsim_vmalloc_live = live;
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

static struct kunit_case vmalloc_cases[] = {
	KUNIT_CASE_PARAM(vmalloc_sizes, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_holes, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_lazy, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_purge, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_oracle, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_align, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_fragmented, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_highmem, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_2mb, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_2mb_fragmented, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_zero, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_realloc, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_misuse, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_free_atomic, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_free_atomic_purge, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_other_cpu, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_family, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_free_interrupt, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_misuse_atomic, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmalloc_left, mmsim_vmalloc_modes_gen),
	{}
};

static struct kunit_suite vmalloc_suite = {
	.name = "vmalloc",
	.test_cases = vmalloc_cases,
};

kunit_test_suite(vmalloc_suite);
