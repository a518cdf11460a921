# shellcheck shell=dash
# Loads mmsim.ko with its KUnit suites and counts every test that KUnit tells of in debugfs.
#
# Variables: suites, each of which must be there; parameters for insmod; never_skipped, a pattern of tests that this kernel
# and machine can run.

: "${suites:=region page buddy}" "${parameters:=}" "${never_skipped:=}"

# cases FILE: `ok NAME`, `not ok NAME` or `skip NAME` for each test of KUnit's KTAP; of a parametrised one, for each parameter.
cases() {
	awk '
	function verdict(name) {
		sub(/^ *(not )?ok [0-9]+ (- )?/, "", name)
		kind = /# SKIP/ ? "skip" : /^ *not ok/ ? "not ok" : "ok"
		return kind " " name
	}
	/^    # Subtest: |^        # Subtest: / { parent = $NF }
	/^        (not )?ok [0-9]+/ { v = verdict($0); sub(/ok |skip /, "&" parent ": ", v); print v; inner++; bad += /^ *not/; next }
	/^    (not )?ok [0-9]+/ { if (!inner || (/^ *not/ && !bad)) print verdict($0); inner = bad = 0 }
	' "$1"
}

host_marks_anew
# shellcheck disable=SC2086
check "mmsim with its KUnit suites loads" load $parameters
for suite in $suites; do
	file=/sys/kernel/debug/kunit/$suite/results
	if [ ! -e "$file" ]; then
		not_ok "suite $suite is there"
		continue
	fi
	cases "$file" >/tmp/cases
	[ -s /tmp/cases ] || not_ok "suite $suite has tests" "$file"
	while read -r line; do
		case $line in
		"ok "*) ok "$suite: ${line#ok }" ;;
		"skip "*)
			name=${line#skip }
			name=${name%% # SKIP*}
			if [ -n "$never_skipped" ] && echo "$line" | grep -qE "$never_skipped"; then
				echo "skipped: ${line#* # SKIP }" >/tmp/why
				not_ok "$suite: $name" /tmp/why
				continue
			fi
			skip "$suite: $name" "${line#* # SKIP }"
			;;
		*)
			grep -A 4 "# ${line##* }: .* FAILED at\|# $(echo "$line" | cut -d: -f1 | sed 's/^not ok //'): .* FAILED at" \
				"$file" >/tmp/why
			not_ok "$suite: ${line#not ok }" /tmp/why
			;;
		esac
	done </tmp/cases
done
case " $suites " in
*" misuse "*)
	dmesg | grep "mmsim: bad" >/tmp/reports
	by='\(order [0-9]+, by [a-z_]+\+0x[^,]*, task kunit_try_catch/[0-9]+\)$'
	check "a misuse is reported with who did it" has /tmp/reports "bad page: freed twice; .* $by"
	check "  and with where it was" has /tmp/reports \
		'bad page: pfn 0x[0-9a-f]+, zone Normal, flags 0x[0-9a-f]+, allocated order 0, refcount 0, mapcount -1, mapping 0x0$'
	check "a request that makes no sense is reported with who made it" has /tmp/reports "bad request: .* $by"
	;;
esac
case " $suites " in
*" track "*)
	dmesg | grep -A 1 "mmsim: Allocated in" >/tmp/owners
	check "who allocated an object is reported" \
		has /tmp/owners 'Allocated in track_request\+0x[^ ]* \[mmsim\] age=[0-9]+ cpu=[0-9]+ pid=[0-9]+$'
	check "  and from where" has /tmp/owners '   [a-z_]+\+0x[^ ]* \[mmsim\]$'
	;;
esac
check "mmsim unloads" unload
