#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong key, wrong signer, wrong time, tampering: each its own verdict, words and exit status."""

import os
import subprocess

from system_case import EVIDENCE, GOOD, STAGE, SystemCase, TIMEOUT, main

KEYS = {"verdict", "integrity", "identity", "coverage", "time", "access", "policy", "first_failure"}


class Verdicts(SystemCase):
    def test_the_object_of_a_good_recording(self):
        self.record()
        report = self.verify("a.svms", "--password-file", self.password_file)
        self.assertLessEqual(KEYS, set(report))
        self.assertEqual(report["verdict"], "authentic")
        self.assertEqual(report["integrity"], {"verdict": "intact", "failures": 0})
        self.assertEqual(report["identity"], {"verdict": "trusted", "role": "recorder", "signer": "CN=Test recorder",
                                              "reason": None, "revocation": "not_checked", "revoked": None})
        coverage = report["coverage"]
        self.assertEqual((coverage["first"], coverage["closed"], coverage["gaps"]),
                         ("2026-11-21T10:00:00.000Z", True, []))
        self.assertRegex(coverage["last"], "^2026-11-21T10:00:08")
        self.assertEqual(coverage["bytes_verified"], os.path.getsize(self.path("a.svms")))
        self.assertEqual((coverage["segments_failed"], coverage["unattested_bytes"]), (0, 0))
        self.assertEqual(report["time"]["kind"], "claimed")
        self.assertLess(report["time"]["signed_from"], report["time"]["signed_to"])
        self.assertEqual(report["access"], {"verdict": "opened", "damaged_slots": 0, "revision": 1, "officer": None,
                                            "officer_verdict": None})
        self.assertEqual(report["policy"], {"time": "attested", "trust": self.ca, "from": None, "to": None})
        self.assertIsNone(report["first_failure"])

    def test_people_are_told_what_who_when_and_where(self):
        self.record("a.svms", "--segment-seconds", "1")
        good = self.expect(GOOD, "verify", "a.svms", "--trust", self.ca).out
        for words in ("AUTHENTIC", "CN=Test recorder, as recorder", "2026-11-21T10:00:00.000Z to 2026-11-21T10:00:08",
                      "nothing is missing"):
            self.assertIn(words, good)
        content = bytearray(self.load("a.svms"))
        content[len(content) // 2] ^= 1
        self.store("b.svms", bytes(content))
        bad = self.expect(EVIDENCE, "verify", "b.svms", "--trust", self.ca).out
        self.assertIn("NOT AUTHENTIC", bad)
        self.assertRegex(bad, r"segment \d, from 2026-11-21T10:00:0\d.000Z, byte \d+: a sample of track \d was altered")
        self.assertEqual(self.expect(EVIDENCE, "verify", "b.svms", "--trust", self.ca, "--quiet").out, "")

    def test_cut_off_and_glued_on_are_found(self):
        self.record("a.svms", "--segment-seconds", "1")
        content = self.load("a.svms")
        self.store("cut.svms", content[:len(content) * 2 // 3])
        self.assertEqual(self.verify("cut.svms", status=EVIDENCE)["verdict"], "incomplete")
        self.extract(EVIDENCE, "cut.svms", "cut.mp4")
        self.store("glued.svms", content + b"more")
        self.assertEqual(self.verify("glued.svms", status=EVIDENCE)["verdict"], "not_authentic")

    def test_names_cannot_command_a_terminal(self):
        self.record("a.svms", "--device", "door\x1b[2J\x07")
        run = self.expect(GOOD, "info", "a.svms", "--password-file", self.password_file)
        self.assertIn("door?[2J?", run.out)

    def test_an_unknown_ca_and_none_at_all(self):
        self.record()
        self.expect(GOOD, "identity", "create", "--out", "other", "--name", "Stranger")
        stranger = self.expect(EVIDENCE, "verify", "a.svms", "--trust", "other/ca.pem", "--json").json()
        nobody = self.expect(EVIDENCE, "verify", "a.svms", "--json").json()
        for report in (stranger, nobody):
            self.assertEqual(report["verdict"], "untrusted")
            self.assertEqual(report["integrity"]["verdict"], "intact")
        self.assertNotEqual(stranger["identity"]["reason"], nobody["identity"]["reason"])

    def test_wrong_password_and_wrong_key_have_their_own_words(self):
        self.record()
        self.store("wrong", b"wrong\n")
        os.chmod(self.path("wrong"), 0o600)
        subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", self.path("key.pem")], check=True,
                       capture_output=True)
        password = self.verify("a.svms", "--password-file", "wrong", status=EVIDENCE)
        key = self.verify("a.svms", "--identity", "key.pem", status=EVIDENCE)
        self.assertEqual(password["verdict"], "undecryptable")
        self.assertEqual(key["verdict"], "undecryptable")
        self.assertIn("password is wrong", password["first_failure"]["reason"])
        self.assertIn("recipients", key["first_failure"]["reason"])
        for how in (["--password-file", "wrong"], ["--identity", "key.pem"]):
            self.expect(EVIDENCE, "extract", "a.svms", "--out", "a.mp4", *how)
        self.assertNotIn("a.mp4", self.files())

    def test_unsigned_media_are_never_authentic(self):
        self.expect(GOOD, "record", self.clip, "--out", "a.svms", "--unsigned", "--protect", "none")
        report = self.verify(status=EVIDENCE)
        self.assertEqual(report["verdict"], "untrusted")

    def staged(self, not_before, not_after, opened, later):
        subprocess.run([STAGE, self.folder, not_before, not_after, opened, later], check=True, timeout=TIMEOUT)

    def judge(self, *extra):
        run = self.run_svms("verify", "a.svms", "--trust", "ca.pem", "--json", *extra)
        return run.status, run.json()

    def test_a_certificate_that_has_expired_since_needs_leave(self):
        self.staged("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2020-06-01T00:00:00Z", "2020-06-01T00:01:00Z")
        status, report = self.judge()
        self.assertEqual((status, report["verdict"]), (EVIDENCE, "untrusted"))
        self.assertIn("expired", report["identity"]["reason"])
        status, report = self.judge("--accept-claimed-time")
        self.assertEqual((status, report["verdict"]), (GOOD, "authentic"))

    def test_a_certificate_that_had_expired_already_has_no_excuse(self):
        self.staged("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2020-06-01T00:00:00Z", "2022-01-01T00:00:00Z")
        for extra in ([], ["--accept-claimed-time"]):
            status, report = self.judge(*extra)
            self.assertEqual((status, report["verdict"]), (EVIDENCE, "untrusted"))
            self.assertIn("expired", report["identity"]["reason"])

    def test_a_certificate_that_was_not_yet_valid_has_no_excuse(self):
        self.staged("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2020-06-01T00:00:00Z", "2019-06-01T00:00:00Z")
        for extra in ([], ["--accept-claimed-time"]):
            status, report = self.judge(*extra)
            self.assertEqual((status, report["verdict"]), (EVIDENCE, "untrusted"))
            self.assertIn("became valid", report["identity"]["reason"])

    def test_a_changed_byte_is_named_with_segment_and_time_and_left_out(self):
        self.record("a.svms", "--segment-seconds", "1")
        content = bytearray(self.load("a.svms"))
        content[len(content) // 2] ^= 0x20
        self.store("b.svms", bytes(content))
        report = self.verify("b.svms", status=EVIDENCE)
        failure = report["first_failure"]
        self.assertEqual(report["verdict"], "not_authentic")
        self.assertEqual(report["integrity"]["verdict"], "broken")
        self.assertTrue(failure["time"].startswith("2026-11-21T10:00:0"))
        run = self.extract(EVIDENCE, "b.svms", "b.mkv")
        self.assertIn(f"segment {failure['segment']}", run.err)
        self.extract(GOOD, "a.svms", "a.mkv")
        self.assertLess(len(self.load("b.mkv")), len(self.load("a.mkv")))
        run = self.extract(EVIDENCE, "b.svms", "c.mkv", "--allow-unverified")
        self.assertIn(f"segment {failure['segment']}", run.err)

    def test_info_needs_no_trust_and_no_key(self):
        self.record("a.svms", "--device", "Front door")
        info = self.expect(GOOD, "info", "a.svms", "--json").json()
        self.assertNotIn("Front door", str(info))
        info = self.expect(GOOD, "info", "a.svms", "--json", "--password-file", self.password_file).json()
        self.assertIn("Front door", str(info))


if __name__ == "__main__":
    main()
