/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vmalloc floor: pages from anywhere behind addresses in a row.
 *
 * Words used here
 *	area		a range of addresses with an owner. Its last page is the guard: nothing is ever behind it
 *	hole		a range of the window that has no owner; see space.c
 *	frames		the pages behind an area that go back to the page floor with it: vmalloc()'s, not vmap()'s
 *	lazy		an area that was freed: its entries are cleared, but a CPU may remember them
 *	flush		telling every CPU to forget: until then neither a lazy area's frames nor its addresses are used
 *	purge		a flush after which all lazy areas become holes; see purge.c
 *	block		2 MB of addresses from which a CPU cuts small mappings of vm_map_ram(); see block.c
 *
 * How an instance gets its addresses is its mode:
 *	window		a window (base/window.h): we choose the addresses and write the page table entries
 *	vmap		where there are no windows, or none are wanted: each area is one vmap() of the host's, which
 *			chooses the addresses. All else is the same
 *	nommu		as on a machine without page tables: what is asked for comes from kmalloc(); see nommu.c
 *
 *	vmalloc -> space -> holes
 *	        -> busy -> areas in use -> vm.pages -> frames
 *	        -> lazy -> areas that wait for a purge -> vm.pages -> frames
 *	        -> seen -> areas that were freed, and processes still have mapped -> vm.pages -> frames
 *
 * The structures of areas, and arrays of up to a page, come from the slab floor; larger arrays are areas themselves.
 *
 * Locks, outermost first; those of the floors below are inside of them:
 *	1. vmalloc->purge_mutex: purges take turns, and who looks at lazy areas keeps them away. Sleeps
 *	2. a CPU's blocks' lock
 *	3. vmalloc->lock, with interrupts off: the holes and the areas in use; nothing is called under it that takes
 *	   another lock
 * The first two are taken in process context alone. Who frees in an interrupt takes the area from those in use, and
 * leaves the rest to a worker.
 */
#ifndef MMSIM_SRC_VMALLOC_H
#define MMSIM_SRC_VMALLOC_H

#include <linux/cache.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include <mmsim/shrinker.h>
#include <mmsim/slab.h>

#include "base/grace.h"
#include "base/window.h"
#include "page/memory.h"
#include "vmalloc/space.h"

enum mmsim_vmalloc_mode {
	MMSIM_VMALLOC_WINDOW,
	MMSIM_VMALLOC_VMAP,
	MMSIM_VMALLOC_NOMMU,
	MMSIM_NR_VMALLOC_MODES
};

extern const char *const mmsim_vmalloc_mode_names[MMSIM_NR_VMALLOC_MODES];

struct mmsim_vmalloc_params {
	enum mmsim_vmalloc_mode mode;	/* MMSIM_VMALLOC_WINDOW: or vmap, where there are no windows */
	u64 size;			/* bytes of the window; 0: four times the region */
};

/* What clients did wrong; refused, counted and reported. Names in mmsim_vmalloc_bad_names. */
enum mmsim_vmalloc_bad {
	MMSIM_VMALLOC_BAD_SIZE,		/* asked for nothing, or for more than the region has */
	MMSIM_VMALLOC_BAD_ALIGN,	/* an alignment that is no power of two, or larger than a largest block */
	MMSIM_VMALLOC_BAD_CONTEXT,	/* called where nobody may sleep */
	MMSIM_VMALLOC_BAD_ADDRESS,	/* freed or looked at: not the first byte of an area */
	MMSIM_VMALLOC_BAD_PAGE,		/* to be mapped: not a page of the region */
	MMSIM_VMALLOC_BAD_PROT,		/* a protection that maps nothing, or flags that vmap() doesn't take */
	MMSIM_VMALLOC_BAD_RAM,		/* vm_unmap_ram() of what vm_map_ram() did not map so */
	MMSIM_VMALLOC_BAD_NOMMU,	/* pages can't be mapped in this mode */
	MMSIM_NR_VMALLOC_BAD
};

extern const char *const mmsim_vmalloc_bad_names[MMSIM_NR_VMALLOC_BAD];

