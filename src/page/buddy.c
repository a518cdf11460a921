// SPDX-License-Identifier: GPL-2.0
/*
 * The buddy system (Knowlton 1965; seeds 000 and 004): a zone's free memory as blocks of 1 << order pages, each at a
 * multiple of its size, on one list an order and migratetype.
 *
 * Taking a block looks through the lists of its migratetype from the wanted order up. A larger block is halved until it
 * fits; the lower half is kept, each upper half goes to the list of its order. What the migratetype's own lists don't
 * have comes from another's by the rules of fallback.c.
 *
 * Putting a block back merges it with its buddy, the neighbour that it was halved from, as long as that one is free and
 * whole and in the same zone; so two buddies are never both free. It goes to the lists of its pageblock's migratetype,
 * whatever it was allocated as. Above a pageblock's size two migratetypes meet: ordinary ones merge, and the larger
 * block is of the freed one's; reserves stay apart. So a free block's pageblocks are of one migratetype.
 *
 * A block that is likely to merge soon, because its parent's buddy is free, goes to the tail of its list, where it is
 * taken last. Other blocks go to the head, where the caches may still hold them.
 *
 * The per-CPU lists take and put many blocks at once. That leaves the same free blocks as single takes and puts, if on
 * other places of their lists, but those that would be listed only to be taken off again never are: many small blocks
 * are cut off a large one from below in one go, and neighbours that come back one after the other, whichever way, are
 * one range of pages before they are blocks again. Both ways what moves is kept aligned, a block of its own, since
 * pieces would each be listed, unlisted and merged.
 *
 * Costs: at most MMSIM_MAX_ORDER steps of constant work either way, whatever the region's size. Which state a page is
 * in, and what its fields mean then, stands in page.h. Nothing here defragments: only compaction moves pages.
 */
#include "page/buddy.h"

/*
 * State, order and zone in one comparison. The page may be in use: then its flags can change, but never to this value.
 */
static bool is_free_block(const struct mmsim_zone *zone, const struct mmsim_page *page, unsigned int order)
{
	return (READ_ONCE(page->flags) & (MMSIM_PAGE_STATE | MMSIM_PAGE_ORDER | MMSIM_PAGE_ID)) ==
	       (zone->id | MMSIM_PAGE_BUDDY | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT);
}

/* Whether the block's parent would merge at once if its buddy came free; not asked for the two largest orders. */
static bool merge_is_likely(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	struct mmsim_page *parent = mmsim_merged_head(page, order);

	return order < MMSIM_MAX_ORDER - 1 && is_free_block(zone, mmsim_buddy_of(parent, order + 1), order + 1);
}

/**
 * mmsim_take_smallest() - take the smallest block that is large enough from one migratetype's lists
 * @zone: the zone
 * @order: log2 of the number of pages
 * @type: the migratetype
 *
 * Context: under the zone's lock.
 * Return: the head of the block, allocated; NULL when the lists have none.
 */
struct mmsim_page *mmsim_take_smallest(struct mmsim_zone *zone, unsigned int order, unsigned int type)
{
	struct mmsim_page *page;
	unsigned int from;

	lockdep_assert_held(&zone->lock);
	for (from = order; from < MMSIM_NR_ORDERS; from++) {
		page = mmsim_first_free(zone, from, type);
		if (!page)
			continue;
		mmsim_unlist_block(zone, page, from);
		mmsim_expand(zone, page, from, order, type);
		mmsim_account_free(zone, type, -(long)BIT(order));
		return page;
	}
	return NULL;
}

/*
 * CMA's pages are lent before the zone's own when they are more than half of what is free: the loan is easier to call
 * back.
 */
static bool lend_cma_first(const struct mmsim_zone *zone, unsigned int alloc_flags)
{
	return (alloc_flags & MMSIM_ALLOC_CMA) && zone->free_type[MMSIM_MIGRATE_CMA] > zone->free_pages / 2;
}

static struct mmsim_page *take_of_type(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				       unsigned int alloc_flags)
{
	struct mmsim_page *page = NULL;

	if (unlikely(lend_cma_first(zone, alloc_flags)))
		page = mmsim_take_smallest(zone, order, MMSIM_MIGRATE_CMA);
	if (!page && (alloc_flags & MMSIM_ALLOC_HIGHATOMIC))
		page = mmsim_take_smallest(zone, order, MMSIM_MIGRATE_HIGHATOMIC);
	if (likely(!page))
		page = mmsim_take_smallest(zone, order, type);
	if (unlikely(!page) && (alloc_flags & MMSIM_ALLOC_CMA))
		page = mmsim_take_smallest(zone, order, MMSIM_MIGRATE_CMA);
	if (unlikely(!page))
		page = mmsim_take_fallback(zone, order, type, alloc_flags);
	/* Who can't wait may have what large atomic requests leave of their reserve. */
	if (unlikely(!page) && (alloc_flags & MMSIM_ALLOC_NON_BLOCK))
		page = mmsim_take_smallest(zone, order, MMSIM_MIGRATE_HIGHATOMIC);
	return page;
}

