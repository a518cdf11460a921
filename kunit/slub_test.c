// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slub": what is SLUB's alone. The geometry of slabs by the rules of both kernels, a CPU's slabs and a
 * node's lists, interrupts that walk in, and what debugging caches find.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>

#include "slab.h"
#include "slab/slub.h"

/* --- Geometry --- */

/* A listing's row: the slot's size, the objects in a slab, and its pages. */
struct row {
	unsigned int size, objects, pages;
};

static void expect_rows(struct kunit *test, const struct mmsim_slab_rules *rules, const struct row *rows,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		int order = mmsim_slub_order(rules, rows[i].size);

		KUNIT_EXPECT_EQ_MSG(test, 1 << order, rows[i].pages, "size %u", rows[i].size);
		KUNIT_EXPECT_EQ_MSG(test, (PAGE_SIZE << order) / rows[i].size, rows[i].objects, "size %u",
				    rows[i].size);
	}
}

/* A machine's own slabinfo, of an old kernel with 128 CPUs. */
static const struct row listing[] = {
	{ 144, 56, 2 }, { 1088, 30, 8 }, { 1088, 30, 8 }, { 280, 58, 4 },
	{ 328, 49, 4 }, { 2112, 15, 8 }, { 3312, 9, 8 },
	{ 2632, 12, 8 }, { 232, 70, 4 }, { 312, 52, 4 }, { 896, 36, 8 }, { 400, 40, 4 }, { 768, 42, 8 },
	{ 576, 56, 8 }, { 1152, 28, 8 }, { 1024, 32, 8 }, { 832, 39, 8 },
};

static void slub_listing(struct kunit *test)
{
	struct mmsim_slab_rules rules = { .nr_cpus = 128, .max_order = 3 };

	expect_rows(test, &rules, listing, ARRAY_SIZE(listing));
	rules.lowers_min_objects = true;
	expect_rows(test, &rules, listing, ARRAY_SIZE(listing));
}

/* The one range where the two kernels differ. */
static void slub_generations(struct kunit *test)
{
	const struct mmsim_slab_rules new = { .nr_cpus = 8, .max_order = 3 };
	const struct mmsim_slab_rules old = { .nr_cpus = 8, .max_order = 3, .lowers_min_objects = true };
	unsigned int size;

	for (size = 8; size <= 70000; size += 8) {
		bool differ = mmsim_slub_order(&old, size) != mmsim_slub_order(&new, size);

		KUNIT_EXPECT_EQ_MSG(test, differ, size >= 10928 && size <= 12280, "size %u", size);
	}
	KUNIT_EXPECT_EQ(test, mmsim_slub_order(&old, 11008), 2);
	KUNIT_EXPECT_EQ(test, mmsim_slub_order(&new, 11008), 3);
}

/* kmalloc's classes on a machine with 8 CPUs, the same on 6.1 and 6.12. */
static void slub_kmalloc_rows(struct kunit *test)
{
	static const struct row rows[] = {
		{ 8, 512, 1 }, { 16, 256, 1 }, { 32, 128, 1 }, { 64, 64, 1 }, { 96, 42, 1 }, { 128, 32, 1 },
		{ 192, 21, 1 }, { 256, 32, 2 }, { 512, 32, 4 }, { 1024, 32, 8 }, { 2048, 16, 8 }, { 4096, 8, 8 },
		{ 8192, 4, 8 },
	};
	struct mmsim_slab_rules rules = { .nr_cpus = 8, .max_order = 3 };

	expect_rows(test, &rules, rows, ARRAY_SIZE(rows));
	rules.lowers_min_objects = true;
	expect_rows(test, &rules, rows, ARRAY_SIZE(rows));
}

static void slub_too_large(struct kunit *test)
{
	const struct mmsim_slab_rules rules = { .nr_cpus = 8, .max_order = 3 };

	KUNIT_EXPECT_EQ(test, mmsim_slub_order(&rules, SZ_4M), 10);
	KUNIT_EXPECT_EQ(test, mmsim_slub_order(&rules, SZ_4M + 8), -E2BIG);
}

