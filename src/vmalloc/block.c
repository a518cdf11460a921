// SPDX-License-Identifier: GPL-2.0
/*
 * vm_map_ram(): mappings for a short time, in great number.
 *
 * Up to 64 pages are mapped without an area of their own: each CPU has a block of 2 MB of addresses, and cuts from it,
 * one mapping behind the other, with nothing but a counter to move. What is unmapped leaves a gap that nobody uses
 * again. When a block has been cut up it is left alone until the last mapping of it has gone, and then is lazy as a
 * whole: 512 pages of short mappings cost one area, one search for addresses and one share of a purge.
 *
 * A mapping that stays keeps its block, 2 MB of addresses: as in the kernel, vm_map_ram() is for short lives.
 *
 * A block is found by its address, in a table with an entry for each 2 MB of the window. Larger mappings are areas, and
 * so are all where there is no window.
 */
#include <linux/kernel.h>
#include <linux/mm.h>

#include <mmsim/kmalloc.h>

#include "base/fault.h"
#include "vmalloc/vmalloc.h"

#define BLOCK_BYTES	(MMSIM_VMAP_BLOCK_PAGES << PAGE_SHIFT)

/* The table's entry for an address of the window. */
static struct mmsim_vmap_block **block_at(struct mmsim_vmalloc *vm, unsigned long addr)
{
	return &vm->blocks[addr / BLOCK_BYTES - (unsigned long)vm->window.addr / BLOCK_BYTES];
}

static unsigned long nr_entries(const struct mmsim_vmalloc *vm)
{
	unsigned long start = (unsigned long)vm->window.addr;

	return (start + (vm->window.nr_pages << PAGE_SHIFT) - 1) / BLOCK_BYTES - start / BLOCK_BYTES + 1;
}

/* A block with addresses, from which nothing is cut yet. */
static struct mmsim_vmap_block *new_block(struct mmsim_vmalloc *vm, struct mmsim_vmap_cpu *c, const void *caller)
{
	struct mmsim_vmap_block *b = mmsim_fault() ? NULL : mmsim_kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	b->cpu = c;
	b->area = mmsim_area_get(vm, MMSIM_VMAP_BLOCK_PAGES, BLOCK_BYTES, MMSIM_VM_RAM | MMSIM_VM_BLOCK, GFP_KERNEL);
	if (!b->area) {
		mmsim_kfree(b);
		return NULL;
	}
	/* It will have many users; the first one is a hint. */
	b->area->vm.requested_size = BLOCK_BYTES;
	b->area->vm.caller = caller;
	WRITE_ONCE(*block_at(vm, b->area->va_start), b);
	mmsim_area_ready(b->area);
	return b;
}

/* For a block that nobody cuts from, and of which nothing is mapped. */
static void end_block(struct mmsim_vmalloc *vm, struct mmsim_vmap_block *b)
{
	struct mmsim_vmap_area *area = b->area;

	WRITE_ONCE(*block_at(vm, area->va_start), NULL);
	mmsim_area_remove(vm, (void *)area->va_start, MMSIM_VM_BLOCK, MMSIM_VM_BLOCK);
	mmsim_area_lazy(vm, area);
	mmsim_kfree(b);
}

/* Cuts addresses from a CPU's block; NULL when it has none, or too little of it is left. */
static void *cut(struct mmsim_vmap_cpu *c, unsigned int count)
{
	struct mmsim_vmap_block *b;
	void *addr = NULL;

	spin_lock(&c->lock);
	b = c->block;
	if (likely(b && b->next + count <= MMSIM_VMAP_BLOCK_PAGES)) {
		addr = b->area->vm.addr + ((unsigned long)b->next << PAGE_SHIFT);
		b->length[b->next] = count;
		b->next += count;
		b->live += count;
	}
	spin_unlock(&c->lock);
	return addr;
}

