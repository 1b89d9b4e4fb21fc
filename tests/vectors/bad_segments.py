# SPDX-License-Identifier: Apache-2.0
"""Bad vectors: segments, index, end record, tail."""

import struct
from dataclasses import replace

import good_vectors as good
from faults import (
    Bad, at, flip, high, put, rebuilt, sample_record, segments_of, setting, signed_by, two,
)  # fmt: skip
from good_vectors import AUDIO, T0, VIDEO, clear, strong, track
from svmsref import constants as c
from svmsref.objects import pack_signature
from svmsref.primitives import sha256
from svmsref.wire import pack_record, with_crc


def manifest(segment=1, **changes):
    return at("manifest", setting(**changes), segment=segment)


def entries(change, segment=1):
    return at("manifest", lambda m: replace(m, entries=change(m.entries)), segment=segment)


def entry_of(place, **changes):
    def change(found):
        found = list(found)
        found[place] = replace(found[place], **changes)
        return found

    return entries(change)


def sound_too(name):
    spec = clear(name, 2, tracks=[track(VIDEO), track(AUDIO)])
    for number, segment in enumerate(spec["segments"]):
        segment["samples"].append({"track": 1, "dts": number * 1600, "size": 4})
    return spec


def manifests():
    bad = Bad("manifest", two, verdict="not_authentic", segment=1)
    some = bytes(31) + b"\1"
    bad.add("header-hash", "hash of another header", manifest(header_hash=some), "C-HDR-7")
    bad.add("segment", "another segment number", at(
        "manifest", setting(segment=2), segment=1), "C-MAN-3")
    bad.add("previous", "does not follow the manifest before", manifest(previous=some), "C-MAN-4")
    bad.add("previous-first", "first manifest does not hold h", manifest(0, previous=some),
            "C-MAN-4", segment=0)
    bad.add("salt", "salt differs from that of the start", manifest(salt=some), "C-MAN-3")
    bad.add("bytes", "number of bytes", manifest(segment_bytes=100), "C-MAN-3")
    bad.add("records", "number of records", manifest(records=4), "C-MAN-3")
    bad.add("clock-state", "clock state 4", manifest(clock_state=4), "section 7")
    bad.add("gap-reason", "reason 8 of a gap", manifest(gap_reason=8), "section 7")
    bad.add("flags-unknown", "unknown flag", manifest(flags=3), "C-MAN-3")
    bad.add("flags-sync", "flag 1 missing", manifest(flags=0), "C-MAN-3")
    bad.add("reserved", "reserved bytes after the number of entries", manifest(reserved=1),
            "C-MAN-7")
    bad.add("trailing", "bytes after the last entry", manifest(extra=b"\0"), "C-MAN-7")
    bad.add("first-utc", "first UTC is not the reference track's", manifest(first_utc=T0 + 1),
            "C-MAN-6")
    bad.add("last-utc", "last UTC is too late", manifest(last_utc=T0 + good.SECOND), "C-MAN-3")
    bad.add("root", "Merkle root of other records", entry_of(0, root=some), "C-MAN-3")
    bad.add("leaves", "number of leaves", entry_of(0, leaves=3), "C-MAN-3")
    bad.add("first-pts", "presentation time of the first sample", entry_of(0, first_pts=1),
            "C-MAN-3")
    bad.add("commitment", "commitment of a clear track", entry_of(0, commitment=some), "C-KEY-5")
    bad.add("commitment-zero", "no commitment of a strong track", entry_of(0, commitment=bytes(32)),
            "C-KEY-5", base=lambda name: strong(name, 2))
    bad.add("auxiliary-commitment", "commitment of entry 255", entry_of(1, commitment=some),
            "C-KEY-5")
    bad.add("auxiliary-time", "entry 255 with a time", entry_of(1, first_utc=T0), "C-MAN-2")
    bad.add("auxiliary-missing", "without entry 255", entries(lambda e: e[:-1]), "C-MAN-2")
    bad.add("entry-missing", "without the entry of track 1", entries(lambda e: [e[0], e[2]]),
            "C-MAN-2", base=sound_too)
    bad.add("entry-order", "entries not in order", entries(lambda e: [e[1], e[0], e[2]]),
            "C-MAN-2", base=sound_too)
    bad.add("entry-twice", "entry of track 0 twice", entries(lambda e: [e[0], *e]), "C-MAN-2")
    bad.add("entry-empty", "entry of a track without samples",
            entries(lambda e: [e[0], replace(e[0], track=1, leaves=0, root=sha256()), e[1]]),
            "C-MAN-2")
    bad.add("utc-backwards", "first UTC lies before that of segment 0", None, "C-MAN-6",
            base=backwards)
    return bad.entries


