# SPDX-License-Identifier: Apache-2.0
"""Many cameras of 1080p30 into one recorder: what it costs, and whether a picture is lost. For a test and a benchmark."""

import os
import subprocess
import time

from recorder_case import RecorderCase
from system_case import GOOD, say

FARM = os.environ["SVMS_CAMERA_FARM"]
RATE = 30


class Usage:
    """What a process has used since it was looked at first."""

    def __init__(self, process):
        self.pid = process.pid
        self.began = time.monotonic()
        self.cpu_began = self.cpu()

    def cpu(self):
        """Seconds in user mode and in the kernel, of all its threads."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def share(self):
        """Of one processor."""
        return (self.cpu() - self.cpu_began) / (time.monotonic() - self.began)

    def most_memory(self):
        """In bytes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))

    def measures_memory(self):
        """AddressSanitizer keeps what was freed, so that nothing can be said of memory there, which is said."""
        with open(f"/proc/{self.pid}/exe", "rb") as file:
            if b"__asan_init" not in file.read():
                return True
        say("memory is not measured with AddressSanitizer")
        return False


class LoadCase(RecorderCase):
    def farm(self, count):
        """Cameras in one process, which is started, and their settings at a recorder."""
        self.enrolled(self.path("farm"), "camera")
        farm = subprocess.Popen([FARM, self.path("farm"), "127.0.0.1:0", str(count)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(farm.stdout.close)
        self.addCleanup(farm.wait)
        self.addCleanup(farm.kill)
        port = farm.stdout.readline().rpartition(":")[2].strip()
        self.assertTrue(port, "no farm")
        return farm, [{"id": f"camera{i}", "url": f"rtsps://127.0.0.1:{port}/camera/{i}", "storage": "disk", "trust": self.trust}
                      for i in range(1, count + 1)]

    def lost(self, recorder, name):
        """How many pictures were recorded, and how many are missing between the first and the last."""
        self.hand_over(recorder.folder, opener_pem=self.opener)
        self.expect(GOOD, "extract", recorder.at(os.path.join("storage", name)), "--out", "all.mkv", "--identity",
                    recorder.at("opener.pem"), "--trust", self.trust, "--force")
        asked = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of",
                                "csv=p=0", self.path("all.mkv")], capture_output=True, text=True, check=True)
        moments = sorted(round(float(line.rstrip(",")) * RATE) for line in asked.stdout.split())
        self.assertEqual(len(set(moments)), len(moments), "a picture twice")
        return len(moments), moments[-1] - moments[0] + 1 - len(moments)

    def bear(self, count, seconds):
        """Cameras are recorded for so long: name -> (pictures, of them lost), and what it took."""
        farm, cameras = self.farm(count)
        names = [camera["id"] for camera in cameras]
        recorder = self.recorder(*cameras).start()
        self.records(recorder, *names, seconds=1)
        cost = Usage(recorder.process)
        feeding = Usage(farm)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertIsNone(farm.poll(), "the cameras ended")
            self.assertIsNone(recorder.process.poll(), recorder.said())
            time.sleep(min(1, max(0, end - time.monotonic())))
        took = {"cpu": cost.share(), "feeding": feeding.share(), "memory": cost.most_memory()}
        recorder.stop()
        farm.kill()
        return recorder, {name: self.lost(recorder, name) for name in names}, took
