// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "kmalloc": kmalloc and its family, on every engine, with and without debugging.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/log2.h>
#include <linux/string.h>

#include "slab.h"

#define QUIET		(GFP_ATOMIC | __GFP_NOWARN)

/* The kernel's table: the smallest class that holds a size. */
static const unsigned int classes[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192 };

static unsigned int class_of(size_t size)
{
	unsigned int i = 0;

	while (classes[i] < size)
		i++;
	return classes[i];
}

static unsigned int size_of_index(unsigned int index)
{
	return index == 1 ? 96 : index == 2 ? 192 : 1U << index;
}

static void kmalloc_classes(struct kunit *test)
{
	size_t size;

	mmsim_test_slabs(test);
	KUNIT_EXPECT_EQ(test, mmsim_kmalloc_index(0), 0);
	KUNIT_EXPECT_EQ(test, mmsim_kmalloc_size_roundup(0), 0);
	for (size = 1; size <= MMSIM_KMALLOC_MAX_CACHE_SIZE; size++) {
		KUNIT_EXPECT_EQ_MSG(test, size_of_index(mmsim_kmalloc_index(size)), class_of(size), "size %zu", size);
		KUNIT_EXPECT_EQ_MSG(test, mmsim_kmalloc_size_roundup(size), class_of(size), "size %zu", size);
	}
	KUNIT_EXPECT_EQ(test, mmsim_kmalloc_size_roundup(8193), 16384);
	KUNIT_EXPECT_EQ(test, mmsim_kmalloc_size_roundup(16385), 32768);
	KUNIT_EXPECT_EQ(test, mmsim_kmalloc_size_roundup(MMSIM_KMALLOC_MAX_SIZE), MMSIM_KMALLOC_MAX_SIZE);
	KUNIT_EXPECT_EQ(test, mmsim_kmalloc_size_roundup(SIZE_MAX), SIZE_MAX);
}

/* Every size up to 8 KB and some above: aligned, writable to its end, and large enough by its own account. */
static void kmalloc_sizes(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	size_t size;

	mmsim_slab_snapshot(slabs, &before);
	for (size = 1; size <= SZ_64K; size += size < 300 ? 1 : 97) {
		u8 *p = mmsim_kmalloc(size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL_MSG(test, p, "size %zu", size);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, 8));
		if (is_power_of_2(size))
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)p, min_t(size_t, size, PAGE_SIZE)),
					      "size %zu", size);
		KUNIT_EXPECT_GE(test, mmsim_ksize(p), size);
		memset(p, 0x77, size);
		mmsim_kfree(p);
	}
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

static void kmalloc_nothing(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	size_t zero = 0;

	KUNIT_EXPECT_PTR_EQ(test, mmsim_kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_kmalloc(READ_ONCE(zero), GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_kcalloc(5, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, mmsim_ksize(ZERO_SIZE_PTR), 0);
	KUNIT_EXPECT_EQ(test, mmsim_ksize(NULL), 0);
	mmsim_kfree(ZERO_SIZE_PTR);
	mmsim_kfree(NULL);
	mmsim_kfree_sensitive(NULL);
	KUNIT_EXPECT_NULL(test, mmsim_kmalloc_array(SIZE_MAX / 2, 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_kcalloc(SIZE_MAX, 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_krealloc_array(NULL, SIZE_MAX, 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, mmsim_kstrdup(NULL, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_WILD]), 0);
}

static void kmalloc_large(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	void *p;

	mmsim_slab_snapshot(slabs, &before);
	p = mmsim_kmalloc(8193, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(p));
	KUNIT_EXPECT_EQ(test, mmsim_ksize(p), 16384);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->nr_large_pages[0]), 4);
	mmsim_kfree(p + PAGE_SIZE);
	mmsim_kfree(p);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->nr_large_pages[0]), 0);
	mmsim_kfree(p);
	p = mmsim_kmalloc(MMSIM_KMALLOC_MAX_SIZE, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, p);
	mmsim_kfree(p);
	KUNIT_EXPECT_NULL(test, mmsim_kmalloc(MMSIM_KMALLOC_MAX_SIZE + 1, QUIET));
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_NO_SLAB, 2);
	KUNIT_EXPECT_NULL(test, mmsim_kmalloc(MMSIM_KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_SIZE]), 1);
}

static void kmalloc_zeroes(struct kunit *test)
{
	size_t size;
	void *p;

	mmsim_test_slabs(test);
	for (size = 1; size <= 3 * PAGE_SIZE; size = size * 5 / 4 + 1) {
		p = mmsim_kmalloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		memset(p, 0xff, size);
		mmsim_kfree(p);
		p = mmsim_kzalloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(p, 0, size), "size %zu", size);
		mmsim_kfree_sensitive(p);
	}
}

