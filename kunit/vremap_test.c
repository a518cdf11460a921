// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite "vremap": areas that a process sees, with regions of each source that a test can have. The process is the
 * test's thread, with an address space of its own; it maps a file whose mmap() is remap_vmalloc_range().
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "vmalloc.h"

#define SIZE	(5 * PAGE_SIZE)
#define STAMP	0x5ee0000000000000ULL

struct remap_case {
	enum mmsim_source source;
	enum mmsim_vmalloc_mode mode;
};

static const struct remap_case remap_cases[] = {
	{ MMSIM_SOURCE_CONTIG, MMSIM_VMALLOC_WINDOW },	{ MMSIM_SOURCE_CONTIG, MMSIM_VMALLOC_VMAP },
	{ MMSIM_SOURCE_CMA, MMSIM_VMALLOC_WINDOW },	{ MMSIM_SOURCE_CMA, MMSIM_VMALLOC_VMAP },
	{ MMSIM_SOURCE_PAGES, MMSIM_VMALLOC_WINDOW },	{ MMSIM_SOURCE_PAGES, MMSIM_VMALLOC_VMAP },
};

static void describe_case(const struct remap_case *c, char *desc)
{
	scnprintf(desc, KUNIT_PARAM_DESC_SIZE, "source=%s %s", mmsim_source_names[c->source],
		  mmsim_vmalloc_mode_names[c->mode]);
}

KUNIT_ARRAY_PARAM(remap, remap_cases, describe_case);

static struct mmsim *instance(struct kunit *test)
{
	const struct remap_case *c = test->param_value;
	const struct mmsim_vmalloc_params params = { .mode = c->mode, .size = SZ_16M };
	struct mmsim *m = mmsim_test_vmalloc_instance_from(test, c->source, SZ_4M, "Normal", &params);

	if (m->vmalloc->mode != c->mode)
		kunit_skip(test, "no %s to be had here", mmsim_vmalloc_mode_names[c->mode]);
	return m;
}

static int show_area(struct file *file, struct vm_area_struct *vma)
{
	return mmsim_remap_vmalloc_range(vma, file->private_data, vma->vm_pgoff);
}

static const struct file_operations area_fops = {
	.owner = THIS_MODULE,
	.mmap = show_area,
};

/* Where the process sees @size bytes of an area from page @first on; a negative errno when it doesn't. */
static unsigned long see(struct kunit *test, void *area, unsigned long first, unsigned long size)
{
	struct file *file = anon_inode_getfile("[mmsim area]", &area_fops, area, O_RDWR);
	unsigned long at;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	at = kunit_vm_mmap(test, file, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, first << PAGE_SHIFT);
	fput(file);
	KUNIT_ASSERT_NE(test, at, 0UL);
	return at;
}

static void unsee(struct kunit *test, unsigned long at, unsigned long size)
{
	KUNIT_EXPECT_EQ(test, vm_munmap(at, size), 0);
}

/* How many of the words are not there that mmsim_fill() wrote with @stamp, as the process sees it. */
static unsigned long wrong_words(unsigned long at, unsigned long size, u64 stamp)
{
	unsigned long wrong = 0, i;
	u64 word;

	for (i = 0; i < size; i += PAGE_SIZE)
		wrong += get_user(word, (u64 __user *)(at + i)) || word != stamp + i;
	return wrong;
}

/* Both sides see what the other one writes. */
static void vremap_shared(struct kunit *test)
{
	struct mmsim *m = instance(test);
	u64 *area = mmsim_vmalloc_user(SIZE);
	struct mmsim_vmalloc_snapshot before;
	unsigned long all, part;

	KUNIT_ASSERT_NOT_NULL(test, area);
	mmsim_fill(area, SIZE, STAMP);
	mmsim_vmalloc_snapshot(m, &before);
	all = see(test, area, 0, SIZE);
	part = see(test, area, 2, 3 * PAGE_SIZE);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_VALUE(all) || IS_ERR_VALUE(part), "all %ld, part %ld", all, part);
	KUNIT_EXPECT_EQ(test, wrong_words(all, SIZE, STAMP), 0);
	KUNIT_EXPECT_EQ(test, wrong_words(part, 3 * PAGE_SIZE, STAMP + 2 * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, put_user(77, (u64 __user *)(all + 2 * PAGE_SIZE)), 0);
	KUNIT_EXPECT_EQ(test, area[2 * PAGE_SIZE / sizeof(u64)], 77);
	KUNIT_EXPECT_EQ(test, wrong_words(part, PAGE_SIZE, 77), 0);
	unsee(test, all, SIZE);
	unsee(test, part, 3 * PAGE_SIZE);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
	mmsim_vfree(area);
}

