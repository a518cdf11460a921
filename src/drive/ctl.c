// SPDX-License-Identifier: GPL-2.0
/*
 * The file ctl: allocates and frees on command, through the exported functions, as any other module would.
 *
 * A write holds commands, one a line: a word, and what it needs. They are carried out in order up to the first wrong
 * one; that one changes nothing (an allocation that ran out of memory keeps what it got), is named in the log and in
 * the output together with what would be right, and its error is the write's. Reading ctl gives the output of the
 * last write, or the usage before the first one.
 *
 * A block that was allocated is known by its handle, a small number, the lowest one free; so is an object, which slab.c
 * allocates, and an area of vmalloc.c's. All that is still held is freed when the module goes; what forget took the
 * handle from is a leak, for the module to report then.
 *
 * The list shows kernel addresses to whoever may read the file: root, unless the module's parameters say otherwise. An
 * address of 0 is that of a HighMem page that nobody has mapped.
 *
 * What a command prints collects in one buffer that grows up to OUTPUT_MAX and then says that it was cut off; the
 * number of handles is bounded, and so is a write.
 *
 * Lock: ctl_mutex, taken by each write and read, covers all that is static here and not const.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include <mmsim/highmem.h>

#include <mmsim/cma.h>
#include <mmsim/migrate.h>
#include <mmsim/vmalloc.h>

#include "drive/ctl.h"
#include "mmsim.h"

#define INPUT_MAX	SZ_64K
#define OUTPUT_MAX	SZ_1M
#define HANDLE_MAX	MMSIM_CTL_HANDLES

/* What a handle stands for: a block, an object, or an area. */
struct block {
	struct mmsim_page *page;	/* NULL: it is an object or an area */
	unsigned int order;
	gfp_t gfp;
	void *object;			/* or area */
	unsigned long size;		/* bytes of the area; 0: it is an object */
	struct mmsim_ctl_cache *cache;	/* where the object comes from; NULL: from kmalloc */
};

static DEFINE_MUTEX(ctl_mutex);
static DEFINE_XARRAY_ALLOC1(ctl_blocks);	/* handle -> struct block */
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

/* blocks */

static void give_back(const struct block *block)
{
	if (block->page)
		mmsim___free_pages(block->page, block->order);
	else if (block->size)
		mmsim_vfree(block->object);
	else
		mmsim_ctl_object_free(block->cache, block->object);
}

/* Gives a handle to what was just allocated, and gives it back when it can't. */
static int hold(const struct block *what, u32 *handle)
{
	struct block *block = kmemdup(what, sizeof(*what), GFP_KERNEL);
	int err = -ENOMEM;

	if (block)
		err = xa_alloc(&ctl_blocks, handle, block, XA_LIMIT(1, HANDLE_MAX), GFP_KERNEL);
	if (!err)
		return 0;
	kfree(block);
	give_back(what);
	return mmsim_ctl_fail(err, "no handle for another one (error %d); there are at most %u", err, HANDLE_MAX);
}

static int block_add(struct mmsim_page *page, unsigned int order, gfp_t gfp)
{
	const struct block block = { .page = page, .order = order, .gfp = gfp };
	unsigned long pfn = mmsim_page_to_pfn(page);
	u32 handle;
	int err = hold(&block, &handle);

	if (!err)
		mmsim_ctl_say("%u pfn %#lx order %u", handle, pfn, order);
	return err;
}

/**
 * mmsim_ctl_hold() - give a handle to an object that was just allocated
 * @cache: where it comes from; NULL: from kmalloc
 * @object: the object
 * @gfp: what it was allocated with
 *
 * Return: 0, or an error that has been printed; the object is freed then.
 */
int mmsim_ctl_hold(struct mmsim_ctl_cache *cache, void *object, gfp_t gfp)
{
	const struct block block = { .object = object, .cache = cache, .gfp = gfp };
	u32 handle;
	int err = hold(&block, &handle);

	if (!err)
		mmsim_ctl_say("%u object %#lx cache %s", handle, (unsigned long)object, mmsim_ctl_cache_name(cache));
	return err;
}

/**
 * mmsim_ctl_hold_area() - give a handle to an area that was just allocated
 * @area: its first byte
 * @size: bytes that were asked for
 * @gfp: what it was allocated with
 *
 * Return: 0, or an error that has been printed; the area is freed then.
 */
