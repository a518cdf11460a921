// SPDX-License-Identifier: GPL-2.0
/*
 * Source contig: takes a region out of a running kernel's memory with alloc_contig_range(), which migrates or drops
 * whatever movable pages are in the way.
 *
 * The zones are searched from the highest down, and each from its end down. The region is one window of the wanted
 * size:
 *
 *	zone start             lo <---- taken in slices ---- end        zone end
 *	|--------------|-------|=============================|----------|
 *	               start of the window
 *
 * 1. Before anything is taken, a glance at each page of the window, last one first. A page that can't be moved ends the
 *    window below its granule at once: sliding costs nothing.
 * 2. A window without such pages is taken in slices, from its end down. A slice that fails is halved, down to
 *    a granule. When one granule can't be had, all that was taken of the window goes back, and the next window ends
 *    below it.
 * 3. That was one pass. What was busy in it (pages under I/O, pages on their way to an LRU list) may be free in the
 *    next; the last one trusts no glance, and tries every granule that isn't known to be hopeless.
 * 4. With holes=, further passes let that percentage of a window's granules stay with the host. Its first and its last
 *    one never do.
 *
 * The glance takes no lock: what it sees may be stale, alloc_contig_range() has the last word, and -EBUSY is a normal
 * answer. Slices keep each call short, with room for others between them.
 *
 * Pages come with one reference each and go back so. A page that somebody else still holds loses ours and goes back
 * when theirs is dropped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "region/region.h"

#ifdef CONFIG_CONTIG_ALLOC

#include <linux/bitmap.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>

#define CONTIG_SLICE		(SZ_64M >> PAGE_SHIFT)	/* pages asked for in one call, at most */
#define CONTIG_MB		(SZ_1M >> PAGE_SHIFT)	/* pages */
#define CONTIG_RETRIES		2			/* of a granule that was busy, before its window is given up */
#define CONTIG_PASSES		3
#define CONTIG_PAUSE_MS		100			/* between passes, for I/O to end */
#define CONTIG_PROGRESS		(2 * HZ)		/* a line in the log so often */
#define CONTIG_REPORTS		8			/* pages named at release, at most */

struct contig_search {
	struct mmsim_region *r;
	unsigned long max_holes;	/* granules of a window that may stay with the host */
	bool glance;			/* trust what a page looks like */
	unsigned long largest;		/* pages of the largest zone */
	unsigned long best;		/* the most pages that any window had */
	unsigned long next_line;	/* jiffies: when to say how far we are */
};

/* Whether this page lets no range around it be taken, as far as one can see from here. */
static bool contig_page_bad(const struct contig_search *s, const struct zone *zone, unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	if (!page || page_zone(page) != zone || PageReserved(page))
		return true;
	if (!s->glance)
		return false;
	/* Slab first: in 6.1 ->mapping of a slab's page is something else. */
	if (PageSlab(page) || PageTable(page))
		return true;
	return page_count(page) && !PageLRU(page) && !__folio_test_movable(page_folio(page));
}

static bool contig_granule_bad(const struct contig_search *s, const struct zone *zone, unsigned long start)
{
	unsigned long pfn;

	for (pfn = start + MMSIM_GRANULE_PAGES; pfn-- > start;)
		/* The host changes these pages as we look; being wrong costs a try. */
		if (data_race(contig_page_bad(s, zone, pfn)))
			return true;
	return false;
}

/*
 * Whether to try [start, end). If not, *next is the end of the next window to look at: below the last bad granule,
 * since no window that holds it would have fewer of them. A window with few enough that begins with one is only in the
 * wrong place: the next is one granule below.
 */
static bool contig_window_good(const struct contig_search *s, const struct zone *zone, unsigned long start,
			       unsigned long end, unsigned long *next)
{
	unsigned long pfn, bad = 0;

	for (pfn = end; pfn > start; pfn -= MMSIM_GRANULE_PAGES) {
		unsigned long granule = pfn - MMSIM_GRANULE_PAGES;

		cond_resched();
		if (!contig_granule_bad(s, zone, granule))
			continue;
		if (!bad++)
			*next = granule;
		if (bad > s->max_holes || pfn == end)
			return false;
		if (granule == start) {
			*next = end - MMSIM_GRANULE_PAGES;
			return false;
		}
	}
	return true;
}

