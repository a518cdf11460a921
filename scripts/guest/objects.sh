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
	for other in slub slab slob; do
		check "a cache of $other" ctl cache_create "of-$other" 200 engine=$other
		check "  slabstat says so" has "$DEBUG/slabstat" "^of-$other +$other"
		check "  it has objects" equal "$(ctl cache_alloc of-$other count=30 | wc -l)" 30
	done
	check "the invariants hold" verdict
	dmesg -c >/dev/null
	check "it unloads with caches and objects" unload
	check "  the log counts them" sh -c 'dmesg | grep "freed 90 blocks and objects" && dmesg | grep "destroyed 4 caches"'
done
