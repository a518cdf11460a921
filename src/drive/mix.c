// SPDX-License-Identifier: GPL-2.0
/*
 * mmsim_mix.ko: what a mix of sizes costs in memory. The same allocations and frees go to the host's kmalloc or to
 * mmsim's, and what is not freed is held for as long as one likes, to be looked at in slabinfo and vmstat:
 *
 *	echo host > /sys/module/mmsim_mix/parameters/side	or mmsim; or none, which frees all
 *	cat /sys/module/mmsim_mix/parameters/side		says: mmsim objects=40423 asked=5358260
 *
 * The mix is a recorded one, drive/mix.h: how often each size was allocated, and how many of those objects were there
 * in the end. In which order isn't recorded, so that all allocations are shuffled, in the same way each time. They come
 * in chunks: when a chunk has been allocated, those of its objects that aren't to stay are freed. Each chunk is the
 * turn of another CPU, so that all of them have memory at hand in the end.
 *
 * Not done: objects that live as long as they did when the mix was recorded. A free never waits for a later chunk.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <mmsim/kmalloc.h>

#include "drive/mix.h"

#define CHUNK	1000
#define SEED	1

enum side {
	NONE,
	HOST,
	MMSIM,
};

static const char *const side_names[] = { "none", "host", "mmsim" };

/* An allocation. */
struct step {
	u16 size;	/* bytes */
	bool stays;
	void *object;	/* NULL: not there */
};

static struct step *steps;
static unsigned int nr_steps;
static enum side now;		/* whose the objects are; the module parameters' lock, as for all below */
static unsigned long objects, asked;	/* that are there; their bytes */

static void *side_alloc(enum side side, size_t size)
{
	return side == HOST ? kmalloc(size, GFP_KERNEL) : mmsim___kmalloc(size, GFP_KERNEL);
}

static void side_free(enum side side, void *object)
{
	if (side == HOST)
		kfree(object);
	else
		mmsim_kfree(object);
}

static void free_step(struct step *s)
{
	if (!s->object)
		return;
	side_free(now, s->object);
	s->object = NULL;
	objects--;
	asked -= s->size;
}

static void free_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_steps; i++)
		free_step(&steps[i]);
	now = NONE;
}

static bool run_chunk(unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		steps[i].object = side_alloc(now, steps[i].size);
		if (!steps[i].object)
			return false;
		objects++;
		asked += steps[i].size;
	}
	for (i = from; i < to; i++)
		if (!steps[i].stays)
			free_step(&steps[i]);
	return true;
}

static int run(enum side side)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), i;
	bool ok = true;

	now = side;
	for (i = 0; ok && i < nr_steps; i += CHUNK) {
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
		ok = run_chunk(i, min(i + CHUNK, nr_steps));
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	if (!ok) {
		free_all();
		return -ENOMEM;
	}
	return 0;
}

static int side_set(const char *value, const struct kernel_param *kp)
{
	int side = sysfs_match_string(side_names, value);

	if (side < 0 || !steps) {
		pr_err("side=%s: none, host or mmsim, when the module is loaded\n", value);
		return -EINVAL;
	}
	free_all();
	return side == NONE ? 0 : run(side);
}

static int side_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s objects=%lu asked=%lu\n", side_names[now], objects, asked);
}

static const struct kernel_param_ops side_ops = {
	.set = side_set,
	.get = side_get,
};
module_param_cb(side, &side_ops, NULL, 0600);
MODULE_PARM_DESC(side, "whose kmalloc has the mix: host, mmsim, or none");

/* The mix, a step an allocation, shuffled. */
static void make_steps(void)
{
	struct rnd_state rnd;
	unsigned int i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(mmsim_mix); i++)
		for (j = 0; j < mmsim_mix[i].allocated; j++) {
			steps[n].size = mmsim_mix[i].size;
			steps[n++].stays = j < mmsim_mix[i].held;
		}
	prandom_seed_state(&rnd, SEED);
	for (i = n - 1; i; i--) {
		j = prandom_u32_state(&rnd) % (i + 1);
		swap(steps[i], steps[j]);
	}
}

static int __init mix_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mmsim_mix); i++)
		nr_steps += mmsim_mix[i].allocated;
	steps = kvcalloc(nr_steps, sizeof(*steps), GFP_KERNEL);
	if (!steps)
		return -ENOMEM;
	make_steps();
	return 0;
}
module_init(mix_init);

static void __exit mix_exit(void)
{
	free_all();
	kvfree(steps);
}
module_exit(mix_exit);

MODULE_DESCRIPTION("A recorded mix of sizes for kmalloc, the host's or mmsim's");
MODULE_LICENSE("GPL");
