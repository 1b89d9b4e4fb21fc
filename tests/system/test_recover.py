#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recovery as people do it: cut off, zeros, garbage, damage; the copy, the words, the exit status."""

import os
import signal
import stat
import subprocess

from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, PASSWORD, PROGRAM, START, SystemCase, USAGE, main, make_clip,
                         packets)


class Recover(SystemCase):
    def setUp(self):
        super().setUp()
        self.record("a.svms", "--segment-seconds", "1")
        self.content = self.load("a.svms")

    def recover(self, status, name, *extra):
        return self.expect(status, "recover", name, "--json", *extra).json()

    def assert_accounted(self, report, name):
        left_out = sum(report["left_out"].values())
        self.assertEqual(report["size"], os.path.getsize(self.path(name)))
        self.assertEqual(report["size"], report["attested"]["bytes"] + report["damaged"]["bytes"] +
                         report["unattested"]["bytes"] + left_out)
        self.assertEqual(report["copy"]["size"], report["size"] - left_out)

    def test_a_whole_recording_needs_nothing(self):
        report = self.recover(GOOD, "a.svms")
        self.assertEqual((report["state"], report["closed"], report["copy"]["loses"]), ("whole", True, False))
        self.assertEqual(report["attested"]["segments"], 8)
        self.assert_accounted(report, "a.svms")
        self.assertIn("nothing to recover", self.expect(GOOD, "recover", "a.svms").out)
        self.expect(GOOD, "recover", "a.svms", "--out", "b.svms")
        self.assertEqual(self.load("b.svms"), self.content)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("b.svms")).st_mode), 0o600)
        self.assertEqual(self.files(), ["a.svms", "b.svms"])

    def test_what_a_power_failure_leaves(self):
        cut = len(self.content) * 2 // 3
        for name, more in (("cut", b""), ("zeros", bytes(5000)), ("garbage", b"\xa5" * 3000)):
            with self.subTest(name):
                self.store(name, self.content[:cut] + more)
                report = self.recover(EVIDENCE, name, "--out", name + ".copy")
                self.assert_accounted(report, name)
                self.assertEqual((report["state"], report["closed"]), ("incomplete", False))
                copy = self.load(name + ".copy")
                self.assertEqual(self.load(name)[:len(copy)], copy)
                self.assertEqual(report["copy"]["size"], len(copy))
                verified = self.verify(name + ".copy", status=EVIDENCE)
                self.assertEqual(verified["verdict"], "incomplete")
                self.assertEqual(verified["coverage"]["segments_verified"], report["attested"]["segments"])
                self.assertEqual(verified["coverage"]["last"], report["attested"]["last"])
                again = self.recover(EVIDENCE, name + ".copy")
                self.assertEqual(again["left_out"], {"torn": 0, "trailer": 0, "zero": 0, "other": 0})
                self.extract(EVIDENCE, name + ".copy", name + ".mkv")
                self.assertTrue(packets(self.path(name + ".mkv")))

    def test_people_are_told_what_is_left_and_what_is_lost(self):
        cut = len(self.content) * 2 // 3
        # What is encrypted may end in a zero anywhere, which would be counted with those behind it; and a record may end
        # right here, so that none is torn.
        for end in range(cut, cut + 20):
            self.store("b.svms", self.content[:end] + bytes(100))
            left_out = self.recover(EVIDENCE, "b.svms")["left_out"]
            if left_out["torn"] > 0 and left_out["zero"] == 100:
                break
        out = self.expect(EVIDENCE, "recover", "b.svms").out
        for words in ("incomplete", "segments hold", "that no signature covers", "cut off", "100 bytes at the end"):
            self.assertIn(words, out)
        content = bytearray(self.content)
        content[len(content) // 2] ^= 1
        self.store("c.svms", bytes(content))
        out = self.expect(EVIDENCE, "recover", "c.svms").out
        self.assertRegex(out, r"byte \d+, \d+ bytes: segment \d")
        self.assertIn("the recording is closed", out)

    def test_damage_is_copied_as_it_is(self):
        content = bytearray(self.content)
        for place in (3, 5):
            content[len(content) * place // 8] ^= 1
        self.store("b.svms", bytes(content))
        report = self.recover(EVIDENCE, "b.svms", "--out", "c.svms")
        self.assertEqual((report["state"], report["damaged"]["segments"], report["damaged"]["stretch_count"]),
                         ("damaged", 2, 2))
        self.assertEqual(self.load("c.svms"), bytes(content))
        one, other = (self.verify(name, status=EVIDENCE) for name in ("b.svms", "c.svms"))
        self.assertEqual(one["first_failure"], other["first_failure"])

    def test_neither_index_nor_end_is_needed(self):
        # The last 2,000 bytes hold index, end record, tail, and a part of the last segment at most.
        self.store("b.svms", self.content[:-2000] + b"\xff" * 2000)
        report = self.recover(EVIDENCE, "b.svms")
        self.assertGreaterEqual(report["attested"]["segments"], 7)
        self.assert_accounted(report, "b.svms")

    def test_a_part_file_is_found_by_either_name(self):
        os.rename(self.path("a.svms"), self.path("b.svms.part"))
        self.assertEqual(self.recover(GOOD, "b.svms")["file"], "b.svms.part")
        self.assertEqual(self.recover(GOOD, "b.svms.part")["file"], "b.svms.part")

    def test_what_a_killed_recorder_leaves(self):
        clip = make_clip(self.path("long.mp4"), seconds=20)
        recorder = subprocess.Popen([PROGRAM, "record", clip, "--out", "k.svms", "--start-time", START, *self.signer,
                                     "--password-file", self.password_file, "--realtime", "--segment-seconds", "1"],
                                    cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(recorder.wait)
        part = self.path("k.svms.part")
        self.wait_for(lambda: os.path.exists(part) and os.path.getsize(part) > 120000)
        recorder.send_signal(signal.SIGKILL)
        recorder.wait()
        report = self.recover(EVIDENCE, "k.svms", "--out", "k.svms")
        self.assertEqual((report["state"], report["closed"]), ("incomplete", False))
        self.assertGreaterEqual(report["attested"]["segments"], 1)
        self.assertEqual(self.verify("k.svms", status=EVIDENCE)["verdict"], "incomplete")
        self.assertTrue(os.path.exists(part))

    def test_nothing_is_replaced_and_nothing_half_done_stays(self):
        self.store("b.svms", b"keep me")
        run = self.expect(ENVIRONMENT, "recover", "a.svms", "--out", "b.svms")
        self.assertIn("replaces nothing", run.err)
        self.assertEqual(self.load("b.svms"), b"keep me")
        self.expect(ENVIRONMENT, "recover", "a.svms", "--out", "missing/b.svms")
        self.expect(ENVIRONMENT, "recover", "nothing.svms")
        self.expect(USAGE, "recover", "a.svms", "--force")
        before = self.files()
        run = subprocess.run(["bash", "-c", f"ulimit -f 50; exec {PROGRAM} recover a.svms --out c.svms"], cwd=self.folder,
                             capture_output=True, check=False)
        self.assertEqual(run.returncode, ENVIRONMENT, run.stderr)
        self.assertEqual(self.files(), before)

    def test_what_is_no_recording_is_malformed(self):
        self.store("b.svms", b"in front" + self.content)
        self.store("c.svms", self.content[:300])
        self.store("empty.svms", b"")
        for name in ("b.svms", "c.svms", "empty.svms"):
            with self.subTest(name):
                self.expect(MALFORMED, "recover", name, "--out", "copy")
                self.assertNotIn("copy", self.files())

    def test_the_password_is_never_asked_for(self):
        self.assertNotIn(PASSWORD, self.expect(GOOD, "recover", "a.svms").out)


if __name__ == "__main__":
    main()
