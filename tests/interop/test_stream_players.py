# SPDX-License-Identifier: Apache-2.0
"""The RTSP server of reference camera and recorder (examples/stream) against players of others: GStreamer plays what is
live at the second of its paths, FFmpeg a recording, from its beginning and from within. What they decode is, picture by
picture, what the source shows."""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PEER = os.environ["SVMS_STREAM_PEER"]
SKIPPED = 77
TIMEOUT = 120
PICTURES = 20
GROUP = 5


def run(*command, **more):
    return subprocess.run(command, check=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, capture_output=True, **more)


def pictures(*source):
    """Digests of the decoded pictures."""
    out = run("ffmpeg", "-v", "error", *source, "-map", "0:v", "-f", "framemd5", "-").stdout.decode()
    return [line.split(",")[-1].strip() for line in out.splitlines() if not line.startswith("#")]


def pack(clip, path):
    """Configuration and pictures as the peer reads them."""
    stream = json.loads(run("ffprobe", "-v", "error", "-show_streams", "-show_data", "-of", "json", clip).stdout)
    lines = stream["streams"][0]["extradata"].splitlines()
    config = bytes.fromhex("".join(line.split(":", 1)[1][:41].replace(" ", "") for line in lines if ":" in line))
    shown = json.loads(run("ffprobe", "-v", "error", "-show_packets", "-of", "json", clip).stdout)["packets"]
    raw = run("ffmpeg", "-v", "error", "-i", clip, "-c", "copy", "-f", "data", "-map", "0:v", "-").stdout
    at = 0
    with open(path, "wb") as out:
        out.write(struct.pack(">I", len(config)) + config)
        for packet in shown:
            size = int(packet["size"])
            out.write(struct.pack(">IB", size, "K" in packet["flags"]) + raw[at:at + size])
            at += size
    assert at == len(raw) and len(shown) == PICTURES


class Server:
    """Our peer while it runs."""

    def __init__(self, path):
        self.process = subprocess.Popen([PEER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(line.rstrip() for line in self.process.stdout))
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)
        self.reader.join(TIMEOUT)
        self.process.stdout.close()

    def url(self, path):
        return f"rtsp://127.0.0.1:{self.port}{path}"

    def wait_for(self, start):
        end = time.monotonic() + TIMEOUT
        while not any(line.startswith(start) for line in self.lines):
            assert time.monotonic() < end, self.lines
            time.sleep(0.02)


class StreamPlayers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        clip = f"{cls.folder}/clip.mp4"
        run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-frames:v", str(PICTURES),
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(GROUP), "-crf", "35", clip)
        cls.expected = pictures("-i", clip)
        cls.packed = f"{cls.folder}/pictures"
        pack(clip, cls.packed)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def gstreamer(self, url, protocols):
        out = f"{self.folder}/got.h264"
        run("gst-launch-1.0", "-q", "rtspsrc", f"location={url}", f"protocols={protocols}", "latency=200", "!",
            "rtph264depay", "!", "h264parse", "!", "video/x-h264,stream-format=byte-stream,alignment=au", "!", "filesink",
            f"location={out}")
        return pictures("-f", "h264", "-i", out)

    def test_gstreamer_plays_the_second_live_path(self):
        for protocols in ("tcp", "udp"):
            with self.subTest(protocols), Server(self.packed) as server:
                self.assertEqual(self.gstreamer(server.url("/live/2"), protocols), self.expected)
                server.wait_for(f"ended /live/2: {PICTURES} samples")
                self.assertIn("watches /live/2", server.lines)

    def test_ffmpeg_plays_a_recording_over_tcp_and_udp(self):
        for protocol in ("tcp", "udp"):
            with self.subTest(protocol), Server(self.packed) as server:
                self.assertEqual(pictures("-rtsp_transport", protocol, "-i", server.url("/replay")), self.expected)
                server.wait_for(f"ended /replay: {PICTURES} samples")

    def test_ffmpeg_learns_how_long_it_is_and_plays_from_within(self):
        with Server(self.packed) as server:
            shown = run("ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_format", "-of", "json",
                        server.url("/replay")).stdout
            self.assertAlmostEqual(float(json.loads(shown)["format"]["duration"]), (PICTURES - 1) / 10, places=2)
            seen = pictures("-rtsp_transport", "tcp", "-ss", "1.2", "-i", server.url("/replay"))
            # Its own clock begins a picture early.
            self.assertTrue({"seek 1200", "seek 1300"} & set(server.lines), server.lines)
        # From the picture before that stands alone, of which it shows only the first and what it asked for.
        numbers = [self.expected.index(picture) for picture in seen]
        self.assertEqual(numbers[-6:], list(range(PICTURES - 6, PICTURES)))
        self.assertGreaterEqual(min(numbers), 2 * GROUP)

    def test_gstreamer_plays_a_recording(self):
        with Server(self.packed) as server:
            seen = self.gstreamer(server.url("/replay"), "tcp")
            # All of it was sent; under load GStreamer was seen to end before it showed the last one.
            server.wait_for(f"ended /replay: {PICTURES} samples")
        self.assertGreaterEqual(len(seen), PICTURES - 1)
        self.assertEqual(seen, self.expected[:len(seen)])


if __name__ == "__main__":
    missing = [tool for tool in ("ffmpeg", "ffprobe", "gst-launch-1.0") if not shutil.which(tool)]
    if missing:
        print(f"SKIPPED, LOUDLY: {', '.join(missing)} not installed", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
