// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU lists: each CPU keeps free blocks of the common orders to itself, so that most allocations and frees take no
 * lock and touch no cache line that another CPU writes.
 *
 * A list is a stack of blocks of one order and migratetype. An empty one is filled from the zone with `batch` pages
 * under one hold of its lock, or with fewer where there are smaller blocks; when all lists of a CPU have more than
 * `high` pages, `batch` of them go back. Both by the kernel's formulas, in watermark.c. A block on a list is in flight
 * for the zone: it counts as allocated, with no reference.
 *
 * What keeps an interrupt from walking into a list that the interrupted code is changing is a flag, busy, and not a
 * lock: with preemption off nobody but an interrupt on the same CPU can get in between, and it finds the flag set and
 * goes to the zone's own lists. Setting and clearing it are plain stores, about the price of preempt_disable() alone.
 *
 * Nobody touches another CPU's lists. To empty them all an interrupt is sent to each CPU; where it hits a busy one it
 * is sent again. A CPU that has gone offline is emptied by whoever took it down.
 */
#include <linux/cpu.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "base/ask.h"
#include "base/hotplug.h"
#include "page/pcp.h"

/*
 * Blocks to move at once: as many pages as the next power of two after batch, which the buddy lists have in one piece;
 * or a few blocks of those that are larger, as long as that is little of high.
 */
static unsigned int blocks_at_once(const struct mmsim_pcp *pcp, unsigned int order)
{
	unsigned int by_batch = (READ_ONCE(pcp->batch) + 1) >> order;
	unsigned int by_high = min(READ_ONCE(pcp->high) >> (order + 2), 8);

	return max3(by_batch, by_high, 1U);
}

/* Fills an empty list. The reserves are not for it: what is on a list anybody may have. */
static noinline void refill(struct mmsim_pcp *pcp, struct mmsim_zone *zone, unsigned int order, unsigned int type,
			    unsigned int alloc_flags)
{
	unsigned int nr = blocks_at_once(pcp, order);

	alloc_flags &= ~(MMSIM_ALLOC_HIGHATOMIC | MMSIM_ALLOC_NON_BLOCK);
	nr = mmsim_buddy_take_many(zone, order, type, alloc_flags, nr, &pcp->list[order][type]);
	WRITE_ONCE(pcp->count, pcp->count + (int)(nr << order));
	WRITE_ONCE(pcp->refilled, pcp->refilled + (nr << order));
	pcp->nr_refill++;
}

/*
 * Where to take @nr pages or so off a list. Who frees a range from one end to the other has not come to a multiple of
 * @nr pages yet: what lies on top of that stays, so that what goes is aligned and makes up one block of the zone's.
 */
static struct mmsim_page **below_unfinished(struct mmsim_page **head, unsigned int order, unsigned long nr)
{
	struct mmsim_page *page = *head, *next = mmsim_chain_next(page);
	unsigned long align = rounddown_pow_of_two(nr) * sizeof(*page);
	long pages = BIT(order), step = next == page + pages ? pages : -pages;

	/* Neighbours meet where the higher one begins; @step leads from a block to the next one on the list. */
	if (IS_ALIGNED((unsigned long)max(page, page - step), align))
		return head;
	for (; next && nr >= pages; nr -= pages) {
		if (IS_ALIGNED((unsigned long)max(page, page + step), align))
			return mmsim_chain_link(page);
		if (next != page + step)
			return head;
		page = next;
		next = mmsim_chain_next(page);
	}
	return head;
}

/* Gives back blocks of a list with @nr pages or more, if it has so many. Returns how many pages they had. */
static int spill_list(struct mmsim_pcp *pcp, struct mmsim_zone *zone, unsigned int list, int nr)
{
	struct mmsim_page **head = &pcp->list[0][0] + list;
	unsigned int order = list / MMSIM_MIGRATE_PCPTYPES;
	int pages;

	if (!*head)
		return 0;
	if (nr < pcp->count)	/* otherwise all of it goes */
		head = below_unfinished(head, order, nr);
	pages = mmsim_buddy_put_many(zone, head, DIV_ROUND_UP(nr, BIT(order))) << order;
	WRITE_ONCE(pcp->count, pcp->count - pages);
	WRITE_ONCE(pcp->spilled, pcp->spilled + pages);
	return pages;
}

