# SPDX-License-Identifier: Apache-2.0
"""When certificates are valid, and which time decides."""

from case_table import ISSUING, RECORDER, ROOT, case
from certificates import authority, leaf
import der_bytes as der

LATER = "OpenSSL is asked about the time of signing alone."


def at_signing():
    case("valid", "nothing is wrong", [RECORDER, ISSUING])
    case("valid-first-second", "the first second counts", [RECORDER, ISSUING], since="2026-01-01T00:00:00Z")
    case("before-first-second", "a second before the period", [RECORDER, ISSUING], "not_yet_valid",
         since="2025-12-31T23:59:59Z")
    case("valid-last-second", "the last second counts as a whole", [RECORDER, ISSUING],
         since="2028-01-01T00:00:00Z", now="2028-01-01T00:00:00Z", openssl="refuses",
         differs="For OpenSSL the last second is past; RFC 5280, 4.1.2.5, includes it.")
    case("after-last-second", "a second behind the period", [RECORDER, ISSUING], "expired_then",
         since="2028-01-01T00:00:01Z", now="2028-01-01T00:00:01Z")
    short = leaf("leaf-expired", ISSUING, until="2026-06-01T00:00:00Z")
    late = leaf("leaf-late", ISSUING, since="2027-07-01T00:00:00Z")
    case("leaf-expired", "the leaf had expired", [short, ISSUING], "expired_then")
    case("leaf-not-yet", "the leaf was not valid yet", [late, ISSUING], "not_yet_valid")
    old = authority("issuing-expired", ROOT, until="2026-06-01T00:00:00Z")
    case("intermediate-expired", "the intermediate had expired", [leaf("leaf-below-old", old), old],
         "expired_then")
    young = authority("issuing-late", ROOT, since="2027-07-01T00:00:00Z")
    case("intermediate-not-yet", "the intermediate was not valid yet",
         [leaf("leaf-below-young", young), young], "not_yet_valid")
    gone = authority("root-expired", until="2026-06-01T00:00:00Z")
    case("root-expired", "the anchor had expired", [leaf("leaf-below-gone", gone)], "expired_then",
         anchors=[gone])
    soon = authority("root-late", since="2027-07-01T00:00:00Z")
    case("root-not-yet", "the anchor was not valid yet", [leaf("leaf-below-soon", soon)],
         "not_yet_valid", anchors=[soon])
    backwards = leaf("leaf-backwards", ISSUING, since="2028-01-01T00:00:00Z", until="2026-01-01T00:00:00Z")
    case("period-backwards", "the period ends before it begins", [backwards, ISSUING], "not_yet_valid")


def at_other_times():
    case("expired-now", "expired since, time only claimed", [RECORDER, ISSUING], "expired_now",
         now="2029-01-01T00:00:00Z", openssl="accepts", differs=LATER)
    case("expired-now-attested", "expired since, attested before", [RECORDER, ISSUING],
         now="2029-01-01T00:00:00Z", attested="2027-06-02T00:00:00Z")
    case("expired-now-attested-late", "attested only after it expired", [RECORDER, ISSUING],
         "expired_now", now="2029-01-01T00:00:00Z", attested="2028-06-01T00:00:00Z",
         openssl="accepts", differs=LATER)
    case("expired-now-claimed", "expired since, claims are accepted", [RECORDER, ISSUING],
         now="2029-01-01T00:00:00Z", policy="claimed")
    case("signed-in-the-future", "an hour after now", [RECORDER, ISSUING], "future",
         since="2027-06-01T01:00:00Z", openssl="accepts", differs=LATER)
    case("signed-within-tolerance", "five minutes after now", [RECORDER, ISSUING],
         since="2027-06-01T00:05:00Z")
    case("range-reaches-past-end", "the range of signing ends too late", [RECORDER, ISSUING],
         "expired_then", until="2028-01-02T00:00:00Z", now="2028-01-02T00:00:00Z",
         openssl="accepts", differs="OpenSSL is asked about the first moment alone.")


def odd_dates():
    forever = leaf("leaf-9999", ISSUING, until="9999-12-31T23:59:59Z")
    case("no-expiry-date", "99991231235959Z stands for no date (RFC 5280, 4.1.2.5)", [forever, ISSUING])
    century = leaf("leaf-2050", ISSUING, end=der.generalized("2049-12-31T23:59:59Z"))
    case("generalized-before-2050", "a date that should be a UTCTime", [century, ISSUING])
    nonsense = leaf("leaf-nonsense", ISSUING, end=der.tlv(0x17, b"271332000000Z"))
    case("impossible-date", "month 13", [nonsense, ISSUING], "bad_chain")
    zone = leaf("leaf-zone", ISSUING, end=der.tlv(0x17, b"280101000000+0100"))
    case("date-with-zone", "a date that is not in UTC", [zone, ISSUING], "bad_chain")


def add():
    at_signing()
    at_other_times()
    odd_dates()
