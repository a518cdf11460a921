/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page descriptor: one struct mmsim_page a frame, in an array at the front of the region's largest zone.
 *
 * Words used here
 *	frame		4 KB of physical memory, known by its number, the pfn
 *	page		a frame's descriptor
 *	block		1 << order frames, handed out and taken back as one: a head and its tails
 *	compound page	a block whose tails know their head (__GFP_COMP)
 *
 * Who owns which field when. A block is in exactly one of three states, told by its head's state bits:
 *
 *	state		flags, refcount			lru		changed under
 *	free		BUDDY, order; count 0		free list	zone->lock
 *	allocated	ALLOCATED, order; count >= 1	the client's	zone->lock in and out, else the client
 *	reserved	PG_reserved; count 1		-		never: mmsim's own metadata, or a hole
 *
 * A tail has no state bit, no order, no reference, no mapping; the free checks rely on it. A compound page's tail has
 * its head's address plus 1 in compound_head. Between the moment a free drops the last reference and the moment the
 * block is on a free list it still says ALLOCATED with count 0: it is in flight.
 */
#ifndef MMSIM_SRC_PAGE_H
#define MMSIM_SRC_PAGE_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/page-flags.h>
#include <linux/types.h>

#include <mmsim/page.h>

/*
 * Laid out as the kernel's struct page is, so that a client written for that one can be given this one where no host
 * page backs the region; `virtual` stands where the kernel has memcg_data.
 */
struct mmsim_page {
	unsigned long flags;		/* lower half: PG_*, as the kernel's; upper half: see MMSIM_PAGE_* */
	union {
		struct {
			struct list_head lru;		/* free: its free list. allocated: the client's */
			void *mapping;			/* the client's; how to move it, if movable; NULL when freed */
			unsigned long index;		/* the client's: offset within mapping */
			unsigned long private;		/* the client's; 0 when handed out */
		};
		unsigned long compound_head;		/* compound tail: the head's address plus 1 */
	};
	union {
		struct {
			atomic_t _mapcount;		/* page tables that map it, minus 1: -1 is unmapped */
			atomic_t _refcount;		/* references; 0 is free, or a tail */
		};
		atomic64_t counts;			/* both at once: see MMSIM_COUNTS_* */
	};
	/* Kernel address of the frame, constant. In HighMem: while it has one, else NULL; highmem->lock to write. */
	void *virtual;
};

static_assert(sizeof(struct mmsim_page) == 64, "1/64 of the region, and mmsim_buddy_of() flips one address bit");
static_assert(offsetof(struct mmsim_page, compound_head) == offsetof(struct mmsim_page, lru.next));

/* Both counts of an unmapped page: of a free one or a tail, and of one with a single reference. Little endian. */
#define MMSIM_COUNTS_IDLE	0x00000000ffffffffULL
#define MMSIM_COUNTS_OWNED	0x00000001ffffffffULL

/*
 * Upper half of flags. ID says to which zone the page belongs and never changes; STATE and ORDER describe the block
 * that the page is the head of and are 0 in a tail.
 */
#define MMSIM_PAGE_BUDDY	BIT(32)
#define MMSIM_PAGE_ALLOCATED	BIT(33)
#define MMSIM_PAGE_STATE	(MMSIM_PAGE_BUDDY | MMSIM_PAGE_ALLOCATED)
#define MMSIM_PAGE_MOVABLE	BIT(34)		/* allocated, and its owner has said how to move it. The page lock */
#define MMSIM_PAGE_ISOLATED	BIT(35)		/* somebody is about to move it. The page lock */
#define MMSIM_PAGE_MOVING	(MMSIM_PAGE_MOVABLE | MMSIM_PAGE_ISOLATED)
#define MMSIM_PAGE_ORDER_SHIFT	36
#define MMSIM_PAGE_ORDER	GENMASK(39, 36)
#define MMSIM_PAGE_ZONE_SHIFT	40
#define MMSIM_PAGE_ZONE		GENMASK(42, 40)
#define MMSIM_PAGE_NODE_SHIFT	44
#define MMSIM_PAGE_NODE		GENMASK(49, 44)
#define MMSIM_PAGE_SLAB		BIT(50)		/* allocated, and a slab's: see src/slab/slab.h for its fields */
#define MMSIM_PAGE_ID		(MMSIM_PAGE_ZONE | MMSIM_PAGE_NODE)
#define MMSIM_MAX_NODES		8

