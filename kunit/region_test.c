// SPDX-License-Identifier: GPL-2.0
/*
 * Suite region: takes memory from the host by each source, uses all of it, gives it back; what is refused, and how;
 * what the checker sees. A source that this kernel or machine doesn't have is skipped, with the reason.
 *
 * test->priv is a region that the suite releases when a test ends before its own end.
 */
#include "fixture.h"

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define REGION_TEST_WHAT	256	/* bytes for the text of a broken invariant */
#define REGION_TEST_STRIDE	512	/* bytes from one word that is written to the next */
#define REGION_TEST_NOISE	SZ_16M	/* what others may take of the host's free memory, per-CPU lists included */
#define REGION_TEST_REGIONS	6	/* held at a time by the random test */
#define REGION_TEST_STEPS	60

struct region_case {
	enum mmsim_source source;
	u64 size;
};

static const struct region_case region_cases[] = {
	{ MMSIM_SOURCE_AUTO, SZ_4M },	{ MMSIM_SOURCE_AUTO, SZ_16M },	{ MMSIM_SOURCE_AUTO, SZ_64M },
	{ MMSIM_SOURCE_CONTIG, SZ_4M },	{ MMSIM_SOURCE_CONTIG, SZ_8M },	{ MMSIM_SOURCE_CONTIG, 12 * SZ_1M },
	{ MMSIM_SOURCE_CONTIG, SZ_64M }, { MMSIM_SOURCE_CONTIG, SZ_64M + SZ_4M },
	{ MMSIM_SOURCE_CMA, SZ_4M },	{ MMSIM_SOURCE_CMA, SZ_8M },	{ MMSIM_SOURCE_CMA, SZ_32M },
	{ MMSIM_SOURCE_PAGES, SZ_4M },
};

static void region_case_desc(const struct region_case *c, char *desc)
{
	scnprintf(desc, KUNIT_PARAM_DESC_SIZE, "source=%s size=%s", mmsim_source_names[c->source],
		  mmsim_size_text(c->size).s);
}

KUNIT_ARRAY_PARAM(region, region_cases, region_case_desc);

/* Takes what is asked for, and skips the test where this machine can't give it. */
static void region_test_take(struct kunit *test, struct mmsim_region *r, enum mmsim_source source, u64 size)
{
	const struct mmsim_region_params p = { .source = source, .size = size, .quiet = true };
	int ret = mmsim_region_take(r, &p);

	if (ret == -EOPNOTSUPP || ret == -ENOMEM || ret == -EBUSY)
		kunit_skip(test, "source=%s has no %s here: %pe", mmsim_source_names[source], mmsim_size_text(size).s,
			   ERR_PTR(ret));
	KUNIT_ASSERT_EQ(test, ret, 0);
}

static void region_test_check(struct kunit *test, const struct mmsim_region *r)
{
	char what[REGION_TEST_WHAT] = "";

	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_check(r, what, sizeof(what)), 0, "%s", what);
}

static void region_test_expect_zero(struct kunit *test, const struct mmsim_region *r)
{
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(r, 0, sizeof(*r)), (void *)NULL);
}

static void region_test_take_release(struct kunit *test)
{
	const struct region_case *c = test->param_value;
	struct mmsim_region *r = test->priv;
	u64 start;
	int i;

	for (i = 0; i < 8; i++) {
		start = ktime_get_ns();
		region_test_take(test, r, c->source, c->size);
		KUNIT_EXPECT_LE(test, r->take_ns, ktime_get_ns() - start);
		region_test_check(test, r);
		KUNIT_EXPECT_EQ(test, r->nr_pages, (unsigned long)(c->size >> PAGE_SHIFT));
		KUNIT_EXPECT_EQ(test, r->start_pfn % MMSIM_GRANULE_PAGES, 0UL);
		KUNIT_EXPECT_EQ(test, mmsim_region_nr_granules(r), (unsigned long)(c->size / SZ_4M));
		KUNIT_EXPECT_EQ(test, mmsim_region_end_pfn(r), r->start_pfn + r->nr_pages);
		KUNIT_EXPECT_EQ(test, r->nr_holes, 0UL);
		KUNIT_EXPECT_GE(test, r->nr_slices, 1UL);
		KUNIT_EXPECT_GE(test, r->nr_tries, r->nr_slices);
		KUNIT_EXPECT_TRUE(test, r->host_backed);
		if (c->source != MMSIM_SOURCE_AUTO)
			KUNIT_EXPECT_EQ(test, (int)r->ops->source, (int)c->source);
		mmsim_region_release(r);
		region_test_expect_zero(test, r);
	}
}

