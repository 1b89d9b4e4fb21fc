#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the vectors of ONVIF export files in ../data/onvif, and what must come of them.

  make_onvif_vectors.py            write them
  make_onvif_vectors.py --check    compare with what is there, write nothing
"""

import argparse
import datetime
import json
import os
import sys

import onvifref
from onvifmake import (
    MEDIA,
    Plan,
    Signer,
    countersign,
    element,
    movie,
    movie_of_chunks,
    movie_of_fragments,
    movie_that_refers,
    movie_with_offsets,
    pss_parameters,
    seal,
    second_meta,
    sidx,
    sigc,
    tfhd,
    tfra,
    trex,
    trun,
)
from onvifref import Algorithm, make_box

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from svmsref import pki, trust

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "data")
DATA = os.path.join(VECTORS, "onvif")
NOW = 1_800_000_000 * onvifref.NS


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def plain_certificate(name, key, issuer, issuer_key):
    """As other makers have them: it may sign, and knows no roles."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(pki.FROM).not_valid_after(pki.TO)
        .add_extension(x509.KeyUsage(True, *[False] * 8), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
        .sign(issuer_key, hashes.SHA256())
    )  # fmt: skip


class Keys:
    """Keys and CAs are those of the containers' vectors; certificates are made once."""

    def __init__(self):
        self.folder = os.path.join(DATA, "keys")
        os.makedirs(self.folder, exist_ok=True)

    def key(self, name):
        return load_pem_private_key(read(VECTORS, "keys", f"{name}.key.pem"), None)

    def authority(self, name):
        return trust.load_anchors(read(VECTORS, "keys", f"{name}.pem"))[0]

    def certificate(self, name, make):
        path = os.path.join(self.folder, f"{name}.pem")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(make().public_bytes(Encoding.PEM))
        return trust.load_anchors(read(path))[0]

    def signer(self, name, kind, role, ca="ca", period=(pki.FROM, pki.TO), **more):
        issuer, issuer_key, key = self.authority(ca), self.key(ca), self.key(kind)

        def make():
            if role is None:
                return plain_certificate(name, key, issuer, issuer_key)
            return pki.issue(name, key, issuer, issuer_key, role, period)

        return Signer(key, self.certificate(name, make), **more)


class Vectors:
    def __init__(self):
        self.files = {}
        self.anchors = [trust.load_anchors(read(VECTORS, "keys", "ca.pem"))[0]]
        self.between = [trust.load_anchors(read(VECTORS, "keys", "intermediate.pem"))[0]]

    def judge(self, data, **how):
        return onvifref.verify(data, onvifref.Request(self.anchors, NOW, **how))

    def add(self, name, data, verdict, *warnings, why="", **differently):
        """differently: verdict any_role, claimed, intermediates, where that is another one."""
        told = self.judge(data)
        found = {"verdict": told["verdict"], "any_role": self.judge(data, any_role=True)["verdict"],
                 "claimed": self.judge(data, accept_claimed=True)["verdict"],
                 "intermediates": self.judge(data, intermediates=self.between)["verdict"]}  # fmt: skip
        wanted = {key: differently.get(key, verdict) for key in found}
        if found != wanted or sorted(warnings) != sorted(told["warnings"]):
            raise SystemExit(f"{name}: {found} and {told['warnings']}, not {wanted} and {warnings}")
        lines = [f"{key} {value}" for key, value in found.items()]
        lines += [f"signature {one['integrity']} {one['identity']}" for one in told["signatures"]]
        lines += [f"algorithm {one['algorithm']}" for one in told["signatures"] if one["algorithm"]]
        lines += [f"note {one['note']}" for one in told["signatures"] if one["note"]]
        lines += [f"start {number} {utc}" for one in told["signatures"] for number, utc in one["starts"]]
        lines += [f"warning {one}" for one in told["warnings"]]
        if told["export"]:
            lines.append(f"export {told['export']['time']} {told['export']['operator']}")
            lines += [f"track {one['track']} {one['name']}" for one in told["export"]["tracks"]]
        self.files[f"{name}.mp4"] = data
        self.files[f"{name}.txt"] = ("\n".join(lines) + "\n").encode()
        document = {**found, "why": why, "signatures": told["signatures"], "warnings": told["warnings"],
                    "export": told["export"]}  # fmt: skip
        self.files[f"{name}.json"] = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def without(data, box):
    return data[: box.start] + data[box.end :]


