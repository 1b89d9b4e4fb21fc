#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Evidence packages: what goes in, what comes out, who signed, and what is refused."""

import os
import stat
import subprocess
import time

from authority import Authority
from export_case import ExportCase, at, links_of, streams_of
from system_case import (ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, START, TIMEOUT, USAGE, main, packets,
                         real_clips)


class Making(ExportCase):
    def test_a_package_is_made_verified_listed_and_extracted(self):
        told = self.created("--case", "7/26", "--operator", "A. Fox", "--reason", "theft", "--comment", "as asked",
                            "--audit-reference", "log 12", "--note", "for the court", *self.with_password(),
                            "--source-password-file", self.password_file)
        self.assertEqual(self.files(), ["p.svmx"])
        self.assertEqual(stat.S_IMODE(os.stat(self.path("p.svmx")).st_mode), 0o600)
        self.assertEqual(told["sha256"], self.sha256("p.svmx"))
        self.assertEqual(told["bytes"], len(self.load("p.svmx")))
        self.assertEqual((told["sealed"], told["password"], told["reexport"], told["stamped"], told["checked"]),
                         (True, True, True, False, True))
        self.assertEqual(told["signer"], "CN=Test exporter")
        self.assertEqual((told["format"], told["destination"]), ("svmx", os.path.realpath(self.path("p.svmx"))))
        self.assertEqual([one["kind"] for one in told["recipients"]], ["password"])
        source, = told["sources"]
        self.assertEqual((source["verdict"], source["first_segment"], source["last_segment"], source["segments"]),
                         ("authentic", 0, 7, 8))
        self.assertEqual(source["device_name"], "Front door")
        self.assertEqual(told["case"]["case"], "7/26")

        found = self.check()
        self.assertEqual((found["verdict"], found["receipt"]), ("authentic", told["receipt"]))
        link, = found["links"]["list"]
        self.assertEqual((link["number"], link["role"], link["signer"], link["note"], link["identity"], link["head"]),
                         (0, "exporter", "CN=Test exporter", "for the court", "trusted", told["receipt"]))
        source, = found["sources"]["list"]
        self.assertEqual((source["verdict"], source["role"], source["signer"]),
                         ("authentic", "recorder", "CN=Test recorder"))
        self.assertIsNone(found["first_failure"])
        self.assertIsNone(found["case"])
        opened = self.check("p.svmx", *self.with_password())
        self.assertEqual((opened["verdict"], opened["access"]), ("authentic", "opened"))
        self.assertEqual((opened["case"]["operator"], opened["case"]["reason"]), ("A. Fox", "theft"))

        listed = self.expect(GOOD, "export", "list", "p.svmx", *self.with_password(), "--json").json()
        self.assertEqual((listed["receipt"], listed["opened"], listed["case"]["comment"]),
                         (told["receipt"], True, "as asked"))
        self.assertEqual(listed["case"]["devices"][0]["name"], "Front door")
        for words in (self.expect(GOOD, "export", "list", "p.svmx", *self.with_password()).out,
                      self.expect(GOOD, "export", "verify", "p.svmx", "--trust", self.ca, *self.with_password()).out):
            for word in ("Front door", "7/26", "A. Fox", told["receipt"]):
                self.assertIn(word, words)

        self.expect(GOOD, "export", "extract", "p.svmx", "--out", "p.mp4", "--trust", self.ca, *self.with_password())
        self.expect(GOOD, "extract", self.recorded, "--out", "r.mp4", "--password-file", self.password_file)
        self.assertEqual(packets(self.path("p.mp4")), packets(self.path("r.mp4")))

    def test_without_the_password_nothing_of_the_case_can_be_read(self):
        self.create("--case", "SECRET-CASE", "--comment", "SECRET-COMMENT", "--note", "PUBLIC-NOTE", *self.with_password())
        content = self.load("p.svmx")
        for word in (b"SECRET-CASE", b"SECRET-COMMENT", b"Front door"):
            self.assertNotIn(word, content)
        self.assertIn(b"PUBLIC-NOTE", content)
        self.assertIn("locked", self.expect(GOOD, "export", "list", "p.svmx").out)
        self.expect(USAGE, "export", "extract", "p.svmx", "--out", "p.mp4")
        self.create("--unsealed", "--case", "OPEN-CASE", out="open.svmx")
        self.assertIn(b"OPEN-CASE", self.load("open.svmx"))
        self.assertEqual(self.check("open.svmx")["access"], "clear")
        self.expect(GOOD, "export", "extract", "open.svmx", "--out", "p.mp4")

    def test_a_wrong_password_says_so_and_changes_no_other_verdict(self):
        self.create(*self.with_password())
        wrong = ["--password-file", self.password_file]
        found = self.check("p.svmx", *wrong, status=EVIDENCE)
        self.assertEqual((found["verdict"], found["access"]), ("undecryptable", "wrong_key"))
        self.assertEqual((found["links"]["verdict"], found["sources"]["verdict"], found["contents"]["verdict"]),
                         ("authentic", "authentic", "authentic"))
        self.expect(EVIDENCE, "export", "list", "p.svmx", *wrong)
        self.expect(EVIDENCE, "export", "extract", "p.svmx", "--out", "p.mp4", *wrong)
        self.assertEqual(self.files(), ["p.svmx"])

    def test_recipients_and_key_encryption_keys_open_it(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", self.path("k.pem")], check=True)
        subprocess.run(["openssl", "pkey", "-in", self.path("k.pem"), "-pubout", "-out", self.path("k.pub")], check=True)
        os.chmod(self.path("k.pem"), 0o600)
        self.expect(GOOD, "kek", "new", "--out", "kek.pem")
        told = self.created("--recipient", "k.pub", "--recipient-kek", "kek.pem")
        self.assertEqual(sorted(one["kind"] for one in told["recipients"]), ["kek", "x25519"])
        self.assertFalse(told["password"])
        # The exporter cannot open it himself, and his audit log has the name of the device all the same.
        self.assertEqual(told["sources"][0]["device_name"], "Front door")
        for number, key in enumerate((["--identity", "k.pem"], ["--kek", "kek.pem"])):
            self.assertEqual(self.check("p.svmx", *key)["access"], "opened")
            self.expect(GOOD, "export", "extract", "p.svmx", "--out", f"{number}.mp4", *key)
        self.expect(EVIDENCE, "export", "list", "p.svmx", *self.opens())

    def test_a_light_and_a_clear_recording_are_sealed_by_the_package(self):
        self.record("light.svms", "--protect", "light", "--kek", self.kek, "--segment-seconds", "1")
        self.record("clear.svms", "--protect", "none", "--segment-seconds", "1")
        for name in ("light", "clear"):
            with self.subTest(name):
                self.create(out=f"{name}.svmx", sources=[f"{name}.svms"])
                shut = self.check(f"{name}.svmx", status=EVIDENCE)
                self.assertEqual(shut["verdict"], "incomplete")
                self.assertEqual(self.check(f"{name}.svmx", *self.opens())["verdict"], "authentic")
                self.get_out(f"{name}.mp4", name=f"{name}.svmx")
                opens = ["--kek", self.kek] if name == "light" else []
                self.expect(GOOD, "extract", f"{name}.svms", "--out", f"{name}-r.mp4", *opens)
                self.assertEqual(packets(self.path(f"{name}.mp4")), packets(self.path(f"{name}-r.mp4")))

    def test_what_exists_is_not_replaced_unless_asked(self):
        self.store("p.svmx", b"precious")
        self.create(status=ENVIRONMENT)
        self.assertEqual(self.load("p.svmx"), b"precious")
        self.create("--force")
        self.check()
        self.assertEqual(self.files(), ["p.svmx"])

    def test_quiet_and_unchecked(self):
        run = self.create("--quiet", "--no-check")
        self.assertEqual((run.out, run.err), ("", ""))
        self.check()
        self.assertIn("--no-check", self.create("--no-check", out="q.svmx").out)

    def test_mistakes_are_named_and_change_nothing(self):
        full = self.arguments(*self.with_password())
        cases = (
            (USAGE, ["export"], "Usage"),
            (USAGE, ["export", "make"], "'make'"),
            (USAGE, ["export", "create"], "SOURCE is missing"),
            (USAGE, ["export", "create", self.recorded], "--out is missing"),
            (POLICY, ["export", "create", self.recorded, "--out", "p.svmx", "--trust", self.ca, *self.with_password()],
             "nobody would sign"),
            (USAGE, ["export", "create", self.recorded, "--out", "p.svmx", *self.exporter, *self.with_password()],
             "--trust is missing"),
            (POLICY, ["export", "create", self.recorded, "--out", "p.svmx", *self.exporter, "--trust", self.ca],
             "nobody could ever open it"),
            (USAGE, [*full, "--unsealed"], "encrypts nothing"),
            (USAGE, [*full, "--json", "--quiet"], "contradict"),
            (USAGE, [*full, "--from", at(2), "--to", at(2)], "not before"),
            (USAGE, [*full, "--method", "blurred"], "--method belongs behind"),
            (USAGE, [*full, "--derived", self.clip], "--method is missing"),
            (USAGE, [*full, "--attach", self.clip, "--tool", "x"], "--tool belongs behind"),
            (ENVIRONMENT, [*full, "--attach", "nowhere"], "nowhere"),
            (USAGE, [*full, "--derived", self.clip, "--method", "m", "--derived-from", "x"], "--derived-from"),
            (USAGE, [*full, "--derived", self.clip, "--method", "m", "--derived-from", "7"], "source 7"),
            (USAGE, [*full, "--without-track", "9"], "no track 9"),
            (USAGE, [*full, "--without-track", "smell"], "smell"),
            (USAGE, [*full, "--without-track", "video", "--without-track", "audio"], "nothing would be left"),
            (USAGE, [*full, "--device", "Back door"], "Back door"),
            (USAGE, ["export", "verify", "p", "--expect-head", "x"], "64 hexadecimal"),
            (USAGE, ["export", "verify", "p", "--crl", "x"], "--crl belongs"),
            (USAGE, ["export", "extract", "p"], "--out is missing"),
            (USAGE, ["export", "extract", "p", "--out", "o", "--source", "0", "--attachment", "0"], "only one of"),
            (USAGE, ["export", "countersign", "p"], "--signer is missing"),
            (USAGE, ["export", "countersign", "p", *self.custodian, "--expect-head", "x"], "belongs to --trust"),
            (ENVIRONMENT, ["export", "list", "nowhere.svmx"], "nowhere.svmx"),
            (MALFORMED, ["export", "list", self.recorded], "recorded.svms"),
            (MALFORMED, ["export", "verify", self.clip, "--trust", self.ca], "clip.mp4"),
            (MALFORMED, ["export", "create", self.clip, *full[3:]], "clip.mp4"),
        )
        for status, arguments, words in cases:
            with self.subTest(" ".join(arguments)):
                run = self.expect(status, *arguments)
                self.assertIn(words, run.err)
                self.assertEqual(self.files(), [])

    def test_only_an_exporters_key_signs_link_0(self):
        for signer in (self.signer, self.custodian, [*self.exporter[:3], self.signer[3]]):
            with self.subTest(signer):
                run = self.create(*signer, status=POLICY)
                self.assertTrue(run.err)
                self.assertEqual(self.files(), [])

    def test_an_exporter_whom_the_trust_does_not_name_is_noted(self):
        self.expect(GOOD, "identity", "create", "--out", "other", "--name", "Other", "--role", "exporter")
        run = self.create("--signer", "other/cert.pem", "--signer-key", "other/key.pem")
        self.assertIn("does not vouch for the exporter", run.err)
        found = self.check(status=EVIDENCE)
        self.assertEqual((found["verdict"], found["links"]["verdict"], found["sources"]["verdict"]),
                         ("untrusted", "untrusted", "authentic"))

    def test_a_time_stamp_attests_the_link_and_all_before_it(self):
        authority = Authority(os.path.join(self.folder, "tsa"))
        server = authority.serve()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        anchors = ["--tsa-anchors", authority.anchors]
        self.assertTrue(self.created("--tsa", server.url, *anchors)["stamped"])
        found = self.check("p.svmx", *anchors)
        link, = found["links"]["list"]
        self.assertEqual(link["authority"], "CN=Test stamps")
        self.assertTrue(link["attested"])
        self.assertEqual(found["sources"]["list"][0]["attested"], link["attested"])
        self.assertIsNone(self.check()["links"]["list"][0]["attested"])
        self.sign_on("p.svmx", "--tsa", server.url, *anchors)
        self.assertEqual([bool(one["attested"]) for one in self.check("p.svmx", *anchors)["links"]["list"]],
                         [True, True])
        self.create("--tsa", "http://127.0.0.1:1/", out="q.svmx", status=ENVIRONMENT)
        stranger = Authority(os.path.join(self.folder, "stranger"))
        self.create("--tsa", server.url, "--tsa-anchors", stranger.anchors, out="q.svmx", status=EVIDENCE)
        self.assertNotIn("q.svmx", self.files())
        before = self.load("p.svmx")
        self.countersign("p.svmx", "--tsa", server.url, "--tsa-anchors", stranger.anchors, status=EVIDENCE)
        self.assertEqual(self.load("p.svmx"), before)


class Periods(ExportCase):
    def test_a_period_touches_only_its_segments(self):
        self.create(out="all.svmx")
        # Sound of segment 1 reaches a little into the next second.
        told = self.created("--from", at(2.5), "--to", at(4))
        source, = told["sources"]
        self.assertEqual((source["first_segment"], source["last_segment"], source["segments"]), (2, 3, 2))
        self.assertEqual((source["from"], source["to"]), ("2026-11-21T10:00:02.500Z", "2026-11-21T10:00:04.000Z"))
        whole = len(self.load("all.svmx"))
        self.assertLess(len(self.load("p.svmx")), whole // 2)
        self.assertEqual(self.check()["verdict"], "authentic")
        self.get_out("p.mp4")
        self.extract(GOOD, self.recorded, "r.mp4", "--from", at(2.5), "--to", at(4))
        inside = packets(self.path("r.mp4"))
        self.assertTrue(inside)
        self.assertEqual([line for line in packets(self.path("p.mp4")) if line.startswith("0,")],
                         [line for line in inside if line.startswith("0,")])

    def test_what_lies_outside_of_the_recording(self):
        self.create("--from", "2027-01-01T00:00:00Z", status=EVIDENCE)
        self.assertEqual(self.files(), [])
        told = self.created("--from", "2020-01-01T00:00:00Z", "--to", at(1))
        self.assertEqual(told["sources"][0]["last_segment"], 0)

    def test_extraction_of_a_part_of_a_package(self):
        self.create()
        self.get_out("part.mp4", "--from", at(3), "--to", at(5))
        self.extract(GOOD, self.recorded, "r.mp4", "--from", at(3), "--to", at(5))
        self.assertEqual(packets(self.path("part.mp4")), packets(self.path("r.mp4")))

    def test_a_track_that_is_left_out_is_gone(self):
        self.record("clear.svms", "--protect", "none", "--segment-seconds", "1")
        for extra in (["audio"], ["1"]):
            with self.subTest(extra):
                told = self.created("--unsealed", "--force", "--without-track", *extra, sources=["clear.svms"])
                self.assertEqual(told["sources"][0]["removed_tracks"], [1])
                self.assertEqual(self.check()["verdict"], "authentic")
                self.expect(GOOD, "export", "extract", "p.svmx", "--out", "p.mp4", "--force")
                self.assertEqual(streams_of(self.path("p.mp4")), ["video"])
        sound = subprocess.run(["ffmpeg", "-v", "error", "-i", self.clip, "-map", "0:a", "-c", "copy", "-f", "data", "-"],
                               check=True, capture_output=True, timeout=TIMEOUT).stdout
        self.assertIn(sound[100:140], self.load("clear.svms"))
        self.assertNotIn(sound[100:140], self.load("p.svmx"))
        self.assertIn("left out", self.expect(GOOD, "export", "list", "p.svmx").out)

    def test_ten_seconds_of_real_clips(self):
        for clip in real_clips():
            with self.subTest(os.path.basename(clip)):
                self.record_by_key("a.svms", "--force", clip=clip)
                self.create("--force", sources=["a.svms"], out="all.svmx")
                last = self.verify("a.svms")["coverage"]["last"]
                period = ["--from", at(10), "--to", at(20)] if last > at(20) else ["--from", at(2), "--to", at(4)]
                self.create("--force", *period, sources=["a.svms"])
                self.check("all.svmx", *self.opens())
                self.check("p.svmx", *self.opens())
                self.assertLess(len(self.load("p.svmx")), len(self.load("all.svmx")))
                out = "p.mkv" if clip.endswith(".mkv") else "p.mp4"
                for package, extra in (("all.svmx", []), ("p.svmx", period)):
                    self.get_out(out, "--force", "--trust", self.ca, *extra, name=package)
                    self.extract(GOOD, "a.svms", "r" + out, "--force", *extra)
                    self.assertEqual(packets(self.path(out)), packets(self.path("r" + out)))
                    subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", self.path(out), "-f", "null", "-"],
                                   check=True, timeout=TIMEOUT)


class Several(ExportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_kek = cls.make_kek("other-kek.pem")

    def two_devices(self):
        self.record_by_key("a.svms", "--segment-seconds", "1", "--device", "Front door")
        self.record("b.svms", "--segment-seconds", "1", "--device", "Back door", "--kek", self.other_kek)

    def test_several_devices_in_one_package(self):
        self.record("a.svms", "--segment-seconds", "1", "--device", "Front door")
        self.store("other", b"another password\n")
        os.chmod(self.path("other"), 0o600)
        self.record("b.svms", "--segment-seconds", "1", "--device", "Back door", "--password-file", "other")
        told = self.created("--source-password-file", self.password_file, "--source-password-file", "other",
                            sources=["a.svms", "b.svms"])
        self.assertEqual([source["file"] for source in told["sources"]], ["a.svms", "b.svms"])
        self.assertEqual(len({source["device_id"] for source in told["sources"]}), 2)
        opened = self.check("p.svmx", *self.opens())
        self.assertEqual([one["name"] for one in opened["case"]["devices"]], ["Front door", "Back door"])
        self.expect(USAGE, "export", "extract", "p.svmx", "--out", "p.mp4", *self.opens())
        self.get_out("out")
        names = sorted(os.listdir(self.path("out")))
        self.assertEqual(names, ["source-00-Front_door.mp4", "source-01-Back_door.mp4"])
        self.expect(GOOD, "extract", "a.svms", "--out", "a.mp4", "--password-file", self.password_file)
        for name in names:
            self.assertEqual(packets(os.path.join(self.path("out"), name)), packets(self.path("a.mp4")))
        self.get_out("one.mp4", "--source", "1")
        self.assertEqual(packets(self.path("one.mp4")), packets(self.path("a.mp4")))

    def test_a_key_that_is_missing_is_named(self):
        self.two_devices()
        run = self.create(sources=["a.svms", "b.svms"], status=EVIDENCE)
        self.assertIn("b.svms", run.err)
        self.assertNotIn("p.svmx", self.files())

    def test_devices_are_chosen_by_name_and_by_id(self):
        self.two_devices()
        os.mkdir(self.path("both"))
        for name in ("a.svms", "b.svms"):
            os.rename(self.path(name), self.path("both/" + name))
        run = self.create(sources=["both"], status=USAGE)
        self.assertIn("--device", run.err)
        keys = ["--source-kek", self.kek, "--source-kek", self.other_kek]
        told = self.created("--device", "Back door", *keys, sources=["both"])
        identifier = told["sources"][0]["device_id"]
        self.assertEqual(told["sources"][0]["device_name"], "Back door")
        self.assertTrue(told["sources"][0]["file"].endswith("b.svms"))
        told = self.created("--device", identifier, *keys, sources=["both"], out="q.svmx")
        self.assertTrue(told["sources"][0]["file"].endswith("b.svms"))
        told = self.created("--device", "Back door", "--device", "Front door", *keys, sources=["both"], out="r.svmx")
        self.assertEqual(len(told["sources"]), 2)

    def test_a_folder_is_one_recording(self):
        self.record_by_key("folder", "--rotate", "2s", "--segment-seconds", "1", "--device", "Front door")
        count = len(os.listdir(self.path("folder")))
        self.assertGreaterEqual(count, 3)
        told = self.created(sources=["folder"], out="all.svmx")
        self.assertEqual([one["sequence"] for one in told["sources"]], list(range(count)))
        self.assertEqual(self.check("all.svmx")["verdict"], "authentic")
        told = self.created("--from", at(1), "--to", at(5), sources=["folder"])
        self.assertLess(len(told["sources"]), count)
        self.assertEqual(self.check()["verdict"], "authentic")
        for package, extra in (("all.svmx", []), ("p.svmx", ["--from", at(1), "--to", at(5)])):
            self.get_out("p.mp4", "--force", *extra, name=package)
            self.extract(GOOD, "folder", "r.mp4", "--force", *extra)
            self.assertEqual(packets(self.path("p.mp4")), packets(self.path("r.mp4")))

    def test_a_container_that_is_missing_is_named_and_found(self):
        self.record_by_key("folder", "--rotate", "2s", "--segment-seconds", "1")
        os.unlink(os.path.join(self.path("folder"), sorted(os.listdir(self.path("folder")))[1]))
        run = self.create(sources=["folder"], status=EVIDENCE)
        self.assertIn("missing", run.err)
        found = self.check(status=EVIDENCE)
        self.assertEqual((found["verdict"], found["links"]["verdict"]), ("incomplete", "authentic"))

    def test_the_same_container_twice_is_exported_once(self):
        run = self.create(sources=[self.recorded, self.recorded])
        self.assertIn("exported once", run.err)


class Attachments(ExportCase):
    def test_files_are_carried_with_what_they_are(self):
        self.store("notes.txt", b"seen at ten")
        self.store("blurred.mp4", os.urandom(200000))
        self.store("empty.bin", b"")
        told = self.created("--attach", "notes.txt", "--description", "the guard's notes", "--derived", "blurred.mp4",
                            "--method", "faces blurred", "--tool", "Blur 3", "--derived-from", "0:0",
                            "--attach", "empty.bin")
        self.assertEqual(told["attachments"], 3)
        opened = self.check("p.svmx", *self.opens())
        notes, blurred, empty = opened["case"]["attachments"]
        self.assertEqual((notes["name"], notes["description"], notes["derivation"]),
                         ("notes.txt", "the guard's notes", None))
        self.assertEqual((blurred["derivation"]["method"], blurred["derivation"]["tool"]), ("faces blurred", "Blur 3"))
        origin, = blurred["derivation"]["from"]
        self.assertEqual((origin["source"], origin["track"], origin["first_segment"], origin["last_segment"]), (0, 0, 0, 7))
        self.assertEqual(empty["size"], 0)
        words = self.expect(GOOD, "export", "list", "p.svmx", *self.opens()).out
        for word in ("notes.txt", "faces blurred", "Blur 3", "they are no recordings"):
            self.assertIn(word, words)
        self.get_out("out")
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         ["attachment-00-notes.txt", "attachment-01-blurred.mp4", "attachment-02-empty.bin",
                          "source-00-Front_door.mp4"])
        self.assertEqual(self.load("out/attachment-01-blurred.mp4"), self.load("blurred.mp4"))
        self.get_out("again.txt", "--attachment", "0")
        self.assertEqual(self.load("again.txt"), b"seen at ten")
        self.get_out("none", "--attachment", "3", status=USAGE)

    def test_without_origin_it_was_made_from_everything(self):
        self.store("collage.png", b"picture")
        self.create("--derived", "collage.png", "--method", "collage", "--from", at(2.5), "--to", at(5))
        derivation = self.check("p.svmx", *self.opens())["case"]["attachments"][0]["derivation"]
        self.assertEqual([(one["source"], one["track"], one["first_segment"], one["last_segment"])
                          for one in derivation["from"]], [(0, None, 2, 4)])

    def test_names_do_no_harm(self):
        self.store("a b;$(x).txt", b"1")
        self.record_by_key("a.svms", "--device", "a/b \u202etxt.\u200bexe")
        self.create("--attach", "a b;$(x).txt", sources=["a.svms"])
        self.get_out("out")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["attachment-00-a_b___x_.txt",
                                                                "source-00-a_b____txt.___exe.mp4"])
        for mark in "\u061c\u200e\u200f\u202a\u202e\u2066\u2069":
            self.store(f"x{mark}gpj.exe", b"1")
            run = self.create("--attach", f"x{mark}gpj.exe", status=USAGE, out="q.svmx")
            self.assertIn("E-CAS-4", run.err)
            self.assertNotIn("q.svmx", self.files())


