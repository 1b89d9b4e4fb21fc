# SPDX-License-Identifier: Apache-2.0
"""Tokens of somebody else (docs/spec/token.md), signed here with a key that is known to everybody:
so they can say what svms_token_issue() would refuse to."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from local_time import SECOND

ISSUER, AUDIENCE = "https://issuer.example", "server"
TYPES = {"access": "at+jwt", "onvif": "JWT", "approval": "svms-approval+jwt"}
APPROVED = bytes(32)  # The hash of what approvals here are for; the driver asks for just that.
_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"nobody keeps this key as secret!")


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def keys():
    """The issuer's key set."""
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    key = {"kty": "OKP", "crv": "Ed25519", "x": text_of(_KEY.public_key().public_bytes(*raw))}
    return json.dumps({"keys": [key]})


def signed(profile, claims):
    header = {"alg": "EdDSA", "typ": TYPES[profile]}
    parts = [text_of(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join([*parts, text_of(_KEY.sign(".".join(parts).encode()))])


def spell(number, described):
    """The case of the driver for a token that make_questions describes."""
    now = described["now"] // SECOND
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + described["life"]}
    claims |= {"jti": str(number), "client_id": "client"}
    for ours, theirs in (
        ("subject", "sub"),
        ("amr", "amr"),
        ("roles", "roles"),
        ("rights", "authorization_details"),
    ):
        if ours in described:
            claims[theirs] = described[ours]
    profile = described["profile"]
    case = {"profile": profile, "now": now * SECOND}
    if profile != "approval":
        return case | {"text": signed(profile, claims | {"nbf": now})}
    asking = signed("access", claims | {"nbf": now, "sub": "somebody who asks"})
    claims |= {"req": text_of(APPROVED), "ath": text_of(hashlib.sha256(asking.encode()).digest())}
    return case | {"asking": asking, "text": signed(profile, claims)}
