# SPDX-License-Identifier: Apache-2.0
"""The key officer's signature over the recipients (C-ACC-4)."""

import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding

from . import constants as c
from . import header as h
from . import objects as o
from . import signing
from . import trust
from .errors import ContainerError
from .primitives import sha256
from .wire import Cursor

OBJECT_SIZE = 104


@dataclass
class OfficerFields:
    """An officer part before packing; faults change it. None: what belongs there."""

    chain: list
    key: object
    container_id: bytes | None = None
    revision: int | None = None
    stanzas: bytes | None = None
    prefix: dict = field(default_factory=dict)
    algorithm: int | None = None
    packed_chain: bytes | None = None
    signature_mask: int = 0
    high_s: bool = False
    object_extra: bytes = b""
    extra: bytes = b""


def _sign(part, body, algorithm, random):
    signature = bytearray(signing.sign(part.key, body, random))
    if part.high_s:
        signature = bytearray(signing.high_s(algorithm, bytes(signature)))
    signature[-1] ^= part.signature_mask
    return bytes(signature)


def pack(part, container_id, revision, stanzas, random):
    """part is OfficerFields; the rest is what the slot says."""
    ders = [one.public_bytes(Encoding.DER) for one in part.chain]
    own = signing.algorithm_of(part.key)
    fields = container_id if part.container_id is None else part.container_id
    fields += struct.pack(">Q", revision if part.revision is None else part.revision)
    fields += sha256(stanzas if part.stanzas is None else part.stanzas) + part.object_extra
    prefix = o.Prefix(c.OBJECT_ACCESS, c.PREFIX_SIZE + len(fields), c.ROLE_OFFICER, own)
    prefix.certificate_hash = sha256(ders[0])
    for name, changed in part.prefix.items():
        setattr(prefix, name, changed)
    body = prefix.pack() + fields
    signature = _sign(part, body, own, random)
    chain = h.pack_chain(ders) if part.packed_chain is None else part.packed_chain
    algorithm = own if part.algorithm is None else part.algorithm
    out = struct.pack(">I", len(chain)) + chain + struct.pack(">I", len(body)) + body
    return out + struct.pack(">HH", algorithm, len(signature)) + signature + part.extra


def parse(data, origin, slot, stanzas):
    """The officer's chain; ContainerError when the part is not right."""
    cursor = Cursor(data, origin, "C-ACC-4")
    chain = h.parse_chain(cursor.take(cursor.u32()), origin + 4)
    size = cursor.u32()
    if size != OBJECT_SIZE:
        cursor.fail("object of another length")
    body = cursor.take(size)
    algorithm, length = cursor.u16(), cursor.u16()
    if length > c.MAX_SIGNATURE:
        cursor.fail("signature is too long", "C-LIM-1")
    signature = cursor.take(length)
    cursor.finish()
    inner = Cursor(body, origin, "C-ACC-4")
    signer = o.parse_prefix(inner, c.OBJECT_ACCESS, OBJECT_SIZE)
    leaf = sha256(chain[0].public_bytes(Encoding.DER))
    if signer != o.Signer(c.ROLE_OFFICER, algorithm, leaf):
        inner.fail("role, algorithm or certificate are not the officer's")
    if inner.take(16) != slot.container_id or inner.u64() != slot.revision:
        inner.fail("signed for another container or revision")
    if inner.take(32) != sha256(stanzas):
        inner.fail("other stanzas were signed")
    reason = signing.verify(algorithm, trust.public_key_of(chain[0]), body, signature)
    if reason:
        raise ContainerError("C-ACC-4", reason, origin)
    return chain
