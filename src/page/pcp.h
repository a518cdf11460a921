/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast path of the per-CPU lists, for the two functions that most allocations and frees consist of. How it works
 * stands in pcp.c.
 */
#ifndef MMSIM_SRC_PCP_H
#define MMSIM_SRC_PCP_H

#include <linux/preempt.h>
#include <linux/smp.h>

#include "page/memory.h"

/* This CPU's lists of a zone, ours until mmsim_pcp_leave(); NULL when we interrupt somebody who has them. */
static __always_inline struct mmsim_pcp *mmsim_pcp_enter(struct mmsim_zone *zone)
{
	struct mmsim_pcp *pcp;

	preempt_disable();
	pcp = zone->pcp[smp_processor_id()];
	if (unlikely(READ_ONCE(pcp->busy))) {
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(pcp->busy, true);
	barrier();
	return pcp;
}

static __always_inline void mmsim_pcp_leave(struct mmsim_pcp *pcp)
{
	barrier();
	WRITE_ONCE(pcp->busy, false);
	preempt_enable();
}

/* A block from lists that we have; NULL when there is none of its kind. */
static __always_inline struct mmsim_page *mmsim_pcp_pop_held(struct mmsim_pcp *pcp, unsigned int order,
							     unsigned int type)
{
	if (unlikely(!pcp->list[order][type]))
		return NULL;
	WRITE_ONCE(pcp->count, pcp->count - (int)BIT(order));
	WRITE_ONCE(pcp->nr_alloc, pcp->nr_alloc + BIT(order));
	return mmsim_chain_pop(&pcp->list[order][type]);
}

/* A block from this CPU's list; NULL when it has none, or the lists can't be used just now. */
static __always_inline struct mmsim_page *mmsim_pcp_pop(struct mmsim_zone *zone, unsigned int order, unsigned int type)
{
	struct mmsim_pcp *pcp = mmsim_pcp_enter(zone);
	struct mmsim_page *page;

	if (unlikely(!pcp))
		return NULL;
	page = mmsim_pcp_pop_held(pcp, order, type);
	mmsim_pcp_leave(pcp);
	return page;
}

/* Puts a block on this CPU's list; false when the lists can't be used just now, or are full. */
static __always_inline bool mmsim_pcp_push(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order,
					   unsigned int type)
{
	struct mmsim_pcp *pcp = mmsim_pcp_enter(zone);
	bool room;

	if (unlikely(!pcp))
		return false;
	room = pcp->count < READ_ONCE(pcp->high);
	if (likely(room)) {
		WRITE_ONCE(page->flags, zone->id | MMSIM_PAGE_ALLOCATED |
					(unsigned long)order << MMSIM_PAGE_ORDER_SHIFT);
		mmsim_chain_push(&pcp->list[order][type], page);
		WRITE_ONCE(pcp->count, pcp->count + (int)BIT(order));
	}
	mmsim_pcp_leave(pcp);
	return room;
}

#endif /* MMSIM_SRC_PCP_H */
