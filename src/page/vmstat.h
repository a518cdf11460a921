/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an instance counts, under the names that /proc/vmstat has for it. A new count is a line here, one in the table
 * of vmstat.c, and a call of mmsim_count_event(); whatever prints counts has them all.
 *
 * Events off the fast path are counted here, one number for all CPUs. Pages allocated and freed are counted where it
 * happens, by zone and CPU (struct mmsim_pcp, struct mmsim_zone), and summed up when asked for.
 */
#ifndef MMSIM_SRC_VMSTAT_H
#define MMSIM_SRC_VMSTAT_H

#include <linux/atomic.h>

struct mmsim_memory;
struct mmsim_zone;

/* In the order in which /proc/vmstat prints them; one a zone in the order of enum mmsim_zone_type. */
enum mmsim_event {
	MMSIM_EVENT_PGALLOC,		/* pages handed out of the zone of that type: not counted here */
	MMSIM_EVENT_PGALLOC_LAST = MMSIM_EVENT_PGALLOC + 4,
	MMSIM_EVENT_ALLOCSTALL,		/* times that a request for that zone or below reclaimed by itself */
	MMSIM_EVENT_ALLOCSTALL_LAST = MMSIM_EVENT_ALLOCSTALL + 4,
	MMSIM_EVENT_PGFREE,		/* pages that came back or that the zones began with: not counted here */
	MMSIM_EVENT_SLABS_SCANNED,	/* objects that shrinkers looked at */
	MMSIM_EVENT_PAGEOUTRUN,		/* times that the reclaim thread went to work */
	MMSIM_EVENT_PGMIGRATE_SUCCESS,	/* pages moved ... */
	MMSIM_EVENT_PGMIGRATE_FAIL,	/* ... and put back instead */
	MMSIM_EVENT_COMPACT_MIGRATE_SCANNED,	/* pages that compaction looked at to move them ... */
	MMSIM_EVENT_COMPACT_FREE_SCANNED,	/* ... and to find room for them */
	MMSIM_EVENT_COMPACT_ISOLATED,	/* pages that it took from their owners or off the free lists */
	MMSIM_EVENT_COMPACT_STALL,	/* times that a request compacted by itself, ... */
	MMSIM_EVENT_COMPACT_FAIL,	/* ... got nothing by it, ... */
	MMSIM_EVENT_COMPACT_SUCCESS,	/* ... and was served */
	MMSIM_EVENT_COMPACT_DAEMON_WAKE,	/* times that the reclaim thread compacted; the pages it looked at: */
	MMSIM_EVENT_COMPACT_DAEMON_MIGRATE_SCANNED,
	MMSIM_EVENT_COMPACT_DAEMON_FREE_SCANNED,
	MMSIM_EVENT_CMA_ALLOC_SUCCESS,	/* claims on CMA areas that were met ... */
	MMSIM_EVENT_CMA_ALLOC_FAIL,	/* ... and that were not */
	MMSIM_NR_EVENTS
};

extern const char *const mmsim_event_names[MMSIM_NR_EVENTS];

struct mmsim_events {
	atomic_long_t nr[MMSIM_NR_EVENTS];	/* since the instance was made. Any */
};

static inline void mmsim_count_events(struct mmsim_events *events, unsigned int event, long nr)
{
	atomic_long_add(nr, &events->nr[event]);
}

static inline void mmsim_count_event(struct mmsim_events *events, unsigned int event)
{
	mmsim_count_events(events, event, 1);
}

void mmsim_zone_count_events(struct mmsim_zone *zone, unsigned long *allocated, unsigned long *freed);
void mmsim_sum_events(struct mmsim_memory *mem, unsigned long sum[MMSIM_NR_EVENTS]);

#endif /* MMSIM_SRC_VMSTAT_H */
