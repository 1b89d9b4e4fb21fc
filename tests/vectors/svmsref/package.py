# SPDX-License-Identifier: Apache-2.0
"""Verifies evidence packages and proofs (evidence.md, section 8)."""

import time
from dataclasses import dataclass, field

from . import access
from . import case as cs
from . import constants as c
from . import frames as f
from . import links as ln
from . import proof
from . import recording
from . import stamps
from . import trust
from .errors import ContainerError, EndOfFile, KeyRefused
from .primitives import equal, sha256
from .sources import SourceVerifier

APART = 300 * c.NS  # more than this, and times contradict each other (E-VER-11)
ORDER = ("authentic", "incomplete", "untrusted", "undecryptable", "not_authentic")


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
    head: bytes | None = None  # that is expected
    presentation: bytes | None = None  # the file

    @property
    def has_key(self):
        return any(one is not None for one in (self.password, self.private, self.kek))


@dataclass
class LinkReport:
    """What was found of one link."""

    number: int
    link: object
    verdict: str = "not_authentic"
    identity: str = ""
    reason: str = ""
    attested: int | None = None
    contradicts: bool = False  # claimed times that cannot all be true (E-VER-11)


@dataclass
class Report:
    """Everything verification found."""

    verdict: str = ""
    header: object = None
    links: list = field(default_factory=list)
    sources: list = field(default_factory=list)
    attachments: list = field(default_factory=list)  # plaintext or None
    problems: list = field(default_factory=list)  # ContainerError: what belongs to no source
    frames: int = 0
    case: object = None
    case_verdict: str = "not_authentic"
    case_reason: str = ""
    attached_verdict: str = "authentic"
    access: str = "none"
    access_verdict: str = "authentic"
    policy: int = 0
    policy_verdict: str = "authentic"
    unattested: int = 0
    foreign: bool = False  # bytes behind the newest link that are no link
    expected: str = "none"
    links_since: int | None = None
    reason: str = ""
    presentation: object = None
    evidence_verdict: str = ""  # without the presentation
    chain: bool = False  # does it lead back to link 0?
    readable: bool = False  # do directories hold, so that sources are known?

    @property
    def receipt(self):
        return self.links[-1].link.head if self.links else None


def worst(verdicts):
    return max(verdicts, key=ORDER.index, default="authentic")


def verify(data, request=None):
    """Never raises for what data holds."""
    return Verifier(bytes(data), request or Request()).run()