def resized(data, by):
    """The first export meta and its ipro grow by so many bytes."""
    found = onvifref.parse(data)
    meta, ipro = found.metas[found.sinfs[0].meta]
    for box in (meta, ipro):
        data = data[: box.start] + (box.size + by).to_bytes(4, "big") + data[box.start + 4 :]
    return data


def drop(data, number):
    sinf = onvifref.parse(data).sinfs[number].box
    return without(resized(data, -sinf.size), sinf)


def swapped(data):
    first, second = [one.box for one in onvifref.parse(data).sinfs[:2]]
    middle = data[second.start : second.end] + data[first.start : first.end]
    return data[: first.start] + middle + data[second.end :]


def flip(data, marker, offset=8):
    at = data.index(marker) + offset
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def without_mfra(covered):
    """What it would be if mfra were not covered."""
    return covered[: covered.index(b"mfra") - 4]


def good(vectors, signers, custodian):
    clip, start = movie(), (1, 1_789_999_000 * onvifref.NS + 500)
    pss512 = Algorithm("pss", "sha512", "sha512", 64)
    rsa = signers["rsa2048"]
    vectors.add("good-rsa2048", seal(clip, rsa), "authentic")
    vectors.add("good-p256", seal(clip, signers["p256"]), "authentic")
    vectors.add("good-p384", seal(clip, signers["p384"]), "authentic")
    for algorithm in (pss512, Algorithm("pss", "sha384", "sha256", 0), Algorithm("pkcs1", "sha256"),
                      Algorithm("pkcs1", "sha384"), Algorithm("pkcs1", "sha512")):  # fmt: skip
        name = f"good-{algorithm.family}-{algorithm.digest}"
        vectors.add(name, seal(clip, Signer(rsa.key, rsa.certificate, algorithm)), "authentic")
    p256 = signers["p256"]
    vectors.add("good-p256-sha512", seal(clip, Signer(p256.key, p256.certificate, Algorithm("ecdsa", "sha512"))),
                "authentic")  # fmt: skip
    vectors.add("good-explicit-default", seal(clip, Signer(rsa.key, rsa.certificate, configuration=element(
        0x30, bytes.fromhex("06092a864886f70d01010a"), pss_parameters(Algorithm())))), "authentic")  # fmt: skip
    double = countersign(seal(clip, rsa), custodian, Plan(note=b"received\0", starts=(start,)))
    vectors.add("good-double", double, "authentic")
    vectors.add("good-triple", countersign(double, signers["p384"], Plan(note="für Sie\0".encode())), "authentic")
    vectors.add("good-last-dropped", drop(double, 1), "authentic", why="that cannot be seen (O-VER-5)")
    vectors.add("good-wide-mdat", countersign(seal(movie(wide=True), p256), custodian), "authentic")
    vectors.add("good-wide-meta", countersign(seal(clip, p256, Plan(wide_meta=True)), custodian), "authentic")
    vectors.add("good-fragments", countersign(seal(movie(fragments=3), p256), custodian), "authentic")
    vectors.add("good-in-front", seal(clip, p256, Plan(in_front=b"mdat")), "authentic",
                why="nothing was added that would move the media")  # fmt: skip
    for place in ("sinf", "schi", "meta"):
        vectors.add(f"good-start-in-{place}", seal(clip, p256, Plan(starts=(start,), starts_in=place)), "authentic")
    strange = Plan(before=make_box(b"what", b"ever"), behind=make_box(b"free", b"x"), extra=make_box(b"more"))
    vectors.add("good-unknown-boxes", countersign(seal(clip, p256, strange), custodian), "authentic")


