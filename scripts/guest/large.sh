# shellcheck shell=dash
# A region of gigabytes: taken from a running kernel in slices, with progress in the log; checked, filled, and given back.
#
# Variables: size, in megabytes; progress=yes where taking them takes long enough for lines in the log, as it does where the
# kernel zeroes what it hands out; too_much, more than the host's largest zone spans, yet less than it has.

: "${size:=4096}" "${progress:=no}" "${too_much:=}"

# The kernel reports a CPU that does one thing for twice as many seconds, and a report fails the run.
echo 5 >/proc/sys/kernel/watchdog_thresh

number() { field "$DEBUG/region" "$1"; }

# within SECONDS COMMAND...: it succeeds in that time.
within() {
	local seconds="$1" start
	shift
	start=$(uptime_s)
	"$@" || return
	[ $(($(uptime_s) - start)) -le "$seconds" ] || { echo "it took $(($(uptime_s) - start)) s"; return 1; }
}

# frees FIRST LAST: commands that free every second handle, thousands a line.
frees() {
	seq "$1" 2 "$2" | awk 'NR % 4000 == 1 { printf "%sfree", (NR > 1) ? "\n" : "" } { printf " %d", $1 } END { print "" }'
}

free_every_second() {
	frees 1 "$1" | while read -r line; do
		echo "$line" >"$DEBUG/ctl" || return
	done
}

# More than 100000 blocks on one list are not counted any further, by mmsim as by the kernel.
singles() {
	check "  210000 single pages are allocated" ctl alloc_pages order=0 gfp=GFP_KERNEL count=210000
	check "    every second one is freed" free_every_second 210000
	ctl drain >/dev/null
	check "    buddyinfo counts all of them" [ "$(awk '{ if ($5 > n) n = $5 } END { print n }' "$DEBUG/buddyinfo")" -gt 100000 ]
	check "    pagetypeinfo says more than 100000" has "$DEBUG/pagetypeinfo" 'type +Unmovable +>100000 '
	check "    ok with them" verdict
	check "    they are freed, too" ctl free_all
	check "    every page is back" equal "$(mmsim_free)" "$(managed)"
}

load size=16M && unload
before=$(free_kb)
dmesg -c >/dev/null
start=$(uptime_s)
check "size=${size}M loads" load size="${size}M"
say "loaded in $(($(uptime_s) - start)) s, taken in $(number 'time taken')"
dmesg >/tmp/log
grep 'mmsim: ' /tmp/log | while read -r line; do report "    $line"; done
check "  the region file has the size" equal "$(number size)" $((size * 1048576))
check "  its pages" equal "$(number pages)" $((size * 256))
check "  its granules of 4M" equal "$(number granules)" $((size / 4))
check "  no hole" equal "$(number holes)" 0
check "  slices of 64M at most" [ "$(number slices)" -ge $((size / 64)) ]
check "  as many tries at least" [ "$(number tries)" -ge "$(number slices)" ]
check "  the time it took" has "$DEBUG/region" '^time taken: [1-9][0-9]* ms$'
check "  the log has the same figures" grep \
	"region: .* slices $(number slices), tries $(number tries), holes 0 of $(number granules) granules; $(number 'time taken')" /tmp/log
[ "$progress" = no ] || check "  it tells of progress" has /tmp/log "mmsim: contig: [0-9]+ MB of $size MB taken, [0-9]+ tries"
check "  the host has that much less" [ $((before - $(free_kb))) -ge $((size * 1023)) ]
start=$(uptime_s)
check "  ok" verdict
say "checked in $(($(uptime_s) - start)) s"
singles
start=$(uptime_s)
check "  unloads" unload
say "unloaded in $(($(uptime_s) - start)) s"
after=$(free_kb)
check "the host's free memory is back" near "$after" "$before"
say "free: $before kB before, $after kB after"
[ -z "$too_much" ] || check "what the host has, but not in one piece, is refused within 10 seconds" \
	within 10 refused "size=$too_much: source=" source=contig size="$too_much"
check "what the host has not is refused within 2 seconds" within 2 refused "size=16G: source=" source=contig size=16G
