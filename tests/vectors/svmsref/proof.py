# SPDX-License-Identifier: Apache-2.0
"""Compares a presentation with its proof (evidence.md, section 9)."""

from dataclasses import dataclass, field

from .leaves import leaf_of_sample
from .primitives import sha256


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


def check(report, fields, request):
    """A Presentation; what the case says about tracks is used only when the case holds."""
    found = Presentation()
    data = request.presentation
    found.same_file = data is not None and (len(data), sha256(data)) == (
        fields.presentation_size, fields.presentation_hash)  # fmt: skip
    said = report.case["presentation"] if report.case_verdict == "authentic" else None
    if said is None:
        found.verdict = "incomplete"
        return found
    if data is None:
        found.verdict, found.given = "incomplete", False
        return found
    named = {one["track"]: one["presentation_track"] for one in said["tracks"]}
    samples = request.samples or {}
    tracks = {number: _Track(number, samples.get(number, b"")) for number in named.values()}
    for source in report.sources:
        for leaf in source.leaves:
            if leaf.record.track not in named:
                found.failures.append(SampleFailure(
                    source.number, leaf.record.track, -1, None, leaf.segment, leaf.utc,
                    "track that the presentation has not"))  # fmt: skip
                continue
            _compare(found, source, leaf, tracks[named[leaf.record.track]])
    film = not said["media_type"].startswith("image/")
    for source in report.sources:
        for segment, number in source.hashed if film else ():
            if number in named:
                time = source.nodes[segment].manifest.first_utc
                found.failures.append(SampleFailure(
                    source.number, number, named[number], None, segment, time,
                    "the film does not have every sample", "incomplete"))  # fmt: skip
    for track in tracks.values():
        if track.position < len(track.data):
            found.failures.append(SampleFailure(
                -1, -1, track.number, track.count, None, None,
                "the presentation has more samples"))  # fmt: skip
    for number in samples.keys() - tracks.keys():
        found.failures.append(SampleFailure(
            -1, -1, number, 0, None, None, "the presentation has another track"))  # fmt: skip
    found.failures.sort(key=lambda one: (one.source < 0, one.source, one.time or 0))
    verdicts = {one.verdict for one in found.failures}
    if not (found.samples or (said["derivation"] and not film)):
        verdicts.add("not_authentic")
    order = ("not_authentic", "undecryptable", "incomplete")
    found.samples_verdict = next((one for one in order if one in verdicts), "authentic")
    found.verdict = found.samples_verdict
    if found.verdict == "authentic" and not found.same_file:
        found.verdict = "incomplete" if found.samples else "not_authentic"
    return found
