# SPDX-License-Identifier: Apache-2.0
"""Packages that keep every rule, and the verdict each must get (evidence.md)."""

from faults import at, setting
from good_signatures import BATCH, DEFERRED, LATE, in_batch, late_by, signed_only
from good_stamps import DAY, on
from good_stamps import by as stamped_by
from recipes import (
    EXPORTED, PASSWORD, at_ms, by, container, custodian, entry, linked, mixed, recipe, source, tiny,
)  # fmt: skip
from specs import SECOND, T0, VIDEO, clear, signer, strong, track
from svmsref.primitives import sha256

TSA = "keys/tsa-ca.pem"
HOUR = 3600 * SECOND


def simple():
    spec = clear("package clear", 2)
    yield entry("good-whole", "unsealed, one whole container in the clear",
                recipe("whole", source(spec)))
    yield entry("good-sealed-strong", "sealed, the middle of a strong container", recipe(
        "sealed", source(strong("package strong", 5), at_ms(500), at_ms(700)), password=PASSWORD))
    yield entry("good-sealed-clear", "sealed; bodies in the clear are sealed by the package",
                recipe("sealed clear", source(spec), password=PASSWORD), "incomplete",
                with_key="authentic")
    yield entry("good-sealed-mixed", "strong, light and clear tracks", recipe(
        "sealed mixed", source(mixed()), password=PASSWORD), "incomplete", with_key="authentic")
    yield entry("good-unsealed-secrets", "unsealed, secrets in the clear", recipe(
        "secrets", source(mixed())))
    yield entry("good-unsealed-no-secrets", "unsealed, no secrets: nobody opens it", recipe(
        "no secrets", source(mixed(), secrets=False)))
    yield entry("good-sealed-no-secrets", "sealed, no secrets", recipe(
        "sealed none", source(strong("package strong", 5), secrets=False), password=PASSWORD))
    yield entry("good-no-source", "a case and nothing else", recipe("nothing"))
    yield entry("good-later-minor", "minor version 9, unknown compatible bits", recipe(
        "later", source(spec), options={"minor": 9, "compatible": 0x80000001, "software": ""}))
    yield entry("good-empty-container", "container without segments", recipe(
        "empty", source(clear("package none", 0))))
    big = [{"samples": [{"dts": 0, "size": 65536 - 30, "flags": 1}]}]
    sizes = {"options": {"software": "x" * 32}}
    yield entry("good-sealed-chunks", "body of more than one chunk", recipe(
        "chunks", source(clear("package chunks", big, tracks=[track(VIDEO, "none")])),
        password=PASSWORD, **sizes), "incomplete", with_key="authentic")


def keys():
    spec = strong("package strong", 5)
    names = ["recipient-x25519.pub.pem", "recipient-p256.pub.pem", "recipient-rsa2048.pub.pem",
             "kek.key.pem"]  # fmt: skip
    many = recipe("recipients", source(spec, at_ms(0), at_ms(200)), password=PASSWORD,
                  recipients=names)
    for kind in ("x25519", "p256", "rsa2048"):
        yield entry(f"good-recipient-{kind}", f"password and four recipients, opened with {kind}",
                    {**many, "seed": f"recipient {kind}"},
                    identity=f"keys/recipient-{kind}.key.pem")
    yield entry("good-recipient-kek", "opened with a key-encryption key",
                {**many, "seed": "recipient kek"}, kek="keys/kek.key.pem")
    yield entry("good-password-wrong", "the password that is given is wrong", recipe(
        "wrong password", source(spec), password=PASSWORD), password="not it",
        with_key="undecryptable")
    yield entry("good-identity-wrong", "the key that is given is nobody's", recipe(
        "wrong identity", source(spec), password=PASSWORD),
        identity="keys/other-x25519.key.pem", with_key="undecryptable")


