# SPDX-License-Identifier: Apache-2.0
"""What packages are made of, for good_packages.py and bad_packages.py."""

import functools

from specs import AUDIO, DATA, META, SECOND, T0, VIDEO, pictures, strong, track
from svmsref import build, links, trust
from svmsref import constants as c
from svmsref import package_writer as pw
from svmsref.primitives import SeededRandom
from svmsref.writer import Authority, no_hook

EXPORTED = T0 + 86_400 * SECOND
PASSWORD = "package password"
MS = 1_000_000
NO = c.NO_TIME


def at_ms(milliseconds):
    """UTC of a moment of the containers, which begin at T0 and hold ten pictures a second."""
    return T0 + milliseconds * MS


# ---- containers ----

_MADE = {}


def container(spec, hook=no_hook):
    """(bytes, writer); each is made once."""
    key = (repr(spec), id(hook))
    if key not in _MADE:
        _MADE[key] = (*build.build(spec, DATA, hook), hook)
    return _MADE[key][:2]


def linked(spec, before, state=1, **changes):
    """The container that follows another in its recording."""
    data, writer = container(before)
    last = writer.next_segment - 1
    digest = writer.hashes[last] if last >= 0 else writer.header_hash
    link = {"container_id": writer.container_id.hex(), "segment": last if last >= 0 else 2**64 - 1,
            "hash": digest.hex(), "state": state}  # fmt: skip
    return {**spec, "previous": link, "recording_id": writer.recording_id.hex(), **changes}


def mixed(name="mixed tracks", count=3, **changes):
    """Strong video, light sound, clear metadata; sound comes first in segment 1."""
    found = []
    for number in range(count):
        base, sound = number * 18000, number * 1600
        samples = [
            {"dts": base, "size": 30, "flags": 1},
            {"track": 1, "dts": sound, "size": 12, "duration": 800, "ranges": [[0, 8]]},
            {"track": 2, "dts": number * 200, "data": b"<a/>".hex(), "duration": 50},
            {"dts": base + 9000, "size": 20},
        ]
        if number == 1:
            samples.insert(0, samples.pop(1))
        found.append({"samples": samples})
    tracks = [track(VIDEO, "strong"), track(AUDIO, "light"), track(META)]
    return strong(name, found, tracks=tracks, **changes)


def tiny(count, **by_number):
    """Segments of one small sample."""
    found = [{"samples": pictures(number, 1, 4)} for number in range(count)]
    for name, members in by_number.items():
        found[int(name[1:])].update(members)
    return found


# ---- packages ----


def by(certificate="ed25519-exporter", role=links.EXPORTER, utc=EXPORTED, note="", **more):
    """Who signs a link. policy, tsa: {"tsa": name, "utc": ns}."""
    return {"certificate": certificate, "role": role, "utc": utc, "note": note, **more}


def custodian(certificate="p256-custodian", utc=EXPORTED + 3600 * SECOND, note="taken over", **more):
    return by(certificate, links.CUSTODIAN, utc, note, **more)


def source(spec, start=NO, stop=NO, **more):
    """more: of package_writer.SourceOptions; damage changes the container's bytes."""
    return {"spec": spec, "start": start, "stop": stop, **more}


def recipe(name, *sources, **more):
    """password, recipients, attachments, links, options (of the writer), hook."""
    return {"seed": name, "sources": list(sources), "links": [by()], **more}


@functools.lru_cache(maxsize=None)
def _certificates(name):
    return trust.load_anchors(build.read_file(DATA, f"keys/{name}.pem"))


@functools.lru_cache(maxsize=None)
def _private(name):
    return build.load_private_key(build.read_file(DATA, f"keys/{name}.key.pem"))


def _authority(found):
    if found is None:
        return None
    made = Authority([], None, found.get("utc", 0))
    if "token" in found:
        made.token = found["token"]
        return made
    made.chain = _certificates(found["tsa"])
    made.key = _private("tsa-rsa" if found["tsa"] == "tsa-rsa" else "tsa")
    return made


def link_options(found):
    name = found["certificate"]
    key = _private(found.get("key") or name.partition("-")[0])
    made = pw.LinkOptions(_certificates(name), key, found["role"], found["utc"], found["note"])
    made.policy = found.get("policy", 0)
    made.authority = _authority(found.get("tsa"))
    return made


def _recipient(name):
    data = build.read_file(DATA, f"keys/{name}")
    return build.load_kek(data) if b"KEY-ENCRYPTION" in data else build.load_public_key(data)


def _options(found):
    made = pw.PackageOptions(created_utc=EXPORTED, **found.get("options", {}))
    made.password = found.get("password")
    made.recipients = [_recipient(name) for name in found.get("recipients", [])]
    return made


def _source_options(found):
    values = dict(found)
    data, writer = container(values.pop("spec"), values.pop("container_hook", no_hook))
    damage = values.pop("damage", None)
    return pw.SourceOptions((damage(data) if damage else data, writer), **values)


def make(found):
    """(package, writer)"""
    hook = found.get("hook") or no_hook
    writer = pw.PackageWriter(_options(found), SeededRandom(found["seed"]), hook)
    for one in found["sources"]:
        writer.source(_source_options(one))
    for one in found.get("attachments", []):
        values = dict(one)
        derived = values.pop("derived", None)
        if derived:
            values["derivation"] = writer.derivation(**derived)
        writer.attach(pw.Attachment(**values))
    if "derived" in found:
        writer.options.presentation["derivation"] = writer.derivation(**found["derived"])
    data = writer.finish(link_options(found["links"][0]))
    for one in found["links"][1:]:
        data = writer.link(link_options(one))
    return data, writer


def entry(name, note, found, verdict="authentic", **more):
    """with_key: verdict with password, identity or kek; sources, links: their verdicts; failure:
    (source, segment); reshape: changes the file, given the writer too."""
    made = {"name": name, "note": note, "recipe": found, "verdict": verdict, **more}
    if found.get("password") and not more.keys() & {"identity", "kek", "password"}:
        made["password"] = found["password"]
    return made
