# shellcheck shell=bash
# Common ground of mmsim's scripts, sourced by each: where things are kept, how a step reports itself, what fails.
#
#   MMSIM_CACHE   kernels and their sources, kept across checkouts (default ~/.cache/mmsim)
#   MMSIM_OUT     this checkout's builds, logs and results (default ./out)
#   MMSIM_RUN     what one run remembers: made by the outermost script, shared by those it calls, gone when it ends
#   MMSIM_CLOCK   no: a step shows no running clock on a terminal, but a line every 30 seconds
#   V=1           show the output of the commands that a step runs

set -euo pipefail

MMSIM_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MMSIM_CACHE=${MMSIM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mmsim}
MMSIM_OUT=${MMSIM_OUT:-$MMSIM_TOP/out}
# shellcheck disable=SC2034	# for those that build
BUILD_TOOLS=(build-essential gcc-12 bc bison flex libelf-dev libssl-dev pahole cpio kmod xz-utils rsync)
JOBS=$(nproc)
if [ -z "${MMSIM_RUN:-}" ]; then
	MMSIM_RUN=$(mktemp -d "${TMPDIR:-/tmp}/mmsim.XXXXXX")
	trap 'rm -rf "$MMSIM_RUN"' EXIT
fi
MMSIM_FAILURES=${MMSIM_FAILURES:-$MMSIM_RUN/failures}
export MMSIM_CACHE MMSIM_OUT MMSIM_RUN MMSIM_FAILURES JOBS

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# failure TEXT: remembers what has failed, for the list at the end of the run.
failure() { printf '%s\n' "$*" >>"$MMSIM_FAILURES"; }

# step TEXT LOG COMMAND...: runs COMMAND with its output in LOG. On a terminal a clock shows that it is alive, elsewhere
# a line every 30 seconds. On failure the end of LOG is shown.
step() {
	local text=$1 log=$2 start=$SECONDS pid last=0 rc=0
	shift 2
	mkdir -p "$(dirname "$log")"
	if [ "${V:-0}" = 1 ]; then
		say "$text"
		"$@" 2>&1 | tee "$log" >&2
		return "${PIPESTATUS[0]}"
	fi
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	set +m
	trap 'kill -- "-$pid"; exit 130' INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		if [ -t 2 ] && [ "${MMSIM_CLOCK:-yes}" = yes ]; then
			printf '\r%s ... %d s ' "$text" $((SECONDS - start)) >&2
		elif [ $((SECONDS - start - last)) -ge 30 ]; then
			last=$((SECONDS - start))
			say "$text ... $last s"
		fi
		sleep 0.2
	done
	wait "$pid" || rc=$?
	trap - INT TERM
	[ -t 2 ] && [ "${MMSIM_CLOCK:-yes}" = yes ] && printf '\r\033[K' >&2
	if [ $rc -eq 0 ]; then
		say "$text: done in $((SECONDS - start)) s"
	else
		say "$text: FAILED ($rc) after $((SECONDS - start)) s; the end of $log:"
		tail -n 25 "$log" >&2
	fi
	return $rc
}

# can_be_root: whether as_root works, or asks for a password.
can_be_root() { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# update_package_lists: apt's, once a run.
update_package_lists() {
	[ ! -e "$MMSIM_RUN/apt-updated" ] || return 0
	step "apt: updating the package lists" "$MMSIM_CACHE/log/apt-update.log" as_root apt-get -q update
	touch "$MMSIM_RUN/apt-updated"
}

# missing PACKAGE...: those that are not installed.
missing() {
	local p
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
	done
}

# need_packages PACKAGE...: installs what is missing of Debian's packages.
need_packages() {
	[ -n "$(missing "$@")" ] || return 0
	if ! can_be_root; then
		die "these Debian packages are missing, install them as root: $(missing "$@" | xargs)"
	fi
	mkdir -p "$MMSIM_CACHE"
	(
		flock 5
		mapfile -t packages < <(missing "$@")
		[ ${#packages[@]} -gt 0 ] || exit 0
		update_package_lists
		step "apt: installing ${packages[*]}" "$MMSIM_CACHE/log/apt-install.log" \
			as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 \
			--no-install-recommends install "${packages[@]}"
	) 5>"$MMSIM_CACHE/.lock-apt"
}

# once COMMAND...: what COMMAND prints; it is run the first time only that this run asks for it.
once() {
	local memo new
	memo=$MMSIM_RUN/once-$(printf '%s ' "$@" | sha256sum | cut -c1-16)
	new=$memo.$BASHPID
	if [ ! -e "$memo" ]; then
		"$@" >"$new" || return 1
		mv "$new" "$memo"
	fi
	cat "$memo"
}

# kernel_dir NAME | source VERSION: the folder that kernel.sh provides. It takes apt seconds to say which, so ask once.
kernel_dir() { once "$MMSIM_TOP/scripts/kernel.sh" "$@"; }

# is_uml KERNEL: it runs as a process.
is_uml() { case $1 in uml | old-*) ;; *) return 1 ;; esac }

# add_counts FILE: adds the last line of FILE, `N passed, N failed`, to $passed and $failed; without one that is a failure.
add_counts() {
	local p f
	if read -r p f < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$1") && [ -n "$f" ]; then
		passed=$((passed + p)) failed=$((failed + f))
	else
		failed=$((failed + 1))
	fi
}
