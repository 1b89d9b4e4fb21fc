#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms ca serve and svms enroll: who gets a certificate, who does not, and what a crash leaves (identity.md, I-ENR)."""

import base64
import concurrent.futures
import datetime
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, PROGRAM, SystemCase, TIMEOUT, USAGE, main

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
            self.process = subprocess.Popen([PROGRAM, "ca", "serve", folder, "--listen", listen, "--json", *extra],
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


class Enrolling(EnrolCase):
    def test_devices_of_all_roles_enrol(self):
        server = self.serve()
        for number, (role, *hosts) in enumerate((("camera", "cam.example", "192.0.2.7"), ("recorder",), ("exporter",),
                                                 ("custodian",), ("key-officer",), ("server", "rec.example", "2001:db8::1"),
                                                 ("client-device", "desk.example"), ("user",), ("time-stamper",))):
            with self.subTest(role):
                typed = [word for host in hosts for word in ("--host", host)]
                code = self.code(f"the {role}", role, *typed)
                self.enroll(GOOD, server, code, *typed, name=f"the {role}", role=role, out=role)
                self.check_identity(role)
                text = openssl("x509", "-in", self.path(role + "/cert.pem"), "-noout", "-text").decode()
                self.assertIn(f"CN = the {role}\n", text)
                self.assertIn("Time Stamping" if role == "time-stamper" else ROLE_ARC, text)
                for host in hosts:
                    self.assertIn(host.upper().replace("::", ":0:0:0:0:0:") if ":" in host else host, text)
                self.assertEqual(len(server.events("enrolled", role=role)), 1)
        self.assertEqual(len(server.events("enrolled")), number + 1)
        server.stop()

    def test_the_key_stays_and_everything_has_its_mode(self):
        os.umask(0)
        server = self.serve()
        run = self.enroll(GOOD, server, self.code(), "--json").json()
        self.assertEqual(run["result"], "enrolled")
        self.assertEqual(run["serial"].lower().lstrip("0"), self.issued()[0].lstrip("0"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("device")).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("device/cert.pem")).st_mode), 0o644)
        self.assertEqual(sorted(name for name in os.listdir(self.path("device")) if not name.startswith("identity-")),
                         ["ca.pem", "cert.pem", "current", "enrolment.json", "key.pem"])
        server.stop()

    def test_a_recorder_signs_with_what_it_got(self):
        server = self.serve()
        self.enroll(GOOD, server, self.code("hall", "recorder"), name="hall", role="recorder")
        server.stop()
        self.store("message", b"recorded")
        openssl("dgst", "-sha256", "-sign", self.path("device/key.pem"), "-out", self.path("signature"), self.path("message"))
        self.store("public", openssl("x509", "-in", self.path("device/cert.pem"), "-noout", "-pubkey"))
        openssl("dgst", "-sha256", "-verify", self.path("public"), "-signature", self.path("signature"), self.path("message"))

    def test_codes_come_from_files_and_are_typed_carelessly(self):
        server = self.serve()
        code = self.code()
        self.store("code", (code.lower().replace("-", " ").replace("0", "o").replace("1", "l") + "\r\n").encode())
        os.chmod(self.path("code"), 0o600)
        self.expect(GOOD, "enroll", server.url, "--code-file", "code", "--name", "front door", "--role", "camera", "--out", "device")
        self.check_identity()
        server.stop()

    def test_a_mistyped_code_is_found_before_anything_is_sent(self):
        server = self.serve()
        code = self.code()
        wrong = code[:-1] + ("0" if code[-1] != "0" else "8")
        self.assertIn("mistyped", self.enroll(MALFORMED, server, wrong).err)
        self.assertIn("55 letters", self.enroll(MALFORMED, server, code[:-1]).err)
        self.assertIn("no U", self.enroll(MALFORMED, server, "U" + code[1:]).err)
        self.assertEqual(server.events("refused"), [])
        server.stop()

    def test_an_authority_below_another_is_known_by_the_topmost_one(self):
        self.expect(GOOD, "ca", "init", "below", "--name", "Below", "--under", "ca", "--no-passphrase")
        server = self.serve(folder="below")
        self.enroll(GOOD, server, self.code(folder="below"))
        self.check_identity()
        self.assertEqual(self.load("device/cert.pem").count(b"BEGIN CERTIFICATE"), 3)
        self.renew(GOOD, "--force")
        self.check_identity()
        server.stop()

    def test_the_authoritys_key_may_have_a_passphrase(self):
        self.store("passphrase", b"a passphrase of some length\n")
        os.chmod(self.path("passphrase"), 0o600)
        self.expect(GOOD, "ca", "init", "locked", "--name", "Locked", "--passphrase-file", "passphrase")
        server = self.serve("--passphrase-file", "passphrase", folder="locked")
        self.enroll(GOOD, server, self.code(folder="locked"))
        server.stop()
        self.store("passphrase", b"another passphrase of some length\n")
        self.expect(EVIDENCE, "ca", "serve", "locked", "--listen", "127.0.0.1:0", "--passphrase-file", "passphrase")

    def test_an_identity_is_not_replaced_unless_asked(self):
        server = self.serve()
        self.enroll(GOOD, server, self.code())
        key = self.load("device/key.pem")
        self.assertIn("--force", self.enroll(ENVIRONMENT, server, self.code()).err)
        self.assertEqual(self.load("device/key.pem"), key)
        self.enroll(GOOD, server, self.code(), "--force")
        self.assertNotEqual(self.load("device/key.pem"), key)
        self.check_identity()
        server.stop()

    def test_fifty_devices_enrol_at_once(self):
        server = self.serve()
        codes = [self.code(f"camera {i}") for i in range(50)]
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            runs = list(pool.map(lambda i: self.run_svms("enroll", server.url, "--code", codes[i], "--name", f"camera {i}",
                                                         "--role", "camera", "--out", f"device-{i}"), range(50)))
        for run in runs:
            self.assertEqual(run.status, GOOD, run)
        serials = [event["serial"] for event in server.events("enrolled")]
        self.assertEqual(len(set(serials)), 50)
        server.stop()

    def test_what_is_typed_wrong_is_said(self):
        code = "04HMA-SW9NF-6YZZP-WQAC7-CN1J2-3FAVF-QFSBZ-F03AN-APNAM-CSKSK-6EXCG"
        whole = ("--code", code, "--name", "x", "--out", "o")
        for arguments in ((), ("https://127.0.0.1:1",), ("https://127.0.0.1:1", "--code", code),
                          ("https://127.0.0.1:1", "--code", code, "--code-file", "f", "--name", "x", "--out", "o"),
                          ("http://127.0.0.1:1", *whole), ("127.0.0.1:1", *whole), ("https://", *whole),
                          ("https://127.0.0.1:0", *whole), ("https://127.0.0.1:65536", *whole), ("https://a:b@c", *whole),
                          ("https://127.0.0.1:1/path", *whole), ("https://[::1", *whole), ("https://::1", *whole),
                          ("https://127.0.0.1:1", *whole, "--within", "3"), ("https://127.0.0.1:1", *whole, "--url", "https://a"),
                          ("o", "--renew", "--name", "x"), ("o", "--renew", "--code", code)):
            with self.subTest(arguments):
                self.expect(USAGE, "enroll", *arguments)
        for arguments in (("ca",), ("ca", "--listen", "127.0.0.1"), ("ca", "--listen", "localhost:1"), ("ca", "--listen", "0.0.0.0:0"),
                          ("ca", "--listen", "[::]:0"), ("ca", "--listen", "127.0.0.1:65536"), ("--listen", "127.0.0.1:0")):
            with self.subTest(arguments):
                self.expect(USAGE, "ca", "serve", *arguments)
        self.expect(ENVIRONMENT, "ca", "serve", "absent", "--listen", "127.0.0.1:0")