def foreign(vectors, signers, custodian):
    clip, p256 = movie(), signers["p256"]
    vectors.add("foreign-capitals", seal(clip, p256, Plan(scheme=b"OEFF")), "authentic", "called 'OEFF'")
    vectors.add("foreign-version", seal(clip, p256, Plan(version=b"\0\0x0")), "authentic", "the scheme's version is")
    vectors.add("foreign-no-version", seal(clip, p256, Plan(version=b"")), "authentic", "the scheme's version is")
    vectors.add("foreign-no-suep", seal(clip, p256, Plan(with_suep=False)), "authentic", "'suep' is missing")
    vectors.add("foreign-old-suep", seal(clip, p256, Plan(suep_version=0)), "authentic", "not of version 1")
    vectors.add("foreign-no-hdlr", seal(clip, p256, Plan(with_hdlr=False)), "authentic", "no handler")
    vectors.add("foreign-count", seal(clip, p256, Plan(count=2)), "authentic", "protection_count is")
    vectors.add("foreign-note", seal(clip, p256, Plan(note=b"no end")), "authentic", "does not end with one NUL")
    vectors.add("foreign-scheme", seal(clip, p256, Plan(behind=make_box(b"sinf", make_box(
        b"schm", bytes(4), b"else", bytes(4))))), "authentic", "is no signature of this format")  # fmt: skip
    # The two metas of a tool that does not read 64-bit sizes; the later one covers the earlier one.
    twice = second_meta(seal(movie(wide=True), p256), custodian)
    vectors.add("foreign-two-metas", twice, "authentic", "more than one file-level box 'meta'")
    vectors.add("foreign-two-metas-flip", flip(twice, b"mdat", 20), "not_authentic",
                "more than one file-level box 'meta'")  # fmt: skip
    apart = second_meta(seal(clip, p256, Plan(in_front=b"mdat")), custodian)
    vectors.add("foreign-two-metas-apart", apart, "authentic", "more than one file-level box 'meta'",
                why="what is left out of signature 1 stands at the end and moves nothing")  # fmt: skip
    # What the later meta says is said by nobody whom signature 1 would cover; not even a time in the future counts.
    later, uncovered = Plan(exported=1_800_100_000, tracks=((1, "invented"),)), "'suep' that signature 1 does not cover"
    vectors.add("foreign-described-later", second_meta(seal(clip, p256, Plan(with_suep=False)), custodian, later),
                "authentic", "more than one file-level box 'meta'", "'suep' is missing", uncovered)  # fmt: skip
    vectors.add("foreign-described-again", second_meta(seal(clip, p256), custodian, later), "authentic",
                "more than one file-level box 'meta'", uncovered)  # fmt: skip
    started = Plan(with_suep=False, starts=((1, 1_700_000_000 * onvifref.NS),), starts_in="meta")
    vectors.add("foreign-started-later", second_meta(seal(clip, p256), custodian, started), "authentic",
                "more than one file-level box 'meta'", "'cstb' that signature 1 does not cover")  # fmt: skip
    mistakes = Plan(scheme=b"OEFF", version=b"\0\0x0", with_suep=False, with_hdlr=False, note=b"comment\0",
                    before=make_box(b"sumi", bytes(68)), starts=((1, 1_700_000_000 * onvifref.NS),),
                    starts_in="schi")  # fmt: skip
    said = ("called 'OEFF'", "the scheme's version is", "'suep' is missing", "no handler")
    vectors.add("foreign-all", seal(clip, signers["plain"], mistakes), "untrusted", *said, any_role="authentic",
                why="the certificate has no role of ours")  # fmt: skip


def bad_identity(vectors, signers):
    clip = movie()
    vectors.add("bad-unsigned", clip, "untrusted", "'suep' is missing")
    vectors.add("bad-role", seal(clip, signers["recorder"]), "untrusted", any_role="authentic")
    vectors.add("bad-custodian-first", seal(clip, signers["custodian"]), "untrusted", any_role="authentic")
    vectors.add("bad-ca", seal(clip, signers["other"]), "untrusted")
    vectors.add("bad-intermediate", seal(clip, signers["below"]), "untrusted", intermediates="authentic",
                why="the format has no place for the certificate between")  # fmt: skip
    old = Plan(exported=1_620_000_000)
    vectors.add("bad-expired", seal(clip, signers["old"], old), "untrusted", claimed="authentic")
    vectors.add("bad-expired-then", seal(clip, signers["old"]), "untrusted")
    vectors.add("bad-expired-later", countersign(seal(clip, signers["p256"], old), signers["old"]), "untrusted",
                claimed="authentic", why="nothing says when the later one signed")  # fmt: skip
    vectors.add("bad-future", seal(clip, signers["p256"], Plan(exported=1_800_100_000)), "untrusted")
    vectors.add("bad-stranger-last", countersign(seal(clip, signers["p256"]), signers["other"]), "untrusted")


