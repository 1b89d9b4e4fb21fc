# SPDX-License-Identifier: Apache-2.0
"""Revocation lists and OCSP responses."""

from case_table import ISSUING, RECORDER, ROOT, case
from certificates import (answer, authority, extension, key_usage, leaf, name, response,
                          revocation_list, usage)
from signing_keys import EllipticKey
import der_bytes as der

NO_OCSP = "openssl verify does not look at OCSP responses."
NOT_NEEDED = "With -crl_check_all every certificate needs a current list; here that is a matter of the report."
CHAIN = [RECORDER, ISSUING]
UPPER = revocation_list("list-of-root", ROOT)


def listed(label, why, lists, verdict="trusted", **more):
    case(f"list-{label}", why, CHAIN, verdict, crls=lists, **more)


def lists():
    good = revocation_list("list-good", ISSUING)
    listed("good", "both CAs have current lists", [good, UPPER], revocation="good")
    listed("one-missing", "no list of the root", [good], openssl="refuses", differs=NOT_NEEDED)
    gone = revocation_list("list-revoked", ISSUING, [(RECORDER, "2027-01-01T00:00:00Z", None)])
    listed("revoked", "revoked before it signed", [gone, UPPER], "revoked", revocation="revoked")
    listed("revoked-later", "revoked after it signed, which is claimed alone", [gone, UPPER], "revoked",
           since="2026-06-01T00:00:00Z", revocation="revoked")
    listed("revoked-attested", "revoked after it is attested to have signed", [gone, UPPER],
           since="2026-06-02T00:00:00Z", attested="2026-06-02T00:00:00Z", revocation="revoked",
           openssl="refuses", differs="OpenSSL knows nothing of attested times.")
    invalid = revocation_list("list-invalid", ISSUING, [(RECORDER, "2027-01-01T00:00:00Z", "2026-05-01T00:00:00Z")])
    listed("invalidity-date", "the key was stolen before it signed", [invalid, UPPER], "revoked",
           since="2026-06-02T00:00:00Z", attested="2026-06-02T00:00:00Z", revocation="revoked")
    other = revocation_list("list-other", ISSUING, [(leaf("another", ISSUING), "2027-01-01T00:00:00Z", None)])
    listed("another-revoked", "another certificate is revoked", [other, UPPER], revocation="good")
    middle = revocation_list("list-middle", ROOT, [(ISSUING, "2027-01-01T00:00:00Z", None)])
    listed("intermediate-revoked", "the intermediate is revoked", [good, middle], "revoked", revocation="revoked")
    stale = revocation_list("list-stale", ISSUING, until="2027-01-01T00:00:00Z")
    listed("stale", "a list out of date", [stale, UPPER], revocation="stale", openssl="refuses", differs=NOT_NEEDED)
    old = revocation_list("list-stale-revoked", ISSUING, [(RECORDER, "2026-12-01T00:00:00Z", None)],
                          until="2027-01-01T00:00:00Z")
    listed("stale-revoked", "revoked, in a list out of date", [old, UPPER], "revoked", revocation="revoked")
    listed("stale-and-current", "whichever list is newer", [old, good, UPPER], "revoked", revocation="revoked",
           openssl="accepts", differs="OpenSSL takes the newest list; what was revoked once stays so here.")
    young = revocation_list("list-young", ISSUING, since="2027-07-01T00:00:00Z")
    listed("from-the-future", "a list made after now", [young, UPPER], revocation="stale", openssl="refuses",
           differs=NOT_NEEDED)
    endless = revocation_list("list-endless", ISSUING, until=None)
    listed("without-next", "a list without next update", [endless, UPPER], revocation="stale", openssl="accepts")


def odd_lists():
    good = revocation_list("list-good-2", ISSUING)
    forged = revocation_list("list-forged", ISSUING, [(RECORDER, "2027-01-01T00:00:00Z", None)],
                             signing_key=EllipticKey("forger"), named_key=ISSUING.key)
    listed("forged", "in the issuer's name, by another key", [forged, UPPER], revocation="bad_list",
           openssl="refuses", differs=NOT_NEEDED)
    foreign = revocation_list("list-foreign", authority("foreign", ROOT), [(RECORDER, "2027-01-01T00:00:00Z", None)])
    listed("foreign", "of another CA, with our serial number", [foreign, good, UPPER], revocation="good")
    powerless = authority("issuing-no-crl-sign", ROOT, usage=key_usage(5))
    its = revocation_list("list-no-crl-sign", powerless)
    case("list-no-crl-sign", "the CA may not sign lists", [leaf("leaf-no-crl-sign", powerless), powerless],
         crls=[its, UPPER], revocation="bad_list", openssl="refuses", differs=NOT_NEEDED)
    rows = [("indirect", dict(more=[extension("2.5.29.28", der.seq(der.implicit(4, b"\xff")), True)]), "unsupported"),
            ("partial", dict(more=[extension("2.5.29.28", der.seq(der.implicit(1, b"\xff")), True)]), "unsupported"),
            ("delta", dict(more=[extension("2.5.29.27", der.integer(1), True)]), "unsupported"),
            ("unknown-critical", dict(more=[extension("1.3.6.1.4.1.99999.8", b"\x05\x00", True)]), "unsupported"),
            ("sha1", dict(digest="sha1"), "unsupported"),
            ("trailing", dict(trailing=b"\x00"), "malformed")]
    for label, plan, read in rows:
        one = revocation_list(f"list-{label}", ISSUING, **plan)
        listed(label, "a list that is refused when it is handed in", [one, UPPER], read=read, openssl="none",
               differs="A list that is refused has no verdict.")
    expired = leaf("leaf-expired-list", ISSUING, until="2026-05-01T00:00:00Z")
    case("list-after-expiry", "lists need not name what has expired", [expired, ISSUING], crls=[good, UPPER],
         since="2026-03-01T00:00:00Z", attested="2026-03-01T00:00:00Z", openssl="refuses",
         differs="OpenSSL finds no list of the time of signing.")


