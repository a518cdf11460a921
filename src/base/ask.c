// SPDX-License-Identifier: GPL-2.0
/*
 * Doing something with what one CPU alone may touch: its lists of pages, its slabs, its array of objects.
 *
 * The CPU doesn't lock these, but says by a flag when it is at work there. So nobody else touches them; whoever wants
 * to sends an interrupt, and sends it again as long as it hits a CPU at work.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "base/ask.h"

struct ask {
	mmsim_ask_fn fn;
	void *arg;
	bool done;
};

static void ask_here(void *ask)
{
	struct ask *a = ask;

	a->done = a->fn(a->arg);
}

/**
 * mmsim_ask_cpu() - have a CPU do something with what it alone may touch
 * @cpu: the CPU
 * @fn: what it does; see mmsim_ask_fn
 * @arg: for @fn
 *
 * Takes no lock against CPU hotplug: callers may be part of one.
 *
 * Context: process context, interrupts on; may sleep.
 * Return: false when the CPU is offline.
 */
bool mmsim_ask_cpu(unsigned int cpu, mmsim_ask_fn fn, void *arg)
{
	struct ask a = { .fn = fn, .arg = arg };

	do {
		if (smp_call_function_single(cpu, ask_here, &a, true))
			return false;
		cond_resched();
	} while (!a.done);
	return true;
}

/**
 * mmsim_ask_online_cpus() - mmsim_ask_cpu() for each CPU, one after the other
 * @fn: as there
 * @arg: as there
 *
 * A CPU that goes away meanwhile may be left out.
 *
 * Context: as mmsim_ask_cpu().
 */
void mmsim_ask_online_cpus(mmsim_ask_fn fn, void *arg)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		mmsim_ask_cpu(cpu, fn, arg);
}
