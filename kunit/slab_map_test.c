// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slab_map": what is shown of each slab and each object. It must agree, object by object, with what a test
 * has allocated and freed: in full slabs, in those that CPUs have, in the arrays of SLAB, and while others use the
 * cache.
 */
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "slab.h"
#include "slab/engine_slab.h"
#include "slab/engine_slob.h"
#include "slab/slub.h"

#define SIZE	512	/* bytes of an object */
#define NR	200	/* objects, at most */

struct field {
	struct mmsim_slabs *slabs;
	struct mmsim_kmem_cache *s;
	struct mmsim_kmem_cache *owner;	/* of the slabs: s, or SLOB's heap */
	void *object[NR];		/* in use */
	void *freed[NR];
	struct mmsim_slab_view view;
};

static struct field *start(struct kunit *test)
{
	struct field *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->slabs = mmsim_test_slabs(test);
	f->s = mmsim_kmem_cache_create("test", SIZE, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, f->s);
	f->owner = mmsim_way_has_slabs(test) ? f->s : f->slabs->heap;
	mmsim_test_no_reap(f->slabs);
	f->view.object = kunit_kzalloc(test, f->owner->objects, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->view.object);
	return f;
}

static void get_many(struct kunit *test, struct field *f, unsigned int from, unsigned int nr)
{
	KUNIT_ASSERT_LE(test, from + nr, (unsigned int)NR);
	KUNIT_ASSERT_EQ(test, mmsim_kmem_cache_alloc_bulk(f->s, GFP_KERNEL, nr, f->object + from), nr);
}

static void put(struct field *f, unsigned int i)
{
	f->freed[i] = f->object[i];
	f->object[i] = NULL;
	mmsim_kmem_cache_free(f->s, f->freed[i]);
}

static void finish(struct kunit *test, struct field *f)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		if (f->object[i])
			put(f, i);
	KUNIT_EXPECT_EQ(test, mmsim_kmem_cache_shrink(f->s), 0);
	if (f->owner == f->s)
		KUNIT_EXPECT_NULL(test, mmsim_cache_next_slab(f->s, NULL));
	mmsim_kmem_cache_destroy(f->s);
}

static struct mmsim_slab *slab_of(const struct field *f, const void *object)
{
	return (struct mmsim_slab *)mmsim_slabs_head(f->slabs, object);
}

/* Whether each byte of an object is shown so: it is one character, or SLOB's one for each unit. */
static bool shown_as(struct field *f, const void *object, bool used)
{
	const struct mmsim_slab *slab = slab_of(f, object);
	unsigned long at = object - f->s->red_left_pad - slab->virtual, i, end;
	unsigned int nr;

	if (f->owner != f->s) {
		i = at / MMSIM_SLOB_UNIT;
		end = i + f->s->size / MMSIM_SLOB_UNIT;
	} else {
		at += slab->virtual - f->s->ops->place(f->s, slab_of(f, object), &nr);
		i = at / f->s->size;
		end = i + 1;
	}
	for (; i < end; i++) {
		bool in_use = i < f->view.nr && f->view.object[i] == MMSIM_OBJECT_USED;

		if (i >= f->view.nr || in_use != used)
			return false;
	}
	return true;
}

static bool look(struct field *f, struct mmsim_slab *slab)
{
	return mmsim_cache_view_slab(f->owner, slab, &f->view);
}

static void expect_object(struct kunit *test, struct field *f, const void *object, bool used)
{
	/* Its page may have gone altogether. */
	if (!mmsim_slab_is_of(slab_of(f, object), f->owner) || !look(f, slab_of(f, object))) {
		KUNIT_EXPECT_FALSE(test, used);
		return;
	}
	KUNIT_EXPECT_TRUE_MSG(test, shown_as(f, object, used), "%#lx: %.64s", (unsigned long)object - (unsigned long)
			      slab_of(f, object)->virtual, f->view.object);
}

