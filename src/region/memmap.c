// SPDX-License-Identifier: GPL-2.0
/*
 * Source memmap: memory that `memmap=SIZE$BASE` on the kernel's command line kept from the kernel at boot. The kernel
 * knows it as reserved, has no use for it, and can't say whether it is memory: base= is the user's word, and a wrong
 * one would overwrite a device's or the firmware's memory. So, before the first write:
 *	1. no byte of the range may be System RAM, which the kernel uses, and every one must lie in a Reserved resource;
 *	2. no page may be one that the host's page array has in use;
 *	3. on x86 the firmware's own map, from before memmap= was applied, must call it RAM: it is neither the
 *	   firmware's nor a device's;
 *	4. it must not be claimed in /proc/iomem, which mmsim does while it has it.
 * Then each page gets a word at both ends made from its own address, and all are read back afterwards: where there is
 * no memory the words are gone, and where two addresses are the same memory one of the two is wrong.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "region/region.h"

#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>

#define MEMMAP_PROGRESS	(2 * HZ)	/* a line in the log so often */

/* The self-test's two words for the page at @addr: no other page's. */
static u64 memmap_word(phys_addr_t addr, bool tail)
{
	return hash_64(addr + tail, 64);
}

static int memmap_pause(phys_addr_t done, u64 size, const char *verb, unsigned long *next_line)
{
	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;
	if (time_after_eq(jiffies, *next_line)) {
		*next_line = jiffies + MEMMAP_PROGRESS;
		pr_info("memmap: self-test: %llu MB of %llu MB %s\n", (u64)done / SZ_1M, size / SZ_1M, verb);
	}
	return 0;
}

/**
 * mmsim_memmap_write() - The self-test's first half: marks each page.
 * @vaddr: Where the memory is mapped.
 * @base: Its physical address.
 * @size: Bytes.
 * @next_line: When in jiffies the log is to say how far it is.
 *
 * Process context; may sleep.
 *
 * Return: 0, -EINTR after a fatal signal.
 */
int mmsim_memmap_write(void *vaddr, phys_addr_t base, u64 size, unsigned long *next_line)
{
	phys_addr_t done;
	u64 *page;
	int ret;

	for (done = 0; done < size; done += PAGE_SIZE) {
		if (IS_ALIGNED(done, MMSIM_REGION_ALIGN)) {
			ret = memmap_pause(done, size, "written", next_line);
			if (ret)
				return ret;
		}
		page = vaddr + done;
		WRITE_ONCE(page[0], memmap_word(base + done, false));
		WRITE_ONCE(page[PAGE_SIZE / sizeof(*page) - 1], memmap_word(base + done, true));
	}
	return 0;
}

/**
 * mmsim_memmap_read() - The self-test's second half: looks for the marks.
 * @vaddr: As for mmsim_memmap_write().
 * @base: As for mmsim_memmap_write().
 * @size: As for mmsim_memmap_write().
 * @next_line: As for mmsim_memmap_write().
 * @bad: Gets the physical address of the first page that does not hold what was written.
 *
 * Process context; may sleep.
 *
 * Return: 0, -EIO when there is such a page, -EINTR after a fatal signal.
 */
int mmsim_memmap_read(void *vaddr, phys_addr_t base, u64 size, unsigned long *next_line, phys_addr_t *bad)
{
	phys_addr_t done;
	u64 *page;
	int ret;

	for (done = 0; done < size; done += PAGE_SIZE) {
		if (IS_ALIGNED(done, MMSIM_REGION_ALIGN)) {
			ret = memmap_pause(done, size, "read back", next_line);
			if (ret)
				return ret;
		}
		page = vaddr + done;
		*bad = base + done;
		if (READ_ONCE(page[0]) != memmap_word(base + done, false) ||
		    READ_ONCE(page[PAGE_SIZE / sizeof(*page) - 1]) != memmap_word(base + done, true))
			return -EIO;
	}
	return 0;
}

#ifdef CONFIG_HAS_IOMEM

#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/mmzone.h>

#ifdef CONFIG_X86
#include <asm/e820/api.h>

/* Whether each granule has RAM, and nothing that is named otherwise: in a gap the self-test finds no memory. */
static bool memmap_firmware_ram(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t addr;

	for (addr = start; addr < end; addr += MMSIM_REGION_ALIGN)
		if (!e820__mapped_raw_any(addr, addr + MMSIM_REGION_ALIGN, E820_TYPE_RAM))
			return false;
	return !e820__mapped_raw_any(start, end, E820_TYPE_RESERVED) &&
	       !e820__mapped_raw_any(start, end, E820_TYPE_ACPI) && !e820__mapped_raw_any(start, end, E820_TYPE_NVS) &&
	       !e820__mapped_raw_any(start, end, E820_TYPE_UNUSABLE) &&
	       !e820__mapped_raw_any(start, end, E820_TYPE_PMEM);
}
#else
static bool memmap_firmware_ram(phys_addr_t start, phys_addr_t end)
{
	return true;
}
#endif

#define MEMMAP_CLAIM	"mmsim"		/* in /proc/iomem */

/* Moves *@next, up to which all is reserved, past this entry; the walk is in ascending order. */
static int memmap_reserved_entry(struct resource *res, void *next)
{
	phys_addr_t *pos = next;

	if (res->start > *pos)
		return 1;
	*pos = max_t(phys_addr_t, *pos, res->end + 1);
	return 0;
}