def answered(label, why, responses, verdict="trusted", **more):
    more.setdefault("revocation", "not_checked")
    if verdict == "trusted":
        case(f"ocsp-{label}", why, CHAIN, ocsp=responses, **more)
    else:
        case(f"ocsp-{label}", why, CHAIN, verdict, ocsp=responses, openssl="accepts", differs=NO_OCSP, **more)


ABOVE = response("ocsp-of-root", ROOT, [answer(ISSUING, ROOT)])


def responses():
    good = response("ocsp-good", ISSUING, [answer(RECORDER, ISSUING)])
    answered("good", "both CAs answer", [good, ABOVE], revocation="good")
    answered("good-sha256", "named by SHA-256",
             [response("ocsp-sha256", ISSUING, [answer(RECORDER, ISSUING, digest="sha256")]), ABOVE], revocation="good")
    answered("by-key", "the responder is named by its key",
             [response("ocsp-by-key", ISSUING, [answer(RECORDER, ISSUING)], by_key=True), ABOVE], revocation="good")
    answered("good-with-list", "one by response, one by list", [good], crls=[UPPER], revocation="good",
             openssl="refuses", differs=NO_OCSP)
    answered("one-missing", "nobody answers for the root", [good])
    since = dict(revoked="2027-01-01T00:00:00Z")
    gone = response("ocsp-revoked", ISSUING, [answer(RECORDER, ISSUING, "revoked", **since)])
    answered("revoked", "revoked", [gone, ABOVE], "revoked", revocation="revoked")
    answered("revoked-and-good", "whichever says revoked counts", [good, gone, ABOVE], "revoked", revocation="revoked")
    case("ocsp-revoked-list-good", "a list says good", CHAIN, "revoked", ocsp=[gone], revocation="revoked",
         crls=[revocation_list("list-good-3", ISSUING), UPPER], openssl="accepts", differs=NO_OCSP)
    answered("revoked-attested", "attested to have signed before", [gone, ABOVE], revocation="revoked",
             since="2026-06-02T00:00:00Z", attested="2026-06-02T00:00:00Z")
    invalid = response("ocsp-invalid", ISSUING, [answer(RECORDER, ISSUING, "revoked", invalid="2026-05-01T00:00:00Z", **since)])
    answered("invalidity-date", "stolen before it signed", [invalid, ABOVE], "revoked", revocation="revoked",
             since="2026-06-02T00:00:00Z", attested="2026-06-02T00:00:00Z")
    middle = response("ocsp-middle", ROOT, [answer(ISSUING, ROOT, "revoked", **since)])
    answered("intermediate-revoked", "the intermediate is revoked", [good, middle], "revoked", revocation="revoked")
    answered("unknown", "the responder does not know it",
             [response("ocsp-unknown", ISSUING, [answer(RECORDER, ISSUING, "unknown")]), ABOVE])
    stale = response("ocsp-stale", ISSUING, [answer(RECORDER, ISSUING, until="2027-05-02T00:00:00Z")])
    answered("stale", "out of date", [stale, ABOVE], revocation="stale")
    edge = response("ocsp-edge", ISSUING, [answer(RECORDER, ISSUING, until="2027-05-31T23:56:00Z")])
    answered("within-tolerance", "four minutes out of date: clocks differ", [edge, ABOVE], revocation="good")
    young = response("ocsp-young", ISSUING, [answer(RECORDER, ISSUING, since="2027-06-02T00:00:00Z")])
    answered("from-the-future", "made after now", [young, ABOVE], revocation="stale")
    endless = response("ocsp-endless", ISSUING, [answer(RECORDER, ISSUING, until=None)])
    answered("without-next", "no next update", [endless, ABOVE], revocation="stale")
    other = response("ocsp-other", ISSUING, [answer(leaf("ocsp-another", ISSUING), ISSUING, "revoked", **since)])
    answered("about-another", "about another certificate", [other, ABOVE])
    several = response("ocsp-several", ISSUING, [answer(leaf("ocsp-third", ISSUING), ISSUING), answer(RECORDER, ISSUING)])
    answered("among-others", "about two certificates", [several, ABOVE], revocation="good")
    strange = response("ocsp-sha512", ISSUING, [answer(RECORDER, ISSUING, "revoked", digest="sha512", **since)])
    answered("named-by-sha512", "a CertID that nobody reads", [strange, ABOVE])


