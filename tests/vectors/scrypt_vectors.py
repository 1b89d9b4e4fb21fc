#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scrypt (RFC 7914) in plain Python, for tests/unit/crypto/test_scrypt.c.

Checks itself with vectors of RFC 7914 (Salsa20/8, section 8; scrypt with N = 16, section 12).
"""
import hashlib
import struct

MASK = 0xFFFFFFFF
# Which words one double round adds, and by how much it rotates the sum: target, two addends, bits.
COLUMNS = [(4, 0, 12, 7), (8, 4, 0, 9), (12, 8, 4, 13), (0, 12, 8, 18),
           (9, 5, 1, 7), (13, 9, 5, 9), (1, 13, 9, 13), (5, 1, 13, 18),
           (14, 10, 6, 7), (2, 14, 10, 9), (6, 2, 14, 13), (10, 6, 2, 18),
           (3, 15, 11, 7), (7, 3, 15, 9), (11, 7, 3, 13), (15, 11, 7, 18)]


def transposed(step):
    target, a, b, bits = step
    return tuple(4 * (w % 4) + w // 4 for w in (target, a, b)) + (bits,)


STEPS = COLUMNS + [transposed(s) for s in COLUMNS]


def salsa(words):
    x = list(words)
    for _ in range(4):
        for target, a, b, bits in STEPS:
            v = (x[a] + x[b]) & MASK
            x[target] ^= ((v << bits) & MASK) | (v >> (32 - bits))
    return [(a + b) & MASK for a, b in zip(x, words)]


def block_mix(blocks):
    x, out = blocks[-1], []
    for block in blocks:
        x = salsa([a ^ b for a, b in zip(x, block)])
        out.append(x)
    return out[0::2] + out[1::2]


def ro_mix(data, n):
    blocks = [list(struct.unpack_from("<16I", data, 64 * i)) for i in range(len(data) // 64)]
    table = []
    for _ in range(n):
        table.append(blocks)
        blocks = block_mix(blocks)
    for _ in range(n):
        other = table[blocks[-1][0] % n]
        blocks = block_mix([[a ^ b for a, b in zip(p, q)] for p, q in zip(blocks, other)])
    return b"".join(struct.pack("<16I", *b) for b in blocks)


def scrypt(password, salt, n, r, p, size):
    data = hashlib.pbkdf2_hmac("sha256", password, salt, 1, 128 * r * p)
    mixed = b"".join(ro_mix(data[128 * r * i:128 * r * (i + 1)], n) for i in range(p))
    return hashlib.pbkdf2_hmac("sha256", password, mixed, 1, size)


def main():
    given = bytes.fromhex("7e879a214f3ec9867ca940e641718f26baee555b8c61c1b50df846116dcd3b1d"
                          "ee24f319df9b3d8514121e4b5ac5aa3276021d2909c74829edebc68db8b8c25e")
    assert struct.pack("<16I", *salsa(struct.unpack("<16I", given))).hex() == (
        "a41f859c6608cc993b81cacb020cef05044b2181a2fd337dfd7b1c6396682f29"
        "b4393168e3c9e6bcfe6bc5b7a06d96bae424cc102c91745c24ad673dc7618f81")
    assert scrypt(b"", b"", 16, 1, 1, 64).hex() == (
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
        "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")
    salt = bytes(range(1, 17))
    for password, log2_n in ((b"correct horse", 10), (b"correct horsf", 10), (b"", 10),
                             (b"correct horse", 11)):
        print(password.decode() or "(empty)", log2_n,
              scrypt(password, salt, 1 << log2_n, 8, 1, 32).hex())


main()
