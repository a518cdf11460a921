// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "movable": the agreement between the owner of a movable page and who moves it, step by step.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "fixture.h"
#include "mover.h"
#include "oracle.h"
#include "page/movable.h"

#define GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_MOVABLE)

static int refs(const struct mmsim_page *page)
{
	return mmsim_page_ref_count(page);
}

/* A mover with one page. */
static struct mmsim_mover *one_page(struct kunit *test, struct mmsim *m)
{
	struct mmsim_mover *mv = mmsim_mover(test, m->memory, 1);

	KUNIT_ASSERT_NOT_NULL(test, mmsim_mover_take(mv, 0, GFP));
	return mv;
}

struct calls {
	int isolated, migrated, putback, refused, failed;
};

static void expect_calls(struct kunit *test, struct mmsim_mover *mv, struct calls calls)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->isolated), calls.isolated);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->migrated), calls.migrated);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->putback), calls.putback);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->refused), calls.refused);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->failed), calls.failed);
	KUNIT_EXPECT_EQ(test, atomic_read(&mv->faults), 0);
}

static void movable_moves(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_snapshot *empty = mmsim_snapshot(test, m->memory), *one;
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_page *src = mv->page[0], *dst;

	one = mmsim_snapshot(test, m->memory);
	KUNIT_EXPECT_TRUE(test, mmsim_PageMovable(src));
	KUNIT_EXPECT_FALSE(test, mmsim_PageIsolated(src));
	KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(m->memory, src));
	KUNIT_EXPECT_TRUE(test, mmsim_PageIsolated(src));
	KUNIT_EXPECT_FALSE(test, mmsim_PageLocked(src));
	KUNIT_EXPECT_EQ(test, refs(src), 2);
	dst = take(m->memory, GFP, 0);
	KUNIT_ASSERT_NOT_NULL(test, dst);
	KUNIT_EXPECT_EQ(test, mmsim_movable_migrate(m->memory, dst, src, false, MMSIM_MR_COMPACTION), 0);
	KUNIT_EXPECT_PTR_EQ(test, mv->page[0], dst);
	KUNIT_EXPECT_EQ(test, refs(src), 0);
	KUNIT_EXPECT_EQ(test, refs(dst), 1);
	KUNIT_EXPECT_TRUE(test, mmsim_PageMovable(dst));
	KUNIT_EXPECT_FALSE(test, mmsim_PageMovable(src) || mmsim_PageIsolated(src) || mmsim_PageLocked(src));
	KUNIT_EXPECT_FALSE(test, mmsim_PageIsolated(dst) || mmsim_PageLocked(dst));
	/* Another page of the same number is free, so as many blocks of each order are. */
	KUNIT_EXPECT_EQ(test, m->memory->node[0]->zone[MMSIM_ZONE_NORMAL].free_pages,
			one->free_pages[MMSIM_ZONE_NORMAL]);
	mmsim_mover_look_all(mv);
	mmsim_test_check(test, m);
	mmsim_mover_drop_all(mv);
	expect_calls(test, mv, (struct calls){ .isolated = 1, .migrated = 1 });
	mmsim_expect_since(test, m->memory, empty, -1, 0);
}

static void movable_is_put_back(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = mv->page[0];
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(m->memory, page));
		mmsim_movable_putback(m->memory, page);
		KUNIT_EXPECT_EQ(test, refs(page), 1);
		KUNIT_EXPECT_TRUE(test, mmsim_PageMovable(page));
		KUNIT_EXPECT_FALSE(test, mmsim_PageIsolated(page) || mmsim_PageLocked(page));
	}
	expect_calls(test, mv, (struct calls){ .isolated = 3, .putback = 3 });
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_mover_drop_all(mv);
}

/* What can't be isolated: nothing happens to it. */
static void movable_not_isolated(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_page *page = mv->page[0], *ordinary = take(m->memory, GFP, 0), *block = take(m->memory, GFP, 3);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, ordinary));
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, block));
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, block + 1));
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, mmsim_memory_page(m->memory, m->memory->meta_pfn)));
	KUNIT_EXPECT_EQ(test, refs(ordinary), 1);
	mmsim_lock_page(page);
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, page));
	KUNIT_EXPECT_FALSE(test, mmsim_trylock_page(page));
	mmsim_unlock_page(page);
	KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(m->memory, page));
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, page));
	KUNIT_EXPECT_EQ(test, refs(page), 2);
	mmsim_movable_putback(m->memory, page);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_mover_drop_all(mv);
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, page));
	expect_calls(test, mv, (struct calls){ .isolated = 1, .putback = 1 });
	give(m->memory, ordinary, 0);
	give(m->memory, block, 3);
}