def responders():
    def by(label, delegate, **plan):
        plan.setdefault("with_certificate", True)
        return response(f"ocsp-by-{label}", delegate, [answer(RECORDER, ISSUING)], **plan)

    no_check = extension("1.3.6.1.5.5.7.48.1.5", der.null())
    right = leaf("responder", ISSUING, "OCSPSigning", more=[no_check])
    answered("delegated", "a responder that the issuer named", [by("delegate", right), ABOVE], revocation="good")
    answered("delegated-by-key", "named by its key", [by("delegate-key", right, by_key=True), ABOVE], revocation="good")
    strict = leaf("responder-critical", ISSUING, "OCSPSigning", more=[extension("1.3.6.1.5.5.7.48.1.5", der.null(), True)])
    answered("delegated-critical", "no-check may be critical there", [by("critical", strict), ABOVE], revocation="good")
    wrong = [("no-purpose", leaf("responder-no-purpose", ISSUING, "recorder"), "not for OCSP"),
             ("any-purpose", leaf("responder-any", ISSUING, "any"), "any purpose is not this one"),
             ("from-root", leaf("responder-root", ROOT, "OCSPSigning"), "issued by another CA"),
             ("expired", leaf("responder-expired", ISSUING, "OCSPSigning", until="2027-01-01T00:00:00Z"),
              "expired when it answered"),
             ("no-signing", leaf("responder-usage", ISSUING, "OCSPSigning", usage=key_usage(2)), "may not sign"),
             ("forged", leaf("responder-forged", ISSUING, "OCSPSigning", signing_key=EllipticKey("forger")),
              "that the issuer did not sign")]
    for label, delegate, why in wrong:
        answered(f"delegate-{label}", f"a responder {why}", [by(label, delegate), ABOVE], revocation="bad_list")
    deep = authority("responder-ca", ISSUING)
    below = leaf("responder-deep", deep, "OCSPSigning")
    answered("delegate-indirect", "a responder that the issuer did not issue directly",
             [by("indirect", below, carried=[below, deep]), ABOVE], revocation="bad_list")
    answered("delegate-without-certificate", "a responder nobody knows",
             [by("absent", right, with_certificate=False), ABOVE], revocation="bad_list")
    revoked = revocation_list("list-responder", ISSUING, [(right, "2027-01-01T00:00:00Z", None)])
    case("ocsp-delegate-revoked", "a responder that is revoked", CHAIN, ocsp=[by("revoked", right), ABOVE],
         crls=[revoked, UPPER], revocation="good")
    forged = response("ocsp-forged", ISSUING, [answer(RECORDER, ISSUING)], signing_key=EllipticKey("forger"))
    answered("forged", "in the issuer's name, by another key", [forged, ABOVE], revocation="bad_list")
    lying = response("ocsp-lying", ISSUING, [answer(RECORDER, ISSUING, "revoked", revoked="2027-01-01T00:00:00Z")],
                     signing_key=EllipticKey("forger"))
    answered("forged-revoked", "a forged revocation is none", [lying, ABOVE], revocation="bad_list")


def unreadable():
    one = [answer(RECORDER, ISSUING)]
    rows = [("try-later", dict(whole=der.seq(der.enumerated(3))), "unsupported", "a refusal to answer"),
            ("no-answer", dict(whole=der.seq(der.enumerated(0))), "malformed", "success, and nothing in it"),
            ("other-type", dict(type="1.3.6.1.5.5.7.48.1.2"), "unsupported", "not a basic response"),
            ("sha1-signature", dict(sign_digest="sha1"), "unsupported", "signed with SHA-1"),
            ("trailing", dict(trailing=b"\x00"), "malformed", "a byte behind it"),
            ("critical", dict(more=[extension("1.3.6.1.4.1.99999.9", b"\x05\x00", True)]), "unsupported",
             "an unknown critical extension"),
            ("garbage", dict(whole=b"\x30\x03\x0a\x01"), "malformed", "no DER")]
    for label, plan, read, why in rows:
        answered(f"unreadable-{label}", why, [response(f"ocsp-{label}", ISSUING, one, **plan), ABOVE], read=read,
                 openssl="none", differs=NO_OCSP)
    inner = answer(RECORDER, ISSUING, more=[extension("1.3.6.1.4.1.99999.9", b"\x05\x00", True)])
    answered("unreadable-critical-inside", "in a single response", [response("ocsp-critical-inside", ISSUING, [inner])],
             read="unsupported", openssl="none", differs=NO_OCSP)
    answered("unreadable-empty", "about nobody", [response("ocsp-empty", ISSUING, [])], read="unsupported",
             openssl="none", differs=NO_OCSP)


def add():
    lists()
    odd_lists()
    responses()
    responders()
    unreadable()
