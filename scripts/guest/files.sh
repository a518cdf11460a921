# shellcheck shell=dash
# The files in the kernel's formats beside the kernel's own: the same shapes of lines, sums that agree with each other, and
# figures that follow from the zones' sizes by Linux's formulas. Each formula here is first tried on the host's own files.

# awk here is busybox's, which has neither ^ nor sqrt().
POW2='function pow2(n,  p) { for (p = 1; n > 0; n--) p *= 2; return p }'

# shapes FILE: each line with its numbers and names made alike, once each: what is left is the format.
shapes() {
	sed -E 's/zone [ A-Za-z0-9]{8}([, ]|$)/zone NAME\1/; s/type [ A-Za-z]{12} /type TYPE /; s/[0-9]+/N/g; s/N(, N)+/N.../
		s/([a-z]) +N$/\1 N/; s/(TYPE|NAME) ( *>?N ){11}$/\1 COUNTS/; s/NAME ( +N )+$/NAME BLOCKS/
		s/^(Number of blocks type ) .*/\1 TYPES/' "$1" | sort -u
}

# shapes_of_host NAME: no line of mmsim's file has a shape that the host's /proc/NAME does not have.
shapes_of_host() {
	shapes "/proc/$1" >/tmp/host.shapes
	shapes "$DEBUG/$1" >/tmp/mmsim.shapes
	for word in numa_ promo; do	# not every kernel is made for nodes, and 6.1 does not print promo
		grep -q "^ *$word" "/proc/$1" || sed -i "/$word/d" /tmp/mmsim.shapes
	done
	grep -vxF -f /tmp/host.shapes /tmp/mmsim.shapes >/tmp/other.shapes || return 0
	echo "shapes that /proc/$1 does not have:"
	cat /tmp/other.shapes
	return 1
}

# meminfo FILE: `%-16s%8lu kB`, those lines that mmsim has, too.
meminfo() {
	awk '!/^(Mem|HighT|HighF|Low|Slab|SRecl|SUnr|Cma)/ { next }
	{ n++ }
	length($0) != 27 || !/^[A-Za-z]+: +[0-9]+ kB$/ || substr($0, 17, 8) !~ /^ *[0-9]+$/ { print "not the format: " $0; bad = 1 }
	END { exit bad || n < 3 }' "$1"
}

# names_of_host: each name of mmsim's vmstat is one of the host's, which has no HighMem zone here. 6.1 has no memmap pages.
names_of_host() {
	local cma=
	grep -q '^cma_alloc' /proc/vmstat || cma=1	# a kernel without CMA has no such lines; mmsim has
	awk -v cma="$cma" 'NR == FNR { host[$1]; next }
	cma && /^cma_alloc_/ { next }
	!/^[a-z0-9_]+ [0-9]+$/ { print "not NAME VALUE: " $0; bad = 1 }
	!($1 in host) && $1 != "nr_memmap_boot_pages" && $1 !~ /_high$/ { print "no such name: " $0; bad = 1 }
	END { exit bad }' /proc/vmstat "$DEBUG/vmstat"
}

# keys FILE: what each line is about; of zoneinfo, in the first zone that has pages.
keys() {
	awk '/^Node/ { if (done) exit; n = 0; next }
	{ sub(/:? *\(?[0-9, ]+\)?( kB)?$/, ""); sub(/^ +/, ""); key[n++] = $0 }
	/^pagesets/ { done = 1 }
	END { for (i = 0; i < n; i++) if (!seen[key[i]]++) print key[i] }' "$1"
}

# order_of_host NAME: what mmsim's file and the host's /proc/NAME both have comes in the same order.
order_of_host() {
	keys "/proc/$1" >/tmp/host.keys
	keys "$DEBUG/$1" >/tmp/mmsim.keys
	[ "$(grep -cxF -f /tmp/host.keys /tmp/mmsim.keys)" -gt 2 ] || { echo "hardly a line in common"; return 1; }
	awk 'NR == FNR { at[$0] = FNR; next }
	!($0 in at) { next }
	at[$0] < last { print "out of place: " $0; bad = 1 }
	{ last = at[$0] }
	END { exit bad }' /tmp/host.keys /tmp/mmsim.keys
}

no_name_twice() { equal "$(awk '{ print $1 }' "$1" | sort | uniq -d)" ""; }

same_in_small_reads() {
	cat "$1" >/tmp/whole
	dd if="$1" bs="$2" of=/tmp/pieces 2>/dev/null
	cmp /tmp/whole /tmp/pieces
}

