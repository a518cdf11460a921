// SPDX-License-Identifier: GPL-2.0
/*
 * The page floor's structural check: walks every descriptor and every list and names the first invariant that doesn't
 * hold.
 *
 * A zone is walked under its lock, from its first page to its last, block by block: each head is in one state, its
 * block is aligned and inside the zone, its tails are tails, and no free block has a free buddy. What was counted on
 * the way must agree with the free lists, walked next, with the pageblocks, and with the zone's sums. Blocks in flight
 * between a client and a list say that they are allocated, so the sums hold at every moment and the check can run under
 * load.
 *
 * Pointers are looked at before they are followed: the check survives what it finds. The cost is a few nanoseconds a
 * page with interrupts off.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "base/ask.h"
#include "page/memory.h"

/* What the walk over a zone has seen, and where the first fault goes. */
struct walk {
	struct mmsim_memory *mem;
	struct mmsim_zone *zone;
	char *what;
	size_t size;
	unsigned long nr_free[MMSIM_NR_ORDERS];
	unsigned long free_type[MMSIM_MIGRATE_TYPES];
	unsigned long free_pages;
	unsigned long allocated_pages;
};

static __printf(3, 4) int broken(struct walk *w, const struct mmsim_page *page, const char *fmt, ...)
{
	va_list args;
	int n;

	n = scnprintf(w->what, w->size, "page floor: node %u zone %s: ", w->zone->nid, w->zone->name);
	if (page)
		n += scnprintf(w->what + n, w->size - n, "pfn %#lx: ", mmsim_memory_pfn(w->mem, page));
	va_start(args, fmt);
	vscnprintf(w->what + n, w->size - n, fmt, args);
	va_end(args);
	return -EUCLEAN;
}

static struct mmsim_page *zone_end(struct walk *w)
{
	return mmsim_memory_page(w->mem, w->zone->start_pfn) + w->zone->spanned_pages;
}

static int check_tails(struct walk *w, struct mmsim_page *page, unsigned int order)
{
	unsigned long strict = MMSIM_PAGE_STATE | MMSIM_PAGE_MOVING | MMSIM_PAGE_ORDER | BIT(PG_reserved);
	bool free = mmsim_page_is_buddy(page);
	struct mmsim_page *tail;

	for (tail = page + 1; tail < page + (1UL << order); tail++) {
		if (READ_ONCE(tail->flags) & strict)
			return broken(w, tail, "has a state of its own, flags %#lx, inside a block of order %u",
				      READ_ONCE(tail->flags), order);
		if (free && atomic64_read(&tail->counts) != MMSIM_COUNTS_IDLE)
			return broken(w, tail, "is referenced or mapped (counts %d, %d) inside a free block",
				      atomic_read(&tail->_refcount), atomic_read(&tail->_mapcount));
	}
	return 0;
}

/* Whether the rules of buddy.c merge two free buddies. */
static bool would_merge(struct walk *w, const struct mmsim_page *a, const struct mmsim_page *b)
{
	unsigned int x = mmsim_pageblock_type(w->zone, a), y = mmsim_pageblock_type(w->zone, b);

	return x == y || (x < MMSIM_MIGRATE_PCPTYPES && y < MMSIM_MIGRATE_PCPTYPES);
}

static int check_free_block(struct walk *w, struct mmsim_page *page, unsigned int order)
{
	struct mmsim_page *buddy = mmsim_buddy_of(page, order);
	unsigned long key = MMSIM_PAGE_STATE | MMSIM_PAGE_ORDER | MMSIM_PAGE_ID;

	if (atomic64_read(&page->counts) != MMSIM_COUNTS_IDLE)
		return broken(w, page, "is free and referenced or mapped (counts %d, %d)",
			      atomic_read(&page->_refcount), atomic_read(&page->_mapcount));
	if (order < MMSIM_MAX_ORDER && (READ_ONCE(buddy->flags) & key) == (READ_ONCE(page->flags) & key) &&
	    would_merge(w, page, buddy))
		return broken(w, page, "is free, and so is its buddy of order %u: they should have merged", order);
	w->nr_free[order]++;
	w->free_pages += 1UL << order;
	return 0;
}

