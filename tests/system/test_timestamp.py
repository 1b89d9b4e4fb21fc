#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time stamps as people get them: from a server, by hand through files, again and again; what they attest, and what
openssl ts says of them. The authority is openssl ts."""

import datetime
import os
import stat
import subprocess
import time

from authority import Authority, openssl
from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, START, SystemCase, USAGE, main)


class Timestamp(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(os.path.join(cls.shared, "tsa"))
        cls.server = cls.authority.serve()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.anchors = ["--tsa-anchors", cls.authority.anchors]

    def setUp(self):
        super().setUp()
        self.record("a.svms", "--segment-seconds", "1")
        self.content = self.load("a.svms")

    def time_of(self, *extra, status=GOOD, name="a.svms"):
        return self.verify(name, *extra, status=status)["time"]

    def test_an_authority_is_asked_and_believed(self):
        told = self.expect(GOOD, "timestamp", "a.svms", "--tsa", self.server.url, *self.anchors, "--json").json()
        self.assertEqual((told["authority"], told["trusted"]), ("CN=Test stamps", True))
        self.assertEqual(self.server.types[-1], "application/timestamp-query")
        self.assertEqual(self.load("a.svms")[:len(self.content)], self.content)
        stamped = datetime.datetime.fromisoformat(told["time"].replace("Z", "+00:00"))
        self.assertLess(abs(stamped.timestamp() - time.time()), 60)
        self.assertEqual(self.time_of()["kind"], "claimed")
        attested = self.time_of(*self.anchors)
        self.assertEqual((attested["kind"], attested["attested"], attested["stamps"], attested["stamps_valid"]),
                         ("attested", told["time"], 1, 1))
        self.assertEqual(attested["authority"], "CN=Test stamps")
        words = self.expect(GOOD, "verify", "a.svms", "--trust", self.ca, *self.anchors).out
        self.assertIn("Attested", words)
        self.assertIn("Test stamps", words)
        ranged = self.time_of(*self.anchors, "--from", START, "--to", "2026-11-21T10:00:02Z")
        self.assertEqual(ranged["kind"], "attested")

    def test_a_stamp_is_had_by_hand(self):
        self.assertIn("--reply", self.expect(GOOD, "timestamp", "a.svms", "--query", "q").out)
        self.assertEqual(self.load("a.svms"), self.content)
        text = subprocess.run(["openssl", "ts", "-query", "-in", self.path("q"), "-text"], check=True,
                              capture_output=True, text=True).stdout
        self.assertIn("Hash Algorithm: sha256", text)
        self.assertIn("Certificate required: yes", text)
        self.expect(ENVIRONMENT, "timestamp", "a.svms", "--query", "q")
        self.authority.answer(self.path("q"), self.path("r"))
        openssl("ts", "-verify", "-queryfile", self.path("q"), "-in", self.path("r"), "-CAfile", self.authority.anchors)
        self.expect(GOOD, "timestamp", "a.svms", "--reply", "r", "--query", "q", *self.anchors)
        self.assertEqual(self.time_of(*self.anchors)["kind"], "attested")
        # The same answer once more stamps what the file was, not what it is.
        before = self.load("a.svms")
        self.expect(EVIDENCE, "timestamp", "a.svms", "--reply", "r", "--query", "q")
        self.expect(EVIDENCE, "timestamp", "a.svms", "--reply", "r")
        self.assertEqual(self.load("a.svms"), before)

    def test_without_the_query_the_answer_still_must_fit(self):
        self.expect(GOOD, "timestamp", "a.svms", "--query", "q")
        self.authority.answer(self.path("q"), self.path("r"))
        self.record("b.svms")
        self.expect(EVIDENCE, "timestamp", "b.svms", "--reply", "r")
        self.expect(GOOD, "timestamp", "a.svms", "--reply", "r")
        self.assertEqual(self.time_of(*self.anchors)["kind"], "attested")

    def test_stamps_renew_one_another(self):
        times = []
        for number in range(3):
            told = self.expect(GOOD, "timestamp", "a.svms", "--tsa", self.server.url, "--json").json()
            times.append(told["time"])
            attested = self.time_of(*self.anchors)
            self.assertEqual((attested["stamps"], attested["stamps_valid"]), (number + 1, number + 1))
            self.assertEqual(attested["attested"], times[0])
        content = self.load("a.svms")
        self.store("cut.svms", content[:-32])
        self.assertEqual(self.verify("cut.svms", status=EVIDENCE)["verdict"], "incomplete")
        for at in range(len(self.content) + 20, len(content), 61):
            changed = bytearray(content)
            changed[at] ^= 4
            self.store("changed.svms", bytes(changed))
            self.verify("changed.svms", *self.anchors, status=EVIDENCE)

    def test_an_interrupted_stamp_is_no_harm(self):
        self.expect(GOOD, "timestamp", "a.svms", "--tsa", self.server.url)
        whole = self.load("a.svms")
        for cut in range(len(self.content) + 1, len(whole), 173):
            self.store("b.svms", whole[:cut])
            found = self.verify("b.svms", *self.anchors, status=EVIDENCE)
            self.assertEqual(found["verdict"], "incomplete")
            self.expect(GOOD, "timestamp", "b.svms", "--tsa", self.server.url)
            self.assertEqual(self.time_of(*self.anchors, name="b.svms")["stamps_valid"], 1)
            self.assertEqual(self.load("b.svms")[:len(self.content)], self.content)

    def test_strangers_stamps_attest_nothing(self):
        stranger = Authority(self.path("stranger"))
        server = stranger.serve()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.expect(EVIDENCE, "timestamp", "a.svms", "--tsa", server.url, *self.anchors)
        self.assertEqual(self.load("a.svms"), self.content)
        self.expect(GOOD, "timestamp", "a.svms", "--tsa", server.url)
        found = self.time_of(*self.anchors)
        self.assertEqual((found["kind"], found["stamps"], found["stamps_valid"]), ("claimed", 1, 0))
        self.assertTrue(found["stamp_reason"])
        self.assertIn("attest nothing", self.expect(GOOD, "verify", "a.svms", "--trust", self.ca, *self.anchors).out)
        # The recorder's CA is no authority of time.
        self.assertEqual(self.time_of("--tsa-anchors", self.ca)["kind"], "claimed")

    def test_what_cannot_be_stamped(self):
        self.store("open.svms", self.content[:len(self.content) // 2])
        self.expect(EVIDENCE, "timestamp", "open.svms", "--query", "q")
        damaged = bytearray(self.content)
        damaged[-150] ^= 1
        self.store("damaged.svms", bytes(damaged))
        self.expect(EVIDENCE, "timestamp", "damaged.svms", "--query", "q")
        self.expect(MALFORMED, "timestamp", self.clip, "--query", "q")
        self.expect(ENVIRONMENT, "timestamp", "nowhere.svms", "--query", "q")
        self.assertFalse(os.path.exists(self.path("q")))
        os.chmod(self.path("a.svms"), stat.S_IRUSR)
        if os.geteuid() != 0:
            self.expect(ENVIRONMENT, "timestamp", "a.svms", "--tsa", self.server.url)

    def test_servers_that_do_not_answer(self):
        self.expect(ENVIRONMENT, "timestamp", "a.svms", "--tsa", self.server.url + "elsewhere")
        err = self.expect(ENVIRONMENT, "timestamp", "a.svms", "--tsa", "http://me:sesame@127.0.0.1:1/").err
        self.assertNotIn("sesame", err)
        self.assertIn("with nothing", self.expect(ENVIRONMENT, "timestamp", "a.svms", "--tsa",
                                                  self.server.url + "nothing").err)
        self.expect(ENVIRONMENT, "timestamp", "a.svms", "--tsa", "file:///etc/passwd")
        self.store("r", b"no reply")
        self.expect(MALFORMED, "timestamp", "a.svms", "--reply", "r")
        self.expect(GOOD, "timestamp", "a.svms", "--query", "q")
        # PKIStatus 2: rejection.
        self.store("refused", bytes.fromhex("30053003020102"))
        self.expect(POLICY, "timestamp", "a.svms", "--reply", "refused", "--query", "q")
        self.assertEqual(self.load("a.svms"), self.content)

    def test_wrong_command_lines(self):
        self.expect(USAGE, "timestamp", "a.svms")
        self.expect(USAGE, "timestamp", "a.svms", "--tsa", self.server.url, "--reply", "r")
        self.expect(USAGE, "timestamp", "a.svms", "--query", "q", "--crl", "c")
        self.expect(USAGE, "verify", "a.svms", "--crl", "c")


if __name__ == "__main__":
    main()
