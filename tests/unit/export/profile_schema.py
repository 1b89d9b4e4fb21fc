#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The published schema of export profiles accepts exactly what the library accepts.

test_profile.c holds the same cases against the library. Usage: profile_schema.py ROOT
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

root = pathlib.Path(sys.argv[1])
schema = json.loads((root / "docs/spec/export-profile.schema.json").read_text("utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

wrong = 0
cases = json.loads((root / "tests/unit/export/profile_cases.json").read_text("utf-8"))
for case in cases:
    if validator.is_valid(case["profile"]) != (case["words"] is None):
        print("the schema and the library differ:", json.dumps(case))
        wrong += 1
examples = sorted((root / "docs/spec/examples").glob("*.json"))
for example in examples:
    for error in validator.iter_errors(json.loads(example.read_text("utf-8"))):
        print(f"{example}: {error.message}")
        wrong += 1
print(f"{len(cases)} cases, {len(examples)} examples, {wrong} wrong")
sys.exit(1 if wrong or not cases or not examples else 0)
