# shellcheck shell=dash
# What mmsim gives back: the host's free memory is where it was after rmmod, after many rounds of it, and after the mirror was
# attached and detached many times under load.
#
# Variables: rounds, attaches.

: "${rounds:=20}" "${attaches:=1000}"

# The first load pays for what the kernel keeps of any module.
load size=16M && unload

before=$(free_kb)
check "size=256M loads" load size=256M
loaded=$(free_kb)
check "it took 256 MB from the host" [ $((before - loaded)) -ge $((255 * 1024)) ]
check "pages are in use when it unloads" ctl alloc_pages order=0 count=10
check "it unloads" unload
after=$(free_kb)
check "the host's free memory is back" near "$after" "$before"
say "free: $before kB, loaded $loaded kB, unloaded $after kB"

round() { load size=64M && verdict && unload; }
many() {
	i=0
	while [ $i -lt "$rounds" ]; do
		round || return
		i=$((i + 1))
	done
}
check "$rounds rounds of loading and unloading" many
after=$(free_kb)
check "the host's free memory is where it was" near "$after" "$before"
say "free after $rounds rounds: $after kB"

load size=64M
check "the mirror $attaches times on and off under load" mirror_under_load "$attaches"
check "mmsim is complete" equal "$(mmsim_free)" "$(managed)"
check "ok" verdict
check "it unloads" unload
after=$(free_kb)
check "the host's free memory is where it was" near "$after" "$before"
say "free after the mirror: $after kB"
