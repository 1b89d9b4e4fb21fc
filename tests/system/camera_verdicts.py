# SPDX-License-Identifier: Apache-2.0
"""What a receiver says of camera-signed video, written from docs/spec/signedvideo.md section 4 alone."""

import bisect
import collections
import dataclasses
import hashlib

from cryptography.exceptions import InvalidSignature

from camera_signed import (GENERAL, LIST, OLDER_UUID, SIGNATURE, Document, Malformed, Unsupported, has_uuid, is_anchor,
                           is_signing_sei, is_slice, leaf_of, verify)

AUTHENTIC, MISSING, CHANGED, INSERTED, REPEATED, MOVED, UNSIGNED = (
    "authentic", "missing", "changed", "inserted", "repeated", "moved", "unsigned")
WORST_FIRST = (CHANGED, INSERTED, MISSING, UNSIGNED, AUTHENTIC)
SLICE, ANCHOR, SEI = "slice", "anchor", "sei"


@dataclasses.dataclass(eq=False)
class Unit:
    """A covered NAL unit."""
    frame: int
    at: int  # place among all NAL units
    data: bytes
    kind: str
    anchor: "Unit | None" = None  # what it is linked with in the stream
    known: dict = dataclasses.field(default_factory=dict)  # hashes by name

    def raw(self, name):
        if name not in self.known:
            self.known[name] = hashlib.new(name, self.data).digest()
        return self.known[name]

    def under(self, name, anchor):
        """Its hash when this is the hash of its anchor."""
        own = self.raw(name)
        return own if self.kind != SLICE else hashlib.new(name, anchor + own).digest()

    def hash(self, name):
        return self.under(name, self.anchor.raw(name) if self.anchor else b"")


@dataclasses.dataclass(eq=False)
class Report:
    verdict: str
    first_frame: int
    units: list
    reasons: set = dataclasses.field(default_factory=set)
    counter: int = 0
    is_signed: bool = False
    is_partial: bool = False
    missing_gops: int = 0
    missing: int = 0
    remarks: dict = dataclasses.field(default_factory=dict)  # (frame, verdict): NAL units
    frames: int = 0

    def remark(self, frame, verdict, count=1):
        self.remarks[frame, verdict] = self.remarks.get((frame, verdict), 0) + count

    def count(self, *verdicts):
        return sum(number for (_, verdict), number in self.remarks.items() if verdict in verdicts)

    @property
    def changed(self):
        return self.count(CHANGED)

    @property
    def inserted(self):
        return self.count(INSERTED, MOVED, REPEATED)


def longest_run(positions):
    """positions: for each unit the places in a list where it fits. Pairs (unit, place), both growing; as many as can be."""
    tails, ends, links = [], [], {}
    for unit, places in enumerate(positions):
        for place in sorted(places, reverse=True):
            length = bisect.bisect_left(tails, place)
            links[unit, place] = ends[length - 1] if length else None
            if length == len(tails):
                tails.append(place)
                ends.append((unit, place))
            elif place < tails[length]:
                tails[length], ends[length] = place, (unit, place)
    found, at = [], ends[-1] if ends else None
    while at is not None:
        found.append(at)
        at = links[at]
    return found[::-1]


class Placement:
    """Where a document lies in the stream: the NAL units it covers, and what is said of them."""

    def __init__(self, document, units):
        self.document, self.units = document, units
        self.fitting = []  # (unit, place in the list)
        self.missing_at = []  # for each hash that is missing: the unit it is missing before, or None
        self.extra = {}  # unit: verdict
        self.rest = 0  # hashes at the end of a part's list that wait for what comes


