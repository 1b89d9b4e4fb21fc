#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A camera and a recorder that know each other by certificates: half a minute of a moving scene is recorded live while
# the network between them is cut for five seconds, exported, verified, and all of it is on the record.
# Usage: examples/quickstart-live.sh   (examples/quickstart.sh runs it)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/quickstart
demo=$root/build/quickstart-live
svms=$build/examples/cli/svms
camera_program=$build/examples/camera/svms-camera
recorder_program=$build/examples/vms/recorder/svms-recorder
camera_address=127.0.0.1
camera=
recorder=
holder=

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
    tail -n 20 camera.log recorder.log >&2 2> /dev/null || true
    exit 1
}

end() {
    for process in $recorder $camera $holder; do
        kill "$process" 2> /dev/null || true
    done
}

# A network of its own for the camera, with one cable to the recorder's: needs no rights but those of unshare(1), under
# which this script runs itself.
lay_cable() {
    unshare --net sleep 600 &
    holder=$!
    until [ "$(readlink "/proc/$holder/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
    ip link set lo up
    ip link add recorder type veth peer name camera netns "$holder"
    ip address add 10.77.0.1/24 dev recorder
    ip link set recorder up
    on_camera ip address add 10.77.0.2/24 dev camera
    on_camera ip link set camera up
    on_camera ip link set lo up
    camera_address=10.77.0.2
}

on_camera() {
    if [ -n "$holder" ]; then
        nsenter --net --target "$holder" "$@"
    else
        "$@"
    fi
}

start_camera() {
    if [ -n "$holder" ]; then
        nsenter --net --target "$holder" "$camera_program" --config camera.json 2> camera.log &
    else
        "$camera_program" --config camera.json 2> camera.log &
    fi
    camera=$!
}

# Pulls the cable, or what comes nearest to it.
pull_cable() {
    if [ -n "$holder" ]; then
        ip link set recorder down
    else
        kill -STOP "$camera"
    fi
}

plug_cable() {
    if [ -n "$holder" ]; then
        ip link set recorder up
    else
        kill -CONT "$camera"
    fi
}

# wait_for WORDS FILE SECONDS
wait_for() {
    for _ in $(seq $(($3 * 5))); do
        if grep -q "$1" "$2"; then
            return
        fi
        sleep 0.2
    done
    fail "'$1' did not come in $3 seconds"
}

# certify FOLDER NAME ROLE ADDRESS
certify() {
    mkdir -p "$1"
    "$svms" request --new-key "$1/key.pem" --name "$2" --role "$3" ${4:+--host "$4"} --out "$1/request.csr" > /dev/null
    run ca issue ca "$1/request.csr" --role "$3" --name "$2" ${4:+--host "$4"} --out "$1/cert.pem" > "$1/issued.txt"
    sed -n 's/^\(Issued to\|Valid until\)/  \1/p' "$1/issued.txt"
    cp ca/ca.pem "$1/ca.pem"
}

write_settings() {
    cat > camera.json << SETTINGS
{ "state": "camera/state", "identity": "camera", "audit": "camera.log.d", "allow_root": true,
  "listen": { "rtsps": "$camera_address:18554" }, "preset": "ultrafast",
  "source": { "kind": "scene", "width": 1280, "height": 720, "rate": 15, "sample_rate": 16000 },
  "edge": { "path": "camera/edge" } }
SETTINGS
    cat > recorder.json << SETTINGS
{ "identity": "recorder", "index": "index", "audit": "recorder.log.d", "playback_key": "archive/key.pem",
  "allow_root": true,
  "storages": [ { "name": "disk", "path": "storage", "mode": "strong", "rotate_minutes": 1,
                  "certificate": "recorder/cert.pem", "key": "recorder/key.pem",
                  "recipients": [ "archive/cert.pem" ] } ],
  "cameras": [ { "id": "front-door", "name": "Front door", "storage": "disk",
                 "url": "rtsps://$camera_address:18554/live", "edge_url": "rtsps://$camera_address:18554/replay",
                 "trust": "ca/ca.pem", "signed": "expected", "signers": "ca/ca.pem" } ] }
SETTINGS
    chmod 600 camera.json recorder.json
}

live() {
    say "An authority, and who it knows"
    run ca init ca --name "Example site" --no-passphrase
    certify camera "Front door camera" camera "$camera_address"
    certify recorder "Recorder 1" recorder
    certify archive "Evidence archive" user
    certify exporter "A. Fox" exporter
    run audit create camera.log.d --origin example.site/camera > camera.key.txt
    run audit create recorder.log.d --origin example.site/recorder > recorder.key.txt
    sed -n 's/^Key *//p' recorder.key.txt > recorder.key
    mkdir storage
    write_settings

    say "A camera (a made up scene, signed picture by picture) and a recorder"
    start_camera
    wait_for "serves rtsps" camera.log 30
    "$recorder_program" recorder.json 2> recorder.log &
    recorder=$!
    wait_for "front-door: camera.found" recorder.log 30
    began=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    echo "It records since $began."
    sleep 12
    say "The network is cut for five seconds"
    pull_cable
    sleep 5
    plug_cable
    wait_for "front-door: camera.lost" recorder.log 10
    sleep 13
    wait_for "front-door: camera.edge-joined" recorder.log 60
    ended=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    kill "$recorder"
    wait "$recorder" || fail "the recorder did not end as it should"
    recorder=
    kill "$camera"
    wait "$camera" || fail "the camera did not end as it should"
    camera=
    grep -E "camera\.(lost|found|edge-joined)" recorder.log

    say "Is what was recorded authentic? (needs no key)"
    run verify storage/front-door --trust ca/ca.pem

    say "And what did the camera itself sign?"
    run verify storage/front-door --trust ca/ca.pem --camera-trust ca/ca.pem --camera-signed \
        --identity archive/key.pem > judged.txt && fail "nothing was missing, although the network was cut"
    sed -n '/^Camera/,/^Recorder/p' judged.txt | sed '$d'
    echo "The recorder itself misses what was sent while the network was cut; the edge recording has it:"
    run verify storage/front-door/edge-*.svms --trust ca/ca.pem --camera-trust ca/ca.pem --camera-signed \
        --identity archive/key.pem

    say "Export, and verify as its receiver would"
    run export create storage/front-door --out case8.svmx --from "$began" --to "$ended" --trust ca/ca.pem \
        --source-identity archive/key.pem --recipient archive/cert.pem --signer exporter/cert.pem \
        --signer-key exporter/key.pem --case "Case 8" --audit recorder.log.d
    run export verify case8.svmx --trust ca/ca.pem --identity archive/key.pem

    say "Who did what"
    run audit verify recorder.log.d --key recorder.key
    run audit query recorder.log.d --key recorder.key | cut -c 1-150
    say "Look at it"
    viewer=$root/build/gcc/examples/viewer/svms-viewer.html
    if [ -f "$viewer" ]; then
        echo "A browser opens $viewer; drop $demo/case8.svmx on it."
    else
        echo "The viewer is one HTML file: meson setup build/gcc -Dviewer=enabled && ninja -C build/gcc makes"
        echo "build/gcc/examples/viewer/svms-viewer.html; drop $demo/case8.svmx on it."
    fi
}

"$root/examples/packages.sh" install build
if ! [ -x "$recorder_program" ] || ! [ -x "$camera_program" ]; then
    fail "examples/quickstart.sh builds what is needed"
fi
if [ "${1:-}" != inside ] && unshare --user --map-root-user --net true 2> /dev/null; then
    exec unshare --user --map-root-user --net "$0" inside
fi
rm -rf "$demo"
mkdir -p "$demo"
cd "$demo"
trap end EXIT
if [ "${1:-}" = inside ]; then
    lay_cable
else
    echo "NOTE: no networks can be made here; the camera is stopped instead of its cable being pulled."
fi
live
say "Done: everything is in $demo"
