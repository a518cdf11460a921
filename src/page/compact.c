// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction, after the kernel's mm/compaction.c: movable pages are moved together at the zone's upper end, so that
 * whole blocks come free at its lower one.
 *
 *	start |M M . M . . M .| ->                                <- |. M . . . M . .| end
 *	       migrate scanner: isolates movable pages     free scanner: takes free pages to move them to
 *
 * Each step isolates a cluster of pages from one pageblock and moves them. A pass ends when a block of the wanted order
 * is there, at the end of a pageblock, or when the scanners meet. Where they stopped is remembered, and the next pass
 * goes on there, until they have met once.
 *
 * A request compacts by itself only where that can help: enough must be free, and for large orders the fragmentation
 * index must say that it is scattered and not scarce. After a pass that did not help the next ones in that zone are put
 * off, 1, 2, 4 ... 64 of them.
 *
 *	async		a request's first try: waits for nothing, and moves only what is in its own migratetype's way
 *	sync light	its next ones, and the reclaim thread's: waits for page locks
 *	sync		its last one: also where compaction was put off, and into pageblocks of every ordinary kind;
 *			and, but for that, the whole of all zones on command
 *
 * Pages are moved within their zone. There is no memory of which pageblocks are not worth a look, as the kernel has it.
 */
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "page/buddy.h"
#include "page/compact.h"
#include "page/frag.h"
#include "page/migrate.h"

#define MAX_DEFER_SHIFT		6
#define EXTFRAG_THRESHOLD	500	/* as vm.extfrag_threshold: below it memory is scarce rather than scattered */
#define ORDER_WHOLE_ZONE	(-1)	/* on command: as far as it goes */

/* One pass over one zone. */
struct pass {
	struct mmsim_migration mg;
	struct mmsim_zone *zone;
	int order;			/* wanted, or ORDER_WHOLE_ZONE */
	unsigned int type;		/* migratetype of the request */
	enum mmsim_compact_mode mode;
	bool direct;			/* for a request, by itself */
	bool whole;			/* begun at the zone's ends */
	unsigned long migrate_pfn;	/* the migrate scanner's next frame */
	unsigned long free_pfn;		/* the first frame of the free scanner's pageblock */
	struct mmsim_page *room;	/* free pages that it took, linked by lru.next */
	unsigned int nr_room;
	unsigned long migrate_scanned, free_scanned, isolated;
};

static struct mmsim_page *page_at(const struct pass *p, unsigned long pfn)
{
	return mmsim_memory_page(p->mg.mem, pfn);
}

static unsigned long block_start(unsigned long pfn)
{
	return round_down(pfn, MMSIM_PAGEBLOCK_PAGES);
}

static bool scanners_met(const struct pass *p)
{
	return p->free_pfn <= block_start(p->migrate_pfn);
}

/* --- The free scanner --- */

/* Whether pages may be moved into the free scanner's pageblock: not into one that is free as a whole. */
static bool is_target(const struct pass *p)
{
	struct mmsim_page *page = page_at(p, p->free_pfn);
	unsigned int type = mmsim_pageblock_type(p->zone, page);
	bool any = !p->mg.mem->migratetype_mask || (p->direct && p->mode == MMSIM_COMPACT_SYNC);

	if (mmsim_page_is_buddy(page) && mmsim_page_order(page) >= MMSIM_PAGEBLOCK_ORDER)
		return false;
	return type == MMSIM_MIGRATE_MOVABLE || type == MMSIM_MIGRATE_CMA || (any && type < MMSIM_MIGRATE_PCPTYPES);
}

/* Takes a free block as single pages, which are in flight from now on. */
static void take_room(struct pass *p, struct mmsim_page *page, unsigned int order)
{
	struct mmsim_zone *zone = p->zone;
	unsigned long i;

	mmsim_unlist_block(zone, page, order);
	mmsim_account_free(zone, mmsim_pageblock_type(zone, page), -(long)BIT(order));
	zone->allocated_pages += BIT(order);
	zone->nr_alloc += BIT(order);
	for (i = 0; i < BIT(order); i++) {
		WRITE_ONCE(page[i].flags, zone->id | MMSIM_PAGE_ALLOCATED);
		mmsim_chain_push(&p->room, page + i);
	}
	p->nr_room += BIT(order);
	p->isolated += BIT(order);
}

