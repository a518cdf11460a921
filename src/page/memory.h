/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page floor: one struct mmsim_memory holds a region's page array, its nodes and their zones. It lies in the region
 * itself, as do all its parts.
 *
 *	memory -> node[nid] -> zone[type] -> pcp[cpu] -> list[order][migratetype] -> blocks
 *	       |                          -> free_area[order] -> free_list[migratetype] -> blocks
 *	       -> map[pfn - start_pfn], pageblock[(pfn - start_pfn) / MMSIM_PAGEBLOCK_PAGES]
 *
 * Locks, outermost first:
 *	1. highmem->lock: a mutex, over kmap()'s slots; see highmem.c
 *	2. pcp->busy: not a lock, but who has set it keeps everybody else out of this CPU's lists; see pcp.c
 *	3. zone->lock: irq-safe, the innermost: nothing is called under it that takes another one, prints, or sleeps.
 *	   Where two zones' locks are wanted they are taken one after the other, never together.
 */
#ifndef MMSIM_SRC_MEMORY_H
#define MMSIM_SRC_MEMORY_H

#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/seq_buf.h>
#include <linux/spinlock.h>

#include "page/compact.h"
#include "page/highmem.h"
#include "page/page.h"
#include "page/reclaim.h"
#include "page/vmstat.h"
#include "region/region.h"

/* Blocks of this many pages belong to zones and migratetypes as one: 2 MB, as on x86-64. */
#define MMSIM_PAGEBLOCK_ORDER	9
#define MMSIM_PAGEBLOCK_PAGES	BIT(MMSIM_PAGEBLOCK_ORDER)

/* In the order of their place in a node; the kernel's, with both kinds of machine in one. */
enum mmsim_zone_type {
	MMSIM_ZONE_DMA,
	MMSIM_ZONE_DMA32,
	MMSIM_ZONE_NORMAL,
	MMSIM_ZONE_HIGHMEM,	/* pages without a permanent kernel address */
	MMSIM_ZONE_MOVABLE,	/* only for allocations that can be moved */
	MMSIM_NR_ZONES
};

extern const char *const mmsim_zone_names[MMSIM_NR_ZONES];

/*
 * Kinds of allocation by how movable they are, and of the pageblocks that are kept for them. The first three have lists
 * of their own on each CPU. The kernel's.
 */
enum mmsim_migratetype {
	MMSIM_MIGRATE_UNMOVABLE,
	MMSIM_MIGRATE_MOVABLE,
	MMSIM_MIGRATE_RECLAIMABLE,
	MMSIM_MIGRATE_PCPTYPES,
	MMSIM_MIGRATE_HIGHATOMIC = MMSIM_MIGRATE_PCPTYPES,	/* a reserve for large atomic requests */
	MMSIM_MIGRATE_CMA,		/* lent to movable allocations until its owner wants it */
	MMSIM_MIGRATE_ISOLATE,		/* nothing is allocated from it */
	MMSIM_MIGRATE_TYPES
};

extern const char *const mmsim_migratetype_names[MMSIM_MIGRATE_TYPES];

enum mmsim_watermark {
	MMSIM_WMARK_MIN,	/* below it only atomic and high-priority requests are served */
	MMSIM_WMARK_LOW,	/* below it the reclaim thread is woken ... */
	MMSIM_WMARK_HIGH,	/* ... and works until here */
	MMSIM_WMARK_PROMO,
	MMSIM_NR_WMARK
};

