# shellcheck shell=sh
# Inside the guest: loads mmsim, then mmsim_bench once for each family of rows, and passes on what it prints, with the bytes
# that lie in each side's caches after each family. scripts/bench.sh calls it; scripts/bench.py reads the lines.
#
#   GATE      1 or 2, as for mmsim_bench.ko
#   FAMILIES  the rows to run, by the first words of their names: one load of mmsim_bench.ko each
#   LOAD      parameters for mmsim.ko

# host_hoard: bytes in the host's per-CPU lists.
host_hoard() {
	awk '$1 == "count:" { pages += $2 } END { print pages * 4096 }' /proc/zoneinfo
}

# mmsim_hoard: with no client left, bytes that mmsim manages and that are in none of its buddy lists.
mmsim_hoard() {
	[ -n "$managed" ] || return 0
	echo $((managed - $(buddy_bytes)))
}

# buddy_bytes: all blocks of mmsim's buddyinfo.
buddy_bytes() {
	awk '{ for (i = 5; i <= NF; i++) pages += $i * 2 ^ (i - 5) } END { printf "%d\n", pages * 4096 }' "$DEBUG/buddyinfo"
}

managed=
# shellcheck disable=SC2086
check "mmsim loads" load $LOAD
[ ! -e "$DEBUG/buddyinfo" ] || managed=$(buddy_bytes)	# nobody has allocated: all that is managed is free
report "mmsim_bench: clocksource=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
for family in $FAMILIES; do
	dmesg -c >/dev/null
	check "rows $family are measured" insmod /modules/mmsim_bench.ko gate="$GATE" rows="${family}_"
	dmesg | sed -n 's/^\[[^]]*\] *\(mmsim_bench: \)/\1/p' >/tmp/rows
	while read -r line; do report "$line"; done </tmp/rows
	report "mmsim_bench: hoard=$family host=$(host_hoard) mmsim=$(mmsim_hoard)"
	rmmod mmsim_bench
done
if [ -e "$DEBUG/region" ]; then
	sed 's/^/mmsim_bench: region: /' "$DEBUG/region" >/tmp/rows
	while read -r line; do report "$line"; done </tmp/rows
fi
check "mmsim unloads" unload