/* Takes free pages of the free scanner's pageblock until there are enough. Returns whether it has been all through. */
static bool take_room_in_block(struct pass *p)
{
	struct mmsim_page *page = page_at(p, p->free_pfn), *end = page + MMSIM_PAGEBLOCK_PAGES;
	bool all_through = true;
	unsigned long flags;

	spin_lock_irqsave(&p->zone->lock, flags);
	while (is_target(p) && page < end) {
		unsigned int order = mmsim_page_order(page);
		bool free = mmsim_page_is_buddy(page);

		p->free_scanned++;
		all_through = p->nr_room < MMSIM_MIGRATE_CLUSTER &&
			      mmsim_watermark_ok(p->zone, 0, p->zone->watermark[MMSIM_WMARK_MIN] + BIT(order), 0,
						 MMSIM_ALLOC_CMA);
		if (!all_through)
			break;
		if (free)
			take_room(p, page, order);
		page += free ? BIT(order) : 1;
	}
	spin_unlock_irqrestore(&p->zone->lock, flags);
	return all_through;
}

static void find_room(struct pass *p)
{
	while (!p->nr_room && !scanners_met(p)) {
		if (!take_room_in_block(p) && !p->nr_room)
			break;
		if (p->nr_room < MMSIM_MIGRATE_CLUSTER)
			p->free_pfn -= MMSIM_PAGEBLOCK_PAGES;
		cond_resched();
	}
}

static struct mmsim_page *new_page(struct mmsim_migration *mg, const struct mmsim_page *src)
{
	struct pass *p = container_of(mg, struct pass, mg);
	struct mmsim_page *page;

	if (!p->nr_room)
		find_room(p);
	if (!p->nr_room)
		return NULL;
	page = mmsim_chain_pop(&p->room);
	p->nr_room--;
	page->private = 0;
	page->mapping = NULL;
	atomic64_set(&page->counts, MMSIM_COUNTS_OWNED);
	return page;
}

static void unused_page(struct mmsim_migration *mg, struct mmsim_page *page)
{
	struct pass *p = container_of(mg, struct pass, mg);

	atomic64_set(&page->counts, MMSIM_COUNTS_IDLE);
	mmsim_chain_push(&p->room, page);
	p->nr_room++;
}

static void give_room_back(struct pass *p)
{
	struct mmsim_page *page;

	while (p->nr_room) {
		page = mmsim_chain_pop(&p->room);
		p->nr_room--;
		/* It is scanned again next time. */
		p->free_pfn = max(p->free_pfn, block_start(mmsim_memory_pfn(p->mg.mem, page)));
		mmsim_buddy_put(p->zone, page, 0);
	}
}

/* --- The migrate scanner --- */

static bool is_source(const struct pass *p)
{
	unsigned int type = mmsim_pageblock_type(p->zone, page_at(p, p->migrate_pfn));

	if (type == MMSIM_MIGRATE_ISOLATE)
		return false;
	if (p->mode != MMSIM_COMPACT_ASYNC || !p->direct)
		return true;
	return type == p->type || (type == MMSIM_MIGRATE_CMA && p->type == MMSIM_MIGRATE_MOVABLE);
}

/* Isolates up to a cluster of movable pages of the scanner's pageblock, and goes on behind the last one seen. */
static void isolate_cluster(struct pass *p)
{
	unsigned long end = block_start(p->migrate_pfn) + MMSIM_PAGEBLOCK_PAGES;

	if (!is_source(p))
		p->migrate_pfn = end;
	while (p->migrate_pfn < end && p->mg.nr < MMSIM_MIGRATE_CLUSTER) {
		struct mmsim_page *page = page_at(p, p->migrate_pfn);
		unsigned long flags = READ_ONCE(page->flags);

		p->migrate_scanned++;
		if (flags & MMSIM_PAGE_STATE)
			p->migrate_pfn += BIT((flags & MMSIM_PAGE_ORDER) >> MMSIM_PAGE_ORDER_SHIFT);
		else
			p->migrate_pfn++;
		if ((flags & MMSIM_PAGE_MOVABLE) && mmsim_movable_isolate(p->mg.mem, page)) {
			p->mg.page[p->mg.nr++] = page;
			p->isolated++;
		}
	}
	/* A block may have reached beyond the pageblock. */
	p->migrate_pfn = min(p->migrate_pfn, end);
}

