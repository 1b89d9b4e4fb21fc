#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms-camera as a process: what it shows and hides, who may watch, what it notices, what is left of it when it is killed
or reset."""

import glob
import json
import os
import re
import socket
import ssl
import stat
import subprocess
import unittest

from camera_case import PASSWORD, SCENE, CameraCase
from rtsp_case import Recorder
from system_case import ENVIRONMENT, GOOD, TIMEOUT, main, say

LEFT_HALF = [(0, 0), (500000, 0), (500000, 1000000), (0, 1000000)]


def a_device():
    """A camera of this machine (V4L2), or None; said loudly when there is none."""
    for path in sorted(glob.glob("/dev/video*")):
        try:
            os.close(os.open(path, os.O_RDWR))
            return path
        except OSError as error:
            say(f"{path}: {error}")
    say("SKIPPED: this machine has no camera (/dev/video*): NOTHING IS RECORDED OF A REAL DEVICE")
    return None


class CameraLiveTest(CameraCase):
    @unittest.skipUnless(DEVICE := a_device(), "no /dev/video*")
    def test_a_device_of_this_machine_is_a_lens(self):
        camera = self.camera(source={"kind": "device", "path": self.DEVICE})
        camera.start()
        self.pull(GOOD, camera)
        camera.stop()
        self.expect(GOOD, "extract", "a.svms", "--out", "a.mkv", "--password-file", self.password_file)
        asked = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries",
                                "stream=nb_read_packets", "-of", "csv=p=0", self.path("a.mkv")], capture_output=True, text=True,
                               check=True, timeout=TIMEOUT)
        self.assertGreater(int(asked.stdout.strip().rstrip(",")), 5)

    def set_state(self, **members):
        """What ONVIF would set, while the camera does not run."""
        path = self.path("state/settings.json")
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        state.update(members)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(state, file)

    def test_what_is_recorded_is_what_the_camera_signed(self):
        camera = self.camera().start()
        run = self.pull(GOOD, camera, "--camera-trust", self.trust, "--camera-signed", span="4s")
        self.assertIn("are what a trusted camera signed", run.err + run.out)
        camera.stop()
        report = self.expect(GOOD, "verify", "a.svms", "--trust", self.ca, "--camera-trust", self.trust, "--password-file",
                             self.password_file)
        self.assertRegex(report.out, r"CN=camera")
        tracks = self.expect(GOOD, "info", "a.svms", "--password-file", self.password_file).out
        self.assertIn("640x360", tracks)
        self.assertNotIn("lens lost", camera.said())
        self.assertIn("admin stops watching /live", camera.said())

    def told_of(self, name):
        """What svms verify says of the camera by what is recorded so far, interrupted or not."""
        run = self.run_svms("verify", name, "--trust", self.ca, "--camera-trust", self.trust, "--camera-signed", "--password-file",
                            self.password_file, "--json")
        return run.json()["camera"] if run.out else None

    def test_a_camera_that_starts_again_is_believed_as_before(self):
        camera = self.camera().start()
        camera.configure({"source": SCENE, "listen": {"rtsps": f"127.0.0.1:{camera.port}"}})
        recorder = Recorder(self.folder, camera.url, "--trust", self.trust, "--user", "admin", "--user-password-file", "password", "--out",
                            "folder", "--rotate", "5s", *self.signer, "--password-file", self.password_file, "--segment-seconds", "1",
                            "--camera-trust", self.trust, "--camera-signed")
        self.addCleanup(recorder.process.kill)

        def authentic():
            said = self.told_of("folder") if os.path.isdir(self.path("folder")) else None
            return said["validated"]["authentic"] if said and said["validated"] else 0

        for _ in range(3):
            before = authentic()
            self.wait_for(lambda least=before + 2: authentic() >= least)
            camera.kill()
            camera.start()
        before = authentic()
        self.wait_for(lambda: authentic() >= before + 2)
        status, said = recorder.interrupt()
        self.assertEqual(status, GOOD, said)
        self.assertNotIn("WARNING", said)
        told = self.told_of("folder")
        for who in ("validated", "recorded"):
            self.assertEqual((told[who]["verdict"], told[who]["trusted"], told[who]["first_failed_time"]), ("authentic", True, None), told)
            self.assertLessEqual(set(told[who]["reasons"]), {"head", "tail", "new_session"})
            self.assertIn("new_session", told[who]["reasons"])
        camera.stop()

    def test_only_the_documented_ports_are_open(self):
        camera = self.camera()
        camera.start()
        self.assertEqual(camera.ports(), {("tcp", f"127.0.0.1:{camera.port}")})
        said = [line.split()[:2] for line in camera.task("--ports").stdout.splitlines()]
        self.assertEqual(said, [["tcp", "127.0.0.1:0"], ["udp", "-"]])
        camera.stop()

    def test_who_is_nobody_yet_serves_nothing(self):
        camera = self.camera()
        os.rename(self.path("identity"), self.path("later"))
        camera.start("not enrolled")
        self.assertEqual(camera.ports(), set())
        os.rename(self.path("later"), self.path("identity"))
        self.wait_for(lambda: "serves rtsps" in camera.said())
        self.pull(GOOD, camera, span="1s")
        camera.stop()

    def test_there_is_no_default_user(self):
        camera = self.camera(has_user=False).start()
        self.pull(ENVIRONMENT, camera)
        camera.kill()
        self.store("short", b"admin123\n")
        os.chmod(self.path("short"), 0o600)
        done = camera.task("--add-administrator", "admin", "--password-file", self.path("short"), status=1)
        self.assertIn("the password is too short", done.stderr)
        self.assertNotIn("admin123", done.stderr)

    def test_masks_are_black_wherever_the_window_is(self):
        camera = self.camera()
        camera.start().stop()
        mask = {"token": "mask-1", "on": True, "kind": "solid", "strength": 0, "luma": 16, "chroma_u": 128, "chroma_v": 128,
                "points": [{"x": x, "y": y} for x, y in LEFT_HALF]}
        self.set_state(masks=[mask])
        camera.start()
        self.pull(GOOD, camera, span="1s")
        left, right = self.luma()
        self.assertLess(left, 24)
        self.assertGreater(right, 60)
        camera.stop()
        # As near as it goes: wholly within what is masked, then wholly beside it.
        for pan, is_black in ((-1000000, True), (1000000, False)):
            self.set_state(home={"pan": pan, "tilt": 0, "zoom": 1000000})
            camera.start()
            self.pull(GOOD, camera, "--force", span="1s")
            left, right = self.luma()
            self.assertEqual((left < 24, right < 24), (is_black, is_black))
            camera.stop()

    def test_five_failures_close_the_login(self):
        camera = self.camera()
        camera.start().stop()
        # Within longer than the default of 30 s, as a machine may be slow.
        self.set_state(lockout={"failures": 5, "within_s": 3600, "closed_s": 3600})
        camera.start()
        self.store("wrong", b"what else could it be\n")
        os.chmod(self.path("wrong"), 0o600)
        for _ in range(5):
            wrong = self.pull(ENVIRONMENT, camera, password="wrong")
        self.wait_for(lambda: "login closed" in camera.said())
        right = self.pull(ENVIRONMENT, camera)
        self.assertEqual(right.err, wrong.err)
        self.assertNotIn(PASSWORD, camera.said())
        camera.stop()

    def connect(self, camera, name=None):
        """The answer to a DESCRIBE with this certificate and without a password."""
        context = ssl.create_default_context(cafile=self.trust)
        if name:
            context.load_cert_chain(self.authority.at(name + ".pem"), self.authority.at(name + ".key"))
        with socket.create_connection(("127.0.0.1", camera.port), timeout=TIMEOUT) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
                tls.sendall(f"DESCRIBE {camera.url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode())
                return tls.recv(4096).partition(b"\r\n")[0].decode()

    def test_certificates_of_recorders_let_in_unless_they_are_wrong_expired_or_revoked(self):
        for name, more in (("recorder", {}), ("expired", {"days": -1}), ("revoked", {}), ("viewer", {"extensions": "client"})):
            self.authority.issue(name, **({"extensions": "pulls"} | more))
        self.store("list.pem", b"")
        os.rename(self.authority.crl("list.pem", "revoked"), self.path("list.pem"))
        camera = self.camera(crl="list.pem").start()
        self.assertIn("401", self.connect(camera))
        self.assertIn("200", self.connect(camera, "recorder"))
        self.assertIn("401", self.connect(camera, "viewer"))
        for name in ("expired", "revoked"):
            with self.subTest(name=name), self.assertRaises((ssl.SSLError, ConnectionError, AssertionError)):
                self.assertIn("RTSP", self.connect(camera, name))
        camera.stop()

    def test_a_certificate_that_is_no_cameras_is_refused(self):
        self.authority.issue("server")
        camera = self.camera()
        self.enrolled("server")
        self.assertIn("is not for a camera", camera.task("--check", status=1).stderr)
        os.chmod(self.path("identity/key.pem"), 0o644)
        self.enrolled()
        os.chmod(self.path("identity/key.pem"), 0o644)
        self.assertIn("may be used by others", camera.task("--check", status=1).stderr)

    def test_a_lens_that_is_covered_is_told(self):
        clip = self.path("covered.mp4")
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=6", "-vf",
                        "noise=alls=6:allf=t,drawbox=t=fill:c=black:enable='gte(t,5)',tpad=stop_mode=clone:stop_duration=20",
                        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", clip],
                       check=True, capture_output=True, timeout=TIMEOUT)
        self.expect(GOOD, "audit", "create", "log", "--origin", "camera.test/1")
        camera = self.camera(source={"kind": "file", "path": clip}, audit="log").start()
        self.wait_for(lambda: "covered (lens)" in camera.said())
        camera.stop()
        records = self.expect(GOOD, "audit", "query", "log", "--unverified", "--json").out.splitlines()
        events = [json.loads(line)["record"]["event"] for line in records]
        self.assertIn("device.tamper", events)
        self.assertEqual((events.count("service.start"), events.count("service.stop"), events.count("user.create")), (1, 1, 1))

    def test_what_was_set_outlives_a_kill(self):
        camera = self.camera().start()
        self.wait_for(lambda: os.path.exists(self.path("state/settings.json")))
        camera.kill()
        camera.start()
        self.pull(GOOD, camera, span="1s")
        camera.stop()

    def test_nothing_that_is_stored_tells_a_secret(self):
        camera = self.camera().start()
        for folder, _, names in os.walk(self.path("state")):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
            for name in names:
                path = os.path.join(folder, name)
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
                with open(path, "rb") as file:
                    self.assertNotIn(PASSWORD.encode(), file.read())
        camera.stop()

    def test_a_reset_erases_keys_first(self):
        camera = self.camera().start()
        self.assertIn("another process has", camera.task("--reset", status=1).stderr)
        camera.stop()
        erased = re.findall(r"^Erased +(.*)$", camera.task("--reset").stdout, re.MULTILINE)
        names = [os.path.basename(path) for path in erased]
        self.assertEqual(names[:3], ["secret", "key.pem", "users"])
        self.assertEqual(set(names[3:]), {"cert.pem", "ca.pem", "settings.json"})
        self.assertEqual(os.listdir(self.path("state")), ["lock"])
        self.assertFalse(os.path.exists(self.path("identity")))

    def test_only_signed_updates_are_installed(self):
        self.authority.issue("vendor", extensions="updates")
        self.store("rootfs", bytes(range(256)) * 1000)
        self.expect(GOOD, "update", "sign", "rootfs=rootfs", "--out", "new.update", "--product", "svms-camera", "--hardware",
                    "reference", "--release", "0.2.0", "--counter", "1", "--signer", self.authority.at("vendor.pem"),
                    "--signer-key", self.authority.at("vendor.key"))
        camera = self.camera(update={"trust": self.trust})
        content = self.load("new.update")
        self.store("bad.update", content[:-1000] + bytes([content[-1000] ^ 1]) + content[-999:])
        camera.task("--update", self.path("bad.update"), status=1)
        self.store("state/slots/1/rootfs", b"")
        self.assertIn("0.2.0", camera.task("--update", self.path("new.update")).stdout)
        self.assertEqual(self.load("state/slots/1/rootfs"), self.load("rootfs"))


if __name__ == "__main__":
    main()
