#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms update: what it makes is read by a second implementation and the other way round; each refusal has its reason."""

import datetime
import hashlib
import os
import random
import struct

import update_file
from ca_case import CaCase, Journal
from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, USAGE, main

SAID = ["--product", "Kamera", "--hardware", "board-7", "--hardware", "board-8", "--release", "2.1.0", "--counter", "7"]
DEVICE = ["--product", "Kamera", "--hardware", "board-8"]


class Update(CaCase):
    def setUp(self):
        super().setUp()
        self.authority()
        self.vendor()
        self.parts = {"rootfs": random.Random(1).randbytes(200001), "boot.cfg": b"x"}
        for name, data in self.parts.items():
            self.store(name, data)

    def vendor(self, name="vendor", role="update", *more):
        request = self.request(name)
        self.issue(request, *more, role=role)

    def sign(self, *more, status=GOOD, out="new.update", signer="vendor", said=SAID, parts=("rootfs=rootfs", "boot.cfg=boot.cfg")):
        return self.expect(status, "update", "sign", *parts, "--out", out, *said, "--signer", f"{signer}.pem",
                           "--signer-key", f"{signer}.key", *more)

    def verify(self, *more, status=GOOD, file="new.update"):
        return self.expect(status, "update", "verify", file, "--trust", "ca/ca.pem", *more)

    def make(self, **more):
        """An update by the second implementation."""
        said = {"product": "Kamera", "hardware": ["board-8"], "version": "2.1.0", "counter": 7,
                "signed_ns": int(datetime.datetime.now(datetime.timezone.utc).timestamp() * 10**9)} | more
        return update_file.make(list(self.parts.items()), self.load("vendor.key"), self.load("vendor.pem"), **said)

    def test_what_is_made_is_what_the_second_implementation_reads(self):
        self.store("note", "Größer, schneller.\nZwei Zeilen.".encode())
        run = self.sign("--minimum", "1.9+beta", "--note-file", "note", "--json")
        self.assertEqual(run.json(), {"file": "new.update", "version": "2.1.0", "counter": 7, "signer": "CN=vendor"})
        found = update_file.read(self.load("new.update"))
        self.assertEqual(dict(found["parts"]), self.parts)
        self.assertEqual((found["product"], found["hardware"], found["version"], found["minimum"], found["counter"], found["note"]),
                         ("Kamera", ["board-7", "board-8"], "2.1.0", "1.9+beta", 7, "Größer, schneller.\nZwei Zeilen."))
        inspected = self.expect(GOOD, "update", "inspect", "new.update", "--json").json()
        self.assertEqual(inspected["manifest_sha256"], found["manifest_sha256"])
        self.assertEqual(inspected["parts"], [{"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                                              for name, data in self.parts.items()])
        self.assertFalse(inspected["trusted"])
        self.assertEqual(inspected["note"], found["note"])
        text = self.verify(*DEVICE, "--installed", "2.0").out
        for words in ("Kamera", "board-7\n", "2.1.0", "1.9+beta", "CN=vendor", "the device takes it", "Zwei Zeilen."):
            self.assertIn(words, text)

    def test_what_the_second_implementation_makes_is_taken(self):
        self.store("new.update", self.make())
        run = self.verify(*DEVICE, "--installed", "2.0", "--floor", "7", "--json").json()
        self.assertTrue(run["accepted"])
        self.assertIsNone(run["refusal"])
        self.assertTrue(run["update"]["trusted"])
        self.assertIn("signed by somebody who may", self.verify().out)

    def test_each_refusal_has_its_reason_and_status(self):
        self.store("good", self.make())
        self.store("other", self.make(product="Tür"))
        self.store("needs", self.make(minimum="2.0.5"))
        cases = (("other", DEVICE, "product", POLICY), ("good", ["--product", "Kamera", "--hardware", "board"], "hardware", POLICY),
                 ("good", [*DEVICE, "--floor", "8"], "roll_back", POLICY),
                 ("good", [*DEVICE, "--floor", "8", "--allow-older"], "roll_back", POLICY),
                 ("good", [*DEVICE, "--installed", "2.1.1"], "older", POLICY),
                 ("needs", [*DEVICE, "--installed", "2.0.4"], "too_early", POLICY))
        for file, device, refusal, status in cases:
            with self.subTest(refusal):
                run = self.verify(*device, "--json", file=file, status=status).json()
                self.assertEqual((run["accepted"], run["refusal"]), (False, refusal))
                self.assertIn(run["reason"], self.verify(*device, file=file, status=status).err)
                quiet = self.verify(*device, "--quiet", file=file, status=status)
                self.assertEqual(quiet.out + quiet.err, "")
        self.verify(*DEVICE, "--installed", "2.1.1", "--allow-older", file="good")

    def test_only_who_signs_updates_is_trusted(self):
        self.vendor("recorder", "recorder")
        self.assertIn("role", self.sign(signer="recorder", status=EVIDENCE, out="r.update").err)
        self.assertFalse(os.path.exists(self.path("r.update")))
        self.store("recorder.update", update_file.make(
            list(self.parts.items()), self.load("recorder.key"), self.load("recorder.pem"), product="Kamera", hardware=["board-8"],
            version="2.1.0", signed_ns=int(datetime.datetime.now(datetime.timezone.utc).timestamp() * 10**9)))
        self.assertEqual(self.verify(*DEVICE, "--json", status=EVIDENCE, file="recorder.update").json()["refusal"], "signer")
        self.assertEqual(self.verify("--json", status=EVIDENCE, file="recorder.update").json()["refusal"], "signer")
        self.sign()
        Journal(self.path("ca"))
        self.init("elsewhere", "--no-passphrase")
        run = self.expect(EVIDENCE, "update", "verify", "new.update", "--trust", "elsewhere/ca.pem", "--json").json()
        self.assertEqual(run["refusal"], "signer")
        self.expect(GOOD, "ca", "revoke", "ca", "vendor.pem", "--reason", "key-compromise")
        self.crl()
        self.assertEqual(self.verify("--crl", "ca.crl", "--json", status=EVIDENCE).json()["refusal"], "signer")
        self.verify()

    def test_a_signer_who_has_expired_since_is_refused(self):
        past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=4000)
        self.store("old.update", self.make(signed_ns=int(past.timestamp() * 10**9)))
        run = self.verify(*DEVICE, "--json", status=EVIDENCE, file="old.update").json()
        self.assertEqual(run["refusal"], "signer")

    def test_what_was_changed_or_cut_is_refused(self):
        good = self.make()
        front = 24 + sum(struct.unpack(">III", good[12:24]))
        cases = ((front, EVIDENCE, "changed"), (front + 200000, EVIDENCE, "changed"), (len(good) - 1, EVIDENCE, "changed"),
                 (front - 1, EVIDENCE, "signature"), (front - 100, EVIDENCE, "signature"), (0, MALFORMED, None))
        for at, status, refusal in cases:
            with self.subTest(at):
                self.store("bad", good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
                run = self.verify(*DEVICE, "--json", status=status, file="bad").json()
                self.assertEqual((run["accepted"], run["refusal"]), (False, refusal))
                self.expect(status, "update", "inspect", "bad")
        for cut in (0, 10, 24, front - 1, front, len(good) - 1):
            self.store("bad", good[:cut])
            self.verify(*DEVICE, status=MALFORMED, file="bad")
        self.store("bad", good + b"\0")
        self.verify(*DEVICE, status=MALFORMED, file="bad")

    def test_wrong_command_lines_are_told(self):
        for missing in ("--product", "--release", "--counter"):
            at = SAID.index(missing)
            self.assertIn(f"{missing} is missing", self.sign(said=SAID[:at] + SAID[at + 2:], status=USAGE).err)
        self.assertIn("--hardware is missing", self.sign(said=SAID[:2] + SAID[6:], status=USAGE).err)
        self.assertIn("NAME=FILE", self.sign(parts=["rootfs"], status=USAGE).err)
        self.assertIn("NAME=FILE is missing", self.sign(parts=[], status=USAGE).err)
        self.sign(parts=["Root=rootfs"], status=USAGE)
        self.sign(parts=["rootfs=absent"], status=ENVIRONMENT)
        self.sign(said=[*SAID[:-1], "seven"], status=USAGE)
        self.sign(said=[*SAID[:-3], "2..1", *SAID[-2:]], status=USAGE)
        self.sign(out="rootfs", status=USAGE)
        self.sign()
        before = self.load("new.update")
        self.sign(status=ENVIRONMENT)
        self.assertEqual(self.load("new.update"), before)
        self.verify("--product", "Kamera", status=USAGE)
        self.verify("--floor", "3", status=USAGE)
        self.verify(*DEVICE, "--floor", "-1", status=USAGE)
        self.verify(*DEVICE, "--installed", "x", status=USAGE)
        self.verify("--json", "--quiet", status=USAGE)
        self.assertIn("--trust is missing", self.expect(USAGE, "update", "verify", "new.update").err)
        self.verify(status=ENVIRONMENT, file="absent")


if __name__ == "__main__":
    main()
