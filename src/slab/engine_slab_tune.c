// SPDX-License-Identifier: GPL-2.0
/*
 * The SLAB engine's arrays: how large they are, and how they come, change and go.
 *
 *	slot's size	limit	batchcount
 *	> 128 KB	1	1		a single one in an array is a lot of memory
 *	> 4096		8	4
 *	> 1024		24	12
 *	> 256		54	27
 *	else		120	60
 *
 * The shared array has 8 batches, where there is more than one CPU and an object is not larger than a page; alien
 * arrays have 12 entries. A node keeps up to free_limit objects in its slabs before it gives free slabs back: a batch
 * for each of its CPUs, one more, and a slab.
 *
 * Arrays are objects of kmalloc's, whose own caches have arrays, too. Caches made before kmalloc begin with a few
 * entries in the CPU's part, and no other arrays, until mmsim_classic_kmalloc_up(); they end in the same way.
 *
 * New sizes take effect CPU by CPU, each in an interrupt that exchanges that CPU's entries and empties the old ones
 * into the slabs. Where it hits somebody who has the array it is sent again. Everything is allocated before the first
 * exchange, so that a request for new sizes is met whole or not at all.
 */
#include <linux/cpu.h>
#include <linux/overflow.h>

#include "base/ask.h"
#include "slab/engine_slab.h"

#define ALIEN_LIMIT	12

static void *tune_alloc(struct mmsim_kmem_cache *s, size_t size, int nid)
{
	return mmsim_slabs_kmalloc(s->slabs, size, GFP_KERNEL | __GFP_NOWARN | __GFP_ZERO, nid, _RET_IP_);
}

static void tune_free(struct mmsim_kmem_cache *s, const void *p)
{
	if (p)
		mmsim_slabs_kfree(s->slabs, p, _RET_IP_);
}

static struct mmsim_classic_cpu *cpu_part(struct mmsim_kmem_cache *s, unsigned int cpu)
{
	return mmsim_cpu_part(s, cpu);
}

static unsigned int nr_nodes(const struct mmsim_kmem_cache *s)
{
	return s->slabs->mem->nr_nodes;
}

/* The array of a CPU as it is without kmalloc. */
static void use_boot_entries(struct mmsim_classic_cpu *c)
{
	c->ac.avail = 0;
	c->ac.entry = c->boot_entry;
	c->ac.limit = ARRAY_SIZE(c->boot_entry);
	c->ac.batchcount = ARRAY_SIZE(c->boot_entry) / 2;
}

static void free_entries(struct mmsim_kmem_cache *s, void **entries, unsigned int cpu)
{
	if (entries != cpu_part(s, cpu)->boot_entry)
		tune_free(s, entries);
}

static void free_alien(struct mmsim_kmem_cache *s, struct alien_cache **alien)
{
	unsigned int nid;

	for (nid = 0; alien && nid < nr_nodes(s); nid++)
		tune_free(s, alien[nid]);
	tune_free(s, alien);
}

static struct alien_cache **make_alien(struct mmsim_kmem_cache *s, unsigned int here, unsigned int limit)
{
	struct alien_cache **alien = tune_alloc(s, nr_nodes(s) * sizeof(*alien), here);
	unsigned int nid;

	for (nid = 0; alien && nid < nr_nodes(s); nid++) {
		if (nid == here)
			continue;
		alien[nid] = tune_alloc(s, struct_size(alien[nid], entry, limit), here);
		if (!alien[nid]) {
			free_alien(s, alien);
			return NULL;
		}
		spin_lock_init(&alien[nid]->lock);
		alien[nid]->ac.entry = alien[nid]->entry;
		alien[nid]->ac.limit = limit;
		alien[nid]->ac.nid = nid;
	}
	return alien;
}

static struct array_cache *make_shared(struct mmsim_kmem_cache *s, unsigned int nid, size_t limit)
{
	struct array_cache *shared = tune_alloc(s, sizeof(*shared) + array_size(limit, sizeof(void *)), nid);

	if (shared) {
		shared->entry = (void **)(shared + 1);
		shared->limit = limit;
		shared->nid = nid;
	}
	return shared;
}

/* All that new sizes need. */
struct sizes {
	struct mmsim_kmem_cache *s;
	unsigned int limit;
	unsigned int batchcount;
	unsigned int shared;
	void ***entry;					/* by CPU: new entries, and old ones once exchanged */
	struct array_cache *shared_array[MMSIM_MAX_NODES];	/* likewise by node */
	struct alien_cache **alien[MMSIM_MAX_NODES];		/* by node; only where there are none */
};

static void free_sizes(struct sizes *z)
{
	unsigned int i;

	for (i = 0; z->entry && i < nr_cpu_ids; i++)
		free_entries(z->s, z->entry[i], i);
	tune_free(z->s, z->entry);
	for (i = 0; i < nr_nodes(z->s); i++) {
		tune_free(z->s, z->shared_array[i]);
		free_alien(z->s, z->alien[i]);
	}
}

