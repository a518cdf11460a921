// SPDX-License-Identifier: GPL-2.0
/*
 * The file user in debugfs: read, what processes have of mmsim, "key: value"; written, `move` gives every page that
 * they have another frame, now, whether that is of use to anybody or not. Compaction does the same to those that are in
 * its way. A process can't tell, and that is what the command is for: to try it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "base/debugfs.h"
#include "user/user.h"

/* Another frame for an isolated page. Returns -ENOMEM when there is none. */
static int move_isolated(struct mmsim_memory *mem, struct mmsim_page *page)
{
	struct mmsim_page *dst;
	int err = -ENOMEM;

	dst = mmsim_memory_alloc(mem, GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN, 0, _RET_IP_);
	if (dst)
		err = mmsim_movable_migrate(mem, dst, page, true, MMSIM_MR_SYSCALL);
	if (err < 0)
		mmsim_movable_putback(mem, page);
	if (err && dst)
		mmsim_memory_put(mem, dst, _RET_IP_);
	return err;
}

/**
 * mmsim_user_move_all() - move every page that processes have
 * @user: the instance's user floor
 *
 * A page is looked at once, in the order of the frames; one that moves ahead of the walk is moved again.
 *
 * Context: process context, may sleep.
 * Return: 0; -ENOMEM when mmsim has no free frame; -EINTR after a signal.
 */
int mmsim_user_move_all(struct mmsim_user *user)
{
	struct mmsim_memory *mem = user->mem;
	unsigned long i;

	for (i = 0; i < mem->nr_pages; i++) {
		struct mmsim_page *page = &mem->map[i];

		if (!mmsim_page_is_movable(page) || mmsim_movable_ops(page) != &mmsim_user_movable_ops)
			continue;
		if (mmsim_movable_isolate(mem, page) && move_isolated(mem, page) == -ENOMEM)
			return -ENOMEM;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static ssize_t user_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	struct mmsim_user *user = ((struct seq_file *)file->private_data)->private;
	char word[16] = "";
	int err;

	if (copy_from_user(word, from, min(size, sizeof(word) - 1)))
		return -EFAULT;
	if (strcmp(strim(word), "move")) {
		pr_warn("user: no command '%s'; move is the only one\n", word);
		return -EINVAL;
	}
	err = mmsim_user_move_all(user);
	return err ?: size;
}

static int user_show(struct seq_file *s, void *unused)
{
	struct mmsim_user *user = s->private;
	int i;

	for (i = 0; i < MMSIM_NR_USER_STATS; i++)
		seq_printf(s, "%s: %ld\n", mmsim_user_stat_names[i], atomic_long_read(&user->stat[i]));
	return 0;
}

static int user_open(struct inode *inode, struct file *file)
{
	return single_open(file, user_show, inode->i_private);
}

static const struct file_operations user_fops = {
	.owner = THIS_MODULE,
	.open = user_open,
	.read = seq_read,
	.write = user_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * mmsim_user_debug_init() - make the file, which goes with the folder
 * @user: what it shows
 */
void mmsim_user_debug_init(struct mmsim_user *user)
{
	mmsim_debugfs_file("user", true, user, &user_fops);
}