int mmsim_ctl_hold_area(void *area, unsigned long size, gfp_t gfp)
{
	const struct block block = { .object = area, .size = size, .gfp = gfp };
	u32 handle;
	int err = hold(&block, &handle);

	if (!err)
		mmsim_ctl_say("%u area %#lx size %lu", handle, (unsigned long)area, size);
	return err;
}

/* The block that a word names; NULL when it names none, which has been printed. */
static struct block *block_of(const char *command, const char *word, unsigned int *handle)
{
	struct block *block;

	if (!word) {
		mmsim_ctl_fail(-EINVAL, "%s: which? a handle", command);
		return NULL;
	}
	if (mmsim_ctl_number(command, word, 1, HANDLE_MAX, handle))
		return NULL;
	block = xa_load(&ctl_blocks, *handle);
	if (block && block->page)
		return block;
	mmsim_ctl_fail(-EINVAL, "%s: no block has handle %u; list shows those there are", command, *handle);
	return NULL;
}

static void block_free(unsigned long handle)
{
	struct block *block = xa_erase(&ctl_blocks, handle);

	give_back(block);
	kfree(block);
}

/* Frees all blocks with handles from @first to @last; returns how many there were. */
static unsigned int block_free_range(unsigned long first, unsigned long last)
{
	struct block *block;
	unsigned long handle;
	unsigned int n = 0;

	xa_for_each_range(&ctl_blocks, handle, block, first, last) {
		block_free(handle);
		n++;
		cond_resched();
	}
	return n;
}

/* commands */

struct request {
	unsigned int order;
	unsigned int count;
	gfp_t gfp;
};

static int parse_request(char *args, struct request *r)
{
	char *word, *value;
	int err;

	while ((word = mmsim_ctl_word(&args))) {
		value = strchr(word, '=');
		if (!value)
			return mmsim_ctl_fail(-EINVAL, "alloc_pages: '%.32s' is not order=, gfp= or count= and a value",
					      word);
		*value++ = '\0';
		if (!strcmp(word, "order"))
			err = mmsim_ctl_number(word, value, 0, MMSIM_MAX_ORDER, &r->order);
		else if (!strcmp(word, "count"))
			err = mmsim_ctl_number(word, value, 1, HANDLE_MAX, &r->count);
		else if (!strcmp(word, "gfp"))
			err = mmsim_ctl_gfp(value, &r->gfp);
		else
			err = mmsim_ctl_fail(-EINVAL, "alloc_pages: no '%.32s='; it takes order=, gfp= and count=",
					     word);
		if (err)
			return err;
	}
	return 0;
}

static int do_alloc_pages(char *args)
{
	struct request r = { .count = 1, .gfp = GFP_KERNEL };
	struct mmsim_page *page;
	unsigned int i;
	int err;

	err = parse_request(args, &r);
	for (i = 0; !err && i < r.count; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		page = mmsim_alloc_pages(r.gfp, r.order);
		if (!page)
			return mmsim_ctl_fail(-ENOMEM, "alloc_pages: got %u of %u blocks of order %u", i, r.count,
					      r.order);
		err = block_add(page, r.order, r.gfp);
		cond_resched();
	}
	return err;
}

/* Frees "3", or what there is of "3-17". */
static int free_word(char *word)
{
	char *last_word = strchr(word, '-');
	unsigned int first, last, n;
	int err;

	if (last_word)
		*last_word++ = '\0';
	err = mmsim_ctl_number("free: handle", word, 1, HANDLE_MAX, &first);
	if (!err && last_word)
		err = mmsim_ctl_number("free: handle", last_word, first, HANDLE_MAX, &last);
	if (err)
		return err;
	if (!last_word)
		last = first;
	n = block_free_range(first, last);
	if (!n && first == last)
		return mmsim_ctl_fail(-EINVAL, "free: no handle %u; list shows those there are", first);
	if (!n)
		return mmsim_ctl_fail(-EINVAL, "free: no handle from %u to %u; list shows those there are", first,
				      last);
	mmsim_ctl_say("%u freed", n);
	return 0;
}

static int do_free(char *args)
{
	char *word = mmsim_ctl_word(&args);
	int err;

	if (!word)
		return mmsim_ctl_fail(-EINVAL, "free: which? a handle, several, or a range such as 3-17");
	for (; word; word = mmsim_ctl_word(&args)) {
		err = free_word(word);
		if (err)
			return err;
	}
	return 0;
}

