# SPDX-License-Identifier: Apache-2.0
"""What time stamps attest: evidence records and trailers (C-EVI, C-TRL, C-VER-4)."""

import struct
from dataclasses import dataclass

from . import constants as c
from . import timestamp
from . import trust
from .errors import ContainerError
from .primitives import sha256
from .wire import Cursor, body_of, pack_record

TOKEN, CHECKPOINT = 1, 2
EVERYTHING = 2**64
LINK = 2**65  # tokens of a package's links cover whatever the package carries


@dataclass
class Stamp:
    """A token and where it stands. It attests segments 0 to covers. place is the segment that
    holds it, or EVERYTHING and more for trailers. alone: that segment was not compared."""

    content: bytes
    hash: bytes
    covers: int
    place: int
    utc: int = 0
    valid: bool = False
    reason: str = ""
    alone: bool = False
    kind: int = TOKEN


# ---- evidence ----


def pack_evidence(kind, segment, digest, content, zero=0):
    return struct.pack(">HHQ", kind, zero, segment) + digest + content


def parse_evidence(body, origin, holder, hashes):
    """A Stamp, or None for what cannot be used. hashes: of the manifests that were read."""
    cursor = Cursor(body, origin, "C-EVI-1")
    kind = cursor.u16()
    if kind not in (TOKEN, CHECKPOINT):
        cursor.fail("unknown kind of evidence")
    cursor.zeros(2)
    number, digest = cursor.u64(), cursor.take(32)
    if not number < holder <= number + c.EVIDENCE_REACH:
        cursor.fail("evidence of a segment that it cannot name")
    if number not in hashes:
        return None
    if digest != hashes[number]:
        cursor.fail("hash is not that of the manifest")
    if kind != TOKEN:
        return None
    return Stamp(cursor.take(cursor.remaining()), digest, number, holder)


# ---- trailers ----


def pack_trailer(kind, previous, content, zero=0, length=None, digest=None, number=0):
    length = len(content) if length is None else length
    body = struct.pack(">HH", kind, zero) + previous + struct.pack(">I", length)
    body += (sha256(content) if digest is None else digest) + content
    return pack_record(c.TRAILER, body, number)


def parse_trailer(data, record, end_offset, count):
    """A Stamp."""
    if record.number:
        raise ContainerError("C-REC-1", "trailer is numbered", record.offset)
    if count >= c.MAX_TRAILERS:
        raise ContainerError("C-LIM-1", "too many trailers", record.offset)
    if record.body_length > 72 + c.MAX_TRAILER:
        raise ContainerError("C-LIM-1", "trailer is too long", record.offset)
    cursor = Cursor(body_of(data, record), record.body_offset, "C-TRL-2")
    kind = cursor.u16()
    if kind not in (TOKEN, CHECKPOINT):
        cursor.fail("trailer of unknown kind")
    cursor.zeros(2)
    previous = cursor.take(32)
    if previous != sha256(data[end_offset : record.offset]):
        cursor.fail("previous hash is wrong")
    length, digest = cursor.u32(), cursor.take(32)
    content = cursor.take(length)
    cursor.finish()
    if sha256(content) != digest:
        cursor.fail("digest of the content is wrong")
    return Stamp(content, previous, EVERYTHING, EVERYTHING + count, kind=kind)


def tokens(trailers):
    """Nobody here knows a log or its witnesses: their proofs attest nothing (C-TRL-5)."""
    return [one for one in trailers if one.kind == TOKEN]


# ---- what they attest ----


def _covers(later, earlier):
    if earlier.alone and later.place < LINK:
        return False
    if later.place >= EVERYTHING:
        return later.place > earlier.place
    return earlier.place <= later.covers


def _judge(stamp, later, anchors, now):
    """Sets utc and valid; later are the stamps that were judged before."""
    try:
        token = timestamp.parse(stamp.content)
    except ValueError as error:
        stamp.reason = str(error)
        return
    if token.imprint != stamp.hash:
        stamp.reason = "token stamps something else"
        return
    stamp.utc = token.utc
    not_after, stamp.reason = trust.check_authority(anchors, token.chain, token.utc)
    if stamp.reason:
        return
    if now > not_after:
        renewed = any(
            one.valid and _covers(one, stamp) and one.utc <= not_after for one in later
        )
        if not renewed:
            stamp.reason = "certificate of the authority has expired, and no later token covers it"
            return
    stamp.valid = True


def judge(stamps, anchors, now):
    """Which tokens count; each may need one that comes later."""
    stamps.sort(key=lambda one: one.place)
    for place in reversed(range(len(stamps))):
        _judge(stamps[place], stamps[place + 1 :], anchors, now)


def attested_at(stamps, segment):
    """Earliest time at which the segment is shown to have existed, or None."""
    return min((one.utc for one in stamps if one.valid and one.covers >= segment), default=None)
