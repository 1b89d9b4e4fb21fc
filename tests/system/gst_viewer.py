# SPDX-License-Identifier: Apache-2.0
"""A viewer made of GStreamer's rtspsrc; a program of its own, because it needs a main loop and Debian's interpreter.

Its one argument is a JSON object: url, trust (PEM file), out (file for the H.264 stream), and optionally token (file),
certificate and key (PEM files), range (of the PLAY request), pictures (it ends after so many). It says "plays" with the
first picture, ends when standard input does, and its last line is a JSON object: pictures, and what it failed with.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp  # pylint: disable=wrong-import-position

PIPELINE = ("rtspsrc name=source protocols=tcp latency=200 source. ! application/x-rtp,media=video ! rtph264depay ! h264parse ! "
            "video/x-h264,stream-format=byte-stream,alignment=au ! filesink name=sink sync=false async=false")


class Papers(Gio.TlsInteraction):
    """The certificate of who watches, when the server asks for it."""

    __gtype_name__ = "Papers"

    def __init__(self, wish):
        super().__init__()
        self.certificate = Gio.TlsCertificate.new_from_files(wish["certificate"], wish["key"])

    def do_request_certificate(self, connection, _flags, _cancellable):
        connection.set_certificate(self.certificate)
        return Gio.TlsInteractionResult.HANDLED


class Viewer:
    def __init__(self, wish):
        self.wish = wish
        self.loop = GLib.MainLoop()
        self.pictures = 0
        self.failure = None
        self.fields = []
        if "token" in wish:
            with open(wish["token"], encoding="ascii") as file:
                self.fields = [(GstRtsp.RTSPHeaderField.AUTHORIZATION, "Bearer " + file.read().strip())]
        self.pipeline = Gst.parse_launch(PIPELINE)
        source = self.pipeline.get_by_name("source")
        source.set_property("location", wish["url"])
        source.set_property("tls-database", Gio.TlsFileDatabase.new(wish["trust"]))
        if "certificate" in wish:
            source.set_property("tls-interaction", Papers(wish))
        source.connect("before-send", self.complete)
        sink = self.pipeline.get_by_name("sink")
        sink.set_property("location", wish["out"])
        sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, self.count)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.fail)
        bus.connect("message::eos", lambda *_: self.loop.quit())

    def complete(self, _source, request):
        for name, value in self.fields:
            request.add_header(name, value)
        kind, method, _uri, _version = request.parse_request()
        if kind == GstRtsp.RTSPResult.OK and method == GstRtsp.RTSPMethod.PLAY and "range" in self.wish:
            request.remove_header(GstRtsp.RTSPHeaderField.RANGE, -1)
            request.add_header(GstRtsp.RTSPHeaderField.RANGE, self.wish["range"])
        return True

    def count(self, _pad, _info):
        """A picture that comes when there are enough is not written."""
        if self.pictures >= self.wish.get("pictures", self.pictures + 1):
            GLib.idle_add(self.loop.quit)
            return Gst.PadProbeReturn.DROP
        self.pictures += 1
        if self.pictures == 1:
            print("plays", flush=True)
        return Gst.PadProbeReturn.OK

    def fail(self, _bus, message):
        failure, more = message.parse_error()
        self.failure = f"{failure.message} {more}"
        self.loop.quit()

    def run(self):
        GLib.io_add_watch(sys.stdin.fileno(), GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *_: self.loop.quit())
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        print(json.dumps({"pictures": self.pictures, "failure": self.failure}), flush=True)


if __name__ == "__main__":
    Gst.init(None)
    Viewer(json.loads(sys.argv[1])).run()
