// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim. mmsim's pages belong to caches that have registered a shrinker; there are no processes to swap out.
 *
 * A pass asks each shrinker for a share of its objects: count / 2^priority, times 4, divided by what one costs to make
 * again. It begins at priority 12, a 4096th, and goes on to 0, all of them, until enough is free. Two callers:
 *
 *   the instance's thread, woken when a zone is found below its low watermark, until every zone is above its high one;
 *   a request that found nothing above the min watermark and may sleep, until as many objects are freed as it needs
 *   pages.
 *
 * While it reclaims a task has PF_MEMALLOC: what the shrinkers allocate comes from the reserves and never reclaims
 * again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/sched/mm.h>

#include "page/memory.h"

#define DEF_PRIORITY	12
#define SHRINK_BATCH	128
#define CLUSTER_MAX	32UL	/* a request reclaims at least so much */

/**
 * mmsim_reclaim_init() - set up an instance's reclaim state, without its thread
 * @r: the state
 */
void mmsim_reclaim_init(struct mmsim_reclaim *r)
{
	init_rwsem(&r->lock);
	INIT_LIST_HEAD(&r->shrinkers);
	init_waitqueue_head(&r->wait);
}

/* Objects that this pass should look at, those put off by earlier ones included. */
static unsigned long scan_target(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc, int priority)
{
	unsigned long count = shrinker->count_objects(shrinker, sc);
	unsigned long share;

	if (!count || count == MMSIM_SHRINK_EMPTY)
		return 0;
	share = shrinker->seeks ? (count >> priority) * 4 / shrinker->seeks : count / 2;
	return min(share + atomic_long_xchg(&shrinker->nr_deferred, 0), count * 2);
}

static unsigned long shrink_one(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker, gfp_t gfp, int priority)
{
	struct mmsim_shrink_control sc = { .gfp_mask = gfp };
	unsigned long batch = shrinker->batch ? shrinker->batch : SHRINK_BATCH;
	unsigned long todo = scan_target(shrinker, &sc, priority), freed = 0, ret;

	/* Less than a batch waits for the next pass, unless this is the last resort. */
	while (todo >= batch || (todo && !priority)) {
		sc.nr_to_scan = min(todo, batch);
		sc.nr_scanned = sc.nr_to_scan;
		ret = shrinker->scan_objects(shrinker, &sc);
		if (ret == MMSIM_SHRINK_STOP)
			break;
		freed += ret;
		mmsim_count_events(&mem->events, MMSIM_EVENT_SLABS_SCANNED, sc.nr_scanned);
		todo -= min(todo, sc.nr_scanned ? sc.nr_scanned : batch);
		cond_resched();
	}
	atomic_long_add(todo, &shrinker->nr_deferred);
	return freed;
}

static unsigned long shrink_all(struct mmsim_memory *mem, gfp_t gfp, int priority)
{
	struct mmsim_reclaim *r = &mem->reclaim;
	struct mmsim_shrinker *shrinker;
	unsigned long freed = 0;

	down_read(&r->lock);
	list_for_each_entry(shrinker, &r->shrinkers, list)
		freed += shrink_one(mem, shrinker, gfp, priority);
	up_read(&r->lock);
	return freed;
}

/**
 * mmsim_reclaim_direct() - reclaim for a request that can't be served
 * @mem: the page floor
 * @order: log2 of the pages needed
 * @gfp: the request's flags, which name a zone; for the shrinkers
 *
 * Context: process context, may sleep. Does nothing when called from a shrinker.
 * Return: the number of objects freed.
 */
unsigned long mmsim_reclaim_direct(struct mmsim_memory *mem, unsigned int order, gfp_t gfp)
{
	unsigned long freed = 0, enough = max(CLUSTER_MAX, BIT(order));
	unsigned int noreclaim;
	int priority;

	if (current->flags & PF_MEMALLOC)
		return 0;
	mmsim_count_event(&mem->events, MMSIM_EVENT_ALLOCSTALL + mmsim_gfp_zone(gfp));
	noreclaim = memalloc_noreclaim_save();
	for (priority = DEF_PRIORITY; priority >= 0 && freed < enough; priority--)
		freed += shrink_all(mem, gfp, priority);
	memalloc_noreclaim_restore(noreclaim);
	return freed;
}

static bool all_above(struct mmsim_memory *mem, enum mmsim_watermark mark)
{
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone)
		if (READ_ONCE(zone->free_pages) < zone->watermark[mark])
			return false;
	return true;
}

