// SPDX-License-Identifier: GPL-2.0
/*
 * A window of kernel addresses whose page table entries we write ourselves.
 *
 * No function that reserves kernel addresses or finds the kernel's page tables is exported to modules, but vmap_pfn()
 * is, and does both: the window is what vmap_pfn() gives for one frame as often as there are pages in the window. That
 * builds the page tables, too. lookup_address() then says where the entries are; we note the place of each table,
 * clear all entries, and from then on put in and take out frames with single stores. vunmap() at the end finds present
 * entries and empty ones, and is content with both.
 *
 * vmap() would do as well, and does on kernels that lack vmap_pfn(). But its areas are shown in /proc/kcore, and up to
 * 6.1 who reads there is given each frame by its address in the host's direct map, where a frame of a memmap= region
 * isn't. An area of vmap_pfn() is passed over, as device memory.
 *
 * A CPU may go on using an entry that it has seen until its TLB is told: whoever clears an entry has it flushed before
 * the address is used for another frame, and before the frame is used for something else.
 *
 *	mmsim_window_flush()		on every CPU, all addresses: one for many entries
 *	mmsim_window_flush_local()	on this CPU, one address: for entries that no other CPU uses
 *
 * With page table isolation kernel translations are kept by address space, and an INVLPG reaches those of the current
 * one alone. So an entry that one CPU uses for itself is flushed when it is set, too, and its user is not preempted:
 * the address space stays the same until it is cleared.
 *
 * Only x86 has lookup_address(). Elsewhere, in User Mode Linux for one, there are no windows: mmsim_window_create()
 * says -EOPNOTSUPP, and its caller has to do without.
 */
#include "base/window.h"

#include <linux/smp.h>
#include <linux/vmalloc.h>

#ifdef CONFIG_X86

#include <asm/tlbflush.h>

static pte_t *entry(const struct mmsim_window *w, unsigned long i)
{
	i += w->first;
	return &w->tables[i / PTRS_PER_PTE][i % PTRS_PER_PTE];
}

/* Notes where the tables are. Fails where vmap() has mapped with something larger than single pages. */
static int find_tables(struct mmsim_window *w)
{
	unsigned long start = (unsigned long)w->addr, end = start + (w->nr_pages << PAGE_SHIFT);
	unsigned long at = start & PMD_MASK;
	unsigned int level, n = 0;

	for (; at < end; at += PMD_SIZE) {
		pte_t *pte = lookup_address(max(at, start), &level);

		if (!pte || level != PG_LEVEL_4K)
			return -EINVAL;
		w->tables[n++] = PTR_ALIGN_DOWN(pte, PAGE_SIZE);
	}
	return 0;
}

/* A frame number that can stand in an entry, and stands for nothing; 0 on a machine that has them all. */
static unsigned long no_frame(void)
{
	unsigned long pfn = BIT(boot_cpu_data.x86_phys_bits - PAGE_SHIFT) - 1;

	return pfn_valid(pfn) ? 0 : pfn;
}

/* Uncached, so that no CPU reads there ahead of time. */
static void *reserve_by_frame(unsigned long nr_pages, unsigned long pfn)
{
	unsigned long *pfns = kvmalloc_array(nr_pages, sizeof(*pfns), GFP_KERNEL);
	unsigned long i;
	void *addr;

	if (!pfns)
		return NULL;
	for (i = 0; i < nr_pages; i++)
		pfns[i] = pfn;
	addr = vmap_pfn(pfns, nr_pages, pgprot_noncached(PAGE_KERNEL_RO));
	kvfree(pfns);
	return addr;
}

static void *reserve_by_page(unsigned long nr_pages)
{
	struct page **pages = kvmalloc_array(nr_pages, sizeof(*pages), GFP_KERNEL);
	unsigned long i;
	void *addr;

	if (!pages)
		return NULL;
	for (i = 0; i < nr_pages; i++)
		pages[i] = ZERO_PAGE(0);
	addr = vmap(pages, nr_pages, VM_MAP, PAGE_KERNEL_RO);
	kvfree(pages);
	return addr;
}

