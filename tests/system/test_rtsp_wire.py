#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms rtsp serve and svms rtsp record on two hosts, and somebody on the wire between them: he learns nothing, what he
changes is refused and named, what he delays or repeats does no harm, and what was recorded when he cuts it holds."""

import hashlib
import os
import re
import subprocess
import unittest

from system_case import ENVIRONMENT, GOOD, MALFORMED, PROGRAM, TIMEOUT, Run, main
from test_rtsp_record import NAMED
from test_rtsp_serve import ServeCase, frames
from wire_case import CAMERA, TCP, Wire, can_wire

USER, SECRET = "anna-at-the-gate", "of the camera 4711"
WORDS = [word.encode() for word in (USER, SECRET, "RTSP/1.0", "DESCRIBE", "Digest", "a=control", "mikey", "rtpmap")]
PIECE, STEP = 24, 300


@unittest.skipUnless(can_wire(), "no network namespaces")
class WireTest(ServeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        der = subprocess.run(["openssl", "x509", "-in", cls.authority.at("camera.pem"), "-outform", "DER"], check=True,
                             capture_output=True, timeout=TIMEOUT).stdout
        cls.pin = ["--pin", hashlib.sha256(der).hexdigest()]
        video = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", cls.clip, "-map", "0:v", "-c", "copy", "-f", "h264", "-"],
                               check=True, capture_output=True, timeout=TIMEOUT).stdout
        cls.pieces = [video[at:at + PIECE] for at in range(STEP, len(video) - PIECE, STEP)]

    def setUp(self):
        super().setUp()
        secret = self.store("secret", SECRET.encode() + b"\n")
        os.chmod(secret, 0o600)
        self.user = ["--user", USER, "--user-password-file", secret]
        self.tls = ["--certificate", self.authority.at("camera.pem"), "--certificate-key", self.authority.at("camera.key")]

    def run_wire(self, status, served, asked, treat=None):
        """How the recorder ended, and the wire."""
        self.wire = wire = Wire(treat)
        self.addCleanup(wire.close)
        self.process = subprocess.Popen(
            wire.camera.within(PROGRAM, "rtsp", "serve", self.clip, "--listen", f"{CAMERA}:0", "--wait", *served),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(self.stop, self.process)
        url = self.process.stdout.readline().strip()
        done = subprocess.run(
            wire.recorder.within(PROGRAM, "rtsp", "record", url, *self.signer, "--password-file", self.password_file, "--once",
                                 *(["--out", "a.svms", "--force"] if "--out" not in asked else []), *asked),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, cwd=self.folder, check=False)
        run = Run(done)
        self.assertNotIn("Sanitizer", run.err)
        self.assertEqual(run.status, status, run)
        return run

    def found(self):
        """Words, and pieces of pictures, that the relay has seen."""
        seen = b"".join(self.wire.seen)
        return [word for word in WORDS if word in seen], sum(piece in seen for piece in self.pieces)

    def test_who_listens_learns_nothing(self):
        for transport in ("tcp", "udp"):
            with self.subTest(transport=transport):
                self.run_wire(GOOD, [*self.tls, *self.user], [*self.pin, *self.user, "--transport", transport])
                self.check_pictures()
                self.assertEqual(self.found(), ([], 0))
                self.assertGreater(sum(len(payload) for payload in self.wire.seen), 20000)

    def test_without_encryption_he_learns_everything(self):
        self.run_wire(GOOD, ["--media", "clear", "--open"], ["--clear", "--transport", "udp"])
        words, pieces = self.found()
        self.assertIn(b"DESCRIBE", words)
        self.assertGreater(pieces, len(self.pieces) // 2)

    def test_what_comes_twice_late_or_in_another_order_is_recorded_as_it_was_sent(self):
        held = []

        def disturb(packet):
            held.append(packet)
            if packet.is_media and len(held) < 4:
                return []
            # Those that are held when the camera says something else, goodbye above all, come with that.
            out = [held[1], held[0], held[0], held[3], held[2]] if len(held) == 4 and packet.is_media else held[:]
            held.clear()
            return out

        run = self.run_wire(GOOD, [*self.tls, "--open"], [*self.pin, "--transport", "udp", "--reorder", "1"], disturb)
        self.check_pictures()
        self.assertNotIn("gaps", run.err)
        self.assertRegex(run.err, r"refused: \d+ packets that were not the camera's, came twice")

    def test_what_he_alters_is_refused_counted_and_a_gap(self):
        altered = []
        count = 0

        def spoil(packet):
            nonlocal count
            count += packet.is_media
            # The first second alone, from its second picture on; header, payload and tag in turn.
            if packet.is_media and len(altered) < 4 and count > 10 and count % 5 == 0:
                place = (2, len(packet.payload) // 2, len(packet.payload) - 8, 13)[len(altered)]
                packet.alter(place)
                altered.append(packet)
            return [packet]

        run = self.run_wire(GOOD, [*self.tls, "--open"], [*self.pin, "--transport", "udp"], spoil)
        self.assertEqual(len(altered), 4)
        self.assertEqual(int(re.search(r"refused: (\d+) packets", run.err)[1]), 4, run)
        self.assertEqual(int(NAMED.search(run.err)[2]), 4, run)
        self.assertIn("signal lost", [gap["reason"] for gap in self.verify()["coverage"]["gaps"]])
        self.extract(GOOD, "a.svms", "out.mp4")
        self.assertEqual(frames(self.path("out.mp4"))[-10:], self.pictures[-10:])

    def test_the_report_lists_what_the_wire_lost(self):
        count = 0
        dropped = []

        def lose(packet):
            nonlocal count
            count += packet.is_media
            # Twice: a few packets in a row.
            if packet.is_media and (10 <= count < 13 or 30 <= count < 32):
                dropped.append(packet)
                return []
            return [packet]

        run = self.run_wire(GOOD, [*self.tls, "--open"],
                            [*self.pin, "--transport", "udp", "--out", "cam", "--rotate", "1h", "--json"], lose)
        self.assertEqual(len(dropped), 5)
        report = run.json()
        self.assertEqual(report["gaps_unlisted"], 0)
        self.assertEqual(sum(gap["packets_lost"] for gap in report["gaps"]), 5, run)
        said = self.verify(report["containers"][0]["file"])
        signed = [gap for gap in said["coverage"]["gaps"] if gap["reason"] == "signal lost"]
        self.assertTrue(signed, said["coverage"])
        # The camera went at the end, and nothing came any more: of each track.
        over = [gap for gap in report["gaps"] if gap["to"] is None]
        self.assertEqual([(gap["track"], gap["reasons"]) for gap in over], [(0, ["camera lost"]), (1, ["camera lost"])])
        for gap in report["gaps"]:
            self.assertIn(gap["track"], (0, 1))
            self.assertEqual(set(gap), {"track", "from", "to", "reasons", "packets_lost", "packets_dropped"})
            if gap not in over:
                self.assertIn("lost", gap["reasons"])
                self.assertLess(gap["from"], gap["to"])
        # Where a reason is signed stands one of them.
        self.assertIn(signed[0]["to"], [gap["to"] for gap in report["gaps"]])

    def spoiled_after(self, size, change):
        """Changes the wire once, when the camera has sent so many bytes over TCP."""
        carried = 0

        def treat(packet):
            nonlocal carried
            before = carried
            carried += len(packet.payload) if packet.protocol == TCP else 0
            if before <= size < carried:
                change(packet)
            return [] if self.wire.is_cut else [packet]

        return treat

    def check_begin(self):
        """What was recorded is the beginning, and holds."""
        self.assertEqual(self.verify()["verdict"], "authentic")
        self.extract(GOOD, "a.svms", "out.mp4")
        begin = frames(self.path("out.mp4"))
        self.assertTrue(0 < len(begin) < len(self.pictures), len(begin))
        self.assertEqual(begin, self.pictures[:len(begin)])

    def test_what_he_alters_inside_the_connection_ends_it(self):
        treat = self.spoiled_after(25000, lambda packet: packet.alter(len(packet.payload) // 2))
        run = self.run_wire(MALFORMED, [*self.tls, "--open"], [*self.pin], treat)
        self.assertIn("a record was changed on its way", run.err)
        self.check_begin()

    def test_where_he_cuts_it_what_was_recorded_holds(self):
        def cut(_):
            self.wire.is_cut = True

        run = self.run_wire(ENVIRONMENT, [*self.tls, "--open"], [*self.pin, "--silence", "3"], self.spoiled_after(25000, cut))
        self.assertIn("no media came for 3.0 seconds", run.err)
        self.check_begin()


if __name__ == "__main__":
    main()