class Receiver:
    """Access units in, reports out (at the end: whatever is said does not depend on what comes later, only when it is said)."""

    def __init__(self, codec, expect_signed=False):
        self.codec, self.expect_signed = codec, expect_signed
        self.waiting, self.reports = [], []
        self.keys, self.name, self.oid, self.order = {}, "sha256", b"", "little"
        self.documents = []  # all whose signature fits
        self.unsigned_documents = []
        self.known = set()
        self.head_document = None  # covers what was before the stream, or before the session
        self.troubles = []  # why SEIs since the last placement do not count
        self.strays = []  # documents that fit nothing since the last placement
        self.before = None  # the document that covered something last, or what was before the stream
        self.first_hash = None  # of its list
        self.signed_anchor = {}  # counter of a part: the anchor that goes on
        self.covered = collections.deque(maxlen=4096)  # NAL units that were as signed
        self.last_start = None
        self.open_part = None
        self.frame, self.at, self.anchor, self.seis = 0, 0, None, 0
        self.session = False
        self.pending_reasons = set()
        self.placed_any = False

    # Taking

    def add(self, nals):
        for nal in nals:
            data = nal.rstrip(b"\0")
            if data:
                self.take(data)
            self.at += 1
        self.frame += 1

    def take(self, data):
        if is_slice(self.codec, data):
            kind = ANCHOR if is_anchor(self.codec, data) else SLICE
            self.waiting.append(Unit(self.frame, self.at, data, kind, self.anchor))
            self.anchor = self.waiting[-1] if kind == ANCHOR else self.anchor
        elif is_signing_sei(self.codec, data):
            self.seis += 1
            self.take_sei(data)
        elif has_uuid(self.codec, data, OLDER_UUID):
            self.pending_reasons.add("other_format")

    def take_sei(self, data):
        try:
            document = Document(self.codec, data)
        except Malformed:
            self.trouble(data, "sei_malformed")
            return
        document.at, document.frame = self.at, self.frame
        if SIGNATURE not in document.tags:
            self.waiting.append(Unit(self.frame, self.at, data, SEI, self.anchor))
            if GENERAL in document.tags:
                document.unit = self.waiting[-1]
                self.unsigned_documents.append(document)
            return
        if data in self.known:
            return
        self.known.add(data)
        try:
            self.check_signature(document)
        except Malformed:
            self.trouble(data, "sei_malformed")
        except InvalidSignature:
            self.trouble(data, "sei_changed")
        except Unsupported:
            self.trouble(data, "unsupported")
        except LookupError:
            self.trouble(data, "no_key")
        else:
            self.documents.append(document)
            if not document.is_certificate:
                self.believe(document)

    def trouble(self, data, reason):
        self.known.add(data)
        self.troubles.append((self.at, reason))

    def check_signature(self, document):
        """CS-DOC-4, CS-DOC-7. Certificates count once the signature fits."""
        keys = dict(self.keys)
        for is_user, pem in document.certificates:
            keys[is_user] = leaf_of(pem)
        name, oid = getattr(document, "hash", self.name), getattr(document, "signature_oid", self.oid)
        candidates = [False] if document.is_certificate else [True, False]
        candidates = [keys[one] for one in candidates if one in keys]
        if not candidates:
            raise LookupError
        for number, certificate in enumerate(candidates):
            try:
                verify(certificate, name, oid, document)
                break
            except (InvalidSignature, Unsupported):
                if number == len(candidates) - 1:
                    raise
        self.keys, self.name, self.oid = keys, name, oid
        document.leaf, document.name = certificate, name

    # Placing (CS-VER-1, CS-VER-2)

    def believe(self, document):
        """A document whose signature fits: it, and those without signature that it makes count, earliest first."""
        chain, waiting = [], list(self.waiting)
        queue = [document]
        while queue:
            one = max(queue, key=lambda other: other.at)
            queue.remove(one)
            self.order = one.read_times(self.order)
            one.name = getattr(one, "hash", document.name)
            one.leaf = document.leaf
            before_it = [unit for unit in waiting if unit.at < one.at]
            placement = self.exact(one, before_it) or self.by_list(one, before_it)
            chain.append((one, placement))
            if placement is None:
                continue
            waiting = waiting[:waiting.index(placement.units[0])]
            fitting = {unit for unit, _ in placement.fitting}
            found = [other for other in self.unsigned_documents if other.unit in fitting]
            self.unsigned_documents = [other for other in self.unsigned_documents if other not in found]
            queue += [other for number, other in enumerate(found) if other.nal not in {before.nal for before in found[:number]}]
        # Those that no signature made count and that stand before what is covered now, never will.
        for one, placement in sorted(chain, key=lambda entry: entry[0].counter):
            self.settle(one, placement)

    def exact(self, document, waiting):
        for start in self.starts(document, waiting):
            units = waiting[start:start + document.count]
            if len(units) != document.count or not units:
                continue
            signed = self.signed_anchor.get(document.counter - 1)
            for anchor in (None, signed) if signed else (None,):
                found = [unit.under(document.name, anchor) if anchor else unit.hash(document.name) for unit in units]
                if hashlib.new(document.name, b"".join(found)).digest() == document.list_hash:
                    placement = Placement(document, units)
                    placement.fitting = [(unit, place) for place, unit in enumerate(units)]
                    document.hashes, document.anchors = found, [anchor] if anchor else []
                    return placement
        return None

    def starts(self, document, waiting):
        """The first NAL unit, each beginning of a GOP, and without a list every picture: a part may begin there."""
        firsts = [at for at, unit in enumerate(waiting) if at == 0 or unit.kind == ANCHOR]
        if LIST not in document.tags:
            firsts += [at for at in range(1, len(waiting)) if waiting[at].frame != waiting[at - 1].frame]
        return firsts

    def anchors_for(self, document, waiting):
        """The hashes that may be those of the anchor: of this list, of the part before, or what leads the GOP of that part."""
        seis = {unit.raw(document.name) for unit in waiting if unit.kind == SEI}
        found = [one for one in getattr(document, "list", []) if one not in seis][:1]
        found += [document.predecessor] if any(document.predecessor) else []
        return found + ([self.signed_anchor[document.counter - 1]] if document.counter - 1 in self.signed_anchor else [])

    def by_list(self, document, waiting):
        if LIST not in document.tags or not document.list:
            return None
        if hashlib.new(document.name, b"".join(document.list)).digest() != document.list_hash:
            return None
        document.hashes = document.list
        anchors = self.anchors_for(document, waiting)
        document.anchors = anchors
        hashes = [{unit.hash(document.name)} | {unit.under(document.name, anchor) for anchor in anchors} for unit in waiting]
        places = {}
        for place, one in enumerate(document.list):
            places.setdefault(one, []).append(place)
        run = longest_run([[place for one in mine for place in places.get(one, [])] for mine in hashes])
        return self.lay(document, waiting, hashes, run) if run else None

    def lay(self, document, waiting, hashes, run):
        """Says of every unit around and between the fitting ones what it is."""
        size, list_ = len(waiting), document.list
        first, last = run[0][0], run[-1][0]
        low = first
        while low > 0 and waiting[low].kind != ANCHOR:
            low -= 1
        # What the SEI names as its predecessor is of the GOP before, of which another SEI is missing.
        if any(unit.hash(document.name) == document.predecessor for unit in waiting[low:first]):
            low = first
        high = last + 1
        while high < size and waiting[high].kind != ANCHOR:
            high += 1
        fitting, taken = dict(run), {place for _, place in run}
        open_places = {place: one for place, one in enumerate(list_) if place not in taken}
        extra = {}
        for at in range(low, high):
            if at in fitting:
                continue
            moved = [place for place, one in open_places.items() if one in hashes[at]]
            if moved:
                del open_places[moved[0]]
                extra[at] = MOVED
            elif hashes[at] & set(list_) or first < at < last and waiting[at].data in self.covered:
                extra[at] = REPEATED
        placement = Placement(document, [])
        cover = set(fitting) | {at for at, verdict in extra.items() if verdict == MOVED or first < at < last}
        edges = [(-1, -1), *run, (size, len(list_))]
        for (unit_before, place_before), (unit_behind, place_behind) in zip(edges, edges[1:]):
            between = [at for at in range(max(unit_before + 1, low), min(unit_behind, high)) if at not in extra]
            lost = [place for place in range(place_before + 1, place_behind) if place in open_places]
            is_head, is_tail = unit_before < 0, unit_behind == size
            if is_tail and document.is_partial and lost:
                placement.rest = len(lost)
                continue
            pairs = min(len(between), len(lost))
            changed = between[len(between) - pairs:] if is_head else between[:pairs]
            extra.update((at, CHANGED) for at in changed)
            cover.update(changed)
            if not is_head and not (is_tail and (document.is_partial or not lost)):
                extra.update((at, INSERTED) for at in between[pairs:])
                cover.update(between)
            before = (unit_behind if not is_tail else (changed[-1] + 1 if changed else unit_before + 1))
            placement.missing_at += [waiting[before] if before < size else None] * (len(lost) - pairs)
        start, end = min(cover), max(cover) + 1
        placement.units = waiting[start:end]
        placement.fitting = [(waiting[at], place) for at, place in run]
        placement.extra = {waiting[at]: extra.get(at, INSERTED) for at in range(start, end) if at not in fitting}
        return placement

    # Saying

    def settle(self, document, placement):
        """Reports of what stands before the document's units, and of these."""
        reasons = set()
        if self.before is not None and document.leaf != self.before.leaf:
            reasons.add("key_changed")
        if self.before is not None and document.counter <= 1 and not any(document.predecessor):
            reasons.add("new_session")
            self.begin_anew()
        if placement is not None:
            if self.last_start is not None and document.start < self.last_start:
                reasons.add("clock")
            self.last_start = document.start
            self.report(document, placement, reasons)
        elif self.before is None:
            self.head_document = self.before = document
            self.pending_reasons |= reasons
            self.first_hash = document.list[0] if LIST in document.tags else None
        else:
            self.strays.append(document)
            self.pending_reasons |= reasons
            if document.is_partial and self.anchors_for(document, []):
                before = self.signed_anchor.get(document.counter - 1)
                first = document.list[0] if LIST in document.tags else None
                if before or first:
                    self.signed_anchor = {document.counter: before or first}

    def begin_anew(self):
        self.before, self.first_hash, self.signed_anchor, self.strays = None, None, {}, []
        self.head_document, self.session, self.last_start = None, True, None

    def strays_in_order(self, end=None):
        """SEIs that lie between the one before and a later one (a counter), as far as can be told, and fitted nothing."""
        found = []
        counter, first_hash = self.before.counter if self.before else -1, self.first_hash
        for one in sorted(self.strays, key=lambda stray: stray.counter):
            follows = one.counter == counter + 1 and (first_hash is None or first_hash == one.predecessor)
            if one.leaf == self.before.leaf and (follows or one.counter > counter + 1) and (end is None or one.counter < end):
                found.append(one)
                counter, first_hash = one.counter, one.list[0] if LIST in one.tags else None
        return found

    def breaks_the_chain(self, document, strays):
        """CS-VER-5: it neither follows nor begins anew."""
        if self.before is None:
            return False
        last = strays[-1] if strays else self.before
        first_hash = (last.list[0] if LIST in last.tags else None) if strays else self.first_hash
        if document.leaf != self.before.leaf or document.counter <= self.before.counter:
            return True
        return document.counter == last.counter + 1 and first_hash is not None and first_hash != document.predecessor

    def report(self, document, placement, reasons):
        strays = self.strays_in_order(document.counter)
        if len(strays) < len(self.strays):
            self.pending_reasons.add("stray")
        link = self.breaks_the_chain(document, strays)
        start = self.waiting.index(placement.units[0])
        before_it = self.finish_open_part(self.waiting[:start])
        gap = self.say_of_what_stands_before(before_it, document, strays, placement.units[0].frame)
        self.waiting = self.waiting[start + len(placement.units):]
        said = Report(AUTHENTIC, placement.units[0].frame, placement.units, reasons | self.pending_reasons, document.counter, True,
                      document.is_partial)
        self.pending_reasons = set()
        said.missing_gops = max(0, gap)
        for unit, verdict in placement.extra.items():
            said.remark(unit.frame, verdict)
        for unit in placement.missing_at:
            said.missing += 1
            said.remark(unit.frame if unit else self.frame, MISSING)
        said.link = link
        if link:
            said.reasons.add("link")
        self.reports.append(said)
        if placement.rest:
            self.open_part = (said, placement.rest)
        self.judge(said)
        self.remember(document, placement)

    def judge(self, said):
        if said.link or said.count(CHANGED, INSERTED, MOVED, REPEATED):
            said.verdict = CHANGED
        elif said.missing or said.missing_gops:
            said.verdict = MISSING

    def remember(self, document, placement):
        anchors = [unit.raw(document.name) for unit, _ in placement.fitting if unit.kind == ANCHOR]
        if not anchors:
            anchors = getattr(document, "anchors", None) or [unit.anchor.raw(document.name) for unit in placement.units[:1] if unit.anchor]
        before = self.signed_anchor.get(document.counter - 1)
        self.signed_anchor = {document.counter: before or anchors[0]} if document.is_partial and (before or anchors) else {}
        self.covered.extend(unit.data for unit, _ in placement.fitting)
        self.before, self.first_hash = document, document.hashes[0]
        self.session, self.placed_any = False, True
        self.troubles, self.strays = [], []

    def finish_open_part(self, units):
        """What follows a part whose list has a rest: units are those that nothing covers before what is covered next."""
        if self.open_part is None:
            return units
        said, rest = self.open_part
        self.open_part = None
        end = next((at for at, unit in enumerate(units) if unit.kind == ANCHOR), len(units))
        mine = units[:min(rest, end)]
        for unit in mine:
            said.remark(unit.frame, CHANGED)
            said.units.append(unit)
        for _ in range(rest - len(mine)):
            said.missing += 1
            said.remark(units[len(mine)].frame if len(mine) < len(units) else said.units[-1].frame + 1, MISSING)
        self.judge(said)
        return units[len(mine):]

    def say_of_what_stands_before(self, units, document, strays, frame):
        """Reports of it, and of SEIs in order that fitted nothing; how many GOPs are missing besides before the document."""
        gaps, known = {}, len(self.reports)
        counter = self.before.counter if self.before else document.counter - 1
        for one in [*strays, document]:
            gaps[one.counter] = one.counter - counter - 1
            counter = one.counter
        waiting, told = list(strays), {}
        named = {one.predecessor: one.counter - 1 for one in [*strays, document]}
        lost = 0
        for group in self.groups(units):
            if self.session and self.placed_any:
                self.say(group, UNSIGNED, {"tail"})
            elif self.before is None or self.before is self.head_document and not strays:
                if self.before and self.before.counter + 1 == document.counter:
                    self.say_changed(group, self.before)
                else:
                    self.say(group, UNSIGNED, self.troubles_of(group) or {"head"})
            elif lost + len(told) >= sum(gaps.values()) + len(strays):
                self.say_inserted(group, document)
            else:
                stray = self.stray_of(group, document.name, waiting, named)
                if stray:
                    told[stray.counter] = self.say_changed(group, stray)
                else:
                    self.say(group, UNSIGNED, self.troubles_of(group) or {"sei_missing"})
                    lost += 1
        for one in waiting:
            told[one.counter] = self.say_nothing_is_there(one, frame)
        of_parts = any(one.is_partial for one in [*strays, document, *([self.before] if self.before else [])])
        for counter in gaps:
            found = min(lost, gaps[counter])
            lost -= found
            gaps[counter] = 0 if of_parts and len(self.reports) > known and found else gaps[counter] - found
        for counter, said in told.items():
            said.missing_gops = gaps[counter]
        return gaps[document.counter]

    def troubles_of(self, group):
        """What is wrong with SEIs that stand behind its beginning."""
        return {reason for at, reason in self.troubles if at > group[0].at}

    def stray_of(self, group, name, strays, named):
        """Takes the SEI in order that should have fitted a GOP out of the list; None where it is not there."""
        counter = named.get(group[0].hash(name))
        taken = {named.get(unit.hash(name)) for unit in self.waiting if unit.kind == ANCHOR}
        found = next((one for one in strays if one.counter == counter or counter is None and one.counter not in taken), None)
        if found:
            strays.remove(found)
        return found

    def say_nothing_is_there(self, document, frame):
        """Of what it signed nothing came; it should stand before that frame."""
        said = Report(MISSING, frame, [], self.pending_reasons, document.counter, True, document.is_partial, missing=document.count)
        said.remark(frame, MISSING, document.count)
        self.pending_reasons = set()
        self.reports.append(said)
        return said

    def say_changed(self, units, document):
        """All of what it signed is another."""
        said = Report(CHANGED, units[0].frame, units, self.pending_reasons, document.counter, True, document.is_partial)
        self.pending_reasons = set()
        self.reports.append(said)
        if LIST not in document.tags:
            said.reasons.add("no_list")
            return said
        for number, unit in enumerate(units):
            said.remark(unit.frame, CHANGED if number < document.count else INSERTED)
        if document.count > len(units):
            said.missing = document.count - len(units)
            said.remark(units[-1].frame + 1, MISSING, said.missing)
        return said

    def say_inserted(self, units, document):
        own = set(getattr(document, "hashes", []))
        said = Report(INSERTED, units[0].frame, units, self.pending_reasons)
        self.pending_reasons = set()
        for unit in units:
            repeated = unit.data in self.covered or unit.hash(document.name) in own
            said.remark(unit.frame, REPEATED if repeated else INSERTED)
        if not said.count(INSERTED):
            said.verdict = CHANGED
        self.reports.append(said)

    def groups(self, units):
        found = []
        for unit in units:
            if not found or unit.kind == ANCHOR:
                found.append([])
            found[-1].append(unit)
        return found

    def say(self, units, verdict, reasons):
        self.reports.append(Report(verdict, units[0].frame, units, reasons | self.pending_reasons))
        self.pending_reasons = set()

    def end(self):
        left = self.finish_open_part(self.waiting)
        strays = self.strays_in_order()
        if len(strays) < len(self.strays):
            self.pending_reasons.add("stray")
        named = {one.predecessor: one.counter - 1 for one in strays}
        for group in self.groups(left):
            stray = strays and self.stray_of(group, strays[0].name, strays, named)
            if stray:
                self.say_changed(group, stray)
            elif not self.seis:
                self.say(group, UNSIGNED, {"stripped"} if self.expect_signed else set())
            else:
                self.say(group, UNSIGNED, {"tail"} | self.troubles_of(group))
        for one in strays:
            self.say_nothing_is_there(one, self.frame)
        self.waiting = []
        self.count_frames()
        return self.reports

    def count_frames(self):
        """Every access unit is in one report: that of its first covered NAL unit, or without any that of the one before."""
        owner = {}
        for said in self.reports:
            for unit in said.units:
                owner.setdefault(unit.frame, said)
        last = next((owner[frame] for frame in sorted(owner)), None)
        for frame in range(self.frame):
            last = owner.get(frame, last)
            if last:
                last.frames += 1
                last.first_frame = min(last.first_frame, frame)

    def summary(self):
        return next((verdict for verdict in WORST_FIRST if any(said.verdict == verdict for said in self.reports)), None)


def judge(codec, units, **how):
    """Reports of a stream given as access units."""
    receiver = Receiver(codec, **how)
    for nals in units:
        receiver.add(nals)
    receiver.end()
    return receiver
