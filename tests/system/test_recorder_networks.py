#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A camera's network, a recorder between, and a network of clients, as network namespaces with cables: nothing listens on
the camera's side, nothing goes through, a cut cable is told in time, and who writes down every packet sees nothing."""

import os
import re
import shutil
import subprocess
import sys
import time
import unittest

from camera_case import ARC, PASSWORD, SECTION, SECTIONS
from onvif_client import SOAP, SPACES, security
from recorder_case import RECORDS, RecorderCase
from system_case import GOOD, TIMEOUT, main, say

CAMERA, CAMERA_SIDE = "10.78.1.2", "10.78.1.1"
SERVER_SIDE, CLIENT = "10.78.2.1", "10.78.2.2"
RTSPS, HTTPS = 8554, 8443
# What the text of any command, answer, password or token would show.
WORDS = ("RTSP/1.0", "HTTP/1.1", "Envelope", "UsernameToken", "RelativeMove", "/v1/cameras", "Authorization", "Bearer", "entrance",
         PASSWORD)
LOST_WITHIN = 5
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close()"
MOVE = ('<tptz:RelativeMove><tptz:ProfileToken>main</tptz:ProfileToken><tptz:Translation><tt:PanTilt x="0.1" y="0"/>'
        "</tptz:Translation></tptz:RelativeMove>")


class Host:
    """A network namespace."""

    def __init__(self):
        # It ends with its standard input, and the namespace with it.
        self.keeper = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
        own = os.readlink("/proc/self/ns/net")
        end = time.monotonic() + 30
        while os.readlink(f"/proc/{self.keeper.pid}/ns/net") == own:
            if self.keeper.poll() is not None or time.monotonic() > end:
                self.close()
                raise OSError("unshare --net failed")
            time.sleep(0.01)
        self.run("ip", "link", "set", "lo", "up")

    def within(self, *command):
        return ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", *command]

    def run(self, *command, check=True):
        return subprocess.run(self.within(*command), check=check, capture_output=True, text=True, timeout=TIMEOUT)

    def cable(self, name, address, other, other_name, other_address):
        self.run("ip", "link", "add", name, "type", "veth", "peer", "name", other_name, "netns", str(other.keeper.pid))
        for host, device, place in ((self, name, address), (other, other_name, other_address)):
            host.run("ip", "address", "add", place + "/24", "dev", device)
            host.run("ip", "link", "set", device, "up")

    def reaches(self, address, port):
        return self.run(sys.executable, "-c", CONNECT, address, str(port), check=False).returncode == 0

    def listens(self):
        """{(protocol, address)} of whoever listens here."""
        return {(words[0], words[4]) for words in (line.split() for line in self.run("ss", "-lntupH").stdout.splitlines())}

    def close(self):
        self.keeper.stdin.close()
        self.keeper.kill()
        self.keeper.wait()
        self.keeper.stderr.close()


def can_lay_cables():
    """Whether such hosts can be made here; said loudly when not."""
    try:
        if os.geteuid() != 0:
            raise OSError("only root can make network namespaces")
        one, other = Host(), Host()
        try:
            one.cable("left", "10.78.9.1", other, "right", "10.78.9.2")
        finally:
            one.close()
            other.close()
        return True
    except (OSError, subprocess.SubprocessError) as error:
        say(f"no networks of our own can be made: {error}")
        return False


class Capture:
    """Everything that goes over an interface of a host, in a file."""

    def __init__(self, case, host, interface):
        self.path = case.path(interface + ".pcap")
        self.process = subprocess.Popen(
            host.within("tshark", "-q", "-n", "-i", interface, "-w", self.path), stderr=subprocess.PIPE, text=True,
            env=os.environ | {"HOME": case.folder})
        case.addCleanup(self.process.stderr.close)
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.kill)
        case.wait_for(lambda: os.path.exists(self.path) and os.path.getsize(self.path) > 0)

    def stop(self):
        """What is still in a buffer is written a moment later."""
        time.sleep(1.5)
        self.process.terminate()
        self.process.wait(TIMEOUT)

    def fields(self, *names, where="ip"):
        listed = [word for name in names for word in ("-e", name)]
        done = subprocess.run(["tshark", "-n", "-r", self.path, "-Y", where, "-T", "fields", *listed], check=True,
                              capture_output=True, text=True, timeout=TIMEOUT, env=os.environ | {"HOME": os.path.dirname(self.path)})
        return [line.split("\t") for line in done.stdout.splitlines()]

    def packets_with(self, *words):
        return len(self.fields("frame.number", where=" or ".join(f'frame contains "{word}"' for word in words)))

    def content(self):
        """Of all packets with TCP in them, one behind the other."""
        return b"".join(bytes.fromhex(data) for data, in self.fields("tcp.payload", where="tcp.len > 0"))


