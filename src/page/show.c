// SPDX-License-Identifier: GPL-2.0
/*
 * What a zone has free, as numbers and as the line that sysrq-m prints. For the log and for debugfs.
 */
#include "page/memory.h"

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

/**
 * mmsim_zone_show_free() - a zone's line of the kernel's show_free_areas()
 * @zone: the zone
 * @s: where the line goes, without an end of line; 256 bytes are enough
 *
 * The letter in brackets is the migratetype. Without grouping by mobility all blocks are Unmovable, as in a kernel that
 * has page_group_by_mobility_disabled.
 *
 * Context: any; takes the zone's lock.
 */
void mmsim_zone_show_free(struct mmsim_zone *zone, struct seq_buf *s)
{
	unsigned long nr_free[MMSIM_NR_ORDERS], kb = 0;
	unsigned int order;

	mmsim_zone_count(zone, nr_free);
	seq_buf_printf(s, "Node %u %s: ", zone->nid, zone->name);
	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		unsigned long block_kb = PAGE_SIZE / SZ_1K << order;

		kb += nr_free[order] * block_kb;
		seq_buf_printf(s, "%lu*%lukB %s", nr_free[order], block_kb, nr_free[order] ? "(U) " : "");
	}
	seq_buf_printf(s, "= %lukB", kb);
}
