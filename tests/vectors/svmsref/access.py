# SPDX-License-Identifier: Apache-2.0
"""The access block (section 9): stanzas, slots, wrapping and unwrapping the content key."""

import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import constants as c
from . import hpke
from . import oaep
from . import officer as off
from .errors import ContainerError, KeyRefused
from .primitives import equal, hmac_sha256, scrypt, seal, sha256, unseal
from .wire import Cursor

SLOT_MAGIC = b"SVMA"
PASSWORD, X25519, P256, RSA_OAEP, KEK, XWING = range(1, 7)
BODY_SIZES = {
    PASSWORD: (68,),
    X25519: (96,),
    P256: (129,),
    RSA_OAEP: (272, 400, 528),
    KEK: (56,),
    XWING: (1184,),
}
INFO = b"svms1 wrap"
ZERO_NONCE = bytes(12)
MIN_LOG2_N, MAX_LOG2_N = 10, 18


def stanza_binding(kind, header_hash):
    """A of C-ACC-6."""
    return sha256(b"svms1 stanza", kind.to_bytes(2, "big"), header_hash)


def key_id(public_key):
    """C-ACC-7."""
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(der)[:16]


# ---- writing ----


def check_password(password):
    encoded = password.encode()
    if not 1 <= len(encoded) <= 1024:
        raise KeyRefused("a password has 1 to 1,024 bytes")
    return encoded


def password_stanza(password, log2_n, header_hash, content_key, random):
    salt = random(16)
    key = scrypt(check_password(password), salt, log2_n)
    sealed = seal(key, ZERO_NONCE, stanza_binding(PASSWORD, header_hash), content_key)
    return PASSWORD, salt + bytes([log2_n, 0, 0, 0]) + sealed


@dataclass
class Kek:
    """A key-encryption key and what its owner calls it."""

    id: bytes
    key: bytes


def kek_stanza(kek, content_key):
    return KEK, kek.id + keywrap.aes_key_wrap(kek.key, content_key)


def public_key_stanza(public_key, header_hash, content_key, random):
    if isinstance(public_key, rsa.RSAPublicKey):
        message = content_key + stanza_binding(RSA_OAEP, header_hash)
        return RSA_OAEP, key_id(public_key) + oaep.encrypt(public_key, message, random)
    kem = hpke.kem_of(public_key)
    kind = X25519 if kem == hpke.KEM_X25519 else P256
    ephemeral = hpke.ephemeral_key(kem, random)
    binding = stanza_binding(kind, header_hash)
    enc, sealed = hpke.seal(public_key, ephemeral, INFO, binding, content_key)
    return kind, key_id(public_key) + enc + sealed


def pack_stanzas(stanzas):
    return b"".join(struct.pack(">HHI", kind, 0, len(body)) + body for kind, body in stanzas)


@dataclass
class SlotFields:
    """A slot before packing; faults change it."""

    container_id: bytes
    stanzas: list
    revision: int = 1
    magic: bytes = SLOT_MAGIC
    version: int = 1
    zero: bytes = bytes(3)
    count: int | None = None
    size_of_stanzas: int | None = None
    officer: object = b""  # bytes or OfficerFields
    mac_key: bytes = b""
    digest_mask: int = 0
    padding: bytes = b""


def officer_part(slot, stanzas, random):
    if isinstance(slot.officer, bytes):
        return slot.officer
    return off.pack(slot.officer, slot.container_id, slot.revision, stanzas, random)


def pack_slot(slot, size, random=None):
    stanzas = pack_stanzas(slot.stanzas)
    count = len(slot.stanzas) if slot.count is None else slot.count
    length = len(stanzas) if slot.size_of_stanzas is None else slot.size_of_stanzas
    out = slot.magic + bytes([slot.version]) + slot.zero + slot.container_id
    out += struct.pack(">QII", slot.revision, count, length) + stanzas
    officer = officer_part(slot, stanzas, random)
    out += struct.pack(">I", len(officer)) + officer
    out += hmac_sha256(slot.mac_key, out)
    digest = bytearray(sha256(out))
    digest[0] ^= slot.digest_mask
    out += bytes(digest) + slot.padding
    if len(out) > size:
        raise ContainerError("C-LIM-1", "stanzas do not fit into the slot")
    return out + bytes(size - len(out))


