// SPDX-License-Identifier: GPL-2.0
/*
 * What the benchmark compares: the operations, on the host's side and on mmsim's, and the rows made of them.
 *
 * An operation is four small functions, an allocation and a free a side, which call the exported, out-of-line entry
 * point of that side with the same gfp flags and the same order. They are inlined into one loop a side and shape, so
 * that both sides have the same few instructions around their calls; the rows "loop_*" say how many. A batch is freed
 * in the order in which it was allocated.
 *
 * Two shapes are special: `bulk' gets a batch with one call, and gives objects back with one, too; `cross' is a batch
 * that is freed on another CPU than it was allocated on. There the thread itself moves, which both sides pay for alike:
 * a part of a batch's cost.
 *
 * A new operation: its four functions and a DEFINE_OP(). A new row: one line in mmsim_bench_rows.
 */
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <mmsim/kmalloc.h>
#include <mmsim/vmalloc.h>
#include <mmsim/page.h>
#include <mmsim/slab.h>

#include "drive/bench.h"

typedef void *(*alloc_fn)(const struct mmsim_bench_args *args);
typedef void (*free_fn)(const struct mmsim_bench_args *args, void *p);

static __always_inline bool run_pairs(const struct mmsim_bench_args *args, unsigned long rounds, alloc_fn alloc,
				      free_fn free)
{
	while (rounds--) {
		void *p = alloc(args);

		if (unlikely(!p))
			return false;
		free(args, p);
	}
	return true;
}

/* Allocates a batch; false when it doesn't, and then nothing is held. */
static __always_inline bool alloc_batch(const struct mmsim_bench_args *args, alloc_fn alloc, free_fn free)
{
	unsigned int i;

	for (i = 0; i < args->batch; i++) {
		args->held[i] = alloc(args);
		if (likely(args->held[i]))
			continue;
		while (i--)
			free(args, args->held[i]);
		return false;
	}
	return true;
}

static __always_inline void free_batch(const struct mmsim_bench_args *args, free_fn free)
{
	unsigned int i;

	for (i = 0; i < args->batch; i++)
		free(args, args->held[i]);
}

static __always_inline bool run_batches(const struct mmsim_bench_args *args, unsigned long rounds, alloc_fn alloc,
					free_fn free)
{
	while (rounds--) {
		if (!alloc_batch(args, alloc, free))
			return false;
		free_batch(args, free);
	}
	return true;
}

/* Moves to the first CPU, or the last; there must be two. */
static bool go(bool last)
{
	unsigned int first = cpumask_first(cpu_online_mask), other = cpumask_last(cpu_online_mask);

	return first != other && !set_cpus_allowed_ptr(current, cpumask_of(last ? other : first));
}

