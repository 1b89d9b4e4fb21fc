# SPDX-License-Identifier: Apache-2.0
"""Axis Signed Video, written from section 6 of docs/spec/signedvideo.md alone, with python3-cryptography: a camera that signs, in
all forms of it that were ever sent. Nothing here reads what the library reads."""

import hashlib
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from camera_signed import (ALGORITHMS, OIDS, OLDER_UUID, escape, has_uuid, is_anchor, is_slice, payload_of, private_key, sei_header,
                           unescape)

GENERAL, PUBLIC_KEY, PRODUCT, LIST, SIGNATURE, ARBITRARY, CRYPTOGRAPHY, VENDOR = 1, 2, 3, 4, 5, 6, 7, 129
IS_ESCAPED, IS_GOLDEN, IS_LINKED, IS_SALTED = 0x80, 0x40, 0x20, 0x10
HAS_TIME, GOES_ON = 1, 2
SALT = b"\1"
CHIP = bytes.fromhex("04005001") + bytes(range(14))
ATTESTATION_NAME = "Axis Edge Vault Attestation "


def is_sei(codec, nal):
    return has_uuid(codec, nal, OLDER_UUID)


def element(tag, value):
    return bytes([tag]) + len(value).to_bytes(1 if tag in (GENERAL, CRYPTOGRAPHY) else 2, "big") + value


