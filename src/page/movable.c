// SPDX-License-Identifier: GPL-2.0
/*
 * Movable pages: registering how to move one, and moving it.
 *
 * A page's owner sets MMSIM_PAGE_MOVABLE in its flags and the operations in its mapping. Whoever wants the frame then
 *
 *   1. isolates the page: locks it, takes a reference, asks the owner, and marks it, so that nobody else moves it;
 *   2. migrates it: has the owner copy it to another page, and drops the reference, the last one;
 *   3. or puts it back.
 *
 * A page that is found by its frame number can be freed and handed out anew at any moment, and then a lock or a
 * reference would hit a stranger. So the lock is taken by one compare-and-exchange on the flags, from movable and not
 * locked to locked. A page whose flags say movable is alive, since its owner must lock it to clear that; and as long as
 * we have the lock it stays alive.
 *
 * Only single pages are movable. What has no registered owner, a client's ordinary allocation, never moves.
 */
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "page/movable.h"
#include "page/owner.h"

/**
 * mmsim_lock_page() - lock a page, as lock_page()
 * @page: a page that the caller holds a reference to; the head of a block
 *
 * Context: process context, may sleep.
 */
void mmsim_lock_page(struct mmsim_page *page)
{
	might_sleep();
	wait_on_bit_lock(&page->flags, PG_locked, TASK_UNINTERRUPTIBLE);
}
EXPORT_SYMBOL_GPL(mmsim_lock_page);

/**
 * mmsim_trylock_page() - lock a page if nobody else has, as trylock_page()
 * @page: a page that the caller holds a reference to; the head of a block
 *
 * Context: any.
 * Return: whether it is locked now, by the caller.
 */
bool mmsim_trylock_page(struct mmsim_page *page)
{
	return !test_and_set_bit_lock(PG_locked, &page->flags);
}
EXPORT_SYMBOL_GPL(mmsim_trylock_page);

/**
 * mmsim_unlock_page() - unlock a page, as unlock_page()
 * @page: a page that the caller has locked
 *
 * Context: any.
 */
void mmsim_unlock_page(struct mmsim_page *page)
{
	clear_bit_unlock(PG_locked, &page->flags);
	/* Before the look at the waiters: each looks at the bit after it has queued. */
	smp_mb__after_atomic();
	wake_up_bit(&page->flags, PG_locked);
}
EXPORT_SYMBOL_GPL(mmsim_unlock_page);

/**
 * mmsim_PageLocked() - whether somebody has locked a page, as PageLocked()
 * @page: any page
 *
 * Return: how it is at this moment.
 */
bool mmsim_PageLocked(const struct mmsim_page *page)
{
	return test_bit(PG_locked, &page->flags);
}
EXPORT_SYMBOL_GPL(mmsim_PageLocked);

static bool can_be_movable(struct mmsim_memory *mem, struct mmsim_page *page)
{
	unsigned long must = MMSIM_PAGE_ALLOCATED | BIT(PG_locked);
	unsigned long never = MMSIM_PAGE_BUDDY | MMSIM_PAGE_MOVABLE | MMSIM_PAGE_ORDER;

	return mmsim_memory_has(mem, page) && (READ_ONCE(page->flags) & (must | never)) == must && !page->mapping;
}

/**
 * mmsim_movable_set() - register how a page of an instance is moved
 * @mem: the instance's page floor
 * @page: a single page that the caller owns and has locked
 * @ops: how to move it
 * @caller: for reports
 *
 * Context: any that has the page lock.
 * Return: whether it is movable now; otherwise it is reported and all is as before.
 */
bool mmsim_movable_set(struct mmsim_memory *mem, struct mmsim_page *page, const struct mmsim_movable_operations *ops,
		       unsigned long caller)
{
	if (!can_be_movable(mem, page) || !ops || !ops->isolate_page || !ops->migrate_page || !ops->putback_page) {
		mmsim_bad(mem, mmsim_memory_has(mem, page) ? MMSIM_BAD_MOVABLE : MMSIM_BAD_WILD, page, 0, caller);
		return false;
	}
	WRITE_ONCE(page->mapping, (void *)((unsigned long)ops | PAGE_MAPPING_MOVABLE));
	/* After what was written before, so that who finds it movable finds the operations. */
	smp_mb__before_atomic();
	set_bit(ilog2(MMSIM_PAGE_MOVABLE), &page->flags);
	return true;
}

