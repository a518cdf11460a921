// SPDX-License-Identifier: GPL-2.0
/*
 * The mirror: serves the running kernel's page allocations a second time, from mmsim.
 *
 * Attached, two probes hang on the host's tracepoints. mm_page_alloc: take a block of the same order and zone flags
 * from mmsim and note it at the host page's number. mm_page_free: look there, and give the block back. So mmsim's
 * buddy lists go through what the kernel's own go through, with the kernel's sizes, lifetimes, contexts and CPUs.
 *
 * The note is one u32 a host frame, in an array a node: the order of mmsim's block, and the block's frame number as
 * its distance from an anchor, a frame of mmsim's region that is found at attach; 0 is no note. The arrays are
 * allocated at attach and the probes allocate nothing from the host, print nothing and never sleep: they run in every
 * context in which the kernel allocates or frees, hard interrupts included, on all CPUs at once.
 *
 * Who owns a block: whoever takes its note out of the array, with one atomic exchange. Whatever two CPUs, or a CPU
 * and an interrupt on it, see of each other's halves of an event, a block is given back once. The host says that a
 * page is free before anybody can allocate it anew and that it is allocated before anybody can free it, so notes of
 * one page come in order.
 *
 * What is freed with the order it was allocated with is done then: the common case. The host can also free parts: of
 * a split_page() or a split huge page, or of a block to which somebody still held a reference; no tracepoint tells of
 * the split. So when no note fits exactly, the free looks for a note of a larger block around the page, splits
 * mmsim's block into single pages, notes each of them, and then takes every note in the freed range. mmsim's blocks
 * are never compound, since those can't be split. CPUs that free parts of one block at once must not miss the notes
 * that another is just about to write: the search and the split happen under a lock, one of a few, picked by the
 * host's largest block, in which all of it takes place. The exact case needs no lock: it takes a note of the very
 * block that is freed, which nobody can be splitting, as the host frees a block either whole or in parts.
 *
 * What it misses, and counts as such:
 *  - pages allocated before attach, and what the host hands out without mm_page_alloc: bulk allocation (vmalloc, page
 *    pools), contiguous ranges, compaction's targets. Each of their frees is a missed one.
 *  - blocks that mmsim had no memory for: the allocation counts as failed, its free as missed.
 *  - frames that came online after attach, and events of a CPU that is just going offline. If a free went unseen, its
 *    note is found and its block given back when the host allocates the frame again: replaced.
 * mm_page_free_batched needs no probe: in 6.1 and in 6.12 each page it tells of has been told by mm_page_free before.
 *
 * Locks: mirror.mutex, then mirror_locks[], then the page floor's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>

#include <trace/events/kmem.h>

#include "mmsim.h"

/* A note: order << NOTE_ORDER_SHIFT | distance + NOTE_BIAS. Two frames of a region are closer than NOTE_BIAS. */
#define NOTE_BIAS		(MMSIM_REGION_MAX >> PAGE_SHIFT)
#define NOTE_ORDER_SHIFT	28

static_assert(2 * NOTE_BIAS <= BIT_ULL(NOTE_ORDER_SHIFT), "every distance fits beside the order");
static_assert(MMSIM_MAX_ORDER < 1 << (32 - NOTE_ORDER_SHIFT));

/* Names in mirror_event_names. When it is quiet seen is served + missed, or served + failed + failed by host. */
enum mirror_event {
	MIRROR_ALLOC_SEEN,
	MIRROR_ALLOC_SERVED,
	MIRROR_ALLOC_FAILED,		/* mmsim had no block, or no place for the note */
	MIRROR_ALLOC_HOST_FAILED,	/* the host itself had none */
	MIRROR_ALLOC_REPLACED,		/* there was a note already: a free went unseen */
	MIRROR_FREE_SEEN,
	MIRROR_FREE_SERVED,
	MIRROR_FREE_MISSED,		/* no note of the page */
	MIRROR_SPLIT,			/* blocks split because the host freed a part */
	MIRROR_NR_EVENTS
};

