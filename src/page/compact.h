/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compaction: large free blocks out of small ones, by moving what can be moved.
 */
#ifndef MMSIM_SRC_COMPACT_H
#define MMSIM_SRC_COMPACT_H

#include <linux/gfp.h>

struct mmsim_memory;
struct mmsim_zone;

/* How hard to try. */
enum mmsim_compact_mode {
	MMSIM_COMPACT_ASYNC,		/* waits for nothing, looks only at pageblocks of the request's kind */
	MMSIM_COMPACT_SYNC_LIGHT,	/* waits for page locks */
	MMSIM_COMPACT_SYNC		/* also where it was put off, and into pageblocks of other kinds */
};

/* How it went; of several zones the largest counts. */
enum mmsim_compact_result {
	MMSIM_COMPACT_SKIPPED,		/* it would not have helped: too little is free, or a block is there */
	MMSIM_COMPACT_DEFERRED,		/* it did not help lately, and was put off */
	MMSIM_COMPACT_CONTINUE,		/* not done yet; nobody is told so */
	MMSIM_COMPACT_COMPLETE,		/* all of the zone was looked at ... */
	MMSIM_COMPACT_PARTIAL,		/* ... or what was left of it, and there is no block */
	MMSIM_COMPACT_CONTENDED,	/* broken off */
	MMSIM_COMPACT_SUCCESS		/* there should be a block */
};

/* A zone's. Read and written without a lock: what goes wrong by that is a scan that begins elsewhere. */
struct mmsim_compact_zone {
	unsigned long cached_migrate[2];	/* where the next migrate scanner begins, async and not; 0: below */
	unsigned long cached_free;		/* where the next free scanner begins; 0: above */
	unsigned int considered;		/* requests that were put off since the last failure, ... */
	unsigned int defer_shift;		/* ... of 1 << so many */
	unsigned int order_failed;		/* the smallest order that this goes for */
};

/* What a request that compacts by itself wants. */
struct mmsim_compact_request {
	struct mmsim_memory *mem;
	struct mmsim_zone *const *zonelist;
	unsigned int order;
	unsigned int type;		/* migratetype */
	unsigned int highest;		/* zone */
	unsigned int alloc_flags;
	gfp_t gfp;
};

enum mmsim_compact_result mmsim_compact_direct(const struct mmsim_compact_request *rq, enum mmsim_compact_mode mode);
void mmsim_compact_served(struct mmsim_zone *zone, unsigned int order);
void mmsim_compact_daemon(struct mmsim_memory *mem, unsigned int order);
void mmsim_memory_compact(struct mmsim_memory *mem);

#endif /* MMSIM_SRC_COMPACT_H */