def backwards(name):
    spec = clear(name, 2)
    spec["segments"][1]["samples"][0]["utc"] = T0 - 1
    return spec


def prefixes():
    bad = Bad("prefix", two, verdict="not_authentic", segment=1)
    changes = (
        ("role", "role of another", {"role": 1}, "C-OBJ-2"),
        ("suite", "suite 2", {"suite": 2}, "C-ALG-1"),
        ("algorithm", "algorithm differs from the header's", {"algorithm": 4}, "C-OBJ-2"),
        ("certificate", "certificate of another", {"certificate_hash": bytes(32)}, "C-OBJ-2"),
        ("type", "object of type 3", {"type": 3}, "C-OBJ-1"),
        ("version", "object version 2", {"version": 2}, "C-OBJ-1"),
        ("reserved", "reserved byte", {"zero": 1}, "C-OBJ-1"),
        ("length", "length of the object", {"length": 100}, "C-OBJ-1"),
    )
    for name, note, change, rule in changes:
        bad.add(name, f"manifest: {note}", at("prefix", setting(**change), kind="manifest",
                                              number=1), rule)
    return bad.entries


def signature_records():
    bad = Bad("signature", two, verdict="not_authentic", segment=1)

    def raw(change, **more):
        return at("signature", change, kind="manifest", number=1, **more)

    def field(**changes):
        return at("signature_fields", setting(**changes), kind="manifest", number=1)

    def record(change):
        return at("record", change, kind="signature", of="manifest", number=1)

    for number, kind in ((1, "p256"), (2, "p384")):
        bad.add(f"high-s-{kind}", f"{kind} signature with a high s", raw(high(number)), "C-OBJ-3",
                base=signed_by(kind))
    bad.add("wrong", "signature of something else", raw(flip(5)), "C-OBJ-3")
    bad.add("zero-r", "ECDSA signature with r = 0", raw(put(0, bytes(32))), "C-OBJ-3",
            base=signed_by("p256"))
    bad.add("short", "signature a byte short", raw(lambda s: s[:-1]), "C-OBJ-3")
    bad.add("long", "ECDSA signature with a byte more", raw(lambda s: s + b"\0"), "C-OBJ-3",
            base=signed_by("p256"))
    bad.add("kind-2", "batch signature without critical bit 2", field(kind=2), "C-SIG-3")
    bad.add("kind-0", "signature of kind 0", field(kind=0), "C-SIG-2")
    bad.add("reserved", "reserved byte", field(zero=1), "C-SIG-2")
    bad.add("algorithm", "algorithm differs from the header's", field(algorithm=4), "C-OBJ-2")
    bad.add("number", "number of another segment", field(number=0), "C-SIG-1")
    bad.add("trailing", "bytes after the signature", field(extra=b"\0"), "C-SIG-2")
    bad.add("limit", "signature of 8,193 bytes", raw(lambda s: s + bytes(8193 - 64)), "C-LIM-1")
    bad.add("missing", "manifest without signature", record(lambda _: b""), "C-SEG-1", segment=1)
    bad.add("numbered", "signature record with a number",
            record(lambda r: pack_record(c.SIGNATURE, r[16:], 5)), "C-REC-1")
    bad.add("unsigned", "signature record in an unsigned container",
            at("unsigned", lambda _: pack_record(
                c.SIGNATURE, pack_signature(0, 0, b"")), kind="manifest", number=0),
            "C-OVR-1", base=lambda name: clear(name, 2, signer=None), segment=1)
    return bad.entries


# ---- records ----


def sample_fields(**changes):
    """Of the first sample of segment 1."""

    def change(found):
        return {**found, **changes} if found["number"] == 1 else found

    return at("sample_fields", change, segment=1)


