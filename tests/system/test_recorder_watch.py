#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GStreamer watches what svms-recorder records, live and again: who may, as many as like, and without another pull."""

import datetime
import json
import signal
import subprocess
import unittest

from gst_watch import Viewer, has_viewer
from recorder_case import AUDIENCE, ISSUER, RecorderCase, ServedClip
from system_case import GOOD, TIMEOUT, main
from test_rtsp_serve import frames

LATER = 4.5


@unittest.skipUnless(has_viewer(), "no GStreamer")
class RecorderWatchTest(RecorderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority.issue("berta", extensions="client")
        cls.pictures = frames(cls.clip)

    def setUp(self):
        super().setUp()
        self.viewers = 0
        self.served = ServedClip(self).start()

    def serving(self, *actions, demands_binding=True):
        recorder = self.recorder()
        self.serves(recorder, self.known_clip(self.served), players={"mikey": "joined"})
        with open(recorder.config, encoding="utf-8") as file:
            settings = json.load(file)
        settings["tokens"]["demand_binding"] = demands_binding
        with open(recorder.config, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        self.policy(recorder, 1, *(actions or ("*",)))
        recorder.start()
        self.records(recorder, "clip", seconds=1)
        return recorder

    def unbound(self):
        """The file of a token that is good for whoever has it."""
        self.store("rights", json.dumps([{"type": "svms", "actions": ["*"], "devices": ["*"]}]).encode())
        self.expect(GOOD, "token", "issue", "--key", self.issuer, "--issuer", ISSUER, "--audience", AUDIENCE, "--subject", "anna",
                    "--client", "desktop", "--rights", "rights", "--out", "unbound", "--force")
        return self.path("unbound")

    def watch(self, recorder, kind, token, certificate=None, **wish):
        if certificate:
            wish |= {"certificate": self.authority.at(certificate + ".pem"), "key": self.authority.at(certificate + ".key")}
        return Viewer(self, f"rtsps://{recorder.address('rtsps')}/{kind}/clip", token=token, **wish)

    def check_one_after_the_other(self, seen, least):
        """All of them are the clip's, over and over, and none is missing in between."""
        self.assertGreaterEqual(len(seen), least)
        self.assertIn(seen[0], self.pictures)
        begin = self.pictures.index(seen[0])
        self.assertEqual(begin % 10, 0, "it began with a picture that does not stand alone")
        rounds = (begin + len(seen)) // len(self.pictures) + 1
        self.assertEqual(seen, (self.pictures * rounds)[begin:begin + len(seen)])

    def pulls(self):
        """Connections to the camera."""
        done = subprocess.run(["ss", "-tnH", "state", "established", f"( dport = :{self.served.port} )"], check=True,
                              capture_output=True, text=True, timeout=TIMEOUT)
        return len(done.stdout.splitlines())

    def test_live_and_again_with_a_token_alone(self):
        recorder = self.serving(demands_binding=False)
        token = self.unbound()
        live = self.watch(recorder, "live", token, pictures=35)
        self.assertEqual(live.ended(), {"pictures": 35, "failure": None})
        self.check_one_after_the_other(live.seen(), 34)
        self.records(recorder, "clip", seconds=2)
        again = self.watch(recorder, "replay", token, pictures=40)
        self.assertEqual(again.ended()["failure"], None)
        self.check_one_after_the_other(again.seen(), 39)
        recorder.stop()
        for event in ("live.start", "live.stop", "playback.start", "playback.stop"):
            (record,) = self.audited(recorder, event)
            self.assertEqual((record["outcome"], record["device"]), ("success", "clip"))
            self.assertIn("anna", json.dumps(record["actor"]))
        self.assertEqual(self.audited(recorder, "log.gap"), [])

    def test_playback_begins_where_it_was_asked_for(self):
        recorder = self.serving()
        self.records(recorder, "clip", seconds=6)
        ((first,),) = recorder.ask("SELECT first_utc FROM containers")
        moment = datetime.datetime.fromtimestamp(first / 1e9 + LATER, datetime.timezone.utc)
        clock = moment.strftime("%Y%m%dT%H%M%S.%fZ")
        whole = self.watch(recorder, "replay", self.token(), "anna", pictures=50)
        self.assertIsNone(whole.ended()["failure"])
        part = self.watch(recorder, "replay", self.token(), "anna", pictures=10, range=f"clock={clock}-")
        self.assertIsNone(part.ended()["failure"])
        recorder.stop()
        self.check_one_after_the_other(part.seen(), 9)
        # Pictures are a tenth of a second apart, and one in ten stands alone: so sound is up to a second ahead, too.
        after = whole.seen().index(part.seen()[0]) / 10
        self.assertTrue(LATER - 2.2 < after < LATER + 0.2, after)

    def test_a_token_is_worth_nothing_in_other_hands(self):
        # Also where tokens are taken that are bound to nobody.
        recorder = self.serving(demands_binding=False)
        stolen = self.token()
        for certificate in ("berta", None):
            end = self.watch(recorder, "live", stolen, certificate).ended()
            self.assertEqual(end["pictures"], 0)
            self.assertIn("Unauthorized", end["failure"])
        mine = self.watch(recorder, "live", stolen, "anna", pictures=12)
        self.assertEqual(mine.ended(), {"pictures": 12, "failure": None})
        recorder.stop()
        refused = self.audited(recorder, "token.refuse")
        self.assertEqual([(one["outcome"], one["details"]["verdict"]) for one in refused], [("failure", "binding")] * 2)
        self.assertEqual(len(self.audited(recorder, "live.start")), 1)
        with open(stolen, encoding="ascii") as file:
            self.assertNotIn(file.read().strip(), recorder.said())

    def test_tokens_of_nobody_are_refused_unless_it_is_set(self):
        recorder = self.serving()
        end = self.watch(recorder, "live", self.unbound(), "anna").ended()
        self.assertEqual(end["pictures"], 0)
        self.assertIn("Unauthorized", end["failure"])
        # Who shows no certificate does not come so far that he can show a token.
        end = self.watch(recorder, "live", self.unbound()).ended()
        self.assertEqual(end["pictures"], 0)
        self.assertNotIn("Unauthorized", end["failure"])
        recorder.stop()
        self.assertEqual([one["details"]["verdict"] for one in self.audited(recorder, "token.refuse")], ["binding"])
        self.assertEqual(self.audited(recorder, "live.start"), [])

    def test_all_who_watch_share_one_pull(self):
        recorder = self.serving()
        token = self.token()
        self.assertEqual(self.pulls(), 1)
        viewers = [self.watch(recorder, "live", token, "anna").plays() for _ in range(3)]
        self.assertEqual(self.pulls(), 1)
        # Who takes nothing keeps nobody waiting: neither others nor the recording.
        viewers[0].process.send_signal(signal.SIGSTOP)
        self.records(recorder, "clip", seconds=5)
        self.assertEqual(self.pulls(), 1)
        ends = [viewer.stop() for viewer in viewers[1:]]
        self.assertEqual([end["failure"] for end in ends], [None, None])
        for viewer in viewers[1:]:
            self.check_one_after_the_other(viewer.seen()[:-1], 40)
        viewers[0].process.send_signal(signal.SIGCONT)
        self.assertEqual(self.pulls(), 1)
        recorder.stop()
        self.assertEqual((len(recorder.events("camera.found")), recorder.events("camera.lost")), (1, []))
        self.assertEqual(recorder.ask("SELECT * FROM gaps"), [])
        report = self.verified(recorder, "clip")
        self.assertEqual((report["verdict"], report["missing"]), ("authentic", 0), report)
        self.assertEqual(len(self.audited(recorder, "live.start")), 3)

    def test_who_may_no_more_sees_no_more(self):
        recorder = self.serving()
        viewer = self.watch(recorder, "live", self.token(), "anna").plays()
        self.policy(recorder, 2, "playback.*")
        end = viewer.ended()
        self.assertGreater(end["pictures"], 0)
        (record,) = self.wait_for(lambda: self.audited(recorder, "live.stop"))
        self.assertEqual((record["outcome"], record["reason"]), ("success", "this is not allowed"))
        again = self.watch(recorder, "live", self.token(), "anna").ended()
        self.assertEqual(again["pictures"], 0)
        self.assertTrue(again["failure"])
        recorder.stop()
        self.assertEqual(recorder.events("camera.lost"), [])


if __name__ == "__main__":
    main()