/* --- A pass --- */

/* Whether a request of this order and kind would be served from the lists. */
static bool has_suitable_block(const struct pass *p)
{
	unsigned int order, type;

	for (order = p->order; order < MMSIM_NR_ORDERS; order++) {
		if (mmsim_first_free(p->zone, order, p->type))
			return true;
		if (p->type == MMSIM_MIGRATE_MOVABLE && mmsim_first_free(p->zone, order, MMSIM_MIGRATE_CMA))
			return true;
		/* What another migratetype has counts when it would be taken over: see fallback.c. */
		for (type = 0; type < MMSIM_MIGRATE_PCPTYPES; type++)
			if (mmsim_takes_over(order, p->type) && mmsim_first_free(p->zone, order, type))
				return true;
	}
	return false;
}

static enum mmsim_compact_result finished(struct pass *p)
{
	struct mmsim_compact_zone *cz = &p->zone->compact;
	bool served;
	unsigned long flags;

	if (scanners_met(p)) {
		cz->cached_migrate[0] = 0;
		cz->cached_migrate[1] = 0;
		cz->cached_free = 0;
		return p->whole ? MMSIM_COMPACT_COMPLETE : MMSIM_COMPACT_PARTIAL;
	}
	if (fatal_signal_pending(current) || (p->mode == MMSIM_COMPACT_ASYNC && need_resched()))
		return MMSIM_COMPACT_CONTENDED;
	if (p->order == ORDER_WHOLE_ZONE || p->migrate_pfn % MMSIM_PAGEBLOCK_PAGES)
		return MMSIM_COMPACT_CONTINUE;
	spin_lock_irqsave(&p->zone->lock, flags);
	served = has_suitable_block(p);
	spin_unlock_irqrestore(&p->zone->lock, flags);
	return served ? MMSIM_COMPACT_SUCCESS : MMSIM_COMPACT_CONTINUE;
}

/* The scanners' first positions: where the last pass stopped, or the zone's ends. */
static void begin(struct pass *p)
{
	struct mmsim_compact_zone *cz = &p->zone->compact;
	unsigned long start = p->zone->start_pfn, last = start + p->zone->spanned_pages - MMSIM_PAGEBLOCK_PAGES;

	p->migrate_pfn = start;
	p->free_pfn = last;
	if (p->order != ORDER_WHOLE_ZONE && p->mode != MMSIM_COMPACT_SYNC) {
		p->migrate_pfn = max(start, READ_ONCE(cz->cached_migrate[p->mode != MMSIM_COMPACT_ASYNC]));
		if (READ_ONCE(cz->cached_free))
			p->free_pfn = READ_ONCE(cz->cached_free);
	}
	p->whole = p->migrate_pfn == start;
}

static void remember(struct pass *p)
{
	struct mmsim_compact_zone *cz = &p->zone->compact;

	if (scanners_met(p))
		return;
	WRITE_ONCE(cz->cached_free, p->free_pfn);
	WRITE_ONCE(cz->cached_migrate[0], block_start(p->migrate_pfn));
	if (p->mode != MMSIM_COMPACT_ASYNC)
		WRITE_ONCE(cz->cached_migrate[1], block_start(p->migrate_pfn));
}

static void count(const struct pass *p)
{
	struct mmsim_events *events = &p->mg.mem->events;

	mmsim_count_events(events, MMSIM_EVENT_COMPACT_MIGRATE_SCANNED, p->migrate_scanned);
	mmsim_count_events(events, MMSIM_EVENT_COMPACT_FREE_SCANNED, p->free_scanned);
	mmsim_count_events(events, MMSIM_EVENT_COMPACT_ISOLATED, p->isolated);
	if (p->direct || p->order == ORDER_WHOLE_ZONE)
		return;
	mmsim_count_events(events, MMSIM_EVENT_COMPACT_DAEMON_MIGRATE_SCANNED, p->migrate_scanned);
	mmsim_count_events(events, MMSIM_EVENT_COMPACT_DAEMON_FREE_SCANNED, p->free_scanned);
}

