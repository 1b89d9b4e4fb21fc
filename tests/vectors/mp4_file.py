# SPDX-License-Identifier: Apache-2.0
"""Clear MP4 files for proofs: the smallest that players read."""

import struct

IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def full(kind, *parts, version=0, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def descriptor(tag, *parts):
    content = b"".join(parts)
    return bytes([tag, len(content)]) + content


def elementary(object_type, config=b""):
    """Box esds."""
    specific = descriptor(5, config) if config else b""
    about = descriptor(4, struct.pack(">BB11x", object_type, 0x11), specific)
    return full(b"esds", descriptor(3, b"\0\1\0", about, descriptor(6, b"\2")))


def _configuration(track):
    if "object" in track:
        return elementary(track["object"], track.get("config", b""))
    return b"" if track["codec"] == b"jpeg" else box(b"avcC", track.get("config", b""))


def _entry(track):
    if track["kind"] == "audio":
        head = struct.pack(">6xH8xHHI", 1, track.get("channels", 1), 16, 0)
        return box(track["codec"], head, struct.pack(">I", track["scale"] << 16))
    head = struct.pack(">6xH16xHHII4xH32xHh", 1, 64, 48, 0x480000, 0x480000, 1, 24, -1)
    return box(track["codec"], head, _configuration(track))


def _offset(offset, large):
    if large:
        return full(b"co64", struct.pack(">IQ", 1, offset))
    return full(b"stco", struct.pack(">II", 1, offset))


def _table(track, offset, large):
    sizes = [len(data) for data, _ in track["samples"]]
    times = b"".join(struct.pack(">II", 1, duration) for _, duration in track["samples"])
    return box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), _entry(track)),
        full(b"stts", struct.pack(">I", len(sizes)), times),
        full(b"stsc", struct.pack(">IIII", 1, 1, len(sizes), 1)),
        full(b"stsz", struct.pack(">II", 0, len(sizes)), struct.pack(f">{len(sizes)}I", *sizes)),
        _offset(offset, large),
    )


def _trak(number, track, offset, large):
    length = sum(duration for _, duration in track["samples"])
    sound = track["kind"] == "audio"
    header = struct.pack(">IIIII8xHHHH", 0, 0, number, 0, length, 0, 0, 0x100 if sound else 0, 0)
    media = struct.pack(">IIIIHH", 0, 0, track["scale"], length, 0x55C4, 0)
    handler = struct.pack(">I4s12x", 0, b"soun" if sound else b"vide") + b"\0"
    kind = full(b"smhd", bytes(4)) if sound else full(b"vmhd", bytes(8), flags=1)
    data = box(b"dinf", full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1)))
    return box(
        b"trak",
        full(b"tkhd", header, IDENTITY, struct.pack(">II", 64 << 16, 48 << 16), flags=3),
        box(b"mdia", full(b"mdhd", media), full(b"hdlr", handler),
            box(b"minf", kind, data, _table(track, offset, large))),
    )  # fmt: skip


def make(tracks, name=b"svmsref", large=False):
    """tracks: {"kind", "codec", "scale", "config", "object", "samples": [(bytes, duration)]}; their
    numbers are 1, 2 and so on. large: offsets and mdat of 64 bits."""
    brand = box(b"ftyp", b"isom", bytes(4), b"isommp41")
    free = box(b"free", name)
    joined = [b"".join(data for data, _ in track["samples"]) for track in tracks]
    offset, boxes = len(brand) + len(free) + (16 if large else 8), []
    for number, (track, data) in enumerate(zip(tracks, joined), 1):
        boxes.append(_trak(number, track, offset, large))
        offset += len(data)
    movie = struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100)
    head = full(b"mvhd", movie, IDENTITY, bytes(24), struct.pack(">I", len(tracks) + 1))
    media = box(b"mdat", *joined)
    if large:
        media = struct.pack(">I4sQ", 1, b"mdat", len(media) + 8) + media[8:]
    return brand + free + media + box(b"moov", head, *boxes)