/* All of the region is memory, at the addresses that it should have: words written everywhere are there afterwards. */
static void region_test_linear(struct kunit *test)
{
	const struct region_case *c = test->param_value;
	struct mmsim_region *r = test->priv;
	unsigned long wrong = 0, moved = 0;
	u64 offset;

	region_test_take(test, r, c->source, c->size);
	for (offset = 0; offset < c->size; offset += REGION_TEST_STRIDE)
		*(u64 *)(r->vaddr + offset) = ~offset;
	*(u8 *)(r->vaddr + c->size - 1) = 0xa5;
	for (offset = 0; offset < c->size; offset += REGION_TEST_STRIDE)
		wrong += *(u64 *)(r->vaddr + offset) != ~offset;
	KUNIT_EXPECT_EQ(test, wrong, 0UL);
	KUNIT_EXPECT_EQ(test, *(u8 *)(r->vaddr + c->size - 1), (u8)0xa5);
	for (offset = 0; offset < c->size; offset += PAGE_SIZE)
		moved += page_to_pfn(virt_to_page(r->vaddr + offset)) != r->start_pfn + PHYS_PFN(offset);
	KUNIT_EXPECT_EQ(test, moved, 0UL);
	region_test_check(test, r);
}

static u64 region_test_host_free(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return PFN_PHYS(info.freeram);
}

/* A region that stayed away once, or a part of one each time, would show. */
static void region_test_host_memory(struct kunit *test)
{
	const struct region_case *c = test->param_value;
	struct mmsim_region *r = test->priv;
	u64 before, after, taken;

	region_test_take(test, r, c->source, c->size);
	mmsim_region_release(r);
	before = region_test_host_free();
	for (taken = 0; taken < 6 * REGION_TEST_NOISE; taken += c->size) {
		region_test_take(test, r, c->source, c->size);
		mmsim_region_release(r);
	}
	after = region_test_host_free();
	KUNIT_EXPECT_GE_MSG(test, after + REGION_TEST_NOISE, before, "after %llu MB taken and given back", taken >> 20);
}

static void region_test_source_words(struct kunit *test)
{
	static const char *const wrong[] = { "", "Auto", "contigs", "memma", "memmap ", "cma,pages", "0" };
	int i;

	for (i = 0; i < MMSIM_NR_SOURCES; i++)
		KUNIT_EXPECT_EQ(test, mmsim_source_parse(mmsim_source_names[i]), i);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_source_parse(wrong[i]), -EINVAL, "\"%s\"", wrong[i]);
}

struct refusal {
	const char *name;
	struct mmsim_region_params p;
	int err;
};

