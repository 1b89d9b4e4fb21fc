#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Inputs that are no video and files that are no recordings: words, a status, and nothing left behind."""

import os
import random
import socket
import subprocess

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, PROGRAM, SystemCase, TIMEOUT, main


# The same in each run: FFmpeg takes some noise for sound.
NOISE = random.Random(7).randbytes(100000)


class RecordInputs(SystemCase):
    def refuse(self, status, given, **options):
        before = self.files()
        run = self.expect(status, "record", given, "--out", "a.svms", *self.signer, "--password-file",
                          self.password_file, **options)
        self.assertEqual(self.files(), before)
        return run

    def test_what_is_not_there(self):
        self.assertIn("missing.mp4", self.refuse(ENVIRONMENT, "missing.mp4").err)
        self.refuse(ENVIRONMENT, "rtsp://127.0.0.1:9/none")
        self.refuse(ENVIRONMENT, "nosuchprotocol://x")

    def test_a_password_in_an_address_is_not_shown(self):
        for address in ("rtsp://me:sesame@127.0.0.1:9/none", "http://me:open@sesame@127.0.0.1:9/"):
            run = self.refuse(ENVIRONMENT, address)
            self.assertIn("://127.0.0.1:9/", run.err)
            self.assertNotIn("sesame", run.err)

    def test_a_directory(self):
        self.assertIn("is a directory", self.refuse(ENVIRONMENT, self.folder).err)

    def test_an_empty_file(self):
        self.refuse(MALFORMED, self.store("empty.mp4", b""))

    def test_other_types_of_file(self):
        self.refuse(MALFORMED, self.store("noise.mp4", NOISE))
        self.refuse(MALFORMED, self.store("words", b"These are words, not pictures.\n" * 500))
        self.refuse(MALFORMED, self.store("words.txt", b"These are words, not pictures.\n" * 500))
        self.refuse(MALFORMED, PROGRAM)
        self.record("b.svms")
        self.refuse(MALFORMED, "b.svms")

    def test_a_damaged_file(self):
        with open(self.clip, "rb") as file:
            content = file.read()
        self.refuse(MALFORMED, self.store("cut.mp4", content[:len(content) // 2]))

    def test_an_empty_pipe(self):
        self.refuse(MALFORMED, "-", stdin=subprocess.DEVNULL)

    def test_a_fifo_is_an_input_like_a_file(self):
        os.mkfifo(self.path("fifo"))
        stream = self.path("clip.ts")
        subprocess.run(["ffmpeg", "-v", "error", "-i", self.clip, "-c", "copy", stream], check=True)
        with subprocess.Popen(["sh", "-c", f"cat '{stream}' > fifo"], cwd=self.folder) as writer:
            self.record("a.svms", clip="fifo")
            writer.wait(TIMEOUT)
        self.assertEqual(self.verify("a.svms")["verdict"], "authentic")

    def test_time_that_goes_back_ends_the_recording_properly(self):
        stream = self.path("clip.ts")
        subprocess.run(["ffmpeg", "-v", "error", "-i", self.clip, "-c", "copy", stream], check=True)
        twice = self.store("twice.ts", self.load("clip.ts") * 2)
        run = self.expect(ENVIRONMENT, "record", twice, "--out", "a.svms", *self.signer, "--protect", "none")
        self.assertIn("went back", run.err)
        report = self.verify("a.svms")
        self.assertTrue(report["coverage"]["closed"])
        self.assertNotIn("a.svms.part", self.files())

    def test_a_name_with_a_colon_is_a_file(self):
        os.symlink(self.clip, self.path("10:30 door.mp4"))
        self.record("a.svms", clip="10:30 door.mp4")
        self.assertEqual(self.verify("a.svms")["verdict"], "authentic")


class RecordingInputs(SystemCase):
    """info, verify and extract on what is no recording."""

    def refuse(self, status, given):
        for command in (["info", given], ["info", given, "--json"], ["verify", given, "--trust", self.ca],
                        ["extract", given, "--out", "a.mp4", "--password-file", self.password_file]):
            run = self.expect(status, *command)
            self.assertTrue(run.err)
            self.assertNotIn("a.mp4", self.files())

    def test_what_cannot_be_read(self):
        os.mkfifo(self.path("fifo"))
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.path("socket"))
            for given in ("missing.svms", ".", "fifo", "socket", "/dev/null", "missing/a.svms"):
                with self.subTest(given):
                    self.refuse(ENVIRONMENT, given)

    def test_what_is_no_recording(self):
        for name, content in (("empty", b""), ("short", b"\x8aSVM"), ("noise", os.urandom(5000)),
                              ("zeros", bytes(5000)), ("magic", b"\x8aSVM\r\n\x1a\n" + bytes(5000))):
            with self.subTest(name):
                self.refuse(MALFORMED, self.store(name, content))
        self.refuse(MALFORMED, self.clip)

    def test_a_json_reader_gets_an_object_for_what_is_malformed(self):
        self.store("noise", os.urandom(5000))
        report = self.verify("noise", status=MALFORMED)
        self.assertEqual(report["verdict"], "not_authentic")
        self.assertEqual(report["first_failure"]["offset"], 0)

    def test_a_header_that_is_damaged_and_one_that_is_cut(self):
        self.record("a.svms")
        content = self.load("a.svms")
        for size in range(0, 400, 57):
            with self.subTest(size):
                self.refuse(MALFORMED, self.store("cut.svms", content[:size]))
        changed = bytearray(content)
        changed[content.index(b"libsvms")] ^= 1
        self.store("changed.svms", bytes(changed))
        self.assertEqual(self.verify("changed.svms", status=EVIDENCE)["verdict"], "not_authentic")
        self.expect(EVIDENCE, "info", "changed.svms")

    def test_lengths_that_lie_are_named_by_their_byte(self):
        self.record("a.svms")
        content = bytearray(self.load("a.svms"))
        content[20:24] = b"\xff\xff\xff\xff"
        self.store("lie.svms", bytes(content))
        run = self.expect(MALFORMED, "info", "lie.svms")
        self.assertRegex(run.err, r"byte \d+")

    def test_the_good_one_is_good(self):
        self.record("a.svms")
        self.expect(GOOD, "info", "a.svms")


if __name__ == "__main__":
    main()
