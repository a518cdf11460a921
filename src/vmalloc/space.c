// SPDX-License-Identifier: GPL-2.0
/*
 * The holes of a window: which addresses are free, and which of them a request gets.
 *
 * The holes are in a red-black tree by address, and each knows the size of the largest hole below it. A request gets
 * the lowest hole that it fits in:
 *
 *	from the root	to the left as long as there is a large enough hole somewhere there; else this one, if it is
 *			large enough; else to the right, where there must be one.
 *
 * That is one way down, so that its cost grows with the logarithm of the number of holes. Only where a hole is large
 * enough but for its alignment, which can happen when that is more than a page, the next large enough one is tried.
 *
 * The request takes the front of its hole, all of it, or, for its alignment's sake, a piece in the middle; then what
 * lies behind becomes a hole of its own. A range that comes back joins the holes on both sides: no two ever touch.
 *
 * An object for a hole is never allocated here, since the caller holds a lock: it gives the one that may be needed,
 * and frees those that are left over.
 */
#include "vmalloc/space.h"

#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/rbtree_augmented.h>

RB_DECLARE_CALLBACKS_MAX(static, largest_callbacks, struct mmsim_vmap_area, rb_node, unsigned long, subtree_max_size,
			 mmsim_va_size)

static struct mmsim_vmap_area *hole_of(const struct rb_node *node)
{
	return rb_entry(node, struct mmsim_vmap_area, rb_node);
}

/* Whether a hole of at least @size is in the subtree; it may be empty. */
static bool has_large(const struct rb_node *node, unsigned long size)
{
	return node && hole_of(node)->subtree_max_size >= size;
}

/* The lowest hole of at least @size in a subtree that has one. */
static struct mmsim_vmap_area *first_large(struct rb_node *node, unsigned long size)
{
	for (;;) {
		bool left = has_large(node->rb_left, size);

		if (!left && mmsim_va_size(hole_of(node)) >= size)
			return hole_of(node);
		node = left ? node->rb_left : node->rb_right;
	}
}

/* The next hole of at least @size behind @hole; NULL when there is none. */
static struct mmsim_vmap_area *next_large(struct mmsim_vmap_area *hole, unsigned long size)
{
	struct rb_node *node = &hole->rb_node, *parent;

	if (has_large(node->rb_right, size))
		return first_large(node->rb_right, size);
	for (; (parent = rb_parent(node)); node = parent) {
		if (node != parent->rb_left)
			continue;
		if (mmsim_va_size(hole_of(parent)) >= size)
			return hole_of(parent);
		if (has_large(parent->rb_right, size))
			return first_large(parent->rb_right, size);
	}
	return NULL;
}

static bool fits(const struct mmsim_vmap_area *hole, unsigned long size, unsigned long align)
{
	unsigned long start = ALIGN(hole->va_start, align);

	return start >= hole->va_start && start < hole->va_end && hole->va_end - start >= size;
}

/* The lowest hole that has room for the request. */
static struct mmsim_vmap_area *lowest_fit(struct mmsim_vmap_space *s, unsigned long size, unsigned long align)
{
	struct mmsim_vmap_area *hole;

	if (!has_large(s->root.rb_node, size))
		return NULL;
	hole = first_large(s->root.rb_node, size);
	if (align > PAGE_SIZE)
		while (hole && !fits(hole, size, align))
			hole = next_large(hole, size);
	return hole;
}

static void remove_hole(struct mmsim_vmap_space *s, struct mmsim_vmap_area *hole)
{
	rb_erase_augmented(&hole->rb_node, &s->root, &largest_callbacks);
	list_del(&hole->list);
	s->nr_holes--;
}

/* After a hole has changed its size: tells those above it. */
static void hole_resized(struct mmsim_vmap_area *hole)
{
	largest_callbacks.propagate(&hole->rb_node, NULL);
}

