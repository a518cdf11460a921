// SPDX-License-Identifier: GPL-2.0
/*
 * Caches: how they are asked for, made, merged, shrunk and taken down.
 *
 * A cache is an object itself, with the parts of all CPUs and nodes behind it, and comes from the floor's caches_cache.
 * That one lies at the end of the floor's own block; see floor.c.
 *
 * A request for a cache that can't be is refused with what is wrong with it; the kernel would warn, or with SLAB_PANIC
 * stop. When caches may be merged, a request that an existing cache serves as well gets that one, with one more
 * reference: no constructor, nothing that is watched, and at most a word of each object wasted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "slab/slab.h"

/* Who wants to know of caches that come and go; see enum mmsim_cache_news. */
BLOCKING_NOTIFIER_HEAD(mmsim_cache_chain);

#define MAX_SIZE	(PAGE_SIZE << MMSIM_MAX_ORDER)

static const struct mmsim_slab_ops *const engines[MMSIM_NR_ENGINES] = {
	[MMSIM_ENGINE_SLUB] = &mmsim_slub_ops,
	[MMSIM_ENGINE_SLAB] = &mmsim_classic_ops,
	[MMSIM_ENGINE_SLOB] = &mmsim_slob_ops,
};

/**
 * mmsim_engine_parse() - an engine by its name
 * @name: what the user wrote
 *
 * Return: an enum mmsim_engine, or -EINVAL.
 */
int mmsim_engine_parse(const char *name)
{
	int engine;

	for (engine = 0; engine < MMSIM_NR_ENGINES; engine++)
		if (engines[engine] && !strcmp(engines[engine]->name, name))
			return engine;
	return -EINVAL;
}

/* What a request may say. Those that mean nothing here (accounting, leak and fault tracing) are taken and ignored. */
#define KNOWN_FLAGS	(SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_RECLAIM_ACCOUNT | SLAB_TYPESAFE_BY_RCU |	\
			 SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_NO_MERGE | MMSIM_SLAB_DEBUG | SLAB_TRACE |	\
			 SLAB_NOLEAKTRACE | SLAB_ACCOUNT | SLAB_FAILSLAB | SLAB_KASAN | SLAB_MEM_SPREAD |	\
			 SLAB_NO_USER_FLAGS | SLAB_DEBUG_OBJECTS)

/* With one of these a cache is never merged ... */
#define UNMERGEABLE	(MMSIM_SLAB_DEBUG | SLAB_TRACE | SLAB_TYPESAFE_BY_RCU | SLAB_NOLEAKTRACE | SLAB_FAILSLAB | \
			 SLAB_NO_MERGE)
/* ... and in these two caches must agree. */
#define MERGE_SAME	(SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_ACCOUNT)

/**
 * mmsim_slab_host_rules() - how the kernel that mmsim runs in lays out slabs
 * @rules: filled in
 */
void mmsim_slab_host_rules(struct mmsim_slab_rules *rules)
{
	*rules = (struct mmsim_slab_rules) {
		.nr_cpus = num_present_cpus() > 1 ? num_present_cpus() : nr_cpu_ids,
		.lowers_min_objects = MMSIM_HOST_LOWERS_MIN_OBJECTS,
		.aligns_to_divisor = MMSIM_HOST_ALIGNS_TO_DIVISOR,
		.max_order = PAGE_ALLOC_COSTLY_ORDER,
	};
}

