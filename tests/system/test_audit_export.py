#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms audit export: what it writes is read back by others, and is what the log has."""

import csv
import io
import json
import os
import re

from system_case import ENVIRONMENT, EVIDENCE, GOOD, POLICY, USAGE, main
from syslog_case import BOM, SyslogCase

HOSTILE = [
    "plain", "a\nb\r\nc\t", "\ufeff", "\"quoted\", with \\ and ]", "=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "'=1", "\t=1",
    "\r=1", "\uff1d1", "\u2028\u0085\x7f", "", " ", ",", "\"", "é" * 500,
]
MEMBERS = {
    "id": ("id",), "time": ("time",), "event": ("event",), "outcome": ("outcome",), "server": ("source", "server"),
    "component": ("source", "component"), "process": ("source", "process"), "actor_kind": ("actor", "kind"),
    "actor_id": ("actor", "id"), "actor_name": ("actor", "name"), "actor_address": ("actor", "address"),
    "actor_client": ("actor", "client"), "actor_session": ("actor", "session"), "actor_token": ("actor", "token"),
    "actor_for": ("actor", "for"), "device": ("device",), "devices": ("devices",), "object": ("object",),
    "from": ("from",), "to": ("to",), "reason": ("reason",), "code": ("code",), "details": ("details",),
}
# RFC 5424 section 6, with the rules of A-FWD-1 for names.
MESSAGE = re.compile(
    r'<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z|-) ([A-Za-z0-9._:-]{1,255}) svms ([A-Za-z0-9._:-]{1,128}) '
    r'([A-Za-z0-9._:-]{1,32}) \[svms@32473((?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")*)\] ' + BOM + r'(\{.*\})')


def member(record, path):
    for name in path:
        record = record.get(name, {} if name in ("source", "actor") else None)
    return record


class Export(SyslogCase):
    def setUp(self):
        super().setUp()
        self.append(*({"event": "x.test.hostile", "outcome": "denied", "object": text, "reason": "r" + text,
                       "device": text, "actor": {"kind": "user", "id": text, "name": text, "for": [text, "b"]}}
                      for text in HOSTILE),
                    {"event": "login.success", "outcome": "success", "details": {"methods": ["pwd", "otp"]}},
                    {"event": "playback.start", "outcome": "success", "from": "2026-11-21T09:00:00Z",
                     "to": "2026-11-21T09:30:00.5Z", "devices": ["=a", "b"], "details": {"seconds": 7}})
        self.records = [json.loads(line) for line in self.exported_lines("jsonl")]

    def test_json_lines_are_the_records(self):
        self.assertEqual(sum(each["event"] == "x.test.hostile" for each in self.records), len(HOSTILE))
        numbered = [json.loads(line) for line in self.exported_lines("jsonl", "--with-index")]
        self.assertEqual(numbered, [{"index": i, "record": record} for i, record in enumerate(self.records)])

    def test_another_reader_of_csv_gets_every_value_back(self):
        """Python's; after one apostrophe was taken away it is what the record says."""
        text = self.exported("csv", "--out", "table.csv") + self.load("table.csv").decode()
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        self.assertEqual(len(rows), len(self.records))
        for i, (row, record) in enumerate(zip(rows, self.records)):
            self.assertEqual(set(row), {"index", "base64", *MEMBERS})
            self.assertEqual((row["index"], row["base64"]), (str(i), ""))
            for column, path in MEMBERS.items():
                cell = row[column]
                self.assertNotRegex(cell, r"\A[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
                cell = cell[1:] if cell.startswith("'") else cell
                value = member(record, path)
                if isinstance(value, (list, dict)):
                    self.assertEqual(json.loads(cell), value)
                else:
                    self.assertEqual(cell, value or "", (column, record))

    def test_syslog_lines_are_messages(self):
        lines = self.exported_lines("syslog")
        self.assertEqual(len(lines), len(self.records))
        for i, (line, record) in enumerate(zip(lines, self.records)):
            found = MESSAGE.fullmatch(line)
            self.assertTrue(found, line)
            self.assertEqual(json.loads(found.group(7)), record)
            self.assertIn(f' index="{i}"', found.group(6))
            self.assertIn(f' id="{record["id"]}"', found.group(6))
            self.assertEqual(found.group(1), {"success": "110", "denied": "108"}[record["outcome"]])

    def test_a_query_chooses(self):
        chosen = self.exported_lines("jsonl", "--event", "login.*", "--event", "playback.*")
        self.assertEqual([json.loads(line)["event"] for line in chosen], ["login.success", "playback.start"])
        newest = self.exported_lines("jsonl", "--newest", "--limit", "1")
        self.assertEqual([json.loads(line) for line in newest], self.records[-1:])

    def test_a_file_appears_whole_or_not_at_all(self):
        self.exported("jsonl", "--out", "a")
        self.assertEqual(os.stat(self.path("a")).st_mode & 0o777, 0o600)
        before = self.load("a")
        self.expect(ENVIRONMENT, "audit", "export", "log", "--unverified", "--format", "csv", "--out", "a")
        self.assertEqual(self.load("a"), before)
        self.exported("csv", "--out", "a", "--force")
        self.assertTrue(self.load("a").startswith(b"index,id,time,"))
        self.expect(ENVIRONMENT, "audit", "export", "log", "--unverified", "--format", "csv", "--out", "none/a")
        self.assertNotIn("none", self.files())
        self.assertEqual([name for name in self.files() if name.endswith(".part")], [])

    def test_a_log_that_was_changed_is_not_exported(self):
        self.expect(GOOD, "audit", "create", "other", "--origin", "other.example/audit")
        self.store("other.key", self.expect(GOOD, "audit", "key", "other").out.encode())
        run = self.run_svms("audit", "export", "log", "--key", "other.key", "--format", "csv", "--out", "b")
        self.assertEqual(run.status, EVIDENCE, run)
        self.assertNotIn("b", self.files())

    def test_wrong_command_lines_are_told(self):
        for wrong in (["--key", "log.key"], ["--key", "log.key", "--format", "xml"],
                      ["--key", "log.key", "--format", "csv", "--with-index"],
                      ["--key", "log.key", "--format", "csv", "--enterprise", "7"],
                      ["--key", "log.key", "--format", "csv", "--force"],
                      ["--key", "log.key", "--unverified", "--format", "csv"],
                      ["--key", "log.key", "--format", "csv", "--out", "log.key", "--force"]):
            self.expect(USAGE, "audit", "export", "log", *wrong)
        self.expect(POLICY, "audit", "export", "log", "--format", "csv")


if __name__ == "__main__":
    main()