def samples():
    bad = Bad("sample", two, verdict="not_authentic", segment=1)
    bad.add("crc", "CRC of the record header", sample_record(flip(20)), "C-REC-2")
    bad.add("flag-unknown", "unknown flag 0x80", sample_record(rebuilt(flip(1, 0x80))), "C-REC")
    bad.add("flag-range", "range table flag on a clear track", sample_record(rebuilt(flip(1, 8))),
            "C-REC-4")
    bad.add("header-length", "header length without its flag", sample_record(
        lambda r: with_crc(put(3, b"\x1c")(r[:20]) + b"\0\0\0\1") + r[24:]), "C-REC")
    bad.add("composition-zero", "composition offset that is zero",
            sample_fields(flags=c.SYNC | c.HAS_COMPOSITION, composition=0), "C-REC")
    bad.add("duration-default", "duration that repeats the default",
            sample_fields(flags=c.SYNC | c.HAS_DURATION, duration=9000), "C-REC")
    bad.add("track", "track that does not exist", sample_record(rebuilt(put(2, b"\1"))), "C-REC")
    bad.add("number", "number left out", sample_record(
        rebuilt(put(8, struct.pack(">I", 2)))), "C-REC-1")
    bad.add("limit", "body longer than any sample", sample_record(
        rebuilt(put(4, struct.pack(">I", 67108865)))), "C-LIM-1")
    bad.add("pts-overflow", "presentation time beyond 64 bits", sample_fields(
        dts=2**63 - 1, flags=c.SYNC | c.HAS_COMPOSITION, composition=1), "C-REC")
    one = Bad("strong", lambda name: strong(name, 2), verdict="not_authentic", segment=1)
    one.add("flag-range", "range table flag on a strong track",
            sample_record(rebuilt(flip(1, 8))), "C-REC-4")
    one.add("body-length", "body of 9 bytes", sample_record(
        lambda r: with_crc(put(4, struct.pack(">I", 9))(r[:20])) + r[24:33]), "C-REC-5")
    one.add("body-tag-only", "tag without a byte", sample_record(
        lambda r: with_crc(put(4, struct.pack(">I", 16))(r[:20])) + r[24:40]), "C-REC-5")
    return bad.entries + one.entries


def light(name):
    spec = strong(name, 2, tracks=[track(VIDEO, "light")])
    for segment in spec["segments"]:
        segment["samples"][0]["ranges"] = [[0, 8], [20, 20]]
    return spec


def ranged(*ranges, **more):
    """First sample of segment 1 with another range table; its 32 sealed bytes stay."""

    def change(record):
        table = struct.pack(">H", len(ranges)) + b"".join(
            struct.pack(">II", *item) for item in ranges
        )
        body = table + record[24 + 18 :]
        head = put(4, struct.pack(">I", len(body)))(record[:20])
        return with_crc(head) + body

    return sample_record(change, **more)


def ranges():
    bad = Bad("ranges", light, verdict="not_authentic", segment=1)
    bad.add("overlap", "ranges overlap", ranged((0, 8), (7, 20)), "C-REC-4")
    bad.add("adjacent", "ranges touch", ranged((0, 8), (8, 20)), "C-REC-4")
    bad.add("order", "ranges not sorted", ranged((20, 20), (0, 8)), "C-REC-4")
    bad.add("empty", "empty range", ranged((0, 8), (20, 0)), "C-REC-4")
    bad.add("beyond", "range reaches beyond the sample", ranged((0, 8), (21, 20)), "C-REC-4")
    bad.add("huge", "range whose end does not fit 32 bits",
            ranged((0, 8), (4294967295, 4294967295)), "C-REC-5")
    bad.add("no-tag", "ranges, but no bytes for the tag", ranged((0, 4194304)), "C-REC-5")
    bad.add("count", "257 ranges", ranged(*[(2 * n, 1) for n in range(257)]), "C-LIM-1")
    bad.add("no-table", "light track without range table", sample_record(rebuilt(flip(1, 8))),
            "C-REC-4")
    bad.add("cut", "range table is cut off", sample_record(
        lambda r: with_crc(put(4, struct.pack(">I", 5))(r[:20])) + r[24:29]), "C-REC-4")
    return bad.entries


def start_field(**changes):
    return at("start_fields", setting(**changes), segment=1)


def insert(place, record):
    """Another record into segment 1, the later ones renumbered; it is no leaf."""

    def hook(stage, found, **context):
        if stage == "records" and context["segment"] == 1:
            return found[:place] + [record] + found[place:]
        return found

    return hook


