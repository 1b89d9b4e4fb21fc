# SPDX-License-Identifier: Apache-2.0
"""Decisions of docs/spec/policy.md, as the text says them: simple, slow, and without a look at the
library. Where this and the library disagree, one of them misread the text, or the text is unclear.

Truth has three values: True, False, and None for unknown (R-DEC-1).
"""

import dataclasses
import ipaddress
import re

import local_time
from local_time import SECOND

NO_TIME = -(2**63)
NO_RIGHT = 2**32 - 1
MOST_RANGES = 4096
MOST_STRETCHES = 65536
MOST_CHARACTERS = 64
FIVE_MINUTES = 300 * SECOND

KINDS = [None, "browser", "desktop", "mobile", "service", "device"]
FORMATS = [None, "svmx", "mp4", "onvif", "jpeg", "png"]
OBLIGATIONS = {"watermark": 1, "mask": 2, "audit-each": 4, "no-reexport": 8}
SECTIONS = ("devices", "recording", "network", "policy", "certificates", "system")

# Section 3: what each action is on.
ON_DEVICE = {
    *("live.view", "live.listen", "live.talk", "snapshot.create"),
    *("ptz.move", "ptz.preset", "ptz.preset-edit", "output.activate"),
    *("analytics.view", "analytics.configure"),
}
ON_RECORDED = {
    *("playback.view", "playback.listen", "playback.search", "export.create", "export.verify"),
    *("bookmark.view", "bookmark.create", "bookmark.edit", "bookmark.delete"),
    *("evidence.lock", "evidence.unlock", "evidence.delete", "mask.lift"),
}
ON_SERVER = {
    *("session.begin", "audit.read", "audit.export"),
    *("user.view", "user.create", "user.edit", "user.delete", "user.unlock"),
    *(f"config.read.{section}" for section in SECTIONS),
    *(f"config.write.{section}" for section in SECTIONS),
}

# Members of a right that the table of section 2 lists.
LISTED = {
    *("type", "effect", "actions", "devices", "when", "recorded", "max_age", "clients"),
    *("networks", "amr", "formats", "destinations", "second", "obligations"),
}

NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")  # R-ACT-1
IDENTIFIER = re.compile(r"[a-z0-9_.-]{1,64}")  # R-POL-2
APPROVING = "approve."


class WrongQuestion(Exception):
    """It is refused as a wrong question."""


class TooLarge(Exception):
    """It is refused as too large (R-DEC-4)."""


@dataclasses.dataclass(frozen=True)
class Token:
    """A verified token. Profiles: access, onvif, approval."""

    profile: str
    expires: int
    subject: str | None = None
    roles: tuple = ()
    amr: tuple = ()
    rights: tuple = ()


@dataclasses.dataclass(frozen=True)
class Question:
    """What somebody wants to do."""

    action: str
    now: int
    device: str | None = None
    client: int = 0
    format: int = 0
    address: str | None = None
    destination: str | None = None
    is_approved: int = 0
    approved_until: int = NO_TIME
    start: int = NO_TIME
    end: int = NO_TIME


@dataclasses.dataclass(frozen=True)
class Answer:
    """What it is answered."""

    reason: str
    allowed: int = 0
    ranges: tuple = ()
    obligations: int = 0
    until: int = NO_TIME
    rule: str | None = None
    condition: str | None = None
    right: int = NO_RIGHT
    right_condition: str | None = None
    instant: int = NO_TIME


def any_of(values):
    """R-DEC-9: true where one is true; else unknown where one is unknown; else false."""
    values = list(values)
    return True if True in values else None if None in values else False


def matches(pattern, action):
    """Section 3: a name, everything below a name, or everything."""
    if pattern.endswith(".*"):
        return action.startswith(pattern[:-1])
    return pattern in ("*", action)


def plain(action):
    """What an approval would be for (R-ACT-3)."""
    return action[len(APPROVING) :] if action.startswith(APPROVING) else action


def subject_of(action):
    """What an action is on: "device", "recorded", "server", or "either" for integrators' own."""
    if not NAME.fullmatch(action) or len(action) > MOST_CHARACTERS:
        raise WrongQuestion(action)
    for kind, actions in (
        ("device", ON_DEVICE),
        ("recorded", ON_RECORDED),
        ("server", ON_SERVER),
    ):
        if plain(action) in actions:
            return kind
    if plain(action).startswith("x."):
        return "either"
    raise WrongQuestion(action)


