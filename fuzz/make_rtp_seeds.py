#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_rtp and fuzz_rtcp: a few packets of each format, and RTCP.
Usage: make_rtp_seeds.py CORPUS_FOLDER"""
import gzip
import pathlib
import struct
import sys


def rtp(sequence, when, payload, marker=0, ssrc=1, kind=96):
    return struct.pack(">BBHII", 0x80, marker << 7 | kind, sequence, when, ssrc) + payload


def framed(*packets):
    """Packets as fuzz_rtp wants them, 20 ms apart; tuples are RTCP."""
    return b"".join(struct.pack(">HB", len(p[0]) | 0x8000, 20) + p[0] if isinstance(p, tuple)
                    else struct.pack(">HB", len(p), 20) + p for p in packets)


def segment(marker, *values):
    return struct.pack(">BBH", 0xFF, marker, 2 + len(values)) + bytes(values)


def extended(sequence, when, profile, segments, payload, marker=0):
    """With ONVIF's header extension."""
    segments = b"\xff" * (-len(segments) % 4) + segments
    head = struct.pack(">BBHIIHH", 0x90, marker << 7 | 96, sequence, when, 1, profile, len(segments) // 4)
    return head + segments + payload


GREY = (segment(0xDB, 0, *range(1, 65)) + segment(0xC0, 8, 0, 16, 0, 17, 1, 7, 0x11, 0) +
        segment(0xC4, 0, 1, *bytes(16)) + segment(0xC4, 0x10, 1, *bytes(16)) + segment(0xDD, 0, 4))
SCAN = segment(0xDA, 1, 7, 0, 0, 63, 0)
UNSAID = bytes([0, 0, 0, 0, 1, 0, 0, 0])

REPORT = struct.pack(">BBHIQIII", 0x80, 200, 6, 1, 0xEEAD3BA080000000, 3000, 1, 100)
CNAME = struct.pack(">BBHIBB4sH", 0x81, 202, 3, 1, 1, 4, b"came", 0)
BYE = struct.pack(">BBHI", 0x81, 203, 1, 1)
BLOCK = struct.pack(">IBBHIIII", 1, 2, 0, 3, 4, 5, 6, 7)
RR = struct.pack(">BBHI", 0x81, 201, 7, 2) + BLOCK
PLI = struct.pack(">BBHII", 0x81, 206, 2, 2, 1)

RTP = {
    "h264": b"\x00" + framed(rtp(1, 0, b"\x78\0\x02\x09\x10\0\x03\x65xy", 1), rtp(2, 3000, b"\x7c\x85ab"),
                             (REPORT + CNAME,), rtp(3, 3000, b"\x7c\x45cd", 1), rtp(5, 6000, b"\x41abc", 1)),
    "h265": b"\x41" + framed(rtp(1, 0, b"\x60\x01\0\x03\x40\x01V\0\x04\x42\x01SS"), rtp(2, 0, b"\x62\x01\x93ab"),
                             rtp(3, 0, b"\x62\x01\x53cd", 1), rtp(4, 3000, b"\x02\x01ab", 1)),
    "aac": b"\x02" + framed(rtp(1, 0, b"\0\x30\0\x10\0\x08\0\x18aabccc", 1), rtp(2, 3072, b"\0\x10\0\x38abc"),
                            rtp(3, 3072, b"\0\x10\0\x38defg", 1)),
    "lbr": b"\x03" + framed(rtp(1, 0, b"\0\x10\x08\x04aab", 1)),
    "sound": b"\x24" + framed(rtp(65535, 0, b"abcd"), rtp(0, 2, b"efgh"), rtp(3, 4, b"ij"), rtp(2, 4, b"late")),
    "jpeg": b"\x05" + framed(rtp(1, 0, bytes([0, 0, 0, 0, 1, 200, 2, 2, 0, 0, 0, 128]) + bytes(128) + b"abc", 1),
                             rtp(2, 3000, bytes([0, 0, 0, 0, 65, 50, 2, 2, 0, 7, 0xFF, 0xFF]) + b"abc"),
                             rtp(3, 3000, bytes([0, 0, 0, 3, 65, 50, 2, 2, 0, 7, 0xFF, 0xFF]) + b"def", 1)),
    "segments": b"\x05" + framed(extended(1, 0, 0xFFD8, GREY, UNSAID), extended(2, 0, 0xFFFF, SCAN, UNSAID + b"ab"),
                                 extended(3, 0, 0xFFFF, b"\xff\xd9", b"", 1),
                                 extended(4, 3000, 0xFFD8, SCAN, UNSAID + b"cd", 1),
                                 extended(5, 6000, 0xFFD8, b"", bytes([0, 0, 0, 0, 1, 50, 2, 2]) + b"e", 1)),
    "gzip": b"\x08" + framed(rtp(1, 0, gzip.compress(b"<a/>", mtime=0), 1), rtp(2, 0, gzip.compress(b"<b/>", mtime=0)[:20]),
                             rtp(3, 0, gzip.compress(b"<b/>", mtime=0)[20:] + gzip.compress(b"x", mtime=0), 1),
                             rtp(4, 0, gzip.compress(bytes(30000), mtime=0), 1)),
    "metadata": b"\x06" + framed(rtp(1, 0, b"<a>"), rtp(2, 0, b"</a>", 1)),
    "sets": b"\x07" + framed(rtp(1, 0, bytes.fromhex("6742000b9653058988")), rtp(2, 0, b"\x65k", 1)),
    "sources": b"\x04" + framed(rtp(1, 0, b"ab"), rtp(9, 0, b"ab", ssrc=2), rtp(10, 0, b"ab", ssrc=2), (RR + BYE,),
                                rtp(40000, 0, b"ab", ssrc=2), rtp(40001, 0, b"ab", ssrc=2)),
    "replay": b"\x06" + framed(struct.pack(">BBHIIHHQBBH", 0x90, 0xE0, 1, 0, 1, 0xABAC, 3, 0xEEAD3BA080000000, 0xA0, 7,
                                           0) + b"<a/>"),
}
RTCP = {"report": REPORT + CNAME, "bye": RR + CNAME + BYE, "pli": RR + PLI,
        "padded": RR + struct.pack(">BBHI4s", 0xA1, 203, 2, 1, b"\0\0\0\4")}


def main():
    for name, seeds in (("rtp", RTP), ("rtcp", RTCP)):
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for seed, data in seeds.items():
            (folder / seed).write_bytes(data)


if __name__ == "__main__":
    main()