def periods():
    spec = clear("package periods", 6)
    yield entry("good-middle", "manifests before and behind show that nothing is missing", recipe(
        "middle", source(spec, at_ms(250), at_ms(750))))
    yield entry("good-first", "the period begins before the recording", recipe(
        "first", source(spec, at_ms(-5000), at_ms(350))))
    yield entry("good-last", "the period ends behind the recording", recipe(
        "last", source(spec, at_ms(1000), at_ms(9000))))
    yield entry("good-path", "the end record leads to the segments through the index", recipe(
        "path", source(spec, at_ms(410), at_ms(590), path=True, end=True, behind=False,
                       before=False)))
    yield entry("good-two-periods", "two periods of one container", recipe(
        "two periods", source(spec, at_ms(0), at_ms(200)), source(spec, at_ms(800), at_ms(1000))))
    yield entry("good-open", "open container, a period within", recipe(
        "open", source(clear("package open", 4, close=False), at_ms(100), at_ms(500))))
    yield entry("good-open-whole", "open container, no period: its end is not there", recipe(
        "open whole", source(clear("package open", 4, close=False))), "incomplete")
    yield entry("good-uncovered-end", "nothing shows what follows", recipe(
        "uncovered", source(spec, at_ms(200), at_ms(700), segments=[1, 2], behind=False)),
        "incomplete")
    yield entry("good-uncovered-begin", "nothing shows what stood before", recipe(
        "uncovered begin", source(spec, at_ms(350), at_ms(700), segments=[2, 3], before=False)),
        "incomplete")
    yield entry("good-uncovered-whole", "no period, but segment 0 is not carried", recipe(
        "uncovered whole", source(spec, segments=[1, 2, 3, 4, 5])), "incomplete")
    gap = tiny(2)
    gap[1]["samples"] = [{"dts": 900000, "size": 4, "flags": 1}]
    yield entry("good-no-sample", "a period in which nothing was recorded", recipe(
        "no sample", source(clear("package gap", gap), at_ms(4000), at_ms(5000),
                            segments=[0])), "incomplete")
    long = [{"samples": [{"dts": n * 9000, "size": 4, "flags": 1, "duration": 27000}]}
            for n in range(5)]  # fmt: skip
    outlasts = tiny(3)
    outlasts[0]["samples"] = [{"dts": 0, "size": 4, "flags": 1, "duration": 900000}]
    yield entry("good-outlasts", "the first segment ends last: so the latest time is its own",
                recipe("outlasts", source(clear("package outlasts", outlasts))))
    overlap = clear("package overlap", long)
    yield entry("good-manifest-within", "of a segment within the period only the manifest is carried",
                recipe("manifest within", source(overlap, at_ms(0), at_ms(150), segments=[0])),
                "incomplete")
    yield entry("good-manifest-begins", "the same at the beginning of the period", recipe(
        "manifest begins", source(overlap, at_ms(250), at_ms(9000), segments=[2, 3, 4])),
        "incomplete")


def recordings():
    first = clear("package a", 2, sequence=0)
    second = linked(clear("package b", 2, base_utc=T0 + SECOND), first, sequence=1)
    third = linked(clear("package c", 2, base_utc=T0 + 2 * SECOND), second, sequence=2)
    yield entry("good-recording", "three containers of a recording, one period", recipe(
        "recording", *(source(one, at_ms(0), at_ms(9000)) for one in (first, second, third))))
    cut = clear("package interrupted", 3, close=False)
    after = linked(clear("package after", 2, base_utc=T0 + 2 * SECOND), cut, sequence=1)
    yield entry("good-interrupted", "the next container's link covers the end of an open one",
                recipe("interrupted", source(cut, at_ms(0), at_ms(9000)),
                       source(after, at_ms(0), at_ms(9000))))
    yield entry("good-interrupted-alone", "the same open container without the next", recipe(
        "interrupted alone", source(cut, at_ms(0), at_ms(9000))), "incomplete")
    yield entry("good-missing-container", "the container between is missing", recipe(
        "missing", source(first, at_ms(0), at_ms(9000)), source(third, at_ms(0), at_ms(9000))),
        "incomplete", sources=["incomplete", "incomplete"])
    yield entry("good-missing-shifted", "the same, one period is 1 ns longer", recipe(
        "missing shifted", source(first, at_ms(0), at_ms(9000) + 1),
        source(third, at_ms(0), at_ms(9000))), "incomplete", sources=["incomplete", "incomplete"])
    yield entry("good-other-period", "the same two, but no period reaches into the gap", recipe(
        "other period", source(first, at_ms(0), at_ms(300)), source(third, at_ms(2000), at_ms(9000))
    ))
    yield entry("good-reversed", "the last container first", recipe(
        "reversed", *(source(one, at_ms(0), at_ms(9000)) for one in (third, second, first))))
    other = clear("package other device", 2, device_id="44" * 16)
    yield entry("good-missing-between", "another recording stands in place of the missing one",
                recipe("missing between", *(source(one, at_ms(0), at_ms(9000))
                                            for one in (first, other, third))), "incomplete",
                sources=["incomplete", "authentic", "incomplete"])  # fmt: skip
    yield from _ends_of_recordings(second, cut)
    yield entry("good-two-devices", "two devices", recipe(
        "devices", source(first), source(other)))


