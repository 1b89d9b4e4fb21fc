# SPDX-License-Identifier: Apache-2.0
"""Descriptions of the containers that keep every rule.

Each entry: name, note, spec (see svmsref/build.py) and, where they differ from the default,
verdict, verdict_with_key, password or identity to open it with, hook or cut (bytes to keep).
"""

import copy
from dataclasses import replace

import good_access
import good_signatures
import good_stamps
import good_tails
from specs import AUDIO, META, PASSWORD, SECOND, T0, VIDEO, clear, entry, pictures, signer, strong
from specs import track
from svmsref import access
from svmsref.primitives import SeededRandom

__all__ = ["AUDIO", "META", "PASSWORD", "SECOND", "T0", "VIDEO", "clear", "entry", "pictures",
           "signer", "strong", "track"]  # for those that import them from here


def worked_example():
    samples = [
        {"dts": 0, "data": b"first sample".hex(), "flags": 1},
        {"dts": 9000, "data": b"second".hex(), "duration": 4500},
    ]
    spec = strong("worked example", software="svmsref", segment_bytes=1048576)
    spec["segments"] = [{"samples": samples}]
    spec["password"] = "example"
    return entry("worked-example", "the example of section 18 of the specification", spec)


def signatures():
    yield entry("good-unsigned", "nobody signed it", clear("unsigned", signer=None),
                verdict="untrusted")
    for kind in ("ed25519", "p256", "p384", "rsa2048"):
        note = f"signed with {kind}, in the clear"
        yield entry(f"good-signed-{kind}", note, clear(kind, 2, signer=signer(kind)))
    yield entry("good-intermediate", "leaf and intermediate in the chain",
                clear("intermediate", signer=signer("p256", certificate="p256-by-intermediate")))
    camera = clear("camera", signer=signer("p256", "camera", "p256-camera"), origin=2,
                   capture_source=5)
    yield entry("good-camera", "role camera, origin edge", camera)


def identities():
    unknown = signer("ed25519", certificate="ed25519-other-ca")
    yield entry("good-unknown-ca", "no path to the trust anchor", clear("unknown", signer=unknown),
                verdict="untrusted")
    wrong = signer("p256", certificate="p256-camera")
    yield entry("good-wrong-role", "camera certificate, signs as recorder",
                clear("wrong role", signer=wrong), verdict="untrusted")
    past = signer("ed25519", certificate="ed25519-2021")
    then = {"created_utc": 1_620_000_000 * SECOND, "base_utc": 1_620_000_000 * SECOND}
    yield entry("good-expired-now", "certificate of 2021, recorded in 2021",
                clear("expired now", signer=past, **then), verdict="untrusted",
                verdict_claimed_time="authentic")
    yield entry("good-expired-then", "certificate of 2021, recorded in 2023",
                clear("expired then", signer=past), verdict="untrusted",
                verdict_claimed_time="untrusted")
    early = {"created_utc": 1_600_000_000 * SECOND, "base_utc": 1_600_000_000 * SECOND}
    yield entry("good-not-yet-valid", "certificate of 2021, recorded in 2020",
                clear("not yet", signer=past, **early), verdict="untrusted",
                verdict_claimed_time="untrusted")


def recipients():
    yield entry("good-password", "strong, password", strong("password", 2))
    for kind in ("x25519", "p256"):
        spec = strong(kind, recipients=[f"keys/recipient-{kind}.pub.pem"])
        del spec["password"]
        yield entry(f"good-recipient-{kind}", f"strong, {kind} recipient", spec,
                    identity=f"keys/recipient-{kind}.key.pem")
    many = strong("many", recipients=[
        "keys/recipient-x25519.pub.pem", "keys/other-x25519.pub.pem",
        "keys/recipient-p256.pub.pem",
    ])
    note = "password, two X25519, P-256 recipients; opened with the second X25519"
    yield entry("good-recipients-all", note, many, identity="keys/other-x25519.key.pem")
    yield entry("good-password-wrong", "the password that is given is wrong", strong("pw wrong"),
                password="not it", verdict_with_key="undecryptable",
                first_failure_with_key=(None, "C-KEY-2"))
    spec = strong("id wrong", recipients=["keys/recipient-x25519.pub.pem"])
    yield entry("good-identity-wrong", "the key that is given is nobody's", spec,
                identity="keys/other-x25519.key.pem", verdict_with_key="undecryptable",
                first_failure_with_key=(None, "C-KEY-2"))
    unicode_password = strong("unicode", password="pässwört ☃")
    yield entry("good-password-utf8", "password beyond ASCII", unicode_password)


