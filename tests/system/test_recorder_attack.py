#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers at the recorder's doors, while it records: connections that never become anything, and tokens that do not
hold. Nothing that is recorded is lost, memory stays bounded, and who may come still comes in."""

import base64
import collections
import concurrent.futures
import http.client
import json
import os
import random
import re
import select
import socket
import ssl
import time

from recorder_case import RecorderCase, ServedClip
from recorder_load import Usage
from system_case import GOOD, TIMEOUT, main, say
from test_rtsp_tokens import Client

HALF_OPEN = 1000
BAD_LOGINS = 10000
OVER_RTSP = 200
STRANGERS = 50
MEMORY = 64 * 1024 * 1024
# The beginning of a handshake that says it is longer.
HALF_HELLO = bytes.fromhex("160301020001000001fc0303") + bytes(32)


class RecorderAttackTest(RecorderCase):
    def setUp(self):
        super().setUp()
        self.clip_served = ServedClip(self).start()
        self.recorder_is = self.recorder()
        self.serves(self.recorder_is, self.known_clip(self.clip_served))
        self.policy(self.recorder_is, 1, "*")
        self.recorder_is.start()
        self.records(self.recorder_is, "clip", seconds=1)

    @staticmethod
    def address_of(number):
        """Of a stranger: limits are counted for each address, so there are many."""
        return f"127.0.1.{1 + number % STRANGERS}"

    def context(self):
        context = ssl.create_default_context(cafile=self.trust)
        context.check_hostname = False
        context.load_cert_chain(self.authority.at("anna.pem"), self.authority.at("anna.key"))
        return context

    def is_served(self):
        """Whether somebody with a right gets an answer over HTTPS and over RTSPS."""
        recorder = self.recorder_is
        with open(self.token(), encoding="ascii") as file:
            token = file.read().strip()
        connection = http.client.HTTPSConnection(recorder.address("https"), context=self.context(), timeout=10)
        try:
            connection.request("GET", "/v1/cameras", headers={"Authorization": "Bearer " + token})
            answer = connection.getresponse()
            listed = answer.status == 200 and "clip" in answer.read().decode()
        finally:
            connection.close()
        with Client(f"rtsps://{recorder.address('rtsps')}/live/clip", self.trust, self.authority.at("anna"),
                    self.path("token")) as client:
            return listed and client.ask("DESCRIBE", None, "Accept: application/sdp")[0] == 200

    def comes_in(self):
        """How often somebody with a right had to try."""
        for attempt in range(1, 31):
            try:
                if self.is_served():
                    return attempt
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.5)
        return self.fail("nobody is served any more")

    def nothing_was_lost(self):
        recorder = self.recorder_is
        recorder.stop()
        self.assertEqual(recorder.ask("SELECT count(*) FROM gaps"), [(0,)])
        self.assertEqual(recorder.events("camera.lost"), [])
        verdict = self.verified(recorder, "clip")
        self.assertEqual((verdict["verdict"], verdict["missing"]), ("authentic", 0))
        counts = re.findall(r"recording\.stop: (\d+) samples, (\d+) left out", recorder.said_now())
        self.assertEqual([left for _, left in counts], ["0"])

    def half_open(self, number):
        """A connection that stays where it is: nothing said, half a handshake, half a head within TLS."""
        scheme = ("https", "rtsps")[number % 2]
        host, port = self.recorder_is.address(scheme).split(":")
        connection = socket.create_connection((host, int(port)), timeout=TIMEOUT, source_address=(self.address_of(number), 0))
        if number % 20 < 16:
            if number % 4 < 2:
                connection.sendall(HALF_HELLO)
            return connection
        secure = self.context().wrap_socket(connection, do_handshake_on_connect=False)
        try:
            secure.settimeout(5)
            secure.do_handshake()
            secure.sendall(b"GET /v1/cameras HTTP/1.1\r\nHost:" if scheme == "https" else b"DESCRIBE rtsps://here/ RTSP/1.0\r\nCSeq:")
        except OSError:
            pass  # it was dropped already
        return secure

    def test_a_thousand_connections_that_become_nothing(self):
        usage = Usage(self.recorder_is.process)
        before = usage.most_memory()
        recorded = self.recorded(self.recorder_is, "clip")
        held = []
        try:
            while len(held) < HALF_OPEN:
                try:
                    held.append(self.half_open(len(held)))
                except OSError as error:
                    self.fail(f"connection {len(held)} is not even taken: {error}")
            attempts = self.comes_in()
            self.records(self.recorder_is, "clip", seconds=2)
            grown = usage.most_memory() - before
            self.assertTrue(grown < MEMORY or not usage.measures_memory(), grown)
            # They do not stay for ever: each has a time in which it has to become something.
            self.wait_for(lambda: all(self.was_dropped(connection) for connection in held), seconds=120)
        finally:
            for connection in held:
                connection.close()
        self.assertEqual(self.comes_in(), 1)
        self.assertGreater(self.recorded(self.recorder_is, "clip"), recorded + 2)
        say(f"{HALF_OPEN} half-open connections: served at attempt {attempts}, {grown / 1e6:.1f} MB more")
        self.nothing_was_lost()

    @staticmethod
    def was_dropped(connection):
        """Closed by the other end; what TLS said before is read over."""
        try:
            while select.select([connection], [], [], 0)[0]:
                if socket.socket.recv(connection, 65536) == b"":
                    return True
        except ConnectionError:
            return True
        return False

    def bad_tokens(self):
        """Tokens that do not hold, each for another reason."""
        with open(self.token(), encoding="ascii") as file:
            good = file.read().strip()
        head, claims, signature = good.split(".")
        expired = json.loads(base64.urlsafe_b64decode(claims + "=="))
        expired["exp"] = 1000000000
        coded = base64.urlsafe_b64encode(json.dumps(expired).encode()).decode().rstrip("=")
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
        return ["password", head + "." + claims + ".", none + "." + claims + ".", head + "." + coded + "." + signature,
                head + "." + claims + "." + signature[::-1], good[:-8], "a" * 4000]

    def over_https(self, number, count, tokens):
        """Answers to so many requests of one stranger, over connections that stay open as long as they may."""
        answers = collections.Counter()
        choice = random.Random(number)
        connection = None
        while sum(answers.values()) < count:
            try:
                if not connection:
                    connection = http.client.HTTPSConnection(self.recorder_is.address("https"), context=self.context(), timeout=TIMEOUT,
                                                             source_address=(self.address_of(number), 0))
                connection.request("GET", "/v1/cameras", headers={"Authorization": "Bearer " + choice.choice(tokens)})
                answer = connection.getresponse()
                self.assertNotIn(b"clip", answer.read())
                answers[answer.status] += 1
            except (OSError, http.client.HTTPException):
                # It was closed after so many requests.
                connection.close()
                connection = None
        if connection:
            connection.close()
        return answers

    def over_rtsps(self, number, tokens):
        self.store(f"bad-{number}", tokens[number % len(tokens)].encode())
        with Client(f"rtsps://{self.recorder_is.address('rtsps')}/live/clip", self.trust, self.authority.at("anna"),
                    self.path(f"bad-{number}"), self.address_of(number)) as client:
            return client.ask("DESCRIBE", None, "Accept: application/sdp")[0]

    def test_ten_thousand_bad_logins(self):
        tokens = self.bad_tokens()
        usage = Usage(self.recorder_is.process)
        before = usage.most_memory()
        each = (BAD_LOGINS - OVER_RTSP) // STRANGERS
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = sum(pool.map(lambda number: self.over_https(number, each, tokens), range(STRANGERS)), collections.Counter())
        self.assertEqual(sum(answers.values()), each * STRANGERS)
        self.assertEqual(set(answers) - {401, 429}, set(), answers)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            statuses = set(pool.map(lambda number: self.over_rtsps(number, tokens), range(OVER_RTSP)))
        self.assertEqual(statuses - {401, 403}, set())
        self.assertTrue(self.is_closed_to_strangers_only())
        grown = usage.most_memory() - before
        self.assertTrue(grown < MEMORY or not usage.measures_memory(), grown)
        refused, locked = self.audited(self.recorder_is, "token.refuse"), self.audited(self.recorder_is, "account.locked")
        self.assertGreaterEqual(len(refused), STRANGERS)
        self.assertLess(len(refused), BAD_LOGINS / 5)
        self.assertEqual({record["actor"]["address"].split(":")[0] for record in locked} & {"127.0.0.1"}, set())
        self.assertGreaterEqual(len(locked), STRANGERS)
        written = json.dumps([refused, locked])
        self.assertEqual([token for token in tokens if token in written], [])
        say(f"{BAD_LOGINS} bad logins: {dict(answers)}, {len(refused)} refusals and {len(locked)} closed doors on the record, "
            f"{grown / 1e6:.1f} MB more")
        self.nothing_was_lost()

    def is_closed_to_strangers_only(self):
        """The good token opens from here, and not from where bad ones came."""
        with open(self.token(), encoding="ascii") as file:
            good = file.read().strip()
        self.assertEqual(set(self.over_https(0, 1, [good])), {401})
        return self.comes_in() == 1


if __name__ == "__main__":
    main()
