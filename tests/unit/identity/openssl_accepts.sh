#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What svms_certificate_issue made, the openssl command line tool accepts, and reads as it was meant.
# Usage: openssl_accepts.sh WRITE_CERTIFICATES
set -eu

write=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
arc=2.25.132330503438125610743018859333830030049

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

says() {
    openssl x509 -in "$folder/$1.pem" -noout -text -nameopt utf8 | grep -Fq -- "$2" ||
        fail "$kind $1 does not say: $2"
}

for kind in P-256 P-384 ED25519 RSA; do
    "$write" "$folder" "$kind"
    number=1
    openssl verify -x509_strict -check_ss_sig -CAfile "$folder/root.pem" "$folder/below.pem"
    for role in camera recorder exporter custodian key-officer; do
        openssl verify -x509_strict -check_ss_sig -auth_level 2 -CAfile "$folder/root.pem" \
            -untrusted "$folder/below.pem" "$folder/$role.pem"
        says "$role" "$arc.$number"
        says "$role" "Subject: CN=$role"
        says "$role" "Issuer: CN=Issuing CA"
        number=$((number + 1))
    done
    says root "CA:TRUE, pathlen:1"
    says below "CA:TRUE, pathlen:0"
    says below "Certificate Sign, CRL Sign"
    says camera "CA:FALSE"
    says camera "Not Before: Jan  1 00:00:00 2020 GMT"
    says camera "Not After : Jan  1 00:00:00 2060 GMT"
    if openssl verify -CAfile "$folder/root.pem" "$folder/camera.pem" > /dev/null 2>&1; then
        fail "$kind: accepted without the intermediate, so this test proves nothing"
    fi
done