/* Where the link lies, and what is around an object, with the kernel's sizes. */
static void slub_slots(struct kunit *test)
{
	static const struct {
		unsigned int object_size, align;
		slab_flags_t flags;
		unsigned int inuse, offset, size;
	} slots[] = {
		{ 100, 0, 0, 104, 48, 104 },
		{ 8, 0, 0, 8, 0, 8 },
		{ 4, 0, 0, 8, 0, 8 },
		{ 64, 64, SLAB_TYPESAFE_BY_RCU, 64, 64, 128 },
		{ 64, 0, SLAB_POISON, 64, 64, 72 },
		{ 64, 0, SLAB_RED_ZONE, 72, 32, 88 },
		{ 60, 0, SLAB_RED_ZONE, 64, 24, 80 },
		{ 4, 0, SLAB_RED_ZONE, 8, 8, 32 },
		{ 64, 64, SLAB_RED_ZONE, 72, 32, 192 },
		{ 64, 0, SLAB_STORE_USER, 64, 32, 128 },
		{ 64, 0, SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER, 72, 72, 160 },
	};
	unsigned int i;

	mmsim_test_slabs(test);
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		struct mmsim_kmem_cache *s = mmsim_kmem_cache_create("test", slots[i].object_size, slots[i].align,
								     slots[i].flags, NULL);

		KUNIT_ASSERT_NOT_NULL(test, s);
		KUNIT_EXPECT_EQ_MSG(test, s->inuse, slots[i].inuse, "slot %u", i);
		KUNIT_EXPECT_EQ_MSG(test, s->offset, slots[i].offset, "slot %u", i);
		KUNIT_EXPECT_EQ_MSG(test, s->size, slots[i].size, "slot %u", i);
		mmsim_kmem_cache_destroy(s);
	}
}

/* --- A CPU's slabs --- */

static struct mmsim_kmem_cache *cache_here(struct kunit *test, unsigned int size)
{
	struct mmsim_kmem_cache *s;

	mmsim_test_slabs(test);
	s = mmsim_kmem_cache_create("test", size, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	return s;
}

static struct mmsim_slub_cpu *here(struct mmsim_kmem_cache *s)
{
	return mmsim_cpu_part(s, raw_smp_processor_id());
}

static void slub_limits(struct kunit *test)
{
	static const struct {
		unsigned int size, cpu_partial, min_partial;
	} limits[] = {
		{ 8, 120, 5 }, { 248, 120, 5 }, { 256, 52, 5 }, { 1016, 52, 5 }, { 1024, 24, 5 }, { 4088, 24, 5 },
		{ 4096, 6, 6 }, { 100000, 6, 8 },
	};
	unsigned int i;

	mmsim_test_slabs(test);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct mmsim_kmem_cache *s = mmsim_kmem_cache_create("test", limits[i].size, 0, 0, NULL);

		KUNIT_ASSERT_NOT_NULL(test, s);
		KUNIT_EXPECT_EQ_MSG(test, mmsim_slub_cache(s)->cpu_partial, limits[i].cpu_partial, "size %u",
				    limits[i].size);
		KUNIT_EXPECT_EQ_MSG(test, mmsim_slub_cache(s)->min_partial, limits[i].min_partial, "size %u",
				    limits[i].size);
		mmsim_kmem_cache_destroy(s);
	}
}

/* Fills slabs, and frees one object of each: they go to the CPU's partial list, and from there to the node's. */
static void slub_partial_lists(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache_here(test, 1024);
	struct mmsim_slub_node *n = mmsim_node_part(s, 0);
	unsigned int most = mmsim_slub_cache(s)->cpu_partial_slabs, nr = (most + 4) * s->objects, i;
	void **objects = kunit_kcalloc(test, nr, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	KUNIT_ASSERT_EQ(test, mmsim_kmem_cache_alloc_bulk(s, GFP_KERNEL, nr, objects), nr);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), most + 4);
	for (i = 0; i < most; i++)
		mmsim_kmem_cache_free(s, objects[i * s->objects]);
	KUNIT_EXPECT_EQ(test, here(s)->nr_partial, most);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 0);
	mmsim_kmem_cache_free(s, objects[most * s->objects]);
	KUNIT_EXPECT_EQ(test, here(s)->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, n->nr_partial, most);
	/* What comes next is from the CPU's list. */
	for (i = 0; i <= most; i++)
		objects[i * s->objects] = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), most + 4);
	KUNIT_EXPECT_EQ(test, n->nr_partial, 0);
	mmsim_kmem_cache_free_bulk(s, nr, objects);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	mmsim_kmem_cache_destroy(s);
}

