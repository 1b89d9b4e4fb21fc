# SPDX-License-Identifier: Apache-2.0
"""SRTP against GStreamer's srtpenc and srtpdec, with AES-GCM: each reads what the other writes. Both rest on libsrtp;
the independent witness is test_srtp_rtpengine.py. Packets go through pipes, framed as RFC 4571 has it."""
import random
import shutil
import struct
import subprocess
import sys
import unittest

import srtp_wire

SKIPPED = 77
PACKETS = 60
TIMEOUT = 120
CIPHERS = {"AEAD_AES_256_GCM": "aes-256-gcm", "AEAD_AES_128_GCM": "aes-128-gcm"}


def framed(packets):
    return b"".join(struct.pack(">H", len(packet)) + packet for packet in packets)


def unframed(data):
    out = []
    while data:
        size = struct.unpack_from(">H", data)[0]
        out.append(data[2:2 + size])
        data = data[2 + size:]
    return out


def through(kind, caps, element, packets):
    """What comes out of an element of GStreamer."""
    done = subprocess.run(
        ["gst-launch-1.0", "-q", "fdsrc", "fd=0", "!", f"application/x-{kind}-stream,media=video,payload=96,"
         f"clock-rate=90000,encoding-name=H264,ssrc=(uint){srtp_wire.SSRC}{caps}", "!", "rtpstreamdepay", "!",
         *element, "!", "rtpstreampay", "!", "fdsink", "fd=1"],
        input=framed(packets), capture_output=True, check=False, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr.decode()
    return unframed(done.stdout)


class AgainstGStreamer(unittest.TestCase):
    def peer(self, *arguments):
        peer = srtp_wire.Peer(*arguments)
        self.addCleanup(lambda: self.assertEqual(peer.close(), 0))
        return peer

    def test_gstreamer_reads_what_we_write(self):
        for suite, cipher in CIPHERS.items():
            secret = srtp_wire.any_secret(random.Random(suite), suite)
            protect = self.peer("protect", suite, secret)
            plain = list(srtp_wire.rtp_packets(PACKETS, first=65520))
            ours = [protect(packet) for packet in plain]
            self.assertNotIn(b"PLAINTEXT", b"".join(ours))
            caps = (f",roc=(uint)0,srtp-key=(buffer){secret.hex()},srtp-cipher={cipher},srtp-auth=null,"
                    f"srtcp-cipher={cipher},srtcp-auth=null")
            self.assertEqual(through("srtp", caps, ["srtpdec"], ours), plain)

    def test_we_read_what_gstreamer_writes(self):
        for suite, cipher in CIPHERS.items():
            secret = srtp_wire.any_secret(random.Random(suite + "back"), suite)
            unprotect = self.peer("unprotect", suite, secret)
            plain = list(srtp_wire.rtp_packets(PACKETS, first=65520))
            theirs = through("rtp", "", ["srtpenc", f"key={secret.hex()}", f"rtp-cipher={cipher}", "rtp-auth=null",
                                         f"rtcp-cipher={cipher}", "rtcp-auth=null"], plain)
            self.assertNotIn(b"PLAINTEXT", b"".join(theirs))
            self.assertEqual([unprotect(packet) for packet in theirs], plain)


def has_elements():
    if not shutil.which("gst-launch-1.0") or not shutil.which("gst-inspect-1.0"):
        return False
    return all(subprocess.run(["gst-inspect-1.0", "--exists", name], check=False).returncode == 0
               for name in ("srtpdec", "srtpenc", "rtpstreampay", "rtpstreamdepay"))


if __name__ == "__main__":
    if not has_elements():
        print("SKIPPED: GStreamer with srtpdec and rtpstreampay is not installed (examples/packages.sh install test)")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
