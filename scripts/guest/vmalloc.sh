# shellcheck shell=dash
# vmalloc as those see it who load the module: each mode, the files beside the host's, the commands, memory that the host has no
# pages for, which parameters are refused, and what unloading says of areas that nobody freed.
#
# Variables: window, yes where a kernel lets a module have page tables; reserved, where memmap= kept 64 MB at boot, or nothing;
# levels, of the page tables, unless KVM has the machine's CPU.

: "${window:=no}" "${reserved:=}" "${levels:=4}" "${accel:=}"

# vmallocinfo FILE: each line is in the kernel's format, and an area has as many pages as its addresses, but for the guard.
vmallocinfo() {
	awk '
	function bad(why) { print why ": " $0; wrong = 1 }
	BEGIN {
		range = "^0x[0-9a-f]{16}-0x[0-9a-f]{16} +[0-9]+"
		area = range "( [^ ]+\\+0x[0-9a-f]+/0x[0-9a-f]+( \\[[a-z0-9_]+\\])?)?( pages=[0-9]+)?( phys=[^ ]+)?( ioremap)?( sparse)?" \
			"( vmalloc)?( vmap)?( user)?( dma-coherent)?( vpages)?( N[0-9]+=[0-9]+)*$"
	}
	$0 !~ area && $0 !~ range "( unpurged vm_area| vm_map_ram| vmap_ram)$" { bad("another format") }
	length($1) != 37 || substr($0, 38, 1) != " " || (length($2) < 7 && substr($0, 39, 7 - length($2)) !~ /^ *$/) { bad("other columns") }
	/ vmalloc/ && match($0, / pages=[0-9]+/) {
		pages = substr($0, RSTART + 7, RLENGTH - 7)
		if ($2 != (pages + 1) * 4096) bad(pages " pages")
		nodes = 0
		for (i = 3; i <= NF; i++) if ($i ~ /^N[0-9]+=/) nodes += substr($i, index($i, "=") + 1)
		if (nodes && nodes != pages) bad(nodes " pages by node")
	}
	END { exit wrong || !NR }' "$1"
}

# rows REGEXP: how many lines of mmsim's vmallocinfo have it.
rows() { grep -cE "$1" "$DEBUG/vmallocinfo"; }

mode() { cat "$DEBUG/vmalloc/mode"; }
windows() { field "$DEBUG/vmalloc/window" "$1"; }
purged() { field "$DEBUG/vmalloc/purge" "$1"; }

# pages: those that are free, and those that caches keep.
pages() { echo $(($(mmsim_free) + $(awk '/^nr_slab_/ { sum += $2 } END { print sum }' "$DEBUG/vmstat"))); }

# areas: the commands, and what the files say of the areas. Arrays of pages are areas, too: of 5 MB, not of 3 pages; and so are
# the lists of what vmap() is to map, for those 5 MB and for an area that is aligned.
areas() {
	local before large=5M lists=0
	case $(mode) in
	vmap) lists=$((4 + 3)) ;;
	nommu) large=4M ;;	# kmalloc() has no more
	esac
	ctl purge >/dev/null
	before=$(pages)
	check "  an area is allocated" ctl vmalloc size=$large
	check "  nine smaller ones, too" equal "$(ctl vmalloc size=12000 count=9 gfp='GFP_KERNEL|__GFP_ZERO' | wc -l)" 9
	check "  each has a handle" equal "$(ctl list | grep -cE '^[0-9]+ area 0x[0-9a-f]+ size (5242880|4194304|12000) gfp GFP_KERNEL')" 10
	check "  one is aligned as asked for" [ "$(($(ctl vmalloc size=100 align=1048576 | cut -d' ' -f3) % 1048576))" = 0 ]
	if [ "$(mode)" != nommu ]; then
		check "  vmallocinfo has the host's format" vmallocinfo "$DEBUG/vmallocinfo"
		check "  and a line for each, with who asked" equal "$(rows ' (alloc_area|mmsim_ctl_vmalloc)\+.* pages=(1280|3|1) vmalloc')" 12
		check "  the array of the large one is an area, too" equal "$(rows ' pages=3 vmalloc N0=3$') $(rows ' vmalloc vpages N0=1280$')" "10 1"
		check "  their addresses are those of the handles" equal "$(ctl list | cut -d' ' -f3 | while read -r at; do rows "^0x0*${at#0x}-"; done | uniq)" 1
		check "  they are counted" equal "$(windows areas) $(windows frames)" "12 $((1280 + 3 + 27 + 1))"
	else
		check "  there are no areas" equal "$(cat "$DEBUG/vmallocinfo")$(windows areas)" 0
	fi
	check "  the invariants hold" verdict
	check "  they are freed" equal "$(ctl free_all)" "11 freed"
	if [ "$(mode)" != nommu ]; then
		check "  the last wait for a purge" [ "$(rows ' unpurged vm_area$')" -gt 0 ]
		check "  in the host's format" vmallocinfo "$DEBUG/vmallocinfo"
		check "  and then are gone" equal "$(ctl purge; cat "$DEBUG/vmallocinfo")" purged
		check "  no address waits, nor a page" equal "$(purged 'lazy pages') $(purged 'lazy frames')" "0 0"
		check "  all addresses were used" equal "$(purged 'purged pages')" "$((1281 + 4 + 9 * 4 + 2 + lists))"
	fi
	check "  all pages are back" equal "$(pages)" "$before"
}

