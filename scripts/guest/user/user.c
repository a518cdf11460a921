// SPDX-License-Identifier: GPL-2.0
/*
 * A process on mmsim's memory, for the guest: `user TEST [ARGUMENT...]` maps /dev/mmsim and looks whether it is what
 * anonymous shared memory would be. It ends with 0, or says what was wrong and ends with 1.
 *
 * The tests that stand alone count mmsim's pages in its debugfs file; nobody else may use the device meanwhile. The
 * others (hold, work) run beside each other and beside whoever moves their pages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICE		"/dev/mmsim"
#define COUNTS		"/sys/kernel/debug/mmsim/user"
#define PAGE		4096UL
#define WORDS		(PAGE / sizeof(unsigned long))
#define MAX_THREADS	16

#define want(cond)	do { if (!(cond)) die("line %d: not so: %s (errno %d)", __LINE__, #cond, errno); } while (0)

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

/* What mmsim counts, by the line's name. */
static long count_of(const char *name)
{
	char line[128];
	long value = -1;
	FILE *file = fopen(COUNTS, "r");

	want(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = atol(line + strlen(name) + 1);
	fclose(file);
	want(value >= 0);
	return value;
}

static long pages_held(void)
{
	return count_of("pages");
}

static int device(int flags)
{
	int fd = open(DEVICE, flags);

	want(fd >= 0);
	return fd;
}

static unsigned long *map(int fd, unsigned long pages)
{
	void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	want(p != MAP_FAILED);
	return p;
}

/* The word that belongs at a place in the @generation-th filling of page @page; generation 0 is zeroes. */
static unsigned long word(unsigned long seed, unsigned long page, unsigned int generation, unsigned int i)
{
	unsigned long x = seed + page * 0x9e3779b97f4a7c15 + generation * 0xbf58476d1ce4e5b9 + i * 0x94d049bb133111eb;

	return generation ? (x ^ x >> 31) * 0xd6e8feb86659fd93 | 1 : 0;
}

static void fill(unsigned long *p, unsigned long seed, unsigned long page, unsigned int generation)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		p[page * WORDS + i] = word(seed, page, generation, i);
}

static void look(const unsigned long *p, unsigned long seed, unsigned long page, unsigned int generation)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (p[page * WORDS + i] != word(seed, page, generation, i))
			die("page %lu word %u is %#lx, not %#lx (generation %u)", page, i,
			    p[page * WORDS + i], word(seed, page, generation, i), generation);
}

static void fill_all(unsigned long *p, unsigned long seed, unsigned long pages, unsigned int generation)
{
	unsigned long page;

	for (page = 0; page < pages; page++)
		fill(p, seed, page, generation);
}

static void look_all(const unsigned long *p, unsigned long seed, unsigned long pages, unsigned int generation)
{
	unsigned long page;

	for (page = 0; page < pages; page++)
		look(p, seed, page, generation);
}

/* The signal that touching an address raises; 0 for none. */
static sigjmp_buf after_fault;

static void on_fault(int sig)
{
	siglongjmp(after_fault, sig);
}

static int touch(unsigned long *at, int write)
{
	int sig;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	sig = sigsetjmp(after_fault, 1);
	if (!sig) {
		if (write)
			__atomic_store_n(at, 4711, __ATOMIC_RELAXED);
		else
			__atomic_load_n(at, __ATOMIC_RELAXED);
	}
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return sig;
}

static void wait_for(pid_t child)
{
	int status;

	want(waitpid(child, &status, 0) == child);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("the child ended with %#x", status);
}

/* tests that stand alone */

static void test_basics(void)
{
	int fd = device(O_RDWR), other = device(O_RDWR);
	unsigned long *p = map(fd, 64), *q = map(fd, 64), *r = map(other, 64);

	want(pages_held() == 0);
	want(count_of("open files") == 2 && count_of("mappings") == 3);
	look_all(p, 1, 64, 0);
	want(pages_held() == 64);
	fill_all(p, 1, 64, 1);
	look_all(q, 1, 64, 0);
	look_all(r, 1, 64, 0);
	fill_all(q, 2, 64, 1);
	fill_all(r, 3, 64, 1);
	close(fd);
	look_all(p, 1, 64, 1);
	look_all(q, 2, 64, 1);
	look_all(r, 3, 64, 1);
	want(pages_held() == 3 * 64);
	want(!munmap(p, 64 * PAGE));
	want(pages_held() == 2 * 64);
	look_all(q, 2, 64, 1);
	want(!munmap(q, 64 * PAGE) && !munmap(r, 64 * PAGE));
	close(other);
	want(pages_held() == 0 && count_of("open files") == 0 && count_of("mappings") == 0);
}

