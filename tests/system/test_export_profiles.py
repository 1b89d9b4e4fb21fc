#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Export profiles on the command line: what is left open is filled in, what is locked cannot be overridden."""

import glob
import json
import os

from export_case import ExportCase, at
from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, ROOT, main


class Profiles(ExportCase):
    def profile(self, locked=True, name="house rules", **options):
        """A file with a profile of these options."""
        content = {"format": "svms-export-profile", "version": 1, "name": name,
                   "options": {option: {"value": value, "locked": locked} for option, value in options.items()}}
        self.store("profile.json", json.dumps(content).encode())
        return ["--profile", "profile.json"]

    def refused(self, words, *extra, **options):
        run = self.create(*extra, *options.pop("password", self.with_password()), status=POLICY, **options)
        self.assertIn(words, run.err)
        self.assertIn("house rules", run.err)
        self.assertNotIn("p.svmx", self.files())

    def test_what_was_left_open_is_filled_in(self):
        told = self.created(*self.profile(locked=False, reexport="forbidden"), *self.with_password())
        self.assertEqual((told["reexport"], told["case"]["profile"]), (False, "house rules"))
        self.assertEqual(self.check("p.svmx", *self.with_password())["case"]["profile"], "house rules")
        told = self.created(*self.profile(locked=False, sealed=False), out="q.svmx")
        self.assertFalse(told["sealed"])
        self.create(*self.profile(locked=False, sealed=True), status=POLICY, out="r.svmx")

    def test_what_is_locked_is_refused_with_its_own_status(self):
        cases = (
            ("sealed", {"sealed": True}, ["--unsealed"], []),
            ("sealed", {"sealed": False}, [], self.with_password()),
            ("reexport", {"reexport": "allowed"}, ["--no-reexport"], self.with_password()),
            ("formats", {"formats": ["mp4"]}, [], self.with_password()),
            ("password", {"password": "required"}, ["--unsealed"], []),
            ("password", {"password": "forbidden"}, [], self.with_password()),
            ("password_length", {"password_length": 100}, [], self.with_password()),
            ("password_classes", {"password_classes": 4}, [], self.with_password()),
            ("password_unrelated", {"password_unrelated": "required"}, ["--comment", "only the receiver"], self.with_password()),
            ("recipients", {"recipients": ["00" * 16]}, [], self.with_password()),
            ("signature_algorithms", {"signature_algorithms": ["rsa-pss"]}, [], self.with_password()),
            ("time_stamp", {"time_stamp": "required"}, [], self.with_password()),
            ("comment", {"comment": "required"}, [], self.with_password()),
            ("comment", {"comment": "required"}, ["--comment", " "], self.with_password()),
            ("include_unverified", {"include_unverified": "forbidden"}, ["--include-unverified"], self.with_password()),
            ("track_removal", {"track_removal": "forbidden"}, ["--without-track", "audio"], self.with_password()),
            ("attachments", {"attachments": "forbidden"}, ["--attach", self.clip], self.with_password()),
            ("maximum_period", {"maximum_period": 2}, ["--from", at(0), "--to", at(3)], self.with_password()),
            ("maximum_period", {"maximum_period": 2}, [], self.with_password()),
            ("destinations", {"destinations": ["/nowhere"]}, [], self.with_password()),
        )
        for words, options, extra, password in cases:
            with self.subTest(f"{words} {extra}"):
                self.refused(words, *self.profile(**options), *extra, password=password)

    def test_what_is_not_locked_is_warned_about(self):
        run = self.create(*self.profile(locked=False, comment="required", password_length=100), *self.with_password())
        self.assertIn("'comment'", run.err)
        self.assertIn("'password_length'", run.err)
        self.check()

    def test_what_fits_is_exported(self):
        folder = os.path.realpath(self.folder)
        told = self.created(*self.profile(sealed=True, reexport="forbidden", comment="required", destinations=[folder],
                                          maximum_period=3, formats=["svmx"]), *self.with_password(),
                            "--comment", "as asked", "--from", at(1), "--to", at(4))
        self.assertEqual(told["file"], os.path.join(folder, "p.svmx"))
        self.assertFalse(told["reexport"])
        self.check()

    def test_a_password_is_never_shown(self):
        for options in ({"password_length": 100}, {"password_classes": 4}, {"password": "forbidden"}):
            run = self.create(*self.profile(**options), *self.with_password(), status=POLICY)
            self.assertNotIn("only the receiver", run.err + run.out)

    def test_a_slip_of_the_pen_unlocks_nothing(self):
        self.create(*self.profile(comments="required"), *self.with_password(), status=MALFORMED)
        self.store("profile.json", b"{")
        self.create("--profile", "profile.json", *self.with_password(), status=MALFORMED)
        self.create("--profile", "nowhere.json", *self.with_password(), status=ENVIRONMENT)
        self.assertEqual(self.files(), ["profile.json"])

    def test_the_published_examples_can_be_used(self):
        examples = sorted(glob.glob(os.path.join(ROOT, "docs", "spec", "examples", "*.json")))
        self.assertTrue(examples)
        for path in examples:
            with self.subTest(os.path.basename(path)):
                run = self.run_svms(*self.arguments("--profile", path, *self.with_password()))
                self.assertIn(run.status, (GOOD, POLICY, EVIDENCE), run)


if __name__ == "__main__":
    main()