static __always_inline bool run_cross(const struct mmsim_bench_args *args, unsigned long rounds, alloc_fn alloc,
				      free_fn free)
{
	bool ok = true;

	while (ok && rounds--) {
		ok = go(false) && alloc_batch(args, alloc, free);
		if (ok) {
			ok = go(true);
			free_batch(args, free);
		}
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	return ok;
}

static __always_inline bool run_bulks(const struct mmsim_bench_args *args, unsigned long rounds,
				      unsigned long (*bulk)(const struct mmsim_bench_args *args), free_fn free)
{
	unsigned long nr = args->batch, i;

	memset(args->held, 0, nr * sizeof(*args->held));
	while (nr == args->batch && rounds--) {
		nr = bulk(args);
		for (i = 0; i < nr; i++) {
			free(args, args->held[i]);
			args->held[i] = NULL;
		}
	}
	return nr == args->batch;
}

/* The loops of one side of an operation, from its functions NAME_alloc and NAME_free. */
#define DEFINE_LOOPS(name)									\
static noinline bool name##_pair(const struct mmsim_bench_args *args, unsigned long rounds)	\
{												\
	return run_pairs(args, rounds, name##_alloc, name##_free);				\
}												\
static noinline bool name##_batch(const struct mmsim_bench_args *args, unsigned long rounds)	\
{												\
	return run_batches(args, rounds, name##_alloc, name##_free);				\
}

#define DEFINE_OP(op, ...)									\
DEFINE_LOOPS(host_##op)										\
DEFINE_LOOPS(mmsim_##op)									\
static const struct mmsim_bench_op op##_op = {							\
	.pair = { host_##op##_pair, mmsim_##op##_pair },					\
	.batch = { host_##op##_batch, mmsim_##op##_batch },					\
	.alloc = { host_##op##_alloc, mmsim_##op##_alloc },					\
	.free = { host_##op##_free, mmsim_##op##_free },					\
	__VA_ARGS__										\
}

/* The same of batches that another CPU frees. */
#define DEFINE_CROSS(name)									\
static noinline bool host_##name##_cross(const struct mmsim_bench_args *args, unsigned long rounds)	\
{												\
	return run_cross(args, rounds, host_##name##_alloc, host_##name##_free);		\
}												\
static noinline bool mmsim_##name##_cross(const struct mmsim_bench_args *args, unsigned long rounds)	\
{												\
	return run_cross(args, rounds, mmsim_##name##_alloc, mmsim_##name##_free);		\
}												\
static const struct mmsim_bench_op name##_cross_op = {						\
	.batch = { host_##name##_cross, mmsim_##name##_cross },					\
}

/* loop: no allocator at all, a call in the place of each; what every other row contains besides its allocator. */
static noinline void *no_alloc(gfp_t gfp, unsigned int order)
{
	static char nothing;

	barrier();
	return &nothing;
}

static noinline void no_free(void *p, unsigned int order)
{
	barrier();
}

static __always_inline void *host_loop_alloc(const struct mmsim_bench_args *args)
{
	return no_alloc(READ_ONCE(args->gfp), READ_ONCE(args->order));
}

static __always_inline void host_loop_free(const struct mmsim_bench_args *args, void *p)
{
	no_free(p, READ_ONCE(args->order));
}

#define mmsim_loop_alloc	host_loop_alloc
#define mmsim_loop_free		host_loop_free

DEFINE_OP(loop);

/* page: alloc_pages and __free_pages */
static __always_inline void *host_page_alloc(const struct mmsim_bench_args *args)
{
	return alloc_pages(READ_ONCE(args->gfp), READ_ONCE(args->order));
}

static __always_inline void host_page_free(const struct mmsim_bench_args *args, void *p)
{
	__free_pages(p, READ_ONCE(args->order));
}

static __always_inline void *mmsim_page_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_alloc_pages(READ_ONCE(args->gfp), READ_ONCE(args->order));
}

static __always_inline void mmsim_page_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim___free_pages(p, READ_ONCE(args->order));
}

static phys_addr_t host_page_phys(void *p)
{
	return page_to_phys((struct page *)p);
}

static phys_addr_t mmsim_page_phys(void *p)
{
	return mmsim_page_to_phys(p);
}

DEFINE_OP(page, .phys = { host_page_phys, mmsim_page_phys });

/* page_cross: the same on two CPUs */
DEFINE_CROSS(page);

/* bulk: alloc_pages_bulk_array, and __free_pages for each */
static __always_inline unsigned long host_bulk(const struct mmsim_bench_args *args)
{
	return alloc_pages_bulk_array(READ_ONCE(args->gfp), READ_ONCE(args->batch), (struct page **)args->held);
}

static __always_inline unsigned long mmsim_bulk(const struct mmsim_bench_args *args)
{
	return mmsim_alloc_pages_bulk_array(READ_ONCE(args->gfp), READ_ONCE(args->batch),
					    (struct mmsim_page **)args->held);
}

static noinline bool host_bulk_batch(const struct mmsim_bench_args *args, unsigned long rounds)
{
	return run_bulks(args, rounds, host_bulk, host_page_free);
}

static noinline bool mmsim_bulk_batch(const struct mmsim_bench_args *args, unsigned long rounds)
{
	return run_bulks(args, rounds, mmsim_bulk, mmsim_page_free);
}

static const struct mmsim_bench_op bulk_op = { .batch = { host_bulk_batch, mmsim_bulk_batch } };

/* zeroed: get_zeroed_page and free_pages */
static __always_inline void *host_zeroed_alloc(const struct mmsim_bench_args *args)
{
	return (void *)get_zeroed_page(READ_ONCE(args->gfp));
}

static __always_inline void host_zeroed_free(const struct mmsim_bench_args *args, void *p)
{
	free_pages((unsigned long)p, READ_ONCE(args->order));
}

static __always_inline void *mmsim_zeroed_alloc(const struct mmsim_bench_args *args)
{
	return (void *)mmsim_get_zeroed_page(READ_ONCE(args->gfp));
}

static __always_inline void mmsim_zeroed_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_free_pages((unsigned long)p, READ_ONCE(args->order));
}

DEFINE_OP(zeroed);

/* kmalloc: of a size that the compiler can't see */
static __always_inline void *host_kmalloc_alloc(const struct mmsim_bench_args *args)
{
	return kmalloc(READ_ONCE(args->size), READ_ONCE(args->gfp));
}

static __always_inline void host_kmalloc_free(const struct mmsim_bench_args *args, void *p)
{
	kfree(p);
}

static __always_inline void *mmsim_kmalloc_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_kmalloc(READ_ONCE(args->size), READ_ONCE(args->gfp));
}

static __always_inline void mmsim_kmalloc_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_kfree(p);
}

DEFINE_OP(kmalloc);
DEFINE_CROSS(kmalloc);

/* cache: objects of 256 bytes */
static struct kmem_cache *host_cache;
static struct mmsim_kmem_cache *mmsim_cache;

int mmsim_bench_make_caches(void)
{
	host_cache = kmem_cache_create("mmsim_bench", 256, 0, HOST_SLAB_NO_MERGE, NULL);
	mmsim_cache = mmsim_kmem_cache_create("mmsim_bench", 256, 0, SLAB_NO_MERGE, NULL);
	if (host_cache && mmsim_cache)
		return 0;
	mmsim_bench_drop_caches();
	return -ENOMEM;
}

void mmsim_bench_drop_caches(void)
{
	kmem_cache_destroy(host_cache);
	mmsim_kmem_cache_destroy(mmsim_cache);
	host_cache = NULL;
	mmsim_cache = NULL;
}

static __always_inline void *host_cache_alloc(const struct mmsim_bench_args *args)
{
	return kmem_cache_alloc(host_cache, READ_ONCE(args->gfp));
}

static __always_inline void host_cache_free(const struct mmsim_bench_args *args, void *p)
{
	kmem_cache_free(host_cache, p);
}

static __always_inline void *mmsim_cache_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_kmem_cache_alloc(mmsim_cache, READ_ONCE(args->gfp));
}

static __always_inline void mmsim_cache_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_kmem_cache_free(mmsim_cache, p);
}

DEFINE_OP(cache);
DEFINE_CROSS(cache);

/* cache_bulk: as many objects as a batch has, in one call */
static noinline bool host_cache_bulk_batch(const struct mmsim_bench_args *args, unsigned long rounds)
{
	while (rounds--) {
		if (!kmem_cache_alloc_bulk(host_cache, READ_ONCE(args->gfp), args->batch, args->held))
			return false;
		kmem_cache_free_bulk(host_cache, args->batch, args->held);
	}
	return true;
}

static noinline bool mmsim_cache_bulk_batch(const struct mmsim_bench_args *args, unsigned long rounds)
{
	while (rounds--) {
		if (!mmsim_kmem_cache_alloc_bulk(mmsim_cache, READ_ONCE(args->gfp), args->batch, args->held))
			return false;
		mmsim_kmem_cache_free_bulk(mmsim_cache, args->batch, args->held);
	}
	return true;
}

static const struct mmsim_bench_op cache_bulk_op = { .batch = { host_cache_bulk_batch, mmsim_cache_bulk_batch } };

/* vmalloc: of a size that the compiler can't see */
static __always_inline void *host_vmalloc_alloc(const struct mmsim_bench_args *args)
{
	return vmalloc(READ_ONCE(args->size));
}

static __always_inline void host_vmalloc_free(const struct mmsim_bench_args *args, void *p)
{
	vfree(p);
}

static __always_inline void *mmsim_vmalloc_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_vmalloc(READ_ONCE(args->size));
}

static __always_inline void mmsim_vmalloc_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_vfree(p);
}

DEFINE_OP(vmalloc);

/* kvmalloc: the same */
static __always_inline void *host_kvmalloc_alloc(const struct mmsim_bench_args *args)
{
	return kvmalloc(READ_ONCE(args->size), READ_ONCE(args->gfp));
}

static __always_inline void host_kvmalloc_free(const struct mmsim_bench_args *args, void *p)
{
	kvfree(p);
}

static __always_inline void *mmsim_kvmalloc_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_kvmalloc(READ_ONCE(args->size), READ_ONCE(args->gfp));
}

