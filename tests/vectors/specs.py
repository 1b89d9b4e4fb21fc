# SPDX-License-Identifier: Apache-2.0
"""Descriptions that most vectors start from (see svmsref/build.py)."""

import os

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")

T0 = 1_700_000_000_000_000_000  # 2023-11-14T22:13:20Z
SECOND = 1_000_000_000

VIDEO = {"kind": "video", "codec": "avc1", "default_duration": 9000, "width": 64, "height": 48}
AUDIO = {"kind": "audio", "codec": "ulaw", "timebase": [1, 8000], "sample_rate": 8000}
META = {"kind": "metadata", "codec": "onvm", "timebase": [1, 1000]}

PASSWORD = "correct horse battery staple"


def signer(kind="ed25519", role="recorder", certificate=None):
    return {"cert": f"keys/{certificate or kind}.pem", "key": f"keys/{kind}.key.pem", "role": role}


def track(base, protection="none", **changes):
    return {**base, "protection": protection, **changes}


def pictures(segment, count=2, size=40, first=0):
    """Samples of track 0 at ten pictures a second, the first of them sync."""
    start = (segment * count + first) * 9000
    return [
        {"dts": start + place * 9000, "size": size, "flags": 1 if place == 0 else 0}
        for place in range(count)
    ]


def clear(name, segments=1, **changes):
    """Signed, in the clear, one video track. segments is a number or a list."""
    if isinstance(segments, int):
        segments = [{"samples": pictures(number)} for number in range(segments)]
    spec = {
        "seed": name,
        "data_seed": "samples",
        "signer": signer(),
        "created_utc": T0,
        "base_utc": T0,
        "tracks": [track(VIDEO)],
        "segments": segments,
    }
    return {**spec, **changes}


def strong(name, segments=1, **changes):
    """Signed, encrypted for a password."""
    spec = clear(name, segments, tracks=[track(VIDEO, "strong")], password=PASSWORD, log2_n=10)
    return {**spec, **changes}


def entry(name, note, spec, **more):
    found = {"name": name, "note": note, "spec": spec, "verdict": "authentic", **more}
    if spec.get("password") and not more.keys() & {"password", "identity", "kek"}:
        found["password"] = spec["password"]
    return found
