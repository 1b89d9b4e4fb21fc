# SPDX-License-Identifier: Apache-2.0
"""Makes tests/vectors/data/packages, and says what must come of each file."""

import json
import os
import warnings

import bad_packages
import film_vectors
import good_packages
import proof_vectors
import recipes
import specs
from specs import DATA
from svmsref import build, package, package_report, trust

FOLDER = "packages"
CA = "keys/ca.pem"
NOW = 1_800_000_000 * specs.SECOND
KEY_NAMES = ("password", "identity", "kek")


def request_for(expected, with_key):
    request = package.Request(trust.load_anchors(build.read_file(DATA, expected["trust"])))
    request.now_utc = NOW
    if "stamp_trust" in expected:
        anchors = build.read_file(DATA, expected["stamp_trust"])
        request.stamp_anchors = trust.load_anchors(anchors)
    if "expect_head" in expected:
        request.head = bytes.fromhex(expected["expect_head"])
    if with_key and "password" in expected:
        request.password = expected["password"]
    if with_key and "identity" in expected:
        request.private = build.load_private_key(build.read_file(DATA, expected["identity"]))
    if with_key and "kek" in expected:
        request.kek = build.load_kek(build.read_file(DATA, expected["kek"]))
    return request


def make_package(entry):
    data, writer = recipes.make(entry["recipe"])
    if entry.get("reshape"):
        data = entry["reshape"](data, writer)
    return data, writer


def _seen(data, expected, with_key, presentation=None):
    request = request_for(expected, with_key)
    request.presentation = presentation
    report = package.verify(data, request)
    return package_report.report_to_json(report), report


def _verdicts(found, what):
    return [one["verdict"] for one in found.get(what, {}).get("list", [])]


def _check(entry, found, verdict, problems, what):
    """What good_packages.py and bad_packages.py say against what was found."""

    def compare(about, wanted, seen):
        if wanted != seen:
            reason = found.get("reason")
            problems.append(f"{entry['name']}{what}: {about}: wanted {wanted}, found {seen}: {reason}")

    compare("verdict", verdict, found["verdict"])
    if "sample" in entry:
        failure = found["failure"]
        track = failure and failure["track"]
        seen = failure and (-1 if track is None else track, failure["sample"])
        compare("first sample", entry["sample"], seen)
    whole, found = found, found.get("evidence", found)
    for name in ("links", "sources"):
        if entry.get(name) is not None and not (what and entry.get("with_key")):
            compare(name, entry[name], _verdicts(found, name))
    if "attested" in entry:
        wanted = [package_report._time(one) for one in entry["attested"]]
        compare("attested", wanted, [one["attested"] for one in found["links"]["list"]])
    if "contradicts" in entry:
        seen = [one["time_contradicts"] for one in found["links"]["list"]]
        compare("contradicts", entry["contradicts"], seen)
    if "jumps" in entry:
        compare("jumps", entry["jumps"], whole["jumps"]["count"])
    if "reexport" in entry:
        compare("reexport", entry["reexport"], found["reexport"])
    if "links_since" in entry:
        compare("links_since", entry["links_since"], found["expected_head"]["links_since"])
    if "failure" in entry and (bool(what) == bool(entry.get("failure_with_key"))):
        number, segment = entry["failure"]
        failure = found["sources"]["list"][number]["first_failure"]
        compare("first failure", segment, failure and failure["segment"])


def expectation(entry, data, writer):
    """(what the .json beside a package holds, problems)"""
    expected = {"name": entry["name"], "note": entry["note"], "trust": CA}
    for name in (*KEY_NAMES, "stamp_trust"):
        if name in entry:
            expected[name] = entry[name]
    if "head" in entry:
        head = entry["head"]
        expected["expect_head"] = (head if isinstance(head, bytes) else writer.links[head][1]).hex()
    problems = []
    if "presentation" in entry:
        ending = {b"\xff\xd8": "jpg", b"\x89P": "png"}.get(entry["presentation"][:2], "mp4")
        expected["presentation"] = f"{entry['name']}.{ending}"
    found, report = _seen(data, expected, False, entry.get("presentation"))
    _check(entry, found, entry["verdict"], problems, "")
    if "rule" in entry:
        expected["rule"] = entry["rule"]
        rule = package_report.rule_of(report)
    bad = entry["name"].startswith("bad-")
    certain = package_report.is_certain(report) and not is_structural(entry["name"])
    expected["expected"] = slim(found, bad) if certain else {"verdict": found["verdict"]}
    if any(name in entry for name in KEY_NAMES):
        opened, report = _seen(data, expected, True)
        _check(entry, opened, entry.get("with_key", entry["verdict"]), problems, " with key")
        certain = package_report.is_certain(report) and not is_structural(entry["name"])
        expected["expected_with_key"] = (
            slim(opened, bad) if certain else {"verdict": opened["verdict"]}
        )
        if expected["expected_with_key"] == expected["expected"]:
            del expected["expected_with_key"]
        if "rule" in entry:
            rule = rule or package_report.rule_of(report)
    if "rule" in entry and rule != entry["rule"]:
        problems.append(f"{entry['name']}: rule: wanted {entry['rule']}, found {rule}")
    return expected, problems


