#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Axis Signed Video (docs/spec/signedvideo.md, section 6): what a second implementation signs, in all forms of it, is authentic to
the library; every edit is called what it is; a key is trusted through certificates, and never without.

The library speaks through camera_judge.c, and once through the program."""

import contextlib
import datetime
import json
import os
import struct
import subprocess
import unittest.mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import axis_signed
import camera_edits
import camera_signed
from camsign_case import CamSignCase, merged, scene, what_is_wrong
from system_case import EVIDENCE, GOOD, TIMEOUT, main

JUDGE = os.environ["SVMS_CAMERA_JUDGE"]
SEEDS = int(os.environ.get("SVMS_CAMSIGN_SEEDS", "15"))
TRUSTED, NO_ANCHOR, UNKNOWN_ISSUER = 0, 2, 3
WAYS = (
    {}, {"escaped": False}, {"escaped": False, "bare": True}, {"lists": False}, {"late": 2}, {"lists": False, "late": 1},
    {"every": 3}, {"golden": True}, {"part": 3}, {"part": 3, "lists": False, "late": 1}, {"times": False},
    {"algorithm": "sha512", "every": 2}, {"generation": 1}, {"generation": 1, "escaped": False}, {"generation": 1, "times": False},
    {"generation": 1, "late": 2}, {"generation": 1, "every": 3}, {"generation": 1, "golden": True},
    {"generation": 1, "algorithm": "sha384", "every": 2},
)
NEVER_SIGNED = -1


def encoded(codec, units):
    """A stream for camera_judge.c."""
    samples = [camera_signed.join_lengths(nals) for nals in units]
    return struct.pack(">II", {"h264": 264, "h265": 265}[codec], len(samples)) + b"".join(
        struct.pack(">I", len(sample)) + sample for sample in samples)


def name(text, *more):
    # Forgers keep to no length; newer versions of this module do.
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text, _validate=len(text) <= 64), *more])


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Maker:
    """A maker of cameras: its CA, and what it certifies."""

    def __init__(self, start):
        self.key, self.start = ec.generate_private_key(ec.SECP521R1()), start
        self.ca = self.certificate(self.key, name("Maker"), is_ca=True)

    def certificate(self, key, subject, is_ca=False):
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        usage = x509.KeyUsage(not is_ca, False, False, False, False, is_ca, is_ca, False, False)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(name("Maker"))
                   .serial_number(x509.random_serial_number()).public_key(key.public_key())
                   .not_valid_before(self.start - datetime.timedelta(days=30))
                   .not_valid_after(self.start + datetime.timedelta(days=3000))
                   .add_extension(x509.BasicConstraints(is_ca, None), True).add_extension(usage, True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False))
        return builder.sign(self.key, hashes.SHA512()).public_bytes(serialization.Encoding.PEM)

    def chip(self, number=axis_signed.CHIP):
        """A chip's key and certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = name(axis_signed.ATTESTATION_NAME + number.hex(), x509.NameAttribute(x509.NameOID.SERIAL_NUMBER, "serial 7"))
        return key, self.certificate(key, subject)


