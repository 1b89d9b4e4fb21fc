# SPDX-License-Identifier: Apache-2.0
"""Packages that break one rule each and are correctly signed in everything else."""

from dataclasses import replace

import bad_package_carried
import bad_package_cases
import bad_package_links
from bad_package_base import (
    CASE, END, FIRST, SECOND_SEGMENT, SOURCE, bad, base, middle, raw, sealed,
)  # fmt: skip
from faults import at, flip, put, setting
from good_packages import TSA
from good_signatures import LATE, late_by
from recipes import EXPORTED, PASSWORD, at_ms, container, make, mixed, recipe, source, tiny
from specs import SECOND, T0, clear, strong
from svmsref import constants as c
from svmsref import frames as f
from svmsref import package_writer as pw
from svmsref.primitives import SeededRandom
from svmsref.wire import parse_record_header

# ---- header and slot ----


def headers():
    def one(name, note, change, rule="E-HDR", verdict="malformed"):
        # Unchanged h and a signature over it: the header cannot be used anyhow.
        hook = at("package_header_bytes", change)
        return bad(f"header-{name}", note, base(hook=hook), rule, verdict)

    yield one("magic", "magic of a container", put(0, c.MAGIC))
    yield one("major", "major version 2", put(8, b"\2"), "E-HDR-1", "unsupported")
    yield one("critical", "critical bit", put(16, b"\0\0\0\1"), "E-HDR-1", "unsupported")
    yield one("zero", "reserved bytes", put(10, b"\0\1"))
    yield one("zero-2", "reserved bytes behind the kind", put(26, b"\1"))
    yield one("length", "header length 121", put(23, b"\x79"))
    yield one("kind-0", "kind 0", put(24, b"\0"))
    yield one("kind-3", "kind 3", put(24, b"\3"))
    yield one("sealed-2", "neither sealed nor unsealed", put(25, b"\2"))
    yield one("slot-size", "unsealed with a slot size", put(30, b"\2\0"), "E-HDR-3")
    yield one("key-check", "unsealed with a key check", put(48, b"\1"), "E-HDR-3")
    yield one("software", "software that is not printable", put(88, b"\x07"))
    yield one("software-gap", "software with a zero byte within", put(89, b"\0"))

    def packed(name, note, rule, **changes):
        hook = at("package_header", setting(**changes))
        return bad(f"header-{name}", note, sealed(hook=hook), rule, "malformed",
                   with_key="malformed")

    yield packed("slot-1000", "slot size 1,000", "E-HDR-3", slot_size=1000)
    yield packed("sealed-proof", "sealed proof", "E-HDR-3", kind=f.PROOF)


def slots():
    def one(name, note, change, rule, verdict="not_authentic", **more):
        hook = at("slot", change)
        more = {"with_key": "not_authentic", **more}
        return bad(f"slot-{name}", note, sealed(hook=hook), rule, verdict, **more)

    yield one("container", "slot of another package", setting(container_id=b"\x11" * 16), "C-ACC-1")
    yield one("revision", "revision 2", setting(revision=2), "E-HDR-3")
    yield one("digest", "digest of the slot", setting(digest_mask=1), "C-ACC-1")
    yield one("stanza", "stanza of a wrong length", setting(stanzas=[(1, bytes(67))]), "C-ACC-5")
    yield one("no-stanza", "nobody can open it", setting(stanzas=[]), "", "incomplete",
              with_key="undecryptable")
    yield one("mac", "HMAC of another key", setting(mac_key=b"x" * 32), "", "incomplete",
              with_key="undecryptable")
    yield bad("slot-empty", "empty slot", sealed(hook=at("slot_bytes", lambda b: bytes(len(b)))),
              "E-HDR-3", with_key="not_authentic")
    other = make(sealed(seed_more=1) | {"seed": "another package"})[0]

    def mixed_up(data, _writer):
        return data[:120] + other[120 : 120 + 512] + data[120 + 512 :]

    yield bad("slot-swapped", "slot of another package with the same password", sealed(),
              "E-LNK-4", reshape=mixed_up, with_key="not_authentic")
    yield bad("slot-flip", "a bit in the slot", sealed(), "E-LNK-4", reshape=raw(flip(200)),
              with_key="not_authentic")
    slot = {}

    def other_slot(stage, value, **_context):
        """Signed as it is: the stanza wraps another package's key."""
        if stage == "slot":
            slot["stanzas"] = value.stanzas
            writer = pw.PackageWriter(
                pw.PackageOptions(password=PASSWORD), SeededRandom("other key"),
                at("slot", lambda one: slot.setdefault("other", one)))  # fmt: skip
            assert writer.slot
            return replace(value, stanzas=slot["other"].stanzas)
        return value

    yield bad("slot-other-key", "stanza of another package, signed", sealed(hook=other_slot), "",
              "incomplete", with_key="undecryptable")