static void movable_owner_refuses(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = mv->page[0];

	mv->refuse_every = 1;
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, page));
	KUNIT_EXPECT_EQ(test, refs(page), 1);
	KUNIT_EXPECT_FALSE(test, mmsim_PageLocked(page) || mmsim_PageIsolated(page));
	mmsim_expect_since(test, m->memory, before, -1, 0);
	mmsim_mover_drop_all(mv);
	expect_calls(test, mv, (struct calls){ .refused = 1 });
}

static const int errors[] = { -EAGAIN, -EBUSY, -ENOMEM, 1 };

static void error_desc(const int *error, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "migrate_page() returns %d", *error);
}

KUNIT_ARRAY_PARAM(error, errors, error_desc);

/* After an error both pages are as before, whatever it was; and one that makes no sense is one. */
static void movable_error(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	const int *error = test->param_value;
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_page *src = mv->page[0], *dst = take(m->memory, GFP, 0);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);

	mv->error_every = 1;
	mv->error = *error;
	KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(m->memory, src));
	KUNIT_EXPECT_EQ(test, mmsim_movable_migrate(m->memory, dst, src, true, MMSIM_MR_COMPACTION),
			*error < 0 ? *error : -EINVAL);
	KUNIT_EXPECT_TRUE(test, mmsim_PageIsolated(src));
	KUNIT_EXPECT_FALSE(test, mmsim_PageLocked(src) || mmsim_PageLocked(dst));
	KUNIT_EXPECT_EQ(test, refs(src), 2);
	KUNIT_EXPECT_EQ(test, refs(dst), 1);
	mmsim_movable_putback(m->memory, src);
	mmsim_expect_since(test, m->memory, before, -1, 0);
	expect_calls(test, mv, (struct calls){ .isolated = 1, .putback = 1, .failed = 1 });
	KUNIT_EXPECT_TRUE(test, give(m->memory, dst, 0));
	mmsim_mover_drop_all(mv);
}

/* The owner frees an isolated page: no callback comes, and who isolated it frees it. */
static void movable_let_go(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_snapshot *empty = mmsim_snapshot(test, m->memory);
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_page *page = mv->page[0], *dst;

	KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(m->memory, page));
	mmsim_mover_drop(mv, 0);
	KUNIT_EXPECT_EQ(test, refs(page), 1);
	mmsim_movable_putback(m->memory, page);
	KUNIT_EXPECT_EQ(test, refs(page), 0);
	mmsim_expect_since(test, m->memory, empty, -1, 0);

	page = mmsim_mover_take(mv, 0, GFP);
	KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(m->memory, page));
	dst = take(m->memory, GFP, 0);
	mmsim_mover_drop(mv, 0);
	KUNIT_EXPECT_EQ(test, mmsim_movable_migrate(m->memory, dst, page, true, MMSIM_MR_COMPACTION), 1);
	KUNIT_EXPECT_EQ(test, refs(page), 0);
	KUNIT_EXPECT_TRUE(test, give(m->memory, dst, 0));
	mmsim_expect_since(test, m->memory, empty, -1, 0);
	expect_calls(test, mv, (struct calls){ .isolated = 2 });
}

static void movable_lock_taken(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_page *src = mv->page[0], *dst = take(m->memory, GFP, 0);

	KUNIT_ASSERT_TRUE(test, mmsim_movable_isolate(m->memory, src));
	KUNIT_ASSERT_TRUE(test, mmsim_trylock_page(src));
	KUNIT_EXPECT_EQ(test, mmsim_movable_migrate(m->memory, dst, src, false, MMSIM_MR_COMPACTION), -EAGAIN);
	mmsim_unlock_page(src);
	KUNIT_EXPECT_EQ(test, mmsim_movable_migrate(m->memory, dst, src, false, MMSIM_MR_COMPACTION), 0);
	mmsim_mover_drop_all(mv);
	expect_calls(test, mv, (struct calls){ .isolated = 1, .migrated = 1 });
}

struct locker {
	struct mmsim_page *page;
	struct completion done;
};

static int lock_thread(void *data)
{
	struct locker *locker = data;

	mmsim_lock_page(locker->page);
	mmsim_unlock_page(locker->page);
	complete(&locker->done);
	return 0;
}

