// SPDX-License-Identifier: GPL-2.0
/*
 * Source cma: the area that `cma=SIZE` on the kernel's command line (or the device tree) keeps for devices.
 *
 * cma_alloc() is not for modules, the DMA API is: a platform device of mmsim's own, which can address all memory and
 * does nothing, asks for as many contiguous pages. The area aligns to 1 MB at most. When the first answer is not on a
 * multiple of 4 MB, a block that is a granule less a page larger is asked for, and the aligned part of it used.
 *
 * The DMA API may answer a request for 4 MB from the buddy lists when there is no area. That is as good.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "region/region.h"

#if IS_ENABLED(CONFIG_HAS_DMA) && IS_ENABLED(CONFIG_DMA_CMA)

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/platform_device.h>

#define CMA_SLACK	(MMSIM_REGION_ALIGN - PAGE_SIZE)

static void cma_give_back(struct mmsim_region *r)
{
	dma_free_pages(r->dev, r->cookie_size, r->cookie, r->cookie_dma, DMA_BIDIRECTIONAL);
	r->cookie = NULL;
}

static unsigned long cma_pfn(const struct mmsim_region *r)
{
	const struct page *page = r->cookie;

	return page_to_pfn(page);
}

static bool cma_ask(struct mmsim_region *r, u64 size)
{
	r->nr_tries++;
	r->cookie = dma_alloc_pages(r->dev, size, &r->cookie_dma, DMA_BIDIRECTIONAL, GFP_KERNEL | __GFP_NOWARN);
	r->cookie_size = size;
	return r->cookie;
}

/* Asks for @size on a multiple of 4 MB. */
static bool cma_ask_aligned(struct mmsim_region *r, u64 size)
{
	if (!cma_ask(r, size))
		return false;
	if (!(cma_pfn(r) % MMSIM_GRANULE_PAGES))
		return true;
	cma_give_back(r);
	return cma_ask(r, size + CMA_SLACK);
}

static int cma_register(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	struct platform_device *pdev;
	int ret;

	pdev = platform_device_register_simple(KBUILD_MODNAME, PLATFORM_DEVID_AUTO, NULL, 0);
	if (IS_ERR(pdev)) {
		mmsim_region_err(p, quiet, "source=cma: no device to ask through: %pe", pdev);
		return PTR_ERR(pdev);
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret) {
		mmsim_region_err(p, quiet, "source=cma: the device can't address all memory: %pe", ERR_PTR(ret));
		platform_device_unregister(pdev);
		return ret;
	}
	r->dev = &pdev->dev;
	return 0;
}

static void cma_unregister(struct mmsim_region *r)
{
	platform_device_unregister(to_platform_device(r->dev));
	r->dev = NULL;
}

static int cma_take(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	int ret = cma_register(r, p, quiet);

	if (ret)
		return ret;
	if (!cma_ask_aligned(r, p->size)) {
		mmsim_region_err(p, quiet, "source=cma: the kernel's CMA area does not have it free; boot with cma=SIZE, 4M more than the region");
		cma_unregister(r);
		return -ENOMEM;
	}
	r->nr_slices++;
	r->start_pfn = ALIGN(cma_pfn(r), MMSIM_GRANULE_PAGES);
	r->vaddr = page_address(pfn_to_page(r->start_pfn));
	r->host_backed = true;
	return 0;
}

static void cma_release(struct mmsim_region *r)
{
	cma_give_back(r);
	cma_unregister(r);
}

#else /* !CONFIG_HAS_DMA || !CONFIG_DMA_CMA */

static int cma_take(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	mmsim_region_err(p, quiet, "source=cma: this kernel has no CONFIG_DMA_CMA; take another source");
	return -EOPNOTSUPP;
}

static void cma_release(struct mmsim_region *r) { }

#endif /* CONFIG_HAS_DMA && CONFIG_DMA_CMA */

const struct mmsim_region_ops mmsim_region_cma = {
	.source	= MMSIM_SOURCE_CMA,
	.take	= cma_take,
	.release = cma_release,
};
