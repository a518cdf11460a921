// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of an instance and the naive model of its free lists; see oracle.h.
 *
 * The model is meant to be seen to be right, not to be fast: whether a run of frames is free is found by looking at each
 * frame. A step of a random run recounts the largest run that it can have changed, and mmsim_model_rebuild() everything.
 */
#include "oracle.h"

#include <linux/string.h>

/**
 * mmsim_snapshot() - What an instance counts, to be compared later.
 * @test: The test that the copy belongs to.
 * @mem: The instance's page floor, which no other thread uses now.
 */
struct mmsim_snapshot *mmsim_snapshot(struct kunit *test, struct mmsim_memory *mem)
{
	struct mmsim_snapshot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int type, order, bad;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		const struct mmsim_zone *zone = &mem->node[0]->zone[type];

		s->free_pages[type] = zone->free_pages;
		s->allocated_pages[type] = zone->allocated_pages;
		for (order = 0; order < MMSIM_NR_ORDERS; order++)
			s->nr_free[type][order] = zone->free_area[order].nr_free;
	}
	for (bad = 0; bad < MMSIM_NR_BAD; bad++)
		s->bad[bad] = atomic_long_read(&mem->bad[bad]);
	s->nr_failed = atomic_long_read(&mem->nr_failed);
	return s;
}

/**
 * mmsim_expect_since() - Expects an instance to be as it was, but for one refusal and some failures.
 * @test: The test.
 * @mem: The instance's page floor.
 * @before: Its snapshot of then.
 * @bad: The kind of refusal that has been counted once more, -1 for none.
 * @failed: How many more allocations have failed.
 */
void mmsim_expect_since(struct kunit *test, struct mmsim_memory *mem, const struct mmsim_snapshot *before, int bad,
			long failed)
{
	const struct mmsim_snapshot *now = mmsim_snapshot(test, mem);
	unsigned int type, order;
	int kind;

	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		const char *name = mmsim_zone_names[type];

		KUNIT_EXPECT_EQ_MSG(test, now->free_pages[type], before->free_pages[type], "zone %s", name);
		KUNIT_EXPECT_EQ_MSG(test, now->allocated_pages[type], before->allocated_pages[type], "zone %s", name);
		for (order = 0; order < MMSIM_NR_ORDERS; order++)
			KUNIT_EXPECT_EQ_MSG(test, now->nr_free[type][order], before->nr_free[type][order],
					    "zone %s, order %u", name, order);
	}
	for (kind = 0; kind < MMSIM_NR_BAD; kind++)
		KUNIT_EXPECT_EQ_MSG(test, now->bad[kind] - before->bad[kind], (kind == bad), "refusals of kind %s",
				    mmsim_bad_names[kind]);
	KUNIT_EXPECT_EQ(test, now->nr_failed - before->nr_failed, failed);
}

static bool all_owned_by(const u32 *owner, unsigned long n, u32 id)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		if (owner[i] != id)
			return false;
	return true;
}

/* The kernel's memchr_inv() looks at eight bytes at a time, and a free frame is all zeroes. */
static_assert(MMSIM_MODEL_FREE == 0);

/* Whether 1 << @order frames from @pfn are all free, and of one zone: such a run is a block or a part of one. */
static bool run_is_free(const struct mmsim_model *model, unsigned long pfn, unsigned int order)
{
	unsigned long i = pfn - model->start_pfn, n = 1UL << order;

	return !memchr_inv(&model->owner[i], 0, n * sizeof(*model->owner)) && model->zone[i] == model->zone[i + n - 1];
}

/* Adds @sign to the length of the list of each block in the run. */
static void count_blocks(struct mmsim_model *model, unsigned long pfn, unsigned int order, int sign)
{
	if (run_is_free(model, pfn, order)) {
		model->nr_free[model->zone[pfn - model->start_pfn]][order] += sign;
	} else if (order) {
		count_blocks(model, pfn, order - 1, sign);
		count_blocks(model, pfn + (1UL << (order - 1)), order - 1, sign);
	}
}

/* What a run can merge into when it comes free: outside of that, no block changes with it. */
static unsigned int order_touched(const struct mmsim_model *model, unsigned long pfn, unsigned int order)
{
	while (order < MMSIM_MAX_ORDER && run_is_free(model, pfn ^ (1UL << order), order)) {
		pfn &= ~(1UL << order);
		order++;
	}
	return order;
}

