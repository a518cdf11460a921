/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault points: places where a step can be made to fail, to see that what was done before it is undone. Each passage of
 * any of them is counted while somebody waits for one; see fault.c. Otherwise a point costs a static key.
 */
#ifndef MMSIM_BASE_FAULT_H
#define MMSIM_BASE_FAULT_H

#include <linux/jump_label.h>
#include <linux/types.h>

DECLARE_STATIC_KEY_FALSE(mmsim_fault_armed);

bool mmsim_fault_pass(void);
void mmsim_fault_arm(unsigned long nth);
bool mmsim_fault_disarm(void);

/* Whether the step that begins here is to fail. */
static inline bool mmsim_fault(void)
{
	return static_branch_unlikely(&mmsim_fault_armed) && mmsim_fault_pass();
}

#endif /* MMSIM_BASE_FAULT_H */
