# SPDX-License-Identifier: Apache-2.0
"""The case of a package: JSON, and whether it agrees with the frames (evidence.md, section 6)."""

import datetime
import json
import math
import re

from . import constants as c
from .errors import ContainerError
from .frames import MAX_CASE, PROOF

MAX_DEPTH = 32
MAX_VALUES = 524_288
MAX_FROM = 4_096
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_EPOCH = datetime.datetime(1970, 1, 1)
FIRST_TIME = -9_214_560_000_000_000_000  # 1678
END_OF_TIME = 9_214_646_400_000_000_000  # 2262
KINDS = {1: "video", 2: "audio", 3: "metadata"}


def format_time(utc):
    """RFC 3339; None where the time is not known or has no form."""
    if not FIRST_TIME <= utc < END_OF_TIME:
        return None
    seconds, rest = divmod(utc, c.NS)
    text = (_EPOCH + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"


def parse_time(text):
    """Nanoseconds; ValueError for other forms than YYYY-MM-DDTHH:MM:SS[.f]Z."""
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("time")
    moment = datetime.datetime(*(int(part) for part in found.groups()[:6]))
    seconds = (moment - _EPOCH) // datetime.timedelta(seconds=1)
    utc = seconds * c.NS + int((found[7] or "").ljust(9, "0"))
    if not 1678 <= moment.year <= 2261:
        raise ValueError("time beyond 64 bits")
    return utc


# ---- JSON ----


def _fail(message, rule="E-CAS"):
    raise ContainerError(rule, message)


def _unique(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        _fail("name occurs twice")
    return dict(pairs)


def _measure(text):
    """(nesting of arrays and objects, values as E-OVR-5 counts them), outside of texts."""
    depth, deepest, values = 0, 0, 1
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', text, re.DOTALL):
        if token[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= 1
        values += token[0] in "[{,"
    return deepest, values


def _constant(_text):
    _fail("no number of JSON")


def _is_wrong(value):
    """Half a character, U+0000, or a number beyond 64 bits, anywhere."""
    if isinstance(value, str):
        return any(one == "\0" or 0xD800 <= ord(one) < 0xE000 for one in value)
    if isinstance(value, dict):
        return any(_is_wrong(one) for pair in value.items() for one in pair)
    if isinstance(value, int):
        return not -(2**63) <= value < 2**63
    if isinstance(value, float):
        return math.isinf(value)
    return isinstance(value, list) and any(_is_wrong(one) for one in value)


def parse(data):
    """The object; ContainerError when it is none."""
    if len(data) > MAX_CASE:
        _fail("too large", "E-OVR-5")
    try:
        text = data.decode()
        depth, values = _measure(text)
        if depth > MAX_DEPTH or values > MAX_VALUES:
            _fail("nested too deeply, or too many values")
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise ContainerError("E-CAS", "not JSON in UTF-8") from error
    if not isinstance(found, dict) or _is_wrong(found):
        _fail("not one object, or text or number that may not be")
    return found


# ---- members ----


def _text(value):
    return isinstance(value, str)


def _text_or_null(value):
    return value is None or _text(value)


def _number(value):
    return type(value) is int and 0 <= value < 2**63


def _number_or_null(value):
    return value is None or _number(value)


def _time(value):
    try:
        return _text(value) and parse_time(value) is not None
    except ValueError:
        return False


def _time_or_null(value):
    return value is None or _time(value)


def _hex(size):
    return lambda value: _text(value) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value) is not None


def _list_of(check):
    return lambda value: isinstance(value, list) and all(check(one) for one in value)


def _object(members):
    def check(value):
        return isinstance(value, dict) and all(
            name in value and fits(value[name]) for name, fits in members.items()
        )

    return check


def _or_null(check):
    return lambda value: value is None or check(value)


def _bool(value):
    return isinstance(value, bool)


_ORIGINAL = _object({
    "source": _number, "track": _number_or_null, "first_segment": _number,
    "last_segment": _number, "first_manifest": _hex(32), "last_manifest": _hex(32),
})  # fmt: skip
_DERIVATION = _or_null(
    _object({"method": _text, "tool": _text_or_null, "from": _list_of(_ORIGINAL)})
)
_UNVERIFIED = _object(
    {"segment": _number_or_null, "time": _time_or_null, "offset": _number_or_null, "reason": _text}
)
_VERIFICATION = _object({
    "verdict": _text, "identity": _text, "signer": _text_or_null, "attested": _time_or_null,
    "checked": _time, "reason": _text_or_null, "unverified_count": _number,
    "unverified": _list_of(_UNVERIFIED),
})  # fmt: skip
_DEVICE = _object({
    "device_id": _hex(16), "recording_id": _hex(16), "name": _text_or_null,
    "place": _text_or_null, "remark": _text_or_null, "sources": _list_of(_number),
})  # fmt: skip
_TRACK = _object({"number": _number, "kind": _text, "codec": _text, "included": _bool})
_SOURCE = _object({
    "number": _number, "container_id": _hex(16), "header": _hex(32), "sequence": _number,
    "from": _time_or_null, "to": _time_or_null, "first_segment": _number_or_null,
    "last_segment": _number_or_null, "first_utc": _time_or_null, "last_utc": _time_or_null,
    "tracks": _list_of(_TRACK), "verification": _VERIFICATION,
})  # fmt: skip
_ATTACHMENT = _object({
    "number": _number, "name": _text, "media_type": _text_or_null, "size": _number,
    "sha256": _hex(32), "description": _text_or_null, "derivation": _DERIVATION,
})  # fmt: skip
_PRESENTED = _object({"track": _number, "presentation_track": _number})
_PRESENTATION = _object({
    "name": _text, "media_type": _text, "size": _number, "sha256": _hex(32),
    "tracks": _list_of(_PRESENTED), "derivation": _DERIVATION,
})  # fmt: skip
_MEMBERS = {
    "format": lambda value: value == "svms-case",
    "version": lambda value: type(value) is int and value == 1,
    "case": _text_or_null,
    "operator": _text_or_null,
    "reason": _text_or_null,
    "comment": _text_or_null,
    "created": _time,
    "profile": _text_or_null,
    "audit_reference": _text_or_null,
    "reexport": _bool,
    "formats": _list_of(_text),
    "devices": _list_of(_DEVICE),
    "sources": _list_of(_SOURCE),
    "attachments": _list_of(_ATTACHMENT),
    "presentation": _or_null(_PRESENTATION),
}


def check_members(found):
    for name, fits in _MEMBERS.items():
        if name not in found or not fits(found[name]):
            _fail(f"member {name} is missing or has another form")


# ---- against the frames ----


def _require(condition, message, rule="E-CAS-1"):
    if not condition:
        _fail(message, rule)


def codec_name(codec):
    printable = all(0x20 <= one <= 0x7E for one in codec)
    return codec.decode("ascii") if printable else "0x" + codec.hex()


def _check_source(said, source):
    header = source.header
    if header is None:
        return  # what is wrong with it is the source's own verdict
    about = (said["container_id"], said["header"], said["sequence"])
    true = (header.container_id.hex(), header.hash.hex(), header.sequence)
    _require(about == true, f"source {source.number}: container, header or sequence")
    period = (said["from"], said["to"])
    true = (source.start, source.stop)
    period = tuple(c.NO_TIME if one is None else parse_time(one) for one in period)
    _require(period == true, f"source {source.number}: period")
    numbers = sorted(source.carried)
    ends = (numbers[0], numbers[-1]) if numbers else (None, None)
    about = (said["first_segment"], said["last_segment"])
    _require(about == ends, f"source {source.number}: segments")
    _check_times(said, source)
    tracks = [
        (track.number, KINDS[track.kind], codec_name(track.codec), not source.mask >> track.number & 1)
        for track in header.tracks
    ]
    about = [tuple(one[n] for n in ("number", "kind", "codec", "included")) for one in said["tracks"]]
    _require(about == tracks, f"source {source.number}: tracks")


def _check_times(said, source):
    known = source.times.values()
    first = min((one[0] for one in known), default=c.NO_TIME)
    last = max((one[1] for one in known), default=c.NO_TIME)
    about = [said["first_utc"], said["last_utc"]]
    true = [format_time(first), format_time(last)]
    for one, wanted in zip(about, true):
        same = one == wanted or (one and wanted and parse_time(one) == parse_time(wanted))
        _require(same, f"source {source.number}: times")


def _check_created(found, header):
    """To the second at least."""
    said = parse_time(found["created"])
    _require(said // c.NS == header.created_utc // c.NS, "another time of creation")


TEXTS = ((1, "name"), (2, "place"), (3, "remark"))


def _check_texts(device, sources):
    """E-CAS-3: what the recorder says of the device in clear."""
    header = sources[min(device["sources"])].header
    if header is None or header.sealed_description is not None:
        return
    texts = dict(header.description or ())
    for kind, name in TEXTS:
        _require(device[name] == texts.get(kind), f"{name} of a device", "E-CAS-3")


def _check_devices(found, sources):
    named = [number for device in found["devices"] for number in device["sources"]]
    _require(sorted(named) == list(range(len(sources))), "each source is in exactly one device")
    for device in found["devices"]:
        _require(device["sources"], "device without a source")
        for number in device["sources"]:
            header = sources[number].header
            if header is None:
                continue
            true = (header.device_id.hex(), header.recording_id.hex())
            about = (device["device_id"], device["recording_id"])
            _require(about == true, "device or recording of a source")
        _check_texts(device, sources)


def _check_derivation(derivation, sources):
    _require(len((derivation or {}).get("from", [])) <= MAX_FROM, "derivation", "E-OVR-5")
    for one in (derivation or {}).get("from", []):
        _require(_time_or_null(one.get("time")), "time of a derivation")
        _require(one["source"] < len(sources), "derivation from a source that is not there")
        source = sources[one["source"]]
        _require(source.header is not None, "derivation from a source that cannot be read")
        track = one["track"]
        tracks = len(source.header.tracks)
        _require(track is None or track < tracks, "derivation from a track that is not there")
        ends = (one["first_segment"], one["last_segment"])
        _require(ends[0] <= ends[1], "derivation from segments in falling order")
        for number, name in zip(ends, ("first_manifest", "last_manifest")):
            node = source.nodes.get(number) if number in source.carried else None
            _require(node is not None, "derivation from a segment that is not carried")
            _require(node.hash.hex() == one[name], "derivation with another hash")


def _is_control(code):
    if code < 0x20 or 0x7F <= code < 0xA0 or code in (0x061C, 0x200E, 0x200F):
        return True
    return 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069


def check_name(name):
    """E-CAS-4."""
    size = len(name.encode())
    wrong = any(one in "/\\" or _is_control(ord(one)) for one in name)
    _require(1 <= size <= 255 and not wrong and name not in (".", ".."), "name", "E-CAS-4")


def _check_attachments(found, attachments, sources):
    numbers = [one["number"] for one in found["attachments"]]
    _require(numbers == list(range(len(attachments))), "attachments")
    for said, true in zip(found["attachments"], attachments):
        check_name(said["name"])
        about = (said["size"], said["sha256"])
        # A body that does not open has no size and digest to compare with.
        _require(true is None or about == true, f"attachment {said['number']}")
        _check_derivation(said["derivation"], sources)


def check(found, sources, attachments, header, policy, presented):
    """ContainerError where the case says what is not so. attachments: (size, sha256) or None;
    presented: (size, sha256) as link 0 says."""
    check_members(found)
    kind = header.kind
    _check_created(found, header)
    _require(found["reexport"] == (not policy & 1), "re-export is not as link 0 says")
    numbers = [one["number"] for one in found["sources"]]
    _require(numbers == list(range(len(sources))), "sources")
    for said, source in zip(found["sources"], sources):
        _check_source(said, source)
    _check_devices(found, sources)
    _check_attachments(found, attachments, sources)
    _require((found["presentation"] is not None) == (kind == PROOF), "presentation")
    if kind == PROOF:
        _require((found["presentation"]["size"], found["presentation"]["sha256"]) == presented,
                 "presentation is not that of link 0")  # fmt: skip
        check_name(found["presentation"]["name"])
        tracks = found["presentation"]["tracks"]
        for name in ("track", "presentation_track"):
            named = [one[name] for one in tracks]
            _require(len(named) == len(set(named)), "track named twice", "E-PRF-1")
        _check_derivation(found["presentation"]["derivation"], sources)
