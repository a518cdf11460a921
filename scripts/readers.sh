#!/usr/bin/env bash
# Provides programs that read the kernel's files and were not written for mmsim, and prints the folder that holds them:
#
#   bin/page-types, bin/page_owner_sort, bin/slabinfo    from linux-source-6.12, linked statically
#   bin/node-exporter          Debian's prometheus-node-exporter, unpacked but not installed
#   bin/slabtop, bin/vmstat    Debian's procps
#   lib/                       what the last three need: to be run as lib/ld.so --library-path lib bin/vmstat
#
# It lives in $MMSIM_CACHE, keyed by the packages' versions and by this script.

. "$(dirname "$0")/lib.sh"

tools() {
	local source=$1 bin=$2
	gcc -O2 -static -o "$bin/page_owner_sort" "$source/tools/mm/page_owner_sort.c"
	gcc -O2 -static -o "$bin/slabinfo" "$source/tools/mm/slabinfo.c"
	gcc -O2 -static -I"$source/tools/lib" -I"$source/tools/lib/api" -I"$source/tools/include" -o "$bin/page-types" \
		"$source/tools/mm/page-types.c" "$source/tools/lib/api/fs/fs.c" "$source/tools/lib/api/debug.c" \
		"$source/tools/lib/str_error_r.c"
}

# take PROGRAM DIR NAME: the program and the libraries that it is linked to.
take() {
	cp -L "$1" "$2/bin/$3"
	ldd "$1" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | xargs -I{} cp -L {} "$2/lib/"
	cp -L "$(ldd "$1" | sed -n 's/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p')" "$2/lib/ld.so"
}

exporter() {
	local dir=$1 unpacked
	unpacked=$(mktemp -d -p "$MMSIM_RUN")
	(cd "$unpacked" && apt-get -q download prometheus-node-exporter && dpkg-deb -x ./*.deb .)
	take "$unpacked/usr/bin/prometheus-node-exporter" "$dir" node-exporter
}

build() {
	local dir=$1 source=$2
	rm -rf "$dir"
	mkdir -p "$dir/bin" "$dir/lib"
	tools "$source" "$dir/bin"
	exporter "$dir"
	take /usr/bin/slabtop "$dir" slabtop
	take /usr/bin/vmstat "$dir" vmstat
}

version() { apt-cache policy "$1" | sed -n 's/ *Candidate: //p'; }

need_packages gcc libc6-dev procps
source=$(kernel_dir source 6.12)
[ -n "$(version prometheus-node-exporter)" ] || update_package_lists
dir=$MMSIM_CACHE/readers/$(basename "$source")-$(version prometheus-node-exporter)-$(dpkg-query -W -f '${Version}' procps | tr : -)
dir+=-$(cksum <"$0" | cut -d' ' -f1)
(
	flock 4
	if [ ! -e "$dir/.ready" ]; then
		step "programs that read the files: building" "$MMSIM_CACHE/log/readers.log" build "$dir" "$source"
		touch "$dir/.ready"
	fi
) 4>"$MMSIM_CACHE/.lock-readers"
printf '%s\n' "$dir"
