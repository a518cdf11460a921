# shellcheck shell=dash
# Programs that nobody here wrote read mmsim's files, and what they make of them is compared with the files themselves:
# page_owner_sort, page-types, slabinfo, slabtop, vmstat and Prometheus's node exporter. From scripts/readers.sh, in /files.

BIN=/files/bin

# debian PROGRAM ARGUMENT...: one of those that are not linked statically, in place of the subshell that calls this.
debian() {
	local program=$BIN/$1
	shift
	exec /files/lib/ld.so --library-path /files/lib "$program" "$@"
}

# said REGEXP FILE: the sum of what the first group of a sed expression finds in each line of a file.
said() { sed -n "s/$1/\\1/p" "$2" | awk '{ sum += $1 } END { printf "%d\n", sum }'; }

same_in_small_reads() {
	cat "$1" >/tmp/whole
	dd if="$1" bs="$2" of=/tmp/pieces 2>/dev/null
	cmp /tmp/whole /tmp/pieces
}

# record_at PFN: what a reader that seeks to a frame's number finds first is that frame's record.
record_at() {
	dd if="$DEBUG/page_owner" bs=1 skip="$1" count=400 2>/dev/null >/tmp/record
	has /tmp/record "^PFN $(printf '0x%x' "$1") "
}

# format FILE: each record has the lines of the kernel's, and an empty one behind it.
record_format() {
	awk '
	function bad(why) { print why ": " $0; wrong = 1 }
	state == 0 { if (!/^Page allocated via order [0-9]+, mask 0x[0-9a-f]+\([A-Z_|]+\), pid [0-9]+, tgid [0-9]+ \(.+\), ts [0-9]+ ns$/) bad("no first line"); state = 1; n++; next }
	state == 1 { if (!/^PFN 0x[0-9a-f]+ type [A-Za-z]+ Block [0-9]+ type [A-Za-z]+ Flags 0x[0-9a-f]+\([a-z0-9_|=]+\)$/) bad("no second line"); state = 2; next }
	/^$/ { state = 0; next }
	!/^ [A-Za-z0-9_.]+\+0x[0-9a-f]+\/0x[0-9a-f]+( \[[a-z0-9_]+\])?$/ { bad("no line of a trace") }
	END { exit wrong || state || !n }' "$1"
}

# owner_records: the records of page_owner, but for those of the slab and vmalloc floors' own pages: allocated while the module
# is loaded, by functions that are gone then and have no names.
owner_records() {
	awk 'BEGIN { RS = ""; ORS = "\n\n" }
	!/ (mmsim_slabs_init|mmsim_slab_take_pages|take_slab|mmsim_vmalloc_init)\+/' "$DEBUG/page_owner"
}

