// SPDX-License-Identifier: GPL-2.0
/*
 * The page allocator's front: what the exported functions do, on any instance, and the exported functions, on the live
 * one.
 *
 * An allocation takes its zonelist from the gfp flags, the first block that fits from the zones on it, and prepares the
 * block: one reference, a compound page's tails, zeroes. A free looks at every page of the block, gives up the last
 * reference and puts the block back.
 *
 * The checks of a free: one comparison says that the head is an allocated block of the given order without a busy flag;
 * one compare-and-exchange, from one reference and no mapping to neither, that nobody else has it, and of two frees at
 * once it lets one through. The tails' words are or'ed and and'ed together and compared once at the end. Only what
 * fails goes to the slow path, which finds out why and reports it, and nothing has been changed then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/kernel.h>

#include "page/memory.h"

struct mmsim_memory *mmsim_memory_live __read_mostly;

static struct mmsim_page *head_of(struct mmsim_page *page)
{
	unsigned long head = READ_ONCE(page->compound_head);

	return head & 1 ? (struct mmsim_page *)(head - 1) : page;
}

static void make_compound(struct mmsim_page *page, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < 1UL << order; i++)
		WRITE_ONCE(page[i].compound_head, (unsigned long)page | 1);
	WRITE_ONCE(page->flags, page->flags | BIT(PG_head));
}

static void clear_compound(struct mmsim_page *page, unsigned int order)
{
	unsigned long i;

	for (i = 1; i < 1UL << order; i++)
		WRITE_ONCE(page[i].compound_head, 0);
}

static void zero_block(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	void *addr = mmsim_memory_vaddr(mem, page);
	void *end = addr + (PAGE_SIZE << order);

	for (; addr < end; addr += PAGE_SIZE)
		clear_page(addr);
}

static void prepare_block(struct mmsim_memory *mem, struct mmsim_page *page, gfp_t gfp, unsigned int order)
{
	page->private = 0;
	page->mapping = NULL;
	atomic64_set(&page->counts, MMSIM_COUNTS_OWNED);
	if (order && (gfp & __GFP_COMP))
		make_compound(page, order);
	if (unlikely(mem->init_on_alloc || (gfp & __GFP_ZERO)))
		zero_block(mem, page, order);
}

static noinline struct mmsim_page *refuse_alloc(struct mmsim_memory *mem, enum mmsim_bad what, unsigned int order,
						unsigned long caller)
{
	mmsim_bad(mem, what, NULL, order, caller);
	return NULL;
}

/**
 * mmsim_memory_alloc() - allocate a block of pages from an instance
 * @mem: the instance's page floor
 * @gfp: zone flags, __GFP_COMP, __GFP_ZERO and __GFP_NOWARN matter
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 * @caller: for reports
 *
 * Context: any; never sleeps.
 * Return: the block's first page; NULL when no allowed zone has such a block or the request makes no sense.
 */
struct mmsim_page *mmsim_memory_alloc(struct mmsim_memory *mem, gfp_t gfp, unsigned int order, unsigned long caller)
{
	int highest = mmsim_gfp_zone(gfp);
	struct mmsim_zone *const *zone;
	struct mmsim_page *page;

	if (unlikely(order > MMSIM_MAX_ORDER))
		return refuse_alloc(mem, MMSIM_BAD_ALLOC_ORDER, order, caller);
	if (unlikely(highest < 0))
		return refuse_alloc(mem, MMSIM_BAD_GFP, order, caller);

	for (zone = mem->node[0]->zonelist[highest]; *zone; zone++) {
		page = mmsim_buddy_take(*zone, order);
		if (likely(page)) {
			prepare_block(mem, page, gfp, order);
			return page;
		}
	}
	mmsim_alloc_failed(mem, gfp, order, caller);
	return NULL;
}

/* Whether all tails are as they were handed out. Written for speed: a free of 2 MB looks at 511. */
static bool tails_are_idle(const struct mmsim_page *page, unsigned int order)
{
	const struct mmsim_page *end = page + (1UL << order);
	unsigned long flags = 0, mapping = 0;
	u64 any = MMSIM_COUNTS_IDLE, all = MMSIM_COUNTS_IDLE;

#pragma GCC unroll 4
	for (page++; page < end; page++) {
		flags |= page->flags;
		mapping |= (unsigned long)page->mapping;
		any |= page->counts.counter;
		all &= page->counts.counter;
	}
	return !(flags & (MMSIM_PG_ALL | MMSIM_PAGE_STATE)) && !mapping && any == all;
}

/* The head of the block that holds @page and is in @state; NULL when there is none. Without a lock: for reports. */
static struct mmsim_page *enclosing_block(struct mmsim_page *page, unsigned long state)
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

static bool is_descriptor(const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	unsigned long offset = (unsigned long)page - (unsigned long)mem->map;

	return offset < mem->nr_pages * sizeof(*page) && offset % sizeof(*page) == 0;
}

/* Why the head of a block can't be freed. */
static enum mmsim_bad head_fault(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	unsigned long flags;

	if (!is_descriptor(mem, page))
		return MMSIM_BAD_WILD;
	flags = READ_ONCE(page->flags);
	if (mmsim_page_is_reserved(page) && !(flags & MMSIM_PAGE_STATE))
		return MMSIM_BAD_RESERVED;
	if (!(flags & MMSIM_PAGE_ALLOCATED))
		return enclosing_block(page, MMSIM_PAGE_ALLOCATED) ? MMSIM_BAD_TAIL : MMSIM_BAD_DOUBLE_FREE;
	if (mmsim_page_order(page) != order)
		return MMSIM_BAD_ORDER;
	if (!atomic_read(&page->_refcount))
		return MMSIM_BAD_DOUBLE_FREE;
	if (atomic_read(&page->_refcount) != 1)
		return MMSIM_BAD_REFERENCED;
	if (atomic_read(&page->_mapcount) != -1 || page->mapping)
		return MMSIM_BAD_MAPPED;
	return MMSIM_BAD_FLAGS;
}

