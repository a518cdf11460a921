// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "user": the pages of /dev/mmsim's files, without a process: made when they are wanted, freed when no VMA
 * maps them, and moved while they are used. What processes see of it is scripts/guest/user.sh's to test.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/interval_tree_generic.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/task.h>

#include "fixture.h"
#include "oracle.h"
#include "user/user.h"

#define WORDS	(PAGE_SIZE / sizeof(u64))

static struct mmsim_user_file *file(struct kunit *test, struct mmsim *m)
{
	struct mmsim_user_file *f = mmsim_user_file_create(&m->user);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static u64 *words(struct mmsim_user_file *f, struct mmsim_page *page)
{
	return mmsim_memory_vaddr(f->user->mem, page);
}

/* Whether the page at @index is full of @old; then fills it with @new. The page, or NULL. */
static struct mmsim_page *replace(struct mmsim_user_file *f, unsigned long index, u64 old, u64 new)
{
	struct mmsim_page *page = mmsim_user_page_get(f, index);
	bool good = true;
	u64 *word;
	int i;

	if (IS_ERR(page))
		return NULL;
	word = words(f, page);
	for (i = 0; i < WORDS; i++) {
		good &= word[i] == old;
		word[i] = new;
	}
	mmsim_user_page_put(f);
	return good ? page : NULL;
}

/* 0: moved; 1: its owner has let it go; -ENOENT: it can't be isolated; else put back after this error. */
static int move(struct mmsim_memory *mem, struct mmsim_page *page)
{
	struct mmsim_page *dst;
	int err;

	if (!mmsim_movable_isolate(mem, page))
		return -ENOENT;
	dst = take(mem, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 0);
	err = dst ? mmsim_movable_migrate(mem, dst, page, true, MMSIM_MR_COMPACTION) : -ENOMEM;
	if (err < 0)
		mmsim_movable_putback(mem, page);
	if (err && dst)
		give(mem, dst, 0);
	return err;
}

static void expect_stats(struct kunit *test, struct mmsim *m, long files, long pages, long moves, long failed)
{
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->user.stat[MMSIM_USER_FILES]), files);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->user.stat[MMSIM_USER_PAGES]), pages);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->user.stat[MMSIM_USER_MOVES]), moves);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->user.stat[MMSIM_USER_FAILED_MOVES]), failed);
}

/* A page is made once, full of zeroes, and is there until it is freed; two files have nothing in common. */
static void user_pages(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_user_file *f = file(test, m), *g = file(test, m);
	struct mmsim_page *page;

	page = replace(f, 5, 0, 1);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, mmsim_PageMovable(page));
	KUNIT_EXPECT_FALSE(test, mmsim_PageLocked(page));
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 1);
	KUNIT_EXPECT_PTR_EQ(test, replace(f, 5, 1, 2), page);
	KUNIT_EXPECT_NOT_NULL(test, replace(g, 5, 0, 3));
	KUNIT_EXPECT_NOT_NULL(test, replace(f, ULONG_MAX, 0, 4));
	expect_stats(test, m, 2, 3, 0, 0);

	KUNIT_EXPECT_EQ(test, mmsim_user_free(f, 6, ULONG_MAX - 1), 0);
	KUNIT_EXPECT_EQ(test, mmsim_user_free(f, 0, 5), 1);
	KUNIT_EXPECT_NOT_NULL(test, replace(f, 5, 0, 5));
	KUNIT_EXPECT_NOT_NULL(test, replace(g, 5, 3, 3));
	expect_stats(test, m, 2, 3, 0, 0);
	mmsim_test_check(test, m);
	mmsim_user_file_destroy(f);
	mmsim_user_file_destroy(g);
	expect_stats(test, m, 0, 0, 0, 0);
	mmsim_expect_since(test, m->memory, first, -1, 0);
}

