# SPDX-License-Identifier: Apache-2.0
"""What extensions allow: roles, key usage, CAs, path lengths, policies, and what nobody knows."""

from case_table import ISSUING, RECORDER, ROOT, case
from certificates import (alternatives, authority, authority_id, constraints, dns, extension,
                          key_usage, leaf, subject_id, usage)
from signing_keys import EllipticKey
import der_bytes as der

ANY_POLICY, POLICY, OTHER_POLICY = "2.5.29.32.0", "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"


def roles():
    for role in ("camera", "exporter", "custodian", "key-officer", "server", "client-device", "user"):
        party = leaf(f"leaf-{role}", ISSUING, role)
        case(f"role-{role}", f"the role {role}", [party, ISSUING], role=role)
        case(f"role-{role}-as-recorder", "another role", [party, ISSUING], "wrong_role")
    case("role-not-named", "recorder as exporter", [RECORDER, ISSUING], "wrong_role", role="exporter")
    both = leaf("leaf-two-roles", ISSUING, "camera", "recorder", "serverAuth", "clientAuth")
    case("role-among-others", "one of several", [both, ISSUING])
    case("role-any-purpose", "anyExtendedKeyUsage is no role",
         [leaf("leaf-any", ISSUING, "any"), ISSUING], "wrong_role")
    case("role-no-usage", "no extended key usage",
         [leaf("leaf-no-eku", ISSUING, purposes=b""), ISSUING], "wrong_role")
    neighbour = extension("2.5.29.37", der.seq(der.oid("2.25.132330503438125610743018859333830030049.21")))
    case("role-neighbour", "another number below the arc",
         [leaf("leaf-neighbour", ISSUING, purposes=neighbour), ISSUING], "wrong_role")
    longer = extension("2.5.29.37", der.seq(der.oid("2.25.132330503438125610743018859333830030049.2.1")))
    case("role-below", "an identifier that only begins like the role's",
         [leaf("leaf-longer", ISSUING, purposes=longer), ISSUING], "wrong_role")
    twice = leaf("leaf-two-usages", ISSUING, more=[usage("recorder")])
    case("usage-twice", "two extended key usages", [twice, ISSUING], "bad_chain")
    empty = leaf("leaf-empty-usage", ISSUING, purposes=extension("2.5.29.37", b"\x05\x00"))
    case("usage-unreadable", "an extended key usage that is none", [empty, ISSUING], "bad_chain")


def time_stampers():
    good = leaf("tsa", ISSUING, purposes=usage("timeStamping", critical=True))
    case("time-stamper", "critical, time stamping alone", [good, ISSUING], role="time-stamper")
    loose = leaf("tsa-loose", ISSUING, "timeStamping")
    case("time-stamper-not-critical", "not critical", [loose, ISSUING], "wrong_role", role="time-stamper")
    wide = leaf("tsa-wide", ISSUING, purposes=usage("timeStamping", "recorder", critical=True))
    case("time-stamper-and-more", "not alone", [wide, ISSUING], "wrong_role", role="time-stamper")


