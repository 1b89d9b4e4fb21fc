# SPDX-License-Identifier: Apache-2.0
"""Our RTSP server core against the clients of FFmpeg and GStreamer: digest, interleaved and over UDP. What they decode
is, picture by picture, what the source shows."""
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

PEER = os.environ["SVMS_RTSP_SERVER_PEER"]
RTP_PEER = os.environ["SVMS_RTP_PEER"]
SKIPPED = 77
TIMEOUT = 120
PICTURES = 20
OPEN, DIGEST, MD5 = 0x04, 0x01, 0x08


def run(*command, **more):
    return subprocess.run(command, check=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, capture_output=True, **more)


def pictures(*source):
    """Digests of the decoded pictures."""
    out = run("ffmpeg", "-v", "error", *source, "-map", "0:v", "-f", "framemd5", "-").stdout.decode()
    return [line.split(",")[-1].strip() for line in out.splitlines() if not line.startswith("#")]


class Server:
    """Our peer while it runs."""

    def __init__(self, folder, flags):
        self.process = subprocess.Popen([PEER, f"{folder}/sdp", f"{folder}/packets", hex(flags)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
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

    def url(self, user="alice:secret@", path="/live"):
        return f"rtsp://{user}127.0.0.1:{self.port}{path}"

    def wait_for(self, line):
        end = time.monotonic() + TIMEOUT
        while line not in self.lines:
            assert time.monotonic() < end, self.lines
            time.sleep(0.02)


class RtspServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        clip = f"{cls.folder}/clip.mp4"
        # All of it fits into the buffer of a socket: a slow reader loses nothing over UDP.
        run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-frames:v", str(PICTURES),
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", "-crf", "35", clip)
        cls.expected = pictures("-i", clip)
        cls.pack(clip)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def pack(cls, clip):
        """SDP and packets by our sender."""
        probe = run("ffprobe", "-v", "error", "-show_streams", "-show_data", "-of", "json", clip).stdout
        text = json.loads(probe)["streams"][0]["extradata"]
        config = "".join(line.split(":", 1)[1][:41].replace(" ", "") for line in text.splitlines() if ":" in line)
        shown = run("ffprobe", "-v", "error", "-show_packets", "-of", "json", clip).stdout
        raw = run("ffmpeg", "-v", "error", "-i", clip, "-c", "copy", "-f", "data", "-map", "0:v", "-").stdout
        framed, at = b"", 0
        for packet in json.loads(shown)["packets"]:
            size = int(packet["size"])
            framed += struct.pack(">IqB", size, int(packet["pts"]), "K" in packet["flags"]) + raw[at:at + size]
            at += size
        base = json.loads(probe)["streams"][0]["time_base"].split("/")
        packed = subprocess.run([RTP_PEER, "pack", "96", "avc1", "0", "0", *base, config], input=framed, check=True,
                                capture_output=True, timeout=TIMEOUT)
        rtpmap, fmtp = packed.stderr.decode().splitlines()[:2]
        assert packed.stdout.count(b"D") >= PICTURES and len(packed.stdout) < 60000, len(packed.stdout)
        with open(f"{cls.folder}/packets", "wb") as out:
            out.write(packed.stdout)
        with open(f"{cls.folder}/sdp", "w", newline="", encoding="ascii") as out:
            out.write("\r\n".join(["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=test", "c=IN IP4 0.0.0.0", "t=0 0",
                                   "a=control:*", "m=video 0 RTP/AVP 96", f"a=rtpmap:96 {rtpmap}", f"a=fmtp:96 {fmtp}",
                                   "a=control:video", ""]))

    def gstreamer(self, server, protocols):
        out = f"{self.folder}/got.h264"
        run("gst-launch-1.0", "-q", "rtspsrc", f"location={server.url('')}", f"protocols={protocols}", "user-id=alice",
            "user-pw=secret", "latency=500", "!", "rtph264depay", "!", "h264parse", "!",
            "video/x-h264,stream-format=byte-stream,alignment=au", "!", "filesink", f"location={out}")
        return pictures("-f", "h264", "-i", out)

    def test_ffmpeg_plays_over_tcp_after_digest_with_md5(self):
        with Server(self.folder, DIGEST | MD5) as server:
            self.assertEqual(pictures("-rtsp_transport", "tcp", "-i", server.url()), self.expected)
            server.wait_for("ended by 1")
        self.assertIn("authenticated alice", server.lines)
        self.assertIn("asked for alice by 1", server.lines)
        self.assertIn("set up tcp", server.lines)
        self.assertFalse([line for line in server.lines if line.startswith("refused")])

    def test_ffmpeg_plays_over_udp(self):
        with Server(self.folder, OPEN) as server:
            self.assertEqual(pictures("-rtsp_transport", "udp", "-i", server.url("")), self.expected)
            server.wait_for("ended by 1")
        self.assertIn("set up udp", server.lines)

    def test_gstreamer_plays_over_tcp_after_digest(self):
        with Server(self.folder, DIGEST | MD5) as server:
            self.assertEqual(self.gstreamer(server, "tcp"), self.expected)
            server.wait_for("ended by 1")
        self.assertIn("authenticated alice", server.lines)
        self.assertFalse([line for line in server.lines if line.startswith("refused")])

    def test_gstreamer_plays_over_udp(self):
        with Server(self.folder, OPEN) as server:
            self.assertEqual(self.gstreamer(server, "udp"), self.expected)
            server.wait_for("ended by 1")
        self.assertIn("set up udp", server.lines)

    def test_a_wrong_password_and_a_path_that_is_not_there_are_refused(self):
        with Server(self.folder, DIGEST | MD5) as server:
            for url, code in ((server.url("alice:wrong@"), "401"), (server.url("", "/live"), "401"),
                              (server.url(path="/other"), "404")):
                done = subprocess.run(["ffprobe", "-rtsp_transport", "tcp", url], stdin=subprocess.DEVNULL,
                                      capture_output=True, timeout=TIMEOUT, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(code, done.stderr.decode())
        self.assertIn("refused alice: the user is unknown or the password wrong", server.lines)
        self.assertIn("DESCRIBE /other by 'alice'", server.lines)

    def test_clients_that_know_only_md5_stay_outside_where_it_is_not_allowed(self):
        with Server(self.folder, DIGEST) as server:
            done = subprocess.run(["ffprobe", "-rtsp_transport", "tcp", server.url()], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=TIMEOUT, check=False)
            self.assertNotEqual(done.returncode, 0)
        self.assertFalse([line for line in server.lines if line.startswith(("authenticated", "DESCRIBE"))])


if __name__ == "__main__":
    missing = [tool for tool in ("ffmpeg", "ffprobe", "gst-launch-1.0") if not shutil.which(tool)]
    if missing:
        print(f"SKIPPED, LOUDLY: {', '.join(missing)} not installed", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
