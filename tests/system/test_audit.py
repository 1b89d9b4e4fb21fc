#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Audit logs on the command line: every command as a new user types it, what is refused, and that no secret gets in."""

import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, LEAN_PROGRAM, ROOT, SystemCase, USAGE, main

ORIGIN = "recorder1.example/audit"
CANARY = "canary-7d41b2"
SCHEMA = os.path.join(ROOT, "docs", "spec", "audit-record.schema.json")

try:
    import jsonschema
except ImportError:
    jsonschema = None


def validator():
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class AuditCase(SystemCase):
    """A log of its own for each test; nothing that SystemCase prepares is needed."""

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="svms-system-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)

    def setUp(self):
        super().setUp()
        self.key = self.create("log")

    def create(self, name):
        return self.expect(GOOD, "audit", "create", name, "--origin", ORIGIN, "--json").json()["key"]

    def append(self, event, *more, log="log", status=GOOD, **options):
        return self.expect(status, "audit", "append", log, "--event", event, *more, **options)

    def lines(self, *objects):
        name = f"lines-{len(self.files())}"
        with open(self.path(name), "w", encoding="utf-8") as file:
            for one in objects:
                file.write((one if isinstance(one, str) else json.dumps(one)) + "\n")
        return name

    def append_lines(self, *objects, status=GOOD, log="log", extra=()):
        with open(self.path(self.lines(*objects)), "rb") as file:
            return self.expect(status, "audit", "append", log, *extra, stdin=file)

    def records(self, *more, log="log"):
        """All records of a log, as queries tell them."""
        run = self.expect(GOOD, "audit", "query", log, "--key", self.key, "--json", *more)
        found = [json.loads(line) for line in run.out.splitlines()]
        self.assertTrue(all(one["verified"] for one in found))
        return [one["record"] for one in found]

    def told(self, *more):
        """Those that are not about the log itself."""
        return [record for record in self.records(*more) if not record["event"].startswith("log.")]

    def everything(self, name="log"):
        """Every byte of a log's files."""
        content = b""
        for path in sorted(glob.glob(os.path.join(self.path(name), "**"), recursive=True)):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    content += file.read()
        return content

    def serve(self, log="log"):
        """The holder of a log, and its socket."""
        folder = os.path.join(self.folder, "run")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        holder = subprocess.Popen([LEAN_PROGRAM, "audit", "serve", log, "--socket", "run/audit"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(self.end, holder)
        ready, _, _ = select.select([holder.stdout], [], [], 60)
        self.assertTrue(ready, "the holder of the log does not say that it serves")
        self.assertIn(b"run/audit", holder.stdout.readline())
        return holder

    def end(self, holder, number=signal.SIGTERM):
        if holder.poll() is None:
            holder.send_signal(number)
        out, err = holder.communicate(timeout=60)
        self.assertNotIn(b"Sanitizer", err)
        return holder.returncode, out.decode(), err.decode()


class Make(AuditCase):
    def test_a_log_and_its_key(self):
        run = self.expect(GOOD, "audit", "create", "other", "--origin", "a.example/1")
        self.assertRegex(run.out, r"^Log           other\nOrigin        a.example/1\nKey           a.example/1\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+\n")
        key = re.search(r"^Key +(\S+)$", run.out, re.MULTILINE)[1]
        self.assertEqual(self.expect(GOOD, "audit", "key", "other").out, key + "\n")
        self.assertEqual(self.expect(GOOD, "audit", "key", "other", "--json").json(), {"log": "other", "origin": "a.example/1", "key": key})
        for path in glob.glob(self.path("other/keys/*")):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_what_is_there_is_not_replaced(self):
        before = self.everything()
        self.expect(ENVIRONMENT, "audit", "create", "log", "--origin", ORIGIN)
        self.assertEqual(self.everything(), before)
        self.assertIn("--origin is missing", self.expect(USAGE, "audit", "create", "new").err)
        self.expect(USAGE, "audit", "create", "new", "--origin", "With Space")
        self.expect(ENVIRONMENT, "audit", "create", "no/such/folder", "--origin", ORIGIN)

    def test_folders_that_are_no_logs(self):
        os.mkdir(self.path("empty"))
        for command in (["audit", "key", "empty"], ["audit", "append", "empty", "--event", "x.y"], ["audit", "query", "empty", "--unverified"],
                        ["audit", "tail", "missing", "--unverified"], ["audit", "prove", "missing", "1", "--out", "p"],
                        ["audit", "serve", "missing", "--socket", "s"], ["audit", "append", "missing", "--event", "x.y"]):
            with self.subTest(command):
                self.expect(ENVIRONMENT, *command)
        os.mkdir(self.path("none"))
        self.store("none/log", b"something else\n")
        self.expect(MALFORMED, "audit", "key", "none")


class Append(AuditCase):
    def test_one_record_from_the_command_line(self):
        run = self.append("login.failure", "--outcome", "failure", "--actor", "u7", "--actor-name", "anna", "--address", "192.0.2.7",
                          "--client", "console", "--session", "s-1", "--token", "jti-1", "--for", "b", "--for", "c", "--device", "d1",
                          "--object", "door", "--time", "2026-11-21T11:00:00+01:00", "--from", "2026-11-21T09:00:00Z", "--to",
                          "2026-11-21T09:01:00Z", "--reason", "wrong password", "--code", "wrong-password", "--detail", "methods=pwd",
                          "--detail", "methods=otp", "--detail", "wait_s=4", "--server", "recorder 1", "--component", "web")
        number = int(run.out)
        (record,) = self.told()
        self.assertEqual(record["time"], "2026-11-21T10:00:00.000Z")
        self.assertEqual(record["source"]["server"], "recorder 1")
        self.assertEqual(record["source"]["component"], "web")
        self.assertEqual(record["actor"], {"kind": "user", "id": "u7", "name": "anna", "address": "192.0.2.7", "client": "console",
                                           "session": "s-1", "token": "jti-1", "for": ["b", "c"]})
        self.assertEqual((record["device"], record["object"], record["reason"], record["code"]), ("d1", "door", "wrong password", "wrong-password"))
        self.assertEqual(record["details"], {"methods": ["pwd", "otp"], "wait_s": 4})
        again = json.loads(self.append("x.acme.door", "--detail", "door=north", "--json").out)
        self.assertGreater(again["index"], number)
        self.assertEqual(self.told()[1]["id"], again["id"])

    def test_details_of_every_kind(self):
        self.append("evidence.lock", "--detail", "ranges=2026-11-21T10:00:00Z/2026-11-21T10:01:00Z", "--detail",
                    "ranges=2026-11-21T11:00:00Z/2026-11-21T11:01:00Z", "--detail", "until=2027-01-01T00:00:00Z")
        self.append("account.password", "--detail", "forced=true")
        self.append("evidence.countersign", "--detail", "link=2", "--detail", "digest=" + "0a" * 32)
        self.append("config.change", "--detail", "setting=stream.bitrate", "--detail", "before=2M", "--detail", "after=4M", "--device", "a",
                    "--device", "b")
        lock, password, countersign, change = self.told()
        self.assertEqual(lock["details"], {"ranges": [{"from": f"2026-11-21T{hour}:00:00.000Z", "to": f"2026-11-21T{hour}:01:00.000Z"}
                                                      for hour in (10, 11)], "until": "2027-01-01T00:00:00.000Z"})
        self.assertEqual(password["details"], {"forced": True})
        self.assertEqual(countersign["details"], {"link": 2, "digest": "0a" * 32})
        self.assertEqual(change["details"], {"setting": "stream.bitrate", "before": "2M", "after": "4M"})
        self.assertEqual(change["devices"], ["a", "b"])

    def test_json_lines(self):
        event = {"event": "login.success", "outcome": "success", "actor": {"kind": "user", "id": "u1", "for": ["x"]},
                 "source": {"server": "s9", "component": "web", "process": "12"}, "details": {"methods": ["pwd"]}}
        other = {"event": "x.acme.door", "outcome": "unknown", "devices": ["d1", "d2"], "details": {"n": 3, "open": False, "names": ["a"],
                 "times": [{"from": "2026-11-21T10:00:00Z", "to": "2026-11-21T10:00:01Z"}], "text": "Jörg 😀"}}
        run = self.append_lines(event, "", other)
        first, second = map(int, run.out.split())
        self.assertEqual(second, first + 1)
        one, two = self.told()
        self.assertEqual(one["source"], event["source"])
        self.assertEqual((one["actor"], one["details"]), (event["actor"], event["details"]))
        self.assertEqual(two["details"], {**other["details"], "times": [{"from": "2026-11-21T10:00:00.000Z", "to": "2026-11-21T10:00:01.000Z"}]})
        self.assertTrue(two["source"]["server"])

    def test_a_line_without_an_end_counts_and_many_share_a_write(self):
        event = {"event": "x.many", "outcome": "success"}
        text = "\n".join(json.dumps(event) for _ in range(2500)).encode()
        self.store("many", text)
        with open(self.path("many"), "rb") as file:
            run = self.expect(GOOD, "audit", "append", "log", stdin=file)
        numbers = [int(line) for line in run.out.split()]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 2500)))
        self.assertEqual(len(self.told("--event", "x.many")), 2500)

    def test_who_sends_lines_is_answered_while_he_goes_on(self):
        sender = subprocess.Popen([LEAN_PROGRAM, "audit", "append", "log", "--json"], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        for _ in range(3):
            sender.stdin.write(b'{"event":"x.y","outcome":"success"}\n')
            sender.stdin.flush()
            ready, _, _ = select.select([sender.stdout], [], [], 60)
            self.assertTrue(ready)
            self.assertRegex(json.loads(sender.stdout.readline())["id"], "^[0-9a-f]{32}$")
        self.assertEqual(self.expect(ENVIRONMENT, "audit", "append", "log", "--event", "x.z").out, "")
        sender.stdin.write(b'{"event":"x.y","outcome":"success"')
        sender.stdin.flush()
        sender.send_signal(signal.SIGTERM)
        _, err = sender.communicate(timeout=60)
        self.assertEqual((sender.returncode, err), (GOOD, b""))
        self.assertEqual(len(self.told()), 3)

    def test_wrong_lines_are_named_by_their_number_and_nothing_else(self):
        good = {"event": "x.y", "outcome": "success"}
        cases = (
            ("{" + CANARY, "JSON"), ("[]", "no JSON object"), ('"' + CANARY + '"', "JSON"), ({"outcome": "success"}, "event"),
            ({"event": "x.y"}, '"outcome"'), ({"event": "x.y", "outcome": CANARY}, '"outcome"'), ({**good, "v": 1}, "gives each record its own"),
            ({**good, "id": "00" * 16}, "gives each record its own"), ({**good, "secert": CANARY}, "secert"),
            ({**good, "time": CANARY}, '"time"'), ({**good, "actor": CANARY}, '"actor"'), ({**good, "actor": {"kind": CANARY}}, '"kind"'),
            ({**good, "actor": {"kind": "user", "nmae": CANARY}}, "nmae"), ({**good, "devices": CANARY}, '"devices"'),
            ({**good, "devices": [3]}, '"devices"'), ({**good, "source": []}, '"source"'), ({**good, "details": [CANARY]}, '"details"'),
            ({**good, "outcome": "failure"}, "reason"), ({**good, "event": "nodot"}, "event"), ({**good, "secret": CANARY}, '"secret"'),
            ({**good, "details": {"a": 1.5}}, '"a"'), ({**good, "details": {"a": {"b": CANARY}}}, '"a"'), ({**good, "details": {"a": -1}}, '"a"'),
            ({**good, "details": {"Bad": CANARY}}, "name"), ({"event": "login.success", "outcome": "success"}, '"methods"'),
            ({"event": "login.success", "outcome": "success", "details": {"methods": CANARY}}, '"methods"'),
            ({"event": "login.success", "outcome": "success", "details": {"methods": [], "wait_s": "4"}}, '"wait_s"'),
            ({"event": "account.locked", "outcome": "success", "details": {"until": CANARY}}, '"until"'),
            ({"event": "account.locked", "outcome": "success", "details": {CANARY: 1}}, "account.locked has no"),
            ({"event": "config.change", "outcome": "success", "details": {"setting": "a", "after": {"b": CANARY}}}, '"after"'),
            ({"event": "evidence.countersign", "outcome": "success", "details": {"link": 1, "digest": CANARY}}, '"digest"'),
            ({"event": "evidence.lock", "outcome": "success", "details": {"ranges": [{"from": CANARY, "to": CANARY}]}}, '"ranges"'),
            ('{"event":"x.y","event":"x.z","outcome":"success"}', "JSON"), ({**good, "object": "x" * 17000}, None),
        )
        for number, (line, words) in enumerate(cases):
            with self.subTest(str(line)[:80]):
                if words is None:  # long text is cut, and no mistake
                    self.append_lines(good, line)
                    continue
                run = self.append_lines(good, "", line, good, status=MALFORMED)
                self.assertIn("line 3", run.err)
                self.assertIn(words, run.err)
                self.assertNotIn(CANARY, run.err.replace("account.locked has no \"" + CANARY, ""))
                self.assertEqual(len(run.out.split()), 1, "what stands before a wrong line is in the log")
        self.assertNotIn(CANARY.encode(), self.everything())
        self.assertEqual(len(self.told()), len(cases) + 1)

    def test_a_line_longer_than_any_record_is_refused(self):
        run = self.append_lines('{"event":"x.y","outcome":"success","object":"' + "x" * 120000, status=MALFORMED)
        self.assertIn("longer than any record", run.err)

    def test_mistakes_are_named(self):
        before = self.everything()
        cases = (
            (["--actor", "a"], "--event is missing"), (["--event", "x.y", "--outcome", "good"], "success"),
            (["--event", "x.y", "--detail", "novalue"], "NAME=VALUE"), (["--event", "x.y", "--detail", "a=1", "--detail", "a=2"], "twice"),
            (["--event", "login.success"], "methods"), (["--event", "ptz.move", "--detail", "speed=1"], "has no"),
            (["--event", "x.y", "--outcome", "denied"], "reason"), (["--event", "x.y", "--time", "today"], "time"),
            (["--event", "Nonsense"], "name"), (["--event", "x.y", "--actor-kind", "boss"], "user"),
            (["--event", "evidence.lock", "--detail", "ranges=today"], "ranges"), (["--event", "account.password", "--detail", "forced=1"], "forced"),
        )
        for extra, words in cases:
            with self.subTest(" ".join(extra)):
                run = self.expect(USAGE, "audit", "append", "log", *extra)
                self.assertIn(words, run.err)
                self.assertEqual(run.out, "")
        self.assertEqual(self.everything(), before, "a mistake opens no log")

    def test_a_token_itself_is_refused(self):
        token = "eyJhbGciOiJFUzI1NiJ9." + CANARY + ".c2lnbmF0dXJl"
        for option in ("--token", "--session"):
            run = self.append("token.issue", option, token, status=USAGE)
            self.assertIn("jti", run.err)
            self.assertNotIn(CANARY, run.err)


class Secrets(AuditCase):
    """Wherever a caller can put one."""

    def check(self):
        self.assertNotIn(CANARY.encode(), self.everything())
        for command in (["query", "log", "--key", self.key], ["query", "log", "--unverified", "--json"], ["tail", "log", "--key", self.key],
                        ["tail", "log", "--unverified", "--json"]):
            run = self.expect(GOOD, "audit", *command)
            self.assertNotIn(CANARY, run.out + run.err)
            self.assertTrue(run.out)

    def test_values_of_secret_settings(self):
        names = ("password", "camera1.Password", "api_key", "smtp.TOKEN", "door-pin", "unlock.code", "wifi.passphrase", "client_secret",
                 "cloud.credential", "x.SECRET")
        for name in names:
            run = self.append("config.change", "--detail", f"setting={name}", "--detail", f"before={CANARY}", "--detail", f"after={CANARY}2")
            self.assertNotIn(CANARY, run.out + run.err)
        self.append("config.change", "--secret", "--detail", "setting=innocent", "--detail", f"after={CANARY}")
        self.append_lines({"event": "user.edit", "outcome": "success", "secret": True, "details": {"setting": "innocent", "before": CANARY,
                                                                                                  "after": None}},
                          {"event": "role.change", "outcome": "success", "details": {"setting": "ldap.password", "before": None, "after": CANARY}})
        records = self.told()
        for record, name in zip(records, names):
            self.assertEqual(record["details"]["setting"], name)
            self.assertEqual(set(record["details"]["after"]), {"secret", "changed"})
            self.assertTrue(record["details"]["after"]["changed"])
        self.assertEqual(len(records), len(names) + 3)
        self.check()

    def test_user_information_of_addresses(self):
        url = f"rtsp://admin:{CANARY}@camera.example/stream"
        self.append("x.y", "--object", url, "--reason", f"cannot reach {url}", "--device", url, "--client", url, "--address", url, "--actor",
                    url, "--actor-name", url, "--session", url, "--token", url, "--for", url, "--code", url, "--detail", f"where={url}",
                    "--server", url, "--component", url)
        self.append("config.change", "--detail", f"setting={url}", "--detail", f"before={url}", "--detail", f"after={url}", "--device", url,
                    "--device", url)
        self.append("login.success", "--detail", f"methods={url}")
        self.assertEqual(len(self.told()), 3)
        self.assertIn(b"rtsp://camera.example/stream", self.everything())
        self.check()

    def test_details_called_like_secrets_are_refused(self):
        for name in ("password", "api_key", "token", "door_pin", "zip_code"):
            run = self.append("x.acme.door", "--detail", f"{name}={CANARY}", status=USAGE)
            self.assertIn(name, run.err)
            self.assertNotIn(CANARY, run.out + run.err)
            run = self.append_lines({"event": "x.acme.door", "outcome": "success", "details": {name: CANARY}}, status=MALFORMED)
            self.assertNotIn(CANARY, run.out + run.err)
        self.append("x.acme.door")
        self.check()

    def test_private_keys_do_not_leave_their_folder(self):
        self.append("x.y")
        with open(glob.glob(self.path("log/keys/*.pem"))[0], "rb") as file:
            secret = b"".join(file.read().splitlines()[1:-1])
        said = b""
        for command in (["key", "log"], ["query", "log", "--unverified"], ["prove", "log", "2", "--out", "proof", "--json"],
                        ["verify", "log", "--key", self.key]):
            run = self.expect(GOOD, "audit", *command)
            said += (run.out + run.err).encode()
        self.assertNotIn(secret[8:40], said + self.load("proof"))


class Find(AuditCase):
    def setUp(self):
        super().setUp()
        rows = []
        for number in range(40):
            rows.append({"event": ("login.success", "login.failure", "ptz.move", "x.acme.door")[number % 4],
                         "time": f"2026-11-21T10:{number:02}:00Z", "outcome": "failure" if number % 4 == 1 else "success",
                         "actor": {"kind": "user", "id": f"u{number % 5}", "name": f"Person {number % 5}"}, "device": f"cam{number % 3}",
                         **({"reason": "wrong password"} if number % 4 == 1 else {}), **({"object": "Südtor"} if number == 6 else {}),
                         **({"details": {"methods": ["pwd"]}} if number % 4 < 2 else {})})
        self.append_lines(*rows)

    def times(self, *more):
        return [int(record["time"][14:16]) for record in self.records("--from", "2026-11-21T00:00:00Z", "--to", "2026-11-22T00:00:00Z", *more)]

    def test_each_condition(self):
        everything = list(range(40))
        cases = (
            ([], everything), (["--event", "login.*"], [n for n in everything if n % 4 < 2]), (["--event", "ptz.move", "--event", "x.acme.door"],
                                                                                              [n for n in everything if n % 4 > 1]),
            (["--actor", "u3"], everything[3::5]), (["--actor", "Person 4", "--actor", "u0"], [n for n in everything if n % 5 in (0, 4)]),
            (["--device", "cam1"], everything[1::3]), (["--outcome", "failure"], everything[1::4]), (["--outcome", "denied"], []),
            (["--text", "WRONG pass"], everything[1::4]), (["--text", "Südtor"], [6]), (["--limit", "3"], [0, 1, 2]),
            (["--newest", "--limit", "3"], [39, 38, 37]), (["--device", "cam0", "--outcome", "failure", "--actor", "u1"], [21]),
            (["--all-bundles", "--device", "cam0", "--outcome", "failure", "--actor", "u1"], [21]),
        )
        for extra, expected in cases:
            with self.subTest(extra):
                self.assertEqual(self.times(*extra), expected)

    def test_times_have_a_zone(self):
        records = self.records("--from", "2026-11-21T11:10:00+01:00", "--to", "2026-11-21T05:12:00-05:00")
        self.assertEqual([record["time"] for record in records], ["2026-11-21T10:10:00.000Z", "2026-11-21T10:11:00.000Z"])
        self.assertIn("a time looks like", self.expect(USAGE, "audit", "query", "log", "--unverified", "--from", "2026-11-21").err)
        self.assertIn("not before", self.expect(USAGE, "audit", "query", "log", "--unverified", "--from", "2026-11-21T10:00:00Z", "--to",
                                                "2026-11-21T10:00:00Z").err)

    def test_somebody_must_be_believed(self):
        for command in ("query", "tail", "verify"):
            run = self.expect(POLICY, "audit", command, "log")
            self.assertIn("--key", run.err)
            self.assertEqual(run.out, "")
            self.expect(USAGE, "audit", command, "log", "--key", self.key, "--unverified")
            self.expect(USAGE, "audit", command, "log", "--key", "nonsense")
        self.store("key", self.key.encode() + b"\n")
        self.assertEqual(len(self.expect(GOOD, "audit", "query", "log", "--key", "key", "--event", "ptz.*").out.splitlines()), 10)
        self.store("key", b"nonsense\n")
        self.expect(MALFORMED, "audit", "query", "log", "--key", "key")
        other = self.create("other")
        self.expect(EVIDENCE, "audit", "query", "log", "--key", other)

    def test_lines_have_fields(self):
        run = self.expect(GOOD, "audit", "query", "log", "--key", self.key, "--event", "login.failure", "--limit", "1")
        (line,) = run.out.splitlines()
        self.assertEqual(line.split("\t")[1:], ["verified", "2026-11-21T10:01:00.000Z", "login.failure", "failure", "Person 1", "cam1",
                                                "wrong password"])
        run = self.expect(GOOD, "audit", "query", "log", "--unverified", "--event", "ptz.move", "--limit", "2")
        self.assertEqual([line.split("\t")[1] for line in run.out.splitlines()], ["unverified"] * 2)
        self.assertEqual(run.out.splitlines()[0].split("\t")[-1], "-")

    def test_tail_shows_the_newest_in_their_order(self):
        def minutes(*more):
            run = self.expect(GOOD, "audit", "tail", "log", "--key", self.key, *more)
            return [int(line.split("\t")[2][14:16]) for line in run.out.splitlines()]
        self.assertEqual(minutes(), list(range(30, 40)))
        self.assertEqual(minutes("-n", "3"), [37, 38, 39])
        self.assertEqual(minutes("--lines", "2", "--event", "login.failure"), [33, 37])
        self.assertEqual(minutes("--lines", "0"), [])
        self.expect(USAGE, "audit", "tail", "log", "--key", self.key, "-n", "10001")

    def test_tail_follows(self):
        self.serve()
        follower = subprocess.Popen([LEAN_PROGRAM, "audit", "tail", "log", "--key", self.key, "-f", "-n", "1", "--event", "x.*", "--json"],
                                    cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, follower)
        self.assertEqual(json.loads(follower.stdout.readline())["record"]["time"], "2026-11-21T10:39:00.000Z")
        for number in range(3):
            self.append("x.new", "--object", str(number), log="run/audit")
            self.append("ptz.move", log="run/audit")
            ready, _, _ = select.select([follower.stdout], [], [], 60)
            self.assertTrue(ready, "what was appended does not come")
            told = json.loads(follower.stdout.readline())
            self.assertEqual((told["record"]["object"], told["verified"]), (str(number), True))
        status, out, err = self.end(follower)
        self.assertEqual((status, out, err), (GOOD, "", ""))

    def table(self, columns, *more):
        """What a terminal of some width shows."""
        handle, terminal = pty.openpty()
        try:
            import fcntl
            import struct
            import termios
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            done = subprocess.Popen([LEAN_PROGRAM, "audit", "query", "log", *more], cwd=self.folder, stdout=terminal, stdin=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)
            os.close(terminal)
            shown = b""
            while True:
                try:
                    part = os.read(handle, 4096)
                except OSError:
                    break
                shown += part
                if not part:
                    break
            self.assertEqual(done.wait(timeout=60), GOOD, done.stderr.read())
            done.stderr.close()
        finally:
            os.close(handle)
        return shown.decode().replace("\r\n", "\n").splitlines()

    def test_a_terminal_gets_a_table_of_its_width(self):
        self.append("x.y", "--object", "wide 東京駅前 " * 20, "--actor-name", "\u202eevil\x1b[31m", "--device", "a" * 200)
        for columns in (20, 40, 60, 80, 100, 200):
            with self.subTest(columns):
                lines = self.table(columns, "--key", self.key)
                self.assertGreater(len(lines), 40)
                self.assertIn("Number", lines[0])
                for line in lines:
                    self.assertNotIn("\x1b", line)
                    self.assertNotIn("\u202e", line)
                    if columns >= 60:
                        wide = sum(2 if "\u2e80" <= sign <= "\ua4cf" else 1 for sign in line.rstrip())
                        self.assertLessEqual(wide, columns)
        self.assertTrue(any("Person 1" in line and "wrong password" in line for line in self.table(120, "--key", self.key)))
        self.assertTrue(all(line.startswith("?") for line in self.table(100, "--unverified")[1:]))

    def test_a_record_that_was_changed_is_found(self):
        for path in glob.glob(self.path("log/tile/entries/**"), recursive=True):
            if os.path.isfile(path):
                with open(path, "r+b") as file:
                    content = file.read()
                    place = content.find(b"Person 1")
                    if place >= 0:
                        file.seek(place)
                        file.write(b"Person 2")
        run = self.expect(EVIDENCE, "audit", "query", "log", "--key", self.key)
        self.assertNotEqual(run.err, "")


class Serve(AuditCase):
    def test_others_append_while_one_holds(self):
        holder = self.serve()
        self.assertIn("somebody else", self.append("x.y", status=ENVIRONMENT).err)
        numbers = [int(self.append("x.y", "--object", str(n), log="run/audit").out) for n in range(5)]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 5)))
        self.append_lines(*({"event": "x.y", "outcome": "success"} for _ in range(3000)), log="run/audit")
        self.wait_for(lambda: len(self.told("--event", "x.y")) == 3005)
        status, out, err = self.end(holder)
        self.assertEqual((status, out, err), (GOOD, "", ""))
        self.assertFalse(os.path.exists(self.path("run/audit")))
        self.assertEqual(len(self.told()), 3005)
        self.append("x.y", log="run/audit", status=ENVIRONMENT)
        self.append("x.y")

    def test_mistakes(self):
        self.assertIn("--socket is missing", self.expect(USAGE, "audit", "serve", "log").err)
        os.makedirs(self.path("open"), mode=0o755)
        os.chmod(self.path("open"), 0o755)
        self.expect(ENVIRONMENT, "audit", "serve", "log", "--socket", "open/audit")
        self.expect(USAGE, "audit", "serve", "log", "--socket", "s", "--epoch-hours", "0")
        self.expect(USAGE, "audit", "serve", "log", "--socket", "s", "--older-than", "soon")
        self.assertIn("belongs to", self.expect(USAGE, "audit", "serve", "log", "--socket", "s", "--evidence-older-than", "1d").err)