/* With nothing left in mmsim there is an error, and what there is stays. */
static void user_no_memory(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_user_file *f = file(test, m);
	unsigned long n = 0, i;

	while (replace(f, n, 0, n + 1))
		n++;
	KUNIT_EXPECT_EQ(test, n, m->memory->node[0]->zone[MMSIM_ZONE_NORMAL].managed_pages);
	KUNIT_EXPECT_EQ(test, PTR_ERR(mmsim_user_page_get(f, n)), -ENOSPC);
	for (i = 0; i < n; i++)
		if (!replace(f, i, i + 1, i + 2))
			KUNIT_FAIL(test, "page %lu is not what it was", i);
	KUNIT_EXPECT_EQ(test, mmsim_user_free(f, 3, 3), 1);
	KUNIT_EXPECT_NOT_NULL(test, replace(f, n, 0, 1));
	expect_stats(test, m, 1, n, 0, 0);
	mmsim_user_file_destroy(f);
	mmsim_test_check(test, m);
}

/* A moved page is in another frame, at its place in the file, with its content; the old frame is free. */
static void user_move(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_8M, "Normal:4M,HighMem");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_user_file *f = file(test, m);
	struct mmsim_page *page, *moved;
	unsigned long i;

	for (i = 0; i < 100; i++) {
		page = replace(f, i, 0, i + 1);
		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_EQ(test, move(m->memory, page), 0);
		moved = replace(f, i, i + 1, i + 2);
		KUNIT_EXPECT_NOT_NULL(test, moved);
		KUNIT_EXPECT_PTR_NE(test, moved, page);
		KUNIT_EXPECT_EQ(test, move(m->memory, moved), 0);
	}
	expect_stats(test, m, 1, 100, 200, 0);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_NOT_NULL(test, replace(f, i, i + 2, 0));
	mmsim_test_check(test, m);
	mmsim_user_file_destroy(f);
	expect_stats(test, m, 0, 0, 200, 0);
	mmsim_expect_since(test, m->memory, first, -1, 0);
}

/* A page that is isolated can be used; put back, it is as before. */
static void user_putback(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_user_file *f = file(test, m);
	struct mmsim_page *page = replace(f, 7, 0, 1);

	KUNIT_EXPECT_TRUE(test, mmsim_movable_isolate(m->memory, page));
	KUNIT_EXPECT_FALSE(test, mmsim_movable_isolate(m->memory, page));
	KUNIT_EXPECT_PTR_EQ(test, replace(f, 7, 1, 2), page);
	mmsim_movable_putback(m->memory, page);
	KUNIT_EXPECT_PTR_EQ(test, replace(f, 7, 2, 3), page);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 1);
	KUNIT_EXPECT_EQ(test, move(m->memory, page), 0);
	KUNIT_EXPECT_NOT_NULL(test, replace(f, 7, 3, 4));
	mmsim_user_file_destroy(f);
	mmsim_test_check(test, m);
}

/* A page freed while it is isolated goes when the mover lets go of it, and its successor is another one. */
static void user_free_isolated(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct mmsim_user_file *f = file(test, m);
	struct mmsim_page *page, *next, *dst;
	int round;

	for (round = 0; round < 2; round++) {
		page = replace(f, 7, 0, 1);
		KUNIT_EXPECT_TRUE(test, mmsim_movable_isolate(m->memory, page));
		KUNIT_EXPECT_EQ(test, mmsim_user_free(f, 7, 7), 1);
		KUNIT_EXPECT_FALSE(test, mmsim_PageMovable(page));
		KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 1);
		next = replace(f, 7, 0, 2);
		KUNIT_EXPECT_NOT_NULL(test, next);
		KUNIT_EXPECT_PTR_NE(test, next, page);
		if (round) {
			mmsim_movable_putback(m->memory, page);
		} else {
			dst = take(m->memory, GFP_HIGHUSER_MOVABLE, 0);
			KUNIT_EXPECT_EQ(test, mmsim_movable_migrate(m->memory, dst, page, true, MMSIM_MR_SYSCALL), 1);
			KUNIT_EXPECT_TRUE(test, give(m->memory, dst, 0));
		}
		KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 0);
		KUNIT_EXPECT_PTR_EQ(test, replace(f, 7, 2, 0), next);
		KUNIT_EXPECT_EQ(test, mmsim_user_free(f, 7, 7), 1);
	}
	expect_stats(test, m, 1, 0, 0, 0);
	mmsim_user_file_destroy(f);
	mmsim_expect_since(test, m->memory, first, -1, 0);
}

