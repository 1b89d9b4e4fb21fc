# SPDX-License-Identifier: Apache-2.0
"""Camera-signed video (ONVIF Media Signing), written from docs/spec/signedvideo.md alone, with python3-cryptography: NAL units,
SEIs and a camera that signs. What a receiver says is in camera_verdicts.py."""

import functools
import hashlib
import re
import struct

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
OLDER_UUID = bytes.fromhex("5369676e65642056696465" + "6f2e2e2e30")
GENERAL, LIST, SIGNATURE, CRYPTOGRAPHY, VENDOR, CERTIFICATES, ARBITRARY = range(1, 8)
IS_CERTIFICATE, IS_ESCAPED = 0x80, 0x40
EPOCH_1601 = 116444736000000000  # 1970, in 100 ns since 1601
EARLIEST, LATEST, DAY = EPOCH_1601, EPOCH_1601 + 2**63 // 100, 864000000000  # what 64 bits of nanoseconds hold

OIDS = {"sha256": bytes.fromhex("0609608648016503040201"), "sha384": bytes.fromhex("0609608648016503040202"),
        "sha512": bytes.fromhex("0609608648016503040203")}
PSS = bytes.fromhex("06092a864886f70d01010a")
RSA_KEY, EC_KEY = bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06072a8648ce3d0201")
CURVES = ("secp256r1", "secp384r1", "secp521r1")
ECDSA = {"sha256": bytes.fromhex("06082a8648ce3d040302"), "sha384": bytes.fromhex("06082a8648ce3d040303"),
         "sha512": bytes.fromhex("06082a8648ce3d040304")}
PKCS1 = {"sha256": bytes.fromhex("06092a864886f70d01010b"), "sha384": bytes.fromhex("06092a864886f70d01010c"),
         "sha512": bytes.fromhex("06092a864886f70d01010d")}
ALGORITHMS = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


class Malformed(Exception):
    """A SEI breaks the format (CS-DOC-5)."""


class Unsupported(Exception):
    """An algorithm that the format, or we, do not know."""


# Framing


def split_annex_b(data):
    """NAL units between start codes; zeros before a start code are none of a NAL unit's."""
    return [part.rstrip(b"\0") for part in re.split(b"\0\0\1", data)[1:] if part.rstrip(b"\0")]


def join_annex_b(nals):
    return b"".join(b"\0\0\0\1" + nal for nal in nals)


def split_lengths(data, size=4):
    nals, at = [], 0
    while at < len(data):
        end = at + size + int.from_bytes(data[at:at + size], "big")
        if end > len(data):
            raise ValueError("a length reaches beyond the end")
        nals.append(data[at + size:end])
        at = end
    return nals


def join_lengths(nals, size=4):
    return b"".join(len(nal).to_bytes(size, "big") + nal for nal in nals)


def access_units(codec, nals):
    """A new one begins with whatever stands before the first slice of a picture."""
    units, open_slice = [[]], False
    for nal in nals:
        if open_slice and (is_first_slice(codec, nal) or not is_slice(codec, nal) and not is_behind(codec, nal)):
            units.append([])
            open_slice = False
        units[-1].append(nal)
        open_slice = open_slice or is_slice(codec, nal)
    return units


# NAL units


def type_of(codec, nal):
    return nal[0] & 31 if codec == "h264" else nal[0] >> 1 & 63


def is_slice(codec, nal):
    kind = type_of(codec, nal)
    return 1 <= kind <= 5 if codec == "h264" else kind <= 31


def is_first_slice(codec, nal):
    at = 1 if codec == "h264" else 2
    if not is_slice(codec, nal) or len(nal) <= at or codec == "h264" and type_of(codec, nal) in (3, 4):
        return False
    return nal[at] & 0x80 != 0


def is_anchor(codec, nal):
    kind = type_of(codec, nal)
    return is_first_slice(codec, nal) and (kind == 5 if codec == "h264" else 16 <= kind <= 21)


def is_behind(codec, nal):
    """What belongs behind the slices of its picture: ends, filler, suffixes."""
    kind = type_of(codec, nal)
    return kind in (10, 11, 12) if codec == "h264" else kind in (36, 37, 38, 40)