def slot_size_for(stanzas, more=0):
    """Smallest slot that holds the stanzas and an officer part."""
    needed = 40 + len(pack_stanzas(stanzas)) + 4 + 64 + more
    return -(-needed // 512) * 512


# ---- reading ----


@dataclass
class Slot:
    """A valid slot."""

    offset: int
    revision: int
    container_id: bytes = b""
    stanzas: list = field(default_factory=list)
    officer: list | None = None  # the officer's certificates
    mac_input: bytes = b""
    mac: bytes = b""


def _parse_stanza(cursor, seen):
    kind = cursor.u16()
    cursor.zeros(2)
    body = cursor.take(cursor.u32())
    if kind in BODY_SIZES and len(body) not in BODY_SIZES[kind]:
        cursor.fail(f"stanza of type {kind} has {len(body)} bytes", "C-ACC-5")
    if kind == PASSWORD:
        if PASSWORD in seen:
            cursor.fail("second password stanza", "C-ACC-5")
        if not MIN_LOG2_N <= body[16] <= MAX_LOG2_N:
            cursor.fail("cost of the password stanza is out of range", "C-ACC-5")
        if any(body[17:20]):
            cursor.fail("reserved bytes are not zero", "C-ACC-6")
    return kind, body


def parse_slot(data, offset, container_id):
    """None for an empty slot, a Slot, or ContainerError when it is damaged (C-ACC-1)."""
    if not any(data):
        return None
    cursor = Cursor(data, offset, "C-ACC-1")
    if cursor.take(4) != SLOT_MAGIC or cursor.u8() != 1:
        cursor.fail("slot lacks its magic or version")
    cursor.zeros(3)
    if cursor.take(16) != container_id:
        cursor.fail("slot belongs to another container")
    slot = Slot(offset, cursor.u64(), container_id)
    if slot.revision == 0:
        cursor.fail("revision 0")
    count, size = cursor.u32(), cursor.u32()
    if count > c.MAX_STANZAS:
        cursor.fail("too many stanzas", "C-ACC-5")
    packed = cursor.take(size)
    inner = Cursor(packed, offset + 40, "C-ACC-5")
    for _ in range(count):
        slot.stanzas.append(_parse_stanza(inner, [kind for kind, _ in slot.stanzas]))
    inner.finish()
    size = cursor.u32()
    if size:
        place = offset + cursor.position
        slot.officer = off.parse(cursor.take(size), place, slot, packed)
    slot.mac_input = cursor.data[: cursor.position]
    slot.mac = cursor.take(32)
    digest = sha256(cursor.data[: cursor.position])
    if cursor.take(32) != digest:
        cursor.fail("digest of the slot is wrong")
    cursor.zeros(cursor.remaining())
    return slot


@dataclass
class AccessBlock:
    """Both slots as read."""

    slots: list = field(default_factory=list)
    damage: list = field(default_factory=list)

    def current(self):
        """C-ACC-2."""
        valid = [slot for slot in self.slots if slot]
        return max(valid, key=lambda slot: slot.revision) if valid else None


def parse_access(data, offset, slot_size, container_id):
    """data holds both slots; offset is where they stand in the file."""
    block = AccessBlock()
    for start in (0, slot_size):
        slot = data[start : start + slot_size]
        try:
            block.slots.append(parse_slot(slot, offset + start, container_id))
        except ContainerError as error:
            block.slots.append(None)
            block.damage.append(error)
    return block


def _unwrap_password(stanzas, password, header_hash):
    encoded = check_password(password)
    for kind, body in stanzas:
        if kind == PASSWORD:
            key = scrypt(encoded, body[:16], body[16])
            return unseal(key, ZERO_NONCE, stanza_binding(kind, header_hash), body[20:])
    raise KeyRefused("no password stanza")


def _unwrap_rsa(private, body, header_hash):
    opened = oaep.decrypt(private, body[16:])
    if len(opened) != 64:
        raise KeyRefused("OAEP block of another length")
    if not equal(opened[32:], stanza_binding(RSA_OAEP, header_hash)):
        raise KeyRefused("stanza was made for another header")
    return opened[:32]


def _unwrap_hpke(kind, private, body, header_hash):
    end = 16 + (32 if kind == X25519 else 65)
    binding = stanza_binding(kind, header_hash)
    return hpke.unseal(private, body[16:end], INFO, binding, body[end:])


def _first_that_opens(stanzas, wanted, mine, opens):
    """Stanzas that bear the key's id, then those that bear none (C-ACC-7)."""
    for identifier in (mine, bytes(16)):
        for kind, body in stanzas:
            if kind != wanted or body[:16] != identifier:
                continue
            try:
                return opens(body)
            except KeyRefused:
                continue
    raise KeyRefused("no stanza opens with this key")


def _unwrap_private(stanzas, private, header_hash):
    mine = key_id(private.public_key())
    if isinstance(private, rsa.RSAPrivateKey):
        return _first_that_opens(
            [one for one in stanzas if len(one[1]) == 16 + private.key_size // 8],
            RSA_OAEP, mine, lambda body: _unwrap_rsa(private, body, header_hash))  # fmt: skip
    wanted = X25519 if hpke.kem_of(private) == hpke.KEM_X25519 else P256
    return _first_that_opens(
        stanzas, wanted, mine, lambda body: _unwrap_hpke(wanted, private, body, header_hash)
    )


def _unwrap_kek(stanzas, kek):
    def opens(body):
        try:
            return keywrap.aes_key_unwrap(kek.key, body[16:])
        except keywrap.InvalidUnwrap as error:
            raise KeyRefused("key wrap does not open") from error

    return _first_that_opens(stanzas, KEK, kek.id, opens)


def unwrap(slot, header_hash, password=None, private=None, kek=None):
    """The content key; check it against the header's key check before use."""
    if slot is None:
        raise KeyRefused("no valid access slot")
    if kek is not None:
        return _unwrap_kek(slot.stanzas, kek)
    if private is not None:
        return _unwrap_private(slot.stanzas, private, header_hash)
    return _unwrap_password(slot.stanzas, password, header_hash)


def mac_holds(slot, access_key):
    """C-ACC-3."""
    return equal(hmac_sha256(access_key, slot.mac_input), slot.mac)
