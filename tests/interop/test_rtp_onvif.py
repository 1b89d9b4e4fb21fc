# SPDX-License-Identifier: Apache-2.0
"""What ONVIF Streaming adds to payload formats, against Python written from its text: JPEG whose segments travel in header
extensions, and metadata in gzip. FFmpeg decodes the pictures."""
import gzip
import os
import shutil
import struct
import subprocess
import sys
import unittest

import onvif_jpeg
from onvif_jpeg import DHT, DQT, DRI, EOI, FRAMES, SOS, Packets, Picture, padded

PEER = os.environ["SVMS_RTP_PEER"]
SKIPPED = 77
TIMEOUT = 120
MALFORMED, LIMIT = 2, 4


def ffmpeg(*arguments, data=b""):
    return subprocess.run(["ffmpeg", "-v", "error", *arguments], check=True, timeout=TIMEOUT, input=data,
                          capture_output=True).stdout


def drawn(size, huffman="optimal", pixels="yuvj420p", count=3):
    """Pictures of FFmpeg's, which have Huffman tables of their own unless they are to have the default ones."""
    raw = ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=5:duration=9", "-pix_fmt", pixels, "-frames:v", str(count),
                 "-c:v", "mjpeg", "-huffman", huffman, "-q:v", "4", "-f", "mjpeg", "-")
    out = [b"\xff\xd8\xff" + picture for picture in raw.split(b"\xff\xd8\xff")[1:]]
    assert len(out) == count
    return out


def shown(images):
    """A digest of each picture, decoded from a stream of its own."""
    return [ffmpeg("-f", "mjpeg", "-i", "-", "-f", "md5", "-", data=image) for image in images]


def unpack(rtpmap, framed):
    done = subprocess.run([PEER, "unpack", "96", rtpmap, "-"], input=framed, capture_output=True, timeout=TIMEOUT, check=True)
    out, at = [], 0
    while at < len(done.stdout):
        size = struct.unpack_from(">I", done.stdout, at)[0]
        out.append(done.stdout[at + 4:at + 4 + size])
        at += 4 + size
    return out, [tuple(map(int, line.split()[1:])) for line in done.stderr.decode().splitlines() if line.startswith("GAP")]


