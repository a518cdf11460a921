// SPDX-License-Identifier: GPL-2.0
/*
 * Giving pages back: frees, references, and blocks taken apart.
 *
 * A free looks at every page of the block before anything is changed. One comparison says that the head is an allocated
 * block of the given order without a busy flag; one compare-and-exchange, from one reference and no mapping to neither,
 * that nobody else has it, and of two frees at once it lets one through. The tails' flags and mappings are or'ed
 * together and looked at once at the end. Only what fails goes to the slow path, which finds out why and reports it.
 *
 * All this is one inline function, which is there three times: for single pages, with all that concerns tails left out,
 * and for larger blocks, both with no call in them that would want registers saved; and with all its parts.
 */
#include <linux/highmem.h>
#include <linux/kernel.h>

#include "page/owner.h"
#include "page/pcp.h"

/* Pages that a bulk free gives back under one hold of the CPU's lists: interrupts can't use them meanwhile. */
#define MAX_HOLD	256UL

/* Of a single page's flags: those that a bulk free knows before it looks. */
#define BULK_FLAGS	(MMSIM_PAGE_ID | MMSIM_PAGE_STATE | MMSIM_PAGE_ORDER | MMSIM_PAGE_MOVING | MMSIM_PG_BUSY)

static void clear_compound(struct mmsim_page *page, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < 1UL << order; i++)
		WRITE_ONCE(page[i].compound_head, 0);
}

/* Looks at some tails: false when one is counted; their flags and mappings are or'ed to @flags and @mapping. */
static __always_inline bool look(const struct mmsim_page *tail, unsigned int nr, unsigned long *flags,
				 unsigned long *mapping)
{
	unsigned int i;

#pragma GCC unroll 8
	for (i = 0; i < nr; i++) {
		*flags |= tail[i].flags;
		*mapping |= (unsigned long)tail[i].mapping;
		if (unlikely(tail[i].counts.counter != MMSIM_COUNTS_IDLE))
			return false;
	}
	return true;
}

/*
 * Whether all tails of a block of order 1 or more are as they were handed out. Written for speed, since a free of 2 MB
 * looks at 511: three loads and four instructions each.
 */
static __always_inline bool tails_are_idle(const struct mmsim_page *page, unsigned int order)
{
	unsigned long flags = 0, mapping = 0;
	const struct mmsim_page *tail;

	if (!look(page + 1, 1, &flags, &mapping))
		return false;
	if (order > 1 && !look(page + 2, 2, &flags, &mapping))
		return false;
	if (order > 2 && !look(page + 4, 4, &flags, &mapping))
		return false;
	for (tail = page + 8; tail < page + BIT(order); tail += 8)
		if (!look(tail, 8, &flags, &mapping))
			return false;
	return !((flags & (MMSIM_PG_ALL | MMSIM_PAGE_STATE)) | mapping);
}

/**
 * mmsim_enclosing_block() - find the block that a page lies in
 * @page: any page
 * @state: what states the block may have, of MMSIM_PAGE_STATE
 *
 * Context: any; without the zone's lock a hint.
 * Return: the block's head; NULL when there is none.
 */
struct mmsim_page *mmsim_enclosing_block(struct mmsim_page *page, unsigned long state)
{
	unsigned int order;

	for (order = 0; order <= MMSIM_MAX_ORDER; order++) {
		struct mmsim_page *head = (void *)round_down((unsigned long)page, sizeof(*page) << order);

		if ((READ_ONCE(head->flags) & state) && mmsim_page_order(head) >= order)
			return head;
	}
	return NULL;
}

/* What is wrong with a tail; MMSIM_NR_BAD when it only has flags that say something about its content. */
static enum mmsim_bad tail_fault(const struct mmsim_page *tail)
{
	if (atomic_read(&tail->_refcount))
		return MMSIM_BAD_REFERENCED;
	if (atomic_read(&tail->_mapcount) != -1 || tail->mapping)
		return MMSIM_BAD_MAPPED;
	if (READ_ONCE(tail->flags) & (MMSIM_PG_BUSY | MMSIM_PAGE_STATE))
		return MMSIM_BAD_FLAGS;
	return MMSIM_NR_BAD;
}