#define REFUSAL(_name, _err, _source, _size, ...) \
	{ _name, { .source = MMSIM_SOURCE_##_source, .size = _size, ##__VA_ARGS__ }, _err }

static const struct refusal refusals[] = {
	REFUSAL("no size", -EINVAL, AUTO, 0),
	REFUSAL("a page", -EINVAL, AUTO, PAGE_SIZE),
	REFUSAL("a byte too small", -EINVAL, CONTIG, SZ_4M - 1),
	REFUSAL("2M", -EINVAL, CONTIG, SZ_2M),
	REFUSAL("a byte more than 4M", -EINVAL, CONTIG, SZ_4M + 1),
	REFUSAL("5M", -EINVAL, AUTO, 5 * SZ_1M),
	REFUSAL("4M above the limit", -EINVAL, AUTO, SZ_16G + SZ_4M),
	REFUSAL("all ones", -EINVAL, AUTO, U64_MAX),
	REFUSAL("largest multiple of 4M", -EINVAL, AUTO, ALIGN_DOWN(U64_MAX, SZ_4M)),
	REFUSAL("a source that is none", -EINVAL, AUTO + MMSIM_NR_SOURCES, SZ_4M),
	REFUSAL("contig with a base", -EINVAL, CONTIG, SZ_4M, .base = SZ_1G),
	REFUSAL("cma with a base", -EINVAL, CMA, SZ_4M, .base = SZ_1G),
	REFUSAL("pages with a base", -EINVAL, PAGES, SZ_4M, .base = SZ_1G),
	REFUSAL("51 percent of holes", -EINVAL, CONTIG, SZ_4M, .holes = 51),
	REFUSAL("pages with holes", -EINVAL, PAGES, SZ_4M, .holes = 1),
	REFUSAL("a base with holes", -EINVAL, AUTO, SZ_4M, .base = SZ_1G, .holes = 1),
	REFUSAL("pages of 8M", -EINVAL, PAGES, SZ_8M),
};

static void refusal_desc(const struct refusal *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refusal, refusals, refusal_desc);

static void region_test_refusal(struct kunit *test)
{
	const struct refusal *c = test->param_value;
	struct mmsim_region *r = test->priv;

	KUNIT_EXPECT_EQ(test, mmsim_region_take(r, &c->p), c->err);
	region_test_expect_zero(test, r);
}

/* More than the host can have free is refused before anything is moved for it. */
static void region_test_too_much(struct kunit *test)
{
	struct mmsim_region_params p = { .source = MMSIM_SOURCE_CONTIG };
	struct mmsim_region *r = test->priv;
	u64 start = ktime_get_ns();

	if (!IS_ENABLED(CONFIG_CONTIG_ALLOC))
		kunit_skip(test, "no CONFIG_CONTIG_ALLOC");
	p.size = ALIGN(PFN_PHYS(totalram_pages()), SZ_4M);
	if (p.size > MMSIM_REGION_MAX)
		kunit_skip(test, "this machine can give the largest region");
	KUNIT_EXPECT_EQ(test, mmsim_region_take(r, &p), -ENOMEM);
	KUNIT_EXPECT_LT(test, ktime_get_ns() - start, (u64)NSEC_PER_SEC);
	region_test_expect_zero(test, r);
}

/* What a number of bytes is, and what of it more than 64 bits can't hold. */
static void region_test_size_words(struct kunit *test)
{
	static const struct {
		const char *word;
		int err;
		u64 bytes;
	} words[] = {
		{ "0", 0, 0 },			{ "4096", 0, SZ_4K },		{ "64K", 0, SZ_64K },
		{ "4m", 0, SZ_4M },		{ "16G", 0, SZ_16G },		{ "0x10M", 0, SZ_16M },
		{ "0x1e", 0, 0x1e },		{ "15E", 0, 15ULL << 60 },	{ "16777215T", 0, 16777215ULL << 40 },
		{ "18446744073709551615", 0, U64_MAX },
		{ "18446744073709551616", -ERANGE }, { "17592186044420M", -ERANGE }, { "16777216T", -ERANGE },
		{ "16E", -ERANGE },		{ "99999999999999999999K", -ERANGE },
		{ "", -EINVAL },		{ "M", -EINVAL },		{ "banana", -EINVAL },
		{ "12X", -EINVAL },		{ "4MB", -EINVAL },		{ "-4M", -EINVAL },
		{ " 4M", -EINVAL },		{ "4 M", -EINVAL },		{ "4M ", -EINVAL },
		{ "1000000000000000000000000000000000M", -ERANGE },
	};
	int i, err;
	u64 bytes;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		err = mmsim_size_parse(words[i].word, &bytes);
		KUNIT_EXPECT_EQ_MSG(test, err, words[i].err, "'%s'", words[i].word);
		if (!err)
			KUNIT_EXPECT_EQ_MSG(test, bytes, words[i].bytes, "'%s'", words[i].word);
	}
}

static void region_test_base(struct kunit *test)
{
	struct mmsim_region_params p = { .source = MMSIM_SOURCE_MEMMAP, .size = SZ_4M };
	struct mmsim_region *r = test->priv;
	phys_addr_t ram = ALIGN_DOWN(virt_to_phys(r), SZ_4M);

	if (!IS_ENABLED(CONFIG_HAS_IOMEM)) {
		KUNIT_EXPECT_EQ(test, mmsim_region_take(r, &p), -EOPNOTSUPP);
		return;
	}
	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_take(r, &p), -EINVAL, "no base");
	p.base = ram;
	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_take(r, &p), -EINVAL, "System RAM");
	p.base = ram + SZ_1M;
	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_take(r, &p), -EINVAL, "not a multiple of 4M");
	p.base = ALIGN_DOWN(iomem_resource.end, SZ_4M);
	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_take(r, &p), -EINVAL, "not reserved");
	p.base = ALIGN_DOWN((phys_addr_t)-1, SZ_4M);
	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_take(r, &p), -EINVAL, "end of all addresses");
	region_test_expect_zero(test, r);

	/* source=auto believes a base, and does not take other memory when it is wrong. */
	p.source = MMSIM_SOURCE_AUTO;
	p.base = ram;
	KUNIT_EXPECT_EQ(test, mmsim_region_take(r, &p), -EINVAL);
	region_test_expect_zero(test, r);
}