/*
 * Makes room on list @list for @nr pages. The lists take turns in giving something up for the others: one that is not
 * in use any more is empty before long.
 */
static void spill(struct mmsim_pcp *pcp, struct mmsim_zone *zone, unsigned int list, int nr)
{
	struct mmsim_page **turn = &pcp->list[0][0] + pcp->turn;

	if (*turn && pcp->turn != list)
		nr -= spill_list(pcp, zone, pcp->turn, nr);
	if (!*turn || pcp->turn == list)
		pcp->turn = pcp->turn + 1 < MMSIM_PCP_LISTS ? pcp->turn + 1 : 0;
	if (nr > 0)
		spill_list(pcp, zone, list, nr);
	pcp->nr_spill++;
}

/**
 * mmsim_pcp_take_held() - take a block from lists that we have, after filling one that is empty
 * @pcp: the lists, from mmsim_pcp_enter()
 * @zone: whose they are
 * @order: log2 of the number of pages; one of memory->pcp_orders
 * @type: migratetype of the request
 * @alloc_flags: MMSIM_ALLOC_*, for what has to come from the zone's lists
 *
 * Context: between mmsim_pcp_enter() and mmsim_pcp_leave(). Takes the zone's lock.
 * Return: the head of the block, as from mmsim_buddy_take(); NULL when the zone has none.
 */
struct mmsim_page *mmsim_pcp_take_held(struct mmsim_pcp *pcp, struct mmsim_zone *zone, unsigned int order,
				       unsigned int type, unsigned int alloc_flags)
{
	if (!pcp->list[order][type])
		refill(pcp, zone, order, type, alloc_flags);
	return pcp->list[order][type] ? mmsim_pcp_pop_held(pcp, order, type) : NULL;
}

/**
 * mmsim_pcp_take() - take a block from this CPU's list, or from the zone
 * @zone: the zone
 * @order: log2 of the number of pages; one of memory->pcp_orders
 * @type: migratetype of the request
 * @alloc_flags: MMSIM_ALLOC_*, for what has to come from the zone's lists
 *
 * Context: any. Takes the zone's lock.
 * Return: the head of the block, as from mmsim_buddy_take(); NULL when the zone has none.
 */
struct mmsim_page *mmsim_pcp_take(struct mmsim_zone *zone, unsigned int order, unsigned int type,
				  unsigned int alloc_flags)
{
	struct mmsim_page *page = NULL;
	struct mmsim_pcp *pcp;

	if (mmsim_pcp_enter(zone, &pcp)) {
		page = mmsim_pcp_take_held(pcp, zone, order, type, alloc_flags);
		mmsim_pcp_leave(pcp);
	}
	return page ? page : mmsim_buddy_take(zone, order, type, alloc_flags);
}

/**
 * mmsim_pcp_put() - put a block on this CPU's lists, or back to the zone when they can't have it
 * @zone: the zone that it came from
 * @page: its head, as for mmsim_buddy_put()
 * @order: log2 of the number of pages; one of memory->pcp_orders
 * @type: its pageblock's migratetype
 *
 * A block of a pageblock that is being isolated goes to the zone at once; those of the other reserves are for movable
 * requests meanwhile, as in the kernel.
 *
 * Context: any. Takes the zone's lock.
 */
void mmsim_pcp_put(struct mmsim_zone *zone, struct mmsim_page *page, unsigned int order, unsigned int type)
{
	struct mmsim_pcp *pcp;

	if (type >= MMSIM_MIGRATE_PCPTYPES) {
		if (type != MMSIM_MIGRATE_ISOLATE && mmsim_pcp_push(zone, page, order, MMSIM_MIGRATE_MOVABLE))
			return;
	} else if (mmsim_pcp_enter(zone, &pcp)) {
		if (pcp->count >= READ_ONCE(pcp->high))
			spill(pcp, zone, order * MMSIM_MIGRATE_PCPTYPES + type, blocks_at_once(pcp, order) << order);
		mmsim_pcp_leave(pcp);
		if (mmsim_pcp_push(zone, page, order, type))
			return;
	}
	mmsim_buddy_put(zone, page, order);
}