/* Why the head of a block can't be freed. */
static enum mmsim_bad head_fault(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	unsigned long flags;

	if (!mmsim_memory_has(mem, page))
		return MMSIM_BAD_WILD;
	flags = READ_ONCE(page->flags);
	if (mmsim_page_is_reserved(page) && !(flags & MMSIM_PAGE_STATE))
		return MMSIM_BAD_RESERVED;
	if (!(flags & MMSIM_PAGE_ALLOCATED)) {
		const struct mmsim_page *head = mmsim_enclosing_block(page, MMSIM_PAGE_ALLOCATED);

		/* Without a reference that block is on a CPU's list: free, too. */
		return head && atomic_read(&head->_refcount) ? MMSIM_BAD_TAIL : MMSIM_BAD_DOUBLE_FREE;
	}
	if (mmsim_page_order(page) != order)
		return MMSIM_BAD_ORDER;
	if (!atomic_read(&page->_refcount))
		return MMSIM_BAD_DOUBLE_FREE;
	if (atomic_read(&page->_refcount) != 1)
		return MMSIM_BAD_REFERENCED;
	if (flags & MMSIM_PAGE_MOVABLE)
		return MMSIM_BAD_MOVABLE;
	if (atomic_read(&page->_mapcount) != -1 || page->mapping)
		return MMSIM_BAD_MAPPED;
	return MMSIM_BAD_FLAGS;
}

static noinline bool refuse_free(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				 unsigned long caller)
{
	if (!page)
		return true;
	mmsim_bad(mem, head_fault(mem, page, order), page, order, caller);
	return false;
}

/* Whether no tail is in use; the first that is gets reported. */
static noinline bool tails_can_go(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				  unsigned long caller)
{
	struct mmsim_page *tail, *end = page + BIT(order);

	for (tail = page + 1; tail < end; tail++) {
		enum mmsim_bad what = tail_fault(tail);

		if (what != MMSIM_NR_BAD) {
			mmsim_bad(mem, what, tail, order, caller);
			return false;
		}
	}
	return true;
}

/* Clears what the client left in the tails' flags. */
static noinline void clean_tails(struct mmsim_page *page, unsigned int order)
{
	struct mmsim_page *tail, *end = page + BIT(order);

	for (tail = page + 1; tail < end; tail++)
		WRITE_ONCE(tail->flags, tail->flags & MMSIM_PAGE_ID);
}

/* Gives up the last reference of a block that nobody else maps or holds. */
static bool drop_last(struct mmsim_page *page)
{
	s64 owned = MMSIM_COUNTS_OWNED;

	return atomic64_try_cmpxchg(&page->counts, &owned, MMSIM_COUNTS_IDLE);
}

/* Where a block goes that can't go to this CPU's list. */
static noinline bool give_back_slow(struct mmsim_memory *mem, struct mmsim_zone *zone, struct mmsim_page *page,
				    unsigned int order)
{
	if (mem->pcp_orders & BIT(order))
		mmsim_pcp_put(zone, page, order, mmsim_pageblock_type(zone, page));
	else
		mmsim_buddy_put(zone, page, order);
	return true;
}

static __always_inline bool give_back(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	struct mmsim_zone *zone = mmsim_page_zone(mem, page);
	unsigned int type = mmsim_pageblock_type(zone, page);

	if (unlikely(!(mem->pcp_orders & BIT(order)) || type >= MMSIM_MIGRATE_PCPTYPES ||
		     !mmsim_pcp_push(zone, page, order, type)))
		return give_back_slow(mem, zone, page, order);
	return true;
}

/* What few instances do with a block that comes back. */
static noinline void free_more(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	if (mem->init_on_free)
		mmsim_zero_block(mem, page, order);
	mmsim_owner_freed(mem, page);
}

static bool free_with_care(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller);

