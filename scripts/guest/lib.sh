# shellcheck shell=dash
# What the scripts that run inside a guest have at hand. Plain sh, for busybox.
#
# $RESULTS is where the runner reads; a script ends by coming to its end, at which `end` writes the success token.

DEBUG=/sys/kernel/debug/mmsim
PASSED=0
FAILED=0

# report TEXT...: a line for the host alone.
report() { printf '%s\n' "$*" >>"$RESULTS"; }

# say TEXT...: a line for the host, and for the console, where it dates what the kernel says.
say() {
	report "$*"
	printf '%s\n' "$*"
}

ok() {
	PASSED=$((PASSED + 1))
	say "ok - $1"
}

# not_ok DESCRIPTION [FILE]: FILE tells why.
not_ok() {
	FAILED=$((FAILED + 1))
	say "not ok - $1"
	[ -z "$2" ] || head -n 20 "$2" | while read -r line; do say "    $line"; done
}

skip() { say "skip - $1: $2"; }

# check DESCRIPTION COMMAND...: a test, passed when COMMAND succeeds. What a failed one printed is shown.
check() {
	local text="$1"
	shift
	if "$@" >/tmp/check.out 2>&1; then
		ok "$text"
	else
		not_ok "$text" /tmp/check.out
	fi
}

fails() { ! "$@"; }

# has FILE REGEXP: the file has such a line.
has() {
	grep -qE "$2" "$1" || { echo "no line '$2' in:"; cat "$1"; return 1; }
}

equal() {
	[ "$1" = "$2" ] || { printf 'got:\n%s\ninstead of:\n%s\n' "$1" "$2"; return 1; }
}

# field FILE KEY: the value of `KEY: value`.
field() { sed -n "s/^$2:[[:space:]]*//p" "$1"; }

load() { insmod /modules/mmsim.ko "$@"; }
unload() { rmmod mmsim; }

# refused WORD PARAMETER...: insmod fails, and a new log line of mmsim has WORD in it.
refused() {
	local word="$1"
	shift
	dmesg -c >/dev/null
	if load "$@"; then
		unload
		echo "it was accepted"
		return 1
	fi
	dmesg | grep "mmsim: " | grep -F "$word" || { echo "no log line 'mmsim: ... $word'"; dmesg; return 1; }
}

# ctl COMMAND: one line for the ctl file; its answer is printed.
ctl() {
	echo "$*" >"$DEBUG/ctl" || return
	cat "$DEBUG/ctl"
}

# ctl_fails WORD COMMAND...: the command fails, and its answer has the word in it.
ctl_fails() {
	local word="$1"
	shift
	fails ctl "$@" || return
	grep -F "$word" "$DEBUG/ctl"
}

# verdict: the check file says ok.
verdict() {
	cat "$DEBUG/check"
	head -n 1 "$DEBUG/check" | grep -q '^ok'
}

# blocks FILE: the pages in a file of buddyinfo's format, all zones together.
blocks() {
	awk '{ n = 1; for (o = 5; o <= 15; o++) { sum += $o * n; n *= 2 } } END { printf "%d\n", sum }' "$1"
}

# mmsim_free: the free pages of mmsim, all of them on the zones' lists.
mmsim_free() {
	ctl drain >/dev/null
	blocks "$DEBUG/buddyinfo"
}

# managed: the pages that mmsim's zones have to give, those that the floors above have taken left out, from the region file.
managed() {
	sed -n 's/^zone .* managed //p; s/^[a-z]* floor pages: /-/p' "$DEBUG/region" | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

# zone_sum KEY: the sum over all zones of a line of mmsim's zoneinfo: `free`, `managed`, `count:` ...
zone_sum() {
	awk -v key="$1" '$1 == key || $1 == "pages" && $2 == key { sum += $NF } END { printf "%d\n", sum }' "$DEBUG/zoneinfo"
}

# free_kb: what the host has free with its caches dropped. MemFree leaves out what lies on the per-CPU lists, and since 6.6 these
# grow to tens of megabytes when a range is freed page by page.
free_kb() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	echo 3 >/proc/sys/vm/drop_caches
	awk '
	/^MemFree:/ { kb += $2 }
	/^ *pagesets/ { lists = 1 }
	/^Node/ { lists = 0 }
	lists && $1 == "count:" { kb += $2 * 4 }
	END { printf "%d\n", kb }' /proc/meminfo /proc/zoneinfo
}

# near NOW BEFORE: the host has at most 2 MB less.
near() {
	echo "free: $1 kB now, $2 kB before"
	[ $(($2 - $1)) -le 2048 ]
}

# host_marks_anew: the host set its watermarks at boot and has since freed more pages to its zones; have it set them again.
host_marks_anew() {
	local f
	for f in watermark_scale_factor lowmem_reserve_ratio; do
		cat /proc/sys/vm/$f >/tmp/value
		cat /tmp/value >/proc/sys/vm/$f
	done
}

uptime_s() { cut -d. -f1 /proc/uptime; }

# work_for N: makes the kernel allocate and free for about N seconds, in two processes in the background.
work_for() {
	local until=$(($(uptime_s) + $1)) i
	for i in 1 2; do
		(
			mkdir -p /tmp/work$i
			while [ "$(uptime_s)" -lt $until ]; do
				tar -cf - /bin /lib.sh /script.sh 2>/dev/null | tar -xf - -C /tmp/work$i
				dd if=/dev/zero of=/tmp/work$i/zero bs=1M count=16 2>/dev/null
				find /proc/self /sys/kernel >/dev/null 2>&1
				rm -rf /tmp/work$i/*
			done
		) &
	done
}

# mirror_under_load N: the mirror on and off N times while the kernel allocates and frees.
mirror_under_load() {
	local i=0 rc=0 start
	start=$(uptime_s)
	work_for 100000
	while [ $i -lt "$1" ] && [ $rc = 0 ]; do
		echo "mirror on" >"$DEBUG/ctl" && echo "mirror off" >"$DEBUG/ctl" || rc=1
		i=$((i + 1))
	done
	kill %1 %2
	wait
	rm -rf /tmp/work1 /tmp/work2
	say "mirror: $i times on and off in $(($(uptime_s) - start)) s"
	return $rc
}

end() { say "end: $PASSED passed, $FAILED failed"; }
