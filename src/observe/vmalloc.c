// SPDX-License-Identifier: GPL-2.0
/*
 * The files about vmalloc.
 *
 *	vmallocinfo		a line an area, in the format of /proc/vmallocinfo: those in use by address, then those
 *				that wait for a purge
 *	vmalloc/mode		how areas get their addresses: window, vmap or nommu
 *	vmalloc/window		"key: value": where the window is, and what its addresses are used for
 *	vmalloc/free_tree	a line a hole, by address: its bytes, those of the largest in its subtree, its depth
 *	vmalloc/largest_hole	bytes
 *	vmalloc/purge		"key: value": what waits for a purge, and what purges came to
 *
 * A hundred thousand areas are not printed under one hold of a lock: each is looked at for itself, and then the next
 * one behind its addresses. None is printed twice.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "mmsim.h"
#include "observe/files.h"

/* What a line of vmallocinfo says of an area. */
struct entry {
	unsigned long start, end;
	struct mmsim_vm_struct vm;
	unsigned int node[MMSIM_MAX_NODES];	/* its frames by node */
};

/* Frames that are looked at under one hold of the lock. */
#define FRAMES_STEP	1024U

/* Some frames from @i on, if the area at e->start is still the same; returns where it got to. */
static unsigned int count_some(struct mmsim_vmalloc *vm, struct entry *e, unsigned int i)
{
	unsigned int end = min(e->vm.nr_pages, i + FRAMES_STEP);
	struct mmsim_vmap_area *area;

	spin_lock_irq(&vm->lock);
	area = mmsim_area_at(vm, e->start);
	if (area && mmsim_area_is_ready(area) && area->vm.pages == e->vm.pages && area->vm.nr_pages == e->vm.nr_pages)
		for (; i < end; i++)
			e->node[mmsim_page_nid(area->vm.pages[i])]++;
	else
		i = e->vm.nr_pages;
	spin_unlock_irq(&vm->lock);
	return i;
}

/* Of an area that is freed meanwhile only some are counted: its line is as old as that, too. */
static void count_nodes(struct mmsim_vmalloc *vm, struct entry *e)
{
	unsigned int i = 0;

	if (vm->mem->nr_nodes == 1)
		e->node[0] = e->vm.nr_pages;
	while (vm->mem->nr_nodes > 1 && i < e->vm.nr_pages) {
		i = count_some(vm, e, i);
		cond_resched();
	}
}

/* The first area that is ready and ends behind an address; false when there is none. */
static bool next_area(struct mmsim_vmalloc *vm, unsigned long addr, struct entry *e)
{
	struct mmsim_vmap_area *area;

	*e = (struct entry){};
	spin_lock_irq(&vm->lock);
	area = mmsim_area_from(vm, addr);
	while (area && !mmsim_area_is_ready(area))
		area = mmsim_area_from(vm, area->va_end);
	if (area) {
		e->start = area->va_start;
		e->end = area->va_end;
		e->vm = area->vm;
	}
	spin_unlock_irq(&vm->lock);
	if (area)
		count_nodes(vm, e);
	return area;
}

static void show_range(struct seq_file *s, unsigned long start, unsigned long end)
{
	seq_printf(s, "0x%pK-0x%pK %7ld", (void *)start, (void *)end, end - start);
}

static void show_area(struct seq_file *s, const struct mmsim_vmalloc *vm, const struct entry *e)
{
	const struct {
		unsigned long flag;
		const char *word;
	} words[] = { { VM_ALLOC, " vmalloc" }, { VM_MAP, " vmap" }, { VM_USERMAP, " user" } };
	unsigned int i;

	show_range(s, e->start, e->end);
	if (e->vm.flags & MMSIM_VM_RAM) {
		seq_puts(s, " vm_map_ram\n");
		return;
	}
	if (e->vm.caller)
		seq_printf(s, " %pS", e->vm.caller);
	if (e->vm.nr_pages)
		seq_printf(s, " pages=%d", e->vm.nr_pages);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (e->vm.flags & words[i].flag)
			seq_puts(s, words[i].word);
	if (mmsim_vmalloc_is_addr(vm, e->vm.pages))
		seq_puts(s, " vpages");
	for (i = 0; i < vm->mem->nr_nodes; i++)
		if (e->node[i])
			seq_printf(s, " N%u=%u", i, e->node[i]);
	seq_putc(s, '\n');
}

static void show_lazy(struct seq_file *s, struct llist_node *node)
{
	llist_for_each(node, node) {
		struct mmsim_vmap_area *area = llist_entry(node, struct mmsim_vmap_area, purge_list);

		show_range(s, area->va_start, area->va_end);
		seq_puts(s, " unpurged vm_area\n");
	}
}

