# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, told what to do over a pair of pipes (its DevTools protocol)."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
TIMEOUT = 60
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--remote-debugging-pipe")


class Chromium:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.number, self.kept = 0, b""
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()

        def move():
            """Its ends are descriptors 3 and 4."""
            os.dup2(os.dup(to_read), 3)
            os.dup2(os.dup(to_write), 4)

        high = [os.dup(fd) for fd in (to_read, to_write)]
        for fd in (to_read, to_write):
            os.close(fd)
        to_read, to_write = [self._above(fd) for fd in high]
        self.process = subprocess.Popen([PROGRAM, *FLAGS, "--user-data-dir=" + self.folder, "about:blank"],
                                        preexec_fn=move, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    @staticmethod
    def _above(fd):
        """The same, where it is in nobody's way."""
        spare = []
        while fd < 10:
            spare.append(fd)
            fd = os.dup(fd)
        for each in spare:
            os.close(each)
        return fd

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        os.close(self.read)
        os.close(self.write)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _message(self, end):
        while b"\0" not in self.kept:
            if not select.select([self.read], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("Chromium does not answer")
            some = os.read(self.read, 65536)
            if not some:
                raise AssertionError("Chromium went away")
            self.kept += some
        message, self.kept = self.kept.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **parameters):
        self.number += 1
        told = {"id": self.number, "method": method, "params": parameters}
        if session:
            told["sessionId"] = session
        os.write(self.write, json.dumps(told).encode() + b"\0")
        end = time.monotonic() + TIMEOUT
        while True:
            answer = self._message(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(answer["error"])
                return answer["result"]

    def run(self, script):
        """What the body of an asynchronous function gives."""
        found = self.ask("Runtime.evaluate", self.session, expression="(async () => {" + script + "})()",
                         awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")
