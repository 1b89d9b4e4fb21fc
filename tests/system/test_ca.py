#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms ca and svms request: an authority's whole life, with OpenSSL as the judge."""

import datetime
import hashlib
import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess

from ca_case import PASSPHRASE, CaCase, Journal, openssl, serial_of, text_of
from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, PROGRAM, SystemCase, TIMEOUT, USAGE, main, say

ARC = "2.25.132330503438125610743018859333830030049"
# Role, and how OpenSSL names its extended key usage.
ROLES = {"camera": f"{ARC}.1", "recorder": f"{ARC}.2", "exporter": f"{ARC}.3", "custodian": f"{ARC}.4", "key-officer": f"{ARC}.5",
         "server": f"{ARC}.16", "client-device": f"{ARC}.17", "user": f"{ARC}.18", "time-stamper": "Time Stamping",
         "update": f"{ARC}.20"}

# What signs evidence by hand, or is a person, is reached nowhere.
WITH_HOSTS = ("camera", "recorder", "server", "client-device", "time-stamper")


def at(text):
    """The moment of a time that svms told."""
    return datetime.datetime.fromisoformat(re.sub(r"\.\d+Z$|Z$", "+00:00", text))


class Init(CaCase):
    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def test_what_it_makes_is_for_the_owner_alone(self):
        os.umask(0)
        run = self.init()
        self.assertEqual(sorted(os.listdir(self.path("ca"))),
                         ["authority.json", "ca-key.pem", "ca.pem", "journal", "journal.head", "lock"])
        self.assertEqual(self.mode("ca"), 0o700)
        for name in os.listdir(self.path("ca")):
            self.assertEqual(self.mode(f"ca/{name}"), 0o644 if name == "ca.pem" else 0o600, name)
        fingerprint = openssl("x509", "-in", self.path("ca/ca.pem"), "-noout", "-fingerprint", "-sha256").stdout
        self.assertIn(fingerprint.partition("=")[2].strip().replace(":", "").lower(), run.out)
        self.assertEqual(self.files(), ["ca"])

    def test_the_key_is_behind_the_passphrase(self):
        self.init()
        key = self.path("ca/ca-key.pem")
        self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", self.load("ca/ca-key.pem"))
        public = openssl("pkey", "-in", key, "-pubout", "-passin", f"pass:{PASSPHRASE}").stdout
        self.assertEqual(openssl("x509", "-in", self.path("ca/ca.pem"), "-noout", "-pubkey").stdout, public)
        openssl("pkey", "-in", key, "-noout", "-passin", "pass:another", status=1)

    def test_the_certificate_is_that_of_an_authority(self):
        self.init("ca", "--path-length", "2", "--days", "100")
        text = text_of(self.path("ca/ca.pem"))
        for words in ("Subject: CN = Authority ca", "CA:TRUE, pathlen:2", "Certificate Sign, CRL Sign", "Subject Key Identifier"):
            self.assertIn(words, text)
        openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", self.path("ca/ca.pem"), self.path("ca/ca.pem"))
        for seconds, valid in ((100 * 86400 - 600, 0), (100 * 86400 + 600, 1)):
            openssl("x509", "-in", self.path("ca/ca.pem"), "-noout", "-checkend", str(seconds), status=valid)

    def test_nothing_that_is_there_is_replaced(self):
        self.init()
        before = {name: self.load(f"ca/{name}") for name in os.listdir(self.path("ca"))}
        self.assertIn("not empty", self.init(status=ENVIRONMENT).err)
        self.assertEqual({name: self.load(f"ca/{name}") for name in os.listdir(self.path("ca"))}, before)
        self.store("file", b"precious")
        self.init("file", status=ENVIRONMENT)
        self.assertEqual(self.load("file"), b"precious")
        os.mkdir(self.path("empty"))
        self.init("empty/")
        self.assertEqual(self.mode("empty"), 0o700)
        self.init("nowhere/ca", status=ENVIRONMENT)
        self.assertEqual(self.files(), ["ca", "empty", "file"])

    def test_a_passphrase_is_needed_and_not_a_short_one(self):
        run = self.expect(USAGE, "ca", "init", "ca", "--name", "x")
        self.assertIn("passphrase", run.err)
        os.chmod(self.store("short", b"seven77\n"), 0o600)
        self.assertIn("at least 8", self.init("ca", "--passphrase-file", "short", status=USAGE).err)
        self.assertEqual(self.files(), ["short"])
        self.assertIn("UNSAFE", self.expect(GOOD, "ca", "init", "--help").out)

    def test_a_wrong_passphrase_is_said(self):
        self.init()
        self.request()
        os.chmod(self.store("wrong", b"not this one either\n"), 0o600)
        for command in (["ca", "issue", "ca", "device.csr", "--role", "user", "--as-requested", "--out", "x.pem"],
                        ["ca", "crl", "ca", "--out", "x.crl"], ["ca", "init", "below", "--name", "x", "--no-passphrase",
                                                                "--under", "ca", "--under-passphrase-file", "wrong"]):
            run = self.expect(EVIDENCE, *command, *([] if "below" in command else ["--passphrase-file", "wrong"]))
            self.assertIn("passphrase", run.err)
        self.assertEqual(self.files(), ["ca", "device.csr", "device.key", "wrong"])
        self.assertEqual(Journal(self.path("ca")).issued(), [])

    def test_the_first_key_in_the_file_counts(self):
        self.authority("plain")
        self.init("protected")
        plain, protected = self.load("plain/ca-key.pem"), self.load("protected/ca-key.pem")
        self.store("plain/ca-key.pem", plain + protected)
        self.crl("plain.crl", ca="plain")
        self.store("protected/ca-key.pem", protected + plain)
        self.crl("protected.crl", *self.key, ca="protected")

    def test_names_that_cannot_be(self):
        for name in ("", "x" * 65, "two\nlines", b"\xff"):
            with self.subTest(name):
                self.assertNotEqual(self.run_svms("ca", "init", "ca", "--name", name, "--no-passphrase").status, GOOD)
                self.assertEqual(self.files(), [])

    def test_what_contradicts_is_usage(self):
        cases = ((["ca", "--name", "x", "--no-passphrase", "--key", "handle:1"], "only one"),
                 (["ca", "--name", "x", "--no-passphrase", *self.key], "only one"),
                 (["ca", "--no-passphrase"], "--name is missing"), (["--name", "x"], "DIR is missing"),
                 (["ca", "--name", "x", "--under-passphrase-file", "y"], "--under"),
                 (["ca", "--name", "x", "--days", "0"], "--days"), (["ca", "--name", "x", "--path-length", "9"], "--path-length"),
                 (["", "--name", "x", "--no-passphrase"], "no name"))
        for arguments, words in cases:
            with self.subTest(arguments):
                self.assertIn(words, self.expect(USAGE, "ca", "init", *arguments).err)
        for permit in ("10.0.0.0/33", "exa mple", "", "1.2.3.4/x"):
            with self.subTest(permit):
                self.init("ca", "--no-passphrase", "--permit", permit, status=USAGE)
        self.assertEqual(self.files(), [])


