#!/usr/bin/env bash
# Measures mmsim against the allocators of the kernel it runs in, and judges the ratios by scripts/targets.tsv. What kmalloc costs
# in memory is shown beside, for the host and for each engine (scripts/guest/mix.sh): the family `memory', of gate 1.
#
#   bench.sh [--gate 1|2|all] [--kernel 6.12|6.1|all] [--rows "FAMILY..."] [--boots N]
#
#   --gate    1: instructions, on Debian's stock kernels under QEMU's icount; 2: cycles, in User Mode Linux (default all)
#   --kernel  of gate 1 (default all)
#   --rows    the first words of rows' names in src/drive/bench_rows.c, such as "order4 order9", or `memory' (default: all)
#   --boots   of gate 2 (default 5); gate 1 has two, which must agree to the byte
#
# The table goes to the terminal and to out/bench/report.txt, the figures to out/bench/gateN-KERNEL*.tsv and
# out/bench/memory-KERNEL.tsv. It fails when a guest's log has a report, when gate 1 isn't deterministic, when one thing measured
# twice differs by more than 1 %, when a row that is due now misses its `must', and when an operation costs 1 % more in a larger
# region (gate 1, on 6.12). The last line printed is `N passed, N failed`.

. "$(dirname "$0")/lib.sh"

SCRIPTS=$MMSIM_TOP/scripts
gates='1 2' kernels='6.12 6.1' boots=5 passed=0 failed=0
ALL_FAMILIES="loop aa order0 order1 order3 order4 order9 zeroed bulk kmalloc cache kvmalloc vmalloc vmap areas cross memory"
families=$ALL_FAMILIES
# Families that want two CPUs, in guests of their own. User Mode Linux has one CPU, so they are of gate 1 alone.
TWO_CPUS="cross vmalloc vmap areas"
# With CPUs' lists of orders 4 to 8, too, which the host doesn't have: the one option that differs from the defaults.
REGION="size=512M pcp_orders=0x3ff"
MEMORY=2G
# What is measured in other regions, too. What a CPU's lists hold and how much is moved at once grow with the region, by the
# kernel's formulas: in 64M the lists have no room for a block of order 9, so that its row is of another thing.
IN_64M="order0_pair order0_batch128 order3_pair order3_batch128 order4_pair order4_flat"
IN_4G="$IN_64M order0_batch4096 order3_batch4096 order4_batch128 order9_pair order9_flat"
# What is measured with each engine, too.
BY_ENGINE="kmalloc cache"

while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || die "usage: bench.sh [--gate 1|2|all] [--kernel 6.12|6.1|all] [--rows \"FAMILY...\"] [--boots N]"
	case $1:$2 in
	--gate:all | --kernel:all) ;;
	--gate:[12]) gates=$2 ;;
	--kernel:6.12 | --kernel:6.1) kernels=$2 ;;
	--rows:?*) families=$2 ;;
	--boots:[1-9]*) boots=$2 ;;
	*) die "bench.sh: what is '$1 $2'?" ;;
	esac
	shift 2
done

out=$MMSIM_OUT/bench
mkdir -p "$out"

# split_families: rows that run on one CPU to $one, the others to $two.
split_families() {
	local family
	one='' two=''
	for family in $families; do
		case " $TWO_CPUS " in
		*" $family "*) two+=" $family" ;;
		*) [ "$family" = memory ] || one+=" $family" ;;
		esac
	done
}

# boot GATE KERNEL NAME FAMILIES OPTION...: one guest; its counts go to $MMSIM_RUN/NAME.counts, its results to
# out/log/NAME.results. What OPTION says goes for its memory and region, too.
boot() {
	local gate=$1 kernel=$2 name=$3 rows=$4
	shift 4
	"$SCRIPTS/guest.sh" "$kernel" bench --name "$name" --memory "$MEMORY" --timeout 300 \
		--module "$MMSIM_OUT/$kernel-bench" GATE="$gate" FAMILIES="$rows" LOAD="$REGION" "$@" \
		>"$MMSIM_RUN/$name.counts" || true
}

# show_table WHAT: counts and shows $MMSIM_RUN/table, which is about WHAT.
show_table() {
	add_counts "$MMSIM_RUN/table"
	sed '$d' "$MMSIM_RUN/table" | tee -a "$out/report.txt" >&2
	sed -n "s/^FAILED: /bench, $1: /p" "$MMSIM_RUN/table" >>"$MMSIM_FAILURES"
}

# judge GATE KERNEL TSV NAME...: the table of these boots; the figures go to out/bench/TSV.tsv.
judge() {
	local gate=$1 kernel=$2 tsv=$3 name results=()
	shift 3
	for name in "$@"; do
		add_counts "$MMSIM_RUN/$name.counts"
		results+=("$MMSIM_OUT/log/$name.results")
	done
	"$SCRIPTS/bench.py" --gate "$gate" --kernel "$kernel" --out "$out/$tsv.tsv" "${results[@]}" \
		>"$MMSIM_RUN/table" || true
	show_table "gate $gate, $kernel"
}

