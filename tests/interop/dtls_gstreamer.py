# SPDX-License-Identifier: Apache-2.0
"""GStreamer's dtlssrtpenc and dtlssrtpdec as the other end of dtls_peer, on one UDP socket of 127.0.0.1."""
import hashlib
import threading

import dtls_media

try:
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gio, Gst
    Gst.init(None)
    HAVE = all(Gst.ElementFactory.find(name) for name in ("dtlssrtpenc", "dtlssrtpdec", "avdec_h264", "rtph264pay",
                                                          "srtpenc"))
except (ImportError, ValueError):
    HAVE = False

TIMEOUT = 60
CAPS = (f"application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,"
        f"payload={dtls_media.PAYLOAD_TYPE}")


class Ends:
    """A pipeline with both halves of DTLS; what goes in and what comes out is for those who derive from it."""

    # The half that opens must be there before the half that seals.
    SECURED = ("dtlssrtpdec name=dec connection-id=one  udpsrc name=from ! dec.sink  dec.rtcp_src ! fakesink async=false "
               "dtlssrtpenc name=enc connection-id=one  enc.src ! udpsink name=to host=127.0.0.1 async=false ")

    def __init__(self, media, pem, port, is_client):
        self.socket = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP)
        self.socket.bind(Gio.InetSocketAddress.new_from_string("127.0.0.1", port), False)
        self.pipeline = Gst.parse_launch(self.SECURED + media)
        self.dec, self.enc = self.pipeline.get_by_name("dec"), self.pipeline.get_by_name("enc")
        self.dec.set_property("pem", pem)
        self.enc.set_property("is-client", is_client)
        self.keyed = threading.Event()
        self.enc.connect("on-key-set", lambda *unused: self.keyed.set())
        for name in ("from", "to"):
            self.pipeline.get_by_name(name).set_property("socket", self.socket)
            self.pipeline.get_by_name(name).set_property("close-socket", False)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.pipeline.set_state(Gst.State.NULL)
        self.socket.close()

    def play(self, port):
        self.pipeline.get_by_name("to").set_property("port", port)
        self.pipeline.set_state(Gst.State.PLAYING)


class Sending(Ends):
    """Sends a film, once there are keys."""

    def __init__(self, clip, pem, port, is_client):
        super().__init__(f"dec.rtp_src ! fakesink async=false filesrc location={clip} ! qtdemux ! h264parse ! "
                         f"rtph264pay name=pay pt={dtls_media.PAYLOAD_TYPE} mtu=1200 config-interval=-1 ! "
                         f"identity sync=true ! enc.rtp_sink_0", pem, port, is_client)
        source = self.pipeline.get_by_name("pay").get_static_pad("src")
        source.add_probe(Gst.PadProbeType.BLOCK | Gst.PadProbeType.BUFFER, self._wait_for_keys)

    def _wait_for_keys(self, *unused):
        return Gst.PadProbeReturn.REMOVE if self.keyed.wait(TIMEOUT) else Gst.PadProbeReturn.DROP


class Receiving(Ends):
    """Decodes what comes."""

    def __init__(self, pem, port, is_client):
        super().__init__(f"dec.rtp_src ! capssetter replace=true caps={CAPS} ! "
                         f"rtph264depay ! avdec_h264 max-threads=1 ! videoconvert ! video/x-raw,format=I420 ! "
                         f"appsink name=pictures sync=false", pem, port, is_client)

    def pictures(self, count):
        sink, found = self.pipeline.get_by_name("pictures"), []
        while len(found) < count:
            sample = sink.emit("try-pull-sample", TIMEOUT * Gst.SECOND)
            if not sample:
                break
            content = sample.get_buffer()
            found.append(hashlib.md5(content.extract_dup(0, content.get_size())).hexdigest())
        return found
