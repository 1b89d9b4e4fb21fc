# SPDX-License-Identifier: Apache-2.0
"""Records, manifests, index and end that stand where they lead to nothing (evidence.md, section 5)."""

from dataclasses import replace

from bad_package_base import bad, base, middle
from faults import at, setting
from good_packages import TSA
from good_signatures import DEFERRED, LATE, late_by, signed_only
from good_stamps import DAY, on
from recipes import EXPORTED, at_ms, container, linked, mixed, recipe, source, tiny
from specs import T0, clear, signer
from svmsref import constants as c
from svmsref import frames as f
from svmsref import package_writer as pw
from svmsref.primitives import sha256

LONG = clear("package checkpoints", tiny(258))


def _pieces(name, note, rule, found, change, **more):
    made = recipe(name, found, hook=at("pieces", change))
    return bad(name, note, made, rule, **{"sources": ["not_authentic"], **more})


def records():
    spec = clear("package late", critical=LATE, **late_by(6, 2))
    late = source(spec, at_ms(200), at_ms(300))

    def other(pieces):
        anatomy = pw.Anatomy(container(spec)[0])
        record = next(one for one in anatomy.behind if one.type == c.SIGNATURE)
        return [*pieces, pw.PackageWriter._record_piece(anatomy, f.NO_NUMBER, record)]

    yield _pieces("late-uncarried", "a late signature of a segment that is not carried", "E-SRC-5",
                  late, other)

    def numbered(number):
        """The first record frame, from segment 3."""
        return lambda pieces: [
            replace(one, number=number) if one.kind == f.RECORD and one.number == 3 else one
            for one in pieces
        ]

    yield _pieces("order-record-before", "a record of a segment that stands before it", "E-SRC-5", late,
                  numbered(2))
    yield _pieces("order-record-behind", "a record of segment 4 before the manifest of segment 3",
                  "E-SRC-5", late, numbered(4))
    then = 1_620_000_000 * 10**9
    past = signer("ed25519", certificate="ed25519-2021")
    stamped = clear("package expired evidence", tiny(5, s3={"stamps": [on(2, utc=then + DAY)]}),
                    signer=past, created_utc=then, base_utc=then)  # fmt: skip
    yield _pieces("evidence-uncarried", "a time stamp of a segment that is not carried", "E-SRC-5",
                  source(stamped, then + 100_000_000, then + 200_000_000, stamps=True),
                  lambda pieces: [one for one in pieces if (one.kind, one.number) != (f.MANIFEST, 2)],
                  stamp_trust=TSA)  # fmt: skip


def index():
    path = {"path": True, "before": False, "behind": False}
    yield bad("index-no-end", "an index record and no end record", recipe("index no end", source(
        clear("package periods", 6), at_ms(410), at_ms(590), end=False, **path)), "E-SRC-5",
        sources=["not_authentic"])  # fmt: skip

    def full(pieces):
        """Manifest of segment 256, and the record of segments 0 to 255 that stands in it."""
        anatomy = pw.Anatomy(container(LONG)[0])
        record = next(one for one in anatomy.segments[256].records if one.type == c.INDEX)
        writer = pw.PackageWriter
        made = [writer._record_piece(anatomy, 256, record), _manifest(anatomy, 256)]
        return sorted([*pieces, *made], key=lambda one: one.origin)

    yield _pieces("index-other", "index record on the way to a segment before the last", "E-SRC-5",
                  source(LONG, segments=[255, 257], end=True, **path), full)


def _manifest(anatomy, number):
    return pw.PackageWriter._manifest_piece(None, anatomy, number)


def manifests():
    spec = clear("package deferred", signed_only(8, 3, 7), critical=DEFERRED, interval=4)
    yield _pieces("manifest-gap", "a manifest is missing on the way to the signature", "E-SRC-2",
                  source(spec, at_ms(0), at_ms(100)),
                  lambda pieces: [one for one in pieces if one.number != 2], failure=(0, 2))


