// SPDX-License-Identifier: GPL-2.0
/*
 * Zones: how a region is divided into them, and which ones a request may use.
 *
 * A layout is a size for each zone, taken from the zones= parameter or, without one, made up so that even a small
 * region shows several. Zones follow each other in the region in the order DMA, DMA32, Normal, HighMem, Movable; each
 * begins and ends on a pageblock. Their names say what requests they serve, as in the kernel; where they lie in
 * physical memory is where the region lies.
 *
 * A request's gfp flags name the highest zone that will do, and the zonelist of that zone tries it and then the ones
 * below: memory that more kinds of request can use is kept for last.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "page/memory.h"

#define PAGEBLOCK_BYTES		((u64)MMSIM_PAGEBLOCK_PAGES << PAGE_SHIFT)

const char *const mmsim_zone_names[MMSIM_NR_ZONES] = {
	[MMSIM_ZONE_DMA]	= "DMA",
	[MMSIM_ZONE_DMA32]	= "DMA32",
	[MMSIM_ZONE_NORMAL]	= "Normal",
	[MMSIM_ZONE_HIGHMEM]	= "HighMem",
	[MMSIM_ZONE_MOVABLE]	= "Movable",
};

const char *const mmsim_numa_names[MMSIM_NR_NUMA] = {
	[MMSIM_NUMA_HIT]	= "numa_hit",
	[MMSIM_NUMA_MISS]	= "numa_miss",
	[MMSIM_NUMA_FOREIGN]	= "numa_foreign",
	[MMSIM_NUMA_LOCAL]	= "numa_local",
	[MMSIM_NUMA_OTHER]	= "numa_other",
};

static_assert(___GFP_DMA == 1 && ___GFP_HIGHMEM == 2 && ___GFP_DMA32 == 4 && ___GFP_MOVABLE == 8);

const u8 mmsim_gfp_zones[16] = {
	[0]					= MMSIM_ZONE_NORMAL + 1,
	[___GFP_DMA]				= MMSIM_ZONE_DMA + 1,
	[___GFP_DMA32]				= MMSIM_ZONE_DMA32 + 1,
	[___GFP_HIGHMEM]			= MMSIM_ZONE_HIGHMEM + 1,
	[___GFP_MOVABLE]			= MMSIM_ZONE_NORMAL + 1,
	[___GFP_MOVABLE | ___GFP_DMA]		= MMSIM_ZONE_DMA + 1,
	[___GFP_MOVABLE | ___GFP_DMA32]		= MMSIM_ZONE_DMA32 + 1,
	[___GFP_MOVABLE | ___GFP_HIGHMEM]	= MMSIM_ZONE_MOVABLE + 1,
};

static int parse_zone(struct mmsim_layout *layout, char *word, char *why, size_t why_size)
{
	char *name = strsep(&word, ":");
	int type = match_string(mmsim_zone_names, MMSIM_NR_ZONES, name);
	u64 size = MMSIM_ZONE_REST;

	if (type < 0) {
		snprintf(why, why_size, "'%s' is no zone: there are DMA, DMA32, Normal, HighMem, Movable", name);
		return -EINVAL;
	}
	if (layout->size[type]) {
		snprintf(why, why_size, "%s is given twice", name);
		return -EINVAL;
	}
	if (word) {
		if (mmsim_size_parse(word, &size) || !size || size % PAGEBLOCK_BYTES || size > MMSIM_REGION_MAX) {
			snprintf(why, why_size, "%s:%s is not a size: give a multiple of 2M up to 16G, such as %s:16M",
				 name, word, name);
			return -EINVAL;
		}
	}
	layout->size[type] = size;
	return 0;
}

/**
 * mmsim_layout_parse() - read the zones= parameter
 * @layout: where the sizes go; all zero when @zones is empty, which mmsim_layout_resolve() turns into the default
 * @zones: "NAME:SIZE,...", where one zone may stand without a size; NULL or "" for the default
 * @why: where the reason of a refusal goes
 * @why_size: bytes at @why
 *
 * Context: process context, may sleep.
 * Return: 0, or -EINVAL or -ENOMEM with the reason in @why.
 */
