#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Handing over a part of a recording: what opens, what stays shut, and what is refused."""

import hashlib
import os
import re
import stat
import struct

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, ROOT, SystemCase, USAGE, main, packets


def at(second):
    return f"2026-11-21T10:00:{second:02d}Z"


class Disclosure(SystemCase):
    def setUp(self):
        super().setUp()
        self.record("a.svms", "--segment-seconds", "1")

    def disclose(self, status, begin, end, *extra, name="a.svms", out="keys"):
        return self.expect(status, "keys", "disclose", name, "--from", at(begin), "--to", at(end), "--out", out,
                           "--password-file", self.password_file, *extra)

    def entries(self, name="keys"):
        data = self.load(name)
        self.assertEqual(data[:12], b"\x8aSVK\r\n\x1a\n\0\1\0\0")
        self.assertEqual(data[-32:], hashlib.sha256(data[:-32]).digest())
        (count,) = struct.unpack_from(">I", data, 12)
        self.assertEqual(len(data), 64 + 48 * count + 32)
        return [struct.unpack_from(">QB7x32s", data, 64 + 48 * n) for n in range(count)]

    def test_the_receiver_sees_the_range_and_nothing_else(self):
        run = self.disclose(GOOD, 2, 4)
        self.assertIn("tracks 0, 1 of segments 2 to 3", run.out)
        self.assertEqual([entry[:2] for entry in self.entries()], [(2, 0), (2, 1), (3, 0), (3, 1)])
        self.expect(GOOD, "extract", "a.svms", "--keys", "keys", "--out", "part.mkv", "--trust", self.ca)
        self.extract(GOOD, "a.svms", "same.mkv", "--from", at(2), "--to", at(4))
        video = [line.split(",")[4:] for line in packets(self.path("part.mkv")) if line.startswith("0,")]
        same = [line.split(",")[4:] for line in packets(self.path("same.mkv")) if line.startswith("0,")]
        self.assertEqual(len(video), 20)
        self.assertEqual(video, same)
        self.extract(GOOD, "a.svms", "whole.mkv")
        hashes = {line.split(",")[-1] for line in packets(self.path("whole.mkv")) if not line.startswith("#")}
        mine = [line.split(",")[-1] for line in packets(self.path("part.mkv")) if not line.startswith("#")]
        self.assertTrue(set(mine) < hashes)

    def test_verification_of_the_whole_takes_what_was_disclosed(self):
        self.disclose(GOOD, 2, 4)
        report = self.verify("a.svms", "--keys", "keys")
        self.assertEqual((report["verdict"], report["access"]["verdict"]), ("authentic", "disclosed"))
        self.assertIn("what was disclosed opens", self.expect(GOOD, "verify", "a.svms", "--trust", self.ca, "--keys", "keys").out)

    def test_one_track_can_be_disclosed_alone(self):
        self.disclose(GOOD, 0, 8, "--track", "0")
        self.assertEqual({entry[1] for entry in self.entries()}, {0})
        self.expect(GOOD, "extract", "a.svms", "--keys", "keys", "--out", "silent.mp4")
        lines = packets(self.path("silent.mp4"))
        self.assertEqual({line.split(",")[0] for line in lines if not line.startswith("#")}, {"0"})
        self.assertTrue(any("video" in line for line in lines))
        self.assertFalse(any("audio" in line for line in lines))

    def test_the_file_is_private_and_replaces_nothing(self):
        old = os.umask(0)
        try:
            self.disclose(GOOD, 2, 4)
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("keys")).st_mode), 0o600)
        before = self.load("keys")
        self.assertIn("never replaced", self.disclose(ENVIRONMENT, 1, 2).err)
        os.symlink("elsewhere", self.path("link"))
        self.disclose(ENVIRONMENT, 1, 2, out="link")
        self.assertEqual(self.load("keys"), before)
        self.assertNotIn("elsewhere", self.files())
        os.chmod(self.path("keys"), 0o644)
        self.assertIn("others may read it", self.expect(GOOD, "keys", "show", "keys").err)

    def test_show_says_what_a_file_opens_and_no_secret(self):
        self.disclose(GOOD, 2, 4, "--track", "1")
        shown = self.expect(GOOD, "keys", "show", "keys", "--json").json()
        info = self.expect(GOOD, "info", "a.svms", "--json").json()
        header = self.load("a.svms")
        header = header[:struct.unpack_from(">I", header, 20)[0]]
        self.assertEqual(shown, {"file": "keys", "container_id": info["container_id"],
                                 "header_digest": hashlib.sha256(header).hexdigest(), "secrets": 2, "segments": 2,
                                 "first_segment": 2, "last_segment": 3, "tracks": [1]})
        text = self.expect(GOOD, "keys", "show", "keys").out
        self.assertIn("track 1", text)
        for _, _, secret in self.entries():
            self.assertNotIn(secret.hex()[:16], text)

    def test_what_was_asked_for_and_not_disclosed_is_named(self):
        self.disclose(GOOD, 2, 4)
        run = self.expect(EVIDENCE, "extract", "a.svms", "--keys", "keys", "--from", at(1), "--to", at(3), "--out", "b.mkv")
        self.assertIn("nothing before 2026-11-21T10:00:02.000Z was disclosed", run.err)
        run = self.expect(EVIDENCE, "extract", "a.svms", "--keys", "keys", "--from", at(3), "--to", at(6), "--out", "c.mkv")
        self.assertIn("nothing from 2026-11-21T10:00:04", run.err)
        self.expect(EVIDENCE, "extract", "a.svms", "--keys", "keys", "--from", at(5), "--out", "d.mkv")
        self.assertIn("c.mkv", self.files())
        self.assertNotIn("d.mkv", self.files())

    def test_a_disclosure_can_be_narrowed_and_not_widened(self):
        self.disclose(GOOD, 2, 5)
        narrow = ["keys", "disclose", "a.svms", "--keys", "keys", "--track", "0"]
        self.expect(GOOD, *narrow, "--from", at(3), "--to", at(4), "--out", "less")
        self.assertEqual([entry[:2] for entry in self.entries("less")], [(3, 0)])
        self.assertIn(self.entries("less")[0], self.entries())
        run = self.expect(EVIDENCE, *narrow, "--from", at(3), "--to", at(6), "--out", "more")
        self.assertIn("track 0 of segment 5 was not disclosed", run.err)
        self.assertNotIn("more", self.files())

    def test_foreign_wrong_and_damaged_files_are_told_apart(self):
        self.record("b.svms", "--segment-seconds", "1")
        self.disclose(GOOD, 2, 4)
        run = self.expect(EVIDENCE, "extract", "b.svms", "--keys", "keys", "--out", "b.mp4")
        self.assertIn("belongs to another container", run.err)
        self.assertEqual(self.verify("b.svms", "--keys", "keys", status=EVIDENCE)["verdict"], "undecryptable")
        keys = bytearray(self.load("keys"))
        keys[64 + 16] ^= 1
        os.chmod(self.store("damaged", bytes(keys)), 0o600)
        run = self.expect(MALFORMED, "extract", "a.svms", "--keys", "damaged", "--out", "b.mp4")
        self.assertIn("damaged", run.err)
        keys[-32:] = hashlib.sha256(keys[:-32]).digest()
        os.chmod(self.store("wrong", bytes(keys)), 0o600)
        run = self.expect(EVIDENCE, "extract", "a.svms", "--keys", "wrong", "--out", "b.mp4")
        self.assertIn("the secret disclosed for track 0 of segment 2 is wrong", run.err)
        report = self.verify("a.svms", "--keys", "wrong", status=EVIDENCE)
        self.assertEqual((report["verdict"], report["access"]["verdict"], report["first_failure"]["segment"]),
                         ("undecryptable", "failed", 2))
        self.expect(MALFORMED, "keys", "show", self.password_file)
        self.expect(ENVIRONMENT, "keys", "show", "missing")

    def test_nothing_is_disclosed_of_what_does_not_verify(self):
        content = bytearray(self.load("a.svms"))
        content[len(content) // 2] ^= 4
        self.store("b.svms", bytes(content))
        run = self.disclose(EVIDENCE, 0, 8, name="b.svms")
        self.assertRegex(run.err, r"segment \d")
        self.assertNotIn("keys", self.files())

    def test_ranges_and_tracks_that_are_not_there(self):
        self.assertIn("range holds no", self.disclose(EVIDENCE, 20, 30).err)
        self.assertIn("no track 7", self.disclose(USAGE, 2, 4, "--track", "7").err)
        self.assertIn("0 to 31", self.disclose(USAGE, 2, 4, "--track", "video").err)
        self.expect(GOOD, "record", self.clip, "--out", "clear.svms", "--start-time", at(0), "--protect", "none", *self.signer)
        self.assertIn("nothing to disclose", self.disclose(USAGE, 2, 4, name="clear.svms").err)
        run = self.expect(USAGE, "keys", "disclose", "a.svms", "--from", at(2), "--to", at(4), "--out", "keys")
        self.assertIn("what opens the recording is missing", run.err)
        self.assertNotIn("keys", self.files())

    def test_a_secret_is_the_one_that_the_specification_works_out(self):
        with open(os.path.join(ROOT, "docs", "spec", "container.md"), encoding="utf-8") as file:
            secret = re.search(r"^T\(0, 0\) +([0-9a-f]{64})$", file.read(), re.MULTILINE)[1]
        os.chmod(self.store("password", b"example\n"), 0o600)
        example = os.path.join(ROOT, "tests", "vectors", "data", "worked-example.svms")
        info = self.expect(GOOD, "info", example, "--json").json()["time"]
        self.expect(GOOD, "keys", "disclose", example, "--password-file", "password", "--out", "keys",
                    "--from", info["first"], "--to", info["last"])
        self.assertEqual([(segment, track, value.hex()) for segment, track, value in self.entries()], [(0, 0, secret)])


if __name__ == "__main__":
    main()
