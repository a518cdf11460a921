# shellcheck shell=dash
# Inside the guest: loads mmsim, then mmsim_bench once for each family of rows, and passes on what it prints, with the bytes
# that lie in each side's caches after each family. scripts/bench.sh calls it; scripts/bench.py reads the lines.
#
#   GATE      1 or 2, as for mmsim_bench.ko
#   FAMILIES  the rows to run, by the first words of their names, or by the whole ones: one load of mmsim_bench.ko each
#   LOAD      parameters for mmsim.ko

# host_hoard: bytes in the host's per-CPU lists.
host_hoard() {
	awk '$1 == "count:" { pages += $2 } END { print pages * 4096 }' /proc/zoneinfo
}

# buddy_bytes: all blocks of mmsim's buddyinfo.
buddy_bytes() {
	awk '{ size = 4096; for (i = 5; i <= NF; i++) { bytes += $i * size; size *= 2 } } END { printf "%.0f\n", bytes }' \
		"$DEBUG/buddyinfo"
}

# mmsim_hoard: with no client left, bytes that mmsim manages and that are in none of its buddy lists.
mmsim_hoard() {
	awk -v free="$(buddy_bytes)" '
		$1 == "zone" { for (i = 2; i < NF; i++) if ($i == "managed") pages += $(i + 1) }
		END { printf "%.0f\n", pages * 4096 - free }' "$DEBUG/region"
}

# array: what it took to set up the page array of the instance that is loaded.
array() {
	report "mmsim_bench: array=$(field "$DEBUG/region" pages)" \
		"init=$(field "$DEBUG/region" 'page array init')" "release=$(field "$DEBUG/region" 'buddy release')"
}

# rows FAMILY: measures them, and passes on what the module said.
rows() {
	dmesg -c >/dev/null
	local names="$1_"
	case $1 in
	*_*) names=$1 ;;
	esac
	check "rows $1 are measured" insmod /modules/mmsim_bench.ko gate="$GATE" rows="$names"
	dmesg | sed -n 's/^\[[^]]*\] *\(mmsim_bench: \)/\1/p' >/tmp/rows
	while read -r line; do report "$line"; done </tmp/rows
	report "mmsim_bench: hoard=$1 host=$(host_hoard) mmsim=$(mmsim_hoard)"
	rmmod mmsim_bench
}

# Setting up is done a few times, for other tasks may run in between.
for size in 64M 64M 64M; do
	check "mmsim loads with $size" load size=$size
	array
	unload
done

# shellcheck disable=SC2086
check "mmsim loads" load $LOAD
array
report "mmsim_bench: clocksource=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
for family in $FAMILIES; do
	rows "$family"
done
check "mmsim unloads" unload