def bad_algorithms(vectors, signers):
    clip, rsa, p256 = movie(), signers["rsa2048"], signers["p256"]

    def add(name, signer, why=""):
        vectors.add(f"bad-algorithm-{name}", seal(clip, signer), "not_authentic", why=why)

    def given(signer, **more):
        return Signer(signer.key, signer.certificate, **more)

    pss32 = Algorithm("pss", "sha256", "sha256", 32)
    add("salt", given(rsa, algorithm=pss32, configuration=b""), "a salt of 32 bytes without sigC")
    add("pkcs1", given(rsa, algorithm=Algorithm("pkcs1", "sha256"), configuration=b""))
    add("ecdsa", given(p256, configuration=b""), "ECDSA without sigC")
    add("other-hash", given(p256, configuration=sigc(Algorithm("ecdsa", "sha384"))))
    add("other-key", given(p256, configuration=sigc(Algorithm("pkcs1", "sha256"))))
    oid = bytes.fromhex("06092a864886f70d01010a")
    add("pss-empty", given(rsa, configuration=element(0x30, oid, element(0x30))), "the defaults mean SHA-1")
    add("pss-bare", given(rsa, configuration=element(0x30, oid)))
    add("sha1", given(rsa, configuration=element(0x30, bytes.fromhex("06092a864886f70d010105"), element(5))))
    add("parameters", given(p256, configuration=element(0x30, bytes.fromhex("06082a8648ce3d040302"), element(4, b"x"))))
    add("rest", given(p256, configuration=sigc(p256.algorithm) + b"\0"))
    add("no-der", given(p256, configuration=b"sha256"))


def bad_structure(vectors, signers, custodian):
    clip, p256 = movie(), signers["p256"]
    sealed = seal(clip, p256)
    double = countersign(sealed, custodian)
    triple = countersign(double, custodian)
    for name, data in {
        "media": flip(sealed, b"mdat"), "export": flip(sealed, b"suep", 9), "signature": flip(sealed, b"sibo", 20),
        "certificate": flip(sealed, b"cert", 300), "movie": flip(sealed, b"mvhd"), "kind": flip(sealed, b"hdlr", 4),
        "first-dropped": drop(double, 0), "middle-dropped": drop(triple, 1), "swapped": swapped(double),
        "cut": sealed[:-1], "cut-box": double[: onvifref.parse(sealed).metas[0][0].start + 60],
        "bytes-behind": sealed + bytes(7), "box-behind": sealed + make_box(b"free"),
        "mfra-behind": sealed + make_box(b"mfra", make_box(b"mfro", bytes(4), (24).to_bytes(4, "big"))),
        "mfra-uncovered": seal(movie(fragments=2), p256, Plan(cover=without_mfra)),
        "box-in-front": make_box(b"free") + sealed,
        "certificate-and-more": seal(clip, p256, Plan(
            certificate=p256.certificate.public_bytes(Encoding.DER) + b"\0")),
        "other-certificate": seal(clip, p256, Plan(
            certificate=signers["p384"].certificate.public_bytes(Encoding.DER))),
        "ed25519": seal(clip, signers["ed25519"]), "not-zero": seal(clip, p256, Plan(cover=lambda text: text + b"x")),
        "movie-only": clip[:16],
    }.items():  # fmt: skip
        warnings = [one for one in vectors.judge(data)["warnings"]]
        vectors.add(f"bad-{name}", data, "not_authentic", *warnings)
    for kind in ("sibo", "cert", "sigC", "auib"):
        plan = Plan(twice=(kind.encode(),), note=b"note\0")
        vectors.add(f"bad-two-{kind}", seal(clip, p256, plan), "not_authentic")
    for kind in ("sibo", "cert"):
        vectors.add(f"bad-no-{kind}", seal(clip, p256, Plan(without=(kind.encode(),))), "not_authentic")
    empty = make_box(b"meta", bytes(4), make_box(b"ipro", bytes(4), b"\0\1"), make_box(b"xml ", b"anything"))
    vectors.add("bad-meta-behind", sealed + empty, "not_authentic", "more than one file-level box 'meta'",
                "no handler", why="no signature covers it")  # fmt: skip
    meta = onvifref.parse(sealed).metas[0][0]
    endless = sealed[: meta.start] + bytes(4) + sealed[meta.start + 4 :]
    vectors.add("bad-endless-meta", endless, "not_authentic")


