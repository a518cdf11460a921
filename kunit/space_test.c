// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "space": which addresses a request gets, against a model that looks at every page from the lowest up.
 * Numbers alone; nothing is mapped.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "fixture.h"
#include "vmalloc/space.h"

#define NR_PAGES	8192UL
#define FIRST		0x123400UL	/* number of the first page: a multiple of 1 MB and of nothing larger */
#define STEPS		mmsim_test_steps(100000)
#define MAX_ALIGN	10		/* log2 of pages: 4 MB */

struct space {
	struct mmsim_vmap_space s;
	unsigned long nr_pages;
	DECLARE_BITMAP(used, NR_PAGES);		/* the model */
	struct mmsim_vmap_area *area[NR_PAGES];	/* in use */
	unsigned int nr;
	unsigned int objects;			/* allocated, and not freed */
};

static struct mmsim_vmap_area *new_object(struct kunit *test, struct space *t)
{
	struct mmsim_vmap_area *area = kzalloc(sizeof(*area), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, area);
	t->objects++;
	return area;
}

static void free_objects(struct space *t, struct llist_node *spare)
{
	struct mmsim_vmap_area *area;

	while ((area = mmsim_spare_pop(&spare))) {
		kfree(area);
		t->objects--;
	}
}

static struct space *space(struct kunit *test, unsigned long nr_pages)
{
	struct space *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct mmsim_vmap_area *all;
	struct llist_node *spare = NULL;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->nr_pages = nr_pages;
	mmsim_space_init(&t->s);
	all = new_object(test, t);
	all->va_start = FIRST << PAGE_SHIFT;
	all->va_end = (FIRST + nr_pages) << PAGE_SHIFT;
	mmsim_space_give(&t->s, all, &spare);
	KUNIT_EXPECT_NULL(test, spare);
	return t;
}

/* What the model says: the lowest aligned run of free pages; the first page's index, or nr_pages. */
static unsigned long lowest(const struct space *t, unsigned long pages, unsigned long align)
{
	unsigned long at = ALIGN(FIRST, align) - FIRST, next;

	while (at + pages <= t->nr_pages) {
		next = find_next_bit(t->used, at + pages, at);
		if (next >= at + pages)
			return at;
		at = ALIGN(FIRST + next + 1, align) - FIRST;
	}
	return t->nr_pages;
}

/* Takes addresses, and expects those that the model says. False when there are none. */
static bool take_pages(struct kunit *test, struct space *t, unsigned long pages, unsigned long align)
{
	unsigned long want = lowest(t, pages, align);
	struct mmsim_vmap_area *area = new_object(test, t);
	struct llist_node *spare = NULL;
	bool taken;

	if (align > 1)
		mmsim_spare_push(&spare, new_object(test, t));
	taken = mmsim_space_take(&t->s, area, pages << PAGE_SHIFT, align << PAGE_SHIFT, &spare);
	KUNIT_EXPECT_EQ(test, taken, want < t->nr_pages);
	if (!taken)
		mmsim_spare_push(&spare, area);
	free_objects(t, spare);
	if (!taken)
		return false;
	KUNIT_EXPECT_EQ(test, (area->va_start >> PAGE_SHIFT) - FIRST, want);
	KUNIT_EXPECT_EQ(test, mmsim_va_size(area), pages << PAGE_SHIFT);
	bitmap_set(t->used, want, pages);
	t->area[t->nr++] = area;
	return true;
}

static void give_pages(struct space *t, unsigned int i)
{
	struct mmsim_vmap_area *area = t->area[i];
	struct llist_node *spare = NULL;

	bitmap_clear(t->used, (area->va_start >> PAGE_SHIFT) - FIRST, mmsim_va_size(area) >> PAGE_SHIFT);
	t->area[i] = t->area[--t->nr];
	mmsim_space_give(&t->s, area, &spare);
	free_objects(t, spare);
}

/* The holes are the runs of free pages, one by one; each is an object, and each area is, and there are no others. */
static void expect_model(struct kunit *test, const struct space *t)
{
	unsigned long at = 0, end, nr = 0, wrong = 0, largest = 0;
	const struct mmsim_vmap_area *hole;
	char what[256] = "";

	KUNIT_EXPECT_EQ_MSG(test, mmsim_space_check(&t->s, what, sizeof(what)), 0, "%s", what);
	list_for_each_entry(hole, &t->s.list, list) {
		at = find_next_zero_bit(t->used, t->nr_pages, at);
		end = find_next_bit(t->used, t->nr_pages, at);
		wrong += hole->va_start != (FIRST + at) << PAGE_SHIFT || hole->va_end != (FIRST + end) << PAGE_SHIFT;
		largest = max(largest, (end - at) << PAGE_SHIFT);
		at = end;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, find_next_zero_bit(t->used, t->nr_pages, at), t->nr_pages);
	KUNIT_EXPECT_EQ(test, t->objects, t->nr + nr);
	KUNIT_EXPECT_EQ(test, mmsim_space_largest(&t->s), largest);
}

