// SPDX-License-Identifier: GPL-2.0
/*
 * How an instance's vmalloc floor comes up, and goes down. The structure lies in the region, and all that it points to,
 * but for the window's list of page tables, which the host's memory holds as it does the tables.
 *
 * Going down is the leak test: areas that nobody freed are named with who allocated them, unmapped and freed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>

#include "page/reclaim.h"
#include "vmalloc/vmalloc.h"

const char *const mmsim_vmalloc_mode_names[MMSIM_NR_VMALLOC_MODES] = {
	[MMSIM_VMALLOC_WINDOW]	= "window",
	[MMSIM_VMALLOC_VMAP]	= "vmap",
	[MMSIM_VMALLOC_NOMMU]	= "nommu",
};

/* Lazy areas never keep more frames from the page floor than this part of the region. */
#define LAZY_PART	16

/* The smallest window that is worth having. */
#define MIN_WINDOW	(SZ_4M >> PAGE_SHIFT)

static struct mmsim_vmalloc *alloc_floor(struct mmsim_memory *mem)
{
	struct mmsim_vmalloc *vm;
	unsigned int order = get_order(struct_size(vm, cpu, nr_cpu_ids));
	struct mmsim_page *page = mmsim_memory_alloc(mem, GFP_KERNEL | __GFP_ZERO, order, _RET_IP_);

	if (!page)
		return NULL;
	vm = page->virtual;
	vm->order = order;
	return vm;
}

/* Takes addresses: as many as asked for, or half as many, and so on. Where there are none, the host's will do. */
static void take_window(struct mmsim_vmalloc *vm, unsigned long nr_pages)
{
	unsigned long nr = nr_pages;
	int err;

	do {
		err = mmsim_window_create(&vm->window, nr);
		if (err != -ENOMEM)
			break;
		nr /= 2;
	} while (nr >= MIN_WINDOW);
	if (err) {
		vm->mode = MMSIM_VMALLOC_VMAP;
		if (err == -ENOMEM)
			pr_warn("vmalloc: the host has no addresses for a window; each area is a vmap() of its own\n");
	} else if (nr < nr_pages) {
		pr_info("vmalloc: the host has no more addresses in a row: the window has %lu MB, not %lu MB\n",
			nr >> (20 - PAGE_SHIFT), nr_pages >> (20 - PAGE_SHIFT));
	}
}

