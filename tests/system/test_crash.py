#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A recorder is killed at some two hundred random moments: what it had announced as safe is.

Each run starts a small recorder (crash_recorder.c), kills it with SIGKILL after a random time, and
asks the library (crash_checker.c, and now and then the command line) and the second implementation
what is left. After all runs no key and no nonce may have been used twice.

SVMS_CRASH_SEED repeats the choices of a run that failed (its moments only as far as the machine lets
it), SVMS_CRASH_KILLS sets the number of kills.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from system_case import PROGRAM, ROOT, TIMEOUT, main, say

sys.path.insert(0, os.path.join(ROOT, "tests", "vectors"))
from crash_secrets import Container, Ledger  # noqa: E402
from svmsref import build, trust  # noqa: E402

RECORDER = os.environ["SVMS_CRASH_RECORDER"]
CHECKER = os.environ["SVMS_CRASH_CHECKER"]
KILLS = int(os.environ.get("SVMS_CRASH_KILLS", "200"))
SEED = os.environ.get("SVMS_CRASH_SEED") or str(random.SystemRandom().randrange(10**9))
TRACKS = (1, 8)
PACES = ("paced", "paced", "fast", "dribble")
FRAMES_IN_SEGMENT = 10
COMMAND_LINE_EVERY = 10