/* Drops our reference to each page of a range. Returns how many were not ours alone. */
static unsigned long contig_free(unsigned long pfn, unsigned long end)
{
	unsigned long run, odd = 0;
	int count;

	for (; pfn < end; pfn += run) {
		for (run = 0; pfn + run < end && run < MMSIM_GRANULE_PAGES; run++)
			if (page_count(pfn_to_page(pfn + run)) != 1)
				break;
		if (run) {
			free_contig_range(pfn, run);
			cond_resched();
			continue;
		}
		run = 1;
		count = page_count(pfn_to_page(pfn));
		if (odd++ < CONTIG_REPORTS)
			pr_err("frame %#lx goes back with %d references, not 1: %s\n", pfn, count,
			       count ? "somebody else still uses it" : "somebody has freed it already");
		if (count)
			put_page(pfn_to_page(pfn));
	}
	return odd;
}

/* Gives back what is held of [from, end) in the window at r->start_pfn. */
static void contig_give_back(struct mmsim_region *r, unsigned long from, unsigned long end)
{
	unsigned long lo = (from - r->start_pfn) / MMSIM_GRANULE_PAGES;
	unsigned long last = (end - r->start_pfn) / MMSIM_GRANULE_PAGES;
	unsigned long hi, odd = 0;

	for_each_clear_bitrange_from(lo, hi, r->missing, last)
		odd += contig_free(r->start_pfn + lo * MMSIM_GRANULE_PAGES, r->start_pfn + hi * MMSIM_GRANULE_PAGES);
	if (odd)
		pr_err("%lu frames of the region went back with a wrong number of references\n", odd);
}

static void contig_progress(struct contig_search *s, unsigned long held)
{
	if (time_before(jiffies, s->next_line))
		return;
	s->next_line = jiffies + CONTIG_PROGRESS;
	pr_info("contig: %lu MB of %lu MB taken, %lu tries\n", held / CONTIG_MB, s->r->nr_pages / CONTIG_MB,
		s->r->nr_tries);
}

/* Takes [lo, hi), a granule or more, trying longer when it is only one. */
static int contig_take_slice(struct contig_search *s, unsigned long lo, unsigned long hi)
{
	unsigned int retries = hi - lo == MMSIM_GRANULE_PAGES ? CONTIG_RETRIES : 0;
	int ret;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		s->r->nr_tries++;
		ret = alloc_contig_range(lo, hi, MIGRATE_MOVABLE, GFP_KERNEL | __GFP_NOWARN);
	} while (ret && retries--);
	if (!ret)
		s->r->nr_slices++;
	return ret;
}

/*
 * Leaves the granule at @pfn with the host, if the search may: not at an edge, and not too many. If not, *next is the
 * end of the next window, as for contig_window_good().
 */
static bool contig_leave_hole(struct contig_search *s, unsigned long pfn, unsigned long end, unsigned long *next)
{
	struct mmsim_region *r = s->r;

	if (!r->nr_holes)
		*next = pfn;
	if (r->nr_holes >= s->max_holes || pfn + MMSIM_GRANULE_PAGES == end)
		return false;
	if (pfn == r->start_pfn) {
		*next = end - MMSIM_GRANULE_PAGES;
		return false;
	}
	set_bit((pfn - r->start_pfn) / MMSIM_GRANULE_PAGES, r->missing);
	r->nr_holes++;
	return true;
}

/* Takes [start, end) in slices, downward. On failure nothing of it is held and *next is the end of the next window. */
static int contig_take_window(struct contig_search *s, unsigned long start, unsigned long end, unsigned long *next)
{
	unsigned long lo = end, slice = CONTIG_SLICE;
	struct mmsim_region *r = s->r;
	int ret;

	r->start_pfn = start;
	r->nr_slices = 0;
	r->nr_holes = 0;
	bitmap_zero(r->missing, mmsim_region_nr_granules(r));
	while (lo > start) {
		slice = min(slice, lo - start);
		contig_progress(s, end - lo);
		ret = contig_take_slice(s, lo - slice, lo);
		if (!ret) {
			lo -= slice;
			slice = min(2 * slice, CONTIG_SLICE);
			s->best = max(s->best, end - lo);
			continue;
		}
		if (slice > MMSIM_GRANULE_PAGES && ret != -EINTR) {
			slice = ALIGN(slice / 2, MMSIM_GRANULE_PAGES);
			continue;
		}
		if (ret == -EINTR || !contig_leave_hole(s, lo - slice, end, next)) {
			contig_give_back(r, lo, end);
			return ret;
		}
		lo -= slice;
	}
	return 0;
}

