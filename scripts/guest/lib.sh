# shellcheck shell=sh
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

# ctl COMMAND: one line for the ctl file; its answer is printed.
ctl() {
	printf '%s\n' "$*" >$DEBUG/ctl || return
	cat $DEBUG/ctl
}

# verdict: the check file says ok.
verdict() {
	cat $DEBUG/check
	head -n 1 $DEBUG/check | grep -q '^ok'
}

end() { say "end: $PASSED passed, $FAILED failed"; }
