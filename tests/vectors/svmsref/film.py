# SPDX-License-Identifier: Apache-2.0
"""Reads a film: an MP4 file that can show nothing but its samples (evidence.md, E-FLM-1 to E-FLM-5)."""

import struct
from dataclasses import dataclass, field
from fractions import Fraction

from .errors import ContainerError
from .film_entry import read_entry
from .wire import Cursor

IDENTITY = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
ONE = 0x10000  # of 16.16
VOLUME = 0x100  # of 8.8
SHIFT = Fraction(1, 1000)  # a millisecond
FREE = (b"free", b"skip")
MAX_BOXES, MAX_MOVIE = 65_536, 134_217_728
WITH_FLAGS = (b"tkhd", b"mdhd", b"hdlr", b"url ", b"sgpd", b"sbgp")
BRANDS = (*(b"iso%c" % one for one in b"m23456789"), b"mp41", b"mp42", b"avc1", b"M4V ", b"M4A ")
MOST_BRANDS = 32
HANDLER_OF_TEXTS = b"mdir"
OPTIONAL_TABLES = (b"ctts", b"stss", b"sdtp", b"sgpd", b"sbgp")


@dataclass
class Box:
    """A box; content begins behind its header."""

    kind: bytes
    start: int
    end: int


@dataclass
class FilmSample:
    """Times in ticks of the track."""

    offset: int
    size: int
    decoding: int = 0
    length: int = 0
    composition: int = 0
    sync: bool = True

    @property
    def shown(self):
        return self.decoding + self.composition


@dataclass
class FilmTrack:
    """A trak."""

    number: int = 0
    enabled: bool = False
    volume: int = 0
    group: int = 0  # of tracks of which players choose one
    size: tuple = (0, 0)
    handler: bytes = b""
    scale: int = 0
    entry: object = None
    samples: list = field(default_factory=list)
    sync_named: bool = False  # there is stss
    empty: Fraction = Fraction(0)  # seconds before the media begins
    media_time: int = 0
    edited: Fraction | None = None  # seconds that the edit lasts; None without edit list

    def left(self, ticks):
        """Seconds between this place in the media and the end of the edit."""
        return self.edited - Fraction(ticks - self.media_time, self.scale)

    def time(self, sample):
        """Seconds in the film at which the sample is decoded (E-FLM-6)."""
        return self.empty + Fraction(sample.decoding - self.media_time, self.scale)


@dataclass
class Film:
    """What of a film matters."""

    scale: int = 0
    tracks: list = field(default_factory=list)
    data: bytes = b""

    def bytes_of(self, track):
        return b"".join(self.data[one.offset : one.offset + one.size] for one in track.samples)


def fail(rule, message):
    raise ContainerError(rule, f"film: {message}")


class _Content(Cursor):
    """Content of a full box, whose version must be one of those that are known."""

    def __init__(self, data, box, versions=(0,), rule="E-FLM-1"):
        super().__init__(data[box.start : box.end], box.start, rule)
        self.version = self.u8()
        self.flags = int.from_bytes(self.take(3), "big")
        known = self.version in versions and (box.kind in WITH_FLAGS or not self.flags)
        if not known:
            fail(rule, f"unknown version, or flags, of {box.kind!r}")

    def word(self):
        """32 bits, or 64 in version 1."""
        return self.u64() if self.version else self.u32()

    def u32s(self, count):
        return [self.u32() for _ in range(count)]

    def signed(self, size):
        return int.from_bytes(self.take(size), "big", signed=True)


# ---- boxes ----


def boxes(data, start, end, last_open=False):
    """Boxes that fill data[start:end]; last_open: the last need not say its size."""
    found = []
    while start < end:
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        kind = bytes(data[start + 4 : start + 8])
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        if not size and last_open:
            size = end - start
        if not head <= size <= end - start:
            fail("E-FLM-1", f"box {kind!r} does not fit where it stands")
        found.append(Box(kind, start + head, start + size))
        start += size
    return found


def _sorted(found, needed, allowed=(), one_of=(), many=()):
    """{kind: box}, or lists of boxes where there may be many; everything else is refused."""
    out = {kind: [] for kind in many}
    for box in found:
        if box.kind in many:
            out[box.kind].append(box)
        elif box.kind not in (*needed, *allowed, *one_of):
            fail("E-FLM-1", f"box {box.kind!r} does not belong here")
        elif box.kind in out:
            fail("E-FLM-1", f"a second box {box.kind!r}")
        else:
            out[box.kind] = box
    for kind in needed:
        if kind not in out:
            fail("E-FLM-1", f"box {kind!r} is missing")
    if one_of and sum(kind in out for kind in one_of) != 1:
        fail("E-FLM-1", f"not one of {one_of!r}")
    return out


