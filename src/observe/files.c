// SPDX-License-Identifier: GPL-2.0
/*
 * The files that show an instance: each a function that prints the whole text, and a row in a table. Here are those
 * about the instance itself, and all are made here; stat.c has the sums, blocks.c the free blocks, frames.c the frames,
 * owner.c who has them, slab.c the caches, vmalloc.c the areas.
 *
 * seq_file calls such a function once when the file is read from its start and keeps the text for the reads that
 * follow, so that a reader with a buffer of one byte gets the text of one moment; a text too long for the buffer is
 * printed anew into a larger one, never pieced together. Nothing in this folder changes the instance but what is
 * written to slabinfo and to files of slab/. Numbers of one zone are of one moment unless a file says otherwise; those
 * of two zones may be of two.
 *
 *	region		"key: value": where the memory came from, what it costs, how it is divided
 *	check		one line: "ok: ..." and what was walked, or "broken: ..." and the first broken invariant
 *	bad		"key: value": refused misuses by kind, and allocations that failed
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "mmsim.h"
#include "observe/files.h"
#include "page/owner.h"

/* A range of frames as the log prints memory: bytes, the last one included. */
static void show_range(struct seq_file *s, unsigned long pfn, unsigned long nr_pages)
{
	seq_printf(s, "%#llx-%#llx", (u64)pfn << PAGE_SHIFT, ((u64)(pfn + nr_pages) << PAGE_SHIFT) - 1);
}

/**
 * mmsim_show_holes() - print how many of a region's granules are holes, and where
 * @s: the file
 * @r: the region
 *
 * Context: process context.
 */
void mmsim_show_holes(struct seq_file *s, const struct mmsim_region *r)
{
	unsigned long granules = mmsim_region_nr_granules(r);
	unsigned long start = 0, end;

	seq_printf(s, "granules: %lu\n", granules);
	seq_printf(s, "holes: %lu\n", r->nr_holes);
	while (r->nr_holes && (start = find_next_bit(r->missing, granules, start)) < granules) {
		end = find_next_zero_bit(r->missing, granules, start);
		seq_puts(s, "hole: ");
		show_range(s, r->start_pfn + start * MMSIM_GRANULE_PAGES, (end - start) * MMSIM_GRANULE_PAGES);
		seq_putc(s, '\n');
		start = end;
	}
}

static void show_source(struct seq_file *s, const struct mmsim_region *r)
{
	seq_printf(s, "source: %s\n", mmsim_source_names[r->ops->source]);
	seq_printf(s, "base: %#llx\n", (u64)r->start_pfn << PAGE_SHIFT);
	seq_printf(s, "size: %llu\n", (u64)r->nr_pages << PAGE_SHIFT);
	seq_printf(s, "pages: %lu\n", r->nr_pages);
	mmsim_show_holes(s, r);
	seq_printf(s, "slices: %lu\n", r->nr_slices);
	seq_printf(s, "tries: %lu\n", r->nr_tries);
	seq_printf(s, "time taken: %llu ms\n", div_u64(r->take_ns, NSEC_PER_MSEC));
	seq_printf(s, "host backed: %s\n", r->host_backed ? "yes" : "no");
}

static void show_owners(struct seq_file *s, const struct mmsim_owners *owners)
{
	if (!owners) {
		seq_puts(s, "page owner: off\n");
		return;
	}
	seq_printf(s, "page owner: on, %zu bytes a page\n", sizeof(*owners->record));
	seq_printf(s, "page owner stacks: %d of %u, %zu bytes each, %ld lost\n", atomic_read(&owners->stacks.nr_used),
		   owners->stacks.nr_slots, sizeof(*owners->stacks.slot), atomic_long_read(&owners->stacks.nr_lost));
}

/* What the allocators cost: pages, and time to set up, in all and a page. */
static void show_cost(struct seq_file *s, const struct mmsim_memory *mem)
{
	u64 hundredths = div64_ul((u64)mem->meta_pages * 10000, mem->nr_pages);

	seq_printf(s, "metadata pages: %lu\n", mem->meta_pages);
	seq_printf(s, "metadata bytes: %llu\n", (u64)mem->meta_pages << PAGE_SHIFT);
	seq_printf(s, "metadata percent: %llu.%02llu\n", hundredths / 100, hundredths % 100);
	show_owners(s, mem->owners);
	seq_printf(s, "page array init: %llu ns\n", mem->init_ns);
	seq_printf(s, "page array init per page: %llu ns\n", div64_ul(mem->init_ns, mem->nr_pages));
	seq_printf(s, "buddy release: %llu ns\n", mem->release_ns);
	seq_printf(s, "buddy release per page: %llu ns\n", div64_ul(mem->release_ns, mem->nr_pages));
}

