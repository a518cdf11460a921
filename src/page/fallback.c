// SPDX-License-Identifier: GPL-2.0
/*
 * Migratetypes (Gorman 2007): what can't be moved is kept together, so that what can be moved leaves whole blocks
 * behind.
 *
 * Each pageblock belongs to a migratetype and its free pages are on that type's lists. When a type has nothing left it
 * takes from another, in the order of its row in fallbacks[], and tries to take much at once, so that the next requests
 * don't spread over more pageblocks:
 *
 *   1. From the largest free block down: a whole pageblock or more is taken over at once. Of a smaller block the
 *      pageblock is looked at, and taken over with all its free pages when half of it or more is free or of the
 *      requester's kind. Movable requests do so only for a large block: they do no harm elsewhere.
 *   2. Otherwise the smallest block that fits is taken and the pageblock stays whose it is.
 *
 * Requests that prefer Normal are first tried without anything that mixes: only pageblocks that are free as a whole
 * change hands, and before others are broken into the zones below are asked (MMSIM_ALLOC_NOFRAGMENT). The kernel's
 * rule, for machines on which the zone below is DMA32, large and little used.
 *
 * The HighAtomic reserve: a large request that can't wait and was served keeps the pageblock around it for the next
 * ones, up to about 1 % of the zone; it is given up when memory runs out.
 */
#include "page/buddy.h"

const char *const mmsim_migratetype_names[MMSIM_MIGRATE_TYPES] = {
	[MMSIM_MIGRATE_UNMOVABLE]	= "Unmovable",
	[MMSIM_MIGRATE_MOVABLE]		= "Movable",
	[MMSIM_MIGRATE_RECLAIMABLE]	= "Reclaimable",
	[MMSIM_MIGRATE_HIGHATOMIC]	= "HighAtomic",
	[MMSIM_MIGRATE_CMA]		= "CMA",
	[MMSIM_MIGRATE_ISOLATE]		= "Isolate",
};

static const u8 fallbacks[MMSIM_MIGRATE_PCPTYPES][MMSIM_MIGRATE_PCPTYPES - 1] = {
	[MMSIM_MIGRATE_UNMOVABLE]   = { MMSIM_MIGRATE_RECLAIMABLE, MMSIM_MIGRATE_MOVABLE },
	[MMSIM_MIGRATE_MOVABLE]     = { MMSIM_MIGRATE_RECLAIMABLE, MMSIM_MIGRATE_UNMOVABLE },
	[MMSIM_MIGRATE_RECLAIMABLE] = { MMSIM_MIGRATE_UNMOVABLE,   MMSIM_MIGRATE_MOVABLE },
};

static struct mmsim_page *pageblock_start(const struct mmsim_zone *zone, struct mmsim_page *page)
{
	return zone->map + round_down((unsigned long)(page - zone->map), MMSIM_PAGEBLOCK_PAGES);
}

/**
 * mmsim_pageblock_set_type() - give a block's pageblocks to a migratetype
 * @zone: the zone
 * @page: the head of a block of at least a pageblock, or any page of a single one
 * @order: the block's order; below MMSIM_PAGEBLOCK_ORDER it means one pageblock
 * @type: the migratetype
 *
 * The free pages in it stay on the lists they are on.
 *
 * Context: under the zone's lock.
 */
void mmsim_pageblock_set_type(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order, unsigned int type)
{
	unsigned long i = (page - zone->map) >> MMSIM_PAGEBLOCK_ORDER;
	unsigned long nr = order > MMSIM_PAGEBLOCK_ORDER ? BIT(order - MMSIM_PAGEBLOCK_ORDER) : 1;

	while (nr--)
		WRITE_ONCE(zone->pageblock[i++], type);
}

/* The first migratetype that can help out with a block of this order; MMSIM_MIGRATE_PCPTYPES when none can. */
static unsigned int donor(struct mmsim_zone *zone, unsigned int order, unsigned int type)
{
	int i;

	for (i = 0; zone->free_area[order].nr_free && i < MMSIM_MIGRATE_PCPTYPES - 1; i++)
		if (mmsim_first_free(zone, order, fallbacks[type][i]))
			return fallbacks[type][i];
	return MMSIM_MIGRATE_PCPTYPES;
}

/**
 * mmsim_takes_over() - whether a request takes over the pageblock that it must take from
 * @order: of the free block
 * @type: the request's migratetype
 *
 * Return: whether it does; otherwise it takes only what it needs.
 */
