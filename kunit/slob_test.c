// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slob": the heap of the SLOB engine, to the address of each piece.
 */
#include <linux/mm.h>

#include "slob.h"

/* Pieces are cut from the front, without anything between them; odd sizes take a unit more. */
static void slob_first_fit(struct kunit *test)
{
	static const unsigned int sizes[] = { 100, 30, 1, 3, 200, 2 };
	static const unsigned int at[] = { 0, 100, 130, 132, 136, 336 };
	struct mmsim_slabs *slabs = heap(test, "Normal");
	void *p[ARRAY_SIZE(sizes)], *again;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p[i] = cut(slabs, sizes[i], 2);
		KUNIT_EXPECT_EQ_MSG(test, offset_in_page(p[i]), at[i], "piece %u", i);
	}
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, 1);
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->free_units, 2048 - 338 / 2);
	/* Two holes, of 30 and of 200 bytes: the first that is large enough is taken, and cut at its front. */
	KUNIT_EXPECT_TRUE(test, put(slabs, p[1], sizes[1]));
	KUNIT_EXPECT_TRUE(test, put(slabs, p[4], sizes[4]));
	again = cut(slabs, 31, 2);
	KUNIT_EXPECT_PTR_EQ(test, again, p[4]);
	p[1] = cut(slabs, 30, 2);
	KUNIT_EXPECT_EQ(test, offset_in_page(p[1]), 100);
	p[4] = cut(slabs, 168, 2);
	KUNIT_EXPECT_EQ(test, offset_in_page(p[4]), 136 + 32);
	expect_sound(test, slabs);
	KUNIT_EXPECT_TRUE(test, put(slabs, again, 31));
	KUNIT_EXPECT_TRUE(test, put(slabs, p[4], 168));
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (i != 4)
			KUNIT_EXPECT_TRUE(test, put(slabs, p[i], sizes[i]));
	expect_empty(test, slabs);
}

/* What is left free for the sake of an address is used by others. */
static void slob_align(struct kunit *test)
{
	const struct mmsim_slob_request behind = { .size = 72, .align = 64, .align_offset = 8, .node = NUMA_NO_NODE };
	struct mmsim_slabs *slabs = heap(test, "Normal");
	void *a = cut(slabs, 10, 2), *b = cut(slabs, 64, 64), *c = cut(slabs, 20, 8), *d = cut(slabs, 8, 2);
	void *e = mmsim_slob_cut(slabs->heap, &behind, GFP_KERNEL), *f = cut(slabs, 80, 256), *g;

	KUNIT_EXPECT_EQ(test, offset_in_page(a), 0);
	KUNIT_EXPECT_EQ(test, offset_in_page(b), 64);
	KUNIT_EXPECT_EQ(test, offset_in_page(c), 16);
	KUNIT_EXPECT_EQ(test, offset_in_page(d), 36);
	KUNIT_EXPECT_EQ(test, offset_in_page(e), 192 - 8);
	KUNIT_EXPECT_EQ(test, offset_in_page(f), 256);
	g = cut(slabs, 6, 2);
	KUNIT_EXPECT_EQ_MSG(test, offset_in_page(g), 10, "the gap between the first two");
	expect_sound(test, slabs);
	KUNIT_EXPECT_TRUE(test, put(slabs, a, 10) && put(slabs, b, 64) && put(slabs, c, 20) && put(slabs, d, 8));
	KUNIT_EXPECT_TRUE(test, put(slabs, e, 72) && put(slabs, f, 80) && put(slabs, g, 6));
	expect_empty(test, slabs);
}

/* Three neighbours freed in any order are one piece in the end, whose neighbours are still in use. */
static void slob_merge(struct kunit *test)
{
	static const u8 orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct mmsim_slabs *slabs = heap(test, "Normal");
	void *before = cut(slabs, 50, 2), *p[3], *behind, *all;
	unsigned int i, j;

	for (j = 0; j < 3; j++)
		p[j] = cut(slabs, 40 + 2 * j, 2);
	behind = cut(slabs, 250, 2);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (j = 0; j < 3; j++) {
			KUNIT_EXPECT_TRUE(test, put(slabs, p[orders[i][j]], 40 + 2 * orders[i][j]));
			expect_sound(test, slabs);
		}
		all = cut(slabs, 126, 2);
		KUNIT_EXPECT_PTR_EQ_MSG(test, all, p[0], "order %u", i);
		KUNIT_EXPECT_TRUE(test, put(slabs, all, 126));
		for (j = 0; j < 3; j++)
			KUNIT_EXPECT_PTR_EQ(test, cut(slabs, 40 + 2 * j, 2), p[j]);
	}
	for (j = 0; j < 3; j++)
		KUNIT_EXPECT_TRUE(test, put(slabs, p[j], 40 + 2 * j));
	KUNIT_EXPECT_TRUE(test, put(slabs, before, 50));
	KUNIT_EXPECT_TRUE(test, put(slabs, behind, 250));
	expect_empty(test, slabs);
}

