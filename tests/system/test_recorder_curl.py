#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The recorder's API as docs/recorder-api.md says it, asked by curl: of a recorder that records a real stream."""

import datetime
import json
import os
import shutil
import subprocess
import sys
import unittest

from camera_case import ARC, SECTION
from recorder_case import RecorderCase, ServedClip
from system_case import EVIDENCE, GOOD, TIMEOUT, main
from tls_check_case import openssl

BOUNDARY = b"--svms-part-of-a-stream"


def moment(text):
    """Nanoseconds since 1970."""
    whole, _, rest = text.rstrip("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
    return int(seconds) * 10**9 + int((rest or "0").ljust(9, "0"))


def words(utc):
    """RFC 3339."""
    whole = datetime.datetime.fromtimestamp(utc // 10**9, datetime.timezone.utc)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + f".{utc % 10**9:09d}Z"


def parts_of(body):
    """(fields, content) of each part; whether it has its end."""
    parts = []
    while body.startswith(BOUNDARY + b"\r\n"):
        head, _, rest = body[len(BOUNDARY) + 2:].partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n"))
        size = int(fields["Content-Length"])
        if len(rest) < size + 2:
            return parts, False
        parts.append((fields, rest[:size]))
        body = rest[size + 2:]
    return parts, body == BOUNDARY + b"--\r\n"


def size_of(jpeg):
    """Width and height, out of the frame's head."""
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC2):
        at += 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
    return int.from_bytes(jpeg[at + 7:at + 9], "big"), int.from_bytes(jpeg[at + 5:at + 7], "big")


class Stream:
    """What came of live or playback."""

    def __init__(self, case, body):
        self.parts, self.is_whole = parts_of(body)
        case.assertTrue(self.parts, body[:200])
        notes = [json.loads(data) for fields, data in self.parts if fields["Content-Type"] == "application/json"]
        self.tracks = notes[0]["tracks"]
        self.end = notes[-1].get("end")
        self.samples = [(fields, data) for fields, data in self.parts if fields["Content-Type"] == "application/octet-stream"]
        video = str([track["kind"] for track in self.tracks].index("video"))
        self.pictures = [(fields, data) for fields, data in self.samples if fields["Svms-Track"] == video]
        self.times = [moment(fields["Svms-Time"]) for fields, _ in self.pictures if "Svms-Time" in fields]


class RecorderCurlTest(RecorderCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("curl"):
            print("NOTE: SKIPPED: curl is not installed (examples/packages.sh install test)", file=sys.stderr)
            raise unittest.SkipTest("curl is not installed")
        super().setUpClass()
        with open(cls.authority.config, "a", encoding="utf-8") as file:
            file.write(SECTION.format(name="exports", usage=f"{ARC}.3"))
        cls.authority.issue("exporter", extensions="exports")
        cls.authority.issue("berta", extensions="client")
        cls.office = os.path.join(cls.shared, "office.key")
        cls.office_half = os.path.join(cls.shared, "office.pem")
        openssl("genpkey", "-algorithm", "X25519", "-out", cls.office)
        openssl("pkey", "-in", cls.office, "-pubout", "-out", cls.office_half)
        os.chmod(cls.office, 0o600)

    def setUp(self):
        super().setUp()
        self.clip_served = ServedClip(self).start()
        self.recorder_is = self.recorder()
        self.settings = {"export": {"certificate": "exporter.pem", "key": "exporter.key"}}
        self.hand_over(self.recorder_is.folder, exporter_pem=self.authority.at("exporter.pem"),
                       exporter_key=self.authority.at("exporter.key"))
        self.serves(self.recorder_is, self.known_clip(self.clip_served), self.known_clip(self.clip_served, "yard"),
                    **self.settings)
        self.rules(1, [{"actions": ["*"], "devices": ["clip"]}, {"actions": ["config.*"]}])
        self.recorder_is.start()
        self.records(self.recorder_is, "clip", seconds=4)
        self.answers = 0

    def rules(self, revision, rules):
        """What anna may."""
        recorder = self.recorder_is
        rules = [{"id": f"rule-{number}", "roles": ["guard"], **rule} for number, rule in enumerate(rules)]
        with open(recorder.at("policy.new"), "w", encoding="utf-8") as file:
            json.dump({"format": "svms-policy", "version": 1, "revision": revision, "roles": {"guard": {"subjects": ["anna"]}},
                       "rules": rules}, file)
        os.replace(recorder.at("policy.new"), recorder.at("policy.json"))

    def curl(self, path, *options, token=None, certificate="anna", exits=0):
        """Status, fields and bytes of an answer."""
        self.answers += 1
        head, body = self.path(f"head-{self.answers}"), self.path(f"body-{self.answers}")
        with open(token or self.token(), encoding="ascii") as file:
            bearer = file.read().strip()
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--cacert", self.trust, "--cert", self.authority.at(certificate + ".pem"), "--key",
             self.authority.at(certificate + ".key"), "--oauth2-bearer", bearer, "--dump-header", head, "--output", body, *options,
             f"https://{self.recorder_is.address('https')}{path}"], capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, exits, self.recorder_is.said())
        with open(head, encoding="ascii", newline="") as file:
            lines = file.read().split("\r\n")
        content = b""
        if os.path.exists(body):
            with open(body, "rb") as file:
                content = file.read()
        fields = dict((line.split(": ", 1)[0].lower(), line.split(": ", 1)[1]) for line in lines[1:] if ": " in line)
        return int(lines[0].split()[1]), fields, content

    def get(self, path, status=200, **options):
        is_status, _, body = self.curl(path, **options)
        self.assertEqual(is_status, status, body)
        return json.loads(body)

    def post(self, path, body, status, *options):
        is_status, _, content = self.curl(path, *options, "--json", json.dumps(body))
        self.assertEqual(is_status, status, content)
        return json.loads(content)

    def stretch(self):
        """From the first to the last that was recorded."""
        found = self.get("/v1/cameras/clip/recorded")["recorded"]
        return moment(found[0]["from"]), moment(found[-1]["to"])

    def test_what_there_is_is_listed_for_who_may_see_it(self):
        listed = self.get("/v1/cameras")["cameras"]
        self.assertEqual([(one["id"], one["condition"], one["live"], one["playback"]) for one in listed],
                         [("clip", "records", True, True)])
        self.assertEqual(self.get("/v1/cameras/clip")["id"], "clip")
        self.assertEqual(self.get("/v1/status")["cameras"], 2)
        unseen = self.curl("/v1/cameras/yard")
        self.assertEqual(unseen[0], 404)
        self.assertEqual(unseen[2], self.curl("/v1/cameras/nowhere")[2])
        first, last = self.stretch()
        part = self.get(f"/v1/cameras/clip/recorded?from={words(first + 10**9)}&to={words(first + 2 * 10**9)}")
        self.assertEqual([(moment(one["from"]), moment(one["to"])) for one in part["recorded"]],
                         [(first + 10**9, first + 2 * 10**9)])
        self.assertGreater(last, first + 3 * 10**9)
        self.assertEqual(self.get("/v1/cameras", token=self.token("berta"))["cameras"], [])
        self.get("/v1/status", 403, token=self.token("berta"))

    def test_a_token_that_does_not_hold_gets_nothing(self):
        token = self.token()
        with open(token, encoding="ascii") as file:
            text = file.read().strip()
        forged = self.store("forged", (text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:]).encode())
        for options in ({"token": forged}, {"token": token, "certificate": "berta"}):
            status, fields, body = self.curl("/v1/cameras", **options)
            self.assertEqual((status, fields.get("www-authenticate")), (401, 'Bearer realm="svms-recorder"'))
            self.assertNotIn(b"clip", body)
        self.assertEqual(self.curl("/v1/cameras", token=token)[0], 200)
        self.recorder_is.stop()
        self.assertGreaterEqual(len(self.audited(self.recorder_is, "token.refuse")), 2)

    def test_a_picture_of_a_moment(self):
        first, _ = self.stretch()
        at = first + 2_500_000_000
        status, fields, jpeg = self.curl(f"/v1/cameras/clip/thumbnail?at={words(at)}&width=160")
        self.assertEqual((status, fields["content-type"], size_of(jpeg)), (200, "image/jpeg", (160, 120)))
        taken = moment(fields["svms-time"])
        self.assertLessEqual(taken, at)
        self.assertGreater(taken, at - 1_500_000_000)
        # FFmpeg's own decoder finds the scene's colours in it.
        shown = subprocess.run(["ffmpeg", "-v", "error", "-i", "-", "-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
                               input=jpeg, capture_output=True, check=True, timeout=TIMEOUT).stdout
        self.assertTrue(60 < shown[0] < 200, shown)
        status, _, jpeg = self.curl("/v1/cameras/clip/thumbnail?width=1920")
        self.assertEqual((status, size_of(jpeg)), (200, (320, 240)))
        self.recorder_is.stop()
        made = self.audited(self.recorder_is, "snapshot.create")
        self.assertEqual([(one["outcome"], one["event"]) for one in made], [("success", "snapshot.create")] * 2)
        self.assertIn("jpeg", json.dumps(made[0]))
        self.assertIn("clip", json.dumps(made[0]))

    def test_a_picture_is_not_for_everybody(self):
        first, _ = self.stretch()
        at = f"at={words(first)}"
        unseen = self.curl(f"/v1/cameras/yard/thumbnail?{at}")
        self.assertEqual(unseen[0], 404)
        self.assertEqual(unseen[2], self.curl(f"/v1/cameras/nowhere/thumbnail?{at}")[2])
        self.get("/v1/cameras/clip/thumbnail?at=2020-01-01T00:00:00Z", 404)
        for bad in ("at=yesterday", "at=1600-01-01T00:00:00Z", "width=15", "width=1921", "width=-1", "width=9999999999999999999999",
                    "high=9", "width=20&width=30"):
            answers = [self.curl(f"/v1/cameras/{name}/thumbnail?{bad}")[::2] for name in ("clip", "yard", "nowhere")]
            self.assertEqual([status for status, _ in answers], [400] * 3, bad)
            self.assertEqual(len({body for _, body in answers}), 1)
        self.rules(2, [{"actions": ["live.*"], "devices": ["clip"]}])
        self.wait_for(lambda: self.curl(f"/v1/cameras/clip/thumbnail?{at}")[0] == 404)
        self.recorder_is.stop()
        refused = self.audited(self.recorder_is, "snapshot.create")
        self.assertIn("denied", [one["outcome"] for one in refused])
        self.assertNotIn("nowhere", json.dumps(refused))

    def test_a_recording_comes_sample_by_sample(self):
        first, last = self.stretch()
        last = min(last, first + 4 * 10**9)
        path = f"/v1/cameras/clip/playback?from={words(first)}&to={words(last)}&speed=0"
        status, fields, body = self.curl(path)
        self.assertEqual(status, 200)
        self.assertTrue(fields["content-type"].startswith("multipart/mixed"), fields)
        forwards = Stream(self, body)
        self.assertEqual((forwards.is_whole, forwards.end), (True, "that was all"))
        self.assertEqual(forwards.times, sorted(forwards.times))
        # Sound comes before the first picture that decoding can begin with.
        self.assertTrue(first <= forwards.times[0] < first + 1_500_000_000, forwards.times[0] - first)
        self.assertIn("Svms-Sync", forwards.pictures[0][0])
        self.assertGreaterEqual(len(forwards.pictures), 30)
        self.assertIn("audio", [track["kind"] for track in forwards.tracks])
        backwards = Stream(self, self.curl(path + "&backwards=1")[2])
        self.assertEqual(sorted(backwards.times)[:10], forwards.times[:10])
        groups = [time for time, (fields, _) in zip(backwards.times, backwards.pictures) if "Svms-Sync" in fields]
        self.assertEqual(groups, sorted(groups, reverse=True))
        self.assertGreaterEqual(len(groups), 3)
        alone = Stream(self, self.curl(path + "&sync=1")[2])
        self.assertTrue(all("Svms-Sync" in fields for fields, _ in alone.samples))
        self.assertEqual({bytes(data) for _, data in alone.pictures} - {bytes(data) for _, data in forwards.pictures}, set())
        for bad in ("from=x", f"from={words(last)}&to={words(first)}", "speed=65", "speed=-1", "backwards=2", "quick=1"):
            self.get(f"/v1/cameras/clip/playback?{bad}", 400)
        self.get("/v1/cameras/clip/playback?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z", 404)
        self.recorder_is.stop()
        told = self.audited(self.recorder_is, "playback.stop")
        self.assertGreaterEqual(len(told), 3)

    def test_live_goes_on_until_it_may_not(self):
        status, _, body = self.curl("/v1/cameras/clip/live", "--no-buffer", "--max-time", "4", exits=28)
        self.assertEqual(status, 200)
        live = Stream(self, body)
        self.assertIn("Svms-Sync", live.pictures[0][0])
        self.assertGreater(len(live.pictures), 10)
        self.assertFalse(live.is_whole)
        head, body = self.path("live-head"), self.path("live-body")
        with open(self.token(), encoding="ascii") as file:
            bearer = file.read().strip()
        watching = subprocess.Popen(
            ["curl", "--silent", "--no-buffer", "--cacert", self.trust, "--cert", self.authority.at("anna.pem"), "--key",
             self.authority.at("anna.key"), "--oauth2-bearer", bearer, "--dump-header", head, "--output", body,
             f"https://{self.recorder_is.address('https')}/v1/cameras/clip/live"])
        self.addCleanup(watching.kill)
        self.wait_for(lambda: os.path.exists(body) and os.path.getsize(body) > 10000)
        self.rules(2, [{"actions": ["playback.*"], "devices": ["clip"]}])
        self.assertEqual(watching.wait(TIMEOUT), 0)
        with open(body, "rb") as file:
            ended = Stream(self, file.read())
        self.assertEqual((ended.is_whole, ended.end), (True, "permission has ended"))
        self.recorder_is.stop()
        self.assertEqual(len(self.audited(self.recorder_is, "live.stop")), 2)

    def test_an_export_opens_for_who_was_named_alone(self):
        first, last = self.stretch()
        with open(self.office_half, encoding="ascii") as file:
            half = file.read()
        wish = {"cameras": ["clip"], "from": words(first), "to": words(last), "recipients": [half], "reason": "break-in",
                "case": "26-4711", "no_reexport": True}
        status, _, package = self.curl("/v1/exports", "--json", json.dumps(wish))
        self.assertEqual(status, 200, package)
        self.store("evidence.svmx", package)
        said = self.expect(GOOD, "export", "verify", "evidence.svmx", "--identity", self.office, "--trust", self.trust)
        self.assertIn("26-4711", said.out)
        self.assertNotEqual(self.run_svms("export", "verify", "evidence.svmx", "--identity", self.opener, "--trust", self.trust).status,
                            GOOD)
        self.store("evidence.svmx", package[:len(package) // 2] + b"?" + package[len(package) // 2 + 1:])
        self.assertEqual(self.run_svms("export", "verify", "evidence.svmx", "--identity", self.office, "--trust", self.trust).status,
                         EVIDENCE)
        for change, expected in (({"cameras": ["yard"]}, 404), ({"cameras": []}, 400), ({"recipients": []}, 400),
                                 ({"recipients": ["x"]}, 400), ({"reason": 5}, 400), ({"speed": 1}, 400), ({"to": wish["from"]}, 400),
                                 ({"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, 404)):
            self.post("/v1/exports", {**wish, **change}, expected)
        self.recorder_is.stop()
        told = self.audited(self.recorder_is, "export.create")
        good = [one for one in told if one["outcome"] == "success"]
        self.assertEqual(len(good), 1)
        self.assertIn(f'"bytes": {len(package)}', json.dumps(good))

    def test_a_lock_stays_until_somebody_lets_it_go(self):
        first, last = self.stretch()
        lock = {"camera": "clip", "from": words(first), "to": words(last), "why": "case 26-4711"}
        name = self.post("/v1/locks", lock, 201)["id"]
        self.post("/v1/locks", {**lock, "camera": "yard"}, 404)
        self.post("/v1/locks", {**lock, "to": lock["from"]}, 400)
        self.post("/v1/locks", {**lock, "colour": "red"}, 400)
        self.post("/v1/cameras/clip/erase", {"from": lock["from"], "to": lock["to"], "why": "by mistake"}, 409)
        self.recorder_is.stop()
        self.recorder_is.start()
        kept = self.get("/v1/locks")["locks"]
        self.assertEqual([(one["id"], one["camera"], one["who"], one["why"]) for one in kept],
                         [(name, "clip", "anna", "case 26-4711")])
        self.assertEqual(self.get("/v1/locks", token=self.token("berta"))["locks"], [])
        self.assertEqual(self.curl(f"/v1/locks/{name}", "--request", "DELETE", token=self.token("berta"))[0], 404)
        self.assertEqual(self.curl(f"/v1/locks/{name}?why=case%20closed", "--request", "DELETE")[0], 204)
        self.assertEqual(self.curl(f"/v1/locks/{name}", "--request", "DELETE")[0], 404)
        self.assertEqual(self.get("/v1/locks")["locks"], [])
        erased = self.post("/v1/cameras/clip/erase", {"from": words(first - 10**9), "to": words(last + 5 * 10**9), "why": "asked for"},
                           200)["erased"]
        self.assertGreaterEqual(erased, 1)
        self.recorder_is.stop()
        for event in ("evidence.lock", "evidence.unlock", "evidence.delete"):
            self.assertIn("success", [one["outcome"] for one in self.audited(self.recorder_is, event)], event)

    def test_events_are_waited_for(self):
        known = self.get("/v1/events")
        self.assertIn("camera.found", [one["kind"] for one in known["events"]])
        self.assertNotIn("yard", [one["camera"] for one in known["events"]])
        self.assertEqual(self.get(f"/v1/events?after={known['last']}&wait=1")["events"], [])
        self.clip_served.kill()
        found = self.get(f"/v1/events?after={known['last']}&wait=30&camera=clip")
        self.assertEqual([one["kind"] for one in found["events"]][0], "camera.lost")
        for bad in ("after=-1", "wait=56", "wait=x", "before=3"):
            self.get(f"/v1/events?{bad}", 400)
        self.get("/v1/events?camera=nowhere", 404)


if __name__ == "__main__":
    main()
