#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lets the library (through the program svms) and the second implementation judge packages of
each other.

  cross_packages.py SVMS [--mutations N] [--only STEP] [--match GLOB] [--media DIR] [--all]

vectors   every package and proof, also those made at test time, must get its expected verdict
mutants   verdicts of both for damaged packages
exported  what svms exports from containers of svmsref, and what others sign on top, judged by both
films     clear films that svms makes of recorded video, their proofs, and films with a bit flipped

Passwords take their time: without --all most of what svms seals is sealed for a key.

Exit status: 0 all agree, 1 they do not, 77 nothing was checked.
"""

import argparse
import concurrent.futures as futures
import fnmatch
import json
import os
import random
import shutil
import sys
import tempfile
import warnings

import package_vectors
import recipes
from cross_check import CA, EXIT_OF, KEYS, Checker, clips
from faults import flip
from good_signatures import BATCH, DEFERRED, LATE, in_batch, late_by, signed_only
from kit import run
from recipes import PASSWORD, at_ms, by, custodian, mixed, recipe, source, tiny
from specs import clear, strong
from svmsref import build, package, package_report, trust

DATA = package_vectors.DATA


def key_path(name):
    return os.path.join(KEYS, name)


def options_of(checker, expected, with_key):
    """Options of `svms export verify` for a vector."""
    out = ["--trust", os.path.join(DATA, expected["trust"])]
    if "stamp_trust" in expected:
        out += ["--tsa-anchors", os.path.join(DATA, expected["stamp_trust"])]
    if "expect_head" in expected:
        out += ["--expect-head", expected["expect_head"]]
    if with_key and "password" in expected:
        secret = expected["password"].encode() + b"\n"
        return [*out, "--password-file", checker.store(f"password-{secret.hex()}", secret)]
    return out + (checker.key_options(expected) if with_key else [])


def compare(checker, name, expected, status, found):
    """Exit status, and all that the JSON of the vector says."""
    verdict = expected["verdict"]
    lines = []
    if EXIT_OF.get(verdict, 1) != status:
        lines.append(f"exit status: wanted {EXIT_OF.get(verdict, 1)}, found {status}")
    silent = found is None and set(expected) == {"verdict"} and status == 1
    if verdict not in run.WITHOUT_VERDICT and not silent:
        lines += run.differences(expected, found)
    checker.checks += 1
    if lines:
        checker.problems.append(f"{name}: " + "; ".join(lines[:4]) + f" ({reason(found)})")


def reason(found):
    failure = (found or {}).get("first_failure")
    return failure and failure.get("reason")


# ---- vectors ----


def check_vectors(checker, match):
    """As many at once as there are processors."""
    files, problems = package_vectors.package_files(extended=True)
    checker.problems += problems
    for name, content in files.items():
        if not name.endswith(".json"):
            checker.store(name, content)
    asked = list(_questions(checker, files, match))
    with futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        answers = pool.map(lambda one: checker.run_json(*one[2]), asked)
        for (what, wanted, _), answer in zip(asked, answers):
            compare(checker, what, wanted, *answer)


def _questions(checker, files, match):
    """(name, what is wanted, command line)"""
    for name in sorted(files):
        if not name.endswith(".json") or not fnmatch.fnmatch(name[:-5], match):
            continue
        expected = json.loads(files[name])
        path = checker.path(expected["file"])
        keyed = any(one in expected for one in ("password", "identity", "kek"))
        for with_key in (False, True)[: 1 + keyed]:
            wanted = expected["expected"]
            if with_key:
                wanted = expected.get("expected_with_key", wanted)
            command = ["export", "verify", path]
            if "presentation" in expected:
                command = ["verify-proof", checker.path(expected["presentation"]), path]
            what = expected["name"] + (" with key" if with_key else "")
            yield what, wanted, [*command, *options_of(checker, expected, with_key)]


# ---- damage ----


def request(now=False, **more):
    """now: what svms made is judged at the present time, vectors at theirs."""
    anchors = trust.load_anchors(build.read_file(DATA, package_vectors.CA))
    return package.Request(anchors, now_utc=None if now else package_vectors.NOW, **more)


def judge(data, **more):
    report = package.verify(data, request(**more))
    return package_report.report_to_json(report)


def both(checker, name, data, password=None):
    """Verdicts of both, compared in what a damaged file leaves certain."""
    path = checker.store("mutant.svmx", data)
    options = ["--trust", CA]
    if password:
        options += ["--password-file", checker.store("password", password.encode() + b"\n")]
    status, found = checker.run_json("export", "verify", path, *options)
    mine = judge(data, password=password)
    wanted = {"verdict": mine["verdict"]}
    if "sources" in mine:
        rows = mine["sources"]["list"]
        failures = [one["first_failure"] and {"segment": one["first_failure"]["segment"]} for one in rows]
        wanted["sources"] = {"list": [
            {"verdict": one["verdict"], "first_failure": failure}
            for one, failure in zip(rows, failures)]}  # fmt: skip
    compare(checker, name, wanted, status, found)


def mutants(checker, count, _match):
    spec = mixed("bad mixed", 2)
    note = [{"name": "a", "content": b"attached"}]
    found = [
        (recipes.make(recipe("m1", source(spec), links=[by(), custodian()], attachments=note))[0], None),
        (recipes.make(recipe("m2", source(spec), password=PASSWORD, attachments=note))[0], PASSWORD),
        (recipes.make(recipe("m3", source(strong("package strong", 5), at_ms(300), at_ms(500)),
                             links=[by(), custodian()]))[0], None),
    ]  # fmt: skip
    chance = random.Random(7)
    for number in range(count):
        data, password = found[number % len(found)]
        place = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind < 2:
            data = flip(place, 1 << chance.randrange(8))(data)
        elif kind == 2:
            data = data[:place]
        else:
            size = chance.randrange(1, 64)
            data = data[:place] + bytes(size) + data[place + size :]
        both(checker, f"mutant {number} (kind {kind}, byte {place})", data, password)


# ---- what svms exports ----


def containers():
    """(name, spec, period in ms or None)"""
    yield "clear", clear("package clear", 2), None
    yield "middle", clear("package periods", 6), (250, 750)
    yield "first", clear("package periods", 6), (-5000, 350)
    yield "last", clear("package periods", 6), (900, 9000)
    yield "strong", strong("package strong", 5), (300, 500)
    yield "mixed", mixed(), None
    yield "mixed middle", mixed(), (250, 350)
    yield "deferred", clear("package deferred", signed_only(8, 3, 7), critical=DEFERRED, interval=4), (200, 300)
    yield "deferred end", clear("package deferred end", signed_only(4), critical=DEFERRED, interval=8), (200, 300)
    yield "late", clear("package late", critical=LATE, **late_by(6, 2)), (200, 300)
    yield "late behind", clear("package late behind", critical=LATE, **late_by(4, 9)), (100, 200)
    yield "late 30", clear("package late 30", critical=LATE, **late_by(40, 30)), (200, 300)
    yield "batch", clear("package batch", tiny(4, s2={"batch": in_batch(5, 3)}), critical=BATCH), (200, 300)
    yield "open", clear("package open", 4, close=False), (100, 500)
    yield "checkpoints", clear("package checkpoints", tiny(258)), (25600, 25650)
    yield "many", clear("package checkpoints", tiny(258)), None


def moment(milliseconds):
    return package_report._time(at_ms(milliseconds))


SEALED_TOO = ("clear", "strong", "mixed", "mixed middle", "open")
SEALS = ("unsealed", "password", "recipient")


def exported(checker, match, everything):
    signer = ["--signer", key_path("ed25519-exporter.pem"), "--signer-key", key_path("ed25519.key.pem")]
    checker.store("password.package", PASSWORD.encode() + b"\n")
    for name, spec, period in containers():
        if not fnmatch.fnmatch(name, match):
            continue
        path = checker.store("container.svms", recipes.container(spec)[0])
        opens = []
        if "password" in spec:
            secret = checker.store("password.source", spec["password"].encode() + b"\n")
            opens = ["--source-password-file", secret]
        times = ["--from", moment(period[0]), "--to", moment(period[1])] if period else []
        more = [("", [])]
        if name.startswith("mixed"):
            more += [(f" without {one}", ["--without-track", str(one)]) for one in range(3)]
        for what, extra in more:
            for seal in SEALS if everything else sealed_how(name, what):
                one_export(checker, f"{name}{what} {seal}", [
                    "export", "create", path, *times, *signer, "--trust", CA, *opens, *extra],
                    seal)  # fmt: skip


def sealed_how(name, what):
    """Passwords take their time, so most are sealed for a key."""
    if name not in SEALED_TOO:
        return ("unsealed",)
    return ("unsealed", "password" if name == "clear" else "recipient") if not what else ("recipient",)


def sealing(checker, seal):
    """Options of svms that seal, those that open, and what opens for svmsref."""
    if seal == "password":
        option = ["--password-file", checker.path("password.package")]
        return option, option, {"password": PASSWORD}
    if seal == "recipient":
        key = key_path("recipient-x25519.key.pem")
        private = build.load_private_key(build.read_file("", key))
        return ["--recipient", key_path("recipient-x25519.pub.pem")], ["--identity", key], {"private": private}
    return ["--unsealed"], [], {}


def one_export(checker, name, command, seal):
    out = checker.path("exported.svmx")
    if os.path.exists(out):
        os.remove(out)
    seals, opens, key = sealing(checker, seal)
    status, _, err = checker.run(*command, *seals, "--out", out, "--json")
    if not os.path.exists(out):
        checker.problems.append(f"export of {name}: exit status {status}: {err[-300:]!r}")
        return
    countersign = ["export", "countersign", out, "--signer", key_path("p256-custodian.pem"),
                   "--signer-key", key_path("p256.key.pem"), "--note", "taken over"]  # fmt: skip
    judged(checker, name, out, opens, key)
    status, _, err = checker.run(*countersign)
    if status:
        checker.problems.append(f"countersign {name}: exit status {status}: {err[-300:]!r}")
        return
    judged(checker, f"{name}, countersigned", out, opens, key)


def judged(checker, name, out, opens, key):
    """svms's verdict is that of svmsref, with and without the key."""
    with open(out, "rb") as file:
        data = file.read()
    for more, options in (({}, []), (key, opens))[: 1 + bool(key)]:
        mine = judge(data, **more)
        status, found = checker.run_json("export", "verify", out, "--trust", CA, *options)
        wanted = package_vectors.slim(mine, False)
        compare(checker, f"{name}{' with key' if more else ''}", wanted, status, found)
        if mine["verdict"] in ("not_authentic", "undecryptable"):
            checker.problems.append(f"{name}: svmsref calls it {mine['verdict']}: {mine['reason']}")


