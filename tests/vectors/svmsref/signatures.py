# SPDX-License-Identifier: Apache-2.0
"""Signature records: of one object, or of a batch of manifests (section 10)."""

import struct
from dataclasses import dataclass

from . import constants as c
from . import objects as o
from . import signing
from .errors import ContainerError
from .primitives import merkle_root, sha256
from .wire import Cursor, body_of, parse_record_header

ONE, BATCH = 1, 2
BATCH_ROOT_SIZE = 96


# ---- inclusion proofs (RFC 6962 section 2.1.1, checked as in RFC 9162 section 2.1.3.2) ----


def inclusion_proof(index, leaves):
    """PATH(index, leaves) over leaf data."""
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return inclusion_proof(index, leaves[:split]) + [merkle_root(leaves[split:])]
    return inclusion_proof(index - split, leaves[split:]) + [merkle_root(leaves[:split])]


def proof_length(index, size):
    """Nodes that the proof of a leaf has."""
    last, count = size - 1, 0
    while last:
        if index & 1 or index != last:
            count += 1
        index, last = index >> 1, last >> 1
    return count


def root_of_proof(data, index, size, proof):
    """Root that leaf data and proof give, or None when the proof has another length."""
    if index >= size or len(proof) != proof_length(index, size):
        return None
    last, node, rest = size - 1, sha256(b"\0", data), list(proof)
    while last:
        if index & 1:
            node = sha256(b"\1", rest.pop(0), node)
        elif index != last:
            node = sha256(b"\1", node, rest.pop(0))
        index, last = index >> 1, last >> 1
    return node


# ---- records ----


@dataclass
class BatchRoot:
    """Object of type 6 without its prefix."""

    size: int
    root: bytes
    utc: int

    def pack_fields(self):
        return struct.pack(">Q", self.size) + self.root + struct.pack(">q", self.utc)


@dataclass
class SignatureRecord:
    """A signature record taken apart; proof and root object for kind 2 only."""

    offset: int
    end: int
    number: int
    signature: bytes
    index: int = 0
    size: int = 0
    proof: list | None = None
    root_object: bytes = b""


def pack_batch(index, size, proof, root_object):
    """What follows the signature in a record of kind 2."""
    out = struct.pack(">QQB", index, size, len(proof)) + b"".join(proof)
    return out + struct.pack(">I", len(root_object)) + root_object


def _parse_batch(cursor, found, header):
    cursor.rule = "C-SIG-3"
    if not header.critical & c.CRITICAL_BATCH:
        cursor.fail("batch signature without critical bit 2")
    if found.number >= c.NUMBER_PRUNED:
        cursor.fail("batch signature of something that is no manifest")
    found.index, found.size, count = cursor.u64(), cursor.u64(), cursor.u8()
    if count > c.MAX_PROOF:
        cursor.fail("proof has too many levels", "C-LIM-1")
    found.proof = [cursor.take(32) for _ in range(count)]
    if cursor.u32() != BATCH_ROOT_SIZE:
        cursor.fail("batch root has another length")
    found.root_object = cursor.take(BATCH_ROOT_SIZE)
    if found.index >= found.size:
        cursor.fail("leaf index is not below the tree size")


def parse_signature(data, record, header):
    """Take the signature record apart that begins at record; every check that needs no key."""
    if record.body_length > c.MAX_SIGNATURE_RECORD:
        raise ContainerError("C-LIM-1", "signature record is too long", record.offset)
    cursor = Cursor(body_of(data, record), record.body_offset, "C-SIG-2")
    kind = cursor.u8()
    if kind not in (ONE, BATCH):
        cursor.fail("signature of unknown kind")
    cursor.zeros(1)
    if cursor.u16() != header.signer.algorithm:
        cursor.fail("algorithm is not that of the header", "C-OBJ-2")
    found = SignatureRecord(record.offset, record.end, cursor.u64(), b"")
    size = cursor.u32()
    if size > c.MAX_SIGNATURE:
        cursor.fail("signature is too long", "C-LIM-1")
    found.signature = cursor.take(size)
    if kind == BATCH:
        _parse_batch(cursor, found, header)
    cursor.finish()
    return found


def _check_batch(found, header, message):
    """Does the manifest belong to the batch root?"""
    cursor = Cursor(found.root_object, found.offset, "C-SIG-3")
    signer = o.parse_prefix(cursor, c.OBJECT_BATCH, BATCH_ROOT_SIZE)
    root = BatchRoot(cursor.u64(), cursor.take(32), cursor.i64())
    if signer != header.signer:
        cursor.fail("role, algorithm or certificate are not the header's", "C-OBJ-2")
    if root.size != found.size:
        cursor.fail("tree size is not that of the batch root")
    if root_of_proof(message, found.index, found.size, found.proof) != root.root:
        cursor.fail("proof does not lead from the manifest to the batch root")


def check(found, header, message):
    """ContainerError unless the signature covers message."""
    signed = message if found.proof is None else found.root_object
    key = header.public_key()
    reason = signing.verify(header.signer.algorithm, key, signed, found.signature)
    if reason:
        raise ContainerError("C-OBJ-3", reason, found.offset)
    if found.proof is not None:
        _check_batch(found, header, message)


def read(data, offset, header, message, number):
    """Check the signature record that must stand at offset; returns its end. Nothing to do when
    unsigned."""
    if not header.signed:
        return offset
    record = parse_record_header(data, offset)
    if record.type != c.SIGNATURE:
        raise ContainerError("C-SEG-1", "signature record is missing", offset)
    if record.number != 0:
        raise ContainerError("C-REC-1", "signature record is numbered", offset)
    found = parse_signature(data, record, header)
    if found.number != number:
        raise ContainerError("C-SIG-1", "object number is wrong", offset)
    check(found, header, message)
    return found.end
