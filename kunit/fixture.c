// SPDX-License-Identifier: GPL-2.0
/*
 * The fixture of the KUnit suites.
 *
 * An instance belongs to the test that asked for it, as a KUnit resource: it is destroyed when that test ends, however
 * it ends, and pages that are still allocated then fail the test. Each test has its own region, so none sees
 * another's. And the test stays on its CPU: what is on the lists of another one it would miss when it counts, or takes
 * all that there is. Where other CPUs matter, a test has threads there.
 *
 * Every random test takes its numbers from one seed, which it prints: `insmod mmsim.ko test_seed=N` repeats a run.
 */
#include "fixture.h"

#include <kunit/resource.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/sched.h>

#define MMSIM_TEST_WHAT		256	/* bytes for the text of a broken invariant or of a refusal */

static unsigned long long test_seed;
module_param(test_seed, ullong, 0444);
MODULE_PARM_DESC(test_seed, "seed of the random tests; 0, the default, draws one and prints it");

/* An instance and the test that it belongs to. */
struct mmsim_test_owned {
	struct kunit_resource res;
	struct kunit *test;
	struct mmsim *m;
	struct mmsim_memory *live_before;	/* on which the exported functions acted before ... */
	struct mmsim_slabs *slabs_before;	/* ... those of the slab floor ... */
	struct mmsim_vmalloc *vmalloc_before;	/* ... and of the vmalloc floor */
};

static void mmsim_test_instance_free(struct kunit_resource *res)
{
	struct mmsim_test_owned *owned = res->data;
	unsigned long leaked = mmsim_destroy(owned->m);

	mmsim_memory_live = owned->live_before;
	mmsim_slabs_live = owned->slabs_before;
	mmsim_vmalloc_live = owned->vmalloc_before;
	if (leaked)
		KUNIT_FAIL(owned->test, "the test left %lu pages allocated", leaked);
}

static bool mmsim_test_no_memory(long err)
{
	return err == -ENOMEM || err == -EBUSY || err == -ENODEV || err == -EOPNOTSUPP;
}

static struct mmsim *own_instance(struct kunit *test, enum mmsim_source source, u64 size, const char *zones,
				  const struct mmsim_memory_params *memory, const struct mmsim_slab_params *slab,
				  const struct mmsim_vmalloc_params *vmalloc)
{
	struct mmsim_params params = {
		.region = { .source = source, .size = size, .quiet = true },
		.memory = *memory,
		.slab = slab,
		.vmalloc = vmalloc,
	};
	char why[MMSIM_TEST_WHAT] = "";
	struct mmsim_test_owned *owned;
	struct mmsim *m;

	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id())), 0);
	/* Before the instance: KUnit gives resources back in reverse order. */
	owned = kunit_kzalloc(test, sizeof(*owned), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, owned);
	KUNIT_ASSERT_EQ_MSG(test, mmsim_layout_parse(&params.memory.layout, zones, why, sizeof(why)), 0,
			    "zones=%s: %s", zones, why);
	m = mmsim_create(&params);
	if (IS_ERR(m) && mmsim_test_no_memory(PTR_ERR(m)))
		kunit_skip(test, "no region of %llu MB to be had here: error %ld", size >> 20, PTR_ERR(m));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	owned->test = test;
	owned->m = m;
	owned->live_before = mmsim_memory_live;
	owned->slabs_before = mmsim_slabs_live;
	owned->vmalloc_before = mmsim_vmalloc_live;
	kunit_add_resource(test, NULL, mmsim_test_instance_free, &owned->res, owned);
	return m;
}

/**
 * mmsim_test_instance_with() - An instance of a test's own, on a region of source auto, with options.
 * @test: The test; it is skipped where the host has no region of this size to give, and fails on any other error.
 * @size: Bytes of the region.
 * @zones: Layout as the module's parameter of that name takes it.
 * @memory: All other parameters of the page floor; its layout is not looked at.
 *
 * Return: the instance, which lives until the test ends. Pages still allocated by then fail the test.
 */
struct mmsim *mmsim_test_instance_with(struct kunit *test, u64 size, const char *zones,
				       const struct mmsim_memory_params *memory)
{
	return own_instance(test, MMSIM_SOURCE_AUTO, size, zones, memory, NULL, NULL);
}