owner() {
	check "mmsim with page_owner=on loads" load size=64M page_owner=on
	check "  region says what it costs" has "$DEBUG/region" '^page owner: on, 64 bytes a page$'
	check "  the slab floor has its own block" has "$DEBUG/page_owner" '^ mmsim_slabs_init'
	check "  the vmalloc floor, too" has "$DEBUG/page_owner" '^ mmsim_vmalloc_init'
	check "  nobody else has a page" equal "$(owner_records | wc -c)" 0
	check "  blocks of two kinds are allocated" ctl alloc_pages order=2 gfp=GFP_KERNEL count=50
	ctl alloc_pages order=0 gfp=GFP_HIGHUSER_MOVABLE count=70 >/dev/null
	owner_records >/tmp/owner
	check "  there is a record for each" equal "$(grep -c '^Page allocated via order' /tmp/owner)" 120
	check "  50 of order 2" equal "$(grep -c '^Page allocated via order 2, mask 0x[0-9a-f]*(GFP_KERNEL), ' /tmp/owner)" 50
	check "  70 are movable" equal "$(grep -c '^PFN 0x[0-9a-f]* type Movable ' /tmp/owner)" 70
	check "  in the kernel's format" record_format /tmp/owner
	check "  with traces that name mmsim" has /tmp/owner '^ ctl_write.* \[mmsim\]$'
	for size in 1024 100 7; do
		check "  read $size bytes at a time it is the same text" same_in_small_reads "$DEBUG/page_owner" $size
	done
	check "  a reader can seek" record_at $(($(sed -n 's/^PFN \(0x[0-9a-f]*\) .*/\1/p' /tmp/owner | sed -n 90p)))

	check "page_owner_sort reads it" $BIN/page_owner_sort -m /tmp/owner /tmp/sorted
	check "  it counts 120 blocks" equal "$(said '^\([0-9]*\) times, [0-9]* pages.*' /tmp/sorted)" 120
	check "  of 270 pages" equal "$(said '^[0-9]* times, \([0-9]*\) pages.*' /tmp/sorted)" 270
	check "  most by one caller, 50 times" equal "$(grep -m 1 -o '^[0-9]* times, [0-9]* pages' /tmp/sorted)" "50 times, 200 pages"
	check "page_owner_sort culls by name" $BIN/page_owner_sort --cull=name /tmp/owner /tmp/culled
	check "  one name has them all" has /tmp/culled '^120 times, 270 pages'

	ctl free 1-20 >/dev/null
	check "freed blocks are gone" equal "$(owner_records | grep -c '^Page allocated via')" 100
	ctl free_all >/dev/null
	check "nobody has a page again, those in the CPUs' lists included" equal "$(owner_records | wc -c)" 0
	check "the mirror with owners" ctl mirror on
	work_for 3
	wait
	owner_records >/tmp/owner
	check "  its records are whole" record_format /tmp/owner
	check "  page_owner_sort reads them" $BIN/page_owner_sort /tmp/owner /tmp/sorted
	check "  no trace was lost" has "$DEBUG/region" '^page owner stacks: [0-9]* of [0-9]*, [0-9]* bytes each, 0 lost$'
	say "$(grep '^page owner stacks' "$DEBUG/region"), $(grep -c '^Page allocated' /tmp/owner) blocks"
	ctl mirror off >/dev/null
	check "ok" verdict
	check "it unloads" unload
}

# page_types OPTION...: the number of pages that page-types finds.
page_types() { $BIN/page-types -r -F "$DEBUG/kpageflags" "$@" | awk '$1 == "total" { print $2 }'; }

free_pages() { awk '$1 == "pages" && $2 == "free" { sum += $3 } END { print sum }' "$DEBUG/zoneinfo"; }

types() {
	ctl alloc_pages order=3 gfp='GFP_KERNEL|__GFP_COMP' count=5 >/dev/null
	ctl drain >/dev/null
	check "page-types counts every frame" equal "$(page_types)" "$(field "$DEBUG/region" pages)"
	check "  the free ones" equal "$(page_types -b buddy)" "$(free_pages)"
	check "  the reserved ones" equal "$(page_types -b reserved)" "$(field "$DEBUG/region" 'metadata pages')"
	check "  5 compound heads" equal "$(page_types -b compound_head,slab=compound_head)" 5
	check "  35 compound tails" equal "$(page_types -b compound_tail,slab=compound_tail)" 35
	mount -o bind "$DEBUG/kpagecount" /proc/kpagecount
	$BIN/page-types -r -F "$DEBUG/kpageflags" -l -M -N >/tmp/list
	umount /proc/kpagecount
	check "  its list has every frame, none of them mapped" equal \
		"$(awk 'NR > 1 && $1 == 0 { cmd = "printf %d 0x" $3; cmd | getline n; close(cmd); sum += n } END { print sum }' /tmp/list)" \
		"$(field "$DEBUG/region" pages)"
	ctl free_all >/dev/null
}

# start_exporter: node exporter with mmsim's files in place of those of /proc; its metrics go to /tmp/metrics.
scrape() {
	local i=0
	mkdir -p /tmp/proc
	for f in buddyinfo vmstat zoneinfo meminfo slabinfo; do
		ln -sf "$DEBUG/$f" /tmp/proc/$f
	done
	ip link set lo up
	debian node-exporter --path.procfs=/tmp/proc --collector.disable-defaults \
		--collector.buddyinfo --collector.vmstat --collector.vmstat.fields='.*' --collector.meminfo --collector.zoneinfo \
		--collector.slabinfo --web.listen-address=127.0.0.1:9100 >/tmp/exporter.log 2>&1 &
	exporter=$!
	while ! wget -q -O /tmp/metrics http://127.0.0.1:9100/metrics 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 60 ] || break
		sleep 1
	done
	kill $exporter
	wait $exporter
	grep -q '^node_' /tmp/metrics || { cat /tmp/exporter.log; return 1; }
}

