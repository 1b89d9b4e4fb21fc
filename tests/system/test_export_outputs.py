#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing is written over what is read, whatever it is called, and whoever says --force."""

import json
import os
import shutil
import subprocess

from export_case import ExportCase, at
from system_case import GOOD, PROGRAM, START, TIMEOUT, USAGE, main


class Inputs(ExportCase):
    """Copies of everything that a command can read lie in the test's folder, and are compared behind it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_shared("export", "create", cls.recorded, "--out", "made.svmx", *cls.exporter, "--trust", cls.ca,
                       "--source-kek", cls.kek, "--recipient-kek", cls.package_kek)
        cls.run_shared("export", "onvif", cls.recorded, "--out", "made.mp4", *cls.exporter, "--trust", cls.ca,
                       "--kek", cls.kek)

    @classmethod
    def run_shared(cls, *arguments):
        subprocess.run([PROGRAM, *arguments], cwd=cls.shared, check=True, capture_output=True, timeout=TIMEOUT)

    def setUp(self):
        super().setUp()
        for name, path in (("a.svms", self.recorded), ("rec/one.svms", self.recorded), ("p.svmx", "made.svmx"),
                           ("signed.mp4", "made.mp4"), ("clip.mp4", self.clip), ("ca.pem", self.ca), ("kek.pem", "kek.pem"),
                           ("cert.pem", self.exporter[1]), ("key.pem", self.exporter[3]), ("id/ca.pem", self.ca),
                           ("id/ca-key.pem", os.path.join(self.identity, "ca-key.pem")),
                           ("id/cert.pem", self.signer[1]), ("id/key.pem", self.signer[3]),
                           ("password", self.password_file), ("package-kek.pem", self.package_kek)):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            shutil.copy(os.path.join(self.shared, path), self.path(name))
        self.store("notes.txt", b"seen at ten")
        self.store("blurred.mp4", b"no faces")
        self.store("profile.json", json.dumps({"format": "svms-export-profile", "version": 1, "name": "rules",
                                               "options": {}}).encode())
        self.before = self.everything()

    def everything(self):
        """Every file with its number and its content."""
        names = [os.path.relpath(os.path.join(folder, name), self.folder)
                 for folder, _folders, files in os.walk(self.folder) for name in files]
        return {name: (os.stat(self.path(name)).st_ino, self.load(name)) for name in names}

    def refused(self, name, *arguments, words="what is read from"):
        """arguments holds OUT, which becomes each of the other names of the file."""
        with self.subTest(f"{' '.join(arguments)} {name}"):
            suffix = next((one.removeprefix("OUT") for one in arguments if one.startswith("OUT")), "")
            typed = {f"./{name}": None, self.path(name): None, f"hard{suffix}": os.link, f"soft{suffix}": os.symlink}
            for out, make in typed.items():
                if not make and not name.endswith(suffix):
                    continue
                if make:
                    make(self.path(name), self.path(out))
                run = self.expect(USAGE, *(out if one.startswith("OUT") else one for one in arguments))
                self.assertIn(words, run.err)
                if make:
                    os.unlink(self.path(out))
                self.assertEqual(self.everything(), self.before)

    def test_export_create(self):
        sources = ["a.svms", "rec"]
        for name in ("a.svms", "rec/one.svms", "notes.txt", "blurred.mp4", "cert.pem", "key.pem", "ca.pem", "kek.pem",
                     "password", "package-kek.pem", "profile.json"):
            self.refused(name, "export", "create", *sources, "--signer", "cert.pem", "--signer-key", "key.pem", "--trust",
                         "ca.pem", "--source-password-file", "password", "--source-kek", "kek.pem", "--profile",
                         "profile.json", "--recipient-kek", "package-kek.pem", "--attach", "notes.txt", "--derived", "blurred.mp4",
                         "--method", "blurred", "--device", "Front door", "--force", "--out", "OUT")

    def test_the_name_that_an_open_recording_will_have(self):
        os.rename(self.path("a.svms"), self.path("a.svms.part"))
        self.before = self.everything()
        for source in ("a.svms", "a.svms.part"):
            self.refused("a.svms.part", *self.arguments("--force", sources=[source], out="OUT"))

    def test_export_extract(self):
        for name in ("p.svmx", "package-kek.pem", "ca.pem"):
            self.refused(name, "export", "extract", "p.svmx", "--kek", "package-kek.pem", "--trust", "ca.pem", "--force",
                         "--out", "OUT.mp4")
        self.expect(GOOD, "export", "create", "a.svms", "--out", "q.svmx", "--unsealed", *self.exporter, "--trust", "ca.pem",
                    "--source-kek", "kek.pem", "--attach", "notes.txt")
        self.before = self.everything()
        self.refused("q.svmx", "export", "extract", "q.svmx", "--attachment", "0", "--force", "--out", "OUT")

    def test_a_package_among_what_is_extracted(self):
        os.mkdir(self.path("out"))
        os.rename(self.path("p.svmx"), self.path("out/source-00-Front_door.mp4"))
        self.before = self.everything()
        self.expect(USAGE, "export", "extract", "out/source-00-Front_door.mp4", "--kek", "package-kek.pem", "--force",
                    "--out", "out")
        self.assertEqual(self.everything(), self.before)

    def test_export_mp4(self):
        arguments = ["export", "mp4", "a.svms", "--kek", "kek.pem", "--trust", "ca.pem", "--force"]
        for name in ("a.svms", "kek.pem", "ca.pem"):
            self.refused(name, *arguments, "--out", "OUT.mp4")
        proof = ["--signer", "cert.pem", "--signer-key", "key.pem"]
        for name in ("a.svms", "kek.pem", "ca.pem", "cert.pem", "key.pem"):
            self.refused(name, *arguments, *proof, "--proof", "x.proof", "--out", "OUT.mp4")
            self.refused(name, *arguments, *proof, "--proof", "OUT", "--out", "x.mp4")

    def test_a_film_and_its_proof_are_two_files(self):
        os.symlink(".", self.path("here"))
        for proof in ("x.mp4", "./x.mp4", "here/x.mp4", self.path("x.mp4")):
            run = self.expect(USAGE, "export", "mp4", "a.svms", "--password-file", "password", "--trust", "ca.pem",
                              *self.exporter, "--out", "x.mp4", "--proof", proof, "--force")
            self.assertIn("the same file", run.err)
        self.assertEqual(self.everything(), self.before)

    def test_export_stills(self):
        arguments = ["export", "stills", "a.svms", "--password-file", "password", "--trust", "ca.pem", "--at", at(1),
                     "--signer", "cert.pem", "--signer-key", "key.pem", "--force", "--out"]
        for name in ("a.svms", "password", "ca.pem", "cert.pem", "key.pem"):
            self.refused(name, *arguments, "OUT.png")
        os.link(self.path("a.svms"), self.path("x.png.proof"))
        self.before = self.everything()
        self.expect(USAGE, *arguments, "x.png")
        self.assertEqual(self.everything(), self.before)

    def test_export_onvif(self):
        for name in ("a.svms", "password", "ca.pem", "cert.pem", "key.pem"):
            self.refused(name, "export", "onvif", "a.svms", "--password-file", "password", "--trust", "ca.pem", "--signer",
                         "cert.pem", "--signer-key", "key.pem", "--force", "--out", "OUT.mp4")

    def test_export_countersign(self):
        for name in ("signed.mp4", "cert.pem", "key.pem", "ca.pem"):
            self.refused(name, "export", "countersign", "signed.mp4", "--signer", "cert.pem", "--signer-key", "key.pem",
                         "--trust", "ca.pem", "--force", "--out", "OUT.mp4")

    def test_extract(self):
        for source in ("a.svms", "rec"):
            for name in ("a.svms" if source == "a.svms" else "rec/one.svms", "password", "ca.pem"):
                self.refused(name, "extract", source, "--password-file", "password", "--trust", "ca.pem", "--force",
                             "--out", "OUT.mp4")

    def test_record(self):
        arguments = ["--signer", "cert.pem", "--signer-key", "key.pem", "--password-file", "password", "--kek", "kek.pem",
                     "--start-time", START, "--force", "--out", "OUT"]
        for name in ("clip.mp4", "cert.pem", "key.pem", "password", "kek.pem"):
            self.refused(name, "record", "clip.mp4", *arguments)
        with open(self.path("clip.mp4"), "rb") as clip:
            self.expect(USAGE, "record", "-", *(one.replace("OUT", "clip.mp4") for one in arguments), stdin=clip)
        for name in ("clip.mp4", "key.pem"):
            self.refused(name, "record", "clip.mp4", "--signer", "cert.pem", "--signer-key", "key.pem", "--password-file",
                         "password", "--rotate", "5s", "--out", "new", "--head", "OUT")
        self.assertEqual(self.everything(), self.before)

    def test_copies_and_secrets(self):
        self.refused("a.svms", "recover", "a.svms", "--out", "OUT")
        for name in ("a.svms", "password", "ca.pem"):
            self.refused(name, "keys", "disclose", "a.svms", "--from", START, "--to", at(2), "--password-file", "password",
                         "--trust", "ca.pem", "--out", "OUT")
        for name in ("a.svms", "ca.pem"):
            self.refused(name, "timestamp", "a.svms", "--tsa-anchors", "ca.pem", "--query", "OUT")

    def test_records_of_what_was_removed(self):
        for name in ("id/cert.pem", "id/key.pem"):
            os.link(self.path(name), self.path("a.svms.pruned"))
            self.before = self.everything()
            self.expect(USAGE, "prune", "a.svms", "--signer", "id/cert.pem", "--signer-key", "id/key.pem")
            self.assertEqual(self.everything(), self.before)
            os.unlink(self.path("a.svms.pruned"))

    def test_identities(self):
        os.mkdir(self.path("new"))
        for name in ("cert.pem", "key.pem"):
            for input_name in ("id/ca.pem", "id/ca-key.pem"):
                os.link(self.path(input_name), self.path("new/" + name))
                self.before = self.everything()
                self.expect(USAGE, "identity", "create", "--out", "new", "--name", "N", "--ca", "id", "--force")
                self.assertEqual(self.everything(), self.before)
                os.unlink(self.path("new/" + name))

    def test_an_older_output_is_no_input(self):
        self.store("out.svmx", b"older")
        os.rename(self.path("out.svmx"), self.path("rec/out.svmx"))
        self.created("--force", sources=["rec"], out="rec/out.svmx")
        self.check("rec/out.svmx")


if __name__ == "__main__":
    main()