static_assert(MMSIM_MAX_ORDER <= (MMSIM_PAGE_ORDER >> MMSIM_PAGE_ORDER_SHIFT));

#define MMSIM_PG_ALL		GENMASK(31, 0)

/*
 * Flags that must be clear when a page is freed: it is still in use by whoever set them. Others (referenced, uptodate,
 * dirty, ...) say something about the content and go with it. The kernel's own choice.
 */
#define MMSIM_PG_BUSY		(PAGE_FLAGS_CHECK_AT_FREE & MMSIM_PG_ALL)

static_assert(__NR_PAGEFLAGS <= 32, "the kernel's flags fit into the lower half");

static inline unsigned int mmsim_page_order(const struct mmsim_page *page)
{
	return (READ_ONCE(page->flags) & MMSIM_PAGE_ORDER) >> MMSIM_PAGE_ORDER_SHIFT;
}

static inline unsigned int mmsim_page_zone_type(const struct mmsim_page *page)
{
	return (READ_ONCE(page->flags) & MMSIM_PAGE_ZONE) >> MMSIM_PAGE_ZONE_SHIFT;
}

static inline unsigned int mmsim_page_nid(const struct mmsim_page *page)
{
	return (READ_ONCE(page->flags) & MMSIM_PAGE_NODE) >> MMSIM_PAGE_NODE_SHIFT;
}

static inline bool mmsim_page_is_buddy(const struct mmsim_page *page)
{
	return READ_ONCE(page->flags) & MMSIM_PAGE_BUDDY;
}

static inline bool mmsim_page_is_allocated(const struct mmsim_page *page)
{
	return READ_ONCE(page->flags) & MMSIM_PAGE_ALLOCATED;
}

static inline bool mmsim_page_is_reserved(const struct mmsim_page *page)
{
	return READ_ONCE(page->flags) & BIT(PG_reserved);
}

static inline bool mmsim_page_is_compound(const struct mmsim_page *page)
{
	return READ_ONCE(page->flags) & BIT(PG_head);
}

/* Whether @page points to a descriptor of the @nr_pages from @map on. One between two of them is a very large index. */
static inline bool mmsim_in_map(const struct mmsim_page *map, unsigned long nr_pages, const struct mmsim_page *page)
{
	unsigned long offset = (unsigned long)page - (unsigned long)map;

	return ror64(offset, ilog2(sizeof(*page))) < nr_pages;
}

/* Blocks that are on no list yet, or no more, are chained by lru.next. */
static inline struct mmsim_page *mmsim_chain_next(const struct mmsim_page *page)
{
	return (struct mmsim_page *)page->lru.next;
}

/* Where the link to the next one stands. */
static inline struct mmsim_page **mmsim_chain_link(struct mmsim_page *page)
{
	return (struct mmsim_page **)&page->lru.next;
}

static inline void mmsim_chain_push(struct mmsim_page **head, struct mmsim_page *page)
{
	page->lru.next = (struct list_head *)*head;
	*head = page;
}

static inline struct mmsim_page *mmsim_chain_pop(struct mmsim_page **head)
{
	struct mmsim_page *page = *head;

	*head = mmsim_chain_next(page);
	return page;
}

/* The head of the compound page that @page belongs to; @page itself when it is no tail of one. */
static inline struct mmsim_page *mmsim_head_of(struct mmsim_page *page)
{
	unsigned long head = READ_ONCE(page->compound_head);

	return head & 1 ? (struct mmsim_page *)(head - 1) : page;
}

/*
 * The other half of the pair that @page and it would merge into: the block whose frame number differs in bit @order
 * alone. The array's address is a multiple of a largest block's descriptors, so the descriptors' addresses differ in
 * one bit, too.
 */
static inline struct mmsim_page *mmsim_buddy_of(struct mmsim_page *page, unsigned int order)
{
	return (struct mmsim_page *)((unsigned long)page ^ (sizeof(*page) << order));
}

/* The head of the block of 1 << (order + 1) pages that @page and its buddy form. */
static inline struct mmsim_page *mmsim_merged_head(struct mmsim_page *page, unsigned int order)
{
	return (struct mmsim_page *)((unsigned long)page & ~(sizeof(*page) << order));
}

#define MMSIM_PAGE_ARRAY_ALIGN	(sizeof(struct mmsim_page) << MMSIM_MAX_ORDER)

#endif /* MMSIM_SRC_PAGE_H */
