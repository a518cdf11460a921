// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "owner": the records of who allocated and freed each block, and the table of stack traces.
 */
#include <kunit/test.h>
#include <linux/sched/clock.h>

#include "fixture.h"
#include "mover.h"
#include "page/movable.h"
#include "page/owner.h"
#include "worker.h"

#define SLOTS	64
#define STEPS	5000

static struct mmsim *instance(struct kunit *test)
{
	const struct mmsim_memory_params params = { .pcp_orders = MMSIM_PCP_ORDERS, .page_owner = true };

	return mmsim_test_instance_with(test, SZ_32M, "DMA:4M,Normal", &params);
}

/* A function of its own, to be found in a trace. */
static noinline struct mmsim_page *take_as_owner(struct mmsim_memory *mem, gfp_t gfp, unsigned int order)
{
	struct mmsim_page *page = take(mem, gfp, order);

	barrier();
	return page;
}

static noinline bool give_as_owner(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	bool freed = give(mem, page, order);

	barrier();
	return freed;
}

static bool trace_names(const struct mmsim_memory *mem, u32 handle, const char *function)
{
	return mmsim_test_passes(mmsim_stacks_find(&mem->owners->stacks, handle), function);
}

static const unsigned int orders[] = { 0, 3, 4, 9, MMSIM_MAX_ORDER };

static void describe_order(const unsigned int *order, char *what)
{
	snprintf(what, KUNIT_PARAM_DESC_SIZE, "order %u", *order);
}

KUNIT_ARRAY_PARAM(orders, orders, describe_order);

static void owner_record(struct kunit *test)
{
	unsigned int order = *(const unsigned int *)test->param_value;
	gfp_t gfp = GFP_KERNEL | __GFP_COMP | __GFP_RECLAIMABLE;
	struct mmsim_memory *mem = instance(test)->memory;
	u64 before = local_clock(), after;
	struct mmsim_page *page = take_as_owner(mem, gfp, order);
	struct mmsim_owner o, last;

	after = local_clock();
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, page, &o));
	KUNIT_EXPECT_EQ(test, o.flags, MMSIM_OWNER_KNOWN | MMSIM_OWNER_ALLOCATED);
	KUNIT_EXPECT_EQ(test, o.order, order);
	KUNIT_EXPECT_TRUE(test, o.gfp == gfp);
	KUNIT_EXPECT_EQ(test, o.pid, current->pid);
	KUNIT_EXPECT_EQ(test, o.tgid, current->tgid);
	KUNIT_EXPECT_STREQ(test, o.comm, current->comm);
	KUNIT_EXPECT_GE(test, o.ts_nsec, before);
	KUNIT_EXPECT_LE(test, o.ts_nsec, after);
	KUNIT_EXPECT_EQ(test, o.free_ts_nsec, 0);
	KUNIT_EXPECT_EQ(test, trace_names(mem, o.stack, "take_as_owner"), mmsim_test_has_traces());

	KUNIT_EXPECT_TRUE(test, give_as_owner(mem, page, order));
	KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, page, &last));
	KUNIT_EXPECT_EQ(test, last.flags, MMSIM_OWNER_KNOWN);
	KUNIT_EXPECT_GE(test, last.free_ts_nsec, after);
	KUNIT_EXPECT_EQ(test, last.free_pid, current->pid);
	KUNIT_EXPECT_EQ(test, last.free_tgid, current->tgid);
	KUNIT_EXPECT_EQ(test, trace_names(mem, last.free_stack, "give_as_owner"), mmsim_test_has_traces());
	KUNIT_EXPECT_EQ(test, last.stack, o.stack);
	KUNIT_EXPECT_EQ(test, last.ts_nsec, o.ts_nsec);
	KUNIT_EXPECT_FALSE(test, order && mmsim_owner_read(mem, page + 1, &o));
}