# types_sum FILE: pagetypeinfo's free blocks, as buddyinfo has them.
types_sum() {
	awk '/, type / {
		zone = $2 "zone " $4
		sub(/,$/, "", zone)
		if (!(zone in seen)) { seen[zone]; names[n++] = zone }
		for (o = 0; o < 11; o++) sum[zone, o] += $(7 + o)
	}
	END { for (i = 0; i < n; i++) { printf "%s", names[i]; for (o = 0; o < 11; o++) printf " %d", sum[names[i], o]; print "" } }' "$1"
}
buddy_rows() { awk '{ printf "%szone %s", $2, $4; for (o = 0; o < 11; o++) printf " %d", $(5 + o); print "" }' "$1"; }

# block_pages FILE: the pages of pagetypeinfo's pageblocks, all types and zones together.
block_pages() {
	awk '/^Number of blocks/ { on = 1; next }
	/^Page block/ { on = 0 }
	on { for (i = 5; i <= NF; i++) sum += $i }
	END { printf "%d\n", sum * 512 }' "$1"
}

# letters PAGETYPEINFO: for each zone and order the letters that show_mem must have.
letters_of_types() {
	awk 'BEGIN { l["Unmovable"] = "U"; l["Movable"] = "M"; l["Reclaimable"] = "E"; l["HighAtomic"] = "H"; l["CMA"] = "C"; l["Isolate"] = "I" }
	/, type / {
		if ($4 != zone || $2 != node) { if (zone) print line(); zone = $4; node = $2; for (o = 0; o < 11; o++) w[o] = "" }
		for (o = 0; o < 11; o++) if ($(7 + o) != "0") w[o] = w[o] l[$6]
	}
	function line(  text, i) { text = zone; sub(/,/, "", text); for (i = 0; i < 11; i++) text = text " (" w[i] ")"; return text }
	END { print line() }' "$1"
}
letters_shown() {
	awk '{ at = 4; text = $3; sub(/:/, "", text)
	for (o = 0; o < 11; o++) { if ($(at + 1) ~ /^\(/) { text = text " " $(at + 1); at += 2 } else { text = text " ()"; at++ } }
	print text }' "$1"
}
show_mem_format() {
	grep -E 'Node [0-9]+ [A-Za-z0-9]+: ' "$1" | sed 's/.*\(Node [0-9]* [A-Za-z0-9]*: \)/\1/' >/tmp/lines
	[ -s /tmp/lines ] && ! grep -vE '^Node [0-9]+ [A-Za-z0-9]+: (0\*[0-9]+kB |[1-9][0-9]*\*[0-9]+kB \([UMEHCI]+\) ){11}= [0-9]+kB$' /tmp/lines
}

# indices extfrag|unusable BUDDYINFO: the text of that index's file.
indices() {
	awk -v which="$1" "$POW2"'
	{
		blocks = pages = 0
		for (o = 0; o < 11; o++) { blocks += $(5 + o); pages += $(5 + o) * pow2(o) }
		printf "Node %d, zone %8s ", $2, $4
		for (want = 0; want < 11; want++) {
			fits = 0
			for (o = want; o < 11; o++) fits += $(5 + o) * pow2(o - want)
			if (which == "unusable") v = pages ? int((pages - fits * pow2(want)) * 1000 / pages) : 1000
			else v = !blocks ? 0 : fits ? -1000 : 1000 - int((1000 + int(pages * 1000 / pow2(want))) / blocks)
			whole = int(v / 1000)
			printf which == "unusable" ? "%d.%03d " : "%2d.%03d ", whole, v - whole * 1000
		}
		print ""
	}' "$2"
}

# index_follows extfrag|unusable FILE BUDDYINFO: the file says what follows from the blocks, which change at times.
index_follows() {
	local i=0
	while [ $i -lt 50 ]; do
		cat "$3" >/tmp/blocks
		cat "$2" >/tmp/index
		cmp -s "$3" /tmp/blocks && break
		i=$((i + 1))
	done
	indices "$1" /tmp/blocks | diff - /tmp/index
}

