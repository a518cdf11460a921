// SPDX-License-Identifier: GPL-2.0
/*
 * A table of stack traces: open addressing, and nothing is ever taken out. A trace is looked for from the slot that its
 * hash names on; the first empty slot on the way is its own. A slot's state goes from
 *
 *	0	empty, to
 *	BUSY	somebody writes it, for whom nobody waits: he may be who we interrupted. To
 *	a hash	of the trace that it holds, for ever
 *
 * No lock, so that it works in any context. Two who bring one new trace at a time may both get a slot; that costs a
 * slot and no more. A trace that finds its way full is lost and counted.
 */
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "page/stacks.h"

#define BUSY		1
#define MAX_PROBES	64U

/**
 * mmsim_stacks_slots() - the size of a table
 * @nr_pages: how many pages there are whose owners are kept
 *
 * Return: how many traces it should hold: one for sixteen pages, since few callers allocate most pages.
 */
unsigned int mmsim_stacks_slots(unsigned long nr_pages)
{
	return roundup_pow_of_two(clamp(nr_pages / 16, 256UL, 65536UL));
}

static bool is_trace(const struct mmsim_stack *stack, const unsigned long *entry, unsigned int nr)
{
	return stack->nr == nr && !memcmp(stack->entry, entry, nr * sizeof(*entry));
}

/* What is in the slot now, after putting the trace there if it was empty. */
static int settle(struct mmsim_stacks *stacks, struct mmsim_stack *stack, int hash, const unsigned long *entry,
		  unsigned int nr)
{
	int state = atomic_read_acquire(&stack->state);

	if (state || !atomic_try_cmpxchg_acquire(&stack->state, &state, BUSY))
		return state;
	stack->nr = nr;
	memcpy(stack->entry, entry, nr * sizeof(*entry));
	atomic_inc(&stacks->nr_used);
	atomic_set_release(&stack->state, hash);
	return hash;
}

/**
 * mmsim_stacks_keep() - have a trace in the table
 * @stacks: the table
 * @entry: the trace
 * @nr: its entries, at most MMSIM_STACK_DEPTH
 *
 * Context: any, NMI included.
 * Return: the trace's number; 0 when there is no room for it.
 */
u32 mmsim_stacks_keep(struct mmsim_stacks *stacks, const unsigned long *entry, unsigned int nr)
{
	u32 hash = jhash2((const u32 *)entry, nr * sizeof(*entry) / sizeof(u32), nr) | 2;
	unsigned int i;

	for (i = 0; i < min(MAX_PROBES, stacks->nr_slots); i++) {
		u32 at = (hash / 4 + i) & (stacks->nr_slots - 1);

		if (settle(stacks, &stacks->slot[at], hash, entry, nr) == (int)hash &&
		    is_trace(&stacks->slot[at], entry, nr))
			return at + 1;
	}
	atomic_long_inc(&stacks->nr_lost);
	return 0;
}

/**
 * mmsim_stacks_find() - the trace of a number
 * @stacks: the table
 * @handle: what mmsim_stacks_keep() has returned
 *
 * Context: any.
 * Return: the trace; NULL for 0, and for what is no such number.
 */
const struct mmsim_stack *mmsim_stacks_find(const struct mmsim_stacks *stacks, u32 handle)
{
	int state = 0;

	if (handle && handle <= stacks->nr_slots)
		state = atomic_read_acquire(&stacks->slot[handle - 1].state);
	return state && state != BUSY ? &stacks->slot[handle - 1] : NULL;
}
