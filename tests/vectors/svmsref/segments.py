# SPDX-License-Identifier: Apache-2.0
"""Reads and verifies one segment (sections 6 and 7)."""

from dataclasses import dataclass, field

from . import constants as c
from . import objects as o
from . import samples as s
from . import signatures
from . import stamps
from .errors import ContainerError, EndOfFile
from .primitives import root_of_hashes, sha256
from .wire import body_of, parse_record_header

I64_MIN, I64_MAX = -(2**63), 2**63 - 1


@dataclass
class StoredSample:
    """One sample as it stands in the file, all keyless rules checked."""

    record: object
    body: object
    index: int
    presentation: int
    duration: int
    utc: int = 0
    end_utc: int = 0


@dataclass
class Segment:
    """A segment, and after read_segment() a verified one."""

    offset: int
    number: int = 0
    end: int = 0
    salt: bytes = b""
    records: int = 0
    leaves: dict = field(default_factory=lambda: {c.AUXILIARY: []})
    samples: list = field(default_factory=list)
    manifest: object = None
    body: bytes = b""
    hash: bytes = b""
    signed: bool = False
    stamps: list = field(default_factory=list)

    def samples_of(self, track):
        return [one for one in self.samples if one.record.track == track]


def check_signer(signer, header, offset):
    if signer != header.signer:
        message = "role, algorithm or certificate are not the header's"
        raise ContainerError("C-OBJ-2", message, offset)


def expect_bytes(data, offset, wanted, rule, message):
    """The file holds exactly this record here; EndOfFile when it stops within it. Of a record that
    is not whole only the header is looked at (C-VER-1)."""
    found = data[offset : offset + len(wanted)]
    if found == wanted:
        return offset + len(wanted)
    head = min(len(found), c.RECORD_HEADER)
    if len(found) < len(wanted) and found[:head] == wanted[:head]:
        raise EndOfFile(offset)
    raise ContainerError(rule, message, offset)