static unsigned int alignment(slab_flags_t flags, unsigned int align, unsigned int size)
{
	unsigned int line = cache_line_size();

	if (flags & SLAB_HWCACHE_ALIGN) {
		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return ALIGN(max(align, 1U), sizeof(void *));
}

static gfp_t gfp_of_flags(slab_flags_t flags)
{
	gfp_t gfp = 0;

	if (flags & SLAB_CACHE_DMA)
		gfp |= __GFP_DMA;
	if (flags & SLAB_CACHE_DMA32)
		gfp |= __GFP_DMA32;
	if (flags & SLAB_RECLAIM_ACCOUNT)
		gfp |= __GFP_RECLAIMABLE;
	return gfp;
}

/* What is to be done to each object, from what the flags and the instance ask for. */
static void set_extras(struct mmsim_kmem_cache *s)
{
	const struct mmsim_memory *mem = s->slabs->mem;
	bool may_zero = !s->ctor && !(s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON));

	s->debug = s->flags & MMSIM_SLAB_DEBUG;
	s->poison_object = (s->flags & SLAB_POISON) && !(s->flags & SLAB_TYPESAFE_BY_RCU) && !s->ctor;
	s->on_alloc = (mem->init_on_alloc && may_zero ? MMSIM_ON_INIT : 0) | (s->debug ? MMSIM_ON_DEBUG : 0);
	s->on_free = (mem->init_on_free && may_zero ? MMSIM_ON_INIT : 0) | (s->debug ? MMSIM_ON_DEBUG : 0);
	s->plain_alloc = s->engine == MMSIM_ENGINE_SLUB && !s->on_alloc;
	s->plain_free = s->engine == MMSIM_ENGINE_SLUB && !s->on_free;
}

/**
 * mmsim_cache_build() - make a cache of zeroed memory
 * @s: where
 * @slabs: the floor
 * @name: not copied
 * @size: bytes of an object
 * @args: sound, and with an engine
 * @flags: the kernel's SLAB_*
 *
 * Context: process context, may sleep. Holder of slabs->mutex.
 * Return: 0 or a negative errno.
 */
int mmsim_cache_build(struct mmsim_kmem_cache *s, struct mmsim_slabs *slabs, const char *name, unsigned int size,
		      const struct mmsim_kmem_cache_args *args, slab_flags_t flags)
{
	int err;

	s->slabs = slabs;
	s->engine = args->engine;
	s->ops = engines[args->engine];
	s->name = name;
	s->object_size = size;
	s->flags = flags;
	s->align = alignment(flags, args->align, size);
	s->useroffset = args->useroffset;
	s->usersize = args->usersize;
	s->freeptr_offset = args->freeptr_offset;
	s->use_freeptr_offset = args->use_freeptr_offset;
	s->ctor = args->ctor;
	s->allocflags = gfp_of_flags(flags);
	s->boot = !slabs->up;
	s->refcount = 1;
	set_extras(s);
	mmsim_track_start(s);
	err = s->ops->layout(s);
	if (!err)
		err = s->ops->create(s);
	if (err) {
		mmsim_track_stop(s);
		return err;
	}
	list_add_tail(&s->list, &slabs->caches);
	if (s->ops->reap)
		schedule_delayed_work(&slabs->reap, MMSIM_SLAB_REAP);
	return 0;
}

/* --- Requests --- */

static bool may_merge(const struct mmsim_kmem_cache *s)
{
	return !(s->flags & UNMERGEABLE) && !s->ctor && !s->usersize && s != s->slabs->caches_cache;
}

static struct mmsim_kmem_cache *find_mergeable(struct mmsim_slabs *slabs, unsigned int size,
					       const struct mmsim_kmem_cache_args *args, slab_flags_t flags)
{
	unsigned int align = alignment(flags, args->align, size);
	struct mmsim_kmem_cache *s;

	if (!slabs->params.merge || (flags & UNMERGEABLE) || args->ctor || args->usersize)
		return NULL;
	size = ALIGN(ALIGN(size, sizeof(void *)), align);
	list_for_each_entry_reverse(s, &slabs->caches, list) {
		if (!may_merge(s) || s->engine != args->engine || (s->flags & MERGE_SAME) != (flags & MERGE_SAME))
			continue;
		if (s->size >= size && s->size - size < sizeof(void *) && IS_ALIGNED(s->size, align) &&
		    s->align >= align)
			return s;
	}
	return NULL;
}

static bool name_is_taken(struct mmsim_slabs *slabs, const char *name)
{
	struct mmsim_kmem_cache *s;

	list_for_each_entry(s, &slabs->caches, list)
		if (!strcmp(s->name, name))
			return true;
	return false;
}