static void movable_lock_waits(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct locker locker = { .page = take(m->memory, GFP, 0) };
	struct task_struct *task;

	init_completion(&locker.done);
	mmsim_lock_page(locker.page);
	task = kthread_run(lock_thread, &locker, "mmsim_locker");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&locker.done, HZ / 10), 0);
	/* A free of a locked page is refused, as the kernel's would be. */
	KUNIT_EXPECT_FALSE(test, give(m->memory, locker.page, 0));
	mmsim_unlock_page(locker.page);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&locker.done, 10 * HZ), 0);
	KUNIT_EXPECT_TRUE(test, give(m->memory, locker.page, 0));
}

static bool isolate_never(struct mmsim_page *page)
{
	return false;
}

static int migrate_never(struct mmsim_page *dst, struct mmsim_page *src)
{
	return -EIO;
}

static void putback_never(struct mmsim_page *page)
{
}

static const struct mmsim_movable_operations never = { isolate_never, migrate_never, putback_never };
static const struct mmsim_movable_operations no_isolate = { NULL, migrate_never, putback_never };
static const struct mmsim_movable_operations no_migrate = { isolate_never, NULL, putback_never };
static const struct mmsim_movable_operations no_putback = { isolate_never, migrate_never, NULL };

struct misuse {
	const char *name;
	const struct mmsim_movable_operations *ops;	/* to be set; NULL: to be cleared */
	unsigned int order;
	bool unlocked, twice, mapping;
};

static const struct misuse misuses[] = {
	{ "set without the lock", &never, .unlocked = true },
	{ "set of a block", &never, 1 },
	{ "set twice", &never, .twice = true },
	{ "set with mapping in use", &never, .mapping = true },
	{ "set without isolate_page", &no_isolate },
	{ "set without migrate_page", &no_migrate },
	{ "set without putback_page", &no_putback },
	{ "clear of what is not movable" },
	{ "clear without the lock", .twice = true, .unlocked = true },
};

static void misuse_desc(const struct misuse *u, char *desc)
{
	strscpy(desc, u->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(misuse, misuses, misuse_desc);

/* Refused, counted once, and the page is as it was. */
static void movable_misuse(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	const struct misuse *u = test->param_value;
	struct mmsim_page *page = take(m->memory, GFP, u->order), was;
	struct mmsim_snapshot *before;

	mmsim_lock_page(page);
	if (u->twice)
		KUNIT_ASSERT_TRUE(test, mmsim_movable_set(m->memory, page, &never, _RET_IP_));
	if (u->mapping)
		page->mapping = page;
	if (u->unlocked)
		mmsim_unlock_page(page);
	before = mmsim_snapshot(test, m->memory);
	was = *page;
	if (u->ops)
		KUNIT_EXPECT_FALSE(test, mmsim_movable_set(m->memory, page, u->ops, _RET_IP_));
	else
		KUNIT_EXPECT_FALSE(test, mmsim_movable_clear(m->memory, page, _RET_IP_));
	KUNIT_EXPECT_EQ(test, memcmp(&was, page, sizeof(was)), 0);
	mmsim_expect_since(test, m->memory, before, MMSIM_BAD_MOVABLE, 0);

	if (u->unlocked)
		mmsim_lock_page(page);
	if (u->twice)
		KUNIT_EXPECT_TRUE(test, mmsim_movable_clear(m->memory, page, _RET_IP_));
	page->mapping = NULL;
	mmsim_unlock_page(page);
	KUNIT_EXPECT_TRUE(test, give(m->memory, page, u->order));
}

static void movable_wild(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_page *beyond = m->memory->map + m->memory->nr_pages;

	KUNIT_EXPECT_FALSE(test, mmsim_movable_set(m->memory, beyond, &never, _RET_IP_));
	KUNIT_EXPECT_FALSE(test, mmsim_movable_clear(m->memory, beyond, _RET_IP_));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_WILD]), 2);
}

/* A page that is still movable can't be freed, by any of the ways. */
static void movable_not_freed(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_mover *mv = one_page(test, m);
	struct mmsim_snapshot *before = mmsim_snapshot(test, m->memory);
	struct mmsim_page *page = mv->page[0];

	KUNIT_EXPECT_FALSE(test, give(m->memory, page, 0));
	mmsim_expect_since(test, m->memory, before, MMSIM_BAD_MOVABLE, 0);
	KUNIT_EXPECT_FALSE(test, mmsim_memory_put(m->memory, page, _RET_IP_));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->memory->bad[MMSIM_BAD_MOVABLE]), 2);
	KUNIT_EXPECT_EQ(test, refs(page), 1);
	mmsim_mover_drop_all(mv);
	expect_calls(test, mv, (struct calls){});
}