def protections():
    ranges = [[[0, 10], [12, 20]], [[5, 35]], [], [[0, 40]]]
    samples = [
        {"dts": number * 9000, "size": 40, "flags": 1 if number == 0 else 0, "ranges": some}
        for number, some in enumerate(ranges)
    ]
    samples.append({"dts": 36000, "size": 0})
    light = strong("light", tracks=[track(VIDEO, "light")], segments=[{"samples": samples}])
    yield entry("good-light", "light: two ranges, one, none, all, empty sample", light)
    empty = [{"dts": 0, "size": 0, "flags": 1}, {"dts": 9000, "size": 1}]
    yield entry("good-strong-empty", "strong: sample without bytes, sample of one byte",
                strong("empty", segments=[{"samples": empty}]))
    alone = [{"dts": 0, "size": 0, "flags": 1}]
    yield entry("good-strong-only-empty", "strong: no sample has bytes, yet there is a commitment",
                strong("only empty", segments=[{"samples": alone}]))
    yield entry("good-strong-unsigned", "strong, nobody signed it",
                strong("strong unsigned", signer=None), verdict="untrusted")
    yield entry("good-mixed", "strong video with B pictures, light audio, clear metadata", mixed())
    keys = strong("keys", tracks=[track(VIDEO)], with_keys=True, description=[[1, "front door"]])
    yield entry("good-keys-only", "content key for the description only", keys)


def mixed():
    segments = []
    for number in range(2):
        base, sound, text = number * 36000, number * 3200, number * 400
        segments.append({"samples": [
            {"dts": base, "pts": base + 9000, "size": 50, "flags": 1},
            {"track": 1, "dts": sound, "size": 20, "duration": 1600},
            {"dts": base + 9000, "pts": base + 36000, "size": 30},
            {"dts": base + 18000, "pts": base + 18000, "size": 20, "flags": 2},
            {"track": 2, "dts": text, "data": b"<a/>".hex()},
            {"dts": base + 27000, "pts": base + 27000, "size": 20, "flags": 2, "duration": 9001},
            {"track": 1, "dts": sound + 1600, "size": 20, "duration": 1600, "ranges": [[0, 8]]},
        ]})  # fmt: skip
    tracks = [track(VIDEO, "strong", config="01640015ffe1"), track(AUDIO, "light"), track(META)]
    return strong("mixed", tracks=tracks, segments=segments)


def headers():
    yield entry("good-description", "sealed description", strong(
        "description", description=[[1, "Tor Süd"], [2, "Halle 3"], [3, ""]]))
    yield entry("good-description-clear", "clear description",
                clear("description clear", description=[[2, "car park"]]))
    link = {"container_id": "11" * 16, "segment": 41, "hash": "22" * 32, "state": 2}
    yield entry("good-linked", "previous container, sequence 7", clear(
        "linked", previous=link, sequence=7, recording_id="33" * 16, device_id="44" * 16))
    later = clear("later", minor=9, compatible=0x80000001, optional_fields=[[0x8001, "00ff"]])
    yield entry("good-later-minor", "minor version 9, unknown compatible bits, optional tag", later)
    yield entry("good-no-software", "no optional field at all",
                clear("no software", software=None, origin=3, capture_source=6))
    tracks = [track(VIDEO, codec=f"{number:04d}") for number in range(32)]
    samples = [{"track": number, "dts": number, "size": 1, "flags": 1} for number in (0, 31)]
    yield entry("good-32-tracks", "as many tracks as there may be",
                clear("32 tracks", tracks=tracks, segments=[{"samples": samples}]))


def times():
    tracks = [track(VIDEO, timebase=[1001, 30000], default_duration=1), track(AUDIO)]
    samples = [
        {"dts": -5, "pts": -3, "size": 4, "flags": 1},
        {"dts": -4, "pts": -4, "size": 4, "utc": None},
        {"track": 1, "dts": -2**40, "size": 4, "duration": 1, "utc": T0 + 5},
        {"dts": -3, "pts": 7, "size": 4, "duration": 4294967295},
    ]
    yield entry("good-times", "negative ticks, rounding towards zero, long duration",
                clear("times", tracks=tracks,
                      segments=[{"samples": samples, "made_utc": T0 + SECOND}]))
    far = [{"dts": 0, "size": 4, "flags": 1}, {"dts": 2**62, "size": 4}, {"dts": -2**62, "size": 4}]
    yield entry("good-utc-saturates", "UTC beyond 64 bits stops there", clear(
        "saturates", tracks=[track(VIDEO, timebase=[1, 1])],
        segments=[{"samples": far, "made_utc": T0}]))
    audio_first = [{"track": 1, "dts": 0, "size": 4, "duration": 160}, *pictures(0)]
    without = [{"track": 1, "dts": 1600 + n, "size": 4, "flags": 1} for n in range(2)]
    video_first = [*pictures(1), {"track": 1, "dts": 3200, "size": 4}]
    spec = clear("reference", tracks=[track(VIDEO), track(AUDIO)],
                 segments=[{"samples": one} for one in (audio_first, without, video_first)])
    note = "segment that begins with sound, segment without pictures"
    yield entry("good-reference", note, spec)
    sound = [{"track": 0, "dts": n, "size": 4, "flags": 1} for n in range(2)]
    yield entry("good-no-video", "sound only", clear(
        "sound", tracks=[track(AUDIO), track(META)], segments=[{"samples": sound}]))
    marked = [{"dts": n * 9000, "size": 4, "flags": one} for n, one in enumerate((0x41, 0x02, 0x04, 0x40, 0x45, 0x47))]
    yield entry("good-flags", "every flag of a sample", clear("flags", segments=[{"samples": marked}]))
    gaps = clear("gaps", 8, end_reason=3)
    for number, segment in enumerate(gaps["segments"]):
        segment.update(samples=pictures(number, 1, 4), gap_reason=number, clock_state=number % 4)
    gaps["segments"][5]["evidence"] = "55" * 32
    yield entry("good-gaps", "every reason of a gap and clock state, evidence outside", gaps)
    same = clear("same time", 2)
    for segment in same["segments"]:
        segment["samples"][0]["utc"] = T0
    yield entry("good-same-utc", "two segments that begin at the same time", same)