# formulas ZONEINFO MIN_FREE_KBYTES SCALE "RATIOS" CPUS: watermarks, reserves and batches by the sizes of the zones; CPUS 0
# leaves out the lists' high mark. MIN_FREE_KBYTES 0 is the default by size.
formulas() {
	awk -v kb="$2" -v scale="$3" -v ratios="$4" -v cpus="$5" '
	function max(a, b) { return a > b ? a : b }
	function min(a, b) { return a < b ? a : b }
	function expect(z, what, want) {
		if (!((z, what) in has)) return
		seen++
		if (has[z, what] != want) { print name[z] ": " what " is " has[z, what] ", by the formula " want; bad = 1 }
	}
	function root(n,  r) { for (r = 0; (r + 1) * (r + 1) <= n; r++); return r }
	function low_zone(z) { return name[z] !~ /HighMem|Movable/ }
	$1 == "Node" { z = n++; node[z] = $2; name[z] = $4; next }
	$1 == "pages" && $2 == "free" { next }
	$1 ~ /^(boost|min|low|high|promo|managed)$/ { has[z, $1] = $2 }
	$1 == "protection:" { sub(/.*\(/, ""); sub(/\).*/, ""); gsub(/,/, ""); protection[z] = $0 }
	$1 == "high:" { list_high[z] = $2 }
	$1 == "batch:" { list_batch[z] = $2 }
	END {
		split(ratios, ratio, " ")
		for (z = 0; z < n; z++) if (low_zone(z)) low += has[z, "managed"]
		if (!kb) kb = min(max(root(low * 64), 128), 262144)
		for (z = 0; z < n; z++) {
			index_ = z && node[z] == node[z - 1] ? index_ + 1 : 1
			managed = has[z, "managed"]
			sum = 0
			text = ""
			for (i = 1; i <= index_; i++) text = text " 0"
			for (u = z + 1; u < n && node[u] == node[z]; u++) {
				sum += has[u, "managed"]
				text = text " " (managed && ratio[index_] ? int(sum / ratio[index_]) : 0)
			}
			seen++
			if (" " protection[z] != text) { print name[z] ": protection " protection[z] ", by the formula" text; bad = 1 }
			if (!managed) continue
			share = int(int(kb / 4) * managed / low)
			step = max(int(share / 4), int(managed * scale / 10000))
			mark = low_zone(z) ? share : min(max(int(managed / 1024), 32), 128)
			mark += has[z, "boost"]
			expect(z, "min", mark); expect(z, "low", mark + step); expect(z, "high", mark + 2 * step); expect(z, "promo", mark + 3 * step)
			b = max(int(min(int(managed / 1024), 256) / 4), 1)
			b += int(b / 2)
			for (p = 1; p * 2 <= b; p *= 2);
			batch = max(p - 1, 1)
			seen++
			if (list_batch[z] != batch) { print name[z] ": batch " list_batch[z] ", by the formula " batch; bad = 1 }
			if (cpus && list_high[z] != max(int((mark + step) / cpus), 4 * batch)) {
				print name[z] ": high of the lists " list_high[z] ", by the formula " max(int((mark + step) / cpus), 4 * batch)
				bad = 1
			}
		}
		print seen " figures"
		exit bad || seen < 4
	}' "$1"
}

# flags BIT: the frames that have it in mmsim's kpageflags.
flags() {
	od -An -v -tx8 -w8 "$DEBUG/kpageflags" | awk -v bit="$1" "$POW2"'
	int((index("0123456789abcdef", substr($1, 16 - int(bit / 4), 1)) - 1) / pow2(bit % 4)) % 2 { n++ }
	END { printf "%d\n", n }'
}

# read_refused FILE BYTES: one read of so many bytes fails with "Invalid argument".
read_refused() {
	fails dd if="$DEBUG/$1" bs="$2" count=1 of=/dev/null 2>/tmp/dd.error && has /tmp/dd.error 'Invalid argument'
}

formats() {
	for f in zoneinfo pagetypeinfo; do
		check "$f has only lines that have the shape of the host's" shapes_of_host $f
	done
	for f in zoneinfo vmstat meminfo; do
		check "$f has its lines in the host's order" order_of_host $f
	done
	check "this test of the format passes the host's meminfo" meminfo /proc/meminfo
	check "meminfo has it" meminfo "$DEBUG/meminfo"
	check "vmstat has lines as the host's, with names of the host's" names_of_host
	for f in vmstat meminfo; do
		check "$f has no name twice" no_name_twice "$DEBUG/$f"
	done
	if echo m >/proc/sysrq-trigger 2>/dev/null; then
		dmesg >/tmp/sysrq
		check "this test of the format passes what sysrq-m prints" show_mem_format /tmp/sysrq
	else
		skip "this test of the format passes what sysrq-m prints" "no sysrq"
	fi
	check "show_mem has it" show_mem_format "$DEBUG/show_mem"
	for f in zoneinfo pagetypeinfo vmstat meminfo show_mem extfrag_index unusable_index; do
		check "$f read 1024 bytes at a time is the same text" same_in_small_reads "$DEBUG/$f" 1024
		check "$f read 7 bytes at a time is the same text" same_in_small_reads "$DEBUG/$f" 7
	done
}

