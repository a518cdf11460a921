// SPDX-License-Identifier: GPL-2.0
/* The workers of worker.h. */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "page/pcp.h"
#include "worker.h"

static const gfp_t mobilities[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };

static void own_words(struct mmsim_worker_block *block, void *start, size_t size)
{
	block->first = start;
	block->last = start + size - sizeof(u64);
}

static bool take_block(struct mmsim_worker *w, struct mmsim_worker_block *block)
{
	gfp_t gfp = w->gfp | mobilities[mmsim_test_below(&w->rnd, ARRAY_SIZE(mobilities))];

	block->order = __ffs(prandom_u32_state(&w->rnd) | BIT(w->max_order));
	block->page = mmsim_memory_alloc(w->mem, gfp, block->order, _RET_IP_);
	if (block->page)
		own_words(block, mmsim_memory_vaddr(w->mem, block->page), PAGE_SIZE << block->order);
	return block->page;
}

/* Small ones mostly, up to two pages. */
static bool take_object(struct mmsim_worker *w, struct mmsim_worker_block *block)
{
	size_t size = 16 + round_down(mmsim_test_below(&w->rnd, 32U << mmsim_test_below(&w->rnd, 9)), 8);
	void *object = mmsim_slabs_kmalloc(w->slabs, size, w->gfp, NUMA_NO_NODE, _RET_IP_);

	block->page = NULL;
	if (object)
		own_words(block, object, size);
	return object;
}

static void worker_take(struct mmsim_worker *w)
{
	struct mmsim_worker_block *block = &w->slot[w->nr];

	if (w->slabs ? !take_object(w, block) : !take_block(w, block)) {
		w->failed++;
		return;
	}
	block->stamp = w->stamp++;
	*block->first = block->stamp;
	*block->last = block->stamp;
	w->nr++;
}

static void worker_give(struct mmsim_worker *w)
{
	struct mmsim_worker_block *block = &w->slot[mmsim_test_below(&w->rnd, w->nr)];

	w->faults += *block->first != block->stamp || *block->last != block->stamp;
	if (block->page)
		w->faults += !mmsim_memory_free(w->mem, block->page, block->order, _RET_IP_);
	else
		mmsim_slabs_kfree(w->slabs, block->first, _RET_IP_);
	*block = w->slot[--w->nr];
}

/**
 * mmsim_worker_step() - take a block, or give one back
 * @w: the worker
 */
void mmsim_worker_step(struct mmsim_worker *w)
{
	if (w->nr < w->max && (!w->nr || prandom_u32_state(&w->rnd) & 1))
		worker_take(w);
	else
		worker_give(w);
}

/**
 * mmsim_worker_finish() - give all blocks back
 * @w: the worker
 */
void mmsim_worker_finish(struct mmsim_worker *w)
{
	while (w->nr)
		worker_give(w);
}

/**
 * mmsim_workers() - make workers that hold nothing yet
 * @test: they go away with it
 * @mem: the instance's page floor
 * @nr: how many
 *
 * Return: the first; they ask quietly for blocks of any order, in lowmem, and hold as many as they can.
 */
struct mmsim_worker *mmsim_workers(struct kunit *test, struct mmsim_memory *mem, unsigned int nr)
{
	struct mmsim_worker *w = kunit_kcalloc(test, nr, sizeof(*w), GFP_KERNEL);
	u64 seed = mmsim_test_seed(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	for (i = 0; i < nr; i++) {
		w[i].mem = mem;
		w[i].gfp = GFP_ATOMIC | __GFP_NOWARN;
		w[i].max_order = MMSIM_MAX_ORDER;
		w[i].max = MMSIM_WORKER_SLOTS;
		w[i].stamp = (u64)(i + 1) << 32;
		prandom_seed_state(&w[i].rnd, seed + i);
		init_completion(&w[i].done);
	}
	return w;
}

static int worker_thread(void *data)
{
	struct mmsim_worker *w = data;
	unsigned int step;

	for (step = 0; step < w->steps; step++) {
		mmsim_worker_step(w);
		if (step % 64 == 0)
			cond_resched();
		if (w->drains && step % 4096 == 0)
			mmsim_pcp_drain_all(w->mem);
		if (w->drains && w->slabs && step % 512 == 0)
			mmsim_cache_shrink(w->slabs->kmalloc[MMSIM_KMALLOC_NORMAL][4 + step / 512 % 9]);
	}
	mmsim_worker_finish(w);
	complete(&w->done);
	return 0;
}

static void worker_start(struct kunit *test, struct mmsim_worker *w, unsigned int i)
{
	w->task = kthread_create(worker_thread, w, "mmsim_worker/%u", i);
	if (IS_ERR(w->task)) {
		KUNIT_FAIL(test, "no thread %u: %ld", i, PTR_ERR(w->task));
		complete(&w->done);
		return;
	}
	get_task_struct(w->task);
	kthread_bind(w->task, cpumask_nth(i % num_online_cpus(), cpu_online_mask));
	wake_up_process(w->task);
}

static void worker_stop(struct mmsim_worker *w)
{
	wait_for_completion(&w->done);
	if (IS_ERR(w->task))
		return;
	kthread_stop(w->task);
	put_task_struct(w->task);
}

static enum hrtimer_restart worker_timer(struct hrtimer *timer)
{
	struct mmsim_worker *w = container_of(timer, struct mmsim_worker, timer);
	unsigned int i;

	w->hardirq |= in_hardirq();
	w->softirq |= in_serving_softirq();
	w->fired++;
	for (i = 0; i < 4; i++)
		mmsim_worker_step(w);
	hrtimer_forward_now(timer, ms_to_ktime(1));
	return HRTIMER_RESTART;
}

static void timer_on(struct mmsim_worker *w, enum hrtimer_mode mode)
{
	hrtimer_init(&w->timer, CLOCK_MONOTONIC, mode);
	w->timer.function = worker_timer;
	hrtimer_start(&w->timer, ms_to_ktime(1), mode);
}

/* The threads may have been done before its first turn: it gets that, within a second. */
static void timer_off(struct kunit *test, struct mmsim_worker *w)
{
	unsigned int i;

	for (i = 0; !READ_ONCE(w->fired) && i < 50; i++)
		msleep(20);
	hrtimer_cancel(&w->timer);
	mmsim_worker_finish(w);
	KUNIT_EXPECT_GT(test, w->fired, 0);
}

/**
 * mmsim_workers_run() - let workers work at once, from every context
 * @test: fails when a worker could not start or found a fault, or an interrupt was not where it should be
 * @w: the workers: @nr that become threads, spread over the CPUs, and two more, timers in hard and in soft interrupts
 * @nr: how many threads
 *
 * Context: process context; returns when the threads have made their steps and everything has been given back.
 */
void mmsim_workers_run(struct kunit *test, struct mmsim_worker *w, unsigned int nr)
{
	unsigned int i;

	timer_on(&w[nr], HRTIMER_MODE_REL);
	timer_on(&w[nr + 1], HRTIMER_MODE_REL_SOFT);
	for (i = 0; i < nr; i++)
		worker_start(test, &w[i], i);
	for (i = 0; i < nr; i++)
		worker_stop(&w[i]);
	timer_off(test, &w[nr]);
	timer_off(test, &w[nr + 1]);
	KUNIT_EXPECT_TRUE(test, w[nr].hardirq);
	KUNIT_EXPECT_TRUE(test, w[nr + 1].softirq);
	for (i = 0; i < nr + 2; i++)
		KUNIT_EXPECT_EQ_MSG(test, w[i].faults, 0, "worker %u", i);
}