static void refused(int fd, unsigned long size, int prot, int flags, off_t offset, int err)
{
	errno = 0;
	want(mmap(NULL, size, prot, flags, fd, offset) == MAP_FAILED);
	want(errno == err);
}

static void test_refusals(void)
{
	int fd = device(O_RDWR), readonly = device(O_RDONLY);
	unsigned long *p;

	refused(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0, EINVAL);
	refused(fd, PAGE, PROT_READ, MAP_PRIVATE, 0, EINVAL);
	refused(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE, EINVAL);
	refused(fd, 1UL << 40, PROT_READ | PROT_WRITE, MAP_SHARED, 0, ENOMEM);
	refused(readonly, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0, EACCES);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, readonly, 0);
	want(p != MAP_FAILED);
	look_all(p, 1, 1, 0);
	want(mprotect(p, PAGE, PROT_READ | PROT_WRITE) && errno == EACCES);
	want(read(fd, &p, sizeof(p)) < 0 && errno == EINVAL);
	p = map(fd, 2);
	fill_all(p, 1, 2, 1);
	want(madvise(p, PAGE, MADV_DONTNEED));
	want(mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	look_all(p, 1, 2, 1);
}

static void test_fork(void)
{
	unsigned long *p = map(device(O_RDWR), 32);
	unsigned long page;
	pid_t child;
	int ends[2];
	char c;

	want(!pipe(ends));
	fill_all(p, 1, 16, 1);
	child = fork();
	if (!child) {
		look_all(p, 1, 16, 1);
		look(p, 1, 20, 0);
		fill_all(p, 2, 32, 1);
		want(!munmap(p, 8 * PAGE));
		want(pages_held() == 32);
		want(read(ends[0], &c, 1) == 1);
		/* The parent has unmapped the upper half, and this process the lowest quarter. */
		want(pages_held() == 32);
		for (page = 8; page < 32; page++)
			look(p, 2, page, 1);
		_exit(0);
	}
	want(child > 0);
	while (__atomic_load_n(&p[31 * WORDS], __ATOMIC_RELAXED) != word(2, 31, 1, 0) || count_of("mappings") != 2)
		usleep(1000);
	look_all(p, 2, 32, 1);
	want(!munmap(p + 16 * WORDS, 16 * PAGE));
	want(write(ends[1], "", 1) == 1);
	wait_for(child);
	want(pages_held() == 16);
	look_all(p, 2, 16, 1);
}

static void test_protect(void)
{
	unsigned long *p = map(device(O_RDWR), 16);

	fill_all(p, 1, 16, 1);
	want(!mprotect(p + 4 * WORDS, 4 * PAGE, PROT_READ));
	want(!mprotect(p + 8 * WORDS, 4 * PAGE, PROT_NONE));
	want(touch(p, 0) == 0 && touch(p + 5 * WORDS, 0) == 0 && touch(p + 9 * WORDS, 0) == SIGSEGV);
	want(touch(p + 5 * WORDS, 1) == SIGSEGV && touch(p + 9 * WORDS, 1) == SIGSEGV);
	want(!mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE));
	look_all(p, 1, 16, 1);
	fill_all(p, 2, 16, 1);
	look_all(p, 2, 16, 1);
	want(pages_held() == 16);
}