static void *reserve_addresses(unsigned long nr_pages)
{
	if (IS_ENABLED(CONFIG_VMAP_PFN) && no_frame())
		return reserve_by_frame(nr_pages, no_frame());
	return reserve_by_page(nr_pages);
}

/**
 * mmsim_window_create() - get addresses, nothing behind them
 * @w: the window; its addr is NULL when there is none
 * @nr_pages: how many, not more than the host has pages
 *
 * Context: process context, may sleep.
 * Return: 0; -ENOMEM when the host has no such range of addresses or no memory for its tables, -EOPNOTSUPP where the
 * entries can't be reached.
 */
int mmsim_window_create(struct mmsim_window *w, unsigned long nr_pages)
{
	unsigned long i;
	int err = -ENOMEM;

	*w = (struct mmsim_window){ .nr_pages = nr_pages };
	w->addr = reserve_addresses(nr_pages);
	if (!w->addr)
		return -ENOMEM;
	w->first = ((unsigned long)w->addr >> PAGE_SHIFT) % PTRS_PER_PTE;
	w->tables = kvcalloc(DIV_ROUND_UP(w->first + nr_pages, PTRS_PER_PTE), sizeof(*w->tables), GFP_KERNEL);
	if (w->tables)
		err = find_tables(w);
	if (err) {
		mmsim_window_destroy(w);
		return err == -ENOMEM ? err : -EOPNOTSUPP;
	}
	for (i = 0; i < nr_pages; i++)
		mmsim_window_clear(w, i);
	mmsim_window_flush();
	return 0;
}

/**
 * mmsim_window_destroy() - give the addresses back
 * @w: the window; nobody uses an address of it any more. Without addresses it is left alone
 *
 * Context: process context, may sleep.
 */
void mmsim_window_destroy(struct mmsim_window *w)
{
	vunmap(w->addr);
	kvfree(w->tables);
	*w = (struct mmsim_window){};
}

/**
 * mmsim_window_set() - put a frame behind an address
 * @w: the window
 * @i: which page of it; there is nothing behind it, and that has been flushed
 * @pfn: the frame
 * @prot: what may be done with it
 *
 * Context: any; who else uses that page of the window is the caller's business.
 */
void mmsim_window_set(struct mmsim_window *w, unsigned long i, unsigned long pfn, pgprot_t prot)
{
	set_pte(entry(w, i), pfn_pte(pfn, prot));
}

/**
 * mmsim_window_clear() - leave nothing behind an address
 * @w: the window
 * @i: which page of it; what was behind it stays readable until a flush
 *
 * Context: any; who else uses that page of the window is the caller's business.
 */
void mmsim_window_clear(struct mmsim_window *w, unsigned long i)
{
	set_pte(entry(w, i), __pte(0));
}

static void flush_here(void *unused)
{
	__flush_tlb_all();
}

/**
 * mmsim_window_flush() - have every CPU forget what was behind any address
 *
 * Context: process context, interrupts on.
 */
void mmsim_window_flush(void)
{
	on_each_cpu(flush_here, NULL, true);
}

/**
 * mmsim_window_flush_local() - have this CPU forget what was behind an address
 * @w: the window
 * @i: which page of it
 *
 * Context: any, preemption off.
 */
void mmsim_window_flush_local(const struct mmsim_window *w, unsigned long i)
{
	asm volatile("invlpg (%0)" : : "r" (mmsim_window_addr(w, i)) : "memory");
}

#else /* !CONFIG_X86 */

int mmsim_window_create(struct mmsim_window *w, unsigned long nr_pages)
{
	*w = (struct mmsim_window){};
	return -EOPNOTSUPP;
}

void mmsim_window_destroy(struct mmsim_window *w) { }
void mmsim_window_set(struct mmsim_window *w, unsigned long i, unsigned long pfn, pgprot_t prot) { }
void mmsim_window_clear(struct mmsim_window *w, unsigned long i) { }
void mmsim_window_flush(void) { }
void mmsim_window_flush_local(const struct mmsim_window *w, unsigned long i) { }

#endif /* CONFIG_X86 */
