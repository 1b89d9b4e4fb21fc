# SPDX-License-Identifier: Apache-2.0
"""Bad vectors: header, header signature, access block, keys."""

import struct
from dataclasses import replace

from faults import (
    Bad, at, fields, flip, high, put, rebuilt, sample_record, setting, signed_by, two, value,
)  # fmt: skip
from good_vectors import PASSWORD, VIDEO, clear, signer, strong, track
from svmsref import access
from svmsref import constants as c
from svmsref.header import pack_chain
from svmsref.primitives import SeededRandom


def without(tag):
    return fields(lambda pairs: [pair for pair in pairs if pair[0] != tag])


def adding(tag, data):
    """One more field, in order."""
    return fields(lambda pairs: sorted([*pairs, (tag, data)], key=lambda pair: pair[0]))


def header_bytes(change):
    return at("object", change, kind="header")


def fixed(**changes):
    return at("header_fixed", setting(**changes))


def header_prefix(**changes):
    return at("prefix", setting(**changes), kind="header")


def plain(name):
    return clear(name, segments=0)


def unsigned(name):
    return clear(name, segments=0, signer=None)


def camera_as_exporter(name):
    return clear(name, segments=0, signer={**signer("p256", certificate="p256-exporter"),
                                           "role": "exporter"})


def described(name):
    return clear(name, segments=0, signer=None, description=[[1, "a"], [2, "b"]])


def linked(name):
    link = {"container_id": "11" * 16, "segment": 1, "hash": "22" * 32, "state": 1}
    return clear(name, segments=0, signer=None, previous=link)


def fixed_part():
    bad = Bad("header", plain, verdict="malformed")
    bad.add("magic", "magic after a text-mode transfer", fixed(magic=c.MAGIC[:4] + b"\n\x1a\n\0"),
            "C-HDR-1")
    bad.add("major", "major version 2", fixed(major=2), "C-HDR-2", verdict="unsupported")
    bad.add("reserved", "reserved bytes after the version", fixed(zero=1), "C-HDR")
    bad.add("critical-unknown", "critical bit 7", fixed(critical=0x80), "C-HDR-5",
            verdict="unsupported")
    bad.add("critical-interval", "critical bit 0 with signature interval 1", fixed(critical=1),
            "C-HDR-18")
    bad.add("length-small", "header length 71", header_bytes(put(20, struct.pack(">I", 71))),
            "C-HDR-3")
    bad.add("length-limit", "header length beyond the limit",
            header_bytes(put(20, struct.pack(">I", 262145))), "C-HDR-3")
    bad.add("prefix-length", "length in the prefix differs", header_bytes(flip(39)), "C-OBJ-1")
    bad.add("prefix-magic", "object prefix without its magic", header_prefix(magic=b"SVMX"),
            "C-OBJ-1")
    bad.add("object-type", "object of type 2", header_prefix(type=2), "C-OBJ-1")
    bad.add("object-version", "object version 2", header_prefix(version=2), "C-OBJ-1")
    bad.add("prefix-reserved", "reserved byte of the prefix", header_prefix(zero=1), "C-OBJ-1")
    bad.add("suite", "suite 2", header_prefix(suite=2), "C-ALG-1", verdict="unsupported")
    bad.add("algorithm-reserved", "ML-DSA, reserved", header_prefix(algorithm=16), "C-ALG-2",
            verdict="unsupported")
    bad.add("algorithm-other", "algorithm of another kind of key", header_prefix(algorithm=1),
            "C-ALG-3", verdict="not_authentic", segment=None)
    bad.add("role-exporter", "exporters cannot sign containers", None, "C-ALG-4",
            base=camera_as_exporter)
    bad.add("role-none", "role 0 beside an algorithm", header_prefix(role=0), "C-OBJ-2")
    bad.add("certificate-hash", "hash of another certificate",
            header_prefix(certificate_hash=bytes(31) + b"\1"), "C-OBJ-2")
    bad.add("unsigned-hash", "unsigned, with a certificate hash",
            header_prefix(certificate_hash=bytes(31) + b"\1"), "C-OBJ-2", base=unsigned)
    bad.add("unsigned-algorithm", "unsigned, with an algorithm", header_prefix(algorithm=3),
            "C-OBJ-2", base=unsigned)
    return bad.entries


