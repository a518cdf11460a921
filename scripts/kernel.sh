#!/usr/bin/env bash
# Provides the kernels that mmsim is built and tested against, and prints the folder that holds one.
#
#   kernel.sh NAME      NAME: 6.12 | 6.1    Debian's stock kernel, image and headers, unpacked but not installed
#                             uml           User Mode Linux 6.12 (scripts/configs/uml.config)
#                             old-slab, old-slob  User Mode Linux 6.1 with SLAB, or SLOB (uml-old.config + NAME.config)
#                             kasan, kcsan  small 6.12 kernels for QEMU with that detector (qemu.config + NAME.config)
#   kernel.sh source 6.12 | 6.1             the unpacked linux-source tree
#
# The folder holds image (what to boot), build (KDIR for modules) and release. It lives in $MMSIM_CACHE, keyed by the Debian
# version and by the configuration, so that a second call returns at once.

. "$(dirname "$0")/lib.sh"

# candidate PACKAGE: the version that apt would install; the lists are fetched once when there are none.
candidate() {
	local v
	v=$(apt-cache policy "$1" | sed -n 's/ *Candidate: //p')
	if [ -z "$v" ] || [ "$v" = "(none)" ]; then
		update_package_lists
		v=$(apt-cache policy "$1" | sed -n 's/ *Candidate: //p')
	fi
	if [ -z "$v" ] || [ "$v" = "(none)" ]; then
		die "apt knows no package $1: is this Debian 12 with its security updates?"
	fi
	printf '%s\n' "$v"
}

# depends PACKAGE PATTERN: the first dependency of PACKAGE that matches PATTERN.
depends() {
	apt-cache depends "$1" | sed -n 's/^ *|\?Depends: //p' | grep -m1 -E "$2"
}