class Verifier:
    """One verification."""

    def __init__(self, data, request):
        self.data = data
        self.request = request
        if request.now_utc is None:
            request.now_utc = time.time_ns()
        self.report = Report()
        self.keys = None
        self.slot = None
        self.stamps = []
        self.case_frame = None

    def run(self):
        report = self.report
        try:
            report.header = f.parse_header(self.data)
            self.header_hash = sha256(self.data[: f.HEADER_SIZE])
            found = ln.find_last(self.data)
            if found is None:
                raise ContainerError("E-OVR-1", "no link 0 with its tail", 0, "malformed")
        except ContainerError as error:
            report.verdict, report.reason = error.kind, str(error)
            return report
        self._read_links(*found)
        try:
            self._judge_links()
        except ContainerError as error:
            report.verdict, report.reason = error.kind, str(error)
            return report
        self._check_behind(found[1])
        if report.links and report.links[0].verdict != "not_authentic":
            self._read_package()
        self._compare_times()
        self._expect_head()
        report.verdict = self._verdict()
        return report

    def _problem(self, rule, message, offset=0):
        self.report.problems.append(ContainerError(rule, message, offset))

    def _verdict(self):
        report = self.report
        verdicts = [one.verdict for one in report.links + report.sources]
        if not report.links or report.problems or not report.readable:
            verdicts.append("not_authentic")
        if report.readable:
            verdicts += [report.case_verdict, report.attached_verdict]
            verdicts += [report.access_verdict, report.policy_verdict]
        report.evidence_verdict = worst(verdicts + ["incomplete"] * bool(report.unattested))
        if report.presentation is not None:
            verdicts.append(report.presentation.verdict)
        if report.unattested:
            verdicts.append("incomplete")
        if report.expected == "no" or report.foreign:
            verdicts.append("not_authentic")
        return worst(verdicts)

    # ---- links ----

    def _read_links(self, offset, _end):
        """From the newest back to link 0."""
        chain = []
        try:
            while True:
                link = ln.split(self.data, offset)
                chain.append((link, None))
                if len(chain) > ln.MAX_LINKS:
                    raise ContainerError("E-OVR-5", "too many links", offset)
                before = self._offset_before(link)
                if before is None:
                    break
                offset = self._link_before(link, before)
        except ContainerError as error:
            self._problem(error.rule, error.message, error.offset)
        self.report.chain = not self.report.problems
        chain.reverse()
        self.report.links = [LinkReport(n, link) for n, (link, _) in enumerate(chain)]

    @staticmethod
    def _offset_before(link):
        """As the object says, its signature not yet checked; None: this is link 0."""
        kind = link.object[4:5]
        if kind == bytes([ln.FIRST]) or len(link.object) < 128:
            return None
        return int.from_bytes(link.object[120:128], "big")

    def _link_before(self, link, before):
        """The link before ends, with its tail, where this one begins."""
        sizes = ln.sizes_at(self.data, before) if before < link.offset else None
        if not sizes or before + ln.HEAD + sum(sizes) + ln.TAIL != link.offset:
            raise ContainerError("E-LNK-4", "offset of the link before", link.offset)
        end = link.offset - ln.TAIL
        tail = self.data[end : link.offset]
        if tail != ln.pack_tail(before, sha256(self.data[before:end])):
            raise ContainerError("E-LNK", "tail is not as expected", end)
        return before

    def _check_behind(self, end):
        rest = self.data[end:]
        if not rest:
            return
        self.report.unattested = len(rest)
        written = 0
        while written < min(len(rest), 4) and rest[written] == ln.MAGIC[written]:
            written += 1
        block = 512 - (end + written) % 512
        if written < 4 and any(rest[written : written + block]):
            self.report.foreign = True
            self.report.reason = f"E-LNK-5: bytes behind the newest link (offset {end})"

    def _judge_links(self):
        """Signatures and chain, then tokens, then trust."""
        broken = bool(self.report.problems)
        before = None
        for one in self.report.links:
            try:
                if broken:
                    one.reason = "link before it, or the chain, is broken"
                    if self.report.problems:
                        one.reason = str(self.report.problems[0])
                else:
                    self._check_link(one, before)
                    one.verdict = "authentic"
            except (ContainerError, EndOfFile) as error:
                one.reason, broken = str(error), True
                if getattr(error, "kind", "") == "unsupported":
                    # A signature that cannot be checked; the next link still names this one.
                    one.verdict, broken = "untrusted", False
            before = one.link
        self._collect_stamps()
        now, anchors = self.request.now_utc, self.request.stamp_anchors
        stamps.judge(self.stamps, anchors, now)
        for one in self.report.links:
            if one.verdict == "authentic":
                self._check_trust(one)
        if self.report.links and self.report.links[0].verdict == "untrusted":
            if self.report.links[0].link.fields is None:
                raise ContainerError("E-VER-1", "link 0 cannot be read", 0, "unsupported")

    def _check_link(self, one, before):
        link, first = one.link, one.number == 0
        ln.parse(link, first)
        fields = link.fields
        wanted = (self.report.header.package_id, self.header_hash, one.number, link.offset)
        found = (fields.package_id, fields.header_hash, fields.number, fields.offset)
        if found != wanted:
            raise ContainerError("E-LNK-4", "package, number or offset", link.offset)
        if first:
            if fields.before:
                raise ContainerError("E-LNK-4", "link before link 0", link.offset)
            return
        if (fields.before, fields.hash_before) != (before.offset, before.head):
            raise ContainerError("E-LNK-4", "head of the link before", link.offset)
        if before.fields and before.fields.policy & ~fields.policy:
            raise ContainerError("E-LNK-4", "policy shrinks", link.offset)

    def _collect_stamps(self):
        for one in self.report.links:
            if one.link.token:
                place = stamps.LINK + one.number
                stamp = stamps.Stamp(one.link.token, one.link.imprint, place, place)
                self.stamps.append(stamp)

    def _check_trust(self, one):
        link = one.link
        later = [
            stamp.utc for stamp in self.stamps
            if stamp.valid and stamp.place >= stamps.LINK + one.number
        ]  # fmt: skip
        one.attested = min(later, default=None)
        made = [(link.fields.utc, one.attested)]
        now, claimed = self.request.now_utc, self.request.claimed_time
        question = trust.Question(link.signer.role, made, now, claimed)
        one.identity = trust.check(self.request.anchors, link.chain, question)
        if one.identity != "trusted":
            one.verdict = "untrusted"

    def _compare_times(self):
        """E-VER-11."""
        times = [one[1] for source in self.report.sources for one in source.times.values()]
        before = max(times, default=None)
        for one in self.report.links:
            if one.link.fields is None:
                return
            utc = one.link.fields.utc
            one.contradicts = before is not None and utc < before - APART
            for stamp in self.stamps:
                own = stamp.place == stamps.LINK + one.number
                one.contradicts |= own and stamp.valid and stamp.utc < utc - APART
            before = utc

    def _expect_head(self):
        """E-VER-8."""
        wanted = self.request.head
        if wanted is None:
            return
        self.report.expected = "no"
        for one in self.report.links:
            if one.verdict != "not_authentic" and one.link.head == wanted:
                self.report.expected = "yes"
                self.report.links_since = len(self.report.links) - 1 - one.number

    # ---- slot ----

    def _read_slot(self):
        """Returns where frames begin."""
        header, fields = self.report.header, self.report.links[0].link.fields
        end = f.HEADER_SIZE + header.slot_size
        raw = self.data[f.HEADER_SIZE : end]
        wanted = sha256(raw) if header.sealed else bytes(32)
        if fields.hash_before != wanted:
            raise ContainerError("E-LNK-4", "slot is not the one that was signed", 120)
        if header.sealed:
            self.slot = access.parse_slot(raw, f.HEADER_SIZE, header.package_id)
            if self.slot is None:
                raise ContainerError("E-HDR-3", "slot is empty", f.HEADER_SIZE)
            if self.slot.revision != 1 or self.slot.officer is not None:
                raise ContainerError("E-HDR-3", "revision or officer part", f.HEADER_SIZE)
        return end

    def _open(self):
        header, report, request = self.report.header, self.report, self.request
        if not header.sealed:
            return
        report.access = "closed"
        if not request.has_key:
            return
        given = (request.password, request.private, request.kek)
        try:
            key = access.unwrap(self.slot, self.header_hash, *given)
            if not equal(f.key_check(key, header.package_id), header.key_check):
                raise KeyRefused("key check is another")
            keys = f.PackageKeys(key, self.header_hash)
            if not access.mac_holds(self.slot, keys.access):
                raise KeyRefused("slot was not made with the package key")
            self.keys, report.access = keys, "opened"
        except KeyRefused as error:
            report.access, report.access_verdict = "refused", "undecryptable"
            report.reason = str(error)

    # ---- directories ----

    def _read_directories(self, start):
        """[(entry, end)] of all frames, in order; ContainerError where anything does not fit."""
        link, header = self.report.links[0].link, self.report.header
        fields = link.fields
        if not 1 <= fields.frames <= f.MAX_FRAMES:
            raise ContainerError("E-OVR-5", "number of frames", link.offset)
        offset, digest, limit, found = fields.directory_offset, fields.directory_hash, None, []
        while True:
            bound = link.offset if limit is None else limit
            if offset < start or offset >= bound:
                raise ContainerError("E-DIR-1", "offset of a directory", bound)
            found.append(f.parse_directory(self.data, offset, bound, digest, header))
            if limit is None and found[-1].end != link.offset:
                raise ContainerError("E-LNK-4", "last frame does not end at link 0", link.offset)
            one = found[-1]
            offset, digest, limit = one.before, one.hash_before, one.offset
            if not offset:
                break
            if len(found) * (c.FANOUT + 1) > fields.frames + c.FANOUT + 1:
                raise ContainerError("E-DIR-1", "too many directories", one.offset)
        if any(digest):
            raise ContainerError("E-DIR-1", "hash before the first directory", one.offset)
        found.reverse()
        return self._lay_out(found, start)

    def _lay_out(self, directories, start):
        items, position = [], start
        for directory in directories:
            if directory is not directories[-1] and len(directory.entries) != c.FANOUT:
                raise ContainerError("E-DIR-1", "directory is not full", directory.offset)
            bounds = [entry.offset for entry in directory.entries] + [directory.offset]
            if bounds[0] != position or bounds != sorted(set(bounds)):
                raise ContainerError("E-DIR-3", "offsets do not fit", directory.offset)
            for entry, end in zip(directory.entries, bounds[1:]):
                items.append((entry, end))
            position = directory.end
        count = len(items) + len(directories)
        if count != self.report.links[0].link.fields.frames:
            raise ContainerError("E-LNK-4", "number of frames", position)
        self.report.frames = count
        return items

    def _read_frame(self, number, entry, end):
        """(frame, error)"""
        place = number + number // c.FANOUT
        try:
            frame = f.parse_frame(self.data, entry.offset, end, place, self.report.header)
            if frame.kind == f.DIRECTORY:
                raise ContainerError("E-DIR-1", "directory among the entries", entry.offset)
            found = (frame.kind, frame.flags, frame.number, frame.origin)
            if found != (entry.kind, entry.flags, entry.number, entry.origin):
                raise ContainerError("E-DIR-3", "entry is of another frame", entry.offset)
            if frame.digest() != entry.digest:
                raise ContainerError("E-DIR-2", "digest of the frame", entry.offset)
            with_times = (f.SEGMENT, f.MANIFEST, f.LEAVES)
            times = (entry.first_utc, entry.last_utc)
            if frame.kind not in with_times and times != (c.NO_TIME, c.NO_TIME):
                raise ContainerError("E-DIR-3", "times of a frame that has none", entry.offset)
            frame.first_utc, frame.last_utc = times
            return frame, None
        except (ContainerError, EndOfFile) as error:
            if isinstance(error, EndOfFile):
                error = ContainerError("E-FRM-1", "stops within", entry.offset)
            return None, error

    # ---- everything else ----

    def _read_package(self):
        report = self.report
        try:
            start = self._read_slot()
            items = self._read_directories(start)
        except ContainerError as error:
            report.problems.append(error)
            return
        report.readable = True
        self._open()
        groups = self._sort(items)
        self._check_counts()
        for group in groups:
            self._read_source(group)
        if len(report.sources) != report.links[0].link.fields.sources:
            self._problem("E-LNK-4", "number of sources")
        recording.judge(report.sources)
        if report.header.kind == f.PROOF:
            recording.judge_order(report.sources)
        for source in self.verifiers:
            source.judge(self.request, self.stamps)
        report.policy = self._policy()
        self._check_case()
        if report.header.kind == f.PROOF:
            fields = report.links[0].link.fields
            report.presentation = proof.check(report, fields, self.request)

    def _policy(self):
        """Of the newest link; forbidden as well when some link could not be read, or when what
        stands behind the newest is no link."""
        policy = 0
        for one in self.report.links:
            fields = one.link.fields
            policy |= ln.NO_REEXPORT if fields is None else fields.policy
        return policy | (ln.NO_REEXPORT if self.report.foreign else 0)

    def _sort(self, items):
        """Groups of (entry, frame, error), one for each source; the rest is kept."""
        groups, self.attached, self.verifiers, self.refused = [], [], [], {}
        seen_case, direct = False, False
        for number, (entry, end) in enumerate(items):
            frame, error = self._read_frame(number, entry, end)
            if frame is not None:
                frame = self._with_parts(frame, entry)
            if entry.kind == f.SOURCE:
                groups.append([])
            if seen_case and entry.kind in (f.SOURCE, f.ATTACHMENT):
                self._problem("E-FRM-6", "case before a source or attachment", entry.offset)
            direct = entry.kind == f.SOURCE or (direct and entry.kind in f.OF_SOURCE)
            if entry.kind in f.OF_SOURCE and not direct:
                self._problem("E-FRM-6", "frame that follows no source directly", entry.offset)
            elif entry.kind in (f.SOURCE, *f.OF_SOURCE):
                groups[-1].append((entry, frame, error))
            elif entry.kind == f.ATTACHMENT:
                self._take_attachment(entry, frame, error)
            elif entry.kind == f.CASE and not seen_case:
                seen_case, self.case_frame = True, (frame, error)
            else:
                self._problem("E-FRM-6", "second case, or unknown kind", entry.offset)
        if not seen_case:
            self._problem("E-FRM-6", "no case")
        return groups

    def _with_parts(self, frame, entry):
        try:
            f.open_parts(frame, self.report.header, self.keys)
        except KeyRefused as error:
            self.refused[frame.place] = str(error)
        if entry.kind in (f.ATTACHMENT, f.CASE, f.FRAGMENT) and self.report.header.sealed:
            if frame.b and not frame.flags & f.SEALED:
                self._problem("E-FRM-5", "body that must be sealed", entry.offset)
        return frame

    def _take_attachment(self, entry, frame, error):
        if error:
            self.report.problems.append(error)
        if entry.number != len(self.attached) or entry.origin:
            self._problem("E-FRM-6", "number of an attachment", entry.offset)
        plain = frame.opened_b if frame else None
        if frame and plain is None and frame.place in self.refused:
            self.report.attached_verdict, self.report.access = "undecryptable", "failed"
        self.attached.append(plain)
        self.report.attachments.append(plain)

    def _check_counts(self):
        fields = self.report.links[0].link.fields
        if len(self.attached) != fields.attachments or fields.attachments > f.MAX_ATTACHMENTS:
            self._problem("E-LNK-4", "number of attachments")

    def _read_source(self, group):
        report, number = self.report, len(self.report.sources)
        proof_kind = report.header.kind == f.PROOF
        verifier = SourceVerifier(number, group, proof_kind, bool(report.header.sealed))
        source = verifier.read()
        report.sources.append(source)
        self.verifiers.append(verifier)
        entry = group[0][0]
        if entry.number != number:
            self._problem("E-FRM-6", "number of a source", entry.offset)
        flagged = any(one.flags & f.UNVERIFIED for one, _, _ in group[1:])
        if flagged != bool(entry.flags & f.UNVERIFIED):
            self._problem("E-SRC-1", "flag 4 of a source", entry.offset)
        for one, frame, _ in group:
            if frame is not None and frame.place in self.refused:
                verifier.key_refused(one, self.refused[frame.place])
                report.access = "failed"

    def _check_case(self):
        report = self.report
        frame, error = self.case_frame or (None, None)
        fields = report.links[0].link.fields
        try:
            if error:
                raise error
            if frame is None:
                raise ContainerError("E-FRM-6", "no case")
            if frame.number or frame.origin:
                raise ContainerError("E-FRM-1", "number or origin of the case", frame.offset)
            if frame.opened_b is None:
                refused = frame.place in self.refused
                report.case_verdict = "undecryptable" if refused else "authentic"
                report.access = "failed" if refused else report.access
                report.case_reason = "not opened"
                return
            report.case = cs.parse(frame.opened_b)
            attached = [
                None if one is None else (len(one), sha256(one).hex()) for one in self.attached
            ]
            presented = (fields.presentation_size, fields.presentation_hash.hex())
            if report.header.kind == f.PACKAGE and (any(fields.presentation_hash) or presented[0]):
                raise ContainerError("E-LNK", "presentation of a package")
            cs.check(report.case, report.sources, attached, report.header, fields.policy, presented)
            report.case_verdict = "authentic"
        except ContainerError as failed:
            report.case_reason = str(failed)
            report.case_verdict = "not_authentic"