/* A mover that finds the page in the moment between leaving its file and being let go is to try again. */
static void user_move_taken_out(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_user_file *f = file(test, m);
	struct mmsim_page *page = replace(f, 7, 0, 1);

	xa_erase(&f->pages, 7);
	KUNIT_EXPECT_EQ(test, move(m->memory, page), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, mmsim_PageMovable(page));
	expect_stats(test, m, 1, 1, 0, 1);
	xa_store(&f->pages, 7, page, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, replace(f, 7, 1, 1), page);
	mmsim_user_file_destroy(f);
	mmsim_test_check(test, m);
}

/* What the check is to find: a word of a page's descriptor that is not as it should be, and what it says then. */
struct damage {
	const char *name;
	size_t offset;
	unsigned long flip;
	const char *says;
};

static const struct damage damages[] = {
	{ "another index", offsetof(struct mmsim_page, index), 1, "says that it is page 0x6 of this file" },
	{ "another file", offsetof(struct mmsim_page, private), 8, "says that it is page 0x7 of another file" },
	{ "not movable", offsetof(struct mmsim_page, flags), MMSIM_PAGE_MOVABLE, "is not movable" },
	{ "other operations", offsetof(struct mmsim_page, mapping), 64, "is not movable" },
	{ "not allocated", offsetof(struct mmsim_page, flags), MMSIM_PAGE_ALLOCATED, "is no single page" },
	{ "an order", offsetof(struct mmsim_page, flags), BIT(MMSIM_PAGE_ORDER_SHIFT), "is no single page" },
};

KUNIT_ARRAY_PARAM_DESC(damage, damages, name);

static void user_check_finds(struct kunit *test)
{
	const struct damage *damage = test->param_value;
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct mmsim_user_file *f = file(test, m);
	struct mmsim_page *page = replace(f, 7, 0, 1);
	unsigned long *word = (void *)page + damage->offset;
	char what[256] = "";

	KUNIT_EXPECT_NOT_NULL(test, replace(f, 3, 0, 1));
	mmsim_test_check(test, m);
	*word ^= damage->flip;
	KUNIT_EXPECT_EQ(test, mmsim_user_check(&m->user, what, sizeof(what)), -EUCLEAN);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(what, damage->says), "it says: %s", what);
	*word ^= damage->flip;
	mmsim_test_check(test, m);
	mmsim_user_file_destroy(f);
	mmsim_test_check(test, m);
}

