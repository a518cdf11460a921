// SPDX-License-Identifier: GPL-2.0
/*
 * page_owner: who has which block, a record a block, in the words of the kernel's file of this name, so that
 * page_owner_sort reads it. Free blocks, on CPUs' lists too, are not in it. Only there when the module is loaded with
 * page_owner=on.
 *
 * A position in the file is a frame's number, as in the kernel: reading goes on with the next block from there, and
 * lseek() chooses it. A call returns one record, or as much as the buffer takes, and the calls that follow the rest.
 *
 * No lock is taken: a block may come and go while the file is read. Each record is of one moment.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <trace/events/mmflags.h>

#include "mmsim.h"
#include "observe/files.h"
#include "page/owner.h"

/* The kernel's own names of the flags. */
static const struct trace_print_flags flag_names[] = { __def_pageflag_names };

/* Between open and release. */
struct reader {
	struct mmsim_memory *mem;
	struct mutex lock;	/* the rest */
	loff_t next;		/* the position behind the record in text */
	size_t at, len;		/* what of text has been read, and what there is */
	char text[PAGE_SIZE - 64];
};

/* As %pGp prints them; node and zone are mmsim's. */
static void show_flags(struct seq_buf *s, const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	unsigned long flags = READ_ONCE(page->flags);
	int i;

	seq_buf_printf(s, "%#lx(", flags);
	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (flags & flag_names[i].mask)
			seq_buf_printf(s, "%s|", flag_names[i].name);
	seq_buf_printf(s, "node=%u|zone=%u)\n", mmsim_page_nid(page), mmsim_page_zone_type(page));
}

static size_t show_record(struct reader *r, const struct mmsim_page *page, const struct mmsim_owner *o)
{
	const struct mmsim_stack *stack = mmsim_stacks_find(&r->mem->owners->stacks, o->stack);
	unsigned long pfn = mmsim_memory_pfn(r->mem, page);
	const struct mmsim_zone *zone = mmsim_page_zone(r->mem, page);
	struct seq_buf s;
	unsigned int i;

	seq_buf_init(&s, r->text, sizeof(r->text) - 2);
	seq_buf_printf(&s, "Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), ts %llu ns\n", o->order,
		       (__force unsigned int)o->gfp, &o->gfp, o->pid, o->tgid, o->comm, o->ts_nsec);
	seq_buf_printf(&s, "PFN 0x%lx type %s Block %lu type %s Flags ", pfn,
		       mmsim_migratetype_names[mmsim_gfp_migratetype(r->mem, o->gfp)], pfn >> MMSIM_PAGEBLOCK_ORDER,
		       mmsim_migratetype_names[mmsim_pageblock_type(zone, page)]);
	show_flags(&s, r->mem, page);
	for (i = 0; stack && i < stack->nr && !seq_buf_has_overflowed(&s); i++)
		seq_buf_printf(&s, " %pS\n", (void *)stack->entry[i]);
	i = seq_buf_used(&s);
	if (mmsim_owner_moved(o))
		seq_buf_printf(&s, "Page has been migrated, last migrate reason: %s\n",
			       mmsim_migrate_reason_names[mmsim_owner_moved(o)]);
	/* A trace that is too long loses its end, but the record still ends in an empty line. */
	if (r->text[i - 1] != '\n')
		r->text[i++] = '\n';
	r->text[i++] = '\n';
	return i;
}

/* Puts the record of the next block from @pfn on into r->text; false when there is none. */
static bool next_record(struct reader *r, unsigned long pfn)
{
	unsigned long end = r->mem->start_pfn + r->mem->nr_pages;
	struct mmsim_owner o;

	for (pfn = max(pfn, r->mem->start_pfn); pfn < end; pfn++) {
		const struct mmsim_page *page = mmsim_memory_page(r->mem, pfn);
		unsigned int order = mmsim_page_order(page);

		if (pfn % MMSIM_PAGEBLOCK_PAGES == 0)
			cond_resched();
		if (mmsim_page_is_allocated(page) && mmsim_owner_read(r->mem, page, &o) &&
		    (o.flags & MMSIM_OWNER_ALLOCATED)) {
			r->len = show_record(r, page, &o);
			r->at = 0;
			r->next = pfn + 1;
			return true;
		}
		if (mmsim_page_is_buddy(page) && order <= MMSIM_MAX_ORDER && IS_ALIGNED(pfn, BIT(order)))
			pfn += BIT(order) - 1;
	}
	return false;
}

static ssize_t page_owner_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct reader *r = file->private_data;
	ssize_t done = 0;

	mutex_lock(&r->lock);
	if (*ppos != r->next || r->at == r->len)
		r->len = 0;
	if (r->len || next_record(r, *ppos)) {
		done = min(count, r->len - r->at);
		if (copy_to_user(buf, r->text + r->at, done)) {
			done = -EFAULT;
		} else {
			r->at += done;
			*ppos = r->next;
		}
	}
	mutex_unlock(&r->lock);
	return done;
}

/* Who seeks wants the record from there, not the rest of another one. */
static loff_t page_owner_llseek(struct file *file, loff_t offset, int whence)
{
	struct reader *r = file->private_data;

	mutex_lock(&r->lock);
	r->at = r->len;
	mutex_unlock(&r->lock);
	return no_seek_end_llseek(file, offset, whence);
}

static int page_owner_open(struct inode *inode, struct file *file)
{
	struct mmsim *m = inode->i_private;
	struct reader *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->mem = m->memory;
	mutex_init(&r->lock);
	file->private_data = r;
	return 0;
}

static int page_owner_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations page_owner_fops = {
	.owner		= THIS_MODULE,
	.open		= page_owner_open,
	.read		= page_owner_read,
	.llseek		= page_owner_llseek,
	.release	= page_owner_release,
};

const struct mmsim_observe_file mmsim_observe_owner[] = {
	{ "page_owner",	&page_owner_fops },
	{}
};
