# SPDX-License-Identifier: Apache-2.0
"""A short film for the tests of DTLS-SRTP: its pictures, and its packets as our sender makes them."""
import json
import os
import re
import socket
import struct
import subprocess

RTP_PEER = os.environ["SVMS_RTP_PEER"]
TIMEOUT = 60
WIDTH, HEIGHT, RATE, FRAMES = 320, 240, 25, 50
PAYLOAD_TYPE = 96


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ffmpeg(*arguments, **more):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, capture_output=True,
                          timeout=TIMEOUT, **({} if "input" in more else {"stdin": subprocess.DEVNULL}), **more).stdout


def make_clip(folder):
    """H.264 that every peer decodes: no B-frames, and parameter sets before each intra picture."""
    path = os.path.join(folder, "clip.mp4")
    ffmpeg("-f", "lavfi", "-i", f"testsrc=size={WIDTH}x{HEIGHT}:rate={RATE}", "-frames:v", str(FRAMES), "-c:v",
           "libx264", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "10", "-threads",
           "1", "-x264-params", "repeat-headers=1", path)
    return path


def digests(*source, **more):
    """Of each decoded picture."""
    text = ffmpeg(*source, "-f", "framemd5", "-pix_fmt", "yuv420p", "-", **more).decode()
    return [line.split(",")[-1].strip() for line in text.splitlines() if line and not line.startswith("#")]


def pictures_of(clip):
    return digests("-i", clip)


def samples_of(clip):
    """(bytes, pts, sync) of each picture, and the configuration of the codec."""
    shown = json.loads(subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_packets", "-show_streams",
                                       "-show_data", clip], check=True, capture_output=True, timeout=TIMEOUT).stdout)
    config = "".join(re.sub(r"\s", "", line.split(":", 1)[1][:41])
                     for line in shown["streams"][0]["extradata"].splitlines() if ":" in line)
    raw, samples, at = ffmpeg("-i", clip, "-map", "0:v", "-c", "copy", "-f", "data", "-"), [], 0
    for packet in shown["packets"]:
        size = int(packet["size"])
        samples.append((raw[at:at + size], int(packet["pts"]), "K" in packet["flags"]))
        at += size
    assert at == len(raw)
    return samples, config, shown["streams"][0]["time_base"].split("/")


def packets_of(clip, folder, again=1):
    """A file of packets for dtls_peer, and what SDP says of them."""
    samples, config, base = samples_of(clip)
    step = samples[1][1] - samples[0][1]
    told = b"".join(struct.pack(">IQB", len(data), pts + lap * step * len(samples), sync) + data
                    for lap in range(again) for data, pts, sync in samples)
    done = subprocess.run([RTP_PEER, "pack", str(PAYLOAD_TYPE), "avc1", "0", "0", *base, config], input=told,
                          capture_output=True, timeout=TIMEOUT, check=True)
    path = os.path.join(folder, "packets")
    with open(path, "wb") as out:
        out.write(done.stdout)
    return path


def pictures_of_packets(path):
    """Pictures of packets that dtls_peer has opened."""
    with open(path, "rb") as source:
        packets = source.read()
    done = subprocess.run([RTP_PEER, "unpack", str(PAYLOAD_TYPE), "H264/90000", "packetization-mode=1"], input=packets,
                          capture_output=True, timeout=TIMEOUT, check=True)
    stream, at = b"", 0
    while at < len(done.stdout):
        end = at + 4 + struct.unpack_from(">I", done.stdout, at)[0]
        at += 4
        while at < end:  # from sizes to start codes
            size = struct.unpack_from(">I", done.stdout, at)[0]
            stream += b"\0\0\0\1" + done.stdout[at + 4:at + 4 + size]
            at += 4 + size
    return digests("-f", "h264", "-i", "-", input=stream)
