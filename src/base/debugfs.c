// SPDX-License-Identifier: GPL-2.0
/*
 * The folder /sys/kernel/debug/mmsim and the files in it, with the mode and the owner that the module's parameters
 * ask for.
 *
 * debugfs makes everything root's. Mode and owner are set on the inode right after it is made: a file is closed for
 * others until then, never open for a moment. The folder gets the same owner and the file's mode with a search bit
 * beside each read bit, so that whoever may read the files gets to them. The mount itself belongs to the host and is
 * 0700 on most of them; a user who is not root also needs `mount -o remount,mode=755 /sys/kernel/debug`.
 *
 * Without debugfs (not in this kernel, switched off on its command line, or a folder of this name left by somebody
 * else) mmsim_debugfs_init() says so, and each mmsim_debugfs_file() after it does nothing: the allocators work
 * without files.
 *
 * No lock: init, file and exit are called by the module's init and exit alone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/printk.h>
#include <linux/stat.h>
#include <linux/uidgid.h>

#include "base/debugfs.h"

/* All three are constant between init and exit. */
static struct dentry *debugfs_folder;	/* NULL: there is none */
static umode_t debugfs_mode;		/* the read and write bits of the files */
static struct inode_owner {
	kuid_t uid;
	kgid_t gid;
} debugfs_owner;			/* of the folder and its files */

static const char *debugfs_why(long err)
{
	switch (err) {
	case -EEXIST:
		return "a folder of that name is there already";
	case -ENODEV:
		return "this kernel is built without CONFIG_DEBUG_FS";
	case -EPERM:
		return "debugfs=off is on the kernel's command line";
	default:
		return "debugfs refused";
	}
}

static void debugfs_own(struct dentry *dentry, umode_t mode)
{
	struct inode *inode = d_inode(dentry);

	inode->i_uid = debugfs_owner.uid;
	inode->i_gid = debugfs_owner.gid;
	inode->i_mode = (inode->i_mode & S_IFMT) | mode;
}

/**
 * mmsim_debugfs_init() - make the folder
 * @owner: mode and owner of the files to come
 *
 * Return: the folder, or an error pointer that may be ignored: the log says why there is none.
 */
struct dentry *mmsim_debugfs_init(const struct mmsim_debugfs_owner *owner)
{
	struct dentry *folder;

	debugfs_mode = owner->mode & 0666;
	debugfs_owner.uid = make_kuid(&init_user_ns, owner->uid);
	debugfs_owner.gid = make_kgid(&init_user_ns, owner->gid);

	folder = debugfs_create_dir("mmsim", NULL);
	if (IS_ERR(folder)) {
		pr_warn("no files in debugfs: %s (error %ld); the allocators work without them\n",
			debugfs_why(PTR_ERR(folder)), PTR_ERR(folder));
		return folder;
	}
	debugfs_folder = folder;
	debugfs_own(folder, 0700 | (debugfs_mode & 0444) | (debugfs_mode & 0444) >> 2);
	return folder;
}

/**
 * mmsim_debugfs_exit() - remove the folder and all its files
 *
 * Waits for calls that are inside a file; after it none is entered.
 */
void mmsim_debugfs_exit(void)
{
	debugfs_remove(debugfs_folder);
	debugfs_folder = NULL;
}

/**
 * mmsim_debugfs_folder() - make a folder in the folder
 * @name: its name
 * @parent: the folder that it is in, from this function; NULL for the first one
 *
 * Return: the folder, or an error pointer that mmsim_debugfs_file_in() may be given.
 */
struct dentry *mmsim_debugfs_folder(const char *name, struct dentry *parent)
{
	struct dentry *folder;

	if (!debugfs_folder || IS_ERR(parent))
		return ERR_PTR(-ENODEV);
	folder = debugfs_create_dir(name, parent ? parent : debugfs_folder);
	if (IS_ERR(folder))
		pr_warn("no folder %s in debugfs: error %ld\n", name, PTR_ERR(folder));
	else
		debugfs_own(folder, 0700 | (debugfs_mode & 0444) | (debugfs_mode & 0444) >> 2);
	return folder;
}

/**
 * mmsim_debugfs_file_in() - make a file in a folder
 * @folder: the folder, from mmsim_debugfs_folder()
 * @name: as for mmsim_debugfs_file()
 * @writable: as for mmsim_debugfs_file()
 * @data: as for mmsim_debugfs_file()
 * @fops: as for mmsim_debugfs_file()
 *
 * Return: as mmsim_debugfs_file().
 */
struct dentry *mmsim_debugfs_file_in(struct dentry *folder, const char *name, bool writable, void *data,
				     const struct file_operations *fops)
{
	umode_t mode = writable ? debugfs_mode | 0200 : debugfs_mode & 0444;
	struct dentry *file;

	if (IS_ERR_OR_NULL(folder))
		return ERR_PTR(-ENODEV);
	file = debugfs_create_file(name, mode & 0600, folder, data, fops);
	if (IS_ERR(file))
		pr_warn("no file %s in debugfs: error %ld\n", name, PTR_ERR(file));
	else
		debugfs_own(file, mode);
	return file;
}

/**
 * mmsim_debugfs_file() - make a file in the folder
 * @name: its name
 * @writable: may be written as well as read
 * @data: for inode->i_private
 * @fops: what it does
 *
 * Return: the file, or an error pointer that may be ignored: a missing file is not worth failing for.
 */
struct dentry *mmsim_debugfs_file(const char *name, bool writable, void *data, const struct file_operations *fops)
{
	return mmsim_debugfs_file_in(debugfs_folder, name, writable, data, fops);
}
