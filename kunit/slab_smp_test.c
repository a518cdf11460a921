// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slab_smp": a cache used from everywhere at once: threads on all CPUs that take objects and give them
 * back, one by one and in bulk, and leave some for others to free, so that they come home from another CPU; a timer
 * that walks in on them from hard interrupts; and a thread that shrinks, ages, tunes and checks the cache meanwhile.
 * Each object bears its owner's stamp. Afterwards all of it is back.
 */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "slab.h"

#define STEPS		10000		/* of a thread, at least, or a fifth when each step keeps a trace ... */
#define TIME		(HZ / 5)	/* ... and jiffies */
#define HELD		60		/* objects that a thread holds */
#define LEFT		32		/* places where threads leave objects for others */
#define SIZE		200
#define MAX_THREADS	16

struct field {
	struct mmsim_slabs *slabs;
	struct mmsim_kmem_cache *s;
	void *left[LEFT];	/* by xchg() */
	atomic_long_t faults;	/* objects that somebody else has written to */
	atomic_long_t stamps;
	unsigned long end;	/* jiffies */
	void *timers[8];	/* the timer's own */
	struct hrtimer timer;
	unsigned long fired;
};

struct worker {
	struct field *f;
	struct rnd_state rnd;
	void *held[HELD];
	unsigned int nr;
	struct completion done;
};

/* The object's first and last word say the same, unless somebody wrote there. */
static void stamp(struct field *f, void *object)
{
	u64 mark = atomic_long_inc_return(&f->stamps);

	*(u64 *)object = mark;
	*(u64 *)(object + SIZE - 8) = mark;
}

static void look_at(struct field *f, void *object)
{
	if (*(u64 *)object != *(u64 *)(object + SIZE - 8) || !*(u64 *)object)
		atomic_long_inc(&f->faults);
	*(u64 *)object = 0;
}

static void *get(struct field *f, gfp_t gfp)
{
	void *object = mmsim_cache_alloc(f->s, gfp | __GFP_NOWARN, NUMA_NO_NODE, _RET_IP_);

	if (object)
		stamp(f, object);
	return object;
}

static void put(struct field *f, void *object)
{
	if (!object)
		return;
	look_at(f, object);
	mmsim_cache_free(f->s, object, _RET_IP_);
}

static void get_bulk(struct worker *w, unsigned int nr)
{
	unsigned int i;

	nr = min(nr, HELD - w->nr);
	nr = mmsim_cache_alloc_bulk(w->f->s, GFP_KERNEL | __GFP_NOWARN, nr, w->held + w->nr, _RET_IP_);
	for (i = 0; i < nr; i++)
		stamp(w->f, w->held[w->nr++]);
}

static void put_bulk(struct worker *w, unsigned int nr)
{
	unsigned int i;

	nr = min(nr, w->nr);
	w->nr -= nr;
	for (i = 0; i < nr; i++)
		look_at(w->f, w->held[w->nr + i]);
	mmsim_cache_free_bulk(w->f->s, nr, w->held + w->nr, _RET_IP_);
}

static void step(struct worker *w)
{
	unsigned int what = mmsim_test_below(&w->rnd, 100);
	void **left = &w->f->left[mmsim_test_below(&w->rnd, LEFT)];

	if (what < 40 && w->nr < HELD) {
		w->held[w->nr] = get(w->f, GFP_KERNEL);
		w->nr += !!w->held[w->nr];
	} else if (what < 70 && w->nr) {
		put(w->f, w->held[--w->nr]);
	} else if (what < 90 && w->nr) {
		put(w->f, xchg(left, w->held[--w->nr]));
	} else if (what < 95) {
		get_bulk(w, 1 + what % 20);
	} else {
		put_bulk(w, 1 + what % 20);
	}
}

