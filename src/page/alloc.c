// SPDX-License-Identifier: GPL-2.0
/*
 * Handing pages out.
 *
 * The fast path: the gfp flags' zone and mobility bits are an index into the node's routes, which say from which zone
 * such a request is served first, as which migratetype, and when that zone has plenty. Then the block comes from this
 * CPU's list. All of it is inlined and calls nothing, so that it saves no registers; an empty list, an order without
 * lists, and several nodes go through alloc_any(), which is the same at more length. The task's scopes are looked at
 * only behind both: memalloc_pin_save() doesn't keep a movable request off the pageblocks for such while there is
 * plenty.
 *
 * When the first zone hasn't plenty, as in the kernel, with more effort each time:
 *
 *   1. each zone of the list that stays above its low watermark, at first without mixing migratetypes; see fallback.c;
 *   2. the reclaim thread is woken, and each zone that stays above its min watermark, or as far below it as the request
 *      may go; requests with __GFP_MEMALLOC take no notice of marks;
 *   3. a caller that may sleep reclaims by itself, and tries again as long as that makes progress, and 16 times
 *      without, while what could still be freed would do; for more than one page it compacts as well, first of all for
 *      large or immovable blocks, and after each reclaim with more effort;
 *   4. the CPUs' lists are emptied, and the HighAtomic reserve is given up;
 *   5. out of memory: reported, unless __GFP_NOWARN, or waited for, with __GFP_NOFAIL. mmsim has no processes to kill.
 *
 * Nothing here allocates from the host.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>

#include "page/buddy.h"
#include "page/owner.h"
#include "page/pcp.h"

/* Pages that a bulk request gets under one hold of the CPU's lists: interrupts can't use them meanwhile. */
#define MAX_HOLD	256UL

/* One request, from when its flags were read. */
struct request {
	struct mmsim_memory *mem;
	struct mmsim_zone *const *zonelist;
	gfp_t gfp;
	unsigned int order;
	unsigned int highest;	/* zone */
	unsigned int type;	/* migratetype */
};

static void make_compound(struct mmsim_page *page, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < BIT(order); i++)
		WRITE_ONCE(page[i].compound_head, (unsigned long)page | 1);
	WRITE_ONCE(page->flags, page->flags | BIT(PG_head));
}

/**
 * mmsim_zero_block() - fill a block with zeroes
 * @mem: the instance's page floor
 * @page: its first page
 * @order: log2 of the number of pages
 *
 * Context: any.
 */
void mmsim_zero_block(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	void *addr = mmsim_memory_vaddr(mem, page);
	void *end = addr + (PAGE_SIZE << order);

	for (; addr < end; addr += PAGE_SIZE)
		clear_page(addr);
}

/* What few requests want of their block. */
static noinline struct mmsim_page *prepare_more(struct mmsim_memory *mem, struct mmsim_page *page, gfp_t gfp,
						unsigned int order)
{
	if (order && (gfp & __GFP_COMP))
		make_compound(page, order);
	if (mem->init_on_alloc || (gfp & __GFP_ZERO))
		mmsim_zero_block(mem, page, order);
	mmsim_owner_allocated(mem, page, order, gfp);
	return page;
}

/* Its flags and its mapping are as they must be: the lists saw to the one, the free that it came from to the other. */
static __always_inline struct mmsim_page *prepare_block(struct mmsim_memory *mem, struct mmsim_page *page, gfp_t gfp,
							unsigned int order)
{
	page->private = 0;
	atomic64_set(&page->counts, MMSIM_COUNTS_OWNED);
	if (unlikely((gfp & (__GFP_COMP | __GFP_ZERO)) || mem->init_on_alloc) || mmsim_owner_on(mem))
		return prepare_more(mem, page, gfp, order);
	return page;
}

static struct mmsim_page *take_block(struct mmsim_memory *mem, struct mmsim_zone *zone, unsigned int order,
				     unsigned int type, unsigned int alloc_flags)
{
	if (mem->pcp_orders & BIT(order))
		return mmsim_pcp_take(zone, order, type, alloc_flags);
	return mmsim_buddy_take(zone, order, type, alloc_flags);
}

