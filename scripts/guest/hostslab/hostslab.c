// SPDX-License-Identifier: GPL-2.0
/*
 * What a kernel with SLAB was asked for when its caches were made. /proc/slabinfo doesn't have it, and such a kernel
 * has no /sys/kernel/slab. A line a cache in the log:
 *
 *	hostslab: cache NAME SIZE ALIGN RECLAIM RCU DMA CTOR OBJSIZE NUM PAGES
 *
 * SIZE is the object's, OBJSIZE the slot's; the four in between are 0 or 1; NUM objects lie in PAGES pages.
 *
 * The list of caches isn't exported, but each new cache is put at its head: one made here is the first, and what lies
 * before it is the list's head. Nor is the mutex that guards the list: no cache may come or go meanwhile.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#ifndef CONFIG_SLAB
#error "hostslab knows the caches of a kernel with CONFIG_SLAB only"
#endif

#include <../mm/slab.h>		/* struct kmem_cache is whole with it only */

static void show(const struct kmem_cache *s)
{
	pr_info("cache %s %d %d %d %d %d %d %u %u %u\n", s->name, s->object_size, s->align,
		!!(s->flags & SLAB_RECLAIM_ACCOUNT), !!(s->flags & SLAB_TYPESAFE_BY_RCU),
		!!(s->flags & SLAB_CACHE_DMA), !!s->ctor, s->size, s->num, 1 << s->gfporder);
}

static int __init hostslab_init(void)
{
	/* A cache of this kind is never merged with another one. */
	struct kmem_cache *first = kmem_cache_create("hostslab", 8, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	const struct list_head *head;
	struct kmem_cache *s;

	if (!first)
		return -ENOMEM;
	head = first->list.prev;
	s = first;
	list_for_each_entry_continue(s, head, list)
		show(s);
	kmem_cache_destroy(first);
	return 0;
}
module_init(hostslab_init);

static void __exit hostslab_exit(void)
{
}
module_exit(hostslab_exit);

MODULE_DESCRIPTION("Shows what the caches of a kernel with SLAB were asked for");
MODULE_LICENSE("GPL");
