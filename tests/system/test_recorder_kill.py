#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recorder and cameras are killed at any moment, over and over: it goes on, and whatever was signed stays and verifies.

SVMS_KILL_SEED repeats the moments of a run; SVMS_KILL_ROUNDS is how often somebody is killed.
"""

import os
import random
import re
import subprocess
import time

from recorder_case import RECORDER, RecorderCase, ServedClip
from system_case import GOOD, main, say
from tls_check_case import Server

# Shorter gaps are not fetched.
SHORTEST = 1
FETCHES = 4
ROUNDS = int(os.environ.get("SVMS_KILL_ROUNDS", "12"))
NAMES = ("entrance", "clip")
# All that a recorder may leave in its folder.
KEPT = re.compile(r"""
    storage/\.keeper-reserve | storage/(entrance|clip)/(edge-)?\d{6}-\d{8}T\d{6}Z(-\d)?\.svms(\.part)? | heads/(entrance|clip)\.head |
    index | ledger | identity/(ca|cert|key)\.pem | recipient\.pem | recorder\.(json|log) |
    audit/(checkpoint|epochs|lock|log|keys/epoch-\d+\.pem|journal/\d{16}|tile/(0|1|entries)/[x\d/]+(\.p/\d+)?)""", re.VERBOSE)
CONTAINERS = ("SELECT cameras.name, file, hex(container), hex(recording), sequence, segment, hex(manifest), head_utc, first_utc, "
              "last_utc, bytes, closed, edge FROM containers JOIN cameras ON number = camera ORDER BY cameras.name, sequence")
GAPS = "SELECT name, from_utc, to_utc, reason FROM gaps JOIN cameras ON number = camera ORDER BY name, from_utc"


class RecorderKillTest(RecorderCase):
    def setUp(self):
        super().setUp()
        self.signed = {name: {} for name in NAMES}
        self.unsigned = 0

    def look(self, recorder, *names):
        """What is signed on the disk at this moment, as svms verify finds it; nobody runs."""
        for name in names or NAMES:
            run = self.run_svms("verify", recorder.at(os.path.join("storage", name)), "--trust", self.trust, "--json")
            report = run.json()
            self.assertIn(report["verdict"], ("authentic", "incomplete"), run)
            self.assertEqual(report["missing"], 0, run)
            found = {file["container"]: (file["last_segment"], file["last"]) for file in report["files"] if file["last"]}
            for container, was in self.signed[name].items():
                self.assertGreaterEqual(found[container], was, f"{name}: what was signed is gone: {run}")
            self.signed[name] = found
            self.unsigned = max(self.unsigned, report["coverage"]["unattested_bytes"])

    def kill_while_it_starts(self, recorder, chance):
        """Some of these come so late that it records already."""
        with open(recorder.log, "a", encoding="utf-8") as log:
            process = subprocess.Popen([RECORDER, recorder.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log, umask=0o022)
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.wait()

    def check_recordings(self, recorder):
        """All verifies, to the newest head that was kept elsewhere; what has no end is known to have none."""
        for name in NAMES:
            report = self.verified(recorder, name, "--head", recorder.at(f"heads/{name}.head"))
            self.assertEqual((report["verdict"], report["missing"], report["coverage"]["segments_failed"]), ("authentic", 0, 0))
            self.assertEqual({issue["kind"] for issue in report["issues"]} - {"interrupted"}, set(), report)
            interrupted = {issue["file"] for issue in report["issues"]}
            self.assertEqual({file for file in recorder.containers(name) if file.endswith(".part")}, interrupted)
            files = report["files"]
            self.assertEqual([file["sequence"] for file in files], list(range(len(files))))
            for one, other in zip(files, files[1:]):
                self.assertLessEqual(one["last"], other["first"])

    def check_camera(self, recorder):
        """Whoever was killed: of what is there, all is what the camera signed, but for the ends of what was cut."""
        told = self.verified(recorder, "entrance", "--camera-trust", self.trust, "--camera-signed", "--identity", self.opener)["camera"]
        for who in ("validated", "recorded"):
            self.assertEqual((told[who]["verdict"], told[who]["trusted"], told[who]["first_failed_time"]), ("authentic", True, None), told)
            self.assertGreater(told[who]["authentic"], 0)

    def check_index(self, recorder):
        """What is in the index is what is on the disk."""
        for question in (CONTAINERS, GAPS):
            with self.subTest(question):
                before = recorder.ask(question)
                self.assertTrue(before or question is GAPS)
                recorder.task("--rebuild-index")
                self.assertEqual(recorder.ask(question), before)

    def check_nothing_is_left(self, recorder):
        found = [os.path.relpath(os.path.join(folder, name), recorder.folder) for folder, _, names in os.walk(recorder.folder)
                 for name in names]
        self.assertEqual([path for path in found if not KEPT.fullmatch(path)], [])

    def check_log(self, recorder):
        """The audit log survives it as well, and tells of no tampering: whoever starts again signs anew."""
        self.store("log.key", self.expect(GOOD, "audit", "key", recorder.at("audit")).out.encode())
        self.expect(GOOD, "audit", "verify", recorder.at("audit"), "--key", self.path("log.key"))
        for event in ("device.tamper", "log.gap"):
            self.assertEqual(self.audited(recorder, event), [], event)

    @staticmethod
    def chance():
        seed = int(os.environ.get("SVMS_KILL_SEED") or random.SystemRandom().randrange(1 << 32))
        say(f"SVMS_KILL_SEED={seed}")
        return random.Random(seed)

    @staticmethod
    def longest_hole(recorder):
        """In seconds, in what there is of all, fetched or not."""
        reached, longest = None, 0
        for first, last in recorder.ask("SELECT first_utc, last_utc FROM containers WHERE last_utc IS NOT NULL ORDER BY first_utc"):
            longest = max(longest, first - (reached or first))
            reached = max(reached or 0, last)
        return longest / 1e9

    def test_what_is_fetched_outlives_kills_while_it_is_fetched(self):
        chance = self.chance()
        camera = self.camera(edge={"keep_bytes": 100000000, "rotate_minutes": 1}).start()
        recorder = self.recorder(self.known_camera(camera, edge_url=camera.url.replace("/live", "/replay"))).start()
        self.records(recorder, "entrance", seconds=2)
        for _ in range(FETCHES):
            recorder.kill()
            self.look(recorder, "entrance")
            time.sleep(chance.uniform(1.5, 4))
            recorder.start()
            time.sleep(chance.uniform(0.2, 5))
        # The last hole is to be seen when something is signed behind it.
        self.wait_for(lambda: recorder.ask("SELECT * FROM containers WHERE NOT edge AND NOT closed AND last_utc IS NOT NULL"))
        self.wait_for(lambda: self.longest_hole(recorder) < SHORTEST)
        recorder.stop()
        self.check_nothing_is_left(recorder)
        self.look(recorder, "entrance")
        self.assertLess(self.longest_hole(recorder), SHORTEST)
        run = self.run_svms("verify", recorder.at("storage/entrance"), "--trust", self.trust, "--json", "--head",
                            recorder.at("heads/entrance.head"))
        report = run.json()
        self.assertEqual((report["missing"], report["coverage"]["segments_failed"]), (0, 0), run)
        # Behind what is fetched comes nothing that knows of its end: where that was interrupted, it is said.
        unproven = {issue["file"] for issue in report["issues"] if issue["kind"] != "interrupted"}
        self.assertEqual(unproven, {file for file in recorder.containers("entrance") if re.fullmatch(r"edge-.*\.part", file)}, run)
        self.assertEqual(report["verdict"], "incomplete" if unproven else "authentic", run)
        self.assertGreaterEqual(report["edge_containers"], 1)
        self.check_index(recorder)
        self.check_log(recorder)
        say(f"{report['containers']} containers, {report['edge_containers']} fetched ones, of them {len(unproven)} interrupted")

    def test_whatever_was_signed_outlives_kills_of_either(self):
        chance = self.chance()
        camera = self.camera().start()
        clip = ServedClip(self).start()
        recorder = self.recorder(self.known_camera(camera), self.known_clip(clip)).start()
        kills = {"recorder": 0, "camera": 0, "start": 0}
        self.records(recorder, *NAMES, seconds=0.3)
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0, 2.5))
            victims = chance.choice((["recorder"], ["recorder"], ["camera"], ["camera"], ["camera", "recorder"]))
            if "camera" in victims:
                kills["camera"] += 1
                device = chance.choice((camera, clip))
                device.kill()
                time.sleep(chance.uniform(0, 0.5))
            if "recorder" in victims:
                kills["recorder"] += 1
                recorder.kill()
                self.look(recorder)
                for _ in range(chance.randrange(3)):
                    kills["start"] += 1
                    self.kill_while_it_starts(recorder, chance)
                    self.look(recorder)
                recorder.start()
            if "camera" in victims:
                device.start()
            # It goes on, with all of them.
            self.records(recorder, *NAMES, seconds=0.3)
        recorder.stop()
        self.check_nothing_is_left(recorder)
        self.look(recorder)
        self.check_recordings(recorder)
        self.check_camera(recorder)
        self.check_index(recorder)
        self.check_log(recorder)
        say(f"killed: recorder {kills['recorder']} times and {kills['start']} times at its start, cameras {kills['camera']} times; "
            f"{sum(len(found) for found in self.signed.values())} containers, all segments stayed; "
            f"at most {self.unsigned} bytes of a camera were not signed yet")

    def test_a_camera_whose_certificate_is_for_something_else_is_refused(self):
        # What is expired, revoked, another's, for another host, or not the pinned one: test_recorder_live.py.
        roles = {"watches": "client", "pulls": "pulls", "records": "recorder", "updates": "updates"}
        cameras = []
        for name, section in roles.items():
            self.authority.issue(name, extensions=section)
            server = Server(self.authority, name)
            self.addCleanup(server.stop)
            cameras.append({"id": name, "url": f"rtsps://{server.address}/live", "storage": "disk", "trust": self.trust})
        recorder = self.recorder(*cameras).start()
        for name in roles:
            self.assertEqual(recorder.wait_for_event("camera.refused", name)[0][1]["why"], "untrusted")
        recorder.stop()
        self.assertEqual({(one["device"], one["outcome"]) for one in self.audited(recorder, "device.lost")},
                         {(name, "denied") for name in roles})
        self.assertEqual(recorder.ask("SELECT * FROM containers"), [])
        self.assertEqual([recorder.containers(name) for name in roles], [[]] * len(roles))


if __name__ == "__main__":
    main()