int mmsim_layout_parse(struct mmsim_layout *layout, const char *zones, char *why, size_t why_size)
{
	char *copy, *rest, *word;
	int err = 0;

	memset(layout, 0, sizeof(*layout));
	if (!zones || !*zones)
		return 0;
	copy = kstrdup(zones, GFP_KERNEL);
	if (!copy) {
		snprintf(why, why_size, "no host memory to read it");
		return -ENOMEM;
	}
	rest = copy;
	while (!err && (word = strsep(&rest, ",")))
		err = parse_zone(layout, word, why, why_size);
	kfree(copy);
	return err;
}

/* As on a PC: a little DMA, a quarter within 32 bits, the rest Normal. What rounds down to nothing is left out. */
static void layout_default(struct mmsim_layout *layout, u64 region_size)
{
	layout->size[MMSIM_ZONE_DMA] = round_down(min_t(u64, region_size / 16, SZ_16M), PAGEBLOCK_BYTES);
	layout->size[MMSIM_ZONE_DMA32] = round_down(region_size / 4, PAGEBLOCK_BYTES);
	layout->size[MMSIM_ZONE_NORMAL] = MMSIM_ZONE_REST;
}

/**
 * mmsim_layout_resolve() - fit a layout to a region
 * @layout: from mmsim_layout_parse(); every size is in bytes afterwards and their sum is @region_size
 * @region_size: bytes
 * @why: where the reason of a refusal goes
 * @why_size: bytes at @why
 *
 * The zone without a size gets what the others leave; when all have one, Normal gets it.
 *
 * Return: 0, or -EINVAL with the reason in @why.
 */
int mmsim_layout_resolve(struct mmsim_layout *layout, u64 region_size, char *why, size_t why_size)
{
	int type, rest = -1;
	u64 sum = 0;

	if (!memchr_inv(layout, 0, sizeof(*layout)))
		layout_default(layout, region_size);
	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		if (layout->size[type] != MMSIM_ZONE_REST) {
			sum += layout->size[type];
			continue;
		}
		if (rest >= 0) {
			snprintf(why, why_size, "%s and %s both stand without a size: one zone alone can take the rest",
				 mmsim_zone_names[rest], mmsim_zone_names[type]);
			return -EINVAL;
		}
		rest = type;
		layout->size[type] = 0;
	}
	if (sum > region_size) {
		snprintf(why, why_size, "they add up to %s, the region has %s: make them smaller, or take size=%s",
			 mmsim_size_text(sum).s, mmsim_size_text(region_size).s,
			 mmsim_size_text(round_up(sum, MMSIM_REGION_ALIGN)).s);
		return -EINVAL;
	}
	if (rest < 0)
		rest = MMSIM_ZONE_NORMAL;
	layout->size[rest] += region_size - sum;
	if (!layout->size[MMSIM_ZONE_DMA] && !layout->size[MMSIM_ZONE_DMA32] && !layout->size[MMSIM_ZONE_NORMAL]) {
		snprintf(why, why_size, "HighMem and Movable can't hold mmsim's own metadata: leave some to Normal");
		return -EINVAL;
	}
	return 0;
}

/**
 * mmsim_zone_init() - set up an empty zone
 * @zone: zeroed memory in the region
 * @type: its place in the node
 * @nid: the node
 * @start_pfn: its first frame
 * @spanned: its length in frames, 0 for a zone that the layout leaves out
 */
void mmsim_zone_init(struct mmsim_zone *zone, enum mmsim_zone_type type, unsigned int nid, unsigned long start_pfn,
		     unsigned long spanned)
{
	unsigned int order, mt;

	zone->name = mmsim_zone_names[type];
	zone->type = type;
	zone->id = (unsigned long)type << MMSIM_PAGE_ZONE_SHIFT | (unsigned long)nid << MMSIM_PAGE_NODE_SHIFT;
	zone->nid = nid;
	zone->start_pfn = start_pfn;
	zone->spanned_pages = spanned;
	spin_lock_init(&zone->lock);
	for (order = 0; order < MMSIM_NR_ORDERS; order++)
		for (mt = 0; mt < MMSIM_MIGRATE_TYPES; mt++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[mt]);
}