static __always_inline bool free_block(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				       bool care, unsigned long caller)
{
	unsigned long expected = MMSIM_PAGE_ALLOCATED | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT;
	bool dirty = false;

	if (unlikely(!mmsim_memory_has(mem, page) || order > MMSIM_MAX_ORDER || page->mapping ||
		     (READ_ONCE(page->flags) & (MMSIM_PAGE_STATE | MMSIM_PAGE_ORDER | MMSIM_PG_BUSY)) != expected))
		return refuse_free(mem, page, order, caller);
	if (order && unlikely(!tails_are_idle(page, order))) {
		if (!care)
			return free_with_care(mem, page, order, caller);
		if (!tails_can_go(mem, page, order, caller))
			return false;
		dirty = true;
	}
	if (unlikely(!drop_last(page)))
		return refuse_free(mem, page, order, caller);
	/* Freed twice at once, and handed out anew in between with another order: then the reference was not ours. */
	if (unlikely((READ_ONCE(page->flags) & (MMSIM_PAGE_STATE | MMSIM_PAGE_ORDER)) != expected)) {
		atomic64_set(&page->counts, MMSIM_COUNTS_OWNED);
		return refuse_free(mem, page, order, caller);
	}

	if (dirty)
		clean_tails(page, order);
	if (order && mmsim_page_is_compound(page))
		clear_compound(page, order);
	if (care)
		free_more(mem, page, order);
	return give_back(mem, page, order);
}

/* With more to do than usual, or with tails that differ from what they were. */
static noinline bool free_with_care(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				    unsigned long caller)
{
	return free_block(mem, page, order, true, caller);
}

static noinline bool free_large(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				unsigned long caller)
{
	return free_block(mem, page, order, false, caller);
}

/**
 * mmsim_memory_free() - free a block of pages of an instance
 * @mem: the instance's page floor
 * @page: the block's first page, with one reference; NULL is ignored
 * @order: the order that it was allocated with
 * @caller: for reports
 *
 * Refuses what the kernel's free_pages_prepare() finds to be bad, and what it would not notice: another order, a page
 * that is not the region's.
 *
 * Context: any; never sleeps.
 * Return: whether it was freed; otherwise it is reported and all is as before.
 */
bool mmsim_memory_free(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller)
{
	if (unlikely(mem->init_on_free) || mmsim_owner_on(mem))
		return free_with_care(mem, page, order, caller);
	return order ? free_large(mem, page, order, caller) : free_block(mem, page, 0, false, caller);
}

/**
 * mmsim_memory_free_addr() - free a block of pages by its address
 * @mem: the instance's page floor
 * @addr: the address of the block's first byte; 0 is ignored
 * @order: the order that it was allocated with
 * @caller: for reports
 *
 * Context: any; never sleeps.
 * Return: as mmsim_memory_free().
 */
bool mmsim_memory_free_addr(struct mmsim_memory *mem, unsigned long addr, unsigned int order, unsigned long caller)
{
	struct mmsim_page *page = mmsim_memory_addr_page(mem, addr);

	if (!addr)
		return true;
	if (!page || offset_in_page(addr)) {
		mmsim_bad(mem, MMSIM_BAD_WILD, (void *)addr, order, caller);
		return false;
	}
	return mmsim_memory_free(mem, page, order, caller);
}

/**
 * mmsim_memory_get() - take one more reference
 * @mem: the instance's page floor
 * @page: a page that the caller holds; a compound page may be named by any of its pages
 * @caller: for reports
 *
 * Context: any.
 * Return: false for a page that nobody holds, or that is not the region's; it is reported and left alone.
 */
bool mmsim_memory_get(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller)
{
	if (unlikely(!mmsim_memory_has(mem, page))) {
		mmsim_bad(mem, MMSIM_BAD_WILD, page, 0, caller);
		return false;
	}
	page = mmsim_head_of(page);
	if (unlikely(!atomic_inc_not_zero(&page->_refcount))) {
		mmsim_bad(mem, MMSIM_BAD_GET, page, mmsim_page_order(page), caller);
		return false;
	}
	return true;
}

/**
 * mmsim_memory_put() - drop a reference, and free the block with the last one
 * @mem: the instance's page floor
 * @page: a page with references; a compound page may be named by any of its pages. NULL is ignored
 * @caller: for reports
 *
 * Unlike the kernel's put_page(), the last reference to a block that is not compound frees all of it: its order is
 * known.
 *
 * Context: any; never sleeps.
 * Return: false when it was the last reference and the block could not be freed.
 */
bool mmsim_memory_put(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller)
{
	int refs;

	if (!page)
		return true;
	if (!mmsim_memory_has(mem, page))
		return refuse_free(mem, page, 0, caller);
	page = mmsim_head_of(page);
	refs = atomic_read(&page->_refcount);
	do {
		if (refs <= 1)
			return mmsim_memory_free(mem, page, mmsim_page_order(page), caller);
	} while (!atomic_try_cmpxchg(&page->_refcount, &refs, refs - 1));
	return true;
}

