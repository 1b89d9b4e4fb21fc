#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent HPKE (RFC 9180, mode base, HKDF-SHA256), from which the P-256 vector comes.

RFC 9180 publishes no vector for DHKEM(P-256) with AES-256-GCM. This program first reproduces
published vectors around it (P-256 with AES-128-GCM, X25519 with AES-128-GCM and AES-256-GCM), and
only then prints one for P-256 with AES-256-GCM, from the keys of appendix A.3.1.

Needs the Python package "cryptography". Run: python3 hpke_vectors.py
"""
import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEM_P256, KEM_X25519 = 0x10, 0x20
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
AAD = b"Count-0"
PLAIN = b"Beauty is truth, truth beauty"

# (kem, aead, private key of the recipient, ephemeral private key, expected ciphertext)
PUBLISHED = [
    # RFC 9180, A.1.1
    (KEM_X25519, 1,
     "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
     "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
     "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9"
     "6d8770ac83d07bea87e13c512a"),
    # RFC 9180, A.3.1
    (KEM_P256, 1,
     "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
     "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
     "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f"
     "9076ac232e3ab2523f39513434"),
    # The CFRG's full set of vectors for RFC 9180
    (KEM_X25519, 2,
     "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
     "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
     "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be99319"
     "80a41de125a925cdad859d5b7a"),
]


def extract(salt, secret):
    return hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()


def expand(prk, info, size):
    out, block = b"", b""
    for counter in range(1, 256):
        if len(out) >= size:
            break
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        out += block
    return out[:size]


def labeled_extract(suite, salt, label, secret):
    return extract(salt, b"HPKE-v1" + suite + label + secret)


def labeled_expand(suite, prk, label, info, size):
    return expand(prk, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)


def load(kem, private):
    if kem == KEM_X25519:
        key = x25519.X25519PrivateKey.from_private_bytes(private)
        return key, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    return key, key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def agree(kem, own, peer):
    if kem == KEM_X25519:
        return own.exchange(peer.public_key())
    return own.exchange(ec.ECDH(), peer.public_key())


def seal(kem, aead, recipient, ephemeral, info, aad, plain):
    key_size = {1: 16, 2: 32}[aead]
    recipient_key, recipient_public = load(kem, recipient)
    ephemeral_key, enc = load(kem, ephemeral)
    kem_suite = b"KEM" + kem.to_bytes(2, "big")
    suite = b"HPKE" + kem.to_bytes(2, "big") + b"\x00\x01" + aead.to_bytes(2, "big")
    dh = agree(kem, ephemeral_key, recipient_key)
    assert dh == agree(kem, recipient_key, ephemeral_key)
    prk = labeled_extract(kem_suite, b"", b"eae_prk", dh)
    shared = labeled_expand(kem_suite, prk, b"shared_secret", enc + recipient_public, 32)
    context = (b"\x00" + labeled_extract(suite, b"", b"psk_id_hash", b"")
               + labeled_extract(suite, b"", b"info_hash", info))
    secret = labeled_extract(suite, shared, b"secret", b"")
    key = labeled_expand(suite, secret, b"key", context, key_size)
    nonce = labeled_expand(suite, secret, b"base_nonce", context, 12)
    return enc, AESGCM(key).encrypt(nonce, plain, aad)


def main():
    for kem, aead, recipient, ephemeral, expected in PUBLISHED:
        _, sealed = seal(kem, aead, bytes.fromhex(recipient), bytes.fromhex(ephemeral), INFO, AAD,
                         PLAIN)
        assert sealed.hex() == expected, (kem, aead)
    recipient, ephemeral = (bytes.fromhex(x) for x in PUBLISHED[1][2:4])
    enc, sealed = seal(KEM_P256, 2, recipient, ephemeral, INFO, AAD, PLAIN)
    print("recipient ", recipient.hex())
    print("ephemeral ", ephemeral.hex())
    print("info      ", INFO.hex())
    print("aad       ", AAD.hex())
    print("plain     ", PLAIN.hex())
    print("enc       ", enc.hex())
    print("sealed    ", sealed.hex())
    # An empty everything, and an info longer than one hash block.
    for kem in (KEM_X25519, KEM_P256):
        _, short = seal(kem, 2, recipient, ephemeral, b"", b"", b"")
        _, long = seal(kem, 2, recipient, ephemeral, bytes(range(256)) * 8, AAD, PLAIN)
        print("kem %#06x empty %s long info %s" % (kem, short.hex(), long.hex()))


main()