static unsigned int alloc_flags_of(const struct request *rq)
{
	unsigned int flags = MMSIM_WMARK_MIN;

	if (rq->gfp & __GFP_HIGH)
		flags |= MMSIM_ALLOC_MIN_RESERVE;
	if (rq->gfp & __GFP_KSWAPD_RECLAIM)
		flags |= MMSIM_ALLOC_KSWAPD;
	if (!(rq->gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC))) {
		flags |= MMSIM_ALLOC_NON_BLOCK;
		if (rq->order && (flags & MMSIM_ALLOC_MIN_RESERVE))
			flags |= MMSIM_ALLOC_HIGHATOMIC;
	} else if ((rq->gfp & __GFP_DIRECT_RECLAIM) && unlikely(rt_or_dl_task(current)) && in_task()) {
		flags |= MMSIM_ALLOC_MIN_RESERVE;
	}
	if (rq->type == MMSIM_MIGRATE_MOVABLE)
		flags |= MMSIM_ALLOC_CMA;
	return flags;
}

static bool ignores_marks(const struct request *rq)
{
	if (rq->gfp & __GFP_NOMEMALLOC)
		return false;
	return (rq->gfp & __GFP_MEMALLOC) || mmsim_reclaiming(rq->mem);
}

static struct mmsim_page *try_zonelist(const struct request *rq, unsigned int alloc_flags)
{
	struct mmsim_zone *const *zone;
	struct mmsim_page *page;

	for (zone = rq->zonelist; *zone; zone++) {
		unsigned long mark = (*zone)->watermark[alloc_flags & MMSIM_ALLOC_WMARK];

		/* A near page counts for more than an unmixed pageblock. */
		if ((alloc_flags & MMSIM_ALLOC_NOFRAGMENT) && (*zone)->nid != rq->zonelist[0]->nid)
			break;
		if (!(alloc_flags & MMSIM_ALLOC_NO_WATERMARKS) &&
		    !mmsim_watermark_ok(*zone, rq->order, mark, rq->highest, alloc_flags))
			continue;
		page = take_block(rq->mem, *zone, rq->order, rq->type, alloc_flags);
		if (!page)
			continue;
		if (alloc_flags & MMSIM_ALLOC_HIGHATOMIC)
			mmsim_highatomic_reserve(*zone, page, rq->order);
		return page;
	}
	return NULL;
}

static struct mmsim_page *first_try(const struct request *rq)
{
	unsigned int alloc_flags = MMSIM_WMARK_LOW | (alloc_flags_of(rq) & MMSIM_ALLOC_CMA);
	unsigned int nofragment = rq->zonelist[0]->first_try;
	struct mmsim_page *page = NULL;

	if (nofragment)
		page = try_zonelist(rq, alloc_flags | nofragment);
	return page ? page : try_zonelist(rq, alloc_flags);
}

static bool unreserve_highatomic(const struct request *rq, bool force)
{
	struct mmsim_zone *const *zone;

	for (zone = rq->zonelist; *zone; zone++)
		if (mmsim_highatomic_unreserve(*zone, rq->type, force))
			return true;
	return false;
}

static struct mmsim_page *reclaim_and_try(const struct request *rq, unsigned int alloc_flags,
					  struct mmsim_reclaimed *reclaimed)
{
	struct mmsim_page *page;

	*reclaimed = mmsim_reclaim_direct(rq->mem, rq->order, rq->gfp);
	page = try_zonelist(rq, alloc_flags);
	if (page)
		return page;
	mmsim_pcp_drain_all(rq->mem);
	unreserve_highatomic(rq, false);
	return try_zonelist(rq, alloc_flags);
}

/* Compacts, and tries again when that may have helped. */
static struct mmsim_page *compact_and_try(const struct request *rq, unsigned int alloc_flags,
					  enum mmsim_compact_mode mode, enum mmsim_compact_result *result)
{
	const struct mmsim_compact_request wanted = {
		.mem = rq->mem, .zonelist = rq->zonelist, .order = rq->order, .type = rq->type,
		.highest = rq->highest, .alloc_flags = alloc_flags, .gfp = rq->gfp,
	};
	struct mmsim_page *page;

	*result = mmsim_compact_direct(&wanted, mode);
	if (*result <= MMSIM_COMPACT_DEFERRED)
		return NULL;
	page = try_zonelist(rq, alloc_flags);
	if (page)
		mmsim_compact_served(mmsim_page_zone(rq->mem, page), rq->order);
	mmsim_count_event(&rq->mem->events, MMSIM_EVENT_COMPACT_STALL);
	mmsim_count_event(&rq->mem->events, page ? MMSIM_EVENT_COMPACT_SUCCESS : MMSIM_EVENT_COMPACT_FAIL);
	return page;
}

