/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack traces, each kept once and named by a number. Used where the kernel's own code would use its stack depot, which
 * takes its memory from the host and keeps it; this table lies in the region.
 */
#ifndef MMSIM_SRC_STACKS_H
#define MMSIM_SRC_STACKS_H

#include <linux/atomic.h>
#include <linux/instruction_pointer.h>
#include <linux/stacktrace.h>
#include <linux/types.h>

#define MMSIM_STACK_DEPTH	16	/* callers that are kept, from the innermost; the kernel's page_owner's */

struct mmsim_stack {
	atomic_t state;		/* see stacks.c; the rest is constant once this says so */
	unsigned int nr;	/* entries */
	unsigned long entry[MMSIM_STACK_DEPTH];
};

struct mmsim_stacks {
	struct mmsim_stack *slot;	/* constant */
	unsigned int nr_slots;		/* a power of two. Constant */
	atomic_t nr_used;		/* slots taken. Any */
	atomic_long_t nr_lost;		/* traces that found no slot. Any */
};

unsigned int mmsim_stacks_slots(unsigned long nr_pages);
u32 mmsim_stacks_keep(struct mmsim_stacks *stacks, const unsigned long *entry, unsigned int nr);
const struct mmsim_stack *mmsim_stacks_find(const struct mmsim_stacks *stacks, u32 handle);

/*
 * The callers of the function that this is used in, from its caller on, no more than MMSIM_STACK_DEPTH. From an
 * interrupt, without what it interrupts, or there would be traces without number. On kernels without traces the caller
 * alone; User Mode Linux without frame pointers is one of them, though it would search the whole stack for that.
 */
static __always_inline unsigned int mmsim_stack_save(unsigned long *entry)
{
	unsigned int nr = 0;

#if defined(CONFIG_STACKTRACE) && (!defined(CONFIG_UML) || defined(CONFIG_FRAME_POINTER))
	nr = filter_irq_stacks(entry, stack_trace_save(entry, MMSIM_STACK_DEPTH, 1));
#endif
	if (!nr)
		entry[nr++] = _RET_IP_;
	return nr;
}

#endif /* MMSIM_SRC_STACKS_H */
