#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the second implementation itself. SVMS_MUTATIONS sets how many random mutations."""

import os
import random
import struct
import unittest

from cryptography.hazmat.primitives.asymmetric import ec, x25519

import bad_vectors
import faults
import good_vectors as good
import make_vectors
import package_vectors
from svmsref import build, hpke, index, primitives, signing, trust, verifier, wire
from svmsref import constants as c
from svmsref import samples as s
from svmsref.errors import ContainerError, SvmsRefError, UsageError
from svmsref.primitives import SeededRandom, sha256

MUTATIONS = int(os.environ.get("SVMS_MUTATIONS", "2000"))


def anchors():
    return trust.load_anchors(build.read_file(make_vectors.DATA, make_vectors.CA))


def make(spec):
    return build.build(spec, make_vectors.DATA)[0]


def verify(data, **request):
    return verifier.verify(data, verifier.Request(anchors(), **request))


def small():
    """Three segments, encrypted and signed, and where each of its parts begins."""
    spec = good.strong("small", [{"samples": good.pictures(number, 1, 8)} for number in range(3)])
    data, written = build.build(spec, make_vectors.DATA)
    return data, make_vectors.landmarks(data, written)


class PublishedVectors(unittest.TestCase):
    def test_hkdf_of_rfc_5869(self):
        prk = primitives.hkdf_extract(bytes(range(13)), b"\x0b" * 22)
        okm = primitives.hkdf_expand(prk, bytes(range(0xF0, 0xFA)), 42)
        wanted = (
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        )
        self.assertEqual(okm.hex(), wanted)

    def test_scrypt_of_rfc_7914(self):
        found = primitives.scrypt(b"pleaseletmein", b"SodiumChloride", 14)
        wanted = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        self.assertEqual(found.hex(), wanted)

    def test_merkle_tree_of_certificate_transparency(self):
        leaves = (
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        )  # fmt: skip
        root = primitives.merkle_root([bytes.fromhex(leaf) for leaf in leaves])
        wanted = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        self.assertEqual(root.hex(), wanted)
        self.assertEqual(primitives.merkle_root([]), sha256())

    def test_hpke_of_rfc_9180_x25519(self):
        self._check_hpke(
            x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(
                "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")),
            x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(
                "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")),
            "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9"
            "6d8770ac83d07bea87e13c512a",
        )  # fmt: skip

    def test_hpke_of_rfc_9180_p256(self):
        self._check_hpke(
            ec.derive_private_key(
                0x4995788EF4B9D6132B249CE59A77281493EB39AF373D236A1FE415CB0C2D7BEB, ec.SECP256R1()),
            ec.derive_private_key(
                0xF3CE7FDAE57E1A310D87F1EBBDE6F328BE0A99CDBCADF4D6589CF29DE4B8FFD2, ec.SECP256R1()),
            "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f"
            "9076ac232e3ab2523f39513434",
        )  # fmt: skip

    def _check_hpke(self, ephemeral, recipient, wanted):
        info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
        plain = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
        arguments = (recipient.public_key(), ephemeral, info, b"Count-0", plain, 0x0001)
        enc, sealed = hpke.seal(*arguments)
        self.assertEqual(sealed.hex(), wanted)
        self.assertEqual(hpke.unseal(recipient, enc, info, b"Count-0", sealed, 0x0001), plain)

    def test_ecdsa_of_rfc_6979(self):
        cases = (
            (ec.SECP256R1(), signing.ECDSA_P256,
             "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
             "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
             "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"),
            (ec.SECP384R1(), signing.ECDSA_P384,
             "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
             "96D5724E4C70A825F872C9EA60D2EDF5",
             "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
             "81A648152E44ACF96E36DD1E80FABE46"
             "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
             "A329C145786E679E7B82C71A38628AC8"),
        )  # fmt: skip
        for curve, algorithm, private, wanted in cases:
            key = ec.derive_private_key(int(private, 16), curve)
            found = signing.sign(key, b"sample", None)
            # Ours has a low s; the published one may be the other of the pair.
            self.assertIn(bytes.fromhex(wanted), (found, signing.high_s(algorithm, found)))
            self.assertIsNone(signing.verify(algorithm, key.public_key(), b"sample", found))