def escape(data, before=b""):
    """Emulation prevention of data that stands behind other, already escaped, bytes."""
    zeros = len(before) - len(before.rstrip(b"\0"))
    return re.sub(b"\0\0(?=[\0-\3])", b"\0\0\3", bytes(zeros) + data)[zeros:]


def unescape(data):
    """Without emulation prevention, and where the bytes that were taken out stood."""
    parts, taken, start = [], [], 0
    while (at := data.find(b"\0\0\3", start)) >= 0:
        parts.append(data[start:at + 2])
        taken.append(at + 2)
        start = at + 3
    return b"".join(parts) + data[start:], taken


def place_before(clear_at, taken):
    """Where the bytes end that are clear_at bytes long without emulation prevention; a byte taken out right there is behind."""
    for at in taken:
        if at >= clear_at:
            break
        clear_at += 1
    return clear_at


def sei_header(codec):
    return b"\x06\x05" if codec == "h264" else b"\x4e\x01\x05"


def payload_of(codec, nal):
    """Offset and size of the first message of a SEI with user data, or None."""
    header = sei_header(codec)
    if codec == "h264" and nal[:1] and nal[0] & 0x9f == 6:
        header = nal[:1] + b"\x05"
    if nal[:len(header)] != header:
        return None
    at, size = len(header), 0
    while at < len(nal) and nal[at] == 255:
        at, size = at + 1, size + 255
    if at >= len(nal):
        return None
    return at + 1, size + nal[at]


def has_uuid(codec, nal, uuid):
    found = payload_of(codec, nal)
    return found is not None and unescape(nal[found[0]:found[0] + 40])[0][:16] == uuid


def is_signing_sei(codec, nal):
    return has_uuid(codec, nal, UUID)


# Reading (CS-DOC)


