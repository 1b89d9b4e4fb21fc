#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What testssl.sh, which nobody here wrote, finds to say about our server: nothing worse than INFO."""

import json
import os

from tls_case import HOST, PATIENCE, TlsCase, main, need, say
from tls_workshop import DAY, now

# Findings that are about this test's setting, not about the server: identifier, start of the finding, reason.
ALLOWED = (
    ("cert_revocation", "Neither CRL nor OCSP URI provided",
     "the workshop's CA publishes nothing: tests talk to this machine only; lists and staples are tested elsewhere"),
    ("engine_problem", "No engine or GOST support", "that is about the openssl command which testssl.sh itself uses"),
)
# All that testssl.sh checks, minutes of it on a machine that does other things.
LONGEST = 12 * PATIENCE


class TestSsl(TlsCase):
    def findings(self, server):
        need("testssl")
        out = self.path("testssl.json")
        if os.path.exists(out):
            os.unlink(out)
        program = self.run_program(
            "testssl", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--ip", "127.0.0.1",
            "--openssl", "/usr/bin/openssl", "--add-ca", self.path("root.pem"), "--jsonfile", out,
            f"{HOST}:{server.port}")
        program.end_input()
        program.process.wait(LONGEST)
        program.finish()
        with open(out, encoding="utf-8") as file:
            return json.load(file), program

    def check(self, expected, *options):
        # A certificate of 60 days is "about to expire" to testssl.sh.
        self.workshop.store("shop-window", after=now() + 200 * DAY)
        server = self.server("--http", *options, cert="shop-window")
        findings, program = self.findings(server)
        identifiers = {finding["id"]: finding["finding"] for finding in findings}
        # That it was done at all, and that it understood what it saw.
        for identifier, pattern in expected.items():
            self.assertRegex(identifiers.get(identifier, "(missing)"), pattern, identifier)
        self.assertGreater(len(findings), 60, program)
        worse = []
        for finding in findings:
            if finding["severity"] in ("OK", "INFO", "DEBUG"):
                continue
            reasons = [reason for identifier, start, reason in ALLOWED
                       if finding["id"] == identifier and finding["finding"].startswith(start)]
            if reasons:
                say(f"allowed: {finding['id']}: {finding['finding']} ({reasons[0]})")
            else:
                worse.append(f"{finding['id']}: {finding['severity']}: {finding['finding']}")
        self.assertEqual(worse, [], program)

    def test_tls_1_3(self):
        self.check({"TLS1": "not offered", "TLS1_1": "not offered", "TLS1_2": "not offered", "TLS1_3": "offered",
                    "SSLv3": "not offered", "cert_trust": "Ok", "heartbleed": "not vulnerable"}, "--not-asked")

    def test_tls_1_2_where_asked(self):
        self.check({"TLS1": "not offered", "TLS1_1": "not offered", "TLS1_2": "offered", "TLS1_3": "offered",
                    "cert_trust": "Ok", "secure_client_renego": "not vulnerable",
                    "CRIME_TLS": "not vulnerable", "RC4": "not vulnerable", "LUCKY13": "not vulnerable"},
                   "--not-asked", "--tls12")


if __name__ == "__main__":
    main()
