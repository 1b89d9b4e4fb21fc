# SPDX-License-Identifier: Apache-2.0
"""Bad vectors: signatures of manifests that come seldom, late or in batches."""

import struct
from dataclasses import replace

from faults import Bad, at, flip, put, segments_of, setting, value
from good_signatures import (
    BATCH, DEFERRED, LATE, deferred_spec, in_batch, late_by, late_spec, segments, signed_only,
)  # fmt: skip
from specs import clear
from svmsref import constants as c
from svmsref.signatures import pack_batch
from svmsref.wire import pack_record


def every_fourth(name):
    return deferred_spec(name, signed_only(6, 3))


def manifest_changed(number):
    """A byte of the time at which an unsigned manifest was made."""

    def change(data):
        before, parts, after = segments_of(data)
        place = parts[number].index(b"SVMO\2") + 48 + 32 + 8 + 32 + 32 + 16 + 7
        parts[number] = flip(place)(parts[number])
        return before + b"".join(parts) + after

    return at("file", change)


def parts_changed(change):
    def rearrange(data):
        before, parts, after = segments_of(data)
        return before + b"".join(change(parts)) + after

    return at("file", rearrange)


def deferred():
    bad = Bad("deferred", every_fourth, verdict="not_authentic")
    bad.add("interval", "as many manifests without signature as the interval says", None, "C-SIG-5",
            base=lambda name: deferred_spec(name, signed_only(4, 3), 3), segment=2)
    bad.add("wrong", "signature of something else over four segments",
            at("signature", flip(9), kind="manifest", number=3), "C-OBJ-3", segment=3)
    bad.add("number", "signature with the number of a segment that it covers",
            at("signature_fields", setting(number=2), kind="manifest", number=3), "C-SIG-1",
            segment=3)
    bad.add("sample", "bit of a sample that no signature of its own covers",
            parts_changed(lambda p: [p[0], flip(120)(p[1]), *p[2:]]), "C-MAN-3", segment=1)
    bad.add("removed", "segment without signature removed", parts_changed(
        lambda p: [p[0], *p[2:]]), "C-SEG-2", segment=1)
    bad.add("removed-last", "last segments, which only the end record covers, removed",
            parts_changed(lambda p: p[:4]), "C-IDX-4", segment=None)
    bad.add("previous", "second manifest does not follow the first", at(
        "manifest", setting(previous=bytes(32)), segment=1), "C-MAN-4", segment=1)
    bad.add("late", "late signature without critical bit 1", None, "C-SEG-1", base=lambda name: (
        deferred_spec(name, segments(3, s0={"signed": False}, s1={"late": [0]}))), segment=1)
    bad.add("behind", "signature behind the last segment without critical bit 1", None, "C-SIG-1",
            base=lambda name: deferred_spec(name, signed_only(2), late=[0]), segment="?")
    head = Bad("deferred-header", every_fourth, verdict="malformed")
    head.add("interval-65", "signature interval 65", value(c.TAG_LIMITS, put(16, struct.pack(
        ">I", 65))), "C-HDR-18")
    head.add("interval-0", "signature interval 0", value(c.TAG_LIMITS, put(16, bytes(4))),
             "C-HDR-18")
    head.add("reserved", "reserved bytes after the interval", value(c.TAG_LIMITS, put(23, b"\1")),
             "C-HDR-18")
    for bit, name in ((DEFERRED, "deferred"), (LATE, "late"), (BATCH, "batch")):
        spec = {"critical": bit, "interval": 2 if bit == DEFERRED else 1, "signer": None}
        head.add(f"unsigned-{name}", f"unsigned, with the critical bit for {name} signatures", None,
                 "C-HDR-5", base=lambda name, spec=spec: clear(name, 0, **spec))
    return bad.entries + head.entries


# ---- late ----


def by_one(name):
    return late_spec(name, **late_by(5, 1))


def by_two(name):
    return late_spec(name, **late_by(5, 2))


def late_record(change, number=1):
    return at("record", change, kind="signature", of="late", number=number)


def late_fields(of, **changes):
    return at("signature_fields", setting(**changes), kind="late", number=of)


def too_late(name):
    return late_spec(name, segments=segments(67, s0={"signed": False}, s65={"late": [0]}))