/* What a client did wrong; refused, unless it says otherwise, counted and reported. Names in mmsim_bad_names. */
enum mmsim_bad {
	MMSIM_BAD_WILD,		/* not a page of the region, or an address that is not a page's first byte */
	MMSIM_BAD_RESERVED,	/* a page of mmsim's own metadata, or of a hole */
	MMSIM_BAD_DOUBLE_FREE,	/* a page that is free already */
	MMSIM_BAD_TAIL,		/* not the first page of its block */
	MMSIM_BAD_ORDER,	/* freed or split with another order than it was allocated with */
	MMSIM_BAD_REFERENCED,	/* somebody else holds a reference */
	MMSIM_BAD_MAPPED,	/* a page table still maps it, or mapping is set */
	MMSIM_BAD_FLAGS,	/* a flag of MMSIM_PG_BUSY is set */
	MMSIM_BAD_COMPOUND,	/* split_page() of a compound page */
	MMSIM_BAD_GET,		/* get_page() of a page that nobody holds */
	MMSIM_BAD_GFP,		/* flags that contradict each other or don't fit the call */
	MMSIM_BAD_ALLOC_ORDER,	/* an allocation above MMSIM_MAX_ORDER */
	MMSIM_BAD_NODE,		/* a node that there isn't */
	MMSIM_BAD_MOVABLE,	/* freed while movable, or no page that can be made so, or not */
	MMSIM_BAD_NOFAIL,	/* __GFP_NOFAIL for what may never come; tried all the same */
	MMSIM_BAD_SHRINKER,	/* registered twice, or unregistered and not registered */
	MMSIM_BAD_KMAP,		/* more kmap_local_page() at once than a CPU has slots for */
	MMSIM_BAD_KUNMAP,	/* kunmap() of a page that isn't mapped, or kunmap_local() of one that isn't the last */
	MMSIM_NR_BAD
};

extern const char *const mmsim_bad_names[MMSIM_NR_BAD];

/* How a zone served requests, when there is more than one node. The kernel's counters. */
enum mmsim_numa {
	MMSIM_NUMA_HIT,		/* here, as the request preferred */
	MMSIM_NUMA_MISS,	/* here, though it preferred another node */
	MMSIM_NUMA_FOREIGN,	/* elsewhere, though it preferred this node */
	MMSIM_NUMA_LOCAL,	/* here, from a CPU of this node */
	MMSIM_NUMA_OTHER,	/* here, from a CPU of another node */
	MMSIM_NR_NUMA
};

extern const char *const mmsim_numa_names[MMSIM_NR_NUMA];

struct mmsim_free_area {
	struct list_head free_list[MMSIM_MIGRATE_TYPES];	/* free blocks, linked by lru. zone->lock */
	unsigned long nr_free;		/* Invariant: the length of all free_list. zone->lock */
};

/* Orders that a CPU may keep lists of; which ones it does says memory->pcp_orders. */
#define MMSIM_PCP_MAX_ORDER	MMSIM_PAGEBLOCK_ORDER
#define MMSIM_PCP_LISTS		((MMSIM_PCP_MAX_ORDER + 1) * MMSIM_MIGRATE_PCPTYPES)
#define MMSIM_PCP_ORDERS	(BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(9))	/* as the host's */

/* A CPU's own free blocks of one zone. Used by that CPU alone, with busy set; see pcp.c. */
struct mmsim_pcp {
	bool busy;		/* somebody on this CPU is at work here: who interrupts it takes the zone's lists */
	int count;		/* pages on all lists. Invariant: the sum of their blocks' pages */
	int high;		/* at so many pages some are given back to the zone. Set without busy */
	int batch;		/* about so many pages are moved between here and the zone at once. As high */
	unsigned int turn;	/* the list, counted through, whose turn it is to make room for the others */
	unsigned long nr_alloc;	/* pages served from the lists */
	struct mmsim_page *list[MMSIM_PCP_MAX_ORDER + 1][MMSIM_MIGRATE_PCPTYPES];	/* stacks, linked by lru.next */
	unsigned long numa[MMSIM_NR_NUMA];	/* requests by where they were served */
	unsigned long nr_refill;	/* times the zone's lock was taken to fill a list ... */
	unsigned long nr_spill;		/* ... and to empty some */
	unsigned long refilled, spilled;	/* the pages that were moved then; see vmstat.c */
} ____cacheline_aligned;

