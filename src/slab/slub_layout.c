// SPDX-License-Identifier: GPL-2.0
/*
 * How large SLUB's slots and slabs are: the same numbers as the kernel's, for the same size, alignment, flags and CPUs.
 *
 * A slot, from its start (a blank is what only a debugging cache has):
 *
 *	( left red zone | ) object | padding to a word, red zone if debugging | ( link | owners | red zone )
 *
 * The link to the next free object lies in the middle of the object itself, where neither neighbour writes by mistake,
 * or behind it where a free object has to stay as it is: it was constructed, may still be read under RCU, or is filled
 * with a pattern.
 *
 * A slab is of the smallest order that holds enough objects, so that its lock is seldom taken, and leaves little of it
 * unused. "Enough" grows with the logarithm of the CPUs. "Little" is a sixteenth, and becomes an eighth, a quarter and
 * a half when no order up to the largest will do. The kernels before 6.7 rather made do with fewer objects than with
 * half of a slab wasted.
 */
#include <linux/kernel.h>
#include <linux/mm.h>

#include "slab/slub.h"

/* Of a slab: the kernel's field for it has 15 bits. */
#define MAX_OBJECTS	32767U

static_assert(MAX_OBJECTS <= MMSIM_SLAB_MAX_OBJECTS);

static unsigned int objects_in(unsigned int order, unsigned int size)
{
	return ((unsigned int)PAGE_SIZE << order) / size;
}

/* The smallest order from @order up that leaves at most 1/@fraction of a slab unused; above the largest: none does. */
static unsigned int first_fit(const struct mmsim_slab_rules *rules, unsigned int size, unsigned int order,
			      unsigned int fraction)
{
	while (order <= rules->max_order) {
		unsigned int slab = PAGE_SIZE << order;

		if (slab % size <= slab / fraction)
			break;
		order++;
	}
	return order;
}

/* The order from which on slabs have @nr objects. */
static unsigned int order_for(const struct mmsim_slab_rules *rules, unsigned int size, unsigned int nr)
{
	return max_t(unsigned int, rules->min_order, get_order(nr * size));
}

/* Since 6.7: ever more waste, for the same number of objects. */
static int order_by_waste(const struct mmsim_slab_rules *rules, unsigned int size, unsigned int nr)
{
	unsigned int from = order_for(rules, size, nr), fraction, order;

	for (fraction = 16; fraction > 1; fraction /= 2) {
		order = first_fit(rules, size, from, fraction);
		if (order <= rules->max_order)
			return order;
	}
	return -E2BIG;
}

/* Before 6.7: waste up to a quarter, then an object less, and so on. A single object may waste what it likes. */
static int order_by_objects(const struct mmsim_slab_rules *rules, unsigned int size, unsigned int nr)
{
	unsigned int fraction, order;

	for (; nr > 1; nr--) {
		unsigned int from = order_for(rules, size, nr);

		for (fraction = 16; fraction >= 4; fraction /= 2) {
			order = first_fit(rules, size, from, fraction);
			if (order <= rules->max_order)
				return order;
		}
	}
	order = order_for(rules, size, 1);
	return order <= rules->max_order ? (int)order : -E2BIG;
}

/**
 * mmsim_slub_order() - the order of a cache's slabs
 * @rules: the kernel's rules to follow
 * @size: bytes of a slot, not 0
 *
 * As the kernel's calculate_order().
 *
 * Return: the order, or -E2BIG when no block holds one slot.
 */
int mmsim_slub_order(const struct mmsim_slab_rules *rules, unsigned int size)
{
	unsigned int nr = rules->min_objects ? rules->min_objects : 4 * (fls(rules->nr_cpus) + 1);
	unsigned int most = max(objects_in(rules->max_order, size), 1U);
	unsigned int too_many = rules->min_order;
	int order;

	nr = min(nr, most);
	if (!rules->lowers_min_objects)
		too_many = order_for(rules, size, nr);
	if (objects_in(too_many, size) > MAX_OBJECTS)
		return get_order(size * MAX_OBJECTS) - 1;
	order = rules->lowers_min_objects ? order_by_objects(rules, size, nr) : order_by_waste(rules, size, nr);
	if (order < 0)
		order = get_order(size);
	return order <= MMSIM_MAX_ORDER ? order : -E2BIG;
}

/* Whether a free object may not be written to, so that its link has to lie behind it. */
static bool link_outside(const struct mmsim_kmem_cache *s)
{
	return ((s->flags & SLAB_TYPESAFE_BY_RCU) && !s->use_freeptr_offset) || (s->flags & SLAB_POISON) || s->ctor ||
	       ((s->flags & SLAB_RED_ZONE) && s->object_size < sizeof(void *));
}

/**
 * mmsim_slub_layout() - lay out a cache's slots and slabs
 * @s: the cache; see layout in struct mmsim_slab_ops
 *
 * As the kernel's calculate_sizes().
 *
 * Return: 0, or -E2BIG.
 */
int mmsim_slub_layout(struct mmsim_kmem_cache *s)
{
	unsigned int size = ALIGN(s->object_size, sizeof(void *));
	int order;

	if ((s->flags & SLAB_RED_ZONE) && size == s->object_size)
		size += sizeof(void *);
	s->inuse = size;
	if (link_outside(s)) {
		s->offset = size;
		size += sizeof(void *);
	} else if (s->use_freeptr_offset) {
		s->offset = s->freeptr_offset;
	} else {
		s->offset = ALIGN_DOWN(s->object_size / 2, sizeof(void *));
	}
	mmsim_slab_debug_layout(s, &size);
	s->size = ALIGN(size, s->align);

	order = mmsim_slub_order(&s->slabs->params.rules, s->size);
	if (order < 0)
		return order;
	s->order = order;
	s->min_order = get_order(s->size);
	s->objects = objects_in(order, s->size);
	return 0;
}
