# shellcheck shell=dash
# Caches from a shell: the commands of ctl that make them, allocate and free, on each engine, and what the files say of it.

# row CACHE FIELD: a field of its line in slabinfo.
row() { awk -v name="$1" -v n="$2" '$1 == name { print $n }' "$DEBUG/slabinfo"; }

held() { ctl list | wc -l; }

commands() {
	check "a cache is made" equal "$(ctl cache_create inode 600 align=8 flags='SLAB_HWCACHE_ALIGN|SLAB_RECLAIM_ACCOUNT' ctor=yes)" "cache inode"
	check "  slabinfo has it" [ "$(row inode 4)" -ge 600 ]
	check "  without objects" equal "$(row inode 3)" 0
	check "  a second of that name is refused" ctl_fails "there is a cache inode" cache_create inode 100
	check "100 objects are allocated" equal "$(ctl cache_alloc inode count=100 | wc -l)" 100
	check "  each has a handle" equal "$(ctl list | grep -c '^[0-9]* object 0x[0-9a-f]* cache inode gfp GFP_KERNEL$')" 100
	check "  slabinfo counts them" [ "$(row inode 2)" -ge 100 ]
	check "  they are in places of their own" equal "$(ctl list | awk '{ print $3 }' | sort -u | wc -l)" 100
	check "the cache is not destroyed with them" ctl_fails "inode stays: 100 handles" cache_destroy inode
	check "one is freed" equal "$(ctl free 7)" "1 freed"
	check "  and no second time" ctl_fails "no handle 7" free 7
	check "  the next has its handle" equal "$(ctl cache_alloc inode gfp=GFP_ATOMIC | sed 's/ object.*//')" 7
	check "an object is no block" ctl_fails "no block has handle 7" split 7
	check "kmalloc gives objects" equal "$(ctl kmalloc size=100 count=3 gfp='GFP_KERNEL|__GFP_ZERO' | grep -c ' cache kmalloc$')" 3
	check "  and large ones" ctl kmalloc size=100000
	check "blocks have handles beside them" equal "$(ctl alloc_pages order=1 | sed 's/ pfn.*//')" 105
	check "the invariants hold" verdict
	check "all are freed" equal "$(ctl free_all)" "105 freed"
	check "  none is left" equal "$(held)" 0
	check "the cache is shrunk" equal "$(ctl cache_shrink inode)" "cache inode has no slabs left"
	check "  slabinfo says so" equal "$(row inode 3)" 0
	check "it is destroyed" ctl cache_destroy inode
	check "  slabinfo has it no more" equal "$(row inode 1)" ""
	check "  nor does ctl" ctl_fails "no cache 'inode'" cache_alloc inode
	check "  its name is free" ctl cache_create inode 50
	check "no caches but those of commands are destroyed" ctl_fails "no cache 'kmalloc-64'" cache_destroy kmalloc-64
}

# of FILE: what the folder of the cache vm_area says there.
of() { cat "$DEBUG/slab/vm_area/$1"; }

# map: its slabs and objects. shown CHARACTER: how many objects are shown so.
map() { of map | sed 1,2d; }
shown() { map | awk '{ print $9 }' | tr -cd "$1" | wc -c; }

# frag FIELD...: what slabfrag says of the cache.
frag() { awk -v fields="$*" '$1 == "vm_area" { n = split(fields, f); for (i = 1; i <= n; i++) print $f[i] }' "$DEBUG/slabfrag" | xargs; }

# maps ENGINE: the map of the cache with 100 objects in use, and its line in slabfrag.
maps() {
	check "slabfrag has every cache" equal "$(sed 1d "$DEBUG/slabfrag" | awk '{ print $1 }')" "$(sed 1,2d "$DEBUG/slabinfo" | awk '{ print $1 }')"
	check "  what is in use of it, and the bytes asked for" equal "$(frag 5 7)" "100 20000"
	if [ "$1" = slob ]; then
		check "  there are no slabs to map" equal "$(map)" ""
		check "  the heap's map has a character for each 2 bytes" equal 2048 \
			"$(sed 1,2d "$DEBUG/slab/slob_heap/map" | awk '$5 != "whole" { print length($9) }' | sort -u)"
		return
	fi
	check "  the bytes held" equal "$(frag 8)" "$(($(row vm_area 15) * $(row vm_area 6) * 4096))"
	check "the map has each slab" equal "$(map | wc -l)" "$(row vm_area 15)"
	check "  each object" equal "$(map | awk '$6 != length($9)'; map | awk '{ sum += $6 } END { print sum }')" "$(row vm_area 3)"
	check "  100 of them in use" equal "$(shown '#') $(map | awk '{ sum += $7 } END { print sum }')" "100 100"
	check "  others free" equal "$(shown '.cs')" "$(($(row vm_area 3) - 100))"
	check "  full slabs, too" [ "$(map | awk '$5 == "full"' | wc -l)" -ge 1 ]
	check "  read in pieces it is the same" equal "$(dd if="$DEBUG/slab/vm_area/map" bs=33 2>/dev/null | cksum)" "$(of map | cksum)"
}

# write_refused WORD FILE TEXT: a write to a file of the folder fails, and a new log line has WORD in it.
write_refused() {
	dmesg -c >/dev/null
	if echo "$3" >"$DEBUG/slab/vm_area/$2" 2>/dev/null; then
		echo "it was accepted"
		return 1
	fi
	dmesg | grep "mmsim: slab/vm_area/$2: " | grep -F "$1" || { echo "no such log line with '$1'"; dmesg; return 1; }
}

