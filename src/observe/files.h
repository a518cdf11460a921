/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tables of the files that show an instance; files.c makes what stands in them.
 */
#ifndef MMSIM_OBSERVE_FILES_H
#define MMSIM_OBSERVE_FILES_H

#include <linux/fs.h>

/* A row; the table ends with an empty one. The file's private data is the instance. */
struct mmsim_observe_file {
	const char *name;
	const struct file_operations *fops;
	bool writable;
};

extern const struct mmsim_observe_file mmsim_observe_blocks[];	/* blocks.c */
extern const struct mmsim_observe_file mmsim_observe_stat[];	/* stat.c */
extern const struct mmsim_observe_file mmsim_observe_frames[];	/* frames.c */
extern const struct mmsim_observe_file mmsim_observe_owner[];	/* owner.c */
extern const struct mmsim_observe_file mmsim_observe_slab[];	/* slab.c */
extern const struct file_operations mmsim_observe_map_fops;	/* map.c; the private data is the cache */
extern const struct mmsim_observe_file mmsim_observe_vmalloc[];	/* vmalloc.c */
extern const struct mmsim_observe_file mmsim_observe_vmalloc_folder[];

struct mmsim_memory;
struct mmsim_page;
struct mmsim_region;
struct mmsim_slabs;
struct seq_file;

void mmsim_show_holes(struct seq_file *s, const struct mmsim_region *r);	/* files.c */
u64 mmsim_frame_flags(struct mmsim_memory *mem, struct mmsim_page *page);	/* frames.c */
void mmsim_observe_cma_init(struct mmsim_memory *mem);		/* cma.c */
void mmsim_observe_cma_exit(void);
void mmsim_observe_caches_init(struct mmsim_slabs *slabs);	/* cache.c */
void mmsim_observe_caches_exit(void);

#endif /* MMSIM_OBSERVE_FILES_H */
