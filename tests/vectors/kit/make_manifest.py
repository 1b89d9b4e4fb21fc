#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes manifest.json from what lies in ../data; --check says whether it is stale."""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data")
SAME = ("note", "rule", "password", "identity", "kek", "trust", "stamp_trust", "expect_head")
FILES = ("identity", "kek", "trust", "stamp_trust")


def _load(*path):
    with open(os.path.join(DATA, *path), encoding="utf-8") as file:
        return json.load(file)


def _common(found):
    out = {name: found[name] for name in SAME if name in found}
    return {name: f"../data/{one}" if name in FILES else one for name, one in out.items()}


def _container(name):
    """Verdict and failing segment of a container."""
    found = _load(f"{name}.json")
    out = {"name": name, "class": "container", "file": f"../data/{name}.svms", **_common(found)}
    out["expected"] = _container_verdict(found["verdict"], found.get("first_failure"))
    if "verdict_with_key" in found:
        failure = found.get("first_failure_with_key")
        out["expected_with_key"] = _container_verdict(found["verdict_with_key"], failure)
    return out


def _container_verdict(verdict, failure):
    expected = {"verdict": verdict}
    if failure and verdict == "not_authentic" and failure["segment"] != "?":
        expected["first_failure"] = {"segment": failure["segment"]}
    return expected


def _package(name):
    found = _load("packages", f"{name}.json")
    kind = "proof" if "presentation" in found else "package"
    out = {"name": name, "class": kind, "file": f"../data/packages/{found['file']}"}
    out.update(_common(found))
    if "presentation" in found:
        out["presentation"] = f"../data/packages/{found['presentation']}"
    for member in ("expected", "expected_with_key"):
        if member in found:
            out[member] = found[member]
    return out


def _names(*path, beside):
    names = sorted(os.listdir(os.path.join(DATA, *path)))
    return [
        name.removesuffix(".json") for name in names
        if name.endswith(".json") and (beside is None or name[:-5] + beside in names)
    ]  # fmt: skip


def manifest():
    cases = [_container(name) for name in _names(beside=".svms")]
    cases += [_package(name) for name in _names("packages", beside=None)]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in cases)
    head = '{"format":"svms-conformance-kit","version":1,"checked":"2027-01-15T08:00:00Z","cases":[\n'
    return f"{head}{lines}\n]}}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    path, text = os.path.join(HERE, "manifest.json"), manifest()
    if args.check:
        with open(path, encoding="utf-8") as file:
            same = file.read() == text
        print("manifest.json is fresh" if same else "manifest.json is not as made")
        return 0 if same else 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