LINK = ("number", "role", "verdict", "identity", "signer", "attested", "note", "reexport", "head",
        "time_contradicts")  # fmt: skip
SOURCE = ("number", "verdict", "first_failure", "first_segment", "last_segment", "from", "to",
          "removed_tracks", "sequence", "container_id")  # fmt: skip
LINK_OF_BAD, SOURCE_OF_BAD = ("number", "verdict"), ("number", "verdict", "first_failure")


def is_structural(name):
    """Some readers notice this when they open the file, others when they verify a source."""
    if name in ("bad-order-missing", "bad-order-end-dropped", "bad-order-no-segment",
                "bad-order-segment-dropped"):  # fmt: skip
        return False
    return name.startswith(("bad-order-", "bad-frame-", "bad-directory-", "bad-link-0-presentation"))


def _told(row, members):
    """Nothing is known of a link that cannot be read; a first failure is that of bytes or keys;
    that times do not contradict each other need not be said."""
    if not row.get("time_contradicts"):
        members = [name for name in members if name != "time_contradicts"]
    if "signed" in row and row["signed"] is None:
        return LINK_OF_BAD
    if row["verdict"] != "not_authentic":
        return [name for name in members if name != "first_failure"]
    return members


def slim(found, bad):
    """What is compared of a verdict. Of bad packages only what every reader must agree on."""
    if "evidence" in found:
        return slim_proof(found, bad)
    out = {name: value for name, value in found.items() if name != "reason"}
    rows = found.get("sources", {}).get("list", [])
    if any(one["container_id"] is None for one in rows):
        out.pop("contents", None)  # whether the case agrees with such a source, nobody can tell
    links = found.get("links", {}).get("list", [])
    broken = any(one["signed"] is None or one["verdict"] == "not_authentic" for one in links)
    if broken:
        out.pop("reexport", None)
    for name, members in (
        ("links", LINK_OF_BAD if bad else LINK),
        ("sources", SOURCE_OF_BAD if bad else SOURCE),
    ):
        if name in out:
            rows = out[name]["list"]
            out[name] = {"list": [{key: row[key] for key in _told(row, members)} for row in rows]}
    for row in out.get("sources", {}).get("list", []):
        if row.get("container_id", "") is None:
            del row["container_id"], row["sequence"]
        failure = row.get("first_failure")
        if failure and failure["segment"] is None:
            row["first_failure"] = {"segment": None}
    if bad:
        for name in ("package_id", "receipt"):
            out.pop(name, None)
    return out


def slim_proof(found, bad):
    """Samples are told of only where the recorders' signatures hold, and the other way round."""
    if found["evidence"]["verdict"] != "authentic":
        return {"verdict": found["verdict"]}
    out = {name: found[name] for name in ("verdict", "presentation")}
    if found["samples"]["verdict"] != "not_authentic":
        out["film"], out["jumps"] = found["film"], found["jumps"]
    out["samples"] = {"verdict": found["samples"]["verdict"]}
    failure = found["failure"]
    if failure and failure["track"] is not None and failure["sample"] is not None:
        out["failure"] = failure
    out["evidence"] = slim(found["evidence"], bad)
    return out


def dense(expected):
    """One member a line."""
    pairs = [
        f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'), ensure_ascii=False)}"
        for key, value in expected.items()
    ]
    return ("{" + ",\n".join(pairs) + "}\n").encode()


def all_entries():
    yield from good_packages.all_packages()
    yield from bad_packages.all_packages()
    yield from proof_vectors.all_proofs()
    yield from film_vectors.all_films()


def is_extended(name):
    """Made at test time only."""
    return name in good_packages.EXTENDED or bad_packages.is_extended(name)


def package_files(extended=False):
    """({name: bytes}, problems); extended adds what is not committed."""
    files, problems = {}, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for entry in all_entries():
            data, writer = make_package(entry)
            expected, wrong = expectation(entry, data, writer)
            problems += wrong
            name = entry["name"]
            if is_extended(name) and not extended:
                continue
            file = f"{name}.proof" if "presentation" in entry else f"{name}.svmx"
            same = next((one for one, content in files.items() if content == data
                         and not is_extended(one.rpartition(".")[0])), None)  # fmt: skip
            expected = {"name": name, "file": same or file, **expected}
            if same is None:
                files[file] = data
            if f"{name}.json" in files:
                problems.append(f"{name}: twice")
            if "presentation" in entry:
                files[expected["presentation"]] = entry["presentation"]
            files[f"{name}.json"] = dense(expected)
    return files, problems


def write(folder=os.path.join(DATA, FOLDER)):
    files, problems = package_files()
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        if name not in files:
            os.remove(os.path.join(folder, name))
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    return files, problems


if __name__ == "__main__":
    made, wrong = write("/tmp/python-packages")
    print("\n".join(wrong))
    print(len(made) // 2, "packages", sum(len(one) for one in made.values()), "bytes")