class Verify(AuditCase):
    def setUp(self):
        super().setUp()
        self.append_lines(*({"event": "x.y", "outcome": "success", "object": str(number)} for number in range(600)))

    def verify(self, *more, status=GOOD):
        return self.expect(status, "audit", "verify", "log", "--key", self.key, "--json", *more).json()

    def test_a_log_that_is_right(self):
        answer = self.verify()
        self.assertEqual((answer["verdict"], answer["flaws"], answer["first_wrong"]), ("authentic", 0, None))
        self.assertEqual(answer["checked"], answer["size"])
        run = self.expect(GOOD, "audit", "verify", "log", "--key", self.key)
        self.assertIn("Verdict       AUTHENTIC\n", run.out)
        self.assertEqual(self.expect(GOOD, "audit", "verify", "log", "--key", self.key, "--quiet").out, "")
        run = self.expect(GOOD, "audit", "verify", "log", "--unverified")
        self.assertIn("AT ONE WITH ITSELF", run.out)

    def test_a_record_that_was_changed_is_named_with_the_last_right_time(self):
        number = next(one["index"] for one in map(json.loads, self.expect(
            GOOD, "audit", "query", "log", "--key", self.key, "--json").out.splitlines()) if one["record"].get("object") == "100")
        (path,) = glob.glob(self.path("log/tile/entries/000"))
        with open(path, "r+b") as file:
            content = file.read()
            file.seek(content.index(b'"object":"100"') + len(b'"object":"'))
            file.write(b"101")
        answer = self.verify(status=EVIDENCE)
        self.assertEqual((answer["verdict"], answer["first_wrong"]), ("not_authentic", number))
        self.assertTrue(answer["last_right"])
        self.assertTrue(any(one["record"] == number for one in answer["found"]))
        run = self.expect(EVIDENCE, "audit", "verify", "log", "--key", self.key)
        self.assertIn(f"First wrong   record {number}", run.out)
        self.assertEqual(self.expect(EVIDENCE, "audit", "verify", "log", "--key", self.key, "--quiet").out, "")

    def test_an_older_copy_is_found_with_a_checkpoint_that_somebody_kept(self):
        shutil.copytree(self.path("log"), self.path("older"))
        self.append("x.y")
        shutil.copy(self.path("log/checkpoint"), self.path("kept"))
        self.assertEqual(self.verify("--kept", "kept")["verdict"], "authentic")
        shutil.rmtree(self.path("log"))
        os.rename(self.path("older"), self.path("log"))
        self.assertEqual(self.verify()["verdict"], "authentic")
        answer = self.verify("--kept", "kept", status=EVIDENCE)
        self.assertIn("older", [one["flaw"] for one in answer["found"]])

    def test_another_key_is_another_log(self):
        other = self.create("other")
        self.expect(EVIDENCE, "audit", "verify", "log", "--key", other)

    def test_witnesses_that_are_asked_for_must_have_signed(self):
        self.assertIn("--outside-witness-key", self.expect(USAGE, "audit", "verify", "log", "--key", self.key, "--quorum", "1").err)
        self.expect(USAGE, "audit", "verify", "log", "--key", self.key, "--outside-witness-key", "nonsense", "--quorum", "1")
        self.expect(USAGE, "audit", "verify", "log", "--key", self.key, "--witness-key", self.key)


