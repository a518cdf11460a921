// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUs hold of a cache, from the outside: nobody touches another CPU's part, so to empty them all an interrupt is
 * sent to each CPU, and sent again where it hits one that is at work. A CPU that has gone offline is emptied by whoever
 * took it down.
 */
#include <linux/cpu.h>
#include <linux/smp.h>

#include "base/ask.h"
#include "base/hotplug.h"
#include "slab/slab.h"

static bool flush_here(void *cache)
{
	struct mmsim_kmem_cache *s = cache;

	return s->ops->flush_cpu(s, smp_processor_id());
}

/**
 * mmsim_cache_flush_cpus() - have every online CPU give up what it holds of a cache
 * @s: the cache
 *
 * Takes no lock against CPU hotplug, since its caller may be part of one: a CPU that goes away meanwhile is emptied by
 * its dead callback.
 *
 * Context: process context, interrupts on; may sleep.
 */
void mmsim_cache_flush_cpus(struct mmsim_kmem_cache *s)
{
	mmsim_ask_online_cpus(flush_here, s);
}

static void flush_dead(struct mmsim_slabs *slabs, unsigned int cpu)
{
	struct mmsim_kmem_cache *s;

	lockdep_assert_held(&slabs->mutex);
	list_for_each_entry(s, &slabs->caches, list)
		s->ops->flush_cpu(s, cpu);
}

static int slabs_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct mmsim_slabs *slabs = hlist_entry(node, struct mmsim_slabs, cpuhp_node);

	mutex_lock(&slabs->mutex);
	flush_dead(slabs, cpu);
	mutex_unlock(&slabs->mutex);
	return 0;
}

/**
 * mmsim_slabs_flush_offline() - empty the CPUs that are down, for a floor that isn't told of them
 * @slabs: the floor
 *
 * Context: process context. Holder of cpus_read_lock() and slabs->mutex.
 */
void mmsim_slabs_flush_offline(struct mmsim_slabs *slabs)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			flush_dead(slabs, cpu);
}

static struct mmsim_hotplug hotplug = {
	.name = "mmsim/slab",
	.dead = slabs_cpu_dead,
	.lock = __MUTEX_INITIALIZER(hotplug.lock),
};

/**
 * mmsim_slabs_watch_cpus() - have the floor told of CPUs that go away
 * @slabs: the floor
 *
 * Context: process context, may sleep; slabs->mutex not held.
 * Return: 0 or a negative errno.
 */
int mmsim_slabs_watch_cpus(struct mmsim_slabs *slabs)
{
	return mmsim_hotplug_add(&hotplug, &slabs->cpuhp_node);
}

/**
 * mmsim_slabs_forget_cpus() - undo mmsim_slabs_watch_cpus()
 * @slabs: the floor
 *
 * Context: process context, may sleep; slabs->mutex not held.
 */
void mmsim_slabs_forget_cpus(struct mmsim_slabs *slabs)
{
	mmsim_hotplug_remove(&hotplug, &slabs->cpuhp_node);
}