/* Pages that the zones have given to the slab floor: to its own block, to slabs, to large kmallocs. */
static unsigned long slab_pages(struct mmsim_slabs *slabs)
{
	return BIT(slabs->order) + mmsim_slabs_pages(slabs, true) + mmsim_slabs_pages(slabs, false);
}

static int region_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	struct mmsim_zone *zone;

	show_source(s, &m->region);
	show_cost(s, m->memory);
	seq_printf(s, "slab floor pages: %lu\n", slab_pages(m->slabs));
	seq_printf(s, "vmalloc floor pages: %lu\n", mmsim_vmalloc_nr_pages(m->vmalloc));
	mmsim_for_each_zone(m->memory, zone) {
		seq_printf(s, "zone %s: ", zone->name);
		show_range(s, zone->start_pfn, zone->spanned_pages);
		seq_printf(s, " node %u spanned %lu present %lu managed %lu\n", zone->nid, zone->spanned_pages,
			   zone->present_pages, zone->managed_pages);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(region);

static int check_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	struct mmsim_zone *zone;
	unsigned int nr_zones = 0;
	char what[256];

	if (mmsim_region_check(&m->region, what, sizeof(what)) || mmsim_memory_check(m->memory, what, sizeof(what)) ||
	    mmsim_slabs_check(m->slabs, what, sizeof(what)) || mmsim_user_check(&m->user, what, sizeof(what)) ||
	    mmsim_vmalloc_check(m->vmalloc, what, sizeof(what))) {
		seq_printf(s, "broken: %s\n", what);
		return 0;
	}
	mmsim_for_each_zone(m->memory, zone)
		nr_zones++;
	seq_printf(s, "ok: region of %lu granules, %lu pages in %u zones, every block, list and sum, %lu pages of the slab floor\n",
		   mmsim_region_nr_granules(&m->region), m->memory->nr_pages, nr_zones, slab_pages(m->slabs));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

static int bad_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	int i;

	for (i = 0; i < MMSIM_NR_BAD; i++)
		seq_printf(s, "%s: %ld\n", mmsim_bad_names[i], atomic_long_read(&m->memory->bad[i]));
	for (i = 0; i < MMSIM_NR_SLAB_BAD; i++)
		seq_printf(s, "%s: %ld\n", mmsim_slab_bad_names[i], atomic_long_read(&m->slabs->bad[i]));
	for (i = 0; i < MMSIM_NR_VMALLOC_BAD; i++)
		seq_printf(s, "vmalloc_%s: %ld\n", mmsim_vmalloc_bad_names[i], atomic_long_read(&m->vmalloc->bad[i]));
	seq_printf(s, "failed_allocations: %ld\n", atomic_long_read(&m->memory->nr_failed));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bad);

static const struct mmsim_observe_file instance_files[] = {
	{ "region",	&region_fops },
	{ "check",	&check_fops },
	{ "bad",	&bad_fops },
	{}
};

static const struct mmsim_observe_file *const tables[] = {
	instance_files, mmsim_observe_blocks, mmsim_observe_stat, mmsim_observe_frames, mmsim_observe_slab,
	mmsim_observe_vmalloc,
};

static void make_files(const struct mmsim_observe_file *file, struct mmsim *m)
{
	for (; file->name; file++)
		mmsim_debugfs_file(file->name, file->writable, m, file->fops);
}

static void make_folder(const char *name, const struct mmsim_observe_file *file, struct mmsim *m)
{
	struct dentry *folder = mmsim_debugfs_folder(name, NULL);

	for (; file->name; file++)
		mmsim_debugfs_file_in(folder, file->name, false, m, file->fops);
}

/**
 * mmsim_observe_init() - make the files that show an instance
 * @m: the instance; it must outlive the files, which vanish with mmsim_debugfs_exit()
 *
 * Return: 0. A file that debugfs refuses is reported in the log and missing, no more.
 */
int mmsim_observe_init(struct mmsim *m)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		make_files(tables[i], m);
	if (m->memory->owners)
		make_files(mmsim_observe_owner, m);
	make_folder("vmalloc", mmsim_observe_vmalloc_folder, m);
	mmsim_observe_cma_init(m->memory);
	mmsim_observe_caches_init(m->slabs);
	return 0;
}

/**
 * mmsim_observe_exit() - have no more files made
 *
 * Those there are go with mmsim_debugfs_exit().
 */
void mmsim_observe_exit(void)
{
	mmsim_observe_caches_exit();
	mmsim_observe_cma_exit();
}
