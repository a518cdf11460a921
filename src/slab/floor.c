// SPDX-License-Identifier: GPL-2.0
/*
 * How an instance's slab floor comes up, and goes down in the reverse order:
 *
 *	the floor's block, from the page floor		its end is caches_cache, where all other caches come from
 *	kmalloc's caches, of the instance's engine	then slabs->up
 *	what the caches so far would have had from kmalloc
 *	the caches of clients
 *
 * Going down is the leak test: caches that nobody destroyed are named, and objects that nobody freed. Their pages stay
 * allocated, so that the page floor counts them, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/mm.h>

#include "slab/slab.h"

static struct mmsim_slabs *alloc_floor(struct mmsim_memory *mem)
{
	size_t cache = ALIGN(sizeof(struct mmsim_kmem_cache) + nr_cpu_ids * MMSIM_CPU_PART +
			     mem->nr_nodes * MMSIM_NODE_PART, SMP_CACHE_BYTES);
	size_t head = ALIGN(sizeof(struct mmsim_slabs), SMP_CACHE_BYTES);
	unsigned int order = get_order(head + 2 * cache);
	struct mmsim_page *page = mmsim_memory_alloc(mem, GFP_KERNEL | __GFP_ZERO, order, _RET_IP_);
	struct mmsim_slabs *slabs;

	if (!page)
		return NULL;
	slabs = page->virtual;
	slabs->order = order;
	slabs->cache_bytes = cache;
	slabs->caches_cache = (void *)slabs + head;
	slabs->heap = (void *)slabs->caches_cache + cache;
	return slabs;
}

/* What still has slabs stays, and with it the block that it lies in. */
static void free_floor(struct mmsim_slabs *slabs)
{
	if (atomic_long_read(&slabs->caches_cache->nr_slabs) || atomic_long_read(&slabs->heap->nr_slabs))
		return;
	mmsim_memory_free_addr(slabs->mem, (unsigned long)slabs, slabs->order, _RET_IP_);
}

static int make_boot_caches(struct mmsim_slabs *slabs)
{
	const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLUB };
	int err = mmsim_cache_build(slabs->caches_cache, slabs, "kmem_cache", slabs->cache_bytes, &args,
				    SLAB_HWCACHE_ALIGN);

	return err ? err : mmsim_kmalloc_init(slabs);
}

/* Whether a cache lies in the floor's own block. */
static bool in_floor(const struct mmsim_kmem_cache *s)
{
	return s == s->slabs->caches_cache || s == s->slabs->heap;
}

static void unmake_boot_caches(struct mmsim_slabs *slabs)
{
	struct mmsim_kmem_cache *s, *prev;

	list_for_each_entry_safe_reverse(s, prev, &slabs->caches, list) {
		if (s->ops->shrink(s))
			mmsim_cache_report_left(s, _RET_IP_);
		else if (!in_floor(s))
			mmsim_cache_unmake(s);
		else
			s->ops->destroy(s);
	}
}

static int bring_up(struct mmsim_slabs *slabs)
{
	struct mmsim_kmem_cache *s;
	int err = make_boot_caches(slabs);

	if (err)
		return err;
	slabs->up = true;
	list_for_each_entry(s, &slabs->caches, list) {
		err = s->ops->kmalloc_up ? s->ops->kmalloc_up(s) : 0;
		if (err)
			break;
	}
	return err;
}

static void bring_down(struct mmsim_slabs *slabs)
{
	struct mmsim_kmem_cache *s;

	list_for_each_entry_reverse(s, &slabs->caches, list)
		if (s->boot && s->ops->kmalloc_down)
			s->ops->kmalloc_down(s);
	slabs->up = false;
	unmake_boot_caches(slabs);
}

static void reap_caches(struct work_struct *work)
{
	struct mmsim_slabs *slabs = container_of(to_delayed_work(work), struct mmsim_slabs, reap);
	struct mmsim_kmem_cache *s;
	bool again = false;

	mutex_lock(&slabs->mutex);
	list_for_each_entry(s, &slabs->caches, list) {
		if (!s->ops->reap)
			continue;
		s->ops->reap(s);
		again = true;
	}
	if (again)
		schedule_delayed_work(&slabs->reap, MMSIM_SLAB_REAP);
	mutex_unlock(&slabs->mutex);
}

static void free_object(struct mmsim_grace *g, void *object)
{
	mmsim_slabs_kfree(container_of(g, struct mmsim_slabs, grace), object, _RET_IP_);
}

