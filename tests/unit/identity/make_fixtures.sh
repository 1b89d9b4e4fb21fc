#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the certificates in fixtures/ with the openssl command line tool, an implementation that is
# not ours. Run it by hand when a case is added; keys are thrown away, so every run makes new ones.
# A trust-*.pem holds anchors; every other file is a chain, leaf first.
set -eu

out=$(cd "$(dirname "$0")" && pwd)/fixtures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p "$out"

arc=2.25.132330503438125610743018859333830030049

cat > ca.cnf <<CONF
[ca]
default_ca = any
[any]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
policy = anything
email_in_dn = no
copy_extensions = none
[anything]
organizationName = optional
commonName = optional

[ids]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid

[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sloppy_root]
basicConstraints = CA:TRUE
subjectKeyIdentifier = hash
[nameless_root]
basicConstraints = CA:TRUE
subjectKeyIdentifier = none
authorityKeyIdentifier = none
[ca_cert]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca_no_key_usage]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca_no_certsign]
basicConstraints = critical,CA:TRUE
keyUsage = critical,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca_false]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyCertSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca_constrained]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
nameConstraints = critical,permitted;dirName:only_this
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[only_this]
O = Permitted

[recorder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = $arc.2
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[recorder_no_authority_id]
keyUsage = critical,digitalSignature
extendedKeyUsage = $arc.2
authorityKeyIdentifier = none
[recorder_no_key_usage]
extendedKeyUsage = $arc.2
authorityKeyIdentifier = keyid
[recorder_encipherment]
keyUsage = critical,keyEncipherment
extendedKeyUsage = $arc.2
authorityKeyIdentifier = keyid
[recorder_unknown_critical]
keyUsage = critical,digitalSignature
extendedKeyUsage = $arc.2
authorityKeyIdentifier = keyid
1.3.6.1.4.1.55555.1 = critical,DER:0500
[recorder_bad_extension]
keyUsage = critical,digitalSignature
extendedKeyUsage = $arc.2
authorityKeyIdentifier = keyid
basicConstraints = DER:0500
[bad_usage]
keyUsage = critical,digitalSignature
2.5.29.37 = DER:0500
authorityKeyIdentifier = keyid
[recorder_or_any]
keyUsage = critical,digitalSignature
extendedKeyUsage = anyExtendedKeyUsage,$arc.2
authorityKeyIdentifier = keyid
[all_roles]
keyUsage = critical,digitalSignature
extendedKeyUsage = $arc.1,$arc.2,$arc.3,$arc.4,$arc.5
authorityKeyIdentifier = keyid
[other_roles]
keyUsage = critical,digitalSignature
extendedKeyUsage = $arc.1,$arc.3,serverAuth
authorityKeyIdentifier = keyid
[neighbour_arc]
keyUsage = critical,digitalSignature
extendedKeyUsage = $arc.2.1,$arc.6,$arc
authorityKeyIdentifier = keyid
[no_usage]
keyUsage = critical,digitalSignature
authorityKeyIdentifier = keyid
[any_usage]
keyUsage = critical,digitalSignature
extendedKeyUsage = anyExtendedKeyUsage
authorityKeyIdentifier = keyid
CONF
: > index.txt

# key NAME ALGORITHM [openssl genpkey options]
key() {
    key_file=$1.key
    shift
    openssl genpkey -algorithm "$@" -out "$key_file" 2> genpkey.log || { cat genpkey.log; exit 1; }
}

ec_key() {
    key "$1" EC -pkeyopt ec_paramgen_curve:P-256
}

# certify NAME SUBJECT ISSUER EXTENSIONS FROM TO [openssl ca options]; ISSUER "self" signs itself
certify() {
    name=$1 subject=$2 issuer=$3 extensions=$4 from=$5 to=$6
    shift 6
    if [ "$issuer" = self ]; then
        signer="-selfsign -keyfile $name.key"
    else
        signer="-keyfile $issuer.key -cert $issuer.pem"
    fi
    openssl req -new -utf8 -key "$name.key" -subj "$subject" -out "$name.csr"
    # shellcheck disable=SC2086
    openssl ca -config ca.cnf -batch -notext -preserveDN -utf8 $signer -in "$name.csr" \
        -out "$name.pem" -extensions "$extensions" -md default "$@" \
        -startdate "${from}0101000000Z" -enddate "${to}0101000000Z" 2> ca.log ||
        { cat ca.log; exit 1; }
}

# leaf NAME EXTENSIONS: the ordinary recorder of 2026 under the ordinary CA
leaf() {
    ec_key "$1"
    certify "$1" "/O=Example/CN=$1" mid "$2" 2026 2028
    cat "$1.pem" mid.pem > "$out/$1.pem"
}

ec_key root
certify root "/O=Example/CN=root" self root 2020 2060
ec_key mid
certify mid "/O=Example/CN=issuing" root ca_cert 2020 2050
cp root.pem "$out/trust-root.pem"
cp mid.pem "$out/trust-issuing.pem"

leaf recorder recorder
cp recorder.pem "$out/recorder-alone.pem"
cp recorder.pem "$out/trust-recorder.pem"
cat recorder.pem mid.pem root.pem > "$out/recorder-with-root.pem"
leaf no-authority-id recorder_no_authority_id
leaf no-key-usage recorder_no_key_usage
leaf encipherment recorder_encipherment
leaf unknown-critical recorder_unknown_critical
leaf bad-extension recorder_bad_extension
leaf bad-usage bad_usage
leaf recorder-or-any recorder_or_any
leaf all-roles all_roles
leaf other-roles other_roles
leaf neighbour-arc neighbour_arc
leaf no-usage no_usage
leaf any-usage any_usage

# A CA of the same name with another key: once with identifiers that tell, once without.
ec_key impostor
certify impostor "/O=Example/CN=root" self root 2020 2060
cp impostor.pem "$out/trust-impostor.pem"
ec_key nameless
certify nameless "/O=Example/CN=root" self nameless_root 2020 2060
cp nameless.pem "$out/trust-nameless.pem"
cat impostor.pem root.pem > "$out/trust-impostor-and-root.pem"

# A root as "openssl req -x509" users make it: no key usage, nothing critical.
ec_key sloppy
certify sloppy "/O=Example/CN=sloppy root" self sloppy_root 2020 2060
ec_key sloppy-leaf
certify sloppy-leaf "/O=Example/CN=leaf of sloppy root" sloppy recorder 2026 2028
cp sloppy.pem "$out/trust-sloppy.pem"
cp sloppy-leaf.pem "$out/sloppy-leaf.pem"

# Intermediates that may not issue, each with a leaf below it.
below() {
    ec_key "$1"
    certify "$1" "/O=Example/CN=$1" "$2" "$3" 2020 2050
    ec_key "below-$1"
    certify "below-$1" "/O=Example/CN=below $1" "$1" recorder 2026 2028
}
for kind in ca_false ca_no_key_usage ca_no_certsign ca_constrained; do
    dashed=$(echo "$kind" | tr _ -)
    below "$dashed" root "$kind"
    cat "below-$dashed.pem" "$dashed.pem" > "$out/below-$dashed.pem"
done
below too-deep mid ca_cert
cat below-too-deep.pem too-deep.pem mid.pem > "$out/below-too-deep.pem"

# An intermediate of 2020 to 2025, its renewal under the same key, and a long-lived leaf.
ec_key short
certify short "/O=Example/CN=short" root ca_cert 2020 2025
mv short.pem short-old.pem
certify short "/O=Example/CN=short" root ca_cert 2024 2050
ec_key below-short
certify below-short "/O=Example/CN=below short" short recorder 2021 2045
cat below-short.pem short-old.pem > "$out/below-short.pem"
cat below-short.pem short-old.pem short.pem > "$out/below-renewed.pem"
cat below-short.pem short.pem > "$out/below-late.pem"

# A root that has expired, and below it a CA that is an anchor as well.
ec_key old-root
certify old-root "/O=Example/CN=old root" self root 2020 2025
ec_key old-issuing
certify old-issuing "/O=Example/CN=old issuing" old-root ca_cert 2020 2050
ec_key below-old
certify below-old "/O=Example/CN=below old" old-issuing recorder 2026 2028
cp below-old.pem "$out/below-old.pem"
cp old-root.pem "$out/trust-old-root.pem"
cat old-root.pem old-issuing.pem > "$out/trust-old-root-and-issuing.pem"
cat below-old.pem old-issuing.pem > "$out/below-old-with-issuing.pem"

# Weak keys and digests.
key rsa1024 RSA -pkeyopt rsa_keygen_bits:1024
certify rsa1024 "/O=Example/CN=small" mid recorder 2026 2028
cp rsa1024.pem "$out/leaf-rsa1024.pem"
key weak-ca RSA -pkeyopt rsa_keygen_bits:1024
certify weak-ca "/O=Example/CN=weak issuing" root ca_cert 2020 2050
ec_key below-weak-ca
certify below-weak-ca "/O=Example/CN=below weak" weak-ca recorder 2026 2028
cat below-weak-ca.pem weak-ca.pem > "$out/below-weak-ca.pem"
key explicit EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit
certify explicit "/O=Example/CN=explicit curve" root ca_cert 2020 2050
ec_key below-explicit
certify below-explicit "/O=Example/CN=below explicit curve" explicit recorder 2026 2028
cat below-explicit.pem explicit.pem > "$out/below-explicit-curve.pem"
ec_key sha1
certify sha1 "/O=Example/CN=sha1 leaf" mid recorder 2026 2028 -md sha1
cat sha1.pem mid.pem > "$out/leaf-sha1.pem"
ec_key sha1-root
certify sha1-root "/O=Example/CN=sha1 root" self root 2020 2060 -md sha1
ec_key below-sha1-root
certify below-sha1-root "/O=Example/CN=below sha1 root" sha1-root recorder 2026 2028
cp sha1-root.pem "$out/trust-sha1-root.pem"
cp below-sha1-root.pem "$out/below-sha1-root.pem"

# Kinds of keys.
key p384 EC -pkeyopt ec_paramgen_curve:P-384
key ed25519 ED25519
key rsa RSA -pkeyopt rsa_keygen_bits:2048
key rsapss RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 \
    -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32
for kind in p384 ed25519 rsa rsapss; do
    certify "$kind" "/O=Example/CN=$kind" mid recorder 2026 2028
    cat "$kind.pem" mid.pem > "$out/leaf-$kind.pem"
done
openssl genpkey -algorithm X25519 -out x25519.key
openssl pkey -in x25519.key -pubout -out x25519.pub
openssl x509 -req -in recorder.csr -force_pubkey x25519.pub -CA mid.pem -CAkey mid.key \
    -days 3650 -out "$out/leaf-x25519.pem" 2> x509.log
# Issued by an RSA CA with RSASSA-PSS, and by an Ed25519 CA.
key rsa-ca RSA -pkeyopt rsa_keygen_bits:2048
certify rsa-ca "/O=Example/CN=rsa issuing" root ca_cert 2020 2050
ec_key by-pss
certify by-pss "/O=Example/CN=by pss" rsa-ca recorder 2026 2028 -md sha256 \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
cat by-pss.pem rsa-ca.pem > "$out/issued-with-pss.pem"
key ed-ca ED25519
certify ed-ca "/O=Example/CN=ed issuing" root ca_cert 2020 2050
ec_key by-ed
certify by-ed "/O=Example/CN=by ed" ed-ca recorder 2026 2028
cat by-ed.pem ed-ca.pem > "$out/issued-with-ed25519.pem"

# A leaf that nobody else vouches for.
ec_key self
certify self "/O=Example/CN=self" self recorder 2026 2028
cp self.pem "$out/self-signed.pem"
cp self.pem "$out/trust-self-signed.pem"

# A signature that does not verify: the last byte of an otherwise good certificate is changed.
openssl x509 -in recorder.pem -outform DER -out good.der
size=$(wc -c < good.der)
last=$(tail -c 1 good.der | od -An -tu1 | tr -d ' ')
head -c $((size - 1)) good.der > bad.der
# shellcheck disable=SC2059
printf "\\$(printf %03o $(((last + 1) % 256)))" >> bad.der
openssl x509 -inform DER -in bad.der > bad.pem
cat bad.pem mid.pem > "$out/bad-signature.pem"

# Text around certificates, and a block of another kind among them.
{
    echo "Bag attributes and other text"
    openssl x509 -in recorder.pem -text
    openssl pkey -in recorder.key -pubout
    cat mid.pem
} > "$out/with-text.pem"

# Eight and nine certificates.
cat recorder.pem mid.pem mid.pem mid.pem mid.pem mid.pem mid.pem mid.pem > "$out/eight.pem"
cat "$out/eight.pem" mid.pem > "$out/nine.pem"

# Dates that 64-bit nanoseconds do not reach.
ec_key forever
certify forever "/O=Example/CN=forever" mid recorder 1600 9999
cat forever.pem mid.pem > "$out/forever.pem"

ec_key unicode
certify unicode "/O=Bäckerei, Söhne/CN=Kamera № 7" mid recorder 2026 2028
cat unicode.pem mid.pem > "$out/unicode.pem"
