// SPDX-License-Identifier: GPL-2.0
/*
 * A window of kernel addresses whose page table entries we write ourselves.
 *
 * No function that reserves kernel addresses or finds the kernel's page tables is exported to modules, but vmap_pfn()
 * is, and does both: the window is what vmap_pfn() gives for one frame as often as there are pages in the window. That
 * builds the page tables, too. lookup_address() then says where the entries are; we note the place of each table,
 * clear all entries, and from then on put in and take out frames with single stores. vunmap() at the end is content
 * with present entries, empty ones, and no table at all.
 *
 * vmap() does as well, and is taken on kernels that lack vmap_pfn(), though it refuses more pages than the host has,
 * where vmap_pfn() counts nothing. It is told that this is device memory, as vmap_pfn() says of itself: /proc/kcore
 * passes over that. Who reads any other area there is given, up to 6.1, each frame by its address in the host's direct
 * map, where a frame of a memmap= region isn't.
 *
 * A table's worth of pages can be mapped with one entry of the level above, instead of the one that points to the
 * table. That entry is found on the way from CR3 to the table, which all address spaces share below their top level;
 * the table itself stays, empty, and is linked again when the large mapping ends. Since a CPU may have remembered the
 * link, a flush is due after either change.
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
 * Entries are stored to directly. Under Xen a paravirtualised guest can't do that, so it has no windows.
 *
 * Only x86 has lookup_address(). Elsewhere, in User Mode Linux for one, there are no windows: mmsim_window_create()
 * says -EOPNOTSUPP, and its caller has to do without.
 */
#include "base/window.h"

#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>

#ifdef CONFIG_X86

#include <asm/pgalloc.h>
#include <asm/tlbflush.h>