class Prove(AuditCase):
    def setUp(self):
        super().setUp()
        self.number = self.append("export.create", "--outcome", "denied", "--actor", "u7", "--actor-name", "Anna Fox", "--reason",
                                  "not without approval", "--object", "case7.svmx").out.strip()
        self.append_lines(*({"event": "x.y", "outcome": "success"} for _ in range(300)))

    def test_a_record_is_proven_without_the_log(self):
        run = self.expect(GOOD, "audit", "prove", "log", self.number, "--out", "proof")
        self.assertIn("verify-proof", run.out)
        shutil.rmtree(self.path("log"))
        run = self.expect(GOOD, "audit", "verify-proof", "proof", "--key", self.key)
        for words in ("Verdict       PROVEN", f"number {self.number} of the log {ORIGIN}", "export.create: denied", "Anna Fox, the user u7",
                      "not without approval", "case7.svmx"):
            self.assertIn(words, run.out)
        answer = self.expect(GOOD, "audit", "verify-proof", "proof", "--key", self.key, "--json").json()
        self.assertEqual((answer["verdict"], answer["index"], answer["record"]["actor"]["id"]), ("proven", int(self.number), "u7"))
        self.assertEqual(self.expect(GOOD, "audit", "verify-proof", "proof", "--key", self.key, "--quiet").out, "")

    def test_a_proof_that_was_changed_proves_nothing(self):
        self.expect(GOOD, "audit", "prove", "log", self.number, "--out", "proof")
        text = self.load("proof")
        index = re.search(rb"^index \d+$", text, re.MULTILINE)[0]
        self.store("wrong", text.replace(index, b"index 5"))
        run = self.expect(EVIDENCE, "audit", "verify-proof", "wrong", "--key", self.key)
        self.assertIn("NOT PROVEN", run.out)
        self.assertEqual(self.expect(EVIDENCE, "audit", "verify-proof", "wrong", "--key", self.key, "--json").json()["verdict"], "not_proven")
        other = self.create("other")
        self.expect(EVIDENCE, "audit", "verify-proof", "proof", "--key", other)
        self.store("wrong", b"nonsense\n")
        self.expect(MALFORMED, "audit", "verify-proof", "wrong", "--key", self.key)
        self.assertIn("--key is missing", self.expect(USAGE, "audit", "verify-proof", "proof").err)
        self.expect(ENVIRONMENT, "audit", "verify-proof", "missing", "--key", self.key)

    def test_a_proof_is_not_replaced_unasked(self):
        self.store("proof", b"x")
        self.expect(ENVIRONMENT, "audit", "prove", "log", self.number, "--out", "proof")
        self.assertEqual(self.load("proof"), b"x")
        self.expect(GOOD, "audit", "prove", "log", self.number, "--out", "proof", "--force", "--json")
        for arguments in (["log", "--out", "p"], ["log", "1", "2", "--out", "p"], ["log", "x", "--out", "p"], ["log", "-1", "--out", "p"],
                          ["log", "1"], ["log", "1", "--since", "1", "--out", "p"], ["log", "999999", "--out", "p"]):
            with self.subTest(arguments):
                self.expect(USAGE, "audit", "prove", *arguments)

    def test_growth(self):
        shutil.copy(self.path("log/checkpoint"), self.path("kept"))
        size = self.load("kept").splitlines()[1].decode()
        self.append("x.y")
        self.expect(GOOD, "audit", "prove", "log", "--since", size, "--out", "growth")
        run = self.expect(GOOD, "audit", "verify-proof", "growth", "--key", self.key, "--kept", "kept")
        self.assertIn(f"the first {size} are those of the checkpoint", run.out)
        answer = self.expect(GOOD, "audit", "verify-proof", "growth", "--key", self.key, "--kept", "kept", "--json").json()
        self.assertEqual((answer["verdict"], answer["since"]), ("proven", int(size)))


