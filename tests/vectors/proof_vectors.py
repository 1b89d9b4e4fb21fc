# SPDX-License-Identifier: Apache-2.0
"""Proofs: each entry with its presentation (evidence.md, section 9)."""

import copy
import struct
from dataclasses import replace

import mp4_file
from bad_package_base import bad
from faults import at, flip
from good_signatures import LATE, late_by
from recipes import at_ms, by, container, custodian, entry, mixed, recipe, source
from specs import clear, strong, track
from svmsref import frames as f
from svmsref import leaves as lv
from svmsref import package_writer as pw
from svmsref import verifier
from svmsref.wire import with_crc

JPEG = b"\xff\xd8\xff\xfe\0\x0cvectors 10\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"a decoded picture"
PICTURE = {"kind": "video", "codec": "jpeg", "default_duration": 9000, "width": 64, "height": 48}
CODECS = {"avc1": b"avc1", "ulaw": b"ulaw"}


def plain_samples(spec, numbers, segments):
    """{track: [(bytes, time until the next)]} of these segments, opened."""
    request = verifier.Request(password=spec.get("password"), keep_data=True)
    found = {number: [] for number in numbers}
    for one in verifier.verify(container(spec)[0], request).samples:
        if one.track in found and one.segment in segments:
            found[one.track].append(one)
    return {number: _timed(samples) for number, samples in found.items()}


def _timed(samples):
    nexts = [one.dts for one in samples[1:]]
    nexts += [one.dts + one.duration for one in samples[-1:]]
    return [(one.data, behind - one.dts) for one, behind in zip(samples, nexts)]


def film(spec, numbers, segments, name=b"svmsref"):
    """An MP4 of these tracks; the first is number 1."""
    samples = plain_samples(spec, numbers, segments)
    tracks = []
    for number in numbers:
        about = spec["tracks"][number]
        tracks.append({
            "kind": about["kind"], "codec": CODECS[about["codec"]],
            "scale": about.get("timebase", [1, 90000])[1], "samples": samples[number],
        })  # fmt: skip
    return mp4_file.make(tracks, name)


def presented(data, numbers, media_type="video/mp4", **more):
    """Options of the writer."""
    first = 0 if media_type.startswith("image/") else 1
    tracks = [{"track": one, "presentation_track": first + n} for n, one in enumerate(numbers)]
    said = {"name": "presentation", "media_type": media_type, "tracks": tracks, "derivation": None}
    texts = {"formats": ["mp4" if first else media_type[6:]]}
    return {"options": {"kind": f.PROOF, "presentation": {**said, **more}, "presented": data,
                        "texts": texts}}  # fmt: skip


def proof(name, spec, numbers, segments, data=None, media_type="video/mp4", **more):
    """(recipe, presentation)"""
    data = film(spec, numbers, segments) if data is None else data
    values = {"presented": tuple(numbers)}
    for key in ("start", "stop", "removed", "secrets", "container_hook"):
        if key in more:
            values[key] = more.pop(key)
    found = recipe(name, source(spec, **values), **presented(data, numbers, media_type), **more)
    return found, data


def of(found, verdict="authentic", name="", note="", presentation=None, **more):
    made, data = found
    made_entry = entry(name, note, made, verdict, **more)
    made_entry["presentation"] = data if presentation is None else presentation
    return made_entry


def camera_picture():
    """A camera that sends JPEG: two pictures, the second is presented."""
    return strong("proof jpeg", [
        {"samples": [{"dts": n * 9000, "data": JPEG.replace(b"10", b"%02d" % (10 + n)).hex(),
                      "flags": 1}]} for n in range(2)], tracks=[track(PICTURE, "strong")])


