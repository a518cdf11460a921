#!/usr/bin/env bash
# Builds mmsim.ko against one kernel and prints the folder that holds it. A compiler or modpost warning is an error.
#
#   module.sh KERNEL [KUNIT=1] [BENCH=1] [C=2] [SRC=FOLDER]     KERNEL: as for kernel.sh
#
#   KUNIT=1      with the KUnit suites in it         BENCH=1   with mmsim_bench.ko and mmsim_mix.ko
#   C=2          sparse looks at every file          SRC       builds that folder, which has a Kbuild, instead of mmsim
#
# The sources are copied to out/KERNEL-VARIANT first, so that the builds for several kernels never mix; files that did not
# change keep their time, so that a second build is incremental.

. "$(dirname "$0")/lib.sh"

[ $# -ge 1 ] || die "usage: module.sh KERNEL [KUNIT=1] [BENCH=1] [C=2] [SRC=FOLDER]"
kernel=$1
shift
name=$kernel
src=
flags=()
for arg in "$@"; do
	case $arg in
	KUNIT=1) name+=-kunit ;;
	BENCH=1) name+=-bench ;;
	C=2) ;;
	SRC=*) src=${arg#SRC=} name+=-$(basename "$src") ;;
	*) die "module.sh: no option '$arg'" ;;
	esac
	case $arg in
	SRC=*) ;;
	*) flags+=("$arg") ;;
	esac
done

need_packages "${BUILD_TOOLS[@]}"
kernel_folder=$(kernel_dir "$kernel")
kdir=$kernel_folder/build
dir=$MMSIM_OUT/$name
log=$MMSIM_OUT/log/module-$name.log
is_uml "$kernel" && flags+=(ARCH=um)

copy_sources() {
	if [ "$(cat "$dir/.kdir" 2>/dev/null)" != "$kdir" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		printf '%s\n' "$kdir" >"$dir/.kdir"
	fi
	if [ -n "$src" ]; then
		rsync -a "$src/" "$dir/"
	else
		(cd "$MMSIM_TOP" && rsync -a --delete --exclude-from=.gitignore Kbuild include src kunit "$dir/")
	fi
}

# What a build says that is a warning. Stock headers have no vmlinux to make BTF from, which is no fault of a module.
warnings() {
	grep -iE '\bwarning:' "$log" | grep -vE 'Skipping BTF generation|the compiler differs from the one used to build'
}

mkdir -p "$dir"
exec 7>"$MMSIM_OUT/.lock-$name"
flock 7
copy_sources
step "module for $name: building" "$log" \
	make -C "$kdir" M="$dir" W=1 KCFLAGS=-Werror -j"$JOBS" "${flags[@]}" modules
if warnings >&2; then
	rm -f "$dir/Module.symvers"	# so that modpost speaks again next time
	die "the build for $name has warnings: $log"
fi
printf '%s\n' "$dir"
