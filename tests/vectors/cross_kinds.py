# SPDX-License-Identifier: Apache-2.0
"""Steps of cross_check.py for what is made by other commands than record: disclosures, changed
recipients and officers, pruned records, clean copies."""

import json
import os
import time

import good_vectors as good
import make_vectors
from svmsref import build, disclosure, pruned, trust, verifier
from svmsref.errors import ContainerError

DATA = make_vectors.DATA
KEYS = os.path.join(DATA, "keys")


def key_file(name):
    return os.path.join(KEYS, name)


def request(**more):
    anchors = trust.load_anchors(build.read_file(KEYS, "ca.pem"))
    return verifier.Request(anchors, **more)


def check_disclosure_vectors(checker):
    for name in sorted(os.listdir(DATA)):
        if not name.endswith(".svmk"):
            continue
        base = name.removesuffix(".svmk")
        expected = json.loads(build.read_file(DATA, f"{base}.json"))
        path = os.path.join(DATA, f"{expected['of']}.svms")
        status, found = checker.verify(path, "--keys", os.path.join(DATA, name))
        verdict = expected["verdict"]
        checker.compare_verdict(base, verdict, status, found)
        failure = expected.get("first_failure")
        if failure and found and verdict not in ("malformed", "unsupported"):
            seen = found["first_failure"] and found["first_failure"]["segment"]
            checker.compare(f"{base}: failing segment", failure["segment"], seen)


def _written(checker, name, spec):
    container, _ = build.build(spec, DATA)
    return checker.store(f"{name}.svms", container), container


def _moment(utc):
    return f"2023-11-14T22:13:{20 + (utc - good.T0) / 1e9:06.3f}Z"


def check_disclosed(checker):
    """svms discloses ranges of what svmsref wrote; svmsref opens them."""
    spec = good.strong("to be disclosed", 6)
    path, container = _written(checker, "disclose", spec)
    password = checker.store("disclose-password", good.PASSWORD.encode() + b"\n")
    wanted = [one["sha256"] for one in build.expected_samples(spec)]
    step = 200_000_000  # a segment
    for first, last in ((0, 0), (1, 3), (5, 5), (0, 5)):
        out = checker.path(f"disclosed-{first}-{last}.keys")
        times = ["--from", _moment(good.T0 + first * step), "--to",
                 _moment(good.T0 + (last + 1) * step)]  # fmt: skip
        status, _, stderr = checker.run("keys", "disclose", path, "--out", out, *times,
                                        "--password-file", password)  # fmt: skip
        name = f"segments {first} to {last} disclosed"
        if not checker.compare(f"{name}: exit status", 0, status):
            checker.problems[-1] += f" ({stderr[-300:]!r})"
            continue
        found = disclosure.parse(build.read_file("", out))
        numbers = [entry.segment for entry in found.entries]
        checker.compare(f"{name}: segments", list(range(first, last + 1)), numbers)
        own = verifier.verify(container, request(disclosure=found))
        checker.compare(f"{name}: verdict of svmsref", "authentic", own.verdict)
        opened = [one.sha256 if first <= one.segment <= last else None for one in own.samples]
        expected = [
            digest if first <= one.segment <= last else None
            for one, digest in zip(own.samples, wanted)
        ]
        checker.compare(f"{name}: samples", expected, opened)