static void kmalloc_realloc(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	u8 *p = NULL, *q;
	size_t size, had = 0;

	mmsim_slab_snapshot(slabs, &before);
	for (size = 1; size <= SZ_64K; had = size, size = size * 3 / 2 + 1) {
		q = mmsim_krealloc(p, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, q);
		if (had)
			KUNIT_EXPECT_NULL_MSG(test, memchr_inv(q, 0x5c, had), "size %zu", size);
		p = q;
		memset(p, 0x5c, size);
	}
	KUNIT_EXPECT_PTR_EQ(test, mmsim_krealloc(p, mmsim_ksize(p), GFP_KERNEL), (void *)p);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_krealloc(p, 1, GFP_KERNEL), (void *)p);
	/* There is no room for this: what was there stays. */
	KUNIT_EXPECT_NULL(test, mmsim_krealloc(p, MMSIM_KMALLOC_MAX_SIZE + 1, QUIET));
	KUNIT_EXPECT_EQ(test, *p, 0x5c);
	KUNIT_EXPECT_PTR_EQ(test, mmsim_krealloc(p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

static void kmalloc_copies(struct kunit *test)
{
	char *p;

	mmsim_test_slabs(test);
	p = mmsim_kmemdup("12345678", 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, memcmp(p, "12345678", 8), 0);
	mmsim_kfree(p);
	p = mmsim_kstrdup("a string", GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, p, "a string");
	mmsim_kfree(p);
	p = mmsim_kstrndup("a string", 3, GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, p, "a s");
	mmsim_kfree(p);
}

/* What is asked for says from which cache it comes. */
static void kmalloc_kinds(struct kunit *test)
{
	static const struct {
		gfp_t gfp;
		enum mmsim_kmalloc_type type;
	} kinds[] = {
		{ GFP_KERNEL, MMSIM_KMALLOC_NORMAL },
		{ GFP_KERNEL | __GFP_RECLAIMABLE, MMSIM_KMALLOC_RECLAIM },
	};
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	unsigned int i;

	if (slabs->kmalloc[0][3]->ops->heap_alloc)
		kunit_skip(test, "this engine's kmalloc has no caches");
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		void *p = mmsim_kmalloc(100, kinds[i].gfp);
		struct mmsim_page *head = mmsim_slabs_head(slabs, p);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_PTR_EQ(test, mmsim_page_slab(head)->cache, slabs->kmalloc[kinds[i].type][7]);
		mmsim_kfree(p);
	}
	KUNIT_EXPECT_STREQ(test, slabs->kmalloc[MMSIM_KMALLOC_NORMAL][1]->name, "kmalloc-96");
	KUNIT_EXPECT_STREQ(test, slabs->kmalloc[MMSIM_KMALLOC_RECLAIM][10]->name, "kmalloc-rcl-1k");
	KUNIT_EXPECT_STREQ(test, slabs->kmalloc[MMSIM_KMALLOC_DMA][13]->name, "dma-kmalloc-8k");
	/* There is no zone DMA here. */
	KUNIT_EXPECT_NULL(test, mmsim_kmalloc(100, GFP_DMA | QUIET));
}

static void kmalloc_classic_names(struct kunit *test)
{
	struct mmsim_slab_params params = { .classic_names = true };
	struct mmsim_slabs *slabs;

	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	KUNIT_EXPECT_STREQ(test, slabs->kmalloc[MMSIM_KMALLOC_NORMAL][5]->name, "size-32");
	KUNIT_EXPECT_STREQ(test, slabs->kmalloc[MMSIM_KMALLOC_DMA][12]->name, "size-4096(DMA)");
}

static void kmalloc_bad_frees(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	struct mmsim_page *page;
	int on_stack;
	void *p;

	mmsim_slab_snapshot(slabs, &before);
	mmsim_kfree(&on_stack);
	p = mmsim_krealloc(&on_stack, 100, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, p);
	mmsim_kfree(p);
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_WILD, 2);
	mmsim_slab_snapshot(slabs, &before);
	page = take(slabs->mem, GFP_KERNEL, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	mmsim_kfree(page->virtual);		/* pages, but not kmalloc's */
	mmsim_kfree(slabs);			/* metadata */
	KUNIT_EXPECT_TRUE(test, give(slabs->mem, page, 3));
	mmsim_kfree(page->virtual);		/* free */
	page = take(slabs->mem, GFP_KERNEL | __GFP_COMP, 3);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, mmsim_ksize(page->virtual), 0);
	mmsim_kfree(page->virtual);		/* a block as kmalloc's are, but the client's */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->nr_large_pages[0]), 0);
	KUNIT_EXPECT_TRUE(test, give(slabs->mem, page, 3));
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_NO_SLAB, 4);
	p = mmsim_kmalloc(SZ_16K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	page = mmsim_slabs_head(slabs, p);
	KUNIT_EXPECT_FALSE(test, give(slabs->mem, page, 2));	/* kmalloc's, freed as pages */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->nr_large_pages[0]), 4);
	mmsim_kfree(p);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->nr_large_pages[0]), 0);
	mmsim_slab_expect_since(test, slabs, &before, MMSIM_SLAB_BAD_NO_SLAB, 4);
}

