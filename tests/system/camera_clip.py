# SPDX-License-Identifier: Apache-2.0
"""The video track of an MP4 file as access units, and back: what an editor of samples does, without FFmpeg."""

import dataclasses
import os
import struct
import sys

from camera_signed import join_lengths, split_lengths

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors"))
from mp4_file import IDENTITY, box, full  # pylint: disable=wrong-import-position

SCALE = 10000
CODECS = {b"avc1": "h264", b"hvc1": "h265", b"hev1": "h265"}


@dataclasses.dataclass
class Clip:
    """codec: "h264" or "h265"; description: the box stsd; units: lists of NAL units; step: duration of each, in 1/SCALE s."""
    codec: str
    description: bytes
    units: list
    step: int = SCALE // 10


def boxes(data, at=0, end=None):
    end = len(data) if end is None else end
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        yield kind, at + head, at + (size or end - at)
        at += size or end - at


def inside(data, path, at=0, end=None):
    """Begin and end of each box that the path of kinds leads to."""
    for kind, start, stop in boxes(data, at, end):
        if kind == path[0]:
            if len(path) == 1:
                yield start, stop
            else:
                yield from inside(data, path[1:], start, stop)


def table(data, span, form, at=4):
    """Entries behind a count."""
    count = struct.unpack_from(">I", data, span[0] + at)[0]
    return list(struct.iter_unpack(form, data[span[0] + at + 4:span[0] + at + 4 + count * struct.calcsize(form)]))


def sample_places(data, tables):
    """Offset and size of each sample."""
    fixed = struct.unpack_from(">I", data, tables[b"stsz"][0] + 4)[0]
    if fixed:
        sizes = [fixed] * struct.unpack_from(">I", data, tables[b"stsz"][0] + 8)[0]
    else:
        sizes = [size for size, in table(data, tables[b"stsz"], ">I", 8)]
    large = b"co64" in tables
    offsets = [offset for offset, in table(data, tables[b"co64" if large else b"stco"], ">Q" if large else ">I")]
    runs = table(data, tables[b"stsc"], ">III")
    number = 0
    for chunk, offset in enumerate(offsets, 1):
        for _ in range(max((run for run in runs if run[0] <= chunk), key=lambda run: run[0])[1]):
            yield offset, sizes[number]
            offset += sizes[number]
            number += 1


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    for start, stop in inside(data, (b"moov", b"trak")):
        span = next(inside(data, (b"mdia", b"minf", b"stbl"), start, stop))
        tables = {kind: (begin, end) for kind, begin, end in boxes(data, *span)}
        begin, end = tables[b"stsd"]
        codec = CODECS.get(data[begin + 12:begin + 16])
        if codec:
            units = [split_lengths(data[offset:offset + size]) for offset, size in sample_places(data, tables)]
            return Clip(codec, data[begin - 8:end], units)
    raise ValueError("no video")


def write(path, clip):
    samples = [join_lengths(nals) for nals in clip.units]
    # FFmpeg takes samples without bytes for the end.
    samples = [sample for sample in samples if sample]
    brand, media = box(b"ftyp", b"isom", bytes(4), b"isommp41"), box(b"mdat", *samples)
    length = len(samples) * clip.step
    tables = box(b"stbl", clip.description,
                 full(b"stts", struct.pack(">III", 1, len(samples), clip.step)),
                 full(b"stsc", struct.pack(">IIII", 1, 1, len(samples), 1)),
                 full(b"stsz", struct.pack(">II", 0, len(samples)), struct.pack(f">{len(samples)}I", *map(len, samples))),
                 full(b"stco", struct.pack(">II", 1, len(brand) + 8)))
    track = box(b"trak",
                full(b"tkhd", struct.pack(">IIIII16x", 0, 0, 1, 0, length), IDENTITY, struct.pack(">II", 64 << 16, 48 << 16), flags=3),
                box(b"mdia", full(b"mdhd", struct.pack(">IIIIHH", 0, 0, SCALE, length, 0x55C4, 0)),
                    full(b"hdlr", struct.pack(">I4s12x", 0, b"vide") + b"\0"),
                    box(b"minf", full(b"vmhd", bytes(8), flags=1),
                        box(b"dinf", full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1))), tables)))
    movie = full(b"mvhd", struct.pack(">IIIIIH10x", 0, 0, SCALE, length, 0x10000, 0x100), IDENTITY, bytes(24), struct.pack(">I", 2))
    with open(path, "wb") as file:
        file.write(brand + media + box(b"moov", movie, track))
    return path
