// SPDX-License-Identifier: GPL-2.0
/*
 * What SLUB's slabs hold at a moment, for those who show it.
 *
 * Who has a slab decides who can look at it. One that is frozen has a CPU that alone takes objects off its list and off
 * its own freelist: so it is that CPU that looks, in an interrupt that must not find it at work there. Nothing moves
 * then but what other CPUs free into the slab. Of all other slabs objects are taken under the node's lock, and so they
 * are looked at under it. A full one that no CPU has is on no list, and its word says all there is.
 *
 * A slab that is on its way from one to another is looked for again, a few times.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "base/ask.h"
#include "slab/slub.h"

#define TRIES	10	/* to find who has a slab */

/* Marks the objects of a list that nobody takes objects off. One that leads astray ends there. */
static void mark_list(struct mmsim_kmem_cache *s, const struct mmsim_slab *slab, const void *object, char what,
		      struct mmsim_slab_view *view)
{
	unsigned int nr;

	for (nr = 0; object && nr < view->nr; nr++) {
		int i = mmsim_slub_index(s, slab, object);

		if (i < 0 || i >= (int)view->nr)
			return;
		view->object[i] = what;
		object = mmsim_slub_next(s, object);
	}
}

static void mark_own_list(struct mmsim_kmem_cache *s, const struct mmsim_slab *slab, union mmsim_slub_state state,
			  struct mmsim_slab_view *view)
{
	mark_list(s, slab, mmsim_slub_object(slab, state.head), MMSIM_OBJECT_FREE, view);
}

static bool is_listed(const struct mmsim_slub_node *n, const struct mmsim_slab *slab)
{
	const struct mmsim_slab *other;

	lockdep_assert_held(&n->lock);
	list_for_each_entry(other, &n->partial, list)
		if (other == slab)
			return true;
	return false;
}

/* Slabs without objects in use are few on a node's list, and any number of them may be on their way somewhere else. */
static const char *list_of(const struct mmsim_slub_node *n, const struct mmsim_slab *slab,
			   union mmsim_slub_state state)
{
	if (state.head == MMSIM_SLUB_NONE)
		return "full";
	return state.inuse || is_listed(n, slab) ? "partial" : "moving";
}

/* Looks at a slab, and returns false when a CPU has it. */
static bool view_on_node(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	struct mmsim_slub_node *n = mmsim_slub_node(s, slab);
	union mmsim_slub_state state;
	unsigned long flags;

	spin_lock_irqsave(&n->lock, flags);
	state = mmsim_slub_state(slab);
	if (!state.frozen) {
		mark_own_list(s, slab, state, view);
		view->list = list_of(n, slab, state);
	}
	spin_unlock_irqrestore(&n->lock, flags);
	return !state.frozen;
}

struct look {
	struct mmsim_kmem_cache *s;
	struct mmsim_slab *slab;
	struct mmsim_slab_view *view;
	bool found;			/* this CPU has it, and was not at work there */
};

static const char *cpu_list_of(const struct mmsim_slub_cpu *c, const struct mmsim_slab *slab)
{
	const struct mmsim_slab *other;

	if (c->slab == slab)
		return "cpu";
	for (other = c->partial; other; other = (const struct mmsim_slab *)other->list.next)
		if (other == slab)
			return "cpu_partial";
	return NULL;
}

static void view_here(void *look)
{
	struct look *l = look;
	const struct mmsim_slub_cpu *c = mmsim_cpu_part(l->s, smp_processor_id());
	const char *list = READ_ONCE(c->busy) ? NULL : cpu_list_of(c, l->slab);

	if (!list)
		return;
	if (c->slab == l->slab)
		mark_list(l->s, l->slab, c->freelist, MMSIM_OBJECT_CPU, l->view);
	mark_own_list(l->s, l->slab, mmsim_slub_state(l->slab), l->view);
	l->view->list = list;
	l->view->cpu = smp_processor_id();
	l->found = true;
}

/* Has each CPU look whether it has the slab. */
static bool view_on_cpus(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	struct look l = { .s = s, .slab = slab, .view = view };
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, view_here, &l, true);
		if (l.found)
			return true;
	}
	return false;
}

/**
 * mmsim_slub_view() - look at a slab and each of its objects
 * @s: the cache
 * @slab: the slab; see view in struct mmsim_slab_ops
 * @view: filled in
 *
 * Context: process context, interrupts on; may sleep.
 * Return: false when it isn't a slab of the cache any more, or not quite yet.
 */
bool mmsim_slub_view(struct mmsim_kmem_cache *s, struct mmsim_slab *slab, struct mmsim_slab_view *view)
{
	unsigned int try;

	for (try = 0; try < TRIES; try++) {
		/* Pairs with link_objects(): a slab that has objects has them linked. */
		view->nr = smp_load_acquire(&slab->engine[1]);
		if (!mmsim_slab_is_of(slab, s) || !view->nr || view->nr > s->objects)
			return false;
		memset(view->object, MMSIM_OBJECT_USED, view->nr);
		view->list = "moving";
		if (view_on_node(s, slab, view) || view_on_cpus(s, slab, view))
			break;
		cond_resched();
	}
	return mmsim_slab_is_of(slab, s);
}

struct count {
	struct mmsim_kmem_cache *s;
	unsigned long nr;
};

static unsigned int free_in(const struct mmsim_slab *slab)
{
	return mmsim_slub_objects(slab) - mmsim_slub_state(slab).inuse;
}

static bool count_here(void *count)
{
	struct count *t = count;
	const struct mmsim_slub_cpu *c = mmsim_cpu_part(t->s, smp_processor_id());
	const struct mmsim_slab *slab;
	const void *object;
	unsigned int nr;

	if (READ_ONCE(c->busy))
		return false;
	for (slab = c->partial; slab; slab = (const struct mmsim_slab *)slab->list.next)
		t->nr += free_in(slab);
	if (!c->slab)
		return true;
	t->nr += free_in(c->slab);
	for (object = c->freelist, nr = 0; object && nr < mmsim_slub_objects(c->slab); nr++) {
		if (mmsim_slub_index(t->s, c->slab, object) < 0)
			break;
		object = mmsim_slub_next(t->s, object);
	}
	t->nr += nr;
	return true;
}

/**
 * mmsim_slub_cached() - count the free objects of the slabs that CPUs have
 * @s: the cache
 *
 * Context: process context, interrupts on; may sleep.
 * Return: their number, each CPU's at another moment.
 */
unsigned long mmsim_slub_cached(struct mmsim_kmem_cache *s)
{
	struct count t = { .s = s };

	mmsim_ask_online_cpus(count_here, &t);
	return t.nr;
}
