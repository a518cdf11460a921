// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "slab_node": caches on three nodes, in all ways. Which node objects are of, what happens when that node
 * has no pages, and that it costs no more slabs than it must.
 */
#include <linux/sizes.h>

#include "slab.h"

#define NR_NODES	3
#define NR		400
#define SIZE		200
#define QUIET		(GFP_KERNEL | __GFP_NOWARN)

struct nodes {
	struct mmsim_slabs *slabs;
	struct mmsim_kmem_cache *s;
	struct mmsim_page *chain[NR_NODES];	/* pages that keep a node full ... */
	void *room[NR_NODES];			/* ... and objects, the first word of each being a link */
	void *object[NR];
};

static struct nodes *start(struct kunit *test)
{
	const struct mmsim_memory_params memory = { .nr_nodes = NR_NODES };
	const struct mmsim_slab_way *way = test->param_value;
	struct mmsim_slab_params params = { .engine = way->engine, .debug = way->debug };
	struct nodes *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	mmsim_slab_host_rules(&params.rules);
	params.rules.nr_cpus = 2;
	t->slabs = mmsim_test_slab_instance_with(test, 3 * SZ_8M, "Normal", &memory, &params)->slabs;
	t->s = mmsim_cache_create(t->slabs, "test", SIZE, NULL, 0, _RET_IP_);
	KUNIT_ASSERT_NOT_NULL(test, t->s);
	mmsim_test_no_reap(t->slabs);
	return t;
}

static void *get(struct nodes *t, gfp_t gfp, int node)
{
	return mmsim_cache_alloc(t->s, gfp, node, _RET_IP_);
}

static unsigned int node_of(struct nodes *t, const void *object)
{
	return mmsim_page_nid(mmsim_slabs_head(t->slabs, object));
}

/* How many of the objects that these flags give are of the node. */
static unsigned int get_all(struct kunit *test, struct nodes *t, gfp_t gfp, int node)
{
	unsigned int i, there = 0;

	for (i = 0; i < NR; i++) {
		t->object[i] = get(t, gfp, node);
		KUNIT_ASSERT_NOT_NULL(test, t->object[i]);
		there += node_of(t, t->object[i]) == node;
	}
	return there;
}

/* All of every @step'th object's neighbours, or with 0 all. */
static void put_but(struct nodes *t, unsigned int step)
{
	unsigned int i;

	for (i = 0; i < NR; i++) {
		if (!t->object[i] || (step && !(i % step)))
			continue;
		mmsim_cache_free(t->s, t->object[i], _RET_IP_);
		t->object[i] = NULL;
	}
}

static unsigned long pages(struct nodes *t, unsigned int nid)
{
	return mmsim_slabs_node_pages(t->slabs, nid, false);
}

static unsigned long all_pages(struct nodes *t)
{
	return mmsim_slabs_pages(t->slabs, false);
}

static void fill_pages(struct nodes *t, unsigned int nid)
{
	struct mmsim_page *page;

	while ((page = mmsim_memory_alloc_node(t->slabs->mem, nid, GFP_NOWAIT | __GFP_NOWARN | __GFP_THISNODE, 0,
					       _RET_IP_)))
		mmsim_chain_push(&t->chain[nid], page);
}

/* All objects that requests with these flags get; how many. */
static unsigned int fill_objects(struct nodes *t, gfp_t gfp, unsigned int nid)
{
	unsigned int nr = 0;
	void **object;

	for (; (object = get(t, gfp, nid)); nr++) {
		*object = t->room[nid];
		t->room[nid] = object;
	}
	return nr;
}

/* Leaves the node neither a page nor a free object. */
static void fill(struct nodes *t, unsigned int nid)
{
	fill_pages(t, nid);
	fill_objects(t, QUIET | __GFP_THISNODE, nid);
}

static void drain(struct nodes *t, unsigned int nid)
{
	void **object;

	while ((object = t->room[nid])) {
		t->room[nid] = *object;
		mmsim_cache_free(t->s, object, _RET_IP_);
	}
	while (t->chain[nid])
		mmsim_memory_free(t->slabs->mem, mmsim_chain_pop(&t->chain[nid]), 0, _RET_IP_);
}

static void finish(struct kunit *test, struct nodes *t)
{
	char what[200] = "";

	KUNIT_EXPECT_EQ_MSG(test, mmsim_slabs_check(t->slabs, what, sizeof(what)), 0, "%s", what);
	KUNIT_EXPECT_TRUE(test, mmsim_cache_destroy(t->s, _RET_IP_));
}

