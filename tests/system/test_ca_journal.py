#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The journal of svms ca: killed, torn, damaged, shortened, a full disk, several at once."""

import glob
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import time

from ca_case import CaCase, serial_of
from enroll_case import Server
from export_case import limited_to
from system_case import ENVIRONMENT, GOOD, MALFORMED, POLICY, LEAN_PROGRAM, TIMEOUT, main, say

KILLS = 30
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n")


class Interrupted(CaCase):
    def issuing(self, out):
        return [LEAN_PROGRAM, "ca", "issue", "ca", "device.csr", "--role", "recorder", "--as-requested", "--out", out]

    def killed_when(self, condition, out):
        """Whether it was still running when the condition came to hold."""
        process = subprocess.Popen(self.issuing(out), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while process.poll() is None:
            if condition():
                process.send_signal(signal.SIGKILL)
                break
        return process.wait(TIMEOUT) == -signal.SIGKILL

    def moments(self, journal, out, lasts, chance):
        """At random, and while each of the files is being written."""
        size = os.path.getsize(journal.path)
        end = time.monotonic() + chance.uniform(0, 1.5 * lasts)
        return (lambda: time.monotonic() > end, lambda: os.path.exists(journal.head_path + ".new"),
                lambda: os.path.getsize(journal.path) != size, lambda: glob.glob(self.path(out + "*")),
                lambda: os.path.getsize(journal.path) != size and not os.path.exists(journal.head_path + ".new"))

    def outside(self):
        """Every certificate that stands in a file outside the authority's folder, complete or not."""
        found = set()
        for path in glob.glob(self.path("*.pem*")):
            with open(path, "rb") as file:
                found |= set(CERTIFICATE.findall(file.read())[:1])
        return found

    def test_who_is_killed_has_handed_out_nothing_that_the_journal_does_not_know(self):
        journal = self.authority()
        self.request()
        began = time.monotonic()
        self.issue(out="first.pem")
        lasts = time.monotonic() - began
        chance = random.Random(26)
        killed = 0
        for number in range(KILLS):
            moments = self.moments(journal, f"{number}.pem", lasts, chance)
            killed += self.killed_when(moments[number % len(moments)], f"{number}.pem")
        # Whatever the last one left is put right by the next, and said.
        self.issue(out="last.pem")
        known = {entry["certificate"].encode() for entry in journal.issued()}
        self.assertLessEqual(self.outside(), known)
        self.assertEqual(len({entry["serial"] for entry in journal.issued()}), len(journal.issued()))
        self.assertEqual(len(self.listed()["certificates"]), len(journal.issued()))
        say(f"{killed} of {KILLS} were killed before their end; {len(journal.issued())} certificates are known, "
            f"{len(self.outside())} were handed out")
        self.assertGreater(killed, 0)

    def test_an_unfinished_line_is_set_aside_and_said(self):
        journal = self.authority()
        self.request()
        self.issue()
        whole = journal.content()
        lines = len(journal.lines())
        for tail in (b"{", b'{"line":3,"previous":"', b"\0" * 700, whole.split(b"\n")[1], b"{}\n", b"\0\0\n", b"\xff\n"):
            with self.subTest(tail):
                journal.store(whole + tail)
                run = self.expect(GOOD, "ca", "list", "ca", "--json")
                self.assertIn("unfinished line", run.err)
                self.assertEqual(len(run.json()["certificates"]), 1)
                self.assertEqual(journal.content(), whole + tail)  # who only reads changes nothing
                run = self.expect(GOOD, "ca", "code", "ca", "--name", "x", "--role", "camera")
                self.assertIn("unfinished line", run.err)
                entries = journal.entries()
                self.assertEqual([entry["what"] for entry in entries[lines:]], ["torn", "code"])
                with open(os.path.join(self.path("ca"), entries[lines]["file"]), "rb") as file:
                    self.assertEqual(file.read(), tail)
                self.assertEqual(self.expect(GOOD, "ca", "list", "ca").err, "")
                # Back to the beginning of this case, with the head that belongs to it.
                journal.store(b"".join(line + b"\n" for line in whole.split(b"\n")[:-2]))
                entry = json.loads(whole.split(b"\n")[-2])
                journal.append(**{name: entry[name] for name in entry if name not in ("line", "previous")})
                whole = journal.content()

    def test_a_complete_line_that_nobody_acted_upon_counts(self):
        journal = self.authority()
        self.request()
        with open(journal.head_path, "rb") as file:
            head = file.read()
        self.issue()
        with open(journal.head_path, "wb") as file:
            file.write(head)
        self.assertEqual(list(self.certificates()), ["Device"])
        self.expect(GOOD, "ca", "revoke", "ca", "device.pem")
        self.assertEqual(journal.entries()[-1]["what"], "revoked")

    def test_a_certificate_that_did_not_arrive_is_handed_out_again(self):
        journal = self.authority()
        self.request()
        self.issue()
        serial = journal.issued()[0]["serial"]
        self.expect(GOOD, "ca", "get", "ca", serial.upper(), "--out", "again.pem")
        self.assertEqual(self.load("again.pem"), self.load("device.pem"))
        self.assertEqual(serial_of(self.path("again.pem")), serial)


class Damaged(CaCase):
    def setUp(self):
        super().setUp()
        self.journal = self.authority()
        self.request()
        for number in range(4):
            self.issue(out=f"{number}.pem")
        self.whole = self.journal.content()
        self.places = [match.end() for match in re.finditer(b"\n", self.whole)]

    def refused(self, content, words):
        self.journal.store(content)
        for command in (["ca", "list", "ca"], ["ca", "code", "ca", "--name", "x", "--role", "camera"],
                        ["ca", "crl", "ca", "--out", "x.crl"], ["ca", "revoke", "ca", "0.pem"],
                        ["ca", "issue", "ca", "device.csr", "--role", "recorder", "--as-requested", "--out", "x.pem"]):
            run = self.expect(MALFORMED, *command)
            self.assertIn(words, run.err)
        self.assertEqual(self.journal.content(), content)
        self.assertFalse({"x.pem", "x.crl"} & set(self.files()))

    def test_a_changed_byte_is_refused_with_its_line(self):
        chance = random.Random(7)
        for line, end in enumerate(self.places, 1):
            begin = self.places[line - 2] if line > 1 else 0
            changed = bytearray(self.whole)
            place = chance.randrange(begin, end - 1)
            changed[place] ^= 1
            with self.subTest(line=line, byte=place):
                # A change that leaves the line readable shows in the one behind it, or in the head.
                self.journal.store(bytes(changed))
                run = self.expect(MALFORMED, "ca", "list", "ca")
                self.assertRegex(run.err, rf"line ({line}|{line + 1}) ")

    def test_what_is_cut_off_is_missed(self):
        for lines in range(len(self.places)):
            end = self.places[lines - 1] if lines else 0
            with self.subTest(lines=lines):
                self.refused(self.whole[:end], f"line {lines + 1} is missing")
                self.refused(self.whole[:end + 10], f"line {lines + 1} is damaged")

    def test_a_line_that_is_gone_doubled_or_moved_is_refused(self):
        first, second, third = self.whole[:self.places[0]], self.whole[self.places[0]:self.places[1]], \
            self.whole[self.places[1]:self.places[2]]
        rest = self.whole[self.places[2]:]
        self.refused(first + third + rest, "line 2 is damaged")
        self.refused(first + second + second + third + rest, "line 3 is damaged")
        self.refused(first + third + second + rest, "line 2 is damaged")
        self.refused(second + third + rest, "line 1 is damaged")

    def test_two_lines_behind_the_head_of_which_the_first_is_damaged_are_refused(self):
        with open(self.journal.head_path, "w", encoding="utf-8") as file:
            json.dump({"lines": 0, "sha256": "00" * 32}, file)
        self.refused(self.whole[:self.places[0]] + b"X" + self.whole[self.places[0] + 1:], "line 2 is damaged")

    def test_the_journal_of_another_authority_is_refused(self):
        self.init("other", "--no-passphrase")
        for name in ("journal", "journal.head"):
            with open(os.path.join(self.path("other"), name), "rb") as file:
                self.store(f"ca/{name}", file.read())
        self.refused(self.journal.content(), "not the journal of the authority")

    def test_a_missing_or_damaged_head_is_refused(self):
        for content in (b"", b"{}", b'{"lines":-1,"sha256":"' + b"00" * 32 + b'"}', b"\xff" * 40):
            with self.subTest(content):
                self.store("ca/journal.head", content)
                self.refused(self.whole, "journal.head is damaged")
        os.unlink(self.journal.head_path)
        self.assertIn("journal.head", self.expect(ENVIRONMENT, "ca", "list", "ca").err)

    def test_lines_that_say_what_cannot_be_are_refused(self):
        serial = self.journal.issued()[0]["serial"]
        head = self.load("ca/journal.head")
        for entry in ({"what": "party"}, {"what": "revoked", "serial": "12", "reason": "superseded", "revoked":
                                          "2026-11-21T10:00:00Z", "invalid": None},
                      {"what": "revoked", "serial": serial, "reason": "boredom", "revoked": "2026-11-21T10:00:00Z",
                       "invalid": None},
                      {"what": "list", "number": 0, "this": "2026-11-21T10:00:00Z", "next": "2026-11-21T10:00:00Z",
                       "sha256": "00" * 32},
                      {"what": "created", "authority": "00" * 32}, {"what": "code-voided", "id": "abcd"},
                      {"what": "issued", "serial": 5}, {"what": None}, {}):
            with self.subTest(entry):
                self.journal.store(self.whole)
                self.store("ca/journal.head", head)
                self.journal.append(**entry)
                self.refused(self.journal.content(), f"line {len(self.places) + 1}")


    def test_lines_that_contradict_those_before_are_refused_by_name(self):
        first = self.journal.issued()[0]
        again = {name: first[name] for name in first if name not in ("line", "previous")}
        serial = first["serial"]
        other = {**again, "serial": "12" + serial[2:]}
        code = {"what": "code", "id": "0123abcd", "sha256": "11" * 32, "role": "recorder", "name": "Device", "hosts": [], "days": 0,
                "until": "2093-01-01T00:00:00Z"}
        void = {"what": "code-voided", "id": code["id"]}
        paid = {**other, "code": code["id"]}
        revoked = {"what": "revoked", "serial": serial, "reason": "key-compromise", "revoked": "2026-03-01T00:00:00Z",
                   "invalid": "2026-02-01T00:00:00Z"}
        head = self.load("ca/journal.head")
        for before, entry, name in (
                ([], again, serial), ([], paid, code["id"]), ([code], code, code["id"]), ([code, void], paid, code["id"]),
                ([code, paid], {**paid, "serial": "13" + serial[2:]}, code["id"]), ([code, paid], void, code["id"]),
                ([code, void], void, code["id"]), ([code], {**paid, "name": "Somebody"}, code["id"]),
                ([code], {**paid, "role": "camera"}, code["id"]), ([revoked], {**revoked, "reason": "superseded"}, serial),
                ([revoked], {**revoked, "revoked": "2026-03-01T00:00:01Z"}, serial),
                ([revoked], {**revoked, "invalid": "2026-02-01T00:00:01Z"}, serial),
                ([revoked], {**revoked, "invalid": None}, serial)):
            with self.subTest(before=before, entry=entry):
                self.journal.store(self.whole)
                self.store("ca/journal.head", head)
                for line in before:
                    self.journal.append(**line)
                self.expect(GOOD, "ca", "list", "ca")
                self.journal.append(**entry)
                run = self.expect(MALFORMED, "ca", "list", "ca")
                self.assertIn(f"line {len(self.places) + len(before) + 1} contradicts", run.err)
                self.assertIn(name, run.err)

    def test_lines_are_found_wherever_they_lie_in_what_is_read_at_once(self):
        head = self.load("ca/journal.head")
        entry = {"what": "torn", "bytes": 1, "sha256": "00" * 32}
        for size in (20000, 65000, 65135):
            with self.subTest(size):
                self.journal.store(self.whole)
                self.store("ca/journal.head", head)
                for number in range(24):
                    self.journal.append(**entry, file="x" * (size - number))
                self.assertEqual(len(self.listed()["certificates"]), 4)
                self.expect(GOOD, "ca", "code", "ca", "--name", "x", "--role", "camera")
                self.assertEqual(self.journal.entries()[-1]["what"], "code")


class Together(CaCase):
    def test_several_at_once_issue_one_after_the_other(self):
        journal = self.authority()
        for number in range(6):
            self.request(f"Device {number}")
        running = [subprocess.Popen([LEAN_PROGRAM, "ca", "issue", "ca", f"device-{number}.csr", "--role", "camera",
                                     "--as-requested", "--out", f"device-{number}.pem"], cwd=self.folder,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for number in range(6)]
        running += [subprocess.Popen([LEAN_PROGRAM, "ca", "crl", "ca", "--out", f"{number}.crl"], cwd=self.folder,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    for number in range(4)]
        self.assertEqual([process.wait(TIMEOUT) for process in running], [GOOD] * len(running))
        self.assertEqual({entry["name"] for entry in journal.issued()}, {f"Device {number}" for number in range(6)})
        numbers = [entry["number"] for entry in journal.entries() if entry["what"] == "list"]
        self.assertEqual(numbers, [1, 2, 3, 4])


class FullDisk(CaCase):
    def test_nothing_is_handed_out(self):
        journal = self.authority()
        self.request()
        self.issue(out="first.pem")
        before = journal.content()
        head = self.load("ca/journal.head")
        for size in (0, 50, len(before), len(before) + 1, len(before) + 300):
            with self.subTest(size):
                run = self.issue(status=ENVIRONMENT, preexec_fn=limited_to(size))
                self.assertTrue(run.err)
                self.assertEqual(journal.content(), before)
                self.assertEqual(self.load("ca/journal.head"), head)
                self.assertFalse([name for name in self.files() if name.startswith("device.pem")])
        self.issue()
        self.assertEqual(len(journal.issued()), 2)

    def test_nothing_else_is_done_either(self):
        journal = self.authority()
        self.request()
        self.issue()
        before = journal.content()
        limit = {"preexec_fn": limited_to(len(before) + 40)}
        self.expect(ENVIRONMENT, "ca", "code", "ca", "--name", "x", "--role", "camera", **limit)
        self.expect(ENVIRONMENT, "ca", "revoke", "ca", "device.pem", **limit)
        self.expect(ENVIRONMENT, "ca", "crl", "ca", "--out", "ca.crl", **limit)
        self.init("below", "--no-passphrase", "--under", "ca", status=ENVIRONMENT, **limit)
        self.assertEqual(journal.content(), before)
        self.assertEqual(self.files(), ["ca", "device.csr", "device.key", "device.pem"])
        for size in (0, 60, 300, 500):
            self.init("fresh", "--no-passphrase", status=ENVIRONMENT, preexec_fn=limited_to(size))
            self.assertNotIn("fresh", " ".join(self.files()))
            self.expect(ENVIRONMENT, "request", "--new-key", "n.key", "--name", "n", "--out", "n.csr",
                        preexec_fn=limited_to(min(size, 200)))
            self.assertFalse([name for name in self.files() if name.startswith("n.")])

    def test_a_disk_that_is_really_full(self):
        self.authority()
        self.request()
        script = ('mkdir small && mount -t tmpfs -o size=64k none small && cp -r ca device.csr small || exit 77; cd small; '
                  'number=0; while "$0" ca issue ca device.csr --role recorder --as-requested --out $number.pem > /dev/null; '
                  'do number=$((number + 1)); done; ls; rm 0.pem 1.pem; exec "$0" ca list ca --json')
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script, LEAN_PROGRAM], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if done.returncode in (1, 77) or "unshare" in done.stderr:
            say("SKIPPED: no small file system can be mounted here")
            self.skipTest("cannot mount")
        self.assertEqual(done.returncode, GOOD, done)
        self.assertIn("No space left", done.stderr)
        handed_out = re.findall(r"^\d+\.pem$", done.stdout, re.MULTILINE)
        self.assertGreater(len(handed_out), 3)
        self.assertGreaterEqual(done.stdout.count('"serial"'), len(handed_out))
        self.assertFalse(re.findall(r"^\d+\.pem\.", done.stdout, re.MULTILINE))

    def test_what_was_issued_and_could_not_be_written_is_named(self):
        journal = self.authority()
        self.request()
        script = ('mkdir small && mount -t tmpfs -o size=8k none small || exit 77; head -c 8192 /dev/zero > small/filler; '
                  'exec "$0" ca issue ca device.csr --role recorder --as-requested --out small/device.pem')
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script, LEAN_PROGRAM], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if done.returncode in (1, 77) or "unshare" in done.stderr:
            say("SKIPPED: no small file system can be mounted here")
            self.skipTest("cannot mount")
        self.assertEqual(done.returncode, ENVIRONMENT, done)
        serial = journal.issued()[0]["serial"]
        self.assertIn(serial, done.stderr)
        self.expect(GOOD, "ca", "get", "ca", serial, "--out", "device.pem")
        self.assertEqual(serial_of(self.path("device.pem")), serial)


class Clock(CaCase):
    def test_list_numbers_go_on_when_the_clock_went_back(self):
        journal = self.authority()
        self.crl("one.crl")
        journal.append(what="list", number=41, this="2093-01-01T00:00:00Z", next="2093-02-01T00:00:00Z", sha256="00" * 32)
        run = self.crl("two.crl")
        self.assertIn("number 42", run.out)
        self.assertIn("clock", run.err)
        self.crl("three.crl", "--number", "42", status=POLICY)
        self.crl("three.crl", "--number", "100")
        self.assertIn("number 101", self.crl("four.crl").out)
        self.assertEqual([entry["number"] for entry in journal.entries() if entry["what"] == "list"], [1, 41, 42, 100, 101])

    def test_a_list_from_the_future_is_followed_by_one_of_now_and_not_by_more(self):
        journal = self.authority()
        if "without libevent" in self.run_svms("ca", "serve", "--help").err:
            say("SKIPPED: this build has no svms ca serve")
            self.skipTest("no server")
        self.crl("one.crl")
        journal.append(what="list", number=41, this="2093-01-01T00:00:00Z", next="2093-02-01T00:00:00Z",
                       sha256=hashlib.sha256(self.load("ca/ca.crl")).hexdigest())
        for complaints in (1, 0, 0):
            server = Server(self, "ca")
            server.stop()
            self.assertEqual(server.log().count("the clock is behind"), complaints)
        numbers = [entry["number"] for entry in journal.entries() if entry["what"] == "list"]
        self.assertEqual(numbers, [1, 41, 42])
        self.request()
        self.issue()
        self.expect(GOOD, "ca", "revoke", "ca", "device.pem")
        Server(self, "ca").stop()
        numbers = [entry["number"] for entry in journal.entries() if entry["what"] == "list"]
        self.assertEqual(numbers, [1, 41, 42, 43])


if __name__ == "__main__":
    main()
