# SPDX-License-Identifier: Apache-2.0
"""What a policy and a right must look like (docs/spec/policy.md, sections 1 to 4), as the text says
it. Raises Refused with the path of what is wrong."""

import ipaddress
import json
import re
import zoneinfo

import local_time
from access_reference import FORMATS, IDENTIFIER, KINDS, LISTED, NAME, OBLIGATIONS

MOST_BYTES, MOST_LEVELS, MOST_VALUES = 8 << 20, 12, 524288
MOST_ENTRIES, MOST_WORDS = 65536, 64
LARGEST_REVISION = 2**53 - 1
GROUP_LEVELS = 8
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
NETWORK = re.compile(r"[0-9a-fA-F:.]+/(0|[1-9][0-9]{0,2})")
POLICY = {"format", "version", "revision", "zone", "zones", "groups", "roles", "windows", "rules"}
TEXTS = {"description", "$schema"}


class Refused(Exception):
    """It is refused; the message is the path."""


def _demand(holds, path):
    if not holds:
        raise Refused(path)


def _no_twins(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("a member twice")
    return found


def _never(constant):
    raise Refused(constant)


def _measure(value, level=1):
    """Number of values; refuses what is too deep, and U+0000."""
    if isinstance(value, str):
        _demand("\0" not in value, "U+0000")
    if not isinstance(value, (dict, list)):
        return 1
    _demand(level <= MOST_LEVELS, "too deep")
    if isinstance(value, dict):
        for key in value:
            _demand("\0" not in key, "U+0000")
        value = value.values()
    return 1 + sum(_measure(inner, level + 1) for inner in value)


def _demand_texts(value):
    """Half a surrogate pair is no text."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Refused("half a surrogate pair") from error


def read_json(text):
    """RFC 8259, UTF-8; no member twice."""
    try:
        _demand(len(text.encode()) <= MOST_BYTES, "too long")
        value = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_never)
        _demand_texts(value)
    except (ValueError, RecursionError) as error:
        raise Refused("JSON") from error
    _demand(_measure(value) <= MOST_VALUES, "too many values")
    return value


def _is_whole(value, least, most):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _text(value, path):
    _demand(isinstance(value, str), path)


def _name(value, path):
    _demand(isinstance(value, str) and IDENTIFIER.fullmatch(value), path)


def _list(value, path, least=1, most=MOST_ENTRIES):
    _demand(isinstance(value, list) and least <= len(value) <= most, path)
    return [(f"{path}[{number}]", entry) for number, entry in enumerate(value)]


def _members(value, path, allowed):
    _demand(isinstance(value, dict), path)
    for name in value:
        _demand(name in allowed, f"{path}.{name}")


def _pattern(value, path):
    _demand(isinstance(value, str), path)
    name = value[:-2] if value.endswith(".*") else value
    _demand(value == "*" or (NAME.fullmatch(name) and len(name) <= 64), path)


def _network(value, path):
    _demand(isinstance(value, str) and NETWORK.fullmatch(value), path)
    try:
        ipaddress.ip_network(value, strict=True)
    except ValueError as error:
        raise Refused(path) from error


class Grammar:
    """Judges one policy; or rights, for which what a policy would refuse may only be unknown."""

    def __init__(self, policy=None):
        self.policy = policy  # None: rights.

    def _zone(self, value, path):
        _text(value, path)
        if self.policy is not None:
            try:
                _demand(not value.startswith("right/"), path)  # Its file counts leap seconds.
                zoneinfo.ZoneInfo(value)
            except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
                raise Refused(path) from error

    def _device(self, value, path, is_rule):
        _demand(isinstance(value, str), path)
        if value.startswith("group:"):
            group = value[len("group:") :]
            _name(group, path)
            _demand(self.policy is None or group in self.policy.get("groups", {}), path)
        elif not (is_rule and value == "*"):
            _name(value, path)

    def _window(self, value, path, may_be_name):
        if may_be_name and isinstance(value, str):
            if self.policy is not None:
                _demand(value in self.policy.get("windows", {}), path)
            return
        _members(value, path, {"days", "from", "to", "zone"})
        for inner, day in _list(value.get("days", ["mon"]), f"{path}.days", 1, MOST_WORDS):
            _demand(day in local_time.DAYS, inner)
        for name in ("from", "to"):
            clock = value.get(name, "00:00")
            _demand(isinstance(clock, str) and CLOCK.fullmatch(clock), f"{path}.{name}")
        _demand(value.get("from") != "24:00", f"{path}.from")
        _demand(value.get("from", "00:00") != value.get("to", "24:00"), path)
        if "zone" in value:
            self._zone(value["zone"], f"{path}.zone")

    def _word(self, value, path, known):
        _text(value, path)
        _demand(self.policy is None or value in known, path)

    def rule(self, body, path):
        """A rule, or a right."""
        is_right = self.policy is None
        _demand(isinstance(body, dict), path)
        if not is_right:
            _members(body, path, (LISTED - {"type"}) | {"id", "roles", "description"})
            _name(body.get("id"), f"{path}.id")
            _text(body.get("description", ""), f"{path}.description")
            for inner, role in _list(body["roles"], f"{path}.roles") if "roles" in body else ():
                _demand(isinstance(role, str) and role in self.policy.get("roles", {}), inner)
        _demand(body.get("effect", "allow") in ("allow", "deny"), f"{path}.effect")
        is_deny = body.get("effect") == "deny"
        _demand("actions" in body, f"{path}.actions")
        for member, most, check in (
            ("actions", 64, _pattern),
            ("devices", MOST_ENTRIES, lambda v, p: self._device(v, p, True)),
            ("when", 32, lambda v, p: self._window(v, p, True)),
            ("recorded", 32, lambda v, p: self._window(v, p, True)),
            ("clients", MOST_WORDS, lambda v, p: self._word(v, p, KINDS[1:])),
            ("networks", 64, _network),
            ("amr", 8, lambda v, p: [_text(v2, p2) for p2, v2 in _list(v, p, 1, 8)]),
            ("formats", MOST_WORDS, lambda v, p: self._word(v, p, FORMATS[1:])),
            ("destinations", 32, _text),
            ("second", 64, _pattern),
            ("obligations", MOST_WORDS, lambda v, p: self._word(v, p, OBLIGATIONS)),
        ):
            if member in body:
                is_misplaced = is_deny and not is_right and member in ("second", "obligations")
                _demand(not is_misplaced, f"{path}.{member}")  # R-RUL-5
                for inner, entry in _list(body[member], f"{path}.{member}", 1, most):
                    check(entry, inner)
        if "max_age" in body:
            _demand(_is_whole(body["max_age"], 0, 2**32 - 1), f"{path}.max_age")

    def _levels(self, group, above=()):
        """How many groups lie in one another."""
        _demand(group not in above, f"groups.{group}")
        inner = [
            entry[len("group:") :]
            for entry in self.policy["groups"][group]["devices"]
            if entry.startswith("group:")
        ]
        return 1 + max((self._levels(each, (*above, group)) for each in inner), default=0)

    def _named(self, member, most):
        named = self.policy.get(member, {})
        _demand(isinstance(named, dict) and len(named) <= most, member)
        for name, value in named.items():
            _name(name, f"{member}.{name}")
            yield f"{member}.{name}", value

    def document(self):
        """The whole policy."""
        policy = self.policy
        _members(policy, "", POLICY | TEXTS)
        _demand(policy.get("format") == "svms-policy", "format")
        _demand(_is_whole(policy.get("version"), 1, 1), "version")
        _demand(_is_whole(policy.get("revision"), 0, LARGEST_REVISION), "revision")
        for name in TEXTS & set(policy):
            _text(policy[name], name)
        self._zone(policy.get("zone", "UTC"), "zone")
        for inner, zone in _list(policy.get("zones", []), "zones", 0, 32):
            self._zone(zone, inner)
        _demand(isinstance(policy.get("groups", {}), dict), "groups")
        _demand(isinstance(policy.get("windows", {}), dict), "windows")
        for path, group in self._named("groups", 1024):
            _members(group, path, {"devices"})
            for inner, entry in _list(group.get("devices"), f"{path}.devices", 0):
                self._device(entry, inner, False)
        for group in policy.get("groups", {}):
            _demand(self._levels(group) <= GROUP_LEVELS, f"groups.{group}")
        for path, role in self._named("roles", 256):
            _members(role, path, {"subjects", "claims"})
            for member in role:
                for inner, entry in _list(role[member], f"{path}.{member}", 0):
                    _text(entry, inner)
        for path, window in self._named("windows", 256):
            self._window(window, path, False)
        rules = _list(policy.get("rules"), "rules", 0, 4096)
        for path, rule in rules:
            self.rule(rule, path)
        _demand(len({rule["id"] for _, rule in rules}) == len(rules), "rules")


def check_policy(text):
    policy = read_json(text)
    _demand(isinstance(policy, dict), "")
    Grammar(policy).document()


def _demand_numbers(value):
    """Numbers that C can hold."""
    if isinstance(value, int):
        _demand(-(2**63) <= value < 2**63, "a number is too large")
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            _demand_numbers(inner)


def check_rights(rights):
    """`authorization_details` of a token, as one of its claims."""
    _demand_texts(rights)
    _demand_numbers(rights)
    _measure(rights)
    _demand(isinstance(rights, list), "")
    for number, right in enumerate(rights):
        _demand(isinstance(right, dict) and isinstance(right.get("type"), str), f"[{number}]")
        if right["type"] == "svms":
            Grammar().rule(right, f"[{number}]")
