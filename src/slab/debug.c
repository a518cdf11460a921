// SPDX-License-Identifier: GPL-2.0
/*
 * Debugging caches: what is laid around their objects, and what is looked at when one is handed out or taken back. The
 * kernel's patterns and the kernel's words for what is found.
 *
 *	slot	| left red zone | object | right red zone | link | tracks | padding |
 *
 *	SLAB_RED_ZONE	both zones say whether the object is free (bb) or in use (cc); who writes there is found out
 *	SLAB_POISON	a free object is filled with 6b and ends with a5, padding with 5a; so are late writes
 *	SLAB_STORE_USER	who allocated it last, and who freed it last: see track.c. With SLAB_RED_ZONE, what is behind
 *			the bytes that kmalloc's client asked for is a red zone, too, while the object is in use
 *	SLAB_CONSISTENCY_CHECKS	what is freed must be the start of an object, and one in use; the others ask that, too
 *
 * What is damaged is reported and repaired, so that each damage is reported once; what can't be freed is refused. An
 * engine whose slabs have no slots of one size (place() is NULL) keeps nothing of a free object, so that only what is
 * freed is looked at.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/poison.h>
#include <linux/string.h>

#include "slab/slab.h"

#define SHOWN_BYTES	64U	/* of an object, in a report */

/**
 * mmsim_slab_debug_layout() - lay out what stands around a debugging cache's objects
 * @s: the cache; sets red_left_pad
 * @size: bytes of object, right red zone and link; becomes those of the slot, not yet aligned
 *
 * Tracks begin where @size ended, or inuse if there is no link behind the object.
 */
void mmsim_slab_debug_layout(struct mmsim_kmem_cache *s, unsigned int *size)
{
	*size += mmsim_track_bytes(s);
	if (s->flags & SLAB_RED_ZONE) {
		s->red_left_pad = ALIGN(sizeof(void *), s->align);
		*size += sizeof(void *) + s->red_left_pad;
	}
}

/* Puts the patterns of a free object, or of one in use, on and around it. */
static void fill(struct mmsim_kmem_cache *s, void *object, bool free)
{
	if (s->flags & SLAB_RED_ZONE) {
		u8 zone = free ? SLUB_RED_INACTIVE : SLUB_RED_ACTIVE;

		memset(object - s->red_left_pad, zone, s->red_left_pad);
		memset(object + s->object_size, zone, s->inuse - s->object_size);
	}
	if (s->poison_object && free) {
		memset(object, POISON_FREE, s->object_size - 1);
		memset(object + s->object_size - 1, POISON_END, 1);
	}
}

/**
 * mmsim_slab_setup() - make a slot of a new slab ready
 * @s: the cache
 * @slab: the slab
 * @object: the object of the slot
 *
 * Called by engines, once for each slot.
 */
void mmsim_slab_setup(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	if (unlikely(s->debug)) {
		if (s->flags & SLAB_POISON)
			memset(object - s->red_left_pad, POISON_INUSE, s->size);
		fill(s, object, true);
		mmsim_track_clear(s, object);
	}
	if (unlikely(s->ctor))
		s->ctor(object);
}

/* --- Reports --- */

static void print_bytes(const char *what, const void *at, unsigned int nr)
{
	if (nr)
		print_hex_dump(KERN_ERR, what, DUMP_PREFIX_ADDRESS, 16, 1, at, nr, true);
}

static void print_object(struct mmsim_kmem_cache *s, const void *object)
{
	mmsim_track_print(s, object);
	print_bytes("mmsim: Redzone  ", object - s->red_left_pad, s->red_left_pad);
	print_bytes("mmsim: Object   ", object, min(s->object_size, SHOWN_BYTES));
	if (s->flags & SLAB_RED_ZONE)
		print_bytes("mmsim: Redzone  ", object + s->object_size, s->inuse - s->object_size);
}

/* A run of bytes that must all be @pattern. Reports and restores them if they aren't. */
static bool bytes_are(struct mmsim_kmem_cache *s, enum mmsim_slab_bad kind, const char *what, const void *object,
		      u8 *start, u8 pattern, size_t nr)
{
	u8 *first = nr ? memchr_inv(start, pattern, nr) : NULL, *last;

	if (!first)
		return true;
	for (last = start + nr - 1; *last == pattern; )
		last--;
	mmsim_slab_bad(s->slabs, kind, s,
		       "%s overwritten: %#lx-%#lx, first byte %#x instead of %#x, of object %#lx; restored",
		       what, (unsigned long)first, (unsigned long)last, *first, pattern, (unsigned long)object);
	if (__ratelimit(&s->slabs->report_limit))
		print_object(s, object);
	memset(first, pattern, last - first + 1);
	atomic_long_inc(&s->nr_errors);
	return false;
}

/* --- Looking at an object --- */

static bool zones_are(struct mmsim_kmem_cache *s, void *object, bool free)
{
	u8 zone = free ? SLUB_RED_INACTIVE : SLUB_RED_ACTIVE;
	bool sound;

	if (!(s->flags & SLAB_RED_ZONE))
		return true;
	sound = bytes_are(s, MMSIM_SLAB_BAD_RED_ZONE, "Left Redzone", object, object - s->red_left_pad, zone,
			  s->red_left_pad);
	return bytes_are(s, MMSIM_SLAB_BAD_RED_ZONE, "Right Redzone", object, object + s->object_size, zone,
			 s->inuse - s->object_size) && sound;
}

/* Of an object in use: what its client has not asked for. */
static bool rest_is(struct mmsim_kmem_cache *s, void *object)
{
	unsigned int size = mmsim_track_requested(s, object);

	if (!(s->flags & SLAB_RED_ZONE))
		return true;
	return bytes_are(s, MMSIM_SLAB_BAD_RED_ZONE, "kmalloc Redzone", object, object + size, SLUB_RED_ACTIVE,
			 s->object_size - size);
}

