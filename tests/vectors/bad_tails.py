# SPDX-License-Identifier: Apache-2.0
"""Bad vectors: zero bytes that are no zero tail (C-VER-1)."""

from faults import Bad, at, flip, segments_of
from good_signatures import segments
from specs import clear


def still_open(name):
    return clear(name, segments(2), close=False)


def closed(name):
    return clear(name, segments(3))


def appended(part):
    return at("file", lambda data: data + part)


def blanked(data):
    """Segment 1 of three is zero from its middle on."""
    before, parts, after = segments_of(data)
    parts[1] = parts[1][:200] + bytes(len(parts[1]) - 200)
    return before + b"".join(parts) + after


def zero_tails():
    bad = Bad("zero", closed, verdict="not_authentic")
    bad.add("closed-then-byte", "zero bytes and another byte behind the tail",
            appended(bytes(64) + b"\1"), "C-END-1", segment=None)
    bad.add("middle", "zero bytes in the middle", at("file", blanked), "C-REC", segment=1)
    bad.add("then-byte", "zero bytes and another byte behind the last segment",
            at("file", lambda data: data), "C-REC", segment=2, base=still_open,
            reshape=lambda data: data + bytes(40) + b"\1")
    bad.add("flipped", "zero bytes behind an altered segment", None, "C-MAN-3", segment=1,
            base=still_open, reshape=lambda data: flip(segments_end(data))(data) + bytes(99))
    return bad.entries


def segments_end(data):
    """Offset of a byte of the last sample."""
    return data.rindex(b"SVMSSEG1") + 80 + 24


GROUPS = (zero_tails,)
