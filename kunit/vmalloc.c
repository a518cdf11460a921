// SPDX-License-Identifier: GPL-2.0
/* What the vmalloc floor's suites share; see vmalloc.h. */
#include "vmalloc.h"

#include <linux/string.h>
#include <linux/uaccess.h>

static const enum mmsim_vmalloc_mode modes[] = { MMSIM_VMALLOC_WINDOW, MMSIM_VMALLOC_VMAP };

/**
 * mmsim_vmalloc_modes_gen() - The parameters of KUNIT_CASE_PARAM(): the modes that map pages.
 * @prev: The one before, or NULL.
 * @desc: Where its name goes.
 *
 * Return: the next mode, or NULL.
 */
const void *mmsim_vmalloc_modes_gen(const void *prev, char *desc)
{
	const enum mmsim_vmalloc_mode *mode = prev ? (const enum mmsim_vmalloc_mode *)prev + 1 : modes;

	if (mode == modes + ARRAY_SIZE(modes))
		return NULL;
	strscpy(desc, mmsim_vmalloc_mode_names[*mode], KUNIT_PARAM_DESC_SIZE);
	return mode;
}

/**
 * mmsim_test_vmalloc() - An instance whose vmalloc floor has the mode that is the test's parameter.
 * @test: The test; it is skipped where that mode can't be had. Without a parameter it is the first that can.
 * @size: Bytes of the region.
 * @zones: Its layout.
 * @window: Bytes of the window; 0 for the default.
 *
 * Return: the instance, the live one until the test ends.
 */
struct mmsim *mmsim_test_vmalloc(struct kunit *test, u64 size, const char *zones, u64 window)
{
	const enum mmsim_vmalloc_mode *mode = test->param_value;
	const struct mmsim_vmalloc_params params = { .mode = mode ? *mode : MMSIM_VMALLOC_WINDOW, .size = window };
	struct mmsim *m = mmsim_test_vmalloc_instance(test, size, zones, &params);

	if (mode && m->vmalloc->mode != *mode)
		kunit_skip(test, "no %s to be had here", mmsim_vmalloc_mode_names[*mode]);
	return m;
}

/**
 * mmsim_vmalloc_snapshot() - What a floor has after a purge.
 * @m: The instance.
 * @snapshot: Filled in.
 */
void mmsim_vmalloc_snapshot(struct mmsim *m, struct mmsim_vmalloc_snapshot *snapshot)
{
	struct mmsim_vmalloc *vm = m->vmalloc;
	struct mmsim_kmem_cache *s;
	struct mmsim_zone *zone;
	int kind;

	mmsim_vmalloc_purge(vm);
	list_for_each_entry(s, &m->slabs->caches, list)
		mmsim_cache_shrink(s);
	mmsim_pcp_drain_all(m->memory);
	*snapshot = (struct mmsim_vmalloc_snapshot) {
		.nr_areas = vm->nr_areas, .free_bytes = vm->space.free,
		.nr_frames = atomic_long_read(&vm->nr_frames), .nr_failed = atomic_long_read(&vm->nr_failed),
	};
	mmsim_for_each_zone(m->memory, zone)
		snapshot->free_pages += zone->free_pages;
	for (kind = 0; kind < MMSIM_NR_VMALLOC_BAD; kind++)
		snapshot->bad[kind] = atomic_long_read(&vm->bad[kind]);
}

/**
 * mmsim_vmalloc_expect_since() - Expects a floor to be as it was, but for some misuses of one kind.
 * @test: The test.
 * @m: The instance.
 * @before: Its snapshot of then.
 * @bad: The kind of misuse that was counted; any, if there were none.
 * @times: How many times.
 */
void mmsim_vmalloc_expect_since(struct kunit *test, struct mmsim *m, const struct mmsim_vmalloc_snapshot *before,
				int bad, long times)
{
	struct mmsim_vmalloc_snapshot now;
	int kind;

	mmsim_vmalloc_snapshot(m, &now);
	KUNIT_EXPECT_EQ(test, now.free_pages, before->free_pages);
	KUNIT_EXPECT_EQ(test, now.nr_areas, before->nr_areas);
	KUNIT_EXPECT_EQ(test, now.free_bytes, before->free_bytes);
	KUNIT_EXPECT_EQ(test, now.nr_frames, before->nr_frames);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->vmalloc->lazy_pages), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->vmalloc->lazy_frames), 0);
	for (kind = 0; kind < MMSIM_NR_VMALLOC_BAD; kind++)
		KUNIT_EXPECT_EQ_MSG(test, now.bad[kind] - before->bad[kind], kind == bad ? times : 0, "misuses %s",
				    mmsim_vmalloc_bad_names[kind]);
	mmsim_test_check(test, m);
}

/**
 * mmsim_faults() - Whether nothing is behind an address.
 * @addr: The address.
 *
 * User Mode Linux panics when a kernel thread faults; there only its page tables are looked at.
 */
bool mmsim_faults(const void *addr)
{
	u8 byte;

	if (IS_ENABLED(CONFIG_UML))
		return !vmalloc_to_page(addr);
	return copy_from_kernel_nofault(&byte, addr, sizeof(byte)) == -EFAULT;
}

/**
 * mmsim_fill() - Writes to the first and the last word of each page what only this caller would.
 * @addr: The memory.
 * @size: Bytes, whole words.
 * @stamp: The caller's.
 */
void mmsim_fill(void *addr, unsigned long size, u64 stamp)
{
	unsigned long at;

	for (at = 0; at < size; at += PAGE_SIZE) {
		unsigned long last = min(size - at, PAGE_SIZE) - sizeof(u64);

		*(u64 *)(addr + at) = stamp + at;
		*(u64 *)(addr + at + last) = stamp + at + last;
	}
}

/**
 * mmsim_wrong() - How many of the words that mmsim_fill() wrote are not there.
 * @addr: The memory.
 * @size: Bytes, not more than then.
 * @stamp: As then.
 */
unsigned long mmsim_wrong(const void *addr, unsigned long size, u64 stamp)
{
	unsigned long at, wrong = 0;

	for (at = 0; at < size; at += PAGE_SIZE) {
		unsigned long last = min(size - at, PAGE_SIZE) - sizeof(u64);

		wrong += *(u64 *)(addr + at) != stamp + at;
		wrong += last && *(u64 *)(addr + at + last) != stamp + at + last;
	}
	return wrong;
}
