/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The folder /sys/kernel/debug/mmsim: where it is, and who may read and write its files. Knows nothing of what they
 * show.
 */
#ifndef MMSIM_BASE_DEBUGFS_H
#define MMSIM_BASE_DEBUGFS_H

#include <linux/fs.h>
#include <linux/types.h>

/* From the module's parameters. */
struct mmsim_debugfs_owner {
	umode_t mode;		/* of a file that is read; one that is written gets 0200 on top */
	uid_t uid;		/* not -1, which is nobody */
	gid_t gid;		/* as uid */
};

struct dentry *mmsim_debugfs_init(const struct mmsim_debugfs_owner *owner);
void mmsim_debugfs_exit(void);
struct dentry *mmsim_debugfs_folder(const char *name, struct dentry *parent);
struct dentry *mmsim_debugfs_file_in(struct dentry *folder, const char *name, bool writable, void *data,
				     const struct file_operations *fops);
struct dentry *mmsim_debugfs_file(const char *name, bool writable, void *data, const struct file_operations *fops);

#endif /* MMSIM_BASE_DEBUGFS_H */