/* One caller's traces are one, whatever it allocates; another's is another. */
static void owner_same_trace(struct kunit *test)
{
	struct mmsim_memory *mem = instance(test)->memory;
	struct mmsim_page *page;
	struct mmsim_owner o;
	u32 stack = 0;
	int i, used;

	if (!mmsim_test_has_traces())
		kunit_skip(test, "this kernel has no stack traces");
	for (i = 0; i <= 20; i++) {
		OPTIMIZER_HIDE_VAR(i);	/* or the calls of the first rounds may get a place of their own */
		page = take_as_owner(mem, GFP_KERNEL, 0);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, page, &o));
		KUNIT_EXPECT_TRUE(test, give_as_owner(mem, page, 0));
		/* The first one has the CPU's list filled: another way through the allocator, if not all is inlined. */
		if (i <= 1) {
			stack = o.stack;
			used = atomic_read(&mem->owners->stacks.nr_used);
			KUNIT_EXPECT_LE(test, used, 2 + i);
		}
		KUNIT_EXPECT_EQ(test, o.stack, stack);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&mem->owners->stacks.nr_used), used);
	page = take(mem, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, page, &o));
	KUNIT_EXPECT_NE(test, o.stack, stack);
	KUNIT_EXPECT_TRUE(test, give(mem, page, 0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&mem->owners->stacks.nr_lost), 0);
}

/* Each page of a block that is split is its owner's, and is freed alone. */
static void owner_split(struct kunit *test)
{
	struct mmsim_memory *mem = instance(test)->memory;
	struct mmsim_page *page = take(mem, GFP_USER, 3);
	struct mmsim_owner head, o;
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, page, &head));
	KUNIT_ASSERT_TRUE(test, mmsim_memory_split(mem, page, 3, _RET_IP_));
	for (i = 0; i < 8; i++) {
		for (j = 0; j < 8; j++) {
			KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, page + j, &o));
			KUNIT_EXPECT_EQ(test, o.flags & MMSIM_OWNER_ALLOCATED, j < i ? 0 : MMSIM_OWNER_ALLOCATED);
			KUNIT_EXPECT_EQ(test, o.order, 0);
			KUNIT_EXPECT_EQ(test, o.stack, head.stack);
			KUNIT_EXPECT_EQ(test, o.ts_nsec, head.ts_nsec);
			KUNIT_EXPECT_TRUE(test, o.gfp == GFP_USER);
		}
		KUNIT_EXPECT_TRUE(test, give(mem, page + i, 0));
	}
}

/* A page that moves is still its owner's; who moved it is nobody. */
static void owner_moves(struct kunit *test)
{
	struct mmsim_memory *mem = instance(test)->memory;
	struct mmsim_mover *mv = mmsim_mover(test, mem, 1);
	struct mmsim_page *src = mmsim_mover_take(mv, 0, GFP_USER | __GFP_MOVABLE), *dst;
	struct mmsim_owner before, after;

	KUNIT_ASSERT_NOT_NULL(test, src);
	KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, src, &before));
	KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(mem, src));
	dst = take(mem, GFP_NOWAIT, 0);
	KUNIT_ASSERT_NOT_NULL(test, dst);
	KUNIT_EXPECT_EQ(test, mmsim_movable_migrate(mem, dst, src, false, MMSIM_MR_COMPACTION), 0);
	KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, dst, &after));
	KUNIT_EXPECT_TRUE(test, after.flags & MMSIM_OWNER_ALLOCATED);
	KUNIT_EXPECT_EQ(test, mmsim_owner_moved(&before), MMSIM_MR_NONE);
	KUNIT_EXPECT_EQ(test, mmsim_owner_moved(&after), MMSIM_MR_COMPACTION);
	KUNIT_EXPECT_TRUE(test, after.gfp == (GFP_USER | __GFP_MOVABLE));
	KUNIT_EXPECT_EQ(test, after.stack, before.stack);
	KUNIT_EXPECT_EQ(test, after.ts_nsec, before.ts_nsec);
	KUNIT_ASSERT_TRUE(test, mmsim_owner_read(mem, src, &after));
	KUNIT_EXPECT_EQ(test, after.flags, MMSIM_OWNER_KNOWN);
	mmsim_mover_drop_all(mv);
}

