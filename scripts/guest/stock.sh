# shellcheck shell=dash
# The module as its users meet it: what its files say, what its commands do, the mirror under load, and what it refuses.
#
# Variables: reserved, the address of 64 MB that memmap= kept from the kernel; cma=yes|no; attaches.

: "${reserved:=0x20000000}" "${cma:=no}" "${attaches:=50}"

# format FILE: each line is "Node %d, zone %8s " and eleven times "%6lu ", to the column.
format() {
	awk '
	function bad(why) { print why ": " $0; wrong = 1 }
	!/^Node [0-9]+, zone +[A-Za-z0-9]+ / { bad("no node and zone"); next }
	{
		at = index($0, "zone ") + 5
		if (substr($0, at, 8) !~ /^ *[A-Za-z0-9]+$/ || substr($0, at + 8, 1) != " ") bad("zone is not %8s")
		if (length($0) != at + 8 + 11 * 7) bad("wrong length")
		for (o = 0; o < 11; o++)
			if (substr($0, at + 9 + o * 7, 7) !~ /^ *[0-9]+ $/) bad("count of order " o " is not %6lu")
	}
	END { exit wrong || !NR }' "$1"
}

# same_in_small_reads FILE SIZE: a reader with a small buffer gets the text of cat.
same_in_small_reads() {
	cat "$1" >/tmp/whole
	dd if="$1" bs="$2" of=/tmp/pieces 2>/dev/null
	cmp /tmp/whole /tmp/pieces
}

# refused_by_kernel NAME PARAMETER...: insmod fails, and the kernel names the parameter that it can't read.
refused_by_kernel() {
	local name="$1"
	shift
	dmesg -c >/dev/null
	if load "$@"; then
		unload
		echo "it was accepted"
		return 1
	fi
	dmesg | grep "mmsim: .*invalid for parameter .$name'" || { echo "no log line of the kernel"; dmesg; return 1; }
}

# ctl_refuses WORD COMMAND: the write fails with "Invalid argument", and the file or the log names the wrong word.
ctl_refuses() {
	local word="$1"
	shift
	if ctl "$@" 2>/tmp/ctl.error; then
		echo "it was accepted"
		return 1
	fi
	has /tmp/ctl.error 'Invalid argument' || return
	grep -F "$word" "$DEBUG/ctl" || { echo "the answer does not name '$word':"; cat "$DEBUG/ctl"; return 1; }
}

files() {
	for f in buddyinfo show_mem region check ctl mirror; do
		check "there is a file $f" cat "$DEBUG/$f"
	done
	check "this test of the format passes the kernel's own buddyinfo" format /proc/buddyinfo
	check "buddyinfo has that format, to the column" format "$DEBUG/buddyinfo"
	check "buddyinfo's blocks are all the pages that the region has to give" equal "$(mmsim_free)" "$(managed)"
	check "show_mem gives the same sum" equal \
		"$(sed -n 's/.* = \([0-9]*\)kB$/\1/p' "$DEBUG/show_mem" | awk '{ sum += $1 } END { printf "%d\n", sum / 4 }')" "$(managed)"
	for f in buddyinfo show_mem region; do
		for size in 1 7; do
			check "$f read $size bytes at a time is the same text" same_in_small_reads "$DEBUG/$f" "$size"
		done
	done
	check "the check file says ok" verdict
}

commands() {
	local before
	before=$(managed)
	check "ctl allocates 4 blocks of order 3" ctl alloc_pages order=3 gfp=GFP_KERNEL count=4
	check "buddyinfo has 32 pages less" equal "$(mmsim_free)" $((before - 32))
	check "ctl lists them" equal "$(ctl list | grep -c 'order 3')" 4
	check "ok with them allocated" verdict
	check "ctl frees one" ctl free 1
	check "buddyinfo has 24 pages less" equal "$(mmsim_free)" $((before - 24))
	check "ctl frees the others" ctl free_all
	check "buddyinfo is complete again" equal "$(mmsim_free)" "$before"
	check "a wrong command is refused by name" ctl_refuses frobnicate frobnicate
	check "a wrong key is refused by name" ctl_refuses colour alloc_pages order=0 colour=red
	check "a wrong number is refused by name" ctl_refuses three alloc_pages order=three
	check "a wrong gfp is refused by name" ctl_refuses GFP_BANANA alloc_pages order=0 gfp=GFP_BANANA
	check "a handle that is none is refused" ctl_refuses 4711 free 4711
	check "ok after refusals" verdict
}