def good():
    spec = strong("proof strong", 3)
    yield of(proof("film", spec, (0,), range(3)), name="good-proof-film",
             note="a clear film of a strong container")
    yield of(proof("film custodian", spec, (0,), range(3), links=[by(), custodian()]),
             name="good-proof-custodian", note="a custodian signed on top")
    yield of(proof("film range", clear("package periods", 6), (0,), (1, 2), start=at_ms(250),
                   stop=at_ms(550)), name="good-proof-range", note="a period, nothing encrypted")
    many = mixed("proof mixed", 2)
    yield of(proof("film two", many, (0, 1), range(2)), name="good-proof-two-tracks",
             note="strong video, light sound; hashes of the metadata")
    yield of(proof("film one", many, (0,), range(2)), name="good-proof-one-track",
             note="strong video; hashes of sound, whose secrets are not given, and of metadata")
    yield of(proof("film removed", many, (0,), range(2), removed=(1,)),
             name="good-proof-removed", note="without sound")
    yield of(proof("film late", clear("package late", critical=LATE, **late_by(6, 2)), (0,), (2,),
                   start=at_ms(200), stop=at_ms(300)), name="good-proof-late",
             note="late signatures")
    picture = camera_picture()
    shown = JPEG.replace(b"10", b"11")
    yield of(proof("picture", picture, (0,), (1,), shown, "image/jpeg", start=at_ms(100),
                   stop=at_ms(200)), name="good-proof-jpeg", note="a picture that is a sample")
    yield of(decoded("decoded"), name="good-proof-decoded", note="a picture that was decoded")
    yield of(proof("film", spec, (0,), range(3)), "incomplete", "good-proof-remuxed",
             "another file with the same samples", film(spec, (0,), range(3), b"remuxed"))
    yield of(proof("film no secrets", spec, (0,), range(3), secrets=False), "undecryptable",
             "good-proof-no-secrets", "no secrets: samples cannot be compared")


def decoded(name, **more):
    spec = strong("proof strong", 3)
    found = proof(name, spec, (), (1,), PNG, "image/png", start=at_ms(200), stop=at_ms(400))
    found[0]["derived"] = {"source": 0, "track": 0, "method": "decoded",
                           "time": "2023-11-14T22:13:20.2Z"}  # fmt: skip
    found[0].update(more)
    return found


def altered():
    """The presentation is not what was recorded."""
    spec = strong("proof strong", 3)
    made = proof("film", spec, (0,), range(3))
    data = made[1]
    start = data.index(b"mdat") + 4

    def one(name, note, change, found=made, verdict="not_authentic", **more):
        return of(found, verdict, f"bad-proof-{name}", note, change(found[1]), rule="", **more)

    yield one("sample", "a bit of the fourth sample", flip(start + 3 * 40 + 7), sample=(0, 3))
    yield one("first", "a bit of the first sample", flip(start), sample=(0, 0))
    yield one("last", "a bit of the last sample", flip(start + 6 * 40 - 1), sample=(0, 5))
    yield one("reordered", "two pictures swapped", lambda b: _swapped(b, start), sample=(0, 1))
    yield one("box", "a bit outside of the samples", flip(data.index(b"svmsref")),
              verdict="incomplete")
    yield of(made, "not_authentic", "bad-proof-missing", "the last picture is missing",
             _film(spec, lambda s: s[:-1]), rule="", sample=(0, 5))
    yield of(made, "not_authentic", "bad-proof-cut-out", "the third picture is missing",
             _film(spec, lambda s: s[:2] + s[3:]), rule="", sample=(0, 2))
    yield of(made, "not_authentic", "bad-proof-added", "a picture too many",
             _film(spec, lambda s: [*s, (b"more", 9000)]), rule="", sample=(-1, 6))
    two = mixed("proof mixed", 2)
    pair = proof("film two", two, (0, 1), range(2))
    yield of(pair, "not_authentic", "bad-proof-sound", "a bit of the sound",
             flip(pair[1].index(b"mdat") + 4 + 2 * 50 + 15)(pair[1]), rule="", sample=(1, 1))
    yield of(proof("film", spec, (0,), range(3)), "not_authentic", "bad-proof-more-tracks",
             "a track too many", mp4_file.make(_tracks(spec) * 2), rule="", sample=(-1, 0))
    yield of(decoded("decoded"), "not_authentic", "bad-proof-decoded", "another decoded picture",
             PNG + b"!", rule="")


