// SPDX-License-Identifier: GPL-2.0
/*
 * The heap of the SLOB engine: pages cut into pieces of any size, after Knuth (The Art of Computer Programming, 1, 2.5)
 * and the malloc() of Kernighan and Ritchie.
 *
 * A page is 2048 units of 2 bytes. Its free pieces form a list in the order of their addresses, and the list lies in
 * the pieces themselves, so that a page can be used up to its last unit and costs nothing besides its descriptor:
 *
 *	a free piece of 2 units or more	| units | next |
 *	a free piece of a single unit	| -next |
 *
 * `next` is how many units the next free piece is from the page's first byte; the last piece says 2048. It is never 0,
 * so that the sign tells the two forms apart.
 *
 *	cut	Go through the pages on the list for this size; in each that has units enough, go through the free
 *		pieces, and take the first that is large enough once its start is aligned: first fit. What lies before
 *		and behind stays free. The next search begins with this page: next fit. Else the small pieces that
 *		searches leave behind would gather in the first pages, and each search would go through them again.
 *	put	Find the free pieces before and behind, and merge with those that touch. A page without pieces in
 *		use goes back to the page floor.
 *
 * A full page is on none of the lists that are searched. When a piece of it is put back, it joins the list for that
 * piece's size, which need not be the one that it was on before.
 *
 * All of it is under one lock, and a search takes the longer the more pages there are: SLOB gives time for memory.
 *
 * Not done here: who has a piece and how large it is. Whoever puts it back says so. What this file sees is when some of
 * what is put back is free already.
 */
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/random.h>

#include "slab/engine_slob.h"

#define END	MMSIM_SLOB_PAGE_UNITS

static_assert(END <= S16_MAX);

static unsigned int piece_units(const s16 *base, unsigned int at)
{
	return base[at] > 0 ? base[at] : 1;
}

static unsigned int piece_next(const s16 *base, unsigned int at)
{
	return base[at] > 0 ? base[at + 1] : -base[at];
}

static void set_piece(s16 *base, unsigned int at, unsigned int units, unsigned int next)
{
	if (units == 1) {
		base[at] = -next;
		return;
	}
	base[at] = units;
	base[at + 1] = next;
}

static unsigned int free_units(const struct mmsim_slab *slab)
{
	return slab->engine[MMSIM_SLOB_FREE_UNITS];
}

static unsigned int first_piece(const struct mmsim_slab *slab)
{
	return slab->engine[MMSIM_SLOB_FIRST];
}

static void set_free_units(struct mmsim_slob_heap *heap, struct mmsim_slab *slab, unsigned int units)
{
	heap->free_units += units;
	heap->free_units -= free_units(slab);
	slab->engine[MMSIM_SLOB_FREE_UNITS] = units;
}

/* Has @next follow the piece at @prev, or be the first when @prev is END. */
static void link_piece(struct mmsim_slab *slab, unsigned int prev, unsigned int next)
{
	s16 *base = slab->virtual;

	if (prev == END)
		WRITE_ONCE(slab->engine[MMSIM_SLOB_FIRST], next);	/* mmsim_slob_is_whole() */
	else
		set_piece(base, prev, piece_units(base, prev), next);
}

static struct list_head *list_for(struct mmsim_slob_heap *heap, size_t size)
{
	if (size < MMSIM_SLOB_BREAK1)
		return &heap->list[MMSIM_SLOB_SMALL];
	if (size < MMSIM_SLOB_BREAK2)
		return &heap->list[MMSIM_SLOB_MEDIUM];
	return &heap->list[MMSIM_SLOB_LARGE];
}

/* Units to leave free at the start of a piece, so that what is cut is aligned. */
static unsigned int gap_before(const s16 *piece, const struct mmsim_slob_request *r)
{
	unsigned long addr = (unsigned long)piece + r->align_offset;

	return (ALIGN(addr, r->align) - addr) / MMSIM_SLOB_UNIT;
}