def behind_65(name):
    return late_spec(name, segments=segments(65, s0={"signed": False}), late=[0])


def twice(name):
    found = segments(4, s0={"signed": False}, s1={"late": [0]}, s3={"late": [0]})
    return late_spec(name, segments=found)


def own_too(name):
    return late_spec(name, segments=segments(3, s1={"late": [0]}))


def covered(name):
    found = signed_only(4, 2)
    found[3]["late"] = [1]
    return late_spec(name, DEFERRED | LATE, segments=found, interval=4)


def by_three(name):
    return late_spec(name, **late_by(5, 3))


def segment_behind(data):
    """Segment 4 stands behind the first of the signatures that stand behind the last segment."""
    before, parts, after = segments_of(data)
    body, loose = parts[4][: -3 * 96], parts[4][-3 * 96 :]
    return before + b"".join(parts[:4]) + loose[:96] + body + loose[96:] + after


def late():
    bad = Bad("late", by_one, verdict="not_authentic")
    bad.add("wrong", "late signature of something else",
            at("signature", flip(3), kind="late", number=1), "C-OBJ-3", segment=1)
    bad.add("wrong-covered", "wrong late signature of a segment that a later one covers",
            at("signature", flip(3), kind="late", number=1), "C-OBJ-3", base=covered, segment=1)
    bad.add("wrong-behind", "wrong signature behind the last segment",
            at("signature", flip(3), kind="late", number=4), "C-OBJ-3", base=by_two, segment=4)
    bad.add("behind-65", "signature of segment 0 behind the last of 65", None, "C-SIG-4",
            base=behind_65, segment=None)
    bad.add("missing-65", "signature 65 segments later", None, "C-SIG-4", base=too_late, segment=65)
    bad.add("twice", "the same signature in two segments", None, "C-SIG-4", base=twice, segment=3)
    bad.add("own-too", "late signature of a manifest that is signed", None, "C-SIG-4", base=own_too,
            segment=1)
    bad.add("self", "late signature of the manifest behind it", late_fields(1, number=2),
            "C-SIG-4", segment=2)
    bad.add("future", "late signature of a manifest that comes later", late_fields(1, number=4),
            "C-SIG-4", segment=2)
    bad.add("nowhere", "signature behind the last segment for one that is not there",
            late_fields(4, number=9), "C-SIG-4", base=by_two, segment=None)
    bad.add("of-end", "late signature with the end record's number",
            late_fields(1, number=c.NUMBER_END), "C-SIG-4", segment=2)
    bad.add("algorithm", "algorithm differs from the header's", late_fields(1, algorithm=1),
            "C-OBJ-2", segment=2)
    bad.add("reserved", "reserved byte", late_fields(1, zero=1), "C-SIG-2", segment=2)
    bad.add("trailing", "bytes after the signature", late_fields(1, extra=b"\0"), "C-SIG-2",
            segment=2)
    bad.add("numbered-wrong", "late signature record with another number", late_record(
        lambda r: pack_record(c.SIGNATURE, r[16:], 9)), "C-REC-1", segment=2)
    bad.add("numbered-behind", "signature record behind the last segment with a number",
            late_record(lambda r: pack_record(c.SIGNATURE, r[16:], 1), 4), "C-REC-1", base=by_two,
            segment="?")
    bad.add("no-leaf", "late signature that the manifest does not cover", no_leaf, "C-MAN-3",
            segment=2)
    bad.add("removed-behind", "signatures behind the last segment removed",
            at("file", without_late_behind), "C-IDX-4", base=by_two, segment=None)
    bad.add("segment-behind", "segment behind signatures that stand behind the last", at(
        "file", segment_behind), "C-SIG-4", base=by_three, segment="?")
    return bad.entries


def no_leaf(stage, found, **context):
    """The manifest of segment 2 is made as if there were no late signature in it."""
    if stage == "manifest" and context["segment"] == 2:
        other = found.entries[-1]
        return replace(found, entries=[found.entries[0], replace(other, leaves=2, root=bytes(32))])
    return found


def without_late_behind(data):
    """The bytes between last segment and index are gone; everything else is as it was."""
    index = data.rindex(b"SVMSINDX") - 16
    return data[: index - 2 * 96] + data[index:]


