# shellcheck shell=dash
# Same answers as the host: every cache that the kernel lists in /proc/slabinfo and in /sys/kernel/slab is made in mmsim, too, with
# the same object size, alignment, flags and constructor, and each figure of its layout has to be the kernel's.

HOST=/sys/kernel/slab
ASKED="object_size align ctor hwcache_align reclaim_account cache_dma destroy_by_rcu red_zone poison store_user sanity_checks"
FOUND="slab_size objs_per_slab order min_partial cpu_partial"

# attributes FOLDER NAME...: "CACHE/NAME:VALUE" of each cache in the folder that has such a file.
attributes() {
	local folder="$1" f
	shift
	(cd "$folder" && for f in "$@"; do grep -H . ./*/"$f" 2>/dev/null; done) | sed 's/^\.\///'
}

# requests: a command for each of the host's caches. One whose free objects have to stay as they are has a link behind the object,
# unless its maker has named a place in it: slab_size tells.
requests() {
	awk '{ at = index($0, "/"); c = substr($0, 1, at - 1); rest = substr($0, at + 1); at = index(rest, ":")
		v[c, substr(rest, 1, at - 1)] = substr(rest, at + 1); names[c] }
	function flag(c, f, name) { return v[c, f] == 1 ? "|" name : "" }
	END { for (c in names) {
		size = v[c, "object_size"]
		printf "cache_create host-%s %d align=%d engine=slub ctor=%s", c, size, v[c, "align"], (c SUBSEP "ctor") in v ? "yes" : "no"
		if (v[c, "destroy_by_rcu"] == 1 && !((c SUBSEP "ctor") in v) && v[c, "slab_size"] < int((size + 7) / 8) * 8 + 8)
			printf " freeptr=0"
		print " flags=SLAB_NO_MERGE" flag(c, "hwcache_align", "SLAB_HWCACHE_ALIGN") flag(c, "reclaim_account", "SLAB_RECLAIM_ACCOUNT") \
			flag(c, "cache_dma", "SLAB_CACHE_DMA") flag(c, "destroy_by_rcu", "SLAB_TYPESAFE_BY_RCU") \
			flag(c, "red_zone", "SLAB_RED_ZONE") flag(c, "poison", "SLAB_POISON") flag(c, "store_user", "SLAB_STORE_USER") \
			flag(c, "sanity_checks", "SLAB_CONSISTENCY_CHECKS")
	} }' "$1"
}

# make_all: the commands, in one write; ctl says which one was refused.
make_all() { cat /tmp/requests >"$DEBUG/ctl" || { tail -n 1 "$DEBUG/ctl"; return 1; }; }

# differ FILE FILE: the lines of the first that the second lacks.
differ() { grep -vxF -f "$2" "$1" | head -n 20; }

# shellcheck disable=SC2086
attributes "$HOST" $ASKED $FOUND >/tmp/host
requests /tmp/host >/tmp/requests
sed 1,2d /proc/slabinfo | awk '{ print $1, $4, $5, $6 }' >/tmp/host.rows
check "mmsim loads" load size=64M
check "the kernel's caches are made, $(wc -l </tmp/requests) of them" make_all
# shellcheck disable=SC2086
attributes "$DEBUG/slab" ${ASKED#object_size align ctor} object_size align $FOUND | sed -n 's/^host-//p' >/tmp/mmsim
grep -v '/ctor:' /tmp/host >/tmp/host.figures
if ! grep -q '/cpu_partial:[1-9]' /tmp/host.figures; then
	skip "cpu_partial" "this kernel's CPUs keep no partial slabs"
	sed -i '/\/cpu_partial:/d' /tmp/host.figures
fi
say "compared: $(wc -l </tmp/host.figures) figures of $(wc -l </tmp/requests) caches, $(wc -l </tmp/host.rows) rows of slabinfo"
check "there are caches to compare" [ "$(wc -l </tmp/host.rows)" -gt 40 ]
check "not one figure is off" equal "$(differ /tmp/host.figures /tmp/mmsim)" ""
sed -n 's/^host-//p' "$DEBUG/slabinfo" | awk '{ print $1, $4, $5, $6 }' >/tmp/mmsim.rows
check "not one row of slabinfo is off" equal "$(differ /tmp/host.rows /tmp/mmsim.rows)" ""
check "ok" verdict
check "it unloads" unload