/* Looks at the block that starts at @page, and steps over it. */
static int check_block(struct walk *w, struct mmsim_page **pos)
{
	struct mmsim_page *page = *pos;
	unsigned int order = mmsim_page_order(page);
	unsigned long flags = READ_ONCE(page->flags);
	int err;

	if ((flags & MMSIM_PAGE_ID) != w->zone->id)
		return broken(w, page, "says that it belongs to another zone, flags %#lx", flags);
	if (flags & BIT(PG_reserved)) {
		if (flags & MMSIM_PAGE_STATE)
			return broken(w, page, "is reserved and on loan at once, flags %#lx", flags);
		*pos = page + 1;
		return 0;
	}
	if (!(flags & MMSIM_PAGE_STATE))
		return broken(w, page, "is lost: neither free nor allocated, nor inside a block");
	if ((flags & MMSIM_PAGE_STATE) == MMSIM_PAGE_STATE)
		return broken(w, page, "is free and allocated at once");
	if (order > MMSIM_MAX_ORDER || mmsim_memory_pfn(w->mem, page) & ((1UL << order) - 1))
		return broken(w, page, "is no place for a block of order %u", order);
	if (page + (1UL << order) > zone_end(w))
		return broken(w, page, "starts a block of order %u that leaves the zone", order);

	if ((flags & MMSIM_PAGE_MOVING) && ((flags & MMSIM_PAGE_BUDDY) || order))
		return broken(w, page, "is movable or isolated, flags %#lx, and not a single allocated page", flags);

	*pos = page + (1UL << order);
	err = check_tails(w, page, order);
	if (err)
		return err;
	if (flags & MMSIM_PAGE_BUDDY)
		return check_free_block(w, page, order);
	w->allocated_pages += 1UL << order;
	return 0;
}

/* Walks one list and adds its blocks to *n. */
static int check_list(struct walk *w, unsigned int order, unsigned int type, unsigned long *n)
{
	const struct list_head *head = &w->zone->free_area[order].free_list[type];
	const struct list_head *prev = head, *at = head->next;
	const char *name = mmsim_migratetype_names[type];

	for (; at != head; prev = at, at = at->next) {
		struct mmsim_page *page = list_entry(at, struct mmsim_page, lru);

		if (!mmsim_memory_has(w->mem, page))
			return broken(w, NULL, "the %s list of order %u leaves the page array after %lu blocks", name,
				      order, *n);
		if (at->prev != prev)
			return broken(w, page, "its link back in the %s list of order %u is wrong", name, order);
		if (!mmsim_page_is_buddy(page) || mmsim_page_order(page) != order)
			return broken(w, page, "is on the %s list of order %u but not free with that order, flags %#lx",
				      name, order, READ_ONCE(page->flags));
		if (mmsim_pageblock_type(w->zone, page + BIT(order) - 1) != mmsim_pageblock_type(w->zone, page))
			return broken(w, page, "is free with order %u, its pageblocks are of two migratetypes", order);
		if (mmsim_pageblock_type(w->zone, page) != type)
			return broken(w, page, "is on the %s list of order %u, its pageblock is %s", name, order,
				      mmsim_migratetype_names[mmsim_pageblock_type(w->zone, page)]);
		w->free_type[type] += BIT(order);
		if (++*n > w->nr_free[order])
			return 0;
	}
	return 0;
}

static int check_lists(struct walk *w, unsigned int order)
{
	struct mmsim_free_area *area = &w->zone->free_area[order];
	unsigned long n = 0;
	int type, err;

	for (type = 0; type < MMSIM_MIGRATE_TYPES; type++) {
		err = check_list(w, order, type, &n);
		if (err)
			return err;
	}
	if (n != w->nr_free[order])
		return broken(w, NULL, "the lists of order %u do not hold the %lu free blocks of that order", order,
			      w->nr_free[order]);
	if (n != area->nr_free)
		return broken(w, NULL, "nr_free of order %u is %lu, the lists have %lu", order, area->nr_free, n);
	return 0;
}

static int check_types(struct walk *w)
{
	struct mmsim_zone *zone = w->zone;
	unsigned long common = 0;
	int type;

	for (type = 0; type < MMSIM_MIGRATE_TYPES; type++) {
		if (w->free_type[type] != zone->free_type[type])
			return broken(w, NULL, "free_type of %s is %lu, its lists have %lu pages",
				      mmsim_migratetype_names[type], zone->free_type[type], w->free_type[type]);
		if (type < MMSIM_MIGRATE_PCPTYPES)
			common += zone->free_type[type];
	}
	if (zone->common_pages != common)
		return broken(w, NULL, "common_pages is %lu, the ordinary migratetypes have %lu", zone->common_pages,
			      common);
	return 0;
}

/* The pageblocks that are not everybody's. While one of a CMA area is isolated it can't be told from others. */
static int check_pageblocks(struct walk *w)
{
	struct mmsim_zone *zone = w->zone;
	unsigned long i = zone->start_pfn - w->mem->start_pfn, end = i + zone->spanned_pages;
	unsigned long nr[MMSIM_MIGRATE_TYPES] = {};

	for (; i < end; i += MMSIM_PAGEBLOCK_PAGES) {
		unsigned int type = mmsim_pageblock_type(zone, zone->map + i);

		if (type >= MMSIM_MIGRATE_TYPES)
			return broken(w, zone->map + i, "its pageblock is of migratetype %u, there is none", type);
		nr[type]++;
	}
	if (nr[MMSIM_MIGRATE_HIGHATOMIC] * MMSIM_PAGEBLOCK_PAGES != zone->nr_highatomic)
		return broken(w, NULL, "nr_highatomic is %lu, there are %lu such pageblocks", zone->nr_highatomic,
			      nr[MMSIM_MIGRATE_HIGHATOMIC]);
	if (nr[MMSIM_MIGRATE_ISOLATE] != zone->nr_isolate)
		return broken(w, NULL, "nr_isolate is %lu, %lu pageblocks are", zone->nr_isolate,
			      nr[MMSIM_MIGRATE_ISOLATE]);
	if (nr[MMSIM_MIGRATE_CMA] * MMSIM_PAGEBLOCK_PAGES > zone->cma_pages ||
	    (nr[MMSIM_MIGRATE_CMA] + zone->nr_isolate) * MMSIM_PAGEBLOCK_PAGES < zone->cma_pages)
		return broken(w, NULL, "cma_pages is %lu, there are %lu such pageblocks and %lu isolated",
			      zone->cma_pages, nr[MMSIM_MIGRATE_CMA], zone->nr_isolate);
	return 0;
}

