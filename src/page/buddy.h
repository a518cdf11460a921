/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The free lists' inside, for the buddy system and for those who move free blocks between migratetypes. All under the
 * zone's lock.
 */
#ifndef MMSIM_SRC_BUDDY_H
#define MMSIM_SRC_BUDDY_H

#include <linux/list.h>

#include "page/memory.h"

static inline struct mmsim_page *mmsim_first_free(struct mmsim_zone *zone, unsigned int order, unsigned int type)
{
	return list_first_entry_or_null(&zone->free_area[order].free_list[type], struct mmsim_page, lru);
}

/* The caller accounts for the pages, once for all that it moves. */
static __always_inline void mmsim_list_block(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order,
					     unsigned int type, bool tail)
{
	struct mmsim_free_area *area = &zone->free_area[order];

	WRITE_ONCE(page->flags, zone->id | MMSIM_PAGE_BUDDY | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT);
	if (tail)
		list_add_tail(&page->lru, &area->free_list[type]);
	else
		list_add(&page->lru, &area->free_list[type]);
	WRITE_ONCE(area->nr_free, area->nr_free + 1);
}

/* Leaves the page's flags to the caller: it becomes an allocated head, or the tail of a larger block. */
static __always_inline void mmsim_unlist_block(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order)
{
	list_del(&page->lru);
	WRITE_ONCE(zone->free_area[order].nr_free, zone->free_area[order].nr_free - 1);
}

/* @pages come to the free lists of @type, or leave them when negative. */
static inline void mmsim_account_free(struct mmsim_zone *zone, unsigned int type, long pages)
{
	WRITE_ONCE(zone->free_pages, zone->free_pages + pages);
	WRITE_ONCE(zone->free_type[type], zone->free_type[type] + pages);
	if (type < MMSIM_MIGRATE_PCPTYPES)
		WRITE_ONCE(zone->common_pages, zone->common_pages + pages);
}

/* Halves a block of order @from until it has order @to; what is split off goes to the lists of @type. */
static inline void mmsim_expand(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int from, unsigned int to,
				unsigned int type)
{
	while (from > to) {
		from--;
		mmsim_list_block(zone, page + BIT(from), from, type, false);
	}
}

/* Whether a block's pageblocks are of one migratetype; only those of the largest order have two. */
static inline bool mmsim_is_of_one_type(const struct mmsim_zone *zone, const struct mmsim_page *page,
					unsigned int order)
{
	return mmsim_pageblock_type(zone, page) == mmsim_pageblock_type(zone, page + BIT(order) - 1);
}

struct mmsim_page *mmsim_take_smallest(struct mmsim_zone *zone, unsigned int order, unsigned int type);

void mmsim_buddy_relist(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order);

/* fallback.c */
struct mmsim_page *mmsim_take_fallback(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				       unsigned int alloc_flags);
bool mmsim_takes_over(unsigned int order, unsigned int type);
void mmsim_pageblock_set_type(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order, unsigned int type);
unsigned long mmsim_pageblock_move_free(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int from,
					unsigned int to);
void mmsim_highatomic_reserve(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order);
bool mmsim_highatomic_unreserve(struct mmsim_zone *zone, unsigned int type, bool force);

#endif /* MMSIM_SRC_BUDDY_H */
