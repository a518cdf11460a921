# shellcheck shell=dash
# What the mix of sizes in mmsim_mix.ko costs each engine, and the host: bytes asked for, bytes of the pages held for them, and
# bytes hoarded: free objects in the CPUs' caches. slabinfo counts those as in use until a cache is shrunk, so that they are what
# shrinking makes of it. scripts/bench.sh calls this; scripts/bench.py reads the lines.

SIDE=/sys/module/mmsim_mix/parameters/side

# column FILE WHAT: bytes in the caches of kmalloc: `active' objects, or `pages'. The host has variants, such as kmalloc-cg-64, which
# are not asked for.
column() {
	awk -v what="$2" '$1 ~ /^kmalloc-([0-9]+k?|rnd-.*)$/ { sum += what == "active" ? $2 * $4 : $15 * $6 * 4096 }
		END { printf "%.0f\n", sum }' "$1"
}

shrink() {
	local f
	for f in "$1"/kmalloc-*/shrink; do
		[ ! -e "$f" ] || echo 1 >"$f" || return
	done
}

# mmsim_pages: bytes of all pages of mmsim's slab floor.
mmsim_pages() { awk '/^nr_slab_/ { sum += $2 } END { printf "%.0f\n", sum * 4096 }' "$DEBUG/vmstat"; }

held() {
	case $1 in
	host) column /proc/slabinfo pages ;;
	mmsim) mmsim_pages ;;
	esac
}

# hoarded FILE FOLDER: bytes of objects that are in use no more when the caches have been shrunk.
hoarded() {
	local before
	before=$(column "$1" active)
	shrink "$2"
	echo $((before - $(column "$1" active)))
}

# measure NAME SIDE FILE FOLDER: the mix on that side; NAME is the line's.
measure() {
	local before all
	shrink "$4"
	before=$(held "$2")
	echo "$2" >$SIDE || return
	all=$(($(held "$2") - before))
	report "mmsim_bench: memory=$1 $(sed 's/^[a-z]* //' $SIDE) held=$all hoarded=$(hoarded "$3" "$4")"
	echo none >$SIDE
}

check "mmsim loads" load size=64M
check "mmsim_mix loads" insmod /modules/mmsim_mix.ko
check "the host has the mix" measure host host /proc/slabinfo /sys/kernel/slab
rmmod mmsim_mix
unload
for engine in slub slab slob; do
	check "engine=$engine loads" load size=64M engine=$engine
	check "mmsim_mix loads" insmod /modules/mmsim_mix.ko
	check "$engine has the mix" measure $engine mmsim "$DEBUG/slabinfo" "$DEBUG/slab"
	rmmod mmsim_mix
	check "ok" verdict
	unload
done