/* All slabs of the cache: as many objects in use as the test has, and as many free in CPUs' hands as are counted. */
static void expect_sums(struct kunit *test, struct field *f, unsigned int held)
{
	unsigned long slabs = 0, in_use = 0, cached = 0;
	struct mmsim_slab *slab = NULL;
	unsigned int i;

	while ((slab = mmsim_cache_next_slab(f->s, slab))) {
		KUNIT_EXPECT_TRUE(test, look(f, slab));
		slabs++;
		in_use += f->view.in_use;
		for (i = 0; i < f->view.nr; i++)
			if (f->view.cpu >= 0)
				cached += f->view.object[i] != MMSIM_OBJECT_USED;
			else
				cached += f->view.object[i] != MMSIM_OBJECT_USED &&
					  f->view.object[i] != MMSIM_OBJECT_FREE;
	}
	KUNIT_EXPECT_EQ(test, slabs, atomic_long_read(&f->s->nr_slabs));
	KUNIT_EXPECT_EQ(test, slabs << f->s->order, atomic_long_read(&f->s->nr_pages));
	KUNIT_EXPECT_EQ(test, in_use, held);
	KUNIT_EXPECT_EQ(test, cached, f->s->ops->cached(f->s));
}

static void expect_map(struct kunit *test, struct field *f)
{
	unsigned int i, held = 0;

	for (i = 0; i < NR; i++) {
		held += !!f->object[i];
		if (f->object[i])
			expect_object(test, f, f->object[i], true);
		else if (f->freed[i])
			expect_object(test, f, f->freed[i], false);
	}
	if (f->owner == f->s)
		expect_sums(test, f, held);
	else
		KUNIT_EXPECT_NULL(test, mmsim_cache_next_slab(f->s, NULL));
}

/* Object by object, from none to many, then freed in an order that leaves slabs full, partial and empty. */
static void slab_map_agrees(struct kunit *test)
{
	struct field *f = start(test);
	unsigned int nr = min(NR, 3 * f->s->objects + 3), i;

	expect_map(test, f);
	for (i = 0; i < nr; i++) {
		get_many(test, f, i, 1);
		if (i < 3 || i % 7 == 0)
			expect_map(test, f);
	}
	expect_map(test, f);
	for (i = 0; i < nr; i += 2) {
		put(f, i);
		if (i % 8 == 0)
			expect_map(test, f);
	}
	expect_map(test, f);
	mmsim_cache_flush_cpus(f->s);
	expect_map(test, f);
	for (i = 1; i < nr / 2; i += 2)
		put(f, i);
	expect_map(test, f);
	mmsim_cache_shrink(f->s);
	expect_map(test, f);
	finish(test, f);
}

struct lists {
	unsigned int full, partial, free, cpu, cpu_partial, other;
};

static void expect_lists(struct kunit *test, struct field *f, struct lists want)
{
	struct mmsim_slab *slab = NULL;
	struct lists got = {};

	while ((slab = mmsim_cache_next_slab(f->s, slab))) {
		KUNIT_ASSERT_TRUE(test, look(f, slab));
		if (f->view.cpu >= 0)
			KUNIT_EXPECT_EQ(test, f->view.cpu, raw_smp_processor_id());
		if (!strcmp(f->view.list, "full"))
			got.full++;
		else if (!strcmp(f->view.list, "partial"))
			got.partial++;
		else if (!strcmp(f->view.list, "free"))
			got.free++;
		else if (!strcmp(f->view.list, "cpu"))
			got.cpu++;
		else if (!strcmp(f->view.list, "cpu_partial"))
			got.cpu_partial++;
		else
			got.other++;
	}
	KUNIT_EXPECT_EQ(test, got.full, want.full);
	KUNIT_EXPECT_EQ(test, got.partial, want.partial);
	KUNIT_EXPECT_EQ(test, got.free, want.free);
	KUNIT_EXPECT_EQ(test, got.cpu, want.cpu);
	KUNIT_EXPECT_EQ(test, got.cpu_partial, want.cpu_partial);
	KUNIT_EXPECT_EQ(test, got.other, 0);
}