/* The first hole: the window. Its last page stays free of any area's reach, as the host's guard page lies behind it. */
static int open_window(struct mmsim_vmalloc *vm)
{
	struct mmsim_vmap_area *all;
	struct llist_node *spare = NULL;

	if (vm->mode != MMSIM_VMALLOC_WINDOW)
		return 0;
	all = mmsim_kmem_cache_alloc(vm->areas, GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	all->va_start = (unsigned long)vm->window.addr;
	all->va_end = all->va_start + (vm->window.nr_pages << PAGE_SHIFT);
	spin_lock_irq(&vm->lock);
	mmsim_space_give(&vm->space, all, &spare);
	spin_unlock_irq(&vm->lock);
	return 0;
}

/*
 * Mode vmap: whether the host knows the frames by struct page or by number. One mapping can't have both; the host has
 * struct pages for 2 MB at least, or for none of them.
 */
static bool choose_names(struct mmsim_vmalloc *vm)
{
	unsigned long pfn = vm->mem->start_pfn, end = pfn + vm->mem->nr_pages, with = 0, nr = 0;

	if (vm->mode != MMSIM_VMALLOC_VMAP)
		return true;
	for (; pfn < end; pfn += MMSIM_WINDOW_HUGE_PAGES, nr++)
		with += pfn_valid(pfn);
	vm->by_page = with == nr;
	/* As for windows: nobody is to look for a frame of memmap= in the direct map. */
	vm->host_flags = VM_MAP | (vm->mem->region->host_backed ? 0 : VM_IOREMAP);
	if (vm->by_page || (!with && IS_ENABLED(CONFIG_VMAP_PFN)))
		return true;
	pr_err("vmalloc: the kernel has struct pages for %s of this region, and so can't map it; take vmalloc=nommu, or another source= or base=\n",
	       with ? "a part" : "nothing");
	return false;
}

/* Mode vmap: a page to be mapped where nothing else is. */
static int get_apron(struct mmsim_vmalloc *vm)
{
	if (vm->mode != MMSIM_VMALLOC_VMAP)
		return 0;
	vm->apron = mmsim_memory_alloc(vm->mem, GFP_KERNEL, 0, _RET_IP_);
	return vm->apron ? 0 : -ENOMEM;
}

static unsigned long count_lazy(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	return mmsim_vmalloc_lazy_frames(container_of(shrinker, struct mmsim_vmalloc, shrinker));
}

static unsigned long free_lazy(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	struct mmsim_vmalloc *vm = container_of(shrinker, struct mmsim_vmalloc, shrinker);
	long frames = atomic_long_read(&vm->lazy_frames);

	mmsim_vmalloc_purge(vm);
	frames -= atomic_long_read(&vm->lazy_frames);
	return frames > 0 ? frames : 0;
}

static void free_area(struct mmsim_grace *g, void *area)
{
	mmsim_vmalloc_free(container_of(g, struct mmsim_vmalloc, grace), area, _RET_IP_);
}

static void init_fields(struct mmsim_vmalloc *vm, const struct mmsim_vmalloc_params *params)
{
	vm->mode = params->mode;
	vm->max_pages = vm->mem->nr_pages;
	vm->max_lazy_frames = vm->mem->nr_pages / LAZY_PART;
	spin_lock_init(&vm->lock);
	mmsim_space_init(&vm->space);
	vm->busy = RB_ROOT;
	INIT_LIST_HEAD(&vm->busy_list);
	init_llist_head(&vm->lazy);
	mutex_init(&vm->purge_mutex);
	init_llist_head(&vm->deferred);
	INIT_WORK(&vm->deferred_work, mmsim_vmalloc_free_deferred);
	mmsim_grace_init(&vm->grace, free_area);
	ratelimit_state_init(&vm->report_limit, 5 * HZ, 10);
	ratelimit_state_init(&vm->failure_limit, 10 * HZ, 1);
	vm->shrinker = (struct mmsim_shrinker) {
		.count_objects = count_lazy, .scan_objects = free_lazy, .name = "vmalloc: lazy areas",
		.seeks = 1,
	};
}

static void free_floor(struct mmsim_vmalloc *vm)
{
	struct mmsim_vmap_area *hole, *next;

	mmsim_blocks_exit(vm);
	list_for_each_entry_safe(hole, next, &vm->space.list, list)
		mmsim_kmem_cache_free(vm->areas, hole);
	mmsim_window_destroy(&vm->window);
	mmsim_memory_free(vm->mem, vm->apron, 0, _RET_IP_);
	mmsim_memory_free_addr(vm->mem, (unsigned long)vm, vm->order, _RET_IP_);
}

/**
 * mmsim_vmalloc_init() - build the vmalloc floor
 * @mem: the page floor
 * @areas: a slab cache for struct mmsim_vmap_area
 * @params: what is asked for
 *
 * Both must outlive it, and so must the slab floor behind the exported functions of kmalloc, where arrays come from.
 *
 * Context: process context, may sleep.
 * Return: the floor, which lies in the region; NULL with a line in the log that says why not.
 */
struct mmsim_vmalloc *mmsim_vmalloc_init(struct mmsim_memory *mem, struct mmsim_kmem_cache *areas,
					 const struct mmsim_vmalloc_params *params)
{
	unsigned long pages = params->size ? params->size >> PAGE_SHIFT : 4 * mem->nr_pages;
	struct mmsim_vmalloc *vm = alloc_floor(mem);

	if (!vm) {
		pr_err("no pages for the vmalloc floor: make the region larger with size=\n");
		return NULL;
	}
	vm->mem = mem;
	vm->areas = areas;
	init_fields(vm, params);
	if (vm->mode == MMSIM_VMALLOC_WINDOW)
		take_window(vm, pages);
	if (!choose_names(vm)) {
		free_floor(vm);
		return NULL;
	}
	if (open_window(vm) || get_apron(vm) || mmsim_blocks_init(vm)) {
		pr_err("no memory for the vmalloc floor: make the region larger with size=\n");
		free_floor(vm);
		return NULL;
	}
	mmsim_reclaim_add(mem, &vm->shrinker, _RET_IP_);
	return vm;
}

/* Names an area that was left, and frees it. */
static void free_left(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	pr_warn("vmalloc: %#lx-%#lx, %lu bytes, %u pages by %pS, was not freed\n", area->va_start, area->va_end,
		area->vm.requested_size, area->vm.nr_pages, area->vm.caller);
	mmsim_area_ready(area);
	mmsim_area_remove(vm, (void *)area->va_start, 0, 0);
	mmsim_area_unmap(vm, area);
	mmsim_area_lazy(vm, area);
}

/* All that clients left; arrays go with the areas whose they are. */
static unsigned long free_all_left(struct mmsim_vmalloc *vm)
{
	struct mmsim_vmap_area *area, *next;
	unsigned long left = 0;

	list_for_each_entry_safe(area, next, &vm->busy_list, list) {
		if (area->vm.flags & MMSIM_VM_ARRAY)
			continue;
		free_left(vm, area);
		left++;
	}
	mmsim_vmalloc_purge(vm);
	return left;
}

/**
 * mmsim_vmalloc_exit() - take the vmalloc floor down
 * @vm: the floor; nobody uses it any more
 *
 * Context: process context, may sleep.
 * Return: the number of areas that were left; the log names them.
 */
unsigned long mmsim_vmalloc_exit(struct mmsim_vmalloc *vm)
{
	unsigned long left;

	mmsim_grace_barrier(&vm->grace);
	flush_work(&vm->deferred_work);
	mmsim_reclaim_remove(vm->mem, &vm->shrinker, _RET_IP_);
	mmsim_vmalloc_purge(vm);
	left = free_all_left(vm);
	free_floor(vm);
	return left;
}

/**
 * mmsim_vmalloc_nr_pages() - the pages that the zones have given to the vmalloc floor
 * @vm: the floor
 *
 * Context: any.
 * Return: those of its own, of areas in use, of lazy ones and of those that processes have mapped; what it has from
 * slab caches is the slab floor's.
 */
unsigned long mmsim_vmalloc_nr_pages(const struct mmsim_vmalloc *vm)
{
	return BIT(vm->order) + (vm->blocks ? BIT(vm->blocks_order) : 0) + !!vm->apron +
	       atomic_long_read(&vm->nr_frames) + atomic_long_read(&vm->lazy_frames) +
	       atomic_long_read(&vm->seen_frames);
}