static bool alloc_entries(struct sizes *z)
{
	unsigned int cpu;

	z->entry = tune_alloc(z->s, nr_cpu_ids * sizeof(*z->entry), NUMA_NO_NODE);
	if (!z->entry)
		return false;
	for_each_possible_cpu(cpu) {
		size_t bytes = array_size(z->limit, sizeof(void *));

		z->entry[cpu] = tune_alloc(z->s, bytes, cpu_part(z->s, cpu)->ac.nid);
		if (!z->entry[cpu])
			return false;
	}
	return true;
}

static bool alloc_node_arrays(struct sizes *z, unsigned int nid)
{
	size_t limit = array_size(z->shared, z->batchcount);

	if (limit) {
		z->shared_array[nid] = limit <= U32_MAX ? make_shared(z->s, nid, limit) : NULL;
		if (!z->shared_array[nid])
			return false;
	}
	if (nr_nodes(z->s) == 1 || mmsim_classic_list3(z->s, nid)->alien)
		return true;
	z->alien[nid] = make_alien(z->s, nid, z->limit > 1 ? ALIEN_LIMIT : 1);
	return z->alien[nid];
}

static bool alloc_sizes(struct sizes *z)
{
	unsigned int nid;

	if (!alloc_entries(z))
		return false;
	for (nid = 0; nid < nr_nodes(z->s); nid++)
		if (!alloc_node_arrays(z, nid))
			return false;
	return true;
}

/* On the CPU itself, or when nobody can use its array. Returns whether it was not in use. */
static bool exchange_entries(struct sizes *z, unsigned int cpu)
{
	struct array_cache *ac = &cpu_part(z->s, cpu)->ac;
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);

	if (READ_ONCE(ac->busy))
		return false;
	mmsim_classic_drain_array(z->s, ac, ac->avail, &rest);
	swap(ac->entry, z->entry[cpu]);
	WRITE_ONCE(ac->limit, z->limit);
	WRITE_ONCE(ac->batchcount, z->batchcount);
	mmsim_classic_finish(z->s, &rest);
	return true;
}

static bool exchange_here(void *sizes)
{
	return exchange_entries(sizes, smp_processor_id());
}

/* With CPUs kept from coming and going. */
static void exchange_live(struct sizes *z)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (!mmsim_ask_cpu(cpu, exchange_here, z))
			exchange_entries(z, cpu);
}

static unsigned int cpus_of_node(struct mmsim_kmem_cache *s, unsigned int nid)
{
	unsigned int cpu, nr = 0;

	for_each_online_cpu(cpu)
		nr += cpu_part(s, cpu)->ac.nid == nid;
	return nr;
}

static void exchange_node_arrays(struct sizes *z, unsigned int nid)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(z->s, nid);
	unsigned int nr_cpus = cpus_of_node(z->s, nid);
	struct array_cache *old;
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);

	spin_lock_irq(&l3->list_lock);
	l3->free_limit = (1UL + nr_cpus) * z->batchcount + z->s->objects;
	old = l3->shared;
	if (old)
		mmsim_classic_put(z->s, l3, old->entry, old->avail, &rest);
	l3->shared = z->shared_array[nid];
	spin_unlock_irq(&l3->list_lock);
	if (z->alien[nid])
		/* Pairs with READ_ONCE() in who frees another node's objects: what they find is complete. */
		smp_store_release(&l3->alien, z->alien[nid]);
	z->alien[nid] = NULL;
	z->shared_array[nid] = old;
	mmsim_classic_finish(z->s, &rest);
}

/* Makes arrays of these sizes, and has them used instead of those that there are. */
static int set_sizes(struct mmsim_kmem_cache *s, unsigned int limit, unsigned int batchcount, unsigned int shared,
		     bool live)
{
	struct sizes z = { .s = s, .limit = limit, .batchcount = batchcount, .shared = shared };
	struct mmsim_classic *c = mmsim_classic_of(s);
	unsigned int i;

	if (!alloc_sizes(&z)) {
		free_sizes(&z);
		return -ENOMEM;
	}
	/* Not cpus_read_lock(): a CPU that comes or goes waits for slabs->mutex, which we hold. */
	if (live && !cpus_read_trylock()) {
		free_sizes(&z);
		return -EAGAIN;
	}
	c->limit = limit;
	c->batchcount = batchcount;
	c->shared = shared;
	if (live) {
		exchange_live(&z);
		cpus_read_unlock();
	} else {
		for_each_possible_cpu(i)
			exchange_entries(&z, i);
	}
	for (i = 0; i < nr_nodes(s); i++)
		exchange_node_arrays(&z, i);
	free_sizes(&z);
	return 0;
}

