// SPDX-License-Identifier: GPL-2.0
/*
 * The folder slab/: a folder for each cache of the live instance, with the files of /sys/kernel/slab in their formats.
 * It comes and goes with the cache.
 *
 *	slab_size, object_size, align, objs_per_slab, order, usersize, ctor	how objects are laid out
 *	hwcache_align, reclaim_account, cache_dma, destroy_by_rcu, red_zone ...	1 for each flag that the cache has
 *	slabs, partial, cpu_slabs, total_objects, objects, objects_partial	counts, and "N0=" those of each node
 *	slabs_cpu_partial		objects and slabs on the CPUs' partial lists, which are taken to be half full
 *	min_partial, cpu_partial	SLUB's, 0 for others. A number written to them is the new one
 *	shrink, validate		a 1 written to them does it; validate looks at debugging caches, which nobody
 *					may use meanwhile
 *
 *	map				each slab and object; see map.c
 *
 * What Linux counts of SLUB is counted of SLAB as well as it has it: no CPU has slabs there. SLOB's caches have no
 * slabs of their own; they have as many as their objects would fill.
 *
 * A folder goes while its cache is being destroyed: who has a file of it open finishes its call first. So nothing
 * here takes slabs->making, which the destroyer holds.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mmsim.h"
#include "observe/files.h"
#include "slab/slub.h"

static struct dentry *slab_folder;

/* A file of a cache's folder. */
struct cache_file {
	const char *name;
	void (*show)(struct seq_file *m, struct mmsim_kmem_cache *s);
	int (*store)(struct mmsim_kmem_cache *s, const char *text);	/* NULL: it can't be written */
};

#define CACHE_NUMBER(name, value)							\
static void name##_show(struct seq_file *m, struct mmsim_kmem_cache *s)			\
{											\
	seq_printf(m, "%lu\n", (unsigned long)(value));					\
}

#define CACHE_FLAG(name, flag)	CACHE_NUMBER(name, !!(s->flags & (flag)))

static bool is_slub(const struct mmsim_kmem_cache *s)
{
	return s->engine == MMSIM_ENGINE_SLUB;
}

CACHE_NUMBER(slab_size, s->size)
CACHE_NUMBER(align, s->align)
CACHE_NUMBER(object_size, READ_ONCE(s->object_size))
CACHE_NUMBER(objs_per_slab, s->objects)
CACHE_NUMBER(order, s->order)
CACHE_NUMBER(usersize, s->usersize)
CACHE_NUMBER(aliases, READ_ONCE(s->refcount) - 1)
CACHE_NUMBER(min_partial, is_slub(s) ? READ_ONCE(mmsim_slub_cache(s)->min_partial) : 0)
CACHE_NUMBER(cpu_partial, is_slub(s) ? READ_ONCE(mmsim_slub_cache(s)->cpu_partial) : 0)
CACHE_FLAG(hwcache_align, SLAB_HWCACHE_ALIGN)
CACHE_FLAG(reclaim_account, SLAB_RECLAIM_ACCOUNT)
CACHE_FLAG(cache_dma, SLAB_CACHE_DMA)
CACHE_FLAG(destroy_by_rcu, SLAB_TYPESAFE_BY_RCU)
CACHE_FLAG(sanity_checks, SLAB_CONSISTENCY_CHECKS)
CACHE_FLAG(trace, SLAB_TRACE)
CACHE_FLAG(red_zone, SLAB_RED_ZONE)
CACHE_FLAG(poison, SLAB_POISON)
CACHE_FLAG(store_user, SLAB_STORE_USER)
CACHE_FLAG(failslab, SLAB_FAILSLAB)

static void ctor_show(struct seq_file *m, struct mmsim_kmem_cache *s)
{
	if (s->ctor)
		seq_printf(m, "%pS\n", s->ctor);
}

static void nothing_show(struct seq_file *m, struct mmsim_kmem_cache *s)
{
}

/* A sum over all nodes, and each node's part unless it is 0. */
static void show_sum(struct seq_file *m, struct mmsim_kmem_cache *s, size_t field)
{
	unsigned long number[MMSIM_MAX_NODES] = {}, sum = 0;
	unsigned int nid, nr_nodes = s->slabs->mem->nr_nodes;

	for (nid = 0; nid < nr_nodes; nid++) {
		struct mmsim_slab_count count = {};

		s->ops->count(s, nid, &count);
		number[nid] = *(unsigned long *)((char *)&count + field);
		sum += number[nid];
	}
	seq_printf(m, "%lu", sum);
	for (nid = 0; nid < nr_nodes; nid++)
		if (number[nid])
			seq_printf(m, " N%u=%lu", nid, number[nid]);
	seq_putc(m, '\n');
}

