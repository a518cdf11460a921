// SPDX-License-Identifier: GPL-2.0
/*
 * Takes a region from the host and gives it back.
 *
 * What insmod asked for is checked first, as far as that does not depend on the source. Then the source takes the
 * memory; source=auto asks them one after the other until one has it: memmap where base= says where to look (and no
 * other, since the user knows what he wants), else
 *	contig	any kernel with CONTIG_ALLOC, without a boot parameter,
 *	cma	where cma= on the kernel's command line keeps an area for devices,
 *	pages	4 MB from any kernel.
 * A source that is asked by auto gives its reason at info level; one error line sums up when none was left.
 *
 * Every refusal is one line that begins with size=, names the parameter at fault, and says what would be right.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "region/region.h"

#include <linux/bitmap.h>
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/string.h>

#define MMSIM_MAX_HOLES		50	/* percent */

const char *const mmsim_source_names[MMSIM_NR_SOURCES] = {
	[MMSIM_SOURCE_AUTO]	= "auto",
	[MMSIM_SOURCE_CONTIG]	= "contig",
	[MMSIM_SOURCE_MEMMAP]	= "memmap",
	[MMSIM_SOURCE_CMA]	= "cma",
	[MMSIM_SOURCE_PAGES]	= "pages",
};

static const struct mmsim_region_ops *const region_sources[MMSIM_NR_SOURCES] = {
	[MMSIM_SOURCE_CONTIG]	= &mmsim_region_contig,
	[MMSIM_SOURCE_MEMMAP]	= &mmsim_region_memmap,
	[MMSIM_SOURCE_CMA]	= &mmsim_region_cma,
	[MMSIM_SOURCE_PAGES]	= &mmsim_region_pages,
};

/**
 * mmsim_source_parse() - The source that a word names.
 * @word: As given to insmod.
 *
 * Return: an enum mmsim_source, or -EINVAL for a word that is none of mmsim_source_names.
 */
int mmsim_source_parse(const char *word)
{
	return match_string(mmsim_source_names, MMSIM_NR_SOURCES, word);
}

struct mmsim_size_text mmsim_size_text(u64 bytes)
{
	static const char unit[] = "\0KMG";
	struct mmsim_size_text text;
	unsigned int i = 0;

	while (bytes && !(bytes % 1024) && i < 3) {
		bytes /= 1024;
		i++;
	}
	snprintf(text.s, sizeof(text.s), "%llu%.1s", bytes, unit + i);
	return text;
}

/**
 * mmsim_size_parse() - A number of bytes, as insmod and ctl take it.
 * @word: A number, decimal, 0 octal or 0x hexadecimal, and K, M, G, T, P or E behind it, or nothing.
 * @bytes: Gets it.
 *
 * As memparse(), which takes 17592186044420M for 4M: here 64 bits must be enough.
 *
 * Return: 0, -EINVAL for a word that is no number, -ERANGE for one too large.
 */
int mmsim_size_parse(const char *word, u64 *bytes)
{
	static const char units[] = "KMGTPE";
	size_t digits = strlen(word) - !!*word;
	const char *unit;
	char number[32];
	unsigned int shift;
	int err;

	err = kstrtoull(word, 0, bytes);
	if (err != -EINVAL || !isdigit(*word) || digits >= sizeof(number))
		return err;
	unit = strchr(units, toupper(word[digits]));
	if (!unit)
		return -EINVAL;
	strscpy(number, word, digits + 1);
	err = kstrtoull(number, 0, bytes);
	if (err)
		return err;
	shift = 10 * (unit - units + 1);
	if (*bytes > U64_MAX >> shift)
		return -ERANGE;
	*bytes <<= shift;
	return 0;
}

void mmsim_region_err(const struct mmsim_region_params *p, bool quiet, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	if (quiet)
		pr_info("size=%s: %pV\n", mmsim_size_text(p->size).s, &vaf);
	else
		pr_err("size=%s: %pV\n", mmsim_size_text(p->size).s, &vaf);
	va_end(args);
}

