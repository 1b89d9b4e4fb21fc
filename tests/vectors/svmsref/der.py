# SPDX-License-Identifier: Apache-2.0
"""Just enough DER for certificate extensions.

python3-cryptography 38 refuses object identifiers with arcs above 64 bits, which those under 2.25
have, so it can neither build nor read the extended key usages of this specification.
"""

import functools

BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.37"
BOOLEAN, OCTET_STRING, OID, SEQUENCE, EXTENSIONS = 0x01, 0x04, 0x06, 0x30, 0xA3


def encode(tag, content):
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size, "big") + content


@functools.lru_cache(maxsize=256)
def encode_oid(dotted):
    arcs = [int(arc) for arc in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        group = [arc & 0x7F]
        while arc := arc >> 7:
            group.append(0x80 | arc & 0x7F)
        out += bytes(reversed(group))
    return out


def elements(data):
    """(tag, content) of each element; ValueError when damaged."""
    found, position = [], 0
    while position < len(data):
        if position + 2 > len(data):
            raise ValueError("DER ends early")
        tag, size = data[position], data[position + 1]
        position += 2
        if size >= 0x80:
            width = size & 0x7F
            if not 1 <= width <= 4 or position + width > len(data):
                raise ValueError("DER length is damaged")
            size = int.from_bytes(data[position : position + width], "big")
            position += width
        if position + size > len(data):
            raise ValueError("DER ends early")
        found.append((tag, data[position : position + size]))
        position += size
    return found


@functools.lru_cache(maxsize=256)
def extensions(tbs):
    """{encoded object identifier: value} of a TBSCertificate."""
    found = {}
    for tag, content in elements(elements(tbs)[0][1]):
        if tag != EXTENSIONS:
            continue
        for _, extension in elements(elements(content)[0][1]):
            parts = elements(extension)
            if len(parts) < 2 or parts[0][0] != OID or parts[-1][0] != OCTET_STRING:
                raise ValueError("damaged extension")
            if parts[0][1] in found:
                raise ValueError("repeated extension")
            found[parts[0][1]] = parts[-1][1]
    return found


def is_authority(tbs):
    value = extensions(tbs).get(encode_oid(BASIC_CONSTRAINTS))
    if value is None:
        return False
    inside = elements(elements(value)[0][1])
    return bool(inside) and inside[0] == (BOOLEAN, b"\xff")


def extended_key_usages(tbs):
    value = extensions(tbs).get(encode_oid(EXTENDED_KEY_USAGE))
    return [] if value is None else [content for _, content in elements(elements(value)[0][1])]


def encode_extended_key_usage(dotted):
    return encode(SEQUENCE, encode(OID, encode_oid(dotted)))
