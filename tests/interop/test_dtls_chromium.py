# SPDX-License-Identifier: Apache-2.0
"""Chromium plays what we protect: WebRTC over DTLS-SRTP with us as the server, AES-256-GCM, pictures of the right size."""
import json
import os
import re
import shutil
import sys
import tempfile
import time
import unittest

import dtls_media
from chromium_pipe import PROGRAM, Chromium
from ice_lite import IceLite
from test_dtls import GCM_256, Card, Ours

SKIPPED = 77
USER, PASSWORD = "ours", "twentyTwoCharactersOrMore"
WAIT = 40

OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=ice-lite
a=group:BUNDLE 0
m=video {port} UDP/TLS/RTP/SAVPF {type}
c=IN IP4 127.0.0.1
a=mid:0
a=sendonly
a=rtcp-mux
a=ice-ufrag:{user}
a=ice-pwd:{password}
a=fingerprint:{fingerprint}
a=setup:passive
a=rtpmap:{type} H264/90000
a=fmtp:{type} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=ssrc:{ssrc} cname:ours
a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host
a=end-of-candidates
"""

ANSWER = """
const pc = window.pc = new RTCPeerConnection();
await pc.setRemoteDescription({type: "offer", sdp: OFFER});
const video = document.createElement("video");
video.muted = true; video.autoplay = true; document.body.append(video);
pc.ontrack = event => { video.srcObject = new MediaStream([event.track]); video.play(); };
video.srcObject = new MediaStream(pc.getReceivers().map(receiver => receiver.track)); video.play();
await pc.setLocalDescription(await pc.createAnswer());
return pc.localDescription.sdp;
"""

STATE = """
const found = {state: pc.connectionState, dtls: pc.getReceivers()[0].transport.state};
for (const report of (await pc.getStats()).values()) {
    if (report.type === "transport") Object.assign(found, {srtp: report.srtpCipher, dtlsCipher: report.dtlsCipher});
    if (report.type === "inbound-rtp") Object.assign(found, {frames: report.framesDecoded, width: report.frameWidth,
                                                             height: report.frameHeight, lost: report.packetsLost});
}
return JSON.stringify(found);
"""


class Playing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.card, cls.other = Card(cls.folder, "ours"), Card(cls.folder, "nobody")
        cls.packets = dtls_media.packets_of(dtls_media.make_clip(cls.folder), cls.folder, again=8)
        with open(cls.packets, "rb") as packets:
            cls.ssrc = int.from_bytes(packets.read(15)[11:15], "big")

    def connect(self, browser, ice, told, expected=None):
        """Ours behind ICE, which expects the browser's fingerprint unless told otherwise; told is what the browser
        hears of our certificate."""
        offer = OFFER.format(port=ice.port, type=dtls_media.PAYLOAD_TYPE, user=USER, password=PASSWORD,
                             fingerprint=told, ssrc=self.ssrc).replace("\n", "\r\n")
        answer = browser.run(ANSWER.replace("OFFER", json.dumps(offer)))
        self.assertIn("a=setup:active", answer)
        fingerprint = re.search(r"a=fingerprint:(.*)", answer).group(1).strip()
        ours = Ours(side="server", cert=self.card.cert, key=self.card.key, fingerprint=expected or fingerprint,
                    send=self.packets)
        self.addCleanup(ours.stop)
        ice.behind = ours.port
        return ours

    def wait_for(self, browser, condition):
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            found = json.loads(browser.run(STATE))
            if condition(found):
                return found
            time.sleep(0.2)
        raise AssertionError(found)

    def test_pictures_of_ours_are_decoded(self):
        with Chromium() as browser, IceLite(PASSWORD) as ice:
            ours = self.connect(browser, ice, self.card.fingerprint())
            self.assertEqual(ours.keys()[0], GCM_256)
            found = self.wait_for(browser, lambda found: (found.get("frames") or 0) >= dtls_media.FRAMES)
            self.assertEqual(found["state"], "connected")
            self.assertEqual(found["srtp"], "SRTP_AEAD_AES_256_GCM")
            self.assertRegex(found["dtlsCipher"], "^TLS_ECDHE_ECDSA_WITH_(AES_(128|256)_GCM|CHACHA20_POLY1305)_")
            self.assertEqual((found["width"], found["height"]), (dtls_media.WIDTH, dtls_media.HEIGHT))

    def test_a_browser_that_expects_another_certificate_plays_nothing(self):
        with Chromium() as browser, IceLite(PASSWORD) as ice:
            ours = self.connect(browser, ice, self.other.fingerprint())
            found = self.wait_for(browser, lambda found: found["dtls"] in ("failed", "closed"))
            self.assertFalse(found.get("frames"))
            self.assertIn("does not accept our certificate", ours.failure())

    def test_a_browser_with_another_certificate_gets_nothing(self):
        with Chromium() as browser, IceLite(PASSWORD) as ice:
            ours = self.connect(browser, ice, self.card.fingerprint(), self.other.fingerprint())
            self.assertIn("does not have the fingerprint", ours.failure())
            found = self.wait_for(browser, lambda found: found["dtls"] in ("failed", "closed"))
            self.assertFalse(found.get("frames"))


if __name__ == "__main__":
    if not PROGRAM:
        print("SKIPPED: no chromium")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
