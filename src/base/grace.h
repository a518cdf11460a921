/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that a client gives up and that readers under RCU may still look at; see grace.c.
 */
#ifndef MMSIM_BASE_GRACE_H
#define MMSIM_BASE_GRACE_H

#include <linux/llist.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mmsim_grace {
	struct llist_head waiting;	/* what is to be freed, by the rcu_heads in it. Any context */
	struct work_struct work;	/* frees it */
	void (*free)(struct mmsim_grace *g, void *object);	/* in process context; constant */
};

void mmsim_grace_init(struct mmsim_grace *g, void (*free)(struct mmsim_grace *g, void *object));
void mmsim_grace_free(struct mmsim_grace *g, void *object, struct rcu_head *head);
void mmsim_grace_barrier(struct mmsim_grace *g);

#endif /* MMSIM_BASE_GRACE_H */
