// SPDX-License-Identifier: GPL-2.0
/*
 * HighMem: pages that have no permanent address, and get one for as long as somebody needs it. On a 64-bit host every
 * frame of the region does have an address, which mmsim uses itself, to zero a page for example; its clients see none.
 *
 *	mmsim_kmap()		A slot of a table that all CPUs share, counted: who maps a page that is mapped has the
 *				same address. May sleep, and waits when all slots are in use. page_address() says the
 *				address as long as the page has one.
 *	mmsim_kmap_local_page()	A slot of this CPU's own, in any context, for a short time. They nest: the last one
 *				mapped is the first one unmapped.
 *
 * Unmapping a page that nobody else has mapped leaves it in its slot: it may be wanted again, and to take an address
 * away means to interrupt every CPU. Only when the search for a free slot has come round all of them are those without
 * users emptied, all together with one flush.
 *
 * A CPU's own slots are the stack of what is mapped on it. An interrupt puts its own on top and takes them off before
 * it returns. The kernel gives these slots to a task and sets them up anew when it schedules; a module is not asked
 * then, so here preemption is off while one is in use, as with kmap_atomic(): don't sleep.
 *
 * The addresses are a window's (base/window.h), so these are real page table entries. Where there are no windows, as in
 * User Mode Linux, everything is the same but for that: a page gets the address that the region has anyway.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "page/highmem.h"

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "page/memory.h"

static bool page_is_high(const struct mmsim_page *page)
{
	return mmsim_page_zone_type(page) == MMSIM_ZONE_HIGHMEM;
}

static unsigned long local_slot(unsigned int cpu, unsigned int depth)
{
	return MMSIM_KMAP_SLOTS + cpu * MMSIM_KMAP_LOCAL_SLOTS + depth;
}

/* Puts a page behind the address of slot @i, and says which one that is. */
static void *slot_set(struct mmsim_memory *mem, unsigned long i, struct mmsim_page *page)
{
	struct mmsim_window *w = &mem->highmem->window;

	if (!w->addr)
		return mmsim_memory_vaddr(mem, page);
	mmsim_window_set(w, i, mmsim_memory_pfn(mem, page), PAGE_KERNEL);
	return mmsim_window_addr(w, i);
}

/* The slot that a mapped page is in. */
static struct mmsim_kmap_slot *slot_of(struct mmsim_highmem *h, const struct mmsim_page *page)
{
	struct mmsim_kmap_slot *slot = h->slot;

	if (h->window.addr)
		return &h->slot[mmsim_window_index(&h->window, page->virtual)];
	while (slot->page != page)
		slot++;
	return slot;
}

/* Empties the slots without users. */
static void flush_idle(struct mmsim_highmem *h)
{
	unsigned int i, nr = 0;

	lockdep_assert_held(&h->lock);
	for (i = 0; i < MMSIM_KMAP_SLOTS; i++) {
		if (!h->slot[i].page || h->slot[i].users)
			continue;
		WRITE_ONCE(h->slot[i].page->virtual, NULL);
		h->slot[i].page = NULL;
		mmsim_window_clear(&h->window, i);
		nr++;
	}
	if (!nr)
		return;
	mmsim_window_flush();
	h->nr_flushes++;
}

/* Gives a page an address. There is a slot without users, so the search ends the second time round at the latest. */
static void map_page(struct mmsim_memory *mem, struct mmsim_page *page)
{
	struct mmsim_highmem *h = mem->highmem;

	lockdep_assert_held(&h->lock);
	do {
		h->next = (h->next + 1) % MMSIM_KMAP_SLOTS;
		if (!h->next)
			flush_idle(h);
	} while (h->slot[h->next].page);
	h->slot[h->next].page = page;
	WRITE_ONCE(page->virtual, slot_set(mem, h->next, page));
}

/**
 * mmsim_highmem_map() - give a page an address until mmsim_highmem_unmap()
 * @mem: the page floor
 * @page: any page that the caller holds
 * @caller: for reports
 *
 * The kernel's kmap_high().
 *
 * Context: process context, may sleep: for a HighMem page until another one is unmapped, when all slots are in use.
 * Return: its address; NULL, reported, for what is no page.
 */
void *mmsim_highmem_map(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller)
{
	struct mmsim_highmem *h = mem->highmem;

	if (!mmsim_memory_has(mem, page)) {
		mmsim_bad(mem, MMSIM_BAD_WILD, page, 0, caller);
		return NULL;
	}
	if (!page_is_high(page))
		return page->virtual;
	mutex_lock(&h->lock);
	while (!page->virtual && !h->idle) {
		mutex_unlock(&h->lock);
		wait_event(h->wait, READ_ONCE(h->idle) || READ_ONCE(page->virtual));
		mutex_lock(&h->lock);
	}
	if (!page->virtual)
		map_page(mem, page);
	if (!slot_of(h, page)->users++)
		WRITE_ONCE(h->idle, h->idle - 1);
	mutex_unlock(&h->lock);
	return page->virtual;
}