def is_of_exports(action):
    """R-RUL-6."""
    return plain(action).startswith(("export.", "x.")) or plain(action) == "snapshot.create"


def devices_of(policy, group):
    """All devices of a group, through groups in it."""
    found = set()
    for entry in policy["groups"][group].get("devices", []):
        if entry.startswith("group:"):
            found |= devices_of(policy, entry[len("group:") :])
        else:
            found.add(entry)
    return found


def zones_of(policy):
    """Zones that a token may name (R-WIN-3)."""
    windows = list(policy.get("windows", {}).values())
    for rule in policy["rules"]:
        windows += rule.get("when", []) + rule.get("recorded", [])
    named = {w["zone"] for w in windows if isinstance(w, dict) and "zone" in w}
    return {"UTC", policy.get("zone", "UTC"), *policy.get("zones", [])} | named


def in_one_space(address):
    """R-DEC-9: an address or network as one of IPv6."""
    if address.version == 6:
        return address
    if isinstance(address, ipaddress.IPv4Network):
        mapped = f"::ffff:{address.network_address}/{address.prefixlen + 96}"
        return ipaddress.ip_network(mapped)
    return ipaddress.ip_address(f"::ffff:{address}")


def read_address(text):
    """An address without zone index."""
    try:
        if "%" in text:
            raise ValueError(text)
        return in_one_space(ipaddress.ip_address(text))
    except ValueError as error:
        raise WrongQuestion(text) from error


class Rule:
    """A rule or a right, and the values of its conditions for one question."""

    def __init__(self, policy, token, question, name, body, is_right):
        self.policy, self.token, self.question = policy, token, question
        self.name, self.body, self.is_right = name, body, is_right
        self.is_allow = body.get("effect", "allow") == "allow"
        self.zones = zones_of(policy) if body.keys() & {"when", "recorded"} else set()
        self.concerns = self._covers("actions") and self._is_for_subject()
        if self.concerns:
            self.devices = self._devices()
            self.before, self.behind = list(self._before()), list(self._behind())

    @property
    def is_about(self):
        """R-DEC-1."""
        return self.concerns and self.devices

    def _covers(self, member):
        return any(matches(pattern, self.question.action) for pattern in self.body.get(member, []))

    def _is_for_subject(self):
        if self.is_right or "roles" not in self.body:
            return True
        return any(self.has_role(self.policy["roles"][name]) for name in self.body["roles"])

    def has_role(self, role):
        """R-RUL-4."""
        return self.token.subject in role.get("subjects", []) or any(
            claim in role.get("claims", []) for claim in self.token.roles
        )

    def _devices(self):
        if self.question.device is None:
            return True
        return any(self._names(entry) for entry in self.body.get("devices", []))

    def _names(self, entry):
        if not entry.startswith("group:"):
            return entry in ("*", self.question.device)
        group = entry[len("group:") :]
        if group not in self.policy.get("groups", {}):
            return not self.is_allow  # R-RUL-2
        return self.question.device in devices_of(self.policy, group)

    def _before(self):
        """Conditions in front of recorded time, in the order of section 2."""
        if self.question.device is not None:
            yield "devices", self.devices
        if "when" in self.body:
            yield "when", self._in_a_window("when", self.question.now)

    def at(self, instant):
        """Conditions on recorded time, at one instant; None: it is not known."""
        if "recorded" in self.body:
            yield "recorded", None if instant is None else self._in_a_window("recorded", instant)
        if "max_age" in self.body:
            oldest = self.question.now - self.body["max_age"] * SECOND
            yield "max_age", None if instant is None else instant >= oldest

    def _behind(self):
        """Conditions behind recorded time, but for `second`."""
        body, question = self.body, self.question
        if "clients" in body:
            yield "clients", self._is_one_of("clients", KINDS[question.client], KINDS)
        if "networks" in body:
            yield "networks", self._in_a_network(body["networks"])
        if "amr" in body:
            had = set(self.token.amr)
            yield "amr", any(set(all_of) <= had for all_of in body["amr"]) if had else None
        others = not is_of_exports(question.action)
        if "formats" in body:
            form = FORMATS[question.format]
            yield "formats", others or self._is_one_of("formats", form, FORMATS)
        if "destinations" in body:
            where, named = question.destination, body["destinations"]
            yield "destinations", others or (None if where is None else where in named)

    def _is_one_of(self, member, value, known):
        """In a token, a word that nobody knows is an entry that is unknown (R-RUL-1)."""
        if value is None:
            return None
        return any_of(entry == value if entry in known else None for entry in self.body[member])

    def windows(self, member):
        """Windows of `when` or `recorded`, each with its zone; the zone is None where the window is
        unknown: another zone, or a name in a token."""
        for window in self.body.get(member, []):
            if isinstance(window, str):
                window = {"zone": None} if self.is_right else self.policy["windows"][window]
            zone = window.get("zone", self.policy.get("zone", "UTC"))
            yield window, zone if zone in self.zones else None

    def _in_a_window(self, member, instant):
        return any_of(
            None if zone is None else local_time.is_open(window, zone, instant)
            for window, zone in self.windows(member)
        )

    def _in_a_network(self, networks):
        if self.question.address is None:
            return None
        address = read_address(self.question.address)
        return any(address in in_one_space(ipaddress.ip_network(each)) for each in networks)

    def _second(self, is_approved):
        """R-DEC-3, R-RUL-5."""
        is_approving = self.question.action.startswith(APPROVING)
        if self.is_allow and not is_approving and self._covers("second"):
            yield "second", is_approved

    def _unknown_members(self):
        """R-RUL-1."""
        if self.is_right:
            for member in self.body:
                if member not in LISTED:
                    yield "unknown_member", None
            if self.is_allow and set(self.body.get("obligations", [])) - set(OBLIGATIONS):
                yield "unknown_member", None

    def conditions(self, instant, is_approved):
        """All conditions, in the order of R-DEC-1, with their values at an instant."""
        return [
            *self.before,
            *self.at(instant),
            *self.behind,
            *self._second(is_approved),
            *self._unknown_members(),
        ]

    def lacking(self, instant, is_approved):
        """The conditions that are not true."""
        found = self.conditions(instant, is_approved)
        return [(name, value) for name, value in found if value is not True]

    def applies(self, instant, is_approved):
        """R-DEC-1."""
        if not self.concerns:
            return False
        lacking = self.lacking(instant, is_approved)
        return not lacking if self.is_allow else not any(value is False for _, value in lacking)


