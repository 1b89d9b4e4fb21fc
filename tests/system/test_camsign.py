#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms camsign: what it signs is authentic to a second implementation and the other way round; every edit is called what it is."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import camera_clip
import camera_edits
import camera_signed
from camera_signed import is_signing_sei
from camsign_case import P384, RSA3072, CamSignCase, by_reference, merged, what_is_wrong, words_of
from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, USAGE, ffmpeg, main

# As cameras sign: by the text, and as they do today.
WAYS = (
    {}, {"order": "big", "version": 1}, {"order": "big", "late": 3}, {"escaped": True}, {"bare": True, "order": "big"},
    {"lists": False, "late": 1}, {"certificates": "always", "copies": 2, "late": 1}, {"every": 3, "late": 2}, {"every": 2, "copies": 2},
    {"part": 7}, {"part": 7, "late": 2, "lists": False}, {"algorithm": "sha512", "counter": 1},
    {"last_general": True, "escaped": True, "lists": False},
)
OPTIONS = (
    [], ["--low-bit-rate"], ["--every", "3"], ["--every", "2", "--copies", "2"], ["--certificate-sei", "--hash-escaped"],
    ["--part-nal-units", "7"], ["--part-ms", "300", "--low-bit-rate", "--hash-escaped"],
)


class CamSign(CamSignCase):
    def sign(self, source, out, *more, status=GOOD):
        return self.expect(status, "camsign", "sign", source, "--out", out, "--chain", self.chain_path, "--key", self.key_path, *more)

    def test_what_svms_signs_is_authentic_to_the_second_implementation_and_itself(self):
        for kind, all_options in (("slices", OPTIONS), ("h264", OPTIONS[:1]), ("h265", OPTIONS[:2])):
            clip, _ = self.clip(kind)
            source = self.stored(clip, clip.units, f"{kind}.mp4")
            for number, options in enumerate(all_options):
                with self.subTest(kind, options=options):
                    self.sign(source, f"{kind}-{number}.mp4", *options)
                    units = camera_clip.read(self.path(f"{kind}-{number}.mp4")).units
                    self.assertEqual([[nal for nal in nals if not is_signing_sei(clip.codec, nal)] for nals in units], clip.units)
                    reports, receiver = by_reference(clip.codec, units)
                    self.assert_all_authentic(reports, len(clip.units))
                    self.assertEqual(bool([tag for one in receiver.documents for tag in one.tags if tag == camera_signed.LIST]),
                                     "--low-bit-rate" not in options)
                    self.assert_all_authentic(self.by_svms(clip, units, status=GOOD)[0], len(clip.units))

    def test_what_the_second_implementation_signs_is_authentic(self):
        for kind, ways in (("slices", WAYS), ("h264", WAYS[:1]), ("h265", WAYS[:5])):
            clip, _ = self.clip(kind)
            for how in ways:
                with self.subTest(kind, how=how):
                    units = self.signed(clip, **how)
                    self.assert_all_authentic(by_reference(clip.codec, units)[0], len(clip.units))
                    reports, summary = self.by_svms(clip, units, status=GOOD)
                    self.assert_all_authentic(reports, len(clip.units))
                    self.assertEqual((summary["firmware"], summary["serial"], summary["manufacturer"]), ("1.0", "serial 7", "maker"))

    def test_keys_of_every_kind(self):
        clip, _ = self.clip("h264", 2)
        user = self.certified("user", *P384)
        for name, kind in (("p384", P384), ("rsa", RSA3072)):
            with self.subTest(name):
                key_path, chain_path, *pems = self.certified(name, *kind)
                algorithm = "sha384" if name == "p384" else "sha256"
                ways = ({}, {"pkcs1": True}) if name == "rsa" else ({}, {"user": (user[2], user[3])})
                for how in ways:
                    units = self.signed(clip, key=pems, algorithm=algorithm, **how)
                    more = ["--user-trust", self.trust] if "user" in how else []
                    self.assert_all_authentic(self.by_svms(clip, units, *more, status=GOOD)[0], len(units))
                source = self.stored(clip, clip.units, "source.mp4")
                self.expect(GOOD, "camsign", "sign", source, "--out", f"signed-{name}.mp4", "--chain", chain_path, "--key", key_path,
                            *(["--user-chain", user[1], "--user-key", user[0]] if name == "p384" else []))
                units = camera_clip.read(self.path(f"signed-{name}.mp4")).units
                self.assert_all_authentic(by_reference(clip.codec, units)[0], len(units))

    # Edits

    def check_edit(self, clip, edited, expected, *more):
        """Both implementations say what is expected."""
        by_us, _ = self.by_svms(clip, edited, *more)
        for who, reports in (("the second implementation", by_reference(clip.codec, edited)[0]), ("svms", by_us)):
            found = what_is_wrong(reports)
            wanted = {frame: [(verdict, reasons - {"stray"}, remarks)] for frame, (verdict, reasons, remarks) in expected.items()}
            shown = {frame: [(verdict, reasons, merged(remarks, expected[frame][2] if frame in expected else {}))
                             for verdict, reasons, remarks in all_of_it] for frame, all_of_it in found.items()}
            self.assertEqual(shown, wanted, f"{who}: {reports}")
            strays = any("stray" in reasons for _, reasons, _ in expected.values())
            self.assertEqual(any("stray" in report["reasons"] for report in reports), strays, f"{who}: {reports}")

    def test_every_edit_is_called_what_it_is(self):
        for kind, edits in (("slices", camera_edits.EDITS), ("h265", camera_edits.EDITS_THAT_DEPEND_ON_THE_CODEC)):
            clip, length = self.clip(kind)
            stream = camera_edits.Stream(clip.codec, self.signed(clip), length)
            for edit in edits:
                with self.subTest(kind, edit=edit.__name__):
                    self.check_edit(clip, *edit(stream))

    def test_a_sei_of_another_clip_signs_nothing(self):
        clip, length = self.clip("h264")
        stream = camera_edits.Stream(clip.codec, self.signed(clip), length)
        other = self.signed(self.another(clip))
        self.check_edit(clip, *camera_edits.sei_of_another_clip(stream, other))

    @staticmethod
    def another(clip):
        """Another scene of the same camera, as far as signatures go."""
        units = [camera_edits.made_up(clip.codec, nals) for nals in clip.units]
        return camera_clip.Clip(clip.codec, clip.description, units)

    def test_clips_that_were_joined_are_sessions(self):
        clip, length = self.clip("h264", 3)
        _, _, *other_camera = self.certified("other")
        later = self.start + datetime.timedelta(seconds=30)
        for key, reasons in ((None, {"new_session"}), (other_camera, {"new_session", "key_changed"})):
            with self.subTest(reasons=reasons):
                second = self.signed(self.another(clip), start=later, key=key)
                units = self.signed(clip) + second
                for reports in (self.by_svms(clip, units, status=GOOD)[0], by_reference(clip.codec, units)[0]):
                    self.assertEqual({report["verdict"] for report in reports}, {"authentic"})
                    told = {report["first_frame"]: set(report["reasons"]) for report in reports if report["reasons"]}
                    self.assertEqual(told, {3 * length: reasons})
        # Without the beginning of its session the second one is an alarm; so is the first one behind it.
        first = self.signed(clip, certificates="always")
        for key in (None, other_camera):
            second = self.signed(self.another(clip), start=later, key=key, certificates="always")
            for units in (first + second[2 * length:], second + first[2 * length:]):
                for reports in (self.by_svms(clip, units, status=EVIDENCE)[0], by_reference(clip.codec, units)[0]):
                    joined = [report for report in reports if report["first_frame"] == 3 * length]
                    self.assertEqual([(report["verdict"], "link" in report["reasons"]) for report in joined], [("changed", True)])
                    self.assertEqual("key_changed" in joined[0]["reasons"], key is not None)

    def test_without_lists_a_gop_is_changed_as_a_whole(self):
        clip, length = self.clip("h264")
        stream = camera_edits.Stream(clip.codec, self.signed(clip, lists=False), length)
        for edit in (camera_edits.frame_dropped, camera_edits.bit_of_a_frame_flipped, camera_edits.frame_replaced):
            with self.subTest(edit.__name__):
                units = edit(stream)[0]
                expected = {stream.first: ("changed", {"no_list"}, {})}
                self.check_edit(clip, units, expected)
        for edit in (camera_edits.sei_removed, camera_edits.trimmed, camera_edits.end_cut_off, camera_edits.gop_cut_out_with_its_sei,
                     camera_edits.parameter_sets_changed):
            with self.subTest(edit.__name__):
                self.check_edit(clip, *edit(stream))

    def test_parameter_sets_are_told_as_not_covered(self):
        clip, length = self.clip("h264", 3)
        stream = camera_edits.Stream(clip.codec, self.signed(clip), length)
        name = self.stored(clip, camera_edits.parameter_sets_changed(stream)[0])
        self.assertIn("parameter sets", self.verified(name)["not_covered"])
        self.assertIn("parameter sets", self.expect(GOOD, "camsign", "verify", name, "--trust", self.trust).out)

    def test_who_took_the_signatures_away_is_told_where_the_camera_is_known(self):
        clip, _ = self.clip("h264", 2)
        stripped = [camera_edits.without_seis(clip.codec, nals) for nals in self.signed(clip)]
        self.assertEqual(stripped, clip.units)
        for more, reasons in (([], []), (["--expect-signed"], ["stripped"])):
            reports, summary = self.by_svms(clip, stripped, *more, status=EVIDENCE)
            self.assertEqual([(report["verdict"], report["reasons"]) for report in reports], [("unsigned", reasons)] * 2)
            self.assertEqual((summary["verdict"], summary["seis"]), ("unsigned", 0))
            theirs = by_reference(clip.codec, stripped, expect_signed=bool(more))[0]
            self.assertEqual([report["reasons"] for report in theirs], [reasons] * 2)

    def test_a_clock_that_was_moved_is_told_and_changes_nothing_else(self):
        clip, length = self.clip("h264", 3)
        name = self.stored(clip, self.signed(clip))
        for moved, reasons in ((0, set()), (3600, {"clock"}), (-3600, {"clock"})):
            start = words_of(self.start + datetime.timedelta(seconds=moved))
            reports = self.verified(name, "--start", start)["tracks"][0]["reports"]
            self.assertEqual([(report["verdict"], set(report["reasons"])) for report in reports], [("authentic", reasons)] * 3)
        # The camera's own clock was set back between two GOPs.
        camera = camera_signed.Camera(clip.codec, self.key_pem, self.chain_pem)
        base = camera_signed.EPOCH_1601 + int(self.start.timestamp()) * 10**7
        units = [camera.add(nals, base + at * 10**6 - (at >= length) * 10**8) for at, nals in enumerate(clip.units)]
        told = [set(report["reasons"]) for report in self.by_svms(clip, units)[0]]
        self.assertEqual(told[1], {"clock"})

    # What must not be an alarm

    def test_streams_that_were_only_carried_stay_authentic(self):
        for kind in ("slices", "h265"):
            clip, length = self.clip(kind, 3)
            raw = "s.h264" if clip.codec == "h264" else "s.h265"
            self.stored(clip, self.signed(clip, escaped=kind == "h265"))
            ffmpeg("-i", self.path("v.mp4"), "-c", "copy", self.path(raw))
            ffmpeg("-framerate", "10", "-i", self.path(raw), "-c", "copy", self.path("back.mp4"))
            ffmpeg("-i", self.path("back.mp4"), "-c", "copy", self.path("back.mkv"))
            ffmpeg("-ss", str(length / 10), "-i", self.path("v.mp4"), "-c", "copy", self.path("cut.mkv"))
            for name in ("v.mp4", raw, "back.mp4", "back.mkv"):
                with self.subTest(name):
                    reports = self.verified(name)["tracks"][0]["reports"]
                    self.assertEqual({report["verdict"] for report in reports}, {"authentic"}, reports)
                    self.assertGreaterEqual(sum(report["frames"] for report in reports), len(clip.units))
        # A player's cut leaves the certificates behind, unless they are in each SEI.
        reports = self.verified("cut.mkv", status=EVIDENCE)["tracks"][0]["reports"]
        self.assertTrue(all(report["verdict"] == "unsigned" and "no_key" in report["reasons"] for report in reports), reports)
        self.stored(clip, self.signed(clip, certificates="always"))
        ffmpeg("-y", "-ss", str(length / 10), "-i", self.path("v.mp4"), "-c", "copy", self.path("cut.mkv"))
        self.assertEqual([report["verdict"] for report in self.verified("cut.mkv")["tracks"][0]["reports"]], ["authentic"] * 2)

    def test_a_cut_between_gops_is_no_alarm(self):
        clip, length = self.clip("h264")
        for how in WAYS:
            if how.get("every", 1) > 1:
                continue  # the list of a SEI without signature may lie before the cut
            with self.subTest(how=how):
                stream = camera_edits.Stream(clip.codec, self.signed(clip, **how), length)
                units = camera_edits.trimmed(stream)[0]
                units[-1] = list(units[-1])
                for reports in (self.by_svms(clip, units)[0], by_reference(clip.codec, units)[0]):
                    self.assertLessEqual({report["verdict"] for report in reports}, {"authentic", "unsigned"}, reports)
                    self.assertLessEqual({reason for report in reports for reason in report["reasons"]}, {"tail"}, reports)
                    authentic = sum(report["frames"] for report in reports if report["verdict"] == "authentic")
                    self.assertGreaterEqual(authentic, length)

    # Who signed

    def own_authority(self, since, until):
        """A maker of cameras outside of ours: its CA, and a camera's key and certificate with this period."""
        keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("Maker", "Camera 7")]
        identifiers = [x509.SubjectKeyIdentifier.from_public_key(key.public_key()) for key in keys]
        found = []
        for number, (begins, ends) in enumerate(((since, until + datetime.timedelta(days=9000)), (since, until))):
            is_ca = number == 0
            usage = x509.KeyUsage(not is_ca, False, False, False, False, is_ca, is_ca, False, False)
            builder = (x509.CertificateBuilder().subject_name(names[number]).issuer_name(names[0]).serial_number(7 + number)
                       .public_key(keys[number].public_key()).not_valid_before(begins).not_valid_after(ends)
                       .add_extension(x509.BasicConstraints(is_ca, None), True).add_extension(usage, True)
                       .add_extension(identifiers[number], False)
                       .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifiers[0]), False))
            found.append(builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        key = keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.store("maker.pem", found[0])
        return key, found[1]

    def test_certificates_that_expired_since_are_good_at_an_attested_time(self):
        recorded = datetime.datetime(2024, 3, 1, 12, tzinfo=datetime.timezone.utc)
        pems = self.own_authority(datetime.datetime(2024, 1, 1), datetime.datetime(2024, 6, 1))
        clip, _ = self.clip("h264", 2)
        name = self.stored(clip, self.signed(clip, start=recorded, key=pems))
        cases = (([], EVIDENCE), (["--attested", "2024-03-02T00:00:00Z"], GOOD), (["--accept-claimed-time"], GOOD),
                 (["--attested", "2025-01-01T00:00:00Z"], EVIDENCE))
        for more, status in cases:
            with self.subTest(more):
                found = self.verified(name, *more, status=status, trust="maker.pem")
                self.assertEqual(found["verdict"], "authentic")
                self.assertEqual(found["trusted"], status == GOOD)
                for report in found["tracks"][0]["reports"]:
                    self.assertEqual(report["trusted"], status == GOOD, report)
                    self.assertEqual(report["subject"], "CN=Camera 7")
        found = self.verified(name, "--accept-claimed-time", status=EVIDENCE)
        self.assertEqual((found["verdict"], found["trusted"]), ("authentic", False))

    def test_wrong_command_lines_are_told(self):
        clip, _ = self.clip("h264", 2)
        source = self.stored(clip, clip.units, "source.mp4")
        both = ["--chain", self.chain_path, "--key", self.key_path]
        for arguments in (["sign"], ["sign", source, "--out", "o.mp4"], ["sign", source, *both], ["sign", source, "--out", "o.avi", *both],
                          ["sign", source, "--out", "o.mp4", *both, "--every", "0"],
                          ["sign", source, "--out", "o.mp4", *both, "--copies", "4"],
                          ["verify"], ["verify", source, "--trust", self.trust, "--attested", "yesterday"]):
            with self.subTest(arguments):
                self.expect(USAGE, "camsign", *arguments)
        self.expect(ENVIRONMENT, "camsign", "verify", "absent.mp4", "--trust", self.trust)
        self.store("noise.mp4", bytes(range(256)) * 9)
        self.expect(MALFORMED, "camsign", "verify", "noise.mp4", "--trust", self.trust)
        self.sign(source, "o.mp4")
        before = self.load("o.mp4")
        self.sign(source, "o.mp4", status=ENVIRONMENT)
        self.assertEqual(self.load("o.mp4"), before)
        # What is signed is not signed again (CS-SGN-6).
        self.assertNotEqual(self.run_svms("camsign", "sign", "o.mp4", "--out", "p.mp4", *both).status, GOOD)


if __name__ == "__main__":
    main()
