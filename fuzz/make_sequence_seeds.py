#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the harnesses of recordings and pruned records: make_sequence_seeds.py"""
import pathlib
import struct

here = pathlib.Path(__file__).resolve().parent / "corpus"
NOWHERE = 200


def save(name, seeds):
    folder = here / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:03d}").write_bytes(seed)


def container(number, link=NOWHERE, segments=2, begin=None, foreign=False, left_open=False):
    return bytes([0x40 if foreign else 0, number, link, segments | (0x80 if left_open else 0),
                  number * 3 % 256 if begin is None else begin, 0])


def copy(file):
    return bytes([1, file, 0, 0, 0, 0])


def cut(file, size):
    return bytes([2, file, 0, size >> 8, size & 255, 0])


def change(file, at, mask):
    return bytes([3, file, 0, at >> 8, at & 255, mask])


whole = container(0) + container(1, 0) + container(2, 1)
folders = [
    whole,
    container(0) + container(2, 0),
    container(0) + container(1),
    whole + container(2, 1),
    whole + container(3, 1),
    whole + container(1, 0, foreign=True),
    whole + copy(1),
    whole + copy(1) + cut(3, 900),
    whole + cut(1, 900),
    whole + cut(1, 400),
    whole + cut(2, 10),
    whole + change(1, 30, 1),
    whole + change(0, 0, 1),
    whole + change(1, 600, 8),
    container(0, left_open=True) + container(1, 0),
    container(0, segments=0, left_open=True) + container(1, 0),
    container(255) + container(0, 0),
    container(254) + container(255, 0),
    container(5, foreign=True) + container(5),
]
save("sequence", [bytes([flag]) + folder for folder in folders for flag in (0, 1)])


def fields(number=3, segments=7, first=10, last=20, removed=30, reason=1, reserved=bytes(15)):
    return bytes(range(16)) + bytes(range(16, 32)) + struct.pack(">QQ", number, segments) + bytes(32) + \
        struct.pack(">qqqQ", first, last, removed, 1000) + bytes([reason]) + reserved


record = b"\x8aSVP\r\n\x1a\n" + struct.pack(">II", 176, 4) + b"SVMO" + bytes([5, 1, 2, 0]) + \
    struct.pack(">HHI", 1, 1, 176) + bytes(32) + fields() + bytes(4)
save("pruned", [
    b"\1" + fields(),
    b"\1" + fields(number=2**64 - 1, segments=0),
    b"\1" + fields(segments=2**32),
    b"\1" + fields(first=21),
    b"\1" + fields(removed=-2**63),
    b"\1" + fields(reason=0),
    b"\1" + fields(reason=4),
    b"\1" + fields(reserved=bytes(14) + b"\1"),
    b"\0" + record,
    b"\0" + record[:20],
    b"\0" + record[:8] + struct.pack(">II", 176, 2**32 - 1) + record[16:],
    b"\0" + record[:8] + struct.pack(">II", 175, 0) + record[16:],
    b"\0",
])
