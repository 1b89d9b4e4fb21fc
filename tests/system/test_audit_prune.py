#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms audit prune, hold and stamp: what goes, what stays, and that the rest can still be verified and proven."""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from authority import Authority
from system_case import ENVIRONMENT, EVIDENCE, GOOD, PROGRAM, SystemCase, USAGE, main

ORIGIN = "recorder1.example/audit"


class PruneCase(SystemCase):
    """A log of its own for each test; nothing that SystemCase prepares is needed."""

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="svms-system-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)

    def setUp(self):
        super().setUp()
        self.key = self.expect(GOOD, "audit", "create", "log", "--origin", ORIGIN, "--json").json()["key"]

    def append(self, count, event="ptz.move", **details):
        name = self.path("lines")
        row = {"event": event, "outcome": "success", "device": "cam-1"}
        if details:
            row["details"] = details
        with open(name, "w", encoding="utf-8") as file:
            file.write((json.dumps(row) + "\n") * count)
        with open(name, "rb") as file:
            run = self.expect(GOOD, "audit", "append", "log", "--json", stdin=file)
        return [json.loads(line)["index"] for line in run.out.splitlines()]

    def indices(self, *more):
        run = self.expect(GOOD, "audit", "query", "log", "--key", self.key, "--json", *more)
        found = [json.loads(line) for line in run.out.splitlines()]
        self.assertTrue(all(one["verified"] for one in found))
        return {one["index"]: one["record"]["event"] for one in found}

    def prune(self, *more):
        return self.expect(GOOD, "audit", "prune", "log", "--older-than", "1s", "--json", *more).json()

    def make_old_log(self):
        """Two bundles that are old, one of which has evidence, and a journal that has let go of them."""
        self.append(300)
        (self.evidence,) = self.append(1, "device.tamper", what="covered")
        self.append(300)
        # All that is older than a second by the clock from here on.
        time.sleep(2.1)
        before = self.prune()
        self.assertEqual(before["removed"], 0)
        self.assertTrue(before["waiting"])
        self.append(300)


class Prune(PruneCase):
    def test_old_records_go_and_the_rest_is_verified(self):
        self.make_old_log()
        trial = self.prune("--dry-run")
        self.assertTrue(trial["trial"])
        run = self.prune("--reason", "retention", "--actor", "alice")
        self.assertEqual((run["removed"], run["kept"], run["first"]), (trial["removed"], trial["kept"], 512))
        self.assertEqual(run["removed"] + run["kept"], 512)
        there = self.indices()
        self.assertIn(self.evidence, there)
        self.assertNotIn(100, there)
        self.assertIn(512, there)
        self.assertEqual(list(self.indices("--event", "log.pruned").values()), ["log.pruned"])
        self.expect(GOOD, "audit", "verify", "log", "--key", self.key)
        self.expect(GOOD, "audit", "prove", "log", str(self.evidence), "--key", self.key, "--out", "proof")
        self.expect(GOOD, "audit", "verify-proof", "proof", "--key", self.key)

    def test_evidence_goes_later(self):
        self.make_old_log()
        kept = self.prune()["kept"]
        run = self.prune("--evidence-older-than", "1s")
        self.assertGreater(run["evidence_removed"], 0)
        self.assertLessEqual(run["evidence_removed"], kept)
        self.assertNotIn(self.evidence, self.indices())
        self.expect(GOOD, "audit", "verify", "log", "--key", self.key)

    def test_what_is_held_stays_until_it_is_lifted(self):
        self.make_old_log()
        held = self.expect(GOOD, "audit", "hold", "add", "log", "--name", "case-17", "--records", "100-102",
                           "--actor", "alice", "--json").json()
        self.assertEqual((held["first"], held["last"], held["gone"]), (100, 102, 0))
        (line,) = self.expect(GOOD, "audit", "hold", "list", "log", "--json").out.splitlines()
        self.assertEqual(json.loads(line), {"hold": "case-17", "first": 100, "last": 102, "until": None})
        self.prune()
        self.assertTrue({100, 101, 102} <= set(self.indices()))
        self.assertNotIn(103, self.indices())
        late = self.expect(GOOD, "audit", "hold", "add", "log", "--name", "late", "--records", "102-103", "--json").json()
        self.assertEqual(late["gone"], 1)
        self.expect(GOOD, "audit", "hold", "lift", "log", "--name", "late")
        self.expect(GOOD, "audit", "hold", "lift", "log", "--name", "case-17")
        self.assertEqual(self.expect(GOOD, "audit", "hold", "list", "log").out, "")
        self.assertEqual(self.prune()["evidence_removed"], 3)
        self.assertNotIn(100, self.indices())
        self.expect(GOOD, "audit", "verify", "log", "--key", self.key)

    def test_what_cannot_be_asked_for(self):
        cases = (
            ((), "--older-than is missing"),
            (("--older-than", "90"), "takes an age"),
            (("--older-than", "d"), "takes an age"),
            (("--older-than", "90dd"), "takes an age"),
            (("--older-than", "99999999999999999999d"), "takes an age"),
            (("--older-than", "2d", "--evidence-older-than", "1d"), "as long as others"),
        )
        for arguments, words in cases:
            with self.subTest(arguments):
                self.assertIn(words, self.expect(USAGE, "audit", "prune", "log", *arguments).err)
        for name, records, words in (("a b", "1", "A-Z a-z"), ("x", "5-1", "has no records"), ("x", "999999", "has no records"),
                                     ("x", "1-", "FIRST-LAST"), ("x", "-1", "FIRST-LAST")):
            with self.subTest((name, records)):
                self.assertIn(words, self.expect(USAGE, "audit", "hold", "add", "log", "--name", name, "--records", records).err)
        self.assertIn("no hold", self.expect(ENVIRONMENT, "audit", "hold", "lift", "log", "--name", "nobody").err)


