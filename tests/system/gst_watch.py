# SPDX-License-Identifier: Apache-2.0
"""GStreamer as a viewer of what cameras and recorders serve: gst_viewer.py as a process."""

import json
import os
import subprocess

from rtsp_case import PYTHON
from system_case import ROOT, TIMEOUT, say
from test_rtsp_serve import frames

VIEWER = os.path.join(ROOT, "tests", "system", "gst_viewer.py")
ELEMENTS = ("rtspsrc", "srtpdec", "rtph264depay", "h264parse", "filesink")


def has_viewer():
    """Whether GStreamer can play RTSP with SRTP here, and its bindings are there; said loudly when not."""
    script = ("import gi\nfor n in ('Gst', 'GstRtsp'): gi.require_version(n, '1.0')\nfrom gi.repository import Gst, GstRtsp\n"
              f"Gst.init(None)\nassert all(Gst.ElementFactory.find(n) for n in {ELEMENTS})")
    done = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode != 0:
        say(f"GStreamer cannot play here: {done.stderr.strip().splitlines()[-1:]}")
    return done.returncode == 0


class Viewer:
    """gst_viewer.py as a process."""

    def __init__(self, case, url, **wish):
        self.case = case
        self.number = case.viewers = case.viewers + 1
        self.out = case.path(f"seen-{self.number}.h264")
        wish = {"url": url, "trust": case.trust, "out": self.out, **wish}
        self.process = subprocess.Popen([PYTHON, VIEWER, json.dumps(wish)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        case.addCleanup(self.kill)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def plays(self):
        """When the first picture is there."""
        self.case.assertEqual(self.process.stdout.readline().strip(), "plays")
        return self

    def ended(self):
        """How it ended by itself; what it says fits into a pipe."""
        self.process.wait(TIMEOUT)
        out, err = self.process.stdout.read(), self.process.stderr.read()
        self.case.assertEqual(self.process.returncode, 0, err)
        return json.loads(out.splitlines()[-1])

    def stop(self):
        self.process.stdin.close()
        return self.ended()

    def seen(self):
        """Digests of the pictures; the last one may be cut where it was ended in the midst of one."""
        return frames(self.out)
