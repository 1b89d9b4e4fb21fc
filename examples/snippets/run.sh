#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the snippets on one another's results.
# Usage: run.sh FOLDER-OF-PROGRAMS with_tls|without SVMS
set -eu

programs=$1
tls=$2
svms=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

echo demonstration > "$work/password"
chmod 600 "$work/password"

"$programs/write" "$work/a.svms" "$work/ca.pem" &
writer=$!
timeout 60 "$programs/follow" "$work/a.svms" > "$work/followed" || fail "follow"
wait "$writer" || fail "write"
[ "$(wc -l < "$work/followed")" -eq 3 ] || fail "follow saw $(cat "$work/followed")"

"$programs/read" "$work/a.svms" "$work/password" > "$work/read" || fail "read"
[ "$(wc -l < "$work/read")" -eq 30 ] || fail "read saw $(wc -l < "$work/read") samples"

"$programs/verify" "$work/a.svms" "$work/ca.pem" || fail "verify"

# change FILE COPY QUARTERS: a copy with another byte so many quarters behind its start.
change() {
    cp "$1" "$2"
    place=$(($(wc -c < "$1") * $3 / 4))
    old=$(od -An -tu1 -j "$place" -N 1 "$1" | tr -d ' ')
    printf '%b' "\\0$(printf %03o $(((old + 1) % 256)))" |
        dd of="$2" bs=1 seek="$place" conv=notrunc status=none
}

change "$work/a.svms" "$work/b.svms" 3
if "$programs/verify" "$work/b.svms" "$work/ca.pem"; then
    fail "a changed byte was not noticed"
fi

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/soon.key" -subj /CN=soon -days 10 \
    -out "$work/soon.pem" 2> "$work/openssl" || fail "openssl said $(cat "$work/openssl")"
"$programs/expiry" "$work/told" "$work/soon.pem" "$work/ca.pem" > "$work/warned" || fail "expiry"
[ "$(grep -c 'CN=soon: 14 days' "$work/warned")" -eq 1 ] || fail "expiry said $(cat "$work/warned")"
"$programs/expiry" "$work/told" "$work/soon.pem" "$work/ca.pem" > "$work/warned" || fail "expiry, once more"
[ ! -s "$work/warned" ] || fail "expiry said again $(cat "$work/warned")"

# certify NAME EXTENSIONS: a key and a certificate of the CA of this script
certify() {
    printf '%b' "$2" > "$work/$1.ext"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" -subj "/CN=$1" \
        -out "$work/$1.csr" 2> "$work/openssl"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/tls-ca.pem" -CAkey "$work/tls-ca.key" -days 2 \
        -extfile "$work/$1.ext" -out "$work/$1.pem" 2> "$work/openssl"
}

# enter PASSWORD...: what the door says
enter() {
    printf '%s\n' "$@" | "$programs/login" "$work/account" "$work/account.key" anna 192.0.2.7 > "$work/entered" 2> "$work/login"
}

head -c 32 /dev/urandom > "$work/account.key"
if enter short; then
    fail "a short password was taken"
fi
grep -q "the policy refuses" "$work/login" || fail "login said $(cat "$work/login")"
[ ! -e "$work/account" ] || fail "an account was stored without a password"
enter "four horses and a battery" "four mice" "four horses and a battery" || fail "login said $(cat "$work/entered" "$work/login")"
grep -q "^record: anna from 192.0.2.7: wrong password | peer: wrong$" "$work/entered" || fail "login said $(cat "$work/entered")"
[ "$(tail -n 1 "$work/entered")" = "record: anna from 192.0.2.7: good | peer: welcome" ] || fail "login said $(cat "$work/entered")"
if enter "four mice"; then
    fail "a wrong password was welcome"
fi

# issue LIFE: a token for anna, in a file
issue() {
    "$svms" token issue --key "$work/issuer/key.pem" --issuer https://id.example --audience recorder-1 --subject anna --client desk \
        --rights "$work/rights.json" --life "$1" > "$work/token" || fail "token issue"
}

# show DEVICE: what the server says of the token
show() {
    timeout 60 "$programs/access" "$work/policy.json" "$work/jwks.json" https://id.example recorder-1 "$1" < "$work/token" > "$work/said"
}