class Serve(PruneCase):
    """Nobody else can prune a log that is held: so its holder does, when it begins and each hour."""

    def hold(self, *more):
        os.makedirs(self.path("run"), mode=0o700, exist_ok=True)
        holder = subprocess.Popen([PROGRAM, "audit", "serve", "log", "--socket", "run/audit", *more], cwd=self.folder,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(self.end, holder)
        ready, _, _ = select.select([holder.stdout], [], [], 60)
        self.assertTrue(ready, "the holder of the log does not say that it serves")
        self.assertIn(b"run/audit", holder.stdout.readline())
        return holder

    @staticmethod
    def end(holder):
        if holder.poll() is None:
            holder.send_signal(signal.SIGTERM)
        _, err = holder.communicate(timeout=60)
        return holder.returncode, err.decode()

    def minimum(self):
        try:
            with open(self.path("log/minimum"), encoding="utf-8") as file:
                first, cleared = file.read().split()
        except FileNotFoundError:
            return 0
        return int(cleared) if first == cleared else 0

    def test_a_holder_prunes_and_keeps_evidence(self):
        self.make_old_log()
        holder = self.hold("--older-than", "1s")
        end = time.monotonic() + 60
        while self.minimum() == 0 and time.monotonic() < end and holder.poll() is None:
            time.sleep(0.05)
        # It serves on meanwhile.
        name = self.path("lines")
        with open(name, "w", encoding="utf-8") as file:
            file.write(json.dumps({"event": "ptz.move", "outcome": "success", "device": "cam-1"}) + "\n")
        with open(name, "rb") as file:
            (line,) = self.expect(GOOD, "audit", "append", "run/audit", "--json", stdin=file).out.splitlines()
        self.assertEqual(self.end(holder), (GOOD, ""))
        self.assertEqual(self.minimum(), 512)
        there = self.indices()
        self.assertIn(self.evidence, there)
        self.assertNotIn(100, there)
        self.assertIn(512, there)
        self.assertIn(json.loads(line)["index"], there)
        self.assertEqual(list(self.indices("--event", "log.pruned").values()), ["log.pruned"])
        self.expect(GOOD, "audit", "verify", "log", "--key", self.key)

    def test_a_holder_prunes_evidence_when_it_is_told_to(self):
        self.make_old_log()
        holder = self.hold("--older-than", "1s", "--evidence-older-than", "1s")
        end = time.monotonic() + 60
        while self.minimum() == 0 and time.monotonic() < end and holder.poll() is None:
            time.sleep(0.05)
        self.assertEqual(self.end(holder), (GOOD, ""))
        self.assertEqual(self.minimum(), 512)
        self.assertNotIn(self.evidence, self.indices())
        self.expect(GOOD, "audit", "verify", "log", "--key", self.key)

    def test_a_holder_that_is_not_told_to_prunes_nothing(self):
        self.make_old_log()
        holder = self.hold()
        time.sleep(2.1)
        self.assertEqual(self.end(holder), (GOOD, ""))
        self.assertEqual(self.minimum(), 0)
        self.assertIn(100, self.indices())


class Stamp(PruneCase):
    def test_a_stamp_is_kept_listed_and_found(self):
        authority = Authority(self.path("authority"))
        server = authority.serve()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.append(10)
        anchors = ("--tsa-anchors", authority.anchors)
        self.assertEqual(self.expect(EVIDENCE, "audit", "stamp", "log", "--record", "3", *anchors).out, "")
        made = self.expect(GOOD, "audit", "stamp", "log", "--tsa", server.url, *anchors, "--key", self.key, "--json").json()
        self.assertTrue(made["trusted"])
        self.assertEqual(server.types, ["application/timestamp-query"])
        self.assertTrue(os.path.exists(self.path(f"log/stamp/{made['records']}")))
        found = self.expect(GOOD, "audit", "stamp", "log", "--record", "3", *anchors, "--json").json()
        self.assertEqual(found, made)
        self.assertIn(made["authority"], self.expect(GOOD, "audit", "stamp", "log", "--list", *anchors).out)
        self.assertIn("not trusted", self.expect(GOOD, "audit", "stamp", "log", "--list").out)
        self.expect(EVIDENCE, "audit", "stamp", "log", "--record", str(made["records"]), *anchors)
        self.assertIn("is stamped", self.run_svms("audit", "stamp", "log", "--tsa", server.url, *anchors).err)

    def test_who_is_not_trusted_attests_nothing(self):
        authority = Authority(self.path("authority"))
        other = Authority(self.path("other"))
        server = authority.serve()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        run = self.run_svms("audit", "stamp", "log", "--tsa", server.url, "--tsa-anchors", other.anchors)
        self.assertNotEqual(run.status, GOOD)
        self.assertFalse(os.path.exists(self.path("log/stamp")))
        for arguments in ((), ("--tsa", "http://127.0.0.1:9/"), ("--list", "--record", "1"), ("--record", "1")):
            self.expect(USAGE, "audit", "stamp", "log", *arguments)


if __name__ == "__main__":
    main()
