/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Doing something with what one CPU alone may touch; see ask.c.
 */
#ifndef MMSIM_BASE_ASK_H
#define MMSIM_BASE_ASK_H

#include <linux/types.h>

/* Does it, on the CPU, in an interrupt. Returns false when that hit somebody who is at work there. */
typedef bool (*mmsim_ask_fn)(void *arg);

bool mmsim_ask_cpu(unsigned int cpu, mmsim_ask_fn fn, void *arg);
void mmsim_ask_online_cpus(mmsim_ask_fn fn, void *arg);

#endif /* MMSIM_BASE_ASK_H */
