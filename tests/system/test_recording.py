#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms record into a folder: rotation, continuing, the head that is kept elsewhere, and kills.

SVMS_ROTATION_KILLS sets how often a recorder is killed while it rotates, SVMS_ROTATION_SEED repeats the
moments of a run that failed, as far as the machine lets it.
"""

import json
import os
import random
import shutil
import subprocess
import time
import unittest

from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, PROGRAM, START, TIMEOUT, USAGE, SystemCase, ffmpeg,
                         main, make_clip, packets, real_clips, say)

KILLS = int(os.environ.get("SVMS_ROTATION_KILLS", "20"))
SEED = os.environ.get("SVMS_ROTATION_SEED") or str(random.SystemRandom().randrange(10**9))


def link_of(path):
    """Container id, sequence number, and what tag 9 says: (id, segment, hash, state) or None."""
    with open(path, "rb") as file:
        data = file.read(262144)
    size = int.from_bytes(data[20:24], "big")
    container = sequence = link = None
    at = 72
    while at < size:
        tag = int.from_bytes(data[at:at + 2], "big")
        length = int.from_bytes(data[at + 4:at + 8], "big")
        value = data[at + 8:at + 8 + length]
        if tag == 2:
            container, sequence = value[:16].hex(), int.from_bytes(value[32:40], "big")
        if tag == 9:
            link = (value[:16].hex(), int.from_bytes(value[16:24], "big"), value[24:56].hex(), value[56])
        at += 8 + length
    return container, sequence, link


class FolderCase(SystemCase):
    def rotate(self, folder, *extra, status=GOOD, clip=None, start=START):
        opens = ["--recipient", os.path.join(self.identity, "cert.pem")]
        return self.expect(status, "record", clip or self.clip, "--out", folder, "--start-time", start, *self.signer,
                           *opens, *extra)

    def open_key(self):
        return ["--identity", os.path.join(self.identity, "key.pem"), "--trust", self.ca]

    def containers(self, folder):
        return sorted(name for name in os.listdir(self.path(folder)) if ".svms" in name)

    def check_chain(self, folder):
        """Each container holds as far as it goes, and each names the one before; number of segments."""
        before = None
        segments = 0
        for name in self.containers(folder):
            path = os.path.join(self.path(folder), name)
            run = self.run_svms("verify", path, "--trust", self.ca, "--json")
            said = run.json()
            # A kill may come between the end of a container and its name.
            closed = said["coverage"]["closed"]
            self.assertTrue(closed or name.endswith(".part"), name)
            self.assertEqual(said["verdict"], "authentic" if closed else "incomplete", name)
            self.assertEqual(run.status, GOOD if closed else EVIDENCE)
            container, sequence, link = link_of(path)
            count = said["coverage"]["segments_verified"]
            if before is not None:
                self.assertEqual(sequence, before[1] + 1)
                self.assertEqual(link[0], before[0], name)
                self.assertIn(link[3], (1, 4))
                # The container before has that segment; a later one may have been lost to the link only
                # where something failed.
                self.assertEqual(link[1], before[2] - 1 if before[2] else 2**64 - 1)
            before = (container, sequence, count)
            segments += count
        return segments

    def check_whole(self, folder, head="head.json"):
        """The library's own judgement of all containers together, with what is remembered of them."""
        said = self.expect(GOOD, "verify", folder, "--trust", self.ca, "--head", head, "--json").json()
        self.assertEqual(said["verdict"], "authentic")
        self.assertEqual(said["missing"], 0)


