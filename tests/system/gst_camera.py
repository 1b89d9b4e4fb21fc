# SPDX-License-Identifier: Apache-2.0
"""A camera made of GStreamer's RTSP server; a program of its own, because it needs a main loop and is killed.

Its one argument is a JSON object: launch (the pipeline), and optionally certificate and key (PEM files: RTSPS), media
("clear", "gcm256", "gcm128" or "sha1"; default clear), user and password, port. It prints its port as soon as it
listens, and what it is told on standard input ends it.
"""

import json
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # pylint: disable=wrong-import-position

# srtpenc: cipher, authentication and bytes of key and salt.
SUITES = {"gcm256": ("aes-256-gcm", "null", 44), "gcm128": ("aes-128-gcm", "null", 28),
          "sha1": ("aes-128-icm", "hmac-sha1-80", 30)}


def protect(element, suite):
    """The SRTP encoder gets its suite and a random key as soon as it is there: before it is described."""
    if element.get_factory() is None or element.get_factory().get_name() != "srtpenc":
        return
    cipher, authentication, size = SUITES[suite]
    for what in ("rtp", "rtcp"):
        element.set_property(what + "-cipher", cipher)
        element.set_property(what + "-auth", authentication)
    element.set_property("random-key", False)
    element.set_property("key", Gst.Buffer.new_wrapped(os.urandom(size)))


def watch(media, suite):
    """The pipeline of a media is the parent of its element."""
    pipeline = media.get_element().get_parent()
    pipeline.connect("deep-element-added", lambda _pipeline, _bin, element: protect(element, suite))


def authentication_of(wish):
    if "certificate" not in wish and "user" not in wish:
        return None
    auth = GstRtspServer.RTSPAuth.new()
    if "certificate" in wish:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(wish["certificate"], wish["key"]))
    token = GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "viewer")
    if "user" in wish:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(wish["user"], wish["password"], token)
    else:
        auth.set_default_token(token)
    return auth


def main():
    wish = json.loads(sys.argv[1])
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(str(wish.get("port", 0)))
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(wish["launch"])
    factory.set_shared(False)
    factory.add_role_from_structure(Gst.Structure.from_string(
        "viewer, media.factory.access=true, media.factory.construct=true")[0])
    suite = wish.get("media", "clear")
    if suite != "clear":
        factory.set_profiles(GstRtsp.RTSPProfile.SAVP)
        factory.connect("media-configure", lambda _factory, media: watch(media, suite))
    server.get_mount_points().add_factory("/live", factory)
    auth = authentication_of(wish)
    if auth:
        server.set_auth(auth)
    loop = GLib.MainLoop()
    server.attach(None)
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *_: loop.quit())
    print(server.get_bound_port(), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
