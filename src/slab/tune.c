// SPDX-License-Identifier: GPL-2.0
/*
 * Tuning a cache by a line of text, as Linux takes it from those who write to /proc/slabinfo:
 *
 *	name limit batchcount shared
 *
 * What the numbers mean is the engine's business. Linux takes a line with numbers that make no sense and does nothing;
 * here such a line is refused.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>

#include "slab/slab.h"

static struct mmsim_kmem_cache *find_cache(struct mmsim_slabs *slabs, const char *name, size_t length)
{
	struct mmsim_kmem_cache *s;

	list_for_each_entry(s, &slabs->caches, list)
		if (strlen(s->name) == length && !strncmp(s->name, name, length))
			return s;
	return NULL;
}

/* Does it, or says why not. */
static int tune_cache(struct mmsim_kmem_cache *s, const unsigned int number[3])
{
	int err;

	if (!s->ops->tune) {
		pr_err("slabinfo: %s is of the engine %s, which has nothing to tune\n", s->name, s->ops->name);
		return -EOPNOTSUPP;
	}
	err = s->ops->tune(s, number[0], number[1], number[2]);
	if (err == -EINVAL)
		pr_err("slabinfo: %s %u %u %u: limit must be at least 1, batchcount from 1 to limit\n", s->name,
		       number[0], number[1], number[2]);
	return err;
}

/**
 * mmsim_slabs_tune() - tune a cache
 * @slabs: the floor
 * @line: "name limit batchcount shared"
 *
 * Context: process context, may sleep.
 * Return: 0; -EINVAL for another line or numbers that make no sense, -ENOENT for a cache that there isn't, -EOPNOTSUPP
 * for one with nothing to tune, with the reason in the log; -ENOMEM or -EAGAIN from the engine.
 */
int mmsim_slabs_tune(struct mmsim_slabs *slabs, const char *line)
{
	size_t length = strcspn(line, " \t\n");
	struct mmsim_kmem_cache *s;
	unsigned int number[3];
	int end = 0, err;

	if (!length || sscanf(line + length, " %u %u %u %n", &number[0], &number[1], &number[2], &end) != 3 ||
	    line[length + end]) {
		pr_err("slabinfo: '%.*s': write \"name limit batchcount shared\", as in \"size-64 120 60 8\"\n",
		       (int)strcspn(line, "\n"), line);
		return -EINVAL;
	}
	mutex_lock(&slabs->mutex);
	s = find_cache(slabs, line, length);
	if (s) {
		err = tune_cache(s, number);
	} else {
		pr_err("slabinfo: there is no cache '%.*s'\n", (int)length, line);
		err = -ENOENT;
	}
	mutex_unlock(&slabs->mutex);
	return err;
}
