# SPDX-License-Identifier: Apache-2.0
"""Changes boxes of a film. Its mdat lies before its moov, so no sample moves."""

import struct

PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts")


def _parse(data):
    """[kind, content], content being such a list again where there are boxes in it."""
    found, position = [], 0
    while position < len(data):
        size, kind = struct.unpack(">I4s", data[position : position + 8])
        content = data[position + 8 : position + size]
        found.append([kind, _parse(content) if kind in PARENTS else content])
        position += size
    return found


def _pack(boxes):
    out = b""
    for kind, content in boxes:
        raw = content if isinstance(content, bytes) else _pack(content)
        out += struct.pack(">I", 8 + len(raw)) + kind + raw
    return out


def _find(boxes, path):
    """The box at a path like moov/trak#1/tkhd."""
    found = None
    for step in path.split("/"):
        kind, _, number = step.partition("#")
        found = [box for box in boxes if box[0] == kind.encode()][int(number or 0)]
        boxes = found[1]
    return found


def changed(path, change):
    """What changes the content of a box: bytes to bytes, or list of boxes to list."""

    def run(data):
        boxes = _parse(data)
        box = _find(boxes, path)
        box[1] = change(box[1])
        return _pack(boxes)

    return run


def renamed(path, kind):
    def run(data):
        boxes = _parse(data)
        _find(boxes, path)[0] = kind
        return _pack(boxes)

    return run


def added(path, kind, content=b""):
    """One more box at the end of another, or of the file."""

    def run(data):
        boxes = _parse(data)
        (_find(boxes, path)[1] if path else boxes).append([kind, content])
        return _pack(boxes)

    return run


def doubled(path):
    """The last step's box twice."""

    def run(data):
        boxes = _parse(data)
        parent, _, kind = path.rpartition("/")
        inside = _find(boxes, parent)[1] if parent else boxes
        inside.append(_find(inside, kind))
        return _pack(boxes)

    return run


def put(place, form, *values):
    """Numbers into the content of a box."""
    packed = struct.pack(">" + form, *values)
    return lambda content: content[:place] + packed + content[place + len(packed) :]


def edit_list(*edits, rate=1):
    """Content of elst: (length, start)."""
    rows = b"".join(struct.pack(">IiHH", length, start, rate, 0) for length, start in edits)
    return struct.pack(">II", 0, len(edits)) + rows


def edited(*edits, track=0, rate=1):
    return added(f"moov/trak#{track}", b"edts", [[b"elst", edit_list(*edits, rate=rate)]])