#define SELF_TEST_PAGES		8
#define SELF_TEST_BASE		0x140000000ULL

/* Addresses for some pages, one after the other, or behind[i] behind the i-th; to be unmapped. */
static void *region_test_pages(struct kunit *test, struct page **pages, const unsigned int *behind)
{
	struct page *mapped[SELF_TEST_PAGES];
	unsigned int i;
	void *vaddr;

	for (i = 0; i < SELF_TEST_PAGES; i++)
		mapped[i] = pages[behind ? behind[i] : i];
	vaddr = vmap(mapped, SELF_TEST_PAGES, VM_MAP, PAGE_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, vaddr);
	return vaddr;
}

static int region_test_read(void *vaddr, phys_addr_t *bad)
{
	unsigned long next_line = jiffies + HZ;

	*bad = 0;
	return mmsim_memmap_read(vaddr, SELF_TEST_BASE, SELF_TEST_PAGES * PAGE_SIZE, &next_line, bad);
}

/* The self-test names the page in which a bit has changed at either end. */
static void region_test_self_test_bits(struct kunit *test, u64 *vaddr)
{
	const unsigned int words = PAGE_SIZE / sizeof(*vaddr);
	static const unsigned int changed[] = { 0, 3, SELF_TEST_PAGES - 1 };
	unsigned int i, end;
	phys_addr_t bad;

	KUNIT_EXPECT_EQ(test, region_test_read(vaddr, &bad), 0);
	for (i = 0; i < ARRAY_SIZE(changed); i++) {
		for (end = 0; end < 2; end++) {
			u64 *word = &vaddr[changed[i] * words + end * (words - 1)];

			*word ^= BIT_ULL(17 * i);
			KUNIT_EXPECT_EQ(test, region_test_read(vaddr, &bad), -EIO);
			KUNIT_EXPECT_EQ(test, bad, SELF_TEST_BASE + changed[i] * PAGE_SIZE);
			*word ^= BIT_ULL(17 * i);
		}
	}
	KUNIT_EXPECT_EQ(test, region_test_read(vaddr, &bad), 0);
}