# ---- films ----


def films(checker, media):
    secret = checker.store("record-password", b"secret\n")
    signer = ["--signer", key_path("ed25519.pem"), "--signer-key", key_path("ed25519.key.pem")]
    for name, path in clips(checker, media).items():
        if not name.endswith(".mp4"):
            continue
        opened = ["--password-file", secret]
        for mode, opens in (("strong", opened), ("light", opened), ("none", [])):
            out = checker.path("recorded.svms")
            checker.run("record", path, "--out", out, "--force", "--protect", mode, *opens, *signer)
            one_film(checker, f"film of {name}, {mode}", out, opens)
        folder = checker.path(f"rotated-{name}")
        for more in (["--start-time", "2026-11-21T10:00:00Z"],
                     ["--start-time", "2026-11-21T10:05:00Z", "--continue"]):  # fmt: skip
            checker.run("record", path, "--out", folder, "--rotate", "2s", "--protect", "none", *signer, *more)
        one_film(checker, f"film of a folder of {name}", folder, [])


def one_film(checker, name, source, opens):
    film, proof = checker.path("film.mp4"), checker.path("film.proof")
    for old in (film, proof):
        if os.path.exists(old):
            os.remove(old)
    signer = ["--signer", key_path("p256-exporter.pem"), "--signer-key", key_path("p256.key.pem")]
    status, _, err = checker.run("export", "mp4", source, "--out", film, "--proof", proof,
                                 *opens, *signer, "--trust", CA)  # fmt: skip
    if status:
        checker.problems.append(f"{name}: {err[-300:]!r}")
        return
    film_judged(checker, name, film, proof)


