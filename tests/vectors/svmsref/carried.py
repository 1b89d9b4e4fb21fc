# SPDX-License-Identifier: Apache-2.0
"""Reads what a package carries of a container (evidence.md, section 5)."""

import struct
from dataclasses import dataclass, field

from . import constants as c
from . import frames as f
from . import objects as o
from . import samples as s
from . import signatures
from . import stamps
from .errors import ContainerError
from .primitives import sha256
from .segments import I64_MIN, SegmentReader, check_signer
from .wire import Cursor, body_of, pack_record, parse_record_header

SMALLEST_SAMPLE = 24


@dataclass
class Node:
    """A segment of which at least the manifest is carried and true."""

    number: int
    manifest: object
    body: bytes
    hash: bytes
    signed: bool
    frame: object
    segment: object = None  # what its records are; None while they are not there
    attested: bool = False


class CarriedReader(SegmentReader):
    """A segment whose records may lack those of removed tracks."""

    def __init__(self, frame, header, on_late, hashes, removed=0):
        data = frame.opened_b + frame.c
        super().__init__(data, header, 0, frame.number, None, None, None, on_late, hashes)
        self.removed = removed if frame.flags & 2 else 0
        self.last_number = -1
        self.numbers = []
        self.missing = 0
        self.index_records = []  # (offset, record)
        self.border = len(frame.opened_b)

    def _check_number(self, record):
        if not self.removed:
            super()._check_number(record)
        elif record.number <= self.last_number:
            raise ContainerError("E-SRC-3", "numbers of records do not ascend", record.offset)
        self.missing += record.number - self.last_number - 1
        self.last_number = record.number
        self.numbers.append(record.number)
        if record.type == c.START and record.number:
            raise ContainerError("C-REC-1", "segment start is not number 0", record.offset)
        if (record.type == c.MANIFEST) != (record.offset == self.border):
            raise ContainerError("E-SRC-3", "records do not end where part B ends", record.offset)

    def _read_auxiliary(self, record):
        if record.type == c.INDEX:
            self.index_records.append((record.offset, self.data[record.offset : record.end]))
        super()._read_auxiliary(record)

    def _read_sample(self, record):
        if self.removed >> record.track & 1:
            message = "record of a track that was removed"
            raise ContainerError("E-SRC-3", message, record.offset)
        super()._read_sample(record)

    def _no_samples(self, position):
        if not self.removed:
            super()._no_samples(position)

    def _check_manifest(self, manifest, record):
        if not self.removed:
            super()._check_manifest(manifest, record)
            return
        self.segment.records = record.number
        whole = manifest.segment_bytes
        found = record.offset + self.missing * SMALLEST_SAMPLE
        if found > whole:
            raise ContainerError("E-SRC-3", "more bytes than the manifest says", record.offset)
        # Its own number of bytes cannot be compared any more.
        self.segment.offset = record.offset - whole
        super()._check_manifest(manifest, record)
        self.segment.offset = 0

    def _check_entries(self, manifest, require):
        if self.removed:
            gone = [one for one in manifest.entries if self.removed >> one.track & 1]
            message = "other records are missing than those of removed tracks"
            require(sum(one.leaves for one in gone) == self.missing, "E-SRC-3", message)
            require(gone != [], "E-SRC-3", "nothing was removed")
            for entry in gone:
                require(entry.track < len(self.header.tracks), "C-MAN-2", "unknown track")
                require(entry.leaves > 0, "C-MAN-2", "entry without a sample")
            order = [one.track for one in manifest.entries]
            require(order == sorted(set(order)), "C-MAN-2", "entries do not ascend")
            kept = [one for one in manifest.entries if one not in gone]
            manifest = o.Manifest(**{**vars(manifest), "entries": kept})
        super()._check_entries(manifest, require)

    def _check_times(self, manifest, require):
        if not self.removed:
            super()._check_times(manifest, require)
            return
        self._check_kept_times(manifest, require)

    def _check_kept_times(self, manifest, require):
        """E-SRC-3: what removed tracks alone could contradict is believed."""
        entries = {entry.track: entry for entry in manifest.entries}
        last = I64_MIN
        for sample in self.segment.samples:
            entry, track = entries[sample.record.track], self.header.tracks[sample.record.track]
            if sample.index == 0:
                require(entry.first_pts == sample.presentation, "C-MAN-3", "first time is wrong")
            base = (track.numerator, track.denominator)
            times = (sample.presentation, sample.duration)
            sample.utc, sample.end_utc = s.sample_times(entry, *times, base)
            last = max(last, sample.end_utc)
        require(manifest.last_utc >= last, "C-MAN-3", "last UTC is wrong")
        require(manifest.flags in (0, 1), "C-MAN-3", "unknown flags")
        reference = self.header.reference_track()
        first = self.segment.samples[0].record if self.segment.samples else None
        # Is the first sample of the segment there?
        known = first is not None and self._nothing_missing_before(first.number)
        if reference in entries:
            wanted = entries[reference].first_utc
            message = "first UTC is not that of the reference track"
            require(manifest.first_utc == wanted, "C-MAN-6", message)
        elif known:
            wanted = entries[first.track].first_utc
            require(manifest.first_utc == wanted, "C-MAN-6", "first UTC is wrong")
        if known:
            named = reference if reference in entries else first.track
            sync = first.track == named and bool(first.flags & c.SYNC)
            require(manifest.flags == int(sync), "C-MAN-3", "flags are wrong")
        elif reference in entries and not self.removed >> reference & 1:
            require(manifest.flags == 0, "C-MAN-3", "flags are wrong")

    def _nothing_missing_before(self, number):
        return self.numbers[: number + 1] == list(range(number + 1))