/* The tree in which the kernel keeps a file's VMAs. */
static unsigned long first_of(struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static unsigned long last_of(struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, unsigned long, shared.rb_subtree_last, first_of, last_of,
		     static inline, tree)

#define SPAN	64
#define VMAS	6

/* Random VMAs over a file with all its pages: those are freed that are in the range and in no VMA. */
static void user_free_unmapped(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct vm_area_struct *vma = kunit_kcalloc(test, VMAS, sizeof(*vma), GFP_KERNEL);
	struct mmsim_user_file *f = file(test, m);
	unsigned long i, first, last, want;
	DECLARE_BITMAP(mapped, SPAN);
	struct rnd_state rnd;
	int round, nr;

	KUNIT_ASSERT_NOT_NULL(test, vma);
	mmsim_test_random(test, &rnd);
	for (round = 0; round < 500; round++) {
		bitmap_zero(mapped, SPAN);
		nr = mmsim_test_below(&rnd, VMAS + 1);
		for (i = 0; i < nr; i++) {
			vma[i].vm_pgoff = mmsim_test_below(&rnd, SPAN);
			vma[i].vm_start = PAGE_SIZE * 1000;
			vma[i].vm_end = vma[i].vm_start +
					PAGE_SIZE * (1 + mmsim_test_below(&rnd, min(SPAN - vma[i].vm_pgoff, 16UL)));
			bitmap_set(mapped, vma[i].vm_pgoff, vma_pages(&vma[i]));
			tree_insert(&vma[i], &f->mapping.i_mmap);
		}
		for (i = 0; i < SPAN; i++)
			KUNIT_EXPECT_NOT_NULL(test, replace(f, i, 0, 0));
		first = mmsim_test_below(&rnd, SPAN);
		last = first + mmsim_test_below(&rnd, SPAN - first);
		want = last - first + 1 - (bitmap_weight(mapped, last + 1) - bitmap_weight(mapped, first));
		KUNIT_EXPECT_EQ(test, mmsim_user_free_unmapped(f, first, last), want);
		for (i = 0; i < SPAN; i++)
			KUNIT_EXPECT_EQ_MSG(test, !xa_load(&f->pages, i),
					    i >= first && i <= last && !test_bit(i, mapped), "index %lu", i);
		for (i = 0; i < nr; i++)
			tree_remove(&vma[i], &f->mapping.i_mmap);
	}
	mmsim_user_file_destroy(f);
	mmsim_test_check(test, m);
}

/* What mmap() is refused. */
static void user_map_refused(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	struct vm_area_struct *vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);
	struct mmsim_user_file *f = file(test, m);

	KUNIT_ASSERT_NOT_NULL(test, vma);
	vma->vm_end = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, mmsim_user_map(f, vma), -EINVAL);
	*(unsigned long *)&vma->vm_flags = VM_SHARED | VM_MAYSHARE;
	vma->vm_pgoff = 1;
	KUNIT_EXPECT_EQ(test, mmsim_user_map(f, vma), -EINVAL);
	vma->vm_pgoff = 0;
	vma->vm_end = SZ_4M;
	KUNIT_EXPECT_EQ(test, mmsim_user_map(f, vma), -ENOMEM);
	KUNIT_EXPECT_NULL(test, vma->vm_ops);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->user.stat[MMSIM_USER_MAPPINGS]), 0);
	mmsim_user_file_destroy(f);
}

/* Threads that use pages of one file, each its own, as processes do, or move all that they find. */
#define USERS		3
#define OWN_PAGES	40

struct runner {
	struct mmsim_user_file *f;
	unsigned long first;		/* of its OWN_PAGES indices; a mover has none */
	u64 content[OWN_PAGES];
	struct rnd_state rnd;
	unsigned long moved, faults;
	bool *stop;
	struct task_struct *task;
	struct completion done;
};

static void use_page(struct runner *r)
{
	unsigned int i = mmsim_test_below(&r->rnd, OWN_PAGES);
	u64 new = prandom_u32_state(&r->rnd);

	if (!replace(r->f, r->first + i, r->content[i], new))
		r->faults++;
	r->content[i] = new;
	if (new % 16 == 0) {
		r->faults += mmsim_user_free(r->f, r->first + i, r->first + i) != 1;
		r->content[i] = 0;
	}
}

static int user_thread(void *data)
{
	struct runner *r = data;
	int step;

	for (step = 0; step < mmsim_test_steps(30000); step++) {
		use_page(r);
		if (step % 16 == 0)
			cond_resched();
	}
	complete(&r->done);
	return 0;
}

static int mover_thread(void *data)
{
	struct runner *r = data;
	struct mmsim_memory *mem = r->f->user->mem;
	unsigned long i;

	while (!READ_ONCE(*r->stop)) {
		for (i = 0; i < mem->nr_pages; i++)
			r->moved += !move(mem, &mem->map[i]);
		cond_resched();
	}
	complete(&r->done);
	return 0;
}