/* Cuts it out of the first piece of the page that will do; NULL when none does. */
static void *cut_from_page(struct mmsim_slob_heap *heap, struct mmsim_slab *slab, const struct mmsim_slob_request *r)
{
	unsigned int want = DIV_ROUND_UP(r->size, MMSIM_SLOB_UNIT), prev = END, at, next;
	s16 *base = slab->virtual;

	for (at = first_piece(slab); at != END; prev = at, at = next) {
		unsigned int units = piece_units(base, at), gap = gap_before(base + at, r);

		next = piece_next(base, at);
		if (units < gap + want)
			continue;
		if (units > gap + want) {
			unsigned int behind = at + gap + want;

			set_piece(base, behind, units - gap - want, next);
			next = behind;
		}
		if (gap)
			set_piece(base, at, gap, next);
		else
			link_piece(slab, prev, next);
		set_free_units(heap, slab, free_units(slab) - want);
		return base + at + gap;
	}
	return NULL;
}

/* Whether a request may have memory of this page. */
static bool page_allowed(const struct mmsim_slab *slab, const struct mmsim_slob_request *r, int highest_zone)
{
	const struct mmsim_page *page = (const struct mmsim_page *)slab;

	return (r->node == NUMA_NO_NODE || (int)mmsim_page_nid(page) == r->node) &&
	       (int)mmsim_page_zone_type(page) <= highest_zone;
}

static void *cut_from_list(struct mmsim_slob_heap *heap, const struct mmsim_slob_request *r, int highest_zone)
{
	struct list_head *list = list_for(heap, r->size);
	struct mmsim_slab *slab;
	void *p;

	list_for_each_entry(slab, list, list) {
		if (free_units(slab) * MMSIM_SLOB_UNIT < r->size || !page_allowed(slab, r, highest_zone))
			continue;
		p = cut_from_page(heap, slab, r);
		if (!p)
			continue;
		if (!free_units(slab))
			list_move(&slab->list, &heap->list[MMSIM_SLOB_FULL]);
		else if (!list_is_first(&slab->list, list))
			list_rotate_to_front(&slab->list, list);
		return p;
	}
	return NULL;
}

static void *cut_from_new_page(struct mmsim_slob_heap *heap, struct mmsim_slab *slab,
			       const struct mmsim_slob_request *r)
{
	void *p;

	heap->nr_pages++;
	set_free_units(heap, slab, END);
	slab->engine[MMSIM_SLOB_FIRST] = 0;
	set_piece(slab->virtual, 0, END, END);
	p = cut_from_page(heap, slab, r);
	list_add(&slab->list, free_units(slab) ? list_for(heap, r->size) : &heap->list[MMSIM_SLOB_FULL]);
	return p;
}

/**
 * mmsim_slob_heap_init() - start with no pages
 * @heap: zeroed
 *
 * Context: any.
 */
void mmsim_slob_heap_init(struct mmsim_slob_heap *heap)
{
	unsigned int i;

	spin_lock_init(&heap->lock);
	heap->secret = get_random_u64();
	for (i = 0; i < MMSIM_SLOB_NR_LISTS; i++)
		INIT_LIST_HEAD(&heap->list[i]);
}

static void *cut_from_pages(struct mmsim_slob_heap *heap, const struct mmsim_slob_request *r, int highest_zone)
{
	unsigned long flags;
	void *p;

	spin_lock_irqsave(&heap->lock, flags);
	p = cut_from_list(heap, r, highest_zone);
	spin_unlock_irqrestore(&heap->lock, flags);
	return p;
}

