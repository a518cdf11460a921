# shellcheck shell=dash
# mmsim's SLOB beside that of a kernel that has it still: the same allocations and frees by kmalloc, in the same order, take the
# same number of pages after each step. scripts/guest/hostslob/hostslob.c says what a step is, and how the holes that each heap
# begins with are filled before the first.

STEPS="8x500 24x300 100x400 200x150 300x200 600x90 odd3 odd6 96x150 free3 1016x60 2000x40 free5 64x200 3000x20 odd14 odd2 40x260 \
128x99 512x31 free1 40x777 odd12 700x50 free12 1500x25 free15 250x99 free6"
FILL="8 248 1016"

# handles: those that ctl has just given, a line each, in their order.
handles() { awk '$2 == "object" { print $1 }'; }

mmsim_pages() { awk '$1 == "nr_slab_unreclaimable" { print $2 }' "$DEBUG/vmstat"; }

host_steps() {
	dmesg -c >/dev/null
	insmod /modules/hostslob.ko steps="$(echo "$STEPS" | tr ' ' ,)" fill="$(echo "$FILL" | tr ' ' ,)" || return
	rmmod hostslob
	dmesg | sed -n 's/.*hostslob: step //p' >/tmp/host
	[ -s /tmp/host ]
}

fill_holes() {
	local before
	before=$(mmsim_pages)
	while [ "$(mmsim_pages)" = "$before" ]; do
		ctl kmalloc "size=$1" >/dev/null || return
	done
}

# odd FILE: takes every other line out of it, from the first on, and prints those.
odd() {
	awk 'NR % 2' "$1"
	awk 'NR % 2 == 0' "$1" >/tmp/even
	mv /tmp/even "$1"
}

# mmsim_steps: the same, by ctl's commands; what each step has got is in /tmp/step.N.
mmsim_steps() {
	local n=0 step before
	for step in $FILL; do
		fill_holes "$step" || return
	done
	before=$(mmsim_pages)
	for step in $STEPS; do
		n=$((n + 1))
		case $step in
		free*) ctl free "$(paste -s -d ' ' "/tmp/step.${step#free}")" >/dev/null || return ;;
		odd*) ctl free "$(odd "/tmp/step.${step#odd}" | paste -s -d ' ')" >/dev/null || return ;;
		*) ctl kmalloc "size=${step%x*}" "count=${step#*x}" | handles >/tmp/step.$n || return ;;
		esac
		echo "$step pages $(($(mmsim_pages) - before))"
	done
}

check "the kernel takes its steps" host_steps
check "engine=slob loads" load size=64M engine=slob
mmsim_steps >/tmp/mmsim
n=0
for step in $STEPS; do
	n=$((n + 1))
	check "step $n, $step: mmsim's pages are the kernel's" equal "$(sed -n "${n}p" /tmp/mmsim)" "$(sed -n "${n}p" /tmp/host)"
done
report "$(paste -s -d ' ' /tmp/host)"
check "ok" verdict
ctl free_all >/dev/null
check "ok when all is free" verdict
check "unloads" unload
