// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim. mmsim's pages belong to caches that have registered a shrinker; there are no processes to swap out.
 *
 * A pass asks each shrinker for a share of its objects: count / 2^priority, times 4, divided by what one costs to make
 * again, and what earlier passes have put off, since less than a batch is not worth a call. It begins at priority 12, a
 * 4096th, and goes on with more. Two callers, both as in 6.12:
 *
 *   A request that found nothing above the min watermark and may sleep goes on to priority 0, until as many objects are
 *   freed as it needs pages.
 *
 *   The instance's thread is woken with the zones that a request found below their low watermarks. It works until each
 *   of their nodes has one zone above its high watermark that such a request could use, at priorities down to 1, over
 *   and over, and scans harder only while a pass looks at fewer objects than the marks have pages. When it has freed
 *   nothing 16 times in a row it takes the nodes to be hopeless, sleeps, and isn't woken before somebody else has freed
 *   something, or another shrinker has come.
 *
 * What a shrinker allocates while it is called comes from the reserves and never reclaims again: mmsim notes which
 * tasks reclaim. The host's PF_MEMALLOC is no such note. It says that the host is short, and opens the host's reserves,
 * not mmsim's; a request that must have mmsim's has __GFP_MEMALLOC.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "page/memory.h"

#define DEF_PRIORITY	12
#define SHRINK_BATCH	128L
#define CLUSTER_MAX	32UL	/* a request, and the thread for a zone, reclaims at least so much */

/**
 * mmsim_reclaim_init() - set up an instance's reclaim state, without its thread
 * @r: the state
 */
void mmsim_reclaim_init(struct mmsim_reclaim *r)
{
	int nid;

	init_rwsem(&r->lock);
	INIT_LIST_HEAD(&r->shrinkers);
	init_waitqueue_head(&r->wait);
	spin_lock_init(&r->wanted_lock);
	for (nid = 0; nid < MMSIM_MAX_NODES; nid++)
		r->wanted[nid].highest = -1;
	spin_lock_init(&r->reclaimers_lock);
	INIT_LIST_HEAD(&r->reclaimers);
}

/* The share of a cache's objects that a pass adds to what has been put off. */
static long scan_share(const struct mmsim_shrinker *shrinker, long count, int priority)
{
	return shrinker->seeks ? (count >> priority) * 4 / shrinker->seeks : count / 2;
}

/* As do_shrink_slab(). */
static void shrink_one(struct mmsim_shrinker *shrinker, gfp_t gfp, int priority, struct mmsim_reclaimed *sum)
{
	struct mmsim_shrink_control sc = { .gfp_mask = gfp };
	unsigned long objects = shrinker->count_objects(shrinker, &sc), ret;
	long batch = shrinker->batch ? shrinker->batch : SHRINK_BATCH;
	long count = objects, share, deferred, todo, scanned = 0;

	if (!objects || objects == MMSIM_SHRINK_EMPTY)
		return;
	sum->left += objects;
	share = scan_share(shrinker, count, priority);
	deferred = atomic_long_xchg(&shrinker->nr_deferred, 0);
	todo = min((deferred >> priority) + share, 2 * count);
	/* Less than a batch waits for a later pass, unless that is all there is. */
	while (todo >= batch || todo >= count) {
		sc.nr_to_scan = min(batch, todo);
		sc.nr_scanned = sc.nr_to_scan;
		ret = shrinker->scan_objects(shrinker, &sc);
		if (ret == MMSIM_SHRINK_STOP)
			break;
		sum->freed += ret;
		sum->scanned += sc.nr_scanned;
		/* Who has looked at nothing isn't asked for ever. */
		scanned += max(sc.nr_scanned, 1UL);
		todo -= max(sc.nr_scanned, 1UL);
		cond_resched();
	}
	atomic_long_add(clamp(deferred + share - scanned, 0L, 2 * count), &shrinker->nr_deferred);
}

