// SPDX-License-Identifier: GPL-2.0
/*
 * The instance: takes a region and builds the floors on it, from below; takes them down from above.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>

#include "mmsim.h"
#include "page/cma.h"

/* The vmalloc floor's areas are objects of a cache of this instance. */
static int start_vmalloc(struct mmsim *m, const struct mmsim_vmalloc_params *params)
{
	const struct mmsim_kmem_cache_args args = {};
	struct mmsim_kmem_cache *areas = mmsim_cache_create(m->slabs, "vmap_area", sizeof(struct mmsim_vmap_area),
							    &args, SLAB_HWCACHE_ALIGN, _RET_IP_);

	if (!areas)
		return -ENOMEM;
	m->vmalloc = mmsim_vmalloc_init(m->memory, areas, params);
	if (m->vmalloc)
		return 0;
	mmsim_cache_destroy(areas, _RET_IP_);
	return -ENOMEM;
}

static void stop_vmalloc(struct mmsim *m)
{
	struct mmsim_kmem_cache *areas = m->vmalloc->areas;

	mmsim_vmalloc_exit(m->vmalloc);
	mmsim_cache_destroy(areas, _RET_IP_);
}

/* What there is above the page floor, and what works on it. */
static int start(struct mmsim *m, const struct mmsim_params *params)
{
	int err = mmsim_cma_parse(m->memory, params->memory.cma);

	if (!err && params->memory.watermark_scale_factor)
		err = mmsim_reclaim_start(m->memory);
	if (err || !params->slab)
		return err;
	m->slabs = mmsim_slabs_init(m->memory, params->slab);
	if (!m->slabs)
		return -ENOMEM;
	return params->vmalloc ? start_vmalloc(m, params->vmalloc) : 0;
}

/* What start() has made. */
static void stop(struct mmsim *m)
{
	mmsim_reclaim_stop(m->memory);
	if (m->vmalloc)
		stop_vmalloc(m);
	if (m->slabs)
		mmsim_slabs_exit(m->slabs);
}

/**
 * mmsim_create() - take a region and build an instance on it
 * @params: what is asked for
 *
 * Context: process context, may sleep.
 * Return: the instance, or an ERR_PTR with the reason in the log; nothing is kept then.
 */
struct mmsim *mmsim_create(const struct mmsim_params *params)
{
	struct mmsim *m = kzalloc(sizeof(*m), GFP_KERNEL);
	int err;

	if (!m)
		return ERR_PTR(-ENOMEM);
	err = mmsim_region_take(&m->region, &params->region);
	if (err)
		goto free;
	m->memory = mmsim_memory_init(&m->region, &params->memory);
	if (!m->memory) {
		err = -EINVAL;
		goto release;
	}
	mmsim_user_init(&m->user, m->memory);
	err = start(m, params);
	if (err)
		goto exit;
	return m;

exit:
	stop(m);
	mmsim_memory_exit(m->memory);
release:
	mmsim_region_release(&m->region);
free:
	kfree(m);
	return ERR_PTR(err);
}

/**
 * mmsim_destroy() - take an instance down and give its region back
 * @m: the instance; nobody uses it any more. If it is the live one it must be so until this returns
 *
 * Context: process context, may sleep.
 * Return: the number of pages that were still allocated; the log names them.
 */
unsigned long mmsim_destroy(struct mmsim *m)
{
	unsigned long leaked;

	stop(m);
	leaked = mmsim_memory_exit(m->memory);
	mmsim_region_release(&m->region);
	kfree(m);
	return leaked;
}
