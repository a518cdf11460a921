// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "smp": the page floor used from everywhere at once, by threads on all CPUs and by hard and soft
 * interrupts that walk in on them, on a region too small for all. Afterwards it is as it was before, with every failure
 * counted.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "fixture.h"
#include "oracle.h"
#include "page/pcp.h"
#include "worker.h"

struct field {
	const char *name;
	const char *zones;
	u64 size;
	struct mmsim_memory_params params;
	int batch, high;	/* of the CPUs' lists: small, so that they are filled and emptied all the time */
	gfp_t gfp;
	unsigned int max_order;
};

static const struct field fields[] = {
	{ "buddy lists", "DMA:2M,Normal", SZ_4M, {}, 1, 0, __GFP_HIGHMEM, 6 },
	{ "all lists", "Normal", SZ_16M, { .pcp_orders = GENMASK(MMSIM_PCP_MAX_ORDER, 0), .group_by_mobility = true },
	  7, 60, 0, MMSIM_MAX_ORDER },
};

KUNIT_ARRAY_PARAM_DESC(field, fields, name);

/* Two threads a CPU, four at least, and two timers. */
static void smp_hammer(struct kunit *test)
{
	const struct field *f = test->param_value;
	unsigned int nr = max(4U, 2 * num_online_cpus()), i;
	struct mmsim *m = mmsim_test_instance_with(test, f->size, f->zones, &f->params);
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_worker *w = mmsim_workers(test, m->memory, nr + 2);
	unsigned long failed = 0;

	mmsim_test_pcp_sizes(m->memory, f->batch, f->high);
	for (i = 0; i < nr + 2; i++) {
		w[i].gfp |= f->gfp;
		w[i].max_order = f->max_order;
		w[i].max = 24;
		w[i].steps = 60000;
		w[i].drains = f->params.pcp_orders;
	}
	mmsim_workers_run(test, w, nr);
	for (i = 0; i < nr + 2; i++)
		failed += w[i].failed;
	mmsim_test_check(test, m);
	mmsim_pcp_drain_all(m->memory);
	mmsim_expect_since(test, m->memory, first, -1, failed);
	mmsim_test_check(test, m);
}

/* A thread on a CPU of its own that takes and gives the same few blocks. */
struct pairs {
	struct mmsim_memory *mem;
	struct task_struct *task;
	struct completion warm, go, done;
	unsigned long refused;
};

#define PAIRS		4000
#define BURST		8

static unsigned int take_and_give(struct pairs *p, unsigned int order)
{
	struct mmsim_page *page[BURST];
	unsigned int i, refused = 0;

	for (i = 0; i < BURST; i++)
		page[i] = take(p->mem, GFP_KERNEL, order);
	while (i--)
		refused += !page[i] || !give(p->mem, page[i], order);
	return refused;
}

static int pairs_thread(void *data)
{
	struct pairs *p = data;
	unsigned int i, order;

	for (order = 0; order <= 3; order++)
		p->refused += take_and_give(p, order);
	complete(&p->warm);
	wait_for_completion(&p->go);
	for (i = 0; i < PAIRS; i += BURST)
		p->refused += take_and_give(p, i / BURST % 4);
	complete(&p->done);
	return 0;
}

static void pairs_start(struct kunit *test, struct pairs *p, unsigned int cpu)
{
	init_completion(&p->warm);
	init_completion(&p->go);
	init_completion(&p->done);
	p->task = kthread_create_on_cpu(pairs_thread, p, cpu, "mmsim_pairs/%u");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p->task);
	get_task_struct(p->task);
	wake_up_process(p->task);
	wait_for_completion(&p->warm);
}

static unsigned long nr_locked(const struct mmsim_zone *zone)
{
	unsigned long nr = zone->nr_alloc;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		nr += zone->pcp[cpu]->nr_refill + zone->pcp[cpu]->nr_spill;
	return nr;
}

/*
 * What makes allocation scale to any number of CPUs: once a CPU's lists are warm it serves and frees without the zone's
 * lock, and writes to no cache line that another CPU reads.
 */
