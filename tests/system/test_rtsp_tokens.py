#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms rtsp serve with bearer tokens: who has a right to this camera sees it, as long as the right lasts."""

import base64
import json
import os
import re
import signal
import socket
import ssl
import subprocess

from system_case import ENVIRONMENT, GOOD, MALFORMED, PROGRAM, TIMEOUT, USAGE, main
from test_rtsp_serve import ServeCase
from tls_check_case import Authority

ISSUER = "https://login.example"
CAMERA = "https://camera-7.example"
RIGHTS = {"type": "svms", "actions": ["live.view", "live.listen"], "devices": ["camera-7"]}


class Client:
    """A client in Python, who may show a certificate and a token."""

    def __init__(self, url, trust, certificate=None, token=None, address=None):
        self.url = url
        self.number = 0
        self.fields = []
        context = ssl.create_default_context(cafile=trust)
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(certificate + ".pem", certificate + ".key")
        if token:
            with open(token, encoding="ascii") as file:
                self.fields = ["Authorization: Bearer " + file.read().strip()]
        host, port = re.match(r"rtsps://([\d.]+):(\d+)/", url).groups()
        self.socket = context.wrap_socket(socket.create_connection(
            (host, int(port)), timeout=TIMEOUT, source_address=(address, 0) if address else None))
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def ask(self, method, url=None, *more):
        """Status, header fields and body of the answer; packets in between are passed over."""
        self.number += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self.number}", *self.fields, *more, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        head = self.stream.readline()
        while head.startswith(b"$"):
            data = head + self.stream.read(max(0, 4 - len(head)))
            rest = 4 + int.from_bytes(data[2:4], "big") - len(data)
            if rest < 0:  # the line held the end of a packet, and the beginning of something else
                raise AssertionError("a line feed stood behind a packet")
            self.stream.read(rest)
            head = self.stream.readline()
        fields = {}
        for line in iter(self.stream.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            fields[name.strip().lower()] = value.strip()
        return int(head.split()[1]), fields, self.stream.read(int(fields.get("content-length", 0))).decode()


class TokenCase(ServeCase):
    """Cameras that take tokens, and who makes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority.issue("anna", extensions="client")
        cls.authority.issue("berta", extensions="client")
        for name in ("issuer", "stranger"):
            path = os.path.join(cls.shared, name)
            subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path],
                           check=True, timeout=TIMEOUT)
            os.chmod(path, 0o600)

    def setUp(self):
        super().setUp()
        self.expect(GOOD, "jwks", os.path.join(self.shared, "issuer"), "--out", "issuer.jwks")
        self.believed = ["--jwks", self.path("issuer.jwks"), "--issuer", ISSUER, "--audience", CAMERA, "--device", "camera-7"]

    def token(self, *extra, key="issuer", audience=CAMERA, issuer=ISSUER, rights=None):
        """The file of a token."""
        self.store("rights", json.dumps([RIGHTS if rights is None else rights]).encode())
        self.expect(GOOD, "token", "issue", "--key", os.path.join(self.shared, key), "--issuer", issuer, "--audience", audience,
                    "--subject", "anna", "--client", "recorder", "--rights", "rights", "--out", "token", "--force", *extra)
        return self.path("token")


class TokenTest(TokenCase):
    def shown(self, status, url, token, *extra):
        return self.record(status, url, "--trust", self.trust, "--token-file", token, "--force", *extra)

    def test_who_may_see_sees(self):
        url = self.camera("--wait", *self.believed)
        self.shown(GOOD, url, self.token())
        self.check_pictures()
        status, err = self.ended()
        self.assertEqual(status, GOOD)
        self.assertNotIn("refused", err)

    def test_who_may_not_see_is_refused_and_named(self):
        revoked = self.token()
        with open(revoked, encoding="ascii") as file:
            claims = file.read().split(".")[1]
        name = json.loads(base64.urlsafe_b64decode(claims + "=="))["jti"]
        self.expect(GOOD, "token", "revoke", "revoked", "--issuer", ISSUER, "--id", name)
        os.rename(revoked, self.path("revoked.token"))
        url = self.camera("--wait", *self.believed, "--revocations", self.path("revoked"))
        cases = (("key", {"key": "stranger"}, "key"), ("issuer", {"issuer": "https://other.example"}, "issuer"),
                 ("audience", {"audience": "https://other.example"}, "somebody else"),
                 ("device", {"rights": RIGHTS | {"devices": ["camera-8"]}}, "live.view: "),
                 ("action", {"rights": RIGHTS | {"actions": ["playback.view"]}}, "live.view: "),
                 ("sound", {"rights": RIGHTS | {"actions": ["live.view"]}}, "live.listen: "),
                 ("address", {"rights": RIGHTS | {"networks": ["192.0.2.0/24"]}}, "live.view: "),
                 ("obligation", {"rights": RIGHTS | {"obligations": ["watermark"]}}, "obligations"))
        for name, changed, _ in cases:
            with self.subTest(name):
                self.assertIn("does not accept", self.shown(ENVIRONMENT, url, self.token(**changed)).err)
        self.shown(ENVIRONMENT, url, self.path("revoked.token"))
        run = self.record(ENVIRONMENT, url, "--trust", self.trust)
        self.assertIn("wants to know who asks", run.err)
        self.shown(GOOD, url, self.token())
        _, err = self.ended()
        told = [line for line in err.splitlines() if line.startswith("svms: refused: ")]
        self.assertEqual(len(told), len(cases) + 1, err)
        for line, (name, _, words) in zip(told, cases):
            self.assertIn(words, line, name)
        self.assertIn("revoked", told[-1])

    def test_nobody_watches_longer_than_his_token_lasts(self):
        url = self.camera("--loop", *self.believed, "--skew", "0")
        run = self.shown(GOOD, url, self.token("--life", "10s"))
        self.assertIn("goodbye", run.err)
        self.verify()
        self.process.kill()
        self.assertIn("its token has ended", self.ended()[1])

    def test_a_policy_decides_besides_the_token(self):
        policy = {"format": "svms-policy", "version": 1, "revision": 1, "roles": {"guard": {"subjects": ["anna"]}},
                  "rules": [{"id": "guards", "roles": ["guard"], "actions": ["live.*"], "devices": ["camera-7"]}]}
        for subject, status in (("anna", GOOD), ("berta", ENVIRONMENT)):
            policy["roles"]["guard"]["subjects"] = [subject]
            path = self.store("policy", json.dumps(policy).encode())
            url = self.camera("--wait", *self.believed, "--policy", path)
            self.shown(status, url, self.token())

    def test_a_user_and_tokens_go_together(self):
        secret = self.store("secret", b"of the camera\n")
        os.chmod(secret, 0o600)
        user = ["--user", "berta", "--user-password-file", secret]
        url = self.camera("--wait", *self.believed, *user)
        self.shown(ENVIRONMENT, url, self.token(audience="https://other.example"))
        self.record(GOOD, url, "--trust", self.trust, *user)

    def described(self, url, certificate=None, token=None):
        with Client(url, self.trust, certificate and self.authority.at(certificate), token) as client:
            return client.ask("DESCRIBE", None, "Accept: application/sdp")[0]

    def test_a_token_that_is_bound_is_good_with_its_certificate_alone(self):
        url = self.camera("--loop", *self.believed, "--client-ca", self.trust)
        bound = self.token("--certificate", self.authority.at("anna.pem"))
        os.rename(bound, self.path("bound"))
        bound, loose = self.path("bound"), self.token()
        self.assertEqual(self.described(url, "anna", bound), 200)
        self.assertEqual(self.described(url, "berta", bound), 401)
        self.assertEqual(self.described(url, None, bound), 401)
        self.assertEqual(self.described(url, "anna", None), 401)
        self.assertEqual(self.described(url, "berta", loose), 200)
        self.assertEqual(self.described(url, None, loose), 200)
        self.process.send_signal(signal.SIGINT)
        status, err = self.ended()
        self.assertEqual(status, GOOD)
        self.assertEqual(err.count("svms: refused: "), 2, err)

    def test_a_recorder_shows_its_certificate(self):
        url = self.camera("--loop", *self.believed, "--client-ca", self.trust, "--demand-binding")
        anna, berta = self.authority.at("anna"), self.authority.at("berta")
        bound = self.token("--certificate", anna + ".pem")

        def shows(who):
            return "--certificate", who + ".pem", "--certificate-key", who + ".key"

        self.shown(GOOD, url, bound, *shows(anna), "--for", "2s")
        self.verify()
        self.assertIn("does not accept", self.shown(ENVIRONMENT, url, bound, "--for", "2s").err)
        self.assertIn("does not accept", self.shown(ENVIRONMENT, url, bound, *shows(berta), "--for", "2s").err)
        who = ("--trust", self.trust, "--token-file", bound)
        self.assertIn("H264", self.expect(GOOD, "rtsp", "check", url, *who, *shows(anna)).out)
        self.assertNotIn("H264", self.run_svms("rtsp", "check", url, *who).out)
        run = self.record(USAGE, url, "--trust", self.trust, "--certificate", anna + ".pem")
        self.assertIn("--certificate-key", run.err)
        run = self.record(USAGE, url.replace("rtsps:", "rtsp:"), "--clear", *shows(anna))
        self.assertIn("rtsps://", run.err)
        run = self.record(MALFORMED, url, "--trust", self.trust, "--force", "--certificate", anna + ".pem", "--certificate-key", anna + ".pem")
        self.assertIn("anna.pem", run.err)

    def test_a_client_whose_certificate_is_a_strangers_is_refused(self):
        other = Authority(self.path("other"))
        other.issue("anna", extensions="client")
        url = self.camera("--loop", *self.believed, "--client-ca", self.trust)
        with self.assertRaises((ssl.SSLError, OSError, IndexError)):
            with Client(url, self.trust, other.at("anna"), self.token()) as client:
                client.ask("DESCRIBE")

    def test_binding_can_be_demanded(self):
        url = self.camera("--loop", *self.believed, "--client-ca", self.trust, "--demand-binding")
        bound = self.token("--certificate", self.authority.at("anna.pem"))
        os.rename(bound, self.path("bound"))
        self.assertEqual(self.described(url, "anna", self.path("bound")), 200)
        self.assertEqual(self.described(url, "anna", self.token()), 401)

    def test_without_client_ca_a_bound_token_is_refused(self):
        url = self.camera("--loop", *self.believed)
        self.assertEqual(self.described(url, "anna", self.token("--certificate", self.authority.at("anna.pem"))), 401)

    def revoke(self, token, name="revoked"):
        with open(token, encoding="ascii") as file:
            claims = file.read().split(".")[1]
        jti = json.loads(base64.urlsafe_b64decode(claims + "=="))["jti"]
        self.expect(GOOD, "token", "revoke", name, "--issuer", ISSUER, "--id", jti)

    def test_who_is_revoked_meanwhile_is_cut_off(self):
        other = self.token()
        os.rename(other, self.path("other"))
        self.revoke(self.path("other"))
        url = self.camera("--loop", *self.believed, "--revocations", self.path("revoked"))
        token = self.token()
        recorder = subprocess.Popen([PROGRAM, "rtsp", "record", url, "--out", "a.svms", *self.signer, "--password-file",
                                     self.password_file, "--once", "--trust", self.trust, "--token-file", token],
                                    stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(self.stop, recorder)
        self.wait_for(lambda: os.path.exists(self.path("a.svms.part")))
        self.revoke(token)
        _, err = recorder.communicate(timeout=TIMEOUT)
        self.assertEqual(recorder.returncode, GOOD, err)
        self.assertEqual(self.described(url, None, token), 401)
        self.verify()
        # What is no list is told, and changes nothing; nor does a list that is gone.
        self.store("revoked", b"[")
        line = ""
        while "stays revoked" not in line:
            line = self.process.stderr.readline()
            self.assertTrue(line, "the camera says nothing of a bad list")
        self.assertEqual(self.described(url, None, token), 401)
        os.unlink(self.path("revoked"))
        while "is not there any more" not in line:
            line = self.process.stderr.readline()
            self.assertTrue(line, "the camera says nothing of a list that is gone")
        self.assertEqual(self.described(url, None, token), 401)
        self.assertEqual(self.described(url, None, self.token()), 200)

    def test_what_makes_no_sense_is_refused(self):
        own = ["--certificate", self.authority.at("camera.pem"), "--certificate-key", self.authority.at("camera.key")]
        serve = ["rtsp", "serve", self.clip, "--listen", "127.0.0.1:0"]
        keys = self.believed[:4]
        for arguments in ([*own, *keys, "--device", "x"], [*own, *keys, "--audience", "x"], [*own, *self.believed[2:]],
                          [*own, *self.believed, "--open"], [*own, *self.believed, "--jwks", "more"],
                          [*own, "--open", "--policy", "x"], [*own, "--open", "--skew", "1"], [*own, "--open", "--device", "x"],
                          [*own, *self.believed, "--demand-binding"], [*own, "--open", "--client-ca", self.trust],
                          ["--media", "clear", *self.believed], [*own, *self.believed, "--allow-md5"],
                          [*own, *self.believed, "--longest-life", "soon"]):
            with self.subTest(arguments=arguments):
                self.expect(USAGE, *serve, *arguments)
        self.expect(ENVIRONMENT, *serve, *own, "--jwks", "absent", *self.believed[2:])


if __name__ == "__main__":
    main()