class Below(CaCase):
    def test_an_authority_below_another_is_in_its_journal(self):
        journal = self.authority()
        run = self.init("below", *self.key, "--under", "ca", "--json")
        self.assertEqual(set(run.json()), {"folder", "subject", "issuer", "sha256", "not_after", "key"})
        self.assertEqual([(entry["role"], entry["name"]) for entry in journal.issued()], [("authority", "Authority below")])
        pem = self.load("below/ca.pem").decode()
        self.assertEqual(pem.count("BEGIN CERTIFICATE"), 2)
        self.assertTrue(pem.endswith(self.load("ca/ca.pem").decode()))
        self.assertIn("CA:TRUE, pathlen:0", text_of(self.path("below/ca.pem")))
        self.request()
        self.issue(ca="below", said=("--as-requested", *self.key))
        openssl("verify", "-x509_strict", "-CAfile", self.path("ca/ca.pem"), "-untrusted", self.path("below/ca.pem"),
                self.path("device.pem"))
        self.assertEqual(self.load("device.pem").count(b"BEGIN CERTIFICATE"), 3)

    def test_it_ends_with_the_one_above(self):
        self.init("short", "--no-passphrase", "--days", "10")
        self.init("below", "--no-passphrase", "--under", "short")
        ends = [openssl("x509", "-in", self.path(f"{name}/ca.pem"), "-noout", "-enddate").stdout for name in ("short", "below")]
        self.assertEqual(ends[0], ends[1])
        self.init("longer", "--no-passphrase", "--under", "short", "--days", "11", status=POLICY)
        self.assertFalse(os.path.exists(self.path("longer")))

    def test_no_deeper_than_the_one_above_allows(self):
        self.authority()
        self.init("below", "--no-passphrase", "--under", "ca")
        self.assertNotEqual(self.run_svms("ca", "init", "deeper", "--name", "x", "--no-passphrase", "--under", "below").status, GOOD)
        self.assertNotEqual(self.run_svms("ca", "init", "deeper", "--name", "x", "--no-passphrase", "--under", "ca", "--path-length",
                                          "1").status, GOOD)
        self.assertEqual(self.files(), ["below", "ca"])

    def test_an_authority_that_was_taken_back_takes_its_certificates_with_it(self):
        self.authority()
        self.init("below", "--no-passphrase", "--under", "ca")
        self.request()
        self.issue(ca="below")
        self.crl("below.crl", ca="below")
        self.expect(GOOD, "ca", "revoke", "ca", "below/ca.pem", "--reason", "ca-compromise")
        self.crl("ca.crl")
        chain = ["-crl_check_all", "-CRLfile", self.path("below.crl"), "-CRLfile", self.path("ca.crl"), "-CAfile",
                 self.path("ca/ca.pem"), "-untrusted", self.path("below/ca.pem"), self.path("device.pem")]
        self.assertIn("revoked", openssl("verify", *chain, status=2).stderr)