def _ends_of_recordings(second, cut):
    turned = at("end", setting(reason=2))
    spec = clear("package rotated", 1)

    def rotated(stop):
        return source(spec, at_ms(0), stop, container_hook=turned)

    yield entry("good-rotated-alone", "the end promises another container, which is missing", recipe(
        "rotated alone", rotated(at_ms(9000))), "incomplete")
    yield entry("good-rotated-before", "the same, but the period ends with the container", recipe(
        "rotated before", rotated(at_ms(200))))
    yield entry("good-rotated-whole", "the end promises another container, and everything is asked for",
                recipe("rotated whole", source(spec, container_hook=turned)), "incomplete")
    yield entry("good-starts-whole", "the same where the container before the first is missing", recipe(
        "starts whole", source(second)), "incomplete")
    yield entry("good-starts-later", "the container before the first is missing", recipe(
        "starts later", source(second, at_ms(0), at_ms(9000))), "incomplete")
    yield entry("good-starts-within", "the same, but the period begins with the container", recipe(
        "starts within", source(second, at_ms(1000), at_ms(9000))))
    later = linked(clear("package long after", 5, base_utc=T0 + 2 * SECOND), cut, sequence=1)
    yield entry("good-interrupted-far", "the next container is not carried from its beginning",
                recipe("interrupted far", source(cut, at_ms(0), at_ms(3000)),
                       source(later, at_ms(2500), at_ms(2600))), "incomplete",
                sources=["incomplete", "authentic"])  # fmt: skip


def cameras():
    """Sequence numbers of cameras are their own (C-SEQ-3)."""
    about = {"signer": signer("p256", "camera", "p256-camera"), "origin": 2}
    first = clear("package camera", 2, **about)
    second = linked(clear("package camera later", 2, base_utc=T0 + 5 * SECOND, **about), first,
                    sequence=4)  # fmt: skip
    yield entry("good-cameras", "containers of cameras are missing between, and do not count", recipe(
        "cameras", source(first, at_ms(0), at_ms(9000)), source(second, at_ms(0), at_ms(9000))))


def declared():
    def less(stage, value, **_context):
        if stage == "piece" and value.kind == 2 and value.number == 0:
            value.a = value.a[:33]
        return value

    yield entry("good-unverified-holds", "declared unverified, one secret missing, and it holds",
                recipe("unverified holds", source(mixed("bad mixed", 2), unverified=(0,)), hook=less))


