// SPDX-License-Identifier: GPL-2.0
/*
 * The SLUB engine as the front knows it: what is done to a cache as a whole. Objects come and go in slub.c.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "slab/slub.h"

/* Bounds of min_partial. */
#define MIN_PARTIAL	5
#define MAX_PARTIAL	10

/**
 * mmsim_slub_set_cpu_partial() - say how many free objects a CPU may keep beside its slab
 * @s: the cache
 * @objects: up to MMSIM_SLUB_MAX_CPU_PARTIAL; a CPU's list is bounded by slabs, taken to be half full
 *
 * Context: any. Slabs that CPUs have already stay until they are flushed.
 */
void mmsim_slub_set_cpu_partial(struct mmsim_kmem_cache *s, unsigned int objects)
{
	struct mmsim_slub_cache *part = mmsim_slub_cache(s);

	WRITE_ONCE(part->cpu_partial, objects);
	WRITE_ONCE(part->cpu_partial_slabs, DIV_ROUND_UP(objects * 2, s->objects));
}

/* The kernel's: the smaller, the more objects a CPU may keep. */
static unsigned int default_cpu_partial(const struct mmsim_kmem_cache *s)
{
	if (s->debug)
		return 0;
	if (s->size >= PAGE_SIZE)
		return 6;
	if (s->size >= 1024)
		return 24;
	return s->size >= 256 ? 52 : 120;
}

static bool is_shuffled(const struct mmsim_kmem_cache *s)
{
	return !s->slabs->params.ordered && s->objects > 1;
}

/* The offsets of a slab's objects, in an order that whoever writes behind an object can't foresee. */
static u32 *shuffled(struct mmsim_kmem_cache *s)
{
	u32 *order = mmsim_slabs_kmalloc(s->slabs, s->objects * sizeof(*order), GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);
	unsigned int i;

	for (i = 0; order && i < s->objects; i++) {
		unsigned int j = get_random_u32() % (i + 1);

		order[i] = order[j];
		order[j] = i * s->size + s->red_left_pad;
	}
	return order;
}

static int slub_kmalloc_up(struct mmsim_kmem_cache *s)
{
	struct mmsim_slub_cache *part = mmsim_slub_cache(s);

	if (!is_shuffled(s))
		return 0;
	WRITE_ONCE(part->random_order, shuffled(s));
	return part->random_order ? 0 : -ENOMEM;
}

static void slub_kmalloc_down(struct mmsim_kmem_cache *s)
{
	struct mmsim_slub_cache *part = mmsim_slub_cache(s);
	u32 *order = part->random_order;

	WRITE_ONCE(part->random_order, NULL);
	mmsim_slabs_kfree(s->slabs, order, _RET_IP_);
}

static int slub_create(struct mmsim_kmem_cache *s)
{
	struct mmsim_slub_cache *part = mmsim_slub_cache(s);
	unsigned int nid;

	for (nid = 0; nid < s->slabs->mem->nr_nodes; nid++) {
		struct mmsim_slub_node *n = mmsim_node_part(s, nid);

		spin_lock_init(&n->lock);
		INIT_LIST_HEAD(&n->partial);
	}
	while (!s->slabs->params.plain_links && !s->random)
		s->random = get_random_u64();
	part->seed = get_random_u64();
	part->min_partial = clamp(ilog2(s->size) / 2, MIN_PARTIAL, MAX_PARTIAL);
	mmsim_slub_set_cpu_partial(s, default_cpu_partial(s));
	return s->slabs->up ? slub_kmalloc_up(s) : 0;
}

static void slub_destroy(struct mmsim_kmem_cache *s)
{
	if (mmsim_slub_cache(s)->random_order)
		slub_kmalloc_down(s);
}

static void slub_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, void *object)
{
	if (!mmsim_slub_push(s, slab, object))
		mmsim_slub_free(s, slab, object);
}

static unsigned long slub_shrink(struct mmsim_kmem_cache *s)
{
	unsigned int nid;

	mmsim_cache_flush_cpus(s);
	for (nid = 0; nid < s->slabs->mem->nr_nodes; nid++)
		mmsim_slub_shrink_node(s, nid);
	return atomic_long_read(&s->nr_slabs);
}

