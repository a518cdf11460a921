// SPDX-License-Identifier: GPL-2.0
/* The owner of movable pages of mover.h. */
#include "mover.h"

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "page/movable.h"

/* A page of ours knows its slot (private) and its mover (index). */
static struct mmsim_mover *mover_of(const struct mmsim_page *page)
{
	return (struct mmsim_mover *)page->index;
}

static const struct mmsim_movable_operations mover_ops;

static u64 word_of(unsigned long slot, unsigned int i)
{
	return ((u64)slot + 1) << 32 | i;
}

static void fill(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long slot)
{
	u64 *word = mmsim_memory_vaddr(mem, page);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = word_of(slot, i);
}

static bool is_whole(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long slot)
{
	u64 *word = mmsim_memory_vaddr(mem, page);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i] != word_of(slot, i))
			return false;
	return true;
}

static void expect(struct mmsim_mover *mv, bool holds)
{
	if (!holds)
		atomic_inc(&mv->faults);
}

static bool one_in(unsigned int every, const atomic_t *a, const atomic_t *b)
{
	return every && (atomic_read(a) + atomic_read(b)) % every == every - 1;
}

static bool mover_isolate(struct mmsim_page *page)
{
	struct mmsim_mover *mv = mover_of(page);

	might_sleep();
	expect(mv, mmsim_PageLocked(page) && mmsim_PageMovable(page) && !mmsim_PageIsolated(page));
	expect(mv, mmsim_page_ref_count(page) == 2 && mv->page[page->private] == page);
	if (one_in(mv->refuse_every, &mv->isolated, &mv->refused)) {
		atomic_inc(&mv->refused);
		return false;
	}
	atomic_inc(&mv->isolated);
	return true;
}

static int mover_migrate(struct mmsim_page *dst, struct mmsim_page *src)
{
	struct mmsim_mover *mv = mover_of(src);

	might_sleep();
	expect(mv, mmsim_PageLocked(src) && mmsim_PageMovable(src) && mmsim_PageIsolated(src));
	expect(mv, mmsim_PageLocked(dst) && !mmsim_PageMovable(dst) && !mmsim_PageIsolated(dst));
	expect(mv, mmsim_page_ref_count(src) == 2 && mmsim_page_ref_count(dst) == 1);
	if (one_in(mv->error_every, &mv->migrated, &mv->failed)) {
		atomic_inc(&mv->failed);
		return mv->error;
	}
	copy_page(mmsim_memory_vaddr(mv->mem, dst), mmsim_memory_vaddr(mv->mem, src));
	dst->index = src->index;
	dst->private = src->private;
	spin_lock(&mv->lock);
	expect(mv, mv->page[src->private] == src);
	mv->page[src->private] = dst;
	spin_unlock(&mv->lock);
	expect(mv, mmsim_memory_get(mv->mem, dst, _RET_IP_));
	expect(mv, mmsim_movable_set(mv->mem, dst, &mover_ops, _RET_IP_));
	expect(mv, mmsim_movable_clear(mv->mem, src, _RET_IP_));
	expect(mv, mmsim_memory_put(mv->mem, src, _RET_IP_));
	atomic_inc(&mv->migrated);
	return 0;
}

static void mover_putback(struct mmsim_page *page)
{
	struct mmsim_mover *mv = mover_of(page);

	might_sleep();
	expect(mv, mmsim_PageLocked(page) && mmsim_PageMovable(page) && mmsim_PageIsolated(page));
	expect(mv, mv->page[page->private] == page);
	atomic_inc(&mv->putback);
}

static const struct mmsim_movable_operations mover_ops = {
	.isolate_page = mover_isolate,
	.migrate_page = mover_migrate,
	.putback_page = mover_putback,
};

/**
 * mmsim_mover() - Makes an owner of movable pages.
 * @test: It goes away with the test, which must have emptied it by then.
 * @mem: The instance's page floor.
 * @nr: Slots.
 */
struct mmsim_mover *mmsim_mover(struct kunit *test, struct mmsim_memory *mem, unsigned long nr)
{
	struct mmsim_mover *mv = kunit_kzalloc(test, sizeof(*mv), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mv);
	mv->page = kunit_kcalloc(test, nr, sizeof(*mv->page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mv->page);
	mv->mem = mem;
	mv->nr = nr;
	spin_lock_init(&mv->lock);
	return mv;
}

/**
 * mmsim_mover_take() - Allocates the page of an empty slot.
 * @mv: The mover.
 * @slot: The slot; no other thread uses it.
 * @gfp: Flags of the request.
 *
 * Return: the page; NULL when there was none.
 */
struct mmsim_page *mmsim_mover_take(struct mmsim_mover *mv, unsigned long slot, gfp_t gfp)
{
	struct mmsim_page *page = mmsim_memory_alloc(mv->mem, gfp, 0, _RET_IP_);

