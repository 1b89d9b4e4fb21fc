#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What comes back is what was recorded: codec, order, time stamps and bytes, by FFmpeg's word."""

import os
import struct
import subprocess
import unittest

from system_case import (EVIDENCE, GOOD, PROGRAM, SystemCase, TIMEOUT, USAGE, ffmpeg, main, make_clip, packets,
                         real_clips)

# Codecs of a synthetic scene, and the type of file it is put into.
FORMATS = {
    "b-frames.mp4": ("-c:v", "libx264", "-bf", "2", "-g", "10", "-c:a", "aac"),
    "h265-b-frames.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-c:a", "aac"),
    "mjpeg-pcm.mkv": ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "mpeg4-alaw.mkv": ("-c:v", "mpeg4", "-c:a", "pcm_alaw"),
    "mpeg4-mulaw.mkv": ("-c:v", "mpeg4", "-c:a", "pcm_mulaw"),
    "mpeg4-mp3.mkv": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "mpeg2-ac3.mkv": ("-c:v", "mpeg2video", "-bf", "0", "-c:a", "ac3", "-ar", "48000"),
    "vp8-vorbis.mkv": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"),
    "h264-flac.mkv": ("-c:v", "libx264", "-bf", "0", "-c:a", "flac"),
}

# Framings that MP4 has not: compared with what FFmpeg itself makes of them.
STREAMS = {
    "annexb.ts": ("-c:v", "libx264", "-bf", "2", "-g", "10", "-c:a", "aac"),
    "annexb-h265.ts": ("-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "aac"),
    "elementary.h264": ("-c:v", "libx264", "-bf", "0", "-g", "10", "-an"),
}


def stored(lines):
    """Without what a recording has no place for: aspect ratio of the file, trimming of sound."""
    return [line.split(", S=")[0] for line in lines if not line.startswith("#sar")]


def boxes(content, start, end):
    """(type, start of the payload, end) of the boxes of an MP4 file."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        yield kind, start + 8, start + size
        start += size


def find_box(content, path):
    """The payload of the first box below each name of the path."""
    start, end = 0, len(content)
    for name in path.split("/"):
        start, end = next((at, to) for kind, at, to in boxes(content, start, end) if kind == name.encode())
    return start


def two_byte_lengths(content):
    """An MP4 file with one H.264 track, its NAL units with lengths of two bytes instead of four.

    Samples only shrink, so every chunk stays where it is."""
    content = bytearray(content)
    table = "moov/trak/mdia/minf/stbl"
    sizes = find_box(content, f"{table}/stsz")
    chunks = find_box(content, f"{table}/stco")
    groups = find_box(content, f"{table}/stsc")
    count, = struct.unpack_from(">I", content, groups + 4)
    runs = [struct.unpack_from(">III", content, groups + 8 + 12 * i) for i in range(count)]
    sample = 0
    for chunk in range(struct.unpack_from(">I", content, chunks + 4)[0]):
        reading = writing = struct.unpack_from(">I", content, chunks + 8 + 4 * chunk)[0]
        for _ in range(next(per for first, per, _ in reversed(runs) if chunk + 1 >= first)):
            end = reading + struct.unpack_from(">I", content, sizes + 12 + 4 * sample)[0]
            begun = writing
            while reading < end:
                length, = struct.unpack_from(">I", content, reading)
                unit = struct.pack(">H", length) + content[reading + 4:reading + 4 + length]
                content[writing:writing + len(unit)] = unit
                reading, writing = reading + 4 + length, writing + len(unit)
            struct.pack_into(">I", content, sizes + 12 + 4 * sample, writing - begun)
            sample += 1
    content[content.index(b"avcC") + 4 + 4] &= 0xFD
    return bytes(content)


class RoundTrip(SystemCase):
    """By key: a password costs half a second each time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kek = os.path.join(cls.shared, "kek.pem")
        subprocess.run([PROGRAM, "kek", "new", "--out", cls.kek], check=True, capture_output=True, timeout=TIMEOUT)

    def record(self, name="a.svms", *extra, **options):
        opens = () if {"--protect", "--kek"} & set(extra) else ("--kek", self.kek)
        return super().record(name, *opens, *extra, **options)

    def extract(self, status, name, out, *extra):
        return self.expect(status, "extract", name, "--out", out, "--kek", self.kek, *extra)

    def reference(self, clip, kind, *extra):
        """What FFmpeg's own copy of a clip into that type of file holds."""
        path = self.path(f"reference.{kind}")
        ffmpeg("-i", clip, "-map", "0:v", "-map", "0:a?", "-c", "copy", *extra, path)
        return packets(path)

    def round_trip(self, clip, kind, *extra):
        self.record("a.svms", *extra, "--force", clip=clip)
        self.assertEqual(self.verify("a.svms")["verdict"], "authentic")
        self.extract(GOOD, "a.svms", f"a.{kind}", "--trust", self.ca, "--force")
        return packets(self.path(f"a.{kind}"))

    def test_every_clip_in_every_mode_comes_back_as_it_was(self):
        for clip in real_clips() or [self.clip]:
            source = packets(clip)
            for mode in ("strong", "light", "none"):
                with self.subTest(clip=os.path.basename(clip), mode=mode):
                    opens = () if mode == "none" else ("--kek", self.kek)
                    back = self.round_trip(clip, "mp4", "--protect", mode, *opens)
                    self.assertEqual(back, source)

    def test_matroska_holds_what_ffmpeg_would_put_into_it(self):
        for clip in real_clips() or [self.clip]:
            with self.subTest(clip=os.path.basename(clip)):
                self.assertEqual(self.round_trip(clip, "mkv"), self.reference(clip, "mkv"))

    def test_other_codecs_come_back_as_they_were(self):
        for name, codecs in FORMATS.items():
            with self.subTest(name):
                clip = make_clip(self.path(name), *codecs, seconds=3)
                kind = name.rsplit(".", maxsplit=1)[-1]
                back = self.round_trip(clip, kind)
                self.assertEqual(stored(back), stored(packets(clip)))

    def test_start_codes_and_adts_become_what_ffmpeg_makes_of_them(self):
        for name, codecs in STREAMS.items():
            with self.subTest(name):
                clip = make_clip(self.path(name), *codecs, seconds=3)
                back = self.round_trip(clip, "mp4")
                extra = ("-tag:v", "hvc1") if "h265" in name else ()
                reference = self.reference(clip, "mp4", *extra)
                if "h265" in name:  # FFmpeg keeps zero bytes that are not part of NAL units
                    back, reference = [[line.split(",")[:4] for line in lines] for lines in (back, reference)]
                self.assertEqual(back, reference)

    def test_two_byte_lengths_become_four_bytes(self):
        clip = make_clip(self.path("four.mp4"), "-c:v", "libx264", "-bf", "0", "-g", "10", "-an", seconds=3)
        with open(clip, "rb") as file:
            short = self.store("two.mp4", two_byte_lengths(file.read()))
        self.assertNotEqual(packets(short), packets(clip))
        self.assertEqual(self.round_trip(short, "mp4"), packets(clip))

    def test_subtitles_come_back(self):
        self.store("words.srt", b"1\n00:00:00,500 --> 00:00:02,000\nhello\n\n"
                                b"2\n00:00:02,500 --> 00:00:03,000\nworld\n")
        clip = self.path("subtitled.mkv")
        ffmpeg("-i", self.clip, "-i", self.path("words.srt"), "-map", "0", "-map", "1", "-c", "copy", clip)
        back = self.round_trip(clip, "mkv")
        self.assertEqual(back, packets(clip))
        self.assertIn("#codec_id 2: subrip", back)

    def test_standard_input_is_an_input(self):
        with open(self.clip, "rb") as file:
            self.record("a.svms", "--force", clip="-", stdin=file)
        piped = self.path("piped.ts")
        ffmpeg("-i", self.clip, "-c", "copy", piped)
        with subprocess.Popen(["cat", piped], stdout=subprocess.PIPE) as cat:
            self.record("b.svms", clip="-", stdin=cat.stdout)
        self.extract(GOOD, "b.svms", "b.mp4")
        self.assertEqual(len(packets(self.path("b.mp4"))), len(self.reference(piped, "mp4")))

    def test_a_codec_the_file_type_cannot_carry_is_refused_before_anything_is_written(self):
        clip = make_clip(self.path("alaw.mkv"), "-c:v", "mpeg4", "-c:a", "pcm_alaw", seconds=1)
        self.record("a.svms", clip=clip)
        run = self.extract(USAGE, "a.svms", "a.mp4")
        self.assertIn("A-law", run.err)
        self.assertNotIn("a.mp4", self.files())

    def test_an_unknown_codec_is_recorded_and_its_extraction_refused(self):
        clip = make_clip(self.path("ffv1.mkv"), "-c:v", "ffv1", "-an", seconds=1)
        self.record("a.svms", clip=clip)
        self.assertEqual(self.verify("a.svms")["verdict"], "authentic")
        run = self.extract(USAGE, "a.svms", "a.mkv")
        self.assertIn("does not know its codec", run.err)

    def test_unsigned_media_come_back_only_on_request(self):
        self.expect(GOOD, "record", self.clip, "--out", "a.svms", "--unsigned", "--protect", "none")
        self.assertEqual(self.verify("a.svms", status=EVIDENCE)["identity"]["verdict"], "unsigned")
        self.extract(EVIDENCE, "a.svms", "a.mp4")
        self.assertEqual(self.files(), ["a.svms"])
        run = self.extract(GOOD, "a.svms", "a.mp4", "--allow-unverified")
        self.assertIn("not signed", run.err)
        self.assertEqual(packets(self.path("a.mp4")), packets(self.clip))


class Recipients(SystemCase):
    def make_key(self, name, *algorithm):
        key, public = self.path(f"{name}.pem"), self.path(f"{name}-public.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", *algorithm, "-out", key], check=True,
                       capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
        os.chmod(key, 0o600)
        return key, public

    def test_password_and_every_key_open_the_same_recording(self):
        p256 = self.make_key("p256", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        x25519 = self.make_key("x25519", "X25519")
        self.record("a.svms", "--recipient", p256[1], "--recipient", x25519[1],
                    "--password-file", self.password_file)
        source = packets(self.clip)
        for opens in (("--identity", p256[0]), ("--identity", x25519[0]),
                      ("--password-file", self.password_file)):
            with self.subTest(opens=opens):
                self.expect(GOOD, "extract", "a.svms", "--out", "a.mp4", "--force", *opens)
                self.assertEqual(packets(self.path("a.mp4")), source)
        access = self.expect(GOOD, "info", "a.svms", "--json", "--identity", x25519[0]).json()["access"]
        self.assertEqual((access["passwords"], access["keys"], access["unlocked"]), (1, 2, True))

    def test_a_certificate_is_a_recipient(self):
        self.record("a.svms", "--recipient", os.path.join(self.identity, "cert.pem"))
        self.expect(GOOD, "extract", "a.svms", "--out", "a.mp4", "--identity",
                    os.path.join(self.identity, "key.pem"))
        self.assertEqual(packets(self.path("a.mp4")), packets(self.clip))

    def test_another_key_does_not_open_it(self):
        _, public = self.make_key("right", "X25519")
        wrong, _ = self.make_key("wrong", "X25519")
        self.record("a.svms", "--recipient", public)
        self.expect(EVIDENCE, "extract", "a.svms", "--out", "a.mp4", "--identity", wrong)
        report = self.verify("a.svms", "--identity", wrong, status=EVIDENCE)
        self.assertEqual((report["verdict"], report["access"]["verdict"]), ("undecryptable", "wrong_key"))
        self.assertEqual(self.verify("a.svms")["access"]["verdict"], "not_tried")

    def test_the_device_name_is_shown_only_to_who_can_open(self):
        self.record("a.svms", "--device", "Front door, café")
        locked = self.expect(GOOD, "info", "a.svms", "--json").json()
        opened = self.expect(GOOD, "info", "a.svms", "--json", "--password-file", self.password_file).json()
        self.assertIsNone(locked["device_name"])
        self.assertEqual(opened["device_name"], "Front door, café")
        self.assertNotIn(b"Front door", self.load("a.svms"))
        self.record("b.svms", "--device", "Front door, café")
        again = self.expect(GOOD, "info", "b.svms", "--json").json()
        self.assertEqual(again["device_id"], locked["device_id"])
        self.assertNotEqual(again["container_id"], locked["container_id"])


if __name__ == "__main__":
    unittest.TestCase.maxDiff = 2000
    main()
