// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of what a client did wrong, where, and by whom.
 *
 * A misuse is refused by the function that finds it and told here. It is always counted, and printed up to a rate, so
 * that a client that goes on with it can't flood the log. The host is never stopped for it: a lost page of mmsim is no
 * harm.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/sched.h>

#include "page/owner.h"

const char *const mmsim_bad_names[MMSIM_NR_BAD] = {
	[MMSIM_BAD_WILD]	= "wild",
	[MMSIM_BAD_RESERVED]	= "reserved",
	[MMSIM_BAD_DOUBLE_FREE]	= "double_free",
	[MMSIM_BAD_TAIL]	= "tail",
	[MMSIM_BAD_ORDER]	= "order",
	[MMSIM_BAD_REFERENCED]	= "referenced",
	[MMSIM_BAD_MAPPED]	= "mapped",
	[MMSIM_BAD_FLAGS]	= "flags",
	[MMSIM_BAD_COMPOUND]	= "compound",
	[MMSIM_BAD_GET]		= "get",
	[MMSIM_BAD_GFP]		= "gfp",
	[MMSIM_BAD_ALLOC_ORDER]	= "alloc_order",
	[MMSIM_BAD_NODE]	= "node",
	[MMSIM_BAD_MOVABLE]	= "movable",
	[MMSIM_BAD_NOFAIL]	= "nofail",
	[MMSIM_BAD_SHRINKER]	= "shrinker",
	[MMSIM_BAD_KMAP]	= "kmap",
	[MMSIM_BAD_KUNMAP]	= "kunmap",
};

/* What happened, and what would be right. */
static const char *const bad_texts[MMSIM_NR_BAD] = {
	[MMSIM_BAD_WILD]	= "not a page of this region; free what an allocation returned",
	[MMSIM_BAD_RESERVED]	= "a reserved page, metadata or a hole; it is nobody's to free",
	[MMSIM_BAD_DOUBLE_FREE]	= "freed twice; it is free already",
	[MMSIM_BAD_TAIL]	= "a tail page; free the block by its first page",
	[MMSIM_BAD_ORDER]	= "another order than it was allocated with; split_page() first to free parts",
	[MMSIM_BAD_REFERENCED]	= "somebody else holds a reference; use put_page()",
	[MMSIM_BAD_MAPPED]	= "still mapped, or mapping is set; unmap it first",
	[MMSIM_BAD_FLAGS]	= "a page flag says that it is in use; clear it first",
	[MMSIM_BAD_COMPOUND]	= "a compound page can't be split; allocate without __GFP_COMP",
	[MMSIM_BAD_GET]		= "a reference to a page that nobody holds",
	[MMSIM_BAD_GFP]		= "flags that exclude each other, or don't fit the call: __GFP_HIGHMEM, __GFP_COMP",
	[MMSIM_BAD_ALLOC_ORDER]	= "an order above the largest, 10",
	[MMSIM_BAD_NODE]	= "a node that the instance doesn't have; see nodes=",
	[MMSIM_BAD_MOVABLE]	= "movable against the rules: lock a single page to set or clear it, clear it to free",
	[MMSIM_BAD_NOFAIL]	= "__GFP_NOFAIL needs __GFP_DIRECT_RECLAIM, order 0 or 1, and no shrinker to call it",
	[MMSIM_BAD_SHRINKER]	= "a shrinker that is registered already, or one to unregister that is not registered",
	[MMSIM_BAD_KMAP]	= "more than 16 pages are mapped with kmap_local_page() on this CPU; unmap some first",
	[MMSIM_BAD_KUNMAP]	= "not mapped: kunmap() once for each kmap(), kunmap_local() in reverse order",
};

/**
 * mmsim_bad() - report a misuse
 * @mem: the instance's page floor
 * @what: the kind
 * @page: the page it is about; NULL for a request, and it may be no page at all for MMSIM_BAD_WILD
 * @order: the order the client gave
 * @caller: the client's address
 *
 * Context: any.
 */
void mmsim_bad(struct mmsim_memory *mem, enum mmsim_bad what, const struct mmsim_page *page, unsigned int order,
	       unsigned long caller)
{
	atomic_long_inc(&mem->bad[what]);
	if (!__ratelimit(&mem->report_limit))
		return;
	pr_err("bad %s: %s (order %u, by %pS, task %s/%d)\n", page ? "page" : "request", bad_texts[what], order,
	       (void *)caller, current->comm, task_pid_nr(current));
	if (what == MMSIM_BAD_WILD)
		pr_err("bad page: given %#lx; descriptors are from %#lx, addresses from %#lx, %lu pages\n",
		       (unsigned long)page, (unsigned long)mem->map, (unsigned long)mem->region->vaddr,
		       mem->nr_pages);
	else if (page)
		pr_err("bad page: pfn %#lx, zone %s, flags %#lx, allocated order %u, refcount %d, mapcount %d, mapping %#lx\n",
		       mmsim_memory_pfn(mem, page), mmsim_page_zone(mem, page)->name, READ_ONCE(page->flags),
		       mmsim_page_order(page), atomic_read(&page->_refcount), atomic_read(&page->_mapcount),
		       (unsigned long)READ_ONCE(page->mapping));
	if (page && what != MMSIM_BAD_WILD && mmsim_owner_on(mem))
		mmsim_owner_report(mem, page);
}
