#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a verifier over the conformance kit and compares its verdicts with the expected ones.

  run.py [--class C] [--only GLOB] [--verbose] -- PROGRAM WORD...

Words may hold {file} {trust} {stamp_trust} {password_file} {identity} {kek} {head} {presentation}.
A word whose value a case does not have is left out, together with the option before it.
{command:A|B|C} becomes A for containers, B for packages and C for proofs; spaces split it.

Exit status: 0 all agree, 1 they do not, 2 wrong use.
"""

import argparse
import concurrent.futures as futures
import datetime
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = ("container", "package", "proof")
WITHOUT_VERDICT = ("malformed", "unsupported")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
KEYS = ("password_file", "identity", "kek")


# ---- comparing ----


def instant(text):
    """Milliseconds, so that only the moment counts and not how it is written."""
    whole, _, fraction = text[:-1].partition(".")
    moment = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    seconds = (moment - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1)
    return seconds * 1000 + int(fraction[:3].ljust(3, "0") or 0)


def differences(wanted, found, where=""):
    """Where found lacks or contradicts what is wanted; what it says besides does not matter."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [f"{where or 'output'}: an object is wanted, found {found!r}"]
        return [
            line
            for name, value in wanted.items()
            for line in differences(value, found.get(name), f"{where}.{name}".lstrip("."))
        ]
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return [f"{where}: {len(wanted)} entries are wanted, found {found!r}"]
        pairs = enumerate(zip(wanted, found))
        return [line for n, (a, b) in pairs for line in differences(a, b, f"{where}[{n}]")]
    both = isinstance(wanted, str) and isinstance(found, str)
    if both and TIME.fullmatch(wanted) and TIME.fullmatch(found):
        same = instant(wanted) == instant(found)
    else:
        same = wanted == found
    return [] if same else [f"{where}: wanted {wanted!r}, found {found!r}"]


# ---- running ----


def expand(words, values, kind):
    """The command line, or None when a word is wrong."""
    out = []
    for word in words:
        choice = re.fullmatch(r"\{command:(.*)\}", word)
        if choice:
            out += choice[1].split("|")[CLASSES.index(kind)].split()
            continue
        names = re.findall(r"\{(\w+)\}", word)
        if any(values.get(name) is None for name in names):
            if out and out[-1].startswith("-") and word.startswith("{"):
                out.pop()
            continue
        out.append(re.sub(r"\{(\w+)\}", lambda found: values[found[1]], word))
    return out


class Runner:
    """One pass over the cases."""

    def __init__(self, words, folder, verbose):
        self.words = words
        self.folder = folder
        self.verbose = verbose
        self.checks = 0
        self.wrong = []

    def _values(self, case, with_key):
        def path(name):
            return os.path.normpath(os.path.join(HERE, case[name])) if name in case else None

        values = {name: path(name) for name in ("file", "trust", "stamp_trust", "presentation")}
        values["head"] = case.get("expect_head")
        if with_key:
            values["identity"], values["kek"] = path("identity"), path("kek")
            if "password" in case:
                secret = case["password"].encode() + b"\n"
                values["password_file"] = os.path.join(self.folder, f"password-{secret.hex()}")
                with open(values["password_file"], "wb") as file:
                    file.write(secret)
        return values

    def _check(self, case, with_key, command, done):
        expected = case["expected"]
        if with_key:
            expected = case.get("expected_with_key", expected)
        name = case["name"] + (" with key" if with_key else "")
        self.checks += 1
        lines = self._judge(expected, done)
        if lines:
            self.wrong.append(name)
            shown = lines if self.verbose else lines[:3]
            print(f"{name}: {case['note']}: " + "; ".join(shown))
            if self.verbose:
                print("  " + " ".join(command))

    @staticmethod
    def _judge(expected, done):
        verdict = expected["verdict"]
        if done.returncode < 0:
            return [f"killed by signal {-done.returncode}"]
        if (done.returncode == 0) != (verdict == "authentic"):
            return [f"exit status {done.returncode} for {verdict}: {done.stderr[-200:]!r}"]
        try:
            found = json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            return [f"output is not JSON: {done.stdout[:200]!r}"]
        if found is None and set(expected) == {"verdict"} and verdict != "authentic":
            return []
        if verdict in WITHOUT_VERDICT:
            said = (found or {}).get("verdict")
            fits = said in (None, "not_authentic", *WITHOUT_VERDICT)
            return [] if fits else [f"wanted {verdict}, found {said}"]
        return differences(expected, found)

    def _questions(self, cases):
        """(case, with key?, command line)"""
        for case in cases:
            keyed = any(name in case for name in ("password", "identity", "kek"))
            for with_key in (False, True)[: 1 + keyed]:
                values = self._values(case, with_key)
                yield case, with_key, expand(self.words, values, case["class"])

    def run(self, cases):
        """As many programs at once as there are processors."""
        asked = list(self._questions(cases))
        with futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            answers = pool.map(
                lambda one: subprocess.run(one[2], capture_output=True, timeout=120, check=False), asked
            )
            for one, done in zip(asked, answers):
                self._check(*one, done)


def main():
    argv = sys.argv[1:]
    if "--" not in argv:
        print(__doc__)
        return 2
    place = argv.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("--class", dest="kind", choices=CLASSES, help="only this class")
    parser.add_argument("--only", default="*", help="only cases whose name matches")
    parser.add_argument("--verbose", action="store_true", help="every difference, and the command")
    args = parser.parse_args(argv[:place])
    with open(os.path.join(HERE, "manifest.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(argv[place + 1 :], folder, args.verbose)
        runner.run([
            case for case in cases
            if args.kind in (None, case["class"]) and fnmatch.fnmatch(case["name"], args.only)
        ])  # fmt: skip
    print(f"{runner.checks} verdicts, {len(runner.wrong)} differ")
    return 1 if runner.wrong or not runner.checks else 0


if __name__ == "__main__":
    sys.exit(main())