def connections():
    server = leaf("tls-server", ISSUING, "server", "serverAuth", "clientAuth", more=[alternatives(dns("a.example"))])
    user = leaf("tls-user", ISSUING, "user", "clientAuth")
    case("tls-server", "a server", [server, ISSUING], purpose="tls-server", role="server")
    case("tls-server-as-client", "that may connect, too", [server, ISSUING], purpose="tls-client", role="server")
    case("tls-user", "a person", [user, ISSUING], purpose="tls-client", role="user")
    case("tls-user-as-server", "that is no server", [user, ISSUING], "wrong_role", purpose="tls-server", role="user")
    case("tls-other-role", "the purpose, but another role", [user, ISSUING], "wrong_role",
         purpose="tls-client", role="server", openssl="accepts", differs="OpenSSL knows nothing of our roles.")
    exporter = leaf("tls-exporter", ISSUING, "exporter")
    case("tls-role-alone", "the role, but not the purpose", [exporter, ISSUING], "wrong_role",
         purpose="tls-client", role="exporter")
    any_purpose = leaf("tls-any", ISSUING, "any", "server")
    case("tls-any-purpose", "any purpose is not this one", [any_purpose, ISSUING], "wrong_role",
         purpose="tls-server", role="server")
    encipher = leaf("tls-encipher", ISSUING, "server", "serverAuth", usage=key_usage(2))
    case("tls-key-encipherment", "a key that may not sign", [encipher, ISSUING], "wrong_role",
         purpose="tls-server", role="server", openssl="accepts",
         differs="Key encipherment is enough for OpenSSL, as RSA key exchange once needed it.")
    clients = authority("issuing-clients", ROOT, more=[usage("clientAuth")])
    below = leaf("tls-below-clients", clients, "server", "serverAuth")
    case("tls-ca-other-purpose", "a CA for clients issued to a server", [below, clients], "wrong_role",
         purpose="tls-server", role="server")
    late = leaf("tls-late", ISSUING, "server", "serverAuth", until="2026-06-01T00:00:00Z")
    case("tls-expired", "an expired server", [late, ISSUING], "expired_then", purpose="tls-server", role="server")


def key_usages():
    rows = [("none", b"", "trusted", "no key usage: everything is allowed (RFC 5280, 4.2.1.3)"),
            ("encipherment", key_usage(2), "wrong_role", "only key encipherment"),
            ("non-repudiation", key_usage(1), "wrong_role", "only content commitment"),
            ("not-critical", key_usage(0, critical=False), "trusted", "should be critical"),
            ("all", key_usage(0, 1, 2), "trusted", "more than is needed")]
    for label, content, verdict, why in rows:
        case(f"key-usage-{label}", why, [leaf(f"leaf-usage-{label}", ISSUING, usage=content), ISSUING], verdict)
    empty = extension("2.5.29.15", der.bits(b""), True)
    case("key-usage-empty", "no bit at all", [leaf("leaf-usage-empty", ISSUING, usage=empty), ISSUING],
         "bad_chain", openssl="refuses")
    cert_sign = leaf("leaf-cert-sign", ISSUING, usage=key_usage(0, 5))
    case("key-usage-leaf-issues", "certificate signing without being a CA", [cert_sign, ISSUING], "bad_chain")
    broken = extension("2.5.29.15", b"\x03\x05\x00", True)
    case("key-usage-unreadable", "a key usage that cannot be read",
         [leaf("leaf-usage-broken", ISSUING, usage=broken), ISSUING], "bad_chain")


def authorities():
    rows = [("false", dict(basic=constraints(False), usage=key_usage(0)), "CA flag false"),
            ("absent", dict(basic=b""), "no basic constraints"),
            ("no-cert-sign", dict(usage=key_usage(0, 6)), "key usage without certificate signing"),
            ("no-key-usage", dict(usage=b""), "a CA without key usage"),
            ("not-critical", dict(basic=constraints(True, critical=False)), "basic constraints not critical")]
    for label, plan, why in rows:
        issuer = authority(f"issuing-{label}", ROOT, **plan)
        case(f"ca-{label}", why, [leaf(f"leaf-below-{label}", issuer), issuer], "bad_chain")
    case("leaf-as-ca", "a leaf issued a certificate", [leaf("leaf-below-leaf", RECORDER), RECORDER, ISSUING],
         "bad_chain")
    first = authority("issuing-v1", ROOT, version=1)
    case("ca-version-1", "an intermediate of version 1", [leaf("leaf-below-v1", first), first], "bad_chain")
    root_one = authority("root-v1", version=1)
    case("anchor-version-1", "an anchor of version 1", [leaf("leaf-below-root-v1", root_one)], "bad_chain",
         anchors=[root_one])
    case("leaf-version-1", "a leaf of version 1 has no role",
         [leaf("leaf-v1", ISSUING, version=1), ISSUING], "wrong_role")
    acting = authority("ca-as-leaf", ROOT, usage=key_usage(0, 5, 6), more=[usage("recorder")])
    case("ca-as-leaf", "a CA that signs in a role itself", [acting])
    negative = extension("2.5.29.19", der.seq(der.boolean(True), b"\x02\x01\xff"), True)
    minus = authority("issuing-minus", ROOT, basic=negative)
    case("ca-negative-length", "path length -1", [leaf("leaf-below-minus", minus), minus], "bad_chain")
    odd = authority("issuing-true-1", ROOT, basic=extension("2.5.29.19", b"\x30\x03\x01\x01\x01", True))
    case("ca-flag-in-ber", "TRUE as 01", [leaf("leaf-below-true-1", odd), odd], "bad_chain",
         openssl="accepts", differs="OpenSSL reads any non-zero octet as TRUE, which DER forbids.")


