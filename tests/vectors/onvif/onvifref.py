# SPDX-License-Identifier: Apache-2.0
"""A second implementation of ONVIF export files, from the standard and docs/spec/onvif-export.md alone.

Whole files lie in memory. Paths of certificates are those of the second implementation of containers."""

import os
import sys
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from svmsref import trust  # noqa: E402

NS = 1_000_000_000
SECONDS_1904 = 2_082_844_800
SECONDS_1601 = 11_644_473_600
HASHES = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
EXPORTER, CUSTODIAN = 3, 4


class Malformed(Exception):
    """Not an export file, or a damaged one."""


# Boxes


@dataclass
class Box:
    type: bytes
    start: int
    header: int
    end: int
    to_end: bool = False

    @property
    def payload(self):
        return self.start + self.header

    @property
    def size(self):
        return self.end - self.start


def boxes(data, start, end, top=False):
    """The boxes in data[start:end]; every byte belongs to one."""
    found = []
    while start < end:
        if end - start < 8:
            raise Malformed("bytes that belong to no box")
        size, header, to_end = int.from_bytes(data[start : start + 4], "big"), 8, False
        if size == 1:
            header = 16
            if end - start < header:
                raise Malformed("a size is cut off")
            size = int.from_bytes(data[start + 8 : start + 16], "big")
        elif size == 0:
            if not top:
                raise Malformed("a box without size in a box")
            size, to_end = end - start, True
        if size < header or size > end - start:
            raise Malformed("a box of an impossible size")
        found.append(Box(bytes(data[start + 4 : start + 8]), start, header, start + size, to_end))
        start += size
    return found


def make_box(kind, *parts, wide=False):
    payload = b"".join(parts)
    if wide:
        return b"\0\0\0\1" + kind + (len(payload) + 16).to_bytes(8, "big") + payload
    return (len(payload) + 8).to_bytes(4, "big") + kind + payload


# What a file holds


@dataclass
class Sinf:
    box: Box
    meta: int
    parts: dict = field(default_factory=dict)
    defect: str = ""


@dataclass
class File:
    data: bytes
    metas: list = field(default_factory=list)  # (box, ipro or None)
    sinfs: list = field(default_factory=list)
    suep: Box = None
    starts: Box = None
    strays: list = field(default_factory=list)  # starts of later boxes that cannot be there (O-VER-12)
    elsewhere: bool = False  # media of a track lie in another file (O-VER-9)
    astray: str = ""  # which samples do not lie in mdat, or cannot be found (O-VER-10)
    fixed: int = 0  # end of the last box that later signatures must not move (O-HASH-5)
    warnings: list = field(default_factory=list)

    def payload(self, box):
        return bytes(self.data[box.payload : box.end])


def _children(data, box, own):
    if box.end - box.payload < own:
        raise Malformed("a box that is too short")
    return boxes(data, box.payload + own, box.end)


def _take_sinf(found, box, meta):
    sinf, seen = Sinf(box, meta), {b"schm": 0, b"schi": 0}
    ours = False
    inner = list(_children(found.data, box, 0))
    for one in inner:
        if one.type in seen:
            seen[one.type] += 1
        if one.type == b"schm" and seen[b"schm"] == 1:
            text = found.payload(one)
            scheme, version = text[4:8], text[8:12]
            ours = scheme in (b"oeff", b"OEFF")
            if not ours:
                found.warnings.append("is no signature of this format")
                continue
            if scheme == b"OEFF":
                found.warnings.append("called 'OEFF'")
            if version != b"\0\1\0\0":
                found.warnings.append("the scheme's version is")
        parts = [one] if one.type == b"cstb" else []
        if one.type == b"schi" and seen[b"schi"] == 1:
            parts = _children(found.data, one, 0)
        for part in parts:
            if part.type in (b"sibo", b"cert", b"sigC", b"auib", b"cstb"):
                if part.type in sinf.parts:
                    sinf.defect = f"more than one {part.type}"
                sinf.parts.setdefault(part.type, part)
    if max(seen.values()) > 1:
        sinf.defect = "more than one schm or schi"
    for needed in (b"sibo", b"cert"):
        if needed not in sinf.parts:
            sinf.defect = sinf.defect or f"no {needed}"
    if ours:
        found.sinfs.append(sinf)


