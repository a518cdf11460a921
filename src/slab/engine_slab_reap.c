// SPDX-License-Identifier: GPL-2.0
/*
 * The SLAB engine's way back: from arrays to slabs, from free slabs to the page floor.
 *
 * What memory a cache holds beyond its clients' need lies in three places: CPUs' arrays, the nodes' shared and alien
 * arrays, and free slabs. Nobody asks for it as long as the machine has plenty, so that it is given back bit by bit,
 * mmsim_classic_reap(), where it has not been touched for a while:
 *
 *	every 2 s	a CPU's array, and one of a node's alien arrays
 *	every 4 s	a node's shared array, and its free slabs
 *
 * An array that was used since it was last looked at is let off. Else it loses a fifth of its limit, from the bottom,
 * where the coldest objects are; when it doesn't have as many, half of what it has. Free slabs go in fifths, too, those
 * first that were free first.
 *
 * A CPU's array is nobody else's to change: an interrupt is sent to the CPU, but only if there is something to take.
 * After a few rounds without use all arrays are empty and CPUs sleep undisturbed.
 *
 * mmsim_classic_shrink() empties all of it at once.
 */
#include <linux/cpu.h>
#include <linux/jiffies.h>

#include "slab/engine_slab.h"

/**
 * mmsim_classic_drain_array() - put the objects at an array's bottom back into their slabs
 * @s: the cache
 * @ac: a CPU's own array that nobody can use now
 * @nr: how many, at most what it has
 * @rest: for mmsim_classic_finish()
 *
 * Context: any. Takes the node's list_lock.
 */
void mmsim_classic_drain_array(struct mmsim_kmem_cache *s, struct array_cache *ac, unsigned int nr,
			       struct mmsim_classic_rest *rest)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, ac->nid);
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&l3->list_lock, flags);
	mmsim_classic_put(s, l3, ac->entry, nr, rest);
	for (i = nr; i < ac->avail; i++)
		WRITE_ONCE(ac->entry[i - nr], ac->entry[i]);
	WRITE_ONCE(ac->avail, ac->avail - nr);
	spin_unlock_irqrestore(&l3->list_lock, flags);
}

/**
 * mmsim_classic_drain_alien() - give the objects of an alien array to their node
 * @s: the cache
 * @ac: the array, under its lock
 * @rest: for mmsim_classic_finish()
 *
 * The node's shared array has them first, since its CPUs will want them.
 *
 * Context: any. Takes that node's list_lock.
 */
void mmsim_classic_drain_alien(struct mmsim_kmem_cache *s, struct array_cache *ac, struct mmsim_classic_rest *rest)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, ac->nid);
	struct array_cache *shared;
	unsigned long flags;

	if (!ac->avail)
		return;
	spin_lock_irqsave(&l3->list_lock, flags);
	shared = l3->shared;
	while (shared && ac->avail && shared->avail < shared->limit)
		shared->entry[shared->avail++] = ac->entry[--ac->avail];
	mmsim_classic_put(s, l3, ac->entry, ac->avail, rest);
	WRITE_ONCE(ac->avail, 0);
	spin_unlock_irqrestore(&l3->list_lock, flags);
}

static void drain_alien_of(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, unsigned int nid)
{
	struct alien_cache *alien = l3->alien ? l3->alien[nid] : NULL;
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);
	unsigned long flags;

	if (!alien)
		return;
	spin_lock_irqsave(&alien->lock, flags);
	mmsim_classic_drain_alien(s, &alien->ac, &rest);
	spin_unlock_irqrestore(&alien->lock, flags);
	mmsim_classic_finish(s, &rest);
}

/* How many objects leave an array that was not used. */
static unsigned int share_to_drain(const struct array_cache *ac)
{
	unsigned int fifth = (ac->limit + 4) / 5;

	return fifth <= ac->avail ? fifth : (ac->avail + 1) / 2;
}

static void drain_shared(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, bool all)
{
	struct array_cache *ac;
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);
	unsigned int nr;

	spin_lock_irq(&l3->list_lock);
	ac = l3->shared;
	if (ac && ac->touched && !all) {
		ac->touched = false;
	} else if (ac) {
		nr = all ? ac->avail : share_to_drain(ac);
		mmsim_classic_put(s, l3, ac->entry, nr, &rest);
		ac->avail -= nr;
		memmove(ac->entry, ac->entry + nr, ac->avail * sizeof(void *));
	}
	spin_unlock_irq(&l3->list_lock);
	mmsim_classic_finish(s, &rest);
}

/**
 * mmsim_classic_flush_cpu() - put all objects of a CPU's array back into their slabs
 * @s: the cache
 * @cpu: this CPU, or a dead one
 *
 * Context: interrupts off, or the CPU is dead.
 * Return: false when somebody has the array.
 */
bool mmsim_classic_flush_cpu(struct mmsim_kmem_cache *s, unsigned int cpu)
{
	struct array_cache *ac = mmsim_cpu_part(s, cpu);
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);

	if (READ_ONCE(ac->busy))
		return false;
	if (ac->avail) {
		mmsim_classic_drain_array(s, ac, ac->avail, &rest);
		mmsim_classic_finish(s, &rest);
	}
	return true;
}

