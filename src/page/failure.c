// SPDX-License-Identifier: GPL-2.0
/*
 * The report of an allocation that failed, as the kernel's warn_alloc() and show_mem() give it: what was asked for and
 * by whom; what the instance has, in all and by zone; the free blocks of each zone by order and migratetype. Zones that
 * the request could not have used are left out, and so are the kernel's figures of what mmsim does not have.
 *
 * Every failure is counted. Printed is one in ten seconds at most, and none of a request that asked for silence, or for
 * DMA where there is no such zone: who asks for that tries his luck.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/sched.h>

#include "page/memory.h"
#include "page/show.h"
#include "page/stacks.h"

/* The longest line is a zone's, with a dozen figures. */
#define LINE_MAX	400

static unsigned long kb(unsigned long pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static unsigned long pages_on_cpus(const struct mmsim_zone *zone)
{
	unsigned long pages = 0;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		pages += READ_ONCE(zone->pcp[cpu]->count);
	return pages;
}

static bool has_managed(struct mmsim_memory *mem, enum mmsim_zone_type type)
{
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone)
		if (zone->type == type && zone->managed_pages)
			return true;
	return false;
}

static void show_caller(void)
{
	unsigned long entry[MMSIM_STACK_DEPTH];
	unsigned int nr = mmsim_stack_save(entry), i;

	for (i = 0; i < nr; i++)
		pr_warn(" %pS\n", (void *)entry[i]);
}

static void show_zone(const struct mmsim_zone *zone)
{
	const struct {
		const char *name;
		unsigned long pages;
	} figures[] = {
		{ "free", READ_ONCE(zone->free_pages) },
		{ "boost", 0 },
		{ "min", zone->watermark[MMSIM_WMARK_MIN] },
		{ "low", zone->watermark[MMSIM_WMARK_LOW] },
		{ "high", zone->watermark[MMSIM_WMARK_HIGH] },
		{ "reserved_highatomic", READ_ONCE(zone->nr_highatomic) },
		{ "present", zone->present_pages },
		{ "managed", zone->managed_pages },
		{ "free_pcp", pages_on_cpus(zone) },
		{ "local_pcp", READ_ONCE(zone->pcp[raw_smp_processor_id()]->count) },
		{ "free_cma", READ_ONCE(zone->free_type[MMSIM_MIGRATE_CMA]) },
	};
	char line[LINE_MAX];
	struct seq_buf s;
	int i;

	seq_buf_init(&s, line, sizeof(line));
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		seq_buf_printf(&s, " %s:%lukB", figures[i].name, kb(figures[i].pages));
	pr_warn("Node %u %s%.*s\n", zone->nid, zone->name, (int)seq_buf_used(&s), line);
	seq_buf_init(&s, line, sizeof(line));
	for (i = 0; i < MMSIM_NR_ZONES; i++)
		seq_buf_printf(&s, " %lu", zone->lowmem_reserve[i]);
	pr_warn("lowmem_reserve[]:%.*s\n", (int)seq_buf_used(&s), line);
}

static void show_blocks(struct mmsim_zone *zone)
{
	char line[LINE_MAX];
	struct seq_buf s;

	seq_buf_init(&s, line, sizeof(line));
	mmsim_zone_show_free(zone, &s);
	pr_warn("%.*s\n", (int)seq_buf_used(&s), line);
}

/* What the instance consists of, whatever the request could use. */
static void show_totals(struct mmsim_memory *mem)
{
	unsigned long present = 0, reserved = 0, high = 0, cma = 0, nr[MMSIM_MIGRATE_TYPES];
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone) {
		present += zone->present_pages;
		reserved += zone->present_pages - zone->managed_pages;
		if (zone->type >= MMSIM_ZONE_HIGHMEM)
			high += zone->present_pages;
		mmsim_zone_count_pageblocks(mem, zone, nr);
		cma += nr[MMSIM_MIGRATE_CMA] * MMSIM_PAGEBLOCK_PAGES;
	}
	pr_warn("%lu pages RAM\n", present);
	pr_warn("%lu pages HighMem/MovableOnly\n", high);
	pr_warn("%lu pages reserved\n", reserved);
	pr_warn("%lu pages cma reserved\n", cma);
}

static void show_memory(struct mmsim_memory *mem, enum mmsim_zone_type highest)
{
	unsigned long free = 0, free_pcp = 0, free_cma = 0;
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone) {
		free += READ_ONCE(zone->free_pages);
		free_pcp += pages_on_cpus(zone);
		free_cma += READ_ONCE(zone->free_type[MMSIM_MIGRATE_CMA]);
	}
	pr_warn("Mem-Info:\n");
	pr_warn(" free:%lu free_pcp:%lu free_cma:%lu\n", free, free_pcp, free_cma);
	mmsim_for_each_zone(mem, zone)
		if (zone->type <= highest)
			show_zone(zone);
	mmsim_for_each_zone(mem, zone)
		if (zone->type <= highest)
			show_blocks(zone);
	show_totals(mem);
}

/**
 * mmsim_alloc_failed() - report an allocation that found no block
 * @mem: the instance's page floor
 * @gfp: what was asked for: flags that name a zone
 * @order: log2 of the number of pages
 * @caller: the client's address
 *
 * Context: any; takes each zone's lock.
 */
void mmsim_alloc_failed(struct mmsim_memory *mem, gfp_t gfp, unsigned int order, unsigned long caller)
{
	atomic_long_inc(&mem->nr_failed);
	if ((gfp & __GFP_NOWARN) || ((gfp & __GFP_DMA) && !has_managed(mem, MMSIM_ZONE_DMA)) ||
	    !__ratelimit(&mem->failure_limit))
		return;
	pr_warn("%s: page allocation failure: order:%u, mode:%#x(%pGg), nodemask=(null), by %pS, pid %d\n",
		current->comm, order, (__force unsigned int)gfp, &gfp, (void *)caller, task_pid_nr(current));
	show_caller();
	show_memory(mem, mmsim_gfp_zone(gfp));
}