static int region_check_size(const struct mmsim_region_params *p)
{
	if (p->size < MMSIM_REGION_MIN) {
		mmsim_region_err(p, false, "too small; a region has at least 4M");
		return -EINVAL;
	}
	if (p->size > MMSIM_REGION_MAX) {
		mmsim_region_err(p, false, "too large; a region has at most 16G");
		return -EINVAL;
	}
	if (!IS_ALIGNED(p->size, MMSIM_REGION_ALIGN)) {
		u64 down = ALIGN_DOWN(p->size, MMSIM_REGION_ALIGN);

		mmsim_region_err(p, false, "not a multiple of 4M; try %s or %s", mmsim_size_text(down).s,
				 mmsim_size_text(down + MMSIM_REGION_ALIGN).s);
		return -EINVAL;
	}
	return 0;
}

/* What can be said of the parameters before any source is asked. */
static int region_check_params(const struct mmsim_region_params *p)
{
	bool contig = p->source == MMSIM_SOURCE_CONTIG || (p->source == MMSIM_SOURCE_AUTO && !p->base);

	if ((unsigned int)p->source >= MMSIM_NR_SOURCES) {
		mmsim_region_err(p, false, "source=%d: there is none; take auto, contig, memmap, cma or pages",
				 p->source);
		return -EINVAL;
	}
	if (p->base && p->source != MMSIM_SOURCE_AUTO && p->source != MMSIM_SOURCE_MEMMAP) {
		mmsim_region_err(p, false, "base=%pa: source=%s finds its own place; leave base= out, or take source=memmap",
				 &p->base, mmsim_source_names[p->source]);
		return -EINVAL;
	}
	if (p->holes > MMSIM_MAX_HOLES) {
		mmsim_region_err(p, false, "holes=%u: more than %u percent of holes is no region; take 0 to %u",
				 p->holes, MMSIM_MAX_HOLES, MMSIM_MAX_HOLES);
		return -EINVAL;
	}
	if (p->holes && !contig) {
		mmsim_region_err(p, false, "holes=%u: only source=contig can leave holes; take holes=0", p->holes);
		return -EINVAL;
	}
	return region_check_size(p);
}

static int region_take_from(struct mmsim_region *r, const struct mmsim_region_params *p, enum mmsim_source source,
			    bool quiet)
{
	int ret;

	r->ops = region_sources[source];
	ret = r->ops->take(r, p, quiet);
	if (ret)
		r->ops = NULL;
	return ret;
}

static int region_take_auto(struct mmsim_region *r, const struct mmsim_region_params *p)
{
	static const enum mmsim_source order[] = { MMSIM_SOURCE_CONTIG, MMSIM_SOURCE_CMA, MMSIM_SOURCE_PAGES };
	int ret[ARRAY_SIZE(order)];
	unsigned int i;

	if (p->base)
		return region_take_from(r, p, MMSIM_SOURCE_MEMMAP, false);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		ret[i] = region_take_from(r, p, order[i], true);
		if (!ret[i] || ret[i] == -EINTR)
			return ret[i];
	}
	mmsim_region_err(p, false, "source=auto: contig (%pe), cma (%pe) and pages (%pe) don't have it, see the lines above; ask for less, or boot with memmap=%s$BASE and load with base=BASE",
			 ERR_PTR(ret[0]), ERR_PTR(ret[1]), ERR_PTR(ret[2]), mmsim_size_text(p->size).s);
	return ret[0];
}

static void region_announce(const struct mmsim_region *r, const struct mmsim_region_params *p)
{
	phys_addr_t start = PFN_PHYS(r->start_pfn), end = PFN_PHYS(mmsim_region_end_pfn(r)) - 1;

	if (p->quiet)
		return;
	pr_info("region: %s from %s at [mem %pa-%pa]; slices %lu, tries %lu, holes %lu of %lu granules; %llu ms\n",
		mmsim_size_text(p->size).s, mmsim_source_names[r->ops->source], &start, &end, r->nr_slices, r->nr_tries,
		r->nr_holes, mmsim_region_nr_granules(r), div_u64(r->take_ns, NSEC_PER_MSEC));
}

