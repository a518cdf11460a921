#!/usr/bin/env bash
# Boots a kernel with a script of scripts/guest/ in it and judges the run. The last line printed is `N passed, N failed`.
#
#   guest.sh KERNEL SCRIPT [OPTION...] [KEY=VALUE...]
#
#   KERNEL          as for kernel.sh: uml, old-slab and old-slob run as a process, the others in QEMU
#   SCRIPT          scripts/guest/SCRIPT.sh, or with a slash in it a path
#   KEY=VALUE       becomes a variable of the script
#   --module DIR    a folder from module.sh: its *.ko are /modules/*.ko in the guest (may be given again)
#   --files DIR     its content is in the guest's /files
#   --append TEXT   added to the kernel's command line
#   --memory SIZE   default 1G                  --cpus N      default 2, with --icount and UML 1
#   --timeout SEC   default 300                 --name NAME   of the logs, default KERNEL-SCRIPT
#   --parallel      under TCG a thread for each CPU: real races, but see qemu() below
#   --la57          page tables of five levels, where QEMU emulates
#   --icount        TCG counts instructions as nanoseconds: ktime, TSC and instructions are one number, equal in each run
#   --expect REGEXP reports in the log that are wanted, and no failure
#
# Written to out/log: NAME.console, what the kernel said, and NAME.results, what the script said through the functions of
# scripts/guest/lib.sh. A run is clean when it ended with the success code and token, in time, and the console has
# no report of a bug. That counts as one test more.
#
# MMSIM_ACCEL=kvm|tcg chooses QEMU's accelerator; without it KVM is taken when a short trial boot answers.

. "$(dirname "$0")/lib.sh"

# The only place that knows what a kernel's bug report looks like.
REPORTS=(
	'WARNING:' 'BUG:' 'Oops' 'kernel BUG at' 'Kernel panic' 'general protection fault' 'Unable to handle kernel'
	'divide error' 'invalid opcode' 'segfault at' 'KASAN: ' 'KCSAN: ' 'UBSAN: ' 'kmemleak: .* suspected'
	'possible circular locking' 'possible recursive locking' 'possible irq lock inversion' 'inconsistent lock state'
	'suspicious RCU usage' 'bad unlock balance' 'held lock freed' 'Invalid wait context' 'lock held when returning'
	'sleeping function called' 'scheduling while atomic' 'bad: scheduling from'
	'INFO: task .* blocked' 'soft lockup' 'hard LOCKUP' 'rcu: INFO: .* stall' 'self-detected stall'
	'Call Trace:' 'Bad page state' 'Bad page map' 'list_add corruption' 'list_del corruption' 'Out of memory'
	'page allocation failure' 'refcount_t:' 'Modules linked in'
)

# A line that looks like one and is none: mmsim's memory is there to run out.
INNOCENT='mmsim: .*: page allocation failure'

SUCCESS=17	# scripts/guest/exit/exit.c

usage() { die "usage: guest.sh KERNEL SCRIPT [OPTION...] [KEY=VALUE...] (see the head of the script)"; }

modules=() files=() append='' memory=1G cpus='' timeout=300 name='' icount='' thread=single model=qemu64 expect='' variables=()
[ $# -ge 2 ] || usage
kernel=$1 script=$2
shift 2
while [ $# -gt 0 ]; do
	case $1 in
	--icount) icount=1 thread=''; shift; continue ;;
	--parallel) thread=multi; shift; continue ;;
	--la57) model=qemu64,+la57; shift; continue ;;
	--*) [ $# -ge 2 ] || usage ;;
	esac
	case $1 in
	--module) modules+=("$2") ;;
	--files) files+=("$2") ;;
	--append) append+=" $2" ;;
	--memory) memory=$2 ;;
	--cpus) cpus=$2 ;;
	--timeout) timeout=$2 ;;
	--name) name=$2 ;;
	--expect) expect=$2 ;;
	[a-zA-Z_]*=*) variables+=("$1"); shift; continue ;;
	*) usage ;;
	esac
	shift 2