static __always_inline void mmsim_kvmalloc_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_kvfree(p);
}

DEFINE_OP(kvmalloc);

/* vmap: of pages that are there */
static struct page *host_pages[MMSIM_BENCH_MAPPED];
static struct mmsim_page *mmsim_pages[MMSIM_BENCH_MAPPED];

int mmsim_bench_get_pages(void)
{
	if (alloc_pages_bulk_array(GFP_KERNEL, MMSIM_BENCH_MAPPED, host_pages) == MMSIM_BENCH_MAPPED &&
	    mmsim_alloc_pages_bulk_array(GFP_KERNEL, MMSIM_BENCH_MAPPED, mmsim_pages) == MMSIM_BENCH_MAPPED)
		return 0;
	mmsim_bench_put_pages();
	return -ENOMEM;
}

void mmsim_bench_put_pages(void)
{
	unsigned int i;

	for (i = 0; i < MMSIM_BENCH_MAPPED; i++) {
		if (host_pages[i])
			__free_page(host_pages[i]);
		mmsim___free_page(mmsim_pages[i]);
		host_pages[i] = NULL;
		mmsim_pages[i] = NULL;
	}
}

static __always_inline void *host_vmap_alloc(const struct mmsim_bench_args *args)
{
	return vmap(host_pages, READ_ONCE(args->size) >> PAGE_SHIFT, VM_MAP, PAGE_KERNEL);
}