# ---- frames and directories ----


def frames():
    def header(name, note, place, rule, **changes):
        hook = also_entry(place, **changes)
        if not changes.keys() & {"kind", "flags", "number", "origin"}:
            hook = at("frame_header", setting(**changes), place=place)
        return bad(f"frame-{name}", note, base(hook=hook), rule)

    yield header("kind-11", "frame of kind 11", FIRST, "E-FRM-6", kind=11)
    yield header("kind-0", "frame of kind 0", FIRST, "E-FRM-6", kind=0)
    yield header("leaves", "leaves in a package", FIRST, "E-FRM-1", kind=10)
    yield header("zero", "reserved bytes", FIRST, "E-FRM-1", zero=1)
    yield header("zero-2", "further reserved bytes", FIRST, "E-FRM-1", zero_2=1)
    yield header("flag-8", "unknown flag", FIRST, "E-FRM-1", flags=8)
    yield header("flag-end", "flag 4 on an end frame", END, "E-SRC-1", flags=4)
    yield header("flag-case", "flag 2 on the case", CASE, "E-FRM-1", flags=2)
    yield header("sealed-unsealed", "sealed body in an unsealed package", FIRST, "E-FRM-5", flags=1)
    yield header("size-b", "part B one byte longer", FIRST, "E-OVR-1", size_b=1)
    yield header("size-a", "part A beyond its limit", FIRST, "E-OVR-5", size_a=2049)
    yield header("size-c", "part C beyond its limit", FIRST, "E-OVR-5", size_c=1048577)
    yield header("a-of-end", "part A of an end frame", END, "E-FRM-1", size_a=33)
    yield header("number-end", "number of an end frame", END, "E-FRM-1", number=5)
    yield header("number-source", "first source is number 1", SOURCE, "E-FRM-6", number=1)
    yield header("number-case", "number of the case", CASE, "E-FRM-1", number=1)
    yield header("origin-case", "origin of the case", CASE, "E-FRM-1", origin=1)
    yield header("origin-source", "origin of a source", SOURCE, "E-FRM-1", origin=1)
    yield header("number-segment", "segment 1 is called 2", SECOND_SEGMENT, "C-SIG-1", number=2)
    yield header("origin-segment", "origin of segment 1", SECOND_SEGMENT, "E-SRC-2", origin=99999)
    yield header("origin-first", "origin of segment 0", FIRST, "E-SRC-2", origin=900)
    yield header("origin-end", "origin of the end record", END, "E-SRC-2", origin=99999)


def with_entry(place, **changes):
    return at("entry", setting(**changes), place=place)


def also_entry(place, **changes):
    """The same change in the frame header and in its entry."""

    def hook(stage, value, **context):
        if stage in ("frame_header", "entry") and context.get("place") == place:
            return replace(value, **changes)
        return value

    return hook


