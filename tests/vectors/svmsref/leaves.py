# SPDX-License-Identifier: Apache-2.0
"""Leaves frames of a proof (evidence.md, section 9)."""

import struct
from dataclasses import dataclass

from . import constants as c
from . import samples as s
from .carried import CarriedReader
from .errors import ContainerError
from .keys import track_keys
from .primitives import root_of_hashes, sha256
from .wire import Cursor, parse_record_header

RECORD, SAMPLE, HASH = 1, 2, 3


@dataclass
class Leaf:
    """A sample whose bytes are in the presentation."""

    segment: int
    record: object
    table: bytes
    index: int  # among the leaves of its track
    place: int  # of its hash in leaves
    hash: bytes
    size: int
    ranges: list
    utc: int = 0


def pack_entry(form, track, content, zero=0):
    return struct.pack(">BBHI", form, track, zero, len(content)) + content


def _sample_size(protection, record, table, cursor):
    """(size, ranges) that header and table give."""
    s.check_sample_length(protection, record)
    stored = record.body_length - len(table)
    if protection == c.STRONG:
        size = s.strong_size(record)
        return size, [(0, size)] if size else []
    if protection == c.NONE:
        return stored, []
    ranges = s._parse_table(Cursor(table, cursor.origin, "C-REC-4"))
    size = stored - c.TAG * s.chunk_count(sum(length for _, length in ranges))
    if size < 0 or (ranges and sum(ranges[-1]) > size):
        cursor.fail("no sample has this body length", "C-REC-5")
    return size, ranges


