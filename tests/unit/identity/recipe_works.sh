#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The recipe of the operations guide makes certificates that the library trusts for that role only.
# Usage: recipe_works.sh OPERATIONS_GUIDE CHECK_CHAIN
set -eu

guide=$(readlink -f "$1") check=$(readlink -f "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

awk '/^<!-- recipe -->/ { wanted = 1; next }
     wanted && /^```sh/ { inside = 1; next }
     inside && /^```/ { exit }
     inside' "$guide" > recipe.sh
[ -s recipe.sh ] || { echo "no recipe in $guide" >&2; exit 1; }
sh -eu recipe.sh > recipe.log 2>&1 || { cat recipe.log; exit 1; }

"$check" root.pem recorder-chain.pem recorder
"$check" issuing.pem recorder.pem recorder
if "$check" root.pem recorder-chain.pem exporter; then
    echo "trusted as exporter" >&2
    exit 1
fi
if "$check" root.pem recorder.pem recorder; then
    echo "trusted without the issuing CA" >&2
    exit 1
fi
