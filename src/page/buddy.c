// SPDX-License-Identifier: GPL-2.0
/*
 * The buddy system (Knowlton 1965; seeds 000 and 004): a zone's free memory as blocks of 1 << order pages, each at a
 * multiple of its size, on one list an order.
 *
 * Taking a block looks through the lists from the wanted order up. A larger block is halved until it fits; the lower
 * half is kept, each upper half goes to the list of its order. Putting a block back merges it with its buddy, the
 * neighbour that it was halved from, as long as that one is free and whole and in the same zone; so two buddies are
 * never both free.
 *
 * A block that is likely to merge soon, because its parent's buddy is free, goes to the tail of its list, where it is
 * taken last. Other blocks go to the head, where the caches may still hold them.
 *
 * Costs: at most MMSIM_MAX_ORDER steps of constant work either way, whatever the region's size. Which state a page is
 * in, and what its fields mean then, stands in page.h. Nothing here defragments: only compaction moves pages.
 */
#include <linux/list.h>

#include "page/memory.h"

static struct mmsim_page *first_free(struct mmsim_free_area *area)
{
	return list_first_entry_or_null(&area->free_list, struct mmsim_page, lru);
}

static void list_block(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order, bool tail)
{
	struct mmsim_free_area *area = &zone->free_area[order];

	WRITE_ONCE(page->flags, zone->id | MMSIM_PAGE_BUDDY | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT);
	if (tail)
		list_add_tail(&page->lru, &area->free_list);
	else
		list_add(&page->lru, &area->free_list);
	area->nr_free++;
}

/* Leaves the page's flags to the caller: it becomes an allocated head, or the tail of a larger block. */
static void unlist_block(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	list_del(&page->lru);
	zone->free_area[order].nr_free--;
}

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

static struct mmsim_page *take_locked(struct mmsim_zone *zone, unsigned int order)
{
	struct mmsim_page *page = NULL;
	unsigned int from;

	lockdep_assert_held(&zone->lock);
	for (from = order; from < MMSIM_NR_ORDERS; from++) {
		page = first_free(&zone->free_area[from]);
		if (page)
			break;
	}
	if (!page)
		return NULL;

	unlist_block(zone, page, from);
	while (from > order) {
		from--;
		list_block(zone, page + (1UL << from), from, false);
	}
	WRITE_ONCE(page->flags, zone->id | MMSIM_PAGE_ALLOCATED | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT);
	zone->free_pages -= 1UL << order;
	zone->allocated_pages += 1UL << order;
	return page;
}

static void put_locked(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	lockdep_assert_held(&zone->lock);
	zone->free_pages += 1UL << order;
	zone->allocated_pages -= 1UL << order;
	for (; order < MMSIM_MAX_ORDER; order++) {
		struct mmsim_page *buddy = mmsim_buddy_of(page, order);

		if (!is_free_block(zone, buddy, order))
			break;
		unlist_block(zone, buddy, order);
		WRITE_ONCE(max(page, buddy)->flags, zone->id);
		page = mmsim_merged_head(page, order);
	}
	list_block(zone, page, order, merge_is_likely(zone, page, order));
}

/**
 * mmsim_buddy_take() - take a block from a zone's lists
 * @zone: the zone
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 *
 * Context: any; takes the zone's lock.
 * Return: the head of the block, allocated, its references not yet counted; NULL when the zone has none that large.
 */
struct mmsim_page *mmsim_buddy_take(struct mmsim_zone *zone, unsigned int order)
{
	struct mmsim_page *page;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	page = take_locked(zone, order);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
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
	spin_unlock_irqrestore(&zone->lock, flags);
}
