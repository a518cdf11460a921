// SPDX-License-Identifier: GPL-2.0
/*
 * Source pages: one block of the host's largest order, from any kernel. A region of this source is always 4 MB.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "region/region.h"

#include <linux/gfp.h>

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
	r->nr_slices++;
	r->start_pfn = page_to_pfn(page);
	r->vaddr = page_address(page);
	r->host_backed = true;
	r->cookie = page;
	return 0;
}

static void pages_release(struct mmsim_region *r)
{
	int count = page_count(r->cookie);

	if (count != 1)
		pr_err("the block at frame %#lx goes back with %d references, not 1: %s\n", r->start_pfn, count,
		       count ? "somebody else still uses it" : "somebody has freed it already");
	if (count)
		__free_pages(r->cookie, PAGES_ORDER);
}

const struct mmsim_region_ops mmsim_region_pages = {
	.source	= MMSIM_SOURCE_PAGES,
	.take	= pages_take,
	.release = pages_release,
};
