/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SLUB engine's parts of a cache, and its fast path: an object from and to the slab that this CPU has. How it works
 * stands in slub.c.
 */
#ifndef MMSIM_SRC_SLUB_H
#define MMSIM_SRC_SLUB_H

#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/swab.h>

#include "slab/slab.h"

/* In the cache. Constant after creation, but for the first three: any moment may change them. */
struct mmsim_slub_cache {
	unsigned int cpu_partial;	/* free objects that a CPU keeps beside its slab, as the kernel counts ... */
	unsigned int cpu_partial_slabs;	/* ... and the slabs that this comes down to; 0: it keeps none */
	unsigned long min_partial;	/* empty slabs stay on a node's list up to so many */
	u64 seed;			/* of where in random_order a new slab begins */
	atomic64_t nr_begun;		/* new slabs so far that have begun somewhere in it. Any */
	u32 *random_order;		/* offsets of a new slab's objects, shuffled; NULL: by address. From kmalloc */
};

/* For each CPU. Used by that CPU alone, with busy set; see slub.c. */
struct mmsim_slub_cpu {
	void *freelist;			/* free objects of `slab` that no other CPU can see */
	struct mmsim_slab *slab;	/* frozen; NULL: none */
	bool busy;			/* somebody on this CPU is at work here: who interrupts it goes to the node */
	unsigned int nr_partial;	/* Invariant: the length of partial */
	struct mmsim_slab *partial;	/* frozen slabs with free objects, linked by list.next */
};

/* For each node. */
struct mmsim_slub_node {
	spinlock_t lock;		/* irq-safe */
	unsigned long nr_partial;	/* Invariant: the length of partial. lock */
	struct list_head partial;	/* slabs with free objects that no CPU has. lock */
	atomic_long_t nr_slabs;		/* of this node, wherever they are */
	atomic_long_t nr_objects;	/* Invariant: the sum of their objects */
};

static_assert(sizeof(struct mmsim_slub_cache) <= MMSIM_CACHE_PART);
static_assert(sizeof(struct mmsim_slub_cpu) <= SMP_CACHE_BYTES && SMP_CACHE_BYTES <= MMSIM_CPU_PART);
static_assert(sizeof(struct mmsim_slub_node) <= MMSIM_NODE_PART);

/*
 * A slab's first engine word. The second one is the number of its objects, constant; it has fewer than s->objects when
 * it is of s->min_order; and it is 0 until a new slab is ready.
 */
union mmsim_slub_state {
	u64 word;
	struct {
		u32 head;		/* bytes from the slab's start to its first free object, or MMSIM_SLUB_NONE */
		u32 inuse : 31;		/* objects that are not on the list of head; a CPU's freelist included */
		u32 frozen : 1;		/* a CPU has it: on no node's list; that CPU alone takes objects off */
	};
};

#define MMSIM_SLUB_NONE		U32_MAX

#define MMSIM_SLUB_FROZEN	BIT_ULL(63)	/* in word */
#define MMSIM_SLUB_INUSE_SHIFT	32

/* The least word of a slab that is frozen and has an object in use. */
#define MMSIM_SLUB_FROZEN_IN_USE	(MMSIM_SLUB_FROZEN | BIT_ULL(MMSIM_SLUB_INUSE_SHIFT))

static_assert(sizeof(union mmsim_slub_state) == sizeof(unsigned long));

/* What mmsim_slub_take_object() has taken. */
struct mmsim_slub_taken {
	void *object;
	bool more;		/* it left others */
	bool broken;		/* its link leads nowhere: those behind it are lost, to be reported without a lock */
};

void *mmsim_slub_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node);
void mmsim_slub_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object);
size_t mmsim_slub_alloc_bulk(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects);
void mmsim_slub_free_bulk(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, size_t nr, void **objects);
bool mmsim_slub_flush_cpu(struct mmsim_kmem_cache *s, unsigned int cpu);

/* slub_node.c */
struct mmsim_slab *mmsim_slub_new_slab(struct mmsim_kmem_cache *s, gfp_t gfp, int node);
void mmsim_slub_discard_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab);
void mmsim_slub_discard_slabs(struct mmsim_kmem_cache *s, struct list_head *slabs);
void mmsim_slub_report_link(struct mmsim_kmem_cache *s, const struct mmsim_slab *slab);
struct mmsim_slub_node *mmsim_slub_other_node(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long keep);
struct mmsim_slub_taken mmsim_slub_take_object(struct mmsim_kmem_cache *s, struct mmsim_slab *slab);
void *mmsim_slub_take_one(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long keep);
void mmsim_slub_list_new_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab);
void mmsim_slub_shrink_node(struct mmsim_kmem_cache *s, unsigned int nid);

/* slub_ops.c */
#define MMSIM_SLUB_MAX_CPU_PARTIAL	1000000	/* objects */
void mmsim_slub_set_cpu_partial(struct mmsim_kmem_cache *s, unsigned int objects);

/* slub_show.c */
unsigned long mmsim_slub_cached(struct mmsim_kmem_cache *s);
bool mmsim_slub_view(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view);

/* slub_layout.c */
int mmsim_slub_order(const struct mmsim_slab_rules *rules, unsigned int size);
int mmsim_slub_layout(struct mmsim_kmem_cache *s);

static inline struct mmsim_slub_cache *mmsim_slub_cache(struct mmsim_kmem_cache *s)
{
	return (struct mmsim_slub_cache *)s->part;
}

