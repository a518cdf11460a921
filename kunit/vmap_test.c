// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vmap": areas of pages that are somebody else's, for long and for short. As in the suite "vmalloc", what
 * is written on one side is read on the other.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/uaccess.h>

#include <mmsim/kmalloc.h>

#include "base/fault.h"
#include "vmalloc.h"

#define NR_PAGES	200U

struct maps {
	struct mmsim *m;
	struct mmsim_page *page[NR_PAGES];	/* page i holds i in its first word */
	struct mmsim_vmalloc_snapshot before;	/* when they were allocated */
};

static struct maps *maps(struct kunit *test)
{
	struct maps *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->m = mmsim_test_vmalloc(test, SZ_16M, "Normal:12M,HighMem", SZ_64M);
	for (i = 0; i < NR_PAGES; i++) {
		t->page[i] = take(t->m->memory, i % 2 ? GFP_HIGHUSER : GFP_KERNEL, 0);
		KUNIT_ASSERT_NOT_NULL(test, t->page[i]);
		*(u64 *)mmsim_memory_vaddr(t->m->memory, t->page[i]) = i;
	}
	mmsim_vmalloc_snapshot(t->m, &t->before);
	return t;
}

static void maps_done(struct kunit *test, struct maps *t)
{
	mmsim_vmalloc_expect_since(test, t->m, &t->before, -1, 0);
	mmsim_test_give_all(test, t->m->memory, t->page, NR_PAGES);
}

/* How many of @nr pages from @first on are not at an address. */
static unsigned int wrong_pages(struct maps *t, const void *addr, unsigned int first, unsigned int nr)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < nr; i++)
		wrong += *(u64 *)(addr + i * PAGE_SIZE) != first + i ||
			 mmsim_vmalloc_to_page(addr + i * PAGE_SIZE) != t->page[first + i];
	return wrong;
}

/* Pages in any order, twice, writable from both sides; behind them a guard, and afterwards nothing. */
static void vmap_pages(struct kunit *test)
{
	struct maps *t = maps(test);
	u64 *a = mmsim_vmap(t->page, NR_PAGES, VM_MAP, PAGE_KERNEL);
	u64 *b = mmsim_vmap(t->page + 50, 16, VM_MAP, PAGE_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, wrong_pages(t, a, 0, NR_PAGES), 0);
	KUNIT_EXPECT_EQ(test, wrong_pages(t, b, 50, 16), 0);
	b[511] = 0x1234;
	KUNIT_EXPECT_EQ(test, a[50 * 512 + 511], 0x1234);
	KUNIT_EXPECT_TRUE(test, mmsim_faults((void *)a + NR_PAGES * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, mmsim_faults((void *)b + 16 * PAGE_SIZE));
	mmsim_test_check(test, t->m);
	mmsim_vunmap(a);
	mmsim_vunmap(NULL);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_TRUE(test, mmsim_faults(a));
	KUNIT_EXPECT_EQ(test, wrong_pages(t, b, 50, 16), 0);
	/* vfree() does, too, and leaves the pages alone. */
	mmsim_vfree(b);
	maps_done(test, t);
}

static bool can_write(u64 *addr)
{
	u64 word = 77;

	pagefault_disable();
	__put_kernel_nofault(addr, &word, u64, fault);
	pagefault_enable();
	return true;

fault:
	pagefault_enable();
	return false;
}

/* A mapping that may only be read. */
static void vmap_readonly(struct kunit *test)
{
	struct maps *t = maps(test);
	u64 *addr = mmsim_vmap(t->page, 3, VM_MAP, PAGE_KERNEL_RO);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_EQ(test, wrong_pages(t, addr, 0, 3), 0);
	if (!IS_ENABLED(CONFIG_UML))
		KUNIT_EXPECT_FALSE(test, can_write(addr));
	KUNIT_EXPECT_EQ(test, *addr, 0);
	mmsim_vunmap(addr);
	maps_done(test, t);
}

/* With VM_MAP_PUT_PAGES vfree() frees pages and array. */
static void vmap_put_pages(struct kunit *test)
{
	static const unsigned int counts[] = { 1, 700, 1, 700 };
	struct maps *t = maps(test);
	struct mmsim_page **pages;
	unsigned int i, j;
	void *addr;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		pages = i < 2 ? mmsim_kvcalloc(counts[i], sizeof(*pages), GFP_KERNEL) :
				mmsim_vcalloc(counts[i], sizeof(*pages));
		KUNIT_ASSERT_NOT_NULL(test, pages);
		for (j = 0; j < counts[i]; j++)
			pages[j] = take(t->m->memory, GFP_HIGHUSER, 0);
		addr = mmsim_vmap(pages, counts[i], VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, addr);
		mmsim_fill(addr, counts[i] * PAGE_SIZE, i);
		KUNIT_EXPECT_EQ(test, mmsim_wrong(addr, counts[i] * PAGE_SIZE, i), 0);
		mmsim_test_check(test, t->m);
		mmsim_vfree(addr);
	}
	/* After vunmap() pages and array are the client's again. */
	pages = mmsim_vcalloc(1, sizeof(*pages));
	KUNIT_ASSERT_NOT_NULL(test, pages);
	*pages = t->page[0];
	mmsim_vunmap(mmsim_vmap(pages, 1, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL));
	mmsim_vfree(pages);
	maps_done(test, t);
}

