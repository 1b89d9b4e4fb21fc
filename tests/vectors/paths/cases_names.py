# SPDX-License-Identifier: Apache-2.0
"""Names: constraints on them, look-alikes, and characters that do not belong there."""

from case_table import ISSUING, ROOT, case
from certificates import (address, alternatives, authority, directory, dns, email, extension, leaf,
                          name, name_constraints, uri)
import der_bytes as der


def constrained(label, leaf_names=(), subject=None, permitted=(), excluded=()):
    issuer = authority(f"issuing-{label}", ROOT, more=[name_constraints(permitted, excluded)])
    more = [alternatives(*leaf_names)] if leaf_names else []
    plan = {"subject": subject} if subject else {}
    return [leaf(f"leaf-{label}", issuer, more=more, **plan), issuer]


def dns_names():
    rows = [("dns-permitted", "below the permitted name", dns("cam.example.com"), "trusted"),
            ("dns-itself", "the permitted name itself", dns("example.com"), "trusted"),
            ("dns-case", "in capitals", dns("CAM.EXAMPLE.COM"), "trusted"),
            ("dns-other", "another name", dns("cam.example.org"), "bad_chain"),
            ("dns-suffix-only", "a name that only ends alike", dns("badexample.com"), "bad_chain"),
            ("dns-wildcard-inside", "a wildcard below it", dns("*.example.com"), "trusted"),
            ("dns-trailing", "the permitted name as a prefix", dns("example.com.evil.org"), "bad_chain")]
    for label, why, one, verdict in rows:
        case(f"names-{label}", why, constrained(label, [one], permitted=[dns("example.com")]), verdict)
    case("names-dns-excluded", "an excluded name",
         constrained("dns-excluded", [dns("lab.example.com")], excluded=[dns("lab.example.com")]), "bad_chain")
    case("names-dns-beside-excluded", "beside the excluded one",
         constrained("dns-beside", [dns("office.example.com")], excluded=[dns("lab.example.com")]))
    case("names-dns-second-bad", "one good and one bad",
         constrained("dns-second", [dns("a.example.com"), dns("b.example.org")], permitted=[dns("example.com")]),
         "bad_chain")
    case("names-dns-none", "no such name: nothing to constrain",
         constrained("dns-none", subject=name(("CN", "front door")), permitted=[dns("example.com")]))


def addresses():
    net = address(10, 1, 0, 0, 255, 255, 0, 0)
    case("names-ip-permitted", "within the network", constrained("ip-in", [address(10, 1, 2, 3)], permitted=[net]))
    case("names-ip-outside", "outside", constrained("ip-out", [address(10, 2, 2, 3)], permitted=[net]), "bad_chain")
    case("names-ip-excluded", "within an excluded one",
         constrained("ip-ex", [address(10, 1, 2, 3)], excluded=[net]), "bad_chain")
    six = address(*bytes.fromhex("20010db8" + "00" * 12 + "ffffffff" + "00" * 12))
    inside = address(*bytes.fromhex("20010db8" + "00" * 11 + "01"))
    outside = address(*bytes.fromhex("20010db9" + "00" * 11 + "01"))
    case("names-ip6-permitted", "IPv6 within", constrained("ip6-in", [inside], permitted=[six]))
    case("names-ip6-outside", "IPv6 outside", constrained("ip6-out", [outside], permitted=[six]), "bad_chain")
    case("names-ip-family", "IPv4 where IPv6 is permitted",
         constrained("ip-family", [address(10, 1, 2, 3)], permitted=[six]), "bad_chain")


def other_kinds():
    site = name(("C", "DE"), ("O", "Site"))
    inside = name(("C", "DE"), ("O", "Site"), ("CN", "cam"))
    outside = name(("C", "DE"), ("O", "Other"), ("CN", "cam"))
    case("names-directory-permitted", "a subject below the permitted name",
         constrained("dn-in", subject=inside, permitted=[directory(site)]))
    case("names-directory-outside", "a subject elsewhere",
         constrained("dn-out", subject=outside, permitted=[directory(site)]), "bad_chain")
    case("names-directory-excluded", "an excluded subject",
         constrained("dn-ex", subject=inside, excluded=[directory(site)]), "bad_chain")
    case("names-email-permitted", "an address of the host",
         constrained("mail-in", [email("a@example.com")], permitted=[email("example.com")]))
    case("names-email-outside", "of another host",
         constrained("mail-out", [email("a@example.org")], permitted=[email("example.com")]), "bad_chain")
    case("names-email-in-subject", "an address in the subject counts, too",
         constrained("mail-dn", subject=name(("CN", "a"), ("E", "a@example.org")), permitted=[email("example.com")]),
         "bad_chain")
    case("names-email-one-mailbox", "one mailbox alone",
         constrained("mail-box", [email("b@example.com")], permitted=[email("a@example.com")]), "bad_chain")
    case("names-uri-permitted", "a URI of the host",
         constrained("uri-in", [uri("https://a.example.com/x")], permitted=[uri(".example.com")]))
    case("names-uri-outside", "of another host",
         constrained("uri-out", [uri("https://a.example.org/x")], permitted=[uri(".example.com")]), "bad_chain")
    other = der.tlv(0xA0, der.oid("1.3.6.1.4.1.99999.7"), der.explicit(0, der.utf8("x")))
    case("names-unknown-kind", "a constraint on a kind of name nobody knows",
         constrained("other-kind", [other], permitted=[other]), "bad_chain")
    broken = extension("2.5.29.30", b"\x30\x02\x05\x00", True)
    issuer = authority("issuing-broken-names", ROOT, more=[broken])
    case("names-unreadable", "constraints that cannot be read", [leaf("leaf-broken-names", issuer), issuer],
         "bad_chain")
    top = authority("root-constrained", more=[name_constraints([dns("example.com")])])
    case("names-of-anchor", "constraints of the anchor count",
         [leaf("leaf-below-constrained-root", top, more=[alternatives(dns("a.example.org"))])], "bad_chain",
         anchors=[top])
    upper = authority("issuing-upper", ROOT, more=[name_constraints([dns("example.com")])])
    lower = authority("issuing-lower", upper, more=[name_constraints([dns("example.org")])])
    case("names-both", "constraints of two CAs hold together",
         [leaf("leaf-both", lower, more=[alternatives(dns("a.example.org"))]), lower, upper], "bad_chain")


