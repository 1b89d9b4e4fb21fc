# SPDX-License-Identifier: Apache-2.0
"""What tests of enrolment share: an authority, its server, and clients that know nothing of us."""

import base64
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import tempfile

from system_case import GOOD, LEAN_PROGRAM, SystemCase, TIMEOUT

ROLE_ARC = "2.25.132330503438125610743018859333830030049"
EST = "/.well-known/est/"
CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{5}-){10}[0-9A-HJKMNP-TV-Z]{5}")


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60, input=data).stdout


class Server:
    """A running svms ca serve. Its log is kept, and never holds a code."""

    def __init__(self, case, folder, *extra, listen="127.0.0.1:0"):
        self.case = case
        self.path = tempfile.mkstemp(dir=case.folder, prefix="serve-")[1]
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen([LEAN_PROGRAM, "ca", "serve", folder, "--listen", listen, "--json", *extra],
                                            cwd=case.folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        case.addCleanup(self.kill)
        ready = case.wait_for(lambda: self.process.poll() is not None or self.events("listening"))
        if ready is True:
            case.fail(self.log())
        self.port = int(ready[0]["address"].rpartition(":")[2])
        self.url = f"https://127.0.0.1:{self.port}"

    def log(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def events(self, what=None, **members):
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{") and line.endswith("}")]
        wanted = {**members, **({"event": what} if what else {})}
        return [line for line in lines if all(line.get(key) == value for key, value in wanted.items())]

    def kill(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=TIMEOUT)

    def stop(self):
        """Gently; everything that it said is right."""
        os.kill(self.process.pid, signal.SIGTERM)
        self.case.assertEqual(self.process.wait(timeout=TIMEOUT), 0, self.log())
        log = self.log()
        self.case.assertNotIn("Sanitizer", log)
        self.case.assertIsNone(CODE.search(log), "a code stands in the log")
        self.case.assertTrue(self.events("stopped"))


class EnrolCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        """Nothing is recorded here: no clip, no shared identity."""

    def setUp(self):
        super().setUp()
        self.expect(GOOD, "ca", "init", "ca", "--name", "Test CA", "--no-passphrase")
        self.anchors = self.path("ca/ca.pem")

    def serve(self, *extra, folder="ca"):
        return Server(self, folder, *extra)

    def code(self, name="front door", role="camera", *extra, folder="ca"):
        run = self.expect(GOOD, "ca", "code", folder, "--name", name, "--role", role, *extra)
        return CODE.search(run.out)[0]

    def enroll(self, status, server, code, *extra, name="front door", role="camera", out="device"):
        return self.expect(status, "enroll", server.url, "--code", code, "--name", name, "--role", role, "--out", out, *extra)

    def renew(self, status, *extra, folder="device"):
        return self.expect(status, "enroll", folder, "--renew", *extra)

    def request(self, *names, common_name="front door", key="csr-key.pem"):
        """Base64 of a request that openssl made."""
        if not os.path.exists(self.path(key)):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path(key))
        alternative = ["-addext", "subjectAltName=" + ",".join(names)] if names else []
        der = openssl("req", "-new", "-key", self.path(key), "-subj", f"/CN={common_name}", "-outform", "DER", *alternative)
        return base64.encodebytes(der)

    def curl(self, server, path, *extra):
        """Status and body; the server is verified."""
        done = subprocess.run(["curl", "-sS", "--max-time", "60", "--cacert", self.anchors, "-o", "answer", "-D", "answer.head",
                               "-w", "%{http_code}", *extra, server.url + path], cwd=self.folder, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        self.curl_error = done.stderr
        return int(done.stdout), self.load("answer") if os.path.exists(self.path("answer")) else b""

    def post(self, server, code, body, name="front door", kind="application/pkcs10", path="simpleenroll"):
        self.store("body", body)
        return self.curl(server, EST + path, "-u", f"{name}:{code}", "-H", f"Content-Type: {kind}", "--data-binary", "@body")

    def tls(self, server, **options):
        """A connection that is verified."""
        context = ssl.create_default_context(cafile=self.anchors)
        if "cert" in options:
            context.load_cert_chain(self.path(options["cert"]), self.path(options["key"]))
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        self.addCleanup(plain.close)
        connection = context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, request):
        """Status and body of one answer over a connection that may stay."""
        connection.sendall(request)
        return self.answer(connection)

    @staticmethod
    def answer(connection):
        head = b""
        while b"\r\n\r\n" not in head:
            some = connection.recv(65536)
            if not some:
                return 0, head
            head += some
        head, _, body = head.partition(b"\r\n\r\n")
        size = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(body) < size:
            body += connection.recv(65536)
        return int(head.split()[1]), body

    def issued(self, name="front door", folder="ca"):
        """Serial numbers that the journal knows for a name."""
        listed = self.expect(GOOD, "ca", "list", folder, "--json").json()
        return [entry["serial"] for entry in listed["certificates"] if entry["name"] == name]

    def check_identity(self, folder="device", anchors=None):
        """Key and certificate belong together and lead to the anchor."""
        at = lambda name: os.path.join(self.path(folder), name)
        public = openssl("x509", "-in", at("cert.pem"), "-noout", "-pubkey")
        self.assertEqual(openssl("pkey", "-in", at("key.pem"), "-pubout"), public)
        with open(at("ca.pem"), "rb") as file, open(anchors or self.anchors, "rb") as other:
            self.assertEqual(file.read(), other.read())
        openssl("verify", "-x509_strict", "-purpose", "any", "-CAfile", at("ca.pem"), "-untrusted", at("cert.pem"), at("cert.pem"))
        self.assertEqual(stat.S_IMODE(os.stat(at("key.pem")).st_mode), 0o600)
        return public
