#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the harness of disclosure files: make_disclosure_seeds.py"""
import hashlib
import pathlib
import struct

folder = pathlib.Path(__file__).resolve().parent / "corpus" / "disclosure"


def disclosure(entries, count=None, version=1, zero=0):
    head = b"\x8aSVK\r\n\x1a\n" + struct.pack(">HHI", version, zero, len(entries) if count is None else count)
    body = head + bytes(range(16)) + hashlib.sha256(b"h").digest()
    for segment, track, secret in entries:
        body += struct.pack(">QB7x", segment, track) + hashlib.sha256(secret).digest()
    return body + hashlib.sha256(body).digest()


one = [(0, 0, b"a")]
several = [(n, track, f"{n} {track}".encode()) for n in (0, 1, 2, 300, 2**32 - 2) for track in (0, 1, 31)]
seeds = [
    b"\0" + disclosure(one),
    b"\0" + disclosure(several),
    b"\1" + disclosure(several),
    b"\0" + disclosure(list(reversed(several))),
    b"\0" + disclosure(one + one),
    b"\0" + disclosure([(2**32 - 1, 0, b"b")]),
    b"\0" + disclosure([(0, 32, b"c")]),
    b"\0" + disclosure([]),
    b"\0" + disclosure(one, count=2),
    b"\0" + disclosure(one, count=2**20 + 1),
    b"\0" + disclosure(one, version=2),
    b"\0" + disclosure(one, zero=1),
    b"\0" + disclosure(one) + b"more",
    b"\0" + disclosure(one)[:100],
    b"\1" + disclosure(several)[:64],
    b"\0",
]
folder.mkdir(parents=True, exist_ok=True)
for number, seed in enumerate(seeds):
    (folder / f"seed-{number:03d}").write_bytes(seed)
