# SPDX-License-Identifier: Apache-2.0
"""The header (section 5)."""

import functools
import struct
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from . import constants as c
from . import signing
from . import trust
from .der import extensions as der_extensions
from .errors import ContainerError
from .objects import Prefix, Signer, parse_prefix
from .primitives import sha256
from .wire import Cursor

_DER = Encoding.DER


@dataclass
class Track:
    """Tag 5."""

    kind: int
    protection: int
    codec: bytes
    numerator: int = 1
    denominator: int = 90000
    default_duration: int = 0
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0
    config: bytes = b""
    number: int = 0

    def pack(self):
        head = struct.pack(">BBBB", self.number, self.kind, self.protection, 0) + self.codec
        numbers = (self.numerator, self.denominator, self.default_duration, self.width)
        numbers += (self.height, self.sample_rate, self.channels)
        return head + struct.pack(">7I", *numbers) + self.config


@dataclass
class Previous:
    """Tag 9."""

    container_id: bytes
    segment: int
    manifest_hash: bytes
    state: int
    reserved: bytes = bytes(7)

    def pack(self):
        head = self.container_id + struct.pack(">Q", self.segment) + self.manifest_hash
        return head + struct.pack(">B", self.state) + self.reserved


@dataclass
class Header:
    """What a header says, parsed."""

    raw: bytes = b""
    minor: int = 0
    compatible: int = 0
    critical: int = 0
    signer: Signer = field(default_factory=Signer)
    chain: list = field(default_factory=list)
    container_id: bytes = bytes(16)
    recording_id: bytes = bytes(16)
    sequence: int = 0
    device_id: bytes = bytes(16)
    created_utc: int = 0
    base_utc: int = 0
    origin: int = 1
    capture_source: int = 1
    tracks: list = field(default_factory=list)
    key_check: bytes | None = None
    slot_size: int = 0
    sealed_description: bytes | None = None
    description: list | None = None
    previous: Previous | None = None
    segment_ns: int = 0
    segment_bytes: int = 0
    signature_interval: int = 1
    software: str | None = None

    @property
    def hash(self):
        return sha256(self.raw)

    @property
    def signed(self):
        return self.signer.role != 0

    def reference_track(self):
        """C-MAN-6, for segments that have a sample of it."""
        videos = [track.number for track in self.tracks if track.kind == c.VIDEO]
        return videos[0] if videos else 0

    def public_key(self):
        return trust.public_key_of(self.chain[0])


TAG_NAMES = {
    c.TAG_CHAIN: "signer chain",
    c.TAG_ID: "container identity",
    c.TAG_DEVICE: "device id",
    c.TAG_TIMES: "times and origin",
    c.TAG_TRACK: "track",
    c.TAG_KEYS: "keys",
    c.TAG_SEALED_TEXT: "encrypted description",
    c.TAG_CLEAR_TEXT: "clear description",
    c.TAG_PREVIOUS: "previous container",
    c.TAG_LIMITS: "segment limits",
    c.TAG_SOFTWARE: "writer software",
}


# ---- packing ----


def pack_chain(certificates):
    return b"".join(struct.pack(">I", len(der)) + der for der in certificates)


def pack_description(texts):
    out = b""
    for kind, text in texts:
        encoded = text.encode()
        out += struct.pack(">BBH", kind, 0, len(encoded)) + encoded
    return out + bytes(-len(out) % 64)


def pack_fields(fields):
    return b"".join(struct.pack(">HHI", tag, 0, len(value)) + value for tag, value in fields)


@dataclass
class FixedPart:
    """Bytes 0 to 24, for writing."""

    magic: bytes = c.MAGIC
    major: int = 1
    minor: int = 0
    zero: int = 0
    compatible: int = 0
    critical: int = 0

    def pack(self, length):
        numbers = (self.major, self.minor, self.zero, self.compatible, self.critical, length)
        return self.magic + struct.pack(">BBHIII", *numbers)


