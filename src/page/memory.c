// SPDX-License-Identifier: GPL-2.0
/*
 * Building the page floor on a region, and taking it down.
 *
 * What a kernel does at boot, in its order: lay out the zones; find room in the largest of them that has kernel
 * addresses for the page array and all other metadata; initialise a descriptor a frame; give every frame that is
 * neither metadata nor in a hole to the buddy lists, in blocks as large as their place allows. Nothing of it lies in
 * the host's memory.
 *
 *	region  |  DMA  |      DMA32      |           Normal            | ...
 *	                                  |metadata|
 *
 * Taking down is the leak test: whatever is still allocated then is named.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/sched.h>

#include "page/cma.h"
#include "page/owner.h"

#define MAX_NAMED_LEAKS		10

/* A bump allocator over the metadata's place; with nothing behind the addresses it measures. */
static void *carve(void **at, size_t size, size_t align)
{
	void *p = PTR_ALIGN(*at, align);

	*at = p + size;
	return p;
}

struct metadata {
	struct mmsim_page *map;
	struct mmsim_memory *mem;
	struct mmsim_node *node;
	u8 *pageblock;
	struct mmsim_node **cpu_node;
	struct mmsim_pcp **pcp;		/* pointers: a zone's by CPU, zone after zone */
	struct mmsim_pcp *pcps;		/* what they point to: all zones' of a CPU together */
	struct mmsim_highmem *highmem;	/* NULL without such a zone */
	struct mmsim_owners *owners;	/* NULL when none are kept */
	struct mmsim_owner *owner;
	struct mmsim_stack *stack;
};

static void carve_owners(struct metadata *meta, void **at, unsigned long nr_pages)
{
	meta->owners = carve(at, sizeof(*meta->owners), SMP_CACHE_BYTES);
	meta->owner = carve(at, nr_pages * sizeof(*meta->owner), SMP_CACHE_BYTES);
	meta->stack = carve(at, mmsim_stacks_slots(nr_pages) * sizeof(*meta->stack), SMP_CACHE_BYTES);
}

static unsigned long carve_metadata(struct metadata *meta, void *start, unsigned long nr_pages, unsigned int nr_nodes,
				    bool highmem, bool page_owner)
{
	unsigned long nr_pcps = nr_nodes * MMSIM_NR_ZONES * nr_cpu_ids;
	void *at = start;

	meta->map = carve(&at, nr_pages * sizeof(struct mmsim_page), MMSIM_PAGE_ARRAY_ALIGN);
	meta->mem = carve(&at, sizeof(*meta->mem), SMP_CACHE_BYTES);
	meta->node = carve(&at, nr_nodes * sizeof(*meta->node), SMP_CACHE_BYTES);
	meta->pageblock = carve(&at, DIV_ROUND_UP(nr_pages, MMSIM_PAGEBLOCK_PAGES), SMP_CACHE_BYTES);
	meta->cpu_node = carve(&at, nr_cpu_ids * sizeof(*meta->cpu_node), SMP_CACHE_BYTES);
	meta->pcp = carve(&at, nr_pcps * sizeof(*meta->pcp), SMP_CACHE_BYTES);
	meta->pcps = carve(&at, nr_pcps * sizeof(*meta->pcps), SMP_CACHE_BYTES);
	meta->highmem = NULL;
	if (highmem)
		meta->highmem = carve(&at, struct_size(meta->highmem, cpu, nr_cpu_ids), SMP_CACHE_BYTES);
	meta->owners = NULL;
	if (page_owner)
		carve_owners(meta, &at, nr_pages);
	return PFN_UP(at - start);
}

static unsigned long next_granule(unsigned long pfn)
{
	return round_down(pfn, MMSIM_GRANULE_PAGES) + MMSIM_GRANULE_PAGES;
}

/* The first frame of a run of @nr that meets no hole, in [start, end); 0 when there is none. */
static unsigned long find_whole_run(const struct mmsim_region *r, unsigned long start, unsigned long end,
				    unsigned long nr)
{
	unsigned long pfn, next;

	for (pfn = start; start + nr <= end; pfn = next) {
		next = next_granule(pfn);
		if (mmsim_region_missing(r, pfn))
			start = next;
		else if (next >= start + nr)
			return start;
	}
	return 0;
}

/* The zone that pays for the metadata: the largest with kernel addresses. Sets its bounds. */
static void largest_lowmem(const struct mmsim_layout *layout, unsigned long *start, unsigned long *end)
{
	unsigned long pfn = *start;
	u64 largest = 0;
	int type;

	for (type = 0; type <= MMSIM_ZONE_NORMAL; type++) {
		unsigned long nr = layout->size[type] >> PAGE_SHIFT;

		if (layout->size[type] > largest) {
			largest = layout->size[type];
			*start = pfn;
			*end = pfn + nr;
		}
		pfn += nr;
	}
}

