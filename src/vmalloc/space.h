/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ranges of addresses, and those of a window that nobody has. Knows numbers alone; see space.c.
 */
#ifndef MMSIM_SRC_SPACE_H
#define MMSIM_SRC_SPACE_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct mmsim_page;

/* What a client has at a range of addresses. Constant while the area is in use, but for what says otherwise. */
struct mmsim_vm_struct {
	void *addr;			/* what the client was given; of a block, its first byte */
	unsigned long size;		/* bytes, guard page included */
	unsigned long requested_size;	/* bytes that were asked for. vrealloc() changes it under vmalloc->lock */
	unsigned long flags;		/* VM_*; VM_UNINITIALIZED until the mapping is there. See mmsim_area_ready() */
	struct mmsim_page **pages;	/* those that go back when the area is freed; else NULL */
	unsigned int nr_pages;		/* in pages */
	unsigned int page_order;	/* log2 of how many pages one entry maps */
	unsigned int lead;		/* mode vmap: pages that are mapped in front of it; see map.c */
	const void *caller;
};

/* So many pages need no array of their own: room that a structure of whole cache lines has anyway. */
#define MMSIM_AREA_FEW	7

/*
 * A range of addresses: a hole, or an area, which is in use or lazy. The fields of seeds' structures are here but for
 * next and phys_addr: the tree took the place of one, and of what ioremap() maps mmsim has nothing.
 */
struct mmsim_vmap_area {
	unsigned long va_start;		/* first address; a multiple of PAGE_SIZE */
	unsigned long va_end;		/* behind the last one, guard page included */
	struct rb_node rb_node;		/* by address, of the holes or of the areas in use. vmalloc->lock */
	struct list_head list;		/* the same, one after the other. vmalloc->lock */
	union {
		unsigned long subtree_max_size;	/* hole: bytes of the largest one in its subtree. vmalloc->lock */
		struct llist_node purge_list;	/* lazy, or not in use at all: the next one */
	};
	struct mmsim_vm_struct vm;	/* area */
	struct mmsim_page *few[MMSIM_AREA_FEW];	/* area of vmalloc(): vm.pages, if they are no more */
};

/* The holes of a window. All under vmalloc->lock. */
struct mmsim_vmap_space {
	struct rb_root root;		/* Invariant: no two holes touch */
	struct list_head list;		/* the same, from the lowest up */
	unsigned long nr_holes;		/* Invariant: the length of list */
	unsigned long free;		/* bytes. Invariant: the sum of the holes */
};

void mmsim_space_init(struct mmsim_vmap_space *s);
bool mmsim_space_take(struct mmsim_vmap_space *s, struct mmsim_vmap_area *area, unsigned long size,
		      unsigned long align, struct llist_node **spare);
void mmsim_space_give(struct mmsim_vmap_space *s, struct mmsim_vmap_area *area, struct llist_node **spare);
struct mmsim_vmap_area *mmsim_space_from(struct mmsim_vmap_space *s, unsigned long addr);
int mmsim_space_check(const struct mmsim_vmap_space *s, char *what, size_t size);

static inline unsigned long mmsim_va_size(const struct mmsim_vmap_area *area)
{
	return area->va_end - area->va_start;
}

/* Bytes of the largest hole. */
static inline unsigned long mmsim_space_largest(const struct mmsim_vmap_space *s)
{
	return s->root.rb_node ? rb_entry(s->root.rb_node, struct mmsim_vmap_area, rb_node)->subtree_max_size : 0;
}

static inline void mmsim_spare_push(struct llist_node **spare, struct mmsim_vmap_area *area)
{
	area->purge_list.next = *spare;
	*spare = &area->purge_list;
}

/* NULL when there is none. */
static inline struct mmsim_vmap_area *mmsim_spare_pop(struct llist_node **spare)
{
	struct llist_node *first = *spare;

	if (!first)
		return NULL;
	*spare = first->next;
	return llist_entry(first, struct mmsim_vmap_area, purge_list);
}

#endif /* MMSIM_SRC_SPACE_H */
