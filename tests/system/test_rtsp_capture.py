#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody sees who stands between svms rtsp record and a camera and writes everything down: over RTSPS tshark
finds neither requests, nor descriptions, media keys or media. Without TLS it finds all of that."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))
from capture_file import Capture  # pylint: disable=wrong-import-position
from rtsp_case import GstCamera, has_gstreamer
from system_case import GOOD, TIMEOUT, make_clip, main, say
from test_rtsp_record import RtspCase

# What stands in requests, answers, descriptions and key management.
WORDS = ("RTSP/1.0", "DESCRIBE", "a=control", "rtpmap", "mikey", "key-mgmt", "sprop-parameter-sets", "User-Agent")


class Eavesdropper:
    """A relay between a recorder and a camera, which keeps what passes."""

    def __init__(self, path, camera_port):
        self.camera_port = camera_port
        self.capture = Capture(path)
        self.streams = {}  # bytes from a port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = []
        self.start(self.accept)

    def start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while True:
            try:
                recorder, address = self.listener.accept()
            except OSError:
                return
            camera = socket.create_connection(("127.0.0.1", self.camera_port))
            self.start(self.carry, recorder, camera, address[1], self.port)
            self.start(self.carry, camera, recorder, self.port, address[1])

    def carry(self, source, sink, source_port, sink_port):
        kept = self.streams.setdefault((source_port, sink_port), bytearray())
        try:
            while data := source.recv(65536):
                kept += data
                self.capture.tcp(source_port, sink_port, data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one of them is gone

    def stop(self):
        self.listener.close()
        for thread in self.threads[1:]:
            thread.join(TIMEOUT)
        self.capture.close()


def tls_records(data):
    """Contents of the records of a TLS connection by their type; whatever is no record raises ValueError."""
    out, at = [], 0
    while at < len(data):
        kind, version, size = data[at], data[at + 1:at + 3], int.from_bytes(data[at + 3:at + 5], "big")
        if kind not in (20, 21, 22, 23) or version[:1] != b"\3" or at + 5 + size > len(data):
            raise ValueError(f"no TLS record at {at}")
        out.append((kind, bytes(data[at + 5:at + 5 + size])))
        at += 5 + size
    return out


def tshark(path, *arguments):
    done = subprocess.run(["tshark", "-n", "-r", path, *arguments], check=True, capture_output=True, text=True,
                          timeout=TIMEOUT, env=os.environ | {"HOME": os.path.dirname(path)})
    return done.stdout.splitlines()


@unittest.skipUnless(shutil.which("tshark") or say("tshark is not installed"), "no tshark")
@unittest.skipUnless(has_gstreamer(), "no GStreamer")
class CaptureTest(RtspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clip = make_clip(os.path.join(cls.shared, "clip.mp4"), seconds=1)
        cls.launch = (f"filesrc location={cls.clip} ! qtdemux name=d d.video_0 ! queue ! h264parse ! "
                      "rtph264pay name=pay0 pt=96 config-interval=1")

    def recorded(self, authority, media, *extra):
        """The relay after a recording through it, and its capture."""
        camera = self.camera(GstCamera, authority, self.launch, media=media)
        path = self.path(f"{media}.pcap")
        relay = Eavesdropper(path, camera.port)
        try:
            url = camera.url.replace(f":{camera.port}/", f":{relay.port}/")
            self.rtsp_record(GOOD, url, "--once", *extra, name=f"{media}.svms")
        finally:
            camera.stop()
            relay.stop()
        return relay, path

    def found(self, relay, path, words):
        """Packets that hold a word, and those that tshark takes for RTSP, SDP or RTP."""
        texts = tshark(path, "-Y", " or ".join(f'frame contains "{word}"' for word in words))
        protocols = tshark(path, "-d", f"tcp.port=={relay.port},rtsp", "-Y", "rtsp.request or sdp or rtp")
        return len(texts), len(protocols)

    def test_over_rtsps_nothing_is_seen(self):
        relay, path = self.recorded(self.authority, "gcm256", "--trust", self.trust)
        self.assertEqual(self.found(relay, path, WORDS), (0, 0))
        carried = 0
        for stream in relay.streams.values():
            hidden = b"".join(content for kind, content in tls_records(stream) if kind == 23)
            self.assertGreater(len(hidden), 500)
            self.assertGreater(len(zlib.compress(hidden, 9)), len(hidden))
            carried += len(hidden)
        # The media went here, too.
        self.assertGreater(carried, 10000)

    def test_without_tls_everything_is_seen(self):
        relay, path = self.recorded(None, "clear", "--clear")
        texts, protocols = self.found(relay, path, [word for word in WORDS if "mikey" not in word])
        self.assertGreater(texts, 4)
        self.assertGreater(protocols, 4)
        with self.assertRaises(ValueError):
            for stream in relay.streams.values():
                tls_records(stream)


if __name__ == "__main__":
    main()
