# SPDX-License-Identifier: Apache-2.0
"""Cases that say what is not so, and JSON that is none (evidence.md, section 6)."""

import copy
from dataclasses import replace

from bad_package_base import CASE, bad, base
from faults import at
from recipes import mixed, recipe, source
from specs import clear
from svmsref import frames as f


def _one(name, note, change, rule="E-CAS-1", found=base):
    def altered(case):
        case = copy.deepcopy(case)
        change(case)
        return case

    return bad(f"case-{name}", note, found(hook=at("case", altered)), rule)


def _member(path, value):
    def change(case):
        for step in path[:-1]:
            case = case[step]
        case[path[-1]] = value

    return change


def cases():
    first = ("sources", 0)
    yield _one("format", "another format", _member(("format",), "case"), "E-CAS")
    yield _one("version", "version 2", _member(("version",), 2), "E-CAS")
    yield _one("missing", "a member is missing", lambda case: case.pop("comment"), "E-CAS")
    yield _one("text", "a number in place of a text", _member(("operator",), 7), "E-CAS")
    yield _one("time", "time with an offset", _member(("created",), "2023-11-15T22:13:20+00:00"), "E-CAS")
    yield _one("upper", "digest in upper case", _member((*first, "header"), "AB" * 32), "E-CAS")
    yield _one("fraction", "number with a fraction", _member((*first, "sequence"), 0.0), "E-CAS")
    yield _one("negative", "negative number", _member((*first, "sequence"), -1), "E-CAS")
    yield _one("zero-text", "text with U+0000", _member(("reason",), "a\0b"), "E-CAS")
    yield _one("large-number", "unlisted number beyond 64 bits", _member(("more",), 2**64), "E-CAS")
    yield _one("reexport", "re-export is not as link 0 says", _member(("reexport",), False))


def promises():
    """A case that promises what is not there."""
    first = ("sources", 0)
    yield _one("source-more", "a source that is not there",
              lambda case: case["sources"].append({**case["sources"][0], "number": 1}))
    yield _one("source-less", "a source is missing", lambda case: case["sources"].clear())
    yield _one("container", "another container id", _member((*first, "container_id"), "77" * 16))
    yield _one("header", "another header", _member((*first, "header"), "77" * 32))
    yield _one("sequence", "another sequence number", _member((*first, "sequence"), 1))
    yield _one("from", "another period", _member((*first, "from"), "2023-11-14T22:13:20Z"))
    yield _one("to", "another end of the period", _member((*first, "to"), "2023-11-14T22:13:20Z"))
    yield _one("first-segment", "promises an earlier segment", _member((*first, "last_segment"), 2))
    yield _one("last-segment", "begins later than it says", _member((*first, "first_segment"), 1))
    yield _one("segments-null", "no segments", lambda case: case["sources"][0].update(
        first_segment=None, last_segment=None))
    yield _one("first-utc", "promises an earlier time",
              _member((*first, "first_utc"), "2023-11-14T22:13:00Z"))
    yield _one("last-utc", "promises a later time",
              _member((*first, "last_utc"), "2023-11-14T23:13:20Z"))
    yield _one("track-kind", "sound instead of pictures",
              _member((*first, "tracks", 0, "kind"), "audio"))
    yield _one("track-codec", "another codec", _member((*first, "tracks", 0, "codec"), "hvc1"))
    yield _one("track-removed", "says a track was removed",
              _member((*first, "tracks", 0, "included"), False))
    yield _one("track-more", "a track that is not there", lambda case: case["sources"][0][
        "tracks"].append({"number": 1, "kind": "audio", "codec": "ulaw", "included": True}))
    yield _one("device", "another device", _member(("devices", 0, "device_id"), "77" * 16))
    yield _one("recording", "another recording", _member(("devices", 0, "recording_id"), "77" * 16))
    yield _one("device-twice", "a source in two devices",
              lambda case: case["devices"].append(case["devices"][0]))
    yield _one("device-none", "a source in no device", lambda case: case["devices"].clear())
    yield _one("device-phantom", "a device without a source", lambda case: case["devices"].append(
        {**case["devices"][0], "device_id": "77" * 16, "sources": []}))
    yield _one("created", "another time of creation", _member(("created",), "2023-11-15T22:13:21Z"))
    spec = clear("package described", 1, description=[[1, "Tor 3"], [2, "Hof"]])

    def described(**more):
        return recipe("described", source(spec), **more)

    for name, value in (("name", "Tor 4"), ("place", None), ("remark", "nach Norden")):
        yield _one(f"device-{name}", f"another {name} of the device than the recorder's",
                   _member(("devices", 0, name), value), "E-CAS-3", described)
    def undescribed(**more):
        return recipe("undescribed", source(clear("package clear", 2)), **more)

    yield _one("device-undescribed", "a name of which the recorder said nothing",
               _member(("devices", 0, "name"), "Tor 4"), "E-CAS-3", undescribed)
    yield _one("presentation", "presentation in a package", _member(("presentation",), {
        "name": "a.mp4", "media_type": "video/mp4", "size": 1, "sha256": "77" * 32, "tracks": [],
        "derivation": None}))
    removed = source(mixed("bad mixed", 2), removed=(1,))

    def hidden(**more):
        return recipe("bad case removed", removed, **more)

    yield _one("track-included", "says that a removed track is there",
              _member((*first, "tracks", 1, "included"), True), found=hidden)


