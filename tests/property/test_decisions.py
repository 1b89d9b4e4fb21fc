# SPDX-License-Identifier: Apache-2.0
"""Random questions of access, answered by the library and by access_reference.py: the answers, and
explanations, are compared in full. A disagreement is made as small as it gets, and printed.

SVMS_DECIDE_DRIVER names the driver. SVMS_PROPERTY_SEED gives other questions,
SVMS_PROPERTY_POLICIES the number of policies, each with 50 questions.
"""

import collections
import json
import multiprocessing
import os
import random
import sys
import unittest

import access_reference
import explain_reference
import make_questions
from library import Library
from smallest_case import smallest

SEED = int(os.environ.get("SVMS_PROPERTY_SEED", "7"))
POLICIES = int(os.environ.get("SVMS_PROPERTY_POLICIES", "2000"))
QUESTIONS = 50
TOKENS = 4
WORKERS = 2
SHOWN = 3

USAGE, LIMIT = -100, -302
# Each of them must be met often, or the questions are not worth asking.
OUTCOMES = {
    *("allowed", "no-token", "no-rule", "denied", "no-right", "right-denied", "approval-needed"),
    *("expired", USAGE),
}
# What an answer says until it ends.
HELD = ("status", "allowed", "reason", "ranges", "rule", "right", "obligations", "until")


def verified(token, expires):
    """The token that the reference is given."""
    return token and access_reference.Token(
        profile=token["profile"],
        expires=expires,
        subject=token.get("subject"),
        roles=tuple(token.get("roles", ())),
        amr=tuple(token.get("amr", ())),
        rights=tuple(token.get("rights", ())),
    )


def expected(policy, token, question):
    """The reference's answer, in the driver's words."""
    fields = {name: value for name, value in question.items() if name not in ("token", "explain")}
    asked = access_reference.Question(**fields)
    try:
        answer = access_reference.decide(policy, token, asked)
    except access_reference.WrongQuestion:
        return {"status": USAGE}
    except access_reference.TooLarge:
        return {"status": LIMIT}
    due = {"status": 0, **vars(answer)}
    due["ranges"] = [list(stretch) for stretch in answer.ranges]
    if question.get("explain"):
        due["explanation"] = json.dumps(explain_reference.explain(policy, token, asked, answer))
    return due


def comparable(found):
    """The driver's answer, without the words for people."""
    found = {name: value for name, value in found.items() if name != "words"}
    if "explanation" in found:
        explanation = json.loads(found["explanation"])
        del explanation["answer"]["words"]
        found["explanation"] = json.dumps(explanation)  # The order of members counts.
    return found


def difference(policy, token, question, issued, found):
    """What the reference expects otherwise, and what the library says; None where they agree."""
    if token is not None and issued["status"] != 0:
        return {"token": "good"}, issued
    due = expected(policy, verified(token, issued and issued["expires"]), question)
    found = comparable(found)
    wrong = [name for name in {**due, **found} if due.get(name) != found.get(name)]
    return wrong and tuple({name: side.get(name) for name in wrong} for side in (due, found))


class Asking:
    """Asks about policies, one after the other, and remembers what disagrees."""

    def __init__(self):
        self.library = Library()
        self.counts = collections.Counter()
        self.reports = []

    def compare(self, number):
        maker = make_questions.Maker(random.Random(f"{SEED} {number}"))
        policy, tokens = maker.policy, [maker.token() for _ in range(TOKENS)]
        questions = [maker.question(TOKENS) for _ in range(QUESTIONS)]
        answered = self.library.ask(policy, tokens, questions)
        if answered["policy"]["status"] != 0:
            self._report(number, {"policy": policy}, ({"status": 0}, answered["policy"]))
            return
        for question, found in zip(questions, answered["answers"]):
            self._count(found)
            who = question.get("token")
            token, issued = (None, None) if who is None else (tokens[who], answered["tokens"][who])
            different = difference(policy, token, question, issued, found)
            if different:
                case, smaller = self._smaller(policy, token, question)
                self._report(number, case, smaller or different)
        self._count_held(policy, tokens, questions, answered["answers"])

    def _count(self, found):
        self.counts["questions"] += 1
        self.counts[found.get("reason", found["status"])] += 1
        self.counts["in pieces"] += len(found.get("ranges", ())) > 1
        self.counts["explained"] += "explanation" in found

    def _smaller(self, policy, token, question):
        case = {"policy": policy, "tokens": [token] if token else [], "question": dict(question)}
        if token:
            case["question"]["token"] = 0
        case = smallest(case, self._differs)
        return case, self._differs(case)

    def _differs(self, case):
        """The difference in a case of one question; nothing where it makes no sense any more."""
        policy, question = case["policy"], case["question"]
        tokens = case["tokens"] if "token" in question else []
        try:
            answered = self.library.ask(policy, tokens, [question])
            if any(part["status"] for part in (answered["policy"], *answered["tokens"])):
                return None
            token, issued = (tokens[0], answered["tokens"][0]) if tokens else (None, None)
            return difference(policy, token, question, issued, answered["answers"][0])
        except (KeyError, IndexError, TypeError):
            return None

    def _report(self, number, case, different):
        self.counts["disagreements"] += 1
        if len(self.reports) < SHOWN:
            due, found = different
            self.reports.append(
                f"policy {number}\n{json.dumps(case)}\nexpected {due}\nfound    {found}"
            )

    def _count_held(self, policy, tokens, questions, answers):
        """R-DEC-5: an answer holds until just before the time that it says, and each one that had
        to be asked for anew is counted when it did not."""
        asked, held = [], []
        for question, answer in zip(questions, answers):
            is_by_age = any("max_age" in rule for rule in policy["rules"]) or any(
                "max_age" in right for token in tokens for right in token.get("rights", ())
            )
            later = answer.get("until", access_reference.NO_TIME) - 1
            if later > question["now"] and not is_by_age:
                asked.append({**question, "now": later, "explain": False})
                held.append(answer)
        again = self.library.ask(policy, tokens, asked)["answers"]
        for question, before, after in zip(asked, held, again):
            self.counts["asked again"] += 1
            if any(before[name] != after.get(name) for name in HELD):
                case = {"policy": policy, "tokens": tokens, "question": question}
                self._report("that did not hold", case, (before, after))


def run_share(share):
    """One process's share of the policies."""
    asking = Asking()
    for number in range(share, POLICIES, WORKERS):
        asking.compare(number)
    return asking.counts, asking.reports, asking.library.close()


class Decisions(unittest.TestCase):
    def test_the_library_answers_as_the_text_does(self):
        with multiprocessing.Pool(WORKERS) as pool:
            shares = pool.map(run_share, range(WORKERS))
        counts = sum((share[0] for share in shares), collections.Counter())
        print(f"seed {SEED}, {POLICIES} policies: {dict(counts)}", flush=True)
        for report in (report for share in shares for report in share[1]):
            print(f"\n{report}", flush=True)
        self.assertEqual(0, counts["disagreements"])
        self.assertEqual([0] * WORKERS, [share[2] for share in shares])
        for outcome in sorted(OUTCOMES | {"in pieces", "explained", "asked again"}, key=str):
            self.assertGreaterEqual(counts[outcome], POLICIES // 8, outcome)


if __name__ == "__main__":
    print(f"SVMS_PROPERTY_SEED={SEED}", file=sys.stderr, flush=True)
    unittest.main()
