// SPDX-License-Identifier: GPL-2.0
/*
 * kvmalloc and its family: memory from kmalloc() if there is a block of pages for it, and else from vmalloc().
 *
 * For more than a page kmalloc() is asked not to try hard and not to complain, since there is something to fall back
 * to. Up to a page there isn't: what kmalloc() doesn't have in so small a piece, vmalloc() hasn't either. Nor is there
 * for requests that can't sleep, and above INT_MAX, where only a mistake asks. The kernel's rules.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mmsim/kmalloc.h>
#include <mmsim/vmalloc.h>

#include "vmalloc/vmalloc.h"

/* The flags for the attempt with kmalloc(). */
static gfp_t first_gfp(gfp_t gfp, size_t size)
{
	if (size <= PAGE_SIZE)
		return gfp;
	gfp &= ~__GFP_NOFAIL;
	return gfp | __GFP_NOWARN | (gfp & __GFP_RETRY_MAYFAIL ? 0 : __GFP_NORETRY);
}

/* Whether there is a second attempt. */
static bool may_fall_back(gfp_t gfp, size_t size, const void *caller)
{
	if (size <= PAGE_SIZE || !gfpflags_allow_blocking(gfp))
		return false;
	if (size <= INT_MAX)
		return true;
	if (!(gfp & __GFP_NOWARN))
		mmsim_vmalloc_bad(mmsim_vmalloc_live, MMSIM_VMALLOC_BAD_SIZE, size, (unsigned long)caller);
	return false;
}

static void *fall_back(size_t size, gfp_t gfp, int node, const void *caller)
{
	const struct mmsim_vmalloc_request rq = {
		.size = size, .flags = VM_ALLOW_HUGE_VMAP, .gfp = gfp, .node = node, .caller = caller,
	};

	return may_fall_back(gfp, size, caller) ? mmsim_vmalloc_alloc(mmsim_vmalloc_live, &rq) : NULL;
}

/* What kmalloc() complains of, even though it is told not to, isn't asked of it. */
static void *try_kmalloc(size_t size, gfp_t gfp, int node)
{
	return size > MMSIM_KMALLOC_MAX_SIZE ? NULL : mmsim_kmalloc_node(size, first_gfp(gfp, size), node);
}

/**
 * mmsim_kvmalloc_node() - allocate memory, in one block if there is one, as kvmalloc_node()
 * @size: bytes
 * @gfp: the kernel's flags
 * @node: the node, or NUMA_NO_NODE
 *
 * Context: process context, may sleep; any, where @gfp says so, with no more than kmalloc() has then.
 * Return: the memory, for mmsim_kvfree(); ZERO_SIZE_PTR for 0 bytes; NULL when there is none.
 */
void *mmsim_kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	void *object = try_kmalloc(size, gfp, node);

	return likely(object) ? object : fall_back(size, gfp, node, __builtin_return_address(0));
}
EXPORT_SYMBOL_GPL(mmsim_kvmalloc_node);

/**
 * mmsim_kvfree() - free memory of either kind, as kvfree()
 * @object: what mmsim_kvmalloc(), mmsim_kmalloc() or mmsim_vmalloc() returned; NULL is ignored
 *
 * Context: any but NMI; process context may sleep.
 */
void mmsim_kvfree(const void *object)
{
	if (mmsim_is_vmalloc_addr(object))
		mmsim_vfree(object);
	else
		mmsim_kfree(object);
}
EXPORT_SYMBOL_GPL(mmsim_kvfree);

/**
 * mmsim_kvfree_sensitive() - free memory that held a secret, as kvfree_sensitive()
 * @object: as for mmsim_kvfree()
 * @size: bytes to overwrite first
 *
 * Context: as mmsim_kvfree().
 */
void mmsim_kvfree_sensitive(const void *object, size_t size)
{
	if (ZERO_OR_NULL_PTR(object))
		return;
	memzero_explicit((void *)object, size);
	mmsim_kvfree(object);
}
EXPORT_SYMBOL_GPL(mmsim_kvfree_sensitive);

/**
 * mmsim_kvfree_call_rcu() - what mmsim_kfree_rcu() comes down to, as kvfree_call_rcu()
 * @head: the struct rcu_head in the memory; NULL: there is none, and the caller waits for the grace period
 * @object: what kvmalloc, vmalloc, kmalloc or a cache of SLUB or SLAB returned
 *
 * Context: any, and never sleeps; without @head process context, and sleeps. When the module goes, all of it is freed
 * before.
 */
void mmsim_kvfree_call_rcu(struct rcu_head *head, void *object)
{
	struct mmsim_vmalloc *vm = mmsim_vmalloc_live;

	if (vm && mmsim_vmalloc_is_addr(vm, object))
		mmsim_grace_free(&vm->grace, object, head);
	else
		mmsim_kfree_call_rcu(head, object);
}
EXPORT_SYMBOL_GPL(mmsim_kvfree_call_rcu);

/**
 * mmsim_kvfree_rcu_barrier() - wait until all that mmsim_kfree_rcu() has been given is free, as kvfree_rcu_barrier()
 *
 * Context: process context; sleeps.
 */
void mmsim_kvfree_rcu_barrier(void)
{
	if (mmsim_vmalloc_live)
		mmsim_grace_barrier(&mmsim_vmalloc_live->grace);
	mmsim_kfree_rcu_barrier();
}
EXPORT_SYMBOL_GPL(mmsim_kvfree_rcu_barrier);

/**
 * mmsim_kvrealloc() - make memory of either kind larger or smaller, as kvrealloc() of 6.12
 * @object: what mmsim_kvmalloc() returned; NULL: nothing yet
 * @size: bytes; 0 frees it
 * @gfp: the kernel's flags
 *
 * It may change its kind as it grows.
 *
 * Context: as mmsim_kvmalloc_node().
 * Return: as mmsim_kvmalloc_node(); with NULL for a size that is not 0 the old memory stays.
 */
void *mmsim_kvrealloc(const void *object, size_t size, gfp_t gfp)
{
	void *to = NULL;

	if (mmsim_is_vmalloc_addr(object))
		return mmsim_vmalloc_realloc(mmsim_vmalloc_live, (void *)object, size, gfp,
					     __builtin_return_address(0));
	if (size <= MMSIM_KMALLOC_MAX_SIZE)
		to = mmsim_krealloc(object, size, first_gfp(gfp, size));
	if (to)
		return to;
	to = fall_back(size, gfp, NUMA_NO_NODE, __builtin_return_address(0));
	if (to && object) {
		memcpy(to, object, mmsim_ksize(object));
		mmsim_kfree(object);
	}
	return to;
}
EXPORT_SYMBOL_GPL(mmsim_kvrealloc);
