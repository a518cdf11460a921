# shellcheck shell=dash
# Processes on mmsim's memory through /dev/mmsim: what a mapping is, what becomes of it after fork(), mprotect() and munmap(),
# that a process which is killed leaves nothing behind, and that nobody notices when pages are moved from under them.
#
# Variables: parameters for insmod; seconds of stress; kills, how many processes are killed while their pages move; reserved,
# the address of 64 MB that memmap= kept from the kernel.

: "${parameters:=size=64M}" "${seconds:=10}" "${kills:=20}" "${reserved:=}"

USER=/files/user

count() { field "$DEBUG/user" "$1"; }

# all_back: no process has anything of mmsim's, and all of it is free.
all_back() {
	equal "$(count 'open files')" 0 && equal "$(count mappings)" 0 && equal "$(count pages)" 0 || return
	equal "$(mmsim_free)" "$FREE"
}

# until_true COMMAND...: waits until it succeeds.
until_true() {
	local i=0
	until "$@"; do
		i=$((i + 1))
		[ $i -lt 600 ] || { echo "not within a minute: $*"; return 1; }
		sleep 0.1
	done
}

# killed: a process that is killed while it has 2000 pages leaves none behind.
killed() {
	local pid
	$USER hold 2000 1 /tmp/ready /tmp/stop &
	pid=$!
	until_true [ -e /tmp/ready ] || return
	equal "$(count pages)" 2000 || return
	kill -9 $pid
	wait $pid
	rm /tmp/ready
	all_back
}

# held: the module stays while a process has its memory.
held() {
	local pid
	$USER hold 16 1 /tmp/ready /tmp/stop &
	pid=$!
	until_true [ -e /tmp/ready ] || return
	if unload; then
		echo "it was unloaded"
		return 1
	fi
	touch /tmp/stop
	wait $pid || return
	rm /tmp/ready /tmp/stop
	all_back
}

alone() {
	for test in basics refusals fork protect unmap remap copies threads; do
		check "a process: $test" $USER $test
		check "  nothing of it is left" all_back
	done
	check "a process: full, SIGBUS at its end" $USER full "$(field "$DEBUG/region" pages)"
	check "  nothing of it is left" all_back
	check "a process that is killed leaves no page behind" killed
	check "mmsim stays while it is mapped" held
	check "ok" verdict
}

# start TEST...: in the background; ended N says whether N of them have come to their end, and finish whether all have come to
# a good one.
STARTED=0
start() {
	STARTED=$((STARTED + 1))
	($USER "$@"; echo "code $?") >/tmp/user.$STARTED 2>&1 &
}
ended() { [ "$(cat /tmp/user.* | grep -c '^code ')" -ge "$1" ]; }
finish() {
	wait
	cat /tmp/user.*
	[ "$(cat /tmp/user.* | grep -c '^code 0')" = $STARTED ] || return
	rm /tmp/user.*
	STARTED=0
}

# hold_spread: a process that has a page of every eight of nearly all there are, until /tmp/stop.
hold_spread() {
	start hold $((FREE * 95 / 100)) 8 /tmp/ready /tmp/stop
	until_true [ -e /tmp/ready ] || return
	rm /tmp/ready
	ctl drain >/dev/null
}

# moved_under COMMAND N: runs COMMAND over and over until the processes that don't wait for /tmp/stop have ended; N pages or
# more must have been moved.
moved_under() {
	local before rounds=0
	before=$(count moves)
	until ended "$WORKING"; do
		$1 || return
		rounds=$((rounds + 1))
	done
	touch /tmp/stop
	finish || return
	rm /tmp/stop
	say "$rounds times '$1' moved $(($(count moves) - before)) pages; $(count 'failed moves') refused"
	[ "$(count moves)" -ge $((before + $2)) ]
}

move() { echo move >"$DEBUG/user"; }

# What a process has written is there after each of its pages got another frame, and then another.
moved() {
	local before
	start hold 3000 3 /tmp/ready /tmp/stop
	until_true [ -e /tmp/ready ] || return
	before=$(count moves)
	move && move || return
	touch /tmp/stop
	[ "$(count moves)" -ge $((before + 2000)) ] || { echo "moves: $before before, $(count moves) now"; return 1; }
	finish || return
	rm /tmp/ready /tmp/stop
	all_back
}