def directories():
    def one(name, note, rule, hook, found=base, **more):
        return bad(f"directory-{name}", note, found(hook=hook), rule, **more)

    segment = {"failure": (0, 0), "sources": ["not_authentic"]}
    yield one("digest", "digest of a segment", "E-DIR-2", with_entry(FIRST, digest=bytes(32)),
              **segment)
    yield one("number", "number of a segment", "E-DIR-3", with_entry(FIRST, number=7))
    yield one("origin", "origin of a segment", "E-DIR-3", with_entry(FIRST, origin=1), **segment)
    yield one("first-utc", "first UTC of a segment", "E-DIR-3", with_entry(FIRST, first_utc=1),
              **segment)
    yield one("last-utc", "last UTC of a segment", "E-DIR-3", with_entry(SECOND_SEGMENT, last_utc=1),
              failure=(0, 1))
    yield one("time-end", "times of an end frame", "E-DIR-3", with_entry(END, first_utc=T0))
    yield one("kind", "kind of a segment", "E-DIR-3", with_entry(FIRST, kind=f.MANIFEST))
    yield one("flags", "flags of a segment", "E-DIR-3", with_entry(FIRST, flags=2), **segment)
    yield one("zero", "reserved bytes of an entry", "E-DIR-1", with_entry(FIRST, zero=1))
    yield one("zero-2", "further reserved bytes", "E-DIR-1", with_entry(FIRST, zero_2=1))
    yield one("offset", "offset of a frame", "E-DIR-3", with_entry(FIRST, offset=1))
    yield one("dropped", "entry of the end frame left out", "E-LNK-4",
              at("entries", lambda e: e[:END] + e[END + 1 :]))
    yield one("first-dropped", "entry of the source left out", "E-DIR-3",
              at("entries", lambda e: e[1:]))
    yield one("swapped", "two entries in the wrong order", "E-DIR-3",
              at("entries", lambda e: [e[0], e[2], e[1], *e[3:]]))
    yield one("count", "number of entries", "E-DIR-1", at("directory_header", setting(number=4)))
    yield one("origin-own", "origin of the directory", "E-FRM-1",
              at("directory_header", setting(origin=1)))
    yield one("before", "directory before the first", "E-DIR-1", at("before", lambda _: (120, b"x" * 32)))
    yield one("before-hash", "hash before the first", "E-DIR-1", at("before", lambda _: (0, b"x" * 32)))
    yield one("altered", "a bit of the directory", "E-DIR-1", None, reshape=_in_directory)
    yield one("short", "directory of 200 entries before the last", "E-DIR-1", _early(200), _many)
    yield one("second-altered", "a bit in the first of two directories", "E-DIR-1", None, _many,
              reshape=_in_first_directory)


def _many(**more):
    names = [{"name": str(n), "content": b""} for n in range(256)]
    return recipe("many", attachments=names, **more)


def _early(count):
    """Writes the first directory too early."""
    return at("fanout", lambda _: count, first=True)


def _in_directory(data, writer):
    offset = writer.before[0]
    return flip(offset + 60)(data)


def _in_first_directory(data, writer):
    at_ = int.from_bytes(data[writer.before[0] + 40 : writer.before[0] + 48], "big")
    return flip(at_ + 60)(data)


def order():
    """Frames where they may not stand."""

    def one(name, note, rule, change, found=base, **more):
        return bad(f"order-{name}", note, found(hook=at("pieces", change)), rule, **more)

    yield one("swapped", "segments in the wrong order", "E-SRC-2",
              lambda p: [p[1], p[0], *p[2:]], sources=["not_authentic"])
    yield one("repeated", "a segment twice", "E-SRC-2", lambda p: [p[0], p[0], *p[1:]])
    yield one("manifest-too", "manifest of a segment that is carried", "E-SRC-2", _with_manifest)
    yield one("missing", "a segment is missing in the middle", "E-SRC-2",
              lambda p: [one for one in p if one.number != 3], middle_long, failure=(0, 3))
    yield one("behind-end", "segment behind the end", "E-SRC-2",
              lambda p: [p[0], p[2], p[1]])
    yield one("two-ends", "two end frames", "E-FRM-1", lambda p: [*p, replace(p[2], origin=10**6)])
    yield one("no-source", "segment before any source", "E-FRM-1", lambda p: p, _no_source)
    yield one("end-dropped", "the end frame is dropped", "", lambda p: p[:-1], verdict="incomplete")
    yield one("no-segment", "the last segment is dropped", "", lambda p: [p[0]],
              verdict="incomplete")
    yield one("segment-dropped", "the last segment is dropped, the end is there", "",
              lambda p: [p[0], p[2]], verdict="incomplete")


