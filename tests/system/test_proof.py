#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms export mp4, svms export stills and svms verify-proof: clear files against recorders' signatures."""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import unittest
from dataclasses import replace

from export_case import ExportCase, at, limited_to, streams_of
from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, PASSWORD, POLICY, PROGRAM, ROOT, START, TIMEOUT, USAGE,
                         ffmpeg, main, make_clip, packets, real_clips, say)

HOLDERS = {b"moov": 8, b"trak": 8, b"udta": 8, b"mdia": 8, b"minf": 8, b"dinf": 8, b"stbl": 8, b"edts": 8, b"stsd": 16, b"avc1": 86}


def pixels(path, frame=0):
    """One picture of a video or a picture file, as RGB."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-vf", f"select=eq(n\\,{frame})",
                           "-vframes", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                          check=True, capture_output=True, timeout=240)
    return done.stdout


def difference(one, other):
    """Mean difference of two pictures, 0 to 255."""
    if len(one) != len(other):
        return 255
    return sum(abs(a - b) for a, b in zip(one, other)) / len(one)


def sample_places(path, stream):
    """Offset and size of every sample of a stream of an MP4 file."""
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pos,size",
                           "-of", "csv=p=0", path], check=True, capture_output=True, text=True, timeout=240)
    return [tuple(int(n) for n in reversed(line.strip(",").split(","))) for line in done.stdout.split()]


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def boxes_of(content, start=0, stop=None, around=()):
    """(type, offset, size, the offsets of those around it) of every box of an MP4 file."""
    stop = len(content) if stop is None else stop
    while start < stop:
        size, kind = struct.unpack_from(">I4s", content, start)
        yield kind, start, size, around
        if kind in HOLDERS:
            yield from boxes_of(content, start + HOLDERS[kind], start + size, (*around, start))
        start += size


def without_texts(film):
    """The same without 'udta'; its movie is the last box."""
    _, start, size, around = find_box(film, b"udta")
    film = bytearray(film)
    for place in around:
        struct.pack_into(">I", film, place, struct.unpack_from(">I", film, place)[0] - size)
    del film[start:start + size]
    return bytes(film)


def find_box(content, kind, number=0):
    return [found for found in boxes_of(content) if found[0] == kind][number]


def with_box(content, kind, new, behind=False):
    """Another box in front of the first one of a kind, or behind it; what is around grows. The media lie in front."""
    _, start, size, around = find_box(content, kind)
    place = start + size if behind else start
    grown = bytearray(content[:place] + new + content[place:])
    for outer in around:
        struct.pack_into(">I", grown, outer, struct.unpack_from(">I", content, outer)[0] + len(new))
    return bytes(grown)


def patched(content, kind, offset, new, number=0):
    """Other bytes in a box, counted from behind its header."""
    _, start, _, _ = find_box(content, kind, number)
    place = start + 8 + offset
    return content[:place] + new + content[place + len(new):]


class ProofCase(ExportCase):
    def mp4(self, *extra, source=None, out="x.mp4", proof="x.proof", status=GOOD):
        keys = [] if "--kek" in extra else ["--kek", self.kek]
        return self.expect(status, "export", "mp4", source or self.recorded, "--out", out, "--proof", proof,
                           *self.exporter, "--trust", self.ca, *keys, *extra)

    def still(self, out, time, *extra, source=None, status=GOOD):
        keys = [] if "--kek" in extra else ["--kek", self.kek]
        return self.expect(status, "export", "stills", source or self.recorded, "--at", time, "--out", out,
                           *self.exporter, "--trust", self.ca, *keys, *extra)

    def prove(self, name="x.mp4", proof="x.proof", *extra, status=GOOD):
        return self.expect(status, "verify-proof", name, proof, "--trust", self.ca, "--json", *extra).json()

    def assert_only(self, *names):
        """Nothing else is left, no temporary folder either."""
        self.assertEqual(sorted(names), [name for name in self.files() if not name.endswith((".svms", ".svmx"))])


class Mp4(ProofCase):
    def test_every_sample_is_proven(self):
        self.mp4("--case", "2026-17", "--operator", "Olga", "--note", "for the court")
        self.assert_only("x.mp4", "x.proof")
        self.assertEqual(os.stat(self.path("x.mp4")).st_mode & 0o777, 0o600)
        found = self.prove()
        self.assertEqual(found["verdict"], "authentic")
        self.assertEqual(found["presentation"], "same")
        self.assertIsNone(found["failure"])
        self.assertEqual([t["different"] + t["missing"] for t in found["samples"]["tracks"]], [0, 0])
        self.assertEqual(found["evidence"]["links"]["list"][0]["note"], "for the court")
        self.extract(GOOD, self.recorded, "e.mp4")
        self.assertEqual(packets(self.path("x.mp4")), packets(self.path("e.mp4")))
        words = self.expect(GOOD, "verify-proof", "x.mp4", "x.proof", "--trust", self.ca).out
        self.assertIn("Every sample is exactly what was recorded", words)

    def test_real_clips_are_proven(self):
        for clip in real_clips():
            for protection in ("strong", "light", "none"):
                with self.subTest(clip=os.path.basename(clip), protection=protection):
                    keys = [] if protection == "none" else ["--kek", self.kek]
                    self.expect(GOOD, "record", clip, "--out", "c.svms", "--start-time", START, *self.signer,
                                "--protect", protection, *keys, "--force")
                    self.mp4("--force", source="c.svms", out="c.mp4", proof="c.proof")
                    self.assertEqual(self.prove("c.mp4", "c.proof")["verdict"], "authentic")

    def test_one_changed_frame_is_named(self):
        self.mp4()
        content = self.load("x.mp4")
        for stream, number in (("v:0", 33), ("v:0", 0), ("v:0", 79), ("a:0", 40)):
            with self.subTest(stream=stream, number=number):
                offset, size = sample_places(self.path("x.mp4"), stream)[number]
                changed = bytearray(content)
                changed[offset + size // 2] ^= 1
                self.store("y.mp4", changed)
                found = self.prove("y.mp4", status=EVIDENCE)
                failure = found["failure"]
                self.assertEqual(found["verdict"], "not_authentic")
                self.assertEqual(failure["sample"], number)
                self.assertEqual(failure["presentation_track"], 1 if stream[0] == "v" else 2)
                self.assertEqual((found["samples"]["different"], found["samples"]["missing"]), (1, 0))
                if stream[0] == "v":
                    self.assertEqual(failure["segment"], number // 10)
                    self.assertTrue(failure["time"].startswith(at(number / 10)[:21]), failure)
        words = self.expect(EVIDENCE, "verify-proof", "y.mp4", "x.proof", "--trust", self.ca).out
        self.assertIn("sample 40 of track 2", words)
        self.assertIn("recorded at 2026-11-21T10:00:02", words)

    def test_a_frame_encoded_anew_is_named(self):
        """One picture is drawn over and encoded with the right length."""
        clip = make_clip(self.path("mjpeg.mp4"), "-c:v", "mjpeg", "-q:v", "3", "-an", seconds=2)
        self.record_by_key("j.svms", clip=clip)
        os.unlink(clip)
        self.mp4(source="j.svms")
        places = sample_places(self.path("x.mp4"), "v:0")
        offset, size = places[7]
        ffmpeg("-f", "lavfi", "-i", "color=red:size=320x240", "-vframes", "1", "-q:v", "31", self.path("red.jpg"))
        picture = self.load("red.jpg")
        self.assertLess(len(picture), size)
        content = bytearray(self.load("x.mp4"))
        content[offset:offset + size] = picture + bytes(size - len(picture))
        self.store("x.mp4", content)
        failure = self.prove(status=EVIDENCE)["failure"]
        self.assertEqual((failure["sample"], failure["time"][:21]), (7, "2026-11-21T10:00:00.7"))

    def test_samples_survive_a_new_file_around_them(self):
        self.mp4()
        ffmpeg("-i", self.path("x.mp4"), "-c", "copy", "-movflags", "faststart", self.path("y.mp4"))
        found = self.prove("y.mp4", status=EVIDENCE)
        self.assertEqual((found["verdict"], found["samples"]["verdict"], found["presentation"]),
                         ("incomplete", "authentic", "differs"))

    def test_what_is_missing_or_too_much_is_a_failure(self):
        self.mp4()
        ffmpeg("-i", self.path("x.mp4"), "-c", "copy", "-an", self.path("silent.mp4"))
        ffmpeg("-i", self.path("x.mp4"), "-c", "copy", "-t", "5", self.path("short.mp4"))
        ffmpeg("-i", self.path("x.mp4"), "-i", self.path("x.mp4"), "-map", "0", "-map", "1:a", "-c", "copy",
               self.path("more.mp4"))
        for name in ("silent.mp4", "short.mp4", "more.mp4"):
            with self.subTest(name=name):
                found = self.prove(name, status=EVIDENCE)
                self.assertEqual(found["verdict"], "not_authentic")
                self.assertEqual(found["samples"]["missing"] > 0, name != "more.mp4")
                self.assertEqual(found["samples"]["bytes_besides"] > 0, name == "more.mp4")

    def test_files_that_are_none_are_no_evidence(self):
        self.mp4()
        self.store("y.mp4", self.load("x.mp4")[:5000])
        self.assertEqual(self.prove("y.mp4", status=EVIDENCE)["verdict"], "not_authentic")
        self.store("z.mp4", b"nothing")
        self.assertEqual(self.prove("z.mp4", status=EVIDENCE)["verdict"], "not_authentic")
        self.expect(ENVIRONMENT, "verify-proof", "absent.mp4", "x.proof", "--trust", self.ca)
        self.expect(MALFORMED, "verify-proof", "x.mp4", "z.mp4", "--trust", self.ca)
        self.expect(USAGE, "verify-proof", "x.mp4")
        self.create("--unsealed")
        self.expect(USAGE, "verify-proof", "x.mp4", "p.svmx", "--trust", self.ca)

    def test_another_recordings_proof_does_not_fit(self):
        clip = make_clip(self.path("other.mp4"), "-c:v", "libx264", "-g", "5", "-an", seconds=2)
        self.record_by_key("o.svms", clip=clip)
        self.mp4()
        self.mp4(source="o.svms", out="o.mp4", proof="o.proof")
        self.assertEqual(self.prove("x.mp4", "o.proof", status=EVIDENCE)["verdict"], "not_authentic")

    def test_without_trust_nobody_is_believed(self):
        self.mp4()
        found = self.expect(EVIDENCE, "verify-proof", "x.mp4", "x.proof", "--json").json()
        self.assertEqual((found["verdict"], found["samples"]["verdict"]), ("untrusted", "authentic"))

    def test_a_damaged_proof_is_not_believed(self):
        self.mp4()
        content = self.load("x.proof")
        for place in range(200, len(content), len(content) // 23):
            self.store("y.proof", content[:place] + bytes([content[place] ^ 4]) + content[place + 1:])
            run = self.run_svms("verify-proof", "x.mp4", "y.proof", "--trust", self.ca)
            self.assertIn(run.status, (EVIDENCE, MALFORMED), run)

    def test_cuts_are_by_segment(self):
        found = self.mp4("--from", at(2.5), "--to", at(4.5), "--json").json()
        self.assertEqual((found["sources"][0]["first_segment"], found["sources"][0]["last_segment"]), (2, 4))
        found = self.prove()
        self.assertEqual(found["verdict"], "authentic")
        self.assertEqual(found["samples"]["tracks"][0]["samples"], 30)
        self.assertEqual(len(sample_places(self.path("x.mp4"), "v:0")), 30)

    def test_tracks_can_be_left_out(self):
        for kind, left in (("audio", ["video"]), ("video", ["audio"]), ("1", ["video"])):
            with self.subTest(kind=kind):
                self.mp4("--without-track", kind, "--force")
                self.assertEqual(streams_of(self.path("x.mp4")), left)
                self.assertEqual(self.prove()["verdict"], "authentic")

    def test_light_and_clear_recordings(self):
        for protection in ("light", "none"):
            keys = [] if protection == "none" else ["--kek", self.kek]
            self.expect(GOOD, "record", self.clip, "--out", f"{protection}.svms", "--start-time", START, *self.signer,
                        "--protect", protection, *keys)
            self.mp4("--force", source=f"{protection}.svms")
            self.assertEqual(self.prove()["verdict"], "authentic")

    def record_folder(self):
        os.mkdir(self.path("rec"))
        self.expect(GOOD, "record", self.clip, "--out", "rec", "--start-time", START, *self.signer, "--kek", self.kek,
                    "--segment-seconds", "1", "--rotate", "3s")

    def test_a_folder_of_containers(self):
        self.record_folder()
        self.mp4(source="rec")
        shutil.rmtree(self.path("rec"))
        found = self.prove()
        self.assertEqual(found["verdict"], "authentic")
        self.assertGreater(len(found["evidence"]["sources"]["list"]), 1)
        self.assertEqual(found["samples"]["tracks"][0]["samples"], 80)

    def test_one_container_of_a_recording_is_proven_as_incomplete(self):
        self.record_folder()
        name = os.path.join("rec", sorted(os.listdir(self.path("rec")))[1])
        self.assertRegex(self.mp4(source=name, status=EVIDENCE).err, "missing beside this one(.|\n)*without --from and --to")
        self.assert_only("rec", "x.mp4", "x.proof")
        found = self.prove(status=EVIDENCE)
        self.assertEqual((found["verdict"], found["samples"]["verdict"]), ("incomplete", "authentic"))
        self.mp4("--from", at(3.2), "--to", at(5), source=name, out="y.mp4", proof="y.proof")
        self.assertEqual(self.prove("y.mp4", "y.proof")["verdict"], "authentic")

    def test_what_does_not_verify_is_refused(self):
        with open(self.recorded, "rb") as file:
            content = bytearray(file.read())
        content[len(content) // 2] ^= 1
        self.store("bad.svms", content)
        self.mp4(source="bad.svms", status=EVIDENCE)
        self.assert_only()
        self.expect(EVIDENCE, "export", "mp4", "bad.svms", "--out", "x.mp4", "--kek", self.kek)
        self.assert_only()
        self.still("x.png", at(4), source="bad.svms", status=EVIDENCE)
        self.assert_only()

    def test_command_lines_that_are_wrong(self):
        clear = ["export", "mp4", self.recorded, "--kek", self.kek]
        self.expect(USAGE, *clear)
        self.expect(USAGE, *clear, "--out", "x.mkv")
        self.expect(USAGE, *clear, "--out", "x.mp4", "--signer", "c")
        self.expect(POLICY, *clear, "--out", "x.mp4", "--proof", "x.proof", "--trust", self.ca)
        self.expect(USAGE, *clear, "--out", "x.mp4", "--proof", "x.proof", *self.exporter)
        self.expect(USAGE, *clear, "--out", "x.mp4", "--proof", "x.mp4", *self.exporter, "--trust", self.ca)
        self.expect(USAGE, *clear, "--out", "x.mp4", "--from", at(3), "--to", at(2))
        self.expect(EVIDENCE, "export", "mp4", self.recorded, "--out", "x.mp4")
        self.mp4("--from", "2027-01-01T00:00:00Z", status=EVIDENCE)
        # A recorder's certificate is none of an exporter.
        self.expect(POLICY, "export", "mp4", self.recorded, "--out", "x.mp4", "--proof", "x.proof", *self.signer,
                    "--trust", self.ca, "--kek", self.kek)
        self.assert_only()

    def test_older_files_are_not_touched(self):
        self.store("x.proof", b"older")
        self.mp4(status=ENVIRONMENT)
        self.assert_only("x.proof")
        self.mp4("--force")
        self.assertEqual(self.prove()["verdict"], "authentic")

    def test_a_full_disk_leaves_nothing(self):
        run = self.run_svms("export", "mp4", self.recorded, "--out", "x.mp4", "--proof", "x.proof", *self.exporter,
                            "--trust", self.ca, "--kek", self.kek, preexec_fn=limited_to(30000))
        self.assertEqual(run.status, ENVIRONMENT, run)
        self.assert_only()

    def test_a_clear_file_alone(self):
        self.expect(GOOD, "export", "mp4", self.recorded, "--out", "x.mp4", "--kek", self.kek,
                    "--trust", self.ca, "--without-track", "audio")
        self.assert_only("x.mp4")
        self.assertEqual(streams_of(self.path("x.mp4")), ["video"])

    def test_packages_are_no_source(self):
        """Not even one that allows re-export: what is in it, export extract gets."""
        self.create("--no-reexport", out="locked.svmx")
        self.create(out="free.svmx")
        self.mp4(source="locked.svmx", status=POLICY)
        self.still("x.png", at(1), source="locked.svmx", status=POLICY)
        self.mp4(source="free.svmx", status=USAGE)
        self.assert_only()


class Publication(ProofCase):
    """The clear file and its proof get their names together, and neither at the other's cost."""

    def exported(self, meanwhile, *arguments):
        """Runs an export; what happens meanwhile does so when it has found the places for its files free."""
        os.mkfifo(self.path("fifo"))
        with subprocess.Popen([PROGRAM, *arguments, *self.exporter, "--trust", self.ca, "--password-file", "fifo"],
                              cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            with open(self.path("fifo"), "w", encoding="utf-8") as password:
                meanwhile()
                password.write(PASSWORD + "\n")
            err = process.communicate(timeout=TIMEOUT)[1]
        os.unlink(self.path("fifo"))
        return process.returncode, err

    def taken(self, name):
        """Somebody else has the name now, and does not give it back."""
        def take():
            if os.path.exists(self.path(name)):
                os.rename(self.path(name), self.path("aside"))
            os.mkdir(self.path(name))
        return take

    CASES = ((("mp4", "--proof", "x.mp4.proof", "--out", "x.mp4"), "x.mp4"),
             (("stills", "--at", at(2), "--out", "x.png"), "x.png"))

    def test_older_files_survive_a_failure(self):
        for command, media in self.CASES:
            self.expect(GOOD, "export", command[0], self.recorded, *command[1:], *self.exporter, "--trust", self.ca,
                        "--kek", self.kek)
            before = {name: self.load(name) for name in (media, media + ".proof")}
            for name, left in ((media, media + ".proof"), (media + ".proof", media)):
                with self.subTest(command=command[0], taken=name):
                    status, err = self.exported(self.taken(name), "export", command[0], self.recorded, *command[1:],
                                                "--force")
                    self.assertEqual(status, ENVIRONMENT, err)
                    self.assertIn(name, err)
                    self.assertEqual(self.load(left), before[left])
                    os.rmdir(self.path(name))
                    os.rename(self.path("aside"), self.path(name))
                    self.assert_only(media, media + ".proof")
            self.assertEqual(self.prove(media, media + ".proof")["verdict"], "authentic")
            self.expect(GOOD, "export", command[0], self.recorded, *command[1:], *self.exporter, "--trust", self.ca,
                        "--kek", self.kek, "--force", "--case", "another")
            self.assert_only(media, media + ".proof")
            self.assertNotEqual(self.load(media + ".proof"), before[media + ".proof"])
            self.assertEqual(self.prove(media, media + ".proof")["verdict"], "authentic")
            os.unlink(self.path(media))
            os.unlink(self.path(media + ".proof"))

    def test_neither_appears_without_the_other(self):
        for command, media in self.CASES:
            for name in (media, media + ".proof"):
                with self.subTest(command=command[0], taken=name):
                    status, err = self.exported(self.taken(name), "export", command[0], self.recorded, *command[1:])
                    self.assertEqual(status, ENVIRONMENT, err)
                    self.assert_only(name)
                    os.rmdir(self.path(name))

    def test_one_file_is_not_both(self):
        os.mkdir(self.path("d"))
        os.symlink("d", self.path("link"))
        self.store("y.mp4", b"older")
        os.link(self.path("y.mp4"), self.path("z.mp4"))
        for out, proof in (("x.mp4", "./x.mp4"), ("x.mp4", "d/../x.mp4"), ("d/x.mp4", "link/x.mp4"),
                           ("x.mp4", self.path("x.mp4")), ("y.mp4", "./y.mp4"), ("y.mp4", "z.mp4")):
            for force in ([], ["--force"]):
                with self.subTest(out=out, proof=proof, force=force):
                    if not force and out == "y.mp4":
                        continue
                    self.mp4(*force, out=out, proof=proof, status=USAGE)
        self.assertEqual(self.load("y.mp4"), b"older")
        self.assertEqual(os.listdir(self.path("d")), [])
        self.assert_only("d", "link", "y.mp4", "z.mp4")

    def test_a_profile_does_not_make_them_one(self):
        for name in ("a", "b", "c"):
            os.mkdir(self.path(name))
        content = {"format": "svms-export-profile", "version": 1, "name": "house rules",
                   "options": {"destinations": {"value": [self.path("c")], "locked": False}}}
        self.store("profile.json", json.dumps(content).encode())
        self.mp4("--profile", "profile.json", "--force", out="x.mp4", proof="b/x.mp4", status=USAGE)
        self.assertEqual(os.listdir(self.path("c")), [])


class Told(ProofCase):
    """What was exported, for an audit log."""

    def assert_measured(self, told, name):
        content = self.load(name)
        self.assertEqual((told["file"], told["bytes"], told["sha256"]),
                         (name, len(content), hashlib.sha256(content).hexdigest()))

    def test_a_film_alone(self):
        told = self.expect(GOOD, "export", "mp4", self.recorded, "--out", "x.mp4", "--kek",
                           self.kek, "--from", at(2.5), "--to", at(4.5), "--case", "17", "--json").json()
        self.assert_measured(told, "x.mp4")
        self.assertEqual((told["format"], told["proof"], told["case"]["case"]), ("mp4", None, "17"))
        source, = told["sources"]
        self.assertEqual((source["device_name"], source["file"]), ("Front door", self.recorded))
        self.assertEqual((source["from"], source["to"]), (at(2.5)[:23] + "Z", at(4.5)[:23] + "Z"))
        self.assertEqual(source["first"][:21], at(2)[:21])
        self.assertEqual(source["last"][:21], at(4.5)[:21])
        self.assertEqual(len(bytes.fromhex(source["device_id"])), 16)
        self.create()
        packed, = self.check(*["p.svmx"], *self.opens())["sources"]["list"]
        for key in ("device_id", "recording_id", "container_id", "sequence"):
            self.assertEqual(source[key], packed[key])

    def test_a_film_with_its_proof(self):
        told = self.mp4("--json", "--operator", "Olga").json()
        self.assert_measured(told, "x.mp4")
        proof = self.load("x.proof")
        self.assertEqual((told["proof_bytes"], told["proof_sha256"]), (len(proof), hashlib.sha256(proof).hexdigest()))
        self.assertEqual((told["signer"], told["case"]["operator"]), ("CN=Test exporter", "Olga"))
        source, = told["sources"]
        self.assertEqual((source["device_name"], source["verdict"], source["segments"]), ("Front door", "authentic", 8))

    def test_a_picture(self):
        told = self.still("x.png", at(2), "--json", "--reason", "theft").json()
        self.assert_measured(told, "x.png")
        self.assertEqual((told["signer"], told["case"]["reason"]), ("CN=Test exporter", "theft"))


class Films(ProofCase):
    """What a player may show besides the samples that a proof compares. Nobody with a key has made these files."""

    def alterations(self, film):
        forged = b"forged pictures"
        shown = find_box(film, b"avc1")
        entry = film[shown[1]:shown[1] + shown[2]]
        config = film.index(b"avcC") + 4
        media = box(b"mdat", forged)
        yield "another configuration", film[:config + 5] + bytes([film[config + 5] ^ 1]) + film[config + 6:]
        for kind in (b"hvc1", b"jpeg", b"mp4v", b"avc1"):
            two = with_box(film, b"avc1", entry[:4] + kind + entry[8:], behind=True)
            yield f"a second description, {kind}", patched(two, b"stsd", 4, struct.pack(">I", 2))
        movie = find_box(film, b"moov")
        yield "a second movie", film + media + film[movie[1]:]
        yield "samples elsewhere", patched(film, b"dref", 16, bytes(4))
        yield "samples elsewhere by name", with_box(film, b"dref", box(b"alis", bytes(4)), behind=True)
        yield "bytes of nobody", film + media
        yield "fragments", film + box(b"moof", box(b"mfhd", bytes(8))) + media
        yield "unknown boxes", film + box(b"uuid", bytes(16), forged)
        yield "unknown boxes inside", with_box(film, b"stts", box(b"saiz", bytes(8)))
        yield "an edit list that cuts", patched(film, b"elst", 12, struct.pack(">I", 10240))
        yield "an edit list that ends", patched(film, b"elst", 8, struct.pack(">I", 2000))
        yield "an edit list that stands still", patched(film, b"elst", 16, struct.pack(">I", 0))
        yield "an edit list that holds", patched(film, b"elst", 8, struct.pack(">I", 60000))
        held = struct.unpack_from(">I", film, find_box(film, b"elst")[1] + 16)[0]
        yield "an edit list that holds a little", patched(film, b"elst", 8, struct.pack(">I", held + 5))
        yield "an edit list that hurries", patched(film, b"elst", 16, struct.pack(">I", 0x20000))
        coarse = patched(film, b"mdhd", 12, struct.pack(">I", 10))
        yield "all pictures at once", patched(coarse, b"stts", 12, bytes(4))
        yield "another time scale", patched(film, b"mdhd", 12, struct.pack(">I", 10))
        yield "without a sound", patched(film, b"mvhd", 24, bytes(2))
        yield "another speed", patched(film, b"mvhd", 20, struct.pack(">I", 0x8000))
        yield "mirrored", patched(film, b"tkhd", 40, struct.pack(">i", -0x10000))
        yield "mirrored as a whole", patched(film, b"mvhd", 36, struct.pack(">i", -0x10000))
        yield "as small as a dot", patched(film, b"tkhd", 76, struct.pack(">II", 1 << 16, 1 << 16))
        yield "stretched", patched(film, b"tkhd", 80, struct.pack(">I", 480 << 16))
        both = patched(film, b"tkhd", 76, struct.pack(">II", 160 << 16, 120 << 16))
        yield "of another size", patched(both, b"avc1", 24, struct.pack(">HH", 160, 120))
        yield "cut", with_box(film, b"avcC", box(b"clap", bytes(32)), behind=True)
        yield "of other pixels", with_box(film, b"avcC", box(b"pasp", struct.pack(">II", 2, 1)), behind=True)
        yield "two tracks of one number", patched(film, b"tkhd", 12, struct.pack(">I", 1), 1)
        yield "samples outside of mdat", film[:film.index(b"mdat")] + b"free" + film[film.index(b"mdat") + 4:]
        yield "items", with_box(film, b"udta", box(b"meta", bytes(4), box(b"pitm", bytes(6))))
        yield "items in a track", with_box(film, b"mdia", box(b"meta", bytes(4), box(b"pitm", bytes(6))))
        bare = without_texts(film)
        track = find_box(film, b"trak")
        yield "a track among texts", with_box(bare, b"trak", box(b"udta", film[track[1]:track[1] + track[2]]))
        yield from self.hidden_boxes(film)
        yield "not played", patched(film, b"tkhd", 0, struct.pack(">I", 2))
        yield "longer pictures", patched(film, b"stts", 12, struct.pack(">I", 2048))
        yield "sound that comes later", patched(film, b"elst", 12, struct.pack(">I", 9000), 1)
        first, second = struct.unpack_from(">II", film, find_box(film, b"stco")[1] + 16)
        yield "two pictures swapped", patched(film, b"stco", 8, struct.pack(">II", second, first))
        yield "a picture twice", patched(film, b"stco", 8, struct.pack(">II", first, first))
        yield "a picture less", patched(film, b"stsz", 8, struct.pack(">I", 79))
        for count in (0x1000000, 0xFFFFFFFF):
            yield f"{count} times", patched(film, b"stts", 4, struct.pack(">I", count))
            yield f"{count} sizes", patched(film, b"stsz", 8, struct.pack(">I", count))
            yield f"a time for {count} samples", patched(film, b"stts", 8, struct.pack(">I", count))

    @staticmethod
    def hidden_boxes(film):
        """Boxes that players find where others see text or numbers."""
        bare = without_texts(film)
        handler = box(b"hdlr", bytes(8), b"mdir", bytes(13))
        rows = struct.pack(">IiI", 1000, 0, 0x10000) * 3
        loop = box(b"elst", struct.pack(">II", 0, 3), rows)
        item = box(b"elst", box(b"data", struct.pack(">III", 1, 0, 0x10000), rows))
        lists = {"a second movie": (box(b"free", handler, film[find_box(film, b"moov")[1]:]), handler),
                 "an edit list": (box(b"free", handler, loop), handler),
                 "an edit list as an item": (handler, box(b"ilst", item)),
                 "a cover": (handler, box(b"ilst", box(b"covr", box(b"data", struct.pack(">II", 13, 0), b"\xff\xd8\xff")))),
                 "another handler": (box(b"hdlr", bytes(8), b"soun", bytes(13)),)}
        for name, content in lists.items():
            yield name, with_box(bare, b"trak", box(b"udta", box(b"meta", bytes(4), *content)))
        shape = box(b"btrt", box(b"pasp", struct.pack(">II", 4, 1)))
        yield "boxes behind colours", with_box(patched(film, b"avc1", 74, struct.pack(">HH", 8, 0)), b"avcC", shape)
        yield "boxes in a bit rate", with_box(film, b"avcC", shape)
        _, start, size, _ = find_box(film, b"mvhd")
        yield "the movie's header last", film[:start] + film[start + size:] + film[start:start + size]
        yield "something in front", box(b"free", bytes(4)) + film

    def test_what_shows_other_things_is_not_believed(self):
        self.mp4()
        for name, content in self.alterations(self.load("x.mp4")):
            with self.subTest(name=name):
                self.store("y.mp4", content)
                found = self.prove("y.mp4", status=EVIDENCE)
                self.assertEqual(found["verdict"], "not_authentic")
                self.assertEqual(found["samples"]["verdict"], "not_authentic")
                self.assertTrue(found["failure"]["reason"])
                words = self.expect(EVIDENCE, "verify-proof", "y.mp4", "x.proof", "--trust", self.ca).out
                self.assertNotIn("Every sample is", words)

    def test_what_is_wrong_is_named(self):
        self.mp4()
        film = self.load("x.mp4")
        self.store("y.mp4", patched(film, b"dref", 16, bytes(4)))
        found = self.prove("y.mp4", status=EVIDENCE)
        self.assertEqual((found["film"], found["samples"]["same"], found["samples"]["missing"]), ("refused", 0, 0))
        self.assertIn("dref", found["reason"])
        self.assertEqual((self.prove()["film"], self.prove()["attested_by"]), ("plain", "recorder"))

    def test_text_beside_the_film_is_the_exporters_affair(self):
        """Names in 'udta', and room that is left free, show nothing."""
        self.mp4()
        film = self.load("x.mp4")
        words = box(b"\xa9nam", box(b"data", struct.pack(">II", 1, 0), b"Evidence"))
        texts = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"mdir", bytes(13)), box(b"ilst", words))
        ffmpeg("-i", self.path("x.mp4"), "-c", "copy", self.path("copy.mp4"))
        copied = self.load("copy.mp4")
        self.assertIn(b"\xa9too", copied)
        for content in (film + box(b"free", b"room"), copied, without_texts(film),
                        with_box(without_texts(film), b"trak", box(b"udta", texts))):
            self.store("y.mp4", content)
            found = self.prove("y.mp4", status=EVIDENCE)
            self.assertEqual((found["verdict"], found["samples"]["verdict"]), ("incomplete", "authentic"))