def _children(data, box, needed, first=(), **more):
    """Those of first stand in front, in this order."""
    found = boxes(data, box.start, box.end)
    parts = _sorted(found, needed, **more)
    if tuple(one.kind for one in found[: len(first)]) != first:
        fail("E-FLM-1", f"{first!r} do not come first in {box.kind!r}")
    return parts


# ---- the whole ----


def read(data):
    """A Film; ContainerError where it may show something else than its samples."""
    found = boxes(data, 0, len(data), True)
    sizes = [box.end - box.start for box in found if box.kind == b"moov"]
    if len(found) > MAX_BOXES or any(size > MAX_MOVIE for size in sizes):
        fail("E-OVR-5", "boxes that are too many or too large")
    top = _sorted(found, (b"ftyp", b"moov"), many=(*FREE, b"mdat"))
    _check_brand(data, top[b"ftyp"])
    movie = _children(data, top[b"moov"], (b"mvhd",), (b"mvhd",), allowed=(b"udta",), many=(b"trak",))
    film = Film(data=data)
    _read_movie_header(data, movie[b"mvhd"], film)
    _check_texts(data, movie.get(b"udta"))
    film.tracks = [_read_track(data, box, film.scale) for box in movie[b"trak"]]
    if not film.tracks:
        fail("E-FLM-1", "no track")
    _check_tracks(film)
    _check_layout(film, [box for box in top[b"mdat"] if box.start < box.end])
    return film


def _check_brand(data, box):
    """By its first box players tell what kind of file it is."""
    length = box.end - box.start
    if data[4:8] != b"ftyp" or not 8 <= length <= 8 + 4 * MOST_BRANDS or length % 4:
        fail("E-FLM-1", "ftyp is not the first box, or too long")
    if bytes(data[box.start : box.start + 4]) not in BRANDS:
        fail("E-FLM-1", "brand of something else than a film")


def _check_matrix(content):
    if tuple(content.u32s(9)) != IDENTITY:
        fail("E-FLM-3", "matrix that changes something")


def _read_movie_header(data, box, film):
    content = _Content(data, box, (0, 1))
    content.word(), content.word()
    scale = content.u32()
    content.word()
    if not scale:
        fail("E-FLM-1", "time scale of the movie is zero")
    if content.u32() != ONE or content.u16() != VOLUME:
        fail("E-FLM-3", "rate or volume of the movie is not 1")
    content.take(10)
    _check_matrix(content)
    content.take(28)
    content.finish()
    film.scale = scale


def _read_track(data, box, movie_scale):
    parts = _children(data, box, (b"tkhd", b"mdia"), (b"tkhd",), allowed=(b"edts",))
    track = FilmTrack()
    _read_track_header(data, parts[b"tkhd"], track)
    _read_media(data, parts[b"mdia"], track)
    if b"edts" in parts:
        _read_edits(data, _children(data, parts[b"edts"], (b"elst",))[b"elst"], track, movie_scale)
    return track


def _read_track_header(data, box, track):
    content = _Content(data, box, (0, 1))
    track.enabled = bool(content.flags & 1)
    content.word(), content.word()
    track.number = content.u32()
    content.take(4)
    content.word()
    content.take(10)
    track.group = content.u16()
    track.volume = content.u16()
    content.take(2)
    _check_matrix(content)
    track.size = content.u32() / ONE, content.u32() / ONE
    content.finish()


def _read_media(data, box, track):
    order = (b"mdhd", b"hdlr", b"minf")
    parts = _children(data, box, order, order)
    content = _Content(data, parts[b"mdhd"], (0, 1))
    content.word(), content.word()
    track.scale = content.u32()
    content.word()
    content.take(4)
    content.finish()
    if not track.scale:
        fail("E-FLM-1", "time scale of a track is zero")
    content = _Content(data, parts[b"hdlr"])
    content.take(4)
    track.handler = content.take(4)
    if track.handler not in (b"vide", b"soun"):
        fail("E-FLM-2", f"handler {track.handler!r}")
    kinds = (b"vmhd", b"smhd", b"nmhd")
    parts = _children(data, parts[b"minf"], (b"dinf", b"stbl"), one_of=kinds)
    _read_reference(data, _children(data, parts[b"dinf"], (b"dref",))[b"dref"])
    _read_tables(data, parts[b"stbl"], track)


