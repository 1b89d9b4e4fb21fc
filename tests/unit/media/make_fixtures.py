#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes encoder_streams.h: parameter sets and slice headers as libx264 and libx265 write them, with
what FFmpeg's trace_headers reads in them: an independent implementation's opinion.

    python3 make_fixtures.py > encoder_streams.h
"""
import re
import subprocess
import sys
import tempfile

SCENE = "testsrc2=s=320x240:r=10,noise=alls=20:allf=t:all_seed=1"
FADE = "testsrc2=s=320x240:r=10,fade=in:0:20"
PREFIX = 32
SLICES = 5
STREAMS = [
    # name, codec, scene, pixel format, encoder arguments
    ("h264_p", "h264", SCENE, "yuv420p", ["-g", "8", "-bf", "0"]),
    ("h264_b", "h264", SCENE, "yuv420p",
     ["-g", "10", "-bf", "3", "-refs", "4", "-x264-params", "b-adapt=0:weightp=2:weightb=1:b-pyramid=normal"]),
    ("h264_weighted", "h264", FADE, "yuv420p", ["-x264-params", "weightp=2:bframes=0"]),
    ("h264_slices", "h264", SCENE, "yuv420p", ["-g", "8", "-bf", "0", "-slices", "4"]),
    ("h264_interlaced", "h264", SCENE, "yuv420p", ["-g", "8", "-bf", "1", "-flags", "+ilme+ildct"]),
    ("h264_cavlc", "h264", SCENE, "yuv420p", ["-g", "8", "-bf", "1", "-coder", "0"]),
    ("h264_matrices", "h264", SCENE, "yuv420p",
     ["-x264-params", "cqm=jvt:8x8dct=1:nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500:pic-struct=1"]),
    ("h264_444", "h264", SCENE, "yuv444p", ["-g", "8", "-bf", "1"]),
    ("h264_lossless", "h264", SCENE, "yuv420p", ["-g", "8", "-bf", "0", "-qp", "0"]),
    ("h265_p", "hevc", SCENE, "yuv420p", ["-x265-params", "wpp=0:keyint=8:bframes=0"]),
    ("h265_b", "hevc", SCENE, "yuv420p",
     ["-x265-params", "wpp=0:keyint=12:bframes=3:b-pyramid=1:ref=4:weightb=1:open-gop=1"]),
    ("h265_weighted", "hevc", FADE, "yuv422p10", ["-x265-params", "wpp=0:bframes=2:weightb=1"]),
    ("h265_wavefront", "hevc", SCENE, "yuv420p", ["-x265-params", "wpp=1:slices=2:keyint=8:bframes=0:ctu=16"]),
    ("h265_hrd", "hevc", SCENE, "yuv420p",
     ["-b:v", "400k", "-x265-params",
      "wpp=0:hrd=1:vbv-maxrate=500:vbv-bufsize=500:temporal-layers=1:scaling-list=default:keyint=8"]),
    ("h265_lossless", "hevc", SCENE, "yuv420p", ["-x265-params", "wpp=0:lossless=1:keyint=8:bframes=0"]),
]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)


def encode(folder, name, codec, scene, pixels, arguments):
    path = f"{folder}/{name}.mp4"
    library = "libx264" if codec == "h264" else "libx265"
    quiet = [a + ":info=0:log-level=none" if codec == "hevc" and "wpp" in a else a for a in arguments]
    run("ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", scene, "-frames:v", "24",
        "-pix_fmt", pixels, "-c:v", library, *quiet, "-threads", "1", path)
    return path


def configuration(path, codec):
    data = open(path, "rb").read()
    box = data.index(b"avcC" if codec == "h264" else b"hvcC")
    size = int.from_bytes(data[box - 4:box], "big")
    return data[box + 4:box - 4 + size]


def nal_units(path, codec):
    out = run("ffmpeg", "-nostdin", "-v", "error", "-i", path, "-c", "copy", "-f", codec, "-").stdout
    parts = re.split(rb"\x00\x00\x00\x01|\x00\x00\x01", out)[1:]
    return [p.rstrip(b"\x00") for p in parts]


def traced_slices(path, codec):
    """One dictionary per slice: syntax element to value, and 'end', in bits of the NAL unit."""
    text = run("ffmpeg", "-nostdin", "-hide_banner", "-i", path, "-c", "copy", "-bsf:v",
               "trace_headers", "-f", "null", "-").stderr.decode()
    slices, current = [], None
    for line in text.splitlines():
        line = re.sub(r"^\[trace_headers @ \w+\] ", "", line)
        if re.match(r"Slice (Segment )?Header", line):
            current = {}
            slices.append(current)
        element = re.match(r"(\d+) +(\S+) +([01]+) = (-?\d+)$", line)
        if element and current is not None:
            position, name, bits, value = element.groups()
            current.setdefault(name, int(value))
            current["end"] = int(position) + len(bits)
        elif not element:
            current = current if re.match(r"Slice (Segment )?Header", line) else None
    return slices


def header_bits(traced, codec, aligned):
    header = 8 if codec == "h264" else 16
    end = traced["end"]
    if codec == "hevc" and end % 8 == 0 and "alignment_bit_equal_to_one" not in traced:
        end += 1
    return ((end + 7) // 8 * 8 if aligned else end) - header


def as_bytes(data):
    return ", ".join(f"0x{b:02x}" for b in data)


def wrapped(data):
    rows = [as_bytes(data[i:i + 16]) for i in range(0, len(data), 16)]
    return "    " + ",\n    ".join(rows)


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by make_fixtures.py; do not edit. */")
    print("/* clang-format off */")
    streams = []
    with tempfile.TemporaryDirectory() as folder:
        for name, codec, scene, pixels, arguments in STREAMS:
            path = encode(folder, name, codec, scene, pixels, arguments)
            vcl = (1, 5) if codec == "h264" else range(32)
            kind = (lambda n: n[0] & 31) if codec == "h264" else (lambda n: n[0] >> 1 & 63)
            units = [n for n in nal_units(path, codec) if kind(n) in vcl]
            traces = traced_slices(path, codec)
            if len(units) != len(traces):
                sys.exit(f"{name}: {len(units)} slices, {len(traces)} of them traced")
            seen, rows = {}, []
            for unit, traced in zip(units, traces):
                key = (kind(unit), traced["slice_type"])
                seen[key] = seen.get(key, 0) + 1
                if seen[key] > 2 or len(rows) >= SLICES:
                    continue
                first = traced.get("first_mb_in_slice", traced.get("slice_segment_address", 0))
                bits = header_bits(traced, codec, name != "h264_cavlc")
                slice_type = traced["slice_type"] % 5 if codec == "h264" else traced["slice_type"]
                rows.append((unit[:PREFIX], slice_type, first, bits, traced["slice_qp_delta"]))
            print(f"\nstatic const uint8_t {name}_config[] = {{\n{wrapped(configuration(path, codec))} }};")
            print(f"static const encoder_slice {name}_slices[] = {{")
            for data, slice_type, first, bits, delta in rows:
                print(f"  {{ {slice_type}, {first}, {bits}, {delta}, {{\n{wrapped(data)} }} }},")
            print("};")
            streams.append((name, "SVMS_CODEC_H264" if codec == "h264" else "SVMS_CODEC_H265", len(rows)))
    print("\nstatic const encoder_stream encoder_streams[] = {")
    for name, codec, count in streams:
        print(f'  {{ "{name}", {codec}, {name}_config, sizeof {name}_config, {name}_slices, {count} }},')
    print("};")


main()