static int contig_search_zone(struct contig_search *s, struct zone *zone)
{
	unsigned long low = max(ALIGN(zone->zone_start_pfn, MMSIM_GRANULE_PAGES), MMSIM_GRANULE_PAGES);
	unsigned long end = max(ALIGN_DOWN(zone_end_pfn(zone), MMSIM_GRANULE_PAGES), low);
	unsigned long next, want = s->r->nr_pages;
	int ret;

	s->largest = max(s->largest, end - low);
	for (; end >= low + want; end = next) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!contig_window_good(s, zone, end - want, end, &next))
			continue;
		ret = contig_take_window(s, end - want, end, &next);
		if (!ret || ret == -EINTR)
			return ret;
	}
	return -EBUSY;
}

/* All zones of all nodes once, Movable before Normal before DMA32: what devices need comes last. */
static int contig_search_zones(struct contig_search *s)
{
	int nid, type, ret;

	for (type = MAX_NR_ZONES - 1; type >= 0; type--) {
		for_each_online_node(nid) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[type];

			if (!managed_zone(zone))
				continue;
			ret = contig_search_zone(s, zone);
			if (ret != -EBUSY)
				return ret;
		}
	}
	return -EBUSY;
}

static int contig_search_passes(struct contig_search *s)
{
	int pass, ret = -EBUSY;

	for (pass = 1; pass <= CONTIG_PASSES && ret == -EBUSY; pass++) {
		if (pass > 1)
			msleep_interruptible(CONTIG_PAUSE_MS);
		s->glance = pass < CONTIG_PASSES;
		ret = contig_search_zones(s);
		if (ret == -EBUSY && s->r->nr_pages > s->largest)
			return -ENOMEM;
	}
	return ret;
}

/* Taking nearly all of its memory would leave the host thrashing, or its processes killed, before it failed. */
static int contig_check_available(const struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	unsigned long available = max(si_mem_available(), 0L);
	unsigned long spare = ALIGN_DOWN(available / 8 * 7, MMSIM_GRANULE_PAGES);

	if (r->nr_pages <= spare)
		return 0;
	mmsim_region_err(p, quiet, "source=contig: the host can spare %s now, 7/8 of its available memory; ask for that or less",
			 mmsim_size_text(PFN_PHYS(spare)).s);
	return -ENOMEM;
}

static void contig_explain(const struct contig_search *s, const struct mmsim_region_params *p, bool quiet, int err)
{
	if (err == -EINTR)
		mmsim_region_err(p, quiet, "source=contig: interrupted by a fatal signal");
	else if (s->r->nr_pages > s->largest)
		mmsim_region_err(p, quiet, "source=contig: the host's largest zone spans %s; ask for that or less",
				 mmsim_size_text(PFN_PHYS(s->largest)).s);
	else
		mmsim_region_err(p, quiet, "source=contig: no such range is free or movable; the best one had %s after %lu tries; ask for less, allow holes=PERCENT, or load sooner after boot",
				 mmsim_size_text(PFN_PHYS(s->best)).s, s->r->nr_tries);
}

static int contig_take(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	struct contig_search s = { .r = r, .next_line = jiffies + CONTIG_PROGRESS };
	int ret;

	ret = contig_check_available(r, p, quiet);
	if (ret)
		return ret;
	ret = contig_search_passes(&s);
	if (ret == -EBUSY && p->holes) {
		s.max_holes = mmsim_region_nr_granules(r) * p->holes / 100;
		ret = contig_search_passes(&s);
	}
	if (ret) {
		contig_explain(&s, p, quiet, ret);
		return ret;
	}
	r->vaddr = page_address(pfn_to_page(r->start_pfn));
	r->host_backed = true;
	return 0;
}

static void contig_release(struct mmsim_region *r)
{
	contig_give_back(r, r->start_pfn, mmsim_region_end_pfn(r));
}

#else /* !CONFIG_CONTIG_ALLOC */

static int contig_take(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	mmsim_region_err(p, quiet, "source=contig: this kernel has no CONFIG_CONTIG_ALLOC; take another source");
	return -EOPNOTSUPP;
}

static void contig_release(struct mmsim_region *r) { }

#endif /* CONFIG_CONTIG_ALLOC */

const struct mmsim_region_ops mmsim_region_contig = {
	.source	= MMSIM_SOURCE_CONTIG,
	.take	= contig_take,
	.release = contig_release,
};
