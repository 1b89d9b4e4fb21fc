#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and passes every test: with gcc, with clang under AddressSanitizer and
# UndefinedBehaviorSanitizer, under valgrind, and with the static checkers. "cross" does so for other processors under
# emulation; it is run where it is asked for, since nothing installs what it needs unasked.
# Usage: tests/run.sh [plain|sanitize|valgrind|lint|cross]...   (default: the first four)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
stages=${*:-plain sanitize valgrind lint}
# One more than there are processors: some tests wait for a clock or a peer.
jobs=$(($(nproc) + 1))
passed=0
failed=0
skipped=0
failures=

say() {
    printf '\n== %s\n' "$*"
}

# count STAGE LOG: adds up what one run of "meson test" logged, and keeps what is to be said of failures at the end.
count() {
    bad='"result": "(FAIL|ERROR|TIMEOUT|INTERRUPT|UNEXPECTEDPASS)"'
    passed=$((passed + $(grep -c '"result": "OK"' "$2" || true)))
    skipped=$((skipped + $(grep -c '"result": "SKIP"' "$2" || true)))
    failed=$((failed + $(grep -cE "$bad" "$2" || true)))
    failures=$failures$(grep -E "$bad" "$2" | python3 "$root/tests/failures.py" "$1" || true)
}

# configure_in FOLDER COMPILER OPTION...
configure_in() {
    folder=$build/$1
    compiler=$2
    shift 2
    if [ -f "$folder/build.ninja" ]; then
        meson configure "$folder" "$@"
    else
        # What clang makes is tried here and given to nobody: the linker that takes a quarter of the time will do.
        linker=
        if [ "$compiler" = clang ] && command -v ld.lld > /dev/null; then
            linker=lld
        fi
        CC=$compiler CC_LD=$linker meson setup "$folder" "$root" "$@"
    fi
}

# build_in FOLDER COMPILER OPTION...
build_in() {
    configure_in "$@"
    ninja -C "$folder"
}

# Counts one failure, and says so now and at the end.
fail() {
    echo "FAILED: $1"
    failed=$((failed + 1))
    failures="$failures
FAILED: $1
"
}

# test_in FOLDER ARGUMENT...; a failure is counted, and the run goes on. Unless --no-rebuild is said, what the tests
# need is built first, and nothing else.
test_in() {
    stage_of="$stage, $1"
    folder=$build/$1
    shift
    rm -f "$folder"/meson-logs/testlog*.json
    meson test -C "$folder" --num-processes "$jobs" --print-errorlogs "$@" || true
    for log in "$folder"/meson-logs/testlog*.json; do
        if [ -f "$log" ]; then
            count "$stage_of" "$log"
        else
            fail "$stage_of: meson test left no log"
        fi
    done
}

# A step that is one test.
step() {
    if "$@" >"$build/step.log" 2>&1; then
        cat "$build/step.log"
        passed=$((passed + 1))
    else
        cat "$build/step.log"
        fail "$*
$(tail -n 40 "$build/step.log")"
    fi
}

# Why the viewer cannot be built here, or nothing.
viewer_obstacle() {
    if ! command -v npm > /dev/null; then
        echo "no npm; examples/packages.sh install viewer"
    elif [ ! -f "$build/gcc/examples/viewer/work/installed" ] &&
        ! npm view --prefer-offline --fetch-retries=1 esbuild version > /dev/null 2>&1; then
        echo "the npm registry cannot be reached"
    fi
}

# The build that most tests run in.
build_gcc() {
    build_in gcc gcc --buildtype=debugoptimized -Dviewer="$viewer"
}

plain() {
    say "gcc: every test"
    build_gcc
    test_in gcc --no-rebuild
}

# Of what is exhaustive the longest runs once only, in the stage before; the same code runs here in all other tests.
# Lines are all that a sanitizer says of a place; more would be a fifth of the time of compiling.
sanitize() {
    say "clang, AddressSanitizer and UndefinedBehaviorSanitizer: library, vectors, corpora"
    configure_in sanitize clang --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
        -Dc_args=-gline-tables-only -Dffmpeg=disabled -Dcurl=disabled -Ddocs=disabled
    ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        test_in sanitize --timeout-multiplier 4 --no-suite exhaustive \
        --suite unit/base --suite unit/crypto --suite unit/media --suite unit/identity \
        --suite unit/container --suite unit/export --suite unit/access --suite unit/login --suite unit/tls \
        --suite unit/audit --suite unit/rtp --suite unit/rtsp --suite unit/srtp --suite unit/update \
        --suite unit/signedvideo --suite unit/privacy --suite unit/stream --suite unit/vms_common \
        --suite unit/vms_service --suite unit/intake --suite unit/recorder \
        --suite fuzz
    sanitize_threads
}

