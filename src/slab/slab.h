/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The slab floor: caches of objects of one size, made by one of three engines, and kmalloc on top of them.
 *
 * Words used here
 *	object		what a client gets, known by the address of its first byte
 *	slot		an object with all that is laid around it: cache->size bytes, the object red_left_pad in
 *	slab		a compound block of pages that holds some of a cache's objects, known by its first descriptor
 *	cache		objects of one size and kind
 *	engine		how a cache keeps its slabs and its free objects: SLUB, SLAB or SLOB
 *	part		an engine's own piece of a cache: one in the cache, one a CPU, one a node
 *
 *	floor (struct mmsim_slabs) -> caches -> the engine's parts -> slabs -> objects
 *	                           -> kmalloc[type][index]: the caches behind kmalloc
 *	object -> page -> slab -> cache: how a free finds its way
 *
 * Who does what. The front (front.c, cache.c, kmalloc.c) checks what clients give, finds the cache, zeroes, makes
 * the checks of debugging caches, and accounts for pages; an engine finds an object and takes it back. SLUB's fast path
 * is inlined into the front, since most caches are SLUB's; whatever else an engine does is called through its struct
 * mmsim_slab_ops. No engine knows another, and none calls the front but for the helpers at the end of this file.
 *
 * All of it lies in the region: caches and their parts are objects of a cache themselves, which is part of the floor.
 *
 * Locks, outermost first; all of them lie outside of the page floor's:
 *	-  slabs->making: one cache at a time is made or destroyed, and mmsim_cache_chain told of it. Sleeps
 *	0. cpus_read_lock(): where a cache or the floor goes; CPU hotplug holds its other side, and then takes 1
 *	1. slabs->mutex: the list of caches, their making, their end, and CPU hotplug. Sleeps
 *	2. an engine's per-CPU busy flag, as pcp->busy: see slub.c
 *	3. an engine's per-node lock: irq-safe; nothing is called under it that takes another lock, prints or sleeps
 */
#ifndef MMSIM_SRC_SLAB_H
#define MMSIM_SRC_SLAB_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/numa.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include <mmsim/slab.h>

#include "base/grace.h"
#include "page/memory.h"
#include "page/stacks.h"

struct mmsim_slabs;
struct mmsim_slab_ops;

/* Words of a slab's descriptor, and bytes of a cache, that an engine has for itself. */
#define MMSIM_SLAB_ENGINE_WORDS	2
#define MMSIM_CACHE_PART	192	/* in struct mmsim_kmem_cache */
#define MMSIM_CPU_PART		128	/* for each possible CPU */
#define MMSIM_NODE_PART		384	/* for each node of the instance */

/*
 * A slab: a block's first struct mmsim_page, while MMSIM_PAGE_SLAB is set in its flags. As long as `cache` stands in
 * the page's mapping, the page floor refuses to free the block.
 */
struct mmsim_slab {
	unsigned long flags;				/* the page's */
	union {
		struct list_head list;			/* the engine's */
		struct rcu_head rcu;			/* SLAB_TYPESAFE_BY_RCU: on its way back to the page floor */
	};
	struct mmsim_kmem_cache *cache;			/* its owner; constant while it is a slab */
	unsigned long engine[MMSIM_SLAB_ENGINE_WORDS];	/* the engine's; 0 in a new slab */
	atomic64_t counts;				/* the page's */
	void *virtual;					/* the page's: address of the slab's first byte */
};

#define MMSIM_SLAB_MATCHES(field, page_field)							\
	static_assert(offsetof(struct mmsim_slab, field) == offsetof(struct mmsim_page, page_field))
MMSIM_SLAB_MATCHES(flags, flags);
MMSIM_SLAB_MATCHES(list, lru);
MMSIM_SLAB_MATCHES(cache, mapping);
MMSIM_SLAB_MATCHES(engine, index);
MMSIM_SLAB_MATCHES(engine[1], private);
MMSIM_SLAB_MATCHES(counts, counts);
MMSIM_SLAB_MATCHES(virtual, virtual);
#undef MMSIM_SLAB_MATCHES
static_assert(sizeof(struct mmsim_slab) == sizeof(struct mmsim_page));
static_assert(sizeof(struct rcu_head) <= sizeof(struct list_head), "cache is needed when the grace period is over");

#define MMSIM_SLAB_MAX_OBJECTS	32768	/* in a slab */