def header_fields():
    bad = Bad("field", unsigned, verdict="malformed")
    bad.add("no-chain", "signed without a chain", without(c.TAG_CHAIN), "C-HDR-8", base=plain)
    bad.add("chain-unsigned", "unsigned with a chain", adding(c.TAG_CHAIN, pack_chain([b"0\0"])),
            "C-HDR-8")
    bad.add("chain-trailing", "bytes after the last certificate",
            value(c.TAG_CHAIN, lambda v: v + b"\0"), "C-HDR-8", base=plain)
    bad.add("chain-nine", "nine certificates", value(c.TAG_CHAIN, lambda v: v * 9), "C-LIM-1",
            base=plain)
    bad.add("chain-der", "certificate with a byte after it", value(
        c.TAG_CHAIN, lambda v: pack_chain([v[4:] + b"\0"])), "C-HDR-8", base=plain)
    bad.add("tag-0", "tag 0", fields(lambda p: [(0, b""), *p]), "C-HDR-6")
    bad.add("tag-unknown", "unknown tag below 0x8000", adding(12, b""), "C-HDR-6")
    bad.add("tag-order", "tags 2 and 3 exchanged",
            fields(lambda p: [p[1], p[0], *p[2:]]), "C-HDR-6")
    bad.add("tag-repeated", "tag 3 twice", adding(c.TAG_DEVICE, bytes(16)), "C-HDR-6")
    bad.add("tag-optional-repeated", "tag 0x8001 twice",
            fields(lambda p: [*p, (0x8001, b""), (0x8001, b"")]), "C-HDR-6")
    bad.add("reserved", "reserved bytes of a field",
            header_bytes(lambda raw: put(raw.index(b"\0\2\0\0\0\0\0\x28") + 3, b"\1")(raw)),
            "C-HDR-3")
    bad.add("beyond-end", "last field is longer than the header",
            header_bytes(lambda raw: put(len(raw) - 8, b"\x08")(raw)), "C-HDR-3")
    for tag in (c.TAG_ID, c.TAG_DEVICE, c.TAG_TIMES, c.TAG_TRACK, c.TAG_LIMITS):
        bad.add(f"missing-{tag}", f"without tag {tag}", without(tag), "C-HDR-6")
    for tag, rule in ((2, "C-HDR-9"), (3, "C-HDR-10"), (4, "C-HDR-11"), (10, "C-HDR-18")):
        bad.add(f"short-{tag}", f"tag {tag} is a byte too short",
                value(tag, lambda v: v[:-1]), rule)
        bad.add(f"long-{tag}", f"tag {tag} is a byte too long",
                value(tag, lambda v: v + b"\0"), rule)
    bad.add("origin", "origin 4", value(c.TAG_TIMES, put(16, b"\4")), "C-HDR-11")
    bad.add("capture-source", "capture-time source 7", value(c.TAG_TIMES, put(17, b"\7")),
            "C-HDR-11")
    bad.add("interval", "signature interval 2 without critical bit 0",
            value(c.TAG_LIMITS, put(19, b"\2")), "C-HDR-18")
    bad.add("software-control", "control character in the name of the software",
            value(c.TAG_SOFTWARE, lambda v: b"a\nb"), "C-HDR")
    bad.add("software-long", "name of the software of 65 bytes",
            value(c.TAG_SOFTWARE, lambda v: b"a" * 65), "C-HDR")
    bad.add("previous-state", "link in state 0", value(c.TAG_PREVIOUS, put(56, b"\0")), "C-HDR-17",
            base=linked)
    bad.add("previous-reserved", "reserved bytes of the link", value(
        c.TAG_PREVIOUS, put(63, b"\1")), "C-HDR-17", base=linked)
    return bad.entries


def track_fields():
    bad = Bad("track", unsigned, verdict="malformed")
    bad.add("number", "track numbers begin at 1", value(c.TAG_TRACK, put(0, b"\1")), "C-HDR-12")
    bad.add("kind", "kind 4", value(c.TAG_TRACK, put(1, b"\4")), "C-HDR-12")
    bad.add("protection", "protection 3", value(c.TAG_TRACK, put(2, b"\3")), "C-HDR-12")
    bad.add("reserved", "reserved byte of a track", value(c.TAG_TRACK, put(3, b"\1")), "C-HDR-12")
    bad.add("timebase", "time base with denominator 0", value(c.TAG_TRACK, put(12, bytes(4))),
            "C-HDR-12")
    bad.add("short", "track of 35 bytes", value(c.TAG_TRACK, lambda v: v[:35]), "C-HDR-12")
    bad.add("33", "33 tracks", None, "C-LIM-1", base=lambda name: clear(
        name, segments=0, signer=None, tracks=[track(VIDEO)] * 33))
    return bad.entries


