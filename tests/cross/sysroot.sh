#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the libraries of another architecture into a folder, so that nothing of the machine changes: the lists of
# that architecture and the packages stay below FOLDER. Does nothing where that was done before.
# Usage: sysroot.sh arm64|armhf|s390x FOLDER
# Leaves FOLDER/root, and FOLDER/constants.ini for Meson, to be given before the cross file of the architecture.
set -eu

# What runs (libc6, the shared libraries) and what is compiled against. The C library's own headers are not here:
# they come with the cross compiler.
packages='libc6 libgcc-s1 libssl3 libssl-dev zlib1g zlib1g-dev libjansson4 libjansson-dev libargon2-1 libargon2-dev libcmocka0 libcmocka-dev'

[ $# -eq 2 ] || { echo "usage: sysroot.sh arm64|armhf|s390x FOLDER" >&2; exit 2; }
architecture=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
[ ! -f "$folder/constants.ini" ] || exit 0

# apt for that architecture, with a state of its own; "_apt" may not look into a home folder.
foreign() {
    apt-get -q -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" \
        -o "Dir::State::lists=$folder/lists" -o "Dir::State::status=$folder/status" \
        -o "Dir::Cache=$folder/cache" -o Acquire::Languages=none -o "APT::Sandbox::User=" "$@"
}

rm -rf "$folder/root" "$folder/debs"
mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/debs" "$folder/root"
: >"$folder/status"
# What a mirror lacks for the moment (often the updates of a small architecture) is no reason to give up: what the
# other lists name is signed as well, only older.
foreign update || echo "sysroot.sh: NOTE: some lists for $architecture are missing; packages may be older than the newest." >&2
cd "$folder/debs"
# The names are words.
# shellcheck disable=SC2086
foreign download $packages
for deb in *.deb; do
    dpkg-deb -x "$deb" "$folder/root"
done
# Absolute links would lead to the libraries of this machine.
find "$folder/root" -type l -lname '/*' | while read -r link; do
    ln -snf "$folder/root$(readlink "$link")" "$link"
done
rm -rf "$folder/lists" "$folder/cache" "$folder/debs" "$folder/status"
printf "[constants]\nsysroot = '%s'\n" "$folder/root" >"$folder/constants.ini"
