/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the benchmark's parts share: bench.c measures rows, bench_rows.c says what the rows are, bench_state.c brings
 * the buddy lists of both sides into the same state.
 *
 * Words used here
 *	side		the host's allocator, or mmsim's
 *	operation	one allocation and the free of what it gave
 *	shape		how operations follow each other: a pair at a time, or a batch held before the first is freed
 *	round		a shape, once: one pair, or one batch
 *	row		an operation, its order or size, and its shape: a line of the table
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
	unsigned int order;	/* of pages */
	size_t size;		/* of an object, bytes */
	unsigned int batch;	/* operations a round; 0 is a pair */
	void **held;		/* room for a batch */
};

/* Runs so many rounds. False when an allocation failed; nothing is held then. */
typedef bool (*mmsim_bench_fn)(const struct mmsim_bench_args *args, unsigned long rounds);

struct mmsim_bench_op {
	mmsim_bench_fn pair[MMSIM_BENCH_NR_SIDES];
	mmsim_bench_fn batch[MMSIM_BENCH_NR_SIDES];
	/* Once, for set-up. */
	void *(*alloc[MMSIM_BENCH_NR_SIDES])(const struct mmsim_bench_args *args);
	void (*free[MMSIM_BENCH_NR_SIDES])(const struct mmsim_bench_args *args, void *p);
	/* Where what was allocated lies; for rows that ask for a state. */
	phys_addr_t (*phys[MMSIM_BENCH_NR_SIDES])(void *p);
};

/* The buddy lists, or the addresses, that the row's pairs meet; see bench_state.c. */
enum mmsim_bench_state {
	MMSIM_BENCH_ANY,	/* as they are */
	MMSIM_BENCH_SPLIT,	/* nothing below the largest block: each pair splits and merges one */
	MMSIM_BENCH_FLAT,	/* a block of the row's order that can't be merged */
	MMSIM_BENCH_AREAS_100,		/* vmalloc: so many areas in use, and a hole behind each */
	MMSIM_BENCH_AREAS_100000,
};

/* Blocks kept from one side's allocator to hold its lists in a state. */
#define MMSIM_BENCH_MAX_KEPT	100000
struct mmsim_bench_kept {
	const struct mmsim_bench_op *op;
	enum mmsim_bench_side side;
	unsigned int nr;
	void **block;		/* room for MMSIM_BENCH_MAX_KEPT */
};

/*
 * A is measured against B. In most rows A is the host and B mmsim; a row with one side twice shows how far two
 * measurements of the same thing lie apart.
 */
struct mmsim_bench_row {
	const char *name;
	const struct mmsim_bench_op *op;
	unsigned int order;
	size_t size;
	unsigned int batch;
	unsigned long rounds;	/* a slice, where what comes once in many rounds is to be in each; 0: calibrated */
	enum mmsim_bench_side a, b;
	enum mmsim_bench_state state;
};

extern const struct mmsim_bench_row mmsim_bench_rows[];
extern const unsigned int mmsim_bench_nr_rows;

/* The caches that the rows about objects use, on both sides. */
int mmsim_bench_make_caches(void);
void mmsim_bench_drop_caches(void);

/* Pages that the rows about mappings map, on both sides, and such a mapping of one of them. */
#define MMSIM_BENCH_MAPPED	16
int mmsim_bench_get_pages(void);
void mmsim_bench_put_pages(void);
extern const struct mmsim_bench_op mmsim_bench_area_op;

bool mmsim_bench_prepare(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args, enum mmsim_bench_state state);
void mmsim_bench_release(struct mmsim_bench_kept *k, const struct mmsim_bench_args *args);

#endif /* MMSIM_BENCH_H */