def pack_header(fixed, signer, fields, adjust=None):
    body = pack_fields(fields)
    length = c.HEADER_FIXED + c.PREFIX_SIZE + len(body)
    prefix = Prefix(c.OBJECT_HEADER, length, signer.role, signer.algorithm)
    prefix.certificate_hash = signer.certificate_hash
    if adjust:
        prefix = adjust(prefix)
    return fixed.pack(length) + prefix.pack() + body


# ---- parsing ----


def _refuse(rule, message, offset, kind="malformed"):
    raise ContainerError(rule, message, offset, kind)


def _parse_fixed(data):
    """Returns (minor, compatible, critical, length)."""
    if data[:8] != c.MAGIC:
        _refuse("C-HDR-1", "not a container", 0)
    if len(data) < c.HEADER_FIXED:
        _refuse("C-OVR-1", "header is cut off", len(data))
    major, minor, zero, compatible, critical, length = struct.unpack(">BBHIII", data[8:24])
    if major != 1:
        _refuse("C-HDR-2", f"major version {major}", 8, "unsupported")
    if zero:
        _refuse("C-HDR", "reserved bytes are not zero", 10)
    if critical & ~c.CRITICAL_KNOWN:
        _refuse("C-HDR-5", f"critical bits {critical:#x}", 16, "unsupported")
    if not c.HEADER_FIXED + c.PREFIX_SIZE <= length <= c.MAX_HEADER:
        _refuse("C-HDR-3", "header length is out of range", 20)
    if length > len(data):
        _refuse("C-OVR-1", "header is cut off", len(data))
    return minor, compatible, critical, length


def _check_signer(signer, offset):
    if signer.role == c.ROLE_NONE:
        if signer.algorithm or any(signer.certificate_hash):
            _refuse("C-OBJ-2", "unsigned, yet algorithm or hash is not zero", offset)
        return
    if signer.role not in (c.ROLE_CAMERA, c.ROLE_RECORDER):
        _refuse("C-ALG-4", f"role {signer.role} cannot sign a container", offset)
    if signer.algorithm == 0:
        _refuse("C-OBJ-2", "role without algorithm", offset)
    if signer.algorithm not in signing.NAMES:
        _refuse("C-ALG-2", f"algorithm {signer.algorithm}", offset, "unsupported")


def parse_chain(value, origin):
    """C-HDR-8: the certificates, leaf first."""
    if len(value) > c.MAX_CHAIN:
        _refuse("C-LIM-1", "certificate chain is too long", origin)
    cursor, chain = Cursor(value, origin, "C-HDR-8", "malformed"), []
    while cursor.remaining():
        if len(chain) == c.MAX_CERTIFICATES:
            cursor.fail("too many certificates", "C-LIM-1")
        der = cursor.take(cursor.u32())
        chain.append(_load_certificate(der, cursor))
    if not chain:
        cursor.fail("chain without certificates")
    return chain


@functools.lru_cache(maxsize=256)
def _parse_certificate(der):
    certificate = x509.load_der_x509_certificate(der)
    certificate.public_key()
    der_extensions(certificate.tbs_certificate_bytes)
    certificate.not_valid_before, certificate.not_valid_after
    return certificate


def _load_certificate(der, cursor):
    try:
        certificate = _parse_certificate(der)
    except Exception as error:  # the library raises many kinds for damaged DER
        cursor.fail(f"certificate is damaged: {type(error).__name__}")
    if certificate.public_bytes(_DER) != der:
        cursor.fail("certificate has bytes too many")
    return certificate


def _split_fields(data, length):
    """C-HDR-6: yields (tag, value, origin of value)."""
    cursor = Cursor(data[72:length], 72, "C-HDR-3", "malformed")
    last, fields = 0, []
    while cursor.remaining():
        tag = cursor.u16()
        if tag < last or (tag == last and tag != c.TAG_TRACK):
            cursor.fail("tags do not ascend", "C-HDR-6")
        cursor.zeros(2)
        size = cursor.u32()
        origin = cursor.origin + cursor.position
        if not 1 <= tag <= c.TAG_SOFTWARE and tag < c.TAG_OPTIONAL:
            cursor.fail(f"unknown tag {tag}", "C-HDR-6")
        fields.append((tag, cursor.take(size), origin))
        last = tag
    return fields


