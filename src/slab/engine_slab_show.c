// SPDX-License-Identifier: GPL-2.0
/*
 * The SLAB engine's counts, the maps of its slabs, and its structural check.
 *
 * Who holds a node's list_lock finds every free object of the node in one place: on its slab's chain, or in one of the
 * arrays. Others may take one from an array meanwhile or add one, but that is a change of that object's state; nothing
 * moves.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>

#include "slab/engine_slab.h"

enum {
	ALLOC_HIT, ALLOC_MISS, FREE_HIT, FREE_MISS, ALLOCATIONS, HIGH_MARK, GROWN, REAPED, ERRORS, MAX_FREEABLE,
	NODE_ALLOCS, NODE_FREES, NODE_OVERFLOW, NR_STATS
};

const char *const mmsim_classic_stat_names[] = {
	[ALLOC_HIT]	= "alloc_hit",
	[ALLOC_MISS]	= "alloc_miss",
	[FREE_HIT]	= "free_hit",
	[FREE_MISS]	= "free_miss",
	[ALLOCATIONS]	= "allocations",
	[HIGH_MARK]	= "high_mark",
	[GROWN]		= "grown",
	[REAPED]	= "reaped",
	[ERRORS]	= "errors",
	[MAX_FREEABLE]	= "max_freeable",
	[NODE_ALLOCS]	= "node_allocs",
	[NODE_FREES]	= "node_frees",
	[NODE_OVERFLOW]	= "node_overflow",
	[NR_STATS]	= NULL,
};

static_assert(NR_STATS <= MMSIM_SLAB_MAX_STATS);

static void add_node_stats(const struct kmem_list3 *l3, unsigned long *counts)
{
	counts[ALLOCATIONS] += l3->num_allocations;
	counts[HIGH_MARK] += l3->high_mark;
	counts[GROWN] += l3->grown;
	counts[REAPED] += l3->reaped;
	counts[ERRORS] += l3->errors;
	counts[MAX_FREEABLE] += l3->max_freeable;
	counts[NODE_ALLOCS] += l3->node_allocs;
	counts[NODE_FREES] += atomic_long_read(&l3->node_frees);
	counts[NODE_OVERFLOW] += atomic_long_read(&l3->node_overflow);
}

/**
 * mmsim_classic_stats() - count what a cache has done
 * @s: the cache
 * @counts: one for each of mmsim_classic_stat_names
 *
 * What 2.6 counts with STATS: an allocation or a free is a hit when the CPU's array had an object or room.
 * "allocations" are objects taken out of slabs, and high_mark is how many were out of them at most.
 *
 * Context: process context, interrupts on.
 */
void mmsim_classic_stats(struct mmsim_kmem_cache *s, unsigned long *counts)
{
	unsigned int i;

	memset(counts, 0, NR_STATS * sizeof(*counts));
	for_each_possible_cpu(i) {
		const struct array_cache *ac = mmsim_cpu_part(s, i);

		counts[ALLOC_HIT] += READ_ONCE(ac->allochit);
		counts[ALLOC_MISS] += READ_ONCE(ac->allocmiss);
		counts[FREE_HIT] += READ_ONCE(ac->freehit);
		counts[FREE_MISS] += READ_ONCE(ac->freemiss);
	}
	for (i = 0; i < s->slabs->mem->nr_nodes; i++) {
		struct kmem_list3 *l3 = mmsim_classic_list3(s, i);

		spin_lock_irq(&l3->list_lock);
		add_node_stats(l3, counts);
		spin_unlock_irq(&l3->list_lock);
	}
}

/**
 * mmsim_classic_info() - count a cache's objects and slabs
 * @s: the cache
 * @info: where the counts go
 *
 * As in Linux, what lies in arrays is active.
 *
 * Context: process context, interrupts on. The caller holds slabs->mutex.
 */
void mmsim_classic_info(struct mmsim_kmem_cache *s, struct mmsim_slabinfo *info)
{
	const struct mmsim_classic *c = mmsim_classic_of(s);
	unsigned int i;

	memset(info, 0, sizeof(*info));
	for (i = 0; i < s->slabs->mem->nr_nodes; i++) {
		struct kmem_list3 *l3 = mmsim_classic_list3(s, i);

		spin_lock_irq(&l3->list_lock);
		info->num_slabs += l3->nr_slabs;
		info->active_slabs += l3->nr_slabs - l3->nr_free_slabs;
		info->active_objs += l3->nr_slabs * s->objects - l3->free_objects;
		if (l3->shared)
			info->shared_avail += l3->shared->avail;
		spin_unlock_irq(&l3->list_lock);
	}
	info->num_objs = info->num_slabs * s->objects;
	info->limit = c->limit;
	info->batchcount = c->batchcount;
	info->shared = c->shared;
}