# count_instructions KERNEL NAME FAMILIES CPUS: in two boots, at a time: what else the machine does changes nothing in them.
count_instructions() {
	local kernel=$1 name=$2 rows=$3 cpus=$4
	[ -n "$rows" ] || return 0
	boot 1 "$kernel" "bench-$name-a" "$rows" --icount --cpus "$cpus" &
	boot 1 "$kernel" "bench-$name-b" "$rows" --icount --cpus "$cpus" &
	wait
	judge 1 "$kernel" "gate1-$name" "bench-$name-a" "bench-$name-b"
}

# compare_sizes KERNEL: the same operations in regions of three sizes. In each they come in the same order, for what a batch costs
# depends on what those before it have left in the lists.
compare_sizes() {
	local kernel=$1 size results=()
	boot 1 "$kernel" "bench-$kernel-64M" "$IN_64M" --icount LOAD="${REGION/512M/64M}" &
	boot 1 "$kernel" "bench-$kernel-512M" "$IN_4G" --icount LOAD="$REGION" &
	boot 1 "$kernel" "bench-$kernel-4G" "$IN_4G" --icount --memory 8G LOAD="${REGION/512M/4G}" &
	wait
	for size in 64M 512M 4G; do
		add_counts "$MMSIM_RUN/bench-$kernel-$size.counts"
		results+=("$size=$MMSIM_OUT/log/bench-$kernel-$size.results")
	done
	"$SCRIPTS/bench.py" --sizes "${results[@]}" >"$MMSIM_RUN/table" || true
	show_table "gate 1, $kernel"
}

# compare_engines KERNEL: objects of SLAB and SLOB beside those of SLUB, whose rows count_instructions has measured.
compare_engines() {
	local kernel=$1
	boot 1 "$kernel" "bench-$kernel-slab" "$BY_ENGINE" --icount LOAD="$REGION engine=slab" &
	boot 1 "$kernel" "bench-$kernel-slob" "$BY_ENGINE" --icount LOAD="$REGION engine=slob" &
	wait
	add_counts "$MMSIM_RUN/bench-$kernel-slab.counts"
	add_counts "$MMSIM_RUN/bench-$kernel-slob.counts"
	"$SCRIPTS/bench.py" --engines "slub=$MMSIM_OUT/log/bench-$kernel-a.results" \
		"slab=$MMSIM_OUT/log/bench-$kernel-slab.results" "slob=$MMSIM_OUT/log/bench-$kernel-slob.results" \
		>"$MMSIM_RUN/table" || true
	show_table "gate 1, $kernel"
}

# compare_memory KERNEL: with two CPUs, for each has caches of its own.
compare_memory() {
	local kernel=$1 name=bench-$1-memory
	"$SCRIPTS/guest.sh" "$kernel" mix --name "$name" --timeout 300 --module "$MMSIM_OUT/$kernel-bench" \
		>"$MMSIM_RUN/$name.counts" || true
	add_counts "$MMSIM_RUN/$name.counts"
	"$SCRIPTS/bench.py" --memory --kernel "$kernel" --out "$out/memory-$kernel.tsv" "$MMSIM_OUT/log/$name.results" \
		>"$MMSIM_RUN/table" || true
	show_table "memory, $kernel"
}

gate1() {
	local kernel=$1
	once "$SCRIPTS/module.sh" "$kernel" SRC="$SCRIPTS/guest/exit" >/dev/null	# before two guests want it at once
	if [ "$kernel" = 6.1 ]; then	# it finds no second CPU under icount: what needs none is measured with one
		count_instructions "$kernel" "$kernel" "$one${two/ cross/}" 1
	else
		count_instructions "$kernel" "$kernel" "$one" 1
		count_instructions "$kernel" "$kernel-2cpus" "$two" 2
	fi
	if [ "$kernel" != 6.1 ] && [ "$families" = "$ALL_FAMILIES" ]; then
		compare_sizes "$kernel"
		compare_engines "$kernel"
	fi
	case " $families " in *" memory "*) compare_memory "$kernel" ;; esac
}

# One after the other: here the machine matters.
gate2() {
	local i names=()
	[ -n "$one" ] || return 0
	for ((i = 1; i <= boots; i++)); do
		boot 2 uml "bench-uml-$i" "$one"
		names+=("bench-uml-$i")
	done
	judge 2 uml gate2-uml "${names[@]}"
}

# build KERNEL: mmsim.ko and mmsim_bench.ko.
build() {
	"$SCRIPTS/module.sh" "$1" BENCH=1 >/dev/null && return
	failed=$((failed + 1))
	failure "bench: the module for $1 does not build"
	return 1
}

: >"$out/report.txt"
split_families
for gate in $gates; do
	if [ "$gate" = 2 ]; then
		build uml && gate2
	else
		for kernel in $kernels; do
			build "$kernel" && gate1 "$kernel"
		done
	fi
done
say ""
say "report: $out/report.txt, figures: $out/*.tsv"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
