// SPDX-License-Identifier: GPL-2.0
/*
 * The module: its parameters, and the order in which the live instance and what works on it come up and go down.
 *
 * No client can call before insmod has succeeded, since until then the kernel resolves none of our symbols for it, and
 * none is left when rmmod calls us, since clients hold the module.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "mmsim.h"

static char *size = "256M";
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "bytes of the region: a multiple of 4M, 4M to 16G (default 256M)");

static char *source = "auto";
module_param(source, charp, 0444);
MODULE_PARM_DESC(source, "where it comes from: auto, contig, memmap, cma or pages (default auto)");

static char *base = "";
module_param(base, charp, 0444);
MODULE_PARM_DESC(base, "memmap: physical address of memory reserved with memmap=SIZE$BASE at boot, a multiple of 4M");

static uint holes;
module_param(holes, uint, 0444);
MODULE_PARM_DESC(holes, "contig: percent of the region that may stay with the host, 0 to 50 (default 0)");

static char *zones = "";
module_param(zones, charp, 0444);
MODULE_PARM_DESC(zones, "NAME:SIZE,... of DMA, DMA32, Normal, HighMem, Movable; one may leave out its size (default: DMA, DMA32, Normal)");

static uint nodes = 1;
module_param(nodes, uint, 0444);
MODULE_PARM_DESC(nodes, "NUMA nodes that the region is cut into, 1 to 8 (default 1)");

static bool interleave;
module_param(interleave, bool, 0444);
MODULE_PARM_DESC(interleave, "requests without a node prefer each node in turn, not the CPU's (default off)");

static bool mobility = true;
module_param(mobility, bool, 0444);
MODULE_PARM_DESC(mobility, "keep allocations of one migratetype together in pageblocks (default on)");

static ulong pcp_orders = MMSIM_PCP_ORDERS;
module_param(pcp_orders, ulong, 0444);
MODULE_PARM_DESC(pcp_orders, "orders that each CPU keeps lists of, a bit each, up to 9; 0x3ff for all (default 0x20f: 0 to 3 and 9)");

static ulong min_free;
module_param_named(min_free_kbytes, min_free, ulong, 0444);
MODULE_PARM_DESC(min_free_kbytes, "KB that only atomic requests may use (default by the region's size, as the kernel does)");

static uint scale_factor = 10;
module_param_named(watermark_scale_factor, scale_factor, uint, 0444);
MODULE_PARM_DESC(watermark_scale_factor, "distance of the watermarks in 1/10000 of a zone, 1 to 3000; 0: no watermarks (default 10)");

static int init_on_alloc_param = -1;
module_param_named(init_on_alloc, init_on_alloc_param, int, 0444);
MODULE_PARM_DESC(init_on_alloc, "1: zero pages when handed out, 0: don't (default: as the kernel does)");

static int init_on_free_param = -1;
module_param_named(init_on_free, init_on_free_param, int, 0444);
MODULE_PARM_DESC(init_on_free, "1: zero pages when freed, 0: don't (default: as the kernel does)");

static bool page_owner;
module_param(page_owner, bool, 0444);
MODULE_PARM_DESC(page_owner, "note who allocated and freed each page, for the file page_owner and for reports (default off)");

static char *cma = "";
module_param(cma, charp, 0444);
MODULE_PARM_DESC(cma, "NAME:SIZE,... of CMA areas to begin with, in multiples of 2M (default none)");

static char *engine = "slub";
module_param(engine, charp, 0444);
MODULE_PARM_DESC(engine, "how slab caches are made: slub, slab or slob (default slub)");

static bool slab_merge;
module_param(slab_merge, bool, 0444);
MODULE_PARM_DESC(slab_merge, "let caches of like size share one, as the kernel does (default off)");

static char *slab_debug = "";
module_param(slab_debug, charp, 0444);
MODULE_PARM_DESC(slab_debug, "for every cache, letters as the kernel's slab_debug=: F checks, Z red zones, P poison, U owners (default none)");

static bool classic_names;
module_param(classic_names, bool, 0444);
MODULE_PARM_DESC(classic_names, "name kmalloc's caches size-N and size-N(DMA), as long ago (default off)");

static bool freelist_hardened = IS_ENABLED(CONFIG_SLAB_FREELIST_HARDENED);
module_param(freelist_hardened, bool, 0444);
MODULE_PARM_DESC(freelist_hardened, "hide the links between free objects (default as the kernel is built)");

static bool freelist_random = IS_ENABLED(CONFIG_SLAB_FREELIST_RANDOM);
module_param(freelist_random, bool, 0444);
MODULE_PARM_DESC(freelist_random, "shuffle the objects of a new slab (default as the kernel is built)");

static char *vmalloc_mode = "window";
module_param_named(vmalloc, vmalloc_mode, charp, 0444);
MODULE_PARM_DESC(vmalloc, "how vmalloc gets addresses: window (of our own), vmap (of the host's, for each area), nommu (it is kmalloc) (default window)");

static char *vmalloc_size = "";
module_param(vmalloc_size, charp, 0444);
MODULE_PARM_DESC(vmalloc_size, "bytes of the window: 4M to 1T (default four times the region)");

static ushort debugfs_mode = 0400;
module_param(debugfs_mode, ushort, 0444);
MODULE_PARM_DESC(debugfs_mode, "mode of the debugfs files that are read; those that are written get 0200 on top (default 0400)");

static uint debugfs_uid;
module_param(debugfs_uid, uint, 0444);
MODULE_PARM_DESC(debugfs_uid, "owner of the debugfs files (default 0)");

static uint debugfs_gid;
module_param(debugfs_gid, uint, 0444);
MODULE_PARM_DESC(debugfs_gid, "group of the debugfs files (default 0)");

static ushort device_mode = 0600;
module_param(device_mode, ushort, 0444);
MODULE_PARM_DESC(device_mode, "mode of /dev/mmsim, which gives processes mmsim's memory (default 0600)");

static struct mmsim *live;

static int parse_bytes(const char *name, const char *word, const char *example, u64 *bytes)
{
	if (!mmsim_size_parse(word, bytes))
		return 0;
	pr_err("%s=%s: not a number of bytes, or more than 64 bits hold; write it like %s=%s\n", name, word, name,
	       example);
	return -EINVAL;
}

static int parse_on_off(const char *name, int value, bool host, bool *on)
{
	if (value < -1 || value > 1) {
		pr_err("%s=%d: must be 0 or 1, or left out for what the kernel does\n", name, value);
		return -EINVAL;
	}
	*on = value < 0 ? host : value;
	return 0;
}

static int parse_region_params(struct mmsim_region_params *p)
{
	u64 addr = 0;
	int word = mmsim_source_parse(source);

	if (word < 0) {
		pr_err("source=%s: must be auto, contig, memmap, cma or pages\n", source);
		return word;
	}
	if (parse_bytes("size", size, "256M", &p->size))
		return -EINVAL;
	if (*base && parse_bytes("base", base, "0x20000000", &addr))
		return -EINVAL;
	p->source = word;
	p->base = addr;
	p->holes = holes;
	return 0;
}

static int parse_numbers(struct mmsim_memory_params *p)
{
	if (pcp_orders >= BIT(MMSIM_PCP_MAX_ORDER + 1)) {
		pr_err("pcp_orders=%#lx: must be bits of the orders 0 to %d, at most %#lx\n", pcp_orders,
		       MMSIM_PCP_MAX_ORDER, BIT(MMSIM_PCP_MAX_ORDER + 1) - 1);
		return -EINVAL;
	}
	if (scale_factor > 3000) {
		pr_err("watermark_scale_factor=%u: must be 0 to 3000, in 1/10000 of a zone\n", scale_factor);
		return -EINVAL;
	}
	if (!nodes || nodes > MMSIM_MAX_NODES) {
		pr_err("nodes=%u: must be 1 to %d\n", nodes, MMSIM_MAX_NODES);
		return -EINVAL;
	}
	p->nr_nodes = nodes;
	p->interleave = interleave;
	p->group_by_mobility = mobility;
	p->pcp_orders = pcp_orders;
	p->min_free_kbytes = min_free;
	p->watermark_scale_factor = scale_factor;
	p->cma = cma;
	p->page_owner = page_owner;
	return 0;
}

static int parse_memory_params(struct mmsim_memory_params *p)
{
	char why[160];
	int err = mmsim_layout_parse(&p->layout, zones, why, sizeof(why));

	if (err) {
		pr_err("zones=%s: %s\n", zones, why);
		return err;
	}
	err = parse_numbers(p);
	if (err)
		return err;
	err = parse_on_off("init_on_alloc", init_on_alloc_param, want_init_on_alloc(0), &p->init_on_alloc);
	if (err)
		return err;
	return parse_on_off("init_on_free", init_on_free_param, want_init_on_free(), &p->init_on_free);
}

static int parse_slab_debug(slab_flags_t *flags)
{
	static const char letters[] = "FZPU";
	static const slab_flags_t flag[] = {
		SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER,
	};
	const char *p, *known;

	for (p = slab_debug; *p; p++) {
		known = strchr(letters, *p);
		if (!known) {
			pr_err("slab_debug=%s: must be letters of %s\n", slab_debug, letters);
			return -EINVAL;
		}
		*flags |= flag[known - letters];
	}
	return 0;
}

static int parse_slab_params(struct mmsim_slab_params *p)
{
	int word = mmsim_engine_parse(engine);

	if (word < 0) {
		pr_err("engine=%s: must be slub, slab or slob\n", engine);
		return word;
	}
	p->engine = word;
	p->merge = slab_merge;
	p->classic_names = classic_names;
	p->plain_links = !freelist_hardened;
	p->ordered = !freelist_random;
	mmsim_slab_host_rules(&p->rules);
	return parse_slab_debug(&p->debug);
}

/* The one number that is nobody's: chown() takes it for "leave it as it is". */
static int parse_id(const char *name, uint id)
{
	if (id != (uint)-1)
		return 0;
	pr_err("%s=%u: is nobody; give a number below that\n", name, id);
	return -EINVAL;
}

