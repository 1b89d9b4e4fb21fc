#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents show is so: commands run, code is that of the snippets, files and tests they name are there."""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from authority import Authority
from system_case import EVIDENCE, PROGRAM, ROOT, SystemCase, TIMEOUT, main, make_clip, say

DOCUMENTS = sorted(glob.glob(os.path.join(ROOT, "*.md")) + glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def commands_of(block):
    """The lines behind $ in a block of a terminal, with their continuations."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)


def tour_of(document):
    """The commands of a document that are to be run, each with the block that shows it; recipes are one command."""
    for kind, block in re.findall(r"<!-- (tour|recipe) -->\n```(?:console|sh)\n(.*?)```", read(document), re.DOTALL):
        for command in commands_of(block) if kind == "tour" else ["set -eu\n" + block]:
            yield kind, command, block


class Documents(SystemCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.long_clip = make_clip(os.path.join(cls.shared, "long.mp4"), seconds=40)
        cls.authority = Authority(os.path.join(cls.shared, "tsa"))
        cls.server = cls.authority.serve()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)

    def end_servers(self):
        """Those that a tour begins in the background and, when all goes well, ends."""
        for path in glob.glob(self.path("*.pid")):
            try:
                os.kill(int(self.load(path)), signal.SIGKILL)
            except ProcessLookupError:
                pass

    @staticmethod
    def free_ports(text, *shown):
        """The text with ports that are free in place of those that it shows."""
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in shown]
        for port, listener in zip(shown, listeners):
            text = text.replace(f":{port}", f":{listener.getsockname()[1]}")
        for listener in listeners:
            listener.close()
        return text

    def take_tour(self, document, *commands_at_least):
        """Run what a document shows, in one folder; what each line of an answer begins with must stand there."""
        os.symlink(self.long_clip, self.path("clip.mp4"))
        shutil.copy(self.authority.anchors, self.path("tsa-ca.pem"))
        programs = [os.environ.get(name) for name in ("SVMS_CAMERA", "SVMS_RECORDER")]
        path = os.pathsep.join([os.path.dirname(program) for program in [PROGRAM, *programs] if program] + [os.environ["PATH"]])
        ports = self.free_ports(":8443 :18554 :18555 :18443", 8443, 18554, 18555, 18443).split()
        self.addCleanup(self.end_servers)
        seen = ""
        for kind, command, block in tour_of(os.path.join(ROOT, document)):
            typed = command.replace("http://tsa.example/", self.server.url)
            for shown, free in zip((":8443", ":18554", ":18555", ":18443"), ports):
                typed = typed.replace(shown, free)
            if " -revoke " in command:
                time.sleep(1)  # stamps and revocations count whole seconds, and a stamp must be older
            done = subprocess.run(["bash", "-c", typed], cwd=self.folder, capture_output=True, text=True,
                                  timeout=TIMEOUT, env={**os.environ, "PATH": path}, check=False)
            self.assertEqual(done.returncode, 0, f"{command}\n{done}")
            self.assertNotIn("Sanitizer", done.stderr, command)
            # Numbers and times differ; what each line begins with does not.
            for line in (done.stdout + done.stderr).splitlines() if kind == "tour" else []:
                self.assertIn("\n" + re.match(r" *\S*", line)[0], "\n" + block, command)
            seen += command + "\n"
        for wanted in commands_at_least:
            self.assertIn(wanted, seen)
        return done

    def test_the_tour_of_the_readme_goes_as_it_says(self):
        done = self.take_tour("README.md", "svms record", "svms verify", "svms extract", "svms timestamp",
                              "svms recipients", "svms keys disclose", "svms prune", "svms export create", "svms export countersign",
                              "svms export verify", "svms export mp4", "svms verify-proof", "svms export onvif", "svms verify-onvif")
        self.assertIn("AUTHENTIC", done.stdout)
        tampered = self.expect(EVIDENCE, "verify", "tampered.svms", "--trust", "id/ca.pem")
        self.assertIn("NOT AUTHENTIC", tampered.out)

    def test_the_life_of_a_recorder_goes_as_it_says(self):
        self.take_tour(os.path.join("docs", "operations.md"), "svms record", "--continue", "svms recover", "svms verify",
                       "svms prune", "svms timestamp", "svms recipients rewrap", "svms kek destroy", "svms keys disclose",
                       "--late-signatures", "--crl", "svms export create", "--profile", "svms export countersign", "--expect-head",
                       "svms export extract", "svms export stills", "verify-onvif", "svms ca init", "svms request", "svms ca issue",
                       "svms ca list", "svms ca revoke", "svms ca crl", "svms jwks", "svms token issue", "svms token verify",
                       "svms token exchange", "svms token inspect", "svms token revoke")

    @unittest.skipUnless(os.environ.get("SVMS_RECORDER") or say("svms-recorder was not built"), "no recorder")
    def test_the_life_of_a_site_goes_as_it_says(self):
        done = self.take_tour(os.path.join("docs", "site.md"), "svms-camera", "svms-recorder", "--rebuild-index", "svms ca revoke")
        self.assertIn("AUTHENTIC", done.stdout)

    def test_code_in_documents_is_that_of_the_snippets(self):
        sources = "".join(read(path) for path in glob.glob(os.path.join(ROOT, "examples", "snippets", "*.c")))
        blocks = [block for path in DOCUMENTS for block in re.findall(r"```c\n(.*?)```", read(path), re.DOTALL)]
        self.assertTrue(blocks)
        for block in blocks:
            self.assertIn(block.strip(), sources)

    def test_links_lead_somewhere(self):
        for path in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", read(path)):
                if "://" not in target:
                    with self.subTest(document=path, link=target):
                        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(path), target)))

    def test_files_and_tests_that_are_said_to_show_something_are_there(self):
        for document in ("compliance.md", "threat-model.md"):
            rows = re.findall(r"^\| (?:[A-Z]-\d+|\*\*).*\|$",
                              read(os.path.join(ROOT, "docs", document)).partition("Shown by |")[2].partition("\n## ")[0],
                              re.MULTILINE)
            self.assertTrue(rows, document)
            for row in rows:
                with self.subTest(document=document, row=row):
                    names = re.findall(r"`([^`]+)`", row.split("|")[-2])
                    files = [name for name in names if "/" in name]
                    self.assertTrue(files)
                    for name in files:
                        self.assertTrue(os.path.exists(os.path.join(ROOT, name)), name)
                    sources = "".join(read(os.path.join(ROOT, name)) for name in files)
                    for name in set(names) - set(files):
                        self.assertRegex(sources, rf"\b{name}\b")


if __name__ == "__main__":
    main()
