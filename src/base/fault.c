// SPDX-License-Identifier: GPL-2.0
/*
 * Fault points, for tests: one passage of one thread is chosen by its number and fails. A test that does the same thing
 * again and again, with the next number each time, has seen every step of it fail when nothing fails any more.
 *
 * One test at a time: KUnit runs one after the other.
 */
#include "base/fault.h"

#include <linux/sched.h>

DEFINE_STATIC_KEY_FALSE(mmsim_fault_armed);

static struct task_struct *armed_by;	/* whose passages count; constant while armed */
static unsigned long left;		/* passages until the one that fails. That task's */
static bool failed;			/* it has */

/**
 * mmsim_fault_pass() - what a fault point does while one is armed
 *
 * Context: any; counts only for the task that armed it, outside of interrupts.
 * Return: whether to fail.
 */
bool mmsim_fault_pass(void)
{
	if (current != armed_by || !in_task() || failed || left--)
		return false;
	failed = true;
	return true;
}

/**
 * mmsim_fault_arm() - let one fault point fail
 * @nth: which of those that this task passes from now on; 0 is the first
 *
 * Context: process context, may sleep.
 */
void mmsim_fault_arm(unsigned long nth)
{
	armed_by = current;
	left = nth;
	failed = false;
	static_branch_enable(&mmsim_fault_armed);
}

/**
 * mmsim_fault_disarm() - let none fail any more
 *
 * Context: process context, may sleep; the task that armed it.
 * Return: whether one has failed.
 */
bool mmsim_fault_disarm(void)
{
	static_branch_disable(&mmsim_fault_armed);
	return failed;
}
