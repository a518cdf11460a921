// SPDX-License-Identifier: GPL-2.0
/*
 * The file ctl: allocates and frees on command, through the exported functions, as any other module would.
 *
 * A write holds commands, one a line: a word, and what it needs. They are carried out in order up to the first wrong
 * one; that one changes nothing (an allocation that ran out of memory keeps what it got), is named in the log and in
 * the output together with what would be right, and its error is the write's. Reading ctl gives the output of the
 * last write, or the usage before the first one.
 *
 * What was allocated is known by its handle; see handle.c. The commands themselves are in pages.c, slab.c and
 * vmalloc.c.
 *
 * The list shows kernel addresses to whoever may read the file: root, unless the module's parameters say otherwise. An
 * address of 0 is that of a HighMem page that nobody has mapped.
 *
 * What a command prints collects in one buffer that grows up to OUTPUT_MAX and then says that it was cut off; a write
 * is bounded, too.
 *
 * Lock: ctl_mutex, taken by each write and read, covers all that is static here and in the files of commands, and not
 * const.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "drive/ctl.h"
#include "mmsim.h"

#define INPUT_MAX	SZ_64K
#define OUTPUT_MAX	SZ_1M

static DEFINE_MUTEX(ctl_mutex);
static bool ctl_live;				/* between init and exit */
static bool ctl_written;			/* output is that of a write */
static struct {
	char *text;				/* len characters, no NUL; NULL when there are none */
	size_t len;
	size_t size;				/* bytes at text; len < size */
	bool cut;				/* a line did not fit; none follows */
} output;

/* output */

/* Makes room for @more characters and a closing NUL. */
static bool output_reserve(size_t more)
{
	size_t need = output.len + more + 1, size = max_t(size_t, output.size, SZ_4K);
	char *text;

	if (need <= output.size)
		return true;
	while (size < need)
		size *= 2;
	if (size > OUTPUT_MAX)
		return false;
	text = kvmalloc(size, GFP_KERNEL);
	if (!text)
		return false;
	if (output.len)
		memcpy(text, output.text, output.len);
	kvfree(output.text);
	output.text = text;
	output.size = size;
	return true;
}

/**
 * mmsim_ctl_say() - a line of output, whole or not at all
 * @fmt: as printk()'s, without the end of line
 */
void mmsim_ctl_say(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (output.cut || !output_reserve(n + 1)) {
		output.cut = true;
		return;
	}
	va_start(args, fmt);
	output.len += vscnprintf(output.text + output.len, output.size - output.len, fmt, args);
	va_end(args);
	output.text[output.len++] = '\n';
}

/**
 * mmsim_ctl_is_cut() - whether what is said any more is lost
 *
 * Return: whether the output is as long as it may be.
 */
bool mmsim_ctl_is_cut(void)
{
	return output.cut;
}

/**
 * mmsim_ctl_fail() - a line of output that goes to the log as well
 * @err: a negative errno
 * @fmt: as mmsim_ctl_say()'s
 *
 * Return: @err.
 */
int mmsim_ctl_fail(int err, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_warn("ctl: %pV\n", &vaf);
	mmsim_ctl_say("error: %pV", &vaf);
	va_end(args);
	return err;
}

static void output_reset(void)
{
	kvfree(output.text);
	memset(&output, 0, sizeof(output));
}

/* words */

struct gfp_name {
	const char *name;
	gfp_t gfp;
};

#define GFP_NAME(x)	{ #x, x }