# holes BYTES: the window is one hole again.
holes() {
	check "  the window has $1 bytes, all in one hole" equal "$(windows bytes) $(windows holes) $(windows 'bytes of holes')" "$1 1 $1"
	check "  free_tree shows it" equal "$(sed 's/^[^ ]* *//' "$DEBUG/vmalloc/free_tree")" "$1 largest=$1 depth=0"
	check "  largest_hole, too" equal "$(cat "$DEBUG/vmalloc/largest_hole")" "$1"
}

misuse() {
	check "  a size is wanted" ctl_fails "size= is wanted" vmalloc
	check "  that is a number" ctl_fails "size 'much'" vmalloc size=much
	check "  and not 0" ctl_fails "size '0'" vmalloc size=0
	check "  a key that there isn't is named" ctl_fails "no 'colour='" vmalloc size=1 colour=red
	check "  a word, too" ctl_fails "'large' is not size=" vmalloc large
	check "  and neither yes nor no" ctl_fails "huge 'maybe'" vmalloc size=1 huge=maybe
	check "  more than the region has is refused" ctl_fails "got 0 of 1 areas" vmalloc size=65M
	check "  a handle that is none is not forgotten" ctl_fails "no handle 4711" forget 4711
	check "  nothing came of all that" equal "$(ctl list)" ""
}

# left: what unloading says of leaks. The 4 MB have an array that is an area, and is not named.
left() {
	check "  two areas are forgotten" equal "$(ctl vmalloc size=4M count=2 >/dev/null; ctl forget 1; ctl forget 2)" "1 forgotten
2 forgotten"
	dmesg -c >/dev/null
	check "  unloads with them" unload
	dmesg >/tmp/left
	if [ "$1" = nommu ]; then
		check "    and the log names the blocks" has /tmp/left "mmsim: .*alloc"
	else
		check "    and the log names both, with who asked" equal "$(grep -cE \
			'mmsim: vmalloc: 0x[0-9a-f]+-0x[0-9a-f]+, 4194304 bytes, 1024 pages by (alloc_area|mmsim_ctl_vmalloc)\+0x.*, was not freed$' /tmp/left)" 2
		check "    and no page is missing then" fails grep -E 'leak|still allocated' /tmp/left
	fi
}

# in_mode MODE PARAMETER...: an instance whose addresses come so.
in_mode() {
	local name="$1"
	shift
	check "mmsim loads with $*" load size=64M "$@"
	check "  its mode is $name" equal "$(mode)" "$name"
	areas
	[ "$name" != window ] || holes 268435456
	misuse
	left "$name"
}

huge() {
	check "mmsim loads" load size=64M
	[ "$accel" = kvm ] ||
		check "  the kernel's page tables have $levels levels" equal "$(grep -qw la57 /proc/cpuinfo && echo 5 || echo 4)" "$levels"
	check "  there are entries of 2 MB" equal "$(windows '2 MB entries')" yes
	check "  an area of those is allocated" [ "$(($(ctl vmalloc size=6M huge=yes | cut -d' ' -f3) % 2097152))" = 0 ]
	check "  ok" verdict
	check "  unloads with it" unload
	check "vmalloc_size=1T loads" load size=16M vmalloc_size=1T
	check "  with as many addresses as the host has tables for" [ "$(windows bytes)" -ge 4194304 ]
	check "  the log says so" sh -c 'dmesg | grep "no more addresses in a row: the window has"'
	check "  an area is allocated" ctl vmalloc size=5M
	check "  unloads" unload
}

# kcore ADDRESS: the page that is there, as /proc/kcore has it. Its second program header says where in the file which address is.
kcore() {
	# shellcheck disable=SC2046	# two numbers
	set -- "$1" $(od -A n -t d8 -j 128 -N 16 /proc/kcore)
	dd if=/proc/kcore bs=4096 count=1 skip=$((($2 + $1 - $3) / 4096))
}

# Memory without host pages, which the kernel has no address for: nobody else may look for one.
reserved_memory() {
	check "vmalloc=$1 loads on reserved memory" load source=memmap base="$reserved" size=64M "vmalloc=$1"
	check "  its mode is $1" equal "$(mode)" "$1"
	areas
	check "  an area is allocated" ctl vmalloc size=4M
	check "  /proc/kcore is read there" kcore "$(ctl list | cut -d' ' -f3)"
	check "  ok" verdict
	check "  unloads" unload
}

refusals() {
	check "vmalloc=virtual is refused" refused "vmalloc=virtual: must be window, vmap or nommu" size=16M vmalloc=virtual
	for wrong in 0 3M 2T banana 4194305 16777216T; do
		check "vmalloc_size=$wrong is refused" refused "vmalloc_size=$wrong: " size=16M vmalloc_size=$wrong
	done
}

echo 1 >/proc/sys/kernel/kptr_restrict	# root sees addresses
check "this test of the format passes the host's vmallocinfo" vmallocinfo /proc/vmallocinfo
if [ "$window" = yes ]; then
	in_mode window
	huge
else
	in_mode vmap vmalloc=window
fi
in_mode vmap vmalloc=vmap
in_mode nommu vmalloc=nommu
if [ -n "$reserved" ]; then
	reserved_memory window
	reserved_memory vmap
fi
refusals
