#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh Debian 12 to a video that was recorded, verified, extracted and tampered with, and to
# evidence of it that goes from hand to hand; then a camera and a recorder, live (quickstart-live.sh).
# Usage: examples/quickstart.sh [VIDEO]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/quickstart
demo=$root/build/quickstart-demo
svms=$build/examples/cli/svms

say() {
    printf '\n== %s\n' "$*"
}

# Shows a command of svms as one would type it, and runs it.
run() {
    printf '$ svms'
    for word in "$@"; do
        case $word in
        *' '*) printf ' "%s"' "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$svms" "$@"
}

fail() {
    echo "quickstart: $*" >&2
    exit 1
}

build_svms() {
    "$root/examples/packages.sh" install build
    [ -f "$build/build.ninja" ] ||
        meson setup "$build" "$root" --buildtype=release -Dtests=false -Ddocs=disabled > /dev/null
    ninja -C "$build" examples/cli/svms examples/camera/svms-camera examples/vms/recorder/svms-recorder \
        > "$build/quickstart.log" ||
        { cat "$build/quickstart.log"; fail "the build failed"; }
}

# The clip of this project's tests, or a synthetic scene where it is absent.
choose_video() {
    clip=$root/../shared/media/walkway-h264-aac.mp4
    if [ -f "$clip" ]; then
        echo "$clip"
        return
    fi
    ffmpeg -v error -y -f lavfi -i testsrc2=size=640x480:rate=15 -f lavfi -i sine=sample_rate=16000 \
        -t 20 -c:v libx264 -g 30 -pix_fmt yuv420p -c:a aac scene.mp4
    echo scene.mp4
}

# Codec, order, time stamps and a hash of the bytes of every packet.
packets_of() {
    ffmpeg -v error -i "$1" -map 0:v -map '0:a?' -c copy -f framemd5 - | grep -v '^#software'
}

# The bytes of every packet alone, stream by stream.
bytes_of() {
    packets_of "$1" | grep -v '^#' | tr -d ' ' | sort -s -t , -n -k 1,1 | cut -d , -f 1,5,6
}

# Every decoded picture.
pictures_of() {
    ffmpeg -v error -i "$1" -map 0:v -f framemd5 - | grep -v '^#' | tr -d ' ' | cut -d , -f 1,6
}

# same WHAT: whether input and output agree in it
same() {
    "$1" "$video" > recorded.txt
    "$1" "$extracted" > extracted.txt
    cmp -s recorded.txt extracted.txt
}

# Types of file differ in units of time and in framing; what came back is compared as closely as they allow.
compare() {
    if same packets_of; then
        echo "Codec, order, time stamps and bytes of every packet are those of $video."
    elif same bytes_of; then
        echo "The bytes of every packet are those of $video; what the file says around them differs."
    elif same pictures_of; then
        echo "Every picture is that of $video; the file frames packets differently."
    else
        fail "what came back is not what was recorded"
    fi
}

change_byte_in_the_middle() {
    middle=$(($(wc -c < "$1") / 2))
    old=$(od -An -tu1 -j "$middle" -N 1 "$1" | tr -d ' ')
    printf '%b' "\\0$(printf %03o $((255 - old)))" |
        dd of="$1" bs=1 seek="$middle" conv=notrunc status=none
    echo "Byte $middle of $1 is changed."
}

given=${1:-}
if [ -n "$given" ]; then
    [ -f "$given" ] || fail "there is no file $given"
    given=$(cd "$(dirname "$given")" && pwd)/$(basename "$given")
fi

say "Build"
build_svms
"$svms" --version
rm -rf "$demo"
mkdir -p "$demo"
cd "$demo"
video=${given:-$(choose_video)}

say "An identity that signs, and a password that opens"
run identity create --out id --name "Front door recorder"
(umask 077 && head -c 24 /dev/urandom | base64 > password)

say "Record $video"
run record "$video" --out clip.svms --signer id/cert.pem --signer-key id/key.pem \
    --password-file password --device "Front door" --start-time 2026-11-21T10:00:00Z

say "What is it?"
run info clip.svms --password-file password

say "Is it authentic? (needs no key)"
run verify clip.svms --trust id/ca.pem

say "Get it back"
extracted=clip.mp4
case $video in
*.mkv) extracted=clip.mkv ;;
esac
run extract clip.svms --out "$extracted" --password-file password --trust id/ca.pem || {
    extracted=clip.mkv
    run extract clip.svms --out "$extracted" --password-file password --trust id/ca.pem
}
compare

say "Tamper with a copy"
cp clip.svms tampered.svms
change_byte_in_the_middle tampered.svms
if run verify tampered.svms --trust id/ca.pem; then
    fail "the change was not found"
fi

say "An exporter and a custodian, with identities of their own"
run identity create --out exporter --name "A. Fox" --role exporter --ca id
run identity create --out custodian --name "Evidence store" --role custodian --ca id
(umask 077 && head -c 24 /dev/urandom | base64 > handover)

say "Evidence: five seconds of it, sealed and signed"
run export create clip.svms --out case7.svmx --from 2026-11-21T10:00:00Z --to 2026-11-21T10:00:05Z \
    --trust id/ca.pem --source-password-file password --password-file handover \
    --signer exporter/cert.pem --signer-key exporter/key.pem \
    --case 7/2026 --operator "A. Fox" --reason "asked for by the court"

say "Whoever gets it checks it link by link"
run export verify case7.svmx --trust id/ca.pem --password-file handover

say "... signs for it, and keeps the receipt"
run export countersign case7.svmx --trust id/ca.pem --note "received from A. Fox" \
    --signer custodian/cert.pem --signer-key custodian/key.pem
receipt=$("$svms" export list case7.svmx | sed -n 's/^Receipt *//p')
run export verify case7.svmx --trust id/ca.pem --expect-head "$receipt"

say "... and plays it"
run export extract case7.svmx --out case7.mkv --trust id/ca.pem --password-file handover
ffmpeg -v error -xerror -i case7.mkv -f null - || fail "what was extracted does not play"

say "A forgery"
cp case7.svmx forged.svmx
change_byte_in_the_middle forged.svmx
if run export verify forged.svmx --trust id/ca.pem --expect-head "$receipt"; then
    fail "the forgery was not found"
fi

say "Everything of this is in $demo; now a camera and a recorder, live"
exec "$root/examples/quickstart-live.sh"