/* Gives a CPU another block, in the place of the one that is cut up. */
static bool refill(struct mmsim_vmalloc *vm, struct mmsim_vmap_cpu *c, const void *caller)
{
	struct mmsim_vmap_block *b = new_block(vm, c, caller), *old;
	bool ended;

	if (!b)
		return false;
	spin_lock(&c->lock);
	old = c->block;
	c->block = b;
	ended = old && !old->live;
	spin_unlock(&c->lock);
	if (ended)
		end_block(vm, old);
	mmsim_vmalloc_purge_if_due(vm);
	return true;
}

static void *map_small(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int count, const void *caller)
{
	const struct mmsim_vmalloc_request rq = { .size = (unsigned long)count << PAGE_SHIFT, .caller = caller };
	struct mmsim_vmap_cpu *c = &vm->cpu[raw_smp_processor_id()];
	void *addr;

	while (unlikely(!(addr = cut(c, count)))) {
		if (!refill(vm, c, caller)) {
			mmsim_vmalloc_failed(vm, &rq, "addresses");
			return NULL;
		}
	}
	if (likely(mmsim_map_pages(vm, mmsim_window_index(&vm->window, addr), pages, count, PAGE_KERNEL)))
		return addr;
	mmsim_vmalloc_unmap_ram(vm, addr, count, (unsigned long)caller);
	mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_PAGE, (unsigned long)pages[mmsim_vmalloc_not_ours(vm, pages, count)],
			  (unsigned long)caller);
	return NULL;
}

/* Whether that was a mapping; says in *ended whether the block has come to its end with it. */
static bool unmap_cut(struct mmsim_vmalloc *vm, struct mmsim_vmap_block *b, unsigned long addr, unsigned int count,
		      bool *ended)
{
	unsigned int at = (addr - b->area->va_start) >> PAGE_SHIFT;
	struct mmsim_vmap_cpu *c = b->cpu;

	spin_lock(&c->lock);
	if (unlikely(b->length[at] != count)) {
		spin_unlock(&c->lock);
		return false;
	}
	b->length[at] = 0;
	mmsim_unmap_pages(vm, mmsim_window_index(&vm->window, (void *)addr), count);
	/* Under the lock, as in mmsim_blocks_clean(): no flush takes the mark and misses the entries. */
	WRITE_ONCE(c->dirty, true);
	b->live -= count;
	*ended = !b->live && c->block != b;
	spin_unlock(&c->lock);
	return true;
}

static bool unmap_small(struct mmsim_vmalloc *vm, unsigned long addr, unsigned int count)
{
	struct mmsim_vmap_block *b = READ_ONCE(*block_at(vm, addr));
	bool ended;

	if (!b || !unmap_cut(vm, b, addr, count, &ended))
		return false;
	if (unlikely(ended)) {
		end_block(vm, b);
		mmsim_vmalloc_purge_if_due(vm);
	}
	return true;
}

static bool unmap_large(struct mmsim_vmalloc *vm, const void *addr, unsigned int count)
{
	struct mmsim_vmap_area *area = mmsim_area_remove(vm, addr, MMSIM_VM_RAM | MMSIM_VM_BLOCK, MMSIM_VM_RAM);

	if (!area)
		return false;
	if (mmsim_area_bytes(area) != (unsigned long)count << PAGE_SHIFT) {
		mmsim_area_insert(vm, area);
		return false;
	}
	mmsim_area_unmap(vm, area);
	mmsim_area_lazy(vm, area);
	mmsim_vmalloc_purge_if_due(vm);
	return true;
}

/**
 * mmsim_vmalloc_map_ram() - give pages addresses in a row for a short time, as vm_map_ram()
 * @vm: the vmalloc floor
 * @pages: the pages
 * @count: how many
 * @caller: for reports
 *
 * Context: process context, may sleep.
 * Return: the address of the first byte; NULL, reported, when it can't be had.
 */
void *mmsim_vmalloc_map_ram(struct mmsim_vmalloc *vm, struct mmsim_page **pages, unsigned int count,
			    const void *caller)
{
	if (count - 1 < MMSIM_VMAP_BLOCK_MAX && vm->mode == MMSIM_VMALLOC_WINDOW && !preempt_count() &&
	    !irqs_disabled())
		return map_small(vm, pages, count, caller);
	return mmsim_vmalloc_vmap(vm, pages, count, MMSIM_VM_RAM, PAGE_KERNEL, caller);
}