static void test_unmap(void)
{
	int fd = device(O_RDWR);
	unsigned long *p = map(fd, 32), *q;

	fill_all(p, 1, 32, 1);
	want(!munmap(p + 8 * WORDS, 8 * PAGE));
	want(pages_held() == 24 && count_of("mappings") == 2);
	want(touch(p + 8 * WORDS, 0) == SIGSEGV && touch(p + 15 * WORDS, 1) == SIGSEGV);
	look(p, 1, 7, 1);
	look(p, 1, 16, 1);
	/* What is mapped over it is new. */
	q = mmap(p + 4 * WORDS, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	want(q == p + 4 * WORDS);
	want(pages_held() == 16);
	look_all(q, 1, 16, 0);
	look(p, 1, 3, 1);
	look(p, 1, 20, 1);
	want(!munmap(p, 32 * PAGE));
	want(pages_held() == 0 && count_of("mappings") == 0);
}

static void test_remap(void)
{
	unsigned long *p = map(device(O_RDWR), 16), *q;

	fill_all(p, 1, 16, 1);
	q = mmap(NULL, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	want(mremap(p, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
	look_all(q, 1, 16, 1);
	want(touch(p, 0) == SIGSEGV);
	want(pages_held() == 16 && count_of("mappings") == 1);
	want(mremap(q, 16 * PAGE, 4 * PAGE, 0) == q);
	want(pages_held() == 4);
	look_all(q, 1, 4, 1);
}

/* What copies works, whether the page is there or not; what wants to pin a page is refused. */
static void test_copies(void)
{
	unsigned long *p = map(device(O_RDWR), 8), buffer[WORDS], one = 0;
	struct iovec local = { buffer, PAGE }, remote = { p, PAGE };
	int ends[2], mem = open("/proc/self/mem", O_RDWR);

	want(!pipe(ends));
	want(write(ends[1], p, PAGE) == PAGE);
	want(read(ends[0], buffer, PAGE) == PAGE);
	look_all(buffer, 1, 1, 0);
	fill_all(buffer, 1, 1, 1);
	want(write(ends[1], buffer, PAGE) == PAGE);
	want(read(ends[0], p, PAGE) == PAGE);
	look_all(p, 1, 1, 1);
	want(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == -1);

	/* UML has no ->access(). */
	if (pread(mem, &one, sizeof(one), (uintptr_t)p) < 0)
		return;
	want(one == p[0]);
	want(pwrite(mem, buffer, PAGE, (uintptr_t)(p + 4 * WORDS)) == PAGE);
	look_all(p + 4 * WORDS, 1, 1, 1);
	want(pread(mem, buffer, PAGE, (uintptr_t)(p + WORDS + WORDS / 2)) == PAGE);
	look_all(buffer, 1, 1, 0);
	want(!mprotect(p, PAGE, PROT_READ));
	want(pwrite(mem, &one, sizeof(one), (uintptr_t)p) < 0);
}

/* All threads touch the same pages at once: each gets one page. */
static pthread_barrier_t barrier;
static unsigned long *shared;

static void *touch_all(void *arg)
{
	unsigned long page;

	pthread_barrier_wait(&barrier);
	for (page = 0; page < 512; page++)
		__atomic_fetch_add(&shared[page * WORDS], 1, __ATOMIC_SEQ_CST);
	return arg;
}

static void test_threads(void)
{
	pthread_t thread[4];
	unsigned int round, i;

	pthread_barrier_init(&barrier, NULL, 4);
	for (round = 0; round < 10; round++) {
		shared = map(device(O_RDWR), 512);
		for (i = 0; i < 4; i++)
			want(!pthread_create(&thread[i], NULL, touch_all, NULL));
		for (i = 0; i < 4; i++)
			pthread_join(thread[i], NULL);
		want(pages_held() == 512);
		for (i = 0; i < 512; i++)
			want(shared[i * WORDS] == 4);
		want(!munmap(shared, 512 * PAGE));
		want(pages_held() == 0);
	}
}

/* mmsim is full: SIGBUS, and all is well when something is unmapped. */
static void test_full(unsigned long region_pages)
{
	unsigned long *p = map(device(O_RDWR), region_pages / 2), *q = map(device(O_RDWR), region_pages / 2);
	unsigned long page, got = 0;
	int sig = 0;

	for (page = 0; page < region_pages && !sig; page++) {
		unsigned long *at = page < region_pages / 2 ? p : q;

		sig = touch(at + page % (region_pages / 2) * WORDS, 1);
		got += !sig;
	}
	want(sig == SIGBUS);
	want(pages_held() == (long)got && got > region_pages * 7 / 10);
	want(count_of("faults without memory") > 0);
	want(write(1, q + (region_pages / 2 - 1) * WORDS, 8) < 0 && errno == EFAULT);
	want(!munmap(p, region_pages / 2 * PAGE));
	for (page = 0; page < region_pages / 4; page++)
		want(!touch(q + (region_pages / 4 + page) * WORDS, 1));
	for (page = 0; page < region_pages / 2; page++)
		want(q[page * WORDS] == 4711 || !q[page * WORDS]);
}

/* tests that run beside others */

static int exists(const char *path)
{
	return !access(path, F_OK);
}

static void create(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	want(fd >= 0);
	close(fd);
}

/* Keeps every @step-th page of a mapping, makes the file @ready, and looks at them when there is a file @stop. */
static void test_hold(unsigned long pages, unsigned long step, const char *ready, const char *stop)
{
	unsigned long *p = map(device(O_RDWR), pages);
	unsigned long seed = getpid();
	unsigned long page;

	fill_all(p, seed, pages, 1);
	for (page = 0; page + step <= pages && step > 1; page += step)
		want(!munmap(p + (page + 1) * WORDS, (step - 1) * PAGE));
	create(ready);
	while (!exists(stop))
		usleep(10000);
	for (page = 0; page < pages; page += step)
		look(p, seed, page, 1);
}

struct worker {
	pthread_t thread;
	unsigned long *p;
	unsigned long pages, loops;
	unsigned long seed;
	time_t until;
	int fd;
};

/* A new mapping in place of a few pages, which gives the old ones back. */
static void renew(struct worker *w, unsigned int *generation, unsigned long page, unsigned long n)
{
	void *at = w->p + page * WORDS;

	want(mmap(at, n * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, w->fd, 0) == at);
	memset(&generation[page], 0, n * sizeof(*generation));
}

/* A child that looks at a page, shares it, and is gone. */
static void share(struct worker *w, unsigned int *generation, unsigned long page)
{
	pid_t child = fork();

	want(child >= 0);
	if (!child) {
		look(w->p, w->seed, page, generation[page]);
		fill(w->p, w->seed, page, generation[page] + 1);
		_exit(0);
	}
	wait_for(child);
	generation[page]++;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int *generation = calloc(w->pages, sizeof(*generation));
	unsigned int seed = w->seed;
	unsigned long page, n;

	want(generation);
	for (; time(NULL) < w->until; w->loops++) {
		page = rand_r(&seed) % w->pages;
		look(w->p, w->seed, page, generation[page]);
		fill(w->p, w->seed, page, ++generation[page]);
		n = 1 + rand_r(&seed) % 8;
		if (!(rand_r(&seed) % 64) && page + n <= w->pages)
			renew(w, generation, page, n);
		if (!(rand_r(&seed) % 2048))
			share(w, generation, page);
	}
	for (page = 0; page < w->pages; page++)
		look(w->p, w->seed, page, generation[page]);
	free(generation);
	return NULL;
}

/* Threads that write, read back, unmap and fork, each on @pages pages of its own. */
static void test_work(unsigned long pages, unsigned int seconds, unsigned int nr)
{
	struct worker worker[MAX_THREADS];
	unsigned long loops = 0;
	unsigned int i;

	want(nr <= MAX_THREADS);
	for (i = 0; i < nr; i++) {
		worker[i] = (struct worker) {
			.fd = device(O_RDWR), .pages = pages, .seed = getpid() * MAX_THREADS + i,
			.until = time(NULL) + seconds,
		};
		worker[i].p = map(worker[i].fd, pages);
	}
	for (i = 0; i < nr; i++)
		want(!pthread_create(&worker[i].thread, NULL, work, &worker[i]));
	for (i = 0; i < nr; i++) {
		pthread_join(worker[i].thread, NULL);
		loops += worker[i].loops;
	}
	printf("%lu pages written and read back\n", loops);
	want(loops > 0);
}

int main(int argc, char **argv)
{
	const char *test = argc > 1 ? argv[1] : "";

	if (!strcmp(test, "basics"))
		test_basics();
	else if (!strcmp(test, "refusals"))
		test_refusals();
	else if (!strcmp(test, "fork"))
		test_fork();
	else if (!strcmp(test, "protect"))
		test_protect();
	else if (!strcmp(test, "unmap"))
		test_unmap();
	else if (!strcmp(test, "remap"))
		test_remap();
	else if (!strcmp(test, "copies"))
		test_copies();
	else if (!strcmp(test, "threads"))
		test_threads();
	else if (!strcmp(test, "full") && argc == 3)
		test_full(strtoul(argv[2], NULL, 0));
	else if (!strcmp(test, "hold") && argc == 6)
		test_hold(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0), argv[4], argv[5]);
	else if (!strcmp(test, "work") && argc == 5)
		test_work(strtoul(argv[2], NULL, 0), atoi(argv[3]), atoi(argv[4]));
	else
		die("usage: user basics|refusals|fork|protect|unmap|remap|copies|threads, full REGION_PAGES,\n"
		    "hold PAGES STEP READY STOP, work PAGES SECONDS THREADS");
	return 0;
}