# mirrored KEY...: the sum of these lines of the mirror's file.
mirrored() {
	local key sum=0
	for key in "$@"; do sum=$((sum + $(field "$DEBUG/mirror" "$key"))); done
	echo $sum
}

# accounts: with the mirror off, each event that it saw is in one of the counts, and nothing is held.
accounts() {
	check "  each allocation seen is counted once more" equal "$(mirrored 'allocs seen')" \
		"$(mirrored 'allocs served' 'allocs failed' 'allocs failed by host')"
	check "  each free, too" equal "$(mirrored 'frees seen')" "$(mirrored 'frees served' 'frees missed')"
	check "  those of an order are all that were served" equal "$(mirrored 'allocs served')" \
		"$(sed -n 's/^allocs served of order [0-9]*: //p' "$DEBUG/mirror" | awk '{ sum += $1 } END { printf "%d\n", sum }')"
	check "  no page is held" equal "$(mirrored 'pages held')" 0
	check "  mmsim is complete" equal "$(mmsim_free)" "$(managed)"
	say "$(grep -E '^(allocs (s|f|r)[a-z ]*|frees.*|blocks.*):' "$DEBUG/mirror" | tr '\n' ',')"
}

# huge_file: a file of 4 MB in blocks of 2 MB, of which the kernel frees parts as it is cut.
huge_file() {
	mkdir -p /tmp/huge
	mount -t tmpfs -o huge=always huge /tmp/huge || return
	dd if=/dev/zero of=/tmp/huge/file bs=2M count=2 2>/dev/null
}

mirror() {
	dd if=/dev/zero of=/tmp/before bs=1M count=4 2>/dev/null
	check "the mirror turns on" ctl mirror on
	check "turning it on again is refused" fails ctl mirror on
	work_for 5
	rm /tmp/before
	if huge_file 2>/dev/null; then
		truncate -s 1000K /tmp/huge/file
		check "it split blocks that the kernel freed a part of" [ "$(mirrored 'blocks split')" -gt 0 ]
		umount /tmp/huge
	else
		skip "it split blocks that the kernel freed a part of" "tmpfs has no huge pages"
	fi
	wait
	check "it served allocations" [ "$(mirrored 'allocs served')" -gt 1000 ]
	check "it served frees" [ "$(mirrored 'frees served')" -gt 1000 ]
	check "it missed the frees of what was there before" [ "$(mirrored 'frees missed')" -ge 512 ]
	check "ok with the mirror on" verdict
	check "the mirror turns off" ctl mirror off
	accounts
	check "$attaches times on and off under load" mirror_under_load "$attaches"
	check "all it held is back then, too" equal "$(mmsim_free)" "$(managed)"
	check "ok after that" verdict
}

# A region of 4 MB is soon too small for what the kernel allocates.
overrun() {
	check "mmsim loads with 4M" load size=4M
	check "the mirror turns on" ctl mirror on
	work_for 3
	wait
	check "  allocations found no memory" [ "$(mirrored 'allocs failed')" -gt 1000 ]
	check "  others were served" [ "$(mirrored 'allocs served')" -gt 100 ]
	check "  ok" verdict
	check "the mirror turns off" ctl mirror off
	accounts
	check "  unloads" unload
}

# owned FILE TEXT: its mode, owner and group.
owned() { equal "$(stat -c '%a %u %g' "$DEBUG/$1")" "$2"; }

