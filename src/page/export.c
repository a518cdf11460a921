// SPDX-License-Identifier: GPL-2.0
/*
 * The exported functions of the page allocator: the kernel's, on the live instance. What they do stands in alloc.c and
 * free.c; here is who may call them how.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/pfn.h>

#include <mmsim/highmem.h>

#include "page/memory.h"

struct mmsim_memory *mmsim_memory_live __read_mostly;

/**
 * mmsim_alloc_pages() - allocate a block of pages, as alloc_pages()
 * @gfp: the kernel's flags
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the first page, its physical address a multiple of the block's size; NULL when there is none, reported unless
 * __GFP_NOWARN.
 */
struct mmsim_page *mmsim_alloc_pages(gfp_t gfp, unsigned int order)
{
	return mmsim_memory_alloc(mmsim_memory_live, gfp, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_pages);

/**
 * mmsim_alloc_pages_node() - allocate a block of pages near a node, as alloc_pages_node()
 * @nid: the node, or NUMA_NO_NODE
 * @gfp: the kernel's flags; with __GFP_THISNODE no other node will do
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: as mmsim_alloc_pages().
 */
struct mmsim_page *mmsim_alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	return mmsim_memory_alloc_node(mmsim_memory_live, nid, gfp, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_pages_node);

/**
 * mmsim_alloc_pages_bulk_array() - allocate many single pages, as alloc_pages_bulk_array()
 * @gfp: the kernel's flags
 * @nr_pages: entries of @pages
 * @pages: where the pages go; entries that are not NULL are left alone
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: how many entries from the start are not NULL now.
 */
unsigned long mmsim_alloc_pages_bulk_array(gfp_t gfp, unsigned long nr_pages, struct mmsim_page **pages)
{
	return mmsim_memory_alloc_bulk(mmsim_memory_live, gfp, nr_pages, pages, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_pages_bulk_array);

static void *alloc_exact(int nid, size_t size, gfp_t gfp, unsigned long caller)
{
	unsigned int order = get_order(size);
	unsigned long nr = PAGE_ALIGN(size) >> PAGE_SHIFT, i;
	struct mmsim_page *page;

	if (gfp & (__GFP_COMP | __GFP_HIGHMEM)) {
		mmsim_bad(mmsim_memory_live, MMSIM_BAD_GFP, NULL, order, caller);
		gfp &= ~(__GFP_COMP | __GFP_HIGHMEM);
	}
	page = mmsim_memory_alloc_node(mmsim_memory_live, nid, gfp, order, caller);
	if (!page)
		return NULL;
	mmsim_memory_split(mmsim_memory_live, page, order, caller);
	for (i = nr; i < BIT(order); i++)
		mmsim_memory_free(mmsim_memory_live, page + i, 0, caller);
	return page->virtual;
}

/**
 * mmsim_alloc_pages_exact() - allocate just enough pages in a row, as alloc_pages_exact()
 * @size: bytes, not 0; five pages are five, and not eight
 * @gfp: the kernel's flags; __GFP_COMP and __GFP_HIGHMEM are reported and ignored
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the address of the first byte, for mmsim_free_pages_exact(); NULL when there is no such block.
 */
void *mmsim_alloc_pages_exact(size_t size, gfp_t gfp)
{
	return alloc_exact(NUMA_NO_NODE, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_pages_exact);

/**
 * mmsim_alloc_pages_exact_nid() - the same near a node, as alloc_pages_exact_nid()
 * @nid: the node, or NUMA_NO_NODE
 * @size: bytes, not 0
 * @gfp: as mmsim_alloc_pages_exact()
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: as mmsim_alloc_pages_exact().
 */
void *mmsim_alloc_pages_exact_nid(int nid, size_t size, gfp_t gfp)
{
	return alloc_exact(nid, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_pages_exact_nid);

/**
 * mmsim_free_pages_exact() - free what mmsim_alloc_pages_exact() returned, as free_pages_exact()
 * @addr: the address of the first byte; NULL is ignored
 * @size: bytes, as allocated
 *
 * Context: any; never sleeps. A range that leaves the region is reported, and none of it is freed.
 */
void mmsim_free_pages_exact(void *addr, size_t size)
{
	unsigned long at = (unsigned long)addr, nr = (size >> PAGE_SHIFT) + !!offset_in_page(size);
	struct mmsim_memory *mem = mmsim_memory_live;
	struct mmsim_page *page = mmsim_memory_addr_page(mem, at);

	if (!addr || !nr)
		return;
	if (!page || nr > mem->nr_pages - (page - mem->map)) {
		mmsim_bad(mem, MMSIM_BAD_WILD, addr, 0, _RET_IP_);
		return;
	}
	for (; nr; nr--, at += PAGE_SIZE)
		mmsim_memory_free_addr(mem, at, 0, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_free_pages_exact);

static unsigned long get_pages(gfp_t gfp, unsigned int order, unsigned long caller)
{
	struct mmsim_page *page;

	if (unlikely(gfp & __GFP_HIGHMEM)) {
		mmsim_bad(mmsim_memory_live, MMSIM_BAD_GFP, NULL, order, caller);
		return 0;
	}
	page = mmsim_memory_alloc(mmsim_memory_live, gfp, order, caller);
	return page ? (unsigned long)page->virtual : 0;
}

/**
 * mmsim___get_free_pages() - allocate a block of pages and return its address, as __get_free_pages()
 * @gfp: the kernel's flags; with __GFP_HIGHMEM, whose pages may have no address, the request is refused
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the address of the first byte, or 0.
 */
unsigned long mmsim___get_free_pages(gfp_t gfp, unsigned int order)
{
	return get_pages(gfp, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___get_free_pages);

/**
 * mmsim_get_zeroed_page() - allocate a page full of zeroes, as get_zeroed_page()
 * @gfp: the kernel's flags
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: its address, or 0.
 */
unsigned long mmsim_get_zeroed_page(gfp_t gfp)
{
	return get_pages(gfp | __GFP_ZERO, 0, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_get_zeroed_page);

/**
 * mmsim___free_pages() - free a block of pages, as __free_pages()
 * @page: its first page, with one reference; NULL is ignored
 * @order: the order that it was allocated with
 *
 * Context: any; never sleeps. What can't be freed is reported and stays as it is.
 */
void mmsim___free_pages(struct mmsim_page *page, unsigned int order)
{
	mmsim_memory_free(mmsim_memory_live, page, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___free_pages);

/**
 * mmsim_free_pages() - free a block of pages by its address, as free_pages()
 * @addr: what mmsim___get_free_pages() returned; 0 is ignored
 * @order: the order that it was allocated with
 *
 * Context: any; never sleeps. What can't be freed is reported and stays as it is.
 */
void mmsim_free_pages(unsigned long addr, unsigned int order)
{
	mmsim_memory_free_addr(mmsim_memory_live, addr, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_free_pages);

/**
 * mmsim_split_page() - make a block's pages blocks of their own, as split_page()
 * @page: the first page of a block that is not compound
 * @order: the order that it was allocated with
 *
 * Context: any; never sleeps. What can't be split is reported and stays as it is.
 */
void mmsim_split_page(struct mmsim_page *page, unsigned int order)
{
	mmsim_memory_split(mmsim_memory_live, page, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_split_page);

/**
 * mmsim_drain_all_pages() - give every CPU's free pages back to the zones, as drain_all_pages()
 *
 * Context: process context, interrupts on; may sleep.
 */
void mmsim_drain_all_pages(void)
{
	mmsim_pcp_drain_all(mmsim_memory_live);
}
EXPORT_SYMBOL_GPL(mmsim_drain_all_pages);

/**
 * mmsim_get_page() - take one more reference, as get_page()
 * @page: a page that the caller holds; a compound page may be named by any of its pages
 *
 * Context: any. A page that nobody holds is reported and left alone.
 */
void mmsim_get_page(struct mmsim_page *page)
{
	mmsim_memory_get(mmsim_memory_live, page, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_get_page);

/**
 * mmsim_put_page() - drop a reference and free the block with the last one, as put_page()
 * @page: a page that the caller holds; a compound page may be named by any of its pages
 *
 * Context: any; never sleeps.
 */
void mmsim_put_page(struct mmsim_page *page)
{
	mmsim_memory_put(mmsim_memory_live, page, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_put_page);

/**
 * mmsim_page_ref_count() - how many references a page has
 * @page: any page; a tail has none of its own
 *
 * Return: the count at this moment; 0 for a free page.
 */
int mmsim_page_ref_count(const struct mmsim_page *page)
{
	return atomic_read(&page->_refcount);
}
EXPORT_SYMBOL_GPL(mmsim_page_ref_count);

/**
 * mmsim_compound_head() - the head of the compound page that a page belongs to
 * @page: any page
 *
 * Return: the head; the page itself when it is not a compound page's tail.
 */
struct mmsim_page *mmsim_compound_head(struct mmsim_page *page)
{
	return mmsim_head_of(page);
}
EXPORT_SYMBOL_GPL(mmsim_compound_head);

/**
 * mmsim_compound_order() - the order of a compound page
 * @page: its head
 *
 * Return: the order; 0 for a page that is not compound.
 */
unsigned int mmsim_compound_order(const struct mmsim_page *page)
{
	return mmsim_page_is_compound(page) ? mmsim_page_order(page) : 0;
}
EXPORT_SYMBOL_GPL(mmsim_compound_order);

/**
 * mmsim_page_address() - the kernel address of a page, as page_address()
 * @page: any page
 *
 * Return: the address of its frame; NULL for a page in HighMem that is not mapped with mmsim_kmap().
 */
void *mmsim_page_address(const struct mmsim_page *page)
{
	return READ_ONCE(page->virtual);
}
EXPORT_SYMBOL_GPL(mmsim_page_address);

/**
 * mmsim_kmap() - give a page an address until mmsim_kunmap(), as kmap()
 * @page: a page that the caller holds
 *
 * A page that is not in HighMem has one anyway. Calls nest: a page keeps its address until the last mmsim_kunmap().
 *
 * Context: process context, may sleep: also until somebody else unmaps a page, when all 512 slots are in use.
 * Return: its address, the same for all who have mapped it; NULL for what is no page.
 */
void *mmsim_kmap(struct mmsim_page *page)
{
	might_sleep();
	return mmsim_highmem_map(mmsim_memory_live, page, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmap);

/**
 * mmsim_kunmap() - undo one mmsim_kmap(), as kunmap()
 * @page: a page that the caller has mapped; what isn't is reported and left alone
 *
 * Context: process context, may sleep.
 */
void mmsim_kunmap(struct mmsim_page *page)
{
	might_sleep();
	mmsim_highmem_unmap(mmsim_memory_live, page, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kunmap);

/**
 * mmsim_kmap_local_page() - give a page an address on this CPU for a short time, as kmap_local_page()
 * @page: a page that the caller holds
 *
 * Other than in the kernel preemption is off until mmsim_kunmap_local() when the page is in HighMem: don't sleep.
 *
 * Context: any, interrupts included.
 * Return: an address for the caller alone; NULL for what is no page, and with 16 pages mapped on this CPU.
 */
void *mmsim_kmap_local_page(struct mmsim_page *page)
{
	return mmsim_highmem_map_local(mmsim_memory_live, page, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmap_local_page);

/**
 * mmsim_kunmap_local() - undo the last mmsim_kmap_local_page(), as kunmap_local()
 * @addr: any address in the page as it was mapped; what was not mapped last is reported and left alone
 *
 * Context: that of the mmsim_kmap_local_page().
 */
void mmsim_kunmap_local(const void *addr)
{
	mmsim_highmem_unmap_local(mmsim_memory_live, addr, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kunmap_local);

/**
 * mmsim_kmap_flush_unused() - take the addresses of pages that nobody has mapped any more, as kmap_flush_unused()
 *
 * Context: process context, may sleep.
 */
void mmsim_kmap_flush_unused(void)
{
	mmsim_highmem_flush(mmsim_memory_live);
}
EXPORT_SYMBOL_GPL(mmsim_kmap_flush_unused);

/* The page of an address in the region; NULL in a hole, too, which is the host's memory. */
static struct mmsim_page *owned_page(const void *addr)
{
	const struct mmsim_memory *mem = mmsim_memory_live;
	struct mmsim_page *page = mmsim_memory_addr_page(mem, (unsigned long)addr);

	return page && !mmsim_region_missing(mem->region, mmsim_memory_pfn(mem, page)) ? page : NULL;
}

/**
 * mmsim_virt_to_page() - the page that an address lies in, as virt_to_page()
 * @addr: a kernel address
 *
 * Return: the page; NULL when the address is not one of mmsim's pages.
 */
struct mmsim_page *mmsim_virt_to_page(const void *addr)
{
	struct mmsim_page *page = owned_page(addr);

	return page && mmsim_page_zone_type(page) != MMSIM_ZONE_HIGHMEM ? page : NULL;
}
EXPORT_SYMBOL_GPL(mmsim_virt_to_page);

/**
 * mmsim_virt_to_head_page() - the head of the block that an address lies in, as virt_to_head_page()
 * @addr: a kernel address
 *
 * Return: the page, or the head when it is a compound page's tail; NULL when the address is not one of mmsim's pages.
 */
struct mmsim_page *mmsim_virt_to_head_page(const void *addr)
{
	struct mmsim_page *page = mmsim_virt_to_page(addr);

	return page ? mmsim_head_of(page) : NULL;
}
EXPORT_SYMBOL_GPL(mmsim_virt_to_head_page);

/**
 * mmsim_page_to_pfn() - the frame number of a page
 * @page: any page
 *
 * Return: the number of its frame in physical memory.
 */
unsigned long mmsim_page_to_pfn(const struct mmsim_page *page)
{
	return mmsim_memory_pfn(mmsim_memory_live, page);
}
EXPORT_SYMBOL_GPL(mmsim_page_to_pfn);

/**
 * mmsim_pfn_to_page() - the page of a frame
 * @pfn: a frame number
 *
 * Return: the page; NULL when the frame is not in the region.
 */
struct mmsim_page *mmsim_pfn_to_page(unsigned long pfn)
{
	return mmsim_memory_page(mmsim_memory_live, pfn);
}
EXPORT_SYMBOL_GPL(mmsim_pfn_to_page);

/**
 * mmsim_page_to_phys() - the physical address of a page
 * @page: any page
 *
 * Return: the address of the first byte of its frame.
 */
phys_addr_t mmsim_page_to_phys(const struct mmsim_page *page)
{
	return PFN_PHYS(mmsim_page_to_pfn(page));
}
EXPORT_SYMBOL_GPL(mmsim_page_to_phys);

/**
 * mmsim_phys_to_page() - the page that a physical address lies in
 * @phys: a physical address
 *
 * Return: the page; NULL when the address is not in the region.
 */
struct mmsim_page *mmsim_phys_to_page(phys_addr_t phys)
{
	return mmsim_pfn_to_page(PHYS_PFN(phys));
}
EXPORT_SYMBOL_GPL(mmsim_phys_to_page);

/**
 * mmsim_owns() - whether an address lies in the region
 * @addr: a kernel address
 *
 * For clients that must tell mmsim's memory from the host's.
 *
 * Return: true for every byte of the region's kernel mapping, metadata included; a hole is the host's.
 */
bool mmsim_owns(const void *addr)
{
	return owned_page(addr);
}
EXPORT_SYMBOL_GPL(mmsim_owns);

/**
 * mmsim_register_shrinker() - have a shrinker called when memory is short, as register_shrinker() of 6.1
 * @shrinker: its callbacks, both needed; the caller's until mmsim_unregister_shrinker()
 *
 * Context: process context, may sleep; not from a shrinker.
 * Return: 0; -EINVAL when a callback is missing or a number negative, -EEXIST when it is registered already.
 */
int mmsim_register_shrinker(struct mmsim_shrinker *shrinker)
{
	if (!shrinker->count_objects || !shrinker->scan_objects) {
		pr_err("register_shrinker: %s needs both count_objects and scan_objects\n",
		       shrinker->name ? shrinker->name : "a shrinker without a name");
		return -EINVAL;
	}
	if (shrinker->batch < 0 || shrinker->seeks < 0) {
		pr_err("register_shrinker: %s has batch %ld and seeks %d; neither can be negative, batch 0 means 128\n",
		       shrinker->name ? shrinker->name : "a shrinker without a name", shrinker->batch,
		       shrinker->seeks);
		return -EINVAL;
	}
	return mmsim_reclaim_add(mmsim_memory_live, shrinker, _RET_IP_) ? 0 : -EEXIST;
}
EXPORT_SYMBOL_GPL(mmsim_register_shrinker);

/**
 * mmsim_unregister_shrinker() - stop calling a shrinker, as unregister_shrinker() of 6.1
 * @shrinker: one that was registered; one that wasn't is reported and not looked into
 *
 * Context: process context, may sleep; not from a shrinker.
 */
void mmsim_unregister_shrinker(struct mmsim_shrinker *shrinker)
{
	mmsim_reclaim_remove(mmsim_memory_live, shrinker, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_unregister_shrinker);