/* Empty slabs are kept up to min_partial, and given back above. */
static void slub_min_partial(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache_here(test, 4096);
	struct mmsim_slub_node *n = mmsim_node_part(s, 0);
	unsigned int nr = 64 * s->objects;
	void **objects = kunit_kcalloc(test, nr, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	KUNIT_ASSERT_EQ(test, mmsim_kmem_cache_alloc_bulk(s, GFP_KERNEL, nr, objects), nr);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), 64);
	mmsim_kmem_cache_free_bulk(s, nr, objects);
	KUNIT_EXPECT_LE(test, n->nr_partial, mmsim_slub_cache(s)->min_partial);
	KUNIT_EXPECT_LE(test, atomic_long_read(&s->nr_slabs),
			mmsim_slub_cache(s)->min_partial + mmsim_slub_cache(s)->cpu_partial_slabs + 1);
	mmsim_kmem_cache_destroy(s);
}

/* Somebody on this CPU is at work: whoever interrupts it is served by the node, and touches nothing of the CPU's. */
static void slub_busy(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache_here(test, 512);
	struct mmsim_slub_cpu *c = here(s), before;
	void *mine, *theirs[40];
	unsigned int i;

	mine = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mine);
	preempt_disable();
	WRITE_ONCE(c->busy, true);
	before = *c;
	for (i = 0; i < ARRAY_SIZE(theirs); i++)
		theirs[i] = mmsim_kmem_cache_alloc(s, GFP_ATOMIC);
	mmsim_kmem_cache_free(s, mine);
	for (i = 0; i < ARRAY_SIZE(theirs); i++)
		mmsim_kmem_cache_free(s, theirs[i]);
	KUNIT_EXPECT_EQ(test, memcmp(c, &before, sizeof(before)), 0);
	KUNIT_EXPECT_FALSE(test, s->ops->flush_cpu(s, raw_smp_processor_id()));
	WRITE_ONCE(c->busy, false);
	preempt_enable();
	for (i = 0; i < ARRAY_SIZE(theirs); i++)
		KUNIT_EXPECT_NOT_NULL(test, theirs[i]);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	mmsim_kmem_cache_destroy(s);
}

/* --- Objects that are freed twice, with another free in between --- */

/* A slab all of whose objects are the client's, whatever is on its list. */
static void forget_free(struct mmsim_kmem_cache *s, struct mmsim_slab *slab)
{
	union mmsim_slub_state state = mmsim_slub_state(slab);

	state.head = MMSIM_SLUB_NONE;
	state.inuse = s->objects;
	WRITE_ONCE(slab->engine[0], state.word);
}

static void free_all_of(struct mmsim_kmem_cache *s, void *slab)
{
	unsigned int i;

	for (i = 0; i < s->objects; i++)
		mmsim_kmem_cache_free(s, slab + i * s->size + s->red_left_pad);
}

/* The CPU's freelist goes round in a circle: who gives it up sees that, and the cache goes on without that slab. */
static void slub_circle(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache_here(test, 64);
	void *a = mmsim_kmem_cache_alloc(s, GFP_KERNEL), *b = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	struct mmsim_slab *slab = mmsim_page_slab(mmsim_slabs_head(s->slabs, a));

	KUNIT_ASSERT_NOT_NULL(test, slab);
	mmsim_kmem_cache_free(s, a);
	mmsim_kmem_cache_free(s, b);
	mmsim_kmem_cache_free(s, a);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_errors), 0);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->slabs->bad[MMSIM_SLAB_BAD_LINK]), 1);
	KUNIT_EXPECT_NULL(test, here(s)->slab);
	KUNIT_EXPECT_EQ(test, (unsigned int)mmsim_slub_state(slab).inuse, s->objects);
	b = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, slab, mmsim_page_slab(mmsim_slabs_head(s->slabs, b)));
	mmsim_kmem_cache_free(s, b);
	free_all_of(s, slab->virtual);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_errors), 1);
	mmsim_kmem_cache_destroy(s);
}

