// SPDX-License-Identifier: GPL-2.0
/*
 * The folder cma/: a folder for each area of the live instance, with the files of the kernel's mm/cma_debug.c:
 *
 *	base_pfn, count, order_per_bit	where it is, its pages, and how many of them a bit stands for
 *	used, maxchunk			pages that are claimed, and the most in a row that are not
 *	bitmap				32 bits a word, in decimal
 *	alloc, free			so many pages as are written to them are claimed, or given back: drive/cma.c
 *
 * and one more:
 *
 *	last_failure			"pfn 0x..., error -16: why": what the last claim that failed found in its way
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "mmsim.h"
#include "observe/files.h"
#include "page/cma.h"

static struct dentry *cma_folder;

#define CMA_NUMBER(name, value)						\
static int name##_show(struct seq_file *s, void *unused)		\
{									\
	struct mmsim_cma *cma = s->private;				\
									\
	seq_printf(s, "%lu\n", (unsigned long)(value));			\
	return 0;							\
}									\
DEFINE_SHOW_ATTRIBUTE(name)

CMA_NUMBER(base_pfn, cma->base_pfn);
CMA_NUMBER(count, cma->count);
CMA_NUMBER(order_per_bit, cma->order_per_bit);
CMA_NUMBER(used, mmsim_cma_used(cma));
CMA_NUMBER(maxchunk, mmsim_cma_maxchunk(cma));

static int bitmap_show(struct seq_file *s, void *unused)
{
	struct mmsim_cma *cma = s->private;
	unsigned long i;

	for (i = 0; i < DIV_ROUND_UP(cma->nr_bits, 32); i++) {
		u32 word = READ_ONCE(cma->bitmap[i * 32 / BITS_PER_LONG]) >> (i * 32 % BITS_PER_LONG);

		seq_printf(s, "%s%u", i ? " " : "", word);
	}
	seq_putc(s, '\n');
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bitmap);

static int last_failure_show(struct seq_file *s, void *unused)
{
	struct mmsim_cma *cma = s->private;
	struct mmsim_obstacle failure;
	int error;

	spin_lock(&cma->lock);
	failure = cma->failure;
	error = cma->error;
	spin_unlock(&cma->lock);
	if (failure.why)
		seq_printf(s, "pfn %#lx, error %d: %s\n", failure.pfn, error, failure.why);
	else
		seq_puts(s, "none\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(last_failure);

DEFINE_DEBUGFS_ATTRIBUTE(cma_alloc_fops, NULL, mmsim_cma_command_alloc, "%llu\n");
DEFINE_DEBUGFS_ATTRIBUTE(cma_free_fops, NULL, mmsim_cma_command_free, "%llu\n");

static const struct mmsim_observe_file area_files[] = {
	{ "base_pfn",		&base_pfn_fops },
	{ "count",		&count_fops },
	{ "order_per_bit",	&order_per_bit_fops },
	{ "used",		&used_fops },
	{ "maxchunk",		&maxchunk_fops },
	{ "bitmap",		&bitmap_fops },
	{ "last_failure",	&last_failure_fops },
	{}
};

static void area_came(struct mmsim_cma *cma)
{
	struct dentry *folder = mmsim_debugfs_folder(cma->name, cma_folder);
	const struct mmsim_observe_file *file;

	for (file = area_files; file->name; file++)
		mmsim_debugfs_file_in(folder, file->name, false, cma, file->fops);
	mmsim_debugfs_file_in(folder, "alloc", true, cma, &cma_alloc_fops);
	mmsim_debugfs_file_in(folder, "free", true, cma, &cma_free_fops);
	cma->files = folder;
}

static int cma_news(struct notifier_block *nb, unsigned long news, void *data)
{
	struct mmsim_cma *cma = data;

	if (cma->mem != mmsim_memory_live)
		return NOTIFY_DONE;
	if (news == MMSIM_CMA_CREATED)
		area_came(cma);
	else if (!IS_ERR_OR_NULL(cma->files))
		debugfs_remove(cma->files);
	return NOTIFY_OK;
}

static struct notifier_block cma_block = { .notifier_call = cma_news };

/**
 * mmsim_observe_cma_init() - make the folder, and have it follow the live instance's areas
 * @mem: the live instance's page floor
 *
 * Context: process context, may sleep.
 */
void mmsim_observe_cma_init(struct mmsim_memory *mem)
{
	struct mmsim_cma *cma;

	cma_folder = mmsim_debugfs_folder("cma", NULL);
	blocking_notifier_chain_register(&mmsim_cma_chain, &cma_block);
	mutex_lock(&mem->cma_mutex);
	list_for_each_entry(cma, &mem->cma_areas, list)
		if (!cma->files)
			area_came(cma);
	mutex_unlock(&mem->cma_mutex);
}

/**
 * mmsim_observe_cma_exit() - undo mmsim_observe_cma_init(), but for the files, which go with the folder of all
 */
void mmsim_observe_cma_exit(void)
{
	blocking_notifier_chain_unregister(&mmsim_cma_chain, &cma_block);
}
