# SPDX-License-Identifier: Apache-2.0
"""RTP against FFmpeg, over UDP on 127.0.0.1: what FFmpeg packetises we take apart, byte by byte what the source has;
what we packetise FFmpeg plays, picture by picture what the source shows."""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PEER = os.environ["SVMS_RTP_PEER"]
MEDIA = os.environ.get("SVMS_MEDIA", "")
SKIPPED = 77
TIMEOUT = 120
SECONDS = 3
NO_TIME = -(2**63)


def ffmpeg(*arguments, **more):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, timeout=TIMEOUT,
                          **({} if "input" in more else {"stdin": subprocess.DEVNULL}), **more)


def probe(path, stream, *what):
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-select_streams", stream, *what, path],
                          check=True, capture_output=True, timeout=TIMEOUT)
    return json.loads(done.stdout)


def samples_of(path, stream):
    """(bytes, pts, sync) of each packet of a file, as its demuxer gives them."""
    packets = probe(path, stream, "-show_packets")["packets"]
    raw = ffmpeg("-i", path, "-map", f"0:{stream}:0", "-c", "copy", "-f", "data", "-", capture_output=True).stdout
    samples, at = [], 0
    for packet in packets:
        size = int(packet["size"])
        samples.append((raw[at:at + size], int(packet["pts"]), "K" in packet["flags"]))
        at += size
    assert at == len(raw)
    return samples


def config_of(path, stream):
    text = probe(path, stream, "-show_streams", "-show_data")["streams"][0].get("extradata", "")
    return "".join(re.sub(r"\s", "", line.split(":", 1)[1][:41]) for line in text.splitlines() if ":" in line)


def port_pair():
    """Two bound sockets on neighbouring ports that the system chose."""
    while True:
        data = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        data.bind(("127.0.0.1", 0))
        port = data.getsockname()[1]
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if port % 2 == 0:
                control.bind(("127.0.0.1", port + 1))
                return data, control, port
        except OSError:
            pass
        data.close()
        control.close()


def framed(kind, packet):
    return kind + struct.pack(">H", len(packet)) + packet


def capture(path, stream, *options):
    """What FFmpeg sends of a file: its SDP, and the packets framed for our peer."""
    data, control, port = port_pair()
    out, lock, done = [], threading.Lock(), threading.Event()

    def receive(sock, kind):
        sock.settimeout(0.2)
        while True:
            try:
                packet = sock.recv(65536)
            except socket.timeout:
                if done.is_set():
                    return
                continue
            with lock:
                out.append(framed(kind, packet))

    threads = [threading.Thread(target=receive, args=(data, b"D")),
               threading.Thread(target=receive, args=(control, b"C"))]
    for thread in threads:
        thread.start()
    try:
        sdp = ffmpeg("-re", "-t", str(SECONDS), "-i", path, "-map", f"0:{stream}:0", "-c", "copy", *options, "-f", "rtp",
                     f"rtp://127.0.0.1:{port}?pkt_size=1200", capture_output=True, text=True).stdout
    finally:
        done.set()
        for thread in threads:
            thread.join()
        data.close()
        control.close()
    return sdp, b"".join(out)