static void smp_no_lock(struct kunit *test)
{
	const struct mmsim_memory_params params = { .pcp_orders = MMSIM_PCP_ORDERS, .group_by_mobility = true };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_32M, "Normal", &params);
	struct pairs *pairs = kunit_kcalloc(test, nr_cpu_ids, sizeof(*pairs), GFP_KERNEL);
	struct mmsim_zone *zone = &m->memory->node[0]->zone[MMSIM_ZONE_NORMAL];
	unsigned long locked, free, alloc = 0, refused = 0;
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, pairs);
	mmsim_test_pcp_sizes(m->memory, 31, 1000);
	for_each_online_cpu(cpu) {
		pairs[cpu].mem = m->memory;
		pairs_start(test, &pairs[cpu], cpu);
		alloc -= zone->pcp[cpu]->nr_alloc;
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)zone->pcp[cpu], SMP_CACHE_BYTES));
	}
	locked = nr_locked(zone);
	free = zone->free_pages;
	for_each_online_cpu(cpu)
		complete(&pairs[cpu].go);
	for_each_online_cpu(cpu) {
		wait_for_completion(&pairs[cpu].done);
		kthread_stop(pairs[cpu].task);
		put_task_struct(pairs[cpu].task);
		alloc += zone->pcp[cpu]->nr_alloc;
		refused += pairs[cpu].refused;
	}
	KUNIT_EXPECT_EQ(test, refused, 0);
	KUNIT_EXPECT_EQ(test, nr_locked(zone), locked);
	KUNIT_EXPECT_EQ(test, zone->free_pages, free);
	KUNIT_EXPECT_EQ(test, alloc, num_online_cpus() * PAIRS / 4 * (1 + 2 + 4 + 8));
	KUNIT_EXPECT_EQ(test, sizeof(struct mmsim_pcp) % SMP_CACHE_BYTES, 0);
	mmsim_test_check(test, m);
}

struct duel {
	struct mmsim_memory *mem;
	struct mmsim_page *page;
	atomic_t round, answered;	/* which round was called, which one the opponent has finished */
	atomic_t freed;			/* frees that went through */
};

#define ROUNDS		2000

static void duel_free(struct duel *d)
{
	if (mmsim_memory_free(d->mem, d->page, 3, _RET_IP_))
		atomic_inc(&d->freed);
}

static int duel_thread(void *data)
{
	struct duel *d = data;
	int round;

	for (round = 1; round <= ROUNDS; round++) {
		while (atomic_read_acquire(&d->round) != round)
			cpu_relax();
		duel_free(d);
		atomic_set_release(&d->answered, round);
		cond_resched();
	}
	return 0;
}

/* Of two frees of one block at the same moment on two CPUs, one goes through and one is refused. */
static void smp_double_free(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct duel *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct task_struct *opponent;
	int round, wrong = 0;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU: no two frees at the same moment");
	KUNIT_ASSERT_NOT_NULL(test, d);
	d->mem = m->memory;
	opponent = kthread_create(duel_thread, d, "mmsim_duel");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, opponent);
	get_task_struct(opponent);
	wake_up_process(opponent);
	for (round = 1; round <= ROUNDS; round++) {
		d->page = mmsim_memory_alloc(m->memory, GFP_ATOMIC | __GFP_NOWARN, 3, _RET_IP_);
		atomic_set(&d->freed, 0);
		atomic_set_release(&d->round, round);
		duel_free(d);
		while (atomic_read_acquire(&d->answered) != round)
			cpu_relax();
		wrong += atomic_read(&d->freed) != 1;
		cond_resched();
	}
	kthread_stop(opponent);
	put_task_struct(opponent);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_DOUBLE_FREE]), ROUNDS);
	mmsim_test_check(test, m);
}

static struct kunit_case smp_cases[] = {
	KUNIT_CASE_PARAM(smp_hammer, field_gen_params),
	KUNIT_CASE(smp_no_lock),
	KUNIT_CASE(smp_double_free),
	{}
};

static struct kunit_suite smp_suite = {
	.name = "smp",
	.test_cases = smp_cases,
};

kunit_test_suite(smp_suite);