struct mmsim_zone {
	/* Constant after mmsim_memory_init(). */
	struct mmsim_page *map;		/* the page array and ... */
	u8 *pageblock;			/* ... the pageblocks' migratetypes, as in struct mmsim_memory */
	const char *name;
	enum mmsim_zone_type type;
	unsigned long id;		/* the MMSIM_PAGE_ID bits of its pages' flags */
	unsigned int nid;
	unsigned long start_pfn;	/* Invariant: a multiple of MMSIM_PAGEBLOCK_PAGES */
	unsigned long spanned_pages;	/* frames from start_pfn to its end; 0 when the zone is empty */
	unsigned long present_pages;	/* spanned without the region's holes */
	unsigned long managed_pages;	/* present without metadata: what the buddy lists were given */
	unsigned int first_try;		/* of requests that prefer this zone: MMSIM_ALLOC_NOFRAGMENT or 0 */
	struct mmsim_pcp **pcp;		/* by CPU number; constant */

	/* Set by mmsim_watermarks_set(), read without a lock. */
	unsigned long watermark[MMSIM_NR_WMARK];	/* pages */
	unsigned long lowmem_reserve[MMSIM_NR_ZONES];	/* pages kept from requests that could use that higher zone */
	unsigned long fast_mark[MMSIM_NR_ZONES];	/* low + lowmem_reserve; above it the fast path serves */

	spinlock_t lock ____cacheline_aligned;	/* irq-safe; see the head comment */
	unsigned long free_pages;	/* Invariant: the sum of nr_free << order. lock; read without it */
	unsigned long common_pages;	/* those of migratetypes below PCPTYPES, usable by anybody. As free_pages */
	unsigned long free_type[MMSIM_MIGRATE_TYPES];	/* Invariant: their sum is free_pages. lock */
	unsigned long nr_highatomic;	/* pages in HighAtomic pageblocks. lock */
	unsigned long nr_isolate;	/* pageblocks that are isolated. lock */
	unsigned long cma_pages;	/* pages of CMA areas, whoever has them just now. lock */
	unsigned long allocated_pages;	/* Invariant: managed_pages - free_pages, whatever state they are in. lock */
	unsigned long nr_alloc;		/* pages handed out past the CPUs' lists, since the zone was made. lock */
	unsigned long nr_free;		/* pages put back past them, those that it began with included. lock */
	struct mmsim_free_area free_area[MMSIM_NR_ORDERS];	/* lock */

	struct mmsim_compact_zone compact;
};

/* Where requests go first, by the gfp flags' zone and mobility bits, which are the lowest five. */
#define MMSIM_NR_ROUTES		32U
struct mmsim_route {
	struct mmsim_zone *zone;	/* NULL: there is none, or the bits exclude each other */
	u8 highest;			/* zone that the bits allow */
	u8 type;			/* migratetype */
};

static_assert((___GFP_DMA | ___GFP_HIGHMEM | ___GFP_DMA32 | ___GFP_MOVABLE | ___GFP_RECLAIMABLE) ==
	      MMSIM_NR_ROUTES - 1);

struct mmsim_node {
	unsigned int nid;
	unsigned long start_pfn;	/* of its first frame */
	unsigned long spanned_pages;	/* frames from there to its end */
	struct mmsim_zone zone[MMSIM_NR_ZONES];
	/*
	 * For each highest zone that a request allows: the populated zones to try, best first, NULL at the end.
	 * Constant.
	 */
	struct mmsim_zone *zonelist[MMSIM_NR_ZONES][MMSIM_MAX_NODES * MMSIM_NR_ZONES + 1];
	struct mmsim_zone *zonelist_thisnode[MMSIM_NR_ZONES][MMSIM_NR_ZONES + 1];	/* for __GFP_THISNODE */
	struct mmsim_route route[MMSIM_NR_ROUTES];	/* the zonelists' first. Constant */
};

struct mmsim_owners;

