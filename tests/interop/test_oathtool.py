# SPDX-License-Identifier: Apache-2.0
"""The codes of our authenticators are those of oathtool (OATH Toolkit), an independent implementation."""
import os
import random
import shutil
import subprocess
import sys
import unittest

PRINTER = os.environ["SVMS_TOTP_CODES"]
HASHES = {1: "sha1", 2: "sha256", 3: "sha512"}
SKIPPED = 77
# What oathtool takes of a time: it parses dates, and its years end before ours.
LAST_SECOND = 4102444800


def cases():
    """Every hash, 6 to 8 digits, several periods, at the edges of periods and at random times."""
    chance = random.Random(6238)
    for hash_number in HASHES:
        for digits in (6, 7, 8):
            for period in (15, 30, 60, 300):
                for second in (0, period - 1, period, chance.randrange(LAST_SECOND), 2**31 - 1, 2**31):
                    secret = chance.randbytes(chance.randint(16, 64))
                    yield hash_number, digits, period, second, secret.hex()


def ask_oathtool(hash_number, digits, period, second, secret, *more):
    answer = subprocess.run(
        ["oathtool", f"--totp={HASHES[hash_number]}", f"--digits={digits}", f"--time-step-size={period}s",
         f"--now=@{second}", *more, secret],
        check=True, capture_output=True, text=True, env={**os.environ, "TZ": "UTC"})
    return answer.stdout.strip()


class Oathtool(unittest.TestCase):
    def setUp(self):
        self.cases = list(cases())
        lines = "".join(" ".join(str(part) for part in case) + "\n" for case in self.cases)
        answer = subprocess.run([PRINTER], check=True, capture_output=True, text=True, input=lines)
        self.ours = [line.split() for line in answer.stdout.splitlines()]
        self.assertEqual(len(self.ours), len(self.cases))

    def test_codes_are_those_of_oathtool(self):
        for case, (code, _) in zip(self.cases, self.ours):
            self.assertEqual(code, ask_oathtool(*case), case)

    def test_a_secret_in_base32_makes_the_same_codes(self):
        for case, (code, base32) in list(zip(self.cases, self.ours))[::7]:
            self.assertEqual(code, ask_oathtool(*case[:4], base32, "--base32"), case)


if __name__ == "__main__":
    if not shutil.which("oathtool"):
        print("SKIPPED: oathtool is not installed (examples/packages.sh install test)")
        sys.exit(SKIPPED)
    unittest.main()
