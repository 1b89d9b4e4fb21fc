# SPDX-License-Identifier: Apache-2.0
"""What the tests of svms-camera share: an authority whose certificates have roles, and a camera that runs."""

import json
import os
import re
import signal
import subprocess

from system_case import TIMEOUT, SystemCase
from tls_check_case import Authority

CAMERA = os.environ["SVMS_CAMERA"]
ARC = "2.25.132330503438125610743018859333830030049"
SECTION = """
[{name}]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
subjectAltName = IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
SECTIONS = {
    "camera": f"serverAuth, clientAuth, {ARC}.1",
    "pulls": f"clientAuth, {ARC}.2",
    "updates": f"{ARC}.20",
}
PASSWORD = "correct horse battery staple"
SCENE = {"kind": "scene", "width": 640, "height": 360, "rate": 10, "sample_rate": 8000}


class RoleAuthority(Authority):
    def __init__(self, folder):
        super().__init__(folder)
        with open(self.config, "a", encoding="utf-8") as file:
            for name, usage in SECTIONS.items():
                file.write(SECTION.format(name=name, usage=usage))


class Camera:
    """A process of svms-camera with a settings file in a folder; stop() ends it."""

    def __init__(self, case, folder, settings):
        self.case = case
        self.folder = folder
        self.config = os.path.join(folder, "camera.json")
        self.process = None
        self.log = os.path.join(folder, "camera.log")
        self.within = lambda *command: list(command)  # where it runs
        self.configure(settings)
        case.addCleanup(self.kill)

    def configure(self, settings):
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"state": "state", "identity": "identity", "listen": {"rtsps": "127.0.0.1:0"}, "allow_root": True,
                       "preset": "ultrafast", **settings}, file)
        os.chmod(self.config, 0o600)

    def task(self, *arguments, status=0):
        done = subprocess.run([CAMERA, "--config", self.config, *arguments], capture_output=True, text=True, timeout=TIMEOUT,
                              check=False)
        self.case.assertEqual(done.returncode, status, done)
        self.case.assertNotIn("Sanitizer", done.stderr)
        return done

    def start(self, words="serves rtsps"):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.within(CAMERA, "--config", self.config), stdin=subprocess.DEVNULL, stderr=log,
                                            stdout=subprocess.DEVNULL)
        self.case.wait_for(lambda: words in self.said() or self.process.poll() is not None)
        self.case.assertIsNone(self.process.poll(), self.said())
        return self

    def said(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    @property
    def url(self):
        return re.search(r"serves (rtsps://\S+)", self.said()).group(1)

    @property
    def port(self):
        return int(re.search(r":(\d+)/", self.url).group(1))

    def ports(self):
        """What this process listens at, as the system says: {(protocol, address)}."""
        done = subprocess.run(["ss", "-lntupH"], check=True, capture_output=True, text=True, timeout=TIMEOUT)
        mine = [line.split() for line in done.stdout.splitlines() if f"pid={self.process.pid}," in line]
        return {(words[0], words[4]) for words in mine}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.case.assertEqual(self.process.wait(TIMEOUT), 0, self.said())
        self.case.assertNotIn("Sanitizer", self.said())

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class CameraCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = RoleAuthority(os.path.join(cls.shared, "ca"))
        cls.authority.issue("camera", extensions="camera")
        cls.trust = cls.authority.at("ca.pem")

    def enrolled(self, certificate="camera"):
        """The folder that svms enroll makes."""
        folder = self.path("identity")
        os.makedirs(folder, exist_ok=True)
        for name, source in (("cert.pem", certificate + ".pem"), ("key.pem", certificate + ".key"), ("ca.pem", "ca.pem")):
            with open(self.authority.at(source), "rb") as file:
                self.store(os.path.join("identity", name), file.read())
        os.chmod(self.path("identity/key.pem"), 0o600)

    def camera(self, has_user=True, **settings):
        self.enrolled()
        camera = Camera(self, self.folder, {"source": SCENE, **settings})
        self.store("password", (PASSWORD + "\n").encode())
        os.chmod(self.path("password"), 0o600)
        if has_user:
            camera.task("--add-administrator", "admin", "--password-file", self.path("password"))
        return camera

    def pull(self, status, camera, *extra, password="password", span="2s", name="a.svms"):
        return self.expect(status, "rtsp", "record", camera.url, "--trust", self.trust, "--user", "admin",
                           "--user-password-file", password, "--for", span, "--once", "--out", name, *self.signer,
                           "--password-file", self.password_file, *extra)

    def luma(self, name="a.svms"):
        """Mean luma of the left and of the right half of a decoded picture."""
        self.expect(0, "extract", name, "--out", "out.mp4", "--password-file", self.password_file, "--force")
        done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", self.path("out.mp4"), "-frames:v", "1", "-f", "rawvideo",
                               "-pix_fmt", "gray", "-s", "64x36", "-sws_flags", "area", "-"],
                              check=True, capture_output=True, timeout=TIMEOUT)
        rows = [done.stdout[at:at + 64] for at in range(0, 64 * 36, 64)]
        # Not the columns at the border, which have something of both.
        return (max(max(row[:30]) for row in rows), min(max(row[34:]) for row in rows))