/**
 * mmsim_region_take() - Takes a region from the host.
 * @r: Filled in.
 * @p: What is wanted.
 *
 * Process context; may sleep, for seconds when gigabytes have to be migrated away. Says in the log what was taken, or
 * why nothing was.
 *
 * Return: 0, or -EINVAL for parameters that can't be met anywhere, -ENOMEM or -EBUSY where the host has no such range
 * now, -EOPNOTSUPP where the kernel lacks the source, -EINTR after a fatal signal, -EIO for memory that is none. Then
 * the host has back whatever was taken.
 */
int mmsim_region_take(struct mmsim_region *r, const struct mmsim_region_params *p)
{
	u64 start = ktime_get_ns();
	int ret;

	memset(r, 0, sizeof(*r));
	ret = region_check_params(p);
	if (ret)
		return ret;
	r->nr_pages = p->size >> PAGE_SHIFT;
	r->missing = bitmap_zalloc(mmsim_region_nr_granules(r), GFP_KERNEL);
	if (!r->missing) {
		mmsim_region_err(p, false, "no memory for the bitmap of missing granules");
		return -ENOMEM;
	}

	if (p->source == MMSIM_SOURCE_AUTO)
		ret = region_take_auto(r, p);
	else
		ret = region_take_from(r, p, p->source, false);
	if (ret) {
		bitmap_free(r->missing);
		memset(r, 0, sizeof(*r));
		return ret;
	}
	r->take_ns = ktime_get_ns() - start;
	region_announce(r, p);
	return 0;
}

/**
 * mmsim_region_release() - Gives a region back to the host.
 * @r: From mmsim_region_take(), or all zero, which does nothing; all zero afterwards.
 *
 * Process context; may sleep. Nobody uses the memory any more.
 */
void mmsim_region_release(struct mmsim_region *r)
{
	if (!r->ops)
		return;
	r->ops->release(r);
	bitmap_free(r->missing);
	memset(r, 0, sizeof(*r));
}

static __printf(3, 4) int region_broken(char *what, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, size, fmt, args);
	va_end(args);
	return -EUCLEAN;
}

/**
 * mmsim_region_host_page() - The host's struct page of a frame.
 * @r: A region that is taken.
 * @pfn: The number of a frame in its span.
 *
 * Context: Any.
 *
 * Return: The host's page, NULL when it has none for this region.
 */
struct page *mmsim_region_host_page(const struct mmsim_region *r, unsigned long pfn)
{
	return r->host_backed ? pfn_to_page(pfn) : NULL;
}

/**
 * mmsim_region_host_pfn() - The frame that a struct page of the host's stands for.
 * @r: A region that is taken.
 * @host: The host's page.
 * @pfn: Gets the frame's number.
 *
 * Context: Any.
 *
 * Return: Whether the frame lies in the region's span and the host has struct pages for that.
 */
bool mmsim_region_host_pfn(const struct mmsim_region *r, const struct page *host, unsigned long *pfn)
{
	if (!r->host_backed)
		return false;
	*pfn = page_to_pfn(host);
	return *pfn - r->start_pfn < r->nr_pages;
}

