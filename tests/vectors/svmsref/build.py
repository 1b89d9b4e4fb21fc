# SPDX-License-Identifier: Apache-2.0
"""From a description (JSON) to a container, and what a reader must find in it.

{"seed": text, "signer": {"cert": file, "key": file, "role": "recorder"}, "password": text,
 "log2_n": 10, "recipients": [file], "description": [[1, "door"]], "tracks": [{"kind": "video",
 "protection": "strong", "codec": "avc1", "timebase": [1, 90000], ...}], "segments": [{"samples":
 [{"track": 0, "dts": 0, "flags": 1, "data": hex or "size": n, ...}], "gap_reason": 0}],
 "close": true, ...}; whatever is left out has a default.
"""

import base64
import functools
import os

from cryptography.hazmat.primitives import serialization

from . import constants as c
from . import samples as s
from . import trust
from . import writer as w
from .access import Kek
from .errors import UsageError
from .header import Previous, Track
from .officer import OfficerFields
from .primitives import SeededRandom, SystemRandom, sha256

KINDS = {"video": c.VIDEO, "audio": c.AUDIO, "metadata": c.METADATA}
PROTECTIONS = {"strong": c.STRONG, "light": c.LIGHT, "none": c.NONE}
ROLES = {name: number for number, name in c.ROLE_NAMES.items()}
_TRACK_NUMBERS = ("default_duration", "width", "height", "sample_rate", "channels")
_OPTION_NUMBERS = (
    "log2_n", "with_keys", "description", "sequence", "created_utc", "base_utc", "origin",
    "capture_source", "segment_ns", "segment_bytes", "software", "slot_size", "minor",
    "compatible", "critical", "interval",
)  # fmt: skip
_SEGMENT_NUMBERS = (
    "start_utc", "start_monotonic", "made_utc", "made_monotonic", "clock_state", "gap_reason",
)  # fmt: skip


