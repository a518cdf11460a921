/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SLAB engine's inside: the structures of Linux 2.6, with their names. How they work together stands in
 * engine_slab.c. Functions say mmsim_classic, since "slab" is also what all engines make.
 *
 *	cache -> array_cache[cpu] -> objects
 *	      -> kmem_list3[nid] -> shared array_cache -> objects
 *	                         -> alien array_cache[other nid] -> objects of the other node
 *	                         -> slabs_full, slabs_partial, slabs_free -> struct slab -> objects
 *	object -> page -> struct mmsim_slab -> struct slab
 *
 * Locks, outermost first; the floor's mutex is around them, the page floor's locks are not taken under them:
 *	1. array_cache->busy, of a CPU's own array: not a lock, but who has set it keeps everybody else out
 *	2. alien_cache->lock: irq-safe
 *	3. kmem_list3->list_lock: irq-safe. Objects move between arrays and slabs only under it, so that its holder
 *	   finds each free object of the node in one place
 */
#ifndef MMSIM_SRC_ENGINE_SLAB_H
#define MMSIM_SRC_ENGINE_SLAB_H

#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/reciprocal_div.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "slab/slab.h"

/* An object's place in the chain of its slab's free objects: the index of the next one, or one of these. */
typedef u32 kmem_bufctl_t;

#define BUFCTL_END	((kmem_bufctl_t)~0U)		/* free, and the last of the chain */
#define BUFCTL_ACTIVE	((kmem_bufctl_t)(~0U - 1))	/* on no chain: with a client, or in an array */

/* A slab's descriptor. One kmem_bufctl_t for each object follows it. */
struct slab {
	struct list_head list;		/* of its node: full, partial or free. list_lock */
	unsigned long colouroff;	/* bytes from the slab's first byte to s_mem. Constant */
	void *s_mem;			/* the first slot. Constant */
	unsigned int inuse;		/* objects on no chain. list_lock */
	kmem_bufctl_t free;		/* the chain: the first free object's index. list_lock */
	struct mmsim_slab *pages;	/* the slab itself. Constant */
};

static_assert(sizeof(struct slab) == 48, "on-slab geometry is that of a 64-bit 2.6");

static inline kmem_bufctl_t *slab_bufctl(struct slab *slabp)
{
	return (kmem_bufctl_t *)(slabp + 1);
}

/* The descriptor of a slab; NULL when that is on none of its node's lists: it comes or goes. list_lock to set */
static inline struct slab *mmsim_classic_descriptor(const struct mmsim_slab *slab)
{
	return (struct slab *)READ_ONCE(slab->engine[0]);
}

/* Free objects at hand: the last one freed is the first to be taken. */
struct array_cache {
	unsigned int avail;		/* objects in entry */
	unsigned int limit;		/* at so many, some are given back */
	unsigned int batchcount;	/* how many are moved at once; at most limit */
	unsigned short nid;		/* of the objects. Constant */
	bool touched;			/* an object was taken since the last reap. Races are harmless */
	bool busy;			/* a CPU's own: somebody on this CPU is at work here */
	bool interleave;		/* a CPU's own: requests go to each node in turn, not here. Constant */
	void **entry;			/* limit of them */
	unsigned long allochit;		/* a CPU's own: objects taken from what it had ... */
	unsigned long allocmiss;	/* ... or after it was found empty ... */
	unsigned long freehit;		/* ... and put into it ... */
	unsigned long freemiss;		/* ... or after it was found full */
};

/* What a CPU has of a cache: with its busy flag set. Other CPUs only read. */
struct mmsim_classic_cpu {
	struct array_cache ac;
	void *boot_entry[8];	/* what ac.entry is while there is no kmalloc */
};

static_assert(sizeof(struct mmsim_classic_cpu) <= MMSIM_CPU_PART);

/* Another node's objects, that CPUs of this node have freed. */
struct alien_cache {
	spinlock_t lock;	/* irq-safe: ac */
	struct array_cache ac;
	void *entry[];
};

