# SPDX-License-Identifier: Apache-2.0
"""Reports and expectations as JSON and as plain lines."""

from . import constants as c
from . import signing

KIND_NAMES = {c.VIDEO: "video", c.AUDIO: "audio", c.METADATA: "metadata"}
PROTECTION_NAMES = {c.STRONG: "strong", c.LIGHT: "light", c.NONE: "none"}
SAMPLE_KEYS = ("segment", "track", "dts", "pts", "duration", "flags", "size", "sha256", "utc")


def track_to_json(track):
    return {
        "number": track.number,
        "kind": KIND_NAMES[track.kind],
        "protection": PROTECTION_NAMES[track.protection],
        "codec": track.codec.decode("latin-1"),
        "timebase": [track.numerator, track.denominator],
        "default_duration": track.default_duration,
        "width": track.width,
        "height": track.height,
        "sample_rate": track.sample_rate,
        "channels": track.channels,
        "config": track.config.hex(),
    }


def container_to_json(header):
    link = header.previous
    return {
        "id": header.container_id.hex(),
        "recording_id": header.recording_id.hex(),
        "sequence": header.sequence,
        "device_id": header.device_id.hex(),
        "header_hash": header.hash.hex(),
        "role": c.ROLE_NAMES[header.signer.role],
        "algorithm": signing.NAMES[header.signer.algorithm],
        "created_utc": header.created_utc,
        "base_utc": header.base_utc,
        "origin": header.origin,
        "capture_source": header.capture_source,
        "software": header.software,
        "encrypted": header.key_check is not None,
        "previous": link
        and {
            "container_id": link.container_id.hex(),
            "segment": link.segment,
            "hash": link.manifest_hash.hex(),
            "state": link.state,
        },
    }


def segment_to_json(segment):
    manifest = segment.manifest
    return {
        "number": segment.number,
        "offset": segment.offset,
        "first_utc": manifest.first_utc,
        "last_utc": manifest.last_utc,
        "made_utc": manifest.made_utc,
        "clock_state": manifest.clock_state,
        "gap_reason": manifest.gap_reason,
        "hash": segment.hash.hex(),
    }


def failure_to_json(error):
    if error is None:
        return None
    return {
        "segment": error.segment,
        "time": error.time,
        "offset": error.offset,
        "rule": error.rule,
        "reason": error.message,
    }


def report_to_json(report):
    out = {
        "verdict": report.verdict,
        "first_failure": failure_to_json(report.first_failure),
        "identity": report.identity,
        "access": report.access,
        "closed": report.closed,
        "unattested": report.unattested,
    }
    if report.verdict in ("malformed", "unsupported"):
        return out
    header = report.header
    if header is not None and header.tracks:
        out["container"] = container_to_json(header)
        out["tracks"] = [track_to_json(track) for track in header.tracks]
    out["officer"] = report.officer
    out["stamps"] = [
        {"valid": one.valid, "utc": one.utc, "reason": one.reason} for one in report.stamps
    ]
    out["description"] = [list(text) for text in report.description or []]
    out["segments"] = [segment_to_json(segment) for segment in report.segments]
    out["samples"] = [{key: getattr(one, key) for key in SAMPLE_KEYS} for one in report.samples]
    return out


def _dash(value):
    return "-" if value in (None, "") else value


def expectation_to_lines(expected):
    """The .txt beside each .json: one fact a line, words separated by one space."""
    lines = [f"verdict {expected['verdict']}"]
    for name in ("verdict_with_key", "verdict_claimed_time", "segments", "password"):
        if name in expected:
            lines.append(f"{name} {expected[name]}")
    for name in ("of", "identity", "kek", "officer", "trust"):
        if name in expected:
            lines.append(f"{name} {expected[name]}")
    if "stamps" in expected:
        lines.append(f"stamp_trust {expected['stamp_trust']}")
        lines.append(f"stamps {expected['stamps'][0]} {expected['stamps'][1]}")
        lines.append(f"attested {' '.join(map(str, expected.get('attested') or '--'))}")
        lines.append(f"attested_all {_dash(expected.get('attested_all'))}")
    if "closed" in expected:
        lines.append(f"closed {int(expected['closed'])}")
    container = expected.get("container")
    if container:
        lines.append(f"container {container['id']} {container['recording_id']}")
        lines.append(f"device {container['device_id']}")
    for kind, text in expected.get("texts", []):
        lines.append(f"text {kind} {text}")
    for track in expected.get("tracks", []):
        words = [track["number"], track["kind"], track["protection"], track["codec"]]
        words += [*track["timebase"], track["default_duration"], _dash(track["config"])]
        lines.append("track " + " ".join(str(word) for word in words))
    keys = ("track", "dts", "pts", "duration", "flags", "size", "sha256", "utc")
    for sample in expected.get("samples", []):
        lines.append("sample " + " ".join(str(sample[key]) for key in keys))
    if "pruned" in expected:
        names = ("recording_id", "container_id", "sequence", "segments", "last_manifest")
        names += ("first_utc", "last_utc", "removed_utc", "bytes", "reason", "role")
        lines.append("pruned " + " ".join(str(expected["pruned"][name]) for name in names))
    for name in ("first_failure", "first_failure_with_key"):
        failure = expected.get(name)
        if failure:
            lines.append(f"{name} {_dash(failure['segment'])} {failure['rule']}")
    return lines
