# SPDX-License-Identifier: Apache-2.0
"""Disclosure files (section 17)."""

import struct
from dataclasses import dataclass, field

from . import constants as c
from .errors import ContainerError
from .primitives import sha256
from .wire import Cursor

MAGIC = bytes.fromhex("8a53564b0d0a1a0a")


@dataclass
class Entry:
    """The secret of one track in one segment."""

    segment: int
    track: int
    secret: bytes
    zero: bytes = bytes(7)

    def pack(self):
        return struct.pack(">QB", self.segment, self.track) + self.zero + self.secret


@dataclass
class Disclosure:
    """A file; count and digest_mask only to write a wrong one."""

    container_id: bytes
    header_hash: bytes
    entries: list = field(default_factory=list)
    magic: bytes = MAGIC
    version: int = 1
    zero: int = 0
    count: int | None = None
    digest_mask: int = 0
    extra: bytes = b""

    def pack(self):
        count = len(self.entries) if self.count is None else self.count
        out = self.magic + struct.pack(">HHI", self.version, self.zero, count)
        out += self.container_id + self.header_hash
        out += b"".join(entry.pack() for entry in self.entries)
        digest = bytearray(sha256(out))
        digest[0] ^= self.digest_mask
        return out + bytes(digest) + self.extra

    def secrets(self):
        return {(entry.segment, entry.track): entry.secret for entry in self.entries}


def _parse_entry(cursor, before):
    entry = Entry(cursor.u64(), cursor.u8(), b"")
    cursor.zeros(7)
    entry.secret = cursor.take(32)
    if entry.segment >= c.MAX_SEGMENTS or entry.track >= c.MAX_TRACKS:
        cursor.fail("segment or track that no container has", "C-LIM-1")
    if before and (entry.segment, entry.track) <= (before.segment, before.track):
        cursor.fail("entries do not ascend")
    return entry


def parse(data):
    """ContainerError when it is not a disclosure file."""
    cursor = Cursor(data, 0, "C-DIS-1", "malformed")
    if cursor.take(8) != MAGIC:
        cursor.fail("not a disclosure file")
    if cursor.u16() != 1:
        raise ContainerError("C-DIS-1", "unknown version", 8, "unsupported")
    cursor.zeros(2)
    count = cursor.u32()
    if not 1 <= count <= c.MAX_DISCLOSED:
        cursor.fail("number of entries is out of range", "C-LIM-1")
    found = Disclosure(cursor.take(16), cursor.take(32))
    for _ in range(count):
        before = found.entries[-1] if found.entries else None
        found.entries.append(_parse_entry(cursor, before))
    if cursor.take(32) != sha256(data[: cursor.position - 32]):
        cursor.fail("digest of the file is wrong")
    cursor.finish()
    return found
