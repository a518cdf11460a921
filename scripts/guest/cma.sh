# shellcheck shell=dash
# CMA areas as a user meets them: the parameter, the commands, the files of each area, what is refused; and compaction on command.

AREA=$DEBUG/cma/camera

# number FILE VALUE: what the area's file says.
number() { equal "$(cat "$AREA/$1")" "$2"; }

# write FILE VALUE: to a file of the area.
write() { echo "$2" >"$AREA/$1"; }

events() { sed -n "s/^$1 //p" "$DEBUG/vmstat"; }

for wrong in camera camera: camera:1M camera:2M,camera:2M a/b:2M camera:1G camera:17592186044420M; do
	check "insmod refuses cma=$wrong" refused cma "size=16M" "cma=$wrong"
done

check "insmod cma=camera:4M,gpu:2M" load size=16M cma=camera:4M,gpu:2M
check "there are folders of both" test -d "$AREA" -a -d "$DEBUG/cma/gpu"
check "the area has 1024 pages" number count 1024
check "a bit a page" number order_per_bit 0
check "none is claimed" number used 0
check "all are in a row" number maxchunk 1024
check "the bitmap has 32 words" equal "$(wc -w <"$AREA/bitmap")" 32
check "nothing has failed" number last_failure none
check "meminfo counts both" has "$DEBUG/meminfo" 'CmaTotal: +6144 kB'
check "pagetypeinfo has their free blocks" has "$DEBUG/pagetypeinfo" 'type +CMA .*[1-9]'
base=$(cat "$AREA/base_pfn")
check "its first frame begins a pageblock" equal "$((base % 512))" 0

check "100 pages are claimed" write alloc 100
check "  used says so" number used 100
check "  maxchunk, too" number maxchunk 924
check "  the bitmap, too" equal "$(cut -d ' ' -f 1-5 "$AREA/bitmap")" '4294967295 4294967295 4294967295 15 0'
check "the invariants hold" verdict
check "a claim of more than is left fails" fails write alloc 1000
check "  and the file says why" has "$AREA/last_failure" '^pfn 0x[0-9a-f]+, error -[0-9]+: .'
check "  vmstat counts it" equal "$(events cma_alloc_fail)" 1
check "an area in use is not destroyed" ctl_fails "camera stays" cma_destroy camera
check "40 pages are given back" write free 40
check "  used says so" number used 60
check "more than is claimed can't be given back" fails write free 61
check "  what is claimed is" number used 0
check "no page is refused" fails write alloc 0

check "an area is destroyed" ctl cma_destroy gpu
check "  its folder goes" test ! -e "$DEBUG/cma/gpu"
check "one is made" ctl cma_create gpu 2M
check "  its folder comes" test -d "$DEBUG/cma/gpu"
check "a second of that name is refused" ctl_fails "cma_create" cma_create gpu 2M
check "it is destroyed, too" ctl cma_destroy gpu
check "  and made again" ctl cma_create gpu 2M
check "  its folder has come back" test -e "$DEBUG/cma/gpu/alloc"
check "an odd size is refused" ctl_fails "cma_create" cma_create odd 3M
check "a size beyond 64 bits is refused" ctl_fails "cma_create" cma_create odd 17592186044420M
check "one that there isn't can't be destroyed" ctl_fails "no area" cma_destroy nobody
check "compact" ctl compact
check "  it looked at pages" test "$(events compact_migrate_scanned)" -gt 0
check "the invariants hold" verdict
check "a claim that is left goes with the module" write alloc 10
check "rmmod" unload
check "the log tells of no leak" fails sh -c "dmesg | grep 'still allocated'"