static __always_inline void host_vmap_free(const struct mmsim_bench_args *args, void *p)
{
	vunmap(p);
}

static __always_inline void *mmsim_vmap_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_vmap(mmsim_pages, READ_ONCE(args->size) >> PAGE_SHIFT, VM_MAP, PAGE_KERNEL);
}

static __always_inline void mmsim_vmap_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_vunmap(p);
}

DEFINE_OP(vmap);

/* ram: the same for short lives */
static __always_inline void *host_ram_alloc(const struct mmsim_bench_args *args)
{
	return vm_map_ram(host_pages, READ_ONCE(args->size) >> PAGE_SHIFT, NUMA_NO_NODE);
}

static __always_inline void host_ram_free(const struct mmsim_bench_args *args, void *p)
{
	vm_unmap_ram(p, READ_ONCE(args->size) >> PAGE_SHIFT);
}

static __always_inline void *mmsim_ram_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_vm_map_ram(mmsim_pages, READ_ONCE(args->size) >> PAGE_SHIFT, NUMA_NO_NODE);
}

static __always_inline void mmsim_ram_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_vm_unmap_ram(p, READ_ONCE(args->size) >> PAGE_SHIFT);
}

DEFINE_OP(ram);

/* area: of one page, to have many */
static void *host_area_alloc(const struct mmsim_bench_args *args)
{
	return vmap(host_pages, 1, VM_MAP, PAGE_KERNEL);
}

static void *mmsim_area_alloc(const struct mmsim_bench_args *args)
{
	return mmsim_vmap(mmsim_pages, 1, VM_MAP, PAGE_KERNEL);
}

static void host_area_free(const struct mmsim_bench_args *args, void *p)
{
	vunmap(p);
}

static void mmsim_area_free(const struct mmsim_bench_args *args, void *p)
{
	mmsim_vunmap(p);
}

const struct mmsim_bench_op mmsim_bench_area_op = {
	.alloc = { host_area_alloc, mmsim_area_alloc },
	.free = { host_area_free, mmsim_area_free },
};

