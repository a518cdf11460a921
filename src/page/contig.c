// SPDX-License-Identifier: GPL-2.0
/*
 * Claims of contiguous memory: any number of pages in a row, from where they are wanted.
 *
 * The pageblocks of the range are isolated (isolate.c), the CPUs' lists are emptied, and each movable page in the range
 * is moved to a page that the allocator gives for it. When all of it is free it is taken off the free lists, and the
 * pageblocks go back to ordinary use. A page that is just being freed, or moved by somebody else, gets a few rounds'
 * time; one that can't be moved ends the claim at once, and is named.
 *
 * Two claims that meet in a pageblock exclude each other: the later one fails.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mmzone.h>
#include <linux/sched/signal.h>

#include <mmsim/cma.h>

#include "page/contig.h"
#include "page/migrate.h"
#include "page/owner.h"

#define MAX_ROUNDS	5

/* One attempt to empty a range. */
struct emptying {
	struct mmsim_migration mg;
	struct mmsim_range *range;
	gfp_t gfp;
	bool again;		/* there will be another: a page that is just being freed may be gone by then */
};

/* From where the kernel's alloc_migration_target() would take it; never from the range, which is isolated. */
static struct mmsim_page *new_page(struct mmsim_migration *mg, const struct mmsim_page *src)
{
	struct emptying *e = container_of(mg, struct emptying, mg);
	gfp_t gfp = GFP_USER | __GFP_MOVABLE | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;

	if (e->range->zone->type >= MMSIM_ZONE_HIGHMEM)
		gfp |= __GFP_HIGHMEM;
	if (!(e->gfp & __GFP_IO))
		gfp &= ~__GFP_IO;
	if (!(e->gfp & __GFP_FS))
		gfp &= ~__GFP_FS;
	return mmsim_memory_alloc_node(mg->mem, e->range->zone->nid, gfp, 0, _RET_IP_);
}

static void unused_page(struct mmsim_migration *mg, struct mmsim_page *page)
{
	mmsim_memory_free(mg->mem, page, 0, _RET_IP_);
}

/* Moves what has been isolated. Only what the next round can't mend is an error. */
static int move_cluster(struct emptying *e)
{
	struct mmsim_range *r = e->range;
	struct mmsim_migration *mg = &e->mg;
	unsigned long failed = mg->nr_failed;

	mmsim_migrate_pages(mg);
	if (mg->nr_failed == failed)
		return 0;
	mmsim_range_obstacle(r, mmsim_memory_pfn(r->mem, mg->failed),
			     mg->error == -ENOMEM ? "no page to move it to" :
			     mg->error == -EAGAIN ? "its owner could not move it just now" :
						    "its owner failed to move it");
	if (mg->error == -EAGAIN)
		return 0;
	return mg->error == -ENOMEM ? -ENOMEM : -EBUSY;
}

/* Looks at a page of the range; sets how far to step. */
static int isolate_page(struct emptying *e, unsigned long pfn, unsigned long *step)
{
	struct mmsim_page *page = mmsim_memory_page(e->range->mem, pfn);
	unsigned long flags = READ_ONCE(page->flags);

	*step = 1;
	if (flags & MMSIM_PAGE_BUDDY)
		*step = BIT(mmsim_page_order(page));
	else if (!(flags & MMSIM_PAGE_ALLOCATED) || !atomic_read(&page->_refcount))
		;	/* a tail, or on its way between lists */
	else if (mmsim_movable_isolate(e->range->mem, page))
		e->mg.page[e->mg.nr++] = page;
	else if (READ_ONCE(page->flags) & MMSIM_PAGE_MOVING)
		mmsim_range_obstacle(e->range, pfn, "locked, isolated, or its owner refuses to have it moved");
	else if (!mmsim_range_obstacle(e->range, pfn, "allocated, and not movable") && !e->again)
		return -EBUSY;
	return e->mg.nr == MMSIM_MIGRATE_CLUSTER ? move_cluster(e) : 0;
}

