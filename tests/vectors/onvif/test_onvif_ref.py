#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The second implementation of export files by itself, and over what the library wrote.

test_onvif_ref.py [WRITER]: WRITER is the program write_onvif."""

import os
import subprocess
import sys
import tempfile
import unittest

import make_onvif_vectors as vectors
import onvifref
from onvifmake import Plan, countersign, movie, seal

from cryptography import x509
from svmsref import trust

WRITER = None
T0 = 1_767_225_600 * onvifref.NS


class Reference(unittest.TestCase):
    def setUp(self):
        keys = vectors.Keys()
        self.exporter = keys.signer("exporter-p256", "p256", 3)
        self.custodian = keys.signer("custodian", "p256", 4)
        anchors = [trust.load_anchors(vectors.read(vectors.VECTORS, "keys", "ca.pem"))[0]]
        self.request = onvifref.Request(anchors, vectors.NOW)

    def verdict(self, data):
        return onvifref.verify(data, self.request)["verdict"]

    def test_no_flipped_byte_is_authentic(self):
        data = bytearray(countersign(seal(movie(), self.exporter), self.custodian))
        self.assertEqual(self.verdict(bytes(data)), "authentic")
        for at in range(0, len(data), 3):
            data[at] ^= 2
            self.assertNotEqual(self.verdict(bytes(data)), "authentic", at)
            data[at] ^= 2

    def test_no_truncated_file_is_authentic(self):
        data = seal(movie(fragments=1), self.exporter)
        for size in range(0, len(data), 5):
            self.assertNotEqual(self.verdict(data[:size]), "authentic")

    def test_the_view_of_the_only_signature_is_the_file_without_its_value(self):
        data = seal(movie(), self.exporter)
        found = onvifref.parse(data)
        sibo = found.sinfs[0].parts[b"sibo"]
        self.assertEqual(onvifref.view(found, 0), data[: sibo.payload] + bytes(sibo.end - sibo.payload) + data[sibo.end :])

    def test_the_view_of_an_earlier_signature_is_that_of_the_earlier_file(self):
        plan = Plan(wide_meta=True)
        data = seal(movie(wide=True), self.exporter, plan)
        later = countersign(data, self.custodian)
        self.assertEqual(onvifref.view(onvifref.parse(later), 0), onvifref.view(onvifref.parse(data), 0))

    def test_what_the_library_writes_is_authentic(self):
        if not WRITER:
            self.skipTest("no writer was named")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([WRITER, folder], check=True, capture_output=True)
            ca = x509.load_der_x509_certificate(vectors.read(folder, "ca.der"))
            request = onvifref.Request([ca], T0 + onvifref.NS)
            names = [name for name in os.listdir(folder) if name.endswith(".mp4")]
            self.assertEqual(len(names), 32)
            for name in sorted(names):
                told = onvifref.verify(vectors.read(folder, name), request)
                self.assertEqual((told["verdict"], told["warnings"]), ("authentic", []), name)
                self.assertEqual(len(told["signatures"]), int(name[-5]))
                self.assertEqual(told["export"]["time"], T0 // onvifref.NS - 5)
                self.assertEqual([one["name"] for one in told["export"]["tracks"]], ["front döor", "microphone"])
                self.assertEqual(told["signatures"][0]["starts"],
                                 [(1, T0 - 3600 * onvifref.NS), (2, T0 - 3600 * onvifref.NS + 100)])  # fmt: skip
                self.assertEqual(told["signatures"][0]["note"], "case 7")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        WRITER = sys.argv.pop(1)
    unittest.main()
