#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the snippets on one another's results.
# Usage: run.sh FOLDER-OF-PROGRAMS
set -eu

programs=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

echo demonstration > "$work/password"
chmod 600 "$work/password"

"$programs/write" "$work/a.svms" "$work/ca.pem" &
writer=$!
timeout 60 "$programs/follow" "$work/a.svms" > "$work/followed" || fail "follow"
wait "$writer" || fail "write"
[ "$(wc -l < "$work/followed")" -eq 3 ] || fail "follow saw $(cat "$work/followed")"

"$programs/read" "$work/a.svms" "$work/password" > "$work/read" || fail "read"
[ "$(wc -l < "$work/read")" -eq 30 ] || fail "read saw $(wc -l < "$work/read") samples"

"$programs/verify" "$work/a.svms" "$work/ca.pem" || fail "verify"

# One byte near the end, changed to something else.
cp "$work/a.svms" "$work/b.svms"
place=$(($(wc -c < "$work/a.svms") * 3 / 4))
old=$(od -An -tu1 -j "$place" -N 1 "$work/a.svms" | tr -d ' ')
printf '%b' "\\0$(printf %03o $(((old + 1) % 256)))" |
    dd of="$work/b.svms" bs=1 seek="$place" conv=notrunc status=none
if "$programs/verify" "$work/b.svms" "$work/ca.pem"; then
    fail "a changed byte was not noticed"
fi
