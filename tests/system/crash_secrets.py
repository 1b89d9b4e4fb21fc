# SPDX-License-Identifier: Apache-2.0
"""Every key and nonce that a container used, found out by the second implementation.

Nothing here trusts the library: content keys are unwrapped, track keys derived and samples opened by
svmsref. What lies behind the last complete segment counts too: it was encrypted all the same.
"""

from svmsref import access, constants, keys, samples, segments, verifier, wire
from svmsref.errors import ContainerError, EndOfFile

R_SIZE = 32  # of an ECDSA P-256 signature; two signatures with the same r betray the key


class Ledger:
    """What has been used so far, over all containers."""

    def __init__(self):
        self.used = {}
        self.repeats = []

    def note(self, kind, value, place):
        """A value that must never come again."""
        values = self.used.setdefault(kind, {})
        if value in values:
            self.repeats.append(f"{kind} {value!r} of {place} was used by {values[value]}")
        values[value] = place

    def count(self, kind):
        return len(self.used.get(kind, {}))


class Container:
    """One container as the second implementation sees it."""

    def __init__(self, data, anchors, private):
        self.data = data
        request = verifier.Request(anchors=anchors, private=private, keep_data=True)
        self.verifier = verifier.Verifier(data, request)
        self.private = private
        self.report = self.verifier.run()
        self.header = self.report.header
        self.has_front = self.report.verdict not in ("malformed", "unsupported")

    @property
    def end_of_segments(self):
        return len(self.data) - self.report.unattested

    def unfinished(self):
        """The segment behind the last complete one, as far as it goes, or None."""
        expected = len(self.report.segments)
        reader = segments.SegmentReader(self.data, self.header, self.end_of_segments, expected, None, None, None,
                                        lambda record, number: None, {})
        try:
            reader.read()
        except EndOfFile:
            pass
        return reader.segment if reader.segment.salt else None

    def torn_sample(self, segment):
        """Header of a sample whose body is not all there, or None."""
        position = segment.offset
        try:
            while True:
                record = wire.parse_record_header(self.data, position)
                if record.end > len(self.data):
                    return record if record.type == constants.SAMPLE else None
                position = record.end
        except (ContainerError, EndOfFile):
            return None

    def note_all(self, ledger, place):
        """Puts everything secret into the ledger."""
        slot = self.verifier.block.current()
        content_key = access.unwrap(slot, self.header.hash, private=self.private)
        ledger.note("container id", self.header.container_id, place)
        ledger.note("content key", content_key, place)
        for kind, body in slot.stanzas:
            ledger.note("encapsulated key", (kind, body[16:-48]), place)
        self._note_signatures(ledger, place)
        schedule = keys.ContainerKeys(content_key, self.header.hash)
        for segment in self.report.segments:
            self._note_segment(ledger, schedule, segment, None, place)
        unfinished = self.unfinished()
        if unfinished is not None:
            self._note_segment(ledger, schedule, unfinished, self.torn_sample(unfinished), place)

    def _note_signatures(self, ledger, place):
        positions = [len(self.header.raw)]
        for segment in self.report.segments:
            position = segment.offset
            while position < segment.end:
                positions.append(position)
                position = wire.parse_record_header(self.data, position).end
        for position in positions:
            record = wire.parse_record_header(self.data, position)
            if record.type == constants.SIGNATURE:
                start = record.body_offset + 16
                ledger.note("r of a signature", self.data[start : start + R_SIZE], place)

    def _note_segment(self, ledger, schedule, segment, torn, place):
        place = f"{place}, segment {segment.number}"
        ledger.note("salt", segment.salt, place)
        derived, indexes = {}, {}
        for number in range(len(self.header.tracks)):
            derived[number] = schedule.track(segment.number, number, segment.salt)
            ledger.note("track secret", derived[number].secret, place)
            ledger.note("key", derived[number].key, place)
            ledger.note("nonce base", derived[number].nonce_base, place)
        for sample in segment.samples:
            track = sample.record.track
            indexes[track] = sample.index + 1
            for chunk in range(len(sample.body.tags)):
                self._note_nonce(ledger, derived[track], sample.index, chunk, place)
        if torn is not None:
            for chunk in range(max(1, samples.chunk_count(torn.body_length - constants.TAG))):
                self._note_nonce(ledger, derived[torn.track], indexes.get(torn.track, 0), chunk, place)

    @staticmethod
    def _note_nonce(ledger, track, index, chunk, place):
        ledger.note("key and nonce", track.key + track.nonce(index, chunk), place)