/* Empty slabs on a node's list. */
static unsigned long empty_slabs(struct mmsim_slub_node *n)
{
	struct mmsim_slab *slab;
	unsigned long nr = 0, flags;

	if (!READ_ONCE(n->nr_partial))
		return 0;
	spin_lock_irqsave(&n->lock, flags);
	list_for_each_entry(slab, &n->partial, list)
		nr += !mmsim_slub_state(slab).inuse;
	spin_unlock_irqrestore(&n->lock, flags);
	return nr;
}

/* Of a CPU's slabs nobody else can say whether they are empty. */
static unsigned long slub_idle(struct mmsim_kmem_cache *s)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < s->slabs->mem->nr_nodes; i++)
		nr += empty_slabs(mmsim_node_part(s, i));
	for_each_online_cpu(i) {
		const struct mmsim_slub_cpu *c = mmsim_cpu_part(s, i);

		/* The CPU may be at work on them; what there was a moment ago will do. */
		nr += !!data_race(c->slab) + data_race(c->nr_partial);
	}
	return nr;
}

/* Objects that are free on the node's list. */
static unsigned long free_objects(struct mmsim_slub_node *n)
{
	struct mmsim_slab *slab;
	unsigned long nr = 0, flags;

	spin_lock_irqsave(&n->lock, flags);
	list_for_each_entry(slab, &n->partial, list)
		nr += mmsim_slub_objects(slab) - mmsim_slub_state(slab).inuse;
	spin_unlock_irqrestore(&n->lock, flags);
	return nr;
}

/* As the kernel counts: a CPU's slabs are in use as a whole, and each slab is active. */
static void slub_info(struct mmsim_kmem_cache *s, struct mmsim_slabinfo *info)
{
	unsigned long nr_free = 0;
	unsigned int nid;

	for (nid = 0; nid < s->slabs->mem->nr_nodes; nid++) {
		struct mmsim_slub_node *n = mmsim_node_part(s, nid);

		nr_free += free_objects(n);
		info->num_slabs += atomic_long_read(&n->nr_slabs);
		info->num_objs += atomic_long_read(&n->nr_objects);
	}
	info->active_objs = info->num_objs - min(nr_free, info->num_objs);
	info->active_slabs = info->num_slabs;
}

/* Slabs of the node that CPUs have. Of a CPU's list the node of its first slab is taken for that of all. */
static unsigned long cpu_slabs(struct mmsim_kmem_cache *s, unsigned int nid)
{
	unsigned long nr = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct mmsim_slub_cpu *c = mmsim_cpu_part(s, cpu);
		struct mmsim_slab *slab = READ_ONCE(c->slab), *partial = READ_ONCE(c->partial);

		nr += slab && mmsim_slab_nid(slab) == nid;
		if (partial && mmsim_slab_nid(partial) == nid)
			nr += READ_ONCE(c->nr_partial);
	}
	return nr;
}

static void slub_count(struct mmsim_kmem_cache *s, unsigned int nid, struct mmsim_slab_count *count)
{
	struct mmsim_slub_node *n = mmsim_node_part(s, nid);
	unsigned long nr_free = 0, flags;
	struct mmsim_slab *slab;

	spin_lock_irqsave(&n->lock, flags);
	list_for_each_entry(slab, &n->partial, list) {
		unsigned int inuse = mmsim_slub_state(slab).inuse;

		count->partial_in_use += inuse;
		nr_free += mmsim_slub_objects(slab) - inuse;
	}
	count->partial = n->nr_partial;
	spin_unlock_irqrestore(&n->lock, flags);
	count->slabs = atomic_long_read(&n->nr_slabs);
	count->objects = atomic_long_read(&n->nr_objects);
	count->in_use = count->objects - min(nr_free, count->objects);
	count->cpu_slabs = cpu_slabs(s, nid);
}

static void *slub_place(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned int *nr)
{
	*nr = mmsim_slub_objects(slab);
	return slab->virtual;
}

/*
 * Walks a list of free objects, at most as many as the slab has, and marks them; it may be in use. Returns how many
 * there are, or a negative errno for one that leads astray.
 */
static int walk(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, const void *object, unsigned long *free)
{
	unsigned int nr = 0;

	for (; object && nr <= mmsim_slub_objects(slab); nr++) {
		int i = mmsim_slub_index(s, slab, object);

		if (i < 0)
			return -EUCLEAN;
		if (free)
			__set_bit(i, free);
		object = mmsim_slub_next(s, object);
	}
	return nr;
}

