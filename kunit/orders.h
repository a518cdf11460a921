/* SPDX-License-Identifier: GPL-2.0 */
/* For suites whose tests run once for each order: KUNIT_CASE_PARAM(..., order_gen_params). */
#ifndef MMSIM_KUNIT_ORDERS_H
#define MMSIM_KUNIT_ORDERS_H

#include <kunit/test.h>

#include <mmsim/page.h>

static const unsigned int orders[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

static_assert(ARRAY_SIZE(orders) == MMSIM_NR_ORDERS);

static void describe_order(const unsigned int *order, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "order %u", *order);
}

KUNIT_ARRAY_PARAM(order, orders, describe_order);

#endif /* MMSIM_KUNIT_ORDERS_H */