modes() {
	check "the files are root's alone" owned buddyinfo "400 0 0"
	check "  the folder, too" owned . "700 0 0"
	check "  ctl is written, too" owned ctl "600 0 0"
	check "mmsim unloads" unload
	check "debugfs_mode=0444 debugfs_uid=1000 debugfs_gid=1001 loads" load size=16M cma=camera:4M page_owner=1 \
		debugfs_mode=0444 debugfs_uid=1000 debugfs_gid=1001
	for f in . cma cma/camera slab slab/kmalloc-64; do
		check "  the folder $f has that mode and owner" owned $f "755 1000 1001"
	done
	for f in buddyinfo region check mirror page_owner kpageflags slab/kmalloc-64/slabs cma/camera/bitmap cma/camera/used; do
		check "  $f has that mode and owner" owned $f "444 1000 1001"
	done
	for f in ctl user slabinfo slab/kmalloc-64/shrink cma/camera/alloc cma/camera/free; do
		check "  $f is written, too" owned $f "644 1000 1001"
	done
	check "  no other file is written" equal "$(cd "$DEBUG" && find . -type f -perm /222 | sed 's#^\(./slab/\)[^/]*#\1*#' | sort -u | xargs)" \
		"./cma/camera/alloc ./cma/camera/free ./ctl ./slab/*/cpu_partial ./slab/*/min_partial ./slab/*/shrink ./slab/*/validate ./slabinfo ./user"
	check "  unloads" unload
}

sources() {
	for source in auto contig; do
		check "source=$source, size=64M loads" load source=$source size=64M
		check "  its region says contig" equal "$(field "$DEBUG/region" source)" contig
		check "  its size is 64M" equal "$(field "$DEBUG/region" size)" 67108864
		check "  ok" verdict
		check "  unloads" unload
	done
	check "source=pages, size=4M loads" load source=pages size=4M
	check "  its region says pages" equal "$(field "$DEBUG/region" source)" pages
	check "  ok" verdict
	check "  unloads" unload
	check "source=memmap base=$reserved size=64M loads" load source=memmap base="$reserved" size=64M
	check "  its region is there" equal "$(field "$DEBUG/region" base)" "$reserved"
	check "  ok" verdict
	check "  unloads" unload
	check "base=$reserved alone takes memmap" load base="$reserved" size=32M
	check "  its region says memmap" equal "$(field "$DEBUG/region" source)" memmap
	check "  unloads" unload
	if [ "$cma" = yes ]; then
		check "source=cma size=32M loads" load source=cma size=32M
		check "  its region says cma" equal "$(field "$DEBUG/region" source)" cma
		check "  ok" verdict
		check "  unloads" unload
	else
		check "source=cma is refused where there is none" refused cma source=cma size=32M
	fi
}

# The slots' addresses are vmap()'s: other ones than the region's.
highmem() {
	check "an instance with HighMem loads" load size=64M zones=Normal:32M,HighMem
	check "  HighMem pages are allocated" ctl alloc_pages gfp=GFP_HIGHUSER count=600
	check "  they have no address" equal "$(ctl list | grep -c 'address 0x0 ')" 600
	ctl list >/tmp/list
	check "  what is written at kmap()'s address is there at kmap_local_page()'s" ctl kmap 1
	check "  these are two addresses" [ "$(ctl kmap 2 | cut -d' ' -f3)" != "$(ctl kmap 2 | cut -d' ' -f5)" ]
	seq -f 'kmap %g' 1 600 >/tmp/kmaps
	check "  so with all 600 pages, though there are 512 slots" dd if=/tmp/kmaps of="$DEBUG/ctl" bs=64k
	check "  ok" verdict
	check "  a Normal page has one address" ctl alloc_pages count=1
	check "    and kmap() gives that" equal "$(ctl kmap 601 | cut -d' ' -f3)" "$(ctl list | sed -n 's/^601 .* address \([^ ]*\) .*/\1/p')"
	check "  a handle that is none is refused" ctl_refuses 4711 kmap 4711
	check "  all is freed" ctl free_all
	check "  mmsim is complete" equal "$(mmsim_free)" "$(managed)"
	check "  unloads" unload
}