/**
 * mmsim_movable_clear() - undo mmsim_movable_set()
 * @mem: the instance's page floor
 * @page: a movable page that the caller owns and has locked
 * @caller: for reports
 *
 * Context: any that has the page lock.
 * Return: whether it was movable; otherwise it is reported and all is as before.
 */
bool mmsim_movable_clear(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller)
{
	unsigned long must = MMSIM_PAGE_MOVABLE | BIT(PG_locked);

	if (!mmsim_memory_has(mem, page) || (READ_ONCE(page->flags) & must) != must) {
		mmsim_bad(mem, mmsim_memory_has(mem, page) ? MMSIM_BAD_MOVABLE : MMSIM_BAD_WILD, page, 0, caller);
		return false;
	}
	WRITE_ONCE(page->mapping, NULL);
	clear_bit(ilog2(MMSIM_PAGE_MOVABLE), &page->flags);
	return true;
}

/* Locks a page of which only the frame is known, if it is movable, not isolated, and not locked by somebody else. */
static bool lock_movable(struct mmsim_page *page)
{
	unsigned long looked_at = MMSIM_PAGE_STATE | MMSIM_PAGE_MOVABLE | MMSIM_PAGE_ISOLATED | BIT(PG_locked);
	unsigned long flags = READ_ONCE(page->flags);

	do {
		if ((flags & looked_at) != (MMSIM_PAGE_ALLOCATED | MMSIM_PAGE_MOVABLE))
			return false;
	} while (!try_cmpxchg(&page->flags, &flags, flags | BIT(PG_locked)));
	return true;
}

/**
 * mmsim_movable_isolate() - take a page out of its owner's hands
 * @mem: the instance's page floor
 * @page: any page of it, in any state
 *
 * The kernel's isolate_movable_page().
 *
 * Context: process context, may sleep.
 * Return: true when the page is the caller's to migrate or put back, with a reference; false when it is not movable,
 * locked, isolated by somebody else, or its owner refuses.
 */
bool mmsim_movable_isolate(struct mmsim_memory *mem, struct mmsim_page *page)
{
	struct mmsim_reclaimer self;
	bool taken;

	if (!lock_movable(page))
		return false;
	atomic_inc(&page->_refcount);
	mmsim_reclaim_enter(mem, &self);
	taken = mmsim_movable_ops(page)->isolate_page(page);
	mmsim_reclaim_leave(mem, &self);
	if (taken)
		set_bit(ilog2(MMSIM_PAGE_ISOLATED), &page->flags);
	mmsim_unlock_page(page);
	if (!taken)
		mmsim_memory_put(mem, page, _RET_IP_);
	return taken;
}

/* The end of an isolation, whatever became of the page: it is unlocked and may be freed with the reference. */
static void release_isolated(struct mmsim_memory *mem, struct mmsim_page *page)
{
	clear_bit(ilog2(MMSIM_PAGE_ISOLATED), &page->flags);
	mmsim_unlock_page(page);
	mmsim_memory_put(mem, page, _RET_IP_);
}

/**
 * mmsim_movable_putback() - give an isolated page back to its owner
 * @mem: the instance's page floor
 * @page: a page that mmsim_movable_isolate() took
 *
 * Frees it when the owner has let it go in the meantime.
 *
 * Context: process context, may sleep.
 */
void mmsim_movable_putback(struct mmsim_memory *mem, struct mmsim_page *page)
{
	struct mmsim_reclaimer self;

	mmsim_lock_page(page);
	mmsim_reclaim_enter(mem, &self);
	if (mmsim_page_is_movable(page))
		mmsim_movable_ops(page)->putback_page(page);
	mmsim_reclaim_leave(mem, &self);
	release_isolated(mem, page);
}

/* Both are locked and @src is movable. */
static int move_content(struct mmsim_memory *mem, struct mmsim_page *dst, struct mmsim_page *src)
{
	struct mmsim_reclaimer self;
	int err;

	mmsim_reclaim_enter(mem, &self);
	err = mmsim_movable_ops(src)->migrate_page(dst, src);
	mmsim_reclaim_leave(mem, &self);
	return err > 0 ? -EINVAL : err;
}