def look_alikes():
    def pair(label, **names):
        """A leaf that names its issuer otherwise than the issuer names itself."""
        issuer = authority(f"issuing-{label}", ROOT, subject=names["subject"])
        return [leaf(f"leaf-{label}", issuer, issuer_name=names["named"]), issuer]

    same = [("case", name(("CN", "Issuing")), name(("CN", "ISSUING")), "capitals (RFC 5280, 7.1)"),
            ("spaces", name(("CN", "Issuing CA")), name(("CN", "  Issuing   CA ")), "more spaces"),
            ("string-type", name(("CN", der.utf8("Issuing"))), name(("CN", der.printable("Issuing"))),
             "another type of string")]
    for label, subject, named, why in same:
        case(f"alike-{label}", f"the same name in {why}", pair(label, subject=subject, named=named))
    different = [("cyrillic", name(("CN", "Issuing")), name(("CN", "Issu\u0456ng")), "a Cyrillic i"),
                 ("full-width", name(("CN", "Issuing")), name(("CN", "\uff29ssuing")), "a full-width I"),
                 ("combining", name(("CN", "Büro")), name(("CN", "Bu\u0308ro")), "a combining mark"),
                 ("zero-width", name(("CN", "Issuing")), name(("CN", "Issu\u200bing")), "a space without width"),
                 ("umlaut-case", name(("CN", "Büro")), name(("CN", "BÜRO")), "a capital that is not ASCII"),
                 ("order", name(("O", "A"), ("CN", "B")), name(("CN", "B"), ("O", "A")), "another order"),
                 ("prefix", name(("CN", "Issuing")), name(("CN", "Issuin")), "a letter less"),
                 ("empty-part", name(("CN", "Issuing")), name(("CN", "Issuing"), ("O", "")), "one part more")]
    for label, subject, named, why in different:
        case(f"alike-{label}", f"another name by {why}", pair(label, subject=subject, named=named),
             "unknown_issuer")


def odd_characters():
    rows = [("nul", der.utf8(b"cam\x00evil"), "NUL"), ("newline", der.utf8(b"cam\nSigned by root"), "a newline"),
            ("escape", der.utf8(b"cam\x1b[2J"), "an escape sequence"),
            ("reversed", der.utf8("cam\u202egpj.exe"), "a mark that reverses"),
            ("bad-utf8", der.utf8(b"cam\xff\xfe"), "bytes that are no UTF-8")]
    for label, text, why in rows:
        party = leaf(f"leaf-odd-{label}", ISSUING, subject=name(("CN", text)))
        more = dict(read="malformed", openssl="refuses") if label == "bad-utf8" else {}
        case(f"odd-{label}", f"{why} in a name: it is escaped wherever it is printed", [party, ISSUING], **more)
    hidden = leaf("leaf-nul-dns", ISSUING, more=[alternatives(dns(b"good.example\x00.evil.example"))])
    case("odd-nul-in-dns", "NUL in a DNS name: for no host at all", [hidden, ISSUING])
    bounded = constrained("nul-dns-constrained", [dns(b"a.example.com\x00.evil.org")], permitted=[dns("example.com")])
    case("odd-nul-constrained", "NUL does not carry a name past its constraint", bounded, "bad_chain")
    empty = leaf("leaf-empty-subject", ISSUING, subject=name(), more=[alternatives(dns("a.example"), critical=True)])
    case("empty-subject", "no subject, but a critical alternative name", [empty, ISSUING])
    nothing = leaf("leaf-nameless", ISSUING, subject=name())
    case("no-name-at-all", "no name of any kind", [nothing, ISSUING], "bad_chain")
    unnamed = authority("issuing-nameless", ROOT, subject=name())
    case("ca-without-subject", "a CA without subject", [leaf("leaf-below-nameless", unnamed), unnamed], "bad_chain")
    broken = leaf("leaf-broken-san", ISSUING, more=[extension("2.5.29.17", b"\x30\x03\x82\x05a")])
    case("alternatives-unreadable", "alternative names that cannot be read", [broken, ISSUING], "bad_chain")
    hollow = leaf("leaf-hollow-san", ISSUING, more=[alternatives()])
    case("alternatives-empty", "no alternative name in the extension", [hollow, ISSUING], "bad_chain")


def add():
    dns_names()
    addresses()
    other_kinds()
    look_alikes()
    odd_characters()
