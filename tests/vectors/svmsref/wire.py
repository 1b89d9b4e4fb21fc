# SPDX-License-Identifier: Apache-2.0
"""Bounded reading, and record headers (section 6)."""

import struct
import zlib
from dataclasses import dataclass

from . import constants as c
from .errors import ContainerError, EndOfFile

_U8, _U16, _U32, _U64, _I64 = (struct.Struct(form) for form in (">B", ">H", ">I", ">Q", ">q"))


class Cursor:
    """Reads a bounded run of bytes. Whatever is short or has non-zero padding is malformed."""

    def __init__(self, data, origin, rule, kind="not_authentic"):
        self.data = bytes(data)
        self.origin = origin
        self.rule = rule
        self.kind = kind
        self.position = 0

    def fail(self, message, rule=None):
        raise ContainerError(rule or self.rule, message, self.origin + self.position, self.kind)

    def remaining(self):
        return len(self.data) - self.position

    def take(self, size):
        end = self.position + size
        if end > len(self.data):
            self.fail(f"{size} bytes needed, {self.remaining()} left")
        part = self.data[self.position : end]
        self.position = end
        return part

    def _unpack(self, form):
        return form.unpack(self.take(form.size))[0]

    def u8(self):
        return self._unpack(_U8)

    def u16(self):
        return self._unpack(_U16)

    def u32(self):
        return self._unpack(_U32)

    def u64(self):
        return self._unpack(_U64)

    def i64(self):
        return self._unpack(_I64)

    def zeros(self, size):
        if any(self.take(size)):
            self.position -= size
            self.fail("reserved bytes are not zero")

    def finish(self):
        if self.remaining():
            self.fail(f"{self.remaining()} bytes too many")


@dataclass
class RecordHeader:
    """One record header as it stands in the file."""

    offset: int
    type: int
    length: int
    body_length: int
    number: int
    raw: bytes
    flags: int = 0
    track: int = 0
    dts: int = 0
    composition: int = 0
    duration: int | None = None

    @property
    def body_offset(self):
        return self.offset + self.length

    @property
    def end(self):
        return self.offset + self.length + self.body_length


def with_crc(head):
    return head + struct.pack(">I", zlib.crc32(head))


def pack_record(kind, body, number=0):
    return with_crc(struct.pack(">BBHII", kind, 0, 0, len(body), number)) + body


def pack_sample_header(flags, track, body_length, number, dts, composition, duration):
    """composition and duration are written when their flag is set."""
    optional = b""
    if flags & c.HAS_COMPOSITION:
        optional += struct.pack(">i", composition)
    if flags & c.HAS_DURATION:
        optional += struct.pack(">I", duration)
    length = c.SAMPLE_HEADER + len(optional)
    numbers = (body_length, number, dts)
    head = struct.pack(">BBBBIIq", c.SAMPLE, flags, track, length, *numbers)
    return with_crc(head + optional)


def _sample_header_length(flags):
    return c.SAMPLE_HEADER + 4 * bool(flags & c.HAS_COMPOSITION) + 4 * bool(flags & c.HAS_DURATION)


def _parse_sample_header(data, offset):
    """data holds at least four bytes from offset on."""
    flags, track, length = data[offset + 1], data[offset + 2], data[offset + 3]
    if flags & ~c.ALL_FLAGS:
        raise ContainerError("C-REC", "unknown sample flag", offset)
    if length != _sample_header_length(flags):
        raise ContainerError("C-REC", "sample header has the wrong length", offset)
    raw = data[offset : offset + length]
    if len(raw) < length:
        raise EndOfFile(offset)
    (crc,) = struct.unpack(">I", raw[-4:])
    if crc != zlib.crc32(raw[:-4]):
        raise ContainerError("C-REC-2", "sample record header is damaged (CRC)", offset)
    body_length, number, dts = struct.unpack(">IIq", raw[4:20])
    header = RecordHeader(offset, c.SAMPLE, length, body_length, number, raw, flags, track, dts)
    position = 20
    if flags & c.HAS_COMPOSITION:
        (header.composition,) = struct.unpack(">i", raw[position : position + 4])
        position += 4
        if header.composition == 0:
            raise ContainerError("C-REC", "composition offset present but zero", offset)
    if flags & c.HAS_DURATION:
        (header.duration,) = struct.unpack(">I", raw[position : position + 4])
    return header


def parse_record_header(data, offset):
    """Parse the record header at offset; EndOfFile when the file stops within it."""
    available = len(data) - offset
    if available <= 0:
        raise EndOfFile(offset)
    kind = data[offset]
    if kind < c.SAMPLE or kind > c.TAIL:
        raise ContainerError("C-REC", f"unknown record type {kind}", offset)
    if kind == c.SAMPLE:
        if available < 4:
            if available > 1 and data[offset + 1] & ~c.ALL_FLAGS:
                raise ContainerError("C-REC", "unknown sample flag", offset)
            raise EndOfFile(offset)
        return _parse_sample_header(data, offset)
    if any(data[offset + 1 : offset + 4]):
        raise ContainerError("C-REC", "reserved bytes of a record header are not zero", offset)
    if available < c.RECORD_HEADER:
        raise EndOfFile(offset)
    raw = data[offset : offset + c.RECORD_HEADER]
    body_length, number, crc = struct.unpack(">III", raw[4:])
    if crc != zlib.crc32(raw[:12]):
        raise ContainerError("C-REC-2", "record header is damaged (CRC)", offset)
    return RecordHeader(offset, kind, c.RECORD_HEADER, body_length, number, raw)


def body_of(data, record):
    """Body of a record; EndOfFile when the file stops within it."""
    if record.end > len(data):
        raise EndOfFile(record.offset)
    return data[record.body_offset : record.end]
