# SPDX-License-Identifier: Apache-2.0
"""A second implementation of docs/spec/ledger.md: a reader, and a writer for vectors."""

import base64
import re
import struct
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from svmsref import signing, trust
from svmsref.primitives import sha256

MAGIC = b"SVMSLDG\n"
SIGNED = b"svms ledger 1\0\0\0"
HEAD = struct.Struct(">4sIIHH")
HEAD_SIZE = 20
FRONT_SIZE = 32
STATEMENT_MAX, CHAIN_MAX, SIGNATURE_MAX = 2048, 98304, 1024
ENTRY_MAX = HEAD_SIZE + STATEMENT_MAX + CHAIN_MAX + SIGNATURE_MAX
LOCK, UNLOCK, ERASE = 1, 2, 3
RECORDER = 2
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
CAMERA = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}\Z")


class Refused(Exception):
    """status: malformed, unsupported, truncated, not_authentic, untrusted."""

    def __init__(self, status, why):
        super().__init__(f"{status}: {why}")
        self.status = status


def front(random_id):
    return MAGIC + struct.pack(">H", 1) + bytes(6) + random_id


def pem_of(certificates):
    """The only text that L-SIG-3 allows."""
    out = []
    for certificate in certificates:
        text = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        out += ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"]
    return ("\n".join(out) + "\n").encode()


@dataclass
class Entry:
    kind: int
    id: str
    camera: str = ""
    first: int = 0
    last: int = 0
    who: str = "anna"
    why: str = ""
    utc: int = 0

    def line(self):
        numbers = f"{self.kind}|{self.utc}|{self.first}|{self.last}"
        return f"{numbers}|{self.id}|{self.camera}|{self.who}|{self.why}\n"


def _text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(data)) + data


def pack_statement(entry, before, number, zero=0, end=b"\n"):
    out = before + struct.pack(">QqHH", number, entry.utc, entry.kind, zero)
    out += struct.pack(">qq", entry.first, entry.last)
    for value in (entry.id, entry.camera, entry.who, entry.why):
        out += _text(value)
    return out + end


def pack_head(statement, chain, signature, algorithm):
    head = HEAD.pack(b"SVLE", statement, chain, signature, algorithm)
    return head + sha256(head)[:4]


def pack_entry(key, chain, statement, random, algorithm=None, change=None):
    """chain: its text, or nothing. change: alters the signature."""
    algorithm = algorithm or signing.algorithm_of(key)
    size = len(signing.sign(key, b"", random))
    head = pack_head(len(statement), len(chain), size, algorithm)
    signature = signing.sign(key, SIGNED + head + chain + statement, random)
    return head + chain + (change(signature) if change else signature) + statement


@dataclass
class Found:
    entries: list = field(default_factory=list)
    mark: str = "none"
    torn: int = 0


