# SPDX-License-Identifier: Apache-2.0
"""Certificates, revocation lists and OCSP responses, written byte by byte."""

import hashlib

import der_bytes as der
from signing_keys import EllipticKey

ARC = "2.25.132330503438125610743018859333830030049"
ROLES = {"camera": 1, "recorder": 2, "exporter": 3, "custodian": 4, "key-officer": 5,
         "server": 16, "client-device": 17, "user": 18, "time-stamper": 19, "update": 20}
PURPOSES = {"serverAuth": "1.3.6.1.5.5.7.3.1", "clientAuth": "1.3.6.1.5.5.7.3.2",
            "timeStamping": "1.3.6.1.5.5.7.3.8", "OCSPSigning": "1.3.6.1.5.5.7.3.9",
            "any": "2.5.29.37.0"}
FROM, TO = "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"


def extension(identifier, content, critical=False):
    parts = [der.oid(identifier)] + ([der.boolean(True)] if critical else [])
    return der.seq(*parts, der.octets(content))


def name(*parts):
    """A Name: ("CN", "text"), or a Name's DER as it is."""
    kinds = {"CN": "2.5.4.3", "O": "2.5.4.10", "C": "2.5.4.6", "E": "1.2.840.113549.1.9.1"}
    rows = []
    for kind, text in parts:
        value = text if isinstance(text, bytes) and text[:1] in (b"\x0c", b"\x13", b"\x16", b"\x1e") \
            else der.ia5(text) if kind == "E" else der.printable(text) if kind == "C" else der.utf8(text)
        rows.append(der.set_of(der.seq(der.oid(kinds[kind]), value)))
    return der.seq(*rows)


def purpose_oid(word):
    return PURPOSES[word] if word in PURPOSES else f"{ARC}.{ROLES[word]}"


def usage(*purposes, critical=False):
    return extension("2.5.29.37", der.seq(*[der.oid(purpose_oid(word)) for word in purposes]), critical)


def key_usage(*numbers, critical=True):
    """0 digitalSignature, 1 nonRepudiation, 2 keyEncipherment, 5 keyCertSign, 6 cRLSign."""
    return extension("2.5.29.15", der.named_bits(*numbers), critical)


def constraints(ca, length=None, critical=True):
    parts = ([der.boolean(True)] if ca else []) + ([] if length is None else [der.integer(length)])
    return extension("2.5.29.19", der.seq(*parts), critical)


def dns(text):
    return der.implicit(2, text if isinstance(text, bytes) else text.encode())


def email(text):
    return der.implicit(1, text.encode())


def uri(text):
    return der.implicit(6, text.encode())


def address(*numbers):
    return der.implicit(7, bytes(numbers))


def directory(content):
    return der.explicit(4, content)


def alternatives(*names, critical=False):
    return extension("2.5.29.17", der.seq(*names), critical)


def name_constraints(permitted=(), excluded=(), critical=True):
    parts = []
    for number, names in ((0, permitted), (1, excluded)):
        if names:
            parts.append(der.explicit(number, *[der.seq(one) for one in names]))
    return extension("2.5.29.30", der.seq(*parts), critical)


def key_id(key):
    return hashlib.sha1(key.key_bits()).digest()


def subject_id(key):
    return extension("2.5.29.14", der.octets(key_id(key)))


def authority_id(key):
    return extension("2.5.29.35", der.seq(der.implicit(0, key_id(key))))


class Party:
    """Somebody with a key and a certificate."""

    def __init__(self, label, key, subject, content):
        self.label, self.key, self.subject, self.content = label, key, subject, content


def certify(label, **plan):
    """A certificate; plan says in what it differs from an ordinary one."""
    key = plan.get("key") or EllipticKey(label)
    issuer = plan.get("issuer")
    subject = plan.get("subject") or name(("CN", label))
    signer = plan.get("signing_key") or (issuer.key if issuer else key)
    digest = plan.get("digest", "sha256")
    issuer_name = plan.get("issuer_name") or (issuer.subject if issuer else subject)
    serial = plan.get("serial")
    if serial is None:
        serial = int.from_bytes(hashlib.sha256(label.encode()).digest()[:15], "big") | 1
    inner = plan.get("inner_algorithm") or signer.algorithm(digest)
    parts = [] if plan.get("version") == 1 else [der.explicit(0, der.integer(plan.get("version", 3) - 1))]
    parts += [serial if isinstance(serial, bytes) else der.integer(serial), inner, issuer_name,
              der.seq(plan.get("begin") or der.moment(plan.get("since", FROM)),
                      plan.get("end") or der.moment(plan.get("until", TO))),
              subject, plan.get("public") or key.public(), plan.get("unique", b"")]
    extensions = plan.get("extensions", [])
    if extensions and plan.get("version", 3) != 1:
        parts.append(der.explicit(3, der.seq(*extensions)))
    body = der.seq(*parts)
    signature = plan.get("signature") or signer.sign(body, digest)
    content = der.seq(body, plan.get("outer_algorithm") or signer.algorithm(digest), der.bits(signature))
    return Party(label, key, subject, content + plan.get("trailing", b""))