def _take_meta(found, box):
    ipro, handler, said, signed_before = None, False, {}, len(found.sinfs)
    for one in _children(found.data, box, 4):
        if one.type in (b"suep", b"cstb"):
            if one.type == b"suep" and one.type in said:
                found.warnings.append("more than one box 'suep'")
            said.setdefault(one.type, one)
        elif one.type == b"ipro":
            if ipro:
                raise Malformed("more than one ipro")
            ipro = one
            inner = _children(found.data, one, 6)
            if found.payload(one)[4:6] != b"\0\1":
                found.warnings.append("protection_count is")
            for sinf in inner:
                if sinf.type == b"sinf":
                    _take_sinf(found, sinf, len(found.metas))
        handler = handler or one.type == b"hdlr"
    if not handler:
        found.warnings.append("no handler")
    is_signed = len(found.sinfs) > signed_before
    if is_signed and found.sinfs[0].meta != len(found.metas):
        found.warnings += [f"'{kind.decode()}' that signature 1 does not cover" for kind in said]
    else:
        if found.suep and b"suep" in said:
            found.warnings.append("more than one box 'suep'")
        found.suep = found.suep or said.get(b"suep")
        found.starts = found.starts or said.get(b"cstb")
    found.metas.append((box, ipro))
    return is_signed


# What later hands may add (O-VER-12)


HANDLER = bytes(8) + b"null" + bytes(12)
IN_SINF = {b"schm": None, b"schi": dict.fromkeys((b"sibo", b"cert", b"sigC", b"auib", b"cstb")), b"cstb": None}


def _begins_right(found, meta):
    text = found.payload(meta)
    return text[:4] == bytes(4) and text[8:12] == b"hdlr" and text[12:36] == HANDLER and int.from_bytes(text[4:8], "big") >= 32


def _holds_only(found, box, own, known):
    """Whether it holds known boxes only: {type: the same of what it holds, or None}."""
    inner = _children(found.data, box, own)
    if [one.type for one in inner].count(b"schi") > 1:
        return False
    return all(one.type in known and (known[one.type] is None or _holds_only(found, one, 0, known[one.type]))
               for one in inner)  # fmt: skip


def _is_harmless(found, meta):
    """A later export meta; with the handler of the format in front, or no letters 'hdlr' at all."""
    right, inner = _begins_right(found, meta), _children(found.data, meta, 4)
    if found.payload(meta)[:4] != bytes(4) or not right and b"hdlr" in found.payload(meta):
        return False
    for one in inner[1:] if right else inner:
        if one.type == b"free" and any(found.payload(one)):
            return False
        if one.type == b"ipro" and not _holds_only(found, one, 6, {b"sinf": IN_SINF}):
            return False
        if one.type not in (b"suep", b"sumi", b"cstb", b"ipro", b"free"):
            return False
    return True


def _judge_later(found):
    signed = sorted({one.meta for one in found.sinfs})
    found.strays += [found.metas[index][0].start for index in signed[1:] if not _is_harmless(found, found.metas[index][0])]
    found.strays += [one.box.start for one in found.sinfs[1:] if not _holds_only(found, one.box, 0, IN_SINF)]


def astray_later(found, number):
    """Whether what signature number leaves out holds what it must not."""
    own = found.sinfs[number]
    meta = found.metas[own.meta][0]
    left = left_out(found, number)
    beside = [one.start for one in left if meta.start < one.start < meta.end]
    if any(one.start <= stray < one.end for one in left for stray in found.strays):
        return True
    return bool(beside) and not _begins_right(found, meta) and b"hdlr" in found.data[beside[0] - 3 : meta.end]


