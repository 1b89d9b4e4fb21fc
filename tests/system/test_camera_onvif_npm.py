#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""npm's onvif, which nobody here wrote, as the client of svms-camera: it connects, asks, moves, and waits for an event.

SVMS_ONVIF_WORK names a folder of the build into which npm installs it by tests/interop/onvif/package-lock.json."""

import json
import os
import re
import shutil
import subprocess
import sys

from camera_case import PASSWORD, CameraCase
from system_case import main

WORK = os.environ["SVMS_ONVIF_WORK"]
PEER = os.path.join(os.environ["SVMS_ROOT"], "tests", "interop", "onvif")
PATIENCE = 240
FILES = ("package.json", "package-lock.json", "peer.js")


class CameraOnvifNpm(CameraCase):
    def skip(self, what):
        print(f"SKIPPED: {what}", file=sys.stderr, flush=True)
        self.skipTest(what)

    def install(self):
        for program in ("node", "npm"):
            if not shutil.which(program):
                self.skip(f"{program} is not installed (examples/packages.sh install viewer)")
        os.makedirs(WORK, exist_ok=True)
        for name in FILES:
            shutil.copy(os.path.join(PEER, name), WORK)
        if os.path.isdir(os.path.join(WORK, "node_modules", "onvif")):
            return
        command = ["npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            self.skip("npm's registry does not answer")
        if done.returncode != 0:
            self.skip(f"npm cannot install onvif (no registry?): {done.stderr.strip()[:300]}")

    def test_it_does_what_clients_do(self):
        self.install()
        camera = self.camera(listen={"rtsps": "127.0.0.1:0", "https": "127.0.0.1:0"}).start()
        port = re.search(r"serves https://127\.0\.0\.1:(\d+)/", camera.said()).group(1)
        done = subprocess.run(["node", "peer.js", port, self.trust, "admin", PASSWORD], cwd=WORK, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertTrue(told["media2"])
        self.assertEqual(told["information"]["manufacturer"], "libsvms")
        self.assertEqual(told["profiles"], ["main"])
        self.assertEqual(told["stream"], camera.url)
        self.assertEqual(told["snapshot"], f"https://127.0.0.1:{port}/onvif/snapshot.jpg")
        self.assertEqual(told["nodes"], ["window"])
        self.assertEqual(told["position"], {"x": 0.5, "y": -0.5, "zoom": 0.5})
        self.assertEqual(told["event"], "tns1:Configuration/Changed")
        self.assertEqual(list(told["presets"]), ["gate"])
        camera.stop()


if __name__ == "__main__":
    main()
