// SPDX-License-Identifier: GPL-2.0
/*
 * Who had an object of a SLAB_STORE_USER cache: who allocated it last, and who freed it last, each with a stack trace;
 * of kmalloc's, how many bytes were asked for, too. It lies behind the object and its link:
 *
 *	| allocation: caller, trace, CPU, process, time | free: the same | kmalloc's: bytes |
 *
 * A trace is a number in a table that all caches of a floor share. The table lies in the region, is as long as the
 * largest block that can be had for it, and is there as long as a cache is that needs it. Without one, or when it is
 * full, there is the caller alone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "slab/slab.h"

/* As large as the kernel's, so that slots are. */
struct track {
	unsigned long caller;		/* 0: nobody yet */
	u32 stack;			/* a number in the floor's table; 0: none */
	int cpu;
	int pid;
	unsigned long when;		/* jiffies */
};

static_assert(sizeof(struct track) == 32);

#define MIN_TABLE_ORDER		3	/* 32 KB: some 200 traces */

static struct track *track_of(const struct mmsim_kmem_cache *s, const void *object, enum mmsim_track which)
{
	return (struct track *)(object + mmsim_cache_info_end(s)) + which;
}

/* Bytes asked for, of an object of kmalloc's. */
static unsigned long *request_of(const struct mmsim_kmem_cache *s, const void *object)
{
	return (unsigned long *)track_of(s, object, MMSIM_NR_TRACKS);
}

static bool has_request(const struct mmsim_kmem_cache *s)
{
	return s->kmalloc && (s->flags & SLAB_STORE_USER);
}

/**
 * mmsim_track_bytes() - how much of each slot of a cache is for its tracks
 * @s: the cache
 *
 * Return: bytes; 0 without SLAB_STORE_USER.
 */
unsigned int mmsim_track_bytes(const struct mmsim_kmem_cache *s)
{
	if (!(s->flags & SLAB_STORE_USER))
		return 0;
	return MMSIM_NR_TRACKS * sizeof(struct track) + (s->kmalloc ? sizeof(unsigned long) : 0);
}

/* --- The table --- */

/**
 * mmsim_track_start() - a cache that may need the table of traces comes
 * @s: the cache
 *
 * Context: process context, may sleep. Holder of slabs->mutex.
 */
void mmsim_track_start(struct mmsim_kmem_cache *s)
{
	struct mmsim_slabs *slabs = s->slabs;
	size_t wanted = mmsim_stacks_slots(slabs->nr_pages) * sizeof(struct mmsim_stack);
	unsigned int order = min_t(unsigned int, get_order(wanted), MMSIM_MAX_ORDER);
	struct mmsim_page *page = NULL;

	if (!(s->flags & SLAB_STORE_USER) || slabs->nr_tracked++)
		return;
	for (; order >= MIN_TABLE_ORDER && !page; order--) {
		page = mmsim_memory_alloc(slabs->mem, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN | __GFP_ZERO, order,
					  _RET_IP_);
		slabs->stacks_order = order;
	}
	if (!page) {
		pr_warn("no pages for a table of stack traces: owners of objects have none\n");
		return;
	}
	slabs->stacks = (struct mmsim_stacks) {
		.slot = page->virtual,
		.nr_slots = rounddown_pow_of_two((PAGE_SIZE << slabs->stacks_order) / sizeof(struct mmsim_stack)),
	};
}

/**
 * mmsim_track_stop() - undo mmsim_track_start()
 * @s: the cache, on its way out
 *
 * Context: process context, may sleep. Holder of slabs->mutex.
 */
void mmsim_track_stop(struct mmsim_kmem_cache *s)
{
	if ((s->flags & SLAB_STORE_USER) && !--s->slabs->nr_tracked)
		mmsim_track_exit(s->slabs);
}

/**
 * mmsim_track_exit() - give back the table of traces
 * @slabs: the floor, none of whose objects is allocated or freed any more
 *
 * Context: process context, may sleep. Holder of slabs->mutex.
 */
void mmsim_track_exit(struct mmsim_slabs *slabs)
{
	unsigned long table = (unsigned long)slabs->stacks.slot;

	slabs->stacks = (struct mmsim_stacks) {};
	if (table)
		mmsim_memory_free_addr(slabs->mem, table, slabs->stacks_order, _RET_IP_);
}

