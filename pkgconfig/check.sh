#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the build into a folder of its own and uses it from there as an outsider would: with
# pkg-config alone. Also compiles every installed header by itself, as C11 and as C++17.
# Usage: check.sh BUILD_DIR [compiler flags that the library was built with]
set -eu

build=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cc=${CC:-cc}
case $cc in
*clang) cxx=${CXX:-$cc++} ;;
*) cxx=${CXX:-c++} ;;
esac
strict="-Wall -Wextra -Wpedantic -Werror"

DESTDIR=$stage meson install -C "$build" --no-rebuild --tags runtime,devel --quiet > "$stage/install.log" 2>&1 ||
    { cat "$stage/install.log"; exit 1; }

pc=$(find "$stage" -name svms.pc)
[ -n "$pc" ] || { echo "svms.pc was not installed" >&2; exit 1; }
PKG_CONFIG_PATH=$(dirname "$pc")
# The libraries lie below the stage, not yet where svms.pc says.
PKG_CONFIG_SYSROOT_DIR=$stage
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
libraries=$(dirname "$(dirname "$pc")")
cflags=$(pkg-config --cflags svms)
libs=$(pkg-config --libs svms)
static_libs=$(pkg-config --static --libs svms)

case " $libs " in
*" -lcrypto "*) echo "svms.pc links users to libcrypto, which is ours alone: $libs" >&2; exit 1 ;;
esac

include=$(pkg-config --variable=includedir svms)
for header in "$stage$include"/svms/*.h "$include"/svms/*.h; do
    [ -e "$header" ] || continue
    name=$(basename "$header")
    printf '#include <svms/%s>\nint main(void) { return 0; }\n' "$name" > "$stage/alone.c"
    cp "$stage/alone.c" "$stage/alone.cpp"
    # shellcheck disable=SC2086
    "$cc" -std=c11 $strict $cflags -c "$stage/alone.c" -o "$stage/alone.o" ||
        { echo "$name does not compile alone as C11" >&2; exit 1; }
    # shellcheck disable=SC2086
    "$cxx" -std=c++17 $strict $cflags -c "$stage/alone.cpp" -o "$stage/alone.o" ||
        { echo "$name does not compile alone as C++17" >&2; exit 1; }
    checked=$((${checked:-0} + 1))
done
echo "${checked:-0} headers compile alone"
[ "${checked:-0}" -gt 0 ] || exit 1

# shellcheck disable=SC2086
"$cc" -std=c11 $strict "$@" $cflags "$here/consumer/consumer.c" -o "$stage/consumer_c" $libs
# shellcheck disable=SC2086
"$cxx" -std=c++17 $strict "$@" $cflags "$here/consumer/consumer.cpp" -o "$stage/consumer_cpp" $libs
LD_LIBRARY_PATH=$libraries "$stage/consumer_c"
LD_LIBRARY_PATH=$libraries "$stage/consumer_cpp"

if [ $# -gt 0 ]; then
    echo "static link left out: the library was built with $*"
    exit 0
fi
# Debian's libsrtp2 rests on NSS, which has no static libraries: then only svms itself is linked statically.
whole=-static
ours=$static_libs
echo 'int main(void) { return 0; }' > "$stage/empty.c"
# shellcheck disable=SC2046
if pkg-config --static --libs svms | grep -q -e -lsrtp2 &&
    ! "$cc" -static "$stage/empty.c" -o "$stage/empty" $(pkg-config --static --libs libsrtp2) 2> /dev/null; then
    echo "NOTE: what libsrtp2 needs is not there as static libraries: only libsvms is linked statically"
    whole=
    ours=$(echo " $static_libs " | sed 's/ -lsvms / -Wl,-Bstatic -lsvms -Wl,-Bdynamic /')
fi
# shellcheck disable=SC2086
"$cc" -std=c11 $strict $cflags "$here/consumer/consumer.c" $whole -o "$stage/consumer_static" $ours
"$stage/consumer_static"
