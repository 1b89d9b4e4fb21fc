# SPDX-License-Identifier: Apache-2.0
"""Verifies whole containers and opens their samples (section 14)."""

import struct
import time
from dataclasses import dataclass, field

from . import access
from . import constants as c
from . import header as h
from . import objects as o
from . import samples as s
from . import signatures
from . import stamps
from . import trust
from .attest import Attestation
from .errors import ContainerError, EndOfFile, KeyRefused
from .index import IndexTree
from .keys import ContainerKeys, EarlyKeys, track_keys
from .primitives import equal, sha256, unseal
from .segments import SegmentReader, check_signer, expect_bytes
from .wire import body_of, parse_record_header, pack_record


@dataclass
class SampleResult:
    """A sample of a verified segment; sha256 is None while it is not opened."""

    segment: int
    track: int
    dts: int
    pts: int
    duration: int
    flags: int
    size: int
    sha256: str | None
    utc: int
    data: bytes | None = None


@dataclass
class Report:
    """Everything verification found."""

    verdict: str = "authentic"
    header: object = None
    segments: list = field(default_factory=list)
    samples: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    access_damage: list = field(default_factory=list)
    closed: bool = False
    unattested: int = 0
    identity: str = "unsigned"
    access: str = "none"
    officer: str = "none"
    stamps: list = field(default_factory=list)
    trailers: list = field(default_factory=list)
    stamping: bool = False  # interrupted while a trailer was added
    key_failure: object = None
    description: list | None = None
    end: object = None

    @property
    def first_failure(self):
        if self.failures:
            return self.failures[0]
        return self.key_failure or (self.access_damage[0] if self.access_damage else None)


@dataclass
class Request:
    """What to check with."""

    anchors: list = field(default_factory=list)
    stamp_anchors: list = field(default_factory=list)
    now_utc: int | None = None
    claimed_time: bool = False
    password: str | None = None
    private: object = None
    kek: object = None
    disclosure: object = None
    keep_data: bool = False

    @property
    def has_key(self):
        return any(one is not None for one in (self.password, self.private, self.kek))


def verify(data, request=None):
    """Verify a container held in memory; never raises for what it holds."""
    data, request = bytes(data), request or Request()
    report = Verifier(data, request).run()
    if not report.failures or data[-1:] != b"\0":
        return report
    return _without_zero_tail(data, request, report) or report


def _without_zero_tail(data, request, report):
    """Report when zero bytes at the end of an open container are not there (C-VER-1), or None."""
    end = len(data.rstrip(b"\0"))
    failed = report.failures[0].offset
    for size in (failed, end) if failed > end else (end,):
        shorter = Verifier(data[:size], request).run()
        if shorter.failures:
            continue
        shorter.unattested += len(data) - size
        if shorter.closed:  # a trailer of which the size was stored (C-TRL-4)
            shorter.stamping = True
            if shorter.verdict == "authentic":
                shorter.verdict = "incomplete"
        return shorter
    return None


