/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benchmark's two halves share: bench.c measures rows, bench_rows.c says what the rows are.
 *
 * Words used here
 *	side		the host's allocator, or mmsim's
 *	operation	one allocation and the free of what it gave
 *	shape		how operations follow each other: a pair at a time, or a batch held before the first is freed
 *	round		a shape, once: one pair, or one batch
 *	row		an operation, its size and its shape: a line of the table
 */
#ifndef MMSIM_BENCH_H
#define MMSIM_BENCH_H

#include <linux/gfp.h>
#include <linux/types.h>

enum mmsim_bench_side {
	MMSIM_BENCH_HOST,
	MMSIM_BENCH_MMSIM,
	MMSIM_BENCH_NR_SIDES
};

/* Read with READ_ONCE() at each call, so that neither side's call is specialised for a constant. */
struct mmsim_bench_args {
	gfp_t gfp;
	unsigned int order;
	unsigned int batch;	/* operations a round; 0 is a pair */
	void **held;		/* room for a batch */
};

/* Runs so many rounds. False when an allocation failed; nothing is held then. */
typedef bool (*mmsim_bench_fn)(const struct mmsim_bench_args *args, unsigned long rounds);

struct mmsim_bench_op {
	mmsim_bench_fn pair[MMSIM_BENCH_NR_SIDES];
	mmsim_bench_fn batch[MMSIM_BENCH_NR_SIDES];
};

/*
 * A is measured against B. In most rows A is the host and B mmsim; a row with one side twice shows how far two
 * measurements of the same thing lie apart.
 */
struct mmsim_bench_row {
	const char *name;
	const struct mmsim_bench_op *op;
	unsigned int order;
	unsigned int batch;
	enum mmsim_bench_side a, b;
};

extern const struct mmsim_bench_row mmsim_bench_rows[];
extern const unsigned int mmsim_bench_nr_rows;

#endif /* MMSIM_BENCH_H */
