#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms-recorder and its cameras: what is recorded can be proved, and who is not there, or not who he should be, is told."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import ssl
import stat
import time

from recorder_case import RecorderCase, ServedClip
from system_case import TIMEOUT, main
from test_rtsp_tokens import Client
from tls_check_case import Server

LOST_WITHIN = 5


class RecorderLiveTest(RecorderCase):
    def check_recordings(self, recorder, *names):
        """All of it verifies, each container follows the one before, and none is unfinished."""
        for name in names:
            report = self.verified(recorder, name)
            self.assertEqual((report["verdict"], report["missing"], report["issues"]), ("authentic", 0, []), report)
            files = report["files"]
            for one, other in zip(files, files[1:]):
                self.assertLessEqual(one["last"], other["first"])
                self.assertEqual(one["sequence"] + 1, other["sequence"])
            self.assertFalse([file for file in recorder.containers(name) if file.endswith(".part")], recorder.said())

    def test_two_cameras_are_recorded_and_what_they_sent_can_be_proved(self):
        camera = self.camera().start()
        clip = ServedClip(self).start()
        recorder = self.recorder(self.known_camera(camera), self.known_clip(clip)).start()
        self.records(recorder, "entrance", "clip", seconds=3)
        recorder.stop()
        self.check_recordings(recorder, "entrance", "clip")
        report = self.verified(recorder, "entrance", "--camera-trust", self.trust, "--camera-signed", "--identity", self.opener)
        self.assertTrue(report["camera"]["validated"]["trusted"])
        self.assertEqual(report["camera"]["recorded"]["verdict"], "authentic")
        self.assertIn("CN=recorder", camera.said())
        for name in ("entrance", "clip"):
            self.assertEqual(len(recorder.events("camera.found", name)), 1)
            self.assertEqual(recorder.events("camera.lost", name), [])
        self.assertEqual([one["outcome"] for one in self.audited(recorder, "service.*")], ["success", "success"])
        self.assertEqual(len(self.audited(recorder, "device.found")), 2)

    def test_a_camera_that_is_gone_or_silent_is_told_at_once_and_found_again(self):
        camera = self.camera().start()
        clip = ServedClip(self).start()
        recorder = self.recorder(self.known_camera(camera), self.known_clip(clip)).start()
        self.records(recorder, "entrance", "clip", seconds=1)
        moment = time.time()
        camera.kill()
        clip.process.send_signal(signal.SIGSTOP)
        for name in ("entrance", "clip"):
            told, data = recorder.wait_for_event("camera.lost", name)[0]
            self.assertLess(told - moment, LOST_WITHIN)
            self.assertTrue(data["words"])
        self.assertEqual(recorder.events("camera.lost", "clip")[0][1]["why"], "no media")
        clip.process.send_signal(signal.SIGCONT)
        camera.start()
        for name in ("entrance", "clip"):
            recorder.wait_for_event("camera.found", name, 2)
        self.records(recorder, "entrance", "clip", seconds=1)
        recorder.stop()
        self.check_recordings(recorder, "entrance", "clip")
        lost = self.audited(recorder, "device.lost")
        self.assertEqual({(one["device"], one["outcome"]) for one in lost}, {("entrance", "error"), ("clip", "error")})
        self.assertEqual(len(self.audited(recorder, "device.found")), 4)
        # What was only stopped sends what it had not sent, or leaves it out.
        for name, least in (("entrance", 1), ("clip", 0)):
            gaps = recorder.ask("SELECT reason, from_utc, to_utc FROM gaps JOIN cameras ON number = camera WHERE name = ?", name)
            self.assertGreaterEqual(len(gaps), least)
            for reason, begin, end in gaps:
                self.assertEqual(reason, "signal lost")
                self.assertGreater(end, begin)
        self.assertEqual(self.audited(recorder, "device.tamper"), [])

    def test_a_killed_recorder_loses_nothing_but_what_it_was_at(self):
        camera = self.camera().start()
        clip = ServedClip(self).start()
        recorder = self.recorder(self.known_camera(camera), self.known_clip(clip))
        safe = {"entrance": [], "clip": []}
        for _ in range(4):
            recorder.start()
            self.records(recorder, "entrance", "clip", seconds=0.1)
            time.sleep(random.uniform(0, 1.5))
            recorder.kill()
            for name, all_of_it in safe.items():
                all_of_it += recorder.ask("SELECT hex(container), segment FROM containers JOIN cameras ON number = camera WHERE "
                                          "name = ? AND last_utc IS NOT NULL", name)
        recorder.start()
        self.records(recorder, "entrance", "clip", seconds=1)
        recorder.stop()
        for name, all_of_it in safe.items():
            report = self.verified(recorder, name)
            self.assertEqual((report["verdict"], report["missing"]), ("authentic", 0), report)
            found = {file["container"].upper(): file["last_segment"] for file in report["files"]}
            for container, segment in all_of_it:
                self.assertGreaterEqual(found[container], segment)
            files = report["files"]
            for one, other in zip(files, files[1:]):
                self.assertLessEqual(one["last"], other["first"])
        self.assertTrue(self.audited(recorder, "recording.recovered"))

    def test_files_of_one_camera_that_cannot_be_used_are_its_trouble_alone(self):
        camera = self.camera().start()
        clip = ServedClip(self).start()
        broken = self.store("broken.pem", b"no certificate")
        recorder = self.recorder(self.known_camera(camera, signers=broken),
                                 {**self.known_clip(clip), "trust": broken})
        checked = recorder.task("--check", status=1)
        self.assertEqual(checked.stderr.count("broken.pem"), 2, checked)
        recorder.start()
        self.records(recorder, "entrance", seconds=1)
        (_, refused), = recorder.wait_for_event("camera.refused", "clip")
        self.assertIn("broken.pem", refused["words"])
        self.assertIn("broken.pem", str(recorder.events("camera.unvalidated", "entrance")) + recorder.said())
        self.assertEqual(recorder.containers("entrance")[0].count(".part"), 1)
        self.assertFalse(os.path.exists(recorder.at("storage/clip")) and recorder.containers("clip"))
        with open(self.trust, "rb") as file:
            self.store("broken.pem", file.read())
        recorder.reload()
        self.records(recorder, "clip", seconds=1)
        recorder.stop()
        self.check_recordings(recorder, "entrance", "clip")
        self.assertEqual({(one["device"], one["outcome"]) for one in self.audited(recorder, "device.lost")}, {("clip", "denied")})

    def test_who_is_not_the_camera_is_refused_and_told(self):
        self.authority.issue("expired", days=-1)
        self.authority.issue("elsewhere", extensions="elsewhere")
        for name in ("good", "gone"):
            self.authority.issue(name)
        crl = shutil.copy(self.authority.crl("list.pem", "gone"), self.path("list.pem"))
        clips = {name: ServedClip(self, certificate).start() for name, certificate in
                 (("pin", "good"), ("name", "elsewhere"), ("revoked", "gone"), ("login", "good"), ("stranger", "good"))}
        expired = Server(self.authority, "expired")
        self.addCleanup(expired.stop)
        self.store("wrong", b"what else could it be\n")
        os.chmod(self.path("wrong"), 0o600)
        wrong = {"pin": {"trust": None, "pin": "00" * 32}, "revoked": {"crl": crl}, "stranger": {"trust": self.ca},
                 "login": {"password_file": self.path("wrong")}, "name": {}}
        cameras = [self.known_clip(clip, name, **wrong[name]) for name, clip in clips.items()]
        cameras.append({**cameras[0], "id": "expired", "url": f"rtsps://{expired.address}/live", "trust": self.trust})
        del cameras[-1]["pin"]
        cameras = [{name: value for name, value in camera.items() if value is not None} for camera in cameras]
        recorder = self.recorder(*cameras).start()
        for camera in cameras:
            told = recorder.wait_for_event("camera.refused", camera["id"])
            self.assertEqual(told[0][1]["why"], "denied" if camera["id"] == "login" else "untrusted", told)
        words = {camera["id"]: recorder.events("camera.refused", camera["id"])[0][1]["words"] for camera in cameras}
        self.assertRegex(words["revoked"], "revoked")
        self.assertRegex(words["expired"], "expired")
        recorder.stop()
        self.assertEqual({(one["device"], one["outcome"]) for one in self.audited(recorder, "device.lost")},
                         {(camera["id"], "denied") for camera in cameras})
        self.assertEqual(recorder.ask("SELECT * FROM containers"), [])
        self.assertNotIn("what else could it be", recorder.said())

    def test_a_camera_that_is_revoked_while_it_is_recorded_is_left(self):
        for name in ("first", "second"):
            self.authority.issue(name)
        crl = shutil.copy(self.authority.crl("before.pem"), self.path("list.pem"))
        clips = [ServedClip(self, name).start() for name in ("first", "second")]
        recorder = self.recorder(*(self.known_clip(clip, clip.certificate, crl=crl) for clip in clips)).start()
        self.records(recorder, "first", "second", seconds=1)
        shutil.copy(self.authority.crl("after.pem", "second"), crl)
        recorder.reload()
        told = recorder.wait_for_event("camera.refused", "second")
        self.assertIn("revoked", told[0][1]["words"])
        self.records(recorder, "first", seconds=1)
        self.assertEqual(len(recorder.events("camera.found", "first")), 1)
        recorder.stop()
        self.check_recordings(recorder, "first", "second")

    def test_what_no_trusted_camera_signed_is_an_alarm(self):
        camera = self.camera().start()
        recorder = self.recorder(self.known_camera(camera, signers=self.ca)).start()
        recorder.wait_for_event("camera.untrusted", "entrance")
        recorder.stop()
        self.assertEqual([(one["device"], one["details"]["what"]) for one in self.audited(recorder, "device.tamper")],
                         [("entrance", "camera.untrusted")])
        self.check_recordings(recorder, "entrance")

    def test_certificates_that_come_to_their_end_are_told(self):
        self.authority.issue("short", days=5)
        self.authority.issue("recorder-short", days=2, extensions="records")
        clip = ServedClip(self, "short").start()
        recorder = self.recorder(self.known_clip(clip))
        self.enrolled(recorder.at("identity"), "recorder-short")
        recorder.start()
        recorder.wait_for_event("certificate.expiring", "clip")
        mine = recorder.wait_for_event("certificate.expiring", count=2)
        recorder.stop()
        self.assertEqual({data["subject"] for _, data in mine}, {"CN=short", "CN=recorder-short"})
        self.assertEqual({(one.get("device"), one["details"]["subject"]) for one in self.audited(recorder, "certificate.expiring")},
                         {("clip", "CN=short"), (None, "CN=recorder-short")})

    def test_a_storage_belongs_to_one_recorder(self):
        clip = ServedClip(self).start()
        recorder = self.recorder(self.known_clip(clip)).start()
        self.records(recorder, "clip", seconds=1)
        other = self.recorder(self.known_clip(clip), folder="other", storage={"path": recorder.at("storage")})
        self.assertIn("is being written by another recorder", other.task(status=1).stderr)
        self.assertIn("is being written by another recorder", recorder.task("--rebuild-index", status=1).stderr)
        recorder.stop()
        self.check_recordings(recorder, "clip")

    def test_an_index_that_is_gone_is_made_anew_from_what_was_recorded(self):
        clip = ServedClip(self).start()
        recorder = self.recorder(self.known_clip(clip), storage={"rotate_minutes": 1})
        for _ in range(2):
            recorder.start()
            self.records(recorder, "clip", seconds=1)
            recorder.stop()
        everything = ("SELECT cameras.name, file, hex(container), hex(recording), sequence, segment, hex(manifest), head_utc, "
                      "first_utc, last_utc, bytes, closed, edge FROM containers JOIN cameras ON number = camera ORDER BY sequence")
        before = recorder.ask(everything)
        self.assertGreaterEqual(len(before), 2)
        self.assertIn("made anew", recorder.task("--rebuild-index").stderr)
        self.assertEqual(recorder.ask(everything), before)
        for name in os.listdir(recorder.folder):
            if name.startswith("index"):
                os.unlink(recorder.at(name))
        recorder.configure(cameras=[], storage={"rotate_minutes": 1})
        recorder.start().stop()
        self.assertEqual(recorder.ask(everything), before)

    def test_files_are_its_owners_alone(self):
        clip = ServedClip(self).start()
        recorder = self.recorder(self.known_clip(clip)).start()
        self.records(recorder, "clip", seconds=1)
        recorder.stop()
        ours = ("storage", "heads", "ledger", "index")
        for folder, _, files in os.walk(recorder.folder):
            for name in files + ["."]:
                path = os.path.join(folder, name)
                if os.path.relpath(path, recorder.folder).startswith(ours):
                    self.assertEqual(stat.S_IMODE(os.lstat(path).st_mode) & 0o077, 0, path)
        os.chmod(recorder.at("identity/key.pem"), 0o640)
        self.assertIn("chmod 600", recorder.task(status=1).stderr)

    def get(self, recorder, path, token, certificate="anna"):
        """Status and JSON of an answer of the API."""
        context = ssl.create_default_context(cafile=self.trust)
        context.load_cert_chain(self.authority.at(certificate + ".pem"), self.authority.at(certificate + ".key"))
        connection = http.client.HTTPSConnection(recorder.address("https"), context=context, timeout=TIMEOUT)
        with open(token, encoding="ascii") as file:
            connection.request("GET", path, headers={"Authorization": "Bearer " + file.read().strip()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body) if answer.status == 200 else None

    def describe(self, recorder, path, token):
        url = f"rtsps://{recorder.address('rtsps')}/{path}"
        with Client(url, self.trust, self.authority.at("anna"), token) as client:
            return client.ask("DESCRIBE", None, "Accept: application/sdp")[0]

    def test_who_may_is_served_until_the_policy_says_otherwise(self):
        clip = ServedClip(self).start()
        recorder = self.recorder()
        self.serves(recorder, self.known_clip(clip))
        self.policy(recorder, 1, "*")
        recorder.start()
        self.records(recorder, "clip", seconds=1)
        token = self.token()
        self.assertEqual([self.describe(recorder, kind + "/clip", token) for kind in ("live", "replay")], [200, 200])
        status, cameras = self.get(recorder, "/v1/cameras", token)
        self.assertEqual(status, 200)
        self.assertIn("clip", json.dumps(cameras))
        nobody = self.token("berta")
        self.assertNotEqual(self.describe(recorder, "live/clip", nobody), 200)
        self.assertEqual(self.describe(recorder, "live/clip", None), 401)
        self.policy(recorder, 2)
        self.wait_for(lambda: "are in force" in recorder.said_now())
        token = self.token()
        self.assertNotEqual(self.describe(recorder, "live/clip", token), 200)
        self.assertNotIn("clip", json.dumps(self.get(recorder, "/v1/cameras", token)[1]))
        recorder.stop()
        self.check_recordings(recorder, "clip")

    def test_cameras_are_called_from_the_address_that_is_set(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            camera = {"id": "a", "url": f"rtsps://127.0.0.1:{listener.getsockname()[1]}/live", "storage": "disk",
                      "trust": self.trust}
            recorder = self.recorder(camera, camera_network={"address": "127.0.0.7"}).start()
            connection, peer = listener.accept()
            connection.close()
            recorder.stop()
        self.assertEqual(peer[0], "127.0.0.7")

    def test_a_check_says_what_is_wrong_and_changes_nothing(self):
        clip = ServedClip(self)
        recorder = self.recorder(self.known_clip(clip), self.known_clip(clip, "other", signers="/nowhere.pem"))
        before = sorted(os.listdir(recorder.folder))
        done = recorder.task("--check", status=1)
        self.assertIn("cannot open /nowhere.pem", done.stderr)
        self.assertIn("Camera        clip: ", done.stdout)
        self.assertTrue(done.stdout.endswith("Not good\n"), done.stdout)
        recorder.configure(cameras=[self.known_clip(clip)], camera_network={"address": "camera-lan"})
        self.assertIn("camera_network.address is no address", recorder.task("--check", status=1).stderr)
        recorder.configure(cameras=[self.known_clip(clip)])
        self.assertTrue(recorder.task("--check").stdout.endswith("\nGood\n"))
        self.assertEqual(sorted(os.listdir(recorder.folder)), before)


if __name__ == "__main__":
    main()