bool mmsim_takes_over(unsigned int order, unsigned int type)
{
	return order >= MMSIM_PAGEBLOCK_ORDER / 2 || type != MMSIM_MIGRATE_MOVABLE;
}

/* Counts a pageblock's free pages, and those whose owner has registered how to move them. */
static void count_pageblock(struct mmsim_page *start, unsigned long *free, unsigned long *movable)
{
	struct mmsim_page *page = start, *end = start + MMSIM_PAGEBLOCK_PAGES;

	*free = 0;
	*movable = 0;
	while (page < end) {
		unsigned long flags = READ_ONCE(page->flags);
		unsigned long nr = flags & MMSIM_PAGE_STATE ? BIT(mmsim_page_order(page)) : 1;

		if (flags & MMSIM_PAGE_BUDDY)
			*free += nr;
		else if (flags & MMSIM_PAGE_MOVABLE)
			*movable += nr;
		page += nr;
	}
}

/**
 * mmsim_pageblock_move_free() - move a pageblock's free blocks to another migratetype's lists
 * @zone: the zone
 * @page: any page of the pageblock; no free block reaches beyond it
 * @from: the migratetype whose lists they are on
 * @to: the migratetype whose lists they go to
 *
 * Context: under the zone's lock.
 * Return: the number of pages moved.
 */
unsigned long mmsim_pageblock_move_free(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int from,
					unsigned int to)
{
	struct mmsim_page *end;
	unsigned long moved = 0;

	lockdep_assert_held(&zone->lock);
	page = pageblock_start(zone, page);
	end = page + MMSIM_PAGEBLOCK_PAGES;
	while (page < end) {
		unsigned int order = mmsim_page_order(page);

		if (!mmsim_page_is_buddy(page)) {
			page++;
			continue;
		}
		list_move(&page->lru, &zone->free_area[order].free_list[to]);
		moved += BIT(order);
		page += BIT(order);
	}
	mmsim_account_free(zone, from, -(long)moved);
	mmsim_account_free(zone, to, moved);
	return moved;
}

/* Takes over the pageblock of a free block when enough of it is free or of the requester's kind. */
static bool claim_pageblock(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int type)
{
	unsigned int owner = mmsim_pageblock_type(zone, page);
	unsigned long free, movable, alike = 0;

	page = pageblock_start(zone, page);
	count_pageblock(page, &free, &movable);
	if (type == MMSIM_MIGRATE_MOVABLE)
		alike = movable;
	else if (owner == MMSIM_MIGRATE_MOVABLE)
		alike = MMSIM_PAGEBLOCK_PAGES - free - movable;
	if (free + alike < MMSIM_PAGEBLOCK_PAGES / 2)
		return false;
	mmsim_pageblock_move_free(zone, page, owner, type);
	mmsim_pageblock_set_type(zone, page, 0, type);
	return true;
}

static struct mmsim_page *take_over(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				    unsigned int alloc_flags)
{
	int smallest = alloc_flags & MMSIM_ALLOC_NOFRAGMENT ? max(order, MMSIM_PAGEBLOCK_ORDER) : order, from;

	for (from = MMSIM_MAX_ORDER; from >= smallest; from--) {
		unsigned int owner = donor(zone, from, type);
		struct mmsim_page *page;

		if (owner == MMSIM_MIGRATE_PCPTYPES)
			continue;
		if (!mmsim_takes_over(from, type))
			return NULL;
		page = mmsim_first_free(zone, from, owner);
		if (from >= MMSIM_PAGEBLOCK_ORDER) {
			mmsim_unlist_block(zone, page, from);
			mmsim_pageblock_set_type(zone, page, from, type);
			mmsim_account_free(zone, owner, -(long)BIT(from));
			mmsim_account_free(zone, type, BIT(from) - BIT(order));
			mmsim_expand(zone, page, from, order, type);
			return page;
		}
		if (claim_pageblock(zone, page, type))
			return mmsim_take_smallest(zone, order, type);
	}
	return NULL;
}

static struct mmsim_page *borrow(struct mmsim_zone *zone, unsigned int order, unsigned int type)
{
	unsigned int from;

	for (from = order; from <= MMSIM_MAX_ORDER; from++) {
		unsigned int owner = donor(zone, from, type);

		if (owner != MMSIM_MIGRATE_PCPTYPES)
			return mmsim_take_smallest(zone, order, owner);
	}
	return NULL;
}