struct mmsim_memory {
	/* Constant after mmsim_memory_init(). */
	const struct mmsim_region *region;
	struct mmsim_page *map;		/* the page array; a multiple of MMSIM_PAGE_ARRAY_ALIGN */
	u8 *pageblock;			/* migratetype of each MMSIM_PAGEBLOCK_PAGES. The zone's lock to write */
	unsigned long start_pfn;	/* of map[0]: the region's */
	unsigned long nr_pages;		/* entries of map */
	unsigned long meta_pfn;		/* first frame of the metadata */
	unsigned long meta_pages;	/* frames that hold metadata */
	u64 init_ns;			/* time to initialise the page array ... */
	u64 release_ns;			/* ... and to give its pages to the buddy lists */
	bool init_on_alloc;		/* zero every page when it is handed out */
	bool init_on_free;		/* zero every page when it comes back */
	unsigned int migratetype_mask;	/* 3: allocations are grouped by mobility; 0: all are Unmovable */
	unsigned long pcp_orders;	/* a bit an order that CPUs keep lists of; 0: none */
	unsigned long min_free_kbytes;	/* 0: no watermarks. Set by mmsim_watermarks_set() */
	unsigned int nr_nodes;
	struct mmsim_node *node[MMSIM_MAX_NODES];
	/* By the MMSIM_PAGE_ID bits of a page's flags. */
	struct mmsim_zone *zone_by_id[MMSIM_MAX_NODES << (MMSIM_PAGE_NODE_SHIFT - MMSIM_PAGE_ZONE_SHIFT)];
	struct mmsim_node **cpu_node;	/* by CPU number: the node that its requests prefer */
	bool interleave;		/* requests without a node prefer each in turn. Any */
	atomic_t interleave_next;
	struct hlist_node cpuhp_node;	/* CPU hotplug tells us through it */
	struct mmsim_reclaim reclaim;
	struct mutex cma_mutex;		/* claims on CMA areas take turns; outermost */
	struct list_head cma_areas;	/* cma_mutex */
	struct mmsim_events events;
	struct mmsim_highmem *highmem;	/* NULL without a HighMem zone. Constant */
	struct mmsim_owners *owners;	/* who has which block; NULL when nobody wants to know. Constant */

	atomic_long_t bad[MMSIM_NR_BAD];	/* refusals so far, each kind exactly */
	atomic_long_t nr_failed;		/* allocations that found no block */
	struct ratelimit_state report_limit;	/* of refusals in the log; the counts go on */
	struct ratelimit_state failure_limit;	/* of failed allocations in the log */
};

/* A layout asked for: bytes a zone, 0 for none. One zone may have MMSIM_ZONE_REST: what the others leave. */
#define MMSIM_ZONE_REST		U64_MAX
struct mmsim_layout {
	u64 size[MMSIM_NR_ZONES];
};

struct mmsim_memory_params {
	unsigned int nr_nodes;		/* 0 and 1: one */
	bool interleave;		/* requests without a node prefer each in turn */
	struct mmsim_layout layout;
	bool group_by_mobility;		/* pageblocks by migratetype */
	unsigned long pcp_orders;	/* a bit an order up to MMSIM_PCP_MAX_ORDER */
	unsigned int watermark_scale_factor;	/* in 1/10000 of a zone; 0: no watermarks at all */
	unsigned long min_free_kbytes;	/* 0: by the region's size, as the kernel does */
	bool init_on_alloc;
	bool init_on_free;
	bool page_owner;	/* note who allocates and frees each block */
	const char *cma;		/* "NAME:SIZE,...": CMA areas; NULL or empty: none */
};

/* zones.c */
int mmsim_layout_parse(struct mmsim_layout *layout, const char *zones, char *why, size_t why_size);
int mmsim_layout_resolve(struct mmsim_layout *layout, u64 region_size, char *why, size_t why_size);
void mmsim_zone_init(struct mmsim_zone *zone, enum mmsim_zone_type type, unsigned int nid, unsigned long start_pfn,
		     unsigned long spanned);
void mmsim_zonelists_init(struct mmsim_memory *mem, struct mmsim_node *node);
unsigned int mmsim_node_distance(unsigned int a, unsigned int b);
struct mmsim_zone *mmsim_next_zone(const struct mmsim_memory *mem, const struct mmsim_zone *zone);

