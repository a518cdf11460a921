/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contiguous memory of any size, not only of a buddy block's, as other modules see it: the kernel's functions with
 * mmsim_ before their names, on the live instance. The functions' documentation stands where they are defined, in
 * src/page/contig.c and src/page/cma.c.
 *
 * What is in the way is moved elsewhere, which only its owner can do: see mmsim/migrate.h. A CMA area is a range that
 * is lent to movable pages alone until somebody claims a part of it.
 */
#ifndef MMSIM_CMA_H
#define MMSIM_CMA_H

#include <linux/gfp.h>
#include <linux/types.h>

struct mmsim_page;
struct mmsim_cma;

int mmsim_cma_create(const char *name, u64 size, phys_addr_t base, unsigned int order_per_bit, struct mmsim_cma **cma);
int mmsim_cma_destroy(struct mmsim_cma *cma);
struct mmsim_cma *mmsim_cma_find(const char *name);
void mmsim_cma_put(struct mmsim_cma *cma);
struct mmsim_page *mmsim_cma_alloc(struct mmsim_cma *cma, unsigned long count, unsigned int align, bool no_warn);
bool mmsim_cma_release(struct mmsim_cma *cma, const struct mmsim_page *pages, unsigned long count);

int mmsim_alloc_contig_range(unsigned long start, unsigned long end, unsigned int migratetype, gfp_t gfp);
struct mmsim_page *mmsim_alloc_contig_pages(unsigned long nr_pages, gfp_t gfp, int nid);
void mmsim_free_contig_range(unsigned long pfn, unsigned long nr_pages);

#endif /* MMSIM_CMA_H */