/* From a page that there is, or from a new one. */
static void *cut(struct mmsim_kmem_cache *s, const struct mmsim_slob_request *r, gfp_t gfp)
{
	struct mmsim_slob_heap *heap = mmsim_slob_heap(s->slabs);
	void *p = cut_from_pages(heap, r, mmsim_gfp_zone(s->allocflags));
	struct mmsim_slab *slab;
	unsigned long flags;

	if (p)
		return p;
	slab = mmsim_slab_take_heap_pages(s, gfp, r->node, 0);
	if (!slab)
		return NULL;
	spin_lock_irqsave(&heap->lock, flags);
	p = cut_from_new_page(heap, slab, r);
	spin_unlock_irqrestore(&heap->lock, flags);
	return p;
}

/**
 * mmsim_slob_cut() - cut a piece
 * @s: the cache that it is for; of a cache for DMA all pages are
 * @r: what is wanted
 * @gfp: for a new page when no page has room
 *
 * As 6.1's slob_alloc(), which takes no heed of zones as long as a page has room; but when the node that is asked for
 * has neither room nor pages, the room in other nodes' pages is used before a page of theirs is.
 *
 * Context: any that @gfp allows.
 * Return: the piece, its content undefined; NULL when there is no memory, reported by the page floor.
 */
void *mmsim_slob_cut(struct mmsim_kmem_cache *s, const struct mmsim_slob_request *r, gfp_t gfp)
{
	struct mmsim_slob_request any = *r;
	void *p;

	if (r->node == NUMA_NO_NODE || (gfp & __GFP_THISNODE) || s->slabs->mem->nr_nodes == 1)
		return cut(s, r, gfp);
	p = cut(s, r, mmsim_slab_exact_node(gfp));
	if (p)
		return p;
	any.node = NUMA_NO_NODE;
	p = cut_from_pages(mmsim_slob_heap(s->slabs), &any, mmsim_gfp_zone(s->allocflags));
	return p ? p : cut(s, r, gfp);
}

/* The last free piece before @at, END when there is none. */
static unsigned int piece_before(const struct mmsim_slab *slab, unsigned int at)
{
	unsigned int prev = END, next;

	for (next = first_piece(slab); next < at; next = piece_next(slab->virtual, next))
		prev = next;
	return prev;
}

/* Finds the free pieces before a piece and behind it; false when some of it is free. */
static bool find_place(const struct mmsim_slab *slab, unsigned int at, unsigned int units, unsigned int *prev,
		       unsigned int *next)
{
	*prev = piece_before(slab, at);
	*next = *prev == END ? first_piece(slab) : piece_next(slab->virtual, *prev);
	return (*prev == END || *prev + piece_units(slab->virtual, *prev) <= at) && at + units <= *next;
}

/* Puts a piece back between its neighbours; false when some of it is free. */
static bool put_to_page(struct mmsim_slob_heap *heap, struct mmsim_slab *slab, unsigned int at, unsigned int units)
{
	unsigned int prev, next, end = at + units;
	s16 *base = slab->virtual;

	if (!find_place(slab, at, units, &prev, &next))
		return false;
	set_free_units(heap, slab, free_units(slab) + units);
	if (end == next && next != END) {
		end += piece_units(base, next);
		next = piece_next(base, next);
	}
	if (prev != END && prev + piece_units(base, prev) == at) {
		set_piece(base, prev, end - prev, next);
	} else {
		set_piece(base, at, end - at, next);
		link_piece(slab, prev, at);
	}
	return true;
}

/* Where a piece begins in its page, in units; negative when it can't be one. */
static int place_of(const void *p, size_t size)
{
	unsigned int units = DIV_ROUND_UP(size, MMSIM_SLOB_UNIT), at = offset_in_page(p) / MMSIM_SLOB_UNIT;

	return (unsigned long)p % MMSIM_SLOB_UNIT || !units || at + units > END ? -1 : (int)at;
}

/**
 * mmsim_slob_is_cut() - whether some memory may be a piece in use
 * @slabs: the floor
 * @slab: the page that it lies in; not a whole block
 * @p: its first byte
 * @size: bytes
 *
 * Context: any.
 * Return: false when it can't have been cut, or some of it is free.
 */