/* Whether a debugging cache's objects are looked at when they are handed out and taken back. */
#define MMSIM_SLAB_DEBUG	(SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_CONSISTENCY_CHECKS)

#define MMSIM_ON_INIT	BIT(0)		/* zero the object */
#define MMSIM_ON_DEBUG	BIT(1)		/* look at it, and at what is around it */

/*
 * A cache. Constant from when it is on the list of caches until the end of its life, but for what says otherwise.
 * Behind it lie the parts of each CPU and then those of each node.
 */
struct mmsim_kmem_cache {
	/* What each allocation and free needs, in one cache line. */
	bool plain_alloc;		/* SLUB's, and nothing else is to be done when an object is handed out ... */
	bool plain_free;		/* ... or comes back */
	u8 engine;			/* enum mmsim_engine; never the default */
	u8 on_alloc;			/* MMSIM_ON_*: what else the front does when an object is handed out ... */
	u8 on_free;			/* ... and when it comes back */
	bool debug;			/* some of MMSIM_SLAB_DEBUG is set in flags */
	bool poison_object;		/* free objects are filled with a pattern: SLAB_POISON, no ctor, no RCU */
	u8 order;			/* log2 of the pages of a slab, as the engine's layout() wants it */
	u8 min_order;			/* the same when pages are short; at most order */
	unsigned int size;		/* bytes of a slot */
	unsigned int object_size;	/* bytes that the client asked for */
	unsigned int offset;		/* SLUB: bytes from an object to its link while it is free; SLOB: to its mark */
	unsigned int objects;		/* in a slab of `order` */
	unsigned long random;		/* SLUB: hides the links of free objects; 0: they are plain pointers */
	struct mmsim_slabs *slabs;	/* the floor that it belongs to */
	const struct mmsim_slab_ops *ops;
	slab_flags_t flags;		/* SLAB_* */

	unsigned int align;		/* of objects, bytes */
	unsigned int inuse;		/* bytes from an object to what is laid behind it: link, tracks */
	unsigned int red_left_pad;	/* bytes from a slot to its object */
	unsigned int useroffset;	/* the part for user copies: where it begins ... */
	unsigned int usersize;		/* ... and how long it is */
	unsigned int freeptr_offset;	/* where a client wants SLUB's link ... */
	bool use_freeptr_offset;	/* ... if it does */
	bool boot;			/* part of the floor: comes up before and goes down after the others */
	bool kmalloc;			/* one of kmalloc's, whose clients may ask for less than object_size */
	gfp_t allocflags;		/* for each slab: the zone and the mobility that flags ask for */
	void (*ctor)(void *object);
	const char *name;		/* lies in the region */
	struct dentry *files;		/* for who follows mmsim_cache_chain. slabs->making */
	struct list_head list;		/* of all caches. slabs->mutex */
	int refcount;			/* creations that were merged into it. slabs->mutex */
	atomic_long_t nr_slabs;		/* any ... */
	atomic_long_t nr_pages;		/* ... and their pages: any */
	long nr_seen;			/* slabs, by a check that is on its way. slabs->mutex */
	atomic_long_t nr_errors;	/* misuses and damages found in this cache. any */

	unsigned long part[MMSIM_CACHE_PART / sizeof(long)];	/* the engine's */
} ____cacheline_aligned;

/* kmalloc's caches: what the gfp flags ask for, and the size by kmalloc's index. The kernel's order of indices. */
enum mmsim_kmalloc_type {
	MMSIM_KMALLOC_NORMAL,
	MMSIM_KMALLOC_RECLAIM,
	MMSIM_KMALLOC_DMA,
	MMSIM_NR_KMALLOC_TYPES
};

#define MMSIM_KMALLOC_MAX_CACHE	8192		/* bytes; what is larger comes from the page floor */
#define MMSIM_NR_KMALLOC	14		/* indices: none, 96, 192, 8, 16, 32 ... 8192 */

