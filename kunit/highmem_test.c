// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "highmem": pages without an address, the slots that lend them one, and the entries behind those.
 *
 * Every page of a test holds its own number, written at the region's own address. Read at a lent address it tells
 * whether the right frame is behind it: a stale translation shows another page's number. Where the host gives no window
 * the lent addresses are the region's, and what can only be seen at an entry is skipped.
 */
#include <kunit/test.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/uaccess.h>

#include <mmsim/highmem.h>

#include "fixture.h"
#include "oracle.h"
#include "page/highmem.h"

#define NR_PAGES	1200	/* more than twice as many as there are slots */
#define HIGHUSER	(GFP_HIGHUSER | __GFP_NOWARN)

struct high {
	struct mmsim *m;
	struct mmsim_memory *mem;
	struct mmsim_highmem *h;
	struct mmsim_page *page[NR_PAGES];	/* all of HighMem; page i holds i */
};

static u64 *own_address(struct mmsim_memory *mem, struct mmsim_page *page)
{
	return mmsim_memory_vaddr(mem, page);
}

/* All pages are taken from HighMem, none from Normal, and have no address. */
static struct high *high(struct kunit *test)
{
	struct high *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->m = mmsim_test_instance(test, SZ_16M, "Normal:8M,HighMem");
	t->mem = t->m->memory;
	t->h = t->mem->highmem;
	KUNIT_ASSERT_NOT_NULL(test, t->h);
	for (i = 0; i < NR_PAGES; i++) {
		t->page[i] = take(t->mem, HIGHUSER, 0);
		KUNIT_ASSERT_NOT_NULL(test, t->page[i]);
		KUNIT_ASSERT_EQ(test, mmsim_page_zone_type(t->page[i]), MMSIM_ZONE_HIGHMEM);
		KUNIT_ASSERT_NULL(test, t->page[i]->virtual);
		*own_address(t->mem, t->page[i]) = i;
	}
	return t;
}

static void high_done(struct kunit *test, struct high *t)
{
	mmsim_test_check(test, t->m);
	KUNIT_EXPECT_EQ(test, t->h->idle, MMSIM_KMAP_SLOTS);
	mmsim_highmem_flush(t->mem);
	mmsim_test_check(test, t->m);
	mmsim_test_give_all(test, t->mem, t->page, NR_PAGES);
}

static u64 *map(struct high *t, unsigned int i)
{
	return mmsim_highmem_map(t->mem, t->page[i], _THIS_IP_);
}

static bool unmap(struct high *t, unsigned int i)
{
	return mmsim_highmem_unmap(t->mem, t->page[i], _THIS_IP_);
}

static u64 *map_local(struct high *t, unsigned int i)
{
	return mmsim_highmem_map_local(t->mem, t->page[i], _THIS_IP_);
}

static bool unmap_local(struct high *t, const void *addr)
{
	return mmsim_highmem_unmap_local(t->mem, addr, _THIS_IP_);
}

static bool faults(const void *addr)
{
	u64 word;

	return copy_from_kernel_nofault(&word, addr, sizeof(word)) == -EFAULT;
}

/* A mapped page has an address and its content is there; it is mapped as often as unmapped, not once more. */
static void highmem_kmap(struct kunit *test)
{
	struct high *t = high(test);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, t->mem);
	u64 *addr = map(t, 7);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_PTR_EQ(test, t->page[7]->virtual, (void *)addr);
	KUNIT_EXPECT_EQ(test, *addr, 7);
	addr[511] = 0x123456789;
	KUNIT_EXPECT_EQ(test, own_address(t->mem, t->page[7])[511], 0x123456789);
	KUNIT_EXPECT_PTR_EQ(test, map(t, 7), addr);
	KUNIT_EXPECT_EQ(test, t->h->idle, MMSIM_KMAP_SLOTS - 1);
	KUNIT_EXPECT_PTR_NE(test, map(t, 8), addr);
	KUNIT_EXPECT_EQ(test, t->h->idle, MMSIM_KMAP_SLOTS - 2);
	KUNIT_EXPECT_TRUE(test, unmap(t, 8));
	KUNIT_EXPECT_TRUE(test, unmap(t, 7));
	KUNIT_EXPECT_EQ(test, t->h->idle, MMSIM_KMAP_SLOTS - 1);
	KUNIT_EXPECT_TRUE(test, unmap(t, 7));
	/* It stays where it is until all are flushed, and can be had again. */
	KUNIT_EXPECT_PTR_EQ(test, t->page[7]->virtual, (void *)addr);
	KUNIT_EXPECT_PTR_EQ(test, map(t, 7), addr);
	KUNIT_EXPECT_TRUE(test, unmap(t, 7));
	mmsim_expect_since(test, t->mem, before, -1, 0);

	KUNIT_EXPECT_FALSE(test, unmap(t, 7));
	mmsim_expect_since(test, t->mem, before, MMSIM_BAD_KUNMAP, 0);
	mmsim_highmem_flush(t->mem);
	KUNIT_EXPECT_NULL(test, t->page[7]->virtual);
	KUNIT_EXPECT_NULL(test, t->page[8]->virtual);
	before = mmsim_snapshot(test, t->mem);
	KUNIT_EXPECT_FALSE(test, unmap(t, 7));
	mmsim_expect_since(test, t->mem, before, MMSIM_BAD_KUNMAP, 0);
	high_done(test, t);
}