class Document:
    """What an editor needs to know of a SEI."""

    def __init__(self, codec, nal, hash_size=32):
        start, size = payload_of(codec, nal)
        payload = unescape(nal[start:])[0][:size]
        self.reserved, self.tags, at = payload[16], {}, 17
        while at < len(payload):
            wide = 1 if payload[at] in (GENERAL, CRYPTOGRAPHY) else 2
            length = int.from_bytes(payload[at + 1:at + 1 + wide], "big")
            self.tags[payload[at]] = payload[at + 1 + wide:at + 1 + wide + length]
            at += 1 + wide + length
        values = self.tags.get(LIST, b"\1")[1:]
        self.list = [values[at:at + hash_size] for at in range(0, len(values), hash_size)]
        value = self.tags[SIGNATURE]
        head = 3 if value[0] == 1 else 2
        self.signature = value[head + 2:head + 2 + int.from_bytes(value[head:head + 2], "big")]


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key):
    return hashlib.sha256(key.public_key().public_bytes(serialization.Encoding.DER,
                                                        serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def attest(chip_key, key, chip=CHIP, object_id=bytes.fromhex("7b000201")):
    """What a chip says of a key that it made (CS-AX-10)."""
    question = (bytes.fromhex("802200000000214104") + object_id + bytes.fromhex("4504f00000124601214710")
                + bytes.fromhex("92bbedfb9882ac16c7f01ae459059604"))
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    uses = bytes.fromhex("7b000201290100007b0000030000087b0000031f3c00000800000000002000000200000000")
    time = bytes(range(100, 112))
    said = (hashlib.sha256(question).digest() + b"\x41\x82" + struct.pack(">H", len(point)) + point
            + b"\x42\x82" + struct.pack(">H", len(chip)) + chip + b"\x43\x82" + struct.pack(">H", len(uses)) + uses
            + bytes.fromhex("448200020020") + bytes.fromhex("4f82000c") + time)
    signature = chip_key.sign(said, ec.ECDSA(hashes.SHA256()))
    return struct.pack(">HHIB", 1, 2, 3, 1) + time + struct.pack(">H", len(signature)) + signature


class Camera:
    """Signs access units as they come.

    generation  1 or 2
    escaped     emulation prevention before the hash
    bare        no emulation prevention at all
    lists       False: no lists (generation 2)
    times       False: no times (generation 1: the first version of tag 1)
    part        frames after which a part ends, or 0 (generation 2)
    late        access units by which a SEI comes late
    every       of so many SEIs one brings keys and texts
    golden      keys come in a SEI of their own at the beginning, and nowhere else
    chain       PEM of certificates, or None: the key alone
    attestation what the chip says of the key; without it the leaf's own key signs
    """

    def __init__(self, codec, key_pem, *, generation=2, escaped=True, bare=False, lists=True, times=True, part=0, late=0, every=1,
                 golden=False, chain=None, attestation=b"", own_key=None, algorithm="sha256", counter=1, cryptography=None,
                 texts=(b"hw", b"1.0", b"serial 7", b"maker", b"street")):
        self.codec, self.key, self.generation = codec, private_key(key_pem), generation
        self.escaped, self.bare, self.lists, self.times = escaped, bare, lists, times
        self.part, self.late, self.every, self.golden = part, late, every, golden
        self.chain, self.attestation, self.algorithm, self.texts = chain, attestation, algorithm, texts
        self.own_key = own_key if own_key is not None else (chain is None or bool(attestation))
        self.cryptography = generation == 2 or algorithm != "sha256" if cryptography is None else cryptography
        self.counter, self.seis, self.frame, self.frames_in_part = counter, 0, 0, 0
        self.anchor, self.list, self.waiting = None, [], []
        self.firsts = [bytes(self.hash_size()), bytes(self.hash_size())]

    def hash(self, data):
        return hashlib.new(self.algorithm, data).digest()

    def hash_size(self):
        return hashlib.new(self.algorithm).digest_size

    def key_elements(self):
        found = b""
        if self.own_key:
            found += element(PUBLIC_KEY, (b"\2" if self.generation == 2 else b"\1\0") + spki(self.key))
        found += element(PRODUCT, b"\1" + b"".join(bytes([len(text) + 1]) + text + b"\0" for text in self.texts))
        if self.cryptography:
            found += element(CRYPTOGRAPHY, b"\1" + bytes([len(OIDS[self.algorithm])]) + OIDS[self.algorithm])
        return found

    def vendor_element(self):
        if self.chain is None:
            return b""
        return element(VENDOR, b"\1" + bytes([len(self.attestation)]) + self.attestation + self.chain)

    def signed_bytes(self, document):
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(document, padding.PKCS1v15(), hashes.SHA256()), self.key.key_size // 8
        most = 2 * ((self.key.key_size + 7) // 8) + 8 + (self.key.key_size > 256)
        return self.key.sign(document, ec.ECDSA(ALGORITHMS[self.algorithm]())), most

    def signature_element(self, document, most):
        signature = self.signed_bytes(document)[0]
        head = b"\2\0" if self.generation == 2 else b"\1\0\1"
        return element(SIGNATURE, head + struct.pack(">H", len(signature)) + signature.ljust(most, b"\1"))

    def sei(self, elements, reserved=0):
        most = self.signed_bytes(b"")[1]
        if self.generation == 2:
            reserved |= IS_LINKED | IS_SALTED
        if self.escaped:
            reserved |= IS_ESCAPED
        payload = OLDER_UUID + bytes([reserved]) + elements
        size = len(payload) + 3 + (4 if self.generation == 2 else 5) + most
        front = sei_header(self.codec) + b"\xff" * (size // 255) + bytes([size % 255]) + payload
        written = front if self.bare else escape(front)
        behind = self.signature_element(written if self.escaped else front, most)
        return written + (behind if self.bare else escape(behind, written)) + b"\x80"

    def general(self, count, time, goes_on, list_hash):
        version = 3 if self.generation == 2 else 2 if self.times else 1
        value = bytes([version]) + struct.pack(">IH3B", self.counter, count, self.generation, 1, 29)
        if version > 1:
            value += bytes([(HAS_TIME if self.times else 0) | (GOES_ON if goes_on else 0)])
            value += struct.pack(">q", time) if self.times else b""
        if version == 3:
            value += self.firsts[0] + list_hash
        return element(GENERAL, value)

    def close(self, entries, time, goes_on=False, is_broken=False):
        """The list ends: its SEI waits to go out. is_broken: what 2.x says of it beside is that of another one."""
        list_hash = self.hash(SALT + b"".join(entries))
        general = self.general(len(entries), time, goes_on, self.hash(b"another") if is_broken else list_hash)
        keys = b"" if self.golden or self.seis % self.every else self.key_elements()
        vendor = b"" if self.golden or self.seis % self.every else self.vendor_element()
        rest = element(LIST, b"\1" + b"".join(entries)) if self.lists else b""
        elements = general + keys + element(ARBITRARY, b"\1data") + rest if self.generation == 1 else keys + general + rest
        self.waiting.append((self.frame + self.late, self.sei(elements + vendor)))
        self.counter += 1
        self.seis += 1

    def turn(self, nals, time):
        """Before an access unit that leads a GOP, or a part of one."""
        first = next(nal for nal in nals if is_slice(self.codec, nal)).rstrip(b"\0")
        if self.generation == 1:
            plain = self.hash(first)
            link = self.hash(self.anchor + plain) if self.anchor is not None else plain
            self.close(self.list + [link], time)
        elif self.list:
            self.close(self.list, time, not is_anchor(self.codec, first))
        self.list, self.frames_in_part = [], 0

    def leads(self, nals):
        if any(is_anchor(self.codec, nal) for nal in nals):
            return True
        return bool(self.part) and self.frames_in_part >= self.part

    def ready(self):
        found = [nal for at, nal in self.waiting if at <= self.frame]
        self.waiting = self.waiting[len(found):]
        return found

    def add(self, nals, time):
        """The access unit with SEIs."""
        if self.leads(nals):
            self.turn(nals, time)
        out = self.ready()
        if self.frame == 0 and self.golden:
            out.insert(0, self.sei(self.key_elements() + self.vendor_element(), IS_GOLDEN))
        at = next((at for at, nal in enumerate(nals) if is_slice(self.codec, nal)), len(nals))
        for nal in nals:
            if is_slice(self.codec, nal):
                self.cover(nal)
        self.frame += 1
        self.frames_in_part += 1
        return nals[:at] + out + nals[at:]

    def cover(self, nal):
        one = self.hash(nal.rstrip(b"\0"))
        if is_anchor(self.codec, nal):
            self.anchor = one
        else:
            one = self.hash(self.anchor + one)
        if not self.list:
            self.firsts = [self.firsts[1], one]
        self.list.append(one)

    def end(self, time):
        """What is left, for the end of the last access unit: there is no next GOP, and 2.x forgets its list hash."""
        self.close(self.list, time, is_broken=self.lists)
        self.frame = 1 << 30
        return self.ready()


def sign(codec, units, key_pem, *, start=1_780_000_000 * 10**6, step=10**5, finish=True, **how):
    """All access units signed; step is the time between two, in microseconds since 1970 as start."""
    camera = Camera(codec, key_pem, **how)
    out = [camera.add(nals, start + number * step) for number, nals in enumerate(units)]
    if finish:
        out[-1] = out[-1] + camera.end(start + len(units) * step)
    return out