/* What is wrong with a request, or NULL. */
static const char *fault_of(struct mmsim_slabs *slabs, const char *name, unsigned int size,
			    const struct mmsim_kmem_cache_args *args, slab_flags_t flags)
{
	if (!name || !*name)
		return "it has no name; give it one";
	if (strpbrk(name, " \t\n"))
		return "its name has a blank, which readers of slabinfo would take for its end; leave it out";
	if (!size || size > MAX_SIZE)
		return "its objects have a size of 0, or of more than the 4 MB that there are in one piece";
	if (args->align && (!is_power_of_2(args->align) || args->align > MAX_SIZE))
		return "its alignment is not a power of two up to 4 MB";
	if (flags & ~KNOWN_FLAGS)
		return "it has flags that there aren't";
	if (args->engine >= MMSIM_NR_ENGINES || !engines[args->engine])
		return "there is no such engine";
	if (args->use_freeptr_offset && (!(flags & SLAB_TYPESAFE_BY_RCU) || args->ctor ||
					 !IS_ALIGNED(args->freeptr_offset, sizeof(void *)) ||
					 args->freeptr_offset + sizeof(void *) > size))
		return "freeptr_offset is for SLAB_TYPESAFE_BY_RCU without ctor, and names a word of the object";
	if (name_is_taken(slabs, name))
		return "there is a cache of that name; choose another";
	return NULL;
}

static void refuse(struct mmsim_slabs *slabs, const char *name, const char *fault, unsigned long caller)
{
	mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_CREATE, NULL, "%s can't be made: %s (by %pS)", name ? name : "(null)",
		       fault, (void *)caller);
}

/* As the kernel does it, a part for user copies that isn't inside the object is none. */
static void check_user_part(struct mmsim_slabs *slabs, const char *name, unsigned int size,
			    struct mmsim_kmem_cache_args *args)
{
	bool none = !args->usersize && !args->useroffset;

	if (none || (args->usersize && args->usersize <= size && args->useroffset <= size - args->usersize))
		return;
	mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_CREATE, NULL,
		       "%s: useroffset %u and usersize %u are no part of %u bytes; no user copies then",
		       name, args->useroffset, args->usersize, size);
	args->useroffset = 0;
	args->usersize = 0;
}

static char *copy_name(struct mmsim_slabs *slabs, const char *name)
{
	size_t size = strlen(name) + 1;
	char *copy = mmsim_slabs_kmalloc(slabs, size, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);

	return copy ? memcpy(copy, name, size) : NULL;
}

static struct mmsim_kmem_cache *make_cache(struct mmsim_slabs *slabs, const char *name, unsigned int size,
					   const struct mmsim_kmem_cache_args *args, slab_flags_t flags)
{
	struct mmsim_kmem_cache *s = mmsim_cache_alloc(slabs->caches_cache, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE,
						       _RET_IP_);
	char *copy = copy_name(slabs, name);
	int err = -ENOMEM;

	if (s && copy)
		err = mmsim_cache_build(s, slabs, copy, size, args, flags);
	if (!err)
		return s;
	mmsim_slab_bad(slabs, MMSIM_SLAB_BAD_CREATE, NULL, "%s of %u bytes can't be made: %s", name, size,
		       err == -E2BIG ? "no block holds an object with all that lies around it" : "out of memory");
	mmsim_slabs_kfree(slabs, copy, _RET_IP_);
	if (s)
		mmsim_cache_free(slabs->caches_cache, s, _RET_IP_);
	return NULL;
}

static struct mmsim_kmem_cache *merge_or_make(struct mmsim_slabs *slabs, const char *name, unsigned int size,
					      const struct mmsim_kmem_cache_args *args, slab_flags_t flags)
{
	struct mmsim_kmem_cache *s = find_mergeable(slabs, size, args, flags);

	if (!s)
		return make_cache(slabs, name, size, args, flags);
	s->refcount++;
	/* Whoever zeroes an object zeroes the largest that there is. */
	WRITE_ONCE(s->object_size, max(s->object_size, size));
	return s;
}

/**
 * mmsim_cache_create() - make a cache, or find one that does as well
 * @slabs: the floor
 * @name: for slabinfo and for reports; copied
 * @size: bytes of an object
 * @args: what else there is to say; NULL for nothing
 * @flags: the kernel's SLAB_*
 * @caller: for reports
 *
 * Context: process context; sleeps.
 * Return: the cache; NULL when it can't be, reported.
 */