static pte_t *entry(const struct mmsim_window *w, unsigned long i)
{
	unsigned long run;

	return mmsim_window_entries(w, i, &run);
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

/* The entry through which @addr's table is reached, on the way that this CPU takes just now. */
static pmd_t *find_link(unsigned long addr)
{
	pgd_t *pgd = pgd_offset_pgd(__va(read_cr3_pa()), addr);
	p4d_t *p4d = p4d_offset(pgd, addr);

	return pmd_offset(pud_offset(p4d, addr), addr);
}

/* Notes the entries that point to the tables; not where one doesn't lead to the table that lookup_address() found. */
static void find_links(struct mmsim_window *w)
{
	unsigned long at = (unsigned long)w->addr & PMD_MASK;
	unsigned long n, nr = DIV_ROUND_UP(w->first + w->nr_pages, PTRS_PER_PTE);
	bool all = true;

	if (!boot_cpu_has(X86_FEATURE_PSE))
		return;
	w->links = kvcalloc(nr, sizeof(*w->links), GFP_KERNEL);
	if (!w->links)
		return;
	preempt_disable();
	for (n = 0; n < nr; n++, at += PMD_SIZE) {
		w->links[n].entry = find_link(at);
		w->links[n].to_table = *w->links[n].entry;
		all &= pmd_page_vaddr(w->links[n].to_table) == (unsigned long)w->tables[n];
	}
	preempt_enable();
	if (all)
		return;
	kvfree(w->links);
	w->links = NULL;
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
	addr = vmap(pages, nr_pages, VM_MAP | VM_IOREMAP, PAGE_KERNEL_RO);
	kvfree(pages);
	return addr;
}

/*
 * For each page of a window the host has a page table entry, and vmap() or vmap_pfn() is given a word. A window that
 * takes more than a quarter of what the host has to spare would have processes killed before it failed.
 */
static bool host_can_spare(unsigned long nr_pages)
{
	unsigned long bytes = nr_pages * (sizeof(pte_t) + sizeof(unsigned long));

	return bytes >> PAGE_SHIFT <= max(si_mem_available(), 0L) / 4;
}

static void *reserve_addresses(unsigned long nr_pages)
{
	if (!host_can_spare(nr_pages))
		return NULL;
	if (IS_ENABLED(CONFIG_VMAP_PFN) && no_frame())
		return reserve_by_frame(nr_pages, no_frame());
	return reserve_by_page(nr_pages);
}

/**
 * mmsim_window_create() - get addresses, nothing behind them
 * @w: the window; its addr is NULL when there is none
 * @nr_pages: how many; more than the host has pages only where the kernel has vmap_pfn()
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
	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		return -EOPNOTSUPP;
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
	find_links(w);
	for (i = 0; i < nr_pages; i++)
		mmsim_window_clear(w, i);
	mmsim_window_flush();
	return 0;
}

/*
 * The kernel keeps page tables for the addresses' next user. Those are 0.2 % of a window, so they go back as it lets
 * them go for a 2 MB mapping of its own. Tables at the ends may be in use for other addresses, too.
 */
static void free_tables(struct mmsim_window *w)
{
	unsigned long n, first = DIV_ROUND_UP(w->first, PTRS_PER_PTE), end = (w->first + w->nr_pages) / PTRS_PER_PTE;

	if (!w->links || first >= end)
		return;
	for (n = first; n < end; n++)
		pmd_clear(w->links[n].entry);
	mmsim_window_flush();
	for (n = first; n < end; n++)
		pte_free_kernel(NULL, w->tables[n]);
}

/**
 * mmsim_window_destroy() - give the addresses back
 * @w: the window; nobody uses an address of it any more. Without addresses it is left alone
 *
 * Context: process context, may sleep.
 */
void mmsim_window_destroy(struct mmsim_window *w)
{
	free_tables(w);
	vunmap(w->addr);
	kvfree(w->links);
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
	mmsim_window_store(entry(w, i), pte_val(pfn_pte(pfn, prot)));
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
	mmsim_window_store(entry(w, i), 0);
}

/**
 * mmsim_window_set_huge() - put a block of frames behind a table's worth of addresses
 * @w: the window; mmsim_window_huge_ok()
 * @i: the first page of it; there is nothing behind any of them, and that has been flushed
 * @pfn: the first of MMSIM_WINDOW_HUGE_PAGES frames, a multiple of them
 * @prot: what may be done with them
 *
 * A flush is due before the addresses are used.
 *
 * Context: any; who else uses those pages of the window is the caller's business.
 */
void mmsim_window_set_huge(struct mmsim_window *w, unsigned long i, unsigned long pfn, pgprot_t prot)
{
	set_pmd(w->links[(i + w->first) / PTRS_PER_PTE].entry, pmd_mkhuge(pfn_pmd(pfn, prot)));
}

/**
 * mmsim_window_clear_huge() - leave nothing behind a table's worth of addresses
 * @w: the window
 * @i: as for mmsim_window_set_huge(); what was behind them stays readable until a flush
 *
 * Context: any; who else uses those pages of the window is the caller's business.
 */
void mmsim_window_clear_huge(struct mmsim_window *w, unsigned long i)
{
	struct mmsim_window_link *link = &w->links[(i + w->first) / PTRS_PER_PTE];

	set_pmd(link->entry, link->to_table);
}

/**
 * mmsim_window_frame() - which frame is behind an address
 * @w: the window
 * @i: which page of it
 *
 * Says what stands in the entries; a CPU may still remember what stood there before.
 *
 * Context: any.
 * Return: the frame's number, MMSIM_WINDOW_NONE where there is nothing.
 */
unsigned long mmsim_window_frame(const struct mmsim_window *w, unsigned long i)
{
	pte_t pte;

	if (w->links) {
		pmd_t pmd = READ_ONCE(*w->links[(i + w->first) / PTRS_PER_PTE].entry);

		if (pmd_leaf(pmd))
			return pmd_pfn(pmd) + (i + w->first) % PTRS_PER_PTE;
	}
	pte = READ_ONCE(*entry(w, i));
	return pte_present(pte) ? pte_pfn(pte) : MMSIM_WINDOW_NONE;
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
void mmsim_window_set_huge(struct mmsim_window *w, unsigned long i, unsigned long pfn, pgprot_t prot) { }
void mmsim_window_clear_huge(struct mmsim_window *w, unsigned long i) { }
unsigned long mmsim_window_frame(const struct mmsim_window *w, unsigned long i) { return MMSIM_WINDOW_NONE; }
void mmsim_window_flush(void) { }
void mmsim_window_flush_local(const struct mmsim_window *w, unsigned long i) { }

#endif /* CONFIG_X86 */