def structure():
    bad = Bad("segment", two, verdict="not_authentic", segment=1)
    bad.add("start-hash", "start of another container", start_field(hash=bytes(8)), "C-SEG-3")
    bad.add("start-number", "start with another number", start_field(segment=2), "C-SEG-2")
    bad.add("start-salt", "salt of the start differs from the manifest's",
            start_field(salt=bytes(32)), "C-MAN-3")
    bad.add("start-record-number", "start record is number 1", at(
        "record", lambda r: pack_record(c.START, r[16:], 1), kind="start", segment=1), "C-REC-1")
    bad.add("start-length", "start of 73 bytes", at(
        "record", lambda r: pack_record(c.START, r[16:] + b"\0", 0), kind="start", segment=1),
        "C-SEG-1")
    bad.add("start-reserved", "reserved bytes of a record header", at(
        "record", lambda r: with_crc(put(1, b"\1")(r[:12])) + r[16:], kind="start", segment=1),
        "C-REC")
    bad.add("start-twice", "second start within the segment",
            insert(1, pack_record(c.START, bytes(80), 1)), "C-SEG-1")
    bad.add("record-unknown", "record of type 10", insert(1, pack_record(10, b"", 1)), "C-REC")
    bad.add("record-end", "end record within a segment", insert(1, pack_record(c.END, b"", 1)),
            "C-SEG-1")
    bad.add("record-signature", "signature record within a segment",
            insert(1, pack_record(c.SIGNATURE, b"", 1)), "C-SEG-1")
    bad.add("index-not-due", "index record where none is due",
            insert(1, pack_record(c.INDEX, b"SVMSINDX" + bytes(32), 1)), "C-IDX-2")
    bad.add("auxiliary-limit", "auxiliary record beyond its limit",
            insert(1, with_crc(struct.pack(">BBHII", c.EVIDENCE, 0, 0, 1048577, 1))), "C-LIM-1")
    bad.add("manifest-number", "manifest record with another number", at(
        "record", lambda r: pack_record(c.MANIFEST, r[16:], 9), kind="manifest", segment=1),
        "C-REC-1")
    bad.add("manifest-limit", "manifest beyond its limit", at(
        "record", lambda r: with_crc(put(4, struct.pack(">I", 65537))(r[:12])) + r[16:],
        kind="manifest", segment=1), "C-LIM-1")
    bad.add("no-samples", "segment without samples", empty_segment, "C-SEG-5")
    return bad.entries


def empty_segment(stage, value, **context):
    """Segment 1 keeps only its start."""
    if context.get("segment") == 1 and stage == "records":
        return value[:1]
    if context.get("segment") == 1 and stage == "manifest":
        return replace(value, entries=value.entries[-1:], flags=0)
    return value


def three(name):
    return clear(name, 3)


def rearranged(change):
    def rearrange(data):
        before, parts, after = segments_of(data)
        return before + b"".join(change(parts)) + after

    return at("file", rearrange)


def splicing():
    bad = Bad("splice", three, verdict="not_authentic")
    bad.add("removed-first", "segment 0 removed", rearranged(lambda p: p[1:]), "C-SEG-2", segment=0)
    bad.add("removed-middle", "segment 1 removed", rearranged(lambda p: [p[0], p[2]]), "C-SEG-2",
            segment=1)
    bad.add("removed-last", "segment 2 removed", rearranged(lambda p: p[:2]), "C-IDX-4",
            segment=None)
    bad.add("repeated", "segment 1 twice", rearranged(lambda p: [p[0], p[1], p[1], p[2]]),
            "C-SEG-2", segment=2)
    bad.add("swapped", "segments 1 and 2 exchanged", rearranged(lambda p: [p[0], p[2], p[1]]),
            "C-SEG-2", segment=1)
    bad.add("flipped", "bit of a sample in segment 1 flipped", rearranged(
        lambda p: [p[0], flip(120)(p[1]), p[2]]), "C-MAN-3", segment=1)
    bad.add("garbage-between", "bytes between segments 0 and 1", rearranged(
        lambda p: [p[0], b"\xee" * 7, *p[1:]]), "C-REC", segment=1)
    bad.add("cut-inside", "bytes of segment 1 removed", rearranged(
        lambda p: [p[0], p[1][:100] + p[1][110:], p[2]]), "C-REC-2", segment=1)
    return bad.entries


def index_bytes(change):
    return at("index", lambda records: [change(records[0])])