/* Single units, the smallest pieces, whose only word is the link. */
static void slob_units(struct kunit *test)
{
	struct mmsim_slabs *slabs = heap(test, "Normal");
	void **p = kunit_kcalloc(test, 2048, sizeof(*p), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < 2048; i++) {
		p[i] = cut(slabs, 2, 2);
		KUNIT_EXPECT_EQ(test, offset_in_page(p[i]), 2 * i);
	}
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->free_units, 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&mmsim_slob_heap(slabs)->list[MMSIM_SLOB_FULL]));
	for (i = 1; i < 2048; i += 2)
		KUNIT_EXPECT_TRUE(test, put(slabs, p[i], 2));
	expect_sound(test, slabs);
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->free_units, 1024);
	for (i = 1; i < 2048; i += 2)
		KUNIT_EXPECT_PTR_EQ(test, cut(slabs, 2, 2), p[i]);
	for (i = 2048; i--;)
		KUNIT_EXPECT_TRUE(test, put(slabs, p[i], 2));
	expect_empty(test, slabs);
}

/* The search goes on where the last one succeeded, and comes round to the pages before. */
static void slob_next_fit(struct kunit *test)
{
	struct mmsim_slabs *slabs = heap(test, "Normal");
	void *a = cut(slabs, 3000, 2), *b = cut(slabs, 3000, 2), *c = cut(slabs, 3000, 2), *p[4];

	/* Each new page comes to the front of the list: c, b, a, with 1096 bytes each. */
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, 3);
	p[0] = cut(slabs, 1090, 2);
	KUNIT_EXPECT_PTR_EQ(test, page_of(slabs, p[0]), page_of(slabs, c));
	p[1] = cut(slabs, 1050, 2);
	KUNIT_EXPECT_PTR_EQ(test, page_of(slabs, p[1]), page_of(slabs, b));
	/* Room again in c; but the search begins at b, which hasn't any, and goes on to a. */
	KUNIT_EXPECT_TRUE(test, put(slabs, p[0], 1090));
	p[0] = cut(slabs, 1030, 2);
	KUNIT_EXPECT_PTR_EQ(test, page_of(slabs, p[0]), page_of(slabs, a));
	p[2] = cut(slabs, 1030, 2);
	KUNIT_EXPECT_PTR_EQ(test, page_of(slabs, p[2]), page_of(slabs, c));
	/* Nowhere: a new page. */
	p[3] = cut(slabs, 1030, 2);
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->nr_pages, 4);
	KUNIT_EXPECT_EQ(test, offset_in_page(p[3]), 0);
	expect_sound(test, slabs);
	KUNIT_EXPECT_TRUE(test, put(slabs, a, 3000) && put(slabs, b, 3000) && put(slabs, c, 3000));
	KUNIT_EXPECT_TRUE(test, put(slabs, p[0], 1030) && put(slabs, p[1], 1050) && put(slabs, p[2], 1030));
	KUNIT_EXPECT_TRUE(test, put(slabs, p[3], 1030));
	expect_empty(test, slabs);
}

