# SPDX-License-Identifier: Apache-2.0
"""SRTP against rtpengine, which has an implementation of its own: it decrypts what we encrypt and passes it on in the
clear, and encrypts towards us what comes in the clear. Without its kernel module, on 127.0.0.1."""
import base64
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import srtp_wire

SKIPPED = 77
TIMEOUT = 60
PACKETS = 60


def bencode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    data = value.encode() if isinstance(value, str) else value
    return str(len(data)).encode() + b":" + data


def bdecode(data):
    """The value, and what stands behind it."""
    if data[:1] == b"i":
        number, rest = data[1:].split(b"e", 1)
        return int(number), rest
    if data[:1] in b"ld":
        kind, items, data = data[:1], [], data[1:]
        while data[:1] != b"e":
            item, data = bdecode(data)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), data[1:]
    size, rest = data.split(b":", 1)
    return rest[:int(size)], rest[int(size):]


def bound_socket():
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.settimeout(TIMEOUT)
    out.bind(("127.0.0.1", 0))
    return out


def port_pair():
    """Sockets for RTP and RTCP on an even port and the next, which the system chose."""
    while True:
        media = bound_socket()
        port = media.getsockname()[1]
        report = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        report.settimeout(TIMEOUT)
        try:
            if port % 2 == 0:
                report.bind(("127.0.0.1", port + 1))
                return media, report
        except OSError:
            pass
        media.close()
        report.close()