# Only what threads share, and only what is needed for it is built: everything is many times slower there. OpenSSL is not
# instrumented, so that races in it are not found. Few tests run, so that optimizing would take longer than it saves.
sanitize_threads() {
    say "clang, ThreadSanitizer: what threads share"
    configure_in threads clang --buildtype=debug -Db_sanitize=thread -Db_lundef=false \
        -Dc_args=-gline-tables-only -Dffmpeg=disabled -Dcurl=disabled -Ddocs=disabled
    TSAN_OPTIONS=halt_on_error=1 \
        test_in threads --timeout-multiplier 8 --no-suite interop \
        token_threads threads login_threads password_threads signer shared_trust tls_reload audit_log audit_queue \
        audit_check_long audit_log_large audit_reader_threads audit_socket vms_auditor vms_gate vms_web_server stream_wake recorder_live_hub
}

# What is exhaustive takes hours there; the same code runs in the tests that stay.
valgrind() {
    say "valgrind"
    build_gcc
    test_in gcc --no-rebuild --timeout-multiplier 20 --logbase testlog-valgrind \
        --wrapper 'valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' \
        builder context cursor failure file options status stream time \
        aead digest ecdsa_raw kek key_uri nal jpeg h264 h265 light_kinds light_plan \
        chain name role verdict hostile \
        frame leaves evidence evidence_splice case case_refused profile \
        account account_login password_phc password_policy
}

lint() {
    say "cppcheck, clang-tidy, clang-format, shellcheck"
    build_gcc
    step "$root/tests/style/lint.sh" "$build/gcc"
}

# Why a processor cannot be built for or emulated here, or nothing.
cross_obstacle() {
    if ! command -v "$2-gcc" >/dev/null || [ ! -f "/usr/$2/lib/crt1.o" ]; then
        echo "no cross compiler; examples/packages.sh install cross"
    elif ! command -v "$3" >/dev/null; then
        echo "no $3; examples/packages.sh install cross"
    elif ! "$root/tests/cross/sysroot.sh" "$1" "$build/sysroot-$1" >"$build/sysroot-$1.log" 2>&1; then
        echo "its libraries cannot be fetched; see $build/sysroot-$1.log"
    fi
}

# cross_to NAME DEBIAN-NAME TRIPLET EMULATOR: what the order of bytes, the size of words and their alignment may break.
cross_to() {
    say "$1 under $4: vectors and unit tests"
    mkdir -p "$build"
    obstacle=$(cross_obstacle "$2" "$3" "$4")
    if [ -n "$obstacle" ]; then
        echo "SKIPPED: NOTHING WAS BUILT OR TESTED FOR $1: $obstacle"
        skipped=$((skipped + 1))
        return
    fi
    if [ ! -f "$build/$1/build.ninja" ]; then
        meson setup "$build/$1" "$root" --cross-file "$build/sysroot-$2/constants.ini" \
            --cross-file "$root/tests/cross/$1.ini" -Dffmpeg=disabled -Dcurl=disabled -Dlibevent=disabled -Ddocs=disabled
    fi
    test_in "$1" --timeout-multiplier 10 --logbase testlog-cross \
        builder context cursor failure file options status stream time \
        aead digest ecdsa_raw hpke kek scrypt nal jpeg h264 h265 light_kinds light_plan \
        chain name role round_trip vectors replay_header replay_manifest replay_record camera_in_ram \
        frame leaves create evidence evidence_splice case case_refused profile onvif onvif_vectors replay_package \
        base64 conditions jws policy token zone approval exchange refusals request expiry_text tls_handshake \
        account account_login password_phc password_policy replay_phc replay_account \
        json_parse real note tile tree epochs record audit_log
}

cross() {
    cross_to aarch64 arm64 aarch64-linux-gnu qemu-aarch64
    cross_to armhf armhf arm-linux-gnueabihf qemu-arm
    cross_to s390x s390x s390x-linux-gnu qemu-s390x
}

case " $stages " in
*[!a-z\ ]*) echo "usage: tests/run.sh [plain|sanitize|valgrind|lint|cross]..." >&2; exit 2 ;;
esac
"$root/examples/packages.sh" install build viewer test
viewer=enabled
obstacle=$(viewer_obstacle)
if [ -n "$obstacle" ]; then
    echo "SKIPPED: THE VIEWER IS NOT BUILT OR TESTED: $obstacle"
    viewer=disabled
    skipped=$((skipped + 1))
fi
[ -d "$root/../shared/media" ] ||
    echo "NOTE: ../shared/media is absent; tests that want real surveillance clips use synthetic ones or skip."
times=
for stage in $stages; do
    begin=$(date +%s)
    case $stage in
    plain | sanitize | valgrind | lint | cross) "$stage" ;;
    *) echo "tests/run.sh: there is no stage '$stage'" >&2; exit 2 ;;
    esac
    times="$times $stage $(($(date +%s) - begin)) s,"
done
printf '%s\n' "$failures"
printf 'It took:%s\n' "${times%,}"
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
