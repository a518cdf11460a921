/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page floor: one struct mmsim_memory holds a region's page array, its nodes and their zones. It lies in the region
 * itself, as do all its parts.
 *
 *	memory -> node[nid] -> zone[type] -> free_area[order] -> blocks
 *	       -> map[pfn - start_pfn]
 *
 * Locks: zone->lock alone, irq-safe, the innermost lock of all: nothing is called under it that takes another one,
 * prints, or sleeps. Where two zones' locks are wanted they are taken one after the other, never together.
 */
#ifndef MMSIM_SRC_MEMORY_H
#define MMSIM_SRC_MEMORY_H

#include <linux/ratelimit.h>
#include <linux/seq_buf.h>
#include <linux/spinlock.h>

#include "page/page.h"
#include "region/region.h"

/* Blocks of this many pages change between zones and (later) migratetypes as one: 2 MB, as on x86-64. */
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

#define MMSIM_MAX_NODES		1

/* What a client did wrong; each is refused, counted and reported. Names in mmsim_bad_names. */
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
	MMSIM_NR_BAD
};

extern const char *const mmsim_bad_names[MMSIM_NR_BAD];

struct mmsim_free_area {
	struct list_head free_list;	/* free blocks of one order, linked by lru. zone->lock */
	unsigned long nr_free;		/* Invariant: the length of free_list. zone->lock */
};

struct mmsim_zone {
	/* Constant after mmsim_memory_init(). */
	const char *name;
	enum mmsim_zone_type type;
	unsigned long id;		/* the MMSIM_PAGE_ID bits of its pages' flags */
	unsigned int nid;
	unsigned long start_pfn;	/* Invariant: a multiple of MMSIM_PAGEBLOCK_PAGES */
	unsigned long spanned_pages;	/* frames from start_pfn to its end; 0 when the zone is empty */
	unsigned long present_pages;	/* spanned without the region's holes */
	unsigned long managed_pages;	/* present without metadata: what the buddy lists were given */

	spinlock_t lock ____cacheline_aligned;	/* irq-safe; see the head comment */
	unsigned long free_pages;	/* Invariant: the sum of nr_free << order. lock */
	unsigned long allocated_pages;	/* Invariant: managed_pages - free_pages, whatever state they are in. lock */
	struct mmsim_free_area free_area[MMSIM_NR_ORDERS];	/* lock */
};

struct mmsim_node {
	unsigned int nid;
	struct mmsim_zone zone[MMSIM_NR_ZONES];
	/*
	 * For each highest zone that a request allows: the populated zones to try, best first, NULL at the end.
	 * Constant.
	 */
	struct mmsim_zone *zonelist[MMSIM_NR_ZONES][MMSIM_NR_ZONES + 1];
};

struct mmsim_memory {
	/* Constant after mmsim_memory_init(). */
	const struct mmsim_region *region;
	struct mmsim_page *map;		/* the page array; a multiple of MMSIM_PAGE_ARRAY_ALIGN */
	unsigned long start_pfn;	/* of map[0]: the region's */
	unsigned long nr_pages;		/* entries of map */
	unsigned long meta_pfn;		/* first frame of the metadata */
	unsigned long meta_pages;	/* frames that hold metadata */
	u64 init_ns;			/* time to initialise the page array ... */
	u64 release_ns;			/* ... and to give its pages to the buddy lists */
	bool init_on_alloc;		/* zero every page when it is handed out */
	bool init_on_free;		/* zero every page when it comes back */
	unsigned int nr_nodes;
	struct mmsim_node *node[MMSIM_MAX_NODES];

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
	struct mmsim_layout layout;
	bool init_on_alloc;
	bool init_on_free;
};

/* zones.c */
int mmsim_layout_parse(struct mmsim_layout *layout, const char *zones, char *why, size_t why_size);
int mmsim_layout_resolve(struct mmsim_layout *layout, u64 region_size, char *why, size_t why_size);
void mmsim_zone_init(struct mmsim_zone *zone, enum mmsim_zone_type type, unsigned int nid, unsigned long start_pfn,
		     unsigned long spanned);
void mmsim_zonelists_init(struct mmsim_node *node);
struct mmsim_zone *mmsim_next_zone(const struct mmsim_memory *mem, const struct mmsim_zone *zone);

/* memory.c */
struct mmsim_memory *mmsim_memory_init(const struct mmsim_region *region, const struct mmsim_memory_params *params);
unsigned long mmsim_memory_exit(struct mmsim_memory *mem);

/* buddy.c */
struct mmsim_page *mmsim_buddy_take(struct mmsim_zone *zone, unsigned int order);
void mmsim_buddy_put(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order);

/* alloc.c: what the exported functions do, on any instance */
struct mmsim_page *mmsim_memory_alloc(struct mmsim_memory *mem, gfp_t gfp, unsigned int order, unsigned long caller);
bool mmsim_memory_free(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller);
bool mmsim_memory_free_addr(struct mmsim_memory *mem, unsigned long addr, unsigned int order, unsigned long caller);
bool mmsim_memory_put(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller);
bool mmsim_memory_split(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, unsigned long caller);

/*
 * By the four zone bits of a gfp_t: 1 + the highest zone that the request allows, 0 for bits that exclude each other.
 */
extern const u8 mmsim_gfp_zones[16];

/* The highest zone that @gfp allows, negative when its zone bits exclude each other. */
static inline int mmsim_gfp_zone(gfp_t gfp)
{
	return mmsim_gfp_zones[(__force unsigned int)gfp & 15] - 1;
}

/*
 * The live instance's page floor, on which the exported functions act. Set by main before any client can call and
 * cleared after the last one has gone: clients depend on the module.
 */
extern struct mmsim_memory *mmsim_memory_live;

/* bad.c */
void mmsim_bad(struct mmsim_memory *mem, enum mmsim_bad what, const struct mmsim_page *page, unsigned int order,
	       unsigned long caller);
void mmsim_alloc_failed(struct mmsim_memory *mem, gfp_t gfp, unsigned int order, unsigned long caller);

/* check.c */
int mmsim_memory_check(struct mmsim_memory *mem, char *what, size_t size);

/* show.c */
void mmsim_zone_count(struct mmsim_zone *zone, unsigned long nr_free[MMSIM_NR_ORDERS]);
void mmsim_zone_show_free(struct mmsim_zone *zone, struct seq_buf *s);

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
	return &mem->node[mmsim_page_nid(page)]->zone[mmsim_page_zone_type(page)];
}

/* Every populated zone of the instance, node by node from the lowest up. */
#define mmsim_for_each_zone(mem, zone)								\
	for ((zone) = mmsim_next_zone(mem, NULL); (zone); (zone) = mmsim_next_zone(mem, zone))

#endif /* MMSIM_SRC_MEMORY_H */