class Refusing(EnrolCase):
    def test_a_code_works_once(self):
        server = self.serve()
        code = self.code()
        self.enroll(GOOD, server, code)
        self.assertIn("was used", self.enroll(POLICY, server, code, out="other").err)
        self.assertFalse(os.path.exists(self.path("other/cert.pem")))
        self.assertEqual(len(self.issued()), 1)
        self.assertEqual(server.events("refused")[0]["message"], "a code that was used before")
        server.stop()

    def test_a_request_that_was_recorded_is_refused_when_it_is_sent_again(self):
        server = self.serve()
        code = self.code()
        body = self.request()
        login = base64.b64encode(f"front door:{code}".encode()).decode()
        recorded = (f"POST {EST}simpleenroll HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {login}\r\n"
                    f"Content-Type: application/pkcs10\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
        connection = self.tls(server)
        self.assertEqual(self.ask(connection, recorded)[0], 200)
        self.assertEqual(self.ask(connection, recorded)[0], 401)
        self.assertEqual(self.ask(self.tls(server), recorded)[0], 401)
        self.assertEqual(len(self.issued()), 1)
        server.stop()

    def test_used_codes_stay_used_when_the_server_begins_anew(self):
        server = self.serve()
        code = self.code()
        self.enroll(GOOD, server, code)
        server.stop()
        server = self.serve()
        self.enroll(POLICY, server, code, out="other")
        server.stop()

    def test_another_name_role_or_host_is_refused_and_leaves_the_code(self):
        server = self.serve()
        code = self.code("front door", "camera", "--host", "cam.example")
        status, words = self.post(server, code, self.request("DNS:cam.example", common_name="back door"))
        self.assertEqual((status, words), (403, b"the request asks for another name than it may have\n"))
        for names in (("DNS:other.example",), ("DNS:cam.example", "DNS:other.example"), ("DNS:cam.example", "IP:192.0.2.1")):
            status, words = self.post(server, code, self.request(*names))
            self.assertEqual((status, words), (403, b"the request asks for other hosts than it may have\n"), names)
        self.assertIn("another role", self.enroll(POLICY, server, code, "--host", "cam.example", role="recorder").err)
        self.assertIn("other hosts", self.enroll(POLICY, server, code, "--host", "evil.example").err)
        self.assertEqual(self.post(server, code, self.request("DNS:cam.example"), name="back door")[0], 401)
        self.assertEqual(self.issued(), [])
        self.enroll(GOOD, server, code, "--host", "cam.example")
        server.stop()

    def test_what_the_request_asks_beyond_the_code_is_not_given(self):
        server = self.serve()
        self.store("ca.cnf", b"[req]\nprompt=no\ndistinguished_name=n\nreq_extensions=e\n[n]\nCN=front door\nO=Somebody\n[e]\n"
                             b"basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path("k"))
        der = openssl("req", "-new", "-key", self.path("k"), "-config", self.path("ca.cnf"), "-outform", "DER")
        status, body = self.post(server, self.code(), base64.encodebytes(der))
        if status == 200:
            text = openssl("pkcs7", "-inform", "DER", "-print_certs", "-text", data=base64.b64decode(body)).decode()
            self.assertNotIn("CA:TRUE", text)
            self.assertNotIn("Somebody", text.partition("Subject:")[2].partition("\n")[0])
        else:
            self.assertIn(status, (400, 403))
        server.stop()

    def test_an_expired_code_is_refused(self):
        server = self.serve()
        code = self.code("front door", "camera", "--hours", "0.001")
        time.sleep(4.6)
        self.enroll(POLICY, server, code)
        self.assertEqual(server.events("refused")[0]["message"], "a code that has expired")
        server.stop()

    def test_ten_wrong_tries_void_a_code(self):
        server = self.serve()
        code, other = self.code(), self.code("back door")
        body = self.request()
        for _ in range(9):
            self.assertEqual(self.post(server, other, body)[0], 401)
        self.assertEqual(server.events("voided"), [])
        self.assertEqual(self.post(server, "nonsense", body)[0], 401)
        self.assertEqual(len(server.events("voided")), 1)
        self.enroll(POLICY, server, code)
        server.stop()
        server = self.serve()
        self.enroll(POLICY, server, code, out="again")
        self.enroll(GOOD, server, other, name="back door", out="other")
        server.stop()

    def test_refused_requests_count_as_tries(self):
        server = self.serve()
        code = self.code()
        for _ in range(9):
            self.assertEqual(self.post(server, code, b"bm8=")[0], 400)
        self.assertEqual(server.events("voided"), [])
        self.assertEqual(self.post(server, code, self.request(common_name="x"))[0], 403)
        self.assertEqual(len(server.events("voided")), 1)
        self.enroll(POLICY, server, code)
        server.stop()

    def test_unknown_names_and_wrong_used_expired_codes_get_one_answer(self):
        server = self.serve()
        used, expired, void, body = self.code(), self.code("late", "camera", "--hours", "0.001"), self.code("void"), self.request()
        self.enroll(GOOD, server, used)
        run = self.expect(GOOD, "ca", "code", "ca", "--name", "void", "--role", "camera", "--json").json()
        self.expect(GOOD, "ca", "code", "ca", "--void", run["id"])
        time.sleep(4.6)
        answers = set()
        for name, code in (("nobody", void), ("front door", used), ("late", expired), ("void", run["code"]), ("front door", "x"),
                           ("void", used), ("", void)):
            status, words = self.post(server, code, body, name=name)
            head = re.sub(rb"(?i)\r\ndate:[^\r]*", b"", self.load("answer.head"))
            answers.add((status, head, words))
        self.assertEqual(len(answers), 1, answers)
        self.assertEqual(answers.pop()[0], 401)
        self.assertEqual(len({event["message"] for event in server.events("refused")}), 4)
        server.stop()

    def test_who_tries_in_vain_waits_and_others_do_not(self):
        server = self.serve()
        body = self.request()
        begin = time.monotonic()
        for _ in range(4):
            self.assertEqual(self.post(server, "wrong", body)[0], 401)
        self.assertGreater(time.monotonic() - begin, 2.4)
        self.enroll(GOOD, server, self.code())
        server.stop()

    def test_a_key_of_a_revoked_certificate_gets_no_other(self):
        server = self.serve()
        body = self.request()
        self.assertEqual(self.post(server, self.code(), body)[0], 200)
        self.expect(GOOD, "ca", "revoke", "ca", self.issued()[0], "--reason", "key-compromise")
        status, words = self.post(server, self.code(), body)
        self.assertEqual((status, b"revoked" in words), (403, True))
        self.assertEqual(self.post(server, self.code("back door"), self.request(common_name="back door", key="other-key"),
                                   name="back door")[0], 200)
        server.stop()


class Deceiving(EnrolCase):
    """Whoever stands between the device and the authority learns nothing."""

    def pretend(self, answer):
        """A TLS server with a certificate of its own; what comes is kept in self.heard."""
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path("evil-key.pem"),
                "-out", self.path("evil.pem"), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                "-addext", "extendedKeyUsage=serverAuth", "-days", "2")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("evil.pem"), self.path("evil-key.pem"))
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        self.heard = []

        def serve():
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    plain.settimeout(20)
                    with context.wrap_socket(plain, server_side=True) as connection:
                        heard = b""
                        while b"\r\n\r\n" not in heard:
                            some = connection.recv(65536)
                            if not some:
                                break
                            heard += some
                        self.heard.append(heard)
                        connection.sendall(answer)
                except OSError as error:
                    self.heard.append(repr(error).encode())
                finally:
                    plain.close()

        threading.Thread(target=serve, daemon=True).start()
        fake = type("Fake", (), {})()
        fake.port = listener.getsockname()[1]
        fake.url = f"https://127.0.0.1:{fake.port}"
        return fake

    def assert_nothing_was_told(self, code):
        everything = b"".join(self.heard)
        self.assertTrue(self.heard)
        for secret in (b"authorization", b"simpleenroll", code.encode().lower(), base64.b64encode(f"front door:{code}".encode()).lower()):
            self.assertNotIn(secret, everything.lower())

    def test_another_authority_gets_no_code(self):
        self.expect(GOOD, "ca", "init", "evil", "--name", "Test CA", "--no-passphrase")
        server = self.serve(folder="evil")
        self.assertIn("the code was not sent", self.enroll(EVIDENCE, server, self.code()).err)
        self.assertEqual(server.events("refused") + server.events("enrolled"), [])
        server.stop()

    def test_who_shows_the_right_authority_but_is_not_of_it_gets_no_code(self):
        real = self.serve()
        _, body = self.curl(real, EST + "cacerts")
        real.stop()
        code = self.code()
        fake = self.pretend(b"HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        self.assertIn("not trusted", self.enroll(EVIDENCE, fake, code).err)
        self.wait_for(lambda: len(self.heard) == 2)
        self.assert_nothing_was_told(code)

    def test_a_redirection_is_not_followed(self):
        code = self.code()
        fake = self.pretend(b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        self.assertIn("we do not go", self.enroll(ENVIRONMENT, fake, code).err)
        self.assert_nothing_was_told(code)

    def test_answers_that_are_none_are_refused(self):
        code = self.code()
        for answer in (b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n***",
                       b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nAAAA", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nAA",
                       b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n", b""):
            with self.subTest(answer[:40]):
                self.enroll(ENVIRONMENT, self.pretend(answer), code)
                self.assert_nothing_was_told(code)

    def test_a_server_for_another_host_is_not_trusted(self):
        server = self.serve("--host", "ca.example")
        self.assertRegex(self.enroll(EVIDENCE, server, self.code()).err, "not trusted.*ca.example")
        server.stop()

    def test_another_role_of_the_same_authority_is_no_server(self):
        code = self.code("cam", "camera", "--host", "127.0.0.1")
        server = self.serve()
        self.enroll(GOOD, server, code, "--host", "127.0.0.1", name="cam", out="cam")
        _, body = self.curl(server, EST + "cacerts")
        server.stop()
        code = self.code()
        fake = self.pretend(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        listener = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", self.path("cam/cert.pem"), "-key",
                                     self.path("cam/key.pem"), "-quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(listener.communicate)
        self.addCleanup(listener.kill)
        self.assertIn("not trusted", self.enroll(EVIDENCE, fake, code).err)
        self.assert_nothing_was_told(code)

    def test_nobody_is_there(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        run = self.expect(ENVIRONMENT, "enroll", f"https://127.0.0.1:{port}", "--code", self.code(), "--name", "front door", "--out", "x")
        self.assertIn("cannot connect", run.err)

    def test_who_speaks_no_tls_is_told_so(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def speak():
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            threading.Thread(target=speak, daemon=True).start()
            self.expect(ENVIRONMENT, "enroll", f"https://127.0.0.1:{listener.getsockname()[1]}", "--code", self.code(),
                        "--name", "front door", "--out", "x")


class Renewing(EnrolCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.enroll(GOOD, self.server, self.code())

    def test_renewal_makes_a_new_key_and_interrupts_nothing(self):
        before = self.check_identity()
        shutil.copy(self.path("device/cert.pem"), self.path("old-cert.pem"))
        shutil.copy(self.path("device/key.pem"), self.path("old-key.pem"))
        connection = self.tls(self.server, cert="old-cert.pem", key="old-key.pem")
        self.assertEqual(self.ask(connection, b"GET /crl.pem HTTP/1.1\r\nHost: a\r\n\r\n")[0], 200)
        run = self.renew(GOOD, "--force", "--json").json()
        self.assertEqual(run["result"], "renewed")
        self.assertNotEqual(self.check_identity(), before)
        self.assertEqual(self.ask(connection, b"GET /crl.pem HTTP/1.1\r\nHost: a\r\n\r\n")[0], 200)
        status, _ = self.curl(self.server, EST + "simplereenroll", "--cert", "old-cert.pem", "--key", "old-key.pem",
                              "-H", "Content-Type: application/pkcs10", "--data-binary", "@" + self.store("body", self.request()))
        self.assertEqual(status, 200, "the old certificate stays good")
        self.assertEqual(len(self.issued()), 3)
        self.assertEqual(len(self.server.events("renewed")), 2)
        self.server.stop()

    def test_nothing_happens_before_it_is_due(self):
        serial = self.issued()
        self.assertIn("Not due", self.renew(GOOD).out)
        self.assertEqual(self.renew(GOOD, "--json").json()["result"], "not due")
        self.assertEqual(self.renew(GOOD, "--within", "800", "--json").json()["result"], "not due")
        self.assertEqual(self.issued(), serial)
        self.assertEqual(self.renew(GOOD, "--within", "830", "--json").json()["result"], "renewed")
        self.assertEqual(len(self.issued()), 2)
        self.server.stop()
        self.assertIn("Not due", self.renew(GOOD).out, "no server is needed for that")

    def test_a_revoked_certificate_cannot_be_renewed(self):
        self.expect(GOOD, "ca", "revoke", "ca", self.issued()[0])
        at_once = self.renew(POLICY, "--force")
        self.assertIn("revoked", at_once.err)
        self.wait_for(lambda: self.server.events("list"))
        later = self.renew(POLICY, "--force")
        self.assertIn("revoked", later.err)
        self.check_identity()
        self.assertEqual(len(self.issued()), 1)
        self.server.stop()

    def test_an_expired_certificate_cannot_be_renewed(self):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        authority = x509.load_pem_x509_certificate(self.load("ca/ca.pem"))
        signer = serialization.load_pem_private_key(self.load("ca/ca-key.pem"), None)
        old = x509.load_pem_x509_certificate(self.load("device/cert.pem"))
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        for expired in (False, True):
            builder = x509.CertificateBuilder(authority.subject, old.subject, key.public_key(), x509.random_serial_number(),
                                              now - datetime.timedelta(days=30), now + datetime.timedelta(days=-1 if expired else 1))
            for extension in old.extensions:
                value = x509.SubjectKeyIdentifier.from_public_key(key.public_key()) \
                    if extension.oid == x509.SubjectKeyIdentifier.oid else extension.value
                builder = builder.add_extension(value, extension.critical)
            pem = builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            self.store("made.pem", pem)
            self.store("made-key.pem", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                         serialization.NoEncryption()))
            status, words = self.curl(self.server, EST + "simplereenroll", "--cert", "made.pem", "--key", "made-key.pem",
                                      "-H", "Content-Type: application/pkcs10", "--data-binary", "@" + self.store("body", self.request()))
            if expired:
                self.assertEqual(status, 0)
                self.assertIn("expired", self.curl_error)
            else:
                # Signed by the authority's key, but nothing that the authority knows of.
                self.assertEqual((status, words), (403, b"this authority did not issue the certificate to renew\n"))
        self.assertEqual(len(self.issued()), 1)
        self.server.stop()

    def test_renewal_is_for_the_same_name_and_hosts(self):
        for body, words in ((self.request(common_name="back door"), b"another name"),
                            (self.request("DNS:evil.example"), b"other hosts")):
            status, answer = self.curl(self.server, EST + "simplereenroll", "--cert", "device/cert.pem", "--key", "device/key.pem",
                                       "-H", "Content-Type: application/pkcs10", "--data-binary", "@" + self.store("body", body))
            self.assertEqual(status, 403)
            self.assertIn(words, answer)
        status, answer = self.curl(self.server, EST + "simplereenroll", "-H", "Content-Type: application/pkcs10",
                                   "--data-binary", "@" + self.store("body", self.request()))
        self.assertEqual((status, b"TLS client certificate" in answer), (403, True))
        self.server.stop()

    def test_a_certificate_of_another_authority_is_refused(self):
        self.expect(GOOD, "ca", "init", "other", "--name", "Test CA", "--no-passphrase")
        other = self.serve(folder="other")
        self.enroll(GOOD, other, self.code(folder="other"), out="stranger")
        status, _ = self.curl(self.server, EST + "simplereenroll", "--cert", "stranger/cert.pem", "--key", "stranger/key.pem",
                              "-H", "Content-Type: application/pkcs10", "--data-binary", "@" + self.store("body", self.request()))
        self.assertEqual(status, 0)
        self.assertIn("not trusted", self.renew(EVIDENCE, "--force", "--url", other.url).err)
        other.stop()
        self.server.stop()

    def test_roles_that_only_sign_are_told_how_to_renew(self):
        self.enroll(GOOD, self.server, self.code("case", "exporter"), name="case", role="exporter", out="exporter")
        self.assertIn("one-time code", self.renew(POLICY, "--force", folder="exporter").err)
        self.server.stop()

    def test_a_folder_that_was_not_enrolled_is_told_apart(self):
        os.mkdir(self.path("empty"))
        self.renew(ENVIRONMENT, folder="empty")
        self.renew(ENVIRONMENT, folder="absent")
        self.server.stop()

    def test_one_process_at_a_time(self):
        handle = os.open(self.path("device"), os.O_RDONLY)
        self.addCleanup(os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self.assertIn("another", self.renew(ENVIRONMENT, "--force").err)
        self.server.stop()

    def test_the_server_takes_a_new_certificate_without_dropping_anybody(self):
        connection = self.tls(self.server)
        first = connection.getpeercert(True)
        self.assertEqual(self.ask(connection, b"GET /crl.der HTTP/1.1\r\nHost: a\r\n\r\n")[0], 200)
        os.kill(self.server.process.pid, signal.SIGHUP)
        self.wait_for(lambda: len(self.server.events("certificate")) == 2)
        self.assertEqual(self.ask(connection, b"GET /crl.der HTTP/1.1\r\nHost: a\r\n\r\n")[0], 200)
        self.assertNotEqual(self.wait_for(lambda: self.tls(self.server).getpeercert(True)), first)
        self.renew(GOOD, "--force")
        self.server.stop()


class Interrupting(EnrolCase):
    def state_is_whole(self, folder="device"):
        if os.path.exists(self.path(folder + "/cert.pem")):
            self.check_identity(folder)
            return True
        self.assertFalse(os.path.exists(self.path(folder + "/key.pem")), "a key without a certificate")
        return False

    def test_a_device_that_is_killed_has_the_old_or_the_new_identity(self):
        server = self.serve()
        self.enroll(GOOD, server, self.code())
        interrupted = 0
        for number in range(40):
            process = subprocess.Popen([PROGRAM, "enroll", "device", "--renew", "--force"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.004 * number)
            interrupted += process.poll() is None
            process.kill()
            process.wait()
            self.assertTrue(self.state_is_whole())
        self.assertGreater(interrupted, 5)
        self.renew(GOOD, "--force")
        self.check_identity()
        left = [name for name in os.listdir(self.path("device")) if not name.startswith("identity-")]
        self.assertEqual(sorted(left), ["ca.pem", "cert.pem", "current", "enrolment.json", "key.pem"])
        self.assertEqual(len(glob.glob(self.path("device/identity-*"))), 2)
        server.stop()

    def test_a_first_enrolment_that_is_killed_leaves_no_key_in_use(self):
        server = self.serve()
        for number in range(20):
            code = self.code()
            process = subprocess.Popen([PROGRAM, "enroll", server.url, "--code", code, "--name", "front door", "--role", "camera", "--out",
                                        "device"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.008 * number)
            process.kill()
            process.wait()
            self.state_is_whole()
        self.enroll(GOOD, server, self.code(), "--force")
        self.check_identity()
        server.stop()

    def test_what_crashes_leave_is_cleared_away(self):
        server = self.serve()
        os.mkdir(self.path("device"), 0o700)
        for name in ("cert.pem", "key.pem", "ca.pem", "enrolment.json"):
            os.symlink("current/" + name, self.path("device/" + name))
        os.symlink("nowhere", self.path("device/new-link"))
        os.mkdir(self.path("device/identity-aaaaaa"), 0o700)
        self.store("device/identity-aaaaaa/key.pem", b"half")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path("device/pending-key.pem"))
        os.chmod(self.path("device/pending-key.pem"), 0o600)
        waiting = openssl("pkey", "-in", self.path("device/pending-key.pem"), "-pubout")
        self.enroll(GOOD, server, self.code())
        self.assertEqual(self.check_identity(), waiting, "the key that waited is the one that was certified")
        self.assertEqual(len(glob.glob(self.path("device/identity-*"))), 1)
        self.assertFalse(os.path.lexists(self.path("device/new-link")))
        # Killed between the last two steps: what is in use is not certified once more.
        shutil.copy(self.path("device/key.pem"), self.path("device/pending-key.pem"))
        os.chmod(self.path("device/pending-key.pem"), 0o600)
        self.renew(GOOD, "--force")
        self.assertNotEqual(self.check_identity(), waiting)
        server.stop()

    def test_files_that_were_put_there_by_hand_are_taken_over(self):
        server = self.serve()
        self.enroll(GOOD, server, self.code())
        os.mkdir(self.path("plain"), 0o700)
        for name in ("cert.pem", "key.pem", "ca.pem", "enrolment.json"):
            shutil.copy(self.path("device/" + name), self.path("plain/" + name))
        self.renew(GOOD, "--force", folder="plain")
        self.assertNotEqual(self.check_identity("plain"), self.check_identity("device"))
        self.assertTrue(os.path.islink(self.path("plain/key.pem")))
        server.stop()

    def test_a_server_that_is_killed_while_it_issues_gives_no_code_twice(self):
        codes = {f"camera {i}": self.code(f"camera {i}") for i in range(12)}
        got = {}
        for name, code in codes.items():
            server = self.serve()
            process = subprocess.Popen([PROGRAM, "enroll", server.url, "--code", code, "--name", name, "--role", "camera", "--out",
                                        name], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.012 * len(got))
            server.kill()
            got[name] = process.wait(timeout=TIMEOUT) == 0
            self.assertEqual(got[name], self.state_is_whole(name))
        server = self.serve()
        for name, code in codes.items():
            issued = self.issued(name)
            self.assertLessEqual(len(issued), 1)
            self.assertTrue(issued or not got[name], "a certificate that the journal does not know")
            self.enroll(POLICY if issued else GOOD, server, code, "--force", name=name, out=name)
            self.assertEqual(len(self.issued(name)), 1)
        server.stop()


class Overloading(EnrolCase):
    def test_one_who_trickles_is_ended_and_holds_up_nobody(self):
        server = self.serve("--patience", "3")
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self.addCleanup(plain.close)
        slow = self.tls(server)
        slow.settimeout(0.3)
        begin = time.monotonic()
        heard = b""
        self.enroll(GOOD, server, self.code())
        for byte in b"GET /crl.pem HTTP/1.1\r\nHost: " + b"a" * 200:
            try:
                slow.sendall(bytes([byte]))
                heard = slow.recv(1000)
                break
            except TimeoutError:
                continue
            except OSError:
                break
        self.assertLess(time.monotonic() - begin, 30)
        self.assertTrue(heard == b"" or b" 408 " in heard, heard)
        self.assertEqual(plain.recv(100), b"", "who says nothing is ended as well")
        self.assertTrue(server.events("refused", message="it took too long"))
        server.stop()

    def test_what_is_too_large_or_ambiguous_is_refused(self):
        server = self.serve()
        begin = b"POST " + EST.encode() + b"simpleenroll HTTP/1.1\r\nHost: a\r\n"
        for request, wanted in ((begin + b"X: " + b"x" * 9000 + b"\r\n\r\n", 431),
                                (begin + b"X: y\r\n" * 60 + b"\r\n", 431),
                                (begin + b"Content-Length: 65537\r\n\r\n", 413),
                                (begin + b"Content-Length: 999999999999\r\n\r\n", 400),
                                (begin + b"\r\n", 411),
                                (begin + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
                                (begin + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
                                (begin + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
                                (begin + b"Content-Length: 0\n\r\n\r\n", 400),
                                (b"GET /" + b"x" * 2000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                                (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
                                (b"GET / HTTP/1.1\r\n\r\n", 400),
                                (b"\x00" * 9000, 431)):
            with self.subTest(request[:80]):
                connection = self.tls(server)
                self.assertEqual(self.ask(connection, request)[0], wanted)
                self.assertEqual(connection.recv(100), b"", "nothing after it is looked at")
        for request, wanted in ((b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404), (b"GET /crl HTTP/1.1\r\nHost: a\r\n\r\n", 404),
                                (b"GET /.well-known/est/../est/cacerts HTTP/1.1\r\nHost: a\r\n\r\n", 404),
                                (b"DELETE /crl.pem HTTP/1.1\r\nHost: a\r\n\r\n", 405),
                                (b"GET " + EST.encode() + b"simpleenroll HTTP/1.1\r\nHost: a\r\n\r\n", 405),
                                (begin + b"Content-Length: 0\r\n\r\n", 401)):
            with self.subTest(request):
                self.assertEqual(self.ask(self.tls(server), request)[0], wanted)
        self.enroll(GOOD, server, self.code())
        server.stop()

    def test_requests_one_behind_the_other_are_all_answered(self):
        server = self.serve()
        connection = self.tls(server)
        connection.sendall(b"GET /crl.der HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
        data = b""
        while data.count(b"HTTP/1.1 200 OK") < 20:
            some = connection.recv(65536)
            self.assertTrue(some)
            data += some
        server.stop()

    def test_a_body_is_waited_for_as_the_client_wants(self):
        server = self.serve()
        connection = self.tls(server)
        connection.sendall(b"POST " + EST.encode() + b"simpleenroll HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(self.ask(connection, b"abc")[0], 401)
        server.stop()

    def test_malformed_bodies_are_refused_and_leave_the_code(self):
        server = self.serve()
        code = self.code()
        good = self.request()
        for body in (b"", b"***", good[:-8], base64.encodebytes(b"\x30\x03\x02\x01\x05"),
                     base64.encodebytes(base64.b64decode(good)[:-1] + b"\x00"), base64.encodebytes(bytes(30000))):
            with self.subTest(body[:30]):
                self.assertEqual(self.post(server, code, body)[0], 400)
        self.assertEqual(self.post(server, code, good, kind="text/plain")[0], 415)
        self.assertEqual(self.post(server, code, good)[0], 200)
        server.stop()

    def test_other_protocols_are_refused(self):
        server = self.serve()
        for noise in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x00" * 100, b"SSH-2.0-x\r\n", b"\x16\x03\x01\xff\xff" + b"\x00" * 100):
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as plain:
                plain.sendall(noise)
                try:
                    while plain.recv(1000):
                        pass
                except ConnectionResetError:
                    pass
        for version in (ssl.TLSVersion.TLSv1_2,):
            context = ssl.create_default_context(cafile=self.anchors)
            context.maximum_version = version
            with self.assertRaises(ssl.SSLError):
                with socket.create_connection(("127.0.0.1", server.port), timeout=60) as plain:
                    context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.assertGreaterEqual(len(self.wait_for(lambda: len(server.events("refused")) >= 4 and server.events("refused"))), 4)
        self.enroll(GOOD, server, self.code())
        server.stop()

    def test_one_address_cannot_take_all_connections(self):
        server = self.serve()
        held = []
        for _ in range(140):
            held.append(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        self.addCleanup(lambda: [one.close() for one in held])
        for one in held[128:]:
            try:
                self.assertEqual(one.recv(1), b"")
            except ConnectionResetError:
                pass
        for one in held:
            one.close()
        held.clear()
        self.wait_for(lambda: self.run_svms("enroll", server.url, "--code", self.code(), "--name", "front door", "--role", "camera",
                                            "--out", "device", "--force").status == GOOD)
        server.stop()

    def test_it_ends_gently(self):
        server = self.serve("--patience", "30")
        idle = self.tls(server)
        self.assertEqual(self.ask(idle, b"GET /crl.der HTTP/1.1\r\nHost: a\r\n\r\n")[0], 200)
        server.stop()
        self.assertEqual(idle.recv(1), b"")


class OtherClients(EnrolCase):
    """curl and openssl know nothing of us."""

    def test_curl_and_openssl_enrol_and_renew(self):
        server = self.serve()
        status, body = self.curl(server, EST + "cacerts")
        self.assertEqual(status, 200)
        self.assertRegex(self.load("answer.head"), rb"(?i)content-type: application/pkcs7-mime")
        self.assertRegex(self.load("answer.head"), rb"(?i)content-transfer-encoding: base64")
        shown = openssl("pkcs7", "-inform", "DER", "-print_certs", data=base64.b64decode(body))
        self.assertEqual(openssl("x509", "-outform", "DER", data=shown), openssl("x509", "-in", self.anchors, "-outform", "DER"))
        code = self.code()
        status, body = self.post(server, code, self.request())
        self.assertEqual(status, 200)
        self.assertRegex(self.load("answer.head"), rb"(?i)content-type: application/pkcs7-mime; smime-type=certs-only")
        leaf = openssl("pkcs7", "-inform", "DER", "-print_certs", data=base64.b64decode(body))
        self.assertEqual(leaf.count(b"BEGIN CERTIFICATE"), 1)
        self.store("leaf.pem", leaf)
        openssl("verify", "-x509_strict", "-CAfile", self.anchors, self.path("leaf.pem"))
        self.store("body", self.request(key="next-key.pem"))
        status, body = self.curl(server, EST + "simplereenroll", "--cert", "leaf.pem", "--key", "csr-key.pem",
                                 "-H", "Content-Type: application/pkcs10", "--data-binary", "@body")
        self.assertEqual(status, 200)
        self.store("next.pem", openssl("pkcs7", "-inform", "DER", "-print_certs", data=base64.b64decode(body)))
        self.assertEqual(openssl("x509", "-in", self.path("next.pem"), "-noout", "-pubkey"),
                         openssl("pkey", "-in", self.path("next-key.pem"), "-pubout"))
        server.stop()

    def test_attributes_are_der(self):
        server = self.serve()
        status, body = self.curl(server, EST + "csrattrs")
        self.assertEqual(status, 200)
        text = openssl("asn1parse", "-inform", "DER", data=base64.b64decode(body)).decode()
        for name in ("id-ecPublicKey", "prime256v1", "ecdsa-with-SHA256"):
            self.assertIn(name, text)
        server.stop()

    def test_lists_are_current(self):
        server = self.serve()
        self.enroll(GOOD, server, self.code())
        serial = self.issued()[0]
        self.assertNotIn(serial.upper(), self.fetch_list(server))
        self.expect(GOOD, "ca", "revoke", "ca", serial)
        self.wait_for(lambda: serial.upper().lstrip("0") in self.fetch_list(server))
        server.stop()

    def fetch_list(self, server):
        _, pem = self.curl(server, "/crl.pem")
        _, der = self.curl(server, "/crl.der")
        self.assertEqual(openssl("crl", "-outform", "DER", data=pem), der)
        openssl("crl", "-noout", "-verify", "-CAfile", self.anchors, data=pem)
        return openssl("crl", "-noout", "-text", data=pem).decode()

    def test_a_client_without_a_code_is_asked_for_one(self):
        server = self.serve()
        self.store("body", self.request())
        status, _ = self.curl(server, EST + "simpleenroll", "-H", "Content-Type: application/pkcs10", "--data-binary", "@body")
        self.assertEqual(status, 401)
        self.assertRegex(self.load("answer.head"), rb"(?i)www-authenticate: basic realm=")
        server.stop()


if __name__ == "__main__":
    main()