def middle_long(**more):
    found = source(clear("package periods", 6), at_ms(250), at_ms(950))
    return recipe("bad middle long", found, **more)


def _with_manifest(pieces):
    extra = pw.Piece(f.MANIFEST, 0, pieces[0].origin + len(pieces[0].b), c=pieces[0].c)
    extra.first_utc, extra.last_utc = pieces[0].first_utc, pieces[0].last_utc
    return [pieces[0], extra, *pieces[1:]]


def _no_source(**more):
    def hook(stage, value, **context):
        if stage in ("frame_header", "entry") and context["place"] == SOURCE:
            return replace(value, kind=f.ATTACHMENT)
        return value

    found = base(**{**more, "hook": hook})
    return found


# ---- bodies of segments ----


def _piece(number, change):
    """Changes what is carried of a segment before the exporter hashes and signs it."""

    def hook(stage, value, **_context):
        if stage == "piece" and value.kind == f.SEGMENT and value.number == number:
            return replace(value, **change(value))
        return value

    return hook


def bodies():
    """A dishonest exporter: everything of his fits, the recorder's signature does not."""

    def one(name, note, rule, change, found=base, segment=1, **more):
        more = {"failure": (0, segment), "sources": ["not_authentic"], **more}
        if found is sealed:
            more.update(with_key="not_authentic", failure_with_key=True)
            more.setdefault("plain", "incomplete")
            verdict = more.pop("plain")
            if verdict == "incomplete":
                more["sources"] = ["incomplete"]
            return bad(f"body-{name}", note, found(hook=_piece(1, change)), rule, verdict, **more)
        return bad(f"body-{name}", note, found(hook=_piece(1, change)), rule, **more)

    yield one("sample", "a byte of a picture", "C-MAN-3", lambda p: {"b": flip(-5)(p.b)})
    yield one("header", "a byte of a record header", "C-REC-2", lambda p: {"b": flip(96 + 5)(p.b)})
    yield one("start", "salt of the segment start", "C-MAN-3", lambda p: {"b": flip(16 + 30)(p.b)})
    yield one("shorter", "the last sample is left out", "E-SRC-3", lambda p: {"b": p.b[:-64]})
    yield one("longer", "a byte behind the last record", "E-SRC-3", lambda p: {"b": p.b + b"\0"})
    yield one("manifest", "a byte of the manifest", "C-OBJ-3", lambda p: {"c": flip(100)(p.c)})
    yield one("signature", "the recorder's signature", "C-OBJ-3", lambda p: {"c": flip(-1)(p.c)})
    yield one("no-signature", "the recorder's signature is left out", "C-SEG-1",
              lambda p: {"c": p.c[:-96]})
    yield one("trailing", "a byte behind the signature", "E-FRM-1", lambda p: {"c": p.c + b"\0"})
    yield one("sealed-sample", "a byte within a sealed body", "C-MAN-3",
              lambda p: {"b": flip(-3)(p.b)}, sealed)
    yield one("sealed-shorter", "a sealed body that is shorter", "E-SRC-3",
              lambda p: {"b": p.b[:-10]}, sealed, plain="not_authentic", failure_with_key=False)
    other = container(clear("package other device", 2, device_id="44" * 16))[0]
    piece = pw.Anatomy(other).segments[1]

    def foreign(p):
        return {"b": other[piece.offset : piece.manifest_offset],
                "c": other[piece.manifest_offset : piece.end]}  # fmt: skip

    yield one("foreign", "segment 1 of another container", "C-HDR-7", foreign)
    yield bad("body-flip", "a byte of a picture in the finished file", base(), "C-MAN-3",
              reshape=lambda data, w: flip(_body_of(data, w))(data), failure=(0, 0), sources=["not_authentic"])
    yield bad("body-sealed-flip", "a byte of a sealed body in the finished file", sealed(),
              "E-DIR-2", reshape=lambda data, w: flip(_sealed_body(data))(data), failure=(0, 0),
              sources=["not_authentic"], with_key="not_authentic")
    yield bad("body-sealed-chunk", "a sealed chunk altered, hashed and signed again", sealed(
        hook=_sealed(1, flip(50))), "E-VER-7", "incomplete", with_key="undecryptable",
        failure=(0, 0), failure_with_key=True)
    yield bad("body-not-sealed", "clear media in a sealed package, not sealed", sealed(
        hook=lambda stage, value, **_: replace(value, seal_b=False)
        if stage == "piece" and value.kind == f.SEGMENT else value), "E-FRM-5",
        with_key="not_authentic")
    yield bad("body-size", "sealed body of a size that no body has", sealed(
        hook=_sealed_size), "E-FRM-4", with_key="not_authentic")
    yield bad("body-case-not-sealed", "the case of a sealed package is not sealed", sealed(
        hook=lambda stage, value, **_: replace(value, seal_b=False)
        if stage == "piece" and value.kind == f.CASE else value), "E-FRM-5",
        with_key="not_authentic")
    yield bad("body-case-altered", "the sealed case altered, hashed and signed again", sealed(
        hook=_sealed(4, flip(3))), "", "incomplete", with_key="undecryptable")


