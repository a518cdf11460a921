// SPDX-License-Identifier: GPL-2.0
/*
 * CMA, the contiguous memory allocator (seed 004): a range that is kept for somebody who needs much of it in one piece
 * now and then, a camera say, and that is lent out meanwhile.
 *
 * An area's pageblocks are of MMSIM_MIGRATE_CMA, and from those only movable requests are served: when nothing else is
 * left, or as soon as they are more than half of what is free. A claim finds a place in the area's bitmap, moves away
 * what is there (contig.c), and has it. Where somebody stands in the way the next place is tried, and the last one that
 * did is remembered with its reason.
 *
 *	create: claim the range once, so that nothing unmovable is in it; make it CMA; free it
 *	alloc:  bits -> claim -> the pages, each with one reference
 *	release: free the pages -> clear the bits
 *
 * Claims of an instance take turns under cma_mutex, which the list of areas needs, too. Floors above are told of an
 * area without it, as a reader of the area's files may be waiting for it; the area is hidden meanwhile, its name taken.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "page/cma.h"
#include "page/contig.h"

BLOCKING_NOTIFIER_HEAD(mmsim_cma_chain);

/**
 * mmsim_cma_init() - set up an instance without areas
 * @mem: the page floor
 */
void mmsim_cma_init(struct mmsim_memory *mem)
{
	mutex_init(&mem->cma_mutex);
	INIT_LIST_HEAD(&mem->cma_areas);
}

/* --- Creating and destroying --- */

static struct mmsim_cma *find(struct mmsim_memory *mem, const char *name)
{
	struct mmsim_cma *cma;

	list_for_each_entry(cma, &mem->cma_areas, list)
		if (!strcmp(cma->name, name))
			return cma;
	return NULL;
}

/* What is wrong with an area asked for; NULL when nothing is. Under cma_mutex. */
static const char *refusal(struct mmsim_memory *mem, const char *name, u64 size, phys_addr_t base,
			   unsigned int order_per_bit)
{
	u64 unit = PAGE_SIZE << max_t(unsigned int, MMSIM_PAGEBLOCK_ORDER, order_per_bit);

	if (!*name || strlen(name) >= MMSIM_CMA_NAME || strpbrk(name, "/ \t\n,:") || *name == '.')
		return "a name has 1 to 31 characters, begins with no dot, and has no blank, slash, comma or colon";
	if (find(mem, name))
		return "there is an area of that name";
	if (order_per_bit > MMSIM_MAX_ORDER)
		return "a bit stands for 1024 pages at most, order 10";
	if (!size || size % unit || base % unit)
		return "size and base must be multiples of 2M, and of what a bit stands for";
	if (!mem->migratetype_mask)
		return "pageblocks have no migratetype; load the module with mobility=1";
	return NULL;
}

static struct mmsim_cma *alloc_area(struct mmsim_memory *mem, unsigned long count, unsigned int order_per_bit)
{
	unsigned long nr_bits = count >> order_per_bit, words = BITS_TO_LONGS(nr_bits);
	unsigned long words_behind = order_per_bit ? BITS_TO_LONGS(count) : 0;
	unsigned int order = get_order(offsetof(struct mmsim_cma, bitmap) + (words + words_behind) * sizeof(long));
	struct mmsim_page *page;
	struct mmsim_cma *cma;

	if (order > MMSIM_MAX_ORDER)
		return NULL;
	page = mmsim_memory_alloc(mem, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order, _RET_IP_);
	if (!page)
		return NULL;
	cma = mmsim_memory_vaddr(mem, page);
	cma->self = page;
	cma->mem = mem;
	cma->count = count;
	cma->order_per_bit = order_per_bit;
	cma->nr_bits = nr_bits;
	cma->claimed = words_behind ? cma->bitmap + words : cma->bitmap;
	spin_lock_init(&cma->lock);
	return cma;
}

static void free_area(struct mmsim_cma *cma)
{
	struct mmsim_page *page = cma->self;

	mmsim_memory_free(cma->mem, page, mmsim_page_order(page), _RET_IP_);
}

