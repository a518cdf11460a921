# shellcheck shell=dash
# Out of memory, over and over, from commands and from the mirror, while a CPU goes and comes: whatever is refused, nothing
# is lost, and in the end every zone is as it was.
#
# Variables: seconds; nodes.

: "${seconds:=20}" "${nodes:=2}"

CPU=/sys/devices/system/cpu/cpu1/online
ZONES=DMA:4M,DMA32:8M,Normal,HighMem:8M,Movable:4M

# take_all: asks for more than there is, with every kind of request, and gives back what it got.
take_all() {
	while [ -e /tmp/storm ]; do
		for gfp in GFP_ATOMIC GFP_NOWAIT 'GFP_KERNEL|__GFP_NORETRY' GFP_KERNEL 'GFP_KERNEL|__GFP_RETRY_MAYFAIL' \
			'GFP_ATOMIC|__GFP_MEMALLOC' GFP_DMA GFP_HIGHUSER GFP_HIGHUSER_MOVABLE 'GFP_KERNEL|__GFP_RECLAIMABLE'; do
			for order in 0 2 5 9; do
				[ -e /tmp/storm ] || break 2
				echo "alloc_pages order=$order gfp=$gfp|__GFP_NOWARN count=$((8192 >> order))" >"$DEBUG/ctl"
			done
		done
		echo free_all >"$DEBUG/ctl"
		echo take_all >>/tmp/rounds
	done
}

# drains: empties the CPUs' lists, which asks every CPU for it, those that are going away, too.
drains() {
	while [ -e /tmp/storm ]; do
		echo drain >"$DEBUG/ctl"
		cat "$DEBUG/zoneinfo" "$DEBUG/pcp" "$DEBUG/pagetypeinfo" >/dev/null
	done
}

# take_areas: the same with areas of all sizes. Reclaim ends those that were freed, which every CPU has to be told of, those that
# are going away, too.
take_areas() {
	while [ -e /tmp/storm ]; do
		for size in 8M 3M 200K 12K 4K; do
			[ -e /tmp/storm ] || break
			echo "vmalloc size=$size gfp=GFP_KERNEL|__GFP_NOWARN count=5000" >"$DEBUG/ctl"
			echo free_all >"$DEBUG/ctl"
		done
		echo take_areas >>/tmp/rounds
	done
}

purges() {
	while [ -e /tmp/storm ]; do
		echo purge >"$DEBUG/ctl"
		cat "$DEBUG/vmallocinfo" "$DEBUG"/vmalloc/* >/dev/null
	done
}

# shrink_all: no cache keeps a slab without objects.
shrink_all() { for f in "$DEBUG"/slab/*/shrink; do echo 1 >"$f"; done; }

# rounds WHAT: how often it has been done.
rounds() { grep -c "$1" /tmp/rounds; }

# hotplug_for N: takes CPU 1 away and back for about N seconds, twice at least, each time with a check of all invariants.
hotplug_for() {
	local until=$(($(uptime_s) + $1)) on
	while [ "$(uptime_s)" -lt $until ] || [ "$(rounds hotplug)" -lt 2 ]; do
		for on in 0 1; do
			echo $on >$CPU || return
			verdict || return
		done
		echo hotplug >>/tmp/rounds
	done
}

# on_cpu_1: pages in the lists of CPU 1.
on_cpu_1() { awk '{ for (i = 5; i < NF; i++) if ($i == "cpu:" && $(i + 1) == 1) sum += $(i + 3) } END { print sum + 0 }' "$DEBUG/pcp"; }

# fill_cpu_1: pages come to the lists of CPU 1 and nobody takes them away.
fill_cpu_1() {
	# shellcheck disable=SC2016	# the inner shell's
	DEBUG=$DEBUG taskset 2 sh -c 'echo "alloc_pages count=500" >"$DEBUG/ctl" && echo free_all >"$DEBUG/ctl"' || return
	cat "$DEBUG/pcp"
	[ "$(on_cpu_1)" -gt 50 ]
}