/* What clients did wrong or damaged; each is counted and reported. Names in mmsim_slab_bad_names. */
enum mmsim_slab_bad {
	MMSIM_SLAB_BAD_WILD,		/* freed: not an address of the region */
	MMSIM_SLAB_BAD_NO_SLAB,		/* freed: neither in a slab nor the start of a large kmalloc */
	MMSIM_SLAB_BAD_NO_OBJECT,	/* freed: inside a slab, but not the start of an object */
	MMSIM_SLAB_BAD_CACHE,		/* freed to another cache than it came from */
	MMSIM_SLAB_BAD_DOUBLE_FREE,	/* freed while it was free */
	MMSIM_SLAB_BAD_RED_ZONE,	/* written before or behind an object */
	MMSIM_SLAB_BAD_POISON,		/* written after it was freed */
	MMSIM_SLAB_BAD_PADDING,		/* written between objects, or behind the last one */
	MMSIM_SLAB_BAD_LINK,		/* the link of a free object leads out of its slab */
	MMSIM_SLAB_BAD_LEFT,		/* a cache destroyed with objects in use */
	MMSIM_SLAB_BAD_CREATE,		/* a cache asked for that can't be */
	MMSIM_SLAB_BAD_SIZE,		/* kmalloc() of more than there ever is in one piece */
	MMSIM_SLAB_BAD_GFP,		/* flags that no slab can be allocated with */
	MMSIM_NR_SLAB_BAD
};

extern const char *const mmsim_slab_bad_names[MMSIM_NR_SLAB_BAD];

/* How SLUB and SLAB lay out slabs. mmsim_slab_host_rules() has those of the kernel that mmsim runs in. */
struct mmsim_slab_rules {
	unsigned int nr_cpus;		/* that slabs are sized for */
	bool lowers_min_objects;	/* SLUB of 6.1: rather fewer objects than more waste */
	bool aligns_to_divisor;		/* kmalloc since 6.11: 96 is aligned to 32 and 192 to 64 */
	unsigned int min_order;		/* SLUB: of a slab; the kernel's is 0 */
	unsigned int max_order;		/* SLUB: unless one object needs more; the kernel's is 3 */
	unsigned int min_objects;	/* SLUB: 0 for the kernel's formula */
};

/* What an instance's slab floor is asked for. */
struct mmsim_slab_params {
	enum mmsim_engine engine;	/* of caches that don't ask for one; DEFAULT is SLUB */
	bool merge;			/* a cache may stand for several of like size, as in the kernel */
	bool plain_links;		/* SLUB: links of free objects are plain pointers */
	bool ordered;			/* SLUB: a new slab's objects are handed out in the order of their addresses */
	bool classic_names;		/* kmalloc's caches are size-N and size-N(DMA) */
	slab_flags_t debug;		/* MMSIM_SLAB_DEBUG flags for every cache without SLAB_NO_USER_FLAGS */
	struct mmsim_slab_rules rules;
};

/* The slab floor of an instance. Lies in the region, in a block of its own. */
struct mmsim_slabs {
	/* From an address to its descriptor: copies of what the page floor knows. Constant. */
	unsigned long base;		/* address of the region's first byte */
	unsigned long nr_pages;
	struct mmsim_page *map;
	struct mmsim_kmem_cache *kmalloc[MMSIM_NR_KMALLOC_TYPES][16];	/* by index, up to MMSIM_NR_KMALLOC. Constant */

	struct mmsim_memory *mem;	/* the page floor. Constant */
	struct mmsim_slab_params params;	/* nothing is left to default. Constant */
	bool up;			/* kmalloc's caches are there. Constant when clients come */
	unsigned int cache_bytes;	/* of a cache with all its parts. Constant */
	unsigned int order;		/* log2 of the pages of the block that this lies in. Constant */
	struct mmsim_kmem_cache *caches_cache;	/* where caches come from; lies behind this in its block. Constant */
	char kmalloc_names[MMSIM_NR_KMALLOC_TYPES][MMSIM_NR_KMALLOC][24];	/* constant */
	struct mmsim_kmem_cache *heap;	/* SLOB: owner of all its slabs, all 0 until SLOB is used; as caches_cache */

	struct mutex making;		/* see the head comment */
	struct mutex mutex;		/* as well */
	struct list_head caches;	/* in the order of their making. mutex */
	struct hlist_node cpuhp_node;	/* CPU hotplug tells us through it */
	struct mmsim_shrinker shrinker;	/* the page floor asks through it for what caches don't need; see shrink.c */
	struct mmsim_stacks stacks;	/* traces of SLAB_STORE_USER; see track.c */
	unsigned int stacks_order;	/* log2 of the pages of their table. Constant while there is one */
	unsigned int nr_tracked;	/* caches that need it. mutex */
	struct mmsim_grace grace;	/* memory to be freed after a grace period, as kfree_rcu(). Any */
	struct delayed_work reap;	/* calls the engines' reap(), while there are caches that have one */