/* One pass over all shrinkers; adds to what @sum says, but for what is left. */
static void shrink_all(struct mmsim_memory *mem, gfp_t gfp, int priority, struct mmsim_reclaimed *sum)
{
	unsigned long freed = sum->freed, scanned = sum->scanned;
	struct mmsim_reclaim *r = &mem->reclaim;
	struct mmsim_shrinker *shrinker;

	sum->left = 0;
	down_read(&r->lock);
	list_for_each_entry(shrinker, &r->shrinkers, list)
		shrink_one(shrinker, gfp, priority, sum);
	up_read(&r->lock);
	cond_resched();
	mmsim_count_events(&mem->events, MMSIM_EVENT_SLABS_SCANNED, sum->scanned - scanned);
	if (sum->freed != freed)
		WRITE_ONCE(r->failures, 0);
}

/**
 * mmsim_reclaiming() - whether the current task is reclaiming for an instance
 * @mem: the page floor
 *
 * Context: any; in an interrupt nobody is.
 * Return: whether it is the instance's thread, or in mmsim_reclaim_direct().
 */
bool mmsim_reclaiming(struct mmsim_memory *mem)
{
	struct mmsim_reclaim *r = &mem->reclaim;
	struct mmsim_reclaimer *reclaimer;
	bool found = false;

	if (!in_task())
		return false;
	if (current == r->thread)
		return true;
	if (list_empty(&r->reclaimers))
		return false;
	spin_lock(&r->reclaimers_lock);
	list_for_each_entry(reclaimer, &r->reclaimers, list)
		found |= reclaimer->task == current;
	spin_unlock(&r->reclaimers_lock);
	return found;
}

/**
 * mmsim_reclaim_enter() - have what this task allocates come from the reserves, and not reclaim
 * @mem: the page floor
 * @self: where that is noted, on the task's stack; may be nested
 *
 * Context: process context.
 */
void mmsim_reclaim_enter(struct mmsim_memory *mem, struct mmsim_reclaimer *self)
{
	self->task = current;
	spin_lock(&mem->reclaim.reclaimers_lock);
	list_add(&self->list, &mem->reclaim.reclaimers);
	spin_unlock(&mem->reclaim.reclaimers_lock);
}

/**
 * mmsim_reclaim_leave() - undo mmsim_reclaim_enter()
 * @mem: the page floor
 * @self: the same
 *
 * Context: process context.
 */
void mmsim_reclaim_leave(struct mmsim_memory *mem, struct mmsim_reclaimer *self)
{
	spin_lock(&mem->reclaim.reclaimers_lock);
	list_del(&self->list);
	spin_unlock(&mem->reclaim.reclaimers_lock);
}

/**
 * mmsim_reclaim_direct() - reclaim for a request that can't be served
 * @mem: the page floor
 * @order: log2 of the pages needed
 * @gfp: the request's flags, for the shrinkers
 *
 * Context: process context, may sleep. Does nothing when called from a shrinker.
 * Return: what came of it.
 */
struct mmsim_reclaimed mmsim_reclaim_direct(struct mmsim_memory *mem, unsigned int order, gfp_t gfp)
{
	struct mmsim_reclaimed sum = {};
	struct mmsim_reclaimer self;
	int priority;

	if (mmsim_reclaiming(mem))
		return sum;
	mmsim_count_event(&mem->events, MMSIM_EVENT_ALLOCSTALL + mmsim_gfp_zone(gfp));
	mmsim_reclaim_enter(mem, &self);
	for (priority = DEF_PRIORITY; priority >= 0 && sum.freed < max(CLUSTER_MAX, BIT(order)); priority--)
		shrink_all(mem, gfp, priority, &sum);
	mmsim_reclaim_leave(mem, &self);
	return sum;
}

/* Whether a request would find a zone of the node above its high watermark. */
static bool node_balanced(struct mmsim_node *node, struct mmsim_reclaim_want want)
{
	bool managed = false;
	int type;

	for (type = 0; type <= want.highest; type++) {
		struct mmsim_zone *zone = &node->zone[type];

		if (!zone->managed_pages)
			continue;
		managed = true;
		if (mmsim_watermark_ok(zone, want.order, zone->watermark[MMSIM_WMARK_HIGH], want.highest, 0))
			return true;
	}
	return !managed;
}

