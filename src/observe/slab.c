// SPDX-License-Identifier: GPL-2.0
/*
 * The files about caches.
 *
 *	slabinfo	a line a cache, in the format and the order of /proc/slabinfo, version 2.1: the youngest first
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

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

static int slabinfo_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	struct mmsim_kmem_cache *cache;

	seq_puts(s, "slabinfo - version: 2.1\n");
	seq_puts(s, "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
	seq_puts(s, " : tunables <limit> <batchcount> <sharedfactor>");
	seq_puts(s, " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	mutex_lock(&m->slabs->mutex);
	list_for_each_entry_reverse(cache, &m->slabs->caches, list)
		show_cache(s, cache);
	mutex_unlock(&m->slabs->mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(slabinfo);

const struct mmsim_observe_file mmsim_observe_slab[] = {
	{ "slabinfo",	&slabinfo_fops },
	{}
};