/* A CPU's lists of all zones lie side by side, away from other CPUs'. */
static void link_cpus(struct metadata *meta, unsigned int nr_nodes)
{
	unsigned int nr_zones = nr_nodes * MMSIM_NR_ZONES, i, cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		meta->cpu_node[cpu] = &meta->node[cpu * nr_nodes / nr_cpu_ids];
		for (i = 0; i < nr_zones; i++)
			meta->pcp[i * nr_cpu_ids + cpu] = &meta->pcps[cpu * nr_zones + i];
	}
	for (i = 0; i < nr_zones; i++)
		meta->node[i / MMSIM_NR_ZONES].zone[i % MMSIM_NR_ZONES].pcp = &meta->pcp[i * nr_cpu_ids];
}

static struct mmsim_memory *place_metadata(const struct mmsim_region *r, const struct mmsim_layout *layout,
					   unsigned int nr_nodes, bool page_owner)
{
	unsigned long start = r->start_pfn, end = 0, meta_pfn, meta_pages;
	bool highmem = layout->size[MMSIM_ZONE_HIGHMEM];
	struct metadata meta;
	unsigned int nid;
	void *vaddr;

	largest_lowmem(layout, &start, &end);
	vaddr = r->vaddr + ((start - r->start_pfn) << PAGE_SHIFT);
	meta_pages = carve_metadata(&meta, vaddr, r->nr_pages, nr_nodes, highmem, page_owner);
	meta_pfn = find_whole_run(r, start, end, meta_pages);
	if (!meta_pfn) {
		pr_err("the page array and other metadata need %lu KB in one piece of the largest of DMA, DMA32 and Normal: make it larger with zones=, or the region with size=\n",
		       meta_pages << (PAGE_SHIFT - 10));
		return NULL;
	}

	vaddr += (meta_pfn - start) << PAGE_SHIFT;
	carve_metadata(&meta, vaddr, r->nr_pages, nr_nodes, highmem, page_owner);
	memset(meta.mem, 0, vaddr + (meta_pages << PAGE_SHIFT) - (void *)meta.mem);
	link_cpus(&meta, nr_nodes);
	if (page_owner) {
		meta.mem->owners = meta.owners;
		meta.owners->record = meta.owner;
		meta.owners->stacks.slot = meta.stack;
		meta.owners->stacks.nr_slots = mmsim_stacks_slots(r->nr_pages);
	}
	meta.mem->region = r;
	meta.mem->map = meta.map;
	meta.mem->pageblock = meta.pageblock;
	meta.mem->start_pfn = r->start_pfn;
	meta.mem->nr_pages = r->nr_pages;
	meta.mem->meta_pfn = meta_pfn;
	meta.mem->meta_pages = meta_pages;
	meta.mem->nr_nodes = nr_nodes;
	meta.mem->highmem = meta.highmem;
	meta.mem->cpu_node = meta.cpu_node;
	for (nid = 0; nid < nr_nodes; nid++)
		meta.mem->node[nid] = &meta.node[nid];
	return meta.mem;
}

/* Field by field, so that the loop is stores alone. */
static void page_init(struct mmsim_page *page, unsigned long flags, void *virtual)
{
	page->flags = flags;
	page->lru.next = NULL;
	page->lru.prev = NULL;
	page->mapping = NULL;
	page->index = 0;
	page->private = 0;
	atomic64_set(&page->counts, MMSIM_COUNTS_IDLE);
	page->virtual = virtual;
}

static void zone_init_pages(struct mmsim_memory *mem, struct mmsim_zone *zone)
{
	struct mmsim_page *page = mmsim_memory_page(mem, zone->start_pfn);
	struct mmsim_page *end = page + zone->spanned_pages;
	bool highmem = zone->type == MMSIM_ZONE_HIGHMEM;
	void *virtual = highmem ? NULL : mmsim_memory_vaddr(mem, page);
	size_t step = highmem ? 0 : PAGE_SIZE;

	while (page < end) {
		struct mmsim_page *stop = min(page + MMSIM_GRANULE_PAGES, end);

		for (; page < stop; page++, virtual += step)
			page_init(page, zone->id, virtual);
		cond_resched();
	}
}

static void reserve_pages(struct mmsim_memory *mem, unsigned long pfn, unsigned long nr)
{
	struct mmsim_page *page = mmsim_memory_page(mem, pfn);

	for (; nr--; page++) {
		page->flags |= BIT(PG_reserved);
		atomic64_set(&page->counts, MMSIM_COUNTS_OWNED);
	}
}

static void reserve_holes(struct mmsim_memory *mem)
{
	const struct mmsim_region *r = mem->region;
	unsigned long i;

	for_each_set_bit(i, r->missing, mmsim_region_nr_granules(r))
		reserve_pages(mem, r->start_pfn + i * MMSIM_GRANULE_PAGES, MMSIM_GRANULE_PAGES);
}