/**
 * mmsim_vmalloc_unmap_ram() - undo mmsim_vmalloc_map_ram()
 * @vm: the vmalloc floor
 * @addr: what it returned
 * @count: the number that it was given
 * @caller: for reports
 *
 * Context: process context, may sleep.
 * Return: whether that was mapped so; otherwise it is reported and all is as before.
 */
bool mmsim_vmalloc_unmap_ram(struct mmsim_vmalloc *vm, const void *addr, unsigned int count, unsigned long caller)
{
	bool ok = false;

	might_sleep();
	if (PAGE_ALIGNED(addr) && count) {
		if (count <= MMSIM_VMAP_BLOCK_MAX && vm->mode == MMSIM_VMALLOC_WINDOW)
			ok = mmsim_vmalloc_in_window(vm, addr) && unmap_small(vm, (unsigned long)addr, count);
		else
			ok = unmap_large(vm, addr, count);
	}
	if (unlikely(!ok))
		mmsim_vmalloc_bad(vm, MMSIM_VMALLOC_BAD_RAM, (unsigned long)addr, caller);
	return ok;
}

/**
 * mmsim_blocks_retire() - end those blocks of which nothing is mapped
 * @vm: the vmalloc floor
 *
 * Context: process context.
 */
void mmsim_blocks_retire(struct mmsim_vmalloc *vm)
{
	unsigned int cpu;

	if (!vm->blocks)
		return;
	for_each_possible_cpu(cpu) {
		struct mmsim_vmap_cpu *c = &vm->cpu[cpu];
		struct mmsim_vmap_block *b;

		if (!READ_ONCE(c->block))
			continue;
		spin_lock(&c->lock);
		b = c->block;
		if (b && !b->live && b->next)
			c->block = NULL;
		else
			b = NULL;
		spin_unlock(&c->lock);
		if (b)
			end_block(vm, b);
	}
}

/**
 * mmsim_blocks_clean() - whether blocks have a flush due, which the caller makes then
 * @vm: the vmalloc floor
 *
 * Context: process context, before the flush.
 * Return: whether some of their addresses were cleared since the last one.
 */
bool mmsim_blocks_clean(struct mmsim_vmalloc *vm)
{
	bool dirty = false;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct mmsim_vmap_cpu *c = &vm->cpu[cpu];

		if (!READ_ONCE(c->dirty))
			continue;
		spin_lock(&c->lock);
		WRITE_ONCE(c->dirty, false);
		spin_unlock(&c->lock);
		dirty = true;
	}
	return dirty;
}

/**
 * mmsim_blocks_init() - begin without blocks
 * @vm: the vmalloc floor
 *
 * Context: process context, may sleep.
 * Return: 0; -ENOMEM when there is no memory for the table.
 */
int mmsim_blocks_init(struct mmsim_vmalloc *vm)
{
	struct mmsim_page *page;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		spin_lock_init(&vm->cpu[cpu].lock);
	if (vm->mode != MMSIM_VMALLOC_WINDOW)
		return 0;
	vm->blocks_order = get_order(nr_entries(vm) * sizeof(*vm->blocks));
	page = mmsim_memory_alloc(vm->mem, GFP_KERNEL | __GFP_ZERO, vm->blocks_order, _RET_IP_);
	if (!page)
		return -ENOMEM;
	vm->blocks = page->virtual;
	return 0;
}

/**
 * mmsim_blocks_exit() - free what was allocated for blocks
 * @vm: the vmalloc floor; nobody uses it any more. Areas of blocks stay as they are
 *
 * Context: process context.
 */
void mmsim_blocks_exit(struct mmsim_vmalloc *vm)
{
	unsigned long i;

	if (!vm->blocks)
		return;
	for (i = 0; i < nr_entries(vm); i++)
		mmsim_kfree(vm->blocks[i]);
	mmsim_memory_free_addr(vm->mem, (unsigned long)vm->blocks, vm->blocks_order, _RET_IP_);
	vm->blocks = NULL;
}
