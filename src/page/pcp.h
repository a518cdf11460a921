/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast path of the per-CPU lists, for the two functions that most allocations and frees consist of. How it works
 * stands in pcp.c.
 */
#ifndef MMSIM_SRC_PCP_H
#define MMSIM_SRC_PCP_H

#include <linux/preempt.h>
#include <linux/prefetch.h>
#include <linux/smp.h>

#include "page/memory.h"

/* Gets this CPU's lists of a zone, ours until mmsim_pcp_leave(); false when we interrupt somebody who has them. */
static __always_inline bool mmsim_pcp_enter(struct mmsim_zone *zone, struct mmsim_pcp **lists)
{
	struct mmsim_pcp *pcp;

	preempt_disable();
	pcp = zone->pcp[smp_processor_id()];
	if (unlikely(READ_ONCE(pcp->busy))) {
		preempt_enable();
		return false;
	}
	WRITE_ONCE(pcp->busy, true);
	barrier();
	*lists = pcp;
	return true;
}

static __always_inline void mmsim_pcp_leave(struct mmsim_pcp *pcp)
{
	barrier();
	WRITE_ONCE(pcp->busy, false);
	preempt_enable();
}

/* A block from lists that we have, of a kind that there is one of. */
static __always_inline struct mmsim_page *mmsim_pcp_pop_held(struct mmsim_pcp *pcp, unsigned int order,
							     unsigned int type)
{
	struct mmsim_page *page = mmsim_chain_pop(&pcp->list[order][type]);

	prefetchw(pcp->list[order][type]);	/* the next one's link, flags and counts are all in there */
	WRITE_ONCE(pcp->count, pcp->count - (int)BIT(order));
	WRITE_ONCE(pcp->nr_alloc, pcp->nr_alloc + BIT(order));
	return page;
}

/* A block from this CPU's list; NULL when it has none, or the lists can't be used just now. */
static __always_inline struct mmsim_page *mmsim_pcp_pop(struct mmsim_zone *zone, unsigned int order, unsigned int type)
{
	struct mmsim_page *page;
	struct mmsim_pcp *pcp;

	if (unlikely(!mmsim_pcp_enter(zone, &pcp)))
		return NULL;
	if (unlikely(!pcp->list[order][type])) {
		mmsim_pcp_leave(pcp);
		return NULL;
	}
	page = mmsim_pcp_pop_held(pcp, order, type);
	mmsim_pcp_leave(pcp);
	return page;
}

/* Puts a block on lists that we have, and that are not full. */
static __always_inline void mmsim_pcp_push_held(struct mmsim_pcp *pcp, struct mmsim_zone *zone,
						struct mmsim_page *page, unsigned int order, unsigned int type)
{
	WRITE_ONCE(page->flags, zone->id | MMSIM_PAGE_ALLOCATED | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT);
	mmsim_chain_push(&pcp->list[order][type], page);
	WRITE_ONCE(pcp->count, pcp->count + (int)BIT(order));
}

/* Puts a block on this CPU's list; false when the lists can't be used just now, or are full. */
static __always_inline bool mmsim_pcp_push(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order,
					   unsigned int type)
{
	struct mmsim_pcp *pcp;

	if (unlikely(!mmsim_pcp_enter(zone, &pcp)))
		return false;
	if (unlikely(pcp->count >= READ_ONCE(pcp->high))) {
		mmsim_pcp_leave(pcp);
		return false;
	}
	mmsim_pcp_push_held(pcp, zone, page, order, type);
	mmsim_pcp_leave(pcp);
	return true;
}

#endif /* MMSIM_SRC_PCP_H */
