# SPDX-License-Identifier: Apache-2.0
"""Random policies and rights, each with one random change: the library and access_grammar.py agree
about which of them are refused.

SVMS_PROPERTY_SEED gives other ones, SVMS_PROPERTY_GRAMMARS the number of originals (10 changes of the policy and 10
of the rights each).
"""

import collections
import json
import os
import random
import sys
import unittest

import access_grammar
import break_things
import foreign_tokens
import make_questions
from library import Library

SEED = int(os.environ.get("SVMS_PROPERTY_SEED", "7"))
ORIGINALS = int(os.environ.get("SVMS_PROPERTY_GRAMMARS", "1000"))
CHANGES = 10
SHOWN = 10
MALFORMED, LIMIT, UNSUPPORTED = -300, -302, -102
PLAIN = {"format": "svms-policy", "version": 1, "revision": 0, "rules": []}
LEVELS_OF_CLAIMS = 8


def refused_path(check, thing):
    """What the text says is wrong, or None."""
    try:
        check(thing)
    except access_grammar.Refused as refused:
        return str(refused)
    return None


def verdict_due(token):
    """The verdict that a token with these rights gets."""
    if len(foreign_tokens.spell(0, token)["text"]) > 4096:
        return "form"
    ...


class Grammar(unittest.TestCase):
    def setUp(self):
        self.library = Library()
        self.counts = collections.Counter()
        self.wrong = []

    def tearDown(self):
        self.assertEqual(0, self.library.close())

    def compare(self, thing, due, found):
        self.counts["refused" if due is not None else "accepted"] += 1
        if (due is None) != (found is None):
            self.wrong.append(f"{thing}\nexpected {due}\nfound    {found}")

    def makers(self):
        for number in range(ORIGINALS):
            generator = random.Random(f"{SEED} {number}")
            yield generator, make_questions.Maker(generator)

    def finish(self, what):
        print(f"seed {SEED}, {what}: {dict(self.counts)}", flush=True)
        if self.wrong:
            print(f"{len(self.wrong)} disagreements\n" + "\n\n".join(self.wrong[:SHOWN]), flush=True)
        self.assertEqual([], self.wrong[:1])
        self.assertGreater(min(self.counts["refused"], self.counts["accepted"]), ORIGINALS)

    def test_changed_policies_are_refused_as_the_text_says(self):
        for generator, maker in self.makers():
            for _ in range(CHANGES):
                text = break_things.broken_text(generator, maker.policy)
                found = self.library.ask(text)["policy"]
                self.assertIn(found["status"], (0, MALFORMED, LIMIT, UNSUPPORTED), text)
                due = refused_path(access_grammar.check_policy, text)
                self.compare(text, due, found.get("words"))
        self.finish("changed policies")

    def test_changed_rights_are_refused_as_the_text_says(self):
        for generator, maker in self.makers():
            tokens, due = [], []
            for _ in range(CHANGES):
                rights = break_things.broken(generator, [maker.right() for _ in range(2)])
                tokens.append({"profile": "access", "subject": "ann", "now": 0, "life": 60} | {"rights": rights})
            found = self.library.ask(PLAIN, tokens)["tokens"]
            for token, answer in zip(tokens, found):
                if answer.get("verdict") == "form":
                    self.counts["too long"] += 1
                    continue
                due = refused_path(access_grammar.check_rights, token["rights"])
                self.compare(json.dumps(token["rights"]), due, answer.get("words"))
        self.finish("changed rights")


if __name__ == "__main__":
    print(f"SVMS_PROPERTY_SEED={SEED}", file=sys.stderr, flush=True)
    unittest.main()