/* What is counted of three full slabs, one with a single object, and @partial with one object free. */
static void expect_count(struct kunit *test, struct field *f, unsigned int partial)
{
	struct mmsim_slab_count count = {};

	f->s->ops->count(f->s, 0, &count);
	KUNIT_EXPECT_EQ(test, count.slabs, 4);
	KUNIT_EXPECT_EQ(test, count.objects, 4 * f->s->objects);
	KUNIT_EXPECT_EQ(test, count.in_use, 3 * f->s->objects + 1 - partial);
	KUNIT_EXPECT_EQ(test, count.partial, 1 + partial);
	KUNIT_EXPECT_EQ(test, count.partial_in_use, 1 + partial * (f->s->objects - 1));
	KUNIT_EXPECT_EQ(test, count.cpu_slabs, 0);
	KUNIT_EXPECT_EQ(test, f->s->ops->cached(f->s), 0);
}

/* Three full slabs and one with a single object; then one of the full ones is freed into. */
static void slab_map_lists(struct kunit *test)
{
	const struct mmsim_slab_way *way = test->param_value;
	struct field *f = start(test);
	unsigned int nr = 3 * f->s->objects + 1;
	bool cpus = way->engine == MMSIM_ENGINE_SLUB && !way->debug;

	if (f->owner != f->s) {
		finish(test, f);
		kunit_skip(test, "no slabs of its own");
	}
	get_many(test, f, 0, nr);
	if (cpus)
		expect_lists(test, f, (struct lists){ .full = 3, .cpu = 1 });
	mmsim_cache_shrink(f->s);
	expect_lists(test, f, (struct lists){ .full = 3, .partial = 1 });
	expect_count(test, f, 0);
	put(f, 0);
	if (cpus)
		expect_lists(test, f, (struct lists){ .full = 2, .partial = 1, .cpu_partial = 1 });
	mmsim_cache_shrink(f->s);
	expect_lists(test, f, (struct lists){ .full = 2, .partial = 2 });
	expect_count(test, f, 1);
	finish(test, f);
}

/* SLUB: a CPU keeps as many slabs as it is told; without any, what is freed into goes to the node. */
static void slab_map_cpu_partial(struct kunit *test)
{
	static const struct mmsim_slab_way slub = { .engine = MMSIM_ENGINE_SLUB };
	struct mmsim_slub_cpu *c;
	unsigned int i, per_slab;
	struct field *f;

	test->param_value = &slub;
	f = start(test);
	per_slab = f->s->objects;
	mmsim_slub_set_cpu_partial(f->s, per_slab + 1);
	KUNIT_EXPECT_EQ(test, mmsim_slub_cache(f->s)->cpu_partial, per_slab + 1);
	KUNIT_EXPECT_EQ(test, mmsim_slub_cache(f->s)->cpu_partial_slabs, 3);
	mmsim_slub_set_cpu_partial(f->s, per_slab);
	KUNIT_EXPECT_EQ(test, mmsim_slub_cache(f->s)->cpu_partial_slabs, 2);
	mmsim_slub_set_cpu_partial(f->s, 0);
	KUNIT_EXPECT_EQ(test, mmsim_slub_cache(f->s)->cpu_partial_slabs, 0);

	get_many(test, f, 0, 2 * per_slab + 1);
	c = mmsim_cpu_part(f->s, raw_smp_processor_id());
	put(f, 0);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 0);
	expect_lists(test, f, (struct lists){ .full = 1, .partial = 1, .cpu = 1 });
	mmsim_slub_set_cpu_partial(f->s, per_slab);
	put(f, per_slab);
	KUNIT_EXPECT_EQ(test, c->nr_partial, 1);
	expect_lists(test, f, (struct lists){ .partial = 1, .cpu = 1, .cpu_partial = 1 });
	for (i = 1; i < per_slab; i++)
		put(f, i);
	finish(test, f);
}

/* What the chain has told of one floor. */
struct listener {
	struct notifier_block nb;
	struct mmsim_slabs *slabs;
	unsigned int created, going;
	struct mmsim_kmem_cache *last;
	long slabs_left;
};