/* On the CPU itself, or for one that is offline. Returns whether no list was busy. */
static bool drain_cpu(struct mmsim_memory *mem, unsigned int cpu)
{
	struct mmsim_zone *zone;
	unsigned int list;
	bool all = true;

	mmsim_for_each_zone(mem, zone) {
		struct mmsim_pcp *pcp = zone->pcp[cpu];

		if (READ_ONCE(pcp->busy)) {
			all = false;
			continue;
		}
		WRITE_ONCE(pcp->busy, true);
		for (list = 0; pcp->count && list < MMSIM_PCP_LISTS; list++)
			spill_list(pcp, zone, list, pcp->count);
		WRITE_ONCE(pcp->busy, false);
	}
	return all;
}

static bool drain_here(void *mem)
{
	return drain_cpu(mem, smp_processor_id());
}

/**
 * mmsim_pcp_drain_local() - give this CPU's free blocks back to the zones
 * @mem: the page floor
 *
 * Context: process context, interrupts on.
 */
void mmsim_pcp_drain_local(struct mmsim_memory *mem)
{
	local_irq_disable();
	drain_here(mem);
	local_irq_enable();
}

/* Only when nobody uses the lists and no hotplug callback empties them any more. */
static void drain_offline(struct mmsim_memory *mem)
{
	unsigned int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			drain_cpu(mem, cpu);
	cpus_read_unlock();
}

static bool has_blocks(struct mmsim_memory *mem, unsigned int cpu)
{
	struct mmsim_zone *zone;

	mmsim_for_each_zone(mem, zone)
		if (READ_ONCE(zone->pcp[cpu]->count))
			return true;
	return false;
}

/**
 * mmsim_pcp_drain_all() - give every online CPU's free blocks back to the zones
 * @mem: the page floor
 *
 * Takes no lock against CPU hotplug, since its caller may be part of one: the blocks of a CPU that goes away meanwhile
 * are given back by its dead callback.
 *
 * Context: process context, interrupts on; may sleep.
 */
void mmsim_pcp_drain_all(struct mmsim_memory *mem)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (has_blocks(mem, cpu))
			mmsim_ask_cpu(cpu, drain_here, mem);
}

/* The CPU is dead and its lists are nobody's. */
static int pcp_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct mmsim_memory *mem = hlist_entry(node, struct mmsim_memory, cpuhp_node);

	drain_cpu(mem, cpu);
	mmsim_pcp_set_sizes(mem, num_online_cpus());
	return 0;
}

/* Called before the CPU is up, so that it isn't counted yet. */
static int pcp_cpu_prepare(unsigned int cpu, struct hlist_node *node)
{
	mmsim_pcp_set_sizes(hlist_entry(node, struct mmsim_memory, cpuhp_node), num_online_cpus() + 1);
	return 0;
}

static struct mmsim_hotplug hotplug = {
	.name = "mmsim/pcp",
	.prepare = pcp_cpu_prepare,
	.dead = pcp_cpu_dead,
	.lock = __MUTEX_INITIALIZER(hotplug.lock),
};

/**
 * mmsim_pcp_start() - have an instance told of CPUs that come and go
 * @mem: the page floor
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int mmsim_pcp_start(struct mmsim_memory *mem)
{
	return mmsim_hotplug_add(&hotplug, &mem->cpuhp_node);
}

/**
 * mmsim_pcp_stop() - undo mmsim_pcp_start() and empty the lists
 * @mem: the page floor
 *
 * Context: process context, may sleep.
 */
void mmsim_pcp_stop(struct mmsim_memory *mem)
{
	mmsim_hotplug_remove(&hotplug, &mem->cpuhp_node);
	mmsim_pcp_drain_all(mem);
	drain_offline(mem);
}
