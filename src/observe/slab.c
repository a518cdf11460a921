// SPDX-License-Identifier: GPL-2.0
/*
 * The files about caches.
 *
 *	slabinfo	a line a cache, in the format and the order of /proc/slabinfo, version 2.1: the youngest first.
 *			"name limit batchcount shared" written to it tunes a cache, as in Linux
 *	slabstat	a line a cache: its name, its engine, and what the engine counts as "name=number"
 *	slabfrag	a line a cache: where its memory is. Of objects those that clients have are used, and those
 *			that are free in the hands of CPUs are cached. "asked" is the bytes of the used ones, each as
 *			large as the cache's objects are; "held" those of the slabs' pages; "tail" what lies around
 *			the slots of slabs, where no object fits; "lost" the share of what is held that isn't asked.
 *			"partial" slabs are those on nodes' lists, "full" the share of their objects in use
 *
 * SLOB's caches hold what their objects take up, and the heap's row is about the pages that these are cut from.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "mmsim.h"
#include "observe/files.h"

static void show_cache(struct seq_file *s, struct mmsim_kmem_cache *cache)
{
	struct mmsim_slabinfo info = {};

	cache->ops->info(cache, &info);
	seq_printf(s, "%-17s %6lu %6lu %6u %4u %4d", cache->name, info.active_objs, info.num_objs, cache->size,
		   cache->objects, 1 << cache->order);
	seq_printf(s, " : tunables %4u %4u %4u", info.limit, info.batchcount, info.shared);
	seq_printf(s, " : slabdata %6lu %6lu %6lu\n", info.active_slabs, info.num_slabs, info.shared_avail);
}

/* Has each cache shown, the youngest first. */
static int show_caches(struct seq_file *s, void (*show)(struct seq_file *s, struct mmsim_kmem_cache *cache))
{
	struct mmsim *m = s->private;
	struct mmsim_kmem_cache *cache;

	mutex_lock(&m->slabs->mutex);
	list_for_each_entry_reverse(cache, &m->slabs->caches, list)
		show(s, cache);
	mutex_unlock(&m->slabs->mutex);
	return 0;
}

static int slabinfo_show(struct seq_file *s, void *unused)
{
	seq_puts(s, "slabinfo - version: 2.1\n");
	seq_puts(s, "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
	seq_puts(s, " : tunables <limit> <batchcount> <sharedfactor>");
	seq_puts(s, " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	return show_caches(s, show_cache);
}

static int slabinfo_open(struct inode *inode, struct file *file)
{
	return single_open(file, slabinfo_show, inode->i_private);
}

#define MAX_TUNE_LINE	128	/* bytes, Linux's */

static ssize_t slabinfo_write(struct file *file, const char __user *text, size_t size, loff_t *pos)
{
	struct mmsim *m = ((struct seq_file *)file->private_data)->private;
	char line[MAX_TUNE_LINE + 1];
	int err;

	if (size > MAX_TUNE_LINE)
		return -EINVAL;
	if (copy_from_user(line, text, size))
		return -EFAULT;
	line[size] = '\0';
	err = mmsim_slabs_tune(m->slabs, line);
	return err ? err : size;
}

static const struct file_operations slabinfo_fops = {
	.owner = THIS_MODULE,
	.open = slabinfo_open,
	.read = seq_read,
	.write = slabinfo_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void show_stats(struct seq_file *s, struct mmsim_kmem_cache *cache)
{
	unsigned long counts[MMSIM_SLAB_MAX_STATS];
	unsigned int i;

	seq_printf(s, "%-17s %s", cache->name, cache->ops->name);
	if (cache->ops->stats) {
		cache->ops->stats(cache, counts);
		for (i = 0; cache->ops->stat_names[i]; i++)
			seq_printf(s, " %s=%lu", cache->ops->stat_names[i], counts[i]);
	}
	seq_putc(s, '\n');
}

static int slabstat_show(struct seq_file *s, void *unused)
{
	return show_caches(s, show_stats);
}
DEFINE_SHOW_ATTRIBUTE(slabstat);

/* All nodes together. */
static void count_cache(struct mmsim_kmem_cache *cache, struct mmsim_slab_count *sum)
{
	unsigned int nid;

	for (nid = 0; nid < cache->slabs->mem->nr_nodes; nid++) {
		struct mmsim_slab_count count = {};

		cache->ops->count(cache, nid, &count);
		sum->slabs += count.slabs;
		sum->objects += count.objects;
		sum->in_use += count.in_use;
		sum->partial += count.partial;
		sum->partial_in_use += count.partial_in_use;
	}
}

static bool is_piece_of_heap(const struct mmsim_kmem_cache *cache)
{
	return cache->engine == MMSIM_ENGINE_SLOB && cache != cache->slabs->heap;
}

static unsigned long bytes_held(struct mmsim_kmem_cache *cache, const struct mmsim_slab_count *sum)
{
	if (cache->engine == MMSIM_ENGINE_SLOB)
		return sum->objects * cache->size;
	return atomic_long_read(&cache->nr_pages) << PAGE_SHIFT;
}

/* In tenths of a percent; the parts of a cache in use may be of different moments. */
static unsigned long share(unsigned long part, unsigned long whole)
{
	return whole ? min(part, whole) * 1000 / whole : 0;
}

static void show_frag(struct seq_file *s, struct mmsim_kmem_cache *cache)
{
	unsigned long used, cached, asked, held, tail, lost, full;
	struct mmsim_slab_count sum = {};

	count_cache(cache, &sum);
	if (is_piece_of_heap(cache)) {
		sum.objects = sum.in_use;
		sum.slabs = 0;
	}
	cached = cache->ops->cached ? min(cache->ops->cached(cache), sum.in_use) : 0;
	used = sum.in_use - cached;
	asked = used * cache->object_size;
	held = bytes_held(cache, &sum);
	tail = held - min(held, sum.objects * cache->size);
	lost = share(held - min(held, asked), held);
	full = share(sum.partial_in_use, sum.partial * cache->objects);
	seq_printf(s, "%-17s %-6s %7lu %8lu %8lu %7lu %10lu %10lu %8lu %3lu.%lu%% %7lu %3lu.%lu%%\n", cache->name,
		   cache->ops->name, sum.slabs, sum.objects, used, cached, asked, held, tail, lost / 10, lost % 10,
		   sum.partial, full / 10, full % 10);
}

static int slabfrag_show(struct seq_file *s, void *unused)
{
	seq_puts(s, "# name            engine   slabs  objects     used  cached      asked       held     tail");
	seq_puts(s, "   lost partial   full\n");
	return show_caches(s, show_frag);
}
DEFINE_SHOW_ATTRIBUTE(slabfrag);

const struct mmsim_observe_file mmsim_observe_slab[] = {
	{ "slabinfo",	&slabinfo_fops, .writable = true },
	{ "slabstat",	&slabstat_fops },
	{ "slabfrag",	&slabfrag_fops },
	{}
};
