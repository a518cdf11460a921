#!/usr/bin/env bash
# Runs lanes: ways to prove mmsim, each complete in itself, from fetching what it needs to counting what passed.
#
#   lane.sh [--together] NAME... | all
#
#   --together             two lanes at a time, each with its guests on a CPU of its own; bench still has the machine for itself
#
#   uml                    the KUnit suites in User Mode Linux; CMA areas, caches and their files
#   stock-6.12, stock-6.1  the module on Debian's stock kernels in QEMU: files, commands, mirror, processes, storms, unloading
#   kasan                  the KUnit suites under KASAN, lockdep and sleep-in-atomic checks
#   kasan-stock            files, commands, processes and storms under them; source=cma too
#   kcsan                  KUnit, and everything at once, under the data race detector with 2 CPUs
#   old                    mmsim's SLAB and SLOB beside those of Linux 6.1: layout, cache by cache; pages taken, step by step
#   style                  checkpatch --strict, kernel-doc, sparse against 6.12 and 6.1, shellcheck
#   own                    no run of lines copied from the kernel (where the comparison script is at hand)
#   dkms                   DKMS adds, builds, installs and removes the module
#   bench                  scripts/bench.sh: mmsim and the host side by side
#
# The last line is `N passed, N failed`, over all lanes; the exit code is 0 when nothing failed.

. "$(dirname "$0")/lib.sh"

SCRIPTS=$MMSIM_TOP/scripts
# In this order two at a time take the least time together.
ALL=(uml stock-6.12 stock-6.1 kasan kasan-stock kcsan old style own dkms bench)
# The KUnit suites that have to be there: those of Kbuild, each in a file of its name.
SUITES=$(sed -n 's/^mmsim-y += //p' "$MMSIM_TOP/Kbuild" | grep -o '[a-z_]*_test' | sed 's/_test//' | xargs)
# Those of their tests that a kernel in QEMU with cma= on its line must not skip. That kernel has windows.
NEVER_SKIPPED='watermark_as_host|source=cma|no window|vmap_ram_block|no_addresses'
passed=0
failed=0

# check TEXT COMMAND...: a test, passed when COMMAND succeeds; its output is in the lane's log folder.
check() {
	local text=$1
	shift
	if step "$text" "$MMSIM_OUT/log/$lane/$((passed + failed)).log" "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		failure "lane $lane: $text"
	fi
}

# counted COMMAND...: adds the counts that COMMAND prints last.
counted() {
	local said
	said=$(mktemp -p "$MMSIM_RUN")
	"$@" >"$said" || true
	add_counts "$said"
}

# guest KERNEL SCRIPT MODULE_FLAGS [OPTION...]: builds the module so, and runs the script in a guest that has it.
guest() {
	local kernel=$1 script=$2 dir
	read -ra flags <<<"$3"
	shift 3
	if dir=$("$SCRIPTS/module.sh" "$kernel" "${flags[@]}"); then
		counted "$SCRIPTS/guest.sh" "$kernel" "$script" --module "$dir" "$@"
	else
		failed=$((failed + 1))
		failure "lane $lane: the module for $kernel does not build"
	fi
}

# plain_guest KERNEL SCRIPT [OPTION...]: the same without KUnit. Where the module has been built with the suites, that one
# will do, and they don't run.
plain_guest() {
	case $1 in
	uml | kasan | kcsan) guest "$1" "$2" KUNIT=1 --append kunit.enable=0 "${@:3}" ;;
	*) guest "$1" "$2" "" "${@:3}" ;;
	esac
}

lane_uml() {
	guest uml kunit KUNIT=1 suites="$SUITES"
	plain_guest uml cma
	plain_guest uml objects
	plain_guest uml layout
	plain_guest uml vmalloc
}

# What the files, commands, sources and refusals are on any kernel. The range for source=memmap begins where 1 GB has RAM.
stock_guest() {
	plain_guest "$1" stock --timeout 900 --append "cma=64M memmap=64M\$0x20000000" reserved=0x20000000 "${@:2}"
}

# Processes on mmsim's memory: the guest gets a program for them, which needs nothing but the kernel.
user_guest() {
	local dir=$MMSIM_OUT/$lane-user
	need_packages build-essential
	mkdir -p "$dir"
	step "user program: building" "$MMSIM_OUT/log/$lane-user.log" cc -O2 -Wall -Wextra -Werror -static -pthread -o "$dir/user" \
		"$SCRIPTS/guest/user/user.c"
	plain_guest "$1" user --files "$dir" "${@:2}"
}

# The range for source=memmap begins where the kernel has no RAM, and so no struct pages.
vmalloc_guest() {
	plain_guest "$1" vmalloc --append "mem=768M memmap=64M\$0x38000000" reserved=0x38000000 window=yes "${@:2}"
}

