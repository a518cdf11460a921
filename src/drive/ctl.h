/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands of the file ctl share: ctl.c reads and answers, handle.c keeps what they have allocated, pages.c,
 * slab.c and vmalloc.c have the commands about pages, caches and areas. All of it is used under ctl.c's mutex.
 */
#ifndef MMSIM_CTL_H
#define MMSIM_CTL_H

#include <linux/gfp.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <mmsim/page.h>

#define MMSIM_CTL_HANDLES	SZ_1M	/* the most that there are */

struct mmsim_ctl_cache;

/* What a handle stands for: a block, an object, or an area. */
struct mmsim_ctl_block {
	struct mmsim_page *page;	/* NULL: it is an object or an area */
	unsigned int order;
	gfp_t gfp;
	void *object;			/* or area */
	unsigned long size;		/* bytes of the area; 0: it is an object */
	struct mmsim_ctl_cache *cache;	/* where the object comes from; NULL: from kmalloc */
};

/* ctl.c: output and words. Those that return int return 0, or an error that has been printed. */
__printf(1, 2) void mmsim_ctl_say(const char *fmt, ...);
__printf(2, 3) int mmsim_ctl_fail(int err, const char *fmt, ...);
char *mmsim_ctl_word(char **line);
int mmsim_ctl_number(const char *key, const char *value, unsigned int min, unsigned int max, unsigned int *number);
int mmsim_ctl_gfp(char *words, gfp_t *gfp);
bool mmsim_ctl_is_cut(void);

/* handle.c: the same, and commands. */
int mmsim_ctl_hold_block(struct mmsim_page *page, unsigned int order, gfp_t gfp);
int mmsim_ctl_hold(struct mmsim_ctl_cache *cache, void *object, gfp_t gfp);
int mmsim_ctl_hold_area(void *area, unsigned long size, gfp_t gfp);
struct mmsim_ctl_block *mmsim_ctl_block_of(const char *command, const char *word, unsigned int *handle);
int mmsim_ctl_free(char *args);
int mmsim_ctl_free_all(char *args);
int mmsim_ctl_forget(char *args);
int mmsim_ctl_list(char *args);
unsigned int mmsim_ctl_handles_exit(void);

/* pages.c: commands. */
int mmsim_ctl_alloc_pages(char *args);
int mmsim_ctl_split(char *args);
int mmsim_ctl_kmap(char *args);
int mmsim_ctl_drain(char *args);
int mmsim_ctl_compact(char *args);
int mmsim_ctl_cma_create(char *args);
int mmsim_ctl_cma_destroy(char *args);
int mmsim_ctl_mirror(char *args);

/* slab.c: commands, and what ctl.c does with the objects that they got. */
int mmsim_ctl_cache_create(char *args);
int mmsim_ctl_cache_destroy(char *args);
int mmsim_ctl_cache_shrink(char *args);
int mmsim_ctl_cache_alloc(char *args);
int mmsim_ctl_kmalloc(char *args);
void mmsim_ctl_object_free(struct mmsim_ctl_cache *cache, void *object);
const char *mmsim_ctl_cache_name(const struct mmsim_ctl_cache *cache);
void mmsim_ctl_object_forget(struct mmsim_ctl_cache *cache);
unsigned int mmsim_ctl_caches_exit(void);

/* vmalloc.c: commands. */
int mmsim_ctl_vmalloc(char *args);
int mmsim_ctl_purge(char *args);

#endif /* MMSIM_CTL_H */