@unittest.skipUnless(shutil.which("tshark") or say("tshark is not installed"), "no tshark")
@unittest.skipUnless(can_lay_cables(), "no networks")
class RecorderNetworksTest(RecorderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.authority.config, "a", encoding="utf-8") as file:
            for name, usage, address in (("there", SECTIONS["camera"], CAMERA), ("between", RECORDS, SERVER_SIDE)):
                file.write(SECTION.format(name=name, usage=usage).replace("127.0.0.1", address))
            file.write(SECTION.format(name="operates", usage=f"clientAuth, {ARC}.2"))
        cls.authority.issue("camera", extensions="there")
        cls.authority.issue("recorder", extensions="between")

    def setUp(self):
        super().setUp()
        self.there, self.between, self.client = (self.host() for _ in range(3))
        self.between.cable("cameras", CAMERA_SIDE, self.there, "eth0", CAMERA)
        self.between.cable("clients", SERVER_SIDE, self.client, "eth0", CLIENT)
        for host, way in ((self.there, CAMERA_SIDE), (self.client, SERVER_SIDE)):
            host.run("ip", "route", "add", "default", "via", way)
        self.forward(False)
        self.entrance = self.camera(listen={"rtsps": f"{CAMERA}:{RTSPS}", "https": f"{CAMERA}:{HTTPS}"})
        self.store("camera.password", (PASSWORD + "\n").encode())
        os.chmod(self.path("camera.password"), 0o600)
        self.entrance.task("--add-administrator", "admin", "--password-file", self.path("camera.password"))
        self.entrance.within = self.there.within
        self.entrance.start()

    def host(self):
        host = Host()
        self.addCleanup(host.close)
        return host

    def forward(self, goes):
        """Whether the recorder's system hands packets on: an administrator's choice."""
        self.between.run("sysctl", "-q", "-w", f"net.ipv4.ip_forward={int(goes)}")

    def runs(self, **settings):
        """The recorder, between the networks, and who serves where."""
        known = self.known_camera(self.entrance)
        recorder = self.recorder(known)
        self.serves(recorder, known, camera_network={"address": CAMERA_SIDE, "interface": "cameras"})
        with open(recorder.config, encoding="utf-8") as file:
            text = file.read()
        listening = (f'"listen": {{"rtsps": "{SERVER_SIDE}:{RTSPS}", "https": "{SERVER_SIDE}:{HTTPS}"'
                     f'{settings.get("more", "")}}}')
        text, count = re.subn(r'"listen": \{[^}]*\}', listening, text)
        self.assertEqual(count, 1)
        with open(recorder.config, "w", encoding="utf-8") as file:
            file.write(text)
        self.policy(recorder, 1, "live.view", "live.listen", "playback.view")
        recorder.within = self.between.within
        recorder.start()
        self.records(recorder, "entrance", seconds=1)
        return recorder

    def ask(self, path, *options, scheme="https", status=0):
        """What a client at the other side gets, as curl says it."""
        with open(self.token(), encoding="ascii") as file:
            bearer = file.read().strip()
        done = subprocess.run(self.client.within(
            "curl", "--silent", "--show-error", "--cacert", self.trust, "--cert", self.authority.at("anna.pem"), "--key",
            self.authority.at("anna.key"), "--oauth2-bearer", bearer, *options, f"{scheme}://{SERVER_SIDE}:{HTTPS}{path}"),
            capture_output=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def turn_camera(self):
        """A command from the camera's side."""
        spaces = " ".join(f'xmlns:{name}="{SPACES[name]}"' for name in ("tptz", "tt"))
        body = (f'<s:Envelope xmlns:s="{SOAP}" {spaces}><s:Header>{security("admin", PASSWORD)}</s:Header>'
                f"<s:Body>{MOVE}</s:Body></s:Envelope>")
        done = self.between.run("curl", "--silent", "--show-error", "--cacert", self.trust, "--header",
                                "Content-Type: application/soap+xml; charset=utf-8", "--data", body,
                                f"https://{CAMERA}:{HTTPS}/onvif/ptz_service")
        self.assertIn("RelativeMoveResponse", done.stdout)

    def test_nothing_listens_at_the_cameras_and_nothing_goes_through(self):
        recorder = self.runs(more=', "interface": "clients"')
        self.assertEqual(self.between.listens(), {("tcp", f"{SERVER_SIDE}%clients:{port}") for port in (RTSPS, HTTPS)})
        self.assertEqual(self.there.listens(), {("tcp", f"{CAMERA}:{port}") for port in (RTSPS, HTTPS)})
        for port in (RTSPS, HTTPS):
            self.assertTrue(self.client.reaches(SERVER_SIDE, port))
            for address in (CAMERA_SIDE, SERVER_SIDE, CLIENT):
                self.assertFalse(self.there.reaches(address, port), address)
            for address in (CAMERA_SIDE, CAMERA):
                self.assertFalse(self.client.reaches(address, port), address)
        # That all of this could be seen: where the system hands packets on, the camera is reached.
        self.forward(True)
        self.assertTrue(self.client.reaches(CAMERA, RTSPS))
        recorder.stop()

    def test_an_address_alone_is_reached_from_everywhere(self):
        """Why there is a setting for interfaces: the system takes packets for any of its addresses, wherever they arrive."""
        recorder = self.runs()
        self.assertTrue(self.there.reaches(SERVER_SIDE, HTTPS))
        recorder.stop()

    def test_a_cut_cable_is_told_within_five_seconds(self):
        recorder = self.runs(more=', "interface": "clients"')
        found = len(recorder.events("camera.found", "entrance"))
        self.between.run("ip", "link", "set", "cameras", "down")
        cut = time.time()
        (lost, data), = recorder.wait_for_event("camera.lost", "entrance")
        self.assertLess(lost - cut, LOST_WITHIN)
        self.assertIn("no media", str(data))
        self.assertTrue(self.client.reaches(SERVER_SIDE, HTTPS))
        self.between.run("ip", "link", "set", "cameras", "up")
        recorder.wait_for_event("camera.found", "entrance", count=found + 1)
        self.records(recorder, "entrance", seconds=2)
        recorder.stop()
        self.assertEqual(self.verified(recorder, "entrance")["verdict"], "authentic")

    def pieces(self, recorder):
        """Of pictures that were recorded: 16 bytes each, from the middle of larger packets."""
        self.expect(GOOD, "extract", recorder.at("storage/entrance"), "--out", "all.mkv", "--identity", recorder.at("opener.pem"),
                    "--trust", self.trust, "--force")
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", self.path("all.mkv"), "-map", "0:v", "-c", "copy", "-f", "h264",
                        self.path("all.h264")], check=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        with open(self.path("all.h264"), "rb") as file:
            whole = file.read()
        units = [unit for unit in whole.split(b"\0\0\1") if len(unit) > 400]
        self.assertGreater(len(units), 10)
        return whole, [unit[200:216] for unit in units]

    def test_who_writes_down_every_packet_sees_nothing(self):
        recorder = self.runs(more=', "interface": "clients"')
        inside, outside = Capture(self, self.between, "cameras"), Capture(self, self.between, "clients")
        self.turn_camera()
        self.assertIn(b"entrance", self.ask("/v1/cameras"))
        live = self.ask("/v1/cameras/entrance/live", "--max-time", "4", status=28)
        self.assertIn(b"RTSP", self.describe())
        # New connections between recorder and camera, while it is captured.
        recorder.stop()
        recorder.start()
        self.records(recorder, "entrance", seconds=3)
        recorder.stop()
        inside.stop()
        outside.stop()
        whole, pieces = self.pieces(recorder)
        self.assertTrue(any(piece in live for piece in pieces))
        for capture, peers in ((inside, {CAMERA, CAMERA_SIDE}), (outside, {CLIENT, SERVER_SIDE})):
            content = capture.content()
            self.assertGreater(len(content), 20000)
            self.assertEqual(capture.packets_with(*WORDS), 0)
            self.assertEqual([piece for piece in pieces if piece in content], [])
            self.assertEqual({address for row in capture.fields("ip.src", "ip.dst") for address in row}, peers)
        self.assertGreater(len(inside.content()), len(whole) / 4)

    def describe(self):
        """Beginning of the answer to DESCRIBE of the live stream, asked over RTSPS."""
        script = ("import sys; sys.path.insert(0, sys.argv[1]); from test_rtsp_tokens import Client\n"
                  "with Client(sys.argv[2], *sys.argv[3:]) as client: print('RTSP', client.ask('DESCRIBE')[0])")
        done = self.client.run(sys.executable, "-c", script, os.path.dirname(os.path.abspath(__file__)),
                               f"rtsps://{SERVER_SIDE}:{RTSPS}/live/entrance", self.trust, self.authority.at("anna"), self.token())
        self.assertIn("RTSP 200", done.stdout)
        return done.stdout.encode()

    def test_what_is_not_encrypted_would_be_found(self):
        """The same search, and a request that is not encrypted: no check that cannot fail."""
        recorder = self.runs(more=', "interface": "clients"')
        outside = Capture(self, self.between, "clients")
        self.ask("/v1/cameras/entrance", "--http1.1", scheme="http", status=52)
        recorder.stop()
        outside.stop()
        self.assertEqual([word for word in ("HTTP/1.1", "/v1/cameras", "Authorization", "Bearer", "entrance")
                          if outside.packets_with(word) == 0], [])


if __name__ == "__main__":
    main()
