#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GStreamer plays live from the reference camera: every picture that the camera sent, decoded."""

import subprocess
import unittest

from camera_case import CameraCase
from gst_watch import Viewer, has_viewer
from system_case import TIMEOUT, main

PICTURES = 40


@unittest.skipUnless(has_viewer(), "no GStreamer")
class CameraWatchTest(CameraCase):
    def setUp(self):
        super().setUp()
        self.viewers = 0
        self.authority.issue("recorder", extensions="pulls")

    def watch(self, camera, **wish):
        return Viewer(self, camera.url, pictures=PICTURES, certificate=self.authority.at("recorder.pem"),
                      key=self.authority.at("recorder.key"), **wish)

    def test_it_plays_live_and_several_do_at_once(self):
        camera = self.camera(players={"mikey": "joined"}).start()
        viewers = [self.watch(camera) for _ in range(2)]
        for viewer in viewers:
            said = viewer.ended()
            self.assertEqual((said["pictures"], said["failure"]), (PICTURES, None))
            self.assertGreaterEqual(len(viewer.seen()), PICTURES - 1)
            looked = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0",
                                     viewer.out], capture_output=True, text=True, check=True, timeout=TIMEOUT)
            self.assertEqual(looked.stdout.strip().split("\n")[0], "h264,640,360")
        self.assertEqual(camera.said().count("CN=recorder watches /live"), 2)
        camera.stop()

    def test_a_stranger_sees_nothing(self):
        self.authority.issue("stranger", extensions="client")
        camera = self.camera(players={"mikey": "joined"}).start()
        viewer = Viewer(self, camera.url, certificate=self.authority.at("stranger.pem"), key=self.authority.at("stranger.key"))
        said = viewer.ended()
        self.assertEqual(said["pictures"], 0)
        self.assertTrue(said["failure"])
        camera.stop()


if __name__ == "__main__":
    main()
