#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms ca serve and svms enroll: who gets a certificate and who does not (docs/spec/identity.md, I-ENR)."""

import base64
import concurrent.futures
import fcntl
import os
import re
import shutil
import signal
import stat
import time

from enroll_case import EST, ROLE_ARC, EnrolCase, openssl
from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, USAGE, main


class Enrolling(EnrolCase):
    def test_devices_of_all_roles_enrol(self):
        server = self.serve()
        for number, (role, *hosts) in enumerate((("camera", "cam.example", "192.0.2.7"), ("recorder",), ("exporter",),
                                                 ("custodian",), ("key-officer",), ("server", "rec.example", "2001:db8::1"),
                                                 ("client-device", "desk.example"), ("user",), ("time-stamper",),
                                                 ("update",))):
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
        self.assertEqual(status, 200)
        self.store("leaf.pem", openssl("pkcs7", "-inform", "DER", "-print_certs", data=base64.b64decode(body)))
        text = openssl("x509", "-in", self.path("leaf.pem"), "-noout", "-text").decode()
        self.assertIn("Subject: CN = front door\n", text)
        self.assertIn("CA:FALSE", text)
        self.assertNotIn("Certificate Sign", text)
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
        self.store("made.cnf", b"[leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                               b"extendedKeyUsage=clientAuth\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
        self.store("made.csr", base64.b64decode(self.request(key="made-key.pem")))
        for days in ("1", "0"):
            openssl("x509", "-req", "-inform", "DER", "-in", self.path("made.csr"), "-CA", self.anchors, "-CAkey", self.path("ca/ca-key.pem"),
                    "-set_serial", "77", "-days", days, "-extfile", self.path("made.cnf"), "-extensions", "leaf", "-out", self.path("made.pem"))
            time.sleep(2 if days == "0" else 0)
            status, words = self.curl(self.server, EST + "simplereenroll", "--cert", "made.pem", "--key", "made-key.pem",
                                      "-H", "Content-Type: application/pkcs10", "--data-binary", "@" + self.store("body", self.request()))
            if days == "0":
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
        """Both forms are one list; between the two questions there may come another one."""
        _, der = self.curl(server, "/crl.der")
        for _ in range(10):
            before = der
            _, pem = self.curl(server, "/crl.pem")
            _, der = self.curl(server, "/crl.der")
            if der == before:
                break
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
