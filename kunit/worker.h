/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A worker takes blocks of random order and mobility, or objects of random size, and gives them back in random order.
 * It writes a stamp of its own into each block's first and last word, those that a neighbour or a second owner would
 * hit, and expects to find it there. Workers run one step at a time, or as threads on all CPUs with interrupts that
 * walk in on them.
 */
#ifndef MMSIM_KUNIT_WORKER_H
#define MMSIM_KUNIT_WORKER_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/prandom.h>

#include "fixture.h"

#define MMSIM_WORKER_SLOTS	200

struct mmsim_worker_block {
	struct mmsim_page *page;	/* NULL: an object */
	unsigned int order;
	u64 *first, *last;		/* its words */
	u64 stamp;
};

struct mmsim_worker {
	struct mmsim_memory *mem;
	struct mmsim_slabs *slabs;	/* NULL: it takes blocks. Else objects, by kmalloc */
	gfp_t gfp;			/* of its requests, besides their mobility */
	unsigned int max_order;
	unsigned int steps;		/* of a thread */
	bool drains;			/* a thread empties the CPUs' lists now and then */
	struct rnd_state rnd;
	struct mmsim_worker_block slot[MMSIM_WORKER_SLOTS];
	unsigned int nr, max;		/* blocks that it holds, and may hold */
	u64 stamp;			/* of the next block; the upper half is the worker's */
	unsigned long faults;		/* somebody else has written into a block, or a free was refused */
	unsigned long failed;		/* requests that found nothing */
	struct task_struct *task;	/* a thread's ... */
	struct completion done;
	struct hrtimer timer;		/* ... or a timer's */
	unsigned long fired;
	bool hardirq, softirq;		/* and where it was */
};

struct mmsim_worker *mmsim_workers(struct kunit *test, struct mmsim_memory *mem, unsigned int nr);
void mmsim_worker_step(struct mmsim_worker *w);
void mmsim_worker_finish(struct mmsim_worker *w);
void mmsim_workers_run(struct kunit *test, struct mmsim_worker *w, unsigned int nr);

#endif /* MMSIM_KUNIT_WORKER_H */