/* Flags of an area besides the kernel's: it is vm_map_ram()'s, or even a whole block. */
#define MMSIM_VM_RAM		BIT(30)
#define MMSIM_VM_BLOCK		BIT(31)
#define MMSIM_VM_REMAPPED	BIT(32)		/* a process has had it mapped; see remap.c */
#define MMSIM_VM_ARRAY		BIT(33)		/* another area's array of pages, and freed with that */

/* Addresses of a block, in pages, and the largest mapping that is cut from one. */
#define MMSIM_VMAP_BLOCK_PAGES	512UL
#define MMSIM_VMAP_BLOCK_MAX	64U

/* Addresses of a CPU's, from which small mappings are cut one behind the other; none is used twice before a purge. */
struct mmsim_vmap_block {
	struct mmsim_vmap_area *area;	/* the block's addresses; constant */
	struct mmsim_vmap_cpu *cpu;	/* whose it is; constant */
	unsigned int next;		/* pages cut so far. cpu->lock */
	unsigned int live;		/* pages that are mapped. cpu->lock */
	u8 length[MMSIM_VMAP_BLOCK_PAGES];	/* pages of the mapping that begins here; 0: none does. cpu->lock */
};

struct mmsim_vmap_cpu {
	spinlock_t lock;		/* of its blocks, retired ones included */
	struct mmsim_vmap_block *block;	/* from which is cut just now; NULL: none yet. lock */
	bool dirty;			/* some of their addresses were cleared since the last flush. lock */
} ____cacheline_aligned;

/* What purges came to. Under purge_mutex. */
struct mmsim_purge_stats {
	unsigned long flushes;		/* times all CPUs were told */
	unsigned long purges;		/* and after which addresses were given back */
	unsigned long areas;		/* lazy areas that ended so */
	unsigned long pages;		/* their addresses, guards included */
	unsigned long frames;		/* and what went back to the page floor */
};

struct mmsim_vmalloc {
	/* Constant after mmsim_vmalloc_init(). */
	struct mmsim_memory *mem;
	struct mmsim_kmem_cache *areas;	/* where struct mmsim_vmap_area come from */
	enum mmsim_vmalloc_mode mode;
	struct mmsim_window window;	/* in mode window; else its addr is NULL */
	unsigned long max_pages;	/* nobody gets more at once: the region's */
	unsigned long max_lazy_frames;	/* a part of the region; see mmsim_vmalloc_max_lazy_frames() */
	unsigned int blocks_order;	/* of the pages that the table of blocks lies in */
	struct mmsim_vmap_block **blocks;	/* by address, in MMSIM_VMAP_BLOCK_PAGES. Entries: their CPU's lock */
	bool by_page;			/* mode vmap: the host's vmap() takes the frames; else vmap_pfn() does */
	unsigned long host_flags;	/* mode vmap: VM_* for the host's vmap() */
	struct mmsim_page *apron;	/* mode vmap: what is mapped in front of aligned areas */
	struct mmsim_shrinker shrinker;	/* purges when the page floor is short */
	unsigned int order;		/* of the pages that this structure lies in */

	spinlock_t lock ____cacheline_aligned;
	struct mmsim_vmap_space space;	/* lock */
	struct rb_root busy;		/* areas in use, by address. lock */
	struct list_head busy_list;	/* the same, from the lowest up. lock */
	unsigned long nr_areas;		/* Invariant: the length of busy_list. lock */
	unsigned long busy_bytes;	/* Invariant: the sum of their addresses. lock */

	struct llist_head lazy ____cacheline_aligned;	/* anybody adds; purge_mutex to take */
	struct llist_node *flushed;	/* lazy areas without frames, of which no CPU knows any more. purge_mutex */
	struct llist_node *seen;	/* areas that were freed and flushed, and processes have mapped. purge_mutex */
	atomic_long_t seen_frames;	/* frames of those */
	atomic_long_t lazy_pages;	/* addresses of areas that are lazy or flushed */
	atomic_long_t lazy_frames;	/* frames of lazy areas */
	atomic_long_t nr_frames;	/* of areas in use: what meminfo calls VmallocUsed */
	struct mutex purge_mutex;
	struct mmsim_purge_stats stats;	/* purge_mutex */