#define SLOTS	200
#define MOVES	2000

/* Takes and frees its slots at random while another thread moves them, until that has seen enough. */
struct owner {
	struct mmsim_mover *mv;
	struct rnd_state rnd;
	unsigned long steps;
	bool stop;
	struct completion done;
};

static int owner_thread(void *data)
{
	struct owner *o = data;
	unsigned long step;

	for (step = 0; !READ_ONCE(o->stop); step++) {
		unsigned long slot = mmsim_test_below(&o->rnd, SLOTS);

		if (!o->mv->page[slot])
			mmsim_mover_take(o->mv, slot, GFP);
		else if (step & 1)
			mmsim_mover_drop(o->mv, slot);
		else
			mmsim_mover_look(o->mv, slot);
		if (step % 16 == 0)
			cond_resched();
	}
	mmsim_mover_drop_all(o->mv);
	o->steps = step;
	complete(&o->done);
	return 0;
}

/* Moves or puts back what it can isolate of the region's frames, taken at random. */
static void move_one(struct mmsim_memory *mem, struct rnd_state *rnd)
{
	struct mmsim_page *src = mem->map + mmsim_test_below(rnd, mem->nr_pages), *dst;

	if (!mmsim_movable_isolate(mem, src))
		return;
	cond_resched();
	dst = prandom_u32_state(rnd) & 3 ? take(mem, GFP, 0) : NULL;
	if (!dst) {
		mmsim_movable_putback(mem, src);
		return;
	}
	switch (mmsim_movable_migrate(mem, dst, src, true, MMSIM_MR_COMPACTION)) {
	case 0:
		break;
	case 1:
		give(mem, dst, 0);
		break;
	default:
		mmsim_movable_putback(mem, src);
		give(mem, dst, 0);
	}
}

static void movable_races(struct kunit *test)
{
	const struct mmsim_memory_params params = { .pcp_orders = 1 };
	struct mmsim *m = mmsim_test_instance_with(test, SZ_4M, "Normal", &params);
	struct owner o = { .mv = mmsim_mover(test, m->memory, SLOTS) };
	unsigned long deadline = jiffies + 60 * HZ;
	struct task_struct *task;
	struct rnd_state rnd;
	unsigned int bad;

	mmsim_test_random(test, &rnd);
	prandom_seed_state(&o.rnd, prandom_u32_state(&rnd));
	init_completion(&o.done);
	o.mv->refuse_every = 7;
	o.mv->error_every = 5;
	o.mv->error = -EBUSY;
	task = kthread_run(owner_thread, &o, "mmsim_owner");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	while (atomic_read(&o.mv->migrated) < MOVES && time_before(jiffies, deadline)) {
		move_one(m->memory, &rnd);
		cond_resched();
	}
	WRITE_ONCE(o.stop, true);
	wait_for_completion(&o.done);
	KUNIT_EXPECT_EQ(test, atomic_read(&o.mv->faults), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&o.mv->migrated), MOVES);
	KUNIT_EXPECT_GT(test, o.steps, 0);
	for (bad = 0; bad < MMSIM_NR_BAD; bad++)
		KUNIT_EXPECT_EQ_MSG(test, atomic_long_read(&m->memory->bad[bad]), 0, "%s", mmsim_bad_names[bad]);
	mmsim_test_check(test, m);
}

static struct kunit_case movable_test_cases[] = {
	KUNIT_CASE(movable_moves),
	KUNIT_CASE(movable_is_put_back),
	KUNIT_CASE(movable_not_isolated),
	KUNIT_CASE(movable_owner_refuses),
	KUNIT_CASE_PARAM(movable_error, error_gen_params),
	KUNIT_CASE(movable_let_go),
	KUNIT_CASE(movable_lock_taken),
	KUNIT_CASE(movable_lock_waits),
	KUNIT_CASE_PARAM(movable_misuse, misuse_gen_params),
	KUNIT_CASE(movable_wild),
	KUNIT_CASE(movable_not_freed),
	KUNIT_CASE(movable_races),
	{}
};

static struct kunit_suite movable_test_suite = {
	.name = "movable",
	.test_cases = movable_test_cases,
};

kunit_test_suite(movable_test_suite);