static int listen(struct notifier_block *nb, unsigned long news, void *data)
{
	struct listener *l = container_of(nb, struct listener, nb);
	struct mmsim_kmem_cache *s = data;

	if (s->slabs != l->slabs)
		return NOTIFY_DONE;
	l->last = s;
	if (news == MMSIM_CACHE_CREATED)
		l->created++;
	else
		l->going++;
	l->slabs_left = atomic_long_read(&s->nr_slabs);
	return NOTIFY_OK;
}

static void expect_news(struct kunit *test, const struct listener *l, unsigned int created, unsigned int going)
{
	KUNIT_EXPECT_EQ(test, l->created, created);
	KUNIT_EXPECT_EQ(test, l->going, going);
}

/* Who follows the chain hears of each cache once when it comes and once when it goes, and not of its aliases. */
static void slab_map_news(struct kunit *test)
{
	struct mmsim_slab_params params = { .merge = true };
	struct listener l = { .nb.notifier_call = listen };
	struct mmsim_kmem_cache *s, *alias;
	void *object;

	mmsim_slab_host_rules(&params.rules);
	l.slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	KUNIT_ASSERT_EQ(test, blocking_notifier_chain_register(&mmsim_cache_chain, &l.nb), 0);
	s = mmsim_kmem_cache_create("test", 5000, 0, 0, NULL);
	expect_news(test, &l, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, l.last, s);
	alias = mmsim_kmem_cache_create("alias", 5000, 0, 0, NULL);
	KUNIT_EXPECT_PTR_EQ(test, alias, s);
	KUNIT_EXPECT_NULL(test, mmsim_kmem_cache_create("none", 0, 0, 0, NULL));
	expect_news(test, &l, 1, 0);
	object = mmsim_kmem_cache_alloc(s, GFP_KERNEL);
	mmsim_kmem_cache_destroy(alias);
	mmsim_kmem_cache_destroy(s);
	expect_news(test, &l, 1, 0);
	mmsim_kmem_cache_free(s, object);
	mmsim_kmem_cache_destroy(s);
	expect_news(test, &l, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, l.last, s);
	KUNIT_EXPECT_EQ(test, l.slabs_left, 0);
	blocking_notifier_chain_unregister(&mmsim_cache_chain, &l.nb);
}

/* A slab that has gone back is none of the cache's. */
static void slab_map_gone(struct kunit *test)
{
	struct field *f = start(test);
	struct mmsim_slab *slab;

	get_many(test, f, 0, 1);
	slab = slab_of(f, f->object[0]);
	KUNIT_EXPECT_TRUE(test, look(f, slab));
	KUNIT_EXPECT_FALSE(test, mmsim_cache_view_slab(f->slabs->caches_cache, slab, &f->view));
	put(f, 0);
	mmsim_cache_shrink(f->s);
	if (f->owner == f->s)
		KUNIT_EXPECT_FALSE(test, look(f, slab));
	finish(test, f);
}