static int empty_range(struct mmsim_range *r, gfp_t gfp, bool again)
{
	struct emptying e = {
		.mg = { .mem = r->mem, .wait = true, .reason = MMSIM_MR_CONTIG_RANGE, .new_page = new_page,
			.unused_page = unused_page },
		.range = r, .gfp = gfp, .again = again,
	};
	unsigned long pfn, step;
	int err = 0, last;

	r->obstacle.why = NULL;
	for (pfn = r->start; !err && pfn < r->end; pfn += step) {
		err = isolate_page(&e, pfn, &step);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	last = e.mg.nr ? move_cluster(&e) : 0;
	return err ? err : last;
}

static int claim_isolated(struct mmsim_range *r, gfp_t gfp)
{
	unsigned int round;
	int err;

	for (round = 0; round < MAX_ROUNDS; round++) {
		if (round)
			schedule_timeout_uninterruptible(1);
		mmsim_pcp_drain_all(r->mem);
		err = empty_range(r, gfp, !round);
		if (err)
			return err;
		if (r->obstacle.why)
			continue;
		/* What was freed by moving it may be on a CPU's list. */
		mmsim_pcp_drain_all(r->mem);
		if (mmsim_range_all_free(r))
			return 0;
	}
	return -EBUSY;
}

/* What else a page that is handed out gets. */
static void prepare_range(struct mmsim_range *r, gfp_t gfp)
{
	bool zero = r->mem->init_on_alloc || (gfp & __GFP_ZERO);
	unsigned long pfn;

	for (pfn = r->start; pfn < r->end; pfn++) {
		struct mmsim_page *page = mmsim_memory_page(r->mem, pfn);

		if (zero)
			mmsim_zero_block(r->mem, page, 0);
		mmsim_owner_allocated(r->mem, page, 0, gfp);
		cond_resched();
	}
}

/**
 * mmsim_claim_range() - allocate exactly a range
 * @r: the range, from mmsim_range_init(); r->type says what its pageblocks are
 * @gfp: of the request: __GFP_ZERO; __GFP_IO and __GFP_FS are passed on to who finds room for what is moved
 *
 * Context: process context, may sleep.
 * Return: 0; -EBUSY, -ENOMEM or -EINTR with r->obstacle set, and nothing is allocated.
 */
int mmsim_claim_range(struct mmsim_range *r, gfp_t gfp)
{
	int err = mmsim_range_isolate(r);

	if (err)
		return err;
	err = claim_isolated(r, gfp);
	if (!err)
		mmsim_range_take(r);
	else if (!r->obstacle.why)
		mmsim_range_obstacle(r, r->start, "interrupted by a fatal signal");
	mmsim_range_restore(r);
	if (!err)
		prepare_range(r, gfp);
	return err;
}

static void report(const struct mmsim_range *r, gfp_t gfp, int err)
{
	if (!(gfp & __GFP_NOWARN) && __ratelimit(&r->mem->failure_limit))
		pr_info("alloc_contig_range: [%#lx, %#lx): error %d at pfn %#lx: %s\n", r->start, r->end, err,
			r->obstacle.pfn, r->obstacle.why);
}

/**
 * mmsim_memory_alloc_contig_range() - allocate exactly a range of an instance
 * @mem: the instance's page floor
 * @start: its first frame
 * @end: the frame behind its last
 * @migratetype: what its pageblocks are given back as; only MIGRATE_MOVABLE
 * @gfp: as mmsim_claim_range(); a failure is told in the log unless __GFP_NOWARN
 *
 * The kernel's alloc_contig_range().
 *
 * Context: process context, may sleep.
 * Return: 0 and each page is a block of its own, with one reference. -EINVAL when the range is empty, not in one zone
 * of the region, or of another migratetype; -EBUSY when something in it can't be moved; -ENOMEM when there is nowhere
 * to move it to; -EINTR on a fatal signal.
 */
int mmsim_memory_alloc_contig_range(struct mmsim_memory *mem, unsigned long start, unsigned long end,
				    unsigned int migratetype, gfp_t gfp)
{
	struct mmsim_range r;
	int err = mmsim_range_init(&r, mem, start, end);

	if (err || migratetype != MIGRATE_MOVABLE) {
		pr_err("alloc_contig_range: [%#lx, %#lx) of migratetype %u: must be MIGRATE_MOVABLE and frames of one zone of [%#lx, %#lx)\n",
		       start, end, migratetype, mem->start_pfn, mem->start_pfn + mem->nr_pages);
		return -EINVAL;
	}
	err = mmsim_claim_range(&r, gfp);
	if (err)
		report(&r, gfp, err);
	return err;
}

/* Tries one range after the other, from the zone's start. */
static struct mmsim_page *claim_in_zone(struct mmsim_memory *mem, struct mmsim_zone *zone, unsigned long nr_pages,
					gfp_t gfp)
{
	unsigned long end = zone->start_pfn + zone->spanned_pages;
	unsigned long pfn = is_power_of_2(nr_pages) ? round_up(zone->start_pfn, nr_pages) : zone->start_pfn;
	struct mmsim_range r;

	for (; pfn + nr_pages <= end && pfn + nr_pages > pfn; pfn += nr_pages) {
		if (fatal_signal_pending(current))
			return NULL;
		if (!mmsim_range_init(&r, mem, pfn, pfn + nr_pages) && mmsim_range_is_movable(&r) &&
		    !mmsim_claim_range(&r, gfp))
			return mmsim_memory_page(mem, pfn);
	}
	return NULL;
}

/**
 * mmsim_memory_alloc_contig_pages() - allocate any number of pages in a row from an instance
 * @mem: the instance's page floor
 * @nr_pages: how many; a power of two comes at a multiple of itself
 * @gfp: which zones, and as mmsim_claim_range()
 * @nid: the node to try first, or NUMA_NO_NODE
 *
 * The kernel's alloc_contig_pages().
 *
 * Context: process context, may sleep.
 * Return: the first page, each a block of its own with one reference; NULL when no range can be had.
 */
struct mmsim_page *mmsim_memory_alloc_contig_pages(struct mmsim_memory *mem, unsigned long nr_pages, gfp_t gfp,
						   int nid)
{
	int highest = mmsim_gfp_zone(gfp);
	struct mmsim_zone *const *zone;
	struct mmsim_page *page;
	struct mmsim_node *node;

	if (!nr_pages || highest < 0 || nid < NUMA_NO_NODE || nid >= (int)mem->nr_nodes) {
		pr_err("alloc_contig_pages: %lu pages, node %d, mode %#x(%pGg): some pages, a node of %u, and zone flags that agree are wanted\n",
		       nr_pages, nid, (__force unsigned int)gfp, &gfp, mem->nr_nodes);
		return NULL;
	}
	node = mem->node[nid == NUMA_NO_NODE ? 0 : nid];
	zone = gfp & __GFP_THISNODE ? node->zonelist_thisnode[highest] : node->zonelist[highest];
	for (; *zone; zone++) {
		page = claim_in_zone(mem, *zone, nr_pages, gfp);
		if (page)
			return page;
	}
	return NULL;
}

/**
 * mmsim_memory_free_contig_range() - free pages in a row of an instance
 * @mem: the instance's page floor
 * @pfn: the first frame
 * @nr_pages: how many, each a block of its own; they need not all be of one claim
 * @caller: for reports
 *
 * Context: any; never sleeps.
 * Return: how many could not be freed; each is reported and stays as it is.
 */
unsigned long mmsim_memory_free_contig_range(struct mmsim_memory *mem, unsigned long pfn, unsigned long nr_pages,
					     unsigned long caller)
{
	unsigned long refused = 0;

	for (; nr_pages--; pfn++) {
		struct mmsim_page *page = mmsim_memory_page(mem, pfn);

		if (page) {
			refused += !mmsim_memory_free(mem, page, 0, caller);
			continue;
		}
		mmsim_bad(mem, MMSIM_BAD_WILD, NULL, 0, caller);
		return refused + nr_pages + 1;
	}
	return refused;
}

/**
 * mmsim_alloc_contig_range() - allocate exactly a range, as alloc_contig_range()
 * @start: its first frame
 * @end: the frame behind its last
 * @migratetype: MIGRATE_MOVABLE
 * @gfp: as mmsim_memory_alloc_contig_range()
 *
 * Context: process context, may sleep.
 * Return: as mmsim_memory_alloc_contig_range().
 */
int mmsim_alloc_contig_range(unsigned long start, unsigned long end, unsigned int migratetype, gfp_t gfp)
{
	return mmsim_memory_alloc_contig_range(mmsim_memory_live, start, end, migratetype, gfp);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_contig_range);

/**
 * mmsim_alloc_contig_pages() - allocate any number of pages in a row, as alloc_contig_pages()
 * @nr_pages: how many; a power of two comes at a multiple of itself
 * @gfp: which zones, and __GFP_ZERO
 * @nid: the node to try first, or NUMA_NO_NODE
 *
 * Context: process context, may sleep.
 * Return: as mmsim_memory_alloc_contig_pages().
 */
struct mmsim_page *mmsim_alloc_contig_pages(unsigned long nr_pages, gfp_t gfp, int nid)
{
	return mmsim_memory_alloc_contig_pages(mmsim_memory_live, nr_pages, gfp, nid);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_contig_pages);

/**
 * mmsim_free_contig_range() - free pages in a row, as free_contig_range()
 * @pfn: the first frame
 * @nr_pages: how many
 *
 * Context: any; never sleeps. What can't be freed is reported and stays as it is.
 */
void mmsim_free_contig_range(unsigned long pfn, unsigned long nr_pages)
{
	mmsim_memory_free_contig_range(mmsim_memory_live, pfn, nr_pages, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_free_contig_range);
