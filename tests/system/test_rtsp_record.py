#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms rtsp record and check: what a camera sends is what is recorded, and what is weak is refused."""

import calendar
import hashlib
import os
import random
import re
import subprocess
import unittest

from rtsp_case import GstCamera, PlainCamera, Recorder, has_gstreamer, rtp, sender_report
from system_case import ENVIRONMENT, GOOD, MALFORMED, POLICY, PROGRAM, TIMEOUT, USAGE, SystemCase, main, make_clip
from tls_check_case import Authority

NAMED = re.compile(r"gaps: (\d+) in what came, (\d+) packets lost, (\d+) dropped")


def frames(path):
    """Digest of each decoded picture."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map", "0:v", "-f", "framemd5", "-"],
                          check=True, capture_output=True, timeout=TIMEOUT, text=True)
    return [line.split()[-1] for line in done.stdout.splitlines() if not line.startswith("#")]


class RtspCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(os.path.join(cls.shared, "ca"))
        cls.authority.issue("camera")
        cls.trust = cls.authority.at("ca.pem")

    def opens(self):
        return ["--password-file", self.password_file]

    def rtsp_record(self, status, url, *extra, name="a.svms"):
        return self.expect(status, "rtsp", "record", url, "--out", name, *self.signer, *self.opens(), *extra)

    def camera(self, kind, *arguments, **options):
        camera = kind(*arguments, **options)
        self.addCleanup(camera.stop)
        return camera


@unittest.skipUnless(has_gstreamer(), "no GStreamer")
class GstTest(RtspCase):
    """Against GStreamer's RTSP server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.short = make_clip(os.path.join(cls.shared, "short.mp4"), seconds=2)
        cls.launch = (f"filesrc location={cls.short} ! qtdemux name=d d.video_0 ! queue ! h264parse ! "
                      "rtph264pay name=pay0 pt=96 config-interval=1 d.audio_0 ! queue ! aacparse ! "
                      "rtpmp4gpay name=pay1 pt=97")
        cls.live = ("videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! "
                    "jpegenc ! rtpjpegpay name=pay0 pt=96")

    def gst(self, **wish):
        return self.camera(GstCamera, self.authority, wish.pop("launch", self.launch), **wish)

    def check_frames(self):
        self.verify()
        self.extract(GOOD, "a.svms", "out.mp4")
        self.assertEqual(frames(self.path("out.mp4")), frames(self.short))

    def test_what_was_sent_by_udp_with_aes_256_is_recorded(self):
        run = self.rtsp_record(GOOD, self.gst(media="gcm256").url, "--trust", self.trust, "--once", "--transport", "udp")
        self.assertIn("goodbye", run.err)
        self.check_frames()

    def test_what_was_sent_inside_the_connection_with_aes_256_is_recorded(self):
        self.rtsp_record(GOOD, self.gst(media="gcm256").url, "--trust", self.trust, "--once")
        self.check_frames()

    def test_what_was_sent_with_aes_128_is_recorded(self):
        self.rtsp_record(GOOD, self.gst(media="gcm128").url, "--trust", self.trust, "--once", "--transport", "udp")
        self.check_frames()

    def test_media_without_srtp_are_recorded_inside_tls_and_refused_by_udp(self):
        camera = self.gst()
        self.rtsp_record(GOOD, camera.url, "--trust", self.trust, "--once")
        self.check_frames()
        run = self.rtsp_record(POLICY, camera.url, "--trust", self.trust, "--transport", "udp", name="b.svms")
        self.assertIn("in the clear", run.err)
        self.assertEqual([name for name in self.files() if name.startswith("b.")], [])

    def test_sha1_is_refused_unless_it_is_allowed(self):
        camera = self.gst(media="sha1")
        run = self.rtsp_record(POLICY, camera.url, "--trust", self.trust)
        self.assertIn("AES_CM_128_HMAC_SHA1_80", run.err)
        self.rtsp_record(GOOD, camera.url, "--trust", self.trust, "--once", "--allow-sha1")
        self.check_frames()

    def test_a_camera_that_is_not_the_one_is_refused(self):
        camera = self.gst()
        other = Authority(self.path("other"))
        run = self.rtsp_record(POLICY, camera.url, "--trust", other.at("ca.pem"))
        self.assertIn("untrusted", run.err)
        run = self.rtsp_record(POLICY, camera.url, "--pin", "00" * 32)
        self.assertIn("untrusted", run.err)
        self.authority.issue("elsewhere", extensions="elsewhere")
        stranger = self.gst(certificate=self.authority.at("elsewhere.pem"), key=self.authority.at("elsewhere.key"))
        run = self.rtsp_record(POLICY, stranger.url, "--trust", self.trust)
        self.assertIn("untrusted", run.err)
        self.assertEqual([name for name in self.files() if name.startswith("a.")], [])

    def test_a_pin_is_trust_enough(self):
        der = subprocess.run(["openssl", "x509", "-in", self.authority.at("camera.pem"), "-outform", "DER"], check=True,
                             capture_output=True).stdout
        camera = self.gst(launch=self.live)
        self.rtsp_record(GOOD, camera.url, "--pin", hashlib.sha256(der).hexdigest(), "--for", "1s")

    def test_who_asks_is_told_with_digest_only(self):
        camera = self.gst(launch=self.live, user="anna", password="of the camera")
        right = self.store("right", b"of the camera\n")
        wrong = self.store("wrong", b"another one\n")
        for name in (right, wrong):
            os.chmod(name, 0o600)
        common = [camera.url, "--trust", self.trust]
        run = self.rtsp_record(ENVIRONMENT, *common)
        self.assertIn("wants to know who asks", run.err)
        user = ["--user", "anna", "--user-password-file"]
        # GStreamer 1.22 knows nothing better than MD5.
        run = self.rtsp_record(POLICY, *common, *user, right)
        self.assertIn("MD5", run.err)
        run = self.rtsp_record(ENVIRONMENT, *common, *user, wrong, "--allow-md5")
        self.assertIn("does not accept", run.err)
        self.rtsp_record(GOOD, *common, *user, right, "--allow-md5", "--for", "1s")

    def test_a_camera_that_is_lost_is_found_again_and_the_gap_is_signed(self):
        first = self.gst(launch=self.live, media="gcm256")
        recorder = Recorder(self.folder, first.url, "--out", "a.svms", *self.signer, *self.opens(), "--trust", self.trust,
                            "--transport", "udp")
        self.addCleanup(recorder.process.kill)
        part = self.path("a.svms.part")
        grows = lambda least: os.path.exists(part) and os.path.getsize(part) > least
        self.wait_for(lambda: grows(20000))
        first.stop()
        self.wait_for(lambda: recorder.has_said("connection lost"))
        size = os.path.getsize(part)
        self.gst(launch=self.live, media="gcm256", port=first.port)
        self.wait_for(lambda: grows(size + 20000))
        status, said = recorder.interrupt()
        self.assertEqual(status, GOOD, said)
        self.assertIn("found again, 1 times", said)
        self.assertIn("connection lost", said)
        self.assertIn("signal lost", [gap["reason"] for gap in self.verify()["coverage"]["gaps"]])

    def test_what_a_camera_offers_is_judged(self):
        report = self.expect(POLICY, "rtsp", "check", self.gst(media="sha1").url, "--trust", self.trust, "--json").json()
        codes = {problem["code"] for problem in report["problems"]}
        self.assertLessEqual({"weak-suite", "no-mki", "no-authentication", "old-tls"}, codes)
        self.assertNotIn("untrusted", codes)
        self.assertEqual([track["suite"] for track in report["tracks"]], ["AES_CM_128_HMAC_SHA1_80"] * 2)
        camera = self.gst(user="anna", password="of the camera")
        text = self.expect(POLICY, "rtsp", "check", camera.url, "--trust", self.trust).out
        self.assertIn("Digest MD5", text)
        self.assertIn("Media         not seen", text)


