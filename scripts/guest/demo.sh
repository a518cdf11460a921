# shellcheck shell=dash
# Inside the demo's guest: what demo.sh shows are the lines that begin with "| ".

show() { report "| $*"; }

# rows NAME FILE: the lines of a buddyinfo as rows of the table.
rows() {
	sed "s/^Node 0, zone */$1 /" "$2" | awk '{
		printf "|   %-6s %-8s", $1, $2
		for (i = 3; i <= NF; i++) printf "%6d", $i
		print ""
	}' >>"$RESULTS"
}

table() {
	show
	show "$1"
	show "                     4K    8K   16K   32K   64K  128K  256K  512K    1M    2M    4M"
	rows host /proc/buddyinfo
	rows mmsim "$DEBUG/buddyinfo"
}

check "mmsim loads" load size=256M
show "Linux $(uname -r). mmsim has taken $(($(field "$DEBUG/region" size) >> 20)) MB of its memory at" \
	"$(field "$DEBUG/region" base) (source $(field "$DEBUG/region" source))."
table "Free blocks by size, when the mirror is turned on:"
check "the mirror turns on" ctl mirror on

mkdir /tmp/tree
check "a source tree unpacks" tar -xzf /files/tree.tar.gz -C /tmp/tree
find /tmp/tree -type f -exec cat {} + >/tmp/all
files=$(find /tmp/tree -type f | wc -l)
lines=$(wc -l </tmp/all)

table "The same after $files files with $lines lines of kernel source were unpacked and read:"
cat "$DEBUG/mirror" >/mirror
show
show "Served from mmsim, too:  $(field /mirror 'allocs served') of the $(field /mirror 'allocs seen') allocations," \
	"$(field /mirror 'frees served') of the $(field /mirror 'frees seen') frees"
show "Not served:              $(field /mirror 'allocs failed') allocations that found no memory," \
	"$(field /mirror 'frees missed') frees of what no event had told of"
show "Held for the kernel:     $(field /mirror 'pages held') pages"
check "the check says ok" verdict
show "The check's verdict:     $(head -n 1 "$DEBUG/check")"
check "the mirror turns off" ctl mirror off
check "mmsim is complete" equal "$(mmsim_free)" "$(managed)"
check "mmsim unloads" unload
