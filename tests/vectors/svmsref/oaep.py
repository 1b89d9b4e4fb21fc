# SPDX-License-Identifier: Apache-2.0
"""RSAES-OAEP (RFC 8017 section 7.1) with a seed that is given: SHA-256, MGF1-SHA-256, no label."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from .errors import KeyRefused

_LABEL_HASH = hashlib.sha256().digest()
_PADDING = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def mgf1(seed, length):
    out = b""
    for counter in range((length + 31) // 32):
        out += hashlib.sha256(seed + counter.to_bytes(4, "big")).digest()
    return out[:length]


def _mask(data, seed):
    return bytes(a ^ b for a, b in zip(data, mgf1(seed, len(data))))


def encrypt(public_key, message, random):
    size = public_key.key_size // 8
    block = _LABEL_HASH + bytes(size - len(message) - 66) + b"\1" + message
    seed = random(32)
    masked = _mask(block, seed)
    encoded = int.from_bytes(b"\0" + _mask(seed, masked) + masked, "big")
    numbers = public_key.public_numbers()
    return pow(encoded, numbers.e, numbers.n).to_bytes(size, "big")


def decrypt(private_key, ciphertext):
    try:
        return private_key.decrypt(ciphertext, _PADDING)
    except ValueError as error:
        raise KeyRefused("OAEP block does not open") from error
