# SPDX-License-Identifier: Apache-2.0
"""Search tree over the segments (section 11); writer and verifier build the same one."""

import struct
from dataclasses import dataclass

from . import constants as c
from .primitives import sha256
from .wire import pack_record


@dataclass
class IndexEntry:
    """A segment, or an index record one level below."""

    first_segment: int
    offset: int
    first_utc: int
    last_utc: int
    segments: int = 1
    hash: bytes = bytes(32)

    def pack(self):
        times = (self.first_utc, self.last_utc)
        fixed = struct.pack(">QQqqII", self.first_segment, self.offset, *times, self.segments, 0)
        return fixed + self.hash


class IndexTree:
    """Entries that no record holds yet, by level."""

    def __init__(self, header_hash):
        self.head = b"SVMSINDX" + header_hash[:8]
        self.levels = [[]]
        self.current = []  # checkpoints that none of a higher level covers: (level, offset)

    def add_segment(self, number, offset, first_utc, last_utc, manifest_hash):
        entry = IndexEntry(number, offset, first_utc, last_utc, hash=manifest_hash)
        self.levels[0].append(entry)

    def checkpoint(self):
        """Offset of the newest current checkpoint, 0 for none (C-IDX-5)."""
        return self.current[-1][1] if self.current else 0

    def _write(self, level, offset, number):
        """Turn the entries of a level into a record; its entry goes one level up."""
        entries = self.levels[level]
        before = 0
        if number:
            while self.current and self.current[-1][0] < level:
                self.current.pop()
            before = self.checkpoint()
            self.current.append((level, offset))
        body = self.head + struct.pack(">BBHIQQ", level, 0, len(entries), 0, offset, before)
        body += b"".join(entry.pack() for entry in entries)
        record = pack_record(c.INDEX, body, number)
        parent = IndexEntry(
            entries[0].first_segment,
            offset,
            entries[0].first_utc,
            max(entry.last_utc for entry in entries),
            sum(entry.segments for entry in entries),
            sha256(record),
        )
        self.levels[level] = []
        if level + 1 == len(self.levels):
            self.levels.append([])
        self.levels[level + 1].append(parent)
        return record

    def full_records(self, offset, number=None):
        """Records of full levels, lower level first (C-IDX-2). number is that of the first one
        in its segment, None outside of segments."""
        records = []
        for level, entries in enumerate(self.levels):
            if len(entries) == c.FANOUT:
                records.append(self._write(level, offset, number or 0))
                offset += len(records[-1])
                number = number + 1 if number else None
        return records

    def close(self, offset):
        """Returns (records, offset of the root, hash of the root), C-IDX-3 and C-END-3."""
        records = self.full_records(offset)
        offset += sum(len(record) for record in records)
        level = 0
        while any(self.levels[level:]):
            entries = self.levels[level]
            topmost = not any(self.levels[level + 1 :])
            if topmost and level and len(entries) == 1:
                return records, entries[0].offset, entries[0].hash
            if entries:
                records.append(self._write(level, offset, 0))
                if topmost:
                    return records, offset, sha256(records[-1])
                offset += len(records[-1])
            level += 1
        return records, 0, bytes(32)