/**
 * mmsim_classic_count() - count what a cache has of a node
 * @s: the cache
 * @nid: the node
 * @count: where the counts go; zeroed
 *
 * Context: process context, interrupts on.
 */
void mmsim_classic_count(struct mmsim_kmem_cache *s, unsigned int nid, struct mmsim_slab_count *count)
{
	struct kmem_list3 *l3 = mmsim_classic_list3(s, nid);
	struct slab *slabp;

	spin_lock_irq(&l3->list_lock);
	list_for_each_entry(slabp, &l3->slabs_partial, list) {
		count->partial++;
		count->partial_in_use += slabp->inuse;
	}
	count->slabs = l3->nr_slabs;
	count->objects = l3->nr_slabs * s->objects;
	count->in_use = count->objects - l3->free_objects;
	spin_unlock_irq(&l3->list_lock);
}

/**
 * mmsim_classic_place() - find the slots of a slab
 * @s: its cache
 * @slab: the slab, from which an object has been handed out, or which is on a list
 * @nr: for the number of slots
 *
 * Context: any.
 * Return: the address of the first slot.
 */
void *mmsim_classic_place(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned int *nr)
{
	const struct slab *slabp = mmsim_classic_descriptor(slab);

	*nr = slabp ? s->objects : 0;
	return slabp ? slabp->s_mem : slab->virtual;
}

/* What looks at an array, and who owns it for the text of a fault. */
struct array_walk {
	struct mmsim_kmem_cache *s;
	struct kmem_list3 *l3;		/* its list_lock is held */
	unsigned int nid;		/* only arrays with objects of this node are walked */
	int (*entry)(struct array_walk *w, void *object);	/* anything but 0 ends the walk */
	struct mmsim_slab *slab;	/* the map's */
	unsigned long *free;
	struct mmsim_slab_view *view;	/* the view's, and what it shows the array's entries as */
	char mark;
	char *what;			/* the check's */
	size_t size;
};

static int walk_array(struct array_walk *w, const struct array_cache *ac)
{
	unsigned int i, avail = smp_load_acquire(&ac->avail);	/* pairs with array_push() */
	int err = 0;

	for (i = 0; i < avail && !err; i++)
		err = w->entry(w, READ_ONCE(ac->entry[i]));
	return err;
}

/*
 * Every array that holds objects of the node: CPUs', shared, and those of other nodes for it. An alien array's entries
 * leave it only under list_lock; its lock comes before that one and isn't taken.
 */
static int walk_arrays(struct array_walk *w)
{
	unsigned int i;
	int err = 0;

	for_each_possible_cpu(i) {
		const struct array_cache *ac = mmsim_cpu_part(w->s, i);

		w->mark = MMSIM_OBJECT_CPU;
		if (ac->nid == w->nid && !err)
			err = walk_array(w, ac);
	}
	w->mark = MMSIM_OBJECT_SHARED;
	if (w->l3->shared && !err)
		err = walk_array(w, w->l3->shared);
	for (i = 0; i < w->s->slabs->mem->nr_nodes && !err; i++) {
		struct alien_cache **alien = READ_ONCE(mmsim_classic_list3(w->s, i)->alien);

		w->mark = MMSIM_OBJECT_ALIEN;
		if (alien && alien[w->nid])
			err = walk_array(w, &alien[w->nid]->ac);
	}
	return err;
}

static int map_entry(struct array_walk *w, void *object)
{
	unsigned int i;

	if (!object || mmsim_slabs_head(w->s->slabs, object) != mmsim_slab_page(w->slab))
		return 0;
	i = mmsim_classic_index(w->s, mmsim_classic_descriptor(w->slab), object);
	if (i >= w->s->objects)
		return 0;
	if (w->view)
		w->view->object[i] = w->mark;
	else
		__set_bit(i, w->free);
	return 0;
}

/**
 * mmsim_classic_map() - find the free objects of a slab
 * @s: its cache
 * @slab: the slab
 * @free: a bit for each object, all clear; set for those that are free
 *
 * Context: any. Takes the node's list_lock.
 */
void mmsim_classic_map(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned long *free)
{
	struct array_walk w = { .s = s, .nid = mmsim_slab_nid(slab), .entry = map_entry, .slab = slab, .free = free };
	struct slab *slabp;
	unsigned long flags;
	unsigned int i;

	w.l3 = mmsim_classic_list3(s, w.nid);
	spin_lock_irqsave(&w.l3->list_lock, flags);
	slabp = mmsim_classic_descriptor(slab);
	for (i = 0; slabp && i < s->objects; i++)
		if (slab_bufctl(slabp)[i] != BUFCTL_ACTIVE)
			__set_bit(i, free);
	if (slabp)
		walk_arrays(&w);
	spin_unlock_irqrestore(&w.l3->list_lock, flags);
}

