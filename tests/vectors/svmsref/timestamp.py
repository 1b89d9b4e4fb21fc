# SPDX-License-Identifier: Apache-2.0
"""Time stamp tokens of RFC 3161: made for vectors, taken apart and checked."""

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from . import der
from . import signing
from .primitives import sha256

NS = 1_000_000_000
INTEGER, OCTETS, NULL, OID, SEQUENCE, SET, TIME = 0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0x18
EXPLICIT_0 = 0xA0
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
CERTIFICATE_V1 = "1.2.840.113549.1.9.16.2.12"
CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
SHA256, SHA384, SHA512 = (f"2.16.840.1.101.3.4.2.{n}" for n in (1, 2, 3))
ECDSA_SHA256, RSA_SHA256 = "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"
POLICY = "2.25.132330503438125610743018859333830030049.100"
HASHES = {SHA256: hashes.SHA256, SHA384: hashes.SHA384, SHA512: hashes.SHA512}


def _oid(dotted):
    return der.encode(OID, der.encode_oid(dotted))


def _integer(value):
    size = value.bit_length() // 8 + 1
    return der.encode(INTEGER, value.to_bytes(size, "big"))


def _sequence(*parts):
    return der.encode(SEQUENCE, b"".join(parts))


def _set(*parts):
    return der.encode(SET, b"".join(sorted(parts)))


def _algorithm(dotted, *parameters):
    return _sequence(_oid(dotted), *parameters)


# ---- making ----


@dataclass
class Stamp:
    """What a token says; faults change it."""

    imprint: bytes
    utc: int
    hash_oid: str = SHA256
    serial: int = 1
    digest_mask: int = 0
    signature_mask: int = 0
    with_certificates: bool = True
    certificate_hash: bytes | None = None
    fraction: str = ""
    extra: bytes = b""


def _general_time(stamp):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=stamp.utc // NS)
    text = f"{moment:%Y%m%d%H%M%S}{stamp.fraction}Z"
    return der.encode(TIME, text.encode("ascii"))


def _info(stamp):
    imprint = _sequence(_algorithm(stamp.hash_oid, b"\5\0"), der.encode(OCTETS, stamp.imprint))
    serial = _integer(stamp.serial)
    return _sequence(_integer(1), _oid(POLICY), imprint, serial, _general_time(stamp))


def _attribute(dotted, value):
    return _sequence(_oid(dotted), der.encode(SET, value))


def _sign(key, message, mask):
    if isinstance(key, rsa.RSAPrivateKey):
        found = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        algorithm = _algorithm(RSA_SHA256, b"\5\0")
    else:
        raw = signing.sign(key, message, None)
        halves = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        found, algorithm = encode_dss_signature(*halves), _algorithm(ECDSA_SHA256)
    return algorithm, found[:-1] + bytes([found[-1] ^ mask])


def make(stamp, chain, key):
    """DER TimeStampToken; chain begins with the authority's certificate."""
    info, leaf = _info(stamp), chain[0].public_bytes(Encoding.DER)
    digest = bytearray(sha256(info))
    digest[0] ^= stamp.digest_mask
    named = sha256(leaf) if stamp.certificate_hash is None else stamp.certificate_hash
    attributes = _set(
        _attribute(CONTENT_TYPE, _oid(TST_INFO)),
        _attribute(MESSAGE_DIGEST, der.encode(OCTETS, bytes(digest))),
        _attribute(CERTIFICATE_V2, _sequence(_sequence(_sequence(der.encode(OCTETS, named))))),
    )
    algorithm, signature = _sign(key, attributes, stamp.signature_mask)
    signer = _sequence(
        _integer(1),
        _sequence(chain[0].issuer.public_bytes(), _integer(chain[0].serial_number)),
        _algorithm(SHA256),
        bytes([EXPLICIT_0]) + attributes[1:],
        algorithm,
        der.encode(OCTETS, signature),
    )
    certificates = b"".join(one.public_bytes(Encoding.DER) for one in chain)
    data = _sequence(
        _integer(3),
        _set(_algorithm(SHA256)),
        _sequence(_oid(TST_INFO), der.encode(EXPLICIT_0, der.encode(OCTETS, info))),
        der.encode(EXPLICIT_0, certificates) if stamp.with_certificates else b"",
        _set(signer),
    )
    return _sequence(_oid(SIGNED_DATA), der.encode(EXPLICIT_0, data)) + stamp.extra


# ---- checking ----


@dataclass
class Token:
    """A token whose signature holds; whether its authority is trusted is another question."""

    utc: int
    imprint: bytes
    chain: list


def _one(data, tag):
    """Content of the only element of data."""
    found = der.elements(data)
    if len(found) != 1 or found[0][0] != tag:
        raise ValueError("DER is not as expected")
    return found[0][1]


def _take(found, tag):
    if not found or found[0][0] != tag:
        raise ValueError("DER is not as expected")
    return found.pop(0)[1]


