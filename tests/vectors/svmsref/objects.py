# SPDX-License-Identifier: Apache-2.0
"""Signed objects and other fixed structures: prefix, manifest, end record (sections 4, 7, 12)."""

import struct
from dataclasses import dataclass, field

from . import constants as c
from .errors import ContainerError
from .wire import Cursor


@dataclass
class Signer:
    """Who signs, as every prefix repeats it (C-OBJ-2)."""

    role: int = 0
    algorithm: int = 0
    certificate_hash: bytes = bytes(32)


@dataclass
class Prefix:
    """48 bytes at the start of every signed object."""

    type: int
    length: int
    role: int = 0
    algorithm: int = 0
    certificate_hash: bytes = bytes(32)
    magic: bytes = c.PREFIX_MAGIC
    version: int = 1
    zero: int = 0
    suite: int = c.SUITE

    def pack(self):
        fields = (self.type, self.version, self.role, self.zero, self.suite, self.algorithm)
        return self.magic + struct.pack(">BBBBHHI", *fields, self.length) + self.certificate_hash


def parse_prefix(cursor, kind, size):
    """Checks what does not depend on the signer."""
    if cursor.take(4) != c.PREFIX_MAGIC:
        cursor.fail("object prefix lacks its magic", "C-OBJ-1")
    if cursor.u8() != kind:
        cursor.fail("wrong object type", "C-OBJ-1")
    if cursor.u8() != 1:
        cursor.fail("unknown object version", "C-OBJ-1")
    role = cursor.u8()
    if cursor.u8():
        cursor.fail("reserved byte of the prefix is not zero", "C-OBJ-1")
    suite, algorithm, length = cursor.u16(), cursor.u16(), cursor.u32()
    if suite != c.SUITE:
        offset = cursor.origin + 8
        raise ContainerError("C-ALG-1", f"unknown suite {suite}", offset, "unsupported")
    if length != size:
        cursor.fail("length in the prefix is wrong", "C-OBJ-1")
    return Signer(role, algorithm, cursor.take(32))


@dataclass
class TrackEntry:
    """What a manifest says of one track."""

    track: int
    leaves: int
    first_pts: int
    first_utc: int
    root: bytes
    commitment: bytes = bytes(32)

    def pack(self):
        head = struct.pack(
            ">BBHIqq", self.track, 0, 0, self.leaves, self.first_pts, self.first_utc
        )
        return head + self.root + self.commitment


@dataclass
class Manifest:
    """Body of a manifest record without its prefix."""

    header_hash: bytes
    segment: int
    previous: bytes
    salt: bytes
    first_utc: int
    last_utc: int
    made_utc: int
    made_monotonic: int
    segment_bytes: int
    records: int
    clock_state: int = 1
    gap_reason: int = 0
    flags: int = 0
    evidence: bytes = bytes(32)
    entries: list = field(default_factory=list)
    reserved: int = 0
    extra: bytes = b""

    def pack_fields(self):
        out = self.header_hash + struct.pack(">Q", self.segment) + self.previous + self.salt
        times = (self.first_utc, self.last_utc, self.made_utc, self.made_monotonic)
        out += struct.pack(">qqqQQI", *times, self.segment_bytes, self.records)
        out += struct.pack(">BBH", self.clock_state, self.gap_reason, self.flags) + self.evidence
        out += struct.pack(">HH", len(self.entries), self.reserved)
        return out + b"".join(entry.pack() for entry in self.entries) + self.extra


def _parse_entry(cursor):
    track = cursor.u8()
    cursor.zeros(3)
    leaves, pts, utc = cursor.u32(), cursor.i64(), cursor.i64()
    return TrackEntry(track, leaves, pts, utc, cursor.take(32), cursor.take(32))


def parse_manifest(body, origin):
    """Returns (signer, manifest)."""
    cursor = Cursor(body, origin, "C-MAN-7")
    signer = parse_prefix(cursor, c.OBJECT_MANIFEST, len(body))
    values = [cursor.take(32), cursor.u64(), cursor.take(32), cursor.take(32)]
    values += [cursor.i64(), cursor.i64(), cursor.i64(), cursor.u64(), cursor.u64(), cursor.u32()]
    values += [cursor.u8(), cursor.u8(), cursor.u16(), cursor.take(32)]
    manifest = Manifest(*values)
    count = cursor.u16()
    cursor.zeros(2)
    if count > c.MAX_TRACKS + 1:
        cursor.fail("more entries than tracks", "C-MAN-2")
    manifest.entries = [_parse_entry(cursor) for _ in range(count)]
    cursor.finish()
    return signer, manifest


@dataclass
class EndRecord:
    """Body of the end record without its prefix."""

    header_hash: bytes
    segments: int
    last_manifest: bytes
    offset: int
    root_offset: int
    tail_digest: bytes
    root_hash: bytes
    utc: int
    last_utc: int
    reason: int = 1
    reserved: bytes = bytes(7)

    def pack_fields(self):
        out = self.header_hash + struct.pack(">Q", self.segments) + self.last_manifest
        out += struct.pack(">QQ", self.offset, self.root_offset) + self.tail_digest
        out += self.root_hash
        return out + struct.pack(">qqB", self.utc, self.last_utc, self.reason) + self.reserved


def parse_end(body, origin):
    """Returns (signer, end record)."""
    cursor = Cursor(body, origin, "C-END")
    signer = parse_prefix(cursor, c.OBJECT_END, len(body))
    values = [cursor.take(32), cursor.u64(), cursor.take(32), cursor.u64(), cursor.u64()]
    values += [cursor.take(32), cursor.take(32), cursor.i64(), cursor.i64(), cursor.u8()]
    end = EndRecord(*values)
    cursor.zeros(7)
    cursor.finish()
    if not 1 <= end.reason <= 4:
        cursor.fail("unknown reason of the end", "C-END")
    return signer, end


def pack_object(kind, signer, fields, adjust=None):
    """Prefix ‖ fields of a manifest or end record. adjust may change the prefix (faults)."""
    prefix = Prefix(kind, c.PREFIX_SIZE + len(fields), signer.role, signer.algorithm)
    prefix.certificate_hash = signer.certificate_hash
    if adjust:
        prefix = adjust(prefix)
    return prefix.pack() + fields


def pack_signature(algorithm, number, signature, kind=1, zero=0, extra=b""):
    head = struct.pack(">BBHQI", kind, zero, algorithm, number, len(signature))
    return head + signature + extra