static void view_locked(struct array_walk *w, const struct slab *slabp)
{
	const struct mmsim_classic_geometry *g = &mmsim_classic_of(w->s)->g;
	struct mmsim_slab_view *view = w->view;
	unsigned int i;

	lockdep_assert_held(&w->l3->list_lock);
	view->nr = w->s->objects;
	view->colour = slabp->colouroff - (g->off_slab ? 0 : g->descriptor);
	if (!slabp->inuse)
		view->list = "free";
	else
		view->list = slabp->inuse == view->nr ? "full" : "partial";
	for (i = 0; i < view->nr; i++)
		view->object[i] = ((const kmem_bufctl_t *)(slabp + 1))[i] == BUFCTL_ACTIVE ? MMSIM_OBJECT_USED :
											 MMSIM_OBJECT_FREE;
	walk_arrays(w);
}

/**
 * mmsim_classic_view() - look at a slab and each of its objects
 * @s: the cache
 * @slab: the slab; see view in struct mmsim_slab_ops
 * @view: filled in
 *
 * Context: process context, interrupts on. Holds the node's list_lock for the look.
 * Return: false when it isn't on the node's lists any more, or not yet.
 */
bool mmsim_classic_view(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	struct array_walk w = { .s = s, .nid = mmsim_slab_nid(slab), .entry = map_entry, .slab = slab, .view = view };
	struct slab *slabp = NULL;

	w.l3 = mmsim_classic_list3(s, w.nid);
	spin_lock_irq(&w.l3->list_lock);
	if (mmsim_slab_is_of(slab, s))
		slabp = mmsim_classic_descriptor(slab);
	if (slabp)
		view_locked(&w, slabp);
	spin_unlock_irq(&w.l3->list_lock);
	return slabp;
}

/* Free objects that arrays of a node's CPUs and those behind them have. */
static unsigned long cached_by_node(struct mmsim_kmem_cache *s, struct kmem_list3 *l3)
{
	struct alien_cache **alien = READ_ONCE(l3->alien);
	unsigned long nr = 0;
	unsigned int i;

	spin_lock_irq(&l3->list_lock);
	if (l3->shared)
		nr = l3->shared->avail;
	spin_unlock_irq(&l3->list_lock);
	for (i = 0; alien && i < s->slabs->mem->nr_nodes; i++)
		if (alien[i])
			nr += READ_ONCE(alien[i]->ac.avail);
	return nr;
}

/**
 * mmsim_classic_cached() - count the free objects that lie in arrays
 * @s: the cache
 *
 * Context: process context, interrupts on.
 * Return: their number.
 */
unsigned long mmsim_classic_cached(struct mmsim_kmem_cache *s)
{
	unsigned long nr = 0;
	unsigned int i;

	for_each_possible_cpu(i) {
		const struct array_cache *ac = mmsim_cpu_part(s, i);

		nr += READ_ONCE(ac->avail);
	}
	for (i = 0; i < s->slabs->mem->nr_nodes; i++)
		nr += cached_by_node(s, mmsim_classic_list3(s, i));
	return nr;
}

static __printf(2, 3) int broken(struct array_walk *w, const char *fmt, ...)
{
	va_list args;
	int n;

	n = scnprintf(w->what, w->size, "cache %s, node %u: ", w->s->name, w->nid);
	va_start(args, fmt);
	vscnprintf(w->what + n, w->size - n, fmt, args);
	va_end(args);
	return -EUCLEAN;
}

static int check_entry(struct array_walk *w, void *object)
{
	struct mmsim_slab *slab = mmsim_classic_slab_of(w->s, object);
	struct slab *slabp = slab ? mmsim_classic_descriptor(slab) : NULL;
	unsigned int i;

	if (!slabp || mmsim_slab_nid(slab) != w->nid)
		return broken(w, "an array holds %#lx, no object of this cache and node", (unsigned long)object);
	i = mmsim_classic_index(w->s, slabp, object);
	if (i >= w->s->objects || mmsim_classic_object(w->s, slabp, i) != object)
		return broken(w, "an array holds %#lx, not the start of an object", (unsigned long)object);
	if (slab_bufctl(slabp)[i] != BUFCTL_ACTIVE)
		return broken(w, "%#lx is in an array and on its slab's chain at once", (unsigned long)object);
	return 0;
}