# With one CPU to switch the mirror a thousand times: with two that wait for each other's turn it takes ten times as long.
stock_lane() {
	stock_guest "$1" cma=no attaches=50
	plain_guest "$1" files --timeout 600 --memory 5G	# with DMA, DMA32 and Normal
	plain_guest "$1" cma --timeout 300
	user_guest "$1" --timeout 600 --append "memmap=64M\$0x20000000" reserved=0x20000000
	plain_guest "$1" caches --timeout 600
	plain_guest "$1" layout --timeout 300
	vmalloc_guest "$@"
	plain_guest "$1" readers --timeout 600 --files "$("$SCRIPTS/readers.sh")"
	plain_guest "$1" storm --timeout 300 seconds=15
	plain_guest "$1" unload --timeout 900 --cpus 1 rounds=20 attaches=1000
}

# Gigabytes: on 6.12 as many as seconds allow when the kernel doesn't zero them, on 6.1 some that it does zero, and so with
# progress in the log. The kernel's image must not lie in the middle of them.
lane_stock-6.12() {
	stock_lane 6.12 --la57 levels=5
	plain_guest 6.12 large --timeout 600 --memory 8G --append "nokaslr init_on_alloc=0" size=4096 too_much=5200M
}
lane_stock-6.1() {
	stock_lane 6.1
	plain_guest 6.1 large --timeout 600 --memory 3G --append nokaslr size=1280 progress=yes
}

lane_kasan() {
	guest kasan kunit KUNIT=1 --timeout 2400 --memory 5G --append cma=64M suites="$SUITES" never_skipped="$NEVER_SKIPPED"
}

lane_kasan-stock() {
	stock_guest kasan cma=yes attaches=20
	user_guest kasan --timeout 1500 seconds=10 kills=6
	plain_guest kasan storm --timeout 600 seconds=15
}

lane_kcsan() {
	# The host's own races: of the serial console's interrupt, and of tmpfs.
	guest kcsan kunit KUNIT=1 --timeout 2400 --parallel --append cma=64M \
		--expect 'data-race in (__synchronize_hardirq / handle_irq_event|handle_irq_event / __synchronize_hardirq)' \
		suites="$SUITES" never_skipped="$NEVER_SKIPPED"
	plain_guest kcsan races --timeout 300 --parallel --expect 'data-race in __percpu_counter_limited_add' seconds=20
}

# old_guest KERNEL FOLDER [OPTION...]: mmsim beside the kernel's own allocator, which the module in scripts/guest/FOLDER shows.
old_guest() {
	local kernel=$1 host
	if host=$("$SCRIPTS/module.sh" "$kernel" SRC="$SCRIPTS/guest/$2"); then
		guest "$kernel" "$kernel" "" --module "$host" "${@:3}"
	else
		failed=$((failed + 1))
		failure "lane $lane: $2 does not build"
	fi
}

lane_old() {
	old_guest old-slab hostslab --append slab_nomerge	# each cache with a row of its own
	old_guest old-slob hostslob
}

# silent COMMAND...: succeeds when COMMAND does, and says nothing.
silent() {
	local said=$MMSIM_RUN/said code=0
	"$@" >"$said" 2>&1 || code=$?
	cat "$said"
	[ $code = 0 ] && [ ! -s "$said" ]
}

# Besides what `checkpatch --strict` wants: src/compat asks for the kernel's version, as designed, a loop macro uses its
# arguments more than once, as the kernel's own do, and mmsim___SetPageMovable() is the kernel's name.
CHECKPATCH_IGNORE=LINUX_VERSION_CODE,CONSTANT_COMPARISON,MACRO_ARG_REUSE,CAMELCASE

lane_style() {
	local source c_files sh_files
	source=$(kernel_dir source 6.12)
	need_packages perl sparse shellcheck
	cd "$MMSIM_TOP"
	mapfile -t c_files < <(git ls-files '*.c' '*.h')
	mapfile -t sh_files < <(git grep -lE '^#!.*sh|^# shellcheck shell=' -- scripts .ci)
	check "checkpatch --strict: ${#c_files[@]} files" \
		silent "$source/scripts/checkpatch.pl" --strict --no-tree --terse --no-summary --show-types \
		--max-line-length=120 --ignore "$CHECKPATCH_IGNORE" -f "${c_files[@]}"
	check "kernel-doc: ${#c_files[@]} files" silent "$source/scripts/kernel-doc" -none -Werror "${c_files[@]}"
	check "sparse against 6.12" "$SCRIPTS/module.sh" 6.12 BENCH=1 C=2
	check "sparse against 6.1" "$SCRIPTS/module.sh" 6.1 BENCH=1 C=2
	check "sparse with the KUnit suites" "$SCRIPTS/module.sh" uml KUNIT=1 C=2
	check "shellcheck: ${#sh_files[@]} files" shellcheck -x "${sh_files[@]}"
}