#define ROW_FULL(_name, _op, _order, _batch, _a, _b, _state)	{				\
	.name = (_name), .op = &(_op), .order = (_order), .batch = (_batch),			\
	.a = MMSIM_BENCH_##_a, .b = MMSIM_BENCH_##_b, .state = MMSIM_BENCH_##_state,		\
}

#define ROW(name, op, order, batch)		ROW_FULL(name, op, order, batch, HOST, MMSIM, ANY)
#define ROW_STATE(name, op, order, state)	ROW_FULL(name, op, order, 0, HOST, MMSIM, state)

/* Objects: by their size, and those of a cache. */
#define ROW_SIZE(_name, _op, _size, _batch)	{						\
	.name = (_name), .op = &(_op), .size = (_size), .batch = (_batch),			\
	.a = MMSIM_BENCH_HOST, .b = MMSIM_BENCH_MMSIM,						\
}

/* Areas: of so many bytes, in slices of so many pairs, so that every slice of either side has its purges. */
#define ROW_AREA(_name, _op, _size, _rounds, _state)	{					\
	.name = (_name), .op = &(_op), .size = (_size), .rounds = (_rounds),			\
	.a = MMSIM_BENCH_HOST, .b = MMSIM_BENCH_MMSIM, .state = MMSIM_BENCH_##_state,		\
}

/* Large batches: a round is longer than a slice should be. */
#define ROW_CROSS(_name, _op, _size)	{							\
	.name = (_name), .op = &(_op), .size = (_size), .batch = 4096, .rounds = 1,		\
	.a = MMSIM_BENCH_HOST, .b = MMSIM_BENCH_MMSIM,						\
}