/* A page of another zone has its address, and takes no slot; what is no page is refused. */
static void highmem_lowmem(struct kunit *test)
{
	struct high *t = high(test);
	struct mmsim_page *page = take(t->mem, GFP_KERNEL, 0);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, t->mem);
	int preemption = preempt_count(), during;
	void *addr;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_highmem_map(t->mem, page, _THIS_IP_), page->virtual);
	KUNIT_EXPECT_EQ(test, t->h->idle, MMSIM_KMAP_SLOTS);
	KUNIT_EXPECT_TRUE(test, mmsim_highmem_unmap(t->mem, page, _THIS_IP_));
	addr = mmsim_highmem_map_local(t->mem, page, _THIS_IP_);
	during = preempt_count();
	KUNIT_EXPECT_PTR_EQ(test, addr, page->virtual);
	KUNIT_EXPECT_EQ(test, during, preemption);
	KUNIT_EXPECT_TRUE(test, unmap_local(t, addr + 100));
	mmsim_expect_since(test, t->mem, before, -1, 0);

	KUNIT_EXPECT_NULL(test, mmsim_highmem_map(t->mem, t->mem->map + t->mem->nr_pages, _THIS_IP_));
	mmsim_expect_since(test, t->mem, before, MMSIM_BAD_WILD, 0);
	before = mmsim_snapshot(test, t->mem);
	KUNIT_EXPECT_NULL(test, mmsim_highmem_map_local(t->mem, (void *)page + 1, _THIS_IP_));
	KUNIT_EXPECT_EQ(test, preempt_count(), preemption);
	mmsim_expect_since(test, t->mem, before, MMSIM_BAD_WILD, 0);
	before = mmsim_snapshot(test, t->mem);
	KUNIT_EXPECT_FALSE(test, mmsim_highmem_unmap(t->mem, NULL, _THIS_IP_));
	mmsim_expect_since(test, t->mem, before, MMSIM_BAD_WILD, 0);
	KUNIT_EXPECT_TRUE(test, give(t->mem, page, 0));
	high_done(test, t);
}

/* There is nothing behind an address that isn't lent: reading it faults. */
static void highmem_fault(struct kunit *test)
{
	struct high *t = high(test);
	bool before, during, after;
	unsigned int i;
	u64 *addr;

	if (!t->h->window.addr) {
		mmsim_test_give_all(test, t->mem, t->page, NR_PAGES);
		kunit_skip(test, "no window on this kernel");
	}
	for (i = 0; i < t->h->window.nr_pages; i++)
		KUNIT_EXPECT_TRUE_MSG(test, faults(mmsim_window_addr(&t->h->window, i)), "slot %u", i);
	addr = map(t, 1);
	KUNIT_EXPECT_FALSE(test, faults(addr));
	KUNIT_EXPECT_TRUE(test, faults(addr + PAGE_SIZE / sizeof(*addr)));
	KUNIT_EXPECT_TRUE(test, unmap(t, 1));
	mmsim_highmem_flush(t->mem);
	KUNIT_EXPECT_TRUE(test, faults(addr));

	addr = map_local(t, 2);
	during = faults(addr);
	before = faults(addr - PAGE_SIZE / sizeof(*addr));
	unmap_local(t, addr);
	after = faults(addr);
	KUNIT_EXPECT_FALSE(test, during);
	KUNIT_EXPECT_TRUE(test, before);
	KUNIT_EXPECT_TRUE(test, after);
	high_done(test, t);
}

/* The search goes round: with each time round one flush, and behind each address the page that has it. */
static void highmem_round(struct kunit *test)
{
	struct high *t = high(test);
	unsigned int i, round, wrong = 0;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < NR_PAGES; i++) {
			u64 *addr = map(t, i);

			wrong += *addr != i || t->page[i]->virtual != addr;
			wrong += !unmap(t, i);
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, t->h->nr_flushes, 3 * NR_PAGES / MMSIM_KMAP_SLOTS);
	high_done(test, t);
}

