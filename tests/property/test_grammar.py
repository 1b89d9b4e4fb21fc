# SPDX-License-Identifier: Apache-2.0
"""Random policies and rights, each with one random change: the library and access_grammar.py agree
about which of them are refused.

SVMS_DECIDE_DRIVER names the driver. SVMS_PROPERTY_SEED gives other ones, SVMS_PROPERTY_GRAMMARS the
number of policies that are changed, 10 times each, as are rights.
"""

import collections
import json
import os
import random
import sys
import unittest

import access_grammar
import break_things
import make_questions
from library import Library
from smallest_case import smallest

SEED = int(os.environ.get("SVMS_PROPERTY_SEED", "7"))
POLICIES = int(os.environ.get("SVMS_PROPERTY_GRAMMARS", "800"))
CHANGES = 10
SHOWN = 5

MALFORMED, LIMIT, UNSUPPORTED = -300, -302, -102
PLAIN = {"format": "svms-policy", "version": 1, "revision": 0, "rules": []}
TOKEN = {"profile": "access", "subject": "ann", "now": 0, "life": 60}


def refused(check, thing):
    """What the text says is wrong, or None."""
    try:
        check(thing)
    except access_grammar.Refused as error:
        return str(error)
    return None


class Grammar(unittest.TestCase):
    def setUp(self):
        self.library = Library()
        self.counts = collections.Counter()
        self.reports = []

    def tearDown(self):
        self.assertEqual(0, self.library.close())

    def makers(self, what):
        for number in range(POLICIES):
            generator = random.Random(f"{SEED} {what} {number}")
            yield generator, make_questions.Maker(generator)

    def judge_policy(self, text):
        """What the text says, what the library says: words, or None."""
        found = self.library.ask(text)["policy"]
        self.assertIn(found["status"], (0, MALFORMED, LIMIT, UNSUPPORTED), text)
        return refused(access_grammar.check_policy, text), found.get("words")

    def judge_rights(self, rights):
        """The same; the library may refuse as too long what the text does not look at."""
        found = self.library.ask(PLAIN, [TOKEN | {"rights": rights}])["tokens"][0]
        if found.get("verdict") == "form":
            return None, None
        self.assertIn(found.get("verdict"), (None, "claim", "payload"), rights)
        return refused(access_grammar.check_rights, rights), found.get("words")

    def count(self, judge, thing, smaller_of):
        due, found = judge(thing)
        self.counts["refused" if due is not None else "accepted"] += 1
        if (due is None) != (found is None):
            self.counts["disagreements"] += 1
            if len(self.reports) < SHOWN:
                thing = smaller_of(thing)
                due, found = judge(thing)
                self.reports.append(f"{thing}\nexpected {due}\nfound    {found}")

    def disagrees(self, judge):
        return lambda thing: len({words is None for words in judge(thing)}) == 2

    def smaller_policy(self, text):
        try:
            policy = access_grammar.read_json(text)
        except access_grammar.Refused:
            return text
        disagrees = self.disagrees(self.judge_policy)
        wrapped = {"policy": policy}
        return json.dumps(
            smallest(wrapped, lambda case: disagrees(json.dumps(case["policy"])))["policy"]
        )

    def smaller_rights(self, rights):
        disagrees = self.disagrees(self.judge_rights)
        return smallest({"rights": rights}, lambda case: disagrees(case["rights"]))["rights"]

    def finish(self, what):
        print(f"seed {SEED}, {what}: {dict(self.counts)}", flush=True)
        for report in self.reports:
            print(f"\n{report}", flush=True)
        self.assertEqual(0, self.counts["disagreements"])
        self.assertGreater(min(self.counts["refused"], self.counts["accepted"]), POLICIES)

    def test_changed_policies_are_refused_as_the_text_says(self):
        for generator, maker in self.makers("policies"):
            for _ in range(CHANGES):
                text = break_things.broken_text(generator, maker.policy)
                self.count(self.judge_policy, text, self.smaller_policy)
        self.finish("changed policies")

    def test_changed_rights_are_refused_as_the_text_says(self):
        for generator, maker in self.makers("rights"):
            for _ in range(CHANGES):
                rights = break_things.broken(generator, [maker.right() for _ in range(2)])
                self.count(self.judge_rights, rights, self.smaller_rights)
        self.finish("changed rights")


if __name__ == "__main__":
    print(f"SVMS_PROPERTY_SEED={SEED}", file=sys.stderr, flush=True)
    unittest.main()
