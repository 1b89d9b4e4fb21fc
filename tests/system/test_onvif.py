#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signed MP4 files: what svms writes is played by FFmpeg, and verified by svms, by the second implementation, and by
openssl alone."""

import hashlib
import json
import os
import resource
import signal
import stat
import subprocess

from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, PROGRAM, ROOT, START, SystemCase, TIMEOUT,
                         USAGE, ffmpeg, main, packets, real_clips, say)

REFERENCE = os.path.join(ROOT, "tests", "vectors", "onvif", "onvifref_cli.py")
DEBIAN_PYTHON = "/usr/bin/python3"
EXPORTER = "2.25.132330503438125610743018859333830030049.3"


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=TIMEOUT, text=True).stdout


def reference_runs():
    done = subprocess.run([DEBIAN_PYTHON, "-c", "import cryptography"], capture_output=True, check=False)
    if done.returncode != 0:
        say("python3-cryptography is absent: the second implementation does not look at export files")
    return done.returncode == 0


def disk_of(size):
    """Files end at this size, with an error instead of a signal, as on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


class Onvif(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = os.path.join(cls.shared, "exporter")
        subprocess.run([PROGRAM, "identity", "create", "--out", folder, "--name", "Exporter", "--role", "exporter",
                        "--ca", cls.identity], check=True, capture_output=True, timeout=TIMEOUT)
        cls.exporter = ["--signer", os.path.join(folder, "cert.pem"), "--signer-key", os.path.join(folder, "key.pem")]
        cls.kek = os.path.join(cls.shared, "kek.pem")
        subprocess.run([PROGRAM, "kek", "new", "--out", cls.kek], check=True, capture_output=True, timeout=TIMEOUT)
        cls.rsa = cls.make_rsa(os.path.join(cls.shared, "rsa"))
        cls.other_ca = os.path.join(cls.shared, "other")
        subprocess.run([PROGRAM, "identity", "create", "--out", cls.other_ca, "--name", "Somebody else"],
                       check=True, capture_output=True, timeout=TIMEOUT)
        cls.custodian = os.path.join(cls.shared, "custodian")
        subprocess.run([PROGRAM, "identity", "create", "--out", cls.custodian, "--name", "Store", "--role", "custodian",
                        "--ca", cls.identity], check=True, capture_output=True, timeout=TIMEOUT)

    @classmethod
    def make_rsa(cls, folder):
        """An exporter with an RSA key, made by openssl alone."""
        os.mkdir(folder)
        key, request, certificate = (os.path.join(folder, name) for name in ("key.pem", "req.pem", "cert.pem"))
        extensions = os.path.join(folder, "ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                       f"extendedKeyUsage={EXPORTER}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=RSA unit")
        os.chmod(key, 0o600)
        openssl("x509", "-req", "-in", request, "-CA", cls.ca, "-CAkey", os.path.join(cls.identity, "ca-key.pem"),
                "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out", certificate)
        return ["--signer", certificate, "--signer-key", key]

    def record(self, name="a.svms", *extra, **options):
        """By key, since a password costs half a second each time."""
        opens = () if "--protect" in extra else ("--kek", self.kek)
        return super().record(name, *opens, *extra, **options)

    def export(self, status, out, *extra, signer=None, name="a.svms", **options):
        return self.expect(status, "export", "onvif", name, "--out", out, *(signer or self.exporter),
                           "--kek", self.kek, *extra, **options)

    def verify_export(self, name, *extra, status=GOOD):
        return self.expect(status, "verify-onvif", name, "--trust", self.ca, "--json", *extra).json()

    def countersign(self, status, name, *extra, signer=None, **options):
        signer = signer or ["--signer", os.path.join(self.custodian, "cert.pem"), "--signer-key",
                            os.path.join(self.custodian, "key.pem")]
        return self.expect(status, "export", "countersign", name, *signer, *extra, **options)

    def plays(self, path):
        """FFmpeg decodes all of it without a word."""
        done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-f", "null", "-"],
                              capture_output=True, timeout=TIMEOUT, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        streams = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path],
                                 capture_output=True, timeout=TIMEOUT, text=True, check=True)
        self.assertEqual(streams.stderr, "")
        return streams.stdout.split()

    def test_an_export_is_played_and_verified(self):
        self.record()
        self.export(GOOD, "a.mp4", "--trust", self.ca, "--unit-name", "unit 1", "--unit-url", "https://unit/",
                    "--unit-mac", "00-00-5E-00-53-01", "--operator", "A. B.", "--note", "für Sie", "--source-url",
                    "rtsp://camera/", "--source-line", "2")
        self.assertEqual(self.files(), ["a.mp4", "a.svms"])
        self.assertEqual(stat.S_IMODE(os.stat(self.path("a.mp4")).st_mode), 0o600)
        told = self.verify_export("a.mp4")
        self.assertEqual((told["verdict"], told["warnings"]), ("authentic", []))
        self.assertEqual((told["export"]["unit_name"], told["export"]["operator"]), ("unit 1", "A. B."))
        self.assertEqual([(one["track"], one["url"], one["line"]) for one in told["export"]["tracks"]],
                         [(1, "rtsp://camera/", "2"), (2, "rtsp://camera/", "2")])
        only = told["signatures"][0]
        self.assertEqual((only["signer"], only["role"], only["note"]), ("CN=Exporter", "exporter", "für Sie"))
        self.assertEqual(only["starts"][0], {"track": 1, "time": START.replace("Z", ".000Z")})
        self.assertEqual(self.plays(self.path("a.mp4")), ["h264", "aac"])
        self.expect(GOOD, "extract", "a.svms", "--out", "plain.mp4", "--kek", self.kek)
        self.assertEqual(packets(self.path("a.mp4")), packets(self.path("plain.mp4")))
        words = self.expect(GOOD, "verify-onvif", "a.mp4", "--trust", self.ca).out
        for word in ("AUTHENTIC", "A. B.", "CN=Exporter", "für Sie"):
            self.assertIn(word, words)

    def test_real_clips_are_exported(self):
        for clip in real_clips():
            with self.subTest(clip):
                self.record("real.svms", "--force", clip=clip)
                if self.run_svms("export", "onvif", "real.svms", "--out", "real.mp4", "--force", *self.rsa,
                                 "--kek", self.kek).status == USAGE:
                    say(f"{clip}: MP4 does not carry its codec")
                    continue
                self.assertEqual(self.verify_export("real.mp4")["verdict"], "authentic")
                self.plays(self.path("real.mp4"))
                self.second_opinion("real.mp4")

    def second_opinion(self, name):
        """Of the second implementation, and of openssl over the bytes that it puts together."""
        if not reference_runs():
            return
        run = subprocess.run([DEBIAN_PYTHON, REFERENCE, "verify", self.path(name), "--trust", self.ca],
                             capture_output=True, timeout=TIMEOUT, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(json.loads(run.stdout)["verdict"], "authentic")
        made = [self.path(one) for one in ("bytes", "signature", "certificate")]
        subprocess.run([DEBIAN_PYTHON, REFERENCE, "view", self.path(name), "1", *made], check=True, timeout=TIMEOUT)
        key = openssl("x509", "-in", made[2], "-noout", "-pubkey")
        self.store("public", key.encode())
        options = []
        if "RSA" in openssl("pkey", "-pubin", "-in", self.path("public"), "-noout", "-text").split("\n", 1)[0] or \
                "rsaEncryption" in openssl("x509", "-in", made[2], "-noout", "-text"):
            options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"]
        verified = openssl("dgst", "-sha256", "-verify", self.path("public"), *options, "-signature", made[1], made[0])
        self.assertIn("Verified OK", verified)

    def test_openssl_and_the_second_implementation_agree(self):
        self.record()
        for name, signer in (("rsa.mp4", self.rsa), ("ec.mp4", self.exporter)):
            self.export(GOOD, name, signer=signer)
            self.second_opinion(name)

    def test_a_range_begins_where_it_says(self):
        self.record("a.svms", "--segment-seconds", "1")
        self.export(GOOD, "a.mp4", "--from", "2026-11-21T10:00:03Z", "--to", "2026-11-21T10:00:05Z")
        told = self.verify_export("a.mp4")
        self.assertEqual(told["signatures"][0]["starts"][0]["time"], "2026-11-21T10:00:03.000Z")
        self.plays(self.path("a.mp4"))

    def test_a_changed_file_is_not_authentic(self):
        self.record()
        self.export(GOOD, "a.mp4")
        content = self.load("a.mp4")
        for at in range(0, len(content), len(content) // 40):
            changed = bytearray(content)
            changed[at] ^= 1
            self.store("b.mp4", bytes(changed))
            run = self.run_svms("verify-onvif", "b.mp4", "--trust", self.ca, "--json")
            self.assertIn(run.status, (EVIDENCE, MALFORMED))
            self.assertEqual(run.json()["verdict"], "not_authentic")
        self.store("b.mp4", content[:-1])
        self.expect(MALFORMED, "verify-onvif", "b.mp4", "--trust", self.ca)
        self.store("b.mp4", b"no film")
        self.expect(MALFORMED, "verify-onvif", "b.mp4", "--trust", self.ca)
        self.assertEqual(self.expect(EVIDENCE, "verify-onvif", "a.mp4", "--json").json()["identity"], "no_anchor")
        self.expect(EVIDENCE, "verify-onvif", self.clip, "--trust", self.ca)

    def test_what_does_not_verify_is_not_exported(self):
        self.record("a.svms", "--segment-seconds", "1")
        content = bytearray(self.load("a.svms"))
        content[len(content) // 2] ^= 1
        self.store("a.svms", bytes(content))
        run = self.export(EVIDENCE, "a.mp4")
        self.assertIn("was not written", run.err)
        self.assertEqual(self.files(), ["a.svms"])
        self.expect(GOOD, "record", self.clip, "--out", "u.svms", "--unsigned", "--protect", "none")
        self.expect(EVIDENCE, "export", "onvif", "u.svms", "--out", "u.mp4", *self.exporter)
        self.assertEqual(self.files(), ["a.svms", "u.svms"])

    def test_only_exporters_export(self):
        self.record()
        run = self.export(EVIDENCE, "a.mp4", signer=self.signer)
        self.assertIn("exporter", run.err)
        self.assertEqual(self.files(), ["a.svms"])

    def profile(self, locked=True, **options):
        content = {"format": "svms-export-profile", "version": 1, "name": "house rules",
                   "options": {option: {"value": value, "locked": locked} for option, value in options.items()}}
        self.store("profile.json", json.dumps(content).encode())
        return ["--profile", "profile.json"]

    def test_what_was_exported_is_told(self):
        self.record("a.svms", "--segment-seconds", "1", "--device", "Front door")
        told = self.export(GOOD, "a.mp4", "--from", "2026-11-21T10:00:03Z", "--to", "2026-11-21T10:00:05Z", "--operator",
                           "A. B.", "--note", "für Sie", *self.profile(locked=False, comment="required"), "--json").json()
        content = self.load("a.mp4")
        self.assertEqual((told["format"], os.path.basename(told["file"]), told["bytes"], told["sha256"]),
                         ("onvif", "a.mp4", len(content), hashlib.sha256(content).hexdigest()))
        self.assertEqual((told["signer"], told["operator"], told["note"], told["profile"]),
                         ("CN=Exporter", "A. B.", "für Sie", "house rules"))
        self.assertEqual(self.verify_export("a.mp4")["export"]["time"], told["exported"])
        source, = told["sources"]
        self.assertEqual((source["device_name"], source["file"], source["sequence"]), ("Front door", "a.svms", 0))
        self.assertEqual((source["from"], source["to"]), ("2026-11-21T10:00:03.000Z", "2026-11-21T10:00:05.000Z"))
        self.assertEqual((source["first"], source["last"][:21]), ("2026-11-21T10:00:03.000Z", "2026-11-21T10:00:05.0"))
        info = self.expect(GOOD, "info", "a.svms", "--json").json()
        for key in ("device_id", "recording_id", "container_id"):
            self.assertIn(source[key], json.dumps(info))

    def test_a_track_can_be_left_out(self):
        clip = self.path("mulaw.mkv")
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=2", "-f", "lavfi", "-i",
               "sine=frequency=440:sample_rate=8000:duration=2", "-c:v", "libx264", "-c:a", "pcm_mulaw", clip)
        self.record("a.svms", clip=clip)
        self.assertIn("G.711", self.export(USAGE, "a.mp4").err)
        self.assertFalse(os.path.exists(self.path("a.mp4")))
        self.export(GOOD, "a.mp4", "--without-track", "audio")
        self.assertEqual(self.plays(self.path("a.mp4")), ["h264"])
        self.assertEqual(self.verify_export("a.mp4")["verdict"], "authentic")
        told = self.export(GOOD, "b.mp4", "--without-track", "1", "--json").json()
        self.assertEqual(len(told["sources"]), 1)
        self.assertEqual(self.plays(self.path("b.mp4")), ["h264"])
        self.export(USAGE, "c.mp4", "--without-track", "7")

    def patched(self, content, kind, offset, new):
        """Other bytes in the first box of a kind, counted from behind its header."""
        place = content.index(kind, content.index(b"moov")) + 4 + offset
        return content[:place] + new + content[place + len(new):]

    def test_hostile_tables_get_a_verdict(self):
        """Never memory that cannot be had, nor a status that says that nothing could be checked."""
        self.record()
        self.export(GOOD, "a.mp4")
        content = self.load("a.mp4")
        for kind, offset in ((b"stts", 4), (b"stts", 8), (b"stsz", 8), (b"stsz", 4), (b"stsc", 4), (b"stsc", 12),
                             (b"stco", 4), (b"stco", 8)):
            for value in (0xFFFFFFFF, 0x10000000):
                with self.subTest(kind=kind, offset=offset, value=value):
                    self.store("b.mp4", self.patched(content, kind, offset, value.to_bytes(4, "big")))
                    run = self.expect(EVIDENCE, "verify-onvif", "b.mp4", "--trust", self.ca, "--json")
                    self.assertEqual(run.json()["verdict"], "not_authentic")
                    self.countersign(EVIDENCE, "b.mp4", "--out", "c.mp4")

    def seal_as_it_is(self, name, out):
        """By the second implementation, which signs any MP4 file."""
        subprocess.run([DEBIAN_PYTHON, "-W", "ignore", REFERENCE, "seal", self.path(name), self.path(out),
                        *self.exporter], check=True, timeout=TIMEOUT)

    def test_fragments_of_real_films_are_accepted(self):
        if not reference_runs():
            return
        for flags in ("frag_keyframe+empty_moov", "frag_keyframe+empty_moov+default_base_moof", "frag_keyframe",
                      "frag_every_frame+empty_moov+omit_tfhd_offset", "frag_keyframe+empty_moov+separate_moof",
                      "frag_keyframe+delay_moov", "dash+frag_keyframe+empty_moov", "cmaf", "dash+global_sidx",
                      "frag_keyframe+empty_moov+skip_trailer"):  # fmt: skip
            clips = [one for one in real_clips() if one.endswith(".mp4")] if flags == "frag_keyframe+empty_moov" else []
            for clip in [self.clip, *clips]:
                with self.subTest(flags=flags, clip=clip):
                    ffmpeg("-i", clip, "-c", "copy", "-movflags", flags, self.path("plain.mp4"))
                    self.assertIn(b"trun", self.load("plain.mp4"))
                    self.seal_as_it_is("plain.mp4", "a.mp4")
                    self.countersign(GOOD, "a.mp4", "--out", "b.mp4", "--force")
                    self.assertEqual(self.verify_export("b.mp4")["verdict"], "authentic")
                    self.second_opinion("b.mp4")

    def test_a_fragment_behind_the_end_is_signed_by_nobody(self):
        """Its exporter signed it so; a custodian would bring the film."""
        if not reference_runs():
            return
        ffmpeg("-i", self.clip, "-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof",
               self.path("plain.mp4"))
        content = bytearray(self.load("plain.mp4"))
        place = content.rindex(b"trun") + 12
        content[place : place + 4] = (0x7000000).to_bytes(4, "big")
        self.store("plain.mp4", bytes(content))
        self.seal_as_it_is("plain.mp4", "a.mp4")
        told = self.expect(EVIDENCE, "verify-onvif", "a.mp4", "--trust", self.ca, "--json").json()
        self.assertEqual((told["verdict"], told["signatures"][0]["integrity"]), ("not_authentic", "broken"))
        self.assertIn("a fragment: samples do not lie in a box 'mdat'", json.dumps(told))
        self.countersign(EVIDENCE, "a.mp4", "--out", "b.mp4")
        run = subprocess.run([DEBIAN_PYTHON, REFERENCE, "verify", self.path("a.mp4"), "--trust", self.ca],
                             capture_output=True, timeout=TIMEOUT, check=False)
        self.assertEqual(json.loads(run.stdout)["verdict"], "not_authentic")

    def test_a_locked_profile_is_not_passed_by(self):
        self.record()
        period = ["--from", START, "--to", START.replace("Z", ".5Z")]
        for words, options, extra in (
                ("formats", {"formats": ["svmx"]}, []), ("sealed", {"sealed": True}, []),
                ("reexport", {"reexport": "forbidden"}, []), ("destinations", {"destinations": ["/nowhere"]}, []),
                ("comment", {"comment": "required"}, []), ("operator", {"operator": "required"}, []),
                ("case", {"case": "required"}, []), ("maximum_period", {"maximum_period": 1}, []),
                ("signature_algorithms", {"signature_algorithms": ["rsa-pss"]}, period)):
            with self.subTest(words):
                run = self.export(POLICY, "p.mp4", *self.profile(**options), *extra)
                self.assertIn(words, run.err)
                self.assertIn("house rules", run.err)
                self.assertNotIn("p.mp4", self.files())
        folder = os.path.realpath(self.folder)
        self.export(GOOD, "p.mp4", *self.profile(formats=["svmx", "onvif"], comment="required", operator="required",
                                                 destinations=[folder], maximum_period=1, sealed=False),
                    "--note", "as asked", "--operator", "A. B.", *period)
        self.assertEqual(self.verify_export("p.mp4")["verdict"], "authentic")
        run = self.export(GOOD, "q.mp4", *self.profile(locked=False, comment="required"))
        self.assertIn("'comment'", run.err)
        self.export(MALFORMED, "r.mp4", *self.profile(comments="required"))
        self.export(ENVIRONMENT, "r.mp4", "--profile", "nowhere.json")
        self.assertNotIn("r.mp4", self.files())

    def test_an_existing_output_is_unharmed(self):
        self.record()
        self.store("a.mp4", b"precious")
        self.export(ENVIRONMENT, "a.mp4")
        self.assertEqual(self.load("a.mp4"), b"precious")
        self.export(GOOD, "a.mp4", "--force")
        self.assertEqual(self.verify_export("a.mp4")["verdict"], "authentic")
        self.assertEqual(self.files(), ["a.mp4", "a.svms"])

    def test_a_full_disk_leaves_nothing(self):
        self.record()
        self.export(GOOD, "whole.mp4")
        size = len(self.load("whole.mp4"))
        os.remove(self.path("whole.mp4"))
        # Within the clear file, and within what sealing adds to it.
        for room in (1000, size // 2, size - 100):
            self.export(ENVIRONMENT, "a.mp4", preexec_fn=disk_of(room))
            self.assertEqual(self.files(), ["a.svms"])

    def test_control_c_leaves_nothing(self):
        clip = (real_clips() or [self.clip])[0]
        self.record("a.svms", clip=clip)
        interrupted = 0
        for _ in range(5):
            process = subprocess.Popen([PROGRAM, "export", "onvif", "a.svms", "--out", "a.mp4", *self.rsa,
                                        "--kek", self.kek], cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            self.addCleanup(process.kill)
            self.wait_for(lambda: len(self.files()) > 1 or process.poll() is not None)
            process.send_signal(signal.SIGINT)
            if process.wait(TIMEOUT) == GOOD:
                self.assertEqual(self.files(), ["a.mp4", "a.svms"])
                os.remove(self.path("a.mp4"))
            else:
                interrupted += 1
                self.assertEqual(self.files(), ["a.svms"])
        self.assertGreater(interrupted, 0)

    def test_the_first_signature_is_verified_under_later_ones(self):
        self.record()
        self.export(GOOD, "a.mp4", signer=self.rsa)
        before = self.load("a.mp4")
        told = self.countersign(GOOD, "a.mp4", "--out", "b.mp4", "--note", "für das Gericht", "--trust", self.ca,
                                "--json").json()
        self.assertEqual((told["signature"], told["signer"], told["note"]), (2, "CN=Store", "für das Gericht"))
        after = self.load("b.mp4")
        self.assertEqual((told["bytes"], told["sha256"]), (len(after), hashlib.sha256(after).hexdigest()))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("b.mp4")).st_mode), 0o600)
        self.assertEqual(self.load("a.mp4"), before)
        self.assertIn("signature 3, by CN=Exporter", self.countersign(GOOD, "b.mp4", "--out", "c.mp4", signer=self.exporter).out)
        for name, roles in (("b.mp4", ["exporter", "custodian"]), ("c.mp4", ["exporter", "custodian", "exporter"])):
            told = self.verify_export(name)
            self.assertEqual((told["verdict"], told["warnings"]), ("authentic", []))
            self.assertEqual([one["role"] for one in told["signatures"]], roles)
            self.assertEqual(told["signatures"][1]["note"], "für das Gericht")
            self.plays(self.path(name))
        self.assertEqual(self.files(), ["a.mp4", "a.svms", "b.mp4", "c.mp4"])
        self.second_opinion("b.mp4")
        self.second_opinion("c.mp4")

    def test_nobody_signs_on_top_of_a_forgery(self):
        self.record()
        self.export(GOOD, "a.mp4")
        content = bytearray(self.load("a.mp4"))
        content[len(content) // 2] ^= 1
        self.store("b.mp4", bytes(content))
        for trust in ([], ["--trust", self.ca]):
            self.assertIn("NOT AUTHENTIC", self.countersign(EVIDENCE, "b.mp4", "--out", "c.mp4", *trust).err)
        self.store("b.mp4", self.load("a.mp4")[:-1])
        self.countersign(MALFORMED, "b.mp4", "--out", "c.mp4")
        # Who signed before is not of this CA, or nobody did.
        other = os.path.join(self.other_ca, "ca.pem")
        self.assertIn("UNTRUSTED", self.countersign(EVIDENCE, "a.mp4", "--out", "c.mp4", "--trust", other).err)
        self.countersign(EVIDENCE, self.clip, "--out", "c.mp4")
        # A recorder does not sign exports.
        self.countersign(POLICY, "a.mp4", "--out", "c.mp4", signer=self.signer)
        self.assertEqual(self.files(), ["a.mp4", "a.svms", "b.mp4"])

    def test_a_countersigned_file_appears_when_it_is_complete(self):
        self.record()
        self.export(GOOD, "a.mp4")
        self.store("b.mp4", b"precious")
        self.countersign(ENVIRONMENT, "a.mp4", "--out", "b.mp4")
        size = len(self.load("a.mp4"))
        for room in (1000, size // 2, size):
            self.countersign(ENVIRONMENT, "a.mp4", "--out", "b.mp4", "--force", preexec_fn=disk_of(room))
            self.assertEqual(self.load("b.mp4"), b"precious")
        self.countersign(GOOD, "a.mp4", "--out", "b.mp4", "--force")
        self.assertEqual(len(self.verify_export("b.mp4")["signatures"]), 2)
        self.assertEqual(self.files(), ["a.mp4", "a.svms", "b.mp4"])

    def test_what_only_packages_have_is_refused(self):
        self.record()
        self.export(GOOD, "a.mp4")
        for extra in ([], ["--out", "b.mp4", "--role", "custodian"], ["--out", "b.mp4", "--no-reexport"],
                      ["--out", "b.mp4", "--tsa", "http://tsa.example/"], ["--out", "b.mp4", "--crl", "x"],
                      ["--out", "b.mp4", "--trust", self.ca, "--expect-head", "0" * 64]):  # fmt: skip
            self.countersign(USAGE, "a.mp4", *extra)
        self.assertEqual(self.files(), ["a.mp4", "a.svms"])

    def test_wrong_command_lines_are_named(self):
        for arguments in (["export"], ["export", "nothing"], ["export", "onvif"], ["export", "onvif", "a.svms"],
                          ["export", "onvif", "a.svms", "--out", "a.mkv", *self.exporter],
                          ["export", "onvif", "a.svms", "--out", "a.mp4"],
                          ["export", "onvif", "a.svms", "--out", "a.mp4", *self.exporter, "--from",
                           "2026-11-21T10:00:03Z", "--to", "2026-11-21T10:00:03Z"],
                          ["verify-onvif"], ["verify-onvif", "a.mp4", "--json", "--quiet"],
                          ["verify-onvif", "a.mp4", "--crl", "x"]):  # fmt: skip
            self.expect(USAGE, *arguments)
        for arguments in (["export", "--help"], ["export", "onvif", "--help"], ["verify-onvif", "--help"]):
            self.assertIn("Usage: svms", self.expect(GOOD, *arguments).out)


if __name__ == "__main__":
    main()
