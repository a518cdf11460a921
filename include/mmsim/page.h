/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mmsim's page allocator, as other modules see it: the kernel's functions with mmsim_ before their names, the kernel's
 * gfp_t, orders and errors. They act on the live instance, the one that insmod created. The functions' documentation
 * stands where they are defined, in src/page/export.c and src/page/client.c.
 */
#ifndef MMSIM_PAGE_H
#define MMSIM_PAGE_H

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/types.h>

/* The descriptor of one 4 KB frame; opaque, its fields belong to src/page. */
struct mmsim_page;
struct page;

/*
 * The largest block is 1 << MMSIM_MAX_ORDER pages: 4 MB. The kernel's MAX_ORDER changed its meaning in 6.4; this is
 * inclusive.
 */
#define MMSIM_MAX_ORDER		10
#define MMSIM_NR_ORDERS		(MMSIM_MAX_ORDER + 1)
#define MMSIM_MAX_ORDER_PAGES	BIT(MMSIM_MAX_ORDER)

struct mmsim_page *mmsim_alloc_pages(gfp_t gfp, unsigned int order);
struct mmsim_page *mmsim_alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
unsigned long mmsim_alloc_pages_bulk_array(gfp_t gfp, unsigned long nr_pages, struct mmsim_page **pages);
void *mmsim_alloc_pages_exact(size_t size, gfp_t gfp);
void *mmsim_alloc_pages_exact_nid(int nid, size_t size, gfp_t gfp);
void mmsim_free_pages_exact(void *addr, size_t size);
unsigned long mmsim___get_free_pages(gfp_t gfp, unsigned int order);
unsigned long mmsim_get_zeroed_page(gfp_t gfp);
void mmsim___free_pages(struct mmsim_page *page, unsigned int order);
void mmsim_free_pages(unsigned long addr, unsigned int order);

void mmsim_split_page(struct mmsim_page *page, unsigned int order);
void mmsim_get_page(struct mmsim_page *page);
void mmsim_put_page(struct mmsim_page *page);
int mmsim_page_ref_count(const struct mmsim_page *page);
struct mmsim_page *mmsim_compound_head(struct mmsim_page *page);
unsigned int mmsim_compound_order(const struct mmsim_page *page);

void mmsim_drain_all_pages(void);

void *mmsim_page_address(const struct mmsim_page *page);
struct mmsim_page *mmsim_virt_to_page(const void *addr);
struct mmsim_page *mmsim_virt_to_head_page(const void *addr);
unsigned long mmsim_page_to_pfn(const struct mmsim_page *page);
struct mmsim_page *mmsim_pfn_to_page(unsigned long pfn);
phys_addr_t mmsim_page_to_phys(const struct mmsim_page *page);
struct mmsim_page *mmsim_phys_to_page(phys_addr_t phys);
bool mmsim_owns(const void *addr);

bool mmsim_host_backed(void);
struct page *mmsim_page_to_host(const struct mmsim_page *page);
struct page *mmsim_page_client(struct mmsim_page *page);
struct mmsim_page *mmsim_client_page(const struct page *client);

static inline struct mmsim_page *mmsim_alloc_page(gfp_t gfp)
{
	return mmsim_alloc_pages(gfp, 0);
}

static inline unsigned long mmsim___get_free_page(gfp_t gfp)
{
	return mmsim___get_free_pages(gfp, 0);
}

static inline void mmsim___free_page(struct mmsim_page *page)
{
	mmsim___free_pages(page, 0);
}

static inline void mmsim_free_page(unsigned long addr)
{
	mmsim_free_pages(addr, 0);
}

#endif /* MMSIM_PAGE_H */