def _parse_identity(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-9", "malformed")
    header.container_id, header.recording_id = cursor.take(16), cursor.take(16)
    header.sequence = cursor.u64()
    cursor.finish()


def _parse_device(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-10", "malformed")
    header.device_id = cursor.take(16)
    cursor.finish()


def _parse_times(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-11", "malformed")
    header.created_utc, header.base_utc = cursor.i64(), cursor.i64()
    header.origin, header.capture_source = cursor.u8(), cursor.u8()
    cursor.zeros(2)
    cursor.finish()
    if not 1 <= header.origin <= 3:
        cursor.fail("unknown origin")
    if header.capture_source > 6:
        cursor.fail("unknown capture-time source")


def _parse_track(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-12", "malformed")
    if len(header.tracks) == c.MAX_TRACKS:
        cursor.fail("too many tracks", "C-LIM-1")
    number, kind, protection = cursor.u8(), cursor.u8(), cursor.u8()
    cursor.zeros(1)
    track = Track(kind, protection, cursor.take(4), number=number)
    track.numerator, track.denominator = cursor.u32(), cursor.u32()
    track.default_duration, track.width, track.height = cursor.u32(), cursor.u32(), cursor.u32()
    track.sample_rate, track.channels = cursor.u32(), cursor.u32()
    if cursor.remaining() > c.MAX_CONFIG:
        cursor.fail("codec configuration is too long", "C-LIM-1")
    track.config = cursor.take(cursor.remaining())
    if number != len(header.tracks):
        cursor.fail("track numbers do not count 0, 1, 2")
    if not 1 <= kind <= 3 or protection > 2:
        cursor.fail("unknown kind or protection")
    if not track.numerator or not track.denominator:
        cursor.fail("time base of zero")
    header.tracks.append(track)


def _parse_keys(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-15", "malformed")
    header.key_check, header.slot_size = cursor.take(32), cursor.u32()
    cursor.finish()
    if header.slot_size % 512 or not c.MIN_SLOT <= header.slot_size <= c.MAX_SLOT:
        cursor.fail("slot size is out of range")


def _check_description_size(size, cursor):
    if size % 64 or not 64 <= size <= c.MAX_DESCRIPTION:
        cursor.fail("description has the wrong size")


def parse_description(value, origin, kind="malformed"):
    """C-HDR-16: list of (kind, text)."""
    cursor = Cursor(value, origin, "C-HDR-16", kind)
    _check_description_size(len(value), cursor)
    texts, last = [], 0
    while cursor.remaining():
        number = cursor.u8()
        if number == 0:
            cursor.zeros(cursor.remaining())
            break
        if number <= last or number > 3:
            cursor.fail("kinds of description do not ascend or are unknown")
        cursor.zeros(1)
        raw = cursor.take(cursor.u16())
        try:
            texts.append((number, raw.decode()))
        except UnicodeDecodeError:
            cursor.fail("description is not UTF-8")
        last = number
    return texts


def _parse_sealed_text(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-16", "malformed")
    _check_description_size(len(value) - c.TAG, cursor)
    header.sealed_description = value


def _parse_clear_text(header, value, origin):
    header.description = parse_description(value, origin)


def _parse_previous(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-17", "malformed")
    header.previous = Previous(cursor.take(16), cursor.u64(), cursor.take(32), cursor.u8())
    cursor.zeros(7)
    cursor.finish()
    if not 1 <= header.previous.state <= 4:
        cursor.fail("unknown state of the link")


def _parse_limits(header, value, origin):
    cursor = Cursor(value, origin, "C-HDR-18", "malformed")
    header.segment_ns, header.segment_bytes = cursor.u64(), cursor.u64()
    header.signature_interval = cursor.u32()
    cursor.zeros(4)
    cursor.finish()
    deferred = header.critical & c.CRITICAL_DEFERRED
    if header.signature_interval not in (range(2, 65) if deferred else range(1, 2)):
        cursor.fail("signature interval does not fit critical bit 0")


def _parse_software(header, value, origin):
    if not 1 <= len(value) <= 64 or not all(0x20 <= byte <= 0x7E for byte in value):
        _refuse("C-HDR", "writer software is not 1 to 64 printable characters", origin)
    header.software = value.decode("ascii")


_PARSERS = {
    c.TAG_ID: _parse_identity,
    c.TAG_DEVICE: _parse_device,
    c.TAG_TIMES: _parse_times,
    c.TAG_TRACK: _parse_track,
    c.TAG_KEYS: _parse_keys,
    c.TAG_SEALED_TEXT: _parse_sealed_text,
    c.TAG_CLEAR_TEXT: _parse_clear_text,
    c.TAG_PREVIOUS: _parse_previous,
    c.TAG_LIMITS: _parse_limits,
    c.TAG_SOFTWARE: _parse_software,
}


def _check_presence(header, tags, length):
    for tag in (c.TAG_ID, c.TAG_DEVICE, c.TAG_TIMES, c.TAG_TRACK, c.TAG_LIMITS):
        if tag not in tags:
            _refuse("C-HDR-6", f"tag {tag} is missing", length)
    if (c.TAG_CHAIN in tags) != header.signed:
        _refuse("C-HDR-8", "signer chain present or absent wrongly", 72)
    secret = any(track.protection != c.NONE for track in header.tracks)
    if secret and c.TAG_KEYS not in tags:
        _refuse("C-HDR-15", "a track is encrypted, but there are no keys", length)
    if c.TAG_SEALED_TEXT in tags and c.TAG_KEYS not in tags:
        _refuse("C-HDR-16", "encrypted description without keys", length)
    if c.TAG_CLEAR_TEXT in tags and c.TAG_KEYS in tags:
        _refuse("C-HDR-16", "clear description beside keys", length)


def _parse_signer(header, data, length):
    """Prefix and certificate chain: what may be read before the signature is checked."""
    cursor = Cursor(data[24:72], 24, "C-OBJ-1", "malformed")
    header.signer = parse_prefix(cursor, c.OBJECT_HEADER, length)
    _check_signer(header.signer, 24)
    if not header.signed:
        if header.critical:
            _refuse("C-HDR-5", "unsigned, yet bits for signatures are set", 16)
        return
    cursor = Cursor(data[72:length], 72, "C-HDR-8", "malformed")
    if cursor.u16() != c.TAG_CHAIN:
        cursor.fail("signed, but without a signer chain")
    cursor.zeros(2)
    size = cursor.u32()
    header.chain = parse_chain(cursor.take(size), 80)
    if sha256(header.chain[0].public_bytes(_DER)) != header.signer.certificate_hash:
        _refuse("C-OBJ-2", "hash is not that of the first certificate", 40)
    if signing.algorithm_of(header.public_key()) != header.signer.algorithm:
        message = "algorithm does not belong to the signer's key"
        _refuse("C-ALG-3", message, 34, "not_authentic")


def parse_trusted_part(data):
    """Fixed fields and chain only (C-OBJ-3)."""
    header = Header()
    header.minor, header.compatible, header.critical, length = _parse_fixed(data)
    header.raw = bytes(data[:length])
    _parse_signer(header, data, length)
    return header


def parse_rest(header):
    """Everything else; call it after the signature has been checked."""
    tags = set()
    for tag, value, origin in _split_fields(header.raw, len(header.raw)):
        tags.add(tag)
        if tag in _PARSERS:
            _PARSERS[tag](header, value, origin)
    _check_presence(header, tags, len(header.raw))
    return header