done
case $script in
*/*) ;;
*) script=$MMSIM_TOP/scripts/guest/$script.sh ;;
esac
[ -e "$script" ] || die "no guest script $script"
name=${name:-$kernel-$(basename "$script" .sh)}
if is_uml "$kernel" || [ -n "$icount" ]; then
	cpus=${cpus:-1}
fi
cpus=${cpus:-2}

need_packages busybox-static cpio
is_uml "$kernel" || need_packages qemu-system-x86
kernel_folder=$(kernel_dir "$kernel")
image=$kernel_folder/image
work=$(mktemp -d -p "$MMSIM_RUN")
console=$MMSIM_OUT/log/$name.console
results=$MMSIM_OUT/log/$name.results

# initramfs SCRIPT: puts $work/initramfs together: busybox, init, the library, the script, the modules, the files.
initramfs() {
	local root=$work/root d v
	mkdir -p "$root"/{bin,modules,files}
	cp /bin/busybox "$root/bin/"
	ln -s busybox "$root/bin/sh"
	cp "$MMSIM_TOP/scripts/guest/init.sh" "$root/init"
	cp "$MMSIM_TOP/scripts/guest/lib.sh" "$root/lib.sh"
	cp "$1" "$root/script.sh"
	for v in RESULTS="$(results_in_guest)" accel="$accel" "${variables[@]}"; do
		printf "%s='%s'\n" "${v%%=*}" "${v#*=}"
	done >"$root/variables"
	for d in "${modules[@]}"; do
		cp "$d"/*.ko "$root/modules/"
	done
	if ! is_uml "$kernel"; then
		d=$(once "$MMSIM_TOP/scripts/module.sh" "$kernel" SRC="$MMSIM_TOP/scripts/guest/exit")
		cp "$d/exit.ko" "$root/"
	fi
	for d in "${files[@]}"; do
		cp -rL "$d/." "$root/files/"
	done
	# The same files make the same archive, so that two boots of one guest can be alike to the instruction.
	(cd "$root" && find . -exec touch -hd @0 {} + &&
		find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) >"$work/initramfs"
}

# The guest's scripts read the log back, and mustn't miss what came first.
LOG="loglevel=7 log_buf_len=4M"

results_in_guest() { is_uml "$kernel" && echo "/results/${results##*/}" || echo /dev/ttyS1; }

# qemu SECONDS ACCELERATOR: boots $work/initramfs; the kernel talks to $console and the script to $results.
#
# TCG runs all CPUs in one thread, taking turns, unless told otherwise: with a thread each, QEMU 7.2 can translate code that
# another CPU is just patching, and the guest dies of an int3 that is long gone (mended in 8.1). Static keys, and so the
# tracepoints that the mirror switches, patch code.
#
# A busy machine may keep QEMU from running for so long that a kernel takes its timer for broken: it isn't asked to look.
#
# The try is on the kernel's line so that under icount, where each boot is like the last, the next one isn't.
qemu() {
	local options=(-m "$memory" -smp "$cpus") line="console=ttyS0 oops=panic panic=-1 no_timer_check $LOG $append"
	[ "$try" = 1 ] || line+=" try=$try"
	case $2 in
	kvm) options+=(-accel kvm -cpu host) ;;
	*) options+=(-accel "tcg${thread:+,thread=$thread}" -cpu "$model") ;;
	esac
	if [ -n "$icount" ]; then
		options+=(-icount "shift=0,sleep=off" -seed 1 -rtc "base=2024-01-01,clock=vm")
		line+=" nokaslr init_on_alloc=0 mitigations=off"
	fi
	timeout --foreground -k 5 "$1" qemu-system-x86_64 "${options[@]}" -nodefaults -no-user-config -display none -no-reboot -monitor none \
		-device isa-debug-exit,iobase=0xf4,iosize=4 -serial "file:$console" -serial "file:$results" \
		-kernel "$image" -initrd "$work/initramfs" -append "$line" </dev/null >"$work/qemu" 2>&1
}

# uml SECONDS: the same for User Mode Linux, whose script writes its results through hostfs.
uml() {
	local words
	read -ra words <<<"$LOG $append"
	timeout -k 5 "$1" "$image" mem="$memory" initrd="$work/initramfs" rdinit=/init noreboot con=null con0=null,fd:1 \
		uml_dir="$work/" hostfs="$(dirname "$results")" "${words[@]}" </dev/null >"$console" 2>&1
}

