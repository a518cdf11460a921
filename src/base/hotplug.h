/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Being told of CPUs that come and go. The kernel wants one state a kind of listener, with any number of instances; it
 * is set up with the first instance and removed with the last.
 */
#ifndef MMSIM_BASE_HOTPLUG_H
#define MMSIM_BASE_HOTPLUG_H

#include <linux/cpuhotplug.h>
#include <linux/mutex.h>

/* A kind of listener. Initialise the first three fields and the lock. */
struct mmsim_hotplug {
	const char *name;
	int (*prepare)(unsigned int cpu, struct hlist_node *node);	/* it will come up. May be NULL */
	int (*dead)(unsigned int cpu, struct hlist_node *node);		/* it is down, and what it had is nobody's */
	struct mutex lock;
	enum cpuhp_state state;		/* lock */
	unsigned int users;		/* instances. lock */
};

int mmsim_hotplug_add(struct mmsim_hotplug *h, struct hlist_node *node);
void mmsim_hotplug_remove(struct mmsim_hotplug *h, struct hlist_node *node);

#endif /* MMSIM_BASE_HOTPLUG_H */