/* The names' first word, up to the '_', is the row's family: what one load of the module is asked to measure. */
const struct mmsim_bench_row mmsim_bench_rows[] = {
	ROW("loop_pair", loop_op, 0, 0),
	ROW("loop_batch128", loop_op, 0, 128),

	ROW_FULL("aa_host_order0_pair", page_op, 0, 0, HOST, HOST, ANY),
	ROW_FULL("aa_host_order0_batch128", page_op, 0, 128, HOST, HOST, ANY),
	ROW_FULL("aa_host_order4_batch128", page_op, 4, 128, HOST, HOST, ANY),
	ROW_FULL("aa_mmsim_order0_pair", page_op, 0, 0, MMSIM, MMSIM, ANY),
	ROW_FULL("aa_mmsim_order0_batch128", page_op, 0, 128, MMSIM, MMSIM, ANY),
	ROW_FULL("aa_mmsim_order4_batch128", page_op, 4, 128, MMSIM, MMSIM, ANY),

	ROW("order0_pair", page_op, 0, 0),
	ROW("order0_batch128", page_op, 0, 128),
	ROW("order0_batch4096", page_op, 0, 4096),
	ROW("order1_pair", page_op, 1, 0),
	ROW("order1_batch128", page_op, 1, 128),
	ROW("order1_batch4096", page_op, 1, 4096),
	ROW("order3_pair", page_op, 3, 0),
	ROW("order3_batch128", page_op, 3, 128),
	ROW("order3_batch4096", page_op, 3, 4096),
	ROW_STATE("order4_pair", page_op, 4, SPLIT),
	ROW_STATE("order4_flat", page_op, 4, FLAT),
	ROW("order4_batch128", page_op, 4, 128),
	ROW("order4_batch4096", page_op, 4, 4096),
	ROW_STATE("order9_pair", page_op, 9, SPLIT),
	ROW_STATE("order9_flat", page_op, 9, FLAT),
	ROW("order9_batch128", page_op, 9, 128),	/* 4096 of these are 8 GB */

	ROW("zeroed_pair", zeroed_op, 0, 0),

	ROW("bulk_batch64", bulk_op, 0, 64),

	ROW_SIZE("kmalloc_8_pair", kmalloc_op, 8, 0),
	ROW_SIZE("kmalloc_8_batch128", kmalloc_op, 8, 128),
	ROW_SIZE("kmalloc_8_batch4096", kmalloc_op, 8, 4096),
	ROW_SIZE("kmalloc_64_pair", kmalloc_op, 64, 0),
	ROW_SIZE("kmalloc_64_batch128", kmalloc_op, 64, 128),
	ROW_SIZE("kmalloc_64_batch4096", kmalloc_op, 64, 4096),
	ROW_SIZE("kmalloc_192_pair", kmalloc_op, 192, 0),
	ROW_SIZE("kmalloc_192_batch128", kmalloc_op, 192, 128),
	ROW_SIZE("kmalloc_192_batch4096", kmalloc_op, 192, 4096),
	ROW_SIZE("kmalloc_256_pair", kmalloc_op, 256, 0),
	ROW_SIZE("kmalloc_256_batch128", kmalloc_op, 256, 128),
	ROW_SIZE("kmalloc_256_batch4096", kmalloc_op, 256, 4096),
	ROW_SIZE("kmalloc_1024_pair", kmalloc_op, 1024, 0),
	ROW_SIZE("kmalloc_1024_batch128", kmalloc_op, 1024, 128),
	ROW_SIZE("kmalloc_1024_batch4096", kmalloc_op, 1024, 4096),
	ROW_SIZE("kmalloc_4096_pair", kmalloc_op, 4096, 0),
	ROW_SIZE("kmalloc_4096_batch128", kmalloc_op, 4096, 128),
	ROW_SIZE("kmalloc_4096_batch4096", kmalloc_op, 4096, 4096),
	ROW_SIZE("kmalloc_8192_pair", kmalloc_op, 8192, 0),
	ROW_SIZE("kmalloc_8192_batch128", kmalloc_op, 8192, 128),
	ROW_SIZE("kmalloc_8192_batch4096", kmalloc_op, 8192, 4096),
	ROW_SIZE("kmalloc_65536_pair", kmalloc_op, 65536, 0),
	ROW_SIZE("cache_256_pair", cache_op, 256, 0),
	ROW_SIZE("cache_256_batch128", cache_op, 256, 128),
	ROW_SIZE("cache_256_batch4096", cache_op, 256, 4096),
	ROW_SIZE("cache_256_bulk16", cache_bulk_op, 256, 16),
	ROW_SIZE("cache_256_bulk64", cache_bulk_op, 256, 64),

	ROW_AREA("vmalloc_4096_pair", vmalloc_op, 4096, 16384, ANY),
	ROW_AREA("vmalloc_65536_pair", vmalloc_op, 65536, 4096, ANY),
	ROW_AREA("vmalloc_1048576_pair", vmalloc_op, SZ_1M, 256, ANY),
	ROW_AREA("vmalloc_16777216_pair", vmalloc_op, SZ_16M, 24, ANY),
	ROW_AREA("vmap_16_pair", vmap_op, 16 << PAGE_SHIFT, 4096, ANY),
	ROW_AREA("vmap_ram16_pair", ram_op, 16 << PAGE_SHIFT, 4096, ANY),
	ROW_AREA("areas_100_pair", vmalloc_op, 4096, 16384, AREAS_100),
	ROW_AREA("areas_100000_pair", vmalloc_op, 4096, 16384, AREAS_100000),
	ROW_SIZE("kvmalloc_262144_pair", kvmalloc_op, SZ_256K, 0),

	/* These want two CPUs. */
	ROW("cross_page_batch128", page_cross_op, 0, 128),
	ROW_CROSS("cross_page_batch4096", page_cross_op, 0),
	ROW_SIZE("cross_cache256_batch128", cache_cross_op, 256, 128),
	ROW_CROSS("cross_cache256_batch4096", cache_cross_op, 256),
	ROW_SIZE("cross_kmalloc64_batch128", kmalloc_cross_op, 64, 128),
	ROW_CROSS("cross_kmalloc64_batch4096", kmalloc_cross_op, 64),
	ROW_SIZE("cross_kmalloc1024_batch128", kmalloc_cross_op, 1024, 128),
	ROW_CROSS("cross_kmalloc1024_batch4096", kmalloc_cross_op, 1024),
};

const unsigned int mmsim_bench_nr_rows = ARRAY_SIZE(mmsim_bench_rows);