class LeavesReader(CarriedReader):
    """Part B of a leaves frame."""

    def __init__(self, frame, header, on_late, hashes, removed):
        super().__init__(frame, header, on_late, hashes, removed)
        self.frame = frame
        self.found = []  # Leaf
        self.hashed = []  # (segment, track) of samples of which only the hash is known
        self.place = 0
        self.bytes = 0  # of the records that are known

    def read_leaves(self, manifest):
        """Compare with the manifest as far as that goes without the presentation."""
        cursor = Cursor(self.frame.opened_b, self.frame.offset, "E-PRF-2")
        while cursor.remaining():
            form, track = cursor.u8(), cursor.u8()
            cursor.zeros(2)
            content = cursor.take(cursor.u32())
            if (form == RECORD) != (track == c.AUXILIARY) or form not in (RECORD, SAMPLE, HASH):
                cursor.fail("unknown form, or a form that its track has not")
            self._read_entry(form, track, content, cursor)
            self.place += 1
        if 0 == self.place:
            cursor.fail("leaves frame without entries")
        self._compare(manifest)
        return self.found

    def _read_entry(self, form, track, content, cursor):
        if form == RECORD:
            self._read_record(content, cursor)
            return
        if track >= len(self.header.tracks) or self.removed >> track & 1 or not self.place:
            cursor.fail("sample of a track that is not there")
        if form == SAMPLE:
            self._read_sample_entry(track, content, cursor)
            return
        if len(content) != 32:
            cursor.fail("hash of another length")
        self.hashed.append((self.frame.number, track))
        self._add_leaf(track, content)

    def _add_leaf(self, track, digest):
        self.segment.leaves.setdefault(track, []).append(digest)

    def _number(self, record, cursor):
        """Records count every entry, and those that were removed."""
        least = max(self.last_number + 1, self.place)
        if record.number < least or (not self.removed and record.number != self.place):
            cursor.fail("record number is wrong")
        self.bytes += record.length + record.body_length
        self.last_number = record.number

    def _read_record(self, content, cursor):
        record = parse_record_header(content, 0)
        if record.end != len(content):
            cursor.fail("entry is not one record")
        self._number(record, cursor)
        self.data = content
        if (record.type == c.START) != (self.place == 0):
            cursor.fail("segment start is not the first leaf")
        if record.type == c.START:
            saved, self.segment.records = self.segment.records, record.number
            self.removed, kept = 0, self.removed
            self.border = -1
            self._read_start()
            self.removed, self.segment.records = kept, saved
            return
        if record.type == c.SIGNATURE and self.header.critical & c.CRITICAL_LATE:
            self._read_auxiliary(record)
            self.on_late(record, self.segment.number)
        elif record.type in (c.INDEX, c.EVIDENCE):
            self._read_auxiliary(record)
        else:
            cursor.fail("record that is no auxiliary record")

    def _read_sample_entry(self, track, content, cursor):
        record = parse_record_header(content, 0)
        if record.type != c.SAMPLE or record.track != track:
            cursor.fail("sample of another track")
        if len(content) < record.length + 32:
            cursor.fail("entry is too short")
        self._number(record, cursor)
        about = self.header.tracks[track]
        s.check_flags(about.protection, record, about.default_duration)
        table, digest = content[record.length : -32], content[-32:]
        if about.protection != c.LIGHT and table:
            cursor.fail("range table present wrongly")
        size, ranges = _sample_size(about.protection, record, table, cursor)
        if about.protection == c.LIGHT and len(table) != 2 + 8 * len(ranges):
            cursor.fail("range table of another length")
        index = len(self.segment.leaves.get(track, []))
        leaf = Leaf(self.frame.number, record, table, index, index, digest, size, ranges)
        self.found.append(leaf)
        self._add_leaf(track, digest)

    def _compare(self, manifest):
        def require(condition, rule, message):
            if not condition:
                raise ContainerError(rule, message, self.frame.offset)

        require(manifest.salt == self.segment.salt, "C-MAN-3", "salt is not that of the start")
        kept = [one for one in manifest.entries if not self.removed >> one.track & 1]
        wanted = sorted(self.segment.leaves)
        require([one.track for one in kept] == wanted, "C-MAN-2", "entries are of other tracks")
        order = [one.track for one in manifest.entries]
        require(order == sorted(set(order)), "C-MAN-2", "entries do not ascend")
        gone = sum(one.leaves for one in manifest.entries if one not in kept)
        require(self.place + gone == manifest.records, "C-MAN-3", "number of records is wrong")
        for entry in manifest.entries:
            require(entry.leaves > 0, "C-MAN-2", "entry without a leaf")
            if entry.track == c.AUXILIARY:
                require(entry.first_pts == entry.first_utc == 0, "C-MAN-2", "entry 255 has times")
        for entry in kept:
            leaves = self.segment.leaves[entry.track]
            require(entry.leaves == len(leaves), "C-MAN-3", "number of leaves is wrong")
            message = f"leaves of track {entry.track} are not those that were signed"
            require(entry.root == root_of_hashes(leaves), "C-MAN-3", message)
        if not self.removed and not self.hashed:
            message = "number of bytes is wrong"
            require(self.bytes == manifest.segment_bytes, "E-PRF-2", message)
        self._check_leaf_times(manifest, require)

    def _check_leaf_times(self, manifest, require):
        entries = {entry.track: entry for entry in manifest.entries}
        reference = entries.get(self.header.reference_track())
        message = "first UTC is not that of the reference track"
        require(not reference or manifest.first_utc == reference.first_utc, "C-MAN-6", message)
        for leaf in self.found:
            record, track = leaf.record, self.header.tracks[leaf.record.track]
            entry, base = entries[record.track], (track.numerator, track.denominator)
            presentation = record.dts + record.composition
            require(-(2**63) <= presentation < 2**63, "C-REC", "presentation time does not fit")
            if leaf.index == 0:
                require(entry.first_pts == presentation, "C-MAN-3", "first time is wrong")
            duration = track.default_duration if record.duration is None else record.duration
            leaf.utc, end = s.sample_times(entry, presentation, duration, base)
            require(end <= manifest.last_utc, "C-MAN-3", "last UTC is wrong")


def leaf_of_sample(leaf, data, secret):
    """Leaf hash that the sample's bytes give (E-PRF-2); None without a secret that is needed."""
    stored = leaf.table + data
    if leaf.ranges:
        if secret is None:
            return None
        arguments = (leaf.index, leaf.record.raw, leaf.table, leaf.ranges, data)
        stored = s.seal_body(track_keys(secret), *arguments)
    return sha256(b"\0", leaf.record.raw, stored)