/* memory.c */
struct mmsim_memory *mmsim_memory_init(const struct mmsim_region *region, const struct mmsim_memory_params *params);
unsigned long mmsim_memory_exit(struct mmsim_memory *mem);

/* buddy.c */
struct mmsim_page *mmsim_buddy_take(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				    unsigned int alloc_flags);
unsigned int mmsim_buddy_take_many(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				   unsigned int alloc_flags, unsigned int nr, struct mmsim_page **chain);
void mmsim_buddy_put(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order);
unsigned int mmsim_buddy_put_many(struct mmsim_zone *zone, struct mmsim_page **head, unsigned int nr);

/* pcp.c */
struct mmsim_page *mmsim_pcp_take(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				  unsigned int alloc_flags);
struct mmsim_page *mmsim_pcp_take_held(struct mmsim_pcp *pcp, struct mmsim_zone *zone, unsigned int order,
				       unsigned int type, unsigned int alloc_flags);
void mmsim_pcp_put(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order, unsigned int type);
void mmsim_pcp_drain_local(struct mmsim_memory *mem);
void mmsim_pcp_drain_all(struct mmsim_memory *mem);
int mmsim_pcp_start(struct mmsim_memory *mem);
void mmsim_pcp_stop(struct mmsim_memory *mem);

/* watermark.c */
unsigned long mmsim_default_min_free_kbytes(unsigned long lowmem_kbytes);
unsigned int mmsim_pcp_batch(unsigned long managed_pages);
void mmsim_pcp_set_sizes(struct mmsim_memory *mem, unsigned int nr_cpus);
void mmsim_watermarks_set(struct mmsim_memory *mem, unsigned long min_free_kbytes, unsigned int scale_factor);
unsigned long mmsim_max_min_free_kbytes(const struct mmsim_memory *mem);
bool mmsim_watermark_ok(struct mmsim_zone *zone, unsigned int order, unsigned long mark, unsigned int highest,
			unsigned int alloc_flags);
bool mmsim_watermark_hopeful(struct mmsim_zone *zone, unsigned int order, unsigned int highest,
			     unsigned int alloc_flags, unsigned long more, bool may_merge);

/* What a request may do, beside its order and zone; the lowest two bits choose the watermark. */
#define MMSIM_ALLOC_WMARK	3
#define MMSIM_ALLOC_NO_WATERMARKS	BIT(2)
#define MMSIM_ALLOC_NON_BLOCK	BIT(3)	/* it can't wait: a quarter further into the reserve */
#define MMSIM_ALLOC_MIN_RESERVE	BIT(4)	/* __GFP_HIGH: half of what lies below the min watermark */
#define MMSIM_ALLOC_CMA		BIT(5)	/* it may have pages that are on loan from CMA */
#define MMSIM_ALLOC_NOFRAGMENT	BIT(6)	/* from another migratetype whole pageblocks or nothing */
#define MMSIM_ALLOC_HIGHATOMIC	BIT(7)	/* it may have pages of the HighAtomic reserve */
#define MMSIM_ALLOC_KSWAPD	BIT(8)	/* it may wake the reclaim thread */
#define MMSIM_ALLOC_RESERVES	(MMSIM_ALLOC_NON_BLOCK | MMSIM_ALLOC_MIN_RESERVE | MMSIM_ALLOC_HIGHATOMIC)

/* alloc.c, free.c: what the exported functions do, on any instance */
struct mmsim_page *mmsim_memory_alloc(struct mmsim_memory *mem, gfp_t gfp, unsigned int order, unsigned long caller);
struct mmsim_page *mmsim_memory_alloc_node(struct mmsim_memory *mem, int nid, gfp_t gfp, unsigned int order,
					   unsigned long caller);
unsigned long mmsim_memory_alloc_bulk(struct mmsim_memory *mem, gfp_t gfp, unsigned long nr_pages,
				      struct mmsim_page **pages, unsigned long caller);
