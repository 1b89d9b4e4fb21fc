#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys in a TPM 2.0, which swtpm plays: made by tpm2-tools and by OpenSSL's tpm2 provider, used by the
# program that is given. Exits with 77, saying why, where something is not installed.
# Usage: test_tpm.sh PROGRAM
set -eu

program=$(realpath "$1")

skip() {
    echo "SKIPPED: $1 (examples/packages.sh install test)"
    exit 77
}

for tool in swtpm tpm2_createprimary tpm2_create tpm2_load tpm2_evictcontrol tpm2_flushcontext \
    tpm2_readpublic tpm2_rsadecrypt openssl; do
    command -v "$tool" > /dev/null || skip "$tool is not installed"
done
modules=$(openssl version -m | cut -d '"' -f 2)
[ -f "$modules/tpm2.so" ] || skip "OpenSSL's tpm2 provider is not installed"

work=$(mktemp -d)
daemon=
# shellcheck disable=SC2317
clean_up() {
    [ -z "$daemon" ] || kill "$daemon" 2> /dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/state"
swtpm socket --tpm2 --tpmstate "dir=$work/state" --flags not-need-init,startup-clear \
    --server "type=unixio,path=$work/socket" --ctrl "type=unixio,path=$work/socket.ctrl" \
    > "$work/swtpm.log" 2>&1 &
daemon=$!
tries=0
until [ -S "$work/socket.ctrl" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$daemon" 2> /dev/null; then
        cat "$work/swtpm.log"
        exit 1
    fi
    sleep 0.1
done
export TPM2TOOLS_TCTI="swtpm:path=$work/socket" TPM2OPENSSL_TCTI="swtpm:path=$work/socket"
cd "$work"

# make HANDLE NAME ALGORITHM USE [OPTION]...: a key that stays in the TPM, and its public half as PEM. There
# is no resource manager, so what is loaded is flushed by hand.
make() {
    handle=$1 name=$2 algorithm=$3 use=$4
    shift 4
    tpm2_flushcontext -t
    tpm2_create -Q -C primary.ctx -G "$algorithm" -u "$name.pub" -r "$name.priv" \
        -a "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|$use" "$@"
    tpm2_flushcontext -t
    tpm2_load -Q -C primary.ctx -u "$name.pub" -r "$name.priv" -c "$name.ctx"
    tpm2_flushcontext -t
    tpm2_evictcontrol -Q -c "$name.ctx" "$handle"
    tpm2_flushcontext -t
    tpm2_readpublic -Q -c "$handle" -f pem -o "$name.pem"
}

tpm2_createprimary -Q -C o -g sha256 -G ecc -c primary.ctx
make 0x81000001 sign ecc256:ecdsa-sha256 sign
make 0x81000002 agree ecc256:ecdh decrypt
make 0x81000003 open rsa2048 decrypt
make 0x81000004 rsa-sign rsa2048 sign
make 0x81000005 locked ecc256:ecdsa-sha256 sign -p secret
# Keys in files, wrapped for this TPM.
openssl genpkey -provider tpm2 -algorithm EC -pkeyopt group:P-256 -out file-ec.key
openssl pkey -provider tpm2 -provider default -in file-ec.key -pubout -out file-ec.pem
openssl genpkey -provider tpm2 -algorithm RSA -pkeyopt bits:2048 -out file-rsa.key
openssl pkey -provider tpm2 -provider default -in file-rsa.key -pubout -out file-rsa.pem

"$program" "$work"

# What the TPM signed for the library, to OpenSSL's own eyes.
openssl dgst -sha256 -verify sign.pem -signature signature.der message
echo "all of it"
