#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the second implementation of packages and proofs. SVMS_MUTATIONS sets how many random
mutations."""

import json
import os
import random
import unittest
import warnings

import mp4_file
import package_vectors
import proof_vectors
import recipes
from faults import flip
from kit import make_manifest, run
from recipes import PASSWORD, at_ms, by, custodian, recipe, source, tiny
from specs import clear, strong
from svmsref import build, case, film, frames, package, trust
from svmsref import package_writer as pw
from svmsref.errors import ContainerError

MUTATIONS = int(os.environ.get("SVMS_MUTATIONS", "1500"))
KIT = os.path.join(package_vectors.DATA, "..", "kit")
warnings.simplefilter("ignore")


def anchors():
    return trust.load_anchors(build.read_file(package_vectors.DATA, package_vectors.CA))


def verify(data, **request):
    request.setdefault("now_utc", package_vectors.NOW)
    return package.verify(data, package.Request(ANCHORS, **request))


ANCHORS = anchors()


def small():
    """Unsealed and sealed, two links, a period with manifests around it."""
    spec = strong("small package", tiny(4))
    found = source(spec, at_ms(100), at_ms(200))
    note = [{"name": "a", "content": b"attached"}]
    more = {"links": [by(), custodian()], "attachments": note}
    plain, writer = recipes.make(recipe("small", found, **more))
    locked, _ = recipes.make(recipe("small sealed", found, password=PASSWORD, **more))
    return plain, locked, writer


class Vectors(unittest.TestCase):
    def test_every_vector_is_judged_as_expected(self):
        files, problems = package_vectors.package_files(extended=True)
        self.assertEqual(problems, [])
        self.assertGreater(len(files), 600)

    def test_kit_is_fresh_and_its_files_are_there(self):
        text = make_manifest.manifest()
        self.assertEqual(build.read_file(KIT, "manifest.json").decode(), text)
        for one in json.loads(text)["cases"]:
            for name in ("file", "trust", "stamp_trust", "identity", "kek", "presentation"):
                if name in one:
                    self.assertTrue(os.path.exists(os.path.join(KIT, one[name])), one["name"])

    def test_kit_keeps_its_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no jsonschema")
        schema = json.loads(build.read_file(KIT, "manifest.schema.json"))
        jsonschema.validate(json.loads(make_manifest.manifest()), schema)

    def test_runner_compares_members_moments_and_lengths(self):
        wanted = {"a": [{"t": "2023-11-14T22:13:20.100Z"}], "b": None}
        self.assertEqual(run.differences(wanted, {"a": [{"t": "2023-11-14T22:13:20.1Z"}]}), [])
        self.assertEqual(len(run.differences(wanted, {"a": [], "b": 1})), 2)

    def test_runner_leaves_out_what_a_case_does_not_have(self):
        words = ["x", "{command:a|b c|d}", "{file}", "--k", "{kek}", "--t={trust}", "--json"]
        values = {"file": "f", "trust": "t"}
        self.assertEqual(run.expand(words, values, "package"),
                         ["x", "b", "c", "f", "--t=t", "--json"])  # fmt: skip


class Damage(unittest.TestCase):
    """No byte is outside verification (E-OVR-2)."""

    def setUp(self):
        self.plain, self.locked, self.writer = small()

    def test_no_flipped_byte_is_authentic(self):
        self.assertEqual(verify(self.plain).verdict, "authentic")
        for place in range(len(self.plain)):
            found = verify(flip(place, 1 << place % 8)(self.plain)).verdict
            self.assertNotEqual(found, "authentic", f"byte {place}")

    def test_no_flipped_byte_of_a_sealed_package_is_authentic(self):
        self.assertEqual(verify(self.locked).verdict, "authentic")
        for place in range(0, len(self.locked)):
            found = verify(flip(place, 0x80 >> place % 8)(self.locked)).verdict
            self.assertNotEqual(found, "authentic", f"byte {place}")

    def test_with_the_key_the_same_holds(self):
        opened = verify(self.locked, password=PASSWORD)
        self.assertEqual((opened.verdict, opened.access), ("authentic", "opened"))
        for place in range(0, len(self.locked), 7):
            found = verify(flip(place)(self.locked), password=PASSWORD).verdict
            self.assertNotEqual(found, "authentic", f"byte {place}")

    def test_only_a_cut_behind_a_tail_is_authentic(self):
        for size in range(len(self.plain)):
            found = verify(self.plain[:size]).verdict
            wanted = "authentic" if size == self.writer.links[1][0] else None
            self.assertEqual(found == "authentic", wanted == "authentic", f"{size} bytes")
            if size < self.writer.links[1][0]:
                self.assertIn(found, ("malformed", "unsupported"))
            elif not wanted:
                self.assertEqual(found, "incomplete")

    def test_random_mutations_are_never_authentic_and_never_raise(self):
        source_of_random = random.Random(4)
        for _ in range(MUTATIONS):
            data = bytearray(self.locked)
            for _ in range(source_of_random.randrange(1, 4)):
                start = source_of_random.randrange(len(data))
                size = source_of_random.randrange(1, 40)
                part = data[start : start + size]
                choice = source_of_random.randrange(4)
                if choice == 0:
                    data[start : start + size] = source_of_random.randbytes(size)
                elif choice == 1:
                    del data[start : start + size]
                elif choice == 2:
                    data[start:start] = part
                else:
                    data[start : start + size] = bytes(size)
            data = bytes(data)
            if data != self.locked:
                self.assertNotEqual(verify(data, password=PASSWORD).verdict, "authentic")


class Proofs(unittest.TestCase):
    def setUp(self):
        spec = strong("small proof", tiny(2))
        self.recipe, self.film = proof_vectors.proof("small proof", spec, (0,), range(2))
        self.proof, _ = recipes.make(self.recipe)

    def _verify(self, proof, shown):
        return verify(proof, presentation=shown)

    def test_no_flipped_byte_of_a_proof_is_authentic(self):
        self.assertEqual(self._verify(self.proof, self.film).verdict, "authentic")
        for place in range(len(self.proof)):
            found = self._verify(flip(place)(self.proof), self.film).verdict
            self.assertNotEqual(found, "authentic", f"byte {place}")

    def test_every_flipped_byte_of_a_sample_is_named(self):
        start = self.film.index(b"mdat") + 4
        for place in range(8):
            found = self._verify(self.proof, flip(start + place)(self.film))
            self.assertEqual(found.verdict, "not_authentic")
            failure = found.presentation.first_failure
            self.assertEqual((failure.track, failure.number), (0, place // 4))

    def test_no_flipped_byte_of_a_film_is_authentic(self):
        """Nor does any of them raise."""
        start = self.film.index(b"moov")
        for place in range(len(self.film)):
            for mask in (1, 0x80)[: 1 + (place >= start)]:
                found = self._verify(self.proof, flip(place, mask)(self.film)).verdict
                self.assertIn(found, ("incomplete", "not_authentic"), f"byte {place}")

    def test_a_proof_without_its_presentation_is_incomplete(self):
        self.assertEqual(verify(self.proof).verdict, "incomplete")

    def test_films_are_read_as_they_were_made(self):
        one = {"kind": "video", "codec": b"avc1", "scale": 90000, "samples": [(b"ab", 1), (b"c", 2)]}
        two = {"kind": "audio", "codec": b"ulaw", "scale": 8000, "samples": [(b"def", 1)]}
        found = film.read(mp4_file.make([one, two]))
        self.assertEqual([found.bytes_of(track) for track in found.tracks], [b"abc", b"def"])


class Pieces(unittest.TestCase):
    def test_sizes_of_sealed_bodies(self):
        chunk = frames.BODY_CHUNK + 16
        for size, plain in ((17, 1), (chunk, frames.BODY_CHUNK), (chunk + 17, frames.BODY_CHUNK + 1)):
            self.assertEqual(frames.body_size(size), plain)
        for size in (0, 1, 16, chunk + 1, chunk + 16):
            self.assertIsNone(frames.body_size(size))

    def test_times_have_one_form(self):
        self.assertEqual(case.format_time(1_700_000_000_250_000_000), "2023-11-14T22:13:20.25Z")
        for utc in (0, -1, 1_700_000_000_000_000_001, case.FIRST_TIME, case.END_OF_TIME - 1):
            self.assertEqual(case.parse_time(case.format_time(utc)), utc)
        wrong = "2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "2023-13-01T00:00:00Z", "1677-01-01T00:00:00Z"
        for text in wrong:
            with self.assertRaises(ValueError):
                case.parse_time(text)

    def test_case_is_one_json_object(self):
        self.assertEqual(case.parse(b'{"a":[1,"x"]}'), {"a": [1, "x"]})
        for wrong in (b"", b"[]", b'{"a":1,"a":2}', b'{"a":1e999}', b'{"a":"\\u0000"}', b"{} {}",
                      b'{"a":9223372036854775808}', b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"):  # fmt: skip
            with self.assertRaises(ContainerError):
                case.parse(wrong)

    def test_a_container_is_taken_apart_at_its_records(self):
        data, writer = recipes.container(clear("package clear", 2))
        anatomy = pw.Anatomy(data)
        self.assertEqual([anatomy.hash_of(n) for n in range(2)], [writer.hashes[n] for n in range(2)])
        self.assertEqual(anatomy.end_offset, writer.end_offset)


if __name__ == "__main__":
    unittest.main()
