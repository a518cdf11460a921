// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks: how much of a zone stays free for whom, and the sizes of the per-CPU lists, which follow from them.
 *
 * All formulas are Linux's, so that a zone of the host and one of mmsim of the same size have the same figures:
 *
 *	min_free_kbytes = sqrt(lowmem KB * 16), 128 to 262144
 *	min = the zone's share of it by size; of HighMem and Movable a 1024th, 32 to 128 pages
 *	d = max(share / 4, managed * watermark_scale_factor / 10000); low = min + d, high = low + d, promo = high + d
 *	lowmem_reserve[higher zone] = pages of the zones above, up to that one, / ratio
 *	batch = 2^n - 1 of about managed / 4096, at most 63; high = max(low / CPUs, 4 * batch)
 *
 * A request passes when the pages free for it are more than its mark and the reserve against its highest zone, and a
 * block is there that is large enough. Requests that can't wait may go below the min mark: by half with __GFP_HIGH, by
 * a quarter more when they also can't block.
 */
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/math64.h>

#include "page/memory.h"

/* A page of the zone is worth this many of the higher ones to requests that could use those; 0: no reserve. */
static const unsigned int lowmem_reserve_ratio[MMSIM_NR_ZONES] = {
	[MMSIM_ZONE_DMA]	= 256,
	[MMSIM_ZONE_DMA32]	= 256,
	[MMSIM_ZONE_NORMAL]	= 32,
};

static bool is_lowmem(const struct mmsim_zone *zone)
{
	return zone->type <= MMSIM_ZONE_NORMAL;
}

/**
 * mmsim_default_min_free_kbytes() - the reserve that a machine of this size keeps
 * @lowmem_kbytes: KB in DMA, DMA32 and Normal
 *
 * The kernel's calculate_min_free_kbytes().
 *
 * Return: KB.
 */
unsigned long mmsim_default_min_free_kbytes(unsigned long lowmem_kbytes)
{
	return clamp(int_sqrt(lowmem_kbytes * 16), 128UL, 262144UL);
}

/**
 * mmsim_pcp_batch() - how many pages a CPU moves at once
 * @managed_pages: the zone's size in pages
 *
 * The kernel's zone_batchsize().
 *
 * Return: a number 2^n - 1, at least 1.
 */
unsigned int mmsim_pcp_batch(unsigned long managed_pages)
{
	unsigned long batch = max(min(managed_pages >> 10, SZ_1M / PAGE_SIZE) / 4, 1UL);

	return max(rounddown_pow_of_two(batch + batch / 2) - 1, 1UL);
}

/**
 * mmsim_pcp_set_sizes() - set batch and high of every CPU's lists
 * @mem: the page floor, its watermarks set
 * @nr_cpus: CPUs that share a zone's low watermark
 *
 * The kernel's zone_highsize().
 */
void mmsim_pcp_set_sizes(struct mmsim_memory *mem, unsigned int nr_cpus)
{
	struct mmsim_zone *zone;
	unsigned int cpu;

	mmsim_for_each_zone(mem, zone) {
		unsigned int batch = mmsim_pcp_batch(zone->managed_pages);
		unsigned int high = max_t(unsigned long, zone->watermark[MMSIM_WMARK_LOW] / nr_cpus, batch * 4);

		for_each_possible_cpu(cpu) {
			WRITE_ONCE(zone->pcp[cpu]->batch, batch);
			WRITE_ONCE(zone->pcp[cpu]->high, high);
		}
	}
}

static void set_marks(struct mmsim_zone *zone, unsigned long pages_min, unsigned long lowmem_pages,
		      unsigned int scale_factor)
{
	unsigned long share = mul_u64_u64_div_u64(pages_min, zone->managed_pages, max(lowmem_pages, 1UL));
	unsigned long step = max(share / 4, mult_frac(zone->managed_pages, scale_factor, 10000UL));
	int mark;

	zone->watermark[MMSIM_WMARK_MIN] = is_lowmem(zone) ? share : clamp(zone->managed_pages / 1024, 32UL, 128UL);
	for (mark = MMSIM_WMARK_LOW; mark < MMSIM_NR_WMARK; mark++)
		zone->watermark[mark] = zone->watermark[mark - 1] + step;
}

static void set_lowmem_reserve(struct mmsim_node *node, struct mmsim_zone *zone)
{
	unsigned int ratio = zone->managed_pages ? lowmem_reserve_ratio[zone->type] : 0;
	unsigned long above = 0;
	int type;

	for (type = zone->type + 1; type < MMSIM_NR_ZONES; type++) {
		above += node->zone[type].managed_pages;
		zone->lowmem_reserve[type] = ratio ? above / ratio : 0;
	}
}

static unsigned long lowmem_pages_of(const struct mmsim_memory *mem)
{
	unsigned long pages = 0;
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone)
		pages += is_lowmem(zone) ? zone->managed_pages : 0;
	return pages;
}

/**
 * mmsim_max_min_free_kbytes() - the largest reserve that leaves something to ordinary requests
 * @mem: the page floor
 *
 * Return: KB, a quarter of lowmem.
 */
unsigned long mmsim_max_min_free_kbytes(const struct mmsim_memory *mem)
{
	return (lowmem_pages_of(mem) << (PAGE_SHIFT - 10)) / 4;
}