def read_file(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


@functools.lru_cache(maxsize=256)
def load_private_key(pem):
    return serialization.load_pem_private_key(pem, None)


def load_public_key(pem):
    if b"CERTIFICATE" in pem:
        return trust.load_anchors(pem)[0].public_key()
    return serialization.load_pem_public_key(pem)


def load_kek(pem):
    """Label "SVMS KEY-ENCRYPTION KEY": 16 bytes id, 32 bytes key."""
    lines = [line for line in pem.decode("ascii").splitlines() if line and line[0] != "-"]
    data = base64.b64decode("".join(lines))
    return Kek(data[:16], data[16:48])


def _recipient(folder, name):
    pem = read_file(folder, name)
    return load_kek(pem) if b"KEY-ENCRYPTION KEY" in pem else load_public_key(pem)


def _track(description):
    numbers = {name: description[name] for name in _TRACK_NUMBERS if name in description}
    numerator, denominator = description.get("timebase", [1, 90000])
    return Track(
        KINDS[description["kind"]],
        PROTECTIONS[description["protection"]],
        description["codec"].encode("ascii"),
        numerator,
        denominator,
        config=bytes.fromhex(description.get("config", "")),
        **numbers,
    )


def _data(sample, seed):
    if "data" in sample:
        return bytes.fromhex(sample["data"])
    return SeededRandom(seed)(sample["size"])


def samples_of(spec):
    """All samples of a description, a list for each segment."""
    segments = []
    for number, segment in enumerate(spec["segments"]):
        samples = []
        for place, one in enumerate(segment["samples"]):
            sample = w.Sample(
                one.get("track", 0),
                one["dts"],
                _data(one, f"{spec.get('data_seed', '')}/{number}/{place}"),
                one.get("pts"),
                one.get("duration"),
                one.get("flags", 0),
                [tuple(item) for item in one["ranges"]] if "ranges" in one else None,
                one.get("utc"),
            )
            samples.append(sample)
        segments.append(samples)
    return segments


def _options(spec, folder):
    values = {name: spec[name] for name in _OPTION_NUMBERS if name in spec}
    options = w.Options([_track(one) for one in spec["tracks"]], **values)
    signer = spec.get("signer")
    if signer:
        options.chain = trust.load_anchors(read_file(folder, signer["cert"]))
        options.key = load_private_key(read_file(folder, signer["key"]))
        options.role = ROLES[signer.get("role", "recorder")]
    options.password = spec.get("password")
    options.recipients = [
        _recipient(folder, name) for name in spec.get("recipients", [])
    ]
    if "officer" in spec:
        chain = trust.load_anchors(read_file(folder, spec["officer"]["cert"]))
        key = load_private_key(read_file(folder, spec["officer"]["key"]))
        options.officer = OfficerFields(chain, key)
    for name in ("container_id", "recording_id", "device_id"):
        if name in spec:
            setattr(options, name, bytes.fromhex(spec[name]))
    if "previous" in spec:
        link = spec["previous"]
        options.previous = Previous(
            bytes.fromhex(link["container_id"]),
            link["segment"],
            bytes.fromhex(link["hash"]),
            link["state"],
        )
    fields = spec.get("optional_fields", [])
    options.optional_fields = [(tag, bytes.fromhex(value)) for tag, value in fields]
    return options


def _batch(description):
    return None if description is None else w.Batch(**description)


def _late(found):
    """Numbers, or [number, batch]."""
    pairs = [one if isinstance(one, list) else [one, None] for one in found]
    return [(number, _batch(batch)) for number, batch in pairs]


def _authority(found, folder):
    """{"tsa": name in keys/, "utc": ns} or {"token": hex}."""
    made = w.Authority([], None, found.get("utc", 0), found.get("fraction", ""))
    made.kind = found.get("kind", 1)
    if "token" in found:
        made.token = bytes.fromhex(found["token"])
    else:
        name, key = found["tsa"], found.get("key", found["tsa"])
        made.chain = trust.load_anchors(read_file(folder, f"keys/{name}.pem"))
        made.key = load_private_key(read_file(folder, f"keys/{key}.key.pem"))
    return made


def _segment_options(segment, folder):
    options = {name: segment[name] for name in _SEGMENT_NUMBERS if name in segment}
    if "evidence" in segment:
        options["evidence"] = bytes.fromhex(segment["evidence"])
    options["signed"] = segment.get("signed", True)
    options["batch"] = _batch(segment.get("batch"))
    options["late"] = _late(segment.get("late", []))
    options["stamps"] = [
        (one["segment"], _authority(one, folder)) for one in segment.get("stamps", [])
    ]
    return w.SegmentOptions(**options)


def build(spec, folder=".", hook=w.no_hook):
    """Returns (container, writer); the writer's trace holds its keys."""
    try:
        random = SeededRandom(spec["seed"]) if "seed" in spec else SystemRandom()
        writer = w.Writer(_options(spec, folder), random, hook)
        for samples, segment in zip(samples_of(spec), spec["segments"]):
            writer.segment(samples, _segment_options(segment, folder))
        if not spec.get("close", True):
            return bytes(writer.out), writer
        late = _late(spec.get("late", []))
        trailers = [_authority(one, folder) for one in spec.get("trailers", [])]
        reason = spec.get("end_reason", 1)
        return writer.close(spec.get("end_utc"), reason, late, trailers), writer
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"description cannot be used: {error!r}") from error


def expected_samples(spec):
    """What a reader with the key must find, computed from the description alone."""
    tracks = [_track(one) for one in spec["tracks"]]
    found = []
    for number, samples in enumerate(samples_of(spec)):
        first = {}
        for sample in samples:
            track = tracks[sample.track]
            base = (track.numerator, track.denominator)
            pts = sample.presentation
            if sample.track not in first:
                since_base = spec.get("base_utc", 0) + s.ticks_to_ns(pts, *base)
                first[sample.track] = (pts, since_base if sample.utc is None else sample.utc)
            first_pts, first_utc = first[sample.track]
            duration = track.default_duration if sample.duration is None else sample.duration
            found.append(
                {
                    "segment": number,
                    "track": sample.track,
                    "dts": sample.dts,
                    "pts": pts,
                    "duration": duration,
                    "flags": sample.flags,
                    "size": len(sample.data),
                    "sha256": sha256(sample.data).hex(),
                    "utc": s.saturate(first_utc + s.ticks_to_ns(pts - first_pts, *base)),
                }
            )
    return found
