/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reclaim: asking caches for memory back, by a thread of the instance before it is short, or by whoever needs it now.
 */
#ifndef MMSIM_SRC_RECLAIM_H
#define MMSIM_SRC_RECLAIM_H

#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <mmsim/shrinker.h>

#include "page/page.h"

struct mmsim_memory;
struct mmsim_zone;
struct task_struct;

/* Rounds without progress after which reclaim is given up: a request's, and the thread's. The kernel's. */
#define MMSIM_MAX_RECLAIM_RETRIES	16

/* The largest request that found a node's zones short; what the thread works for. wanted_lock */
struct mmsim_reclaim_want {
	int highest;			/* zone that it could use; negative: the node has enough */
	unsigned int order;
};

struct mmsim_reclaim {
	struct rw_semaphore lock;	/* shrinkers: read to call one, write to change the list */
	struct list_head shrinkers;
	struct task_struct *thread;	/* NULL until started. Constant between start and stop */
	wait_queue_head_t wait;		/* the thread waits here */
	spinlock_t wanted_lock;		/* irq-safe, innermost */
	struct mmsim_reclaim_want wanted[MMSIM_MAX_NODES];
	bool work;			/* some node is wanted. wanted_lock to write */
	unsigned int compact_order;	/* the largest order that a request found no block of; 0: none. Any */
	unsigned int failures;		/* times in a row that the thread has freed nothing. Any */
	spinlock_t reclaimers_lock;	/* never taken in an interrupt */
	struct list_head reclaimers;	/* tasks that reclaim, or compact, or move a page. reclaimers_lock */
};

/* Where such a task notes it, on its stack. */
struct mmsim_reclaimer {
	struct list_head list;		/* of the instance's. reclaimers_lock */
	struct task_struct *task;
};

/* What one reclaim has come to. */
struct mmsim_reclaimed {
	unsigned long freed;		/* objects */
	unsigned long scanned;		/* objects */
	unsigned long left;		/* objects that the shrinkers could still free, when they were last asked */
};

void mmsim_reclaim_init(struct mmsim_reclaim *r);
int mmsim_reclaim_start(struct mmsim_memory *mem);
void mmsim_reclaim_stop(struct mmsim_memory *mem);
void mmsim_reclaim_wake(struct mmsim_memory *mem, struct mmsim_zone *const *zonelist, unsigned int order, int highest);
struct mmsim_reclaimed mmsim_reclaim_direct(struct mmsim_memory *mem, unsigned int order, gfp_t gfp);
bool mmsim_reclaiming(struct mmsim_memory *mem);
void mmsim_reclaim_enter(struct mmsim_memory *mem, struct mmsim_reclaimer *self);
void mmsim_reclaim_leave(struct mmsim_memory *mem, struct mmsim_reclaimer *self);
bool mmsim_reclaim_add(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker, unsigned long caller);
bool mmsim_reclaim_remove(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker, unsigned long caller);

#endif /* MMSIM_SRC_RECLAIM_H */
