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
    is_unlinked: bool = False
    missing_gops: int = 0
    missing: int = 0
    missing_behind: int = 0
    remarks: dict = dataclasses.field(default_factory=dict)  # (frame, verdict): NAL units
    frames: int = 0

    def remark(self, frame, verdict, count=1):
        self.remarks[frame, verdict] = self.remarks.get((frame, verdict), 0) + count

    def miss_behind(self, count):
        """Behind its last frame, whichever that will be."""
        self.missing += count
        self.missing_behind += count

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


def slid(run, list_):
    """Where a list says a hash several times in a row, and more stands before the NAL unit than the list has there, that is a
    later one of them."""
    run, limit = list(run), len(list_)
    for number in range(len(run) - 1, -1, -1):
        unit, place = run[number]
        if number:
            before = run[number - 1]
            while unit - before[0] > place - before[1] and place + 1 < limit and list_[place + 1] == list_[place]:
                place += 1
        run[number], limit = (unit, place), place
    return run


@dataclasses.dataclass(eq=False)
class Chain:
    """The counter and the first hash of what was said last."""
    counter: int
    is_partial: bool = False
    first: "bytes | None" = None


@dataclasses.dataclass(eq=False)
class Trouble:
    """A SEI that does not count."""
    at: int
    place: int  # covered NAL units before it
    data: bytes
    reasons: set


class Placement:
    """Where a document lies in the stream: the NAL units it covers, and what is said of them."""

    def __init__(self, document, units):
        self.document, self.units = document, units
        self.fitting = []  # (unit, place in the list)
        self.gaps = []  # what stands there, the nearest to what fits first; how many hashes should; the unit behind what is missing
        self.missing_behind = 0
        self.extra = {}  # unit: that it was moved, or repeated
        self.anchors = []  # with which the list is linked
        self.rest = 0  # hashes at the end of the list that wait for what comes


