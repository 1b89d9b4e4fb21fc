#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A build without FFmpeg's libraries: record and extract say so, everything else works."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SVMS_PROGRAM"]
STAGE = os.environ["SVMS_STAGE"]


class WithoutFfmpeg(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="svms-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_svms(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              check=False)

    def test_record_and_extract_say_what_is_missing(self):
        for arguments in (["record", "clip.mp4", "--out", "a.svms"], ["extract", "a.svms", "--out", "a.mp4"]):
            done = self.run_svms(*arguments)
            self.assertEqual(done.returncode, 3, done)
            self.assertIn("built without FFmpeg", done.stderr)

    def test_everything_else_works(self):
        self.assertEqual(self.run_svms("--version").returncode, 0)
        self.assertEqual(self.run_svms("identity", "create", "--out", "id", "--name", "Somebody").returncode, 0)
        subprocess.run([STAGE, self.folder, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
                        "2026-01-01T00:00:02Z"], check=True)
        done = self.run_svms("verify", "a.svms", "--trust", "ca.pem", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["verdict"]), (0, "authentic"), done)
        self.assertEqual(self.run_svms("info", "a.svms").returncode, 0)
        self.assertEqual(self.run_svms("verify", "a.svms", "--trust", "id/ca.pem").returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
