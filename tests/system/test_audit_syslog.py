#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""svms audit forward to a real rsyslog and to a strict receiver of frames: nothing is lost, whoever dies."""

import json
import os
import random
import re
import socket
import subprocess
import threading
import time
import unittest

from system_case import ENVIRONMENT, EVIDENCE, GOOD, MALFORMED, POLICY, LEAN_PROGRAM, USAGE, main, say
from syslog_case import BOM, RSYSLOGD, Rsyslog, SyslogCase
from tls_check_case import Authority

HOSTILE = [
    "a\nb\r\nc\x00d\t", "\ufeff", "\"quoted\" \\ ]", "<1>1 - - - - - - forged", "7 seven!", "'=1+1", "\u2028\u2029\u0085",
    "\x1b[31m", "é" * 2000, "\"" * 4000, "\n" * 4000, "]" * 4000,
]


def records(count, first=0):
    return [{"event": "x.test.record", "outcome": "success", "object": f"number {first + i}"} for i in range(count)]


class Frames(SyslogCase):
    def expect_messages(self, receiver):
        """That what was received are the lines of the log, in order, and nothing else."""
        expected = self.exported_lines("syslog")
        self.assertEqual(receiver.problems, [])
        for connection in receiver.connections:
            lines = [message.decode() for message in connection]
            if lines:
                at = expected.index(lines[0])
                self.assertEqual(lines, expected[at:at + len(lines)])
        self.assertEqual({message.decode() for message in receiver.messages()}, set(expected))

    def test_each_record_is_a_frame_of_its_own(self):
        receiver = self.receive()
        self.append(*records(700))
        run = self.expect(GOOD, *self.arguments(receiver.port, "--once", "--json"))
        self.wait_for(lambda: receiver.ends)
        self.expect_messages(receiver)
        self.assertEqual(receiver.ends, [True])
        count = len(self.ids())
        self.assertEqual(run.json(), {"log": "log", "receiver": f"127.0.0.1:{receiver.port}", "sent": count, "missed": 0,
                                      "served": count})
        self.assertEqual(self.served(), count)

    def test_what_was_served_is_not_sent_again_and_what_is_new_is(self):
        receiver = self.receive()
        self.append(*records(3))
        self.expect(GOOD, *self.arguments(receiver.port, "--once"))
        before = len(self.ids())
        self.append(*records(2, 3))
        self.assertIn("Forwarded", self.expect(GOOD, *self.arguments(receiver.port, "--once")).out)
        self.wait_for(lambda: len(receiver.ends) == 2)
        self.expect_messages(receiver)
        self.assertEqual([len(connection) for connection in receiver.connections], [before, len(self.ids()) - before])
        # And there is nothing to do now: nobody is asked.
        self.assertIn(f"up to record {len(self.ids())}", self.expect(GOOD, *self.arguments(receiver.port, "--once")).out)
        self.assertEqual(len(receiver.connections), 2)

    def test_hostile_text_breaks_no_frame_and_no_line(self):
        receiver = self.receive()
        hostile = [{"event": "x.test.hostile", "outcome": "success", "object": text.replace("\x00", "")[:900], "reason": text.replace("\x00", ""),
                    "actor": {"kind": "user", "id": text.replace("\x00", "")[:300]}} for text in HOSTILE]
        large = {"event": "config.change", "outcome": "success", "object": "\"" * 1000,
                 "details": {"setting": "x", "before": "\"" * 3500, "after": "\\" * 3500}}
        self.append(*hostile, large)
        self.expect(GOOD, *self.arguments(receiver.port, "--once"))
        self.wait_for(lambda: receiver.ends)
        self.expect_messages(receiver)
        self.assertGreater(max(len(message) for message in receiver.messages()), 14000)
        for message in receiver.messages():
            self.assertNotRegex(message, rb"[\x00-\x1f]")

    def test_a_log_is_followed_until_it_is_ended(self):
        receiver = self.receive()
        process = self.forward(receiver.port)
        self.append(*records(2))
        self.wait_for(lambda: len(receiver.messages()) >= len(self.ids()))
        self.append(*records(2, 2))
        self.wait_for(lambda: len(receiver.messages()) == len(self.ids()))
        status, out, err = self.end(process)
        self.assertEqual((status, err), (GOOD, ""))
        self.assertRegex(out, r"Forwarded +\d+ records to 127\.0\.0\.1:\d+, repeats included\n")
        self.wait_for(lambda: receiver.ends)
        self.assertEqual(receiver.ends, [True])
        self.expect_messages(receiver)

    def test_after_a_break_the_last_seconds_are_sent_again(self):
        receiver = self.receive()
        self.append(*records(5))
        process = self.forward(receiver.port, resend="6")
        count = len(self.ids())
        self.wait_for(lambda: len(receiver.messages()) == count)
        self.wait_for(lambda: os.path.exists(self.path("position")) and self.served() == count)
        self.append(*records(5, 5))
        total = len(self.ids())
        self.wait_for(lambda: len(receiver.messages()) == total)
        receiver.drop()
        self.wait_for(lambda: len(receiver.connections) == 2 and receiver.connections[1])
        self.wait_for(lambda: len(receiver.connections[1]) >= total - count)
        status, _, err = self.end(process)
        self.assertEqual(status, GOOD)
        self.assertIn("the connection ended to", err)
        self.expect_messages(receiver)
        # From the first that was not served; those before it are not sent again.
        self.assertEqual(len(receiver.connections[1]), total - count)

    def test_a_receiver_that_is_absent_gets_all_when_it_is_back(self):
        with socket.create_server(("127.0.0.1", 0)) as kept:
            port = kept.getsockname()[1]
        process = self.forward(port)
        self.append(*records(20))
        time.sleep(2)
        self.assertIsNone(process.poll())
        receiver = self.receive_at(port)
        self.wait_for(lambda: len(receiver.messages()) >= len(self.ids()))
        status, _, err = self.end(process)
        self.assertEqual(status, GOOD)
        # Said once, however often it was tried.
        self.assertEqual(err.count("cannot reach"), 1)
        self.expect_messages(receiver)

    def receive_at(self, port):
        receiver = self.receive()
        receiver.listener.close()
        receiver.thread.join(30)
        receiver.listener = socket.create_server(("127.0.0.1", port))
        receiver.port = port
        receiver.thread = threading.Thread(target=receiver.run, daemon=True)
        receiver.thread.start()
        return receiver

    def test_a_receiver_that_takes_nothing_any_more_is_left(self):
        """It shakes hands, and never reads: what lies in buffers counts for nothing."""
        value = "x" * 4000
        large = {"event": "config.change", "outcome": "success",
                 "details": {"setting": "s", "before": value, "after": value}}
        self.append(*[large] * 800)
        receiver = self.receive(reads=False)
        run = self.expect(ENVIRONMENT, *self.arguments(receiver.port, "--once"))
        self.assertRegex(run.err, "the connection ended to .*(takes nothing any more|timed out)")
        self.assertFalse(os.path.exists(self.path("position")))

    def test_a_receiver_of_another_ca_gets_nothing(self):
        self.append(*records(1))
        other = Authority(self.path("other"))
        receiver = self.receive()
        arguments = self.arguments(receiver.port, "--once")
        arguments[arguments.index(self.ca)] = other.at("ca.pem")
        run = self.expect(EVIDENCE, *arguments)
        self.assertIn("cannot reach 127.0.0.1", run.err)
        self.wait_for(lambda: receiver.refused)
        self.assertEqual(receiver.messages(), [])
        self.assertFalse(os.path.exists(self.path("position")))

    def test_a_receiver_for_another_name_gets_nothing(self):
        self.append(*records(1))
        receiver = self.receive()
        run = self.expect(EVIDENCE, *self.arguments(receiver.port, "--once", "--host", "elsewhere.example"))
        self.assertIn("elsewhere.example", run.err)
        self.assertEqual(receiver.messages(), [])

    def test_a_receiver_that_does_not_know_us_serves_nobody(self):
        self.append(*records(1))
        other = Authority(self.path("other"))
        receiver = self.receive(anchors=other.at("ca.pem"))
        run = self.run_svms(*self.arguments(receiver.port, "--once"))
        self.assertNotEqual(run.status, GOOD, run)
        self.assertFalse(os.path.exists(self.path("position")))
        self.assertEqual(receiver.messages(), [])

    def test_what_was_pruned_before_is_told_and_the_rest_is_sent(self):
        receiver = self.receive()
        usual = {"event": "ptz.move", "outcome": "success", "device": "cam-1"}
        # In the middle of the old ones one that is related to evidence, and stays.
        self.append(*[usual] * 300, {"event": "time.jump", "outcome": "success"}, *[usual] * 300)
        time.sleep(2.5)  # An age is in whole seconds, and the clock is, too.
        # The first pruning only makes the journal let go of them (A-RET-5).
        self.expect(GOOD, "audit", "prune", "log", "--older-than", "1s")
        self.append(*[usual] * 300)
        self.expect(GOOD, "audit", "prune", "log", "--older-than", "1s")
        there = [json.loads(line)["index"] for line in self.exported_lines("jsonl", "--with-index")]
        total = there[-1] + 1
        self.assertLess(len(there), total)
        run = self.expect(GOOD, *self.arguments(receiver.port, "--once", "--json"))
        self.assertEqual((run.json()["missed"], run.json()["served"]), (total - len(there), total))
        self.wait_for(lambda: receiver.ends)
        self.assertEqual(receiver.problems, [])
        told = []
        expected = 0
        for message in receiver.messages():
            text = message.decode()
            index = re.search(r' index="(\d+)"', text)
            record = json.loads(text[text.index(BOM) + 1:])
            if index:
                told.append(int(index.group(1)))
                self.assertEqual(told[-1], expected)
                expected += 1
            else:
                self.assertEqual((record["event"], record["outcome"]), ("log.forward", "error"))
                missed = record["details"]["missed"]
                self.assertEqual(record["reason"], f"records {expected} to {expected + missed - 1} were pruned before they "
                                                   "could be sent")
                self.assertEqual(record["details"]["receiver"], f"127.0.0.1:{receiver.port}")
                expected += missed
        self.assertEqual((told, expected), (there, total))

    def test_positions_that_do_not_fit_are_refused(self):
        receiver = self.receive()
        self.append(*records(2))
        self.expect(GOOD, *self.arguments(receiver.port, "--once"))
        good = self.load("position")
        self.assertEqual(os.stat(self.path("position")).st_mode & 0o777, 0o600)
        cases = ((good.replace(b"127.0.0.1", b"127.0.0.2"), "of another receiver", USAGE),
                 (good.replace(b"vms.example/audit+", b"vms.example/audix+"), "of another log", USAGE),
                 (b"something else\n", "no position", MALFORMED), (b"", "no position", MALFORMED),
                 (re.sub(rb"\d+\n$", b"1000\n", good), "records are missing", EVIDENCE))
        for content, words, status in cases:
            with self.subTest(words):
                self.store("position", content)
                run = self.run_svms(*self.arguments(receiver.port, "--once"))
                self.assertIn(words, run.err)
                self.assertEqual(run.status, status, run)
                self.assertEqual(self.load("position"), content)

    def test_wrong_command_lines_are_told(self):
        self.append(*records(1))
        whole = self.arguments(1, "--once")
        for without in ("--to", "--ca", "--position", "--cert"):
            at = whole.index(without)
            self.expect(USAGE, *whole[:at], *whole[at + 2:])
        at = whole.index("--log-key")
        self.expect(POLICY, *whole[:at], *whole[at + 2:])
        self.expect(USAGE, *whole, "--unverified")
        self.expect(USAGE, *self.arguments("70000"))
        self.expect(USAGE, *self.arguments(1, resend="0.5"))
        self.expect(ENVIRONMENT, *self.arguments(1, "--once", "--crl", "nowhere"))


