# shellcheck shell=dash
# mmsim's SLAB beside that of a kernel that has it still: every cache of the kernel is made in mmsim, too, with the same object
# size, alignment, flags and constructor. A slot's size and the arrays' tunables are the kernel's own.
#
# How many objects lie in how many pages can't be the kernel's everywhere, since mmsim has the descriptors of Linux 2.6 (struct
# slab of 48 bytes and 4 bytes an object, off-slab from an eighth of a page up), and Linux 6.1 those that came later (struct
# page, and a byte an object, which lies in a free object, or off-slab, or on-slab). What both have in common is the choice of
# the order: the model below. It has to give the kernel's own rows with the kernel's descriptors, and mmsim's with mmsim's.

HOST=/tmp/host		# NAME SIZE ALIGN RECLAIM RCU DMA CTOR OBJSIZE NUM PAGES
ROWS=/tmp/rows		# the same, and OBJSIZE NUM PAGES of mmsim's

# host_caches: what the kernel was asked for.
host_caches() {
	dmesg -c >/dev/null
	insmod /modules/hostslab.ko || return
	rmmod hostslab
	dmesg | sed -n 's/.*hostslab: cache //p' >$HOST
	[ -s $HOST ]
}

# file_has: these are the caches and the layout of the kernel's file.
file_has() {
	awk 'FNR > 2 { print $1, $4, $5, $6 }' /proc/slabinfo | sort >/tmp/file
	awk '{ print $1, $8, $9, $10 }' $HOST | sort >/tmp/list
	diff /tmp/file /tmp/list
}

# make NAME SIZE ALIGN RECLAIM RCU DMA CTOR: the cache x-NAME of mmsim's.
make() {
	local flags=SLAB_NO_MERGE ctor=no
	[ "$4" = 0 ] || flags="$flags|SLAB_RECLAIM_ACCOUNT"
	[ "$5" = 0 ] || flags="$flags|SLAB_TYPESAFE_BY_RCU"
	[ "$6" = 0 ] || flags="$flags|SLAB_CACHE_DMA"
	[ "$7" = 0 ] || ctor=yes
	ctl "cache_create x-$1 $2 align=$3 flags=$flags ctor=$ctor" >/dev/null
}

# row FILE NAME: slot size and tunables of a cache.
row() { awk -v name="$2" '$1 == name { print $4, $9, $10, $11 }' "$1"; }

same_slots() { equal "$(row "$DEBUG/slabinfo" "x-$1")" "$(row /proc/slabinfo "$1")"; }

# layouts: each line of $ROWS against the model; says which are wrong, and at the end how many are the kernel's own.
layouts() {
	awk -v page=4096 '
	function up(n, to) { return int((n + to - 1) / to) * to }
	function class(n,  c) {		# the size of kmalloc that holds a list of n bytes
		for (c = 32; c < n; c *= 2)
			if (n > c && n <= c * 3 / 2 && c >= 64 && c <= 128) return c * 3 / 2
		return c
	}
	# Objects of a slab, and the bytes left over. how: "free" in a free object, "off", "on"; 26: the descriptors of Linux 2.6
	function objects(bytes, size, align, how, old,  n) {
		if (how != "on") { rest = bytes % size; return int(bytes / size) }
		if (!old) { n = int(bytes / (size + 1)); rest = bytes - n * (size + 1); return n }
		n = int((bytes - 48) / (size + 4))
		if (n > 0 && up(48 + 4 * n, align) + n * size > bytes) n--
		rest = bytes - up(48 + 4 * n, align) - n * size
		return n > 0 ? n : 0
	}
	# Sets num, pages and left; num is 0 when nothing will do.
	function order(size, align, reclaim, how, old,  o, n, bytes) {
		num = 0
		bytes = page / 2
		for (o = 0; o <= 10; o++) {
			bytes *= 2
			n = objects(bytes, size, align, how, old)
			if (!n) continue
			if (!old && n > 255) break
			if (how == "off" && old && 48 + 4 * n > size) break
			if (how == "off" && !old && class(n) > size / 2) continue
			num = n; pages = bytes / page; left = rest
			if (reclaim || o >= 1 || left * 8 <= bytes) break
		}
	}
	function kernel(size, object, align, reclaim, fixed) {
		if (!fixed) {
			order(size, align, reclaim, "free", 0)
			if (num && num <= object) return
		}
		order(size, align, reclaim, "off", 0)
		if (num && left < num) return
		order(size, align, reclaim, "on", 0)
	}
	function classic(size, object, align, reclaim) {
		order(size, align, reclaim, up(object, 8) >= page / 8 ? "off" : "on", 1)
	}
	{
		kernel($8, $2, $3, $4, $5 || $7)
		if (num != $9 || pages != $10) { print "the kernel: " $0 ": the model has " num " in " pages; wrong++ }
		align = $3 < 8 ? 8 : $3
		classic($11, $2, align, $4)
		if (num != $12 || pages != $13) { print "mmsim: " $0 ": the model has " num " in " pages; wrong++ }
		same += $9 == $12 && $10 == $13
	}
	END { print NR " caches, " same " of them laid out alike, " wrong + 0 " wrong"; exit wrong || !NR }' $ROWS
}

check "the kernel tells of its caches" host_caches
check "they are those of /proc/slabinfo, with its layout" file_has
check "engine=slab loads" load size=64M engine=slab
while read -r name size align reclaim rcu dma ctor rest; do
	check "$name: made" make "$name" "$size" "$align" "$reclaim" "$rcu" "$dma" "$ctor"
	check "$name: objsize, limit, batchcount and sharedfactor are the kernel's" same_slots "$name"
	echo "$name $size $align $reclaim $rcu $dma $ctor $rest $(awk -v name="x-$name" '$1 == name { print $4, $5, $6 }' "$DEBUG/slabinfo")" >>$ROWS
done <$HOST
check "objperslab and pagesperslab: each row is what the descriptors make of it" layouts
report "$(cat /tmp/check.out)"
check "ok" verdict
check "unloads" unload