/* Requests that reclaim alone hardly helps: of large blocks, or where others must be moved to make a block. */
static bool compacts_first(const struct request *rq)
{
	return (rq->gfp & __GFP_IO) &&
	       (rq->order > PAGE_ALLOC_COSTLY_ORDER || (rq->order && rq->type != MMSIM_MIGRATE_MOVABLE));
}

/* How much has been done for a request. */
struct effort {
	bool first;				/* nothing yet */
	unsigned int rounds;			/* of reclaim in a row that were without progress */
	struct mmsim_reclaimed reclaimed;	/* in the last one */
	enum mmsim_compact_mode mode;		/* of the next compaction */
};

/* One round of step 3 and 4. */
static struct mmsim_page *work_and_try(const struct request *rq, unsigned int alloc_flags, struct effort *e)
{
	enum mmsim_compact_result result;
	struct mmsim_page *page = NULL;

	if (e->first && compacts_first(rq)) {
		page = compact_and_try(rq, alloc_flags, MMSIM_COMPACT_ASYNC, &result);
		/* Who doesn't insist, on a large block, is not worth a reclaim that compaction can't make use of. */
		if (page || (rq->order > PAGE_ALLOC_COSTLY_ORDER && (rq->gfp & __GFP_NORETRY) &&
			     result <= MMSIM_COMPACT_DEFERRED))
			return page;
	}
	e->first = false;
	page = reclaim_and_try(rq, alloc_flags, &e->reclaimed);
	if (!page && rq->order)
		page = compact_and_try(rq, alloc_flags, e->mode, &result);
	return page;
}

/*
 * Whether some zone could serve the request if shrinkers freed all that they have. Only a reclaim that gets somewhere
 * makes blocks.
 */
static bool would_do(const struct request *rq, unsigned int alloc_flags, const struct mmsim_reclaimed *reclaimed)
{
	struct mmsim_zone *const *zone;

	for (zone = rq->zonelist; *zone; zone++)
		if (mmsim_watermark_hopeful(*zone, rq->order, rq->highest, alloc_flags, reclaimed->left,
					    reclaimed->freed))
			return true;
	return false;
}

/* As should_reclaim_retry() and should_compact_retry(). */
static bool try_again(const struct request *rq, unsigned int alloc_flags, struct effort *e)
{
	bool costly = rq->order > PAGE_ALLOC_COSTLY_ORDER;

	if (rq->gfp & __GFP_NORETRY)
		return false;
	if (costly && !(rq->gfp & __GFP_RETRY_MAYFAIL))
		return false;
	e->rounds = e->reclaimed.freed && !costly ? 0 : e->rounds + 1;
	if (rq->order && e->mode < (costly ? MMSIM_COMPACT_SYNC_LIGHT : MMSIM_COMPACT_SYNC)) {
		e->mode++;
		return true;
	}
	if (e->rounds <= MMSIM_MAX_RECLAIM_RETRIES && !fatal_signal_pending(current) &&
	    would_do(rq, alloc_flags, &e->reclaimed))
		return true;
	/* The last reserve goes before the request does. */
	return unreserve_highatomic(rq, true);
}

/* What the kernel warns of, too: a request that must not fail and is likely to, or to wait for ever. */
static bool unreasonable_nofail(const struct request *rq)
{
	return rq->order > 1 || !(rq->gfp & __GFP_DIRECT_RECLAIM) || mmsim_reclaiming(rq->mem);
}

/* Whether there is anything to do for it: what a shrinker, or who moves pages, doesn't get at once it doesn't get. */
static bool may_work(const struct request *rq)
{
	return (rq->gfp & __GFP_DIRECT_RECLAIM) && ((rq->gfp & __GFP_NOFAIL) || !mmsim_reclaiming(rq->mem));
}

static struct mmsim_page *alloc_harder(const struct request *rq, unsigned long caller)
{
	struct effort effort = {
		.first = true, .mode = rq->gfp & __GFP_NORETRY ? MMSIM_COMPACT_ASYNC : MMSIM_COMPACT_SYNC_LIGHT,
	};
	unsigned int alloc_flags;
	struct mmsim_page *page;