class _Reader:
    def __init__(self, data, anchors, now):
        self.data, self.anchors, self.now = data, anchors, now
        self.at = FRONT_SIZE
        self.before = sha256(data[:FRONT_SIZE])
        self.chain, self.times = None, []
        self.found = Found()

    def forged(self, why):
        raise Refused("not_authentic", f"entry {len(self.found.entries)} {why}")

    def judge(self):
        if self.chain:
            made = [(min(self.times), None), (max(self.times), None)]
            question = trust.Question(RECORDER, made, max(self.now, *self.times), True)
            verdict = trust.check(self.anchors, self.chain, question)
            if verdict != "trusted":
                raise Refused("untrusted", verdict)

    def take_chain(self, text):
        try:
            certificates = trust.load_anchors(text)
        except ValueError:
            self.forged("has no certificates")
        if not certificates or pem_of(certificates) != text or len(certificates) > 8:
            self.forged("has certificates in another form")
        self.judge()
        self.chain, self.times = certificates, []

    def head(self, left):
        fields = HEAD.unpack(left[: HEAD.size]) if len(left) >= HEAD_SIZE else None
        if not fields or fields[0] != b"SVLE" or sha256(left[:16])[:4] != left[16:20]:
            return None
        _, statement, chain, signature, _ = fields
        good = 1 <= statement <= STATEMENT_MAX and chain <= CHAIN_MAX
        return fields[1:] if good and 1 <= signature <= SIGNATURE_MAX else None

    def is_torn(self, left, head):
        if len(left) > ENTRY_MAX:
            return False
        if not any(left):
            return True
        if len(left) < HEAD_SIZE:
            return left[:4] == b"SVLE"[: len(left)]
        size = HEAD_SIZE + sum(head[:3]) if head else None
        return bool(head) and (len(left) < size or (len(left) == size and left[-1] == 0))

    def read_all(self):
        while self.at < len(self.data):
            left = self.data[self.at :]
            head = self.head(left)
            if self.is_torn(left, head):
                self.found.torn = len(left)
                break
            if not head:
                self.forged("does not begin as one")
            self.entry(left, *head)
        self.judge()
        return self.found

    def entry(self, left, statement_size, chain_size, signature_size, algorithm):
        size = HEAD_SIZE + chain_size + signature_size + statement_size
        if len(left) < size:
            self.forged("is not whole")
        chain = left[HEAD_SIZE : HEAD_SIZE + chain_size]
        signature = left[HEAD_SIZE + chain_size : size - statement_size]
        statement = left[size - statement_size : size]
        if chain_size:
            self.take_chain(chain)
        if not self.chain:
            self.forged("names nobody")
        try:
            key = trust.public_key_of(self.chain[0])
        except (ValueError, UnsupportedAlgorithm):
            self.forged("has a certificate with no key")
        message = SIGNED + left[:HEAD_SIZE] + chain + statement
        if signing.verify(algorithm, key, message, signature):
            self.forged("has a signature that does not hold")
        self.statement(statement)
        if chain_size:
            self.judge()
        self.before = sha256(left[:size])
        self.found.mark = f"{len(self.found.entries) - 1} {self.before.hex()}"
        self.at += size

    def statement(self, data):
        fixed = struct.Struct(">32sQqHHqq")
        if len(data) < fixed.size:
            self.forged("is too short")
        before, number, utc, kind, zero, first, last = fixed.unpack(data[: fixed.size])
        at, texts = fixed.size, []
        for most in (36, 64, 512, 1024):
            if len(data) < at + 2:
                self.forged("is too short")
            size = struct.unpack(">H", data[at : at + 2])[0]
            at += 2 + size
            if size > most or at > len(data):
                self.forged("has a text that is too long")
            texts.append(self.text(data[at - size : at]))
        entry = Entry(kind, texts[0], texts[1], first, last, texts[2], texts[3], utc)
        if data[at:] != b"\n" or zero or not self.is_allowed(entry):
            self.forged("breaks a rule")
        if before != self.before or number != len(self.found.entries):
            self.forged("does not follow")
        self.times.append(utc)
        self.found.entries.append(entry)

    def text(self, data):
        try:
            value = data.decode()
        except UnicodeDecodeError:
            self.forged("has a text that is no UTF-8")
        if any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in value):
            self.forged("has a text with control characters")
        return value

    def is_allowed(self, entry):
        if entry.kind not in (LOCK, UNLOCK, ERASE) or not ID.match(entry.id) or not entry.who:
            return False
        if entry.kind == UNLOCK:
            return not entry.camera and entry.first == entry.last == 0
        return bool(CAMERA.match(entry.camera)) and entry.first < entry.last


def read(data, anchors, now):
    """What is in a ledger; Refused says why nothing of it counts."""
    if len(data) < FRONT_SIZE:
        raise Refused("truncated", "no front")
    if data[:8] != MAGIC:
        raise Refused("malformed", "no ledger")
    if data[8:16] != front(b"")[8:16]:
        raise Refused("unsupported", "another version")
    return _Reader(data, anchors, now).read_all()
