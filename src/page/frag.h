/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How scattered free memory is: pure functions over the number of free blocks of each order, as mmsim_zone_count()
 * gives it.
 */
#ifndef MMSIM_SRC_FRAG_H
#define MMSIM_SRC_FRAG_H

#include <mmsim/page.h>

int mmsim_extfrag_index(const unsigned long nr_free[MMSIM_NR_ORDERS], unsigned int order);
int mmsim_unusable_index(const unsigned long nr_free[MMSIM_NR_ORDERS], unsigned int order);

#endif /* MMSIM_SRC_FRAG_H */