class Verifier:
    """One verification."""

    def __init__(self, data, request):
        self.data = data
        self.request = request
        self.report = Report()
        self.expected = 0
        self.previous = None
        self.tree = None
        self.first_utc = None
        self.keys = None
        self.secrets = {}  # disclosed: (segment, track): T
        self.records_offset = 0
        self.attest = None
        self.last = None  # segment read last
        self.hashes = {}  # of the manifests that were read

    def run(self):
        report = self.report
        try:
            position = self._read_access(self._read_header())
        except ContainerError as error:
            report.failures.append(error)
            report.verdict = error.kind
            # A header whose signature failed before is false, whatever it says.
            if report.failures[0] is not error:
                report.verdict = "not_authentic"
            return report
        self._read_segments(position)
        self._check_identity()
        self._open_samples()
        report.verdict = self._verdict()
        return report

    def _verdict(self):
        report = self.report
        if report.failures:
            return "not_authentic"
        if report.key_failure:
            return "undecryptable"
        if report.identity != "trusted":
            return "untrusted"
        if not report.closed or report.stamping or report.access_damage:
            return "incomplete"
        return "authentic"

    # ---- header and access block ----

    def _read_header(self):
        header = h.parse_trusted_part(self.data)
        self.report.header = header
        position = len(header.raw)
        try:
            position = signatures.read(
                self.data, position, header, header.raw, c.NUMBER_HEADER
            )
        except EndOfFile as error:
            message = "header signature is cut off"
            raise ContainerError("C-OVR-1", message, len(self.data), "malformed") from error
        except ContainerError as error:
            self.report.failures.append(error)
            position = self._skip_signature(position)
        h.parse_rest(header)
        self.report.description = header.description
        self.previous = header.hash
        self.tree = IndexTree(header.hash)
        self.attest = Attestation(header)
        self.report.segments = self.attest.attested
        return position

    def _skip_signature(self, position):
        """Where a bad header signature ends, as far as one can tell."""
        try:
            return parse_record_header(self.data, position).end
        except (ContainerError, EndOfFile):
            return position

    def _read_access(self, position):
        """Returns where segments begin."""
        header, report = self.report.header, self.report
        if header.key_check is None:
            return position
        end = position + 2 * header.slot_size
        if end > len(self.data):
            message = "access block is cut off"
            raise ContainerError("C-OVR-1", message, len(self.data), "malformed")
        block = self.data[position:end]
        self.block = access.parse_access(block, position, header.slot_size, header.container_id)
        report.access_damage = list(self.block.damage)
        current = self.block.current()
        report.access = "consistent, unauthenticated" if current else "no stanzas"
        if current and current.officer:
            report.officer = self._check_officer(current.officer)
        return end

    def _check_officer(self, chain):
        """Identity of the key officer, valid now: the object holds no time."""
        now = self._now()
        question = trust.Question(c.ROLE_OFFICER, [(now, None)], now)
        return trust.check(self.request.anchors, chain, question)

    def _now(self):
        return time.time_ns() if self.request.now_utc is None else self.request.now_utc

    # ---- segments ----

    def _last_utc(self):
        """Last UTC of the segment before a failure (C-VER-2)."""
        return self.last and self.last.manifest.last_utc

    def _stop(self):
        """The file ends here without an end: what follows the last segment is unattested."""
        segments = self.report.segments
        attested = segments[-1].end if segments else self.records_offset
        self.report.unattested = len(self.data) - attested

    def _fail(self, error, segment):
        error.segment = segment
        if error.time is None and segment is not None:
            error.time = self._last_utc()
        self.report.failures.append(error)
        self.tree = None
        self.expected = self.previous = self.first_utc = None
        self.attest.break_chain()

    def _segment_expected_at(self, position):
        """Does what stands here, damaged, look like index or end rather than a segment?"""
        body = self.data[position + 16 : position + 24]
        end = body[:4] == b"SVMO" and body[4:5] == b"\3"
        closing = self.data[position] in (c.INDEX, c.END) or body == b"SVMSINDX" or end
        return None if closing else self.expected

    def _read_segments(self, position):
        """Segment after segment; after a failure at the next one that can be found."""
        self.records_offset = position
        while position is not None:
            try:
                record = parse_record_header(self.data, position)
                late = self.report.header.critical & c.CRITICAL_LATE
                if record.type in (c.INDEX, c.END) or (late and record.type == c.SIGNATURE):
                    self._read_closing(position)
                    return
            except EndOfFile:
                self._stop()
                return
            except ContainerError as error:
                self._fail(error, self._segment_expected_at(position))
                position = self._find_segment(position + 1)
                continue
            position = self._read_segment(position)

    def _read_segment(self, position):
        """Returns where to go on, None when the file ends."""
        chained = self.expected is not None
        reader = SegmentReader(
            self.data,
            self.report.header,
            position,
            self.expected,
            self.previous,
            self.tree,
            self.first_utc,
            self._late,
            self.hashes,
        )
        try:
            segment = reader.read()
        except EndOfFile:
            self._stop()
            return None
        except ContainerError as error:
            self._fail(error, self.expected if chained else reader.segment.number)
            return self._find_segment(position if chained else position + 1)
        self.last = segment
        self.hashes[segment.number] = segment.hash
        self.expected = segment.number + 1
        self.previous = segment.hash
        self.first_utc = segment.manifest.first_utc
        if self.tree is not None:
            times = (segment.manifest.first_utc, segment.manifest.last_utc)
            self.tree.add_segment(segment.number, segment.offset, *times, segment.hash)
        try:
            self.attest.add(segment)
        except ContainerError as error:
            self._fail(error, segment.number)
        return segment.end

    def _late(self, record, segment):
        """A late signature record; what breaks in the record itself is the holder's failure."""
        found = signatures.parse_signature(self.data, record, self.report.header)
        holder = self.expected if segment is None else segment
        wrong = self.attest.late(found, holder, strict=not self.report.failures)
        if wrong:
            error, number = wrong
            error.segment = number
            self.report.failures.append(error)

    def _find_segment(self, position):
        """C-SEG-3: offset of the next segment start at or after position, or None."""
        magic = b"SVMSSEG1" + self.report.header.hash[:8]
        found = self.data.find(magic, position + c.RECORD_HEADER)
        return None if found < 0 else found - c.RECORD_HEADER

    # ---- index, end, tail ----

    def _read_closing(self, position):
        start = position
        try:
            position = self._read_late(position)
            if parse_record_header(self.data, position).type == c.START:
                error = ContainerError("C-SIG-4", "segment behind late signatures", position)
                self._fail(error, self.expected)
        except EndOfFile:
            self._stop()
            return
        except ContainerError as error:
            self._fail(error, None)
        if self.report.failures:
            self._read_closing_after_failure(position)
            return
        try:
            late = self.data[start:position]
            position, between, *root = self._check_index(position)
            between = late + between
            offset, position = self._check_end(position, between, root)
            self.attest.end()
            self._check_tail(offset, position)
            self.report.closed = True
        except EndOfFile:
            self._stop()
        except ContainerError as error:
            self._fail(error, None)

    def _read_late(self, position):
        """Late signatures behind the last segment; returns where they end."""
        while self.data[position : position + 1] == bytes([c.SIGNATURE]):
            record = parse_record_header(self.data, position)
            if record.number:
                raise ContainerError("C-REC-1", "signature record is numbered", position)
            self._late(record, None)
            position = record.end
        return position

    def _read_closing_after_failure(self, position):
        """The index cannot be compared any more, but the end may follow the last segment."""
        header = self.report.header
        try:
            record = parse_record_header(self.data, position)
            while record.type in (c.INDEX, c.SIGNATURE):
                record = parse_record_header(self.data, record.end)
            body = body_of(self.data, record)
            signatures.read(self.data, record.end, header, body, c.NUMBER_END)
            signer, end = o.parse_end(body, record.body_offset)
        except (ContainerError, EndOfFile):
            return
        follows = (end.header_hash, end.segments, end.last_manifest)
        if signer == header.signer and follows == (header.hash, self.expected, self.previous):
            self.attest.end()
            self.report.closed = True

    def _check_index(self, position):
        records, root, root_hash = self.tree.close(position)
        for wanted in records:
            message = "index record is not as expected"
            position = expect_bytes(self.data, position, wanted, "C-IDX-4", message)
        return position, b"".join(records), root, root_hash

    def _check_end(self, position, between, root):
        """Returns (offset of the end record, end of its signature)."""
        record = parse_record_header(self.data, position)
        if record.type != c.END:
            raise ContainerError("C-OVR-1", "no end record where it must stand", position)
        if record.number or record.body_length != 224:
            raise ContainerError("C-END", "end record has a wrong number or length", position)
        body, header = body_of(self.data, record), self.report.header
        after = signatures.read(self.data, record.end, header, body, c.NUMBER_END)
        signer, end = o.parse_end(body, record.body_offset)
        check_signer(signer, header, record.body_offset)
        segments = self.attest.all_segments()
        last_utc = max((one.manifest.last_utc for one in segments), default=c.NO_TIME)
        wanted = o.EndRecord(
            header.hash, len(segments), self.previous, position, root[0], sha256(between),
            root[1], end.utc, last_utc, end.reason,
        )
        if end != wanted:
            raise ContainerError("C-END", "end record does not fit what stands before", position)
        self.report.end = end
        return position, after

    def _check_tail(self, offset, position):
        kind = self.data[position : position + 1]
        if kind == bytes([c.END]):
            raise ContainerError("C-END-2", "second end record", position)
        tail = pack_record(c.TAIL, struct.pack(">Q", offset) + b"SVMSTAIL")
        position = expect_bytes(self.data, position, tail, "C-END-1", "tail is not as expected")
        self._read_trailers(offset, position, tail)

    def _read_trailers(self, offset, position, tail):
        """Typed additions, each followed by a tail (section 13)."""
        while position < len(self.data):
            whole, kind = position, self.data[position]
            if kind == c.END:
                raise ContainerError("C-END-2", "second end record", position)
            if kind != c.TRAILER:
                raise ContainerError("C-END-1", "bytes after the tail", position)
            try:
                record = parse_record_header(self.data, position)
                place = len(self.report.trailers)
                stamp = stamps.parse_trailer(self.data, record, offset, place)
                message = "tail behind a trailer is not as expected"
                position = expect_bytes(self.data, record.end, tail, "C-END-1", message)
            except EndOfFile:
                self.report.stamping = True
                self.report.unattested = len(self.data) - whole
                return
            self.report.trailers.append(stamp)

    # ---- identity, keys, samples ----

    def _check_identity(self):
        header, request, report = self.report.header, self.request, self.report
        report.stamps = [stamp for one in report.segments for stamp in one.stamps]
        report.stamps += stamps.tokens(report.trailers)
        stamps.judge(report.stamps, request.stamp_anchors, self._now())
        made = [
            (one.manifest.made_utc, stamps.attested_at(report.stamps, one.number))
            for one in report.segments
        ]
        first = stamps.attested_at(report.stamps, 0)
        question = trust.Question(
            header.signer.role,
            [(header.created_utc, first), *made],
            self._now(),
            request.claimed_time,
        )
        report.identity = trust.check(request.anchors, header.chain, question)

    def _unwrap(self):
        """The content key's schedule, after every check (C-KEY-2, C-ACC-3)."""
        header, request = self.report.header, self.request
        slot = self.block.current()
        given = (request.password, request.private, request.kek)
        content_key = access.unwrap(slot, header.hash, *given)
        early = EarlyKeys(content_key, header.container_id)
        if not equal(early.check, header.key_check):
            raise KeyRefused("key check of the header is another")
        self.keys = ContainerKeys(content_key, header.hash)
        self.report.access = "authenticated"
        if not access.mac_holds(slot, self.keys.access):
            self.report.access, self.keys = "not authentic", None
            raise KeyRefused("access slot was not made with the content key (C-ACC-3)")
        if header.sealed_description is not None:
            sealed = header.sealed_description
            plain = unseal(early.description, bytes(12), header.container_id, sealed)
            try:
                self.report.description = h.parse_description(plain, 0)
            except ContainerError as error:
                raise KeyRefused(error.message) from error

    def _key_failed(self, reason, segment, offset):
        if self.report.key_failure is None:
            time_of = None if segment is None else segment.manifest.first_utc
            number = None if segment is None else segment.number
            arguments = (reason[0], reason[1], offset, "undecryptable", number, time_of)
            self.report.key_failure = ContainerError(*arguments)

    def _open_samples(self):
        header, wanted = self.report.header, self.request.has_key
        if wanted and header.key_check is not None:
            try:
                self._unwrap()
            except KeyRefused as error:
                self._key_failed(("C-KEY-2", str(error)), None, 0)
        if self.request.disclosure is not None:
            self._take_disclosure(self.request.disclosure)
        for segment in self.report.segments:
            keys = self._segment_keys(segment)
            for sample in segment.samples:
                self._open_sample(segment, sample, keys)

    def _take_disclosure(self, disclosure):
        header = self.report.header
        if (disclosure.header_hash, disclosure.container_id) != (header.hash, header.container_id):
            self._key_failed(("C-DIS-2", "disclosure is foreign"), None, 0)
            return
        self.secrets = disclosure.secrets()
        self.report.access = "disclosed"

    def _candidate(self, segment, track):
        """Keys of a track, not yet compared with the commitment; None when there are none."""
        if self.keys is not None:
            return self.keys.track(segment.number, track, segment.salt)
        # Without signature there is no attested manifest to compare with (C-DIS-2).
        signed = self.report.header.signed
        secret = self.secrets.get((segment.number, track)) if signed else None
        return None if secret is None else track_keys(secret)

    def _segment_keys(self, segment):
        """Keys of the tracks whose commitment fits."""
        keys = {}
        for entry in segment.manifest.entries:
            encrypted = entry.track != c.AUXILIARY
            encrypted = encrypted and self.report.header.tracks[entry.track].protection != c.NONE
            found = self._candidate(segment, entry.track) if encrypted else None
            if found is None:
                continue
            if equal(found.commitment, entry.commitment):
                keys[entry.track] = found
            else:
                reason = ("C-KEY-5", f"commitment of track {entry.track} does not fit")
                self._key_failed(reason, segment, segment.offset)
        return keys

    def _open_sample(self, segment, sample, keys):
        record, plain = sample.record, None
        track = self.report.header.tracks[record.track]
        if track.protection == c.NONE:
            plain = sample.body.stored
        elif record.track in keys:
            try:
                plain = s.open_body(keys[record.track], sample.index, record.raw, sample.body)
            except KeyRefused as error:
                self._key_failed(("C-REC-5", str(error)), segment, record.offset)
        result = SampleResult(
            segment.number,
            record.track,
            record.dts,
            sample.presentation,
            sample.duration,
            record.flags & c.PUBLIC_FLAGS,
            len(sample.body.stored),
            None if plain is None else sha256(plain).hex(),
            sample.utc,
        )
        if self.request.keep_data:
            result.data = plain
        self.report.samples.append(result)


