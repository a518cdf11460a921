// SPDX-License-Identifier: GPL-2.0
/*
 * How the SLAB engine lays out a slab: how many pages it has, how many objects, where its descriptor is.
 *
 *	on-slab		| colour | struct slab, bufctl[num] | slot 0 | slot 1 | ... | rest |
 *	off-slab	| colour | slot 0 | slot 1 | ...                            | rest |
 *
 * A descriptor is 48 bytes and 4 more an object. Beside small objects it costs little and shares its page with them;
 * beside large ones it could cost the room of a whole object, so that from an eighth of a page up it is kept elsewhere.
 * It is an object of kmalloc's then. When what the objects leave over has room for it all the same, it goes back.
 *
 * The order is the first whose left-over is at most an eighth of the slab, but once break_order holds an object no
 * larger one is tried: large blocks are hard to come by. A cache of reclaimable objects has the lowest order that holds
 * one, since it is asked for memory back when blocks are scarcest.
 *
 * What is left over is put to use: a slab's first slot is 0, 1, 2, ... steps from its usual place, each slab one
 * further than the one before until the left-over is used up, so that the first objects of all slabs don't compete for
 * the same lines of the CPU's cache. These are the colours.
 *
 * Not done: the denser index arrays of later kernels, which keep the descriptor in struct page and the array behind the
 * objects, or in a free one.
 */
#include <linux/align.h>
#include <linux/cache.h>
#include <linux/kernel.h>

#include "slab/engine_slab.h"

/* From this size up the descriptor is off-slab. */
#define OFF_SLAB_MIN	(PAGE_SIZE >> 3)

static size_t descriptor_size(unsigned int num)
{
	return sizeof(struct slab) + num * sizeof(kmem_bufctl_t);
}

/* Bytes that the descriptor of @num objects takes up in the slab. */
static size_t descriptor_room(const struct mmsim_classic_geometry *g, unsigned int num)
{
	return g->off_slab ? 0 : ALIGN(descriptor_size(num), g->align);
}

/* The most objects that a slab of this order holds. */
static unsigned int most_objects(const struct mmsim_classic_geometry *g, unsigned int order)
{
	size_t bytes = PAGE_SIZE << order;
	unsigned int num;

	if (g->off_slab)
		return bytes / g->size;
	num = (bytes - sizeof(struct slab)) / (g->size + sizeof(kmem_bufctl_t));
	/* The descriptor's end, rounded up, may have eaten into the last one. */
	if (num && descriptor_room(g, num) + (size_t)num * g->size > bytes)
		num--;
	return num;
}

/*
 * A descriptor kept elsewhere must not be larger than the objects that it describes: its own cache is then one of
 * smaller objects, with descriptors on-slab, and growing one cache never leads back to it.
 */
static bool descriptor_fits(const struct mmsim_classic_geometry *g, unsigned int num)
{
	return !g->off_slab || descriptor_size(num) <= g->size;
}

/* Chooses g->order and g->num; returns the left-over bytes, negative when no order holds an object. */
static long choose_order(struct mmsim_classic_geometry *g, slab_flags_t flags, unsigned int break_order)
{
	unsigned int order, num;
	long left = -1;

	for (order = 0; order <= MMSIM_MAX_ORDER; order++) {
		num = most_objects(g, order);
		if (!num)
			continue;
		if (!descriptor_fits(g, num))
			break;
		g->order = order;
		g->num = num;
		left = (PAGE_SIZE << order) - (size_t)num * g->size - descriptor_room(g, num);
		if ((flags & SLAB_RECLAIM_ACCOUNT) || order >= break_order)
			break;
		if (left * 8 <= (long)(PAGE_SIZE << order))
			break;
	}
	return left;
}

/**
 * mmsim_classic_geometry() - lay out the slabs of a cache
 * @g: where the layout goes
 * @size: bytes of a slot
 * @align: what a slot's address is to be a multiple of: a power of two, at most a page; 0 for a word
 * @flags: SLAB_RECLAIM_ACCOUNT matters
 * @break_order: the largest order that is tried when a lower one would do
 *
 * As calculate_slab_order() and kmem_cache_create() of Linux 2.6.
 *
 * Context: any.
 * Return: 0, or -E2BIG when no block is large enough.
 */
int mmsim_classic_geometry(struct mmsim_classic_geometry *g, size_t size, size_t align, slab_flags_t flags,
			   unsigned int break_order)
{
	long left;

	memset(g, 0, sizeof(*g));
	if (size > PAGE_SIZE << MMSIM_MAX_ORDER)
		return -E2BIG;
	g->align = max(align, sizeof(void *));
	g->off_slab = ALIGN(size, sizeof(void *)) >= OFF_SLAB_MIN;
	g->size = ALIGN(size, g->align);

	left = choose_order(g, flags, break_order);
	if (left < 0)
		return -E2BIG;
	g->descriptor = ALIGN(descriptor_size(g->num), g->align);
	if (g->off_slab && left >= (long)g->descriptor) {
		g->off_slab = false;
		left -= g->descriptor;
	}
	if (g->off_slab)
		g->descriptor = descriptor_size(g->num);
	g->colour_off = max_t(unsigned int, cache_line_size(), g->align);
	g->colour = left / g->colour_off;
	return 0;
}