/* --- Tracks --- */

/**
 * mmsim_track_clear() - note that nobody has had an object yet
 * @s: its cache
 * @object: the object
 *
 * Context: any.
 */
void mmsim_track_clear(const struct mmsim_kmem_cache *s, void *object)
{
	memset(object + mmsim_cache_info_end(s), 0, mmsim_track_bytes(s));
}

/**
 * mmsim_track_request() - note how many bytes of an object kmalloc's client may use
 * @s: one of kmalloc's caches
 * @object: the object
 * @size: bytes, at most s->object_size
 *
 * Context: any.
 */
void mmsim_track_request(const struct mmsim_kmem_cache *s, void *object, size_t size)
{
	if (has_request(s))
		*request_of(s, object) = size;
}

/**
 * mmsim_track_set() - note who allocates or frees an object
 * @s: its cache; nothing happens unless it has SLAB_STORE_USER
 * @object: the object
 * @which: what is done
 * @caller: the client
 *
 * Context: any.
 */
void mmsim_track_set(const struct mmsim_kmem_cache *s, void *object, enum mmsim_track which, unsigned long caller)
{
	struct mmsim_stacks *stacks = &s->slabs->stacks;
	unsigned long entry[MMSIM_STACK_DEPTH];
	u32 stack = 0;

	if (!(s->flags & SLAB_STORE_USER))
		return;
	if (stacks->slot)
		stack = mmsim_stacks_keep(stacks, entry, mmsim_stack_save(entry));
	*track_of(s, object, which) = (struct track) {
		.caller = caller, .stack = stack, .cpu = raw_smp_processor_id(), .pid = task_pid_nr(current),
		.when = jiffies,
	};
	if (which == MMSIM_TRACK_ALLOC)
		mmsim_track_request(s, object, s->object_size);
}

/**
 * mmsim_track_stack() - the trace of who allocated or freed an object last
 * @s: its cache
 * @object: the object
 * @which: what was done
 *
 * Context: any.
 * Return: the trace; NULL when there is none.
 */
const struct mmsim_stack *mmsim_track_stack(const struct mmsim_kmem_cache *s, const void *object,
					    enum mmsim_track which)
{
	if (!(s->flags & SLAB_STORE_USER))
		return NULL;
	return mmsim_stacks_find(&s->slabs->stacks, track_of(s, object, which)->stack);
}

static void print_track(const struct mmsim_kmem_cache *s, const void *object, enum mmsim_track which)
{
	const struct track *t = track_of(s, object, which);
	const struct mmsim_stack *stack = mmsim_track_stack(s, object, which);
	unsigned int i;

	if (!t->caller)
		return;
	pr_err("%s in %pS age=%lu cpu=%d pid=%d\n", which == MMSIM_TRACK_FREE ? "Freed" : "Allocated",
	       (void *)t->caller, jiffies - t->when, t->cpu, t->pid);
	for (i = 0; stack && i < stack->nr; i++)
		pr_err("   %pS\n", (void *)stack->entry[i]);
}

/**
 * mmsim_track_print() - print who allocated and who freed an object last
 * @s: its cache; nothing is known without SLAB_STORE_USER
 * @object: the object
 *
 * Context: any.
 */
void mmsim_track_print(const struct mmsim_kmem_cache *s, const void *object)
{
	if (!(s->flags & SLAB_STORE_USER))
		return;
	print_track(s, object, MMSIM_TRACK_ALLOC);
	print_track(s, object, MMSIM_TRACK_FREE);
}

/**
 * mmsim_track_requested() - how many bytes of an object its client may use
 * @s: its cache
 * @object: the object, in use
 *
 * As the kernel's get_orig_size(). What no object can have is a sign that the word was overwritten, and says nothing.
 *
 * Context: any.
 * Return: bytes that kmalloc was asked for, if that is known; otherwise those of an object.
 */
unsigned int mmsim_track_requested(const struct mmsim_kmem_cache *s, const void *object)
{
	return has_request(s) ? min_t(unsigned long, *request_of(s, object), s->object_size) : s->object_size;
}
