#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our server and the clients of OpenSSL, curl and GnuTLS: what must work."""

import os
import re
import secrets
import signal

from tls_case import HOST, Program, TlsCase, main, need


class OpenSslClient(TlsCase):
    def talk(self, server, client):
        """A line each way, a large one as well; then both part in peace."""
        for size in (10, 3000):
            line = b"hello " + secrets.token_hex(size).encode()
            client.send(line + b"\n")
            client.wait_for(line.decode())
        client.end_input()
        self.assertEqual(client.finish(), 0, client)
        number = server.find("accepted")[-1].number
        self.assertEqual(server.wait_event("ended", number=number).status, "end")

    def accepted(self, server):
        return server.wait_event("accepted").words

    def test_tls_1_3_with_a_client_certificate(self):
        server = self.server()
        client = self.openssl_client(server.port)
        client.wait_for(r"New, TLSv1\.3, Cipher is TLS_")
        words = self.accepted(server)
        self.assertRegex(words, r"version=1\.3 cipher=TLS_AES_\S+ group=\S+ alpn= resumed=0 verdict=0 ")
        self.assertIn("subject=[CN=client]", words)
        self.talk(server, client)

    def test_tls_1_2_where_asked(self):
        server = self.server("--tls12")
        client = self.openssl_client(server.port, "-tls1_2")
        client.wait_for(r"New, TLSv1\.2, Cipher is ECDHE-ECDSA-")
        self.assertRegex(self.accepted(server), r"version=1\.2 .*subject=\[CN=client\]")
        self.talk(server, client)

    def test_tls_1_3_is_preferred_to_1_2(self):
        server = self.server("--tls12")
        client = self.openssl_client(server.port)
        client.wait_for(r"New, TLSv1\.3")
        self.talk(server, client)

    def test_bytes_carried_by_the_caller(self):
        for options, pattern in ((["--memory"], "version=1.3"), (["--memory", "--tls12"], "version=1.2")):
            server = self.server(*options)
            client = self.openssl_client(server.port, *(["-tls1_2"] if "--tls12" in options else []))
            self.assertIn(pattern, self.accepted(server))
            self.talk(server, client)

    def test_every_kind_of_key(self):
        for cert, own in (("server-rsa", "client"), ("server-ed25519", "client-rsa"), ("server", "client-rsa")):
            for version in ("-tls1_3", "-tls1_2"):
                with self.subTest(cert=cert, version=version):
                    server = self.server("--tls12", cert=cert)
                    client = self.openssl_client(server.port, version, cert=own)
                    self.assertIn(f"subject=[CN={own}]", self.accepted(server))
                    self.talk(server, client)

    def test_every_good_group_and_cipher(self):
        server = self.server("--tls12")
        cases = [["-tls1_3", "-groups", group] for group in ("X25519", "P-256", "P-384")]
        cases += [["-tls1_3", "-ciphersuites", name] for name in
                  ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256")]
        cases += [["-tls1_2", "-cipher", name] for name in
                  ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305")]
        # Both kinds of names, of IANA and of OpenSSL, come down to the same words.
        parts = lambda name: set(re.split("[-_]", name.replace("AES", "AES-"))) - {"TLS", "WITH", ""}
        for count, (version, option, name) in enumerate(cases, 1):
            with self.subTest(name):
                client = self.openssl_client(server.port, version, option, name)
                words = server.wait_event("accepted", count=count).words
                wanted = "group" if option == "-groups" else "cipher"
                said = re.search(rf"{wanted}=(\S+) ", words).group(1)
                if wanted == "group":
                    self.assertEqual(said, {"X25519": "x25519", "P-256": "secp256r1", "P-384": "secp384r1"}[name])
                else:
                    self.assertLessEqual(parts(name), parts(said))
                self.talk(server, client)

    def test_no_certificate_where_none_is_asked_or_it_is_optional(self):
        for option in ("--not-asked", "--optional"):
            server = self.server(option)
            client = self.openssl_client(server.port, cert=None)
            self.assertRegex(self.accepted(server), r"roles=0 .*subject=\[\]")
            self.talk(server, client)

    def test_a_role_that_is_asked_for(self):
        server = self.server("--role", "18")
        client = self.openssl_client(server.port, cert="client-user")
        self.assertIn("roles=40000 ", self.accepted(server))
        self.talk(server, client)

    def test_revocation_that_must_be_known_and_is(self):
        server = self.server("--need-revocation", "--crl", self.path("lists.pem"))
        client = self.openssl_client(server.port)
        self.assertIn("revocation=1 ", self.accepted(server))
        self.talk(server, client)

    def test_protocols_are_agreed_on(self):
        server = self.server("--alpn", "svms/1", "--alpn", "http/1.1")
        for offered, agreed in (("http/1.1,svms/1", "svms/1"), ("h2,http/1.1", "http/1.1")):
            client = self.openssl_client(server.port, "-alpn", offered)
            client.wait_for(f"ALPN protocol: {agreed}")
            self.talk(server, client)
            self.assertIn(f" alpn={agreed} ", server.find("accepted")[-1].words)

    def test_a_staple_is_shown_to_who_asks(self):
        staple = self.workshop.write("staple.der",
                                     self.workshop.middle.ocsp(self.workshop.certificates["server"]))
        server = self.server("--staple", staple, "--tls12")
        for version in ("-tls1_3", "-tls1_2"):
            client = self.openssl_client(server.port, "-status", version)
            client.wait_for(r"OCSP Response Status: successful")
            client.wait_for(r"Cert Status: good")
            self.talk(server, client)
        client = self.openssl_client(server.port)
        self.talk(server, client)
        self.assertNotIn("Cert Status", str(client))

    def test_keys_are_updated_whenever_the_peer_likes(self):
        server = self.server()
        client = self.openssl_client(server.port)
        self.accepted(server)
        for count in range(1, 4):
            # A line of its own is a command to s_client: K updates both directions.
            client.command(b"K\n")
            client.wait_until(lambda count=count: client.text.count(b"KEYUPDATE") >= count, "KEYUPDATE")
            line = secrets.token_hex(20)
            client.send(f"after {line}\n".encode())
            client.wait_for(f"after {line}")
        self.talk(server, client)

    def test_renegotiation_is_refused(self):
        for memory in ([], ["--memory"]):
            server = self.server("--tls12", *memory)
            client = self.openssl_client(server.port, "-tls1_2")
            self.accepted(server)
            client.command(b"R\n")
            client.wait_for(r"RENEGOTIATING")
            client.wait_for(r"no renegotiation")
            client.finish()
            self.assertEqual(len(server.find("accepted")), 1)
            server.wait_event("ended", "refused")


class Tickets(TlsCase):
    """Sessions of s_client kept in a file."""

    def visit(self, server, *options):
        """One visit with an echo, behind which every ticket has come; what the server said of it."""
        client = self.openssl_client(server.port, *options)
        client.send(b"hello ticket\n")
        client.wait_for(r"hello ticket")
        client.end_input()
        self.assertEqual(client.finish(), 0, client)
        return client, server.find("accepted")[-1].words

    def session(self, server, version):
        """The file of a session that a visit gave, or None."""
        path = self.path("session.pem")
        if os.path.exists(path):
            os.unlink(path)
        client, _ = self.visit(server, version, "-sess_out", path)
        return path if os.path.exists(path) else None, client

    def bring(self, server, version, path):
        client, words = self.visit(server, version, "-sess_in", path)
        return b"Reused, " in client.text, words

    def test_no_session_is_resumed_where_tickets_are_off(self):
        server = self.server("--tls12")
        path, client = self.session(server, "-tls1_3")
        self.assertIsNone(path, client)
        self.assertNotIn("New Session Ticket", str(client))
        path, client = self.session(server, "-tls1_2")
        self.assertNotIn("TLS session ticket", str(client))
        if path:  # TLS 1.2 has sessions without tickets; nobody here remembers them
            reused, words = self.bring(server, "-tls1_2", path)
            self.assertFalse(reused)
            self.assertIn(" resumed=0 ", words)

    def test_tickets_resume_and_the_client_is_still_known(self):
        server = self.server("--tls12", "--tickets")
        for version in ("-tls1_3", "-tls1_2"):
            with self.subTest(version=version):
                path, client = self.session(server, version)
                self.assertIsNotNone(path, client)
                reused, words = self.bring(server, version, path)
                self.assertTrue(reused)
                self.assertRegex(words, r" resumed=1 verdict=0 .*subject=\[CN=client\]")

    def test_a_reload_ends_every_ticket(self):
        server = self.server("--tls12", "--tickets")
        for count, version in enumerate(("-tls1_3", "-tls1_2"), 1):
            path, client = self.session(server, version)
            self.assertIsNotNone(path, client)
            server.process.send_signal(signal.SIGHUP)
            server.wait_event("reloaded", count=count)
            reused, words = self.bring(server, version, path)
            self.assertFalse(reused)
            self.assertIn(" resumed=0 ", words)

    def test_a_ticket_of_another_server_is_only_not_resumed(self):
        one, other = self.server("--tickets"), self.server("--tickets")
        path, _ = self.session(one, "-tls1_3")
        reused, words = self.bring(other, "-tls1_3", path)
        self.assertFalse(reused)
        self.assertIn("subject=[CN=client]", words)


class Curl(TlsCase):
    def curl(self, server, *options, cert="client"):
        need("curl")
        own = ["--cert", self.path(cert + ".pem"), "--key", self.path(cert + ".key")] if cert else []
        token = secrets.token_hex(8)
        program = Program("curl", "--no-progress-meter", "--noproxy", "*", "--cacert", self.path("root.pem"),
                          "--resolve", f"{HOST}:{server.port}:127.0.0.1", *own, *options,
                          f"https://{HOST}:{server.port}/{token}")
        self.addCleanup(program.kill)
        return program.finish(), program, token

    def test_a_page_is_fetched(self):
        for options in ([], ["--tls-max", "1.2"], ["--http1.0"]):
            with self.subTest(options=options):
                server = self.server("--http", "--tls12", "--alpn", "http/1.1", "--alpn", "http/1.0")
                status, program, token = self.curl(server, *options)
                self.assertEqual(status, 0, program)
                self.assertIn(f"/{token} HTTP/1", str(program))
                self.assertEqual(server.wait_event("ended").status, "end")

    def test_without_a_certificate_it_is_turned_away(self):
        server = self.server("--http")
        status, program, _ = self.curl(server, cert=None)
        self.assertNotEqual(status, 0, program)
        self.assertIn("certificate required", str(program))
        self.assert_said(server.wait_event("refused"), "refused", "untrusted", "the client has no certificate")


class GnuTlsClient(TlsCase):
    def gnutls(self, server, *options, cert="client"):
        need("gnutls-cli")
        own = ["--x509certfile", self.path(cert + ".pem"), "--x509keyfile", self.path(cert + ".key")] if cert else []
        return self.run_program("gnutls-cli", "--port", str(server.port), "--x509cafile", self.path("root.pem"),
                                "--sni-hostname", HOST, "--verify-hostname", HOST, *own, *options, "127.0.0.1")

    def test_lines_go_both_ways(self):
        for priority, version in (("NORMAL", "TLS1.3"), ("NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2")):
            with self.subTest(version=version):
                server = self.server("--tls12")
                client = self.gnutls(server, "--priority", priority)
                client.wait_for(rf"Description: \({version}")
                client.wait_for(r"The certificate is trusted")
                client.wait_for(r"Simple Client Mode")
                line = secrets.token_hex(2000)
                client.send(line.encode() + b"\n")
                client.wait_for(line)
                self.assertEqual(client.finish(), 0, client)
                self.assertIn("subject=[CN=client]", server.wait_event("accepted").words)
                self.assertEqual(server.wait_event("ended").status, "end")

    def test_a_rehandshake_is_refused(self):
        server = self.server("--tls12")
        client = self.gnutls(server, "--rehandshake", "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2")
        client.wait_for(r"(?i)rehandshake.*|ReHandshake.*")
        self.assertNotEqual(client.finish(), 0, client)
        server.wait_event("ended", "refused")
        self.assertEqual(len(server.find("accepted")), 1)


if __name__ == "__main__":
    main()