static const char *const mirror_event_names[MIRROR_NR_EVENTS] = {
	[MIRROR_ALLOC_SEEN]		= "allocs seen",
	[MIRROR_ALLOC_SERVED]		= "allocs served",
	[MIRROR_ALLOC_FAILED]		= "allocs failed",
	[MIRROR_ALLOC_HOST_FAILED]	= "allocs failed by host",
	[MIRROR_ALLOC_REPLACED]		= "allocs replaced",
	[MIRROR_FREE_SEEN]		= "frees seen",
	[MIRROR_FREE_SERVED]		= "frees served",
	[MIRROR_FREE_MISSED]		= "frees missed",
	[MIRROR_SPLIT]			= "blocks split",
};

/* Of one CPU; only this CPU writes it, readers add them all up. */
struct mirror_counts {
	unsigned long event[MIRROR_NR_EVENTS];
	unsigned long served[MMSIM_NR_ORDERS];	/* allocations served, by order */
	long held;				/* pages taken minus pages given back, by this CPU */
};

/* The notes of a host node's frames. Constant while the probes are attached, save the notes. */
struct mirror_node {
	unsigned long start_pfn;
	unsigned long nr_pages;		/* 0: the node was not there at attach */
	u32 *notes;			/* changed by atomic exchange only */
};

static struct {
	struct mutex mutex;		/* attach and detach, and those who read what they change */
	bool attached;			/* mutex */
	unsigned long nr_attached;	/* times so far. mutex */
	struct mirror_node *node;	/* [nr_node_ids]. Set and cleared while no probe is attached. mutex */
	unsigned long anchor;		/* a frame of mmsim's region. As node */
	struct mirror_counts __percpu *counts;	/* NULL before init and after exit. mutex */
} mirror = { .mutex = __MUTEX_INITIALIZER(mirror.mutex) };

#define MIRROR_NR_LOCKS		64
static struct {
	spinlock_t lock;	/* a larger block's search and split, in one of the host's largest blocks. irq-safe */
} ____cacheline_aligned_in_smp mirror_locks[MIRROR_NR_LOCKS];

static void mirror_count(enum mirror_event event)
{
	this_cpu_inc(mirror.counts->event[event]);
}

static u32 note_make(unsigned long pfn, unsigned int order)
{
	return order << NOTE_ORDER_SHIFT | (u32)(pfn - mirror.anchor + NOTE_BIAS);
}

static unsigned int note_order(u32 note)
{
	return note >> NOTE_ORDER_SHIFT;
}

static unsigned long note_pfn(u32 note)
{
	return (note & (BIT(NOTE_ORDER_SHIFT) - 1)) + mirror.anchor - NOTE_BIAS;
}

/* Where the note of a host frame stands, NULL when it has no place. */
static u32 *mirror_slot(const struct mirror_node *node, unsigned long pfn)
{
	unsigned long i = pfn - node->start_pfn;

	return i < node->nr_pages ? &node->notes[i] : NULL;
}

/* @note has been taken out of its slot, so its block is the caller's. */
static void mirror_give_back(u32 note)
{
	this_cpu_sub(mirror.counts->held, 1L << note_order(note));
	mmsim___free_pages(mmsim_pfn_to_page(note_pfn(note)), note_order(note));
}

static void mirror_put_note(u32 *slot, u32 note)
{
	u32 old = xchg(slot, note);

	if (old) {
		mirror_count(MIRROR_ALLOC_REPLACED);
		mirror_give_back(old);
	}
}

/* The same zones, at once or not at all, and no report: mmsim may well be smaller than the host. */
static gfp_t mirror_gfp(gfp_t gfp)
{
	return (gfp & (GFP_ZONEMASK | __GFP_RECLAIMABLE | __GFP_HIGH)) | __GFP_NOWARN;
}

static bool mirror_serve_alloc(struct page *page, unsigned int order, gfp_t gfp)
{
	u32 *slot = mirror_slot(&mirror.node[page_to_nid(page)], page_to_pfn(page));
	struct mmsim_page *ours;

	if (!slot || order > MMSIM_MAX_ORDER)
		return false;
	ours = mmsim_alloc_pages(mirror_gfp(gfp), order);
	if (!ours)
		return false;
	this_cpu_inc(mirror.counts->served[order]);
	this_cpu_add(mirror.counts->held, 1L << order);
	mirror_put_note(slot, note_make(mmsim_page_to_pfn(ours), order));
	return true;
}