/* Three lists: a piece never comes from a page that was begun for another kind of size. */
static void slob_lists(struct kunit *test)
{
	static const struct {
		unsigned int size;
		enum mmsim_slob_list list;
	} kinds[] = {
		{ 2, MMSIM_SLOB_SMALL }, { 255, MMSIM_SLOB_SMALL }, { 256, MMSIM_SLOB_MEDIUM },
		{ 1023, MMSIM_SLOB_MEDIUM }, { 1024, MMSIM_SLOB_LARGE }, { 2000, MMSIM_SLOB_LARGE },
	};
	struct mmsim_slabs *slabs = heap(test, "Normal");
	struct mmsim_slob_heap *h = mmsim_slob_heap(slabs);
	void *p[ARRAY_SIZE(kinds)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		p[i] = cut(slabs, kinds[i].size, 2);
		KUNIT_EXPECT_PTR_EQ_MSG(test, list_first_entry(&h->list[kinds[i].list], struct mmsim_slab, list),
					page_of(slabs, p[i]), "%u bytes", kinds[i].size);
		KUNIT_EXPECT_EQ(test, h->nr_pages, i / 2 + 1);
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		KUNIT_EXPECT_TRUE(test, put(slabs, p[i], kinds[i].size));
	expect_empty(test, slabs);
}

/* A full page is on no list, and comes back to that of the size that was freed in it. */
static void slob_full_page(struct kunit *test)
{
	struct mmsim_slabs *slabs = heap(test, "Normal");
	struct mmsim_slob_heap *h = mmsim_slob_heap(slabs);
	void *small = cut(slabs, 200, 2), *large;
	void *rest = cut(slabs, 96, 2), *p[15];
	unsigned int i;

	for (i = 0; i < 15; i++)
		p[i] = cut(slabs, 252, 2);
	/* 296 + 15 * 252 = 4076: twenty bytes are left. */
	large = cut(slabs, 20, 2);
	KUNIT_EXPECT_EQ(test, h->nr_pages, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&h->list[MMSIM_SLOB_SMALL]));
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&h->list[MMSIM_SLOB_FULL], struct mmsim_slab, list),
			    page_of(slabs, small));
	/* Two neighbours given back as one, of a size that belongs elsewhere. */
	KUNIT_EXPECT_TRUE(test, put(slabs, small, 296));
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&h->list[MMSIM_SLOB_MEDIUM], struct mmsim_slab, list),
			    page_of(slabs, small));
	rest = cut(slabs, 256, 2);
	KUNIT_EXPECT_PTR_EQ(test, rest, small);
	for (i = 0; i < 15; i++)
		KUNIT_EXPECT_TRUE(test, put(slabs, p[i], 252));
	KUNIT_EXPECT_TRUE(test, put(slabs, large, 20));
	KUNIT_EXPECT_TRUE(test, put(slabs, rest, 256));
	expect_empty(test, slabs);
}

/* What overlaps free memory, or isn't a piece at all, is refused and nothing changes. */
static void slob_refuses(struct kunit *test)
{
	struct mmsim_slabs *slabs = heap(test, "Normal");
	void *a = cut(slabs, 100, 2), *b = cut(slabs, 100, 2), *c = cut(slabs, 100, 2);
	unsigned long units;

	KUNIT_EXPECT_TRUE(test, put(slabs, b, 100));
	units = mmsim_slob_heap(slabs)->free_units;
	KUNIT_EXPECT_FALSE(test, put(slabs, b, 100));
	KUNIT_EXPECT_FALSE(test, put(slabs, b + 50, 2));
	KUNIT_EXPECT_FALSE_MSG(test, put(slabs, a, 102), "reaches into a free piece");
	KUNIT_EXPECT_FALSE_MSG(test, put(slabs, b + 98, 4), "begins in a free piece");
	KUNIT_EXPECT_FALSE_MSG(test, put(slabs, c, 4096 - 198), "reaches out of the page");
	KUNIT_EXPECT_FALSE_MSG(test, put(slabs, a + 1, 2), "not a unit's first byte");
	KUNIT_EXPECT_FALSE_MSG(test, put(slabs, c, 0), "nothing");
	KUNIT_EXPECT_EQ(test, mmsim_slob_heap(slabs)->free_units, units);
	expect_sound(test, slabs);
	KUNIT_EXPECT_TRUE(test, put(slabs, a, 100));
	KUNIT_EXPECT_TRUE(test, put(slabs, c, 100));
	expect_empty(test, slabs);
}

