#!/usr/bin/env bash
# Shows mmsim at work: boots Debian's stock kernel in QEMU and lets mmsim mirror what that kernel allocates while it unpacks
# and reads a source tree. Prints both allocators' free blocks side by side, what was served, and the check's verdict.
#
#   demo.sh [6.12 | 6.1]

. "$(dirname "$0")/lib.sh"

kernel=${1:-6.12}
case $kernel in
6.12 | 6.1) ;;
*) die "no demo on '$kernel': choose 6.12 or 6.1" ;;
esac

scripts=$MMSIM_TOP/scripts
folder=$(kernel_dir "$kernel")
module=$("$scripts/module.sh" "$kernel")

# The tree to unpack is that kernel's own: its headers' include/linux.
files=$(mktemp -d -p "$MMSIM_RUN")
tar -C "$folder"/root/usr/src/linux-headers-*-common -czf "$files/tree.tar.gz" include/linux

name=demo-$kernel
if ! "$scripts/guest.sh" "$kernel" demo --module "$module" --files "$files" --name "$name" --timeout 180 >"$MMSIM_RUN/counts"; then
	die "the demo failed; its logs are $MMSIM_OUT/log/$name.console and .results"
fi
sed -n 's/^| \?//p' "$MMSIM_OUT/log/$name.results"