def endings():
    yield entry("good-no-segments", "closed without a segment", clear("none", 0))
    for reason in (2, 4):
        yield entry(f"good-end-reason-{reason}", "reason of the end", clear(
            f"end {reason}", end_reason=reason))
    yield entry("good-open", "stops after a segment", clear("open", 2, close=False),
                verdict="incomplete")
    yield entry("good-open-unsigned", "stops after a segment, unsigned",
                clear("open unsigned", 2, close=False, signer=None), verdict="untrusted")
    full = clear("open", 3)
    for name, note, cut, segments in (
        ("good-open-in-sample", "stops within a sample of segment 2", lambda n: n[2] + 130, 2),
        ("good-open-in-signature", "stops within the last signature record of segment 1",
         lambda n: n[2] - 5, 1),
        ("good-open-in-start", "stops within the start of segment 2", lambda n: n[2] + 9, 2),
        ("good-open-in-index", "stops within the index", lambda n: n[3] + 60, 3),
        ("good-open-in-end", "stops within the end record", lambda n: n[3] + 200, 3),
        ("good-open-before-tail", "stops before the tail", lambda n: n[4] - 32, 3),
        ("good-open-in-tail", "stops within the tail", lambda n: n[4] - 1, 3),
    ):  # fmt: skip
        yield entry(name, note, copy.deepcopy(full), verdict="incomplete", cut=cut,
                    complete=segments)


def _slots(change):
    def hook(stage, value, **_context):
        return change(value) if stage == "slots" else value

    return hook


def _second_revision(slots):
    return [slots[0], replace(slots[0], revision=2)]


def _older_second(slots):
    other = replace(slots[0], stanzas=[(0x7FFF, b"old")])
    return [replace(slots[0], revision=5), replace(other, revision=4)]


def _reserved_stanzas(slots):
    random = SeededRandom("reserved stanzas")
    extra = [(kind, random(size)) for kind in (4, 5, 6) for size in access.BODY_SIZES[kind]]
    unknown = [(0, b""), (0xFFFF, random(33))]
    return [replace(slots[0], stanzas=unknown + extra + slots[0].stanzas), None]


def slots():
    def one(name, note, change, **more):
        spec = strong(name, slot_size=more.pop("slot_size", 512))
        return entry(name, note, spec, hook=_slots(change), **more)

    yield one("good-slot-second", "second slot has the higher revision", _second_revision)
    yield one("good-slot-first", "first slot has the higher revision", _older_second)
    yield one("good-stanzas-reserved", "reserved and unknown types of stanza are skipped",
              _reserved_stanzas, slot_size=3584)
    yield one("good-slots-empty", "both slots empty: nobody can open it", lambda _: [None, None],
              verdict_with_key="undecryptable", first_failure_with_key=(None, "C-KEY-2"))
    yield one("good-no-stanza", "a slot without stanzas", lambda found: [
        replace(found[0], stanzas=[]), None], verdict_with_key="undecryptable",
        first_failure_with_key=(None, "C-KEY-2"))


# Made at test time only, see bad_vectors.py.
EXTENDED = frozenset(
    {"good-end-reason-4", "good-stanzas-reserved", "good-open-in-start", "good-open-in-tail"}
)


def all_vectors():
    yield worked_example()
    groups = (signatures, identities, recipients, protections, headers, times, endings, slots)
    for module in (good_signatures, good_access, good_tails, good_stamps):
        groups += module.GROUPS
    for group in groups:
        yield from group()