/* --- The oracle --- */

#define LIVE		400
#define STEPS		100000	/* a fifth of them where each keeps a trace */
#define CACHES		5

/* An object that a client holds; what there is in it is told by its stamp. */
struct live {
	u8 *at;
	size_t size;
	struct mmsim_kmem_cache *s;	/* NULL: kmalloc's */
	u8 stamp;
};

static bool overlaps(const struct live *live, unsigned int nr, const struct live *l)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (l->at < live[i].at + live[i].size && live[i].at < l->at + l->size)
			return true;
	return false;
}

static void oracle_take(struct kunit *test, struct rnd_state *rnd, struct mmsim_kmem_cache **caches,
			struct live *live, unsigned int *nr)
{
	struct live *l = &live[*nr];
	unsigned int which = mmsim_test_below(rnd, 2 * CACHES);

	l->s = which < CACHES ? caches[which] : NULL;
	l->size = l->s ? l->s->object_size : 1 + mmsim_test_below(rnd, 1U << mmsim_test_below(rnd, 15));
	l->at = l->s ? mmsim_kmem_cache_alloc(l->s, QUIET) : mmsim_kmalloc(l->size, QUIET);
	KUNIT_ASSERT_NOT_NULL(test, l->at);
	KUNIT_ASSERT_FALSE_MSG(test, overlaps(live, *nr, l), "at %#lx, %zu bytes", (unsigned long)l->at,
			       l->size);
	l->stamp = prandom_u32_state(rnd);
	memset(l->at, l->stamp, l->size);
	++*nr;
}

static void oracle_give(struct kunit *test, struct rnd_state *rnd, struct live *live, unsigned int *nr)
{
	struct live *l = &live[mmsim_test_below(rnd, *nr)];

	KUNIT_ASSERT_NULL_MSG(test, memchr_inv(l->at, l->stamp, l->size), "at %#lx, %zu bytes",
			      (unsigned long)l->at, l->size);
	if (l->s)
		mmsim_kmem_cache_free(l->s, l->at);
	else
		mmsim_kfree(l->at);
	*l = live[--*nr];
}

/*
 * Random allocations and frees of caches and of kmalloc, against the list of what is held: no two objects overlap, and
 * none changes while it is held. How many are held swings between none and all.
 */
static void kmalloc_oracle(struct kunit *test)
{
	static const unsigned int sizes[CACHES] = { 8, 40, 192, 1000, 5000 };
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct live *live = kunit_kcalloc(test, LIVE, sizeof(*live), GFP_KERNEL);
	struct mmsim_kmem_cache *caches[CACHES];
	struct mmsim_slab_snapshot before;
	unsigned int steps = mmsim_test_steps(slabs->params.debug ? STEPS / 5 : STEPS), nr = 0, i, step;
	struct rnd_state rnd;
	char name[16], what[256] = "";

	KUNIT_ASSERT_NOT_NULL(test, live);
	mmsim_test_random(test, &rnd);
	mmsim_slab_snapshot(slabs, &before);
	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "test-%u", sizes[i]);
		caches[i] = mmsim_kmem_cache_create(name, sizes[i], 0, 0, NULL);
		KUNIT_ASSERT_NOT_NULL(test, caches[i]);
	}
	for (step = 0; step < steps; step++) {
		unsigned int fill = step / 5000 % 2 ? 30 : 70;

		if (nr < LIVE && (!nr || mmsim_test_below(&rnd, 100) < fill))
			oracle_take(test, &rnd, caches, live, &nr);
		else
			oracle_give(test, &rnd, live, &nr);
		if (step % 997 == 0)
			KUNIT_ASSERT_EQ_MSG(test, mmsim_slabs_check(slabs, what, sizeof(what)), 0, "step %u: %s", step,
					    what);
		if (step % 4999 == 0)
			mmsim_kmem_cache_shrink(caches[step % CACHES]);
	}
	while (nr)
		oracle_give(test, &rnd, live, &nr);
	for (i = 0; i < CACHES; i++)
		mmsim_kmem_cache_destroy(caches[i]);
	mmsim_slab_expect_since(test, slabs, &before, -1, 0);
}

/* --- Freed after a grace period --- */

struct reader {
	u64 stamp;
	struct rcu_head rcu;
	u8 rest[];
};

