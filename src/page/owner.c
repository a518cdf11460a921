// SPDX-License-Identifier: GPL-2.0
/*
 * page_owner: a record a frame, in an array beside the page array, and a table of stack traces, both in the region. The
 * head's record tells about its block; a block that is split gives each of its pages a copy.
 *
 * A record is written by whoever has the block to himself: by an allocation before the block is handed out, by a free
 * after its last reference is gone and before it is on a list. Readers come at any time: seq tells them that they read
 * what was being written, and they try again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/sched/clock.h>

#include "page/owner.h"

#define MAX_TRIES	100

DEFINE_STATIC_KEY_FALSE(mmsim_owner_key);

const char *const mmsim_migrate_reason_names[] = {
	[MMSIM_MR_COMPACTION] = "compaction",
	[MMSIM_MR_CONTIG_RANGE] = "contig_range",
	[MMSIM_MR_SYSCALL] = "syscall_or_cpuset",
};

/**
 * mmsim_owner_start() - begin to keep the owners of one more instance
 *
 * Context: process context, may sleep.
 */
void mmsim_owner_start(void)
{
	static_branch_inc(&mmsim_owner_key);
}

/**
 * mmsim_owner_stop() - undo mmsim_owner_start()
 *
 * Context: process context, may sleep.
 */
void mmsim_owner_stop(void)
{
	static_branch_dec(&mmsim_owner_key);
}

static struct mmsim_owner *record_of(const struct mmsim_memory *mem, const struct mmsim_page *page)
{
	return &mem->owners->record[page - mem->map];
}

static void write_begin(struct mmsim_owner *o)
{
	WRITE_ONCE(o->seq, o->seq + 1);
	smp_wmb();	/* who sees a new field sees that seq is odd, or has changed */
}

static void write_end(struct mmsim_owner *o)
{
	smp_wmb();	/* as above */
	WRITE_ONCE(o->seq, o->seq + 1);
}

/**
 * mmsim_owner_set() - note who has allocated a block
 * @mem: an instance's page floor that keeps owners
 * @page: the block's head
 * @order: log2 of the number of pages
 * @gfp: the client's flags
 *
 * Context: any.
 */
noinline void mmsim_owner_set(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order, gfp_t gfp)
{
	struct mmsim_owner *o = record_of(mem, page);
	unsigned long entry[MMSIM_STACK_DEPTH];
	unsigned int nr = mmsim_stack_save(entry);
	u32 stack = mmsim_stacks_keep(&mem->owners->stacks, entry, nr);

	write_begin(o);
	o->ts_nsec = local_clock();
	o->stack = stack;
	o->gfp = gfp;
	o->pid = current->pid;
	o->tgid = current->tgid;
	memcpy(o->comm, current->comm, sizeof(o->comm));
	o->order = order;
	o->flags = MMSIM_OWNER_KNOWN | MMSIM_OWNER_ALLOCATED;
	write_end(o);
}

/**
 * mmsim_owner_clear() - note who has freed a block
 * @mem: as for mmsim_owner_set()
 * @page: the block's head
 *
 * Context: any.
 */
noinline void mmsim_owner_clear(struct mmsim_memory *mem, struct mmsim_page *page)
{
	struct mmsim_owner *o = record_of(mem, page);
	unsigned long entry[MMSIM_STACK_DEPTH];
	unsigned int nr = mmsim_stack_save(entry);
	u32 stack = mmsim_stacks_keep(&mem->owners->stacks, entry, nr);

	write_begin(o);
	o->free_ts_nsec = local_clock();
	o->free_stack = stack;
	o->free_pid = current->pid;
	o->free_tgid = current->tgid;
	o->flags &= ~MMSIM_OWNER_ALLOCATED;
	write_end(o);
}

/* All but what is noted of the last free. */
static void copy(struct mmsim_owner *o, const struct mmsim_owner *old, u8 flags)
{
	write_begin(o);
	o->ts_nsec = old->ts_nsec;
	o->stack = old->stack;
	o->gfp = old->gfp;
	o->pid = old->pid;
	o->tgid = old->tgid;
	memcpy(o->comm, old->comm, sizeof(o->comm));
	o->order = old->order;
	o->flags = flags;
	write_end(o);
}

/**
 * mmsim_owner_move() - have a page's owner own another one, whose last free stays noted
 * @mem: as for mmsim_owner_set()
 * @to: the page that the owner has now
 * @from: the one that he had
 * @reason: why
 *
 * Context: any; the caller has both pages.
 */
