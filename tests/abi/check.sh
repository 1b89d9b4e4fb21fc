#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Three lists are one: functions that public headers declare, names in lib/svms.map, and symbols that
# the shared library exports. And: svms.h includes every public header, each is installed, and each
# enumerator has its comment (Doxygen, which checks all the rest, does not ask for that).
# Usage: check.sh LIBRARY MAP INCLUDE_DIR
set -eu

library=$1 map=$2 include=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
failed=0

complain() {
    echo "$1" >&2
    failed=1
}

# compare FILE WHAT OTHER_FILE OTHER_WHAT: each name that only one of them has
compare() {
    comm -23 "$1" "$3" > "$work/only"
    while read -r name; do
        complain "$name: in $2, but not in $4"
    done < "$work/only"
    comm -13 "$1" "$3" > "$work/only"
    while read -r name; do
        complain "$name: in $4, but not in $2"
    done < "$work/only"
}

"$here/public_functions.sh" "$include" > "$work/declared"
grep -o 'svms_[a-z0-9_]*;' "$map" | tr -d ';' | sort > "$work/mapped"
# A version node is itself an absolute symbol (type A). Sanitizers and coverage may add theirs.
nm -D --defined-only "$library" > "$work/nm"
awk '$2 != "A" { print $3 }' "$work/nm" |
    grep -v -E '^(__asan|__ubsan|__odr_asan|__start___|__stop___|__sancov|__llvm|__gcov)' > "$work/symbols" || true
sed 's/@.*//' "$work/symbols" | sort > "$work/exported"

[ -s "$work/declared" ] || complain "no function found in $include/svms"
[ -z "$(uniq -d "$work/declared")" ] || complain "declared twice: $(uniq -d "$work/declared" | tr '\n' ' ')"
[ -z "$(uniq -d "$work/mapped")" ] || complain "twice in $map: $(uniq -d "$work/mapped" | tr '\n' ' ')"
compare "$work/declared" "the headers" "$work/mapped" "$map"
compare "$work/declared" "the headers" "$work/exported" "$library"

while read -r symbol; do
    case $symbol in
    *@@SVMS_0.1) ;;
    *) complain "$symbol: exported without the version SVMS_0.1" ;;
    esac
done < "$work/symbols"

for header in "$include"/svms/*.h; do
    name=$(basename "$header")
    grep -q "'$name'" "$include/svms/meson.build" || complain "$header: is not installed by meson.build"
    [ "$name" = svms.h ] || grep -q "#include <svms/$name>" "$include/svms/svms.h" ||
        complain "$header: is not included by svms.h"
done

awk '/^(typedef )?enum .*\{/ { inside = 1; next }
     /^\}/ { inside = 0 }
     inside && /^ *[A-Z]/ && !/\/\*\*</ { print FILENAME ":" FNR ": " $1 " has no comment" }' \
    "$include"/svms/*.h > "$work/bare"
while read -r finding; do
    complain "$finding"
done < "$work/bare"

[ "$failed" -eq 0 ] && echo "$(wc -l < "$work/declared") functions: headers, map and library agree"
exit "$failed"
