# SPDX-License-Identifier: Apache-2.0
"""Our RTSP client core against GStreamer's RTSP server, over TCP on 127.0.0.1: sessions, ranges, keepalives, Digest."""
import os
import subprocess
import sys
import threading
import unittest

SKIPPED = 77
TIMEOUT = 120

try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
except (ImportError, ValueError) as missing:
    print(f"SKIPPED: GStreamer's RTSP server is not here: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)

PEER = os.environ["SVMS_RTSP_CLIENT_PEER"]
ALLOW_MD5, ALLOW_CLEAR = 0x02, 0x04
METHOD_BITS = {"OPTIONS": 1, "DESCRIBE": 2, "SETUP": 4, "PLAY": 5, "PAUSE": 6, "TEARDOWN": 7, "GET_PARAMETER": 8}
PICTURES = ("videotestsrc {} ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 ! jpegenc ! "
            "rtpjpegpay name=pay0 pt=26")
SOUND = "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0"


class Server:
    """One of GStreamer's on a port of its choice; what it is asked is counted."""

    def __init__(self, launch, digest=False):
        Gst.init(None)
        self.asked = []
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop.new(self.context, False)
        self.server = GstRtspServer.RTSPServer()
        self.server.set_address("127.0.0.1")
        self.server.set_service("0")
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {launch} )")
        if digest:
            self.protect(factory)
        self.server.get_mount_points().add_factory("/live", factory)
        self.server.connect("client-connected", self.watch)
        self.source = self.server.create_source(None)
        self.source.attach(self.context)
        self.port = self.server.get_bound_port()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def protect(self, factory):
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest("joe", "secret", token)
        self.server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role("viewer")
        for permission in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role("viewer", permission, True)
        factory.set_permissions(permissions)

    def watch(self, _, client):
        client.connect("new-session", lambda _, session: session.set_timeout(40))
        for name in ("options", "describe", "setup", "play", "pause", "get-parameter", "teardown"):
            client.connect(f"{name}-request", lambda _, __, what=name: self.asked.append(what))

    def run(self):
        self.context.push_thread_default()
        self.loop.run()
        self.context.pop_thread_default()

    def close(self):
        self.source.destroy()
        self.loop.quit()
        self.thread.join(TIMEOUT)


class AgainstGStreamer(unittest.TestCase):
    def server(self, *arguments, **more):
        server = Server(*arguments, **more)
        self.addCleanup(server.close)
        return server

    def run_peer(self, server, *steps, flags=0, user="-"):
        return subprocess.run([PEER, str(server.port), f"rtsp://127.0.0.1:{server.port}/live", f"{flags:x}", user, *steps],
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)

    def lines(self, *arguments, **more):
        done = self.run_peer(*arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_a_session_from_options_to_teardown(self):
        server = self.server(PICTURES.format("is-live=true") + "  " + SOUND)
        lines = self.lines(server, "options", "describe", "setup:stream=0", "setup:stream=1", "play", "frames:20",
                           "pause", "play", "frames:5", "get", "teardown")
        self.assertEqual([line.split()[:2] for line in lines if line != "frames"],
                         [[name, "200"] for name in ("OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "PAUSE", "PLAY",
                                                     "GET_PARAMETER", "TEARDOWN")])
        public = int(lines[0].split("methods=")[1].split()[0], 16)
        for bit in METHOD_BITS.values():
            self.assertTrue(public >> bit & 1)
        self.assertIn(f"base=rtsp://127.0.0.1:{server.port}/live/", lines[1])
        self.assertNotIn("body=0", lines[1])
        self.assertIn("channels=0-1 timeout=40", lines[2])
        self.assertIn("channels=2-3 timeout=40", lines[3])
        self.assertEqual(lines[4].count("track=rtsp://"), 2)

    def test_ranges_are_understood_both_ways(self):
        server = self.server(PICTURES.format("num-buffers=500"))
        lines = self.lines(server, "describe", "setup:stream=0", "play:npt=2.000-4.000", "frames:5", "teardown")
        self.assertIn("range=npt=2.000-4.000", lines[2])

    def test_keepalives_are_answered(self):
        server = self.server(PICTURES.format("is-live=true"))
        lines = self.lines(server, "options", "describe", "setup:stream=0", "play", "later:21", "later:21", "frames:5",
                           "pause", "teardown")
        # Nobody is told of them, and the connection goes on.
        self.assertEqual([line.split()[0] for line in lines],
                         ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "frames", "PAUSE", "TEARDOWN"])
        self.assertEqual(server.asked.count("get-parameter"), 2)

    def test_what_is_not_there_is_told(self):
        server = self.server(PICTURES.format("is-live=true"))
        lines = self.lines(server, "describe", "setup:stream=7")
        self.assertEqual(lines[1].split()[:2], ["SETUP", "404"])

    def test_digest_is_answered_where_it_is_allowed(self):
        server = self.server(PICTURES.format("is-live=true"), digest=True)
        lines = self.lines(server, "describe", "setup:stream=0", "play", "frames:5", "get", "teardown",
                           flags=ALLOW_MD5 | ALLOW_CLEAR, user="joe")
        self.assertEqual([line.split()[1] for line in lines if line != "frames"], ["200"] * 5)

    def test_digest_is_refused_where_it_is_not(self):
        server = self.server(PICTURES.format("is-live=true"), digest=True)
        for flags, words in ((0, "not sent without TLS"), (ALLOW_CLEAR, "MD5 alone")):
            done = self.run_peer(server, "describe", flags=flags, user="joe")
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_a_wrong_user_and_none_are_told(self):
        server = self.server(PICTURES.format("is-live=true"), digest=True)
        for user in ("jim", "-"):
            lines = self.lines(server, "describe", flags=ALLOW_MD5 | ALLOW_CLEAR, user=user)
            self.assertEqual(lines[0].split()[:2], ["DESCRIBE", "401"])
            self.assertIn("offers=2", lines[0])


if __name__ == "__main__":
    unittest.main()
