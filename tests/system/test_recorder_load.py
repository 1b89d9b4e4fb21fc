#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sixteen cameras of 1080p30 at 4 Mbit/s into one recorder: every picture of every camera is there."""

from recorder_load import RATE, LoadCase
from system_case import main, say

CAMERAS = 16
SECONDS = 30


class RecorderLoadTest(LoadCase):
    def test_no_picture_of_sixteen_cameras_is_lost(self):
        recorder, recorded, took = self.bear(CAMERAS, SECONDS)
        for name, (pictures, lost) in recorded.items():
            self.assertGreaterEqual(pictures, SECONDS * RATE, name)
            self.assertEqual(lost, 0, name)
            verdict = self.verified(recorder, name)
            self.assertEqual((verdict["verdict"], verdict["missing"]), ("authentic", 0), name)
            self.assertGreaterEqual(verdict["coverage"]["segments_verified"], 1)
            self.assertEqual(verdict["coverage"]["segments_failed"], 0)
        self.assertEqual(recorder.ask("SELECT count(*) FROM gaps"), [(0,)])
        self.assertEqual(recorder.ask("SELECT count(*) FROM events WHERE kind = 'camera.lost'"), [(0,)])
        say(f"{CAMERAS} cameras of 1080p{RATE}: {took['cpu']:.1%} of one processor, {took['memory'] / 1e6:.0f} MB at most; "
            f"the cameras themselves {took['feeding']:.1%}")


if __name__ == "__main__":
    main()