static unsigned long overlap(unsigned long a, unsigned long a_end, unsigned long b, unsigned long b_end)
{
	return max(min(a_end, b_end), max(a, b)) - max(a, b);
}

static void zone_count_pages(struct mmsim_memory *mem, struct mmsim_zone *zone)
{
	unsigned long pfn, end = zone->start_pfn + zone->spanned_pages, next;

	zone->present_pages = zone->spanned_pages;
	for (pfn = zone->start_pfn; pfn < end; pfn = next) {
		next = min(next_granule(pfn), end);
		if (mmsim_region_missing(mem->region, pfn))
			zone->present_pages -= next - pfn;
	}
	zone->managed_pages = zone->present_pages;
	zone->managed_pages -= overlap(mem->meta_pfn, mem->meta_pfn + mem->meta_pages, zone->start_pfn, end);
	zone->allocated_pages = zone->managed_pages;
}

/* Downward, so that the lowest addresses end up at the heads of the lists and are handed out first, as after a boot. */
static void release_run(struct mmsim_memory *mem, struct mmsim_zone *zone, unsigned long start, unsigned long end)
{
	while (end > start) {
		unsigned int order = min_t(unsigned int, __ffs(end), MMSIM_MAX_ORDER);

		order = min_t(unsigned int, order, ilog2(end - start));
		end -= 1UL << order;
		mmsim_buddy_put(zone, mmsim_memory_page(mem, end), order);
	}
}

static void zone_release_pages(struct mmsim_memory *mem, struct mmsim_zone *zone)
{
	unsigned long start, end = zone->start_pfn + zone->spanned_pages;

	while (end > zone->start_pfn) {
		for (start = end; start > zone->start_pfn; start--)
			if (mmsim_page_is_reserved(mmsim_memory_page(mem, start - 1)))
				break;
		release_run(mem, zone, start, end);
		end = start - (start > zone->start_pfn);
		cond_resched();
	}
}

/* A zone gets what of the layout's range lies in the node. */
static void init_node(struct mmsim_memory *mem, struct mmsim_node *node, const struct mmsim_layout *layout)
{
	unsigned long node_end = node->start_pfn + node->spanned_pages, pfn = mem->start_pfn;
	int type;

	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		unsigned long zone_end = pfn + (layout->size[type] >> PAGE_SHIFT);
		unsigned long start = clamp(pfn, node->start_pfn, node_end);
		unsigned long end = clamp(zone_end, node->start_pfn, node_end);

		mmsim_zone_init(&node->zone[type], type, node->nid, start, end - start);
		node->zone[type].map = mem->map;
		node->zone[type].pageblock = mem->pageblock;
		mem->zone_by_id[node->zone[type].id >> MMSIM_PAGE_ZONE_SHIFT] = &node->zone[type];
		pfn = zone_end;
	}
}

static void init_nodes(struct mmsim_memory *mem, const struct mmsim_layout *layout)
{
	unsigned long granules = mem->nr_pages / MMSIM_GRANULE_PAGES, nid;

	for (nid = 0; nid < mem->nr_nodes; nid++) {
		struct mmsim_node *node = mem->node[nid];
		unsigned long first = granules * nid / mem->nr_nodes, end = granules * (nid + 1) / mem->nr_nodes;

		node->nid = nid;
		node->start_pfn = mem->start_pfn + first * MMSIM_GRANULE_PAGES;
		node->spanned_pages = (end - first) * MMSIM_GRANULE_PAGES;
		init_node(mem, node, layout);
	}
	for (nid = 0; nid < mem->nr_nodes; nid++)
		mmsim_zonelists_init(mem, mem->node[nid]);
}

static void init_page_array(struct mmsim_memory *mem)
{
	u64 start = ktime_get_ns(), middle;
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone)
		zone_init_pages(mem, zone);
	reserve_holes(mem);
	reserve_pages(mem, mem->meta_pfn, mem->meta_pages);
	middle = ktime_get_ns();
	mmsim_for_each_zone(mem, zone) {
		zone_count_pages(mem, zone);
		zone_release_pages(mem, zone);
	}
	mem->init_ns = middle - start;
	mem->release_ns = ktime_get_ns() - middle;
}

/* A layout as zones= takes it. */
static void print_layout(const struct mmsim_layout *layout, char *text, size_t size)
{
	struct seq_buf s;
	int type;

	seq_buf_init(&s, text, size);
	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		if (!layout->size[type])
			continue;
		seq_buf_printf(&s, "%s%s", seq_buf_used(&s) ? "," : "", mmsim_zone_names[type]);
		if (layout->size[type] != MMSIM_ZONE_REST)
			seq_buf_printf(&s, ":%s", mmsim_size_text(layout->size[type]).s);
	}
	text[min_t(size_t, seq_buf_used(&s), size - 1)] = '\0';
}

