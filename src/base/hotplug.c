// SPDX-License-Identifier: GPL-2.0
/*
 * Being told of CPUs that come and go; see hotplug.h. Neither call runs the callbacks for the CPUs that are there.
 */
#include "base/hotplug.h"

static int hotplug_get(struct mmsim_hotplug *h)
{
	int state;

	if (!h->users) {
		state = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, h->name, h->prepare, h->dead);
		if (state < 0)
			return state;
		h->state = state;
	}
	h->users++;
	return 0;
}

static void hotplug_put(struct mmsim_hotplug *h)
{
	if (!--h->users)
		cpuhp_remove_multi_state(h->state);
}

/**
 * mmsim_hotplug_add() - have an instance told of CPUs that come and go
 * @h: what kind of listener it is
 * @node: the instance's; what the callbacks are given
 *
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int mmsim_hotplug_add(struct mmsim_hotplug *h, struct hlist_node *node)
{
	int err;

	mutex_lock(&h->lock);
	err = hotplug_get(h);
	if (!err) {
		err = cpuhp_state_add_instance_nocalls(h->state, node);
		if (err)
			hotplug_put(h);
	}
	mutex_unlock(&h->lock);
	return err;
}

/**
 * mmsim_hotplug_remove() - undo mmsim_hotplug_add()
 * @h: as then
 * @node: as then
 *
 * Context: process context, may sleep. No callback of this instance runs when it returns.
 */
void mmsim_hotplug_remove(struct mmsim_hotplug *h, struct hlist_node *node)
{
	mutex_lock(&h->lock);
	cpuhp_state_remove_instance_nocalls(h->state, node);
	hotplug_put(h);
	mutex_unlock(&h->lock);
}