class Chain(ExportCase):
    def test_everybody_signs_on_top(self):
        first = self.created()["receipt"]
        before = self.load("p.svmx")
        second = self.sign_on("p.svmx", "--note", "from A. Fox", "--trust", self.ca, "--expect-head", first)
        third = self.expect(GOOD, "export", "countersign", "p.svmx", *self.exporter, "--role", "exporter", "--json").json()
        self.assertEqual(third["link"], 2)
        content = self.load("p.svmx")
        self.assertEqual(content[:len(before)], before)
        found = self.check()
        self.assertEqual([one["role"] for one in found["links"]["list"]], ["exporter", "custodian", "exporter"])
        self.assertEqual([one["head"] for one in found["links"]["list"]], [first, second, third["receipt"]])
        self.assertEqual(found["links"]["list"][1]["note"], "from A. Fox")
        for head, since in ((first, 2), (second, 1), (third["receipt"], 0)):
            expected = self.check("p.svmx", "--expect-head", head)["expected_head"]
            self.assertEqual((expected["found"], expected["links_since"]), (True, since))

    def test_a_link_that_is_taken_away_shows_only_by_its_receipt(self):
        self.create()
        receipt = self.sign_on()
        content = self.load("p.svmx")
        last, end = next(links_of(content))
        self.assertEqual(end, len(content))
        self.store("stripped.svmx", content[:last])
        self.assertEqual(self.check("stripped.svmx")["verdict"], "authentic")
        found = self.check("stripped.svmx", "--expect-head", receipt, status=EVIDENCE)
        self.assertEqual((found["verdict"], found["expected_head"]["found"]), ("not_authentic", False))
        self.assertIn("taken away", self.expect(EVIDENCE, "export", "verify", "stripped.svmx", "--trust", self.ca,
                                                "--expect-head", receipt).out)
        self.countersign("stripped.svmx", "--trust", self.ca, "--expect-head", receipt, status=EVIDENCE)

    def test_an_interrupted_signature_is_no_harm(self):
        self.create()
        before = self.load("p.svmx")
        self.sign_on()
        whole = self.load("p.svmx")
        for cut in (len(before) + 1, len(before) + 100, len(whole) - 49, len(whole) - 1):
            with self.subTest(cut):
                self.store("cut.svmx", whole[:cut])
                found = self.check("cut.svmx", status=EVIDENCE)
                self.assertEqual((found["verdict"], len(found["links"]["list"])), ("incomplete", 1))
                self.assertEqual(found["coverage"]["unattested_bytes"], cut - len(before))
                for checks in ((), ("--trust", self.ca)):
                    self.store("cut.svmx", whole[:cut])
                    self.countersign("cut.svmx", *checks)
                    self.assertEqual(self.check("cut.svmx")["verdict"], "authentic")
                    self.assertEqual(self.load("cut.svmx")[:len(before)], before)

    def test_roles_are_kept_apart(self):
        self.create()
        before = self.load("p.svmx")
        for signer, role in ((self.signer, "custodian"), (self.exporter, "custodian"), (self.custodian, "exporter")):
            self.expect(POLICY, "export", "countersign", "p.svmx", *signer, "--role", role)
        self.expect(POLICY, "export", "countersign", "p.svmx", *self.custodian[:3], self.exporter[3])
        self.expect(USAGE, "export", "countersign", "p.svmx", *self.custodian, "--role", "recorder")
        self.assertEqual(self.load("p.svmx"), before)

    def test_who_checks_first_does_not_sign_a_forgery(self):
        self.create()
        content = self.load("p.svmx")
        self.damaged("bad.svmx", content, len(content) // 2)
        self.countersign("bad.svmx", "--trust", self.ca, status=EVIDENCE)
        self.expect(GOOD, "identity", "create", "--out", "other", "--name", "Other")
        self.countersign("p.svmx", "--trust", "other/ca.pem", status=EVIDENCE)
        self.assertEqual(self.load("p.svmx"), content)

    def test_a_link_of_another_package_does_not_fit(self):
        self.create()
        self.create(out="q.svmx")
        alone = self.load("p.svmx")
        self.sign_on()
        link = self.load("p.svmx")[len(alone):]
        self.store("mixed.svmx", self.load("q.svmx") + link)
        found = self.run_svms("export", "verify", "mixed.svmx", "--trust", self.ca, "--json")
        self.assertNotEqual(found.status, GOOD)
        self.assertNotEqual(found.json()["verdict"], "authentic")


class Texts(ExportCase):
    # Direction, C1 (U+009B begins commands), a line separator, and what has no width.
    MARKS = "\u202e\u061c\u2066\u200f\u009b\u2028\u2029\u200b\u00ad\ufeff"

    def assert_harmless(self, *runs):
        for run in runs:
            for mark in self.MARKS:
                self.assertNotIn(mark, run.out + run.err)

    def test_texts_of_others_reach_no_terminal_as_they_are(self):
        evil = f"one{self.MARKS}two"
        self.record_by_key("a.svms", "--device", evil)
        opens = self.opens()
        verify = ["export", "verify", "p.svmx", "--trust", self.ca, *opens]
        words = [part for option in ("case", "operator", "reason", "comment", "note", "audit-reference")
                 for part in (f"--{option}", evil)]
        self.assert_harmless(
            self.create(*words, sources=["a.svms"]), self.countersign("p.svmx", "--note", evil),
            self.expect(GOOD, *verify), self.expect(GOOD, "export", "list", "p.svmx", *opens), self.get_out("out"),
            self.create(*words, sources=["a.svms"], status=ENVIRONMENT), self.expect(ENVIRONMENT, "export", "list", evil))
        self.assertTrue(all(name.isprintable() for name in os.listdir(self.path("out"))))
        found = self.expect(GOOD, *verify, "--json")
        self.assertTrue(found.out.isascii())
        self.assertIn("\\u202e", found.out.lower())
        self.assertIn("\\u009b", found.out.lower())
        self.assertEqual([link["note"] for link in found.json()["links"]["list"]], [evil, evil])
        told = found.json()["case"]
        self.assertEqual([told[member] for member in ("case", "operator", "reason", "comment", "audit_reference")],
                         [evil] * 5)
        self.assertEqual(told["devices"][0]["name"], evil)
        listed = self.expect(GOOD, "export", "list", "p.svmx", *opens, "--json")
        self.assertTrue(listed.out.isascii())
        self.assertEqual(listed.json()["case"], told)

    def test_times_that_contradict_each_other_are_told(self):
        today = time.time()
        for days, contradicts in ((-1, False), (1, True)):
            begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(today + days * 86400))
            with self.subTest(begun):
                self.expect(GOOD, "record", self.clip, "--out", f"r{days}.svms", "--start-time", begun, *self.signer, "--kek",
                            self.kek)
                self.create(sources=[f"r{days}.svms"], out=f"p{days}.svmx")
                self.sign_on(f"p{days}.svmx")
                found = self.check(f"p{days}.svmx")
                self.assertEqual(found["verdict"], "authentic")
                self.assertEqual([link["time_contradicts"] for link in found["links"]["list"]], [contradicts, False])
                said = self.expect(GOOD, "export", "verify", f"p{days}.svmx", "--trust", self.ca).out
                self.assertEqual(said.count("contradicts other times"), int(contradicts))


