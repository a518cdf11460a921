/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Movable pages, for those who move them. Who may do what when stands in include/mmsim/migrate.h.
 */
#ifndef MMSIM_SRC_MOVABLE_H
#define MMSIM_SRC_MOVABLE_H

#include <linux/page-flags.h>

#include <mmsim/migrate.h>

#include "page/memory.h"
#include "page/owner.h"

static inline bool mmsim_page_is_movable(const struct mmsim_page *page)
{
	return READ_ONCE(page->flags) & MMSIM_PAGE_MOVABLE;
}

static inline bool mmsim_page_is_isolated(const struct mmsim_page *page)
{
	return READ_ONCE(page->flags) & MMSIM_PAGE_ISOLATED;
}

/* The operations that are registered for a movable page, which is locked. As in the kernel they share mapping. */
static inline const struct mmsim_movable_operations *mmsim_movable_ops(const struct mmsim_page *page)
{
	return (void *)((unsigned long)page->mapping & ~PAGE_MAPPING_FLAGS);
}

bool mmsim_movable_set(struct mmsim_memory *mem, struct mmsim_page *page, const struct mmsim_movable_operations *ops,
		       unsigned long caller);
bool mmsim_movable_clear(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller);

bool mmsim_movable_isolate(struct mmsim_memory *mem, struct mmsim_page *page);
void mmsim_movable_putback(struct mmsim_memory *mem, struct mmsim_page *page);
int mmsim_movable_migrate(struct mmsim_memory *mem, struct mmsim_page *dst, struct mmsim_page *src, bool wait,
			  enum mmsim_migrate_reason reason);

#endif /* MMSIM_SRC_MOVABLE_H */