def _tracks(spec):
    samples = plain_samples(spec, (0,), range(3))[0]
    return [{"kind": "video", "codec": b"avc1", "scale": 90000, "samples": samples}]


def _film(spec, change):
    tracks = _tracks(spec)
    tracks[0]["samples"] = change(tracks[0]["samples"])
    return mp4_file.make(tracks)


def _without_third(samples):
    """The second picture stays until the fourth."""
    second, third = samples[1:3]
    return [samples[0], (second[0], second[1] + third[1]), *samples[3:]]


def _swapped(data, start):
    first, second = data[start + 40 : start + 80], data[start + 80 : start + 120]
    return data[: start + 40] + second + first + data[start + 120 :]


# ---- proofs that break a rule ----


def _leaves(change):
    """Part B of segment 1's leaves: a list of (form, track, content, zero)."""

    def hook(stage, value, **_context):
        if stage != "piece" or value.kind != f.LEAVES or value.number != 1:
            return value
        entries, position = [], 0
        while position < len(value.b):
            form, number, zero, size = struct.unpack(">BBHI", value.b[position : position + 8])
            entries.append((form, number, value.b[position + 8 : position + 8 + size], zero))
            position += 8 + size
        changed = change(copy.deepcopy(entries))
        return replace(value, b=b"".join(lv.pack_entry(*one) for one in changed))

    return hook


def _put(place, **changes):
    names = ("form", "track", "content", "zero")

    def change(entries):
        values = dict(zip(names, entries[place]))
        for name, new in changes.items():
            values[name] = new(values[name]) if callable(new) else new
        entries[place] = tuple(values.values())
        return entries

    return change


def broken():
    spec = strong("proof strong", 3)

    def one(name, note, change, rule="E-PRF-2", **more):
        found, data = proof("film broken", spec, (0,), range(3), hook=_leaves(change))
        made = bad(f"proof-{name}", note, found, rule,
                   **{"failure": (0, 1), "sources": ["not_authentic"], **more})
        return {**made, "presentation": data}

    yield one("form-4", "entry of form 4", _put(1, form=4))
    yield one("zero", "reserved bytes of an entry", _put(1, zero=1))
    yield one("form-track", "a record of track 0", _put(0, track=0))
    yield one("hash-auxiliary", "hash in place of the segment start", lambda e: [
        (3, 255, bytes(32), 0), *e[1:]])
    yield one("leaf", "leaf hash of a sample", _put(1, content=flip(-1)), "C-MAN-3")
    yield one("leaf-form-3", "leaf hash of a sample that is not presented",
              lambda e: [e[0], (3, 0, bytes(32), 0), e[2]], "C-MAN-3")
    yield one("swapped", "two samples swapped", lambda e: [e[0], e[2], e[1]])
    yield one("dropped", "a sample is missing", lambda e: e[:-1], "C-MAN-3")
    yield one("repeated", "a sample twice", lambda e: [*e, e[-1]])
    yield one("no-start", "the segment start is missing", lambda e: e[1:])
    yield one("start", "a byte of the segment start", _put(0, content=flip(60)), "C-MAN-3")
    yield one("short", "entry that is too short", _put(1, content=lambda b: b[:-1]))
    yield one("track", "sample of a track that the container has not", _put(1, track=1))
    yield one("empty", "no entries", lambda e: [], "E-FRM-1")
    yield one("record", "a record header's time", _put(1, content=_later), "C-MAN-3")
    segment = at("piece", lambda p: replace(p, kind=f.SEGMENT) if p.kind == f.LEAVES else p)
    found, data = proof("film segments", spec, (0,), range(3), hook=segment)
    yield {**bad("proof-segments", "segments in a proof", found, "E-FRM-1"), "presentation": data}
    found, _ = proof("film left out", spec, (0,), range(3), _film(spec, _without_third),
                     hook=_leaves(lambda e: [e[0], (3, 0, e[1][2][-32:], 0), e[2]]))  # fmt: skip
    yield {**bad("proof-left-out", "a picture that the exporter left out of the film", found, "",
                 "incomplete", sources=["authentic"]),
           "presentation": found["options"]["presented"]}  # fmt: skip
    yield from _cases(spec)