	if (!page)
		return NULL;
	fill(mv->mem, page, slot);
	page->private = slot;
	page->index = (unsigned long)mv;
	mmsim_lock_page(page);
	mv->page[slot] = page;
	expect(mv, mmsim_movable_set(mv->mem, page, &mover_ops, _RET_IP_));
	mmsim_unlock_page(page);
	return page;
}

/**
 * mmsim_mover_take_all() - Fills slots until they are all full or the memory is.
 * @mv: The mover, all empty.
 * @gfp: Flags of the requests.
 *
 * Return: how many slots are full.
 */
unsigned long mmsim_mover_take_all(struct mmsim_mover *mv, gfp_t gfp)
{
	unsigned long slot;

	for (slot = 0; slot < mv->nr; slot++)
		if (!mmsim_mover_take(mv, slot, gfp))
			break;
	return slot;
}

/* The page of a slot, locked: it can't go elsewhere. NULL when the slot is empty. */
static struct mmsim_page *lock_slot(struct mmsim_mover *mv, unsigned long slot)
{
	struct mmsim_page *page;
	bool locked;

	for (;;) {
		spin_lock(&mv->lock);
		page = mv->page[slot];
		locked = page && mmsim_trylock_page(page);
		spin_unlock(&mv->lock);
		if (locked || !page)
			return page;
		cond_resched();
	}
}

/**
 * mmsim_mover_look() - Expects the content of a slot to be what was written.
 * @mv: The mover.
 * @slot: The slot.
 */
void mmsim_mover_look(struct mmsim_mover *mv, unsigned long slot)
{
	struct mmsim_page *page = lock_slot(mv, slot);

	if (!page)
		return;
	expect(mv, is_whole(mv->mem, page, slot) && page->private == slot);
	mmsim_unlock_page(page);
}

/**
 * mmsim_mover_look_all() - Looks at all slots.
 * @mv: The mover.
 */
void mmsim_mover_look_all(struct mmsim_mover *mv)
{
	unsigned long slot;

	for (slot = 0; slot < mv->nr; slot++)
		mmsim_mover_look(mv, slot);
}

/**
 * mmsim_mover_drop() - Looks at a slot and frees its page.
 * @mv: The mover.
 * @slot: The slot; no other thread uses it.
 */
void mmsim_mover_drop(struct mmsim_mover *mv, unsigned long slot)
{
	struct mmsim_page *page = lock_slot(mv, slot);

	if (!page)
		return;
	expect(mv, is_whole(mv->mem, page, slot));
	mv->page[slot] = NULL;
	expect(mv, mmsim_movable_clear(mv->mem, page, _RET_IP_));
	mmsim_unlock_page(page);
	expect(mv, mmsim_memory_put(mv->mem, page, _RET_IP_));
}

/**
 * mmsim_mover_drop_all() - Empties all slots.
 * @mv: The mover.
 */
void mmsim_mover_drop_all(struct mmsim_mover *mv)
{
	unsigned long slot;

	for (slot = 0; slot < mv->nr; slot++)
		mmsim_mover_drop(mv, slot);
}

static int bustle_thread(void *data)
{
	struct mmsim_bustle *u = data;
	struct mmsim_page *block;
	unsigned long step, slot;
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;

	for (step = 0; !kthread_should_stop(); step++) {
		slot = mmsim_test_below(&u->rnd, u->mv->nr);
		if (!u->mv->page[slot])
			mmsim_mover_take(u->mv, slot, GFP_NOWAIT | __GFP_NOWARN | __GFP_MOVABLE);
		else if (mmsim_test_below(&u->rnd, 3))
			mmsim_mover_look(u->mv, slot);
		else
			mmsim_mover_drop(u->mv, slot);
		if (step % 64 == 0) {
			/* By turns one that may lie in lent memory, where it is in the way, and one that may not. */
			block = take(u->mv->mem, gfp ^= __GFP_MOVABLE, 3);
			if (block && !give(u->mv->mem, block, 3))
				atomic_inc(&u->mv->faults);
		}
		if (step % 16 == 0)
			cond_resched();
	}
	return 0;
}

/**
 * mmsim_bustle_start() - start threads that fill two thirds of an instance with movable pages
 * @test: the test
 * @mem: the instance's page floor
 * @rnd: where their random numbers are drawn from
 * @u: where the threads go
 * @nr: so many; one that can't be started fails the test, and those before it end
 */
void mmsim_bustle_start(struct kunit *test, struct mmsim_memory *mem, struct rnd_state *rnd, struct mmsim_bustle **u,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u[i] = kunit_kzalloc(test, sizeof(*u[i]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, u[i]);
		u[i]->mv = mmsim_mover(test, mem, mem->nr_pages * 2 / 3 / nr);
		prandom_seed_state(&u[i]->rnd, prandom_u32_state(rnd));
		mmsim_mover_take_all(u[i]->mv, GFP_NOWAIT | __GFP_NOWARN | __GFP_MOVABLE);
	}
	for (i = 0; i < nr; i++) {
		u[i]->thread = kthread_run(bustle_thread, u[i], "mmsim_bustle/%u", i);
		if (IS_ERR(u[i]->thread))
			mmsim_bustle_stop(u, i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u[i]->thread);
	}
}

/**
 * mmsim_bustle_stop() - have threads end; they keep what they have
 * @u: the threads
 * @nr: so many
 */
void mmsim_bustle_stop(struct mmsim_bustle **u, unsigned int nr)
{
	while (nr--)
		kthread_stop(u[nr]->thread);
}
