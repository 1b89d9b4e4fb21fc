# SPDX-License-Identifier: Apache-2.0
"""Header, keys, frames and directories of an evidence package (evidence.md, sections 2 to 4)."""

import struct
from dataclasses import dataclass, field

from . import constants as c
from .errors import ContainerError, KeyRefused
from .keys import ContainerKeys, EarlyKeys
from .primitives import hkdf_expand, seal, sha256, unseal
from .wire import Cursor

MAGIC = bytes.fromhex("8a5356580d0a1a0a")
HEADER_SIZE = 120
FRAME_HEADER = 40
PACKAGE, PROOF = 1, 2

SOURCE, SEGMENT, MANIFEST, RECORD, END, FRAGMENT, ATTACHMENT, CASE, DIRECTORY, LEAVES = range(1, 11)
OF_SOURCE = (SEGMENT, MANIFEST, RECORD, END, FRAGMENT, LEAVES)
SEALED, REMOVED, UNVERIFIED = 1, 2, 4
FLAGS_OF = {
    SOURCE: UNVERIFIED,
    SEGMENT: SEALED | REMOVED | UNVERIFIED,
    FRAGMENT: SEALED | UNVERIFIED,
    ATTACHMENT: SEALED,
    CASE: SEALED,
    LEAVES: REMOVED,
}
WITH_A = (SEGMENT, LEAVES)
WITH_B = (SEGMENT, FRAGMENT, ATTACHMENT, CASE, LEAVES)
WITH_C = (SOURCE, SEGMENT, MANIFEST, RECORD, END, DIRECTORY, LEAVES)
NO_NUMBER = 2**64 - 1

MAX_FRAMES = 16_777_216
MAX_SOURCES = MAX_ATTACHMENTS = 4_096
MAX_A, MAX_B, MAX_C, MAX_LEAVES = 2_048, 2**48, 1_048_576, 67_108_864
MAX_CASE = 4_194_304
BODY_CHUNK = 65_536
ZERO_NONCE = bytes(12)


# ---- header ----


@dataclass
class PackageHeader:
    """The first 120 bytes."""

    kind: int = PACKAGE
    sealed: int = 0
    slot_size: int = 0
    package_id: bytes = bytes(16)
    key_check: bytes = bytes(32)
    created_utc: int = 0
    software: bytes = b""
    magic: bytes = MAGIC
    major: int = 1
    minor: int = 0
    zero: int = 0
    compatible: int = 0
    critical: int = 0
    length: int = HEADER_SIZE
    zero_2: int = 0

    def pack(self):
        versions = (self.major, self.minor, self.zero, self.compatible, self.critical)
        out = self.magic + struct.pack(">BBHIII", *versions, self.length)
        out += struct.pack(">BBHI", self.kind, self.sealed, self.zero_2, self.slot_size)
        out += self.package_id + self.key_check + struct.pack(">q", self.created_utc)
        return out + self.software.ljust(32, b"\0")


def _check_software(cursor, software):
    text = software.rstrip(b"\0")
    if not all(0x20 <= byte <= 0x7E for byte in text):
        cursor.fail("software is not printable ASCII, padded with zero bytes")


def parse_header(data):
    """E-HDR-1 to E-HDR-3; malformed or unsupported when it cannot be used."""
    cursor = Cursor(data[:HEADER_SIZE], 0, "E-HDR", "malformed")
    if data[:8] != MAGIC:
        cursor.fail("not a package")
    cursor.take(8)
    major, minor = cursor.u8(), cursor.u8()
    if major != 1:
        raise ContainerError("E-HDR-1", f"major version {major}", 8, "unsupported")
    cursor.zeros(2)
    found = PackageHeader(minor=minor, compatible=cursor.u32())
    if cursor.u32():
        raise ContainerError("E-HDR-1", "critical bits", 16, "unsupported")
    if cursor.u32() != HEADER_SIZE:
        cursor.fail("header length")
    found.kind, found.sealed = cursor.u8(), cursor.u8()
    cursor.zeros(2)
    found.slot_size, found.package_id = cursor.u32(), cursor.take(16)
    found.key_check, found.created_utc = cursor.take(32), cursor.i64()
    found.software = cursor.take(32)
    _check_software(cursor, found.software)
    if found.kind not in (PACKAGE, PROOF) or found.sealed > 1:
        cursor.fail("unknown kind, or neither sealed nor unsealed")
    _check_sealing(cursor, found)
    return found


