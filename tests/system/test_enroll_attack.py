#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Enrolment among people who deceive, overload and send nonsense (docs/spec/identity.md, I-ENR)."""

import base64
import socket
import ssl
import threading
import time

from enroll_case import EST, EnrolCase, openssl
from system_case import ENVIRONMENT, EVIDENCE, GOOD, main


class Deceiving(EnrolCase):
    """Whoever stands between the device and the authority learns nothing."""

    def pretend(self, answer, certificate="evil.pem", key="evil-key.pem"):
        """A TLS server, by default with a certificate of its own; what comes is kept in self.heard."""
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path("evil-key.pem"),
                "-out", self.path("evil.pem"), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                "-addext", "extendedKeyUsage=serverAuth", "-days", "2")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(certificate), self.path(key))
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
        fake = self.pretend(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), "cam/cert.pem", "cam/key.pem")
        self.assertRegex(self.enroll(EVIDENCE, fake, code).err, "not trusted.*server")
        self.wait_for(lambda: len(self.heard) == 2)
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
                                (begin + b"Content-Length: 999999999999\r\n\r\n", 413),
                                (begin + b"Content-Length: 9999999999999\r\n\r\n", 400),
                                (begin + b"\r\n", 411),
                                (begin + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
                                (begin + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
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
                                (b"GET /.well-known/est/../est/cacerts HTTP/1.1\r\nHost: a\r\n\r\n", 400),
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


if __name__ == "__main__":
    main()
