/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reclaim: asking caches for memory back, by a thread of the instance before it is short, or by whoever needs it now.
 */
#ifndef MMSIM_SRC_RECLAIM_H
#define MMSIM_SRC_RECLAIM_H

#include <linux/rwsem.h>
#include <linux/wait.h>

#include <mmsim/shrinker.h>

struct mmsim_memory;
struct task_struct;

struct mmsim_reclaim {
	struct rw_semaphore lock;	/* shrinkers: read to call one, write to change the list */
	struct list_head shrinkers;
	struct task_struct *thread;	/* NULL until started. Constant between start and stop */
	wait_queue_head_t wait;		/* the thread waits here */
	bool wanted;			/* somebody found a zone below its low watermark */
};

void mmsim_reclaim_init(struct mmsim_reclaim *r);
int mmsim_reclaim_start(struct mmsim_memory *mem);
void mmsim_reclaim_stop(struct mmsim_memory *mem);
void mmsim_reclaim_wake(struct mmsim_memory *mem);
unsigned long mmsim_reclaim_direct(struct mmsim_memory *mem, unsigned int order, gfp_t gfp);
void mmsim_reclaim_add(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker);
void mmsim_reclaim_remove(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker);

#endif /* MMSIM_SRC_RECLAIM_H */