class Side:
    """The rules of a policy, or the rights of a token."""

    def __init__(self, rules):
        self.rules = rules

    def first(self, is_allow, instant, is_approved):
        """The first allow, or deny, that applies."""
        for rule in self.rules:
            if rule.is_allow == is_allow and rule.applies(instant, is_approved):
                return rule
        return None

    def denies(self, instant):
        return self.first(False, instant, False) is not None

    def allows(self, instant, is_approved):
        """R-DEC-2."""
        return not self.denies(instant) and self.first(True, instant, is_approved) is not None

    def named(self, instant, is_approved):
        """R-DEC-7: the rule that the answer names, and the condition that it lacks."""
        denying = self.first(False, instant, is_approved)
        if denying is not None:
            return denying, None
        allowing = self.first(True, instant, is_approved)
        if allowing is not None:
            return allowing, None
        near = [rule for rule in self.rules if rule.is_allow and rule.concerns]
        about = [rule for rule in near if rule.is_about]
        if not about:
            return (near[0], "devices") if near else (None, None)

        def distance(rule):
            lacking = [name for name, _ in rule.lacking(instant, is_approved)]
            return 0 if lacking == ["second"] else len(lacking)

        nearest = min(about, key=distance)
        return nearest, nearest.lacking(instant, is_approved)[0][0]


def check(question):
    """Refuses what no rule could make good (section 5, R-ACT-1, R-ACT-2)."""
    on = subject_of(question.action)
    if on in ("device", "recorded") and question.device is None:
        raise WrongQuestion("device is missing")
    if question.device is not None and not IDENTIFIER.fullmatch(question.device):
        raise WrongQuestion("device of another form")
    if on == "server" and question.device is not None:
        raise WrongQuestion("device in vain")
    if question.address is not None:
        read_address(question.address)
    if (question.start == NO_TIME) != (question.end == NO_TIME):
        raise WrongQuestion("range with one end")
    if question.start != NO_TIME and question.start >= question.end:
        raise WrongQuestion("range is empty")
    if question.is_approved and question.approved_until == NO_TIME:
        raise WrongQuestion("approval without end")
    return on