sums() {
	check "pages are allocated of three kinds" ctl alloc_pages order=1 gfp=GFP_KERNEL count=300
	ctl alloc_pages order=0 gfp='GFP_HIGHUSER_MOVABLE' count=300 >/dev/null
	ctl alloc_pages order=2 gfp='GFP_KERNEL|__GFP_RECLAIMABLE' count=30 >/dev/null
	ctl free 1 >/dev/null
	ctl free 301 >/dev/null
	ctl drain >/dev/null
	check "pagetypeinfo sums to buddyinfo" equal "$(types_sum "$DEBUG/pagetypeinfo")" "$(buddy_rows "$DEBUG/buddyinfo")"
	check "the letters of show_mem are pagetypeinfo's types" equal \
		"$(letters_shown "$DEBUG/show_mem")" "$(letters_of_types "$DEBUG/pagetypeinfo")"
	check "pagetypeinfo's pageblocks are all that is present" equal "$(block_pages "$DEBUG/pagetypeinfo")" "$(zone_sum present)"
	for which in extfrag unusable; do
		if [ -e /sys/kernel/debug/extfrag/${which}_index ]; then
			check "the host's ${which}_index follows from its buddyinfo" index_follows $which \
				/sys/kernel/debug/extfrag/${which}_index /proc/buddyinfo
		else
			skip "the host's ${which}_index follows from its buddyinfo" "it has none"
		fi
		check "${which}_index follows from buddyinfo" index_follows $which "$DEBUG/${which}_index" "$DEBUG/buddyinfo"
	done
	ctl free_all >/dev/null
	check "free pages and those in the CPUs' lists are all" equal $(($(zone_sum free) + $(zone_sum count:))) "$(managed)"
	check "  some are in the lists" [ "$(zone_sum count:)" -gt 0 ]
	check "  zoneinfo's free pages are buddyinfo's" equal "$(zone_sum free)" "$(blocks "$DEBUG/buddyinfo")"
	check "  vmstat's, too" equal "$(awk '$1 == "nr_free_pages" { print $2 }' "$DEBUG/vmstat")" "$(zone_sum free)"
	check "  meminfo's, too" equal "$(awk '$1 == "MemFree:" { print $2 / 4 }' "$DEBUG/meminfo")" "$(zone_sum free)"
	check "  MemTotal is what the zones manage" equal "$(awk '$1 == "MemTotal:" { print $2 / 4 }' "$DEBUG/meminfo")" "$(zone_sum managed)"
	ctl drain >/dev/null
	check "none is in the lists after a drain" equal "$(zone_sum count:)" 0
}

frames() {
	local pages heads tails
	pages=$(field "$DEBUG/region" pages)
	ctl drain >/dev/null
	heads=$(flags 15)
	tails=$(flags 16)
	for f in kpageflags kpagecount; do
		check "$f has 8 bytes a page" equal "$(wc -c <"$DEBUG/$f")" $((pages * 8))
		check "  a read of 4 bytes is refused" read_refused $f 4
		check "  a read of 12 bytes is refused" read_refused $f 12
		cat "$DEBUG/$f" >/tmp/whole
		check "  from the middle on it is the same" equal "$(dd if="$DEBUG/$f" bs=8 skip=1000 count=500 2>/dev/null | md5sum)" \
			"$(dd if=/tmp/whole bs=8 skip=1000 count=500 2>/dev/null | md5sum)"
		check "  behind its end there is nothing" equal "$(dd if="$DEBUG/$f" bs=8 skip="$pages" 2>/dev/null | wc -c)" 0
	done
	check "as many frames have BUDDY as are free" equal "$(flags 10)" "$(zone_sum free)"
	check "as many have RESERVED as hold metadata" equal "$(flags 32)" "$(field "$DEBUG/region" 'metadata pages')"
	check "as many have SLAB as vmstat counts" equal "$(flags 7)" "$(awk '/^nr_slab_/ { sum += $2 } END { print sum }' "$DEBUG/vmstat")"
	check "a compound page of 8 is allocated" ctl alloc_pages order=3 gfp='GFP_KERNEL|__GFP_COMP' count=1
	check "  one frame more has COMPOUND_HEAD" equal "$(flags 15)" $((heads + 1))
	check "  seven more have COMPOUND_TAIL" equal "$(flags 16)" $((tails + 7))
	check "  as many have BUDDY as are free" equal "$(flags 10)" "$(zone_sum free)"
	ctl free_all >/dev/null
}

