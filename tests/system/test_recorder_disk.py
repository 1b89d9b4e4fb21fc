#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small disk of its own, and what a recorder does while it fills: it warns before, the oldest that nobody needs goes, what
is locked stays, nothing ends in silence, and it goes on as soon as there is room."""

import http.client
import json
import os
import ssl
import subprocess
import time
import unittest

from recorder_load import LoadCase
from system_case import TIMEOUT, main, say

DISK = 96 * 1000 * 1000
RESERVE = 8 * 1000 * 1000
CONTAINERS = 4
EACH = 3


def can_mount():
    """Whether a disk of our own can be made here; said loudly when not."""
    folder = "/tmp/svms-disk-" + str(os.getpid())
    try:
        os.mkdir(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True, capture_output=True, timeout=TIMEOUT)
        subprocess.run(["umount", folder], check=True, capture_output=True, timeout=TIMEOUT)
        return True
    except (OSError, subprocess.SubprocessError) as error:
        say(f"no disk of our own can be mounted: {error}")
        return False
    finally:
        if os.path.isdir(folder):
            os.rmdir(folder)


@unittest.skipUnless(can_mount(), "no disk")
class RecorderDiskTest(LoadCase):
    def setUp(self):
        super().setUp()
        _, cameras = self.farm(1)
        self.recorder_is = self.recorder()
        self.storage = self.recorder_is.at("storage")
        os.mkdir(self.storage)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "none", self.storage], check=True, timeout=TIMEOUT)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.storage], check=True, timeout=TIMEOUT)
        self.serves(self.recorder_is, *cameras, storage={"reserve_bytes": RESERVE})
        self.policy(self.recorder_is, 1, "*")

    def begin(self):
        """Some closed containers, and one that is being written."""
        for _ in range(CONTAINERS):
            self.recorder_is.start()
            self.records(self.recorder_is, "camera1", seconds=EACH)
            self.recorder_is.stop()
        self.recorder_is.start()
        self.records(self.recorder_is, "camera1", seconds=1)
        return self.rows()

    def rows(self):
        """Sequence, begin and end of what is there and closed."""
        return self.recorder_is.ask("SELECT sequence, first_utc, last_utc FROM containers WHERE closed = 1 ORDER BY sequence")

    def free(self):
        space = os.statvfs(self.storage)
        return space.f_bavail * space.f_frsize

    def fill_to(self, free):
        """Somebody else's file takes what is more than so many bytes."""
        with open(os.path.join(self.storage, "somebody-elses"), "ab") as file:
            chunk = bytes(1 << 16)
            while self.free() > free:
                try:
                    file.write(chunk[:max(1, min(len(chunk), self.free() - free))])
                    file.flush()
                except OSError:
                    break

    def lock(self, first, last):
        context = ssl.create_default_context(cafile=self.trust)
        context.load_cert_chain(self.authority.at("anna.pem"), self.authority.at("anna.key"))
        connection = http.client.HTTPSConnection(self.recorder_is.address("https"), context=context, timeout=TIMEOUT)
        with open(self.token(), encoding="ascii") as file:
            token = file.read().strip()
        wish = {"camera": "camera1", "from": self.moment(first), "to": self.moment(last), "why": "case 12"}
        connection.request("POST", "/v1/locks", json.dumps(wish), {"Authorization": "Bearer " + token,
                                                                   "Content-Type": "application/json"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 201, answer.read())
        connection.close()

    @staticmethod
    def moment(utc):
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(utc // 10**9)) + f".{utc % 10**9:09d}Z"

    def count(self, kind):
        return len(self.recorder_is.events(kind))

    def test_the_oldest_goes_what_is_locked_stays_and_recording_goes_on(self):
        recorder = self.recorder_is
        closed = self.begin()
        self.assertEqual(len(closed), CONTAINERS)
        self.lock(closed[1][1], closed[1][2] + 1)
        # A warning comes before anything is lost.
        self.fill_to(RESERVE * 15 // 8)
        warned = recorder.wait_for_event("storage.filling")[0][0]
        self.assertEqual((self.count("storage.full"), self.rows()), (0, closed))
        self.fill_to(RESERVE - 1000000)
        full = recorder.wait_for_event("storage.full")[0][0]
        self.assertGreater(full, warned)
        self.wait_for(lambda: closed[0] not in self.rows())
        left = [row[0] for row in self.rows()]
        self.assertEqual(left, sorted(left))
        self.assertIn(closed[1][0], left)
        # Recording takes more and more of what is free: all goes that may, and nothing else.
        self.wait_for(lambda: [row[0] for row in self.rows()][:2] == [closed[1][0]], seconds=120)
        recorded = self.recorded(recorder, "camera1")
        self.wait_for(lambda: self.recorded(recorder, "camera1") > recorded + 1)
        recorder.stop()
        verdict = self.verified(recorder, "camera1")
        self.assertEqual((verdict["verdict"], verdict["missing"], verdict["removed"]), ("authentic", 0, CONTAINERS - 1))
        self.assertEqual({(entry["removed"] or {}).get("reason") for entry in verdict["files"]} - {None}, {"space"})
        self.assertTrue(self.audited(recorder, "storage.full"))
        self.assertEqual(len(self.audited(recorder, "storage.pruned")), CONTAINERS - 1)

    def test_a_disk_without_a_byte_ends_nothing_in_silence(self):
        recorder = self.recorder_is
        closed = self.begin()
        # What is still to come is locked, too.
        self.lock(closed[0][1], closed[-1][2] + 3600 * 10**9)
        self.fill_to(0)
        # Nothing may go: that is an error, and the recorder stays.
        self.wait_for(lambda: "nothing is left that may be removed" in recorder.said_now())
        self.wait_for(lambda: any("why" in data for _, data in recorder.events("storage.full")), seconds=120)
        self.assertIsNone(recorder.process.poll())
        self.assertEqual(self.rows()[:CONTAINERS], closed)
        os.unlink(os.path.join(self.storage, "somebody-elses"))
        recorder.wait_for_event("storage.works")
        self.records(recorder, "camera1", seconds=3)
        recorder.wait_for_event("storage.room")
        recorder.stop()
        verdict = self.verified(recorder, "camera1")
        self.assertEqual((verdict["verdict"], verdict["missing"], verdict["removed"]), ("authentic", 0, 0))
        self.assertTrue(self.audited(recorder, "storage.full"))
        self.assertTrue(self.audited(recorder, "recording.gap"))


if __name__ == "__main__":
    main()
