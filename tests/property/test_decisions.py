# SPDX-License-Identifier: Apache-2.0
"""Random questions, answered by the library and by access_reference.py: the answers are compared in
full. A disagreement is made as small as it gets, and printed.

SVMS_DECIDE_DRIVER names the driver. SVMS_PROPERTY_SEED gives other questions, SVMS_PROPERTY_POLICIES
their number (50 questions each).
"""

import collections
import copy
import dataclasses
import json
import multiprocessing
import os
import random
import sys
import unittest

import access_reference
import make_questions
from library import Library

SEED = int(os.environ.get("SVMS_PROPERTY_SEED", "7"))
POLICIES = int(os.environ.get("SVMS_PROPERTY_POLICIES", "2100"))
QUESTIONS = 50
TOKENS = 4
WORKERS = 2
SHOWN = 3

USAGE, LIMIT = -100, -302

def expected(policy, token, expires, question):
    """The reference's answer, in the driver's words."""
    fields = {name: value for name, value in question.items() if name != "token"}
    verified = None
    if token is not None:
        verified = access_reference.Token(
            profile=token["profile"],
            expires=expires,
            subject=token.get("subject"),
            roles=tuple(token.get("roles", ())),
            amr=tuple(token.get("amr", ())),
            rights=tuple(token.get("rights", ())),
        )
    try:
        answer = access_reference.decide(policy, verified, access_reference.Question(**fields))
    except access_reference.WrongQuestion:
        return {"status": USAGE}
    except access_reference.TooLarge:
        return {"status": LIMIT}
    found = {"status": 0, **dataclasses.asdict(answer)}
    found["ranges"] = [list(stretch) for stretch in answer.ranges]
    return found


def differences(policy, tokens, questions, answered):
    """Numbers of the questions that are answered otherwise, with both answers."""
    if answered["policy"]["status"] != 0:
        yield None, {"status": 0}, answered["policy"]
        return
    for number, (question, found) in enumerate(zip(questions, answered["answers"])):
        token, expires = None, None
        if "token" in question:
            issued = answered["tokens"][question["token"]]
            if issued["status"] != 0:
                continue
            token, expires = tokens[question["token"]], issued["expires"]
        due = expected(policy, token, expires, question)
        found = dict(found)
        found.pop("words", None)
        wrong = {name for name in due if due[name] != found.get(name)}
        if wrong & COMPARED:
            yield number, due, found


COMPARED = set(os.environ.get("COMPARED", "status,allowed,ranges,reason,obligations,until,rule,right,condition,right_condition,instant").split(","))


def removals(thing, path=()):
    """Paths of everything that could be left out of a JSON value, large things first."""
    keys = list(thing) if isinstance(thing, dict) else range(len(thing)) if isinstance(thing, list) else ()
    for key in keys:
        yield (*path, key)
    for key in keys:
        yield from removals(thing[key], (*path, key))


def without(thing, path):
    thing = copy.deepcopy(thing)
    inner = thing
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return thing


def smallest(driver, policy, token, question):
    """Leaves out what is not needed for the disagreement."""

    def disagrees(case):
        policy, token, question = case["policy"], case["token"], case["question"]
        tokens = [] if token is None else [token]
        try:
            answered = driver.ask(policy, tokens, [question])
            if answered["policy"]["status"] != 0 or any(t["status"] for t in answered["tokens"]):
                return None
            return next(differences(policy, tokens, [question], answered), None)
        except (KeyError, TypeError):
            return None

    question = {**question, "token": 0} if token is not None else question
    case = {"policy": policy, "token": token, "question": question}
    found = disagrees(case)
    if found is None:
        return case, None
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for path in list(removals(case)):
            if len(path) < 2:
                continue
            try:
                smaller = without(case, path)
            except (KeyError, IndexError, TypeError):
                continue  # What held it has gone.
            now = disagrees(smaller)
            if now is not None:
                case, found, is_smaller = smaller, now, True
    return case, found


def run_share(share):
    """One process's share of the policies: counts of what was asked, and what disagrees."""
    driver = Library()
    counts = collections.Counter()
    reports = []
    for number in range(share, POLICIES, WORKERS):
        maker = make_questions.Maker(random.Random(f"{SEED} {number}"))
        tokens = [maker.token() for _ in range(TOKENS)]
        questions = [maker.question(TOKENS) for _ in range(QUESTIONS)]
        answered = driver.ask(maker.policy, tokens, questions)
        for answer in answered.get("answers", []):
            counts[answer.get("reason", answer["status"])] += 1
            counts["pieces"] += len(answer.get("ranges", []))
        for token in answered.get("tokens", []):
            counts["tokens", token["status"]] += 1
        for index, due, found in differences(maker.policy, tokens, questions, answered):
            counts["disagreements"] += 1
            if len(reports) < SHOWN:
                if index is None:
                    reports.append(f"policy {number} is refused: {found} {json.dumps(maker.policy)}")
                    break
                question = questions[index]
                token = tokens[question["token"]] if "token" in question else None
                case, last = smallest(driver, maker.policy, token, question)
                _, due, found = last or (None, due, found)
                reports.append(
                    f"policy {number}, question {index}\n{json.dumps(case, indent=1)}\n"
                    f"expected {due}\nfound    {found}"
                )
    counts["driver"] = driver.close()
    return counts, reports


class Decisions(unittest.TestCase):
    def test_the_library_answers_as_the_text_does(self):
        with multiprocessing.Pool(WORKERS) as pool:
            shares = pool.map(run_share, range(WORKERS))
        counts = sum((counts for counts, _ in shares), collections.Counter())
        reports = [report for _, reports in shares for report in reports]
        print(f"seed {SEED}, {POLICIES} policies: {dict(counts)}", flush=True)
        if reports:
            print("\n\n".join(reports), flush=True)
        self.assertEqual(0, counts["disagreements"])
        self.assertEqual(0, counts["driver"])


if __name__ == "__main__":
    print(f"SVMS_PROPERTY_SEED={SEED}", file=sys.stderr, flush=True)
    unittest.main()
