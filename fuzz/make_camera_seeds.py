#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_camera_sei, and the header with the certificate that it verifies with.

The private key is made anew and thrown away: what verifies with that certificate is in the header,
and nothing else ever can be."""

import datetime
import hashlib
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

HERE = os.path.dirname(os.path.abspath(__file__))
UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
SHA2 = bytes.fromhex("06096086480165030402")
PSS_OID = bytes.fromhex("06092a864886f70d01010a")
PKCS1_OID = bytes.fromhex("06092a864886f70d01010b")
START = 134117966450000000
HASHES = {1: hashes.SHA256(), 2: hashes.SHA384(), 3: hashes.SHA512()}
CERTIFICATE, ESCAPED = 0x80, 0x40


def certificate(name, key, issuer_name=None, issuer_key=None):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name or name)])
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(datetime.datetime(2026, 1, 1)).not_valid_after(datetime.datetime(2046, 1, 1))
               .add_extension(x509.BasicConstraints(ca=issuer_key is None, path_length=None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer_key or key).public_key()),
                              critical=False))
    usage = dict(digital_signature=issuer_key is not None, content_commitment=False, key_encipherment=False,
                 data_encipherment=False, key_agreement=False, key_cert_sign=issuer_key is None,
                 crl_sign=issuer_key is None, encipher_only=False, decipher_only=False)
    builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def element(tag, value):
    return bytes([tag]) + len(value).to_bytes(2, "big") + value


def general(order="big", version=2, size=32, count=3, partial=0, counter=9):
    times = START.to_bytes(8, order) + ((START + 10000000).to_bytes(8, order) if version == 2 else b"")
    value = (bytes([version, 26, 6, 0, partial]) + times + counter.to_bytes(4, order) + count.to_bytes(2, "big")
             + bytes(range(size)) + bytes(size))
    return element(1, value)


def hash_list(count=3, size=32):
    return element(2, b"\1" + b"".join(hashlib.sha512(str(i).encode()).digest()[:size] for i in range(count)))


def cryptography_of(number, oid=b"", bits=0):
    return element(4, bytes([1, 11]) + SHA2 + bytes([number, len(oid)]) + oid + bits.to_bytes(2, "big"))


def vendor():
    return element(5, b"\1" + b"".join(bytes([len(t)]) + t for t in (b"1.0.7", b"0007", b"A maker")))


def certificates(pem, user=0):
    return element(6, bytes([1, user]) + pem)


def escape(plain):
    out, zeros = bytearray(), 0
    for byte in plain:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def sign(key, digest, algorithm, pkcs1):
    if isinstance(key, rsa.RSAPrivateKey):
        scheme = padding.PKCS1v15() if pkcs1 else padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
        return key.sign(digest, scheme, Prehashed(algorithm))
    return key.sign(digest, ec.ECDSA(Prehashed(algorithm)))


def sei(elements, key=None, number=1, reserved=0, codec="h264", escaped=True, pkcs1=False, signed=None):
    """A NAL unit; adds the hash of its document to signed."""
    room = 0 if not key else key.key_size // 8 if isinstance(key, rsa.RSAPrivateKey) else \
        {256: 72, 384: 104, 521: 139}[key.curve.key_size]
    size = len(UUID) + 1 + len(elements) + (6 + room if key else 0)
    head = (b"\x06" if codec == "h264" else b"\x4e\x01") + b"\x05" + b"\xff" * (size // 255) + bytes([size % 255])
    plain = head + UUID + bytes([reserved]) + elements
    if key:
        document = escape(plain) if reserved & ESCAPED and escaped else plain
        digest = hashlib.new(HASHES[number].name, document).digest()
        if signed is not None:
            signed.append(hashlib.sha256(document).digest())
        signature = sign(key, digest, HASHES[number], pkcs1)
        plain += element(3, b"\1" + len(signature).to_bytes(2, "big") + signature + b"\1" * (room - len(signature)))
    plain += b"\x80"
    return escape(plain) if escaped else plain


def fixed_seeds(key, pem):
    """Of the key in the header."""
    signed = []
    usual = general() + hash_list()
    seeds = {
        "gop": sei(usual + cryptography_of(1), key, signed=signed),
        "gop-little-endian": sei(general("little") + hash_list() + cryptography_of(1), key, signed=signed),
        "gop-escaped": sei(usual + cryptography_of(1), key, reserved=ESCAPED, signed=signed),
        "gop-without-prevention": sei(usual + cryptography_of(1), key, escaped=False, signed=signed),
        "gop-h265": sei(usual + cryptography_of(1), key, codec="h265", signed=signed),
        "gop-version-1": sei(general(version=1, partial=1) + cryptography_of(1), key, signed=signed),
        "gop-sha384": sei(general(size=48) + hash_list(size=48) + cryptography_of(2), key, 2, signed=signed),
        "gop-sha512-h265": sei(general(size=64) + cryptography_of(3), key, 3, codec="h265", signed=signed),
        "gop-with-all": sei(usual + cryptography_of(1) + vendor() + certificates(pem), key, signed=signed),
        "certificate": sei(cryptography_of(1) + certificates(pem) + vendor(), key, reserved=CERTIFICATE,
                           signed=signed),
        "certificate-of-both": sei(cryptography_of(1) + certificates(pem) + certificates(pem, 1), key,
                                   reserved=CERTIFICATE | ESCAPED, codec="h265", signed=signed),
        "list-of-300": sei(general(count=300) + hash_list(300) + cryptography_of(1), key, signed=signed),
        "unknown-element": sei(element(99, bytes(40)) + usual + cryptography_of(1), key, signed=signed),
    }
    return seeds, signed


def other_seeds(root_key):
    """Of keys that come in the SEI, and without a signature."""
    rsa_key = rsa.generate_private_key(65537, 2048)
    p521 = ec.generate_private_key(ec.SECP521R1())
    rsa_pem = certificates(certificate("camera, RSA", rsa_key, "maker", root_key))
    p521_pem = certificates(certificate("camera, P-521", p521, "maker", root_key))
    usual = general() + hash_list()
    return {
        "rsa-pss": sei(usual + cryptography_of(1, PSS_OID, 2048) + rsa_pem, rsa_key),
        "rsa-pkcs1": sei(usual + cryptography_of(1, PKCS1_OID, 2048) + rsa_pem, rsa_key, pkcs1=True),
        "p521": sei(general(size=64) + cryptography_of(3) + p521_pem, p521, 3),
        "unsigned": sei(usual + cryptography_of(1)),
        "unsigned-h265": sei(usual, codec="h265"),
        "arbitrary": sei(element(7, b"\1whatever the maker likes")),
        "other-hash": sei(general(size=32) + cryptography_of(8)),
        "empty": sei(b""),
    }


def main():
    root_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    root = certificate("maker", root_key)
    pem = certificate("camera", key, "maker", root_key)
    seeds, signed = fixed_seeds(key, pem)
    seeds.update(other_seeds(root_key))
    folder = os.path.join(HERE, "corpus", "camera_sei")
    os.makedirs(folder, exist_ok=True)
    for name, content in seeds.items():
        with open(os.path.join(folder, name + ".nal"), "wb") as file:
            file.write((b"\1" if "h265" in name or content[0] == 0x4E else b"\0") + content)
    with open(os.path.join(HERE, "fuzz_camera_signed.h"), "w", encoding="ascii") as file:
        file.write("/* SPDX-License-Identifier: Apache-2.0 */\n"
                   "/* Written by make_camera_seeds.py: a camera's certificate and its maker's, and the SHA-256 of\n"
                   " * every document that was ever signed with that key. */\n"
                   "#ifndef SVMS_FUZZ_CAMERA_SIGNED_H\n#define SVMS_FUZZ_CAMERA_SIGNED_H\n\n"
                   "#include <stdint.h>\n\n")
        for label, text in (("camera_pem", pem), ("maker_pem", root)):
            lines = "\n".join(f'    "{line}\\n"' for line in text.decode().splitlines())
            file.write(f"static const char {label}[] =\n{lines};\n\n")
        rows = ",\n".join("    { " + ", ".join(f"0x{b:02X}" for b in digest) + " }" for digest in signed)
        file.write(f"static const uint8_t signed_documents[][32] = {{\n{rows}\n}};\n\n#endif\n")


if __name__ == "__main__":
    main()