/**
 * mmsim_memory_init() - build the page floor on a region
 * @region: a region that has been taken; it must outlive the floor
 * @params: the layout asked for and the options
 *
 * Follows what mm_core_init() does for a kernel: free_area_init(), build_all_zonelists(), memblock_free_all().
 *
 * Context: process context, may sleep.
 * Return: the floor, which lies in the region; NULL when the layout doesn't fit, with a line in the log that says why.
 */
struct mmsim_memory *mmsim_memory_init(const struct mmsim_region *region, const struct mmsim_memory_params *params)
{
	struct mmsim_layout layout = params->layout;
	struct mmsim_memory *mem;
	char why[160], zones[160];
	int err;

	if (mmsim_layout_resolve(&layout, (u64)region->nr_pages << PAGE_SHIFT, why, sizeof(why))) {
		print_layout(&params->layout, zones, sizeof(zones));
		pr_err("zones=%s: %s\n", zones, why);
		return NULL;
	}
	if (params->nr_nodes > min_t(unsigned long, MMSIM_MAX_NODES, mmsim_region_nr_granules(region))) {
		pr_err("nodes=%u: at most %d, each with 4 MB or more\n", params->nr_nodes, MMSIM_MAX_NODES);
		return NULL;
	}
	mem = place_metadata(region, &layout, max(params->nr_nodes, 1U), params->page_owner);
	if (!mem)
		return NULL;
	mem->interleave = params->interleave;
	mem->init_on_alloc = params->init_on_alloc;
	mem->init_on_free = params->init_on_free;
	ratelimit_state_init(&mem->report_limit, 5 * HZ, 10);
	ratelimit_state_init(&mem->failure_limit, 10 * HZ, 1);
	mem->migratetype_mask = params->group_by_mobility ? 3 : 0;
	memset(mem->pageblock, params->group_by_mobility ? MMSIM_MIGRATE_MOVABLE : MMSIM_MIGRATE_UNMOVABLE,
	       DIV_ROUND_UP(mem->nr_pages, MMSIM_PAGEBLOCK_PAGES));
	mem->pcp_orders = params->pcp_orders & (BIT(MMSIM_PCP_MAX_ORDER + 1) - 1);
	mmsim_reclaim_init(&mem->reclaim);
	mmsim_cma_init(mem);
	init_nodes(mem, &layout);
	init_page_array(mem);
	if (params->min_free_kbytes > mmsim_max_min_free_kbytes(mem)) {
		pr_err("min_free_kbytes=%lu: at most %lu, a quarter of DMA, DMA32 and Normal\n",
		       params->min_free_kbytes, mmsim_max_min_free_kbytes(mem));
		return NULL;
	}
	mmsim_watermarks_set(mem, params->min_free_kbytes, params->watermark_scale_factor);
	err = mmsim_pcp_start(mem);
	if (err) {
		pr_err("CPU hotplug can't be watched: error %d\n", err);
		return NULL;
	}
	mmsim_highmem_start(mem);
	if (mem->owners)
		mmsim_owner_start();
	return mem;
}

static void name_leak(struct mmsim_memory *mem, struct mmsim_page *page)
{
	pr_warn("still allocated: pfn %#lx, order %u, zone %s, refcount %d\n", mmsim_memory_pfn(mem, page),
		mmsim_page_order(page), mmsim_page_zone(mem, page)->name, atomic_read(&page->_refcount));
	if (mmsim_owner_on(mem))
		mmsim_owner_report(mem, page);
}

/**
 * mmsim_memory_exit() - take the page floor down
 * @mem: the floor; nobody uses it any more
 *
 * Its metadata goes with the region.
 *
 * Context: process context, may sleep.
 * Return: the number of pages still allocated; the first of their blocks are named in the log.
 */
unsigned long mmsim_memory_exit(struct mmsim_memory *mem)
{
	unsigned long i, leaked = 0, named = 0;
	struct mmsim_zone *zone;

	mmsim_highmem_stop(mem);
	mmsim_cma_exit(mem);
	mmsim_pcp_stop(mem);
	mmsim_for_each_zone(mem, zone)
		leaked += zone->allocated_pages;
	for (i = 0; leaked && i < mem->nr_pages && named < MAX_NAMED_LEAKS; i++) {
		if (mmsim_page_is_allocated(&mem->map[i])) {
			name_leak(mem, &mem->map[i]);
			named++;
		}
		cond_resched();
	}
	if (leaked)
		pr_warn("%lu pages were still allocated when the instance was taken down\n", leaked);
	if (mem->owners)
		mmsim_owner_stop();
	return leaked;
}