/* Claims the highest place of the size in a zone that can be had; false when there is none. */
static bool claim_highest(struct mmsim_memory *mem, struct mmsim_zone *zone, unsigned long count, struct mmsim_range *r)
{
	unsigned long step = max(MMSIM_PAGEBLOCK_PAGES, count & -count), end = zone->start_pfn + zone->spanned_pages;
	unsigned long pfn;

	step = min(step, MMSIM_MAX_ORDER_PAGES);
	for (pfn = round_down(end, step); pfn >= zone->start_pfn + count; pfn -= step)
		if (!mmsim_range_init(r, mem, pfn - count, pfn) && mmsim_range_is_movable(r) &&
		    !mmsim_claim_range(r, GFP_KERNEL))
			return true;
	return false;
}

/* All pages of the area, wherever it is to be. */
static int claim_place(struct mmsim_memory *mem, phys_addr_t base, unsigned long count, struct mmsim_range *r)
{
	struct mmsim_zone *const *zone;
	int err;

	if (base) {
		err = mmsim_range_init(r, mem, PHYS_PFN(base), PHYS_PFN(base) + count);
		if (!err)
			err = mmsim_claim_range(r, GFP_KERNEL);
		if (err)
			pr_err("cma_create: base=%pa: %lu pages from there %s, at pfn %#lx: %s\n", &base, count,
			       err == -EINVAL ? "are not in one zone of the region" : "can't be had", r->obstacle.pfn,
			       r->obstacle.why ? r->obstacle.why : "-");
		return err;
	}
	for (zone = mem->node[0]->zonelist[MMSIM_ZONE_NORMAL]; *zone; zone++)
		if (claim_highest(mem, *zone, count, r))
			return 0;
	pr_err("cma_create: no zone has %lu pages in a row that are free or can be moved; ask for less, or earlier\n",
	       count);
	return -ENOMEM;
}

static void set_pageblocks(struct mmsim_cma *cma, unsigned int type, long pages)
{
	unsigned long pfn, flags;

	for (pfn = cma->base_pfn; pfn < cma->base_pfn + cma->count; pfn += MMSIM_PAGEBLOCK_PAGES) {
		spin_lock_irqsave(&cma->zone->lock, flags);
		mmsim_pageblock_retype(cma->zone, mmsim_memory_page(cma->mem, pfn), type);
		WRITE_ONCE(cma->zone->cma_pages, cma->zone->cma_pages + pages);
		spin_unlock_irqrestore(&cma->zone->lock, flags);
	}
}

/* Its creator holds it, and nobody finds it yet. */
static int create_hidden(struct mmsim_memory *mem, const char *name, u64 size, phys_addr_t base,
			 unsigned int order_per_bit, struct mmsim_cma **result)
{
	unsigned long count = size >> PAGE_SHIFT;
	struct mmsim_cma *cma;
	struct mmsim_range r;
	int err;

	err = claim_place(mem, base, count, &r);
	if (err)
		return err;
	/* What describes the area can't be moved. It comes from elsewhere as long as the place is claimed. */
	cma = alloc_area(mem, count, order_per_bit);
	if (!cma) {
		pr_err("cma_create: no memory for the bitmap of %s\n", name);
		mmsim_memory_free_contig_range(mem, r.start, count, _RET_IP_);
		return -ENOMEM;
	}
	strscpy(cma->name, name, sizeof(cma->name));
	cma->zone = r.zone;
	cma->base_pfn = r.start;
	set_pageblocks(cma, MMSIM_MIGRATE_CMA, MMSIM_PAGEBLOCK_PAGES);
	mmsim_memory_free_contig_range(mem, r.start, count, _RET_IP_);
	mmsim_pcp_drain_all(mem);
	cma->holders = 1;
	cma->hidden = true;
	list_add_tail(&cma->list, &mem->cma_areas);
	*result = cma;
	return 0;
}

static void set_hidden(struct mmsim_cma *cma, bool hidden)
{
	spin_lock(&cma->lock);
	cma->hidden = hidden;
	spin_unlock(&cma->lock);
}

