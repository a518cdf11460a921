// SPDX-License-Identifier: GPL-2.0
/*
 * The device /dev/mmsim: open() makes a file, mmap() maps memory of its, and the last close() frees it.
 *
 * Each open file has an address space of its own in place of the device node's, so that its VMAs are found without
 * those of others. An open file holds the module, and a VMA holds its file: the module stays as long as anything is
 * mapped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "user/user.h"

static struct mmsim_user *device_user;	/* constant between init and exit */

static int user_open(struct inode *inode, struct file *file)
{
	struct mmsim_user_file *f = mmsim_user_file_create(device_user);

	if (!f)
		return -ENOMEM;
	f->mapping.host = inode;
	f->mapping.a_ops = inode->i_mapping->a_ops;
	file->f_mapping = &f->mapping;
	file->private_data = f;
	return 0;
}

static int user_mmap(struct file *file, struct vm_area_struct *vma)
{
	return mmsim_user_map(file->private_data, vma);
}

static int user_release(struct inode *inode, struct file *file)
{
	mmsim_user_file_destroy(file->private_data);
	return 0;
}

static const struct file_operations user_fops = {
	.owner = THIS_MODULE,
	.open = user_open,
	.mmap = user_mmap,
	.release = user_release,
};

static struct miscdevice user_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mmsim",
	.fops = &user_fops,
};

/**
 * mmsim_user_device_init() - make the device
 * @user: whose memory it gives out
 * @mode: of the device node, root's
 *
 * Context: process context, may sleep.
 * Return: 0, or the error why there is none; the log has it, too.
 */
int mmsim_user_device_init(struct mmsim_user *user, umode_t mode)
{
	int err;

	device_user = user;
	user_device.mode = mode;
	err = misc_register(&user_device);
	if (err) {
		pr_warn("no /dev/mmsim: error %d; the allocators work without it\n", err);
		device_user = NULL;
	}
	return err;
}

/**
 * mmsim_user_device_exit() - remove the device, if it was made; nobody has it open
 */
void mmsim_user_device_exit(void)
{
	if (!device_user)
		return;
	misc_deregister(&user_device);
	device_user = NULL;
}