# metrics NAME: "zone value" of each line of a metric, its number written out.
metrics() {
	sed -n "s/^$1{node=\"\\([0-9]*\\)\",\\(size=\"\\([0-9]*\\)\",\\)\\{0,1\\}zone=\"\\([A-Za-z0-9]*\\)\"} /\\1 \\4 \\3 /p" /tmp/metrics |
		awk '{ $NF = sprintf("%d", $NF); print }' | sort
}
buddy_metrics() { awk '{ sub(/,/, "", $2); for (o = 0; o < 11; o++) print $2, $4, o, $(5 + o) }' "$DEBUG/buddyinfo" | sort; }
# zone_metrics WORD...: the line of zoneinfo that begins so, for each zone.
zone_metrics() {
	awk -v line="$*" '/^Node/ { sub(/,/, "", $2); node = $2; zone = $4; next }
	{ n = $NF; sub(/ +[0-9]+$/, ""); sub(/^ +/, "") }
	$0 == line { print node, zone, n }' "$DEBUG/zoneinfo" | sort
}

exporter() {
	ctl alloc_pages order=1 gfp=GFP_KERNEL count=20 >/dev/null
	ctl alloc_pages order=5 gfp=GFP_DMA count=3 >/dev/null
	check "node exporter reads buddyinfo, vmstat, zoneinfo, meminfo and slabinfo" scrape
	for f in buddyinfo vmstat zoneinfo meminfo slabinfo; do
		check "  $f is to its liking" has /tmp/metrics "^node_scrape_collector_success\{collector=\"$f\"\} 1$"
	done
	check "  buddyinfo's blocks are the file's" equal "$(metrics node_buddyinfo_blocks)" "$(buddy_metrics)"
	for word in min low high spanned present managed nr_free_pages; do
		check "  zoneinfo's $word is the file's" equal "$(metrics node_zoneinfo_${word%_pages}_pages)" "$(zone_metrics $word)"
	done
	check "  every line of vmstat is there" equal "$(awk '{ print $1, $2 }' "$DEBUG/vmstat" | sort)" \
		"$(sed -n 's/^node_vmstat_//p' /tmp/metrics | awk '{ printf "%s %d\n", $1, $2 }' | sort)"
	check "  every line of meminfo is there" equal "$(awk '{ sub(/:/, "", $1); printf "%s %d\n", $1, $2 * 1024 }' "$DEBUG/meminfo" | sort)" \
		"$(sed -n 's/^node_memory_\(.*\)_bytes /\1 /p' /tmp/metrics | awk '{ printf "%s %d\n", $1, $2 }' | sort)"
	n=2
	for metric in active_objects objects object_size_bytes objects_per_slab pages_per_slab; do
		check "  slabinfo's $metric are the file's" equal "$(slab_metrics $metric)" "$(slab_fields $n)"
		n=$((n + 1))
	done
	ctl free_all >/dev/null
}

# slab_fields N...: the name and these fields of each cache in slabinfo.
slab_fields() { sed 1,2d "$DEBUG/slabinfo" | awk -v fields="$*" '{ n = split(fields, f); line = $1; for (i = 1; i <= n; i++) line = line " " $f[i]; print line }' | sort; }
slab_metrics() { sed -n "s/^node_slabinfo_$1{slab=\"\(.*\)\"} /\1 /p" /tmp/metrics | awk '{ printf "%s %d\n", $1, $2 }' | sort; }

# with_slabinfo PROGRAM ARGUMENT...: one that reads /proc/slabinfo finds mmsim's.
with_slabinfo() {
	mount -o bind "$DEBUG/slabinfo" /proc/slabinfo
	(debian "$@")
	umount /proc/slabinfo
}