cat > "$work/policy.json" << 'END'
{"format": "svms-policy", "version": 1, "revision": 1, "roles": {"guard": {"subjects": ["anna"]}},
 "rules": [{"id": "guards-live", "roles": ["guard"], "actions": ["live.*"], "devices": ["hall"], "obligations": ["watermark"]},
           {"id": "guards-gate", "roles": ["guard"], "actions": ["live.*"], "devices": ["gate"], "obligations": ["mask"]}]}
END
echo '[{"type": "svms", "actions": ["live.view"], "devices": ["hall", "gate"]}]' > "$work/rights.json"
"$svms" identity create --out "$work/issuer" --name "Issuer" > /dev/null
"$svms" jwks "$work/issuer/key.pem" > "$work/jwks.json"
issue 10m
show hall || fail "access said $(cat "$work/said")"
grep -q "^record: anna, live.view, hall: allowed, by rule guards-live | peer: allowed$" "$work/said" || fail "access said $(cat "$work/said")"
[ "$(tail -n 1 "$work/said")" = "pictures: 100" ] || fail "access said $(cat "$work/said")"
for device in gate cellar; do
    if show "$device"; then
        fail "access showed what it must not: $(cat "$work/said")"
    fi
    [ "$(tail -n 1 "$work/said")" = "pictures: 0" ] || fail "access said $(cat "$work/said")"
done
issue 4s
if show hall; then
    fail "a token outlived itself: $(cat "$work/said")"
fi
grep -q "^record: .*denied.*| peer: the login has expired$" "$work/said" || fail "access said $(cat "$work/said")"
change "$work/token" "$work/other" 3
mv "$work/other" "$work/token"
if show hall; then
    fail "a changed token was taken"
fi
grep -q "| peer: invalid_token$" "$work/said" || fail "access said $(cat "$work/said")"

if [ "$tls" = with_tls ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/tls-ca.key" -subj "/CN=TLS CA" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -days 2 -out "$work/tls-ca.pem" 2> "$work/openssl"
    leaf="basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    certify server "${leaf}extendedKeyUsage=serverAuth\nsubjectAltName=DNS:server.example\n"
    certify client "${leaf}extendedKeyUsage=clientAuth\n"
    timeout 60 "$programs/tls_server" "$work/server.pem" "$work/server.key" "$work/tls-ca.pem" 2 > "$work/served" &
    server=$!
    for _ in $(seq 100); do
        [ ! -s "$work/served" ] || break
        sleep 0.1
    done
    port=$(head -n 1 "$work/served")
    "$programs/tls_client" "$work/client.pem" "$work/client.key" "$work/tls-ca.pem" server.example "$port" "good day" > "$work/answer" ||
        fail "tls_client"
    [ "$(cat "$work/answer")" = "good day" ] || fail "tls_client heard $(cat "$work/answer")"
    if "$programs/tls_client" "$work/client.pem" "$work/client.key" "$work/tls-ca.pem" other.example "$port" "good day" 2> "$work/answer"; then
        fail "tls_client spoke to the wrong host"
    fi
    grep -q "other.example" "$work/answer" || fail "tls_client said $(cat "$work/answer")"
    wait "$server" || fail "tls_server"
    grep -q "^CN=client$" "$work/served" || fail "tls_server said $(cat "$work/served")"
fi

"$programs/export" "$work/a.svms" "$work/ca.pem" "$work/a.svmx" "$work/export-ca.pem" > "$work/receipt" || fail "export"
[ "$(wc -c < "$work/receipt")" -eq 65 ] || fail "export printed $(cat "$work/receipt")"

"$programs/receive" "$work/a.svmx" "$work/password" "$work/ca.pem" "$work/export-ca.pem" > "$work/received" ||
    fail "receive said $(cat "$work/received")"
[ "$(grep -c bytes$ "$work/received")" -eq 30 ] || fail "receive saw $(cat "$work/received")"
[ "$(grep -c '^link . authentic' "$work/received")" -eq 2 ] || fail "receive saw $(cat "$work/received")"

change "$work/a.svmx" "$work/b.svmx" 2
if "$programs/receive" "$work/b.svmx" "$work/password" "$work/ca.pem" "$work/export-ca.pem"; then
    fail "a changed byte of a package was not noticed"
fi
if "$programs/receive" "$work/a.svmx" "$work/password" "$work/ca.pem" > "$work/received"; then
    fail "an exporter of an unknown CA was trusted"
fi