/* A cache for DMA gets nothing of a page from elsewhere. */
static void slob_zone(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_of(test, "DMA:4M,Normal");
	struct mmsim_kmem_cache *s = cache_with(test, slabs, 100, SLAB_CACHE_DMA, NULL);
	void *normal = cut(slabs, 100, 8), *dma = mmsim_cache_alloc(s, GFP_KERNEL, NUMA_NO_NODE, _RET_IP_);

	KUNIT_ASSERT_NOT_NULL(test, dma);
	KUNIT_EXPECT_EQ(test, mmsim_page_zone_type(mmsim_slabs_head(slabs, normal)), MMSIM_ZONE_NORMAL);
	KUNIT_EXPECT_EQ(test, mmsim_page_zone_type(mmsim_slabs_head(slabs, dma)), MMSIM_ZONE_DMA);
	KUNIT_EXPECT_TRUE(test, put(slabs, normal, 100));
	/* The other way round it may. */
	normal = cut(slabs, 100, 8);
	KUNIT_EXPECT_PTR_EQ(test, page_of(slabs, normal), page_of(slabs, dma));
	KUNIT_EXPECT_TRUE(test, put(slabs, normal, 100));
	mmsim_cache_free(s, dma, _RET_IP_);
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(s, _RET_IP_));
	expect_empty(test, slabs);
}

/* --- The model: which unit of which page is taken, and the order of the pages --- */

#define MODEL_PAGES	48
#define MODEL_PIECES	300

struct model_page {
	void *addr;
	enum mmsim_slob_list list;
	DECLARE_BITMAP(used, MMSIM_SLOB_PAGE_UNITS);
};

struct model {
	struct model_page *page[MODEL_PAGES];	/* all lists' pages, each list's in the order of the search */
	unsigned int nr;
};

static enum mmsim_slob_list list_of_size(size_t size)
{
	return size < 256 ? MMSIM_SLOB_SMALL : size < 1024 ? MMSIM_SLOB_MEDIUM : MMSIM_SLOB_LARGE;
}

static void model_remove(struct model *m, unsigned int i)
{
	memmove(&m->page[i], &m->page[i + 1], (--m->nr - i) * sizeof(m->page[0]));
}

static void model_to_front(struct model *m, struct model_page *page)
{
	memmove(&m->page[1], &m->page[0], m->nr++ * sizeof(m->page[0]));
	m->page[0] = page;
}

/* The first place in the page, tried unit by unit; negative when there is none. */
static int model_place(const struct model_page *page, unsigned int units, size_t align)
{
	unsigned int at;

	for (at = 0; at + units <= MMSIM_SLOB_PAGE_UNITS; at++)
		if (IS_ALIGNED(2 * at, align) && find_next_bit(page->used, at + units, at) >= at + units)
			return at;
	return -1;
}

/* All pages of a list in front of @page go behind the list's others. */
static void model_rotate(struct model *m, struct model_page *page)
{
	unsigned int i = 0;

	while (m->page[i] != page) {
		struct model_page *other = m->page[i];

		if (other->list != page->list) {
			i++;
			continue;
		}
		model_remove(m, i);
		m->page[m->nr++] = other;
	}
}

/* Where the next piece must come from; NULL for a new page. */
static void *model_cut(struct model *m, size_t size, size_t align)
{
	unsigned int units = DIV_ROUND_UP(size, 2), i;

	for (i = 0; i < m->nr; i++) {
		struct model_page *page = m->page[i];
		int at = page->list == list_of_size(size) ? model_place(page, units, align) : -1;

		if (at < 0)
			continue;
		bitmap_set(page->used, at, units);
		if (bitmap_full(page->used, MMSIM_SLOB_PAGE_UNITS))
			page->list = MMSIM_SLOB_FULL;
		else
			model_rotate(m, page);
		return page->addr + 2 * at;
	}
	return NULL;
}

static void model_add(struct model *m, struct model_page *page, void *p, size_t size)
{
	page->addr = p;
	page->list = size > PAGE_SIZE - 2 ? MMSIM_SLOB_FULL : list_of_size(size);
	bitmap_zero(page->used, MMSIM_SLOB_PAGE_UNITS);
	bitmap_set(page->used, 0, DIV_ROUND_UP(size, 2));
	model_to_front(m, page);
}

