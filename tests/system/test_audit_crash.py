#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who appends to an audit log is killed at random moments: what was acknowledged is there.

Eight threads append (audit_hammer.c) and note each record that was acknowledged, until SIGKILL; now
and then the opening that recovers is killed, too. After each round every record that was ever noted
must stand at its number, and the tree over all records must be what the log's key signed. Tree, tiles
and signatures are computed here, from docs/spec/audit.md alone.

SVMS_CRASH_SEED repeats the choices of a run that failed (its moments only as far as the machine lets
it), SVMS_CRASH_ROUNDS sets the number of kills.
"""

import base64
import errno
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HAMMER = os.environ["SVMS_AUDIT_HAMMER"]
ROUNDS = int(os.environ.get("SVMS_CRASH_ROUNDS", "200"))
SEED = os.environ.get("SVMS_CRASH_SEED") or str(random.SystemRandom().randrange(10**9))
TIMEOUT = 240
ROUNDS_OF_A_LOG = 15
WIDTH = 256


def say(message):
    print(f"NOTE: {message}", file=sys.stderr, flush=True)


def content(name, thread, number):
    """What audit_hammer.c puts into a record."""
    pad = chr(ord("a") + number % 26) * ((thread * 131 + number * 17) % 300)
    return f'{{"hammer":"{name} {thread} {number}","pad":"{pad}"}}'.encode()


def leaf_hash(record):
    return hashlib.sha256(b"\0" + record).digest()


class Tree:
    """RFC 6962: complete subtrees, the largest first."""

    def __init__(self):
        self.edge = []

    def add(self, leaf):
        size, value = 1, leaf
        while self.edge and self.edge[-1][0] == size:
            value = hashlib.sha256(b"\1" + self.edge.pop()[1] + value).digest()
            size *= 2
        self.edge.append((size, value))

    def root(self):
        if not self.edge:
            return hashlib.sha256(b"").digest()
        value = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            value = hashlib.sha256(b"\1" + left + value).digest()
        return value


class Log:
    """A log as anybody reads it, who has its folder and nothing of ours."""

    def __init__(self, path):
        self.path = path
        self.records = []
        self.tree = Tree()

    def file(self, name):
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()

    def key(self):
        """Name, key id and key of the newest epoch."""
        lines = self.file("log").decode().splitlines()
        verifier = lines[2]
        if os.path.exists(os.path.join(self.path, "epochs")):
            verifier = self.file("epochs").decode().split("--\n")[-1].splitlines()[5]
        name, number, rest = verifier.split("+", 2)
        data = base64.b64decode(rest)
        assert data[0] == 1
        return name, bytes.fromhex(number), Ed25519PublicKey.from_public_bytes(data[1:])

    def checkpoint(self):
        """Size and root, with the signature of the newest key over them."""
        text, signatures = self.file("checkpoint").decode().split("\n\n")
        name, number, key = self.key()
        signed = signatures.splitlines()[0].split(" ")
        assert signed[0] == "\u2014" and signed[1] == name
        data = base64.b64decode(signed[2])
        assert data[:4] == number
        key.verify(data[4:], text.encode() + b"\n")
        origin, size, root = text.splitlines()
        assert origin == name
        return int(size), base64.b64decode(root)

    def bundle(self, number, width):
        path, high = f"{number % 1000:03}", number // 1000
        while high:
            path, high = f"x{high % 1000:03}/{path}", high // 1000
        path = f"tile/entries/{path}"
        if width < WIDTH and not os.path.exists(os.path.join(self.path, path)):
            path += f".p/{width}"
        data = self.file(path)
        out, at = [], 0
        while at < len(data) and len(out) < width:
            size = int.from_bytes(data[at:at + 2], "big")
            out.append(data[at + 2:at + 2 + size])
            at += 2 + size
        assert len(out) == width
        return out

    def read(self):
        """Takes up what was appended since; raises where it is not what was signed."""
        size, root = self.checkpoint()
        assert size >= len(self.records), "the log has become smaller"
        known = len(self.records)
        for number in range(known // WIDTH, (size + WIDTH - 1) // WIDTH):
            first = number * WIDTH
            found = self.bundle(number, min(WIDTH, size - first))
            assert found[:max(0, known - first)] == self.records[first:], "a record has changed"
            for record in found[max(0, known - first):]:
                self.records.append(record)
                self.tree.add(leaf_hash(record))
            known = len(self.records)
        assert self.tree.root() == root, "the records are not those that were signed"

    def saying(self, words):
        return [record for record in self.records if words in record]


class AuditCrash(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="svms-audit-crash-")
        self.keep = False
        # Behind what tests clean up themselves, such as what they mounted in it.
        self.addCleanup(lambda: self.keep or shutil.rmtree(self.folder))
        self.noted = {}
        self.choice = random.Random(SEED)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_hammer(self, *words, **options):
        return subprocess.run([HAMMER, *words], capture_output=True, timeout=TIMEOUT, check=False, text=True, **options)

    def create(self, path):
        done = self.run_hammer("create", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return Log(path)

    def reopen(self, path):
        done = self.run_hammer("reopen", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""), "the log does not open again")

    def take_notes(self, path, name):
        """What was acknowledged; a line is whole, or was never written."""
        with open(path, encoding="ascii") as file:
            text = file.read()
        self.assertTrue(text == "" or text.endswith("\n"))
        for line in text.splitlines():
            index, thread, number = (int(word) for word in line.split())
            self.assertNotIn(index, self.noted)
            self.noted[index] = content(name, thread, number)
        return text.count("\n")

    def check(self, log, noted=None):
        log.read()
        for index, record in (self.noted if noted is None else noted).items():
            self.assertLess(index, len(log.records), f"record {index} was acknowledged, and is missing")
            self.assertEqual(log.records[index], record, f"record {index} is another one")

    def startup(self, path):
        """How long it takes until the first record is acknowledged."""
        times = []
        for number in range(3):
            notes = self.path(f"startup-{number}")
            open(notes, "wb").close()
            before = time.monotonic()
            process = subprocess.Popen([HAMMER, "hammer", path, notes, "startup"])
            while os.path.getsize(notes) == 0:
                self.assertIsNone(process.poll())
                time.sleep(0.001)
            times.append(time.monotonic() - before)
            process.kill()
            process.wait(TIMEOUT)
        return sorted(times)[1]

    def hammer_and_kill(self, log, name, startup):
        """Now and then before anything was acknowledged; with no startup, never."""
        notes = self.path("notes")
        open(notes, "wb").close()
        process = subprocess.Popen([HAMMER, "hammer", log.path, notes, name], stderr=subprocess.PIPE)
        if startup > 0 and self.choice.random() < 0.25:
            time.sleep(self.choice.uniform(0.0, 1.2) * startup)
        else:
            while os.path.getsize(notes) == 0 and process.poll() is None:
                time.sleep(0.0005)
            time.sleep(self.choice.uniform(0.0, 0.06))
        process.kill()
        _, err = process.communicate(timeout=TIMEOUT)
        self.assertEqual(err, b"")
        self.assertEqual(process.returncode, -9)
        return self.take_notes(notes, name)

    def kill_reopening(self, log, startup):
        process = subprocess.Popen([HAMMER, "reopen", log.path], stderr=subprocess.PIPE)
        time.sleep(self.choice.uniform(0.0, 1.0) * startup)
        process.kill()
        _, err = process.communicate(timeout=TIMEOUT)
        self.assertEqual(err, b"")

    def places(self):
        """A folder on a disk, and one in memory, where much more is acknowledged until the kill."""
        found = [self.folder]
        if os.access("/dev/shm", os.W_OK):
            found.append(tempfile.mkdtemp(prefix="svms-audit-crash-", dir="/dev/shm"))
            self.addCleanup(lambda: self.keep or shutil.rmtree(found[1], ignore_errors=True))
        return found

    def end(self, log):
        """Once more from the start, not from what was read before. How many torn ends there were."""
        again = Log(log.path)
        self.check(again, self.noted)
        self.assertEqual(again.records, log.records)
        shutil.rmtree(log.path)
        return len(again.saying(b'"event":"log.quarantine"'))

    def one_round(self, log, number, startup):
        """How many kills, and how many records were acknowledged before the first."""
        kills = 1
        noted = set(self.noted)
        acknowledged = self.hammer_and_kill(log, f"{SEED}-{number}", startup)
        while self.choice.random() < 0.5:
            self.kill_reopening(log, startup)
            kills += 1
        self.reopen(log.path)
        self.check(log, {index: self.noted[index] for index in self.noted if index not in noted})
        return kills, acknowledged

    def test_a_kill_costs_nothing_that_was_acknowledged(self):
        say(f"SVMS_CRASH_SEED={SEED}, {ROUNDS} kills")
        places = self.places()
        number = kills = acknowledged = torn = 0
        while kills < ROUNDS:
            place = places[number // ROUNDS_OF_A_LOG % len(places)]
            log = self.create(os.path.join(place, f"log-{number}"))
            startup = self.startup(log.path)
            self.noted = {}
            for _ in range(ROUNDS_OF_A_LOG):
                try:
                    more = self.one_round(log, number, startup)
                except BaseException:
                    self.keep = True
                    say(f"failed in round {number} of seed {SEED}; kept: {' '.join(places)}")
                    raise
                kills += more[0]
                acknowledged += more[1]
                number += 1
                if kills >= ROUNDS:
                    break
            torn += self.end(log)
        self.assertGreater(acknowledged, ROUNDS)
        say(f"{kills} kills, {acknowledged} records acknowledged, all there; {torn} torn ends put aside")

    def fill(self, log, expected, make_room, **options):
        """Appends until the disk is full, makes room, and appends once more."""
        notes = self.path("notes")
        process = subprocess.Popen([HAMMER, "fill", log.path, notes], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **options)
        refused, number = (int(word) for word in process.stdout.readline().split())
        self.assertEqual((refused, number), (5, expected))
        make_room()
        _, err = process.communicate("go on\n", timeout=TIMEOUT)
        self.assertEqual((process.returncode, err), (0, ""))
        self.assertGreater(self.take_notes(notes, "fill"), 10)
        self.check(log)
        # A small record may still fit when a larger one does not.
        gaps = [json.loads(record) for record in log.saying(b'"event":"log.gap"')]
        self.assertEqual({gap["details"]["why"] for gap in gaps}, {"storage"})
        self.assertEqual(sum(gap["details"]["records"] for gap in gaps), 5)
        self.assertEqual(len(log.saying(b'{"hammer"')), len(self.noted))
        self.reopen(log.path)
        self.check(log)

    def test_a_file_that_may_not_grow_is_told_and_the_gap_is_counted(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (60000, resource.RLIM_INFINITY))

        self.fill(self.create(self.path("log")), errno.EFBIG, lambda: None, preexec_fn=limit)

    def mount(self, size="1m"):
        """A small file system of our own, or none, which is said."""
        place = self.path("disk")
        os.mkdir(place)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", place], capture_output=True,
                              check=False)
        if done.returncode != 0:
            os.rmdir(place)
            self.skipTest("NO FILE SYSTEM CAN BE MOUNTED HERE: full and read-only disks are not tested")
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        return place

    def test_a_full_disk_is_told_and_the_gap_is_counted(self):
        place = self.mount()
        ballast = os.path.join(place, "ballast")
        with open(ballast, "wb") as file:
            file.write(bytes(600000))
        log = self.create(os.path.join(place, "log"))
        self.fill(log, errno.ENOSPC, lambda: os.remove(ballast))

    def test_a_crash_on_a_full_disk_costs_nothing_that_was_acknowledged(self):
        place = self.mount()
        ballast = os.path.join(place, "ballast")
        notes = self.path("notes")
        with open(ballast, "wb") as file:
            file.write(bytes(600000))
        log = self.create(os.path.join(place, "log"))
        process = subprocess.Popen([HAMMER, "fill", log.path, notes], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.readline().split()[0], b"5")
        process.kill()
        process.communicate(timeout=TIMEOUT)
        done = self.run_hammer("reopen", log.path)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"errno {errno.ENOSPC}", done.stderr)
        os.remove(ballast)
        self.reopen(log.path)
        self.assertGreater(self.take_notes(notes, "fill"), 10)
        self.check(log)

    def test_a_disk_that_became_read_only_is_told_and_changes_nothing(self):
        place = self.mount("64m")
        log = self.create(os.path.join(place, "log"))
        self.assertGreater(self.hammer_and_kill(log, "before", 0.0), 0)
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        done = self.run_hammer("reopen", log.path)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"errno {errno.EROFS}", done.stderr)
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)
        self.reopen(log.path)
        self.check(log)


if __name__ == "__main__":
    unittest.main()
