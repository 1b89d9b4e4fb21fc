#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of Axis Signed Video for fuzz_camera_sei, and the streams of its unit tests (axis_streams.h).

The second implementation signs them (tests/system/axis_signed.py). Private keys are made anew and thrown away."""

import datetime
import os
import random
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))
import axis_signed  # pylint: disable=wrong-import-position
import camera_signed  # pylint: disable=wrong-import-position

START = 1_782_864_000 * 10**6  # 2026-07-01


def certificate(name, key, issuer_key):
    is_ca = key is issuer_key
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, "maker"))
    usage = x509.KeyUsage(not is_ca, False, False, False, False, is_ca, is_ca, False, False)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(datetime.datetime(2026, 1, 1))
               .not_valid_after(datetime.datetime(2046, 1, 1)).add_extension(x509.BasicConstraints(is_ca, None), True)
               .add_extension(usage, True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False))
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def scene(codec, gops=3, length=3):
    noise, kinds = random.Random(7), (b"\x65", b"\x41") if codec == "h264" else (b"\x26\x01", b"\x02\x01")
    return [[kinds[frame % length != 0] + b"\x80" + camera_signed.escape(noise.randbytes(6)) + b"\x80"]
            for frame in range(gops * length)]


def shoot(codec, key, **how):
    return axis_signed.sign(codec, scene(codec), pem_of(key), start=START, step=40000, **how)


def seis_of(codec, units):
    return [nal for nals in units for nal in nals if axis_signed.is_sei(codec, nal)]


def write_seeds(streams):
    for name, (codec, units) in streams.items():
        # The first of each kind that is not the same again: golden, with keys, without them.
        for number, nal in enumerate(seis_of(codec, units)[:2]):
            with open(os.path.join(HERE, "corpus", "camera_sei", f"axis-{name}-{number}.nal"), "wb") as file:
                file.write((b"\1" if codec == "h265" else b"\0") + nal)


def rows_of(data):
    lines = (data[at:at + 14] for at in range(0, len(data), 14))
    return ",\n".join("    " + ", ".join(f"0x{byte:02X}" for byte in line) for line in lines)


def write_streams(streams, ca):
    """Each access unit behind its size, u16, with 4-byte lengths."""
    text = ("/* SPDX-License-Identifier: Apache-2.0 */\n"
            "/* Written by fuzz/make_axis_seeds.py: streams of Axis Signed Video, H.264, each\n"
            " * access unit behind its size (u16), with 4-byte lengths; and the certificate of their maker. */\n"
            "#ifndef SVMS_TEST_AXIS_STREAMS_H\n#define SVMS_TEST_AXIS_STREAMS_H\n\n#include <stdint.h>\n\n")
    for name, (_, units) in streams.items():
        samples = [camera_signed.join_lengths(nals) for nals in units]
        data = b"".join(len(sample).to_bytes(2, "big") + sample for sample in samples)
        text += f"static const uint8_t {name}[] = {{\n{rows_of(data)}\n}};\n\n"
    lines = "\n".join(f'    "{line}\\n"' for line in ca.decode().splitlines())
    with open(os.path.join(ROOT, "tests", "unit", "signedvideo", "axis_streams.h"), "w", encoding="ascii") as file:
        file.write(f"{text}static const char axis_maker_pem[] =\n{lines};\n\n#endif\n")


def main():
    maker, key, chip = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    ca = certificate("maker", maker, maker)
    attested = {"chain": certificate(axis_signed.ATTESTATION_NAME + axis_signed.CHIP.hex(), chip, maker),
                "attestation": axis_signed.attest(chip, key), "every": 9}
    write_streams({"axis_1": ("h264", shoot("h264", key, generation=1, **attested)),
                   "axis_2": ("h264", shoot("h264", key, **attested))}, ca)
    write_seeds({
        "1": ("h264", shoot("h264", key, generation=1, **attested)),
        "1-no-times": ("h265", shoot("h265", key, generation=1, times=False)),
        "2": ("h264", shoot("h264", key, **attested)),
        "2-bare": ("h264", shoot("h264", key, bare=True, escaped=False, texts=(b"", b"", b"", b"", b""))),
        "2-h265": ("h265", shoot("h265", key, part=2)),
        "2-golden": ("h264", shoot("h264", key, golden=True, chain=certificate("leaf", key, maker))),
        "2-no-lists": ("h264", shoot("h264", key, lists=False, algorithm="sha512")),
        "2-rsa": ("h264", shoot("h264", rsa.generate_private_key(65537, 2048))),
    })


if __name__ == "__main__":
    main()