def _body_of(data, writer):
    """A byte of the first sample of segment 0."""
    return data.index(b"SVMSSEG1") + 80 + 24 + 3


def _sealed_body(data):
    """A byte of part B of the first segment frame, which nothing but its digest covers."""
    at_ = data.index(b"\2\1\0\0", 120 + 512)
    size_a = int.from_bytes(data[at_ + 4 : at_ + 8], "big")
    return at_ + 40 + size_a + 9


def _sealed(place, change):
    def hook(stage, value, **context):
        if stage == "sealed" and context["place"] == place:
            return value[0], change(value[1])
        return value

    return hook


def _sealed_size(stage, value, **context):
    if context.get("place") != 1:
        return value
    if stage == "frame_header":
        return replace(value, size_b=10)
    if stage == "sealed":
        return value[0], value[1][:10]
    return value


# ---- secrets ----


def secrets():
    def one(name, note, rule, change, found=None, **more):
        made = recipe("bad secrets", source(mixed("bad mixed", 2)), hook=_piece(0, change))
        return bad(f"secret-{name}", note, found or made, rule, failure=(0, 0), **more)

    yield one("wrong", "a secret that does not fit its commitment", "C-KEY-5",
              lambda p: {"a": flip(5)(p.a)}, verdict="undecryptable", sources=["undecryptable"])
    yield one("swapped", "secrets of two tracks swapped", "C-KEY-5",
              lambda p: {"a": b"\0" + p.a[34:66] + b"\1" + p.a[1:33]}, verdict="undecryptable")
    yield one("order", "tracks do not ascend", "E-FRM-3", lambda p: {"a": p.a[33:66] + p.a[:33]})
    yield one("dropped", "secret of one track is missing", "E-FRM-3", lambda p: {"a": p.a[:33]})
    yield one("clear", "secret of a clear track", "E-FRM-3", lambda p: {"a": p.a + b"\2" + bytes(32)})
    yield one("length", "a byte too many", "E-FRM-3", lambda p: {"a": p.a + b"\0"})
    removed = recipe("bad removed", source(mixed("bad mixed", 2), removed=(1,)),
                     hook=_piece(0, lambda p: {"a": p.a + b"\1" + bytes(32)}))  # fmt: skip
    yield one("removed", "secret of a removed track", "E-FRM-3", None, removed)
    strong_one = recipe("bad strong", source(strong("package strong", 5), at_ms(0), at_ms(200)),
                        password=PASSWORD, hook=_sealed_a(1))  # fmt: skip
    yield bad("secret-sealed", "sealed secrets altered, hashed and signed again", strong_one,
              "E-VER-7", "authentic", with_key="undecryptable", failure=(0, 0),
              failure_with_key=True)


