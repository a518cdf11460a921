/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Movable pages: whoever owns a page can register how to move its content elsewhere, as a driver does with the kernel's
 * struct movable_operations. Compaction and claims of contiguous memory then may take the page from under its owner.
 *
 * The life of such a page, as its owner sees it:
 *
 *	page = mmsim_alloc_page(GFP_HIGHUSER_MOVABLE);
 *	mmsim_lock_page(page);
 *	mmsim___SetPageMovable(page, &ops);	// from here on the callbacks may come
 *	mmsim_unlock_page(page);
 *	...
 *	mmsim_lock_page(page);
 *	mmsim___ClearPageMovable(page);		// from here on they don't
 *	mmsim_unlock_page(page);
 *	mmsim_put_page(page);			// not free_page(): it may be isolated, with one more reference
 *
 * The page lock is what the two sides agree by. "Movable" is only ever set or cleared under it, and every callback is
 * called with it held; so a page that is locked and movable belongs to its owner and stays so until it is unlocked.
 */
#ifndef MMSIM_MIGRATE_H
#define MMSIM_MIGRATE_H

#include <linux/types.h>

struct mmsim_page;

/**
 * struct mmsim_movable_operations - how an owner's pages are moved
 *
 * All three are needed. They are called in process context and may sleep; the caller holds the page lock of every page
 * that it passes and no other lock, so the order is page lock first, then what locks the callback takes: an owner that
 * locks a page while it holds one of those must use mmsim_trylock_page(). What they allocate from mmsim comes from the
 * reserves and does not reclaim or compact; they must not claim contiguous memory.
 *
 * @isolate_page: The page is about to be moved: the owner has to leave it alone until @migrate_page or @putback_page,
 *	and must be able to find it again then. It may go on reading it. Called with the page locked and movable, and
 *	with one reference more than the owner has, the caller's, which stays until the page was moved or put back.
 *	Returns true when it may be moved; false to refuse this time, and then nothing else is called.
 *
 * @migrate_page: Moves the content. @src is isolated; @dst is a single page that nobody else knows, its content
 *	undefined, with one reference, which is the caller's. Both are locked. Returns
 *
 *	0 when @dst has taken the place of @src. By then the callback has taken a reference to @dst, made it movable,
 *	made @src not movable and dropped its own reference to that: mmsim_get_page(@dst),
 *	mmsim___SetPageMovable(@dst), mmsim___ClearPageMovable(@src), mmsim_put_page(@src). The caller unlocks both,
 *	drops its references, and with the last one @src is freed.
 *
 *	-EAGAIN when it can't be moved just now and may be tried again, at once or later, with another @dst.
 *
 *	Any other errno when it can't be moved. @src is put back.
 *
 *	After an error @src is as before and @dst is untouched: neither referenced nor movable.
 *
 * @putback_page: @page was not moved and is the owner's as before. Called with the page locked and movable. The caller
 *	drops its reference afterwards.
 *
 * When the owner frees a page that is isolated it does what it always does: lock it, clear movable, unlock, put its
 * reference. No callback comes after that; the caller finds that the page is no longer movable and drops the last
 * reference, which frees it.
 */
struct mmsim_movable_operations {
	bool (*isolate_page)(struct mmsim_page *page);
	int (*migrate_page)(struct mmsim_page *dst, struct mmsim_page *src);
	void (*putback_page)(struct mmsim_page *page);
};

void mmsim___SetPageMovable(struct mmsim_page *page, const struct mmsim_movable_operations *ops);
void mmsim___ClearPageMovable(struct mmsim_page *page);
bool mmsim_PageMovable(const struct mmsim_page *page);
bool mmsim_PageIsolated(const struct mmsim_page *page);

void mmsim_compact_memory(void);

void mmsim_lock_page(struct mmsim_page *page);
bool mmsim_trylock_page(struct mmsim_page *page);
void mmsim_unlock_page(struct mmsim_page *page);
bool mmsim_PageLocked(const struct mmsim_page *page);

unsigned long mmsim_page_private(const struct mmsim_page *page);
void mmsim_set_page_private(struct mmsim_page *page, unsigned long private);

#endif /* MMSIM_MIGRATE_H */