class Requests(CaCase):
    def test_a_new_key_stays_and_is_private(self):
        os.umask(0)
        run = self.expect(GOOD, "request", "--new-key", "d.key", "--name", "Dévice", "--host", "d.example", "--host", "192.0.2.7",
                          "--host", "2001:db8::1", "--role", "server", "--out", "d.csr", "--json")
        said = run.json()
        self.assertEqual(set(said), {"file", "key_file", "key_sha256", "name", "role"})
        self.assertEqual((said["name"], said["role"]), ("Dévice", "server"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("d.key")).st_mode), 0o600)
        text = openssl("req", "-in", self.path("d.csr"), "-noout", "-text", "-verify", "-nameopt", "utf8").stdout
        for words in ("Dévice", "DNS:d.example", "IP Address:192.0.2.7", "IP Address:2001:DB8:0:0:0:0:0:1"):
            self.assertIn(words, text)

    def test_an_existing_key_asks_again_and_nothing_is_replaced(self):
        self.request()
        for out, key in (("device.csr", "other.key"), ("other.csr", "device.key"), ("same", "same")):
            before = self.files()
            run = self.run_svms("request", "--new-key", key, "--name", "x", "--out", out)
            self.assertIn(run.status, (ENVIRONMENT, USAGE), run)
            self.assertEqual(self.files(), before)
        self.expect(GOOD, "request", "--key", "device.key", "--name", "Device", "--out", "again.csr")
        keys = [openssl("req", "-in", self.path(name), "-noout", "-pubkey").stdout for name in ("device.csr", "again.csr")]
        self.assertEqual(keys[0], keys[1])

    def test_a_key_behind_a_passphrase(self):
        self.request("Device", *self.key)
        self.assertIn(b"ENCRYPTED", self.load("device.key"))
        self.expect(GOOD, "request", "--key", "device.key", "--name", "Device", "--out", "again.csr", *self.key)
        self.expect(USAGE, "request", "--key", "device.key", "--name", "Device", "--out", "third.csr")

    def test_mistakes_are_usage_and_change_nothing(self):
        for arguments, words in ((["--name", "x", "--out", "x.csr"], "either"),
                                 (["--key", "a", "--new-key", "b", "--name", "x", "--out", "x.csr"], "either"),
                                 (["--new-key", "b", "--out", "x.csr"], "--name is missing"),
                                 (["--new-key", "b", "--name", "x"], "--out is missing"),
                                 (["--new-key", "b", "--name", "x", "--out", "x.csr", "--role", "root"], "--role")):
            self.assertIn(words, self.expect(USAGE, "request", *arguments).err)
        for host in ("", "a b", "*.*.example", "1.2.3.4.5/8", "x" * 300):
            self.request("x", "--host", host, status=USAGE)
        self.assertEqual(self.files(), [])
        self.expect(MALFORMED, "request", "--key", self.store("no.key", b"no key"), "--name", "x", "--out", "x.csr")
        # No provider serves it.
        self.assertNotEqual(self.run_svms("request", "--key", "nowhere:7", "--name", "x", "--out", "x.csr").status, GOOD)
        self.assertEqual(self.files(), ["no.key"])


