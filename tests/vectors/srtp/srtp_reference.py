# SPDX-License-Identifier: Apache-2.0
"""SRTP and SRTCP, written from RFC 3711 and RFC 7714 alone: the second implementation."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_SIZE = {1: 32, 2: 16, 3: 16}
SALT_SIZE = {1: 12, 2: 12, 3: 14}
AEAD = {1, 2}
CM_TAG = 10


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def aes_cm(key, iv, size):
    """The keystream of RFC 3711 section 4.1.1: AES of a 128-bit counter that begins at iv."""
    stream = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return stream.update(bytes(size))


def derive(key, salt, label, size):
    """RFC 3711 section 4.3.1 with a key derivation rate of 0; the salt is 112 bits, and RFC 7714
    section 11 pads its 96 bits on the right."""
    x = int.from_bytes(salt.ljust(14, b"\0"), "big") ^ (label << 48)
    return aes_cm(key, (x << 16).to_bytes(16, "big"), size)


class Keys:
    """The session keys of one direction of one suite; base is 0 for RTP and 3 for RTCP."""

    def __init__(self, suite, key, salt, base):
        self.suite = suite
        self.key = derive(key, salt, base, KEY_SIZE[suite])
        self.auth = derive(key, salt, base + 1, 20)
        self.salt = derive(key, salt, base + 2, SALT_SIZE[suite])


def cm_iv(salt, ssrc, index):
    """RFC 3711 section 4.1.1."""
    return ((int.from_bytes(salt, "big") << 16) ^ (ssrc << 64) ^ (index << 16)).to_bytes(16, "big")


def gcm_iv(salt, ssrc, index):
    """RFC 7714 sections 8.1 and 9.1: two zero bytes, SSRC, and 48 bits of index."""
    return xor(bytes(2) + ssrc.to_bytes(4, "big") + index.to_bytes(6, "big"), salt)


def rtp_header_size(packet):
    size = 12 + 4 * (packet[0] & 15)
    if packet[0] & 16:
        size += 4 + 4 * int.from_bytes(packet[size + 2:size + 4], "big")
    return size


def protect_rtp(suite, key, salt, roc, packet, mki=b""):
    keys = Keys(suite, key, salt, 0)
    ssrc = int.from_bytes(packet[8:12], "big")
    index = roc << 16 | int.from_bytes(packet[2:4], "big")
    cut = rtp_header_size(packet)
    if suite in AEAD:
        sealed = AESGCM(keys.key).encrypt(gcm_iv(keys.salt, ssrc, index), packet[cut:], packet[:cut])
        return packet[:cut] + sealed + mki
    stream = aes_cm(keys.key, cm_iv(keys.salt, ssrc, index), len(packet) - cut)
    sealed = packet[:cut] + xor(packet[cut:], stream)
    tag = hmac.new(keys.auth, sealed + roc.to_bytes(4, "big"), hashlib.sha1).digest()[:CM_TAG]
    return sealed + mki + tag


def protect_rtcp(suite, key, salt, index, packet, mki=b"", encrypted=True):
    keys = Keys(suite, key, salt, 3)
    ssrc = int.from_bytes(packet[4:8], "big")
    trailer = (index | (0x80000000 if encrypted else 0)).to_bytes(4, "big")
    cut = 8 if encrypted else len(packet)
    if suite in AEAD:
        covered = packet[:cut] + trailer
        sealed = AESGCM(keys.key).encrypt(gcm_iv(keys.salt, ssrc, index), packet[cut:], covered)
        return packet[:cut] + sealed + trailer + mki
    stream = aes_cm(keys.key, cm_iv(keys.salt, ssrc, index), len(packet) - cut)
    sealed = packet[:cut] + xor(packet[cut:], stream) + trailer
    tag = hmac.new(keys.auth, sealed, hashlib.sha1).digest()[:CM_TAG]
    return sealed + mki + tag
