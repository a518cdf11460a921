// SPDX-License-Identifier: GPL-2.0
/*
 * The exported functions of kmalloc and its family: the kernel's, on the live instance. What they do stands in
 * kmalloc.c.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <mmsim/kmalloc.h>

#include "slab/front.h"

/**
 * mmsim___kmalloc() - allocate memory, as __kmalloc(); for sizes that are known at run time
 * @size: bytes
 * @gfp: the kernel's flags
 *
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Return: the memory, aligned to the size if that is a power of two and at least to 8; ZERO_SIZE_PTR for 0 bytes; NULL
 * when there is none, reported unless __GFP_NOWARN.
 */
void *mmsim___kmalloc(size_t size, gfp_t gfp)
{
	return mmsim_front_kmalloc(mmsim_slabs_live, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___kmalloc);

/**
 * mmsim___kmalloc_index() - allocate memory of a constant size; what mmsim_kmalloc() then comes down to
 * @index: mmsim_kmalloc_index() of @size
 * @size: bytes, from 1 to MMSIM_KMALLOC_MAX_CACHE_SIZE
 * @gfp: the kernel's flags
 *
 * Context: as mmsim___kmalloc().
 * Return: as mmsim___kmalloc().
 */
void *mmsim___kmalloc_index(unsigned int index, size_t size, gfp_t gfp)
{
	return mmsim_front_kmalloc_index(mmsim_slabs_live, index, size, gfp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___kmalloc_index);

/**
 * mmsim___kmalloc_large() - allocate more memory than a cache has, as kmalloc_large()
 * @size: bytes
 * @gfp: the kernel's flags
 *
 * Context: as mmsim___kmalloc().
 * Return: as mmsim___kmalloc(), aligned to a page.
 */
void *mmsim___kmalloc_large(size_t size, gfp_t gfp)
{
	return mmsim_slabs_kmalloc_large(mmsim_slabs_live, size, gfp, NUMA_NO_NODE, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___kmalloc_large);

/**
 * mmsim___kmalloc_node() - allocate memory near a node, as __kmalloc_node()
 * @size: bytes
 * @gfp: the kernel's flags; with __GFP_THISNODE no other node will do
 * @node: the node, or NUMA_NO_NODE
 *
 * Context: as mmsim___kmalloc().
 * Return: as mmsim___kmalloc().
 */
void *mmsim___kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return mmsim_slabs_kmalloc(mmsim_slabs_live, size, gfp, node, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim___kmalloc_node);

/**
 * mmsim_kmalloc_node_track_caller() - allocate memory for somebody else, as __kmalloc_node_track_caller()
 * @size: bytes
 * @gfp: the kernel's flags
 * @node: the node, or NUMA_NO_NODE
 * @caller: whom to name as the owner
 *
 * Context: as mmsim___kmalloc().
 * Return: as mmsim___kmalloc().
 */
void *mmsim_kmalloc_node_track_caller(size_t size, gfp_t gfp, int node, unsigned long caller)
{
	return mmsim_slabs_kmalloc(mmsim_slabs_live, size, gfp, node, caller);
}
EXPORT_SYMBOL_GPL(mmsim_kmalloc_node_track_caller);

/**
 * mmsim_kfree() - free memory, as kfree()
 * @object: what kmalloc or a cache returned; NULL and ZERO_SIZE_PTR are ignored
 *
 * Context: any; never sleeps. What can't be freed is reported and stays as it is.
 */
void mmsim_kfree(const void *object)
{
	mmsim_front_kfree(mmsim_slabs_live, object, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kfree);

/**
 * mmsim_kfree_sensitive() - free memory that held a secret, as kfree_sensitive()
 * @object: as for mmsim_kfree()
 *
 * All of it is overwritten first, what the client had not asked for included.
 *
 * Context: as mmsim_kfree().
 */
void mmsim_kfree_sensitive(const void *object)
{
	size_t size = mmsim_slabs_ksize(mmsim_slabs_live, object);

	if (size)
		memzero_explicit((void *)object, size);
	mmsim_slabs_kfree(mmsim_slabs_live, object, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kfree_sensitive);

/**
 * mmsim_kfree_call_rcu() - what mmsim_kfree_rcu() comes down to for memory of the slab floor
 * @head: the struct rcu_head in the object; NULL: there is none, and the caller waits for the grace period
 * @object: what kmalloc or a cache of SLUB or SLAB returned
 *
 * Context: any, and never sleeps; without @head process context, and sleeps. When the module goes, all of it is freed
 * before.
 */
void mmsim_kfree_call_rcu(struct rcu_head *head, void *object)
{
	mmsim_grace_free(&mmsim_slabs_live->grace, object, head);
}
EXPORT_SYMBOL_GPL(mmsim_kfree_call_rcu);

/**
 * mmsim_kfree_rcu_barrier() - wait until all that mmsim_kfree_call_rcu() has been given is free
 *
 * Context: process context; sleeps.
 */
void mmsim_kfree_rcu_barrier(void)
{
	mmsim_grace_barrier(&mmsim_slabs_live->grace);
}
EXPORT_SYMBOL_GPL(mmsim_kfree_rcu_barrier);

/**
 * mmsim_kfree_bulk() - free several pieces of memory, as kfree_bulk()
 * @nr: how many
 * @objects: what kmalloc returned, in any order
 *
 * Context: as mmsim_kfree().
 */
void mmsim_kfree_bulk(size_t nr, void **objects)
{
	mmsim_slabs_kfree_bulk(mmsim_slabs_live, nr, objects, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mmsim_kfree_bulk);

/**
 * mmsim_ksize() - how much memory there is at an object, as ksize()
 * @object: what kmalloc returned
 *
 * Context: any.
 * Return: bytes that may be used, at least those asked for; 0 for NULL and ZERO_SIZE_PTR.
 */
size_t mmsim_ksize(const void *object)
{
	return mmsim_slabs_ksize(mmsim_slabs_live, object);
}
EXPORT_SYMBOL_GPL(mmsim_ksize);

/**
 * mmsim_kmalloc_size_roundup() - what kmalloc would give for a size, as kmalloc_size_roundup()
 * @size: bytes
 *
 * Context: any.
 * Return: bytes; @size itself when it is 0 or more than there ever is.
 */
size_t mmsim_kmalloc_size_roundup(size_t size)
{
	if (!size || size > MMSIM_KMALLOC_MAX_SIZE)
		return size;
	if (size > MMSIM_KMALLOC_MAX_CACHE_SIZE)
		return PAGE_SIZE << get_order(size);
	return mmsim_slabs_live->kmalloc[MMSIM_KMALLOC_NORMAL][mmsim_kmalloc_index(size)]->object_size;
}
EXPORT_SYMBOL_GPL(mmsim_kmalloc_size_roundup);

/**
 * mmsim_krealloc() - make memory larger or smaller, as krealloc()
 * @object: what kmalloc returned; NULL and ZERO_SIZE_PTR: nothing yet
 * @size: bytes; 0 frees it
 * @gfp: the kernel's flags
 *
 * It stays where it is as long as the size fits there.
 *
 * Context: as mmsim___kmalloc().
 * Return: as mmsim___kmalloc(); with NULL the old memory stays.
 */
void *mmsim_krealloc(const void *object, size_t size, gfp_t gfp)
{
	size_t had = mmsim_slabs_ksize(mmsim_slabs_live, object);
	void *to;

	if (!size) {
		mmsim_slabs_kfree(mmsim_slabs_live, object, _RET_IP_);
		return ZERO_SIZE_PTR;
	}
	if (had >= size)
		return (void *)object;
	to = mmsim_slabs_kmalloc(mmsim_slabs_live, size, gfp, NUMA_NO_NODE, _RET_IP_);
	if (to && !ZERO_OR_NULL_PTR(object)) {
		memcpy(to, object, had);	/* 0 bytes of what isn't kmalloc's, which the free reports */
		mmsim_slabs_kfree(mmsim_slabs_live, object, _RET_IP_);
	}
	return to;
}
EXPORT_SYMBOL_GPL(mmsim_krealloc);

/**
 * mmsim_kmemdup() - copy memory, as kmemdup()
 * @from: what to copy
 * @size: bytes
 * @gfp: the kernel's flags
 *
 * Context: as mmsim___kmalloc().
 * Return: the copy, or NULL.
 */
void *mmsim_kmemdup(const void *from, size_t size, gfp_t gfp)
{
	void *to = mmsim_slabs_kmalloc(mmsim_slabs_live, size, gfp, NUMA_NO_NODE, _RET_IP_);

	return ZERO_OR_NULL_PTR(to) ? to : memcpy(to, from, size);
}
EXPORT_SYMBOL_GPL(mmsim_kmemdup);

static char *dup_chars(const char *from, size_t nr, gfp_t gfp, unsigned long caller)
{
	char *to = mmsim_slabs_kmalloc(mmsim_slabs_live, nr + 1, gfp, NUMA_NO_NODE, caller);

	if (!to)
		return NULL;
	memcpy(to, from, nr);
	to[nr] = '\0';
	return to;
}

/**
 * mmsim_kstrdup() - copy a string, as kstrdup()
 * @from: the string; NULL: none
 * @gfp: the kernel's flags
 *
 * Context: as mmsim___kmalloc().
 * Return: the copy, or NULL.
 */
char *mmsim_kstrdup(const char *from, gfp_t gfp)
{
	return from ? dup_chars(from, strlen(from), gfp, _RET_IP_) : NULL;
}
EXPORT_SYMBOL_GPL(mmsim_kstrdup);

/**
 * mmsim_kstrndup() - copy the beginning of a string, as kstrndup()
 * @from: the string; NULL: none
 * @max: characters at most
 * @gfp: the kernel's flags
 *
 * Context: as mmsim___kmalloc().
 * Return: the copy, ended by a zero; or NULL.
 */
char *mmsim_kstrndup(const char *from, size_t max, gfp_t gfp)
{
	return from ? dup_chars(from, strnlen(from, max), gfp, _RET_IP_) : NULL;
}
EXPORT_SYMBOL_GPL(mmsim_kstrndup);
