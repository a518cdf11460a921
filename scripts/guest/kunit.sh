# shellcheck shell=dash
# Loads mmsim.ko with its KUnit suites and counts every test that KUnit tells of in debugfs.
#
# Variables: suites, each of which must be there; parameters for insmod.

: "${suites:=region page buddy}" "${parameters:=}"

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
		"skip "*) skip "$suite: ${line%% # SKIP*}" "${line#* # SKIP }" ;;
		*)
			grep -A 4 "# ${line##* }: .* FAILED at\|# $(echo "$line" | cut -d: -f1 | sed 's/^not ok //'): .* FAILED at" \
				"$file" >/tmp/why
			not_ok "$suite: ${line#not ok }" /tmp/why
			;;
		esac
	done </tmp/cases
done
check "mmsim unloads" unload
