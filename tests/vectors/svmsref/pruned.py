# SPDX-License-Identifier: Apache-2.0
"""Pruned records: files that explain a missing container (section 16)."""

import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from . import constants as c
from . import header as h
from . import objects as o
from . import signatures
from . import signing
from . import trust
from .errors import ContainerError, EndOfFile
from .primitives import sha256
from .wire import Cursor, pack_record, parse_record_header

MAGIC = bytes.fromhex("8a5356500d0a1a0a")
OBJECT_SIZE = 176


@dataclass
class Pruned:
    """The object without its prefix."""

    recording_id: bytes
    container_id: bytes
    sequence: int
    segments: int
    last_manifest: bytes
    first_utc: int
    last_utc: int
    removed_utc: int
    bytes: int
    reason: int = 1
    zero: bytes = bytes(15)

    def pack_fields(self):
        out = self.recording_id + self.container_id + struct.pack(">QQ", self.sequence, self.segments)
        times = (self.first_utc, self.last_utc, self.removed_utc)
        out += self.last_manifest + struct.pack(">qqqQB", *times, self.bytes, self.reason)
        return out + self.zero


def make(record, role, chain, key, random, hook):
    """The bytes of a file; hook as in the writer."""
    ders = [one.public_bytes(Encoding.DER) for one in chain]
    signer = o.Signer(role, signing.algorithm_of(key), sha256(ders[0]))
    fields = hook("pruned", record).pack_fields()
    body = o.pack_object(c.OBJECT_PRUNED, signer, fields, lambda prefix: hook("prefix", prefix))
    body = hook("object", body)
    packed = hook("chain", h.pack_chain(ders))
    signature = hook("signature", signing.sign(key, body, random))
    values = {"algorithm": signer.algorithm, "number": c.NUMBER_PRUNED, "signature": signature}
    values = hook("signature_fields", values)
    after = hook("record", pack_record(c.SIGNATURE, o.pack_signature(**values)))
    head = hook("head", MAGIC + struct.pack(">II", len(body), len(packed)))
    return hook("file", head + body + packed + after)


@dataclass
class Result:
    """What a reader finds. verdict: authentic, untrusted, not_authentic, malformed, unsupported."""

    verdict: str
    rule: str = ""
    record: Pruned | None = None
    role: int = 0
    identity: str = ""


class _Signed:
    """As much of a header as signature records ask for."""

    critical = 0
    signed = True

    def __init__(self, signer, chain):
        self.signer = signer
        self.chain = chain

    def public_key(self):
        return trust.public_key_of(self.chain[0])


def _parse_object(body):
    """(signer, record)"""
    cursor = Cursor(body, 16, "C-PRU-1", "malformed")
    signer = o.parse_prefix(cursor, c.OBJECT_PRUNED, OBJECT_SIZE)
    values = [cursor.take(16), cursor.take(16), cursor.u64(), cursor.u64(), cursor.take(32)]
    values += [cursor.i64(), cursor.i64(), cursor.i64(), cursor.u64(), cursor.u8()]
    record = Pruned(*values)
    cursor.zeros(15)
    if not 1 <= record.reason <= 3:
        cursor.fail("unknown reason")
    if signer.role not in (c.ROLE_CAMERA, c.ROLE_RECORDER):
        cursor.fail("role that cannot sign this")
    if signer.algorithm not in signing.NAMES or not signer.algorithm:
        raise ContainerError("C-ALG-2", "unknown algorithm", 26, "unsupported")
    return signer, record


def _parse(data):
    """(signer, chain, record); ContainerError when anything but the identity is wrong."""
    cursor = Cursor(data, 0, "C-PRU-1", "malformed")
    if cursor.take(8) != MAGIC:
        cursor.fail("not a pruned record")
    size, chain_size = cursor.u32(), cursor.u32()
    if size != OBJECT_SIZE:
        cursor.fail("object of another length")
    if chain_size > c.MAX_CHAIN:
        cursor.fail("chain is too long", "C-LIM-1")
    body = cursor.take(size)
    place = cursor.position
    signer, record = _parse_object(body)
    chain = h.parse_chain(cursor.take(chain_size), place)
    if sha256(chain[0].public_bytes(Encoding.DER)) != signer.certificate_hash:
        cursor.fail("hash is not that of the first certificate")
    if signing.algorithm_of(trust.public_key_of(chain[0])) != signer.algorithm:
        raise ContainerError("C-ALG-3", "algorithm does not belong to the signer's key", 26)
    try:
        header = parse_record_header(data, cursor.position)
        if header.end < len(data):
            message = "bytes behind the signature record"
            raise ContainerError("C-PRU-1", message, header.end, "malformed")
        signatures.read(data, cursor.position, _Signed(signer, chain), body, c.NUMBER_PRUNED)
    except EndOfFile as error:
        raise ContainerError("C-PRU-1", "file ends early", len(data), "malformed") from error
    return signer, chain, record


def read(data, anchors, now_utc, accept_claimed=False):
    """Result; never raises for what the file holds."""
    try:
        signer, chain, record = _parse(bytes(data))
    except ContainerError as error:
        return Result(error.kind, error.rule)
    question = trust.Question(signer.role, [(record.removed_utc, None)], now_utc, accept_claimed)
    identity = trust.check(anchors, chain, question)
    verdict = "authentic" if identity == "trusted" else "untrusted"
    return Result(verdict, "", record, signer.role, identity)
