// SPDX-License-Identifier: GPL-2.0
/*
 * Slab caches and kmalloc on command: what ctl does with them, through the exported functions.
 *
 * A cache that a command made is known by its name, as long as no command destroys it; those of the module itself and
 * of other modules are not for commands. An object has a handle of ctl's, as a block has. A cache with handles stays:
 * it would take the meaning of those with it. All caches go when the module does, after all handles.
 *
 * A constructor, where one is asked for, clears the object's first byte and is there to be one: caches with one are
 * laid out in another way.
 *
 * Lock: ctl's mutex, which the caller of each function here holds.
 */
#include <linux/list.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mmsim/kmalloc.h>
#include <mmsim/slab.h>

#include "drive/ctl.h"
#include "mmsim.h"

/* A cache that was made on command. */
struct mmsim_ctl_cache {
	struct list_head list;
	struct mmsim_kmem_cache *s;
	unsigned long nr_held;		/* objects with a handle */
	char name[];			/* as it was asked for: a merged cache has another one's */
};

static LIST_HEAD(caches);		/* of struct mmsim_ctl_cache. ctl's mutex */

struct flag_name {
	const char *name;
	slab_flags_t flag;
};

#define FLAG_NAME(x)	{ #x, x }

static const struct flag_name flag_names[] = {
	FLAG_NAME(SLAB_HWCACHE_ALIGN), FLAG_NAME(SLAB_PANIC), FLAG_NAME(SLAB_RECLAIM_ACCOUNT),
	FLAG_NAME(SLAB_TYPESAFE_BY_RCU), FLAG_NAME(SLAB_CACHE_DMA), FLAG_NAME(SLAB_CACHE_DMA32),
	FLAG_NAME(SLAB_NO_MERGE), FLAG_NAME(SLAB_RED_ZONE), FLAG_NAME(SLAB_POISON), FLAG_NAME(SLAB_STORE_USER),
	FLAG_NAME(SLAB_CONSISTENCY_CHECKS), FLAG_NAME(SLAB_ACCOUNT), FLAG_NAME(SLAB_NO_USER_FLAGS),
};

static int parse_flags(char *words, slab_flags_t *flags)
{
	char *word;
	int i;

	*flags = 0;
	while ((word = strsep(&words, "|"))) {
		for (i = 0; i < ARRAY_SIZE(flag_names); i++)
			if (!strcmp(word, flag_names[i].name))
				break;
		if (i == ARRAY_SIZE(flag_names))
			return mmsim_ctl_fail(-EINVAL, "no flag '%.32s'; SLAB_POISON and so on, with |",
					      word);
		*flags |= flag_names[i].flag;
	}
	return 0;
}

static int parse_engine(const char *word, enum mmsim_engine *engine)
{
	int found = mmsim_engine_parse(word);

	if (found < 0)
		return mmsim_ctl_fail(-EINVAL, "engine '%.32s' is none of slub, slab and slob", word);
	*engine = found;
	return 0;
}

static void construct(void *object)
{
	*(u8 *)object = 0;
}

static int parse_ctor(const char *word, void (**ctor)(void *object))
{
	if (strcmp(word, "yes") && strcmp(word, "no"))
		return mmsim_ctl_fail(-EINVAL, "ctor '%.32s' is neither yes nor no", word);
	*ctor = *word == 'y' ? construct : NULL;
	return 0;
}

/* What is said of a new cache behind its name and its size. */
static int parse_cache(char *args, struct mmsim_kmem_cache_args *c, slab_flags_t *flags)
{
	char *word, *value;
	int err;

	while ((word = mmsim_ctl_word(&args))) {
		value = strchr(word, '=');
		if (!value)
			return mmsim_ctl_fail(-EINVAL, "cache_create: '%.32s' is not align= or the like; see help",
					      word);
		*value++ = '\0';
		if (!strcmp(word, "align")) {
			err = mmsim_ctl_number(word, value, 0, SZ_4M, &c->align);
		} else if (!strcmp(word, "flags")) {
			err = parse_flags(value, flags);
		} else if (!strcmp(word, "engine")) {
			err = parse_engine(value, &c->engine);
		} else if (!strcmp(word, "ctor")) {
			err = parse_ctor(value, &c->ctor);
		} else if (!strcmp(word, "freeptr")) {
			c->use_freeptr_offset = true;
			err = mmsim_ctl_number(word, value, 0, SZ_4M, &c->freeptr_offset);
		} else {
			err = mmsim_ctl_fail(-EINVAL,
					     "cache_create: no '%.32s='; it takes align=, flags=, engine=, ctor= and freeptr=",
					     word);
		}
		if (err)
			return err;
	}
	return 0;
}