/**
 * mmsim_watermarks_set() - set every zone's watermarks, reserves and list sizes
 * @mem: the page floor
 * @min_free_kbytes: KB for all of lowmem, at most mmsim_max_min_free_kbytes(); 0 for the kernel's default by size
 * @scale_factor: distance of the marks in 1/10000 of a zone, the kernel's default is 10; 0: no watermarks, every page
 *		  can be had by anybody
 *
 * The kernel's setup_per_zone_wmarks() and setup_per_zone_lowmem_reserve().
 *
 * Context: process context.
 */
void mmsim_watermarks_set(struct mmsim_memory *mem, unsigned long min_free_kbytes, unsigned int scale_factor)
{
	unsigned long lowmem_pages = lowmem_pages_of(mem), pages_min;
	struct mmsim_zone *zone;
	int type;

	if (!min_free_kbytes)
		min_free_kbytes = mmsim_default_min_free_kbytes(lowmem_pages << (PAGE_SHIFT - 10));
	pages_min = min_free_kbytes >> (PAGE_SHIFT - 10);

	mmsim_for_each_zone(mem, zone) {
		if (scale_factor) {
			set_marks(zone, pages_min, lowmem_pages, scale_factor);
			set_lowmem_reserve(mem->node[zone->nid], zone);
		}
		for (type = 0; type < MMSIM_NR_ZONES; type++)
			zone->fast_mark[type] = zone->watermark[MMSIM_WMARK_LOW] + zone->lowmem_reserve[type];
	}
	mem->min_free_kbytes = scale_factor ? min_free_kbytes : 0;
	mmsim_pcp_set_sizes(mem, num_online_cpus());
}

/* Whether a block of the order is on a list that the request may use. Without the lock, so it is a hint. */
static bool has_block(struct mmsim_zone *zone, unsigned int order, unsigned int alloc_flags)
{
	for (; order < MMSIM_NR_ORDERS; order++) {
		struct mmsim_free_area *area = &zone->free_area[order];
		int type;

		if (!READ_ONCE(area->nr_free))
			continue;
		for (type = 0; type < MMSIM_MIGRATE_PCPTYPES; type++)
			if (!list_empty(&area->free_list[type]))
				return true;
		if ((alloc_flags & MMSIM_ALLOC_CMA) && !list_empty(&area->free_list[MMSIM_MIGRATE_CMA]))
			return true;
		if ((alloc_flags & MMSIM_ALLOC_HIGHATOMIC) && !list_empty(&area->free_list[MMSIM_MIGRATE_HIGHATOMIC]))
			return true;
	}
	return false;
}

/* What the zone has for such a request, but for the pages that must be free beside its block. */
static long usable_pages(const struct mmsim_zone *zone, unsigned int order, unsigned int alloc_flags)
{
	long free = READ_ONCE(zone->free_pages) - (BIT(order) - 1) - READ_ONCE(zone->free_type[MMSIM_MIGRATE_ISOLATE]);

	if (!(alloc_flags & MMSIM_ALLOC_RESERVES))
		free -= READ_ONCE(zone->free_type[MMSIM_MIGRATE_HIGHATOMIC]);
	if (!(alloc_flags & MMSIM_ALLOC_CMA))
		free -= READ_ONCE(zone->free_type[MMSIM_MIGRATE_CMA]);
	return free;
}

static bool enough_pages(const struct mmsim_zone *zone, unsigned int order, unsigned long mark, unsigned int highest,
			 unsigned int alloc_flags, unsigned long more)
{
	long min = mark;

	if (alloc_flags & MMSIM_ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & MMSIM_ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	return usable_pages(zone, order, alloc_flags) + (long)more > min + (long)zone->lowmem_reserve[highest];
}

/**
 * mmsim_watermark_ok() - whether a zone can serve a request without going below a mark
 * @zone: the zone
 * @order: log2 of the number of pages
 * @mark: the mark in pages
 * @highest: the highest zone that the request could use
 * @alloc_flags: MMSIM_ALLOC_*, how far it may go into the reserves
 *
 * The kernel's __zone_watermark_ok().
 *
 * Context: any; a hint, since nothing is locked.
 */
bool mmsim_watermark_ok(struct mmsim_zone *zone, unsigned int order, unsigned long mark, unsigned int highest,
			unsigned int alloc_flags)
{
	return enough_pages(zone, order, mark, highest, alloc_flags, 0) &&
	       (!order || has_block(zone, order, alloc_flags));
}

/**
 * mmsim_watermark_hopeful() - whether a zone could serve a request once more is free
 * @zone: the zone
 * @order: log2 of the number of pages
 * @highest: the highest zone that the request could use
 * @alloc_flags: as for mmsim_watermark_ok(), the mark included
 * @more: pages that may still come free
 * @may_merge: whether a block may come about, too; otherwise there must be one already
 *
 * The kernel's __zone_watermark_ok() with what should_reclaim_retry() and compaction_zonelist_suitable() hand to it.
 *
 * Context: any; a hint, since nothing is locked.
 */
bool mmsim_watermark_hopeful(struct mmsim_zone *zone, unsigned int order, unsigned int highest,
			     unsigned int alloc_flags, unsigned long more, bool may_merge)
{
	unsigned long mark = zone->watermark[alloc_flags & MMSIM_ALLOC_WMARK];

	return enough_pages(zone, order, mark, highest, alloc_flags, more) &&
	       (!order || may_merge || has_block(zone, order, alloc_flags));
}