def references(vectors, signers):
    p256 = signers["p256"]
    here, elsewhere = make_box(b"url ", b"\0\0\0\1"), make_box(b"url ", bytes(4), b"file:///film.mp4\0")
    inside = make_box(b"imdt", bytes(8))
    for name, entries, verdict in (
        ("good-references", (here, inside), "authentic"), ("good-no-reference", (), "authentic"),
        ("bad-media-elsewhere", (elsewhere,), "not_authentic"),
        ("bad-media-elsewhere-too", (here, elsewhere), "not_authentic"),
        ("bad-media-elsewhere-alis", (make_box(b"alis", bytes(4)),), "not_authentic"),
    ):  # fmt: skip
        vectors.add(name, seal(movie_that_refers(*entries), p256), verdict)
    long = make_box(b"url ", b"\0\0\0\1", bytes(4))
    sealed = seal(movie_that_refers(long), p256)
    vectors.add("bad-reference-short", sealed.replace(long, make_box(b"url ") * 2), "not_authentic")
    vectors.add("bad-reference-cut", sealed.replace(long, b"\0\0\0\x11" + long[4:]), "not_authentic")


def chunks(vectors, signers):
    """Samples that do not lie in mdat (O-VER-10)."""
    p256, end = signers["p256"], len(MEDIA)
    each = ((1, 1),)
    for name, film in {
        "good-chunks": movie_of_chunks((0, 80), ((1, 2),), [20, 60, 79, 1]),
        "good-chunks-wide": movie_of_chunks((80, 0), ((1, 2), (2, 1)), (3, 40), wide=True),
        "good-chunks-compact": movie_of_chunks((0, 80), ((1, 2),), [20, 60, 79, 1], compact=16),
        "good-chunks-empty": movie_of_chunks((0, 1 << 20), each, [end]),
        "bad-chunk-behind": movie_of_chunks((0, 1 << 20), each, [1, 1]),
        "bad-chunk-behind-wide": movie_of_chunks((0, 1 << 40), each, [1, 1], wide=True),
        "bad-chunk-in-free": movie_of_chunks((0, end + 8), each, [1, 1]),
        "bad-chunk-in-header": movie_of_chunks((0, -1), each, [1, 1]),
        "bad-chunk-too-long": movie_of_chunks((0, 80), ((1, 2),), [20, 60, 79, 2]),
        "bad-chunk-too-long-each": movie_of_chunks((0, 80), ((1, 2),), (4, 41)),
        "bad-chunk-compact": movie_of_chunks((0, 80), ((1, 2),), [20, 60, 79, 2], compact=8),
        "bad-chunk-nibbles": movie_of_chunks((0,), each, [1], compact=4),
        "bad-chunk-late": movie_of_chunks((0,), ((2, 1),), [1]),
        "bad-chunk-descends": movie_of_chunks((0,), ((1, 1), (5, 1), (3, 1)), [1]),
    }.items():
        vectors.add(name, seal(film, p256), "authentic" if name.startswith("good") else "not_authentic")
    sealed = seal(movie_of_chunks((0, 80), each, [20, 60]), p256)
    for kind, change in ((b"stsc", (1 << 32) - 1), (b"stco", 3), (b"stsz", (1 << 32) - 1)):
        at = sealed.index(kind) + (12 if kind == b"stsz" else 8)
        vectors.add(f"bad-chunk-{kind.decode()}", sealed[:at] + change.to_bytes(4, "big") + sealed[at + 4 :],
                    "not_authentic")  # fmt: skip
    for kind in (b"stsc", b"stsz"):
        vectors.add(f"bad-chunk-two-{kind.decode()}", seal(movie_of_chunks((0,), each, [2]).replace(
            b"stco" if kind == b"stsz" else b"stsz", kind), p256), "not_authentic")  # fmt: skip


