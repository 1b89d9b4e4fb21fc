# SPDX-License-Identifier: Apache-2.0
"""Sample description of a film's track (evidence.md, E-FLM-2)."""

from dataclasses import dataclass

from .errors import ContainerError
from .wire import Cursor

CONFIGURED = {b"avc1": b"avcC", b"hvc1": b"hvcC", b"av01": b"av1C"}
PLAIN_SOUND = (b"ulaw", b"alaw", b"sowt", b"twos")
VIDEO, AUDIO = b"vide", b"soun"
HANDLER = {b"avc1": VIDEO, b"hvc1": VIDEO, b"av01": VIDEO, b"jpeg": VIDEO, b"mp4v": VIDEO, b"mp4a": AUDIO,
           **{one: AUDIO for one in PLAIN_SOUND}}  # fmt: skip
# Codec of the header, by sample entry and object type.
OBJECTS = {(b"mp4v", 0x6C): b"jpeg", (b"mp4v", 0x20): b"mp4v", (b"mp4a", 0x40): b"mp4a"}
HEAD = {VIDEO: 78, AUDIO: 28}  # of the entry, before its boxes


@dataclass
class SampleEntry:
    """What is compared with the header."""

    codec: bytes  # as the header names it
    config: bytes | None = None  # None: the codec has none
    size: tuple = (0, 0)
    channels: int = 0
    rate: int = 0


def _fail(message):
    raise ContainerError("E-FLM-2", f"film: {message}")


def read_entry(data, box, handler, boxes):
    if HANDLER.get(box.kind) != handler:
        _fail(f"codec {box.kind!r} in a track of handler {handler!r}")
    start = box.start + HEAD[handler]
    if start > box.end:
        _fail("sample description is too short")
    head = Cursor(data[box.start : start], box.start, "E-FLM-2")
    head.take(6)
    if head.u16() != 1:
        _fail("data reference that is not there")
    found = SampleEntry(box.kind)
    if handler == VIDEO:
        head.take(16)
        found.size = head.u16(), head.u16()
        head.take(46)
        if (head.u16(), head.u16()) != (24, 0xFFFF):
            _fail("pictures of a table of colours, which players look for behind the fields")
    else:
        head.zeros(8)  # version 0 of the entry
        found.channels = head.u16()
        if head.u16() != 16:
            _fail("bits of sound")
        head.take(4)
        found.rate = head.u32() / 0x10000
    _read_boxes(data, boxes(data, start, box.end), found)
    return found


def _read_boxes(data, children, found):
    wanted = CONFIGURED.get(found.codec)
    if found.codec in (b"mp4v", b"mp4a"):
        wanted = b"esds"
    kinds = [one.kind for one in children]
    if len(set(kinds)) != len(kinds) or (wanted and wanted not in kinds):
        _fail("box of a sample description is missing, or there twice")
    for box in children:
        content = bytes(data[box.start : box.end])
        if box.kind == wanted:
            found.config = content
        elif box.kind == b"pasp":
            if len(content) != 8 or content[:4] != content[4:]:
                _fail("pictures that are not shown as they are")
        elif box.kind != b"btrt" or len(content) != 12:
            _fail(f"box {box.kind!r} in a sample description")
    if wanted == b"esds":
        _read_descriptor(found)


# ---- esds ----


def _descriptor(cursor, tag):
    """Content of the descriptor that must follow."""
    if cursor.u8() != tag:
        _fail("descriptor that does not belong there")
    size = 0
    for place in range(4):
        byte = cursor.u8()
        size = size << 7 | byte & 0x7F
        if not byte & 0x80:
            break
        if place == 3:
            _fail("length of a descriptor")
    return Cursor(cursor.take(size), 0, "E-FLM-2")


def _read_descriptor(found):
    cursor = Cursor(found.config, 0, "E-FLM-2")
    cursor.zeros(4)
    whole = _descriptor(cursor, 3)
    cursor.finish()
    whole.take(2)
    if whole.u8() & 0xE0:
        _fail("descriptor that refers to something else")
    about = _descriptor(whole, 4)
    found.codec = OBJECTS.get((found.codec, about.u8()))
    if found.codec is None:
        _fail("unknown object type")
    about.take(12)
    found.config = b""
    if about.remaining():
        specific = _descriptor(about, 5)
        found.config = specific.take(specific.remaining())
    about.finish()
    if whole.remaining() and _descriptor(whole, 6).remaining() != 1:
        _fail("descriptor behind that of the decoder")
    whole.finish()