def content(track, number):
    """What crash_content.h puts into a sample, told from track and number alone."""
    mixed = ((track << 32 | number) + 1) * 0x9E3779B97F4A7C15 % 2**64
    mixed ^= mixed >> 29
    size = 4096 + mixed % 28672 if number % FRAMES_IN_SEGMENT == 0 else 64 + mixed % 1984
    block = b"".join((mixed * (2 * i + 1) % 2**64).to_bytes(8, "little") for i in range(8))
    return (block * (size // len(block) + 1))[:size]


def file_system_of(path):
    """Type of the file system that holds a folder, as the kernel names it."""
    best = ("", "")
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            _, point, kind = line.split()[:3]
            inside = os.path.commonpath([os.path.realpath(path), point]) == point
            if inside and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def places():
    """Folders to record in: on a disk, and in memory where there is such a file system."""
    found = {}
    for folder in (os.getcwd(), tempfile.gettempdir(), "/var/tmp"):
        if file_system_of(folder) not in ("tmpfs", "ramfs") and os.access(folder, os.W_OK):
            found["disk"] = folder
            break
    else:
        say("no folder on a disk can be written to: kills are tested in memory only")
    if os.path.isdir("/dev/shm") and file_system_of("/dev/shm") == "tmpfs" and os.access("/dev/shm", os.W_OK):
        found["tmpfs"] = "/dev/shm"
    else:
        say("/dev/shm is no tmpfs: kills are tested on disk only")
    return found


class Run:
    """One recorder and its end."""

    def __init__(self, number, folder, place):
        self.choice = random.Random(f"{SEED}-{number}")
        self.tracks = TRACKS[number % len(TRACKS)]
        self.pace = self.choice.choice(PACES)
        self.early = self.choice.random() < 0.25
        if self.early:
            self.pace = "dribble"
        self.place = place
        self.path = os.path.join(folder, f"{number}.svms")
        self.number = number
        self.delay = 0.0
        self.begun = False
        self.announced = 0

    def __str__(self):
        return (f"seed {SEED}, run {self.number}: {self.tracks} tracks on {self.place}, {self.pace}, killed after "
                f"{self.delay * 1000:.1f} ms{' from its start' if self.early else ''}, announced {self.announced} "
                f"({self.path})")

    def record_and_kill(self, identity, startup):
        """startup: how long a recorder takes until it has begun, in seconds."""
        process = subprocess.Popen(
            [RECORDER, self.path, str(self.tracks), self.pace, *identity], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            said = b""
            if self.early:
                self.delay = self.choice.uniform(0.3, 1.2) * startup
            else:
                said = process.stdout.readline()
                longest = 0.025 if self.pace == "fast" else 0.14
                self.delay = self.choice.uniform(0.0, longest)
            time.sleep(self.delay)
        finally:
            process.kill()
            rest, err = process.communicate(timeout=TIMEOUT)
        lines = (said + rest).decode().splitlines()
        self.begun = "begun" in lines
        self.announced = int(lines[-1]) if len(lines) > 1 else 0
        return err.decode()


class Crash(unittest.TestCase):
    def setUp(self):
        say(f"SVMS_CRASH_SEED={SEED}, {KILLS} kills")
        self.folder = tempfile.mkdtemp(prefix="svms-crash-")
        self.folders = [self.folder]
        self.keep = False
        for name in ("id", "recipient"):
            subprocess.run([PROGRAM, "identity", "create", "--out", self.path(name), "--name", name], check=True,
                           capture_output=True, timeout=TIMEOUT)
        self.identity = [self.path("id/cert.pem"), self.path("id/key.pem"), self.path("recipient/cert.pem")]
        with open(self.path("id/ca.pem"), "rb") as file:
            self.anchors = trust.load_anchors(file.read())
        with open(self.path("recipient/key.pem"), "rb") as file:
            self.private = build.load_private_key(file.read())
        self.checker = subprocess.Popen(
            [CHECKER, self.path("id/ca.pem"), self.path("recipient/key.pem")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)
        self.ledger = Ledger()
        self.fronts = self.torn = self.segments = 0

    def tearDown(self):
        self.checker.stdin.close()
        self.checker.stdout.close()
        self.assertEqual(self.checker.wait(TIMEOUT), 0)
        for folder in [] if self.keep else self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def ask(self, path):
        self.checker.stdin.write(path + "\n")
        return json.loads(self.checker.stdout.readline())

    def startup(self, folder):
        """Median time until a recorder has begun."""
        times = []
        for number in range(5):
            path = os.path.join(folder, f"start-{number}.svms")
            before = time.monotonic()
            process = subprocess.Popen([RECORDER, path, "8", "dribble", *self.identity], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE)
            self.assertEqual(process.stdout.readline(), b"begun\n")
            times.append(time.monotonic() - before)
            process.kill()
            process.communicate(timeout=TIMEOUT)
            os.remove(path)
        return sorted(times)[2]

    def check(self, run, err):
        """Everything that must hold of what one run left."""
        self.assertEqual(err, "")
        if not os.path.exists(run.path):
            self.assertFalse(run.begun)
            return
        with open(run.path, "rb") as file:
            data = file.read()
        report = self.ask(run.path)
        container = Container(data, self.anchors, self.private)
        if not container.has_front:
            self.torn += len(data) > 0
            self.assertFalse(run.begun, "the front was announced and is not there")
            self.assertIn(report["status"], ("malformed", "truncated"))
            return
        self.fronts += 1
        self.segments += report["segments"]
        self.check_verdict(run, container, report)
        self.check_content(run, container, report)
        container.note_all(self.ledger, f"run {run.number}")
        if run.number % COMMAND_LINE_EVERY == 0:
            self.check_command_line(run, report)

    def check_verdict(self, run, container, report):
        self.assertEqual(report["verdict"], "incomplete")
        self.assertEqual(report["status"], "incomplete")
        self.assertEqual(report["failed"], 0)
        self.assertGreaterEqual(report["segments"], run.announced)
        self.assertEqual(container.report.verdict, "incomplete")
        self.assertEqual(len(container.report.segments), report["segments"])
        self.assertEqual(container.report.unattested, report["unattested_bytes"])

    def check_content(self, run, container, report):
        """Both implementations open what was written, track by track, without a hole."""
        samples = report["segments"] * FRAMES_IN_SEGMENT * run.tracks
        self.assertEqual(report["wrong"], 0)
        self.assertEqual(report["samples"], samples)
        self.assertEqual(report["attested"], samples)
        self.assertEqual(report["read"], "again")
        numbers = [0] * run.tracks
        for sample in container.report.samples:
            self.assertEqual(sample.data, content(sample.track, numbers[sample.track]))
            numbers[sample.track] += 1
        self.assertEqual(sum(numbers), samples)

    def check_command_line(self, run, report):
        done = subprocess.run([PROGRAM, "verify", run.path, "--trust", self.path("id/ca.pem"), "--json"],
                              capture_output=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 1, done)
        said = json.loads(done.stdout)
        self.assertEqual(said["verdict"], "incomplete")
        self.assertEqual(said["coverage"]["segments_verified"], report["segments"])
        self.assertEqual(said["coverage"]["unattested_bytes"], report["unattested_bytes"])

    def test_a_kill_costs_only_what_was_not_announced(self):
        where = places()
        self.assertTrue(where)
        grounds = []
        for place, parent in sorted(where.items()):
            folder = tempfile.mkdtemp(prefix="svms-crash-", dir=parent)
            self.folders.append(folder)
            grounds.append((place, folder, self.startup(folder)))
        for number in range(KILLS):
            place, folder, startup = grounds[number // len(TRACKS) % len(grounds)]
            run = Run(number, folder, place)
            try:
                self.check(run, run.record_and_kill(self.identity, startup))
            except BaseException:
                # What is left is evidence, and its keys lie in the first folder.
                self.keep = True
                say(f"failed: {run}; kept: {' '.join(self.folders)}")
                raise
            if os.path.exists(run.path):
                os.remove(run.path)
        self.check_ledger()

    def check_ledger(self):
        self.assertEqual(self.ledger.repeats, [])
        self.assertEqual(self.ledger.count("content key"), self.fronts)
        self.assertEqual(self.ledger.count("encapsulated key"), self.fronts)
        self.assertGreater(self.segments, KILLS // 4)
        self.assertGreater(self.ledger.count("key and nonce"), self.segments * FRAMES_IN_SEGMENT)
        say(f"{KILLS} kills: {self.fronts} recordings, {self.torn} torn fronts, {self.segments} complete segments, "
            f"{self.ledger.count('key')} keys and {self.ledger.count('key and nonce')} nonces, none twice")


if __name__ == "__main__":
    main()
