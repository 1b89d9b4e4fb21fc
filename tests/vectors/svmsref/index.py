# SPDX-License-Identifier: Apache-2.0
"""Search tree over the segments (section 11); writer and verifier build the same one."""

import struct
from dataclasses import dataclass

from . import constants as c
from .wire import pack_record


@dataclass
class IndexEntry:
    """A segment, or an index record one level below."""

    first_segment: int
    offset: int
    first_utc: int
    last_utc: int
    segments: int = 1

    def pack(self):
        times = (self.first_utc, self.last_utc)
        return struct.pack(">QQqqII", self.first_segment, self.offset, *times, self.segments, 0)


class IndexTree:
    """Entries that no record holds yet, by level."""

    def __init__(self, header_hash):
        self.head = b"SVMSINDX" + header_hash[:8]
        self.levels = [[]]

    def add_segment(self, number, offset, first_utc, last_utc):
        self.levels[0].append(IndexEntry(number, offset, first_utc, last_utc))

    def _write(self, level, offset, number):
        """Turn the entries of a level into a record; its entry goes one level up."""
        entries = self.levels[level]
        body = self.head + struct.pack(">BBHIQ", level, 0, len(entries), 0, offset)
        body += b"".join(entry.pack() for entry in entries)
        parent = IndexEntry(
            entries[0].first_segment,
            offset,
            entries[0].first_utc,
            max(entry.last_utc for entry in entries),
            sum(entry.segments for entry in entries),
        )
        self.levels[level] = []
        if level + 1 == len(self.levels):
            self.levels.append([])
        self.levels[level + 1].append(parent)
        return pack_record(c.INDEX, body, number)

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
        """Returns (records, offset of the root), C-IDX-3."""
        records = self.full_records(offset)
        offset += sum(len(record) for record in records)
        level = 0
        while any(self.levels[level:]):
            entries = self.levels[level]
            topmost = not any(self.levels[level + 1 :])
            if topmost and level and len(entries) == 1:
                return records, entries[0].offset
            if entries:
                records.append(self._write(level, offset, 0))
                if topmost:
                    return records, offset
                offset += len(records[-1])
            level += 1
        return records, 0