# folder ENGINE: the files of a cache's folder.
folder() {
	check "every cache of slabinfo has a folder" equal "$(find "$DEBUG/slab" -mindepth 1 -maxdepth 1 | sed "s/.*\///" | sort)" "$(sed 1,2d "$DEBUG/slabinfo" | awk '{ print $1 }' | sort)"
	ctl cache_create vm_area 200 align=64 flags='SLAB_RECLAIM_ACCOUNT|SLAB_POISON' ctor=yes >/dev/null
	check "a new cache has one, too" test -d "$DEBUG/slab/vm_area"
	check "  its sizes" equal "$(of object_size) $(of align) $(of usersize) $(of aliases)" "200 64 0 0"
	check "  its flags" equal "$(of reclaim_account) $(of poison) $(of hwcache_align) $(of cache_dma) $(of red_zone)" "1 1 0 0 0"
	check "  its ctor" has "$DEBUG/slab/vm_area/ctor" '^construct\+0x0/0x[0-9a-f]+'
	check "  slabinfo's figures are the folder's" equal "$(row vm_area 4) $(row vm_area 5)" "$(of slab_size) $(of objs_per_slab)"
	check "  it has no slab" equal "$(of slabs) $(of total_objects)" "0 0"
	ctl cache_alloc vm_area count=100 >/dev/null
	check "  with 100 objects it has as many as slabinfo says" equal "$(of slabs) $(of total_objects)" \
		"$(row vm_area 15) N0=$(row vm_area 15) $(row vm_area 3) N0=$(row vm_area 3)"
	check "  in use, too" equal "$(of objects)" "$(row vm_area 2) N0=$(row vm_area 2)"
	maps "$1"
	check "  validate finds nothing wrong" sh -c "echo 1 >$DEBUG/slab/vm_area/validate"
	check "  and wants a 1" write_refused "write 1" validate 0
	check "  shrink wants one, too" write_refused "write 1" shrink yes
	check "  a text for no number is refused" write_refused "too long" shrink 11111111111111111111111111111111111111111111
	check "  reading shrink shows nothing" equal "$(of shrink)" ""
	ctl free_all >/dev/null
	echo 1 >"$DEBUG/slab/vm_area/shrink"
	check "  shrunk it has no slab" equal "$(of slabs) $(of cpu_slabs) $(of partial)" "0 0 0"
	if [ "$1" = slub ]; then
		check "  min_partial is set" equal "$(echo 7 >"$DEBUG/slab/vm_area/min_partial"; of min_partial)" 7
		check "  but not to a word" write_refused "not a number of slabs" min_partial many
		check "  a debugging cache has no cpu_partial" write_refused "debugging cache" cpu_partial 10
	else
		check "  there is no min_partial" write_refused "SLUB has" min_partial 7
	fi
	check "  the folder goes with the cache" equal "$(ctl cache_destroy vm_area; ls -d "$DEBUG/slab/vm_area" 2>/dev/null)" "cache vm_area destroyed"
	ctl cache_create vm_area 200 engine=slub >/dev/null
	check "  and comes again" equal "$(of poison)" 0
	check "  cpu_partial is set" equal "$(echo 10 >"$DEBUG/slab/vm_area/cpu_partial"; of cpu_partial)" 10
	check "  but not to a word" write_refused "not a number of objects" cpu_partial 10x
	check "  there is nothing to validate" write_refused "nothing to look at" validate 1
	ctl cache_destroy vm_area >/dev/null
}

refusals() {
	check "a cache needs a size" ctl_fails "a name and a size" cache_create dentry
	check "  that is a number" ctl_fails "size 'big'" cache_create dentry big
	check "  and not 0" ctl_fails "size '0'" cache_create dentry 0
	check "  a flag that there isn't is named" ctl_fails "no flag 'SLAB_FAST'" cache_create dentry 192 flags=SLAB_FAST
	check "  an engine, too" ctl_fails "engine 'slop'" cache_create dentry 192 engine=slop
	check "  a ctor, too" ctl_fails "ctor 'maybe'" cache_create dentry 192 ctor=maybe
	check "  a key, too" ctl_fails "no 'colour='" cache_create dentry 192 colour=5
	check "  a word, too" ctl_fails "'aligned' is not align=" cache_create dentry 192 aligned
	check "  an alignment of 12 is refused by the cache" ctl_fails "dentry not made" cache_create dentry 192 align=12
	check "  the log says why" sh -c 'dmesg | grep "alignment is not a power of two"'
	check "no object of no cache" ctl_fails "no cache ''" cache_alloc
	check "  nor with other words" ctl_fails "'size=3' is not gfp= or count=" cache_alloc inode size=3
	check "  nor none of them" ctl_fails "count '0'" cache_alloc inode count=0
	check "kmalloc needs a size" ctl_fails "size= is wanted" kmalloc 100
	check "  in the range" ctl_fails "size '4194305'" kmalloc size=4194305
	check "nothing came of all that" equal "$(held) $(row dentry 1)" "0 "
}

for engine in slub slab slob; do
	check "mmsim loads with engine=$engine" load size=32M engine=$engine
	commands
	refusals
	folder $engine
	for other in slub slab slob; do
		check "a cache of $other" ctl cache_create "of-$other" 200 engine=$other
		check "  slabstat says so" has "$DEBUG/slabstat" "^of-$other +$other"
		check "  it has objects" equal "$(ctl cache_alloc of-$other count=30 | wc -l)" 30
	done
	check "the invariants hold" verdict
	dmesg -c >/dev/null
	check "it unloads with caches and objects" unload
	check "  the log counts them" sh -c 'dmesg | grep "freed 90 blocks, objects and areas" && dmesg | grep "destroyed 4 caches"'
done