struct mapper {
	struct high *t;
	unsigned int page;
	struct completion begun, done;
	u64 seen;
};

static int map_one(void *data)
{
	struct mapper *one = data;

	complete(&one->begun);
	one->seen = *map(one->t, one->page);
	unmap(one->t, one->page);
	complete(&one->done);
	return 0;
}

/* With all slots in use one more has to wait, until any is free. */
static void highmem_full(struct kunit *test)
{
	struct high *t = high(test);
	struct mapper one = { .t = t, .page = MMSIM_KMAP_SLOTS };
	struct task_struct *task;
	unsigned int i, wrong = 0;

	for (i = 0; i < MMSIM_KMAP_SLOTS; i++)
		wrong += *map(t, i) != i;
	KUNIT_EXPECT_EQ(test, t->h->idle, 0);
	init_completion(&one.begun);
	init_completion(&one.done);
	task = kthread_run(map_one, &one, "mmsim_kmap");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&one.begun);
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&one.done, HZ / 10), 0);
	KUNIT_EXPECT_NULL(test, t->page[one.page]->virtual);
	/* Who maps a page that is mapped needs no slot. */
	KUNIT_EXPECT_EQ(test, *map(t, 5), 5);
	KUNIT_EXPECT_TRUE(test, unmap(t, 5));
	KUNIT_EXPECT_TRUE(test, unmap(t, 100));
	wait_for_completion(&one.done);
	KUNIT_EXPECT_EQ(test, one.seen, one.page);
	KUNIT_EXPECT_EQ(test, t->h->idle, 1);
	KUNIT_EXPECT_NULL(test, t->page[100]->virtual);
	for (i = 0; i < MMSIM_KMAP_SLOTS; i++)
		if (i != 100)
			wrong += *map(t, i) != i || !unmap(t, i) || !unmap(t, i);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	high_done(test, t);
}

/* A CPU's slots nest, 16 deep, and are given up in reverse order only. */
static void highmem_local(struct kunit *test)
{
	struct high *t = high(test);
	const struct mmsim_snapshot *before = mmsim_snapshot(test, t->mem);
	int preemption = preempt_count();
	unsigned int i, j, wrong = 0;
	u64 *addr[MMSIM_KMAP_LOCAL_SLOTS];

	for (i = 0; i < MMSIM_KMAP_LOCAL_SLOTS; i++) {
		addr[i] = map_local(t, i);
		for (j = 0; j <= i; j++)
			wrong += *addr[j] != j;
		wrong += !!t->page[i]->virtual;
	}
	wrong += preempt_count() != preemption + i * IS_ENABLED(CONFIG_PREEMPT_COUNT);
	wrong += !!map_local(t, i);
	wrong += atomic_long_read(&t->mem->bad[MMSIM_BAD_KMAP]) != before->bad[MMSIM_BAD_KMAP] + 1;
	wrong += unmap_local(t, addr[3]);
	wrong += atomic_long_read(&t->mem->bad[MMSIM_BAD_KUNMAP]) != before->bad[MMSIM_BAD_KUNMAP] + 1;
	while (i--)
		wrong += !unmap_local(t, addr[i] + 5);
	wrong += preempt_count() != preemption;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	before = mmsim_snapshot(test, t->mem);
	KUNIT_EXPECT_FALSE(test, unmap_local(t, addr[0]));
	KUNIT_EXPECT_EQ(test, preempt_count(), preemption);
	mmsim_expect_since(test, t->mem, before, MMSIM_BAD_KUNMAP, 0);
	high_done(test, t);
}

struct mapping_user {
	struct high *t;
	struct rnd_state rnd;
	struct completion done;
	struct hrtimer timer;
	unsigned long fired, wrong;
};

/* Two pages at once on this CPU, each with its own content. */
static void use_local(struct mapping_user *u)
{
	unsigned int i = mmsim_test_below(&u->rnd, NR_PAGES), j = mmsim_test_below(&u->rnd, NR_PAGES);
	u64 *a = map_local(u->t, i), *b = map_local(u->t, j);

	u->wrong += *a != i || *b != j || *a != i;
	u->wrong += !unmap_local(u->t, b);
	u->wrong += !unmap_local(u->t, a);
}

static void use(struct mapping_user *u)
{
	unsigned int held[8], i;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = mmsim_test_below(&u->rnd, NR_PAGES);
		u->wrong += *map(u->t, held[i]) != held[i];
	}
	use_local(u);
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		u->wrong += *(u64 *)u->t->page[held[i]]->virtual != held[i];
		u->wrong += !unmap(u->t, held[i]);
	}
}