def _sealed_a(place):
    def hook(stage, value, **context):
        if stage == "sealed" and context["place"] == place:
            return flip(3)(value[0]), value[1]
        return value

    return hook


# ---- removed tracks ----


def _records(data):
    """Records of part B."""
    out, position = [], 0
    while position < len(data):
        record = parse_record_header(data, position)
        out.append(data[position : record.end])
        position = record.end
    return out


def _without(data, *places):
    return b"".join(one for n, one in enumerate(_records(data)) if n not in places)


def redaction():
    """Tracks removed wrongly. In segment 0 of `mixed`: start, video, sound, metadata, video."""
    spec = mixed("bad mixed", 2)

    def one(name, note, rule, change, removed=(1,), **more):
        made = recipe(f"bad redaction {name}", source(spec, removed=removed), hook=_piece(0, change))
        return bad(f"removed-{name}", note, made, rule,
                   **{"failure": (0, 0), "sources": ["not_authentic"], **more})

    whole = container(spec)[0]
    first = pw.Anatomy(whole).segments[0]
    everything = whole[first.offset : first.manifest_offset]
    yield one("kept", "the removed track is there, flag 2 is set", "E-SRC-3",
              lambda p: {"b": everything})
    yield one("kept-no-flag", "the removed track is there, no flag", "E-SRC-3",
              lambda p: {"b": everything, "flags": 0})
    yield one("no-flag", "removed without flag 2", "E-SRC-3", lambda p: {"flags": 0})
    yield one("too-much", "a sample of another track is missing too", "E-SRC-3",
              lambda p: {"b": _without(p.b, 1)})
    yield one("auxiliary", "the segment start is missing", "C-OVR-1",
              lambda p: {"b": _without(p.b, 0)})
    yield one("order", "records in the wrong order", "E-SRC-3",
              lambda p: {"b": _swap(p.b, 1, 2)})
    yield one("altered", "a sample of a kept track", "C-MAN-3",
              lambda p: {"b": flip(-2)(p.b)})
    yield one("flag-only", "flag 2 where nothing was removed", "E-SRC-3",
              lambda p: {"flags": f.REMOVED}, removed=())
    mask = recipe("bad mask", source(spec), hook=at("source_info", setting(mask=8)))
    yield bad("removed-mask", "mask of a track that the container has not", mask, "E-SRC-1")
    hidden = recipe("bad hidden", source(spec), hook=at("source_info", setting(mask=2)))
    yield bad("removed-mask-only", "mask of a track that is there", hidden, "E-SRC-3",
              failure=(0, 0))
    zero = recipe("bad info", source(spec), hook=at("source_info", setting(zero=1)))
    yield bad("source-zero", "reserved bytes of the source info", zero, "E-SRC-1")


def _swap(data, left, right):
    records = _records(data)
    records[left], records[right] = records[right], records[left]
    return b"".join(records)


# ---- sources ----