# kcore ADDRESS: the page that is there, as /proc/kcore has it. Its second program header says where in the file which address is.
kcore() {
	# shellcheck disable=SC2046	# two numbers
	set -- "$1" $(od -A n -t d8 -j 128 -N 16 /proc/kcore)
	dd if=/proc/kcore bs=4096 count=1 skip=$((($2 + $1 - $3) / 4096))
}

# What looks at all of the kernel's memory comes to kmap()'s addresses, too, and to frames that the host has no address for.
kcore_passes() {
	local address
	check "an instance with HighMem in reserved memory loads" load source=memmap base="$reserved" size=64M zones=Normal:32M,HighMem
	check "  a HighMem page is allocated" ctl alloc_pages "gfp=GFP_HIGHUSER|__GFP_ZERO"
	address=$(ctl kmap 1 | cut -d' ' -f3)
	check "  /proc/kcore is read at its kmap() address" kcore "$address"
	check "  ok" verdict
	check "  unloads" unload
	for mode in window vmap; do
		check "an instance with vmalloc=$mode in reserved memory loads" load source=memmap base="$reserved" size=64M vmalloc=$mode
		check "  an area is allocated" ctl vmalloc size=4M
		check "  /proc/kcore is read at its address" kcore "$(ctl list | cut -d' ' -f3)"
		check "  ok" verdict
		check "  unloads" unload
	done
}

refusals() {
	# 17592186044420M and so on are 2^64 and a few megabytes.
	for size in 0 3M 5M 64G banana 12X '' 17592186044420M 18446744073713745920 16384P 16E -4M; do
		check "size=$size is refused" refused "size=$size" size=$size
	done
	for wrong in nodes=0 nodes=9 pcp_orders=0x400 watermark_scale_factor=3001 init_on_alloc=2 init_on_alloc=-2 init_on_free=2 \
		min_free_kbytes=4097 min_free_kbytes=18446744073709551615 debugfs_mode=0777 debugfs_mode=01444 device_mode=0777 \
		debugfs_uid=4294967295 debugfs_gid=4294967295 holes=51 holes=4294967295; do
		check "$wrong is refused" refused "$wrong: " size=16M $wrong
	done
	for wrong in nodes=banana interleave=2 mobility=perhaps page_owner=5 debugfs_mode=65536 debugfs_uid=-1 holes=-1 min_free_kbytes=1E; do
		check "$wrong is refused by the kernel" refused_by_kernel "${wrong%%=*}" size=16M $wrong
	done
	check "holes for memmap is refused" refused "holes=10: " source=memmap base="$reserved" size=16M holes=10
	check "source=foo is refused" refused "source=foo" source=foo
	check "source=pages with more than a block is refused" refused "size=8M" source=pages size=8M
	check "memmap without a base is refused" refused "base" source=memmap size=64M
	check "a base in System RAM is refused" refused "System RAM" source=memmap base=0x10000000 size=4M
	check "a base that is not aligned is refused" refused "base=" source=memmap base=0x20001000 size=4M
	check "a base beyond the memory is refused" refused "base=" source=memmap base=0x8000000000 size=4M
	check "a base whose range ends outside is refused" refused "base=" source=memmap base="$reserved" size=128M
	check "a base that is no number is refused" refused "base=here" source=memmap base=here size=4M
	check "a base beyond 64 bits is refused" refused "base=" source=memmap base=16777216T size=4M
	check "a base whose range ends beyond 64 bits is refused" refused "base=" source=memmap base=0xffffffffffc00000 size=64M
	check "a base for contig is refused" refused "base=" source=contig base="$reserved" size=4M
	for zones in foo Normal:3M Normal:banana Normal:512M Normal:64M,Normal:64M 'DMA:64M,' DMA:0 DMA32:17592186044420M \
		DMA:8E,DMA32:8E HighMem Normal,DMA; do
		check "zones=$zones is refused" refused "zones=" size=128M zones=$zones
	done
	check "a parameter that is none is no harm" load size=16M nonsense=1
	check "  unloads" unload
}

check "mmsim loads" load
files
commands
mirror
modes
overrun
sources
highmem
if [ -e /proc/kcore ]; then
	kcore_passes
fi
refusals
