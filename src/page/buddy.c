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
 * block is of the freed one's; reserves stay apart.
 *
 * A block that is likely to merge soon, because its parent's buddy is free, goes to the tail of its list, where it is
 * taken last. Other blocks go to the head, where the caches may still hold them.
 *
 * The per-CPU lists take and put many blocks at once. That leaves the same free blocks as single takes and puts, if on
 * other places of their lists, but those that would be listed only to be taken off again never are: many small blocks
 * are cut off a large one from below in one go, and neighbours that are put back together are merged before they reach
 * a list.
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
		page = mmsim_take_fallback(zone, order, type);
	/* Who can't wait may have what large atomic requests leave of their reserve. */
	if (unlikely(!page) && (alloc_flags & MMSIM_ALLOC_NON_BLOCK))
		page = mmsim_take_smallest(zone, order, MMSIM_MIGRATE_HIGHATOMIC);
	return page;
}

static void mark_allocated(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	WRITE_ONCE(page->flags, zone->id | MMSIM_PAGE_ALLOCATED | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT);
	zone->allocated_pages += BIT(order);
}

static struct mmsim_page *take_locked(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				      unsigned int alloc_flags)
{
	struct mmsim_page *page = take_of_type(zone, order, type, alloc_flags);

	lockdep_assert_held(&zone->lock);
	if (likely(page))
		mark_allocated(zone, page, order);
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

/* Blocks of one order that leave or enter the lists together, linked by lru.next. */
struct chain {
	struct mmsim_page **end;	/* where the next one goes */
	unsigned int nr;
};

static void chain_add(struct chain *chain, struct mmsim_page *page)
{
	*chain->end = page;
	chain->end = (struct mmsim_page **)&page->lru.next;
	chain->nr++;
}

/* Cuts up to @nr blocks off the lower end of a listed one; what is left of it is listed again, in pieces. */
static void cut(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int from, unsigned int order,
		unsigned int type, unsigned int nr, struct chain *chain)
{
	unsigned long at, end = (unsigned long)min_t(unsigned long, nr, BIT(from - order)) << order;

	mmsim_unlist_block(zone, page, from);
	mmsim_account_free(zone, type, -(long)end);
	for (at = 0; at < end; at += BIT(order)) {
		mark_allocated(zone, page + at, order);
		chain_add(chain, page + at);
	}
	for (; at < BIT(from); at += BIT(__ffs(at)))
		mmsim_list_block(zone, page + at, __ffs(at), type, false);
}

/* As mmsim_take_smallest(), for many. */
static void take_smallest_many(struct mmsim_zone *zone, unsigned int order, unsigned int type, unsigned int nr,
			       struct chain *chain)
{
	unsigned int from = order;

	while (chain->nr < nr && from < MMSIM_NR_ORDERS) {
		struct mmsim_page *page = mmsim_first_free(zone, from, type);

		if (page)
			cut(zone, page, from, order, type, nr - chain->nr, chain);
		else
			from++;
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
 * Context: any; takes the zone's lock once.
 * Return: how many there are in @head.
 */
unsigned int mmsim_buddy_take_many(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				   unsigned int alloc_flags, unsigned int nr, struct mmsim_page **head)
{
	struct chain chain = { .end = head };
	struct mmsim_page *page;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (!(alloc_flags & (MMSIM_ALLOC_CMA | MMSIM_ALLOC_HIGHATOMIC)))
		take_smallest_many(zone, order, type, nr, &chain);
	while (chain.nr < nr) {
		page = take_locked(zone, order, type, alloc_flags);
		if (!page)
			break;
		chain_add(&chain, page);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	*chain.end = NULL;
	return chain.nr;
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
	put_locked(zone, page, order);
	zone->nr_free += BIT(order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Blocks on their way back that lie side by side, in the order in which they came; no two of them are buddies. Going
 * through addresses in one direction their orders rise and then fall.
 */
struct run {
	unsigned int nr;
	struct {
		struct mmsim_page *page;
		unsigned int order;
	} block[2 * MMSIM_NR_ORDERS];
};

static void run_put(struct mmsim_zone *zone, struct run *run)
{
	while (run->nr) {
		run->nr--;
		put_locked(zone, run->block[run->nr].page, run->block[run->nr].order);
	}
}

static bool run_touches(const struct run *run, const struct mmsim_page *page, unsigned int order)
{
	const struct mmsim_page *last = run->block[run->nr - 1].page;

	return page == last + BIT(run->block[run->nr - 1].order) || page + BIT(order) == last;
}

/* Adds a block to the run, merged with the last ones as far as they are its buddies within a pageblock. */
static void run_add(struct mmsim_zone *zone, struct run *run, struct mmsim_page *page, unsigned int order)
{
	while (run->nr && order < MMSIM_PAGEBLOCK_ORDER && run->block[run->nr - 1].order == order &&
	       run->block[run->nr - 1].page == mmsim_buddy_of(page, order)) {
		run->nr--;
		WRITE_ONCE(max(page, run->block[run->nr].page)->flags, zone->id);
		page = mmsim_merged_head(page, order);
		order++;
	}
	run->block[run->nr].page = page;
	run->block[run->nr].order = order;
	run->nr++;
}

/**
 * mmsim_buddy_put_chain() - put many blocks back at once
 * @zone: the zone that they came from
 * @chain: their heads, linked by lru.next, each with its order in its flags; otherwise as for mmsim_buddy_put()
 *
 * Context: any; takes the zone's lock once.
 */
void mmsim_buddy_put_chain(struct mmsim_zone *zone, struct mmsim_page *chain)
{
	struct run run;
	unsigned long flags;

	run.nr = 0;
	spin_lock_irqsave(&zone->lock, flags);
	while (chain) {
		struct mmsim_page *page = chain;
		unsigned int order = mmsim_page_order(page);

		chain = mmsim_chain_next(page);
		if (run.nr && (run.nr == ARRAY_SIZE(run.block) || !run_touches(&run, page, order)))
			run_put(zone, &run);
		run_add(zone, &run, page, order);
	}
	run_put(zone, &run);
	spin_unlock_irqrestore(&zone->lock, flags);
}
