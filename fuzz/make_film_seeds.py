#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for fuzz_film: films of the second implementation, and of ffmpeg: make_film_seeds.py"""
import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(here.parent / "tests" / "vectors"))
import mp4_file  # noqa: E402

folder = here / "corpus" / "film"
PICTURES = {"kind": "video", "codec": b"avc1", "scale": 90000, "samples": [(b"one", 9000), (b"second", 9000)]}
SOUND = {"kind": "audio", "codec": b"ulaw", "scale": 8000, "samples": [(b"abcd", 4), (b"", 4), (b"ef", 2)]}
CLIPS = {
    "h264": ("-c:v", "libx264", "-bf", "2", "-c:a", "aac"),
    "h265": ("-c:v", "libx265", "-x265-params", "log-level=none", "-an"),
    "mjpeg": ("-c:v", "mjpeg", "-q:v", "31", "-an"),
    "faststart": ("-c:v", "libx264", "-movflags", "faststart", "-an"),
    "fragments": ("-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov", "-an"),
}


def clip(codecs):
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "clip.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=gray:size=32x32:rate=5", "-f",
                        "lavfi", "-i", "anullsrc=sample_rate=8000:cl=mono", "-t", "1", "-pix_fmt", "yuvj420p", *codecs,
                        "-fflags", "+bitexact", str(path)], check=True)
        return path.read_bytes()


def with_texts(film, *parts):
    """The same with 'udta' at the end of its movie, which is the last box."""
    texts = mp4_file.box(b"udta", *parts)
    place = film.rindex(b"moov") - 4
    size = int.from_bytes(film[place:place + 4], "big") + len(texts)
    return film[:place] + size.to_bytes(4, "big") + film[place + 4:] + texts


def tags(kind, form, text):
    item = mp4_file.box(kind, mp4_file.box(b"data", form.to_bytes(4, "big"), bytes(4), text))
    handler = mp4_file.full(b"hdlr", bytes(4), b"mdir", bytes(13))
    return mp4_file.full(b"meta", handler, mp4_file.box(b"ilst", item))


folder.mkdir(parents=True, exist_ok=True)
PLAIN = mp4_file.make([PICTURES])
(folder / "made-texts").write_bytes(with_texts(PLAIN, tags(b"\xa9nam", 1, b"words")))
(folder / "made-texts-name").write_bytes(with_texts(PLAIN, tags(b"\xa9nam", 1, b"words"), mp4_file.box(b"name", b"words")))
(folder / "made-cover").write_bytes(with_texts(PLAIN, tags(b"covr", 13, b"\xff\xd8\xff")))
for name, tracks in {"pictures": [PICTURES], "both": [PICTURES, SOUND], "empty": [{**PICTURES, "samples": []}]}.items():
    (folder / f"made-{name}").write_bytes(mp4_file.make(tracks))
for name, codecs in CLIPS.items():
    (folder / f"clip-{name}").write_bytes(clip(codecs))
