// SPDX-License-Identifier: GPL-2.0
/*
 * slab/NAME/map: every slab of a cache with each of its objects, full ones included, which SLUB has on no list. A line
 * a slab, in the order of their addresses:
 *
 *	address, pfn	of its first byte
 *	node		that its pages are of
 *	cpu		SLUB: the CPU that has it, - for none
 *	list		what it is on. SLUB: cpu, the slab that the CPU allocates from; cpu_partial, one that it keeps
 *			for later; partial, its node's list; full, none. SLAB: full, partial or free. SLOB: full or
 *			partial, or whole for a block that is one object. "moving" is between two lists
 *	objects, in_use	how many there are, and how many of them clients have
 *	colour		SLAB: bytes that the objects are shifted by
 *	map		a character an object: # in use; free and in the slab .; free and in a CPU's hands c; free in
 *			SLAB's shared array s; in its alien array a
 *
 * All objects of SLOB's caches lie in the pages of slob_heap, which doesn't know where one ends and the next begins:
 * its map has a character for each unit of 2 bytes, and other caches of SLOB's have no lines.
 *
 * The slabs are found in the page array, and looked at one at a time, so that a cache may be in use meanwhile: each
 * line is right for a moment, all of them together for none.
 */
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "mmsim.h"
#include "observe/files.h"

/* Who has the file open. */
struct map_reader {
	struct mmsim_kmem_cache *s;
	char object[];
};

/* The first slab that isn't before the page of that index. */
static struct mmsim_slab *slab_from(struct mmsim_kmem_cache *s, loff_t index)
{
	if (index >= s->slabs->nr_pages)
		return NULL;
	return mmsim_cache_next_slab(s, index ? (struct mmsim_slab *)(s->slabs->map + index - 1) : NULL);
}

/* Position 0 is the head; above it is the index of the page from which to look, plus 1. */
static void *map_start(struct seq_file *m, loff_t *pos)
{
	struct map_reader *r = m->private;

	return *pos ? slab_from(r->s, *pos - 1) : SEQ_START_TOKEN;
}

static void *map_next(struct seq_file *m, void *at, loff_t *pos)
{
	struct map_reader *r = m->private;

	*pos = at == SEQ_START_TOKEN ? 1 : mmsim_slab_page(at) - r->s->slabs->map + 2;
	return slab_from(r->s, *pos - 1);
}

static void map_stop(struct seq_file *m, void *at)
{
}

static int show_head(struct seq_file *m, const struct mmsim_kmem_cache *s)
{
	seq_printf(m, "# %s: %u bytes an object; in use #, free . and in the hands of a CPU c, shared s, alien a\n",
		   s->ops->name, s->size);
	seq_puts(m, "#          address      pfn node cpu list        objects in_use colour map\n");
	return 0;
}

static int map_show(struct seq_file *m, void *at)
{
	struct map_reader *r = m->private;
	struct mmsim_slab_view view = { .object = r->object };
	struct mmsim_slab *slab = at;
	unsigned long pfn;

	if (at == SEQ_START_TOKEN)
		return show_head(m, r->s);
	cond_resched();
	if (!mmsim_cache_view_slab(r->s, slab, &view))
		return SEQ_SKIP;
	pfn = mmsim_memory_pfn(r->s->slabs->mem, mmsim_slab_page(slab));
	seq_printf(m, "%#18lx %#8lx %4u ", (unsigned long)slab->virtual, pfn, mmsim_slab_nid(slab));
	if (view.cpu < 0)
		seq_puts(m, "  -");
	else
		seq_printf(m, "%3d", view.cpu);
	seq_printf(m, " %-11s %7u %6u %6u ", view.list, view.nr, view.in_use, view.colour);
	seq_write(m, view.object, view.nr);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations map_ops = {
	.start = map_start,
	.next = map_next,
	.stop = map_stop,
	.show = map_show,
};

static int map_open(struct inode *inode, struct file *file)
{
	struct mmsim_kmem_cache *s = inode->i_private;
	struct map_reader *r = __seq_open_private(file, &map_ops, struct_size(r, object, s->objects));

	if (!r)
		return -ENOMEM;
	r->s = s;
	return 0;
}

const struct file_operations mmsim_observe_map_fops = {
	.owner = THIS_MODULE,
	.open = map_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};
