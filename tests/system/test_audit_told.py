#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--audit: what is recorded, verified, exported and signed is told to an audit log, or not done."""

import glob
import os
import shutil
import signal
import subprocess

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, PROGRAM, SystemCase, USAGE, main
from test_audit import CANARY, AuditCase, jsonschema, validator


class ToldCase(AuditCase):
    @classmethod
    def setUpClass(cls):
        SystemCase.setUpClass.__func__(cls)
        for role in ("exporter", "custodian"):
            subprocess.run([PROGRAM, "identity", "create", "--out", os.path.join(cls.shared, role), "--name", role, "--role", role,
                            "--ca", cls.identity], check=True, capture_output=True)

    def signer_of(self, role):
        return ["--signer", os.path.join(self.shared, role, "cert.pem"), "--signer-key", os.path.join(self.shared, role, "key.pem")]

    def export(self, *extra, status=GOOD, source="a.svms", out="a.svmx"):
        return self.expect(status, "export", "create", source, "--out", out, "--trust", self.ca, *self.signer_of("exporter"), "--unsealed",
                           "--source-password-file", self.password_file, "--audit", "log", *extra)

    def tell(self, *more):
        records = self.told(*more)
        if jsonschema:
            for record in records:
                validator().validate(record)
        for record in records:
            self.assertEqual(record["actor"]["id"], f"uid:{os.geteuid()}")
            self.assertTrue(record["actor"]["client"].startswith("svms "))
        return records

    def events(self):
        return [(record["event"], record["outcome"]) for record in self.tell()]


