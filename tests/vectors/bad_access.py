# SPDX-License-Identifier: Apache-2.0
"""Bad vectors: RSA and key-encryption keys, the officer part, slots."""

import struct
from dataclasses import replace

from faults import Bad, at, flip
from good_access import KEK, OFFICERS, RSA, for_keys
from specs import DATA, strong
from svmsref import access, build, oaep
from svmsref.header import pack_chain
from svmsref.primitives import SeededRandom

RSA_KEY = f"{RSA[2048]}.key.pem"


def for_rsa(name):
    return for_keys(name, f"{RSA[2048]}.pub.pem")


def for_kek(name):
    return for_keys(name, KEK)


def officer_too(name):
    return strong(name, officer=OFFICERS["trusted"])


def officer(**changes):
    return at("slots", lambda slots: [
        replace(slots[0], officer=replace(slots[0].officer, **changes)), None])


def without_chain(change):
    """The chain as it is packed, changed."""

    def changed(slots):
        part = slots[0].officer
        ders = [one.public_bytes(access.Encoding.DER) for one in part.chain]
        return [replace(slots[0], officer=replace(part, packed_chain=change(pack_chain(ders)))),
                None]

    return at("slots", changed)


def officers():
    bad = Bad("officer", officer_too, verdict="incomplete", segment=None,
              verdict_with_key="undecryptable")
    rule = "C-ACC-4"
    bad.add("signature", "signature of something else", officer(signature_mask=1), rule)
    bad.add("high-s", "signature with a high s", officer(high_s=True), rule)
    bad.add("container", "signed for another container", officer(container_id=bytes(16)), rule)
    bad.add("revision", "signed for another revision", officer(revision=2), rule)
    bad.add("stanzas", "signed for other stanzas", officer(stanzas=b"other"), rule)
    bad.add("role", "object in the role recorder", officer(prefix={"role": 2}), rule)
    bad.add("type", "object of type 2", officer(prefix={"type": 2}), "C-OBJ-1")
    bad.add("suite", "object of suite 2", officer(prefix={"suite": 2}), "C-ALG-1")
    bad.add("certificate", "hash of another certificate", officer(
        prefix={"certificate_hash": bytes(32)}), rule)
    bad.add("algorithm", "algorithm beside the signature differs", officer(algorithm=3), rule)
    bad.add("algorithm-both", "algorithm of another kind of key", officer(
        algorithm=3, prefix={"algorithm": 3}), rule)
    bad.add("length", "length in the prefix", officer(prefix={"length": 103}), "C-OBJ-1")
    bad.add("object-long", "object of 105 bytes", officer(object_extra=b"\0"), rule)
    bad.add("trailing", "bytes after the signature", officer(extra=b"\0"), rule)
    bad.add("no-chain", "chain without certificates", without_chain(lambda _: b""), "C-HDR-8")
    bad.add("chain-trailing", "bytes after the last certificate", without_chain(
        lambda found: found + b"\0"), "C-HDR-8")
    bad.add("second", "wrong signature in the slot that counts; the other one opens", at(
        "slots", lambda slots: [slots[0], replace(
            slots[0], revision=2, officer=replace(slots[0].officer, signature_mask=1))]), rule,
        verdict_with_key="incomplete")
    return bad.entries


def stanzas(change):
    return at("slots", lambda slots: [replace(slots[0], stanzas=change(slots[0].stanzas)), None])


def body(change):
    return stanzas(lambda found: [(kind, change(data)) for kind, data in found])


def oaep_of(message):
    """The RSA stanza holds something else than content key ‖ A."""

    def change(found):
        kind, data = found[0]
        key = build.load_public_key(build.read_file(DATA, f"{RSA[2048]}.pub.pem"))
        return [(kind, data[:16] + oaep.encrypt(key, message, SeededRandom("oaep")))]

    return stanzas(change)


def wrapped():
    bad = Bad("wrap", for_rsa, verdict="authentic", verdict_with_key="undecryptable",
              segment_with_key=None)
    rule = "C-KEY-2"
    bad.add("rsa-bit", "bit of an RSA stanza", body(flip(40)), rule, identity=RSA_KEY)
    bad.add("rsa-zero", "RSA stanza of zeros", body(lambda b: b[:16] + bytes(len(b) - 16)), rule,
            identity=RSA_KEY)
    bad.add("rsa-large", "RSA stanza not below the modulus", body(
        lambda b: b[:16] + b"\xff" * (len(b) - 16)), rule, identity=RSA_KEY)
    bad.add("rsa-binding", "RSA stanza for another header", oaep_of(bytes(64)), rule,
            identity=RSA_KEY)
    bad.add("rsa-short", "RSA stanza of the content key alone", oaep_of(bytes(32)), rule,
            identity=RSA_KEY)
    bad.add("rsa-long", "RSA stanza of 65 bytes", oaep_of(bytes(65)), rule, identity=RSA_KEY)
    bad.add("kek-bit", "bit of a wrapped key", body(flip(30)), rule, base=for_kek, kek=KEK)
    bad.add("kek-other", "key of another container in a stanza of type 5", other_content_key(),
            rule, base=for_kek, kek=KEK)
    bad.add("mac-rsa", "HMAC under another key", at("slots", lambda slots: [
        replace(slots[0], mac_key=bytes(32)), None]), rule, identity=RSA_KEY)
    bad.add("mac-second", "the newer slot was made without the content key", at(
        "slots", lambda slots: [slots[0], replace(slots[0], revision=2, mac_key=bytes(32))]), rule,
        identity=RSA_KEY)
    return bad.entries


def other_content_key():
    def change(_found):
        return [access.kek_stanza(build.load_kek(build.read_file(DATA, KEK)), bytes(range(32)))]

    return stanzas(change)


def lengths():
    bad = Bad("stanza", lambda name: strong(name, slot_size=2560), verdict="incomplete",
              segment=None, verdict_with_key="undecryptable")
    sizes = ((access.X25519, 97), (access.P256, 128), (access.RSA_OAEP, 144), (access.RSA_OAEP, 16),
             (access.KEK, 48), (access.KEK, 64), (access.XWING, 1183))  # fmt: skip
    for kind, size in sizes:
        bad.add(f"{kind}-{size}", f"stanza of type {kind} with {size} bytes", stanzas(
            lambda found, kind=kind, size=size: [*found, (kind, bytes(size))]), "C-ACC-5")
    bad.add("first-damaged", "the first slot is damaged, the second opens", first_damaged,
            "C-ACC-1", verdict_with_key="incomplete")
    bad.add("reserved", "reserved bytes of a stanza", at("access_block", reserved_byte), "C-ACC-5")
    return bad.entries


def first_damaged(stage, found, **_context):
    if stage == "slots":
        return [found[0], replace(found[0], revision=2)]
    return flip(60)(found) if stage == "access_block" else found


def reserved_byte(block):
    """With the digest made anew."""
    start = 40 + 3
    length = 40 + struct.unpack(">I", block[36:40])[0] + 4 + 32
    changed = block[:start] + b"\1" + block[start + 1 : length]
    return changed + access.sha256(changed) + block[length + 32 :]


GROUPS = (officers, wrapped, lengths)
