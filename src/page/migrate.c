// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of a cluster of isolated pages, after the kernel's migrate_pages().
 *
 * Each page gets a new one from the caller and is moved to it by its owner. Those whose owner says -EAGAIN, or that
 * somebody has locked, are tried again with the others, up to ten times when the caller can wait and three times when
 * it can't. What can't be moved is put back; with no new pages left, all the rest is.
 */
#include <linux/sched.h>

#include "page/migrate.h"

static void put_back(struct mmsim_migration *mg, struct mmsim_page *page, int error)
{
	mg->failed = page;
	mg->error = error;
	mg->nr_failed++;
	mmsim_count_event(&mg->mem->events, MMSIM_EVENT_PGMIGRATE_FAIL);
	mmsim_movable_putback(mg->mem, page);
}

/* Returns 0 when the page is gone from here, else why not: -EAGAIN, or what puts it back. */
static int move_one(struct mmsim_migration *mg, struct mmsim_page *src)
{
	struct mmsim_page *dst = mg->new_page(mg, src);
	int err;

	if (!dst)
		return -ENOMEM;
	err = mmsim_movable_migrate(mg->mem, dst, src, mg->wait, mg->reason);
	if (err)
		mg->unused_page(mg, dst);
	if (err < 0)
		return err;
	mg->nr_moved++;
	mmsim_count_event(&mg->mem->events, MMSIM_EVENT_PGMIGRATE_SUCCESS);
	return 0;
}

/* One try for each page; those to be tried again stay. */
static void one_pass(struct mmsim_migration *mg)
{
	unsigned int i, left = 0;

	for (i = 0; i < mg->nr; i++) {
		struct mmsim_page *src = mg->page[i];
		int err = mg->error == -ENOMEM ? -ENOMEM : move_one(mg, src);

		if (err == -EAGAIN)
			mg->page[left++] = src;
		else if (err)
			put_back(mg, src, err);
		cond_resched();
	}
	mg->nr = left;
}

/**
 * mmsim_migrate_pages() - move isolated pages
 * @mg: the pages and where they go
 *
 * Context: process context, may sleep.
 */
void mmsim_migrate_pages(struct mmsim_migration *mg)
{
	unsigned int passes = mg->wait ? 10 : 3;

	mg->error = 0;
	while (mg->nr && passes--)
		one_pass(mg);
	while (mg->nr)
		put_back(mg, mg->page[--mg->nr], -EAGAIN);
}