/* source=memmap: no memory, and memory with two addresses, is found by what is read back. */
static void region_test_self_test(struct kunit *test)
{
	static const unsigned int behind[SELF_TEST_PAGES] = { 0, 1, 2, 3, 4, 2, 6, 7 };
	unsigned long next_line = jiffies + HZ;
	struct page *pages[SELF_TEST_PAGES];
	void *block = alloc_pages_exact(SELF_TEST_PAGES * PAGE_SIZE, GFP_KERNEL), *vaddr;
	phys_addr_t bad;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, block);
	for (i = 0; i < SELF_TEST_PAGES; i++)
		pages[i] = virt_to_page(block + i * PAGE_SIZE);
	vaddr = region_test_pages(test, pages, NULL);
	if (vaddr) {
		memset(vaddr, 0xff, SELF_TEST_PAGES * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, region_test_read(vaddr, &bad), -EIO);
		KUNIT_EXPECT_EQ(test, bad, SELF_TEST_BASE);
		mmsim_memmap_write(vaddr, SELF_TEST_BASE, SELF_TEST_PAGES * PAGE_SIZE, &next_line);
		region_test_self_test_bits(test, vaddr);
	}
	vunmap(vaddr);
	vaddr = region_test_pages(test, pages, behind);
	if (vaddr) {
		mmsim_memmap_write(vaddr, SELF_TEST_BASE, SELF_TEST_PAGES * PAGE_SIZE, &next_line);
		KUNIT_EXPECT_EQ(test, region_test_read(vaddr, &bad), -EIO);
		KUNIT_EXPECT_EQ(test, bad, SELF_TEST_BASE + 2 * PAGE_SIZE);
	}
	vunmap(vaddr);
	free_pages_exact(block, SELF_TEST_PAGES * PAGE_SIZE);
}

static void region_test_auto_order(struct kunit *test)
{
	struct mmsim_region *r = test->priv;

	region_test_take(test, r, MMSIM_SOURCE_AUTO, SZ_4M);
	if (IS_ENABLED(CONFIG_CONTIG_ALLOC))
		KUNIT_EXPECT_EQ(test, (int)r->ops->source, MMSIM_SOURCE_CONTIG);
	else if (IS_ENABLED(CONFIG_DMA_CMA))
		KUNIT_EXPECT_EQ(test, (int)r->ops->source, MMSIM_SOURCE_CMA);
	else
		KUNIT_EXPECT_EQ(test, (int)r->ops->source, MMSIM_SOURCE_PAGES);
}

static void region_test_release_twice(struct kunit *test)
{
	struct mmsim_region *r = test->priv;

	mmsim_region_release(r);
	region_test_take(test, r, MMSIM_SOURCE_AUTO, SZ_4M);
	mmsim_region_release(r);
	mmsim_region_release(r);
	region_test_expect_zero(test, r);
}

/* A page that somebody else holds loses mmsim's reference alone, and is reported. */
static void region_test_referenced(struct kunit *test)
{
	struct mmsim_region *r = test->priv;
	struct page *page;

	region_test_take(test, r, MMSIM_SOURCE_CONTIG, SZ_8M);
	page = pfn_to_page(r->start_pfn + MMSIM_GRANULE_PAGES + 5);
	KUNIT_ASSERT_EQ(test, page_count(page), 1);
	get_page(page);
	mmsim_region_release(r);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);
}

/* Holes are allowed, not wanted: a region that can be had whole is whole, and no edge of one is ever a hole. */
static void region_test_holes(struct kunit *test)
{
	const struct mmsim_region_params p = {
		.source = MMSIM_SOURCE_CONTIG, .size = SZ_32M, .holes = 50, .quiet = true,
	};
	struct mmsim_region *r = test->priv;

	region_test_take(test, r, MMSIM_SOURCE_CONTIG, SZ_32M);
	mmsim_region_release(r);
	KUNIT_ASSERT_EQ(test, mmsim_region_take(r, &p), 0);
	region_test_check(test, r);
	KUNIT_EXPECT_LE(test, r->nr_holes, mmsim_region_nr_granules(r) / 2);
	KUNIT_EXPECT_FALSE(test, mmsim_region_missing(r, r->start_pfn));
	KUNIT_EXPECT_FALSE(test, mmsim_region_missing(r, mmsim_region_end_pfn(r) - 1));
}

