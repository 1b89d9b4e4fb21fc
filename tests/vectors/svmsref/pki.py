# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates of the vectors."""

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import constants as c
from . import der

FROM = datetime.datetime(2020, 1, 1)
TO = datetime.datetime(2119, 12, 31)


def new_key(kind):
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "x25519":
        return x25519.X25519PrivateKey.generate()
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def private_pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def kek_pem(data):
    """Label "SVMS KEY-ENCRYPTION KEY": 16 bytes id, 32 bytes key."""
    text = base64.b64encode(data).decode("ascii")
    label = "SVMS KEY-ENCRYPTION KEY"
    return f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n".encode()


def _usage(authority):
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
        " key_cert_sign crl_sign encipher_only decipher_only"
    ).split()
    wanted = {"key_cert_sign", "crl_sign"} if authority else {"digital_signature"}
    return x509.KeyUsage(**{name: name in wanted for name in names})


def issue(name, key, issuer=None, issuer_key=None, role=None, period=(FROM, TO)):
    """A certificate; role None makes an authority. Self-signed without issuer."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    authority_key = (issuer_key or key).public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(role is None, None), True)
        .add_extension(_usage(role is None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key), False)
    )
    if role is not None:
        usage = der.encode_extended_key_usage(f"{c.ROLE_OID_ARC}.{role}")
        oid = x509.ObjectIdentifier(der.EXTENDED_KEY_USAGE)
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, usage), False)
    signing_key = issuer_key or key
    digest = None if isinstance(signing_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signing_key, digest)


def issue_authority(name, key, issuer, issuer_key, period=(FROM, TO), usages=None):
    """A certificate of a time stamp authority."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usages = [ExtendedKeyUsageOID.TIME_STAMPING] if usages is None else usages
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(_usage(False), True)
        .add_extension(x509.ExtendedKeyUsage(usages), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    )
    return builder.sign(issuer_key, hashes.SHA256())


def certificate_pem(*certificates):
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
