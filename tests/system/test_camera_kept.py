#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What svms-camera keeps itself: that it stands when the camera is killed, who gets it back, and that a reset ends it."""

import json
import os
import random
import re
import stat
import subprocess
import time

from camera_case import PASSWORD, CameraCase
from onvif_client import SPACES, Fault, OnvifClient
from system_case import GOOD, TIMEOUT, main

PULL = os.environ["SVMS_REPLAY_PULL"]
VIDEO = 0
KILLS = 4
MILLISECOND = 1000000
SECRET = "seven long lanterns 42"
RECORDING = ("<trp:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>"
             "</trp:StreamSetup><trp:RecordingToken>{}</trp:RecordingToken>")


class Pulled:
    """What replay_pull said: samples as (track, UTC, flags, digest), and how it ended."""

    def __init__(self, done):
        lines = done.stdout.splitlines()
        self.is_whole = done.returncode == 0
        self.end = lines[-1]
        words = [line.split() for line in lines if not line.startswith("#")]
        self.samples = [(int(track), int(utc), flags, digest) for track, utc, flags, digest in words]

    def video(self):
        return [sample for sample in self.samples if sample[0] == VIDEO]


class CameraKeptTest(CameraCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority.issue("recorder", extensions="pulls")
        cls.authority.issue("viewer", extensions="client")

    def kept_camera(self, **settings):
        return self.camera(edge={"rotate_minutes": 1, **settings.pop("edge", {})}, **settings)

    def kept(self):
        folder = self.path("state/edge")
        return sorted(os.path.join("state/edge", name) for name in os.listdir(folder)) if os.path.isdir(folder) else []

    def fetch(self, camera, *what, certificate=None, user=None):
        path = "live" if what[0] == "live" else "replay"
        asked = [PULL, camera.url.replace("/live", "/" + path), self.trust, *(str(word) for word in what)]
        if certificate:
            asked += ["-c", self.authority.at(certificate + ".pem"), self.authority.at(certificate + ".key")]
        if user:
            asked += ["-u", *user]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertNotIn("Sanitizer", done.stderr)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return Pulled(done)

    def fetch_until(self, camera, utc_ns):
        """All that is kept, when that is there."""
        def has_it():
            nonlocal found
            found = self.fetch(camera, "all", certificate="recorder")
            return found.is_whole and found.samples and found.video()[-1][1] >= utc_ns
        found = None
        self.wait_for(has_it)
        return found

    def test_what_was_sent_comes_again_byte_for_byte(self):
        camera = self.kept_camera().start()
        live = self.fetch(camera, "live", 6, certificate="recorder")
        self.assertGreater(len(live.video()), 20, live.end)
        again = self.fetch_until(camera, live.video()[-1][1])
        kept = {digest: utc for _, utc, _, digest in again.video()}
        for _, utc, flags, digest in live.video():
            self.assertNotIn("r", flags)
            self.assertIn(digest, kept)
            # Live it comes from a report of the camera, where there was one already.
            self.assertTrue(utc < 0 or abs(kept[digest] - utc) < MILLISECOND, (utc, kept[digest]))
        self.assertTrue(all("r" in flags for _, _, flags, _ in again.samples))
        camera.stop()

    def test_a_part_begins_with_a_picture_that_stands_alone(self):
        camera = self.kept_camera().start()
        time.sleep(6)
        whole = self.fetch_until(camera, 0).video()
        begin, end = whole[len(whole) // 2], whole[-5]
        part = self.fetch(camera, begin[1], end[1], certificate="recorder")
        self.assertTrue(part.is_whole, part.end)
        pictures = part.video()
        first = max(sample for sample in whole if "s" in sample[2] and sample[1] <= begin[1])
        self.assertEqual(pictures[0], first)
        self.assertEqual(pictures, [sample for sample in whole if first[1] <= sample[1] <= end[1]])
        before = self.fetch(camera, 1, 2, certificate="recorder")
        self.assertEqual((before.is_whole, before.samples), (False, []))
        camera.stop()

    def test_only_recorders_and_operators_get_it(self):
        camera = self.kept_camera().start()
        time.sleep(3)
        for who in ({}, {"certificate": "viewer"}, {"user": ("admin", "something else")}):
            refused = self.fetch(camera, "all", **who)
            self.assertEqual((refused.is_whole, refused.samples), (False, []), who)
        for who in ({"certificate": "recorder"}, {"user": ("admin", PASSWORD)}):
            self.assertTrue(self.fetch(camera, "all", **who).samples, who)
        camera.stop()

    def test_onvif_says_where_it_is_to_whom_it_is_given(self):
        camera = self.kept_camera(listen={"rtsps": "127.0.0.1:0", "https": "127.0.0.1:0"}).start()
        https = int(re.search(r"serves https://127\.0\.0\.1:(\d+)/", camera.said()).group(1))

        def client(user, password):
            return OnvifClient("127.0.0.1", https, self.trust, user, password)
        admin = client("admin", PASSWORD)
        spaces = [service.text for service in admin.call("tds", "GetServices").findall(".//tds:Namespace", SPACES)]
        self.assertIn(SPACES["trp"], spaces)
        self.assertIsNotNone(admin.call("tds", "GetCapabilities").find(".//tt:Extension/tt:Replay/tt:XAddr", SPACES))
        address = admin.call("trp", "GetReplayUri", RECORDING.format("kept")).findtext("trp:Uri", namespaces=SPACES)
        self.assertEqual(address, camera.url.replace("/live", "/replay"))
        with self.assertRaises(Fault) as unknown:
            admin.call("trp", "GetReplayUri", RECORDING.format("other"))
        self.assertIn("ter:NoRecording", unknown.exception.codes)
        for name, level in (("vera", "User"), ("otto", "Operator")):
            admin.call("tds", "CreateUsers", f"<tds:User><tt:Username>{name}</tt:Username><tt:Password>{SECRET}</tt:Password>"
                                             f"<tt:UserLevel>{level}</tt:UserLevel></tds:User>")
        with self.assertRaises(Fault):
            client("vera", SECRET).call("trp", "GetReplayUri", RECORDING.format("kept"))
        client("otto", SECRET).call("trp", "GetReplayUri", RECORDING.format("kept"))
        self.wait_for(lambda: self.fetch(camera, "all", user=("otto", SECRET)).samples)
        self.assertEqual(self.fetch(camera, "all", user=("vera", SECRET)).samples, [])
        self.assertTrue(self.fetch(camera, "live", 2, user=("vera", SECRET)).samples)
        camera.stop()

    def test_without_the_setting_nothing_is_kept(self):
        camera = self.camera(listen={"rtsps": "127.0.0.1:0", "https": "127.0.0.1:0"}).start()
        https = int(re.search(r"serves https://127\.0\.0\.1:(\d+)/", camera.said()).group(1))
        admin = OnvifClient("127.0.0.1", https, self.trust, "admin", PASSWORD)
        self.assertNotIn(SPACES["trp"], [service.text for service in admin.call("tds", "GetServices").iter()])
        with self.assertRaises(Fault) as none:
            admin.call("trp", "GetReplayUri", RECORDING.format("kept"))
        self.assertIn("ter:ActionNotSupported", none.exception.codes)
        self.assertEqual(self.fetch(camera, "all", certificate="recorder").samples, [])
        self.assertEqual(self.kept(), [])
        self.assertFalse(os.path.exists(self.path("state/edge.key")))
        camera.stop()

    def records(self):
        lines = self.expect(GOOD, "audit", "query", "log", "--unverified", "--json").out.splitlines()
        return [json.loads(line)["record"] for line in lines]

    def test_who_got_it_is_on_the_record(self):
        self.expect(GOOD, "audit", "create", "log", "--origin", "camera.test/1")
        camera = self.kept_camera(audit="log").start()
        time.sleep(3)
        got = self.fetch(camera, "all", certificate="recorder")
        camera.stop()
        records = {record["event"]: record for record in self.records()}
        self.assertNotIn("log.gap", records)
        self.assertEqual(records["playback.start"]["object"], "/replay")
        self.assertIn("CN=recorder", json.dumps(records["playback.stop"]["actor"]))
        details = records["playback.stop"]["details"]
        self.assertGreaterEqual(details["records"], len(got.samples))
        self.assertEqual(len(details["ranges"]), 1)

    def check_kept(self):
        """Every container verifies; one that was killed has no end, and all else."""
        names = self.kept()
        self.assertTrue(names)
        for name in names:
            run = self.run_svms("verify", name, "--trust", self.trust)
            self.assertIn("CN=camera", run.out, run)
            self.assertNotIn("NOT AUTHENTIC", run.out.upper(), run)
            self.assertNotRegex(run.out + run.err, "(?i)damaged|untrusted", str(run))
        return names

    def test_what_was_kept_outlives_a_kill_at_any_moment(self):
        chance = random.Random(20)
        camera = self.kept_camera()
        last = 0
        for _ in range(KILLS):
            camera.start()
            # A busy machine takes its time until something is kept.
            self.wait_for(lambda: len(self.kept()) > last)
            time.sleep(2.5 + chance.random() * 1.5)
            camera.kill()
            count = len(self.kept())
            self.assertGreater(count, last)
            last = count
            self.check_kept()
        began = time.time_ns()
        camera.start()
        pictures = self.fetch_until(camera, began).video()
        camera.stop()
        self.check_kept()
        times = [sample[1] for sample in pictures]
        self.assertEqual(times, sorted(times))
        pauses = [b - a for a, b in zip(times, times[1:]) if b - a > 450 * MILLISECOND]
        # Something of each run is there.
        self.assertEqual(len(pauses), KILLS, pauses)

    def test_it_keeps_to_its_room(self):
        camera = self.kept_camera(edge={"keep_bytes": 1 << 20}, source={"kind": "scene", "width": 640, "height": 360, "rate": 10,
                                                                        "noise": 16}).start()
        sizes = []
        first = None
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            names = self.kept()
            first = first or (names[0] if names else None)
            sizes.append(sum(os.path.getsize(self.path(name)) for name in names if os.path.exists(self.path(name))))
            if first and first not in names:
                break
            time.sleep(0.5)
        self.assertNotIn(first, self.kept(), sizes)
        self.assertLess(max(sizes), 3 << 19)
        camera.stop()
        self.check_kept()

    def test_a_reset_makes_it_unreadable_before_it_is_removed(self):
        camera = self.kept_camera().start()
        time.sleep(3)
        camera.stop()
        self.assertEqual(stat.S_IMODE(os.stat(self.path("state/edge.key")).st_mode), 0o600)
        names = self.kept()
        self.assertTrue(names)
        erased = re.findall(r"^Erased +(.*)$", camera.task("--reset").stdout, re.MULTILINE)
        order = [os.path.relpath(path, self.folder) for path in erased]
        self.assertEqual(order[:2], ["state/secret", "state/edge.key"])
        self.assertGreater(min(order.index(name) for name in names), order.index("identity/key.pem"))
        self.assertFalse(os.path.exists(self.path("state/edge")))

    def test_a_disk_that_is_not_there_keeps_no_picture_from_being_sent(self):
        self.store("nowhere", b"a file where a folder should be")
        camera = self.kept_camera(edge={"path": "nowhere"}).start()
        self.assertGreater(len(self.fetch(camera, "live", 3, certificate="recorder").video()), 10)
        self.wait_for(lambda: "edge failed" in camera.said())
        camera.stop()


if __name__ == "__main__":
    main()