static bool is_whole(const struct reader *r, size_t size, u64 stamp)
{
	return r->stamp == stamp && !memchr_inv(r->rest, (u8)stamp, size - offsetof(struct reader, rest));
}

static const size_t rcu_sizes[] = { sizeof(struct reader) + 1, 96, 1000, 8192, 20000 };

#define NR_READ		(ARRAY_SIZE(rcu_sizes) * 20)

/* Memory that a reader on another CPU looks at, if there is one, while it is given up here. */
struct readers {
	struct reader *r[NR_READ];
	struct work_struct work;
	struct completion reads;	/* the reader is in its section */
	bool given;			/* all memory is given up */
	unsigned int nr_whole;		/* pieces that were as they should be at the end of the section */
};

static void look_at_all(struct readers *all)
{
	unsigned int i;

	for (i = 0; i < NR_READ; i++)
		all->nr_whole += is_whole(all->r[i], rcu_sizes[i % ARRAY_SIZE(rcu_sizes)], i);
}

static void read_all(struct work_struct *work)
{
	struct readers *all = container_of(work, struct readers, work);

	rcu_read_lock();
	complete(&all->reads);
	while (!READ_ONCE(all->given))
		cpu_relax();
	mdelay(20);	/* for the free that would come too early */
	look_at_all(all);
	rcu_read_unlock();
}

static void give_up_all(struct readers *all)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id()), i;

	init_completion(&all->reads);
	INIT_WORK(&all->work, read_all);
	if (cpu < nr_cpu_ids) {
		schedule_work_on(cpu, &all->work);
		wait_for_completion(&all->reads);
	}
	rcu_read_lock();
	for (i = 0; i < NR_READ; i++)
		mmsim_kfree_rcu(all->r[i], rcu);
	if (cpu >= nr_cpu_ids)
		look_at_all(all);
	rcu_read_unlock();
	WRITE_ONCE(all->given, true);
	mmsim_kvfree_rcu_barrier();
	flush_work(&all->work);
}

/* Of several sizes: none is touched as long as a reader may look at it, and all of them are back after the barrier. */
static void kmalloc_rcu(struct kunit *test)
{
	struct readers *all = kunit_kzalloc(test, sizeof(*all), GFP_KERNEL);
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	unsigned long state;
	unsigned int i;
	void *object;

	KUNIT_ASSERT_NOT_NULL(test, all);
	mmsim_slab_snapshot(slabs, &before);
	for (i = 0; i < NR_READ; i++) {
		size_t size = rcu_sizes[i % ARRAY_SIZE(rcu_sizes)];

		all->r[i] = mmsim_kmalloc(size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, all->r[i]);
		memset(all->r[i], i, size);
		all->r[i]->stamp = i;
	}
	give_up_all(all);
	KUNIT_EXPECT_EQ(test, all->nr_whole, NR_READ);
	mmsim_slab_expect_since(test, slabs, &before, 0, 0);

	object = mmsim_kmalloc(1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	state = get_state_synchronize_rcu();
	mmsim_kfree_rcu_mightsleep(object);
	KUNIT_EXPECT_TRUE(test, poll_state_synchronize_rcu(state));
	mmsim_slab_expect_since(test, slabs, &before, 0, 0);
}

/* Who destroys a cache waits for its objects that are on their way. SLOB can't tell them from kmalloc's. */
static void kmalloc_rcu_of_a_cache(struct kunit *test)
{
	struct mmsim_slabs *slabs = mmsim_test_slabs(test);
	struct mmsim_slab_snapshot before;
	struct mmsim_kmem_cache *s;
	struct reader *r;
	int i;

	if (!mmsim_way_has_slabs(test))
		kunit_skip(test, "SLOB's kfree() doesn't take objects of caches");
	mmsim_slab_snapshot(slabs, &before);
	s = mmsim_kmem_cache_create("test", sizeof(*r), 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < 100; i++) {
		r = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, r);
		mmsim_kfree_rcu(r, rcu);
	}
	mmsim_kmem_cache_destroy(s);
	mmsim_slab_expect_since(test, slabs, &before, 0, 0);
}

static struct kunit_case kmalloc_cases[] = {
	KUNIT_CASE_PARAM(kmalloc_classes, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_sizes, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_nothing, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_large, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_zeroes, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_realloc, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_copies, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_kinds, mmsim_slab_ways_gen),
	KUNIT_CASE(kmalloc_classic_names),
	KUNIT_CASE_PARAM(kmalloc_bad_frees, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_rcu, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_rcu_of_a_cache, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(kmalloc_oracle, mmsim_slab_ways_gen),
	{}
};

static struct kunit_suite kmalloc_suite = {
	.name = "kmalloc",
	.test_cases = kmalloc_cases,
};

kunit_test_suite(kmalloc_suite);