static void mirror_page_alloc(void *unused, struct page *page, unsigned int order, gfp_t gfp, int migratetype)
{
	mirror_count(MIRROR_ALLOC_SEEN);
	if (!page)
		mirror_count(MIRROR_ALLOC_HOST_FAILED);
	else if (mirror_serve_alloc(page, order, gfp))
		mirror_count(MIRROR_ALLOC_SERVED);
	else
		mirror_count(MIRROR_ALLOC_FAILED);
}

/* The common free: the very block that was allocated. */
static bool mirror_free_whole(u32 *slot, unsigned int order)
{
	u32 note = READ_ONCE(*slot);

	if (!note || note_order(note) != order || !try_cmpxchg(slot, &note, 0))
		return false;
	mirror_give_back(note);
	return true;
}

/*
 * Turns mmsim's block for the host's block at @pfn into single pages, each with its note. That @note is gone when we
 * get here can only be an allocation's doing: the host has freed the frame unseen, and the note was stale.
 */
static void mirror_split(struct mirror_node *node, unsigned long pfn, u32 note)
{
	unsigned int order = note_order(note);
	unsigned long ours = note_pfn(note), i;

	if (!try_cmpxchg(mirror_slot(node, pfn), &note, 0))
		return;
	mirror_count(MIRROR_SPLIT);
	mmsim_split_page(mmsim_pfn_to_page(ours), order);
	for (i = 0; i < 1UL << order; i++) {
		u32 *slot = mirror_slot(node, pfn + i);
		u32 part = note_make(ours + i, 0);

		if (slot)
			mirror_put_note(slot, part);
		else
			mirror_give_back(part);
	}
}

/* If the 1 << @order frames at @pfn are part of a larger block, splits that. Blocks are aligned: one place an order. */
static void mirror_split_around(struct mirror_node *node, unsigned long pfn, unsigned int order)
{
	while (++order <= MMSIM_MAX_ORDER) {
		unsigned long head = ALIGN_DOWN(pfn, 1UL << order);
		u32 *slot = mirror_slot(node, head);
		u32 note = slot ? READ_ONCE(*slot) : 0;

		if (note && note_order(note) == order) {
			mirror_split(node, head, note);
			return;
		}
	}
}

/* The rare free: a part of a larger block, or several smaller ones. Returns whether anything was there. */
static bool mirror_free_parts(struct mirror_node *node, unsigned long pfn, unsigned int order)
{
	spinlock_t *lock = &mirror_locks[(pfn >> MMSIM_MAX_ORDER) % MIRROR_NR_LOCKS].lock;
	unsigned long flags, i;
	bool any = false;
	u32 *slot, note;

	spin_lock_irqsave(lock, flags);
	mirror_split_around(node, pfn, order);
	for (i = 0; i < 1UL << order; i++) {
		slot = mirror_slot(node, pfn + i);
		note = slot && READ_ONCE(*slot) ? xchg(slot, 0) : 0;
		if (note) {
			mirror_give_back(note);
			any = true;
		}
	}
	spin_unlock_irqrestore(lock, flags);
	return any;
}

static bool mirror_serve_free(struct page *page, unsigned int order)
{
	struct mirror_node *node = &mirror.node[page_to_nid(page)];
	unsigned long pfn = page_to_pfn(page);
	u32 *slot = mirror_slot(node, pfn);

	if (!slot || order > MMSIM_MAX_ORDER)
		return false;
	return mirror_free_whole(slot, order) || mirror_free_parts(node, pfn, order);
}

static void mirror_page_free(void *unused, struct page *page, unsigned int order)
{
	mirror_count(MIRROR_FREE_SEEN);
	mirror_count(mirror_serve_free(page, order) ? MIRROR_FREE_SERVED : MIRROR_FREE_MISSED);
}

/*
 * In the order in which they are attached: an allocation that is noted must not have its free missed. Detached the
 * other way round.
 */
