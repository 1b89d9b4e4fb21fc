#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whole commands on the same 1 GiB, with what is installed of age, gpg, openssl and ffmpeg. Prints user and system seconds
# and MB/s of CPU time; judges nothing.
# Usage: whole_commands.sh BUILD_DIR [MIB]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
svms=$build/examples/cli/svms
mib=${2:-1024}
work=$(mktemp -d "${TMPDIR:-/tmp}/svms-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# A surveillance clip, or a synthetic scene, over and over.
clip=$root/../shared/media/walkway-h264-aac.mp4
if [ ! -f "$clip" ]; then
    clip=$work/scene.mp4
    ffmpeg -v error -f lavfi -i testsrc2=size=1280x720:rate=10,noise=alls=20 -t 20 -c:v libx264 -g 20 -pix_fmt yuv420p "$clip"
fi
loops=$((mib * 1048576 / $(wc -c < "$clip")))
ffmpeg -v error -y -stream_loop "$loops" -i "$clip" -c copy media.mp4
bytes=$(wc -c < media.mp4)
"$svms" identity create --out id --name bench > /dev/null
(umask 077 && echo "bench password" > password)
openssl genpkey -algorithm X25519 -out recipient.pem 2> /dev/null
openssl pkey -in recipient.pem -pubout -out recipient.pub

# measure NAME COMMAND...
measure() {
    name=$1
    shift
    if /usr/bin/env -- time -f '%U %S' -o times "$@" > out.bin 2> log; then
        awk -v name="$name" -v bytes="$bytes" '{ cpu = $1 + $2
            printf "%-34s %7.2f s user %6.2f s system %8.0f MB/s\n", name, $1, $2, bytes / 1e6 / cpu }' times
    else
        echo "$name: failed ($(tail -n 1 log))"
    fi
    rm -f out.bin
}

has() {
    command -v "$1" > /dev/null
}

printf '%s bytes\n' "$bytes"
measure "cat" cat media.mp4
measure "svms record, strong" "$svms" record media.mp4 --out strong.svms --signer id/cert.pem \
    --signer-key id/key.pem --recipient recipient.pub --force
measure "svms verify" "$svms" verify strong.svms --trust id/ca.pem
measure "svms extract" "$svms" extract strong.svms --out media.mkv --identity recipient.pem --force
rm -f strong.svms media.mkv
if has age; then
    age-keygen -o age.key 2> /dev/null
    measure "age" age -r "$(age-keygen -y age.key)" -o media.age media.mp4
    rm -f media.age
fi
if has gpg; then
    measure "gpg, AES-256, no compression" gpg --batch --yes --quiet --homedir "$work" --passphrase-file password \
    --pinentry-mode loopback --compress-algo none --cipher-algo AES256 --symmetric -o media.gpg media.mp4
    rm -f media.gpg
fi
measure "openssl enc (CTR) + dgst -sign" sh -c 'openssl enc -aes-256-ctr -pbkdf2 -pass file:password -in media.mp4 -out media.enc &&
    openssl dgst -sha256 -sign id/key.pem -out media.sig media.enc'
measure "ffmpeg CENC (AES-128)" ffmpeg -v error -y -i media.mp4 -c copy -encryption_scheme cenc-aes-ctr \
    -encryption_key 00112233445566778899aabbccddeeff -encryption_kid 00112233445566778899aabbccddeeff -strict experimental cenc.mp4