/* What a pass should at least look at: the high marks of all zones that are wanted. */
static unsigned long enough_scanned(struct mmsim_memory *mem, const struct mmsim_reclaim_want *want)
{
	unsigned long pages = 0;
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone)
		if ((int)zone->type <= want[zone->nid].highest)
			pages += max(zone->watermark[MMSIM_WMARK_HIGH], CLUSTER_MAX);
	return pages;
}

/* Takes the wants that are met off the list; whether none is left. */
static bool all_balanced(struct mmsim_memory *mem, struct mmsim_reclaim_want *want)
{
	bool all = true;
	int nid;

	for (nid = 0; nid < mem->nr_nodes; nid++) {
		if (want[nid].highest < 0)
			continue;
		if (node_balanced(mem->node[nid], want[nid]))
			want[nid].highest = -1;
		else
			all = false;
	}
	return all;
}

/* Once the priorities down, as balance_pgdat(); whether all wants are met. */
static bool balance(struct mmsim_memory *mem, struct mmsim_reclaim_want *want)
{
	struct mmsim_reclaimed sum = {};
	int priority = DEF_PRIORITY, nid;

	mmsim_count_event(&mem->events, MMSIM_EVENT_PAGEOUTRUN);
	do {
		unsigned long freed = sum.freed, scanned = sum.scanned;

		if (all_balanced(mem, want))
			return true;
		shrink_all(mem, GFP_KERNEL, priority, &sum);
		if (kthread_should_stop())
			return true;
		/* Enough has come back for a block that will not come together: single pages will do. */
		for (nid = 0; nid < mem->nr_nodes; nid++)
			if (want[nid].order && sum.freed >= 2UL << want[nid].order)
				want[nid].order = 0;
		if (sum.scanned - scanned < enough_scanned(mem, want) || sum.freed == freed)
			priority--;
	} while (priority >= 1);
	if (!sum.freed)
		WRITE_ONCE(mem->reclaim.failures, mem->reclaim.failures + 1);
	return all_balanced(mem, want);
}

static bool hopeless(const struct mmsim_reclaim *r)
{
	return READ_ONCE(r->failures) >= MMSIM_MAX_RECLAIM_RETRIES;
}

/* Hands over what is wanted, for the thread to work at; the next wants are new ones. */
static void take_wants(struct mmsim_reclaim *r, struct mmsim_reclaim_want *want)
{
	int nid;

	spin_lock_irq(&r->wanted_lock);
	WRITE_ONCE(r->work, false);
	for (nid = 0; nid < MMSIM_MAX_NODES; nid++) {
		want[nid] = r->wanted[nid];
		r->wanted[nid] = (struct mmsim_reclaim_want){ .highest = -1 };
	}
	spin_unlock_irq(&r->wanted_lock);
}

static int reclaim_thread(void *data)
{
	struct mmsim_memory *mem = data;
	struct mmsim_reclaim *r = &mem->reclaim;
	struct mmsim_reclaim_want want[MMSIM_MAX_NODES];
	unsigned int order;

	while (!kthread_should_stop()) {
		wait_event_interruptible(r->wait, READ_ONCE(r->work) || READ_ONCE(r->compact_order) ||
					 kthread_should_stop());
		if (READ_ONCE(r->work)) {
			take_wants(r, want);
			while (!kthread_should_stop() && !balance(mem, want) && !hopeless(r))
				cond_resched();
		}
		order = xchg(&r->compact_order, 0);
		if (order && !kthread_should_stop())
			mmsim_compact_daemon(mem, order);
	}
	return 0;
}

/* Notes that a node's zones are short for a request; a larger one that was noted before stays. */
static void want(struct mmsim_reclaim *r, unsigned int nid, unsigned int order, int highest)
{
	struct mmsim_reclaim_want *want = &r->wanted[nid];
	unsigned long flags;

	spin_lock_irqsave(&r->wanted_lock, flags);
	want->order = want->highest < 0 ? order : max(want->order, order);
	want->highest = max(want->highest, highest);
	WRITE_ONCE(r->work, true);
	spin_unlock_irqrestore(&r->wanted_lock, flags);
}

/**
 * mmsim_reclaim_wake() - have the instance's thread reclaim, and then compact
 * @mem: the page floor
 * @zonelist: the zones that were found short
 * @order: log2 of the pages wanted
 * @highest: the highest zone that the request could use
 *
 * As wakeup_kswapd(), for each node of the list.
 *
 * Context: any, except under a lock that a wake-up takes.
 */
