# shellcheck shell=sh
# What rmmod gives back: the host's free memory, to within a tolerance, once and after many rounds.
#
# Variables: rounds=20.

TOLERANCE=4096	# kB: the per-CPU lists and the caches of a busy second

# free_kb: what the host has free with its caches dropped.
free_kb() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemFree:/ { print $2 }' /proc/meminfo
}

# near NOW BEFORE: at most TOLERANCE less.
near() {
	echo "free: $1 kB now, $2 kB before"
	[ $(($2 - $1)) -le $TOLERANCE ]
}

# The first load pays for what the kernel keeps of any module.
load size=16M && unload

before=$(free_kb)
check "size=256M loads" load size=256M
loaded=$(free_kb)
check "it took 256 MB from the host" [ $((before - loaded)) -ge $((255 * 1024)) ]
check "pages are in use when it unloads" ctl alloc_pages order=0 count=10
check "it unloads" unload
after=$(free_kb)
check "the host's free memory is back" near "$after" "$before"
say "free: $before kB, loaded $loaded kB, unloaded $after kB"

round() { load size=64M && verdict && unload; }
many() {
	i=0
	while [ $i -lt "$rounds" ]; do
		round || return
		i=$((i + 1))
	done
}
check "$rounds rounds of loading and unloading" many
after=$(free_kb)
check "the host's free memory is where it was" near "$after" "$before"
say "free after $rounds rounds: $after kB"