# figures LOG: the names of the figures of a zone in a report of what is free.
figures() { sed -n 's/.*Node [0-9]* [A-Za-z0-9]* \(free:[0-9]*kB .*\)/\1/p' "$1" | head -n 1 | sed 's/:[0-9]*[kK]B//g' | tr ' ' '\n'; }

# figures_of_host LOG: they are the host's, in its order.
figures_of_host() {
	figures /tmp/sysrq >/tmp/host.keys
	figures "$1" >/tmp/mmsim.keys
	[ "$(wc -l </tmp/mmsim.keys)" -gt 8 ] || { echo "hardly a figure"; return 1; }
	equal "$(grep -xF -f /tmp/mmsim.keys /tmp/host.keys)" "$(cat /tmp/mmsim.keys)"
}

# What the log says of an allocation that fails: once in ten seconds at most.
failures() {
	dmesg -c >/dev/null
	check "an allocation that finds nothing fails" fails ctl alloc_pages order=10 gfp='GFP_KERNEL|__GFP_NOWARN' count=1000
	dmesg >/tmp/failure
	check "  with __GFP_NOWARN the log says nothing" fails grep 'page allocation failure' /tmp/failure
	check "  it is counted" equal "$(field "$DEBUG/bad" failed_allocations)" 1
	check "another one fails" fails ctl alloc_pages order=10 gfp=GFP_KERNEL count=1
	dmesg -c >/tmp/failure
	check "  the log says who asked for what" has /tmp/failure \
		'mmsim: [a-z]+: page allocation failure: order:10, mode:0x[0-9a-f]+\(GFP_KERNEL\), nodemask=\(null\), by '
	check "  from where" has /tmp/failure 'mmsim:  ctl_write.*\[mmsim\]'
	check "  the free blocks as show_mem" equal \
		"$(sed -n 's/.*mmsim: \(Node [0-9]* [A-Za-z0-9]*: .*kB\)$/\1/p' /tmp/failure)" "$(cat "$DEBUG/show_mem")"
	check "  how many pages there are" has /tmp/failure "mmsim: $(zone_sum present) pages RAM"
	if [ -s /tmp/sysrq ]; then
		check "  a zone's figures by the host's names, in its order" figures_of_host /tmp/failure
	fi
	ctl alloc_pages order=10 gfp=GFP_KERNEL count=1 2>/dev/null
	check "  the next one is only counted" equal "$(field "$DEBUG/bad" failed_allocations) $(dmesg | grep -c 'page allocation failure')" "3 0"
	ctl free_all >/dev/null
}

# instance MIN_FREE_KBYTES SCALE PARAMETER...: loads so, and tries the formulas on it.
instance() {
	local kb="$1" scale="$2"
	shift 2
	check "mmsim loads: $*" load "$@" watermark_scale_factor="$scale" min_free_kbytes="$kb"
	check "  its watermarks, reserves and batches follow from the zones' sizes" \
		formulas "$DEBUG/zoneinfo" "$kb" "$scale" "256 256 32 0 0" "$(grep -c ^processor /proc/cpuinfo)"
	check "  its zoneinfo has only lines that have the shape of the host's" shapes_of_host zoneinfo
	check "  pagetypeinfo sums to buddyinfo" equal "$(types_sum "$DEBUG/pagetypeinfo")" "$(buddy_rows "$DEBUG/buddyinfo")"
	check "  ok" verdict
	check "  unloads" unload
}

check "mmsim loads" load size=64M
formats
sums
frames
failures
check "ok" verdict
check "mmsim unloads" unload
host_marks_anew
check "the host's watermarks, reserves and batches follow from its zones' sizes" formulas /proc/zoneinfo \
	"$(cat /proc/sys/vm/min_free_kbytes)" "$(cat /proc/sys/vm/watermark_scale_factor)" "$(tr '\t' ' ' </proc/sys/vm/lowmem_reserve_ratio)" 0
instance 0 10 size=256M
instance 0 200 size=128M zones=DMA:16M,DMA32:32M,Normal,HighMem:32M
instance 5000 10 size=128M nodes=2
instance 3000 50 size=64M mobility=0 zones=Normal,Movable:16M