static unsigned long allocated_flags(const struct mmsim_zone *zone, unsigned int order)
{
	return zone->id | MMSIM_PAGE_ALLOCATED | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT;
}

static struct mmsim_page *take_locked(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				      unsigned int alloc_flags)
{
	struct mmsim_page *page = take_of_type(zone, order, type, alloc_flags);

	lockdep_assert_held(&zone->lock);
	if (likely(page)) {
		WRITE_ONCE(page->flags, allocated_flags(zone, order));
		zone->allocated_pages += BIT(order);
	}
	return page;
}

/* Whether blocks of two pageblocks may become one; and what that makes of the pageblocks. */
static bool may_merge(struct mmsim_zone *zone, struct mmsim_page *buddy, unsigned int order, unsigned int type)
{
	unsigned int other = mmsim_pageblock_type(zone, buddy);

	if (other == type)
		return true;
	if (type >= MMSIM_MIGRATE_PCPTYPES || other >= MMSIM_MIGRATE_PCPTYPES)
		return false;
	mmsim_account_free(zone, other, -(long)BIT(order));
	mmsim_account_free(zone, type, BIT(order));
	mmsim_pageblock_set_type(zone, buddy, order, type);
	return true;
}

static void put_locked(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	unsigned int type = mmsim_pageblock_type(zone, page);

	lockdep_assert_held(&zone->lock);
	mmsim_account_free(zone, type, BIT(order));
	zone->allocated_pages -= BIT(order);
	for (; order < MMSIM_MAX_ORDER; order++) {
		struct mmsim_page *buddy = mmsim_buddy_of(page, order);

		if (!is_free_block(zone, buddy, order))
			break;
		if (order >= MMSIM_PAGEBLOCK_ORDER && !may_merge(zone, buddy, order, type))
			break;
		mmsim_unlist_block(zone, buddy, order);
		WRITE_ONCE(max(page, buddy)->flags, zone->id);
		page = mmsim_merged_head(page, order);
	}
	mmsim_list_block(zone, page, order, type, merge_is_likely(zone, page, order));
}

/**
 * mmsim_buddy_relist() - list a free block anew
 * @zone: the zone
 * @page: its head
 * @order: its order
 *
 * After its pageblock has changed hands: it may now merge where it could not.
 *
 * Context: under the zone's lock.
 */
void mmsim_buddy_relist(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	mmsim_unlist_block(zone, page, order);
	mmsim_account_free(zone, mmsim_pageblock_type(zone, page), -(long)BIT(order));
	zone->allocated_pages += BIT(order);
	put_locked(zone, page, order);
}

/**
 * mmsim_buddy_take() - take a block from a zone's lists
 * @zone: the zone
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 * @type: migratetype of the request, below MMSIM_MIGRATE_PCPTYPES
 * @alloc_flags: MMSIM_ALLOC_*, which reserves it may have; watermarks are not looked at
 *
 * Context: any; takes the zone's lock.
 * Return: the head of the block, allocated, its references not yet counted; NULL when the zone has none that large.
 */
struct mmsim_page *mmsim_buddy_take(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				    unsigned int alloc_flags)
{
	struct mmsim_page *page;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	page = take_locked(zone, order, type, alloc_flags);
	if (likely(page))
		zone->nr_alloc += BIT(order);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/* Blocks that leave the lists together, linked by lru.next. */
struct chain {
	struct mmsim_page **end;	/* where the next one goes */
	unsigned int nr;
};

static void chain_add(struct chain *chain, struct mmsim_page *page)
{
	*chain->end = page;
	chain->end = mmsim_chain_link(page);
	chain->nr++;
}

/* Cuts up to @nr blocks off the lower end of a listed one; what is left of it is listed again, in pieces. */
static void cut(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int from, unsigned int order,
		unsigned int type, unsigned int nr, struct chain *chain)
{
	unsigned long pages = min_t(unsigned long, nr, BIT(from - order)) << order, rest;
	unsigned long flags = allocated_flags(zone, order);
	struct mmsim_page *end = page + pages;

	mmsim_unlist_block(zone, page, from);
	mmsim_account_free(zone, type, -(long)pages);
	zone->allocated_pages += pages;
	for (rest = pages; rest < BIT(from); rest += BIT(__ffs(rest)))
		mmsim_list_block(zone, page + rest, __ffs(rest), type, false);
	for (; page < end; page += BIT(order)) {
		WRITE_ONCE(page->flags, flags);
		chain_add(chain, page);
	}
}

/*
 * As mmsim_take_smallest(), for many. Small blocks go alone, even if they are few: with the rest cut off a large one,
 * what is left of that would be in pieces again, and so with every batch that follows.
 */
static void take_smallest_many(struct mmsim_zone *zone, unsigned int order, unsigned int type, unsigned int nr,
			       struct chain *chain)
{
	unsigned int from = order;

