// SPDX-License-Identifier: GPL-2.0
/*
 * Moving a page from under the processes that use it.
 *
 * Isolating needs nothing: the page stays in its file and processes go on using it until it is moved. Then, with its
 * file's lock held for writing,
 *
 *   1. every page table entry that maps it is cleared, in all processes, and the TLBs are flushed: from here on a
 *      touch is a page fault, which waits for the file's lock;
 *   2. the content is copied: nobody can write to it;
 *   3. the new page takes the old one's place in the file, and its fault finds it there.
 *
 * A munmap() on another CPU may have cleared an entry and not flushed yet. The kernel tells unmap_mapping_pages() about
 * that (it flushes whenever somebody else is at it in the same address space), and unlinks a VM_PFNMAP mapping, after
 * which it is not seen here, only once it has flushed it. So after step 1 no CPU has a way to the page.
 *
 * The page lock keeps the page's file: a file lets go of its pages under that lock, and goes after them.
 */
#include "user/user.h"

static struct mmsim_user_file *file_of(const struct mmsim_page *page)
{
	return (struct mmsim_user_file *)page->private;
}

static bool user_isolate_page(struct mmsim_page *page)
{
	return true;
}

static void user_putback_page(struct mmsim_page *page)
{
}

/* The new page becomes the file's, with a reference and at the same index; the old one is the mover's. */
static int replace(struct mmsim_user_file *f, struct mmsim_page *dst, struct mmsim_page *src)
{
	struct mmsim_memory *mem = f->user->mem;

	dst->private = src->private;
	dst->index = src->index;
	if (!mmsim_movable_set(mem, dst, &mmsim_user_movable_ops, _RET_IP_)) {
		dst->private = 0;
		return -EINVAL;
	}
	mmsim_memory_get(mem, dst, _RET_IP_);
	/* There is an entry for this index, so nothing is allocated. */
	xa_store(&f->pages, src->index, dst, 0);
	mmsim_movable_clear(mem, src, _RET_IP_);
	mmsim_memory_put(mem, src, _RET_IP_);
	return 0;
}

static int move_locked(struct mmsim_user_file *f, struct mmsim_page *dst, struct mmsim_page *src)
{
	struct mmsim_memory *mem = f->user->mem;

	lockdep_assert_held_write(&f->lock);
	if (xa_load(&f->pages, src->index) != src)
		return -EAGAIN;	/* taken out; it is freed as soon as the page lock is free */
	unmap_mapping_pages(&f->mapping, src->index, 1, true);
	copy_page(mmsim_memory_vaddr(mem, dst), mmsim_memory_vaddr(mem, src));
	return replace(f, dst, src);
}

static int user_migrate_page(struct mmsim_page *dst, struct mmsim_page *src)
{
	struct mmsim_user_file *f = file_of(src);
	struct mmsim_user *user = f->user;
	int err;

	down_write(&f->lock);
	err = move_locked(f, dst, src);
	up_write(&f->lock);
	mmsim_user_count(user, err ? MMSIM_USER_FAILED_MOVES : MMSIM_USER_MOVES, 1);
	return err;
}

const struct mmsim_movable_operations mmsim_user_movable_ops = {
	.isolate_page = user_isolate_page,
	.migrate_page = user_migrate_page,
	.putback_page = user_putback_page,
};