/* Where a range belongs: the link of the tree, and the hole that the link is in; NULL in an empty tree. */
static struct rb_node **find_place(struct mmsim_vmap_space *s, unsigned long start, struct mmsim_vmap_area **parent)
{
	struct rb_node **link = &s->root.rb_node;

	*parent = NULL;
	while (*link) {
		*parent = hole_of(*link);
		link = start < (*parent)->va_start ? &(*link)->rb_left : &(*link)->rb_right;
	}
	return link;
}

/* Makes a range a hole, at a place that find_place() has found. */
static void insert_hole(struct mmsim_vmap_space *s, struct mmsim_vmap_area *hole, struct mmsim_vmap_area *parent,
			struct rb_node **link)
{
	struct list_head *before = &s->list;

	if (parent)
		before = link == &parent->rb_node.rb_right ? &parent->list : parent->list.prev;
	rb_link_node(&hole->rb_node, parent ? &parent->rb_node : NULL, link);
	list_add(&hole->list, before);
	hole->subtree_max_size = mmsim_va_size(hole);
	if (parent)
		hole_resized(parent);
	rb_insert_augmented(&hole->rb_node, &s->root, &largest_callbacks);
	s->nr_holes++;
}

/* Cuts @area, whose addresses are set, out of the hole that it lies in. */
static void cut(struct mmsim_vmap_space *s, struct mmsim_vmap_area *hole, const struct mmsim_vmap_area *area,
		struct llist_node **spare)
{
	bool before = hole->va_start < area->va_start, behind = area->va_end < hole->va_end;
	struct mmsim_vmap_area *rest, *parent;
	struct rb_node **link;

	if (!before && !behind) {
		remove_hole(s, hole);
		mmsim_spare_push(spare, hole);
		return;
	}
	if (before && behind) {
		rest = mmsim_spare_pop(spare);
		rest->va_start = area->va_end;
		rest->va_end = hole->va_end;
	}
	if (before)
		hole->va_end = area->va_start;
	else
		hole->va_start = area->va_end;
	hole_resized(hole);
	if (before && behind) {
		link = find_place(s, rest->va_start, &parent);
		insert_hole(s, rest, parent, link);
	}
}

/**
 * mmsim_space_init() - begin without any hole
 * @s: the holes; mmsim_space_give() adds the first
 */
void mmsim_space_init(struct mmsim_vmap_space *s)
{
	*s = (struct mmsim_vmap_space){ .root = RB_ROOT, .list = LIST_HEAD_INIT(s->list) };
}

/**
 * mmsim_space_take() - find addresses for an area
 * @s: the holes
 * @area: gets va_start and va_end: the lowest that there are
 * @size: bytes, a multiple of PAGE_SIZE
 * @align: va_start is a multiple of it; a power of two, at least PAGE_SIZE
 * @spare: areas that are nobody's, one at least when @align is more than PAGE_SIZE; there may be fewer or more of them
 *	afterwards
 *
 * Context: under the lock of the holes.
 * Return: whether there are such addresses.
 */
bool mmsim_space_take(struct mmsim_vmap_space *s, struct mmsim_vmap_area *area, unsigned long size,
		      unsigned long align, struct llist_node **spare)
{
	struct mmsim_vmap_area *hole = lowest_fit(s, size, align);

	if (!hole)
		return false;
	area->va_start = ALIGN(hole->va_start, align);
	area->va_end = area->va_start + size;
	cut(s, hole, area, spare);
	s->free -= size;
	return true;
}

/**
 * mmsim_space_give() - make a range a hole, or a part of one
 * @s: the holes; none overlaps the range
 * @area: the range; it is a hole then, or one of @spare
 * @spare: where areas go that are left over
 *
 * Context: under the lock of the holes.
 */
