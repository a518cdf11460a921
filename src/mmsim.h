/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instance: one region with all the floors on it. insmod creates one, the live instance; a KUnit test builds its
 * own.
 */
#ifndef MMSIM_H
#define MMSIM_H

#include <linux/types.h>

#include <mmsim/page.h>

#include "base/debugfs.h"
#include "page/memory.h"
#include "region/region.h"
#include "slab/slab.h"
#include "user/user.h"
#include "vmalloc/vmalloc.h"

struct mmsim_params {
	struct mmsim_region_params region;
	struct mmsim_memory_params memory;
	const struct mmsim_slab_params *slab;	/* NULL: no slab floor, for tests that count every page */
	const struct mmsim_vmalloc_params *vmalloc;	/* NULL: no vmalloc floor; it needs a slab floor */
};

struct mmsim {
	struct mmsim_region region;
	struct mmsim_memory *memory;	/* lies in the region */
	struct mmsim_user user;
	struct mmsim_slabs *slabs;	/* lies in the region; NULL if not asked for */
	struct mmsim_vmalloc *vmalloc;	/* as slabs */
};

struct mmsim *mmsim_create(const struct mmsim_params *params);
unsigned long mmsim_destroy(struct mmsim *m);	/* returns the number of pages that were still allocated */

/* observe/: the files that show an instance */
int mmsim_observe_init(struct mmsim *m);
void mmsim_observe_exit(void);

/* drive/: what acts on the live instance from within the module, through the exported functions */
int mmsim_ctl_init(void);
void mmsim_ctl_exit(void);
int mmsim_cma_command_alloc(void *cma, u64 count);
int mmsim_cma_command_free(void *cma, u64 count);
void mmsim_cma_commands_exit(void);
int mmsim_mirror_init(void);
void mmsim_mirror_exit(void);
int mmsim_mirror_attach(void);
int mmsim_mirror_detach(void);

#endif /* MMSIM_H */