def pack(what, samples):
    lines = b"".join(struct.pack(">IqB", len(data), 9000 * number, 1) + data for number, data in enumerate(samples))
    done = subprocess.run([PEER, "pack", "96", what, "0", "0", "1", "90000", "-"], input=lines, capture_output=True,
                          timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    out, at = [], 0
    while at < len(done.stdout):
        size = struct.unpack_from(">H", done.stdout, at + 1)[0]
        if done.stdout[at:at + 1] == b"D":
            out.append(done.stdout[at + 3:at + 3 + size])
        at += 3 + size
    return out


class Jpeg(unittest.TestCase):
    def check_shown(self, packets, images):
        got, gaps = unpack("JPEG/90000", packets.framed())
        self.assertEqual(gaps, [])
        self.assertEqual(shown(got), shown(images))

    def test_pictures_whose_segments_are_all_there_come_back_byte_by_byte(self):
        for size, pixels, replay in (("2560x1440", "yuvj420p", False), ("322x242", "yuvj422p", True)):
            images, packets = drawn(size, pixels=pixels), Packets(replay=replay)
            for image in images:
                picture = Picture(image)
                sides = (0, 0) if picture.width > 2040 else None
                packets.picture(picture, padded(picture.said()), sides)
            got, gaps = unpack("JPEG/90000", packets.framed())
            self.assertEqual(gaps, [])
            self.assertEqual(got, images)

    def test_header_packets_and_scans_may_come_apart(self):
        images, packets = drawn("322x242"), Packets()
        for image in images:
            picture = Picture(image)
            packets.picture(picture, padded(picture.said()), header_in_all=True, tail=b"\xff\xff\xff\xd9")
        self.check_shown(packets, images)

    def test_what_a_picture_lacks_is_that_of_the_one_before(self):
        images, packets = drawn("322x242"), Packets()
        picture = Picture(images[0])
        packets.picture(picture, padded(picture.said()))
        huffman = picture.said(without=FRAMES | {DQT, DRI, SOS, 0xE0, 0xFE})
        for image in images[1:]:
            picture = Picture(image)
            own = picture.said(without=FRAMES | {DQT, SOS, 0xE0, 0xFE})
            packets.picture(picture, padded(own) if own != huffman else b"", sides=(0, 0))
        self.check_shown(packets, images)

    def test_huffman_tables_are_those_of_the_annex_before_any_came(self):
        images, packets = drawn("320x240", huffman="default"), Packets()
        for image in images:
            picture = Picture(image)
            packets.picture(picture, padded(picture.said(without={DHT})))
        self.check_shown(packets, images)

    def test_rtp_says_what_segments_do_not(self):
        images, packets = drawn("320x240"), Packets()
        for image in images:
            picture = Picture(image)
            tables = next(bytes_ for marker, bytes_ in picture.segments if marker == DQT)[5:]
            own = picture.said(without=FRAMES | {DQT, SOS, DRI})
            packets.picture(picture, padded(own), q=255, tables=tables)
        self.check_shown(packets, images)

    def test_after_a_hole_nothing_is_taken_from_before(self):
        images, packets = drawn("322x242"), Packets()
        for number, image in enumerate(images):
            picture = Picture(image)
            packets.picture(picture, padded(picture.said() if number == 0 else picture.said(without={DQT})))
        # The second picture loses its first packet: the third has no tables that are known.
        starts = [number for number, packet in enumerate(packets.out) if packet[12:14] == b"\xff\xd8"]
        del packets.out[starts[1]]
        got, gaps = unpack("JPEG/90000", packets.framed())
        self.assertEqual(shown(got), shown(images[:1]))
        self.assertEqual(sum(lost for _, lost, _ in gaps), 1)
        self.assertEqual(sum(dropped for _, _, dropped in gaps), len(packets.out) - starts[1])

    def test_what_we_send_is_the_source_byte_by_byte(self):
        for size, pixels in (("2560x1440", "yuvj420p"), ("322x242", "yuvj422p")):
            images = drawn(size, pixels=pixels)
            packets = pack("jpeg", images)
            self.assertLessEqual(max(map(len, packets)), 1200)
            got = onvif_jpeg.pictures_of(packets)
            self.assertEqual(len(got), len(images))
            for ours, theirs in zip(got, images):
                picture = Picture(theirs)
                self.assertEqual(ours, b"\xff\xd8" + padded(picture.said()) + picture.scan + b"\xff\xd9")
            self.assertEqual(shown(got), shown(images))

    def test_pictures_of_rfc_2435_are_sent_without_extension(self):
        for packet in pack("jpeg", drawn("320x240", huffman="default")):
            self.assertEqual(packet[0], 0x80)


class Metadata(unittest.TestCase):
    def framed(self, *documents):
        out, sequence = b"", 1
        for number, document in enumerate(documents):
            for at in range(0, len(document), 1000):
                part = document[at:at + 1000]
                packet = struct.pack(">BBHII", 0x80, (at + 1000 >= len(document)) << 7 | 96, sequence, 3000 * number, 1) + part
                out += b"D" + struct.pack(">H", len(packet)) + packet
                sequence += 1
        return out

    def test_documents_in_gzip_come_back(self):
        texts = [b"<?xml version='1.0'?><tt:MetadataStream xmlns:tt='x'>" + os.urandom(3000).hex().encode() + b"</tt:MetadataStream>",
                 b"<a/>", b"<b>" + b"x" * 100000 + b"</b>"]
        members = gzip.compress(texts[1][:2]) + gzip.compress(texts[1][2:])
        got, gaps = unpack("vnd.onvif.metadata+gzip/90000", self.framed(gzip.compress(texts[0]), members,
                                                                       gzip.compress(texts[2])))
        self.assertEqual((got, gaps), (texts, []))

    def test_a_document_that_swells_is_a_gap_that_says_so(self):
        bomb = gzip.compress(b"<a>" + bytes(64 << 20), 9)
        self.assertLess(len(bomb), 100000)
        got, gaps = unpack("vnd.onvif.metadata+gzip/90000", self.framed(bomb, gzip.compress(b"<a/>")))
        self.assertEqual(got, [b"<a/>"])
        self.assertEqual([gap[0] for gap in gaps], [LIMIT])

    def test_damaged_documents_are_gaps(self):
        good = gzip.compress(b"<a>" + os.urandom(2000).hex().encode() + b"</a>")
        flipped = bytearray(good)
        flipped[len(good) // 2] ^= 0x10
        for bad in (good[:-1], good[:500], bytes(flipped), good[:-8] + bytes(8), good + b"x", good + good[:10]):
            got, gaps = unpack("vnd.onvif.metadata+gzip/90000", self.framed(gzip.compress(b"<b/>"), bad,
                                                                           gzip.compress(b"<c/>")))
            self.assertEqual(got, [b"<b/>", b"<c/>"])
            self.assertEqual([gap[0] for gap in gaps], [MALFORMED])

    def test_what_we_pack_python_unpacks(self):
        texts = [b"<a/>", b"<b>" + os.urandom(5000).hex().encode() + b"</b>"]
        documents, part = [], b""
        for packet in pack("vnd.onvif.metadata+gzip/90000", texts):
            part += packet[12:]
            if packet[1] & 0x80:
                documents.append(gzip.decompress(part))
                part = b""
        self.assertEqual((documents, part), (texts, b""))


if __name__ == "__main__":
    if not shutil.which("ffmpeg"):
        print("SKIPPED: ffmpeg is not installed (examples/packages.sh install build)")
        sys.exit(SKIPPED)
    unittest.main()