def closing():
    bad = Bad("index", two, verdict="not_authentic", segment=None)
    bad.add("entry", "entry with another offset", index_bytes(flip(16 + 40 + 15)), "C-IDX-4")
    bad.add("utc", "entry with another last UTC", index_bytes(flip(16 + 40 + 31)), "C-IDX-4")
    bad.add("entry-hash", "entry with another hash", index_bytes(flip(16 + 40 + 71)), "C-IDX-4")
    bad.add("before", "a checkpoint before", index_bytes(flip(16 + 39)), "C-IDX-4")
    bad.add("level", "another level", index_bytes(flip(16 + 16)), "C-IDX-4")
    bad.add("offset", "record names another offset", index_bytes(flip(16 + 31)), "C-IDX-4")
    bad.add("hash", "index of another container", index_bytes(flip(16 + 8)), "C-IDX-4")
    bad.add("missing", "no index", at("index", lambda _: []), "C-IDX-4")
    bad.add("twice", "index record twice", at("index", lambda r: r * 2), "C-OVR-1")
    end = Bad("end", two, verdict="not_authentic", segment=None)
    some = bytes(31) + b"\1"
    changes = (
        ("header-hash", "hash of another header", {"header_hash": some}),
        ("segments", "number of segments", {"segments": 3}),
        ("last-manifest", "hash of another manifest", {"last_manifest": some}),
        ("offset", "another offset", {"offset": 1}),
        ("root", "offset of another index record", {"root_offset": 1}),
        ("digest", "digest of other bytes", {"tail_digest": some}),
        ("root-hash", "hash of another index record", {"root_hash": some}),
        ("last-utc", "another last UTC", {"last_utc": T0}),
        ("reason-0", "reason 0", {"reason": 0}),
        ("reason-5", "reason 5", {"reason": 5}),
        ("reserved", "reserved bytes", {"reserved": bytes(6) + b"\1"}),
    )
    for name, note, change in changes:
        end.add(name, note, at("end", setting(**change)), "C-END")
    end.add("role", "role of another", at("prefix", setting(role=1), kind="end"), "C-OBJ-2")
    end.add("type", "object of type 2", at("prefix", setting(type=2), kind="end"), "C-OBJ-1")
    end.add("trailing", "a byte after the last field", at(
        "object", lambda body: put(12, struct.pack(">I", 193))(body) + b"\0", kind="end"), "C-END")
    end.add("high-s", "signature with a high s", at("signature", high(1), kind="end"), "C-OBJ-3",
            base=signed_by("p256"))
    end.add("number", "signature with the header's number", at(
        "signature_fields", setting(number=c.NUMBER_HEADER), kind="end"), "C-SIG-1")
    end.add("unsigned", "end record without signature", at(
        "record", lambda _: b"", kind="signature", of="end"), "C-SEG-1")
    end.add("record-number", "end record with a number", at(
        "record", lambda r: pack_record(c.END, r[16:], 1), kind="end"), "C-END")
    return bad.entries + end.entries


def repeat_end(data):
    """End record and signature once more before the tail."""
    start = struct.unpack(">Q", data[-16:-8])[0]
    return data[:-32] + data[start:-32] + data[-32:]


def segment_after_end(data):
    _, parts, _ = segments_of(data)
    return data + parts[-1]


def trailer(data):
    content = b"note"
    start = struct.unpack(">Q", data[-16:-8])[0]
    body = struct.pack(">HH", 9, 0) + sha256(data[start:]) + struct.pack(">I", len(content))
    body += sha256(content) + content
    return data + pack_record(c.TRAILER, body) + data[-32:]


def tails():
    bad = Bad("tail", two, verdict="not_authentic", segment=None)
    bad.add("offset", "offset of something else", at("record", lambda r: pack_record(
        c.TAIL, flip(7)(r[16:])), kind="tail"), "C-END-1")
    bad.add("magic", "tail without its magic", at("record", lambda r: pack_record(
        c.TAIL, flip(15)(r[16:])), kind="tail"), "C-END-1")
    bad.add("garbage", "a byte after the tail", at("file", lambda data: data + b"\x55"), "C-END-1")
    bad.add("twice", "tail twice", at("file", lambda data: data + data[-32:]), "C-END-1")
    bad.add("second-end", "second end record", at("file", repeat_end), "C-END-2")
    bad.add("end-after-tail", "second end record after the tail", at(
        "file", lambda data: data + repeat_end(data)[len(data) - 32 :]), "C-END-2")
    bad.add("segment", "segment after the tail", at("file", segment_after_end), "C-END-1")
    bad.add("trailer", "trailer of unknown kind", at("file", trailer), "C-TRL-2")
    return bad.entries


GROUPS = (
    manifests, prefixes, signature_records, samples, ranges, structure, splicing, closing, tails,
)  # fmt: skip
