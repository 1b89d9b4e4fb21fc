#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms tls check against real servers and files: what it says of each, and with which exit status."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, SystemCase, USAGE, main, say
from tls_check_case import Authority, Listener, Server, openssl

RSA_1024 = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
RSA_2048 = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
WEAK = ("-cipher", "ALL:@SECLEVEL=0", "-no_tls1", "-no_tls1_1")


class TlsCheckCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="svms-system-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.authority = Authority(os.path.join(cls.shared, "ca"))
        cls.ca = cls.authority.at("ca.pem")
        cls.authority.issue("good")

    def serve(self, name, *options, **more):
        server = Server(self.authority, name, *options, **more)
        self.addCleanup(server.stop)
        return server.address

    def listen(self, behave):
        listener = Listener(behave)
        self.addCleanup(listener.stop)
        return listener.address

    def check(self, status, *arguments):
        """The first target of the JSON answer, which ends with this status."""
        answer = self.expect(status, "tls", "check", "--json", *arguments).json()
        self.assertEqual(answer["status"], status)
        return answer["targets"][0]

    def codes(self, target):
        return sorted(problem["code"] for problem in target["problems"])


class Servers(TlsCheckCase):
    def test_a_good_server_is_fine(self):
        address = self.serve("good")
        target = self.check(GOOD, address, "--ca", self.ca)
        self.assertEqual((target["kind"], target["verdict"], target["problems"]), ("server", "fine", []))
        server = target["server"]
        self.assertEqual(set(server), {"address", "connected", "version", "cipher", "group", "alpn", "trusted",
                                       "name_matches", "revocation", "stapled", "accepts", "asks_client_certificate"})
        self.assertEqual((server["address"], server["version"], server["trusted"], server["name_matches"]),
                         (address, "1.3", True, True))
        self.assertEqual(server["accepts"], {"1.2": True, "1.1": False, "1.0": False})
        self.assertIs(server["asks_client_certificate"], False)
        certificate = target["certificates"][0]
        self.assertEqual(set(certificate), {"subject", "issuer", "serial", "sha256", "key", "signature", "not_before",
                                            "not_after", "days_left", "stage", "roles", "ca", "names"})
        self.assertEqual(certificate["names"], ["localhost", "127.0.0.1", "::1"])
        self.assertEqual((certificate["subject"], certificate["issuer"], certificate["key"], certificate["days_left"],
                          certificate["stage"], certificate["ca"]), ("CN=good", "CN=Test CA", "P-256", 365, "fine", False))
        said = subprocess.run(["openssl", "x509", "-in", self.authority.at("good.pem"), "-noout", "-fingerprint",
                               "-sha256"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(said.split("=")[1].strip().replace(":", "").lower(), certificate["sha256"])
        text = self.expect(GOOD, "tls", "check", address, "--ca", self.ca).out
        for words in ("TLS 1.3", "TLS 1.2 accepted, TLS 1.1 refused, TLS 1.0 refused", "not asked for",
                      "leads to a CA that is trusted", "for 127.0.0.1", "Verdict       fine"):
            self.assertIn(words, text)

    def test_without_a_ca_trust_is_not_judged(self):
        address = self.serve("good")
        target = self.check(GOOD, address)
        self.assertIsNone(target["server"]["trusted"])
        self.assertIn("not judged: no --ca was given", self.expect(GOOD, "tls", "check", address).out)

    def test_a_server_of_another_ca_is_not_trusted(self):
        other = Authority(self.path("other"))
        target = self.check(EVIDENCE, self.serve("good"), "--ca", other.at("ca.pem"))
        self.assertEqual(self.codes(target), ["untrusted"])
        self.assertIs(target["server"]["trusted"], False)

    def test_what_ends_soon_is_told_and_wrong_only_when_strict(self):
        self.authority.issue("soon", days=6)
        address = self.serve("soon")
        target = self.check(GOOD, address, "--ca", self.ca)
        self.assertEqual((target["verdict"], self.codes(target)), ("soon", ["expires-soon"]))
        self.assertEqual((target["certificates"][0]["days_left"], target["certificates"][0]["stage"]), (6, "7 days"))
        self.assertIn("expires in 6 days", target["problems"][0]["message"])
        self.check(EVIDENCE, address, "--ca", self.ca, "--strict")
        self.assertEqual(self.check(GOOD, address, "--ca", self.ca, "--warn", "5", "--strict")["verdict"], "fine")

    def test_what_is_wrong_with_a_certificate_is_named(self):
        self.authority.issue("expired", days=-3)
        self.authority.issue("early", since=2)
        self.authority.issue("elsewhere", extensions="elsewhere")
        self.authority.self_signed("self")
        self.authority.issue("rsa1024", kind=RSA_1024)
        self.authority.issue("sha1", digest="sha1")
        cases = (("expired", [], ["expired"], "expired 2 days ago"),
                 ("early", [], ["not-yet-valid"], "not valid yet"),
                 ("elsewhere", [], ["wrong-host"], "not for the host 127.0.0.1"),
                 ("self", [], ["self-signed", "untrusted"], "self-signed"),
                 ("rsa1024", WEAK, ["untrusted", "weak-key"], "is too weak: RSA-1024"),
                 ("sha1", WEAK, ["untrusted", "weak-signature"], "SHA1"))
        for name, options, codes, words in cases:
            with self.subTest(name):
                target = self.check(EVIDENCE, self.serve(name, *options), "--ca", self.ca)
                self.assertEqual(self.codes(target), codes)
                self.assertIn(words, " ".join(problem["message"] for problem in target["problems"]))

    def test_keys_that_our_own_tls_does_not_take_are_named(self):
        kinds = (("RSA-1024", RSA_1024, ["-tls1_3", "-cipher", "ALL:@SECLEVEL=0"], ["untrusted", "weak-key"]),
                 ("P-521", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], ["-tls1_3"], ["untrusted"]),
                 ("Ed448", ["-algorithm", "ED448"], ["-tls1_2"], ["refused"]))
        for name, kind, options, codes in kinds:
            with self.subTest(name):
                self.authority.issue("odd-" + name, kind=kind)
                target = self.check(EVIDENCE, self.serve("odd-" + name, *options), "--ca", self.ca)
                self.assertEqual(self.codes(target), codes)
                self.assertEqual(target["certificates"][0]["subject"], "CN=odd-" + name)
                self.assertEqual(target["certificates"][0]["key"], name)

    def test_a_protocol_can_be_required(self):
        speaks = self.serve("good", "-alpn", "other,mine/1")
        target = self.check(GOOD, speaks, "--ca", self.ca, "--alpn", "mine/1")
        self.assertEqual(target["server"]["alpn"], "mine/1")
        for address in (self.serve("good"), speaks):
            target = self.check(EVIDENCE, address, "--ca", self.ca, "--alpn", "h2")
            self.assertEqual(self.codes(target), ["refused"])
            self.assertIn("none of our protocols (ALPN)", target["problems"][0]["message"])

    def test_the_host_may_be_another_one_than_the_address(self):
        self.authority.issue("other", extensions="elsewhere")
        address = self.serve("other")
        self.check(GOOD, address, "--ca", self.ca, "--host", "elsewhere.example")
        self.assertEqual(self.codes(self.check(EVIDENCE, address, "--ca", self.ca, "--host", "else.example")), ["wrong-host"])

    def test_a_pin_needs_no_path_and_no_name(self):
        self.authority.self_signed("pinned")
        address = self.serve("pinned")
        pin = self.check(EVIDENCE, address, "--ca", self.ca)["certificates"][0]["sha256"]
        self.assertTrue(self.check(GOOD, address, "--pin", pin, "--host", "camera.example")["server"]["trusted"])
        coloned = ":".join(pin[i:i + 2] for i in range(0, 64, 2)).upper()
        self.assertEqual(self.check(GOOD, address, "--pin", coloned)["verdict"], "fine")
        wrong = self.check(EVIDENCE, self.serve("good"), "--pin", pin)
        self.assertEqual(self.codes(wrong), ["wrong-pin"])

    def test_a_role_can_be_required(self):
        self.authority.issue("roled", extensions="role_server")
        target = self.check(GOOD, self.serve("roled"), "--ca", self.ca, "--role", "server")
        self.assertEqual(target["certificates"][0]["roles"], ["server"])
        self.assertEqual(self.codes(self.check(EVIDENCE, self.serve("good"), "--ca", self.ca, "--role", "server")), ["wrong-role"])

    def test_revocation(self):
        self.authority.issue("revoked")
        lists = self.authority.crl("revoked.crl", "revoked")
        stale = self.authority.crl("stale.crl", since=-9, days=-2)
        target = self.check(EVIDENCE, self.serve("revoked"), "--ca", self.ca, "--crl", lists)
        self.assertEqual((self.codes(target), target["server"]["revocation"]), (["revoked"], "revoked"))
        self.assertEqual(self.check(GOOD, self.serve("good"), "--ca", self.ca, "--crl", lists)["server"]["revocation"], "good")
        self.assertEqual(self.codes(self.check(EVIDENCE, self.serve("good"), "--ca", self.ca, "--crl", stale)),
                         ["list-out-of-date"])

    def test_a_chain_with_its_authorities_is_listed(self):
        chain = self.authority.at("good.pem")
        address = self.serve("good", "-cert_chain", self.ca)
        target = self.check(GOOD, address, "--ca", self.ca)
        self.assertEqual([item["subject"] for item in target["certificates"]], ["CN=good", "CN=Test CA"], chain)

    def test_versions(self):
        target = self.check(GOOD, self.serve("good", "-tls1_2"), "--ca", self.ca)
        self.assertEqual((target["server"]["version"], target["server"]["accepts"]["1.2"]), ("1.2", True))
        target = self.check(GOOD, self.serve("good", "-tls1_3"), "--ca", self.ca)
        self.assertEqual(target["server"]["accepts"], {"1.2": False, "1.1": False, "1.0": False})
        for option, version in (("-tls1", "1.0"), ("-tls1_1", "1.1")):
            target = self.check(EVIDENCE, self.serve("good", option, "-cipher", "ALL:@SECLEVEL=0"), "--ca", self.ca)
            self.assertEqual(self.codes(target), ["old-tls", "refused"])
            self.assertEqual([key for key, value in target["server"]["accepts"].items() if value], [version])
            self.assertIs(target["server"]["connected"], False)

    def test_ciphers_that_are_too_weak_are_refused(self):
        self.authority.issue("rsa", kind=RSA_2048)
        target = self.check(EVIDENCE, self.serve("rsa", "-tls1_2", "-cipher", "AES128-SHA"), "--ca", self.ca)
        self.assertEqual(self.codes(target), ["refused"])
        self.assertIs(target["server"]["accepts"]["1.2"], True)

    def test_servers_that_ask_who_we_are(self):
        self.authority.issue("client", extensions="client")
        ours = ["--cert", self.authority.at("client.pem"), "--key", self.authority.at("client.key")]
        for version in ((), ("-tls1_2",)):
            with self.subTest(version):
                asks = self.serve("good", "-verify", "1", "-CAfile", self.ca, *version)
                self.assertIs(self.check(GOOD, asks, "--ca", self.ca)["server"]["asks_client_certificate"], True)
                needs = self.serve("good", "-Verify", "1", "-verify_return_error", "-CAfile", self.ca, *version)
                self.assertIs(self.check(GOOD, needs, "--ca", self.ca, *ours)["server"]["asks_client_certificate"], True)

    def test_a_server_that_needs_a_certificate_says_so(self):
        needs = self.serve("good", "-Verify", "1", "-verify_return_error", "-CAfile", self.ca, "-tls1_2")
        target = self.check(EVIDENCE, needs, "--ca", self.ca)
        self.assertEqual(self.codes(target), ["refused"])
        self.assertIs(target["server"]["asks_client_certificate"], True)

    def test_ipv6(self):
        try:
            with socket.create_server(("::1", 0), family=socket.AF_INET6):
                pass
        except OSError:
            say("there is no IPv6 here: that is not tested")
            self.skipTest("no IPv6")
        address = self.serve("good", "-6", host="::1")
        target = self.check(GOOD, address, "--ca", self.ca)
        self.assertEqual(target["server"]["address"], address)
        self.assertTrue(target["server"]["name_matches"])

    def test_what_a_certificate_says_does_nothing_to_a_terminal(self):
        self.authority.issue("hostile", subject="/CN=a\x1b]0;b\x07\u202ec", kind=())
        run = self.expect(GOOD, "tls", "check", self.serve("hostile"), self.authority.at("hostile.pem"),
                          self.authority.at("hostile.csr"))
        for character in ("\x1b", "\x07", "\u202e"):
            self.assertNotIn(character, run.out)


class NoTls(TlsCheckCase):
    def test_a_closed_port_is_unreachable(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        target = self.check(ENVIRONMENT, f"127.0.0.1:{port}")
        self.assertEqual((target["verdict"], self.codes(target)), ("unreachable", ["unreachable"]))
        self.assertIn("refused", target["problems"][0]["message"])

    def test_servers_that_hang_or_dawdle_are_left(self):
        def drip(connection):
            for byte in b"\x16\x03\x03\x40\x00" + bytes(1000):
                connection.sendall(bytes([byte]))
                time.sleep(0.05)

        for name, behave in (("hang", lambda connection: time.sleep(60)), ("drip", drip)):
            with self.subTest(name):
                target = self.check(ENVIRONMENT, self.listen(behave), "--timeout", "0.7")
                self.assertEqual(self.codes(target), ["timeout"])

    def test_what_is_not_tls_is_said_to_be_something_else(self):
        def http(connection):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        target = self.check(EVIDENCE, self.listen(http))
        self.assertEqual(self.codes(target), ["not-tls"])

    def test_a_server_that_hangs_up_is_wrong(self):
        target = self.check(EVIDENCE, self.listen(lambda connection: connection.recv(4096)))
        self.assertEqual(self.codes(target), ["closed"])

    def test_a_flood_of_messages_ends(self):
        def flood(connection):
            connection.recv(4096)
            while True:
                connection.sendall(b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + bytes(16380))

        run = self.run_svms("tls", "check", self.listen(flood), "--timeout", "5")
        self.assertIn(run.status, (EVIDENCE, ENVIRONMENT), run)

    def test_addresses_that_are_none(self):
        for address in ("host:0", "host:65536", "host:12a", "host:", "a:b:c", "::1", "[::1", "[::1]x", "[a]:1", ":443",
                        "a b:1", "user@host:1", ""):
            with self.subTest(address):
                self.assertEqual(self.codes(self.check(ENVIRONMENT, "--", address)), ["bad-address"])


class Files(TlsCheckCase):
    def test_files_of_every_kind_are_described(self):
        at = self.authority.at
        lists = self.authority.crl("week.crl")
        for name in ("good.pem", "good.csr", "week.crl"):
            kind = {"pem": "x509", "csr": "req", "crl": "crl"}[name.split(".")[1]]
            openssl(kind, "-in", at(name), "-outform", "DER", "-out", self.path(name + ".der"))
        for suffix, folder in (("", self.authority.folder), (".der", self.folder)):
            target = self.check(GOOD, os.path.join(folder, "good.pem" + suffix), "--ca", self.ca, "--key", at("good.key"))
            self.assertEqual((target["kind"], target["server"], len(target["certificates"])), ("file", None, 1))
            target = self.check(GOOD, os.path.join(folder, "good.csr" + suffix), "--key", at("good.key"))
            self.assertEqual(target["requests"], [{"subject": "CN=good", "key": "P-256", "signature": "ecdsa-with-SHA256",
                                                   "names": []}])
            target = self.check(GOOD, os.path.join(folder, "week.crl" + suffix))
            self.assertEqual(set(target["lists"][0]), {"issuer", "signature", "this_update", "next_update", "days_left",
                                                       "revoked"})
            self.assertEqual((target["lists"][0]["issuer"], target["lists"][0]["days_left"]), ("CN=Test CA", 6))
        text = self.expect(GOOD, "tls", "check", at("good.pem"), at("good.csr"), lists).out
        for words in ("Certificate   CN=good", "Request       CN=good", "List          of CN=Test CA", "0 revoked"):
            self.assertIn(words, text)

    def test_what_is_wrong_with_a_file_is_named(self):
        issue = self.authority.issue
        cases = (
            ([issue("f-expired", days=-40)], "expired"),
            ([issue("f-early", since=1)], "not-yet-valid"),
            ([issue("f-weak", kind=RSA_1024)], "weak-key"),
            ([issue("f-sha1", digest="sha1")], "weak-signature"),
            ([self.authority.self_signed("f-self")], "self-signed"),
            ([issue("f-nameless", extensions="nameless")], "no-names"),
            ([self.authority.at("good.pem"), "--key", self.authority.at("ca.key")], "wrong-key"),
            ([self.authority.at("good.csr"), "--key", self.authority.at("ca.key")], "wrong-key"),
            ([self.authority.at("good.pem"), "--pin", "00" * 32], "wrong-pin"),
            ([self.authority.at("good.pem"), "--host", "elsewhere.example"], "wrong-host"),
            ([self.authority.at("good.pem"), "--role", "recorder"], "wrong-role"),
            ([self.authority.crl("f-stale.crl", since=-9, days=-2)], "list-out-of-date"),
            ([self.authority.crl("f-early.crl", since=2, days=5)], "list-not-yet-valid"),
        )
        for arguments, code in cases:
            with self.subTest(code):
                target = self.check(EVIDENCE, *arguments)
                self.assertEqual(self.codes(target), [code], target)

    def test_a_list_that_is_due_soon_is_told(self):
        self.assertEqual(self.codes(self.check(GOOD, self.authority.crl("due.crl", days=0.5))), ["list-due-soon"])
        self.check(EVIDENCE, self.authority.at("due.crl"), "--strict")
        self.assertEqual(self.check(GOOD, self.authority.at("due.crl"), "--warn", "0")["verdict"], "fine")

    def test_paths_of_files(self):
        other = Authority(self.path("other"))
        recorder = self.authority.issue("recorder", extensions="recorder")
        for name in (recorder, self.authority.at("good.pem"), self.ca):
            with self.subTest(name):
                self.check(GOOD, name, "--ca", self.ca)
                self.assertIn("untrusted", self.codes(self.check(EVIDENCE, name, "--ca", other.at("ca.pem"))))
        self.check(GOOD, recorder, "--ca", self.ca, "--role", "recorder")
        self.authority.issue("gone", extensions="recorder")
        self.authority.issue("lost")
        lists = self.authority.crl("gone.crl", "gone", "lost")
        for name in ("gone", "lost"):
            target = self.check(EVIDENCE, self.authority.at(name + ".pem"), "--ca", self.ca, "--crl", lists)
            self.assertEqual(self.codes(target), ["revoked"])

    def test_a_bundle_is_judged_certificate_by_certificate(self):
        self.authority.issue("b-expired", days=-3)
        bundle = b"words around are passed over\n"
        for name in ("good.pem", "b-expired.pem", "ca.pem", "good.key", "good.csr"):
            with open(self.authority.at(name), "rb") as file:
                bundle += file.read()
        target = self.check(EVIDENCE, self.store("bundle.pem", bundle), "--ca", self.ca)
        self.assertEqual((len(target["certificates"]), len(target["requests"]), self.codes(target)), (3, 1, ["expired"]))

    def test_a_request_that_its_key_did_not_sign(self):
        openssl("req", "-in", self.authority.at("good.csr"), "-outform", "DER", "-out", self.path("a.csr"))
        changed = bytearray(self.load("a.csr"))
        changed[-1] ^= 1
        target = self.check(EVIDENCE, self.store("b.csr", bytes(changed)))
        self.assertEqual(self.codes(target), ["bad-signature"])

    def test_files_that_are_none(self):
        openssl("x509", "-in", self.authority.at("good.pem"), "-outform", "DER", "-out", self.path("good.der"))
        good = self.load("good.der")
        cases = (b"", b"hello", good[:-1], good + b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                 b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", b"-----BEGIN X509 CRL-----\nMAA=\n",
                 b"-----BEGIN FISH-----\nMAA=\n-----END FISH-----\n", b"\x30\x84\xff\xff\xff\xff", bytes(100000))
        for content in cases:
            with self.subTest(content[:40]):
                target = self.check(MALFORMED, self.store("x.pem", content))
                self.assertEqual(target["verdict"], "malformed")
        for name in ("missing.pem", "folder"):
            os.makedirs(self.path("folder"), exist_ok=True)
            self.assertEqual(self.codes(self.check(ENVIRONMENT, name)), ["unreadable"])

    def test_no_changed_byte_makes_it_crash(self):
        openssl("x509", "-in", self.authority.at("good.pem"), "-outform", "DER", "-out", self.path("good.der"))
        good = self.load("good.der")
        for first in range(0, len(good), 60):
            names = []
            for place in range(first, min(first + 60, len(good))):
                changed = good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1:]
                names.append(self.store(f"{place}.der", changed))
            run = self.run_svms("tls", "check", *names, "--ca", self.ca, "--host", "localhost")
            self.assertIn(run.status, (GOOD, EVIDENCE, MALFORMED), run)


class Statuses(TlsCheckCase):
    def test_the_worst_target_counts(self):
        good = self.authority.at("good.pem")
        expired = self.authority.issue("w-expired", days=-3)
        soon = self.authority.issue("w-soon", days=3)
        broken = self.store("broken.pem", b"")
        cases = ((GOOD, [good, soon]), (EVIDENCE, [good, expired, soon]), (ENVIRONMENT, [expired, "missing.pem", good]),
                 (MALFORMED, [broken, "missing.pem", expired]))
        for status, targets in cases:
            with self.subTest(targets):
                answer = self.expect(status, "tls", "check", "--json", *targets).json()
                self.assertEqual([target["target"] for target in answer["targets"]], targets)
                text = self.expect(status, "tls", "check", *targets).out
                self.assertEqual(text.count("Verdict"), len(targets))

    def test_mistakes_are_usage(self):
        good = self.authority.at("good.pem")
        cases = (([], "HOST:PORT or FILE is missing"), ([good, "--crl", "x"], "--crl belongs to --ca"),
                 ([good, "--cert", good], "belong together"), ([good, "--pin", "abc"], "64 hexadecimal digits"),
                 ([good, "--alpn", ""], "1 to 255 bytes"), ([good, "--alpn", "x" * 256], "1 to 255 bytes"),
                 ([good, "--pin", "g" * 64], "64 hexadecimal digits"), ([good, "--pin", "00" * 33], "64 hexadecimal digits"),
                 ([good, "--warn", "-1"], "0 to 3650"), ([good, "--warn", "1.5"], "0 to 3650"),
                 ([good, "--timeout", "0"], "0.1 to 300"), ([good, "--role", "boss"], "recorder"),
                 ([good, "--quiet"], "unknown option"))
        for arguments, words in cases:
            with self.subTest(arguments):
                self.assertIn(words, self.expect(USAGE, "tls", "check", *arguments).err)
        self.assertIn("Usage", self.expect(USAGE, "tls").err)
        self.assertIn("'chek'", self.expect(USAGE, "tls", "chek").err)
        self.assertIn("check", self.expect(GOOD, "tls", "--help").out)

    def test_files_that_are_given_must_be_what_they_should(self):
        good = self.authority.at("good.pem")
        garbage = self.store("garbage", b"garbage")
        self.expect(MALFORMED, "tls", "check", good, "--ca", garbage)
        self.expect(ENVIRONMENT, "tls", "check", good, "--ca", "missing")
        self.expect(MALFORMED, "tls", "check", good, "--key", garbage)
        self.expect(MALFORMED, "tls", "check", good, "--ca", self.ca, "--crl", garbage)
        openssl("pkey", "-in", self.authority.at("good.key"), "-aes128", "-passout", "pass:x", "-out", self.path("locked.key"))
        os.chmod(self.path("locked.key"), 0o600)
        run = self.expect(MALFORMED, "tls", "check", good, "--key", "locked.key")
        self.assertIn("passphrase", run.err)


if __name__ == "__main__":
    main()