	/* By node, held by slabs; [1]: of caches with SLAB_RECLAIM_ACCOUNT, [0]: of others */
	atomic_long_t nr_slab_pages[MMSIM_MAX_NODES][2];
	atomic_long_t nr_large_pages[MMSIM_MAX_NODES];	/* by node, held by kmalloc()s too large for a cache */
	atomic_long_t nr_begun;		/* slabs that began to come or to go ... */
	atomic_long_t nr_done;		/* ... and those that have done so */
	atomic_long_t bad[MMSIM_NR_SLAB_BAD];	/* each kind exactly */
	struct ratelimit_state report_limit;	/* of reports in the log; the counts go on */
};

/* What slabinfo shows of a cache: the kernel's sixteen fields without the name. */
struct mmsim_slabinfo {
	unsigned long active_objs;	/* in use, or in a CPU's hands */
	unsigned long num_objs;
	unsigned long active_slabs;
	unsigned long num_slabs;
	unsigned long shared_avail;	/* SLAB */
	unsigned int limit;		/* SLAB */
	unsigned int batchcount;	/* SLAB */
	unsigned int shared;		/* SLAB */
};

/* What a cache has of a node, for the files of its folder. A CPU's free objects count as in use, as in the kernel. */
struct mmsim_slab_count {
	unsigned long slabs;
	unsigned long objects;		/* in them all */
	unsigned long in_use;
	unsigned long partial;		/* slabs on the node's partial list ... */
	unsigned long partial_in_use;	/* ... and objects in use in those */
	unsigned long cpu_slabs;	/* in the hands of CPUs */
};

/* Who follows mmsim_cache_chain hears this of each cache; called with slabs->making. */
enum mmsim_cache_news {
	MMSIM_CACHE_CREATED,		/* it is there */
	MMSIM_CACHE_GOING,		/* nobody uses it any more, and it has no slabs; it is still there */
};

extern struct blocking_notifier_head mmsim_cache_chain;

/* What an object is at a moment, as files show it. */
#define MMSIM_OBJECT_USED	'#'	/* a client has it */
#define MMSIM_OBJECT_FREE	'.'	/* it is free, and its slab has it */
#define MMSIM_OBJECT_CPU	'c'	/* free, and a CPU has it for its next allocation */
#define MMSIM_OBJECT_SHARED	's'	/* SLAB: free, in the array that the CPUs of its node share */
#define MMSIM_OBJECT_ALIEN	'a'	/* SLAB: free, in another node's array for objects of its node */

/* What a slab is at a moment. */
struct mmsim_slab_view {
	const char *list;		/* what it is on; "moving": between lists, or from or to the page floor */
	int cpu;			/* whose list that is; -1 for no CPU's */
	unsigned int nr;		/* objects in it; SLOB: units, or 1 for a block that is one object */
	unsigned int in_use;		/* those that clients have */
	unsigned int colour;		/* SLAB: bytes that its objects are shifted by */
	char *object;			/* MMSIM_OBJECT_* of each; room for s->objects */
};

