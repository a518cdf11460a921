// SPDX-License-Identifier: GPL-2.0
/*
 * How many pages a kernel with SLOB takes for a sequence of kmalloc() and kfree(), a line a step in the log:
 *
 *	hostslob: step STEP pages PAGES
 *
 * A step is SIZExCOUNT, that many allocations of so many bytes; freeN, which frees those of the Nth step, the first
 * being 1, in the order in which they were allocated; or oddN, which frees every other one of them, from the first on,
 * and leaves the others to freeN. PAGES is counted from the first step on.
 *
 * The kernel's heap has holes when the module is loaded, of which nobody knows. So the holes are filled first: on each
 * of SLOB's three lists of pages, the smallest object that the steps put there is allocated until that takes a new
 * page. Interrupts are off meanwhile, so that nobody else's allocations are counted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define MAX_OBJECTS	65536
#define MAX_STEPS	32

static char *steps[MAX_STEPS];
static unsigned int nr_steps;
module_param_array(steps, charp, &nr_steps, 0444);
MODULE_PARM_DESC(steps, "SIZExCOUNT, freeN or oddN, with commas between them");

static unsigned int fill[3];
module_param_array(fill, uint, NULL, 0444);
MODULE_PARM_DESC(fill, "bytes of the smallest object of each list, without the header");

static void **held;			/* room for MAX_OBJECTS */
static unsigned int nr_held;
static unsigned int first[MAX_STEPS + 1];	/* of a step's in held[]; the next step's is its end */
static unsigned long pages[MAX_STEPS];		/* after the step */

static unsigned long slab_pages(void)
{
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

static bool hold(unsigned int size)
{
	void *p = nr_held < MAX_OBJECTS ? kmalloc(size, GFP_NOWAIT) : NULL;

	if (p)
		held[nr_held++] = p;
	return p;
}

static bool fill_holes(unsigned int size)
{
	unsigned long before = slab_pages();

	while (slab_pages() == before)
		if (!hold(size))
			return false;
	return true;
}

static void free_each(unsigned int from, unsigned int to, unsigned int stride)
{
	for (; from < to; from += stride) {
		kfree(held[from]);
		held[from] = NULL;
	}
}

static bool run_step(unsigned int i)
{
	unsigned int size, n;

	first[i] = nr_held;
	if (sscanf(steps[i], "free%u", &n) == 1 && n && n <= i) {
		free_each(first[n - 1], first[n], 1);
	} else if (sscanf(steps[i], "odd%u", &n) == 1 && n && n <= i) {
		free_each(first[n - 1], first[n], 2);
	} else {
		if (sscanf(steps[i], "%ux%u", &size, &n) != 2)
			return false;
		while (n--)
			if (!hold(size))
				return false;
	}
	first[i + 1] = nr_held;
	return true;
}

static bool run(void)
{
	unsigned long flags, before;
	unsigned int i;
	bool ok = true;

	local_irq_save(flags);
	for (i = 0; ok && i < ARRAY_SIZE(fill); i++)
		ok = fill_holes(fill[i]);
	before = slab_pages();
	for (i = 0; ok && i < nr_steps; i++) {
		ok = run_step(i);
		pages[i] = slab_pages() - before;
	}
	local_irq_restore(flags);
	return ok;
}

static int __init hostslob_init(void)
{
	unsigned int i;

	held = vmalloc(array_size(MAX_OBJECTS, sizeof(*held)));
	if (!held)
		return -ENOMEM;
	if (!run())
		pr_err("a step could not be done\n");
	else
		for (i = 0; i < nr_steps; i++)
			pr_info("step %s pages %ld\n", steps[i], pages[i]);
	while (nr_held)
		kfree(held[--nr_held]);
	vfree(held);
	return 0;
}
module_init(hostslob_init);

static void __exit hostslob_exit(void)
{
}
module_exit(hostslob_exit);

MODULE_DESCRIPTION("Counts the pages that a kernel with SLOB takes for a sequence of allocations");
MODULE_LICENSE("GPL");
