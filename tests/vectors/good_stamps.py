# SPDX-License-Identifier: Apache-2.0
"""Time stamps: evidence records and trailers (C-EVI, C-TRL, C-VER-4)."""

from dataclasses import replace

from good_signatures import LATE, late_by, segments
from specs import DATA, SECOND, T0, clear, entry, signer, strong
from svmsref import build, timestamp

TSA_CA = "keys/tsa-ca.pem"
OPENSSL_TOKEN = "keys/token-openssl.der"
YEAR_2021 = 1_620_000_000 * SECOND  # 2021-05-03
DAY = 86_400 * SECOND


def by(tsa="tsa", utc=T0 + 10 * SECOND, **more):
    return {"tsa": tsa, "key": "tsa-rsa" if tsa == "tsa-rsa" else "tsa", "utc": utc, **more}


def on(segment, tsa="tsa", utc=T0 + 10 * SECOND, **more):
    return {**by(tsa, utc, **more), "segment": segment}


def stamped(name, note, spec, stamps_valid, attested=None, everything=None, **more):
    """stamps_valid: (tokens, valid ones); attested: (last segment, UTC); everything: UTC."""
    found = entry(name, note, spec, stamps=list(stamps_valid), stamp_trust=TSA_CA, **more)
    found["attested"] = attested
    found["attested_all"] = everything
    return found


