// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "classic_slabs": the SLAB engine's slabs and lists, on one node and on several, and its checker.
 */
#include <linux/bitmap.h>

#include "classic.h"
#include "oracle.h"

/* --- Slabs --- */

static unsigned int length(struct list_head *list)
{
	struct list_head *at;
	unsigned int nr = 0;

	list_for_each(at, list)
		nr++;
	return nr;
}

static void expect_lists(struct kunit *test, struct kmem_list3 *l3, unsigned int full, unsigned int partial,
			 unsigned int free)
{
	KUNIT_EXPECT_EQ(test, length(&l3->slabs_full), full);
	KUNIT_EXPECT_EQ(test, length(&l3->slabs_partial), partial);
	KUNIT_EXPECT_EQ(test, length(&l3->slabs_free), free);
}

/* An array of one: each free puts the object before it into its slab. 1024 bytes are four to a slab. */
static void classic_lists(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 1024);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);

	tune(test, s, 1, 1, 0);
	get_many(test, s, object, 3);
	expect_lists(test, l3, 0, 1, 0);
	get_many(test, s, object + 3, 5);
	expect_lists(test, l3, 2, 0, 0);
	KUNIT_EXPECT_PTR_EQ(test, slab_of(s, object[0]), slab_of(s, object[3]));
	KUNIT_EXPECT_PTR_NE(test, slab_of(s, object[3]), slab_of(s, object[4]));

	/* Each of both slabs in turn: they become partial in the order of their first free. */
	put(s, object[4]);
	expect_lists(test, l3, 2, 0, 0);
	put(s, object[0]);
	expect_lists(test, l3, 1, 1, 0);
	put(s, object[5]);
	expect_lists(test, l3, 0, 2, 0);
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&l3->slabs_partial, struct slab, list), slab_of(s, object[4]));
	/* A slab that gets another object back goes to the end of the list. */
	put(s, object[1]);
	KUNIT_EXPECT_PTR_EQ(test, list_last_entry(&l3->slabs_partial, struct slab, list), slab_of(s, object[4]));
	/* The array's object first, then from the first partial slab, what was freed to it last. */
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[1]);
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[0]);
	expect_lists(test, l3, 1, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[5]);
	KUNIT_EXPECT_PTR_EQ(test, get(s), object[4]);
	expect_lists(test, l3, 2, 0, 0);
	put_many(s, object, 4);
	put(s, object[4]);
	expect_lists(test, l3, 1, 0, 1);
	KUNIT_EXPECT_EQ(test, l3->nr_free_slabs, 1);
	put_many(s, object + 5, 3);
	finish(test, s);
}

/* What an array gives back may be no object, or one whose slab has gone: counted, and nothing written. */
static void classic_put_checks(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 256);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	struct mmsim_classic_rest rest = MMSIM_CLASSIC_REST_INIT(rest);
	void **object = objects(test), *p;
	unsigned int i;

	get_many(test, s, object, 2);
	p = slab_of(s, object[0])->s_mem;
	for (i = 0; i < 3; i++) {
		void *stray[] = { p - 8, p + 8, PTR_ALIGN(p, PAGE_SIZE) };

		/* In the descriptor, in an object, and in the next page, which is not the cache's. */
		rest.stray = NULL;
		rest.twice = NULL;
		spin_lock_irq(&l3->list_lock);
		mmsim_classic_put(s, l3, &stray[i], 1, &rest);
		spin_unlock_irq(&l3->list_lock);
		KUNIT_EXPECT_EQ(test, l3->errors, i + 1);
		KUNIT_EXPECT_PTR_EQ(test, i < 2 ? rest.stray : rest.twice, stray[i]);
	}
	put_many(s, object, 2);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	rest.twice = NULL;
	spin_lock_irq(&l3->list_lock);
	mmsim_classic_put(s, l3, object, 1, &rest);
	spin_unlock_irq(&l3->list_lock);
	KUNIT_EXPECT_PTR_EQ(test, rest.twice, object[0]);
	KUNIT_EXPECT_EQ(test, l3->errors, 4);
	finish(test, s);
}

