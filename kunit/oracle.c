// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of an instance and the naive model of its free lists; see oracle.h.
 *
 * The model is meant to be seen to be right, not to be fast: whether a run of frames is free is found by looking at
 * each frame. A step of a random run recounts the largest run that it can change, mmsim_model_rebuild() everything.
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
 * mmsim_model_block() - Whether frames can be a block: inside the region and one zone, at a multiple of their number.
 * @model: The model.
 * @pfn: First frame.
 * @order: Order of the block.
 */
bool mmsim_model_block(const struct mmsim_model *model, unsigned long pfn, unsigned int order)
{
	unsigned long i = pfn - model->start_pfn, n = 1UL << order;

	return i < model->nr_pages && n <= model->nr_pages - i && pfn % n == 0 &&
	       model->zone[i] == model->zone[i + n - 1];
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

/* A block that a random run holds. */
struct owned {
	struct mmsim_page *page;
	unsigned int order;
	bool compound;
	int refs;
	u32 id;
};

struct run {
	struct mmsim_memory *mem;
	struct mmsim_model *model;
	struct rnd_state rnd;
	struct owned *block;		/* all that is held; room for every frame */
	unsigned long nr;
	u32 last_id;
	long refused, failed;		/* what the instance must have counted */
};

/* The first and the last word of a block hold its number; they go with the frames, whoever describes them. */
static u64 *run_word(struct run *run, const struct owned *block, bool last)
{
	size_t offset = last ? (PAGE_SIZE << block->order) - sizeof(u64) : 0;

	return mmsim_memory_vaddr(run->mem, block->page) + offset;
}

static void run_add(struct run *run, struct mmsim_page *page, unsigned int order, bool compound)
{
	struct owned *block = &run->block[run->nr++];

	*block = (struct owned){ page, order, compound, 1, ++run->last_id };
	mmsim_model_set(run->model, mmsim_memory_pfn(run->mem, page), order, block->id);
	*run_word(run, block, false) = block->id;
	*run_word(run, block, true) = block->id;
}

static bool run_intact(struct run *run, const struct owned *block)
{
	return mmsim_model_owns(run->model, mmsim_memory_pfn(run->mem, block->page), block->order, block->id) &&
	       *run_word(run, block, false) == block->id && *run_word(run, block, true) == block->id;
}

static struct owned *run_pick(struct run *run)
{
	return run->nr ? &run->block[mmsim_test_below(&run->rnd, run->nr)] : NULL;
}

/* Half the requests are for one page, a quarter for two, and so on. */
static unsigned int run_order(struct run *run)
{
	return __ffs(prandom_u32_state(&run->rnd) | BIT(MMSIM_MAX_ORDER));
}

/* By the kernel's rules: from the highest zone allowed down, the first that has a block large enough; -1 for none. */
static int run_zone(struct run *run, int highest, unsigned int order)
{
	while (highest >= 0 && mmsim_model_smallest(run->model, highest, order) < 0)
		highest--;
	return highest;
}

static const char *step_alloc(struct run *run)
{
	static const struct {
		gfp_t gfp;
		int highest;
	} kinds[] = {
		{ GFP_DMA, MMSIM_ZONE_DMA },
		{ GFP_DMA32, MMSIM_ZONE_DMA32 },
		{ GFP_KERNEL, MMSIM_ZONE_NORMAL },
		{ GFP_ATOMIC, MMSIM_ZONE_NORMAL },
		{ GFP_HIGHUSER, MMSIM_ZONE_HIGHMEM },
		{ GFP_HIGHUSER_MOVABLE, MMSIM_ZONE_MOVABLE },
	};
	unsigned int kind = mmsim_test_below(&run->rnd, ARRAY_SIZE(kinds)), order = run_order(run);
	int zone = run_zone(run, kinds[kind].highest, order), from;
	bool compound = order && prandom_u32_state(&run->rnd) & 1;
	struct mmsim_page *page;
	unsigned long pfn;

	page = mmsim_memory_alloc(run->mem, kinds[kind].gfp | __GFP_NOWARN | (compound ? __GFP_COMP : 0), order,
				  _RET_IP_);
	if (!page) {
		run->failed++;
		return zone < 0 ? NULL : "nothing was allocated though a block is free";
	}
	if (zone < 0)
		return "a block was allocated though none is free";
	pfn = mmsim_memory_pfn(run->mem, page);
	from = mmsim_model_smallest(run->model, zone, order);
	if (!mmsim_model_block(run->model, pfn, order))
		return "no place for a block of this order";
	if (!mmsim_model_owns(run->model, pfn, order, MMSIM_MODEL_FREE))
		return "a frame was handed out twice";
	if (run->model->zone[pfn - run->model->start_pfn] != zone)
		return "the block is from another zone than the first that could serve";
	if (!mmsim_model_block(run->model, pfn, from) ||
	    !mmsim_model_owns(run->model, pfn, from, MMSIM_MODEL_FREE))
		return "the block is not the lower part of a smallest free one";
	run_add(run, page, order, compound);
	return NULL;
}

static const char *run_forget(struct run *run, struct owned *block)
{
	mmsim_model_set(run->model, mmsim_memory_pfn(run->mem, block->page), block->order, MMSIM_MODEL_FREE);
	*block = run->block[--run->nr];
	return NULL;
}

static const char *step_free(struct run *run)
{
	struct owned *block = run_pick(run);
	unsigned long addr;
	bool freed;

	if (!block)
		return NULL;
	if (!run_intact(run, block))
		return "the block does not hold what was written";
	addr = (unsigned long)block->page->virtual;
	if (addr && prandom_u32_state(&run->rnd) & 1)
		freed = mmsim_memory_free_addr(run->mem, addr, block->order, _RET_IP_);
	else
		freed = mmsim_memory_free(run->mem, block->page, block->order, _RET_IP_);
	if (block->refs > 1) {
		run->refused++;
		return freed ? "a block with more references was freed" : NULL;
	}
	return freed ? run_forget(run, block) : "a free was refused";
}

/* Any page of a compound page stands for it. */
static struct mmsim_page *run_any_page(struct run *run, const struct owned *block)
{
	return block->page + (block->compound ? mmsim_test_below(&run->rnd, 1U << block->order) : 0);
}

static const char *step_get(struct run *run)
{
	struct owned *block = run_pick(run);

	if (block) {
		mmsim_memory_get(run->mem, run_any_page(run, block), _RET_IP_);
		block->refs++;
	}
	return NULL;
}

static const char *step_put(struct run *run)
{
	struct owned *block = run_pick(run);

	if (!block)
		return NULL;
	if (!run_intact(run, block))
		return "the block does not hold what was written";
	if (!mmsim_memory_put(run->mem, run_any_page(run, block), _RET_IP_))
		return "a put was refused";
	return --block->refs ? NULL : run_forget(run, block);
}

static const char *step_split(struct run *run)
{
	struct owned *picked = run_pick(run), block;
	unsigned long i;
	bool split;

	if (!picked || picked->refs > 1)
		return NULL;
	block = *picked;
	split = mmsim_memory_split(run->mem, block.page, block.order, _RET_IP_);
	if (block.compound) {
		run->refused++;
		return split ? "a compound page was split" : NULL;
	}
	if (!split)
		return "a split was refused";
	*picked = run->block[--run->nr];
	for (i = 0; i < 1UL << block.order; i++)
		run_add(run, block.page + i, 0, false);
	return NULL;
}

/* A free of any frame but the first one of a block, or with another order. */
static const char *step_misuse(struct run *run)
{
	unsigned long i = mmsim_test_below(&run->rnd, run->mem->nr_pages);
	struct owned *block = run_pick(run);
	bool freed;

	if (block && prandom_u32_state(&run->rnd) & 1)
		freed = mmsim_memory_free(run->mem, block->page, block->order + 1, _RET_IP_);
	else if (block && block->order)
		freed = mmsim_memory_free(run->mem, block->page + 1, 0, _RET_IP_);
	else if (run->model->owner[i] == MMSIM_MODEL_FREE || run->model->owner[i] == MMSIM_MODEL_KEPT)
		freed = mmsim_memory_free(run->mem, &run->mem->map[i], 0, _RET_IP_);
	else
		return NULL;
	run->refused++;
	return freed ? "a wrong free went through" : NULL;
}

/* Fills the region and empties it again, in turns. */
static const char *run_step(struct run *run, unsigned long step)
{
	unsigned int roll = mmsim_test_below(&run->rnd, 100), allocs = step / 2500 % 2 ? 25 : 55;

	if (roll < allocs)
		return step_alloc(run);
	if (roll < 80)
		return step_free(run);
	if (roll < 86)
		return step_put(run);
	if (roll < 92)
		return step_get(run);
	return roll < 96 ? step_split(run) : step_misuse(run);
}

static const char *run_compare(struct run *run, char *what, size_t size)
{
	long refused = 0;
	unsigned int i;

	if (!mmsim_model_agrees(run->model, what, size))
		return what;
	for (i = 0; i < MMSIM_NR_BAD; i++)
		refused += atomic_long_read(&run->mem->bad[i]);
	if (refused != run->refused)
		return "refusals were not counted right";
	return atomic_long_read(&run->mem->nr_failed) == run->failed ? NULL : "failures were not counted right";
}

/* The model against itself: what it has counted step by step must be what it counts anew. */
static const char *run_recount(struct run *run)
{
	unsigned long stepwise[MMSIM_NR_ZONES][MMSIM_NR_ORDERS];

	memcpy(stepwise, run->model->nr_free, sizeof(stepwise));
	mmsim_model_rebuild(run->model);
	return memcmp(stepwise, run->model->nr_free, sizeof(stepwise)) ? "the model is at odds with itself" : NULL;
}

static void run_finish(struct kunit *test, struct run *run)
{
	unsigned long refused = 0;

	while (run->nr) {
		struct owned *block = &run->block[run->nr - 1];

		refused += !mmsim_memory_put(run->mem, block->page, _RET_IP_);
		if (!--block->refs)
			run_forget(run, block);
	}
	KUNIT_EXPECT_EQ_MSG(test, refused, 0, "puts at the end");
}

/**
 * mmsim_oracle_run() - A random run, compared with the model after each step.
 * @test: The test.
 * @m: Its instance, from which nothing has been allocated yet.
 * @steps: How many allocations, frees, splits, gets, puts and misuses.
 *
 * After each step every free list has the length that the model says, and every refusal and failure is counted. An
 * allocation comes from the first zone that can serve it and is the lower part of the smallest block that fits; none
 * is handed out twice; what was written into a block is there when it is freed. Every thousand steps the model is
 * counted anew and the instance's own check must find nothing.
 */
void mmsim_oracle_run(struct kunit *test, struct mmsim *m, unsigned long steps)
{
	struct run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	const char *fault = NULL;
	unsigned long step;
	char what[128];

	KUNIT_ASSERT_NOT_NULL(test, run);
	run->mem = m->memory;
	run->model = mmsim_model(test, m->memory);
	run->block = kunit_kcalloc(test, m->memory->nr_pages, sizeof(*run->block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run->block);
	mmsim_test_random(test, &run->rnd);

	for (step = 0; step < steps && !fault; step++) {
		fault = run_step(run, step);
		if (!fault)
			fault = run_compare(run, what, sizeof(what));
		if (!fault && step % 1000 == 0) {
			fault = run_recount(run);
			mmsim_test_check(test, m);
			cond_resched();
		}
	}
	if (fault)
		KUNIT_FAIL(test, "step %lu: %s", step - 1, fault);
	run_finish(test, run);
	fault = run_compare(run, what, sizeof(what));
	KUNIT_EXPECT_NULL_MSG(test, fault, "at the end: %s", fault);
	mmsim_test_check(test, m);
}