static inline struct mmsim_slub_node *mmsim_slub_node(struct mmsim_kmem_cache *s, const struct mmsim_slab *slab)
{
	return mmsim_node_part(s, mmsim_slab_nid(slab));
}

static inline union mmsim_slub_state mmsim_slub_state(const struct mmsim_slab *slab)
{
	return (union mmsim_slub_state){ .word = READ_ONCE(slab->engine[0]) };
}

static inline unsigned int mmsim_slub_objects(const struct mmsim_slab *slab)
{
	return READ_ONCE(slab->engine[1]);
}

static inline void *mmsim_slub_object(const struct mmsim_slab *slab, u32 offset)
{
	return offset == MMSIM_SLUB_NONE ? NULL : slab->virtual + offset;
}

static inline u32 mmsim_slub_offset(const struct mmsim_slab *slab, const void *object)
{
	return object ? object - slab->virtual : MMSIM_SLUB_NONE;
}

/* The index of what should be an object; -1 when it is none. */
static inline int mmsim_slub_index(const struct mmsim_kmem_cache *s, const struct mmsim_slab *slab, const void *object)
{
	unsigned long offset = object - slab->virtual - s->red_left_pad;

	if (offset >= PAGE_SIZE << mmsim_slab_order(slab) || offset % s->size ||
	    offset / s->size >= mmsim_slub_objects(slab))
		return -1;
	return offset / s->size;
}

/* Hides a link, and brings it back: the kernel's CONFIG_SLAB_FREELIST_HARDENED. */
static __always_inline unsigned long mmsim_slub_mangle(const struct mmsim_kmem_cache *s, unsigned long link,
						       unsigned long at)
{
	return likely(s->random) ? link ^ s->random ^ swab64(at) : link;
}

static __always_inline void *mmsim_slub_next(const struct mmsim_kmem_cache *s, const void *object)
{
	unsigned long at = (unsigned long)object + s->offset;

	return (void *)mmsim_slub_mangle(s, READ_ONCE(*(unsigned long *)at), at);
}

static __always_inline void mmsim_slub_set_next(const struct mmsim_kmem_cache *s, void *object, const void *next)
{
	unsigned long at = (unsigned long)object + s->offset;

	WRITE_ONCE(*(unsigned long *)at, mmsim_slub_mangle(s, (unsigned long)next, at));
}

/* This CPU's part, ours until mmsim_slub_leave(); false when we interrupt somebody who has it. */
static __always_inline bool mmsim_slub_enter(const struct mmsim_kmem_cache *s, struct mmsim_slub_cpu **c)
{
	preempt_disable();
	*c = mmsim_cpu_part(s, smp_processor_id());
	if (unlikely(READ_ONCE((*c)->busy))) {
		preempt_enable();
		return false;
	}
	WRITE_ONCE((*c)->busy, true);
	barrier();
	return true;
}

static __always_inline void mmsim_slub_leave(struct mmsim_slub_cpu *c)
{
	barrier();
	WRITE_ONCE(c->busy, false);
	preempt_enable();
}

/* Changes a slab's word, unless somebody else has done so. */
static inline bool mmsim_slub_change(struct mmsim_slab *slab, union mmsim_slub_state old, union mmsim_slub_state new)
{
	return cmpxchg(&slab->engine[0], old.word, new.word) == old.word;
}

/* Puts a slab with free objects, which no CPU has, on its node's list; the holder of its lock. */
static inline void mmsim_slub_add_partial(struct mmsim_slub_node *n, struct mmsim_slab *slab, bool tail)
{
	lockdep_assert_held(&n->lock);
	WRITE_ONCE(n->nr_partial, n->nr_partial + 1);
	if (tail)
		list_add_tail(&slab->list, &n->partial);
	else
		list_add(&slab->list, &n->partial);
}

static inline void mmsim_slub_remove_partial(struct mmsim_slub_node *n, struct mmsim_slab *slab)
{
	lockdep_assert_held(&n->lock);
	list_del(&slab->list);
	WRITE_ONCE(n->nr_partial, n->nr_partial - 1);
}

/* The node that a request prefers. */
static inline int mmsim_slub_preferred_nid(struct mmsim_kmem_cache *s, int node)
{
	return node == NUMA_NO_NODE ? s->slabs->mem->cpu_node[raw_smp_processor_id()]->nid : node;
}

/* An object from the CPU's freelist; NULL when there is none, or it can't be used just now. */
static __always_inline void *mmsim_slub_pop(const struct mmsim_kmem_cache *s)
{
	struct mmsim_slub_cpu *c;
	void *object;

	if (unlikely(!mmsim_slub_enter(s, &c)))
		return NULL;
	object = c->freelist;
	if (unlikely(!object)) {
		mmsim_slub_leave(c);
		return NULL;
	}
	c->freelist = mmsim_slub_next(s, object);
	mmsim_slub_leave(c);
	return object;
}

/*
 * An object to the CPU's freelist; false when it is of another slab, can't be put there just now, or is the one that is
 * there already, which mmsim_slub_free() sees, too.
 */
static __always_inline bool mmsim_slub_push(const struct mmsim_kmem_cache *s, const struct mmsim_slab *slab,
					    void *object)
{
	struct mmsim_slub_cpu *c;

	if (unlikely(!mmsim_slub_enter(s, &c)))
		return false;
	if (unlikely(slab != c->slab || object == c->freelist)) {
		mmsim_slub_leave(c);
		return false;
	}
	mmsim_slub_set_next(s, object, c->freelist);
	c->freelist = object;
	mmsim_slub_leave(c);
	return true;
}

#endif /* MMSIM_SRC_SLUB_H */
