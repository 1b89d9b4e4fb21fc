# SPDX-License-Identifier: Apache-2.0
"""What the tests of svms-recorder share: cameras that it may record, and a recorder that runs."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess

from camera_case import ARC, SCENE, SECTION, Camera, RoleAuthority
from system_case import GOOD, PROGRAM, TIMEOUT, SystemCase
from tls_check_case import openssl

RECORDER = os.environ["SVMS_RECORDER"]
RECORDS = f"serverAuth, clientAuth, {ARC}.2"
ISSUER = "https://login.example"
AUDIENCE = "https://recorder.example"


def free_port():
    """One that a server may take now, and again when it comes back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class ServedClip:
    """svms rtsp serve --loop, at a port that stays the same; asks for a user's password."""

    def __init__(self, case, certificate="clip", clip=None):
        self.case = case
        self.certificate = certificate
        self.clip = clip or case.clip
        self.port = free_port()
        self.url = f"rtsps://127.0.0.1:{self.port}/live"
        self.process = None
        self.log = case.path(f"serve-{self.port}.log")
        case.addCleanup(self.kill)

    def start(self):
        case = self.case
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "rtsp", "serve", self.clip, "--listen", f"127.0.0.1:{self.port}", "--loop", "--certificate",
                 case.authority.at(self.certificate + ".pem"), "--certificate-key",
                 case.authority.at(self.certificate + ".key"), "--user", "viewer", "--user-password-file",
                 case.password_file], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        case.wait_for(lambda: self.is_there() or self.process.poll() is not None)
        case.assertIsNone(self.process.poll())
        return self

    def is_there(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Recorder:
    """A process of svms-recorder with a settings file in a folder."""

    def __init__(self, case, folder, **settings):
        self.case = case
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.config = self.at("recorder.json")
        self.log = self.at("recorder.log")
        self.within = lambda *command: list(command)  # where it runs
        self.process = None
        self.configure(**settings)
        case.addCleanup(self.kill)

    def at(self, name):
        return os.path.join(self.folder, name)

    def configure(self, **settings):
        signs = {"certificate": "identity/cert.pem", "key": "identity/key.pem", "recipients": ["recipient.pem"]}
        storage = {"name": "disk", "path": "storage", "reserve_bytes": 1000000, **signs, **settings.pop("storage", {})}
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"identity": "identity", "index": "index", "audit": "audit", "allow_root": True, "storages": [storage],
                       **settings}, file)
        os.chmod(self.config, 0o600)

    def task(self, *arguments, status=0):
        done = subprocess.run([RECORDER, self.config, *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.case.assertEqual(done.returncode, status, done)
        self.case.assertNotIn("Sanitizer", done.stderr)
        return done

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            log.write("--- starts\n")
            log.flush()
            # Whatever was usual where it was started.
            self.process = subprocess.Popen(self.within(RECORDER, self.config), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            umask=0o022)
        self.case.wait_for(lambda: "recorder.start" in self.said_now() or self.process.poll() is not None)
        self.case.assertIsNone(self.process.poll(), self.said())
        return self

    def said(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def said_now(self):
        """Since it was started last."""
        return self.said().rpartition("--- starts\n")[2]

    def address(self, scheme):
        """HOST:PORT of what it serves."""
        return re.search(scheme + r"://([\d.]+:\d+)/", self.said_now()).group(1)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.case.assertEqual(self.process.wait(TIMEOUT), 0, self.said())
        self.case.assertNotIn("Sanitizer", self.said())

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ask(self, question, *values):
        """Of the index, which another process writes."""
        index = sqlite3.connect(f"file:{self.at('index')}?mode=ro", uri=True, timeout=10)
        try:
            return index.execute(question, values).fetchall()
        finally:
            index.close()

    def events(self, kind, camera=None):
        """Moments (UTC, seconds) and data, in their order."""
        rows = self.ask("SELECT utc, data FROM events LEFT JOIN cameras ON cameras.number = events.camera WHERE kind = ?1 AND "
                        "(cameras.name = ?2 OR ?2 IS NULL) ORDER BY events.number", kind, camera)
        return [(utc / 1e9, json.loads(data) if data else {}) for utc, data in rows]

    def wait_for_event(self, kind, camera=None, count=1):
        return self.case.wait_for(lambda: len(found := self.events(kind, camera)) >= count and found)

    def containers(self, camera):
        folder = self.at(os.path.join("storage", camera))
        return sorted(name for name in os.listdir(folder) if name.endswith((".svms", ".svms.part")))


class RecorderCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = RoleAuthority(os.path.join(cls.shared, "ca"))
        with open(cls.authority.config, "a", encoding="utf-8") as file:
            file.write(SECTION.format(name="records", usage=RECORDS))
        for name, section in (("camera", "camera"), ("clip", "server"), ("recorder", "records"), ("anna", "client")):
            cls.authority.issue(name, extensions=section)
        cls.trust = cls.authority.at("ca.pem")
        # Who may open what is recorded.
        cls.opener = os.path.join(cls.shared, "opener.pem")
        cls.recipient = os.path.join(cls.shared, "recipient.pem")
        openssl("genpkey", "-algorithm", "X25519", "-out", cls.opener)
        openssl("pkey", "-in", cls.opener, "-pubout", "-out", cls.recipient)
        # Who makes tokens.
        cls.issuer = os.path.join(cls.shared, "issuer.pem")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", cls.issuer)
        for secret in (cls.opener, cls.issuer):
            os.chmod(secret, 0o600)

    def hand_over(self, folder, **files):
        """Copies of the authority's files, as enrolment and an administrator would put them there."""
        os.makedirs(folder, exist_ok=True)
        for name, source in files.items():
            path = os.path.join(folder, name.replace("_", "."))
            with open(source, "rb") as file, open(path, "wb") as copy:
                copy.write(file.read())
            os.chmod(path, 0o600)

    def enrolled(self, folder, certificate):
        self.hand_over(folder, cert_pem=self.authority.at(certificate + ".pem"), key_pem=self.authority.at(certificate + ".key"),
                       ca_pem=self.authority.at("ca.pem"))

    def camera(self, name="entrance", **settings):
        """svms-camera with a scene, which it signs; recorders with certificates are let in."""
        folder = self.path(name)
        self.enrolled(os.path.join(folder, "identity"), "camera")
        settings = {"source": SCENE, "listen": {"rtsps": f"127.0.0.1:{free_port()}"}, **settings}
        return Camera(self, folder, settings)

    def known_camera(self, camera, name="entrance", **more):
        return {"id": name, "url": camera.url, "storage": "disk", "trust": self.trust, "signers": self.trust,
                "signed": "expected", **more}

    def known_clip(self, clip, name="clip", **more):
        return {"id": name, "url": clip.url, "storage": "disk", "trust": self.trust, "user": "viewer",
                "password_file": self.password_file, **more}

    def recorder(self, *cameras, folder="recorder", **settings):
        folder = self.path(folder)
        self.enrolled(os.path.join(folder, "identity"), "recorder")
        self.hand_over(folder, recipient_pem=self.recipient)
        self.expect(GOOD, "audit", "create", os.path.join(folder, "audit"), "--origin", "recorder.test/1")
        return Recorder(self, folder, cameras=list(cameras), **settings)

    def policy(self, recorder, revision, *actions):
        """anna may do this with all cameras, and nobody anything else."""
        rules = [{"id": "guards", "roles": ["guard"], "actions": list(actions), "devices": ["*"]}] if actions else []
        with open(recorder.at("policy.new"), "w", encoding="utf-8") as file:
            json.dump({"format": "svms-policy", "version": 1, "revision": revision, "roles": {"guard": {"subjects": ["anna"]}},
                       "rules": rules}, file)
        os.replace(recorder.at("policy.new"), recorder.at("policy.json"))

    def serves(self, recorder, *cameras, **settings):
        """Settings of a recorder that serves who has a token that is bound to a certificate."""
        self.hand_over(recorder.folder, opener_pem=self.opener)
        self.expect(GOOD, "jwks", self.issuer, "--out", recorder.at("issuer.jwks"), "--force")
        tokens = {"issuers": [{"name": ISSUER, "keys": "issuer.jwks"}], "audience": AUDIENCE, "client_trust": self.trust}
        recorder.configure(cameras=list(cameras), listen={"rtsps": "127.0.0.1:0", "https": "127.0.0.1:0"}, policy="policy.json",
                           tokens=tokens, playback_key="opener.pem", **settings)

    def token(self, subject="anna", certificate="anna"):
        """The file of a token that allows what the policy allows."""
        self.store("rights", json.dumps([{"type": "svms", "actions": ["*"], "devices": ["*"]}]).encode())
        self.expect(GOOD, "token", "issue", "--key", self.issuer, "--issuer", ISSUER, "--audience", AUDIENCE, "--subject", subject,
                    "--client", "desktop", "--rights", "rights", "--certificate", self.authority.at(certificate + ".pem"), "--out",
                    "token", "--force")
        return self.path("token")

    def records(self, recorder, *names, seconds=1.0):
        """Until so much was recorded of each camera since now."""
        before = {name: self.recorded(recorder, name) for name in names}
        self.wait_for(lambda: all(self.recorded(recorder, name) >= before[name] + seconds for name in names))

    @staticmethod
    def recorded(recorder, name):
        rows = recorder.ask("SELECT first_utc, last_utc FROM containers JOIN cameras ON cameras.number = containers.camera "
                            "WHERE cameras.name = ? AND last_utc IS NOT NULL", name)
        return sum((last - first) / 1e9 for first, last in rows)

    def verified(self, recorder, name, *extra, status=GOOD):
        """What svms verify says of all that was recorded of a camera."""
        return self.expect(status, "verify", recorder.at(os.path.join("storage", name)), "--trust", self.trust, "--json",
                           *extra).json()

    def audited(self, recorder, event):
        """Records of an event, as svms audit finds them."""
        run = self.expect(GOOD, "audit", "query", recorder.at("audit"), "--event", event, "--unverified", "--json")
        return [json.loads(line)["record"] for line in run.out.splitlines()]