/* All but __GFP_NOFAIL, which would let a command wait for ever. */
static const struct gfp_name gfp_names[] = {
	GFP_NAME(GFP_KERNEL), GFP_NAME(GFP_ATOMIC), GFP_NAME(GFP_NOWAIT), GFP_NAME(GFP_NOIO), GFP_NAME(GFP_NOFS),
	GFP_NAME(GFP_USER), GFP_NAME(GFP_HIGHUSER), GFP_NAME(GFP_HIGHUSER_MOVABLE), GFP_NAME(GFP_DMA),
	GFP_NAME(GFP_DMA32), GFP_NAME(GFP_KERNEL_ACCOUNT), GFP_NAME(GFP_TRANSHUGE), GFP_NAME(GFP_TRANSHUGE_LIGHT),
	GFP_NAME(__GFP_DMA), GFP_NAME(__GFP_HIGHMEM), GFP_NAME(__GFP_DMA32), GFP_NAME(__GFP_MOVABLE),
	GFP_NAME(__GFP_RECLAIMABLE), GFP_NAME(__GFP_WRITE), GFP_NAME(__GFP_HARDWALL), GFP_NAME(__GFP_THISNODE),
	GFP_NAME(__GFP_ACCOUNT), GFP_NAME(__GFP_HIGH), GFP_NAME(__GFP_MEMALLOC), GFP_NAME(__GFP_NOMEMALLOC),
	GFP_NAME(__GFP_IO), GFP_NAME(__GFP_FS), GFP_NAME(__GFP_DIRECT_RECLAIM), GFP_NAME(__GFP_KSWAPD_RECLAIM),
	GFP_NAME(__GFP_RECLAIM), GFP_NAME(__GFP_RETRY_MAYFAIL), GFP_NAME(__GFP_NORETRY), GFP_NAME(__GFP_NOWARN),
	GFP_NAME(__GFP_COMP), GFP_NAME(__GFP_ZERO),
};

/**
 * mmsim_ctl_gfp() - read gfp flags
 * @words: names, with | between them; is changed
 * @gfp: filled in
 *
 * Return: 0 or -EINVAL, printed.
 */
int mmsim_ctl_gfp(char *words, gfp_t *gfp)
{
	char *word;
	int i;

	*gfp = 0;
	while ((word = strsep(&words, "|"))) {
		for (i = 0; i < ARRAY_SIZE(gfp_names); i++)
			if (!strcmp(word, gfp_names[i].name))
				break;
		if (i == ARRAY_SIZE(gfp_names))
			return mmsim_ctl_fail(-EINVAL, "no gfp flag '%.32s'; GFP_KERNEL, __GFP_ZERO and so on, with |",
					      word);
		*gfp |= gfp_names[i].gfp;
	}
	return 0;
}

/**
 * mmsim_ctl_number() - read a number
 * @key: what it is, for the error
 * @value: its digits
 * @min: the least it may be
 * @max: the most
 * @number: filled in
 *
 * Return: 0 or -EINVAL, printed.
 */
int mmsim_ctl_number(const char *key, const char *value, unsigned int min, unsigned int max, unsigned int *number)
{
	if (kstrtouint(value, 0, number) || *number < min || *number > max)
		return mmsim_ctl_fail(-EINVAL, "%s '%.32s' is not a number from %u to %u", key, value, min, max);
	return 0;
}

/**
 * mmsim_ctl_word() - take the next word from a line
 * @line: moves behind it
 *
 * Return: the word, NULL at the line's end.
 */
char *mmsim_ctl_word(char **line)
{
	char *word;

	do {
		word = strsep(line, " \t");
	} while (word && !*word);
	return word;
}

static int do_help(char *args);

static const struct command {
	const char *name;
	int (*run)(char *args);
	bool args;		/* takes any */
	const char *usage;
} commands[] = {
	{ "alloc_pages", mmsim_ctl_alloc_pages, true, "[order=0] [gfp=GFP_KERNEL] [count=1]: a handle a block" },
	{ "free", mmsim_ctl_free, true, "HANDLE|FIRST-LAST ...: of a range, those there are" },
	{ "free_all", mmsim_ctl_free_all, false, ": every handle" },
	{ "forget", mmsim_ctl_forget, true,
	  "HANDLE: what it stands for stays allocated, a leak that unloading reports" },
	{ "list", mmsim_ctl_list, false, ": the handles, with what they stand for and the gfp of that" },
	{ "split", mmsim_ctl_split, true, "HANDLE: split_page(), into blocks of order 0" },
	{ "kmap", mmsim_ctl_kmap, true, "HANDLE: map its first page in both ways, write, read, unmap" },
	{ "drain", mmsim_ctl_drain, false, ": give the CPUs' lists back to the zones" },
	{ "compact", mmsim_ctl_compact, false, ": move pages together, in every zone, as far as it goes" },
	{ "cma_create", mmsim_ctl_cma_create, true, "NAME SIZE: a CMA area, in multiples of 2M" },
	{ "cma_destroy", mmsim_ctl_cma_destroy, true, "NAME: give an area back" },
	{ "cache_create", mmsim_ctl_cache_create, true,
	  "NAME SIZE [align=0] [flags=SLAB_...|...] [engine=slub|slab|slob] [ctor=no] [freeptr=]: a slab cache" },
	{ "cache_destroy", mmsim_ctl_cache_destroy, true, "NAME: give a cache back" },
	{ "cache_shrink", mmsim_ctl_cache_shrink, true, "NAME: give back its slabs without objects" },
	{ "cache_alloc", mmsim_ctl_cache_alloc, true, "NAME [gfp=GFP_KERNEL] [count=1]: a handle an object" },
	{ "kmalloc", mmsim_ctl_kmalloc, true, "size=SIZE [gfp=GFP_KERNEL] [count=1]: a handle an object" },
	{ "vmalloc", mmsim_ctl_vmalloc, true,
	  "size=SIZE [align=1] [huge=no] [gfp=GFP_KERNEL] [count=1]: a handle an area" },
	{ "purge", mmsim_ctl_purge, false, ": use the pages and addresses of freed areas again" },
	{ "mirror", mmsim_ctl_mirror, true, "on|off: serve the running kernel's page allocations, too" },
	{ "help", do_help, false, ": this" },
};