/**
 * mmsim_highmem_unmap() - undo one mmsim_highmem_map()
 * @mem: the page floor
 * @page: the page
 * @caller: for reports
 *
 * Context: process context, may sleep.
 * Return: whether it was mapped; otherwise it is reported.
 */
bool mmsim_highmem_unmap(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller)
{
	struct mmsim_highmem *h = mem->highmem;
	bool mapped;

	if (!mmsim_memory_has(mem, page)) {
		mmsim_bad(mem, MMSIM_BAD_WILD, page, 0, caller);
		return false;
	}
	if (!page_is_high(page))
		return true;
	mutex_lock(&h->lock);
	mapped = page->virtual && slot_of(h, page)->users;
	if (mapped && !--slot_of(h, page)->users) {
		WRITE_ONCE(h->idle, h->idle + 1);
		wake_up(&h->wait);
	}
	mutex_unlock(&h->lock);
	if (!mapped)
		mmsim_bad(mem, MMSIM_BAD_KUNMAP, page, 0, caller);
	return mapped;
}

/**
 * mmsim_highmem_flush() - take the addresses of pages that nobody has mapped any more
 * @mem: the page floor
 *
 * The kernel's kmap_flush_unused().
 *
 * Context: process context, may sleep.
 */
void mmsim_highmem_flush(struct mmsim_memory *mem)
{
	struct mmsim_highmem *h = mem->highmem;

	if (!h)
		return;
	mutex_lock(&h->lock);
	flush_idle(h);
	mutex_unlock(&h->lock);
}

/**
 * mmsim_highmem_map_local() - give a page an address on this CPU for a short time
 * @mem: the page floor
 * @page: any page that the caller holds
 * @caller: for reports
 *
 * Context: any. For a HighMem page preemption is off until mmsim_highmem_unmap_local().
 * Return: the address; NULL, reported and with preemption as before, for what is no page and when too many are mapped.
 */
void *mmsim_highmem_map_local(struct mmsim_memory *mem, struct mmsim_page *page, unsigned long caller)
{
	struct mmsim_kmap_cpu *c;
	unsigned int depth;
	unsigned long slot;
	void *addr;

	if (!mmsim_memory_has(mem, page)) {
		mmsim_bad(mem, MMSIM_BAD_WILD, page, 0, caller);
		return NULL;
	}
	if (!page_is_high(page))
		return page->virtual;
	preempt_disable();
	c = &mem->highmem->cpu[smp_processor_id()];
	depth = READ_ONCE(c->depth);
	if (depth == MMSIM_KMAP_LOCAL_SLOTS) {
		preempt_enable();
		mmsim_bad(mem, MMSIM_BAD_KMAP, page, 0, caller);
		return NULL;
	}
	/* The slot is ours before we write to it: an interrupt takes the ones above. */
	WRITE_ONCE(c->depth, depth + 1);
	barrier();
	c->page[depth] = page;
	slot = local_slot(smp_processor_id(), depth);
	addr = slot_set(mem, slot, page);
	mmsim_window_flush_local(&mem->highmem->window, slot);
	return addr;
}

/* Whether @addr lies in the page that this CPU has mapped last. */
static bool is_last_local(struct mmsim_memory *mem, const struct mmsim_kmap_cpu *c, const void *addr)
{
	const struct mmsim_window *w = &mem->highmem->window;

	if (!c->depth)
		return false;
	if (w->addr)
		return mmsim_window_index(w, addr) == local_slot(smp_processor_id(), c->depth - 1);
	return mmsim_memory_addr_page(mem, (unsigned long)addr) == c->page[c->depth - 1];
}

/**
 * mmsim_highmem_unmap_local() - undo the last mmsim_highmem_map_local() of this CPU
 * @mem: the page floor
 * @addr: any address in the page as it was mapped
 * @caller: for reports
 *
 * Context: as the mmsim_highmem_map_local() that it undoes.
 * Return: whether that was the last one; otherwise it is reported.
 */
