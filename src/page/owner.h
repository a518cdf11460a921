/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who has allocated a block, and who freed it last: the kernel's page_owner. An instance that is made without it has no
 * records, and when no instance has any, the hooks below are a no-op instruction each.
 */
#ifndef MMSIM_SRC_OWNER_H
#define MMSIM_SRC_OWNER_H

#include <linux/jump_label.h>
#include <linux/sched.h>

#include "page/memory.h"
#include "page/stacks.h"

#define MMSIM_OWNER_KNOWN	BIT(0)	/* the page has headed a block since the instance was made */
#define MMSIM_OWNER_ALLOCATED	BIT(1)	/* and heads one now */
#define MMSIM_OWNER_MOVED_SHIFT	4	/* from here on in flags, an enum mmsim_migrate_reason: why it was moved last */

/* The kernel's, as far as there are such reasons here. */
enum mmsim_migrate_reason {
	MMSIM_MR_NONE,
	MMSIM_MR_COMPACTION,
	MMSIM_MR_CONTIG_RANGE,
	MMSIM_MR_SYSCALL,
	MMSIM_NR_MIGRATE_REASONS
};

extern const char *const mmsim_migrate_reason_names[];

/* One a frame; that of a block's head is filled in. Written by whoever allocates or frees the block, nobody else. */
struct mmsim_owner {
	u64 ts_nsec;		/* of the allocation, local_clock() */
	u64 free_ts_nsec;	/* of the last free; 0: none */
	u32 stack;		/* trace of the allocation: a number in the instance's table */
	u32 free_stack;		/* of the last free */
	gfp_t gfp;		/* as the client gave them */
	pid_t pid, tgid;	/* of who allocated ... */
	pid_t free_pid, free_tgid;	/* ... and of who freed last */
	char comm[TASK_COMM_LEN];
	u8 order;
	u8 flags;		/* MMSIM_OWNER_* and the reason */
	u16 seq;		/* odd while the record is written */
};

static_assert(sizeof(struct mmsim_owner) == 64, "as much as a descriptor");

struct mmsim_owners {
	struct mmsim_owner *record;	/* by frame, from the region's first. Constant */
	struct mmsim_stacks stacks;
};

DECLARE_STATIC_KEY_FALSE(mmsim_owner_key);

void mmsim_owner_start(void);
void mmsim_owner_stop(void);
void mmsim_owner_set(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, gfp_t gfp);
void mmsim_owner_clear(struct mmsim_memory *mem, struct mmsim_page *page);
void mmsim_owner_split(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order);
void mmsim_owner_move(struct mmsim_memory *mem, struct mmsim_page *to, struct mmsim_page *from,
		      enum mmsim_migrate_reason reason);
bool mmsim_owner_read(struct mmsim_memory *mem, const struct mmsim_page *page, struct mmsim_owner *copy);
void mmsim_owner_report(struct mmsim_memory *mem, const struct mmsim_page *page);

static inline enum mmsim_migrate_reason mmsim_owner_moved(const struct mmsim_owner *o)
{
	return o->flags >> MMSIM_OWNER_MOVED_SHIFT;
}

/* Whether the instance keeps owners. */
static __always_inline bool mmsim_owner_on(const struct mmsim_memory *mem)
{
	return static_branch_unlikely(&mmsim_owner_key) && mem->owners;
}

/* A block is handed out; @page is its head. */
static __always_inline void mmsim_owner_allocated(struct mmsim_memory *mem, struct mmsim_page *page,
						  unsigned int order, gfp_t gfp)
{
	if (mmsim_owner_on(mem))
		mmsim_owner_set(mem, page, order, gfp);
}

/* It comes back, and is still out of everybody's reach. */
static __always_inline void mmsim_owner_freed(struct mmsim_memory *mem, struct mmsim_page *page)
{
	if (mmsim_owner_on(mem))
		mmsim_owner_clear(mem, page);
}

#endif /* MMSIM_SRC_OWNER_H */