	page = first_try(rq);
	if (page)
		return page;
	if ((rq->gfp & __GFP_NOFAIL) && unreasonable_nofail(rq))
		mmsim_bad(rq->mem, MMSIM_BAD_NOFAIL, NULL, rq->order, caller);
	alloc_flags = alloc_flags_of(rq);
	for (;;) {
		if (alloc_flags & MMSIM_ALLOC_KSWAPD)
			mmsim_reclaim_wake(rq->mem, rq->zonelist, rq->order, rq->highest);
		page = try_zonelist(rq, alloc_flags);
		if (!page && ignores_marks(rq))
			page = try_zonelist(rq, alloc_flags | MMSIM_ALLOC_NO_WATERMARKS);
		if (page || !may_work(rq))
			break;
		page = work_and_try(rq, alloc_flags, &effort);
		if (page)
			break;
		cond_resched();
		if (try_again(rq, alloc_flags, &effort))
			continue;
		if (!(rq->gfp & __GFP_NOFAIL))
			break;
		/* It must not fail: help it with the reserve, and wait for somebody to free. */
		alloc_flags |= MMSIM_ALLOC_MIN_RESERVE;
		schedule_timeout_uninterruptible(HZ / 50);
	}
	if (!page)
		mmsim_alloc_failed(rq->mem, rq->gfp, rq->order, caller);
	return page;
}

static struct mmsim_zone *const *zonelist_of(struct mmsim_node *node, gfp_t gfp, int highest)
{
	return unlikely(gfp & __GFP_THISNODE) ? node->zonelist_thisnode[highest] : node->zonelist[highest];
}

static noinline struct mmsim_page *alloc_slow(struct mmsim_memory *mem, struct mmsim_node *node, gfp_t gfp,
					      unsigned int order, unsigned long caller)
{
	struct request rq;
	unsigned int type;
	int highest;

	gfp = current_gfp_context(gfp);
	highest = mmsim_gfp_zone(gfp);
	type = mmsim_gfp_migratetype(mem, gfp);
	if (order > MMSIM_MAX_ORDER) {
		if (gfp & __GFP_NOWARN)
			atomic_long_inc(&mem->bad[MMSIM_BAD_ALLOC_ORDER]);
		else
			mmsim_bad(mem, MMSIM_BAD_ALLOC_ORDER, NULL, order, caller);
		return NULL;
	}
	if (highest < 0 || type >= MMSIM_MIGRATE_PCPTYPES) {
		mmsim_bad(mem, MMSIM_BAD_GFP, NULL, order, caller);
		return NULL;
	}
	rq = (struct request) {
		.mem = mem, .zonelist = zonelist_of(node, gfp, highest), .gfp = gfp, .order = order,
		.highest = highest, .type = type,
	};
	if (!rq.zonelist[0]) {
		/* There is nothing to wait for, not even with __GFP_NOFAIL. */
		mmsim_alloc_failed(mem, gfp, order, caller);
		return NULL;
	}
	return alloc_harder(&rq, caller);
}

static __always_inline const struct mmsim_route *route_of(const struct mmsim_node *node, gfp_t gfp)
{
	return &node->route[(__force unsigned int)gfp % MMSIM_NR_ROUTES];
}

/* Whether the route leads anywhere, and to a zone that won't miss so many pages. */
static __always_inline bool has_plenty(const struct mmsim_route *route, unsigned long pages)
{
	const struct mmsim_zone *zone = route->zone;

	return likely(zone) && READ_ONCE(zone->common_pages) > zone->fast_mark[route->highest] + pages;
}

/* Of a node that lacks the zones asked for the route leads to another node. */
static bool may_lead_away(const struct mmsim_memory *mem, gfp_t gfp)
{
	return mem->nr_nodes > 1 && (gfp & __GFP_THISNODE);
}

static struct mmsim_zone *highest_zone(struct mmsim_node *node)
{
	int type = MMSIM_NR_ZONES - 1;

	while (type && !node->zone[type].spanned_pages)
		type--;
	return &node->zone[type];
}

/*
 * The kernel's zone_statistics(): where a request that preferred @node was served. A miss is charged to that node, too,
 * in its highest zone, since it may have none that the request allowed.
 */