# The comparison script takes a folder with the kernels' mm/, lib/ and include/linux/.
lane_own() {
	local compare=${MMSIM_OWN_CODE:-$MMSIM_TOP/../shared/tools/own-code.py} trees=$MMSIM_RUN/trees version source d
	if [ ! -e "$compare" ]; then
		say "own: skipped, there is no $compare"
		return
	fi
	need_packages python3
	for version in 6.12 6.1; do
		source=$(kernel_dir source "$version")
		mkdir -p "$trees/$version/include"
		for d in mm lib include/linux; do
			ln -s "$source/$d" "$trees/$version/$d"
		done
	done
	cd "$MMSIM_TOP"
	check "own: no four lines in a row are the kernel's" python3 "$compare" "$trees"
}

# In trees of its own, so that the machine's DKMS never hears of it; unsigned, so that DKMS makes no key for the machine.
lane_dkms() {
	local version
	if ! can_be_root; then
		failed=$((failed + 1))
		failure "lane dkms: DKMS wants root, or sudo"
		return
	fi
	need_packages dkms
	for version in 6.12 6.1; do
		dkms_round "$version"
	done
}

dkms_round() {
	local version=$1 folder release tree source trees
	folder=$(kernel_dir "$version")
	release=$(cat "$folder/release")
	tree=$(mktemp -d -p "$MMSIM_RUN")
	mkdir -p "$tree/dkms" "$tree/modules/$release"
	source=DKMS_SOURCE=$tree/src/mmsim-$(dkms_version)
	trees="--dkmstree $tree/dkms --sourcetree $tree/src --installtree $tree/modules --no-depmod"
	check "dkms, $release: add, build, install" as_root env sign_file=/none make -C "$MMSIM_TOP" dkms-install "$source" \
		DKMS_OPTIONS="$trees -k $release --kernelsourcedir $folder/build"
	check "dkms, $release: the module installed is for that kernel" module_is_for "$release" "$tree/modules/$release/updates/dkms"
	check "dkms, $release: remove" as_root make -C "$MMSIM_TOP" dkms-remove "$source" DKMS_OPTIONS="$trees"
	check "dkms, $release: nothing is left" test -z "$(find "$tree/modules" "$tree/dkms" -name 'mmsim*')"
	as_root rm -rf "$tree"
}

dkms_version() { sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$MMSIM_TOP/dkms.conf"; }

module_is_for() {
	modinfo -F vermagic "$2"/mmsim.ko* | tee /dev/stderr | grep -qF "$1 "
}

lane_bench() {
	if [ ! -e "$SCRIPTS/bench.sh" ]; then
		say "bench: skipped, there is no scripts/bench.sh"
		return
	fi
	counted "$SCRIPTS/bench.sh"
}

# finish: how a lane says how it went, whatever made it end. One that broke off has failed.
finish() {
	if [ "$complete" != 1 ]; then
		failed=$((failed + 1))
		failure "lane $lane: broke off"
	fi
	printf 'lane %-10s  %3d passed, %d failed, %d min %02d s\n' "$lane" $passed $failed $((SECONDS / 60)) $((SECONDS % 60)) >&2
	printf '%s passed, %s failed\n' $passed $failed
}

# Each lane runs in a process of its own, so that one that breaks off takes no other with it.
if [ "${1:-}" = --here ]; then
	lane=$2 complete=0
	trap finish EXIT
	rm -rf "$MMSIM_OUT/log/$lane"
	"lane_$lane"
	complete=1
	exit
fi
together=0
if [ "${1:-}" = --together ]; then
	together=1
	export MMSIM_CLOCK=no	# two clocks would write over each other
	shift
fi
[ "${1:-}" != all ] || set -- "${ALL[@]}"
[ $# -gt 0 ] || die "usage: lane.sh NAME..., or all: ${ALL[*]}"
for lane in "$@"; do
	declare -F "lane_$lane" >/dev/null || die "no lane '$lane': choose of ${ALL[*]}, or all"
done
run_lane() { "$0" --here "$1" >"$MMSIM_RUN/lane-$1" || true; }

# two_by_two LANE...: starts one whenever less than two are running.
two_by_two() {
	local lane running=0
	trap 'kill $(jobs -p); exit 130' INT TERM
	for lane in "$@"; do
		if [ "$lane" = bench ]; then
			wait
			running=0
		elif [ $running = 2 ]; then
			wait -n
			running=1
		fi
		run_lane "$lane" &
		running=$((running + 1))
	done
	wait
	trap - INT TERM
}

if [ "$together" = 1 ]; then
	two_by_two "$@"
else
	for lane in "$@"; do
		run_lane "$lane"
	done
fi
for lane in "$@"; do
	add_counts "$MMSIM_RUN/lane-$lane"
done
if [ $failed -gt 0 ]; then
	say "What failed (logs: $MMSIM_OUT/log):"
	sed 's/^/  /' "$MMSIM_FAILURES" >&2 || true
fi
printf '%s passed, %s failed\n' $passed $failed
[ $failed = 0 ]
