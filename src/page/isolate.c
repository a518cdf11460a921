// SPDX-License-Identifier: GPL-2.0
/*
 * Pageblock isolation, after the kernel's mm/page_isolation.c.
 *
 * A range is isolated by giving every pageblock that it touches to MMSIM_MIGRATE_ISOLATE: its free pages go to lists
 * from which nobody is served, and what is freed into it follows them. So a range only ever gets emptier, and once it
 * is all free it can be taken page by page.
 *
 *	isolate -> (the CPUs' lists are emptied, what can be moved is moved) -> all free? -> take -> restore
 *
 * A pageblock is isolated by one at a time. The pages of the range must be free, on a CPU's list, or movable; what lies
 * in the same pageblocks beyond its ends is left alone. A CMA area's pageblocks are isolated without a look, since only
 * movable pages can be in there.
 *
 * Blocks of two pageblocks are halved first, and become one again when both halves are of one type.
 */
#include <linux/sched.h>

#include "page/buddy.h"
#include "page/isolate.h"
#include "page/movable.h"

static struct mmsim_page *page_at(const struct mmsim_range *r, unsigned long pfn)
{
	return mmsim_memory_page(r->mem, pfn);
}

/**
 * mmsim_range_init() - describe a range
 * @r: what describes it
 * @mem: the page floor
 * @start: its first frame
 * @end: the frame behind its last
 *
 * Return: 0, or -EINVAL when it is empty, leaves the region or lies in more than one zone.
 */
int mmsim_range_init(struct mmsim_range *r, struct mmsim_memory *mem, unsigned long start, unsigned long end)
{
	*r = (struct mmsim_range) {
		.mem = mem, .start = start, .end = end,
		.type = mem->migratetype_mask ? MMSIM_MIGRATE_MOVABLE : MMSIM_MIGRATE_UNMOVABLE,
	};
	if (start >= end || !page_at(r, start) || !page_at(r, end - 1))
		return -EINVAL;
	r->zone = mmsim_page_zone(mem, page_at(r, start));
	return r->zone == mmsim_page_zone(mem, page_at(r, end - 1)) ? 0 : -EINVAL;
}

/**
 * mmsim_range_obstacle() - note what is in the way
 * @r: the range
 * @pfn: the frame
 * @why: in words
 *
 * Return: false, for functions that end with it.
 */
bool mmsim_range_obstacle(struct mmsim_range *r, unsigned long pfn, const char *why)
{
	r->obstacle = (struct mmsim_obstacle) { .pfn = pfn, .why = why };
	return false;
}

/* Why a page can't be moved, as far as can be seen; NULL when it is free or can. Sets how far to step. */
static const char *unmovable(struct mmsim_zone *zone, struct mmsim_page *page, unsigned long *step)
{
	unsigned long flags = READ_ONCE(page->flags);
	struct mmsim_page *head = page;

	*step = 1;
	if (flags & BIT(PG_reserved))
		return "metadata, or a hole";
	if (!(flags & MMSIM_PAGE_STATE)) {
		head = mmsim_enclosing_block(page, MMSIM_PAGE_STATE);
		if (!head)
			return NULL;
		flags = READ_ONCE(head->flags);
	}
	*step = head + BIT(mmsim_page_order(head)) - page;
	if ((flags & MMSIM_PAGE_BUDDY) || !atomic_read(&head->_refcount) || (flags & MMSIM_PAGE_MOVING))
		return NULL;
	return "allocated, and not movable";
}

/* Whether nothing between two frames of one pageblock stands against moving all of it away. */
static bool can_be_emptied(struct mmsim_range *r, unsigned long start, unsigned long end)
{
	unsigned long pfn, step;

	for (pfn = start; pfn < end; pfn += step) {
		const char *why = unmovable(r->zone, page_at(r, pfn), &step);

		if (why)
			return mmsim_range_obstacle(r, pfn, why);
	}
	return true;
}

