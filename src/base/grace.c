// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is freed after a grace period: what is behind kfree_rcu() of objects and of areas.
 *
 * What is given up is chained by the rcu_heads that clients have in it, without a lock and without memory. A work takes
 * the whole chain, waits for a grace period, and frees what it took; whoever finds the chain empty calls for it. So one
 * grace period serves all that came in meanwhile. Frees are the work's, not those of an RCU callback: there may be a
 * great many, and those of areas sleep.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "base/grace.h"

/* A client's rcu_head, until its memory is free. */
struct waiting {
	struct llist_node node;		/* mmsim_grace.waiting */
	unsigned long offset;		/* bytes from the memory's start */
};

static_assert(sizeof(struct waiting) <= sizeof(struct rcu_head));

static void free_waiting(struct work_struct *work)
{
	struct mmsim_grace *g = container_of(work, struct mmsim_grace, work);
	struct llist_node *all = llist_del_all(&g->waiting);
	struct waiting *w, *next;

	if (!all)
		return;
	synchronize_rcu();
	llist_for_each_entry_safe(w, next, all, node) {
		g->free(g, (void *)w - w->offset);
		cond_resched();
	}
}

/**
 * mmsim_grace_init() - be ready for mmsim_grace_free()
 * @g: to be set up
 * @free: what frees memory once its grace period is over; it may sleep
 */
void mmsim_grace_init(struct mmsim_grace *g, void (*free)(struct mmsim_grace *g, void *object))
{
	init_llist_head(&g->waiting);
	INIT_WORK(&g->work, free_waiting);
	g->free = free;
}

/**
 * mmsim_grace_free() - free memory when a grace period is over, as kvfree_call_rcu()
 * @g: whose free() is called then
 * @object: where the memory starts
 * @head: in the memory, and nobody else's from now on; NULL: the caller waits for the grace period
 *
 * Context: any, and never sleeps; without @head process context, and sleeps.
 */
void mmsim_grace_free(struct mmsim_grace *g, void *object, struct rcu_head *head)
{
	struct waiting *w = (struct waiting *)head;

	if (!head) {
		might_sleep();
		synchronize_rcu();
		g->free(g, object);
		return;
	}
	w->offset = (void *)head - object;
	if (llist_add(&w->node, &g->waiting))
		schedule_work(&g->work);
}

/**
 * mmsim_grace_barrier() - wait until all that mmsim_grace_free() has been given is free
 * @g: the same
 *
 * Context: process context; sleeps.
 */
void mmsim_grace_barrier(struct mmsim_grace *g)
{
	/* Who has added to the chain may not have called for the work yet. */
	schedule_work(&g->work);
	flush_work(&g->work);
}
