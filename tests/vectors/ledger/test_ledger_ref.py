#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The second implementation of ledgers over what the recorder's wrote.

test_ledger_ref.py WRITER: the program write_ledger."""

import os
import subprocess
import sys
import tempfile
import time
import unittest

import make_ledger_vectors as vectors
import ledger_ref as ref

from svmsref import trust

WRITER = None


class Reference(unittest.TestCase):
    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([WRITER, folder], check=True, capture_output=True, text=True)
            self.output = done.stdout
            with open(os.path.join(folder, "ledger"), "rb") as file:
                self.data = file.read()
            with open(os.path.join(folder, "ca.pem"), "rb") as file:
                self.anchors = trust.load_anchors(file.read())
        self.now = time.time_ns()

    def test_what_the_recorder_writes_is_read(self):
        found = ref.read(self.data, self.anchors, self.now)
        kinds = [(entry.kind, entry.who, entry.why) for entry in found.entries]
        self.assertEqual(kinds, [(1, "anna", "ä"), (2, "berta", ""), (3, "anna", "request")])
        self.assertEqual((found.entries[0].first, found.entries[0].last), (-5, 7))
        self.assertIn(found.mark, self.output.splitlines())
        self.assertEqual(found.torn, 0)

    def test_a_stranger_does_not_count(self):
        with self.assertRaises(ref.Refused) as raised:
            ref.read(self.data, vectors.anchors(), self.now)
        self.assertEqual(raised.exception.status, "untrusted")

    def test_every_byte_counts(self):
        for place in range(16, len(self.data), 7):
            changed = bytearray(self.data)
            changed[place] ^= 1
            with self.assertRaises(ref.Refused):
                ref.read(bytes(changed), self.anchors, self.now)


if __name__ == "__main__":
    WRITER = sys.argv.pop(1)
    unittest.main()