/**
 * mmsim_slabs_init() - build the slab floor on a page floor
 * @mem: the page floor; it must outlive this one
 * @params: what is asked for
 *
 * Context: process context, may sleep.
 * Return: the floor, which lies in the region; NULL with a line in the log that says why not.
 */
struct mmsim_slabs *mmsim_slabs_init(struct mmsim_memory *mem, const struct mmsim_slab_params *params)
{
	struct mmsim_slabs *slabs = alloc_floor(mem);
	int err;

	if (!slabs) {
		pr_err("no pages for the slab floor: make the region larger with size=\n");
		return NULL;
	}
	slabs->mem = mem;
	slabs->base = (unsigned long)mem->region->vaddr;
	slabs->nr_pages = mem->nr_pages;
	slabs->map = mem->map;
	slabs->params = *params;
	if (params->engine == MMSIM_ENGINE_DEFAULT)
		slabs->params.engine = MMSIM_ENGINE_SLUB;
	mutex_init(&slabs->making);
	mutex_init(&slabs->mutex);
	INIT_LIST_HEAD(&slabs->caches);
	mmsim_grace_init(&slabs->grace, free_object);
	INIT_DEFERRABLE_WORK(&slabs->reap, reap_caches);
	ratelimit_state_init(&slabs->report_limit, 5 * HZ, 10);

	mutex_lock(&slabs->mutex);
	err = bring_up(slabs);
	mutex_unlock(&slabs->mutex);
	if (!err)
		err = mmsim_slabs_watch_cpus(slabs);
	if (!err) {
		mmsim_slabs_join_reclaim(slabs);
		return slabs;
	}
	pr_err("the slab floor can't come up: error %d\n", err);
	cancel_delayed_work_sync(&slabs->reap);
	bring_down(slabs);
	mmsim_track_exit(slabs);
	free_floor(slabs);
	return NULL;
}

/* What clients left: empty caches go, others are named and stay. */
static void take_down_caches(struct mmsim_slabs *slabs)
{
	struct mmsim_kmem_cache *s, *prev;

	list_for_each_entry_safe_reverse(s, prev, &slabs->caches, list) {
		if (s->boot)
			continue;
		pr_warn("cache %s was not destroyed\n", s->name);
		if (s->ops->shrink(s))
			mmsim_cache_report_left(s, _RET_IP_);
		else
			mmsim_cache_unmake(s);
	}
}

/**
 * mmsim_slabs_exit() - take the slab floor down
 * @slabs: the floor; nobody uses it any more
 *
 * Context: process context, may sleep. What is left over stays allocated in the page floor.
 */
void mmsim_slabs_exit(struct mmsim_slabs *slabs)
{
	mmsim_grace_barrier(&slabs->grace);
	mmsim_slabs_leave_reclaim(slabs);
	mmsim_slabs_forget_cpus(slabs);
	cancel_delayed_work_sync(&slabs->reap);
	cpus_read_lock();
	mutex_lock(&slabs->mutex);
	mmsim_slabs_flush_offline(slabs);
	take_down_caches(slabs);
	/* Slabs on their way through a grace period need their cache and the page floor, even if the cache stays. */
	rcu_barrier();
	bring_down(slabs);
	mmsim_track_exit(slabs);
	mutex_unlock(&slabs->mutex);
	cpus_read_unlock();
	free_floor(slabs);
}

/**
 * mmsim_slabs_node_pages() - how many pages of a node objects lie in
 * @slabs: the floor
 * @nid: the node
 * @reclaimable: those of caches with SLAB_RECLAIM_ACCOUNT; else all others, large objects of kmalloc's included
 *
 * As the kernel counts NR_SLAB_RECLAIMABLE_B and NR_SLAB_UNRECLAIMABLE_B. The floor's own block is in neither.
 *
 * Context: any.
 * Return: pages.
 */
unsigned long mmsim_slabs_node_pages(const struct mmsim_slabs *slabs, unsigned int nid, bool reclaimable)
{
	return atomic_long_read(&slabs->nr_slab_pages[nid][reclaimable]) +
	       (reclaimable ? 0 : atomic_long_read(&slabs->nr_large_pages[nid]));
}

/**
 * mmsim_slabs_pages() - how many pages objects lie in
 * @slabs: the floor
 * @reclaimable: as for mmsim_slabs_node_pages()
 *
 * Context: any.
 * Return: pages of all nodes.
 */
unsigned long mmsim_slabs_pages(const struct mmsim_slabs *slabs, bool reclaimable)
{
	unsigned long sum = 0;
	unsigned int nid;

	for (nid = 0; nid < slabs->mem->nr_nodes; nid++)
		sum += mmsim_slabs_node_pages(slabs, nid, reclaimable);
	return sum;
}