static struct mirror_probe {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;	/* found at attach. mirror.mutex */
} mirror_probes[] = {
	{ .name = "mm_page_free", .probe = mirror_page_free },
	{ .name = "mm_page_alloc", .probe = mirror_page_alloc },
};

static void mirror_find_tracepoint(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mirror_probes); i++)
		if (!strcmp(tp->name, mirror_probes[i].name))
			mirror_probes[i].tracepoint = tp;
}

static void mirror_unregister(int nr)
{
	/* Such a kernel lacks the function, and nothing was registered. */
	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		return;
	while (nr--)
		tracepoint_probe_unregister(mirror_probes[nr].tracepoint, mirror_probes[nr].probe, NULL);
	/* After this no probe runs any more. */
	tracepoint_synchronize_unregister();
}

static int mirror_register(void)
{
	int i, err;

	check_trace_callback_type_mm_page_alloc(mirror_page_alloc);
	check_trace_callback_type_mm_page_free(mirror_page_free);

	for_each_kernel_tracepoint(mirror_find_tracepoint, NULL);
	for (i = 0; i < ARRAY_SIZE(mirror_probes); i++) {
		err = -ENOENT;
		if (mirror_probes[i].tracepoint)
			err = tracepoint_probe_register(mirror_probes[i].tracepoint, mirror_probes[i].probe, NULL);
		if (err) {
			pr_err("mirror: no probe on the host's tracepoint %s: error %d\n", mirror_probes[i].name, err);
			mirror_unregister(i);
			return err;
		}
	}
	return 0;
}

/* Gives back what a node's notes stand for, and the notes. No probe is attached. */
static void mirror_free_node(struct mirror_node *node)
{
	unsigned long i;

	for (i = 0; i < node->nr_pages; i++) {
		if (node->notes[i])
			mirror_give_back(node->notes[i]);
		if (i % SZ_4K == 0)
			cond_resched();
	}
	vfree(node->notes);
}

static void mirror_free_nodes(void)
{
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		mirror_free_node(&mirror.node[nid]);
	kfree(mirror.node);
	mirror.node = NULL;
}

static int mirror_alloc_nodes(void)
{
	int nid;

	mirror.node = kcalloc(nr_node_ids, sizeof(*mirror.node), GFP_KERNEL);
	if (!mirror.node)
		return -ENOMEM;
	for_each_online_node(nid) {
		unsigned long nr_pages = NODE_DATA(nid)->node_spanned_pages;
		struct mirror_node *node = &mirror.node[nid];

		if (!nr_pages)
			continue;
		node->notes = vzalloc_node(array_size(nr_pages, sizeof(*node->notes)), nid);
		if (!node->notes) {
			pr_err("mirror: the host has no %lu kB for the notes of its %lu frames\n",
			       nr_pages * sizeof(*node->notes) / SZ_1K, nr_pages);
			mirror_free_nodes();
			return -ENOMEM;
		}
		node->start_pfn = NODE_DATA(nid)->node_start_pfn;
		node->nr_pages = nr_pages;
	}
	return 0;
}

static int mirror_find_anchor(void)
{
	struct mmsim_page *page = mmsim_alloc_page(GFP_KERNEL | __GFP_NOWARN);

	if (!page) {
		pr_err("mirror: not attached, mmsim has no page left; free some first\n");
		return -ENOSPC;
	}
	mirror.anchor = mmsim_page_to_pfn(page);
	mmsim___free_page(page);
	return 0;
}

static void mirror_zero_counts(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(mirror.counts, cpu), 0, sizeof(*mirror.counts));
}

static int mirror_attach_locked(void)
{
	int err;

	lockdep_assert_held(&mirror.mutex);
	if (!mirror.counts)
		return -ENODEV;
	if (mirror.attached) {
		pr_warn("mirror: attached already\n");
		return -EBUSY;
	}
	/* Probes run with preemption off, where PREEMPT_RT's spinlocks must not be taken. */
	if (!IS_ENABLED(CONFIG_TRACEPOINTS) || IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_err("mirror: needs a kernel with CONFIG_TRACEPOINTS and without CONFIG_PREEMPT_RT\n");
		return -EOPNOTSUPP;
	}
	err = mirror_find_anchor();
	if (err)
		return err;
	err = mirror_alloc_nodes();
	if (err)
		return err;
	mirror_zero_counts();
	err = mirror_register();
	if (err) {
		mirror_free_nodes();
		return err;
	}
	mirror.attached = true;
	mirror.nr_attached++;
	return 0;
}

