#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes seeds for the harness of time stamps and revocation lists, and the anchor that it trusts,
# with the openssl command line tool. The keys are thrown away, so that nobody can make more of them.
# Time stamps get the present time.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$here/corpus/timestamp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p "$out"

cat > tsa.cnf <<'CONF'
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[authority]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[any]
database = index.txt
crlnumber = number
new_certs_dir = .
rand_serial = yes
policy = anything
default_md = sha256
unique_subject = no
crl_extensions = list
[anything]
commonName = supplied
[list]
authorityKeyIdentifier = keyid
[partial]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical,@point
[point]
onlyuser = TRUE
[tsa]
serial = serial
signer_cert = authority.pem
signer_key = authority.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 6
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
[tsa_v1]
serial = serial
signer_cert = rsa.pem
signer_key = rsa.key
signer_digest = sha512
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_chain = yes
ess_cert_id_alg = sha1
certs = root.pem
CONF
: > index.txt
echo 01 > serial
echo 01 > number

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root.key 2> log
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out authority.key 2> log
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2> log
sign() {
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    if [ "$1" = root ]; then
        signer="-selfsign -keyfile root.key"
    else
        signer="-keyfile root.key -cert root.pem"
    fi
    # shellcheck disable=SC2086
    openssl ca -config tsa.cnf -name any -batch -notext $signer -in "$1.csr" -out "$1.pem" \
        -extensions "$2" -startdate 20200101000000Z -enddate 20600101000000Z 2> log || {
        cat log
        exit 1
    }
}
sign root root
sign authority authority
sign rsa authority

# seed NUMBER NAME FILE...: the selector, then the files
seed() {
    number=$1 name=$2
    shift 2
    {
        # shellcheck disable=SC2059
        printf "\\00$number"
        cat "$@"
    } > "$out/$name"
}

digest=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
openssl ts -query -digest $digest -sha256 -cert -out plain.tsq 2> log
openssl ts -query -digest $digest$digest -sha512 -cert -out sha512.tsq 2> log
# A query of 70 bytes, as the library makes it: its nonce has a set first bit.
while :; do
    openssl ts -query -digest $digest -sha256 -cert -out ours.tsq 2> log
    [ "$(wc -c < ours.tsq)" -ne 70 ] || break
done
reply() {
    openssl ts -reply -config tsa.cnf -section "$1" -queryfile "$2.tsq" -out "$3.tsr" 2> log || {
        cat log
        exit 1
    }
}
reply tsa ours ours
reply tsa sha512 sha512
reply tsa_v1 ours v1
printf '0\003\002\001\001' > bad.tsq
reply tsa bad refusal
for name in ours sha512 v1; do
    openssl ts -reply -config tsa.cnf -in $name.tsr -token_out -out $name.token 2> log
    seed 0 token-$name $name.token
done
seed 1 reply-ours ours.tsq ours.tsr
seed 1 reply-v1 ours.tsq v1.tsr
seed 1 reply-sha512 ours.tsq sha512.tsr
seed 1 refusal ours.tsq refusal.tsr
head -c 100 ours.token > short.token
seed 0 token-short short.token

list() {
    openssl ca -config tsa.cnf -name any -gencrl -keyfile root.key -cert root.pem -crldays 10000 \
        -crlexts "${2:-list}" -out "$1.crl" 2> log || {
        cat log
        exit 1
    }
    openssl crl -in "$1.crl" -outform DER -out "$1.der"
}
list nobody
list part partial
seed 2 list-nobody nobody.der
seed 2 list-partial part.der
openssl ca -config tsa.cnf -name any -keyfile root.key -cert root.pem -revoke authority.pem \
    -crl_compromise 20250101000000Z 2> log
list revoked
seed 2 list-revoked revoked.der
seed 2 list-text nobody.crl revoked.crl

{
    echo '/* SPDX-License-Identifier: Apache-2.0 */'
    echo '/* Written by make_timestamp_seeds.sh. */'
    echo '#ifndef SVMS_FUZZ_TIMESTAMP_ANCHOR_H'
    echo '#define SVMS_FUZZ_TIMESTAMP_ANCHOR_H'
    echo
    echo '#include <stdint.h>'
    echo
    echo 'static const char fuzz_anchor[] ='
    sed 's/.*/    "&\\n"/; $s/$/;/' root.pem
    echo
    echo 'static const uint8_t fuzz_digest[32] = {'
    echo $digest | sed 's/../0x&, /g; s/^/    /; s/, $//'
    echo '};'
    echo
    echo 'static const uint8_t fuzz_token[] = {'
    od -An -v -tx1 ours.token | sed 's/ \(..\)/0x\1, /g; s/^/    /; s/, $/,/'
    echo '};'
    echo
    echo '#endif'
} > "$here/fuzz_timestamp_anchor.h"
