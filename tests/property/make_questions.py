# SPDX-License-Identifier: Apache-2.0
"""Random policies, tokens and questions, biased towards edges: days on which clocks are changed,
edges of windows and of networks by one, groups in groups, things that nobody knows."""

import datetime
import ipaddress
import zoneinfo

import access_reference
import local_time
from local_time import DAY, SECOND

# Local dates near which the wall clock of a zone does something.
SHIFTS = [
    *[("Europe/Berlin", date) for date in ("2026-03-29", "2026-10-25", "2090-03-26", "2090-10-29")],
    *[("America/New_York", date) for date in ("2026-03-08", "2026-11-01", "2150-03-08")],
    *[("Australia/Lord_Howe", date) for date in ("2026-04-05", "2026-10-04", "2061-04-03")],
    *[("America/Santiago", date) for date in ("2026-04-04", "2026-09-06", "2050-04-02")],
    *[("Africa/Casablanca", date) for date in ("2026-02-15", "2026-03-22", "2087-05-11")],
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Asia/Kathmandu", "1986-01-01"),
    ("Africa/Monrovia", "1972-01-07"),
    ("America/St_Johns", "2010-11-07"),
    ("America/Havana", "2026-03-08"),
    ("America/Nuuk", "2026-03-28"),
    ("America/Nuuk", "2077-10-30"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Asia/Beirut", "2026-10-24"),
    ("Africa/Cairo", "2026-04-24"),
    ("Europe/Dublin", "2026-10-25"),
    ("UTC", "2026-06-30"),
    ("UTC", "2028-02-29"),
]
HOURS = 3600
STRANGE_ZONE = "Asia/Tokyo"  # Tokens name it; most policies do not.

ACTIONS = sorted(
    access_reference.ON_DEVICE | access_reference.ON_RECORDED | access_reference.ON_SERVER
)
NEIGHBOURS = [["ptz.preset", "ptz.preset-edit"], ["x.acme.door", "x.acme.door.open"]]
OWN_ACTIONS = ["x.acme.door", "x.acme.door.open", "x.lift"]
DEVICES = ["0123456789abcdef0123456789abcdef", "f" * 32, "cam-1", "cam-2", "gate.north", "hall_3"]
SUBJECTS = ["ann", "bob", "Chris", "service:7"]
CLAIMS = ["operators", "guards", "urn:admin"]
AGES = [0, 1, 3600, DAY, 2**32 - 1]
METHODS = ["pwd", "otp", "hwk", "face"]
DESTINATIONS = ["usb", "archive.example"]
NETWORKS = [
    *("10.0.0.0/8", "10.1.2.0/23", "192.168.7.128/25", "0.0.0.0/0", "203.0.113.9/32"),
    *("128.0.0.0/1", "2001:db8::/32", "2001:db8:0:8000::/49", "::/0", "fe80::1/128", "::1/128"),
    *("198.51.100.64/27", "2001:db8::ff00:0/107", "::ffff:10.1.0.0/112", "::/81"),
]
# Questions that are refused, or nearly, whatever the rest of them is.
ODD = [
    *({"action": action} for action in ("", "*", "live", "live.*", "Live.view", "live.view.now")),
    *({"action": action} for action in ("x", "x.", "x..a", "x.a-1", "approve.", "approve.x.a")),
    *({"action": action} for action in ("approve.approve.live.view", "approve", "x." + "a" * 62)),
    *({"action": action} for action in ("x." + "a" * 63, "approve.x." + "a" * 54, "x.a b", "x.-")),
    *({"action": "approve.x." + "a" * 55}, {"device": ""}, {"device": "*"}, {"device": "group:g0"}),
    *({"address": text} for text in ("", "10.0.0", "10.0.0.256", "010.1.2.3", "10.0.0.0/8", "::")),
    *({"address": text} for text in (":::", "1::2::3", "2001:DB8::1", "::ffff:a01:203", "[::1]")),
    *({"address": text} for text in ("::10.1.2.3", " ::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9")),
    *({"address": text} for text in ("10.1.2.3 ", "1:2:3:4:5:6:7::", "12345::", "::1.2.3", "ten")),
    *({"address": text} for text in ("fe80::1%eth0", "0x7f.0.0.1", "::FFFF:10.1.2.3", "::1:")),
    *({"address": text} for text in ("10.1.2.3\n", "::ffff:010.1.2.3", "1:2:3:4:5:6:10.1.2.3")),
    *({"start": 0, "end": 0}, {"start": 1, "end": 0}, {"end": -(2**63)}, {"start": -(2**63)}),
    *({"is_approved": 1, "approved_until": -(2**63)}, {"is_approved": 1, "approved_until": 0}),
    *({"destination": ""}, {"now": 0}, {"now": -1}, {"now": -(2**63) + 1}, {"now": 2**63 - 2}),
]


class Maker:
    """One policy and what is asked about it. All randomness comes from the generator given."""

    def __init__(self, random):
        self.random = random
        self.anchors = [self._anchor() for _ in range(random.choice([1, 1, 2, 3]))]
        self.now = self.anchors[0][1]
        self.is_about_time = random.random() < 0.3
        self.focus = random.sample(ACTIONS, 3) + [random.choice(OWN_ACTIONS)]
        recorded = sorted(access_reference.ON_RECORDED)
        if self.is_about_time:
            self.focus[:3] = random.sample(recorded, 3)
        elif random.random() < 0.6:
            self.focus[0] = random.choice(recorded)
        if random.random() < 0.2:
            self.focus[1] = "approve." + random.choice(self.focus)
        self.devices = random.sample(DEVICES, 3)
        self.policy = self._policy()

    def chance(self, probability):
        return self.random.random() < probability

    def some(self, things, most=3):
        """One to a few different ones."""
        things = list(things)
        return self.random.sample(things, self.random.randint(1, min(most, len(things))))

    def _anchor(self):
        """A zone, and an instant near a change of its clock."""
        zone, date = self.random.choice(SHIFTS)
        midnight = datetime.datetime.fromisoformat(date).replace(tzinfo=zoneinfo.ZoneInfo(zone))
        day = int(midnight.timestamp()) // DAY
        shifts = [s for d in range(day - 2, day + 3) for s in local_time.shifts(zone, d)]
        base = self.random.choice(shifts) if shifts and self.chance(0.7) else midnight.timestamp()
        spread = self.random.choice([0, 0, 1, 1800, HOURS, 3 * HOURS, DAY, 3 * DAY])
        return zone, (int(base) + self.random.randint(-spread, spread)) * SECOND

    # Windows.

    def _clock(self):
        """Minutes of a day that matter: near an anchor, near midnight, or any."""
        zone, instant = self.random.choice(self.anchors)
        second = instant // SECOND
        local = (second + local_time.offset(zone, second)) % DAY // 60
        near = self.random.choice([0, 0, 1, -1, 30, -30, 60, -60, 120])
        base = self.random.choice([local, local, local // 60 * 60, 0, 0, 120, 150, 180, 1439])
        return (base + near) % 1440 if self.chance(0.8) else self.random.randrange(1440)

    def window(self, zones):
        window = {}
        if self.chance(0.5):
            window["days"] = self.some(local_time.DAYS, 6)
        if self.chance(0.85):
            start, end = self._clock(), self._clock()
            if self.chance(0.15):
                end = 1440
            if start == end:
                end += 1
            window["from"] = f"{start // 60:02}:{start % 60:02}"
            window["to"] = f"{end // 60:02}:{end % 60:02}"
        if self.chance(0.6):
            window["zone"] = self.random.choice(zones)
        return window

    def _windows(self, zones, names):
        return [
            self.random.choice(names) if names and self.chance(0.4) else self.window(zones)
            for _ in range(self.random.choice([1, 1, 1, 2, 3]))
        ]

    # Rules and rights.

    def _pattern(self):
        action = self.random.choice(self.focus)
        parts = action.split(".")
        kind = self.random.random()
        if kind < 0.3:
            return "*"
        if kind < 0.6 and len(parts) > 1:
            return ".".join(parts[: self.random.randint(1, len(parts) - 1)]) + ".*"
        if kind < 0.7:
            return self._neighbour(action)
        return action

    def _neighbour(self, action):
        """A pattern that covers something near the action, and hardly the action itself."""
        cut = action[: self.random.randint(1, len(action))].rstrip(".")
        above = action.rpartition(".")[0]
        return self.random.choice([action + ".*", cut, cut + ".*", above])

    def _devices(self, groups):
        names = [*self.devices, "*", "*", *(f"group:{group}" for group in groups)]
        return self.some(names, 2)

    def _conditions(self, groups, zones, names, is_right):
        """Members of a rule and of a right alike."""
        random = self.random
        rule = {"actions": [self._pattern() for _ in range(random.randint(1, 3))]}
        if self.chance(0.3):
            rule["effect"] = random.choice(["allow", "deny", "deny"])
        if self.chance(0.85):
            rule["devices"] = self._devices(groups)
        rarely = 0.2 if self.is_about_time else 1
        for member, probability, value in (
            ("when", 0.3 * rarely, lambda: self._windows(zones, names)),
            ("recorded", 0.9 if self.is_about_time else 0.2, lambda: self._windows(zones, names)),
            ("max_age", 0.15, lambda: random.choice([*AGES, random.randint(0, 9 * DAY)])),
            ("clients", 0.12 * rarely, lambda: self.some(access_reference.KINDS[1:])),
            ("networks", 0.15 * rarely, lambda: self.some(NETWORKS)),
            ("amr", 0.12 * rarely, lambda: [self.some(METHODS, 2) for _ in self.some("ab", 2)]),
            ("formats", 0.08 * rarely, lambda: self.some(access_reference.FORMATS[1:])),
            ("destinations", 0.08 * rarely, lambda: self.some(DESTINATIONS, 2)),
        ):
            if self.chance(probability):
                rule[member] = value()
        if rule.get("effect") != "deny" or is_right:  # R-RUL-5
            if self.chance(0.12):
                rule["second"] = [self._pattern()]
            if self.chance(0.3):
                rule["obligations"] = self.some(access_reference.OBLIGATIONS)
        return rule

    def _policy(self):
        random = self.random
        policy = {"format": "svms-policy", "version": 1, "revision": random.randint(0, 9)}
        zones = sorted({zone for zone, _ in self.anchors} | {"UTC", "Europe/Berlin"})
        if self.chance(0.7):
            policy["zone"] = self.anchors[0][0]
        if self.chance(0.5):
            policy["zones"] = self.some(zones)
        groups = [f"g{number}" for number in range(random.randint(0, 5))]
        if groups:
            # A group holds those behind it only, so that there is no circle.
            policy["groups"] = {
                group: {"devices": self._members(groups[number + 1 :])}
                for number, group in enumerate(groups)
            }
        roles = random.sample(["r.one", "r-two", "r_3"], random.randint(0, 3))
        if roles:
            policy["roles"] = {
                role: {"subjects": self.some(SUBJECTS, 2), "claims": self.some(CLAIMS, 1)}
                for role in roles
            }
        names = random.sample(["day", "night", "week.end"], random.randint(0, 3))
        if names:
            policy["windows"] = {name: self.window(zones) for name in names}
        policy["rules"] = []
        for number in range(random.choice([1, 2, 2, 3, 4, 6, 9])):
            rule = {"id": f"rule-{number}", **self._conditions(groups, zones, names, False)}
            if roles and self.chance(0.5):
                rule["roles"] = self.some(roles, 2)
            policy["rules"].append(rule)
        if self.chance(0.35):
            everything = {"id": "everything", "actions": ["*"], "devices": ["*"]}
            policy["rules"].insert(random.randint(0, len(policy["rules"])), everything)
        return policy

    def _members(self, groups):
        names = [*self.devices, *(f"group:{group}" for group in groups)]
        return self.some(names, 3)

    # Tokens.

    def right(self):
        groups = [*self.policy.get("groups", {}), "nowhere"]
        zones = sorted({zone for zone, _ in self.anchors} | {"UTC", STRANGE_ZONE})
        right = {"type": "svms", **self._conditions(groups, zones, [], True)}
        while self.chance(0.06):
            self._add_unknown(right)
        return right

    def _add_unknown(self, right):
        """What a later version of the text may have (R-RUL-1)."""
        random = self.random
        kind = random.randrange(6)
        if kind < 2:
            member = random.choice(["weather", "roles", "id", "description"])
            right[member] = random.choice(["x", [1]])
        elif kind < 4:
            member = random.choice(["clients", "formats", "obligations"])
            words = right.get(member, [])
            right[member] = random.choice([[*words, "later"], ["later", *words], ["later"]])
        else:
            member = random.choice(["when", "recorded"])
            right[member] = [*right.get(member, []), "night"]

    def token(self):
        """What foreign_tokens spells."""
        random = self.random
        profile = random.choice(["access"] * 6 + ["onvif"] * 2 + ["approval"])
        life = random.choice([300, DAY, *[30 * DAY] * 6])
        life = min(life, 300) if profile == "approval" else life
        ago = random.choice([0, 1, 59, 299, *[life // 2] * 6, life])
        token = {
            "profile": profile,
            "subject": random.choice(SUBJECTS),
            "now": max(0, self.now - ago * SECOND),
            "life": life,
        }
        if profile == "onvif" and self.chance(0.2):
            del token["subject"]
        if self.chance(0.8):
            token["amr"] = self.some(METHODS) if self.chance(0.9) else []
        if self.chance(0.5):
            token["roles"] = self.some(CLAIMS, 2)
        if profile == "access" and self.chance(0.98):
            token["rights"] = self._rights()
        return token

    def _rights(self):
        rights = [self.right() for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        if not rights or self.chance(0.4):
            rights.append({"type": "svms", "actions": ["*"], "devices": ["*"]})
        if self.chance(0.05):
            rights.insert(0, {"type": "payment", "actions": ["*"], "devices": ["*"]})
        return rights

    # Questions.

    def _edge(self, anchor=None):
        """An instant at which something begins or ends, or the one next to it."""
        zone, instant = anchor or self.random.choice(self.anchors)
        windows = [
            window
            for rule in self.policy["rules"]
            for window in rule.get("when", []) + rule.get("recorded", [])
        ]
        if windows and self.chance(0.6):
            window = self.random.choice(windows)
            if isinstance(window, str):
                window = self.policy["windows"][window]
            zone = window.get("zone", self.policy.get("zone", "UTC"))
            day = instant // SECOND // DAY + self.random.choice([-1, 0, 0, 0, 1])
            instant = self.random.choice(local_time.candidates(window, zone, day))
        elif self.chance(0.5):
            instant += self.random.randint(-2 * DAY, 2 * DAY) * SECOND
        return instant + self.random.choice([0, 0, -1, 1])

    def _asking(self):
        """When it is asked: near the first anchor, for which the tokens are made."""
        if self.chance(0.3):
            return self.now
        return self._edge(self.anchors[0] if self.chance(0.95) else None)

    def _range(self):
        anchor = self.random.choice(self.anchors)
        first = self._edge(anchor)
        seconds = self.random.choice([1, HOURS, DAY, 2 * DAY, 9 * DAY])
        if self.chance(0.001):
            seconds = 8 * 366 * DAY
        behind = first + self.random.randint(1, seconds * SECOND)
        if self.chance(0.4):
            behind = self._edge(anchor)
        first, behind = sorted((first, behind))
        return first, behind if behind > first else first + 1

    def _address(self):
        network = ipaddress.ip_network(self.random.choice(NETWORKS))
        ends = [int(network.network_address), int(network.broadcast_address)]
        value = self.random.choice(ends) + self.random.choice([0, 0, -1, 1])
        value = min(max(value, 0), 2**network.max_prefixlen - 1)
        address = type(network.network_address)(value)
        if address.version == 4 and self.chance(0.2):
            return f"::ffff:{address}"
        return str(address)

    def question(self, tokens):
        random = self.random
        action = random.choice(self.focus) if self.chance(0.85) else random.choice(ACTIONS)
        question = {"action": action, "now": self._asking()}
        if self.chance(0.97):
            question["token"] = random.randrange(tokens)
        on = access_reference.subject_of(action)
        wants_device = on in ("device", "recorded") or (on == "either" and self.chance(0.5))
        if wants_device != self.chance(0.01):
            question["device"] = random.choice(self.devices if self.chance(0.9) else DEVICES)
        if self.chance(0.6):
            question["client"] = random.randint(0, 5)
        if self.chance(0.5):
            question["format"] = random.randint(0, 5)
        if self.chance(0.5):
            question["destination"] = random.choice([*DESTINATIONS, "elsewhere"])
        if self.chance(0.6):
            question["address"] = self._address()
        if self.chance(0.3):
            question["is_approved"] = 1
            question["approved_until"] = question["now"] + random.choice([1, 90, 300]) * SECOND
        if on in ("recorded", "either") and self.chance(0.85):
            question["start"], question["end"] = self._range()
        if self.chance(0.03):
            question |= random.choice(ODD)
        if self.chance(0.1):
            question["explain"] = True
        return question
