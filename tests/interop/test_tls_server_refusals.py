#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What our server turns away: old and weak TLS, bad certificates, and what is no TLS. Each case looks at both ends: our
words, which a person must understand, and the failure of the other program."""

import secrets
import socket

import tls_hello
from tls_case import HOST, TlsCase, connect, main, need
from tls_hello import GOOD_12, GOOD_13, HANDSHAKE, TLS10, TLS11, TLS12, TLS13, Line, client_hello, offer, record


class RefusalCase(TlsCase):
    """One server for a class; each refusal is its own connection."""

    server_options = ("--tls12",)

    def setUp(self):
        self.house = self.server(*self.server_options)

    def assert_refused(self, status, pattern):
        """Our last refusal; and that the server goes on as if nothing had happened."""
        event = self.house.wait_event("refused", "ended", "accepted")
        self.assertEqual(event.kind, "refused", event)
        self.assertRegex(event.status, f"^({status})$", event)
        self.assertRegex(event.words, pattern)

    def assert_still_serves(self):
        client = self.openssl_client(self.house.port)
        client.send(b"still there\n")
        client.wait_for(r"still there")
        client.end_input()
        self.assertEqual(client.finish(), 0, client)


NO_CIPHER = "^the peer offers no cipher suite that is spoken here$"
NO_SCHEME = "^the peer takes no signature scheme that is spoken here$"


def only(version, needed="1.2"):
    return f"^the peer speaks only {version}; at least version TLS {needed} is needed$"


class OldAndWeakHellos(RefusalCase):
    """Written by hand, since no tool offers all of it."""

    CASES = {
        # name: (hello, alert, status, words)
        "SSL 3.0": (dict(version=tls_hello.SSL3, versions=()), "protocol_version|handshake_failure", "policy",
                    only("SSL 3.0")),
        "TLS 1.0": (dict(version=TLS10, versions=()), "protocol_version", "policy", only("TLS 1.0")),
        "TLS 1.1": (dict(version=TLS11, versions=()), "protocol_version", "policy", only("TLS 1.1")),
        "TLS 1.0 and 1.1 in the extension": (dict(versions=(TLS11, TLS10)), "protocol_version", "policy",
                                             only("TLS 1.1")),
        "a version of the future alone": (dict(versions=(0x0305, 0x7F1C)), "protocol_version", "policy",
                                          "speaks no version of TLS that is spoken here .at least TLS 1.2"),
        "RC4": (dict(versions=(), ciphers=(0x0005, 0x0004, 0xC007, 0xC011)), "handshake_failure", "policy", NO_CIPHER),
        "3DES": (dict(versions=(), ciphers=(0x000A, 0xC008, 0xC012)), "handshake_failure", "policy", NO_CIPHER),
        "CBC": (dict(versions=(), ciphers=(0xC009, 0xC00A, 0xC023, 0xC024, 0xC013, 0xC014)), "handshake_failure",
                "policy", NO_CIPHER),
        "export": (dict(versions=(), ciphers=(0x0003, 0x0008, 0x0062, 0x0064)), "handshake_failure", "policy",
                   NO_CIPHER),
        "anonymous": (dict(versions=(), ciphers=(0x0034, 0x00A6, 0x00A7, 0xC018, 0xC019)), "handshake_failure",
                      "policy", NO_CIPHER),
        "NULL": (dict(versions=(), ciphers=(0x0002, 0x003B, 0xC006, 0xC010)), "handshake_failure", "policy", NO_CIPHER),
        "static RSA": (dict(versions=(), ciphers=(0x009C, 0x009D, 0x002F, 0x0035)), "handshake_failure", "policy",
                       NO_CIPHER),
        "static ECDH": (dict(versions=(), ciphers=(0xC02D, 0xC02E, 0xC031, 0xC032)), "handshake_failure", "policy",
                        NO_CIPHER),
        "finite-field DHE": (dict(versions=(), ciphers=(0x009E, 0x009F, 0xCCAA)), "handshake_failure", "policy",
                             NO_CIPHER),
        "pre-shared keys": (dict(versions=(), ciphers=(0x00A8, 0x00AA, 0xD001)), "handshake_failure", "policy",
                            NO_CIPHER),
        "short tags in TLS 1.2": (dict(versions=(), ciphers=(0xC0AE, 0xC0AF, 0xC0A2)), "handshake_failure", "policy",
                                  NO_CIPHER),
        "short tags in TLS 1.3": (dict(versions=(TLS13,), ciphers=(0x1305,)), "handshake_failure", "policy", NO_CIPHER),
        "ciphers of TLS 1.2 in 1.3": (dict(versions=(TLS13,), ciphers=GOOD_12), "handshake_failure", "policy",
                                      NO_CIPHER),
        "unknown ciphers": (dict(ciphers=(0x0A0A, 0xFEFE)), "handshake_failure", "policy", NO_CIPHER),
        "SHA-1 signatures in TLS 1.2": (dict(versions=(), signatures=(0x0201, 0x0203)), "handshake_failure", "policy",
                                        NO_SCHEME),
        "SHA-1 signatures in TLS 1.3": (dict(versions=(TLS13,), signatures=(0x0201, 0x0203)), "handshake_failure",
                                        "policy", NO_SCHEME),
        "MD5 signatures": (dict(versions=(), signatures=(0x0101, 0x0103)), "handshake_failure", "policy",
                           NO_SCHEME),
        "weak groups": (dict(versions=(TLS13,), groups=(0x0013, 0x0015, 0x0100), shares=()), "handshake_failure",
                        "policy", "^the peer offers no key exchange group that is spoken here$"),
        "compression alone": (dict(versions=(), compressions=b"\x01"), "*", "policy",
                              "^the peer insists on compression$"),
        "compression in TLS 1.3": (dict(versions=(TLS13,), compressions=b"\x01\x00"), "illegal_parameter",
                                   "malformed", "^the peer offers compression together with TLS 1.3$"),
        "a fallback that is none": (dict(versions=(), ciphers=GOOD_12 + (0x5600,)), "inappropriate_fallback", "policy",
                                    "^the peer fell back to an older version of TLS without need$"),
        "TLS 1.2 without extended master secret": (dict(versions=(), bound=False), "handshake_failure", "policy",
                                                   "^the peer speaks TLS 1.2 without extended master secret$"),
        "a key share of no worth": (dict(versions=(TLS13,), shares=((tls_hello.X25519, lambda: bytes(32)),)),
                                    "illegal_parameter", "policy", "or a bad key$"),
        "no cipher at all": (dict(ciphers=()), "*", "policy", "^the peer offers no cipher suite$"),
        "an extension twice": (dict(extra=tls_hello.extension(23, b"")), "illegal_parameter|decode_error", "malformed",
                               "TLS"),
        "an extension that ends early": (dict(extra=b"\x12\x34\x00\x09abc"), "decode_error", "malformed",
                               "^what the peer sent breaks the rules of TLS: bad extension$"),
    }

    def test_each_is_refused_and_said(self):
        for count, (name, (hello, alert, status, words)) in enumerate(self.CASES.items(), 1):
            with self.subTest(name):
                kind, got = offer(self.house.port, client_hello(**hello))
                event = self.house.wait_event("refused", "accepted", count=count)
                self.assertEqual(kind, "alert", f"{name} was answered")
                if alert != "*":
                    self.assertRegex(got, f"^({alert})$")
                self.assertEqual(event.kind, "refused")
                self.assertRegex(event.status, f"^({status})$", event)
                self.assertRegex(event.words, words)
        self.assert_still_serves()

    def test_a_good_hello_is_answered(self):
        """Else the table above would prove nothing."""
        self.assertEqual(offer(self.house.port, client_hello())[0], "hello")
        self.assertEqual(offer(self.house.port, client_hello(versions=()))[0], "hello")

    def test_compression_is_never_chosen(self):
        kind, answer = offer(self.house.port, client_hello(versions=(), compressions=b"\x01\x00"))
        self.assertEqual(kind, "hello")
        session = answer.content[38]
        self.assertEqual(answer.content[39 + session + 2], 0, "the compression method of the answer")


class OnlyTls13(RefusalCase):
    server_options = ()

    def test_tls_1_2_is_refused(self):
        self.assertEqual(offer(self.house.port, client_hello(versions=())), ("alert", "protocol_version"))
        self.assert_refused("policy", only("TLS 1.2", "1.3"))

    def test_tls_1_2_of_openssl_is_refused(self):
        client = self.openssl_client(self.house.port, "-tls1_2")
        client.wait_for("alert protocol version")
        self.assertNotEqual(client.finish(), 0)
        self.assert_refused("policy", only("TLS 1.2", "1.3"))


class OldAndWeakTools(RefusalCase):
    """The same as real programs offer it."""

    def openssl_fails(self, pattern, *options):
        client = self.openssl_client(self.house.port, *options)
        client.wait_for(pattern)
        self.assertNotEqual(client.finish(), 0, client)

    def gnutls_fails(self, pattern, priority):
        need("gnutls-cli")
        client = self.run_program("gnutls-cli", "--port", str(self.house.port), "--insecure", "--priority", priority,
                                  "127.0.0.1")
        client.wait_for(pattern)
        self.assertNotEqual(client.finish(), 0, client)

    def test_old_versions_of_openssl(self):
        for version, name in (("-tls1", "TLS 1.0"), ("-tls1_1", "TLS 1.1")):
            with self.subTest(version):
                self.house = self.server("--tls12")
                self.openssl_fails("alert protocol version", version, "-cipher", "ALL:@SECLEVEL=0")
                self.assert_refused("policy", only(name))

    def test_weak_ciphers_of_openssl(self):
        for cipher in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "aNULL", "eNULL", "kRSA", "DHE-RSA-AES256-GCM-SHA384"):
            with self.subTest(cipher):
                self.house = self.server("--tls12")
                self.openssl_fails("alert handshake failure", "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
                self.assert_refused("policy", NO_CIPHER)

    def test_sha1_signatures_of_openssl(self):
        self.openssl_fails("alert handshake failure", "-sigalgs", "ECDSA+SHA1:RSA+SHA1", "-cipher", "ALL:@SECLEVEL=0")
        self.assert_refused("policy", NO_SCHEME)

    def test_old_versions_of_gnutls(self):
        for version in ("1.0", "1.1"):
            with self.subTest(version):
                self.house = self.server("--tls12")
                self.gnutls_fails("(?i)protocol version", f"NORMAL:-VERS-ALL:+VERS-TLS{version}:%COMPAT")
                self.assert_refused("policy", only(f"TLS {version}"))

    def test_rc4_null_and_anonymous_of_gnutls(self):
        for priority in ("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+ARCFOUR-128:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:+RSA",
                         "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+NULL:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:+RSA",
                         "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ANON-ECDH:+ANON-DH",
                         "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA",
                         "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+3DES-CBC:+AES-128-CBC:+AES-256-CBC"):
            with self.subTest(priority):
                self.house = self.server("--tls12")
                self.gnutls_fails("(?i)handshake failed", priority)
                self.assert_refused("policy", NO_CIPHER)


class BadClients(RefusalCase):
    """Client certificates that are not good enough."""

    server_options = ("--tls12",)

    CASES = {
        # certificate: (status, our words, what the client hears)
        None: ("untrusted", "^the client has no certificate$", "certificate required|handshake failure"),
        "client-expired": ("untrusted", "^the certificate of CN=client-expired expired at 20[^;]*; now it is 20",
                           "alert certificate expired"),
        "client-early": ("untrusted", "^the certificate of CN=client-early becomes valid at 20[^;]*; now it is 20",
                         "alert bad certificate"),
        "client-stranger": ("untrusted", "^the issuer of the certificate of CN=client-stranger is unknown: "
                            "CN=Workshop root$", "alert unknown ca"),
        "client-alone": ("untrusted", "^the self-signed certificate of CN=client-alone is no trust anchor$",
                         "alert unknown ca"),
        "client-rsa1024": ("untrusted", "^RSA keys of 1024 bits are not supported$", "alert unsupported certificate"),
        "client-sha1": ("untrusted", "^the certificate of CN=client-sha1 breaks a rule: its signature uses a weak "
                        "digest$", "alert bad certificate"),
        "client-for-servers": ("untrusted", "^the certificate of CN=client-for-servers is not for TLS clients "
                               ".clientAuth.$", "alert unsupported certificate"),
        "client-huge": ("limit", "^the peer sent more certificates, or a longer message, than is read$",
                        "alert illegal parameter|errno=(32|104)"),
    }

    def test_each_is_refused_and_said(self):
        for version in ("-tls1_3", "-tls1_2"):
            for name, (status, words, heard) in self.CASES.items():
                with self.subTest(certificate=name, version=version):
                    self.house = self.server(*self.server_options)
                    # An OpenSSL that itself finds a certificate too weak must not be what stops it.
                    client = self.openssl_client(self.house.port, version, cert=name, seclevel=0)
                    client.wait_for(f"(?i){heard}")
                    event = self.house.wait_event("refused", "accepted")
                    self.assertEqual(event.kind, "refused", event)
                    self.assertEqual(event.status, status, event)
                    self.assertRegex(event.words, words)
                    self.assertNotEqual(client.finish(), 0, client)

    def test_who_is_on_the_list_is_refused(self):
        self.house = self.server("--crl", self.path("lists.pem"))
        client = self.openssl_client(self.house.port, cert="client-revoked")
        client.wait_for("alert certificate revoked|alert bad certificate")
        self.assert_refused("untrusted", "^the certificate of CN=client-revoked is revoked since 20")

    def test_without_a_list_revocation_is_unknown(self):
        self.house = self.server("--need-revocation")
        client = self.openssl_client(self.house.port)
        client.wait_for("(?i)alert .*certificate")
        self.assert_refused("untrusted", "^it is not known whether the certificate of CN=client is revoked: no list")

    def test_a_list_that_is_out_of_date_is_not_enough(self):
        import tls_workshop
        shop, day = self.workshop, tls_workshop.DAY
        old = {"this": tls_workshop.now() - 3 * day, "following": tls_workshop.now() - day}
        lists = shop.write("old-lists.pem", shop.root.crl(**old) + shop.middle.crl(**old))
        self.house = self.server("--need-revocation", "--crl", lists)
        client = self.openssl_client(self.house.port)
        client.wait_for("(?i)alert .*certificate")
        self.assert_refused("untrusted",
                            "^it is not known whether the certificate of CN=client is revoked: .* is out of date$")

    def test_the_wrong_role_is_refused(self):
        self.house = self.server("--role", "18")
        client = self.openssl_client(self.house.port)
        client.wait_for("(?i)alert .*certificate")
        self.assert_refused("untrusted", "^the certificate of CN=client names no role; needed is user$")

    def test_optional_still_refuses_a_bad_one(self):
        self.house = self.server("--optional")
        client = self.openssl_client(self.house.port, cert="client-expired")
        client.wait_for("alert certificate expired")
        self.assert_refused("untrusted", "expired")

    def test_no_protocol_in_common_is_refused(self):
        self.house = self.server("--alpn", "svms/1")
        client = self.openssl_client(self.house.port, "-alpn", "h2,http/1.1")
        client.wait_for("alert no application protocol")
        self.assert_refused("policy", "^the peer speaks none of our protocols .ALPN.$")

    def test_no_protocol_at_all_is_refused(self):
        self.house = self.server("--alpn", "svms/1")
        client = self.openssl_client(self.house.port)
        self.assert_refused("policy", "^the peer speaks none of our protocols .ALPN.$")
        client.kill()

    def test_a_client_that_refuses_us_is_said(self):
        self.house = self.server(cert="server-other-host")
        client = self.openssl_client(self.house.port)
        client.wait_for("(?i)hostname mismatch")
        event = self.house.wait_event("refused", "ended")
        self.assertEqual(event.status, "policy", event)
        self.assertRegex(event.words, "^the peer refused: it does not accept our certificate")


class NoTls(RefusalCase):
    """Bytes that are no TLS, or break off."""

    def strike(self, data, *, then_close=True):
        line = Line(connect(self.house.port))
        self.addCleanup(line.close)
        if data:
            line.send(data)
        if then_close:
            line.connection.shutdown(socket.SHUT_WR)
        return line

    def test_plain_http_is_refused(self):
        line = self.strike(b"GET / HTTP/1.1\r\nHost: recorder.test\r\n\r\n", then_close=False)
        self.assert_refused("malformed", "^the peer speaks HTTP without TLS$")
        line.read_alert()
        self.assert_still_serves()

    def test_other_plain_protocols_are_refused(self):
        cases = {
            b"CONNECT recorder.test:443 HTTP/1.1\r\n\r\n": "^the peer takes us for an HTTP proxy, without TLS$",
            b"DESCRIBE rtsp://recorder.test/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n": "^the peer speaks RTSP without TLS$",
            b"SSH-2.0-OpenSSH_9.2\r\n": "^the peer speaks SSH, not TLS$",
            bytes(64): "^what the peer sent is not TLS$",
            b"\xff" * 64: "^what the peer sent is not TLS$",
            b"\xee" + secrets.token_bytes(500): "^what the peer sent is not TLS$",
        }
        for data, words in cases.items():
            with self.subTest(data[:12]):
                self.house = self.server("--tls12")
                self.strike(data, then_close=False)
                self.assert_refused("malformed", words)

    def test_a_peer_that_says_nothing_and_goes(self):
        self.strike(b"")
        self.assert_refused("truncated", "^the peer went away before the connection stood$")

    def test_a_peer_that_goes_in_the_middle_of_the_handshake(self):
        hello = record(HANDSHAKE, client_hello())
        for memory in ([], ["--memory"]):
            for size in (1, 5, 6, 100, len(hello) - 1, len(hello)):
                with self.subTest(size=size, memory=memory):
                    self.house = self.server(*memory)
                    self.strike(hello[:size])
                    self.assert_refused("truncated", "^the peer went away before the connection stood$")

    def test_a_peer_that_resets_the_connection(self):
        for memory in ([], ["--memory"]):
            self.house = self.server(*memory)
            line = Line(connect(self.house.port))
            line.send(record(HANDSHAKE, client_hello()))
            self.assertEqual(line.read().type, HANDSHAKE)
            line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.close()
            event = self.house.wait_event("refused")
            self.assertIn(event.status, ("truncated", "io"), event)

    def test_a_hello_byte_by_byte_is_answered(self):
        line = Line(connect(self.house.port))
        self.addCleanup(line.close)
        line.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in record(HANDSHAKE, client_hello()):
            line.send(bytes([byte]))
        self.assertEqual(line.read().type, HANDSHAKE)

    def test_a_hello_in_many_records_is_answered(self):
        hello = client_hello()
        line = self.strike(b"".join(record(HANDSHAKE, hello[i:i + 30]) for i in range(0, len(hello), 30)),
                           then_close=False)
        self.assertEqual(line.read().type, HANDSHAKE)

    def test_records_that_are_too_long(self):
        for size in (16385 + 2048, 20000, 65535):
            with self.subTest(size):
                self.house = self.server("--tls12")
                line = self.strike(record(HANDSHAKE, b"\x01" + bytes(size - 1)), then_close=False)
                self.assertIn(line.read_alert(), ("record_overflow", "decode_error", "nothing"))
                self.assert_refused("malformed", "breaks the rules of TLS: packet length too long$")

    def test_a_hello_that_promises_too_much(self):
        line = self.strike(record(HANDSHAKE, b"\x01\xff\xff\xff" + bytes(1000)), then_close=False)
        self.assertIn(line.read_alert(), ("illegal_parameter", "decode_error", "record_overflow", "nothing"))
        self.assert_refused("limit", "^the peer sent more certificates, or a longer message, than is read$")

    def test_endless_empty_records(self):
        line = self.strike(b"", then_close=False)
        try:
            for _ in range(2000):
                line.send(record(HANDSHAKE, b""))
        except ConnectionError:
            pass
        self.assert_refused("malformed", "TLS")

    def test_application_data_before_the_handshake(self):
        self.strike(record(23, b"early words"), then_close=False)
        self.assert_refused("malformed", "TLS")

    def test_an_alert_instead_of_a_hello(self):
        self.strike(record(21, b"\x02\x28"), then_close=False)
        self.assert_refused("malformed", "breaks the rules of TLS: unexpected message$")

    def test_early_data_is_never_read(self):
        """A hello that announces early data, and the data. The alert is sealed already, so only our words are seen."""
        early = record(HANDSHAKE, client_hello(extra=tls_hello.extension(42, b""))) + record(23, bytes(100), TLS12)
        self.strike(early, then_close=False)
        self.assert_refused("malformed", "too much early data")


if __name__ == "__main__":
    main()
