#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms audit witness and svms audit checkpoint: over real HTTP, with curl and with what strangers send, and through
kill -9."""

import base64
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile

from system_case import ENVIRONMENT, EVIDENCE, GOOD, LEAN_PROGRAM, SystemCase, TIMEOUT, USAGE, main

ORIGIN = "recorder1.example/audit"
KILLS = 12


class Witness:
    """A running svms audit witness. Its log is kept."""

    def __init__(self, case, state, *extra, keys=None, listen="127.0.0.1:0"):
        self.case = case
        self.state = state
        self.path = tempfile.mkstemp(dir=case.folder, prefix="witness-log-")[1]
        origins = [part for key in keys or [case.key] for part in ("--origin", key)]
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen(
                [LEAN_PROGRAM, "audit", "witness", "--state", state, "--name", f"{state}.example", "--listen", listen, "--json",
                 *origins, *extra], cwd=case.folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        case.addCleanup(self.kill)
        ready = case.wait_for(lambda: self.process.poll() is not None or self.events("listening"))
        if ready is True:
            case.fail(self.log())
        self.key = ready[0]["name"]
        self.port = int(ready[0]["address"].rpartition(":")[2])
        self.url = f"{'https' if '--certificate' in extra else 'http'}://127.0.0.1:{self.port}"

    def log(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def events(self, what):
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{") and line.endswith("}")]
        return [line for line in lines if line.get("event") == what]

    def evidence(self):
        return [name for folder, _, names in os.walk(os.path.join(self.case.folder, self.state, "evidence")) for name in names]

    def kill(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=TIMEOUT)

    def stop(self):
        os.kill(self.process.pid, signal.SIGTERM)
        self.case.assertEqual(self.process.wait(timeout=TIMEOUT), 0, self.log())
        self.case.assertNotIn("Sanitizer", self.log())
        self.case.assertTrue(self.events("stopped"))


def size_of(note):
    return int(note.split(b"\n")[1])


class AuditWitness(SystemCase):
    @classmethod
    def setUpClass(cls):
        """Nothing is recorded here: no clip, no shared identity."""

    def setUp(self):
        super().setUp()
        self.key = self.expect(GOOD, "audit", "create", "log", "--origin", ORIGIN, "--json").json()["key"]
        self.append()

    def append(self, log="log"):
        """One record, and one new key each time."""
        self.expect(GOOD, "audit", "append", log, "--event", "x.test.event")

    def ask(self, status, *witnesses, log="log", extra=()):
        told = [part for one in witnesses for part in ("--witness", one.url, "--witness-key", one.key)]
        return self.expect(status, "audit", "checkpoint", log, *told, *extra)

    def curl(self, witness, path, body, *extra):
        """Status, type and body."""
        self.store("body", body or b"")
        data = [] if body is None else ["--data-binary", "@body"]
        done = subprocess.run(["curl", "-sS", "--max-time", "60", "-o", "answer", "-w", "%{http_code} %{content_type}", *data,
                               *extra, witness.url + path], cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT,
                              check=True)
        status, _, kind = done.stdout.partition(" ")
        return int(status), kind, self.load("answer")

    def test_cosignatures_of_several_witnesses_are_kept(self):
        one, two = Witness(self, "one"), Witness(self, "two")
        for _ in range(3):
            run = self.ask(GOOD, one, two)
            self.assertEqual(run.out.encode(), self.load("log/witnessed"))
            lines = run.out.splitlines()
            self.assertEqual(lines[0], ORIGIN)
            self.assertEqual([line.split(" ")[1] for line in lines[4:]], [ORIGIN, "one.example", "two.example"])
            self.append()
        self.assertEqual(self.ask(GOOD).out.encode(), self.load("log/checkpoint"))
        told = self.ask(GOOD, one, extra=("--json",)).json()
        self.assertEqual((told["log"], told["cosignatures"], told["asked"]), ("log", 1, 1))
        self.expect(GOOD, "audit", "verify", "log", "--key", self.key, "--outside-witness-key", one.key, "--quorum", "1")
        self.assertEqual(one.evidence() + two.evidence(), [])
        one.stop()
        two.stop()

    def test_a_witness_that_is_away_is_told_and_the_others_count(self):
        one, two = Witness(self, "one"), Witness(self, "two")
        self.ask(GOOD, one, two)
        size = size_of(self.load("log/witnessed"))
        self.append()
        two.kill()
        run = self.ask(ENVIRONMENT, one, two)
        self.assertIn(two.url, run.err)
        self.assertEqual(size_of(self.load("log/witnessed")), size, "what more have cosigned stays")
        self.ask(GOOD, one, two, extra=("--quorum", "1"))
        self.assertGreater(size_of(self.load("log/witnessed")), size)

    def test_an_older_copy_and_a_fork_are_found(self):
        one = Witness(self, "one")
        self.ask(GOOD, one)
        shutil.copytree(self.path("log"), self.path("older"))
        self.append()
        self.ask(GOOD, one)
        run = self.ask(EVIDENCE, one, log="older")
        self.assertIn("older copy", run.err)
        self.append("older")
        self.append("older")
        self.ask(EVIDENCE, one, log="older")
        self.ask(GOOD, one)

    def test_who_does_not_know_the_log_says_so(self):
        other = self.expect(GOOD, "audit", "create", "other", "--origin", "other.example", "--json").json()["key"]
        same = self.expect(GOOD, "audit", "create", "same", "--origin", ORIGIN, "--json").json()["key"]
        one = Witness(self, "one", keys=[other])
        self.assertIn("does not know the log", self.ask(USAGE, one).err)
        self.assertIn("does not know the log's key", self.ask(USAGE, Witness(self, "two", keys=[other, same])).err)
        self.append("other")
        self.ask(GOOD, one, log="other")

    def request(self, old, note, *hashes):
        return b"old %d\n" % old + b"".join(base64.b64encode(one) + b"\n" for one in hashes) + b"\n" + note

    def test_what_strangers_send_is_answered_with_its_status(self):
        one = Witness(self, "one")
        self.ask(GOOD, one)
        size = size_of(self.load("log/witnessed"))
        older = self.load("log/checkpoint")
        self.append()
        self.ask(GOOD, one)
        note = self.load("log/checkpoint")
        now = size_of(note)
        stranger = note.replace(ORIGIN.encode(), b"stranger.example")
        cases = [
            (b"", 400), (b"old 0", 400), (b"old -1\n\n" + note, 400), (b"\xff" * 5000, 400),
            (self.request(now + 1, note), 400),
            (self.request(now, note[:-10] + b"AAAAAAAA=\n"), 403),
            (self.request(now, note.replace(b"\n%d\n" % now, b"\n%d\n" % (now + 1))), 403),
            (self.request(0, older), 403), # by the key before
            (self.request(now, stranger), 404),
            (self.request(now, note, bytes(32)), 422),
            (self.request(now, note), 200),
        ]
        for body, wanted in cases:
            status, kind, answer = self.curl(one, "/add-checkpoint", body)
            self.assertEqual((status, kind), (wanted, "text/plain; charset=utf-8"), (body, answer))
        self.assertTrue(answer.decode().startswith("\u2014 one.example "))
        self.assertEqual(self.curl(one, "/add-checkpoint", self.request(size, note)), (409, "text/x.tlog.size", b"%d\n" % now))
        self.assertEqual(self.curl(one, "/add-checkpoint", bytes(65537))[0], 413)
        self.assertEqual(self.curl(one, "/add-checkpoint", None)[0], 405)
        self.assertEqual(self.curl(one, "/add-checkpoint", b"x", "-X", "PUT")[0], 405)
        for path in ("/", "/add-checkpoint/", "/add-checkpoint?x", "/key.pem", "/" + "x" * 900):
            self.assertEqual(self.curl(one, path, self.request(now, note), "--path-as-is")[0], 404, path)
        self.assertEqual(self.curl(one, "/../add-checkpoint", self.request(now, note), "--path-as-is")[0], 400)
        self.assertEqual(one.evidence(), [])
        self.ask(GOOD, one)
        one.stop()

    def test_evidence_is_told_and_kept(self):
        one = Witness(self, "one")
        self.ask(GOOD, one)
        size = size_of(self.load("log/witnessed"))
        shutil.copytree(self.path("log"), self.path("fork"))
        self.append()
        self.append("fork")
        handover = self.load("log/epochs").split(b"--\n")[-1]
        note = self.load("log/checkpoint")
        self.assertEqual(self.curl(one, "/add-epoch", self.request(size, handover)), (200, "text/x.svms.epoch", b"2\n"))
        for _ in range(2):
            self.assertEqual(self.curl(one, "/add-checkpoint", self.request(size, note, bytes(32), bytes(32)))[0], 422)
        self.assertEqual(one.evidence(), ["unproven-00"])
        self.assertEqual([event["name"] for event in one.events("evidence")], [ORIGIN])
        self.assertIn("another key of the log", self.ask(EVIDENCE, one, log="fork").err)
        self.ask(GOOD, one)

    def test_it_survives_kill_9_and_never_forks(self):
        one = Witness(self, "one")
        key = one.key
        seed = random.randrange(1 << 30)
        dice = random.Random(seed)
        for number in range(KILLS):
            self.append()
            with self.subTest(seed=seed, number=number):
                asking = subprocess.Popen([LEAN_PROGRAM, "audit", "checkpoint", "log", "--witness", one.url, "--witness-key", key],
                                          cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    asking.wait(timeout=dice.random() * 0.05)
                except subprocess.TimeoutExpired:
                    pass
                one.kill()
                asking.wait(timeout=TIMEOUT)
                one = Witness(self, "one")
                self.assertEqual(one.key, key)
                if number % 2:
                    self.ask(GOOD, one)
        self.ask(GOOD, one)
        self.assertEqual(size_of(self.load("log/witnessed")), size_of(self.load("log/checkpoint")))
        self.assertEqual(one.evidence(), [])
        self.expect(GOOD, "audit", "verify", "log", "--key", self.key, "--outside-witness-key", key, "--quorum", "1")

    def test_a_client_that_says_nothing_is_let_go(self):
        one = Witness(self, "one", "--patience", "1")
        for sent in (b"", b"POST /add-checkpoint HTTP/1.1\r\n", b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nold"):
            with socket.create_connection(("127.0.0.1", one.port), timeout=60) as connection:
                connection.sendall(sent)
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
                self.assertEqual(answer.split(b" ")[1:2], [b"408"] if sent else [])
        self.ask(GOOD, one)
        one.stop()

    def test_requests_of_one_connection_are_answered_in_turn(self):
        one = Witness(self, "one")
        self.ask(GOOD, one)
        note = self.load("log/checkpoint")
        body = self.request(size_of(note), note)
        asked = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        with socket.create_connection(("127.0.0.1", one.port), timeout=60) as connection:
            connection.sendall(asked * 5)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK\r\n"), 5)
        self.assertEqual(answer.count("\u2014 one.example ".encode()), 5)

    def test_over_tls(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=witness", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
                        "-addext", "extendedKeyUsage=serverAuth", "-days", "9", "-keyout", "tls.key", "-out", "tls.pem"],
                       cwd=self.folder, check=True, capture_output=True, timeout=TIMEOUT)
        os.chmod(self.path("tls.key"), 0o600)
        one = Witness(self, "one", "--certificate", "tls.pem", "--certificate-key", "tls.key")
        self.ask(GOOD, one, extra=("--ca", "tls.pem"))
        self.assertIn("cannot ask", self.ask(ENVIRONMENT, one).err)
        os.kill(one.process.pid, signal.SIGHUP)
        self.wait_for(lambda: one.events("certificate"))
        self.append()
        self.ask(GOOD, one, extra=("--ca", "tls.pem"))
        one.stop()

    def test_one_process_has_the_state(self):
        one = Witness(self, "one")
        run = self.expect(USAGE, "audit", "witness", "--state", "one", "--listen", "127.0.0.1:0", "--origin", self.key)
        self.assertIn("somebody else", run.err)
        one.stop()
        self.assertEqual(self.expect(GOOD, "audit", "witness", "--state", "one", "--show-key").out.strip(), one.key)
        self.assertEqual(self.expect(GOOD, "audit", "witness", "--state", "one", "--show-key", "--json").json()["key"], one.key)
        self.expect(USAGE, "audit", "witness", "--state", "one", "--name", "another", "--show-key")
        self.expect(USAGE, "audit", "witness", "--state", "new", "--show-key")

    def test_command_lines_that_are_wrong(self):
        witness = ["audit", "witness", "--state", "one", "--name", "one.example"]
        listen = [*witness, "--origin", self.key, "--listen"]
        for arguments, words in (
                (["audit", "witness"], "--state is missing"),
                (witness, "--listen is missing"),
                ([*witness, "--listen", "127.0.0.1:0"], "--origin is missing"),
                ([*listen, "localhost:80"], "not an address"),
                ([*listen, "0.0.0.0:0"], "open to other machines"),
                ([*listen, "[::]:0"], "open to other machines"),
                ([*listen, "127.0.0.1:0", "--certificate", "x"], "belong together"),
                ([*listen, "127.0.0.1:0", "--certificate", "x", "--certificate-key", "x", "--plain"], "exclude"),
                ([*witness, "--origin", "no key", "--listen", "127.0.0.1:0"], "--origin is neither a key"),
                (["audit", "checkpoint", "log", "--witness", "http://127.0.0.1:1"], "needs its --witness-key"),
                (["audit", "checkpoint", "log", "--quorum", "1"], "more than the witnesses"),
        ):
            with self.subTest(words):
                run = self.run_svms(*arguments)
                self.assertNotEqual(run.status, GOOD)
                self.assertIn(words, run.err)
        self.expect(ENVIRONMENT, "audit", "checkpoint", "nothing")


if __name__ == "__main__":
    main()
