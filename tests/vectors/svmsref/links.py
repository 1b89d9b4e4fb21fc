# SPDX-License-Identifier: Apache-2.0
"""Links of an evidence package: who signed it (evidence.md, section 7)."""

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

MAGIC = b"SVXL"
TAIL_MAGIC = b"SVXLTAIL"
HEAD = 24
TAIL = 48
FIRST, LATER = 7, 8
EXPORTER, CUSTODIAN = 3, 4
NO_REEXPORT = 1
MAX_LINKS = 1_024
MAX_OBJECT, MAX_NOTE, MAX_TOKEN = 8_192, 4_096, 65_536


@dataclass
class LinkFields:
    """Object of a link without its prefix."""

    package_id: bytes
    header_hash: bytes
    number: int
    policy: int
    utc: int
    offset: int
    before: int
    hash_before: bytes  # of the slot in link 0
    directory_offset: int = 0
    directory_hash: bytes = bytes(32)
    frames: int = 0
    sources: int = 0
    attachments: int = 0
    presentation_hash: bytes = bytes(32)
    presentation_size: int = 0
    note: bytes = b""
    zero: int = 0
    extra: bytes = b""

    def pack(self):
        out = self.package_id + self.header_hash + struct.pack(">II", self.number, self.policy)
        out += struct.pack(">qQQ", self.utc, self.offset, self.before) + self.hash_before
        if self.number == 0:
            out += struct.pack(">Q", self.directory_offset) + self.directory_hash
            out += struct.pack(">QII", self.frames, self.sources, self.attachments)
            out += self.presentation_hash + struct.pack(">Q", self.presentation_size)
        return out + struct.pack(">HH", len(self.note), self.zero) + self.note + self.extra


@dataclass
class Link:
    """A link as it stands in the file."""

    offset: int
    end: int
    raw: bytes
    object: bytes
    chain_bytes: bytes
    signature: bytes
    token: bytes
    chain: list = field(default_factory=list)
    signer: o.Signer = field(default_factory=o.Signer)
    fields: LinkFields | None = None

    @property
    def head(self):
        return sha256(self.raw)

    @property
    def imprint(self):
        """What a token stamps (E-LNK-3)."""
        return sha256(self.object, self.signature)


def pack_tail(offset, head):
    return struct.pack(">Q", offset) + head + TAIL_MAGIC


def pack(object_, chain, signature, token, magic=MAGIC, zero=0):
    sizes = (len(object_), len(chain), len(signature), len(token), zero)
    return magic + struct.pack(">5I", *sizes) + object_ + chain + signature + token


def sizes_at(data, offset):
    """Sizes of the four parts of what may be a link, or None."""
    head = data[offset : offset + HEAD]
    if len(head) < HEAD or head[:4] != MAGIC:
        return None
    return struct.unpack(">4I", head[4:20])


def find_last(data):
    """(offset of the newest whole link, end of its tail), or None (E-LNK-5)."""
    at = data.rfind(TAIL_MAGIC)
    while at >= 0:
        start = at + len(TAIL_MAGIC) - TAIL
        if start >= 0:
            offset = int.from_bytes(data[start : start + 8], "big")
            sizes = sizes_at(data, offset) if offset < start else None
            if sizes and offset + HEAD + sum(sizes) == start:
                return offset, start + TAIL
        at = data.rfind(TAIL_MAGIC, 0, at + len(TAIL_MAGIC) - 1)
    return None


def split(data, offset):
    """Link at offset whose sizes are known to fit; ContainerError where a limit is broken."""
    cursor = Cursor(data[offset : offset + HEAD], offset, "E-LNK")
    cursor.take(4)
    sizes = [cursor.u32() for _ in range(4)]
    cursor.zeros(4)
    limits = (MAX_OBJECT, c.MAX_CHAIN, c.MAX_SIGNATURE, MAX_TOKEN)
    if any(size > limit for size, limit in zip(sizes, limits)):
        cursor.fail("part of a link is too large", "E-OVR-5")
    end = offset + HEAD + sum(sizes)
    parts = Cursor(data[offset + HEAD : end], offset + HEAD, "E-LNK")
    found = Link(offset, end, bytes(data[offset:end]), *(parts.take(size) for size in sizes))
    if data[end : end + TAIL] != pack_tail(offset, found.head):
        raise ContainerError("E-LNK-2", "head in the tail is another", end)
    return found


def _parse_prefix(link, first):
    cursor = Cursor(link.object, link.offset + HEAD, "C-OBJ-1")
    link.signer = o.parse_prefix(cursor, FIRST if first else LATER, len(link.object))
    if link.signer.role not in ((EXPORTER,) if first else (EXPORTER, CUSTODIAN)):
        cursor.fail("role that no link has here", "E-LNK-1")
    link.chain = h.parse_chain(link.chain_bytes, link.offset + HEAD + len(link.object))
    leaf = link.chain[0]
    if sha256(leaf.public_bytes(Encoding.DER)) != link.signer.certificate_hash:
        cursor.fail("hash is not that of the first certificate", "C-OBJ-2")
    return cursor, leaf


def parse(link, first):
    """Check the signature, then take the object apart (C-OBJ-3). Everything that is wrong makes
    the link not authentic."""
    cursor, leaf = _parse_prefix(link, first)
    key, algorithm = trust.public_key_of(leaf), link.signer.algorithm
    if algorithm not in signing.NAMES:
        raise ContainerError("C-ALG-2", "unknown algorithm", link.offset, "unsupported")
    reason = signing.verify(algorithm, key, link.object, link.signature)
    if reason:
        raise ContainerError("C-OBJ-3", reason, link.offset)
    cursor.rule = "E-LNK"
    values = [cursor.take(16), cursor.take(32), cursor.u32(), cursor.u32(), cursor.i64()]
    values += [cursor.u64(), cursor.u64(), cursor.take(32)]
    found = LinkFields(*values)
    if first:
        found.directory_offset, found.directory_hash = cursor.u64(), cursor.take(32)
        found.frames, found.sources, found.attachments = cursor.u64(), cursor.u32(), cursor.u32()
        found.presentation_hash, found.presentation_size = cursor.take(32), cursor.u64()
    size = cursor.u16()
    cursor.zeros(2)
    if size > MAX_NOTE:
        cursor.fail("note is too long", "E-OVR-5")
    found.note = cursor.take(size)
    cursor.finish()
    if b"\0" in found.note:
        cursor.fail("note with U+0000")
    try:
        found.note.decode()
    except UnicodeDecodeError:
        cursor.fail("note is not UTF-8")
    if found.policy & ~NO_REEXPORT:
        cursor.fail("unknown policy", "E-OVR-4")
    link.fields = found