static void vmap_misuse(struct kunit *test)
{
	struct maps *t = maps(test);
	struct mmsim_page *kept = t->page[7];

	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, 0, VM_MAP, PAGE_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, UINT_MAX, VM_MAP, PAGE_KERNEL));
	mmsim_vmalloc_expect_since(test, t->m, &t->before, MMSIM_VMALLOC_BAD_SIZE, 2);
	mmsim_vmalloc_snapshot(t->m, &t->before);
	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, 8, VM_FLUSH_RESET_PERMS, PAGE_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, 8, VM_MAP, __pgprot(0)));
	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, 8, VM_MAP, PAGE_NONE));
	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, 8, VM_MAP | MMSIM_VM_ARRAY, PAGE_KERNEL));
	mmsim_vmalloc_expect_since(test, t->m, &t->before, MMSIM_VMALLOC_BAD_PROT, 4);
	mmsim_vmalloc_snapshot(t->m, &t->before);
	t->page[7] = (void *)kept + 8;
	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, 8, VM_MAP, PAGE_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_vm_map_ram(t->page, 8, NUMA_NO_NODE));
	t->page[7] = t->m->memory->map + t->m->memory->nr_pages;
	KUNIT_EXPECT_NULL(test, mmsim_vmap(t->page, 8, VM_MAP, PAGE_KERNEL));
	t->page[7] = kept;
	mmsim_vmalloc_expect_since(test, t->m, &t->before, MMSIM_VMALLOC_BAD_PAGE, 3);
	mmsim_vmalloc_snapshot(t->m, &t->before);
	maps_done(test, t);
}

/* Mappings of all sizes: small ones lie side by side in a block, and more blocks follow. */
static void vmap_ram(struct kunit *test)
{
	struct maps *t = maps(test);
	struct mmsim_vmalloc *vm = t->m->vmalloc;
	void *addr[40];
	unsigned int i, round, wrong = 0;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 40; i++) {
			addr[i] = mmsim_vm_map_ram(t->page + i, 1 + i * 2, NUMA_NO_NODE);
			KUNIT_ASSERT_NOT_NULL(test, addr[i]);
		}
		for (i = 0; i < 40; i++)
			wrong += wrong_pages(t, addr[i], i, 1 + i * 2);
		mmsim_test_check(test, t->m);
		if (vm->mode == MMSIM_VMALLOC_WINDOW) {
			KUNIT_EXPECT_PTR_EQ(test, addr[1], addr[0] + PAGE_SIZE);
			KUNIT_EXPECT_PTR_EQ(test, addr[2], addr[1] + 3 * PAGE_SIZE);
			/* 1024 pages in mappings of up to 63, and those of more. */
			KUNIT_EXPECT_GE(test, vm->nr_areas, 2 + 8);
		} else {
			KUNIT_EXPECT_EQ(test, vm->nr_areas, 40);
		}
		for (i = 0; i < 40; i += 2)
			mmsim_vm_unmap_ram(addr[i], 1 + i * 2);
		for (i = 1; i < 40; i += 2)
			wrong += wrong_pages(t, addr[i], i, 1 + i * 2);
		for (i = 1; i < 40; i += 2)
			mmsim_vm_unmap_ram(addr[i], 1 + i * 2);
		mmsim_vm_unmap_aliases();
		for (i = 0; i < 40; i++)
			wrong += !mmsim_faults(addr[i]);
		KUNIT_EXPECT_EQ(test, wrong, 0);
		KUNIT_EXPECT_EQ(test, vm->nr_areas, 0);
	}
	maps_done(test, t);
}