static int work(void *data)
{
	struct worker *w = data;
	unsigned int steps = w->f->s->debug ? STEPS / 5 : STEPS, i;

	for (i = 0; i < steps || time_before(jiffies, w->f->end); i++) {
		step(w);
		if (i % 256 == 0)
			cond_resched();
	}
	put_bulk(w, HELD);
	complete(&w->done);
	return 0;
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct field *f = container_of(timer, struct field, timer);
	void **own = &f->timers[f->fired++ % ARRAY_SIZE(f->timers)];

	put(f, *own);
	*own = get(f, GFP_ATOMIC);
	put(f, xchg(&f->left[f->fired % LEFT], get(f, GFP_ATOMIC)));
	hrtimer_forward_now(timer, 50 * NSEC_PER_USEC);
	return HRTIMER_RESTART;
}

/* What may be done to a cache in use. */
static void disturb(struct kunit *test, struct field *f, unsigned int round)
{
	char what[256] = "";

	mmsim_cache_shrink(f->s);
	mutex_lock(&f->slabs->mutex);
	if (f->s->ops->reap)
		f->s->ops->reap(f->s);
	if (f->s->ops->tune)
		KUNIT_EXPECT_EQ(test, f->s->ops->tune(f->s, 10 + round % 100, 1 + round % 10, round % 4), 0);
	mutex_unlock(&f->slabs->mutex);
	KUNIT_EXPECT_EQ_MSG(test, mmsim_slabs_check(f->slabs, what, sizeof(what)), 0, "%s", what);
	cond_resched();
}

static void finish(struct field *f)
{
	unsigned int i;

	hrtimer_cancel(&f->timer);
	for (i = 0; i < LEFT; i++)
		put(f, f->left[i]);
	for (i = 0; i < ARRAY_SIZE(f->timers); i++)
		put(f, f->timers[i]);
}

static void slab_smp_hammer(struct kunit *test)
{
	unsigned int nr = clamp(2 * num_online_cpus(), 4U, (unsigned int)MAX_THREADS), i, round = 0;
	struct worker *w = kunit_kcalloc(test, nr, sizeof(*w), GFP_KERNEL);
	struct field *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct task_struct *task[MAX_THREADS];
	struct mmsim_slab_snapshot before;
	u64 seed = mmsim_test_seed(test);

	KUNIT_ASSERT_NOT_NULL(test, w);
	KUNIT_ASSERT_NOT_NULL(test, f);
	f->slabs = mmsim_test_slabs(test);
	mmsim_slab_snapshot(f->slabs, &before);
	f->s = mmsim_kmem_cache_create("test", SIZE, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, f->s);
	for (i = 0; i < nr; i++) {
		w[i].f = f;
		prandom_seed_state(&w[i].rnd, seed + i);
		init_completion(&w[i].done);
		task[i] = kthread_create(work, &w[i], "mmsim_slab/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task[i]);
		get_task_struct(task[i]);
	}
	f->end = jiffies + TIME;
	hrtimer_init(&f->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	f->timer.function = tick;
	hrtimer_start(&f->timer, 50 * NSEC_PER_USEC, HRTIMER_MODE_REL_HARD);
	for (i = 0; i < nr; i++)
		wake_up_process(task[i]);
	for (i = 0; i < nr; i++)
		while (!wait_for_completion_timeout(&w[i].done, msecs_to_jiffies(10)))
			disturb(test, f, round++);
	for (i = 0; i < nr; i++) {
		kthread_stop(task[i]);
		put_task_struct(task[i]);
	}
	finish(f);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->faults), 0);
	KUNIT_EXPECT_GT(test, f->fired, 0);
	KUNIT_EXPECT_GT(test, round, 0);
	mmsim_kmem_cache_destroy(f->s);
	mmsim_slab_expect_since(test, f->slabs, &before, -1, 0);
}

static struct kunit_case slab_smp_cases[] = {
	KUNIT_CASE_PARAM(slab_smp_hammer, mmsim_slab_ways_gen),
	{}
};

static struct kunit_suite slab_smp_suite = {
	.name = "slab_smp",
	.test_cases = slab_smp_cases,
};

kunit_test_suite(slab_smp_suite);