class Vectors(unittest.TestCase):
    def test_every_vector_is_judged_as_expected_and_committed_as_made(self):
        files, section = make_vectors.all_files(extended=True)
        for module in (good, bad_vectors):
            for name in module.EXTENDED:
                for extension in ("svms", "json", "txt"):
                    del files[f"{name}.{extension}"]
        for name in list(files):
            folder, _, file = name.rpartition("/")
            if folder and package_vectors.is_extended(file.rpartition(".")[0]):
                del files[name]
        self.assertEqual(make_vectors.check(files, section), 0)


class SmallContainer(unittest.TestCase):
    def setUp(self):
        self.data, self.marks = small()

    def test_it_is_authentic_as_made(self):
        self.assertEqual(verify(self.data).verdict, "authentic")

    def test_every_flipped_byte_is_reported_with_its_segment(self):
        header = struct.unpack(">I", self.data[20:24])[0]
        access = self.data.index(b"SVMA")
        for offset in range(len(self.data)):
            report = verify(faults.flip(offset, 0x20)(self.data))
            wanted = {"not_authentic"}
            if offset < header:
                wanted = {"not_authentic", "malformed", "unsupported"}
            elif access <= offset < self.marks[0]:
                wanted = {"incomplete"}
            self.assertIn(report.verdict, wanted, offset)
            segment = None
            for number in range(3):
                if self.marks[number] <= offset < self.marks[number + 1]:
                    segment = number
            self.assertEqual(report.first_failure.segment, segment, offset)

    def test_no_truncation_is_authentic(self):
        for size in range(len(self.data)):
            wanted = "malformed" if size < self.marks[0] else "incomplete"
            self.assertEqual(verify(self.data[:size]).verdict, wanted, size)

    def test_random_mutations_end_in_a_verdict(self):
        source = random.Random(20231114)
        verdicts = {}
        for _ in range(MUTATIONS):
            data = mutate(self.data, source)
            if data == self.data:
                continue
            report = verify(data, password=good.PASSWORD)
            verdicts[report.verdict] = verdicts.get(report.verdict, 0) + 1
        self.assertNotIn("authentic", verdicts)
        if MUTATIONS > 5000:
            print(verdicts)

    def test_ranges_are_judged_by_what_overlaps_them(self):
        tampered = bytearray(self.data)
        tampered[self.marks[2] + 100] ^= 1
        report = verify(bytes(tampered))
        start = good.T0
        step = 100_000_000
        self.assertEqual(verifier.range_verdict(report, start, start + step), "authentic")
        self.assertEqual(
            verifier.range_verdict(report, start, start + 3 * step), "not_authentic"
        )
        open_report = verify(self.data[: self.marks[2]])
        self.assertEqual(verifier.range_verdict(open_report, start, start + step), "authentic")
        self.assertEqual(verifier.range_verdict(open_report, start, start + 3 * step), "incomplete")


def mutate(data, source):
    """Flip, overwrite, delete, repeat or insert some bytes."""
    out = bytearray(data)
    for _ in range(source.choice((1, 1, 1, 2, 5))):
        place, size = source.randrange(len(out)), source.choice((1, 1, 2, 4, 16, 200))
        kind = source.randrange(6)
        if kind == 0:
            out[place] ^= 1 << source.randrange(8)
        elif kind == 1:
            part = source.choice((b"\xff", b"\0", b"\x80")) * size
            out[place : place + size] = part[: len(out) - place]
        elif kind == 2:
            del out[place : place + size]
        elif kind == 3:
            out[place:place] = out[place : place + size]
        elif kind == 4:
            out[place:place] = source.randbytes(size)
        else:
            other = source.randrange(len(out))
            out[place : place + size] = out[other : other + size]
        if not out:
            out = bytearray(b"\0")
    return bytes(out)