# ---- ranges ----


def _has_sample(segments, start, stop):
    """Does a sample of these segments show something within [start, stop)?"""
    return any(
        one.utc < stop and (one.end_utc > start or one.utc >= start)
        for segment in segments
        for one in segment.samples
    )


def _failed_within(report, by_number, start, stop):
    """Can a segment that failed reach into [start, stop)? Its neighbours say when it was."""
    for failure in report.failures:
        if failure.segment is None or failure.segment in by_number:
            continue
        before, after = by_number.get(failure.segment - 1), by_number.get(failure.segment + 1)
        begins = before.manifest.last_utc if before else -(2**63)
        ends = after.manifest.first_utc if after else 2**63
        if begins < stop and ends > start:
            return True
    return False


def range_verdict(report, start, stop):
    """C-VER-5 over what was verified: the verdict for [start, stop)."""
    if report.verdict in ("malformed", "unsupported"):
        return report.verdict
    by_number = {segment.number: segment for segment in report.segments}
    if _failed_within(report, by_number, start, stop):
        return "not_authentic"
    if report.identity != "trusted":
        return "untrusted"
    inside = [
        one
        for one in report.segments
        if one.manifest.first_utc < stop and one.manifest.last_utc > start
    ]
    if not inside or not _has_sample(inside, start, stop):
        return "incomplete"
    first, last = inside[0], inside[-1]
    if [one.number for one in inside] != list(range(first.number, last.number + 1)):
        return "incomplete"
    begins = first.manifest.first_utc <= start or first.number == 0
    begins = begins or first.number - 1 in by_number
    ends = last.manifest.last_utc >= stop or last.number + 1 in by_number or report.closed
    return "authentic" if begins and ends else "incomplete"