/**
 * struct mmsim_slab_ops - what an engine does
 * @name: "slub", "slab" or "slob"
 * @layout: decide on size, offset, inuse, red_left_pad, order, min_order and objects of a cache
 * @create: set up the engine's parts of a cache
 * @destroy: give back the engine's parts of a cache
 * @kmalloc_up: kmalloc has come up
 * @kmalloc_down: kmalloc goes down
 * @alloc: find a free object
 * @free: take an object back
 * @alloc_bulk: find several free objects
 * @free_bulk: take several objects of a slab back
 * @shrink: give back slabs without objects in use
 * @idle: about how many slabs @shrink would give back
 * @flush_cpu: give up what a CPU holds
 * @reap: give back what has not been used for a while
 * @info: count objects and slabs
 * @count: the same for a node
 * @cached: count the free objects that CPUs have
 * @view: look at a slab and each of its objects
 * @place: where the slots of a slab are
 * @map: which objects of a slab are free
 * @in_use: whether an object can be freed
 * @check: check the invariants of a cache
 * @tune: set the sizes of per-CPU arrays
 * @stat_names: what @stats counts, NULL at the end
 * @stats: the engine's statistics of a cache
 * @heap_alloc: allocate so many bytes, for kmalloc
 * @heap_free: free what @heap_alloc returned
 * @heap_size: bytes that can be used of what @heap_alloc returned
 *
 * What is said of all of them: `s` is a cache of this engine and of a floor that outlives the call; an object is known
 * by the client's address of it, s->red_left_pad bytes into its slot. Parts come zeroed. An engine takes pages with
 * mmsim_slab_take_pages() and gives them back with mmsim_slab_give_pages(), both without holding a lock of its own, and
 * calls mmsim_slab_setup() for each slot of a new slab. It reports what it finds broken with mmsim_slab_bad().
 *
 * @layout(s): object_size, align, flags, ctor and the freeptr fields are set; align is final. Returns 0, or -E2BIG when
 * no slab could hold an object. Called by the maker of the cache, who holds slabs->mutex; may not sleep, changes
 * nothing but @s and what it is given. For a debugging cache mmsim_slab_debug_layout() lays out what stands around the
 * object.
 *
 * @create(s): after layout(), same context; may sleep. Returns 0 or -ENOMEM with nothing kept. Until slabs->up is set
 * there is no kmalloc: a cache that would have memory from it does without until kmalloc_up(). The cache that caches
 * come from is always SLUB's.
 *
 * @kmalloc_up(s): for each cache that create() has seen before slabs->up, once that is set; same context. Returns 0 or
 * -ENOMEM, and the cache goes on without. @kmalloc_down(s): for the same caches, before slabs->up is cleared: give back
 * what is from kmalloc; alloc() and free() go on. NULL: nothing to do.
 *
 * @destroy(s): the inverse; nobody uses the cache, and shrink() has been called. Slabs that still hold objects stay
 * what they are: the front has reported them and doesn't call this then. Holder of slabs->mutex; may sleep.
 *
 * @alloc(s, gfp, node): any context; sleeps only with __GFP_DIRECT_RECLAIM. @gfp is sound, __GFP_ZERO is the front's
 * business. @node is NUMA_NO_NODE or a node of the instance, to be preferred, or with __GFP_THISNODE insisted on. No
 * lock is held. Returns an object, constructed if there is a ctor, or NULL when the page floor had no pages (it has
 * reported that).
 *
 * @free(s, slab, object): any context; never sleeps. @slab holds @object and belongs to @s (SLOB: to slabs->heap). A
 * second free in a row, or what else the engine sees without searching, is reported and ignored.
 *
 * @alloc_bulk(s, gfp, nr, objects): as alloc(). Fills objects[] from the start; returns how many, less than @nr when
 * memory ran out. NULL: the front calls alloc() for each.
 *
 * @free_bulk(s, slab, nr, objects): as free(); all are objects of that one slab, whatever order they are in. NULL: the
 * front calls free() for each.
 *
 * @shrink(s): gives back every slab without objects in use, those in the hands of each CPU included. Process context,
 * interrupts on; may sleep. Concurrent calls of this and of alloc() and free() go on. Returns the number of slabs that
 * are left with objects in use.
 *
 * @idle(s): process context; holder of slabs->mutex; often called when pages are short, so that it should be quick. It
 * may be too large for what CPUs hold, but is 0 when shrink() has been called and nobody has used the cache since.
 * NULL: nothing is ever held without need.
 *
 * @flush_cpu(s, cpu): either on that CPU with interrupts off, or by whoever took it down when it is dead. Never sleeps.
 * Returns false when the CPU's lists were in use at this moment, so that it has to be asked again.
 *
 * @reap(s): called about every MMSIM_SLAB_REAP, by a work of the floor. Process context, may sleep. Holder of
 * slabs->mutex. NULL: nothing grows old.
 *
 * @info(s, info): the counts of a moment; those of a cache in use may not fit each other. Process context. Holder of
 * slabs->mutex.
 *
 * @count(s, nid, count): as info(), but without slabs->mutex: the cache is there for as long as the call takes. @count
 * comes zeroed.
 *
 * @cached(s): those that count() takes for objects in use. Process context, interrupts on; without slabs->mutex, as
 * count(). NULL: there are none.
 *
 * @view(s, slab, view): fills in @view, but for in_use, which mmsim_cache_view_slab() counts, and what its struct has
 * come with: no CPU, no colour. @slab was a slab of @s a moment ago; false when it isn't any more, or not quite yet.
 * Process context, interrupts on; without slabs->mutex; takes the engine's locks for no longer than one slab takes.
 * Exact for each object whose state doesn't change meanwhile, unless the slab is "moving".
 *
 * @place(s, slab, &nr): address of the first slot; nr becomes the number of slots. Any context. NULL for an engine
 * whose slabs don't consist of slots of one size.
 *
 * @map(s, slab, free): sets bit i of @free, which comes all clear and is long enough, when object i is free, be it in
 * the slab or in a list of a CPU. Takes the engine's locks. Exact for each object whose state doesn't change meanwhile.
 * Used before each free of a debugging cache (a free object that is freed again is in it) and by files. NULL as
 * place().
 *
 * @in_use(s, slab, object): whether @object may be one, and none of it is free. Takes the engine's locks. Used before
 * each free of a debugging cache, by an engine that has no map(). NULL for others.
 *
 * @check(s, what, size): process context; holder of slabs->mutex; the cache may be in use. Returns 0, or -EUCLEAN with
 * the first broken invariant in @what.
 *
 * @tune(s, limit, batchcount, shared): as a write to slabinfo; -EINVAL for numbers that make no sense. Holder of
 * slabs->mutex, may sleep. NULL: there are none to tune.
 *
 * @stats(s, counts): one number for each of @stat_names. Process context; holder of slabs->mutex. Both NULL: none.
 *
 * @heap_alloc(s, size, gfp, node): as alloc(); @s is the cache of @size's class. @size is not 0 and at most
 * MMSIM_KMALLOC_MAX_CACHE. All three are NULL for an engine whose kmalloc is its caches. @heap_free as free(),
 * @heap_size any context; @s is slab->cache, @object what heap_alloc() returned.
 */