/* A slab's chain: as long as objects are missing, without a loop, and inside the slab. */
static int check_chain(struct array_walk *w, struct slab *slabp)
{
	kmem_bufctl_t *bufctl = slab_bufctl(slabp), i;
	unsigned int length = 0, active = 0;

	for (i = slabp->free; i != BUFCTL_END; i = bufctl[i]) {
		if (i >= w->s->objects || ++length > w->s->objects)
			return broken(w, "slab %#lx: its chain of free objects leads astray at %u",
				      (unsigned long)slabp->pages->virtual, i);
	}
	for (i = 0; i < w->s->objects; i++)
		active += bufctl[i] == BUFCTL_ACTIVE;
	if (active != slabp->inuse || length + active != w->s->objects)
		return broken(w, "slab %#lx: %u objects on the chain, %u taken, %u counted as taken, of %u",
			      (unsigned long)slabp->pages->virtual, length, active, slabp->inuse, w->s->objects);
	return 0;
}

static int check_slab(struct array_walk *w, struct slab *slabp, const struct list_head *list)
{
	const struct list_head *right = &w->l3->slabs_partial;
	struct mmsim_slab *slab = slabp->pages;

	if (mmsim_classic_slab_of(w->s, slabp->s_mem) != slab || mmsim_classic_descriptor(slab) != slabp ||
	    mmsim_slab_nid(slab) != w->nid || slabp->s_mem != slab->virtual + slabp->colouroff)
		return broken(w, "descriptor %#lx and its pages don't know each other", (unsigned long)slabp);
	if (!slabp->inuse)
		right = &w->l3->slabs_free;
	else if (slabp->inuse == w->s->objects)
		right = &w->l3->slabs_full;
	if (list != right)
		return broken(w, "slab %#lx with %u of %u objects taken is on the wrong list",
			      (unsigned long)slab->virtual, slabp->inuse, w->s->objects);
	return check_chain(w, slabp);
}

static int check_list(struct array_walk *w, struct list_head *list, unsigned long *nr_slabs, unsigned long *nr_free)
{
	struct slab *slabp;
	int err;

	list_for_each_entry(slabp, list, list) {
		err = check_slab(w, slabp, list);
		if (err)
			return err;
		++*nr_slabs;
		*nr_free += w->s->objects - slabp->inuse;
	}
	return 0;
}

static int check_node(struct array_walk *w)
{
	unsigned long nr_slabs = 0, nr_free = 0, free_slabs;
	struct kmem_list3 *l3 = w->l3;
	int err;

	err = check_list(w, &l3->slabs_free, &nr_slabs, &nr_free);
	free_slabs = nr_slabs;
	if (!err)
		err = check_list(w, &l3->slabs_partial, &nr_slabs, &nr_free);
	if (!err)
		err = check_list(w, &l3->slabs_full, &nr_slabs, &nr_free);
	if (!err)
		err = walk_arrays(w);
	if (err)
		return err;
	if (nr_slabs != l3->nr_slabs || free_slabs != l3->nr_free_slabs || nr_free != l3->free_objects)
		return broken(w, "%lu slabs, %lu free ones and %lu free objects, but %lu, %lu and %lu counted",
			      nr_slabs, free_slabs, nr_free, l3->nr_slabs, l3->nr_free_slabs, l3->free_objects);
	return 0;
}

static int check_cpus(struct mmsim_kmem_cache *s, char *what, size_t size)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const struct array_cache *ac = mmsim_cpu_part(s, cpu);
		unsigned int avail = READ_ONCE(ac->avail), limit = READ_ONCE(ac->limit);

		if (avail <= limit && ac->batchcount <= limit)
			continue;
		scnprintf(what, size, "cache %s: CPU %u has %u objects, batches of %u and a limit of %u", s->name, cpu,
			  avail, ac->batchcount, limit);
		return -EUCLEAN;
	}
	return 0;
}

/**
 * mmsim_classic_check() - walk a cache's lists and arrays and name the first invariant that doesn't hold
 * @s: the cache
 * @what: for the text
 * @size: bytes of @what
 *
 * Context: process context, interrupts on. The caller holds slabs->mutex. Holds each node's list_lock for its walk.
 * Return: 0 or -EUCLEAN.
 */
int mmsim_classic_check(struct mmsim_kmem_cache *s, char *what, size_t size)
{
	struct array_walk w = { .s = s, .entry = check_entry, .what = what, .size = size };
	int err = check_cpus(s, what, size);

	for (w.nid = 0; w.nid < s->slabs->mem->nr_nodes && !err; w.nid++) {
		w.l3 = mmsim_classic_list3(s, w.nid);
		spin_lock_irq(&w.l3->list_lock);
		err = check_node(&w);
		spin_unlock_irq(&w.l3->list_lock);
	}
	return err;
}