def evidence():
    one = segments(3, s1={"stamps": [on(0)]})
    yield stamped("good-evidence", "token for segment 0 in segment 1", clear("evidence", one),
                  (1, 1), (0, T0 + 10 * SECOND))
    several = segments(5, s1={"stamps": [on(0, utc=T0 + 3 * SECOND)]},
                       s3={"stamps": [on(2, "tsa-rsa", T0 + 5 * SECOND), on(1)]})
    yield stamped("good-evidence-several", "three tokens, one by RSA", clear("evidence 3", several),
                  (3, 3), (2, T0 + 5 * SECOND))
    other = segments(3, s2={"stamps": [on(0, kind=2, token=b"checkpoint".hex())]})
    yield stamped("good-evidence-kind-2", "witnessed checkpoint, which nobody can check",
                  clear("evidence 2", other), (0, 0))
    late = late_by(4, 2)
    late["segments"][3]["stamps"] = [on(1)]
    yield stamped("good-evidence-late", "token for a manifest whose signature is late",
                  clear("evidence late", critical=LATE, **late), (1, 1), (1, T0 + 10 * SECOND))
    locked = segments(3, s2={"stamps": [on(1, fraction=".25")]})
    yield stamped("good-evidence-strong", "encrypted; genTime with a fraction",
                  strong("evidence strong", locked), (1, 1), (1, T0 + 10 * SECOND + SECOND // 4))
    still = clear("evidence open", segments(4, s2={"stamps": [on(1)]}), close=False)
    yield stamped("good-evidence-open", "open container", still, (1, 1), (1, T0 + 10 * SECOND),
                  verdict="incomplete")


def nothing():
    """Tokens that attest nothing, which makes nothing false (C-EVI-2)."""

    def one(name, note, authority, hook=None, **more):
        spec = clear(name, segments(2, s1={"stamps": [authority]}), **more)
        return stamped(f"good-evidence-{name}", note, spec, (1, 0), hook=hook)

    yield one("garbage", "no token at all", on(0, token=b"no token".hex()))
    yield one("empty", "content without a byte", on(0, token=""))
    yield one("imprint", "token for something else", on(0), stamp_hook(imprint=bytes(32)))
    yield one("sha384", "imprint by SHA-384", on(0), stamp_hook(
        imprint=bytes(48), hash_oid="2.16.840.1.101.3.4.2.2"))
    yield one("signature", "token with a wrong signature", on(0), stamp_hook(signature_mask=1))
    yield one("digest", "token whose digest is wrong", on(0), stamp_hook(digest_mask=1))
    yield one("certificate", "token that names another certificate", on(0), stamp_hook(
        certificate_hash=bytes(32)))
    yield one("trailing", "a byte behind the token", on(0), stamp_hook(extra=b"\0"))
    yield one("untrusted", "authority without path to an anchor", on(0, "tsa-other-ca"))
    yield one("usage", "certificate that is not one of an authority", on(0, "tsa-usage"))
    yield one("role", "the recorder stamps himself", {
        "segment": 0, "tsa": "p256", "utc": T0 + 10 * SECOND})
    yield one("expired", "authority whose certificate had expired", on(0, "tsa-2021"))


def stamp_hook(**changes):
    def hook(stage, found, **_context):
        return replace(found, **changes) if stage == "stamp" else found

    return hook


def trailers():
    yield stamped("good-trailer", "one trailer", clear("trailer", 2, trailers=[by()]), (1, 1),
                  (1, T0 + 10 * SECOND), T0 + 10 * SECOND)
    three = [by(utc=T0 + n * DAY) for n in (2, 3, 9)]
    yield stamped("good-trailer-three", "three trailers; the first is the earliest",
                  clear("trailer 3", 2, trailers=three), (3, 3), (1, T0 + 2 * DAY), T0 + 2 * DAY)
    both = clear("trailer both", segments(3, s1={"stamps": [on(0)]}),
                 trailers=[by("tsa-rsa", T0 + DAY)])
    yield stamped("good-trailer-evidence", "token within, trailer behind", both, (2, 2),
                  (2, T0 + DAY), T0 + DAY)
    yield stamped("good-trailer-unsigned", "nobody signed it, but it is stamped", clear(
        "trailer unsigned", 2, signer=None, trailers=[by()]), (1, 1), (1, T0 + 10 * SECOND),
        T0 + 10 * SECOND, verdict="untrusted")
    yield stamped("good-trailer-none", "container without segments", clear(
        "trailer none", 0, trailers=[by()]), (1, 1), None, T0 + 10 * SECOND)
    yield stamped("good-trailer-garbage", "trailer that holds no token", clear(
        "trailer garbage", 2, trailers=[by(token=b"x".hex()), by()]), (2, 1),
        (1, T0 + 10 * SECOND), T0 + 10 * SECOND)
    proof = by(kind=2, token=b"c2sp.org/tlog-proof@v1\n".hex())
    yield stamped("good-trailer-proof", "proof of an audit record, which nobody here can check",
                  clear("trailer proof", 2, trailers=[proof, by()]), (1, 1), (1, T0 + 10 * SECOND),
                  T0 + 10 * SECOND)
    yield stamped("good-trailer-untrusted", "authority without path to an anchor", clear(
        "trailer untrusted", 2, trailers=[by("tsa-other-ca")]), (1, 0))
    cut = {"verdict": "incomplete", "closed": True}
    spec = clear("trailer cut", 2, trailers=[by(), by(utc=T0 + DAY)])
    for name, note, size in (
        ("cut-tail", "stops within the tail behind the second trailer", 1),
        ("cut-record", "stops within the second trailer", 300),
        ("cut-zeros", "the second trailer is zero from its middle on", (300, 300)),
        ("cut-zeros-more", "the same, with further zero bytes", (300, 400)),
        ("cut-header", "stops within the header of the second trailer", None),
    ):  # fmt: skip
        yield stamped(f"good-trailer-{name}", note, dict(spec), (1, 1), (1, T0 + 10 * SECOND),
                      T0 + 10 * SECOND, reshape=cutting(size), **cut)


def to_be_stamped():
    """What the program openssl stamped, once (make_vectors.py)."""
    return clear("openssl", 1)


def by_openssl():
    token = build.read_file(DATA, OPENSSL_TOKEN)
    utc = timestamp.parse(token).utc
    spec = {**to_be_stamped(), "trailers": [{"token": token.hex()}]}
    yield stamped("good-trailer-openssl", "token that the program openssl made", spec, (1, 1),
                  (0, utc), utc)


def cutting(size):
    """Without the last bytes; a pair: zero bytes in their place; None: seven bytes of the second
    trailer are left."""

    def cut(data):
        if isinstance(size, tuple):
            return data[: -size[0]] + bytes(size[1])
        return data[: first_end(data) + 7] if size is None else data[:-size]

    return cut


def first_end(data):
    """Where the tail behind the first trailer ends."""
    tail = data[-32:]
    return data.index(tail, data.index(tail) + 32) + 32


def expired():
    """A certificate of 2021, looked at in 2027 (C-VER-4)."""

    def one(name, note, stamps_valid, attested, everything, verdict, found=None, **more):
        then = {"created_utc": YEAR_2021, "base_utc": YEAR_2021}
        past = signer("ed25519", certificate="ed25519-2021")
        spec = clear(f"expired {name}", found or 2, signer=past, **then, **more)
        accepted = {"verdict_claimed_time": "authentic"} if verdict == "untrusted" else {}
        return stamped(f"good-expired-{name}", note, spec, stamps_valid, attested, everything,
                       verdict=verdict, **accepted)

    soon, later = YEAR_2021 + DAY, 1_645_000_000 * SECOND  # the latter 2022-02-16
    after = 1_700_000_000 * SECOND
    yield one("stamped", "expired since, stamped in time", (1, 1), (1, soon), soon, "authentic",
              trailers=[by(utc=soon)])
    yield one("stamped-late", "expired before it was stamped", (1, 1), (1, later), later,
              "untrusted", trailers=[by(utc=later)])
    yield one("stamped-partly", "only segment 0 was stamped in time", (1, 1), (0, soon), None,
              "untrusted", segments(3, s1={"stamps": [on(0, utc=soon)]}))
    yield one("stamped-both", "segment 0 stamped in time, the rest too late", (2, 2), (2, later),
              later, "untrusted", segments(3, s1={"stamps": [on(0, utc=soon)]}),
              trailers=[by(utc=later)])
    yield one("renewed", "the authority's certificate has expired too, but was renewed in time",
              (2, 2), (1, soon), soon, "authentic",
              trailers=[by("tsa-2021", soon), by(utc=later)])
    yield one("not-renewed", "the authority's certificate has expired too", (1, 0), None, None,
              "untrusted", trailers=[by("tsa-2021", soon)])
    yield one("renewed-late", "renewed after the authority's certificate had expired", (2, 1),
              (1, after), after, "untrusted", trailers=[by("tsa-2021", soon), by(utc=after)])
    yield one("renewed-inside", "evidence that a trailer renews", (2, 2), (2, later), later,
              "untrusted", segments(3, s1={"stamps": [on(0, "tsa-2021", soon)]}),
              trailers=[by(utc=later)])


def future():
    """Claimed time of signing after now, or after the attested time."""
    ahead = 1_900_000_000 * SECOND
    yield entry("good-future", "claims to be signed in 2030", clear(
        "future", created_utc=ahead, base_utc=ahead), verdict="untrusted")
    yield stamped("good-future-stamped", "stamped two days before it claims to be signed", clear(
        "future stamped", 2, trailers=[by(utc=T0 - 2 * DAY)]), (1, 1), (1, T0 - 2 * DAY),
        T0 - 2 * DAY, verdict="untrusted")
    found = segments(3, s1={"stamps": [on(0, utc=T0 - DAY)]})
    yield stamped("good-future-evidence", "segment 0 was stamped before it claims to be signed",
                  clear("future evidence", found), (1, 1), (0, T0 - DAY), verdict="untrusted")


GROUPS = (evidence, nothing, trailers, by_openssl, expired, future)
