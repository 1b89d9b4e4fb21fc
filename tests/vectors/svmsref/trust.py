# SPDX-License-Identifier: Apache-2.0
"""Is the signer trusted? A small path check, valid at the time of signing (C-ALG-4, C-VER-4)."""

import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from . import constants as c
from . import der

_EPOCH = datetime.datetime(1970, 1, 1)


def _ns(moment):
    return (moment - _EPOCH) // datetime.timedelta(seconds=1) * c.NS


def load_anchors(pem):
    """Every certificate in PEM text."""
    end = b"-----END CERTIFICATE-----"
    parts = [part + end for part in pem.split(end)[:-1]]
    return [x509.load_pem_x509_certificate(part.strip()) for part in parts]


def _signed_by(certificate, issuer):
    if certificate.issuer != issuer.subject:
        return False
    key, signature = issuer.public_key(), certificate.signature
    message, digest = certificate.tbs_certificate_bytes, certificate.signature_hash_algorithm
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), digest)
        else:
            return False
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_authority(certificate):
    return der.is_authority(certificate.tbs_certificate_bytes)


def _find_path(chain, anchors):
    """Certificates from leaf to anchor, or None."""
    path = [chain[0]]
    while len(path) <= c.MAX_CERTIFICATES:
        if path[-1] in anchors:
            return path
        issuers = [one for one in anchors + chain[1:] if one not in path and _is_authority(one)]
        found = next((one for one in issuers if _signed_by(path[-1], one)), None)
        if found is None:
            return None
        path.append(found)
    return None


def allows_role(certificate, role):
    wanted = der.encode_oid(f"{c.ROLE_OID_ARC}.{role}")
    return wanted in der.extended_key_usages(certificate.tbs_certificate_bytes)


def check(anchors, chain, *question):
    """One of trusted, unsigned, no_anchor, unknown_issuer, wrong_role, expired_then,
    not_yet_valid, expired_now, bad_chain. question: role, first and last UTC of signing, UTC now,
    whether claimed time is accepted."""
    if not chain:
        return "unsigned"
    if not anchors:
        return "no_anchor"
    try:
        return _check(anchors, chain, *question)
    except (ValueError, IndexError, TypeError):
        return "bad_chain"


def _check(anchors, chain, role, first_utc, last_utc, now_utc, claimed_time):
    path = _find_path(chain, anchors)
    if path is None:
        return "unknown_issuer"
    if not allows_role(chain[0], role):
        return "wrong_role"
    not_before = max(_ns(one.not_valid_before) for one in path)
    # A certificate is valid to the end of its last second.
    not_after = min(_ns(one.not_valid_after) for one in path) + c.NS - 1
    if first_utc < not_before:
        return "not_yet_valid"
    if last_utc > not_after:
        return "expired_then"
    if now_utc > not_after and not claimed_time:
        return "expired_now"
    return "trusted"