/* Returns the page's own memory when it has gone. */
static struct model_page *model_put(struct model *m, void *p, size_t size)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		struct model_page *page = m->page[i];

		if (page->addr != (void *)((unsigned long)p & PAGE_MASK))
			continue;
		bitmap_clear(page->used, (p - page->addr) / 2, DIV_ROUND_UP(size, 2));
		if (page->list == MMSIM_SLOB_FULL || bitmap_empty(page->used, MMSIM_SLOB_PAGE_UNITS))
			model_remove(m, i);
		if (bitmap_empty(page->used, MMSIM_SLOB_PAGE_UNITS))
			return page;
		if (page->list == MMSIM_SLOB_FULL) {
			page->list = list_of_size(size);
			model_to_front(m, page);
		}
		return NULL;
	}
	return NULL;
}

struct piece {
	void *p;
	size_t size;
	u8 stamp;
};

static bool is_stamped(const struct piece *piece)
{
	return !memchr_inv(piece->p, piece->stamp, piece->size);
}

static size_t random_size(struct rnd_state *rnd)
{
	static const u16 up_to[] = { 8, 64, 255, 255, 1023, 4096 };

	return 1 + mmsim_test_below(rnd, up_to[mmsim_test_below(rnd, ARRAY_SIZE(up_to))]);
}

/* A piece more: from where the model says, or from a new page if it says so. */
static bool grow_model(struct kunit *test, struct mmsim_slabs *slabs, struct model *m, struct model_page **spare,
		       unsigned int *nr_spare, struct rnd_state *rnd, struct piece *piece)
{
	size_t align = 2 << mmsim_test_below(rnd, 7);
	void *want;

	piece->size = random_size(rnd);
	piece->stamp = prandom_u32_state(rnd);
	want = model_cut(m, piece->size, align);
	piece->p = cut(slabs, piece->size, align);
	KUNIT_ASSERT_NOT_NULL(test, piece->p);
	if (!want && offset_in_page(piece->p) == 0) {
		want = piece->p;
		model_add(m, spare[--*nr_spare], piece->p, piece->size);
	}
	memset(piece->p, piece->stamp, piece->size);
	if (piece->p == want)
		return true;
	KUNIT_FAIL(test, "%zu bytes, align %zu: at %#lx, not at %#lx", piece->size, align, (unsigned long)piece->p,
		   (unsigned long)want);
	return false;
}

/* Random operations: each address as the model has it, each piece as its owner left it. */
static void slob_oracle(struct kunit *test)
{
	struct mmsim_slabs *slabs = heap(test, "Normal");
	struct piece *piece = kunit_kcalloc(test, MODEL_PIECES, sizeof(*piece), GFP_KERNEL);
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int nr = 0, nr_spare = MODEL_PAGES, step, i, bytes = 0;
	struct model_page *spare[MODEL_PAGES], *gone;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, piece);
	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < MODEL_PAGES; i++) {
		spare[i] = kunit_kzalloc(test, sizeof(*spare[i]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, spare[i]);
	}
	mmsim_test_random(test, &rnd);
	for (step = 0; step < mmsim_test_steps(100000); step++) {
		/* Up to a quarter of the pages' room, so that the model always has one to spare. */
		bool more = nr < MODEL_PIECES && nr_spare > 2 && bytes < MODEL_PAGES * PAGE_SIZE / 4;

		if (more && (!nr || mmsim_test_below(&rnd, 100) < (step / 5000 % 2 ? 40 : 60))) {
			if (!grow_model(test, slabs, m, spare, &nr_spare, &rnd, &piece[nr]))
				return;
			bytes += piece[nr++].size;
		} else if (nr) {
			i = mmsim_test_below(&rnd, nr);
			KUNIT_EXPECT_TRUE_MSG(test, is_stamped(&piece[i]), "step %u: written into", step);
			KUNIT_EXPECT_TRUE(test, put(slabs, piece[i].p, piece[i].size));
			gone = model_put(m, piece[i].p, piece[i].size);
			if (gone)
				spare[nr_spare++] = gone;
			bytes -= piece[i].size;
			piece[i] = piece[--nr];
		}
		KUNIT_ASSERT_EQ_MSG(test, mmsim_slob_heap(slabs)->nr_pages, m->nr, "step %u", step);
		if (step % 500 == 0)
			expect_sound(test, slabs);
	}
	while (nr--)
		KUNIT_EXPECT_TRUE(test, put(slabs, piece[nr].p, piece[nr].size));
	expect_empty(test, slabs);
}

/* --- The checker, and the end of memory --- */