static enum mmsim_compact_result compact_zone(struct pass *p)
{
	enum mmsim_compact_result result;

	p->mg.wait = p->mode != MMSIM_COMPACT_ASYNC;
	p->mg.reason = MMSIM_MR_COMPACTION;
	p->mg.new_page = new_page;
	p->mg.unused_page = unused_page;
	begin(p);
	while ((result = finished(p)) == MMSIM_COMPACT_CONTINUE) {
		isolate_cluster(p);
		mmsim_migrate_pages(&p->mg);
		/* Without room, and the scanners apart, too little is free. */
		if (p->mg.error == -ENOMEM && !scanners_met(p)) {
			result = MMSIM_COMPACT_CONTENDED;
			break;
		}
		/* What came free merges once it is off this CPU's lists. */
		if (p->migrate_pfn % MMSIM_PAGEBLOCK_PAGES == 0)
			mmsim_pcp_drain_local(p->mg.mem);
		cond_resched();
	}
	give_room_back(p);
	remember(p);
	count(p);
	return result;
}

/* --- When, and for whom --- */

/* Whether enough is free to move things about, and it is scattered rather than scarce. */
static bool suitable(struct mmsim_zone *zone, unsigned int order, unsigned int highest)
{
	bool costly = order > PAGE_ALLOC_COSTLY_ORDER;
	unsigned long mark = zone->watermark[costly ? MMSIM_WMARK_LOW : MMSIM_WMARK_MIN] + (2UL << order);
	unsigned long nr_free[MMSIM_NR_ORDERS];
	int index;

	if (!mmsim_watermark_ok(zone, 0, mark, highest, MMSIM_ALLOC_CMA))
		return false;
	if (!costly)
		return true;
	mmsim_zone_count(zone, nr_free);
	index = mmsim_extfrag_index(nr_free, order);
	return index < 0 || index > EXTFRAG_THRESHOLD;
}

static bool is_deferred(struct mmsim_compact_zone *cz, unsigned int order)
{
	unsigned int limit = BIT(READ_ONCE(cz->defer_shift));

	if (order < READ_ONCE(cz->order_failed))
		return false;
	if (READ_ONCE(cz->considered) + 1 >= limit) {
		WRITE_ONCE(cz->considered, limit);
		return false;
	}
	WRITE_ONCE(cz->considered, cz->considered + 1);
	return true;
}

static void defer(struct mmsim_compact_zone *cz, unsigned int order)
{
	WRITE_ONCE(cz->considered, 0);
	WRITE_ONCE(cz->defer_shift, min(cz->defer_shift + 1, MAX_DEFER_SHIFT));
	WRITE_ONCE(cz->order_failed, min(cz->order_failed, order));
}

static void expect_success(struct mmsim_compact_zone *cz, unsigned int order)
{
	WRITE_ONCE(cz->order_failed, max(cz->order_failed, order + 1));
}

/**
 * mmsim_compact_served() - note that a request was served after compaction
 * @zone: the zone that served it
 * @order: its order
 *
 * Compaction is not put off there any more.
 *
 * Context: any.
 */
void mmsim_compact_served(struct mmsim_zone *zone, unsigned int order)
{
	WRITE_ONCE(zone->compact.considered, 0);
	WRITE_ONCE(zone->compact.defer_shift, 0);
	expect_success(&zone->compact, order);
}

/* One zone of a request's list. */
static enum mmsim_compact_result compact_for(const struct mmsim_compact_request *rq, struct mmsim_zone *zone,
					     enum mmsim_compact_mode mode)
{
	unsigned long mark = zone->watermark[rq->alloc_flags & MMSIM_ALLOC_WMARK];
	struct pass p = {
		.mg.mem = rq->mem, .zone = zone, .order = rq->order, .type = rq->type, .mode = mode, .direct = true,
	};
	enum mmsim_compact_result result;

