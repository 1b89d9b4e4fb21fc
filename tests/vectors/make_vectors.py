#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/vectors/data, and section 18 of the specification.

Containers are reproduced byte for byte from the keys in data/keys, which are made only when they
are missing. What each file must give is written down in good_vectors.py and bad_vectors.py; the
reader of svmsref has to agree before anything is written.

  make_vectors.py                    write data/ and section 18
  make_vectors.py --check            compare with what is there, write nothing
  make_vectors.py --worked-example   print section 18
  make_vectors.py --all DIR          write there also those that are not committed
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile

from cryptography import x509

import bad_vectors
import disclosures
import good_stamps
import good_vectors
import package_vectors
import pruned_vectors
import worked_example
import specs
from specs import DATA
from svmsref import build, disclosure, pki, pruned, report, stamps, trust, verifier
from svmsref.errors import ContainerError
from svmsref.primitives import sha256
from svmsref.writer import no_hook

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIFICATION = os.path.join(HERE, "..", "..", "docs", "spec", "container.md")
CA = "keys/ca.pem"
NOW = 1_800_000_000 * specs.SECOND  # when everything is checked
ANY = "?"  # segment of a failure where the specification leaves it open
KEY_NAMES = ("password", "identity", "kek")
OURS = frozenset("svms svmk svmp json txt svmx proof mp4 jpg png".split())  # names of files end so


# ---- keys ----


class Keys:
    """Keys and certificates in data/keys, made when they are missing."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def _once(self, name, make):
        if not os.path.exists(self.path(name)):
            with open(self.path(name), "wb") as file:
                file.write(make())
        with open(self.path(name), "rb") as file:
            return file.read()

    def key(self, name, kind):
        return build.load_private_key(
            self._once(f"{name}.key.pem", lambda: pki.private_pem(pki.new_key(kind)))
        )

    def recipient(self, name, kind):
        key = self.key(name, kind)
        self._once(f"{name}.pub.pem", lambda: pki.public_pem(key))

    def file(self, name, make):
        return self._once(name, make)

    def kek(self, name):
        self._once(f"{name}.key.pem", lambda: pki.kek_pem(os.urandom(48)))

    def certificate(self, name, make):
        return trust.load_anchors(self._once(f"{name}.pem", lambda: pki.certificate_pem(*make())))


def make_authorities(keys):
    """Time stamp authorities."""
    ca_key, key = keys.key("tsa-ca", "p256"), keys.key("tsa", "p256")
    ca = keys.certificate("tsa-ca", lambda: [pki.issue("Time CA", ca_key)])[0]

    def authority(name, kind=key, issuer=ca, issuer_key=ca_key, **more):
        arguments = (name, kind, issuer, issuer_key)
        keys.certificate(name, lambda: [pki.issue_authority(*arguments, **more)])

    authority("tsa")
    authority("tsa-rsa", keys.key("tsa-rsa", "rsa2048"))
    years = (datetime.datetime(2021, 1, 1), datetime.datetime(2022, 12, 31))
    authority("tsa-2021", period=years)
    authority("tsa-usage", usages=[x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH])
    other_key = keys.key("tsa-unknown-ca", "p256")
    other = keys.certificate("tsa-unknown-ca", lambda: [pki.issue("Unknown CA", other_key)])[0]
    authority("tsa-other-ca", issuer=other, issuer_key=other_key)


OPENSSL_CONFIG = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
"""


