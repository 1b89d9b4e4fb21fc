# SPDX-License-Identifier: Apache-2.0
"""Compares a presentation with its proof (evidence.md, section 9)."""

from dataclasses import dataclass, field

from .errors import ContainerError, EndOfFile
from .film import read as read_film
from .film_check import FilmCheck
from .leaves import leaf_of_sample
from .primitives import sha256

PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


@dataclass
class SampleFailure:
    """The first sample that is not what the recorders signed."""

    source: int
    track: int
    presentation_track: int
    number: int | None
    segment: int | None
    time: int | None
    reason: str
    verdict: str = "not_authentic"


@dataclass
class Presentation:
    """What E-PRF-4 tells apart."""

    verdict: str = "authentic"
    same_file: bool = False
    given: bool = True
    samples_verdict: str = "authentic"
    samples: int = 0  # that are in the presentation
    failures: list = field(default_factory=list)
    film: str | None = None  # plain, refused; None: a picture, or not looked at
    refused: ContainerError | None = None  # what of E-FLM or E-PRF-9 does not hold
    jumps: list = field(default_factory=list)  # where a film goes on without the gap

    @property
    def first_failure(self):
        return self.failures[0] if self.failures else None


class _Track:
    """Bytes of one track of the presentation, consumed in order."""

    def __init__(self, number, data):
        self.number = number
        self.data = data
        self.position = 0
        self.count = 0

    def take(self, size):
        part = self.data[self.position : self.position + size]
        self.position += size
        self.count += 1
        return part


def _compare(found, source, leaf, track):
    """One sample."""
    number = leaf.record.track
    data = track.take(leaf.size)
    failure = SampleFailure(source.number, number, track.number, track.count - 1, leaf.segment,
                            leaf.utc, "")  # fmt: skip
    digest = leaf_of_sample(leaf, data, source.secrets.get((leaf.segment, number)))
    found.samples += 1
    if len(data) < leaf.size:
        failure.reason = "the presentation has no such sample"
    elif digest is None:
        failure.reason, failure.verdict = "no secret to compare the sample with", "undecryptable"
    elif digest != leaf.hash:
        failure.reason = "sample is not the one that was recorded"
    if failure.reason:
        found.failures.append(failure)


def is_picture(said, data):
    """A PNG or JPEG file, as its media type says (E-PRF-9)?"""
    magic = PICTURES.get(said["media_type"])
    return magic is not None and data.startswith(magic)


class _Comparison:
    """One presentation that was given, and a case that holds."""

    def __init__(self, report, said, data):
        self.report = report
        self.said = said
        self.data = data
        self.found = Presentation()
        self.named = {one["track"]: one["presentation_track"] for one in said["tracks"]}
        self.is_film = not said["media_type"].startswith("image/")

    def run(self):
        found = self.found
        try:
            samples = self._samples()
        except (ContainerError, EndOfFile) as error:
            self._refuse(error)
            return
        self._note_times()
        self._compare_all(samples)
        if not found.failures and self.unmatched:
            self._refuse(ContainerError("E-FLM-4", "film: samples are joined or split"))

    def _refuse(self, error):
        """Nothing of it is compared."""
        found = self.found
        found.samples, found.refused = 0, error
        found.film = "refused" if self.is_film else None
        found.failures = [SampleFailure(-1, -1, -1, None, None, None, str(error))]

    def _note_times(self):
        """Samples that are shown at another time than was recorded."""
        for error, pair in self.wrong:
            failure = SampleFailure(-1, -1, -1, None, None, None, str(error))
            if pair:
                failure = SampleFailure(
                    pair.source.number, pair.leaf.record.track, pair.track.number, pair.number,
                    pair.leaf.segment, pair.leaf.utc, str(error))  # fmt: skip
            self.found.failures.append(failure)
            self.found.refused = self.found.refused or error

    def _samples(self):
        """{track: bytes} of the presentation; ContainerError when it is refused."""
        self.unmatched, self.wrong = False, []
        if not self.is_film:
            if not is_picture(self.said, self.data):
                raise ContainerError("E-PRF-9", "picture is not what its media type says")
            return {0: self.data} if self.named else {}
        film = read_film(self.data)
        check = FilmCheck(film, self.report.sources, self.named)
        check.run()
        self.unmatched, self.wrong = check.pairs is None, check.wrong
        self.found.film, self.found.jumps = "plain", check.jumps
        return {track.number: film.bytes_of(track) for track in film.tracks}

    def _compare_all(self, samples):
        found, named = self.found, self.named
        tracks = {number: _Track(number, samples.get(number, b"")) for number in named.values()}
        for source in self.report.sources:
            for leaf in source.leaves:
                if leaf.record.track not in named:
                    found.failures.append(SampleFailure(
                        source.number, leaf.record.track, -1, None, leaf.segment, leaf.utc,
                        "track that the presentation has not"))  # fmt: skip
                    continue
                _compare(found, source, leaf, tracks[named[leaf.record.track]])
        self._find_left_out()
        for track in tracks.values():
            if track.position < len(track.data):
                found.failures.append(SampleFailure(
                    -1, -1, track.number, track.count, None, None,
                    "the presentation has more samples"))  # fmt: skip
        for number in samples.keys() - tracks.keys():
            found.failures.append(SampleFailure(
                -1, -1, number, 0, None, None, "the presentation has another track"))  # fmt: skip
        found.failures.sort(key=lambda one: (one.source < 0, one.source, one.time or 0))

    def _find_left_out(self):
        """E-PRF-8."""
        for source in self.report.sources:
            for segment, number in source.hashed if self.is_film else ():
                if number in self.named:
                    time = source.nodes[segment].manifest.first_utc
                    self.found.failures.append(SampleFailure(
                        source.number, number, self.named[number], None, segment, time,
                        "the film does not have every sample", "incomplete"))  # fmt: skip


def check(report, fields, request):
    """A Presentation; what the case says about tracks is used only when the case holds."""
    data = request.presentation
    said = report.case["presentation"] if report.case_verdict == "authentic" else None
    if data is None:
        return Presentation("incomplete", given=False)
    wanted = (fields.presentation_size, fields.presentation_hash)
    same = (len(data), sha256(data)) == wanted
    if said is None:
        return Presentation("incomplete", same)
    comparison = _Comparison(report, said, data)
    found = comparison.found
    found.same_file = same
    comparison.run()
    verdicts = {one.verdict for one in found.failures}
    if not (found.samples or (said["derivation"] and not comparison.is_film)):
        verdicts.add("not_authentic")
    order = ("not_authentic", "undecryptable", "incomplete")
    found.samples_verdict = next((one for one in order if one in verdicts), "authentic")
    found.verdict = found.samples_verdict
    if found.verdict == "authentic" and not found.same_file:
        found.verdict = "incomplete" if found.samples else "not_authentic"
    return found