/* Whether exactly the heads of blocks that somebody has are recorded as such. */
static void expect_heads(struct kunit *test, struct mmsim_memory *mem)
{
	unsigned long i, wrong = 0;
	struct mmsim_owner o;

	for (i = 0; i < mem->nr_pages; i++) {
		const struct mmsim_page *page = &mem->map[i];
		bool owned = mmsim_page_is_allocated(page) && atomic_read(&page->_refcount);
		bool known = mmsim_owner_read(mem, page, &o) && (o.flags & MMSIM_OWNER_ALLOCATED);

		wrong += owned != known || (owned && o.order != mmsim_page_order(page));
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void owner_every_block(struct kunit *test)
{
	struct mmsim_memory *mem = instance(test)->memory;
	struct mmsim_page **page = kunit_kcalloc(test, SLOTS, sizeof(*page), GFP_KERNEL), *many[8];
	struct rnd_state rnd;
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim_test_random(test, &rnd);
	for (i = 0; i < STEPS; i++) {
		unsigned int slot = mmsim_test_below(&rnd, SLOTS);

		if (page[slot])
			KUNIT_ASSERT_TRUE(test, give(mem, page[slot], mmsim_page_order(page[slot])));
		page[slot] = i % 3 ? take(mem, GFP_NOWAIT, mmsim_test_below(&rnd, 7)) : NULL;
		if (i % 1000)
			continue;
		memset(many, 0, sizeof(many));
		KUNIT_EXPECT_EQ(test, mmsim_memory_alloc_bulk(mem, GFP_KERNEL, 8, many, _RET_IP_), 8);
		expect_heads(test, mem);
		for (j = 0; j < 8; j++)
			KUNIT_EXPECT_TRUE(test, give(mem, many[j], 0));
	}
	for (i = 0; i < SLOTS; i++)
		if (page[i])
			KUNIT_EXPECT_TRUE(test, give(mem, page[i], mmsim_page_order(page[i])));
	expect_heads(test, mem);
}

/* With threads and interrupts at work on all CPUs. The interrupts' traces are few, whatever they interrupt. */
static void owner_under_load(struct kunit *test)
{
	struct mmsim *m = instance(test);
	unsigned int nr = num_online_cpus() + 1, i;
	struct mmsim_worker *w = mmsim_workers(test, m->memory, nr + 2);

	for (i = 0; i < nr + 2; i++) {
		w[i].steps = STEPS;
		w[i].max = 40;
	}
	mmsim_workers_run(test, w, nr);
	expect_heads(test, m->memory);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->owners->stacks.nr_lost), 0);
	mmsim_test_check(test, m);
}

/* An instance without records beside one that has them. */
static void owner_off(struct kunit *test)
{
	struct mmsim *on = instance(test), *off = mmsim_test_instance(test, SZ_16M, "Normal");
	struct mmsim_page *page = take(off->memory, GFP_KERNEL, 2);

	KUNIT_EXPECT_NULL(test, off->memory->owners);
	KUNIT_EXPECT_FALSE(test, mmsim_owner_on(off->memory));
	KUNIT_EXPECT_TRUE(test, mmsim_owner_on(on->memory));
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, mmsim_memory_split(off->memory, page, 2, _RET_IP_));
	KUNIT_EXPECT_TRUE(test, give(off->memory, page, 0));
	KUNIT_EXPECT_FALSE(test, give(off->memory, page, 0));
	mmsim_test_give_all(test, off->memory, (struct mmsim_page *[]){ page + 1, page + 2, page + 3 }, 3);
}

