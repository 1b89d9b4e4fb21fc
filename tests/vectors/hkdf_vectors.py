#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The last block of the longest HKDF-SHA256 output (RFC 5869), for tests/unit/crypto/test_digest.c.

Only hashlib and hmac of Python are used, and the program checks itself with RFC 5869, A.1.
"""
import hashlib
import hmac


def expand(prk, info, size):
    out, block = b"", b""
    for counter in range(1, 256):
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        out += block
    return out[:size]


prk = hmac.new(bytes(range(13)), b"\x0b" * 22, hashlib.sha256).digest()
assert expand(prk, bytes(range(0xF0, 0xFA)), 42).hex() == (
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
print(expand(b"\x55" * 32, b"\xaa" * 2000, 255 * 32)[-32:].hex())
