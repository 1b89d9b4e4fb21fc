#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""While a recording is being written: it can be read; Ctrl-C ends it properly; a kill loses only what was not signed."""

import os
import signal
import subprocess

from system_case import ENVIRONMENT, EVIDENCE, GOOD, PROGRAM, START, SystemCase, TIMEOUT, main


class Interrupts(SystemCase):
    def start(self, *extra, name="a.svms"):
        process = subprocess.Popen(
            [PROGRAM, "record", self.clip, "--out", name, "--realtime", "--segment-seconds", "1", "--start-time", START,
             *self.signer, "--password-file", self.password_file, *extra],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def segments(self, name="a.svms.part"):
        if not os.path.exists(self.path(name)):
            return 0
        run = self.run_svms("verify", name, "--trust", self.ca, "--json")
        return run.json()["coverage"]["segments_verified"] if run.status in (GOOD, EVIDENCE) else 0

    def wait_for_segments(self, number):
        return self.wait_for(lambda: self.segments() >= number)

    def test_it_takes_as_long_as_the_clip_lasts_and_is_complete_in_the_end(self):
        process = self.start()
        self.wait_for_segments(2)
        self.assertNotIn("a.svms", self.files())
        self.assertEqual(process.wait(TIMEOUT), GOOD)
        self.assertEqual(self.files(), ["a.svms"])
        self.verify()

    def test_readers_see_complete_segments_of_a_growing_recording(self):
        process = self.start()
        self.wait_for_segments(3)
        report = self.verify("a.svms", status=EVIDENCE)
        self.assertEqual(report["verdict"], "incomplete")
        self.assertEqual(report["integrity"]["verdict"], "partial")
        run = self.expect(GOOD, "verify", "a.svms", "--trust", self.ca, "--json", "--from", "2026-11-21T10:00:00.5Z",
                          "--to", "2026-11-21T10:00:01.5Z")
        self.assertEqual(run.json()["verdict"], "authentic")
        self.assertIn("a.svms.part", run.err)
        self.extract(GOOD, "a.svms", "so-far.mkv", "--trust", self.ca, "--to", "2026-11-21T10:00:02Z")
        self.expect(GOOD, "info", "a.svms")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT), GOOD)

    def test_control_c_ends_the_recording_properly(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                name = f"{number.name}.svms"
                process = self.start(name=name)
                self.wait_for(lambda name=name: self.segments(name + ".part") >= 1)
                process.send_signal(number)
                self.assertEqual(process.wait(TIMEOUT), GOOD)
                self.assertNotIn(name + ".part", self.files())
                report = self.verify(name)
                self.assertTrue(report["coverage"]["closed"])
                self.assertLess(report["coverage"]["segments_verified"], 8)

    def test_control_c_before_the_first_picture_leaves_nothing(self):
        os.mkfifo(self.path("camera"))
        process = subprocess.Popen([PROGRAM, "record", "camera", "--out", "a.svms", *self.signer, "--protect", "none"],
                                   cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   start_new_session=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        # It waits for somebody to write, or for the first bytes.
        with open(self.path("camera"), "wb") as camera:
            camera.write(bytes(100))
            camera.flush()
            self.wait_for(lambda: self.watches_for_interrupts(process))
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(TIMEOUT), ENVIRONMENT)
        self.assertEqual(self.files(), ["camera"])

    @staticmethod
    def watches_for_interrupts(process):
        """Whether the process catches SIGINT, as the kernel tells."""
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            caught = next(line for line in file if line.startswith("SigCgt"))
        return int(caught.split()[1], 16) & (1 << (signal.SIGINT - 1))

    def test_what_is_being_written_is_not_written_by_another(self):
        process = self.start()
        self.wait_for_segments(1)
        for extra in ([], ["--force"]):
            run = self.expect(ENVIRONMENT, "record", self.clip, "--out", "a.svms", *self.signer, "--protect", "none",
                              *extra)
            self.assertIn("another recorder", run.err)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT), GOOD)
        self.verify()

    def test_a_kill_leaves_every_complete_segment(self):
        process = self.start()
        self.wait_for_segments(2)
        process.kill()
        process.wait(TIMEOUT)
        self.assertEqual(self.files(), ["a.svms.part"])
        report = self.verify("a.svms.part", status=EVIDENCE)
        self.assertEqual(report["verdict"], "incomplete")
        self.assertGreaterEqual(report["coverage"]["segments_verified"], 2)
        self.assertEqual(report["coverage"]["segments_failed"], 0)
        self.assertGreaterEqual(report["coverage"]["unattested_bytes"], 0)
        self.verify("a.svms.part", "--from", START, "--to", "2026-11-21T10:00:01.5Z")
        self.extract(GOOD, "a.svms.part", "saved.mkv", "--to", "2026-11-21T10:00:01.5Z")

    def test_an_interrupted_extraction_leaves_nothing(self):
        self.record()
        for _ in range(5):
            process = subprocess.Popen([PROGRAM, "extract", "a.svms", "--out", "a.mp4", "--password-file",
                                        self.password_file], cwd=self.folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            process.send_signal(signal.SIGINT)
            process.wait(TIMEOUT)
            if process.returncode == GOOD:
                os.remove(self.path("a.mp4"))
            self.assertEqual(self.files(), ["a.svms"])


if __name__ == "__main__":
    main()
