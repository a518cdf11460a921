/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User processes on mmsim's pages: what /dev/mmsim is made of.
 *
 * Words used here
 *	file		one open of /dev/mmsim, with whatever was mapped through it: pages by their index
 *	index		a page's number in its file: the vm_pgoff of the VMAs that map it says where they begin
 *	mapping		a VMA of a process; several may map the same indices, after fork() for example
 *
 * Each mmap() gets indices that no other one had or will have, so it is memory of its own, full of zeroes, as an
 * anonymous mapping is; an index is shared only by VMAs that descend from one mmap(). Every page is a movable one of
 * the page floor: its owner is the file, and it is known to processes only by entries in their page tables that the
 * file can take back.
 *
 * Locks, outermost first:
 *	1. the kernel's mmap_lock, held by it when it calls fault, open, close and access
 *	2. a page's lock, held by the page floor when it calls move.c
 *	3. user->files_lock
 *	4. file->lock
 *	5. the kernel's i_mmap_rwsem of file->mapping and its page table locks
 * Nothing is allocated from mmsim under file->lock, since that may move pages, of this file too.
 */
#ifndef MMSIM_SRC_USER_H
#define MMSIM_SRC_USER_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "page/movable.h"

/* What is counted; names in mmsim_user_stat_names. */
enum mmsim_user_stat {
	MMSIM_USER_FILES,	/* open now */
	MMSIM_USER_MAPPINGS,	/* VMAs there are now */
	MMSIM_USER_PAGES,	/* held by files now */
	MMSIM_USER_FAULTS,	/* page faults that were served */
	MMSIM_USER_NO_MEMORY,	/* ... and those that found no page and ended in SIGBUS */
	MMSIM_USER_MOVES,	/* pages moved to another frame */
	MMSIM_USER_FAILED_MOVES,	/* tries that failed: the page was about to be freed */
	MMSIM_NR_USER_STATS
};

extern const char *const mmsim_user_stat_names[MMSIM_NR_USER_STATS];

/* An instance's user floor. */
struct mmsim_user {
	struct mmsim_memory *mem;	/* constant */
	atomic_long_t stat[MMSIM_NR_USER_STATS];
	struct list_head files;		/* those that are open. files_lock */
	struct mutex files_lock;	/* of files; taken to open, to close and to check */
};

struct mmsim_user_file {
	struct mmsim_user *user;	/* constant */
	struct list_head list;		/* in user->files, under its files_lock */
	/*
	 * Read: a page that is in pages stays there and stays where it is, so that its frame may be put into a page
	 * table; empty places may be filled. Write: pages are moved, or taken out.
	 */
	struct rw_semaphore lock;
	struct xarray pages;		/* index -> struct mmsim_page, movable, with one reference. lock */
	atomic64_t next_index;		/* no mmap() has had this one, or a higher one */
	struct address_space mapping;	/* the kernel keeps the VMAs here, by index. Its own locks */
};

void mmsim_user_init(struct mmsim_user *user, struct mmsim_memory *mem);

static inline void mmsim_user_count(struct mmsim_user *user, enum mmsim_user_stat stat, long n)
{
	atomic_long_add(n, &user->stat[stat]);
}

/* store.c: the pages of a file */
struct mmsim_user_file *mmsim_user_file_create(struct mmsim_user *user);
void mmsim_user_file_destroy(struct mmsim_user_file *f);
struct mmsim_page *mmsim_user_page_get(struct mmsim_user_file *f, unsigned long index);
void mmsim_user_page_put(struct mmsim_user_file *f);
unsigned long mmsim_user_free(struct mmsim_user_file *f, unsigned long first, unsigned long last);

/* fault.c: the VMAs of a file */
int mmsim_user_map(struct mmsim_user_file *f, struct vm_area_struct *vma);
unsigned long mmsim_user_free_unmapped(struct mmsim_user_file *f, unsigned long first, unsigned long last);

/* check.c */
int mmsim_user_check(struct mmsim_user *user, char *what, size_t size);

/* move.c */
extern const struct mmsim_movable_operations mmsim_user_movable_ops;

/* debug.c: the debugfs file */
void mmsim_user_debug_init(struct mmsim_user *user);
int mmsim_user_move_all(struct mmsim_user *user);

/* dev.c: the device, one for the live instance */
int mmsim_user_device_init(struct mmsim_user *user, umode_t mode);
void mmsim_user_device_exit(void);

#endif /* MMSIM_SRC_USER_H */
