#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a camera signed, validated by the recorder on arrival: camera, recorder and exporter stand side by side, and
what was done to the pictures between camera and recorder is in the recorder's record (signedvideo.md, section 5)."""

import datetime
import os
import shutil
import subprocess

from system_case import EVIDENCE, GOOD, LEAN_PROGRAM, PROGRAM, SystemCase, TIMEOUT, USAGE, ffmpeg, main

GOPS = 8


class CameraRecorded(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, role in (("camera", "camera"), ("other", "camera"), ("exporter", "exporter")):
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

    def arrive(self, clip, *extra, name="a.svms", opens=("--protect", "none")):
        """A recording of what comes, validated on arrival."""
        return self.expect(GOOD, "record", clip, "--out", name, "--start-time", self.start, *self.signer, *opens, *extra)

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
            self.assertEqual({key: told[who][key] for key in ("verdict", "trusted", "reports", "authentic", "subject", "reasons")},
                             {"verdict": "authentic", "trusted": True, "reports": GOPS, "authentic": GOPS,
                              "subject": "CN=The camera", "reasons": []})
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
        for line in ("signed by CN=The exporter", "recorded by CN=Test recorder", "signed by CN=The camera: trusted"):
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
        run = self.arrive(clip, "--camera-trust", self.maker)
        self.assertIn("WARNING: camera: track 0", run.err)
        self.assertIn("MISSING", run.err)
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
        self.arrive(clip, "--camera-trust", self.maker)
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
        run = self.arrive(self.signed, "--camera-trust", self.other_maker)
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
                self.arrive(clip, "--camera-trust", self.maker, *extra, name=name)
                told = self.camera(name=name)["recorded"]
                self.assertEqual((told["verdict"], told["reasons"], told["subject"]), ("unsigned", reasons, None))

    def test_verdicts_go_on_from_container_to_container(self):
        run = self.arrive(self.signed, "--camera-trust", self.maker, "--rotate", "2s", name="folder")
        self.assertIn(f"{GOPS} of {GOPS} groups of pictures", run.err)
        self.assertGreater(len([name for name in os.listdir(self.path("folder")) if name.endswith(".svms")]), 2)
        told = self.camera("--camera-trust", self.maker, name="folder")
        self.assertEqual([told[who]["authentic"] for who in ("validated", "recorded")], [GOPS, GOPS])

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
        self.expect(USAGE, "record", self.signed, "--out", "b.svms", *self.signer, "--protect", "none", "--camera-signed")


if __name__ == "__main__":
    main()