/**
 * mmsim_model() - A model of an instance from which nothing has been allocated yet.
 * @test: The test that it belongs to.
 * @mem: The instance's page floor.
 */
struct mmsim_model *mmsim_model(struct kunit *test, const struct mmsim_memory *mem)
{
	struct mmsim_model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	unsigned long i, nr = mem->region->nr_pages;
	unsigned int type;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->mem = mem;
	model->start_pfn = mem->region->start_pfn;
	model->nr_pages = nr;
	model->owner = kunit_kcalloc(test, nr, sizeof(*model->owner), GFP_KERNEL);
	model->zone = kunit_kcalloc(test, nr, sizeof(*model->zone), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->owner);
	KUNIT_ASSERT_NOT_NULL(test, model->zone);

	for (i = 0; i < mem->meta_pages; i++)
		model->owner[mem->meta_pfn - model->start_pfn + i] = MMSIM_MODEL_KEPT;
	for (i = 0; i < nr; i++)
		if (mmsim_region_missing(mem->region, model->start_pfn + i))
			model->owner[i] = MMSIM_MODEL_KEPT;
	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		const struct mmsim_zone *zone = &mem->node[0]->zone[type];

		for (i = 0; i < zone->spanned_pages; i++)
			model->zone[zone->start_pfn - model->start_pfn + i] = type;
	}
	mmsim_model_rebuild(model);
	return model;
}

/**
 * mmsim_model_rebuild() - Counts the blocks anew, from the owners of the frames alone.
 * @model: The model.
 */
void mmsim_model_rebuild(struct mmsim_model *model)
{
	unsigned long i;

	memset(model->nr_free, 0, sizeof(model->nr_free));
	for (i = 0; i < model->nr_pages; i += MMSIM_MAX_ORDER_PAGES)
		count_blocks(model, model->start_pfn + i, MMSIM_MAX_ORDER, 1);
}

/**
 * mmsim_model_owns() - Whether somebody owns every frame of a block.
 * @model: The model.
 * @pfn: First frame, a multiple of 1 << @order.
 * @order: Order of the block.
 * @id: Who; MMSIM_MODEL_FREE asks whether they are all free.
 */
bool mmsim_model_owns(const struct mmsim_model *model, unsigned long pfn, unsigned int order, u32 id)
{
	return all_owned_by(&model->owner[pfn - model->start_pfn], 1UL << order, id);
}

/**
 * mmsim_model_set() - Gives a block to somebody.
 * @model: The model.
 * @pfn: First frame, a multiple of 1 << @order.
 * @order: Order of the block.
 * @id: Who has it now; MMSIM_MODEL_FREE takes it back.
 */
void mmsim_model_set(struct mmsim_model *model, unsigned long pfn, unsigned int order, u32 id)
{
	unsigned int touched = order_touched(model, pfn, order);
	unsigned long run = round_down(pfn, 1UL << touched);
	unsigned long i;

	count_blocks(model, run, touched, -1);
	for (i = 0; i < 1UL << order; i++)
		model->owner[pfn - model->start_pfn + i] = id;
	count_blocks(model, run, touched, 1);
}

/**
 * mmsim_model_smallest() - From which list a zone must serve a request.
 * @model: The model.
 * @zone: The zone's type.
 * @order: Order of the request.
 *
 * Return: the smallest order of a free block that is large enough, -1 when the zone has none.
 */
int mmsim_model_smallest(const struct mmsim_model *model, unsigned int zone, unsigned int order)
{
	for (; order < MMSIM_NR_ORDERS; order++)
		if (model->nr_free[zone][order])
			return order;
	return -1;
}

/**
 * mmsim_model_agrees() - Whether every free list is as long as the model says.
 * @model: The model.
 * @what: Where the first difference goes.
 * @size: Bytes at @what.
 */
bool mmsim_model_agrees(const struct mmsim_model *model, char *what, size_t size)
{
	unsigned int type, order;

	for (type = 0; type < MMSIM_NR_ZONES; type++) {
		const struct mmsim_zone *zone = &model->mem->node[0]->zone[type];

		for (order = 0; order < MMSIM_NR_ORDERS; order++) {
			if (zone->free_area[order].nr_free == model->nr_free[type][order])
				continue;
			snprintf(what, size, "zone %s has %lu free blocks of order %u, the model %lu",
				 mmsim_zone_names[type], zone->free_area[order].nr_free, order,
				 model->nr_free[type][order]);
			return false;
		}
	}
	return true;
}
