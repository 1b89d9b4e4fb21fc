# SPDX-License-Identifier: Apache-2.0
"""Updates, read and written from docs/spec/update.md alone, with python3-cryptography."""

import hashlib
import re
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

MAGIC = b"SVMSUPD\n"
LABEL = b"svms update 1".ljust(16, b"\0")
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def text(value):
    data = value.encode()
    return bytes([len(data)]) + data


def signed_bytes(algorithm, chain, manifest):
    """U-FIL-2."""
    return LABEL + struct.pack(">HH", algorithm, 0) + hashlib.sha256(chain).digest() + hashlib.sha256(manifest).digest()


def part(name, data, chunk=4096):
    digests = b"".join(hashlib.sha256(data[at:at + chunk]).digest() for at in range(0, len(data), chunk))
    return text(name) + struct.pack(">QI", len(data), chunk) + hashlib.sha256(data).digest() + digests


def manifest(parts, *, product, hardware, version, minimum="", counter=0, signed_ns=0, note=""):
    return (struct.pack(">HHQq", 1, 0, counter, signed_ns) + text(version) + text(minimum) + text(product)
            + bytes([len(hardware)]) + b"".join(text(name) for name in hardware)
            + struct.pack(">H", len(note.encode())) + note.encode()
            + bytes([len(parts)]) + b"".join(part(name, data) for name, data in parts))


def chain_of(pem):
    blocks = re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", pem, re.DOTALL)
    found = [x509.load_pem_x509_certificate(block).public_bytes(serialization.Encoding.DER) for block in blocks]
    return b"".join(struct.pack(">I", len(der)) + der for der in found)


def make(parts, key_pem, chain_pem, **said):
    """An update signed with ECDSA on P-256 (algorithm 1: r and s of 32 bytes each, s in the lower half)."""
    body = manifest(parts, **said)
    chain = chain_of(chain_pem)
    key = serialization.load_pem_private_key(key_pem, None)
    r, s = utils.decode_dss_signature(key.sign(signed_bytes(1, chain, body), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")
    front = MAGIC + struct.pack(">HHIII", 1, 1, len(chain), len(body), len(signature))
    return front + chain + body + signature + b"".join(data for _, data in parts)


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        assert self.at + size <= len(self.data), "truncated"
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))[0]

    def text(self):
        return self.take(self.number("B")).decode()


def read(data):
    """What an update says; an assertion fails where its signature or its parts do not fit."""
    file = Reader(data)
    assert file.take(8) == MAGIC
    assert file.number("H") == 1
    algorithm = file.number("H")
    sizes = [file.number("I") for _ in range(3)]
    chain, body, signature = (file.take(size) for size in sizes)
    leaf = x509.load_der_x509_certificate(chain[4:4 + struct.unpack(">I", chain[:4])[0]])
    assert algorithm == 1
    raw = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    leaf.public_key().verify(raw, signed_bytes(algorithm, chain, body), ec.ECDSA(hashes.SHA256()))
    return read_manifest(body, file) | {"leaf": leaf, "manifest_sha256": hashlib.sha256(body).hexdigest()}


def read_manifest(body, file):
    said = Reader(body)
    assert (said.number("H"), said.number("H")) == (1, 0)
    found = {"counter": said.number("Q"), "signed_ns": said.number("q"), "version": said.text(), "minimum": said.text(),
             "product": said.text(), "hardware": [said.text() for _ in range(said.number("B"))]}
    found["note"] = said.take(said.number("H")).decode()
    found["parts"] = []
    for _ in range(said.number("B")):
        name, size, chunk, whole = said.text(), said.number("Q"), said.number("I"), said.take(32)
        digests = [said.take(32) for _ in range((size + chunk - 1) // chunk)]
        data = file.take(size)
        assert hashlib.sha256(data).digest() == whole
        assert [hashlib.sha256(data[at:at + chunk]).digest() for at in range(0, size, chunk)] == digests
        found["parts"].append((name, data))
    assert said.at == len(body) and file.at == len(file.data)
    return found