/* Halves the free block that covers more than the pageblock of @page, if there is one. */
static void split_over_pageblocks(struct mmsim_zone *zone, struct mmsim_page *page)
{
	struct mmsim_page *head = mmsim_merged_head(page, MMSIM_PAGEBLOCK_ORDER);
	unsigned int order = MMSIM_PAGEBLOCK_ORDER, type = mmsim_pageblock_type(zone, page);

	static_assert(MMSIM_MAX_ORDER == MMSIM_PAGEBLOCK_ORDER + 1);
	if (!mmsim_page_is_buddy(head) || mmsim_page_order(head) != MMSIM_MAX_ORDER)
		return;
	mmsim_unlist_block(zone, head, MMSIM_MAX_ORDER);
	mmsim_list_block(zone, head, order, type, false);
	mmsim_list_block(zone, mmsim_buddy_of(head, order), order, type, false);
}

/**
 * mmsim_pageblock_retype() - give a pageblock and its free pages to another migratetype
 * @zone: the zone
 * @page: its first page
 * @type: the migratetype
 *
 * Context: under the zone's lock.
 */
void mmsim_pageblock_retype(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int type)
{
	unsigned int was = mmsim_pageblock_type(zone, page);

	lockdep_assert_held(&zone->lock);
	split_over_pageblocks(zone, page);
	mmsim_pageblock_move_free(zone, page, was, type);
	mmsim_pageblock_set_type(zone, page, 0, type);
	if (was == MMSIM_MIGRATE_HIGHATOMIC)
		WRITE_ONCE(zone->nr_highatomic, zone->nr_highatomic - MMSIM_PAGEBLOCK_PAGES);
	zone->nr_isolate += (type == MMSIM_MIGRATE_ISOLATE) - (was == MMSIM_MIGRATE_ISOLATE);
	if (mmsim_page_is_buddy(page) && mmsim_page_order(page) == MMSIM_PAGEBLOCK_ORDER)
		mmsim_buddy_relist(zone, page, MMSIM_PAGEBLOCK_ORDER);
}

static unsigned long first_block(const struct mmsim_range *r)
{
	return round_down(r->start, MMSIM_PAGEBLOCK_PAGES);
}

static bool isolate_pageblock(struct mmsim_range *r, unsigned long pfn)
{
	struct mmsim_page *page = page_at(r, pfn);
	unsigned int type;
	unsigned long flags;
	bool ok = true;

	spin_lock_irqsave(&r->zone->lock, flags);
	type = mmsim_pageblock_type(r->zone, page);
	if (type == MMSIM_MIGRATE_ISOLATE)
		ok = mmsim_range_obstacle(r, pfn, "isolated by somebody else");
	else if ((type == MMSIM_MIGRATE_CMA) != (r->type == MMSIM_MIGRATE_CMA))
		ok = mmsim_range_obstacle(r, pfn, "in a CMA area");
	else if (type != MMSIM_MIGRATE_CMA)
		ok = can_be_emptied(r, max(pfn, r->start), min(pfn + MMSIM_PAGEBLOCK_PAGES, r->end));
	if (ok)
		mmsim_pageblock_retype(r->zone, page, MMSIM_MIGRATE_ISOLATE);
	spin_unlock_irqrestore(&r->zone->lock, flags);
	return ok;
}

static void restore_until(struct mmsim_range *r, unsigned long end)
{
	unsigned long pfn, flags;

	for (pfn = first_block(r); pfn < end; pfn += MMSIM_PAGEBLOCK_PAGES) {
		spin_lock_irqsave(&r->zone->lock, flags);
		mmsim_pageblock_retype(r->zone, page_at(r, pfn), r->type);
		spin_unlock_irqrestore(&r->zone->lock, flags);
		cond_resched();
	}
}

/**
 * mmsim_range_isolate() - isolate the pageblocks that a range touches
 * @r: the range
 *
 * The kernel's start_isolate_page_range().
 *
 * Context: process context, may sleep.
 * Return: 0, or -EBUSY with r->obstacle set; none is isolated then.
 */
int mmsim_range_isolate(struct mmsim_range *r)
{
	unsigned long pfn;

	for (pfn = first_block(r); pfn < r->end; pfn += MMSIM_PAGEBLOCK_PAGES) {
		if (!isolate_pageblock(r, pfn)) {
			restore_until(r, pfn);
			return -EBUSY;
		}
		cond_resched();
	}
	return 0;
}

/**
 * mmsim_range_restore() - undo mmsim_range_isolate()
 * @r: the range; its pageblocks become of r->type, whatever they were
 *
 * The kernel's undo_isolate_page_range().
 *
 * Context: process context, may sleep.
 */