def unpack(sdp, packets):
    """Our samples, and what else we tell."""
    payload_type = re.search(r"^m=\S+ \d+ \S+ (\d+)", sdp, re.M).group(1)
    rtpmap = re.search(r"^a=rtpmap:\d+ (.*)$", sdp, re.M)
    fmtp = re.search(r"^a=fmtp:\d+ (.*)$", sdp, re.M)
    done = subprocess.run([PEER, "unpack", payload_type, rtpmap.group(1).strip() if rtpmap else "-",
                           fmtp.group(1).strip() if fmtp else "-"],
                          input=packets, capture_output=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr[-500:]
    samples, at = [], 0
    while at < len(done.stdout):
        size = struct.unpack_from(">I", done.stdout, at)[0]
        samples.append(done.stdout[at + 4:at + 4 + size])
        at += 4 + size
    return samples, done.stderr.decode().splitlines()


def wait_for_port(port, process):
    """Until the port is bound, as the kernel says."""
    wanted = f"0100007F:{port:04X}"
    for _ in range(600):
        with open("/proc/net/udp", encoding="ascii") as table:
            text = table.read()
        if wanted in text or f"00000000:{port:04X}" in text:
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError("FFmpeg does not listen")


def play(media, payload_type, texts, packets, *options):
    """What FFmpeg makes of our packets."""
    data, control, port = port_pair()
    data.close()
    control.close()
    with tempfile.TemporaryDirectory() as folder:
        sdp = os.path.join(folder, "ours.sdp")
        with open(sdp, "w", encoding="ascii") as out:
            out.write(f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=ours\nc=IN IP4 127.0.0.1\nt=0 0\n"
                      f"m={media} {port} RTP/AVP {payload_type}\na=rtpmap:{payload_type} {texts[0]}\n")
            if texts[1]:
                out.write(f"a=fmtp:{payload_type} {texts[1]}\n")
        process = subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist", "file,udp,rtp",
                                    "-buffer_size", "8388608", "-i", sdp, *options, "-"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            wait_for_port(port, process)
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            at = 0
            while at < len(packets):
                size = struct.unpack_from(">H", packets, at + 1)[0]
                to = port if packets[at:at + 1] == b"D" else port + 1
                if to != port:
                    time.sleep(1)
                sender.sendto(packets[at + 3:at + 3 + size], ("127.0.0.1", to))
                at += 3 + size
                time.sleep(0.001)
            sender.close()
            out, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0, errors[-500:]
        return out


def pack(codec, stream, payload_type, samples, config, rate=0, channels=0):
    lines = b"".join(struct.pack(">IqB", len(data), pts, sync) + data for data, pts, sync in samples)
    base = stream["time_base"].split("/")
    done = subprocess.run([PEER, "pack", str(payload_type), codec, str(rate), str(channels), *base, config or "-"],
                          input=lines, capture_output=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr[-500:]
    return (done.stderr.decode().splitlines() + [""])[:2], done.stdout


def hashes(text):
    return [line.split(",")[-1].strip() for line in text.splitlines() if line and not line.startswith("#")]


class Rtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        scene = ["-f", "lavfi", "-i", f"testsrc2=size=320x240:rate=10:duration={SECONDS + 1}", "-pix_fmt", "yuv420p"]
        sound = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=8000:duration={SECONDS + 1}"]
        cls.clips = {"h264": cls.named("h264.mp4"), "h265": cls.named("h265.mp4"), "aac": cls.named("aac.mp4"),
                     "jpeg": cls.named("jpeg.mov"), "ulaw": cls.named("ulaw.wav"), "alaw": cls.named("alaw.wav")}
        ffmpeg(*scene, "-c:v", "libx264", "-g", "10", "-bf", "0", "-x264-params", "slices=3", cls.clips["h264"])
        ffmpeg(*scene, "-c:v", "libx265", "-x265-params", "log-level=none:bframes=0:keyint=10", cls.clips["h265"])
        ffmpeg(*sound, "-c:a", "aac", cls.clips["aac"])
        ffmpeg(*scene, "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-huffman", "default", "-q:v", "3", cls.clips["jpeg"])
        ffmpeg(*sound, "-c:a", "pcm_mulaw", cls.clips["ulaw"])
        ffmpeg(*sound, "-c:a", "pcm_alaw", cls.clips["alaw"])
        cls.real = {}
        for name in ("h264-aac", "h264-4slices", "h265"):
            path = os.path.join(MEDIA, f"walkway-{name}.mp4")
            if os.path.isfile(path):
                cls.real[name] = path
        if len(cls.real) != 3:
            print(f"NOTE: {MEDIA or 'SVMS_MEDIA'} lacks clips: only synthetic ones are tested", file=sys.stderr)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def named(cls, name):
        return os.path.join(cls.folder, name)

    def received(self, path, stream, *options):
        sdp, packets = capture(path, stream, *options)
        samples, told = unpack(sdp, packets)
        self.assertEqual([line for line in told if line.startswith("GAP")], [])
        self.assertEqual(told.count("SOURCE"), 1)
        return samples, told

    def check_received(self, path, stream, least):
        samples, told = self.received(path, stream)
        source = [data for data, _, _ in samples_of(path, stream)]
        self.assertGreaterEqual(len(samples), least)
        self.assertEqual(samples, source[:len(samples)])
        return told

    def check_configuration(self, path, told, length):
        """What SDP said makes the configuration of the file, as far as both say the same."""
        ours = [line for line in told if line.startswith("FORMAT")][0].split()[1]
        self.assertEqual(ours[:length], config_of(path, "v")[:length])

    def test_ffmpegs_h264_is_the_source(self):
        for path in [self.clips["h264"]] + [self.real[name] for name in self.real if name.startswith("h264")]:
            told = self.check_received(path, "v", 25)
            self.check_configuration(path, told, 12)

    def test_ffmpegs_h265_is_the_source(self):
        for path in [self.clips["h265"]] + [self.real[name] for name in self.real if name == "h265"]:
            told = self.check_received(path, "v", 25)
            self.check_configuration(path, told, 26)

    def test_ffmpegs_aac_is_the_source(self):
        for path in [self.clips["aac"]] + [self.real[name] for name in self.real if name == "h264-aac"]:
            self.check_received(path, "a", 20)

    def test_ffmpegs_g711_is_the_source(self):
        for name in ("ulaw", "alaw"):
            samples, _ = self.received(self.clips[name], "a")
            source = b"".join(data for data, _, _ in samples_of(self.clips[name], "a"))
            ours = b"".join(samples)
            self.assertGreater(len(ours), 8000 * (SECONDS - 1))
            self.assertEqual(ours, source[:len(ours)])

    def test_ffmpegs_jpeg_shows_the_source(self):
        samples, _ = self.received(self.clips["jpeg"], "v")
        source = [data for data, _, _ in samples_of(self.clips["jpeg"], "v")]
        self.assertGreaterEqual(len(samples), 25)
        for ours, theirs in zip(samples, source):
            # The scans are the same, byte by byte; headers say the same in their own words.
            self.assertEqual(scan_of(ours), scan_of(theirs))
        ours, theirs = (pictures(images) for images in (samples, source[:len(samples)]))
        self.assertEqual(len(ours), len(samples))
        self.assertEqual(ours, theirs)

    def test_ffmpegs_sender_reports_tell_the_time(self):
        _, told = self.received(self.clips["h264"], "v")
        times = [int(line.split()[2]) for line in told if line.startswith("SAMPLE")]
        known = [value for value in times if value != NO_TIME]
        self.assertGreater(len(known), 20)
        self.assertLess(abs(known[-1] / 1e9 - time.time()), 60)
        steps = [later - earlier for earlier, later in zip(known, known[1:])]
        self.assertTrue(all(abs(step - 100_000_000) < 50_000_000 for step in steps), steps)

    def check_played(self, path, codec):
        stream = probe(path, "v", "-show_streams")["streams"][0]
        samples = samples_of(path, "v")[:30]
        texts, packets = pack(codec, stream, 96, samples, config_of(path, "v") if codec != "jpeg" else "")
        out = play("video", 96, texts, packets, "-fps_mode", "passthrough", "-f", "framemd5").decode()
        wanted = ffmpeg("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-frames:v", "30", "-f", "framemd5",
                        "-", capture_output=True, text=True).stdout
        self.assertEqual(len(hashes(wanted)), 30)
        self.assertEqual(hashes(out), hashes(wanted))

    def test_ffmpeg_plays_our_h264(self):
        for path in [self.clips["h264"]] + [self.real[name] for name in self.real if name == "h264-4slices"]:
            self.check_played(path, "avc1")

    def test_ffmpeg_plays_our_h265(self):
        for path in [self.clips["h265"]] + [self.real[name] for name in self.real if name == "h265"]:
            self.check_played(path, "hvc1")

    def test_ffmpeg_plays_our_jpeg(self):
        self.check_played(self.clips["jpeg"], "jpeg")

    def check_heard(self, path, codec, config, rate):
        stream = probe(path, "a", "-show_streams")["streams"][0]
        samples = samples_of(path, "a")[:40]
        texts, packets = pack(codec, stream, 97, samples, config, rate, 1)
        out = play("audio", 97, texts, packets, "-map", "0", "-c", "copy", "-f", "data")
        self.assertEqual(out, b"".join(data for data, _, _ in samples))

    def test_ffmpeg_hears_our_aac_and_g711(self):
        path = self.clips["aac"]
        self.check_heard(path, "mp4a", config_of(path, "a"), 8000)
        self.check_heard(self.clips["ulaw"], "ulaw", "", 8000)
        self.check_heard(self.clips["alaw"], "alaw", "", 8000)


def scan_of(picture):
    """Entropy-coded data behind SOS, without EOI and what stands behind it."""
    at = picture.index(b"\xff\xda")
    start = at + 2 + struct.unpack_from(">H", picture, at + 2)[0]
    return picture[start:picture.rindex(b"\xff\xd9")]


def pictures(images):
    out = ffmpeg("-f", "mjpeg", "-i", "-", "-fps_mode", "passthrough", "-f", "framemd5", "-",
                 input=b"".join(images), capture_output=True).stdout
    return hashes(out.decode())


if __name__ == "__main__":
    if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
        print("SKIPPED: ffmpeg is not installed (examples/packages.sh install build)")
        sys.exit(SKIPPED)
    unittest.main()