class Document:
    """A SEI taken apart. tags: values by number; certificates: (is the user's, PEM)."""

    def __init__(self, codec, nal):
        self.nal = nal = nal.rstrip(b"\0")
        start, size = payload_of(codec, nal)
        if len(nal) - start == size + 1:
            clear, taken = nal, []
        else:
            behind, taken = unescape(nal[start:])
            clear = nal[:start] + behind
            if len(behind) != size + 1:
                raise Malformed("its size is another")
        if clear[-1] != 0x80:
            raise Malformed("no stop bit")
        payload = clear[start:-1]
        if len(payload) < 17 or payload[16] & 0x3f:
            raise Malformed("its reserved byte")
        self.is_certificate = payload[16] & IS_CERTIFICATE != 0
        self.tags, self.certificates, self.document = {}, [], None
        self.signature_at = None
        self.read_elements(payload)
        if self.signature_at is not None:
            # An emulation prevention byte before the signature's tag is none of the document's (CS-DOC-2).
            raw_end = start + place_before(self.signature_at, taken)
            self.document = nal[:raw_end] if payload[16] & IS_ESCAPED else clear[:start + self.signature_at]
        self.check()

    def read_elements(self, payload):
        at = 17
        while at < len(payload):
            if at + 3 > len(payload):
                raise Malformed("half an element")
            tag, length = struct.unpack_from(">BH", payload, at)
            value = payload[at + 3:at + 3 + length]
            if len(value) != length or self.signature_at is not None:
                raise Malformed("elements do not fill it")
            if tag == SIGNATURE:
                self.signature_at = at
            at += 3 + length
            if tag == CERTIFICATES:
                self.take_certificates(value)
            elif tag in self.tags and tag <= ARBITRARY:
                raise Malformed("an element twice")
            self.tags[tag] = value

    def take_certificates(self, value):
        if len(value) < 2 or value[0] != 1 or value[1] > 1 or any(value[1] == is_user for is_user, _ in self.certificates):
            raise Malformed("certificates")
        self.certificates.append((value[1] == 1, value[2:]))

    def check(self):
        if ARBITRARY in self.tags and len(self.tags) > 1:
            raise Malformed("arbitrary data is not alone")
        for tag, read in ((GENERAL, self.read_general), (LIST, self.read_list), (SIGNATURE, self.read_signature),
                          (CRYPTOGRAPHY, self.read_cryptography), (VENDOR, self.read_vendor)):
            if tag in self.tags:
                read(self.tags[tag])
        if LIST in self.tags and (GENERAL not in self.tags or len(self.list) != self.count):
            raise Malformed("a list of another length")
        if self.is_certificate:
            if not {CRYPTOGRAPHY, SIGNATURE} <= set(self.tags) or all(is_user for is_user, _ in self.certificates):
                raise Malformed("a certificate SEI without certificates")
        elif GENERAL not in self.tags and ARBITRARY not in self.tags:
            raise Malformed("nothing is signed")
        name = getattr(self, "hash", None)
        if GENERAL in self.tags and name is not None and self.hash_size != hashlib.new(name).digest_size:
            raise Malformed("hashes of another length")

    def read_general(self, value):
        fixed = {1: 19, 2: 27}.get(value[0] if value else 0)
        if fixed is None or len(value) < fixed or (len(value) - fixed) // 2 not in (32, 48, 64) or (len(value) - fixed) % 2 or value[4] > 1:
            raise Malformed("general")
        self.is_partial = value[4] == 1
        self.times = [value[at:at + 8] for at in range(5, fixed - 6, 8)]
        self.counter_bytes = value[fixed - 6:fixed - 2]
        self.count = int.from_bytes(value[fixed - 2:fixed], "big")
        size = (len(value) - fixed) // 2
        self.list_hash, self.predecessor = value[fixed:fixed + size], value[fixed + size:]
        self.hash_size = size

    def read_list(self, value):
        if value[:1] != b"\1" or (len(value) - 1) % self.hash_size:
            raise Malformed("list")
        self.list = [value[at:at + self.hash_size] for at in range(1, len(value), self.hash_size)]

    def read_signature(self, value):
        if len(value) < 3 or value[0] != 1 or struct.unpack_from(">H", value, 1)[0] > len(value) - 3:
            raise Malformed("signature")
        self.signature = value[3:3 + struct.unpack_from(">H", value, 1)[0]]

    def read_cryptography(self, value):
        oids, at = [], 1
        for _ in range(2):
            if at >= len(value) or at + 1 + value[at] > len(value):
                raise Malformed("cryptography")
            oids.append(value[at + 1:at + 1 + value[at]])
            at += 1 + value[at]
        if value[0] != 1 or len(value) != at + 2:
            raise Malformed("cryptography")
        self.hash = next((name for name, oid in OIDS.items() if oid == oids[0]), None)
        self.signature_oid = oids[1]

    def read_vendor(self, value):
        at, self.vendor = 1, []
        for _ in range(3):
            if at >= len(value) or at + 1 + value[at] > len(value):
                raise Malformed("vendor")
            self.vendor.append(value[at + 1:at + 1 + value[at]])
            at += 1 + value[at]
        if value[0] != 1 or at != len(value):
            raise Malformed("vendor")

    def read_times(self, before):
        """Sets start, end (100 ns since 1601) and counter; the order of bytes that it has (CS-DOC-1)."""
        def sane(order):
            times = [int.from_bytes(one, order, signed=True) for one in self.times]
            return all(EARLIEST <= one < LATEST for one in times) and (len(times) == 1 or 0 <= times[1] - times[0] <= DAY)
        fits = [order for order in ("little", "big") if sane(order)]
        order = fits[0] if len(fits) == 1 else before
        self.start = int.from_bytes(self.times[0], order, signed=True)
        self.end = int.from_bytes(self.times[1], order, signed=True) if len(self.times) == 2 else None
        self.counter = int.from_bytes(self.counter_bytes, order)
        return order


def leaf_of(pem):
    try:
        found = x509.load_pem_x509_certificate(pem.rstrip(b"\0 \r\n\t") + b"\n")
        found.public_key()
    except ValueError as error:
        raise Malformed("a certificate") from error
    except UnsupportedAlgorithm as error:
        raise Unsupported("a key") from error
    return found


