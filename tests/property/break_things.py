# SPDX-License-Identifier: Apache-2.0
"""One random change of a policy or of rights, which may break a rule of the grammar or not."""

import copy
import json

NUMBERS = [0, 1, 2, -1, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**63, 10**30]
NUMBERS += [0.5, 1.0, -0.0, 1e300]
WORDS = [
    *("", "*", "x", "A", "a b", "\u00e4", ".", "..", "a.", ".*", "a.*", "*.a", "a..b", "group:"),
    *("group:g0", "group:nowhere", "group:G", "UTC", "Europe/Berlin", "europe/berlin", "Europe"),
    *("../UTC", "/UTC", "Etc/GMT+5", "Mars/Base", "24:00", "00:00", "23:60", "7:00", "07:00 "),
    *("mon", "Mon", "browser", "later", "svmx", "mask", "allow", "deny", "10.0.0.0/8"),
    *("10.0.0.1/8", "right/Europe/Paris", "localtime", "::ffff:10.0.0.0/104", "fe80::%1/64"),
    *("10.0.0.0/33", "10.0.0.0", "::/0", "::/129", "2001:db8::/32", "10.0.0.0/08", "10.0.0/24"),
    *("10.0.0.0/255.0.0.0", "live.view", "live.*", "Live.view", "live.view.*.*", "night", "day"),
    *("x" * 64, "x" * 65, "a\0b", "\n", "\ud800", "ptz.preset-edit", "live view", "r.one"),
]
MEMBERS = [
    *("id", "description", "roles", "effect", "actions", "devices", "when", "recorded", "max_age"),
    *("clients", "networks", "amr", "formats", "destinations", "second", "obligations", "type"),
    *("zone", "zones", "groups", "windows", "rules", "$schema", "format", "version", "revision"),
    *("days", "from", "to", "subjects", "claims", "other", "", "Devices"),
]


def _value(random):
    """Something of any kind."""
    kind = random.randrange(6)
    if kind == 0:
        return random.choice([None, True, False, [], {}, [[]], [{}], {"a": 1}])
    if kind == 1:
        return random.choice(NUMBERS)
    word = random.choice(WORDS)
    return [word] if kind == 2 else [[word]] if kind == 3 else word


def _paths(thing, path=()):
    yield path
    if isinstance(thing, (dict, list)):
        for key in thing if isinstance(thing, dict) else range(len(thing)):
            yield from _paths(thing[key], (*path, key))


def _changed(random, value):
    """Something near the value, of the same kind where that is possible."""
    if isinstance(value, str) and random.random() < 0.6:
        where = random.randint(0, len(value))
        what = random.choice(["", "", "\u00e9", *".-_A09 /:*a"])
        return value[:where] + what + value[where + random.choice([0, 1]) :]
    if isinstance(value, int) and not isinstance(value, bool) and random.random() < 0.5:
        return value + random.choice([-1, 1])
    if isinstance(value, list) and random.random() < 0.7:
        more = random.choice(value) if value and random.random() < 0.5 else _value(random)
        if random.random() < 0.8:
            return [*value, more]
        length = random.choice([8, 9, 16, 17, 32, 33, 64, 65])
        return ([*value, more] * length)[-length:]
    if isinstance(value, dict) and random.random() < 0.8:
        added = "".join(random.choice(MEMBERS))
        return {**value, added: _value(random)}
    return _value(random)


def broken(random, thing):
    """A copy of the JSON value with one change."""
    thing = copy.deepcopy(thing)
    path = random.choice(list(_paths(thing)))
    if not path:
        return _changed(random, thing)
    inner = thing
    for key in path[:-1]:
        inner = inner[key]
    key = path[-1]
    kind = random.random()
    if kind < 0.15:
        del inner[key]
    elif kind < 0.25 and isinstance(key, str):
        inner[random.choice([random.choice(MEMBERS), key + "s", key.upper()])] = inner.pop(key)
    else:
        inner[key] = _changed(random, inner[key])
    return thing


def broken_text(random, thing):
    """The same as JSON text, or JSON text with a change of its own."""
    if random.random() < 0.9:
        return json.dumps(broken(random, thing))
    text = json.dumps(thing)
    where = random.randrange(len(text))
    kind = random.randrange(6)
    if kind == 0:
        return text[:where]
    if kind == 1:
        return text + random.choice([" ", "\n", "x", "{}", "\0", ","])
    if kind == 2:
        return random.choice(["\ufeff", " ", "[", ""]) + text
    if kind == 3:
        member = random.choice(sorted(thing))
        return text[:-1] + f", {json.dumps(member)}: {json.dumps(thing[member])}" + "}"
    if kind == 4:
        return text[:where] + random.choice("{}[],:\"'0a\\ \t") + text[where:]
    return text[:where] + random.choice("{}[],:\"'0a\\ \t") + text[where + 1 :]
