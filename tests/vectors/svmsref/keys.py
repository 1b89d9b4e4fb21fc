# SPDX-License-Identifier: Apache-2.0
"""Key schedule of section 8."""

from dataclasses import dataclass

from . import constants as c
from .primitives import hkdf_expand, hkdf_extract


@dataclass
class TrackKeys:
    """What one track secret T gives (C-KEY-5)."""

    secret: bytes
    key: bytes
    nonce_base: bytes
    commitment: bytes

    def nonce(self, index, chunk):
        mask = index.to_bytes(8, "big") + chunk.to_bytes(4, "big")
        return bytes(a ^ b for a, b in zip(self.nonce_base, mask))


def track_keys(secret):
    return TrackKeys(
        secret,
        hkdf_expand(secret, b"svms1 key", 32),
        hkdf_expand(secret, b"svms1 nonce", 12),
        hkdf_expand(secret, b"svms1 commit", 32),
    )


class EarlyKeys:
    """What can be derived before the header exists (C-KEY-1 to C-KEY-3)."""

    def __init__(self, content_key, container_id):
        self.prk = hkdf_extract(container_id, content_key)
        self.check = hkdf_expand(self.prk, b"svms1 key check", 32)
        self.description = hkdf_expand(self.prk, b"svms1 description", 32)


class ContainerKeys:
    """What is bound to the header (C-KEY-4, C-KEY-7)."""

    def __init__(self, content_key, header_hash):
        self.prk = hkdf_extract(header_hash, content_key)
        self.access = hkdf_expand(self.prk, b"svms1 access", 32)

    def track_secret(self, segment, track, salt):
        info = b"svms1 track" + c.SUITE.to_bytes(2, "big") + segment.to_bytes(8, "big")
        return hkdf_expand(self.prk, info + bytes([track]) + salt, 32)

    def track(self, segment, track, salt):
        return track_keys(self.track_secret(segment, track, salt))