def _read_reference(data, box):
    content = _Content(data, box, rule="E-FLM-2")
    entries = content.u32()
    found = boxes(data, box.start + 8, box.end)
    if entries != 1 or len(found) != 1 or found[0].kind != b"url ":
        fail("E-FLM-2", "not one data reference")
    itself = _Content(data, found[0], rule="E-FLM-2")
    if itself.flags != 1 or itself.remaining():
        fail("E-FLM-2", "data reference to something else than the file itself")


# ---- texts ----


def _check_texts(data, box):
    """User data holds one list of texts, and nothing that players take for a part of the film."""
    if not box:
        return
    about = _children(data, box, (b"meta",))[b"meta"]
    if any(data[about.start : about.start + 4]):
        fail("E-FLM-1", "version or flags of meta")
    inside = Box(b"meta", about.start + 4, about.end)
    parts = _children(data, inside, (b"hdlr",), (b"hdlr",), allowed=(b"ilst",))
    _check_handler(data, inside.start, parts[b"hdlr"])
    items = parts.get(b"ilst")
    for item in boxes(data, items.start, items.end) if items else ():
        _check_item(data, item)


def _check_handler(data, start, box):
    if box.start - start != 8 or not 24 <= box.end - box.start <= 64:
        fail("E-FLM-1", "length of the handler of texts")
    if bytes(data[box.start : box.start + 12]) != bytes(8) + HANDLER_OF_TEXTS:
        fail("E-FLM-1", "handler of something else than texts")


def _check_item(data, item):
    if item.kind[0] != 0xA9 or not item.kind[1:].isalnum():
        fail("E-FLM-1", f"item {item.kind!r} among texts")
    about = _children(data, item, (b"data",))[b"data"]
    short = about.start - item.start == 8 and about.end - about.start >= 8
    if not short or bytes(data[about.start : about.start + 8]) != struct.pack(">II", 1, 0):
        fail("E-FLM-1", "a text that is none")


# ---- sample tables ----


def _read_tables(data, box, track):
    parts = _children(data, box, (b"stsd", b"stts", b"stsc", b"stsz"), (b"stsd",),
                      allowed=OPTIONAL_TABLES, one_of=(b"stco", b"co64"))  # fmt: skip
    content = _Content(data, parts[b"stsd"], rule="E-FLM-2")
    entries = content.u32()
    found = boxes(data, parts[b"stsd"].start + 8, parts[b"stsd"].end)
    if entries != 1 or len(found) != 1:
        fail("E-FLM-2", "not one sample description")
    track.entry = read_entry(data, found[0], track.handler, boxes)
    sizes = _read_sizes(data, parts[b"stsz"])
    offsets = _read_offsets(data, parts, len(sizes))
    track.samples = _place(sizes, offsets)
    _read_times(data, parts, track.samples)
    if b"stss" in parts:
        _read_sync(data, parts[b"stss"], track)
    if b"sdtp" in parts:
        content = _Content(data, parts[b"sdtp"])
        content.take(len(sizes))
        content.finish()
    _check_groups(data, parts)


def _check_groups(data, parts):
    for kind, versions, entry in ((b"sgpd", (0, 1, 2), 2), (b"sbgp", (0, 1), 8)):
        if kind not in parts:
            continue
        content = _Content(data, parts[kind], versions)
        if content.take(4) not in (b"roll", b"prol"):
            fail("E-FLM-1", "unknown grouping of samples")
        about = content.u32() if content.version else entry
        if kind == b"sgpd" and content.version == 1 and about != entry:
            fail("E-FLM-1", "groups of another size")
        content.take(content.u32() * entry)
        content.finish()


def _read_sizes(data, box):
    content = _Content(data, box)
    size, count = content.u32(), content.u32()
    if size and size * count > len(data):
        fail("E-FLM-4", "more samples than the file can hold")
    sizes = [size] * count if size else content.u32s(count)
    content.finish()
    return sizes


def _read_sync(data, box, track):
    content = _Content(data, box)
    count = content.u32()
    if not count or 4 * count != content.remaining():
        fail("E-FLM-1", "stss does not fit")
    numbers = content.u32s(count)
    ascend = all(one < behind for one, behind in zip(numbers, numbers[1:]))
    if not ascend or not 1 <= numbers[0] <= numbers[-1] <= len(track.samples):
        fail("E-FLM-6", "numbers of stss do not ascend, or are of no sample")
    track.sync_named, named = True, set(numbers)
    for number, sample in enumerate(track.samples, 1):
        sample.sync = number in named


