#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms rtsp serve: who may watch gets every picture, by our recorder and by others' players."""

import os
import signal
import subprocess
import unittest

from system_case import ENVIRONMENT, GOOD, POLICY, PROGRAM, TIMEOUT, USAGE, SystemCase, main, make_clip, packets, say
from tls_check_case import Authority


def frames(path, *options):
    """Digest of each decoded picture."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *options, "-i", path, "-map", "0:v", "-fps_mode", "passthrough",
                           "-f", "framemd5", "-"],
                          check=True, capture_output=True, timeout=TIMEOUT, text=True)
    return [line.split()[-1] for line in done.stdout.splitlines() if not line.startswith("#")]


def has_gstreamer():
    """Whether gst-launch-1.0 is there with RTSP and SRTP; said loudly when not."""
    try:
        for element in ("rtspsrc", "srtpdec", "rtph264depay", "filesink"):
            subprocess.run(["gst-inspect-1.0", element], check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"GStreamer cannot play here: {error}")
        return False
    return True


class ServeCase(SystemCase):
    """A camera made of svms rtsp serve, and our recorder before it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(os.path.join(cls.shared, "ca"))
        cls.authority.issue("camera")
        cls.trust = cls.authority.at("ca.pem")
        cls.clip = make_clip(os.path.join(cls.shared, "short.mp4"), seconds=2)
        cls.pictures = frames(cls.clip)

    def camera(self, *arguments, tls=True, clip=None):
        """Serves the clip from the moment on that somebody watches; returns its URL."""
        own = ["--certificate", self.authority.at("camera.pem"), "--certificate-key", self.authority.at("camera.key")]
        self.process = subprocess.Popen(
            [PROGRAM, "rtsp", "serve", clip or self.clip, "--listen", "127.0.0.1:0", *(own if tls else []),
             *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(self.stop, self.process)
        return self.process.stdout.readline().strip()

    def stop(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def ended(self):
        """How the camera ended, and what it said."""
        _, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, err

    def record(self, status, url, *extra):
        return self.expect(status, "rtsp", "record", url, "--out", "a.svms", *self.signer, "--password-file",
                           self.password_file, "--once", *extra)

    def check_pictures(self, pictures=None):
        self.verify()
        run = self.extract(GOOD, "a.svms", "out.mp4", "--force")
        self.assertEqual(frames(self.path("out.mp4")), pictures or self.pictures)
        return run


class ServeTest(ServeCase):
    def test_our_recorder_gets_every_picture(self):
        for transport, more in (("tcp", []), ("udp", []), ("udp", ["--suite", "aes-128-gcm"])):
            with self.subTest(transport=transport, more=more):
                url = self.camera("--open", "--wait", *more)
                self.record(GOOD, url, "--trust", self.trust, "--transport", transport, "--force")
                self.check_pictures()
                status, err = self.ended()
                self.assertEqual(status, 0)
                self.assertIn("plays", err)

    def test_pictures_that_overtake_one_another_are_recorded_in_order(self):
        clip = make_clip(self.path("overtaking.mp4"), "-c:v", "libx264", "-bf", "3", "-g", "10", "-an", seconds=2)
        url = self.camera("--open", "--wait", clip=clip)
        self.record(GOOD, url, "--trust", self.trust)
        run = self.check_pictures(frames(clip))
        self.assertNotIn("moved", run.err)
        shown = [line.split(",")[1:4] for line in packets(self.path("out.mp4")) if not line.startswith("#")]
        self.assertTrue(all(int(dts) <= int(pts) and int(duration) > 0 for dts, pts, duration in shown))
        self.assertTrue(any(int(dts) != int(pts) for dts, pts, _ in shown))

    def test_who_watches_must_say_who_he_is(self):
        right = self.store("right", b"of the camera\n")
        wrong = self.store("wrong", b"another one\n")
        for name in (right, wrong):
            os.chmod(name, 0o600)
        url = self.camera("--wait", "--user", "anna", "--user-password-file", self.path(right))
        common = [url, "--trust", self.trust]
        self.record(ENVIRONMENT, *common)
        run = self.record(ENVIRONMENT, *common, "--user", "anna", "--user-password-file", wrong)
        self.assertIn("does not accept", run.err)
        self.record(GOOD, *common, "--user", "anna", "--user-password-file", right)
        self.check_pictures()
        _, err = self.ended()
        self.assertIn("refused: 127.0.0.1 as anna", err)

    def test_without_encryption_only_where_both_sides_say_so(self):
        url = self.camera("--open", "--wait", "--media", "clear", tls=False)
        self.assertTrue(url.startswith("rtsp://"))
        self.record(POLICY, url)
        self.record(GOOD, url, "--clear", "--transport", "udp")
        self.check_pictures()

    def test_ctrl_c_ends_it(self):
        self.camera("--open", "--loop")
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.ended()[0], 0)

    def test_what_makes_no_sense_is_refused(self):
        own = ["--certificate", self.authority.at("camera.pem"), "--certificate-key", self.authority.at("camera.key")]
        listen = ["--listen", "127.0.0.1:0"]
        for arguments in ([], [*listen, "--open"], [*own, "--open"], [*listen, *own],
                          [*listen, *own, "--open", "--user", "anna", "--user-password-file", "x"],
                          [*listen, *own, "--open", "--media", "clear"], [*listen, *own, "--user", "anna"],
                          [*listen, *own, "--open", "--path", "live"], ["--listen", "here:1", *own, "--open"]):
            with self.subTest(arguments=arguments):
                self.expect(USAGE, "rtsp", "serve", self.clip, *arguments)

    def test_ffmpeg_plays_inside_tls(self):
        url = self.camera("--open", "--wait", "--media", "tls")
        # It has no way to end where it is told goodbye: the connection closes.
        self.assertEqual(frames(url, "-rtsp_transport", "tcp"), self.pictures)

    @unittest.skipUnless(has_gstreamer(), "no GStreamer")
    def test_gstreamer_plays_srtp(self):
        for transport in ("tcp", "udp"):
            with self.subTest(transport=transport):
                # It goes once through all pictures and leaves. Where the camera ends first, whether it still puts out what
                # came last, and minds that there is nobody to say goodbye to, depends on who is quicker.
                url = self.camera("--open", "--wait", "--loop", "--mikey", "joined")
                out = self.path(f"{transport}.h264")
                done = subprocess.run(
                    ["gst-launch-1.0", "-q", "rtspsrc", f"location={url}", "tls-validation-flags=0",
                     f"protocols={transport}", "name=s", "s.", "!", "application/x-rtp,media=video", "!", "rtph264depay",
                     "!", "video/x-h264,stream-format=byte-stream,alignment=au", "!", "identity",
                     f"eos-after={len(self.pictures) + 1}", "!", "filesink", f"location={out}"],
                    capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
                if not os.path.exists(out):
                    self.process.kill()
                    self.fail(f"{done.stderr}; the camera said: {self.process.communicate()[1]}")
                self.assertEqual(frames(out), self.pictures)


if __name__ == "__main__":
    main()