def schemes():
    def one(name, note, spec, **period):
        return entry(f"good-{name}", note, recipe(name, source(spec, **period)))

    middle = {"start": at_ms(200), "stop": at_ms(300)}
    yield one("deferred", "a later manifest attests the segments", clear(
        "package deferred", signed_only(8, 3, 7), critical=DEFERRED, interval=4), **middle)
    yield one("deferred-end", "only the end record is signed", clear(
        "package deferred end", signed_only(4), critical=DEFERRED, interval=8), **middle)
    yield one("late", "late signatures in segments that are not carried", clear(
        "package late", critical=LATE, **late_by(6, 2)), **middle)
    yield one("late-within", "late signatures in segments that are carried", clear(
        "package late", critical=LATE, **late_by(6, 2)), start=at_ms(0), stop=at_ms(500))
    yield one("late-behind", "late signatures behind the last segment", clear(
        "package late behind", critical=LATE, **late_by(4, 9)), **middle)
    yield one("batch", "signed with others", clear(
        "package batch", tiny(4, s2={"batch": in_batch(5, 3)}), critical=BATCH), **middle)
    for kind in ("p256", "p384", "rsa2048"):
        yield one(f"recorder-{kind}", f"recorder with {kind}", clear(
            f"package {kind}", 2, signer=signer(kind)))
    camera = signer("p256", "camera", "p256-camera")
    yield one("camera", "signed by a camera", clear("package camera", 2, signer=camera, origin=2))
    yield entry("good-unsigned", "nobody signed the recording", recipe(
        "unsigned", source(clear("package unsigned", 2, signer=None))), "untrusted",
        sources=["untrusted"])
    unknown = signer("ed25519", certificate="ed25519-other-ca")
    yield entry("good-unknown-recorder", "recorder without path to the anchor", recipe(
        "unknown", source(clear("package unknown", 2, signer=unknown))), "untrusted",
        sources=["untrusted"], links=["authentic"])
    yield one("long-chain", "checkpoints of the index in the way", clear(
        "package checkpoints", tiny(258)), start=at_ms(25600), stop=at_ms(25650))
    yield entry("good-path-deep", "two levels of the index lead to a segment", recipe(
        "path deep", source(clear("package checkpoints", tiny(258)), at_ms(25710), at_ms(26000),
                            path=True, end=True, before=False)))


def redaction():
    for removed, what in (((1,), "light sound"), ((0,), "the reference track"), ((2,), "metadata"),
                          ((0, 1), "all that is encrypted"), ((0, 1, 2), "everything")):
        name = "".join(str(one) for one in removed)
        yield entry(f"good-without-{name}", f"without {what}", recipe(
            f"without {name}", source(mixed(), removed=removed), password=PASSWORD),
            "incomplete", with_key="authentic")
    some = tiny(3)
    some[1]["samples"].append({"track": 1, "dts": 0, "size": 4})
    spec = clear("package some", some, tracks=[track(VIDEO), track(VIDEO)])
    yield entry("good-without-some", "only one segment holds the removed track", recipe(
        "without some", source(spec, removed=(1,))))


def attachments():
    spec = clear("package clear", 2)
    derived = {"source": 0, "track": 0}
    two = [{"name": "blurred.mp4", "content": b"not really a film", "media_type": "video/mp4",
            "description": "faces blurred", "derived": derived},
           {"name": "Tor Süd.txt", "content": b""}]  # fmt: skip
    yield entry("good-attachments", "a derivative and an empty file", recipe(
        "attachments", source(spec), attachments=two))
    yield entry("good-attachments-sealed", "the same, sealed", recipe(
        "attachments sealed", source(strong("package strong", 5), at_ms(0), at_ms(300)),
        attachments=two, password=PASSWORD))
    yield entry("good-derived-from-removed", "derived from a track that is withheld", recipe(
        "withheld", source(mixed(), removed=(0,)), attachments=two))
    for count in (255, 256):
        many = [{"name": str(n), "content": b""} for n in range(count)]
        yield entry(f"good-frames-{count + 1}", "directories of 256 entries", recipe(
            f"frames {count}", attachments=many))