class Schema(AuditCase):
    def test_the_published_schema_is_what_the_program_prints(self):
        with open(SCHEMA, encoding="utf-8") as file:
            self.assertEqual(self.expect(GOOD, "audit", "schema").out, file.read())

    @unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
    def test_every_record_of_the_catalogue_fits(self):
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        samples = {"#/$defs/detail": "text", "#/$defs/number": 7, "#/$defs/time": "2026-11-21T10:00:00Z", "#/$defs/digest": "0a" * 32,
                   "#/$defs/texts": ["a", "b"], "#/$defs/value": "new",
                   "#/$defs/ranges": [{"from": "2026-11-21T10:00:00Z", "to": "2026-11-21T10:01:00Z"}]}
        rows, known = [], 0
        for rule in schema["allOf"][1:]:
            members = rule["then"]["properties"]["details"]["properties"]
            details = {name: samples.get(member.get("$ref"), True) for name, member in members.items()}
            for event in rule["if"]["properties"]["event"]["enum"]:
                known += 1
                for outcome in ("success", "failure", "denied", "error", "unknown"):
                    rows.append({"event": event, "outcome": outcome, "reason": "r", "details": details})
                rows.append({"event": event, "outcome": "denied", "reason": "nothing was done"})
        self.assertGreater(known, 70)
        rows.append({"event": "x.acme.door", "outcome": "success", "details": {"a": 1, "b": "c", "d": [{"from": "2026-11-21T10:00:00Z",
                     "to": "2026-11-21T10:00:00Z"}]}, "devices": ["d"] * 300, "object": "ä" * 3000, "from": "2026-11-21T10:00:00.5Z"})
        rows.append({"event": "login.success", "outcome": "success", "actor": {"kind": "device", "id": "i", "for": ["x"] * 400},
                     "details": {"methods": ["m"] * 999}})
        self.append_lines(*rows)
        fits = validator()
        records = self.records()
        self.assertEqual(len([record for record in records if record["source"].get("component") != "audit"]) >= len(rows), True)
        for record in records:
            fits.validate(record)

    @unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
    def test_the_schema_refuses_what_no_builder_makes(self):
        self.append("login.success", "--detail", "methods=pwd", "--actor", "u")
        (record,) = self.told()
        fits = validator()
        fits.validate(record)
        wrong = ({"v": 2}, {"id": "x"}, {"time": "today"}, {"event": "nodot"}, {"outcome": "good"}, {"outcome": "failure"}, {"source": {}},
                 {"actor": {}}, {"actor": {"kind": "boss"}}, {"details": {}}, {"details": {"methods": "pwd"}},
                 {"details": {"methods": [], "password": "x"}}, {"more": 1}, {"devices": "d"}, {"object": 3}, {"from": 7})
        for change in wrong:
            with self.subTest(change):
                self.assertFalse(fits.is_valid({**record, **change}))
        for name in ("v", "id", "time", "event", "outcome", "source", "actor", "details"):
            with self.subTest(name):
                self.assertFalse(fits.is_valid({key: value for key, value in record.items() if key != name}))


if __name__ == "__main__":
    main()
