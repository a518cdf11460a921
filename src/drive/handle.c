// SPDX-License-Identifier: GPL-2.0
/*
 * Handles: what the commands of ctl have allocated, each under a small number, the lowest one free: blocks, objects and
 * areas. All that is still held is freed when the module goes.
 *
 * Lock: ctl's mutex, which the caller of each function here holds.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include <mmsim/vmalloc.h>

#include "drive/ctl.h"

static DEFINE_XARRAY_ALLOC1(handles);	/* handle -> struct mmsim_ctl_block */

static void give_back(const struct mmsim_ctl_block *block)
{
	if (block->page)
		mmsim___free_pages(block->page, block->order);
	else if (block->size)
		mmsim_vfree(block->object);
	else
		mmsim_ctl_object_free(block->cache, block->object);
}

/* Gives a handle to what was just allocated, and gives it back when it can't. */
static int hold(const struct mmsim_ctl_block *what, u32 *handle)
{
	struct mmsim_ctl_block *block = kmemdup(what, sizeof(*what), GFP_KERNEL);
	int err = -ENOMEM;

	if (block)
		err = xa_alloc(&handles, handle, block, XA_LIMIT(1, MMSIM_CTL_HANDLES), GFP_KERNEL);
	if (!err)
		return 0;
	kfree(block);
	give_back(what);
	return mmsim_ctl_fail(err, "no handle for another one (error %d); there are at most %u", err,
			      MMSIM_CTL_HANDLES);
}

/**
 * mmsim_ctl_hold_block() - give a handle to a block that was just allocated
 * @page: its head
 * @order: log2 of the number of pages
 * @gfp: what it was allocated with
 *
 * Return: 0, or an error that has been printed; the block is freed then.
 */
int mmsim_ctl_hold_block(struct mmsim_page *page, unsigned int order, gfp_t gfp)
{
	const struct mmsim_ctl_block block = { .page = page, .order = order, .gfp = gfp };
	unsigned long pfn = mmsim_page_to_pfn(page);
	u32 handle;
	int err = hold(&block, &handle);

	if (!err)
		mmsim_ctl_say("%u pfn %#lx order %u", handle, pfn, order);
	return err;
}

/**
 * mmsim_ctl_hold() - give a handle to an object that was just allocated
 * @cache: where it comes from; NULL: from kmalloc
 * @object: the object
 * @gfp: what it was allocated with
 *
 * Return: 0, or an error that has been printed; the object is freed then.
 */
int mmsim_ctl_hold(struct mmsim_ctl_cache *cache, void *object, gfp_t gfp)
{
	const struct mmsim_ctl_block block = { .object = object, .cache = cache, .gfp = gfp };
	u32 handle;
	int err = hold(&block, &handle);

	if (!err)
		mmsim_ctl_say("%u object %#lx cache %s", handle, (unsigned long)object, mmsim_ctl_cache_name(cache));
	return err;
}

/**
 * mmsim_ctl_hold_area() - give a handle to an area that was just allocated
 * @area: its first byte
 * @size: bytes that were asked for
 * @gfp: what it was allocated with
 *
 * Return: 0, or an error that has been printed; the area is freed then.
 */
int mmsim_ctl_hold_area(void *area, unsigned long size, gfp_t gfp)
{
	const struct mmsim_ctl_block block = { .object = area, .size = size, .gfp = gfp };
	u32 handle;
	int err = hold(&block, &handle);

	if (!err)
		mmsim_ctl_say("%u area %#lx size %lu", handle, (unsigned long)area, size);
	return err;
}

/**
 * mmsim_ctl_block_of() - the block that a word names
 * @command: for reports
 * @word: the word, or NULL
 * @handle: becomes the block's handle
 *
 * Return: the block; NULL when the word names none, which has been printed.
 */
struct mmsim_ctl_block *mmsim_ctl_block_of(const char *command, const char *word, unsigned int *handle)
{
	struct mmsim_ctl_block *block;

	if (!word) {
		mmsim_ctl_fail(-EINVAL, "%s: which? a handle", command);
		return NULL;
	}
	if (mmsim_ctl_number(command, word, 1, MMSIM_CTL_HANDLES, handle))
		return NULL;
	block = xa_load(&handles, *handle);
	if (block && block->page)
		return block;
	mmsim_ctl_fail(-EINVAL, "%s: no block has handle %u; list shows those there are", command, *handle);
	return NULL;
}

