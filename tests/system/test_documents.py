#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents show is so: commands run, code is that of the snippets, files and tests they name are there."""

import glob
import os
import re
import subprocess

from system_case import PROGRAM, ROOT, SystemCase, TIMEOUT, main

DOCUMENTS = sorted(glob.glob(os.path.join(ROOT, "*.md")) + glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def commands_of(block):
    """The lines behind $ in a block of a terminal, with their continuations."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)


class Documents(SystemCase):
    def test_the_tour_of_the_readme_goes_as_it_says(self):
        os.symlink(self.clip, self.path("clip.mp4"))
        path = os.path.dirname(PROGRAM) + os.pathsep + os.environ["PATH"]
        blocks = re.findall(r"<!-- tour -->\n```console\n(.*?)```", read(os.path.join(ROOT, "README.md")), re.DOTALL)
        self.assertEqual(len(blocks), 2)
        for block in blocks:
            for command in commands_of(block):
                done = subprocess.run(["bash", "-c", command], cwd=self.folder, capture_output=True, text=True,
                                      timeout=TIMEOUT, env={**os.environ, "PATH": path}, check=False)
                self.assertEqual(done.returncode, 0, f"{command}\n{done}")
                # Numbers and times differ; what each line begins with does not.
                for line in (done.stdout + done.stderr).splitlines():
                    self.assertIn("\n" + re.match(r" *\S+", line)[0], block, command)
        self.assertEqual(done.stdout.splitlines()[-1], "1")
        self.assertIn("NOT AUTHENTIC", done.stdout)

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

    def test_files_and_tests_that_show_compliance_are_there(self):
        text = read(os.path.join(ROOT, "docs", "compliance.md"))
        rows = [line for line in text.splitlines() if re.match(r"\| [A-Z]-\d+ ", line)]
        self.assertTrue(rows)
        for row in rows:
            shown = row.split("|")[4]
            names = re.findall(r"`([^`]+)`", shown)
            files = [name for name in names if "/" in name]
            self.assertTrue(files, row)
            for name in files:
                self.assertTrue(os.path.exists(os.path.join(ROOT, name)), name)
            sources = "".join(read(os.path.join(ROOT, name)) for name in files)
            for name in set(names) - set(files):
                self.assertRegex(sources, rf"\b{name}\b", row)


if __name__ == "__main__":
    main()