class CamSignAxis(CamSignCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.maker = Maker(cls.start)
        cls.maker_path = os.path.join(cls.shared, "maker.pem")
        with open(cls.maker_path, "wb") as file:
            file.write(cls.maker.ca)
        cls.key = ec.generate_private_key(ec.SECP256R1())
        chip_key, chip_chain = cls.maker.chip()
        cls.attested = {"chain": chip_chain, "attestation": axis_signed.attest(chip_key, cls.key)}
        cls.certified_key = {"chain": cls.maker.certificate(cls.key, name("axis-serial 7-camera"))}

    def judged(self, codec, *streams, trust=None):
        """Reports of each stream."""
        done = subprocess.run([JUDGE, trust or self.maker_path], input=b"".join(encoded(codec, units) for units in streams),
                              capture_output=True, timeout=TIMEOUT, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def reports(self, codec, units, **how):
        return self.judged(codec, units, **how)[0]

    def shot(self, codec, units, key=None, **how):
        start = how.pop("start", int(self.start.timestamp()) * 10**6)
        return axis_signed.sign(codec, units, pem_of(key or self.key), start=start, **how)

    # Forms

    def test_all_forms_are_authentic(self):
        for kind, ways in (("slices", WAYS), ("h264", WAYS[:1] + WAYS[12:13]), ("h265", WAYS)):
            clip, _ = self.clip(kind, 4)
            for how in ways:
                with self.subTest(kind, how=how):
                    reports = self.reports(clip.codec, self.shot(clip.codec, clip.units, **how, **self.attested))
                    self.assert_all_authentic(reports, len(clip.units))
                    wanted = f"axis_signed_video_{how.get('generation', 2)}"
                    self.assertEqual({(report["format"], report["trusted"]) for report in reports}, {(wanted, True)})

    def test_keys_of_every_kind(self):
        clip, _ = self.clip("h264", 2)
        p384, big = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)
        for key, how in ((p384, {"algorithm": "sha384"}), (p384, {}), (big, {}), (big, {"generation": 1})):
            with self.subTest(how=how):
                chain = self.maker.certificate(key, name("axis-serial 7-camera"))
                reports = self.reports(clip.codec, self.shot(clip.codec, clip.units, key, chain=chain, **how))
                self.assert_all_authentic(reports, len(clip.units))
                self.assertEqual({report["identity"] for report in reports}, {TRUSTED})

    def test_times_are_those_of_the_next_picture(self):
        clip, length = self.clip("h264", 3)
        begin = int(self.start.timestamp()) * 10**6
        for generation in (1, 2):
            reports = self.reports(clip.codec, self.shot(clip.codec, clip.units, generation=generation))
            ends = [(begin + (at + 1) * length * 10**5) * 1000 for at in range(3)]
            self.assertEqual([report["to_ns"] for report in reports], ends)
            starts = [begin * 1000 if generation == 1 else -2**63, *ends[:-1]]
            self.assertEqual([report["from_ns"] for report in reports], starts)

    def test_a_form_that_is_not_validated_is_named(self):
        clip, _ = self.clip("h264", 3)
        good = self.shot(clip.codec, clip.units)

        def changed(forge):
            return [[forge(nal) if axis_signed.is_sei(clip.codec, nal) else nal for nal in nals] for nals in good]

        def reserved(bits):
            return lambda nal: nal.replace(axis_signed.OLDER_UUID + b"\xb0", axis_signed.OLDER_UUID + bytes([bits]))

        hashes_signed = axis_signed.Camera(clip.codec, pem_of(self.key), generation=1, lists=False)
        first = int(self.start.timestamp()) * 10**6
        old = [hashes_signed.add(nals, first + at * 10**5) for at, nals in enumerate(clip.units)]
        for what, units in (("hashes alone are signed", old), ("linked only", changed(reserved(0xa0))),
                            ("version 3 in 1.x", changed(reserved(0x80)))):
            with self.subTest(what):
                reports = self.reports(clip.codec, units)
                self.assertEqual({report["verdict"] for report in reports}, {"unsigned"})
                self.assertTrue(all(report["format"] == "none" for report in reports))
                self.assertTrue(any("other_format" in report["reasons"] for report in reports), reports)

    # Edits

    def check_edit(self, codec, edited, expected):
        reports = self.reports(codec, edited)
        wanted = {frame: [(verdict, reasons - {"stray"}, remarks)] for frame, (verdict, reasons, remarks) in expected.items()}
        shown = {frame: [(verdict, reasons, merged(remarks, expected[frame][2] if frame in expected else {}))
                         for verdict, reasons, remarks in all_of_it] for frame, all_of_it in what_is_wrong(reports).items()}
        self.assertEqual(shown, wanted, reports)

    @contextlib.contextmanager
    def axis_edits(self):
        """Edits that find SEIs of Axis."""
        with unittest.mock.patch.multiple(camera_edits, is_signing_sei=axis_signed.is_sei, Document=axis_signed.Document):
            yield

    def test_every_edit_is_called_what_it_is(self):
        for generation in (2, 1):
            for kind, edits in (("slices", camera_edits.EDITS), ("h265", camera_edits.EDITS_THAT_DEPEND_ON_THE_CODEC)):
                clip, length = self.clip(kind)
                signed = self.shot(clip.codec, clip.units, generation=generation, **self.attested)
                stream = camera_edits.Stream(clip.codec, signed, length)
                for edit in edits:
                    with self.subTest(kind, generation=generation, edit=edit.__name__), self.axis_edits():
                        units, expected = edit(stream)
                        if generation == 1 and edit is camera_edits.length_of_the_sei_flipped:
                            # There it is the version of the element general, whose length has one byte only.
                            expected = {stream.first: ("unsigned", {"other_format"}, {})}
                        self.check_edit(clip.codec, units, expected)

    def test_a_sei_of_another_clip_signs_nothing(self):
        clip, length = self.clip("h264")
        for generation in (2, 1):
            stream = camera_edits.Stream(clip.codec, self.shot(clip.codec, clip.units, generation=generation), length)
            other = self.shot(clip.codec, [camera_edits.made_up(clip.codec, nals) for nals in clip.units], generation=generation)
            with self.subTest(generation=generation), self.axis_edits():
                self.check_edit(clip.codec, *camera_edits.sei_of_another_clip(stream, other))

    def test_without_lists_a_gop_is_changed_as_a_whole(self):
        clip, length = self.clip("h264")
        stream = camera_edits.Stream(clip.codec, self.shot(clip.codec, clip.units, lists=False), length)
        for edit in (camera_edits.frame_dropped, camera_edits.bit_of_a_frame_flipped, camera_edits.frame_replaced):
            with self.subTest(edit.__name__), self.axis_edits():
                self.check_edit(clip.codec, edit(stream)[0], {stream.first: ("changed", {"no_list"}, {})})
        for edit in (camera_edits.sei_removed, camera_edits.trimmed, camera_edits.end_cut_off,
                     camera_edits.gop_cut_out_with_its_sei):
            with self.subTest(edit.__name__), self.axis_edits():
                self.check_edit(clip.codec, *edit(stream))

    def test_sessions_that_were_joined(self):
        clip, length = self.clip("h264", 3)
        other = [camera_edits.made_up(clip.codec, nals) for nals in clip.units]
        later = int((self.start + datetime.timedelta(seconds=30)).timestamp()) * 10**6
        for generation in (2, 1):
            first = self.shot(clip.codec, clip.units, generation=generation)
            second = self.shot(clip.codec, other, generation=generation, start=later)
            with self.subTest(generation=generation):
                reports = self.reports(clip.codec, first + second)
                self.assertEqual({report["verdict"] for report in reports}, {"authentic"}, reports)
                told = {report["first_frame"]: report["reasons"] for report in reports if report["reasons"]}
                self.assertEqual(told, {3 * length: ["new_session"]})
                # One GOP of the first session, then what comes next by its number in the second.
                spliced = first[:length] + second[length:]
                spliced[length] = [nal for nal in first[length] if axis_signed.is_sei(clip.codec, nal)] + [
                    nal for nal in second[length] if not axis_signed.is_sei(clip.codec, nal)]
                joined = [report for report in self.reports(clip.codec, spliced) if report["first_frame"] == length]
                self.assertEqual([(report["verdict"], report["reasons"]) for report in joined], [("changed", ["link"])])

    def test_pictures_that_the_format_does_not_sign_are_never_authentic(self):
        units = scene("h265", 3)
        signed = self.shot("h265", units)
        for kind in (2, 9, 22):  # TSA, RASL, reserved
            edited = camera_edits.copy_of(signed)
            edited.insert(11, [bytes([kind << 1, 2]) + units[11][0][2:]])
            with self.subTest(kind=kind):
                self.check_edit("h265", edited, {8: ("changed", set(), {(11, "inserted"): 1})})

    def test_edits_by_chance_make_nothing_authentic_that_is_not(self):
        for codec, slices in (("h264", 1), ("h265", 3)):
            pictures = scene(codec, slices=slices)
            for how in ({}, {"lists": False}, {"part": 3, "late": 1}, {"generation": 1}, {"generation": 1, "late": 2}):
                signed = self.shot(codec, pictures, **how)
                with self.axis_edits():
                    streams = [camera_edits.random_edit(codec, signed, seed) for seed in range(SEEDS)]
                for seed, (edited, reports) in enumerate(zip(streams, self.judged(codec, *streams))):
                    with self.subTest(codec=codec, how=how, seed=seed):
                        self.assertEqual([frame for one in reports for frame in
                                          range(one["first_frame"], one["first_frame"] + one["frames"])], list(range(len(edited))))
                        self.check_believed(codec, signed, edited, reports)

    def check_believed(self, codec, signed, edited, reports):
        """What is said to be as it was signed stands in the stream that was signed, in this order."""
        place = {nal: at for at, nals in enumerate(signed) for nal in nals if camera_signed.is_slice(codec, nal)}
        for report in reports:
            if report["verdict"] not in ("authentic", "missing", "changed") or "no_list" in report["reasons"]:
                continue
            doubtful = {one["frame"] for one in report["remarks"] if one["verdict"] != "missing"}
            frames = [at for at in range(report["first_frame"], report["first_frame"] + report["frames"]) if at not in doubtful]
            slices = [nal for at in frames for nal in edited[at] if camera_signed.is_slice(codec, nal)]
            found = [place.get(nal, NEVER_SIGNED) for nal in slices]
            self.assertNotIn(NEVER_SIGNED, found, report)
            self.assertEqual(found, sorted(found), report)
        if all(report["verdict"] == "authentic" for report in reports):
            of_both = [[nal for nals in units for nal in nals if camera_signed.is_slice(codec, nal)] for units in (edited, signed)]
            self.assertEqual(*of_both)

    # Who signed

    def identities(self, trust=None, **how):
        clip, _ = self.clip("h264", 2)
        key = how.pop("key", self.key)
        reports = self.reports(clip.codec, self.shot(clip.codec, clip.units, key, **how), trust=trust)
        self.assert_all_authentic(reports, len(clip.units))
        self.assertEqual(len({report["key"] for report in reports}), 1)
        return {report["identity"] for report in reports}, reports[0]["key"]

    def test_a_key_without_certificates_is_known_by_its_fingerprint_alone(self):
        for generation in (2, 1):
            self.assertEqual(self.identities(generation=generation), ({UNKNOWN_ISSUER}, axis_signed.fingerprint(self.key)))

    def test_certificates_speak_for_the_key_that_they_name(self):
        digest = x509.load_pem_x509_certificate(self.certified_key["chain"]).fingerprint(hashes.SHA256()).hex()
        self.assertEqual(self.identities(**self.certified_key), ({TRUSTED}, digest))
        self.assertEqual(self.identities(**self.certified_key, own_key=True), ({TRUSTED}, digest))
        self.assertEqual(self.identities(trust=self.trust, **self.certified_key), ({UNKNOWN_ISSUER}, digest))
        # The certificate of somebody else beside a key of one's own.
        stolen = {**self.certified_key, "own_key": True, "key": ec.generate_private_key(ec.SECP256R1())}
        self.assertEqual(self.identities(**stolen), ({UNKNOWN_ISSUER}, axis_signed.fingerprint(stolen["key"])))

    def test_an_attestation_speaks_for_one_key_of_one_chip(self):
        digest = x509.load_pem_x509_certificate(self.attested["chain"]).fingerprint(hashes.SHA256()).hex()
        self.assertEqual(self.identities(**self.attested), ({TRUSTED}, digest))
        self.assertEqual(self.identities(generation=1, **self.attested), ({TRUSTED}, digest))
        chip_key, chain = self.maker.chip()
        good = axis_signed.attest(chip_key, self.key)
        other = ec.generate_private_key(ec.SECP256R1())
        long_number = axis_signed.CHIP + b"\0"
        cases = {
            "of another key": axis_signed.attest(chip_key, other),
            "by another chip": self.attested["attestation"],
            "another chip's number": axis_signed.attest(chip_key, self.key, chip=axis_signed.CHIP[:-1] + b"\xff"),
            "another object": axis_signed.attest(chip_key, self.key, object_id=bytes.fromhex("7b000202")),
            "a bit of its time": good[:12] + bytes([good[12] ^ 1]) + good[13:],
            "two of them": good[:8] + b"\2" + good[9:],
            "a byte more": good + b"\0",
            "a byte less": good[:-1],
        }
        for what, attestation in cases.items():
            with self.subTest(what):
                found = self.identities(chain=chain, attestation=attestation)
                self.assertEqual(found, ({UNKNOWN_ISSUER}, axis_signed.fingerprint(self.key)))
        for what, (key, chain) in {"a longer number": self.maker.chip(long_number), "another beginning": self.maker.chip(bytes(18)),
                                   "no number": (chip_key, self.maker.certificate(chip_key, name("chip")))}.items():
            with self.subTest(what):
                found = self.identities(chain=chain, attestation=axis_signed.attest(key, self.key))
                self.assertEqual(found, ({UNKNOWN_ISSUER}, axis_signed.fingerprint(self.key)))

    # By the program

    def test_the_program_tells_the_format_and_who_signed(self):
        clip, _ = self.clip("h264", 2)
        for generation in (2, 1):
            units = self.shot(clip.codec, clip.units, generation=generation, **self.attested)
            stored = self.stored(clip, units, "axis.mp4")
            found = self.verified(stored, status=GOOD, trust=self.maker_path)
            track = found["tracks"][0]
            self.assert_all_authentic(track["reports"], len(clip.units))
            self.assertEqual({report["format"] for report in track["reports"]}, {f"axis_signed_video_{generation}"})
            summary = track["summary"]
            self.assertEqual((summary["firmware"], summary["serial"], summary["manufacturer"]), ("1.0", "serial 7", "maker"))
            words = self.expect(GOOD, "camsign", "verify", stored, "--trust", self.maker_path).out
            self.assertIn(f"Axis Signed Video {generation}", words)
            # Somebody's own key says nothing of who it was.
            own = self.stored(clip, self.shot(clip.codec, clip.units, generation=generation), "own.mp4")
            found = self.verified(own, status=EVIDENCE, trust=self.maker_path)
            self.assertEqual((found["verdict"], found["trusted"]), ("authentic", False))
            for report in found["tracks"][0]["reports"]:
                self.assertEqual((report["key"], report["subject"]), (axis_signed.fingerprint(self.key), None))


if __name__ == "__main__":
    main()