/* A node keeps no more free objects than its limit when a slab falls free; the rest goes back at once. */
static void classic_free_limit(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 1024);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test);
	unsigned int i, kept;

	tune(test, s, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, l3->free_limit, 1 + num_online_cpus() + 4);
	kept = l3->free_limit / 4;
	get_many(test, s, object, 80);
	put_many(s, object, 80);
	/* The last object is in the array, its slab partial. */
	expect_lists(test, l3, 0, 1, kept);
	KUNIT_EXPECT_EQ(test, l3->nr_slabs, kept + 1);
	KUNIT_EXPECT_EQ(test, stat(s, "max_freeable"), kept);
	KUNIT_EXPECT_EQ(test, stat(s, "grown"), 20);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&s->nr_slabs), kept + 1);
	for (i = kept; i; i--)
		KUNIT_EXPECT_EQ(test, mmsim_classic_drain_free(s, l3, 1), 1);
	KUNIT_EXPECT_EQ(test, mmsim_classic_drain_free(s, l3, 1), 0);
	expect_lists(test, l3, 0, 1, 0);
	finish(test, s);
}

static const unsigned int colour_sizes[] = { 64, 176, 192, 272, 504, 832, 1472, 2048, 5000 };

/* Each slab's first object is a step further than the one before, until the left-over is used up. */
static void classic_colours(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	unsigned int i, nr;

	for (i = 0; i < ARRAY_SIZE(colour_sizes); i++) {
		struct mmsim_kmem_cache *s = cache(test, slabs, colour_sizes[i]);
		const struct mmsim_classic_geometry *g = &mmsim_classic_of(s)->g;
		unsigned int base = g->off_slab ? 0 : g->descriptor;
		struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
		struct slab *slabp;

		for (nr = 0; nr < 70; nr++) {
			KUNIT_ASSERT_EQ(test, mmsim_classic_grow(s, GFP_KERNEL, 0), 0);
			slabp = list_last_entry(&l3->slabs_free, struct slab, list);
			KUNIT_EXPECT_EQ_MSG(test, slabp->colouroff, base + nr % max(g->colour, 1U) * g->colour_off,
					    "%u bytes, slab %u", s->size, nr);
			KUNIT_EXPECT_PTR_EQ(test, slabp->s_mem, slabp->pages->virtual + slabp->colouroff);
		}
		KUNIT_EXPECT_EQ(test, l3->free_objects, 70 * s->objects);
		finish(test, s);
	}
}

static unsigned int constructed;

static void construct(void *object)
{
	constructed++;
	*(u64 *)object = 0x0bec0bec;
}

/* The constructor runs once an object, when a slab is made; its work is still there when an object is taken again. */
static void classic_constructor(struct kunit *test)
{
	const struct mmsim_kmem_cache_args args = { .engine = MMSIM_ENGINE_SLAB, .ctor = construct };
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = mmsim_cache_create(slabs, "ctor", 64, &args, 0, _RET_IP_);
	void **object = objects(test);
	unsigned int round, i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	mmsim_test_no_reap(slabs);
	constructed = 0;
	for (round = 0; round < 3; round++) {
		get_many(test, s, object, 200);
		for (i = 0; i < 200; i++)
			KUNIT_EXPECT_EQ(test, *(u64 *)object[i], 0x0bec0bec);
		KUNIT_EXPECT_EQ(test, constructed, 4 * s->objects);
		put_many(s, object, 200);
	}
	finish(test, s);
}

/* An object put back twice is noticed: at the top of the array, and when it comes to its slab. */
static void classic_twice(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 1024);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void *a = get(s), *b = get(s);
	unsigned int avail;

	KUNIT_ASSERT_NOT_NULL(test, b);
	put(s, a);
	avail = array(s)->avail;
	put(s, a);
	KUNIT_EXPECT_EQ(test, array(s)->avail, avail);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), 1);
	put(s, b);
	put(s, a);
	KUNIT_EXPECT_EQ(test, array(s)->avail, avail + 2);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&slabs->bad[MMSIM_SLAB_BAD_DOUBLE_FREE]), 2);
	KUNIT_EXPECT_EQ(test, l3->errors, 1);
	KUNIT_EXPECT_EQ(test, l3->nr_slabs, 0);
	finish(test, s);
}