def path_lengths():
    tight = authority("issuing-zero", ROOT, basic=constraints(True, 0))
    case("path-length-0", "no CA below, and there is none", [leaf("leaf-below-zero", tight), tight])
    sub = authority("sub-of-zero", tight)
    case("path-length-0-exceeded", "a CA below one that may have none",
         [leaf("leaf-below-sub", sub), sub, tight], "bad_chain")
    one = authority("issuing-one", ROOT, basic=constraints(True, 1))
    two = authority("sub-of-one", one)
    three = authority("subsub-of-one", two)
    case("path-length-1", "one CA below", [leaf("leaf-below-two", two), two, one])
    case("path-length-1-exceeded", "two CAs below one", [leaf("leaf-below-three", three), three, two, one],
         "bad_chain")
    strict = authority("root-zero", basic=constraints(True, 0))
    under = authority("issuing-below-root-zero", strict)
    case("path-length-of-anchor", "the anchor's length counts, too", [leaf("leaf-under-zero", under), under],
         "bad_chain", anchors=[strict])
    same = authority("rolled-over", tight, subject=tight.subject, key=EllipticKey("rolled over"))
    case("path-length-self-issued", "self-issued CAs do not count (RFC 5280, 6.1.4)",
         [leaf("leaf-below-rolled", same), same, tight])
    chain, issuer = [], ROOT
    for level in range(7):
        issuer = authority(f"deep-{level}", issuer)
        chain.insert(0, issuer)
    case("seven-intermediates", "as long as a chain may be", [leaf("leaf-deep", issuer), *chain])
    ninth = authority("deep-7", issuer)
    case("nine-certificates", "more than eight certificates",
         [leaf("leaf-deeper", ninth), ninth, *chain], read="limit", openssl="accepts",
         differs="Our bound of eight certificates (C-HDR).")


def policies():
    def policy(*identifiers, critical=False):
        rows = [der.seq(der.oid(one)) for one in identifiers]
        return extension("2.5.29.32", der.seq(*rows), critical)

    explicit = extension("2.5.29.36", der.seq(der.implicit(0, b"\x00")), True)
    asking = authority("issuing-explicit", ROOT, more=[policy(ANY_POLICY), explicit])
    case("policy-required", "a policy is required, and there is none",
         [leaf("leaf-no-policy", asking), asking], "bad_chain")
    case("policy-required-there", "a policy is required, and there is one",
         [leaf("leaf-policy", asking, more=[policy(POLICY)]), asking])
    no_mapping = extension("2.5.29.36", der.seq(der.implicit(0, b"\x00"), der.implicit(1, b"\x00")), True)
    strict = authority("issuing-no-mapping", ROOT, more=[policy(POLICY), no_mapping])
    mapping = extension("2.5.29.33", der.seq(der.seq(der.oid(POLICY), der.oid(OTHER_POLICY))), True)
    mapped = authority("sub-mapping", strict, more=[policy(POLICY), mapping])
    case("policy-mapping-inhibited", "a mapping where none is allowed",
         [leaf("leaf-mapped", mapped, more=[policy(OTHER_POLICY)]), mapped, strict], "bad_chain")
    no_any = extension("2.5.29.54", der.integer(0), True)
    fixed = authority("issuing-no-any", ROOT, more=[policy(ANY_POLICY), no_any, explicit])
    case("policy-any-inhibited", "anyPolicy where it is not allowed",
         [leaf("leaf-any-policy", fixed, more=[policy(ANY_POLICY)]), fixed], "bad_chain")
    case("policy-critical", "a critical policy hinders nobody who does not ask",
         [leaf("leaf-critical-policy", ISSUING, more=[policy(POLICY, critical=True)]), ISSUING])