/* Whether every byte of the range lies in a Reserved resource. */
static bool memmap_all_reserved(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t next = start;

	if (region_intersects(start, end - start, IORESOURCE_MEM, IORES_DESC_RESERVED) != REGION_INTERSECTS)
		return false;
	walk_iomem_res_desc(IORES_DESC_RESERVED, IORESOURCE_MEM, start, end - 1, &next, memmap_reserved_entry);
	return next >= end;
}

/* Whether the host's page array has a page of the range in use: with a part of a section reserved it has entries. */
static bool memmap_host_uses(phys_addr_t start, phys_addr_t end)
{
	unsigned long pfn;
	struct page *page;

	for (pfn = PHYS_PFN(start); pfn < PHYS_PFN(end); pfn++) {
		if (pfn % MMSIM_GRANULE_PAGES == 0)
			cond_resched();
		page = pfn_to_online_page(pfn);
		if (page && !PageReserved(page))
			return true;
	}
	return false;
}

static int memmap_check_base(const struct mmsim_region_params *p, bool quiet)
{
	phys_addr_t start = p->base, end = p->base + p->size;
	struct mmsim_size_text size = mmsim_size_text(p->size);

	if (!start)
		mmsim_region_err(p, quiet, "source=memmap: base= is missing; boot with memmap=%s$BASE and give base=BASE",
				 size.s);
	else if (!IS_ALIGNED(start, MMSIM_REGION_ALIGN))
		mmsim_region_err(p, quiet, "base=%pa: not a multiple of 4M; move it, in memmap= and in base=", &start);
	else if (end < start || end - 1 > iomem_resource.end)
		mmsim_region_err(p, quiet, "base=%pa: the region would end above all addresses; take a lower one",
				 &start);
	else if (region_intersects(start, p->size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) != REGION_DISJOINT)
		mmsim_region_err(p, quiet, "base=%pa: the kernel uses it as System RAM; boot with memmap=%s$%pa first",
				 &start, size.s, &start);
	else if (!memmap_all_reserved(start, end))
		mmsim_region_err(p, quiet, "base=%pa: not all of it is Reserved in /proc/iomem; take a range that is",
				 &start);
	else if (!memmap_firmware_ram(start, end))
		mmsim_region_err(p, quiet, "base=%pa: the firmware reserved it, not memmap=; take what was System RAM without memmap=",
				 &start);
	else if (memmap_host_uses(start, end))
		mmsim_region_err(p, quiet, "base=%pa: the kernel has pages of it in use; boot with memmap=%s$%pa first",
				 &start, size.s, &start);
	else
		return 0;
	return -EINVAL;
}

static int memmap_self_test(void *vaddr, const struct mmsim_region_params *p, bool quiet)
{
	unsigned long next_line = jiffies + MEMMAP_PROGRESS;
	phys_addr_t bad;
	int ret;

	ret = mmsim_memmap_write(vaddr, p->base, p->size, &next_line);
	if (!ret)
		ret = mmsim_memmap_read(vaddr, p->base, p->size, &next_line, &bad);
	if (ret == -EIO)
		mmsim_region_err(p, quiet, "base=%pa: what was written at %pa is not there: no memory, or memory with two addresses; take a range inside the machine's RAM",
				 &p->base, &bad);
	else if (ret)
		mmsim_region_err(p, quiet, "base=%pa: interrupted by a fatal signal", &p->base);
	return ret;
}

static int memmap_map(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	int ret;

	r->cookie = memremap(p->base, p->size, MEMREMAP_WB);
	if (!r->cookie) {
		mmsim_region_err(p, quiet, "base=%pa: memremap() has no addresses for it; ask for less", &p->base);
		return -ENOMEM;
	}
	ret = memmap_self_test(r->cookie, p, quiet);
	if (ret) {
		memunmap(r->cookie);
		r->cookie = NULL;
	}
	return ret;
}

static int memmap_take(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	int ret = memmap_check_base(p, quiet);

	if (ret)
		return ret;
	r->nr_tries++;
	if (!request_mem_region(p->base, p->size, MEMMAP_CLAIM)) {
		mmsim_region_err(p, quiet, "base=%pa: somebody has claimed a part of it, see /proc/iomem; take another range",
				 &p->base);
		return -EBUSY;
	}
	ret = memmap_map(r, p, quiet);
	if (ret) {
		release_mem_region(p->base, p->size);
		return ret;
	}
	r->nr_slices++;
	r->start_pfn = PHYS_PFN(p->base);
	r->vaddr = r->cookie;
	return 0;
}

static void memmap_release(struct mmsim_region *r)
{
	memunmap(r->cookie);
	release_mem_region(PFN_PHYS(r->start_pfn), PFN_PHYS(r->nr_pages));
}

#else /* !CONFIG_HAS_IOMEM */

static int memmap_take(struct mmsim_region *r, const struct mmsim_region_params *p, bool quiet)
{
	mmsim_region_err(p, quiet, "source=memmap: this kernel has no CONFIG_HAS_IOMEM; take another source");
	return -EOPNOTSUPP;
}

static void memmap_release(struct mmsim_region *r) { }

#endif /* CONFIG_HAS_IOMEM */

const struct mmsim_region_ops mmsim_region_memmap = {
	.source	= MMSIM_SOURCE_MEMMAP,
	.take	= memmap_take,
	.release = memmap_release,
};