def authority(label, issuer=None, **plan):
    """A CA; with "more" its other extensions."""
    key = plan.setdefault("key", EllipticKey(label))
    parent = plan.get("signing_key") or (issuer.key if issuer else key)
    plan.setdefault("extensions", [
        plan.pop("basic", constraints(True)), plan.pop("usage", key_usage(5, 6)), subject_id(key),
        authority_id(parent), *plan.pop("more", [])])
    return certify(label, issuer=issuer, **plan)


def leaf(label, issuer, *purposes, **plan):
    """Somebody who signs; "recorder" when no purpose is said."""
    key = plan.setdefault("key", EllipticKey(label))
    parent = plan.get("signing_key") or issuer.key
    plan.setdefault("extensions", [
        plan.pop("basic", constraints(False)), plan.pop("usage", key_usage(0)), subject_id(key),
        authority_id(parent), plan.pop("purposes", usage(*(purposes or ("recorder",)))),
        *plan.pop("more", [])])
    return certify(label, issuer=issuer, **plan)


def serial_of(party):
    """The serial number's DER, out of a certificate whose lengths take two bytes."""
    content = party.content[4:]
    inner = content[4:] if content[1] == 0x82 else content[3:]
    if inner[0] == 0xA0:
        inner = inner[2 + inner[1]:]
    return inner[:2 + inner[1]]


def revocation_list(label, issuer, revoked=(), **plan):
    """A list; revoked holds (party, date, invalidity date or None)."""
    signer = plan.get("signing_key") or issuer.key
    digest = plan.get("digest", "sha256")
    rows = []
    for party, date, invalid in revoked:
        extra = der.seq(extension("2.5.29.24", der.generalized(invalid))) if invalid else b""
        rows.append(der.seq(serial_of(party), der.moment(date), extra))
    extensions = [authority_id(plan.get("named_key") or signer),
                  extension("2.5.29.20", der.integer(1)), *plan.get("more", [])]
    next_update = plan.get("until", "2028-01-01T00:00:00Z")
    body = der.seq(der.integer(1), signer.algorithm(digest), issuer.subject,
                   der.moment(plan.get("since", "2026-06-01T00:00:00Z")),
                   der.moment(next_update) if next_update else b"",
                   der.seq(*rows) if rows else b"", der.explicit(0, der.seq(*extensions)))
    content = der.seq(body, signer.algorithm(digest), der.bits(signer.sign(body, digest)))
    return Party(label, None, None, content + plan.get("trailing", b""))


def certificate_id(party, issuer, digest="sha1"):
    identifier = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1",
                  "sha512": "2.16.840.1.101.3.4.2.3"}[digest]
    return der.seq(der.seq(der.oid(identifier), der.null()),
                   der.octets(hashlib.new(digest, issuer.subject).digest()),
                   der.octets(hashlib.new(digest, issuer.key.key_bits()).digest()), serial_of(party))


def answer(party, issuer, state="good", **plan):
    """A SingleResponse; state "revoked" wants a date in revoked."""
    states = {"good": der.implicit(0, b""), "unknown": der.implicit(2, b"")}
    until = plan.get("until", "2027-07-01T00:00:00Z")
    extensions = plan.get("more", [])
    if plan.get("invalid"):
        extensions = [*extensions, extension("2.5.29.24", der.generalized(plan["invalid"]))]
    return der.seq(
        certificate_id(party, issuer, plan.get("digest", "sha1")),
        states[state] if state in states else der.explicit(1, der.generalized(plan["revoked"])),
        der.generalized(plan.get("since", "2027-05-01T00:00:00Z")),
        der.explicit(0, der.generalized(until)) if until else b"",
        der.explicit(1, der.seq(*extensions)) if extensions else b"")


def response(label, signer, answers, **plan):
    """An OCSPResponse by a Party with its key; with_certificate puts its certificate in."""
    digest = plan.get("sign_digest", "sha256")
    who = der.explicit(2, der.octets(key_id(signer.key))) if plan.get("by_key") \
        else der.explicit(1, plan.get("named") or signer.subject)
    extensions = plan.get("more", [])
    body = der.seq(who, der.generalized(plan.get("produced", "2027-05-01T00:00:00Z")),
                   der.seq(*answers), der.explicit(1, der.seq(*extensions)) if extensions else b"")
    key = plan.get("signing_key") or signer.key
    carried = plan.get("carried", [signer] if plan.get("with_certificate") else [])
    basic = der.seq(body, key.algorithm(digest), der.bits(key.sign(body, digest)),
                    der.explicit(0, der.seq(*[one.content for one in carried])) if carried else b"")
    content = der.seq(der.enumerated(0), der.explicit(0, der.seq(
        der.oid(plan.get("type", "1.3.6.1.5.5.7.48.1.1")), der.octets(basic))))
    return Party(label, None, None, plan.get("whole", content) + plan.get("trailing", b""))