bool mmsim_slob_is_cut(struct mmsim_slabs *slabs, struct mmsim_slab *slab, const void *p, size_t size)
{
	struct mmsim_slob_heap *heap = mmsim_slob_heap(slabs);
	unsigned int prev, next;
	int at = place_of(p, size);
	unsigned long flags;
	bool cut;

	if (at < 0)
		return false;
	spin_lock_irqsave(&heap->lock, flags);
	cut = find_place(slab, at, DIV_ROUND_UP(size, MMSIM_SLOB_UNIT), &prev, &next);
	spin_unlock_irqrestore(&heap->lock, flags);
	return cut;
}

/**
 * mmsim_slob_put() - put a piece back
 * @slabs: the floor
 * @slab: the page that it lies in; not a whole block
 * @p: what mmsim_slob_cut() returned
 * @size: bytes, as asked for then
 *
 * As 6.1's slob_free().
 *
 * Context: any.
 * Return: false when that can't have been cut, or some of it is free; nothing has changed then.
 */
bool mmsim_slob_put(struct mmsim_slabs *slabs, struct mmsim_slab *slab, void *p, size_t size)
{
	struct mmsim_slob_heap *heap = mmsim_slob_heap(slabs);
	bool was_full, ok, empty = false;
	int at = place_of(p, size);
	unsigned long flags;

	if (at < 0)
		return false;
	spin_lock_irqsave(&heap->lock, flags);
	was_full = !free_units(slab);
	ok = put_to_page(heap, slab, at, DIV_ROUND_UP(size, MMSIM_SLOB_UNIT));
	if (ok) {
		empty = free_units(slab) == END;
		if (was_full)
			list_move(&slab->list, list_for(heap, size));
	}
	if (empty) {
		list_del(&slab->list);
		set_free_units(heap, slab, 0);
		heap->nr_pages--;
	}
	spin_unlock_irqrestore(&heap->lock, flags);
	if (empty)
		mmsim_slab_give_pages(slabs->heap, slab);
	return ok;
}

/* Marks the units of a page's free pieces. */
static void view_pieces(const struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	unsigned int at, end, next;

	for (at = first_piece(slab); at < END; at = next) {
		next = piece_next(slab->virtual, at);
		end = at + piece_units(slab->virtual, at);
		if (next <= at || end > END)
			return;
		memset(view->object + at, MMSIM_OBJECT_FREE, end - at);
	}
}

/* What is on none of the lists, for it is coming or going, has neither free units nor the mark of a full page. */
static bool is_listed(struct mmsim_slabs *slabs, const struct mmsim_slab *slab)
{
	return mmsim_slab_is_of(slab, slabs->heap) && !mmsim_slob_is_whole(slab) &&
	       (READ_ONCE(slab->engine[MMSIM_SLOB_FREE_UNITS]) || READ_ONCE(slab->engine[MMSIM_SLOB_FIRST]) == END);
}

/**
 * mmsim_slob_heap_view() - look at a page of the heap and each of its units
 * @slabs: the floor
 * @slab: the page, or a whole block; see view in struct mmsim_slab_ops
 * @view: filled in
 *
 * Context: any. Holds the heap's lock for the look.
 * Return: false when it is on none of the lists, and no whole block.
 */
bool mmsim_slob_heap_view(struct mmsim_slabs *slabs, struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	struct mmsim_slob_heap *heap = mmsim_slob_heap(slabs);
	unsigned long flags;
	bool listed;

	if (mmsim_slob_is_whole(slab)) {
		view->list = "whole";
		view->nr = 1;
		view->object[0] = MMSIM_OBJECT_USED;
		return mmsim_slab_is_of(slab, slabs->heap);
	}
	spin_lock_irqsave(&heap->lock, flags);
	listed = is_listed(slabs, slab);
	if (listed) {
		view->list = free_units(slab) ? "partial" : "full";
		view->nr = END;
		memset(view->object, MMSIM_OBJECT_USED, END);
		view_pieces(slab, view);
	}
	spin_unlock_irqrestore(&heap->lock, flags);
	return listed;
}

