// SPDX-License-Identifier: GPL-2.0
/*
 * The files of sums and counters, in the formats of /proc/zoneinfo, /proc/vmstat and /proc/meminfo, so that programs
 * that read those can read these. Each field is measured; one that the kernel has and mmsim does not is left out.
 *
 *	zoneinfo	each zone of each node, empty ones too: its marks, sizes, reserves and CPUs' lists
 *	vmstat		"name value": sums over all zones, and events since the instance was made
 *	meminfo		"Name: kB"
 *	pcp		mmsim's own: a line a zone and CPU, with what the lists hold and how often they went to the zone
 *
 * Counters of CPUs are summed while these go on counting.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "mmsim.h"
#include "observe/files.h"
#include "page/show.h"

static unsigned long nr_free_pages(const struct mmsim_zone *zone)
{
	unsigned long free = READ_ONCE(zone->free_pages);

	/* As in the kernel, without those that are isolated: nobody can have them. */
	return free - min(free, READ_ONCE(zone->free_type[MMSIM_MIGRATE_ISOLATE]));
}

static unsigned long nr_free_cma_pages(const struct mmsim_zone *zone)
{
	return READ_ONCE(zone->free_type[MMSIM_MIGRATE_CMA]);
}

static unsigned long cma_pages(const struct mmsim_zone *zone)
{
	return READ_ONCE(zone->cma_pages);
}

/* Requests by where they were served, on all CPUs. Only counted when there is more than one node. */
static unsigned long numa_events(const struct mmsim_zone *zone, enum mmsim_numa what)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(zone->pcp[cpu]->numa[what]);
	return sum;
}

/* What a node counts as a whole is shown with the first of its zones that has pages. */
static bool is_first_populated(const struct mmsim_node *node, const struct mmsim_zone *zone)
{
	const struct mmsim_zone *first = node->zone;

	while (first < zone && !first->present_pages)
		first++;
	return first == zone && zone->present_pages;
}

static void show_zone_pages(struct seq_file *s, const struct mmsim_zone *zone, unsigned long free)
{
	const struct {
		const char *name;
		unsigned long pages;
	} rows[] = {
		{ "boost", 0 },		/* mmsim never raises the marks for a while */
		{ "min", zone->watermark[MMSIM_WMARK_MIN] },
		{ "low", zone->watermark[MMSIM_WMARK_LOW] },
		{ "high", zone->watermark[MMSIM_WMARK_HIGH] },
		{ "promo", zone->watermark[MMSIM_WMARK_PROMO] },
		{ "spanned", zone->spanned_pages },
		{ "present", zone->present_pages },
		{ "managed", zone->managed_pages },
		{ "cma", cma_pages(zone) },
	};
	int i;

	seq_printf(s, "  pages free     %lu\n", free);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		seq_printf(s, "        %-8s %lu\n", rows[i].name, rows[i].pages);
	seq_puts(s, "        protection: (");
	for (i = 0; i < MMSIM_NR_ZONES; i++)
		seq_printf(s, "%s%lu", i ? ", " : "", zone->lowmem_reserve[i]);
	seq_puts(s, ")\n");
}

static void show_zone_counters(struct seq_file *s, const struct mmsim_memory *mem, const struct mmsim_zone *zone,
			       unsigned long free)
{
	int i;

	seq_printf(s, "      %-12s %lu\n", "nr_free_pages", free);
	seq_printf(s, "      %-12s %lu\n", "nr_free_cma", nr_free_cma_pages(zone));
	for (i = 0; i < MMSIM_NR_NUMA && mem->nr_nodes > 1; i++)
		seq_printf(s, "      %-12s %lu\n", mmsim_numa_names[i], numa_events(zone, i));
}

static void show_pagesets(struct seq_file *s, const struct mmsim_zone *zone)
{
	unsigned int cpu;

	seq_puts(s, "  pagesets\n");
	for_each_online_cpu(cpu) {
		const struct mmsim_pcp *pcp = zone->pcp[cpu];

		seq_printf(s, "    cpu: %u\n", cpu);
		seq_printf(s, "              count: %d\n", READ_ONCE(pcp->count));
		seq_printf(s, "              high:  %d\n", READ_ONCE(pcp->high));
		seq_printf(s, "              batch: %d\n", READ_ONCE(pcp->batch));
	}
}

static void show_node_counters(struct seq_file *s, const struct mmsim_slabs *slabs, unsigned int nid)
{
	seq_puts(s, "  per-node stats\n");
	seq_printf(s, "      %-12s %lu\n", "nr_slab_reclaimable", mmsim_slabs_node_pages(slabs, nid, true));
	seq_printf(s, "      %-12s %lu\n", "nr_slab_unreclaimable", mmsim_slabs_node_pages(slabs, nid, false));
}

static void show_zone(struct seq_file *s, const struct mmsim *m, const struct mmsim_node *node,
		      const struct mmsim_zone *zone)
{
	unsigned long free = nr_free_pages(zone);

	seq_printf(s, "Node %u, zone %8s\n", zone->nid, zone->name);
	if (is_first_populated(node, zone))
		show_node_counters(s, m->slabs, zone->nid);
	show_zone_pages(s, zone, free);
	if (!zone->present_pages)
		return;
	show_zone_counters(s, m->memory, zone, free);
	show_pagesets(s, zone);
	seq_puts(s, "  node_unreclaimable:  0\n");	/* reclaim never gives a node up */
	seq_printf(s, "  start_pfn:           %lu\n", zone->start_pfn);
}

static int zoneinfo_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	unsigned int nid, type;

	for (nid = 0; nid < m->memory->nr_nodes; nid++)
		for (type = 0; type < MMSIM_NR_ZONES; type++)
			show_zone(s, m, m->memory->node[nid], &m->memory->node[nid]->zone[type]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zoneinfo);