def _parse_time(text):
    text = text.decode("ascii")
    if not text.endswith("Z"):
        raise ValueError("time without Z")
    whole, _, fraction = text[:-1].partition(".")
    moment = datetime.datetime.strptime(whole, "%Y%m%d%H%M%S")
    seconds = (moment - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1)
    return seconds * NS + (int((fraction + "000000000")[:9]) if fraction else 0)


def _parse_info(info):
    """(UTC, imprint)"""
    found = der.elements(_one(info, SEQUENCE))
    if _take(found, INTEGER) != b"\1":
        raise ValueError("unknown version")
    _take(found, OID)
    imprint = der.elements(_take(found, SEQUENCE))
    if der.elements(_take(imprint, SEQUENCE))[0] != (OID, der.encode_oid(SHA256)):
        raise ValueError("imprint is not SHA-256")
    digest = _take(imprint, OCTETS)
    _take(found, INTEGER)
    return _parse_time(_take(found, TIME)), digest


def _parse_attributes(content):
    found = {}
    for tag, attribute in der.elements(content):
        parts = der.elements(attribute)
        if tag != SEQUENCE or len(parts) != 2 or parts[0][1] in found:
            raise ValueError("damaged attribute")
        found[parts[0][1]] = parts[1][1]
    return found


def _names_certificate(attributes, certificate):
    """ESSCertID or ESSCertIDv2 of the signer."""
    leaf = certificate.public_bytes(Encoding.DER)
    for dotted in (CERTIFICATE_V2, CERTIFICATE_V1):
        value = attributes.get(der.encode_oid(dotted))
        if value is None:
            continue
        first = der.elements(der.elements(_one(value, SEQUENCE))[0][1])[0][1]
        parts = der.elements(first)
        hasher = hashes.SHA1 if dotted == CERTIFICATE_V1 else hashes.SHA256
        if parts[0][0] == SEQUENCE:
            named = der.elements(parts.pop(0)[1])[0][1]
            hasher = {der.encode_oid(oid): one for oid, one in HASHES.items()}[named]
        digest = hashes.Hash(hasher())
        digest.update(leaf)
        return parts[0] == (OCTETS, digest.finalize())
    return False


def _load_certificate(data):
    try:
        certificate = x509.load_der_x509_certificate(data)
        certificate.public_key()
        der.extensions(certificate.tbs_certificate_bytes)
    except Exception as error:  # the library raises many kinds for damaged DER
        raise ValueError("certificate is damaged") from error
    return certificate


def _hasher_of(algorithm):
    named = der.elements(algorithm)[0][1]
    return {der.encode_oid(oid): one for oid, one in HASHES.items()}[named]()


def _check_signature(key, digest, message, signature):
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), digest)
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, message)
    else:
        raise ValueError("key of unknown kind")


def _signer_certificate(name, certificates):
    issuer, serial = der.elements(name)
    wanted = (der.encode(*issuer), int.from_bytes(serial[1], "big"))
    for one in certificates:
        if (one.issuer.public_bytes(), one.serial_number) == wanted:
            return one
    raise ValueError("certificate of the signer is missing")


def parse(token):
    """Token, or ValueError when it is malformed or its signature does not hold."""
    try:
        return _parse(token)
    except (InvalidSignature, KeyError, IndexError, TypeError, UnicodeError) as error:
        raise ValueError(f"token is not right: {type(error).__name__}") from error


def _parse(token):
    outer = der.elements(_one(token, SEQUENCE))
    if _take(outer, OID) != der.encode_oid(SIGNED_DATA):
        raise ValueError("no signed data")
    data = der.elements(_one(_take(outer, EXPLICIT_0), SEQUENCE))
    _take(data, INTEGER), _take(data, SET)
    content = der.elements(_take(data, SEQUENCE))
    if _take(content, OID) != der.encode_oid(TST_INFO):
        raise ValueError("no time stamp")
    info = _one(_take(content, EXPLICIT_0), OCTETS)
    certificates = [
        _load_certificate(der.encode(*one))
        for one in der.elements(_take(data, EXPLICIT_0))
    ]
    signer = der.elements(_one(data[-1][1], SEQUENCE))
    _take(signer, INTEGER)
    certificate = _signer_certificate(_take(signer, SEQUENCE), certificates)
    digest = _hasher_of(_take(signer, SEQUENCE))
    packed = _take(signer, EXPLICIT_0)
    attributes = _parse_attributes(packed)
    _take(signer, SEQUENCE)
    signature = _take(signer, OCTETS)
    hashed = hashes.Hash(digest)
    hashed.update(info)
    if attributes[der.encode_oid(CONTENT_TYPE)] != _oid(TST_INFO):
        raise ValueError("content is of another type")
    if attributes[der.encode_oid(MESSAGE_DIGEST)] != der.encode(OCTETS, hashed.finalize()):
        raise ValueError("digest of the content is another")
    if not _names_certificate(attributes, certificate):
        raise ValueError("token names another certificate")
    message = der.encode(SET, packed)
    _check_signature(certificate.public_key(), digest, message, signature)
    others = [one for one in certificates if one != certificate]
    return Token(*_parse_info(info), [certificate, *others])
