// SPDX-License-Identifier: GPL-2.0
/*
 * The files about free blocks: how many there are of each order and kind, and how scattered they are. Pages in a CPU's
 * lists are not among them, as in the kernel's files of these names; `ctl drain` puts them back.
 *
 *	buddyinfo	by zone and order, byte for byte as /proc/buddyinfo prints them
 *	pagetypeinfo	the same by migratetype, and the pageblocks of each, as /proc/pagetypeinfo. A column of a zone
 *			is of one moment
 *	show_mem	a line a zone in the words of sysrq-m
 *	extfrag_index	why a request of each order would fail: -1.000 not at all, to 0 too little, to 1 all in pieces
 *	unusable_index	the share of the free memory that is in blocks too small for each order
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_buf.h>
#include <linux/seq_file.h>

#include "mmsim.h"
#include "observe/files.h"
#include "page/frag.h"
#include "page/show.h"

/* How each line about a zone begins. */
static void show_zone_name(struct seq_file *s, const struct mmsim_zone *zone)
{
	seq_printf(s, "Node %u, zone %8s", zone->nid, zone->name);
}

/* A line a zone, with what @show says of each order. */
static void show_orders(struct seq_file *s,
			void (*show)(struct seq_file *s, const unsigned long *nr_free, unsigned int order))
{
	struct mmsim *m = s->private;
	unsigned long nr_free[MMSIM_NR_ORDERS];
	struct mmsim_zone *zone;
	unsigned int order;

	mmsim_for_each_zone(m->memory, zone) {
		mmsim_zone_count(zone, nr_free);
		show_zone_name(s, zone);
		seq_putc(s, ' ');
		for (order = 0; order < MMSIM_NR_ORDERS; order++)
			show(s, nr_free, order);
		seq_putc(s, '\n');
	}
}

static void show_nr_free(struct seq_file *s, const unsigned long *nr_free, unsigned int order)
{
	seq_printf(s, "%6lu ", nr_free[order]);
}

static int buddyinfo_show(struct seq_file *s, void *unused)
{
	show_orders(s, show_nr_free);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buddyinfo);

static void show_free_by_type(struct seq_file *s, struct mmsim_zone *zone)
{
	unsigned long nr[MMSIM_MIGRATE_TYPES][MMSIM_NR_ORDERS];
	unsigned int type, order;

	mmsim_zone_count_types(zone, nr);
	for (type = 0; type < MMSIM_MIGRATE_TYPES; type++) {
		seq_printf(s, "Node %4u, zone %8s, type %12s ", zone->nid, zone->name, mmsim_migratetype_names[type]);
		for (order = 0; order < MMSIM_NR_ORDERS; order++)
			seq_printf(s, "%s%6lu ", nr[type][order] < MMSIM_COUNT_CAP ? "" : ">", nr[type][order]);
		seq_putc(s, '\n');
	}
}

static void show_pageblocks(struct seq_file *s, const struct mmsim_memory *mem, const struct mmsim_zone *zone)
{
	unsigned long nr[MMSIM_MIGRATE_TYPES];
	unsigned int type;

	mmsim_zone_count_pageblocks(mem, zone, nr);
	show_zone_name(s, zone);
	seq_putc(s, ' ');
	for (type = 0; type < MMSIM_MIGRATE_TYPES; type++)
		seq_printf(s, "%12lu ", nr[type]);
	seq_putc(s, '\n');
}

static void show_type_names(struct seq_file *s)
{
	unsigned int type;

	seq_printf(s, "\n%-23s", "Number of blocks type ");
	for (type = 0; type < MMSIM_MIGRATE_TYPES; type++)
		seq_printf(s, "%12s ", mmsim_migratetype_names[type]);
	seq_putc(s, '\n');
}

static void show_node_types(struct seq_file *s, const struct mmsim_memory *mem, struct mmsim_node *node)
{
	unsigned int type, order;

	seq_printf(s, "Page block order: %d\n", MMSIM_PAGEBLOCK_ORDER);
	seq_printf(s, "Pages per block:  %lu\n\n", MMSIM_PAGEBLOCK_PAGES);
	seq_printf(s, "%-43s ", "Free pages count per migrate type at order");
	for (order = 0; order < MMSIM_NR_ORDERS; order++)
		seq_printf(s, "%6u ", order);
	seq_putc(s, '\n');
	for (type = 0; type < MMSIM_NR_ZONES; type++)
		if (node->zone[type].present_pages)
			show_free_by_type(s, &node->zone[type]);
	show_type_names(s);
	for (type = 0; type < MMSIM_NR_ZONES; type++)
		if (node->zone[type].present_pages)
			show_pageblocks(s, mem, &node->zone[type]);
}

static int pagetypeinfo_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	unsigned int nid;

	for (nid = 0; nid < m->memory->nr_nodes; nid++)
		show_node_types(s, m->memory, m->memory->node[nid]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pagetypeinfo);

static int show_mem_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;
	struct mmsim_zone *zone;
	struct seq_buf line;
	size_t room;
	char *at;

	mmsim_for_each_zone(m->memory, zone) {
		room = seq_get_buf(s, &at);
		seq_buf_init(&line, at, room);
		mmsim_zone_show_free(zone, &line);
		seq_commit(s, seq_buf_has_overflowed(&line) ? -1 : (int)seq_buf_used(&line));
		seq_putc(s, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(show_mem);

/* Printed as the kernel does: between 0 and -1 the sign comes with the remainder, -0.5 is " 0.-500". */
static void show_extfrag(struct seq_file *s, const unsigned long *nr_free, unsigned int order)
{
	int index = mmsim_extfrag_index(nr_free, order);

	seq_printf(s, "%2d.%03d ", index / 1000, index % 1000);
}

static int extfrag_index_show(struct seq_file *s, void *unused)
{
	show_orders(s, show_extfrag);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(extfrag_index);

static void show_unusable(struct seq_file *s, const unsigned long *nr_free, unsigned int order)
{
	int index = mmsim_unusable_index(nr_free, order);

	seq_printf(s, "%d.%03d ", index / 1000, index % 1000);
}

static int unusable_index_show(struct seq_file *s, void *unused)
{
	show_orders(s, show_unusable);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(unusable_index);

const struct mmsim_observe_file mmsim_observe_blocks[] = {
	{ "buddyinfo",		&buddyinfo_fops },
	{ "pagetypeinfo",	&pagetypeinfo_fops },
	{ "show_mem",		&show_mem_fops },
	{ "extfrag_index",	&extfrag_index_fops },
	{ "unusable_index",	&unusable_index_fops },
	{}
};
