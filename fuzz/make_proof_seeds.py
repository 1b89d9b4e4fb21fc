#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for fuzz_proof, by docs/spec/evidence.md alone: make_proof_seeds.py"""
import pathlib
import struct
import zlib

folder = pathlib.Path(__file__).resolve().parent / "corpus" / "proof"
WHOLE, PRESENTED, HASH = 1, 2, 3


def entry(form, track, content):
    return struct.pack(">BBHI", form, track, 0, len(content)) + content


def record(kind, number, body):
    head = struct.pack(">BBHII", kind, 0, 0, len(body), number)
    return entry(WHOLE, 255, head + struct.pack(">I", zlib.crc32(head)) + body)


def start():
    return record(2, 0, b"SVMSSEG1" + bytes(8) + struct.pack(">Q", 5) + bytes(range(32)) + bytes(24))


def sample(track, number, size, ranges=None, composition=0, duration=None):
    flags = 1 | (8 if ranges is not None else 0) | (16 if composition else 0) | (32 if duration is not None else 0)
    table = b"" if ranges is None else struct.pack(">H", len(ranges)) + b"".join(struct.pack(">II", *r) for r in ranges)
    sealed = size if track == 0 else sum(r[1] for r in ranges or [])
    body = len(table) + size + 16 * (-(-sealed // 1048576))
    head = 24 + (4 if composition else 0) + (4 if duration is not None else 0)
    text = struct.pack(">BBBBIIq", 1, flags, track, head, body, number, 3600 * number)
    text += struct.pack(">i", composition) if composition else b""
    text += struct.pack(">I", duration) if duration is not None else b""
    return entry(PRESENTED, track, text + struct.pack(">I", zlib.crc32(text)) + table + bytes([track]) * 32)


def hashed(track):
    return entry(HASH, track, bytes([track + 7]) * 32)


seeds = {
    "strong": start() + sample(0, 1, 100) + sample(0, 2, 0) + sample(0, 3, 70000, composition=-5),
    "light": start() + sample(1, 1, 3000, [(0, 1024), (2000, 500)]) + sample(1, 2, 50, []) +
    sample(1, 3, 60, [(0, 60)], 9, 77),
    "clear": start() + sample(2, 1, 90) + sample(2, 2, 1, duration=4),
    "hashes": start() + hashed(0) + hashed(1) + hashed(2) + sample(2, 4, 9) + hashed(0),
    "auxiliary": start() + record(5, 1, bytes(40)) + sample(0, 2, 5) + record(6, 3, bytes(60)) + record(4, 4, bytes(80)) +
    hashed(2),
    "removed": start() + sample(0, 4, 8) + sample(0, 9, 8),
    "large": start() + sample(0, 1, 1048577) + sample(0, 2, 67108864),
    "nothing": start(),
}
folder.mkdir(parents=True, exist_ok=True)
for name, body in seeds.items():
    removed = 6 if name == "removed" else 0
    for mended in (0, 1):
        (folder / f"seed-{name}-{mended}").write_bytes(bytes([removed << 1 | mended, 16, 3, 1]) + body)
    (folder / f"seed-{name}-cut").write_bytes(bytes([1, 200, 3, 1]) + body[:-5])
