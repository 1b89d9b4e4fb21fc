# SPDX-License-Identifier: Apache-2.0
"""Explanations of docs/spec/policy.md, section 6, from the evaluation of access_reference.py."""

import datetime

from access_reference import (
    FORMATS,
    KINDS,
    NO_TIME,
    OBLIGATIONS,
    Evaluation,
    Rule,
    check,
)
from local_time import SECOND

WORDS = {True: "true", False: "false", None: "unknown"}


def spell_time(instant):
    """RFC 3339 in UTC, with milliseconds where that is exact; null for none."""
    if instant is None or instant == NO_TIME:
        return None
    seconds, rest = divmod(instant, SECOND)
    day = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    if not 1678 <= day.year <= 2261:
        return None
    fraction = f"{rest // 1_000_000:03}" if rest % 1_000_000 == 0 else f"{rest:09}"
    return f"{day:%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def _range(first, behind):
    return {"from": spell_time(first), "to": spell_time(behind)}


def _question(question, has_range):
    approved = question.approved_until if question.is_approved else NO_TIME
    return {
        "action": question.action,
        "device": question.device,
        "now": spell_time(question.now),
        "client": KINDS[question.client],
        "address": question.address,
        "format": FORMATS[question.format],
        "destination": question.destination,
        "range": _range(question.start, question.end) if has_range else None,
        "approved_until": spell_time(approved),
    }


def _token(policy, token, question):
    if token is None:
        return None
    holder = Rule(policy, token, question, "", {"actions": ["*"]}, False)
    roles = policy.get("roles", {})
    return {
        "profile": token.profile,
        "subject": token.subject,
        "expires": spell_time(token.expires),
        "roles": sorted(name for name in roles if holder.has_role(roles[name])),
    }


def _conditions(rule, instant, is_approved):
    return {name: WORDS[value] for name, value in rule.conditions(instant, is_approved)}


def _applies(conditions):
    values = conditions.values()
    return next((word for word in ("false", "unknown") if word in values), "true")


def _verdict(side, instant, is_approved):
    if side.denies(instant):
        return "deny"
    if side.allows(instant, is_approved):
        return "allow"
    return "approval-needed" if side.allows(instant, True) else "none"


def _side(side, instant, is_approved, names):
    one, number, all_of_them = names
    rule, condition = side.named(instant, is_approved)
    listed = []
    for each in (rule for rule in side.rules if rule.concerns):
        conditions = _conditions(each, instant, is_approved)
        effect = "allow" if each.is_allow else "deny"
        applies = _applies(conditions)
        listed.append(
            {number: each.name, "effect": effect, "conditions": conditions, "applies": applies}
        )
    return {
        "verdict": _verdict(side, instant, is_approved),
        one: None if rule is None else rule.name,
        "condition": condition,
        all_of_them: listed,
    }


def explain(policy, token, question, answer):
    """The explanation of an answer; `words` are the library's own, and left out."""
    on = check(question)
    has_range = on == "recorded" and question.start != NO_TIME
    is_good = token is not None and question.now < token.expires
    ours = {"verdict": "none", "rule": None, "condition": None, "rules": []}
    theirs = None
    if is_good:
        evaluation = Evaluation(policy, token, question, on)
        is_unknown = on == "recorded" and not has_range
        instant = None if is_unknown else answer.instant
        approved = evaluation.is_approved
        ours = _side(evaluation.policy, instant, approved, ("rule", "id", "rules"))
        if len(evaluation.sides) > 1:
            theirs = _side(evaluation.rights, instant, approved, ("right", "number", "rights"))
    ranges = [_range(first, behind) for first, behind in answer.ranges]
    return {
        "format": "svms-explanation",
        "version": 1,
        "question": _question(question, has_range),
        "token": _token(policy, token, question),
        "answer": {
            "allowed": bool(answer.allowed),
            "reason": answer.reason,
            "instant": spell_time(answer.instant),
            "valid_until": spell_time(answer.until),
            "obligations": [word for word, bit in OBLIGATIONS.items() if answer.obligations & bit],
            "ranges": ranges if has_range and is_good else None,
        },
        "policy": {"revision": policy["revision"], **ours},
        "rights": theirs,
    }