void mmsim_owner_move(struct mmsim_memory *mem, struct mmsim_page *to, struct mmsim_page *from,
		      enum mmsim_migrate_reason reason)
{
	u8 flags = MMSIM_OWNER_KNOWN | MMSIM_OWNER_ALLOCATED | reason << MMSIM_OWNER_MOVED_SHIFT;

	copy(record_of(mem, to), record_of(mem, from), flags);
}

/**
 * mmsim_owner_split() - note that a block's pages are blocks of their own
 * @mem: as for mmsim_owner_set()
 * @page: the block's head
 * @order: log2 of the number of pages
 *
 * Context: any; the caller has the block.
 */
void mmsim_owner_split(struct mmsim_memory *mem, struct mmsim_page *page, unsigned int order)
{
	struct mmsim_owner *o = record_of(mem, page);
	unsigned long i;

	write_begin(o);
	o->order = 0;
	write_end(o);
	for (i = 1; i < BIT(order); i++)
		copy(o + i, o, o->flags);
}

/**
 * mmsim_owner_read() - read a record
 * @mem: as for mmsim_owner_set()
 * @page: a page of it
 * @copy: where the record goes
 *
 * Context: any.
 * Return: whether the page has headed a block, and the record could be read: one that changes all the time can't.
 */
bool mmsim_owner_read(struct mmsim_memory *mem, const struct mmsim_page *page, struct mmsim_owner *copy)
{
	struct mmsim_owner *o = record_of(mem, page);
	unsigned int tries, seq;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		seq = READ_ONCE(o->seq);
		smp_rmb();	/* write_begin() */
		data_race(memcpy(copy, o, sizeof(*copy)));
		smp_rmb();	/* write_end() */
		if (!(seq & 1) && READ_ONCE(o->seq) == seq)
			return copy->flags & MMSIM_OWNER_KNOWN;
	}
	return false;
}

/* The record of the block around @page that has all of @flags, read into @copy; NULL when there is none. */
static const struct mmsim_page *block_around(struct mmsim_memory *mem, const struct mmsim_page *page, u8 flags,
					     struct mmsim_owner *copy)
{
	unsigned long i = page - mem->map;
	unsigned int order;

	for (order = 0; order < MMSIM_NR_ORDERS; order++) {
		const struct mmsim_page *head = &mem->map[round_down(i, BIT(order))];

		if (mmsim_owner_read(mem, head, copy) && (copy->flags & flags) == flags && copy->order >= order)
			return head;
	}
	return NULL;
}

static void report_stack(const struct mmsim_memory *mem, u32 handle)
{
	const struct mmsim_stack *stack = mmsim_stacks_find(&mem->owners->stacks, handle);
	unsigned int i;

	for (i = 0; stack && i < stack->nr; i++)
		pr_warn("   %pS\n", (void *)stack->entry[i]);
}

/**
 * mmsim_owner_report() - print who owns the block that a page is in, or who had it last
 * @mem: as for mmsim_owner_set()
 * @page: a page of it
 *
 * Context: any.
 */
void mmsim_owner_report(struct mmsim_memory *mem, const struct mmsim_page *page)
{
	const struct mmsim_page *head;
	struct mmsim_owner o;

	head = block_around(mem, page, MMSIM_OWNER_ALLOCATED, &o);
	if (!head)
		head = block_around(mem, page, MMSIM_OWNER_KNOWN, &o);
	if (!head) {
		pr_warn("page_owner: pfn %#lx was never allocated\n", mmsim_memory_pfn(mem, page));
		return;
	}
	pr_warn("page_owner: pfn %#lx was allocated with order %u, type %s, mask %#x(%pGg), by pid %d, tgid %d (%s), at %llu ns\n",
		mmsim_memory_pfn(mem, head), o.order, mmsim_migratetype_names[mmsim_gfp_migratetype(mem, o.gfp)],
		(__force unsigned int)o.gfp, &o.gfp, o.pid, o.tgid, o.comm, o.ts_nsec);
	report_stack(mem, o.stack);
	if (!o.free_ts_nsec)
		return;
	pr_warn("page_owner: it was %sfreed by pid %d, tgid %d, at %llu ns\n",
		o.flags & MMSIM_OWNER_ALLOCATED ? "before that " : "", o.free_pid, o.free_tgid, o.free_ts_nsec);
	report_stack(mem, o.free_stack);
}