def _find_references(found, box, path):
    for one in _children(found.data, box, 8 if box.type == b"dref" else 0):
        if not path:
            if one.end - one.payload < 4:
                raise Malformed("a data reference that is too short")
            flags = found.payload(one)[3]
            found.elsewhere |= not flags & 1 and one.type not in (b"imdt", b"snim")
        elif one.type == path[0]:
            _find_references(found, one, path[1:])


# Where samples lie (O-VER-10)


class Astray(Exception):
    """Samples that lie where they may change, or that cannot be found."""


class Fields:
    """The payload of a box, number by number."""

    def __init__(self, found, box):
        self.data, self.at, self.box = found.payload(box), 0, box

    def number(self, size=4, signed=False):
        if self.at + size > len(self.data):
            raise Astray(f"{self.box.type} is too short")
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big", signed=signed)

    def table(self, count, *sizes):
        """So many entries of numbers of these sizes."""
        if (len(self.data) - self.at) // sum(sizes) < count:
            raise Astray(f"{self.box.type} has fewer entries than it says")
        return [[self.number(size) for size in sizes] for _ in range(count)]


def _require_media(top, start, size):
    if size and not any(one.type == b"mdat" and one.payload <= start and start + size <= one.end for one in top):
        raise Astray("samples that do not lie in mdat")


def _chunk_sizes(runs, sizes, count):
    """Bytes of each chunk; runs are (first chunk, samples, description)."""
    firsts = [one[0] for one in runs]
    if runs and firsts[0] != 1 or any(a >= b for a, b in zip(firsts, firsts[1:])):
        raise Astray("stsc does not ascend from 1")
    at, run = 0, -1
    for chunk in range(1, count + 1):
        while run + 1 < len(runs) and firsts[run + 1] <= chunk:
            run += 1
        samples = runs[run][1] if runs else 0
        if isinstance(sizes, tuple):  # (number, size of each)
            yield max(min(samples, sizes[0] - at), 0) * sizes[1]
        else:
            yield sum(sizes[at : at + samples])
        at += samples