class Recording(FolderCase):
    def test_a_folder_is_filled_container_by_container(self):
        said = self.rotate("r", "--rotate", "2s", "--json", "--head", "head.json").json()
        names = self.containers("r")
        self.assertEqual([os.path.basename(one["file"]) for one in said["containers"]], names)
        self.assertEqual(names, [f"00000{i}-20261121T10000{2 * i}Z.svms" for i in range(4)])
        self.assertEqual([one["link"] for one in said["containers"]], ["none", "verified", "verified", "verified"])
        self.assertEqual(said["link"], "none")
        self.assertEqual(said["samples"], sum(one["samples"] for one in said["containers"]))
        self.assertEqual(self.check_chain("r"), said["segments"])
        self.check_whole("r")
        head = json.loads(self.load("head.json"))
        self.assertEqual(head["container_id"], said["containers"][-1]["container_id"])
        self.assertEqual(head["recording_id"], said["recording_id"])
        self.assertEqual(head["sequence"], 3)
        self.assertEqual(os.stat(self.path("r")).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(self.path("head.json")).st_mode & 0o777, 0o600)

    def test_size_rotates_too(self):
        make_clip(self.path("large.mp4"), "-c:v", "libx264", "-b:v", "4M", "-g", "10", "-bf", "0", "-c:a", "aac")
        self.rotate("r", "--rotate", "128KiB", "--rotate", "1h", clip=self.path("large.mp4"))
        names = self.containers("r")
        self.assertGreater(len(names), 2)
        for name in names[:-1]:
            self.assertGreater(os.path.getsize(os.path.join(self.path("r"), name)), 128 * 1024)
        self.check_chain("r")

    def test_what_comes_out_of_a_folder_is_what_went_in(self):
        for clip in [self.clip, *real_clips()]:
            name = os.path.basename(clip)
            with self.subTest(clip=name):
                self.rotate(f"{name}.d", "--rotate", "3s", clip=clip)
                self.rotate(f"{name}.svms", clip=clip)
                self.assertGreater(len(self.containers(f"{name}.d")), 1)
                self.check_chain(f"{name}.d")
                for source, out in ((f"{name}.d", "d.mkv"), (f"{name}.svms", "s.mkv")):
                    self.expect(GOOD, "extract", source, "--out", out, "--force", *self.open_key())
                self.assertEqual(packets(self.path("d.mkv")), packets(self.path("s.mkv")))
                shutil.rmtree(self.path(f"{name}.d"))

    def test_a_range_is_taken_out_of_the_containers_that_hold_it(self):
        self.rotate("r", "--rotate", "2s")
        self.rotate("a.svms")
        limits = ["--from", "2026-11-21T10:00:03Z", "--to", "2026-11-21T10:00:05Z"]
        for source, out in (("r", "r.mkv"), ("a.svms", "a.mkv")):
            self.expect(GOOD, "extract", source, "--out", out, *limits, *self.open_key())
        self.assertEqual(packets(self.path("r.mkv")), packets(self.path("a.mkv")))
        run = self.expect(EVIDENCE, "extract", "r", "--out", "n.mkv", "--from", "2026-11-21T11:00:00Z",
                          *self.open_key())
        self.assertIn("holds nothing", run.err)
        self.expect(USAGE, "extract", "r", "--out", "n.mkv", "--keys", "k", *self.open_key())
        os.mkdir(self.path("empty"))
        self.expect(ENVIRONMENT, "extract", "empty", "--out", "n.mkv", *self.open_key())

    def test_a_missing_and_a_damaged_container_are_named_and_the_rest_comes_out(self):
        self.rotate("r", "--rotate", "2s")
        names = self.containers("r")
        os.remove(os.path.join(self.path("r"), names[1]))
        with open(os.path.join(self.path("r"), names[2]), "r+b") as file:
            file.seek(os.path.getsize(file.name) // 2)
            file.write(b"damage")
        run = self.expect(EVIDENCE, "extract", "r", "--out", "r.mkv", *self.open_key())
        self.assertIn("1 containers are missing before", run.err)
        self.assertIn(names[2], run.err)
        self.assertTrue(os.path.exists(self.path("r.mkv")))

    def test_a_recording_goes_on(self):
        self.rotate("r", "--rotate", "3s", "--head", "head.json")
        first = self.containers("r")
        said = self.rotate("r", "--rotate", "3s", "--head", "head.json", "--continue", "--json",
                           start="2026-11-21T10:01:00Z").json()
        self.assertEqual(said["link"], "verified")
        self.assertEqual(said["containers"][0]["sequence"], len(first))
        self.check_chain("r")
        self.check_whole("r")
        run = self.rotate("r", "--continue", start="2026-11-21T10:02:00Z")
        self.assertIn("--head", run.err)
        self.assertEqual(link_of(os.path.join(self.path("r"), self.containers("r")[-1]))[2][3], 4)

    def test_a_folder_that_is_not_empty_is_left_alone_without_continue(self):
        self.rotate("r", "--rotate", "3s", "--head", "head.json")
        before = self.containers("r")
        self.rotate("r", "--rotate", "3s", status=ENVIRONMENT)
        self.rotate("new", "--rotate", "3s", "--head", "head.json", status=ENVIRONMENT)
        self.assertEqual(self.containers("r"), before)

    def test_what_is_not_what_was_remembered_is_said_and_signed(self):
        self.rotate("r", "--rotate", "3s", "--head", "head.json")
        shutil.copytree(self.path("r"), self.path("old"))
        shutil.copy(self.path("head.json"), self.path("old.json"))
        self.rotate("r", "--rotate", "3s", "--head", "head.json", "--continue", start="2026-11-21T10:01:00Z")
        # The medium was set back to an older state: what is remembered is not there.
        head = json.loads(self.load("head.json"))
        run = self.rotate("old", "--continue", "--head", "head.json", start="2026-11-21T10:02:00Z")
        self.assertIn("WARNING", run.err)
        _, sequence, link = link_of(os.path.join(self.path("old"), self.containers("old")[-1]))
        self.assertEqual((link[0], link[2], link[3]), (head["container_id"], head["manifest_hash"], 3))
        self.assertEqual(sequence, head["sequence"] + 1)
        # Something else stands in its place.
        changed = json.loads(self.load("old.json"))
        changed["manifest_hash"] = "00" * 32
        changed["sequence"], changed["container_id"] = sequence, link_of(
            os.path.join(self.path("old"), self.containers("old")[-1]))[0]
        self.store("changed.json", json.dumps(changed).encode())
        run = self.rotate("old", "--continue", "--head", "changed.json", start="2026-11-21T10:03:00Z")
        self.assertIn("WARNING", run.err)
        self.assertEqual(link_of(os.path.join(self.path("old"), self.containers("old")[-1]))[2][3], 2)
        # Nothing is there at all.
        run = self.rotate("bare", "--continue", "--head", "changed.json", start="2026-11-21T10:04:00Z")
        self.assertIn("missing", run.err)
        self.assertEqual(link_of(os.path.join(self.path("bare"), self.containers("bare")[0]))[2][3], 3)

    def test_a_head_that_cannot_be_kept_is_told_and_recording_goes_on(self):
        run = self.rotate("r", "--rotate", "3s", "--head", "nowhere/head.json", status=ENVIRONMENT)
        self.assertIn("could not be kept", run.err)
        self.check_chain("r")
        self.store("head.json", b"{}")
        self.rotate("s", "--continue", "--head", "head.json", status=MALFORMED)

    def test_what_cannot_be_read_stops_a_recording_from_going_on(self):
        """Otherwise a number could be given twice, and what was remembered be called unknown."""
        self.rotate("r", "--rotate", "3s", "--head", "head.json")
        before = self.containers("r")
        os.mkdir(os.path.join(self.path("r"), "000007-folder.svms"))
        os.symlink("loop.svms", os.path.join(self.path("r"), "loop.svms"))
        run = self.rotate("r", "--continue", status=ENVIRONMENT, start="2026-11-21T10:01:00Z")
        self.assertIn("loop.svms", run.err)
        os.remove(os.path.join(self.path("r"), "loop.svms"))
        for option in ("--continue", "--rotate=3s"):
            run = self.rotate("r" if option == "--continue" else "new", option, "--head", "head.json/head.json",
                              status=ENVIRONMENT)
            self.assertIn("cannot look for", run.err)
        self.assertEqual([name for name in self.containers("r") if "folder" not in name], before)
        self.assertEqual(self.containers("new"), [])
        self.rotate("r", "--continue", "--head", "head.json", start="2026-11-21T10:02:00Z")

    def test_a_container_that_was_left_with_both_names_keeps_one(self):
        """As a kill between link() and unlink() leaves it."""
        self.rotate("r", "--rotate", "3s", "--head", "head.json")
        first = self.containers("r")
        for name in first[0], first[-1]:
            os.link(os.path.join(self.path("r"), name), os.path.join(self.path("r"), name + ".part"))
        os.mkdir(os.path.join(self.path("r"), "folder.svms.part"))
        self.rotate("r", "--rotate", "3s", "--head", "head.json", "--continue", start="2026-11-21T10:01:00Z")
        os.rmdir(os.path.join(self.path("r"), "folder.svms.part"))
        self.assertEqual([name for name in self.containers("r") if name in first or ".part" in name], first)
        self.check_chain("r")
        self.check_whole("r")

    def test_a_damaged_newest_container_is_no_verified_link(self):
        self.rotate("r", "--rotate", "3s", "--head", "head.json")
        shutil.copy(self.path("head.json"), self.path("old.json"))
        self.rotate("r", "--rotate", "20s", "--head", "head.json", "--continue", start="2026-11-21T10:01:00Z")
        newest = os.path.join(self.path("r"), self.containers("r")[-1])
        # Without its end, and with damage in its last segment.
        os.truncate(newest, os.path.getsize(newest) - 400)
        with open(newest, "r+b") as file:
            file.seek(-5000, os.SEEK_END)
            file.write(b"damage")
        run = self.rotate("r", "--continue", "--head", "old.json", start="2026-11-21T10:02:00Z")
        self.assertIn("is damaged", run.err)
        head = json.loads(self.load("head.json"))
        _, sequence, link = link_of(os.path.join(self.path("r"), self.containers("r")[-1]))
        self.assertEqual(sequence, head["sequence"] + 1)
        self.assertNotEqual(link[3], 1)
        self.assertNotEqual(link[2], "00" * 32)

    def test_what_cannot_be_read_makes_an_extraction_incomplete(self):
        self.rotate("r", "--rotate", "3s")
        os.symlink("loop.svms", os.path.join(self.path("r"), "loop.svms"))
        run = self.expect(EVIDENCE, "extract", "r", "--out", "r.mkv", *self.open_key())
        self.assertIn("left out: r/loop.svms", run.err)
        self.assertTrue(os.path.exists(self.path("r.mkv")))

    def test_two_recorders_do_not_write_into_one_folder(self):
        process = subprocess.Popen(
            [PROGRAM, "record", self.clip, "--out", "r", "--rotate", "2s", "--realtime", *self.signer, "--recipient",
             os.path.join(self.identity, "cert.pem")], cwd=self.folder, stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True)
        try:
            self.wait_for(lambda: os.path.isdir(self.path("r")) and self.containers("r"))
            run = self.rotate("r", "--continue", status=ENVIRONMENT)
            self.assertIn("another recorder", run.err)
        finally:
            process.terminate()
            err = process.communicate(timeout=TIMEOUT)[1].decode()
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("ended by a signal", err)
        self.check_chain("r")

    def test_durability_and_signatures_can_be_chosen(self):
        for i, extra in enumerate((["--durability", "interval=5"], ["--durability", "none"],
                                   ["--durability", "interval", "--sign-every", "4"], ["--late-signatures"],
                                   ["--durability", "segment", "--sign-every", "64", "--late-signatures"])):
            with self.subTest(extra=extra):
                self.rotate(f"r{i}", "--rotate", "4s", *extra, "--segment-seconds", "1")
                self.check_chain(f"r{i}")
                self.rotate(f"f{i}.svms", *extra)
                self.verify(f"f{i}.svms")

    def test_wrong_ways_to_ask_are_refused(self):
        for extra in (["--rotate", "0s"], ["--rotate", "10"], ["--rotate", "1KiB"], ["--rotate", "m"],
                      ["--rotate", "5m", "--rotate", "6m"], ["--rotate", "1.5h"], ["--rotate", "9999999s"],
                      ["--durability", "always"], ["--durability", "interval="], ["--durability", "interval=0"],
                      ["--durability", "interval=1x"], ["--durability", "intervals"], ["--sign-every", "65"],
                      ["--sign-every", "0"], ["--json"], ["--head", "h"], ["--rotate", "1m", "--force"]):
            with self.subTest(extra=extra):
                self.rotate("r", *extra, status=USAGE)
                self.assertFalse(os.path.exists(self.path("r")))
        self.expect(USAGE, "record", self.clip, "--out", "r", "--unsigned", "--protect", "none", "--sign-every", "2")


class Kills(FolderCase):
    """A recorder that rotates all the time is killed at random moments, and goes on each time."""

    def kill_one(self, choice, clip, start, longest):
        arguments = [PROGRAM, "record", clip, "--out", "r", "--rotate", "1s", "--segment-seconds", "0.5",
                     "--continue", "--head", "head.json", "--start-time", start, *self.signer, "--recipient",
                     os.path.join(self.identity, "cert.pem")]
        before = len(self.containers("r")) if os.path.isdir(self.path("r")) else 0
        process = subprocess.Popen(arguments, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            end = time.monotonic() + TIMEOUT
            # From its first container on, so that each kill hits something.
            while process.poll() is None and time.monotonic() < end:
                if os.path.isdir(self.path("r")) and len(self.containers("r")) > before:
                    break
                time.sleep(0.001)
            time.sleep(choice.uniform(0, longest))
        finally:
            process.kill()
            err = process.communicate(timeout=TIMEOUT)[1].decode()
        self.assertNotIn("Sanitizer", err)
        self.assertNotIn("WARNING", err)

    def set_aside_torn(self):
        """A file in which not even the header arrived is nothing; the recorder passes it over."""
        torn = 0
        for name in self.containers("r"):
            path = os.path.join(self.path("r"), name)
            if name.endswith(".part") and os.path.getsize(path) < 1024:
                os.remove(path)
                torn += 1
        return torn

    def test_a_kill_anywhere_in_rotation_leaves_a_chain_that_goes_on(self):
        say(f"SVMS_ROTATION_SEED={SEED}, {KILLS} kills")
        choice = random.Random(SEED)
        clip = self.path("long.mp4")
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10", "-t", "300", "-pix_fmt", "yuv420p", "-c:v",
               "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "5", clip)
        torn = 0
        for number in range(KILLS):
            self.kill_one(choice, clip, f"2026-11-21T{number % 24:02}:00:00Z", 0.3)
            torn += self.set_aside_torn()
        parts = [name for name in self.containers("r") if name.endswith(".part")]
        run = self.rotate("r", "--continue", "--head", "head.json", "--json", start="2026-11-22T10:00:00Z")
        self.assertEqual(run.json()["link"], "verified")
        segments = self.check_chain("r")
        self.check_whole("r")
        say(f"{KILLS} kills: {len(self.containers('r'))} containers, {len(parts)} interrupted, {torn} torn, "
            f"{segments} segments, every link true")
        self.assertGreaterEqual(len(parts), KILLS // 2)


if __name__ == "__main__":
    main()
