#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an audit log and its witnesses attest of a recording: svms record --audit tells its end, svms audit prove proves that,
svms timestamp puts the proof behind the container, and svms verify believes it (container.md, C-TRL-5)."""

import json
import math
import os
import time

from system_case import EVIDENCE, GOOD, USAGE, SystemCase, main
from test_audit_witness import ORIGIN, Witness


class AuditAttests(SystemCase):
    def setUp(self):
        super().setUp()
        self.key = self.expect(GOOD, "audit", "create", "log", "--origin", ORIGIN, "--json").json()["key"]

    def record(self, name):
        self.expect(GOOD, "record", self.clip, "--out", name, *self.signer, "--password-file", self.password_file, "--audit", "log")

    def heads(self):
        run = self.expect(GOOD, "audit", "query", "log", "--key", self.key, "--event", "recording.head", "--json")
        return [json.loads(line) for line in run.out.splitlines()]

    def cosign(self, *witnesses):
        told = [part for one in witnesses for part in ("--witness", one.url, "--witness-key", one.key)]
        self.expect(GOOD, "audit", "checkpoint", "log", *told)

    @staticmethod
    def next_second():
        """Witnesses count in whole seconds, rounded down: theirs is later than what was signed in this one from here on."""
        time.sleep(math.floor(time.time()) + 1 - time.time())

    def prove(self, number, name="proof"):
        self.expect(GOOD, "audit", "prove", "log", str(number), "--out", name, "--force")

    def whom(self, *witnesses, quorum=None):
        return ["--log-key", self.key, *(part for one in witnesses for part in ("--outside-witness-key", one.key)), "--quorum",
                str(quorum or len(witnesses))]

    def verify(self, status, name, *extra):
        return self.expect(status, "verify", name, "--trust", self.ca, "--json", *extra).json()

    def test_witnesses_attest_when_a_recording_existed(self):
        one, two = Witness(self, "one"), Witness(self, "two")
        self.record("a.svms")
        self.record("b.svms")
        heads = self.heads()
        self.assertEqual([len(head["record"]["details"]["end"]) for head in heads], [64, 64])
        self.next_second()
        self.cosign(one, two)
        before = self.load("a.svms")
        self.prove(heads[0]["index"])
        self.expect(GOOD, "timestamp", "a.svms", "--audit-proof", "proof", *self.whom(one, two))
        after = self.load("a.svms")
        self.assertEqual(after[:len(before)], before)
        said = self.verify(GOOD, "a.svms", *self.whom(one, two))["time"]
        self.assertEqual((said["kind"], said["authority"], said["stamps_valid"]), ("attested", f"audit log {ORIGIN}, 2 witnesses", 1))
        self.assertGreater(said["attested"], said["signed_to"])
        said = self.verify(GOOD, "a.svms")["time"]
        self.assertEqual((said["kind"], said["stamps"]), ("claimed", 0))
        # Not what they were asked about, and too few of them.
        size = os.path.getsize(self.path("b.svms"))
        self.expect(EVIDENCE, "timestamp", "b.svms", "--audit-proof", "proof", *self.whom(one, two))
        self.assertEqual(os.path.getsize(self.path("b.svms")), size)
        stranger = Witness(self, "stranger")
        said = self.verify(GOOD, "a.svms", *self.whom(stranger))["time"]
        self.assertEqual((said["kind"], said["stamps"], said["stamps_valid"]), ("claimed", 1, 0))
        self.assertIn("witnesses", said["stamp_reason"])
        for witness in (one, two, stranger):
            witness.stop()

    def test_nobody_is_believed_by_halves(self):
        self.record("a.svms")
        run = self.expect(USAGE, "timestamp", "a.svms", "--audit-proof", "proof")
        self.assertIn("--log-key", run.err)
        self.assertIn("--quorum", self.expect(USAGE, "verify", "a.svms", "--log-key", self.key).err)
        self.assertIn("--log-key", self.expect(USAGE, "verify", "a.svms", "--quorum", "1").err)
        self.assertIn("--audit-proof", self.expect(USAGE, "timestamp", "a.svms", "--query", "q", "--audit-proof", "proof").err)
        export = ("export", "create", "a.svms", "--out", "p.svmx", "--trust", self.ca, "--source-password-file", self.password_file, "--unsealed",
                  *self.signer)
        for command in (export, ("export", "verify", "a.svms")):
            self.assertIn("--quorum", self.expect(USAGE, *command, "--log-key", self.key).err)
            self.assertIn("--log-key", self.expect(USAGE, *command, "--quorum", "1").err)
        self.assertFalse(os.path.exists(self.path("p.svmx")))

    def test_an_export_carries_what_witnesses_attest(self):
        one = Witness(self, "one")
        self.expect(GOOD, "identity", "create", "--out", "exporter", "--name", "The exporter", "--role", "exporter")
        self.record("a.svms")
        self.cosign(one)
        self.prove(self.heads()[0]["index"])
        self.expect(GOOD, "timestamp", "a.svms", "--audit-proof", "proof", *self.whom(one))
        stranger = Witness(self, "stranger")
        self.store("all.pem", b"".join(self.load(path) for path in (self.ca, "exporter/ca.pem")))
        create = ("export", "create", "a.svms", "--trust", self.ca, "--source-password-file", self.password_file, "--unsealed", "--signer",
                  "exporter/cert.pem", "--signer-key", "exporter/key.pem")
        self.expect(GOOD, *create, "--out", "p.svmx", *self.whom(one))
        for whom, is_attested in ((self.whom(one), True), ([], False), (self.whom(stranger), False)):
            with self.subTest(whom=whom):
                source = self.expect(GOOD, "export", "verify", "p.svmx", "--trust", "all.pem", "--json", *whom).json()["sources"]["list"][0]
                self.assertEqual((source["attested"] is not None, (source["authority"] or "").startswith(f"audit log {ORIGIN}, ")), (is_attested, is_attested))
        for witness in (one, stranger):
            witness.stop()

    def test_a_proof_without_witnesses_is_not_appended(self):
        one = Witness(self, "one")
        self.record("a.svms")
        number = self.heads()[0]["index"]
        self.expect(GOOD, "audit", "checkpoint", "log")
        self.prove(number)
        before = self.load("a.svms")
        run = self.expect(EVIDENCE, "timestamp", "a.svms", "--audit-proof", "proof", *self.whom(one))
        self.assertIn("witness", run.err)
        self.assertEqual(self.load("a.svms"), before)
        one.stop()


if __name__ == "__main__":
    main()