static struct mmsim_ctl_cache *find(const char *name)
{
	struct mmsim_ctl_cache *cache;

	list_for_each_entry(cache, &caches, list)
		if (name && !strcmp(cache->name, name))
			return cache;
	return NULL;
}

static int no_cache(const char *command, const char *name)
{
	return mmsim_ctl_fail(-EINVAL, "%s: no cache '%.32s' that cache_create has made", command, name ?: "");
}

static int make(const char *name, unsigned int size, const struct mmsim_kmem_cache_args *c, slab_flags_t flags)
{
	size_t bytes = strlen(name) + 1;
	struct mmsim_ctl_cache *cache = kzalloc(sizeof(*cache) + bytes, GFP_KERNEL);

	if (!cache)
		return mmsim_ctl_fail(-ENOMEM, "cache_create: the host has no memory to note another cache");
	memcpy(cache->name, name, bytes);
	cache->s = mmsim_kmem_cache_create_args(name, size, c, flags);
	if (!cache->s) {
		kfree(cache);
		return mmsim_ctl_fail(-EINVAL, "cache_create: %s not made; the log says why", name);
	}
	list_add(&cache->list, &caches);
	mmsim_ctl_say("cache %s", name);
	return 0;
}

/**
 * mmsim_ctl_cache_create() - the command: make a cache
 * @args: NAME SIZE [align=] [flags=] [engine=] [ctor=] [freeptr=]
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_cache_create(char *args)
{
	char *name = mmsim_ctl_word(&args), *word = mmsim_ctl_word(&args);
	struct mmsim_kmem_cache_args c = {};
	slab_flags_t flags = 0;
	unsigned int size;
	int err;

	if (!word)
		return mmsim_ctl_fail(-EINVAL, "cache_create: a name and a size are wanted, such as inode 600");
	if (find(name))
		return mmsim_ctl_fail(-EEXIST, "cache_create: there is a cache %.32s; choose another name", name);
	err = mmsim_ctl_number("cache_create: size", word, 1, SZ_4M, &size) ?: parse_cache(args, &c, &flags);
	return err ?: make(name, size, &c, flags);
}

/**
 * mmsim_ctl_cache_destroy() - the command: destroy a cache
 * @args: NAME
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_cache_destroy(char *args)
{
	char *name = mmsim_ctl_word(&args);
	struct mmsim_ctl_cache *cache = find(name);

	if (!cache)
		return no_cache("cache_destroy", name);
	if (cache->nr_held)
		return mmsim_ctl_fail(-EBUSY, "cache_destroy: %s stays: %lu handles are objects of it; free them first",
				      name, cache->nr_held);
	mmsim_kmem_cache_destroy(cache->s);
	list_del(&cache->list);
	kfree(cache);
	mmsim_ctl_say("cache %s destroyed", name);
	return 0;
}

/**
 * mmsim_ctl_cache_shrink() - the command: give back a cache's slabs without objects
 * @args: NAME
 *
 * Return: 0, or an error that has been printed.
 */
int mmsim_ctl_cache_shrink(char *args)
{
	char *name = mmsim_ctl_word(&args);
	struct mmsim_ctl_cache *cache = find(name);

	if (!cache)
		return no_cache("cache_shrink", name);
	mmsim_ctl_say("cache %s %s slabs left", name, mmsim_kmem_cache_shrink(cache->s) ? "has" : "has no");
	return 0;
}

struct request {
	unsigned int count;
	gfp_t gfp;
};