def signers():
    spec = clear("package clear", 2)
    for kind in ("p256", "p384", "rsa2048"):
        yield entry(f"good-exporter-{kind}", f"exporter with {kind}", recipe(
            f"exporter {kind}", source(spec), links=[by(f"{kind}-exporter")]))
    yield entry("good-exporter-intermediate", "intermediate in the chain", recipe(
        "intermediate", source(spec), links=[by("p256-exporter-by-intermediate")]))
    yield entry("good-exporter-unknown", "exporter without path to the anchor", recipe(
        "other ca", source(spec), links=[by("ed25519-exporter-other-ca")]), "untrusted",
        links=["untrusted"], sources=["authentic"])
    yield entry("good-recorder-exports", "a recorder's key in the exporter's role", recipe(
        "recorder", source(spec), links=[by("ed25519")]), "untrusted", links=["untrusted"],
        sources=["authentic"])
    yield entry("good-exporter-as-custodian", "an exporter's key in the custodian's role", recipe(
        "not custodian", source(spec), links=[by(), custodian("p256-exporter")]), "untrusted",
        links=["authentic", "untrusted"])
    yield entry("good-future", "claims to be exported in 2030", recipe(
        "future", source(spec), links=[by(utc=1_900_000_000 * SECOND)]), "untrusted",
        links=["untrusted"])
    yield entry("good-link-algorithm", "link 1 with an algorithm that nobody knows yet", recipe(
        "algorithm", source(spec), links=[by(), custodian()],
        hook=lambda stage, value, **context: _algorithm(stage, value, context)), "untrusted",
        links=["authentic", "untrusted"])
    yield entry("good-source-unsupported", "source with a critical bit that nobody knows yet",
                recipe("unsupported", source(spec), hook=_critical), "incomplete",
                sources=["incomplete"])


def _algorithm(stage, value, context):
    if stage == "prefix" and context["link"] == 1:
        value.algorithm = 16
    return value


def _critical(stage, value, **_context):
    """The header says bit 8, and is signed so."""
    made = container(clear("package clear", 2), _CRITICAL)[0]
    length = int.from_bytes(made[20:24], "big")
    if stage == "piece" and value.kind == 1:
        value.c = value.c[:32] + made[: length + 96]
    if stage == "case":
        value["sources"][0]["header"] = sha256(made[:length]).hex()
    return value


_CRITICAL = at("header_fixed", setting(critical=8))


def chains():
    spec = clear("package clear", 2)
    three = [by(note="exported"), custodian(), custodian("ed25519-custodian", EXPORTED + DAY,
                                                        "an die Staatsanwaltschaft übergeben")]
    yield entry("good-links", "two custodians", recipe("links", source(spec), links=three),
                head=2, links_since=0)
    yield entry("good-links-older-head", "the head that is known is that of link 0", recipe(
        "links", source(spec), links=three), head=0, links_since=2)
    yield entry("good-exporter-again", "an exporter signs on top", recipe(
        "again", source(spec), links=[by(), by("p256-exporter", utc=EXPORTED + HOUR)]))
    stamped = {"tsa": "tsa", "utc": EXPORTED + 60 * SECOND}
    yield entry("good-token", "link 0 with a token", recipe(
        "token", source(spec), links=[by(tsa=stamped)]), stamp_trust=TSA,
        attested=[EXPORTED + 60 * SECOND])
    later = {"tsa": "tsa-rsa", "utc": EXPORTED + 2 * HOUR}
    yield entry("good-token-later", "the token of link 1 attests link 0 too", recipe(
        "token later", source(spec), links=[by(), custodian(tsa=later)]), stamp_trust=TSA,
        attested=[EXPORTED + 2 * HOUR, EXPORTED + 2 * HOUR])
    yield entry("good-tokens", "each link with a token; the earlier counts", recipe(
        "tokens", source(spec), links=[by(tsa=stamped), custodian(tsa=later)]), stamp_trust=TSA,
        attested=[EXPORTED + 60 * SECOND, EXPORTED + 2 * HOUR])
    for name, what in (("garbage", {"token": b"no token"}),
                       ("untrusted", {"tsa": "tsa-other-ca", "utc": EXPORTED})):
        yield entry(f"good-token-{name}", "a token that attests nothing makes nothing false",
                    recipe(f"token {name}", source(spec), links=[by(tsa=what)]), stamp_trust=TSA,
                    attested=[None])


