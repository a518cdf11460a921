// SPDX-License-Identifier: GPL-2.0
/*
 * mmsim_bench.ko: the host's allocator and mmsim's, side by side, in one load of one module. scripts/bench.sh runs it.
 *
 * An absolute time says nothing on a shared machine; the ratio of two operations measured in turn does. Each row (see
 * bench_rows.c) has two sides, A and B, and is measured like this:
 *
 *	1. calibrate: how many rounds of A take one slice of time; A and B run equally many from then on. Where a cost
 *	   comes once in so many rounds, the row says how many have it: the smallest slice must not be one without;
 *	2. so many blocks, each of four slices, A B B A: what drifts slowly (heat, a neighbour's load) hits both alike;
 *	3. the smallest slice of each side is its value: whatever disturbs a slice only ever adds to it. The median
 *	   is printed beside it and says how disturbed it was.
 *
 * gate=1 counts instructions. Under QEMU's icount a nanosecond of the guest is an instruction, and two runs give the
 * same numbers; a few blocks are enough, just to have slices that no timer interrupt falls into. The clock is
 * ktime_get_ns(). gate=2 counts cycles on a real CPU, natively or in User Mode Linux. The clock is the time stamp
 * counter; slices are short (80 us for A) and blocks many, so that some slice stays undisturbed.
 *
 * Printed to the log, a line a side (a row that can't be measured has one line, which says why):
 *	mmsim_bench: row=order0_pair side=host unit=ns value=846.00 median=846.00 n=473 blocks=16
 * value is a pair's, or an operation's of a batch; n is how many operations one slice had.
 *
 * Nothing is subtracted: the loop around the calls is in every value of both sides, and has rows of its own. Module
 * init returns 0 even when a row failed, for busybox' insmod would run a failing init again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "drive/bench.h"

static int gate = 1;
module_param(gate, int, 0444);
MODULE_PARM_DESC(gate, "1: instructions, for QEMU's icount; 2: cycles (default 1)");

static char *rows = "";
module_param(rows, charp, 0444);
MODULE_PARM_DESC(rows, "beginnings of the names of the rows to run, with commas between them (default: all rows)");

static unsigned int blocks;
module_param(blocks, uint, 0444);
MODULE_PARM_DESC(blocks, "blocks a row, of four slices each (default: 16 in gate 1, 200 in gate 2)");

static unsigned int slice_us;
module_param(slice_us, uint, 0444);
MODULE_PARM_DESC(slice_us, "microseconds a slice (default: 400 in gate 1, 80 in gate 2)");

/* The largest number of rounds that calibration may try. */
#define MAX_ROUNDS	1000000UL
#define MAX_BLOCKS	10000
#define MAX_LONG_BLOCKS	3U	/* of a row that says how many rounds its slices have: those take long */

/* One row being measured. */
struct run {
	const struct mmsim_bench_row *row;
	struct mmsim_bench_args args;
	mmsim_bench_fn fn[2];		/* of A and of B */
	unsigned long rounds;		/* a slice */
	unsigned int blocks;		/* of this row */
	u64 *slices[2];			/* what each slice of A and of B took, 2 * blocks of them */
	struct mmsim_bench_kept kept[2];
};

static const char *const side_names[] = { "host", "mmsim" };

static const char *clock_unit(void)
{
	return gate == 2 && IS_ENABLED(CONFIG_X86_64) ? "cycles" : "ns";
}

static u64 now(void)
{
#ifdef CONFIG_X86_64
	u32 low, high;

	if (gate == 2) {
		asm volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
		return (u64)high << 32 | low;
	}
#endif
	return ktime_get_ns();
}

static bool slice(const struct run *r, int which, u64 *took)
{
	u64 start = now();
	bool ok = r->fn[which](&r->args, r->rounds);

	*took = now() - start;
	return ok;
}

/* Finds how many rounds of A fill a slice; at least one, which may take longer. */
static bool calibrate(struct run *r)
{
	u64 want = (u64)slice_us * NSEC_PER_USEC, took;

	r->blocks = blocks;
	if (r->row->rounds) {
		r->blocks = min(blocks, MAX_LONG_BLOCKS);
		r->rounds = r->row->rounds;
		return true;
	}
	for (r->rounds = 1; ; r->rounds *= 2) {
		u64 start = ktime_get_ns();

		if (!r->fn[0](&r->args, r->rounds) || !r->fn[1](&r->args, 1))
			return false;
		took = ktime_get_ns() - start;
		if (took >= want / 2 || r->rounds >= MAX_ROUNDS)
			break;
	}
	r->rounds = clamp_t(u64, div64_u64(r->rounds * want, took ?: 1), 1, MAX_ROUNDS);
	return true;
}

