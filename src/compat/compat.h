/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that mmsim builds against, and nothing else. Force-included into every file, so that
 * no other file asks for a kernel's version. Each entry says which release introduced or removed what, and why the
 * replacement is right.
 */
#ifndef MMSIM_COMPAT_H
#define MMSIM_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "mmsim supports Linux 6.1 and later"
#endif

#ifndef CONFIG_64BIT
#error "mmsim keeps a block's state in the upper half of page->flags and needs a 64-bit kernel"
#endif

#ifdef CONFIG_CPU_BIG_ENDIAN
#error "mmsim reads a page's two counts as one little-endian word"
#endif

/*
 * 6.3 introduced vm_flags_set(), which locks the VMA against page faults that don't take mmap_lock. Before it there are
 * no such faults, and under mmap_lock the flags are changed directly.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define vm_flags_set(vma, flags)	((vma)->vm_flags |= (flags))
#endif

/* 6.12 took deadline tasks out of rt_task() and gave rt_or_dl_task() its old meaning. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define rt_or_dl_task(task)		rt_task(task)
#endif

/*
 * How SLUB and kmalloc lay out slabs differs between kernels, and mmsim's caches have the geometry of those of the
 * kernel that it runs in. 6.7 rewrote calculate_order(), which until then lowered the number of objects wanted where no
 * order fitted; 6.11 introduced the alignment of kmalloc's sizes to their largest power-of-two divisor.
 */
#define MMSIM_HOST_LOWERS_MIN_OBJECTS	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0))
#define MMSIM_HOST_ALIGNS_TO_DIVISOR	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0))

/*
 * 6.5 introduced SLAB_NO_MERGE; before, the kernel refuses its bit. What a cache of the host's is to be made with that
 * had better not be merged: before 6.5 it may be, with one of the same size.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define HOST_SLAB_NO_MERGE		0
#else
#define HOST_SLAB_NO_MERGE		SLAB_NO_MERGE
#endif

#endif /* MMSIM_COMPAT_H */
