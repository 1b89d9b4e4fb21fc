# SPDX-License-Identifier: Apache-2.0
"""Bad vectors: evidence records and trailers that break a rule."""

import struct

from faults import Bad, at, flip, setting
from good_signatures import segments
from good_stamps import by, on
from specs import SECOND, T0, clear
from svmsref import constants as c
from svmsref.primitives import sha256
from svmsref.wire import pack_record, with_crc


def with_evidence(name):
    return clear(name, segments(3, s2={"stamps": [on(1)]}))


def far(name):
    found = segments(258, s257={"stamps": [on(0, token="00")]})
    return clear(name, found, signer=None)


def evidence():
    bad = Bad("evidence", with_evidence, verdict="not_authentic", segment=2)
    bad.add("kind-0", "evidence of kind 0", at("evidence", setting(kind=0)), "C-EVI-1")
    bad.add("kind-3", "evidence of kind 3", at("evidence", setting(kind=3)), "C-EVI-1")
    bad.add("reserved", "reserved bytes", at("evidence", setting(zero=1)), "C-EVI-1")
    bad.add("hash", "hash of another manifest", at("evidence", setting(digest=bytes(32))),
            "C-EVI-1")
    bad.add("segment", "hash of segment 1, number of segment 0", at(
        "evidence", setting(segment=0)), "C-EVI-1")
    bad.add("itself", "evidence of the segment that holds it", at(
        "evidence", setting(segment=2)), "C-EVI-1")
    bad.add("future", "evidence of a later segment", at("evidence", setting(segment=9)), "C-EVI-1")
    bad.add("short", "evidence of 43 bytes", at("evidence_body", lambda b: b[:43]), "C-EVI-1")
    bad.add("far", "evidence of the 257th segment before", None, "C-EVI-1", base=far, segment=257)
    bad.add("flipped", "token altered in the file", at("file", flipped_token), "C-MAN-3")
    return bad.entries


def flipped_token(data):
    """The end of the evidence record, which is the token's signature."""
    start = data.rindex(b"SVMO\2")
    return flip(start - 17)(data)


def two_trailers(name):
    return clear(name, 2, trailers=[by(), by(utc=T0 + 20 * SECOND)])


def trailer(place=1, **changes):
    return at("trailer", setting(**changes), place=place)


def trailer_record(change, place=1, kind="trailer"):
    return at("record", change, kind=kind, number=place)


def without_first(data):
    tail = data[-32:]
    first = data.index(tail) + 32
    second = data.index(tail, first) + 32
    return data[:first] + data[second:]


def exchanged(data):
    tail = data[-32:]
    first = data.index(tail) + 32
    second = data.index(tail, first) + 32
    return data[:first] + data[second:] + data[first:second]


def trailers():
    bad = Bad("trailer", two_trailers, verdict="not_authentic", segment=None)
    bad.add("kind-0", "trailer of kind 0", trailer(kind=0), "C-TRL-2")
    bad.add("kind-3", "trailer of kind 3", trailer(kind=3), "C-TRL-2")
    bad.add("reserved", "reserved bytes", trailer(zero=1), "C-TRL-2")
    bad.add("previous", "previous hash of something else", trailer(previous=bytes(32)), "C-TRL-2")
    bad.add("previous-first", "the same in the first one", trailer(0, previous=bytes(32)),
            "C-TRL-2")
    bad.add("digest", "digest of something else", trailer(digest=bytes(32)), "C-TRL-2")
    bad.add("length-less", "content length too small", trailer(length=5), "C-TRL-2")
    bad.add("length-more", "content length too large", trailer(length=50000), "C-TRL-2")
    bad.add("numbered", "trailer with a record number", trailer(number=1), "C-REC-1")
    bad.add("limit", "trailer beyond its limit", trailer_record(
        lambda r: with_length(r, 16777216 + 73)), "C-LIM-1")
    bad.add("tail-missing", "no tail between two trailers", trailer_record(
        lambda _: b"", 0, "trailer_tail"), "C-END-1")
    bad.add("tail-other", "tail with another offset", trailer_record(
        lambda r: pack_record(c.TAIL, flip(7)(r[16:])), 1, "trailer_tail"), "C-END-1")
    bad.add("removed", "first trailer removed", at("file", without_first), "C-TRL-2")
    bad.add("exchanged", "trailers exchanged", at("file", exchanged), "C-TRL-2")
    bad.add("repeated", "last trailer twice", at("file", lambda data: (
        data + data[len(without_last(data)) :])), "C-TRL-2")
    bad.add("flipped", "byte of a token altered", at("file", lambda data: flip(len(data) - 60)(
        data)), "C-TRL-2")
    bad.add("behind", "bytes behind the last tail", at("file", lambda data: data + b"\x77"),
            "C-END-1")
    bad.add("open", "trailer of an open container", None, "C-OVR-1", segment="?",
            base=lambda name: clear(name, 2, close=False), reshape=loose_trailer)
    return bad.entries


def loose_trailer(data):
    body = struct.pack(">HH", 1, 0) + bytes(32) + struct.pack(">I", 0) + sha256()
    return data + pack_record(c.TRAILER, body)


def with_length(record, length):
    return with_crc(record[:4] + struct.pack(">I", length) + record[8:12]) + record[16:]


def without_last(data):
    tail = data[-32:]
    first = data.index(tail) + 32
    return data[: data.index(tail, first) + 32]


GROUPS = (evidence, trailers)
