# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: a folder, an identity, clips, and runs of svms.

Tests run the built program as a user would. They need Python's standard library and the ffmpeg
command, nothing else. SVMS_PROGRAM names the program, SVMS_STAGE the program that makes recordings
with a staged clock, SVMS_MEDIA the folder of real clips (optional), SVMS_ROOT the sources.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from program_choice import program_for  # pylint: disable=wrong-import-position

PROGRAM = os.environ["SVMS_PROGRAM"]
# For commands that touch no pictures.
LEAN_PROGRAM = program_for(PROGRAM, ())
STAGE = os.environ.get("SVMS_STAGE", "")
ROOT = os.environ["SVMS_ROOT"]
MEDIA = os.environ.get("SVMS_MEDIA", "")
TIMEOUT = 240

GOOD, EVIDENCE, USAGE, ENVIRONMENT, MALFORMED, POLICY = range(6)
START = "2026-11-21T10:00:00Z"
PASSWORD = "correct horse battery staple"


def say(message):
    """Said loudly, also when nobody asked for details."""
    print(f"NOTE: {message}", file=sys.stderr, flush=True)


def real_clips():
    """The clips of ../shared/media, or none, which is said."""
    if not os.path.isdir(MEDIA):
        say(f"{MEDIA or 'SVMS_MEDIA'} is absent: only synthetic clips are tested")
        return []
    return sorted(os.path.join(MEDIA, name) for name in os.listdir(MEDIA) if name.startswith("walkway-"))


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-nostdin", *arguments], check=True, timeout=TIMEOUT)


@functools.cache
def clip_of(extension, codecs, seconds):
    """The bytes of a scene with sound; each is made once."""
    with tempfile.TemporaryDirectory(prefix="svms-clip-") as folder:
        path = os.path.join(folder, "clip" + extension)
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10", "-f", "lavfi",
               "-i", "sine=frequency=440:sample_rate=16000", "-t", str(seconds),
               "-pix_fmt", "yuv420p", *codecs, path)
        with open(path, "rb") as file:
            return file.read()


def make_clip(path, *codecs, seconds=8):
    """A scene with sound; by default H.264 with a sync picture each second, and AAC."""
    codecs = codecs or ("-c:v", "libx264", "-bf", "0", "-g", "10", "-c:a", "aac")
    with open(path, "wb") as file:
        file.write(clip_of(os.path.splitext(path)[1], codecs, seconds))
    return path


def packets(path):
    """FFmpeg's framemd5 of every packet: codec, order, time stamps, bytes."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map", "0", "-c", "copy",
                           "-f", "framemd5", "-"], check=True, capture_output=True, timeout=TIMEOUT, text=True)
    return [line for line in done.stdout.splitlines() if not line.startswith("#software")]


class Run:
    """How one run of svms ended."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class SystemCase(unittest.TestCase):
    """A test with a folder of its own, which is the current one of every run."""

    shared = None

    @classmethod
    def setUpClass(cls):
        """One clip and one identity serve all tests of a class; nobody writes to them."""
        cls.shared = tempfile.mkdtemp(prefix="svms-system-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.clip = make_clip(os.path.join(cls.shared, "clip.mp4"))
        cls.password_file = os.path.join(cls.shared, "password")
        with open(cls.password_file, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        os.chmod(cls.password_file, 0o600)
        cls.identity = os.path.join(cls.shared, "id")
        subprocess.run([PROGRAM, "identity", "create", "--out", cls.identity, "--name", "Test recorder"],
                       check=True, capture_output=True, timeout=TIMEOUT)
        cls.ca = os.path.join(cls.identity, "ca.pem")
        cls.signer = ["--signer", os.path.join(cls.identity, "cert.pem"),
                      "--signer-key", os.path.join(cls.identity, "key.pem")]

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="svms-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def store(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def load(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def files(self):
        return sorted(os.listdir(self.folder))

    def run_svms(self, *arguments, stdin=subprocess.DEVNULL, **options):
        """Without a terminal, as in a script."""
        done = subprocess.run([program_for(PROGRAM, arguments), *arguments], cwd=self.folder, stdin=stdin, capture_output=True,
                              timeout=TIMEOUT, start_new_session=True, check=False, **options)
        run = Run(done)
        self.assertNotIn("Sanitizer", run.err, run)
        self.assertGreaterEqual(run.status, 0, f"killed by a signal: {run}")
        return run

    def expect(self, status, *arguments, **options):
        run = self.run_svms(*arguments, **options)
        self.assertEqual(run.status, status, f"svms {' '.join(arguments)}: {run}")
        if status != GOOD and "--quiet" not in arguments:
            self.assertTrue(run.err or run.out, "a failure without a word")
        return run

    def record(self, name="a.svms", *extra, clip=None, **options):
        """A signed recording that begins at START; opened by the password unless extra says other."""
        opens = [] if {"--recipient", "--kek", "--protect", "--password-file"} & set(extra) else \
            ["--password-file", self.password_file]
        return self.expect(GOOD, "record", clip or self.clip, "--out", name, "--start-time", START,
                           *self.signer, *opens, *extra, **options)

    def verify(self, name="a.svms", *extra, status=GOOD):
        """The JSON object of a verification that ends with this status."""
        return self.expect(status, "verify", name, "--trust", self.ca, "--json", *extra).json()

    def extract(self, status, name, out, *extra):
        return self.expect(status, "extract", name, "--out", out, "--password-file", self.password_file,
                           *extra)

    def wait_for(self, condition, seconds=60):
        """Until the condition holds; its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        return self.fail("what was waited for did not happen")


def main():
    unittest.main(verbosity=2)