def fragments(vectors, signers):
    p256, end = signers["p256"], len(MEDIA)
    for name, trafs, defaults in (
        ("good-fragment", lambda moof, media: [[tfhd(), trun([20, 60], media)]], ()),
        ("good-fragment-base", lambda moof, media: [[tfhd(moof + media), trun([20, 60]), trun([80])]], ()),
        ("good-fragment-own-size", lambda moof, media: [[tfhd(flags=0x20000, size=20), trun(None, media, 8)]], ()),
        ("good-fragment-usual-size", lambda moof, media: [[tfhd(), trun(None, media, 8)]], (trex(2, 99), trex(1, 20))),
        ("good-fragment-no-bytes", lambda moof, media: [[tfhd(size=0), trun(None, 1 << 20, 8)]], ()),
        ("good-fragment-follows", lambda moof, media: [[tfhd(), trun([20], media)], [tfhd(), trun([140], 0)]], ()),
        ("bad-fragment-behind", lambda moof, media: [[tfhd(), trun([1], 1 << 20)]], ()),
        ("bad-fragment-behind-base", lambda moof, media: [[tfhd(1 << 40), trun([1])]], ()),
        ("bad-fragment-in-free", lambda moof, media: [[tfhd(), trun([1], media + end + 8)]], ()),
        ("bad-fragment-in-header", lambda moof, media: [[tfhd(), trun([1], media - 1)]], ()),
        ("bad-fragment-in-moof", lambda moof, media: [[tfhd(), trun([1])]], ()),
        ("bad-fragment-negative", lambda moof, media: [[tfhd(), trun([1], -(1 << 20))]], ()),
        ("bad-fragment-too-high", lambda moof, media: [[tfhd((1 << 64) - 1), trun([1], 1)]], ()),
        ("bad-fragment-too-long", lambda moof, media: [[tfhd(), trun([20, 60], media), trun([81])]], ()),
        ("bad-fragment-usual-size", lambda moof, media: [[tfhd(), trun(None, media, 9)]], (trex(1, 20),)),
        ("bad-fragment-own-size", lambda moof, media: [[tfhd(size=20), trun(None, media, 9)]], (trex(1, 1),)),
        ("bad-fragment-many", lambda moof, media: [[tfhd(size=(1 << 32) - 1), trun(None, media, (1 << 32) - 1)]], ()),
        ("bad-fragment-no-size", lambda moof, media: [[tfhd(), trun(None, media, 1)]], (trex(2, 1),)),
        ("bad-fragment-two-trex", lambda moof, media: [[tfhd(), trun([1], media)]], (trex(1, 1), trex(1, 2))),
        ("bad-fragment-count", lambda moof, media: [[tfhd(), trun([1, 1], media, 3)]], ()),
        ("bad-fragment-two-tfhd", lambda moof, media: [[tfhd(), tfhd(), trun([1], media)]], ()),
        ("bad-fragment-no-tfhd", lambda moof, media: [[trun([1], media), tfhd()]], ()),
        ("bad-fragment-no-track", lambda moof, media: [[tfhd(track=0), trun([1], media)]], ()),
        ("bad-fragment-follows", lambda moof, media: [[tfhd(), trun([20], media)], [tfhd(), trun([141], 0)]], ()),
        ("bad-fragment-begun-again", lambda moof, media: [
            [tfhd(moof + media + (1 << 20)), trun([1], -(1 << 20)), trun([1])]], ()),
    ):  # fmt: skip
        good = name.startswith("good")
        vectors.add(name, seal(movie_of_fragments(trafs, defaults), p256), "authentic" if good else "not_authentic")


def indexes(vectors, signers):
    """Indexes of fragments lead to what everybody covers, or nowhere (O-VER-11)."""
    p256 = signers["p256"]
    film = movie_of_fragments(lambda moof, media: [[tfhd(), trun([20, 60], media)]])
    top = onvifref.boxes(film, 0, len(film), top=True)
    at = next(one.start for one in top if one.type == b"moof")
    end = len(film)
    for name, box in {
        "good-sidx": sidx(0, end - at - 10, 10), "good-sidx-wide": sidx(10, end - at - 10, wide=True),
        "good-sidx-empty": sidx(1 << 30), "bad-sidx": sidx(0, end - at - 10, 11), "bad-sidx-first": sidx(end - at, 1),
        "bad-sidx-wide": sidx((1 << 64) - 1, 1, wide=True), "bad-sidx-cut": sidx(0, 1, 1, 1, count=4),
    }.items():  # fmt: skip
        vectors.add(name, seal(film[:at] + box + film[at:], p256), "authentic" if name[0] == "g" else "not_authentic")
    for name, box in {
        "good-tfra": tfra(at, end - 1), "good-tfra-wide": tfra(at, at, wide=True, sizes=0x3F), "bad-tfra": tfra(at, end),
        "bad-tfra-wide": tfra(at, 1 << 40, wide=True, sizes=0x1B), "bad-tfra-cut": tfra(at, count=2),
    }.items():  # fmt: skip
        vectors.add(name, seal(film + make_box(b"mfra", box), p256), "authentic" if name[0] == "g" else "not_authentic")