class Receiver:
    """Access units in, reports out (at the end: whatever is said does not depend on what comes later, only when it is said)."""

    def __init__(self, codec, expect_signed=False):
        self.codec, self.expect_signed = codec, expect_signed
        self.waiting, self.reports = [], []
        self.keys, self.name, self.oid, self.order = {}, "sha256", b"", "little"
        self.documents = []  # all whose signature fits
        self.unsigned_documents = []
        self.placed = []  # documents and their placements that are not said yet
        self.known = set()
        self.last_trouble = None  # where no SEI that counts came since
        self.place = 0  # covered NAL units that came
        self.troubles = []  # why SEIs since the last placement do not count
        self.strays = []  # documents that fit nothing since the last placement
        self.chain, self.other_chain = None, None  # what the reports so far end with; what that was where the counter went back
        self.covered_chain = None  # of the last document that covered something
        self.past = None  # behind a gap, until something goes on: that of before
        self.is_at_gap = False
        self.latest_is_partial = False
        self.latest = None  # the counter of the document that was placed last
        self.leaf = None  # who signed the last report
        self.signed_anchor = None  # that of the GOP in which ends what was placed last
        self.covered = collections.deque(maxlen=4096)  # NAL units that were as signed
        self.last_start = None
        self.open_part = None
        self.frame, self.at, self.anchor, self.seis = 0, 0, None, 0
        self.first_unit = None
        self.pending_reasons = set()

    # Taking

    def add(self, nals):
        for nal in nals:
            data = nal.rstrip(b"\0")
            if data:
                self.take(data)
            self.at += 1
        self.frame += 1
        self.settle_what_is_known()

    def take(self, data):
        if is_slice(self.codec, data):
            kind = ANCHOR if is_anchor(self.codec, data) else SLICE
            self.cover(Unit(self.frame, self.at, data, kind, self.anchor))
            self.anchor = self.waiting[-1] if kind == ANCHOR else self.anchor
        elif is_signing_sei(self.codec, data):
            self.seis += 1
            self.take_sei(data)
        elif has_uuid(self.codec, data, OLDER_UUID):
            self.pending_reasons.add("other_format")

    def cover(self, unit):
        self.waiting.append(unit)
        self.first_unit = self.first_unit or unit
        self.place += 1

    def take_sei(self, data):
        try:
            document = Document(self.codec, data)
        except Malformed:
            self.trouble(data, "sei_malformed")
            return
        document.at, document.frame, document.unit = self.at, self.frame, None
        if SIGNATURE not in document.tags:
            self.cover(Unit(self.frame, self.at, data, SEI, self.anchor))
            if GENERAL in document.tags:
                document.unit = self.waiting[-1]
                self.unsigned_documents.append(document)
                self.last_trouble = None
            return
        if data in self.known:
            return
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
            self.known.add(data)
            self.last_trouble = None
            self.documents.append(document)
            if not document.is_certificate:
                self.believe(document)

    def trouble(self, data, reason):
        """Of copies, and of those between the same two NAL units, all is said at once."""
        last = self.last_trouble
        if last is not None and (last.data == data or last.place == self.place):
            last.reasons.add(reason)
            return
        self.last_trouble = Trouble(self.at, self.place, data, {reason})
        self.troubles.append(self.last_trouble)

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
        queue = [document]
        while queue:
            one = max(queue, key=lambda other: other.at)
            queue.remove(one)
            self.order = one.read_times(self.order)
            one.name = getattr(one, "hash", document.name)
            one.leaf = document.leaf
            placement = self.place_in(one, self.zones(one))
            if placement is None:
                self.strays.append(one)
                continue
            self.placed.append((one, placement))
            if one is document or self.latest is None:
                self.latest, self.latest_is_partial = one.counter, one.is_partial
                self.signed_anchor = self.anchor_of(one, placement)
            fitting = {unit for unit, _ in placement.fitting}
            found = [other for other in self.unsigned_documents if other.unit in fitting]
            self.unsigned_documents = [other for other in self.unsigned_documents if other not in found]
            queue += [other for number, other in enumerate(found) if other.nal not in {before.nal for before in found[:number]}]
            judged = set(placement.units)
            self.unsigned_documents = [other for other in self.unsigned_documents if other.unit not in judged]

    def zones(self, document):
        """What nothing covers yet before a SEI: each run of it."""
        covered = {unit for _, placement in self.placed for unit in placement.units}
        found, is_open = [], False
        for unit in self.waiting:
            if unit.at >= document.at:
                break
            if unit not in covered:
                found += [] if is_open else [[]]
                found[-1].append(unit)
            is_open = unit not in covered
        return found

    def place_in(self, document, zones):
        exact = next((found for found in (self.exact(document, zone) for zone in zones) if found), None)
        laid = [] if exact else [found for found in (self.by_list(document, zone) for zone in zones) if found]
        best = exact or max(laid, key=lambda found: len(found.fitting), default=None)
        if best and not exact:
            document.anchors = best.anchors
        return best

    def settle_what_is_known(self, at_end=False):
        """CS-VER-3: in the order of the stream. What nothing covers waits as long as a SEI without signature does, and what
        has a rest for what is covered next."""
        while self.placed:
            waiting = set(self.waiting)
            self.unsigned_documents = [one for one in self.unsigned_documents if one.unit in waiting]
            self.placed.sort(key=lambda entry: entry[1].units[0].at)
            document, placement = self.placed[0]
            is_behind = placement.units[0] is not self.waiting[0]
            if not at_end and (is_behind and self.unsigned_documents or placement.rest and len(self.placed) == 1):
                return
            self.placed.pop(0)
            self.settle(document, placement)
            end = self.waiting.index(self.placed[0][1].units[0]) if self.placed else len(self.waiting)
            self.waiting = self.finish_open_part(self.waiting[:end]) + self.waiting[end:]

    def anchor_of(self, document, placement):
        anchors = [unit.raw(document.name) for unit, _ in placement.fitting if unit.kind == ANCHOR]
        received = [unit.anchor.raw(document.name) for unit in placement.units[:1] if unit.anchor]
        return next(iter(anchors[-1:] or document.anchors[:1] or received), None)

    def exact(self, document, waiting):
        for start in self.starts(document, waiting):
            units = waiting[start:start + document.count]
            if len(units) != document.count or not units:
                continue
            others = [self.signed_anchor, document.predecessor if any(document.predecessor) else None]
            others = [one for one in others if one] if units[0].kind != ANCHOR else []
            for anchor in (None, *others):
                found = [unit.under(document.name, anchor) if anchor else unit.hash(document.name) for unit in units]
                if hashlib.new(document.name, b"".join(found)).digest() == document.list_hash:
                    placement = Placement(document, units)
                    placement.fitting = [(unit, place) for place, unit in enumerate(units)]
                    document.hashes, document.anchors = found, [anchor] if anchor else []
                    return placement
        return None

    def starts(self, document, waiting):
        """The first NAL unit, so many before the end, each beginning of a GOP, and without a list every NAL unit: a part may
        begin there."""
        last = len(waiting) - document.count
        inside = range(1, max(1, last))
        firsts = [0, *([last] if last > 0 else []), *(at for at in inside if waiting[at].kind == ANCHOR)]
        return [*firsts, *(() if LIST in document.tags or self.comes_next(document) else inside)]

    def comes_next(self, document):
        """It follows what was placed last, and no SEI between waits or fits nothing."""
        return (document.unit is None and self.latest is not None and document.counter == (self.latest + 1) % 2**32
                and not self.unsigned_documents and not self.strays)

    def anchors_for(self, document, waiting):
        """The hashes that may be those of the anchor: of this list, or what leads the GOP of the part before; its predecessor."""
        seis = {unit.raw(document.name) for unit in waiting if unit.kind == SEI}
        found = [one for one in document.list if one not in seis][:1]
        led = {unit.raw(document.name) for unit in waiting if unit.kind == ANCHOR}
        signed = [self.signed_anchor] if self.signed_anchor else []
        if not led & set(found):
            goes_on = self.latest_is_partial and signed and document.counter == (self.latest + 1) % 2**32
            found = signed if goes_on else found + signed
            found += [document.predecessor] if any(document.predecessor) else []
        return found

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
        run = slid(run, document.list)
        # What follows a part goes on with the anchor by which the most of it fits.
        fits = [sum(waiting[at].under(document.name, anchor) == document.list[place] for at, place in run) for anchor in anchors]
        document.anchors = [anchors[fits.index(max(fits))]]
        placement = self.lay(document, waiting, hashes, run) if run else None
        if placement:
            placement.anchors = document.anchors
        return placement

    def lay(self, document, waiting, hashes, run):
        """Says of every unit around and between the fitting ones what it is."""
        list_ = document.list
        first, last = run[0][0], run[-1][0]
        low = first
        while low > 0 and waiting[low].kind != ANCHOR:
            low -= 1
        # What the SEI names as its predecessor is of the GOP before, of which another SEI is missing.
        if any(unit.hash(document.name) == document.predecessor for unit in waiting[low:first]):
            low = first
        fitting, taken = dict(run), {place for _, place in run}
        open_places = {place: one for place, one in enumerate(list_) if place not in taken}
        extra = {}
        at = low
        while at <= last or at < len(waiting) and waiting[at].kind != ANCHOR:
            moved = [place for place, one in open_places.items() if one in hashes[at]] if at not in fitting else []
            if moved:
                del open_places[moved[0]]
                extra[at] = MOVED
            elif at not in fitting and hashes[at] & set(list_):
                extra[at] = REPEATED
            elif at > last:
                break  # behind the run only what is right behind it
            at += 1
        end = at
        placement = Placement(document, [])
        missing = {at: sum(place in open_places for place in range(before + 1, behind))
                   for (_, before), (at, behind) in zip([(-1, -1), *run], [*run, (end, len(list_))])}
        start = self.head(first, low, extra, missing[first])
        placement.units = waiting[start:end]
        placement.fitting = [(waiting[at], place) for at, place in run]
        placement.extra = {waiting[at]: verdict for at, verdict in extra.items() if at >= start}
        placement.gaps.append((waiting[start:first][::-1], missing[first], waiting[start]))
        for (before, _), (behind, _) in zip(run, run[1:]):
            placement.gaps.append((waiting[before + 1:behind], missing[behind], waiting[behind]))
        if end < len(waiting) and waiting[end].kind != ANCHOR:
            placement.rest = missing[end]
        else:
            placement.missing_behind = missing[end]
        return placement

    @staticmethod
    def head(first, low, extra, lost):
        """Where what belongs to a run begins that stands before it."""
        start = first
        while start > low and (lost or start - 1 in extra):
            start -= 1
            lost -= start not in extra
        return min([start, *(at for at, verdict in extra.items() if low <= at < start and verdict == MOVED)])

    def fill(self, placement, said):
        """Of the units in each gap, those that are no copies stand where others were signed, as far as these go."""
        for units, lost, behind in placement.gaps:
            free = []
            for unit in units:
                verdict = placement.extra.get(unit) or (REPEATED if unit.data in self.covered else None)
                if verdict:
                    said.remark(unit.frame, verdict)
                else:
                    free.append(unit)
            for number, unit in enumerate(free):
                said.remark(unit.frame, CHANGED if number < lost else INSERTED)
            left = max(0, lost - len(free))
            if left and behind is self.first_unit:
                said.reasons.add("head")
            elif left:
                said.missing += left
                said.remark(behind.frame, MISSING, left)
        for unit in placement.units[placement.units.index(placement.fitting[-1][0]) + 1:]:
            said.remark(unit.frame, placement.extra[unit])
        said.miss_behind(placement.missing_behind)

    # Saying

    def settle(self, document, placement):
        """Reports of what stands before the document's units, and of these."""
        start = self.waiting.index(placement.units[0])
        before_it = self.waiting[:start]
        self.waiting = self.waiting[start + len(placement.units):]
        lost = self.say_of_what_stands_before(before_it, document)
        said = Report(AUTHENTIC, placement.units[0].frame, placement.units, self.pending_reasons, document.counter, True,
                      document.is_partial)
        self.pending_reasons = set()
        self.fill(placement, said)
        self.link(said, document, lost)
        if self.last_start is not None and document.start < self.last_start:
            said.reasons.add("clock")
        if self.leaf is not None and document.leaf != self.leaf:
            said.reasons.add("key_changed")
        if self.chain is not None and any(one.at < document.at for one in self.strays):
            said.reasons.add("stray")
        self.last_start = document.start
        self.reports.append(said)
        if placement.rest:
            self.open_part = (said, document, placement.rest)
        self.judge(said)
        self.remember(document, placement)

    def step(self, chain, counter):
        """How far a counter is behind that of a chain; 0: not behind it."""
        far = (counter - chain.counter) % 2**32 if chain else 0
        return far if far < 2**31 else 0

    def follows(self, chain, document):
        return self.step(chain, document.counter) == 1 and chain.first in (None, document.predecessor)

    def is_in_chain(self, one, following):
        """CS-VER-4: is a SEI that fits nothing in order?"""
        far = self.step(self.chain, one.counter)
        linked = far != 1 or self.chain.first in (None, one.predecessor)
        before = following is None or self.step(Chain(one.counter), following.counter) > 0
        return far > 0 and linked and self.leaf in (None, one.leaf) and before

    def link(self, said, document, lost):
        """CS-VER-5: whether it follows, begins anew, or does neither."""
        if self.past is not None:
            self.resume(said, document)
        if self.chain is None or self.follows(self.chain, document):
            return
        if self.follows(self.other_chain, document):
            self.other_chain = None
            return
        self.other_chain = None
        far = self.step(self.chain, document.counter)
        if document.counter <= 1 and not any(document.predecessor):
            said.reasons.add("new_session")
        elif far > 1 and self.leaf == document.leaf:
            of_parts = lost and (self.chain.is_partial or document.is_partial)
            said.missing_gops = 0 if of_parts else max(0, far - 1 - lost)
        else:
            said.is_unlinked = True
            said.reasons.add("link")
            if far == 0:
                self.other_chain = self.chain if self.chain.first else None

    def resume(self, said, document):
        """CS-VER-13: does the first one behind a gap go on, or begin anew, or was it signed earlier than what was before?"""
        past, self.past = self.past, None
        far = self.step(past, document.counter)
        is_next_but_other = far == 1 and past.first is not None
        if self.follows(past, document):
            return
        if document.counter <= 1 and not any(document.predecessor):
            said.reasons.add("new_session")
        elif document.start < self.last_start:
            said.is_unlinked = True
            said.reasons.add("link")
            self.other_chain = past if far == 0 and past.first else None
        elif self.leaf != document.leaf or far == 0 or is_next_but_other:
            said.reasons.add("new_session")

    def judge(self, said):
        if said.is_unlinked or said.count(CHANGED, INSERTED, MOVED, REPEATED):
            said.verdict = CHANGED
        elif said.missing or said.missing_gops:
            said.verdict = MISSING

    def remember(self, document, placement):
        self.covered.extend(unit.data for unit, _ in placement.fitting)
        self.chain, self.leaf = Chain(document.counter, document.is_partial, document.hashes[0]), document.leaf
        self.covered_chain = self.chain
        self.troubles = [one for one in self.troubles if one.at > document.at]
        self.strays = [one for one in self.strays if one.at > document.at]

    def finish_open_part(self, units):
        """What follows where a list has a rest: units are those that nothing covers before what is covered next."""
        if self.open_part is None:
            return units
        said, document, rest = self.open_part
        self.open_part = None
        end = next((at for at, unit in enumerate(units) if unit.kind == ANCHOR or unit.at > document.at), len(units))
        mine = units[:min(rest, end) if document.is_partial else end]
        copies = [unit.data in self.covered for unit in mine]
        free = 0
        for unit, is_copy in zip(mine, copies):
            free += not is_copy
            said.remark(unit.frame, REPEATED if is_copy else CHANGED if free <= rest else INSERTED)
            said.units.append(unit)
        said.miss_behind(max(0, rest - free))
        self.judge(said)
        return units[len(mine):]

    def say_of_what_stands_before(self, units, document):
        """Reports of it, and of SEIs in order that fitted nothing; how many GOPs of it are unsigned since the chain ended.
        document: the one that covers what follows, or None at the end."""
        lost = 0
        groups = self.groups(units)
        while groups:
            group = groups.pop(0)
            earlier = [one for one in self.strays if document is None or one.at < document.at]
            counter = self.named(group, earlier, document)
            stray = next((one for one in earlier if one.at > group[0].at and self.is_for(one, group, counter, document, not groups, lost)),
                         None)
            if stray and not self.troubles_before(stray, group):
                group, groups = self.share(stray, group, groups, earlier, document)
                self.say_changed(group, stray).missing_gops = self.gap_before(stray, lost)
                self.follow(stray)
                lost = 0
                continue
            verdict, why = self.by_counters(document)
            self.say(group, verdict, self.troubles_of(group, not groups) or why, why == {"tail"} and document is None)
            if verdict == INSERTED:
                continue
            if counter is not None and self.chain is None:
                self.chain = Chain(counter, False, group[0].hash(self.name))
            else:
                lost += 1
        for one in [one for one in self.strays if document is None or one.at < document.at]:
            if self.is_in_chain(one, document):
                if one.count:
                    self.say_nothing_is_there(one).missing_gops = self.gap_before(one, lost)
                lost -= min(lost, max(0, self.step(self.chain, one.counter) - 1))
                self.follow(one)
        return lost

    def named(self, group, strays, document):
        """The counter of a GOP of which a SEI names the first hash as its predecessor."""
        if group[0].kind != ANCHOR:
            return None
        first = group[0].hash(self.name)
        return next((one.counter - 1 for one in [*strays, *([document] if document else [])] if one.predecessor == first), None)

    def is_for(self, stray, group, counter, document, is_last, lost):
        """CS-VER-3: is this stretch the one that a SEI which fits nothing signed?"""
        if counter is not None:
            return stray.counter == counter and LIST not in stray.tags and (self.chain is None or self.is_in_chain(stray, document))
        if self.chain is None:
            return (is_last and document is not None and stray.counter + 1 == document.counter and group[0].kind == ANCHOR
                    and stray.count <= len(group))
        return self.is_in_chain(stray, document) and self.step(self.chain, stray.counter) <= lost + 1

    def share(self, stray, group, groups, strays, document):
        """How much of what nothing covers a SEI is for."""
        if document is not None and document.counter == stray.counter + 1:
            return sum(groups, group), []
        behind = any(one.counter == stray.counter + 1 for one in strays)
        if stray.is_partial and behind and len(group) > stray.count:
            return group[:stray.count], [group[stray.count:], *groups]
        return group, groups

    def by_counters(self, document):
        if document is None:
            return UNSIGNED, {"tail"} if self.seis or self.is_at_gap else {"stripped"} if self.expect_signed else set()
        if self.chain is None:
            return UNSIGNED, {"head"}
        far = self.step(self.chain, document.counter)
        if far == 0 or document.counter <= 1 and not any(document.predecessor):
            return UNSIGNED, {"tail"}
        return (INSERTED, set()) if far == 1 else (UNSIGNED, {"sei_missing"})

    def gap_before(self, document, there):
        return max(0, self.step(self.chain, document.counter) - 1 - there) if self.chain else 0

    def follow(self, stray):
        """The chain ends with this one."""
        self.chain = Chain(stray.counter, stray.is_partial, stray.list[0] if LIST in stray.tags else None)
        self.leaf = stray.leaf
        self.strays.remove(stray)

    def troubles_before(self, stray, group):
        return any(group[0].at < one.at < stray.at for one in self.troubles)

    def troubles_of(self, group, is_last):
        """What is wrong with the first SEI behind its beginning, or, of the last one, with all of them; it is told once."""
        mine = [one for one in self.troubles if one.at > group[0].at]
        mine = mine if is_last else mine[:1]
        self.troubles = [one for one in self.troubles if one not in mine]
        return {reason for one in mine for reason in one.reasons}

    def say_nothing_is_there(self, document):
        """Of what it signed nothing came; it should stand before what comes next."""
        said = Report(MISSING, None, [], self.pending_reasons, document.counter, True, document.is_partial)
        said.miss_behind(document.count)
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
        said.miss_behind(max(0, document.count - len(units)))
        return said

    def say_inserted(self, units):
        said = Report(INSERTED, units[0].frame, units, self.pending_reasons)
        self.pending_reasons = set()
        for unit in units:
            said.remark(unit.frame, REPEATED if unit.data in self.covered else INSERTED)
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

    def say(self, units, verdict, reasons, is_tail=False):
        if verdict == INSERTED:
            self.say_inserted(units)
            return
        self.reports.append(Report(verdict, units[0].frame, units, reasons | self.pending_reasons | ({"tail"} if is_tail else set())))
        self.pending_reasons = set()

    def decide_all(self):
        self.settle_what_is_known(at_end=True)
        left = self.waiting
        self.say_of_what_stands_before(left, None)
        if self.chain is not None and self.strays and self.reports:
            self.reports[-1].reasons.add("stray")
        self.waiting = []

    def gap(self):
        """CS-VER-13: it is known that something is missing here."""
        self.is_at_gap = True
        self.decide_all()
        self.is_at_gap = False
        self.unsigned_documents, self.strays, self.troubles, self.last_trouble = [], [], [], None
        self.past = self.covered_chain
        self.chain, self.other_chain, self.latest, self.latest_is_partial = None, None, None, False
        self.first_unit = None

    def end(self):
        self.decide_all()
        self.count_frames()
        return self.reports

    def count_frames(self):
        """Every access unit is in one report: that of its first slice, or without any that of its first covered NAL unit, or
        without any that of the one before."""
        owner = {}
        for is_sei in (False, True):
            for said in self.reports:
                for unit in said.units:
                    if (unit.kind == SEI) == is_sei:
                        owner.setdefault(unit.frame, said)
        last = next((owner[frame] for frame in sorted(owner)), None)
        firsts = {}
        for frame in range(self.frame):
            last = owner.get(frame, last)
            if last:
                last.frames += 1
                firsts.setdefault(last, frame)
        behind = 0
        for said in self.reports:
            said.first_frame = firsts.get(said, behind)
            behind = said.first_frame + said.frames
            if said.missing_behind:
                said.remark(behind, MISSING, said.missing_behind)

    def summary(self):
        return next((verdict for verdict in WORST_FIRST if any(said.verdict == verdict for said in self.reports)), None)


def judge(codec, units, gaps=(), **how):
    """Reports of a stream given as access units. gaps: numbers of those before which something is known to be missing."""
    receiver = Receiver(codec, **how)
    for number, nals in enumerate(units):
        if number in gaps:
            receiver.gap()
        receiver.add(nals)
    receiver.end()
    return receiver
