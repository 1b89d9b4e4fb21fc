#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the first corpus of fuzz_nal, fuzz_light_plan and fuzz_jpeg: tiny streams of libx264, libx265
and FFmpeg's JPEG encoder, and hand-made bad ones. A fuzzer grows it from there.

    python3 make_media_seeds.py FOLDER    (makes FOLDER/nal, FOLDER/light_plan, FOLDER/jpeg)
"""
import os
import re
import subprocess
import sys
import tempfile

SCENE = "testsrc2=s={}:r=10,noise=alls=30:allf=t:all_seed=1"
STREAMS = [
    # name, codec, size, frames, encoder arguments
    ("plain", "h264", "64x64", 2, ["-bf", "0", "-qp", "28"]),
    ("b", "h264", "64x48", 5, ["-g", "9", "-bf", "2", "-qp", "40", "-x264-params", "b-adapt=0:weightp=2"]),
    ("cavlc", "h264", "64x48", 2, ["-coder", "0", "-qp", "40"]),
    ("interlaced", "h264", "64x64", 2, ["-flags", "+ilme+ildct", "-qp", "40"]),
    ("refresh", "h264", "64x48", 6, ["-qp", "42", "-x264-params", "intra-refresh=1:keyint=4:bframes=0"]),
    ("plain", "hevc", "64x64", 2, ["-x265-params", "wpp=0:bframes=0:qp=26:ctu=16"]),
    ("b", "hevc", "64x64", 5, ["-x265-params", "wpp=0:bframes=2:qp=40:ctu=16:weightb=1:hrd=1:vbv-maxrate=500:vbv-bufsize=500"]),
    ("wavefront", "hevc", "64x64", 2, ["-x265-params", "wpp=1:qp=40:ctu=16:bframes=0"]),
]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def encode(folder, name, codec, size, frames, arguments):
    path = f"{folder}/{codec}_{name}.mp4"
    quiet = [a + ":info=0:log-level=none" if codec == "hevc" and "wpp" in a else a for a in arguments]
    run("ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", SCENE.format(size), "-frames:v",
        str(frames), "-pix_fmt", "yuv420p", "-c:v", "libx264" if codec == "h264" else "libx265", *quiet,
        "-threads", "1", path)
    return path


def configuration(path, codec):
    data = open(path, "rb").read()
    box = data.index(b"avcC" if codec == "h264" else b"hvcC")
    return data[box + 4:box - 4 + int.from_bytes(data[box - 4:box], "big")]


def nal_units(path, codec):
    out = run("ffmpeg", "-nostdin", "-v", "error", "-i", path, "-c", "copy", "-f", codec, "-")
    units = [p.rstrip(b"\x00") for p in re.split(rb"\x00\x00\x00\x01|\x00\x00\x01", out)[1:]]
    # The encoder's own advertisement says nothing new.
    return [u for u in units if not (u[0] == 6 and b"x264" in u)]


def is_slice(unit, codec):
    return unit[0] & 31 in (1, 5) if codec == "h264" else unit[0] >> 1 & 63 < 32


def samples(units, codec):
    """One sample for each slice, with what comes before it: these streams have one slice a picture."""
    current = b""
    for unit in units:
        current += len(unit).to_bytes(4, "big") + unit
        if is_slice(unit, codec):
            yield current
            current = b""


def chunk(data):
    return len(data).to_bytes(2, "big") + data


def plan_input(codec, config, pictures):
    choice = (1 if codec == "hevc" else 0) | (2 if config else 0)
    body = b"".join(chunk(bytes([i == 0]) + p) for i, p in enumerate(pictures))
    return bytes([choice]) + (chunk(config) if config else b"") + body


def write(folder, kind, name, data):
    os.makedirs(f"{folder}/{kind}", exist_ok=True)
    with open(f"{folder}/{kind}/{name}", "wb") as out:
        out.write(data)


def stream_seeds(folder, work):
    for name, codec, size, frames, arguments in STREAMS:
        path = encode(work, name, codec, size, frames, arguments)
        units = nal_units(path, codec)
        config = configuration(path, codec)
        bit = 4 if codec == "hevc" else 0
        pictures = list(samples(units, codec))
        label = f"{codec}_{name}"
        if name != "plain":
            write(folder, "nal", label, bytes([bit]) + b"".join(pictures))
        write(folder, "nal", f"{label}_config", bytes([bit]) + config)
        write(folder, "light_plan", label, plan_input(codec, config, pictures))
        if name == "plain":
            write(folder, "light_plan", f"{label}_in_band", plan_input(codec, b"", pictures))
            write(folder, "light_plan", f"{label}_torn", plan_input(codec, config, [p[:-1] for p in reversed(pictures)]))
            short = [u[:40] for u in units]
            write(folder, "nal", f"{label}_annex_b", bytes([bit | 3]) + b"".join(b"\0\0\0\1" + u for u in short))
            write(folder, "nal", f"{label}_length2", bytes([bit | 1]) + b"".join(len(u).to_bytes(2, "big") + u for u in short))
            write(folder, "nal", f"{label}_length1", bytes([bit | 2]) + b"".join(bytes([len(u)]) + u for u in short))


BAD_NAL = {
    "too_long": "00 00000002 6588 00000002 09",
    "endless": "00 ffffffff 65",
    "half_length": "01 00",
    "empty_unit": "00 00000000 65",
    "empty_annex_b": "03 000001 000001 65",
    "forbidden": "00 00000001 e5",
    "no_start": "03 65 000001",
    "zeros": "03 0000000000",
    "leading_zeros": "07 00000000 000001 0201",
    "no_start_later": "03 000001 6588 00000005",
    "inner_start": "00 00000009 6588 000001 65888400",
    "sei_messages": "00 0000000e 06 0405 000003 000003 01 0601c0 80",
    "sei_endless": "00 00000005 06ffffffff",
    "h265_half_header": "04 00000001 26",
    "h265_layer": "04 00000004 03016080",
}

BAD_JPEG = {
    "no_soi": "ffdb0002",
    "no_marker": "ffd8 00ffd9",
    "second_soi": "ffd8 ffd8",
    "restart_outside": "ffd8 ffd3",
    "short_length": "ffd8 ffdb0001",
    "beyond_end": "ffd8 ffdb000401",
    "open_scan": "ffd8 ffda0002 0102ff",
    "two_scans_and_fill": "ffd8 ffffdb0002 ffda0002 01 ffffda0002 0102 ffffffd9 0909",
    "restarts": "ffd8 fffe000307 ffda0002 11ff00ffd022ffd73344 ffd9",
}


def jpeg_seeds(folder, work):
    for name, arguments in (("optimal", []), ("standard", ["-huffman", "default"])):
        path = f"{work}/{name}.jpg"
        run("ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=32x32", "-frames:v", "1",
            "-q:v", "12", "-pix_fmt", "yuvj420p", *arguments, path)
        write(folder, "jpeg", name, open(path, "rb").read())


def main():
    folder = sys.argv[1]
    with tempfile.TemporaryDirectory() as work:
        stream_seeds(folder, work)
        jpeg_seeds(folder, work)
    for name, text in BAD_NAL.items():
        write(folder, "nal", "bad_" + name, bytes.fromhex(text))
        sample = bytes.fromhex(text)
        if sample[0] & 3 == 0:
            write(folder, "light_plan", "bad_" + name, bytes([sample[0] >> 2]) + chunk(b"\0" + sample[1:]))
    for name, text in BAD_JPEG.items():
        write(folder, "jpeg", "bad_" + name, bytes.fromhex(text))


main()
