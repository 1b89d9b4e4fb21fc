#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Camera-signed video that was edited by chance: the library and a second implementation say the same of each GOP and frame.

The library speaks through camera_judge.c, which takes many streams in one run. SVMS_CAMSIGN_SEEDS sets how many edits of each
kind of stream are tried."""

import json
import os
import random
import struct
import subprocess

import camera_edits
import camera_signed
from camsign_case import CamSignCase, by_reference, remarks_of, scene
from system_case import TIMEOUT, main

JUDGE = os.environ["SVMS_CAMERA_JUDGE"]
SEEDS = int(os.environ.get("SVMS_CAMSIGN_SEEDS", "15"))
# part: access units
WAYS = ({}, {"late": 2}, {"every": 2, "late": 1}, {"every": 3, "copies": 2}, {"part": 3}, {"part": 4, "late": 1, "order": "big"},
        {"certificates": "always", "version": 1, "order": "big"}, {"lists": False}, {"escaped": True, "lists": False, "late": 1})


# In place of a size: here something is known to be missing.
GAP = struct.pack(">I", 2**32 - 1)


def encoded(codec, units, gaps=()):
    samples = [camera_signed.join_lengths(nals) for nals in units]
    return struct.pack(">II", {"h264": 264, "h265": 265}[codec], len(samples) + len(gaps)) + b"".join(
        (GAP if number in gaps else b"") + struct.pack(">I", len(sample)) + sample for number, sample in enumerate(samples))


def said(report):
    """What is compared: of the GOP, and of each of its frames. Why, and where SEIs that count for nothing are told, is not."""
    return {"verdict": report["verdict"], "frames": range(report["first_frame"], report["first_frame"] + report["frames"]),
            "missing_gops": report["missing_gops"], "remarks": sorted(remarks_of(report).items())}


def continued(report):
    """The same, and how it goes on with what was before."""
    return {**said(report), "goes on": set(report["reasons"]) & {"link", "new_session"}}


class Chance(CamSignCase):
    def judged(self, streams):
        """Reports of each of many streams."""
        done = subprocess.run([JUDGE, self.trust], input=b"".join(encoded(*one) for one in streams), capture_output=True,
                              timeout=TIMEOUT, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(found), len(streams))
        return found

    def edited(self, codec, slices):
        """Each way of signing, each seed: the stream as it was signed, and as it was edited."""
        for how in WAYS:
            how = {**how, "part": how["part"] * slices} if "part" in how else how
            units = camera_signed.sign(codec, scene(codec, slices=slices), self.key_pem, self.chain_pem, **how)
            for seed in range(SEEDS):
                yield how, seed, units, camera_edits.random_edit(codec, units, seed)

    def test_both_implementations_say_the_same_of_each_gop_and_frame(self):
        for codec, slices in (("h264", 1), ("h265", 3)):
            cases = list(self.edited(codec, slices))
            all_is_well = 0
            for (how, seed, units, edited), reports in zip(cases, self.judged([(codec, case[3]) for case in cases])):
                with self.subTest(codec=codec, how=how, seed=seed):
                    theirs = by_reference(codec, edited)[0]
                    self.assertEqual([said(report) for report in reports], [said(report) for report in theirs])
                    # Every access unit is in exactly one report.
                    spans = [(report["first_frame"], report["first_frame"] + report["frames"]) for report in reports]
                    frames = [frame for span in spans for frame in range(*span)]
                    self.assertEqual(frames, list(range(len(edited))))
                    if all(report["verdict"] == "authentic" for report in reports):
                        all_is_well += 1
                        left, signed = self.pictures(codec, edited), self.pictures(codec, units)
                        # What is left out at the head was before the stream; where a GOP is left out, its counter is.
                        was_before = "head" in reports[0]["reasons"] or reports[0]["counter"] > 0
                        self.assertEqual(left, signed[len(signed) - len(left) if was_before else 0:])
            self.assertLess(all_is_well, len(cases) // 4)

    def interrupted(self, codec, slices):
        """A camera that is lost, once or several times, and goes on, starts again, or is played back: each way of signing."""
        for how, seed, units, edited in self.edited(codec, slices):
            chance = random.Random(f"{codec} {seed}")
            kind = ("goes on", "again", "earlier")[seed % 3]
            if kind != "goes on":
                first = camera_signed.EPOCH_1601 + (1_780_000_000 + (3600 if kind == "again" else -3600)) * 10**7
                other = camera_signed.sign(codec, scene(codec, slices=slices), self.key_pem, self.chain_pem, start=first, **how)
                begin = chance.randrange(len(other) * 2 // 3)
                edited = edited[:chance.randrange(1, len(edited))] + other[begin:]
            gaps = {chance.randrange(1, len(edited)) for _ in range(chance.randrange(3))}
            if kind == "goes on":
                begin = chance.randrange(1, len(edited))
                del edited[begin:begin + chance.randrange(1, 12)]
                gaps = {number for number in gaps | {begin} if number < len(edited)}
            else:
                gaps |= {len(edited) - len(other[begin:])}
            # Whose an access unit without slices is depends on when reports are taken.
            yield how, seed, edited, {number for number in gaps if all(self.pictures(codec, edited[number - 1 + i:number + i]) for i in (0, 1))}

    def test_both_implementations_say_the_same_of_what_was_interrupted(self):
        for codec, slices in (("h264", 1), ("h265", 3)):
            cases = list(self.interrupted(codec, slices))
            found = set()
            for (how, seed, edited, gaps), reports in zip(cases, self.judged([(codec, *case[2:]) for case in cases])):
                with self.subTest(codec=codec, how=how, seed=seed):
                    theirs = by_reference(codec, edited, gaps=gaps)[0]
                    self.assertEqual([continued(report) for report in reports], [continued(report) for report in theirs])
                    found.update(word for report in reports for word in (report["verdict"], *report["reasons"]))
            self.assertLessEqual({"authentic", "missing", "changed", "unsigned", "link", "new_session", "head", "tail"}, found)

    @staticmethod
    def pictures(codec, units):
        return [nal for nals in units for nal in nals if camera_signed.is_slice(codec, nal)]


if __name__ == "__main__":
    main()
