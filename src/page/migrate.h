/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Migration: moving pages that have been isolated, a few at once, to wherever the caller has room for them.
 */
#ifndef MMSIM_SRC_MIGRATE_H
#define MMSIM_SRC_MIGRATE_H

#include "page/movable.h"

#define MMSIM_MIGRATE_CLUSTER	32	/* pages isolated at once */

struct mmsim_migration {
	/* Set by the caller. */
	struct mmsim_memory *mem;
	bool wait;		/* for page locks, and for owners that ask for patience */
	enum mmsim_migrate_reason reason;
	struct mmsim_page *(*new_page)(struct mmsim_migration *mg, const struct mmsim_page *src);
	void (*unused_page)(struct mmsim_migration *mg, struct mmsim_page *page);	/* takes one back, as it came */

	/* The isolated pages; none when mmsim_migrate_pages() returns. */
	struct mmsim_page *page[MMSIM_MIGRATE_CLUSTER];
	unsigned int nr;

	unsigned long nr_moved;			/* or freed by their owner meanwhile */
	unsigned long nr_failed;		/* put back */
	const struct mmsim_page *failed;	/* the last one that was put back ... */
	int error;				/* ... and why */
};

void mmsim_migrate_pages(struct mmsim_migration *mg);

#endif /* MMSIM_SRC_MIGRATE_H */
