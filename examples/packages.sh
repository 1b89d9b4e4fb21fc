#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian 12 packages that quickstart.sh and tests/run.sh need; one list, kept here.
# "viewer" is what the offline viewer is built with; whoever has Node.js and npm from elsewhere keeps them.
# "cross" is what building for other processors, and running the result here, needs besides; nothing installs it unasked.
# Usage: packages.sh build|viewer|test|cross            prints the names
#        packages.sh install build|viewer|test|cross... installs what is missing, with sudo where not root
set -eu

names_of() {
    case $1 in
    build)
        echo gcc libc6-dev meson ninja-build pkg-config libssl-dev zlib1g-dev libjansson-dev \
            libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libswresample-dev \
            linux-libc-dev ffmpeg libcurl4-openssl-dev libevent-dev libargon2-dev libsrtp2-dev \
            libexpat1-dev libsqlite3-dev
        ;;
    viewer)
        echo nodejs npm
        ;;
    test)
        echo g++ clang lld libclang-rt-14-dev libcmocka-dev doxygen valgrind python3 tzdata python3-jsonschema \
            python3-cryptography python3-jwcrypto openssl man-db groff-base util-linux cppcheck clang-tidy \
            clang-format shellcheck swtpm tpm2-openssl tpm2-tools libtss2-tcti-swtpm0 softhsm2 \
            chromium firefox-esr curl gnutls-bin testssl.sh oathtool argon2 python3-argon2 python3-passlib \
            golang-go golang-golang-x-mod-dev iproute2 \
            rsyslog rsyslog-openssl rtpengine-daemon tshark python3-gi gir1.2-gst-plugins-base-1.0 \
            gir1.2-gst-rtsp-server-1.0 gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
            gstreamer1.0-plugins-bad
        ;;
    cross)
        echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf \
            libc6-dev-armhf-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
        ;;
    *)
        echo "packages.sh: '$1' is none of build, viewer, test and cross" >&2
        return 2
        ;;
    esac
}

# The command that a package is installed for, where another package may bring it: the nodejs of NodeSource holds
# npm, and cannot stand beside Debian's.
command_of() {
    case $1 in
    nodejs) echo node ;;
    npm) echo npm ;;
    esac
}

is_missing() {
    wanted=$(command_of "$1")
    [ -z "$wanted" ] || ! command -v "$wanted" > /dev/null || return 1
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
