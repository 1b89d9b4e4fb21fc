# SPDX-License-Identifier: Apache-2.0
"""Descriptions that FFmpeg writes are read."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PEER = os.environ["SVMS_KEYING_PEER"]
SKIPPED = 77
TIMEOUT = 120
SOURCES = {
    "testsrc2=d=0.1:s=64x64": (["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-huffman", "0"],
                               "video|RTP/AVP|0|26|-|-|0|ok -"),
    "sine=d=0.1:r=8000": (["-c:a", "pcm_mulaw"], "audio|RTP/AVP|0|0|-|-|0|ok -"),
    "sine=d=0.1:r=16000": (["-c:a", "aac"], "audio|RTP/AVP|0|97|MPEG4-GENERIC/16000/1|-|0|ok -"),
}


class Descriptions(unittest.TestCase):
    def test_what_ffmpeg_writes_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            for source, (codec, expected) in SOURCES.items():
                path = os.path.join(folder, "description.sdp")
                subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, *codec, "-f", "rtp",
                                "-sdp_file", path, "rtp://127.0.0.1:9"], check=True, timeout=TIMEOUT,
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                done = subprocess.run([PEER], input=f"sdp {path}\n", text=True, capture_output=True, check=True,
                                      timeout=TIMEOUT)
                self.assertEqual(done.stdout.splitlines(), [expected, "end"])


if __name__ == "__main__":
    if not shutil.which("ffmpeg"):
        print("SKIPPED: ffmpeg is not installed (examples/packages.sh install build)")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
