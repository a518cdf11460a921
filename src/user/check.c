// SPDX-License-Identifier: GPL-2.0
/*
 * The user floor's structural check: walks the pages of every file and names the first invariant that doesn't hold.
 * Each file is walked with its lock held for reading, so that its pages stay; faults go on meanwhile.
 */
#include "user/user.h"

static __printf(4, 5) int broken(char *what, size_t size, unsigned long index, const char *fmt, ...)
{
	va_list args;
	int n;

	n = scnprintf(what, size, "user floor: page %#lx of a file: ", index);
	va_start(args, fmt);
	vscnprintf(what + n, size - n, fmt, args);
	va_end(args);
	return -EUCLEAN;
}

static int check_page(struct mmsim_user_file *f, unsigned long index, struct mmsim_page *page, char *what, size_t size)
{
	unsigned long pfn;

	if (!mmsim_memory_has(f->user->mem, page))
		return broken(what, size, index, "is none of the page array");
	pfn = mmsim_memory_pfn(f->user->mem, page);
	if (!mmsim_page_is_allocated(page) || mmsim_page_order(page) || mmsim_page_ref_count(page) < 1)
		return broken(what, size, index, "pfn %#lx is no single page that is in use, flags %#lx, refcount %d",
			      pfn, READ_ONCE(page->flags), mmsim_page_ref_count(page));
	if (!mmsim_page_is_movable(page) || mmsim_movable_ops(page) != &mmsim_user_movable_ops)
		return broken(what, size, index, "pfn %#lx is not movable, flags %#lx", pfn, READ_ONCE(page->flags));
	if (page->private != (unsigned long)f || page->index != index)
		return broken(what, size, index, "pfn %#lx says that it is page %#lx of %s file", pfn, page->index,
			      page->private == (unsigned long)f ? "this" : "another");
	return 0;
}

static int check_file(struct mmsim_user_file *f, char *what, size_t size)
{
	struct mmsim_page *page;
	unsigned long index;
	int err = 0;

	down_read(&f->lock);
	xa_for_each(&f->pages, index, page) {
		err = check_page(f, index, page, what, size);
		if (err)
			break;
	}
	up_read(&f->lock);
	return err;
}

/**
 * mmsim_user_check() - check every invariant of the user floor
 * @user: the floor; it may be in use
 * @what: where the name of the first broken invariant goes
 * @size: bytes at @what; 256 are enough
 *
 * Context: process context, may sleep.
 * Return: 0, or -EUCLEAN with @what filled in.
 */
int mmsim_user_check(struct mmsim_user *user, char *what, size_t size)
{
	struct mmsim_user_file *f;
	int err = 0;

	mutex_lock(&user->files_lock);
	list_for_each_entry(f, &user->files, list) {
		err = check_file(f, what, size);
		if (err)
			break;
	}
	mutex_unlock(&user->files_lock);
	return err;
}