static void start(struct kunit *test, struct runner *r, int (*run)(void *))
{
	r->task = kthread_create(run, r, "mmsim_user");
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->task));
	get_task_struct(r->task);
	wake_up_process(r->task);
}

static void join(struct runner *r)
{
	wait_for_completion(&r->done);
	kthread_stop(r->task);
	put_task_struct(r->task);
}

/* Users of one file and two movers at once: nobody misses a word, and every page comes back. */
static void user_races(struct kunit *test)
{
	struct mmsim *m = mmsim_test_instance(test, SZ_4M, "Normal");
	const struct mmsim_snapshot *first = mmsim_snapshot(test, m->memory);
	struct runner *r = kunit_kcalloc(test, USERS + 2, sizeof(*r), GFP_KERNEL);
	struct mmsim_user_file *f = file(test, m);
	unsigned long moved = 0, faults = 0;
	u64 seed = mmsim_test_seed(test);
	bool stop = false;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < USERS + 2; i++) {
		r[i].f = f;
		r[i].first = i * OWN_PAGES;
		r[i].stop = &stop;
		prandom_seed_state(&r[i].rnd, seed + i);
		init_completion(&r[i].done);
		start(test, &r[i], i < USERS ? user_thread : mover_thread);
	}
	for (i = 0; i < USERS + 2; i++) {
		if (i == USERS)
			WRITE_ONCE(stop, true);
		join(&r[i]);
		faults += r[i].faults;
		moved += r[i].moved;
	}
	KUNIT_EXPECT_EQ(test, faults, 0);
	KUNIT_EXPECT_GT(test, moved, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->user.stat[MMSIM_USER_MOVES]), moved);
	kunit_info(test, "%lu moves, %ld refused", moved,
		   atomic_long_read(&m->user.stat[MMSIM_USER_FAILED_MOVES]));
	mmsim_user_file_destroy(f);
	mmsim_expect_since(test, m->memory, first, -1, 0);
	mmsim_test_check(test, m);
}

/* --- Beside a cache --- */

/* Pages that whoever reclaims may have, each full of one byte. */
struct cache {
	struct mmsim_shrinker shrinker;
	struct mmsim_memory *mem;
	spinlock_t lock;		/* of nr and what follows: several may reclaim at a time */
	struct mmsim_page **page;
	unsigned long nr;
	unsigned long faults;		/* lost bytes, and frees that were refused */
};

static unsigned long cache_count(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	return READ_ONCE(container_of(shrinker, struct cache, shrinker)->nr);
}

static unsigned long cache_scan(struct mmsim_shrinker *shrinker, struct mmsim_shrink_control *sc)
{
	struct cache *c = container_of(shrinker, struct cache, shrinker);
	unsigned long freed;

	spin_lock(&c->lock);
	for (freed = 0; freed < sc->nr_to_scan && c->nr; freed++) {
		struct mmsim_page *page = c->page[--c->nr];

		c->faults += !!memchr_inv(mmsim_memory_vaddr(c->mem, page), (u8)c->nr, PAGE_SIZE);
		c->faults += !give(c->mem, page, 0);
	}
	spin_unlock(&c->lock);
	return freed ? freed : MMSIM_SHRINK_STOP;
}