static int check_sums(struct walk *w)
{
	struct mmsim_zone *zone = w->zone;

	if (w->free_pages != zone->free_pages)
		return broken(w, NULL, "free_pages is %lu, its blocks have %lu", zone->free_pages, w->free_pages);
	if (w->allocated_pages != zone->allocated_pages)
		return broken(w, NULL, "allocated_pages is %lu, its blocks have %lu", zone->allocated_pages,
			      w->allocated_pages);
	if (zone->free_pages + zone->allocated_pages != zone->managed_pages)
		return broken(w, NULL, "%lu free and %lu allocated pages are not the %lu managed ones",
			      zone->free_pages, zone->allocated_pages, zone->managed_pages);
	return 0;
}

static int check_zone_locked(struct walk *w)
{
	struct mmsim_page *page = mmsim_memory_page(w->mem, w->zone->start_pfn);
	unsigned int order;
	int err;

	lockdep_assert_held(&w->zone->lock);
	while (page < zone_end(w)) {
		err = check_block(w, &page);
		if (err)
			return err;
	}
	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		err = check_lists(w, order);
		if (err)
			return err;
	}
	err = check_types(w);
	if (!err)
		err = check_pageblocks(w);
	return err ? err : check_sums(w);
}

/* Walks this CPU's lists of a zone, which nobody is at work on. */
static int check_pcp(struct walk *w, const struct mmsim_pcp *pcp)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < MMSIM_PCP_LISTS; i++) {
		const struct mmsim_page *page = (&pcp->list[0][0])[i];
		unsigned int order = i / MMSIM_MIGRATE_PCPTYPES;

		for (; page && pages <= (unsigned long)pcp->count; page = mmsim_chain_next(page)) {
			if (!mmsim_memory_has(w->mem, page))
				return broken(w, NULL, "a CPU's list of order %u leaves the page array", order);
			if (!mmsim_page_is_allocated(page) || mmsim_page_order(page) != order ||
			    atomic_read(&page->_refcount))
				return broken(w, page, "is on a CPU's list of order %u, flags %#lx, refcount %d", order,
					      READ_ONCE(page->flags), atomic_read(&page->_refcount));
			pages += BIT(order);
		}
	}
	if (pages != (unsigned long)pcp->count)
		return broken(w, NULL, "a CPU's lists have %lu pages, their count is %d", pages, pcp->count);
	return 0;
}

struct cpu_check {
	struct mmsim_memory *mem;
	char *what;
	size_t size;
	int err;
};

static bool check_this_cpu(void *data)
{
	struct cpu_check *c = data;
	struct mmsim_zone *zone;

	mmsim_for_each_zone(c->mem, zone) {
		struct walk w = { .mem = c->mem, .zone = zone, .what = c->what, .size = c->size };
		const struct mmsim_pcp *pcp = zone->pcp[smp_processor_id()];

		if (READ_ONCE(pcp->busy))
			return false;
		c->err = check_pcp(&w, pcp);
		if (c->err)
			break;
	}
	return true;
}

/* As mmsim_pcp_drain_all(), each CPU looks at its own. */
static int check_cpus(struct mmsim_memory *mem, char *what, size_t size)
{
	struct cpu_check c = { .mem = mem, .what = what, .size = size };
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		mmsim_ask_cpu(cpu, check_this_cpu, &c);
		if (c.err)
			break;
	}
	return c.err;
}

/**
 * mmsim_memory_check() - check every invariant of the page floor
 * @mem: the floor; it may be in use
 * @what: where the name of the first broken invariant goes
 * @size: bytes at @what; 256 are enough
 *
 * Context: process context; takes each zone's lock for the whole walk over it.
 * Return: 0, or -EUCLEAN with @what filled in.
 */
int mmsim_memory_check(struct mmsim_memory *mem, char *what, size_t size)
{
	struct mmsim_zone *zone;
	unsigned long flags;
	int err;

	mmsim_for_each_zone(mem, zone) {
		struct walk w = { .mem = mem, .zone = zone, .what = what, .size = size };

		spin_lock_irqsave(&zone->lock, flags);
		err = check_zone_locked(&w);
		spin_unlock_irqrestore(&zone->lock, flags);
		if (err)
			return err;
		cond_resched();
	}
	err = check_cpus(mem, what, size);
	return err ? err : mmsim_highmem_check(mem, what, size);
}