static int user_thread(void *data)
{
	struct mapping_user *u = data;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		use(u);
		cond_resched();
	}
	complete(&u->done);
	return 0;
}

static enum hrtimer_restart user_timer(struct hrtimer *timer)
{
	struct mapping_user *u = container_of(timer, struct mapping_user, timer);

	u->fired++;
	use_local(u);
	hrtimer_forward_now(timer, ms_to_ktime(1));
	return HRTIMER_RESTART;
}

/* Threads on all CPUs and a timer that interrupts them: nobody ever sees another page than his. */
static void highmem_all_at_once(struct kunit *test)
{
	struct high *t = high(test);
	struct mapping_user *u = kunit_kcalloc(test, 5, sizeof(*u), GFP_KERNEL);
	u64 seed = mmsim_test_seed(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, u);
	for (i = 0; i < 5; i++) {
		u[i].t = t;
		prandom_seed_state(&u[i].rnd, seed + i);
		init_completion(&u[i].done);
	}
	hrtimer_init(&u[4].timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	u[4].timer.function = user_timer;
	hrtimer_start(&u[4].timer, ms_to_ktime(1), HRTIMER_MODE_REL);
	for (i = 0; i < 4; i++)
		if (IS_ERR(kthread_run(user_thread, &u[i], "mmsim_kmap/%u", i)))
			complete(&u[i].done);
	for (i = 0; i < 4; i++)
		wait_for_completion(&u[i].done);
	hrtimer_cancel(&u[4].timer);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ_MSG(test, u[i].wrong, 0, "user %u", i);
	KUNIT_EXPECT_GT(test, u[4].fired, 0);
	KUNIT_EXPECT_GT(test, t->h->nr_flushes, 0);
	high_done(test, t);
}

/* The check finds a slot and a page that are at odds. */
static void highmem_check(struct kunit *test)
{
	struct high *t = high(test);
	char what[256];
	void *addr = map(t, 3);

	t->page[3]->virtual = addr + PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, mmsim_memory_check(t->mem, what, sizeof(what)), -EUCLEAN);
	t->page[3]->virtual = addr;
	t->page[4]->virtual = addr;
	KUNIT_EXPECT_EQ(test, mmsim_memory_check(t->mem, what, sizeof(what)), -EUCLEAN);
	t->page[4]->virtual = NULL;
	t->h->idle++;
	KUNIT_EXPECT_EQ(test, mmsim_memory_check(t->mem, what, sizeof(what)), -EUCLEAN);
	t->h->idle--;
	KUNIT_EXPECT_EQ(test, mmsim_memory_check(t->mem, what, sizeof(what)), 0);
	KUNIT_EXPECT_TRUE(test, unmap(t, 3));
	high_done(test, t);
}

/* kmap_atomic() turns page faults off, until kunmap_atomic(); not for what is no page. */
static void highmem_atomic(struct kunit *test)
{
	struct mmsim *m = mmsim_test_live_instance(test, SZ_4M, "Normal");
	struct mmsim_page *page = take(m->memory, GFP_KERNEL, 0);
	bool off;
	void *addr;

	KUNIT_ASSERT_NOT_NULL(test, page);
	addr = mmsim_kmap_atomic(page);
	off = pagefault_disabled();
	mmsim_kunmap_atomic(addr);
	KUNIT_EXPECT_PTR_EQ(test, addr, mmsim_memory_vaddr(m->memory, page));
	KUNIT_EXPECT_TRUE(test, off);
	KUNIT_EXPECT_FALSE(test, pagefault_disabled());

	addr = mmsim_kmap_atomic(m->memory->map + m->memory->nr_pages);
	off = pagefault_disabled();
	if (off) {
		pagefault_enable();
		preempt_enable();
	}
	KUNIT_EXPECT_NULL(test, addr);
	KUNIT_EXPECT_FALSE(test, off);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, 0));
}

static struct kunit_case highmem_cases[] = {
	KUNIT_CASE(highmem_kmap),
	KUNIT_CASE(highmem_lowmem),
	KUNIT_CASE(highmem_fault),
	KUNIT_CASE(highmem_round),
	KUNIT_CASE(highmem_full),
	KUNIT_CASE(highmem_local),
	KUNIT_CASE(highmem_atomic),
	KUNIT_CASE(highmem_all_at_once),
	KUNIT_CASE(highmem_check),
	{}
};

static struct kunit_suite highmem_suite = {
	.name = "highmem",
	.test_cases = highmem_cases,
};

kunit_test_suite(highmem_suite);