# ---- batches ----


def in_batches(name):
    return clear(name, segments(2, s1={"batch": in_batch(6, 2)}), critical=BATCH)


def of_proof(change):
    return at("batch", change, number=1)


def proof_nodes(change):
    return of_proof(lambda found: {**found, "proof": change(found["proof"])})


def root_object(change):
    return of_proof(lambda found: {**found, "root_object": change(found["root_object"])})


def root_prefix(**changes):
    return at("prefix", setting(**changes), kind="batch", number=1)


def of_kind_2(kind, number):
    """A batch signature where only kind 1 may stand."""
    extra = pack_batch(0, 1, [], bytes(96))
    return at("signature_fields", setting(kind=2, extra=extra), kind=kind, number=number)


def batch():
    bad = Bad("batch", in_batches, verdict="not_authentic", segment=1)
    bad.add("signature", "signature of another batch root",
            at("signature", flip(1), kind="manifest", number=1), "C-OBJ-3")
    bad.add("proof", "node of the proof", proof_nodes(lambda p: [flip(0)(p[0]), *p[1:]]), "C-SIG-3")
    bad.add("proof-order", "nodes of the proof exchanged", proof_nodes(
        lambda p: [p[1], p[0], *p[2:]]), "C-SIG-3")
    bad.add("proof-short", "node of the proof left out", proof_nodes(lambda p: p[:-1]), "C-SIG-3")
    bad.add("proof-long", "one node too many", proof_nodes(lambda p: [*p, bytes(32)]), "C-SIG-3")
    bad.add("proof-none", "no proof at all", proof_nodes(lambda p: []), "C-SIG-3")
    bad.add("index", "index of another leaf", of_proof(setting(index=3)), "C-SIG-3")
    bad.add("index-beyond", "leaf index is the tree size", of_proof(setting(index=6)), "C-SIG-3")
    bad.add("size", "tree size differs from the root's", of_proof(setting(size=7)), "C-SIG-3")
    bad.add("size-zero", "tree without leaves", of_proof(setting(size=0)), "C-SIG-3")
    bad.add("root", "another root, signed", at("batch_root", setting(root=bytes(32)), number=1),
            "C-SIG-3")
    bad.add("root-size", "another tree size, signed", at("batch_root", setting(size=5), number=1),
            "C-SIG-3")
    bad.add("levels-41", "proof of 41 levels", None, "C-LIM-1", base=lambda name: clear(
        name, segments(2, s1={"batch": in_batch(1, 5, levels=41)}), critical=BATCH))
    bad.add("root-short", "batch root of 95 bytes", root_object(lambda r: r[:-1]), "C-SIG-3")
    bad.add("root-long", "batch root of 97 bytes", root_object(
        lambda r: put(12, struct.pack(">I", 97))(r) + b"\0"), "C-SIG-3")
    bad.add("type", "batch root is an object of type 2", root_prefix(type=2), "C-OBJ-1")
    bad.add("role", "batch root in the role of another", root_prefix(role=1), "C-OBJ-2")
    bad.add("certificate", "batch root of another certificate",
            root_prefix(certificate_hash=bytes(32)), "C-OBJ-2")
    bad.add("algorithm", "batch root with another algorithm", root_prefix(algorithm=1), "C-OBJ-2")
    bad.add("suite", "batch root of suite 2", root_prefix(suite=2), "C-ALG-1")
    bad.add("length", "length in the prefix of the batch root", root_prefix(length=95), "C-OBJ-1")
    bad.add("trailing", "bytes after the batch root", at("signature_fields", lambda f: {
        **f, "extra": f["extra"] + b"\0"}, kind="manifest", number=1), "C-SIG-3")
    bad.add("header", "batch signature of the header", of_kind_2("header", c.NUMBER_HEADER),
            "C-SIG-3", segment=None)
    bad.add("end", "batch signature of the end record", of_kind_2("end", c.NUMBER_END), "C-SIG-3",
            segment=None)
    bad.add("kind-3", "signature of kind 3", at(
        "signature_fields", setting(kind=3), kind="manifest", number=1), "C-SIG-2")
    return bad.entries


GROUPS = (deferred, late, batch)
