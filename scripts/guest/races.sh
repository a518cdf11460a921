# shellcheck shell=dash
# Everything at once on all CPUs, for a kernel that looks for data races: the mirror serves, commands allocate and free, and
# all files are read. With `guest.sh --parallel`, hence one CPU alone while the mirror patches the kernel's code.
#
# Variables: seconds.

: "${seconds:=20}"

all_cpus() {
	for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
		echo "$1" >"$cpu"
	done
}

alone() {
	all_cpus 0
	"$@"
	rc=$?
	all_cpus 1
	return $rc
}

read_files() {
	while :; do
		cat "$DEBUG"/* "$DEBUG"/vmalloc/* >/dev/null
	done
}

allocate() {
	while :; do
		for order in 0 1 3 9 10; do
			echo "alloc_pages order=$order count=3" >"$DEBUG/ctl"
			echo "vmalloc size=$((5000 << order)) count=3" >"$DEBUG/ctl"
		done
		echo free_all >"$DEBUG/ctl"
	done
}

check "mmsim loads" load size=64M
check "the mirror turns on" alone ctl mirror on
work_for "$seconds"
read_files 2>/dev/null &
allocate 2>/dev/null &
sleep "$seconds"
kill %1 %2 %3 %4
wait
check "free_all" ctl free_all
check "purge" ctl purge
check "it served allocations" [ "$(field "$DEBUG/mirror" 'allocs served')" -gt 1000 ]
check "the mirror turns off" alone ctl mirror off
check "mmsim is complete" equal "$(mmsim_free)" "$(managed)"
check "ok" verdict
check "mmsim unloads" unload
