#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recordings of many containers as people check them: a folder that is verified, containers that are missing, exchanged,
rolled back or removed with a record, and what was remembered elsewhere."""

import fcntl
import os
import random
import shutil
import subprocess
import time

from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, PROGRAM, START, SystemCase, TIMEOUT, USAGE, main)

# At any moment, so that some are right between a folder and its files.
RENAMED = 40


class Sequence(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("one", "two"):
            subprocess.run([PROGRAM, "record", cls.clip, "--out", os.path.join(cls.shared, name), "--rotate", "2s",
                            "--segment-seconds", "1", "--start-time", START, *cls.signer,
                            "--password-file", cls.password_file, "--head", os.path.join(cls.shared, name + ".head")],
                           check=True, capture_output=True, timeout=TIMEOUT)

    def setUp(self):
        super().setUp()
        for name in ("one", "two"):
            shutil.copytree(os.path.join(self.shared, name), self.path(name))
        self.heads = ["--head", os.path.join(self.shared, "one.head")]
        self.names = sorted(os.listdir(self.path("one")))
        self.assertEqual(len(self.names), 4, self.names)

    def file(self, number, folder="one"):
        names = sorted(os.listdir(os.path.join(self.shared, folder)))
        return os.path.join(self.path(folder), names[number])

    def check(self, status, *extra):
        return self.verify("one", *extra, status=status)

    def issues(self, report):
        return [(issue["kind"], issue["from_sequence"]) for issue in report["issues"]]

    def prune(self, status, number, *extra):
        return self.expect(status, "prune", self.file(number), *self.signer, *extra)

    def test_a_whole_folder_is_authentic(self):
        report = self.check(GOOD, *self.heads)
        self.assertEqual((report["verdict"], report["containers"], report["missing"], report["issues"]),
                         ("authentic", 4, 0, []))
        self.assertEqual([entry["file"] for entry in report["files"]], self.names)
        self.assertEqual([entry["sequence"] for entry in report["files"]], [0, 1, 2, 3])
        self.assertEqual([entry["link"] for entry in report["files"]], ["none"] + ["verified"] * 3)
        self.assertEqual(report["coverage"]["first"], START.replace("Z", ".000Z"))
        self.assertEqual(report["coverage"]["segments_verified"], 8)
        words = self.expect(GOOD, "verify", "one", "--trust", self.ca).out
        self.assertIn("AUTHENTIC", words)
        for name in self.names:
            self.assertIn(name, words)
        self.assertEqual(self.expect(GOOD, "verify", "one", "--trust", self.ca, "--quiet").out, "")
        opened = self.check(GOOD, "--password-file", self.password_file)
        self.assertEqual(opened["verdict"], "authentic")
        self.check(EVIDENCE, "--password-file", self.store("wrong", b"wrong\n"))

    def test_every_missing_container_is_named(self):
        for number in range(4):
            with self.subTest(number):
                kept = self.path("kept")
                os.rename(self.file(number), kept)
                report = self.check(EVIDENCE, *self.heads)
                self.assertEqual((report["verdict"], report["missing"]), ("incomplete", 1))
                self.assertEqual(self.issues(report), [("missing", number)])
                # The one before says, signed, that the recording goes on.
                self.assertEqual(self.issues(self.check(EVIDENCE)), [("missing", number)])
                os.rename(kept, self.file(number))

    def test_names_do_not_count_and_contents_do(self):
        for first in range(4):
            for second in range(first):
                with self.subTest((first, second)):
                    self.exchange(self.file(first), self.file(second))
                    self.assertEqual(self.check(GOOD, *self.heads)["verdict"], "authentic")
                    self.exchange(self.file(first), self.file(second))
                    kept = self.path("kept")
                    os.rename(self.file(first), kept)
                    shutil.copy(self.file(second), self.file(first))
                    report = self.check(EVIDENCE, *self.heads)
                    self.assertEqual(sorted(self.issues(report)), [("missing", first), ("repeated", second)])
                    os.replace(kept, self.file(first))

    def exchange(self, one, other):
        os.rename(one, self.path("between"))
        os.rename(other, one)
        os.rename(self.path("between"), other)

    def test_a_container_of_another_recording_is_foreign(self):
        for number in range(4):
            with self.subTest(number):
                kept = self.path("kept")
                os.rename(self.file(number), kept)
                shutil.copy(self.file(number, "two"), self.file(number))
                report = self.check(EVIDENCE, *self.heads)
                self.assertEqual(sorted(kind for kind, _ in self.issues(report)), ["foreign", "missing"])
                os.replace(kept, self.file(number))
        other_head = ["--head", os.path.join(self.shared, "two.head")]
        self.assertEqual(self.issues(self.check(EVIDENCE, *other_head)), [("foreign", 0)])
        self.check(GOOD, *other_head, *self.heads)
        ours = self.check(GOOD)["recording"]
        self.assertEqual(self.check(GOOD, "--recording", ours)["recording"], ours)
        other = self.check(EVIDENCE, "--recording", "00" * 16)
        self.assertEqual(other["containers"], 0)

    def test_a_container_that_is_cut_back_is_rolled_back(self):
        for number in range(4):
            with self.subTest(number):
                content = self.load(self.file(number))
                end = content.rindex(b"SVMSSEG1") - 16
                self.store(self.file(number), content[:end])
                report = self.check(EVIDENCE, *self.heads)
                self.assertEqual(report["verdict"], "not_authentic")
                self.assertIn(("rolled_back", number), self.issues(report))
                self.store(self.file(number), content)

    def test_a_damaged_byte_is_found_with_its_time(self):
        content = bytearray(self.load(self.file(2)))
        content[content.rindex(b"SVMSSEG1") + 400] ^= 1
        self.store(self.file(2), bytes(content))
        report = self.check(EVIDENCE)
        issue = report["issues"][0]
        self.assertEqual((report["verdict"], issue["kind"], issue["file"]), ("not_authentic", "damaged", self.names[2]))
        self.assertEqual(issue["from"], "2026-11-21T10:00:05.000Z")
        self.check(GOOD, "--from", "2026-11-21T10:00:00Z", "--to", "2026-11-21T10:00:04Z")
        self.check(EVIDENCE, "--from", "2026-11-21T10:00:05Z", "--to", "2026-11-21T10:00:07Z")

    def test_what_is_removed_with_a_record_is_no_fault(self):
        for number in (1, 3, 0):
            told = self.prune(GOOD, number, "--json").json()
            self.assertEqual((told["sequence"], told["segments"], told["reason"]), (number, 2, "retention"))
            self.assertFalse(os.path.exists(self.file(number)))
            self.assertTrue(os.path.exists(self.file(number) + ".pruned"))
        report = self.check(GOOD, *self.heads)
        self.assertEqual((report["removed"], report["containers"], report["missing"]), (3, 1, 0))
        self.assertIn("removed", self.expect(GOOD, "verify", "one", "--trust", self.ca).out)
        record = self.load(self.file(1) + ".pruned")
        self.store(self.file(1) + ".pruned", record[:100] + bytes([record[100] ^ 1]) + record[101:])
        report = self.check(EVIDENCE)
        self.assertEqual(report["verdict"], "not_authentic")
        self.assertEqual(sorted(self.issues(report))[-1], ("pruned", 3))
        self.assertIn(("missing", 1), self.issues(report))

    def test_a_removal_that_was_interrupted_goes_on(self):
        content = self.load(self.file(2))
        self.prune(GOOD, 2, "--reason", "order")
        record = self.load(self.file(2) + ".pruned")
        self.store(self.file(2), content)
        self.assertEqual(self.check(GOOD)["containers"], 4)
        # Whoever put a record there: the one that stays is signed by whoever removes the container.
        told = self.prune(GOOD, 2, "--reason", "order", "--json").json()
        self.assertEqual(told["reason"], "order")
        self.assertNotEqual(self.load(self.file(2) + ".pruned"), record)
        self.assertEqual(self.check(GOOD)["removed"], 1)
        self.assertFalse(os.path.exists(self.file(2)))
        self.store(self.file(2), self.load(self.file(1)))
        self.assertIn("another container", self.prune(ENVIRONMENT, 2).err)
        self.assertTrue(os.path.exists(self.file(2)))

    def test_nothing_is_removed_that_cannot_be_explained(self):
        self.expect(USAGE, "prune", self.file(1))
        self.expect(USAGE, "prune", self.file(1), *self.signer, "--reason", "boredom")
        self.expect(ENVIRONMENT, "prune", "nowhere.svms", *self.signer)
        self.expect(MALFORMED, "prune", self.clip, *self.signer)
        wrong = self.path("exporter")
        self.expect(GOOD, "identity", "create", "--out", wrong, "--name", "X", "--role", "exporter", "--ca", self.identity)
        self.expect(EVIDENCE, "prune", self.file(1), "--signer", os.path.join(wrong, "cert.pem"),
                    "--signer-key", os.path.join(wrong, "key.pem"))
        self.assertEqual(sorted(os.listdir(self.path("one"))), self.names)
        self.assertTrue(os.path.exists(self.clip))

    def test_what_is_being_written_is_not_removed(self):
        with open(self.file(3), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertIn("being written", self.prune(ENVIRONMENT, 3).err)
        self.assertEqual(sorted(os.listdir(self.path("one"))), self.names)
        self.prune(GOOD, 3)

    def test_what_is_completed_while_it_is_verified_is_found_again(self):
        complete = self.file(3)
        for _ in range(RENAMED):
            os.rename(complete, complete + ".part")
            with subprocess.Popen([PROGRAM, "verify", self.path("one"), "--trust", self.ca],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
                time.sleep(random.uniform(0, 0.05))
                os.rename(complete + ".part", complete)
                said = process.communicate(timeout=TIMEOUT)[1]
            self.assertEqual((process.returncode, said), (GOOD, b""))

    def test_a_name_that_stands_for_a_container_is_not_taken_for_it(self):
        os.symlink(self.file(1), self.path("link.svms"))
        run = self.expect(ENVIRONMENT, "prune", "link.svms", *self.signer)
        self.assertIn("symbolic link", run.err)
        self.assertTrue(os.path.islink(self.path("link.svms")))
        self.assertFalse(os.path.exists(self.path("link.svms.pruned")))
        self.assertEqual(sorted(os.listdir(self.path("one"))), self.names)

    def test_an_empty_file_is_nothing(self):
        self.store(os.path.join(self.path("one"), "000009.svms.part"), b"")
        report = self.check(GOOD, *self.heads)
        self.assertEqual([(issue["kind"], issue["verdict"]) for issue in report["issues"]], [("unusable", "authentic")])
        self.store(self.file(1), b"")
        self.assertIn(("missing", 1), self.issues(self.check(EVIDENCE)))

    def test_wrong_questions_are_usage_errors(self):
        self.expect(USAGE, "verify", self.file(0), "--trust", self.ca, *self.heads)
        self.expect(USAGE, "verify", "one", "--trust", self.ca, "--recording", "xyz")
        self.expect(ENVIRONMENT, "verify", "one", "--trust", self.ca, "--head", "nowhere")
        os.mkdir(self.path("empty"))
        self.expect(ENVIRONMENT, "verify", "empty", "--trust", self.ca)


if __name__ == "__main__":
    main()
