#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How large the library is, alone and within a static program: builds it for size and for speed and prints bytes. The
# figures in docs/portability.md come from here.
# Usage: sizes.sh [MESON-OPTION]...   (for another processor: --cross-file ... --cross-file ..., and STRIP and SIZE set)
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
strip=${STRIP:-strip}
size=${SIZE:-size}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n "s/^  version: '\(.*\)',/\1/p" "$root/meson.build" | head -n 1)
shared=libsvms.so.$version

bytes() {
    wc -c <"$1" | tr -d ' '
}

# Code and constants of all members of an archive.
text_of() {
    "$size" -B -t "$1" | awk 'END { print $1 }'
}

stripped() {
    "$strip" -o "$work/stripped" "$1"
    bytes "$work/stripped"
}

# measure NAME OPTIMIZATION MESON-OPTION...
measure() {
    name=$1
    folder=$work/$name
    optimization=$2
    shift 2
    meson setup "$folder" "$root" --buildtype=plain -Doptimization="$optimization" -Ddebug=false -Dffmpeg=disabled -Dcurl=disabled \
        -Ddocs=disabled "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    ninja -C "$folder" lib/libsvms.a "lib/$shared" tests/firmware/camera_in_ram >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; exit 1; }
    printf '%-4s  %12s  %12s  %12s\n' "$name" "$(stripped "$folder/lib/$shared")" "$(text_of "$folder/lib/libsvms.a")" \
        "$(stripped "$folder/tests/firmware/camera_in_ram")"
}

printf '%-4s  %12s  %12s  %12s\n' '' libsvms.so 'libsvms.a' program
measure -Os s "$@"
measure -O2 2 "$@"
echo "libsvms.so: stripped file. libsvms.a: code and constants of all its members."
echo "program: tests/firmware/camera_in_ram, static with OpenSSL, zlib and the C library, stripped."