class ServeTest(RtspCase):
    """Against svms rtsp serve: keys as ONVIF has them, with an MKI, and Digest with SHA-256."""

    def serve(self, *arguments):
        process = subprocess.Popen([PROGRAM, "rtsp", "serve", self.clip, "--listen", "127.0.0.1:0", "--certificate",
                                    self.authority.at("camera.pem"), "--certificate-key", self.authority.at("camera.key"),
                                    "--wait", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process.stdout.readline().strip().replace("127.0.0.1", "localhost")

    def test_what_is_served_is_recorded_across_fresh_keys(self):
        secret = self.store("secret", b"of the camera\n")
        os.chmod(secret, 0o600)
        url = self.serve("--user", "anna", "--user-password-file", secret)
        run = self.rtsp_record(GOOD, url, "--trust", self.trust, "--once", "--transport", "tcp", "--user", "anna",
                               "--user-password-file", secret, "--rekey-packets", "30")
        self.assertNotIn("gaps", run.err)
        self.assertNotIn("refused", run.err)
        self.assertNotIn("fresh media key", run.err)
        self.verify()
        self.extract(GOOD, "a.svms", "out.mp4")
        self.assertEqual(frames(self.path("out.mp4")), frames(self.clip))

    def test_a_camera_of_ours_has_nothing_weak(self):
        secret = self.store("secret", b"of the camera\n")
        os.chmod(secret, 0o600)
        url = self.serve("--user", "anna", "--user-password-file", secret)
        report = self.expect(GOOD, "rtsp", "check", url, "--trust", self.trust, "--user", "anna", "--user-password-file",
                             secret, "--json").json()
        self.assertEqual(report["problems"], [])
        self.assertEqual({track["suite"] for track in report["tracks"]}, {"AEAD_AES_256_GCM"})
        self.assertTrue(all(track["mki_bytes"] for track in report["tracks"]))


class PlainTest(RtspCase):
    """Against a camera of which every packet is known."""

    UTC = calendar.timegm((2027, 1, 2, 3, 4, 5, 0, 0, 0))

    @staticmethod
    def payloads(count):
        return [bytes([number >> 8, number & 255]) + hashlib.sha512(b"%d" % number).digest() + bytes(94)
                for number in range(count)]

    def packets(self, payloads):
        return [(0, rtp(65500 + number, 1000 + 160 * number, payload)) for number, payload in enumerate(payloads)]

    def recorded(self, name="a.svms"):
        content = self.load(name)
        return lambda payload: content.find(payload[:66])

    def record_plain(self, status, camera, *extra):
        return self.expect(status, "rtsp", "record", camera.url, "--out", "a.svms", *self.signer, "--protect", "none",
                           "--clear", "--transport", "udp", *extra)

    def test_losses_are_named_and_all_else_is_recorded(self):
        chance = random.Random(9)
        payloads = self.payloads(600)
        packets = self.packets(payloads)
        lost = set(chance.sample(range(20, 580), 40))
        script = [(1, sender_report(self.UTC, 1000)), packets[0]]
        late = []
        for number in range(1, len(packets)):
            if number in lost:
                continue
            if chance.random() < 0.1:
                late.append((number + chance.randrange(2, 12), packets[number]))
            else:
                script.append(packets[number])
            if chance.random() < 0.1:
                script.append(packets[number])
            script += [packet for due, packet in late if due <= number]
            late = [(due, packet) for due, packet in late if due > number]
            if number % 10 == 0:
                script.append(0.02)
        script += [packet for _, packet in late] + [0.7, (1, struct_bye())]
        camera = self.camera(PlainCamera, script, sequence=65500)
        run = self.record_plain(GOOD, camera, "--once", "--reorder", "0.5")
        place = self.recorded()
        found = [number for number, payload in enumerate(payloads) if place(payload) >= 0]
        self.assertEqual(sorted(set(range(600)) - set(found)), sorted(lost))
        places = [place(payloads[number]) for number in found]
        self.assertEqual(places, sorted(places), "in the order of sending")
        named = NAMED.search(run.err)
        self.assertTrue(named, run)
        self.assertEqual((int(named[2]), int(named[3])), (len(lost), 0))
        self.assertIn("signal lost", [gap["reason"] for gap in self.verify()["coverage"]["gaps"]])

    def test_times_are_the_camera_s(self):
        packets = self.packets(self.payloads(100))
        camera = self.camera(PlainCamera, [*packets[:50], (1, sender_report(self.UTC + 1, 1000 + 8000)), *packets[50:],
                                           0.3, (1, struct_bye())])
        self.record_plain(GOOD, camera, "--once")
        coverage = self.verify()["coverage"]
        self.assertTrue(coverage["first"].startswith("2027-01-02T03:04:05"), coverage)
        info = self.expect(GOOD, "info", "a.svms", "--json").json()
        self.assertEqual(info["clock"], "camera")

    def test_without_clear_there_is_no_connection_without_tls(self):
        camera = self.camera(PlainCamera, [])
        run = self.expect(POLICY, "rtsp", "record", camera.url, "--out", "a.svms", *self.signer, *self.opens())
        self.assertIn("--clear", run.err)
        self.assertEqual(camera.requests, [])

    def test_a_key_outside_tls_is_refused(self):
        camera = self.camera(PlainCamera, [], sdp_lines=["a=key-mgmt:mikey AQAFAP1td9ABAADCD1UcAAAAAAoAAdOOGc75XD0BAAAA"
                                                         "GAABAQEBEAIBAQMBFAcBAQgBAQoBAQsBCgAAACcAIQAe30C59UrClE0e27UP5h/"
                                                         "Wty9UL8+dfzg+2ttmmo3kBAAAAC8A"], protocol="RTP/SAVP")
        run = self.record_plain(POLICY, camera)
        self.assertIn("without TLS", run.err)
        self.assertNotIn("SETUP", camera.requests)
        report = self.expect(POLICY, "rtsp", "check", camera.url, "--json").json()
        self.assertLessEqual({"no-tls", "key-outside-tls"}, {problem["code"] for problem in report["problems"]})

    def test_a_redirect_is_not_followed(self):
        camera = self.camera(PlainCamera, [], status={"DESCRIBE": ("302 Moved", "Location: rtsp://192.0.2.1/x\r\n")})
        run = self.record_plain(POLICY, camera)
        self.assertIn("192.0.2.1", run.err)
        report = self.expect(POLICY, "rtsp", "check", camera.url, "--json").json()
        self.assertIn("redirect", {problem["code"] for problem in report["problems"]})

    def test_what_is_no_description_is_said(self):
        self.record_plain(MALFORMED, self.camera(PlainCamera, [], describe=b"hello\r\n"))

    def test_a_camera_that_sends_nothing_is_left(self):
        run = self.record_plain(ENVIRONMENT, self.camera(PlainCamera, []), "--silence", "0.5")
        self.assertIn("no media came", run.err)
        self.assertEqual([name for name in self.files() if name.startswith("a.")], [])

    def test_addresses_and_options_that_make_no_sense_are_refused(self):
        base = ["rtsp", "record", "--out", "a.svms", *self.signer, *self.opens()]
        for url in ("rtsp://anna:secret@host/live", "http://host/", "rtsps://", "rtsps://host:99999/"):
            run = self.expect(USAGE, *base, url)
            self.assertNotIn("secret", run.err)
        self.expect(POLICY, *base, "rtsps://host/")
        for more in (["--user", "anna"], ["--pin", "12"], ["--for", "soon"], ["--trust", self.trust, "--pin", "00" * 32]):
            self.expect(USAGE, *base, "rtsps://host/", *more)
        self.expect(ENVIRONMENT, *base, "rtsps://name.invalid/", "--pin", "00" * 32)


def struct_bye(ssrc=0x5EED):
    """An empty RR and BYE."""
    return bytes.fromhex("80c90001") + ssrc.to_bytes(4, "big") + bytes.fromhex("81cb0001") + ssrc.to_bytes(4, "big")


if __name__ == "__main__":
    main()