struct mmsim_slab_ops {
	const char *name;
	int (*layout)(struct mmsim_kmem_cache *s);
	int (*create)(struct mmsim_kmem_cache *s);
	void (*destroy)(struct mmsim_kmem_cache *s);
	int (*kmalloc_up)(struct mmsim_kmem_cache *s);
	void (*kmalloc_down)(struct mmsim_kmem_cache *s);
	void *(*alloc)(struct mmsim_kmem_cache *s, gfp_t gfp, int node);
	void (*free)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object);
	size_t (*alloc_bulk)(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects);
	void (*free_bulk)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, size_t nr, void **objects);
	unsigned long (*shrink)(struct mmsim_kmem_cache *s);
	unsigned long (*idle)(struct mmsim_kmem_cache *s);
	bool (*flush_cpu)(struct mmsim_kmem_cache *s, unsigned int cpu);
	void (*reap)(struct mmsim_kmem_cache *s);
	void (*info)(struct mmsim_kmem_cache *s, struct mmsim_slabinfo *info);
	void (*count)(struct mmsim_kmem_cache *s, unsigned int nid, struct mmsim_slab_count *count);
	unsigned long (*cached)(struct mmsim_kmem_cache *s);
	bool (*view)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view);
	void *(*place)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned int *nr);
	void (*map)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned long *free);
	bool (*in_use)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object);
	int (*check)(struct mmsim_kmem_cache *s, char *what, size_t size);
	int (*tune)(struct mmsim_kmem_cache *s, unsigned int limit, unsigned int batchcount, unsigned int shared);
	const char *const *stat_names;
	void (*stats)(struct mmsim_kmem_cache *s, unsigned long *counts);
	void *(*heap_alloc)(struct mmsim_kmem_cache *s, size_t size, gfp_t gfp, int node);
	void (*heap_free)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object);
	size_t (*heap_size)(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, const void *object);
};

/* An engine's place in the table in cache.c: this and its Kbuild line are all that a new one needs. */
extern const struct mmsim_slab_ops mmsim_slub_ops;
extern const struct mmsim_slab_ops mmsim_classic_ops;	/* SLAB */
extern const struct mmsim_slab_ops mmsim_slob_ops;

#define MMSIM_SLAB_REAP		(2 * HZ)	/* jiffies between two calls of an engine's reap() */
#define MMSIM_SLAB_MAX_STATS	16		/* names of an engine's stat_names */

/* floor.c */
struct mmsim_slabs *mmsim_slabs_init(struct mmsim_memory *mem, const struct mmsim_slab_params *params);
void mmsim_slabs_exit(struct mmsim_slabs *slabs);
unsigned long mmsim_slabs_node_pages(const struct mmsim_slabs *slabs, unsigned int nid, bool reclaimable);
unsigned long mmsim_slabs_pages(const struct mmsim_slabs *slabs, bool reclaimable);