/**
 * mmsim_classic_shrink() - give back all that no client has
 * @s: the cache
 *
 * Context: process context, interrupts on; may sleep.
 * Return: the number of slabs with objects in use.
 */
unsigned long mmsim_classic_shrink(struct mmsim_kmem_cache *s)
{
	unsigned int nr_nodes = s->slabs->mem->nr_nodes, nid, other;
	unsigned long left = 0;

	mmsim_cache_flush_cpus(s);
	for (nid = 0; nid < nr_nodes; nid++)
		for (other = 0; other < nr_nodes; other++)
			drain_alien_of(s, mmsim_classic_list3(s, nid), other);
	for (nid = 0; nid < nr_nodes; nid++) {
		struct kmem_list3 *l3 = mmsim_classic_list3(s, nid);

		drain_shared(s, l3, true);
		mmsim_classic_drain_free(s, l3, ULONG_MAX);
		spin_lock_irq(&l3->list_lock);
		left += l3->nr_slabs - l3->nr_free_slabs;
		spin_unlock_irq(&l3->list_lock);
	}
	return left;
}

/* Objects in a node's shared and alien arrays. */
static unsigned long in_arrays(struct kmem_list3 *l3, unsigned int nr_nodes)
{
	unsigned long nr = l3->shared ? l3->shared->avail : 0;
	unsigned int nid;

	lockdep_assert_held(&l3->list_lock);
	for (nid = 0; l3->alien && nid < nr_nodes; nid++)
		/* Alien arrays have locks of their own; a number of this moment will do. */
		nr += l3->alien[nid] ? data_race(READ_ONCE(l3->alien[nid]->ac.avail)) : 0;
	return nr;
}

/**
 * mmsim_classic_idle() - about how many slabs mmsim_classic_shrink() would give back
 * @s: the cache
 *
 * Each object in an array may be the last one that its slab lacks.
 *
 * Context: process context, interrupts on. The caller holds slabs->mutex.
 * Return: the number of slabs.
 */
unsigned long mmsim_classic_idle(struct mmsim_kmem_cache *s)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < s->slabs->mem->nr_nodes; i++) {
		struct kmem_list3 *l3 = mmsim_classic_list3(s, i);

		spin_lock_irq(&l3->list_lock);
		nr += l3->nr_free_slabs + in_arrays(l3, s->slabs->mem->nr_nodes);
		spin_unlock_irq(&l3->list_lock);
	}
	for_each_online_cpu(i) {
		const struct array_cache *ac = mmsim_cpu_part(s, i);

		nr += READ_ONCE(ac->avail);
	}
	return min_t(unsigned long, nr, atomic_long_read(&s->nr_slabs));
}

static void reap_here(void *cache)
{
	struct mmsim_kmem_cache *s = cache;
	struct array_cache *ac = mmsim_cpu_part(s, smp_processor_id());
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);

	if (READ_ONCE(ac->busy))
		return;
	mmsim_classic_drain_array(s, ac, share_to_drain(ac), &rest);
	mmsim_classic_finish(s, &rest);
}

static void reap_cpu(struct mmsim_kmem_cache *s, unsigned int cpu)
{
	struct array_cache *ac = mmsim_cpu_part(s, cpu);

	if (!READ_ONCE(ac->avail))
		return;
	if (READ_ONCE(ac->touched))
		WRITE_ONCE(ac->touched, false);
	else
		smp_call_function_single(cpu, reap_here, s, true);
}

static void reap_node(struct mmsim_kmem_cache *s, unsigned int nid)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, nid);
	unsigned long fifth = DIV_ROUND_UP(l3->free_limit, 5 * s->objects), reaped = 0;
	bool touched;

	drain_alien_of(s, l3, l3->alien_next);
	l3->alien_next = (l3->alien_next + 1) % s->slabs->mem->nr_nodes;
	if (time_before(jiffies, l3->next_reap))
		return;
	l3->next_reap = jiffies + 2 * MMSIM_SLAB_REAP;
	drain_shared(s, l3, false);
	spin_lock_irq(&l3->list_lock);
	touched = l3->free_touched;
	l3->free_touched = false;
	spin_unlock_irq(&l3->list_lock);
	if (!touched)
		reaped = mmsim_classic_drain_free(s, l3, fifth);
	spin_lock_irq(&l3->list_lock);
	l3->reaped += reaped;
	spin_unlock_irq(&l3->list_lock);
}

/**
 * mmsim_classic_reap() - give back a part of what nobody has used lately
 * @s: the cache
 *
 * As a round of 2.6's cache_reap() on every CPU.
 *
 * Context: process context, interrupts on; may sleep. The caller holds slabs->mutex.
 */
void mmsim_classic_reap(struct mmsim_kmem_cache *s)
{
	unsigned int i;

	for_each_online_cpu(i)
		reap_cpu(s, i);
	for (i = 0; i < s->slabs->mem->nr_nodes; i++)
		reap_node(s, i);
}
