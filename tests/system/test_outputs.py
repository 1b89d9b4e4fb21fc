#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where results go: what exists is never harmed, what fails leaves nothing that looks finished."""

import os
import resource
import signal
import subprocess

from system_case import ENVIRONMENT, GOOD, MALFORMED, PROGRAM, SystemCase, TIMEOUT, main, make_clip, say


def demote():
    """Becomes nobody, for whom permissions count."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def disk_of(size):
    """Files end at this size, with an error instead of a signal, as on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


class Outputs(SystemCase):
    def recording_arguments(self, out, *extra):
        return ["record", self.clip, "--out", out, *self.signer, "--password-file", self.password_file, *extra]

    def test_an_existing_output_is_refused_and_unharmed(self):
        self.store("a.svms", b"precious")
        run = self.expect(ENVIRONMENT, *self.recording_arguments("a.svms"))
        self.assertIn("a.svms", run.err)
        self.assertEqual(self.load("a.svms"), b"precious")
        self.assertEqual(self.files(), ["a.svms"])

    def test_force_replaces_only_when_the_new_one_is_complete(self):
        self.store("a.svms", b"precious")
        self.expect(MALFORMED, "record", self.store("not-media", b"text " * 500), "--out", "a.svms", "--force",
                    *self.signer, "--password-file", self.password_file)
        self.assertEqual(self.load("a.svms"), b"precious")
        self.expect(GOOD, *self.recording_arguments("a.svms", "--force"))
        self.verify("a.svms")
        self.assertEqual(self.files(), ["a.svms", "not-media"])

    def test_what_an_interrupted_recording_left_is_never_touched(self):
        self.store("a.svms.part", b"interrupted")
        for extra in ([], ["--force"]):
            run = self.expect(ENVIRONMENT, *self.recording_arguments("a.svms", *extra))
            self.assertIn("a.svms.part", run.err)
            self.assertEqual(self.load("a.svms.part"), b"interrupted")
        self.assertEqual(self.files(), ["a.svms.part"])

    def test_a_missing_folder_is_named(self):
        run = self.expect(ENVIRONMENT, *self.recording_arguments("nowhere/a.svms"))
        self.assertIn("nowhere", run.err)
        self.assertEqual(self.files(), [])

    def test_a_folder_is_no_output(self):
        os.mkdir(self.path("folder"))
        self.expect(ENVIRONMENT, *self.recording_arguments("folder"))
        self.assertEqual(self.files(), ["folder"])

    def test_no_permission_is_said(self):
        os.mkdir(self.path("locked"), 0o555)
        for folder in (self.folder, self.shared):
            os.chmod(folder, 0o755)
        options = {"preexec_fn": demote} if os.geteuid() == 0 else {}
        if options and subprocess.run([PROGRAM, "--version"], capture_output=True, check=False, **options).returncode:
            say("SKIPPED: nobody may not run the built program, and root may write everywhere")
            self.skipTest("the built program is private")
        with open(self.clip, "rb") as clip:
            run = self.expect(ENVIRONMENT, "record", "-", "--out", "locked/a.svms", "--unsigned", "--protect", "none",
                              stdin=clip, **options)
        self.assertIn("ermission denied", run.err)
        self.assertEqual(os.listdir(self.path("locked")), [])

    def test_a_full_disk_keeps_what_is_complete(self):
        big = os.path.join(self.folder, "big.mp4")
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=640x480:rate=10",
                        "-t", "10", "-c:v", "libx264", "-g", "10", "-qp", "10", "-pix_fmt", "yuv420p", big],
                       check=True, timeout=TIMEOUT)
        run = self.expect(ENVIRONMENT, "record", big, "--out", "a.svms", *self.signer, "--protect", "none",
                          "--segment-seconds", "1", preexec_fn=disk_of(os.path.getsize(big) // 2))
        self.assertNotIn("a.svms", self.files())
        self.assertIn("a.svms.part", run.err)
        report = self.verify("a.svms.part", status=1)
        self.assertEqual(report["verdict"], "incomplete")
        self.assertGreater(report["coverage"]["segments_verified"], 0)
        self.assertEqual(report["coverage"]["segments_failed"], 0)

    def test_a_disk_that_is_really_full(self):
        """The same on a file system of one mebibyte, where that can be had."""
        clip = make_clip(self.path("big.mp4"), "-c:v", "mjpeg", "-q:v", "1", "-s", "640x480", "-an")
        self.assertGreater(os.path.getsize(clip), 2 << 20)
        script = ('mkdir small && mount -t tmpfs -o size=1m none small || exit 77; cd small; '
                  '"$0" "$@"; status=$?; ls; exit $status')
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, PROGRAM, "record", clip, "--out", "a.svms", *self.signer,
             "--protect", "none", "--segment-seconds", "1"],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if done.returncode in (1, 77) or "unshare" in done.stderr:
            say("SKIPPED: no small file system can be mounted here")
            self.skipTest("cannot mount")
        self.assertEqual(done.returncode, ENVIRONMENT, done)
        self.assertIn("No space left", done.stderr)
        self.assertIn("complete, signed segments", done.stderr)
        self.assertEqual(done.stdout.split(), ["a.svms.part"])

    def test_a_full_disk_before_the_first_segment_leaves_nothing(self):
        self.expect(ENVIRONMENT, *self.recording_arguments("a.svms"), preexec_fn=disk_of(3000))
        self.assertEqual(self.files(), [])

    def test_a_full_disk_while_extracting_leaves_nothing(self):
        self.record()
        self.expect(ENVIRONMENT, "extract", "a.svms", "--out", "a.mp4", "--password-file", self.password_file,
                    preexec_fn=disk_of(20_000))
        self.assertEqual(self.files(), ["a.svms"])

    def test_extract_refuses_an_existing_output(self):
        self.record()
        self.store("a.mp4", b"precious")
        self.extract(ENVIRONMENT, "a.svms", "a.mp4")
        self.assertEqual(self.load("a.mp4"), b"precious")
        self.extract(GOOD, "a.svms", "a.mp4", "--force")
        self.assertGreater(len(self.load("a.mp4")), 1000)
        self.assertEqual(self.files(), ["a.mp4", "a.svms"])

    def test_a_recording_is_private(self):
        os.umask(0)
        self.record()
        self.assertEqual(os.stat(self.path("a.svms")).st_mode & 0o777, 0o600)

    def test_many_recordings_at_once_do_not_meet(self):
        running = [subprocess.Popen([PROGRAM, *self.recording_arguments("a.svms")], cwd=self.folder,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for _ in range(6)]
        ended = sorted(process.wait(TIMEOUT) for process in running)
        self.assertEqual(ended.count(GOOD), 1, ended)
        self.assertEqual(set(ended), {GOOD, ENVIRONMENT})
        self.verify("a.svms")
        self.assertEqual(self.files(), ["a.svms"])


if __name__ == "__main__":
    main()