static noinline void count_numa(struct mmsim_memory *mem, struct mmsim_node *node, struct mmsim_page *page)
{
	struct mmsim_zone *zone = mmsim_page_zone(mem, page);
	struct mmsim_zone *wanted = highest_zone(node);
	unsigned int cpu;
	unsigned long flags;

	local_irq_save(flags);
	cpu = smp_processor_id();
	zone->pcp[cpu]->numa[zone->nid == mem->cpu_node[cpu]->nid ? MMSIM_NUMA_LOCAL : MMSIM_NUMA_OTHER]++;
	if (zone->nid == node->nid) {
		zone->pcp[cpu]->numa[MMSIM_NUMA_HIT]++;
	} else {
		zone->pcp[cpu]->numa[MMSIM_NUMA_MISS]++;
		wanted->pcp[cpu]->numa[MMSIM_NUMA_FOREIGN]++;
	}
	local_irq_restore(flags);
}

/* What a request may do at first, where there is plenty: a movable one borrows from CMA areas. */
static unsigned int first_flags(const struct mmsim_zone *zone, unsigned int type)
{
	return zone->first_try | (type == MMSIM_MIGRATE_MOVABLE && READ_ONCE(zone->cma_pages) ? MMSIM_ALLOC_CMA : 0);
}

/* Any request on any node. */
static noinline struct mmsim_page *alloc_any(struct mmsim_memory *mem, struct mmsim_node *node, gfp_t gfp,
					     unsigned int order, unsigned long caller)
{
	const struct mmsim_route *route = route_of(node, gfp);
	struct mmsim_page *page = NULL;

	if (order <= MMSIM_MAX_ORDER && has_plenty(route, BIT(order)) && !may_lead_away(mem, gfp))
		page = take_block(mem, route->zone, order, route->type, first_flags(route->zone, route->type));
	if (!page)
		page = alloc_slow(mem, node, gfp, order, caller);
	if (!page)
		return NULL;
	if (mem->nr_nodes > 1)
		count_numa(mem, node, page);
	return prepare_block(mem, page, gfp, order);
}

/* The node that a request from here prefers: this CPU's, or each in turn. */
static __always_inline struct mmsim_node *preferred_node(struct mmsim_memory *mem)
{
	if (unlikely(READ_ONCE(mem->interleave)))
		return mem->node[(unsigned int)atomic_inc_return(&mem->interleave_next) % mem->nr_nodes];
	return mem->cpu_node[raw_smp_processor_id()];
}

static __always_inline struct mmsim_page *alloc(struct mmsim_memory *mem, gfp_t gfp, unsigned int order,
						unsigned long caller)
{
	const struct mmsim_route *route = route_of(mem->node[0], gfp);
	struct mmsim_page *page;

	might_alloc(gfp);
	if (unlikely(order > MMSIM_PCP_MAX_ORDER || !(mem->pcp_orders & BIT(order)) || mem->nr_nodes > 1 ||
		     !has_plenty(route, BIT(order))))
		return alloc_any(mem, preferred_node(mem), gfp, order, caller);
	page = mmsim_pcp_pop(route->zone, order, route->type);
	if (unlikely(!page))
		return alloc_any(mem, mem->node[0], gfp, order, caller);
	return prepare_block(mem, page, gfp, order);
}

/**
 * mmsim_memory_alloc() - allocate a block of pages from an instance
 * @mem: the instance's page floor
 * @gfp: the kernel's flags
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 * @caller: for reports
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM, and never in the fast path.
 * Return: the block's first page; NULL when no allowed zone has such a block or the request makes no sense.
 */
struct mmsim_page *mmsim_memory_alloc(struct mmsim_memory *mem, gfp_t gfp, unsigned int order, unsigned long caller)
{
	return alloc(mem, gfp, order, caller);
}

/**
 * mmsim_memory_alloc_node() - allocate a block of pages from an instance, near a node
 * @mem: the instance's page floor
 * @nid: the node; NUMA_NO_NODE for this CPU's. With __GFP_THISNODE no other will do
 * @gfp: the kernel's flags
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 * @caller: for reports
 *
 * Context: as mmsim_memory_alloc().
 * Return: as mmsim_memory_alloc(); NULL also for a node that there isn't.
 */
