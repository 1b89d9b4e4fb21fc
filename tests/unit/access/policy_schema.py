#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The published schema of policies, and what the library reads.

test_policy_mistakes.c and test_decisions.c hold the same documents against the library. Every policy that is read
validates, as do the rights of its tokens; each mistake that a schema can see is seen. Usage: policy_schema.py ROOT
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
tests = root / "tests/unit/access"


def read(path):
    return json.loads(path.read_text("utf-8"))


schema = read(root / "docs/spec/access-policy.schema.json")
jsonschema.Draft202012Validator.check_schema(schema)
policies = jsonschema.Draft202012Validator(schema)
rights = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/right"})
wrong = 0


def expect(validator, document, valid, what):
    global wrong
    if validator.is_valid(document) != valid:
        print(f"{what}: the schema {'refuses' if valid else 'takes'} {json.dumps(document)}")
        for error in validator.iter_errors(document):
            print("   ", error.message)
        wrong += 1


mistakes = read(tests / "policy_mistakes.json")
for mistake in mistakes:
    if "policy" in mistake:
        expect(policies, mistake["policy"], not mistake["schema"], mistake["says"])

themes = read(tests / "decisions.json")["themes"]
shown = 0
for theme in themes:
    expect(policies, theme["policy"], True, theme["is"])
    for token in [theme["token"]] + [case["token"] for case in theme["cases"]]:
        for right in (token or {}).get("rights") or []:
            if right["type"] == "svms":
                expect(rights, right, True, theme["is"])
                shown += 1

examples = sorted((root / "docs").glob("policy*.json"))
for example in examples:
    expect(policies, read(example), True, example.name)

refused = [
    {"actions": ["live.view"]},
    {"type": "svms"},
    {"type": "svms", "actions": []},
    {"type": "svms", "actions": ["Live"]},
    {"type": "svms", "actions": ["*"], "effect": "permit"},
    {"type": "svms", "actions": ["*"], "max_age": -1},
    {"type": "svms", "actions": ["*"], "networks": ["10.0.0.0/40"]},
    {"type": "svms", "actions": ["*"], "when": [{"until": "08:00"}]},
]
for right in refused:
    expect(rights, right, False, "a right")

print(f"{len(mistakes)} mistakes, {len(themes)} policies, {shown} rights, {len(examples)} examples, {wrong} wrong")
sys.exit(1 if wrong or len(mistakes) < 60 or not shown or not examples else 0)