	struct llist_head deferred;	/* areas freed where nobody may sleep: not in use, and still mapped */
	struct work_struct deferred_work;	/* unmaps them */
	struct mmsim_grace grace;	/* areas to be freed after a grace period, as kvfree_rcu(). Any context */
	atomic_long_t bad[MMSIM_NR_VMALLOC_BAD];	/* refusals so far */
	atomic_long_t nr_failed;	/* requests for which there were no addresses, pages or structures */
	struct ratelimit_state report_limit;
	struct ratelimit_state failure_limit;
	struct mmsim_vmap_cpu cpu[];	/* by CPU number */
};

/* One request for an area with frames. */
struct mmsim_vmalloc_request {
	unsigned long size;		/* bytes */
	unsigned long align;		/* 0 and 1: a page */
	unsigned long flags;		/* VM_USERMAP, VM_ALLOW_HUGE_VMAP */
	gfp_t gfp;
	int node;
	const void *caller;
};

/* The live instance's, on which the exported functions act; as mmsim_memory_live. */
extern struct mmsim_vmalloc *mmsim_vmalloc_live;

/* floor.c */
struct mmsim_vmalloc *mmsim_vmalloc_init(struct mmsim_memory *mem, struct mmsim_kmem_cache *areas,
					 const struct mmsim_vmalloc_params *params);
unsigned long mmsim_vmalloc_exit(struct mmsim_vmalloc *vm);
unsigned long mmsim_vmalloc_nr_pages(const struct mmsim_vmalloc *vm);

/* vmalloc.c: areas with frames */
void *mmsim_vmalloc_alloc(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq);
bool mmsim_vmalloc_free(struct mmsim_vmalloc *vm, const void *addr, unsigned long caller);
bool mmsim_vmalloc_free_atomic(struct mmsim_vmalloc *vm, const void *addr, unsigned long caller);
void mmsim_vmalloc_end_deferred(struct mmsim_vmalloc *vm);
void mmsim_vmalloc_free_deferred(struct work_struct *work);
bool mmsim_vmalloc_unlink(struct mmsim_vmalloc *vm, const void *addr, unsigned long not);
void *mmsim_vmalloc_realloc(struct mmsim_vmalloc *vm, void *addr, unsigned long size, gfp_t gfp, const void *caller);

/* vmap.c: areas of pages that are somebody else's */
void *mmsim_vmalloc_vmap(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int count,
			 unsigned long flags, pgprot_t prot, const void *caller);
bool mmsim_vmalloc_vunmap(struct mmsim_vmalloc *vm, const void *addr, unsigned long caller);

/* block.c */
void *mmsim_vmalloc_map_ram(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int count,
			    const void *caller);
bool mmsim_vmalloc_unmap_ram(struct mmsim_vmalloc *vm, const void *addr, unsigned int count, unsigned long caller);
int mmsim_blocks_init(struct mmsim_vmalloc *vm);
void mmsim_blocks_exit(struct mmsim_vmalloc *vm);
void mmsim_blocks_retire(struct mmsim_vmalloc *vm);
bool mmsim_blocks_clean(struct mmsim_vmalloc *vm);

/* area.c */
struct mmsim_vmap_area *mmsim_area_get(struct mmsim_vmalloc *vm, unsigned long pages, unsigned long align,
				       unsigned long flags, gfp_t gfp);
void mmsim_area_drop(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area);
void mmsim_area_insert(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area);
struct mmsim_vmap_area *mmsim_area_remove(struct mmsim_vmalloc *vm, const void *addr, unsigned long mask,
					  unsigned long flags);
struct mmsim_vmap_area *mmsim_area_remove_atomic(struct mmsim_vmalloc *vm, const void *addr, unsigned long mask,
						 unsigned long flags);
struct mmsim_vmap_area *mmsim_area_at(struct mmsim_vmalloc *vm, unsigned long addr);
struct mmsim_vmap_area *mmsim_area_from(struct mmsim_vmalloc *vm, unsigned long addr);
void mmsim_areas_give(struct mmsim_vmalloc *vm, struct llist_node *areas);

