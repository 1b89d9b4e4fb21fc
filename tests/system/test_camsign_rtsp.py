#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Camera-signed video that went over our own RTP stays authentic, is told as played back, and what was edited stays found."""

import dataclasses
import os
import signal
import subprocess

import camera_clip
import camera_edits
from camsign_case import CamSignCase, by_reference, what_is_wrong
from system_case import EVIDENCE, GOOD, PASSWORD, PROGRAM, TIMEOUT, main


class CamSignRtsp(CamSignCase):
    def setUp(self):
        super().setUp()
        self.password_file = self.store("password", PASSWORD.encode() + b"\n")
        os.chmod(self.password_file, 0o600)
        self.expect(GOOD, "identity", "create", "--out", "id", "--name", "Test recorder")

    def carried(self, clip, units, *more, status=GOOD):
        """These access units, served and recorded; the name of the recording, and what the recorder said is in self.said."""
        # Fast, so that it does not take long.
        name = os.path.basename(camera_clip.write(self.path("v.mp4"), dataclasses.replace(clip, units=units, step=camera_clip.SCALE // 50)))
        server = subprocess.Popen([PROGRAM, "rtsp", "serve", name, "--listen", "127.0.0.1:0", "--open", "--wait", "--media", "clear"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        try:
            url = server.stdout.readline().strip()
            self.assertTrue(url.startswith("rtsp://"), url)
            self.said = self.expect(status, "rtsp", "record", url, "--out", "a.svms", "--force", "--signer", "id/cert.pem", "--signer-key", "id/key.pem",
                        "--password-file", self.password_file, "--once", "--clear", *more).err
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

    def told(self, name, *trust, status):
        """What svms verify tells of the camera, of the recorder's word and of what it finds itself."""
        camera = self.expect(status, "verify", name, "--trust", "id/ca.pem", "--password-file", self.password_file, *trust, "--json").json()["camera"]
        return [(camera[who]["verdict"], camera[who]["trusted"]) for who in ("recorded", "validated")]

    def test_a_recorder_of_a_network_camera_says_what_it_finds(self):
        clip, length = self.clip("h264", 2)
        signed = self.signed(clip)
        trust = ("--camera-trust", self.trust, "--camera-signed")
        dropped = signed[:length // 2] + signed[length // 2 + 1:]
        stripped = [[nal for nal in unit if nal[0] & 31 != 6] for unit in signed]
        for name, units, status, verdict, trusted, said in (
                ("as it was sent", signed, GOOD, "authentic", True, "camera: 2 of 2 groups of pictures are what a trusted camera signed"),
                ("a frame dropped", dropped, EVIDENCE, "missing", True, "on: MISSING"),
                ("stripped", stripped, EVIDENCE, "unsigned", False, "on: UNSIGNED: its signatures were taken away")):
            with self.subTest(name):
                recording = self.carried(clip, units, *trust, status=status)
                self.assertIn(said, self.said)
                self.assertEqual("WARNING: camera" in self.said, status == EVIDENCE)
                self.assertEqual(self.told(recording, *trust, status=status), [(verdict, trusted)] * 2)

    def test_a_camera_whose_certificate_was_revoked_is_told(self):
        key = self.certified("revoked")
        clip, _ = self.clip("h264", 2)
        self.expect(GOOD, "ca", "revoke", self.unprotected, key[1], "--reason", "key-compromise")
        self.expect(GOOD, "ca", "crl", self.unprotected, "--out", "cameras.crl")
        trust = ("--camera-trust", self.trust, "--camera-crl", "cameras.crl")
        recording = self.carried(clip, self.signed(clip, key=key[2:]), *trust, status=EVIDENCE)
        self.assertIn("AUTHENTIC, by nobody who is trusted", self.said)
        self.assertEqual(self.told(recording, *trust, status=EVIDENCE), [("authentic", False)] * 2)
        self.assertEqual(self.told(recording, "--camera-trust", self.trust, status=GOOD), [("authentic", False), ("authentic", True)])


if __name__ == "__main__":
    main()
