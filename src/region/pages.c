// SPDX-License-Identifier: GPL-2.0
/*
 * Source pages: one block of the host's largest order, from any kernel. A region of this source is always 4 MB.
 *
 * The block is taken apart, so that each page has a reference of its own, as with the other sources: without one a page
 * can't be given to a process, and nobody could see who else uses it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "region/region.h"

#include <linux/gfp.h>
#include <linux/mm.h>

#define PAGES_ORDER	get_order(MMSIM_REGION_ALIGN)

static int pages_take(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	struct page *page;

	if (p->size != MMSIM_REGION_ALIGN) {
		mmsim_region_err(p, quiet, "source=pages: the kernel's largest block has 4M; take size=4M, or another source");
		return -EINVAL;
	}
	r->nr_tries++;
	page = alloc_pages(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN, PAGES_ORDER);
	if (!page) {
		mmsim_region_err(p, quiet, "source=pages: the host has no free block of 4M; try `echo 1 > /proc/sys/vm/compact_memory` first");
		return -ENOMEM;
	}
	split_page(page, PAGES_ORDER);
	r->nr_slices++;
	r->start_pfn = page_to_pfn(page);
	r->vaddr = page_address(page);
	r->host_backed = true;
	return 0;
}

static void pages_release(struct mmsim_region *r)
{
	unsigned long pfn, odd = 0;

	for (pfn = r->start_pfn; pfn < mmsim_region_end_pfn(r); pfn++) {
		struct page *page = pfn_to_page(pfn);
		int count = page_count(page);

		if (count != 1 && !odd++)
			pr_err("frame %#lx goes back with %d references, not 1: %s\n", pfn, count,
			       count ? "somebody else still uses it" : "somebody has freed it already");
		if (count)
			put_page(page);
	}
	if (odd)
		pr_err("%lu frames of the region went back with a wrong number of references\n", odd);
}

const struct mmsim_region_ops mmsim_region_pages = {
	.source	= MMSIM_SOURCE_PAGES,
	.take	= pages_take,
	.release = pages_release,
};
