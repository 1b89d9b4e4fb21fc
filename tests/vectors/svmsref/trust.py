# SPDX-License-Identifier: Apache-2.0
"""Is the signer trusted? A small path check, valid at the time of signing (C-ALG-4, C-VER-4)."""

import datetime
import functools
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from . import constants as c
from . import der

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
FIVE_MINUTES = 300 * c.NS
_EPOCH = datetime.datetime(1970, 1, 1)


def _ns(moment):
    return (moment - _EPOCH) // datetime.timedelta(seconds=1) * c.NS


def load_anchors(pem):
    """Every certificate in PEM text."""
    end = b"-----END CERTIFICATE-----"
    parts = [part + end for part in pem.split(end)[:-1]]
    return [x509.load_pem_x509_certificate(part.strip()) for part in parts]


@functools.lru_cache(maxsize=256)
def public_key_of(certificate):
    """To take a key out of a certificate costs more than to verify with it."""
    return certificate.public_key()


@functools.lru_cache(maxsize=256)
def _signed_by(certificate, issuer):
    if certificate.issuer != issuer.subject:
        return False
    key, signature = public_key_of(issuer), certificate.signature
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


def check_authority(anchors, chain, utc):
    """(end of validity, reason) of a time stamp authority that stamped at utc; no reason: it is
    trusted then."""
    try:
        path = _find_path(chain, anchors)
        if path is None:
            return 0, "no path to an anchor of time stamp authorities"
        tbs = chain[0].tbs_certificate_bytes
        if der.extended_key_usages(tbs) != [der.encode_oid(TIME_STAMPING)]:
            return 0, "certificate is not one of a time stamp authority"
    except (ValueError, IndexError, TypeError):
        return 0, "chain of the authority is damaged"
    not_before, not_after = _validity(path)
    if not not_before <= utc <= not_after:
        return 0, "certificate of the authority was not valid at that time"
    return not_after, ""


@dataclass
class Question:
    """About a signer. made: (claimed time, attested time or None) of everything that was signed;
    accept_claimed: claimed time decides whether a certificate had expired."""

    role: int
    made: list
    now_utc: int
    accept_claimed: bool = False


def check(anchors, chain, question):
    """One of trusted, unsigned, no_anchor, unknown_issuer, wrong_role, expired_then,
    not_yet_valid, expired_now, future, bad_chain."""
    if not chain:
        return "unsigned"
    if not anchors:
        return "no_anchor"
    try:
        return _check(anchors, chain, question)
    except (ValueError, IndexError, TypeError):
        return "bad_chain"


def _validity(path):
    """(first, last UTC) at which all certificates of the path are valid: to the end of the last
    second."""
    not_before = max(_ns(one.not_valid_before) for one in path)
    return not_before, min(_ns(one.not_valid_after) for one in path) + c.NS - 1


def _check(anchors, chain, question):
    path = _find_path(chain, anchors)
    if path is None:
        return "unknown_issuer"
    if not allows_role(chain[0], question.role):
        return "wrong_role"
    not_before, not_after = _validity(path)
    if min(claimed for claimed, _ in question.made) < not_before:
        return "not_yet_valid"
    if max(claimed for claimed, _ in question.made) > not_after:
        return "expired_then"
    for claimed, attested in question.made:
        bound = question.now_utc if attested is None else min(question.now_utc, attested)
        if claimed > bound + FIVE_MINUTES:
            return "future"
    if question.now_utc > not_after and not question.accept_claimed:
        times = [attested for _, attested in question.made]
        if None in times or max(times) > not_after:
            return "expired_now"
    return "trusted"