	while (chain->nr < nr && from < MMSIM_NR_ORDERS) {
		struct mmsim_page *page = mmsim_first_free(zone, from, type);

		if (!page) {
			from++;
			continue;
		}
		if (chain->nr && BIT(from - order) > nr - chain->nr)
			return;
		cut(zone, page, from, order, type, nr - chain->nr, chain);
	}
}

/* What the migratetype's own lists don't have, or what may be a reserve's. */
static void take_each(struct mmsim_zone *zone, unsigned int order, unsigned int type, unsigned int alloc_flags,
		      unsigned int nr, struct chain *chain)
{
	while (chain->nr < nr) {
		struct mmsim_page *page = take_locked(zone, order, type, alloc_flags);

		if (!page)
			return;
		chain_add(chain, page);
	}
}

/**
 * mmsim_buddy_take_many() - take up to a number of blocks at once
 * @zone: the zone
 * @order: as mmsim_buddy_take()
 * @type: as mmsim_buddy_take()
 * @alloc_flags: as mmsim_buddy_take()
 * @nr: how many blocks are wanted
 * @head: where the blocks go, linked by lru.next in the order in which they were taken
 *
 * Fewer than @nr come from small blocks, as long as there are any.
 *
 * Context: any; takes the zone's lock once.
 * Return: how many there are in @head; 0 only when the zone has none that large.
 */
unsigned int mmsim_buddy_take_many(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				   unsigned int alloc_flags, unsigned int nr, struct mmsim_page **head)
{
	struct chain chain = { .end = head };
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (!(alloc_flags & (MMSIM_ALLOC_CMA | MMSIM_ALLOC_HIGHATOMIC)))
		take_smallest_many(zone, order, type, nr, &chain);
	if (!chain.nr)
		take_each(zone, order, type, alloc_flags, nr, &chain);
	spin_unlock_irqrestore(&zone->lock, flags);
	*chain.end = NULL;
	return chain.nr;
}

/* One of its two pageblocks may have been isolated while the block was in use: each then goes where it belongs. */
static void put_block(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	if (likely(order <= MMSIM_PAGEBLOCK_ORDER || mmsim_is_of_one_type(zone, page, order))) {
		put_locked(zone, page, order);
		return;
	}
	static_assert(MMSIM_MAX_ORDER == MMSIM_PAGEBLOCK_ORDER + 1);
	put_locked(zone, page, MMSIM_PAGEBLOCK_ORDER);
	put_locked(zone, page + MMSIM_PAGEBLOCK_PAGES, MMSIM_PAGEBLOCK_ORDER);
}

/**
 * mmsim_buddy_put() - put a block back on a zone's lists
 * @zone: the zone it came from
 * @page: its head, without references; every tail as page.h asks for
 * @order: log2 of the number of pages
 *
 * Context: any; takes the zone's lock.
 */
void mmsim_buddy_put(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	put_block(zone, page, order);
	zone->nr_free += BIT(order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Puts back the pages from @start to @end, tails all of them, as the blocks that they make up within a pageblock. */
static void put_range(struct mmsim_zone *zone, struct mmsim_page *start, struct mmsim_page *end)
{
	while (start < end) {
		unsigned int place = __ffs((unsigned long)start / sizeof(*start));
		unsigned int order = min3(place, (unsigned int)ilog2(end - start), (unsigned int)MMSIM_PAGEBLOCK_ORDER);

		put_locked(zone, start, order);
		start += BIT(order);
	}
}

/**
 * mmsim_buddy_put_many() - put up to a number of blocks back at once
 * @zone: the zone that they came from
 * @head: blocks linked by lru.next, each with its order in its flags; otherwise as for mmsim_buddy_put(). Afterwards
 *	  what was not taken
 * @nr: how many are to go
 *
 * Context: any; takes the zone's lock once.
 * Return: how many there were.
 */
unsigned int mmsim_buddy_put_many(struct mmsim_zone *zone, struct mmsim_page **head, unsigned int nr)
{
	struct mmsim_page *next = *head, *start = next, *end = next;	/* neighbours so far */
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&zone->lock, flags);
	for (i = 0; i < nr && next; i++) {
		struct mmsim_page *page = next, *page_end = page + BIT(mmsim_page_order(page));

		next = mmsim_chain_next(page);
		WRITE_ONCE(page->flags, zone->id);
		if (page_end == start) {
			start = page;
		} else if (page == end) {
			end = page_end;
		} else {
			put_range(zone, start, end);
			start = page;
			end = page_end;
		}
	}
	put_range(zone, start, end);
	spin_unlock_irqrestore(&zone->lock, flags);
	*head = next;
	return i;
}
