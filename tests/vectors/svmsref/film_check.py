# SPDX-License-Identifier: Apache-2.0
"""Compares a film with what the recorders signed of it: codecs, correspondence and times
(evidence.md, E-FLM-2, E-FLM-4 to E-FLM-7)."""

from dataclasses import dataclass
from fractions import Fraction

from . import constants as c
from .errors import ContainerError
from .film import SHIFT, fail

DISCARDABLE = 2
LEFT_OUT = 1  # second, of sound in front


@dataclass
class Pair:
    """A sample of the film, and the entry that it is."""

    source: object
    leaf: object
    track: object  # of the film
    sample: object
    number: int  # in its track

    @property
    def end(self):
        """Ticks of the film's track at which it is shown no more."""
        return self.sample.shown + self.sample.length

    @property
    def about(self):
        return self.source.header.tracks[self.leaf.record.track]

    def seconds(self, ticks):
        return Fraction(ticks * self.about.numerator, self.about.denominator)

    @property
    def recorded(self):
        """Seconds of UTC at which it is decoded, as the recorder signed it."""
        return Fraction(self.source.header.base_utc, c.NS) + self.seconds(self.leaf.record.dts)

    @property
    def duration(self):
        """Recorded, in seconds; 0 where it is not known."""
        given = self.leaf.record.duration
        return self.seconds(self.about.default_duration if given is None else given)

    @property
    def composition(self):
        return self.seconds(self.leaf.record.composition)

    @property
    def played(self):
        return self.track.time(self.sample)

    @property
    def tolerance(self):
        """A tick as the recorder counts, not the film, which could make it a second long."""
        return self.seconds(1) + SHIFT


class FilmCheck:
    """named: {track of the recorder: track_ID}."""

    def __init__(self, film, sources, named):
        self.film = film
        self.tracks = {track.number: track for track in film.tracks}
        self.presented = [
            (source, leaf, self.tracks[named[leaf.record.track]])
            for source in sources for leaf in source.leaves
            if named.get(leaf.record.track) in self.tracks
        ]  # fmt: skip
        self.pairs = None
        self.wrong = []  # (ContainerError, Pair or None)
        self.jumps = []  # (UTC before, UTC behind)

    def run(self):
        """ContainerError when the film is refused. Afterwards pairs is None where samples do not
        correspond, which comparing them names, and wrong holds what E-FLM-5 and E-FLM-6 find."""
        self._check_headers()
        self.pairs = self._correspond()
        if self.pairs is None:
            return
        self._check_shown()
        self._check_times()
        self._check_held()
        self._check_sync()

    def _wrong(self, rule, message, pair=None):
        self.wrong.append((ContainerError(rule, f"film: {message}"), pair))

    # ---- E-FLM-2, E-FLM-7 ----

    def _check_headers(self):
        recordings = {}
        for source, leaf, track in self.presented:
            key = (track.number, source.number, leaf.record.track)
            recording = source.header.recording_id
            if recordings.setdefault(track.number, recording) != recording:
                fail("E-FLM-7", "two recordings in one track")
            if key not in recordings:
                recordings[key] = recording
                self._check_codec(source.header.tracks[leaf.record.track], track)

    @staticmethod
    def _check_codec(about, track):
        entry = track.entry
        if (about.kind == c.VIDEO) != (track.handler == b"vide") or entry.codec != about.codec:
            fail("E-FLM-2", "codec is not that of the header")
        for said, true in zip(entry.size, (about.width, about.height)):
            if track.handler == b"vide" and true and said != true:
                fail("E-FLM-3", "size of pictures is not that of the header")
        if entry.config is not None and entry.config != about.config:
            fail("E-FLM-2", "configuration is not that of the header")
        if track.handler == b"soun" and entry.config is None:
            for said, true in ((entry.channels, about.channels), (entry.rate, about.sample_rate)):
                if true and said != true:
                    fail("E-FLM-2", "channels or sampling rate are not those of the header")

    # ---- E-FLM-4 ----

    def _correspond(self):
        places, counts = dict.fromkeys(self.tracks, 0), dict.fromkeys(self.tracks, 0)
        pairs = []
        for source, leaf, track in self.presented:
            place = places[track.number]
            sample = track.samples[place] if place < len(track.samples) else None
            if sample and sample.size == leaf.size:
                pairs.append(Pair(source, leaf, track, sample, counts[track.number]))
                places[track.number] += 1
            elif leaf.size:
                return None
            counts[track.number] += 1
        whole = all(places[number] == len(one.samples) for number, one in self.tracks.items())
        return pairs if whole else None

    # ---- E-FLM-5 ----

    def _check_shown(self):
        video = [track for track in self.film.tracks if track.handler == b"vide"]
        first = (video or self.film.tracks)[0]
        for track in self.film.tracks:
            if track.edited is None:
                continue
            pairs = [one for one in self.pairs if one.track is track]
            if track is first:
                self._check_first(pairs)
            elif track.media_time > LEFT_OUT * track.scale:
                for one in pairs:
                    if one.end <= track.media_time:
                        self._wrong("E-FLM-5", "edit that leaves out more than a second", one)
            self._check_edit_end(track, pairs)

    def _check_first(self, pairs):
        kept = next((one for one in pairs if not one.leaf.record.flags & DISCARDABLE), None)
        if kept and kept.end <= kept.track.media_time:
            self._wrong("E-FLM-5", "edit that leaves out the first picture", kept)

    def _check_edit_end(self, track, pairs):
        for one in pairs:
            if track.left(one.end) < -one.tolerance:
                self._wrong("E-FLM-5", "edit that ends before a sample ends", one)
        last = max(pairs, key=lambda one: one.end, default=None)
        if last and track.left(last.end) > last.tolerance + Fraction(1, self.film.scale):
            self._wrong("E-FLM-5", "edit that holds the last sample")

    # ---- E-FLM-6 ----

    def _check_times(self):
        """What the film's clock differs from that of the recorders is one number for all."""
        difference, source, lead, last = None, None, None, {}
        for pair in self.pairs:
            found = pair.played - pair.recorded
            before = last.get(pair.track.number)
            if difference is None:
                difference, lead = found, pair
            elif pair.source is not source and abs(found - difference) > pair.tolerance:
                if _goes_on(before, pair):
                    moments = (before.recorded + before.duration, pair.recorded)
                    self.jumps.append(tuple(int(one * c.NS) for one in moments))
                    difference = found
            tolerance = pair.tolerance
            if before is None and pair.track is not lead.track:
                tolerance += lead.seconds(1)
            if abs(found - difference) > tolerance:
                self._wrong("E-FLM-6", "sample at another time than was recorded", pair)
            elif abs(Fraction(pair.sample.composition, pair.track.scale) - pair.composition) > tolerance:
                self._wrong("E-FLM-6", "composition offset that was not recorded", pair)
            source, last[pair.track.number] = pair.source, pair

    def _check_held(self):
        last = {pair.track.number: pair for pair in self.pairs}
        for pair in last.values():
            held = Fraction(pair.sample.length, pair.track.scale)
            if pair.duration and held > pair.duration + pair.tolerance:
                self._wrong("E-FLM-6", "last sample is held longer than was recorded")

    def _check_sync(self):
        for pair in self.pairs:
            recorded = bool(pair.leaf.record.flags & c.SYNC)
            if pair.track.sync_named and pair.sample.sync != recorded:
                self._wrong("E-FLM-6", "players begin with other samples than was recorded", pair)


def _goes_on(before, pair):
    """Does it begin where the one before it in its track ended, as recorded?"""
    return before is not None and abs(before.played + before.duration - pair.played) <= pair.tolerance