static void show_area(struct mmsim_cma *cma)
{
	blocking_notifier_call_chain(&mmsim_cma_chain, MMSIM_CMA_CREATED, cma);
	mutex_lock(&cma->mem->cma_mutex);
	set_hidden(cma, false);
	mutex_unlock(&cma->mem->cma_mutex);
}

/**
 * mmsim_memory_cma_create() - make an area in an instance
 * @mem: the page floor
 * @name: of the area, for the files
 * @size: bytes, a multiple of 2 MB
 * @base: the physical address where it is to begin, a multiple of 2 MB; 0 for the highest place that will do
 * @order_per_bit: the bitmap has a bit for 1 << so many pages
 * @cma: where the area goes; the caller holds it until mmsim_cma_put() or mmsim_cma_destroy()
 *
 * Context: process context, may sleep; not from an owner's callback or a shrinker, which a claim may be waiting for.
 * Return: 0; -EINVAL for what makes no sense, -EBUSY or -ENOMEM when the range can't be had, with a line in the log.
 */
int mmsim_memory_cma_create(struct mmsim_memory *mem, const char *name, u64 size, phys_addr_t base,
			    unsigned int order_per_bit, struct mmsim_cma **cma)
{
	const char *why;
	int err = -EINVAL;

	mutex_lock(&mem->cma_mutex);
	why = refusal(mem, name, size, base, order_per_bit);
	if (why)
		pr_err("cma_create: '%s', %llu bytes: %s\n", name, size, why);
	else
		err = create_hidden(mem, name, size, base, order_per_bit, cma);
	mutex_unlock(&mem->cma_mutex);
	if (!err)
		show_area(*cma);
	return err;
}

static int create_word(struct mmsim_memory *mem, char *word)
{
	char *name = strsep(&word, ":");
	struct mmsim_cma *cma;
	u64 size;
	int err;

	if (!word || mmsim_size_parse(word, &size)) {
		pr_err("cma=: '%s' has no size, or one that is no number of bytes; give NAME:SIZE, such as camera:16M\n",
		       name);
		return -EINVAL;
	}
	err = mmsim_memory_cma_create(mem, name, size, 0, 0, &cma);
	if (!err)
		mmsim_cma_put(cma);
	return err;
}

/**
 * mmsim_cma_parse() - make the areas of the parameter cma=
 * @mem: the page floor
 * @areas: "NAME:SIZE,..."; NULL or "" for none
 *
 * Context: process context, may sleep.
 * Return: 0, or the first error, with a line in the log.
 */
int mmsim_cma_parse(struct mmsim_memory *mem, const char *areas)
{
	char *copy, *rest, *word;
	int err = 0;

	if (!areas || !*areas)
		return 0;
	copy = kstrdup(areas, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!err && (word = strsep(&rest, ",")))
		err = create_word(mem, word);
	kfree(copy);
	return err;
}

/* What keeps an area from being destroyed by a holder; NULL, and it is hidden, when nothing does. Under cma_mutex. */
static const char *hide(struct mmsim_cma *cma)
{
	const char *why = NULL;

	if (cma->holders > 1)
		return "others hold it; they have to put it first";
	spin_lock(&cma->lock);
	if (!bitmap_empty(cma->bitmap, cma->nr_bits))
		why = "pages of it are still claimed; release them first";
	else
		cma->hidden = true;
	spin_unlock(&cma->lock);
	return why;
}

/**
 * mmsim_cma_destroy() - give an area back to the zone
 * @cma: the area; the caller holds it
 *
 * What is lent out stays where it is.
 *
 * Context: process context, may sleep; not from an owner's callback or a shrinker, which a claim may be waiting for.
 * Return: 0, or -EBUSY when pages are still claimed or others hold the area; it stays then, the caller still holds it,
 * and the log says so.
 */