def ends():
    def end(name, note, rule, **changes):
        found = source(clear("package clear", 2), container_hook=at("end", setting(**changes)))
        return bad(f"end-{name}", note, recipe(f"end {name}", found), rule,
                   sources=["not_authentic"])  # fmt: skip

    yield end("fewer", "the end record counts fewer segments than are carried", "E-SRC-6", segments=1)
    yield end("last-manifest", "the end record names another last manifest", "C-IDX-4",
              last_manifest=b"\x22" * 32)
    yield end("last-utc", "last UTC of the end record", "C-MAN-3", last_utc=T0)
    stamped = clear("package trailer", 2, trailers=[{"tsa": "tsa", "utc": EXPORTED}])
    yield _pieces("end-torn", "stops within a trailer", "E-FRM-1", source(stamped), lambda pieces: [
        *pieces[:-1], replace(pieces[-1], c=pieces[-1].c[:-100])], stamp_trust=TSA)


def parts():
    """Parts that must not be empty, and where attachments may not stand (E-FRM-1, E-FRM-6)."""

    def one(name, note, change, rule="E-FRM-1"):
        return bad(f"frame-{name}", note, base(hook=at("pieces", change)), rule)

    yield one("no-b", "a segment without records",
              lambda pieces: [replace(pieces[0], b=b""), *pieces[1:]])
    yield one("no-c", "an end frame without end",
              lambda pieces: [*pieces[:-1], replace(pieces[-1], c=b"")])
    yield one("fragment-empty", "an empty fragment", lambda pieces: [
        pieces[0], pw.Piece(f.FRAGMENT, 1, pieces[1].origin), pieces[2]])
    yield bad("order-attachment", "an attachment between a source and its segments",
              base(hook=_attached_within), "E-FRM-6")
    hook = at("manifest", lambda one: replace(one, first_utc=one.first_utc - 1), segment=0)
    found = source(mixed("bad mixed", 2), removed=(0,), container_hook=hook)
    yield bad("removed-first-utc", "first UTC is not that of the reference track, which is removed",
              recipe("removed first", found), "C-MAN-6", failure=(0, 0), sources=["not_authentic"])


def _attached_within(stage, value, **_context):
    if stage == "pieces":
        return [value[0], pw.Piece(f.ATTACHMENT, 0, b=b"text"), *value[1:]]
    if stage == "case":
        said = {"number": 0, "name": "a.txt", "media_type": None, "size": 4, "description": None,
                "sha256": sha256(b"text").hex(), "derivation": None}  # fmt: skip
        return {**value, "attachments": [said]}
    if stage == "link_fields":
        return replace(value, attachments=1)
    return value


def recordings():
    """Containers of one recording that contradict each other (E-VER-3)."""
    first = clear("package one", 1)
    second = linked(clear("package two", 1, base_utc=T0 + 200_000_000), first, sequence=1)

    def one(name, note, *specs):
        found = [source(spec, at_ms(0), at_ms(9000)) for spec in specs]
        verdicts = ["authentic"] * (len(specs) - 1) + ["not_authentic"]
        return bad(f"recording-{name}", note, recipe(f"recording {name}", *found), "E-VER-3",
                   sources=verdicts)  # fmt: skip

    def but(name, **changes):
        spec = {**second, "seed": f"package {name}"}
        return {**spec, "previous": {**second["previous"], **changes}}

    forked = linked(clear("package fork", 1, base_utc=T0 + 200_000_000), first, sequence=1)
    yield one("forked", "two containers of one sequence number", first, second, forked)
    yield one("replaced", "the link names another container", first, but("r", container_id="88" * 16))
    yield one("manifest", "the link names another manifest", first, but("m", hash="66" * 32))
    yield one("rolled-back", "the link names a segment that is not there any more", first,
              but("b", segment=1))


GROUPS = (records, index, manifests, ends, parts, recordings)