/**
 * mmsim_test_slab_instance_with() - An instance with a slab floor, on which the exported functions act until the test
 * ends, with options of the page floor.
 * @test: As for mmsim_test_instance_with().
 * @size: As for mmsim_test_instance_with().
 * @zones: As for mmsim_test_instance_with().
 * @memory: As for mmsim_test_instance_with().
 * @slab: Parameters of the slab floor.
 *
 * Return: as mmsim_test_instance_with().
 */
struct mmsim *mmsim_test_slab_instance_with(struct kunit *test, u64 size, const char *zones,
					    const struct mmsim_memory_params *memory,
					    const struct mmsim_slab_params *slab)
{
	struct mmsim *m = own_instance(test, MMSIM_SOURCE_AUTO, size, zones, memory, slab, NULL);

	mmsim_memory_live = m->memory;
	mmsim_slabs_live = m->slabs;
	return m;
}

/**
 * mmsim_test_slab_instance() - An instance with a slab floor, on which the exported functions act until the test ends.
 * @test: As for mmsim_test_instance_with().
 * @size: As for mmsim_test_instance_with().
 * @slab: Parameters of the slab floor.
 *
 * One zone, with the default orders on CPUs' lists, without watermarks.
 *
 * Return: as mmsim_test_instance_with().
 */
struct mmsim *mmsim_test_slab_instance(struct kunit *test, u64 size, const struct mmsim_slab_params *slab)
{
	const struct mmsim_memory_params memory = { .pcp_orders = MMSIM_PCP_ORDERS, .group_by_mobility = true };

	return mmsim_test_slab_instance_with(test, size, "Normal", &memory, slab);
}

/**
 * mmsim_test_vmalloc_instance_from() - An instance with all floors, on which the exported functions act until the test
 * ends, on a region of a given source.
 * @test: As for mmsim_test_instance_with().
 * @source: Where the region is from.
 * @size: As for mmsim_test_instance_with().
 * @zones: As for mmsim_test_instance_with().
 * @vmalloc: Parameters of the vmalloc floor.
 *
 * With the default orders on CPUs' lists, without watermarks.
 *
 * Return: as mmsim_test_instance_with().
 */
struct mmsim *mmsim_test_vmalloc_instance_from(struct kunit *test, enum mmsim_source source, u64 size,
					       const char *zones, const struct mmsim_vmalloc_params *vmalloc)
{
	const struct mmsim_memory_params memory = { .pcp_orders = MMSIM_PCP_ORDERS, .group_by_mobility = true };
	struct mmsim_slab_params slab = {};
	struct mmsim *m;

	mmsim_slab_host_rules(&slab.rules);
	m = own_instance(test, source, size, zones, &memory, &slab, vmalloc);
	mmsim_memory_live = m->memory;
	mmsim_slabs_live = m->slabs;
	mmsim_vmalloc_live = m->vmalloc;
	return m;
}

/**
 * mmsim_test_vmalloc_instance() - The same on a region of source auto.
 * @test: As for mmsim_test_vmalloc_instance_from().
 * @size: As for mmsim_test_vmalloc_instance_from().
 * @zones: As for mmsim_test_vmalloc_instance_from().
 * @vmalloc: As for mmsim_test_vmalloc_instance_from().
 *
 * Return: as mmsim_test_vmalloc_instance_from().
 */
struct mmsim *mmsim_test_vmalloc_instance(struct kunit *test, u64 size, const char *zones,
					  const struct mmsim_vmalloc_params *vmalloc)
{
	return mmsim_test_vmalloc_instance_from(test, MMSIM_SOURCE_AUTO, size, zones, vmalloc);
}

/**
 * mmsim_test_instance() - A plain instance: no lists a CPU, no migratetypes, no watermarks.
 * @test: As for mmsim_test_instance_with().
 * @size: As for mmsim_test_instance_with().
 * @zones: As for mmsim_test_instance_with().
 *
 * Return: as mmsim_test_instance_with().
 */
struct mmsim *mmsim_test_instance(struct kunit *test, u64 size, const char *zones)
{
	const struct mmsim_memory_params plain = {};

	return mmsim_test_instance_with(test, size, zones, &plain);
}

/**
 * mmsim_test_live_instance_with() - An instance with options, on which the exported functions act until the test ends.
 * @test: As for mmsim_test_instance_with().
 * @size: As for mmsim_test_instance_with().
 * @zones: As for mmsim_test_instance_with().
 * @memory: As for mmsim_test_instance_with().
 *
 * Nobody notices: while insmod runs the suites no client can call.
 *
 * Return: as mmsim_test_instance_with().
 */