int mmsim_cma_destroy(struct mmsim_cma *cma)
{
	struct mmsim_memory *mem = cma->mem;
	const char *why;

	mutex_lock(&mem->cma_mutex);
	why = hide(cma);
	mutex_unlock(&mem->cma_mutex);
	if (why) {
		pr_err("cma_destroy: %s stays: %s\n", cma->name, why);
		return -EBUSY;
	}
	blocking_notifier_call_chain(&mmsim_cma_chain, MMSIM_CMA_GOES, cma);
	set_pageblocks(cma, MMSIM_MIGRATE_MOVABLE, -(long)MMSIM_PAGEBLOCK_PAGES);
	mutex_lock(&mem->cma_mutex);
	list_del(&cma->list);
	mutex_unlock(&mem->cma_mutex);
	free_area(cma);
	return 0;
}
EXPORT_SYMBOL_GPL(mmsim_cma_destroy);

/**
 * mmsim_cma_exit() - forget an instance's areas
 * @mem: the page floor, which is being taken down
 *
 * Pages that are still claimed are leaks like others.
 *
 * Context: process context, may sleep.
 */
void mmsim_cma_exit(struct mmsim_memory *mem)
{
	struct mmsim_cma *cma, *next;

	list_for_each_entry_safe(cma, next, &mem->cma_areas, list) {
		blocking_notifier_call_chain(&mmsim_cma_chain, MMSIM_CMA_GOES, cma);
		free_area(cma);
	}
	INIT_LIST_HEAD(&mem->cma_areas);
}

/**
 * mmsim_memory_cma_find() - find an area of an instance by its name
 * @mem: the page floor
 * @name: the name
 *
 * Context: process context, may sleep; not from an owner's callback or a shrinker, which a claim may be waiting for.
 * Return: the area, which the caller holds until mmsim_cma_put() or mmsim_cma_destroy(), or NULL.
 */
struct mmsim_cma *mmsim_memory_cma_find(struct mmsim_memory *mem, const char *name)
{
	struct mmsim_cma *cma;

	mutex_lock(&mem->cma_mutex);
	cma = find(mem, name);
	if (cma && cma->hidden)
		cma = NULL;
	if (cma)
		cma->holders++;
	mutex_unlock(&mem->cma_mutex);
	return cma;
}

/**
 * mmsim_cma_put() - hold an area no longer
 * @cma: the area, of which the caller has nothing claimed any more
 *
 * An area that nobody holds stays, all its pages on loan, until somebody finds and destroys it or the instance goes.
 *
 * Context: process context, may sleep; not from an owner's callback or a shrinker, which a claim may be waiting for.
 */
void mmsim_cma_put(struct mmsim_cma *cma)
{
	mutex_lock(&cma->mem->cma_mutex);
	cma->holders--;
	mutex_unlock(&cma->mem->cma_mutex);
}
EXPORT_SYMBOL_GPL(mmsim_cma_put);

/* --- Claiming and releasing --- */

static unsigned long bits_of(const struct mmsim_cma *cma, unsigned long count)
{
	return DIV_ROUND_UP(count, BIT(cma->order_per_bit));
}

/* Sets the first clear bits for @count pages from @start on, at a multiple of 1 << @align pages. nr_bits: none */
static unsigned long take_bits(struct mmsim_cma *cma, unsigned long start, unsigned long count, unsigned int align)
{
	unsigned long mask = align > cma->order_per_bit ? BIT(align - cma->order_per_bit) - 1 : 0;
	unsigned long offset = (cma->base_pfn & (BIT(align) - 1)) >> cma->order_per_bit;
	unsigned long bit = cma->nr_bits, nr = bits_of(cma, count);

	spin_lock(&cma->lock);
	if (!cma->hidden)
		bit = bitmap_find_next_zero_area_off(cma->bitmap, cma->nr_bits, start, nr, mask, offset);
	if (bit < cma->nr_bits) {
		bitmap_set(cma->bitmap, bit, nr);
		bitmap_set(cma->claimed, bit << cma->order_per_bit, count);
	}
	spin_unlock(&cma->lock);
	return min(bit, cma->nr_bits);
}

static void clear_bits(struct mmsim_cma *cma, unsigned long bit, unsigned long count)
{
	spin_lock(&cma->lock);
	bitmap_clear(cma->claimed, bit << cma->order_per_bit, count);
	bitmap_clear(cma->bitmap, bit, bits_of(cma, count));
	spin_unlock(&cma->lock);
}