/* What a node has of a cache; "list3" for the three lists. */
struct kmem_list3 {
	struct list_head slabs_partial;	/* some objects are free; where one was freed last comes last. list_lock */
	struct list_head slabs_full;	/* none is. list_lock */
	struct list_head slabs_free;	/* all are. list_lock */
	unsigned long free_objects;	/* Invariant: the length of all chains. list_lock; read without */
	unsigned long free_limit;	/* with more of them a slab that falls free is given back. list_lock */
	unsigned int colour_next;	/* the next slab's. list_lock */
	bool free_touched;		/* a free slab was used since the last reap. list_lock */
	spinlock_t list_lock;		/* irq-safe */
	struct array_cache *shared;	/* objects on their way from CPU to CPU; NULL: none. list_lock, inside too */
	struct alien_cache **alien;	/* by node, for others' objects; NULL: none. Constant while in use */
	unsigned int alien_next;	/* the node whose alien array is emptied next. slabs->mutex */
	unsigned long next_reap;	/* jiffies. slabs->mutex */
	unsigned long nr_slabs;		/* on the three lists. list_lock */
	unsigned long nr_free_slabs;	/* on slabs_free. list_lock */

	/* As 2.6 counts with STATS. list_lock, but for the last two */
	unsigned long num_allocations;	/* objects taken out of slabs so far */
	unsigned long high_mark;	/* the most that were out of them at once */
	unsigned long grown;		/* slabs made */
	unsigned long reaped;		/* slabs given back because nobody had used them for long */
	unsigned long errors;		/* objects that came back though they were there */
	unsigned long max_freeable;	/* the most slabs that were free at once */
	unsigned long node_allocs;	/* objects taken for a client without an array */
	atomic_long_t node_frees;	/* other nodes' objects that CPUs of this one freed */
	atomic_long_t node_overflow;	/* times that an alien array was full */
};

static_assert(sizeof(struct kmem_list3) <= MMSIM_NODE_PART);

/* How slabs are laid out; see engine_slab_geometry.c. */
struct mmsim_classic_geometry {
	unsigned int size;		/* bytes from slot to slot */
	unsigned int align;		/* of each slot; a power of two */
	unsigned int order;		/* log2 of a slab's pages */
	unsigned int num;		/* objects in a slab */
	unsigned int descriptor;	/* bytes of struct slab with what follows it; on-slab with padding */
	bool off_slab;			/* the descriptor is an object of kmalloc's */
	unsigned int colour;		/* number of different places for the first slot, 0 as 1 */
	unsigned int colour_off;	/* bytes from one to the next */
};

/* What the engine keeps of a cache. Constant but for the tunables, which slabs->mutex protects. */
struct mmsim_classic {
	struct mmsim_classic_geometry g;
	struct reciprocal_value by_size;	/* divides by g.size */
	unsigned int limit;			/* of each CPU's array; what tune() says */
	unsigned int batchcount;
	unsigned int shared;			/* shared arrays' limit in batchcounts */
};

static_assert(sizeof(struct mmsim_classic) <= MMSIM_CACHE_PART);

static inline struct mmsim_classic *mmsim_classic_of(struct mmsim_kmem_cache *s)
{
	return (struct mmsim_classic *)s->part;
}

static inline struct kmem_list3 *mmsim_classic_list3(const struct mmsim_kmem_cache *s, unsigned int nid)
{
	return mmsim_node_part(s, nid);
}

static inline unsigned int mmsim_classic_index(struct mmsim_kmem_cache *s, const struct slab *slabp, const void *object)
{
	return reciprocal_divide(object - s->red_left_pad - slabp->s_mem, mmsim_classic_of(s)->by_size);
}

static inline void *mmsim_classic_object(struct mmsim_kmem_cache *s, const struct slab *slabp, unsigned int i)
{
	return slabp->s_mem + i * mmsim_classic_of(s)->g.size + s->red_left_pad;
}

/* The slab of an object that the cache should have; NULL for any other address. */
static inline struct mmsim_slab *mmsim_classic_slab_of(struct mmsim_kmem_cache *s, const void *object)
{
	struct mmsim_page *page = mmsim_slabs_head(s->slabs, object);
	struct mmsim_slab *slab = page ? mmsim_page_slab(page) : NULL;

	return slab && READ_ONCE(slab->cache) == s ? slab : NULL;
}