def key_fields():
    bad = Bad("keys", lambda name: strong(name, 0, signer=None), verdict="malformed")
    bad.add("missing", "strong track without keys", without(c.TAG_KEYS), "C-HDR-15")
    bad.add("slot-513", "slot size 513", value(c.TAG_KEYS, put(32, struct.pack(">I", 513))),
            "C-HDR-15")
    bad.add("slot-0", "slot size 0", value(c.TAG_KEYS, put(32, bytes(4))), "C-HDR-15")
    bad.add("slot-limit", "slot size 66,048",
            value(c.TAG_KEYS, put(32, struct.pack(">I", 66048))), "C-HDR-15")
    bad.add("clear-text", "clear description beside keys",
            adding(c.TAG_CLEAR_TEXT, b"\1\0\0\1a" + bytes(59)), "C-HDR-16")
    text = Bad("text", described, verdict="malformed")
    text.add("padding", "not a multiple of 64", value(8, lambda v: v[:-1]), "C-HDR-16")
    text.add("order", "kinds 2 and 1", value(8, lambda v: put(0, b"\2\0\0\1b\1\0\0\1a")(v)),
             "C-HDR-16")
    text.add("kind", "kind 4", value(8, put(5, b"\4")), "C-HDR-16")
    text.add("utf8", "not UTF-8", value(8, put(4, b"\xff")), "C-HDR-16")
    text.add("after", "text after the padding", value(8, put(63, b"\1")), "C-HDR-16")
    text.add("sealed-without-keys", "sealed description without keys",
             adding(c.TAG_SEALED_TEXT, bytes(80)), "C-HDR-16", base=unsigned)
    return bad.entries + text.entries


def header_signature():
    bad = Bad("header-signature", plain, verdict="not_authentic", segment=None)
    for number, kind in ((1, "p256"), (2, "p384")):
        bad.add(f"high-s-{kind}", f"{kind} signature with a high s",
                at("signature", high(number), kind="header"), "C-OBJ-3", base=signed_by(kind, 0))
    bad.add("wrong", "signature of something else",
            at("signature", flip(0), kind="header"), "C-OBJ-3")
    bad.add("number", "object number of the end record",
            at("signature_fields", setting(number=c.NUMBER_END), kind="header"), "C-SIG-1")
    bad.add("missing", "no header signature",
            at("record", lambda _: b"", kind="signature", of="header"), "C-SEG-1")
    bad.add("twice", "two header signatures",
            at("record", lambda record: record * 2, kind="signature", of="header"), "C-OVR-1",
            base=two, segment=0)
    return bad.entries


def truncated():
    bad = Bad("cut", one_strong, verdict="malformed")
    for name, note, size in (
        ("empty", "empty file", 0),
        ("magic", "stops within the magic", 7),
        ("fixed", "stops within the fixed fields", 23),
        ("header", "stops within the header", 100),
    ):
        bad.add(name, note, at("file", lambda data, size=size: data[:size]),
                "C-HDR-1" if size < 8 else "C-OVR-1")
    bad.add("signature", "stops within the header signature", at(
        "file", lambda data: data[: data.index(b"SVMA") - 1]), "C-OVR-1")
    bad.add("no-signature", "stops after the header", at(
        "file", lambda data: data[: data.index(b"SVMA") - 96]), "C-OVR-1")
    bad.add("access", "stops within the access block", at(
        "file", lambda data: data[: data.index(b"SVMA") + 1023]), "C-OVR-1")
    return bad.entries


def slot(**changes):
    return at("slots", lambda slots: [replace(slots[0], **changes), None])


def stanzas(change):
    return at("slots", lambda slots: [replace(slots[0], stanzas=change(slots[0].stanzas)), None])


def first_body(change):
    return stanzas(lambda found: [(found[0][0], change(found[0][1]))])


def one_strong(name):
    return strong(name)