def check_recipients(checker):
    """svms changes recipients, with and without an officer; svmsref opens and verifies."""
    officer = ["--officer-key", key_file("p256.key.pem"),
               "--officer-cert", key_file("p256-officer.pem")]  # fmt: skip
    password = checker.store("recipients-password", good.PASSWORD.encode() + b"\n")
    openers = {
        "x25519": {"private": build.load_private_key(build.read_file(
            KEYS, "recipient-x25519.key.pem"))},
        "rsa3072": {"private": build.load_private_key(build.read_file(
            KEYS, "recipient-rsa3072.key.pem"))},
        "kek": {"kek": build.load_kek(build.read_file(KEYS, "kek.key.pem"))},
        "password": {"password": good.PASSWORD},
    }  # fmt: skip
    for signed in ((), officer):
        name = "recipients by an officer" if signed else "recipients"
        spec = good.strong("recipients", 2, slot_size=4096)
        path, _ = _written(checker, "recipients", spec)
        steps = (
            (["add", "--recipient", key_file("recipient-x25519.pub.pem")], {"password", "x25519"}),
            (["add", "--recipient", key_file("recipient-rsa3072.pub.pem")],
             {"password", "x25519", "rsa3072"}),
            (["add", "--recipient-kek", key_file("kek.key.pem")],
             {"password", "x25519", "rsa3072", "kek"}),
            (["remove", "--recipient", key_file("recipient-x25519.pub.pem")],
             {"password", "rsa3072", "kek"}),
        )  # fmt: skip
        for (command, *options), able in steps:
            status, _, stderr = checker.run("recipients", command, path, *options, *signed,
                                            "--password-file", password)  # fmt: skip
            what = f"{name}: {command} {os.path.basename(options[-1])}"
            if not checker.compare(f"{what}: exit status", 0, status):
                checker.problems[-1] += f" ({stderr[-300:]!r})"
                break
            _check_openers(checker, what, path, openers, able, bool(signed))


def _check_openers(checker, what, path, openers, able, signed):
    container = build.read_file("", path)
    for opener, given in openers.items():
        own = verifier.verify(container, request(**given))
        wanted = "authentic" if opener in able else "undecryptable"
        checker.compare(f"{what}: opened by {opener}", wanted, own.verdict)
        checker.compare(f"{what}: officer", "trusted" if signed else "none", own.officer)


def check_pruned(checker):
    """svms removes containers and leaves records; svmsref reads them."""
    ca = trust.load_anchors(build.read_file(KEYS, "ca.pem"))
    reasons = (("retention", 1), ("order", 2), ("space", 3))
    for number, kind in enumerate(("ed25519", "p256", "rsa2048")):
        reason, wanted = reasons[number]
        spec = good.strong(f"prune {kind}", number, sequence=number + 4)
        path, container = _written(checker, f"prune-{kind}", spec)
        own = verifier.verify(container, request())
        status, _, stderr = checker.run(
            "prune", path, "--signer", key_file(f"{kind}.pem"), "--signer-key",
            key_file(f"{kind}.key.pem"), "--reason", reason)  # fmt: skip
        name = f"pruned with {kind}"
        if not checker.compare(f"{name}: exit status", 0, status):
            checker.problems[-1] += f" ({stderr[-300:]!r})"
            continue
        found = pruned.read(build.read_file("", path + ".pruned"), ca, time.time_ns())
        _compare_pruned(checker, name, own, found, len(container), wanted)


def _compare_pruned(checker, name, own, found, size, reason):
    if not checker.compare(f"{name}: verdict", "authentic", found.verdict):
        checker.problems[-1] += f" ({found.rule} {found.identity})"
    if found.record is None:
        return
    header, record = own.header, found.record
    last = own.segments[-1].hash if own.segments else header.hash
    wanted = (header.recording_id, header.container_id, header.sequence, len(own.segments), last,
              size, reason)  # fmt: skip
    seen = (record.recording_id, record.container_id, record.sequence, record.segments,
            record.last_manifest, record.bytes, record.reason)  # fmt: skip
    checker.compare(f"{name}: fields", wanted, seen)
    if own.segments:
        times = (own.segments[0].manifest.first_utc,
                 max(one.manifest.last_utc for one in own.segments))  # fmt: skip
        checker.compare(f"{name}: times", times, (record.first_utc, record.last_utc))


def check_kinds(checker):
    try:
        check_disclosure_vectors(checker)
        check_disclosed(checker)
        check_recipients(checker)
        check_pruned(checker)
    except (ContainerError, OSError) as error:
        checker.problems.append(f"kinds: {error!r}")