static bool padding_is(struct mmsim_kmem_cache *s, void *object)
{
	unsigned int start = mmsim_cache_info_end(s) + mmsim_track_bytes(s);

	if (!(s->flags & SLAB_POISON))
		return true;
	return bytes_are(s, MMSIM_SLAB_BAD_PADDING, "Object padding", object, object + start, POISON_INUSE,
			 s->size - s->red_left_pad - start);
}

static bool poison_is(struct mmsim_kmem_cache *s, void *object)
{
	if (!s->poison_object)
		return true;
	return bytes_are(s, MMSIM_SLAB_BAD_POISON, "Poison", object, object, POISON_FREE, s->object_size - 1) &&
	       bytes_are(s, MMSIM_SLAB_BAD_POISON, "End Poison", object, object + s->object_size - 1, POISON_END, 1);
}

static bool is_sound(struct mmsim_kmem_cache *s, void *object, bool free)
{
	bool sound = zones_are(s, object, free);

	sound &= free ? poison_is(s, object) : rest_is(s, object);
	return padding_is(s, object) && sound;
}

/**
 * mmsim_slab_debug_alloc() - look at an object before a client gets it
 * @s: its cache, a debugging one
 * @object: the object
 * @caller: the client
 *
 * Context: any.
 */
void mmsim_slab_debug_alloc(struct mmsim_kmem_cache *s, void *object, unsigned long caller)
{
	if (s->ops->place)
		is_sound(s, object, true);
	fill(s, object, false);
	mmsim_track_set(s, object, MMSIM_TRACK_ALLOC, caller);
}

/**
 * mmsim_slab_debug_request() - note how much of an object kmalloc's client may use
 * @s: one of kmalloc's caches, a debugging one
 * @object: the object, in use
 * @size: bytes, at most s->object_size
 *
 * Context: any.
 */
void mmsim_slab_debug_request(struct mmsim_kmem_cache *s, void *object, size_t size)
{
	mmsim_track_request(s, object, size);
	if (s->flags & SLAB_RED_ZONE) {
		size = mmsim_track_requested(s, object);
		memset(object + size, SLUB_RED_ACTIVE, s->object_size - size);
	}
}

/* The index of an object in its slab; negative when it isn't the start of one. */
static int index_in(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, const void *object)
{
	unsigned int nr;
	const void *first = s->ops->place(s, slab, &nr) + s->red_left_pad;
	unsigned long offset = object - first;

	return object >= first && offset % s->size == 0 && offset / s->size < nr ? (int)(offset / s->size) : -1;
}

/* The one map of free objects; there is no room for it on a stack. */
static DECLARE_BITMAP(free_map, MMSIM_SLAB_MAX_OBJECTS);
static DEFINE_SPINLOCK(free_map_lock);		/* irq-safe; outside of the engines' locks */

static bool is_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned int index)
{
	unsigned long flags;
	unsigned int nr;
	bool free;

	s->ops->place(s, slab, &nr);
	spin_lock_irqsave(&free_map_lock, flags);
	bitmap_zero(free_map, nr);
	s->ops->map(s, slab, free_map);
	free = test_bit(index, free_map);
	spin_unlock_irqrestore(&free_map_lock, flags);
	return free;
}

static bool can_be_freed(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object, unsigned long caller)
{
	bool mapped = s->ops->place;
	int index = mapped ? index_in(s, slab, object) : 0;

	if (index < 0) {
		mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_NO_OBJECT, s,
			       "%#lx is freed and not the start of an object; free what was allocated (by %pS)",
			       (unsigned long)object, (void *)caller);
		return false;
	}
	if (mapped ? is_free(s, slab, index) : !s->ops->in_use(s, slab, object)) {
		mmsim_slab_bad(s->slabs, MMSIM_SLAB_BAD_DOUBLE_FREE, s,
			       "object %#lx is free already; it is freed twice (by %pS)",
			       (unsigned long)object, (void *)caller);
		if (mapped && __ratelimit(&s->slabs->report_limit))
			mmsim_track_print(s, object);
		return false;
	}
	return true;
}

/**
 * mmsim_slab_debug_free() - look at an object before its engine gets it back
 * @s: its cache, a debugging one
 * @slab: its slab
 * @object: the object
 * @caller: the client
 *
 * Context: any.
 * Return: false when it must not be freed, which is reported.
 */
bool mmsim_slab_debug_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object, unsigned long caller)
{
	if (!can_be_freed(s, slab, object, caller))
		return false;
	is_sound(s, object, false);
	mmsim_track_set(s, object, MMSIM_TRACK_FREE, caller);
	fill(s, object, true);
	return true;
}

static unsigned long validate_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	unsigned long unsound = 0;
	unsigned int nr, i;
	void *slot = s->ops->place(s, slab, &nr);

	for (i = 0; i < nr; i++)
		unsound += !is_sound(s, slot + i * s->size + s->red_left_pad, is_free(s, slab, i));
	return unsound;
}

/**
 * mmsim_slab_debug_validate() - look at all objects of a cache
 * @s: the cache; nobody uses it meanwhile. Nothing is looked at unless it is a debugging one
 *
 * As the kernel's validate_slab_cache().
 *
 * Context: process context; may sleep.
 * Return: objects with a damage, each of which is reported and repaired.
 */
unsigned long mmsim_slab_debug_validate(struct mmsim_kmem_cache *s)
{
	struct mmsim_slab *slab = NULL;
	unsigned long unsound = 0;

	while (s->debug && s->ops->place && (slab = mmsim_cache_next_slab(s, slab))) {
		unsound += validate_slab(s, slab);
		cond_resched();
	}
	return unsound;
}
