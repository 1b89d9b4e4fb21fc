#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_jws, fuzz_jwk and fuzz_revocations: make_token_seeds.py fuzz/corpus

Values of keys are those of RFC 7515, 7517 and 8037, which tests/unit/access/published.h holds.
"""
import base64
import json
import pathlib
import re
import sys


def published(name):
    """The members of a key, as the header of the tests spells them."""
    header = pathlib.Path(__file__).parent.parent / "tests/unit/access/published.h"
    macros = {}
    text = header.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        found = re.match(r"#define (\w+) +(.*)", line)
        if found:
            parts = re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', found[2])
            macros[found[1]] = "".join(
                json.loads(f'"{quoted}"') if not word else macros[word] for quoted, word in parts)
    return macros[name]


def part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def compact(header, payload, signature=bytes(64)):
    return b".".join(part(x) for x in (header.encode(), payload.encode(), signature))


def edits(kind, *changes):
    """Token number kind, with (place, byte) changed."""
    return b"#" + bytes([kind]) + b"".join(p.to_bytes(2, "big") + bytes([b]) for p, b in changes)


def write(folder, seeds):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def main():
    corpus = pathlib.Path(sys.argv[1])
    claims = '{"iss":"a","sub":"x","aud":"here","exp":1800000500}'
    tokens = {f"whole-{kind}": edits(kind) + b"\0" for kind in range(4)}
    tokens.update({f"first-{kind}": edits(kind, (0, 65)) for kind in range(4)})
    tokens.update({
        "late": edits(0, (600, 66), (601, 67)),
        "same": edits(0, (0, ord("e"))),
        "none": compact('{"alg":"none","typ":"at+jwt"}', claims, b""),
        "hs256": compact('{"alg":"HS256","typ":"at+jwt","kid":"d"}', claims, bytes(32)),
        "es256": compact('{"alg":"ES256","typ":"at+jwt","kid":"a"}', claims),
        "es384": compact('{"alg":"ES384","typ":"at+jwt","kid":"b"}', claims, bytes(96)),
        "eddsa": compact('{"alg":"EdDSA","typ":"application/at+jwt","kid":"c"}', claims),
        "rs256": compact('{"alg":"RS256","typ":"at+jwt","kid":"d"}', claims, bytes(256)),
        "crit": compact('{"alg":"ES256","typ":"at+jwt","crit":["x"]}', claims),
        "twice": compact('{"alg":"ES256","alg":"none","typ":"at+jwt"}', claims),
        "dots": "..",
    })
    write(corpus / "jws", tokens)
    keys = {name: "{" + published(macro) + "}" for name, macro in (
        ("ec", "RFC7515_A3_PUBLIC"), ("ec-private", "RFC7515_A3_PRIVATE"),
        ("rsa", "RFC7517_RSA"), ("rsa-private", "RFC7515_A2_PRIVATE"),
        ("ed25519", "RFC8037_PUBLIC"), ("ed25519-private", "RFC8037_PRIVATE"),
        ("x25519", "RFC8037_X25519"), ("oct", "RFC7520_OCT"), ("p521", "RFC7520_EC"))}
    keys["set"] = '{"keys":[%s,%s,%s]}' % (keys["rsa"], keys["ed25519"], keys["x25519"])
    keys["set-for-encryption"] = '{"keys":[%s]}' % keys["ec"].replace("{", '{"use":"enc",')
    keys["operations"] = keys["ec"].replace("{", '{"key_ops":["verify"],"alg":"ES256","kid":"1",')
    write(corpus / "jwk", keys)
    entry = '{"kind":"%s","issuer":"i",%s"before":%d,"until":%d}'
    frame = '{"format":"svms-revocations","version":1,"entries":[%s]}'
    ends = 9007199254740991
    one = frame % (entry % ("token", '"value":"j1",', 1, ends))
    other = frame % ",".join((entry % ("token", '"value":"j1",', 2, ends),
                              entry % ("subject", '"value":"anna",', 1800000000, ends),
                              entry % ("epoch", "", 1700000000, ends)))
    write(corpus / "revocations", {
        "none": frame % "", "one": one, "two": one + "\0" + other, "twice": other + "\0" + other,
        "ended": frame % (entry % ("epoch", "", 1, 1)), "wrong": frame % "7",
    })


if __name__ == "__main__":
    main()