static int mirror_detach_locked(void)
{
	lockdep_assert_held(&mirror.mutex);
	if (!mirror.attached) {
		pr_warn("mirror: not attached\n");
		return -EINVAL;
	}
	mirror_unregister(ARRAY_SIZE(mirror_probes));
	mirror_free_nodes();
	mirror.attached = false;
	return 0;
}

/**
 * mmsim_mirror_attach() - start to mirror the host's page allocator
 *
 * Context: process context; sleeps.
 * Return: 0 or a negative errno, with the reason in the log: -EBUSY when attached already, -ENOSPC when mmsim is full,
 * -ENOMEM when the host is, -EOPNOTSUPP or -ENOENT when this kernel has no tracepoints to hang on.
 */
int mmsim_mirror_attach(void)
{
	int err;

	mutex_lock(&mirror.mutex);
	err = mirror_attach_locked();
	mutex_unlock(&mirror.mutex);
	return err;
}

/**
 * mmsim_mirror_detach() - stop, and give back all that is held for the host
 *
 * The counts can be read until the next attach.
 *
 * Context: process context; sleeps.
 * Return: 0, or -EINVAL when not attached, with a line in the log.
 */
int mmsim_mirror_detach(void)
{
	int err;

	mutex_lock(&mirror.mutex);
	err = mirror_detach_locked();
	mutex_unlock(&mirror.mutex);
	return err;
}

/* The sum over all CPUs; each number is a long, wherever it stands in struct mirror_counts. */
static void mirror_sum(struct mirror_counts *sum)
{
	int cpu, i;

	static_assert(sizeof(*sum) % sizeof(long) == 0);

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const unsigned long *from = (const unsigned long *)per_cpu_ptr(mirror.counts, cpu);

		for (i = 0; i < sizeof(*sum) / sizeof(long); i++)
			((unsigned long *)sum)[i] += READ_ONCE(from[i]);
	}
}

static int mirror_show(struct seq_file *s, void *unused)
{
	struct mirror_counts sum = {};
	int i;

	mutex_lock(&mirror.mutex);
	if (mirror.counts)
		mirror_sum(&sum);
	seq_printf(s, "state: %s\n", mirror.attached ? "on" : "off");
	seq_printf(s, "times attached: %lu\n", mirror.nr_attached);
	mutex_unlock(&mirror.mutex);

	for (i = 0; i < MIRROR_NR_EVENTS; i++)
		seq_printf(s, "%s: %lu\n", mirror_event_names[i], sum.event[i]);
	for (i = 0; i < MMSIM_NR_ORDERS; i++)
		seq_printf(s, "allocs served of order %d: %lu\n", i, sum.served[i]);
	seq_printf(s, "pages held: %ld\n", sum.held);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mirror);

/**
 * mmsim_mirror_init() - make the mirror ready, and its file
 *
 * Return: 0 or -ENOMEM.
 */
int mmsim_mirror_init(void)
{
	int i;

	for (i = 0; i < MIRROR_NR_LOCKS; i++)
		spin_lock_init(&mirror_locks[i].lock);
	mirror.counts = alloc_percpu(struct mirror_counts);
	if (!mirror.counts)
		return -ENOMEM;
	mmsim_debugfs_file("mirror", false, NULL, &mirror_fops);
	return 0;
}

/**
 * mmsim_mirror_exit() - detach if need be; no attach succeeds after it
 */
void mmsim_mirror_exit(void)
{
	mutex_lock(&mirror.mutex);
	if (mirror.attached)
		mirror_detach_locked();
	free_percpu(mirror.counts);
	mirror.counts = NULL;
	mutex_unlock(&mirror.mutex);
}