class Evaluation:
    """One question about recorded time, or about an instant."""

    def __init__(self, policy, token, question, on):
        self.question, self.token, self.on = question, token, on
        self.is_approved = bool(question.is_approved) and question.approved_until > question.now
        self.has_range = on == "recorded" and question.start != NO_TIME
        rules = [
            Rule(policy, token, question, body["id"], body, False) for body in policy["rules"]
        ]
        own = [body for body in token.rights if body.get("type") == "svms"]
        rights = [Rule(policy, token, question, n, body, True) for n, body in enumerate(own)]
        self.policy, self.rights = Side(rules), Side(rights)
        self.sides = [self.policy]
        approves = token.profile == "approval" and question.action.startswith(APPROVING)
        if token.profile != "onvif" and not approves:  # R-RUL-3
            self.sides.append(self.rights)

    def rules(self):
        """Rules and rights about the question."""
        return [rule for side in self.sides for rule in side.rules if rule.is_about]

    def stretches(self):
        """[first, behind) of recorded time in which no condition changes."""
        question = self.question
        found = {question.start, question.end}
        for rule in self.rules():
            if "max_age" in rule.body:
                found.add(question.now - rule.body["max_age"] * SECOND)
            for window, zone in rule.windows("recorded"):
                if zone is not None:
                    found |= set(local_time.changes(window, zone, question.start, question.end))
        edges = sorted(edge for edge in found if question.start <= edge <= question.end)
        if len(edges) - 1 > MOST_STRETCHES:
            raise TooLarge(len(edges))
        return list(zip(edges, edges[1:]))

    def reason(self, instant):
        """R-DEC-10, of one instant."""
        if all(side.allows(instant, self.is_approved) for side in self.sides):
            return "allowed"
        if self.policy.denies(instant):
            return "denied"
        if self.sides[-1].denies(instant):
            return "right-denied"
        if all(side.allows(instant, True) for side in self.sides):
            return "approval-needed"
        return "no-right" if self.policy.allows(instant, True) else "no-rule"

    def until(self):
        """R-DEC-5."""
        found = [self.token.expires]
        if self.is_approved:
            found.append(self.question.approved_until)
        for rule in self.rules():
            members = ["when"] if self.on == "recorded" else ["when", "recorded"]
            for window, zone in (each for member in members for each in rule.windows(member)):
                if zone is not None:
                    found.append(local_time.next_change(window, zone, self.question.now))
            if "max_age" in rule.body:
                found.append(self.question.now + FIVE_MINUTES)
        return min(instant for instant in found if instant is not None)

    def obligations(self, instants):
        """R-DEC-6."""
        found = 0
        for rule in self.rules():
            if rule.is_allow and any(rule.applies(each, self.is_approved) for each in instants):
                for word in rule.body.get("obligations", []):
                    found |= OBLIGATIONS[word]
        return found

    def answer(self):
        if self.has_range:
            judged = [(self.reason(first), first, behind) for first, behind in self.stretches()]
        else:
            instant = None if self.on == "recorded" else self.question.now
            judged = [(self.reason(instant), instant, None)]
        allowed = [(first, behind) for reason, first, behind in judged if reason == "allowed"]
        ranges = joined(allowed) if self.has_range else ()
        for wanted in ("allowed", "approval-needed", judged[0][0]):
            about = [first for reason, first, _ in judged if reason == wanted]
            if about:
                break
        rule, condition = self.policy.named(about[0], self.is_approved)
        right, right_condition = None, None
        if len(self.sides) > 1:
            right, right_condition = self.rights.named(about[0], self.is_approved)
        return Answer(
            wanted,
            allowed=int(bool(allowed)),
            ranges=ranges,
            obligations=self.obligations([first for first, _ in allowed]),
            until=self.until(),
            rule=rule and rule.name,
            condition=condition,
            right=NO_RIGHT if right is None else right.name,
            right_condition=right_condition,
            instant=self.question.now if about[0] is None else about[0],
        )


def joined(stretches):
    """R-DEC-4: maximal ranges."""
    found = []
    for first, behind in stretches:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], behind)
        else:
            found.append((first, behind))
    if len(found) > MOST_RANGES:
        raise TooLarge(len(found))
    return tuple(found)


def decide(policy, token, question):
    """Section 5. Refuses wrong questions with an exception."""
    on = check(question)
    if token is None:
        return Answer("no-token")
    if question.now >= token.expires:
        return Answer("expired")
    return Evaluation(policy, token, question, on).answer()