class Samples(unittest.TestCase):
    def test_samples_beyond_one_chunk_come_back(self):
        size = 2 * c.CHUNK + 5
        ranges = [[1, c.CHUNK], [c.CHUNK + 10, 1000], [size - 3, 3]]
        for protection in ("strong", "light"):
            samples = [{"dts": 0, "size": size, "flags": 1}, {"dts": 9000, "size": c.CHUNK}]
            if protection == "light":
                samples[0]["ranges"] = ranges
            spec = good.strong("chunks", tracks=[good.track(good.VIDEO, protection)],
                               segments=[{"samples": samples}])  # fmt: skip
            report = verify(make(spec), password=good.PASSWORD)
            self.assertEqual(report.verdict, "authentic")
            wanted = [one["sha256"] for one in build.expected_samples(spec)]
            self.assertEqual([one.sha256 for one in report.samples], wanted)

    def test_times_are_rounded_towards_zero(self):
        self.assertEqual(s.ticks_to_ns(-1, 1, 3), -333333333)
        self.assertEqual(s.ticks_to_ns(1, 2, 3), 666666666)

    def test_body_lengths_that_no_sample_has_are_refused(self):
        possible = {s.body_length(b"", size, [(0, size)] if size else []) for size in range(100)}
        for length in range(100):
            record = sample_record(length)
            if length in possible:
                s.strong_size(record)
            else:
                self.assertRaises(ContainerError, s.strong_size, record)


def sample_record(length):
    return wire.parse_record_header(wire.pack_sample_header(0, 0, length, 1, 0, 0, None), 0)


class Index(unittest.TestCase):
    def test_the_tree_reaches_every_segment(self):
        for count in (1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65800):
            records, root = build_index(count)
            self.assertEqual(segments_below(records, root), list(range(count)), count)
            self.assertEqual(len(records), index_size(count), count)

    def test_index_of_three_hundred_segments_is_verified(self):
        spec = good.clear("long", [
            {"samples": good.pictures(number, 1, 1)} for number in range(300)
        ], signer=None)  # fmt: skip
        data = make(spec)
        report = verify(data)
        self.assertEqual((report.verdict, len(report.segments)), ("untrusted", 300))
        place = data.index(b"SVMSINDX")
        report = verify(faults.flip(place + 48)(data))
        self.assertEqual((report.verdict, report.first_failure.segment), ("not_authentic", 256))


def build_index(count):
    """{offset: record} of an index over segments of 1,000 bytes, and the root's offset."""
    tree, records, offset = index.IndexTree(bytes(32)), {}, 0

    def place(found):
        nonlocal offset
        for record in found:
            records[offset] = record
            offset += len(record)

    for number in range(count):
        start = offset
        offset += 96
        place(tree.full_records(offset, 1))
        offset += 1000
        tree.add_segment(number, start, number * 10, number * 10 + 9, bytes(32))
    found, root, _ = tree.close(offset)
    place(found)
    return records, root


def index_size(count):
    """Number of records: one for each 256 of a level until a single one is left."""
    total = 0
    while True:
        count = -(-count // 256)
        total += count
        if count == 1:
            return total


def segments_below(records, offset):
    body = records[offset][16:]
    level, _, count, _, own, _ = struct.unpack(">BBHIQQ", body[16:40])
    if own != offset or len(body) != 40 + 72 * count:
        raise AssertionError("index record is inconsistent")
    found = []
    for place in range(count):
        entry = struct.unpack(">QQqqII", body[40 + 72 * place : 80 + 72 * place])
        below = segments_below(records, entry[1]) if level else [entry[0]]
        if below[0] != entry[0] or len(below) != entry[4]:
            raise AssertionError("index entry is inconsistent")
        if (entry[2], entry[3]) != (below[0] * 10, below[-1] * 10 + 9):
            raise AssertionError("times of an index entry are wrong")
        found += below
    return found


class Writing(unittest.TestCase):
    def test_descriptions_that_cannot_be_written_are_refused(self):
        for spec in ({}, {**good.clear("x"), "tracks": [{"kind": "smell"}]}):
            self.assertRaises(UsageError, make, spec)
        self.assertRaises(SvmsRefError, make, good.clear("x", [{"samples": []}]))

    def test_fresh_randomness_makes_every_container_another(self):
        spec = good.strong("fresh")
        del spec["seed"]
        first, second = make(spec), make(spec)
        self.assertNotEqual(first, second)
        self.assertEqual(verify(first, password=good.PASSWORD).verdict, "authentic")

    def test_seeded_randomness_is_reproducible(self):
        self.assertEqual(SeededRandom("a")(99), SeededRandom("a")(99))
        self.assertNotEqual(SeededRandom("a")(99), SeededRandom("b")(99))


if __name__ == "__main__":
    unittest.main()