#define CACHE_SUM(name, field)								\
static void name##_show(struct seq_file *m, struct mmsim_kmem_cache *s)			\
{											\
	show_sum(m, s, offsetof(struct mmsim_slab_count, field));			\
}

CACHE_SUM(slabs, slabs)
CACHE_SUM(total_objects, objects)
CACHE_SUM(objects, in_use)
CACHE_SUM(partial, partial)
CACHE_SUM(objects_partial, partial_in_use)
CACHE_SUM(cpu_slabs, cpu_slabs)

static unsigned int cpu_partial_slabs(const struct mmsim_kmem_cache *s, unsigned int cpu)
{
	const struct mmsim_slub_cpu *c = mmsim_cpu_part(s, cpu);

	return is_slub(s) ? READ_ONCE(c->nr_partial) : 0;
}

static void slabs_cpu_partial_show(struct seq_file *m, struct mmsim_kmem_cache *s)
{
	unsigned int cpu, slabs = 0;

	for_each_online_cpu(cpu)
		slabs += cpu_partial_slabs(s, cpu);
	seq_printf(m, "%u(%u)", slabs * s->objects / 2, slabs);
	for_each_online_cpu(cpu) {
		slabs = cpu_partial_slabs(s, cpu);
		if (slabs)
			seq_printf(m, " C%u=%u(%u)", cpu, slabs * s->objects / 2, slabs);
	}
	seq_putc(m, '\n');
}

/* Writing. What is wrong with it is printed with the name of the file. */

static int refused(struct mmsim_kmem_cache *s, const char *file, const char *why)
{
	pr_warn("slab/%s/%s: %s\n", s->name, file, why);
	return -EINVAL;
}

static int min_partial_store(struct mmsim_kmem_cache *s, const char *text)
{
	unsigned long number;

	if (!is_slub(s))
		return refused(s, "min_partial", "the cache's engine has no such number; SLUB has");
	if (kstrtoul(text, 10, &number))
		return refused(s, "min_partial", "that is not a number of slabs; write one, in decimal");
	WRITE_ONCE(mmsim_slub_cache(s)->min_partial, number);
	return 0;
}

static int cpu_partial_store(struct mmsim_kmem_cache *s, const char *text)
{
	unsigned int number;

	if (!is_slub(s))
		return refused(s, "cpu_partial", "the cache's engine has no such number; SLUB has");
	if (kstrtouint(text, 10, &number) || number > MMSIM_SLUB_MAX_CPU_PARTIAL)
		return refused(s, "cpu_partial", "that is not a number of objects up to 1000000; write one in decimal");
	if (number && s->debug)
		return refused(s, "cpu_partial", "a debugging cache keeps no slabs for CPUs; only 0 can be written");
	mmsim_slub_set_cpu_partial(s, number);
	mmsim_cache_flush_cpus(s);
	return 0;
}

static int shrink_store(struct mmsim_kmem_cache *s, const char *text)
{
	if (*text != '1')
		return refused(s, "shrink", "write 1 to have the cache shrunk");
	mmsim_cache_shrink(s);
	return 0;
}

static int validate_store(struct mmsim_kmem_cache *s, const char *text)
{
	if (*text != '1')
		return refused(s, "validate", "write 1 to have all objects looked at");
	if (!s->debug)
		return refused(s, "validate", "there is nothing to look at: the cache has none of the debugging flags");
	mmsim_slab_debug_validate(s);
	return 0;
}

#define CACHE_FILE(name)	{ #name, name##_show }