/* map.c */
bool mmsim_area_map(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, struct mmsim_page **pages,
		    unsigned long nr, unsigned long align, pgprot_t prot, gfp_t gfp);
void mmsim_area_unmap(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area);
bool mmsim_map_pages(struct mmsim_vmalloc *vm, unsigned long first, struct mmsim_page **pages, unsigned long nr,
		     pgprot_t prot);
void mmsim_unmap_pages(struct mmsim_vmalloc *vm, unsigned long first, unsigned long nr);
struct mmsim_page *mmsim_vmalloc_page(struct mmsim_vmalloc *vm, const void *addr);
unsigned int mmsim_vmalloc_not_ours(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int nr);

/* purge.c */
void mmsim_area_lazy(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area);
bool mmsim_vmalloc_purge(struct mmsim_vmalloc *vm);
void mmsim_vmalloc_purge_if_due(struct mmsim_vmalloc *vm);
unsigned long mmsim_vmalloc_lazy_frames(struct mmsim_vmalloc *vm);
unsigned long mmsim_vmalloc_max_lazy_pages(void);
unsigned long mmsim_vmalloc_max_lazy_frames(const struct mmsim_vmalloc *vm);

/* array.c */
void *mmsim_array_alloc(struct mmsim_vmalloc *vm, size_t bytes, gfp_t gfp, int node, const void *caller);
bool mmsim_array_free(struct mmsim_vmalloc *vm, const void *array);

/* nommu.c */
void *mmsim_nommu_alloc(const struct mmsim_vmalloc_request *rq);
void mmsim_nommu_free(const void *addr);
void *mmsim_nommu_realloc(void *addr, unsigned long size, gfp_t gfp);

/* bad.c */
void mmsim_vmalloc_bad(struct mmsim_vmalloc *vm, enum mmsim_vmalloc_bad what, unsigned long value,
		       unsigned long caller);
void mmsim_vmalloc_failed(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_request *rq, const char *what);

/* remap.c */
int mmsim_vmalloc_remap(struct mmsim_vmalloc *vm, struct vm_area_struct *vma, unsigned long uaddr, void *addr,
			unsigned long pgoff, unsigned long size);
bool mmsim_area_is_remapped(struct mmsim_vmalloc *vm, const struct mmsim_vmap_area *area);

/* check.c */
int mmsim_vmalloc_check(struct mmsim_vmalloc *vm, char *what, size_t size);

static inline bool mmsim_vmalloc_in_window(const struct mmsim_vmalloc *vm, const void *addr)
{
	return mmsim_window_index(&vm->window, addr) < vm->window.nr_pages;
}

/* As the kernel's is_vmalloc_addr(), which says so of any address in the range, be there an area or not. */
static inline bool mmsim_vmalloc_is_addr(const struct mmsim_vmalloc *vm, const void *addr)
{
	if (likely(vm->mode == MMSIM_VMALLOC_WINDOW))
		return mmsim_vmalloc_in_window(vm, addr);
	return vm->mode == MMSIM_VMALLOC_VMAP && is_vmalloc_addr(addr) &&
	       !mmsim_memory_addr_page(vm->mem, (unsigned long)addr);
}

/* Whether an area's mapping is there, so that others may look at it. */
static inline bool mmsim_area_is_ready(const struct mmsim_vmap_area *area)
{
	/* Pairs with mmsim_area_ready(): who sees the flag gone sees what was set before. */
	return !(smp_load_acquire(&area->vm.flags) & VM_UNINITIALIZED);
}

static inline void mmsim_area_ready(struct mmsim_vmap_area *area)
{
	/* Pairs with mmsim_area_is_ready(). */
	smp_store_release(&area->vm.flags, area->vm.flags & ~VM_UNINITIALIZED);
}

/* Bytes of an area that may be mapped: without its guard, which a block has not. */
static inline unsigned long mmsim_area_bytes(const struct mmsim_vmap_area *area)
{
	return area->vm.size - (area->vm.flags & MMSIM_VM_BLOCK ? 0 : PAGE_SIZE);
}

#endif /* MMSIM_SRC_VMALLOC_H */