/* More frees than objects, into a slab that a CPU has and into one that none has: the one too many is refused. */
static void slub_none_in_use(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache_here(test, 512);
	void *object[2] = { mmsim_kmem_cache_alloc(s, GFP_KERNEL), mmsim_kmem_cache_alloc(s, GFP_KERNEL) };
	struct mmsim_slab *slab = mmsim_page_slab(mmsim_slabs_head(s->slabs, object[0]));
	struct mmsim_slub_cpu *c = here(s);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, slab);
	preempt_disable();
	WRITE_ONCE(c->busy, true);
	for (i = 0; i < s->objects + 3; i++)
		mmsim_kmem_cache_free(s, object[i % 2]);
	KUNIT_EXPECT_EQ(test, (unsigned int)mmsim_slub_state(slab).inuse, 0);
	KUNIT_EXPECT_TRUE(test, mmsim_slub_state(slab).frozen);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), 3);
	forget_free(s, slab);
	c->freelist = NULL;
	WRITE_ONCE(c->busy, false);
	preempt_enable();
	free_all_of(s, slab->virtual);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	mmsim_kmem_cache_destroy(s);
}

/* --- What debugging finds --- */

struct damage {
	const char *name;
	slab_flags_t flags;
	enum mmsim_slab_bad what;
	int offset;			/* of the byte that is written, from the object's start, ... */
	bool after_free;		/* ... while it is free */
};

static const struct damage damages[] = {
	{ "before the object", SLAB_RED_ZONE, MMSIM_SLAB_BAD_RED_ZONE, -1, false },
	{ "behind the object", SLAB_RED_ZONE, MMSIM_SLAB_BAD_RED_ZONE, 100, false },
	{ "the first byte after the free", SLAB_POISON, MMSIM_SLAB_BAD_POISON, 0, true },
	{ "the last byte after the free", SLAB_POISON, MMSIM_SLAB_BAD_POISON, 99, true },
	{ "before it after the free", SLAB_RED_ZONE, MMSIM_SLAB_BAD_RED_ZONE, -8, true },
	{ "all the way behind it", MMSIM_ALL_DEBUG, MMSIM_SLAB_BAD_PADDING, 104 + 8 + 64, false },
};

KUNIT_ARRAY_PARAM_DESC(damage, damages, name);

/* Reported once with its kind, repaired, and nothing else is found then. */
static void slub_damage(struct kunit *test)
{
	const struct damage *d = test->param_value;
	struct mmsim_slab_params params = {};
	struct mmsim_kmem_cache *s;
	struct mmsim_slabs *slabs;
	u8 *object;
	int kind;

	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	s = mmsim_kmem_cache_create("test", 100, 0, d->flags, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	if (d->after_free)
		mmsim_kmem_cache_free(s, object);
	object[d->offset] ^= 0x11;
	KUNIT_EXPECT_EQ(test, mmsim_slab_debug_validate(s), 1);
	KUNIT_EXPECT_EQ(test, mmsim_slab_debug_validate(s), 0);
	for (kind = 0; kind < MMSIM_NR_SLAB_BAD; kind++)
		KUNIT_EXPECT_EQ_MSG(test, atomic_long_read(&slabs->bad[kind]), kind == d->what, "%s",
				    mmsim_slab_bad_names[kind]);
	/* One the report, one the repair. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_errors), 2);
	if (!d->after_free) {
		object[d->offset] ^= 0x11;
		mmsim_kmem_cache_free(s, object);
	} else {
		object[d->offset] ^= 0x11;
		KUNIT_EXPECT_PTR_EQ(test, mmsim_kmem_cache_alloc(s, GFP_KERNEL), (void *)object);
		mmsim_kmem_cache_free(s, object);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_errors), 4);
	mmsim_kmem_cache_destroy(s);
}

/* Not the start of an object; freed twice with another free in between: refused, each with its name. */
static void slub_debug_refuses(struct kunit *test)
{
	struct mmsim_slab_params params = { .debug = SLAB_CONSISTENCY_CHECKS };
	struct mmsim_kmem_cache *s;
	struct mmsim_slabs *slabs;
	void *a, *b;

	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	s = mmsim_kmem_cache_create("test", 100, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	a = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	b = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	mmsim_kmem_cache_free(s, a + 8);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_NO_OBJECT]), 1);
	mmsim_kfree(a + 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_NO_OBJECT]), 2);
	mmsim_kmem_cache_free(s, a);
	mmsim_kmem_cache_free(s, b);
	mmsim_kmem_cache_free(s, a);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), 1);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	mmsim_kmem_cache_destroy(s);
}