def policy():
    spec = clear("package clear", 2)
    yield entry("good-no-reexport", "re-export is forbidden", recipe(
        "no reexport", source(spec), links=[by(policy=1)]), reexport=False)
    yield entry("good-no-reexport-later", "a custodian forbids it", recipe(
        "no reexport later", source(spec), links=[by(), custodian(policy=1)]), reexport=False)


def time():
    """Certificates of 2021, looked at in 2027."""
    then = 1_620_000_000 * SECOND
    past = signer("ed25519", certificate="ed25519-2021")
    spec = clear("package expired", 2, signer=past, created_utc=then, base_utc=then)
    old = {"certificate": "ed25519-exporter-2021", "utc": then + DAY}
    soon = {"tsa": "tsa", "utc": then + DAY + 60 * SECOND}
    yield entry("good-expired", "recorder and exporter have expired since", recipe(
        "expired", source(spec), links=[by(**old)]), "untrusted", links=["untrusted"],
        sources=["untrusted"])
    yield entry("good-expired-token", "a token of the link attests both", recipe(
        "expired token", source(spec), links=[by(**old, tsa=soon)]), stamp_trust=TSA,
        attested=[then + DAY + 60 * SECOND])
    trailer = {**spec, "seed": "package expired trailer", "trailers": [stamped_by(utc=then + DAY)]}
    yield entry("good-expired-trailer", "a trailer attests the source, nothing the exporter",
                recipe("expired trailer", source(trailer), links=[by(**old)]), "untrusted",
                stamp_trust=TSA, links=["untrusted"], sources=["authentic"])
    evidence = tiny(5, s3={"stamps": [on(2, utc=then + DAY)]})
    stamped = {**spec, "seed": "package expired evidence", "segments": evidence}
    yield entry("good-expired-evidence", "evidence in a segment that is not carried", recipe(
        "expired evidence", source(stamped, then + 100_000_000, then + 200_000_000, stamps=True),
        links=[by()]), stamp_trust=TSA, sources=["authentic"])
    renewed = {"tsa": "tsa-2021", "utc": then + DAY + 60 * SECOND}
    again = {"tsa": "tsa", "utc": 1_650_000_000 * SECOND}
    older = tiny(5, s3={"stamps": [on(2, "tsa-2021", then + DAY)]})
    alone = {**spec, "seed": "package alone", "segments": older,
             "trailers": [stamped_by(utc=1_650_000_000 * SECOND)]}
    found = source(alone, then + 100_000_000, then + 200_000_000, stamps=True, end=True)
    yield entry("good-alone", "a trailer renews no evidence that stands alone", recipe(
        "alone", found, links=[by(**old)]), "untrusted", stamp_trust=TSA, links=["untrusted"],
        sources=["untrusted"])
    yield entry("good-alone-renewed", "the token of a link does", recipe(
        "alone renewed", found, links=[by(**old), custodian(tsa=again)]), "untrusted",
        stamp_trust=TSA, sources=["authentic"])
    yield entry("good-renewed", "a later link's token renews an older one", recipe(
        "renewed", source(spec), links=[by(**old, tsa=renewed), custodian(tsa=again)]),
        stamp_trust=TSA, attested=[then + DAY + 60 * SECOND, 1_650_000_000 * SECOND],
        verdict="untrusted", links=["authentic", "untrusted"], sources=["authentic"])
    yield entry("good-not-renewed", "the authority has expired too", recipe(
        "not renewed", source(spec), links=[by(**old, tsa=renewed)]), "untrusted",
        stamp_trust=TSA, links=["untrusted"], sources=["untrusted"], attested=[None])