static void block_free(unsigned long handle)
{
	struct mmsim_ctl_block *block = xa_erase(&handles, handle);

	give_back(block);
	kfree(block);
}

/* Frees all blocks with handles from @first to @last; returns how many there were. */
static unsigned int block_free_range(unsigned long first, unsigned long last)
{
	struct mmsim_ctl_block *block;
	unsigned long handle;
	unsigned int n = 0;

	xa_for_each_range(&handles, handle, block, first, last) {
		block_free(handle);
		n++;
		cond_resched();
	}
	return n;
}

/* Frees "3", or what there is of "3-17". */
static int free_word(char *word)
{
	char *last_word = strchr(word, '-');
	unsigned int first, last, n;
	int err;

	if (last_word)
		*last_word++ = '\0';
	err = mmsim_ctl_number("free: handle", word, 1, MMSIM_CTL_HANDLES, &first);
	if (!err && last_word)
		err = mmsim_ctl_number("free: handle", last_word, first, MMSIM_CTL_HANDLES, &last);
	if (err)
		return err;
	if (!last_word)
		last = first;
	n = block_free_range(first, last);
	if (!n && first == last)
		return mmsim_ctl_fail(-EINVAL, "free: no handle %u; list shows those there are", first);
	if (!n)
		return mmsim_ctl_fail(-EINVAL, "free: no handle from %u to %u; list shows those there are", first,
				      last);
	mmsim_ctl_say("%u freed", n);
	return 0;
}

/**
 * mmsim_ctl_free() - free what handles stand for
 * @args: as in free HANDLE|FIRST-LAST ...
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_free(char *args)
{
	char *word = mmsim_ctl_word(&args);
	int err;

	if (!word)
		return mmsim_ctl_fail(-EINVAL, "free: which? a handle, several, or a range such as 3-17");
	for (; word; word = mmsim_ctl_word(&args)) {
		err = free_word(word);
		if (err)
			return err;
	}
	return 0;
}

/**
 * mmsim_ctl_free_all() - free what all handles stand for
 * @args: nothing
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_free_all(char *args)
{
	mmsim_ctl_say("%u freed", block_free_range(0, ULONG_MAX));
	return 0;
}

static void list_one(unsigned long handle, const struct mmsim_ctl_block *block)
{
	if (block->page)
		mmsim_ctl_say("%lu pfn %#lx order %u address %#lx gfp %pGg", handle, mmsim_page_to_pfn(block->page),
			      block->order, (unsigned long)mmsim_page_address(block->page), &block->gfp);
	else if (block->size)
		mmsim_ctl_say("%lu area %#lx size %lu gfp %pGg", handle, (unsigned long)block->object, block->size,
			      &block->gfp);
	else
		mmsim_ctl_say("%lu object %#lx cache %s gfp %pGg", handle, (unsigned long)block->object,
			      mmsim_ctl_cache_name(block->cache), &block->gfp);
}

/**
 * mmsim_ctl_list() - name all handles
 * @args: nothing
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_list(char *args)
{
	struct mmsim_ctl_block *block;
	unsigned long handle;

	xa_for_each(&handles, handle, block) {
		if (mmsim_ctl_is_cut())
			break;
		list_one(handle, block);
	}
	return 0;
}

/**
 * mmsim_ctl_forget() - take the handle from what is allocated
 * @args: as in forget HANDLE
 *
 * What had the handle stays allocated, and nobody knows of it any more.
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_forget(char *args)
{
	char *word = mmsim_ctl_word(&args);
	struct mmsim_ctl_block *block;
	unsigned int handle;
	int err;

	if (!word)
		return mmsim_ctl_fail(-EINVAL, "forget: which? a handle");
	err = mmsim_ctl_number("forget: handle", word, 1, MMSIM_CTL_HANDLES, &handle);
	if (err)
		return err;
	block = xa_erase(&handles, handle);
	if (!block)
		return mmsim_ctl_fail(-EINVAL, "forget: no handle %u; list shows those there are", handle);
	mmsim_ctl_object_forget(block->cache);
	kfree(block);
	mmsim_ctl_say("%u forgotten", handle);
	return 0;
}

/**
 * mmsim_ctl_handles_exit() - free what is still held
 *
 * Return: how many handles there were.
 */
unsigned int mmsim_ctl_handles_exit(void)
{
	unsigned int n = block_free_range(0, ULONG_MAX);

	xa_destroy(&handles);
	return n;
}