struct mmsim_kmem_cache *mmsim_cache_create(struct mmsim_slabs *slabs, const char *name, unsigned int size,
					    const struct mmsim_kmem_cache_args *args, slab_flags_t flags,
					    unsigned long caller)
{
	struct mmsim_kmem_cache_args full = args ? *args : (struct mmsim_kmem_cache_args){};
	struct mmsim_kmem_cache *s = NULL;
	const char *fault;

	if (in_interrupt()) {
		refuse(slabs, name, "it is asked for by an interrupt, and making one sleeps; do it from a process",
		       caller);
		return NULL;
	}
	if (full.engine == MMSIM_ENGINE_DEFAULT)
		full.engine = slabs->params.engine;
	if (!(flags & SLAB_NO_USER_FLAGS))
		flags |= slabs->params.debug;
	mutex_lock(&slabs->making);
	mutex_lock(&slabs->mutex);
	fault = fault_of(slabs, name, size, &full, flags);
	if (fault) {
		refuse(slabs, name, fault, caller);
	} else {
		check_user_part(slabs, name, size, &full);
		s = merge_or_make(slabs, name, size, &full, flags);
	}
	mutex_unlock(&slabs->mutex);
	if (s && s->refcount == 1)
		blocking_notifier_call_chain(&mmsim_cache_chain, MMSIM_CACHE_CREATED, s);
	mutex_unlock(&slabs->making);
	return s;
}

/* --- The end --- */

/**
 * mmsim_cache_unmake() - take down a cache that has no slabs
 * @s: the cache, which nobody uses any more; one that was allocated
 *
 * Context: process context; sleeps. Holder of slabs->mutex.
 */
void mmsim_cache_unmake(struct mmsim_kmem_cache *s)
{
	struct mmsim_slabs *slabs = s->slabs;
	const char *name = s->boot ? NULL : s->name;

	list_del(&s->list);
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		rcu_barrier();
	s->ops->destroy(s);
	mmsim_track_stop(s);
	mmsim_cache_free(slabs->caches_cache, s, _RET_IP_);
	mmsim_slabs_kfree(slabs, name, _RET_IP_);
}

/**
 * mmsim_cache_shrink() - give back what a cache holds without need
 * @s: the cache
 *
 * Context: process context; sleeps.
 * Return: the number of slabs that it still has.
 */
unsigned long mmsim_cache_shrink(struct mmsim_kmem_cache *s)
{
	return s->ops->shrink(s);
}

/* Gives up a reference to a cache, and says whether it is to go: nobody else has one, and no object is in use. */
static bool let_go(struct mmsim_kmem_cache *s, unsigned long caller, bool *gone)
{
	*gone = true;
	if (s->refcount > 1) {
		s->refcount--;
		return false;
	}
	if (!s->ops->shrink(s))
		return true;
	mmsim_cache_report_left(s, caller);
	*gone = false;
	return false;
}

/**
 * mmsim_cache_destroy() - give up a cache
 * @s: the cache; NULL is ignored
 * @caller: for reports
 *
 * With the last reference it goes, unless objects are in use: those are named, and it stays. Objects that wait for
 * their grace period after kfree_rcu() are waited for. No CPU comes or goes
 * while that is found out: one that is half down would keep its objects until it gets slabs->mutex. Who follows
 * mmsim_cache_chain hears of it without slabs->mutex, to be able to wait for others who need that.
 *
 * Context: process context; sleeps.
 * Return: whether nothing is left of this reference.
 */
bool mmsim_cache_destroy(struct mmsim_kmem_cache *s, unsigned long caller)
{
	struct mmsim_slabs *slabs;
	bool goes, gone;

	if (!s)
		return true;
	slabs = s->slabs;
	mmsim_grace_barrier(&slabs->grace);
	mutex_lock(&slabs->making);
	cpus_read_lock();
	mutex_lock(&slabs->mutex);
	goes = let_go(s, caller, &gone);
	mutex_unlock(&slabs->mutex);
	cpus_read_unlock();
	if (goes) {
		blocking_notifier_call_chain(&mmsim_cache_chain, MMSIM_CACHE_GOING, s);
		mutex_lock(&slabs->mutex);
		mmsim_cache_unmake(s);
		mutex_unlock(&slabs->mutex);
	}
	mutex_unlock(&slabs->making);
	return gone;
}