static struct cache *cache(struct kunit *test, struct mmsim_memory *mem)
{
	struct cache *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->page = kunit_kcalloc(test, mem->nr_pages, sizeof(*c->page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c->page);
	c->mem = mem;
	c->shrinker = (struct mmsim_shrinker) {
		.count_objects = cache_count, .scan_objects = cache_scan, .seeks = MMSIM_DEFAULT_SEEKS,
		.name = "user_test",
	};
	spin_lock_init(&c->lock);
	return c;
}

/* One more page, without waking anybody. */
static bool cache_grow(struct cache *c)
{
	struct mmsim_page *page = take(c->mem, __GFP_MOVABLE | __GFP_NOWARN, 0);

	if (!page)
		return false;
	memset(mmsim_memory_vaddr(c->mem, page), (u8)c->nr, PAGE_SIZE);
	c->page[c->nr++] = page;
	return true;
}

/*
 * Processes ask for all that a cache has, whose pages lie among theirs: the thread and the requests themselves take it
 * out of the cache, large blocks are made by moving the processes' pages, and no byte is lost of what is still held.
 */
static void user_beside_cache(struct kunit *test)
{
	const struct mmsim_memory_params params = {
		.group_by_mobility = true, .watermark_scale_factor = 100, .min_free_kbytes = 400,
		.pcp_orders = MMSIM_PCP_ORDERS,
	};
	struct mmsim *m = mmsim_test_instance_with(test, SZ_8M, "Normal", &params);
	struct mmsim_user_file *f = file(test, m);
	struct cache *c = cache(test, m->memory);
	struct mmsim_page *block[24] = {};
	unsigned long n, i, lost = 0;
	unsigned int nr_blocks = 0;

	for (n = 0; cache_grow(c) && cache_grow(c); n++)
		KUNIT_ASSERT_NOT_NULL(test, replace(f, n, 0, n + 1));
	KUNIT_ASSERT_GT(test, c->nr, 1000);
	KUNIT_ASSERT_TRUE(test, mmsim_reclaim_add(m->memory, &c->shrinker, _THIS_IP_));
	for (; replace(f, n, 0, n + 1); n++) {
		if (n % 256 == 0)
			schedule_timeout_uninterruptible(1);	/* for the thread */
		if (n % 16 || nr_blocks == ARRAY_SIZE(block))
			continue;
		block[nr_blocks] = take(m->memory, GFP_KERNEL | __GFP_NOWARN, 4);
		if (block[nr_blocks])
			memset(mmsim_memory_vaddr(m->memory, block[nr_blocks++]), 0xff, PAGE_SIZE << 4);
	}
	KUNIT_EXPECT_TRUE(test, mmsim_reclaim_remove(m->memory, &c->shrinker, _THIS_IP_));
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	KUNIT_EXPECT_GT(test, n, 1300);
	KUNIT_EXPECT_GE(test, nr_blocks, ARRAY_SIZE(block) / 2);	/* none without moves */
	for (i = 0; i < n; i++)
		lost += !replace(f, i, i + 1, i + 1);
	while (nr_blocks--) {
		lost += !!memchr_inv(mmsim_memory_vaddr(m->memory, block[nr_blocks]), 0xff, PAGE_SIZE << 4);
		lost += !give(m->memory, block[nr_blocks], 4);
	}
	KUNIT_EXPECT_EQ(test, lost, 0);
	KUNIT_EXPECT_EQ(test, c->faults, 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&m->memory->events.nr[MMSIM_EVENT_PAGEOUTRUN]), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&m->user.stat[MMSIM_USER_MOVES]), 0);
	mmsim_test_check(test, m);
	mmsim_user_file_destroy(f);
}

static struct kunit_case user_cases[] = {
	KUNIT_CASE(user_pages),
	KUNIT_CASE(user_no_memory),
	KUNIT_CASE(user_move),
	KUNIT_CASE(user_putback),
	KUNIT_CASE(user_free_isolated),
	KUNIT_CASE(user_move_taken_out),
	KUNIT_CASE_PARAM(user_check_finds, damage_gen_params),
	KUNIT_CASE(user_free_unmapped),
	KUNIT_CASE(user_map_refused),
	KUNIT_CASE(user_races),
	KUNIT_CASE(user_beside_cache),
	{}
};

static struct kunit_suite user_suite = {
	.name = "user",
	.test_cases = user_cases,
};

kunit_test_suite(user_suite);

MODULE_LICENSE("GPL");