/* --- Nodes --- */

/* Two nodes, of which this CPU is one's; 2048 bytes are two to a page. */
static struct mmsim_kmem_cache *node_cache(struct kunit *test, bool interleave, u64 size)
{
	const struct mmsim_memory_params memory = { .nr_nodes = 2, .interleave = interleave };
	struct mmsim_slab_params params = { .engine = MMSIM_ENGINE_SLAB };

	mmsim_slab_host_rules(&params.rules);
	params.rules.nr_cpus = 2;
	return cache(test, mmsim_test_slab_instance_with(test, size, "Normal", &memory, &params)->slabs, 2048);
}

static unsigned int node_of(struct mmsim_kmem_cache *s, void *object)
{
	return mmsim_page_nid(mmsim_slabs_head(s->slabs, object));
}

static void *get_on(struct mmsim_kmem_cache *s, gfp_t gfp, int node)
{
	return mmsim_cache_alloc(s, gfp, node, _RET_IP_);
}

/* Another node's objects come without an array, and go back through the alien array, twelve at a time. */
static void classic_alien(struct kunit *test)
{
	struct mmsim_kmem_cache *s = node_cache(test, false, SZ_16M);
	unsigned int here = array(s)->nid, there = !here, i;
	struct kmem_list3 *l3 = mmsim_classic_list3(s, here), *other = mmsim_classic_list3(s, there);
	void **object = objects(test);
	struct array_cache *alien;

	KUNIT_ASSERT_NOT_NULL(test, l3->alien);
	KUNIT_EXPECT_NULL(test, l3->alien[here]);
	alien = &l3->alien[there]->ac;
	KUNIT_EXPECT_EQ(test, alien->limit, 12);
	for (i = 0; i < 30; i++) {
		object[i] = get_on(s, GFP_KERNEL, there);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
		KUNIT_EXPECT_EQ(test, node_of(s, object[i]), there);
	}
	KUNIT_EXPECT_EQ(test, stat(s, "node_allocs"), 30);
	KUNIT_EXPECT_EQ(test, array(s)->avail, 0);
	KUNIT_EXPECT_EQ(test, other->nr_slabs, 15);
	put_many(s, object, 12);
	KUNIT_EXPECT_EQ(test, alien->avail, 12);
	KUNIT_EXPECT_EQ(test, stat(s, "node_overflow"), 0);
	put(s, object[12]);
	KUNIT_EXPECT_EQ(test, alien->avail, 1);
	KUNIT_EXPECT_EQ(test, other->shared->avail, 12);
	KUNIT_EXPECT_EQ(test, stat(s, "node_frees"), 13);
	KUNIT_EXPECT_EQ(test, stat(s, "node_overflow"), 1);
	expect_sound(test, s);
	/* A round of reap empties an alien array, this node's own not being one: it may take two. */
	reap(s);
	reap(s);
	KUNIT_EXPECT_EQ(test, alien->avail, 0);
	KUNIT_EXPECT_EQ(test, other->shared->avail, 13);
	put_many(s, object + 13, 17);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	KUNIT_EXPECT_EQ(test, other->nr_slabs, 0);
	finish(test, s);
}

/* When a node is out of memory its requests get another's, unless they insist. */
static void classic_fallback(struct kunit *test)
{
	struct mmsim_kmem_cache *s = node_cache(test, false, SZ_8M);
	unsigned int here = array(s)->nid, nr = 0, far = 0, i;
	struct mmsim_memory *mem = s->slabs->mem;
	struct mmsim_page *page, *chain = NULL;
	void **object = objects(test), *insisting;

	while ((page = mmsim_memory_alloc_node(mem, here, GFP_NOWAIT | __GFP_NOWARN | __GFP_THISNODE, 0, _RET_IP_)))
		mmsim_chain_push(&chain, page);
	for (nr = 0; nr < 200; nr++) {
		object[nr] = get_on(s, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE);
		if (!object[nr])
			break;
		far += node_of(s, object[nr]) != here;
	}
	KUNIT_EXPECT_EQ(test, nr, 200);
	KUNIT_EXPECT_EQ(test, far, 200);
	KUNIT_EXPECT_EQ(test, mmsim_classic_list3(s, !here)->nr_slabs, 100);
	insisting = get_on(s, GFP_KERNEL | __GFP_NOWARN | __GFP_THISNODE, here);
	KUNIT_EXPECT_NULL(test, insisting);
	/* What lies about on the other node is used before pages are. */
	put_many(s, object, nr);
	KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
	KUNIT_ASSERT_EQ(test, mmsim_classic_grow(s, GFP_KERNEL | __GFP_THISNODE, !here), (int)!here);
	for (i = 0; i < 2; i++)
		object[i] = get(s);
	KUNIT_EXPECT_EQ(test, mmsim_classic_list3(s, !here)->nr_slabs, 1);
	put_many(s, object, 2);
	while (chain)
		mmsim_memory_free(mem, mmsim_chain_pop(&chain), 0, _RET_IP_);
	finish(test, s);
}

