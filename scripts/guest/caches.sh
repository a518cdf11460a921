# shellcheck shell=dash
# Slab caches as those see them who load the module: each engine, what slabinfo and slabstat say, how caches are tuned, which
# parameters are refused, and that nothing is left when the module goes.

# rows FILE: slabinfo without its head.
rows() { sed 1,2d "$1"; }

# slabinfo FILE: sixteen fields a line, to the column, none of them less than what it is a part of.
slabinfo() {
	rows "$1" | awk '
	function bad(why) { print why ": " $0; wrong = 1 }
	{ line = sprintf("%-17s %6u %6u %6u %4u %4d : tunables %4u %4u %4u : slabdata %6u %6u %6u",
		$1, $2, $3, $4, $5, $6, $9, $10, $11, $14, $15, $16); sub(/ +$/, "") }
	NF != 16 { bad(NF " fields"); next }
	$0 != line { bad("not the columns of \"" line "\"") }
	$2 > $3 || $14 > $15 { bad("more active than there are") }
	!$4 || !$5 || !$6 { bad("nothing fits in it") }
	END { exit wrong || !NR }'
}

same_in_small_reads() {
	cat "$1" >/tmp/whole
	dd if="$1" bs="$2" of=/tmp/pieces 2>/dev/null
	cmp /tmp/whole /tmp/pieces
}

# classes PREFIX: kmalloc's sizes that slabinfo has, smallest first.
classes() { rows "$DEBUG/slabinfo" | sed -n "s/^$1\\([0-9]*k\\{0,1\\}\\) .*/\\1/p" | sed 's/\([0-9]*\)k/\1 1024/' | awk '{ print $1 * ($2 ? $2 : 1) }' | sort -n | xargs; }

# pages_of REGEXP: the pages of the caches of these names are what vmstat counts, but when one goes between the two looks.
pages_of() {
	local tries=3 seen counted
	while [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		seen=$(rows "$DEBUG/slabinfo" | awk -v names="^($1)\$" '$1 ~ names { sum += $6 * $15 } END { print sum }')
		counted=$(awk '/^nr_slab_/ { sum += $2 } END { print sum }' "$DEBUG/vmstat")
		[ "$seen" != "$counted" ] || return 0
	done
	echo "$seen pages in slabinfo, $counted in vmstat"
	return 1
}

# tunables CACHE: limit, batchcount and shared factor that slabinfo shows.
tunables() { awk -v name="$1" '$1 == name { print $9, $10, $11 }' "$DEBUG/slabinfo"; }

# tune_refused WORD LINE: the write fails, and a new log line has WORD in it.
tune_refused() {
	local word="$1"
	shift
	dmesg -c >/dev/null
	if echo "$*" >"$DEBUG/slabinfo" 2>/dev/null; then
		echo "it was accepted"
		return 1
	fi
	dmesg | grep -F "mmsim: slabinfo: " | grep -F "$word" || { echo "no log line 'mmsim: slabinfo: ... $word'"; dmesg; return 1; }
}

SIZES="8 16 32 64 96 128 192 256 512 1024 2048 4096 8192"

files() {
	check "  slabinfo begins like the host's" equal "$(head -n 2 "$DEBUG/slabinfo")" "$(head -n 2 /proc/slabinfo)"
	check "  it has the host's format" slabinfo "$DEBUG/slabinfo"
	for size in 1024 7; do
		check "  read $size bytes at a time it is the same text" same_in_small_reads "$DEBUG/slabinfo" $size
	done
	check "  no name is there twice" equal "$(rows "$DEBUG/slabinfo" | awk '{ print $1 }' | sort | uniq -d)" ""
	for prefix in kmalloc- kmalloc-rcl- dma-kmalloc-; do
		check "  it has thirteen caches $prefix" equal "$(classes $prefix)" "$SIZES"
	done
	check "  slabstat has the same caches" equal "$(awk '{ print $1 }' "$DEBUG/slabstat")" "$(rows "$DEBUG/slabinfo" | awk '{ print $1 }')"
}

# engine NAME: an instance whose caches are made so.
engine() {
	check "engine=$1 loads" load size=64M engine="$1"
	files
	check "  slabstat names the engine" [ "$(awk -v engine="$1" '$2 == engine' "$DEBUG/slabstat" | wc -l)" -ge 39 ]
	if [ "$1" = slob ]; then
		check "  the heap's pages and the caches' own are vmstat's" pages_of 'slob_heap|kmem_cache'
	else
		check "  the pages of all caches are vmstat's" pages_of '.*'
	fi
	check "  ok" verdict
	if [ "$1" = slab ]; then
		check "  a cache is tuned" equal "$(echo "kmalloc-64 100 50 2" >"$DEBUG/slabinfo"; tunables kmalloc-64)" "100 50 2"
		check "  a batch that is larger than the limit is refused" tune_refused batchcount kmalloc-64 10 20 2
		check "  a limit of 0 is refused" tune_refused limit kmalloc-64 0 0 0
		check "  a cache that there isn't is refused" tune_refused "no cache 'nobody'" nobody 10 5 2
		check "  a line that is none is refused" tune_refused "name limit batchcount shared" kmalloc-64 ten
		check "  the old sizes stay" equal "$(tunables kmalloc-64)" "100 50 2"
		check "  ok" verdict
	else
		check "  there is nothing to tune" tune_refused "nothing to tune" kmalloc-64 100 50 2
	fi
	check "  unloads" unload
}

# loads PARAMETER...: an instance with these is well, and goes.
loads() {
	check "$* loads" load size=64M "$@"
	check "  its slabinfo has the host's format" slabinfo "$DEBUG/slabinfo"
	check "  ok" verdict
	check "  unloads" unload
}

check "this test of the format passes the host's slabinfo" slabinfo /proc/slabinfo
for engine in slub slab slob; do
	engine $engine
	for letters in F FZPU; do
		loads engine=$engine slab_debug=$letters
	done
	loads engine=$engine nodes=2
done
loads slab_merge=1
loads freelist_hardened=0 freelist_random=0
check "classic_names=1 loads" load size=64M engine=slab classic_names=1
check "  kmalloc's caches have Linux 2.6's names" equal "$(classes size-)" "$SIZES"
check "  unloads" unload
check "engine=foo is refused" refused "engine=foo" engine=foo
check "slab_debug=X is refused" refused "slab_debug=X" slab_debug=X