def attached():
    def found(**more):
        return recipe("bad attachment", source(clear("package clear", 2)), attachments=[
            {"name": "a.txt", "content": b"text", "derived": {"source": 0, "track": 0}}], **more)

    first = ("attachments", 0)
    origin = (*first, "derivation", "from", 0)
    yield _one("attachment-size", "another size", _member((*first, "size"), 5), found=found)
    yield _one("attachment-digest", "another digest", _member((*first, "sha256"), "77" * 32),
              found=found)
    yield _one("attachment-less", "attachment that the case does not name",
              lambda case: case["attachments"].clear(), found=found)
    for number, name in enumerate(("../a", "a\\b", ".", "..", "", "a\x07", "x" * 256, "a\x85",
                                  "fdp\u202egpj.exe", "a\u2066b", "\u061ca", "a\u200f")):
        yield _one(f"name-{number}", "name that a file may not have", _member((*first, "name"), name),
                  "E-CAS-4", found)
    yield _one("derived-hash", "derivation with another hash",
              _member((*origin, "first_manifest"), "77" * 32), found=found)
    yield _one("derived-segment", "derivation from a segment that is not carried",
              _member((*origin, "last_segment"), 2), found=found)
    yield _one("derived-track", "derivation from a track that is not there",
              _member((*origin, "track"), 1), found=found)
    yield _one("derived-source", "derivation from a source that is not there",
              _member((*origin, "source"), 1), found=found)
    yield _one("derived-order", "derivation from segments in falling order",
              lambda case: case["attachments"][0]["derivation"]["from"][0].update(
                  first_segment=1, last_segment=0), found=found)
    yield bad("attachment", "a byte of an attachment", found(), "E-DIR-2",
              reshape=lambda data, w: data.replace(b"text", b"texT", 1))

    def numbered(stage, value, **_context):
        return replace(value, number=1) if stage == "piece" and value.kind == f.ATTACHMENT else value

    yield bad("attachment-number", "first attachment is number 1", found(hook=numbered), "E-FRM-6")


def json_text():
    def one(name, note, change):
        return bad(f"json-{name}", note, base(hook=at("case_bytes", change)), "E-CAS")

    yield one("not", "no JSON", lambda b: b[:-1])
    yield one("trailing", "something behind the object", lambda b: b + b"{}")
    yield one("array", "an array", lambda b: b"[" + b + b"]")
    yield one("twice", "a name twice", lambda b: b[:-1] + b',"case":"other"}')
    yield one("twice-deep", "a name twice, deeper", lambda b: b[:-1] + b',"x":{"a":1,"a":1}}')
    yield one("deep", "33 levels", lambda b: b[:-1] + b',"x":' + b"[" * 32 + b"]" * 32 + b"}")
    yield one("utf8", "not UTF-8", lambda b: b[:-1] + b',"x":"\xff"}')
    yield one("mark", "byte order mark", lambda b: b"\xef\xbb\xbf" + b)
    yield one("half", "half of a character", lambda b: b[:-1] + b',"x":"\\ud800"}')
    yield one("nan", "a number that is none", lambda b: b[:-1] + b',"x":NaN}')
    yield bad("json-empty", "empty case", base(hook=at("case_bytes", lambda b: b"")),
              "E-FRM-1")
    yield bad("case-none", "no case", base(hook=_no_case), "E-FRM-6")


def _no_case(stage, value, **context):
    if stage in ("frame_header", "entry") and context["place"] == CASE:
        return replace(value, kind=f.ATTACHMENT)
    if stage == "link_fields" and context["link"] == 0:
        return replace(value, attachments=1)
    return value


GROUPS = (cases, promises, attached, json_text)
