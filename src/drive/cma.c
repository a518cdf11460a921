// SPDX-License-Identifier: GPL-2.0
/*
 * CMA areas on command: what is written to the files alloc and free of each.
 *
 * A number of pages that is written to alloc is claimed. Written to free, so many are given back, the last claim first;
 * of a claim that is larger than what is left to give back the end stays, and has to begin where a bit's pages do. What
 * is still claimed when the module goes is given back then.
 *
 * Lock: held_mutex, for the list of claims. It is taken before what cma_alloc() and cma_release() take.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mmsim/cma.h>

#include "mmsim.h"

/* A claim. */
struct held {
	struct list_head list;
	struct mmsim_cma *cma;
	struct mmsim_page *page;
	unsigned long count;
};

static DEFINE_MUTEX(held_mutex);
static LIST_HEAD(held_list);	/* the last claim first. held_mutex */

/**
 * mmsim_cma_command_alloc() - what is written to an area's file alloc
 * @cma: the area
 * @count: pages to be claimed
 *
 * Return: 0, -EINVAL for no page, or -ENOMEM; last_failure says what was in the way.
 */
int mmsim_cma_command_alloc(void *cma, u64 count)
{
	struct held *held;

	if (!count || count != (unsigned long)count)
		return -EINVAL;
	held = kzalloc(sizeof(*held), GFP_KERNEL);
	if (!held)
		return -ENOMEM;
	held->cma = cma;
	held->count = count;
	held->page = mmsim_cma_alloc(cma, count, 0, false);
	if (!held->page) {
		kfree(held);
		return -ENOMEM;
	}
	mutex_lock(&held_mutex);
	list_add(&held->list, &held_list);
	mutex_unlock(&held_mutex);
	return 0;
}

/* Gives back up to @count pages from a claim's start. Returns how many; 0 if that would split a bit's pages. */
static unsigned long give_back(struct held *held, unsigned long count)
{
	unsigned long nr = min(held->count, count);

	if (!mmsim_cma_release(held->cma, held->page, nr))
		return 0;
	held->count -= nr;
	if (held->count) {
		held->page = mmsim_pfn_to_page(mmsim_page_to_pfn(held->page) + nr);
	} else {
		list_del(&held->list);
		kfree(held);
	}
	return nr;
}

/**
 * mmsim_cma_command_free() - what is written to an area's file free
 * @cma: the area
 * @count: pages to be given back
 *
 * Return: 0; -EINVAL when not so many were claimed, or the rest would begin inside of what a bit stands for. What could
 * be given back until then is.
 */
int mmsim_cma_command_free(void *cma, u64 count)
{
	struct held *held, *next;
	unsigned long nr;

	mutex_lock(&held_mutex);
	list_for_each_entry_safe(held, next, &held_list, list) {
		if (held->cma != cma || !count)
			continue;
		nr = give_back(held, count);
		if (!nr)
			break;
		count -= nr;
	}
	mutex_unlock(&held_mutex);
	return count ? -EINVAL : 0;
}

/**
 * mmsim_cma_commands_exit() - give back all that was claimed by writing to alloc
 */
void mmsim_cma_commands_exit(void)
{
	struct held *held, *next;

	list_for_each_entry_safe(held, next, &held_list, list)
		give_back(held, held->count);
}
