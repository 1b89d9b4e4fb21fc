# SPDX-License-Identifier: Apache-2.0
"""RFC 9180 base mode, one message: DHKEM(X25519 | P-256, HKDF-SHA256), HKDF-SHA256, AES-GCM."""

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import KeyRefused
from .primitives import hkdf_expand, hkdf_extract, seal as aead_seal, unseal as aead_unseal

KEM_P256, KEM_X25519 = 0x0010, 0x0020
KDF_HKDF_SHA256 = 0x0001
AEAD_KEY_SIZE = {0x0001: 16, 0x0002: 32}
AES_256_GCM = 0x0002

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def kem_of(key):
    if isinstance(key, (x25519.X25519PrivateKey, x25519.X25519PublicKey)):
        return KEM_X25519
    if isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        if key.curve.name == "secp256r1":
            return KEM_P256
    raise KeyRefused("key is neither X25519 nor P-256")


def _raw_public(key):
    if kem_of(key) == KEM_X25519:
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _public_from_raw(kem, raw):
    try:
        if kem == KEM_X25519:
            return x25519.X25519PublicKey.from_public_bytes(raw)
        if len(raw) != 65 or raw[0] != 4:
            raise KeyRefused("point is not uncompressed")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise KeyRefused("encapsulated key is not a point") from error


def _dh(private, public):
    try:
        if kem_of(private) == KEM_X25519:
            return private.exchange(public)
        return private.exchange(ec.ECDH(), public)
    except ValueError as error:
        raise KeyRefused("key agreement failed") from error


def ephemeral_key(kem, random):
    """A fresh key pair from a source of random bytes."""
    if kem == KEM_X25519:
        return x25519.X25519PrivateKey.from_private_bytes(random(32))
    scalar = int.from_bytes(random(48), "big") % (P256_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def _labeled_extract(suite, salt, label, ikm):
    return hkdf_extract(salt, b"HPKE-v1" + suite + label + ikm)


def _labeled_expand(suite, prk, label, info, length):
    return hkdf_expand(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def _kem_secret(kem, dh, context):
    suite = b"KEM" + kem.to_bytes(2, "big")
    prk = _labeled_extract(suite, b"", b"eae_prk", dh)
    return _labeled_expand(suite, prk, b"shared_secret", context, 32)


def _key_schedule(kem, aead, secret, info):
    suite = b"HPKE" + kem.to_bytes(2, "big") + KDF_HKDF_SHA256.to_bytes(2, "big")
    suite += aead.to_bytes(2, "big")
    context = b"\0" + _labeled_extract(suite, b"", b"psk_id_hash", b"")
    context += _labeled_extract(suite, b"", b"info_hash", info)
    prk = _labeled_extract(suite, secret, b"secret", b"")
    key = _labeled_expand(suite, prk, b"key", context, AEAD_KEY_SIZE[aead])
    return key, _labeled_expand(suite, prk, b"base_nonce", context, 12)


def seal(recipient, ephemeral, info, aad, plaintext, aead=AES_256_GCM):
    """Returns (enc, ciphertext)."""
    kem = kem_of(recipient)
    enc = _raw_public(ephemeral.public_key())
    secret = _kem_secret(kem, _dh(ephemeral, recipient), enc + _raw_public(recipient))
    key, nonce = _key_schedule(kem, aead, secret, info)
    return enc, aead_seal(key, nonce, aad, plaintext)


def unseal(private, enc, info, aad, sealed, aead=AES_256_GCM):
    kem = kem_of(private)
    dh = _dh(private, _public_from_raw(kem, enc))
    secret = _kem_secret(kem, dh, enc + _raw_public(private.public_key()))
    key, nonce = _key_schedule(kem, aead, secret, info)
    return aead_unseal(key, nonce, aad, sealed)
