// SPDX-License-Identifier: GPL-2.0
/*
 * The files about single frames: arrays of u64, little endian, indexed from the region's first frame, to be read at any
 * multiple of 8. As /proc/kpageflags and /proc/kpagecount, which are indexed from frame 0.
 *
 *	kpageflags	what a frame is used for: the KPF_* bits of linux/kernel-page-flags.h
 *	kpagecount	how many page tables map it
 *
 * No lock is taken: what is read of a frame in use may be gone by the time that it is seen, and of one that changes
 * hands be half of each. Pointers are looked at before they are followed.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel-page-flags.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "mmsim.h"
#include "observe/files.h"

/* Bits that say the same in flags and here, under other numbers. */
static const struct {
	u8 pg, kpf;
} same_bits[] = {
	{ PG_locked,		KPF_LOCKED },
	{ PG_referenced,	KPF_REFERENCED },
	{ PG_uptodate,		KPF_UPTODATE },
	{ PG_dirty,		KPF_DIRTY },
	{ PG_lru,		KPF_LRU },
	{ PG_active,		KPF_ACTIVE },
	{ PG_writeback,		KPF_WRITEBACK },
	{ PG_reclaim,		KPF_RECLAIM },
	{ PG_swapbacked,	KPF_SWAPBACKED },
	{ PG_unevictable,	KPF_UNEVICTABLE },
#ifdef CONFIG_MMU
	{ PG_mlocked,		KPF_MLOCKED },
#endif
	{ PG_head,		KPF_COMPOUND_HEAD },
	{ PG_reserved,		KPF_RESERVED },
	{ PG_private,		KPF_PRIVATE },
	{ PG_private_2,		KPF_PRIVATE_2 },
	{ PG_arch_1,		KPF_ARCH },
};

/* Whether the page lies in a free block, as its head or behind it. */
static bool in_free_block(const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	unsigned long i = page - mem->map;
	unsigned int order;

	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		const struct mmsim_page *head = &mem->map[round_down(i, BIT(order))];

		if (mmsim_page_is_buddy(head))
			return mmsim_page_order(head) >= order;
		if (mmsim_page_is_allocated(head))
			return false;
	}
	return false;
}

/**
 * mmsim_frame_flags() - a frame's entry in kpageflags
 * @mem: the instance's page floor
 * @page: the frame's page
 *
 * Context: any; takes no lock, so that bits of a page that changes may be of two moments.
 * Return: bits KPF_*, as Documentation/admin-guide/mm/pagemap.rst tells them.
 */
u64 mmsim_frame_flags(struct mmsim_memory *mem, struct mmsim_page *page)
{
	struct mmsim_page *head = mmsim_head_of(page);
	unsigned long flags;
	u64 bits = 0;
	int i;

	if (mmsim_region_missing(mem->region, mmsim_memory_pfn(mem, page)))
		return BIT_ULL(KPF_NOPAGE);
	if (!mmsim_memory_has(mem, head))
		head = page;
	flags = READ_ONCE(head->flags);
	for (i = 0; i < ARRAY_SIZE(same_bits); i++)
		bits |= (u64)(flags >> same_bits[i].pg & 1) << same_bits[i].kpf;
	if (flags & MMSIM_PAGE_SLAB)
		bits |= BIT_ULL(KPF_SLAB);
	if (head != page) {
		bits &= ~BIT_ULL(KPF_COMPOUND_HEAD);
		bits |= BIT_ULL(KPF_COMPOUND_TAIL);
	}
	if (atomic_read(&page->_mapcount) >= 0)
		bits |= BIT_ULL(KPF_MMAP);
	if (!atomic_read(&page->_refcount) && in_free_block(mem, page))
		bits |= BIT_ULL(KPF_BUDDY);
	return bits;
}

static u64 frame_mapcount(struct mmsim_memory *mem, struct mmsim_page *page)
{
	return max(atomic_read(&page->_mapcount) + 1, 0);
}

#define FRAME_BYTES	sizeof(u64)
#define FRAMES_AT_ONCE	32

static ssize_t frames_read(struct mmsim_memory *mem, char __user *buf, size_t count, loff_t *ppos,
			   u64 (*value)(struct mmsim_memory *mem, struct mmsim_page *page))
{
	u64 values[FRAMES_AT_ONCE], first = (u64)*ppos / FRAME_BYTES;
	size_t done = 0;

	if ((u64)*ppos % FRAME_BYTES || count % FRAME_BYTES)
		return -EINVAL;
	while (done < count && first < mem->nr_pages) {
		size_t left = min_t(u64, (count - done) / FRAME_BYTES, mem->nr_pages - first);
		size_t nr = min_t(size_t, left, FRAMES_AT_ONCE), i;

		for (i = 0; i < nr; i++)
			values[i] = value(mem, &mem->map[first + i]);
		if (copy_to_user(buf + done, values, nr * FRAME_BYTES))
			return done ? done : -EFAULT;
		done += nr * FRAME_BYTES;
		first += nr;
		*ppos = first * FRAME_BYTES;
		cond_resched();
	}
	return done;
}

static struct mmsim_memory *file_memory(struct file *file)
{
	struct mmsim *m = file->private_data;

	return m->memory;
}

static loff_t frames_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, file_memory(file)->nr_pages * FRAME_BYTES);
}

static ssize_t kpageflags_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	return frames_read(file_memory(file), buf, count, ppos, mmsim_frame_flags);
}

static ssize_t kpagecount_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	return frames_read(file_memory(file), buf, count, ppos, frame_mapcount);
}

static const struct file_operations kpageflags_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.read	= kpageflags_read,
	.llseek	= frames_llseek,
};

static const struct file_operations kpagecount_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.read	= kpagecount_read,
	.llseek	= frames_llseek,
};

const struct mmsim_observe_file mmsim_observe_frames[] = {
	{ "kpageflags",	&kpageflags_fops },
	{ "kpagecount",	&kpagecount_fops },
	{}
};