/*
 * The first of some single pages go to this CPU's list, as many as go there without more ado: pages of one zone that
 * nobody else holds. Returns how many.
 */
static unsigned long put_bulk_fast(struct mmsim_memory *mem, unsigned long nr, struct mmsim_page **pages)
{
	struct mmsim_zone *zone;
	struct mmsim_pcp *pcp;
	unsigned long i;

	if (!(mem->pcp_orders & BIT(0)) || !mmsim_memory_has(mem, pages[0]))
		return 0;
	zone = mmsim_page_zone(mem, pages[0]);
	if (!mmsim_pcp_enter(zone, &pcp))
		return 0;
	for (i = 0; i < nr && pcp->count < READ_ONCE(pcp->high); i++) {
		struct mmsim_page *page = pages[i];
		unsigned int type;

		if (unlikely(!mmsim_memory_has(mem, page) || page->mapping ||
			     (READ_ONCE(page->flags) & BULK_FLAGS) != (zone->id | MMSIM_PAGE_ALLOCATED)))
			break;
		type = mmsim_pageblock_type(zone, page);
		if (unlikely(type >= MMSIM_MIGRATE_PCPTYPES || !drop_last(page)))
			break;
		/* As in free_block(). */
		if (unlikely((READ_ONCE(page->flags) & BULK_FLAGS) != (zone->id | MMSIM_PAGE_ALLOCATED))) {
			atomic64_set(&page->counts, MMSIM_COUNTS_OWNED);
			break;
		}
		mmsim_pcp_push_held(pcp, zone, page, 0, type);
	}
	mmsim_pcp_leave(pcp);
	return i;
}

/**
 * mmsim_memory_put_bulk() - drop a reference of each of many single pages
 * @mem: the instance's page floor
 * @nr: how many
 * @pages: the pages
 * @caller: for reports
 *
 * As mmsim_memory_put() for each; up to MAX_HOLD of those that become free go back under one hold of the CPU's lists.
 *
 * Context: any; never sleeps.
 */
void mmsim_memory_put_bulk(struct mmsim_memory *mem, unsigned long nr, struct mmsim_page **pages, unsigned long caller)
{
	bool plain = !mem->init_on_free && !mmsim_owner_on(mem);

	while (nr) {
		unsigned long done = plain ? put_bulk_fast(mem, min(nr, MAX_HOLD), pages) : 0;

		if (!done) {
			mmsim_memory_put(mem, *pages, caller);
			done = 1;
		}
		pages += done;
		nr -= done;
	}
}

/**
 * mmsim_memory_split() - make a block's pages blocks of their own
 * @mem: the instance's page floor
 * @page: the first page of an allocated block that is not compound
 * @order: the order that it was allocated with
 * @caller: for reports
 *
 * Each page then has one reference and is freed alone.
 *
 * Context: any; takes the zone's lock.
 * Return: whether it was split; otherwise it is reported and all is as before.
 */
bool mmsim_memory_split(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller)
{
	struct mmsim_zone *zone;
	unsigned long flags, i;

	if (!mmsim_memory_has(mem, page) || !mmsim_page_is_allocated(page) || mmsim_page_order(page) != order ||
	    !atomic_read(&page->_refcount))
		return refuse_free(mem, page, order, caller);
	if (mmsim_page_is_compound(page)) {
		mmsim_bad(mem, MMSIM_BAD_COMPOUND, page, order, caller);
		return false;
	}

	if (mmsim_owner_on(mem))
		mmsim_owner_split(mem, page, order);
	zone = mmsim_page_zone(mem, page);
	spin_lock_irqsave(&zone->lock, flags);
	WRITE_ONCE(page->flags, page->flags & ~MMSIM_PAGE_ORDER);
	for (i = 1; i < 1UL << order; i++) {
		WRITE_ONCE(page[i].flags, page[i].flags | MMSIM_PAGE_ALLOCATED);
		page[i].private = 0;
		atomic64_set(&page[i].counts, MMSIM_COUNTS_OWNED);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return true;
}