in_use() { [ "$(count pages)" -gt 100 ]; }
unused() { [ "$(count "open files")" = 0 ]; }

# killed_while_moved: processes are killed at any moment of their pages' moves.
killed_while_moved() {
	local i=0 pid
	while [ $i -lt "$kills" ]; do
		$USER work 500 100 2 >/dev/null &
		pid=$!
		until_true in_use || return
		move && kill -9 $pid && move || return
		wait $pid
		i=$((i + 1))
	done 2>/dev/null
	until_true unused >/dev/null	# a child of theirs may be at its end
	all_back
}

# no_large_block: no block of 2 MB or 4 MB is free.
no_large_block() { awk '$14 + $15 { print; bad = 1 } END { exit bad }' "$DEBUG/buddyinfo"; }

large_blocks() { ctl alloc_pages order=9 count="$1" gfp="GFP_HIGHUSER_MOVABLE|__GFP_RETRY_MAYFAIL"; }

# compacted: with a process's page in each block of 2 MB, large blocks are had by moving these pages.
compacted() {
	local before
	before=$(count moves)
	hold_spread || return
	no_large_block || return
	large_blocks 12 || return
	verdict || return
	touch /tmp/stop
	[ "$(count moves)" -gt $((before + 500)) ] || { echo "moves: $before before, $(count moves) now"; return 1; }
	finish || return
	rm /tmp/stop
	ctl free_all && all_back
}

# claimed: an area of 8 MB that is lent to a process is claimed back from under it.
claimed() {
	local before
	ctl cma_create lent 8M || return
	before=$(count moves)
	hold_spread || return
	echo 2048 >"$DEBUG/cma/lent/alloc" || { cat "$DEBUG/cma/lent/last_failure"; return 1; }
	verdict || return
	touch /tmp/stop
	[ "$(count moves)" -gt $((before + 100)) ] || { echo "moves: $before before, $(count moves) now"; return 1; }
	finish || return
	rm /tmp/stop
	echo 2048 >"$DEBUG/cma/lent/free" && ctl cma_destroy lent && all_back
}

# take_large: takes a few large blocks, and gives them back.
take_large() {
	large_blocks 8 >/dev/null 2>&1
	ctl free_all >/dev/null
}

# large_wanted: large blocks come and go between processes whose pages are everywhere.
large_wanted() {
	hold_spread || return
	start work 1500 "$seconds" 2
	start work 1500 "$seconds" 2
	WORKING=2
	moved_under take_large 10
}

work_moved() {
	start work 600 "$seconds" 2
	start work 600 "$seconds" 2
	WORKING=2
	moved_under move 100
}

moving() {
	check "a process does not notice that its pages move" moved
	check "processes write, unmap and fork while their pages move" work_moved
	check "  nothing of it is left" all_back
	check "large blocks are had from under a process" compacted
	check "a CMA area is claimed from under a process" claimed
	check "processes write, unmap and fork while large blocks are wanted" large_wanted
	check "  nothing of it is left" all_back
	check "processes are killed while their pages move" killed_while_moved
	check "ok" verdict
}

# shellcheck disable=SC2086
check "mmsim loads" load $parameters
FREE=$(mmsim_free)
check "the device is root's alone" equal "$(stat -c '%a %u %g' /dev/mmsim)" "600 0 0"
alone
moving
check "a command that is none is refused" fails sh -c "echo fly >$DEBUG/user"
check "mmsim unloads" unload
check "the device went with it" [ ! -e /dev/mmsim ]
check "device_mode=0777 is refused" fails load size=16M device_mode=0777

if [ -n "$reserved" ]; then
	check "source=memmap, where the host has no struct page, loads" load size=64M base="$reserved" device_mode=0660
	FREE=$(mmsim_free)
	check "the device has the mode asked for" equal "$(stat -c '%a %u %g' /dev/mmsim)" "660 0 0"
	alone
	moving
	check "mmsim unloads" unload
fi