/* A B B A, again and again. */
static bool measure(struct run *r)
{
	unsigned int i;

	for (i = 0; i < 2 * r->blocks; i += 2) {
		if (!slice(r, 0, &r->slices[0][i]) || !slice(r, 1, &r->slices[1][i]) ||
		    !slice(r, 1, &r->slices[1][i + 1]) || !slice(r, 0, &r->slices[0][i + 1]))
			return false;
		cond_resched();
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Two lines of one row differ in their side; where both sides are the same, they are `a' and `b'. */
static void print_side(const struct run *r, int which)
{
	const struct mmsim_bench_row *row = r->row;
	u64 ops = r->rounds * (row->batch ?: 1);
	const char *name = side_names[which ? row->b : row->a];
	u64 value, median;

	if (row->a == row->b)
		name = which ? "b" : "a";
	sort(r->slices[which], 2 * r->blocks, sizeof(u64), compare, NULL);
	value = div64_u64(r->slices[which][0] * 100 + ops / 2, ops);
	median = div64_u64(r->slices[which][r->blocks] * 100 + ops / 2, ops);
	pr_info("row=%s side=%s unit=%s value=%llu.%02llu median=%llu.%02llu n=%llu blocks=%u\n", row->name, name,
		clock_unit(), value / 100, value % 100, median / 100, median % 100, ops, r->blocks);
}

/*
 * Whether both sides can hold a batch, without a word in the log when they can't. The host is not pressed for more
 * than a quarter of its memory: reclaim would be measured then, not allocation.
 */
static bool fits(struct run *r)
{
	unsigned long pages = (unsigned long)(r->row->batch ?: 1) << r->row->order;
	bool ok;

	if (pages > totalram_pages() / 4)
		return false;
	r->args.gfp |= __GFP_NOWARN | __GFP_NORETRY;
	ok = r->fn[0](&r->args, 1) && r->fn[1](&r->args, 1);
	r->args.gfp &= ~(__GFP_NOWARN | __GFP_NORETRY);
	return ok;
}

static void measure_row(struct run *r)
{
	const struct mmsim_bench_row *row = r->row;
	int which;

	for (which = 0; which < 2; which++) {
		if (!mmsim_bench_prepare(&r->kept[which], &r->args, row->state)) {
			pr_info("row=%s skip=state\n", row->name);
			return;
		}
	}
	if (!calibrate(r) || !measure(r)) {
		pr_err("row=%s error=memory\n", row->name);
		return;
	}
	print_side(r, 0);
	print_side(r, 1);
}

static void run_row(struct run *r, const struct mmsim_bench_row *row)
{
	const mmsim_bench_fn *fn = row->batch ? row->op->batch : row->op->pair;
	int which;

	r->row = row;
	r->args.gfp = GFP_KERNEL;
	r->args.order = row->order;
	r->args.size = row->size;
	r->args.batch = row->batch;
	for (which = 0; which < 2; which++) {
		r->kept[which].op = row->op;
		r->kept[which].side = which ? row->b : row->a;
		r->fn[which] = fn[r->kept[which].side];
	}
	if (!fits(r)) {
		pr_info("row=%s skip=memory\n", row->name);
		return;
	}
	measure_row(r);
	for (which = 0; which < 2; which++)
		mmsim_bench_release(&r->kept[which], &r->args);
}

/* Whether one of the words of `rows' begins the name. */
static bool wanted(const char *name)
{
	const char *p = rows;

	if (!*p)
		return true;
	for (;;) {
		size_t n = strcspn(p, ",");

		if (n && !strncmp(name, p, n))
			return true;
		if (!p[n])
			return false;
		p += n + 1;
	}
}

static void run_all(struct run *r)
{
	unsigned int i;

	for (i = 0; i < mmsim_bench_nr_rows; i++)
		if (wanted(mmsim_bench_rows[i].name))
			run_row(r, &mmsim_bench_rows[i]);
}

static unsigned int largest_batch(void)
{
	unsigned int i, n = 1;

	for (i = 0; i < mmsim_bench_nr_rows; i++)
		n = max(n, mmsim_bench_rows[i].batch);
	return n;
}

static bool get_room(struct run *r)
{
	int which;
	bool ok;

	r->args.held = kvmalloc_array(largest_batch(), sizeof(void *), GFP_KERNEL);
	ok = r->args.held;
	for (which = 0; which < 2; which++) {
		r->slices[which] = kvmalloc_array(2 * blocks, sizeof(u64), GFP_KERNEL);
		r->kept[which].block = kvmalloc_array(MMSIM_BENCH_MAX_KEPT, sizeof(void *), GFP_KERNEL);
		ok = ok && r->slices[which] && r->kept[which].block;
	}
	return ok;
}

static void put_room(struct run *r)
{
	int which;

	for (which = 0; which < 2; which++) {
		kvfree(r->slices[which]);
		kvfree(r->kept[which].block);
	}
	kvfree(r->args.held);
}

static int __init bench_init(void)
{
	struct run r = {};

	if (gate != 1 && gate != 2) {
		pr_err("gate=%d: 1 (instructions) or 2 (cycles)\n", gate);
		return 0;
	}
	blocks = blocks ? min_t(unsigned int, blocks, MAX_BLOCKS) : gate == 1 ? 16 : 200;
	slice_us = slice_us ?: gate == 1 ? 400 : 80;
	if (mmsim_bench_make_caches()) {
		pr_err("no caches\n");
	} else if (!mmsim_bench_get_pages() && get_room(&r)) {
		pr_info("kernel=%s gate=%d cpus=%u blocks=%u slice_us=%u gfp=GFP_KERNEL\n", utsname()->release, gate,
			num_online_cpus(), blocks, slice_us);
		run_all(&r);
		pr_info("end\n");
	} else {
		pr_err("no memory for the samples, or no pages to map\n");
	}
	put_room(&r);
	mmsim_bench_put_pages();
	mmsim_bench_drop_caches();
	return 0;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
}
module_exit(bench_exit);

MODULE_DESCRIPTION("mmsim against the allocators of the kernel it runs in");
MODULE_LICENSE("GPL");