/**
 * mmsim_node_distance() - how far apart two nodes are
 * @a: a node
 * @b: a node
 *
 * Nodes lie in a row: each is nearest to its neighbours.
 *
 * Return: 10 for a node and itself, 10 more a step, as a firmware's SLIT gives it.
 */
unsigned int mmsim_node_distance(unsigned int a, unsigned int b)
{
	return 10 + 10 * abs((int)a - (int)b);
}

static struct mmsim_zone **list_zones(struct mmsim_node *node, int highest, struct mmsim_zone **slot)
{
	int type;

	for (type = highest; type >= 0; type--)
		if (node->zone[type].spanned_pages)
			*slot++ = &node->zone[type];
	*slot = NULL;
	return slot;
}

/* Lists all nodes' zones, the nearest node's first; of two equally far ones the lower. */
static void list_nodes(struct mmsim_memory *mem, struct mmsim_node *node, int highest)
{
	struct mmsim_zone **slot = node->zonelist[highest];
	unsigned int nid, far;

	for (far = 0; far < mem->nr_nodes; far++)
		for (nid = 0; nid < mem->nr_nodes; nid++)
			if (mmsim_node_distance(node->nid, nid) == 10 + 10 * far)
				slot = list_zones(mem->node[nid], highest, slot);
}

static void init_routes(struct mmsim_memory *mem, struct mmsim_node *node)
{
	unsigned int bits;

	for (bits = 0; bits < MMSIM_NR_ROUTES; bits++) {
		struct mmsim_route *route = &node->route[bits];
		unsigned int type = mmsim_gfp_migratetype(mem, (__force gfp_t)bits);
		int highest = mmsim_gfp_zone((__force gfp_t)bits);

		if (highest < 0 || type >= MMSIM_MIGRATE_PCPTYPES)
			continue;
		route->zone = node->zonelist[highest][0];
		route->highest = highest;
		route->type = type;
	}
}

/**
 * mmsim_zonelists_init() - note for each kind of request which zones to try
 * @mem: the page floor, all its zones set up
 * @node: the node that the requests prefer
 *
 * The kernel's build_zonelists(), in node order: another zone of the near node comes before the same zone of a far one;
 * and what is in alloc_flags_nofragment().
 */
void mmsim_zonelists_init(struct mmsim_memory *mem, struct mmsim_node *node)
{
	struct mmsim_zone *normal = &node->zone[MMSIM_ZONE_NORMAL];
	int highest;

	if (mem->nr_nodes == 1 || node->zone[MMSIM_ZONE_DMA32].spanned_pages)
		normal->first_try = MMSIM_ALLOC_NOFRAGMENT;
	for (highest = 0; highest < MMSIM_NR_ZONES; highest++) {
		list_zones(node, highest, node->zonelist_thisnode[highest]);
		list_nodes(mem, node, highest);
	}
	init_routes(mem, node);
}

/**
 * mmsim_next_zone() - step through the populated zones of an instance
 * @mem: the instance's page floor
 * @zone: a zone of it; NULL to begin
 *
 * Return: the next zone; NULL after the last one.
 */
struct mmsim_zone *mmsim_next_zone(const struct mmsim_memory *mem, const struct mmsim_zone *zone)
{
	unsigned int nid = zone ? zone->nid : 0;
	unsigned int type = zone ? zone->type + 1 : 0;

	for (; nid < mem->nr_nodes; nid++, type = 0)
		for (; type < MMSIM_NR_ZONES; type++)
			if (mem->node[nid]->zone[type].spanned_pages)
				return &mem->node[nid]->zone[type];
	return NULL;
}