static int parse_request(const char *command, char *args, struct request *r)
{
	char *word;
	int err;

	while ((word = mmsim_ctl_word(&args))) {
		if (!strncmp(word, "count=", 6))
			err = mmsim_ctl_number("count", word + 6, 1, MMSIM_CTL_HANDLES, &r->count);
		else if (!strncmp(word, "gfp=", 4))
			err = mmsim_ctl_gfp(word + 4, &r->gfp);
		else
			err = mmsim_ctl_fail(-EINVAL, "%s: '%.32s' is not gfp= or count= with a value", command, word);
		if (err)
			return err;
	}
	return 0;
}

/* @size bytes of kmalloc's where there is no cache. */
static int alloc_objects(struct mmsim_ctl_cache *cache, unsigned int size, const struct request *r)
{
	unsigned int i;
	void *object;
	int err = 0;

	for (i = 0; !err && i < r->count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		object = cache ? mmsim_kmem_cache_alloc(cache->s, r->gfp) : mmsim_kmalloc(size, r->gfp);
		if (!object)
			return mmsim_ctl_fail(-ENOMEM, "%s: got %u of %u objects", mmsim_ctl_cache_name(cache), i,
					      r->count);
		if (cache)
			cache->nr_held++;
		err = mmsim_ctl_hold(cache, object, r->gfp);
		cond_resched();
	}
	return err;
}

/**
 * mmsim_ctl_cache_alloc() - the command: allocate objects of a cache
 * @args: NAME [gfp=] [count=]
 *
 * Return: 0, or an error that has been printed; what could be allocated has handles.
 */
int mmsim_ctl_cache_alloc(char *args)
{
	char *name = mmsim_ctl_word(&args);
	struct mmsim_ctl_cache *cache = find(name);
	struct request r = { .count = 1, .gfp = GFP_KERNEL };

	if (!cache)
		return no_cache("cache_alloc", name);
	return parse_request("cache_alloc", args, &r) ?: alloc_objects(cache, 0, &r);
}

/**
 * mmsim_ctl_kmalloc() - the command: allocate with kmalloc
 * @args: size=SIZE [gfp=] [count=]
 *
 * Return: 0, or an error that has been printed; what could be allocated has handles.
 */
int mmsim_ctl_kmalloc(char *args)
{
	char *word = mmsim_ctl_word(&args);
	struct request r = { .count = 1, .gfp = GFP_KERNEL };
	unsigned int size;

	if (!word || strncmp(word, "size=", 5))
		return mmsim_ctl_fail(-EINVAL, "kmalloc: size= is wanted first, such as size=100");
	return mmsim_ctl_number("size", word + 5, 1, MMSIM_KMALLOC_MAX_SIZE, &size) ?:
	       parse_request("kmalloc", args, &r) ?: alloc_objects(NULL, size, &r);
}

/**
 * mmsim_ctl_object_free() - free what a handle stands for
 * @cache: where it comes from; NULL: from kmalloc
 * @object: the object
 */
void mmsim_ctl_object_free(struct mmsim_ctl_cache *cache, void *object)
{
	if (!cache) {
		mmsim_kfree(object);
		return;
	}
	mmsim_kmem_cache_free(cache->s, object);
	cache->nr_held--;
}

/**
 * mmsim_ctl_object_forget() - leave an object allocated that has no handle any more
 * @cache: where it comes from; NULL: from kmalloc
 */
void mmsim_ctl_object_forget(struct mmsim_ctl_cache *cache)
{
	if (cache)
		cache->nr_held--;
}

/**
 * mmsim_ctl_cache_name() - what objects of a cache are called in the output
 * @cache: the cache; NULL: kmalloc
 *
 * Return: its name.
 */
const char *mmsim_ctl_cache_name(const struct mmsim_ctl_cache *cache)
{
	return cache ? cache->name : "kmalloc";
}

/**
 * mmsim_ctl_caches_exit() - destroy all caches that commands have made; no handle is left
 *
 * Return: how many there were.
 */
unsigned int mmsim_ctl_caches_exit(void)
{
	struct mmsim_ctl_cache *cache, *next;
	unsigned int n = 0;

	list_for_each_entry_safe(cache, next, &caches, list) {
		mmsim_kmem_cache_destroy(cache->s);
		kfree(cache);
		n++;
	}
	INIT_LIST_HEAD(&caches);
	return n;
}