/* The free pieces must be in order, inside the page, apart from each other, and as many units as it says. */
static const char *pieces_fault(const struct mmsim_slab *slab)
{
	unsigned int at, next, end = 0, units = 0;
	const s16 *base = slab->virtual;

	if (first_piece(slab) > END)
		return "begins its list of free pieces outside itself";
	for (at = first_piece(slab); at != END; at = next) {
		if (end && at <= end)
			return "has free pieces that overlap, or touch and weren't merged";
		if (!base[at] || base[at] == 1 || (base[at] > 0 && at + base[at] > END))
			return "has a free piece of an impossible length";
		end = at + piece_units(base, at);
		units += end - at;
		next = piece_next(base, at);
		if (next <= at || next > END)
			return "has a free piece after which the next one is before it or outside the page";
	}
	return units == free_units(slab) ? NULL : "has another number of free units than it says";
}

static const char *page_fault(const struct mmsim_slabs *slabs, const struct mmsim_slab *slab, unsigned int list)
{
	const struct mmsim_page *page = (const struct mmsim_page *)slab;

	if (!mmsim_memory_has(slabs->mem, page) || !(page->flags & MMSIM_PAGE_SLAB) || slab->cache != slabs->heap ||
	    mmsim_slab_order(slab))
		return "is no page of the heap";
	if (free_units(slab) >= END)
		return "is free altogether and wasn't given back";
	if (free_units(slab) ? list == MMSIM_SLOB_FULL : list != MMSIM_SLOB_FULL)
		return "is full and on a list that is searched, or not full and on none";
	return pieces_fault(slab);
}

/* What a walk over the heap has counted, and the page that it has come to. */
struct walk {
	struct mmsim_slab *slab;
	unsigned long pages;
	unsigned long units;
};

static const char *list_fault(struct mmsim_slabs *slabs, struct walk *w, unsigned int list)
{
	struct mmsim_slob_heap *heap = mmsim_slob_heap(slabs);
	struct mmsim_slab *slab;
	const char *fault;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry(slab, &heap->list[list], list) {
		w->slab = slab;
		fault = page_fault(slabs, slab, list);
		if (fault)
			return fault;
		w->pages++;
		w->units += free_units(slab);
	}
	return NULL;
}

/**
 * mmsim_slob_heap_check() - walk the heap and name the first invariant that doesn't hold
 * @slabs: the floor, which has a heap
 * @what: for the text
 * @size: bytes of @what
 *
 * Context: any. Holds the heap's lock throughout.
 * Return: 0 or -EUCLEAN.
 */
int mmsim_slob_heap_check(struct mmsim_slabs *slabs, char *what, size_t size)
{
	struct mmsim_slob_heap *heap = mmsim_slob_heap(slabs);
	const char *fault = NULL;
	struct walk w = {};
	unsigned long flags;
	unsigned int i;
	int err = 0;

	spin_lock_irqsave(&heap->lock, flags);
	for (i = 0; i < MMSIM_SLOB_NR_LISTS && !fault; i++)
		fault = list_fault(slabs, &w, i);
	if (fault) {
		scnprintf(what, size, "SLOB heap: pfn %#lx %s",
			  mmsim_memory_pfn(slabs->mem, mmsim_slab_page(w.slab)), fault);
		err = -EUCLEAN;
	} else if (w.pages != heap->nr_pages || w.units != heap->free_units) {
		scnprintf(what, size, "SLOB heap: %lu pages with %lu free units, but %lu and %lu counted", w.pages,
			  w.units, heap->nr_pages, heap->free_units);
		err = -EUCLEAN;
	}
	spin_unlock_irqrestore(&heap->lock, flags);
	return err;
}