def verify(certificate, name, oid, document):
    """Raises InvalidSignature (of python3-cryptography) or Unsupported. name and oid: of the hash, and of the signature."""
    key = certificate.public_key()
    if name is None:
        raise Unsupported("a hash")
    algorithm = ALGORITHMS[name]()
    if isinstance(key, ec.EllipticCurvePublicKey) and oid in (b"", EC_KEY, ECDSA[name]) and key.curve.name in CURVES:
        key.verify(document.signature, document.document, ec.ECDSA(algorithm))
    elif isinstance(key, rsa.RSAPublicKey) and oid == PKCS1[name] and key.key_size >= 2048:
        key.verify(document.signature, document.document, padding.PKCS1v15(), algorithm)
    elif isinstance(key, rsa.RSAPublicKey) and oid in (b"", RSA_KEY, PSS) and key.key_size >= 2048:
        key.verify(document.signature, document.document, padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO), algorithm)
    else:
        raise Unsupported("a signature")


# Writing


def element(tag, value):
    return struct.pack(">BH", tag, len(value)) + value


@functools.cache
def private_key(pem):
    return serialization.load_pem_private_key(pem, None)


def oid_field(oid):
    return bytes([len(oid)]) + oid


class Camera:
    """Signs access units as they come. In ways that we write ourselves, and in those of cameras of today:

    order       "little", as the text says, or "big"
    version     of the element general, 1 or 2
    escaped     emulation prevention before the hash
    bare        no emulation prevention at all (CS-DOC-3)
    lists       False: low bit rate
    certificates "once" (a SEI of their own at the beginning) or "always"
    every       GOPs to a signature
    part        NAL units after which a part ends, or 0
    late        access units by which a SEI with a signature comes late
    copies      how often each SEI is sent
    """

    def __init__(self, codec, key_pem, chain_pem, *, order="little", version=2, escaped=False, bare=False, lists=True,
                 certificates="once", every=1, part=0, late=0, copies=1, algorithm="sha256", user=None, counter=0, pkcs1=False,
                 last_general=False):
        self.codec, self.order, self.version = codec, order, version
        self.escaped, self.bare, self.lists, self.certificates = escaped, bare, lists, certificates
        self.every, self.part, self.late, self.copies, self.algorithm = every, part, late, copies, algorithm
        self.maker = (private_key(key_pem), chain_pem)
        self.user = user and (private_key(user[0]), user[1])
        self.counter, self.pkcs1, self.last_general = counter, pkcs1, last_general
        self.predecessor = bytes(self.hash_size())
        self.anchor = None
        self.list, self.start = [], None
        self.waiting = []  # (earliest frame, has a signature, NAL unit)
        self.frame = 0

    def hash(self, data):
        return hashlib.new(self.algorithm, data).digest()

    def hash_size(self):
        return hashlib.new(self.algorithm).digest_size

    def cryptography(self, key):
        if not isinstance(key, rsa.RSAPrivateKey):
            return element(CRYPTOGRAPHY, b"\1" + oid_field(OIDS[self.algorithm]) + b"\0" + b"\0\0")
        oid = PKCS1[self.algorithm] if self.pkcs1 else PSS
        return element(CRYPTOGRAPHY, b"\1" + oid_field(OIDS[self.algorithm]) + oid_field(oid) + struct.pack(">H", key.key_size))

    def certificate_elements(self):
        found = element(CERTIFICATES, b"\1\0" + self.maker[1])
        return found + (element(CERTIFICATES, b"\1\1" + self.user[1]) if self.user else b"")

    def signed_bytes(self, key, document):
        algorithm = ALGORITHMS[self.algorithm]()
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(document, ec.ECDSA(algorithm)), 2 * ((key.key_size + 7) // 8) + 9
        form = padding.PKCS1v15() if self.pkcs1 else padding.PSS(padding.MGF1(algorithm), padding.PSS.MAX_LENGTH)
        return key.sign(document, form, algorithm), key.key_size // 8

    def sei(self, elements, key=None, reserved=0):
        """A NAL unit; with a signature where there is a key."""
        room = 0
        if key is not None:
            room = 3 + 3 + self.signed_bytes(key, b"")[1]
            reserved |= IS_ESCAPED if self.escaped else 0
        payload = UUID + bytes([reserved]) + elements
        size = len(payload) + room
        front = sei_header(self.codec) + b"\xff" * (size // 255) + bytes([size % 255]) + payload
        if key is None:
            return (front if self.bare else escape(front)) + b"\x80"
        signature, most = self.signed_bytes(key, escape(front) if self.escaped else front)
        behind = element(SIGNATURE, b"\1" + struct.pack(">H", len(signature)) + signature.ljust(most, b"\xa5"))
        if self.bare:
            return front + behind + b"\x80"
        written = escape(front)
        return written + escape(behind, written) + b"\x80"

    def certificate_sei(self):
        key = self.maker[0]
        return self.sei(self.cryptography(key) + self.certificate_elements(), key, IS_CERTIFICATE)

    def number(self, value, size):
        return value.to_bytes(size, self.order)

    def close(self, end, partial, signed):
        """The list ends: its SEI waits to go out."""
        general = struct.pack(">B3BB", self.version, 26, 6, 0, partial) + self.number(self.start, 8)
        general += self.number(end, 8) if self.version == 2 else b""
        general += self.number(self.counter, 4) + struct.pack(">H", len(self.list))
        general = element(GENERAL, general + self.hash(b"".join(self.list)) + self.predecessor)
        key = (self.user or self.maker)[0]
        rest = element(LIST, b"\1" + b"".join(self.list)) if self.lists else b""
        rest += element(VENDOR, b"\1" + b"".join(bytes([len(text)]) + text for text in (b"1.0", b"serial 7", b"maker")))
        if self.certificates == "always":
            rest += self.cryptography(key) + self.certificate_elements()
        nal = self.sei(rest + general if self.last_general else general + rest, key if signed else None)
        late = self.late if signed else max(self.late, 1)
        self.waiting += [(self.frame + late, signed, nal)] * self.copies
        self.predecessor = self.list[0]
        self.counter += 1
        self.list, self.start = [], None

    def ends_here(self, nals):
        """Whether the list that is open ends before this access unit: None, or whether only a part of a GOP does."""
        if not self.list:
            return None
        if any(is_anchor(self.codec, nal) for nal in nals):
            return False
        return True if self.part and len(self.list) >= self.part else None

    def ready(self, may_be_covered):
        """SEIs that go out now, in their order. One without a signature does not stand before what leads a list."""
        found = []
        while self.waiting and self.waiting[0][0] <= self.frame and (self.waiting[0][1] or may_be_covered):
            _, signed, nal = self.waiting.pop(0)
            if not signed:
                self.list.append(self.hash(nal))
            found.append(nal)
        return found

    def add(self, nals, time, more=()):
        """The access unit with SEIs. more: SEIs of arbitrary data."""
        end = self.ends_here(nals)
        if end is not None:
            self.close(time, end, end or (self.counter + 1) % self.every == 0)
        out = self.ready(end is None and self.start is not None)
        if self.frame == 0 and self.certificates == "once":
            out.insert(0, self.certificate_sei())
        for data in more:
            nal = self.sei(element(ARBITRARY, data))
            self.list.append(self.hash(nal))
            out.append(nal)
        self.start = time if self.start is None else self.start
        at = next((at for at, nal in enumerate(nals) if is_slice(self.codec, nal)), len(nals))
        self.cover(nals)
        self.frame += 1
        return nals[:at] + out + nals[at:]

    def cover(self, nals):
        for nal in nals:
            if not is_slice(self.codec, nal):
                continue
            one = self.hash(nal.rstrip(b"\0"))
            if is_anchor(self.codec, nal):
                self.anchor = one
                self.list.append(one)
            else:
                self.list.append(self.hash(self.anchor + one))

    def end(self, time):
        """What is left, for the end of the last access unit."""
        self.frame = 1 << 30
        out = self.ready(True)
        if self.list:
            self.close(time, False, True)
        self.frame = 1 << 31
        return out + self.ready(True)


def sign(codec, units, key_pem, chain_pem, *, start=EPOCH_1601 + 1_780_000_000 * 10**7, step=10**6, finish=True, **how):
    """All access units signed; step is the time between two, in 100 ns."""
    camera = Camera(codec, key_pem, chain_pem, **how)
    out = [camera.add(nals, start + number * step) for number, nals in enumerate(units)]
    if finish:
        out[-1] = out[-1] + camera.end(start + len(units) * step)
    return out