/**
 * mmsim_take_fallback() - take a block from another migratetype's lists
 * @zone: the zone
 * @order: log2 of the number of pages
 * @type: the migratetype that has nothing left
 * @alloc_flags: MMSIM_ALLOC_NOFRAGMENT: only of whole pageblocks
 *
 * The kernel's __rmqueue_claim() and __rmqueue_steal().
 *
 * Context: under the zone's lock.
 * Return: the head of the block; NULL when no ordinary migratetype has one.
 */
struct mmsim_page *mmsim_take_fallback(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				       unsigned int alloc_flags)
{
	struct mmsim_page *page;

	lockdep_assert_held(&zone->lock);
	page = take_over(zone, order, type, alloc_flags);
	if (!page && !(alloc_flags & MMSIM_ALLOC_NOFRAGMENT))
		page = borrow(zone, order, type);
	return page;
}

static unsigned long highatomic_limit(const struct mmsim_zone *zone)
{
	unsigned long percent = zone->managed_pages / 100;

	return percent < MMSIM_PAGEBLOCK_PAGES ? 0 : ALIGN(percent, MMSIM_PAGEBLOCK_PAGES);
}

/**
 * mmsim_highatomic_reserve() - keep the pageblock around a block for large atomic requests
 * @zone: the zone
 * @page: a block that such a request was just given
 * @order: its order
 *
 * Does nothing when one of the block's pageblocks has just been isolated. The kernel's reserve_highatomic_pageblock().
 *
 * Context: any; takes the zone's lock.
 */
void mmsim_highatomic_reserve(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	unsigned long flags;
	unsigned int owner;

	if (READ_ONCE(zone->nr_highatomic) >= highatomic_limit(zone))
		return;
	spin_lock_irqsave(&zone->lock, flags);
	owner = mmsim_pageblock_type(zone, page);
	if (zone->nr_highatomic < highatomic_limit(zone) && owner < MMSIM_MIGRATE_PCPTYPES &&
	    mmsim_is_of_one_type(zone, page, order)) {
		if (order < MMSIM_PAGEBLOCK_ORDER)
			mmsim_pageblock_move_free(zone, page, owner, MMSIM_MIGRATE_HIGHATOMIC);
		mmsim_pageblock_set_type(zone, page, order, MMSIM_MIGRATE_HIGHATOMIC);
		WRITE_ONCE(zone->nr_highatomic, zone->nr_highatomic + max(MMSIM_PAGEBLOCK_PAGES, BIT(order)));
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

static bool unreserve_one(struct mmsim_zone *zone, unsigned int type)
{
	unsigned int order;

	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		struct mmsim_page *page = mmsim_first_free(zone, order, MMSIM_MIGRATE_HIGHATOMIC);

		if (!page)
			continue;
		if (order < MMSIM_PAGEBLOCK_ORDER) {
			mmsim_pageblock_move_free(zone, page, MMSIM_MIGRATE_HIGHATOMIC, type);
		} else {
			list_move(&page->lru, &zone->free_area[order].free_list[type]);
			mmsim_account_free(zone, MMSIM_MIGRATE_HIGHATOMIC, -(long)BIT(order));
			mmsim_account_free(zone, type, BIT(order));
		}
		mmsim_pageblock_set_type(zone, page, order, type);
		WRITE_ONCE(zone->nr_highatomic, zone->nr_highatomic - max(MMSIM_PAGEBLOCK_PAGES, BIT(order)));
		/* A whole pageblock may merge with its buddy now. */
		if (order == MMSIM_PAGEBLOCK_ORDER)
			mmsim_buddy_relist(zone, page, order);
		return true;
	}
	return false;
}

/**
 * mmsim_highatomic_unreserve() - give a pageblock of the reserve to ordinary requests
 * @zone: the zone
 * @type: the migratetype that needs it
 * @force: also the last one
 *
 * Context: any; takes the zone's lock.
 * Return: whether there was one with free pages.
 */
bool mmsim_highatomic_unreserve(struct mmsim_zone *zone, unsigned int type, bool force)
{
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&zone->lock, flags);
	if (force || zone->nr_highatomic > MMSIM_PAGEBLOCK_PAGES)
		found = unreserve_one(zone, type);
	spin_unlock_irqrestore(&zone->lock, flags);
	return found;
}