def sources():
    def source_hook(change):
        return lambda stage, value, **_: (
            replace(value, c=change(value.c)) if stage == "piece" and value.kind == f.SOURCE else value
        )

    def one(name, note, rule, change, **more):
        return bad(f"source-{name}", note, base(hook=source_hook(change)), rule,
                   **{"sources": ["not_authentic"], **more})

    yield one("header", "a byte of the container's header", "C-OBJ-3", flip(600))
    yield one("size", "a segment ends behind the container's end", "E-SRC-1",
              lambda b: b[:24] + (2000).to_bytes(8, "big") + b[32:], failure=(0, 1))
    yield one("magic", "magic of the container", "C-HDR-1", flip(32))
    yield one("signature", "signature of the container's header", "C-OBJ-3", flip(-1))
    yield one("unsigned", "signature of the header is left out", "E-SRC-1", lambda b: b[:-96])
    yield one("trailing", "bytes behind the header's signature", "E-SRC-1", lambda b: b + bytes(8))
    yield one("short", "stops within the header", "C-OVR-1", lambda b: b[:300])
    flagged = base(hook=lambda stage, value, **_: replace(value, flags=f.UNVERIFIED)
                   if stage == "piece" and value.kind == f.SOURCE else value)  # fmt: skip
    yield bad("source-flag", "flag 4 of a source none of whose frames has it", flagged, "E-SRC-1")
    spec = clear("package clear", 2)
    some = recipe("unverified", source(spec, damage=_damaged(0), unverified=(0,)))
    yield bad("unverified", "declared unverified, and it is", some, "C-MAN-3", failure=(0, 0),
              sources=["not_authentic"])
    unsaid = recipe("unverified unsaid", source(spec, damage=_damaged(0), unverified=(0,)),
                    hook=_unflagged)  # fmt: skip
    yield bad("unverified-unsaid", "a frame has flag 4, its source has not", unsaid, "E-SRC-1")
    yield bad("fragment", "a fragment in place of segment 1", base(hook=at(
        "pieces", _fragment)), "E-SRC-8", failure=(0, 1))
    yield bad("manifest-altered", "the manifest behind the last segment", middle(hook=at(
        "pieces", lambda p: [*p[:-1], replace(p[-1], c=flip(-1)(p[-1].c))])), "C-OBJ-3",
        failure=(0, 3), sources=["not_authentic"])
    foreign = container(clear("package other six", 6, container_id="55" * 16))[0]
    part = pw.Anatomy(foreign).segments[3]
    yield bad("manifest-foreign", "the manifest behind is another container's", middle(hook=at(
        "pieces", lambda p: [*p[:-1], replace(
            p[-1], c=foreign[part.manifest_offset : part.end])])), "C-HDR-7", failure=(0, 3))
    yield bad("manifest-dropped", "the manifest behind is dropped", recipe(
        "behind dropped", source(clear("package gaps", _gaps()), at_ms(10000), at_ms(15000)),
        hook=at("pieces", lambda p: p[:-1])), "", "incomplete", sources=["incomplete"])
    yield bad("manifest-before-dropped", "the manifest before is dropped", recipe(
        "before dropped", source(clear("package gaps", _gaps()), at_ms(500), at_ms(10300)),
        hook=at("pieces", lambda p: p[1:])), "", "incomplete")
    yield from _ends()


def _gaps():
    found = tiny(4)
    for number, segment in enumerate(found):
        segment["samples"][0]["dts"] = number * 900000
    return found


def _damaged(number):
    def change(data):
        part = pw.Anatomy(data).segments[number]
        return flip(part.manifest_offset - 3)(data)

    return change


def _unflagged(stage, value, **_context):
    if stage == "piece" and value.kind == f.SOURCE:
        return replace(value, flags=0)
    return value


def _fragment(pieces):
    second = pieces[1]
    made = pw.Piece(f.FRAGMENT, 1, second.origin, b=second.b + second.c)
    return [pieces[0], made, *pieces[2:]]