/* The link in a free object is written over: what is behind it is lost and counts as in use, and nothing else. */
static void slub_debug_link(struct kunit *test)
{
	struct mmsim_slab_params params = {};
	struct mmsim_kmem_cache *s;
	struct mmsim_slabs *slabs;
	void *first, *other;
	u8 *object;

	mmsim_slab_host_rules(&params.rules);
	slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	s = mmsim_kmem_cache_create("test", 100, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	first = mmsim_slabs_head(slabs, object)->virtual;
	mmsim_kmem_cache_free(s, object);
	object[s->offset] ^= 0x11;
	KUNIT_EXPECT_PTR_EQ(test, mmsim_kmem_cache_alloc(s, GFP_KERNEL), (void *)object);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_LINK]), 1);
	other = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, first, mmsim_slabs_head(slabs, other)->virtual);
	mmsim_kmem_cache_free(s, other);
	free_all_of(s, first);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_errors), 1);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(s), 0);
	mmsim_kmem_cache_destroy(s);
}

/* A cache can ask not to be debugged by what the instance asks for; its own flags stay. */
static void slub_no_user_flags(struct kunit *test)
{
	struct mmsim_slab_params params = { .debug = MMSIM_ALL_DEBUG };
	struct mmsim_kmem_cache *plain, *own;

	mmsim_slab_host_rules(&params.rules);
	mmsim_test_slab_instance(test, SZ_16M, &params);
	plain = mmsim_kmem_cache_create("plain", 100, 0, SLAB_NO_USER_FLAGS | SLAB_DEBUG_OBJECTS, NULL);
	own = mmsim_kmem_cache_create("own", 100, 0, SLAB_NO_USER_FLAGS | SLAB_RED_ZONE, NULL);
	KUNIT_ASSERT_NOT_NULL(test, plain);
	KUNIT_ASSERT_NOT_NULL(test, own);
	KUNIT_EXPECT_FALSE(test, plain->debug);
	KUNIT_EXPECT_TRUE(test, (own->flags & MMSIM_SLAB_DEBUG) == SLAB_RED_ZONE);
	mmsim_kmem_cache_destroy(plain);
	mmsim_kmem_cache_destroy(own);
}

static struct kunit_case slub_cases[] = {
	KUNIT_CASE(slub_listing),
	KUNIT_CASE(slub_generations),
	KUNIT_CASE(slub_kmalloc_rows),
	KUNIT_CASE(slub_too_large),
	KUNIT_CASE(slub_slots),
	KUNIT_CASE(slub_limits),
	KUNIT_CASE(slub_partial_lists),
	KUNIT_CASE(slub_min_partial),
	KUNIT_CASE(slub_busy),
	KUNIT_CASE(slub_circle),
	KUNIT_CASE(slub_none_in_use),
	KUNIT_CASE_PARAM(slub_damage, damage_gen_params),
	KUNIT_CASE(slub_debug_refuses),
	KUNIT_CASE(slub_debug_link),
	KUNIT_CASE(slub_no_user_flags),
	{}
};

static struct kunit_suite slub_suite = {
	.name = "slub",
	.test_cases = slub_cases,
};

kunit_test_suite(slub_suite);