# in_view: free pages and those in the lists of the CPUs that are online.
in_view() { echo $(($(zone_sum free) + $(zone_sum count:))); }

# high_for CPUS: each list's high mark is what so many CPUs make it, in some zone more than the least.
high_for() {
	awk -v cpus="$1" '
	$1 == "low" { low = $2 }
	$1 == "high:" { high = $2 }
	$1 == "batch:" {
		want = int(low / cpus)
		if (want > 4 * $2) more++; else want = 4 * $2
		if (high != want) { print "high is " high ", with " cpus " CPUs and low " low " it is " want; bad = 1 }
	}
	END { exit bad || !more }' "$DEBUG/zoneinfo"
}

# What is in a CPU's lists is not lost with it, and those that stay share the marks.
cpu_leaves() {
	local all
	all=$(in_view)
	check "the lists are sized for 2 CPUs" high_for 2
	check "CPU 1's lists hold pages" fill_cpu_1
	check "  nothing is lost of them" equal "$(in_view)" "$all"
	check "CPU 1 goes" sh -c "echo 0 >$CPU"
	check "  its pages are back in the zones" equal "$(in_view)" "$all"
	check "  the lists are sized for one CPU" high_for 1
	check "  ok" verdict
	check "CPU 1 comes" sh -c "echo 1 >$CPU"
	check "  its lists are empty" equal "$(on_cpu_1)" 0
	check "  the lists are sized for 2 CPUs" high_for 2
	check "  every page is there" equal "$(mmsim_free)" "$all"
}

check "mmsim loads" load size=64M nodes="$nodes" zones=$ZONES interleave=1
before=$(mmsim_free)
if [ -e $CPU ]; then
	cpu_leaves
else
	skip "what is in a CPU's lists is not lost with it" "there is one CPU"
fi
cat "$DEBUG/buddyinfo" >/tmp/buddyinfo.before
check "the mirror turns on" ctl mirror on
: >/tmp/storm
: >/tmp/rounds
work_for "$seconds"
take_all 2>/dev/null &
drains 2>/dev/null &
if [ -e $CPU ]; then
	check "CPU 1 goes and comes for $seconds seconds, every invariant holds each time" hotplug_for "$seconds"
else
	skip "CPU 1 goes and comes" "there is none"
	sleep "$seconds"
fi
rm /tmp/storm
wait
say "$(rounds take_all) times everything was taken, CPU 1 went and came $(rounds hotplug) times"
check "everything was taken, and given back" [ "$(rounds take_all)" -gt 0 ]
check "requests failed" [ "$(sed -n 's/^failed_allocations: //p' "$DEBUG/bad")" -gt 0 ]
check "ok under the mirror's load" verdict
check "the mirror turns off" ctl mirror off
check "all that is held is freed" ctl free_all
check "every page is back" equal "$(mmsim_free)" "$before"
check "in blocks as large as before" equal "$(awk '{ $1 = ""; print }' "$DEBUG/buddyinfo")" "$(awk '{ $1 = ""; print }' /tmp/buddyinfo.before)"
shrink_all
before=$(mmsim_free)
: >/tmp/storm
: >/tmp/rounds
take_areas 2>/dev/null &
purges 2>/dev/null &
if [ -e $CPU ]; then
	check "CPU 1 goes and comes while areas are taken, every invariant holds each time" hotplug_for 3
else
	sleep 3
fi
rm /tmp/storm
wait
say "$(rounds take_areas) times all areas were taken, CPU 1 went and came $(rounds hotplug) times"
check "all areas are freed" ctl free_all
check "none waits any more" ctl purge
shrink_all
check "every page is back" equal "$(mmsim_free)" "$before"
check "nothing was misused" equal "$(grep -vE ' 0$|fail' "$DEBUG/bad")" ""
check "ok" verdict
check "mmsim unloads" unload
