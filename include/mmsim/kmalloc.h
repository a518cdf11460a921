/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mmsim's kmalloc and its family, as other modules see them: the kernel's functions with mmsim_ before their names.
 * They act on the live instance. The functions' documentation stands where they are defined, in
 * src/slab/kmalloc_export.c.
 */
#ifndef MMSIM_KMALLOC_H
#define MMSIM_KMALLOC_H

#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>

#include <mmsim/page.h>
#include <mmsim/slab.h>

/* What is larger comes from the page allocator; what is larger than the second, from nowhere. */
#define MMSIM_KMALLOC_MAX_CACHE_SIZE	(2 * PAGE_SIZE)
#define MMSIM_KMALLOC_MAX_SIZE		(PAGE_SIZE << MMSIM_MAX_ORDER)
#define MMSIM_KMALLOC_MIN_SIZE		8

/*
 * The number of the cache that a size comes from, as the kernel's kmalloc_index(): 1 is 96 bytes, 2 is 192, and n above
 * that is 2^n. 0 is no cache: nothing is asked for. For a constant size it costs nothing.
 */
static __always_inline unsigned int mmsim_kmalloc_index(size_t size)
{
	if (!size)
		return 0;
	if (size <= MMSIM_KMALLOC_MIN_SIZE)
		return 3;
	if (size > 64 && size <= 96)
		return 1;
	if (size > 128 && size <= 192)
		return 2;
	return ilog2(size - 1) + 1;
}

void *mmsim___kmalloc(size_t size, gfp_t gfp);
void *mmsim___kmalloc_index(unsigned int index, size_t size, gfp_t gfp);
void *mmsim___kmalloc_large(size_t size, gfp_t gfp);
void *mmsim___kmalloc_node(size_t size, gfp_t gfp, int node);
void *mmsim_kmalloc_node_track_caller(size_t size, gfp_t gfp, int node, unsigned long caller);
void mmsim_kfree(const void *object);
void mmsim_kfree_sensitive(const void *object);
void mmsim_kfree_bulk(size_t nr, void **objects);
size_t mmsim_ksize(const void *object);
size_t mmsim_kmalloc_size_roundup(size_t size);
void *mmsim_krealloc(const void *object, size_t size, gfp_t gfp);
void *mmsim_kmemdup(const void *from, size_t size, gfp_t gfp);
char *mmsim_kstrdup(const char *from, gfp_t gfp);
char *mmsim_kstrndup(const char *from, size_t max, gfp_t gfp);

void mmsim_kfree_call_rcu(struct rcu_head *head, void *object);
void mmsim_kfree_rcu_barrier(void);
void mmsim_kvfree_call_rcu(struct rcu_head *head, void *object);
void mmsim_kvfree_rcu_barrier(void);

/* As kfree_rcu(): frees what @ptr points to after a grace period; @rhf is the struct rcu_head in it. */
#define mmsim_kfree_rcu(ptr, rhf)								\
do {												\
	typeof(ptr) ___ptr = (ptr);								\
												\
	if (___ptr)										\
		mmsim_kvfree_call_rcu((void *)___ptr + offsetof(typeof(*___ptr), rhf), (void *)___ptr);	\
} while (0)

/* The same for what has no struct rcu_head in it: waits for the grace period. Both free areas of vmalloc's, too. */
#define mmsim_kfree_rcu_mightsleep(ptr)								\
do {												\
	typeof(ptr) ___ptr = (ptr);								\
												\
	if (___ptr)										\
		mmsim_kvfree_call_rcu(NULL, (void *)___ptr);					\
} while (0)

static __always_inline void *mmsim_kmalloc(size_t size, gfp_t gfp)
{
	if (!__builtin_constant_p(size) || !size)
		return mmsim___kmalloc(size, gfp);
	if (size > MMSIM_KMALLOC_MAX_CACHE_SIZE)
		return mmsim___kmalloc_large(size, gfp);
	return mmsim___kmalloc_index(mmsim_kmalloc_index(size), size, gfp);
}

static __always_inline void *mmsim_kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return mmsim___kmalloc_node(size, gfp, node);
}

#define mmsim_kmalloc_track_caller(size, gfp)							\
	mmsim_kmalloc_node_track_caller(size, gfp, NUMA_NO_NODE, _RET_IP_)

static inline void *mmsim_kzalloc(size_t size, gfp_t gfp)
{
	return mmsim_kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *mmsim_kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return mmsim_kmalloc_node(size, gfp | __GFP_ZERO, node);
}

static inline void *mmsim_kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes) ? NULL : mmsim_kmalloc(bytes, gfp);
}

static inline void *mmsim_kmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes) ? NULL : mmsim_kmalloc_node(bytes, gfp, node);
}

static inline void *mmsim_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return mmsim_kmalloc_array(n, size, gfp | __GFP_ZERO);
}

static inline void *mmsim_kcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return mmsim_kmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

static inline void *mmsim_krealloc_array(void *object, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes) ? NULL : mmsim_krealloc(object, bytes, gfp);
}

/* Of kmalloc() or, when that has no block so large, of vmalloc(); documented in src/vmalloc/kvmalloc.c. */
void *mmsim_kvmalloc_node(size_t size, gfp_t gfp, int node);
void *mmsim_kvrealloc(const void *object, size_t size, gfp_t gfp);
void mmsim_kvfree(const void *object);
void mmsim_kvfree_sensitive(const void *object, size_t size);

static inline void *mmsim_kvmalloc(size_t size, gfp_t gfp)
{
	return mmsim_kvmalloc_node(size, gfp, NUMA_NO_NODE);
}

static inline void *mmsim_kvzalloc(size_t size, gfp_t gfp)
{
	return mmsim_kvmalloc_node(size, gfp | __GFP_ZERO, NUMA_NO_NODE);
}

static inline void *mmsim_kvzalloc_node(size_t size, gfp_t gfp, int node)
{
	return mmsim_kvmalloc_node(size, gfp | __GFP_ZERO, node);
}

static inline void *mmsim_kvmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes) ? NULL : mmsim_kvmalloc_node(bytes, gfp, node);
}

static inline void *mmsim_kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return mmsim_kvmalloc_array_node(n, size, gfp, NUMA_NO_NODE);
}

static inline void *mmsim_kvcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return mmsim_kvmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

static inline void *mmsim_kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return mmsim_kvcalloc_node(n, size, gfp, NUMA_NO_NODE);
}

#endif /* MMSIM_KMALLOC_H */