bool mmsim_highmem_unmap_local(struct mmsim_memory *mem, const void *addr, unsigned long caller)
{
	const struct mmsim_page *page = mmsim_memory_addr_page(mem, (unsigned long)addr);
	struct mmsim_kmap_cpu *c;
	bool last;

	if (page && !page_is_high(page))
		return true;
	preempt_disable();
	c = mem->highmem ? &mem->highmem->cpu[smp_processor_id()] : NULL;
	last = c && is_last_local(mem, c, addr);
	if (last) {
		unsigned long slot = local_slot(smp_processor_id(), c->depth - 1);

		mmsim_window_clear(&mem->highmem->window, slot);
		mmsim_window_flush_local(&mem->highmem->window, slot);
		barrier();
		WRITE_ONCE(c->depth, c->depth - 1);
		preempt_enable();
	}
	preempt_enable();
	if (!last)
		mmsim_bad(mem, MMSIM_BAD_KUNMAP, page, 0, caller);
	return last;
}

/**
 * mmsim_highmem_start() - get the slots' addresses
 * @mem: the page floor; nothing is done without a HighMem zone
 *
 * Context: process context, may sleep.
 */
void mmsim_highmem_start(struct mmsim_memory *mem)
{
	struct mmsim_highmem *h = mem->highmem;
	int err;

	if (!h)
		return;
	mutex_init(&h->lock);
	init_waitqueue_head(&h->wait);
	h->idle = MMSIM_KMAP_SLOTS;
	err = mmsim_window_create(&h->window, local_slot(nr_cpu_ids, 0));
	if (err == -ENOMEM)
		pr_warn("HighMem: the host has no addresses left for a window; kmap() gives the region's own instead\n");
}

/**
 * mmsim_highmem_stop() - give the slots' addresses back
 * @mem: the page floor; pages that are still mapped are named
 *
 * Context: process context, may sleep.
 */
void mmsim_highmem_stop(struct mmsim_memory *mem)
{
	struct mmsim_highmem *h = mem->highmem;
	unsigned int i;

	if (!h)
		return;
	for (i = 0; h->idle < MMSIM_KMAP_SLOTS && i < MMSIM_KMAP_SLOTS; i++)
		if (h->slot[i].users)
			pr_warn("still mapped with kmap(): pfn %#lx, %u times\n",
				mmsim_memory_pfn(mem, h->slot[i].page), h->slot[i].users);
	mmsim_window_destroy(&h->window);
}

static __printf(3, 4) int broken(char *what, size_t size, const char *fmt, ...)
{
	va_list args;
	int n = scnprintf(what, size, "page floor: HighMem: ");

	va_start(args, fmt);
	vscnprintf(what + n, size - n, fmt, args);
	va_end(args);
	return -EUCLEAN;
}

/* Each slot against the page that it says it holds; counts those that hold one. */
static int check_slots(struct mmsim_memory *mem, unsigned int *mapped, char *what, size_t size)
{
	struct mmsim_highmem *h = mem->highmem;
	unsigned int i, idle = 0;

	for (i = 0; i < MMSIM_KMAP_SLOTS; i++) {
		struct mmsim_page *page = h->slot[i].page;
		void *addr = h->window.addr ? mmsim_window_addr(&h->window, i) : NULL;

		idle += !h->slot[i].users;
		if (!page && h->slot[i].users)
			return broken(what, size, "slot %u has %u users and no page", i, h->slot[i].users);
		if (!page)
			continue;
		if (!mmsim_memory_has(mem, page) || !page_is_high(page))
			return broken(what, size, "slot %u holds what is no page of the zone", i);
		if (page->virtual != (addr ? addr : mmsim_memory_vaddr(mem, page)))
			return broken(what, size, "pfn %#lx is in slot %u and has not its address",
				      mmsim_memory_pfn(mem, page), i);
		++*mapped;
	}
	if (idle != h->idle)
		return broken(what, size, "%u slots have no users, counted are %u", idle, h->idle);
	return 0;
}

/**
 * mmsim_highmem_check() - check that the slots and the pages agree on who is mapped where
 * @mem: the page floor; it may be in use
 * @what: where the name of the first broken invariant goes
 * @size: bytes at @what
 *
 * Context: process context, may sleep.
 * Return: 0, or -EUCLEAN with @what filled in.
 */
int mmsim_highmem_check(struct mmsim_memory *mem, char *what, size_t size)
{
	struct mmsim_highmem *h = mem->highmem;
	unsigned int mapped = 0, seen = 0;
	unsigned long i;
	int err;

	if (!h)
		return 0;
	mutex_lock(&h->lock);
	err = check_slots(mem, &mapped, what, size);
	for (i = 0; !err && i < mem->nr_pages; i++)
		seen += page_is_high(&mem->map[i]) && mem->map[i].virtual;
	if (!err && seen != mapped)
		err = broken(what, size, "%u pages have an address, %u slots hold one", seen, mapped);
	mutex_unlock(&h->lock);
	return err;
}