def unknown():
    rows = [("unknown", "1.3.6.1.4.1.99999.42", b"\x05\x00", "unknown", None),
            ("netscape", "2.16.840.1.113730.1.1", der.bits(b"\x40", 6), "nsCertType", "it knows it"),
            ("addresses", "1.3.6.1.5.5.7.1.7", der.seq(der.seq(der.octets(b"\x00\x01"), der.null())),
             "IP address blocks (RFC 3779)", "it knows it"),
            ("no-check", "1.3.6.1.5.5.7.48.1.5", der.null(), "OCSP no check on a signer", "it knows it"),
            ("must-staple", "1.3.6.1.5.5.7.1.24", der.seq(der.integer(5)), "TLS feature", None)]
    for label, identifier, content, why, accepted in rows:
        party = leaf(f"leaf-critical-{label}", ISSUING, more=[extension(identifier, content, True)])
        more = dict(openssl="accepts", differs=f"OpenSSL says {accepted}; nothing here does what it asks.") \
            if accepted else {}
        case(f"critical-{label}", f"critical: {why}", [party, ISSUING], "bad_chain", **more)
    loose = leaf("leaf-loose-unknown", ISSUING, more=[extension("1.3.6.1.4.1.99999.42", b"\x05\x00")])
    case("not-critical-unknown", "an unknown extension that is not critical", [loose, ISSUING])
    issuer = authority("issuing-critical", ROOT, more=[extension("1.3.6.1.4.1.99999.42", b"\x05\x00", True)])
    case("critical-unknown-in-ca", "in an intermediate", [leaf("leaf-below-critical", issuer), issuer], "bad_chain")
    top = authority("root-critical", more=[extension("1.3.6.1.4.1.99999.42", b"\x05\x00", True)])
    case("critical-unknown-in-anchor", "in the anchor", [leaf("leaf-below-root-critical", top)], "bad_chain",
         anchors=[top])
    proxy = extension("1.3.6.1.5.5.7.1.14", der.seq(der.seq(der.oid("1.3.6.1.5.5.7.21.1"))), True)
    case("critical-proxy", "a proxy certificate (RFC 3820)",
         [leaf("leaf-proxy", ISSUING, more=[proxy]), ISSUING], "bad_chain")
    key = EllipticKey("leaf-no-akid")
    bare = leaf("leaf-no-akid", ISSUING, extensions=[constraints(False), key_usage(0), subject_id(key), usage("recorder")])
    case("no-authority-key-id", "no authority key identifier", [bare, ISSUING], "bad_chain")
    key = EllipticKey("issuing-no-skid")
    anonymous = authority("issuing-no-skid", ROOT, key=key,
                          extensions=[constraints(True), key_usage(5, 6), authority_id(ROOT.key)])
    case("no-subject-key-id", "a CA without subject key identifier",
         [leaf("leaf-below-no-skid", anonymous), anonymous], "bad_chain")


def add():
    roles()
    time_stampers()
    connections()
    key_usages()
    authorities()
    path_lengths()
    policies()
    unknown()