caches() {
	with_slabinfo vmstat -m >/tmp/vmstat
	check "vmstat -m has the objects of every cache" equal "$(grep -v ^Cache /tmp/vmstat | awk '{ print $1, $2, $3, $4, $5 }' | sort)" \
		"$(slab_fields 2 3 4 5)"
	with_slabinfo slabtop -o >/tmp/slabtop
	check "slabtop counts all objects" equal "$(sed -n 's/^ Active \/ Total Objects.*: \([0-9]*\) \/ \([0-9]*\) .*/\1 \2/p' /tmp/slabtop)" \
		"$(slab_fields 2 3 | awk '{ active += $2; all += $3 } END { print active, all }')"
	check "  and all caches" equal "$(sed -n 's/^ Active \/ Total Caches.* \/ \([0-9]*\) .*/\1/p' /tmp/slabtop)" "$(slab_fields | wc -l)"
}

# slabinfo OPTION...: the kernel's tool, which reads /sys/kernel/slab, finds mmsim's caches there.
slabinfo() {
	mount -o bind "$DEBUG/slab" /sys/kernel/slab
	$BIN/slabinfo "$@"
	umount /sys/kernel/slab
}

# first FILE: the number that a file of the folder slab begins with.
first() { sed 's/ .*//' "$DEBUG/slab/$1"; }

# slab_rows: what it should say of each cache: name, objects, their size, bytes, slabs, objects in a slab, order.
slab_rows() {
	local s slabs cpu
	for s in "$DEBUG"/slab/*; do
		s=${s##*/}
		slabs=$(first "$s/slabs") cpu=$(first "$s/cpu_slabs")
		echo "$s $(first "$s/objects") $(first "$s/object_size") $((slabs << 12 << $(first "$s/order")))" \
			"$((slabs - cpu))/$(first "$s/partial")/$cpu $(first "$s/objs_per_slab") $(first "$s/order")"
	done | sort
}

tool() {
	ctl cache_create inode 600 flags='SLAB_RECLAIM_ACCOUNT|SLAB_HWCACHE_ALIGN' >/dev/null
	ctl cache_alloc inode count=100 >/dev/null
	ctl kmalloc size=500 count=50 >/dev/null
	slabinfo -l -z -B >/tmp/slabs
	check "slabinfo lists every cache, with its folder's figures" equal "$(sed 1d /tmp/slabs | awk '{ print $1, $2, $3, $4, $5, $6, $7 }' | sort)" "$(slab_rows)"
	check "  and flags" equal "$(awk '$1 == "inode" { print $10 }' /tmp/slabs)" Aa
	slabinfo -S -z -B >/tmp/slabs
	check "  the largest one first" equal "$(sed 1d /tmp/slabs | awk '{ print $4 }')" "$(slab_rows | awk '{ print $4 }' | sort -rn)"
	slabinfo -T >/tmp/totals
	check "  it counts all caches, and those with slabs" has /tmp/totals \
		"^Slabcaches : +$(slab_rows | wc -l) +Aliases +: +0->0 +Active: +$(slab_rows | awk '$4' | wc -l)\$"
	slabinfo -r inode >/tmp/report
	check "  it reports on a cache" has /tmp/report "^Slabcache: inode +Aliases: +0 Order : +$(first inode/order) Objects: $(first inode/objects)\$"
	check "    with its slabs" has /tmp/report "^Object : +600  Total  : +$(first inode/slabs) +Sanity Checks : Off +Total: +$(slab_rows | awk '$1 == "inode" { print $4 }')\$"
	check "  it shrinks it" slabinfo -s inode
	ctl free_all >/dev/null
	slabinfo -s inode
	check "  to nothing when all is freed" equal "$(first inode/slabs)" 0
	ctl cache_destroy inode >/dev/null
}

owner
check "mmsim loads" load size=64M
types
exporter
caches
tool
check "ok" verdict
check "without page_owner=on there is no file page_owner" fails test -e "$DEBUG/page_owner"
check "it unloads" unload