struct mmsim *mmsim_test_live_instance_with(struct kunit *test, u64 size, const char *zones,
					    const struct mmsim_memory_params *memory)
{
	struct mmsim *m = mmsim_test_instance_with(test, size, zones, memory);

	mmsim_memory_live = m->memory;
	return m;
}

/**
 * mmsim_test_live_instance() - A plain instance, on which the exported functions act until the test ends.
 * @test: As for mmsim_test_instance_with().
 * @size: As for mmsim_test_instance_with().
 * @zones: As for mmsim_test_instance_with().
 *
 * Return: as mmsim_test_instance_with().
 */
struct mmsim *mmsim_test_live_instance(struct kunit *test, u64 size, const char *zones)
{
	const struct mmsim_memory_params plain = {};

	return mmsim_test_live_instance_with(test, size, zones, &plain);
}

/**
 * mmsim_test_pcp_sizes() - Sets the size of all CPUs' lists.
 * @mem: The instance's page floor.
 * @batch: Pages that are moved between a CPU and its zone at once.
 * @high: Pages that a CPU keeps.
 */
void mmsim_test_pcp_sizes(struct mmsim_memory *mem, int batch, int high)
{
	struct mmsim_zone *zone;
	unsigned int cpu;

	mmsim_for_each_zone(mem, zone) {
		for_each_possible_cpu(cpu) {
			zone->pcp[cpu]->batch = batch;
			zone->pcp[cpu]->high = high;
		}
	}
}

/**
 * mmsim_test_give_all() - Gives single pages back, and expects none to be refused.
 * @test: The test.
 * @mem: The instance's page floor.
 * @page: The pages.
 * @nr: How many.
 */
void mmsim_test_give_all(struct kunit *test, struct mmsim_memory *mem, struct mmsim_page **page, unsigned long nr)
{
	unsigned long refused = 0;

	while (nr)
		refused += !give(mem, page[--nr], 0);
	KUNIT_EXPECT_EQ(test, refused, 0);
}

/**
 * mmsim_test_check() - Expects every invariant of the region and of its floors to hold.
 * @test: The test.
 * @m: Its instance, which no other thread uses now.
 */
void mmsim_test_check(struct kunit *test, struct mmsim *m)
{
	char what[MMSIM_TEST_WHAT] = "";

	KUNIT_EXPECT_EQ_MSG(test, mmsim_region_check(&m->region, what, sizeof(what)), 0, "region: %s", what);
	KUNIT_EXPECT_EQ_MSG(test, mmsim_memory_check(m->memory, what, sizeof(what)), 0, "memory: %s", what);
	KUNIT_EXPECT_EQ_MSG(test, mmsim_user_check(&m->user, what, sizeof(what)), 0, "user: %s", what);
	if (m->vmalloc)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_vmalloc_check(m->vmalloc, what, sizeof(what)), 0, "%s", what);
	if (m->slabs)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_slabs_check(m->slabs, what, sizeof(what)), 0, "slabs: %s", what);
}

/**
 * mmsim_test_passes() - Whether a function is in a trace.
 * @stack: The trace; NULL for none.
 * @function: Its name.
 */
bool mmsim_test_passes(const struct mmsim_stack *stack, const char *function)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	for (i = 0; stack && i < stack->nr; i++) {
		snprintf(name, sizeof(name), "%ps", (void *)stack->entry[i]);
		if (strstr(name, function))
			return true;
	}
	return false;
}

/**
 * mmsim_test_has_traces() - Whether the kernel has traces.
 *
 * Without frame pointers User Mode Linux has none, and the caller stands alone.
 */
bool mmsim_test_has_traces(void)
{
	unsigned long entry[MMSIM_STACK_DEPTH];

	return mmsim_stack_save(entry) > 1;
}

/**
 * mmsim_test_seed() - The seed of this test's random numbers, printed.
 * @test: The test.
 *
 * Return: the module parameter test_seed, or a number drawn now where that is 0.
 */
u64 mmsim_test_seed(struct kunit *test)
{
	u64 seed = test_seed;

	while (!seed)
		seed = get_random_u64();
	kunit_info(test, "seed %llu: repeat with test_seed=%llu", seed, seed);
	return seed;
}

/**
 * mmsim_test_random() - Starts a sequence of random numbers at mmsim_test_seed().
 * @test: The test.
 * @rnd: What prandom_u32_state() and mmsim_test_below() take.
 */
void mmsim_test_random(struct kunit *test, struct rnd_state *rnd)
{
	prandom_seed_state(rnd, mmsim_test_seed(test));
}
