// SPDX-License-Identifier: GPL-2.0
/*
 * Summing up what is counted.
 *
 * An allocation adds to one counter, a free through a CPU's lists to none. What those lists were given, and by whom,
 * follows from what they have:
 *
 *	count = refilled from the zone + freed by clients - allocated by clients - spilled to the zone
 *
 * All but the frees are counted; refills and spills move a batch at once, so that is cheap. The four numbers must be of
 * one moment, or the sum would at times go backwards by some pages. They are read again until the three counters did
 * not change meanwhile and nobody was at work on the lists; `count` alone may change then, and either value is of a
 * moment in between. Blocks that go past the lists are counted by the zone, under its lock.
 *
 * As in the kernel, the pages that a zone begins with are counted as freed: what was freed less what was allocated is
 * what is free, on the zone's and on the CPUs' lists.
 */
#include <linux/cpumask.h>

#include "page/memory.h"

static_assert(MMSIM_EVENT_PGALLOC_LAST - MMSIM_EVENT_PGALLOC + 1 == MMSIM_NR_ZONES);
static_assert(MMSIM_EVENT_ALLOCSTALL_LAST - MMSIM_EVENT_ALLOCSTALL + 1 == MMSIM_NR_ZONES);

#define EVENT_OF_EACH_ZONE(event, name)				\
	[(event) + MMSIM_ZONE_DMA]	= name "_dma",		\
	[(event) + MMSIM_ZONE_DMA32]	= name "_dma32",	\
	[(event) + MMSIM_ZONE_NORMAL]	= name "_normal",	\
	[(event) + MMSIM_ZONE_HIGHMEM]	= name "_high",		\
	[(event) + MMSIM_ZONE_MOVABLE]	= name "_movable"

const char *const mmsim_event_names[MMSIM_NR_EVENTS] = {
	EVENT_OF_EACH_ZONE(MMSIM_EVENT_PGALLOC, "pgalloc"),
	EVENT_OF_EACH_ZONE(MMSIM_EVENT_ALLOCSTALL, "allocstall"),
	[MMSIM_EVENT_PGFREE]		= "pgfree",
	[MMSIM_EVENT_SLABS_SCANNED]	= "slabs_scanned",
	[MMSIM_EVENT_PAGEOUTRUN]	= "pageoutrun",
	[MMSIM_EVENT_PGMIGRATE_SUCCESS]	= "pgmigrate_success",
	[MMSIM_EVENT_PGMIGRATE_FAIL]	= "pgmigrate_fail",
	[MMSIM_EVENT_COMPACT_MIGRATE_SCANNED]	= "compact_migrate_scanned",
	[MMSIM_EVENT_COMPACT_FREE_SCANNED]	= "compact_free_scanned",
	[MMSIM_EVENT_COMPACT_ISOLATED]	= "compact_isolated",
	[MMSIM_EVENT_COMPACT_STALL]	= "compact_stall",
	[MMSIM_EVENT_COMPACT_FAIL]	= "compact_fail",
	[MMSIM_EVENT_COMPACT_SUCCESS]	= "compact_success",
	[MMSIM_EVENT_COMPACT_DAEMON_WAKE]	= "compact_daemon_wake",
	[MMSIM_EVENT_COMPACT_DAEMON_MIGRATE_SCANNED] = "compact_daemon_migrate_scanned",
	[MMSIM_EVENT_COMPACT_DAEMON_FREE_SCANNED] = "compact_daemon_free_scanned",
	[MMSIM_EVENT_CMA_ALLOC_SUCCESS]	= "cma_alloc_success",
	[MMSIM_EVENT_CMA_ALLOC_FAIL]	= "cma_alloc_fail",
};

/* After so many tries what was read is as good as it gets: a CPU that is never idle, or one that is gone mid-way. */
#define MAX_TRIES	1000

static void count_pcp_events(const struct mmsim_pcp *pcp, unsigned long *allocated, unsigned long *freed)
{
	unsigned long alloc, refilled, spilled, count;
	unsigned int tries = 0;
	bool busy;

	do {
		busy = READ_ONCE(pcp->busy);
		smp_rmb();	/* busy is set before anything changes: see mmsim_pcp_enter() */
		alloc = READ_ONCE(pcp->nr_alloc);
		refilled = READ_ONCE(pcp->refilled);
		spilled = READ_ONCE(pcp->spilled);
		smp_rmb();	/* and cleared after it; x86 keeps the writer's stores in order */
		count = READ_ONCE(pcp->count);
		smp_rmb();	/* as the first */
		busy |= READ_ONCE(pcp->busy) || READ_ONCE(pcp->nr_alloc) != alloc ||
			READ_ONCE(pcp->refilled) != refilled || READ_ONCE(pcp->spilled) != spilled;
	} while (busy && ++tries < MAX_TRIES);
	*allocated += alloc;
	*freed += count + alloc + spilled - refilled;
}

/**
 * mmsim_zone_count_events() - say how many pages a zone has handed out and taken back
 * @zone: the zone; it may be in use
 * @allocated: where the pages handed out go
 * @freed: where those that came back go, with those that the zone began with
 *
 * Context: any; takes the zone's lock.
 */
void mmsim_zone_count_events(struct mmsim_zone *zone, unsigned long *allocated, unsigned long *freed)
{
	unsigned long flags;
	unsigned int cpu;

	spin_lock_irqsave(&zone->lock, flags);
	*allocated = zone->nr_alloc;
	*freed = zone->nr_free;
	spin_unlock_irqrestore(&zone->lock, flags);
	for_each_possible_cpu(cpu)
		count_pcp_events(zone->pcp[cpu], allocated, freed);
}

/**
 * mmsim_sum_events() - say how often each event has happened
 * @mem: the instance's page floor; it may be in use
 * @sum: where the numbers go
 *
 * Context: any; takes each zone's lock.
 */
void mmsim_sum_events(struct mmsim_memory *mem, unsigned long sum[MMSIM_NR_EVENTS])
{
	struct mmsim_zone *zone;
	int i;

	for (i = 0; i < MMSIM_NR_EVENTS; i++)
		sum[i] = atomic_long_read(&mem->events.nr[i]);
	mmsim_for_each_zone(mem, zone) {
		unsigned long allocated, freed;

		mmsim_zone_count_events(zone, &allocated, &freed);
		sum[MMSIM_EVENT_PGALLOC + zone->type] += allocated;
		sum[MMSIM_EVENT_PGFREE] += freed;
	}
}
