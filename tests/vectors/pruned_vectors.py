# SPDX-License-Identifier: Apache-2.0
"""Pruned records. Each entry: name, note, record, signer, hook, verdict, rule.

The verdict "refused" stands for malformed or not_authentic, where the specification does not say
which of them.
"""

import struct

from faults import at, flip, put, setting
from specs import DATA, SECOND, T0, signer
from svmsref import build, pruned, signing, trust
from svmsref import constants as c
from svmsref.primitives import SeededRandom, sha256
from svmsref.wire import pack_record
from svmsref.writer import no_hook


def record(**changes):
    fields = {
        "recording_id": b"\x33" * 16, "container_id": b"\x44" * 16, "sequence": 7, "segments": 900,
        "last_manifest": sha256(b"manifest"), "first_utc": T0, "last_utc": T0 + 3600 * SECOND,
        "removed_utc": T0 + 90_000 * SECOND, "bytes": 123_456_789_012, "reason": 1,
    }  # fmt: skip
    return pruned.Pruned(**{**fields, **changes})


def entry(name, note, found=None, hook=no_hook, verdict="authentic", rule="", **more):
    base = {"name": name, "note": note, "record": found or record(), "hook": hook}
    return {**base, "verdict": verdict, "rule": rule, "signer": signer("p256"), **more}


def good():
    for kind in ("ed25519", "p256", "p384", "rsa2048"):
        yield entry(f"good-pruned-{kind}", f"signed with {kind}", signer=signer(kind))
    yield entry("good-pruned-camera", "a camera removed it, by order", record(reason=2),
                signer=signer("p256", "camera", "p256-camera"))
    yield entry("good-pruned-intermediate", "intermediate in the chain, no space", record(reason=3),
                signer=signer("p256", certificate="p256-by-intermediate"))
    yield entry("good-pruned-empty", "container without segments", record(
        segments=0, first_utc=c.NO_TIME, last_utc=c.NO_TIME))
    yield entry("good-pruned-large", "numbers at their limits", record(
        sequence=2**64 - 1, segments=2**32 - 1, bytes=2**64 - 1, first_utc=-(2**63) + 1))
    then = record(removed_utc=1_620_000_000 * SECOND)
    past = signer("ed25519", certificate="ed25519-2021")
    untrusted = {"verdict": "untrusted"}
    yield entry("good-pruned-expired-now", "certificate of 2021, removed in 2021", then,
                signer=past, verdict_claimed_time="authentic", **untrusted)
    yield entry("good-pruned-expired-then", "certificate of 2021, removed in 2023", signer=past,
                verdict_claimed_time="untrusted", **untrusted)
    yield entry("good-pruned-unknown-ca", "no path to the trust anchor",
                signer=signer("ed25519", certificate="ed25519-other-ca"), **untrusted)
    yield entry("good-pruned-wrong-role", "camera certificate, signs as recorder",
                signer=signer("p256", certificate="p256-camera"), **untrusted)
    yield entry("good-pruned-future", "claims to be removed in 2030", record(
        removed_utc=1_900_000_000 * SECOND), **untrusted)


def other_algorithm(number):
    """In the prefix and beside the signature."""

    def hook(stage, found, **_context):
        change = setting(algorithm=number)
        return change(found) if stage in ("prefix", "signature_fields") else found

    return hook


def bad():
    def one(name, note, hook, rule="C-PRU-1", verdict="malformed", **more):
        return entry(f"bad-pruned-{name}", note, None, hook, verdict, rule, **more)

    yield one("magic", "magic of a container", at("head", put(0, c.MAGIC)))
    yield one("object-length", "object of 175 bytes", at("head", put(8, struct.pack(">I", 175))))
    yield one("object-long", "object of 177 bytes, signed", at("object", lambda b: put(
        12, struct.pack(">I", 177))(b) + b"\0"))
    yield one("prefix-length", "length in the prefix", at("prefix", setting(length=175)), "C-OBJ-1",
              "refused")
    yield one("type", "object of type 2", at("prefix", setting(type=2)), "C-OBJ-1", "refused")
    yield one("version", "object version 2", at("prefix", setting(version=2)), "C-OBJ-1", "refused")
    yield one("suite", "suite 2", at("prefix", setting(suite=2)), "C-ALG-1", "unsupported")
    yield one("algorithm", "ML-DSA, reserved", other_algorithm(16), "C-ALG-2", "unsupported")
    yield one("algorithm-other", "algorithm of another kind of key", other_algorithm(3), "C-ALG-3",
              "refused")
    for role, name in ((0, "none"), (3, "exporter"), (4, "custodian"), (5, "officer")):
        yield one(f"role-{name}", f"role {role}", at("prefix", setting(role=role)))
    yield one("certificate", "hash of another certificate", at(
        "prefix", setting(certificate_hash=bytes(32))))
    yield one("reason-0", "reason 0", at("pruned", setting(reason=0)))
    yield one("reason-4", "reason 4", at("pruned", setting(reason=4)))
    yield one("reserved", "reserved bytes", at("pruned", setting(zero=bytes(14) + b"\1")))
    yield one("chain-none", "no certificate", at("chain", lambda _: b""), "C-HDR-8")
    yield one("chain-trailing", "bytes behind the last certificate", at(
        "chain", lambda found: found + b"\0"), "C-HDR-8")
    yield one("chain-limit", "chain of 65,537 bytes", at("head", put(
        12, struct.pack(">I", 65537))), "C-LIM-1")
    broken = {"verdict": "not_authentic", "rule": "C-OBJ-3"}
    yield one("signature", "signature of something else", at("signature", flip(3)), **broken)
    yield one("high-s", "signature with a high s", at(
        "signature", lambda found: signing.high_s(1, found)), **broken)
    yield one("flipped", "a byte altered", at("file", flip(16 + 48 + 32 + 7)), **broken)
    yield one("number", "object number of the end record", at(
        "signature_fields", setting(number=c.NUMBER_END)), "C-SIG-1", "refused")
    yield one("kind", "batch signature", at("signature_fields", setting(kind=2)), "C-SIG-3",
              "refused")
    yield one("signature-algorithm", "another algorithm beside the signature", at(
        "signature_fields", setting(algorithm=3)), "C-OBJ-2", "refused")
    yield one("numbered", "signature record with a number", at("record", lambda r: pack_record(
        c.SIGNATURE, r[16:], 1)), "C-REC-1", "refused")
    yield one("record-type", "another record behind the chain", at("record", lambda r: pack_record(
        c.TAIL, r[16:])), "C-SEG-1", "refused")
    yield one("trailing", "a byte behind the signature record", at("file", lambda d: d + b"\0"))
    yield one("twice", "the signature record twice", at("record", lambda r: r * 2))
    for name, size in (("empty", 0), ("fixed", 15), ("object", 100), ("chain", 300), ("last", -1)):
        yield one(f"cut-{name}", f"stops early ({name})", at(
            "file", lambda data, size=size: data[:size]))


def make(found):
    """The bytes of an entry's file."""
    chain = trust.load_anchors(build.read_file(DATA, found["signer"]["cert"]))
    key = build.load_private_key(build.read_file(DATA, found["signer"]["key"]))
    role = build.ROLES[found["signer"]["role"]]
    random = SeededRandom(found["name"])
    return pruned.make(found["record"], role, chain, key, random, found["hook"])


def all_pruned():
    yield from good()
    yield from bad()