/* What has been unmapped in a block is unmapped for every CPU after vm_unmap_aliases(), and stays unused. */
static void vmap_ram_block(struct kunit *test)
{
	struct maps *t = maps(test);
	struct mmsim_vmalloc *vm = t->m->vmalloc;
	unsigned int i, wrong = 0;
	void *kept, *addr;

	if (vm->mode != MMSIM_VMALLOC_WINDOW) {
		maps_done(test, t);
		kunit_skip(test, "there are no blocks in this mode");
	}
	kept = mmsim_vm_map_ram(t->page, 1, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, kept);
	for (i = 1; i < 2000; i++) {
		addr = mmsim_vm_map_ram(t->page + i % 100, 1 + i % 64, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, addr);
		wrong += wrong_pages(t, addr, i % 100, 1 + i % 64);
		mmsim_vm_unmap_ram(addr, 1 + i % 64);
		if (i % 100 == 0) {
			mmsim_vm_unmap_aliases();
			wrong += !mmsim_faults(addr);
			wrong += wrong_pages(t, kept, 0, 1);
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_EQ(test, vm->nr_areas, 1);		/* the block of the one that was kept */
	mmsim_vm_unmap_ram(kept, 1);
	KUNIT_EXPECT_EQ(test, vm->nr_areas, 0);
	maps_done(test, t);
}

static void vmap_ram_misuse(struct kunit *test)
{
	struct maps *t = maps(test);
	void *small = mmsim_vm_map_ram(t->page, 4, NUMA_NO_NODE), *large = mmsim_vm_map_ram(t->page, 100, NUMA_NO_NODE);
	void *area = mmsim_vmap(t->page, 4, VM_MAP, PAGE_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	mmsim_vmalloc_snapshot(t->m, &t->before);
	mmsim_vm_unmap_ram(small, 3);
	mmsim_vm_unmap_ram(small + PAGE_SIZE, 3);
	mmsim_vm_unmap_ram(small + 8, 4);
	mmsim_vm_unmap_ram(large, 99);
	mmsim_vm_unmap_ram(large, 0);
	mmsim_vm_unmap_ram(area, 4);
	mmsim_vm_unmap_ram(NULL, 4);
	mmsim_vmalloc_expect_since(test, t->m, &t->before, MMSIM_VMALLOC_BAD_RAM, 7);
	mmsim_vmalloc_snapshot(t->m, &t->before);
	mmsim_vfree(large);
	mmsim_vunmap(large);
	mmsim_vmalloc_expect_since(test, t->m, &t->before, MMSIM_VMALLOC_BAD_ADDRESS, 2);
	KUNIT_EXPECT_EQ(test, wrong_pages(t, small, 0, 4) + wrong_pages(t, large, 0, 100), 0);
	mmsim_vm_unmap_ram(small, 4);
	mmsim_vm_unmap_ram(large, 100);
	mmsim_vunmap(area);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_EQ(test, t->m->vmalloc->nr_areas, 0);
	mmsim_vmalloc_snapshot(t->m, &t->before);
	maps_done(test, t);
}

static void vmap_failures(struct kunit *test)
{
	struct maps *t = maps(test);
	unsigned int nth, kind;

	for (kind = 0; kind < 3; kind++) {
		unsigned int failed = 0;
		bool hit;

		for (nth = 0; ; nth++) {
			void *addr;

			mmsim_fault_arm(nth);
			if (kind == 0)
				addr = mmsim_vmap(t->page, NR_PAGES, VM_MAP, PAGE_KERNEL);
			else
				addr = mmsim_vm_map_ram(t->page, kind == 1 ? 100 : 5, NUMA_NO_NODE);
			hit = mmsim_fault_disarm();
			/* Without a failure it succeeds; with one it may: some steps are tried twice. */
			KUNIT_EXPECT_TRUE(test, addr || hit);
			failed += !addr;
			if (addr && kind == 0)
				mmsim_vunmap(addr);
			else if (addr)
				mmsim_vm_unmap_ram(addr, kind == 1 ? 100 : 5);
			mmsim_vmalloc_expect_since(test, t->m, &t->before, -1, 0);
			if (!hit)
				break;
		}
		KUNIT_EXPECT_GE(test, failed, 2);
	}
	maps_done(test, t);
}

#define NR_MAPPERS	4

struct mapper {
	struct maps *t;
	struct mapper *next;		/* unmaps what this one maps: on another CPU, if there is one */
	struct rnd_state rnd;
	struct task_struct *thread;
	struct completion done;
	unsigned int steps;
	spinlock_t lock;		/* of handed */
	struct mapping {
		void *ram, *map;
		unsigned int first, nr;
	} handed;			/* to this one, to be unmapped; nr 0: nothing. lock */
	unsigned long wrong;
};

static unsigned int wrong_mapping(struct mapper *u, const struct mapping *p)
{
	return wrong_pages(u->t, p->ram, p->first, p->nr) + wrong_pages(u->t, p->map, p->first, p->nr);
}

/* Leaves a mapping with a thread, and takes what is there. */
static struct mapping exchange(struct mapper *u, struct mapping p)
{
	spin_lock(&u->lock);
	swap(u->handed, p);
	spin_unlock(&u->lock);
	return p;
}

static void unmap(struct mapper *u, struct mapping p)
{
	if (!p.nr)
		return;
	u->wrong += wrong_mapping(u, &p);
	mmsim_vm_unmap_ram(p.ram, p.nr);
	mmsim_vunmap(p.map);
}

/* Pages mapped twice, for the neighbour to unmap; if he has not unmapped what he got before, that is for us to do. */
static void map_pages(struct mapper *u)
{
	struct mapping p = { .nr = 1 + mmsim_test_below(&u->rnd, 70) };

	p.first = mmsim_test_below(&u->rnd, NR_PAGES - p.nr);
	p.ram = mmsim_vm_map_ram(u->t->page + p.first, p.nr, NUMA_NO_NODE);
	p.map = mmsim_vmap(u->t->page + p.first, p.nr, VM_MAP, PAGE_KERNEL);
	if (p.ram && p.map) {
		u->wrong += wrong_mapping(u, &p);
		unmap(u, exchange(u->next, p));
		return;
	}
	u->wrong++;
	if (p.ram)
		mmsim_vm_unmap_ram(p.ram, p.nr);
	mmsim_vunmap(p.map);
}

static void use_area(struct mapper *u)
{
	unsigned long size = round_down((1 + mmsim_test_below(&u->rnd, 70)) * 1000, 8);
	u64 stamp = prandom_u32_state(&u->rnd);
	void *own = mmsim_vmalloc(size);

	if (!own) {
		u->wrong++;
		return;
	}
	mmsim_fill(own, size, stamp);
	u->wrong += mmsim_wrong(own, size, stamp);
	mmsim_vfree(own);
}

static int mapper_thread(void *data)
{
	struct mapper *u = data;
	/* In mode vmap each step goes to the host. */
	unsigned int steps = u->t->m->vmalloc->mode == MMSIM_VMALLOC_WINDOW ? 3000 : 300;

	for (; u->steps < steps; u->steps++) {
		map_pages(u);
		use_area(u);
		unmap(u, exchange(u, (struct mapping){}));
		if (!mmsim_test_below(&u->rnd, 200))
			mmsim_vm_unmap_aliases();
		cond_resched();
	}
	complete(&u->done);
	return 0;
}

/* A thread on the CPU with that number, or, where there are fewer, on one of them. */
static bool create_mapper(struct mapper *u, unsigned int i)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);

	for (i %= num_online_cpus(); i; i--)
		cpu = cpumask_next(cpu, cpu_online_mask);
	u->thread = kthread_create(mapper_thread, u, "mmsim_vmap/%u", cpu);
	if (IS_ERR(u->thread))
		return false;
	kthread_bind(u->thread, cpu);
	return true;
}

/*
 * Threads on all CPUs: nobody ever sees another page than his own, however old the translations are. What one CPU has
 * mapped another unmaps, and each address of the window has had many owners in the end.
 */
static void vmap_all_at_once(struct kunit *test)
{
	struct maps *t = maps(test);
	struct mapper *u = kunit_kcalloc(test, NR_MAPPERS, sizeof(*u), GFP_KERNEL);
	u64 seed = mmsim_test_seed(test);
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, u);
	for (nr = 0; nr < NR_MAPPERS; nr++) {
		u[nr].t = t;
		u[nr].next = &u[(nr + 1) % NR_MAPPERS];
		prandom_seed_state(&u[nr].rnd, seed + nr);
		init_completion(&u[nr].done);
		spin_lock_init(&u[nr].lock);
		if (!create_mapper(&u[nr], nr))
			break;
	}
	KUNIT_EXPECT_EQ(test, nr, NR_MAPPERS);
	for (i = 0; i < nr; i++)
		wake_up_process(u[i].thread);
	for (i = 0; i < nr; i++)
		wait_for_completion(&u[i].done);
	for (i = 0; i < NR_MAPPERS; i++) {
		unmap(&u[i], u[i].handed);
		KUNIT_EXPECT_EQ_MSG(test, u[i].wrong, 0, "thread %u", i);
		KUNIT_EXPECT_GE_MSG(test, u[i].steps, 300, "thread %u", i);
	}
	mmsim_test_check(test, t->m);
	maps_done(test, t);
	KUNIT_EXPECT_GE(test, t->m->vmalloc->stats.pages, 10 * t->m->vmalloc->window.nr_pages);
}

static struct kunit_case vmap_cases[] = {
	KUNIT_CASE_PARAM(vmap_pages, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmap_readonly, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmap_put_pages, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmap_misuse, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmap_ram, mmsim_vmalloc_modes_gen),
	KUNIT_CASE(vmap_ram_block),
	KUNIT_CASE_PARAM(vmap_ram_misuse, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmap_failures, mmsim_vmalloc_modes_gen),
	KUNIT_CASE_PARAM(vmap_all_at_once, mmsim_vmalloc_modes_gen),
	{}
};

static struct kunit_suite vmap_suite = {
	.name = "vmap",
	.test_cases = vmap_cases,
};

kunit_test_suite(vmap_suite);
