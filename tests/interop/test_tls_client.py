#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our client and the servers of OpenSSL and GnuTLS, and servers written by hand: what must work, and what it must
refuse in words that a person understands."""

import hashlib
import http.server
import os
import time
import secrets
import socket
import threading

import tls_hello
import tls_workshop
from cryptography.hazmat.primitives import serialization
from tls_case import HOST, TlsCase, connect, main
from tls_hello import HANDSHAKE, TLS10, TLS11, TLS12, Line, extension, record, server_hello


class ClientCase(TlsCase):
    def fingerprint(self, name):
        der = self.workshop.certificates[name].public_bytes(serialization.Encoding.DER)
        return hashlib.sha256(der).hexdigest()

    def message(self, size=2000):
        """A file with one line."""
        line = secrets.token_hex(size).encode() + b"\n"
        return self.workshop.write("message", line), line

    def talk(self, program, *options, turned=True, **client):
        """A line there and back, through a server that turns lines around or echoes them; what was connected."""
        path, line = self.message()
        out = self.path("answer")
        peer = self.client(program.port, "--send", path, "--out", out, *options, **client)
        self.assertEqual(peer.events()[-1][::2], ("ended", "end"), f"{peer}\n{program}")
        self.assertEqual(peer.finish(), 0, peer)
        with open(out, "rb") as file:
            self.assertEqual(file.read(), line[:-1][::-1] + b"\n" if turned else line)
        return peer.find("connected")[0].words

    def assert_refused(self, peer, status, pattern):
        """Before anything was connected."""
        event = peer.events()[-1]
        self.assertEqual(event.kind, "refused", peer)
        self.assertRegex(event.status, f"^({status})$", event)
        self.assertRegex(event.words, pattern)
        self.assertEqual(peer.find("connected"), [])


class GoodServers(ClientCase):
    def test_openssl_tls_1_3_with_a_client_certificate(self):
        program = self.openssl_server("-rev")
        words = self.talk(program)
        self.assertRegex(words, r"version=1\.3 cipher=TLS_\S+ group=\S+ .*verdict=0 .*name=1 ")
        self.assertIn("subject=[CN=server]", words)

    def test_openssl_tls_1_2_where_asked(self):
        words = self.talk(self.openssl_server("-rev", "-tls1_2"), "--tls12")
        self.assertRegex(words, r"version=1\.2 cipher=TLS_ECDHE_ECDSA_WITH_")

    def test_bytes_carried_by_the_caller(self):
        for options in ([], ["-tls1_2"]):
            self.talk(self.openssl_server("-rev", *options), "--memory", "--tls12")

    def test_a_socket_that_blocks(self):
        for options in ([], ["-tls1_2"]):
            self.talk(self.openssl_server("-rev", *options), "--blocking", "--tls12")

    def test_every_kind_of_key(self):
        for cert, own in (("server-rsa", "client-rsa"), ("server-ed25519", "client")):
            for version in ("-tls1_3", "-tls1_2"):
                with self.subTest(cert=cert, version=version):
                    words = self.talk(self.openssl_server("-rev", version, cert=cert), "--tls12", cert=own)
                    self.assertIn(f"subject=[CN={cert}]", words)

    def test_gnutls(self):
        for priority, version in (("NORMAL", "1.3"), ("NORMAL:-VERS-ALL:+VERS-TLS1.2", "1.2")):
            with self.subTest(version):
                program = self.gnutls_server("--priority", priority, "--x509cafile", self.path("root.pem"),
                                             "--require-client-cert", "--verify-client-cert")
                words = self.talk(program, "--tls12", turned=False)
                self.assertIn(f"version={version} ", words)

    def test_without_a_certificate_of_its_own(self):
        self.talk(self.openssl_server("-rev", verify=False), cert=None)

    def test_a_protocol_is_agreed_on(self):
        program = self.openssl_server("-rev", "-alpn", "http/1.1,svms/1")
        self.assertIn(" alpn=svms/1 ", self.talk(program, "--alpn", "svms/1", "--alpn", "h2"))

    def test_a_good_staple(self):
        staple = self.workshop.write("good.der", self.workshop.middle.ocsp(self.workshop.certificates["server"]))
        for version in ("-tls1_3", "-tls1_2"):
            program = self.openssl_server("-rev", version, "-status_file", staple)
            self.assertIn(" stapled=1 ", self.talk(program, "--need-staple", "--tls12"))

    def test_a_pin_instead_of_an_anchor(self):
        program = self.openssl_server("-rev", cert="server-alone")
        words = self.talk(program, "--pin", self.fingerprint("server-alone"), trust=None, host=None)
        self.assertIn("subject=[CN=server-alone]", words)

    def test_a_pin_in_the_trust_store_still_needs_the_name(self):
        pin = self.fingerprint("server-alone")
        self.talk(self.openssl_server("-rev", cert="server-alone"), "--trust-pin", pin, trust=None)
        peer = self.client(self.openssl_server("-rev", cert="server-alone").port, "--trust-pin", pin, trust=None,
                           host="camera.test")
        self.assert_refused(peer, "untrusted", "recorder.test|camera.test")

    def test_a_role_that_is_asked_for(self):
        self.assertIn(" roles=10000 ", self.talk(self.openssl_server("-rev", cert="server-role"), "--role", "16"))

    def visit(self, program, *options):
        """Our client at an s_server that an operator types into; it ends when as much came back as it said."""
        message = self.workshop.write("message", b"said by client\n")
        peer = self.run_peer("client", "--port", str(program.port), *self.own("client"), "--trust",
                             self.path("root.pem"), "--host", HOST, "--send", message, "--out", self.path("answer"),
                             *options)
        peer.wait_event("connected")
        program.wait_for("said by client")
        return peer

    def answer_after_updates(self, *options):
        program = self.openssl_server()
        peer = self.visit(program, *options)
        for command in (b"k\n", b"K\n", b"K\n", b"said by server\n"):
            program.command(command)
            time.sleep(0.3)
        self.assertEqual(peer.wait_event("ended").status, "end", f"{peer}{program}")
        with open(self.path("answer"), "rb") as file:
            return file.read()

    def test_keys_are_updated_whenever_the_peer_likes(self):
        # Two lines that s_server reads at once it takes for one, and drops the second; so lines come slowly, and again where they were too fast.
        for options in ([], ["--memory"]):
            answer = b""
            for _ in range(4):
                answer = answer or self.answer_after_updates(*options)
            self.assertEqual(answer, b"said by server\n")

    def test_renegotiation_is_refused(self):
        for options in ([], ["--memory"]):
            program = self.openssl_server("-tls1_2")
            peer = self.visit(program, "--tls12", *options)
            program.command(b"r\n")
            program.wait_for("(?i)no.renegotiation")
            peer.wait_event("ended")
            self.assertEqual(len(peer.find("connected")), 1)

    def test_a_server_that_goes_without_goodbye_is_told_from_one_that_says_it(self):
        for options in ([], ["--memory"]):
            program = self.openssl_server()
            # It has read everything, so the kernel ends the connection and does not reset it.
            peer = self.visit(program, *options)
            program.kill()
            self.assert_said(peer.wait_event("ended"), "ended", "truncated",
                             "^the peer went away without saying goodbye$")

    def test_sessions_are_resumed_where_tickets_are_on(self):
        """Two visits to one server; what is asked of the server holds in both."""
        staple = self.workshop.write("good.der", self.workshop.middle.ocsp(self.workshop.certificates["server"]))
        for version in ("-tls1_3", "-tls1_2"):
            for options, resumed in (([], "resumed=0"), (["--tickets"], "resumed=1"),
                                     (["--tickets", "--need-staple"], "resumed=[01] .*stapled=1")):
                with self.subTest(version=version, options=options):
                    program = self.openssl_server("-rev", version, "-status_file", staple)
                    path, _ = self.message()
                    peer = self.client(program.port, "--send", path, "--tls12", "--again", *options)
                    self.assertEqual([event.status for event in peer.find("ended", "refused")], ["end", "end"], peer)
                    self.assertIn("resumed=0 verdict=0", peer.find("connected")[0].words)
                    self.assertRegex(peer.find("connected")[1].words, resumed)
                    self.assertIn("subject=[CN=server]", peer.find("connected")[1].words)

    def test_bulk_in_both_directions(self):
        """More than any buffer holds, to ourselves, by socket and by memory."""
        path = self.workshop.write("bulk", secrets.token_bytes(3_000_000))
        for server_way in ([], ["--memory"]):
            for client_way in ([], ["--memory"]):
                with self.subTest(server=server_way, client=client_way):
                    server = self.server(*server_way)
                    out = self.path("answer")
                    peer = self.client(server.port, "--send", path, "--out", out, *client_way)
                    self.assertEqual(peer.finish(), 0, peer)
                    with open(path, "rb") as sent, open(out, "rb") as got:
                        self.assertTrue(sent.read() == got.read())
                    self.assertEqual(server.wait_event("ended").status, "end")


class BadCertificates(ClientCase):
    CASES = {
        # certificate: (our words, what the server hears)
        "server-expired": ("^the certificate of CN=server-expired expired at 20[^;]*; now it is 20",
                           "alert certificate expired"),
        "server-early": ("^the certificate of CN=server-early becomes valid at 20[^;]*; now it is 20",
                         "alert bad certificate"),
        "server-stranger": ("^the issuer of the certificate of CN=server-stranger is unknown: CN=Workshop root$",
                            "alert unknown ca"),
        "server-alone": ("^the self-signed certificate of CN=server-alone is no trust anchor$", "alert unknown ca"),
        "server-other-host": (r"^the certificate of CN=server-other-host is not for recorder\.test; it is for "
                              r"camera\.test$", "alert bad certificate"),
        "server-name-only": (r"^the certificate of CN=recorder\.test is not for recorder\.test; it is for no host$",
                             "alert bad certificate"),
        "server-rsa1024": ("^RSA keys of 1024 bits are not supported$", "alert unsupported certificate"),
        "server-sha1": ("^the certificate of CN=server-sha1 breaks a rule: its signature uses a weak digest$",
                        "alert bad certificate"),
        "server-for-clients": ("^the certificate of CN=server-for-clients is not for TLS servers .serverAuth.$",
                               "alert unsupported certificate"),
        "server-mail": ("^the certificate of CN=server-mail is not for TLS servers .serverAuth.$",
                        "alert unsupported certificate"),
    }

    def test_each_is_refused_and_said(self):
        for version in ("-tls1_3", "-tls1_2"):
            for name, (words, heard) in self.CASES.items():
                with self.subTest(certificate=name, version=version):
                    program = self.openssl_server("-rev", version, "-cipher", "ALL:@SECLEVEL=0", cert=name,
                                                  verify=False)
                    self.assert_refused(self.client(program.port, "--tls12"), "untrusted", words)
                    program.wait_for(f"(?i){heard}")

    def test_who_is_on_the_list_is_refused(self):
        program = self.openssl_server("-rev", cert="server-revoked")
        peer = self.client(program.port, "--crl", self.path("lists.pem"))
        self.assert_refused(peer, "untrusted", "^the certificate of CN=server-revoked is revoked since 20")

    def test_an_oversized_chain(self):
        program = self.openssl_server("-rev", cert="server-huge", verify=False)
        self.assert_refused(self.client(program.port), "untrusted",
                            "^the peer's certificate chain exceeds its maximum of 65536 bytes$")

    def test_a_host_that_is_an_address(self):
        program = self.openssl_server("-rev")
        self.assert_refused(self.client(program.port, host="127.0.0.1"), "untrusted", 
                            r"^the certificate of CN=server is not for 127\.0\.0\.1; it is for recorder\.test$")

    def test_another_certificate_than_the_pinned_one(self):
        program = self.openssl_server("-rev", cert="server-alone")
        peer = self.client(program.port, "--pin", self.fingerprint("server"), trust=None, host=None)
        self.assert_refused(peer, "untrusted", "^the server's certificate .CN=server-alone. is not the pinned one$")

    def test_a_pin_does_not_excuse_what_has_expired(self):
        program = self.openssl_server("-rev", cert="server-expired")
        peer = self.client(program.port, "--pin", self.fingerprint("server-expired"), trust=None, host=None)
        self.assert_refused(peer, "untrusted", "expired")

    def test_the_wrong_role(self):
        program = self.openssl_server("-rev")
        self.assert_refused(self.client(program.port, "--role", "16"), "untrusted",
                            "^the certificate of CN=server names no role; needed is server$")

    def test_no_staple_a_revoked_one_an_old_one_and_somebody_elses(self):
        shop, day = self.workshop, tls_workshop.DAY
        leaf, other = shop.certificates["server"], shop.certificates["server-role"]
        revoked = shop.certificates["server-revoked"]
        cases = {
            "none": ("server", None, "^no OCSP response was stapled for the certificate of CN=server$"),
            "revoked": ("server-revoked", shop.middle.ocsp(revoked),
                        "^the certificate of CN=server-revoked is revoked since 20"),
            "old": ("server", shop.middle.ocsp(leaf, this=tls_workshop.now() - 9 * day,
                                               following=tls_workshop.now() - 8 * day), 
                "^the stapled OCSP response is out of date for the certificate of CN=server$"),
            "for another": ("server", shop.middle.ocsp(other),
                "^the stapled OCSP response says nothing for the certificate of CN=server$"),
            "by a stranger": ("server", shop.middle.ocsp(leaf, signer=shop.stranger),
                "^the stapled OCSP response is not signed by who may answer for the certificate of CN=server$"),
        }
        for version in ("-tls1_3", "-tls1_2"):
            for name, (cert, staple, words) in cases.items():
                with self.subTest(staple=name, version=version):
                    options = ["-status_file", shop.write("bad.der", staple)] if staple else []
                    program = self.openssl_server("-rev", version, *options, cert=cert)
                    self.assert_refused(self.client(program.port, "--need-staple", "--tls12"), "untrusted", words)

    def test_a_revoked_staple_counts_even_where_none_is_asked_for(self):
        shop = self.workshop
        staple = shop.write("bad.der", shop.middle.ocsp(shop.certificates["server-revoked"]))
        program = self.openssl_server("-rev", "-status_file", staple, cert="server-revoked")
        self.assert_refused(self.client(program.port), "untrusted", "revoked")

    def test_inspection_connects_and_says_what_is_wrong(self):
        for name, words in (("server-expired", "expired"), ("server-stranger", "issue|trust"),
                            ("server-alone", "issue|trust|self"), ("server-other-host", "camera"),
                            ("server-rsa1024", "weak|1024")):
            with self.subTest(name):
                program = self.openssl_server("-rev", "-cipher", "ALL:@SECLEVEL=0", cert=name, verify=False)
                said = self.talk(program, "--inspect", cert=None)
                self.assertRegex(said, rf"reason=\[[^\]]*({words})")
                if name != "server-rsa1024":  # a key that is too weak to be read may leave nobody to name
                    self.assertIn(f"subject=[CN={name}]", said)


class BadServers(ClientCase):
    def test_old_versions_and_weak_ciphers_of_openssl(self):
        cases = {
            "TLS 1.0": (["-tls1"], "server", "policy", "version"),
            "TLS 1.1": (["-tls1_1"], "server", "policy", "version"),
            "CBC": (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"], "server", "policy",
                    "refused|cipher"),
            "static RSA": (["-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"], "server-rsa", "policy", "refused|cipher"),
            "DHE": (["-tls1_2", "-cipher", "kDHE:@SECLEVEL=0"], "server-rsa", "policy", "refused|cipher"),
            "anonymous": (["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"], None, "policy", "refused|cipher"),
            "NULL": (["-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"], "server", "policy", "refused|cipher"),
            "a weak group": (["-tls1_2", "-groups", "P-521", "-cipher", "ALL:@SECLEVEL=0"], "server", None, None),
        }
        for name, (options, cert, status, words) in cases.items():
            if status is None:
                continue
            with self.subTest(name):
                extra = [] if "-cipher" in options else ["-cipher", "ALL:@SECLEVEL=0"]
                program = self.openssl_server("-rev", *options, *extra, cert=cert, verify=False)
                self.assert_refused(self.client(program.port, "--tls12"), status, words)

    def test_tls_1_2_where_it_was_not_asked_for(self):
        program = self.openssl_server("-rev", "-tls1_2")
        self.assert_refused(self.client(program.port), "policy", "version")

    def test_rc4_of_gnutls(self):
        program = self.gnutls_server("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+ARCFOUR-128")
        self.assert_refused(self.client(program.port, "--tls12"), "policy", "refused|cipher")

    def test_no_protocol_in_common(self):
        for options in (["-alpn", "h2"], []):
            with self.subTest(options):
                program = self.openssl_server("-rev", *options)
                self.assert_refused(self.client(program.port, "--alpn", "svms/1"), "policy", "protocol")

    def test_a_server_that_wants_a_certificate_and_gets_none(self):
        """In TLS 1.3 the server says so after our handshake is done."""
        for version, kind in (("-tls1_3", "ended"), ("-tls1_2", "refused")):
            with self.subTest(version):
                program = self.openssl_server("-rev", version)
                peer = self.client(program.port, "--keep", "--tls12", cert=None)
                self.assert_said(peer.events()[-1], kind, "policy", "refused|certificate")

    def test_a_server_that_refuses_our_certificate(self):
        for version, kind in (("-tls1_3", "ended"), ("-tls1_2", "refused")):
            for cert, words in (("client-revoked", "^the peer refused: our certificate is revoked"),
                                ("client-stranger", "^the peer refused: it does not know the authority behind our")):
                with self.subTest(version=version, cert=cert):
                    program = self.openssl_server("-rev", version, "-crl_check", "-CRL",
                                                  self.path("middle-list.pem"))
                    peer = self.client(program.port, "--keep", "--tls12", cert=cert)
                    self.assert_said(peer.events()[-1], kind, "policy", words)


class OwnCertificates(ClientCase):
    def test_one_that_every_server_would_refuse_is_refused_at_once(self):
        for name, words in (("client-expired", "would be refused: .* expired at 20"),
                            ("client-early", "would be refused: .* becomes valid at 20"),
                            ("client-for-servers", "would be refused: .* is not for TLS clients"),
                            ("client-rsa1024", "RSA keys of 1024 bits are not supported")):
            with self.subTest(name):
                event = self.client(1, cert=name).events()[-1]
                self.assertEqual(event.kind, "unusable")
                self.assertRegex(event.words, words)


class HandwrittenServers(ClientCase):
    """Answers that no tool gives."""

    def serve(self, answer):
        """Waits for one hello, sends what answer() makes, keeps the line open until the client goes; the port."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.alerts = []

        def work():
            with listener:
                connection, _ = listener.accept()
            line = Line(connection)
            try:
                line.read()
                data = answer()
                if data:
                    line.send(data)
                    self.alerts.append(line.read_alert())
            except OSError:
                pass
            finally:
                line.close()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 60)
        return listener.getsockname()[1]

    CASES = {
        "SSL 3.0": (dict(version=tls_hello.SSL3), "policy", "version"),
        "TLS 1.0": (dict(version=TLS10), "policy", "version"),
        "TLS 1.1": (dict(version=TLS11), "policy", "version"),
        "RC4": (dict(cipher=0xC011), "malformed|policy", "cipher|TLS"),
        "CBC": (dict(cipher=0xC013), "malformed|policy", "cipher|TLS"),
        "anonymous": (dict(cipher=0xC018), "malformed|policy", "cipher|TLS"),
        "NULL": (dict(cipher=0xC010), "malformed|policy", "cipher|TLS"),
        "static RSA": (dict(cipher=0x009D), "malformed|policy", "cipher|TLS"),
        "compression": (dict(compression=1), "malformed|policy", "compression|TLS"),
        "an extension nobody asked for": (dict(extensions=extension(0xFF01, b"\0") + extension(16, b"\0\3\2h2")),
                                         "malformed|policy", "TLS|extension"),
    }

    def test_each_answer_is_refused(self):
        for name, (hello, status, words) in self.CASES.items():
            for memory in ([], ["--memory"]):
                with self.subTest(name, memory=memory):
                    version = hello.get("version", TLS12)
                    port = self.serve(lambda: record(HANDSHAKE, server_hello(**hello), version))
                    self.assert_refused(self.client(port, "--tls12", *memory), status, words)

    def test_garbage_and_long_records(self):
        for data in (secrets.token_bytes(3) + b"\xee" * 300, record(HANDSHAKE, bytes(20000)),
                     record(HANDSHAKE, b"\x02\xff\xff\xff" + bytes(500)), record(23, b"data too early")):
            with self.subTest(data[:10]):
                self.assert_refused(self.client(self.serve(lambda: data), "--tls12"), "malformed|limit",
                                    "TLS|longer message")

    def test_other_protocols_have_their_names(self):
        cases = {
            b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n": "^the peer speaks HTTP without TLS$",
            b"RTSP/1.0 400 Bad Request\r\n\r\n": "^the peer speaks RTSP without TLS$",
            b"220 mail.test ESMTP ready\r\n": "^the peer speaks a mail or file protocol without TLS$",
            b"SSH-2.0-OpenSSH_9.2\r\n": "^the peer speaks SSH, not TLS$",
        }
        for data, words in cases.items():
            for memory in ([], ["--memory"]):
                with self.subTest(data[:12], memory=memory):
                    self.assert_refused(self.client(self.serve(lambda: data), *memory), "malformed", words)

    def test_each_alert_has_its_words(self):
        """Every alert that there is, a warning among them that ends nothing, and one that nobody knows."""
        said = {}
        for number, name in {**tls_hello.ALERTS, 49: "access_denied", 113: "bad_status", 200: "unknown"}.items():
            if name in ("close_notify", "no_renegotiation"):
                continue
            with self.subTest(name):
                peer = self.client(self.serve(lambda: record(tls_hello.ALERT, bytes([2, number]), TLS12)), "--tls12")
                self.assert_refused(peer, "policy", "^the (peer|server) refused(: |, with alert )")
                said[name] = peer.events()[-1].words
        # Alerts that mean the same may share words; those that do not must not.
        for one, other in (("certificate_expired", "certificate_revoked"), ("unknown_ca", "bad_certificate"),
                           ("protocol_version", "handshake_failure"), ("unrecognized_name", "unknown_ca")):
            self.assertNotEqual(said[one], said[other])

    def test_a_server_that_goes(self):
        for memory in ([], ["--memory"]):
            self.assert_refused(self.client(self.serve(lambda: b""), *memory), "truncated",
                                "^the peer went away before the connection stood$")
            self.assert_refused(self.client(self.serve(lambda: record(tls_hello.ALERT, b"\x01\x00", TLS12)), *memory),
                                "truncated", "^the peer said goodbye before the connection stood$")


class PlainServers(ClientCase):
    def test_a_web_server_without_tls(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        server.RequestHandlerClass.log_message = lambda *_: None
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            # Python's answers to what is no request with a page that has no head.
            self.assert_refused(self.client(server.server_address[1]), "malformed",
                                "^(the peer speaks HTTP without TLS|what the peer sent is not TLS)$")
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.assertEqual(self.client(port).events()[-1].status, "io")


if __name__ == "__main__":
    main()
