# SPDX-License-Identifier: Apache-2.0
"""First messages of TLS, written byte by byte (RFC 5246, RFC 8446), for what no tool offers any more."""

import collections
import os
import socket
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import x25519

ALERT, HANDSHAKE, APPLICATION = 21, 22, 23
TLS10, TLS11, TLS12, TLS13, SSL3 = 0x0301, 0x0302, 0x0303, 0x0304, 0x0300
X25519, P256, P384 = 0x001D, 0x0017, 0x0018
GOOD_12 = (0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA9, 0xCCA8)
GOOD_13 = (0x1301, 0x1302, 0x1303)
GOOD_SIGNATURES = (0x0403, 0x0503, 0x0804, 0x0807)
ALERTS = {0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
          40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
          45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
          50: "decode_error", 51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security",
          80: "internal_error", 86: "inappropriate_fallback", 100: "no_renegotiation", 109: "missing_extension",
          110: "unsupported_extension", 112: "unrecognized_name", 116: "certificate_required",
          120: "no_application_protocol"}

Record = collections.namedtuple("Record", "type version content")


def vector(size_bytes, content):
    return len(content).to_bytes(size_bytes, "big") + content


def numbers(values):
    return b"".join(value.to_bytes(2, "big") for value in values)


def extension(kind, content):
    return kind.to_bytes(2, "big") + vector(2, content)


def record(kind, content, version=TLS10):
    return struct.pack(">BHH", kind, version, len(content)) + content


def message(kind, content):
    return bytes([kind]) + vector(3, content)


def x25519_share():
    return x25519.X25519PrivateKey.generate().public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def client_hello(*, version=TLS12, versions=(TLS13, TLS12), ciphers=GOOD_13 + GOOD_12, compressions=b"\0",
                 signatures=GOOD_SIGNATURES, groups=(X25519, P256), shares=((X25519, x25519_share),), alpn=(),
                 host=b"recorder.test", extra=b"", session=b"",
                 random=None, bound=True):
    """One hello; what is None or empty is left out."""
    parts = []
    if host:
        parts.append(extension(0, vector(2, b"\0" + vector(2, host))))
    if groups:
        parts.append(extension(10, vector(2, numbers(groups))))
        parts.append(extension(11, vector(1, b"\0")))
    if signatures:
        parts.append(extension(13, vector(2, numbers(signatures))))
    if alpn:
        parts.append(extension(16, vector(2, b"".join(vector(1, name) for name in alpn))))
    if bound:  # extended master secret
        parts.append(extension(23, b""))
    parts.append(extension(0xFF01, b"\0"))
    if versions:
        parts.append(extension(43, vector(1, numbers(versions))))
    if versions and TLS13 in versions:
        content = b"".join(group.to_bytes(2, "big") + vector(2, make()) for group, make in shares)
        parts.append(extension(51, vector(2, content)))
    body = (version.to_bytes(2, "big") + (random or os.urandom(32)) + vector(1, session) + vector(2, numbers(ciphers)) +
            vector(1, compressions) + vector(2, b"".join(parts) + extra))
    return message(1, body)


def server_hello(*, version=TLS12, cipher=0xC02F, compression=0, extensions=extension(0xFF01, b"\0"), random=None):
    body = version.to_bytes(2, "big") + (random or os.urandom(32)) + vector(1, b"") + cipher.to_bytes(2, "big") + \
        bytes([compression]) + (vector(2, extensions) if extensions else b"")
    return message(2, body)


class Line:
    """A connection of which one reads records."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(60)

    def send(self, data):
        self.connection.sendall(data)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            chunk = self.connection.recv(size - len(data))
            if not chunk:
                return None
            data += chunk
        return data

    def read(self):
        """The next record, or None at the end or reset."""
        try:
            head = self._exactly(5)
            content = self._exactly(int.from_bytes(head[3:], "big")) if head else None
        except ConnectionError:
            return None
        return None if content is None else Record(head[0], int.from_bytes(head[1:3], "big"), content)

    def read_alert(self):
        """The name of the next alert, whatever comes before it; "nothing" when the peer goes without."""
        while (got := self.read()) is not None:
            if got.type == ALERT and len(got.content) == 2:
                return ALERTS.get(got.content[1], f"alert {got.content[1]}")
        return "nothing"

    def close(self):
        self.connection.close()


def offer(port, hello):
    """What a server answers to one hello: ("hello", Record) or ("alert", name)."""
    line = Line(socket.create_connection(("127.0.0.1", port), timeout=60))
    try:
        line.send(record(HANDSHAKE, hello))
        first = line.read()
        if first is not None and first.type == HANDSHAKE and first.content[:1] == b"\x02":
            return "hello", first
        if first is not None and first.type == ALERT:
            return "alert", ALERTS.get(first.content[1], f"alert {first.content[1]}")
        return "alert", "nothing"
    finally:
        line.close()