bool mmsim_memory_free(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller);
bool mmsim_memory_free_addr(struct mmsim_memory *mem, unsigned long addr, unsigned int order, unsigned long caller);
bool mmsim_memory_get(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller);
bool mmsim_memory_put(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller);
void mmsim_memory_put_bulk(struct mmsim_memory *mem, unsigned long nr, struct mmsim_page **pages, unsigned long caller);
void mmsim_zero_block(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order);
bool mmsim_memory_split(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller);
struct mmsim_page *mmsim_enclosing_block(struct mmsim_page *page, unsigned long state);

/*
 * By the four zone bits of a gfp_t: 1 + the highest zone that the request allows, 0 for bits that exclude each other.
 */
extern const u8 mmsim_gfp_zones[16];

/* The highest zone that @gfp allows, negative when its zone bits exclude each other. */
static inline int mmsim_gfp_zone(gfp_t gfp)
{
	return mmsim_gfp_zones[(__force unsigned int)gfp & 15] - 1;
}

static inline unsigned int mmsim_gfp_migratetype(const struct mmsim_memory *mem, gfp_t gfp)
{
	unsigned int bits = (__force unsigned int)(gfp & (__GFP_MOVABLE | __GFP_RECLAIMABLE));

	return bits / ___GFP_MOVABLE & mem->migratetype_mask;
}

static inline unsigned int mmsim_pageblock_type(const struct mmsim_zone *zone, const struct mmsim_page *page)
{
	return READ_ONCE(zone->pageblock[(page - zone->map) >> MMSIM_PAGEBLOCK_ORDER]);
}

/*
 * The live instance's page floor, on which the exported functions act. Set by main before any client can call and
 * cleared after the last one has gone: clients depend on the module.
 */
extern struct mmsim_memory *mmsim_memory_live;

/* bad.c */
void mmsim_bad(struct mmsim_memory *mem, enum mmsim_bad what, const struct mmsim_page *page, unsigned int order,
	       unsigned long caller);

/* failure.c */
void mmsim_alloc_failed(struct mmsim_memory *mem, gfp_t gfp, unsigned int order, unsigned long caller);

/* check.c */
int mmsim_memory_check(struct mmsim_memory *mem, char *what, size_t size);

/* show.c */
void mmsim_zone_count(struct mmsim_zone *zone, unsigned long nr_free[MMSIM_NR_ORDERS]);
void mmsim_zone_show_free(struct mmsim_zone *zone, struct seq_buf *s);

static inline bool mmsim_memory_has(const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	return mmsim_in_map(mem->map, mem->nr_pages, page);
}

static inline unsigned long mmsim_memory_pfn(const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	return mem->start_pfn + (page - mem->map);
}

/* NULL for a frame that is not the region's. */
static inline struct mmsim_page *mmsim_memory_page(const struct mmsim_memory *mem, unsigned long pfn)
{
	unsigned long i = pfn - mem->start_pfn;

	return i < mem->nr_pages ? &mem->map[i] : NULL;
}

/* The kernel address of a frame, HighMem included: mmsim's own view of its region. */
static inline void *mmsim_memory_vaddr(const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	return mem->region->vaddr + ((page - mem->map) << PAGE_SHIFT);
}

/* The page whose frame holds @addr, NULL when it is not in the region's mapping. */
static inline struct mmsim_page *mmsim_memory_addr_page(const struct mmsim_memory *mem, unsigned long addr)
{
	unsigned long i = (addr - (unsigned long)mem->region->vaddr) >> PAGE_SHIFT;

	return i < mem->nr_pages ? &mem->map[i] : NULL;
}

static inline struct mmsim_zone *mmsim_page_zone(const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	return mem->zone_by_id[(READ_ONCE(page->flags) & MMSIM_PAGE_ID) >> MMSIM_PAGE_ZONE_SHIFT];
}

/* Every populated zone of the instance, node by node from the lowest up. */
#define mmsim_for_each_zone(mem, zone)								\
	for ((zone) = mmsim_next_zone(mem, NULL); (zone); (zone) = mmsim_next_zone(mem, zone))

#endif /* MMSIM_SRC_MEMORY_H */