def _signer_of_manifest(data, record, header):
    body = body_of(data, record)
    signer, manifest = o.parse_manifest(body, record.body_offset)
    check_signer(signer, header, record.body_offset)
    return body, manifest


def read_manifest(frame, header):
    """(manifest, body, hash, signed) of part C of kinds 2, 3 and 10."""
    data = frame.c
    record = parse_record_header(data, 0)
    if record.type != c.MANIFEST:
        raise ContainerError("E-FRM-1", "no manifest", 0)
    if record.body_length > c.MAX_MANIFEST:
        raise ContainerError("C-LIM-1", "manifest is too long", 0)
    body, signed = body_of(data, record), False
    if record.end < len(data):
        if not header.signed:
            raise ContainerError("C-SIG-7", "signature in an unsigned container", record.end)
        if signatures.read(data, record.end, header, body, frame.number) != len(data):
            raise ContainerError("E-FRM-1", "bytes behind the manifest's signature", record.end)
        signed = True
    elif header.signed and not header.critical & (c.CRITICAL_DEFERRED | c.CRITICAL_LATE):
        raise ContainerError("C-SEG-1", "signature record is missing", record.end)
    _, manifest = _signer_of_manifest(data, record, header)
    if manifest.header_hash != header.hash:
        raise ContainerError("C-HDR-7", "hash of another header", 0)
    if manifest.segment != frame.number or frame.number >= c.MAX_SEGMENTS:
        raise ContainerError("E-FRM-1", "number of the frame is not that of the manifest", 0)
    if record.number != manifest.records:
        raise ContainerError("C-MAN-3", "number of records is wrong", 0)
    if manifest.clock_state > 3 or manifest.gap_reason > 7 or manifest.flags > 1:
        raise ContainerError("section 7", "unknown clock state, gap or flag", 0)
    return manifest, body, sha256(data), signed


# ---- secrets ----


def parse_secrets(frame, header, manifest, removed, presented=None):
    """{track: T} of part A (E-FRM-3), not yet compared with commitments. presented: in a proof,
    tracks of which the frame has samples."""
    if not frame.opened_a:
        return {}
    wanted = [
        entry.track
        for entry in manifest.entries
        if entry.track != c.AUXILIARY
        and header.tracks[entry.track].protection != c.NONE
        and not removed >> entry.track & 1
        and (presented is None or entry.track in presented)
    ]
    cursor, found = Cursor(frame.opened_a, frame.offset, "E-FRM-3"), []
    while cursor.remaining():
        found.append((cursor.u8(), cursor.take(32)))
    tracks = [track for track, _ in found]
    # With flag 4 some may be missing.
    some = frame.flags & f.UNVERIFIED
    if tracks != (sorted(set(tracks) & set(wanted)) if some else wanted):
        cursor.fail("secrets of other tracks than those of the segment")
    return dict(found)


# ---- records, end ----


@dataclass
class IndexRecord:
    """What an index record leads to."""

    level: int
    entries: list = field(default_factory=list)  # (first segment, offset, segments, hash)


def parse_index(raw, origin, header):
    record = parse_record_header(raw, 0)
    cursor = Cursor(body_of(raw, record), record.body_offset, "C-IDX")
    if cursor.take(16) != b"SVMSINDX" + header.hash[:8]:
        cursor.fail("index of another container")
    found = IndexRecord(cursor.u8())
    cursor.zeros(1)
    count = cursor.u16()
    cursor.zeros(4)
    if cursor.u64() != origin:
        cursor.fail("index record says another offset", "E-SRC-2")
    cursor.u64()
    if not 1 <= count <= c.FANOUT:
        cursor.fail("number of entries is out of range")
    for _ in range(count):
        first, offset = cursor.u64(), cursor.u64()
        cursor.take(16)
        segments = cursor.u32()
        cursor.zeros(4)
        found.entries.append((first, offset, segments, cursor.take(32)))
    cursor.finish()
    return found


def read_end(frame, header):
    """(end record, trailers)"""
    data = frame.c
    record = parse_record_header(data, 0)
    if record.type != c.END or record.number or record.body_length != 224:
        raise ContainerError("E-SRC-6", "no end record", 0)
    body = body_of(data, record)
    position = signatures.read(data, record.end, header, body, c.NUMBER_END)
    signer, end = o.parse_end(body, record.body_offset)
    check_signer(signer, header, record.body_offset)
    if end.header_hash != header.hash:
        raise ContainerError("C-HDR-7", "hash of another header", 0)
    if end.offset != frame.origin:
        raise ContainerError("E-SRC-2", "end record says another offset", 0)
    tail = pack_record(c.TAIL, struct.pack(">Q", end.offset) + b"SVMSTAIL")
    position, trailers = _take(data, position, tail), []
    while position < len(data):
        record = parse_record_header(data, position)
        if record.type != c.TRAILER:
            raise ContainerError("C-END-1", "bytes after the tail", position)
        trailers.append(stamps.parse_trailer(data, record, 0, len(trailers)))
        position = _take(data, record.end, tail)
    return end, trailers


def _take(data, position, wanted):
    if data[position : position + len(wanted)] != wanted:
        raise ContainerError("C-END-1", "tail is not as expected", position)
    return position + len(wanted)