	if (mode != MMSIM_COMPACT_SYNC && is_deferred(&zone->compact, rq->order))
		return MMSIM_COMPACT_DEFERRED;
	if (mmsim_watermark_ok(zone, rq->order, mark, rq->highest, rq->alloc_flags))
		return MMSIM_COMPACT_SUCCESS;
	if (!suitable(zone, rq->order, rq->highest))
		return MMSIM_COMPACT_SKIPPED;
	result = compact_zone(&p);
	if (result == MMSIM_COMPACT_SUCCESS)
		expect_success(&zone->compact, rq->order);
	else if (mode != MMSIM_COMPACT_ASYNC && result != MMSIM_COMPACT_CONTENDED)
		defer(&zone->compact, rq->order);
	return result;
}

/**
 * mmsim_compact_direct() - compact for a request that found no block
 * @rq: the request
 * @mode: how hard to try
 *
 * The kernel's try_to_compact_pages().
 *
 * Context: process context, may sleep. Does nothing when called from a shrinker or an owner's callback, and without
 * __GFP_IO.
 * Return: the best result of the zones that were tried.
 */
enum mmsim_compact_result mmsim_compact_direct(const struct mmsim_compact_request *rq, enum mmsim_compact_mode mode)
{
	enum mmsim_compact_result best = MMSIM_COMPACT_SKIPPED, result;
	struct mmsim_zone *const *zone;
	struct mmsim_reclaimer self;

	if (!rq->order || !(rq->gfp & __GFP_IO) || mmsim_reclaiming(rq->mem))
		return best;
	mmsim_reclaim_enter(rq->mem, &self);
	for (zone = rq->zonelist; *zone; zone++) {
		result = compact_for(rq, *zone, mode);
		best = max(best, result);
		if (result >= MMSIM_COMPACT_CONTENDED)
			break;
	}
	mmsim_reclaim_leave(rq->mem, &self);
	return best;
}

/**
 * mmsim_compact_daemon() - compact ahead of requests
 * @mem: the page floor
 * @order: the largest order that was asked for in vain
 *
 * The kernel's kcompactd_do_work().
 *
 * Context: the reclaim thread; may sleep.
 */
void mmsim_compact_daemon(struct mmsim_memory *mem, unsigned int order)
{
	enum mmsim_compact_result result;
	struct mmsim_zone *zone;

	mmsim_count_event(&mem->events, MMSIM_EVENT_COMPACT_DAEMON_WAKE);
	mmsim_for_each_zone(mem, zone) {
		struct pass p = {
			.mg.mem = mem, .zone = zone, .order = order, .type = MMSIM_MIGRATE_MOVABLE,
			.mode = MMSIM_COMPACT_SYNC_LIGHT,
		};

		if (is_deferred(&zone->compact, order) || !suitable(zone, order, zone->type) ||
		    mmsim_watermark_ok(zone, order, zone->watermark[MMSIM_WMARK_MIN], zone->type, 0))
			continue;
		result = compact_zone(&p);
		if (result == MMSIM_COMPACT_SUCCESS)
			mmsim_compact_served(zone, order);
		else if (result != MMSIM_COMPACT_CONTENDED)
			defer(&zone->compact, order);
	}
}

/**
 * mmsim_memory_compact() - compact every zone as far as it goes
 * @mem: the page floor
 *
 * What a write to /proc/sys/vm/compact_memory does.
 *
 * Context: process context, may sleep.
 */
void mmsim_memory_compact(struct mmsim_memory *mem)
{
	struct mmsim_reclaimer self;
	struct mmsim_zone *zone;

	mmsim_reclaim_enter(mem, &self);
	mmsim_pcp_drain_all(mem);
	mmsim_for_each_zone(mem, zone) {
		struct pass p = {
			.mg.mem = mem, .zone = zone, .order = ORDER_WHOLE_ZONE, .mode = MMSIM_COMPACT_SYNC,
		};

		compact_zone(&p);
	}
	mmsim_reclaim_leave(mem, &self);
}

/**
 * mmsim_compact_memory() - compact every zone of the live instance as far as it goes
 *
 * Context: process context, may sleep.
 */
void mmsim_compact_memory(void)
{
	mmsim_memory_compact(mmsim_memory_live);
}
EXPORT_SYMBOL_GPL(mmsim_compact_memory);
