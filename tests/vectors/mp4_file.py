# SPDX-License-Identifier: Apache-2.0
"""Clear MP4 files for proofs: the smallest that players read, and the samples in one."""

import struct

IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def full(kind, *parts, version=0, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _entry(track):
    if track["kind"] == "audio":
        head = struct.pack(">6xH8xHHI", 1, track.get("channels", 1), 16, 0)
        return box(track["codec"], head, struct.pack(">I", track["scale"] << 16))
    head = struct.pack(">6xH16xHHII4xH32xHh", 1, 64, 48, 0x480000, 0x480000, 1, 24, -1)
    return box(track["codec"], head, box(b"avcC", track.get("config", b"")))


def _table(track, offset):
    sizes = [len(data) for data, _ in track["samples"]]
    times = b"".join(struct.pack(">II", 1, duration) for _, duration in track["samples"])
    return box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), _entry(track)),
        full(b"stts", struct.pack(">I", len(sizes)), times),
        full(b"stsc", struct.pack(">IIII", 1, 1, len(sizes), 1)),
        full(b"stsz", struct.pack(">II", 0, len(sizes)), struct.pack(f">{len(sizes)}I", *sizes)),
        full(b"stco", struct.pack(">II", 1, offset)),
    )


def _trak(number, track, offset):
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
            box(b"minf", kind, data, _table(track, offset))),
    )  # fmt: skip


def make(tracks, name=b"svmsref"):
    """tracks: {"kind", "codec", "scale", "config", "samples": [(bytes, duration)]}; their numbers
    are 1, 2 and so on."""
    brand = box(b"ftyp", b"isom", bytes(4), b"isommp41")
    free = box(b"free", name)
    joined = [b"".join(data for data, _ in track["samples"]) for track in tracks]
    offset, boxes = len(brand) + len(free) + 8, []
    for number, (track, data) in enumerate(zip(tracks, joined), 1):
        boxes.append(_trak(number, track, offset))
        offset += len(data)
    movie = struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x100)
    head = full(b"mvhd", movie, IDENTITY, bytes(24), struct.pack(">I", len(tracks) + 1))
    return brand + free + box(b"mdat", *joined) + box(b"moov", head, *boxes)


# ---- reading ----


def _boxes(data):
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        head = 8
        if size == 1:
            size, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        yield kind, data[position + head : position + size]
        position += max(size, 8)


def _path(data, *kinds):
    for kind in kinds:
        data = next(content for found, content in _boxes(data) if found == kind)
    return data


def _numbers(content, form, start, count):
    size = struct.calcsize(">" + form)
    part = content[start : start + count * size]
    return struct.unpack(f">{count}{form}", part)


def _count(content, at=4):
    return int.from_bytes(content[at : at + 4], "big")


def _offsets(table):
    """Of the chunks."""
    found = dict(_boxes(table))
    if b"co64" in found:
        return _numbers(found[b"co64"], "Q", 8, _count(found[b"co64"]))
    return _numbers(found[b"stco"], "I", 8, _count(found[b"stco"]))


def _per_chunk(table, chunks):
    """How many samples each chunk holds."""
    content = _path(table, b"stsc")
    runs = _numbers(content, "I", 8, 3 * _count(content))
    first, counts, out = runs[::3], runs[1::3], []
    for place, count in enumerate(counts):
        end = first[place + 1] if place + 1 < len(first) else chunks + 1
        out += [count] * (end - first[place])
    return out


def _joined(data, table):
    """Bytes of all samples, in order of decoding."""
    sizes = _path(table, b"stsz")
    fixed, count = _numbers(sizes, "I", 4, 2)
    sizes = [fixed] * count if fixed else _numbers(sizes, "I", 12, count)
    offsets, out, place = _offsets(table), b"", 0
    for offset, samples in zip(offsets, _per_chunk(table, len(offsets))):
        size = sum(sizes[place : place + samples])
        out += data[offset : offset + size]
        place += samples
    return out


def samples_of(data):
    """{track_ID: bytes of its samples}; files without fragments."""
    found = {}
    for kind, trak in _boxes(_path(data, b"moov")):
        if kind == b"trak":
            header = _path(trak, b"tkhd")
            number = _count(header, 20 if header[0] else 12)
            found[number] = _joined(data, _path(trak, b"mdia", b"minf", b"stbl"))
    return found