void mmsim_space_give(struct mmsim_vmap_space *s, struct mmsim_vmap_area *area, struct llist_node **spare)
{
	struct mmsim_vmap_area *parent, *before = NULL, *behind = NULL;
	struct rb_node **link = find_place(s, area->va_start, &parent);

	s->free += mmsim_va_size(area);
	if (parent) {
		bool right = link == &parent->rb_node.rb_right;
		struct list_head *other = right ? parent->list.next : parent->list.prev;
		struct mmsim_vmap_area *neighbour = other == &s->list ? NULL :
						    list_entry(other, struct mmsim_vmap_area, list);

		before = right ? parent : neighbour;
		behind = right ? neighbour : parent;
	}
	if (before && before->va_end != area->va_start)
		before = NULL;
	if (behind && behind->va_start != area->va_end)
		behind = NULL;

	if (!before && !behind) {
		insert_hole(s, area, parent, link);
		return;
	}
	mmsim_spare_push(spare, area);
	if (before && behind) {
		remove_hole(s, behind);
		before->va_end = behind->va_end;
		mmsim_spare_push(spare, behind);
	} else if (before) {
		before->va_end = area->va_end;
	} else {
		behind->va_start = area->va_start;
	}
	hole_resized(before ? before : behind);
}

/**
 * mmsim_space_from() - the first hole that ends behind an address
 * @s: the holes
 * @addr: the address
 *
 * Context: under the lock of the holes.
 * Return: the hole, which may contain the address or lie behind it; NULL when there is none.
 */
struct mmsim_vmap_area *mmsim_space_from(struct mmsim_vmap_space *s, unsigned long addr)
{
	struct rb_node *node = s->root.rb_node;
	struct mmsim_vmap_area *found = NULL;

	while (node) {
		if (addr < hole_of(node)->va_end) {
			found = hole_of(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static unsigned long largest_below(const struct mmsim_vmap_area *hole)
{
	unsigned long largest = mmsim_va_size(hole);

	if (hole->rb_node.rb_left)
		largest = max(largest, hole_of(hole->rb_node.rb_left)->subtree_max_size);
	if (hole->rb_node.rb_right)
		largest = max(largest, hole_of(hole->rb_node.rb_right)->subtree_max_size);
	return largest;
}

/* What is wrong with a hole, given the one before it; NULL when nothing is. */
static const char *hole_fault(const struct mmsim_vmap_area *hole, unsigned long end_before)
{
	if (!PAGE_ALIGNED(hole->va_start) || !PAGE_ALIGNED(hole->va_end) || hole->va_start >= hole->va_end)
		return "is no range of pages";
	if (hole->va_start <= end_before)
		return "touches or overlaps the one before it";
	if (hole->subtree_max_size != largest_below(hole))
		return "says another size of the largest in its subtree than there is";
	return NULL;
}

/**
 * mmsim_space_check() - check that the tree, the list and the sums agree
 * @s: the holes
 * @what: where the name of the first broken invariant goes
 * @size: bytes at @what
 *
 * Context: under the lock of the holes.
 * Return: 0, or -EUCLEAN with @what filled in.
 */
int mmsim_space_check(const struct mmsim_vmap_space *s, char *what, size_t size)
{
	const struct list_head *at = s->list.next;
	unsigned long nr = 0, bytes = 0, end = 0;
	const struct rb_node *node;

	for (node = rb_first(&s->root); node; node = rb_next(node), at = at->next) {
		const struct mmsim_vmap_area *hole = hole_of(node);
		const char *fault = at == &hole->list ? hole_fault(hole, end) : "is at another place of the list";

		if (fault) {
			scnprintf(what, size, "vmalloc: the hole %#lx-%#lx %s", hole->va_start, hole->va_end, fault);
			return -EUCLEAN;
		}
		end = hole->va_end;
		bytes += mmsim_va_size(hole);
		nr++;
	}
	if (at == &s->list && nr == s->nr_holes && bytes == s->free)
		return 0;
	scnprintf(what, size, "vmalloc: %lu holes with %lu bytes, counted are %lu with %lu; the list %s", nr, bytes,
		  s->nr_holes, s->free, at == &s->list ? "ends there, too" : "goes on");
	return -EUCLEAN;
}
