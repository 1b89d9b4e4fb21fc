#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Static checkers over library and examples; silent and 0 when there is nothing to say.
# Usage: lint.sh BUILD_DIR
set -eu

build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
status=0

cppcheck -q -j 2 --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem -U__cplusplus -Iinclude -Ilib/base -Ilib/crypto -Ilib/media -Ilib/identity \
    -Ilib/container -Iexamples/cli -Iexamples/camera -Iexamples/intake -Iexamples/stream -Iexamples/vms/common -i examples/viewer/node_modules lib examples || status=1

find lib examples/cli examples/stream examples/intake examples/camera examples/vms -name '*.c' -print0 |
    xargs -0 -n 6 -P 2 clang-tidy -p "$build" --quiet 2> /dev/null || status=1

find include lib examples tests fuzz pkgconfig -name node_modules -prune -o -name '*.[ch]' ! -name encoder_streams.h -print0 |
    xargs -0 clang-format --dry-run -Werror || status=1

find . \( -path ./build -o -name node_modules \) -prune -o \( -name '*.sh' -o -path './.ci/run' \) -print0 |
    xargs -0 shellcheck || status=1

exit $status
