# SPDX-License-Identifier: Apache-2.0
"""The table of cases, and the certificates that most of them share."""

from certificates import authority, leaf

NOW = "2027-06-01T00:00:00Z"
NO_ROLES = "OpenSSL knows nothing of our roles."

CASES = []

ROOT = authority("root")
ISSUING = authority("issuing", ROOT)
RECORDER = leaf("recorder", ISSUING)


def case(name, why, chain, verdict="trusted", **more):
    """One row. more: anchors, pins, crls, ocsp (parties); role, policy, since, until, now, attested;
    purpose; read, revocation: what else is expected; openssl: "accepts", "refuses" or "none" where
    it is not what the verdict suggests, and then differs: why."""
    assert name not in [one["name"] for one in CASES], name
    read = more.get("read", "ok")
    row = {"name": name, "why": why, "chain": chain, "read": read,
           "verdict": verdict if read == "ok" else None}
    row["anchors"] = more.get("anchors", [ROOT])
    for key in ("pins", "crls", "ocsp"):
        row[key] = more.get(key, [])
    row["role"] = more.get("role", "recorder")
    row["policy"] = more.get("policy", "attested")
    row["since"] = more.get("since", NOW)
    row["until"] = more.get("until", row["since"])
    row["now"] = more.get("now", NOW)
    row["attested"] = more.get("attested")
    row["purpose"] = more.get("purpose")
    row["revocation"] = more.get("revocation", "not_checked") if read == "ok" else None
    expected = "accepts" if row["verdict"] == "trusted" else "refuses"
    row["openssl"] = more.get("openssl", expected)
    row["differs"] = more.get("differs", "")
    if verdict == "wrong_role" and "openssl" not in more and not row["purpose"]:
        row["openssl"], row["differs"] = "accepts", NO_ROLES
    assert (row["openssl"] == expected) != bool(row["differs"]), f"{name}: say why OpenSSL differs"
    CASES.append(row)
