#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every case of manifest.json through the library and through "openssl verify".

  check_paths.py JUDGE [--verbose]
"""

import base64
import concurrent.futures as futures
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VERDICTS = ["trusted", "unsigned", "no_anchor", "unknown_issuer", "wrong_role", "expired_now", "expired_then",
            "not_yet_valid", "bad_chain", "revoked", "future"]
REVOCATIONS = ["not_checked", "good", "stale", "bad_list", "revoked"]
READS = {"ok": 0, "malformed": 3, "unsupported": 4, "limit": 5}
ROLES = {"camera": 1, "recorder": 2, "exporter": 3, "custodian": 4, "key-officer": 5, "server": 16,
         "client-device": 17, "user": 18, "time-stamper": 19, "update": 20}
PURPOSES = {None: 0, "tls-server": 1, "tls-client": 2}
OPENSSL_PURPOSES = {"tls-server": "sslserver", "tls-client": "sslclient"}


def read_statuses():
    """Numbers of the statuses, from the header."""
    path = os.path.join(HERE, "..", "..", "..", "include", "svms", "status.h")
    names = {"malformed": "SVMS_E_MALFORMED", "unsupported": "SVMS_E_UNSUPPORTED", "limit": "SVMS_E_LIMIT"}
    with open(path, encoding="utf-8") as file:
        words = file.read().replace(",", " ").split()
    for key, name in names.items():
        READS[key] = int(words[words.index(name) + 2])


def seconds(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())


def nanoseconds(text):
    return str(seconds(text) * 10**9) if text else "-"


def armour(kind, text):
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])


class Files:
    """The parts of a case as files."""

    def __init__(self, manifest, folder):
        self.manifest, self.folder = manifest, folder

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def pem(self, name, kind, section, labels):
        if not labels:
            return "-"
        return self.write(name, "".join(armour(kind, self.manifest[section][label]) for label in labels))

    def of(self, case):
        name = case["name"]
        answers = [self.write(f"{name}.{i}.ocsp", base64.b64decode(self.manifest["responses"][label]))
                   for i, label in enumerate(case["ocsp"])]
        digests = [hashlib.sha256(base64.b64decode(self.manifest["certificates"][label])).hexdigest()
                   for label in case["pins"]]
        return {
            "chain": self.pem(f"{name}.chain.pem", "CERTIFICATE", "certificates", case["chain"]),
            "leaf": self.pem(f"{name}.leaf.pem", "CERTIFICATE", "certificates", case["chain"][:1]),
            "others": self.pem(f"{name}.others.pem", "CERTIFICATE", "certificates", case["chain"][1:]),
            "anchors": self.pem(f"{name}.anchors.pem", "CERTIFICATE", "certificates", case["anchors"]),
            "lists": self.pem(f"{name}.lists.pem", "X509 CRL", "lists", case["crls"]),
            "ocsp": ",".join(answers) or "-", "pins": ",".join(digests) or "-"}


def line_of(case, files):
    fields = [files["chain"], files["anchors"], files["lists"], files["ocsp"], files["pins"],
              str(ROLES[case["role"]]), "1" if case["policy"] == "claimed" else "0", nanoseconds(case["since"]),
              nanoseconds(case["until"]), nanoseconds(case["now"]), nanoseconds(case["attested"]),
              str(PURPOSES[case["purpose"]])]
    return "\t".join(fields) + "\n"


def ask_library(judge, cases, files):
    text = "".join(line_of(case, files[case["name"]]) for case in cases)
    done = subprocess.run([judge], input=text, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                          errors="replace", check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(cases), f"{len(lines)} answers to {len(cases)} cases"
    return [line.split("\t", 4) for line in lines]


def ask_openssl(case, files):
    """"accepts" or "refuses", and what it says."""
    if files["anchors"] == "-":
        return "refuses", "no anchor was given"
    words = ["openssl", "verify", "-partial_chain", "-x509_strict", "-auth_level", "2", "-policy", "2.5.29.32.0", "-no-CAfile", "-no-CApath",
             "-no-CAstore", "-attime", str(seconds(case["since"])), "-trusted", files["anchors"]]
    if files["others"] != "-":
        words += ["-untrusted", files["others"]]
    if files["lists"] != "-":
        words += ["-crl_check_all", "-CRLfile", files["lists"]]
    if case["purpose"]:
        words += ["-purpose", OPENSSL_PURPOSES[case["purpose"]]]
    done = subprocess.run([*words, files["leaf"]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          encoding="utf-8", errors="replace", check=False)
    return "accepts" if done.returncode == 0 else "refuses", " ".join(done.stdout.split())


def compare(case, answer, openssl):
    """What is not as the manifest says."""
    read, status, verdict, revocation, words = answer
    found = []
    if int(read) != READS[case["read"]]:
        found.append(f"reading gives status {read} ({words}), expected is {case['read']}")
    elif case["read"] == "ok":
        if VERDICTS[int(verdict)] != case["verdict"]:
            found.append(f"verdict {VERDICTS[int(verdict)]} ({words}), expected is {case['verdict']}")
        if REVOCATIONS[int(revocation)] != case["revocation"]:
            found.append(f"revocation {REVOCATIONS[int(revocation)]} ({words}), expected is {case['revocation']}")
        if (int(status) == 0) != (case["verdict"] == "trusted"):
            found.append(f"status {status} with verdict {verdict}")
        if not words or any(ord(one) < 32 for one in words):
            found.append(f"words that nobody can print: {words!r}")
    if case["openssl"] != "none" and openssl[0] != case["openssl"]:
        found.append(f"openssl {openssl[0]} it ({openssl[1]}), expected is that it {case['openssl']}")
    return found


def main():
    read_statuses()
    judge = sys.argv[1]
    verbose = "--verbose" in sys.argv
    with open(os.path.join(HERE, "manifest.json"), encoding="ascii") as file:
        manifest = json.load(file)
    cases = manifest["cases"]
    if not shutil.which("openssl"):
        print("NO openssl PROGRAM: half of this test does not run", file=sys.stderr)
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        files = {case["name"]: Files(manifest, folder).of(case) for case in cases}
        answers = ask_library(judge, cases, files)
        with futures.ThreadPoolExecutor(2) as pool:
            others = list(pool.map(lambda case: ask_openssl(case, files[case["name"]]), cases))
        for case, answer, openssl in zip(cases, answers, others):
            found = compare(case, answer, openssl)
            wrong += bool(found)
            for line in found:
                print(f"{case['name']}: {line}", file=sys.stderr)
            if verbose:
                print(f"{case['name']}: {case['verdict'] or case['read']}: {answer[4]} | {openssl[1]}")
    print(f"{len(cases)} cases, {wrong} not as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
