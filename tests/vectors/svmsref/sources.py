# SPDX-License-Identifier: Apache-2.0
"""Verifies a source of a package by what is carried (evidence.md, sections 5 and 8)."""

from dataclasses import dataclass, field

from . import carried
from . import constants as c
from . import frames as f
from . import header as h
from . import leaves as lv
from . import samples as s
from . import signatures
from . import stamps
from . import trust
from .errors import ContainerError, EndOfFile, KeyRefused
from .keys import track_keys
from .primitives import equal, sha256
from .wire import Cursor, body_of, parse_record_header

MAX_INDEX = 16  # index records of a source (E-SRC-5)


@dataclass
class Failure:
    """The first of them is reported."""

    segment: int | None
    time: int | None
    rule: str
    reason: str
    offset: int = 0


@dataclass
class Source:
    """What was found of one source."""

    number: int
    mask: int = 0
    start: int = c.NO_TIME
    stop: int = c.NO_TIME
    size: int = 0
    flags: int = 0
    header: h.Header | None = None
    nodes: dict = field(default_factory=dict)
    carried: list = field(default_factory=list)  # numbers of kinds 2 and 10, whatever they hold
    times: dict = field(default_factory=dict)  # of carried segments, as their entries say
    failures: list = field(default_factory=list)
    key_failures: list = field(default_factory=list)
    end: object = None
    stamps: list = field(default_factory=list)
    leaves: list = field(default_factory=list)  # of a proof
    hashed: list = field(default_factory=list)  # (segment, track) of samples that it does not have
    header_end: int = 0
    secrets: dict = field(default_factory=dict)  # (segment, track): T
    samples: list = field(default_factory=list)  # (segment, StoredSample, plain or None)
    closed: bool = False  # sealed bodies that were not opened
    covered_end: bool = False  # by the next source
    gap: str = ""  # beside it a container of the recording is missing
    identity: str = "unsigned"
    incomplete: str = ""
    unsupported: str = ""
    verdict: str = ""

    def fail(self, error):
        """A failure that belongs to no segment."""
        self.failures.append(Failure(None, None, error.rule, error.message, error.offset))

    @property
    def first_failure(self):
        found = self.failures or self.key_failures
        return found[0] if found else None