def torn():
    spec = clear("package clear", 2)
    found = recipe("torn", source(spec), links=[by(), custodian()])

    def one(name, note, size, verdict="incomplete", **more):
        return entry(f"good-torn-{name}", note, found, verdict, reshape=size, links=["authentic"],
                     **more)

    yield one("tail", "stops within the tail of link 1", lambda data, w: data[:-1])
    yield one("tail-head", "stops before the tail of link 1", lambda data, w: data[:-48])
    yield one("link", "stops within link 1", lambda data, w: data[: w.links[1][0] + 100])
    yield one("magic", "stops behind the second byte of link 1",
              lambda data, w: data[: w.links[1][0] + 2])
    yield one("zeros", "zero bytes in place of link 1",
              lambda data, w: data[: w.links[1][0]] + bytes(300))
    yield one("magic-zeros", "zero bytes behind the third byte of link 1",
              lambda data, w: data[: w.links[1][0] + 3] + bytes(300))
    yield one("sizes", "the sizes of link 1 are zero, nothing behind was written",
              lambda data, w: data[: w.links[1][0] + 4] + bytes(600))
    yield one("block", "the first block of link 1 was not written, the others and the tail were",
              _unwritten)
    yield one("tail-half", "the second half of the tail is zero", lambda data, w: data[:-24] + bytes(24))
    three = recipe("torn three", source(spec), links=[by(), custodian(), custodian(
        "ed25519-custodian", EXPORTED + DAY)])  # fmt: skip
    yield entry("good-torn-third", "stops within link 2", three, "incomplete",
                reshape=lambda data, w: data[:-100], links=["authentic", "authentic"])
    yield one("zeros-behind", "the first part of link 1, then zero bytes",
              lambda data, w: data[: w.links[1][0] + 200] + bytes(500))
    yield one("cleanly", "link 1 was taken away: nothing in the file shows it",
              lambda data, w: data[: w.links[1][0]], "authentic")


def _unwritten(data, writer):
    """Zero bytes up to the next multiple of 512."""
    start = writer.links[1][0]
    end = start + 512 - start % 512
    return data[:start] + bytes(end - start) + data[end:]


def described():
    """Who the device is, in clear (E-CAS-3)."""
    texts = [[1, "Tor 3"], [2, "Hof"], [3, "nach Norden"]]
    spec = clear("package described", 1, description=texts)
    yield entry("good-described", "name, place and remark of the device",
                recipe("described", source(spec)))
    some = clear("package named", 1, description=texts[:1])
    yield entry("good-described-some", "only a name", recipe("named", source(some)))
    after = linked(clear("package renamed", 1, base_utc=T0 + 200_000_000, description=[[1, "Tor 4"]]),
                   spec, sequence=1)  # fmt: skip
    yield entry("good-described-twice", "the second container has another name: that of the first counts",
                recipe("renamed", *(source(one, at_ms(0), at_ms(9000)) for one in (spec, after))))


def contradictions():
    """Claimed times that cannot all be true change no verdict (E-VER-11)."""
    spec = clear("package clear", 2)

    def one(name, note, *links, **more):
        return entry(f"good-contradicts-{name}", note, recipe(
            f"contradicts {name}", source(spec), links=list(links)), **more)

    yield one("link", "signed ten minutes before the link before", by(),
              custodian(utc=EXPORTED - 600 * SECOND), contradicts=[False, True])
    yield one("source", "exported an hour before it was recorded", by(utc=T0 - HOUR), contradicts=[True])
    yield one("little", "four minutes are none", by(), custodian(utc=EXPORTED - 240 * SECOND),
              contradicts=[False, False])


GROUPS = (simple, keys, periods, recordings, cameras, declared, schemes, redaction, attachments, signers, chains,
          policy, time, torn, described, contradictions)  # fmt: skip


EXTENDED = frozenset({"good-frames-256", "good-uncovered-whole", "good-other-period",
                      "good-identity-wrong", "good-recipient-p256", "good-manifest-begins",
                      "good-missing-shifted", "good-reversed", "good-missing-container",
                      "good-rotated-before", "good-cameras", "good-alone", "good-interrupted-far"})  # fmt: skip


def all_packages():
    for group in GROUPS:
        yield from group()
