#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--from and --to: what is asked about is what is judged and what is written."""

from system_case import EVIDENCE, GOOD, START, SystemCase, USAGE, main, packets


def at(seconds):
    return START[:-3] + f"{seconds:06.3f}Z"


class Ranges(SystemCase):
    def setUp(self):
        super().setUp()
        self.record("a.svms", "--segment-seconds", "1")

    def test_a_range_inside_is_authentic_and_says_what_it_covers(self):
        report = self.verify("a.svms", "--from", at(2.5), "--to", at(4.5))
        self.assertEqual(report["coverage"]["segments_verified"], 3)
        self.assertLessEqual(report["coverage"]["first"], at(2.5))
        self.assertGreaterEqual(report["coverage"]["last"], at(4.5))

    def test_times_may_have_any_offset(self):
        self.verify("a.svms", "--from", "2026-11-21T12:00:02+02:00", "--to", "2026-11-21T05:00:03-05:00")

    def test_a_range_without_anything_is_incomplete(self):
        for start, end in ((100, 200),):
            report = self.verify("a.svms", "--from", f"2026-11-21T11:00:{start - 100:02d}Z", "--to",
                                 f"2026-11-21T11:01:{end - 200:02d}Z", status=EVIDENCE)
            self.assertEqual(report["verdict"], "incomplete")

    def test_damage_outside_the_range_does_not_matter_and_inside_it_does(self):
        content = bytearray(self.load("a.svms"))
        content[len(content) // 2] ^= 1
        self.store("b.svms", bytes(content))
        whole = self.verify("b.svms", status=EVIDENCE)
        failed = whole["first_failure"]
        second = float(failed["time"][17:-1])
        self.assertEqual(failed["segment"], int(second))
        self.assertEqual(whole["verdict"], "not_authentic")
        self.verify("b.svms", "--from", at(second + 1.3), "--to", at(second + 1.6))
        inside = self.verify("b.svms", "--from", at(second + 0.3), "--to", at(second + 0.6), status=EVIDENCE)
        self.assertEqual(inside["verdict"], "not_authentic")
        self.assertEqual(inside["first_failure"]["segment"], failed["segment"])

    def test_wrong_ranges_are_usage(self):
        for extra in (["--from", at(3), "--to", at(2)], ["--from", "yesterday"], ["--to", "2026-13-01T00:00:00Z"]):
            self.expect(USAGE, "verify", "a.svms", "--trust", self.ca, *extra)
            self.expect(USAGE, "extract", "a.svms", "--out", "a.mp4", *extra)

    def test_an_extracted_range_begins_with_a_picture_that_can_be_decoded(self):
        self.extract(GOOD, "a.svms", "all.mkv")
        self.extract(GOOD, "a.svms", "part.mkv", "--from", at(3.4), "--to", at(5))
        whole = [line.split(",")[-1] for line in packets(self.path("all.mkv")) if line.startswith("0,")]
        part = [line.split(",")[-1] for line in packets(self.path("part.mkv")) if line.startswith("0,")]
        self.assertEqual(len(part), 20)
        begin = whole.index(part[0])
        self.assertEqual(begin, 30)
        self.assertEqual(whole[begin:begin + len(part)], part)

    def test_a_range_without_anything_extracts_nothing(self):
        run = self.run_svms("extract", "a.svms", "--out", "none.mkv", "--password-file", self.password_file,
                            "--from", "2026-11-21T11:00:00Z")
        self.assertNotEqual(run.status, GOOD)
        self.assertEqual(self.files(), ["a.svms"])


if __name__ == "__main__":
    main()
