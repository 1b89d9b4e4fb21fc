#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes manifest.json: certificates, lists and responses in base64, and a row for each case.

  make_paths.py [--check]      --check says whether the file is what would be written
"""

import base64
import json
import os
import sys

import cases_building
import cases_extensions
import cases_names
import cases_periods
import cases_revocation
from case_table import CASES

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {"chain": "certificates", "anchors": "certificates", "pins": "certificates", "crls": "lists",
         "ocsp": "responses"}


def collect():
    for group in (cases_periods, cases_extensions, cases_names, cases_building, cases_revocation):
        group.add()
    out = {"comment": "Written by make_paths.py. Times are UTC; parts are DER in base64.",
           "certificates": {}, "lists": {}, "responses": {}, "cases": []}
    for one in CASES:
        row = dict(one)
        for key, kind in KINDS.items():
            for party in one[key]:
                text = base64.b64encode(party.content).decode()
                assert out[kind].setdefault(party.label, text) == text, f"two parties called {party.label}"
            row[key] = [party.label for party in one[key]]
        out["cases"].append(row)
    return json.dumps(out, indent=1, ensure_ascii=True) + "\n"


def main():
    path = os.path.join(HERE, "manifest.json")
    text = collect()
    if sys.argv[1:] == ["--check"]:
        with open(path, encoding="ascii") as file:
            if file.read() != text:
                print("manifest.json is not what make_paths.py writes", file=sys.stderr)
                return 1
        print(f"{len(CASES)} cases are as they would be written")
        return 0
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    print(f"{len(CASES)} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