class Record(ToldCase):
    def test_a_recording_begins_and_ends(self):
        self.record("a.svms", "--device", "Hall", "--audit", "log")
        start, head, stop = self.tell()
        self.assertEqual([(one["event"], one["outcome"]) for one in (start, head, stop)],
                         [("recording.start", "success"), ("recording.head", "success"), ("recording.stop", "success")])
        info = self.expect(GOOD, "info", "a.svms", "--json").json()
        for one in (start, head, stop):
            self.assertEqual(one["details"]["container"], info["container_id"])
            self.assertEqual(one["object"], self.path("a.svms"))
            self.assertRegex(one["device"], "^[0-9a-f]{32}$")
        self.assertNotIn("segment", start["details"])
        # What the container ends with is the head's to tell, for who proves it later (container.md, C-TRL-5).
        self.assertEqual(len(head["details"].pop("end")), 64)
        self.assertEqual(head["details"], stop["details"])
        self.assertEqual(len(stop["details"]["manifest"]), 64)

    def test_a_folder_tells_the_head_of_each_container_and_what_was_interrupted(self):
        self.record("folder", "--rotate", "3s", "--audit", "log")
        records = self.tell()
        containers = len(glob.glob(self.path("folder/*.svms")))
        self.assertGreater(containers, 1)
        heads = [one["details"]["container"] for one in records if one["event"] == "recording.head"]
        self.assertEqual((len(heads), len(set(heads))), (containers, containers))
        self.assertEqual({one["details"]["recording"] for one in records}.__len__(), 1)
        newest = sorted(glob.glob(self.path("folder/*.svms")))[-1]
        os.rename(newest, newest + ".part")
        self.expect(GOOD, "record", self.clip, "--out", "folder", "--continue", *self.signer, "--password-file", self.password_file,
                    "--audit", "log")
        self.assertIn(("recording.recovered", "success"), self.events())

    def test_what_cannot_be_told_is_not_recorded(self):
        holder = self.serve()
        run = self.expect(ENVIRONMENT, "record", self.clip, "--out", "a.svms", *self.signer, "--password-file", self.password_file,
                          "--audit", "log")
        self.assertIn("somebody else", run.err)
        self.end(holder)
        self.expect(ENVIRONMENT, "record", self.clip, "--out", "a.svms", *self.signer, "--password-file", self.password_file, "--audit",
                    "missing")
        self.assertEqual(sorted(name for name in self.files() if name.startswith("a.")), [])

    def test_refusals_and_failures_are_told_and_mistakes_are_not(self):
        self.expect(POLICY, "record", self.clip, "--out", "a.svms", "--password-file", self.password_file, "--audit", "log")
        self.expect(MALFORMED, "record", self.ca, "--out", "a.svms", *self.signer, "--password-file", self.password_file, "--audit", "log")
        self.assertEqual(self.events(), [("recording.start", "denied"), ("recording.start", "error")])
        self.assertEqual([one["code"] for one in self.tell()], ["policy", "malformed"])
        before = self.everything()
        self.expect(USAGE, "record", self.clip, "--audit", "log")
        self.assertEqual(self.everything(), before)

    def test_an_interrupted_recording_says_so_through_a_socket(self):
        self.serve()
        recorder = subprocess.Popen([PROGRAM, "record", self.clip, "--out", "a.svms", "--realtime", *self.signer, "--password-file",
                                     self.password_file, "--audit", "run/audit"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.wait_for(lambda: os.path.exists(self.path("a.svms.part")) and os.path.getsize(self.path("a.svms.part")) > 100000)
        recorder.send_signal(signal.SIGTERM)
        _, err = recorder.communicate(timeout=60)
        self.assertEqual(recorder.returncode, GOOD, err)
        self.wait_for(lambda: len(self.told()) == 3)
        self.assertEqual(self.tell()[-1]["details"]["why"], "by a signal")

    def test_a_holder_that_dies_does_not_stop_a_recording(self):
        holder = self.serve()
        recorder = subprocess.Popen([PROGRAM, "record", self.clip, "--out", "a.svms", "--realtime", *self.signer, "--password-file",
                                     self.password_file, "--audit", "run/audit"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.wait_for(lambda: os.path.exists(self.path("a.svms.part")) and os.path.getsize(self.path("a.svms.part")) > 100000)
        self.end(holder, signal.SIGKILL)
        recorder.send_signal(signal.SIGINT)
        _, err = recorder.communicate(timeout=60)
        self.assertEqual(recorder.returncode, ENVIRONMENT, err)
        self.assertIn(b"could be told", err)
        self.verify("a.svms")
        self.assertEqual(self.events(), [("recording.start", "success")])


class Verify(ToldCase):
    def test_verdicts_are_told(self):
        self.record("a.svms")
        self.expect(GOOD, "verify", "a.svms", "--trust", self.ca, "--audit", "log")
        with open(self.path("a.svms"), "r+b") as file:
            file.seek(60000)
            file.write(b"\xff" * 9)
        self.expect(EVIDENCE, "verify", "a.svms", "--trust", self.ca, "--audit", "log", "--json")
        self.expect(EVIDENCE, "verify", "a.svms", "--audit", "log", "--quiet")
        self.expect(ENVIRONMENT, "verify", "missing.svms", "--trust", self.ca, "--audit", "log")
        self.expect(MALFORMED, "verify", self.ca, "--trust", self.ca, "--audit", "log")
        records = self.tell()
        self.assertEqual([one["outcome"] for one in records], ["success", "failure", "failure", "error", "failure"][:len(records)])
        self.assertEqual(len(records), 5)
        self.assertEqual([one["details"]["verdict"] for one in records[:3]], ["authentic", "not_authentic", "not_authentic"])
        self.assertTrue(records[1]["details"]["first_failure"].startswith("2026-11-21T10:00:0"))
        self.assertGreater(records[1]["details"]["segments"], 1)

    def test_a_folder_has_one_verdict(self):
        self.record("folder", "--rotate", "3s")
        self.expect(GOOD, "verify", "folder", "--trust", self.ca, "--audit", "log")
        (record,) = self.tell()
        self.assertEqual((record["event"], record["object"], record["details"]["verdict"]),
                         ("recording.verify", self.path("folder"), "authentic"))

    def test_without_a_log_there_is_no_verdict(self):
        self.record("a.svms")
        run = self.expect(ENVIRONMENT, "verify", "a.svms", "--trust", self.ca, "--audit", "missing")
        self.assertEqual(run.out, "")


class Export(ToldCase):
    def test_the_whole_result_of_an_export(self):
        self.record("a.svms", "--device", "Hall")
        result = self.export("--case", "7", "--operator", "A. Fox", "--reason", "burglary", "--json", "--no-reexport", "--to",
                             "2026-11-21T10:00:04Z").json()
        (record,) = self.tell()
        self.assertEqual((record["event"], record["outcome"], record["reason"], record["object"], record["to"]),
                         ("export.create", "success", "burglary", self.path("a.svmx"), "2026-11-21T10:00:04.000Z"))
        self.assertEqual(record["actor"]["name"], "A. Fox")
        self.assertEqual(record["devices"], [result["sources"][0]["device_id"]])
        details = record["details"]
        self.assertEqual((details["digest"], details["receipt"], details["bytes"]), (result["sha256"], result["receipt"], result["bytes"]))
        self.assertEqual((details["encryption"], details["password"], details["recipients"], details["reexport"]), ("none", False, [], False))
        self.assertEqual(details["signatures"], [result["signer"]])
        self.assertEqual(details["records"], result["sources"][0]["segments"])
        self.assertTrue(details["ranges"][0]["from"].startswith("2026-11-21T10:00:00"))

    def test_who_can_open_it_is_told_and_the_password_is_not(self):
        self.record("a.svms")
        self.store("handover", CANARY.encode() + b"\n")
        os.chmod(self.path("handover"), 0o600)
        self.expect(GOOD, "export", "create", "a.svms", "--out", "a.svmx", "--trust", self.ca, *self.signer_of("exporter"),
                    "--password-file", "handover", "--recipient", os.path.join(self.shared, "custodian", "cert.pem"),
                    "--source-password-file", self.password_file, "--audit", "log")
        (record,) = self.tell()
        self.assertEqual((record["details"]["encryption"], record["details"]["password"]), ("sealed", True))
        self.assertGreaterEqual(len(record["details"]["recipients"]), 2)
        self.assertNotIn(CANARY.encode(), self.everything())

    def test_refusals_are_told(self):
        self.record("a.svms")
        with open(self.path("a.svms"), "r+b") as file:
            file.seek(60000)
            file.write(b"\xff" * 9)
        self.export(status=EVIDENCE)
        self.export(source="missing.svms", status=ENVIRONMENT)
        self.expect(POLICY, "export", "create", "a.svms", "--out", "a.svmx", "--trust", self.ca, "--unsealed", "--audit", "log")
        self.assertEqual(self.events(), [("export.create", "denied"), ("export.create", "error"), ("export.create", "denied")])
        self.assertFalse(os.path.exists(self.path("a.svmx")))

    def test_what_cannot_be_told_gets_no_name(self):
        self.record("a.svms")
        holder = self.serve()
        self.export(status=ENVIRONMENT)
        self.assertFalse(os.path.exists(self.path("a.svmx")))
        self.end(holder)

    def test_packages_that_are_verified_and_signed(self):
        self.record("a.svms")
        self.export()
        self.expect(GOOD, "export", "verify", "a.svmx", "--trust", self.ca, "--audit", "log")
        receipt = self.expect(GOOD, "export", "countersign", "a.svmx", *self.signer_of("custodian"), "--trust", self.ca, "--audit", "log",
                              "--json").json()["receipt"]
        self.expect(POLICY, "export", "countersign", "a.svmx", *self.signer_of("exporter"), "--audit", "log")
        shutil.copy(self.path("a.svmx"), self.path("b.svmx"))
        with open(self.path("b.svmx"), "r+b") as file:
            file.seek(os.path.getsize(self.path("b.svmx")) // 2)
            file.write(b"\xff" * 99)
        self.expect(EVIDENCE, "export", "verify", "b.svmx", "--trust", self.ca, "--audit", "log")
        self.expect(ENVIRONMENT, "export", "verify", "missing.svmx", "--trust", self.ca, "--audit", "log")
        self.assertEqual(self.events(), [("export.create", "success"), ("export.verify", "success"), ("evidence.countersign", "success"),
                                         ("evidence.countersign", "denied"), ("export.verify", "failure"), ("export.verify", "error")])
        records = self.tell()
        self.assertEqual(records[2]["details"], {"link": 1, "digest": receipt})
        self.assertEqual(records[4]["details"]["verdict"], "not_authentic")


class Secrets(ToldCase):
    def test_what_a_command_was_given_does_not_get_into_the_log(self):
        self.store("secret", CANARY.encode() + b"\n")
        os.chmod(self.path("secret"), 0o600)
        said = ""
        for arguments in (["record", self.clip, "--out", "a.svms", *self.signer, "--password-file", "secret"],
                          ["record", f"rtsp://u:{CANARY}@127.0.0.1:1/x", "--out", "b.svms", *self.signer, "--password-file", "secret"],
                          ["verify", "a.svms", "--trust", self.ca, "--password-file", "secret"],
                          ["export", "create", "a.svms", "--out", "a.svmx", "--trust", self.ca, *self.signer_of("exporter"),
                           "--source-password-file", "secret", "--password-file", "secret", "--reason", f"see http://u:{CANARY}@h/"],
                          ["export", "verify", "a.svmx", "--trust", self.ca, "--password-file", "secret"]):
            run = self.run_svms(*arguments, "--audit", "log")
            said += run.err
            self.assertNotIn(CANARY, run.out.replace(f"http://u:{CANARY}@", ""), "a reason that was signed is given as it is")
        said += self.expect(GOOD, "audit", "query", "log", "--unverified").out
        self.assertGreaterEqual(len(self.told()), 5)
        self.assertNotIn(CANARY.encode(), self.everything())
        self.assertNotIn(CANARY, said)


if __name__ == "__main__":
    main()
