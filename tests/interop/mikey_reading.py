# SPDX-License-Identifier: Apache-2.0
"""MIKEY messages, read from RFC 3830, RFC 7714 and ONVIF Streaming a second time: what the C code says is compared
with this, which is written from those texts."""
import struct

AES_CM, AES_GCM = 1, 6
SUITES = {  # encryption, key, salt
    "AEAD_AES_256_GCM": (AES_GCM, 32, 12),
    "AEAD_AES_128_GCM": (AES_GCM, 16, 12),
    "AES_CM_128_HMAC_SHA1_80": (AES_CM, 16, 14),
}
LAST, KEMAC, T, ID, SP, RAND, EXTENSION = 0, 1, 5, 6, 10, 11, 21


def parameters(suite):
    """Section 6.10.1, and the table of ONVIF Streaming for the suite."""
    encryption, key, salt = SUITES[suite]
    if encryption == AES_GCM:
        return [(0, 6), (1, key), (2, 0), (4, salt), (5, 0), (7, 1), (8, 1), (10, 1), (20, 16)]
    return [(0, 1), (1, key), (2, 1), (3, 20), (4, salt), (5, 0), (7, 1), (8, 1), (10, 1), (11, 10)]


def key_data(suite, key, salt, mki, joined):
    """Section 6.13: a TEK, alone or with its salt, and what it is valid for."""
    validity = struct.pack(">B", len(mki)) + mki if mki else b""
    kinds = (2 if joined else 3) << 4 | (1 if mki else 0)
    secret = key + salt if joined else key
    body = struct.pack(">BBH", LAST, kinds, len(secret)) + secret
    if not joined:
        body += struct.pack(">H", len(salt)) + salt
    return body + validity


def write(message):
    """message: a dict as read() gives it."""
    suite = message["suite"]
    parts = []
    if message["time"] is not None:
        kind, value = message["time"]
        parts.append((T, struct.pack(">B", kind) + value.to_bytes(4 if kind == 2 else 8, "big")))
    if message["rand"]:
        parts.append((RAND, struct.pack(">B", len(message["rand"])) + message["rand"]))
    if message["policy"]:
        number = message["sources"][0][0] if message["sources"] else 0
        body = b"".join(struct.pack(">BBB", kind, 1, value) for kind, value in parameters(suite))
        parts.append((SP, struct.pack(">BBH", number, 0, len(body)) + body))
    joined = message["form"] == "JOINED" or SUITES[suite][0] == AES_CM
    keys = key_data(suite, message["key"], message["salt"], message["mki"], joined)
    parts.append((KEMAC, struct.pack(">BH", 0, len(keys)) + keys + b"\0"))
    out = struct.pack(">BBBBIBB", 1, 0, parts[0][0], 0, message["csb"], len(message["sources"]), 0)
    out += b"".join(struct.pack(">BII", *source) for source in message["sources"])
    for (_, body), following in zip(parts, [kind for kind, _ in parts[1:]] + [LAST]):
        out += struct.pack(">B", following) + body
    return out


class Reader:
    """Bytes from the front."""

    def __init__(self, data):
        self.data = data

    def take(self, size):
        if size > len(self.data):
            raise ValueError("truncated")
        head, self.data = self.data[:size], self.data[size:]
        return head

    def number(self, size):
        return int.from_bytes(self.take(size), "big")


def suite_of(policy):
    """What a policy asks for, or None for what we do not have."""
    encryption = policy.get(0, AES_CM)
    for name, (algorithm, key, salt) in SUITES.items():
        if algorithm == encryption and policy.get(1, 16 if algorithm == AES_CM else None) == key:
            return name if policy.get(4, salt) == salt else None
    return None


def read_kemac(reader):
    assert reader.number(1) == 0, "encrypted"
    keys = Reader(reader.take(reader.number(2)))
    assert reader.number(1) == 0, "authenticated"
    assert keys.number(1) == LAST
    kinds = keys.number(1)
    secret = keys.take(keys.number(2))
    assert kinds >> 4 in (2, 3)
    salt = keys.take(keys.number(2)) if kinds >> 4 == 3 else None
    mki = keys.take(keys.number(1)) if kinds & 15 == 1 else b""
    assert not keys.data
    return secret, salt, mki


def read_policy(reader):
    number, protocol = reader.number(1), reader.number(1)
    assert protocol == 0
    body, policy = Reader(reader.take(reader.number(2))), {}
    while body.data:
        kind = body.number(1)
        policy[kind] = body.number(body.number(1))
    return number, policy


def read(data):
    """The parts of a message that is well-formed."""
    reader = Reader(data)
    version, kind, following, _, csb, count, mapping = struct.unpack(">BBBBIBB", reader.take(10))
    assert (version, kind, mapping) == (1, 0, 0)
    out = {"csb": csb, "time": None, "rand": b"", "policy": False, "suite": None,
           "sources": [struct.unpack(">BII", reader.take(9)) for _ in range(count)]}
    while following != LAST:
        kind, following = following, reader.number(1)
        if kind == T:
            stamp = reader.number(1)
            out["time"] = (stamp, reader.number(4 if stamp == 2 else 8))
        elif kind == RAND:
            out["rand"] = reader.take(reader.number(1))
        elif kind == SP:
            out["policy"] = True
            out["suite"] = suite_of(read_policy(reader)[1])
        elif kind == KEMAC:
            secret, salt, out["mki"] = read_kemac(reader)
        elif kind in (ID, EXTENSION):
            reader.take(1)
            reader.take(reader.number(2))
        else:
            raise ValueError(f"payload {kind}")
    assert not reader.data
    size = SUITES[out["suite"]][1]
    out["key"], out["salt"] = (secret, salt) if salt is not None else (secret[:size], secret[size:])
    out["form"] = "ONVIF" if salt is not None or out["mki"] else "JOINED"
    return out
