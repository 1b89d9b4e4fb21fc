# SPDX-License-Identifier: Apache-2.0
"""Judges the sources of one recording together (evidence.md, E-VER-3)."""

from . import constants as c
from . import frames as f
from .errors import ContainerError

NOTHING = 2**64 - 1  # a link to a container without complete segment
SUCCEEDED = (2, 3)  # reasons of an end that promise a successor


def _takes_part(source):
    header = source.header
    return header is not None and not (header.signer.role == c.ROLE_CAMERA and header.origin == 2)


def _fail(source, message):
    source.fail(ContainerError("E-VER-3", message, 0))


def judge(sources):
    """After all were read; sets what is wrong, missing or covered in each."""
    recordings = {}
    for source in filter(_takes_part, sources):
        recordings.setdefault(source.header.recording_id, []).append(source)
    for members in recordings.values():
        found = _by_number(members)
        for number in found:
            for source in found[number]:
                for before in found.get(number - 1, []):
                    _follow_link(source, before)
        _find_gaps(found)


def _by_number(members):
    """{sequence number: sources of that container}"""
    found = {}
    for source in members:
        same = found.setdefault(source.header.sequence, [])
        if same and same[0].header.hash != source.header.hash:
            _fail(source, "another container has the same sequence number")
        else:
            same.append(source)
    return dict(sorted(found.items()))


def _follow_link(source, before):
    link, named = source.header.previous, None
    if link is None:
        return
    if link.container_id != before.header.container_id:
        _fail(source, "link names another container")
        return
    if link.segment == NOTHING:
        if link.manifest_hash != before.header.hash:
            _fail(source, "link names another header")
        return
    named = before.nodes.get(link.segment)
    if named and named.hash != link.manifest_hash:
        _fail(source, "link names another manifest")
    elif before.end and before.end.segments <= link.segment:
        _fail(source, "link names a segment that the end record does not count")
    elif named and min(source.carried, default=None) == 0:
        last = max(before.carried, default=-1)
        covers = link.segment == last or named.frame.kind == f.MANIFEST and link.segment > last
        before.covered_end = before.covered_end or covers


# ---- proofs ----


def judge_order(sources):
    """Sources of a proof stand in their recording's order (E-PRF-6)."""
    latest = {}
    for source in filter(lambda one: one.header is not None, sources):
        before = latest.get(source.header.recording_id)
        if before is not None and not _follows(source, before):
            source.fail(ContainerError("E-PRF-6", "source of a proof out of order", 0))
        latest[source.header.recording_id] = source


def _follows(source, before):
    ours, theirs = source.carried, before.carried
    order = (source.header.sequence, before.header.sequence)
    if order[0] < order[1]:
        return False
    if order[0] == order[1]:
        if source.header.container_id != before.header.container_id:
            return False
        if ours and theirs and min(ours) <= max(theirs):
            return False
    if not ours or not theirs:
        return True
    return source.times[ours[0]][0] >= before.times[theirs[0]][0]


# ---- gaps ----


def _begin(sources):
    """When the container begins (C-SEQ-4)."""
    nodes = [node for one in sources for node in one.nodes.values() if node.attested]
    known = [node.manifest.first_utc for node in nodes]
    if any(node.number == 0 for node in nodes):
        return min(known)
    return min([sources[0].header.created_utc, *known])


def _end(sources):
    ends = [one.end.last_utc for one in sources if one.end]
    nodes = [node.manifest.last_utc for one in sources for node in one.nodes.values()]
    return max(ends or nodes, default=sources[0].header.created_utc)


def _stop(source):
    return 2**63 if source.stop == c.NO_TIME else source.stop


def _missing(sources, first, last):
    """A container is missing between these moments."""
    for source in sources:
        if source.start < last and _stop(source) > first:
            source.gap = "a container of the recording is missing"


def _find_gaps(found):
    numbers = list(found)
    for low, high in zip(numbers, numbers[1:]):
        if high > low + 1:
            _missing(found[low] + found[high], _end(found[low]), _begin(found[high]))
    if numbers[0] > 0:
        _missing(found[numbers[0]], c.NO_TIME, _begin(found[numbers[0]]))
    last = found[numbers[-1]]
    if any(one.end and one.end.reason in SUCCEEDED for one in last):
        _missing(last, _end(last), 2**63)
