// SPDX-License-Identifier: GPL-2.0
/*
 * Areas: making one, with addresses that nobody else has, finding one by its address, and undoing it.
 *
 * In mode window an area has its addresses from the beginning, and is found by them at once; VM_UNINITIALIZED says that
 * its mapping is not there yet. In mode vmap the addresses come with the mapping, and only then it can be found.
 *
 * What has never been mapped goes back straight away, by mmsim_area_drop(). What has been is lazy first; see purge.c.
 */
#include <linux/kernel.h>
#include <linux/sched.h>

#include "base/fault.h"
#include "vmalloc/vmalloc.h"

/* Areas that go back under one hold of the lock. */
#define MAX_HOLD	64

/* Purges for one area. One is not enough when others take the addresses before its caller comes to them. */
#define MAX_PURGES	8

/* For structures: what of a request's flags is not about the zone and the content of its pages. */
static gfp_t struct_gfp(gfp_t gfp)
{
	return gfp & ~(GFP_ZONEMASK | __GFP_RECLAIMABLE | __GFP_ZERO | __GFP_COMP | __GFP_THISNODE);
}

static struct mmsim_vmap_area *area_of(const struct rb_node *node)
{
	return rb_entry(node, struct mmsim_vmap_area, rb_node);
}

static struct mmsim_vmap_area *new_area(struct mmsim_vmalloc *vm, gfp_t gfp)
{
	if (mmsim_fault())
		return NULL;
	return mmsim_kmem_cache_alloc(vm->areas, struct_gfp(gfp));
}

static void free_spare(struct mmsim_vmalloc *vm, struct llist_node *spare)
{
	struct mmsim_vmap_area *area;

	while ((area = mmsim_spare_pop(&spare)))
		mmsim_kmem_cache_free(vm->areas, area);
}

/* Adds an area, with its addresses, to those in use. */
static void insert_busy(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	struct list_head *before = &vm->busy_list;
	struct rb_node **link = &vm->busy.rb_node, *parent = NULL;

	lockdep_assert_held(&vm->lock);
	while (*link) {
		parent = *link;
		if (area->va_start < area_of(parent)->va_start) {
			link = &parent->rb_left;
			before = area_of(parent)->list.prev;
		} else {
			link = &parent->rb_right;
			before = &area_of(parent)->list;
		}
	}
	rb_link_node(&area->rb_node, parent, link);
	rb_insert_color(&area->rb_node, &vm->busy);
	list_add(&area->list, before);
	vm->nr_areas++;
	vm->busy_bytes += mmsim_va_size(area);
}

static void remove_busy(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	lockdep_assert_held(&vm->lock);
	rb_erase(&area->rb_node, &vm->busy);
	list_del(&area->list);
	vm->nr_areas--;
	vm->busy_bytes -= mmsim_va_size(area);
}

/* Whether there were addresses for it. */
static bool take_addresses(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, unsigned long align, gfp_t gfp)
{
	struct llist_node *spare = NULL;
	bool taken;

	if (align > PAGE_SIZE) {
		struct mmsim_vmap_area *rest = new_area(vm, gfp);

		if (!rest)
			return false;
		mmsim_spare_push(&spare, rest);
	}
	spin_lock_irq(&vm->lock);
	taken = mmsim_space_take(&vm->space, area, area->vm.size, align, &spare);
	if (taken) {
		area->vm.addr = (void *)area->va_start;
		insert_busy(vm, area);
	}
	spin_unlock_irq(&vm->lock);
	if (spare)
		free_spare(vm, spare);
	return taken;
}

/* As take_addresses(), from what purges give back, as long as they do. */
static bool take_purged_addresses(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area, unsigned long align,
				  gfp_t gfp)
{
	bool purged = true;
	unsigned int i;

	for (i = 0; purged && i < MAX_PURGES; i++) {
		purged = mmsim_vmalloc_purge(vm);
		/* Even if there was nothing to purge: somebody else may have done so just now. */
		if (take_addresses(vm, area, align, gfp))
			return true;
	}
	return false;
}

/**
 * mmsim_area_get() - make an area, without anything behind it
 * @vm: the vmalloc floor
 * @pages: its addresses, the guard included
 * @align: of the first one; a power of two, at least PAGE_SIZE
 * @flags: VM_*; VM_UNINITIALIZED is added. For VM_ALLOW_HUGE_VMAP, which has something to fall back to, nothing is
 *	purged
 * @gfp: the request's
 *
 * Context: process context, may sleep.
 * Return: the area; NULL when there is no memory for it or, after purges, no such range of addresses.
 */
struct mmsim_vmap_area *mmsim_area_get(struct mmsim_vmalloc *vm, unsigned long pages, unsigned long align,
				       unsigned long flags, gfp_t gfp)
{
	struct mmsim_vmap_area *area = new_area(vm, gfp);

	if (!area)
		return NULL;
	area->vm = (struct mmsim_vm_struct){ .size = pages << PAGE_SHIFT, .flags = flags | VM_UNINITIALIZED };
	if (vm->mode != MMSIM_VMALLOC_WINDOW)
		return area;
	if (mmsim_fault())
		goto free;
	if (take_addresses(vm, area, align, gfp))
		return area;
	if (!(flags & VM_ALLOW_HUGE_VMAP) && take_purged_addresses(vm, area, align, gfp))
		return area;
free:
	mmsim_kmem_cache_free(vm->areas, area);
	return NULL;
}