static int vmallocinfo_show(struct seq_file *s, void *unused)
{
	struct mmsim_vmalloc *vm = ((struct mmsim *)s->private)->vmalloc;
	unsigned long addr = 0;
	struct entry e;

	while (!seq_has_overflowed(s) && next_area(vm, addr, &e)) {
		show_area(s, vm, &e);
		addr = e.end;
		cond_resched();
	}
	mutex_lock(&vm->purge_mutex);
	show_lazy(s, READ_ONCE(vm->lazy.first));
	show_lazy(s, vm->seen);
	show_lazy(s, vm->flushed);
	mutex_unlock(&vm->purge_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmallocinfo);

static int mode_show(struct seq_file *s, void *unused)
{
	struct mmsim *m = s->private;

	seq_printf(s, "%s\n", mmsim_vmalloc_mode_names[m->vmalloc->mode]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mode);

static int window_show(struct seq_file *s, void *unused)
{
	struct mmsim_vmalloc *vm = ((struct mmsim *)s->private)->vmalloc;
	unsigned long holes, free, areas, bytes;

	spin_lock_irq(&vm->lock);
	holes = vm->space.nr_holes;
	free = vm->space.free;
	areas = vm->nr_areas;
	bytes = vm->busy_bytes;
	spin_unlock_irq(&vm->lock);
	seq_printf(s, "start: 0x%pK\n", vm->window.addr);
	seq_printf(s, "bytes: %lu\n", vm->window.nr_pages << PAGE_SHIFT);
	seq_printf(s, "2 MB entries: %s\n", vm->window.links ? "yes" : "no");
	seq_printf(s, "holes: %lu\n", holes);
	seq_printf(s, "bytes of holes: %lu\n", free);
	seq_printf(s, "areas: %lu\n", areas);
	seq_printf(s, "bytes of areas: %lu\n", bytes);
	seq_printf(s, "frames: %ld\n", atomic_long_read(&vm->nr_frames));
	seq_printf(s, "failed: %ld\n", atomic_long_read(&vm->nr_failed));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(window);

static unsigned int depth_of(const struct rb_node *node)
{
	unsigned int depth = 0;

	while ((node = rb_parent(node)))
		depth++;
	return depth;
}

static int free_tree_show(struct seq_file *s, void *unused)
{
	struct mmsim_vmalloc *vm = ((struct mmsim *)s->private)->vmalloc;
	unsigned long start, end = 0, largest = 0;
	struct mmsim_vmap_area *hole;
	unsigned int depth = 0;

	do {
		spin_lock_irq(&vm->lock);
		hole = mmsim_space_from(&vm->space, end);
		if (hole) {
			start = hole->va_start;
			end = hole->va_end;
			largest = hole->subtree_max_size;
			depth = depth_of(&hole->rb_node);
		}
		spin_unlock_irq(&vm->lock);
		if (hole) {
			show_range(s, start, end);
			seq_printf(s, " largest=%lu depth=%u\n", largest, depth);
		}
		cond_resched();
	} while (hole && !seq_has_overflowed(s));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(free_tree);

static int largest_hole_show(struct seq_file *s, void *unused)
{
	struct mmsim_vmalloc *vm = ((struct mmsim *)s->private)->vmalloc;
	unsigned long largest;

	spin_lock_irq(&vm->lock);
	largest = mmsim_space_largest(&vm->space);
	spin_unlock_irq(&vm->lock);
	seq_printf(s, "%lu\n", largest);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(largest_hole);

static int purge_show(struct seq_file *s, void *unused)
{
	struct mmsim_vmalloc *vm = ((struct mmsim *)s->private)->vmalloc;
	struct mmsim_purge_stats stats;

	mutex_lock(&vm->purge_mutex);
	stats = vm->stats;
	mutex_unlock(&vm->purge_mutex);
	seq_printf(s, "lazy pages: %ld\n", atomic_long_read(&vm->lazy_pages));
	seq_printf(s, "lazy frames: %ld\n", atomic_long_read(&vm->lazy_frames));
	seq_printf(s, "frames that processes have mapped: %ld\n", atomic_long_read(&vm->seen_frames));
	seq_printf(s, "lazy pages at most: %lu\n", mmsim_vmalloc_max_lazy_pages());
	seq_printf(s, "lazy frames at most: %lu\n", mmsim_vmalloc_max_lazy_frames(vm));
	seq_printf(s, "flushes: %lu\n", stats.flushes);
	seq_printf(s, "purges: %lu\n", stats.purges);
	seq_printf(s, "purged areas: %lu\n", stats.areas);
	seq_printf(s, "purged pages: %lu\n", stats.pages);
	seq_printf(s, "flushed frames: %lu\n", stats.frames);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(purge);

const struct mmsim_observe_file mmsim_observe_vmalloc[] = {
	{ "vmallocinfo",	&vmallocinfo_fops },
	{}
};

/* In the folder vmalloc/. */
const struct mmsim_observe_file mmsim_observe_vmalloc_folder[] = {
	{ "mode",		&mode_fops },
	{ "window",		&window_fops },
	{ "free_tree",		&free_tree_fops },
	{ "largest_hole",	&largest_hole_fops },
	{ "purge",		&purge_fops },
	{}
};