class Engine:
    """A rtpengine of our own."""

    def __init__(self, folder):
        with bound_socket() as probe:
            self.port = probe.getsockname()[1]
        self.log = open(os.path.join(folder, "log"), "w+b")
        config = os.path.join(folder, "config")
        with open(config, "w", encoding="utf-8") as file:
            file.write("[rtpengine]\n")
        self.process = subprocess.Popen(
            ["rtpengine", f"--config-file={config}", "--foreground", "--log-stderr", "--table=-1",
             "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{self.port}", "--num-threads=1", "--log-level=5",
             f"--pidfile={os.path.join(folder, 'pid')}"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.socket = bound_socket()
        self.socket.settimeout(1)
        self.cookie = 0

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def ask(self, **request):
        """The answer to a request of the ng protocol."""
        self.cookie += 1
        cookie = f"{self.cookie} ".encode()
        message = cookie + bencode({name.replace("_", "-"): value for name, value in request.items()})
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError("rtpengine ended: " + self.said())
            try:
                self.socket.sendto(message, ("127.0.0.1", self.port))
                data = self.socket.recv(65536)
            except OSError:
                time.sleep(0.1)  # not listening yet
                continue
            if data.startswith(cookie):
                answer = bdecode(data[len(cookie):])[0]
                if answer.get(b"result") not in (b"ok", b"pong"):
                    raise AssertionError(f"{answer} {self.said()}")
                return answer
        raise AssertionError("rtpengine does not answer: " + self.said())

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=TIMEOUT)
        self.log.close()


def description(port, protocol, more=""):
    return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=video {port} {protocol} 96\r\na=rtpmap:96 H264/90000\r\na=rtcp:{port + 1}\r\n{more}")


def port_in(text):
    return int(re.search(rb"^m=video (\d+) ", text, re.MULTILINE).group(1))


class Call:
    """SRTP on our side, RTP on the other."""

    def __init__(self, engine, suite, rng):
        self.secure, self.plain = port_pair(), port_pair()
        self.secret = srtp_wire.any_secret(rng, suite)
        name = f"{suite}-{rng.getrandbits(64):x}"
        offer = description(self.secure[0].getsockname()[1], "RTP/SAVP", srtp_wire.crypto_line(1, suite, self.secret))
        common = {"call_id": name, "from_tag": "camera", "ICE": "remove", "rtcp_mux": ["demux"]}
        offered = engine.ask(command="offer", sdp=offer, transport_protocol="RTP/AVP", **common)[b"sdp"]
        answer = description(self.plain[0].getsockname()[1], "RTP/AVP")
        answered = engine.ask(command="answer", sdp=answer, to_tag="recorder", **common)[b"sdp"]
        self.port_of_plain, self.port_of_secure = port_in(offered), port_in(answered)
        found = re.search(rb"^a=crypto:1 (\S+) inline:([^|\s]+)", answered, re.MULTILINE)
        assert found and found.group(1).decode() == suite, answered
        self.their_secret = base64.b64decode(found.group(2) + b"==")  # it leaves the padding out

    def close(self):
        for one in (*self.secure, *self.plain):
            one.close()


class AgainstRtpengine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.engine = Engine(folder.name)
        self.addCleanup(self.engine.close)
        self.engine.ask(command="ping")

    def call(self, suite):
        call = Call(self.engine, suite, random.Random(suite))
        self.addCleanup(call.close)
        return call

    def peer(self, *arguments):
        peer = srtp_wire.Peer(*arguments)
        self.addCleanup(lambda: self.assertEqual(peer.close(), 0))
        return peer

    def exchange(self, sender, receiver, port, packet):
        sender.sendto(packet, ("127.0.0.1", port))
        return receiver.recv(65536)

    def check(self, suite):
        call = self.call(suite)
        self.assertNotEqual(call.their_secret, call.secret)
        protect = self.peer("protect", suite, call.secret)
        unprotect = self.peer("unprotect", suite, call.their_secret)
        for packet in srtp_wire.rtp_packets(PACKETS, first=65520):
            ours = protect(packet)
            self.assertNotIn(b"PLAINTEXT", ours)
            self.assertEqual(self.exchange(call.secure[0], call.plain[0], call.port_of_secure, ours), packet)
        for packet in srtp_wire.rtp_packets(PACKETS, first=65520, ssrc=0xBEEF):
            theirs = self.exchange(call.plain[0], call.secure[0], call.port_of_plain, packet)
            self.assertNotIn(b"PLAINTEXT", theirs)
            self.assertEqual(unprotect(theirs), packet)
        return call, protect, unprotect

    def test_aes_256_gcm_both_ways(self):
        call, protect, unprotect = self.check("AEAD_AES_256_GCM")
        report = srtp_wire.sender_report()
        ours = protect(report, b"C")
        self.assertEqual(self.exchange(call.secure[1], call.plain[1], call.port_of_secure + 1, ours), report)
        report = srtp_wire.sender_report(0xBEEF)
        theirs = self.exchange(call.plain[1], call.secure[1], call.port_of_plain + 1, report)
        self.assertNotIn(b"camera@plain", theirs)
        changed = theirs[:20] + bytes([theirs[20] ^ 1]) + theirs[21:]
        with self.assertRaises(srtp_wire.Refused):
            unprotect(changed, b"C")
        self.assertEqual(unprotect(theirs, b"C"), report)
        with self.assertRaisesRegex(srtp_wire.Refused, "came already|replay"):
            unprotect(theirs, b"C")

    def test_aes_128_gcm_both_ways(self):
        self.check("AEAD_AES_128_GCM")

    def test_aes_cm_both_ways(self):
        self.check("AES_CM_128_HMAC_SHA1_80")

    def test_rtpengine_refuses_what_was_changed(self):
        suite = "AEAD_AES_256_GCM"
        call = self.call(suite)
        protect = self.peer("protect", suite, call.secret)
        first, second, third = (protect(packet) for packet in srtp_wire.rtp_packets(3, size=100))
        plain = list(srtp_wire.rtp_packets(3, size=100))
        self.assertEqual(self.exchange(call.secure[0], call.plain[0], call.port_of_secure, first), plain[0])
        changed = second[:-1] + bytes([second[-1] ^ 1])
        call.secure[0].sendto(changed, ("127.0.0.1", call.port_of_secure))
        # The next thing that comes out is the third.
        self.assertEqual(self.exchange(call.secure[0], call.plain[0], call.port_of_secure, third), plain[2])


if __name__ == "__main__":
    if not shutil.which("rtpengine"):
        print("SKIPPED: rtpengine is not installed (examples/packages.sh install test)")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