static const struct cache_file cache_files[] = {
	CACHE_FILE(slab_size), CACHE_FILE(align), CACHE_FILE(object_size), CACHE_FILE(objs_per_slab),
	CACHE_FILE(order), CACHE_FILE(usersize), CACHE_FILE(aliases), CACHE_FILE(ctor),
	CACHE_FILE(hwcache_align), CACHE_FILE(reclaim_account), CACHE_FILE(cache_dma), CACHE_FILE(destroy_by_rcu),
	CACHE_FILE(sanity_checks), CACHE_FILE(trace), CACHE_FILE(red_zone), CACHE_FILE(poison),
	CACHE_FILE(store_user), CACHE_FILE(failslab),
	CACHE_FILE(slabs), CACHE_FILE(partial), CACHE_FILE(cpu_slabs), CACHE_FILE(total_objects),
	CACHE_FILE(objects), CACHE_FILE(objects_partial), CACHE_FILE(slabs_cpu_partial),
	{ "min_partial", min_partial_show, min_partial_store },
	{ "cpu_partial", cpu_partial_show, cpu_partial_store },
	{ "shrink", nothing_show, shrink_store },
	{ "validate", nothing_show, validate_store },
};

/* Which file this is: all have the cache as their data, and each its own name. */
static const struct cache_file *file_of(const struct file *file)
{
	const char *name = (const char *)file_dentry(file)->d_name.name;
	int i;

	for (i = 0; strcmp(cache_files[i].name, name); i++)
		;
	return &cache_files[i];
}

static int cache_file_show(struct seq_file *m, void *unused)
{
	file_of(m->file)->show(m, m->private);
	return 0;
}

static int cache_file_open(struct inode *inode, struct file *file)
{
	return single_open(file, cache_file_show, inode->i_private);
}

static ssize_t cache_file_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	struct mmsim_kmem_cache *s = file_inode(file)->i_private;
	char text[32] = {};
	int err;

	if (size >= sizeof(text))
		return refused(s, file_of(file)->name, "that is too long for a number");
	if (copy_from_user(text, from, size))
		return -EFAULT;
	err = file_of(file)->store(s, text);
	return err ? err : size;
}

static const struct file_operations cache_file_fops = {
	.owner = THIS_MODULE,
	.open = cache_file_open,
	.read = seq_read,
	.write = cache_file_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* Those that can't be written. */
static const struct file_operations cache_file_ro_fops = {
	.owner = THIS_MODULE,
	.open = cache_file_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* A slash would part folders; sysfs has a ! in its place, too. */
static void cache_came(struct mmsim_kmem_cache *s)
{
	char *name = kstrdup(s->name, GFP_KERNEL);
	int i;

	if (!name) {
		pr_warn("no folder slab/%s: the host has no memory for its name\n", s->name);
		return;
	}
	strreplace(name, '/', '!');
	s->files = mmsim_debugfs_folder(name, slab_folder);
	kfree(name);
	for (i = 0; i < ARRAY_SIZE(cache_files); i++)
		mmsim_debugfs_file_in(s->files, cache_files[i].name, cache_files[i].store, s,
				      cache_files[i].store ? &cache_file_fops : &cache_file_ro_fops);
	mmsim_debugfs_file_in(s->files, "map", false, s, &mmsim_observe_map_fops);
}

static int cache_news(struct notifier_block *nb, unsigned long news, void *data)
{
	struct mmsim_kmem_cache *s = data;

	if (s->slabs != mmsim_slabs_live)
		return NOTIFY_DONE;
	if (news == MMSIM_CACHE_CREATED) {
		cache_came(s);
	} else if (!IS_ERR_OR_NULL(s->files)) {
		debugfs_remove(s->files);
		s->files = NULL;
	}
	return NOTIFY_OK;
}

static struct notifier_block cache_block = { .notifier_call = cache_news };

/**
 * mmsim_observe_caches_init() - make the folder, and have it follow the live instance's caches
 * @slabs: the live instance's slab floor
 *
 * Context: process context, may sleep.
 */
void mmsim_observe_caches_init(struct mmsim_slabs *slabs)
{
	struct mmsim_kmem_cache *s;

	slab_folder = mmsim_debugfs_folder("slab", NULL);
	mutex_lock(&slabs->making);
	blocking_notifier_chain_register(&mmsim_cache_chain, &cache_block);
	list_for_each_entry(s, &slabs->caches, list)
		cache_came(s);
	mutex_unlock(&slabs->making);
}

/**
 * mmsim_observe_caches_exit() - undo mmsim_observe_caches_init(), but for the files, which go with the folder of all
 */
void mmsim_observe_caches_exit(void)
{
	blocking_notifier_chain_unregister(&mmsim_cache_chain, &cache_block);
}