/* Where the instance interleaves, requests without a node go to each in turn. */
static void classic_alternate(struct kunit *test)
{
	struct mmsim_kmem_cache *s = node_cache(test, true, SZ_16M);
	unsigned int nr[2] = {}, last = 2, repeated = 0, i;
	void **object = objects(test);

	for (i = 0; i < 100; i++) {
		/* A slab's pages are asked for with their node, and so don't turn the wheel. */
		object[i] = get(s);
		KUNIT_ASSERT_NOT_NULL(test, object[i]);
		repeated += node_of(s, object[i]) == last;
		last = node_of(s, object[i]);
		nr[last]++;
	}
	KUNIT_EXPECT_EQ(test, nr[0], 50);
	KUNIT_EXPECT_EQ(test, nr[1], 50);
	KUNIT_EXPECT_EQ(test, repeated, 0);
	put_many(s, object, 100);
	finish(test, s);
}

/* --- The checker --- */

static void expect_broken(struct kunit *test, struct mmsim_kmem_cache *s, const char *word)
{
	char what[200] = "";
	int err;

	mutex_lock(&s->slabs->mutex);
	err = s->ops->check(s, what, sizeof(what));
	mutex_unlock(&s->slabs->mutex);
	KUNIT_EXPECT_EQ_MSG(test, err, -EUCLEAN, "not found: %s", word);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(what, word), "'%s' is not in: %s", word, what);
}

/* Each kind of damage is found, and named. */
static void classic_check_finds(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 1), 64);
	struct kmem_list3 *l3 = mmsim_classic_list3(s, 0);
	void **object = objects(test), *saved;
	struct slab *slabp;
	kmem_bufctl_t next;

	get_many(test, s, object, 10);
	put_many(s, object, 5);
	slabp = slab_of(s, object[0]);
	expect_sound(test, s);

	slabp->inuse++;
	expect_broken(test, s, "counted as taken");
	slabp->inuse--;
	next = slab_bufctl(slabp)[slabp->free];
	slab_bufctl(slabp)[slabp->free] = slabp->free;
	expect_broken(test, s, "leads astray");
	slab_bufctl(slabp)[slabp->free] = 59;
	expect_broken(test, s, "leads astray");
	slab_bufctl(slabp)[slabp->free] = BUFCTL_END;
	expect_broken(test, s, "on the chain");
	slab_bufctl(slabp)[slabp->free] = next;
	l3->free_objects++;
	expect_broken(test, s, "counted");
	l3->free_objects--;
	list_move(&slabp->list, &l3->slabs_full);
	expect_broken(test, s, "wrong list");
	list_move(&slabp->list, &l3->slabs_partial);
	slabp->colouroff += 64;
	expect_broken(test, s, "don't know each other");
	slabp->colouroff -= 64;

	saved = array(s)->entry[0];
	array(s)->entry[0] = mmsim_classic_object(s, slabp, slabp->free);
	expect_broken(test, s, "at once");
	array(s)->entry[0] = saved + 1;
	expect_broken(test, s, "not the start");
	array(s)->entry[0] = slabs_for;
	expect_broken(test, s, "no object");
	array(s)->entry[0] = saved;
	array(s)->avail += 200;
	expect_broken(test, s, "limit");
	array(s)->avail -= 200;
	put_many(s, object + 5, 5);
	finish(test, s);
}