/* Breaks one invariant of a sound region of 16 MB: a field gets another value, granules another state. */
struct damage {
	const char *name;
	const char *says;		/* a word of what the checker writes */
	size_t field;			/* offset of an unsigned long or of a pointer */
	bool set;			/* to value; else value is added */
	unsigned long value;
	unsigned long missing;		/* the bitmap */
};

#define DAMAGE_SET(_name, _says, _field, _value, ...) \
	{ _name, _says, offsetof(struct mmsim_region, _field), true, _value, ##__VA_ARGS__ }
#define DAMAGE_ADD(_name, _says, _field, _value, ...) \
	{ _name, _says, offsetof(struct mmsim_region, _field), false, _value, ##__VA_ARGS__ }

static const struct damage damages[] = {
	DAMAGE_SET("no ops", "source", ops, 0),
	DAMAGE_ADD("start_pfn off by a page", "start_pfn", start_pfn, 1),
	DAMAGE_SET("start_pfn 0", "start_pfn", start_pfn, 0),
	DAMAGE_ADD("nr_pages off by a page", "nr_pages", nr_pages, -1UL),
	DAMAGE_SET("nr_pages 0", "nr_pages", nr_pages, 0),
	DAMAGE_SET("nr_pages above the limit", "nr_pages", nr_pages, (SZ_16G + SZ_4M) >> PAGE_SHIFT),
	DAMAGE_SET("no vaddr", "vaddr", vaddr, 0),
	DAMAGE_ADD("vaddr inside a page", "vaddr", vaddr, 1),
	DAMAGE_ADD("vaddr of another page", "vaddr", vaddr, PAGE_SIZE),
	DAMAGE_SET("no slices", "slices", nr_slices, 0),
	DAMAGE_SET("fewer tries than slices", "tries", nr_tries, 0),
	DAMAGE_SET("no bitmap", "bitmap", missing, 0),
	DAMAGE_SET("a hole that is not counted", "nr_holes", nr_holes, 0, BIT(1)),
	DAMAGE_ADD("a count without a hole", "nr_holes", nr_holes, 1),
	DAMAGE_SET("a hole at the start", "edge", nr_holes, 1, BIT(0)),
	DAMAGE_SET("a hole at the end", "edge", nr_holes, 1, BIT(SZ_16M / SZ_4M - 1)),
	DAMAGE_SET("nothing but holes", "missing", nr_holes, SZ_16M / SZ_4M, BIT(SZ_16M / SZ_4M) - 1),
};

static void damage_desc(const struct damage *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(damage, damages, damage_desc);

static void region_test_check_sees(struct kunit *test)
{
	const struct damage *c = test->param_value;
	struct mmsim_region *r = test->priv, copy;
	char what[REGION_TEST_WHAT] = "";
	unsigned long missing = 0, *field = (void *)&copy + c->field;

	region_test_take(test, r, MMSIM_SOURCE_AUTO, SZ_16M);
	copy = *r;
	copy.missing = &missing;
	region_test_check(test, &copy);
	missing = c->missing;
	*field = c->set ? c->value : *field + c->value;
	KUNIT_EXPECT_EQ(test, mmsim_region_check(&copy, what, sizeof(what)), -EUCLEAN);
	KUNIT_EXPECT_PTR_NE_MSG(test, strstr(what, c->says), (char *)NULL, "it says \"%s\"", what);
}

/* The checker looks at the host's pages: one that has gone back is seen. */
static void region_test_check_sees_lost_frame(struct kunit *test)
{
	struct mmsim_region *r = test->priv;
	char what[REGION_TEST_WHAT] = "";
	struct page *page;

	region_test_take(test, r, MMSIM_SOURCE_CONTIG, SZ_8M);
	page = pfn_to_page(mmsim_region_end_pfn(r) - 1);
	page_ref_dec(page);
	KUNIT_EXPECT_EQ(test, mmsim_region_check(r, what, sizeof(what)), -EUCLEAN);
	page_ref_inc(page);
	region_test_check(test, r);
}

static bool region_test_overlap(const struct mmsim_region *a, const struct mmsim_region *b)
{
	return a->ops && b->ops && a->start_pfn < mmsim_region_end_pfn(b) && b->start_pfn < mmsim_region_end_pfn(a);
}

static void region_test_expect_apart(struct kunit *test, const struct mmsim_region *all)
{
	int i, k;

	for (i = 0; i < REGION_TEST_REGIONS; i++)
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_FALSE_MSG(test, region_test_overlap(&all[i], &all[k]), "regions %d and %d", i, k);
}

/* Regions of random sources and sizes come and go in random order. One that can't be had is left out. */
static void region_test_random(struct kunit *test)
{
	static const enum mmsim_source sources[] = {
		MMSIM_SOURCE_CONTIG, MMSIM_SOURCE_CONTIG, MMSIM_SOURCE_CMA, MMSIM_SOURCE_PAGES, MMSIM_SOURCE_AUTO,
	};
	struct mmsim_region *all = test->priv;
	struct rnd_state rnd;
	int step, taken = 0, i;

	mmsim_test_random(test, &rnd);
	for (step = 0; step < REGION_TEST_STEPS; step++) {
		struct mmsim_region *r = &all[mmsim_test_below(&rnd, REGION_TEST_REGIONS)];
		struct mmsim_region_params p = {
			.source = sources[mmsim_test_below(&rnd, ARRAY_SIZE(sources))],
			.size = SZ_4M * (1 + mmsim_test_below(&rnd, 5)),
			.quiet = true,
		};

		if (p.source == MMSIM_SOURCE_PAGES)
			p.size = SZ_4M;
		mmsim_region_release(r);
		if (!mmsim_region_take(r, &p)) {
			memset(r->vaddr, step, p.size);
			taken++;
		}
		region_test_expect_apart(test, all);
		for (i = 0; i < REGION_TEST_REGIONS; i++)
			if (all[i].ops)
				region_test_check(test, &all[i]);
	}
	KUNIT_EXPECT_GT(test, taken, 0);
	kunit_info(test, "%d regions taken in %d steps", taken, step);
}

static int region_test_init(struct kunit *test)
{
	test->priv = kunit_kcalloc(test, REGION_TEST_REGIONS, sizeof(struct mmsim_region), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void region_test_exit(struct kunit *test)
{
	struct mmsim_region *all = test->priv;
	int i;

	for (i = 0; all && i < REGION_TEST_REGIONS; i++)
		mmsim_region_release(&all[i]);
}

static struct kunit_case region_test_cases[] = {
	KUNIT_CASE_PARAM(region_test_take_release, region_gen_params),
	KUNIT_CASE_PARAM(region_test_linear, region_gen_params),
	KUNIT_CASE_PARAM(region_test_host_memory, region_gen_params),
	KUNIT_CASE(region_test_source_words),
	KUNIT_CASE(region_test_size_words),
	KUNIT_CASE_PARAM(region_test_refusal, refusal_gen_params),
	KUNIT_CASE(region_test_too_much),
	KUNIT_CASE(region_test_base),
	KUNIT_CASE(region_test_self_test),
	KUNIT_CASE(region_test_auto_order),
	KUNIT_CASE(region_test_release_twice),
	KUNIT_CASE(region_test_referenced),
	KUNIT_CASE(region_test_holes),
	KUNIT_CASE_PARAM(region_test_check_sees, damage_gen_params),
	KUNIT_CASE(region_test_check_sees_lost_frame),
	KUNIT_CASE(region_test_random),
	{}
};

static struct kunit_suite region_test_suite = {
	.name = "region",
	.init = region_test_init,
	.exit = region_test_exit,
	.test_cases = region_test_cases,
};

kunit_test_suite(region_test_suite);
