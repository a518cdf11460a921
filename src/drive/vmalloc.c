// SPDX-License-Identifier: GPL-2.0
/*
 * vmalloc on command: what ctl does with it, through the exported functions. An area has a handle of ctl's, as a block
 * has, and is freed as one.
 *
 * To each page of an area a word is written, and read through another mapping of the page, unless it is to stay
 * zeroed: who asks from a shell has no other way to see that there is memory behind it.
 *
 * Lock: ctl's mutex, which the caller of each function here holds.
 */
#include <linux/instruction_pointer.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include <mmsim/highmem.h>
#include <mmsim/vmalloc.h>

#include "drive/ctl.h"
#include "mmsim.h"

struct request {
	unsigned long size;		/* bytes */
	unsigned int align;
	unsigned int count;
	bool huge;			/* in blocks of 2 MB, where there are some */
	gfp_t gfp;
};

static int parse_size(const char *word, unsigned long *size)
{
	u64 bytes;

	if (mmsim_size_parse(word, &bytes) || !bytes)
		return mmsim_ctl_fail(-EINVAL, "vmalloc: size '%.32s' is not a number of bytes, such as 5M", word);
	*size = bytes;
	return 0;
}

static int parse_huge(const char *word, bool *huge)
{
	if (strcmp(word, "yes") && strcmp(word, "no"))
		return mmsim_ctl_fail(-EINVAL, "vmalloc: huge '%.32s' is neither yes nor no", word);
	*huge = *word == 'y';
	return 0;
}

static int parse_request(char *args, struct request *r)
{
	char *word, *value;
	int err = 0;

	while (!err && (word = mmsim_ctl_word(&args))) {
		value = strchr(word, '=');
		if (!value)
			return mmsim_ctl_fail(-EINVAL, "vmalloc: '%.32s' is not size= or the like; see help", word);
		*value++ = '\0';
		if (!strcmp(word, "size"))
			err = parse_size(value, &r->size);
		else if (!strcmp(word, "align"))
			err = mmsim_ctl_number(word, value, 1, SZ_1G, &r->align);
		else if (!strcmp(word, "count"))
			err = mmsim_ctl_number(word, value, 1, MMSIM_CTL_HANDLES, &r->count);
		else if (!strcmp(word, "huge"))
			err = parse_huge(value, &r->huge);
		else if (!strcmp(word, "gfp"))
			err = mmsim_ctl_gfp(value, &r->gfp);
		else
			err = mmsim_ctl_fail(-EINVAL,
					     "vmalloc: no '%.32s='; it takes size=, align=, huge=, gfp= and count=",
					     word);
	}
	if (!err && !r->size)
		err = mmsim_ctl_fail(-EINVAL, "vmalloc: size= is wanted, such as size=5M");
	if (!err && r->huge && r->align > 1)
		err = mmsim_ctl_fail(-EINVAL, "vmalloc: huge=yes takes no align=; its areas begin at 2 MB anyway");
	return err;
}

/* Whether what is written to an area is in its pages. */
static bool is_memory(u8 *area, unsigned long size)
{
	unsigned long at;

	for (at = 0; at < size; at += PAGE_SIZE) {
		u64 *word = (u64 *)(area + at), *seen;
		bool same;

		*word = (unsigned long)word;
		seen = mmsim_kmap_local_page(mmsim_vmalloc_to_page(word));
		same = *seen == (unsigned long)word;
		mmsim_kunmap_local(seen);
		if (!same)
			return false;
		cond_resched();
	}
	return true;
}

static void *alloc_area(const struct request *r)
{
	if (r->huge)
		return mmsim_vmalloc_huge(r->size, r->gfp);
	return mmsim___vmalloc_node(r->size, r->align, r->gfp, NUMA_NO_NODE, (void *)_THIS_IP_);
}

/**
 * mmsim_ctl_vmalloc() - the command: allocate areas
 * @args: size= [align=] [huge=] [gfp=] [count=]
 *
 * Return: 0, or an error that has been printed; what could be allocated has handles.
 */
int mmsim_ctl_vmalloc(char *args)
{
	struct request r = { .align = 1, .count = 1, .gfp = GFP_KERNEL };
	unsigned int i;
	void *area;
	int err = parse_request(args, &r);

	for (i = 0; !err && i < r.count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		area = alloc_area(&r);
		if (!area)
			return mmsim_ctl_fail(-ENOMEM, "vmalloc: got %u of %u areas; the log says why", i, r.count);
		if (!(r.gfp & __GFP_ZERO) && !is_memory(area, r.size)) {
			mmsim_vfree(area);
			return mmsim_ctl_fail(-EIO, "vmalloc: what was written to an area is not in its pages");
		}
		err = mmsim_ctl_hold_area(area, r.size, r.gfp);
		cond_resched();
	}
	return err;
}

/**
 * mmsim_ctl_purge() - the command: have all CPUs forget what was freed, and use its pages and addresses again
 * @args: none
 *
 * Return: 0.
 */
int mmsim_ctl_purge(char *args)
{
	mmsim_vm_unmap_aliases();
	mmsim_ctl_say("purged");
	return 0;
}