class Issue(CaCase):
    def setUp(self):
        super().setUp()
        self.journal = self.authority()

    def test_every_role_has_its_profile(self):
        serials = set()
        for role, usage in ROLES.items():
            with self.subTest(role):
                name = f"The {role}"
                hosts = ["--host", f"{role}.example"] if role in WITH_HOSTS else []
                self.request(name, "--role", role, *hosts, out=role)
                said = self.issue(f"{role}.csr", "--json", role=role).json()
                self.assertEqual(set(said), {"file", "serial", "name", "role", "hosts", "key_sha256", "not_after", "shortened"})
                text = text_of(self.path(f"{role}.pem"))
                self.assertIn(usage, text)
                for words in (f"Subject: CN = {name}", "CA:FALSE", "Digital Signature", "Authority Key Identifier"):
                    self.assertIn(words, text)
                self.assertEqual(f"DNS:{role}.example" in text, bool(hosts))
                openssl("verify", "-x509_strict", "-CAfile", self.path("ca/ca.pem"), self.path(f"{role}.pem"))
                self.assertTrue(self.load(f"{role}.pem").endswith(self.load("ca/ca.pem")))
                self.assertEqual(said["serial"], serial_of(self.path(f"{role}.pem")))
                serials.add(said["serial"])
        self.assertEqual(len(serials), len(ROLES))
        self.assertEqual(set(self.certificates()), {f"The {role}" for role in ROLES})

    def test_roles_that_are_reached_nowhere_have_no_hosts(self):
        self.request("Person", "--host", "person.example")
        for role in ROLES:
            if role not in WITH_HOSTS:
                self.assertIn("host", self.issue("person.csr", role=role, status=USAGE).err)
                self.expect(USAGE, "ca", "code", "ca", "--name", "Person", "--role", role, "--host", "person.example")
        self.assertEqual(len(self.journal.entries()), 1)

    def test_what_the_request_asks_for_must_be_what_the_operator_says(self):
        self.request("Device", "--role", "camera", "--host", "a.example", "--host", "192.0.2.1")
        hosts = ["--host", "192.0.2.1", "--host", "A.example"]
        cases = (("recorder", ("--as-requested",), "another role"), ("camera", ("--name", "Other", *hosts), "another name"),
                 ("camera", ("--name", "Device"), "other hosts"), ("camera", ("--name", "Device", *hosts[:2]), "other hosts"),
                 ("camera", ("--name", "Device", *hosts, "--host", "more.example"), "other hosts"))
        for role, said, words in cases:
            with self.subTest(role=role, said=said):
                run = self.issue(status=POLICY, role=role, said=said)
                self.assertIn(words, run.err)
                for shown in ("Device, camera", "host a.example", "host 192.0.2.1"):
                    self.assertIn(shown, run.err)
        run = self.issue(status=USAGE, role="camera", said=())
        self.assertIn("say who this is", run.err)
        self.assertEqual((self.journal.issued(), self.files()), ([], ["ca", "device.csr", "device.key"]))
        self.issue(role="camera", said=("--name", "Device", *hosts))
        self.assertIn("host a.example", self.issue(role="camera", out="again.pem").out)

    def test_the_operators_word_counts_where_he_insists(self):
        self.request("root", "--role", "key-officer", "--host", "bank.example")
        self.issue("root.csr", role="user", said=("--name", "Guest", "--despite-request"))
        text = text_of(self.path("root.pem"))
        self.assertIn("CN = Guest", text)
        self.assertNotIn("bank.example", text)
        self.assertNotIn(ROLES["key-officer"], text)
        self.assertIn(ROLES["user"], text)

    def test_the_days_are_those_asked_for_and_never_more_than_the_authority_has(self):
        self.request()
        self.issue(said=("--as-requested", "--days", "3"))
        for seconds, valid in ((3 * 86400 - 600, 0), (3 * 86400 + 600, 1)):
            openssl("x509", "-in", self.path("device.pem"), "-noout", "-checkend", str(seconds), status=valid)
        self.init("short", "--no-passphrase", "--days", "100")
        run = self.issue(status=POLICY, ca="short", out="b.pem", said=("--as-requested", "--days", "101"))
        self.assertIn("more than the authority", run.err)
        self.assertFalse(os.path.exists(self.path("b.pem")))
        run = self.issue(ca="short", out="b.pem")
        self.assertIn("the authority ends then", run.out)
        ends = [openssl("x509", "-in", self.path(name), "-noout", "-enddate").stdout for name in ("short/ca.pem", "b.pem")]
        self.assertEqual(ends[0], ends[1])
        for days in ("0", "7301", "-1", "1.5", "many"):
            self.issue(status=USAGE, out="c.pem", said=("--as-requested", "--days", days))

    def test_names_outside_the_constraints_are_refused_here_and_by_openssl(self):
        self.init("narrow", "--no-passphrase", "--permit", "example.org", "--permit", "10.0.0.0/8", "--exclude", "bad.example.org")
        self.assertIn("Permitted", text_of(self.path("narrow/ca.pem")))
        self.request("Good", "--host", "cam.example.org", "--host", "10.1.2.3")
        self.issue("good.csr", ca="narrow")
        openssl("verify", "-x509_strict", "-CAfile", self.path("narrow/ca.pem"), self.path("good.pem"))
        for host in ("cam.example.com", "cam.bad.example.org", "192.0.2.1", "notexample.org"):
            with self.subTest(host):
                self.request("Bad", "--host", host, out="bad")
                run = self.run_svms("ca", "issue", "narrow", "bad.csr", "--role", "server", "--as-requested", "--out", "bad.pem")
                self.assertIn(run.status, (USAGE, POLICY), run)
                self.assertFalse(os.path.exists(self.path("bad.pem")))
                os.unlink(self.path("bad.csr"))
                os.unlink(self.path("bad.key"))
        self.assertEqual([entry["name"] for entry in Journal(self.path("narrow")).issued()], ["Good"])

    def test_what_is_there_is_never_replaced(self):
        self.request()
        self.store("device.pem", b"precious")
        self.assertIn("never replaced", self.issue(status=ENVIRONMENT).err)
        self.assertEqual(self.load("device.pem"), b"precious")
        self.issue(status=ENVIRONMENT, out="nowhere/device.pem")
        self.assertEqual(self.journal.issued(), [])

    def test_a_key_has_one_holder_and_one_role(self):
        self.request()
        self.issue()
        self.expect(GOOD, "request", "--key", "device.key", "--name", "Somebody else", "--out", "other.csr")
        self.assertIn("key of its own", self.issue("other.csr", status=POLICY).err)
        self.assertIn("key of its own", self.issue(status=POLICY, role="exporter", out="x.pem").err)
        self.issue(out="again.pem")
        self.expect(GOOD, "ca", "revoke", "ca", "again.pem")
        self.assertIn("make a new key", self.issue(status=POLICY, out="x.pem").err)
        self.assertEqual(len(self.journal.issued()), 2)

    def test_requests_that_are_none(self):
        self.request()
        whole = self.load("device.csr")
        der = openssl("req", "-in", self.path("device.csr"), "-outform", "DER", "-out", self.path("good.der"))
        self.assertEqual(der.returncode, 0)
        content = bytearray(self.load("good.der"))
        content[-3] ^= 1
        cases = {"empty": b"", "half": whole[:200], "forged": bytes(content), "key": self.load("device.key"),
                 "certificate": self.load("ca/ca.pem"), "large": b"x" * 40000}
        for name, data in cases.items():
            with self.subTest(name):
                self.store("bad.csr", data)
                run = self.run_svms("ca", "issue", "ca", "bad.csr", "--role", "user", "--as-requested", "--out", "bad.pem")
                self.assertIn(run.status, (MALFORMED, EVIDENCE, POLICY), run)
                self.assertTrue(run.err)
        self.issue("good.der", out="good.pem")
        self.assertEqual(len(self.journal.issued()), 1)

    def test_openssl_requests_are_taken(self):
        for name, algorithm in (("p384", ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]), ("ed25519", ["ED25519"]),
                                ("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:3072"])):
            with self.subTest(name):
                openssl("genpkey", "-algorithm", *algorithm, "-out", self.path(f"{name}.key"))
                openssl("req", "-new", "-key", self.path(f"{name}.key"), "-subj", f"/O=Example/CN={name}", "-addext",
                        f"subjectAltName=DNS:{name}.example", "-out", self.path(f"{name}.csr"))
                self.issue(f"{name}.csr", role="server")
                self.assertIn(f"DNS:{name}.example", text_of(self.path(f"{name}.pem")))

    def test_a_folder_that_holds_no_authority_is_said(self):
        self.request()
        os.mkdir(self.path("empty"))
        self.assertIn("holds no authority", self.issue(ca="empty", status=ENVIRONMENT).err)
        self.issue(ca="nowhere", status=ENVIRONMENT)
        self.expect(GOOD, "identity", "create", "--out", "demo", "--name", "x")
        self.assertIn("holds no authority", self.issue(ca="demo", status=ENVIRONMENT).err)
        for name, content in (("authority.json", b"{}"), ("authority.json", b'{"version":2,"key_uri":null,"crl_uri":null}'),
                              ("ca.pem", b"nothing"), ("ca-key.pem", b"nothing")):
            with self.subTest(name):
                shutil.copytree(self.path("ca"), self.path("bad"))
                self.store(f"bad/{name}", content)
                self.issue(ca="bad", status=MALFORMED)
                shutil.rmtree(self.path("bad"))

    def test_lists_are_where_the_certificate_says(self):
        self.init("here", "--no-passphrase", "--crl-uri", "http://ca.example/ca.crl")
        self.request()
        self.issue(ca="here")
        self.assertIn("URI:http://ca.example/ca.crl", text_of(self.path("device.pem")))
        for uri in ("", "ftp://ca.example/ca.crl", "http://ca.example/ca crl"):
            self.assertIn("--crl-uri", self.init("wrong", "--no-passphrase", "--crl-uri", uri, status=USAGE).err)
        self.assertFalse(os.path.exists(self.path("wrong")))

    def test_mistakes_are_usage(self):
        cases = ((["ca"], "DIR and REQUEST"), (["ca", "a", "b"], "DIR and REQUEST"), (["ca", "a"], "--role is missing"),
                 (["ca", "a", "--role", "user"], "--out is missing"), (["ca", "a", "--role", "root", "--out", "b"], "--role is one of"),
                 (["ca", "a", "--role", "user", "--out", "b", "--as-requested", "--name", "x"], "--as-requested"))
        for arguments, words in cases:
            self.assertIn(words, self.expect(USAGE, "ca", "issue", *arguments).err)
        self.assertIn("Usage", self.expect(USAGE, "ca").err)
        self.assertIn("sign", self.expect(USAGE, "ca", "sign").err)
        self.assertIn("revoke", self.expect(GOOD, "ca", "--help").out)


