# SPDX-License-Identifier: Apache-2.0
"""MIKEY and SDP against GStreamer's own (libgstsdp), with which rtspsrc and gst-rtsp-server speak: what it makes we
read, and what we make it reads."""
import base64
import os
import random
import subprocess
import sys
import tempfile
import unittest

PEER = os.environ["SVMS_KEYING_PEER"]
SKIPPED = 77
try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstSdp", "1.0")
    from gi.repository import Gst, GstSdp
    Gst.init(None)
except (ImportError, ValueError) as missing:
    print(f"SKIPPED: GStreamer for Python is not installed: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)

SSRC, ROC = 0x12345678, 7
SUITES = {  # theirs, key, salt
    "AEAD_AES_256_GCM": ("aes-256-gcm", "null", 32, 12),
    "AEAD_AES_128_GCM": ("aes-128-gcm", "null", 16, 12),
    "AES_CM_128_HMAC_SHA1_80": ("aes-128-icm", "hmac-sha1-80", 16, 14),
}
FORMATS = {"H264": (96, "H264/90000", "packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA=="),
           "JPEG": (26, "JPEG/90000", "-"), "PCMU": (0, "PCMU/8000", "-")}


def their_message(cipher, auth, key):
    """A message as gst-rtsp-server makes it."""
    caps = Gst.Caps.from_string(
        f"application/x-srtp,srtp-key=(buffer){key.hex()},srtp-cipher={cipher},srtp-auth={auth},"
        f"srtcp-cipher={cipher},srtcp-auth={auth}")
    message = GstSdp.MIKEYMessage.new_from_caps(caps)
    message.add_cs_srtp(0, SSRC, ROC)
    return message.base64_encode()


def their_description(text):
    """The message, which must outlive what is taken from it, and its first medium."""
    result, message = GstSdp.SDPMessage.new()
    assert result == GstSdp.SDPResult.OK
    assert GstSdp.sdp_message_parse_buffer(text, message) == GstSdp.SDPResult.OK
    return message, message.get_media(0)


def their_caps(text, number=96):
    """What rtspsrc gives its srtpdec for the first medium of a description."""
    message, media = their_description(text)
    caps = media.get_caps_from_media(number)
    assert media.attributes_to_caps(caps) == GstSdp.SDPResult.OK
    del message
    return caps


def key_of(caps):
    buffer = caps.get_structure(0).get_value("srtp-key")
    return buffer.extract_dup(0, buffer.get_size())


def description_around(text):
    return ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/SAVP 96\r\n"
            f"a=rtpmap:96 H264/90000\r\na=key-mgmt:mikey {text}\r\n").encode()


class AgainstGStreamer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "description")
        self.peer = subprocess.Popen([PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)

    def stop(self):
        self.peer.stdin.close()
        self.assertEqual(self.peer.wait(timeout=60), 0)
        self.peer.stdout.close()

    def answer(self):
        return self.peer.stdout.readline().strip()

    def ask(self, line):
        self.peer.stdin.write(line + "\n")
        self.peer.stdin.flush()
        return self.answer()

    def our_message(self, form, suite, key, salt, mki="-"):
        words = ["write", form, suite, 7, 1, 0xEEAD3BA080000000, "a0" * 16, 1, key.hex(), salt.hex(), mki,
                 f"0:{SSRC}:{ROC}"]
        return bytes.fromhex(self.ask(" ".join(map(str, words))))

    def test_what_gstreamer_makes_is_read(self):
        rng = random.Random(1)
        for suite, (cipher, auth, key_size, salt_size) in SUITES.items():
            key, salt = rng.randbytes(key_size), rng.randbytes(salt_size)
            said = self.ask("text " + their_message(cipher, auth, key + salt)).split()
            self.assertEqual(said[:2], ["JOINED", suite])
            self.assertEqual(said[6:], ["1", key.hex(), salt.hex(), "-", f"0:{SSRC}:{ROC}"])

    def test_what_gstreamer_makes_and_we_do_not_have_is_refused(self):
        for cipher, auth, size in (("aes-256-icm", "hmac-sha1-80", 46), ("aes-128-icm", "hmac-sha1-32", 30)):
            said = self.ask("text " + their_message(cipher, auth, bytes(size)))
            self.assertTrue(said.startswith("error unsupported"), said)

    def test_the_joined_form_is_read_by_gstreamer(self):
        rng = random.Random(2)
        for suite, (cipher, auth, key_size, salt_size) in SUITES.items():
            key, salt = rng.randbytes(key_size), rng.randbytes(salt_size)
            ours = base64.b64encode(self.our_message("JOINED", suite, key, salt)).decode()
            caps = their_caps(description_around(ours))
            self.assertEqual(key_of(caps), key + salt)
            for name, value in (("srtp-cipher", cipher), ("srtp-auth", auth), ("srtcp-cipher", cipher),
                                ("srtcp-auth", auth)):
                self.assertEqual(caps.get_structure(0).get_string(name), value)

    def test_of_the_onvif_form_gstreamer_reads_the_key_at_least(self):
        """Why there are two forms: GStreamer 1.22 takes the TEK of TEK+SALT without the salt."""
        key = bytes(range(32))
        salt = bytes(range(12))
        ours = self.our_message("ONVIF", "AEAD_AES_256_GCM", key, salt, "0000002f")
        caps = their_caps(description_around(base64.b64encode(ours).decode()))
        self.assertIn(key_of(caps), (key, key + salt))

    def test_our_descriptions_are_read_by_gstreamer(self):
        message = self.our_message("JOINED", "AEAD_AES_256_GCM", bytes(32), bytes(12))
        for encoding, (number, rtpmap, fmtp) in FORMATS.items():
            self.assertEqual(self.ask(f"describe {number} {rtpmap} {fmtp} {message.hex()} {self.path}"), "done")
            with open(self.path, "rb") as file:
                text = file.read()
            message_alive, media = their_description(text)
            self.assertEqual(media.get_proto(), "RTP/SAVP")
            self.assertEqual(media.get_attribute_val("control"), "track0")
            del message_alive
            caps = their_caps(text, number)
            self.assertEqual(caps.get_structure(0).get_string("encoding-name"), encoding)
            self.assertEqual(len(key_of(caps)), 44)
            if encoding == "H264":
                self.assertEqual(caps.get_structure(0).get_string("sprop-parameter-sets"), "Z0IACpZTBYmI,aMljiA==")


if __name__ == "__main__":
    unittest.main(verbosity=2)
