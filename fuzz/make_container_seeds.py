#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the vectors of tests/vectors/data into seeds for the container harnesses: make_container_seeds.py"""
import pathlib
import struct

here = pathlib.Path(__file__).resolve().parent
vectors = here.parent / "tests" / "vectors" / "data"
SMALL = 6000
# Every kind of recipient, key officers, two slots.
ACCESS = ("good-officer", "good-password", "good-recipient", "good-slot")


def save(name, seeds):
    folder = here / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(sorted(set(seeds))):
        (folder / f"seed-{number:03d}").write_bytes(seed)


def records(data, at):
    while at + 16 <= len(data):
        header = data[at + 3] if data[at] == 1 else 16
        (length,) = struct.unpack_from(">I", data, at + 4)
        if data[at] not in range(1, 10) or header < 16:
            return
        yield data[at], data[at:at + header], data[at + header:at + header + length]
        at += header + length


def slot_size(header):
    at = 72
    while at + 8 <= len(header):
        tag, _, length = struct.unpack_from(">HHI", header, at)
        if tag == 6:
            return struct.unpack_from(">I", header, at + 40)[0]
        at += 8 + length
    return 0


headers, heads, objects, slots, files = [], [], [], [], []
kinds = {3: 0, 7: 1, 2: 2, 5: 3}
for path in sorted(vectors.glob("*.svms")):
    data = path.read_bytes()
    if len(data) <= SMALL and path.name.startswith(("good-unsigned", "good-mixed", "good-light", "good-gaps", "bad-")):
        files.append(data)
    if not path.name.startswith("good-") or len(data) < 72:
        continue
    (size,) = struct.unpack_from(">I", data, 20)
    if size < 3000:
        headers.append(data[:size])
    at = size
    if data[30] != 0:
        at += 16 + struct.unpack_from(">I", data, at + 4)[0]
    slot = slot_size(data[:size])
    if slot and path.name.startswith(ACCESS):
        slots.append(b"".join(data[at + i * slot:at + (i + 1) * slot][:2048].ljust(2048, b"\0") for i in range(2)))
    for kind, head, body in records(data, at + 2 * slot):
        if len(body) < 1500:
            heads.append(head + body[:64])
        if kind in kinds and len(body) < 1500:
            objects.append(bytes([kinds[kind]]) + body)
save("header", headers[:12])
save("record", heads[::7][:40])
save("manifest", objects[::5][:40])
save("access", slots)
save("container", sorted(files, key=len)[:60])

# What an interruption leaves: cut off, followed by zeros or remains, damaged in the middle.
small = [data for data in sorted(files, key=len) if len(data) > 1500][:6]
save("recover", small[:2] + [data[:len(data) * 2 // 3] for data in small] + [data[:-20] for data in small] +
     [data[:len(data) // 2] + bytes(100) for data in small] + [data[:len(data) // 2] + small[0][-300:] for data in small] +
     [data[:len(data) // 2] + b"\xff" + data[len(data) // 2 + 1:] for data in small])
