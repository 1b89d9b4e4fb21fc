#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What svms-recorder missed comes from the camera's own storage: its recording has no hole any more."""

import os
import time

from recorder_case import RecorderCase
from system_case import GOOD, main

MISSED = 5


class RecorderEdgeTest(RecorderCase):
    def keeping_camera(self):
        return self.camera(edge={"keep_bytes": 100000000, "rotate_minutes": 1}).start()

    def known(self, camera):
        return self.known_camera(camera, edge_url=camera.url.replace("/live", "/replay"))

    def stretches(self, recorder):
        rows = recorder.ask("SELECT first_utc, last_utc, edge FROM containers WHERE last_utc IS NOT NULL ORDER BY first_utc")
        return [(first / 1e9, last / 1e9, bool(is_edge)) for first, last, is_edge in rows]

    def missing_after(self, recorder):
        """Longest pause in what there is, fetched or not, in seconds."""
        reached = None
        longest = 0
        for first, last, _ in self.stretches(recorder):
            if reached is not None:
                longest = max(longest, first - reached)
            reached = max(reached or 0, last)
        return longest

    def test_what_was_missed_while_the_recorder_was_dead_is_fetched(self):
        camera = self.keeping_camera()
        recorder = self.recorder(self.known(camera)).start()
        self.records(recorder, "entrance", seconds=3)
        recorder.kill()
        time.sleep(MISSED)
        recorder.start()
        recorder.wait_for_event("camera.edge-joined", "entrance")
        self.records(recorder, "entrance", seconds=2)
        recorder.stop()
        camera.stop()
        self.assertEqual(len([name for name in recorder.containers("entrance") if name.startswith("edge-")]), 1)
        edges = [(first, last) for first, last, is_edge in self.stretches(recorder) if is_edge]
        self.assertGreaterEqual(edges[0][1] - edges[0][0], MISSED)
        self.assertLess(self.missing_after(recorder), 0.2)
        report = self.verified(recorder, "entrance")
        self.assertEqual((report["verdict"], report["missing"]), ("authentic", 0), report)
        self.assertEqual(report["edge_containers"] if "edge_containers" in report else 1, 1)
        (told,) = self.audited(recorder, "recording.recovered")[-1:]
        self.assertEqual(told["details"]["why"], "fetched from the camera's own storage")
        # And it opens with the recorder's recipient's key, as the rest does.
        run = self.expect(GOOD, "extract", recorder.at(os.path.join("storage", "entrance")), "--out", "all.mp4", "--identity",
                          self.opener)
        self.assertNotIn("missing", run.err)


if __name__ == "__main__":
    main()
