#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms identity create: what it makes, what it never touches, who may read it."""

import os
import stat
import subprocess

from system_case import ENVIRONMENT, GOOD, SystemCase, USAGE, main

ROLE_ARC = "2.25.132330503438125610743018859333830030049"


class Identity(SystemCase):
    def create(self, status, *extra, out="id", name="Somebody"):
        return self.expect(status, "identity", "create", "--out", out, "--name", name, *extra)

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def certificate(self, name):
        done = subprocess.run(["openssl", "x509", "-in", self.path(name), "-noout", "-text"], check=True,
                              capture_output=True, text=True)
        return done.stdout

    def test_keys_are_private_and_so_is_the_folder(self):
        os.umask(0)
        self.create(GOOD)
        self.assertEqual(sorted(os.listdir(self.path("id"))), ["ca-key.pem", "ca.pem", "cert.pem", "key.pem"])
        self.assertEqual(self.mode("id"), 0o700)
        for name, mode in (("ca-key.pem", 0o600), ("key.pem", 0o600), ("ca.pem", 0o644), ("cert.pem", 0o644)):
            self.assertEqual(self.mode(f"id/{name}"), mode, name)

    def test_each_role_has_its_own_extended_key_usage(self):
        for number, role in enumerate(("camera", "recorder", "exporter", "custodian", "key-officer"), 1):
            with self.subTest(role):
                self.create(GOOD, "--role", role, out=role)
                self.assertIn(f"{ROLE_ARC}.{number}\n", self.certificate(f"{role}/cert.pem"))

    def test_openssl_accepts_the_path(self):
        self.create(GOOD)
        done = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", "ca.pem", "cert.pem"],
                              cwd=self.path("id"), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_certificate_brings_its_ca(self):
        self.create(GOOD, out="ca")
        self.create(GOOD, "--ca", "ca", out="other", name="Other")
        for name in ("ca", "other"):
            with self.subTest(name):
                text = self.load(f"{name}/cert.pem")
                self.assertEqual(text.count(b"BEGIN CERTIFICATE"), 2)
                self.assertTrue(text.endswith(self.load("ca/ca.pem")))

    def test_an_existing_identity_is_refused_and_kept(self):
        self.create(GOOD)
        before = {name: self.load(f"id/{name}") for name in os.listdir(self.path("id"))}
        self.create(ENVIRONMENT, name="Somebody else")
        after = {name: self.load(f"id/{name}") for name in os.listdir(self.path("id"))}
        self.assertEqual(before, after)

    def test_force_replaces_the_identity_but_never_the_ca(self):
        self.create(GOOD)
        ca, key = self.load("id/ca.pem"), self.load("id/key.pem")
        self.create(GOOD, "--force", name="Somebody else")
        self.assertEqual(self.load("id/ca.pem"), ca)
        self.assertNotEqual(self.load("id/key.pem"), key)
        self.assertIn("CN = Somebody else", self.certificate("id/cert.pem"))

    def test_a_given_ca_signs(self):
        self.create(GOOD, out="ca")
        self.create(GOOD, "--ca", "ca", out="other", name="Other")
        self.assertEqual(sorted(os.listdir(self.path("other"))), ["cert.pem", "key.pem"])
        done = subprocess.run(["openssl", "verify", "-CAfile", "ca/ca.pem", "other/cert.pem"],
                              cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_half_a_ca_is_refused(self):
        self.create(GOOD, out="ca")
        os.unlink(self.path("ca/ca-key.pem"))
        run = self.create(ENVIRONMENT, "--force", out="ca")
        self.assertIn("ca-key.pem is missing", run.err)
        self.create(ENVIRONMENT, "--ca", "nowhere", out="b")

    def test_the_days_are_those_asked_for(self):
        self.create(GOOD, "--days", "1")
        for seconds, valid in ((86000, True), (86500, False)):
            done = subprocess.run(["openssl", "x509", "-in", self.path("id/cert.pem"), "-noout", "-checkend",
                                   str(seconds)], capture_output=True, check=False)
            self.assertEqual(done.returncode == 0, valid)
        for days in ("0", "3651", "-1", "1.5", "many", ""):
            self.create(USAGE, "--days", days, out="b")

    def test_names_that_cannot_be(self):
        for name in ("", "x" * 65, "two\nlines"):
            with self.subTest(name):
                self.create(USAGE, name=name)
                self.assertFalse(os.path.exists(self.path("id/cert.pem")))
        self.create(GOOD, name="ü" * 64)

    def test_a_missing_parent_and_a_file_in_the_way_are_named(self):
        self.assertIn("a/b", self.create(ENVIRONMENT, out="a/b").err)
        self.store("file", b"")
        self.assertIn("file", self.create(ENVIRONMENT, out="file").err)


if __name__ == "__main__":
    main()