def bad_places(vectors, signers, custodian):
    """Later signatures in front of other boxes: these move, and offsets into the file still say where they were."""
    p256, twice = signers["p256"], "more than one file-level box 'meta'"
    clip, plain = movie(), seal(movie(), p256)
    before_media = seal(clip, p256, Plan(in_front=b"mdat"))
    before_free = seal(clip + make_box(b"free", b"rest"), p256, Plan(in_front=b"free"))
    ftyp, moov, mdat = [clip[box.start : box.end] for box in onvifref.boxes(clip, 0, len(clip), top=True)]
    before_moov = seal(ftyp + mdat + moov, p256, Plan(in_front=b"moov"))
    vectors.add("good-before-free", before_free, "authentic")
    vectors.add("good-before-moov", before_moov, "authentic")
    fragmented = seal(movie(fragments=2), p256, Plan(in_front=b"moof"))
    for name, data in {"mdat": before_media, "free": before_free, "moov": before_moov, "moof": fragmented}.items():
        why = "signature 1 does not hold: what it leaves out moved this box (O-HASH-5)"
        vectors.add(f"bad-later-before-{name}", countersign(data, custodian), "not_authentic", why=why)
    at = onvifref.parse(before_media).metas[0][0].end
    between = second_meta(before_media, custodian, at=at)
    vectors.add("bad-second-meta-before-mdat", between, "not_authentic", twice)
    handler = make_box(b"hdlr", bytes(8), b"null", bytes(12), b"\0")
    notes = make_box(b"meta", bytes(4), handler, make_box(b"xml ", b"<a/>"))
    before_notes = seal(clip + notes, p256, Plan(in_front=b"meta"))
    vectors.add("foreign-before-meta", before_notes, "authentic", twice)
    vectors.add("bad-later-before-meta", countersign(before_notes, custodian), "not_authentic", twice)
    # The film that was signed, and one that the custodian brings: its pictures now lie where those were.
    size = onvifref.parse(plain).metas[0][0].size
    honest = seal(movie_with_offsets(size), p256, Plan(in_front=b"mdat"))
    meta = onvifref.parse(honest).metas[0][0]
    assert meta.size == size
    vectors.add("good-offsets", honest, "authentic")
    film = make_box(b"free", b"what the camera never saw " * 8)
    vectors.add("bad-forged-film", countersign(honest, custodian, Plan(extra=film)), "not_authentic",
                why="offsets lead into the signature that came later")  # fmt: skip
    forged = second_meta(honest, custodian, Plan(with_suep=False, before=film), meta.end)
    vectors.add("bad-forged-film-meta", forged, "not_authentic", twice)


