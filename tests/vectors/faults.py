# SPDX-License-Identifier: Apache-2.0
"""Where the writer of svmsref can be made to go wrong, for bad_*.py."""

from dataclasses import replace

from good_vectors import clear, signer
from svmsref import signing
from svmsref.wire import with_crc


def at(stage, change, **where):
    """A hook that changes what passes one stage, where the context fits."""

    def hook(found, value, **context):
        fits = all(context.get(key) == wanted for key, wanted in where.items())
        return change(value) if found == stage and fits else value

    return hook


def setting(**changes):
    """Change of a dataclass or a dictionary."""
    return lambda one: {**one, **changes} if isinstance(one, dict) else replace(one, **changes)


def flip(offset, mask=1):
    def change(data):
        out = bytearray(data)
        out[offset] ^= mask
        return bytes(out)

    return change


def put(offset, part):
    return lambda data: data[:offset] + part + data[offset:][len(part) :]


class Bad:
    """Collects entries of one group."""

    def __init__(self, prefix, base, **defaults):
        self.prefix = prefix
        self.base = base
        self.defaults = defaults
        self.entries = []

    def add(self, name, note, hook, rule, **more):
        entry = {**self.defaults, **more}
        full = f"bad-{self.prefix}-{name}"
        spec = entry.pop("base", self.base)(full)
        if spec.get("password") and "password" not in entry:
            entry["password"] = spec["password"]
        self.entries.append(
            {"name": full, "note": note, "spec": spec, "hook": hook, "rule": rule, **entry}
        )


def fields(change):
    """Change of the list of header fields, given as a dictionary-like list of pairs."""
    return at("header_fields", change)


def value(tag, change):
    return fields(lambda pairs: [(t, change(v) if t == tag else v) for t, v in pairs])


def high(algorithm):
    return lambda signature: signing.high_s(algorithm, signature)


def signed_by(kind, segments=2):
    return lambda name: clear(name, segments, signer=signer(kind))


def two(name):
    return clear(name, 2)


def sample_record(change, segment=1, number=1):
    return at("record", change, kind="sample", segment=segment, number=number)


def rebuilt(change):
    """Record with another header: change gets the header without CRC."""

    def rebuild(record):
        length = record[3]
        return with_crc(change(record[: length - 4])) + record[length:]

    return rebuild


def segments_of(data):
    """(bytes before, list of segments, bytes after), found by their starts."""
    starts, position = [], data.find(b"SVMSSEG1")
    while position >= 0:
        starts.append(position - 16)
        position = data.find(b"SVMSSEG1", position + 1)
    end = data.find(b"SVMSINDX", starts[-1]) - 16
    bounds = [*starts, end]
    parts = [data[bounds[n] : bounds[n + 1]] for n in range(len(starts))]
    return data[: starts[0]], parts, data[end:]
