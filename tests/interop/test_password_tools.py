#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hashed passwords go to argon2(1), python3-argon2 and python3-passlib, and come from there.

SVMS_PASSWORD_PEER names password_peer. A tool that is missing is said loudly and skips its test."""

import base64
import os
import shutil
import subprocess
import sys
import unittest

PEER = os.environ["SVMS_PASSWORD_PEER"]
PASSWORDS = ["correct horse", "p", "pässwörd ☃ 機密", "a" * 127, " leading and trailing ", "$argon2id$v=19$", "ends\n"]
# Memory in KiB, passes, lanes.
COSTS = [(8, 1, 1), (64, 3, 2), (1024, 2, 4), (4096, 1, 16)]


def missing(name):
    print(f"NOTE: SKIPPED: {name} is not installed (examples/packages.sh install test)", file=sys.stderr, flush=True)
    raise unittest.SkipTest(f"{name} is not installed")


def module(name):
    try:
        return __import__(name, fromlist=["hash"])
    except ImportError:
        return missing(name)


def ask(password, *arguments):
    """What password_peer prints; skips where the library was built without libargon2."""
    done = subprocess.run([PEER, *arguments], input=password.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, check=False)
    if done.returncode == 77:
        missing("libargon2, when the library was built,")
    if done.returncode != 0:
        raise AssertionError(f"password_peer {arguments}: {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode().rstrip("\n")


def hash_here(password, scheme, cost):
    return ask(password, "hash", scheme, *map(str, cost))


class PasswordTools(unittest.TestCase):
    def assert_known_here(self, text, password):
        self.assertEqual(ask(password, "verify", text), "right", text)
        self.assertEqual(ask(password + "x", "verify", text), "wrong", text)

    def test_what_argon2_makes_verifies_here(self):
        if not shutil.which("argon2"):
            missing("argon2")
        for password in PASSWORDS:
            for memory, passes, lanes in COSTS:
                text = subprocess.run(
                    ["argon2", "somesaltvalue", "-id", "-e", "-k", str(memory), "-t", str(passes), "-p", str(lanes)],
                    input=password.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().strip()
                self.assertIn(f"m={memory},t={passes},p={lanes}$", text)
                self.assert_known_here(text, password)

    def test_the_same_salt_gives_the_same_text(self):
        low_level = module("argon2").low_level
        for memory, passes, lanes in COSTS:
            made = hash_here("correct horse", "argon2id", (memory, passes, lanes))
            salt = base64.b64decode(made.split("$")[4] + "==")
            again = low_level.hash_secret(b"correct horse", salt, passes, memory, lanes, 32, low_level.Type.ID)
            self.assertEqual(made, again.decode())

    def test_python_argon2_both_ways(self):
        argon2 = module("argon2")
        for password in PASSWORDS:
            for memory, passes, lanes in COSTS:
                for sizes in ((16, 8), (32, 16), (64, 64)):
                    hasher = argon2.PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=lanes,
                                                   hash_len=sizes[0], salt_len=sizes[1])
                    self.assert_known_here(hasher.hash(password), password)
        for password in PASSWORDS:
            for cost in COSTS:
                made = hash_here(password, "argon2id", cost)
                hasher = argon2.PasswordHasher()
                self.assertTrue(hasher.verify(made, password), made)
                with self.assertRaises(argon2.exceptions.VerifyMismatchError):
                    hasher.verify(made, password + "x")
                parameters = argon2.extract_parameters(made)
                self.assertEqual((parameters.memory_cost, parameters.time_cost, parameters.parallelism), cost)

    def test_passlib_both_ways_with_scrypt(self):
        scrypt = module("passlib.hash").scrypt
        for password in PASSWORDS:
            for rounds, block, lanes in ((4, 8, 1), (10, 8, 1), (7, 3, 5), (12, 1, 16)):
                self.assert_known_here(
                    scrypt.using(rounds=rounds, block_size=block, parallelism=lanes).hash(password), password)
            for memory, passes in ((16, 1), (64, 3), (1000, 16)):
                made = hash_here(password, "scrypt", (memory, passes, 1))
                self.assertTrue(scrypt.verify(password, made), made)
                self.assertFalse(scrypt.verify(password + "x", made), made)

    def test_passlib_both_ways_with_argon2id(self):
        hasher = module("passlib.hash").argon2.using(type="ID", rounds=2, memory_cost=128, parallelism=2)
        module("argon2")
        for password in PASSWORDS:
            self.assert_known_here(hasher.hash(password), password)
            made = hash_here(password, "argon2id", (128, 2, 2))
            self.assertTrue(hasher.verify(password, made), made)
            self.assertFalse(hasher.verify(password + "x", made), made)

    def test_other_variants_are_unsupported_not_wrong(self):
        if not shutil.which("argon2"):
            missing("argon2")
        for option in (["-i"], ["-d"], ["-id", "-v", "10"]):
            text = subprocess.run(["argon2", "somesaltvalue", *option, "-e", "-k", "64"], input=b"correct horse",
                                  stdout=subprocess.PIPE, check=True).stdout.decode().strip()
            done = subprocess.run([PEER, "verify", text], input=b"correct horse", stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual((done.returncode, done.stdout), (77, b"unsupported\n"), text)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    ran = program.result
    sys.exit(77 if ran.wasSuccessful() and len(ran.skipped) == ran.testsRun else 0 if ran.wasSuccessful() else 1)