def _sample_sizes(fields, compact):
    fields.number()
    form, count = fields.number(), fields.number()
    if not compact:
        return (count, form) if form else [one for one, in fields.table(count, 4)]
    if form & 0xFF not in (8, 16, 32):
        raise Astray("stz2 of an unknown form")
    return [one for one, in fields.table(count, (form & 0xFF) // 8)]


def _check_chunks(found, top, stbl):
    kinds, tables = (b"stsc", b"stsz", b"stz2", b"stco", b"co64"), {}
    for one in _children(found.data, stbl, 0):
        if one.type in kinds:
            if one.type in tables:
                raise Astray("two tables of a kind")
            tables[one.type] = Fields(found, one)
    places = [one for one in (b"stco", b"co64") if one in tables]
    sizes = [one for one in (b"stsz", b"stz2") if one in tables]
    if not places or not sizes:
        return
    if b"stsc" not in tables or len(places) == 2 or len(sizes) == 2:
        raise Astray("tables that do not fit one another")
    runs, offsets = tables[b"stsc"], tables[places[0]]
    runs.number()
    runs = runs.table(runs.number(), 4, 4, 4)
    offsets.number()
    offsets = offsets.table(offsets.number(), 4 if places[0] == b"stco" else 8)
    sizes = _sample_sizes(tables[sizes[0]], sizes[0] == b"stz2")
    if offsets:
        for (start,), size in zip(offsets, _chunk_sizes(runs, sizes, len(offsets))):
            _require_media(top, start, size)


def _movie_defaults(found, movie):
    """{track: size of its samples}"""
    told = {}
    for mvex in _children(found.data, movie, 0):
        for trex in _children(found.data, mvex, 0) if mvex.type == b"mvex" else ():
            if trex.type == b"trex":
                _, track, _, _, size = Fields(found, trex).table(1, 4, 4, 4, 4, 4)[0]
                if track in told or len(told) == 64:
                    raise Astray("a second trex of a track, or too many")
                told[track] = size
    return told


@dataclass
class Track:
    """What tfhd says."""

    base: int
    other: int  # the base, or moof: what players take that read it differently
    size: int = None


def _take_header(fields, moof, end, told):
    flags, track = fields.number() & 0xFFFFFF, fields.number()
    if track == 0:
        raise Astray("a fragment of track 0")
    base = fields.number(8) if flags & 1 else moof if flags & 0x20000 else end
    made = Track(base, base if flags & 1 else moof, told.get(track))
    for _ in range(bool(flags & 2) + bool(flags & 8)):
        fields.number()
    if flags & 0x10:
        made.size = fields.number()
    return made


def _take_run(found, top, fields, track, start):
    """Where the run ends; start is where it begins if it says nothing else."""
    flags, count = fields.number() & 0xFFFFFF, fields.number()
    offset = fields.number(4, signed=True) if flags & 1 else 0
    if flags & 4:
        fields.number()
    kinds = [kind for kind in (0x100, 0x200, 0x400, 0x800) if flags & kind]
    entries = fields.table(count, *[4] * len(kinds)) if kinds else []
    if flags & 0x200:
        size = sum(one[kinds.index(0x200)] for one in entries)
    elif count and track.size is None:
        raise Astray("nothing says how long samples are")
    else:
        size = count * track.size if count else 0
    start = track.base + offset if flags & 1 else start
    for place in (start, track.other + offset) if size else (start,):
        if not 0 <= place < 1 << 64:
            raise Astray("samples where no file has bytes")
    _require_media(top, start, size)
    if size and track.other + offset + size > found.fixed:
        raise Astray("samples that can be taken to lie behind the end")
    return start + size


def _check_fragment(found, top, moof, told):
    end = moof.start
    for traf in _children(found.data, moof, 0):
        track, start = None, None
        for one in _children(found.data, traf, 0) if traf.type == b"traf" else ():
            if one.type == b"tfhd":
                if track:
                    raise Astray("a second tfhd")
                track = _take_header(Fields(found, one), moof.start, end, told)
                start = track.base
            elif one.type == b"trun":
                if not track:
                    raise Astray("a trun before tfhd")
                start = end = _take_run(found, top, Fields(found, one), track, start)


def _check_indexes(found, top):
    """What players follow to fragments (O-VER-11)."""
    for box in top:
        if box.type == b"sidx":
            fields = Fields(found, box)
            wide = 8 if fields.number(1) else 4
            fields.number(3 + 4 + 4 + wide)
            end = box.end + fields.number(wide)
            fields.number(2)
            references = fields.table(fields.number(2), 4, 4, 4)
            end += sum(one[0] & 0x7FFFFFFF for one in references)
            if references and end > found.fixed:
                raise Astray("sidx leads behind the end")
        for one in _children(found.data, box, 0) if box.type == b"mfra" else ():
            if one.type == b"tfra":
                fields = Fields(found, one)
                wide = 8 if fields.number(1) == 1 else 4
                fields.number(3 + 4)
                sizes = fields.number()
                rest = [(sizes >> shift & 3) + 1 for shift in (4, 2, 0)]
                if any(entry[1] >= found.fixed for entry in fields.table(fields.number(), wide, wide, *rest)):
                    raise Astray("tfra leads behind the end")


def _check_places(found, top, movie):
    try:
        for path in _descend(found, movie, (b"trak", b"mdia", b"minf", b"stbl")):
            _check_chunks(found, top, path)
        fragments = [one for one in top if one.type == b"moof"]
        told = _movie_defaults(found, movie) if fragments else {}
        for moof in fragments:
            _check_fragment(found, top, moof, told)
        _check_indexes(found, top)
    except (Astray, Malformed) as reason:
        found.astray = str(reason)


def _descend(found, box, path):
    for one in _children(found.data, box, 0):
        if one.type == path[0]:
            yield from _descend(found, one, path[1:]) if path[1:] else (one,)


def parse(data):
    found = File(data)
    top = boxes(data, 0, len(data), top=True)
    if not top or top[0].type != b"ftyp" or [one.type for one in top].count(b"moov") != 1:
        raise Malformed("not an MP4 file")
    for one in top:
        if one.type == b"mfra":
            continue
        if one.type != b"meta":
            found.fixed = one.end
            continue
        if one.to_end:
            raise Malformed("meta without size")
        if len(found.metas) == 1:
            found.warnings.append("more than one file-level box 'meta'")
        if not _take_meta(found, one):
            found.fixed = one.end
    movie = next(one for one in top if one.type == b"moov")
    _judge_later(found)
    _find_references(found, movie, (b"trak", b"mdia", b"minf", b"dinf", b"dref"))
    _check_places(found, top, movie)
    return found


# What a signature is over (O-HASH)


def _with_size(data, box, size):
    """(start, end, replacement) for the size field of a box."""
    if box.header == 16:
        return box.start + 8, box.start + 16, size.to_bytes(8, "big")
    return box.start, box.start + 4, size.to_bytes(4, "big")


def left_out(found, number):
    """The boxes that signature number is not over."""
    own = found.sinfs[number].meta
    later = [one.box for one in found.sinfs[number + 1 :] if one.meta == own]
    return later + [found.metas[index][0] for index in sorted({one.meta for one in found.sinfs}) if index > own]


def moves(found, number):
    """Whether what came later pushed on what has to stay where it is (O-HASH-5)."""
    return any(box.start < found.fixed for box in left_out(found, number))


def view(found, number):
    own = found.sinfs[number]
    meta, ipro = found.metas[own.meta]
    later = [one.box for one in found.sinfs[number + 1 :] if one.meta == own.meta]
    edits = [(box.start, box.end, b"") for box in left_out(found, number)]
    removed = sum(box.size for box in later)
    if removed:
        for box in (meta, ipro):
            edits.append(_with_size(found.data, box, box.size - removed))
    sibo = own.parts.get(b"sibo")
    if sibo:
        edits.append((sibo.payload, sibo.end, bytes(sibo.end - sibo.payload)))
    parts, at = [], 0
    for start, end, replacement in sorted(edits):
        parts += [found.data[at:start], replacement]
        at = end
    return b"".join(parts + [found.data[at:]])


# Algorithms


def der(data):
    """(tag, content, rest) of the first element."""
    if len(data) < 2:
        raise ValueError("DER is cut off")
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[2 : 2 + count], "big")
        at += count
        if count == 0 or length < 0x80 or length >> 8 * (count - 1) == 0:
            raise ValueError("a length that is not in DER")
    if at + length > len(data):
        raise ValueError("DER is cut off")
    return tag, data[at : at + length], data[at + length :]


def der_list(content):
    found = []
    while content:
        tag, inner, content = der(content)
        found.append((tag, inner))
    return found


OID_PSS = bytes.fromhex("2a864886f70d01010a")
OID_MGF1 = bytes.fromhex("2a864886f70d010108")
OIDS_HASH = {bytes.fromhex(f"60864801650304020{n}"): name for n, name in ((1, "sha256"), (2, "sha384"), (3, "sha512"))}
OIDS_PKCS1 = {bytes.fromhex(f"2a864886f70d01010{n}"): name
              for n, name in (("b", "sha256"), ("c", "sha384"), ("d", "sha512"))}  # fmt: skip
OIDS_ECDSA = {bytes.fromhex(f"2a8648ce3d04030{n}"): name for n, name in ((2, "sha256"), (3, "sha384"), (4, "sha512"))}


@dataclass
class Algorithm:
    family: str = "pss"
    digest: str = "sha256"
    mask: str = "sha256"
    salt: int = 20

    def name(self):
        words = "SHA-" + self.digest[3:]
        return {"pss": f"RSASSA-PSS, {words}, salt {self.salt}", "pkcs1": f"RSASSA-PKCS1-v1_5, {words}",
                "ecdsa": f"ECDSA, {words}"}[self.family]  # fmt: skip


def _hash_of(content):
    inner = der_list(content)
    if len(inner) == 2 and inner[1] != (5, b"") or len(inner) not in (1, 2) or inner[0][0] != 6:
        raise ValueError("no hash")
    return OIDS_HASH[inner[0][1]]


def _sequence(content):
    tag, inner, rest = der(content)
    if tag != 0x30 or rest:
        raise ValueError("no sequence")
    return inner


def read_algorithm(data):
    """None when it cannot be read or is not supported."""
    try:
        inner = der_list(_sequence(data))
        oid = inner[0][1]
        if inner[0][0] != 6 or len(inner) > 2:
            return None
        if oid != OID_PSS:
            if len(inner) == 2 and inner[1] != (5, b""):
                return None
            family = "pkcs1" if oid in OIDS_PKCS1 else "ecdsa"
            return Algorithm(family, {**OIDS_PKCS1, **OIDS_ECDSA}[oid])
        fields = dict(der_list(inner[1][1]))
        mask = der_list(_sequence(fields[0xA1]))
        number = der(fields[0xA2])[1] if 0xA2 in fields else b"\x14"
        trailer = der(fields[0xA3])[1] if 0xA3 in fields else b"\1"
        salt = int.from_bytes(number, "big")
        if mask[0] != (6, OID_MGF1) or mask[1][0] != 0x30 or trailer != b"\1" or salt > 64:
            return None
        return Algorithm("pss", _hash_of(_sequence(fields[0xA0])), _hash_of(mask[1][1]), salt)
    except (ValueError, KeyError, IndexError, TypeError, UnsupportedAlgorithm):
        return None


def check(key, algorithm, message, signature):
    digest = HASHES[algorithm.digest]()
    try:
        if algorithm.family == "ecdsa":
            if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in ("secp256r1", "secp384r1"):
                return False
            key.verify(signature, message, ec.ECDSA(digest))
        elif not isinstance(key, rsa.RSAPublicKey) or not 2048 <= key.key_size <= 8192:
            return False
        elif algorithm.family == "pkcs1":
            key.verify(signature, message, padding.PKCS1v15(), digest)
        else:
            mask = padding.MGF1(HASHES[algorithm.mask]())
            key.verify(signature, message, padding.PSS(mask, algorithm.salt), digest)
    except (InvalidSignature, ValueError):
        return False
    return True


# Verification


@dataclass
class Request:
    anchors: list
    now: int  # UTC in nanoseconds
    intermediates: list = field(default_factory=list)
    any_role: bool = False
    accept_claimed: bool = False


def read_description(found):
    """The fields of suep, or None."""
    if not found.suep:
        found.warnings.append("'suep' is missing")
        return None
    text = found.payload(found.suep)
    if text[:1] != b"\1":
        found.warnings.append("not of version 1")
        return None
    at = 4

    def string():
        nonlocal at
        end = text.index(b"\0", at)
        value, at = text[at:end].decode(errors="replace"), end + 1
        return value

    def number(size):
        nonlocal at
        if at + size > len(text):
            raise ValueError("cut off")
        value, at = int.from_bytes(text[at : at + size], "big"), at + size
        return value

    try:
        told = {"unit_name": string(), "unit_url": string(), "unit_mac": string(),
                "time": number(8) - SECONDS_1904, "operator": string(), "tracks": []}  # fmt: skip
        for _ in range(number(4)):
            told["tracks"].append({"track": number(2), "name": string(), "url": string(), "mac": string(),
                                   "line": string()})  # fmt: skip
    except ValueError:
        found.warnings.append("'suep' cannot be read")
        return None
    if at != len(text):
        found.warnings.append("behind its last track")
    return told


def read_starts(found, box):
    text = found.payload(box) if box else bytes(4)
    count = int.from_bytes(text[:4], "big")
    if len(text) < 4 + 12 * count:
        found.warnings.append("'cstb' is too short")
        return []
    starts = []
    for at in range(4, 4 + 12 * count, 12):
        ticks = int.from_bytes(text[at + 4 : at + 12], "big")
        starts.append((int.from_bytes(text[at : at + 4], "big"), (ticks - SECONDS_1601 * 10**7) * 100))
    return starts


def _utc(moment):
    return int((moment - trust._EPOCH).total_seconds()) * NS


def _identity(certificate, number, exported, request):
    try:
        return _judge_signer(certificate, number, exported, request)
    except (ValueError, KeyError, IndexError, TypeError, UnsupportedAlgorithm):
        return "bad_chain"


def _judge_signer(certificate, number, exported, request):
    chain = [certificate] + request.intermediates
    assumed = number > 0 or exported is None
    moment = request.now if assumed else exported
    last = _utc(certificate.not_valid_after) + NS - 1
    if assumed and request.accept_claimed and last < request.now:
        moment = last if exported is None else max(last, exported)
    roles = (EXPORTER,) if number == 0 else (EXPORTER, CUSTODIAN)
    role = next((one for one in roles if trust.allows_role(certificate, one)), roles[-1])
    question = trust.Question(role, [(moment, None)], request.now, request.accept_claimed)
    verdict = trust.check(request.anchors, chain, question)
    if verdict == "wrong_role" and request.any_role:
        verdict = "trusted" if _utc(certificate.not_valid_before) <= moment <= last else "expired_then"
    if verdict == "expired_then" and assumed and not request.accept_claimed:
        verdict = "expired_now"
    return verdict


def _certificate(data):
    try:
        certificate = x509.load_der_x509_certificate(data)
        whole = der(data)[2] == b"" and certificate.subject and certificate.issuer and certificate.public_key()
        return certificate if whole else None
    except (ValueError, KeyError, UnsupportedAlgorithm):
        return None


def verify(data, request):
    """{verdict, signatures: [{integrity, identity, algorithm, ...}], warnings, export}."""
    report = {"verdict": "not_authentic", "signatures": [], "warnings": [], "export": None}
    try:
        found = parse(data)
    except Malformed:
        return report
    report["export"] = read_description(found)
    exported = report["export"]["time"] * NS if report["export"] else None
    for number, sinf in enumerate(found.sinfs):
        configuration = sinf.parts.get(b"sigC")
        algorithm = read_algorithm(found.payload(configuration)) if configuration else Algorithm()
        certificate = _certificate(found.payload(sinf.parts[b"cert"])) if b"cert" in sinf.parts else None
        holds = bool(
            not sinf.defect
            and algorithm
            and certificate
            and not moves(found, number)
            and not astray_later(found, number)
            and not found.elsewhere
            and not found.astray
            and check(certificate.public_key(), algorithm, view(found, number), found.payload(sinf.parts[b"sibo"]))
        )
        note = found.payload(sinf.parts[b"auib"]) if b"auib" in sinf.parts else b"\0"
        if note.find(b"\0") != len(note) - 1:
            found.warnings.append("does not end with one NUL")
        report["signatures"].append({
            "integrity": "intact" if holds else "broken",
            "identity": _identity(certificate, number, exported, request) if certificate else "bad_chain",
            "algorithm": algorithm.name() if algorithm else "",
            "note": note.split(b"\0")[0].decode(errors="replace"),
            "starts": read_starts(found, sinf.parts.get(b"cstb")),
        })  # fmt: skip
    report["warnings"] = found.warnings
    told = report["signatures"]
    if any(one["integrity"] != "intact" for one in told):
        report["verdict"] = "not_authentic"
    elif not told or any(one["identity"] != "trusted" for one in told):
        report["verdict"] = "untrusted"
    else:
        report["verdict"] = "authentic"
    return report
