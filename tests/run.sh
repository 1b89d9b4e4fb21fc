#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and passes every test: with gcc, with clang under AddressSanitizer and
# UndefinedBehaviorSanitizer, under valgrind, and with the static checkers.
# Usage: tests/run.sh [plain|sanitize|valgrind|lint]...   (default: all four)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
stages=${*:-plain sanitize valgrind lint}
passed=0
failed=0
skipped=0

say() {
    printf '\n== %s\n' "$*"
}

# Adds up what one run of "meson test" logged.
count() {
    log=$1
    passed=$((passed + $(grep -c '"result": "OK"' "$log" || true)))
    skipped=$((skipped + $(grep -c '"result": "SKIP"' "$log" || true)))
    failed=$((failed + $(grep -cE '"result": "(FAIL|ERROR|TIMEOUT|INTERRUPT|UNEXPECTEDPASS)"' "$log" || true)))
}

# build_in FOLDER COMPILER OPTION...
build_in() {
    folder=$build/$1
    compiler=$2
    shift 2
    if [ -f "$folder/build.ninja" ]; then
        meson configure "$folder" "$@"
    else
        CC=$compiler meson setup "$folder" "$root" "$@"
    fi
    ninja -C "$folder"
}

# test_in FOLDER ARGUMENT...; a failure is counted, and the run goes on.
test_in() {
    folder=$build/$1
    shift
    rm -f "$folder"/meson-logs/testlog*.json
    meson test -C "$folder" --no-rebuild --print-errorlogs "$@" || true
    for log in "$folder"/meson-logs/testlog*.json; do
        if [ -f "$log" ]; then
            count "$log"
        else
            failed=$((failed + 1))
        fi
    done
}

# A step that is one test.
step() {
    if "$@"; then
        passed=$((passed + 1))
    else
        echo "FAILED: $*"
        failed=$((failed + 1))
    fi
}

plain() {
    say "gcc: every test"
    build_in gcc gcc --buildtype=debugoptimized
    test_in gcc
}

sanitize() {
    say "clang, AddressSanitizer and UndefinedBehaviorSanitizer: library, vectors, corpora"
    build_in sanitize clang --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
        -Dffmpeg=disabled -Ddocs=disabled
    ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        test_in sanitize --timeout-multiplier 4 \
        --suite unit/base --suite unit/crypto --suite unit/media --suite unit/identity \
        --suite unit/container --suite fuzz
}

# What is exhaustive takes hours there; the same code runs in the tests that stay.
valgrind() {
    say "valgrind"
    build_in gcc gcc --buildtype=debugoptimized
    test_in gcc --timeout-multiplier 20 --logbase testlog-valgrind \
        --wrapper 'valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' \
        builder context cursor failure file options status stream time \
        aead digest ecdsa_raw kek key_uri rsa_oaep signer unwrapper nal jpeg h264 h265 light_kinds light_plan \
        chain name role verdict hostile vectors
}

lint() {
    say "cppcheck, clang-tidy, clang-format, shellcheck"
    build_in gcc gcc --buildtype=debugoptimized
    step "$root/tests/style/lint.sh" "$build/gcc"
}

case " $stages " in
*[!a-z\ ]*) echo "usage: tests/run.sh [plain|sanitize|valgrind|lint]..." >&2; exit 2 ;;
esac
"$root/examples/packages.sh" install build test
[ -d "$root/../shared/media" ] ||
    echo "NOTE: ../shared/media is absent; tests that want real surveillance clips use synthetic ones or skip."
for stage in $stages; do
    case $stage in
    plain | sanitize | valgrind | lint) "$stage" ;;
    *) echo "tests/run.sh: there is no stage '$stage'" >&2; exit 2 ;;
    esac
done
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
