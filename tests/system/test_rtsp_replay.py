#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms rtsp serve with a recording as its input: what verifies is seen by who watches, and nothing else."""

import os
import subprocess

from system_case import ENVIRONMENT, EVIDENCE, GOOD, START, SystemCase, TIMEOUT, USAGE, main, make_clip
from test_rtsp_serve import ServeCase, frames


class ReplayTest(ServeCase):
    def camera_of(self, name, *arguments):
        return self.camera("--open", "--wait", *arguments, clip=self.path(name))

    def opens(self):
        return ["--password-file", self.password_file]

    def watch(self, *arguments, name="in.svms", status=GOOD, pictures=None):
        """Records what is served; what the camera said, once it ended with this status."""
        url = self.camera_of(name, *arguments)
        self.assertTrue(url, "nothing is served")
        self.record(GOOD, url, "--trust", self.trust, "--force")
        self.check_pictures(pictures)
        ended, err = self.ended()
        self.assertEqual(ended, status, err)
        return err

    def keep(self, *extra, clip=None, name="in.svms"):
        SystemCase.record(self, name, "--segment-seconds", "1", *extra, clip=clip or self.clip)

    def key_pair(self):
        for arguments in (["genpkey", "-algorithm", "X25519", "-out", "reader.key"],
                          ["pkey", "-in", "reader.key", "-pubout", "-out", "reader.pem"]):
            subprocess.run(["openssl", *arguments], check=True, cwd=self.folder, capture_output=True, timeout=TIMEOUT)
        os.chmod(self.path("reader.key"), 0o600)

    def test_whatever_opens_a_recording_serves_it(self):
        self.key_pair()
        self.expect(GOOD, "kek", "new", "--out", "kek")
        self.keep("--password-file", self.password_file, "--recipient", "reader.pem", "--kek", "kek")
        self.expect(GOOD, "keys", "disclose", "in.svms", *self.opens(), "--from", START, "--to", "2026-11-21T10:00:09Z", "--out",
                    "keys")
        said = self.watch(*self.opens())
        self.assertIn("not checked without --trust", said)
        for option in (["--identity", "reader.key"], ["--kek", "kek"], ["--keys", "keys"]):
            with self.subTest(option=option):
                self.assertNotIn("left out", self.watch(*option, "--trust", self.ca))

    def test_of_a_disclosure_only_what_was_disclosed_is_seen(self):
        clip = make_clip(self.path("long.mp4"), seconds=4)
        self.keep(clip=clip)
        self.expect(GOOD, "keys", "disclose", "in.svms", *self.opens(), "--from", "2026-11-21T10:00:01Z", "--to",
                    "2026-11-21T10:00:02.5Z", "--out", "keys")
        self.expect(GOOD, "extract", "in.svms", "--keys", "keys", "--out", "part.mp4")
        part = frames(self.path("part.mp4"))
        self.assertLess(len(part), len(frames(clip)))
        self.watch("--keys", "keys", pictures=part)

    def test_what_was_changed_is_left_out(self):
        clip = make_clip(self.path("long.mp4"), seconds=4)
        self.keep(clip=clip)
        content = bytearray(self.load("in.svms"))
        content[len(content) // 2] ^= 1
        self.store("in.svms", bytes(content))
        self.extract(EVIDENCE, "in.svms", "rest.mp4")
        rest = frames(self.path("rest.mp4"))
        self.assertTrue(0 < len(rest) < len(frames(clip)))
        self.assertIn("left out: segment", self.watch(*self.opens(), status=EVIDENCE, pictures=rest))

    def test_one_that_has_no_end_is_served_as_far_as_it_is_signed(self):
        self.keep()
        content = self.load("in.svms")
        os.unlink(self.path("in.svms"))
        self.store("in.svms.part", content[:content.rindex(b"SVMSINDX") - 64])
        self.extract(EVIDENCE, "in.svms", "begin.mp4")
        begin = frames(self.path("begin.mp4"))
        self.assertTrue(begin)
        self.assertIn("has no end", self.watch(*self.opens(), status=EVIDENCE, pictures=begin))

    def test_the_same_comes_again_with_loop(self):
        self.keep()
        url = self.camera_of("in.svms", *self.opens(), "--loop")
        self.record(GOOD, url, "--trust", self.trust, "--for", "6s")
        self.verify()
        self.extract(GOOD, "a.svms", "out.mp4")
        seen = frames(self.path("out.mp4"))
        self.assertGreater(len(seen), len(self.pictures))
        self.assertEqual(seen, (self.pictures * 20)[:len(seen)])

    def test_a_long_gap_is_no_long_wait(self):
        gap = self.path("gap.mkv")
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", self.clip, "-c", "copy", "-an", "-bsf:v",
                        "setts=ts=TS+gte(N\\,10)*3600/TB", gap], check=True, timeout=TIMEOUT)
        self.keep(clip=gap)
        self.watch(*self.opens())

    def keep_folder(self, clip):
        self.keep("--rotate", "2s", clip=clip, name="cam")
        names = sorted(name for name in os.listdir(self.path("cam")) if name.endswith(".svms"))
        self.assertGreater(len(names), 2)
        return names

    def extracted(self, name, status=GOOD, *extra):
        self.extract(status, name, "part.mp4", "--force", *extra)
        return frames(self.path("part.mp4"))

    def test_a_folder_is_served_from_container_to_container(self):
        clip = make_clip(self.path("long.mp4"), seconds=6)
        names = self.keep_folder(clip)
        self.assertNotIn("left out", self.watch(*self.opens(), "--trust", self.ca, name="cam", pictures=frames(clip)))
        # One that is missing is named, and nothing else with it.
        os.unlink(self.path("cam/" + names[1]))
        rest = self.extracted("cam", EVIDENCE)
        self.assertTrue(0 < len(rest) < len(frames(clip)))
        self.assertIn("1 containers are missing", self.watch(*self.opens(), name="cam", status=EVIDENCE, pictures=rest))

    def test_what_was_changed_in_a_folder_is_left_out(self):
        clip = make_clip(self.path("long.mp4"), seconds=6)
        names = self.keep_folder(clip)
        content = bytearray(self.load("cam/" + names[1]))
        content[len(content) // 2] ^= 1
        self.store("cam/" + names[1], bytes(content))
        rest = self.extracted("cam", EVIDENCE)
        said = self.watch(*self.opens(), name="cam", status=EVIDENCE, pictures=rest)
        self.assertIn(names[1], said)
        self.assertIn("left out: segment", said)

    def test_a_part_is_served(self):
        clip = make_clip(self.path("long.mp4"), seconds=6)
        self.keep(clip=clip)
        self.keep_folder(clip)
        part = ["--from", "2026-11-21T10:00:01.5Z", "--to", "2026-11-21T10:00:04Z"]
        for name in ("in.svms", "cam"):
            with self.subTest(name=name):
                wanted = self.extracted(name, GOOD, *part)
                self.assertTrue(0 < len(wanted) < len(frames(clip)))
                self.watch(*self.opens(), *part, name=name, pictures=wanted)

    def test_what_cannot_be_served_is_said(self):
        own = ["--certificate", self.authority.at("camera.pem"), "--certificate-key", self.authority.at("camera.key")]
        serve = [*own, "--open", "--listen", "127.0.0.1:0"]
        self.keep()
        self.assertIn("what opens the recording", self.expect(USAGE, "rtsp", "serve", "in.svms", *serve).err)
        wrong = self.store("wrong", b"another one\n")
        os.chmod(wrong, 0o600)
        self.expect(EVIDENCE, "rtsp", "serve", "in.svms", *serve, "--password-file", wrong)
        stranger = self.authority.at("ca.pem")
        self.expect(EVIDENCE, "rtsp", "serve", "in.svms", *serve, *self.opens(), "--trust", stranger)
        self.expect(GOOD, "record", self.clip, "--out", "unsigned.svms", "--unsigned", *self.opens())
        run = self.expect(EVIDENCE, "rtsp", "serve", "unsigned.svms", *serve, *self.opens())
        self.assertIn("not signed", run.err)
        late = ["--from", "2027-01-01T00:00:00Z"]
        self.assertIn("holds nothing", self.expect(EVIDENCE, "rtsp", "serve", "in.svms", *serve, *self.opens(), *late).err)
        self.expect(USAGE, "rtsp", "serve", "in.svms", *serve, *self.opens(), *late, "--to", START)
        os.mkdir(self.path("empty"))
        self.expect(ENVIRONMENT, "rtsp", "serve", "empty", *serve, *self.opens())
        self.keep("--rotate", "2s", name="cam")
        self.assertIn("not a folder", self.expect(USAGE, "rtsp", "serve", "cam", *serve, "--keys", "keys").err)
        for more in (self.opens(), ["--trust", self.ca], late):
            self.assertIn("is none", self.expect(USAGE, "rtsp", "serve", self.clip, *serve, *more).err)


if __name__ == "__main__":
    main()