static int do_help(char *args)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		mmsim_ctl_say("%s%s%s", commands[i].name, commands[i].args ? " " : "", commands[i].usage);
	return 0;
}

static int run_line(char *line)
{
	char *name = mmsim_ctl_word(&line), *rest;
	int i;

	if (!name)
		return 0;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i].name))
			continue;
		rest = line ? skip_spaces(line) : NULL;
		if (rest && *rest && !commands[i].args)
			return mmsim_ctl_fail(-EINVAL, "%s: takes nothing, not '%.32s'", name, rest);
		return commands[i].run(line);
	}
	return mmsim_ctl_fail(-EINVAL, "no command '%.32s'; help lists those there are", name);
}

static int run_lines(char *lines)
{
	char *line;
	int err = 0;

	while (!err && (line = strsep(&lines, "\n"))) {
		strreplace(line, '\r', ' ');
		err = run_line(line);
	}
	return err;
}

/* the file */

static ssize_t ctl_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	char *lines;
	int err;

	lines = memdup_user_nul(from, min_t(size_t, size, INPUT_MAX));
	if (IS_ERR(lines))
		return PTR_ERR(lines);
	err = mutex_lock_interruptible(&ctl_mutex);
	if (!err) {
		output_reset();
		ctl_written = true;
		if (!ctl_live)
			err = -ENODEV;
		else if (size > INPUT_MAX)
			err = mmsim_ctl_fail(-EINVAL, "%zu bytes in one write; at most %d", size, INPUT_MAX);
		else
			err = run_lines(lines);
		mutex_unlock(&ctl_mutex);
	}
	kfree(lines);
	return err ?: size;
}

static int ctl_show(struct seq_file *s, void *unused)
{
	int err = mutex_lock_interruptible(&ctl_mutex);

	if (err)
		return err;
	if (!ctl_written && !output.text && ctl_live)
		do_help(NULL);
	seq_write(s, output.text, output.len);
	if (output.cut)
		seq_puts(s, "... cut off here, the output is too long\n");
	mutex_unlock(&ctl_mutex);
	return 0;
}

static int ctl_open_file(struct inode *inode, struct file *file)
{
	return single_open(file, ctl_show, NULL);
}

static const struct file_operations ctl_fops = {
	.owner = THIS_MODULE,
	.open = ctl_open_file,
	.read = seq_read,
	.write = ctl_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * mmsim_ctl_init() - make the file ctl
 *
 * Return: 0.
 */
int mmsim_ctl_init(void)
{
	mutex_lock(&ctl_mutex);
	ctl_live = true;
	mutex_unlock(&ctl_mutex);
	mmsim_debugfs_file("ctl", true, NULL, &ctl_fops);
	return 0;
}

/**
 * mmsim_ctl_exit() - free what is still held; no command is carried out after it
 */
void mmsim_ctl_exit(void)
{
	unsigned int n, caches;

	mutex_lock(&ctl_mutex);
	ctl_live = false;
	n = mmsim_ctl_handles_exit();
	caches = mmsim_ctl_caches_exit();
	output_reset();
	mutex_unlock(&ctl_mutex);
	if (n)
		pr_info("ctl: freed %u blocks, objects and areas that were still held\n", n);
	if (caches)
		pr_info("ctl: destroyed %u caches that were still there\n", caches);
}