/* shrink.c */
void mmsim_slabs_join_reclaim(struct mmsim_slabs *slabs);
void mmsim_slabs_leave_reclaim(struct mmsim_slabs *slabs);

/* cache.c */
int mmsim_engine_parse(const char *name);
void mmsim_slab_host_rules(struct mmsim_slab_rules *rules);
int mmsim_cache_build(struct mmsim_kmem_cache *s, struct mmsim_slabs *slabs, const char *name, unsigned int size,
		      const struct mmsim_kmem_cache_args *args, slab_flags_t flags);
void mmsim_cache_unmake(struct mmsim_kmem_cache *s);
struct mmsim_kmem_cache *mmsim_cache_create(struct mmsim_slabs *slabs, const char *name, unsigned int size,
					    const struct mmsim_kmem_cache_args *args, slab_flags_t flags,
					    unsigned long caller);
bool mmsim_cache_destroy(struct mmsim_kmem_cache *s, unsigned long caller);
unsigned long mmsim_cache_shrink(struct mmsim_kmem_cache *s);

/* tune.c */
int mmsim_slabs_tune(struct mmsim_slabs *slabs, const char *line);

/* hotplug.c */
int mmsim_slabs_watch_cpus(struct mmsim_slabs *slabs);
void mmsim_slabs_forget_cpus(struct mmsim_slabs *slabs);
void mmsim_slabs_flush_offline(struct mmsim_slabs *slabs);

/* front.c: what the exported functions do, on any instance */
bool mmsim_slabs_has_node(const struct mmsim_slabs *slabs, int node, unsigned long caller);
void *mmsim_cache_alloc(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned long caller);
void mmsim_cache_free(struct mmsim_kmem_cache *s, void *object, unsigned long caller);
size_t mmsim_cache_alloc_bulk(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects, unsigned long caller);
void mmsim_cache_free_bulk(struct mmsim_kmem_cache *s, size_t nr, void **objects, unsigned long caller);

/* debug.c */
void mmsim_slab_debug_alloc(struct mmsim_kmem_cache *s, void *object, unsigned long caller);
bool mmsim_slab_debug_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object, unsigned long caller);
unsigned long mmsim_slab_debug_validate(struct mmsim_kmem_cache *s);
void mmsim_slab_debug_request(struct mmsim_kmem_cache *s, void *object, size_t size);

/* track.c */
enum mmsim_track { MMSIM_TRACK_ALLOC, MMSIM_TRACK_FREE, MMSIM_NR_TRACKS };

unsigned int mmsim_track_bytes(const struct mmsim_kmem_cache *s);
void mmsim_track_start(struct mmsim_kmem_cache *s);
void mmsim_track_stop(struct mmsim_kmem_cache *s);
void mmsim_track_exit(struct mmsim_slabs *slabs);
void mmsim_track_clear(const struct mmsim_kmem_cache *s, void *object);
void mmsim_track_set(const struct mmsim_kmem_cache *s, void *object, enum mmsim_track which, unsigned long caller);
const struct mmsim_stack *mmsim_track_stack(const struct mmsim_kmem_cache *s, const void *object,
					    enum mmsim_track which);
void mmsim_track_print(const struct mmsim_kmem_cache *s, const void *object);
void mmsim_track_request(const struct mmsim_kmem_cache *s, void *object, size_t size);
unsigned int mmsim_track_requested(const struct mmsim_kmem_cache *s, const void *object);

/* check.c */
int mmsim_slabs_check(struct mmsim_slabs *slabs, char *what, size_t size);

/* left.c */
struct mmsim_slab *mmsim_cache_next_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab);
bool mmsim_cache_view_slab(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view);
void mmsim_cache_report_left(struct mmsim_kmem_cache *s, unsigned long caller);

/* kmalloc.c: the same for kmalloc; also for an engine's own needs, once slabs->up */
int mmsim_kmalloc_init(struct mmsim_slabs *slabs);
void *mmsim_slabs_kmalloc_large(struct mmsim_slabs *slabs, size_t size, gfp_t gfp, int node, unsigned long caller);
void *mmsim_slabs_kmalloc(struct mmsim_slabs *slabs, size_t size, gfp_t gfp, int node, unsigned long caller);
void mmsim_slabs_kfree(struct mmsim_slabs *slabs, const void *object, unsigned long caller);
void mmsim_slabs_kfree_bulk(struct mmsim_slabs *slabs, size_t nr, void **objects, unsigned long caller);
size_t mmsim_slabs_ksize(struct mmsim_slabs *slabs, const void *object);