class DishonestExporter(ProofCase):
    """Somebody whose certificate is good signs a film that is not what was recorded."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sys.path.insert(0, os.path.join(ROOT, "tests", "vectors"))
        try:
            import mp4_file
            import proof_vectors
            import recipes
            from specs import strong
            from svmsref import frames, leaves
        except ImportError as missing:
            say(f"{missing}: no film of a dishonest exporter is tested")
            raise unittest.SkipTest(str(missing)) from missing
        cls.mp4_file, cls.vectors, cls.recipes, cls.frames, cls.leaves = \
            mp4_file, proof_vectors, recipes, frames, leaves
        cls.spec = strong("proof strong", 3)
        cls.vector_ca = os.path.join(ROOT, "tests", "vectors", "data", "keys", "ca.pem")

    def judged(self, recipe, film, status=EVIDENCE):
        self.store("f.mp4", film)
        self.store("f.proof", self.recipes.make(recipe)[0])
        return self.expect(status, "verify-proof", "f.mp4", "f.proof", "--trust", self.vector_ca, "--json").json()

    def tracks(self):
        # pylint: disable=protected-access
        return self.vectors._tracks(self.spec)

    def left_out(self, kept_by_segment):
        """Samples become hashes."""
        def hook(stage, value, **_context):
            if stage != "piece" or value.kind != self.frames.LEAVES:
                return value
            out, position, place = b"", 0, 0
            while position < len(value.b):
                form, track, zero, size = struct.unpack_from(">BBHI", value.b, position)
                content = value.b[position + 8:position + 8 + size]
                position += 8 + size
                if form == 2:
                    if place not in kept_by_segment[value.number]:
                        form, content = 3, content[-32:]
                    place += 1
                out += self.leaves.pack_entry(form, track, content, zero)
            return replace(value, b=out)
        return hook

    def test_an_honest_film_is_proven(self):
        recipe, film = self.vectors.proof("film", self.spec, (0,), range(3))
        self.assertEqual(self.judged(recipe, film, GOOD)["verdict"], "authentic")

    def test_pictures_that_were_left_out_are_missed(self):
        whole = self.tracks()[0]["samples"]
        for kept, longer, verdict in (((0, 1, 2, 3, 4), 1, "incomplete"), ((0, 2, 3, 4, 5), 2, "incomplete"),
                                      ((1, 2, 3, 4, 5), 1, "incomplete"), ((0, 2, 4), 1, "not_authentic")):
            with self.subTest(kept=kept):
                tracks = self.tracks()
                samples = [whole[n] for n in kept]
                samples[0] = (samples[0][0], samples[0][1] * longer)
                tracks[0]["samples"] = samples
                film = self.mp4_file.make(tracks)
                hook = self.left_out([{n % 2 for n in kept if n // 2 == segment} for segment in range(3)])
                recipe, _ = self.vectors.proof("film", self.spec, (0,), range(3), data=film, hook=hook)
                found = self.judged(recipe, film)
                self.assertEqual((found["verdict"], found["samples"]["missing"]), (verdict, 6 - len(kept)), found)

    def test_times_and_configurations_are_the_recorders(self):
        for change in ({"config": b"\1forged"}, {"scale": 90}, {"codec": b"hvc1"}):
            with self.subTest(change=change):
                tracks = self.tracks()
                tracks[0].update(change)
                film = self.mp4_file.make(tracks)
                recipe, _ = self.vectors.proof("film", self.spec, (0,), range(3), data=film)
                self.assertEqual(self.judged(recipe, film)["verdict"], "not_authentic")

    def test_periods_are_shown_once_and_in_order(self):
        at_ms, source = self.recipes.at_ms, self.recipes.source
        for name, periods in (("loop", (0, 0, 0)), ("reversed", (2, 0)), ("overlap", (0, 1, 1))):
            with self.subTest(name=name):
                tracks = self.tracks()
                samples = tracks[0]["samples"]
                tracks[0]["samples"] = [one for n in periods for one in samples[2 * n:2 * n + 2]]
                film = self.mp4_file.make(tracks)
                sources = [source(self.spec, at_ms(200 * n), at_ms(200 * n + 200), presented=(0,)) for n in periods]
                recipe = self.recipes.recipe(name, *sources, **self.vectors.presented(film, (0,)))
                self.assertEqual(self.judged(recipe, film)["verdict"], "not_authentic")

    def periods(self, specs, samples):
        """A film of periods of 200 ms, shown one after the other: (description, number) each."""
        at_ms, source = self.recipes.at_ms, self.recipes.source
        tracks = self.tracks()
        tracks[0]["samples"] = samples
        film = self.mp4_file.make(tracks)
        sources = [source(spec, at_ms(200 * n), at_ms(200 * n + 200), presented=(0,)) for spec, n in specs]
        return self.recipes.recipe("periods", *sources, **self.vectors.presented(film, (0,))), film

    def test_a_jump_is_told(self):
        samples = self.tracks()[0]["samples"]
        recipe, film = self.periods([(self.spec, 0), (self.spec, 2)], samples[0:2] + samples[4:6])
        found = self.judged(recipe, film, GOOD)
        self.assertEqual(found["verdict"], "authentic")
        self.assertEqual(found["jumps"], {"count": 1, "first_from": "2023-11-14T22:13:20.200Z",
                                          "first_to": "2023-11-14T22:13:20.400Z"})
        words = self.expect(GOOD, "verify-proof", "f.mp4", "f.proof", "--trust", self.vector_ca).out
        self.assertIn("Jumps         1", words)
        self.assertIn("from 2023-11-14T22:13:20.200Z", words)
        self.assertIn("to 2023-11-14T22:13:20.400Z", words)
        with_gap = samples[0:1] + [(samples[1][0], 3 * samples[1][1])] + samples[4:6]
        for wanted, shown in ((((self.spec, 0), (self.spec, 1)), samples[0:4]),
                              (((self.spec, 0), (self.spec, 2)), with_gap)):
            found = self.judged(*self.periods(wanted, shown), GOOD)
            self.assertEqual(found["jumps"], {"count": 0, "first_from": None, "first_to": None})
            words = self.expect(GOOD, "verify-proof", "f.mp4", "f.proof", "--trust", self.vector_ca).out
            self.assertNotIn("Jumps", words)

    def test_recordings_are_not_spliced(self):
        other = {**self.spec, "seed": "another camera"}
        samples = self.tracks()[0]["samples"]
        found = self.judged(*self.periods([(self.spec, 0), (other, 2)], samples[0:2] + samples[4:6]))
        self.assertEqual((found["verdict"], found["failure"]["source"]), ("not_authentic", 1))
        self.assertIn("one recording and then another", found["failure"]["reason"])

    def test_a_film_is_no_picture(self):
        film = self.mp4_file.make(self.tracks())
        recipe, _ = self.vectors.proof("picture", self.spec, (), (1,), film, "image/png", start=self.recipes.at_ms(200),
                                       stop=self.recipes.at_ms(400))
        recipe["derived"] = {"source": 0, "track": 0, "method": "decoded", "time": "2023-11-14T22:13:20.2Z"}
        self.assertEqual(self.judged(recipe, film)["verdict"], "not_authentic")


class Stills(ProofCase):
    def test_the_picture_is_the_one_that_was_shown(self):
        for name, time, frame in (("a.png", 3.45, 34), ("b.png", 0, 0), ("c.jpg", 7.9, 79), ("d.png", 3.0, 30)):
            with self.subTest(name=name):
                said = self.still(name, at(time), "--json").json()
                self.assertEqual((said["segment"], said["sample"]), (frame // 10, frame % 10))
                self.assertTrue(said["decoded"])
                found = self.prove(name, name + ".proof")
                self.assertEqual((found["verdict"], found["samples"]["decoded"]), ("authentic", True))
                self.assertEqual((found["attested_by"], found["film"]), ("exporter", None))
                shown = pixels(self.path(name))
                self.assertLess(difference(shown, pixels(self.clip, frame)), 4)
                self.assertGreater(difference(shown, pixels(self.clip, (frame + 17) % 80)), 4)
                words = self.expect(GOOD, "verify-proof", name, name + ".proof", "--trust", self.ca).out
                self.assertIn("He alone attests", words)
                self.assertIn(f"segments {frame // 10} to {frame // 10}, at 2026-11-21T10:00:0{frame // 10}", words)
        self.assert_only("a.png", "a.png.proof", "b.png", "b.png.proof", "c.jpg", "c.jpg.proof", "d.png", "d.png.proof")

    def test_pictures_that_were_reordered(self):
        clip = make_clip(self.path("b.mp4"), "-c:v", "libx264", "-bf", "3", "-g", "30", "-an", seconds=6)
        self.expect(GOOD, "record", clip, "--out", "b.svms", "--start-time", START, *self.signer, "--kek",
                    self.kek)
        for frame in (1, 2, 3, 31, 44):
            self.still("x.png", at(frame / 10 + 0.05), "--force", source="b.svms")
            self.assertLess(difference(pixels(self.path("x.png")), pixels(clip, frame)), 4)

    def test_jpeg_video_gives_the_recorded_picture(self):
        clip = make_clip(self.path("mjpeg.mp4"), "-c:v", "mjpeg", "-q:v", "3", "-an", seconds=2)
        self.record_by_key("j.svms", clip=clip)
        offset, size = sample_places(clip, "v:0")[13]
        recorded = self.load("mjpeg.mp4")[offset:offset + size]
        self.still("x.jpg", at(1.35), source="j.svms")
        self.assertEqual(self.load("x.jpg"), recorded)
        found = self.prove("x.jpg", "x.jpg.proof")
        self.assertEqual((found["verdict"], found["samples"]["same"]), ("authentic", 1))
        changed = bytearray(recorded)
        changed[900] ^= 1
        self.store("y.jpg", changed)
        failure = self.prove("y.jpg", "x.jpg.proof", status=EVIDENCE)["failure"]
        self.assertEqual(failure["time"][:21], "2026-11-21T10:00:01.3")
        self.still("x.png", at(1.35), source="j.svms")
        self.assertTrue(self.prove("x.png", "x.png.proof")["samples"]["decoded"])

    def test_sound_beside_a_picture_stays_what_it_is(self):
        """Its proof needs no secret of it, and no other track is left out."""
        clip = make_clip(self.path("mjpeg.mp4"), "-c:v", "mjpeg", "-q:v", "3", "-c:a", "aac", seconds=2)
        self.record_by_key("j.svms", clip=clip)
        self.still("x.jpg", at(1.35), source="j.svms")
        found = self.prove("x.jpg", "x.jpg.proof")
        self.assertEqual((found["verdict"], found["samples"]["same"]), ("authentic", 1))
        source, = found["evidence"]["sources"]["list"]
        self.assertEqual((source["tracks"], source["removed_tracks"]), (2, []))

    def test_a_changed_picture_is_not_believed(self):
        self.still("x.png", at(2))
        content = bytearray(self.load("x.png"))
        content[len(content) // 2] ^= 1
        self.store("x.png", content)
        found = self.prove("x.png", "x.png.proof", status=EVIDENCE)
        self.assertEqual((found["verdict"], found["presentation"]), ("not_authentic", "differs"))

    def test_moments_without_picture(self):
        self.still("x.png", "2026-11-21T09:00:00Z", status=EVIDENCE)
        self.still("x.png", "2026-11-21T11:00:00Z", status=EVIDENCE)
        self.still("x.png", at(1), "--track", "1", status=USAGE)
        self.still("x.gif", at(1), status=USAGE)
        self.expect(POLICY, "export", "stills", self.recorded, "--at", at(1), "--out", "x.png", "--trust", self.ca)
        self.expect(USAGE, "export", "stills", self.recorded, "--out", "x.png", *self.exporter, "--trust", self.ca)
        self.expect(EVIDENCE, "export", "stills", self.recorded, "--at", at(1), "--out", "x.png", *self.exporter,
                    "--trust", self.ca)
        self.assert_only()

    def test_a_proof_of_a_picture_opens_nothing(self):
        """No secret of the recording is in it."""
        self.still("x.png", at(2))
        self.mp4()
        leaves = 10

        def secrets(content):
            place, found = 120, 0
            while content[place] != 9:
                a, c = (int.from_bytes(content[place + n:place + n + 4], "big") for n in (4, 8))
                b = int.from_bytes(content[place + 16:place + 24], "big")
                found += a if content[place] == leaves else 0
                place += 40 + a + b + c
            return found

        self.assertEqual(secrets(self.load("x.png.proof")), 0)
        self.assertGreater(secrets(self.load("x.proof")), 0)


if __name__ == "__main__":
    main()