@unittest.skipUnless(RSYSLOGD, "rsyslogd is not installed: no real receiver was tried")
class RealReceiver(SyslogCase):
    def setUp(self):
        super().setUp()
        self.rsyslog = Rsyslog(self.authority)
        self.addCleanup(self.rsyslog.remove)

    def index_of(self, message):
        found = re.search(r' index="(\d+)"', message["data"])
        self.assertTrue(found, message)
        return int(found.group(1))

    def record_of(self, message):
        text = message["message"].strip()
        return json.loads(text[1:] if text.startswith(BOM) else text)

    def test_rsyslog_reads_every_part_of_a_message(self):
        self.append({"event": "login.failure", "outcome": "failure", "reason": "wrong \"]\n password",
                     "source": {"server": "vms1.example", "process": "4711"}, "actor": {"kind": "user", "id": "a\"]\\b"},
                     "device": "cam-3", "details": {"methods": ["pwd"]}})
        self.expect(GOOD, *self.arguments(self.rsyslog.port, "--once"))
        self.wait_for(lambda: len(self.rsyslog.received()) == len(self.ids()))
        message = self.rsyslog.received()[-1]
        record = self.record_of(message)
        self.assertEqual(record, json.loads(self.exported_lines("jsonl")[-1]))
        self.assertEqual((message["severity"], message["facility"], message["app"], message["id"]),
                         ("4", "13", "svms", "login.failure"))
        self.assertEqual(message["host"], record["source"]["server"])
        self.assertEqual(message["data"], f'[svms@32473 id="{record["id"]}" index="{len(self.ids()) - 1}" '
                                          r'outcome="failure" actor="a\"\]\\b" device="cam-3"]')
        self.assertEqual(message["time"][:23], record["time"][:23])

    def test_rsyslog_takes_the_largest_records(self):
        value = "\"" * 3500
        self.append({"event": "config.change", "outcome": "success", "object": "é" * 500,
                     "details": {"setting": "s", "before": value, "after": value}})
        self.expect(GOOD, *self.arguments(self.rsyslog.port, "--once"))
        self.wait_for(lambda: len(self.rsyslog.received()) == len(self.ids()))
        line = self.exported_lines("jsonl")[-1]
        self.assertGreater(len(line.encode()), 15000)
        self.assertEqual(self.record_of(self.rsyslog.received()[-1]), json.loads(line))

    def test_it_gets_every_record_across_kills_of_both(self):
        feeder = subprocess.Popen([LEAN_PROGRAM, "audit", "append", "log"], cwd=self.folder, stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL)
        self.running.append(feeder)
        process = self.forward(self.rsyslog.port)
        chance = random.Random(8)
        kills = [0, 0]
        number = 0
        for turn in range(12):
            end = time.monotonic() + chance.uniform(0.3, 1.2)
            while time.monotonic() < end:
                feeder.stdin.write((json.dumps(records(1, number)[0]) + "\n").encode())
                feeder.stdin.flush()
                number += 1
                time.sleep(0.005)
            if turn % 2:
                process.kill()
                process.communicate()
                process = self.forward(self.rsyslog.port)
                kills[1] += 1
            else:
                self.rsyslog.kill()
                time.sleep(chance.uniform(0, 0.5))
                self.rsyslog.start()
                kills[0] += 1
        feeder.stdin.close()
        self.assertEqual(feeder.wait(120), 0)
        expected = self.ids()
        self.assertGreaterEqual(len(expected), number)
        self.wait_for(lambda: set(expected) <= {self.record_of(each)["id"] for each in self.rsyslog.received()}, 180)
        self.assertEqual(self.end(process)[0], GOOD)
        received = self.rsyslog.received()
        highest = -1
        for message in received:
            index = self.index_of(message)
            self.assertEqual(self.record_of(message)["id"], expected[index])
            # Repeats go back; nothing ever comes before what stands in front of it.
            self.assertLessEqual(index, highest + 1)
            highest = max(highest, index)
        say(f"rsyslog was killed {kills[0]} times, the forwarder {kills[1]} times; {len(expected)} records, none missing, "
            f"{len(received) - len(expected)} repeats")

    def test_who_has_no_certificate_is_refused(self):
        self.append(*records(1))
        arguments = self.arguments(self.rsyslog.port, "--once")
        for option in ("--cert", "--key"):
            at = arguments.index(option)
            del arguments[at:at + 2]
        run = self.run_svms(*arguments)
        self.assertNotEqual(run.status, GOOD, run)
        self.assertEqual(self.rsyslog.received(), [])


if __name__ == "__main__":
    if not RSYSLOGD:
        say("rsyslogd is absent: only the strict receiver is tried")
    main()