/* The live instance's slab floor, on which the exported functions act; as mmsim_memory_live. */
extern struct mmsim_slabs *mmsim_slabs_live;

/*
 * Helpers for engines.
 */

/* hotplug.c: for shrink() */
void mmsim_cache_flush_cpus(struct mmsim_kmem_cache *s);

/* pages.c */
struct mmsim_slab *mmsim_slab_take_pages(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned int order);
struct mmsim_slab *mmsim_slab_take_heap_pages(struct mmsim_kmem_cache *s, gfp_t gfp, int node, unsigned int order);
void mmsim_slab_give_pages(struct mmsim_kmem_cache *s, struct mmsim_slab *slab);

/* debug.c */
void mmsim_slab_debug_layout(struct mmsim_kmem_cache *s, unsigned int *size);
void mmsim_slab_setup(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object);

/* bad.c */
__printf(4, 5) void mmsim_slab_bad(struct mmsim_slabs *slabs, enum mmsim_slab_bad what, struct mmsim_kmem_cache *s,
				   const char *fmt, ...);

static inline void *mmsim_cpu_part(const struct mmsim_kmem_cache *s, unsigned int cpu)
{
	return (void *)(s + 1) + cpu * MMSIM_CPU_PART;
}

static inline void *mmsim_node_part(const struct mmsim_kmem_cache *s, unsigned int nid)
{
	return (void *)(s + 1) + nr_cpu_ids * MMSIM_CPU_PART + nid * MMSIM_NODE_PART;
}

/* For pages of this very node, if they can be had without effort. */
static inline gfp_t mmsim_slab_exact_node(gfp_t gfp)
{
	return (gfp | __GFP_THISNODE | __GFP_NOWARN) & ~(__GFP_RECLAIM | __GFP_NOFAIL);
}

/* Where what is laid behind an object and its link begins, from the object's start. */
static inline unsigned int mmsim_cache_info_end(const struct mmsim_kmem_cache *s)
{
	return s->offset >= s->inuse ? s->offset + sizeof(void *) : s->inuse;
}

static inline struct mmsim_page *mmsim_slab_page(struct mmsim_slab *slab)
{
	return (struct mmsim_page *)slab;
}

static inline unsigned int mmsim_slab_order(const struct mmsim_slab *slab)
{
	return mmsim_page_order((const struct mmsim_page *)slab);
}

static inline unsigned int mmsim_slab_nid(const struct mmsim_slab *slab)
{
	return mmsim_page_nid((const struct mmsim_page *)slab);
}

/* Whether a page is a slab of this cache, at this moment. */
static inline bool mmsim_slab_is_of(const struct mmsim_slab *slab, const struct mmsim_kmem_cache *s)
{
	return (READ_ONCE(slab->flags) & MMSIM_PAGE_SLAB) && READ_ONCE(slab->cache) == s;
}

/* The head of the block that @addr lies in, be it a slab or not; NULL when it is not the region's. */
static inline struct mmsim_page *mmsim_slabs_head(const struct mmsim_slabs *slabs, const void *addr)
{
	unsigned long i = ((unsigned long)addr - slabs->base) >> PAGE_SHIFT;

	return i < slabs->nr_pages ? mmsim_head_of(&slabs->map[i]) : NULL;
}

/* The slab that @page is the head of; NULL when it is none. */
static inline struct mmsim_slab *mmsim_page_slab(struct mmsim_page *page)
{
	return READ_ONCE(page->flags) & MMSIM_PAGE_SLAB ? (struct mmsim_slab *)page : NULL;
}

/* Both in one: whether @addr lies in a slab, and in which. */
static __always_inline bool mmsim_slabs_find(const struct mmsim_slabs *slabs, const void *addr,
					     struct mmsim_slab **slab)
{
	unsigned long i = ((unsigned long)addr - slabs->base) >> PAGE_SHIFT;
	struct mmsim_page *page;

	if (unlikely(i >= slabs->nr_pages))
		return false;
	page = mmsim_head_of(&slabs->map[i]);
	*slab = (struct mmsim_slab *)page;
	return likely(READ_ONCE(page->flags) & MMSIM_PAGE_SLAB);
}

#endif /* MMSIM_SRC_SLAB_H */
