/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands of the file ctl share: ctl.c reads and answers, slab.c has the commands about caches, vmalloc.c
 * those about areas. All of it is used under ctl.c's mutex.
 */
#ifndef MMSIM_CTL_H
#define MMSIM_CTL_H

#include <linux/gfp.h>
#include <linux/sizes.h>
#include <linux/types.h>

#define MMSIM_CTL_HANDLES	SZ_1M	/* the most that there are */

struct mmsim_ctl_cache;

/* ctl.c: output, words, handles. Those that return int return 0, or an error that has been printed. */
__printf(1, 2) void mmsim_ctl_say(const char *fmt, ...);
__printf(2, 3) int mmsim_ctl_fail(int err, const char *fmt, ...);
char *mmsim_ctl_word(char **line);
int mmsim_ctl_number(const char *key, const char *value, unsigned int min, unsigned int max, unsigned int *number);
int mmsim_ctl_gfp(char *words, gfp_t *gfp);
int mmsim_ctl_hold(struct mmsim_ctl_cache *cache, void *object, gfp_t gfp);
int mmsim_ctl_hold_area(void *area, unsigned long size, gfp_t gfp);

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