static void note_failure(struct mmsim_cma *cma, int error, const struct mmsim_obstacle *obstacle)
{
	spin_lock(&cma->lock);
	cma->error = error;
	cma->failure = *obstacle;
	spin_unlock(&cma->lock);
}

static int claim_bits(struct mmsim_cma *cma, unsigned long bit, unsigned long count, struct mmsim_obstacle *obstacle)
{
	unsigned long pfn = cma->base_pfn + (bit << cma->order_per_bit);
	struct mmsim_range r;
	int err = mmsim_range_init(&r, cma->mem, pfn, pfn + count);

	if (err)
		return err;
	r.type = MMSIM_MIGRATE_CMA;
	mutex_lock(&cma->mem->cma_mutex);
	err = mmsim_claim_range(&r, GFP_KERNEL);
	mutex_unlock(&cma->mem->cma_mutex);
	if (err)
		*obstacle = r.obstacle;
	return err;
}

/**
 * mmsim_cma_alloc() - claim pages of an area, as cma_alloc()
 * @cma: the area
 * @count: how many pages, in a row
 * @align: log2 of the pages that the first one's frame number must be a multiple of
 * @no_warn: nothing is said of a failure
 *
 * What is in the way is moved; where it can't be, the next place is tried.
 *
 * Context: process context, may sleep; not from an owner's callback or a shrinker, which a claim may be waiting for.
 * Return: the first page, each a block of its own with one reference; NULL when no place can be had, and the area
 * remembers the page that was last in the way, and why.
 */
struct mmsim_page *mmsim_cma_alloc(struct mmsim_cma *cma, unsigned long count, unsigned int align, bool no_warn)
{
	struct mmsim_obstacle obstacle = { .pfn = cma->base_pfn, .why = "all of the area is claimed" };
	unsigned long bit, start = 0;
	int err = -ENOMEM;

	while (count && count <= cma->count && align < BITS_PER_LONG - PAGE_SHIFT) {
		bit = take_bits(cma, start, count, align);
		if (bit == cma->nr_bits)
			break;
		err = claim_bits(cma, bit, count, &obstacle);
		if (!err) {
			mmsim_count_event(&cma->mem->events, MMSIM_EVENT_CMA_ALLOC_SUCCESS);
			return mmsim_memory_page(cma->mem, cma->base_pfn + (bit << cma->order_per_bit));
		}
		clear_bits(cma, bit, count);
		if (err != -EBUSY)
			break;
		start = bit + (align > cma->order_per_bit ? BIT(align - cma->order_per_bit) : 1);
	}
	if (!count || count > cma->count)
		obstacle.why = "no page, or more than the area has, was asked for";
	note_failure(cma, err, &obstacle);
	mmsim_count_event(&cma->mem->events, MMSIM_EVENT_CMA_ALLOC_FAIL);
	if (!no_warn && __ratelimit(&cma->mem->failure_limit))
		pr_err("cma_alloc: %s: %lu pages: error %d; last in the way was pfn %#lx: %s\n", cma->name, count, err,
		       obstacle.pfn, obstacle.why);
	return NULL;
}
EXPORT_SYMBOL_GPL(mmsim_cma_alloc);

/* What is wrong with giving back @count pages from @at on, which lie in the area; @at is set to the page meant. */
static const char *release_refusal(struct mmsim_cma *cma, unsigned long *at, unsigned long count)
{
	unsigned long in_bit = BIT(cma->order_per_bit) - 1, end = *at + count, clear;
	bool end_claimed;

	spin_lock(&cma->lock);
	clear = find_next_zero_bit(cma->claimed, end, *at);
	end_claimed = (end & in_bit) && test_bit(end, cma->claimed);
	spin_unlock(&cma->lock);
	if (clear < end) {
		*at = clear;
		return "is not claimed";
	}
	if (*at & in_bit)
		return "is inside of what a bit stands for; begin at a multiple of that";
	if (!end_claimed)
		return NULL;
	*at = end;
	return "is inside of what a bit stands for, and claimed; end at a multiple of that, or with the claim";
}