def _read_offsets(data, parts, samples):
    """[(offset, samples)] of the chunks."""
    box = parts.get(b"stco") or parts[b"co64"]
    content = _Content(data, box)
    count = content.u32()
    offsets = [content.u32() if box.kind == b"stco" else content.u64() for _ in range(count)]
    content.finish()
    content = _Content(data, parts[b"stsc"])
    runs = [content.u32s(3) for _ in range(content.u32())]
    content.finish()
    firsts = [first for first, _, _ in runs] + [count + 1]
    if firsts[0] != 1 or any(one >= behind for one, behind in zip(firsts, firsts[1:])):
        fail("E-FLM-4", "chunks do not ascend")
    counts = []
    for (first, each, description), behind in zip(runs, firsts[1:]):
        if description != 1:
            fail("E-FLM-2", "samples of another description")
        counts += [each] * (behind - first)
    if sum(counts) != samples:
        fail("E-FLM-4", "chunks hold another number of samples")
    return list(zip(offsets, counts))


def _place(sizes, chunks):
    found, sizes = [], iter(sizes)
    for offset, count in chunks:
        for _ in range(count):
            size = next(sizes)
            found.append(FilmSample(offset, size))
            offset += size
    return found


def _runs(content, samples, number):
    """One value for each sample, from {u32 count, value}."""
    found = []
    for _ in range(content.u32()):
        count, value = content.u32(), number()
        if count > samples - len(found):
            fail("E-FLM-6", "times of more samples than there are")
        found += [value] * count
    content.finish()
    if len(found) != samples:
        fail("E-FLM-6", "times of fewer samples than there are")
    return found


def _read_times(data, parts, samples):
    content, now = _Content(data, parts[b"stts"]), 0
    for sample, length in zip(samples, _runs(content, len(samples), content.u32)):
        sample.decoding, sample.length = now, length
        now += length
    if b"ctts" in parts:
        content = _Content(data, parts[b"ctts"], (0, 1))
        number = (lambda: content.signed(4)) if content.version else content.u32
        for sample, offset in zip(samples, _runs(content, len(samples), number)):
            if offset >= 1 << 31:
                fail("E-FLM-6", "composition offset that some take for a negative one")
            sample.composition = offset


# ---- edit lists ----


def _read_edits(data, box, track, movie_scale):
    content = _Content(data, box, (0, 1), "E-FLM-5")
    edits = []
    for _ in range(content.u32()):
        length, start = content.word(), content.signed(8 if content.version else 4)
        edits.append((length, start))
        if (content.u16(), content.u16()) != (1, 0):
            fail("E-FLM-5", "edit at another rate")
    content.finish()
    if edits and edits[0][1] == -1 and edits[0][0]:
        track.empty = Fraction(edits.pop(0)[0], movie_scale)
    if len(edits) != 1 or edits[0][1] < 0 or not edits[0][0]:
        fail("E-FLM-5", "more than an empty edit and one that plays the track")
    track.media_time, track.edited = edits[0][1], Fraction(edits[0][0], movie_scale)


# ---- everything together ----


def _check_tracks(film):
    numbers = [track.number for track in film.tracks]
    if len(set(numbers)) != len(numbers):
        fail("E-FLM-3", "two tracks of one track_ID")
    for kind in (b"vide", b"soun"):
        first = next((track for track in film.tracks if track.handler == kind), None)
        if first and not first.enabled:
            fail("E-FLM-3", "first track of its handler is not enabled")
    groups = {(track.group, track.handler) for track in film.tracks if track.group}
    if len({group for group, _ in groups}) != len(groups):
        fail("E-FLM-3", "pictures and sound of one group, of which one is played")
    for one in film.tracks:
        if one.handler == b"soun" and one.volume != VOLUME:
            fail("E-FLM-3", "volume of sound is not 1")
        if one.handler == b"vide" and (one.size != one.entry.size or 0 in one.size):
            fail("E-FLM-3", "pictures are shown in another size than they have")


def _check_layout(film, media):
    """No byte of mdat is not of one sample (E-FLM-4)."""
    places = []
    for track in film.tracks:
        held = [one for one in track.samples if one.size]
        offsets = [one.offset for one in held]
        if offsets != sorted(offsets):
            fail("E-FLM-4", "samples of a track do not lie in decoding order")
        places += [(one.offset, one.offset + one.size) for one in held]
    places.sort()
    for box in media:
        position = box.start
        while position < box.end and places:
            start, end = places.pop(0)
            if start != position:
                fail("E-FLM-4", "samples overlap, leave a gap, or lie outside of mdat")
            position = end
        if position != box.end:
            fail("E-FLM-4", "bytes of mdat that are of no sample")
    if places:
        fail("E-FLM-4", "samples outside of mdat")