class Revoke(CaCase):
    def setUp(self):
        super().setUp()
        self.journal = self.authority()
        self.request()
        self.issue()
        self.serial = serial_of(self.path("device.pem"))

    def revoke(self, *arguments, status=GOOD):
        return self.expect(status, "ca", "revoke", "ca", *arguments)

    def check(self, status):
        return openssl("verify", "-crl_check", "-CRLfile", self.path("ca.crl"), "-CAfile", self.path("ca/ca.pem"),
                       self.path("device.pem"), status=status)

    def test_openssl_believes_the_lists(self):
        self.crl()
        self.check(0)
        self.assertIn("svms ca crl", self.revoke("device.pem", "--reason", "key-compromise").out)
        self.check(0)
        self.crl("ca.crl", "--force")
        self.assertIn("certificate revoked", self.check(2).stderr)
        text = openssl("crl", "-in", self.path("ca.crl"), "-noout", "-text", "-CAfile", self.path("ca/ca.pem"))
        self.assertIn("verify OK", text.stderr)
        for words in (self.serial.upper(), "Key Compromise", "CRL Number"):
            self.assertIn(words, text.stdout)

    def test_by_serial_number_however_it_is_written(self):
        for number, text in enumerate((self.serial, self.serial.upper(), "0x" + self.serial,
                                       ":".join(re.findall("..", self.serial)), "00" + self.serial)):
            with self.subTest(text):
                shutil.copytree(self.path("ca"), self.path(f"ca{number}"))
                self.expect(GOOD, "ca", "revoke", f"ca{number}", text)
        for text in ("12ab", "", "nothing", "ab" * 21, "ca/ca.pem"):
            with self.subTest(text):
                self.assertNotEqual(self.run_svms("ca", "revoke", "ca", text).status, GOOD)
        self.assertEqual(len(self.journal.entries()), 2)

    def test_since_when_it_is_not_believed(self):
        said = json.loads(self.revoke("device.pem", "--reason", "key-compromise", "--since", "2026-01-02T03:04:05Z", "--json").out)
        self.assertEqual(set(said), {"serial", "name", "role", "reason", "revoked", "invalid"})
        self.assertEqual(at(said["invalid"]), at("2026-01-02T03:04:05Z"))
        self.crl()
        text = openssl("crl", "-in", self.path("ca.crl"), "-noout", "-text").stdout
        self.assertIn("Invalidity Date", text)
        self.assertIn("Jan  2 03:04:05 2026", text)
        self.revoke("device.pem", "--since", "1970-01-01T00:00:00.9Z")
        self.crl("ca.crl", "--force")
        self.assertIn("Jan  1 00:00:00 1970", openssl("crl", "-in", self.path("ca.crl"), "-noout", "-text").stdout)

    def test_it_only_gets_worse(self):
        self.revoke("device.pem", "--reason", "superseded")
        first = self.certificates()["Device"]
        for arguments in ([], ["--reason", "superseded"], ["--reason", "cessation"]):
            self.assertIn("already", self.revoke("device.pem", *arguments, status=POLICY).err)
        self.revoke("device.pem", "--reason", "key-compromise", "--since", "2026-03-01T00:00:00Z")
        self.revoke("device.pem", "--since", "2026-02-01T00:00:00Z")
        self.revoke("device.pem", "--since", "2026-04-01T00:00:00Z", status=POLICY)
        # Not even along with what is worse.
        self.revoke("device.pem", "--reason", "superseded", "--since", "2026-01-01T00:00:00Z", status=POLICY)
        now = self.certificates()["Device"]
        self.assertEqual(now["revoked"], first["revoked"])
        self.assertEqual((now["reason"], at(now["invalid"])), ("key-compromise", at("2026-02-01T00:00:00Z")))

    def test_the_future_is_not_known(self):
        for since in ("2093-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "yesterday"):
            self.revoke("device.pem", "--since", since, status=USAGE)
        self.revoke("device.pem", "--reason", "boredom", status=USAGE)
        self.revoke(status=USAGE)

    def test_no_passphrase_is_needed_to_take_back(self):
        self.init("locked")
        self.issue(ca="locked", out="b.pem", said=("--as-requested", *self.key))
        self.expect(GOOD, "ca", "revoke", "locked", "b.pem")
        self.assertEqual(self.certificates(ca="locked")["Device"]["state"], "revoked")

    def test_lists_have_numbers_and_a_time(self):
        said = json.loads(self.crl("ca.crl", "--days", "7", "--json").out)
        self.assertEqual(set(said), {"file", "number", "revoked", "this_update", "next_update"})
        self.assertEqual((said["number"], said["revoked"]), (1, 0))
        self.assertEqual(at(said["next_update"]) - at(said["this_update"]), datetime.timedelta(days=7))
        before = self.load("ca.crl")
        self.assertIn("--force", self.crl(status=ENVIRONMENT).err)
        self.assertEqual(self.load("ca.crl"), before)
        self.assertEqual(json.loads(self.crl("ca.crl", "--force", "--json").out)["number"], 2)
        self.assertEqual(self.load("ca/ca.crl"), self.load("ca.crl"))
        self.crl("x.crl", "--number", "2", status=POLICY)
        self.crl("x.crl", "--days", "0", status=USAGE)
        self.expect(USAGE, "ca", "crl", "ca")

    def test_a_revoked_certificate_is_marked_when_it_is_handed_out_again(self):
        self.revoke("device.pem")
        self.assertIn("REVOKED", self.expect(GOOD, "ca", "get", "ca", self.serial, "--out", "again.pem").out)
        self.expect(USAGE, "ca", "get", "ca", "12", "--out", "x.pem")
        self.expect(USAGE, "ca", "get", "ca", "--out", "x.pem")
        self.expect(USAGE, "ca", "get", "ca", self.serial)
        self.expect(ENVIRONMENT, "ca", "get", "ca", self.serial, "--out", "again.pem")


class List(CaCase):
    def test_what_is_listed(self):
        self.authority()
        for name, days in (("Long", "700"), ("Soon", "5"), ("Renewed", "5"), ("Gone", "5")):
            self.request(name)
            self.issue(f"{name.lower()}.csr", said=("--as-requested", "--days", days))
        self.issue("renewed.csr", out="renewed-2.pem")
        self.expect(GOOD, "ca", "revoke", "ca", "gone.pem", "--reason", "cessation")
        states = {(entry["name"], entry["state"]) for entry in self.listed()["certificates"]}
        self.assertEqual(states, {("Long", "valid"), ("Soon", "valid"), ("Renewed", "renewed"), ("Renewed", "valid"),
                                  ("Gone", "revoked")})
        self.assertEqual(set(self.certificates("--expiring", "6")), {"Soon"})
        self.assertEqual(set(self.certificates("--expiring", "3")), set())
        self.assertEqual(set(self.certificates("--revoked")), {"Gone"})
        self.expect(USAGE, "ca", "list", "ca", "--revoked", "--expiring", "3")
        for words in ("Authority     CN=Quick CA", "revoked       Gone", "valid         Soon", "List          none yet"):
            self.assertIn(words, self.expect(GOOD, "ca", "list", "ca").out)
        self.crl()
        self.expect(GOOD, "ca", "revoke", "ca", "soon.pem")
        self.assertIn("somebody was revoked since", self.expect(GOOD, "ca", "list", "ca").out)

    def test_who_was_renewed_is_found_among_twenty_thousand(self):
        journal = self.authority()
        self.request()
        self.issue()
        pattern = {name: value for name, value in journal.issued()[0].items() if name not in ("line", "previous", "hosts")}
        chance = random.Random(6)
        roles = ("recorder", "camera", "user")
        made = [(f"{chance.randrange(6000)}", chance.choice(roles), 2027 + chance.randrange(60)) for _ in range(20000)]
        journal.append_all({**pattern, "hosts": [], "serial": f"{number + 1:032x}", "name": name, "role": role,
                            "not_after": f"{year}-01-01T00:00:00Z"} for number, (name, role, year) in enumerate(made))
        last = {}
        for name, role, year in made:
            last[name, role] = max(year, last.get((name, role), 0))
        expected = ["valid" if last[name, role] == year else "renewed" for name, role, year in made]
        self.assertEqual([entry["state"] for entry in self.listed()["certificates"]], ["valid", *expected])
        self.assertGreater(min(expected.count("valid"), expected.count("renewed")), 1000)

    def test_the_json_object_is_as_the_manual_says(self):
        self.authority()
        self.request("Device", "--host", "d.example")
        self.issue()
        self.expect(GOOD, "ca", "code", "ca", "--name", "x", "--role", "camera", "--host", "x.example")
        listed = self.listed()
        self.assertEqual(set(listed), {"authority", "list", "certificates", "codes"})
        self.assertEqual(set(listed["authority"]), {"subject", "sha256", "not_before", "not_after", "key"})
        self.assertIsNone(listed["list"])
        entry, = listed["certificates"]
        self.assertEqual(set(entry), {"serial", "sha256", "key_sha256", "role", "name", "hosts", "issued", "not_before", "not_after",
                                      "state", "revoked", "invalid", "reason", "code", "renews"})
        self.assertEqual((entry["hosts"], entry["revoked"], entry["invalid"], entry["reason"], entry["code"], entry["renews"]),
                         (["d.example"], None, None, None, None, None))
        der = openssl("x509", "-in", self.path("device.pem"), "-noout", "-fingerprint", "-sha256").stdout
        self.assertEqual(entry["sha256"], der.partition("=")[2].strip().replace(":", "").lower())
        code, = listed["codes"]
        self.assertEqual(set(code), {"id", "role", "name", "hosts", "made", "until", "state"})
        self.crl()
        self.assertEqual(set(self.listed()["list"]), {"number", "this_update", "next_update"})


class Codes(CaCase):
    def code(self, *extra, status=GOOD, name="Gate camera"):
        return self.expect(status, "ca", "code", "ca", "--name", name, "--role", "camera", *extra)

    def test_a_code_is_shown_once_and_kept_as_a_hash(self):
        journal = self.authority()
        said = self.code("--host", "gate.example", "--hours", "2", "--json").json()
        self.assertEqual(set(said), {"id", "code", "name", "role", "until"})
        content = journal.content().decode()
        for part in [said["code"], said["code"].replace("-", ""), *re.findall(r"[A-Z0-9]{5}", said["code"])]:
            self.assertNotIn(part, content)
        code, = self.listed()["codes"]
        self.assertEqual((code["id"], code["state"], code["hosts"]), (said["id"], "open", ["gate.example"]))
        self.assertEqual(round((at(code["until"]) - at(code["made"])).total_seconds() / 60), 120)
        others = {self.code("--json").json()["code"] for _ in range(5)}
        self.assertEqual(len(others | {said["code"]}), 6)
        self.assertIn(said["id"], self.expect(GOOD, "ca", "list", "ca").out)

    def test_a_code_is_taken_back_once(self):
        self.authority()
        said = self.code("--json").json()["id"]
        self.assertIn(said, self.expect(GOOD, "ca", "code", "ca", "--void", said).out)
        self.assertEqual(self.listed()["codes"][0]["state"], "void")
        self.expect(POLICY, "ca", "code", "ca", "--void", said)
        self.expect(USAGE, "ca", "code", "ca", "--void", "12345678")
        self.expect(USAGE, "ca", "code", "ca", "--void", said, "--name", "x")
        other = self.code("--json").json()["id"]
        self.assertEqual(self.expect(GOOD, "ca", "code", "ca", "--void", other, "--json").json(), {"id": other, "state": "void"})

    def test_a_code_ends(self):
        self.authority()
        self.code("--hours", "0.001")
        self.wait_for(lambda: self.listed()["codes"][0]["state"] == "expired")

    def test_codes_for_what_would_be_refused_are_not_made(self):
        journal = self.authority()
        for extra in (["--host", "a b"], ["--hours", "0"], ["--hours", "2161"], ["--days", "0"], ["--role", "root"]):
            self.assertEqual(self.run_svms("ca", "code", "ca", "--name", "x", *(["--role", "user"] if "--role" not in extra else []),
                                           *extra).status, USAGE, extra)
        self.code(name="x" * 65, status=USAGE)
        self.code("--days", "7300", status=POLICY)
        self.expect(USAGE, "ca", "code", "ca", "--name", "x")
        self.expect(USAGE, "ca", "code", "ca", "--role", "camera")
        self.assertEqual(len(journal.entries()), 1)


class Recordings(SystemCase):
    """What an authority says reaches those who verify recordings."""

    def identity_of(self, role):
        self.expect(GOOD, "request", "--new-key", f"{role}.key", "--name", f"The {role}", "--out", f"{role}.csr")
        self.expect(GOOD, "ca", "issue", "below", f"{role}.csr", "--role", role, "--as-requested", "--out", f"{role}.pem")
        return ["--signer", f"{role}.pem", "--signer-key", f"{role}.key"]

    def test_recordings_are_authentic_until_their_recorder_is_taken_back(self):
        self.expect(GOOD, "ca", "init", "ca", "--name", "Root", "--no-passphrase")
        self.expect(GOOD, "ca", "init", "below", "--name", "Issuing", "--no-passphrase", "--under", "ca")
        opens = ["--password-file", self.password_file]
        self.expect(GOOD, "record", self.clip, "--out", "a.svms", *self.identity_of("recorder"), *opens)
        self.expect(POLICY, "record", self.clip, "--out", "b.svms", *self.identity_of("exporter"), *opens)
        trust = ["verify", "a.svms", "--trust", "ca/ca.pem", "--json"]
        self.assertEqual(self.expect(GOOD, *trust).json()["verdict"], "authentic")

        def crl():
            for name in ("ca", "below"):
                self.expect(GOOD, "ca", "crl", name, "--out", f"{name}.crl", "--force")
            self.store("both.crl", self.load("ca.crl") + self.load("below.crl"))
            return [*trust, "--crl", "both.crl"]

        self.assertEqual(self.expect(GOOD, *crl()).json()["verdict"], "authentic")
        self.expect(GOOD, "ca", "revoke", "below", "recorder.pem", "--reason", "key-compromise")
        run = self.expect(EVIDENCE, *crl())
        self.assertEqual(run.json()["verdict"], "untrusted")
        self.assertIn("revoked", run.out)


class Tpm(CaCase):
    """The authority's key, and a device's, in a TPM that swtpm plays, by way of OpenSSL's configuration."""

    TOOLS = ("swtpm", "tpm2_createprimary", "tpm2_create", "tpm2_load", "tpm2_evictcontrol", "tpm2_flushcontext")

    def setUp(self):
        super().setUp()
        modules = re.search(r'"(.*)"', openssl("version", "-m").stdout).group(1)
        missing = [tool for tool in self.TOOLS if not shutil.which(tool)]
        if missing or not os.path.exists(os.path.join(modules, "tpm2.so")):
            say(f"SKIPPED: {', '.join(missing) or 'the tpm2 provider'} is not installed")
            self.skipTest("no TPM")
        os.mkdir(self.path("state"))
        socket = self.path("socket")
        self.daemon = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.path('state')}", "--flags", "not-need-init,startup-clear",
             "--server", f"type=unixio,path={socket}", "--ctrl", f"type=unixio,path={socket}.ctrl"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end_daemon)
        self.wait_for(lambda: os.path.exists(f"{socket}.ctrl"))
        self.store("openssl.cnf", b"openssl_conf = all\n[all]\nproviders = providers\n[providers]\ndefault = one\ntpm2 = two\n"
                                  b"[one]\nactivate = 1\n[two]\nactivate = 1\n")
        self.environment = {**os.environ, "TPM2TOOLS_TCTI": f"swtpm:path={socket}", "TPM2OPENSSL_TCTI": f"swtpm:path={socket}",
                            "OPENSSL_CONF": self.path("openssl.cnf")}

    def end_daemon(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(TIMEOUT)

    def tool(self, name, *arguments):
        subprocess.run([name, *arguments], cwd=self.folder, env={**self.environment, "OPENSSL_CONF": "/dev/null"}, check=True,
                       capture_output=True, timeout=TIMEOUT)

    def make(self, handle):
        self.tool("tpm2_create", "-Q", "-C", "primary.ctx", "-G", "ecc256:ecdsa-sha256", "-u", "k.pub", "-r", "k.priv", "-a",
                  "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_load", "-Q", "-C", "primary.ctx", "-u", "k.pub", "-r", "k.priv", "-c", "k.ctx")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_evictcontrol", "-Q", "-c", "k.ctx", handle)
        self.tool("tpm2_flushcontext", "-t")

    def test_keys_that_never_leave_the_tpm(self):
        self.tool("tpm2_createprimary", "-Q", "-C", "o", "-g", "sha256", "-G", "ecc", "-c", "primary.ctx")
        self.make("0x81000001")
        self.make("0x81000002")
        with_tpm = {"env": self.environment}
        self.expect(GOOD, "ca", "init", "hard", "--name", "CA in a TPM", "--key", "handle:0x81000001", **with_tpm)
        self.assertNotIn("ca-key.pem", os.listdir(self.path("hard")))
        self.expect(GOOD, "request", "--key", "handle:0x81000002", "--name", "Device", "--out", "device.csr", **with_tpm)
        self.issue(ca="hard", **with_tpm)
        self.expect(GOOD, "ca", "crl", "hard", "--out", "hard.crl", **with_tpm)
        openssl("verify", "-x509_strict", "-crl_check", "-CRLfile", self.path("hard.crl"), "-CAfile", self.path("hard/ca.pem"),
                self.path("device.pem"))
        # Without the TPM there is no authority.
        self.assertNotEqual(self.run_svms("ca", "crl", "hard", "--out", "x.crl").status, GOOD)


class Long(CaCase):
    def test_a_long_journal_is_read(self):
        journal = self.authority()
        self.request()
        self.issue()
        entry = journal.issued()[0]
        template = {name: entry[name] for name in entry if name not in ("line", "previous", "serial")}
        lines = journal.lines()
        for number in range(5000):
            whole = {"line": len(lines) + 1, "previous": hashlib.sha256(lines[-1]).hexdigest(), **template,
                     "serial": f"a{number:031x}"}
            lines.append(json.dumps(whole).encode())
        journal.store(b"".join(line + b"\n" for line in lines))
        with open(journal.head_path, "w", encoding="utf-8") as file:
            json.dump({"lines": len(lines), "sha256": hashlib.sha256(lines[-1]).hexdigest()}, file)
        self.assertEqual(len(self.listed()["certificates"]), 5001)
        self.issue(out="again.pem")
        self.assertEqual(len(journal.issued()), 5002)


if __name__ == "__main__":
    main()
