# SPDX-License-Identifier: Apache-2.0
"""Hashes, HKDF, AEAD, Merkle trees and a seeded random source."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import KeyRefused


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def equal(left, right):
    return hmac.compare_digest(left, right)


def hkdf_extract(salt, ikm):
    return hmac_sha256(salt or bytes(32), ikm)


def hkdf_expand(prk, info, length):
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac_sha256(prk, block + info + bytes([counter]))
        out += block
        counter += 1
    return out[:length]


def seal(key, nonce, aad, plaintext):
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def unseal(key, nonce, aad, sealed):
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError) as error:
        raise KeyRefused("sealed bytes do not open") from error


def merkle_root(leaf_data):
    """MTH of RFC 6962 section 2.1 over an iterable of leaf data."""
    return root_of_hashes([sha256(b"\0", data) for data in leaf_data])


def root_of_hashes(hashes):
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\1", root_of_hashes(hashes[:split]), root_of_hashes(hashes[split:]))


def scrypt(password, salt, log2_n):
    n = 1 << log2_n
    return hashlib.scrypt(password, salt=salt, n=n, r=8, p=1, dklen=32, maxmem=2**20 + 1024 * n * 2)


class SystemRandom:
    """Random bytes of the operating system."""

    def __call__(self, size):
        return os.urandom(size)


class SeededRandom:
    """Reproducible bytes: SHA-256(seed, counter). For test vectors only."""

    def __init__(self, seed):
        self.seed = sha256(seed.encode())
        self.counter = 0

    def __call__(self, size):
        first = self.counter
        self.counter += -(-size // 32)
        numbers = range(first, self.counter)
        blocks = [sha256(self.seed, number.to_bytes(8, "big")) for number in numbers]
        return b"".join(blocks)[:size]
