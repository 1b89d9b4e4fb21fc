# SPDX-License-Identifier: Apache-2.0
"""What the tests of svms rtsp share: cameras made of GStreamer, and one of our own whose packets are known."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from system_case import PROGRAM, ROOT, say

PYTHON = "/usr/bin/python3"  # the one that has GStreamer's bindings
GST_CAMERA = os.path.join(ROOT, "tests", "system", "gst_camera.py")


def has_gstreamer():
    """Whether GStreamer's RTSP server, its SRTP and its payloaders are there; said loudly when not."""
    script = ("import gi\nfor n in ('Gst', 'GstRtsp', 'GstRtspServer'): gi.require_version(n, '1.0')\n"
              "from gi.repository import Gst, GstRtspServer\nGst.init(None)\n"
              "assert all(Gst.ElementFactory.find(n) for n in ('srtpenc', 'rtph264pay', 'rtpmp4gpay', 'qtdemux', 'jpegenc'))")
    done = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        say(f"GStreamer's RTSP server cannot be used: {done.stderr.strip().splitlines()[-1:]}")
    return done.returncode == 0


class GstCamera:
    """gst_camera.py as a process; its address is url."""

    def __init__(self, authority, launch, **wish):
        wish.update(launch=launch)
        if authority:
            wish = {"certificate": authority.at("camera.pem"), "key": authority.at("camera.key"), **wish}
        self.process = subprocess.Popen([PYTHON, GST_CAMERA, json.dumps(wish)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError("the camera did not begin")
        self.port = int(line)
        self.url = f"{'rtsps' if authority else 'rtsp'}://localhost:{self.port}/live"

    def stop(self):
        """At once, as when its power is cut."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def rtp(sequence, timestamp, payload, ssrc=0x5EED, payload_type=0, marker=0):
    return struct.pack("!BBHII", 0x80, marker << 7 | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF,
                       ssrc) + payload


def sender_report(utc, timestamp, ssrc=0x5EED):
    """SR and an empty SDES; utc in seconds since 1970."""
    seconds = int(utc)
    return struct.pack("!BBHIIIIII", 0x80, 200, 6, ssrc, seconds + 2208988800, int((utc - seconds) * 2 ** 32),
                       timestamp & 0xFFFFFFFF, 0, 0)


class PlainCamera:
    """Without TLS and encryption: one track of G.711, whose packets and reports are handed in as a list of
    (is_rtcp, bytes) or of seconds to wait. sdp_lines are added to the medium."""

    def __init__(self, script, sdp_lines=(), protocol="RTP/AVP", status=None, describe=None, sequence=None):
        self.script = script
        self.sdp_lines = sdp_lines
        self.protocol = protocol
        self.status = status or {}
        self.description = describe
        self.sequence = sequence
        self.requests = []
        self.reports = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self.port}/live"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self.talk(connection)
                except OSError:
                    pass

    def sdp(self):
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=control:*", f"m=audio 0 {self.protocol} 0",
                 "a=rtpmap:0 PCMU/8000", "a=control:one", *self.sdp_lines]
        return "".join(line + "\r\n" for line in lines).encode()

    def talk(self, connection):
        stream = connection.makefile("rb")
        while True:
            head = stream.readline()
            if not head:
                return
            method = head.split()[0].decode()
            fields = {}
            for line in iter(stream.readline, b"\r\n"):
                name, _, value = line.decode().partition(":")
                fields[name.strip().lower()] = value.strip()
            stream.read(int(fields.get("content-length", 0)))
            self.requests.append(method)
            self.answer(connection, method, fields)

    def answer(self, connection, method, fields):
        status, more = self.status.get(method, ("200 OK", ""))
        body = b""
        if method == "DESCRIBE" and status.startswith("200"):
            body = self.description if self.description is not None else self.sdp()
            more += "Content-Type: application/sdp\r\n"
        if method == "SETUP":
            ports = re.search(r"client_port=(\d+)-(\d+)", fields["transport"])
            self.peer = tuple(int(port) for port in ports.groups())
            self.open_pair()
            more += (f"Session: 1;timeout=60\r\nTransport: {self.protocol};unicast;client_port={self.peer[0]}-"
                     f"{self.peer[1]};server_port={self.pair_port}-{self.pair_port + 1};ssrc=00005EED\r\n")
        if method == "PLAY" and self.sequence is not None:
            more += f"RTP-Info: url={self.url}/one;seq={self.sequence}\r\n"
        connection.sendall(f"RTSP/1.0 {status}\r\nCSeq: {fields['cseq']}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
                           .encode() + body)
        if method == "PLAY":
            threading.Thread(target=self.send, daemon=True).start()

    def open_pair(self):
        while True:
            first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                second.bind(("127.0.0.1", port ^ 1))
            except OSError:
                first.close()
                second.close()
                continue
            self.pair = (first, second) if port % 2 == 0 else (second, first)
            self.pair_port = port & ~1
            return

    def send(self):
        for step in self.script:
            if isinstance(step, (int, float)):
                time.sleep(step)
            else:
                is_rtcp, packet = step
                self.pair[is_rtcp].sendto(packet, ("127.0.0.1", self.peer[is_rtcp]))

    def stop(self):
        self.listener.close()


class Recorder:
    """svms rtsp record in the background."""

    def __init__(self, folder, *arguments):
        self.said = tempfile.mkstemp(dir=folder, prefix="recorder-said-")[1]
        with open(self.said, "wb") as said:
            self.process = subprocess.Popen([PROGRAM, "rtsp", "record", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                                            stdout=said, stderr=subprocess.STDOUT, start_new_session=True)

    def has_said(self, words):
        with open(self.said, encoding="utf-8") as said:
            return words in said.read()

    def interrupt(self):
        """Its status, and what it said."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=120)
        with open(self.said, encoding="utf-8") as said:
            return self.process.returncode, said.read()
