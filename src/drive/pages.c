// SPDX-License-Identifier: GPL-2.0
/*
 * Pages, CMA areas and the mirror on command: what ctl does with them, through the exported functions.
 *
 * Lock: ctl's mutex, which the caller of each function here holds.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include <mmsim/cma.h>
#include <mmsim/highmem.h>
#include <mmsim/migrate.h>

#include "drive/ctl.h"
#include "mmsim.h"

struct request {
	unsigned int order;
	unsigned int count;
	gfp_t gfp;
};

static int parse_request(char *args, struct request *r)
{
	char *word, *value;
	int err;

	while ((word = mmsim_ctl_word(&args))) {
		value = strchr(word, '=');
		if (!value)
			return mmsim_ctl_fail(-EINVAL, "alloc_pages: '%.32s' is not order=, gfp= or count= and a value",
					      word);
		*value++ = '\0';
		if (!strcmp(word, "order"))
			err = mmsim_ctl_number(word, value, 0, MMSIM_MAX_ORDER, &r->order);
		else if (!strcmp(word, "count"))
			err = mmsim_ctl_number(word, value, 1, MMSIM_CTL_HANDLES, &r->count);
		else if (!strcmp(word, "gfp"))
			err = mmsim_ctl_gfp(value, &r->gfp);
		else
			err = mmsim_ctl_fail(-EINVAL, "alloc_pages: no '%.32s='; it takes order=, gfp= and count=",
					     word);
		if (err)
			return err;
	}
	return 0;
}

/**
 * mmsim_ctl_alloc_pages() - allocate blocks
 * @args: as in alloc_pages [order=] [gfp=] [count=]
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_alloc_pages(char *args)
{
	struct request r = { .count = 1, .gfp = GFP_KERNEL };
	struct mmsim_page *page;
	unsigned int i;
	int err;

	err = parse_request(args, &r);
	for (i = 0; !err && i < r.count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		page = mmsim_alloc_pages(r.gfp, r.order);
		if (!page)
			return mmsim_ctl_fail(-ENOMEM, "alloc_pages: got %u of %u blocks of order %u", i, r.count,
					      r.order);
		err = mmsim_ctl_hold_block(page, r.order, r.gfp);
		cond_resched();
	}
	return err;
}

/**
 * mmsim_ctl_drain() - give the CPUs' lists back to the zones
 * @args: nothing
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_drain(char *args)
{
	mmsim_drain_all_pages();
	mmsim_ctl_say("drained");
	return 0;
}

/**
 * mmsim_ctl_compact() - move pages together in every zone
 * @args: nothing
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_compact(char *args)
{
	mmsim_compact_memory();
	mmsim_ctl_say("compacted");
	return 0;
}

/**
 * mmsim_ctl_cma_create() - make a CMA area
 * @args: as in cma_create NAME SIZE
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_cma_create(char *args)
{
	char *name = mmsim_ctl_word(&args), *word = mmsim_ctl_word(&args);
	struct mmsim_cma *cma;
	u64 size;
	int err;

	if (!word || mmsim_size_parse(word, &size))
		return mmsim_ctl_fail(-EINVAL, "cma_create: a name and a size are wanted, such as camera 16M");
	err = mmsim_cma_create(name, size, 0, 0, &cma);
	if (err)
		return mmsim_ctl_fail(err, "cma_create: %s not made, error %d; the log says why", name, err);
	mmsim_cma_put(cma);
	mmsim_ctl_say("cma %s", name);
	return 0;
}

/**
 * mmsim_ctl_cma_destroy() - give a CMA area back
 * @args: as in cma_destroy NAME
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_cma_destroy(char *args)
{
	char *name = mmsim_ctl_word(&args);
	struct mmsim_cma *cma = name ? mmsim_cma_find(name) : NULL;

	if (!cma)
		return mmsim_ctl_fail(-EINVAL, "cma_destroy: no area '%s'; the folder cma has those there are",
				      name ? name : "");
	if (mmsim_cma_destroy(cma)) {
		mmsim_cma_put(cma);
		return mmsim_ctl_fail(-EBUSY, "cma_destroy: %s stays: its pages are claimed, or a module has it",
				      name);
	}
	mmsim_ctl_say("cma %s destroyed", name);
	return 0;
}

/**
 * mmsim_ctl_split() - take a block apart
 * @args: as in split HANDLE
 *
 * The block's handle keeps its first page; the others get handles of their own.
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_split(char *args)
{
	unsigned int handle, order;
	struct mmsim_ctl_block *block = mmsim_ctl_block_of("split", mmsim_ctl_word(&args), &handle);
	unsigned long pfn, i;
	int err = 0;

	if (!block)
		return -EINVAL;
	if (block->gfp & __GFP_COMP)
		return mmsim_ctl_fail(-EINVAL, "split: %u is a compound block; allocate it without __GFP_COMP", handle);

	order = block->order;
	pfn = mmsim_page_to_pfn(block->page);
	mmsim_split_page(block->page, order);
	block->order = 0;
	mmsim_ctl_say("%u pfn %#lx order 0", handle, pfn);
	/* Go on after an error: each page without a handle has to be freed, and mmsim_ctl_hold_block() does that. */
	for (i = 1; i < 1UL << order; i++)
		err = mmsim_ctl_hold_block(mmsim_pfn_to_page(pfn + i), 0, block->gfp) ?: err;
	return err;
}

/**
 * mmsim_ctl_kmap() - map a block's first page in both ways
 * @args: as in kmap HANDLE
 *
 * A word written at the one address must be there at the other: both lead to the same frame.
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_kmap(char *args)
{
	unsigned int handle;
	struct mmsim_ctl_block *block = mmsim_ctl_block_of("kmap", mmsim_ctl_word(&args), &handle);
	u64 *lasting, *local, seen;

	if (!block)
		return -EINVAL;
	lasting = mmsim_kmap(block->page);
	*lasting = ~(u64)handle;
	local = mmsim_kmap_local_page(block->page);
	seen = *local;
	mmsim_kunmap_local(local);
	mmsim_kunmap(block->page);
	if (seen != ~(u64)handle)
		return mmsim_ctl_fail(-EIO, "kmap: what was written at %#lx is not at %#lx", (unsigned long)lasting,
				      (unsigned long)local);
	mmsim_ctl_say("%u kmap %#lx kmap_local_page %#lx", handle, (unsigned long)lasting, (unsigned long)local);
	return 0;
}

/**
 * mmsim_ctl_mirror() - serve the running kernel's page allocations, or don't
 * @args: as in mirror on|off
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_mirror(char *args)
{
	char *word = mmsim_ctl_word(&args);
	int err;

	if (word && !strcmp(word, "on")) {
		err = mmsim_mirror_attach();
		if (err == -EBUSY)
			return mmsim_ctl_fail(err, "mirror: it is on already");
		if (err)
			return mmsim_ctl_fail(err, "mirror: not switched on, error %d; the log says why", err);
	} else if (word && !strcmp(word, "off")) {
		if (mmsim_mirror_detach())
			return mmsim_ctl_fail(-EINVAL, "mirror: it is off already");
	} else {
		return mmsim_ctl_fail(-EINVAL, "mirror: '%.32s' is neither on nor off", word ?: "");
	}
	mmsim_ctl_say("mirror %s", word);
	return 0;
}
