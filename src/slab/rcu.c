// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is freed after a grace period: kfree_rcu(). For areas of vmalloc's see vmalloc/rcu.c.
 *
 * What is given up is chained by the rcu_heads that clients have in their objects, without a lock and without memory. A
 * work takes the whole chain, waits for a grace period, and frees what it took; whoever finds the chain empty calls for
 * it. So one grace period serves all that came in meanwhile. Frees are the work's, not those of an RCU callback: there
 * may be a great many.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include <mmsim/kmalloc.h>

#include "slab/slab.h"

/* A client's rcu_head, until its object is free. */
struct waiting {
	struct llist_node node;		/* slabs->rcu_waiting */
	unsigned long offset;		/* bytes from the object's start */
};

static_assert(sizeof(struct waiting) <= sizeof(struct rcu_head));

static void free_waiting(struct work_struct *work)
{
	struct mmsim_slabs *slabs = container_of(work, struct mmsim_slabs, rcu_work);
	struct llist_node *all = llist_del_all(&slabs->rcu_waiting);
	struct waiting *w, *next;

	if (!all)
		return;
	synchronize_rcu();
	llist_for_each_entry_safe(w, next, all, node) {
		mmsim_slabs_kfree(slabs, (void *)w - w->offset, _RET_IP_);
		cond_resched();
	}
}

/**
 * mmsim_slabs_rcu_init() - be ready for mmsim_slabs_kfree_rcu()
 * @slabs: the floor
 */
void mmsim_slabs_rcu_init(struct mmsim_slabs *slabs)
{
	init_llist_head(&slabs->rcu_waiting);
	INIT_WORK(&slabs->rcu_work, free_waiting);
}

/**
 * mmsim_slabs_kfree_rcu() - free memory when a grace period is over
 * @slabs: the floor
 * @object: what kmalloc or a cache of SLUB or SLAB returned
 * @head: in the object, and nobody else's from now on
 *
 * Context: any; never sleeps.
 */
void mmsim_slabs_kfree_rcu(struct mmsim_slabs *slabs, void *object, struct rcu_head *head)
{
	struct waiting *w = (struct waiting *)head;

	w->offset = (void *)head - object;
	if (llist_add(&w->node, &slabs->rcu_waiting))
		schedule_work(&slabs->rcu_work);
}

/**
 * mmsim_slabs_rcu_barrier() - wait until all that mmsim_slabs_kfree_rcu() has been given is free
 * @slabs: the floor
 *
 * Context: process context; sleeps.
 */
void mmsim_slabs_rcu_barrier(struct mmsim_slabs *slabs)
{
	/* Who has added to the chain may not have called for the work yet. */
	schedule_work(&slabs->rcu_work);
	flush_work(&slabs->rcu_work);
}

/**
 * mmsim_kfree_call_rcu() - what mmsim_kfree_rcu() comes down to for memory of the slab floor
 * @head: the struct rcu_head in the object; NULL: there is none, and the caller waits for the grace period
 * @object: what kmalloc or a cache of SLUB or SLAB returned
 *
 * Context: any, and never sleeps; without @head process context, and sleeps. When the module goes, all of it is freed
 * before.
 */
void mmsim_kfree_call_rcu(struct rcu_head *head, void *object)
{
	if (head) {
		mmsim_slabs_kfree_rcu(mmsim_slabs_live, object, head);
		return;
	}
	might_sleep();
	synchronize_rcu();
	mmsim_slabs_kfree(mmsim_slabs_live, object, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kfree_call_rcu);

/**
 * mmsim_kfree_rcu_barrier() - wait until all that mmsim_kfree_call_rcu() has been given is free
 *
 * Context: process context; sleeps.
 */
void mmsim_kfree_rcu_barrier(void)
{
	mmsim_slabs_rcu_barrier(mmsim_slabs_live);
}
EXPORT_SYMBOL_GPL(mmsim_kfree_rcu_barrier);
