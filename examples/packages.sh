#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian 12 packages that quickstart.sh and tests/run.sh need; one list, kept here.
# Usage: packages.sh build|test            prints the names
#        packages.sh install build|test... installs what is missing, with sudo where not root
set -eu

names_of() {
    case $1 in
    build)
        echo gcc libc6-dev meson ninja-build pkg-config libssl-dev zlib1g-dev libjansson-dev \
            libavformat-dev libavcodec-dev libavutil-dev ffmpeg
        ;;
    test)
        echo g++ clang libclang-rt-14-dev libcmocka-dev doxygen valgrind python3 \
            python3-cryptography openssl man-db groff-base util-linux cppcheck clang-tidy \
            clang-format shellcheck swtpm tpm2-openssl tpm2-tools libtss2-tcti-swtpm0 softhsm2
        ;;
    *)
        echo "packages.sh: '$1' is neither build nor test" >&2
        return 2
        ;;
    esac
}

is_missing() {
    state=$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) || return 0
    [ "$state" != installed ]
}

install_missing() {
    missing=
    for list in "$@"; do
        names=$(names_of "$list")
        for name in $names; do
            ! is_missing "$name" || missing="$missing $name"
        done
    done
    [ -n "$missing" ] || return 0
    echo "Installing:$missing"
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -q
    # The names are words.
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

if [ "${1:-}" = install ]; then
    shift
    install_missing "$@"
else
    names_of "${1:-}" | tr ' ' '\n'
fi