class SourceVerifier:
    """items: (entry, frame or None, error or None) of the frames of one source, in order."""

    def __init__(self, number, items, proof=False, sealed=False):
        self.result = Source(number)
        self.items = items
        self.proof = proof
        self.sealed = sealed
        self.hashes = {}
        self.previous = None  # last UTC of the segment before
        self.before = {}  # the same for each entry, by its offset
        self.bare = {}
        self.late_found = []  # (signature, segment that holds it, is it a frame of its own?)
        self.index = []  # (frame, raw, origin)
        self.broken = set()  # numbers whose segment failed

    # ---- all of it ----

    def read(self):
        entry, frame, error = self.items[0]
        result = self.result
        try:
            if error:
                raise error
            result.flags = frame.flags
            self._read_source(frame)
        except ContainerError as failed:
            if failed.kind == "unsupported":
                result.unsupported = failed.message
            else:
                self._fail(failed, None, None)
            return result
        self.position = len(result.header.raw)
        for entry, frame, error in self.items[1:]:
            self._read_item(entry, frame, error)
        self._check_layout()
        self._check_extent()
        self._check_chain()
        self._use_late()
        self._attest()
        return result

    def _fail(self, error, segment, entry):
        time = None
        if segment is not None:
            known = entry is not None and entry.first_utc != c.NO_TIME
            time = entry.first_utc if known else self.previous
        failure = Failure(segment, time, error.rule, error.message, error.offset)
        self.result.failures.append(failure)

    def _read_source(self, frame):
        result = self.result
        cursor = Cursor(frame.c, frame.offset, "E-SRC-1")
        if frame.origin:
            cursor.fail("origin of a source is not zero", "E-FRM-1")
        result.mask = cursor.u32()
        cursor.zeros(4)
        result.start, result.stop, result.size = cursor.i64(), cursor.i64(), cursor.u64()
        raw = frame.c[32:]
        header = h.parse_trusted_part(raw)
        end = len(header.raw)
        try:
            end = signatures.read(raw, end, header, header.raw, c.NUMBER_HEADER)
        except EndOfFile as error:
            raise ContainerError("E-SRC-1", "header signature is cut off", frame.offset) from error
        h.parse_rest(header)
        if end != len(raw):
            cursor.fail("bytes behind the header's signature")
        if result.mask >> len(header.tracks):
            cursor.fail("mask names a track that does not exist")
        result.header, result.header_end = header, end

    # ---- frames ----

    def _number_of(self, entry):
        return None if entry.number == f.NO_NUMBER else entry.number

    def _read_item(self, entry, frame, error):
        result, number = self.result, self._number_of(entry)
        self.before[entry.offset] = self.previous
        if entry.kind in (f.SEGMENT, f.LEAVES):
            result.carried.append(entry.number)
            result.times[entry.number] = (entry.first_utc, entry.last_utc)
        try:
            if error:
                raise error
            self._read_frame(frame)
        except EndOfFile:
            self._fail(ContainerError("E-FRM-1", "stops within", entry.offset), number, entry)
            self.broken.add(number)
        except ContainerError as failed:
            self._fail(failed, number, entry)
            self.broken.add(number)
        if entry.last_utc != c.NO_TIME:
            self.previous = entry.last_utc

    def _read_frame(self, frame):
        if frame.kind in (f.SEGMENT, f.LEAVES, f.MANIFEST):
            self._read_segment(frame)
        elif frame.kind == f.RECORD:
            self._read_record(frame)
        elif frame.kind == f.END:
            if frame.number != f.NO_NUMBER or self.result.end:
                raise ContainerError("E-FRM-1", "end frame has a wrong number", frame.offset)
            end, trailers = carried.read_end(frame, self.result.header)
            self.result.end, self.end_frame = end, frame
            self.result.stamps += stamps.tokens(trailers)
        elif frame.kind == f.FRAGMENT:
            raise ContainerError("E-SRC-8", "bytes that do not verify", frame.offset)

    def _read_segment(self, frame):
        result, header = self.result, self.result.header
        manifest, body, digest, signed = carried.read_manifest(frame, header)
        node = carried.Node(frame.number, manifest, body, digest, signed, frame)
        if (frame.first_utc, frame.last_utc) != (manifest.first_utc, manifest.last_utc):
            raise ContainerError("E-DIR-3", "times are not those of the manifest", frame.offset)
        if frame.kind != f.MANIFEST:
            removed = [one for one in manifest.entries if result.mask >> one.track & 1]
            if bool(removed) != bool(frame.flags & f.REMOVED):
                message = "flag 2 is not that of the mask"
                raise ContainerError("E-SRC-3", message, frame.offset)
            self._read_body(frame, node)
        self.hashes[node.number] = node.hash
        result.nodes[node.number] = node
        if not signed and header.signed:
            self.bare[node.number] = node

    def _read_body(self, frame, node):
        result, header = self.result, self.result.header
        tracks = {one.track for one in node.manifest.entries} - {c.AUXILIARY}
        if any(track >= len(header.tracks) for track in tracks):
            raise ContainerError("C-MAN-2", "entry of a track that does not exist", frame.offset)
        if frame.kind == f.SEGMENT:
            self._check_size(frame, node)
        if frame.kind == f.LEAVES:
            self._read_leaves(frame, node)
            return
        secrets = {}
        if frame.opened_a is not None:
            secrets = carried.parse_secrets(frame, header, node.manifest, result.mask)
            secrets = self._fitting(secrets, node)
        if frame.opened_b is None:
            result.closed = True
            return
        reader = carried.CarriedReader(frame, header, None, self.hashes, result.mask)
        self._follow_late(reader)
        segment = reader.read()
        if segment.end != len(reader.data):
            raise ContainerError("E-FRM-1", "bytes behind the segment", frame.offset)
        node.segment = segment
        result.stamps += segment.stamps
        for offset, raw in reader.index_records:
            self.index.append((None, raw, frame.origin + offset))
        self._open_samples(segment, secrets)

    def _read_leaves(self, frame, node):
        result, header = self.result, self.result.header
        reader = lv.LeavesReader(frame, header, None, self.hashes, result.mask)
        self._follow_late(reader)
        leaves = reader.read_leaves(node.manifest)
        presented = {leaf.record.track for leaf in leaves}
        secrets = carried.parse_secrets(frame, header, node.manifest, result.mask, presented)
        self._fitting(secrets, node)
        result.leaves += leaves
        result.hashed += reader.hashed
        node.segment = reader.segment
        result.stamps += reader.segment.stamps

    def _check_size(self, frame, node):
        """Length of part B, and whether it is sealed where it must be."""
        sealed, header = frame.flags & f.SEALED, self.result.header
        size = f.body_size(len(frame.b)) if sealed else len(frame.b)
        whole = node.manifest.segment_bytes
        if size > whole or (size != whole and not frame.flags & f.REMOVED):
            raise ContainerError("E-SRC-3", "part B has another length", frame.offset)
        strong = all(track.protection == c.STRONG for track in header.tracks)
        if self.sealed and not sealed and not strong:
            raise ContainerError("E-FRM-5", "segment that must be sealed", frame.offset)

    def _follow_late(self, reader):
        """Late signatures that the segment holds are used when all frames were read."""

        def found(record, holder):
            parsed = signatures.parse_signature(reader.data, record, self.result.header)
            self.late_found.append((parsed, holder, False))

        reader.on_late = found

    def _fitting(self, secrets, node):
        """Secrets whose commitment is that of the manifest (E-FRM-3)."""
        found = {}
        for entry in node.manifest.entries:
            if entry.track not in secrets:
                continue
            if equal(track_keys(secrets[entry.track]).commitment, entry.commitment):
                found[entry.track] = secrets[entry.track]
                self.result.secrets[node.number, entry.track] = secrets[entry.track]
                continue
            self._key_failed(node, "C-KEY-5", "secret that does not fit its commitment")
        return found

    def _key_failed(self, node, rule, reason):
        time = node.manifest.first_utc
        self.result.key_failures.append(Failure(node.number, time, rule, reason))

    def key_refused(self, entry, reason):
        """A frame that does not open with the right key."""
        failure = Failure(self._number_of(entry), entry.first_utc, "E-VER-7", reason)
        self.result.key_failures.append(failure)

    def _open_samples(self, segment, secrets):
        for sample in segment.samples:
            track = self.result.header.tracks[sample.record.track]
            plain = None
            if track.protection == c.NONE:
                plain = sample.body.stored
            elif sample.record.track in secrets:
                keys = track_keys(secrets[sample.record.track])
                try:
                    plain = s.open_body(keys, sample.index, sample.record.raw, sample.body)
                except KeyRefused as error:
                    self._key_failed(segment, "C-REC-5", str(error))
            self.result.samples.append((segment.number, sample, plain))

    def _read_record(self, frame):
        header, data = self.result.header, frame.c
        record = parse_record_header(data, 0)
        if record.end != len(data):
            raise ContainerError("E-FRM-1", "not one record", frame.offset)
        behind = frame.number == f.NO_NUMBER
        if record.type == c.SIGNATURE and header.critical & c.CRITICAL_LATE:
            found = signatures.parse_signature(data, record, header)
            self.late_found.append((found, None if behind else frame.number, True))
        elif record.type == c.EVIDENCE and not behind:
            body = body_of(data, record)
            stamp = stamps.parse_evidence(body, record.body_offset, frame.number, self.hashes)
            if int.from_bytes(body[4:12], "big") not in self.hashes:
                raise ContainerError("E-SRC-5", "evidence of what is not carried", frame.offset)
            if stamp:
                stamp.alone = True
                self.result.stamps.append(stamp)
        elif record.type == c.INDEX:
            self.index.append((frame, data, frame.origin))
        else:
            raise ContainerError("E-SRC-5", "record of another type", frame.offset)
        if behind and record.number:
            raise ContainerError("C-REC-1", "record behind the last segment is numbered", 0)

    # ---- where things stand ----

    def _extent(self, frame):
        """What of the container the frame holds."""
        size = len(frame.c)
        if frame.kind in (f.SEGMENT, f.LEAVES):
            node = self.result.nodes.get(frame.number)
            size += node.manifest.segment_bytes if node else len(frame.b)
        elif frame.kind == f.FRAGMENT:
            size = f.body_size(len(frame.b)) if frame.flags & f.SEALED else len(frame.b)
        return frame.origin, frame.origin + size

    def _begin_of(self, frame):
        """Where in the container the segment begins of which the frame carries something."""
        node = self.result.nodes.get(frame.number) if frame.kind == f.MANIFEST else None
        return frame.origin - node.manifest.segment_bytes if node else frame.origin

    def _check_layout(self):
        """E-SRC-2."""
        header, position, last, loose = self.result.header, self.result.header_end, -1, False
        before, within, fragment = None, 0, None
        first = position + (2 * header.slot_size if header.key_check is not None else 0)
        for entry, frame, _ in self.items[1:]:
            if frame is None:
                before, loose = None, True
                continue
            start, end = self._extent(frame)
            if start < position:
                self._misplaced(entry, "E-SRC-2", "origins do not ascend, or overlap")
                return
            if fragment and self._begin_of(frame) < position:
                self._misplaced(fragment, "E-SRC-10", "fragment reaches into the next segment")
                return
            position, fragment = end, entry if frame.kind == f.FRAGMENT else None
            if frame.kind == f.FRAGMENT or frame.flags & f.UNVERIFIED:
                loose = True
            if frame.kind == f.RECORD:
                if frame.number < max(within, last + 1):
                    self._misplaced(entry, "E-SRC-5", "record of a segment that stands before it")
                    return
                within = frame.number
            if frame.kind not in (f.SEGMENT, f.LEAVES, f.MANIFEST):
                continue
            if frame.number < within:
                self._misplaced(entry, "E-SRC-5", "record of a segment that stands behind it")
                return
            if frame.number <= last:
                self._misplaced(entry, "E-SRC-2", "numbers of segments do not ascend")
                return
            if last >= 0 and frame.number != last + 1 and not loose:
                self._gap(last + 1)
                return
            node = self.result.nodes.get(frame.number)
            self._check_origin(entry, frame, node, before, first)
            loose = bool(frame.flags & f.UNVERIFIED)
            last, before = frame.number, (frame.number, end) if node else None
        self._check_end_layout(last)

    def _check_extent(self):
        """Nothing ends behind the size that the container had (E-SRC-1)."""
        if self.result.header_end > self.result.size:
            self._fail(ContainerError("E-SRC-1", "container is smaller than its header", 0), None, None)
        for entry, frame, _ in self.items[1:]:
            if frame is not None and self._extent(frame)[1] > self.result.size:
                self._misplaced(entry, "E-SRC-1", "ends behind the end of the container")
                return

    def _check_origin(self, entry, frame, node, before, first):
        """P5: origins that the container itself tells."""
        if node is None:
            return
        start = frame.origin
        if frame.kind == f.MANIFEST:
            start -= node.manifest.segment_bytes
        if node.number == 0 and start != first:
            self._misplaced(entry, "E-SRC-2", "origin of segment 0")
        elif before and before[0] + 1 == node.number and start != before[1]:
            self._misplaced(entry, "E-SRC-2", "origin is not the end of the segment before")

    def _check_end_layout(self, last):
        end = self.result.end
        if end is None:
            return
        entry = next(one for one, frame, _ in self.items[1:] if frame is self.end_frame)
        if self.items[-1][1] is not self.end_frame:
            self._misplaced(entry, "E-SRC-6", "frames behind the end")
        if last >= end.segments:
            self._misplaced(entry, "E-SRC-6", "more segments than the end record says")
        everything = sorted(self.result.nodes) == list(range(end.segments))
        latest = max((one.manifest.last_utc for one in self.result.nodes.values()), default=c.NO_TIME)
        if everything and latest != end.last_utc:
            self._misplaced(entry, "C-MAN-3", "last UTC of the end record is wrong")

    def _misplaced(self, entry, rule, message):
        error = ContainerError(rule, message, entry.offset)
        self.previous = self.before[entry.offset]
        self._fail(error, self._number_of(entry), entry)

    def _gap(self, number):
        before = self.result.nodes.get(number - 1)
        self.previous = before.manifest.last_utc if before else None
        self._fail(ContainerError("E-SRC-2", f"segment {number} is missing", 0), number, None)

    def _check_chain(self):
        nodes, header = self.result.nodes, self.result.header
        for number in sorted(nodes):
            node, before = nodes[number], nodes.get(number - 1)
            wanted = header.hash if number == 0 else before and before.hash
            message = "does not follow the manifest before it"
            if wanted and node.manifest.previous != wanted:
                self._chain_failed(node, "C-MAN-4", message)
            elif before and node.manifest.first_utc < before.manifest.first_utc:
                self._chain_failed(node, "C-MAN-6", "first UTC lies before that of the one before")

    def _chain_failed(self, node, rule, message):
        self.broken.add(node.number)
        time = node.manifest.first_utc
        self.result.failures.append(Failure(node.number, time, rule, message))

    # ---- attestation ----

    def _use_late(self):
        """Late signatures of manifests that are there (C-SIG-4)."""
        header, end = self.result.header, self.result.end
        for found, holder, framed in self.late_found:
            number = found.number
            holder = (end.segments if end else None) if holder is None else holder
            if holder is not None and not number < holder <= number + c.LATE_BY:
                self._late_failed(holder, "late signature out of its bound")
                continue
            if number not in self.result.nodes:
                if framed:
                    self._late_failed(holder, "late signature of what is not carried", "E-SRC-5")
                continue
            if number not in self.bare:
                self._late_failed(holder, "late signature of a manifest that has one")
                continue
            node = self.bare.pop(number)
            try:
                signatures.check(found, header, node.body)
                node.signed = True
            except ContainerError as error:
                self._chain_failed(node, error.rule, error.message)

    def _late_failed(self, holder, message, rule="C-SIG-4"):
        node = self.result.nodes.get(holder)
        time = node.manifest.first_utc if node else None
        number = node.number if node else None
        self.result.failures.append(Failure(number, time, rule, message))

    def _reached(self):
        """{number: hash of its manifest} by index records that are carried (E-SRC-6)."""
        end, header = self.result.end, self.result.header
        left, targets = {}, self._targets()
        if sum(frame is not None for frame, _, _ in self.index) > MAX_INDEX:
            raise ContainerError("E-SRC-5", "too many index records", 0)
        for frame, raw, origin in self.index:
            left[sha256(raw)] = (frame, raw, origin)
        reached, waiting = {}, [(end.root_hash, end.root_offset)] if end else []
        while waiting:
            digest, offset = waiting.pop()
            if digest not in left:
                continue
            frame, raw, origin = left.pop(digest)
            record = carried.parse_index(raw, origin, header)
            if origin != offset:
                raise ContainerError("E-SRC-2", "index record is elsewhere", 0)
            last = record.entries[-1][0] + record.entries[-1][2]
            on_the_way = any(record.entries[0][0] <= one < last for one in targets)
            if frame and not on_the_way:
                raise ContainerError("E-SRC-5", "index record that leads to nothing here", 0)
            for first, place, _, digest in record.entries:
                if record.level == 0:
                    reached[first] = (digest, place)
                else:
                    waiting.append((digest, place))
        if any(frame for frame, _, _ in left.values()):
            raise ContainerError("E-SRC-5", "index record to which nothing leads", 0)
        return reached

    def _targets(self):
        """Where index records may lead (E-SRC-5): the last segment or manifest, the last segment."""
        kinds = (f.SEGMENT, f.LEAVES, f.MANIFEST)
        known = [entry.number for entry, _, _ in self.items[1:] if entry.kind in kinds]
        return {one[-1] for one in (known, self.result.carried) if one}

    def _attest(self):
        nodes, header, end = self.result.nodes, self.result.header, self.result.end
        try:
            reached = self._reached()
        except ContainerError as error:
            self._fail(error, None, None)
            reached = {}
        if end and end.segments == 0 and end.last_manifest != header.hash:
            self._fail(ContainerError("C-END", "hash of the last manifest", 0), None, None)
        if end and end.segments:
            reached[end.segments - 1] = (end.last_manifest, reached.get(end.segments - 1, (0, 0))[1])
        following = False
        for number in sorted(nodes, reverse=True):
            node = nodes[number]
            linked = nodes.get(number + 1)
            if linked is None or linked.number in self.broken:
                following = False
            if number in reached:
                if reached[number][0] != node.hash:
                    message = f"end or index name another manifest of segment {number}"
                    self._fail(ContainerError("C-IDX-4", message, 0), None, None)
                    continue
                following = True
            following = following or node.signed or not header.signed
            node.attested = following
        for number, node in sorted(nodes.items()):
            if not node.attested and node.number in self.result.carried:
                self.result.incomplete = f"no signature attests segment {number}"

    # ---- verdict ----

    def judge(self, request, link_stamps):
        """After all sources were read. link_stamps are shared with the package."""
        result = self.result
        now = request.now_utc
        if result.header is not None and not result.unsupported:
            stamps.judge(result.stamps + link_stamps, request.stamp_anchors, now)
            result.identity = self._identity(request, link_stamps, now)
        result.verdict = self._verdict()

    def _identity(self, request, link_stamps, now):
        header, every = self.result.header, self.result.stamps + link_stamps
        nodes = [one for one in self.result.nodes.values() if one.number in self.result.carried]
        made = [(one.manifest.made_utc, stamps.attested_at(every, one.number)) for one in nodes]
        made.insert(0, (header.created_utc, stamps.attested_at(every, 0)))
        question = trust.Question(header.signer.role, made, now, request.claimed_time)
        return trust.check(request.anchors, header.chain, question)

    def _verdict(self):
        result = self.result
        if result.failures:
            return "not_authentic"
        if result.unsupported:
            result.incomplete = result.unsupported
            return "incomplete"
        if result.key_failures:
            return "undecryptable"
        if result.identity != "trusted":
            return "untrusted"
        result.incomplete = result.incomplete or self._coverage()
        return "incomplete" if result.incomplete else "authentic"

    def _coverage(self):
        """Why the period is not wholly covered (E-VER-3), or nothing."""
        result = self.result
        if result.closed:
            return "sealed bodies were not opened"
        if result.gap:
            return result.gap
        start = result.start
        stop = 2**63 if result.stop == c.NO_TIME else result.stop
        nodes = [result.nodes[number] for number in sorted(set(result.carried))]
        if any(
            one.manifest.first_utc < stop and one.manifest.last_utc > start
            for one in result.nodes.values() if one.frame.kind == f.MANIFEST
        ):  # fmt: skip
            return "of a segment within the period only the manifest is carried"
        whole = result.start == result.stop == c.NO_TIME
        if whole and not nodes:
            nothing = result.end is not None and result.end.segments == 0
            return "" if nothing else "no segment is carried"
        inside = [
            one for one in nodes
            if one.manifest.first_utc < stop and one.manifest.last_utc > start
        ] if not whole else nodes  # fmt: skip
        if not inside or not self._has_sample(inside, start, stop):
            return "no sample in the period"
        return self._borders(inside, start, stop)

    def _has_sample(self, inside, start, stop):
        if self.proof or any(node.frame.flags & f.REMOVED for node in inside):
            return True
        found = [one for node in inside for one in node.segment.samples]
        return any(
            one.utc < stop and (one.end_utc > start or one.utc >= start) for one in found
        )

    def _borders(self, inside, start, stop):
        result, first, last = self.result, inside[0], inside[-1]
        before, after = result.nodes.get(first.number - 1), result.nodes.get(last.number + 1)
        begins = first.number == 0 or (start != c.NO_TIME and first.manifest.first_utc <= start)
        if not begins and before and start != c.NO_TIME:
            begins = before.manifest.last_utc <= start
        if not begins:
            return "the period begins before what is carried"
        if [one.number for one in inside] != list(range(first.number, last.number + 1)):
            return "segments within the period are missing"
        if last.manifest.last_utc >= stop or result.covered_end:
            return ""
        if after and after.attested and after.manifest.first_utc >= stop:
            return ""
        if result.end and result.end.segments == last.number + 1:
            return ""
        return "the period ends behind what is carried"
