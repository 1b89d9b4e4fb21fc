#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a camera signed, validated by the recorder on arrival: camera, recorder and exporter stand side by side, and
what was done to the pictures between camera and recorder is in the recorder's record (signedvideo.md, section 5)."""

import dataclasses
import datetime
import json
import os
import shutil
import subprocess

import camera_clip
from system_case import EVIDENCE, GOOD, LEAN_PROGRAM, PROGRAM, SystemCase, TIMEOUT, USAGE, ffmpeg, main, make_clip

GOPS = 8
PICTURES_OF_GOP = 10
LONG_SECONDS = 80


class CameraRecorded(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, role in (("camera", "camera"), ("other", "camera"), ("user", "camera"), ("exporter", "exporter")):
            subprocess.run([LEAN_PROGRAM, "identity", "create", "--out", os.path.join(cls.shared, name), "--name", f"The {name}",
                            "--role", role], check=True, capture_output=True, timeout=TIMEOUT)
        cls.maker = os.path.join(cls.shared, "camera", "ca.pem")
        cls.other_maker = os.path.join(cls.shared, "other", "ca.pem")
        cls.start = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        cls.signed = os.path.join(cls.shared, "signed.mp4")
        subprocess.run([PROGRAM, "camsign", "sign", cls.clip, "--out", cls.signed, "--chain",
                        os.path.join(cls.shared, "camera", "cert.pem"), "--key", os.path.join(cls.shared, "camera", "key.pem"),
                        "--start", cls.start], check=True, capture_output=True, timeout=TIMEOUT)
        cls.trust_all = os.path.join(cls.shared, "all.pem")
        with open(cls.trust_all, "wb") as out:
            for path in (cls.ca, os.path.join(cls.shared, "exporter", "ca.pem")):
                with open(path, "rb") as file:
                    shutil.copyfileobj(file, out)

    def arrive(self, clip, *extra, name="a.svms", opens=("--protect", "none"), status=GOOD):
        """A recording of what comes, validated on arrival."""
        return self.expect(status, "record", clip, "--out", name, "--start-time", self.start, *self.signer, *opens, *extra)

    def edited(self, name, *filters):
        ffmpeg("-i", self.signed, "-map", "0", "-c", "copy", *filters, self.path(name))
        return name

    def camera(self, *extra, name="a.svms", status=GOOD):
        """What svms verify tells of the camera."""
        return self.verify(name, *extra, status=status)["camera"]

    def test_camera_recorder_and_exporter_stand_side_by_side(self):
        opens = ("--password-file", self.password_file)
        self.arrive(self.signed, "--camera-trust", self.maker, opens=opens)
        info = self.expect(GOOD, "info", "a.svms", "--json").json()
        self.assertEqual([(track["kind"], track["codec"]) for track in info["tracks"]],
                         [("video", "H.264"), ("audio", "AAC"), ("metadata", "verdicts on the camera")])
        told = self.camera(*opens, "--camera-trust", self.maker)
        for who in ("validated", "recorded"):
            self.assertEqual({key: told[who][key] for key in ("verdict", "trusted", "reports", "authentic", "subject", "reasons",
                                                             "format")},
                             {"verdict": "authentic", "trusted": True, "reports": GOPS, "authentic": GOPS,
                              "subject": "CN=The camera", "reasons": [], "format": "onvif_media_signing"})
        exporter = os.path.join(self.shared, "exporter")
        self.expect(GOOD, "export", "create", "a.svms", "--out", "p.svmx", "--trust", self.ca, "--source-password-file",
                    self.password_file, *opens, "--signer", os.path.join(exporter, "cert.pem"), "--signer-key",
                    os.path.join(exporter, "key.pem"))
        package = ["export", "verify", "p.svmx", "--trust", self.trust_all, "--camera-trust", self.maker]
        found = self.expect(GOOD, *package, *opens, "--json").json()
        source = found["sources"]["list"][0]
        self.assertEqual([found["links"]["list"][0]["signer"], source["signer"], source["camera"]["recorded"]["subject"]],
                         ["CN=The exporter", "CN=Test recorder", "CN=The camera"])
        self.assertEqual((source["camera"]["validated"], source["camera"]["recorded"]), (told["validated"], told["recorded"]))
        words = self.expect(GOOD, *package, *opens).out
        for line in ("signed by CN=The exporter", "recorded by CN=Test recorder", "signed by CN=The camera: trusted",
                     "format: ONVIF Media Signing"):
            self.assertIn(line, words)
        locked = self.expect(EVIDENCE, *package)
        self.assertIn("its signatures are encrypted: they need a key", locked.out)
        run = self.expect(GOOD, "export", "extract", "p.svmx", "--out", "out.mp4", "--trust", self.trust_all, *opens)
        self.assertIn("track 2 (verdicts on the camera) is left out", run.err)
        self.expect(GOOD, "camsign", "verify", "out.mp4", "--trust", self.maker)
        self.expect(GOOD, "camsign", "verify", "a.svms", "--trust", self.maker, *opens)

    def test_without_a_key_it_is_said_what_cannot_be_read(self):
        self.arrive(self.signed, "--camera-trust", self.maker, opens=("--password-file", self.password_file))
        run = self.expect(GOOD, "verify", "a.svms", "--trust", self.ca)
        self.assertIn("what it says of the camera is encrypted: it needs a key", run.out)
        told = self.camera()
        self.assertEqual((told["locked"], told["recorded"], told["validated"]), (True, None, None))
        run = self.expect(EVIDENCE, "verify", "a.svms", "--trust", self.ca, "--camera-trust", self.maker)
        self.assertIn("its signatures are encrypted: they need a key", run.out)

    def test_what_was_cut_out_before_the_recorder_is_in_its_record(self):
        clip = self.edited("cut.mp4", "-bsf:v", "noise=drop='eq(n,25)'")
        run = self.arrive(clip, "--camera-trust", self.maker, status=EVIDENCE)
        self.assertEqual(run.err.count("WARNING: camera: track 0, from "), 1)
        self.assertIn("Z on: MISSING", run.err)
        self.assertIn(f"{GOPS - 1} of {GOPS} groups of pictures", run.err)
        # The recording is what the recorder recorded; what the camera signed it is not.
        told = self.camera()["recorded"]
        self.assertEqual((told["verdict"], told["authentic"], told["reports"]), ("missing", GOPS - 1, GOPS))
        begin = datetime.datetime.fromisoformat(self.start[:-1])
        failed = datetime.datetime.fromisoformat(told["first_failed_time"][:26].rstrip("Z"))
        self.assertAlmostEqual((failed - begin).total_seconds(), 2, delta=0.2)
        both = self.camera("--camera-trust", self.maker, status=EVIDENCE)
        self.assertEqual(both["validated"]["verdict"], "missing")

    def test_a_changed_byte_is_in_its_record(self):
        clip = self.edited("changed.mkv", "-bsf:v", "noise=amount='if(eq(n,33),40,0)'")
        self.arrive(clip, "--camera-trust", self.maker, status=EVIDENCE)
        told = self.camera("--camera-trust", self.maker, status=EVIDENCE)
        for who in ("validated", "recorded"):
            self.assertEqual((told[who]["verdict"], told[who]["authentic"]), ("changed", GOPS - 1))

    def test_what_was_changed_behind_the_recorder_is_no_word_of_the_camera(self):
        self.arrive(self.signed, "--camera-trust", self.maker)
        content = bytearray(self.load("a.svms"))
        content[len(content) // 2] ^= 1
        self.store("a.svms", bytes(content))
        self.verify(status=EVIDENCE)

    def test_a_camera_of_another_maker_is_told(self):
        run = self.arrive(self.signed, "--camera-trust", self.other_maker, status=EVIDENCE)
        self.assertIn("AUTHENTIC, by nobody who is trusted", run.err)
        told = self.camera("--camera-trust", self.maker)
        self.assertEqual((told["recorded"]["trusted"], told["recorded"]["identity"], told["recorded"]["authentic"]),
                         (False, "unknown_issuer", 0))
        self.assertEqual((told["validated"]["trusted"], told["validated"]["authentic"]), (True, GOPS))
        told = self.camera("--camera-trust", self.other_maker, status=EVIDENCE)
        self.assertEqual(told["validated"]["identity"], "unknown_issuer")

    def test_a_stripped_stream_is_told_where_the_camera_is_known_to_sign(self):
        clip = self.edited("stripped.mp4", "-bsf:v", "filter_units=remove_types=6")
        for extra, reasons in (([], []), (["--camera-signed"], ["stripped"])):
            with self.subTest(extra=extra):
                name = f"{len(extra)}.svms"
                run = self.arrive(clip, "--camera-trust", self.maker, *extra, name=name, status=EVIDENCE)
                self.assertIn("on: UNSIGNED" + (": its signatures were taken away" if extra else "\n"), run.err)
                told = self.camera(name=name)["recorded"]
                self.assertEqual((told["verdict"], told["reasons"], told["subject"]), ("unsigned", reasons, None))

    def test_verdicts_go_on_from_container_to_container(self):
        run = self.arrive(self.signed, "--camera-trust", self.maker, "--rotate", "2s", name="folder")
        self.assertIn(f"{GOPS} of {GOPS} groups of pictures", run.err)
        self.assertGreater(len([name for name in os.listdir(self.path("folder")) if name.endswith(".svms")]), 2)
        told = self.camera("--camera-trust", self.maker, name="folder")
        self.assertEqual([told[who]["authentic"] for who in ("validated", "recorded")], [GOPS, GOPS])
        # The recording is over, and so nothing of it waits for a verdict; a container of it ends before the last verdict on it.
        self.assertEqual(told["pending_pictures"], 0)
        containers = sorted(os.listdir(self.path("folder")))
        pending = [self.camera(name=os.path.join("folder", name))["pending_pictures"] for name in containers]
        self.assertEqual(pending, [PICTURES_OF_GOP] * (len(containers) - 1) + [0])
        run = self.expect(GOOD, "verify", os.path.join("folder", containers[0]), "--trust", self.ca)
        self.assertIn(f"{PICTURES_OF_GOP} pictures at its end have no verdict here", run.out)

    def test_what_an_export_leaves_out_is_not_made_up(self):
        self.arrive(self.signed, "--camera-trust", self.maker)
        exporter = os.path.join(self.shared, "exporter")
        for kind, who, words, status in (("metadata", "recorded", "what it says of the camera is not there", GOOD),
                                         ("video", "validated", "none of its video is there", EVIDENCE)):
            with self.subTest(kind):
                self.expect(GOOD, "export", "create", "a.svms", "--out", f"{kind}.svmx", "--trust", self.ca, "--without-track", kind,
                            "--unsealed", "--signer", os.path.join(exporter, "cert.pem"), "--signer-key",
                            os.path.join(exporter, "key.pem"))
                verify = ["export", "verify", f"{kind}.svmx", "--trust", self.trust_all, "--camera-trust", self.maker]
                self.assertIsNone(self.expect(status, *verify, "--json").json()["sources"]["list"][0]["camera"][who])
                self.assertIn(words, self.expect(status, *verify).out)

    def test_a_recorder_that_does_not_validate_says_nothing(self):
        self.arrive(self.signed)
        self.assertIsNone(self.camera())
        told = self.camera("--camera-trust", self.maker)
        self.assertEqual((told["recorded"], told["validated"]["authentic"]), (None, GOPS))
        for option in (["--camera-signed"], ["--camera-crl", "x"], ["--camera-certificate", "x"]):
            run = self.expect(USAGE, "record", self.signed, "--out", "b.svms", *self.signer, "--protect", "none", *option)
            self.assertIn("belong to --camera-trust or --camera-user-trust", run.err)
            self.expect(USAGE, "verify", "a.svms", *option)
            self.expect(USAGE, "export", "verify", "a.svms", *option)

    def test_an_end_without_a_signature_is_no_alarm_unless_it_is_long(self):
        source = make_clip(self.path("long.mp4"), "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "0", "-s", "64x48", "-an",
                           seconds=LONG_SECONDS)
        self.expect(GOOD, "camsign", "sign", source, "--out", "whole.mp4", "--chain", os.path.join(self.shared, "camera", "cert.pem"),
                    "--key", os.path.join(self.shared, "camera", "key.pem"), "--start", self.start)
        clip = camera_clip.read(self.path("whole.mp4"))
        self.assertEqual(len(clip.units), 10 * LONG_SECONDS)
        for frames, status in ((200, GOOD), (10 * LONG_SECONDS, EVIDENCE)):
            with self.subTest(frames=frames):
                # Somebody takes every signature away from a moment on.
                units = [[nal for nal in unit if number < 35 or nal[0] & 31 != 6] for number, unit in enumerate(clip.units[:frames])]
                name = os.path.basename(camera_clip.write(self.path(f"{frames}.mp4"), dataclasses.replace(clip, units=units)))
                run = self.arrive(name, "--camera-trust", self.maker, name=f"{frames}.svms", status=status)
                self.assertEqual("WARNING: camera: track 0: no signature came for 60 seconds" in run.err, status == EVIDENCE, run.err)
                told = self.camera("--camera-trust", self.maker, name=f"{frames}.svms", status=status)
                for who in ("validated", "recorded"):
                    self.assertEqual((told[who]["verdict"], told[who]["reasons"]), ("authentic" if status == GOOD else "unsigned", ["tail"]))

        # And what is over is told, too.
        units = clip.units[:35] + clip.units[36:200]
        name = os.path.basename(camera_clip.write(self.path("once.mp4"), dataclasses.replace(clip, units=units)))
        run = self.arrive(name, "--camera-trust", self.maker, name="once.svms", status=EVIDENCE)
        self.assertEqual(run.err.count("WARNING"), 1, run.err)
        self.assertRegex(run.err, r"camera: track 0 is what the camera signed again, from .*Z on; 1 group of pictures was not")

    def signed_as(self, name, *more):
        camera = os.path.join(self.shared, "camera")
        self.expect(GOOD, "camsign", "sign", self.clip, "--out", name, "--chain", os.path.join(camera, "cert.pem"), "--key",
                    os.path.join(camera, "key.pem"), "--start", self.start, *more)
        return name

    def package_of(self, name):
        exporter = os.path.join(self.shared, "exporter")
        self.expect(GOOD, "export", "create", name, "--out", name + "x", "--trust", self.ca, "--unsealed", "--signer",
                    os.path.join(exporter, "cert.pem"), "--signer-key", os.path.join(exporter, "key.pem"))
        return name + "x"

    def judged(self, clip, name, status, *trust):
        """Everything that judges a camera says the same."""
        self.arrive(clip, *trust, name=name, status=status)
        found = [self.camera(*trust, name=name, status=status)]
        run = self.expect(status, "export", "verify", self.package_of(name), "--trust", self.trust_all, "--json", *trust)
        found.append(run.json()["sources"]["list"][0]["camera"])
        told = {(one[who]["verdict"], one[who]["trusted"], tuple(one[who]["reasons"])) for one in found for who in ("validated", "recorded")}
        self.assertEqual(len(told), 1, found)
        return told.pop()

    def test_a_users_key_is_believed_by_the_users_anchor_everywhere(self):
        user = os.path.join(self.shared, "user")
        clip = self.signed_as("user.mp4", "--user-chain", os.path.join(user, "cert.pem"), "--user-key", os.path.join(user, "key.pem"))
        anchor = os.path.join(user, "ca.pem")
        self.assertEqual(self.judged(clip, "a.svms", GOOD, "--camera-user-trust", anchor), ("authentic", True, ()))
        self.assertEqual(self.judged(clip, "b.svms", GOOD, "--camera-trust", self.maker)[:2], ("authentic", True))
        self.assertEqual(self.judged(clip, "c.svms", EVIDENCE, "--camera-trust", self.other_maker)[:2], ("authentic", False))
        self.assertEqual(self.judged(clip, "d.svms", GOOD, "--camera-trust", self.other_maker, "--camera-user-trust", anchor)[:2],
                         ("authentic", True))

    def test_a_certificate_that_the_camera_sent_before_is_brought(self):
        clip = camera_clip.read(self.path(self.signed_as("sei.mp4", "--certificate-sei")))
        later = dataclasses.replace(clip, units=clip.units[PICTURES_OF_GOP:])
        name = os.path.basename(camera_clip.write(self.path("later.mp4"), later))
        verdict, _, reasons = self.judged(name, "a.svms", EVIDENCE, "--camera-trust", self.maker)
        self.assertEqual((verdict, "no_key" in reasons), ("unsigned", True))
        brought = ("--camera-trust", self.maker, "--camera-certificate", os.path.join(self.shared, "camera", "cert.pem"))
        self.assertEqual(self.judged(name, "b.svms", GOOD, *brought)[:2], ("authentic", True))

    def test_a_revocation_list_that_is_none_is_refused_before_anything_is_recorded(self):
        crl = self.path("empty")
        self.store("empty", b"")
        self.assertNotEqual(self.run_svms("record", self.signed, "--out", "a.svms", *self.signer, "--protect", "none", "--camera-trust",
                                          self.maker, "--camera-crl", crl).status, GOOD)
        self.assertFalse(os.path.exists(self.path("a.svms")))

    def trail(self, *events):
        run = self.expect(GOOD, "audit", "query", "log", "--key", self.key, *(part for event in events for part in ("--event", event)), "--json")
        return [json.loads(line)["record"] for line in run.out.splitlines()]

    def test_the_audit_log_hears_what_was_wrong_from_when_and_how_it_ended(self):
        self.key = self.expect(GOOD, "audit", "create", "log", "--origin", "audit.test/1", "--json").json()["key"]
        clip = self.edited("cut.mp4", "-bsf:v", "noise=drop='eq(n,25)'")
        self.arrive(clip, "--camera-trust", self.maker, "--audit", "log", "--device", "Gate", status=EVIDENCE)
        (tamper,) = self.trail("device.tamper")
        (stop,) = self.trail("recording.stop")
        self.assertEqual((tamper["outcome"], tamper["details"]["what"]), ("failure", "what the camera signed: missing"))
        self.assertEqual((stop["outcome"], stop["details"]["why"]),
                         ("failure", f"camera: {GOPS - 1} of {GOPS} groups of pictures are what a trusted camera signed"))
        self.arrive(self.signed, "--camera-trust", self.maker, "--audit", "log", name="good.svms")
        self.assertEqual(len(self.trail("device.tamper")), 1)
        self.assertEqual([stop["outcome"] for stop in self.trail("recording.stop")], ["failure", "success"])


if __name__ == "__main__":
    main()