static int do_free_all(char *args)
{
	mmsim_ctl_say("%u freed", block_free_range(0, ULONG_MAX));
	return 0;
}

static int do_drain(char *args)
{
	mmsim_drain_all_pages();
	mmsim_ctl_say("drained");
	return 0;
}

static int do_compact(char *args)
{
	mmsim_compact_memory();
	mmsim_ctl_say("compacted");
	return 0;
}

static int do_cma_create(char *args)
{
	char *name = mmsim_ctl_word(&args), *word = mmsim_ctl_word(&args);
	struct mmsim_cma *cma;
	u64 size;
	int err;

	if (!word || mmsim_size_parse(word, &size))
		return mmsim_ctl_fail(-EINVAL, "cma_create: a name and a size are wanted, such as camera 16M");
	err = mmsim_cma_create(name, size, 0, 0, &cma);
	if (err)
		return mmsim_ctl_fail(err, "cma_create: %s not made, error %d; the log says why", name, err);
	mmsim_cma_put(cma);
	mmsim_ctl_say("cma %s", name);
	return 0;
}

static int do_cma_destroy(char *args)
{
	char *name = mmsim_ctl_word(&args);
	struct mmsim_cma *cma = name ? mmsim_cma_find(name) : NULL;

	if (!cma)
		return mmsim_ctl_fail(-EINVAL, "cma_destroy: no area '%s'; the folder cma has those there are",
				      name ? name : "");
	if (mmsim_cma_destroy(cma)) {
		mmsim_cma_put(cma);
		return mmsim_ctl_fail(-EBUSY, "cma_destroy: %s stays: its pages are claimed, or a module has it",
				      name);
	}
	mmsim_ctl_say("cma %s destroyed", name);
	return 0;
}

static void list_one(unsigned long handle, const struct block *block)
{
	if (block->page)
		mmsim_ctl_say("%lu pfn %#lx order %u address %#lx gfp %pGg", handle, mmsim_page_to_pfn(block->page),
			      block->order, (unsigned long)mmsim_page_address(block->page), &block->gfp);
	else if (block->size)
		mmsim_ctl_say("%lu area %#lx size %lu gfp %pGg", handle, (unsigned long)block->object, block->size,
			      &block->gfp);
	else
		mmsim_ctl_say("%lu object %#lx cache %s gfp %pGg", handle, (unsigned long)block->object,
			      mmsim_ctl_cache_name(block->cache), &block->gfp);
}

static int do_list(char *args)
{
	struct block *block;
	unsigned long handle;

	xa_for_each(&ctl_blocks, handle, block) {
		if (output.cut)
			break;
		list_one(handle, block);
	}
	return 0;
}

/* What had the handle stays allocated, and nobody knows of it any more. */
static int do_forget(char *args)
{
	char *word = mmsim_ctl_word(&args);
	struct block *block;
	unsigned int handle;
	int err;

	if (!word)
		return mmsim_ctl_fail(-EINVAL, "forget: which? a handle");
	err = mmsim_ctl_number("forget: handle", word, 1, HANDLE_MAX, &handle);
	if (err)
		return err;
	block = xa_erase(&ctl_blocks, handle);
	if (!block)
		return mmsim_ctl_fail(-EINVAL, "forget: no handle %u; list shows those there are", handle);
	mmsim_ctl_object_forget(block->cache);
	kfree(block);
	mmsim_ctl_say("%u forgotten", handle);
	return 0;
}

/* The block's handle keeps its first page; the others get handles of their own. */
static int do_split(char *args)
{
	unsigned int handle, order;
	struct block *block = block_of("split", mmsim_ctl_word(&args), &handle);
	unsigned long pfn, i;
	int err = 0;

	if (!block)
		return -EINVAL;
	if (block->gfp & __GFP_COMP)
		return mmsim_ctl_fail(-EINVAL, "split: %u is a compound block; allocate it without __GFP_COMP", handle);

	order = block->order;
	pfn = mmsim_page_to_pfn(block->page);
	mmsim_split_page(block->page, order);
	block->order = 0;
	mmsim_ctl_say("%u pfn %#lx order 0", handle, pfn);
	/* Go on after an error: each page without a handle has to be freed, and block_add() does that. */
	for (i = 1; i < 1UL << order; i++)
		err = block_add(mmsim_pfn_to_page(pfn + i), 0, block->gfp) ?: err;
	return err;
}