/**
 * mmsim_movable_migrate() - move an isolated page
 * @mem: the instance's page floor
 * @dst: a single page just allocated, with its one reference
 * @src: a page that mmsim_movable_isolate() took
 * @wait: whether to wait for the page lock of @src
 * @reason: for page_owner
 *
 * Context: process context, may sleep.
 * Return: 0 when @dst is the owner's and @src the allocator's. 1 when @src is the allocator's because its owner let it
 * go in the meantime, and @dst is still the caller's. Else an errno from the owner, -EAGAIN also when the lock was
 * taken: @src is still isolated and @dst the caller's.
 */
int mmsim_movable_migrate(struct mmsim_memory *mem, struct mmsim_page *dst, struct mmsim_page *src, bool wait,
			  enum mmsim_migrate_reason reason)
{
	int err = 1;

	if (!mmsim_trylock_page(src)) {
		if (!wait)
			return -EAGAIN;
		mmsim_lock_page(src);
	}
	if (mmsim_page_is_movable(src)) {
		mmsim_trylock_page(dst);
		err = move_content(mem, dst, src);
		if (!err && mmsim_owner_on(mem))
			mmsim_owner_move(mem, dst, src, reason);
		mmsim_unlock_page(dst);
	}
	if (err < 0) {
		mmsim_unlock_page(src);
		return err;
	}
	release_isolated(mem, src);
	if (!err)
		mmsim_memory_put(mem, dst, _RET_IP_);
	return err;
}

/**
 * mmsim___SetPageMovable() - register how a page is moved, as __SetPageMovable()
 * @page: a single page that the caller owns and has locked
 * @ops: how to move it; must stay until mmsim___ClearPageMovable()
 *
 * Uses the page's mapping. A page that is freed while it is movable is reported and not freed.
 *
 * Context: any that has the page lock. What can't be movable is reported and stays as it is.
 */
void mmsim___SetPageMovable(struct mmsim_page *page, const struct mmsim_movable_operations *ops)
{
	mmsim_movable_set(mmsim_memory_live, page, ops, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___SetPageMovable);

/**
 * mmsim___ClearPageMovable() - undo mmsim___SetPageMovable(), as __ClearPageMovable()
 * @page: a movable page that the caller owns and has locked
 *
 * Context: any that has the page lock. What is not movable is reported and stays as it is.
 */
void mmsim___ClearPageMovable(struct mmsim_page *page)
{
	mmsim_movable_clear(mmsim_memory_live, page, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___ClearPageMovable);

/**
 * mmsim_PageMovable() - whether a page is registered as movable, as PageMovable()
 * @page: any page
 *
 * Return: how it is at this moment; certain for who has the page lock.
 */
bool mmsim_PageMovable(const struct mmsim_page *page)
{
	return mmsim_page_is_movable(page);
}
EXPORT_SYMBOL_GPL(mmsim_PageMovable);

/**
 * mmsim_PageIsolated() - whether a page is about to be moved, as PageIsolated()
 * @page: any page
 *
 * Return: how it is at this moment; certain for who has the page lock.
 */
bool mmsim_PageIsolated(const struct mmsim_page *page)
{
	return mmsim_page_is_isolated(page);
}
EXPORT_SYMBOL_GPL(mmsim_PageIsolated);

/**
 * mmsim_page_private() - the word that a page's owner keeps in it, as page_private()
 * @page: a page that the caller owns
 *
 * Return: the word; 0 since the page was handed out, unless it was set.
 */
unsigned long mmsim_page_private(const struct mmsim_page *page)
{
	return READ_ONCE(page->private);
}
EXPORT_SYMBOL_GPL(mmsim_page_private);

/**
 * mmsim_set_page_private() - set the word that a page's owner keeps in it, as set_page_private()
 * @page: a page that the caller owns
 * @private: the word
 */
void mmsim_set_page_private(struct mmsim_page *page, unsigned long private)
{
	WRITE_ONCE(page->private, private);
}
EXPORT_SYMBOL_GPL(mmsim_set_page_private);