/* A request is counted as foreign even in a zone that its node has no pages of, so all are summed. */
static unsigned long all_numa_events(const struct mmsim_memory *mem, enum mmsim_numa what)
{
	unsigned long sum = 0;
	unsigned int nid, type;

	for (nid = 0; nid < mem->nr_nodes; nid++)
		for (type = 0; type < MMSIM_NR_ZONES; type++)
			sum += numa_events(&mem->node[nid]->zone[type], what);
	return sum;
}

static int vmstat_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	const struct mmsim_memory *mem = m->memory;
	unsigned long events[MMSIM_NR_EVENTS], free = 0, cma = 0;
	struct mmsim_zone *zone;
	int i;

	mmsim_for_each_zone(mem, zone) {
		free += nr_free_pages(zone);
		cma += nr_free_cma_pages(zone);
	}
	seq_printf(s, "nr_free_pages %lu\n", free);
	seq_printf(s, "nr_free_cma %lu\n", cma);
	for (i = 0; i < MMSIM_NR_NUMA && mem->nr_nodes > 1; i++)
		seq_printf(s, "%s %lu\n", mmsim_numa_names[i], all_numa_events(mem, i));
	seq_printf(s, "nr_slab_reclaimable %lu\n", mmsim_slabs_pages(m->slabs, true));
	seq_printf(s, "nr_slab_unreclaimable %lu\n", mmsim_slabs_pages(m->slabs, false));
	seq_printf(s, "nr_memmap_boot_pages %lu\n", PFN_UP(mem->nr_pages * sizeof(*mem->map)));
	mmsim_sum_events(m->memory, events);
	for (i = 0; i < MMSIM_NR_EVENTS; i++)
		seq_printf(s, "%s %lu\n", mmsim_event_names[i], events[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmstat);

struct sums {
	unsigned long total, free;		/* pages of all zones ... */
	unsigned long high_total, high_free;	/* ... and of HighMem alone */
	unsigned long cma_total, cma_free;
	unsigned long reserve;			/* what is kept from ordinary requests */
};

/* What a zone keeps: its high mark, and for higher zones' requests the largest reserve against one of them. */
static unsigned long zone_reserve(const struct mmsim_zone *zone)
{
	unsigned long largest = 0;
	int type;

	for (type = zone->type; type < MMSIM_NR_ZONES; type++)
		largest = max(largest, zone->lowmem_reserve[type]);
	return min(largest + zone->watermark[MMSIM_WMARK_HIGH], zone->managed_pages);
}

static struct sums sum_up(const struct mmsim_memory *mem)
{
	struct mmsim_zone *zone;
	struct sums sums = {};

	mmsim_for_each_zone(mem, zone) {
		unsigned long free = nr_free_pages(zone);

		sums.total += zone->managed_pages;
		sums.free += free;
		if (zone->type == MMSIM_ZONE_HIGHMEM) {
			sums.high_total += zone->managed_pages;
			sums.high_free += free;
		}
		sums.cma_total += cma_pages(zone);
		sums.cma_free += nr_free_cma_pages(zone);
		sums.reserve += zone_reserve(zone);
	}
	return sums;
}

static void show_kb(struct seq_file *s, const char *name, unsigned long pages)
{
	seq_printf(s, "%-16s%8lu kB\n", name, pages << (PAGE_SHIFT - 10));
}

static int meminfo_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	unsigned long reclaimable = mmsim_slabs_pages(m->slabs, true), others = mmsim_slabs_pages(m->slabs, false);
	struct sums sums = sum_up(m->memory);

	show_kb(s, "MemTotal:", sums.total);
	show_kb(s, "MemFree:", sums.free);
	show_kb(s, "MemAvailable:", sums.free - min(sums.free, sums.reserve));
	if (sums.high_total) {
		show_kb(s, "HighTotal:", sums.high_total);
		show_kb(s, "HighFree:", sums.high_free);
		show_kb(s, "LowTotal:", sums.total - sums.high_total);
		show_kb(s, "LowFree:", sums.free - sums.high_free);
	}
	show_kb(s, "Slab:", reclaimable + others);
	show_kb(s, "SReclaimable:", reclaimable);
	show_kb(s, "SUnreclaim:", others);
	show_kb(s, "VmallocTotal:", m->vmalloc->window.nr_pages);
	show_kb(s, "VmallocUsed:", atomic_long_read(&m->vmalloc->nr_frames));
	show_kb(s, "CmaTotal:", sums.cma_total);
	show_kb(s, "CmaFree:", sums.cma_free);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(meminfo);

static int pcp_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	struct mmsim_zone *zone;
	unsigned int cpu;

	seq_printf(s, "orders: %#lx\n", m->memory->pcp_orders);
	mmsim_for_each_zone(m->memory, zone) {
		for_each_online_cpu(cpu) {
			struct mmsim_pcp *pcp = zone->pcp[cpu];

			seq_printf(s, "Node %u, zone %8s cpu: %u count: %d high: %d batch: %d alloc: %lu refill: %lu spill: %lu\n",
				   zone->nid, zone->name, cpu, READ_ONCE(pcp->count), READ_ONCE(pcp->high),
				   READ_ONCE(pcp->batch), READ_ONCE(pcp->nr_alloc), READ_ONCE(pcp->nr_refill),
				   READ_ONCE(pcp->nr_spill));
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pcp);

const struct mmsim_observe_file mmsim_observe_stat[] = {
	{ "zoneinfo",	&zoneinfo_fops },
	{ "vmstat",	&vmstat_fops },
	{ "meminfo",	&meminfo_fops },
	{ "pcp",	&pcp_fops },
	{}
};
