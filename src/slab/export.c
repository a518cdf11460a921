// SPDX-License-Identifier: GPL-2.0
/*
 * The exported functions of caches: the kernel's, on the live instance. What they do stands in cache.c and front.c.
 */
#include <linux/export.h>

#include "slab/front.h"

struct mmsim_slabs *mmsim_slabs_live __read_mostly;

/**
 * mmsim_kmem_cache_create() - make a cache, as kmem_cache_create()
 * @name: for slabinfo and for reports
 * @size: bytes of an object
 * @align: bytes, a power of two; 0 for the least
 * @flags: the kernel's SLAB_*
 * @ctor: called for each object of a new slab; NULL for none
 *
 * Context: process context; sleeps.
 * Return: the cache; NULL when it can't be, reported. With SLAB_PANIC, too: a module doesn't stop its kernel.
 */
struct mmsim_kmem_cache *mmsim_kmem_cache_create(const char *name, unsigned int size, unsigned int align,
						 slab_flags_t flags, void (*ctor)(void *object))
{
	const struct mmsim_kmem_cache_args args = { .align = align, .ctor = ctor };

	return mmsim_cache_create(mmsim_slabs_live, name, size, &args, flags, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_create);

/**
 * mmsim_kmem_cache_create_usercopy() - the same with a part for user copies, as kmem_cache_create_usercopy()
 * @name: as for mmsim_kmem_cache_create()
 * @size: as for mmsim_kmem_cache_create()
 * @align: as for mmsim_kmem_cache_create()
 * @flags: as for mmsim_kmem_cache_create()
 * @useroffset: where in an object the part begins, bytes
 * @usersize: how long it is, bytes
 * @ctor: as for mmsim_kmem_cache_create()
 *
 * Context: process context; sleeps.
 * Return: as mmsim_kmem_cache_create(). A part that isn't inside the object is reported, and none.
 */
struct mmsim_kmem_cache *mmsim_kmem_cache_create_usercopy(const char *name, unsigned int size, unsigned int align,
							  slab_flags_t flags, unsigned int useroffset,
							  unsigned int usersize, void (*ctor)(void *object))
{
	const struct mmsim_kmem_cache_args args = {
		.align = align, .ctor = ctor, .useroffset = useroffset, .usersize = usersize,
	};

	return mmsim_cache_create(mmsim_slabs_live, name, size, &args, flags, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_create_usercopy);

/**
 * mmsim_kmem_cache_create_args() - the same with all there is to say, as __kmem_cache_create_args() of 6.12
 * @name: as for mmsim_kmem_cache_create()
 * @size: as for mmsim_kmem_cache_create()
 * @args: what is zero takes its default; NULL for nothing
 * @flags: as for mmsim_kmem_cache_create()
 *
 * Context: process context; sleeps.
 * Return: as mmsim_kmem_cache_create().
 */
struct mmsim_kmem_cache *mmsim_kmem_cache_create_args(const char *name, unsigned int size,
						      const struct mmsim_kmem_cache_args *args, slab_flags_t flags)
{
	return mmsim_cache_create(mmsim_slabs_live, name, size, args, flags, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_create_args);

/**
 * mmsim_kmem_cache_destroy() - give up a cache, as kmem_cache_destroy()
 * @s: the cache; NULL is ignored
 *
 * A cache with objects in use stays, and they are named.
 *
 * Context: process context; sleeps.
 */
void mmsim_kmem_cache_destroy(struct mmsim_kmem_cache *s)
{
	mmsim_cache_destroy(s, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_destroy);

/**
 * mmsim_kmem_cache_shrink() - give back what a cache holds without need, as kmem_cache_shrink()
 * @s: the cache
 *
 * Context: process context; sleeps.
 * Return: 0 when no slab is left, 1 otherwise.
 */
int mmsim_kmem_cache_shrink(struct mmsim_kmem_cache *s)
{
	return mmsim_cache_shrink(s) != 0;
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_shrink);

/**
 * mmsim_kmem_cache_size() - bytes of an object, as kmem_cache_size()
 * @s: the cache
 *
 * Return: what the cache was created with.
 */
unsigned int mmsim_kmem_cache_size(struct mmsim_kmem_cache *s)
{
	return s->object_size;
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_size);

/**
 * mmsim_kmem_cache_name() - a cache's name
 * @s: the cache
 *
 * Return: what the cache was created with.
 */
const char *mmsim_kmem_cache_name(struct mmsim_kmem_cache *s)
{
	return s->name;
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_name);

/**
 * mmsim_kmem_cache_alloc() - allocate an object, as kmem_cache_alloc()
 * @s: the cache
 * @gfp: the kernel's flags
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the object; NULL when there is none, reported unless __GFP_NOWARN.
 */
void *mmsim_kmem_cache_alloc(struct mmsim_kmem_cache *s, gfp_t gfp)
{
	return mmsim_front_alloc(s, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_alloc);

/**
 * mmsim_kmem_cache_alloc_node() - allocate an object near a node, as kmem_cache_alloc_node()
 * @s: the cache
 * @gfp: the kernel's flags; with __GFP_THISNODE no other node will do
 * @node: the node, or NUMA_NO_NODE
 *
 * Context: as mmsim_kmem_cache_alloc().
 * Return: as mmsim_kmem_cache_alloc().
 */
void *mmsim_kmem_cache_alloc_node(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	return mmsim_cache_alloc(s, gfp, node, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_alloc_node);

/**
 * mmsim_kmem_cache_alloc_bulk() - allocate several objects, as kmem_cache_alloc_bulk()
 * @s: the cache
 * @gfp: the kernel's flags
 * @nr: how many
 * @objects: where they go
 *
 * Context: as mmsim_kmem_cache_alloc().
 * Return: @nr, or 0 when there were not so many: then none is kept.
 */
int mmsim_kmem_cache_alloc_bulk(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects)
{
	return mmsim_cache_alloc_bulk(s, gfp, nr, objects, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_alloc_bulk);

/**
 * mmsim_kmem_cache_free() - free an object, as kmem_cache_free()
 * @s: the cache that it came from
 * @object: the object; NULL is ignored
 *
 * Context: any; never sleeps. What can't be freed is reported and stays as it is.
 */
void mmsim_kmem_cache_free(struct mmsim_kmem_cache *s, void *object)
{
	mmsim_front_free(s, object, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_free);

/**
 * mmsim_kmem_cache_free_bulk() - free several objects, as kmem_cache_free_bulk()
 * @s: the cache that they came from; NULL when they are kmalloc's
 * @nr: how many
 * @objects: the objects, in any order
 *
 * Context: as mmsim_kmem_cache_free().
 */
void mmsim_kmem_cache_free_bulk(struct mmsim_kmem_cache *s, size_t nr, void **objects)
{
	if (s)
		mmsim_cache_free_bulk(s, nr, objects, _RET_IP_);
	else
		mmsim_slabs_kfree_bulk(mmsim_slabs_live, nr, objects, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kmem_cache_free_bulk);