void mmsim_range_restore(struct mmsim_range *r)
{
	restore_until(r, r->end);
}

/* Calls @fn for the part of the range in each pageblock, under the zone's lock, as long as it returns true. */
static bool each_part(struct mmsim_range *r, bool (*fn)(struct mmsim_range *r, unsigned long pfn, unsigned long end))
{
	unsigned long pfn, end, flags;
	bool ok = true;

	for (pfn = r->start; ok && pfn < r->end; pfn = end) {
		end = min(round_down(pfn, MMSIM_PAGEBLOCK_PAGES) + MMSIM_PAGEBLOCK_PAGES, r->end);
		spin_lock_irqsave(&r->zone->lock, flags);
		ok = fn(r, pfn, end);
		spin_unlock_irqrestore(&r->zone->lock, flags);
		cond_resched();
	}
	return ok;
}

/**
 * mmsim_range_is_movable() - whether a range could be emptied, as far as can be seen
 * @r: the range
 *
 * Context: process context, may sleep.
 * Return: whether it could; if not, r->obstacle says why.
 */
bool mmsim_range_is_movable(struct mmsim_range *r)
{
	return each_part(r, can_be_emptied);
}

static bool part_is_free(struct mmsim_range *r, unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		struct mmsim_page *page = page_at(r, pfn), *head = mmsim_enclosing_block(page, MMSIM_PAGE_BUDDY);

		if (!head)
			return mmsim_range_obstacle(r, pfn, mmsim_page_is_allocated(page) &&
						    !atomic_read(&page->_refcount) ?
						    "on a CPU's list" : "allocated again and again");
		pfn += head + BIT(mmsim_page_order(head)) - page;
	}
	return true;
}

/**
 * mmsim_range_all_free() - whether every page of an isolated range is on the free lists
 * @r: the range
 *
 * The kernel's test_pages_isolated().
 *
 * Context: process context, may sleep.
 * Return: whether it is; if not, r->obstacle names the first page that isn't.
 */
bool mmsim_range_all_free(struct mmsim_range *r)
{
	return each_part(r, part_is_free);
}

/* Lists what lies between two pages of a free block that was taken off its list, in the largest blocks that fit. */
static void list_between(struct mmsim_zone *zone, struct mmsim_page *page, struct mmsim_page *end)
{
	while (page < end) {
		unsigned int order = min_t(unsigned int, ilog2(end - page), __ffs((page - zone->map) | BIT(10)));

		mmsim_list_block(zone, page, order, MMSIM_MIGRATE_ISOLATE, false);
		page += BIT(order);
	}
}

static void hand_out(struct mmsim_zone *zone, struct mmsim_page *page, struct mmsim_page *end)
{
	mmsim_account_free(zone, MMSIM_MIGRATE_ISOLATE, -(long)(end - page));
	zone->allocated_pages += end - page;
	zone->nr_alloc += end - page;
	for (; page < end; page++) {
		WRITE_ONCE(page->flags, zone->id | MMSIM_PAGE_ALLOCATED);
		page->private = 0;
		page->mapping = NULL;
		atomic64_set(&page->counts, MMSIM_COUNTS_OWNED);
	}
}

static bool take_part(struct mmsim_range *r, unsigned long pfn, unsigned long end)
{
	struct mmsim_page *page = page_at(r, pfn), *stop = page + (end - pfn);

	while (page < stop) {
		struct mmsim_page *head = mmsim_enclosing_block(page, MMSIM_PAGE_BUDDY);
		unsigned int order = mmsim_page_order(head);
		struct mmsim_page *block_end = head + BIT(order), *taken_end = min(block_end, stop);

		mmsim_unlist_block(r->zone, head, order);
		list_between(r->zone, head, page);
		list_between(r->zone, taken_end, block_end);
		hand_out(r->zone, page, taken_end);
		page = taken_end;
	}
	return true;
}

/**
 * mmsim_range_take() - allocate every page of an isolated range
 * @r: the range, all free
 *
 * Each page is then a block of its own, with one reference. The kernel's isolate_freepages_range().
 *
 * Context: process context, may sleep.
 */
void mmsim_range_take(struct mmsim_range *r)
{
	each_part(r, take_part);
}