def _later(content):
    head = bytearray(content[:20])
    head[19] ^= 1
    return with_crc(bytes(head)) + content[24:]


def _cases(spec):
    def one(name, note, change, rule):
        found, data = proof("film case", spec, (0,), range(3), hook=at("case", change))
        return {**bad(f"proof-{name}", note, found, rule), "presentation": data}

    def said(**changes):
        return lambda case: {**case, "presentation": {**case["presentation"], **changes}}

    yield one("case-null", "no presentation", lambda case: {**case, "presentation": None},
              "E-CAS-1")
    yield one("case-size", "another size", said(size=7), "E-CAS-1")
    yield one("case-digest", "another digest", said(sha256="77" * 32), "E-CAS-1")
    yield one("case-twice", "a track named twice", said(tracks=[
        {"track": 0, "presentation_track": 1}, {"track": 0, "presentation_track": 2}]), "E-PRF-1")
    yield one("case-twice-other", "two tracks in one of the presentation", said(tracks=[
        {"track": 0, "presentation_track": 1}, {"track": 1, "presentation_track": 1}]), "E-PRF-1")
    yield one("case-unnamed", "presented samples of a track that is not named", said(tracks=[]), "")
    found, data = decoded("decoded film", hook=at("case", said(media_type="video/mp4")))
    yield {**bad("proof-no-samples", "a film without any sample", found, "E-FLM-1"), "presentation": data}
    found, data = proof("not derived", spec, (), (1,), PNG, "image/png", start=at_ms(200),
                        stop=at_ms(400))  # fmt: skip
    yield {**bad("proof-not-derived", "decoded picture without derivation", found, ""),
           "presentation": data}
    other = proof("film", spec, (0,), range(3), hook=at(
        "piece", lambda p: replace(p, a=flip(9)(p.a)) if p.kind == f.LEAVES and p.number == 1 else p))
    yield {**bad("proof-secret", "a secret that does not fit", other[0], "C-KEY-5",
                 "undecryptable", failure=(0, 1)), "presentation": other[1]}
    yield from _secrets()
    hook = at("manifest", lambda one: replace(one, first_utc=one.first_utc - 1), segment=1)
    found, data = proof("film first utc", spec, (0,), range(3), container_hook=hook)
    yield {**bad("proof-first-utc", "first UTC is not that of the first track", found, "C-MAN-6",
                 failure=(0, 1), sources=["not_authentic"]), "presentation": data}


def _secrets():
    """Secrets of other tracks than those of which samples are presented."""
    spec = mixed("proof mixed", 2)

    def more(piece):
        if piece.kind != f.LEAVES or piece.number != 0:
            return piece
        data, writer = container(spec)
        salt = pw.Anatomy(data).segments[0].manifest.salt
        return replace(piece, a=piece.a + b"\1" + writer.keys.track_secret(0, 1, salt))

    made = proof("film secret more", spec, (0,), range(2), hook=at("piece", more))
    yield {**bad("proof-secret-more", "secret of sound that is not presented", made[0], "E-FRM-3",
                 failure=(0, 0), sources=["not_authentic"]), "presentation": made[1]}
    made = proof("film secret less", spec, (0, 1), range(2), hook=at(
        "piece", lambda p: replace(p, a=p.a[:33]) if p.kind == f.LEAVES and p.number == 0 else p))
    yield {**bad("proof-secret-less", "a secret of presented sound is missing", made[0], "E-FRM-3",
                 failure=(0, 0), sources=["not_authentic"]), "presentation": made[1]}


GROUPS = (good, altered, broken)


def all_proofs():
    for group in GROUPS:
        yield from group()