def _check_sealing(cursor, header):
    if header.sealed:
        size = header.slot_size
        if size % 512 or not c.MIN_SLOT <= size <= c.MAX_SLOT:
            cursor.fail("slot size is out of range", "E-HDR-3")
        if header.kind == PROOF:
            cursor.fail("sealed proof", "E-HDR-3")
    elif header.slot_size or any(header.key_check):
        cursor.fail("unsealed, yet slot size or key check are not zero", "E-HDR-3")


# ---- keys ----


class PackageKeys:
    """What follows from K (E-HDR-2, E-FRM-2)."""

    def __init__(self, key, header_hash):
        self._schedule = ContainerKeys(key, header_hash)
        self.access = self._schedule.access

    def _of(self, what, place):
        return hkdf_expand(self._schedule.prk, what + struct.pack(">Q", place), 32)

    def secrets(self, place):
        return self._of(b"svmx1 secrets", place)

    def body(self, place):
        return self._of(b"svmx1 body", place)


def key_check(key, package_id):
    return EarlyKeys(key, package_id).check


def _body_nonce(chunk):
    return struct.pack(">IQ", 0, chunk)


def seal_body(key, aad, plain):
    parts = [plain[at : at + BODY_CHUNK] for at in range(0, len(plain), BODY_CHUNK)]
    return b"".join(seal(key, _body_nonce(n), aad, part) for n, part in enumerate(parts))


def open_body(key, aad, sealed):
    whole, out = BODY_CHUNK + c.TAG, b""
    for number, at in enumerate(range(0, len(sealed), whole)):
        out += unseal(key, _body_nonce(number), aad, sealed[at : at + whole])
    return out


