// SPDX-License-Identifier: GPL-2.0
/*
 * What a client sees that was written for the kernel's struct page: the host's own where the host has one for each
 * frame of the region, and else mmsim's descriptor, which is laid out alike. The latter is enough for who maps,
 * copies, or uses the fields; who hands the page on to the rest of the kernel, in a bio say, needs a region that the
 * host backs.
 *
 * Counts are mmsim's in both cases: get_page() and put_page() on what a client sees change the host's count or the
 * overlay's, so a client has to be led to mmsim_get_page() and mmsim_put_page().
 */
#include <linux/export.h>
#include <linux/mm_types.h>

#include "page/memory.h"
#include "region/region.h"

#define SAME_PLACE(field, host) \
	static_assert(offsetof(struct mmsim_page, field) == offsetof(struct page, host))

SAME_PLACE(flags, flags);
SAME_PLACE(lru, lru);
SAME_PLACE(mapping, mapping);
SAME_PLACE(index, index);
SAME_PLACE(private, private);
SAME_PLACE(compound_head, compound_head);
SAME_PLACE(_mapcount, _mapcount);
SAME_PLACE(_refcount, _refcount);

/**
 * mmsim_host_backed() - whether the host has a struct page for each frame of the region
 *
 * Context: any.
 * Return: true when the region comes from contig, cma or pages; false for memmap.
 */
bool mmsim_host_backed(void)
{
	return mmsim_memory_live->region->host_backed;
}
EXPORT_SYMBOL_GPL(mmsim_host_backed);

/**
 * mmsim_page_to_host() - the host's struct page of a page's frame
 * @page: any page
 *
 * The host's counts of it are not to be changed.
 *
 * Context: any.
 * Return: the host's page; NULL when it has none.
 */
struct page *mmsim_page_to_host(const struct mmsim_page *page)
{
	return mmsim_region_host_page(mmsim_memory_live->region, mmsim_memory_pfn(mmsim_memory_live, page));
}
EXPORT_SYMBOL_GPL(mmsim_page_to_host);

/**
 * mmsim_page_client() - what a client that was written for struct page gets in place of a page
 * @page: any page
 *
 * Context: any.
 * Return: the host's struct page where there is one, else @page itself in that shape.
 */
struct page *mmsim_page_client(struct mmsim_page *page)
{
	return mmsim_page_to_host(page) ?: (struct page *)page;
}
EXPORT_SYMBOL_GPL(mmsim_page_client);

/**
 * mmsim_client_page() - the page behind what a client has
 * @client: from mmsim_page_client(), or any struct page of the host's
 *
 * Context: any.
 * Return: the page; NULL for a page that is not mmsim's.
 */
struct mmsim_page *mmsim_client_page(const struct page *client)
{
	struct mmsim_memory *mem = mmsim_memory_live;
	unsigned long offset = (unsigned long)client - (unsigned long)mem->map, pfn;

	if (offset < mem->nr_pages * sizeof(*mem->map)) {
		if (mem->region->host_backed || offset % sizeof(*mem->map))
			return NULL;
		pfn = mem->start_pfn + offset / sizeof(*mem->map);
	} else if (!mmsim_region_host_pfn(mem->region, client, &pfn)) {
		return NULL;
	}
	return mmsim_region_missing(mem->region, pfn) ? NULL : mmsim_memory_page(mem, pfn);
}
EXPORT_SYMBOL_GPL(mmsim_client_page);
