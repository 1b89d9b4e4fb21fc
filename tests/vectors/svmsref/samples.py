# SPDX-License-Identifier: Apache-2.0
"""Sample bodies: ranges, chunks, sealing (C-REC-3 to C-REC-6), and sample times (C-MAN-5)."""

import struct
from dataclasses import dataclass

from . import constants as c
from .errors import ContainerError
from .primitives import seal, unseal
from .wire import Cursor


@dataclass
class Body:
    """A sample body taken apart."""

    table: bytes
    ranges: list
    stored: bytes
    tags: list


def chunk_count(protected):
    return -(-protected // c.CHUNK)


def pack_table(ranges):
    return struct.pack(">H", len(ranges)) + b"".join(struct.pack(">II", *item) for item in ranges)


def implied_ranges(protection, size, ranges=None):
    """Ranges that are protected, and the table as stored."""
    if protection == c.LIGHT:
        chosen = [(0, size)] if ranges is None and size else (ranges or [])
        return chosen, pack_table(chosen)
    if protection == c.STRONG and size:
        return [(0, size)], b""
    return [], b""


def body_length(table, size, ranges):
    return len(table) + size + c.TAG * chunk_count(sum(length for _, length in ranges))


def _gather(data, ranges):
    return b"".join(data[offset : offset + size] for offset, size in ranges)


def _scatter(data, ranges, part):
    out, position = bytearray(data), 0
    for offset, size in ranges:
        out[offset : offset + size] = part[position : position + size]
        position += size
    return bytes(out)


def seal_body(keys, index, header, table, ranges, data):
    """Stored body of a sample. header is the record header with its CRC."""
    protected, aad = _gather(data, ranges), header + table
    cipher, tags = b"", b""
    for chunk in range(chunk_count(len(protected))):
        part = protected[chunk * c.CHUNK : (chunk + 1) * c.CHUNK]
        sealed = seal(keys.key, keys.nonce(index, chunk), aad, part)
        cipher, tags = cipher + sealed[: -c.TAG], tags + sealed[-c.TAG :]
    return table + _scatter(data, ranges, cipher) + tags


def open_body(keys, index, header, body):
    """Plaintext of a sample."""
    if not body.ranges:
        return body.stored
    cipher, plain = _gather(body.stored, body.ranges), b""
    for chunk, tag in enumerate(body.tags):
        part = cipher[chunk * c.CHUNK : (chunk + 1) * c.CHUNK]
        plain += unseal(keys.key, keys.nonce(index, chunk), header + body.table, part + tag)
    return _scatter(body.stored, body.ranges, plain)


def _parse_table(cursor):
    count = cursor.u16()
    if count > c.MAX_RANGES:
        cursor.fail("too many protected ranges", "C-LIM-1")
    ranges, free = [], 0
    for number in range(count):
        offset, size = cursor.u32(), cursor.u32()
        if not size:
            cursor.fail("empty protected range")
        if offset < free or (number and offset == free):
            cursor.fail("protected ranges overlap, touch or are not sorted")
        free = offset + size
        ranges.append((offset, size))
    return ranges


def check_sample_length(protection, record):
    """Limits that the record header alone decides."""
    length = record.body_length
    if protection == c.LIGHT:
        most = 2 + 8 * c.MAX_RANGES + c.MAX_SAMPLE + c.TAG * chunk_count(c.MAX_SAMPLE)
    else:
        tags = c.TAG * chunk_count(c.MAX_SAMPLE) if protection == c.STRONG else 0
        most = c.MAX_SAMPLE + tags
    if length > most:
        raise ContainerError("C-LIM-1", "sample is too large", record.offset)
    if protection == c.STRONG:
        strong_size(record)


def strong_size(record):
    """Size of a strong sample from its body length (C-REC-5)."""
    length = record.body_length
    chunks = -(-length // (c.CHUNK + c.TAG))
    size = length - c.TAG * chunks
    if size < 0 or chunk_count(size) != chunks:
        raise ContainerError("C-REC-5", "no sample has this body length", record.offset)
    return size


def parse_body(protection, record, data):
    """Take a body apart; every rule that needs no key is checked."""
    cursor = Cursor(data, record.body_offset, "C-REC-4")
    if protection == c.NONE:
        size, ranges = len(data), []
    elif protection == c.STRONG:
        size = strong_size(record)
        ranges = [(0, size)] if size else []
    else:
        ranges = _parse_table(cursor)
        size = cursor.remaining() - c.TAG * chunk_count(sum(length for _, length in ranges))
        if size < 0:
            cursor.fail("no sample has this body length", "C-REC-5")
        if ranges and sum(ranges[-1]) > size:
            cursor.fail("protected range reaches beyond the sample")
    if size > c.MAX_SAMPLE:
        cursor.fail("sample is too large", "C-LIM-1")
    table = data[: cursor.position]
    stored = cursor.take(size)
    tags = [cursor.take(c.TAG) for _ in range(chunk_count(sum(length for _, length in ranges)))]
    cursor.finish()
    return Body(table, ranges, stored, tags)


def check_flags(protection, record, default_duration):
    if bool(record.flags & c.HAS_RANGES) != (protection == c.LIGHT):
        raise ContainerError("C-REC-4", "range table present or absent wrongly", record.offset)
    if record.duration is not None and record.duration == default_duration:
        raise ContainerError("C-REC", "duration repeats the track's default", record.offset)


def ticks_to_ns(ticks, numerator, denominator):
    """Rounded towards zero."""
    product = ticks * numerator * c.NS
    return product // denominator if product >= 0 else -(-product // denominator)


def saturate(utc):
    """A UTC that does not fit 64 bits stops at the last that does."""
    return max(-(2**63 - 1), min(2**63 - 1, utc))


def sample_times(entry, presentation, duration, base):
    """(UTC of a sample, UTC of its end), C-MAN-5; each step is rounded on its own."""
    utc = saturate(entry.first_utc + ticks_to_ns(presentation - entry.first_pts, *base))
    return utc, saturate(utc + ticks_to_ns(duration, *base))