class Refusals(ExportCase):
    def test_no_reexport_is_honoured_by_every_command(self):
        self.assertFalse(self.created("--no-reexport")["reexport"])
        self.create("--no-reexport", "--unsealed", out="open.svmx")
        self.assertFalse(self.check()["reexport"])
        before = self.files()
        for name, opens in (("p.svmx", self.opens()), ("open.svmx", [])):
            for out in ("x.mp4", "x"):
                self.expect(POLICY, "export", "extract", name, "--out", out, *opens)
            self.create(sources=[name], out="again.svmx", status=POLICY)
            self.create(sources=[self.recorded, name], out="again.svmx", status=POLICY)
            self.expect(POLICY, "extract", name, "--out", "x.mp4", *opens)
            self.expect(POLICY, "export", "onvif", name, "--out", "x.mp4", *self.exporter, *opens)
            self.expect(POLICY, "export", "mp4", name, "--out", "x.mp4", "--trust", self.ca)
            self.expect(POLICY, "export", "stills", name, "--out", "x.png", "--trust", self.ca, "--at", at(1), *self.exporter)
            self.assertNotEqual(self.run_svms("keys", "disclose", name, "--from", START, "--to", at(4), "--out", "x",
                                              *opens).status, GOOD)
            self.assertNotEqual(self.run_svms("recover", name, "--out", "x").status, GOOD)
            self.assertEqual(self.files(), before)
        self.assertIn("forbidden", self.expect(GOOD, "export", "list", "open.svmx").out)

    def test_a_later_link_can_forbid_re_export_and_none_can_allow_it(self):
        self.create()
        self.get_out("before.mp4")
        self.sign_on("p.svmx", "--no-reexport")
        self.sign_on()
        self.get_out("after.mp4", status=POLICY)
        self.assertEqual([one["reexport"] for one in self.check()["links"]["list"]], [True, False, False])

    def test_what_broken_links_allowed_cannot_be_told(self):
        self.create()
        whole = self.load("p.svmx")
        self.sign_on("p.svmx", "--no-reexport")
        forbidden = self.load("p.svmx")
        (second, end), (first, _tail) = links_of(forbidden)
        policy = second + 24 + 48 + 16 + 32 + 4 + 3
        self.assertEqual(forbidden[policy], 1)
        for name, content, places in (("policy", forbidden, [policy]), ("signature", forbidden, [end - 60]),
                                      ("policy and tail", forbidden, [policy, end - 20]), ("magic", forbidden, [second]),
                                      ("link 0", forbidden, [first + 200]), ("foreign", whole + b"more than signed", []),
                                      ("foreign behind link 1", forbidden + b"more", [])):
            with self.subTest(name):
                self.damaged("bad.svmx", content, *places)
                for extra in ([], ["--trust", self.ca]):
                    for out in ("x.mp4", "x"):
                        run = self.get_out(out, *extra, name="bad.svmx", status=EVIDENCE)
                        self.assertIn("bad.svmx", run.err)
                self.assertNotEqual(self.run_svms(*self.arguments(sources=["bad.svmx"], out="q.svmx")).status, GOOD)
                self.assertEqual(self.files(), ["bad.svmx", "p.svmx"])

    def test_an_interrupted_link_is_warned_about(self):
        self.create()
        whole = self.load("p.svmx")
        self.sign_on("p.svmx", "--no-reexport")
        self.store("cut.svmx", self.load("p.svmx")[:len(whole) + 300])
        run = self.get_out("x.mp4", name="cut.svmx")
        self.assertIn("interrupted", run.err)
        self.assertIn("300 bytes", run.err)
        self.assertNotIn("interrupted", self.get_out("y.mp4", name=self.store("whole.svmx", whole)).err)

    def test_a_package_is_no_source(self):
        self.create()
        run = self.create(sources=["p.svmx"], out="q.svmx", status=USAGE)
        self.assertIn("export extract", run.err)
        self.expect(USAGE, "extract", "p.svmx", "--out", "x.mp4", *self.opens())
        self.assertEqual(self.files(), ["p.svmx"])

    def test_a_damaged_source_is_refused_with_its_first_failed_segment(self):
        with open(self.recorded, "rb") as file:
            content = file.read()
        self.damaged("bad.svms", content, len(content) // 2)
        failed = self.verify("bad.svms", status=EVIDENCE)["first_failure"]
        run = self.create(sources=["bad.svms"], status=EVIDENCE)
        self.assertIn(f"segment {failed['segment']}", run.err)
        self.assertIn(failed["time"], run.err)
        self.assertIn("--include-unverified", run.err)
        self.assertEqual(self.files(), ["bad.svms"])
        # The rest of it is still good.
        self.create("--to", at(1), sources=["bad.svms"])
        told = self.created("--include-unverified", sources=["bad.svms"], out="all.svmx", status=EVIDENCE)
        source, = told["sources"]
        self.assertTrue(source["unverified"])
        self.assertEqual(source["verdict"], "not_authentic")
        found = self.check("all.svmx", *self.opens(), status=EVIDENCE)
        self.assertEqual((found["links"]["verdict"], found["sources"]["verdict"]), ("authentic", "not_authentic"))
        self.assertEqual((found["first_failure"]["source"], found["first_failure"]["segment"]), (0, failed["segment"]))
        declared = found["case"]["sources"][0]["verification"]["unverified"]
        self.assertIn(failed["segment"], [one["segment"] for one in declared])
        run = self.get_out("all.mp4", name="all.svmx", status=EVIDENCE)
        self.assertIn("left out", run.err)

    def test_recorders_who_are_not_trusted_are_refused(self):
        self.expect(GOOD, "identity", "create", "--out", "other", "--name", "Other")
        run = self.create("--trust", "other/ca.pem", status=EVIDENCE)
        self.assertIn("not trusted", run.err)
        self.assertEqual(self.files(), ["other"])

    def test_an_open_recording_is_exported_as_far_as_it_goes(self):
        with open(self.recorded, "rb") as file:
            content = file.read()
        self.store("open.svms.part", content[:len(content) * 3 // 4])
        run = self.create(sources=["open.svms"], status=EVIDENCE)
        self.assertIn("does not cover all of the period", run.err)
        self.assertEqual(self.check(status=EVIDENCE)["verdict"], "incomplete")
        self.create("--from", at(0), "--to", at(2), sources=["open.svms"], out="q.svmx")
        self.assertEqual(self.check("q.svmx")["verdict"], "authentic")

    def test_every_change_is_found(self):
        self.create("--from", at(0), "--to", at(1), "--note", "note")
        self.sign_on()
        content = self.load("p.svmx")
        places = sorted({*range(0, 120, 7), *range(len(content) - 400, len(content), 23),
                         *range(130, len(content), len(content) // 60)})
        for place in places:
            with self.subTest(place):
                self.damaged("bad.svmx", content, place)
                run = self.run_svms("export", "verify", "bad.svmx", "--trust", self.ca, "--quiet")
                self.assertIn(run.status, (EVIDENCE, MALFORMED), run)

    def test_two_passwords_packages_mixed(self):
        self.create(*self.with_password())
        self.store("second", b"a second password\n")
        os.chmod(self.path("second"), 0o600)
        self.create("--password-file", "second", out="q.svmx")
        one, other = self.load("p.svmx"), self.load("q.svmx")
        size = int.from_bytes(one[28:32], "big")
        self.assertEqual(size, int.from_bytes(other[28:32], "big"))
        self.store("mixed.svmx", one[:120] + other[120:120 + size] + one[120 + size:])
        for opens in ([], self.with_password(), ["--password-file", "second"]):
            run = self.run_svms("export", "verify", "mixed.svmx", "--trust", self.ca, *opens)
            self.assertEqual(run.status, EVIDENCE, run)
            self.expect(EVIDENCE, "export", "extract", "mixed.svmx", "--out", "x.mp4", *(opens or self.with_password()))
        self.assertNotIn("x.mp4", self.files())

    def test_a_truncated_package_is_none(self):
        self.create()
        content = self.load("p.svmx")
        for size in (0, 7, 119, 200, len(content) // 2, len(content) - 1):
            with self.subTest(size):
                self.store("cut.svmx", content[:size])
                self.expect(MALFORMED, "export", "verify", "cut.svmx", "--trust", self.ca)
                self.expect(MALFORMED, "export", "list", "cut.svmx")


if __name__ == "__main__":
    main()
