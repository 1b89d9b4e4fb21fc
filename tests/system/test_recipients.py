#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who can decrypt: list, add, remove, rewrap, key officers, and erasing by destroying a key."""

import fcntl
import hashlib
import os
import random
import re
import stat
import struct
import subprocess
import time

from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, PROGRAM, SystemCase, TIMEOUT, USAGE, ffmpeg,
                         main, packets)


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=TIMEOUT).stdout


def block_of(content):
    """Where the two slots of the access block are: offset and size of one slot."""
    size, = struct.unpack_from(">I", content, 20)
    start = size
    if content[30] != 0:
        start += 16 + struct.unpack_from(">I", content, size + 4)[0]
    at = 72
    while at < size:
        tag, _, length = struct.unpack_from(">HHI", content, at)
        if tag == 6:
            return start, struct.unpack_from(">I", content, at + 40)[0]
        at += 8 + length
    raise ValueError("the container is not encrypted")


class RecipientsCase(SystemCase):
    """Keys of every kind, and a short recording."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.short = os.path.join(cls.shared, "short.mp4")
        ffmpeg("-i", cls.clip, "-t", "2", "-c", "copy", cls.short)
        kinds = {"x25519": ["-algorithm", "X25519"], "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                 "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]}
        cls.private, cls.public, cls.ids = {}, {}, {}
        for kind, options in kinds.items():
            cls.private[kind] = os.path.join(cls.shared, kind + ".key")
            cls.public[kind] = os.path.join(cls.shared, kind + ".pub")
            openssl("genpkey", *options, "-out", cls.private[kind])
            os.chmod(cls.private[kind], 0o600)
            openssl("pkey", "-in", cls.private[kind], "-pubout", "-out", cls.public[kind])
            der = openssl("pkey", "-in", cls.private[kind], "-pubout", "-outform", "DER")
            cls.ids[kind] = hashlib.sha256(der).hexdigest()[:32]
        cls.officer = {}
        for role in ("key-officer", "custodian"):
            folder = os.path.join(cls.shared, role)
            subprocess.run([PROGRAM, "identity", "create", "--out", folder, "--name", f"Test {role}", "--role", role,
                            "--ca", cls.identity], check=True, capture_output=True, timeout=TIMEOUT)
            cls.officer[role] = ["--officer-key", os.path.join(folder, "key.pem"),
                                 "--officer-cert", os.path.join(folder, "cert.pem")]

    def record(self, name="a.svms", *extra, **options):
        return super().record(name, *extra, **{"clip": self.short, **options})

    def new_kek(self, name="kek"):
        return self.expect(GOOD, "kek", "new", "--out", name, "--json").json()["kek_id"]

    def list(self, *extra, name="a.svms", status=GOOD):
        return self.expect(status, "recipients", "list", name, "--json", *extra).json()

    def kinds(self, name="a.svms"):
        return sorted(one["kind"] for one in self.list(name=name)["recipients"])

    def opens(self, *key, name="a.svms"):
        """Whether a key opens every sample of an authentic recording."""
        run = self.run_svms("verify", name, "--trust", self.ca, "--json", *key)
        self.assertIn(run.status, (GOOD, EVIDENCE), run)
        verdict = (run.json()["verdict"], run.json()["access"]["verdict"])
        self.assertIn(verdict, (("authentic", "opened"), ("undecryptable", "wrong_key")), run)
        return run.status == GOOD


class Changing(RecipientsCase):
    def test_each_kind_is_recorded_for_listed_and_opens(self):
        kek = self.new_kek()
        people = [word for kind in ("x25519", "p256", "rsa") for word in ("--recipient", self.public[kind])]
        self.record("a.svms", "--password-file", self.password_file, "--kek", "kek", *people)
        source = packets(self.short)
        keys = [["--identity", self.private[kind]] for kind in self.private]
        keys += [["--kek", "kek"], ["--password-file", self.password_file]]
        for key in keys:
            with self.subTest(key[0]):
                self.expect(GOOD, "extract", "a.svms", "--out", "a.mp4", "--force", *key)
                self.assertEqual(packets(self.path("a.mp4")), source)
                self.assertTrue(self.list(*key)["authenticated"])
                self.assertTrue(self.expect(GOOD, "info", "a.svms", "--json", *key).json()["access"]["unlocked"])
        shown = self.list()
        self.assertEqual([(one["kind"], one["key_id"]) for one in shown.pop("recipients")],
                         [("password", None), *((kind, self.ids[kind]) for kind in ("x25519", "p256", "rsa")), ("kek", kek)])
        self.assertEqual(shown, {"file": "a.svms", "revision": 1, "other_revision": 0, "other_differs": False,
                                 "officer_lost": False, "damaged_slots": 0, "authenticated": False, "officer": None,
                                 "slot_size": 4096, "slot_used": 108 + 5 * 8 + 68 + 96 + 129 + 400 + 56})
        text = self.expect(GOOD, "recipients", "list", "a.svms").out
        for words in ("password", "X25519 " + self.ids["x25519"], "P-256 " + self.ids["p256"],
                      "RSA " + self.ids["rsa"], "key-encryption key " + kek):
            self.assertIn(words, text)
        self.expect(GOOD, "keys", "disclose", "a.svms", "--kek", "kek", "--from", "2026-11-21T10:00:00Z",
                    "--to", "2026-11-21T10:00:01Z", "--out", "keys")

    def test_nothing_but_the_access_block_changes(self):
        self.record()
        before = self.load("a.svms")
        start, size = block_of(before)
        added = self.expect(GOOD, "recipients", "add", "a.svms", "--recipient", self.public["x25519"], "--json",
                            "--password-file", self.password_file)
        self.assertEqual((added.json()["revision"], added.json()["other_revision"], added.json()["authenticated"]),
                         (2, 1, True))
        self.assertEqual(added.err, "")
        removed = self.expect(GOOD, "recipients", "remove", "a.svms", "--password", "--identity", self.private["x25519"])
        self.assertIn("keeps what was copied or opened before", removed.err)
        after = self.load("a.svms")
        self.assertEqual(after[:start], before[:start])
        self.assertEqual(after[start + 2 * size:], before[start + 2 * size:])
        self.assertEqual(len(after), len(before))
        for slot in range(2):
            self.assertNotEqual(after[start + slot * size:][:size], before[start + slot * size:][:size])
        self.assertTrue(self.opens("--identity", self.private["x25519"]))
        self.assertFalse(self.opens("--password-file", self.password_file))
        self.assertEqual(self.verify()["access"]["revision"], 4)
        # Whoever kept a copy of the file keeps his access: that is what the note says.
        self.store("copy.svms", before)
        self.assertTrue(self.opens("--password-file", self.password_file, name="copy.svms"))

    def test_recipients_go_by_key_by_id_and_by_the_beginning_of_an_id(self):
        self.new_kek()
        people = [word for kind in ("x25519", "p256", "rsa") for word in ("--recipient", self.public[kind])]
        self.record("a.svms", "--password-file", self.password_file, "--kek", "kek", *people)
        opens = ["--password-file", self.password_file]
        self.expect(GOOD, "recipients", "remove", "a.svms", "--recipient", self.public["rsa"], *opens)
        self.assertEqual(self.kinds(), ["kek", "p256", "password", "x25519"])
        self.expect(GOOD, "recipients", "remove", "a.svms", "--key-id", self.ids["p256"], *opens)
        self.expect(GOOD, "recipients", "remove", "a.svms", "--key-id", self.ids["x25519"][:8], *opens)
        self.expect(GOOD, "recipients", "remove", "a.svms", "--recipient-kek", "kek", *opens)
        self.assertEqual(self.kinds(), ["password"])
        for kind in self.private:
            self.assertFalse(self.opens("--identity", self.private[kind]))
        run = self.expect(USAGE, "recipients", "remove", "a.svms", "--key-id", self.ids["p256"], *opens)
        self.assertIn("is not there", run.err)
        self.assertIn("no recipient", self.expect(USAGE, "recipients", "remove", "a.svms", "--key-id", "01234567", *opens).err)
        for digits in ("0123456", "0123456x", "0" * 33, ""):
            run = self.expect(USAGE, "recipients", "remove", "a.svms", "--key-id", digits, *opens)
            self.assertIn("8 to 32 digits", run.err)
        run = self.expect(USAGE, "recipients", "remove", "a.svms", "--password", *opens)
        self.assertIn("nobody could open", run.err)

    def test_rewrap_leaves_nobody_else(self):
        self.new_kek()
        new_password = self.store("new", b"another one\n")
        os.chmod(new_password, 0o600)
        self.record("a.svms", "--password-file", self.password_file, "--recipient", self.public["rsa"])
        run = self.expect(GOOD, "recipients", "rewrap", "a.svms", "--recipient", self.public["p256"], "--recipient-kek",
                          "kek", "--new-password-file", "new", "--identity", self.private["rsa"], "--json")
        self.assertEqual(sorted(one["kind"] for one in run.json()["recipients"]), ["kek", "p256", "password"])
        self.assertEqual((run.json()["revision"], run.json()["authenticated"]), (3, False))
        for key in (["--identity", self.private["p256"]], ["--kek", "kek"], ["--password-file", "new"]):
            self.assertTrue(self.opens(*key))
        for key in (["--identity", self.private["rsa"]], ["--password-file", self.password_file]):
            self.assertFalse(self.opens(*key))

    def test_a_password_takes_the_place_of_the_one_before(self):
        os.chmod(self.store("new", b"another one\n"), 0o600)
        self.record()
        self.expect(GOOD, "recipients", "add", "a.svms", "--new-password-file", "new", "--password-file", self.password_file)
        self.assertEqual(self.kinds(), ["password"])
        self.assertTrue(self.opens("--password-file", "new"))
        self.assertFalse(self.opens("--password-file", self.password_file))

    def test_a_recorder_with_public_keys_only_cannot_read_what_it_wrote(self):
        self.record("a.svms", "--recipient", self.public["p256"])
        self.assertFalse(self.opens("--identity", os.path.join(self.identity, "key.pem")))
        self.assertEqual(self.verify()["verdict"], "authentic")
        self.assertTrue(self.opens("--identity", self.private["p256"]))


class Failing(RecipientsCase):
    def test_failures_have_their_words_and_statuses_and_change_nothing(self):
        self.record("a.svms", "--password-file", self.password_file, "--recipient", self.public["p256"])
        self.expect(GOOD, "record", self.short, "--out", "clear.svms", "--protect", "none", *self.signer)
        self.store("text", b"no container at all, but long enough to be looked at as one\n" * 4)
        self.store("no.kek", b"-----BEGIN NONSENSE-----\nx\n-----END NONSENSE-----\n")
        os.chmod(self.path("no.kek"), 0o600)
        before = self.load("a.svms")
        opens = ["--password-file", self.password_file]
        add = ["--recipient", self.public["x25519"]]
        cases = (
            (USAGE, ["add", "a.svms", *add], "what opens the recording is missing"),
            (USAGE, ["add", "a.svms", "--recipient", self.public["p256"], *opens], "is there already"),
            (USAGE, ["remove", "a.svms", *add, *opens], "is not there"),
            (USAGE, ["list", "clear.svms"], "not encrypted"),
            (USAGE, ["add", "clear.svms", *add, *opens], "not encrypted"),
            (EVIDENCE, ["add", "a.svms", *add, "--identity", self.private["rsa"]], "not one of the container's recipients"),
            (EVIDENCE, ["list", "a.svms", "--identity", self.private["rsa"]], "not one of the container's recipients"),
            (ENVIRONMENT, ["list", "missing.svms"], "missing.svms"),
            (ENVIRONMENT, ["add", "missing.svms", *add, *opens], "missing.svms"),
            (ENVIRONMENT, ["add", ".", *add, *opens], "no regular file"),
            (ENVIRONMENT, ["add", "a.svms", "--recipient", "missing.pub", *opens], "missing.pub"),
            (MALFORMED, ["list", "text"], "text"),
            (MALFORMED, ["add", "text", *add, *opens], "text"),
            (MALFORMED, ["add", "a.svms", "--recipient-kek", "no.kek", *opens], "no.kek"),
            (MALFORMED, ["list", "a.svms", "--kek", "no.kek"], "no.kek"),
            (POLICY, ["add", "a.svms", *add, *opens, *self.officer["custodian"]], "does not allow the role"),
        )
        for status, arguments, words in cases:
            with self.subTest(" ".join(arguments)):
                run = self.expect(status, "recipients", *arguments)
                self.assertIn(words, run.err)
                self.assertEqual(run.out, "")
                self.assertEqual(self.load("a.svms"), before)

    def test_a_recording_that_is_being_written_is_left_alone(self):
        self.record()
        with open(self.path("a.svms"), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            run = self.expect(ENVIRONMENT, "recipients", "add", "a.svms", "--recipient", self.public["p256"],
                              "--password-file", self.password_file)
            self.assertIn("being written by somebody else", run.err)
            self.list()

    def test_a_list_that_has_no_room_says_how_much_it_needs(self):
        self.record()
        keks = []
        for number in range(63):
            self.new_kek(f"kek{number}")
            keks += ["--recipient-kek", f"kek{number}"]
        before = self.load("a.svms")
        run = self.expect(USAGE, "recipients", "add", "a.svms", *keks, "--password-file", self.password_file)
        self.assertRegex(run.err, r"need \d+ bytes, and the slot has 4096")
        self.assertEqual(self.load("a.svms"), before)

    def test_an_altered_list_is_told_from_a_wrong_key(self):
        self.record("a.svms", "--password-file", self.password_file, "--recipient", self.public["x25519"])
        content = bytearray(self.load("a.svms"))
        start, _ = block_of(content)
        # Somebody drops the second stanza: the list stays consistent, and is not what was written.
        first = 40 + 8 + 68
        content[start + 35] = 1
        struct.pack_into(">I", content, start + 36, 8 + 68)
        content[start + first:start + first + 4] = bytes(4)
        content[start + first + 4:start + first + 36] = os.urandom(32)
        content[start + first + 36:start + first + 68] = hashlib.sha256(content[start:start + first + 36]).digest()
        content[start + first + 68:start + 4096] = bytes(4096 - first - 68)
        self.store("b.svms", bytes(content))
        self.assertEqual([one["kind"] for one in self.list(name="b.svms")["recipients"]], ["password"])
        run = self.expect(EVIDENCE, "recipients", "list", "b.svms", "--password-file", self.password_file)
        self.assertIn("altered by somebody without the key", run.err)
        run = self.expect(EVIDENCE, "recipients", "list", "b.svms", "--identity", self.private["x25519"])
        self.assertIn("not one of the container's recipients", run.err)
        report = self.verify("b.svms", "--password-file", self.password_file, status=EVIDENCE)
        self.assertEqual((report["verdict"], report["access"]["verdict"]), ("undecryptable", "failed"))

    def test_a_damaged_slot_is_named_and_the_next_change_repairs_it(self):
        self.record("a.svms", "--recipient", self.public["x25519"])
        opens = ["--identity", self.private["x25519"]]
        self.expect(GOOD, "recipients", "add", "a.svms", "--recipient", self.public["p256"], *opens)
        content = bytearray(self.load("a.svms"))
        start, size = block_of(content)
        content[start + size + 50] ^= 1
        self.store("a.svms", bytes(content))
        shown = self.list(*opens)
        self.assertEqual((shown["damaged_slots"], shown["revision"], self.kinds()), (1, 1, ["x25519"]))
        self.assertIn("1 of 2 access slots damaged", self.expect(GOOD, "recipients", "list", "a.svms").out)
        self.assertEqual(self.verify(status=EVIDENCE)["verdict"], "incomplete")
        self.expect(GOOD, "recipients", "add", "a.svms", "--recipient", self.public["p256"], *opens)
        self.assertEqual((self.list()["damaged_slots"], self.verify()["verdict"]), (0, "authentic"))
        # Both damaged: nothing opens it, and that is said with the status of evidence.
        content = bytearray(self.load("a.svms"))
        for slot in range(2):
            content[start + slot * size + 50] ^= 1
        self.store("a.svms", bytes(content))
        self.assertEqual(self.list(status=EVIDENCE)["revision"], 0)
        self.assertIn("access block is damaged", self.expect(EVIDENCE, "recipients", "list", "a.svms", *opens).err)

    def test_killed_while_it_changes_the_list_it_always_opens(self):
        self.record("a.svms", "--recipient", self.public["x25519"])
        opens = ["--identity", self.private["x25519"]]
        sets = (["--recipient", self.public["x25519"], "--recipient", self.public["p256"]],
                ["--recipient", self.public["x25519"], "--recipient", self.public["rsa"]])
        clock = time.monotonic()
        self.expect(GOOD, "recipients", "rewrap", "a.svms", *sets[0], *opens)
        usual = time.monotonic() - clock
        chance = random.Random(11)
        killed = 0
        for number in range(40):
            with subprocess.Popen([PROGRAM, "recipients", "rewrap", "a.svms", *sets[number % 2], *opens], cwd=self.folder,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                time.sleep(usual * chance.random())
                process.kill()
                killed += process.wait() < 0
            shown = self.list(*opens)
            self.assertTrue(shown["authenticated"])
            self.assertEqual(len(shown["recipients"]), 2)
        self.assertGreater(killed, 5)
        self.expect(GOOD, "recipients", "rewrap", "a.svms", *sets[0], *opens)
        self.assertTrue(self.opens(*opens))
        self.assertFalse(self.list()["other_differs"])


class Officers(RecipientsCase):
    def change(self, *extra):
        self.expect(GOOD, "recipients", "add", "a.svms", "--password-file", self.password_file, *extra)

    def test_who_signed_the_list_is_said_and_checked(self):
        self.record()
        self.change("--recipient", self.public["p256"], *self.officer["key-officer"])
        self.assertEqual(self.list()["officer"], "CN=Test key-officer")
        access = self.verify()["access"]
        self.assertEqual((access["revision"], access["officer"], access["officer_verdict"]),
                         (2, "CN=Test key-officer", "trusted"))
        text = self.expect(GOOD, "verify", "a.svms", "--trust", self.ca).out
        self.assertIn("signed by CN=Test key-officer", text)
        self.assertIn("key officer: trusted", text)
        info = self.expect(GOOD, "info", "a.svms", "--json").json()["access"]
        self.assertEqual((info["revision"], info["officer"]), (2, "CN=Test key-officer"))
        self.assertIn("CN=Test key-officer", self.expect(GOOD, "info", "a.svms").out)
        self.change("--recipient", self.public["rsa"])
        self.change(*self.officer["key-officer"])
        self.assertEqual((self.list()["revision"], self.list()["officer"]), (4, "CN=Test key-officer"))
        untrusted = self.expect(EVIDENCE, "verify", "a.svms", "--json").json()["access"]
        self.assertEqual(untrusted["officer_verdict"], "no_anchor")

    def test_a_list_that_nobody_signed_after_an_officer_did_is_reported(self):
        self.record()
        self.change("--recipient", self.public["p256"], *self.officer["key-officer"])
        self.change("--recipient", self.public["rsa"])
        shown = self.list()
        self.assertEqual((shown["revision"], shown["officer"], shown["officer_lost"]), (3, None, True))
        self.assertIn("nobody signed this one", self.expect(GOOD, "recipients", "list", "a.svms").out)
        self.assertEqual(self.verify()["access"]["officer"], None)
        self.assertIn("revision 3, not signed by a key officer",
                      self.expect(GOOD, "verify", "a.svms", "--trust", self.ca).out)


class Erasing(RecipientsCase):
    def test_a_new_key_is_private_and_replaces_nothing(self):
        old = os.umask(0)
        try:
            run = self.expect(GOOD, "kek", "new", "--out", "kek")
        finally:
            os.umask(old)
        self.assertRegex(run.out, r"^kek: key-encryption key [0-9a-f]{32}\n$")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("kek")).st_mode), 0o600)
        before = self.load("kek")
        self.assertIn("never replaced", self.expect(ENVIRONMENT, "kek", "new", "--out", "kek").err)
        os.symlink("elsewhere", self.path("link"))
        self.expect(ENVIRONMENT, "kek", "new", "--out", "link")
        self.assertEqual((self.load("kek"), self.files()), (before, ["kek", "link"]))
        self.assertNotEqual(self.new_kek("k1"), self.new_kek("k2"))
        self.expect(ENVIRONMENT, "kek", "new", "--out", "missing/kek")

    def test_destroying_erases_and_says_what_remains(self):
        kek = self.new_kek()
        os.mkdir(self.path("all"))
        self.record("all/only.svms", "--kek", "kek")
        self.record("all/others.svms", "--kek", "kek", "--password-file", self.password_file, "--recipient",
                    self.public["x25519"])
        self.record("all/foreign.svms", "--recipient", self.public["p256"])
        self.expect(GOOD, "record", self.short, "--out", "all/clear.svms", "--protect", "none", *self.signer)
        os.link(self.path("kek"), self.path("link"))
        size = os.path.getsize(self.path("kek"))
        run = self.expect(GOOD, "kek", "destroy", "kek", "--containers", "all", "--json")
        self.assertNotIn("kek", self.files())
        self.assertEqual(self.load("link"), bytes(size))
        self.assertIn("has other names", run.err)
        report = run.json()
        self.assertEqual((report["file"], report["kek_id"], report["destroyed"]), ("kek", kek, True))
        self.assertIn("copies_and_backups_of_the_key", report["not_covered"])
        found = {os.path.basename(one["file"]): one for one in report["containers"]}
        self.assertEqual(set(found), {"only.svms", "others.svms", "foreign.svms"})
        self.assertEqual([found[name]["erased"] for name in ("only.svms", "others.svms", "foreign.svms")],
                         [True, False, False])
        self.assertEqual(found["foreign.svms"]["named"], False)
        self.assertEqual([(one["kind"], one["key_id"]) for one in found["others.svms"]["still_opens_with"]],
                         [("password", None), ("x25519", self.ids["x25519"])])
        self.assertFalse(self.opens("--password-file", self.password_file, name="all/only.svms"))
        self.assertTrue(self.opens("--password-file", self.password_file, name="all/others.svms"))
        # Evidence stays evidence: nobody sees it any more, and it still verifies.
        self.assertEqual(self.verify("all/only.svms")["verdict"], "authentic")

    def test_the_report_for_people_names_recipients_and_what_it_cannot_know(self):
        self.new_kek("k1")
        self.new_kek("k2")
        self.record("a.svms", "--kek", "k1", "--recipient", self.public["rsa"])
        run = self.expect(GOOD, "kek", "destroy", "k1", "--containers", "a.svms")
        self.assertIn("a.svms: still opens with: RSA " + self.ids["rsa"], run.out)
        self.assertRegex(run.out, "backups of the key.*flash(.|\n)*extracted")
        run = self.expect(GOOD, "kek", "destroy", "k2")
        self.assertIn("was not looked at", run.out)
        self.assertEqual(self.files(), ["a.svms"])

    def test_what_is_no_key_and_what_was_mistyped_is_left_alone(self):
        self.new_kek()
        self.record("a.svms", "--kek", "kek")
        cases = ((ENVIRONMENT, ["kek", "--containers", "missing.svms"], "nothing was destroyed"),
                 (MALFORMED, ["a.svms"], "a.svms"), (MALFORMED, [self.password_file], "cannot use"),
                 (ENVIRONMENT, ["missing"], "missing"), (ENVIRONMENT, ["."], "."),
                 (ENVIRONMENT, ["link"], "symbolic link"))
        os.symlink("kek", self.path("link"))
        before = {name: self.load(name) for name in self.files()}
        for status, arguments, words in cases:
            with self.subTest(arguments):
                self.assertIn(words, self.expect(status, "kek", "destroy", *arguments).err)
                self.assertEqual({name: self.load(name) for name in self.files()}, before)
        self.assertTrue(self.opens("--kek", "kek"))

    def test_what_one_devices_key_wrapped_opens_on_no_other(self):
        self.new_kek("device1")
        self.new_kek("device2")
        self.record("a.svms", "--kek", "device1")
        self.assertTrue(self.opens("--kek", "device1"))
        self.assertFalse(self.opens("--kek", "device2"))
        run = self.expect(EVIDENCE, "extract", "a.svms", "--out", "a.mp4", "--kek", "device2")
        self.assertIn("not one of the container's recipients", run.err)
        self.assertIsNone(re.search("BEGIN|[0-9a-f]{64}", run.err))


if __name__ == "__main__":
    main()
