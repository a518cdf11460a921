/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mmsim's slab caches, as other modules see them: the kernel's functions with mmsim_ before their names, the kernel's
 * flags and errors. They act on the live instance, the one that insmod created. The functions' documentation stands
 * where they are defined, in src/slab/export.c.
 */
#ifndef MMSIM_SLAB_H
#define MMSIM_SLAB_H

#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/types.h>

/* Some kernels don't know the first, and leave its bit alone; others have no use for the second any more. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE		((__force slab_flags_t)0x01000000U)
#endif
#ifndef SLAB_MEM_SPREAD
#define SLAB_MEM_SPREAD		((__force slab_flags_t)0)
#endif

/* A cache; opaque, its fields belong to src/slab. */
struct mmsim_kmem_cache;

/* How a cache is built. They differ in nothing that a client can rely on but in speed and in memory. */
enum mmsim_engine {
	MMSIM_ENGINE_DEFAULT,	/* the instance's, from the module's parameter engine= */
	MMSIM_ENGINE_SLUB,	/* a slab a CPU, free objects linked through themselves */
	MMSIM_ENGINE_SLAB,	/* arrays of free objects a CPU, in front of lists of slabs with descriptors */
	MMSIM_ENGINE_SLOB,	/* first fit in a heap that all its caches share */
	MMSIM_NR_ENGINES
};

/* As struct kmem_cache_args of 6.12, with the engine besides. What is zero takes its default. */
struct mmsim_kmem_cache_args {
	unsigned int align;		/* bytes, a power of two */
	unsigned int useroffset;	/* the part that may be copied to and from user space: where it begins ... */
	unsigned int usersize;		/* ... and how long it is; bytes */
	unsigned int freeptr_offset;	/* with use_freeptr_offset: bytes that a free object's link may lie in */
	bool use_freeptr_offset;	/* only for SLAB_TYPESAFE_BY_RCU */
	void (*ctor)(void *object);	/* called for each object of a new slab */
	enum mmsim_engine engine;
};

struct mmsim_kmem_cache *mmsim_kmem_cache_create(const char *name, unsigned int size, unsigned int align,
						 slab_flags_t flags, void (*ctor)(void *object));
struct mmsim_kmem_cache *mmsim_kmem_cache_create_usercopy(const char *name, unsigned int size, unsigned int align,
							  slab_flags_t flags, unsigned int useroffset,
							  unsigned int usersize, void (*ctor)(void *object));
struct mmsim_kmem_cache *mmsim_kmem_cache_create_args(const char *name, unsigned int size,
						      const struct mmsim_kmem_cache_args *args, slab_flags_t flags);
void mmsim_kmem_cache_destroy(struct mmsim_kmem_cache *s);
int mmsim_kmem_cache_shrink(struct mmsim_kmem_cache *s);
unsigned int mmsim_kmem_cache_size(struct mmsim_kmem_cache *s);
const char *mmsim_kmem_cache_name(struct mmsim_kmem_cache *s);

void *mmsim_kmem_cache_alloc(struct mmsim_kmem_cache *s, gfp_t gfp);
void *mmsim_kmem_cache_alloc_node(struct mmsim_kmem_cache *s, gfp_t gfp, int node);
int mmsim_kmem_cache_alloc_bulk(struct mmsim_kmem_cache *s, gfp_t gfp, size_t nr, void **objects);
void mmsim_kmem_cache_free(struct mmsim_kmem_cache *s, void *object);
void mmsim_kmem_cache_free_bulk(struct mmsim_kmem_cache *s, size_t nr, void **objects);

static inline void *mmsim_kmem_cache_zalloc(struct mmsim_kmem_cache *s, gfp_t gfp)
{
	return mmsim_kmem_cache_alloc(s, gfp | __GFP_ZERO);
}

struct list_lru;

/* The list only matters where caches are charged to memory cgroups, which mmsim doesn't have. */
static inline void *mmsim_kmem_cache_alloc_lru(struct mmsim_kmem_cache *s, struct list_lru *lru, gfp_t gfp)
{
	return mmsim_kmem_cache_alloc(s, gfp);
}

/* As the kernel's macros of these names: a cache for a struct. */
#define MMSIM_KMEM_CACHE(type, flags)								\
	mmsim_kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), (flags), NULL)

#endif /* MMSIM_SLAB_H */