/* A node that has pages serves who asks for it, insisting or not; what this CPU frees of it goes back there. */
static void node_wanted(struct kunit *test)
{
	struct nodes *t = start(test);
	unsigned int nid, other;

	for (nid = 0; nid < NR_NODES; nid++) {
		unsigned long before[NR_NODES];

		for (other = 0; other < NR_NODES; other++)
			before[other] = pages(t, other);
		KUNIT_EXPECT_EQ(test, get_all(test, t, GFP_KERNEL, nid), NR);
		put_but(t, 0);
		KUNIT_EXPECT_EQ(test, get_all(test, t, GFP_KERNEL | __GFP_THISNODE, nid), NR);
		KUNIT_EXPECT_GE(test, pages(t, nid), before[nid] + NR * SIZE / PAGE_SIZE);
		for (other = 0; other < NR_NODES; other++)
			if (other != nid)
				KUNIT_EXPECT_EQ(test, pages(t, other), before[other]);
		put_but(t, 0);
		mmsim_cache_shrink(t->s);
		KUNIT_EXPECT_EQ(test, pages(t, nid), before[nid]);
	}
	finish(test, t);
}

/* A full node's requests are served by others, from as many slabs as if those had been asked, unless they insist. */
static void node_full(struct kunit *test)
{
	struct nodes *t = start(test);
	unsigned int nid;

	for (nid = 0; nid < NR_NODES; nid++) {
		unsigned long before = all_pages(t), here;

		fill(t, nid);
		here = pages(t, nid);
		KUNIT_EXPECT_NULL(test, get(t, QUIET | __GFP_THISNODE, nid));
		KUNIT_EXPECT_EQ(test, get_all(test, t, QUIET, nid), 0);
		KUNIT_EXPECT_EQ(test, pages(t, nid), here);
		/* Twice what is needed, and what nodes keep for their own CPUs. */
		KUNIT_EXPECT_LE(test, all_pages(t) - before,
				2 * DIV_ROUND_UP(NR * t->s->size, PAGE_SIZE) + (20UL << t->s->order));
		drain(t, nid);
		put_but(t, 0);
		KUNIT_EXPECT_EQ(test, get_all(test, t, QUIET, nid), NR);
		put_but(t, 0);
		mmsim_cache_shrink(t->s);
	}
	finish(test, t);
}

/* What lies free in other nodes' slabs is used before a page is taken from them, and before a request fails. */
static void node_remote_partial(struct kunit *test)
{
	struct nodes *t = start(test);
	unsigned int here = t->slabs->mem->cpu_node[raw_smp_processor_id()]->nid, i, nr = 0;
	unsigned int full = (here + 1) % NR_NODES, there = (here + 2) % NR_NODES;
	unsigned long before;

	KUNIT_EXPECT_EQ(test, get_all(test, t, GFP_KERNEL, there), NR);
	put_but(t, 40);
	/* Nothing is left in CPUs' hands: of that SLAB knows only its own. */
	mmsim_cache_shrink(t->s);
	fill(t, full);
	before = all_pages(t);
	for (i = 1; i < 20; i++) {
		t->object[i] = get(t, QUIET, full);
		KUNIT_ASSERT_NOT_NULL(test, t->object[i]);
		nr += node_of(t, t->object[i]) == there;
	}
	KUNIT_EXPECT_EQ(test, nr, 19);
	KUNIT_EXPECT_LE(test, all_pages(t), before);
	mmsim_cache_shrink(t->s);
	fill(t, here);
	fill_pages(t, there);
	KUNIT_EXPECT_GT(test, fill_objects(t, QUIET, full), 0);
	KUNIT_EXPECT_EQ(test, fill_objects(t, QUIET | __GFP_THISNODE, there), 0);
	for (i = 0; i < NR_NODES; i++)
		drain(t, i);
	put_but(t, 0);
	finish(test, t);
}

static struct kunit_case node_cases[] = {
	KUNIT_CASE_PARAM(node_wanted, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(node_full, mmsim_slab_ways_gen),
	KUNIT_CASE_PARAM(node_remote_partial, mmsim_slab_ways_gen),
	{}
};

static struct kunit_suite node_suite = {
	.name = "slab_node",
	.test_cases = node_cases,
};

kunit_test_suite(node_suite);