static void slub_map(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, unsigned long *free)
{
	struct mmsim_slub_node *n = mmsim_slub_node(s, slab);
	unsigned long flags;
	unsigned int cpu;

	/* The lock keeps others from taking objects off one by one; a CPU may still take its own. */
	spin_lock_irqsave(&n->lock, flags);
	walk(s, slab, mmsim_slub_object(slab, mmsim_slub_state(slab).head), free);
	for_each_possible_cpu(cpu) {
		struct mmsim_slub_cpu *c = mmsim_cpu_part(s, cpu);

		if (READ_ONCE(c->slab) == slab)
			walk(s, slab, READ_ONCE(c->freelist), free);
	}
	spin_unlock_irqrestore(&n->lock, flags);
}

static int check_partial(struct mmsim_kmem_cache *s, struct mmsim_slub_node *n, unsigned int nid,
			 struct mmsim_slab *slab, const char **fault)
{
	union mmsim_slub_state state;

	*fault = NULL;
	if (!mmsim_memory_has(s->slabs->mem, mmsim_slab_page(slab)) || !(slab->flags & MMSIM_PAGE_SLAB) ||
	    slab->cache != s) {
		*fault = "is no slab of the cache";
		return -EUCLEAN;
	}
	state = mmsim_slub_state(slab);
	if (mmsim_slab_nid(slab) != nid)
		*fault = "is another node's";
	else if (state.frozen)
		*fault = "is frozen";
	else if (state.inuse >= mmsim_slub_objects(slab))
		*fault = "has no free objects";
	else if (walk(s, slab, mmsim_slub_object(slab, state.head), NULL) != mmsim_slub_objects(slab) - state.inuse)
		*fault = "has another number of free objects than it says";
	return *fault ? -EUCLEAN : 0;
}

static int check_node_locked(struct mmsim_kmem_cache *s, unsigned int nid, char *what, size_t size)
{
	struct mmsim_slub_node *n = mmsim_node_part(s, nid);
	const struct list_head *prev = &n->partial, *at;
	unsigned long nr = 0;
	const char *fault;

	lockdep_assert_held(&n->lock);
	for (at = n->partial.next; at != &n->partial; prev = at, at = at->next, nr++) {
		struct mmsim_slab *slab = list_entry(at, struct mmsim_slab, list);

		if (check_partial(s, n, nid, slab, &fault)) {
			scnprintf(what, size, "cache %s: node %u: slab %#lx on the partial list %s", s->name, nid,
				  (unsigned long)slab, fault);
			return -EUCLEAN;
		}
		if (at->prev != prev || nr > n->nr_partial)
			break;
	}
	if (at != &n->partial || nr != n->nr_partial) {
		scnprintf(what, size, "cache %s: node %u: nr_partial is %lu, the list is broken or has %lu", s->name,
			  nid, n->nr_partial, nr);
		return -EUCLEAN;
	}
	return 0;
}

static int slub_check(struct mmsim_kmem_cache *s, char *what, size_t size)
{
	unsigned long flags;
	unsigned int nid;
	int err = 0;

	for (nid = 0; nid < s->slabs->mem->nr_nodes && !err; nid++) {
		struct mmsim_slub_node *n = mmsim_node_part(s, nid);

		spin_lock_irqsave(&n->lock, flags);
		err = check_node_locked(s, nid, what, size);
		spin_unlock_irqrestore(&n->lock, flags);
	}
	return err;
}

const struct mmsim_slab_ops mmsim_slub_ops = {
	.name = "slub",
	.layout = mmsim_slub_layout,
	.create = slub_create,
	.destroy = slub_destroy,
	.kmalloc_up = slub_kmalloc_up,
	.kmalloc_down = slub_kmalloc_down,
	.alloc = mmsim_slub_alloc,
	.free = slub_free,
	.alloc_bulk = mmsim_slub_alloc_bulk,
	.free_bulk = mmsim_slub_free_bulk,
	.shrink = slub_shrink,
	.idle = slub_idle,
	.flush_cpu = mmsim_slub_flush_cpu,
	.info = slub_info,
	.count = slub_count,
	.cached = mmsim_slub_cached,
	.view = mmsim_slub_view,
	.place = slub_place,
	.map = slub_map,
	.check = slub_check,
};