/* This CPU's array, ours until mmsim_classic_leave(); NULL when we interrupt somebody who has it. */
static __always_inline struct array_cache *mmsim_classic_enter(const struct mmsim_kmem_cache *s)
{
	struct array_cache *ac;

	preempt_disable();
	ac = mmsim_cpu_part(s, smp_processor_id());
	if (unlikely(READ_ONCE(ac->busy))) {
		preempt_enable();
		return NULL;
	}
	WRITE_ONCE(ac->busy, true);
	barrier();
	return ac;
}

static __always_inline void mmsim_classic_leave(struct array_cache *ac)
{
	barrier();
	WRITE_ONCE(ac->busy, false);
	preempt_enable();
}

/* What putting objects back leaves to be done when all locks are let go, by mmsim_classic_finish(). */
struct mmsim_classic_rest {
	struct list_head slabs;	/* to be destroyed */
	void *twice;		/* an object that was free already; NULL for none */
	void *stray;		/* an address that isn't the start of an object; NULL for none */
};

#define MMSIM_CLASSIC_REST_INIT(rest)	{ .slabs = LIST_HEAD_INIT((rest).slabs) }

/* engine_slab_geometry.c */
int mmsim_classic_geometry(struct mmsim_classic_geometry *g, size_t size, size_t align, slab_flags_t flags,
			   unsigned int break_order);

/* engine_slab_node.c */
void mmsim_classic_list3_init(struct mmsim_kmem_cache *s, struct kmem_list3 *l3);
unsigned int mmsim_classic_take(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, void **objects, unsigned int nr);
void mmsim_classic_put(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, void **objects, unsigned int nr,
		       struct mmsim_classic_rest *rest);
void mmsim_classic_finish(struct mmsim_kmem_cache *s, struct mmsim_classic_rest *rest);
int mmsim_classic_grow(struct mmsim_kmem_cache *s, gfp_t gfp, int nid);
unsigned long mmsim_classic_drain_free(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, unsigned long nr);

/* engine_slab_tune.c */
int mmsim_classic_create(struct mmsim_kmem_cache *s);
void mmsim_classic_destroy(struct mmsim_kmem_cache *s);
int mmsim_classic_kmalloc_up(struct mmsim_kmem_cache *s);
void mmsim_classic_kmalloc_down(struct mmsim_kmem_cache *s);
int mmsim_classic_tune(struct mmsim_kmem_cache *s, unsigned int limit, unsigned int batchcount, unsigned int shared);

/* engine_slab_reap.c */
void mmsim_classic_drain_array(struct mmsim_kmem_cache *s, struct array_cache *ac, unsigned int nr,
			       struct mmsim_classic_rest *rest);
void mmsim_classic_drain_alien(struct mmsim_kmem_cache *s, struct array_cache *ac, struct mmsim_classic_rest *rest);
bool mmsim_classic_flush_cpu(struct mmsim_kmem_cache *s, unsigned int cpu);
unsigned long mmsim_classic_shrink(struct mmsim_kmem_cache *s);
unsigned long mmsim_classic_idle(struct mmsim_kmem_cache *s);
void mmsim_classic_reap(struct mmsim_kmem_cache *s);

/* engine_slab_show.c */
void mmsim_classic_info(struct mmsim_kmem_cache *s, struct mmsim_slabinfo *info);
void mmsim_classic_count(struct mmsim_kmem_cache *s, unsigned int nid, struct mmsim_slab_count *count);
void *mmsim_classic_place(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned int *nr);
void mmsim_classic_map(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned long *free);
unsigned long mmsim_classic_cached(struct mmsim_kmem_cache *s);
bool mmsim_classic_view(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view);
int mmsim_classic_check(struct mmsim_kmem_cache *s, char *what, size_t size);
void mmsim_classic_stats(struct mmsim_kmem_cache *s, unsigned long *counts);
extern const char *const mmsim_classic_stat_names[];

#endif /* MMSIM_SRC_ENGINE_SLAB_H */