static int parse_vmalloc_params(struct mmsim_vmalloc_params *p)
{
	int word = match_string(mmsim_vmalloc_mode_names, MMSIM_NR_VMALLOC_MODES, vmalloc_mode);

	if (word < 0) {
		pr_err("vmalloc=%s: must be window, vmap or nommu\n", vmalloc_mode);
		return word;
	}
	p->mode = word;
	if (!*vmalloc_size)
		return 0;
	if (parse_bytes("vmalloc_size", vmalloc_size, "1G", &p->size))
		return -EINVAL;
	if (p->size < SZ_4M || p->size > SZ_1T || !PAGE_ALIGNED(p->size)) {
		pr_err("vmalloc_size=%s: must be 4M to 1T, in multiples of 4K\n", vmalloc_size);
		return -EINVAL;
	}
	return 0;
}

static int parse_modes(struct mmsim_debugfs_owner *owner)
{
	if (debugfs_mode & ~0666) {
		pr_err("debugfs_mode=%#o: must be permission bits to read and write, such as 0444\n", debugfs_mode);
		return -EINVAL;
	}
	if (device_mode & ~0666) {
		pr_err("device_mode=%#o: must be permission bits to read and write, such as 0660\n", device_mode);
		return -EINVAL;
	}
	if (parse_id("debugfs_uid", debugfs_uid) || parse_id("debugfs_gid", debugfs_gid))
		return -EINVAL;
	*owner = (struct mmsim_debugfs_owner){ .mode = debugfs_mode, .uid = debugfs_uid, .gid = debugfs_gid };
	return 0;
}

