// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of a file: found by their index, made when they are first wanted, freed when no mapping is left that could
 * want them. Knows nothing of processes.
 *
 * Whoever wants a page gets it together with file->lock for reading: until it is given up the page neither goes nor
 * moves. A page that is not there is allocated without the lock, since allocating may have to move pages of this very
 * file out of the way, and then put in place; when another thread was faster its page is taken and ours freed.
 *
 * Freeing takes the pages out of the file first and settles with the page floor afterwards, each under its page lock.
 * In between a page may still be found by somebody who wants to move it: move.c sees that the file does not have it.
 *
 * The xarray's nodes are the host's memory, like the page tables that the pages are put into.
 */
#include <linux/slab.h>

#include "user/user.h"

#define FREE_BATCH	32

const char *const mmsim_user_stat_names[MMSIM_NR_USER_STATS] = {
	[MMSIM_USER_FILES]		= "open files",
	[MMSIM_USER_MAPPINGS]		= "mappings",
	[MMSIM_USER_PAGES]		= "pages",
	[MMSIM_USER_FAULTS]		= "faults",
	[MMSIM_USER_NO_MEMORY]		= "faults without memory",
	[MMSIM_USER_MOVES]		= "moves",
	[MMSIM_USER_FAILED_MOVES]	= "failed moves",
};

/**
 * mmsim_user_init() - set up an instance's user floor
 * @user: the floor
 * @mem: the instance's page floor; it must outlive this one
 */
void mmsim_user_init(struct mmsim_user *user, struct mmsim_memory *mem)
{
	memset(user, 0, sizeof(*user));
	user->mem = mem;
	mutex_init(&user->files_lock);
	INIT_LIST_HEAD(&user->files);
}

/**
 * mmsim_user_file_create() - make a file without pages
 * @user: the instance's user floor
 *
 * Context: process context, may sleep.
 * Return: the file, or NULL when the host has no memory for it.
 */
struct mmsim_user_file *mmsim_user_file_create(struct mmsim_user *user)
{
	struct mmsim_user_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->user = user;
	init_rwsem(&f->lock);
	xa_init(&f->pages);
	address_space_init_once(&f->mapping);
	mutex_lock(&user->files_lock);
	list_add(&f->list, &user->files);
	mutex_unlock(&user->files_lock);
	mmsim_user_count(user, MMSIM_USER_FILES, 1);
	return f;
}

/**
 * mmsim_user_file_destroy() - free a file and all its pages
 * @f: the file; nothing maps it any more
 *
 * Context: process context, may sleep.
 */
void mmsim_user_file_destroy(struct mmsim_user_file *f)
{
	mutex_lock(&f->user->files_lock);
	list_del(&f->list);
	mutex_unlock(&f->user->files_lock);
	mmsim_user_free(f, 0, ULONG_MAX);
	xa_destroy(&f->pages);
	mmsim_user_count(f->user, MMSIM_USER_FILES, -1);
	kfree(f);
}

/* Puts @page, just allocated, at @index, or frees it: returns the page that is there then, or an error pointer. */
static struct mmsim_page *place(struct mmsim_user_file *f, unsigned long index, struct mmsim_page *page)
{
	struct mmsim_memory *mem = f->user->mem;
	struct mmsim_page *there;
	int err;

	lockdep_assert_held_read(&f->lock);
	page->private = (unsigned long)f;
	page->index = index;
	/* Nobody knows it, so it is not locked; and nobody moves it before it is unlocked. */
	mmsim_trylock_page(page);
	mmsim_movable_set(mem, page, &mmsim_user_movable_ops, _RET_IP_);
	there = xa_cmpxchg(&f->pages, index, NULL, page, GFP_KERNEL);
	err = xa_err(there);
	if (likely(!there)) {
		mmsim_unlock_page(page);
		mmsim_user_count(f->user, MMSIM_USER_PAGES, 1);
		return page;
	}
	mmsim_movable_clear(mem, page, _RET_IP_);
	mmsim_unlock_page(page);
	mmsim_memory_put(mem, page, _RET_IP_);
	return err ? ERR_PTR(err) : there;
}

/**
 * mmsim_user_page_get() - find a page of a file, or make it, and keep it in its place
 * @f: the file
 * @index: which
 *
 * A page that is new is full of zeroes.
 *
 * Context: process context, may sleep; without file->lock. Returns with it, held for reading, unless it fails.
 * Return: the page, for which mmsim_user_page_put() is due; -ENOSPC when mmsim has none left, -ENOMEM when the host has
 * no memory to note it.
 */
struct mmsim_page *mmsim_user_page_get(struct mmsim_user_file *f, unsigned long index)
{
	struct mmsim_page *page;

	down_read(&f->lock);
	page = xa_load(&f->pages, index);
	if (page)
		return page;
	up_read(&f->lock);

	page = mmsim_memory_alloc(f->user->mem, GFP_HIGHUSER_MOVABLE | __GFP_ZERO, 0, _RET_IP_);
	if (!page)
		return ERR_PTR(-ENOSPC);
	down_read(&f->lock);
	page = place(f, index, page);
	if (IS_ERR(page))
		up_read(&f->lock);
	return page;
}

/**
 * mmsim_user_page_put() - let a page of a file go or move again
 * @f: the file that mmsim_user_page_get() was called for
 */
void mmsim_user_page_put(struct mmsim_user_file *f)
{
	up_read(&f->lock);
}

/* Takes out of the file the first pages from @first to @last; returns how many. */
static unsigned int take_out(struct mmsim_user_file *f, unsigned long first, unsigned long last,
			     struct mmsim_page *pages[FREE_BATCH])
{
	struct mmsim_page *page;
	unsigned long index;
	unsigned int n = 0;

	down_write(&f->lock);
	xa_for_each_range(&f->pages, index, page, first, last) {
		xa_erase(&f->pages, index);
		pages[n++] = page;
		if (n == FREE_BATCH)
			break;
	}
	up_write(&f->lock);
	return n;
}

/* Gives back a page that the file has no more. Whoever has isolated it drops the last reference. */
static void let_go(struct mmsim_memory *mem, struct mmsim_page *page)
{
	mmsim_lock_page(page);
	mmsim_movable_clear(mem, page, _RET_IP_);
	mmsim_unlock_page(page);
	mmsim_memory_put(mem, page, _RET_IP_);
}

/**
 * mmsim_user_free() - free pages of a file
 * @f: the file
 * @first: the lowest index to free
 * @last: the highest
 *
 * No process maps them any more, or will.
 *
 * Context: process context, may sleep; without file->lock.
 * Return: how many there were.
 */
unsigned long mmsim_user_free(struct mmsim_user_file *f, unsigned long first, unsigned long last)
{
	struct mmsim_page *pages[FREE_BATCH];
	unsigned long freed = 0;
	unsigned int n, i;

	do {
		n = take_out(f, first, last, pages);
		for (i = 0; i < n; i++)
			let_go(f->user->mem, pages[i]);
		freed += n;
		cond_resched();
	} while (n == FREE_BATCH);
	mmsim_user_count(f->user, MMSIM_USER_PAGES, -freed);
	return freed;
}
