// SPDX-License-Identifier: GPL-2.0
/*
 * The mappings of a file: what the kernel asks of a VMA.
 *
 * The VMAs are VM_PFNMAP: their page tables hold frame numbers and nothing of the kernel's looks for a struct page
 * behind them, so that a region of any source will do. What follows from it:
 *
 *	get_user_pages() refuses them: no direct I/O, no futex between processes. A page that nobody can pin can always
 *	be moved. read(), write() and all else that copies works; ptrace and /proc/PID/mem work through ->access().
 *	mlock(), MAP_POPULATE, core dumps and RSS leave them out; madvise(MADV_DONTNEED) and growing by mremap() are
 *	refused by the kernel.
 *	MAP_PRIVATE is refused here: the kernel would copy a page on the first write to host memory, and the process
 *	would lose mmsim without a word. MAP_SHARED gives what MAP_SHARED | MAP_ANONYMOUS does: memory that is shared
 *	with the children, and with nobody else.
 *
 * The kernel keeps the VMAs of a file in file->mapping, by index, under its i_mmap_rwsem. A VMA leaves that tree before
 * its ->close(), so of several that map an index the last one to be closed finds no other, and frees the page. Once no
 * VMA maps an index none ever will: VMAs come only from others that do, by fork(), split or mremap(), and mmap() takes
 * fresh ones.
 *
 * A fault that finds no page left in mmsim ends in SIGBUS, as with huge pages: VM_FAULT_OOM would have the host's OOM
 * killer look for memory that it does not have, or fault for ever. What the host lacks (a page table, a node of the
 * xarray) is VM_FAULT_OOM.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interval_tree_generic.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "user/user.h"

static struct mmsim_user_file *file_of(const struct vm_area_struct *vma)
{
	return vma->vm_file->private_data;
}

static unsigned long vma_first(struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static unsigned long vma_last(struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

/* The kernel's functions for its tree of VMAs are not exported. These read it; nothing here changes it. */
INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, unsigned long, shared.rb_subtree_last, vma_first, vma_last,
		     static inline, vma_tree)

/* From @first on no VMA maps the indices before *gap_end, and one those from there to *next; both end after @last. */
static void find_unmapped(struct mmsim_user_file *f, unsigned long first, unsigned long last, unsigned long *gap_end,
			  unsigned long *next)
{
	struct vm_area_struct *vma;

	i_mmap_lock_read(&f->mapping);
	vma = vma_tree_iter_first(&f->mapping.i_mmap, first, last);
	*gap_end = vma ? max(vma_first(vma), first) : last + 1;
	*next = vma ? vma_last(vma) + 1 : last + 1;
	i_mmap_unlock_read(&f->mapping);
}

/**
 * mmsim_user_free_unmapped() - free those pages of a file that no VMA maps
 * @f: the file
 * @first: the lowest index to look at
 * @last: the highest
 *
 * Context: process context, may sleep; without file->lock.
 * Return: how many there were.
 */
unsigned long mmsim_user_free_unmapped(struct mmsim_user_file *f, unsigned long first, unsigned long last)
{
	unsigned long gap_end, next, freed = 0;

	for (; first <= last; first = next) {
		find_unmapped(f, first, last, &gap_end, &next);
		if (gap_end > first)
			freed += mmsim_user_free(f, first, gap_end - 1);
	}
	return freed;
}

static void user_vma_open(struct vm_area_struct *vma)
{
	mmsim_user_count(file_of(vma)->user, MMSIM_USER_MAPPINGS, 1);
}

static void user_vma_close(struct vm_area_struct *vma)
{
	struct mmsim_user_file *f = file_of(vma);

	mmsim_user_free_unmapped(f, vma_first(vma), vma_last(vma));
	mmsim_user_count(f->user, MMSIM_USER_MAPPINGS, -1);
}

static vm_fault_t user_vma_fault(struct vm_fault *vmf)
{
	struct mmsim_user_file *f = file_of(vmf->vma);
	struct mmsim_page *page = mmsim_user_page_get(f, vmf->pgoff);
	vm_fault_t ret;

	if (PTR_ERR(page) == -ENOSPC) {
		mmsim_user_count(f->user, MMSIM_USER_NO_MEMORY, 1);
		return VM_FAULT_SIGBUS;
	}
	if (IS_ERR(page))
		return VM_FAULT_OOM;
	ret = vmf_insert_pfn(vmf->vma, vmf->address, mmsim_memory_pfn(f->user->mem, page));
	mmsim_user_page_put(f);
	mmsim_user_count(f->user, MMSIM_USER_FAULTS, 1);
	return ret;
}

/* For ptrace and /proc/PID/mem; up to the end of the page. */
static int user_vma_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len, int write)
{
	unsigned long index = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
	struct mmsim_user_file *f = file_of(vma);
	struct mmsim_page *page;
	void *at;

	if (write && !(vma->vm_flags & VM_WRITE))
		return -EACCES;
	page = mmsim_user_page_get(f, index);
	if (IS_ERR(page))
		return PTR_ERR(page);
	len = min_t(unsigned long, len, PAGE_SIZE - offset_in_page(addr));
	at = mmsim_memory_vaddr(f->user->mem, page) + offset_in_page(addr);
	if (write)
		memcpy(at, buf, len);
	else
		memcpy(buf, at, len);
	mmsim_user_page_put(f);
	return len;
}

static const struct vm_operations_struct user_vm_ops = {
	.open = user_vma_open,
	.close = user_vma_close,
	.fault = user_vma_fault,
	.access = user_vma_access,
};

static unsigned long managed_pages(struct mmsim_memory *mem)
{
	unsigned long pages = 0;
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone)
		pages += zone->managed_pages;
	return pages;
}

static int refuse(int err, const char *why)
{
	pr_info_ratelimited("/dev/mmsim: mmap by %s/%d refused: %s\n", current->comm, task_pid_nr(current), why);
	return err;
}

/**
 * mmsim_user_map() - map memory of a file's, as yet without pages
 * @f: the file
 * @vma: the VMA that mmap() is about to make; vm_file->private_data is @f
 *
 * Context: mmap(), under mmap_lock.
 * Return: 0; -EINVAL for what can't be had; -ENOMEM for more than mmsim has; -EOVERFLOW after more pages than a file
 * has indices. The log says which.
 */
int mmsim_user_map(struct mmsim_user_file *f, struct vm_area_struct *vma)
{
	s64 index;

	if (!(vma->vm_flags & VM_MAYSHARE))
		return refuse(-EINVAL, "a private mapping would be copied to the host's memory; use MAP_SHARED");
	if (vma->vm_pgoff)
		return refuse(-EINVAL, "each mapping is memory of its own, without a name in the file; use offset 0");
	if (vma_pages(vma) > managed_pages(f->user->mem))
		return refuse(-ENOMEM, "it is larger than mmsim's memory; see size=");

	index = atomic64_fetch_add(vma_pages(vma), &f->next_index);
	if (index < 0)
		return refuse(-EOVERFLOW, "this file has had 2^63 pages; open another one");

	vma->vm_pgoff = index;
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &user_vm_ops;
	user_vma_open(vma);
	return 0;
}
