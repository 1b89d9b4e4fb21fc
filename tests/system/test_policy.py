#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Access policies on the command line: checked, asked, explained."""

import copy
import json
import os
import re
import shutil
import tempfile
import unittest

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, ROOT, SystemCase, USAGE, main

SITE = {
    "format": "svms-policy", "version": 1, "revision": 7, "zone": "Europe/Berlin",
    "groups": {"site": {"devices": ["group:gates", "hall"]}, "gates": {"devices": ["gate-1", "gate-2"]}},
    "roles": {"guard": {"subjects": ["anna", "bert"]}, "chief": {"subjects": ["carla"], "claims": ["security"]}},
    "windows": {"day": {"from": "08:00", "to": "18:00"}},
    "rules": [
        {"id": "guards-live", "roles": ["guard"], "actions": ["live.*"], "devices": ["group:site"]},
        {"id": "guards-day", "roles": ["guard"], "actions": ["playback.*"], "devices": ["group:gates"],
         "recorded": ["day"], "max_age": 604800, "obligations": ["watermark", "audit-each"]},
        {"id": "no-talk", "effect": "deny", "actions": ["live.talk"], "devices": ["*"], "networks": ["203.0.113.0/24"]},
        {"id": "chiefs", "roles": ["chief"], "actions": ["*"], "devices": ["*"], "second": ["export.*", "mask.lift"]},
        {"id": "otp", "roles": ["guard"], "actions": ["ptz.move"], "devices": ["hall"], "amr": [["pwd", "otp"]],
         "clients": ["desktop"]},
        {"id": "handover", "roles": ["guard"], "actions": ["export.create"], "devices": ["gate-1"], "formats": ["svmx"],
         "destinations": ["usb"]},
    ],
}
AT = ["--at", "2026-11-21T10:00:00Z"]
ZONEINFO = "/usr/share/zoneinfo"


def policy(change=None):
    """A copy of SITE, changed by a function."""
    made = copy.deepcopy(SITE)
    if change:
        change(made)
    return made