/**
 * mmsim_area_drop() - undo mmsim_area_get() for an area that was never mapped
 * @vm: the vmalloc floor
 * @area: the area
 *
 * Context: process context.
 */
void mmsim_area_drop(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	struct llist_node *spare = NULL;

	if (vm->mode == MMSIM_VMALLOC_WINDOW) {
		spin_lock_irq(&vm->lock);
		remove_busy(vm, area);
		mmsim_space_give(&vm->space, area, &spare);
		spin_unlock_irq(&vm->lock);
	} else {
		mmsim_spare_push(&spare, area);
	}
	free_spare(vm, spare);
}

/**
 * mmsim_area_insert() - have an area found that got its addresses from the host
 * @vm: the vmalloc floor
 * @area: the area; va_start and va_end are set
 *
 * Context: process context.
 */
void mmsim_area_insert(struct mmsim_vmalloc *vm, struct mmsim_vmap_area *area)
{
	spin_lock_irq(&vm->lock);
	insert_busy(vm, area);
	spin_unlock_irq(&vm->lock);
}

/**
 * mmsim_area_from() - the first area in use that ends behind an address
 * @vm: the vmalloc floor
 * @addr: the address
 *
 * Context: under vmalloc->lock.
 * Return: the area, which may contain the address or lie behind it; NULL when there is none.
 */
struct mmsim_vmap_area *mmsim_area_from(struct mmsim_vmalloc *vm, unsigned long addr)
{
	struct rb_node *node = vm->busy.rb_node;
	struct mmsim_vmap_area *found = NULL;

	lockdep_assert_held(&vm->lock);
	while (node) {
		if (addr < area_of(node)->va_end) {
			found = area_of(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * mmsim_area_at() - the area in use that begins at an address
 * @vm: the vmalloc floor
 * @addr: the address
 *
 * Context: under vmalloc->lock; for longer the area is there only for who owns it.
 * Return: the area, or NULL.
 */
struct mmsim_vmap_area *mmsim_area_at(struct mmsim_vmalloc *vm, unsigned long addr)
{
	struct rb_node *node = vm->busy.rb_node;

	lockdep_assert_held(&vm->lock);
	while (node) {
		struct mmsim_vmap_area *area = area_of(node);

		if (addr == area->va_start)
			return area;
		node = addr < area->va_start ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static struct mmsim_vmap_area *remove_at(struct mmsim_vmalloc *vm, const void *addr, unsigned long mask,
					 unsigned long flags)
{
	struct mmsim_vmap_area *area = mmsim_area_at(vm, (unsigned long)addr);

	if (!area || (area->vm.flags & (mask | VM_UNINITIALIZED)) != flags)
		return NULL;
	remove_busy(vm, area);
	return area;
}

/**
 * mmsim_area_remove() - take an area from those in use, to be freed by the caller alone
 * @vm: the vmalloc floor
 * @addr: its first byte
 * @mask: VM_* to look at ...
 * @flags: ... and what they must be
 *
 * Context: process context.
 * Return: the area; NULL when none begins there, its mapping is not there yet, or it has other flags.
 */
struct mmsim_vmap_area *mmsim_area_remove(struct mmsim_vmalloc *vm, const void *addr, unsigned long mask,
					  unsigned long flags)
{
	struct mmsim_vmap_area *area;

	spin_lock_irq(&vm->lock);
	area = remove_at(vm, addr, mask, flags);
	spin_unlock_irq(&vm->lock);
	return area;
}

/**
 * mmsim_area_remove_atomic() - mmsim_area_remove() from anywhere
 * @vm: as there
 * @addr: as there
 * @mask: as there
 * @flags: as there
 *
 * Context: any but NMI.
 * Return: as mmsim_area_remove().
 */
struct mmsim_vmap_area *mmsim_area_remove_atomic(struct mmsim_vmalloc *vm, const void *addr, unsigned long mask,
						 unsigned long flags)
{
	struct mmsim_vmap_area *area;
	unsigned long irqs;

	spin_lock_irqsave(&vm->lock, irqs);
	area = remove_at(vm, addr, mask, flags);
	spin_unlock_irqrestore(&vm->lock, irqs);
	return area;
}

/* Some of them. */
static struct llist_node *give_some(struct mmsim_vmalloc *vm, struct llist_node *areas, struct llist_node **spare)
{
	unsigned int i;

	spin_lock_irq(&vm->lock);
	for (i = 0; areas && i < MAX_HOLD; i++)
		mmsim_space_give(&vm->space, mmsim_spare_pop(&areas), spare);
	spin_unlock_irq(&vm->lock);
	return areas;
}

/**
 * mmsim_areas_give() - make areas holes that no CPU remembers anything of
 * @vm: the vmalloc floor
 * @areas: the areas, none of them in use
 *
 * Context: process context, may sleep.
 */
void mmsim_areas_give(struct mmsim_vmalloc *vm, struct llist_node *areas)
{
	while (areas) {
		struct llist_node *spare = NULL;

		if (vm->mode == MMSIM_VMALLOC_WINDOW)
			areas = give_some(vm, areas, &spare);
		else
			swap(areas, spare);
		free_spare(vm, spare);
		cond_resched();
	}
}