/* SLAB: what it shows of arrays is what they have, and colours go round. */
static void slab_map_arrays(struct kunit *test)
{
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLAB };
	struct field *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	const struct mmsim_classic_geometry *g;
	unsigned int i, cpu = 0, shared = 0, colours = 0;
	struct mmsim_slab *slab = NULL;

	KUNIT_ASSERT_NOT_NULL(test, f);
	mmsim_slab_host_rules(&params.rules);
	f->slabs = mmsim_test_slab_instance(test, SZ_16M, &params)->slabs;
	f->s = mmsim_kmem_cache_create("test", 600, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, f->s);
	f->owner = f->s;
	mmsim_test_no_reap(f->slabs);
	f->view.object = kunit_kzalloc(test, f->s->objects, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->view.object);
	g = &mmsim_classic_of(f->s)->g;
	KUNIT_ASSERT_GT(test, g->colour, 1);
	mutex_lock(&f->slabs->mutex);
	KUNIT_EXPECT_EQ(test, f->s->ops->tune(f->s, 8, 4, 2), 0);
	mutex_unlock(&f->slabs->mutex);

	get_many(test, f, 0, 40);
	for (i = 0; i < 14; i++)
		put(f, i);
	while ((slab = mmsim_cache_next_slab(f->s, slab))) {
		KUNIT_ASSERT_TRUE(test, look(f, slab));
		KUNIT_EXPECT_EQ(test, f->view.colour % g->colour_off, 0);
		KUNIT_EXPECT_LT(test, f->view.colour, g->colour * g->colour_off);
		colours += !!f->view.colour;
		for (i = 0; i < f->view.nr; i++) {
			cpu += f->view.object[i] == MMSIM_OBJECT_CPU;
			shared += f->view.object[i] == MMSIM_OBJECT_SHARED;
		}
	}
	KUNIT_EXPECT_GT(test, colours, 0);
	KUNIT_EXPECT_EQ(test, cpu, ((struct array_cache *)mmsim_cpu_part(f->s, raw_smp_processor_id()))->avail);
	KUNIT_EXPECT_EQ(test, shared, mmsim_classic_list3(f->s, 0)->shared->avail);
	KUNIT_EXPECT_GT(test, cpu, 0);
	KUNIT_EXPECT_GT(test, shared, 0);
	expect_map(test, f);
	finish(test, f);
}

struct churn {
	struct field *f;
	bool stop;
	unsigned long rounds;
};

static int churn(void *data)
{
	struct churn *c = data;
	void *object[20];
	size_t nr, i;

	while (!READ_ONCE(c->stop)) {
		nr = mmsim_cache_alloc_bulk(c->f->s, GFP_KERNEL | __GFP_NOWARN, ARRAY_SIZE(object), object, _RET_IP_);
		for (i = 0; i < nr; i++)
			memset(object[i], 0x5c, SIZE);
		for (i = 0; i < nr; i++)
			mmsim_cache_free(c->f->s, object[i], _RET_IP_);
		WRITE_ONCE(c->rounds, c->rounds + 1);
		cond_resched();
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* While another thread uses the cache, objects in use are shown as that, and no slab is one of another cache. */
static void slab_map_in_use(struct kunit *test)
{
	struct field *f = start(test);
	struct churn c = { .f = f };
	unsigned int nr = min(NR, 3 * f->s->objects + 1), round, i;
	struct task_struct *task;
	struct mmsim_slab *slab;

	get_many(test, f, 0, nr);
	for (i = 0; i < nr; i += 3)
		put(f, i);
	task = kthread_create(churn, &c, "mmsim_map");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	for (round = 0; round < 20 || READ_ONCE(c.rounds) < 20; round++) {
		for (i = 0; i < nr; i++)
			if (f->object[i])
				expect_object(test, f, f->object[i], true);
		for (slab = NULL; (slab = mmsim_cache_next_slab(f->s, slab)); )
			if (look(f, slab))
				KUNIT_EXPECT_LE(test, f->view.nr, f->s->objects);
		mmsim_cache_shrink(f->s);
		cond_resched();
	}
	WRITE_ONCE(c.stop, true);
	kthread_stop(task);
	put_task_struct(task);
	memset(f->freed, 0, sizeof(f->freed));
	expect_map(test, f);
	finish(test, f);
}

static struct kunit_case slab_map_cases[] = {
	KUNIT_CASE_PARAM(slab_map_agrees, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(slab_map_lists, mmsim_slab_ways_gen),
	KUNIT_CASE(slab_map_cpu_partial),
	KUNIT_CASE(slab_map_news),
	KUNIT_CASE_PARAM(slab_map_gone, mmsim_slab_ways_gen),
	KUNIT_CASE(slab_map_arrays),
	KUNIT_CASE_PARAM(slab_map_in_use, mmsim_slab_ways_gen),
	{}
};

static struct kunit_suite slab_map_suite = {
	.name = "slab_map",
	.test_cases = slab_map_cases,
};

kunit_test_suite(slab_map_suite);
