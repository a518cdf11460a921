/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The region: one physically contiguous range of memory that mmsim has taken from the host and gives back whole.
 * Everything above this floor works with frame numbers and addresses; the host's struct page is touched in src/region
 * alone.
 *
 * A region starts and ends on a multiple of 4 MB, so that the largest buddy block never leaves it.
 */
#ifndef MMSIM_REGION_H
#define MMSIM_REGION_H

#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct device;
struct page;
struct mmsim_region;

/* The granule of a region: start, size, holes and hand-over are in units of it. Equals the largest buddy block. */
#define MMSIM_REGION_ALIGN	SZ_4M
#define MMSIM_REGION_MIN	SZ_4M
#define MMSIM_REGION_MAX	SZ_16G
#define MMSIM_GRANULE_PAGES	((unsigned long)MMSIM_REGION_ALIGN >> PAGE_SHIFT)

enum mmsim_source {
	MMSIM_SOURCE_AUTO,	/* memmap where a base is given, else contig, cma, pages, in this order */
	MMSIM_SOURCE_CONTIG,	/* alloc_contig_range() on a running kernel's memory */
	MMSIM_SOURCE_MEMMAP,	/* memory that memmap=SIZE$BASE kept from the kernel at boot */
	MMSIM_SOURCE_CMA,	/* the kernel's CMA area, through the DMA API */
	MMSIM_SOURCE_PAGES,	/* one block of the largest order: 4 MB */
	MMSIM_NR_SOURCES
};

extern const char *const mmsim_source_names[MMSIM_NR_SOURCES];

/* What insmod asked for. */
struct mmsim_region_params {
	enum mmsim_source source;
	phys_addr_t base;		/* memmap: physical start in bytes; 0 means not given */
	u64 size;			/* bytes */
	unsigned int holes;		/* contig: percent of the granules that may be missing, 0..50 */
	bool quiet;			/* tests: refusals only in the log, not what was taken */
};

/*
 * One source of memory. take() and release() run in process context and may sleep.
 */
struct mmsim_region_ops {
	enum mmsim_source source;
	/*
	 * Takes r->nr_pages frames; fills in start_pfn, vaddr, nr_slices and nr_tries, and what it leaves out in
	 * missing, which comes with all bits clear. Returns 0, or a negative errno after giving back all that it took
	 * and saying with mmsim_region_err() why, and what would help. With @quiet set (source=auto tries the next
	 * one) that is at info level.
	 */
	int (*take)(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet);
	/* Gives everything back. */
	void (*release)(struct mmsim_region *r);
};

/* Set by mmsim_region_take(); read-only until mmsim_region_release(), so no lock. */
struct mmsim_region {
	const struct mmsim_region_ops *ops;	/* the source it came from */
	unsigned long start_pfn;		/* Invariant: a multiple of MMSIM_GRANULE_PAGES */
	unsigned long nr_pages;			/* span, holes included. Invariant: as start_pfn */
	void *vaddr;				/* kernel address of start_pfn; the whole span is mapped linearly */
	bool host_backed;			/* every frame has a host struct page (contig, cma, pages) */

	unsigned long *missing;			/* a bit a granule: 1 is a hole, which stayed with the host */
	unsigned long nr_holes;			/* Invariant: the weight of missing */
	unsigned long nr_slices;		/* pieces in which the memory was taken */
	unsigned long nr_tries;			/* attempts to take a slice, failed ones included */
	u64 take_ns;				/* how long taking it took */

	/* Private to the source. */
	struct device *dev;			/* cma: the device that holds the DMA memory */
	void *cookie;				/* cma: what to give back; memmap: the mapping */
	u64 cookie_size;			/* cma: bytes at cookie */
	u64 cookie_dma;				/* cma: its DMA address */
};

int mmsim_region_take(struct mmsim_region *r, const struct mmsim_region_params *p);
void mmsim_region_release(struct mmsim_region *r);
int mmsim_region_check(const struct mmsim_region *r, char *what, size_t size);

bool mmsim_region_counted(const struct mmsim_region *r);
bool mmsim_region_shared(const struct mmsim_region *r, unsigned long pfn);

int mmsim_source_parse(const char *word);

/* memmap.c */
int mmsim_memmap_write(void *vaddr, phys_addr_t base, u64 size, unsigned long *next_line);
int mmsim_memmap_read(void *vaddr, phys_addr_t base, u64 size, unsigned long *next_line, phys_addr_t *bad);

/* For the sources: says in the log why they don't take the region. */
__printf(3, 4) void mmsim_region_err(const struct mmsim_region_params *p, bool quiet, const char *fmt, ...);

/* A size as insmod takes it, in the largest unit that leaves no rest: 256M, 5000K. */
struct mmsim_size_text {
	char s[24];
};

struct mmsim_size_text mmsim_size_text(u64 bytes);
int mmsim_size_parse(const char *word, u64 *bytes);

static inline unsigned long mmsim_region_end_pfn(const struct mmsim_region *r)
{
	return r->start_pfn + r->nr_pages;
}

static inline unsigned long mmsim_region_nr_granules(const struct mmsim_region *r)
{
	return r->nr_pages / MMSIM_GRANULE_PAGES;
}

/* Whether the frame is in one of the region's holes; @pfn lies in its span. */
static inline bool mmsim_region_missing(const struct mmsim_region *r, unsigned long pfn)
{
	return test_bit((pfn - r->start_pfn) / MMSIM_GRANULE_PAGES, r->missing);
}

struct page *mmsim_region_host_page(const struct mmsim_region *r, unsigned long pfn);
bool mmsim_region_host_pfn(const struct mmsim_region *r, const struct page *host, unsigned long *pfn);

extern const struct mmsim_region_ops mmsim_region_contig, mmsim_region_memmap, mmsim_region_cma, mmsim_region_pages;

#endif /* MMSIM_REGION_H */