def openssl_token(imprint, signer):
    """A time stamp token that the program openssl makes, of now."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/serial", "wb") as file:
            file.write(b"01\n")
        with open(f"{folder}/config", "w", encoding="ascii") as file:
            file.write(OPENSSL_CONFIG.format(folder=folder))
        query = ["openssl", "ts", "-query", "-digest", imprint.hex(), "-sha256", "-cert", "-out",
                 f"{folder}/query"]  # fmt: skip
        reply = ["openssl", "ts", "-reply", "-config", f"{folder}/config", "-section", "one",
                 "-queryfile", f"{folder}/query", "-token_out", "-out", f"{folder}/token",
                 "-signer", f"{DATA}/keys/{signer}.pem",
                 "-inkey", f"{DATA}/keys/{signer}.key.pem"]  # fmt: skip
        for command in (query, reply):
            subprocess.run(command, check=True, capture_output=True)
        return build.read_file(folder, "token")


def make_openssl_token(keys):
    """Once, for the container of good_stamps.to_be_stamped()."""
    container, writer = build.build(good_stamps.to_be_stamped(), DATA)
    imprint = sha256(container[writer.end_offset :])
    keys.file("token-openssl.der", lambda: openssl_token(imprint, "tsa-rsa"))


def make_keys():
    keys = Keys(os.path.join(DATA, "keys"))
    ca_key = keys.key("ca", "p256")
    ca = keys.certificate("ca", lambda: [pki.issue("Vectors CA", ca_key)])[0]
    other_key = keys.key("other-ca", "ed25519")
    other = keys.certificate("other-ca", lambda: [pki.issue("Other CA", other_key)])[0]
    between_key = keys.key("intermediate", "p384")
    between = keys.certificate(
        "intermediate", lambda: [pki.issue("Intermediate", between_key, ca, ca_key)]
    )[0]

    def leaf(name, kind, issuer=ca, issuer_key=ca_key, role=2, **more):
        key = keys.key(kind, kind)
        keys.certificate(name, lambda: [pki.issue(name, key, issuer, issuer_key, role, **more)])

    for kind in ("ed25519", "p256", "p384", "rsa2048"):
        leaf(kind, kind)
    leaf("p256-camera", "p256", role=1)
    for kind in ("ed25519", "p256", "rsa2048"):
        leaf(f"{kind}-officer", kind, role=5)
    leaf("ed25519-officer-other-ca", "ed25519", other, other_key, role=5)
    leaf("p256-exporter", "p256", role=3)
    for kind in ("ed25519", "p384", "rsa2048"):
        leaf(f"{kind}-exporter", kind, role=3)
    for kind in ("ed25519", "p256"):
        leaf(f"{kind}-custodian", kind, role=4)
    leaf("ed25519-exporter-other-ca", "ed25519", other, other_key, role=3)
    leaf("ed25519-other-ca", "ed25519", other, other_key)
    year = (datetime.datetime(2021, 1, 1), datetime.datetime(2021, 12, 31))
    leaf("ed25519-2021", "ed25519", period=year)
    leaf("ed25519-exporter-2021", "ed25519", role=3, period=year)
    leaf("p256-custodian-2021", "p256", role=4, period=year)
    key = keys.key("p256", "p256")
    keys.certificate(
        "p256-by-intermediate",
        lambda: [pki.issue("p256-by-intermediate", key, between, between_key, 2), between],
    )
    key = keys.key("p384", "p384")
    keys.certificate(
        "p384-officer-by-intermediate",
        lambda: [pki.issue("p384-officer", key, between, between_key, 5), between],
    )
    key = keys.key("p256", "p256")
    keys.certificate(
        "p256-exporter-by-intermediate",
        lambda: [pki.issue("p256-exporter", key, between, between_key, 3), between],
    )
    for size in (2048, 3072, 4096):
        keys.recipient(f"recipient-rsa{size}", f"rsa{size}")
    keys.kek("kek")
    keys.kek("other-kek")
    make_authorities(keys)
    make_openssl_token(keys)
    keys.recipient("recipient-x25519", "x25519")
    keys.recipient("recipient-p256", "p256")
    keys.recipient("other-x25519", "x25519")


# ---- one vector ----


def landmarks(container, writer):
    """Offsets of the segments, of what follows them, and of the end of the file."""
    offsets, position = [], container.find(b"SVMSSEG1")
    while position >= 0:
        offsets.append(position - 16)
        position = container.find(b"SVMSSEG1", position + 1)
    index = container.rfind(b"SVMSINDX")
    return [*offsets[: writer.next_segment], index - 16, len(container)]


def make_container(entry):
    container, writer = build.build(entry["spec"], DATA, entry.get("hook") or no_hook)
    if "cut" in entry:
        container = container[: entry["cut"](landmarks(container, writer))]
    if "reshape" in entry:
        container = entry["reshape"](container)
    return container, writer


def request_for(expected, with_key):
    request = verifier.Request(trust.load_anchors(build.read_file(DATA, expected["trust"])))
    request.now_utc = NOW
    if "stamp_trust" in expected:
        anchors = build.read_file(DATA, expected["stamp_trust"])
        request.stamp_anchors = trust.load_anchors(anchors)
    if with_key and "password" in expected:
        request.password = expected["password"]
    if with_key and "identity" in expected:
        request.private = build.load_private_key(build.read_file(DATA, expected["identity"]))
    if with_key and "kek" in expected:
        request.kek = build.load_kek(build.read_file(DATA, expected["kek"]))
    return request


def _failure(segment, rule, offset):
    return {"segment": segment, "rule": rule, "offset": offset}


def _add_failure(expected, name, wanted, found):
    """wanted is (segment, rule); the offset is what the reader said, for information."""
    if wanted and found.first_failure:
        expected[name] = _failure(*wanted, found.first_failure.offset)
    elif wanted:
        raise SystemExit(f"{expected['name']}: no failure, wanted {wanted}")


def good_expectation(entry, container):
    spec = entry["spec"]
    expected = {"name": entry["name"], "kind": "good", "note": entry["note"], "trust": CA}
    names = ("verdict", "verdict_with_key", "verdict_claimed_time", *KEY_NAMES, "officer")
    names += ("stamp_trust", "stamps", "attested", "attested_all")
    expected.update({key: entry[key] for key in names if entry.get(key) is not None})
    found = verifier.verify(container, request_for(expected, False))
    segments = entry.get("complete", len(spec["segments"]))
    expected["segments"] = segments
    expected["closed"] = spec.get("close", True) and "cut" not in entry
    expected["closed"] = entry.get("closed", expected["closed"])
    expected["unattested"] = found.unattested
    expected["container"] = report.container_to_json(found.header)
    expected["tracks"] = [report.track_to_json(track) for track in found.header.tracks]
    expected["texts"] = spec.get("description", [])
    samples = build.expected_samples(spec)
    expected["samples"] = [one for one in samples if one["segment"] < segments]
    with_key = verifier.verify(container, request_for(expected, True))
    wanted = entry.get("first_failure_with_key")
    _add_failure(expected, "first_failure_with_key", wanted, with_key)
    return expected


def bad_expectation(entry, container):
    expected = {"name": entry["name"], "kind": "bad", "note": entry["note"], "trust": CA}
    names = ("verdict", "verdict_with_key", *KEY_NAMES)
    expected.update({key: entry[key] for key in names if entry.get(key) is not None})
    found = verifier.verify(container, request_for(expected, False))
    with_key = verifier.verify(container, request_for(expected, True))
    wanted = (entry.get("segment"), entry["rule"])
    if entry["verdict"] != "authentic":
        _add_failure(expected, "first_failure", wanted, found)
    if "verdict_with_key" in entry:
        # A damaged slot is named first, though the verdict is then that no stanza opens.
        second = (entry.get("segment_with_key"), entry["rule"])
        if entry["verdict"] == "incomplete" and entry["verdict_with_key"] == "undecryptable":
            second = (None, "C-KEY-2")
        _add_failure(expected, "first_failure_with_key", second, with_key)
    if entry["verdict"] not in ("malformed", "unsupported"):
        expected["segments_verified"] = len(found.segments)
    return expected


def compare_stamps(expected, found, compare):
    compare("stamps", expected["stamps"], [
        len(found.stamps), sum(one.valid for one in found.stamps)])
    last = max((min(one.covers, len(found.segments) - 1) for one in found.stamps if one.valid),
               default=-1)  # fmt: skip
    attested = None if last < 0 else (last, stamps.attested_at(found.stamps, last))
    compare("attested", expected.get("attested"), attested)
    everything = stamps.attested_at(found.stamps, stamps.EVERYTHING)
    compare("attested_all", expected.get("attested_all"), everything)


def disagreements(expected, container):
    """Where the reader of svmsref sees it differently; empty when all is well."""
    problems = []

    def compare(what, wanted, found):
        if wanted != found:
            problems.append(f"{expected['name']}: {what}: wanted {wanted}, found {found}")

    def compare_failure(name, found):
        wanted, seen = expected.get(name), found.first_failure
        number = wanted and wanted["segment"]
        compare(
            name,
            wanted and (number, wanted["rule"]),
            seen and (ANY if number == ANY else seen.segment, seen.rule),
        )

    found = verifier.verify(container, request_for(expected, False))
    compare("verdict", expected["verdict"], found.verdict)
    compare_failure("first_failure", found)
    if "verdict_claimed_time" in expected:
        request = request_for(expected, False)
        request.claimed_time = True
        verdict = verifier.verify(container, request).verdict
        compare("verdict_claimed_time", expected["verdict_claimed_time"], verdict)
    opened = verifier.verify(container, request_for(expected, True))
    compare("verdict_with_key", expected.get("verdict_with_key", expected["verdict"]),
            opened.verdict)
    if any(name in expected for name in KEY_NAMES):
        name = "first_failure_with_key" if "verdict_with_key" in expected else "first_failure"
        compare_failure(name, opened)
    if expected["kind"] == "good":
        compare("segments", expected["segments"], len(found.segments))
        compare("closed", expected["closed"], found.closed)
        if "stamps" in expected:
            compare_stamps(expected, found, compare)
        compare("officer", expected.get("officer", "none"), found.officer)
        samples = [
            {key: getattr(one, key) for key in report.SAMPLE_KEYS} for one in opened.samples
        ]
        if expected.get("verdict_with_key") == "undecryptable":
            samples = [{**one, "sha256": None} for one in expected["samples"]] and [
                {**one, "sha256": two["sha256"]} for one, two in zip(samples, expected["samples"])
            ]
        compare("samples", expected["samples"], samples)
        if "verdict_with_key" not in expected and expected["closed"]:
            texts = [list(text) for text in opened.description or []]
            compare("texts", [list(text) for text in expected["texts"]], texts)
    return problems


# ---- all of them ----


def dense_json(expected):
    """One member a line, samples and the like within a line."""
    dense = {"separators": (",", ":")}
    pairs = [f'"{key}":{json.dumps(value, **dense)}' for key, value in expected.items()]
    return ("{" + ",\n".join(pairs) + "}\n").encode()


def disclosure_expectation(entry, container):
    """What must come of a container with a disclosure in place of a key."""
    expected = {"name": entry["name"], "note": entry["note"], "of": entry["of"], "trust": CA}
    expected["verdict"] = entry["verdict"]
    if "rule" in entry:
        expected["first_failure"] = _failure(entry["segment"], entry["rule"], 0)
    spec = container["entry"]["spec"]
    complete = container["entry"].get("complete", len(spec["segments"]))
    opened = set(entry.get("opens", entry["wanted"]))
    if entry["verdict"] in ("malformed", "unsupported", "undecryptable"):
        return expected
    clear = {number for number, one in enumerate(spec["tracks"]) if one["protection"] == "none"}
    expected["samples"] = [
        one for one in build.expected_samples(spec) if one["segment"] < complete
        and (one["track"] in clear or (one["segment"], one["track"]) in opened)
    ]  # fmt: skip
    return expected


def disclosure_disagreements(expected, data, container):
    request = request_for(expected, False)
    try:
        request.disclosure = disclosure.parse(data)
    except ContainerError as error:
        found = (error.kind, None, error.rule)
    else:
        seen = verifier.verify(container, request)
        failure = seen.first_failure
        found = (seen.verdict, failure and failure.segment, failure and failure.rule)
        samples = [
            {key: getattr(one, key) for key in report.SAMPLE_KEYS}
            for one in seen.samples
            if one.sha256 is not None
        ]
        if "samples" in expected and samples != expected["samples"]:
            return [f"{expected['name']}: other samples than wanted"]
    failure = expected.get("first_failure", {})
    wanted = (expected["verdict"], failure.get("segment"), failure.get("rule"))
    return [] if found == wanted else [f"{expected['name']}: wanted {wanted}, found {found}"]


def disclosure_files(containers):
    """({name: bytes}, problems) of the disclosure files; containers by name."""
    files, problems = {}, []
    for entry in disclosures.all_disclosures():
        of = containers[entry["of"]]
        data = disclosures.pack(entry, of["writer"])
        expected = disclosure_expectation(entry, of)
        problems += disclosure_disagreements(expected, data, of["data"])
        name = entry["name"]
        files[f"{name}.svmk"], files[f"{name}.json"] = data, dense_json(expected)
        lines = report.expectation_to_lines(expected)
        files[f"{name}.txt"] = ("\n".join(lines) + "\n").encode()
    return files, problems


PRUNED_FIELDS = ("sequence", "segments", "first_utc", "last_utc", "removed_utc", "bytes", "reason")


def pruned_expectation(entry):
    expected = {"name": entry["name"], "note": entry["note"], "trust": CA}
    expected["verdict"] = entry["verdict"]
    if "verdict_claimed_time" in entry:
        expected["verdict_claimed_time"] = entry["verdict_claimed_time"]
    if entry["rule"]:
        expected["rule"] = entry["rule"]
    else:
        record = entry["record"]
        names = ("recording_id", "container_id", "last_manifest")
        expected["pruned"] = {name: getattr(record, name).hex() for name in names}
        expected["pruned"].update({name: getattr(record, name) for name in PRUNED_FIELDS})
        expected["pruned"]["role"] = entry["signer"]["role"]
    return expected


def pruned_disagreements(expected, entry, data):
    anchors = trust.load_anchors(build.read_file(DATA, CA))
    found = pruned.read(data, anchors, NOW)
    wanted = (expected["verdict"], entry["rule"])
    verdict = found.verdict
    if wanted[0] == "refused" and verdict in ("malformed", "not_authentic"):
        verdict = "refused"
    problems = [] if (verdict, found.rule) == wanted else [(wanted, verdict, found.rule)]
    if not entry["rule"] and found.record != entry["record"]:
        problems.append("other fields")
    claimed = pruned.read(data, anchors, NOW, True).verdict
    if expected.get("verdict_claimed_time", claimed) != claimed:
        problems.append(("claimed time", claimed))
    return [f"{expected['name']}: {problem}" for problem in problems]


def pruned_files():
    """({name: bytes}, problems) of the pruned records."""
    files, problems = {}, []
    for entry in pruned_vectors.all_pruned():
        data, expected = pruned_vectors.make(entry), pruned_expectation(entry)
        problems += pruned_disagreements(expected, entry, data)
        name = entry["name"]
        files[f"{name}.svmp"], files[f"{name}.json"] = data, dense_json(expected)
        lines = report.expectation_to_lines(expected)
        files[f"{name}.txt"] = ("\n".join(lines) + "\n").encode()
    return files, problems


def all_files(extended=False):
    """{name: bytes} of everything in data/ but the keys, and the text of section 18. extended
    adds what is not committed."""
    files, problems, section, containers = {}, [], "", {}
    for kind, module in ((good_expectation, good_vectors), (bad_expectation, bad_vectors)):
        for entry in module.all_vectors():
            container, writer = make_container(entry)
            expected = kind(entry, container)
            problems += disagreements(expected, container)
            name = entry["name"]
            containers[name] = {"entry": entry, "data": container, "writer": writer}
            if name in module.EXTENDED and not extended:
                continue
            files[f"{name}.svms"] = container
            files[f"{name}.json"] = dense_json(expected)
            lines = report.expectation_to_lines(expected)
            files[f"{name}.txt"] = ("\n".join(lines) + "\n").encode()
            if name == "worked-example":
                section = worked_example.section(container, writer, entry["spec"])
    for more, wrong in (disclosure_files(containers), pruned_files()):
        files.update(more)
        problems += wrong
    more, wrong = package_vectors.package_files(extended)
    files.update({f"{package_vectors.FOLDER}/{name}": content for name, content in more.items()})
    problems += wrong
    if problems:
        raise SystemExit("\n".join(problems))
    return files, section


def specification_with(section):
    with open(SPECIFICATION, encoding="utf-8") as file:
        text = file.read()
    before, _, _ = text.partition(worked_example.HEADING)
    return text, before + section


def listed(folder):
    """What lies in the folder, and in that of packages within."""
    inner = os.path.join(folder, package_vectors.FOLDER)
    names = os.listdir(inner) if os.path.isdir(inner) else []
    return os.listdir(folder) + [f"{package_vectors.FOLDER}/{name}" for name in names]


def check(files, section):
    stale = []
    for name, content in files.items():
        path = os.path.join(DATA, name)
        if not os.path.exists(path) or build.read_file(DATA, name) != content:
            stale.append(name)
    known = {*files, "keys", "onvif", "README.md", package_vectors.FOLDER}
    stale += [name for name in listed(DATA) if name not in known]
    text, wanted = specification_with(section)
    if text != wanted:
        stale.append("docs/spec/container.md, section 18")
    for name in stale:
        print(f"not as made: {name}")
    return 1 if stale else 0


def write_files(files, folder):
    os.makedirs(os.path.join(folder, package_vectors.FOLDER), exist_ok=True)
    for name in listed(folder):
        if name not in files and name.rpartition(".")[2] in OURS:
            os.remove(os.path.join(folder, name))
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def write(files, section):
    write_files(files, DATA)
    text, wanted = specification_with(section)
    if text != wanted:
        with open(SPECIFICATION, "w", encoding="utf-8") as file:
            file.write(wanted)
    print(f"{len(files)} files, {sum(len(one) for one in files.values())} bytes")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="compare, write nothing")
    group.add_argument("--worked-example", action="store_true", help="print section 18")
    group.add_argument("--all", metavar="DIR", help="write every vector to another folder")
    args = parser.parse_args()
    if args.all:
        write_files(all_files(True)[0], args.all)
        return 0
    if not args.check and not args.worked_example:
        make_keys()
    files, section = all_files()
    if args.worked_example:
        sys.stdout.write(section)
        return 0
    return check(files, section) if args.check else write(files, section)


if __name__ == "__main__":
    sys.exit(main())