def body_size(sealed):
    """Size of what was sealed, or None when no body gives this size (E-FRM-4)."""
    rest = sealed % (BODY_CHUNK + c.TAG)
    if not sealed or 0 < rest <= c.TAG:
        return None
    return sealed - c.TAG * -(-sealed // (BODY_CHUNK + c.TAG))


# ---- frames ----


@dataclass
class FrameHeader:
    """40 bytes before the parts."""

    kind: int
    flags: int = 0
    size_a: int = 0
    size_c: int = 0
    size_b: int = 0
    number: int = 0
    origin: int = 0
    zero: int = 0
    zero_2: int = 0

    def pack(self):
        head = (self.kind, self.flags, self.zero, self.size_a, self.size_c, self.zero_2)
        return struct.pack(">BBHIIIQQQ", *head, self.size_b, self.number, self.origin)


@dataclass
class Frame:
    """A frame as it is stored, and where."""

    place: int  # i of E-FRM-2
    offset: int
    header: FrameHeader
    raw: bytes
    a: bytes
    b: bytes
    c: bytes
    first_utc: int = c.NO_TIME
    last_utc: int = c.NO_TIME
    opened_a: bytes | None = None  # None while it is sealed
    opened_b: bytes | None = None

    @property
    def kind(self):
        return self.header.kind

    @property
    def flags(self):
        return self.header.flags

    @property
    def number(self):
        return self.header.number

    @property
    def origin(self):
        return self.header.origin

    @property
    def head(self):
        return self.raw[:FRAME_HEADER]

    def digest(self):
        """E-DIR-2."""
        if self.kind == SEGMENT and not self.flags & (SEALED | UNVERIFIED):
            return sha256(self.head, self.a, self.c)
        return sha256(self.raw)


def _check_kind(head, cursor, proof):
    if head.kind not in range(SOURCE, LEAVES + 1):
        cursor.fail(f"frame of unknown kind {head.kind}")
    if head.flags & ~FLAGS_OF.get(head.kind, 0):
        cursor.fail("flag that this kind has not")
    if head.kind in ((SEGMENT, FRAGMENT) if proof else (LEAVES,)):
        cursor.fail("kind that does not occur here")


def _check_sizes(head, cursor):
    if head.size_a > MAX_A or head.size_b > MAX_B or head.size_c > MAX_C:
        cursor.fail("part is too large", "E-OVR-5")
    if head.kind == LEAVES and head.size_b > MAX_LEAVES:
        cursor.fail("part is too large", "E-OVR-5")
    if head.kind == CASE and head.size_b > MAX_CASE * 2:
        cursor.fail("case is too large", "E-OVR-5")
    sizes = ((head.size_a, WITH_A), (head.size_b, WITH_B), (head.size_c, WITH_C))
    if any(size and head.kind not in kinds for size, kinds in sizes):
        cursor.fail("part that this kind has not")
    if head.kind in WITH_C and not head.size_c:
        cursor.fail("part C is missing")
    if head.kind in WITH_B and head.kind != ATTACHMENT and not head.size_b:
        cursor.fail("part B is missing")
    if head.flags & SEALED and body_size(head.size_b) is None:
        cursor.fail("no body is sealed to this size", "E-FRM-4")


def parse_frame(data, offset, end, place, header):
    """Frame that fills data[offset:end]; what it holds is not looked at."""
    cursor = Cursor(data[offset : min(end, offset + FRAME_HEADER)], offset, "E-FRM-1")
    kind, flags = cursor.u8(), cursor.u8()
    cursor.zeros(2)
    head = FrameHeader(kind, flags, cursor.u32(), cursor.u32())
    cursor.zeros(4)
    head.size_b, head.number, head.origin = cursor.u64(), cursor.u64(), cursor.u64()
    _check_kind(head, cursor, header.kind == PROOF)
    _check_sizes(head, cursor)
    if head.flags & SEALED and not header.sealed:
        cursor.fail("sealed body in an unsealed package", "E-FRM-5")
    if offset + FRAME_HEADER + head.size_a + head.size_b + head.size_c != end:
        cursor.fail("frame does not fill its place", "E-OVR-1")
    parts = Cursor(data[offset + FRAME_HEADER : end], offset + FRAME_HEADER, "E-FRM-1")
    a, b = parts.take(head.size_a), parts.take(head.size_b)
    return Frame(place, offset, head, bytes(data[offset:end]), a, b, parts.take(head.size_c))


def open_parts(frame, header, keys):
    """Set opened_a and opened_b; KeyRefused when something does not open."""
    if not header.sealed:
        frame.opened_a, frame.opened_b = frame.a, frame.b
        return
    if not frame.a:
        frame.opened_a = b""
    if not frame.flags & SEALED:
        frame.opened_b = frame.b
    if keys is None:
        return
    try:
        if frame.a:
            frame.opened_a = unseal(keys.secrets(frame.place), ZERO_NONCE, frame.head, frame.a)
        if frame.flags & SEALED:
            frame.opened_b = open_body(keys.body(frame.place), frame.head, frame.b)
    except KeyRefused as error:
        raise KeyRefused(f"frame {frame.place} does not open") from error


# ---- directories ----


@dataclass
class Entry:
    """What a directory says of a frame; 80 bytes."""

    offset: int
    number: int
    origin: int
    first_utc: int
    last_utc: int
    kind: int
    flags: int
    digest: bytes
    zero: int = 0
    zero_2: int = 0

    def pack(self):
        head = (self.offset, self.number, self.origin, self.first_utc, self.last_utc)
        tail = (self.kind, self.flags, self.zero, self.zero_2)
        return struct.pack(">QQQqqBBHI", *head, *tail) + self.digest


@dataclass
class Directory:
    """A directory as read."""

    offset: int
    end: int
    before: int
    hash_before: bytes
    entries: list = field(default_factory=list)


def _parse_entry(cursor):
    values = [cursor.u64(), cursor.u64(), cursor.u64(), cursor.i64(), cursor.i64()]
    values += [cursor.u8(), cursor.u8()]
    cursor.zeros(6)
    return Entry(*values, cursor.take(32))


def parse_directory(data, offset, limit, wanted_hash, header):
    """The directory at offset, which ends at or before limit and has this hash."""
    head = data[offset : offset + FRAME_HEADER]
    if offset + FRAME_HEADER > limit or head[0] != DIRECTORY:
        raise ContainerError("E-DIR-1", "no directory where one must stand", offset)
    end = offset + FRAME_HEADER + int.from_bytes(head[8:12], "big")
    if end > limit or sha256(data[offset:end]) != wanted_hash:
        raise ContainerError("E-DIR-1", "directory is not the one that was signed", offset)
    frame = parse_frame(data, offset, end, 0, header)
    cursor = Cursor(frame.c, offset + FRAME_HEADER, "E-DIR-1")
    found = Directory(offset, end, cursor.u64(), cursor.take(32))
    if frame.origin:
        cursor.fail("origin of a directory is not zero", "E-FRM-1")
    if not 1 <= frame.number <= c.FANOUT:
        cursor.fail("number of entries is out of range")
    found.entries = [_parse_entry(cursor) for _ in range(frame.number)]
    cursor.finish()
    return found
