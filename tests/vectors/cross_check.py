#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lets the library (through the program svms) and the second implementation check each other.

  cross_check.py SVMS [--media DIR] [--mutations N] [--only STEP]

vectors   every vector, also those made at test time, must get its expected verdict
kinds     disclosures, changed recipients, officers and pruned records, each made by svms
written   larger containers that svmsref writes, which svms must call authentic and open
ranges    verdicts of both for ranges of time
mutants   verdicts of both for damaged containers
recorded  what svms records from video, opened by svmsref, must be what FFmpeg reads

Exit status: 0 all agree, 1 they do not, 77 nothing was checked.
"""

import argparse
import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import cross_kinds
import faults
import good_signatures as kinds
import good_vectors as good
import make_vectors
import test_self
from svmsref import build, trust, verifier

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from program_choice import program_for  # pylint: disable=wrong-import-position

KEYS = os.path.join(make_vectors.DATA, "keys")
CA = os.path.join(KEYS, "ca.pem")
EXIT_OF = {"authentic": 0, "malformed": 4, "unsupported": 4}
TIMEOUT = 120


class Checker:
    """Runs svms and counts what does not agree."""

    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = folder
        self.checks = 0
        self.problems = []
        self.notes = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def store(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def run(self, *arguments):
        """(exit status, standard output, standard error)"""
        command = [program_for(self.program, arguments), *arguments]
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False)
        if done.returncode < 0 or b"Sanitizer" in done.stderr:
            self.problems.append(f"crash of {' '.join(command)}: {done.stderr[-2000:]!r}")
        return done.returncode, done.stdout, done.stderr

    def run_json(self, *arguments):
        """(exit status, parsed output or None)"""
        status, out, _ = self.run(*arguments, "--json")
        try:
            return status, json.loads(out) if out.strip() else None
        except ValueError:
            self.problems.append(f"{arguments}: output is not JSON: {out[:200]!r}")
            return status, None

    def compare(self, what, wanted, found):
        self.checks += 1
        if wanted != found:
            self.problems.append(f"{what}: wanted {wanted}, svms says {found}")
        return wanted == found

    def note(self, what, wanted, found):
        """A difference that the specification leaves open."""
        if wanted != found:
            self.notes.append(f"{what}: svmsref {wanted}, svms {found}")

    def verify(self, path, *options):
        return self.run_json("verify", path, "--trust", CA, *options)

    def key_options(self, expected):
        """Options that hand over the key of a vector."""
        if "identity" in expected:
            return ["--identity", os.path.join(make_vectors.DATA, expected["identity"])]
        if "kek" in expected:
            return ["--kek", os.path.join(make_vectors.DATA, expected["kek"])]
        if "password" in expected:
            path = self.store("password", expected["password"].encode() + b"\n")
            return ["--password-file", path]
        return []

    def compare_verdict(self, name, verdict, status, found):
        """Exit status and, where a report can be expected, its verdict."""
        same = self.compare(f"{name}: exit status", EXIT_OF.get(verdict, 1), status)
        if verdict not in ("malformed", "unsupported"):
            found_verdict = found and found.get("verdict")
            same = self.compare(f"{name}: verdict", verdict, found_verdict) and same
        return same


def failing_segment(found):
    failure = found and found.get("first_failure")
    return failure and failure["segment"]


# ---- vectors ----


def check_vectors(checker):
    files, _ = make_vectors.all_files(extended=True)
    committed = make_vectors.DATA
    for name in sorted(files):
        if not name.endswith(".json"):
            continue
        expected = json.loads(files[name])
        base = name.removesuffix(".json")
        if f"{base}.svms" not in files:
            continue
        path = os.path.join(committed, f"{base}.svms")
        if not os.path.exists(path):
            path = checker.store(f"{base}.svms", files[f"{base}.svms"])
        check_vector(checker, path, expected)


def needs_stamps(expected):
    """Does the verdict depend on time stamps, whose authorities svms cannot be told?"""
    return "stamp_trust" in expected and expected["name"].startswith(("good-expired", "good-fut"))


def check_vector(checker, path, expected):
    name = expected["name"]
    if needs_stamps(expected):
        checker.note(f"{name}: needs anchors of time stamp authorities", "checked", "not checked")
        return
    status, found = checker.verify(path)
    checker.compare_verdict(name, expected["verdict"], status, found)
    compare_failure(checker, name, expected, "first_failure", found)
    if "verdict_claimed_time" in expected:
        status, claimed = checker.verify(path, "--accept-claimed-time")
        what = f"{name} (claimed time)"
        checker.compare_verdict(what, expected["verdict_claimed_time"], status, claimed)
    options = checker.key_options(expected)
    if options and expected["verdict"] not in ("malformed", "unsupported"):
        status, opened = checker.verify(path, *options)
        verdict = expected.get("verdict_with_key", expected["verdict"])
        checker.compare_verdict(f"{name} (with key)", verdict, status, opened)
        which = "first_failure_with_key" if "verdict_with_key" in expected else "first_failure"
        compare_failure(checker, f"{name} (with key)", expected, which, opened)
    if expected["kind"] == "good":
        compare_coverage(checker, expected, found)
        check_info(checker, path, expected, options)


def compare_failure(checker, name, expected, key, found):
    wanted = expected.get(key)
    if wanted is None or found is None:
        return
    if wanted["segment"] == make_vectors.ANY:
        return
    checker.compare(f"{name}: failing segment", wanted["segment"], failing_segment(found))
    failure = found["first_failure"]
    if failure:
        checker.note(f"{name}: offset ({failure['reason']})", wanted["offset"], failure["offset"])


def compare_coverage(checker, expected, found):
    if not found:
        return
    coverage, name = found["coverage"], expected["name"]
    wanted = {
        "closed": expected["closed"],
        "segments_verified": expected["segments"],
        "segments_failed": 0,
        "samples_verified": len(expected["samples"]),
        "unattested_bytes": expected["unattested"],
    }
    for key, value in wanted.items():
        checker.compare(f"{name}: coverage.{key}", value, coverage[key])


def check_info(checker, path, expected, options):
    opens = options and expected.get("verdict_with_key") != "undecryptable"
    status, found = checker.run_json("info", path, *(options if opens else []))
    name = expected["name"]
    if not checker.compare(f"{name}: exit status of info", 0, status) or not found:
        return
    container = expected["container"]
    link = container["previous"]
    wanted = {
        "container_id": container["id"],
        "recording_id": container["recording_id"],
        "sequence": container["sequence"],
        "device_id": container["device_id"],
        "previous_container_id": link and link["container_id"],
        "closed": expected["closed"],
        "software": container["software"],
    }
    if opens or not options:
        names = [text for kind, text in expected["texts"] if kind == 1]
        wanted["device_name"] = names[0] if names else None
    if expected["closed"] and expected["unattested"]:
        del wanted["closed"]  # a hint; info looks for the tail at the very end only
    for key, value in wanted.items():
        checker.compare(f"{name}: info.{key}", value, found[key])
    checker.compare(f"{name}: role", container["role"], found["signer"]["role"])
    checker.compare(f"{name}: number of tracks", len(expected["tracks"]), len(found["tracks"]))
    for track, other in zip(expected["tracks"], found["tracks"]):
        for key in ("kind", "protection", "width", "height", "sample_rate", "channels"):
            checker.compare(f"{name}: track {track['number']} {key}", track[key], other[key])
        base = [other["time_base"]["num"], other["time_base"]["den"]]
        checker.compare(f"{name}: time base", track["timebase"], base)


# ---- containers written at test time ----


def written_specs():
    """(name, description) of containers that are too large to be committed."""
    million = 1048576
    ranges = [[1, million], [million + 10, 1000], [2 * million + 2, 3]]
    for protection in ("strong", "light", "none"):
        samples = [
            {"dts": 0, "size": 2 * million + 5, "flags": 1},
            {"dts": 9000, "size": million},
            {"dts": 18000, "size": million + 1},
        ]
        if protection == "light":
            samples[0]["ranges"] = ranges
        tracks = [good.track(good.VIDEO, protection)]
        yield f"chunks-{protection}", good.strong(
            f"chunks {protection}", [{"samples": samples}], tracks=tracks, with_keys=True
        )
    for count in (255, 256, 257, 513):
        segments = [{"samples": good.pictures(number, 1, 3)} for number in range(count)]
        yield f"segments-{count}", good.strong(f"segments {count}", segments)
    many = [{"dts": number * 100, "size": 2, "flags": number == 0} for number in range(16384)]
    yield "samples-16384", good.clear("16384", [{"samples": many}], signer=good.signer("p256"))
    ranged = [{"dts": 0, "size": 2048, "flags": 1, "ranges": [[8 * n, 7] for n in range(256)]}]
    yield "ranges-256", good.strong(
        "256 ranges", [{"samples": ranged}], tracks=[good.track(good.VIDEO, "light")]
    )
    yield from written_signatures()
    config = [good.track(good.VIDEO, config="ab" * 65536)]
    yield "config-65536", good.clear("config", tracks=config)


def written_signatures():
    """Signatures as seldom, as late and as many in a batch as may be."""
    name = "deferred-64"
    yield name, good.clear(name, kinds.signed_only(130, 63, 127), critical=1, interval=64)
    name = "late-64-behind"
    yield name, good.clear(name, critical=2, **kinds.late_by(70, 64))
    name = "unattested-128"
    yield name, good.clear(name, kinds.signed_only(128), critical=3, interval=2)
    name = "unattested-129"  # one too many (C-LIM-1)
    yield name, good.clear(name, kinds.signed_only(129), critical=3, interval=2)
    name = "batch-1000"
    found = kinds.segments(3, s1={"batch": kinds.in_batch(1000, 777)})
    yield name, good.clear(name, found, critical=4, signer=good.signer("p384"))
    name = "batch-late-index"
    segments = kinds.signed_only(260, 127, 193, 259)
    segments[258]["late"] = [[number, kinds.in_batch(70, 3, range(190, 250))]
                             for number in range(194, 250)]  # fmt: skip
    yield name, good.strong(name, segments, critical=7, interval=9)


def check_written(checker):
    for name, spec in written_specs():
        container, _ = build.build(spec, make_vectors.DATA)
        path = checker.store(f"{name}.svms", container)
        own = verifier.verify(container, own_request(spec.get("password")))
        wanted = "not_authentic" if name == "unattested-129" else "authentic"
        checker.compare(f"{name}: svmsref itself", wanted, own.verdict)
        status, found = checker.verify(path, *checker.key_options(spec))
        if checker.compare_verdict(name, wanted, status, found) and wanted == "authentic":
            checker.compare(f"{name}: samples", len(own.samples),
                            found["coverage"]["samples_verified"])
            checker.compare(f"{name}: access", "clear" if "password" not in spec else "opened",
                            found["access"]["verdict"])
        os.remove(path)


def own_request(password=None, private=None, ca=CA):
    anchors = trust.load_anchors(build.read_file("", ca))
    return verifier.Request(anchors, password=password, private=private)


# ---- ranges ----


def rfc3339(utc):
    moment = datetime.datetime.utcfromtimestamp(utc // 10**9)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{utc % 10**9:09d}Z"


def range_cases():
    """Containers whose segments wait for a signature."""
    deferred = good.clear("ranges deferred", kinds.signed_only(6, 2), critical=1, interval=4)
    yield "deferred", build.build(deferred, make_vectors.DATA)[0]
    late = good.strong("ranges late", critical=2, **kinds.late_by(6, 2))
    yield "late", build.build(late, make_vectors.DATA)[0]
    yield "deferred, open", build.build({**deferred, "close": False}, make_vectors.DATA)[0]


def check_ranges(checker):
    spec = good.strong("ranges", 6)
    spec["segments"][4]["samples"][0]["utc"] = good.T0 + 3 * good.SECOND
    spec["segments"][5]["samples"][0]["utc"] = good.T0 + 4 * good.SECOND
    data, written = build.build(spec, make_vectors.DATA)
    marks = make_vectors.landmarks(data, written)
    flipped = faults.flip(marks[2] + 150)(data)
    cases = [("whole", data), ("open", data[: marks[5] + 40]), ("flipped", flipped)]
    cases += list(range_cases())
    step = 50_000_000
    times = [good.T0 + step * n for n in (-4, 0, 3, 4, 7, 8, 9, 12, 20, 58, 61, 70, 81, 90)]
    for name, container in cases:
        path = checker.store(f"range-{name}.svms", container)
        own = verifier.verify(container, own_request())
        for place, start in enumerate(times):
            for stop in times[place + 1 :]:
                wanted = verifier.range_verdict(own, start, stop)
                options = ["--from", rfc3339(start), "--to", rfc3339(stop)]
                _, found = checker.verify(path, *options)
                what = f"{name}, {(start - good.T0) / 1e9} s to {(stop - good.T0) / 1e9} s"
                checker.compare(what, wanted, found and found["verdict"])


# ---- mutants ----


def _nothing_readable(own):
    """svms exits with 4 instead of 1 when nothing after the header can be read."""
    return own.verdict == "not_authentic" and not own.segments


def mutant_bases():
    """(container, password) of what is damaged."""
    yield test_self.small()[0], good.PASSWORD
    opened = ("mixed", "light", "description", "deferred-strong", "officer-trusted", "zero-strong")
    others = ("unsigned", "signed-p256", "gaps", "deferred", "late-two", "late-deferred",
              "batch-late", "evidence-several", "trailer-evidence", "zero-many",
              "deferred-open")  # fmt: skip
    for name in opened + others:
        data = build.read_file(make_vectors.DATA, f"good-{name}.svms")
        yield data, good.PASSWORD if name in opened else None


def check_mutants(checker, count):
    source = random.Random(1709)
    bases = list(mutant_bases())
    for number in range(count):
        data, password = bases[number % len(bases)]
        mutant = test_self.mutate(data, source)
        if mutant != data:
            check_mutant(checker, f"mutant {number}", mutant, None)
            if password:
                check_mutant(checker, f"mutant {number} (with key)", mutant, password)


def check_mutant(checker, name, mutant, password):
    path = checker.store("mutant.svms", mutant)
    own = verifier.verify(mutant, own_request(password))
    options = checker.key_options({"password": password}) if password else []
    status, found = checker.verify(path, *options)
    if status == 4 and _nothing_readable(own):
        status = 1
    same = checker.compare_verdict(name, own.verdict, status, found)
    if same and found and own.verdict == "not_authentic":
        segment, what = own.first_failure.segment, f"{name}: failing segment"
        if own.header.critical:
            # Which of several segments a signature that is late or missing speaks against is not
            # always said by the specification.
            checker.note(what, segment, failing_segment(found))
        else:
            same = checker.compare(what, segment, failing_segment(found))
    if not same:
        kept = name.replace(" ", "-") + ".svms"
        shutil.copy(path, checker.path(kept))
        reason = own.first_failure and own.first_failure.args[0]
        seen = found and found.get("first_failure")
        checker.problems[-1] += f" [{kept}; svmsref: {reason}; svms: {seen}]"


# ---- recorded video ----


def ffmpeg(*arguments):
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments]
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=True).stdout


def clips(checker, media):
    """Short clips, {name: path}."""
    found = {}
    names = sorted(os.listdir(media)) if media and os.path.isdir(media) else []
    for name in names:
        path = checker.path(f"clip-{name}")
        ffmpeg("-i", os.path.join(media, name), "-t", "5", "-c", "copy", path)
        found[name] = path
    if not found:
        print("cross_check: no shared clips; a synthetic scene stands in", file=sys.stderr)
        path = checker.path("clip-synthetic.mkv")
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=5", "-c:v", "mjpeg",
               "-q:v", "5", path)
        found["synthetic.mkv"] = path
    return found


def packets(path):
    """Packets as FFmpeg reads them: {stream: [(dts, pts, size, sha256)]} and time bases."""
    out = ffmpeg("-copyts", "-i", path, "-map", "0", "-c", "copy", "-f", "framehash",
                 "-hash", "sha256", "-")  # fmt: skip
    found, bases = {}, {}
    for line in out.decode().splitlines():
        if line.startswith("#tb"):
            stream, _, base = line[3:].partition(":")
            bases[int(stream)] = [int(part) for part in base.strip().split("/")]
        if line.startswith("#") or not line.strip():
            continue
        words = [word.strip() for word in line.split(",")]
        packet = (int(words[1]), int(words[2]), int(words[4]), words[5])
        found.setdefault(int(words[0]), []).append(packet)
    return found, bases


def recording_cases(every=True):
    """(name, options for svms record, how svmsref opens it); some of them, or every one."""
    password, x25519, p256 = ("--password-file", "PASSWORD"), "recipient-x25519", "recipient-p256"
    for protection in ("strong", "light"):
        mode = ["--protect", protection]
        yield f"{protection}-password", [*mode, *password], {"password": True}
        for key in (x25519, p256):
            options = [*mode, "--recipient", os.path.join(KEYS, f"{key}.pub.pem")]
            yield f"{protection}-{key}", options, {"identity": key}
    both = ["--recipient", os.path.join(KEYS, f"{x25519}.pub.pem"),
            "--recipient", os.path.join(KEYS, f"{p256}.pub.pem"), *password]  # fmt: skip
    yield "strong-all", both, {"identity": p256}
    yield "none", ["--protect", "none"], {}
    if not every:
        return
    yield "deferred", ["--sign-every", "4", *password], {"password": True}
    yield "late", ["--late-signatures", *password], {"password": True}
    yield "late-deferred", ["--late-signatures", "--sign-every", "3", *password], {
        "password": True}
    for key in ("recipient-rsa2048", "recipient-rsa4096"):
        options = ["--recipient", os.path.join(KEYS, f"{key}.pub.pem")]
        yield key, options, {"identity": key}
    yield "kek", ["--kek", os.path.join(KEYS, "kek.key.pem")], {"kek": "kek"}


def check_recorded(checker, media):
    secret = "pass wörd of the test"
    password = checker.store("record-password", secret.encode() + b"\n")
    sources = clips(checker, media)
    for number, (clip, path) in enumerate(sources.items()):
        wanted = packets(path)
        for case, options, opener in recording_cases(every=number == 0):
            signers = ("ed25519", "p256", "p384", "rsa2048")
            needs_signer = "--sign-every" in options or "--late-signatures" in options
            for signer in (signers[number % 4],) if needs_signer else (signers[number % 4], None):
                name = f"{clip}, {case}, {signer or 'unsigned'}"
                check_recording(checker, name, path, wanted, options, opener, signer,
                                password, secret)  # fmt: skip


def check_recording(checker, name, clip, wanted, options, opener, signer, password, secret):
    out = checker.path("recorded.svms")
    options = [password if one == "PASSWORD" else one for one in options]
    identity = ["--unsigned"]
    if signer:
        identity = ["--signer", os.path.join(KEYS, f"{signer}.pem"),
                    "--signer-key", os.path.join(KEYS, f"{signer}.key.pem")]  # fmt: skip
    device = ["--device", "front door"]
    status, _, stderr = checker.run("record", clip, "--out", out, "--force", *options, *identity,
                                    *device, "--start-time", "2023-11-14T22:13:20Z")  # fmt: skip
    if not checker.compare(f"{name}: exit status of record", 0, status):
        checker.problems[-1] += f" ({stderr[-300:]!r})"
        return
    private = None
    if "identity" in opener:
        private = build.load_private_key(build.read_file(KEYS, f"{opener['identity']}.key.pem"))
    request = own_request(secret if "password" in opener else None, private)
    if "kek" in opener:
        request.kek = build.load_kek(build.read_file(KEYS, f"{opener['kek']}.key.pem"))
    with open(out, "rb") as file:
        own = verifier.verify(file.read(), request)
    verdict = "authentic" if signer else "untrusted"
    if not checker.compare(f"{name}: verdict of svmsref", verdict, own.verdict):
        checker.problems[-1] += f" ({own.first_failure})"
        return
    status, found = checker.verify(out)
    checker.compare_verdict(name, verdict, status, found)
    checker.compare(f"{name}: device name", [(1, "front door")], own.description)
    compare_packets(checker, name, own, *wanted)


def compare_packets(checker, name, own, streams, bases):
    tracks = own.header.tracks
    checker.compare(f"{name}: number of tracks", len(streams), len(tracks))
    for track in tracks:
        stored = [one for one in own.samples if one.track == track.number]
        read = streams.get(track.number, [])
        checker.compare(f"{name}: track {track.number}, number of samples", len(read), len(stored))
        wanted = [(size, digest) for _, _, size, digest in read]
        same = wanted == [(one.size, one.sha256) for one in stored]
        checker.compare(f"{name}: track {track.number}, bytes of the samples", True, same)
        base = bases[track.number]
        if stored and read and base == [track.numerator, track.denominator]:
            shift = stored[0].dts - read[0][0]
            wanted = [(dts + shift, pts + shift) for dts, pts, _, _ in read]
            same = wanted == [(one.dts, one.pts) for one in stored]
            checker.compare(f"{name}: track {track.number}, times", True, same)
        else:
            checker.note(f"{name}: time base of track {track.number}", base,
                         [track.numerator, track.denominator])


# ---- all ----


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("program", metavar="SVMS", help="path of the program svms")
    here = os.path.dirname(os.path.abspath(__file__))
    shared = os.path.join(here, "..", "..", "..", "shared", "media")
    parser.add_argument("--media", default=shared, metavar="DIR", help="folder with video clips")
    parser.add_argument("--mutations", type=int, default=200, metavar="N")
    names = ("vectors", "kinds", "written", "ranges", "mutants", "recorded")
    parser.add_argument("--only", choices=names, action="append")
    parser.add_argument("--notes", action="store_true", help="print tolerated differences too")
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    args = parser.parse_args()
    if not os.access(args.program, os.X_OK):
        print(f"cross_check: {args.program} does not exist", file=sys.stderr)
        return 77
    folder = tempfile.mkdtemp(prefix="svms-cross-")
    checker = Checker(args.program, folder)
    steps = {
        "vectors": lambda: check_vectors(checker),
        "kinds": lambda: cross_kinds.check_kinds(checker),
        "written": lambda: check_written(checker),
        "ranges": lambda: check_ranges(checker),
        "mutants": lambda: check_mutants(checker, args.mutations),
        "recorded": lambda: check_recorded(checker, args.media),
    }
    for name in args.only or names:
        before, wrong = checker.checks, len(checker.problems)
        steps[name]()
        print(f"{name}: {checker.checks - before} checks, {len(checker.problems) - wrong} differ")
    for problem in checker.problems:
        print(f"  {problem}")
    if args.notes:
        for note in checker.notes:
            print(f"  note: {note}")
    if args.keep:
        print(f"working folder: {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if checker.problems else 0


if __name__ == "__main__":
    sys.exit(main())
