#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms rtsp serve with bearer tokens: who has a right to this camera sees it, as long as the right lasts."""

import base64
import json
import os
import subprocess

from system_case import ENVIRONMENT, GOOD, TIMEOUT, USAGE, main
from test_rtsp_serve import ServeCase

ISSUER = "https://login.example"
CAMERA = "https://camera-7.example"
RIGHTS = {"type": "svms", "actions": ["live.view", "live.listen"], "devices": ["camera-7"]}


class TokenTest(ServeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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

    def test_what_makes_no_sense_is_refused(self):
        own = ["--certificate", self.authority.at("camera.pem"), "--certificate-key", self.authority.at("camera.key")]
        serve = ["rtsp", "serve", self.clip, "--listen", "127.0.0.1:0"]
        keys = self.believed[:4]
        for arguments in ([*own, *keys, "--device", "x"], [*own, *keys, "--audience", "x"], [*own, *self.believed[2:]],
                          [*own, *self.believed, "--open"], [*own, *self.believed, "--jwks", "more"],
                          [*own, "--open", "--policy", "x"], [*own, "--open", "--skew", "1"], [*own, "--open", "--device", "x"],
                          ["--media", "clear", *self.believed], [*own, *self.believed, "--allow-md5"],
                          [*own, *self.believed, "--longest-life", "soon"]):
            with self.subTest(arguments=arguments):
                self.expect(USAGE, *serve, *arguments)
        self.expect(ENVIRONMENT, *serve, *own, "--jwks", "absent", *self.believed[2:])


if __name__ == "__main__":
    main()