class SegmentReader:
    """Reads one segment at an offset. expected and previous are None after a failure, when the
    chain can no longer be followed; tree is None then too."""

    def __init__(self, data, header, offset, expected, previous, tree, first_utc, on_late, hashes):
        self.data = data
        self.on_late = on_late
        self.hashes = hashes
        self.header = header
        self.header_hash = header.hash
        self.expected = expected
        self.previous = previous
        self.tree = tree
        self.floor_utc = first_utc
        self.segment = Segment(offset)

    def read(self):
        position = self._read_start()
        position = self._read_index(position)
        manifest = self._read_records(position)
        body = body_of(self.data, manifest)
        self._read_own_signature(manifest.end, body)
        signer, parsed = o.parse_manifest(body, manifest.body_offset)
        try:
            check_signer(signer, self.header, manifest.body_offset)
            self._check_manifest(parsed, manifest)
        except ContainerError as error:
            error.time = parsed.first_utc
            raise
        self.segment.manifest, self.segment.body = parsed, body
        self.segment.hash = sha256(self.data[manifest.offset : self.segment.end])
        return self.segment

    def _read_own_signature(self, position, body):
        """The signature record behind the manifest, which may be missing with critical bit 0 or 1."""
        header, number = self.header, self.segment.number
        self.segment.end = position
        if header.critical & (c.CRITICAL_DEFERRED | c.CRITICAL_LATE):
            if self.data[position : position + 1] != bytes([c.SIGNATURE]):
                return
            record = parse_record_header(self.data, position)
            if header.critical & c.CRITICAL_LATE and record.number == 0:
                found = signatures.parse_signature(self.data, record, header)
                if found.number != number:
                    return  # late, of another manifest, behind the last segment
        self.segment.end = signatures.read(self.data, position, header, body, number)
        self.segment.signed = header.signed

    def _leaf(self, track, record):
        leaf = sha256(b"\0", self.data[record.offset : record.end])
        self.segment.leaves.setdefault(track, []).append(leaf)
        self.segment.records += 1

    def _check_number(self, record):
        if record.number != self.segment.records:
            raise ContainerError("C-REC-1", "record number is wrong", record.offset)

    def _read_start(self):
        record = parse_record_header(self.data, self.segment.offset)
        if record.type != c.START:
            raise ContainerError("C-OVR-1", "no segment start", record.offset)
        if record.body_length != 80:
            raise ContainerError("C-SEG-1", "segment start has the wrong length", record.offset)
        self._check_number(record)
        body = body_of(self.data, record)
        if body[:16] != b"SVMSSEG1" + self.header_hash[:8]:
            raise ContainerError("C-SEG-3", "not of this container", record.body_offset)
        self.segment.number = int.from_bytes(body[16:24], "big")
        if self.expected is not None and self.segment.number != self.expected:
            message = f"segment {self.expected} is missing, {self.segment.number} stands there"
            raise ContainerError("C-SEG-2", message, record.offset)
        if self.segment.number >= c.MAX_SEGMENTS:
            raise ContainerError("C-LIM-1", "too many segments", record.offset)
        self.segment.salt = body[24:56]
        if self.tree is not None and body[72:] != self.tree.checkpoint().to_bytes(8, "big"):
            raise ContainerError("C-IDX-5", "start names another checkpoint", record.offset)
        self._leaf(c.AUXILIARY, record)
        return record.end

    def _read_index(self, position):
        """Full index records, which stand directly after the segment start (C-IDX-2)."""
        if self.tree is None:
            return position
        for wanted in self.tree.full_records(position, 1):
            expect_bytes(self.data, position, wanted, "C-IDX-2", "index record is not as expected")
            self._leaf(c.AUXILIARY, parse_record_header(self.data, position))
            position += len(wanted)
        return position

    def _read_records(self, position):
        """Up to the manifest, whose record header is returned."""
        while True:
            record = parse_record_header(self.data, position)
            self._check_number(record)
            if record.type == c.MANIFEST:
                break
            if record.type == c.SAMPLE:
                self._read_sample(record)
            elif record.type in (c.INDEX, c.EVIDENCE):
                self._read_auxiliary(record)
            elif record.type == c.SIGNATURE and self.header.critical & c.CRITICAL_LATE:
                self._read_auxiliary(record)
                self.on_late(record, self.segment.number)
            else:
                message = f"record of type {record.type} within a segment"
                raise ContainerError("C-SEG-1", message, position)
            position = record.end
        if record.body_length > c.MAX_MANIFEST:
            raise ContainerError("C-LIM-1", "manifest is too long", position)
        if not self.segment.samples:
            self._no_samples(position)
        return record

    def _no_samples(self, position):
        raise ContainerError("C-SEG-5", "segment without samples", position)

    def _read_auxiliary(self, record):
        if len(self.segment.leaves[c.AUXILIARY]) == c.MAX_AUXILIARY:
            raise ContainerError("C-LIM-1", "too many auxiliary records", record.offset)
        if record.body_length > c.MAX_AUXILIARY_RECORD:
            raise ContainerError("C-LIM-1", "auxiliary record is too long", record.offset)
        if record.type == c.INDEX and (self.tree is not None or self.segment.samples):
            raise ContainerError("C-IDX-2", "index record where none is due", record.offset)
        body = body_of(self.data, record)
        if record.type == c.EVIDENCE:
            arguments = (record.body_offset, self.segment.number, self.hashes)
            stamp = stamps.parse_evidence(body, *arguments)
            self.segment.stamps += [stamp] if stamp else []
        self._leaf(c.AUXILIARY, record)

    def _read_sample(self, record):
        if len(self.segment.samples) == c.MAX_SAMPLES:
            raise ContainerError("C-LIM-1", "too many samples in a segment", record.offset)
        if record.track >= len(self.header.tracks):
            raise ContainerError("C-REC", "sample of a track that does not exist", record.offset)
        track = self.header.tracks[record.track]
        s.check_flags(track.protection, record, track.default_duration)
        s.check_sample_length(track.protection, record)
        presentation = record.dts + record.composition
        if not I64_MIN <= presentation <= I64_MAX:
            raise ContainerError("C-REC", "presentation time does not fit", record.offset)
        body = s.parse_body(track.protection, record, body_of(self.data, record))
        duration = track.default_duration if record.duration is None else record.duration
        index = len(self.segment.leaves.get(record.track, []))
        self.segment.samples.append(StoredSample(record, body, index, presentation, duration))
        self._leaf(record.track, record)

    # ---- manifest ----

    def _check_manifest(self, manifest, record):
        def require(condition, rule, message):
            if not condition:
                raise ContainerError(rule, message, record.offset)

        segment = self.segment
        require(manifest.header_hash == self.header_hash, "C-HDR-7", "hash of another header")
        require(manifest.segment == segment.number, "C-MAN-3", "segment number is wrong")
        if self.previous is not None:
            message = "does not follow the manifest before it"
            require(manifest.previous == self.previous, "C-MAN-4", message)
        require(manifest.salt == segment.salt, "C-MAN-3", "salt is not that of the start")
        size = record.offset - segment.offset
        require(manifest.segment_bytes == size, "C-MAN-3", "number of bytes is wrong")
        require(manifest.records == segment.records, "C-MAN-3", "number of records is wrong")
        require(manifest.clock_state <= 3, "section 7", "unknown clock state")
        require(manifest.gap_reason <= 7, "section 7", "unknown reason of a gap")
        self._check_entries(manifest, require)
        self._check_times(manifest, require)

    def _check_entries(self, manifest, require):
        wanted = sorted(self.segment.leaves)
        found = [entry.track for entry in manifest.entries]
        require(found == wanted, "C-MAN-2", "entries are not those of the tracks in the segment")
        for entry in manifest.entries:
            leaves = self.segment.leaves[entry.track]
            require(entry.leaves == len(leaves), "C-MAN-3", "number of leaves is wrong")
            if entry.root != root_of_hashes(leaves):
                message = f"records of track {entry.track} are not those that were signed"
                raise ContainerError("C-MAN-3", message, self.segment.offset)
            clear = entry.track == c.AUXILIARY
            if clear:
                require(entry.first_pts == entry.first_utc == 0, "C-MAN-2", "entry 255 has times")
            else:
                clear = self.header.tracks[entry.track].protection == c.NONE
            message = "commitment present or absent wrongly"
            require(clear != any(entry.commitment), "C-KEY-5", message)

    def _check_times(self, manifest, require):
        segment, last = self.segment, I64_MIN
        entries = {entry.track: entry for entry in manifest.entries}
        for sample in segment.samples:
            entry, track = entries[sample.record.track], self.header.tracks[sample.record.track]
            if sample.index == 0:
                require(entry.first_pts == sample.presentation, "C-MAN-3", "first time is wrong")
            times = (sample.presentation, sample.duration)
            base = (track.numerator, track.denominator)
            sample.utc, sample.end_utc = s.sample_times(entry, *times, base)
            last = max(last, sample.end_utc)
        reference = self.header.reference_track()
        if reference not in entries:
            reference = segment.samples[0].record.track
        first = segment.samples[0].record
        sync = first.track == reference and bool(first.flags & c.SYNC)
        message = "first UTC is not that of the reference track"
        require(manifest.first_utc == entries[reference].first_utc, "C-MAN-6", message)
        require(manifest.last_utc == last, "C-MAN-3", "last UTC is wrong")
        require(manifest.flags == int(sync), "C-MAN-3", "flags are wrong")
        if self.floor_utc is not None:
            message = "first UTC lies before that of the segment before"
            require(manifest.first_utc >= self.floor_utc, "C-MAN-6", message)
