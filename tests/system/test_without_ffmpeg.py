#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A build without FFmpeg's libraries: record and extract say so, everything else works."""

import os
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SVMS_PROGRAM"]
STAGE = os.environ["SVMS_STAGE"]


class WithoutFfmpeg(unittest.TestCase):
    def run_svms(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=False, text=True)

    def test_record_and_extract_name_what_is_missing(self):
        for arguments in (["record", "x.mp4", "--out", "x.svms"], ["extract", "x.svms", "--out", "x.mp4"]):
            run = self.run_svms(*arguments)
            self.assertEqual(run.returncode, 3, run)
            self.assertIn("FFmpeg", run.stderr)

    def test_the_rest_works(self):
        with tempfile.TemporaryDirectory(prefix="svms-test-") as folder:
            run = self.run_svms("identity", "create", "--out", os.path.join(folder, "id"), "--name", "Somebody")
            self.assertEqual(run.returncode, 0, run)
            subprocess.run([STAGE, folder, "2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2026-06-01T00:00:00Z",
                            "2026-06-01T00:01:00Z"], check=True, timeout=60)
            recording = os.path.join(folder, "a.svms")
            run = self.run_svms("verify", recording, "--trust", os.path.join(folder, "ca.pem"))
            self.assertEqual(run.returncode, 0, run)
            self.assertEqual(self.run_svms("info", recording).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
