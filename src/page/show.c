// SPDX-License-Identifier: GPL-2.0
/*
 * What a zone has free, as numbers and as the line that sysrq-m prints. For the log and for debugfs.
 *
 * The number of blocks of an order is kept and can be had at once; how many of them are of which migratetype only the
 * lists know, which are walked. That is done an order at a time, with the lock given back in between.
 */
#include <linux/sched.h>

#include "page/memory.h"
#include "page/show.h"

/* As sysrq-m writes them; E is for what can be evicted. */
static const char type_letters[MMSIM_MIGRATE_TYPES] = {
	[MMSIM_MIGRATE_UNMOVABLE]	= 'U',
	[MMSIM_MIGRATE_MOVABLE]		= 'M',
	[MMSIM_MIGRATE_RECLAIMABLE]	= 'E',
	[MMSIM_MIGRATE_HIGHATOMIC]	= 'H',
	[MMSIM_MIGRATE_CMA]		= 'C',
	[MMSIM_MIGRATE_ISOLATE]		= 'I',
};

/**
 * mmsim_zone_count() - count a zone's free blocks
 * @zone: the zone
 * @nr_free: where the number of each order goes, all of one moment
 *
 * Context: any; takes the zone's lock.
 */
void mmsim_zone_count(struct mmsim_zone *zone, unsigned long nr_free[MMSIM_NR_ORDERS])
{
	unsigned long flags;
	unsigned int order;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < MMSIM_NR_ORDERS; order++)
		nr_free[order] = zone->free_area[order].nr_free;
	spin_unlock_irqrestore(&zone->lock, flags);
}

static unsigned long capped_length(const struct list_head *list)
{
	const struct list_head *at;
	unsigned long n = 0;

	list_for_each(at, list)
		if (++n == MMSIM_COUNT_CAP)
			break;
	return n;
}

/**
 * mmsim_zone_count_types() - count a zone's free blocks by migratetype
 * @zone: the zone
 * @nr: where the numbers go, each at most MMSIM_COUNT_CAP; those of one order are of one moment
 *
 * Context: process context, may sleep; takes the zone's lock for the walk over an order's lists.
 */
void mmsim_zone_count_types(struct mmsim_zone *zone, unsigned long nr[MMSIM_MIGRATE_TYPES][MMSIM_NR_ORDERS])
{
	unsigned int order, type;
	unsigned long flags;

	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		spin_lock_irqsave(&zone->lock, flags);
		for (type = 0; type < MMSIM_MIGRATE_TYPES; type++)
			nr[type][order] = capped_length(&zone->free_area[order].free_list[type]);
		spin_unlock_irqrestore(&zone->lock, flags);
		cond_resched();
	}
}

/**
 * mmsim_zone_count_pageblocks() - count a zone's pageblocks by migratetype
 * @mem: the page floor
 * @zone: one of its zones
 * @nr: where the numbers go; a pageblock in a hole has no type
 *
 * Context: any; takes no lock, a pageblock may change hands meanwhile.
 */
void mmsim_zone_count_pageblocks(const struct mmsim_memory *mem, const struct mmsim_zone *zone,
				 unsigned long nr[MMSIM_MIGRATE_TYPES])
{
	unsigned long pfn, end = zone->start_pfn + zone->spanned_pages;

	memset(nr, 0, MMSIM_MIGRATE_TYPES * sizeof(*nr));
	for (pfn = zone->start_pfn; pfn < end; pfn += MMSIM_PAGEBLOCK_PAGES)
		if (!mmsim_region_missing(mem->region, pfn))
			nr[mmsim_pageblock_type(zone, mmsim_memory_page(mem, pfn))]++;
}

/* The letters of the migratetypes that have blocks of an order, as a word. */
static void order_letters(const struct mmsim_free_area *area, char word[MMSIM_MIGRATE_TYPES + 1])
{
	unsigned int type;

	for (type = 0; type < MMSIM_MIGRATE_TYPES; type++)
		if (!list_empty(&area->free_list[type]))
			*word++ = type_letters[type];
	*word = '\0';
}

/**
 * mmsim_zone_show_free() - a zone's line of the kernel's show_free_areas()
 * @zone: the zone
 * @s: where the line goes, without an end of line; 320 bytes are enough
 *
 * Behind each number of blocks stand the migratetypes that they are of, a letter each.
 *
 * Context: any; takes the zone's lock.
 */
void mmsim_zone_show_free(struct mmsim_zone *zone, struct seq_buf *s)
{
	char letters[MMSIM_NR_ORDERS][MMSIM_MIGRATE_TYPES + 1];
	unsigned long nr_free[MMSIM_NR_ORDERS], kb = 0, flags;
	unsigned int order;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		nr_free[order] = zone->free_area[order].nr_free;
		order_letters(&zone->free_area[order], letters[order]);
	}
	spin_unlock_irqrestore(&zone->lock, flags);

	seq_buf_printf(s, "Node %u %s: ", zone->nid, zone->name);
	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		unsigned long block_kb = PAGE_SIZE / SZ_1K << order;

		kb += nr_free[order] * block_kb;
		seq_buf_printf(s, "%lu*%lukB ", nr_free[order], block_kb);
		if (nr_free[order])
			seq_buf_printf(s, "(%s) ", letters[order]);
	}
	seq_buf_printf(s, "= %lukB", kb);
}