static void balance(struct mmsim_memory *mem)
{
	int priority;

	mmsim_count_event(&mem->events, MMSIM_EVENT_PAGEOUTRUN);
	for (priority = DEF_PRIORITY; priority >= 0 && !kthread_should_stop(); priority--) {
		if (all_above(mem, MMSIM_WMARK_HIGH))
			return;
		shrink_all(mem, GFP_KERNEL, priority);
	}
}

static int reclaim_thread(void *data)
{
	struct mmsim_memory *mem = data;
	struct mmsim_reclaim *r = &mem->reclaim;

	current->flags |= PF_MEMALLOC;
	while (!kthread_should_stop()) {
		wait_event_interruptible(r->wait, READ_ONCE(r->wanted) || kthread_should_stop());
		if (kthread_should_stop())
			break;
		WRITE_ONCE(r->wanted, false);
		balance(mem);
	}
	return 0;
}

/**
 * mmsim_reclaim_wake() - have the instance's thread reclaim
 * @mem: the page floor
 *
 * Context: any, except under a lock that a wake-up takes.
 */
void mmsim_reclaim_wake(struct mmsim_memory *mem)
{
	struct mmsim_reclaim *r = &mem->reclaim;

	if (!r->thread || READ_ONCE(r->wanted) || all_above(mem, MMSIM_WMARK_LOW))
		return;
	WRITE_ONCE(r->wanted, true);
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
	struct task_struct *thread = kthread_run(reclaim_thread, mem, "mmsim_kswapd");

	if (IS_ERR(thread)) {
		pr_err("the reclaim thread can't be started: error %ld\n", PTR_ERR(thread));
		return PTR_ERR(thread);
	}
	mem->reclaim.thread = thread;
	return 0;
}

/**
 * mmsim_reclaim_stop() - stop the instance's thread
 * @mem: the page floor
 *
 * Context: process context, may sleep.
 */
void mmsim_reclaim_stop(struct mmsim_memory *mem)
{
	if (mem->reclaim.thread)
		kthread_stop(mem->reclaim.thread);
	mem->reclaim.thread = NULL;
}

/**
 * mmsim_reclaim_add() - have a shrinker called when an instance is short of memory
 * @mem: the page floor
 * @shrinker: its callbacks; the caller's until mmsim_reclaim_remove()
 *
 * Context: process context, may sleep; not from a shrinker.
 */
void mmsim_reclaim_add(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker)
{
	atomic_long_set(&shrinker->nr_deferred, 0);
	down_write(&mem->reclaim.lock);
	list_add_tail(&shrinker->list, &mem->reclaim.shrinkers);
	up_write(&mem->reclaim.lock);
}

/**
 * mmsim_reclaim_remove() - stop calling a shrinker
 * @mem: the page floor
 * @shrinker: one that was added; none of its callbacks runs when this returns
 *
 * Context: process context, may sleep; not from a shrinker.
 */
void mmsim_reclaim_remove(struct mmsim_memory *mem, struct mmsim_shrinker *shrinker)
{
	down_write(&mem->reclaim.lock);
	list_del(&shrinker->list);
	up_write(&mem->reclaim.lock);
}

/**
 * mmsim_register_shrinker() - have a shrinker called when the live instance is short of memory
 * @shrinker: its callbacks, both needed; the caller's until mmsim_unregister_shrinker()
 *
 * As register_shrinker() of 6.1.
 *
 * Context: process context, may sleep; not from a shrinker.
 * Return: 0, or -EINVAL when a callback is missing.
 */
int mmsim_register_shrinker(struct mmsim_shrinker *shrinker)
{
	if (!shrinker->count_objects || !shrinker->scan_objects) {
		pr_err("register_shrinker: %s needs both count_objects and scan_objects\n",
		       shrinker->name ? shrinker->name : "a shrinker without a name");
		return -EINVAL;
	}
	mmsim_reclaim_add(mmsim_memory_live, shrinker);
	return 0;
}
EXPORT_SYMBOL_GPL(mmsim_register_shrinker);

/**
 * mmsim_unregister_shrinker() - stop calling a shrinker
 * @shrinker: one that was registered
 *
 * Context: process context, may sleep; not from a shrinker.
 */
void mmsim_unregister_shrinker(struct mmsim_shrinker *shrinker)
{
	mmsim_reclaim_remove(mmsim_memory_live, shrinker);
}
EXPORT_SYMBOL_GPL(mmsim_unregister_shrinker);