# unpack DIR PACKAGE...: downloads the packages with apt and unpacks them into DIR, installing nothing.
unpack() {
	local dir=$1 p tmp
	shift
	tmp=$(mktemp -d)
	for p in "$@"; do
		(cd "$tmp" && apt-get -q download "$p")
	done
	mkdir -p "$dir"
	for p in "$tmp"/*.deb; do
		dpkg-deb -x "$p" "$dir"
	done
	rm -rf "$tmp"
}

unpack_source() {
	local dir=$1 version=$2
	rm -rf "$dir" "$dir.deb"
	unpack "$dir.deb" "linux-source-$version"
	mkdir -p "$dir"
	tar -C "$dir" --strip-components=1 -xf "$dir.deb/usr/src/linux-source-$version.tar.xz"
	rm -rf "$dir.deb"
}

source_tree() {
	local version=$1 dir
	dir=$MMSIM_CACHE/source/$version-$(candidate "linux-source-$version")
	(
		flock 8
		if [ ! -e "$dir/.ready" ]; then
			step "Linux $version: unpacking the source" "$MMSIM_CACHE/log/source-$version.log" \
				unpack_source "$dir" "$version"
			touch "$dir/.ready"
		fi
	) 8>"$MMSIM_CACHE/.lock-source-$version"
	printf '%s\n' "$dir"
}

# A stock kernel: the headers' Makefile names /usr/src, so point it at where the headers are now.
unpack_stock() {
	local dir=$1 image=$2 headers=$3 common=$4 kbuild=$5 release=${2#linux-image-}
	rm -rf "$dir"
	unpack "$dir/root" "$image" "$headers" "$common" "$kbuild"
	ln -s "root/boot/vmlinuz-$release" "$dir/image"
	ln -s "root/usr/src/$headers" "$dir/build"
	sed -i "s,/usr/src/,$dir/root/usr/src/," "$dir/build/Makefile"
	printf '%s\n' "$release" >"$dir/release"
	depmod -b "$dir/root" "$release"
}

stock_kernel() {
	local version=$1 infix='' dir image headers common kbuild
	[ "$version" = 6.1 ] || infix=$version-
	candidate "linux-image-${infix}amd64" >/dev/null
	image=$(depends "linux-image-${infix}amd64" '^linux-image-6')
	headers=linux-headers-${image#linux-image-}
	common=$(depends "$headers" '^linux-headers-.*-common$')
	kbuild=$(depends "$headers" '^linux-kbuild-')
	dir=$MMSIM_CACHE/kernels/stock-$version-$(candidate "$image")
	if [ ! -e "$dir/.ready" ]; then
		need_packages "${BUILD_TOOLS[@]}"
		step "Linux $version: unpacking Debian's image and headers" "$MMSIM_CACHE/log/stock-$version.log" \
			unpack_stock "$dir" "$image" "$headers" "$common" "$kbuild"
		touch "$dir/.ready"
	fi
	printf '%s\n' "$dir"
}

# configured DIR CONFIG...: fails when the kernel's configuration lacks what was asked for, as olddefconfig silently drops an
# option whose dependencies are not met: a KASAN kernel without KASAN would prove nothing.
configured() {
	local dir=$1 option lacking=()
	shift
	while read -r option; do
		case $option in
		*=n) ! grep -q "^${option%n}" "$dir/.config" || lacking+=("$option") ;;
		*) grep -qxF "$option" "$dir/.config" || lacking+=("$option") ;;
		esac
	done < <(grep -h '^CONFIG_' "$@")
	[ ${#lacking[@]} = 0 ] || die "the kernel's configuration came out without ${lacking[*]}"
}

build_kernel() {
	local dir=$1 source=$2 arch=$3 target=$4 image=$5
	shift 5
	rm -rf "$dir"
	mkdir -p "$dir/build"
	make -C "$source" O="$dir/build" ARCH="$arch" tinyconfig
	"$source/scripts/kconfig/merge_config.sh" -m -O "$dir/build" "$dir/build/.config" "$@"
	make -C "$dir/build" ARCH="$arch" olddefconfig
	make -C "$dir/build" ARCH="$arch" syncconfig	# 6.1's UML reads what tinyconfig has left, a 32-bit machine, first
	configured "$dir/build" "$@"
	make -C "$dir/build" ARCH="$arch" -j"$JOBS" "$target" modules
	ln -s "build/$image" "$dir/image"
	make -s -C "$dir/build" ARCH="$arch" kernelrelease >"$dir/release"
}

built_kernel() {
	local name=$1 linux=$2 arch=$3 target=$4 image=$5 minutes=$6 source version key dir f
	shift 6
	version=$(candidate "linux-source-$linux")
	for f in "$@"; do
		[ -f "$f" ] || die "no configuration $f"
	done
	key=$(cat "$@" | sha256sum | cut -c1-12)
	dir=$MMSIM_CACHE/kernels/$name-$version-$key
	if [ ! -e "$dir/.ready" ]; then
		need_packages "${BUILD_TOOLS[@]}"
		source=$(source_tree "$linux")
		step "Linux $linux ($name): building, about $minutes minutes on 2 cores" "$MMSIM_CACHE/log/build-$name.log" \
			build_kernel "$dir" "$source" "$arch" "$target" "$image" "$@"
		touch "$dir/.ready"
	fi
	printf '%s\n' "$dir"
}

kernel() {
	local configs=$MMSIM_TOP/scripts/configs
	case $1 in
	6.12 | 6.1)
		stock_kernel "$1" ;;
	uml)
		built_kernel uml 6.12 um linux linux 3 "$configs/uml.config" ;;
	old-slab | old-slob)
		built_kernel "$1" 6.1 um linux linux 2 "$configs/uml-old.config" "$configs/$1.config" ;;
	kasan | kcsan)
		built_kernel "$1" 6.12 x86_64 bzImage arch/x86/boot/bzImage 8 "$configs/qemu.config" "$configs/$1.config" ;;
	*)
		die "no kernel '$1': choose 6.12, 6.1, uml, old-slab, old-slob, kasan or kcsan" ;;
	esac
}

mkdir -p "$MMSIM_CACHE"
exec 9>"$MMSIM_CACHE/.lock-${1:-}"
flock -n 9 || step "another process provides ${1:-}: waiting for it" /dev/null flock 9
case ${1:-} in
source) source_tree "$2" ;;
*) kernel "${1:-}" ;;
esac
