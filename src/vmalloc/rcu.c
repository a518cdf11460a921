// SPDX-License-Identifier: GPL-2.0
/*
 * Areas that are freed after a grace period: kvfree_rcu(). What is kmalloc's the slab floor frees so.
 *
 * As there, what is given up is chained by the rcu_heads that clients have in it, and a work takes the whole chain,
 * waits for one grace period, and frees what it took.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include <mmsim/kmalloc.h>

#include "vmalloc/vmalloc.h"

/* A client's rcu_head, until its area is freed. */
struct waiting {
	struct llist_node node;		/* vm->rcu_waiting */
	unsigned long offset;		/* bytes from the area's start */
};

static_assert(sizeof(struct waiting) <= sizeof(struct rcu_head));

/**
 * mmsim_vmalloc_free_rcu() - what the work does
 * @work: the vmalloc floor's
 *
 * Context: process context, sleeps.
 */
void mmsim_vmalloc_free_rcu(struct work_struct *work)
{
	struct mmsim_vmalloc *vm = container_of(work, struct mmsim_vmalloc, rcu_work);
	struct llist_node *all = llist_del_all(&vm->rcu_waiting);
	struct waiting *w, *next;

	if (!all)
		return;
	synchronize_rcu();
	llist_for_each_entry_safe(w, next, all, node) {
		mmsim_vmalloc_free(vm, (void *)w - w->offset, _RET_IP_);
		cond_resched();
	}
}

/**
 * mmsim_vmalloc_rcu_barrier() - wait until all areas are freed that wait for a grace period
 * @vm: the vmalloc floor
 *
 * Context: process context, sleeps.
 */
void mmsim_vmalloc_rcu_barrier(struct mmsim_vmalloc *vm)
{
	/* Who has added to the chain may not have called for the work yet. */
	schedule_work(&vm->rcu_work);
	flush_work(&vm->rcu_work);
}

static void free_after_grace(struct mmsim_vmalloc *vm, struct rcu_head *head, void *area)
{
	struct waiting *w = (struct waiting *)head;

	if (!head) {
		might_sleep();
		synchronize_rcu();
		mmsim_vmalloc_free(vm, area, _RET_IP_);
		return;
	}
	w->offset = (void *)head - area;
	if (llist_add(&w->node, &vm->rcu_waiting))
		schedule_work(&vm->rcu_work);
}

/**
 * mmsim_kvfree_call_rcu() - what mmsim_kfree_rcu() comes down to, as kvfree_call_rcu()
 * @head: the struct rcu_head in the memory; NULL: there is none, and the caller waits for the grace period
 * @object: what kvmalloc, vmalloc, kmalloc or a cache of SLUB or SLAB returned
 *
 * Context: any, and never sleeps; without @head process context, and sleeps. When the module goes, all of it is freed
 * before.
 */
void mmsim_kvfree_call_rcu(struct rcu_head *head, void *object)
{
	struct mmsim_vmalloc *vm = mmsim_vmalloc_live;

	if (vm && mmsim_vmalloc_is_addr(vm, object))
		free_after_grace(vm, head, object);
	else
		mmsim_kfree_call_rcu(head, object);
}
EXPORT_SYMBOL_GPL(mmsim_kvfree_call_rcu);

/**
 * mmsim_kvfree_rcu_barrier() - wait until all that mmsim_kfree_rcu() has been given is free, as kvfree_rcu_barrier()
 *
 * Context: process context; sleeps.
 */
void mmsim_kvfree_rcu_barrier(void)
{
	if (mmsim_vmalloc_live)
		mmsim_vmalloc_rcu_barrier(mmsim_vmalloc_live);
	mmsim_kfree_rcu_barrier();
}
EXPORT_SYMBOL_GPL(mmsim_kvfree_rcu_barrier);