/* By the table in the head comment. */
static int set_default_sizes(struct mmsim_kmem_cache *s)
{
	unsigned int limit, shared = 0;

	if (s->size > SZ_128K)
		limit = 1;
	else if (s->size > PAGE_SIZE)
		limit = 8;
	else if (s->size > 1024)
		limit = 24;
	else if (s->size > 256)
		limit = 54;
	else
		limit = 120;
	if (s->size <= PAGE_SIZE && s->slabs->params.rules.nr_cpus > 1)
		shared = 8;
	return set_sizes(s, limit, (limit + 1) / 2, shared, false);
}

/**
 * mmsim_classic_create() - set up a cache's arrays and lists
 * @s: the cache, laid out
 *
 * Context: process context, may sleep. The caller holds slabs->mutex.
 * Return: 0 or -ENOMEM.
 */
int mmsim_classic_create(struct mmsim_kmem_cache *s)
{
	struct mmsim_memory *mem = s->slabs->mem;
	struct mmsim_classic *c = mmsim_classic_of(s);
	unsigned int i;

	for (i = 0; i < nr_nodes(s); i++) {
		struct kmem_list3 *l3 = mmsim_classic_list3(s, i);

		mmsim_classic_list3_init(s, l3);
		l3->free_limit = s->objects;
	}
	for_each_possible_cpu(i) {
		struct mmsim_classic_cpu *cpu = cpu_part(s, i);

		use_boot_entries(cpu);
		cpu->ac.nid = mem->cpu_node[i]->nid;
		cpu->ac.interleave = mem->interleave;
		c->limit = cpu->ac.limit;
		c->batchcount = cpu->ac.batchcount;
	}
	return s->slabs->up ? set_default_sizes(s) : 0;
}

/**
 * mmsim_classic_kmalloc_up() - give a cache made before kmalloc the arrays it should have
 * @s: the cache; nobody else uses it yet
 *
 * Context: process context, may sleep. The caller holds slabs->mutex.
 * Return: 0 or -ENOMEM.
 */
int mmsim_classic_kmalloc_up(struct mmsim_kmem_cache *s)
{
	return set_default_sizes(s);
}

/* Memory that is out of use, chained by its first word. */
static void chain_push(void ***chain, void *p)
{
	if (!p)
		return;
	*(void **)p = *chain;
	*chain = p;
}

/* All CPUs go back to their boot entries. */
static void take_entries(struct mmsim_kmem_cache *s, void ***chain)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct mmsim_classic_cpu *c = cpu_part(s, cpu);
		void **entries = c->ac.entry;

		use_boot_entries(c);
		if (entries != c->boot_entry)
			chain_push(chain, entries);
	}
}

static void take_node_arrays(struct mmsim_kmem_cache *s, struct kmem_list3 *l3, void ***chain)
{
	struct alien_cache **alien = l3->alien;
	unsigned int nid;

	chain_push(chain, l3->shared);
	l3->shared = NULL;
	l3->alien = NULL;
	for (nid = 0; alien && nid < nr_nodes(s); nid++)
		chain_push(chain, alien[nid]);
	chain_push(chain, alien);
}

/**
 * mmsim_classic_kmalloc_down() - take a cache's arrays away
 * @s: the cache; nobody else uses it any more
 *
 * What is freed here may be an object of this very cache, and come to one of its arrays: so none is freed before the
 * last is out of use.
 *
 * Context: process context, may sleep. The caller holds slabs->mutex.
 */
void mmsim_classic_kmalloc_down(struct mmsim_kmem_cache *s)
{
	void **chain = NULL, **next;
	unsigned int nid;

	mmsim_classic_shrink(s);
	take_entries(s, &chain);
	for (nid = 0; nid < nr_nodes(s); nid++)
		take_node_arrays(s, mmsim_classic_list3(s, nid), &chain);
	for (; chain; chain = next) {
		next = *chain;
		tune_free(s, chain);
	}
}

/**
 * mmsim_classic_destroy() - give back what mmsim_classic_create() has set up
 * @s: the cache, without slabs; nobody uses it any more
 *
 * Context: process context, may sleep. The caller holds slabs->mutex.
 */
void mmsim_classic_destroy(struct mmsim_kmem_cache *s)
{
	if (s->slabs->up)
		mmsim_classic_kmalloc_down(s);
}

/**
 * mmsim_classic_tune() - set the sizes of a cache's arrays
 * @s: the cache
 * @limit: objects of a CPU's array, at least 1
 * @batchcount: how many are moved at once, from 1 to @limit
 * @shared: batches of a node's shared array, 0 for none
 *
 * As do_tune_cpucache() of Linux 2.6 to 6.7.
 *
 * Context: process context, may sleep. The caller holds slabs->mutex.
 * Return: 0; -EINVAL for numbers out of these bounds; -ENOMEM or, while a CPU comes or goes, -EAGAIN with the old sizes
 * in use.
 */
int mmsim_classic_tune(struct mmsim_kmem_cache *s, unsigned int limit, unsigned int batchcount, unsigned int shared)
{
	if (!limit || !batchcount || batchcount > limit)
		return -EINVAL;
	return set_sizes(s, limit, batchcount, shared, true);
}
