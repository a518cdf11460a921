// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "smp": the page floor used from everywhere at once, by threads on all CPUs and by hard and soft
 * interrupts that walk in on them, on a region too small for all. Afterwards it is as it was before, with every failure
 * counted.
 */
#include <kunit/test.h>
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

static void describe_field(const struct field *field, char *desc)
{
	strscpy(desc, field->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(field, fields, describe_field);

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
	KUNIT_CASE(smp_double_free),
	{}
};

static struct kunit_suite smp_suite = {
	.name = "smp",
	.test_cases = smp_cases,
};

kunit_test_suite(smp_suite);