static noinline bool refuse_free(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				 unsigned long caller)
{
	mmsim_bad(mem, head_fault(mem, page, order), page, order, caller);
	return false;
}

/* Reports the first tail that is in use; without one, clears what the client left in the tails' flags. */
static noinline bool clean_tails(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order,
				 unsigned long caller)
{
	struct mmsim_page *tail, *end = page + (1UL << order);

	for (tail = page + 1; tail < end; tail++) {
		enum mmsim_bad what = tail_fault(tail);

		if (what != MMSIM_NR_BAD) {
			mmsim_bad(mem, what, tail, order, caller);
			return false;
		}
	}
	for (tail = page + 1; tail < end; tail++)
		WRITE_ONCE(tail->flags, tail->flags & MMSIM_PAGE_ID);
	return true;
}

/* Gives up the last reference of a block that nobody else maps or holds. */
static bool drop_last(struct mmsim_page *page)
{
	s64 owned = MMSIM_COUNTS_OWNED;

	return atomic64_try_cmpxchg(&page->counts, &owned, MMSIM_COUNTS_IDLE);
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
	unsigned long expected = MMSIM_PAGE_ALLOCATED | (unsigned long)order << MMSIM_PAGE_ORDER_SHIFT;

	if (unlikely(!page))
		return true;
	if (unlikely(!is_descriptor(mem, page) || page->mapping ||
		     (READ_ONCE(page->flags) & (MMSIM_PAGE_STATE | MMSIM_PAGE_ORDER | MMSIM_PG_BUSY)) != expected))
		return refuse_free(mem, page, order, caller);
	if (order && unlikely(!tails_are_idle(page, order)) && !clean_tails(mem, page, order, caller))
		return false;
	if (unlikely(!drop_last(page)))
		return refuse_free(mem, page, order, caller);

	if (mmsim_page_is_compound(page))
		clear_compound(page, order);
	if (unlikely(mem->init_on_free))
		zero_block(mem, page, order);
	mmsim_buddy_put(mmsim_page_zone(mem, page), page, order);
	return true;
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
 * mmsim_memory_put() - drop a reference, and free the block with the last one
 * @mem: the instance's page floor
 * @page: a page with references; a compound page may be named by any of its pages
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

	page = head_of(page);
	refs = atomic_read(&page->_refcount);
	do {
		if (refs <= 1)
			return mmsim_memory_free(mem, page, mmsim_page_order(page), caller);
	} while (!atomic_try_cmpxchg(&page->_refcount, &refs, refs - 1));
	return true;
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

	if (!is_descriptor(mem, page) || !mmsim_page_is_allocated(page) || mmsim_page_order(page) != order)
		return refuse_free(mem, page, order, caller);
	if (mmsim_page_is_compound(page)) {
		mmsim_bad(mem, MMSIM_BAD_COMPOUND, page, order, caller);
		return false;
	}

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

/**
 * mmsim_alloc_pages() - allocate a block of pages, as alloc_pages()
 * @gfp: the kernel's flags
 * @order: log2 of the number of pages, at most MMSIM_MAX_ORDER
 *
 * Context: any; never sleeps.
 * Return: the first page, its physical address a multiple of the block's size; NULL when there is none, reported unless
 * __GFP_NOWARN.
 */
struct mmsim_page *mmsim_alloc_pages(gfp_t gfp, unsigned int order)
{
	return mmsim_memory_alloc(mmsim_memory_live, gfp, order, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_alloc_pages);

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
 * Context: any; never sleeps.
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
 * Context: any; never sleeps.
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
 * mmsim_get_page() - take one more reference, as get_page()
 * @page: a page that the caller holds; a compound page may be named by any of its pages
 *
 * Context: any. A page that nobody holds is reported and left alone.
 */
void mmsim_get_page(struct mmsim_page *page)
{
	page = head_of(page);
	if (unlikely(!atomic_inc_not_zero(&page->_refcount)))
		mmsim_bad(mmsim_memory_live, MMSIM_BAD_GET, page, mmsim_page_order(page), _RET_IP_);
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
	return head_of(page);
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
 * Return: the address of its frame; NULL for a page in HighMem.
 */
void *mmsim_page_address(const struct mmsim_page *page)
{
	return page->virtual;
}
EXPORT_SYMBOL_GPL(mmsim_page_address);

/**
 * mmsim_virt_to_page() - the page that an address lies in, as virt_to_page()
 * @addr: a kernel address
 *
 * Return: the page; NULL when the address is not one of mmsim's pages.
 */
struct mmsim_page *mmsim_virt_to_page(const void *addr)
{
	struct mmsim_page *page = mmsim_memory_addr_page(mmsim_memory_live, (unsigned long)addr);

	return page && page->virtual ? page : NULL;
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

	return page ? head_of(page) : NULL;
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
 * Return: true for every byte of the region's kernel mapping, metadata and holes included.
 */
bool mmsim_owns(const void *addr)
{
	return mmsim_memory_addr_page(mmsim_memory_live, (unsigned long)addr);
}
EXPORT_SYMBOL_GPL(mmsim_owns);
