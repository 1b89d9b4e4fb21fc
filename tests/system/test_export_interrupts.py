#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever ends an export before its end leaves nothing that looks finished."""

import json
import os
import random
import signal
import subprocess
import time

from export_case import ExportCase, limited_to
from system_case import ENVIRONMENT, EVIDENCE, GOOD, PROGRAM, TIMEOUT, main, make_clip, say

KILLS = 12


class Interrupts(ExportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        clip = make_clip(os.path.join(cls.shared, "big.mp4"), "-c:v", "mjpeg", "-q:v", "2", "-s", "640x480", "-c:a", "aac",
                         seconds=30)
        cls.big = os.path.join(cls.shared, "big.svms")
        subprocess.run([PROGRAM, "record", clip, "--out", cls.big, "--start-time", "2026-11-21T10:00:00Z", *cls.signer,
                        "--kek", cls.kek], check=True, capture_output=True, timeout=TIMEOUT)

    def parts(self):
        return [name for name in self.files() if name.startswith("p.svmx.")]

    def start(self, *extra):
        return subprocess.Popen([PROGRAM, *self.arguments(*extra, sources=[self.big])], cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                start_new_session=True)

    def end_after(self, seconds, number, *extra):
        """Its exit status, when this signal came so many seconds after the beginning."""
        with self.start(*extra) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(number)
            words = process.stderr.read().decode()
            return process.wait(TIMEOUT), words

    def how_long(self):
        begun = time.monotonic()
        self.create("--force", sources=[self.big])
        os.unlink(self.path("p.svmx"))
        return time.monotonic() - begun

    def test_a_killed_export_leaves_only_what_is_called_so(self):
        lasts = self.how_long()
        chance = random.Random(7)
        killed = 0
        for _ in range(KILLS):
            status, _words = self.end_after(chance.uniform(0, lasts), signal.SIGKILL)
            killed += status == -signal.SIGKILL
            if "p.svmx" in self.files():
                self.check()
                os.unlink(self.path("p.svmx"))
            for name in self.parts():
                self.assertRegex(name, r"^p\.svmx\.[a-z2-7]{6}\.part$")
                os.unlink(self.path(name))
            self.assertEqual(self.files(), [])
        say(f"{killed} of {KILLS} exports were killed before their end")
        self.assertGreater(killed, 0)

    def test_control_c_leaves_nothing(self):
        lasts = self.how_long()
        chance = random.Random(8)
        came = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            status, words = self.end_after(chance.uniform(lasts / 4, lasts * 0.9), number)
            if status == GOOD:
                os.unlink(self.path("p.svmx"))
            else:
                came += status == ENVIRONMENT
                self.assertIn(status, (ENVIRONMENT, -number), words)
            self.assertEqual(self.files(), [] if status != -number else self.parts(), words)
            for name in self.parts():
                os.unlink(self.path(name))
        self.assertGreater(came, 0)

    def test_a_full_disk_leaves_nothing(self):
        whole = len(self.whole())
        for size in (0, 100, 1000, whole // 3, whole - 1):
            with self.subTest(size):
                run = self.create(sources=[self.big], status=ENVIRONMENT, preexec_fn=limited_to(size))
                self.assertTrue(run.err)
                self.assertEqual(self.files(), [])

    def whole(self):
        self.create(sources=[self.big])
        content = self.load("p.svmx")
        os.unlink(self.path("p.svmx"))
        return content

    def test_a_disk_that_is_really_full(self):
        script = ('mkdir small && mount -t tmpfs -o size=256k none small || exit 77; cd small; '
                  '"$0" "$@"; status=$?; ls -A; exit $status')
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script, PROGRAM, *self.arguments(sources=[self.big])],
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                              check=False)
        if done.returncode in (1, 77) or "unshare" in done.stderr:
            say("SKIPPED: no small file system can be mounted here")
            self.skipTest("cannot mount")
        self.assertEqual(done.returncode, ENVIRONMENT, done)
        self.assertIn("No space left", done.stderr)
        self.assertEqual(done.stdout.split(), [])

    def test_an_older_package_survives_whatever_happens(self):
        self.store("p.svmx", b"precious")
        self.create("--force", sources=[self.big], status=ENVIRONMENT, preexec_fn=limited_to(5000))
        self.assertEqual(self.load("p.svmx"), b"precious")
        self.assertEqual(self.files(), ["p.svmx"])

    def test_an_extract_that_fails_leaves_nothing(self):
        self.create(sources=[self.big])
        self.expect(ENVIRONMENT, "export", "extract", "p.svmx", "--out", "x.mkv", *self.opens(), preexec_fn=limited_to(9000))
        self.assertEqual(self.files(), ["p.svmx"])

    def test_a_countersignature_that_does_not_fit_is_unattested(self):
        self.create()
        before = self.load("p.svmx")
        self.countersign(status=ENVIRONMENT, preexec_fn=limited_to(len(before) + 200))
        self.assertEqual(self.load("p.svmx")[:len(before)], before)
        if len(self.load("p.svmx")) > len(before):
            self.assertEqual(self.check(status=EVIDENCE)["verdict"], "incomplete")
        self.sign_on()
        self.assertEqual(self.check()["verdict"], "authentic")

    def test_two_custodians_at_once_sign_one_after_the_other(self):
        self.create()
        running = [subprocess.Popen([PROGRAM, "export", "countersign", "p.svmx", *self.custodian, "--json"],
                                    cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL) for _ in range(4)]
        statuses = []
        receipts = {}
        for process in running:
            said, _nothing = process.communicate(timeout=TIMEOUT)
            statuses.append(process.returncode)
            if process.returncode == GOOD:
                told = json.loads(said)
                receipts[told["link"]] = told["receipt"]
        self.assertIn(GOOD, statuses)
        self.assertEqual(set(statuses) - {GOOD, ENVIRONMENT}, set())
        found = self.check()
        self.assertEqual((found["verdict"], len(found["links"]["list"])), ("authentic", 1 + statuses.count(GOOD)))
        self.assertEqual(receipts, {link["number"]: link["head"] for link in found["links"]["list"][1:]})

    def test_a_source_that_vanishes_is_the_environment(self):
        self.expect(ENVIRONMENT, *self.arguments(sources=["nowhere.svms"]))
        os.mkdir(self.path("empty"))
        self.expect(ENVIRONMENT, *self.arguments(sources=["empty"]))
        self.assertEqual(self.files(), ["empty"])


if __name__ == "__main__":
    main()