/* Files are a convenience: an instance that can't show itself still serves its clients. */
static void start_files(const struct mmsim_debugfs_owner *owner)
{
	mmsim_debugfs_init(owner);
	mmsim_observe_init(live);
	mmsim_ctl_init();
	mmsim_mirror_init();
	mmsim_user_debug_init(&live->user);
}

static int __init mmsim_init(void)
{
	struct mmsim_debugfs_owner owner;
	struct mmsim_vmalloc_params vmalloc = {};
	struct mmsim_slab_params slab = {};
	struct mmsim_params params = { .slab = &slab, .vmalloc = &vmalloc };
	int err;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_err("PREEMPT_RT kernels are not supported: their spinlocks sleep, and allocations come from interrupts\n");
		return -EOPNOTSUPP;
	}
	err = parse_region_params(&params.region);
	if (err)
		return err;
	err = parse_memory_params(&params.memory);
	if (err)
		return err;
	err = parse_slab_params(&slab);
	if (err)
		return err;
	err = parse_vmalloc_params(&vmalloc);
	if (err)
		return err;
	err = parse_modes(&owner);
	if (err)
		return err;
	live = mmsim_create(&params);
	if (IS_ERR(live))
		return PTR_ERR(live);
	mmsim_memory_live = live->memory;
	mmsim_slabs_live = live->slabs;
	mmsim_vmalloc_live = live->vmalloc;
	start_files(&owner);
	mmsim_user_device_init(&live->user, device_mode);
	return 0;
}

/*
 * No process has the device open, or we would not be here. The files go first: who has one open finishes its call, and
 * nobody begins another. Then what holds pages lets go.
 */
static void __exit mmsim_exit(void)
{
	mmsim_user_device_exit();
	mmsim_observe_exit();
	mmsim_debugfs_exit();
	mmsim_cma_commands_exit();
	mmsim_mirror_exit();
	mmsim_ctl_exit();
	mmsim_destroy(live);
	mmsim_vmalloc_live = NULL;
	mmsim_slabs_live = NULL;
	mmsim_memory_live = NULL;
}

module_init(mmsim_init);
module_exit(mmsim_exit);

MODULE_DESCRIPTION("Linux's memory allocators a second time, on memory of their own");
MODULE_AUTHOR("The mmsim developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