static void expect_broken(struct kunit *test, struct mmsim_slabs *slabs, const char *word)
{
	char what[200] = "";

	KUNIT_EXPECT_EQ_MSG(test, mmsim_slob_heap_check(slabs, what, sizeof(what)), -EUCLEAN, "not found: %s", word);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(what, word), "'%s' is not in: %s", word, what);
}

static void slob_check_finds(struct kunit *test)
{
	struct mmsim_slabs *slabs = heap(test, "Normal");
	struct mmsim_slob_heap *h = mmsim_slob_heap(slabs);
	void *a = cut(slabs, 100, 2), *b = cut(slabs, 100, 2), *c = cut(slabs, 100, 2);
	struct mmsim_slab *page = page_of(slabs, a);
	s16 *free = b, saved;

	/* Free: 50 units at 50, and 1898 at 150. */
	KUNIT_EXPECT_TRUE(test, put(slabs, b, 100));
	expect_sound(test, slabs);
	saved = free[1];
	KUNIT_EXPECT_EQ(test, free[0], 50);
	KUNIT_EXPECT_EQ(test, free[1], 150);
	free[1] = 50;
	expect_broken(test, slabs, "before it or outside");
	free[1] = 2049;
	expect_broken(test, slabs, "before it or outside");
	free[1] = saved;
	free[0] = 100;
	expect_broken(test, slabs, "overlap");
	free[0] = 0;
	expect_broken(test, slabs, "impossible length");
	free[0] = 2000;
	expect_broken(test, slabs, "impossible length");
	free[0] = 49;
	expect_broken(test, slabs, "free units");
	free[0] = 50;
	h->free_units++;
	expect_broken(test, slabs, "counted");
	h->free_units--;
	list_move(&page->list, &h->list[MMSIM_SLOB_FULL]);
	expect_broken(test, slabs, "searched");
	list_move(&page->list, &h->list[MMSIM_SLOB_SMALL]);
	page->engine[MMSIM_SLOB_FIRST] = 3000;
	expect_broken(test, slabs, "outside itself");
	page->engine[MMSIM_SLOB_FIRST] = 50;
	KUNIT_EXPECT_TRUE(test, put(slabs, a, 100));
	KUNIT_EXPECT_TRUE(test, put(slabs, c, 100));
	expect_empty(test, slabs);
}

static unsigned long free_pages_of(struct mmsim_slabs *slabs)
{
	struct mmsim_zone *zone;
	unsigned long nr = 0;

	mmsim_for_each_zone(slabs->mem, zone)
		nr += zone->free_pages;
	return nr;
}

/* Out of memory: NULL, nothing lost, and as much can be had again. */
static void slob_no_memory(struct kunit *test)
{
	struct mmsim_slabs *slabs = heap(test, "Normal");
	struct mmsim_kmem_cache *s;
	void *p, *chain = NULL;
	unsigned int nr = 0;
	unsigned long first;

	/* What caches would give back when pages are short. */
	list_for_each_entry(s, &slabs->caches, list)
		mmsim_cache_shrink(s);
	first = free_pages_of(slabs);
	while ((p = cut(slabs, 2000, 8))) {
		*(void **)p = chain;
		chain = p;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, 2 * first);
	KUNIT_EXPECT_EQ(test, free_pages_of(slabs), 0);
	expect_sound(test, slabs);
	while (chain) {
		p = chain;
		chain = *(void **)p;
		KUNIT_EXPECT_TRUE(test, put(slabs, p, 2000));
	}
	KUNIT_EXPECT_EQ(test, free_pages_of(slabs), first);
	expect_empty(test, slabs);
}

static struct kunit_case slob_cases[] = {
	KUNIT_CASE(slob_first_fit),
	KUNIT_CASE(slob_align),
	KUNIT_CASE(slob_merge),
	KUNIT_CASE(slob_units),
	KUNIT_CASE(slob_next_fit),
	KUNIT_CASE(slob_lists),
	KUNIT_CASE(slob_full_page),
	KUNIT_CASE(slob_refuses),
	KUNIT_CASE(slob_zone),
	KUNIT_CASE(slob_oracle),
	KUNIT_CASE(slob_check_finds),
	KUNIT_CASE(slob_no_memory),
	{}
};

static struct kunit_suite slob_suite = {
	.name = "slob",
	.test_cases = slob_cases,
};

kunit_test_suite(slob_suite);
