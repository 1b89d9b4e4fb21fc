# SPDX-License-Identifier: Apache-2.0
"""Signature algorithms of C-ALG-2: verification, and deterministic signing for vectors."""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from .oaep import mgf1

ECDSA_P256, ECDSA_P384, ED25519, RSA_PSS = 1, 2, 3, 4
NAMES = {0: "none", 1: "ecdsa-p256", 2: "ecdsa-p384", 3: "ed25519", 4: "rsa-pss"}

_CURVES = {
    ECDSA_P256: (
        ec.SECP256R1(),
        32,
        hashlib.sha256,
        hashes.SHA256(),
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
    ECDSA_P384: (
        ec.SECP384R1(),
        48,
        hashlib.sha384,
        hashes.SHA384(),
        int(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
            16,
        ),
    ),
}
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
_answers = {}
_ANSWERS_MAX = 256


def algorithm_of(key):
    """Algorithm that belongs to a public or private key, or None."""
    if isinstance(key, (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey)):
        return ED25519
    if isinstance(key, (ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey)):
        return {"secp256r1": ECDSA_P256, "secp384r1": ECDSA_P384}.get(key.curve.name)
    if isinstance(key, (rsa.RSAPublicKey, rsa.RSAPrivateKey)):
        return RSA_PSS if 2048 <= key.key_size <= 8192 else None
    return None


def high_s(algorithm, signature):
    """The other signature that plain ECDSA accepts: s replaced by n - s."""
    size, order = _CURVES[algorithm][1], _CURVES[algorithm][4]
    s = int.from_bytes(signature[size:], "big")
    return signature[:size] + (order - s).to_bytes(size, "big")


def _verify_ecdsa(algorithm, key, message, signature):
    _, size, _, digest, order = _CURVES[algorithm]
    if len(signature) != 2 * size:
        return "ECDSA signature has the wrong length"
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    if not 0 < r < order or not 0 < s < order:
        return "ECDSA signature is out of range"
    if s > order // 2:
        return "ECDSA signature has a high s"
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(digest))
    return None


def verify(algorithm, key, message, signature):
    """None when the signature holds, else the reason. Who asks the same again gets the same answer at once: of a damaged
    file, most is as it was."""
    asked = (algorithm, id(key), bytes(message), bytes(signature))
    if asked not in _answers:
        if len(_answers) == _ANSWERS_MAX:
            del _answers[next(iter(_answers))]
        # The key is kept, so that no other gets its id.
        _answers[asked] = (key, _verify(algorithm, key, asked[2], asked[3]))
    return _answers[asked][1]


def _verify(algorithm, key, message, signature):
    if algorithm_of(key) != algorithm:
        return "algorithm does not belong to the key"
    try:
        if algorithm in _CURVES:
            return _verify_ecdsa(algorithm, key, message, signature)
        if algorithm == ED25519:
            if len(signature) != 64:
                return "Ed25519 signature has the wrong length"
            key.verify(signature, message)
            return None
        if len(signature) != (key.key_size + 7) // 8:
            return "RSA signature has the wrong length"
        key.verify(signature, message, _PSS, hashes.SHA256())
        return None
    except (InvalidSignature, ValueError):
        return "signature does not hold"


def _rfc6979_nonce(private, digest, order, size, hasher):
    """k of RFC 6979 section 3.2; curve order and hash have the same number of bits here."""
    reduced = (int.from_bytes(digest, "big") % order).to_bytes(size, "big")
    seed = private.to_bytes(size, "big") + reduced
    key, value = bytes(size), b"\1" * size

    def mac(key, data):
        return hmac.new(key, data, hasher).digest()

    for separator in (b"\0", b"\1"):
        key = mac(key, value + separator + seed)
        value = mac(key, value)
    while True:
        value = mac(key, value)
        nonce = int.from_bytes(value, "big")
        if 0 < nonce < order:
            return nonce
        key = mac(key, value + b"\0")
        value = mac(key, value)


def _sign_ecdsa(algorithm, key, message):
    curve, size, hasher, _, order = _CURVES[algorithm]
    private = key.private_numbers().private_value
    digest = hasher(message).digest()
    nonce = _rfc6979_nonce(private, digest, order, size, hasher)
    r = ec.derive_private_key(nonce, curve).public_key().public_numbers().x % order
    s = pow(nonce, -1, order) * (int.from_bytes(digest, "big") + r * private) % order
    return r.to_bytes(size, "big") + min(s, order - s).to_bytes(size, "big")


def _sign_rsa_pss(key, message, salt):
    """EMSA-PSS-ENCODE of RFC 8017 section 9.1.1 and RSASP1, with a salt that is given."""
    bits = key.key_size - 1
    size = (bits + 7) // 8
    digest = hashlib.sha256(bytes(8) + hashlib.sha256(message).digest() + salt).digest()
    block = b"\1" + salt
    block = bytes(size - len(block) - 33) + block
    masked = bytearray(a ^ b for a, b in zip(block, mgf1(digest, len(block))))
    masked[0] &= 0xFF >> (8 * size - bits)
    encoded = int.from_bytes(bytes(masked) + digest + b"\xbc", "big")
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    return pow(encoded, numbers.d, modulus).to_bytes((key.key_size + 7) // 8, "big")


def sign(key, message, random):
    """Deterministic when random is: RFC 6979 for ECDSA, the salt of PSS from random."""
    algorithm = algorithm_of(key)
    if algorithm in _CURVES:
        return _sign_ecdsa(algorithm, key, message)
    if algorithm == ED25519:
        return key.sign(message)
    return _sign_rsa_pss(key, message, random(32))