/* A word written at the one address must be there at the other: both lead to the same frame. */
static int do_kmap(char *args)
{
	unsigned int handle;
	struct block *block = block_of("kmap", mmsim_ctl_word(&args), &handle);
	u64 *lasting, *local, seen;

	if (!block)
		return -EINVAL;
	lasting = mmsim_kmap(block->page);
	*lasting = ~(u64)handle;
	local = mmsim_kmap_local_page(block->page);
	seen = *local;
	mmsim_kunmap_local(local);
	mmsim_kunmap(block->page);
	if (seen != ~(u64)handle)
		return mmsim_ctl_fail(-EIO, "kmap: what was written at %#lx is not at %#lx", (unsigned long)lasting,
				      (unsigned long)local);
	mmsim_ctl_say("%u kmap %#lx kmap_local_page %#lx", handle, (unsigned long)lasting, (unsigned long)local);
	return 0;
}

static int do_mirror(char *args)
{
	char *word = mmsim_ctl_word(&args);
	int err;

	if (word && !strcmp(word, "on")) {
		err = mmsim_mirror_attach();
		if (err == -EBUSY)
			return mmsim_ctl_fail(err, "mirror: it is on already");
		if (err)
			return mmsim_ctl_fail(err, "mirror: not switched on, error %d; the log says why", err);
	} else if (word && !strcmp(word, "off")) {
		if (mmsim_mirror_detach())
			return mmsim_ctl_fail(-EINVAL, "mirror: it is off already");
	} else {
		return mmsim_ctl_fail(-EINVAL, "mirror: '%.32s' is neither on nor off", word ?: "");
	}
	mmsim_ctl_say("mirror %s", word);
	return 0;
}

static int do_help(char *args);

static const struct command {
	const char *name;
	int (*run)(char *args);
	bool args;		/* takes any */
	const char *usage;
} commands[] = {
	{ "alloc_pages", do_alloc_pages, true, "[order=0] [gfp=GFP_KERNEL] [count=1]: a handle a block" },
	{ "free", do_free, true, "HANDLE|FIRST-LAST ...: of a range, those there are" },
	{ "free_all", do_free_all, false, ": every handle" },
	{ "forget", do_forget, true, "HANDLE: what it stands for stays allocated, a leak that unloading reports" },
	{ "list", do_list, false, ": the handles, with what they stand for and the gfp of that" },
	{ "split", do_split, true, "HANDLE: split_page(), into blocks of order 0" },
	{ "kmap", do_kmap, true, "HANDLE: map its first page in both ways, write, read, unmap" },
	{ "drain", do_drain, false, ": give the CPUs' lists back to the zones" },
	{ "compact", do_compact, false, ": move pages together, in every zone, as far as it goes" },
	{ "cma_create", do_cma_create, true, "NAME SIZE: a CMA area, in multiples of 2M" },
	{ "cma_destroy", do_cma_destroy, true, "NAME: give an area back" },
	{ "cache_create", mmsim_ctl_cache_create, true,
	  "NAME SIZE [align=0] [flags=SLAB_...|...] [engine=slub|slab|slob] [ctor=no] [freeptr=]: a slab cache" },
	{ "cache_destroy", mmsim_ctl_cache_destroy, true, "NAME: give a cache back" },
	{ "cache_shrink", mmsim_ctl_cache_shrink, true, "NAME: give back its slabs without objects" },
	{ "cache_alloc", mmsim_ctl_cache_alloc, true, "NAME [gfp=GFP_KERNEL] [count=1]: a handle an object" },
	{ "kmalloc", mmsim_ctl_kmalloc, true, "size=SIZE [gfp=GFP_KERNEL] [count=1]: a handle an object" },
	{ "vmalloc", mmsim_ctl_vmalloc, true,
	  "size=SIZE [align=1] [huge=no] [gfp=GFP_KERNEL] [count=1]: a handle an area" },
	{ "purge", mmsim_ctl_purge, false, ": use the pages and addresses of freed areas again" },
	{ "mirror", do_mirror, true, "on|off: serve the running kernel's page allocations, too" },
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
	n = block_free_range(0, ULONG_MAX);
	caches = mmsim_ctl_caches_exit();
	xa_destroy(&ctl_blocks);
	output_reset();
	mutex_unlock(&ctl_mutex);
	if (n)
		pr_info("ctl: freed %u blocks, objects and areas that were still held\n", n);
	if (caches)
		pr_info("ctl: destroyed %u caches that were still there\n", caches);
}
