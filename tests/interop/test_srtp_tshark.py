# SPDX-License-Identifier: Apache-2.0
"""What somebody sees who records SRTP and SRTCP: tshark finds only ciphertext. Each search is made on the same packets
without protection first, where it must find what it looks for."""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib

import capture_file
import srtp_wire

SKIPPED = 77
TIMEOUT = 120
PACKETS = 40
PORT = 40000
NAME = b"camera@plain"
SECRETS = ("PLAINTEXT", "picture", NAME.decode())
TAG = {"AEAD_AES_256_GCM": 16, "AEAD_AES_128_GCM": 16, "AES_CM_128_HMAC_SHA1_80": 10}


def tshark(path, *arguments):
    done = subprocess.run(["tshark", "-n", "-r", path, "-d", f"udp.port=={PORT},rtp", "-d",
                           f"udp.port=={PORT + 1},rtcp", *arguments], check=True, capture_output=True, text=True,
                          timeout=TIMEOUT, env=os.environ | {"HOME": os.path.dirname(path)})
    return done.stdout.splitlines()


def plain_packets():
    """Payloads of text, which nobody takes for random."""
    for packet in srtp_wire.rtp_packets(PACKETS, first=65520):
        yield packet[:12] + b"PLAINTEXT of a picture, " * 50


class Seen:
    """What tshark finds in a capture."""

    def __init__(self, path):
        self.texts = len(tshark(path, "-Y", " or ".join(f'frame contains "{text}"' for text in SECRETS)))
        fields = ("rtp.ssrc", "rtp.seq", "rtp.timestamp", "rtp.payload", "rtcp.sdes.text")
        rows = [line.split("\t") for line in tshark(path, "-T", "fields", *(word for name in fields
                                                                            for word in ("-e", name)))]
        media = [row for row in rows if row[0]]
        self.numbers = [row[:3] for row in media]
        self.payloads = [bytes.fromhex(row[3].replace(":", "")) for row in media]
        self.names = "".join(row[4] for row in rows)


class OnlyCiphertext(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def capture(self, name, media, report):
        path = os.path.join(self.folder, name + ".pcap")
        capture = capture_file.Capture(path)
        for packet in plain_packets():
            capture.udp(PORT + 2, PORT, media(packet))
        capture.udp(PORT + 3, PORT + 1, report(srtp_wire.sender_report(name=NAME)))
        capture.close()
        return path

    def protected(self, suite, mki):
        peer = srtp_wire.Peer("protect", suite, srtp_wire.any_secret(random.Random(suite), suite), mki)
        path = self.capture(suite, peer, lambda packet: peer(packet, b"C"))
        self.assertEqual(peer.close(), 0)
        return path

    def test_tshark_finds_everything_without_protection_and_nothing_with_it(self):
        clear = Seen(self.capture("open", lambda packet: packet, lambda packet: packet))
        self.assertEqual(clear.texts, PACKETS + 1)
        self.assertEqual(clear.names, NAME.decode())
        self.assertEqual(len(clear.payloads), PACKETS)
        self.assertLess(len(zlib.compress(b"".join(clear.payloads))), 1000)
        for suite, mki in (("AEAD_AES_256_GCM", b"\0\0\0\x2f"), ("AEAD_AES_128_GCM", b""),
                           ("AES_CM_128_HMAC_SHA1_80", b"\1")):
            hidden = Seen(self.protected(suite, mki))
            self.assertEqual(hidden.texts, 0)
            self.assertNotIn(NAME.decode(), hidden.names)
            # Headers are as they were; that is how SRTP is.
            self.assertEqual(hidden.numbers, clear.numbers)
            more = TAG[suite] + len(mki)
            self.assertEqual([len(one) for one in hidden.payloads], [len(one) + more for one in clear.payloads])
            # Nothing repeats and nothing can be compressed, though all payloads are one text.
            ciphertext = b"".join(one[:-more] for one in hidden.payloads)
            self.assertGreater(len(zlib.compress(ciphertext, 9)), len(ciphertext))
            self.assertEqual(len({one[:16] for one in hidden.payloads}), PACKETS)


if __name__ == "__main__":
    if not shutil.which("tshark"):
        print("SKIPPED: tshark is not installed (examples/packages.sh install test)")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
