#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Names of the functions that public headers declare, one a line, sorted.
# Usage: public_functions.sh INCLUDE_DIR
set -eu

export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# Comments and directives go; declarations end at a semicolon.
# shellcheck disable=SC2020
for header in "$1"/svms/*.h; do
    awk -f "$here/../style/code_only.awk" "$header"
done | grep -v '^ *#' | tr '\n' ' ' | tr ';{}' '\n\n\n' |
    sed -n 's/^.*SVMS_API[^(]*[^a-z0-9_]\(svms_[a-z0-9_]*\) *(.*$/\1/p' | sort