def film_judged(checker, name, film, proof):
    with open(film, "rb") as file:
        data = file.read()
    with open(proof, "rb") as file:
        evidence = file.read()
    chance = random.Random(len(data))
    places = [None] + [chance.randrange(len(data) // 4, len(data) // 2) for _ in range(3)]
    for place in places:
        shown = data if place is None else flip(place)(data)
        report = package.verify(evidence, request(presentation=shown, now=True))
        mine = package_vectors.slim(package_report.report_to_json(report), False)
        path = checker.store("shown.mp4", shown)
        status, found = checker.run_json("verify-proof", path, proof, "--trust", CA)
        compare(checker, f"{name}, bit {place}", mine, status, found)
        if place is None and mine["verdict"] != "authentic":
            checker.problems.append(f"{name}: svmsref calls it {mine['verdict']}")


STEPS = ("vectors", "mutants", "exported", "films")


def no_films(checker, media):
    print(f"cross_packages: no films, for there are no clips in {media}", file=sys.stderr)


def run_steps(args):
    """Vectors, then everything else at the same time; a Checker for each."""
    folder = tempfile.mkdtemp()
    with_clips = os.path.isdir(args.media or "")
    steps = {
        "vectors": lambda one: check_vectors(one, args.match),
        "mutants": lambda one: mutants(one, args.mutations, args.match),
        "exported": lambda one: exported(one, args.match, args.all),
        "films": lambda one: (films if with_clips else no_films)(one, args.media),
    }
    checkers = {name: Checker(args.program, folder) for name in steps if args.only in (None, name)}
    try:
        if "vectors" in checkers:
            steps["vectors"](checkers["vectors"])
        with futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            others = [pool.submit(steps[name], one) for name, one in checkers.items() if name != "vectors"]
            for one in others:
                one.result()
    finally:
        shutil.rmtree(folder)
    return list(checkers.values())


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("program", metavar="SVMS")
    parser.add_argument("--mutations", type=int, default=int(os.environ.get("SVMS_MUTATIONS", 300)))
    parser.add_argument("--only", choices=STEPS)
    parser.add_argument("--media", metavar="DIR", help="clips for films")
    parser.add_argument("--all", action="store_true", help="every variant of what svms exports")
    parser.add_argument("--match", default="*", help="names of vectors or containers")
    args = parser.parse_args()
    checkers = run_steps(args)
    for one in checkers:
        for problem in one.problems:
            print(problem)
    checks, problems = (sum(counts) for counts in zip(*((one.checks, len(one.problems)) for one in checkers)))
    print(f"{checks} checks, {problems} problems")
    if not checks:
        return 77
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