def slots():
    """Damaged slots: at best incomplete, and no key can be taken from them."""
    bad = Bad("slot", one_strong, verdict="incomplete", segment=None,
              verdict_with_key="undecryptable")
    bad.add("magic", "slot without its magic", slot(magic=b"SVMX"), "C-ACC-1")
    bad.add("version", "slot version 2", slot(version=2), "C-ACC-1")
    bad.add("reserved", "reserved bytes", slot(zero=b"\0\0\1"), "C-ACC-1")
    bad.add("container", "slot of another container", slot(container_id=bytes(16)), "C-ACC-1")
    bad.add("revision", "revision 0", slot(revision=0), "C-ACC-1")
    bad.add("digest", "digest is wrong", slot(digest_mask=1), "C-ACC-1")
    bad.add("padding", "padding is not zero", slot(padding=b"\0\1"), "C-ACC-1")
    bad.add("count", "one stanza more than there are", slot(count=2), "C-ACC-5")
    bad.add("size", "bytes after the last stanza", slot(count=0), "C-ACC-5")
    bad.add("officer", "officer part of zeros", slot(officer=bytes(16)), "C-HDR-8")
    bad.add("two-passwords", "two password stanzas", stanzas(lambda found: found * 2), "C-ACC-5")
    bad.add("cost-19", "log2 N = 19", first_body(put(16, b"\x13")), "C-ACC-5")
    bad.add("cost-9", "log2 N = 9", first_body(put(16, b"\x09")), "C-ACC-5")
    bad.add("cost-reserved", "reserved bytes of a password stanza", first_body(put(19, b"\1")),
            "C-ACC-6")
    bad.add("short", "password stanza a byte short", first_body(lambda body: body[:-1]), "C-ACC-5")
    bad.add("rsa-length", "RSA stanza of a length that no modulus gives",
            stanzas(lambda found: [*found, (access.RSA_OAEP, bytes(273))]), "C-ACC-5")
    bad.add("65", "65 stanzas", stanzas(lambda found: found + [(0x7000, b"")] * 64), "C-ACC-5",
            base=lambda name: strong(name, slot_size=1024))
    bad.add("second-only", "second slot is damaged, the first opens", at(
        "access_block", lambda block: flip(700)(block)), "C-ACC-1", verdict_with_key="incomplete")
    bad.add("mac", "HMAC under another key", slot(mac_key=bytes(32)), "C-KEY-2",
            verdict="authentic")
    return bad.entries


def other_check(pairs):
    return [(t, flip(0)(v) if t == c.TAG_KEYS else v) for t, v in pairs]


def for_another_header(found):
    """The same content key, sealed for another header."""
    random = SeededRandom("another header")
    return [replace(found[0], stanzas=[
        access.password_stanza(PASSWORD, 10, bytes(32), random(32), random)]), None]


def zero_point(found):
    kind, body = found[0].stanzas[0]
    return [replace(found[0], stanzas=[(kind, body[:16] + bytes(32) + body[48:])]), None]


def for_x25519(name):
    spec = strong(name, recipients=["keys/recipient-x25519.pub.pem"])
    del spec["password"]
    return spec


def other_commitment(keys):
    return {number: replace(one, commitment=bytes(range(32))) for number, one in keys.items()}


def other_key(keys):
    return {number: replace(one, key=bytes(32)) for number, one in keys.items()}


def other_nonce(keys):
    change = flip(7)
    return {
        number: replace(one, nonce_base=change(one.nonce_base)) for number, one in keys.items()
    }


def keys():
    """Everything is signed, but a key that was given does not open it."""
    bad = Bad("key", lambda name: strong(name, 2), verdict="authentic",
              verdict_with_key="undecryptable", segment_with_key=None)
    bad.add("check", "key check of another key", fields(other_check), "C-KEY-2")
    bad.add("binding", "stanza that was sealed for another header", at("slots", for_another_header),
            "C-KEY-2")
    bad.add("zero-point", "X25519 stanza with a point of small order", at("slots", zero_point),
            "C-KEY-2", base=for_x25519, identity="keys/recipient-x25519.key.pem")
    bad.add("commitment", "signed commitment of another key", at(
        "track_keys", other_commitment, segment=1), "C-KEY-5", segment_with_key=1)
    bad.add("sealed-otherwise", "sealed with a key that is not committed to", at(
        "track_keys", other_key, segment=1), "C-REC-5", segment_with_key=1)
    bad.add("nonce", "nonce base of another index", at(
        "track_keys", other_nonce, segment=1), "C-REC-5", segment_with_key=1)
    bad.add("aad", "record header altered before it was signed", sample_record(
        rebuilt(flip(1, 2))), "C-REC-5", segment_with_key=1)
    bad.add("tag", "tag altered before it was signed", sample_record(
        lambda r: flip(len(r) - 1)(r)), "C-REC-5", segment_with_key=1)
    bad.add("description", "sealed description altered before it was signed", value(
        c.TAG_SEALED_TEXT, flip(0)), "C-KEY-2",
        base=lambda name: strong(name, description=[[1, "door"]]))
    return bad.entries


GROUPS = (
    fixed_part, header_fields, track_fields, key_fields, header_signature, truncated, slots, keys,
)  # fmt: skip