/* --- All of it --- */

/* The map says of each object whether it is free, wherever it lies. */
static void classic_map(struct kunit *test)
{
	struct mmsim_kmem_cache *s = cache(test, slabs_for(test, SZ_16M, 2), 64);
	unsigned long *free = kunit_kzalloc(test, BITS_TO_LONGS(59) * sizeof(long), GFP_KERNEL);
	void **object = objects(test), *first;
	struct mmsim_slab *slab;
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, free);
	get_many(test, s, object, 400);
	/* Some into the array, some into the shared one. */
	put_many(s, object, 200);
	KUNIT_ASSERT_GT(test, mmsim_classic_list3(s, 0)->shared->avail, 0);
	for (i = 0; i < 400; i++) {
		slab = (struct mmsim_slab *)mmsim_slabs_head(s->slabs, object[i]);
		first = s->ops->place(s, slab, &nr);
		KUNIT_ASSERT_EQ(test, nr, 59);
		bitmap_zero(free, nr);
		s->ops->map(s, slab, free);
		KUNIT_EXPECT_EQ_MSG(test, test_bit((object[i] - first) / 64, free), i < 200, "object %u", i);
	}
	put_many(s, object + 200, 200);
	finish(test, s);
}

/* Off-slab descriptors are kmalloc's; when they can't be had the slab's pages go back. */
static void classic_descriptors(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_16M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 1024), *home;
	void *object = get(s);

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_ASSERT_TRUE(test, mmsim_classic_of(s)->g.off_slab);
	KUNIT_EXPECT_EQ(test, mmsim_classic_of(s)->g.descriptor, 64);
	home = ((struct mmsim_slab *)mmsim_slabs_head(slabs, slab_of(s, object)))->cache;
	KUNIT_EXPECT_PTR_EQ(test, home, slabs->kmalloc[MMSIM_KMALLOC_NORMAL][6]);
	KUNIT_EXPECT_FALSE(test, mmsim_classic_of(home)->g.off_slab);
	put(s, object);
	finish(test, s);
}

/* Out of memory: NULL, nothing lost, and all of it can be had again. */
static void classic_no_memory(struct kunit *test)
{
	struct mmsim_slabs *slabs = slabs_for(test, SZ_8M, 1);
	struct mmsim_kmem_cache *s = cache(test, slabs, 8192);
	struct mmsim_slab_snapshot all_free;
	void **object = objects(test);
	unsigned int round, nr, first = 0;

	/* Slabs that other caches don't need would be had at the end of the first round alone. */
	mmsim_slab_snapshot(slabs, &all_free);
	for (round = 0; round < 3; round++) {
		for (nr = 0; nr < MAX_OBJECTS; nr++) {
			object[nr] = mmsim_cache_alloc(s, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE, _RET_IP_);
			if (!object[nr])
				break;
		}
		KUNIT_EXPECT_GT(test, nr, 500);
		KUNIT_EXPECT_LT(test, nr, 1024);
		expect_sound(test, s);
		put_many(s, object, nr);
		KUNIT_EXPECT_EQ(test, mmsim_cache_shrink(s), 0);
		mmsim_slab_snapshot(slabs, &all_free);
		if (round)
			KUNIT_EXPECT_EQ(test, nr, first);
		first = nr;
	}
	finish(test, s);
}

static struct kunit_case classic_slabs_cases[] = {
	KUNIT_CASE(classic_lists),
	KUNIT_CASE(classic_put_checks),
	KUNIT_CASE(classic_free_limit),
	KUNIT_CASE(classic_colours),
	KUNIT_CASE(classic_constructor),
	KUNIT_CASE(classic_twice),
	KUNIT_CASE(classic_alien),
	KUNIT_CASE(classic_fallback),
	KUNIT_CASE(classic_alternate),
	KUNIT_CASE(classic_check_finds),
	KUNIT_CASE(classic_map),
	KUNIT_CASE(classic_descriptors),
	KUNIT_CASE(classic_no_memory),
	{}
};

static struct kunit_suite classic_slabs_suite = {
	.name = "classic_slabs",
	.test_cases = classic_slabs_cases,
};

kunit_test_suite(classic_slabs_suite);