/* What can be said without looking at a frame. */
static int region_check_shape(const struct mmsim_region *r, char *what, size_t size)
{
	u64 bytes = (u64)r->nr_pages << PAGE_SHIFT;

	if (!r->ops || r->ops != region_sources[r->ops->source])
		return region_broken(what, size, "no source: never taken, or given back");
	if (!r->start_pfn || r->start_pfn % MMSIM_GRANULE_PAGES)
		return region_broken(what, size, "start_pfn %#lx is not a multiple of 4 MB", r->start_pfn);
	if (bytes < MMSIM_REGION_MIN || bytes > MMSIM_REGION_MAX || !IS_ALIGNED(bytes, MMSIM_REGION_ALIGN))
		return region_broken(what, size, "nr_pages %#lx is not a size that a region can have", r->nr_pages);
	if (!r->vaddr || !PAGE_ALIGNED(r->vaddr))
		return region_broken(what, size, "vaddr %p is not a page's address", r->vaddr);
	if (!r->nr_slices || r->nr_slices > r->nr_tries)
		return region_broken(what, size, "%lu slices in %lu tries", r->nr_slices, r->nr_tries);
	return 0;
}

static int region_check_holes(const struct mmsim_region *r, char *what, size_t size)
{
	unsigned long weight, nr = mmsim_region_nr_granules(r);

	if (!r->missing)
		return region_broken(what, size, "no bitmap of missing granules");
	weight = bitmap_weight(r->missing, nr);
	if (weight != r->nr_holes)
		return region_broken(what, size, "nr_holes is %lu, but %lu granules are missing", r->nr_holes, weight);
	if (weight > nr * MMSIM_MAX_HOLES / 100)
		return region_broken(what, size, "%lu of %lu granules are missing, more than half", weight, nr);
	if (test_bit(0, r->missing) || test_bit(nr - 1, r->missing))
		return region_broken(what, size, "a hole is at the edge of the region");
	return 0;
}

/**
 * mmsim_region_counted() - whether the host counts for each frame by itself who uses it
 * @r: the region
 *
 * Not for memmap, nor where the DMA API has answered with one block, whose first page has its only reference.
 *
 * Context: any.
 * Return: whether mmsim_region_shared() can tell, and frames can be put into a VMA with vm_insert_page().
 */
bool mmsim_region_counted(const struct mmsim_region *r)
{
	return r->host_backed && page_count(pfn_to_page(r->start_pfn + 1));
}

/* The frames that the host knows are mapped where vaddr says, and none of them has gone back to the host. */
static int region_check_frames(const struct mmsim_region *r, char *what, size_t size)
{
	unsigned long pfn;

	if (!r->host_backed)
		return 0;
	if (page_address(pfn_to_page(r->start_pfn)) != r->vaddr)
		return region_broken(what, size, "vaddr %p is not the address of start_pfn %#lx", r->vaddr,
				     r->start_pfn);
	if (r->ops->source == MMSIM_SOURCE_CMA && !mmsim_region_counted(r))
		return 0;
	for (pfn = r->start_pfn; pfn < mmsim_region_end_pfn(r); pfn++) {
		if (pfn % MMSIM_GRANULE_PAGES == 0)
			cond_resched();
		if (!mmsim_region_missing(r, pfn) && page_count(pfn_to_page(pfn)) < 1)
			return region_broken(what, size, "the host holds frame %#lx free", pfn);
	}
	return 0;
}

/**
 * mmsim_region_shared() - whether the host knows of somebody besides mmsim who uses a frame
 * @r: the region
 * @pfn: a frame of it
 *
 * A process that has it mapped with vm_insert_page(), for one.
 *
 * Context: any.
 * Return: false also where mmsim_region_counted() says that nobody counts.
 */
bool mmsim_region_shared(const struct mmsim_region *r, unsigned long pfn)
{
	return r->host_backed && page_count(pfn_to_page(pfn)) > 1;
}

/**
 * mmsim_region_check() - Checks every invariant of a region.
 * @r: A region that is taken.
 * @what: Gets the first invariant that is broken.
 * @size: Bytes at @what.
 *
 * Process context; may sleep.
 *
 * Return: 0, or -EUCLEAN.
 */
int mmsim_region_check(const struct mmsim_region *r, char *what, size_t size)
{
	int ret = region_check_shape(r, what, size);

	if (!ret)
		ret = region_check_holes(r, what, size);
	return ret ?: region_check_frames(r, what, size);
}