static void space_done(struct kunit *test, struct space *t)
{
	struct llist_node *spare = NULL;

	while (t->nr)
		give_pages(t, t->nr - 1);
	expect_model(test, t);
	KUNIT_EXPECT_EQ(test, t->s.nr_holes, 1);
	KUNIT_EXPECT_EQ(test, t->s.free, t->nr_pages << PAGE_SHIFT);
	mmsim_spare_push(&spare, list_first_entry(&t->s.list, struct mmsim_vmap_area, list));
	free_objects(t, spare);
	KUNIT_EXPECT_EQ(test, t->objects, 0);
}

/* Requests of all sizes and alignments, and frees, in random order. */
static void space_oracle(struct kunit *test)
{
	struct space *t = space(test, NR_PAGES);
	unsigned int step, failed = 0, aligned = 0;
	struct rnd_state rnd;

	mmsim_test_random(test, &rnd);
	for (step = 0; step < STEPS; step++) {
		/* Now more requests than frees, now fewer. */
		bool more = mmsim_test_below(&rnd, 100) < (step / 1000 % 2 ? 40 : 60);

		if (t->nr && (!more || t->nr == NR_PAGES)) {
			give_pages(t, mmsim_test_below(&rnd, t->nr));
		} else {
			unsigned long align = mmsim_test_below(&rnd, 4) ? 0 : mmsim_test_below(&rnd, MAX_ALIGN + 1);
			unsigned long pages = 1 + mmsim_test_below(&rnd, 1 << mmsim_test_below(&rnd, 9));

			aligned += !!align;
			failed += !take_pages(test, t, pages, 1UL << align);
		}
		if (step % 50 == 0)
			expect_model(test, t);
	}
	kunit_info(test, "%u requests found nothing, %u were aligned", failed, aligned);
	KUNIT_EXPECT_GT(test, failed, 0);
	KUNIT_EXPECT_GT(test, aligned, STEPS / 20);
	space_done(test, t);
}

/* Page by page until there is none left; then every second one comes back, and then the others. */
static void space_full(struct kunit *test)
{
	struct space *t = space(test, 1000);
	unsigned int i;

	while (take_pages(test, t, 1, 1))
		;
	KUNIT_EXPECT_EQ(test, t->nr, 1000);
	KUNIT_EXPECT_EQ(test, t->s.nr_holes, 0);
	KUNIT_EXPECT_EQ(test, t->s.free, 0);
	expect_model(test, t);
	/* give_pages() puts the last into the place of the one that goes: from behind, none is moved twice. */
	for (i = 999; i < 1000; i -= 2)
		give_pages(t, i);
	KUNIT_EXPECT_EQ(test, t->s.nr_holes, 500);
	KUNIT_EXPECT_FALSE(test, take_pages(test, t, 2, 1));
	KUNIT_EXPECT_TRUE(test, take_pages(test, t, 1, 1));
	expect_model(test, t);
	space_done(test, t);
}

/* An aligned request leaves a hole before it, which the next small one gets. */
static void space_aligned(struct kunit *test)
{
	struct space *t = space(test, NR_PAGES);
	unsigned long align = 1UL << MAX_ALIGN;

	KUNIT_EXPECT_TRUE(test, take_pages(test, t, 1, 1));
	KUNIT_EXPECT_TRUE(test, take_pages(test, t, 3, align));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(t->area[1]->va_start, align << PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, t->s.nr_holes, 2);
	KUNIT_EXPECT_TRUE(test, take_pages(test, t, 1, 1));
	KUNIT_EXPECT_EQ(test, t->area[2]->va_start, t->area[0]->va_end);
	expect_model(test, t);
	/* All of a hole: its object is left over. */
	KUNIT_EXPECT_TRUE(test, take_pages(test, t, (t->area[1]->va_start - t->area[2]->va_end) >> PAGE_SHIFT, 2));
	expect_model(test, t);
	space_done(test, t);
}

/* The check finds what is broken. */
static void space_check(struct kunit *test)
{
	struct space *t = space(test, 100);
	struct mmsim_vmap_area *hole;
	char what[256];
	unsigned int i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_TRUE(test, take_pages(test, t, 5, 1));
	give_pages(t, 1);
	give_pages(t, 5);
	hole = list_first_entry(&t->s.list, struct mmsim_vmap_area, list);
	KUNIT_EXPECT_EQ(test, mmsim_space_check(&t->s, what, sizeof(what)), 0);
	hole->subtree_max_size += PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, mmsim_space_check(&t->s, what, sizeof(what)), -EUCLEAN);
	hole->subtree_max_size -= PAGE_SIZE;
	t->s.free -= PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, mmsim_space_check(&t->s, what, sizeof(what)), -EUCLEAN);
	t->s.free += PAGE_SIZE;
	list_move_tail(&hole->list, &t->s.list);
	KUNIT_EXPECT_EQ(test, mmsim_space_check(&t->s, what, sizeof(what)), -EUCLEAN);
	list_move(&hole->list, &t->s.list);
	hole->va_end += 1;
	KUNIT_EXPECT_EQ(test, mmsim_space_check(&t->s, what, sizeof(what)), -EUCLEAN);
	hole->va_end -= 1;
	expect_model(test, t);
	space_done(test, t);
}

static struct kunit_case space_cases[] = {
	KUNIT_CASE(space_oracle),
	KUNIT_CASE(space_full),
	KUNIT_CASE(space_aligned),
	KUNIT_CASE(space_check),
	{}
};

static struct kunit_suite space_suite = {
	.name = "space",
	.test_cases = space_cases,
};

kunit_test_suite(space_suite);