def _ends():
    def end(name, note, rule, change, **more):
        def pieces(found):
            return [*found[:-1], replace(found[-1], c=change(found[-1].c))]

        return bad(f"end-{name}", note, base(hook=at("pieces", pieces)), rule, **more)

    yield end("record", "a byte of the end record", "C-OBJ-3", flip(150))
    yield end("signature", "signature of the end record", "C-OBJ-3", flip(16 + 224 + 40))
    yield end("tail", "a byte of the tail", "C-END-1", flip(-1))
    yield end("no-tail", "stops before the tail", "C-END-1", lambda b: b[:-32])
    yield end("trailing", "bytes behind the tail", "C-REC", lambda b: b + bytes(4))
    for name, note, other, rule in (
        ("other", "end of another container", clear("package other device", 2, device_id="44" * 16),
         "C-HDR-7"),
        ("longer", "end of a copy that went on", clear("package clear", 3), "E-SRC-2"),
    ):  # fmt: skip
        ends = pw.Anatomy(container(other)[0])
        content = ends.data[ends.end_offset :]
        yield end(name, note, rule, lambda b, content=content: content)
    stamped = clear("package trailer", 2, trailers=[{"tsa": "tsa", "utc": EXPORTED}])
    cut = recipe("trailer altered", source(stamped), hook=at("pieces", lambda p: [
        *p[:-1], replace(p[-1], c=flip(-100)(p[-1].c))]))  # fmt: skip
    yield bad("end-trailer", "a byte of a trailer's token", cut, "C-TRL-2", stamp_trust=TSA)
    path = source(clear("package periods", 6), at_ms(410), at_ms(590), path=True, end=True,
                  behind=False, before=False)  # fmt: skip
    yield bad("index-altered", "a byte of the index record on the way", recipe(
        "index altered", path, hook=at("pieces", lambda p: [
            replace(one, c=flip(70)(one.c)) if one.kind == f.RECORD else one for one in p])),
        "E-SRC-5")
    yield bad("index-origin", "origin of the index record", recipe(
        "index origin", path, hook=at("pieces", lambda p: [
            replace(one, origin=one.origin - 1) if one.kind == f.RECORD else one for one in p])),
        "E-SRC-2")
    late = source(clear("package late", critical=LATE, **late_by(6, 2)), at_ms(200), at_ms(300))
    yield bad("late-altered", "a late signature that is carried", recipe(
        "late altered", late, hook=at("pieces", lambda p: [
            replace(one, c=flip(-1)(one.c)) if one.kind == f.RECORD else one for one in p])),
        "C-OBJ-3", failure=(0, 1))
    yield bad("late-dropped", "the late signatures are dropped", recipe(
        "late dropped", late, hook=at("pieces", lambda p: [
            one for one in p if one.kind != f.RECORD])), "", "incomplete")
    yield bad("record-sample", "a record frame that holds a sample", recipe(
        "record sample", late, hook=at("pieces", lambda p: [
            replace(one, c=b"".join(_records(p[1].b)[1:2])) if one.kind == f.RECORD else one
            for one in p])), "E-SRC-5")


GROUPS = (headers, slots, frames, directories, order, bodies, secrets, redaction, sources,
          *bad_package_carried.GROUPS, *bad_package_cases.GROUPS, *bad_package_links.GROUPS)  # fmt: skip


# Made at test time only: much like others that are committed.
KEPT = {
    "case": "reexport source-more container last-segment last-utc first-utc track-included"
            " device-twice device-phantom device-name device-place device-undescribed created derived-hash attachment-digest presentation missing zero-text none",
    "link-1": "signature package number head role algorithm-16 object chain policy",
    "header": "magic major critical zero kind-3 slot-size key-check",
    "name": "0 2 5 8 9",
    "directory": "digest offset dropped swapped before altered first-utc number",
    "json": "not twice deep utf8 half",
    "frame": "kind-11 zero flag-8 size-b sealed-unsealed origin-segment origin-end number-segment",
    "proof": "sample missing added box decoded reordered sound leaf no-start record segments"
             " case-twice no-samples secret secret-more secret-less leaf-form-3 left-out"
             " first-utc",
    "slot": "container revision no-stanza empty swapped other-key",
    "removed": "kept no-flag too-much order altered flag-only mask-only first-utc",
    "source": "header signature unsigned flag zero size",
    "end": "record no-tail other longer trailer fewer last-manifest last-utc torn",
    "index": "altered origin no-end",
    "recording": "forked replaced",
    "chain": "dropped swapped moved foreign head no-links half-first empty",
    "link-0": "signature package frames sources directory-hash custodian suite role policy"
              " before presentation",
}  # fmt: skip


def is_extended(name):
    for group, kept in KEPT.items():
        if name.startswith(f"bad-{group}-"):
            return name.removeprefix(f"bad-{group}-") not in kept.split()
    return False


def all_packages():
    for group in GROUPS:
        yield from group()
