# SPDX-License-Identifier: Apache-2.0
"""Disclosure files, each for one container of good_vectors.py.

Each entry: name, note, of (name of the container), wanted ((segment, track) pairs), change (of the
Disclosure before it is packed), verdict and segment, rule when it does not open everything.
"""

from dataclasses import replace

from faults import setting
from svmsref import constants as c
from svmsref import disclosure as d
from svmsref import keys as k


def entry(name, note, of, wanted, change=None, **more):
    found = {"name": name, "note": note, "of": of, "wanted": wanted, "change": change}
    return {**found, "verdict": "authentic", **more}


def entries(change):
    return lambda found: replace(found, entries=change(found.entries))


def first(**changes):
    return entries(lambda found: [replace(found[0], **changes), *found[1:]])


def good():
    yield entry("good-disclosure-one", "one track of one segment", "good-mixed", [(1, 0)])
    yield entry("good-disclosure-track", "one track of both segments", "good-mixed",
                [(0, 1), (1, 1)])
    yield entry("good-disclosure-all", "everything that is encrypted", "good-mixed",
                [(0, 0), (0, 1), (1, 0), (1, 1)])
    yield entry("good-disclosure-light", "light track", "good-light", [(0, 0)])
    yield entry("good-disclosure-empty", "track whose samples have no bytes",
                "good-strong-only-empty", [(0, 0)])
    yield entry("good-disclosure-deferred", "segments that a later signature covers",
                "good-deferred-strong", [(0, 0), (1, 0), (3, 0)])
    yield entry("good-disclosure-unattested", "segments, two of which nothing attests yet",
                "good-deferred-strong-open", [(number, 0) for number in range(5)],
                verdict="incomplete")
    yield entry("good-disclosure-unsigned", "container that nobody signed: it opens nothing",
                "good-strong-unsigned", [(0, 0)], verdict="untrusted", opens=[])


def wrong():
    """Well formed, but they do not open what they name."""
    pair, base = [(0, 0), (1, 0)], "good-password"
    refused = {"verdict": "undecryptable", "segment": None, "rule": "C-DIS-2"}
    yield entry("bad-disclosure-foreign", "of another container", base, pair,
                setting(header_hash=bytes(32), container_id=bytes(16)), **refused)
    yield entry("bad-disclosure-header", "of the same container id, but another header", base, pair,
                setting(header_hash=bytes(32)), **refused)
    broken = {"verdict": "undecryptable", "rule": "C-KEY-5"}
    yield entry("bad-disclosure-secret", "wrong secret", base, pair,
                first(secret=bytes(range(32))), segment=0, **broken)
    yield entry("bad-disclosure-exchanged", "secrets of two segments exchanged", base, pair,
                entries(exchanged), segment=0, **broken)
    yield entry("bad-disclosure-track", "secret of another track", "good-mixed", [(1, 0), (1, 1)],
                entries(exchanged), segment=1, **broken)


def exchanged(found):
    one, two = found
    return [replace(one, secret=two.secret), replace(two, secret=one.secret)]


def malformed():
    pair, base = [(0, 0), (1, 0)], "good-password"

    def one(name, note, change, rule="C-DIS-1", verdict="malformed"):
        return entry(f"bad-disclosure-{name}", note, base, pair, change, verdict=verdict,
                     segment=None, rule=rule)

    yield one("magic", "magic of a container", setting(magic=c.MAGIC))
    yield one("version", "version 2", setting(version=2), verdict="unsupported")
    yield one("version-0", "version 0", setting(version=0), verdict="unsupported")
    yield one("reserved", "reserved bytes of the file", setting(zero=1))
    yield one("count-more", "more entries than there are", setting(count=3))
    yield one("count-less", "fewer entries than there are", setting(count=1))
    yield one("count-zero", "no entry", setting(entries=[]), "C-LIM-1")
    yield one("count-limit", "1,048,577 entries", setting(count=1048577), "C-LIM-1")
    yield one("order", "segments fall", entries(lambda e: e[::-1]))
    yield one("order-tracks", "tracks fall", entries(lambda e: [
        replace(e[1], track=1), replace(e[1], track=0)]))
    yield one("repeated", "an entry twice", entries(lambda e: [e[0], e[0], e[1]]))
    yield one("entry-reserved", "reserved bytes of an entry", first(zero=bytes(6) + b"\1"))
    yield one("track-32", "track 32", entries(lambda e: [e[0], replace(e[1], track=32)]), "C-LIM-1")
    yield one("segment-limit", "segment 2^32 - 1", entries(
        lambda e: [e[0], replace(e[1], segment=2**32 - 1)]), "C-LIM-1")
    yield one("digest", "digest is wrong", setting(digest_mask=1))
    yield one("trailing", "a byte after the digest", setting(extra=b"\0"))
    yield entry("bad-disclosure-cut", "stops within an entry", base, pair, None, cut=100,
                verdict="malformed", segment=None, rule="C-DIS-1")
    yield entry("bad-disclosure-empty", "empty file", base, pair, None, cut=0, verdict="malformed",
                segment=None, rule="C-DIS-1")


def pack(entry_, writer):
    """The bytes of an entry's file; writer wrote the container."""
    keys = k.ContainerKeys(writer.content_key, writer.header_hash)
    pairs = [d.Entry(n, t, keys.track_secret(n, t, writer.salts[n])) for n, t in entry_["wanted"]]
    found = d.Disclosure(writer.container_id, writer.header_hash, pairs)
    data = (entry_["change"] or (lambda one: one))(found).pack()
    return data[: entry_.get("cut", len(data))]


def all_disclosures():
    for group in (good, wrong, malformed):
        yield from group()
