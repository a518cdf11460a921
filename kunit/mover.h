/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An owner of movable pages. Each of its slots holds a page, full of words that follow from the slot's number; wherever
 * the page goes, the slot must find them again. It can be told to be difficult.
 */
#ifndef MMSIM_KUNIT_MOVER_H
#define MMSIM_KUNIT_MOVER_H

#include <kunit/test.h>
#include <linux/spinlock.h>

#include "fixture.h"

struct mmsim_mover {
	struct mmsim_memory *mem;
	unsigned long nr;		/* slots */
	struct mmsim_page **page;	/* of each slot; NULL when it is empty. lock */
	spinlock_t lock;		/* taken under the page lock */

	/* Set by the test. Of so many calls one fails; 0: none does. */
	unsigned int refuse_every;	/* isolate_page() returns false */
	unsigned int error_every;	/* migrate_page() returns error */
	int error;

	atomic_t isolated, migrated, putback;	/* calls that went well */
	atomic_t refused, failed;		/* calls that were made to fail */
	atomic_t faults;		/* calls against the rules, content lost. Zero, or the test fails */
};

struct mmsim_mover *mmsim_mover(struct kunit *test, struct mmsim_memory *mem, unsigned long nr);
struct mmsim_page *mmsim_mover_take(struct mmsim_mover *mv, unsigned long slot, gfp_t gfp);
unsigned long mmsim_mover_take_all(struct mmsim_mover *mv, gfp_t gfp);
void mmsim_mover_look(struct mmsim_mover *mv, unsigned long slot);
void mmsim_mover_look_all(struct mmsim_mover *mv);
void mmsim_mover_drop(struct mmsim_mover *mv, unsigned long slot);
void mmsim_mover_drop_all(struct mmsim_mover *mv);

/* A thread that takes and frees at random, and looks at what it has, while others compact and claim. */
struct mmsim_bustle {
	struct mmsim_mover *mv;
	struct rnd_state rnd;
	struct task_struct *thread;
};

void mmsim_bustle_start(struct kunit *test, struct mmsim_memory *mem, struct rnd_state *rnd, struct mmsim_bustle **u,
			unsigned int nr);
void mmsim_bustle_stop(struct mmsim_bustle **u, unsigned int nr);

#endif /* MMSIM_KUNIT_MOVER_H */
