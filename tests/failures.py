#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads lines of a log of "meson test" and prints the name, the result and the last words of each test.
Usage: failures.py STAGE < LINES"""

import json
import sys

LAST_LINES = 40


def main():
    for line in sys.stdin:
        test = json.loads(line)
        words = (test.get("stdout", "") + "\n" + test.get("stderr", "")).strip().splitlines()
        print(f"\nFAILED: {sys.argv[1]}: {test['name']}: {test['result']} after {test['duration']:.0f} s")
        print("\n".join(f"    {word}" for word in words[-LAST_LINES:]))


main()