/**
 * mmsim_cma_release() - give claimed pages back, as cma_release()
 * @cma: the area
 * @pages: the first page, at a multiple of the pages that a bit stands for
 * @count: how many, up to such a multiple or to the end of a claim
 *
 * Context: process context.
 * Return: false when the range is not one that was claimed from this area, or would leave a part of a bit claimed:
 * nothing is done then, and the log says which page is wrong.
 */
bool mmsim_cma_release(struct mmsim_cma *cma, const struct mmsim_page *pages, unsigned long count)
{
	unsigned long pfn, at;
	const char *why;

	if (!pages || !count || !mmsim_memory_has(cma->mem, pages))
		return false;
	pfn = mmsim_memory_pfn(cma->mem, pages);
	if (pfn < cma->base_pfn || count > cma->count || pfn - cma->base_pfn > cma->count - count)
		return false;
	at = pfn - cma->base_pfn;
	why = release_refusal(cma, &at, count);
	if (why) {
		pr_err("cma_release: %s: pfn %#lx %s\n", cma->name, cma->base_pfn + at, why);
		return false;
	}
	mmsim_memory_free_contig_range(cma->mem, pfn, count, _RET_IP_);
	clear_bits(cma, (pfn - cma->base_pfn) >> cma->order_per_bit, count);
	return true;
}
EXPORT_SYMBOL_GPL(mmsim_cma_release);

/**
 * mmsim_cma_used() - how many pages of an area are claimed
 * @cma: the area
 *
 * Context: process context.
 * Return: pages.
 */
unsigned long mmsim_cma_used(struct mmsim_cma *cma)
{
	unsigned long bits;

	spin_lock(&cma->lock);
	bits = bitmap_weight(cma->bitmap, cma->nr_bits);
	spin_unlock(&cma->lock);
	return bits << cma->order_per_bit;
}

/**
 * mmsim_cma_maxchunk() - how many pages in a row are not claimed
 * @cma: the area
 *
 * Context: process context.
 * Return: pages, of the longest run.
 */
unsigned long mmsim_cma_maxchunk(struct mmsim_cma *cma)
{
	unsigned long start, end = 0, longest = 0;

	spin_lock(&cma->lock);
	while ((start = find_next_zero_bit(cma->bitmap, cma->nr_bits, end)) < cma->nr_bits) {
		end = find_next_bit(cma->bitmap, cma->nr_bits, start);
		longest = max(longest, end - start);
	}
	spin_unlock(&cma->lock);
	return longest << cma->order_per_bit;
}

/**
 * mmsim_cma_create() - make an area in the live instance
 * @name: of the area, for the files
 * @size: bytes, a multiple of 2 MB
 * @base: the physical address where it is to begin, or 0
 * @order_per_bit: the bitmap has a bit for 1 << so many pages
 * @cma: where the area goes; the caller holds it until mmsim_cma_put() or mmsim_cma_destroy()
 *
 * Context: process context, may sleep; not from an owner's callback or a shrinker, which a claim may be waiting for.
 * Return: as mmsim_memory_cma_create().
 */
int mmsim_cma_create(const char *name, u64 size, phys_addr_t base, unsigned int order_per_bit, struct mmsim_cma **cma)
{
	return mmsim_memory_cma_create(mmsim_memory_live, name, size, base, order_per_bit, cma);
}
EXPORT_SYMBOL_GPL(mmsim_cma_create);

/**
 * mmsim_cma_find() - find an area of the live instance by its name
 * @name: the name
 *
 * Context: process context, may sleep; not from an owner's callback or a shrinker, which a claim may be waiting for.
 * Return: the area, which the caller holds until mmsim_cma_put() or mmsim_cma_destroy(), or NULL.
 */
struct mmsim_cma *mmsim_cma_find(const char *name)
{
	return mmsim_memory_cma_find(mmsim_memory_live, name);
}
EXPORT_SYMBOL_GPL(mmsim_cma_find);