class PolicyCase(SystemCase):
    @classmethod
    def setUpClass(cls):
        """Needs no clip and no identity."""
        cls.shared = tempfile.mkdtemp(prefix="svms-system-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        if not os.path.exists(os.path.join(ZONEINFO, "Europe/Berlin")):
            raise unittest.SkipTest(f"NOT TESTED: {ZONEINFO} has no Europe/Berlin (package tzdata)")

    def setUp(self):
        super().setUp()
        self.put(SITE)

    def put(self, document, name="site.json"):
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.store(name, text)

    def ask(self, status, action, *extra, who=("--as", "anna"), command="decide", **options):
        return self.expect(status, "policy", command, "site.json", "--action", action, *who, *AT, *extra, **options)


class Check(PolicyCase):
    def codes(self, document):
        """The first doubt of each code."""
        self.put(document)
        doubts = self.expect(GOOD, "policy", "check", "site.json", "--json").json()["doubts"]
        return {doubt["code"]: doubt for doubt in reversed(doubts)}

    def test_a_good_policy_is_counted_and_nothing_is_said_against_it(self):
        run = self.expect(GOOD, "policy", "check", "site.json")
        self.assertEqual(run.err, "")
        for line in ("Revision +7", "Rules +6", "Roles +2", "Groups +2", "Devices +3 named", "Windows +1",
                     "Time zones +Europe/Berlin", "Verdict +valid"):
            self.assertRegex(run.out, rf"(?m)^{line}$")
        told = self.expect(GOOD, "policy", "check", "site.json", "--json", "--strict").json()
        self.assertEqual(told, {"file": "site.json", "valid": True, "error": None, "revision": 7, "rules": 6, "roles": 2,
                                "groups": 2, "windows": 1, "devices": 3, "zones": ["Europe/Berlin"], "doubts": [],
                                "status": 0})

    def test_all_time_zones_are_named_once(self):
        def change(made):
            made["zones"] = ["America/New_York", "Europe/Berlin"]
            made["windows"]["day"]["zone"] = "Asia/Tokyo"
            made["rules"][0]["when"] = [{"zone": "Asia/Tokyo", "from": "10:00"}, {"zone": "UTC", "days": ["mon"]}]
        self.put(policy(change))
        told = self.expect(GOOD, "policy", "check", "site.json", "--json").json()
        self.assertEqual(told["zones"], ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"])

    def test_what_is_wrong_is_named_with_its_path(self):
        cases = (
            (lambda made: made["rules"][3].update(effect="maybe"), r"rules\[3\]\.effect"),
            (lambda made: made["rules"][1].update(recorded=["night"]), r"rules\[1\]\.recorded"),
            (lambda made: made["rules"][1].update(recorded=[{"zone": "Europe/Atlantis"}]), r"zone"),
            (lambda made: made["rules"][0].update(roles=["guards"]), r"rules\[0\]\.roles"),
            (lambda made: made["rules"][0].update(devices=["group:moon"]), r"rules\[0\]\.devices"),
            (lambda made: made["rules"][2].update(networks=["203.0.113.0/33"]), r"rules\[2\]\.networks"),
            (lambda made: made["rules"][1].update(id="otp"), r"rules\[\d\]\.id"),
            (lambda made: made["groups"]["gates"]["devices"].append("group:site"), r"groups"),
            (lambda made: made.update(moon="full"), r"moon"),
            (lambda made: made.update(version=2), r"version"),
            (lambda made: made.pop("rules"), r"rules"),
        )
        for change, path in cases:
            with self.subTest(path):
                self.put(policy(change))
                run = self.expect(MALFORMED, "policy", "check", "site.json")
                self.assertRegex(run.err, path)
                self.assertEqual(run.out, "")
                told = self.expect(MALFORMED, "policy", "check", "site.json", "--json").json()
                self.assertEqual((told["valid"], told["status"]), (False, MALFORMED))
                self.assertRegex(told["error"], path)

    def test_hostile_policies_are_refused_and_reach_no_terminal(self):
        texts = (b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100000, b'{"a":' * 5000,
                 b'{"format":"svms-policy","format":"svms-policy"}', json.dumps(SITE).encode() + b"x",
                 json.dumps(SITE).encode().replace(b'"revision": 7', b'"revision": -1'),
                 json.dumps(SITE).encode().replace(b'"revision": 7', b'"revision": 9007199254740992'),
                 json.dumps(SITE).encode().replace(b'"revision": 7', b'"revision": 1e3'))
        for text in texts:
            with self.subTest(text[:40]):
                self.put(text)
                self.expect(MALFORMED, "policy", "check", "site.json")
                self.expect(MALFORMED, "policy", "check", "site.json", "--json").json()
        for name in ("\x1b[31mred", "a\u202eb", "a\u0085b", "line\nline"):
            with self.subTest(name):
                self.put(policy(lambda made: made.update({name: 1})))
                run = self.expect(MALFORMED, "policy", "check", "site.json")
                self.assertNotRegex(run.err.rstrip("\n"), "[\x00-\x1f\u0080-\u009f\u202e]")
                self.assertTrue(self.expect(MALFORMED, "policy", "check", "site.json", "--json").out.isascii())

    def test_subjects_that_could_mislead_a_terminal_are_disarmed(self):
        name = "anna\u202e\x1b[2J"
        self.put(policy(lambda made: made["roles"]["guard"]["subjects"].append(name)))
        for command in ("decide", "explain"):
            run = self.ask(GOOD, "live.view", "--device", "hall", who=("--as", name), command=command)
            self.assertNotRegex(run.out.replace("\n", ""), "[\x00-\x1f\u202e]")
            self.assertTrue(self.ask(GOOD, "live.view", "--device", "hall", "--json", who=("--as", name),
                                     command=command).out.isascii())

    def test_a_policy_that_is_too_large_is_refused(self):
        self.put(b" " * 8388609)
        self.assertNotEqual(self.run_svms("policy", "check", "site.json").status, GOOD)
        self.expect(ENVIRONMENT, "policy", "check", "absent.json")
        self.expect(ENVIRONMENT, "policy", "check", self.folder)

    def test_an_older_policy_is_refused(self):
        self.expect(GOOD, "policy", "check", "site.json", "--least-revision", "7")
        run = self.expect(POLICY, "policy", "check", "site.json", "--least-revision", "8")
        self.assertIn("older", run.err)
        self.assertEqual(self.expect(POLICY, "policy", "check", "site.json", "--least-revision", "9007199254740991",
                                     "--json").json()["status"], POLICY)
        for text in ("-1", "1.5", "x", "", "9007199254740992", "99999999999999999999"):
            self.assertIn("--least-revision", self.expect(USAGE, "policy", "check", "site.json", "--least-revision", text).err)

    def test_what_nobody_can_have_meant_is_warned_about(self):
        def add(rule):
            return lambda made: made["rules"].append({"id": "new", **rule})
        cases = (
            ("never-applies", "rules[0]", add({"effect": "deny", "actions": ["live.*"], "devices": ["*"]})),
            ("never-applies", "rules[0]", add({"effect": "deny", "roles": ["chief", "guard"], "actions": ["*"],
                                               "devices": ["group:site"]})),
            ("never-applies", "rules[6]", lambda made: made["rules"].extend((
                {"id": "new", "actions": ["x.gate.open"], "devices": ["gate-2"]},
                {"id": "old", "effect": "deny", "actions": ["x.*"], "devices": ["group:site"]}))),
            ("unknown-action", "rules[6].actions[1]", add({"actions": ["live.view", "live.veiw"], "devices": ["*"]})),
            ("unknown-action", "rules[6].actions[0]", add({"actions": ["lvie.*"], "devices": ["*"]})),
            ("unknown-action", "rules[6].actions[0]", add({"actions": ["approve.lvie.view"], "devices": ["*"]})),
            ("no-devices", "rules[6]", add({"actions": ["live.view", "approve.mask.lift"]})),
            ("group-as-device", "rules[6]", add({"actions": ["live.view"], "devices": ["hall", "gates"]})),
            ("allows-everything", "rules[6]", add({"actions": ["user.view", "*"], "devices": ["*"]})),
            ("allows-everything", "rules[6]", add({"actions": ["*"]})),
            ("limits-nothing", "rules[6]", add({"actions": ["live.view"], "devices": ["*"], "formats": ["mp4"]})),
            ("second-in-vain", "rules[6].second[0]", add({"actions": ["live.view"], "devices": ["*"], "second": ["export.*"]})),
            ("second-in-vain", "rules[6].second[0]", add({"actions": ["approve.mask.lift"], "devices": ["*"],
                                                          "second": ["approve.*"]})),
            ("window-always-open", "rules[6].when[0]", add({"actions": ["live.view"], "devices": ["*"], "when": [{}]})),
            ("window-always-open", "windows.day", lambda made: made["windows"].update(day={"from": "00:00", "to": "24:00", "days": [
                "sun", "mon", "tue", "wed", "thu", "fri", "sat"]})),
            ("role-nobody-has", "roles.ghost", lambda made: made["roles"].update(ghost={"subjects": []})),
            ("group-empty", "groups.attic", lambda made: made["groups"].update(attic={"devices": []})),
        )
        for code, path, change in cases:
            with self.subTest(code=code, path=path):
                doubts = self.codes(policy(change))
                self.assertIn(code, doubts)
                self.assertEqual((doubts[code]["path"], doubts[code]["severity"]), (path, "warning"))
                run = self.expect(EVIDENCE, "policy", "check", "site.json", "--strict")
                self.assertIn(f"Warning       {path}", run.out)
                self.assertRegex(run.out, r"Verdict +valid, with \d+ warning")
                self.assertEqual(self.expect(EVIDENCE, "policy", "check", "site.json", "--strict", "--json").json()["status"],
                                 EVIDENCE)

    def test_nobody_to_approve_and_nothing_allowed_are_warned_about(self):
        def nobody(made):
            made["rules"][3]["actions"] = ["live.*", "export.create", "approve.mask.lift"]
        doubts = self.codes(policy(nobody))
        self.assertIn("approve.export.create", doubts["nobody-approves"]["message"])
        self.assertEqual(doubts["nobody-approves"]["path"], "rules[3].second[0]")
        self.assertIn("allows-nothing", self.codes(policy(lambda made: made.update(rules=made["rules"][2:3]))))

    def test_what_may_be_meant_is_a_note(self):
        def change(made):
            made["groups"]["attic"] = {"devices": ["skylight"]}
            made["roles"]["cleaner"] = {"subjects": ["dora"]}
            made["windows"]["night"] = {"from": "22:00", "to": "06:00"}
        doubts = self.codes(policy(change))
        self.assertEqual({code: doubt["path"] for code, doubt in doubts.items()},
                         {"group-unused": "groups.attic", "role-unused": "roles.cleaner", "window-unused": "windows.night"})
        self.assertEqual({doubt["severity"] for doubt in doubts.values()}, {"note"})
        run = self.expect(GOOD, "policy", "check", "site.json", "--strict")
        self.assertRegex(run.out, r"(?m)^Note +groups\.attic")
        self.assertRegex(run.out, r"(?m)^Verdict +valid$")

    def test_what_only_looks_like_a_mistake_is_not_warned_about(self):
        def add(rule):
            return lambda made: made["rules"].append({"id": "new", **rule})
        cases = (
            add({"effect": "deny", "actions": ["live.*"], "devices": ["*"], "networks": ["192.0.2.0/24"]}),
            add({"effect": "deny", "actions": ["live.*"], "devices": ["group:gates"]}),
            add({"effect": "deny", "roles": ["chief"], "actions": ["live.*"], "devices": ["*"]}),
            add({"effect": "deny", "actions": ["live.talk"], "devices": ["*"]}),
            add({"actions": ["x.door.open"]}),
            add({"actions": ["config.read.*", "audit.read"], "roles": ["chief"]}),
            add({"actions": ["*"], "devices": ["*"], "amr": [["hwk"]]}),
            add({"actions": ["*"], "devices": ["*"], "roles": ["chief"]}),
            add({"actions": ["snapshot.create"], "devices": ["*"], "formats": ["jpeg"]}),
            add({"actions": ["live.view"], "devices": ["*"], "when": [{"days": ["mon"]}]}),
        )
        for index, change in enumerate(cases):
            with self.subTest(index):
                self.assertEqual(self.codes(policy(change)), {})

    def test_many_groups_in_groups_are_checked_in_no_time(self):
        """Eight levels of groups that all hold all of the next: more ways than anybody could walk."""
        def change(made):
            for level in range(7):
                for number in range(60):
                    below = [f"group:g{level + 1}-{other}" for other in range(60)] if level < 6 else ["cellar"]
                    made["groups"][f"g{level}-{number}"] = {"devices": below}
            made["rules"].append({"id": "new", "effect": "deny", "actions": ["live.*"], "devices": ["group:g0-0"]})
            made["rules"].append({"id": "cellar", "actions": ["live.view"], "devices": ["cellar"]})
        doubts = self.codes(policy(change))
        self.assertEqual(doubts["never-applies"]["path"], "rules[7]")

    def test_the_actions_of_the_specification_are_known(self):
        with open(os.path.join(ROOT, "docs", "spec", "policy.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| (`[a-z].*?) \| (device|server)(.*?) \|(.*)\|$", file.read(), re.MULTILINE)
        known = {}
        for names, where, _, note in rows:
            for name in re.findall(r"`([^`]+)`", names):
                sections = re.findall(r"`([a-z]+)`", note) if "SECTION" in name else [""]
                known.update({name.replace("SECTION", section): where for section in sections})
        self.assertEqual(len(known), 43)
        self.put(policy(lambda made: made["rules"].append({"id": "new", "actions": list(known), "devices": ["*"],
                                                           "clients": ["browser"]})))
        self.assertEqual(self.expect(GOOD, "policy", "check", "site.json", "--json").json()["doubts"], [])
        for name, where in known.items():
            with self.subTest(name):
                device = ["--device", "hall"] if where == "device" else []
                self.ask(GOOD, name, *device, "--client", "browser", "--address", "192.0.2.1")
                self.ask(USAGE, name, *(["--device", "hall"] if where == "server" else []))
        self.ask(USAGE, "live.veiw", "--device", "hall")


class Decide(PolicyCase):
    def test_an_allowed_question_says_by_what_and_until_when(self):
        run = self.ask(GOOD, "live.view", "--device", "hall")
        self.assertRegex(run.out, r"(?m)^Who +anna, AS IF: nobody has logged in$")
        self.assertIn("the policy alone decides", run.out)
        self.assertRegex(run.out, r"(?m)^What +live.view on hall$")
        self.assertRegex(run.out, r"(?m)^When +2026-11-21T10:00:00.000Z \(2026-11-21 11:00:00 \+0100\)$")
        self.assertRegex(run.out, r"(?m)^Answer +ALLOW$")
        self.assertRegex(run.out, r"(?m)^Rule +guards-live$")
        self.assertRegex(run.out, r"(?m)^Valid until +the login ends$")
        told = self.ask(GOOD, "live.view", "--device", "hall", "--json").json()
        self.assertEqual(told["question"], {"who": {"verified": False, "subject": "anna", "issuer": None, "roles": [],
                                                    "methods": [], "actors": []},
                                            "action": "live.view", "device": "hall", "at": "2026-11-21T10:00:00.000Z",
                                            "approved": False})
        self.assertEqual([told[name] for name in ("allowed", "reason", "rule", "right", "instant", "valid_until",
                                                  "obligations", "ranges", "status")],
                         [True, "allowed", {"name": "guards-live", "failed": None}, None, None, None, [], None, GOOD])

    def test_a_denied_question_says_why_not(self):
        run = self.ask(POLICY, "live.view", "--device", "cellar")
        self.assertRegex(run.out, r"(?m)^Answer +DENY$")
        self.assertRegex(run.out, r"(?m)^Reason .*\(no-rule\)$")
        told = self.ask(POLICY, "live.talk", "--device", "hall", "--address", "203.0.113.9", "--json").json()
        self.assertEqual((told["allowed"], told["reason"], told["rule"]["name"], told["status"]),
                         (False, "denied", "no-talk", POLICY))
        self.ask(GOOD, "live.talk", "--device", "hall", "--address", "2001:db8::1")
        run = self.ask(POLICY, "live.talk", "--device", "hall")
        self.assertRegex(run.out, r"\(denied\)")

    def test_clients_and_methods_count(self):
        known = ["--device", "hall", "--client", "desktop", "--amr", "otp", "--amr", "pwd"]
        self.ask(GOOD, "ptz.move", *known)
        run = self.ask(POLICY, "ptz.move", *known[:-2])
        self.assertRegex(run.out, r"(?m)^Rule +otp comes nearest, but for its amr$")
        told = self.ask(POLICY, "ptz.move", *known[:2], *known[4:], "--client", "browser", "--json").json()
        self.assertEqual(told["rule"], {"name": "otp", "failed": "clients"})
        self.assertEqual(sorted(told["question"]["who"]["methods"]), ["otp", "pwd"])

    def test_formats_and_destinations_count(self):
        export = ["--device", "gate-1", "--from", "2026-11-20T10:00:00Z", "--to", "2026-11-20T11:00:00Z"]
        self.ask(GOOD, "export.create", *export, "--format", "svmx", "--destination", "usb")
        self.ask(POLICY, "export.create", *export, "--format", "mp4", "--destination", "usb")
        self.ask(POLICY, "export.create", *export, "--format", "svmx", "--destination", "mail")
        self.ask(POLICY, "export.create", *export, "--destination", "usb")

    def test_roles_are_those_that_the_token_names(self):
        chief = ("--as", "zoe", "--role", "security")
        run = self.ask(GOOD, "audit.read", who=chief)
        self.assertRegex(run.out, r"(?m)^ +role security$")
        self.assertEqual(self.ask(GOOD, "audit.read", "--json", who=chief).json()["question"]["who"]["roles"], ["security"])
        run = self.ask(POLICY, "audit.read", who=("--as", "zoe", "--role", "chief"))
        self.assertIn("no role of the policy has 'chief' among its claims", run.err)

    def test_recorded_time_is_answered_in_stretches(self):
        asked = ["--device", "gate-1", "--from", "2026-11-10T00:00:00Z", "--to", "2026-11-16T12:00:00Z"]
        told = self.ask(GOOD, "playback.view", *asked, "--json").json()
        self.assertEqual(told["ranges"], [
            {"from": "2026-11-14T10:00:00.000Z", "to": "2026-11-14T17:00:00.000Z"},
            {"from": "2026-11-15T07:00:00.000Z", "to": "2026-11-15T17:00:00.000Z"},
            {"from": "2026-11-16T07:00:00.000Z", "to": "2026-11-16T12:00:00.000Z"}])
        self.assertEqual(told["obligations"], ["watermark", "audit-each"])
        self.assertEqual(told["valid_until"], "2026-11-21T10:05:00.000Z")
        self.assertEqual(told["instant"], "2026-11-14T10:00:00.000Z")
        run = self.ask(GOOD, "playback.view", *asked)
        self.assertIn("Recorded      from 2026-11-14T10:00:00.000Z (2026-11-14 11:00:00 +0100)\n"
                      "              to   2026-11-14T17:00:00.000Z (2026-11-14 18:00:00 +0100)\n", run.out)
        self.assertRegex(run.out, r"(?m)^Obligation +watermark: ")
        denied = self.ask(POLICY, "playback.view", "--device", "gate-1", "--from", "2026-11-01T00:00:00Z", "--to",
                          "2026-11-02T00:00:00Z", "--json").json()
        self.assertEqual((denied["ranges"], denied["obligations"]), ([], []))

    def test_the_wall_clock_of_both_sides_of_a_change_is_shown(self):
        """In the night to 2026-10-25 Berlin's clocks went back from 3 to 2."""
        self.put(policy(lambda made: (made["rules"][1].pop("max_age"), made["rules"][1].update(recorded=[{"from": "02:00", "to": "04:00"}]))))
        run = self.ask(GOOD, "playback.view", "--device", "gate-1", "--from", "2026-10-24T20:00:00Z", "--to",
                       "2026-10-25T20:00:00Z")
        self.assertIn("from 2026-10-25T00:00:00.000Z (2026-10-25 02:00:00 +0200)", run.out)
        self.assertIn("to   2026-10-25T03:00:00.000Z (2026-10-25 04:00:00 +0100)", run.out)

    def test_times_are_in_utc_alone_where_the_policy_is(self):
        self.put(policy(lambda made: made.pop("zone")))
        run = self.ask(GOOD, "live.view", "--device", "hall", env={**os.environ, "TZ": "Asia/Tokyo"})
        self.assertRegex(run.out, r"(?m)^When +2026-11-21T10:00:00.000Z$")
        self.assertIn("+0100", self.ask_in_berlin())

    def ask_in_berlin(self):
        self.put(SITE)
        return self.ask(GOOD, "live.view", "--device", "hall", env={**os.environ, "TZ": "Asia/Tokyo", "TZDIR": self.folder}).out

    def test_an_answer_ends_when_a_window_does(self):
        self.put(policy(lambda made: made["rules"][0].update(when=["day"])))
        told = self.ask(GOOD, "live.view", "--device", "hall", "--json").json()
        self.assertEqual(told["valid_until"], "2026-11-21T17:00:00.000Z")
        run = self.expect(POLICY, "policy", "decide", "site.json", "--action", "live.view", "--device", "hall", "--as", "anna",
                          "--at", "2026-11-21T17:00:00Z")
        self.assertIn("Valid until   2026-11-22T07:00:00.000Z (2026-11-22 08:00:00 +0100)", run.out)

    def test_a_second_person_is_asked_for(self):
        asked = ["--device", "gate-1", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z"]
        run = self.ask(POLICY, "export.create", *asked, who=("--as", "carla"))
        self.assertIn("a second person has to approve this (approval-needed)", run.out)
        told = self.ask(GOOD, "export.create", *asked, "--approved", "--json", who=("--as", "carla")).json()
        self.assertTrue(told["question"]["approved"])
        self.assertEqual(told["valid_until"], "2026-11-21T10:05:00.000Z")
        run = self.ask(GOOD, "export.create", *asked, "--approved", who=("--as", "carla"))
        self.assertRegex(run.out, r"(?m)^Approved +AS IF a second person had")
        self.ask(GOOD, "approve.export.create", "--device", "gate-1", *asked[2:], who=("--as", "carla"))
        self.ask(POLICY, "approve.export.create", "--device", "gate-1", *asked[2:])

    def test_rights_can_only_take_away(self):
        self.store("rights", json.dumps([{"type": "svms", "actions": ["live.view", "audit.*"], "devices": ["gate-1"]}]).encode())
        who = ("--as", "anna", "--rights", "rights")
        told = self.ask(GOOD, "live.view", "--device", "gate-1", "--json", who=who).json()
        self.assertEqual((told["rule"]["name"], told["right"]), ("guards-live", {"name": 0, "failed": None}))
        run = self.ask(GOOD, "live.view", "--device", "gate-1", who=who)
        self.assertNotIn("the policy alone decides", run.out)
        self.assertRegex(run.out, r"(?m)^Right +number 0$")
        self.assertEqual(self.ask(POLICY, "live.view", "--device", "hall", "--json", who=who).json()["reason"], "no-right")
        self.assertEqual(self.ask(POLICY, "audit.read", "--json", who=who).json()["reason"], "no-rule")
        self.store("rights", b"[]")
        self.ask(POLICY, "live.view", "--device", "gate-1", who=who)
        self.store("rights", b"{}")
        self.ask(MALFORMED, "live.view", "--device", "gate-1", who=who)

    def test_a_range_that_means_nothing_is_said_to(self):
        run = self.ask(GOOD, "live.view", "--device", "hall", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z")
        self.assertIn("--from and --to say nothing", run.err)

    def test_mistakes_are_named(self):
        decide = ["policy", "decide", "site.json"]
        asked = [*decide, "--action", "live.view", "--device", "hall"]
        cases = (
            (["policy"], "Usage"),
            (["policy", "judge"], "judge"),
            (["policy", "check"], "FILE is missing"),
            (["policy", "decide"], "FILE is missing"),
            (decide, "--action is missing"),
            (asked, "who asks is missing"),
            ([*asked, "--as", "a", "--token", "t", "--audience", "x"], "contradict"),
            ([*asked, "--token", "t", "--role", "r", "--audience", "x"], "belong to --as"),
            ([*asked, "--token", "t", "--amr", "r", "--audience", "x"], "belong to --as"),
            ([*asked, "--token", "t", "--rights", "r", "--audience", "x"], "belong to --as"),
            ([*asked, "--token", "t"], "--audience is missing"),
            ([*asked, "--token", "t", "--audience", "x"], "--jwks is missing"),
            ([*asked, "--as", "a", "--audience", "x"], "belongs to --token"),
            ([*asked, "--as", "a", "--skew", "0"], "belongs to --token"),
            ([*asked, "--as", "a", "--profile", "onvif"], "belongs to --token"),
            ([*asked, "--as", "a", "--from", "2026-11-20T00:00:00Z"], "--from and --to belong together"),
            ([*asked, "--as", "a", "--to", "2026-11-20T00:00:00Z"], "--from and --to belong together"),
            ([*asked, "--as", "a", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-20T00:00:00Z"], "not before"),
            ([*asked, "--as", "a", "--client", "toaster"], "browser, desktop"),
            ([*asked, "--as", "a", "--format", "avi"], "svmx, mp4"),
            ([*asked, "--as", "a", "--address", "everywhere"], "address"),
            ([*asked, "--as", ""], "subject"),
            ([*asked, "--as", "x" * 257], "256"),
            ([*asked, "--as", "a", "--at", "1969-12-31T23:59:59Z"], "1970"),
            ([*decide, "--as", "a", "--action", "live.view"], "device"),
            ([*decide, "--as", "a", "--action", "audit.read", "--device", "hall"], "server"),
            ([*decide, "--as", "a", "--action", "live.*", "--device", "hall"], "action"),
        )
        for arguments, words in cases:
            with self.subTest(" ".join(arguments)):
                run = self.expect(USAGE, *arguments)
                self.assertIn(words, run.err)
                self.assertEqual(run.out, "")
        self.put(policy(lambda made: made.update(version=2)))
        self.expect(MALFORMED, *asked, "--as", "a")
        self.expect(ENVIRONMENT, "policy", "decide", "absent", "--action", "live.view", "--as", "a")


class Tokens(PolicyCase):
    """Real ones, which svms token issues."""

    def setUp(self):
        super().setUp()
        self.expect(GOOD, "identity", "create", "--out", "id", "--name", "Issuer")
        jwks = self.expect(GOOD, "jwks", os.path.join("id", "key.pem"))
        self.store("jwks.json", jwks.out.encode())
        self.store("rights", json.dumps([{"type": "svms", "actions": ["live.*"], "devices": ["group:site"]}]).encode())
        issued = self.issue()
        self.store("token", issued.encode())
        self.who = ("--token", "token", "--audience", "recorder-1", "--jwks", "jwks.json", "--issuer", "https://id.example")

    def issue(self, *extra, subject="anna"):
        return self.expect(GOOD, "token", "issue", "--key", os.path.join("id", "key.pem"), "--issuer", "https://id.example",
                           "--audience", "recorder-1", "--subject", subject, "--client", "test", "--rights", "rights",
                           *extra).out

    def now(self, status, action, *extra, command="decide", **options):
        return self.expect(status, "policy", command, "site.json", "--action", action, *self.who, *extra, **options)

    def test_a_verified_token_is_asked_for(self):
        run = self.now(GOOD, "live.view", "--device", "hall")
        self.assertRegex(run.out, r"(?m)^Who +anna, says https://id.example$")
        self.assertNotIn("AS IF", run.out)
        told = self.now(GOOD, "live.view", "--device", "hall", "--json").json()
        self.assertEqual((told["question"]["who"]["verified"], told["question"]["who"]["issuer"]), (True, "https://id.example"))
        self.assertRegex(told["valid_until"], r"^20\d\d-")
        self.assertTrue(self.now(GOOD, "live.view", "--device", "hall", "--json", command="explain").json()["verified"])
        self.now(POLICY, "audit.read")

    def test_a_token_may_come_from_standard_input(self):
        self.who = ("--token", "-", *self.who[2:])
        with open(self.path("token"), "rb") as token:
            self.now(GOOD, "live.view", "--device", "hall", stdin=token)

    def test_tokens_that_do_not_hold_are_not_asked_for(self):
        whole = self.load("token").decode().strip()
        cases = ((whole[:-4] + ("AAAA" if whole[-4:] != "AAAA" else "BBBB"), EVIDENCE), ("x", MALFORMED))
        for text, status in cases:
            with self.subTest(status):
                self.store("token", text.encode())
                run = self.now(status, "live.view", "--device", "hall")
                self.assertIn("the token does not hold", run.err)
                self.assertEqual(run.out, "")
                self.assertNotIn(text[:20] if len(text) > 20 else "\0", run.err)
        self.store("token", whole.encode())
        self.now(POLICY, "live.view", "--device", "hall", "--at", "2030-01-01T00:00:00Z")
        self.who = (*self.who[:3], "recorder-2", *self.who[4:])
        self.assertIn("audience", self.now(POLICY, "live.view", "--device", "hall").err)

    def test_it_is_verified_as_svms_token_verify_would(self):
        self.now(POLICY, "live.view", "--device", "hall", "--demand-binding")
        self.now(POLICY, "live.view", "--device", "hall", "--longest-life", "10s")
        self.now(POLICY, "live.view", "--device", "hall", "--profile", "onvif")
        self.now(GOOD, "live.view", "--device", "hall", "--skew", "0", "--without-nbf")
        self.store("token", self.issue("--certificate", os.path.join("id", "cert.pem")).encode())
        self.now(POLICY, "live.view", "--device", "hall")
        self.now(GOOD, "live.view", "--device", "hall", "--certificate", os.path.join("id", "cert.pem"))


class Explain(PolicyCase):
    def test_every_rule_and_every_condition_is_told(self):
        run = self.ask(POLICY, "live.talk", "--device", "hall", command="explain")
        self.assertRegex(run.out, r"(?m)^Policy role +guard$")
        self.assertRegex(run.out, r"(?m)^Policy +deny, by no-talk$")
        self.assertRegex(run.out, r"rule guards-live allows\n +devices +true\n")
        self.assertRegex(run.out, r"rule no-talk denies, because something is unknown\n +devices +true\n +networks +unknown\n")
        self.assertIn("Token         has no rights of its own", run.out)
        self.assertNotIn("chiefs", run.out)

    def test_the_rule_that_comes_nearest_is_told(self):
        run = self.ask(POLICY, "ptz.move", "--device", "hall", "--client", "browser", command="explain")
        self.assertRegex(run.out, r"(?m)^Policy +none; nearest is otp, but for its (clients|amr)$")
        self.assertRegex(run.out, r"clients +false")
        self.assertRegex(run.out, r"amr +unknown")

    def test_a_second_person_that_is_missing_is_told(self):
        asked = ["--device", "gate-1", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z"]
        run = self.ask(POLICY, "export.create", *asked, who=("--as", "carla"), command="explain")
        self.assertRegex(run.out, r"(?m)^Policy +approval-needed; nearest is chiefs, but for its second$")
        self.assertRegex(run.out, r"second +false")
        run = self.ask(GOOD, "export.create", *asked, "--approved", who=("--as", "carla"), command="explain")
        self.assertRegex(run.out, r"second +true")
        self.assertRegex(run.out, r"(?m)^Judged at +2026-11-20T00:00:00.000Z ")

    def test_rights_are_told_beside_the_policy(self):
        self.store("rights", json.dumps([{"type": "svms", "actions": ["live.view"], "devices": ["gate-1"],
                                          "networks": ["192.0.2.0/24"]},
                                         {"type": "svms", "actions": ["live.*"], "devices": ["group:gates"],
                                          "clients": ["desktop"]}]).encode())
        run = self.ask(POLICY, "live.view", "--device", "gate-1", "--client", "browser", command="explain",
                       who=("--as", "anna", "--rights", "rights"))
        self.assertRegex(run.out, r"(?m)^Token +none; nearest is right 0, but for its networks$")
        self.assertRegex(run.out, r"right 0 does not allow, because something is unknown\n")
        self.assertRegex(run.out, r"right 1 does not allow\n")

    def test_stretches_are_told(self):
        asked = ["--device", "gate-1", "--from", "2026-11-15T00:00:00Z", "--to", "2026-11-16T00:00:00Z"]
        run = self.ask(GOOD, "playback.view", *asked, command="explain")
        self.assertRegex(run.out, r"(?m)^Recorded from +2026-11-15T07:00:00.000Z \(2026-11-15 08:00:00 \+0100\)\n"
                                  r" +to +2026-11-15T17:00:00.000Z \(2026-11-15 18:00:00 \+0100\)$")
        self.assertRegex(run.out, r"(?m)^Obligation +watermark$")
        self.assertRegex(run.out, r"recorded +true")

    def test_nobody_in_particular_is_told_that_no_rule_is_for_him(self):
        run = self.ask(POLICY, "live.view", "--device", "hall", who=("--as", "eve"), command="explain")
        self.assertIn("no rule is about this action and this person", run.out)

    def test_its_json_is_that_of_the_library_and_says_whether_anything_was_verified(self):
        told = self.ask(POLICY, "live.talk", "--device", "hall", "--json", command="explain").json()
        self.assertEqual((told["file"], told["verified"], told["status"]), ("site.json", False, POLICY))
        self.assertEqual(told["explanation"]["format"], "svms-explanation")
        self.assertEqual(told["explanation"]["policy"]["rule"], "no-talk")

    def test_it_answers_what_decide_answers(self):
        questions = (("live.view", "hall", "anna"), ("live.talk", "hall", "anna"), ("ptz.move", "hall", "bert"),
                     ("live.view", "cellar", "anna"), ("live.view", "cellar", "carla"), ("mask.lift", "hall", "carla"))
        for action, device, subject in questions:
            with self.subTest(action=action, device=device, subject=subject):
                arguments = ["site.json", "--action", action, "--device", device, "--as", subject, *AT, "--json"]
                decided = self.run_svms("policy", "decide", *arguments)
                explained = self.run_svms("policy", "explain", *arguments)
                self.assertEqual(decided.status, explained.status)
                answer = explained.json()["explanation"]["answer"]
                self.assertEqual((answer["allowed"], answer["reason"], answer["words"]),
                                 tuple(decided.json()[name] for name in ("allowed", "reason", "words")))


if __name__ == "__main__":
    unittest.TestCase.maxDiff = 2000
    main()
