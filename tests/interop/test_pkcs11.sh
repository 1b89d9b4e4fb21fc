#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys in a PKCS #11 token, which SoftHSM plays, used by the program that is given. Exits with 77, saying
# why, where something is not installed.
# Usage: test_pkcs11.sh PROGRAM
set -eu

program=$(realpath "$1")

skip() {
    echo "SKIPPED: $1 (examples/packages.sh install test)"
    exit 77
}

command -v softhsm2-util > /dev/null || skip "softhsm2-util is not installed"
module=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    [ ! -f "$path" ] || module=$path
done
[ -n "$module" ] || skip "libsofthsm2.so is not installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/tokens"
export SOFTHSM2_CONF="$work/softhsm2.conf"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/tokens" \
    > "$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label svms --so-pin 87654321 --pin 12345678 > "$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
"$program" "$work" "$module" 12345678
echo "all of it"
