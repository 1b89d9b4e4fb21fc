# SPDX-License-Identifier: Apache-2.0
"""Holds the second implementation of SRTP against the vectors of RFC 3711 and RFC 7714, then
writes tests/unit/srtp/srtp_vectors.h with it: whole packets, which the RFCs do not have.

Usage: make_srtp.py [--check]"""

import pathlib
import sys

import srtp_reference as ref
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "unit" / "srtp" / "srtp_vectors.h"


def expect(name, got, want):
    if got != bytes.fromhex(want):
        sys.exit(f"{name}: {got.hex()} instead of {want}")


def rfc_3711():
    """Appendix B.2 and B.3."""
    stream = ref.aes_cm(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"),
                        bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000"), 0xFF02 * 16)
    expect("B.2, first block", stream[:16], "E03EAD0935C95E80E166B16DD92B4EB4")
    expect("B.2, second block", stream[16:32], "D23513162B02D0F72A43A2FE4A5F97AB")
    expect("B.2, third block", stream[32:48], "41E95B3BB0A2E8DD477901E4FCA894C0")
    expect("B.2, block feff", stream[0xFEFF * 16:0xFF00 * 16], "EC8CDF7398607CB0F2D21675EA9EA1E4")
    expect("B.2, block ff00", stream[0xFF00 * 16:0xFF01 * 16], "362B7C3C6773516318A077D7FC5073AE")
    expect("B.2, block ff01", stream[0xFF01 * 16:], "6A2CC3787889374FBEB4C81B17BA6C44")
    key = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
    salt = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
    expect("B.3, cipher key", ref.derive(key, salt, 0, 16), "C61E7A93744F39EE10734AFE3FF7A087")
    expect("B.3, cipher salt", ref.derive(key, salt, 2, 14), "30CBBC08863D8C85D49DB34A9AE1")
    expect("B.3, auth key", ref.derive(key, salt, 1, 20), "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")


RTP = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
RTCP = bytes.fromhex("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
                     "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef")


def rfc_7714():
    """Sections 16.1.1, 16.2.1, 17.1 and 17.3: the session keys are given, not derived."""
    salt = b"Quid pro quo"
    iv = ref.gcm_iv(salt, 0x5501A0B2, 0xF17B)
    expect("16, IV", iv, "51753c6580c2726f20718414")
    expect("16.1.1", AESGCM(bytes(range(16))).encrypt(iv, RTP[12:], RTP[:12]),
           "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
           "899d7f27beb16a9152cf765ee4390cce")
    expect("16.2.1", AESGCM(bytes(range(32))).encrypt(iv, RTP[12:], RTP[:12]),
           "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
           "7aa3db36dfffd6b0f9bb7878d7a76c13")
    iv = ref.gcm_iv(salt, 0x4D617273, 0x5D4)
    expect("17, IV", iv, "51752405520372 6f207170bb".replace(" ", ""))
    covered = RTCP[:8] + bytes.fromhex("800005d4")
    expect("17.1", AESGCM(bytes(range(16))).encrypt(iv, RTCP[8:], covered),
           "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b468630"
           "3ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade")


def words(data):
    return "".join(f"\\x{byte:02x}" for byte in data)


def quoted(data):
    """A C string in lines of 20 bytes."""
    pieces = [data[i:i + 20] for i in range(0, len(data), 20)] or [b""]
    return "\n     ".join(f'"{words(piece)}"' for piece in pieces)


def rtp_packets():
    """Plain packets that each have something: sources, an extension, padding, no payload, one
    byte."""
    yield "plain", 0, RTP
    yield "with sources and extension", 7, bytes.fromhex(
        "93e0fffe0000000012345678000000010000000200000003"
        "abac0003e70000000000000080070000") + b"payload behind an extension"
    yield "without payload", 0xFFFFFFFF, bytes.fromhex("806000010000000012345678")
    yield "one byte, padding", 1, bytes.fromhex("a06000020000000012345678") + b"\x01"


def rtcp_packets():
    yield "first report", 1, RTCP
    yield "sender report", 0x5D4, RTCP
    yield "empty report, high index", 0x7FFFFFFF, bytes.fromhex("80c9000112345678")


def rows():
    for suite in (1, 2, 3):
        key = bytes((37 * i + suite) & 255 for i in range(ref.KEY_SIZE[suite]))
        salt = bytes((11 * i + 3 * suite) & 255 for i in range(ref.SALT_SIZE[suite]))
        for mki in (b"", b"\x9a\x01\x02\x03"):
            for name, roc, packet in rtp_packets():
                yield (name, suite, key, salt, mki, 0, roc, packet,
                       ref.protect_rtp(suite, key, salt, roc, packet, mki))
            for name, index, packet in rtcp_packets():
                yield (name, suite, key, salt, mki, 1, index, packet,
                       ref.protect_rtcp(suite, key, salt, index, packet, mki))
            yield ("report, not encrypted", suite, key, salt, mki, 2, 9, RTCP,
                   ref.protect_rtcp(suite, key, salt, 9, RTCP, mki, encrypted=False))


def header():
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Written by tests/vectors/srtp/make_srtp.py: whole packets of an implementation that is",
        " * held against the vectors of RFC 3711 and RFC 7714 each time. Do not edit. */",
        "#ifndef SVMS_TEST_SRTP_VECTORS_H",
        "#define SVMS_TEST_SRTP_VECTORS_H",
        "",
        "/* clang-format off */",
        "/* kind 0: RTP, and number is the roll-over counter; 1: RTCP, and number is the index; 2: RTCP",
        " * that is not encrypted. */",
        "static const struct srtp_vector {",
        "    const char *name;",
        "    int suite;",
        "    const char *key;",
        "    const char *salt;",
        "    const char *mki;",
        "    unsigned mki_size;",
        "    int kind;",
        "    unsigned number;",
        "    const char *plain;",
        "    unsigned plain_size;",
        "    const char *sealed;",
        "    unsigned sealed_size;",
        "} srtp_vectors[] = {",
    ]
    for name, suite, key, salt, mki, kind, number, plain, sealed in rows():
        lines.append(f'    {{"{name}", {suite},')
        lines.append(f"     {quoted(key)},\n     {quoted(salt)},")
        lines.append(f'     "{words(mki)}", {len(mki)}, {kind}, {number}u,')
        lines.append(f"     {quoted(plain)}, {len(plain)},")
        lines.append(f"     {quoted(sealed)}, {len(sealed)}}},")
    lines += ["};", "/* clang-format on */", "", "#endif", ""]
    return "\n".join(lines)


def main():
    rfc_3711()
    rfc_7714()
    text = header()
    if sys.argv[1:] == ["--check"]:
        if OUT.read_text() != text:
            sys.exit(f"{OUT} is not what make_srtp.py writes")
        return
    OUT.write_text(text)


if __name__ == "__main__":
    main()