/* Records and traces lie in the metadata, and are all that it costs. */
static void owner_cost(struct kunit *test)
{
	struct mmsim_memory *on = instance(test)->memory;
	struct mmsim_memory *off = mmsim_test_instance(test, SZ_32M, "DMA:4M,Normal")->memory;
	const void *start = mmsim_memory_vaddr(on, mmsim_memory_page(on, on->meta_pfn));
	const void *end = start + (on->meta_pages << PAGE_SHIFT);
	const struct mmsim_stacks *stacks = &on->owners->stacks;
	size_t bytes = on->nr_pages * sizeof(struct mmsim_owner) + stacks->nr_slots * sizeof(struct mmsim_stack);

	KUNIT_EXPECT_GE(test, on->meta_pages - off->meta_pages, bytes >> PAGE_SHIFT);
	KUNIT_EXPECT_LE(test, on->meta_pages - off->meta_pages, (bytes >> PAGE_SHIFT) + 2);
	KUNIT_EXPECT_TRUE(test, (void *)on->owners->record >= start);
	KUNIT_EXPECT_TRUE(test, (void *)&on->owners->record[on->nr_pages] <= end);
	KUNIT_EXPECT_TRUE(test, (void *)stacks->slot >= start && (void *)&stacks->slot[stacks->nr_slots] <= end);
}

static void make_trace(unsigned long *entry, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < MMSIM_STACK_DEPTH; i++)
		entry[i] = n * 0x9e3779b97f4a7c15UL + i;
}

/* Traces beyond the table's size are lost and counted; those in it stay what they are. */
static void owner_full_table(struct kunit *test)
{
	struct mmsim_stacks stacks = { .nr_slots = 256 };
	u32 *handle = kunit_kcalloc(test, 1000, sizeof(*handle), GFP_KERNEL);
	unsigned long entry[MMSIM_STACK_DEPTH];
	unsigned int i, kept = 0;

	stacks.slot = kunit_kcalloc(test, stacks.nr_slots, sizeof(*stacks.slot), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, handle && stacks.slot);
	for (i = 0; i < 1000; i++) {
		make_trace(entry, i);
		handle[i] = mmsim_stacks_keep(&stacks, entry, 1 + i % MMSIM_STACK_DEPTH);
		kept += handle[i] > 0;
	}
	KUNIT_EXPECT_GT(test, kept, 128);
	KUNIT_EXPECT_LE(test, kept, stacks.nr_slots);
	KUNIT_EXPECT_EQ(test, atomic_read(&stacks.nr_used), (int)kept);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&stacks.nr_lost), (long)(1000 - kept));
	for (i = 0; i < 1000; i++) {
		const struct mmsim_stack *stack = mmsim_stacks_find(&stacks, handle[i]);

		KUNIT_EXPECT_EQ(test, !handle[i], !stack);
		if (!stack)
			continue;
		make_trace(entry, i);
		KUNIT_EXPECT_EQ(test, stack->nr, 1 + i % MMSIM_STACK_DEPTH);
		KUNIT_EXPECT_EQ(test, memcmp(stack->entry, entry, stack->nr * sizeof(*entry)), 0);
		KUNIT_EXPECT_EQ(test, mmsim_stacks_keep(&stacks, entry, stack->nr), handle[i]);
	}
	KUNIT_EXPECT_NULL(test, mmsim_stacks_find(&stacks, stacks.nr_slots + 1));
}

/* Reports find the block around any of its pages; nothing of it can fail, so this runs them all. */
static void owner_report(struct kunit *test)
{
	struct mmsim_memory *mem = instance(test)->memory;
	struct mmsim_page *page = take(mem, GFP_KERNEL, 2);

	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim_owner_report(mem, page + 3);
	KUNIT_EXPECT_FALSE(test, give(mem, page + 3, 0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&mem->bad[MMSIM_BAD_TAIL]), 1);
	KUNIT_EXPECT_TRUE(test, give(mem, page, 2));
	KUNIT_EXPECT_FALSE(test, give(mem, page, 2));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&mem->bad[MMSIM_BAD_DOUBLE_FREE]), 1);
	mmsim_owner_report(mem, &mem->map[mem->nr_pages - 1]);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE_PARAM(owner_record, orders_gen_params),
	KUNIT_CASE(owner_same_trace),
	KUNIT_CASE(owner_split),
	KUNIT_CASE(owner_moves),
	KUNIT_CASE(owner_every_block),
	KUNIT_CASE(owner_under_load),
	KUNIT_CASE(owner_off),
	KUNIT_CASE(owner_cost),
	KUNIT_CASE(owner_full_table),
	KUNIT_CASE(owner_report),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "owner",
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);