def later(vectors, signers, custodian):
    """What later hands add is nothing that a player takes for a part of the film (O-VER-12)."""
    sealed, two = seal(movie(), signers["p256"]), "more than one file-level box 'meta'"
    bare, none = Plan(with_suep=False, with_hdlr=False), "no handler"
    film = make_box(b"moof", make_box(b"traf", tfhd(0), trun([20], 100)))
    handler = make_box(b"hdlr", bytes(8), b"null", bytes(12), b"\0")
    sound = make_box(b"hdlr", bytes(8), b"soun", bytes(12), b"\0")
    sumi = make_box(b"sumi", bytes(68))

    def plan(**more):
        return Plan(**{"with_suep": False, **more})

    for name, how, hears in (
        ("foreign-later-free", plan(before=make_box(b"free", bytes(5000))), ()),
        ("foreign-later-bare", plan(with_hdlr=False, before=sumi), (none,)),
        ("bad-later-moof", plan(before=film), ()), ("bad-later-mvex", plan(before=make_box(b"mvex", trex())), ()),
        ("bad-later-unknown", plan(before=make_box(b"what")), ()),
        ("bad-later-free", plan(before=make_box(b"free", bytes(4999), b"x")), ()),
        ("bad-later-handler-late", plan(with_hdlr=False, before=sumi + handler), ()),
        ("bad-later-handler-sound", plan(with_hdlr=False, before=sound), ()),
        ("bad-later-handler-twice", plan(before=handler), ()),
        ("bad-later-handler-hidden", plan(with_hdlr=False, note=handler + film + b"\0"), (
            none, "does not end with one NUL")),
        ("bad-later-in-ipro", plan(behind=film), ()),
        ("bad-later-in-scheme", plan(behind=make_box(b"sinf", make_box(b"schm", bytes(4), b"else", bytes(4)), make_box(
            b"schi", make_box(b"tenc")))), ("is no signature of this format",)),
    ):  # fmt: skip
        good = name.startswith("foreign")
        vectors.add(name, second_meta(sealed, custodian, how), "authentic" if good else "not_authentic", two, *hears)
    versioned = second_meta(sealed, custodian, plan())
    at = onvifref.parse(versioned).metas[1][0].payload
    vectors.add("bad-later-version", versioned[:at] + b"\1" + versioned[at + 1 :], "not_authentic", two)
    beside = countersign(seal(movie(), signers["p256"], bare), custodian, Plan(note=b"as received\0"))
    vectors.add("foreign-later-beside", beside, "authentic", "'suep' is missing", none)
    hidden = countersign(seal(movie(), signers["p256"], bare), custodian, Plan(note=b"hdlr\0"))
    vectors.add("bad-later-beside", hidden, "not_authentic", "'suep' is missing", none)
    for name, wrong in (("bad-later-in-schi", film), ("bad-later-in-schi-free", make_box(b"free"))):
        vectors.add(name, countersign(sealed, custodian, Plan(extra=wrong)), "not_authentic")
    # The last signature covers what is wrong; the one before it leaves it out.
    between = countersign(sealed, custodian, Plan(extra=film))
    vectors.add("bad-later-between", countersign(between, custodian), "not_authentic")


def make():
    keys, vectors = Keys(), Vectors()
    signers = {kind: keys.signer(f"exporter-{kind}", kind, 3) for kind in ("rsa2048", "p256", "p384")}
    signers["custodian"] = custodian = keys.signer("custodian", "p256", 4)
    signers["recorder"] = keys.signer("recorder", "p256", 2)
    signers["plain"] = keys.signer("plain", "rsa2048", None)
    signers["other"] = keys.signer("exporter-other-ca", "p256", 3, "other-ca")
    signers["below"] = keys.signer("exporter-below", "p256", 3, "intermediate")
    year = (datetime.datetime(2021, 1, 1), datetime.datetime(2021, 12, 31))
    signers["old"] = keys.signer("exporter-2021", "p256", 3, period=year)
    edwards = keys.key("ed25519")
    certificate = keys.certificate("exporter-edwards", lambda: pki.issue(
        "exporter-edwards", edwards, keys.authority("ca"), keys.key("ca"), 3))  # fmt: skip
    signers["ed25519"] = Signer(edwards, certificate, configuration=element(0x30, bytes.fromhex("06032b6570")))
    good(vectors, signers, custodian)
    foreign(vectors, signers, custodian)
    bad_identity(vectors, signers)
    bad_algorithms(vectors, signers)
    bad_structure(vectors, signers, custodian)
    bad_places(vectors, signers, custodian)
    references(vectors, signers)
    chunks(vectors, signers)
    fragments(vectors, signers)
    indexes(vectors, signers)
    later(vectors, signers, custodian)
    return vectors.files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    files = make()
    present = [name for name in os.listdir(DATA) if name != "keys"]
    stale = [name for name in present if name not in files]
    if args.check:
        stale += [name for name in files if name not in present or read(DATA, name) != files[name]]
        for name in stale:
            print(f"not as made: {name}")
        return 1 if stale else 0
    for name in stale:
        os.remove(os.path.join(DATA, name))
    for name, content in files.items():
        with open(os.path.join(DATA, name), "wb") as file:
            file.write(content)
    print(f"{len(files) // 3} vectors, {sum(len(one) for one in files.values())} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