# accelerator: KVM when a guest with nothing to do comes to its end under it.
accelerator() {
	if [ -w /dev/kvm ] && MMSIM_FAILURES=/dev/null MMSIM_ACCEL=kvm "$0" "$kernel" /dev/null --name kvm-trial --timeout 20 --cpus 1 >"$work/trial" 2>&1; then
		say "KVM: a trial boot answered"
		echo kvm
	else
		say "KVM: no answer to a trial boot, so QEMU emulates (set MMSIM_ACCEL=tcg to spare the trial)"
		echo tcg
	fi
}

# run: the guest, from start to end; its code goes to $work/code.
run() {
	local code=0
	[ "${V:-0}" = 0 ] || tail -f -s 0.2 --pid=$BASHPID "$console" &
	if is_uml "$kernel"; then
		uml "$timeout" || code=$?
	else
		qemu "$timeout" "$accel" || code=$?
	fi
	printf '%s\n' $code >"$work/code"
}

# emulator_broke: whether a report in the log is the emulator's. TCG of QEMU 7.2 may leave an operand in the place of the flags
# after cmpxchg16b, which SLUB uses for each object, until the next instruction that sets them. When it puts the CPU aside
# between the two, that becomes the flags: the CPU single-steps, string instructions run backwards, or the next return from an
# interrupt faults. Bits 22 to 31 tell, which are zero in every CPU.
emulator_broke() {
	[ "$accel" = tcg ] &&
		grep -a -qE 'EFLAGS: (0[1-9a-f]|[1-9a-f]|00[4-9a-f])[0-9a-f]{5}' "$console"
}

# What is wrong with the run that ended with code $1, one reason a line; nothing for a clean one.
faults() {
	local code=$1 success=$SUCCESS reports
	! is_uml "$kernel" || success=0
	case $code in
	"$success") ;;
	124 | 137) echo "no end within $timeout s" ;;
	*) echo "ended with code $code instead of $success: a panic, a reset, or no start; $(cat "$work/qemu" 2>/dev/null)" ;;
	esac
	if [ "$(tail -n 1 "$results")" != "end: $passed passed, $failed failed" ]; then
		echo "the script did not come to its end"
	fi
	reports=$(IFS='|'; printf '%s' "${REPORTS[*]}")
	{ grep -a -nE "$reports" "$console" || true; } | { grep -a -vE "$INNOCENT${expect:+|$expect}" || true; } | head -n 5 |
		sed 's/^/a report in the log, line /'
}

# Two runs of one name take turns, since they write the same logs.
mkdir -p "$MMSIM_OUT/log"
exec 6>"$MMSIM_OUT/log/.lock-$name"
flock 6
if is_uml "$kernel"; then
	accel=
elif [ -n "$icount" ]; then
	accel=tcg
else
	accel=${MMSIM_ACCEL:-$(once accelerator)}
fi
initramfs "$script"
rm -f "$console".?
for try in 1 2 3 4 5; do
	: >"$console"
	: >"$results"
	step "guest $name${accel:+ ($accel)}: running" "$work/run" run
	emulator_broke || break
	cp "$console" "$console.$try"
	say "guest $name: the emulator lost the CPU's flags in try $try of 5 (see emulator_broke in scripts/guest.sh)"
done

passed=$(grep -c '^ok - ' "$results" || true)
failed=$(grep -c '^not ok - ' "$results" || true)
skipped=$(grep -c '^skip - ' "$results" || true)
# What failed, and why.
awk -v name="$name" '
/^not ok - / { print name ": " substr($0, 10); shown = 1; next }
/^    / && shown { print name ": " substr($0, 1, 300); next }
{ shown = 0 }' "$results" | tee -a "$MMSIM_FAILURES" >&2
faults "$(cat "$work/code")" >"$work/faults"
if [ -s "$work/faults" ]; then
	failed=$((failed + 1))
	sed "s/^/$name: not clean: /" "$work/faults" | tee -a "$MMSIM_FAILURES" >&2
	say "$name: the end of $console:"
	tail -n 15 "$console" >&2
else
	passed=$((passed + 1))
fi
[ "$skipped" = 0 ] || say "$name: $skipped skipped, see $results"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
