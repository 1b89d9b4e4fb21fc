#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Camera-signed video that went over our own RTP stays authentic, is told as played back, and what was edited stays found."""

import os
import signal
import subprocess

import camera_edits
from camsign_case import CamSignCase, by_reference, what_is_wrong
from system_case import EVIDENCE, GOOD, PASSWORD, PROGRAM, TIMEOUT, main


class CamSignRtsp(CamSignCase):
    def setUp(self):
        super().setUp()
        self.password_file = self.store("password", PASSWORD.encode() + b"\n")
        os.chmod(self.password_file, 0o600)
        self.expect(GOOD, "identity", "create", "--out", "id", "--name", "Test recorder")

    def carried(self, clip, units, *more):
        """These access units, served and recorded; the name of the recording."""
        name = self.stored(clip, units)
        server = subprocess.Popen([PROGRAM, "rtsp", "serve", name, "--listen", "127.0.0.1:0", "--open", "--wait", "--media", "clear"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        try:
            url = server.stdout.readline().strip()
            self.assertTrue(url.startswith("rtsp://"), url)
            self.expect(GOOD, "rtsp", "record", url, "--out", "a.svms", "--force", "--signer", "id/cert.pem", "--signer-key", "id/key.pem",
                        "--password-file", self.password_file, "--once", "--clear", *more)
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=TIMEOUT)
        return "a.svms"

    def reports_of(self, name, status):
        return self.verified(name, "--password-file", self.password_file, status=status)["tracks"][0]["reports"]

    def test_signed_video_stays_authentic(self):
        for kind, transport in (("slices", "tcp"), ("h265", "udp")):
            with self.subTest(kind, transport=transport):
                clip, length = self.clip(kind, 2)
                name = self.carried(clip, self.signed(clip), "--transport", transport)
                reports = self.reports_of(name, GOOD)
                # It was signed a minute ago, and the clock of who serves it says that it is now.
                self.assertEqual([(report["verdict"], report["reasons"], report["remarks"]) for report in reports],
                                 [("authentic", ["clock"], [])] * 2)
                self.assertEqual([(report["first_frame"], report["frames"]) for report in reports], [(0, length), (length, length)])

    def test_what_was_edited_is_found(self):
        clip, length = self.clip("h264", 3)
        stream = camera_edits.Stream(clip.codec, self.signed(clip), length)
        units, expected = camera_edits.frame_dropped(stream)
        reports = self.reports_of(self.carried(clip, units, "--transport", "tcp"), EVIDENCE)
        for report in reports:
            report["reasons"].remove("clock")
        self.assertEqual(what_is_wrong(reports), {frame: [said] for frame, said in expected.items()})
        self.assertEqual(what_is_wrong(by_reference(clip.codec, units)[0]), what_is_wrong(reports))


if __name__ == "__main__":
    main()