/* What is not to be seen, or not so much of it. */
static void vremap_refused(struct kunit *test)
{
	struct mmsim *m = instance(test);
	void *area = mmsim_vmalloc_user(SIZE), *private = mmsim_vmalloc(SIZE);
	struct mmsim_vmalloc_snapshot before;

	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_NOT_NULL(test, private);
	mmsim_vmalloc_snapshot(m, &before);
	KUNIT_EXPECT_EQ(test, see(test, area, 0, SIZE + PAGE_SIZE), -EINVAL);
	KUNIT_EXPECT_EQ(test, see(test, area, 1, SIZE), -EINVAL);
	KUNIT_EXPECT_EQ(test, see(test, area, 5, PAGE_SIZE), -EINVAL);
	KUNIT_EXPECT_EQ(test, see(test, area + PAGE_SIZE, 0, PAGE_SIZE), -EINVAL);
	KUNIT_EXPECT_EQ(test, see(test, private, 0, SIZE), -EINVAL);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
	mmsim_vfree(area);
	mmsim_vfree(private);
}

/* Freed while a process sees it, an area keeps its frames, and nothing else does; unmapped, it ends with a purge. */
static void vremap_freed(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc_snapshot before;
	struct mmsim_page *page;
	unsigned long at;
	void *area;

	if (!mmsim_region_counted(&m->region))
		kunit_skip(test, "the host does not count who uses a frame");
	mmsim_vmalloc_snapshot(m, &before);
	area = mmsim_vmalloc_user(SIZE);
	KUNIT_ASSERT_NOT_NULL(test, area);
	mmsim_fill(area, SIZE, STAMP);
	at = see(test, area, 0, SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	page = mmsim_vmalloc_to_page(area);
	mmsim_vfree(area);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->vmalloc->lazy_frames), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&m->vmalloc->seen_frames), SIZE >> PAGE_SHIFT);
	KUNIT_EXPECT_TRUE(test, mmsim_faults(area));
	KUNIT_EXPECT_EQ(test, wrong_words(at, SIZE, STAMP), 0);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 1);
	/* One page of five is enough to be seen. */
	unsee(test, at + PAGE_SIZE, SIZE - PAGE_SIZE);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_EQ(test, wrong_words(at, PAGE_SIZE, STAMP), 0);
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 1);
	mmsim_test_check(test, m);
	unsee(test, at, PAGE_SIZE);
	/* As the shrinker asks. */
	KUNIT_EXPECT_EQ(test, mmsim_vmalloc_lazy_frames(m->vmalloc), SIZE >> PAGE_SHIFT);
	mmsim_vm_unmap_aliases();
	KUNIT_EXPECT_EQ(test, mmsim_page_ref_count(page), 0);
	mmsim_vmalloc_expect_since(test, m, &before, -1, 0);
}

/* However many frames a process keeps: other areas are flushed as often as without them. */
static void vremap_flushes(struct kunit *test)
{
	struct mmsim *m = instance(test);
	struct mmsim_vmalloc *vm = m->vmalloc;
	unsigned long limit = mmsim_vmalloc_max_lazy_frames(vm), size = (limit + 1) << PAGE_SHIFT, before, at, i;
	void *area = mmsim_vmalloc_user(size);

	KUNIT_ASSERT_NOT_NULL(test, area);
	if (!mmsim_region_counted(&m->region)) {
		mmsim_vfree(area);
		kunit_skip(test, "the host does not count who uses a frame");
	}
	at = see(test, area, 0, size);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	mmsim_vfree(area);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vm->seen_frames), limit + 1);
	before = vm->stats.flushes;
	for (i = 0; i < 3 * limit; i++) {
		area = mmsim_vmalloc(PAGE_SIZE);
		KUNIT_ASSERT_NOT_NULL(test, area);
		mmsim_vfree(area);
	}
	KUNIT_EXPECT_EQ(test, vm->stats.flushes - before, 3);
	unsee(test, at, size);
}

static struct kunit_case vremap_cases[] = {
	KUNIT_CASE_PARAM(vremap_shared, remap_gen_params),
	KUNIT_CASE_PARAM(vremap_refused, remap_gen_params),
	KUNIT_CASE_PARAM(vremap_freed, remap_gen_params),
	KUNIT_CASE_PARAM(vremap_flushes, remap_gen_params),
	{}
};

/* Files go when a worker comes to it; with them goes a reference to the module. */
static void vremap_exit(struct kunit *test)
{
	flush_delayed_fput();
}

static struct kunit_suite vremap_suite = {
	.name = "vremap",
	.exit = vremap_exit,
	.test_cases = vremap_cases,
};

kunit_test_suite(vremap_suite);