void mmsim_reclaim_wake(struct mmsim_memory *mem, struct mmsim_zone *const *zonelist, unsigned int order, int highest)
{
	const struct mmsim_reclaim_want request = { .highest = highest, .order = order };
	struct mmsim_reclaim *r = &mem->reclaim;
	struct mmsim_zone *const *zone;
	unsigned int nid = MMSIM_MAX_NODES;
	bool wake = false;

	if (!r->thread)
		return;
	/* Compaction may help where reclaim is hopeless. */
	if (READ_ONCE(r->compact_order) < order) {
		WRITE_ONCE(r->compact_order, order);
		wake = true;
	}
	for (zone = zonelist; *zone && !hopeless(r); zone++) {
		if ((*zone)->nid == nid)
			continue;
		nid = (*zone)->nid;
		if (READ_ONCE(r->wanted[nid].highest) >= highest || node_balanced(mem->node[nid], request))
			continue;
		want(r, nid, order, highest);
		wake = true;
	}
	if (!wake)
		return;
	wake_up_interruptible(&r->wait);
}

/**
 * mmsim_reclaim_start() - start the instance's thread
 * @mem: the page floor
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int mmsim_reclaim_start(struct mmsim_memory *mem)
{
	struct task_struct *thread = kthread_create(reclaim_thread, mem, "mmsim_kswapd");

	if (IS_ERR(thread)) {
		pr_err("the reclaim thread can't be started: error %ld\n", PTR_ERR(thread));
		return PTR_ERR(thread);
	}
	mem->reclaim.thread = thread;
	wake_up_process(thread);
	return 0;
}

/**
 * mmsim_reclaim_stop() - stop the instance's thread
 * @mem: the page floor; nothing is done when it has none
 *
 * Context: process context, may sleep.
 */
void mmsim_reclaim_stop(struct mmsim_memory *mem)
{
	if (mem->reclaim.thread)
		kthread_stop(mem->reclaim.thread);
	mem->reclaim.thread = NULL;
}

static bool is_registered(struct mmsim_reclaim *r, const struct mmsim_shrinker *shrinker)
{
	const struct mmsim_shrinker *at;

	list_for_each_entry(at, &r->shrinkers, list)
		if (at == shrinker)
			return true;
	return false;
}

/**
 * mmsim_reclaim_add() - have a shrinker called when an instance is short of memory
 * @mem: the page floor
 * @shrinker: its callbacks; the caller's until mmsim_reclaim_remove()
 * @caller: for reports
 *
 * Context: process context, may sleep; not from a shrinker.
 * Return: whether it was added; one that is there already is reported, and stays.
 */
bool mmsim_reclaim_add(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker, unsigned long caller)
{
	struct mmsim_reclaim *r = &mem->reclaim;
	bool is_new;

	down_write(&r->lock);
	is_new = !is_registered(r, shrinker);
	if (is_new) {
		atomic_long_set(&shrinker->nr_deferred, 0);
		list_add_tail(&shrinker->list, &r->shrinkers);
		WRITE_ONCE(r->failures, 0);
	}
	up_write(&r->lock);
	if (!is_new)
		mmsim_bad(mem, MMSIM_BAD_SHRINKER, NULL, 0, caller);
	return is_new;
}

/**
 * mmsim_reclaim_remove() - stop calling a shrinker
 * @mem: the page floor
 * @shrinker: one that was added; none of its callbacks runs when this returns
 * @caller: for reports
 *
 * Context: process context, may sleep; not from a shrinker.
 * Return: whether it was there; otherwise that is reported.
 */
bool mmsim_reclaim_remove(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker, unsigned long caller)
{
	struct mmsim_reclaim *r = &mem->reclaim;
	bool found;

	down_write(&r->lock);
	found = is_registered(r, shrinker);
	if (found)
		list_del(&shrinker->list);
	up_write(&r->lock);
	if (!found)
		mmsim_bad(mem, MMSIM_BAD_SHRINKER, NULL, 0, caller);
	return found;
}