struct mmsim_page *mmsim_memory_alloc_node(struct mmsim_memory *mem, int nid, gfp_t gfp, unsigned int order,
					   unsigned long caller)
{
	if (nid != NUMA_NO_NODE && (unsigned int)nid >= mem->nr_nodes) {
		mmsim_bad(mem, MMSIM_BAD_NODE, NULL, order, caller);
		return NULL;
	}
	if (nid == NUMA_NO_NODE || mem->nr_nodes == 1)
		return alloc(mem, gfp, order, caller);
	might_alloc(gfp);
	return alloc_any(mem, mem->node[nid], gfp, order, caller);
}

/*
 * As alloc(), for many: up to @nr pages for empty ones of the entries, from this CPU's list, up to MAX_HOLD under one
 * hold of it. Returns for how many entries from the start there is a page then.
 */
static unsigned long alloc_bulk_fast(struct mmsim_memory *mem, struct mmsim_node *node, gfp_t gfp, unsigned long nr,
				     struct mmsim_page **pages, unsigned long nr_pages)
{
	const struct mmsim_route *route = route_of(node, gfp);
	struct mmsim_zone *zone = route->zone;
	struct mmsim_pcp *pcp;
	unsigned long i;

	nr = min(nr, MAX_HOLD);
	if (!(mem->pcp_orders & BIT(0)) || !has_plenty(route, nr) || may_lead_away(mem, gfp) ||
	    !mmsim_pcp_enter(zone, &pcp))
		return 0;
	for (i = 0; i < nr_pages && nr; i++) {
		struct mmsim_page *page;

		if (pages[i])
			continue;
		if (likely(pcp->list[0][route->type]))
			page = mmsim_pcp_pop_held(pcp, 0, route->type);
		else
			page = mmsim_pcp_take_held(pcp, zone, 0, route->type, first_flags(zone, route->type));
		if (unlikely(!page))
			break;
		if (unlikely(mem->nr_nodes > 1))
			count_numa(mem, node, page);
		pages[i] = prepare_block(mem, page, gfp, 0);
		nr--;
	}
	mmsim_pcp_leave(pcp);
	return i;
}

/*
 * Equal shares to all nodes, and the rest to those whose turn it is; as the kernel's MPOL_INTERLEAVE. None is larger
 * than MAX_HOLD.
 */
static unsigned long alloc_bulk_interleaved(struct mmsim_memory *mem, gfp_t gfp, struct mmsim_page **pages,
					    unsigned long nr_pages)
{
	unsigned long i, nr_empty = 0, done = 0;
	unsigned int left;

	for (i = 0; i < nr_pages && nr_empty < mem->nr_nodes * MAX_HOLD; i++)
		nr_empty += !pages[i];
	for (left = mem->nr_nodes; left && nr_empty; left--) {
		unsigned long share = DIV_ROUND_UP(nr_empty, left);

		done += alloc_bulk_fast(mem, preferred_node(mem), gfp, share, pages + done, nr_pages - done);
		nr_empty -= share;
	}
	return done;
}

/**
 * mmsim_memory_alloc_bulk() - allocate many single pages
 * @mem: the instance's page floor
 * @gfp: the kernel's flags
 * @nr_pages: entries of @pages
 * @pages: where the pages go; entries that are not NULL are left alone, as in the kernel
 * @caller: for reports
 *
 * Takes them from this CPU's list, MAX_HOLD under one hold of it, and goes on page by page where that doesn't do.
 * With interleave= each node gives its share.
 *
 * Context: as mmsim_memory_alloc().
 * Return: how many entries from the start are not NULL now.
 */
unsigned long mmsim_memory_alloc_bulk(struct mmsim_memory *mem, gfp_t gfp, unsigned long nr_pages,
				      struct mmsim_page **pages, unsigned long caller)
{
	unsigned long i = 0, done;

	might_alloc(gfp);
	do {
		if (unlikely(READ_ONCE(mem->interleave)))
			done = alloc_bulk_interleaved(mem, gfp, pages + i, nr_pages - i);
		else
			done = alloc_bulk_fast(mem, preferred_node(mem), gfp, nr_pages - i, pages + i, nr_pages - i);
		i += done;
	} while (done && i < nr_pages);
	for (; i < nr_pages; i++) {
		if (!pages[i])
			pages[i] = alloc(mem, gfp, 0, caller);
		if (!pages[i])
			break;
	}
	return i;
}
