// SPDX-License-Identifier: GPL-2.0
/*
 * Suite frag: the two fragmentation indices over vectors of free blocks, against figures worked out by hand or taken
 * from a Linux host.
 */
#include "fixture.h"

#include "page/frag.h"

struct frag_case {
	const char *name;
	unsigned long nr_free[MMSIM_NR_ORDERS];
	int extfrag[MMSIM_NR_ORDERS];
	int unusable[MMSIM_NR_ORDERS];
};

#define FITS	-1000

static const struct frag_case frag_cases[] = {
	{
		.name = "a host's zone",
		.nr_free = { 258, 9, 5, 0, 1, 2, 0, 1, 1, 0, 0 },
		.extfrag = { FITS, FITS, FITS, FITS, FITS, FITS, FITS, FITS, FITS, 992, 994 },
		.unusable = { 0, 339, 363, 389, 389, 410, 494, 494, 663, 1000, 1000 },
	}, {
		.name = "nothing free",
		.unusable = { 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	}, {
		.name = "largest blocks only",
		.nr_free = { [10] = 3 },
		.extfrag = { FITS, FITS, FITS, FITS, FITS, FITS, FITS, FITS, FITS, FITS, FITS },
	}, {
		.name = "one block of order 2",
		.nr_free = { [2] = 1 },
		.extfrag = { FITS, FITS, FITS, -500, -250, -125, -62, -31, -15, -7, -3 },
		.unusable = { 0, 0, 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	}, {
		.name = "single pages only",
		.nr_free = { 100000 },
		.extfrag = { FITS, 500, 750, 875, 938, 969, 985, 993, 997, 999, 1000 },
		.unusable = { 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	}, {
		.name = "16 GB in single pages",	/* times 1000 it needs more than 32 bits */
		.nr_free = { 4194304 },
		.extfrag = { FITS, 500, 750, 875, 938, 969, 985, 993, 997, 999, 1000 },
		.unusable = { 0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 },
	},
};

static void frag_case_desc(const struct frag_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(frag, frag_cases, frag_case_desc);

static void frag_test_extfrag(struct kunit *test)
{
	const struct frag_case *c = test->param_value;
	unsigned int order;

	for (order = 0; order < MMSIM_NR_ORDERS; order++)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_extfrag_index(c->nr_free, order), c->extfrag[order], "order %u", order);
}

static void frag_test_unusable(struct kunit *test)
{
	const struct frag_case *c = test->param_value;
	unsigned int order;

	for (order = 0; order < MMSIM_NR_ORDERS; order++)
		KUNIT_EXPECT_EQ_MSG(test, mmsim_unusable_index(c->nr_free, order), c->unusable[order], "order %u",
				    order);
}

static struct kunit_case frag_test_cases[] = {
	KUNIT_CASE_PARAM(frag_test_extfrag, frag_gen_params),
	KUNIT_CASE_PARAM(frag_test_unusable, frag_gen_params),
	{}
};

static struct kunit_suite frag_test_suite = {
	.name = "frag",
	.test_cases = frag_test_cases,
};

kunit_test_suite(frag_test_suite);
