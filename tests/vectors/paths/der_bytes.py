# SPDX-License-Identifier: Apache-2.0
"""Just enough DER to write certificates that no library would write."""


def tlv(tag, *contents):
    body = b"".join(contents)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*items):
    return tlv(0x30, *items)


def set_of(*items):
    return tlv(0x31, *sorted(items))


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def boolean(value):
    return tlv(0x01, b"\xff" if value else b"\x00")


def octets(data):
    return tlv(0x04, data)


def bits(data, unused=0):
    return tlv(0x03, bytes([unused]), data)


def null():
    return tlv(0x05)


def utf8(text):
    return tlv(0x0C, text if isinstance(text, bytes) else text.encode())


def printable(text):
    return tlv(0x13, text.encode())


def ia5(text):
    return tlv(0x16, text if isinstance(text, bytes) else text.encode())


def enumerated(value):
    return tlv(0x0A, bytes([value]))


def oid(dotted):
    arcs = [int(part) for part in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        group = bytes([arc & 0x7F])
        arc >>= 7
        while arc:
            group = bytes([0x80 | arc & 0x7F]) + group
            arc >>= 7
        out += group
    return tlv(0x06, out)


def explicit(number, *items):
    return tlv(0xA0 | number, *items)


def implicit(number, content):
    return tlv(0x80 | number, content)


def named_bits(*numbers):
    """A BIT STRING whose bits have names (X.680), without trailing zeros."""
    value = sum(1 << (15 - number) for number in numbers)
    data = value.to_bytes(2, "big").rstrip(b"\x00")
    unused = 0
    while data and not data[-1] >> unused & 1:
        unused += 1
    return bits(data, unused)


def moment(text):
    """"2026-01-01T00:00:00Z" as UTCTime up to 2049, GeneralizedTime later (RFC 5280, 4.1.2.5)."""
    digits = text.replace("-", "").replace("T", "").replace(":", "")
    if 1950 <= int(text[:4]) < 2050:
        return tlv(0x17, digits[2:].encode())
    return tlv(0x18, digits.encode())


def generalized(text):
    return tlv(0x18, text.replace("-", "").replace("T", "").replace(":", "").encode())
