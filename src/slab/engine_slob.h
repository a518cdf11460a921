/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SLOB engine's heap: pages cut into pieces of any size, which all caches of the engine share. How it works stands
 * in engine_slob_heap.c, what is made of it in engine_slob.c.
 *
 *	floor -> heap, a cache that owns the pages -> four lists -> pages -> free pieces
 *	      -> caches, which know the size of their objects and count them
 *
 * One lock, heap->lock: irq-safe; the page floor is not called under it.
 */
#ifndef MMSIM_SRC_ENGINE_SLOB_H
#define MMSIM_SRC_ENGINE_SLOB_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "slab/slab.h"

#define MMSIM_SLOB_UNIT		sizeof(s16)			/* bytes; pieces are multiples of it */
#define MMSIM_SLOB_PAGE_UNITS	(PAGE_SIZE / MMSIM_SLOB_UNIT)

/* Small and large pieces are cut from different pages: a few small ones in use would spoil a page for large ones. */
enum mmsim_slob_list {
	MMSIM_SLOB_SMALL,	/* for pieces below MMSIM_SLOB_BREAK1 bytes */
	MMSIM_SLOB_MEDIUM,	/* below MMSIM_SLOB_BREAK2 bytes */
	MMSIM_SLOB_LARGE,	/* up to a page */
	MMSIM_SLOB_FULL,	/* nobody searches these; they are here to be found by who looks at all pages */
	MMSIM_SLOB_NR_LISTS
};

#define MMSIM_SLOB_BREAK1	256
#define MMSIM_SLOB_BREAK2	1024

/* A piece to be cut. */
struct mmsim_slob_request {
	size_t size;		/* bytes, up to a page */
	size_t align;		/* the byte at align_offset gets an address that is a multiple: a power of two */
	size_t align_offset;	/* bytes, even */
	int node;		/* NUMA_NO_NODE: from any page */
};

struct mmsim_slob_heap {
	spinlock_t lock;			/* irq-safe: all below, and the free pieces */
	struct list_head list[MMSIM_SLOB_NR_LISTS];	/* of struct mmsim_slab */
	unsigned long nr_pages;			/* on all lists */
	unsigned long free_units;		/* Invariant: the sum of the pages' free units */
	u64 secret;				/* goes into the check of kmalloc'ed memory. Constant */
};

static_assert(sizeof(struct mmsim_slob_heap) <= MMSIM_CACHE_PART);

/* What a page of the heap says of itself in its engine words. */
enum {
	MMSIM_SLOB_FREE_UNITS,	/* units that are free; all in a page that is an object as a whole */
	MMSIM_SLOB_FIRST,	/* unit of the first free piece; MMSIM_SLOB_PAGE_UNITS: there is none */
};

/* In MMSIM_SLOB_FIRST of a block that is one object as a whole, and on no list. */
#define MMSIM_SLOB_WHOLE	ULONG_MAX

/* Without a lock: a page stays what it is, whichever piece is its first. */
static inline bool mmsim_slob_is_whole(const struct mmsim_slab *slab)
{
	return READ_ONCE(slab->engine[MMSIM_SLOB_FIRST]) == MMSIM_SLOB_WHOLE;
}

static inline struct mmsim_slob_heap *mmsim_slob_heap(struct mmsim_slabs *slabs)
{
	return (struct mmsim_slob_heap *)slabs->heap->part;
}

void mmsim_slob_heap_init(struct mmsim_slob_heap *heap);
void *mmsim_slob_cut(struct mmsim_kmem_cache *s, const struct mmsim_slob_request *r, gfp_t gfp);
bool mmsim_slob_is_cut(struct mmsim_slabs *slabs, struct mmsim_slab *slab, const void *p, size_t size);
bool mmsim_slob_put(struct mmsim_slabs *slabs, struct mmsim_slab *slab, void *p, size_t size);
bool mmsim_slob_heap_view(struct mmsim_slabs *slabs, struct mmsim_slab *slab, struct mmsim_slab_view *view);
int mmsim_slob_heap_check(struct mmsim_slabs *slabs, char *what, size_t size);

#endif /* MMSIM_SRC_ENGINE_SLOB_H */
